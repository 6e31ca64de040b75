//! The reasons why `import` fails.

use std::io;

use crate::commands::brought::BroughtError;
use crate::commands::export::PassphraseError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::foreign_login::NotAForeignLogin;
use crate::protocol::given_token::NoGivenToken;
use crate::provider::DefinitionError;
use crate::session::SessionError;
use crate::store::StoreError;
use crate::store::sealed_login::SealedLoginError;
use crate::system::entropy::NoEntropy;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("`{path}` cannot be read")]
    ImportFile {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("a login called `{profile}` already exists")]
    LoginExists { profile: String },
    #[error("no login can be imported from this")]
    Foreign(#[from] NotAForeignLogin),
    #[error("the file does not say of which provider its token is")]
    NoProvider { host: Option<String> },
    #[error("`{flag}` is for a file of another program, and this is a login that `oauthctl export` encrypted")]
    NotForExported { flag: &'static str },
    #[error(transparent)]
    SealedLogin(#[from] SealedLoginError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Brought(Box<BroughtError>),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl From<BroughtError> for ImportError {
    fn from(error: BroughtError) -> Self {
        Self::Brought(Box::new(error))
    }
}

impl From<NoGivenToken> for ImportError {
    fn from(error: NoGivenToken) -> Self {
        Self::Foreign(error.into())
    }
}

impl Advice for ImportError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::ImportFile { .. } => ExitCode::Usage.no_hint(),
            Self::LoginExists { profile } => ExitCode::Usage.hint(format!(
                "add `--replace` to replace `{profile}`, or `--profile NAME` to import it under another name"
            )),
            Self::Foreign(error) => foreign(error),
            Self::NoProvider { host: None } => {
                ExitCode::Usage.hint("name it with `--provider ID`; `oauthctl providers search WORD` finds its id")
            }
            Self::NoProvider { host: Some(host) } => ExitCode::Usage.hint(format!(
                "name the provider at {host} with `--provider ID`; `oauthctl providers new` drafts a definition"
            )),
            Self::NotForExported { flag } => ExitCode::Usage.hint(format!("leave `{flag}` out")),
            Self::SealedLogin(error) => error.next_step(),
            Self::Passphrase(error) => error.next_step(),
            Self::Brought(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

fn foreign(error: &NotAForeignLogin) -> NextStep {
    match error {
        NotAForeignLogin::OtherForm { .. } => {
            ExitCode::Usage.hint("leave `--from` out: the form is known by the content")
        }
        NotAForeignLogin::SeveralVariables { .. } | NotAForeignLogin::NoSuchVariable { .. } => {
            ExitCode::Usage.hint("name the variable of the access token with `--env NAME`")
        }
        NotAForeignLogin::SeveralHosts { .. } => {
            ExitCode::Usage.hint("`--provider ID` chooses the host that it logs in at")
        }
        NotAForeignLogin::Reference { .. } => {
            ExitCode::Usage.hint("pipe the token itself: `oauthctl login ID --with-token`")
        }
        NotAForeignLogin::InKeychain { .. } => {
            ExitCode::Usage.hint("`gh auth token | oauthctl login ID --with-token` takes it from there")
        }
        NotAForeignLogin::Given(NoGivenToken::NeedsProof(kind)) => ExitCode::Refused.hint(kind.proof.hint()),
        NotAForeignLogin::Cbor
        | NotAForeignLogin::NotText
        | NotAForeignLogin::JsonWithoutToken { .. }
        | NotAForeignLogin::NoVariable { .. }
        | NotAForeignLogin::EmptyVariables { .. }
        | NotAForeignLogin::NoSuchHost { .. }
        | NotAForeignLogin::Given(_) => {
            ExitCode::Usage.hint("a token alone is stored with `oauthctl login ID --with-token < token.txt`")
        }
    }
}
