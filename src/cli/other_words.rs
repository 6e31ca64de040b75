//! The words that other programs and habits have for our commands. They are not aliases: one command has one name, and a
//! script that someone reads later has it too.

const WORDS: &[(&[&str], &str)] = &[
    (&["auth", "authenticate", "authorise", "authorize", "connect", "log-in", "sign-in", "signin"], "oauthctl login"),
    (&["device", "device-login"], "oauthctl login --device"),
    (&["delete", "disconnect", "log-out", "remove", "revoke", "rm", "sign-out", "signout"], "oauthctl logout"),
    (
        &["account", "accounts", "list", "logins", "ls", "profiles", "sessions", "show", "who", "whoami"],
        "oauthctl status",
    ),
    (&["access-token", "bearer", "get", "get-token", "print", "print-token"], "oauthctl token"),
    (&["api", "curl", "fetch", "http", "post", "request"], "oauthctl call"),
    (&["activate", "profile", "select", "set-default", "switch"], "oauthctl use NAME"),
    (
        &["add", "client", "clients", "config", "configure", "credentials", "init", "register", "setup"],
        "oauthctl app set PROVIDER",
    ),
    (&["env", "run", "with"], "oauthctl exec -- COMMAND"),
    (&["renew", "rotate"], "oauthctl refresh"),
    (&["claims", "debug", "decode", "introspect", "jwt", "userinfo", "verify"], "oauthctl inspect"),
    (&["emulator", "fake", "mock", "serve", "server"], "oauthctl emulate PROVIDER"),
    (&["check", "diagnose", "test"], "oauthctl doctor"),
    (&["history", "log", "logs", "why"], "oauthctl explain"),
    (&["backup", "save"], "oauthctl export"),
    (&["load", "restore"], "oauthctl import"),
    (&["apis", "definitions", "services"], "oauthctl providers"),
    (&["version"], "oauthctl --version"),
    (&["autocomplete", "completion"], "oauthctl completions --install"),
    (&["docs", "manual"], "oauthctl man"),
];

/// Returns our command for a word of another program. In `auth status` the second word says which.
pub fn command(word: &str, next: &str) -> Option<&'static str> {
    let of = |word: &str| WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, command)| *command);
    if word != "auth" {
        return of(word);
    }
    match next {
        "login" => Some("oauthctl login"),
        "logout" => Some("oauthctl logout"),
        "refresh" => Some("oauthctl refresh"),
        "status" => Some("oauthctl status"),
        "token" => Some("oauthctl token"),
        other => of(other).or_else(|| of(word)),
    }
}
