//! Floor 5: one file a command, its arguments and a screenful of `run`. Thought lives below.

pub mod app;
pub mod call;
pub mod completions;
mod context;
pub mod demo;
pub mod emulate;
pub mod login;
pub mod logout;
pub mod providers;
pub mod refresh;
pub mod scopes;
pub mod status;
pub mod token;
pub mod use_login;
pub mod valid_token;

pub use context::{ActiveLogin, Context};

use std::net::SocketAddr;

use crate::protocol::redirect_uri::RedirectUriError;
use crate::provider::quirks::GrantKind;

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
    OtherClient { provider: String, client_id: String },
    #[error("no client is registered for `{provider}`")]
    NoApp { provider: String },
    #[error("which provider? Name one with `--provider ID`")]
    NoProvider,
    #[error("the API answered {status}{}", detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    ApiStatus { status: u16, detail: Option<String> },
    #[error("the token of `{profile}` may not do this: the API answered {status}{}", detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    ScopeMissing { profile: String, provider: String, status: u16, detail: Option<String>, scopes: String },
    #[error("`{provider}` does not offer that grant")]
    GrantNotOffered { provider: String, offered: Vec<GrantKind> },
    #[error("{address} can be reached from other machines; a redirect is received on loopback only")]
    ListenElsewhere { address: SocketAddr },
    #[error("`{redirect_uri}` does not lead to this machine, and there is no terminal to paste the final address into")]
    NobodyToPaste { redirect_uri: String },
    #[error("OAUTHCTL_EMULATOR holds `{value}`, which is not `PROVIDER=http://127.0.0.1:PORT`")]
    BadEmulator { value: String },
    #[error("what came on stdin is no token: it is empty, or has line breaks or other control characters in it")]
    BadToken,
    #[error("there was no answer to `{question}`")]
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
    #[error("the demo's {step} did not do what it should")]
    DemoStep { step: &'static str },
}

fn no_login(profile: Option<&str>) -> String {
    match profile {
        Some(profile) => format!("there is no login called `{profile}`"),
        None => "there is no login yet".to_owned(),
    }
}
