
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'oauthctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'oauthctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'oauthctl' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('app', 'app', [CompletionResultType]::ParameterValue, 'Register your app''s client id and secret for a provider')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a provider and store the token')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Send a request to the provider''s API with the access token')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the access token and nothing else')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Refresh the access token now')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List the logins with their provider, store, scopes and lifetime')
            [CompletionResult]::new('scopes', 'scopes', [CompletionResultType]::ParameterValue, 'Show a token''s scopes: requested, granted and, with --probe, proven')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a login the current one')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Revoke a login''s tokens, if the provider can, and delete the login')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with the access token in its environment')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Export a login, encrypted with a passphrase')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Import an exported login')
            [CompletionResult]::new('providers', 'providers', [CompletionResultType]::ParameterValue, 'List the providers, and show, create or validate definitions')
            [CompletionResult]::new('emulate', 'emulate', [CompletionResultType]::ParameterValue, 'Run a local mock of a provider')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try the full login flow against a local emulator; saves no login')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for your shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oauthctl;app' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a client id and secret; prompts for them on a terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the registered clients, and the logins that use each')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a registered client, without its secret')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Delete a registered client')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oauthctl;app;set' {
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app''s name, if the provider has several clients [default: default]')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'The client id (not a secret)')
            [CompletionResult]::new('--client-secret-file', '--client-secret-file', [CompletionResultType]::ParameterName, 'Read the client secret from a file')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--client-secret-stdin', '--client-secret-stdin', [CompletionResultType]::ParameterName, 'Read the client secret from stdin')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Replace a client that logins use by another one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;app;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;app;show' {
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app''s name, if the provider has several clients [default: default]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;app;remove' {
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app''s name, if the provider has several clients [default: default]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;app;help' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a client id and secret; prompts for them on a terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the registered clients, and the logins that use each')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a registered client, without its secret')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Delete a registered client')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oauthctl;app;help;set' {
            break
        }
        'oauthctl;app;help;list' {
            break
        }
        'oauthctl;app;help;show' {
            break
        }
        'oauthctl;app;help;remove' {
            break
        }
        'oauthctl;app;help;help' {
            break
        }
        'oauthctl;login' {
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'The same with a flag')
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app to log in with, if several clients of the provider are registered')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes to request: repeat the flag, or separate them with spaces or commas')
            [CompletionResult]::new('--require-scopes', '--require-scopes', [CompletionResultType]::ParameterName, 'Fail with exit code 10 and save nothing unless all of these scopes are granted')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the provider''s URLs, such as `store=myshop`')
            [CompletionResult]::new('--grant', '--grant', [CompletionResultType]::ParameterName, 'The grant to use, if the provider offers more than one')
            [CompletionResult]::new('--redirect-uri', '--redirect-uri', [CompletionResultType]::ParameterName, 'The redirect URI, exactly as it is registered')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port of http://127.0.0.1:PORT/callback; 0 picks a free port')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The local address to which a tunnel leads from the redirect URI')
            [CompletionResult]::new('--browser', '--browser', [CompletionResultType]::ParameterName, 'The program that opens the URL, before BROWSER; the URL is appended, or put where %s is')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait: seconds, or with s, m, h, d [default: 5m for a redirect, a code''s lifetime with --device]')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'A name for the account, shown by `status`')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Log in by typing a code into a browser on any device; the same as --grant device')
            [CompletionResult]::new('--no-qr', '--no-qr', [CompletionResultType]::ParameterName, 'Show no QR code')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Print the authorization URL on stderr and open no browser')
            [CompletionResult]::new('--allow-missing-state', '--allow-missing-state', [CompletionResultType]::ParameterName, 'Accept an answer without a state, if the provider never returned one and PKCE is known to protect the code')
            [CompletionResult]::new('--with-token', '--with-token', [CompletionResultType]::ParameterName, 'Save an existing token: from stdin, or asked for on a terminal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;call' {
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`')
            [CompletionResult]::new('--request', '--request', [CompletionResultType]::ParameterName, 'The method, as with curl and gh: `-X DELETE /x` is `DELETE /x`')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Add a parameter to the query')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array')
            [CompletionResult]::new('--raw-field', '--raw-field', [CompletionResultType]::ParameterName, 'Add a text to the JSON body, or to the query of a GET; `a[b]=1` nests, `a[]=1` is an array')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'The same, typed: numbers, true, false, null, and `@FILE` for a file''s content')
            [CompletionResult]::new('--field', '--field', [CompletionResultType]::ParameterName, 'The same, typed: numbers, true, false, null, and `@FILE` for a file''s content')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Send a file as the body, stdin for `-`; fields then go into the query')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Send a file as the body, stdin for `-`; fields then go into the query')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add a header; `Name:` removes a default header')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header; `Name:` removes a default header')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Filter a JSON reply with an expression in jq''s language')
            [CompletionResult]::new('--jq', '--jq', [CompletionResultType]::ParameterName, 'Filter a JSON reply with an expression in jq''s language')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout')
            [CompletionResult]::new('--max-pages', '--max-pages', [CompletionResultType]::ParameterName, 'Stop after this many pages')
            [CompletionResult]::new('--rows', '--rows', [CompletionResultType]::ParameterName, 'The path of the rows in each page, such as `.data`: they become one array, or what `--jq` filters')
            [CompletionResult]::new('--next', '--next', [CompletionResultType]::ParameterName, 'The path of the next page''s address in each page, such as `.links.next`; or `PARAM=PATH` for a cursor that the next request has in this parameter')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many pages to fetch at once, where they can be counted')
            [CompletionResult]::new('--token-in', '--token-in', [CompletionResultType]::ParameterName, 'Present the token in another of the places that the provider documents')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Also allow sending the token to this origin, such as `https://api.example.com`')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the provider''s URLs, such as `store=myshop`')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes to request: repeat the flag, or separate them with spaces or commas')
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app whose client gets the token, if several clients of the provider are registered')
            [CompletionResult]::new('--max-wait', '--max-wait', [CompletionResultType]::ParameterName, 'Longest Retry-After to honor (429 and 503)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up when the server is silent for this long [default: 30s]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Give up when the call takes this long in all, with its pages, retries and waits [default: 10m for each reply, and 1s more for every 4 KiB of it, up to 24h]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--form', '--form', [CompletionResultType]::ParameterName, 'Send the fields as a form, not as JSON')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Print the status line and the headers before the body')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Print the status line and the headers before the body')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Do not print the body')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Print the body byte for byte, on a terminal too')
            [CompletionResult]::new('--paginate', '--paginate', [CompletionResultType]::ParameterName, 'Follow the collection to its last page')
            [CompletionResult]::new('--slurp', '--slurp', [CompletionResultType]::ParameterName, 'Print an array of pages instead of an array of rows')
            [CompletionResult]::new('--no-follow', '--no-follow', [CompletionResultType]::ParameterName, 'Print the address that a redirect leads to instead of following it; a redirect to another origin is otherwise followed without the token')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Keep the token in the store, and use it until it ends')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Print the equivalent curl command and send nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print the request and send nothing')
            [CompletionResult]::new('--show-secrets', '--show-secrets', [CompletionResultType]::ParameterName, 'Show the token instead of masking it')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;token' {
            [CompletionResult]::new('--min-validity', '--min-validity', [CompletionResultType]::ParameterName, 'Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The variable''s name, for the forms that set one')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the provider''s URLs, such as `store=myshop`')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes to request: repeat the flag, or separate them with spaces or commas')
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app whose client gets the token, if several clients of the provider are registered')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Keep the token in the store, and use it until it ends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;refresh' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;status' {
            [CompletionResult]::new('--expires-within', '--expires-within', [CompletionResultType]::ParameterName, 'Exit with 4 if a login will need renewing within this time, such as 7d')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Check the current login; exit with 4 if it needs a new login')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;scopes' {
            [CompletionResult]::new('--require', '--require', [CompletionResultType]::ParameterName, 'Fail with exit code 10 unless these are granted, or with --probe proven')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the provider''s URLs, such as `store=myshop`')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes to request: repeat the flag, or separate them with spaces or commas')
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app whose client gets the token, if several clients of the provider are registered')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Try each scope with a request that changes nothing')
            [CompletionResult]::new('--probe-writes', '--probe-writes', [CompletionResultType]::ParameterName, 'Like --probe, and send the writes too that the definition calls harmless')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Show what has changed since the last look at this login')
            [CompletionResult]::new('--all-providers', '--all-providers', [CompletionResultType]::ParameterName, 'all-providers')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Keep the token in the store, and use it until it ends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;use' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;logout' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Delete the login here without contacting the provider')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Log out of every login on this machine')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;exec' {
            [CompletionResult]::new('--min-validity', '--min-validity', [CompletionResultType]::ParameterName, 'Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The variable that holds the token')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Get a token from this provider by client credentials, with OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter of the provider''s URLs, such as `store=myshop`')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scopes to request: repeat the flag, or separate them with spaces or commas')
            [CompletionResult]::new('--app', '--app', [CompletionResultType]::ParameterName, 'The app whose client gets the token, if several clients of the provider are registered')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'Keep the token in the store, and use it until it ends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;export' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a new file that only you can read; `-` is stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to a new file that only you can read; `-` is stdout')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--move', '--move', [CompletionResultType]::ParameterName, 'Include the refresh token, and delete the login here')
            [CompletionResult]::new('--passphrase-stdin', '--passphrase-stdin', [CompletionResultType]::ParameterName, 'Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;import' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Replace a login of the same name')
            [CompletionResult]::new('--passphrase-stdin', '--passphrase-stdin', [CompletionResultType]::ParameterName, 'Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the providers, your own and the popular ones first')
            [CompletionResult]::new('search', 'search', [CompletionResultType]::ParameterValue, 'Find a provider by words, such as `shop reviews`')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one definition, and how sure it is')
            [CompletionResult]::new('scopes', 'scopes', [CompletionResultType]::ParameterValue, 'Show a provider''s known scopes; needs no login')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print a JSON Schema for definitions, for completion and checks in an editor')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Create a provider definition: a commented draft, or one from a server''s metadata')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Validate a definition (offline)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oauthctl;providers;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List the less popular ones, too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;search' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;show' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--evidence', '--evidence', [CompletionResultType]::ParameterName, 'Show how each value is known (also with --verbose)')
            [CompletionResult]::new('--toml', '--toml', [CompletionResultType]::ParameterName, 'Print it as TOML, with comments')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;scopes' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;schema' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;new' {
            [CompletionResult]::new('--issuer', '--issuer', [CompletionResultType]::ParameterName, 'Fill in the metadata of this issuer (RFC 8414, OpenID Connect Discovery), or of the metadata''s own address')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--overlay', '--overlay', [CompletionResultType]::ParameterName, 'Change single keys of the built-in provider of this id')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print it instead of writing it to the configuration directory')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;check' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;providers;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the providers, your own and the popular ones first')
            [CompletionResult]::new('search', 'search', [CompletionResultType]::ParameterValue, 'Find a provider by words, such as `shop reviews`')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one definition, and how sure it is')
            [CompletionResult]::new('scopes', 'scopes', [CompletionResultType]::ParameterValue, 'Show a provider''s known scopes; needs no login')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print a JSON Schema for definitions, for completion and checks in an editor')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Create a provider definition: a commented draft, or one from a server''s metadata')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Validate a definition (offline)')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oauthctl;providers;help;list' {
            break
        }
        'oauthctl;providers;help;search' {
            break
        }
        'oauthctl;providers;help;show' {
            break
        }
        'oauthctl;providers;help;scopes' {
            break
        }
        'oauthctl;providers;help;schema' {
            break
        }
        'oauthctl;providers;help;new' {
            break
        }
        'oauthctl;providers;help;check' {
            break
        }
        'oauthctl;providers;help;help' {
            break
        }
        'oauthctl;emulate' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to listen on [default: a free one]')
            [CompletionResult]::new('--redirect-uri', '--redirect-uri', [CompletionResultType]::ParameterName, 'Register another redirect URI besides http://127.0.0.1:8765/callback')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'Simulate a fault')
            [CompletionResult]::new('--token-lifetime', '--token-lifetime', [CompletionResultType]::ParameterName, 'Access token lifetime; a list such as `5s,1h` sets it for a login''s first token, the next, and so on')
            [CompletionResult]::new('--latency', '--latency', [CompletionResultType]::ParameterName, 'Delay before each answer of the token endpoint')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--approve', '--approve', [CompletionResultType]::ParameterName, 'Consent automatically, without the page')
            [CompletionResult]::new('--exact-port', '--exact-port', [CompletionResultType]::ParameterName, 'Refuse a redirect URI whose port is not the registered one')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;demo' {
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'The provider to emulate')
            [CompletionResult]::new('--browser', '--browser', [CompletionResultType]::ParameterName, 'Click through the consent page in a real browser; CMD as for `login --browser`')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;completions' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;man' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The login to use; `oauthctl use NAME` changes the default')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store for logins and registrations')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Also trust the certificate authorities in this PEM file; `login` remembers it')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colors; NO_COLOR is honored')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more details; secrets stay masked')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'oauthctl;help' {
            [CompletionResult]::new('app', 'app', [CompletionResultType]::ParameterValue, 'Register your app''s client id and secret for a provider')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a provider and store the token')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Send a request to the provider''s API with the access token')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the access token and nothing else')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Refresh the access token now')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'List the logins with their provider, store, scopes and lifetime')
            [CompletionResult]::new('scopes', 'scopes', [CompletionResultType]::ParameterValue, 'Show a token''s scopes: requested, granted and, with --probe, proven')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a login the current one')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Revoke a login''s tokens, if the provider can, and delete the login')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with the access token in its environment')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Export a login, encrypted with a passphrase')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Import an exported login')
            [CompletionResult]::new('providers', 'providers', [CompletionResultType]::ParameterValue, 'List the providers, and show, create or validate definitions')
            [CompletionResult]::new('emulate', 'emulate', [CompletionResultType]::ParameterValue, 'Run a local mock of a provider')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try the full login flow against a local emulator; saves no login')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for your shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'oauthctl;help;app' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a client id and secret; prompts for them on a terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the registered clients, and the logins that use each')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a registered client, without its secret')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Delete a registered client')
            break
        }
        'oauthctl;help;app;set' {
            break
        }
        'oauthctl;help;app;list' {
            break
        }
        'oauthctl;help;app;show' {
            break
        }
        'oauthctl;help;app;remove' {
            break
        }
        'oauthctl;help;login' {
            break
        }
        'oauthctl;help;call' {
            break
        }
        'oauthctl;help;token' {
            break
        }
        'oauthctl;help;refresh' {
            break
        }
        'oauthctl;help;status' {
            break
        }
        'oauthctl;help;scopes' {
            break
        }
        'oauthctl;help;use' {
            break
        }
        'oauthctl;help;logout' {
            break
        }
        'oauthctl;help;exec' {
            break
        }
        'oauthctl;help;export' {
            break
        }
        'oauthctl;help;import' {
            break
        }
        'oauthctl;help;providers' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the providers, your own and the popular ones first')
            [CompletionResult]::new('search', 'search', [CompletionResultType]::ParameterValue, 'Find a provider by words, such as `shop reviews`')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one definition, and how sure it is')
            [CompletionResult]::new('scopes', 'scopes', [CompletionResultType]::ParameterValue, 'Show a provider''s known scopes; needs no login')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print a JSON Schema for definitions, for completion and checks in an editor')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Create a provider definition: a commented draft, or one from a server''s metadata')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Validate a definition (offline)')
            break
        }
        'oauthctl;help;providers;list' {
            break
        }
        'oauthctl;help;providers;search' {
            break
        }
        'oauthctl;help;providers;show' {
            break
        }
        'oauthctl;help;providers;scopes' {
            break
        }
        'oauthctl;help;providers;schema' {
            break
        }
        'oauthctl;help;providers;new' {
            break
        }
        'oauthctl;help;providers;check' {
            break
        }
        'oauthctl;help;emulate' {
            break
        }
        'oauthctl;help;demo' {
            break
        }
        'oauthctl;help;completions' {
            break
        }
        'oauthctl;help;man' {
            break
        }
        'oauthctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
