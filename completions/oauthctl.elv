
use builtin;
use str;

set edit:completion:arg-completer[oauthctl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'oauthctl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'oauthctl'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand app 'Register your app''s client id and secret for a provider'
            cand login 'Log in to a provider and store the token'
            cand call 'Send a request to the provider''s API with the access token'
            cand token 'Print the access token and nothing else'
            cand refresh 'Refresh the access token now'
            cand status 'List the logins with their provider, store, scopes and lifetime'
            cand scopes 'Show a token''s scopes: requested, granted and, with --probe, proven'
            cand use 'Make a login the current one'
            cand logout 'Revoke a login''s tokens, if the provider can, and delete the login'
            cand exec 'Run a command with the access token in its environment'
            cand export 'Export a login, encrypted with a passphrase'
            cand import 'Import an exported login'
            cand providers 'List the providers, and show, create or validate definitions'
            cand emulate 'Run a local mock of a provider'
            cand demo 'Try the full login flow against a local emulator; saves no login'
            cand completions 'Print a completion script for your shell'
            cand man 'Print a manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;app'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand set 'Store a client id and secret; prompts for them on a terminal'
            cand list 'List the registered clients, and the logins that use each'
            cand show 'Show a registered client, without its secret'
            cand remove 'Delete a registered client'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;app;set'= {
            cand --app 'The app''s name, if the provider has several clients [default: default]'
            cand --client-id 'The client id (not a secret)'
            cand --client-secret-file 'Read the client secret from a file'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --client-secret-stdin 'Read the client secret from stdin'
            cand --replace 'Replace a client that logins use by another one'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;list'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;show'= {
            cand --app 'The app''s name, if the provider has several clients [default: default]'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;remove'= {
            cand --app 'The app''s name, if the provider has several clients [default: default]'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;help'= {
            cand set 'Store a client id and secret; prompts for them on a terminal'
            cand list 'List the registered clients, and the logins that use each'
            cand show 'Show a registered client, without its secret'
            cand remove 'Delete a registered client'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;app;help;set'= {
        }
        &'oauthctl;app;help;list'= {
        }
        &'oauthctl;app;help;show'= {
        }
        &'oauthctl;app;help;remove'= {
        }
        &'oauthctl;app;help;help'= {
        }
        &'oauthctl;login'= {
            cand --provider 'The same with a flag'
            cand --app 'The app to log in with, if several clients of the provider are registered'
            cand --scope 'Scopes to request: repeat the flag, or separate them with spaces or commas'
            cand --require-scopes 'Fail with exit code 10 and save nothing unless all of these scopes are granted'
            cand --param 'A parameter of the provider''s URLs, such as `store=myshop`'
            cand --grant 'The grant to use, if the provider offers more than one'
            cand --redirect-uri 'The redirect URI, exactly as it is registered'
            cand --port 'The port of http://127.0.0.1:PORT/callback; 0 picks a free port'
            cand --listen 'The local address to which a tunnel leads from the redirect URI'
            cand --browser 'The program that opens the URL, before BROWSER; the URL is appended, or put where %s is'
            cand --timeout 'How long to wait: seconds, or with s, m, h, d [default: 5m for a redirect, a code''s lifetime with --device]'
            cand --label 'A name for the account, shown by `status`'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --device 'Log in by typing a code into a browser on any device; the same as --grant device'
            cand --no-qr 'Show no QR code'
            cand --no-browser 'Print the authorization URL on stderr and open no browser'
            cand --allow-missing-state 'Accept an answer without a state, if the provider never returned one and PKCE is known to protect the code'
            cand --with-token 'Save an existing token: from stdin, or asked for on a terminal'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;call'= {
            cand -X 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`'
            cand --method 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`'
            cand --request 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`'
            cand --query 'Add a parameter to the query'
            cand -f 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array'
            cand --raw-field 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array'
            cand -F 'The same, typed: numbers, true, false, null, and `@FILE` for a file''s content'
            cand --field 'The same, typed: numbers, true, false, null, and `@FILE` for a file''s content'
            cand -d 'Send a file as the body, stdin for `-`; fields then go into the query'
            cand --input 'Send a file as the body, stdin for `-`; fields then go into the query'
            cand -H 'Add a header; `Name:` removes a default header'
            cand --header 'Add a header; `Name:` removes a default header'
            cand -q 'Filter a JSON reply with an expression in jq''s language'
            cand --jq 'Filter a JSON reply with an expression in jq''s language'
            cand -o 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout'
            cand --output 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout'
            cand --max-pages 'Stop after this many pages'
            cand --rows 'The path of the rows in each page, such as `.data`: they become one array, or what `--jq` filters'
            cand --next 'The path of the next page''s address in each page, such as `.links.next`; or `PARAM=PATH` for a cursor that the next request has in this parameter'
            cand --jobs 'How many pages to fetch at once, where they can be counted'
            cand --token-in 'Present the token in another of the places that the provider documents'
            cand --allow-origin 'Also allow sending the token to this origin, such as `https://api.example.com`'
            cand --provider 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere'
            cand --param 'A parameter of the provider''s URLs, such as `store=myshop`'
            cand --scope 'Scopes to request: repeat the flag, or separate them with spaces or commas'
            cand --app 'The app whose client gets the token, if several clients of the provider are registered'
            cand --max-wait 'Longest Retry-After to honor (429 and 503)'
            cand --timeout 'Give up when the server is silent for this long [default: 30s]'
            cand --max-time 'Give up when the call takes this long in all, with its pages, retries and waits [default: 10m for each reply, and 1s more for every 4 KiB of it, up to 24h]'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --form 'Send the fields as a form, not as JSON'
            cand -i 'Print the status line and the headers before the body'
            cand --include 'Print the status line and the headers before the body'
            cand --silent 'Do not print the body'
            cand --raw 'Print the body byte for byte, on a terminal too'
            cand --paginate 'Follow the collection to its last page'
            cand --slurp 'Print an array of pages instead of an array of rows'
            cand --no-follow 'Print the address that a redirect leads to instead of following it; a redirect to another origin is otherwise followed without the token'
            cand --cache 'Keep the token in the store, and use it until it ends'
            cand --curl 'Print the equivalent curl command and send nothing'
            cand --dry-run 'Print the request and send nothing'
            cand --show-secrets 'Show the token instead of masking it'
            cand --quiet 'Print only errors'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;token'= {
            cand --min-validity 'Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]'
            cand --format 'The output format'
            cand --env 'The variable''s name, for the forms that set one'
            cand --provider 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere'
            cand --param 'A parameter of the provider''s URLs, such as `store=myshop`'
            cand --scope 'Scopes to request: repeat the flag, or separate them with spaces or commas'
            cand --app 'The app whose client gets the token, if several clients of the provider are registered'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --cache 'Keep the token in the store, and use it until it ends'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;refresh'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;status'= {
            cand --expires-within 'Exit with 4 if a login will need renewing within this time, such as 7d'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --check 'Check the current login; exit with 4 if it needs a new login'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;scopes'= {
            cand --require 'Fail with exit code 10 unless these are granted, or with --probe proven'
            cand --provider 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere'
            cand --param 'A parameter of the provider''s URLs, such as `store=myshop`'
            cand --scope 'Scopes to request: repeat the flag, or separate them with spaces or commas'
            cand --app 'The app whose client gets the token, if several clients of the provider are registered'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --probe 'Try each scope with a request that changes nothing'
            cand --probe-writes 'Like --probe, and send the writes too that the definition calls harmless'
            cand --diff 'Show what has changed since the last look at this login'
            cand --all-providers 'all-providers'
            cand --cache 'Keep the token in the store, and use it until it ends'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;use'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;logout'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --local 'Delete the login here without contacting the provider'
            cand --all 'Log out of every login on this machine'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;exec'= {
            cand --min-validity 'Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]'
            cand --env 'The variable that holds the token'
            cand --provider 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere'
            cand --param 'A parameter of the provider''s URLs, such as `store=myshop`'
            cand --scope 'Scopes to request: repeat the flag, or separate them with spaces or commas'
            cand --app 'The app whose client gets the token, if several clients of the provider are registered'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --cache 'Keep the token in the store, and use it until it ends'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;export'= {
            cand -o 'Write to a new file that only you can read; `-` is stdout'
            cand --output 'Write to a new file that only you can read; `-` is stdout'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --move 'Include the refresh token, and delete the login here'
            cand --passphrase-stdin 'Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;import'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --replace 'Replace a login of the same name'
            cand --passphrase-stdin 'Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the providers, your own and the popular ones first'
            cand search 'Find a provider by words, such as `shop reviews`'
            cand show 'Show one definition, and how sure it is'
            cand scopes 'Show a provider''s known scopes; needs no login'
            cand schema 'Print a JSON Schema for definitions, for completion and checks in an editor'
            cand new 'Create a provider definition: a commented draft, or one from a server''s metadata'
            cand check 'Validate a definition (offline)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;providers;list'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --all 'List the less popular ones, too'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;search'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;show'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --evidence 'Show how each value is known (also with --verbose)'
            cand --toml 'Print it as TOML, with comments'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;scopes'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;schema'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;new'= {
            cand --issuer 'Fill in the metadata of this issuer (RFC 8414, OpenID Connect Discovery), or of the metadata''s own address'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --overlay 'Change single keys of the built-in provider of this id'
            cand --print 'Print it instead of writing it to the configuration directory'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;check'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;help'= {
            cand list 'List the providers, your own and the popular ones first'
            cand search 'Find a provider by words, such as `shop reviews`'
            cand show 'Show one definition, and how sure it is'
            cand scopes 'Show a provider''s known scopes; needs no login'
            cand schema 'Print a JSON Schema for definitions, for completion and checks in an editor'
            cand new 'Create a provider definition: a commented draft, or one from a server''s metadata'
            cand check 'Validate a definition (offline)'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;providers;help;list'= {
        }
        &'oauthctl;providers;help;search'= {
        }
        &'oauthctl;providers;help;show'= {
        }
        &'oauthctl;providers;help;scopes'= {
        }
        &'oauthctl;providers;help;schema'= {
        }
        &'oauthctl;providers;help;new'= {
        }
        &'oauthctl;providers;help;check'= {
        }
        &'oauthctl;providers;help;help'= {
        }
        &'oauthctl;emulate'= {
            cand --port 'The port to listen on [default: a free one]'
            cand --redirect-uri 'Register another redirect URI besides http://127.0.0.1:8765/callback'
            cand --fault 'Simulate a fault'
            cand --token-lifetime 'Access token lifetime; a list such as `5s,1h` sets it for a login''s first token, the next, and so on'
            cand --latency 'Delay before each answer of the token endpoint'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --approve 'Consent automatically, without the page'
            cand --exact-port 'Refuse a redirect URI whose port is not the registered one'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;demo'= {
            cand --provider 'The provider to emulate'
            cand --browser 'Click through the consent page in a real browser; CMD as for `login --browser`'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;completions'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;man'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'The store for logins and registrations'
            cand --cacert 'Also trust the certificate authorities in this PEM file; `login` remembers it'
            cand --color 'When to use colors; NO_COLOR is honored'
            cand --json 'Print the answer as JSON'
            cand -v 'Print more details; secrets stay masked'
            cand --verbose 'Print more details; secrets stay masked'
            cand -q 'Print only errors'
            cand --quiet 'Print only errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;help'= {
            cand app 'Register your app''s client id and secret for a provider'
            cand login 'Log in to a provider and store the token'
            cand call 'Send a request to the provider''s API with the access token'
            cand token 'Print the access token and nothing else'
            cand refresh 'Refresh the access token now'
            cand status 'List the logins with their provider, store, scopes and lifetime'
            cand scopes 'Show a token''s scopes: requested, granted and, with --probe, proven'
            cand use 'Make a login the current one'
            cand logout 'Revoke a login''s tokens, if the provider can, and delete the login'
            cand exec 'Run a command with the access token in its environment'
            cand export 'Export a login, encrypted with a passphrase'
            cand import 'Import an exported login'
            cand providers 'List the providers, and show, create or validate definitions'
            cand emulate 'Run a local mock of a provider'
            cand demo 'Try the full login flow against a local emulator; saves no login'
            cand completions 'Print a completion script for your shell'
            cand man 'Print a manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;help;app'= {
            cand set 'Store a client id and secret; prompts for them on a terminal'
            cand list 'List the registered clients, and the logins that use each'
            cand show 'Show a registered client, without its secret'
            cand remove 'Delete a registered client'
        }
        &'oauthctl;help;app;set'= {
        }
        &'oauthctl;help;app;list'= {
        }
        &'oauthctl;help;app;show'= {
        }
        &'oauthctl;help;app;remove'= {
        }
        &'oauthctl;help;login'= {
        }
        &'oauthctl;help;call'= {
        }
        &'oauthctl;help;token'= {
        }
        &'oauthctl;help;refresh'= {
        }
        &'oauthctl;help;status'= {
        }
        &'oauthctl;help;scopes'= {
        }
        &'oauthctl;help;use'= {
        }
        &'oauthctl;help;logout'= {
        }
        &'oauthctl;help;exec'= {
        }
        &'oauthctl;help;export'= {
        }
        &'oauthctl;help;import'= {
        }
        &'oauthctl;help;providers'= {
            cand list 'List the providers, your own and the popular ones first'
            cand search 'Find a provider by words, such as `shop reviews`'
            cand show 'Show one definition, and how sure it is'
            cand scopes 'Show a provider''s known scopes; needs no login'
            cand schema 'Print a JSON Schema for definitions, for completion and checks in an editor'
            cand new 'Create a provider definition: a commented draft, or one from a server''s metadata'
            cand check 'Validate a definition (offline)'
        }
        &'oauthctl;help;providers;list'= {
        }
        &'oauthctl;help;providers;search'= {
        }
        &'oauthctl;help;providers;show'= {
        }
        &'oauthctl;help;providers;scopes'= {
        }
        &'oauthctl;help;providers;schema'= {
        }
        &'oauthctl;help;providers;new'= {
        }
        &'oauthctl;help;providers;check'= {
        }
        &'oauthctl;help;emulate'= {
        }
        &'oauthctl;help;demo'= {
        }
        &'oauthctl;help;completions'= {
        }
        &'oauthctl;help;man'= {
        }
        &'oauthctl;help;help'= {
        }
    ]
    $completions[$command]
}
