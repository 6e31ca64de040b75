//! The end of a login, whichever way its token came: is it enough, and is it kept.

use super::by_address::{self, ByAddress, Settled};
use super::error::LoginError;
use super::talk;
use super::view::{LoginOutcome, failure_page, success_page};
use crate::commands::{Context, account};
use crate::flow::authorization::Tab;
use crate::flow::evidence;
use crate::flow::pages::BrowserPage;
use crate::protocol::scope::ScopeSet;
use crate::provider::Provider;
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::{Profile, StoreKind, StoredToken};

/// What the login was asked for beside its token.
pub struct Ending<'a> {
    pub id: &'a str,
    pub profile: &'a Profile,
    pub kind: StoreKind,
    /// The login that it replaces.
    pub before: Option<&'a StoredToken>,
    pub label: Option<String>,
    /// The scopes without which nothing is kept.
    pub required: ScopeSet,
    pub cacert: Option<String>,
    pub by_address: Option<(&'a ByAddress, &'a Settled)>,
}

impl Ending<'_> {
    /// Keeps the token and tells of it. The tab that waits for the result hears of it first.
    pub fn conclude(
        self,
        provider: Provider,
        mut token: StoredToken,
        tab: Option<Tab>,
        context: &Context,
    ) -> Result<(), LoginError> {
        let Self { id, profile, kind, before, label, required, cacert, by_address } = self;
        let failed = |source: LoginError| LoginError::Failed { provider: id.to_owned(), source: Box::new(source) };
        let found = evidence::gather(&provider.definition, &token, None, None);
        let missing = found.missing(&required);
        if !missing.is_empty() {
            let missing = talk::reasons(missing, &found, &provider);
            let error = failed(LoginError::NotGranted { provider: id.to_owned(), missing });
            if let Some(tab) = tab {
                talk::show(tab, failure_page(BrowserPage::Failed, &provider.definition.name, &error), context);
            }
            return Err(error);
        }
        token.label = label.or_else(|| before?.label.clone());
        token.cacert = cacert;
        token = before.map_or(token.clone(), |before| token.in_place_of(before));
        let saved = by_address::save(profile, &token, kind, by_address, context).map_err(failed);
        let now = context.system.clock.now();
        let shadow = context.session.shadow_of(profile);
        if let Some(tab) = tab {
            let is_shadowed = shadow.as_ref().is_ok_and(Option::is_some);
            let page = match &saved {
                Ok(_) => success_page(profile, &provider, (&token, &found), is_shadowed, now),
                Err(error) => failure_page(BrowserPage::Failed, &provider.definition.name, error),
            };
            talk::show(tab, page, context);
        }
        let kind = saved?;
        token.told_account = account::ask(profile, &provider, &token, context);
        let place = (kind, context.session.store()?.place(kind)?);
        let is_shadowed = shadow?.is_some();
        let outcome = LoginOutcome::new(profile, &provider, (&token, &found), place, is_shadowed, now);
        talk::about_outcome(&found, &provider, &token, context);
        if provider.emulator.is_none() {
            context.tell_inside("This login");
        }
        context.answer(&outcome)?;
        Ok(talk::about_shadows(profile, context)?)
    }
}

/// Tells of a login that another process has made.
pub fn retell(profile: &Profile, context: &Context) -> Result<(), LoginError> {
    let store = context.session.store()?;
    let listed = store.index()?.logins.get(profile.as_str()).map(|entry| entry.store);
    // The one that it replaces may have been read before.
    let _lock = store.lock(profile, listed.unwrap_or_default(), LOCK_TIMEOUT)?;
    let found = store.load(profile)?.ok_or_else(|| SessionError::no_login(profile))?;
    let login = context.session.activate(profile.clone(), found.record)?;
    let known = evidence::gather(&login.provider.definition, &login.token, None, None);
    let place = (found.store, store.place(found.store)?);
    let is_shadowed = context.session.shadow_of(profile)?.is_some();
    let now = context.system.clock.now();
    let outcome = LoginOutcome::new(profile, &login.provider, (&login.token, &known), place, is_shadowed, now);
    Ok(context.answer(&outcome)?)
}
