
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
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand app 'Register your app''s client id and secret for a provider'
            cand login 'Log in to a provider in the browser and keep the token'
            cand call 'Send one request to the provider''s API with the token in it'
            cand token 'Print the access token and nothing else'
            cand refresh 'Get a new access token with the refresh token, now'
            cand status 'List the logins: provider, store, scopes, since when, until when'
            cand scopes 'Show what a token may do: asked for, granted, and with --probe proven'
            cand use 'Make a login the current one'
            cand logout 'Revoke a login''s tokens where the provider can, and forget it'
            cand exec 'Run a command with the access token in its environment'
            cand export 'Seal a login under a passphrase and print it, to be taken to another machine'
            cand import 'Take in a login that `export` sealed on another machine'
            cand providers 'List the providers, or show one''s definition'
            cand emulate 'Stand in for a provider on this machine'
            cand demo 'Do the whole round against an emulator, and keep no login'
            cand completions 'Print a completion script for your shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;app'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand set 'Keep a client id and secret; asks on a terminal'
            cand show 'Show which client is registered; never the secret'
            cand remove 'Forget the client'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;app;set'= {
            cand --client-id 'The client id (not a secret)'
            cand --client-secret-file 'Read the client secret from a file'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --client-secret-stdin 'Read the client secret from stdin'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;show'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;remove'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;app;help'= {
            cand set 'Keep a client id and secret; asks on a terminal'
            cand show 'Show which client is registered; never the secret'
            cand remove 'Forget the client'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;app;help;set'= {
        }
        &'oauthctl;app;help;show'= {
        }
        &'oauthctl;app;help;remove'= {
        }
        &'oauthctl;app;help;help'= {
        }
        &'oauthctl;login'= {
            cand --provider 'The provider''s id; `oauthctl providers list` shows all'
            cand --scope 'What to ask for: repeat it, or separate with blanks or commas'
            cand --require-scopes 'Fail with exit code 10 and keep nothing unless all of these are granted'
            cand --param 'A value that the provider''s URLs need, such as `store=myshop`'
            cand --grant 'The way to a token, for a provider that offers more than one'
            cand --redirect-uri 'The redirect URI to the letter as it is registered'
            cand --port 'The port of http://127.0.0.1:PORT/callback; 0 takes any free one'
            cand --listen 'The local address to which a tunnel leads from the redirect URI'
            cand --browser 'A program to open the URL with; split at blanks, the URL comes last'
            cand --timeout 'How long to wait for the redirect: seconds, or with s, m, h, d'
            cand --label 'What you call the account; `status` shows it'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --no-browser 'Print the authorize URL on one line of stderr and open nothing'
            cand --allow-missing-state 'Take an answer without a state from a provider that may leave it out'
            cand --with-token 'Read a token that you already have from stdin, and keep it'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;call'= {
            cand --query 'Add a parameter to the query'
            cand -f 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array'
            cand --raw-field 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array'
            cand -F 'The same, typed: numbers, true, false, null, and `@FILE` for a file''s content'
            cand --field 'The same, typed: numbers, true, false, null, and `@FILE` for a file''s content'
            cand -d 'Send a file as the body, stdin for `-`; fields then go into the query'
            cand --input 'Send a file as the body, stdin for `-`; fields then go into the query'
            cand -H 'Add a header; `Name:` takes one of ours away'
            cand --header 'Add a header; `Name:` takes one of ours away'
            cand -q 'Filter a JSON reply with an expression in jq''s language'
            cand --jq 'Filter a JSON reply with an expression in jq''s language'
            cand -o 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout'
            cand --output 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout'
            cand --max-pages 'Stop after so many pages'
            cand --jobs 'How many pages to fetch at once, where they can be counted'
            cand --token-in 'Present the token in another of the places that the provider documents'
            cand --allow-origin 'Let the token go to this origin too, such as `https://api.example.com`'
            cand --max-wait 'Wait so long at most when the API asks for it (429 and 503 with Retry-After)'
            cand --timeout 'Give up when the server is silent for this long [default: 30s]'
            cand --max-time 'Give up when the call takes this long in all, with its pages, retries and waits [default: 10m for each reply, and 1s more for every 4 KiB of it, up to 24h]'
            cand --cacert 'Trust the certificate authorities in this PEM file too'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --form 'Send the fields as a form, not as JSON'
            cand -i 'Print the status line and the headers before the body'
            cand --include 'Print the status line and the headers before the body'
            cand --silent 'Print no body'
            cand --raw 'Print the body byte for byte, on a terminal too'
            cand --paginate 'Follow the collection to its last page'
            cand --slurp 'Print an array of pages, not of the rows on them'
            cand --curl 'Print the curl command that would do the same, and send nothing'
            cand --dry-run 'Print the request, and send nothing'
            cand --show-secrets 'Show the token where it would be masked'
            cand --quiet 'Say nothing on stderr but errors'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;token'= {
            cand --min-validity 'How long the token must still be good for: seconds, or with s, m, h, d [default: 60s, or as long as there is]'
            cand --format 'The form to print it in'
            cand --env 'The variable''s name, for the forms that set one'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;refresh'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;status'= {
            cand --expires-within 'End with 4 if a login will need a person within this time, such as 7d'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --check 'Look at the login that commands would use, and end with 4 if it needs a person'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;scopes'= {
            cand --require 'Fail with exit code 10 unless these are granted, or with --probe proven'
            cand --provider 'provider'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --probe 'Try each scope with a request that changes nothing'
            cand --probe-writes 'Like --probe, and send the writes too that the definition calls harmless'
            cand --diff 'Say what has changed since the last look at this login'
            cand --all-providers 'all-providers'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;use'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;logout'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --local 'Forget the login here and ask the provider nothing'
            cand --all 'Log out of every login on this machine'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;exec'= {
            cand --min-validity 'How long the token must still be good for: seconds, or with s, m, h, d [default: 60s, or as long as there is]'
            cand --env 'The variable that holds the token'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;export'= {
            cand -o 'Write to a new file that only you can read; `-` is stdout'
            cand --output 'Write to a new file that only you can read; `-` is stdout'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --move 'Take the refresh token along, and forget the login here'
            cand --passphrase-stdin 'Read the passphrase from stdin; else OAUTHCTL_EXPORT_PASSPHRASE, or a terminal is asked'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;import'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --replace 'Take the place of a login of the same name'
            cand --passphrase-stdin 'Read the passphrase from stdin; else OAUTHCTL_EXPORT_PASSPHRASE, or a terminal is asked'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List all providers'
            cand show 'Show one definition'
            cand scopes 'Show the scopes that are known of a provider; takes no login'
            cand schema 'Print a JSON Schema of definitions, with which an editor completes and checks them'
            cand new 'Begin a definition of your own: a commented skeleton, or what a server says of itself'
            cand check 'Say whether a definition can be used; asks no server'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;providers;list'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;show'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --toml 'Print it as a file to copy, comments included'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;scopes'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;schema'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;new'= {
            cand --issuer 'Draft it from the metadata of this issuer (RFC 8414, OpenID Connect Discovery)'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --print 'Print it instead of writing it to the configuration directory'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;check'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;providers;help'= {
            cand list 'List all providers'
            cand show 'Show one definition'
            cand scopes 'Show the scopes that are known of a provider; takes no login'
            cand schema 'Print a JSON Schema of definitions, with which an editor completes and checks them'
            cand new 'Begin a definition of your own: a commented skeleton, or what a server says of itself'
            cand check 'Say whether a definition can be used; asks no server'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;providers;help;list'= {
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
            cand --port 'The port to serve on; any free one if left out'
            cand --redirect-uri 'A redirect URI that is registered, beside http://127.0.0.1:8765/callback'
            cand --fault 'Do something wrong on purpose'
            cand --token-lifetime 'How long an access token lives; several for a login''s first token, the next one, and so on'
            cand --latency 'How many milliseconds the token endpoint takes to answer'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --approve 'Consent at once, without the page'
            cand --exact-port 'Refuse a redirect URI whose port is not the registered one'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;demo'= {
            cand --provider 'The provider to emulate'
            cand --browser 'Click through the consent page in a real browser; CMD as for `login --browser`'
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;completions'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;man'= {
            cand --profile 'The login to use; `oauthctl use NAME` changes the default'
            cand --store 'Where to keep logins and registrations'
            cand --color 'When to colour; NO_COLOR is obeyed'
            cand --json 'Print the answer as JSON'
            cand -v 'Say more; secrets stay masked'
            cand --verbose 'Say more; secrets stay masked'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'oauthctl;help'= {
            cand app 'Register your app''s client id and secret for a provider'
            cand login 'Log in to a provider in the browser and keep the token'
            cand call 'Send one request to the provider''s API with the token in it'
            cand token 'Print the access token and nothing else'
            cand refresh 'Get a new access token with the refresh token, now'
            cand status 'List the logins: provider, store, scopes, since when, until when'
            cand scopes 'Show what a token may do: asked for, granted, and with --probe proven'
            cand use 'Make a login the current one'
            cand logout 'Revoke a login''s tokens where the provider can, and forget it'
            cand exec 'Run a command with the access token in its environment'
            cand export 'Seal a login under a passphrase and print it, to be taken to another machine'
            cand import 'Take in a login that `export` sealed on another machine'
            cand providers 'List the providers, or show one''s definition'
            cand emulate 'Stand in for a provider on this machine'
            cand demo 'Do the whole round against an emulator, and keep no login'
            cand completions 'Print a completion script for your shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'oauthctl;help;app'= {
            cand set 'Keep a client id and secret; asks on a terminal'
            cand show 'Show which client is registered; never the secret'
            cand remove 'Forget the client'
        }
        &'oauthctl;help;app;set'= {
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
            cand list 'List all providers'
            cand show 'Show one definition'
            cand scopes 'Show the scopes that are known of a provider; takes no login'
            cand schema 'Print a JSON Schema of definitions, with which an editor completes and checks them'
            cand new 'Begin a definition of your own: a commented skeleton, or what a server says of itself'
            cand check 'Say whether a definition can be used; asks no server'
        }
        &'oauthctl;help;providers;list'= {
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
