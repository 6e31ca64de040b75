//! The reasons why a login by address stops that are not the servers'.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::system::shell::{quoted, unset};

#[derive(Debug, thiserror::Error)]
pub enum ByAddressError {
    #[error("`{flag}` is for a login by address")]
    NoAddress { flag: &'static str },
    #[error("nothing was registered and no browser was opened at {address}: there is no terminal to confirm it")]
    NotConfirmed { address: String },
    #[error("the login at {address} was not confirmed")]
    Declined { address: String },
    #[error("`{issuer}` registers no clients by itself")]
    NoClient { issuer: String, takes_documents: bool },
    #[error("`{issuer}` does not take the address of a metadata document for a client id")]
    NoDocuments { issuer: String },
    #[error("the document at {client_id} does not list the redirect URI `{redirect_uri}`")]
    NotListed { client_id: String, redirect_uri: String, listed: Vec<String> },
    #[error("the document at {client_id} names the client id `{said}`")]
    OtherDocument { client_id: String, said: String },
    #[error("a client whose id is the address of its document has no secret, and OAUTHCTL_CLIENT_SECRET is set")]
    SecretWithDocument,
    #[error("{client} is registered with {}, and not with `{redirect_uri}`", registered.join(", "))]
    OtherRedirect { client: String, provider: String, redirect_uri: String, registered: Vec<String> },
    #[error("the login worked, and its definition {path} cannot be written")]
    NotWritten {
        path: String,
        #[source]
        source: std::io::Error,
    },
}

impl Advice for ByAddressError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoAddress { flag: "--client-id" } => ExitCode::Usage
                .hint("register it with `oauthctl app set ID`, or log in by address: `oauthctl login https://…`"),
            Self::NoAddress { flag: "--resource" } => ExitCode::Usage.hint(
                "write `resource` under `[api]` in the definition, or log in by address: `oauthctl login https://…`",
            ),
            Self::NoAddress { .. } => ExitCode::Usage.hint("such as `oauthctl login https://mcp.example.com/mcp`"),
            Self::NotConfirmed { address } => ExitCode::Usage
                .hint(format!("add `--yes` if that is right: `oauthctl login {} --yes`", quoted(address))),
            Self::Declined { .. } => ExitCode::Refused.no_hint(),
            Self::NoClient { takes_documents: true, .. } => ExitCode::Definition.hint(
                "name a client with `--client-id`: one that you registered there, or the https address of a client id \
                 metadata document",
            ),
            Self::NoClient { takes_documents: false, .. } => ExitCode::Definition.hint(
                "register one there by hand with the redirect URI http://127.0.0.1:8765/callback, and name it with \
                 `--client-id ID`",
            ),
            Self::NoDocuments { .. } => ExitCode::Definition
                .hint("leave `--client-id` out to register a client, or name one that is registered there"),
            Self::NotListed { listed, .. } if listed.is_empty() => {
                ExitCode::Definition.hint("add `http://127.0.0.1/callback` to the `redirect_uris` of the document")
            }
            Self::NotListed { listed, .. } => {
                ExitCode::Definition.hint(format!("name one of {} with `--redirect-uri`", listed.join(", ")))
            }
            Self::OtherDocument { .. } => {
                ExitCode::Definition.hint("name the client by the address that the document names")
            }
            Self::SecretWithDocument => ExitCode::Usage.hint(format!("run `{}`", unset(&["OAUTHCTL_CLIENT_SECRET"]))),
            Self::OtherRedirect { provider, .. } => ExitCode::Definition.hint(format!(
                "leave `--redirect-uri` out; `oauthctl app remove {provider}` lets the next login register a new client"
            )),
            Self::NotWritten { .. } => {
                ExitCode::Definition.hint("nothing was kept; make the folder writable, and log in again")
            }
        }
    }
}
