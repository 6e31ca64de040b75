//! The errors of `app`, and of a login that needs a client.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::client::BadClientId;
use crate::protocol::sanitize;
use crate::protocol::secret_text::NotASecretText;
use crate::provider::DefinitionError;
use crate::session::SessionError;
use crate::store::{ClientKey, StoreError};
use crate::system::entropy::NoEntropy;
use crate::system::terminal::TerminalError;

/// Errors in finding, asking for or storing a client.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// `others` is true if other clients of the provider are registered.
    #[error("{}, and there is no terminal to prompt on", none(key, *others))]
    NotRegistered { key: ClientKey, others: bool },
    #[error("{}", none(key, *others))]
    NoApp { key: ClientKey, others: bool },
    /// `client_id` is `None` if the old client cannot be read.
    #[error("{} is used by {}, which no other client can refresh", old(key, client_id.as_deref()), the_logins(logins))]
    InUse { key: ClientKey, client_id: Option<String>, logins: Vec<String> },
    #[error("the secret cannot be read from `{path}`")]
    SecretFile {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("there is no client secret {place}")]
    NoSecret { place: String, source: NotASecretText },
    #[error(transparent)]
    BadClientId(#[from] BadClientId),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for AppError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotRegistered { key, others } => ExitCode::Definition.hint(format!(
                "pipe the secret into `oauthctl app set {} --client-id ID --client-secret-stdin`, or {}",
                key.arguments(),
                match (others, key.app.name()) {
                    (true, _) => LIST,
                    (false, Some(_)) => "leave out `--app` for a client in OAUTHCTL_CLIENT_ID, which has no name",
                    (false, None) => "set OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET",
                }
            )),
            Self::NoApp { key, others } => {
                let set = format!("run `oauthctl app set {}`", key.arguments());
                ExitCode::Definition.hint(if *others { format!("{set}, or {LIST}") } else { set })
            }
            Self::InUse { .. } => ExitCode::Usage.hint(
                "add `--app NAME` to register the new one beside it, or `--replace` to replace it; its logins must then \
                 log in again",
            ),
            Self::SecretFile { .. } => ExitCode::Usage.hint("name a text file that contains only the secret"),
            Self::NoSecret { source: NotASecretText::Empty, .. } => {
                ExitCode::Usage.hint("leave the flag out for a client without a secret (a public client)")
            }
            Self::NoSecret { .. } => ExitCode::Usage.hint("give only the secret, on one line"),
            Self::BadClientId(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

/// The way out where a name may be misspelled.
const LIST: &str = "choose one that `oauthctl app list` shows";

fn none(key: &ClientKey, others: bool) -> String {
    let ClientKey { provider, app } = key;
    match app.is_default() && !others {
        true => format!("no client is registered for `{provider}`"),
        false => format!("no client `{app}` is registered for `{provider}`"),
    }
}

fn old(key: &ClientKey, client_id: Option<&str>) -> String {
    let id = client_id.map(|id| format!(", `{}`,", sanitize::line(id))).unwrap_or_default();
    format!("{}{id}", key.words())
}

/// Names logins in a sentence.
pub fn the_logins(logins: &[String]) -> String {
    let names = sanitize::ticked(logins);
    if logins.len() == 1 { format!("the login {names}") } else { format!("the logins {names}") }
}
