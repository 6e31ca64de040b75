//! The variables, files and exit codes of the program, for the manual.

/// Each variable, with the commands that read it; none means all of them.
const ENVIRONMENT: &[(&str, &str, &[&str])] = &[
    ("OAUTHCTL_PROFILE", "The login to use, as with --profile.", &[]),
    ("OAUTHCTL_STORE", "The store for new logins and registrations, as with --store.", &[]),
    ("OAUTHCTL_STORE_KEY", "The key of the store `file`, instead of its key file.", &[]),
    ("OAUTHCTL_TOKEN", "The token of the store `env`.", &[]),
    ("OAUTHCTL_CONFIG_DIR", "The folder of provider definitions, instead of the platform's.", &[]),
    ("OAUTHCTL_DATA_DIR", "The folder of the list of logins and of encrypted files, instead of the platform's.", &[]),
    (
        "OAUTHCTL_CLIENT_ID",
        "The client id, where no client is registered.",
        &["", "app", "login", "refresh", "token", "call", "exec", "scopes", "doctor"],
    ),
    (
        "OAUTHCTL_CLIENT_SECRET",
        "The client secret that belongs to it.",
        &["", "app", "login", "refresh", "token", "call", "exec", "scopes", "doctor"],
    ),
    (
        "OAUTHCTL_PARAM_NAME",
        "The value of the secret parameter NAME, in capitals and with `_` for other characters.",
        &["", "login", "token", "call", "exec", "scopes", "doctor"],
    ),
    ("OAUTHCTL_EXPORT_PASSPHRASE", "The passphrase of an exported login.", &["", "export", "import"]),
    ("OAUTHCTL_RECORD", "`off` keeps no record of any command for `explain`.", &[]),
    ("OAUTHCTL_EMULATOR", "Set by `emulate`: the provider that is emulated, and where.", &["", "emulate", "login"]),
    ("BROWSER", "The browser to open, instead of the desktop's.", &["", "login", "demo", "doctor"]),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy to use.",
        &["", "login", "call", "refresh", "token", "exec", "scopes", "logout", "providers", "doctor"],
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "The certificates to trust, and no others.",
        &["", "login", "call", "refresh", "token", "exec", "scopes", "logout", "providers", "doctor"],
    ),
    ("GITHUB_ENV", "The file in which `token --format github` sets the token.", &["token"]),
    ("SHELL", "The shell for `--install`, where the one in use is not known.", &["completions"]),
    ("SOURCE_DATE_EPOCH", "The date of the pages, in seconds since 1970.", &["man"]),
    ("NO_COLOR", "Print no colors.", &[]),
];

/// Returns the variables that a command reads, by its first word; those of the program for an empty one.
pub fn environment(command: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_read = move |readers: &[&str]| readers.is_empty() || readers.contains(&command);
    ENVIRONMENT.iter().filter(move |(_, _, readers)| is_read(readers)).map(|(name, words, _)| (*name, *words))
}

pub const FILES: &[(&str, &str)] = &[
    (
        "~/.config/oauthctl/providers/ID.toml",
        "A provider's definition, or changes of a built-in one. On macOS and Windows the folder is the platform's.",
    ),
    ("~/.local/share/oauthctl/logins.json", "The list of logins and registrations, without any secret."),
    (".oauthctl.toml", "The login and the parameters of a project, searched from the working directory upwards."),
];

/// The exit codes, each with its meaning and the next step.
pub const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Done."),
    ("1", "Something unexpected failed."),
    ("2", "The command line was not understood. Fix the command."),
    ("3", "The provider is unknown, its definition is wrong, or no client is registered. Fix the configuration."),
    ("4", "A login is needed. Run `oauthctl login`."),
    ("5", "The user or the server refused, or a token was not sent where it does not belong."),
    ("6", "No redirect came in time. Try again."),
    ("7", "The store is missing or locked. Unlock it, or choose another one."),
    ("8", "The network or the server failed. Try again later."),
    ("9", "The API answered with 4xx or 5xx. Its reply is on stdout."),
    ("10", "The token is valid, and a scope is missing. Log in with it."),
    ("11", "Another process holds the login. Try again."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::login_secrets;
    use crate::session::VARIABLES;

    /// Otherwise `doctor` would say that nothing reads it.
    #[test]
    fn every_variable_of_ours_in_the_manual_is_known() {
        let ours = ENVIRONMENT.iter().map(|(name, _, _)| *name).filter(|name| name.starts_with("OAUTHCTL_"));
        // Those of secret parameters have names of their own.
        for name in ours.filter(|name| !name.starts_with(login_secrets::VARIABLES)) {
            assert!(VARIABLES.contains(&name), "add {name} to `ALL` in src/session/environment.rs");
        }
    }
}
