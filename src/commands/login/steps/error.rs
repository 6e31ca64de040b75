//! The reasons for which a login in two steps is refused.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::secret_text::NotASecretText;
use crate::protocol::time::Timestamp;
use crate::system::loopback::LoopbackError;

#[derive(Debug, thiserror::Error)]
pub enum StepsError {
    #[error("a login by `--grant client-credentials` needs no person, and so no second step")]
    RunsAlone,
    #[error("the store of this command keeps nothing for another process")]
    KeepsNothing,
    #[error("stdin has no answer to a login")]
    NoAnswer(#[source] NotASecretText),
    #[error("that is neither the address at which a browser ended nor the id of a login and a code")]
    NotAnAnswer,
    #[error("the answer belongs to no login that was started here")]
    UnknownState,
    #[error("no login with the id `{id}` was started here")]
    Unknown { id: String },
    #[error("the login `{id}` at `{provider}` was finished before, and is used once")]
    Used { id: String, provider: String },
    #[error("the login `{id}` at `{provider}` ended at {at}")]
    Ended { id: String, provider: String, at: Timestamp },
    #[error("the login `{id}` at `{provider}` cannot be read any more")]
    Gone { id: String, provider: String },
    #[error("the login `{id}` is of the {what} `{is}`, not of `{named}`")]
    Other { id: String, what: &'static str, is: String, named: String },
    #[error("there is no code for the login `{id}`, only its id")]
    NoCode { id: String },
    #[error("that is not the answer to the login `{id}` at `{provider}`: {why}")]
    NotTheAnswer { id: String, provider: String, why: String },
    #[error("the answer to the login `{id}` does not arrive at this machine: it goes to `{redirect_uri}`")]
    CannotListen { id: String, redirect_uri: String },
    #[error("nothing can be listened for at the redirect URI of the login `{id}`")]
    PortTaken {
        id: String,
        #[source]
        source: LoopbackError,
    },
    #[error("a login that ends at once cannot be finished")]
    NoTime,
    #[error("another process has taken the answer to the login `{id}` at `{provider}`, and failed")]
    FailedElsewhere { id: String, provider: String },
    #[error("another process has taken the answer to the login `{id}` at `{provider}`, and has not told how it ended")]
    TakenElsewhere { id: String, provider: String },
}

impl StepsError {
    /// Returns `true` if another process has used the login.
    pub fn is_about_another_process(&self) -> bool {
        matches!(self, Self::FailedElsewhere { .. } | Self::TakenElsewhere { .. } | Self::Used { .. })
    }
}

impl Advice for StepsError {
    fn next_step(&self) -> NextStep {
        let start = |provider: &str| format!("`oauthctl login {provider} --start` starts another one");
        match self {
            Self::RunsAlone => ExitCode::Usage.hint("leave `--start` out"),
            Self::KeepsNothing => ExitCode::Usage.hint("choose a store such as `--store file`"),
            Self::NoAnswer(_) | Self::NotAnAnswer => ExitCode::Usage
                .hint("pipe the whole address from the browser's address bar, or the id and the code: `ID CODE`"),
            Self::UnknownState => ExitCode::LoginNeeded.hint(
                "finish it as the same user and with the same configuration as it was started; `oauthctl login ID --start` \
                 starts another one",
            ),
            Self::Unknown { .. } => {
                ExitCode::LoginNeeded.hint("`--start` prints the id; `oauthctl login ID --start` starts another one")
            }
            Self::Used { provider, .. } | Self::Ended { provider, .. } | Self::Gone { provider, .. } => {
                ExitCode::LoginNeeded.hint(start(provider))
            }
            Self::Other { .. } => ExitCode::Usage.hint("leave the name out: the started login has it"),
            Self::NoCode { id } => ExitCode::Usage.hint(format!(
                "pipe the whole address, or `{id} CODE`; `oauthctl login --wait {id}` listens for the redirect"
            )),
            Self::NotTheAnswer { .. } => ExitCode::Refused
                .hint("nothing is used up: pipe the whole address at which the browser ended for this login"),
            Self::CannotListen { .. } => {
                ExitCode::Usage.hint("pipe the final address from the browser to `oauthctl login --finish -`")
            }
            Self::PortTaken { source, .. } => source.next_step().code.hint(
                "perhaps this login is waited for already; else stop the program that holds the port, or pipe the final \
                 address from the browser to `oauthctl login --finish -`",
            ),
            Self::NoTime => ExitCode::Usage.hint("write a longer `--timeout`, or leave it out"),
            Self::FailedElsewhere { provider, .. } => ExitCode::LoginNeeded
                .hint(format!("{}; `oauthctl explain` shows what was sent and what came", start(provider))),
            Self::TakenElsewhere { .. } => ExitCode::LoginNeeded.hint("`oauthctl status` shows whether the login is there"),
        }
    }
}
