//! Why there is no valid token of a login.

use crate::flow::FlowError;
use crate::flow::id_token::IdTokenRefused;
use crate::flow::refresh::refuses_client;
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::store::{StoreError, ways_to_end};
use crate::system::entropy::NoEntropy;
use crate::system::shell::quoted;

#[derive(Debug, thiserror::Error)]
pub enum TokenSourceError {
    #[error("`{provider}` gave no refresh token for the login `{profile}`{}", ended(*expired_at))]
    NoRefreshToken {
        profile: String,
        provider: String,
        expired_at: Option<Timestamp>,
        /// The scopes with which the provider gives one, if that is known.
        renewable_with: Option<String>,
    },
    #[error("the refresh token of `{profile}` is dead: `{provider}` refused it at {since}, and it is not sent again")]
    Dead { profile: String, provider: String, since: Timestamp },
    #[error("`{provider}` refused the refresh token of `{profile}` for good{}{}", over(*ended), interruption(*interrupted))]
    Refused {
        profile: String,
        provider: String,
        /// When a refresh was begun whose end is not known.
        interrupted: Option<Timestamp>,
        /// When it ended, if it had by our clock.
        ended: Option<Timestamp>,
        #[source]
        source: Box<FlowError>,
    },
    /// The new tokens may be another person's.
    #[error("the login `{profile}` has ended: what came of its refresh is not used")]
    IdToken {
        profile: String,
        provider: String,
        #[source]
        source: Box<IdTokenRefused>,
    },
    #[error("the token of `{profile}` could not be refreshed{}", doubt(provider, *may_be_spent))]
    Failed {
        profile: String,
        provider: String,
        /// The request may have arrived: a provider that rotates may have dropped the refresh token.
        may_be_spent: bool,
        #[source]
        source: Box<FlowError>,
    },
    #[error("`{provider}` issued no new token for the login `{profile}`")]
    NotIssued {
        profile: String,
        provider: String,
        #[source]
        source: Box<FlowError>,
    },
    #[error("the token of `{profile}` could not be exchanged{}", in_exchange(provider, *may_be_spent))]
    NotExchanged {
        profile: String,
        provider: String,
        /// The request may have arrived.
        may_be_spent: bool,
        /// For how many days the provider repeats its reply to the same exchange.
        repeatable_days: Option<u16>,
        #[source]
        source: Box<FlowError>,
    },
    #[error("the login `{profile}` has a refresh token already, so there is nothing to exchange")]
    NothingToExchange { profile: String },
    #[error("the token ends in {left}, and `--min-validity` asks for {wanted}: {why}")]
    TooShort { left: HumanDuration, wanted: HumanDuration, why: String },
    #[error("another process has been refreshing `{profile}` for {waited}")]
    Busy { profile: String, waited: HumanDuration },
    #[error("the login `{profile}` was replaced or removed while it was refreshed")]
    Replaced { profile: String },
    /// The provider has rotated; `journal` is where the new token is.
    #[error("the token of `{profile}` was refreshed, but then the login was not found in {place}")]
    Unsettled { profile: String, provider: String, place: String, journal: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl TokenSourceError {
    /// Returns `true` if the server does not know the client, or refuses its credentials.
    pub fn refuses_client(&self) -> bool {
        matches!(self, Self::Failed { source, .. } if refuses_client(source))
    }
}

/// How a refresh failed.
pub(super) enum Failed<E> {
    /// The old access token is as good as it was.
    Before(E),
    /// The provider has rotated.
    After(TokenSourceError),
}

impl Advice for TokenSourceError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoRefreshToken { profile, provider, renewable_with: Some(scopes), .. } => {
                ExitCode::LoginNeeded.hint(format!(
                    "`{} --scope {}` makes a new login, and asks for a refresh token, too",
                    login_command(provider, profile),
                    quoted(scopes)
                ))
            }
            Self::NoRefreshToken { profile, provider, renewable_with: None, .. }
            | Self::Dead { profile, provider, .. }
            | Self::Refused { profile, provider, .. } => {
                ExitCode::LoginNeeded.hint(format!("`{}` makes a new login", login_command(provider, profile)))
            }
            Self::IdToken { profile, provider, .. } => {
                ExitCode::Refused.hint(format!("`{}` makes a new login", login_command(provider, profile)))
            }
            Self::Failed { source, profile, provider, may_be_spent } => match source.next_step() {
                NextStep { code: ExitCode::Network, hint: Some(hint) } if source.is_settled_here() => {
                    ExitCode::Network.hint(format!("{hint}; the refresh token is kept as it was"))
                }
                NextStep { code: ExitCode::Network, .. } if *may_be_spent => ExitCode::Network.hint(format!(
                    "try again later; if the refresh token is refused then, `{}` makes a new login",
                    login_command(provider, profile)
                )),
                NextStep { code: ExitCode::Network, .. } => {
                    ExitCode::Network.hint("try again later; the refresh token is kept as it was")
                }
                other => other,
            },
            Self::NotIssued { source, .. } => source.next_step(),
            Self::NotExchanged { source, profile, provider, may_be_spent, repeatable_days } => match source.next_step() {
                NextStep { code: ExitCode::Network, .. } if *may_be_spent => ExitCode::Network.hint(match repeatable_days {
                    Some(days) => format!(
                        "run `oauthctl exchange` again: for {days} days `{provider}` repeats its reply to the same exchange"
                    ),
                    None => format!(
                        "run `oauthctl exchange` again; if it is refused then, `{}` makes a new login",
                        login_command(provider, profile)
                    ),
                }),
                other => other,
            },
            Self::NothingToExchange { .. } => ExitCode::Usage.hint("`oauthctl refresh` gets its next token"),
            Self::TooShort { .. } => ExitCode::Network.hint("ask for less with `--min-validity`, or try again later"),
            Self::Busy { .. } => ExitCode::Busy.hint("try again when it is done; a process that hangs may be ended"),
            Self::Replaced { .. } => ExitCode::Busy.hint("try again"),
            Self::Unsettled { profile, provider, journal, .. } => ExitCode::Store.hint(format!(
                "the new token is kept, encrypted, in `{journal}`; bring back the store that had the login and run the \
                 command again, which takes it over. If that store is gone for good, {}",
                ways_to_end(profile, provider)
            )),
            Self::Store(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

fn ended(at: Option<Timestamp>) -> String {
    at.map(|at| format!(", and its access token ended at {at}")).unwrap_or_default()
}

fn over(at: Option<Timestamp>) -> String {
    at.map(|at| format!("; it ended at {at}")).unwrap_or_default()
}

fn doubt(provider: &str, may_be_spent: bool) -> String {
    let said = format!(", and `{provider}` may have spent the refresh token");
    if may_be_spent { said } else { String::new() }
}

fn in_exchange(provider: &str, may_be_spent: bool) -> String {
    let said = format!(", and `{provider}` may have exchanged it all the same");
    if may_be_spent { said } else { String::new() }
}

fn interruption(at: Option<Timestamp>) -> String {
    let said = |at| format!("; a refresh that began at {at} and was interrupted may have spent it");
    at.map(said).unwrap_or_default()
}
