//! Another token for one that the API rejected: how a command gets it, and what it tells a person who has to get one.

use std::sync::{Mutex, PoisonError};

use super::Context;
use super::narrower::narrower_login;
use super::valid_token::told_login;
use super::without_login::client_login;
use crate::flow::held_token::{HeldToken, Renew, Renewed};
use crate::flow::token_source::{TokenSourceError, Wanted};
use crate::protocol::advice::{Advice, NextStep, with_causes};
use crate::protocol::secret::AccessToken;
use crate::provider::Dialect;
use crate::session::{ActiveLogin, SessionError};
use crate::store::{StoreKind, StoredToken};
use crate::system::shell;

/// A token that the API rejected, and why there is no other.
#[derive(Debug, thiserror::Error)]
#[error("the API rejected the token of `{profile}`: it answered {status}{}", said.as_deref().map(|said| format!(": {said}")).unwrap_or_default())]
pub struct NotRenewed {
    pub profile: String,
    pub status: u16,
    pub said: Option<String>,
    #[source]
    pub source: Box<SessionError>,
}

impl Advice for NotRenewed {
    fn next_step(&self) -> NextStep {
        self.source.next_step()
    }
}

/// The renewal of one login's token, by a refresh or from the store.
pub struct Renewal<'a> {
    login: &'a ActiveLogin,
    context: &'a Context,
    outcome: Mutex<Outcome>,
}

enum Outcome {
    NotTried,
    /// OAUTHCTL_TOKEN is all there is.
    OfVariable,
    /// There is no refresh token.
    NoWay,
    /// It is a further token of the login, which is not refreshed for itself.
    Further,
    /// The refresh gave the same token again.
    Same,
    /// With whether it was refreshed for this command, and was not stored before.
    Renewed(Box<StoredToken>, bool),
    Failed(SessionError),
}

impl<'a> Renewal<'a> {
    pub fn new(login: &'a ActiveLogin, context: &'a Context) -> Self {
        Self { login, context, outcome: Mutex::new(Outcome::NotTried) }
    }

