//! The examples of every help text and manual page.
//!
//! Each is a line for a shell, and `tests/it/examples.rs` runs it against an emulator of Judge.me: in a home with two apps,
//! the login `work` beside the current one, where `pass` and `./deploy.sh` exist. A command without examples fails a test.
//! They are read only for `--help` and `man`.

/// One line to copy, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The words that lead to the command: `app set`. Empty for the whole program.
    path: &'static str,
    pub what: &'static str,
    pub command: &'static str,
}

/// Returns the examples of a command.
pub fn of(path: &str) -> impl Iterator<Item = &'static Example> {
    ALL.iter().filter(move |example| example.path == path)
}

const fn example(path: &'static str, what: &'static str, command: &'static str) -> Example {
    Example { path, what, command }
}

#[rustfmt::skip]
const ALL: &[Example] = &[
    example("", "Try the whole way, without an account anywhere", "oauthctl demo"),
    example("", "Log in in the browser", "oauthctl login judgeme --scope read_products"),
    example("", "Ask the API", "oauthctl call /api/v1/products"),
    example("", "Hand the token to a script", "TOKEN=$(oauthctl token)"),

    example("login", "Log in in the browser", "oauthctl login judgeme --scope read_products,read_reviews"),
    example("login", "Fail unless every scope is granted", "oauthctl login judgeme --scope read_products --require-scopes read_products"),
    example("login", "Keep a second login beside the first", "oauthctl login judgeme --profile work --label \"Work shop\""),
    example("login", "Save a token that is there already", "pass show token | oauthctl login judgeme --profile kept --with-token"),
    example("login", "Save a whole reply, with its refresh token and its end", "pass show reply | oauthctl login judgeme --profile whole --with-token"),
    example("login", "See what would be sent, and send nothing", "oauthctl login judgeme --dry-run"),
    example("login", "See what was sent, in a HAR viewer", "oauthctl login judgeme --trace login.har"),
    example("app", "List the registered clients", "oauthctl app list"),
    example("app set", "Register your app, in place of the one that was registered before", "oauthctl app set judgeme --client-id my-client --client-secret-file secret.txt --replace"),
    example("app set", "A second app; its secret comes from a password manager", "pass show judgeme | oauthctl app set judgeme --app test --client-id test --client-secret-stdin"),
    example("app list", "The clients of every provider, and the logins that use each", "oauthctl app list"),
    example("app list", "As JSON", "oauthctl app list --json"),
    example("app show", "Show the client, without its secret", "oauthctl app show judgeme"),
    example("app remove", "Forget the client of the app `test`", "oauthctl app remove judgeme --app test"),
    example("use", "Let commands use the login `work`", "oauthctl use work"),
    example("login", "Start a login and end at once: the address to open, and what finishes it", "oauthctl login judgeme --start --json"),
    example("logout", "Revoke the current login's tokens, and delete it", "oauthctl logout"),
    example("logout", "Delete one login here only", "oauthctl logout work --local"),
    example("logout", "Log out of everything", "oauthctl logout --all"),

    example("token", "Hand the token to a script", "TOKEN=$(oauthctl token)"),
    example("token", "One that lasts ten minutes at least", "oauthctl token --min-validity 10m"),
    example("token", "One that can do no more than read products", "oauthctl token --scope read_products"),
    example("token", "As the line of a header that curl reads, so that it is not in curl's arguments", "oauthctl token --format curl"),
    example("token", "Keep a dotenv file up to date; the rest of it stays", "oauthctl token --format dotenv --env SHOP_TOKEN --write .env"),
    example("call", "Ask the API, and take a part of the reply", "oauthctl call /api/v1/products -q '.products[].title'"),
    example("call", "Every page", "oauthctl call /api/v1/reviews --paginate"),
    example("call", "Look at a request with fields without sending it", "oauthctl call POST /api/v1/reviews -f title=Good -F rating=5 --dry-run"),
    example("call", "The same request as a program, with the token as a variable", "oauthctl call /api/v1/products --print python"),
    example("call", "Ask for every login, with its name before each line", "oauthctl call /api/v1/products -q '.products | length' --profiles '*'"),
    example("exec", "Run a command with OAUTHCTL_TOKEN set", "oauthctl exec -- ./deploy.sh"),
    example("exec", "Give it another name", "oauthctl exec --env JUDGEME_TOKEN -- ./deploy.sh"),
    example("exec", "A command that is to do no more than read products", "oauthctl exec --scope read_products -- ./report.sh"),
    example("exec", "A command that runs for hours reads the token from a file", "oauthctl exec --token-file -- ./deploy.sh"),
    example("exec", "A command that does not see the token, which a proxy adds to its requests", "oauthctl exec --proxy -- sh -c 'curl -s \"$OAUTHCTL_API/products\"'"),
    example("refresh", "Get a new access token now", "oauthctl refresh"),
    example("refresh", "From cron: what would end for want of use", "oauthctl refresh --due --within 14d"),
    example("exchange", "Exchange a token that the provider wants replaced", "oauthctl exchange"),
    example("exchange", "That of another login", "oauthctl exchange work"),
    example("export", "Take a login to another machine", "pass show transfer | oauthctl export --profile work --passphrase-stdin > work.oauthctl"),
    example("import", "Import it there", "pass show transfer | oauthctl import login.oauthctl --passphrase-stdin --replace"),

    example("status", "List the logins", "oauthctl status"),
    example("status", "In a script: is a new login needed?", "oauthctl status --check || echo 'log in again'"),
    example("status", "The names of all logins", "oauthctl status --json"),
    example("status", "Those that begin alike", "oauthctl status --profiles 'w*'"),
    example("scopes", "Requested and granted", "oauthctl scopes"),
    example("scopes", "Try each scope with a request that changes nothing", "oauthctl scopes --probe"),
    example("scopes", "In a script: stop unless it may read products", "oauthctl scopes --require read_products"),

    example("inspect", "What the current login's token is, and what it says of itself", "oauthctl inspect"),
    example("inspect", "Ask the servers, too", "oauthctl inspect --introspect --api"),
    example("inspect", "A token from elsewhere; nothing is sent", "pass show token | oauthctl inspect -"),

    example("doctor", "Check this machine", "oauthctl doctor"),
    example("doctor", "And whether the app's redirect URI is registered", "oauthctl doctor judgeme"),
    example("doctor", "Send nothing", "oauthctl doctor judgeme --offline"),
    example("doctor", "As JSON", "oauthctl doctor --json"),
    example("explain", "Why the last flow failed: what was sent, what came, and what to do", "oauthctl explain"),
    example("explain", "The recorded flows", "oauthctl explain --list"),
    example("explain", "Compare the redirect URI with the one on the provider's page", "oauthctl explain --registered http://localhost:8765/callback"),
    example("explain", "A text for an issue tracker, without secrets and names of your own", "oauthctl explain --report > report.md"),

    example("providers", "List the providers", "oauthctl providers list"),
    example("providers list", "All of them", "oauthctl providers list --all"),
    example("providers list", "As JSON", "oauthctl providers list --json"),
    example("providers search", "Find one by what it is", "oauthctl providers search shop reviews"),
    example("providers show", "A definition, each departure from the RFCs with its source", "oauthctl providers show judgeme"),
    example("providers show", "How each value is known", "oauthctl providers show judgeme --evidence"),
    example("providers show", "As a file to copy", "oauthctl providers show judgeme --toml > my-judgeme.toml"),
    example("providers scopes", "The scopes that can be requested", "oauthctl providers scopes judgeme"),
    example("providers schema", "For completion and checks in an editor", "oauthctl providers schema > definition.schema.json"),
    example("providers new", "A draft of your own, with all keys", "oauthctl providers new acme"),
    example("providers new", "From the addresses in the provider's guide", "oauthctl providers new mine --authorize https://my.example/a --token https://my.example/t"),
    example("providers new", "Change single keys of a built-in provider", "oauthctl providers new judgeme --overlay --print"),
    example("providers new", "From the OpenAPI document of an API", "oauthctl providers new shop --openapi openapi.yaml"),
    example("providers check", "Validate a definition", "oauthctl providers check my-shop.toml"),

    example("emulate", "A shell in which `judgeme` is the emulator", "oauthctl emulate judgeme -- sh"),
    example("emulate", "Run a test against it, without a consent page", "oauthctl emulate judgeme --approve -- ./deploy.sh"),
    example("emulate", "See what a client does when the server fails", "oauthctl emulate judgeme --approve --fault server-error -- ./deploy.sh"),
    example("emulate", "Be another person, whose tokens have a claim", "oauthctl emulate judgeme --approve --user alice --claim role=admin -- ./deploy.sh"),
    example("demo", "Log in, call, and log out, on this machine alone", "oauthctl demo"),
    example("demo", "With another provider", "oauthctl demo --provider storehippo"),

    example("completions", "Install the completion of the shell in use", "oauthctl completions --install"),
    example("completions", "Print a script", "oauthctl completions zsh > _oauthctl"),
    example("man", "Read a page", "oauthctl man app set | man -l -"),
    example("man", "Install all pages", "oauthctl man --dir ~/.local/share/man/man1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_fits_and_reads_like_one() {
        for Example { what, command, .. } in ALL {
            assert!(what.chars().count() <= 80 && !what.ends_with('.'), "{what}");
            // A longer one is broken into two lines, and cannot be copied.
            assert!(command.contains("oauthctl ") && command.len() <= 96, "{command}");
        }
    }
}
