//! Floor 5: one file a command, its arguments and a screenful of `run`. Thought lives below.

pub mod app;
pub mod call;
pub mod completions;
mod context;
pub mod demo;
pub mod emulate;
pub mod exec;
pub mod export;
pub mod import;
pub mod login;
pub mod logout;
pub mod providers;
pub mod refresh;
pub mod scopes;
pub mod sources;
pub mod status;
pub mod token;
pub mod use_login;
pub mod valid_token;

pub use context::{ActiveLogin, Context};

use std::net::SocketAddr;

use crate::flow::evidence::Missing;
use crate::protocol::grant::GrantKind;
use crate::protocol::advice::login_command;
use crate::protocol::redirect_uri::RedirectUriError;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::store::StoreError;
use crate::store::sealed_login::SealedLoginError;
use crate::system::project::At;

/// What goes wrong between the floors below and the person.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{}", no_login(profile.as_deref()))]
    NoLogin { profile: Option<String>, provider: Option<String> },
    #[error("no client is registered for `{provider}`, and there is no terminal to ask on")]
    NotRegistered { provider: String },
    #[error(
        "the login was made with the client `{client_id}`, which is not the one that is registered for `{provider}`"
    )]
    OtherClient { profile: String, provider: String, client_id: String },
    #[error("no client is registered for `{provider}`")]
    NoApp { provider: String },
    #[error("no provider is named")]
    NoProvider,
    #[error("the API answered {status}{}", detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    ApiStatus { status: u16, detail: Option<String>, advice: Option<String> },
    /// `remedy` is the login that asks for what the token has and for what it lacks.
    #[error("the token of `{profile}` may not do this: the API answered {status}{}", detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    ScopeMissing { profile: String, status: u16, detail: Option<String>, remedy: String },
    /// Each one is named with what is known of it.
    #[error("the token of `{profile}` lacks {}", named(missing))]
    ScopesMissing { profile: String, remedy: String, missing: Vec<Missing> },
    #[error("`{provider}` did not grant {}, so the token is not kept", named(missing))]
    NotGranted { provider: String, missing: Vec<Missing> },
    #[error("`{provider}` does not offer that grant")]
    GrantNotOffered { provider: String, offered: Vec<GrantKind> },
    #[error("{address} can be reached from other machines; a redirect is received on loopback only")]
    ListenElsewhere { address: SocketAddr },
    #[error(
        "the redirect to `{redirect_uri}` cannot be received here, and there is no terminal to paste the final address into"
    )]
    NobodyToPaste { redirect_uri: String },
    #[error("OAUTHCTL_EMULATOR holds `{value}`, which is not `PROVIDER=http://127.0.0.1:PORT`")]
    BadEmulator { value: String },
    #[error("what came on stdin is no token: it is empty, or has line breaks or other control characters in it")]
    BadToken,
    #[error("no usable {question} was given")]
    EmptyAnswer { question: &'static str },
    #[error("`{text}` is no HTTP method")]
    BadMethod { text: String },
    #[error(transparent)]
    BadRedirectUri(#[from] RedirectUriError),
    #[error("`{path}` cannot be read as a secret")]
    SecretFile {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{program}` could not be started")]
    ChildNotStarted {
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{id}` cannot be a provider's id")]
    NotAnId { id: String },
    #[error("`{path}` is there already")]
    DefinitionExists { path: String },
    #[error("`{path}` cannot be written")]
    NotWritten {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("OAUTHCTL_TOKEN is used only together with `--profile` or OAUTHCTL_PROFILE")]
    TokenWithoutProfile,
    #[error("OAUTHCTL_TOKEN is not set, and `--store env` keeps no login elsewhere")]
    NoTokenVariable,
    #[error("{name} is not UTF-8 text")]
    VariableNotText { name: &'static str },
    #[error("OAUTHCTL_TOKEN holds no token: it has line breaks or other control characters in it")]
    BadTokenVariable,
    #[error("OAUTHCTL_TOKEN is set, and nobody says which provider the token of `{profile}` is for")]
    TokenOfNobody { profile: String },
    #[error(
        "OAUTHCTL_TOKEN is set, and `{provider}` is an emulator here: the token of `{profile}` may be a real one, and is not sent to it"
    )]
    TokenForEmulator { profile: String, provider: String },
    #[error("no login can be kept here")]
    NowhereToKeep {
        provider: String,
        #[source]
        source: Box<StoreError>,
    },
    #[error("{at}: `{param}` of `{provider}` chooses a server, and a project's file may not")]
    ParamNotForProject { at: At, param: String, provider: String },
    #[error("`--profile` means one login, `--all` every one")]
    OneOrAll,
    #[error("{}", ending(profiles))]
    LoginsEnd { profiles: Vec<String>, provider: String },
    #[error("`{provider}` takes no token in a header")]
    NoHeader { provider: String },
    #[error("GITHUB_ENV is not set: this format is for a step of GitHub Actions")]
    NotGithub,
    #[error("`{path}`, which GITHUB_ENV names, cannot be written")]
    GithubEnv {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("there is no terminal to ask for a passphrase on")]
    NoPassphrase,
    #[error("the two passphrases differ")]
    PassphrasesDiffer,
    #[error("OAUTHCTL_TOKEN stands for `{profile}` here, and only a login that is kept can be moved")]
    MoveOfVariable { profile: String },
    #[error("`{profile}` is there already")]
    LoginExists { profile: String },
    #[error("the file that was to be imported cannot be read")]
    ImportFile(#[source] std::io::Error),
    #[error(transparent)]
    SealedLogin(#[from] SealedLoginError),
    #[error("the demo's {step} did not do what it should")]
    DemoStep { step: &'static str },
}

/// The command that makes a login anew with the scopes that it has, so that it does not come back with less, and with `more`, for which
/// there may be no name.
pub fn login_command_for(login: &ActiveLogin, more: &str) -> String {
    let definition = &login.provider.definition;
    let held = login.token.scopes(&ScopeSet::default()).difference(&definition.always_granted());
    let scopes = held.iter().collect::<ScopeSet>().union(&ScopeSet::parse(more));
    let command = login_command(login.provider.id(), login.profile.as_str());
    match scopes.is_empty() {
        true => command,
        false => format!("{command} --scope {}", quoted(&sanitize::line(&scopes.to_string()))),
    }
}

/// One word of a POSIX shell: scopes come from servers too.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn ending(profiles: &[String]) -> String {
    let names = profiles.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match profiles {
        [_] => format!("the login {names} does not last"),
        _ => format!("these logins do not last: {names}"),
    }
}

fn named(missing: &[Missing]) -> String {
    let one = |missing: &Missing| sanitize::line(&format!("{} ({})", missing.scope, missing.why));
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn no_login(profile: Option<&str>) -> String {
    match profile {
        Some(profile) => format!("there is no login called `{profile}`"),
        None => "there is no login yet".to_owned(),
    }
}