    /// Returns the login's token as the one that the command's requests share.
    pub fn hold(&self) -> HeldToken<'_> {
        HeldToken::new(self.first(), self.context.system.clock.as_ref(), self)
    }

    /// Returns the login's token, as the first of those that this renews.
    pub fn first(&self) -> Renewed {
        // A cached token that is rejected has to leave the cache, and asking once more wears out nothing.
        let is_cached = self.login.alone.as_ref().is_some_and(|request| request.cached);
        let (token, refreshed) = (&self.login.token, self.login.refreshed && !is_cached);
        Renewed { token: token.access_token.clone(), expiry: token.expiry, refreshed }
    }

    /// Returns why the last attempt brought no other token.
    pub fn why_not(&self) -> String {
        match &*self.outcome.lock().unwrap_or_else(PoisonError::into_inner) {
            Outcome::Failed(error) => with_causes(error),
            Outcome::OfVariable => "it is that of OAUTHCTL_TOKEN, which cannot be refreshed".to_owned(),
            Outcome::NoWay => "this login has no refresh token".to_owned(),
            Outcome::Same => "a refresh gave the same token again".to_owned(),
            Outcome::Further => "a refresh of the login does not replace this one".to_owned(),
            Outcome::NotTried | Outcome::Renewed(..) => "it was not tried".to_owned(),
        }
    }

    /// Returns the record of the token that replaced the login's.
    pub fn record(&self) -> Option<StoredToken> {
        match &*self.outcome.lock().unwrap_or_else(PoisonError::into_inner) {
            Outcome::Renewed(record, _) => Some((**record).clone()),
            _ => None,
        }
    }

    /// Returns the error to end with if the API rejected the token and the attempt to replace it failed.
    pub fn failure(&self, status: u16, said: Option<&str>) -> Option<NotRenewed> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *outcome, Outcome::NotTried) {
            Outcome::Failed(error) => Some(NotRenewed {
                profile: self.login.profile.to_string(),
                status,
                said: said.map(str::to_owned),
                source: Box::new(error),
            }),
            other => {
                *outcome = other;
                None
            }
        }
    }

    /// Returns what a person can do about a token that the API rejects; `login` is the command for a new login.
    pub fn way_out(&self, login: &str) -> String {
        let login = format!("`{login}` gets another token");
        match &*self.outcome.lock().unwrap_or_else(PoisonError::into_inner) {
            Outcome::Further => {
                format!(
                    "a refresh of the login does not replace this token, unless the provider sends it again; {login}"
                )
            }
            Outcome::OfVariable => format!(
                "set OAUTHCTL_TOKEN to a new token, as it cannot be refreshed, or run `{}` to use a stored login; within \
                 `oauthctl exec`, run that again",
                shell::unset(&["OAUTHCTL_TOKEN"])
            ),
            Outcome::NoWay if Dialect::new(&self.login.provider).can_exchange() => {
                format!("this login has no refresh token; `oauthctl exchange` may get one that has, and {login}")
            }
            Outcome::NoWay => format!("this login has no refresh token; {login}"),
            Outcome::Same => format!("a refresh gave the same token again; {login}"),
            Outcome::Renewed(..) => format!("it was refreshed, and rejected again; {login}"),
            Outcome::NotTried if self.login.alone.is_some() => {
                "it was requested just before: check its scopes, and the API of the definition".to_owned()
            }
            Outcome::NotTried if self.login.refreshed => format!("it was refreshed just before; {login}"),
            Outcome::NotTried | Outcome::Failed(_) => login,
        }
    }

    fn get(&self, rejected: &AccessToken) -> Outcome {
        if self.login.which.is_some() {
            return Outcome::Further;
        }
        if let Some(request) = &self.login.alone {
            return match client_login(request, Wanted::InsteadOf(rejected), self.context) {
                Ok(login) if login.token.access_token == *rejected => Outcome::Same,
                Ok(login) => Outcome::Renewed(Box::new(login.token), login.refreshed),
                Err(error) => Outcome::Failed(error),
            };
        }
        if let Some(wish) = &self.login.narrower {
            return match narrower_login(wish, Wanted::InsteadOf(rejected), self.context) {
                Ok(login) if login.token.access_token == *rejected => Outcome::Same,
                Ok(login) => self.renewed(login.token, login.refreshed),
                Err(error) => Outcome::Failed(error),
            };
        }
        let (found, refreshed) = match told_login(Wanted::InsteadOf(rejected), self.context) {
            Ok(login) if login.found.store == StoreKind::Env => return Outcome::OfVariable,
            Ok(login) => (login.found.record, login.refreshed),
            Err(SessionError::TokenSource(TokenSourceError::NoRefreshToken { .. })) => return Outcome::NoWay,
            Err(error) => return Outcome::Failed(error),
        };
        if found.access_token == *rejected {
            return Outcome::Same;
        }
        self.renewed(found, refreshed)
    }

    fn renewed(&self, found: StoredToken, refreshed: bool) -> Outcome {
        // A login of the same name that was made meanwhile may be for other servers.
        let ours = &self.login.token;
        if (&found.provider, &found.params, &found.origins) != (&ours.provider, &ours.params, &ours.origins) {
            let profile = self.login.profile.to_string();
            return Outcome::Failed(TokenSourceError::Replaced { profile }.into());
        }
        Outcome::Renewed(Box::new(found), refreshed)
    }
}

impl Renew for Renewal<'_> {
    fn renew(&self, rejected: &AccessToken) -> Option<Renewed> {
        let outcome = self.get(rejected);
        let renewed = match &outcome {
            Outcome::Renewed(record, refreshed) => {
                let (token, expiry) = (record.access_token.clone(), record.expiry);
                Some(Renewed { token, expiry, refreshed: *refreshed })
            }
            _ => None,
        };
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        renewed
    }
}
