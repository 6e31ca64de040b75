//! Errors between the command line and a command's own work: which login is meant, where it is, and whose token it has.

use super::emulator_profile;
use super::project::{At, ProjectError};
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::protocol::client::BadClientId;
use crate::provider::DefinitionError;
use crate::store::profile::NotAProfile;
use crate::store::{Profile, StoreError};
use crate::system::paths::PathsError;

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("{}", no_login(profile.as_deref()))]
    NoLogin { profile: Option<String>, provider: Option<String> },
    #[error("no provider is named")]
    NoProvider,
    #[error(
        "the login was made with the client `{client_id}`, which is not the one that is registered for `{provider}`"
    )]
    OtherClient { profile: String, provider: String, client_id: String },
    #[error("OAUTHCTL_EMULATOR holds `{value}`, which is not `PROVIDER=http://127.0.0.1:PORT`")]
    BadEmulator { value: String },
    #[error("{name} is not UTF-8 text")]
    VariableNotText { name: &'static str },
    #[error("OAUTHCTL_TOKEN is used only together with `--profile` or OAUTHCTL_PROFILE")]
    TokenWithoutProfile,
    #[error("OAUTHCTL_TOKEN is not set, and `--store env` keeps no login elsewhere")]
    NoTokenVariable,
    #[error("OAUTHCTL_TOKEN is not a valid token: it has line breaks or other control characters in it")]
    BadTokenVariable,
    #[error("OAUTHCTL_TOKEN is set, and no provider is known for the token of `{profile}`")]
    TokenOfNobody { profile: String },
    #[error(
        "OAUTHCTL_TOKEN is set, and `{provider}` is an emulator here: the token of `{profile}` may be a real one, and is not sent to it"
    )]
    TokenForEmulator { profile: String, provider: String },
    #[error("{at}: `{param}` of `{provider}` chooses a server, and a project's file may not")]
    ParamNotForProject { at: At, param: String, provider: String },
    /// `remedy` is the login that types the parameters.
    #[error("{at}: {} leads to {}, which you have not confirmed", ticked(params), servers.join(", "))]
    ServerNotConfirmed { at: At, params: Vec<String>, servers: Vec<String>, remedy: String },
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    TokenSource(#[from] TokenSourceError),
    #[error(transparent)]
    BadProfile(#[from] NotAProfile),
    #[error(transparent)]
    BadClientId(#[from] BadClientId),
}

impl SessionError {
    pub fn no_login(profile: &Profile) -> Self {
        Self::NoLogin { profile: Some(profile.to_string()), provider: None }
    }
}

impl Advice for SessionError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoLogin { profile: Some(profile), provider: Some(provider) } => ExitCode::LoginNeeded.hint(format!(
                "`{}` makes one; `oauthctl status` lists what there is",
                login_command(provider, profile)
            )),
            Self::NoLogin { profile: Some(profile), provider: None } => ExitCode::LoginNeeded.hint(format!(
                "`oauthctl status` lists what there is; `oauthctl login --provider ID --profile {profile}` makes one"
            )),
            Self::NoLogin { profile: None, .. } => ExitCode::LoginNeeded
                .hint("`oauthctl providers list` lists the providers, `oauthctl login --provider ID` logs in"),
            Self::NoProvider => {
                ExitCode::Usage.hint("name one with `--provider ID`; `oauthctl providers list` lists the providers")
            }
            Self::OtherClient { profile, provider, client_id } => ExitCode::Definition.hint(format!(
                "set OAUTHCTL_CLIENT_ID={client_id} and OAUTHCTL_CLIENT_SECRET, or log in again with the client of today: \
                 `{}`",
                login_command(provider, profile)
            )),
            Self::BadEmulator { .. } => ExitCode::Definition
                .hint("`unset OAUTHCTL_EMULATOR`, or start `oauthctl emulate` again and use the lines it prints"),
            Self::VariableNotText { .. } => ExitCode::Usage.hint("give it as UTF-8; a store key is base64"),
            Self::TokenWithoutProfile => ExitCode::Usage.hint("`--profile NAME` says which login the token stands for"),
            Self::NoTokenVariable => ExitCode::LoginNeeded.hint("set OAUTHCTL_TOKEN, or leave `--store env` out"),
            Self::BadTokenVariable => ExitCode::Usage.hint("it takes the token and nothing else"),
            Self::TokenOfNobody { .. } => ExitCode::Definition
                .hint("name the profile as the provider (`oauthctl providers list`), or log in under that name once"),
            Self::TokenForEmulator { provider, .. } => ExitCode::Definition.hint(format!(
                "`unset OAUTHCTL_EMULATOR` for the real provider; for the emulator `unset OAUTHCTL_TOKEN`, or say \
                 `--profile {}`",
                emulator_profile(provider)
            )),
            Self::ParamNotForProject { param, .. } => {
                ExitCode::Definition.hint(format!("give it with `--param {param}=VALUE` at the login"))
            }
            Self::ServerNotConfirmed { remedy, .. } => {
                ExitCode::Refused.hint(format!("if you mean that server, run `{remedy}`"))
            }
            Self::Paths(error) => error.next_step(),
            Self::Project(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::TokenSource(error) => error.next_step(),
            Self::BadProfile(error) => error.next_step(),
            Self::BadClientId(error) => error.next_step(),
        }
    }
}

fn ticked(params: &[String]) -> String {
    params.iter().map(|param| format!("`{param}`")).collect::<Vec<_>>().join(", ")
}

fn no_login(profile: Option<&str>) -> String {
    match profile {
        Some(profile) => format!("there is no login called `{profile}`"),
        None => "there is no login yet".to_owned(),
    }
}
