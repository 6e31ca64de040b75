# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_oauthctl_global_optspecs
    string join \n profile= store= cacert= json v/verbose q/quiet color= h/help V/version
end

function __fish_oauthctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_oauthctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_oauthctl_using_subcommand
    set -l cmd (__fish_oauthctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c oauthctl -n "__fish_oauthctl_needs_command" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_needs_command" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_needs_command" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_needs_command" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_needs_command" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -s V -l version -d 'Print version'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "app" -d 'Register your app\'s client id and secret for a provider'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "login" -d 'Log in to a provider and store the token'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "call" -d 'Send a request to the provider\'s API with the access token'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "token" -d 'Print the access token and nothing else'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "refresh" -d 'Refresh the access token now'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "status" -d 'List the logins with their provider, store, scopes and lifetime'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "scopes" -d 'Show a token\'s scopes: requested, granted and, with --probe, proven'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "use" -d 'Make a login the current one'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "logout" -d 'Revoke a login\'s tokens, if the provider can, and delete the login'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "exec" -d 'Run a command with the access token in its environment'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "export" -d 'Export a login, encrypted with a passphrase'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "import" -d 'Import an exported login'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "providers" -d 'List the providers, and show, create or validate definitions'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "emulate" -d 'Run a local mock of a provider'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "demo" -d 'Try the full login flow against a local emulator; saves no login'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "completions" -d 'Print a completion script for your shell'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "man" -d 'Print a manual page'
complete -c oauthctl -n "__fish_oauthctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -f -a "set" -d 'Store a client id and secret; prompts for them on a terminal'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -f -a "list" -d 'List the registered clients, and the logins that use each'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -f -a "show" -d 'Show a registered client, without its secret'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -f -a "remove" -d 'Delete a registered client'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and not __fish_seen_subcommand_from set list show remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l app -d 'The app\'s name, if the provider has several clients [default: default]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l client-id -d 'The client id (not a secret)' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l client-secret-file -d 'Read the client secret from a file' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l client-secret-stdin -d 'Read the client secret from stdin'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l replace -d 'Replace a client that logins use by another one'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -l app -d 'The app\'s name, if the provider has several clients [default: default]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -l app -d 'The app\'s name, if the provider has several clients [default: default]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from help" -f -a "set" -d 'Store a client id and secret; prompts for them on a terminal'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the registered clients, and the logins that use each'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a registered client, without its secret'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Delete a registered client'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand app; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l provider -d 'The same with a flag' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l app -d 'The app to log in with, if several clients of the provider are registered' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l scope -d 'Scopes to request: repeat the flag, or separate them with spaces or commas' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l require-scopes -d 'Fail with exit code 10 and save nothing unless all of these scopes are granted' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l param -d 'A parameter of the provider\'s URLs, such as `store=myshop`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l grant -d 'The grant to use, if the provider offers more than one' -r -f -a "authorization-code\t'Log in in the browser with an authorization code'
implicit\t'Log in in the browser and take the token from the address (RFC 9700 §2.1.2 advises against it)'
device\t'Type a code into a browser on any device (RFC 8628)'
client-credentials\t'Use the client\'s own id and secret, without a person (RFC 6749 §4.4)'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l redirect-uri -d 'The redirect URI, exactly as it is registered' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l port -d 'The port of http://127.0.0.1:PORT/callback; 0 picks a free port' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l listen -d 'The local address to which a tunnel leads from the redirect URI' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l browser -d 'The program that opens the URL, before BROWSER; the URL is appended, or put where %s is' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l timeout -d 'How long to wait: seconds, or with s, m, h, d [default: 5m for a redirect, a code\'s lifetime with --device]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l label -d 'A name for the account, shown by `status`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l device -d 'Log in by typing a code into a browser on any device; the same as --grant device'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l no-qr -d 'Show no QR code'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l no-browser -d 'Print the authorization URL on stderr and open no browser'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l allow-missing-state -d 'Accept an answer without a state, if the provider never returned one and PKCE is known to protect the code'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l with-token -d 'Save an existing token: from stdin, or asked for on a terminal'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s X -l method -l request -d 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l query -d 'Add a parameter to the query' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s f -l raw-field -d 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s F -l field -d 'The same, typed: numbers, true, false, null, and `@FILE` for a file\'s content' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s d -l input -d 'Send a file as the body, stdin for `-`; fields then go into the query' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s H -l header -d 'Add a header; `Name:` removes a default header' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s q -l jq -d 'Filter a JSON reply with an expression in jq\'s language' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s o -l output -d 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l max-pages -d 'Stop after this many pages' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l rows -d 'The path of the rows in each page, such as `.data`: they become one array, or what `--jq` filters' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l next -d 'The path of the next page\'s address in each page, such as `.links.next`; or `PARAM=PATH` for a cursor that the next request has in this parameter' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l jobs -d 'How many pages to fetch at once, where they can be counted' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l token-in -d 'Present the token in another of the places that the provider documents' -r -f -a "bearer\t'`Authorization: Bearer …` (RFC 6750 §2.1)'
header\t'Another header'
query\t'A query parameter (RFC 6750 §2.3; RFC 9700 §4.3.2 forbids it)'
body\t'A member of the JSON body'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l allow-origin -d 'Also allow sending the token to this origin, such as `https://api.example.com`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l provider -d 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l param -d 'A parameter of the provider\'s URLs, such as `store=myshop`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l scope -d 'Scopes to request: repeat the flag, or separate them with spaces or commas' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l app -d 'The app whose client gets the token, if several clients of the provider are registered' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l max-wait -d 'Longest Retry-After to honor (429 and 503)' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l timeout -d 'Give up when the server is silent for this long [default: 30s]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l max-time -d 'Give up when the call takes this long in all, with its pages, retries and waits [default: 10m for each reply, and 1s more for every 4 KiB of it, up to 24h]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l form -d 'Send the fields as a form, not as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s i -l include -d 'Print the status line and the headers before the body'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l silent -d 'Do not print the body'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l raw -d 'Print the body byte for byte, on a terminal too'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l paginate -d 'Follow the collection to its last page'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l slurp -d 'Print an array of pages instead of an array of rows'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l no-follow -d 'Print the address that a redirect leads to instead of following it; a redirect to another origin is otherwise followed without the token'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l cache -d 'Keep the token in the store, and use it until it ends'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l curl -d 'Print the equivalent curl command and send nothing'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l dry-run -d 'Print the request and send nothing'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l show-secrets -d 'Show the token instead of masking it'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l min-validity -d 'Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l format -d 'The output format' -r -f -a "plain\t'The token and a newline'
json\t'An object with the token and when it ends'
header\t'The header that the provider\'s API wants'
env\t'A line for `eval "$(…)"` in a shell'
curl\t'A line for `curl -K -`, so that the token is not in curl\'s arguments'
github\t'For a step of GitHub Actions: masks the token in logs and sets it for the steps that follow'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l env -d 'The variable\'s name, for the forms that set one' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l provider -d 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l param -d 'A parameter of the provider\'s URLs, such as `store=myshop`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l scope -d 'Scopes to request: repeat the flag, or separate them with spaces or commas' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l app -d 'The app whose client gets the token, if several clients of the provider are registered' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l cache -d 'Keep the token in the store, and use it until it ends'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l expires-within -d 'Exit with 4 if a login will need renewing within this time, such as 7d' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l check -d 'Check the current login; exit with 4 if it needs a new login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l require -d 'Fail with exit code 10 unless these are granted, or with --probe proven' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l provider -d 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l param -d 'A parameter of the provider\'s URLs, such as `store=myshop`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l scope -d 'Scopes to request: repeat the flag, or separate them with spaces or commas' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l app -d 'The app whose client gets the token, if several clients of the provider are registered' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l probe -d 'Try each scope with a request that changes nothing'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l probe-writes -d 'Like --probe, and send the writes too that the definition calls harmless'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l diff -d 'Show what has changed since the last look at this login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l all-providers
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l cache -d 'Keep the token in the store, and use it until it ends'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand scopes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l local -d 'Delete the login here without contacting the provider'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l all -d 'Log out of every login on this machine'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l min-validity -d 'Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l env -d 'The variable that holds the token' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l provider -d 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l param -d 'A parameter of the provider\'s URLs, such as `store=myshop`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l scope -d 'Scopes to request: repeat the flag, or separate them with spaces or commas' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l app -d 'The app whose client gets the token, if several clients of the provider are registered' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l cache -d 'Keep the token in the store, and use it until it ends'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -s o -l output -d 'Write to a new file that only you can read; `-` is stdout' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l move -d 'Include the refresh token, and delete the login here'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l passphrase-stdin -d 'Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l replace -d 'Replace a login of the same name'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l passphrase-stdin -d 'Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "list" -d 'List the providers, your own and the popular ones first'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "search" -d 'Find a provider by words, such as `shop reviews`'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "show" -d 'Show one definition, and how sure it is'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "scopes" -d 'Show a provider\'s known scopes; needs no login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "schema" -d 'Print a JSON Schema for definitions, for completion and checks in an editor'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "new" -d 'Create a provider definition: a commented draft, or one from a server\'s metadata'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "check" -d 'Validate a definition (offline)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and not __fish_seen_subcommand_from list search show scopes schema new check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -l all -d 'List the less popular ones, too'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l evidence -d 'Show how each value is known (also with --verbose)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l toml -d 'Print it as TOML, with comments'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from scopes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l issuer -d 'Fill in the metadata of this issuer (RFC 8414, OpenID Connect Discovery), or of the metadata\'s own address' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l overlay -d 'Change single keys of the built-in provider of this id'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l print -d 'Print it instead of writing it to the configuration directory'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the providers, your own and the popular ones first'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "search" -d 'Find a provider by words, such as `shop reviews`'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one definition, and how sure it is'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "scopes" -d 'Show a provider\'s known scopes; needs no login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print a JSON Schema for definitions, for completion and checks in an editor'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "new" -d 'Create a provider definition: a commented draft, or one from a server\'s metadata'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "check" -d 'Validate a definition (offline)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand providers; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l port -d 'The port to listen on [default: a free one]' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l redirect-uri -d 'Register another redirect URI besides http://127.0.0.1:8765/callback' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l fault -d 'Simulate a fault' -r -f -a "no-state\t'The callback comes without `state`'
wrong-state\t'The callback comes with a `state` other than the one sent'
html\t'The token endpoint answers with an HTML page and status 200'
server-error\t'The token endpoint answers with status 503'
empty\t'The token endpoint answers with status 200 and an empty body'
error-in-ok\t'The token endpoint answers with an `error` member and status 200'
slow-token\t'The token endpoint takes ten seconds to answer'
revoke-unavailable\t'The revocation endpoint answers with status 503'
slow-down\t'The token endpoint asks a device to poll less often, once for each code'
expired-device-code\t'The token endpoint answers that a device\'s code has expired'
device-denied\t'The token endpoint answers that a device\'s code was denied'
dead-token\t'The API rejects the first access token of each login, and takes the ones of a refresh'
client-not-allowed\t'The client may not use the client credentials grant'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l token-lifetime -d 'Access token lifetime; a list such as `5s,1h` sets it for a login\'s first token, the next, and so on' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l latency -d 'Delay before each answer of the token endpoint' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l approve -d 'Consent automatically, without the page'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l exact-port -d 'Refuse a redirect URI whose port is not the registered one'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand emulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l provider -d 'The provider to emulate' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l browser -d 'Click through the consent page in a real browser; CMD as for `login --browser`' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -l profile -d 'The login to use; `oauthctl use NAME` changes the default' -r
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -l store -d 'The store for logins and registrations' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An encrypted file, for machines without a keychain'
memory\t'Nothing outlives the command'
env\t'OAUTHCTL_TOKEN, read-only'
helper:\t'The program docker-credential-NAME, such as helper:pass'"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -l cacert -d 'Also trust the certificate authorities in this PEM file; `login` remembers it' -r -F
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -l color -d 'When to use colors; NO_COLOR is honored' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -l json -d 'Print the answer as JSON'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -s v -l verbose -d 'Print more details; secrets stay masked'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -s q -l quiet -d 'Print only errors'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "app" -d 'Register your app\'s client id and secret for a provider'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "login" -d 'Log in to a provider and store the token'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "call" -d 'Send a request to the provider\'s API with the access token'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "token" -d 'Print the access token and nothing else'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "refresh" -d 'Refresh the access token now'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "status" -d 'List the logins with their provider, store, scopes and lifetime'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "scopes" -d 'Show a token\'s scopes: requested, granted and, with --probe, proven'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "use" -d 'Make a login the current one'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "logout" -d 'Revoke a login\'s tokens, if the provider can, and delete the login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "exec" -d 'Run a command with the access token in its environment'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "export" -d 'Export a login, encrypted with a passphrase'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "import" -d 'Import an exported login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "providers" -d 'List the providers, and show, create or validate definitions'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "emulate" -d 'Run a local mock of a provider'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "demo" -d 'Try the full login flow against a local emulator; saves no login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "completions" -d 'Print a completion script for your shell'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "man" -d 'Print a manual page'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and not __fish_seen_subcommand_from app login call token refresh status scopes use logout exec export import providers emulate demo completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from app" -f -a "set" -d 'Store a client id and secret; prompts for them on a terminal'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from app" -f -a "list" -d 'List the registered clients, and the logins that use each'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from app" -f -a "show" -d 'Show a registered client, without its secret'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from app" -f -a "remove" -d 'Delete a registered client'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "list" -d 'List the providers, your own and the popular ones first'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "search" -d 'Find a provider by words, such as `shop reviews`'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "show" -d 'Show one definition, and how sure it is'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "scopes" -d 'Show a provider\'s known scopes; needs no login'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "schema" -d 'Print a JSON Schema for definitions, for completion and checks in an editor'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "new" -d 'Create a provider definition: a commented draft, or one from a server\'s metadata'
complete -c oauthctl -n "__fish_oauthctl_using_subcommand help; and __fish_seen_subcommand_from providers" -f -a "check" -d 'Validate a definition (offline)'
