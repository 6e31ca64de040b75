//! A token with fewer scopes than its login has, for a command that is to do no more: what may be asked for, and whether what
//! came is as narrow as that.
//!
//! # Decision: whoever asks for a narrow token does not get a wide one without saying so
//!
//! RFC 6749 §6 lets a server leave the scopes as they were, and many do. What counts is what the reply or the token itself
//! says (`scope`, a JWT's claim). A token with more scopes than asked for is refused with exit 5, and so is one of which
//! nothing says what it has, unless the definition says that the provider keeps to the request (`refresh.scope`). By §5.1
//! a reply without scopes means those of the request, but a server that has never looked at them sends the same reply.
//! `--allow-wider` takes the token in both cases, with a warning.
//!
//! More than was asked for is not: what every token of the provider has, and what one of the scopes implies.
//!
//! What the login does not have, and what nobody knows, is refused before anything is sent. A login that has no more than
//! what is asked for needs no other token than its own.

use std::sync::Arc;

use super::narrower_wish::NarrowerWish;
use super::network::LoginNetwork;
use super::not_narrower::{NoWay, NotNarrower};
use super::{ActiveLogin, Session, SessionError, ValidLogin};
use crate::flow::evidence::{self, Evidence, Granted};
use crate::flow::token_source::{TokenSource, TokenWarning, ValidToken, Wanted};
use crate::protocol::advice::login_command;
use crate::protocol::jwt;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::dialect::Narrowing;
use crate::provider::{Dialect, Provider};
use crate::store::stored_token::Renewal;
use crate::store::{Profile, StoredToken};
use crate::system::shell::word;

/// A login with such a token, and what should be said about it.
pub struct NarrowerLogin {
    pub login: ActiveLogin,
    pub warning: Option<TokenWarning<SessionError>>,
    /// It may have more scopes, and was taken all the same.
    pub doubt: Option<NotNarrower>,
    /// Scopes that were asked for, and that it does not have.
    pub withheld: ScopeSet,
}

impl Session {
    /// Returns the selected login with a token that has these scopes and no others. `waits` is called before a refresh.
    pub fn narrower_login(
        &self,
        wish: &NarrowerWish,
        wanted: Wanted<'_>,
        waits: &dyn Fn(),
    ) -> Result<NarrowerLogin, SessionError> {
        if wish.scopes.is_empty() {
            return Err(NotNarrower::NoScope.into());
        }
        let (profile, found) = self.stored_login()?;
        let provider = self.provider_of(&profile, &found.record)?;
        let asked = Asked { scopes: &wish.scopes, profile: &profile, provider: &provider };
        if self.login_of_variable(&profile)?.is_some() {
            return Err(asked.impossible(NoWay::Variable).into());
        }
        asked.check(&found.record)?;
        let ValidLogin { profile, found, warning, refreshed } = match asked.doubt(&found.record) {
            None => self.valid_login(wanted, waits)?,
            Some(_) => {
                asked.check_way(&found.record)?;
                self.narrower_token(&profile, &wish.scopes, (wanted, waits))?
            }
        };
        let doubt = match asked.doubt(&found.record) {
            Some(doubt) if !wish.allows_wider => return Err(doubt.into()),
            doubt => doubt,
        };
        let said = said(&found.record);
        let held = |name: &str| provider.definition.scope.is_held(name, &said.clone().unwrap_or_default());
        let withheld = wish.scopes.iter().filter(|name| said.is_some() && !held(name)).collect::<ScopeSet>();
        let withheld = withheld.difference(&provider.definition.always_granted());
        let login = ActiveLogin { refreshed, narrower: Some(wish.clone()), ..self.activate(profile, found.record)? };
        Ok(NarrowerLogin { login, warning, doubt, withheld })
    }

    fn narrower_token(
        &self,
        profile: &Profile,
        scopes: &ScopeSet,
        (wanted, waits): (Wanted<'_>, &dyn Fn()),
    ) -> Result<ValidLogin, SessionError> {
        let network = LoginNetwork::new(Arc::clone(&self.system.http));
        let client = |record: &StoredToken| self.refreshing_client(profile, record, &network);
        let source = TokenSource { waits, ..self.token_source_over(&network)? };
        match source.narrower_token(profile, scopes, wanted, client)? {
            Some(ValidToken { found, warning, refreshed }) => {
                Ok(ValidLogin { profile: profile.clone(), found, warning, refreshed })
            }
            None => Err(self.no_such_login(profile)?),
        }
    }
}

/// What is asked for, and of whom.
struct Asked<'a> {
    scopes: &'a ScopeSet,
    profile: &'a Profile,
    provider: &'a Provider,
}

