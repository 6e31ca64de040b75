//! The reasons for which a login is refused, by us or by the provider.

use std::net::SocketAddr;

use super::{ByAddressError, StepsError};
use crate::commands::app::AppError;
use crate::commands::brought::BroughtError;
use crate::commands::named;
use crate::flow::FlowError;
use crate::flow::discover::AddressError;
use crate::flow::evidence::Missing;
use crate::flow::register::RegisterError;
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::protocol::given_token::NoGivenToken;
use crate::protocol::grant::GrantKind;
use crate::protocol::login_params::BadLoginParam;
use crate::protocol::redirect_uri::RedirectUriError;
use crate::protocol::secret_text::NotASecretText;
use crate::provider::DefinitionError;
use crate::session::SessionError;
use crate::store::StoreError;
use crate::system::certificate::CertificateError;
use crate::system::entropy::NoEntropy;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Says which login it was, where the cause does not.
    #[error("could not log in to `{provider}`")]
    Failed {
        provider: String,
        #[source]
        source: Box<LoginError>,
    },
    #[error("no login can be kept here")]
    NowhereToKeep {
        provider: String,
        #[source]
        source: Box<StoreError>,
    },
    #[error("`{login}` is a login, not a provider")]
    NotAProvider { login: String, provider: String },
    #[error("the provider has no definition")]
    NotListed,
    #[error("`{provider}` does not offer that grant")]
    GrantNotOffered { provider: String, offered: Vec<GrantKind> },
    #[error("{address} can be reached from other machines; a redirect is received on loopback only")]
    ListenElsewhere { address: SocketAddr },
    #[error(
        "the redirect to `{redirect_uri}` cannot be received here, and there is no terminal to paste the final address into"
    )]
    NobodyToPaste { redirect_uri: String },
    #[error(transparent)]
    BadParam(#[from] BadLoginParam),
    #[error(transparent)]
    BadRedirectUri(#[from] RedirectUriError),
    #[error("stdin has no value for `{param}`")]
    NoParamOnStdin {
        param: String,
        #[source]
        source: NotASecretText,
    },
    #[error("that is not a usable token")]
    BadToken(#[from] NoGivenToken),
    #[error(transparent)]
    Brought(Box<BroughtError>),
    #[error("`{provider}` did not grant {}, so the token is not kept", named(missing))]
    NotGranted { provider: String, missing: Vec<Missing> },
    #[error(transparent)]
    Address(Box<AddressError>),
    #[error(transparent)]
    ByAddress(#[from] ByAddressError),
    #[error(transparent)]
    Steps(#[from] StepsError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    App(Box<AppError>),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// It is the largest one, and every step of a login would have to have room for it.
impl From<AppError> for LoginError {
    fn from(error: AppError) -> Self {
        Self::App(Box::new(error))
    }
}

/// It is a large one, too.
impl From<BroughtError> for LoginError {
    fn from(error: BroughtError) -> Self {
        Self::Brought(Box::new(error))
    }
}

/// It is a large one, too.
impl From<AddressError> for LoginError {
    fn from(error: AddressError) -> Self {
        Self::Address(Box::new(error))
    }
}

impl LoginError {
    /// Returns `true` if another process has taken the login, and may still make it.
    pub fn is_left_to_another(&self) -> bool {
        match self {
            Self::Failed { source, .. } => source.is_left_to_another(),
            Self::Steps(error) => error.is_about_another_process(),
            _ => false,
        }
    }

    /// Returns `true` if another process has the answer that this one waited for.
    pub fn is_taken_elsewhere(&self) -> bool {
        match self {
            Self::Failed { source, .. } => source.is_taken_elsewhere(),
            Self::Flow(error) => matches!(error, FlowError::TakenElsewhere),
            _ => false,
        }
    }
}

impl Advice for LoginError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Failed { source, .. } => source.next_step(),
            Self::NowhereToKeep { provider, .. } => ExitCode::Store.hint(format!(
                "`oauthctl login {provider} --store file` keeps it in a sealed file; \
                 `oauthctl import --store file FILE` takes a login that `oauthctl export` sealed on another machine"
            )),
            Self::NotAProvider { login, provider } => {
                ExitCode::Definition.hint(format!("`{}` repeats that login", login_command(provider, login)))
            }
            Self::NotListed => ExitCode::Definition.hint(
                "`oauthctl providers new ID --authorize URL --token URL` makes one of the addresses in the provider's guide, and \
                 `oauthctl login ID` uses it",
            ),
            Self::GrantNotOffered { offered, .. } => ExitCode::Usage.hint(format!("it offers {}", flags(offered))),
            Self::ListenElsewhere { .. } => ExitCode::Usage.hint("such as `--listen 127.0.0.1:8765`"),
            Self::NobodyToPaste { .. } => {
                ExitCode::Usage.hint("`--listen 127.0.0.1:8765` says that a tunnel from there ends here")
            }
            Self::NoParamOnStdin { param, .. } => ExitCode::Usage
                .hint(format!("pipe the value alone: `oauthctl login ID --param-stdin {param} < value.txt`")),
            Self::BadToken(NoGivenToken::NeedsProof(kind)) => ExitCode::Refused.hint(kind.proof.hint()),
            Self::BadToken(_) => {
                ExitCode::Usage.hint("pipe the token alone: `oauthctl login ID --with-token < token.txt`")
            }
            Self::NotGranted { .. } => ExitCode::ScopeMissing.hint(
                "log in again and approve all of it, or leave `--require-scopes` out to keep a token that may do less; \
                 the app's access was given all the same, and is removed at the provider",
            ),
            Self::BadParam(BadLoginParam::Reserved { instead: Some(flag), .. }) => {
                ExitCode::Usage.hint(format!("`{flag}` is the flag for it"))
            }
            Self::BadParam(BadLoginParam::Reserved { instead: None, .. }) => ExitCode::Usage.no_hint(),
            Self::BadParam(BadLoginParam::Twice { .. }) => ExitCode::Usage.hint("leave one of them out"),
            Self::BadParam(BadLoginParam::NoName { .. }) => ExitCode::Usage.hint("write NAME=VALUE"),
            Self::BadRedirectUri(error) => error.next_step(),
            Self::Address(error) => error.next_step(),
            Self::ByAddress(error) => error.next_step(),
            Self::Steps(error) => error.next_step(),
            Self::Brought(error) => error.next_step(),
            Self::Register(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::App(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Certificate(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

fn flags(grants: &[GrantKind]) -> String {
    let values = grants.iter().filter_map(clap::ValueEnum::to_possible_value);
    values.map(|value| format!("`--grant {}`", value.get_name())).collect::<Vec<_>>().join(", ")
}