impl Asked<'_> {
    /// Refuses what the login does not have, and what nobody knows. What no source speaks of is the server's to judge.
    fn check(&self, record: &StoredToken) -> Result<(), NotNarrower> {
        let definition = &self.provider.definition;
        let evidence = evidence::gather(definition, record, None, None);
        let known = definition.known_scopes();
        let has_none = |name: &&str| !may_have(&evidence, name);
        let missing: ScopeSet = self.scopes.iter().filter(has_none).collect();
        let unheard: ScopeSet = missing.iter().filter(|name| !known.is_empty() && !known.contains(name)).collect();
        let granted = names(&evidence.named().unwrap_or_default());
        if !unheard.is_empty() {
            let (provider, scopes) = (self.provider.id().to_owned(), names(&unheard));
            return Err(NotNarrower::Unknown { provider, scopes, known: granted });
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (profile, scopes) = (self.profile.to_string(), names(&missing));
        let all = record.scopes(&ScopeSet::default()).union(&missing).difference(&definition.always_granted());
        Err(NotNarrower::NotGranted { profile, scopes, granted, login: self.login(self.profile.as_str(), &all) })
    }

    /// Refuses a login that has no way to such a token. A refresh token that is dead, or whose client is not known, is told of as
    /// ever.
    fn check_way(&self, record: &StoredToken) -> Result<(), NotNarrower> {
        let is_told = record.dead_since.is_some() || record.awaits_client();
        match record.renewal() {
            Renewal::Never if !is_told => Err(self.impossible(NoWay::NoRefreshToken)),
            _ if Dialect::new(self.provider).narrowing() == Narrowing::Impossible => {
                Err(self.impossible(NoWay::Provider))
            }
            _ => Ok(()),
        }
    }

    /// Returns why a token may have more scopes than these.
    fn doubt(&self, record: &StoredToken) -> Option<NotNarrower> {
        let definition = &self.provider.definition;
        let implied = self.scopes.iter().filter_map(|name| definition.scope.get(name));
        let implied = implied.flat_map(|known| known.implies.iter().map(String::as_str)).collect();
        let fine = self.scopes.union(&definition.always_granted()).union(&implied);
        let (provider, login) = (self.provider.id().to_owned(), self.own_login());
        match said(record) {
            Some(said) => {
                let beyond = said.difference(&fine);
                let beyond = names(&beyond);
                (!beyond.is_empty()).then_some(NotNarrower::Wider { provider, beyond, login })
            }
            // Its own token was asked for with these, so that a refresh could do no better.
            None if is_own(record) && !record.asked.is_empty() && record.asked.difference(&fine).is_empty() => None,
            None if Dialect::new(self.provider).narrowing() == Narrowing::Documented && !is_own(record) => None,
            None => Some(NotNarrower::Unsaid { provider, asked: names(self.scopes), login }),
        }
    }

    fn impossible(&self, why: NoWay) -> NotNarrower {
        let (profile, provider) = (self.profile.to_string(), self.provider.id().to_owned());
        NotNarrower::Impossible { profile, provider, why, login: self.own_login() }
    }

    /// Returns the command for a login of its own with these scopes.
    fn own_login(&self) -> String {
        self.login(&format!("{}-narrow", self.profile), self.scopes)
    }

    fn login(&self, profile: &str, scopes: &ScopeSet) -> String {
        let scopes = word(&sanitize::line(&scopes.to_string()));
        format!("{} --scope {scopes}", login_command(self.provider.id(), profile))
    }
}

fn may_have(evidence: &Evidence, name: &str) -> bool {
    match evidence.findings.iter().find(|finding| finding.scope == name) {
        Some(finding) => finding.granted != Granted::No,
        None => false,
    }
}

/// Returns `true` for a login with the token that it was made with, or renewed to.
fn is_own(record: &StoredToken) -> bool {
    record.narrower.iter().all(|narrower| narrower.access_token != record.access_token)
}

/// Returns the scopes that a token has by the reply that brought it and by itself. `None` if neither names any.
fn said(record: &StoredToken) -> Option<ScopeSet> {
    let own = jwt::scopes(record.access_token.expose()).ok().flatten().map(|(_, scopes)| scopes);
    match (record.granted.clone(), own) {
        (Some(reply), Some(own)) => Some(reply.union(&own)),
        (reply, own) => reply.or(own),
    }
}

fn names(scopes: &ScopeSet) -> Vec<String> {
    scopes.iter().map(sanitize::line).collect()
}
