//! A login by address: of an issuer, or of a resource such as an MCP server. No definition is needed.
//!
//! The order is the promise. The servers are asked what they publish, and it is checked. A person sees what was found, and
//! how the client will be known, and says yes, before anything is registered and before a browser opens. The client is
//! one that is registered here with that issuer; else the one that is named; else a new one. What is made for a login
//! that fails is deleted again. The definition is written when the login works; if another process finishes it, before it is
//! printed, as that process needs it. Then the definition and the client stay, and the next login there uses them.

mod anew;
mod args;
mod client;
mod error;
mod found;
mod view;

pub use anew::instead_of;
pub use args::{AddressArgs, Wanted};
pub use client::Settled;
pub use error::ByAddressError;

use std::cell::Cell;
use std::time::Duration;

use url::Url;

use self::client::{Plan, Redirect};
use self::found::Found;
use self::view::Summary;
use super::LoginError;
use super::browser::BrowserArgs;
use crate::commands::Context;
use crate::flow::discover::AddressError;
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::Endpoint;
use crate::provider::Provider;
use crate::provider::draft::{AddressFacts, MARK, id_of};
use crate::store::{Profile, StoreKind, StoredToken};
use crate::system::http::HttpClient;
use crate::system::private_file;
use crate::system::waiting::{self, Knows};

/// How long all questions for metadata may take together.
pub const DISCOVERY_TIME: Duration = Duration::from_secs(60);

/// A login by address whose servers are known and confirmed.
pub struct ByAddress {
    pub id: String,
    found: Found,
    plan: Plan,
    scope: ScopeSet,
    /// The text of its file, if there is one. It may be written again if the last login by address wrote it.
    before: Option<String>,
    /// A person has changed the file, so it is used as it is.
    is_own: bool,
    date: String,
    /// Its file is written, and a login that fails takes it away again.
    is_written: Cell<bool>,
}

/// Returns the login by address that the command line asks for: asked, shown and confirmed. `None` for a provider's id.
pub fn find(wanted: &Wanted<'_>, context: &Context) -> Result<Option<ByAddress>, LoginError> {
    let Some(text) = wanted.provider.filter(|named| named.contains(['/', ':'])) else {
        return match wanted.address.given() {
            Some(flag) => Err(ByAddressError::NoAddress { flag }.into()),
            None => Ok(None),
        };
    };
    let address = parse(text)?;
    let http = context.session.http_within(DISCOVERY_TIME)?;
    let asked = format!("Asking {} how to log in", sanitize::line(address.as_str()));
    let wait = waiting::begin(Knows::Task, move || asked.clone());
    let found = found::find(http.as_ref(), text, &address, wanted.address, context)?;
    drop(wait);
    let login = planned(found, wanted, context)?;
    if wanted.asks {
        login.confirm(wanted.address, context)?;
    }
    context.session.define(&login.id, &login.text(login.plan.auth(), None))?;
    Ok(Some(login))
}

/// Reads an address. One without a scheme, or with http to another machine, is told how it is probably meant.
fn parse(text: &str) -> Result<Url, AddressError> {
    // Neither a message nor a hint repeats a password.
    let has_user = Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    let shown = if has_user { "https://…@…".to_owned() } else { sanitize::line(text) };
    let wrong = |problem, meant| AddressError::NotAnAddress { text: shown.clone(), problem, meant };
    if text.contains(['{', '}', '<', '>']) {
        return Err(wrong("it has a part to fill in", None));
    }
    match Endpoint::parse(text) {
        Ok(endpoint) => Ok(endpoint.url().clone()),
        Err(problem) => {
            let rest = text.strip_prefix("http://").unwrap_or(text);
            let meant = Some(format!("https://{rest}")).filter(|_| !rest.contains("://"));
            Err(wrong(problem, meant.filter(|meant| Endpoint::parse(meant).is_ok())))
        }
    }
}

/// Decides the definition's id, the client and the scopes.
fn planned(found: Found, wanted: &Wanted<'_>, context: &Context) -> Result<ByAddress, LoginError> {
    let (id, before, is_own) = definition_of(&found, context)?;
    let plan = client::plan(&found, wanted, context)?;
    let scope = match wanted.scopes {
        [] => found.proposed_scope(),
        scopes => ScopeSet::parse(&scopes.join(" ")),
    };
    let now = context.system.clock.now().to_string();
    let date = now.split('T').next().unwrap_or_default().to_owned();
    Ok(ByAddress { id, found, plan, scope, before, is_own, date, is_written: Cell::new(false) })
}

/// Returns the id for the found servers: that of the definition for them, or a free one. With it comes the text of its
/// file, and whether a person has made that file their own.
fn definition_of(found: &Found, context: &Context) -> Result<(String, Option<String>, bool), LoginError> {
    let catalogue = context.session.catalogue()?;
    let base = id_of(&found.address);
    for n in 1.. {
        let id = if n == 1 { base.clone() } else { format!("{base}-{n}") };
        let path = context.session.paths()?.definition(&id);
        if !path.exists() && !crate::provider::catalogue::is_built_in(&id) {
            return Ok((id, None, false));
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_own = !text.starts_with(MARK);
        // A file that cannot be read is somebody else's.
        if catalogue.get(&id).is_ok_and(|definition| found.is_of(&definition, is_own)) {
            return Ok((id, Some(text), is_own));
        }
    }
    Ok((base, None, false))
}

impl ByAddress {
    /// Shows what was found, and asks whether to go on.
    fn confirm(&self, args: &AddressArgs, context: &Context) -> Result<(), LoginError> {
        let terminal = context.terminal();
        let Self { id, found, plan, scope, is_own, .. } = self;
        let summary = Summary { id, found, plan: &plan.in_words(), scope, is_own: *is_own };
        if args.yes {
            terminal.note(&summary);
            return Ok(());
        }
        let address = sanitize::line(self.found.address.as_str());
        if !context.may_ask() {
            terminal.note(&summary);
            return Err(ByAddressError::NotConfirmed { address }.into());
        }
        // Shown even with `--quiet`: the question makes no sense without it.
        terminal.alarm(&summary);
        match context.agrees(&"Log in there?", false) {
            true => Ok(()),
            false => Err(ByAddressError::Declined { address }.into()),
        }
    }

    /// Returns the text of the definition for a client that authenticates in this way.
    fn text(&self, auth: ClientAuthMethod, redirect_uri: Option<&RedirectUri>) -> String {
        if let Some(own) = self.before.as_ref().filter(|_| self.is_own) {
            return own.clone();
        }
        let Found { address, server, resource, .. } = &self.found;
        let facts = AddressFacts {
            address: address.as_str(),
            name: self.found.name(),
            metadata: &server.metadata,
            source: self.found.source(),
            date: &self.date,
            base: self.found.base(),
            resource: resource.as_deref(),
            known_scopes: self.found.known_scopes(),
            scope: &self.scope,
            clients_of: &self.plan.key().provider,
            auth,
            redirect_uri: redirect_uri.map(RedirectUri::as_str),
            without_pkce: self.found.without_pkce,
        };
        facts.definition(&self.id)
    }

    /// Makes the client known to both sides, and returns the provider as that client uses it.
    pub fn settle(
        &self,
        browser: &BrowserArgs,
        (provider, profile): (&Provider, &Profile),
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(Settled, Provider), LoginError> {
        let usual = browser.redirect_uri(provider)?;
        let redirect = Redirect { usual, is_named: browser.names_a_redirect() };
        let settled =
            client::settle((&self.found, &self.plan, &self.scope), redirect, (provider, profile), http, context)?;
        let text = self.text(settled.auth, settled.redirect_uri.as_ref());
        context.session.define(&self.id, &text)?;
        let provider = context.session.catalogue()?.resolve(&self.id, &provider.params);
        match provider {
            Ok(provider) => Ok((settled, provider)),
            Err(error) => {
                settled.undo(http, context);
                Err(error.into())
            }
        }
    }

    /// Writes the definition. A new file is private to us until the login is saved: `unwrite` takes it away again.
    pub fn write(&self, settled: &Settled, context: &Context) -> Result<(), LoginError> {
        if self.is_own || self.is_written.get() {
            return Ok(());
        }
        let path = context.session.paths()?.definition(&self.id);
        let text = self.text(settled.auth, settled.redirect_uri.as_ref());
        let shown = sanitize::line(&path.to_string_lossy());
        let written = match self.before {
            Some(_) => private_file::replace_public(&path, text.as_bytes()),
            None => private_file::write_public_new(&path, text.as_bytes()),
        };
        written.map_err(|source| ByAddressError::NotWritten { path: shown, source })?;
        self.is_written.set(true);
        Ok(())
    }

    /// Restores the file as it was before.
    pub fn unwrite(&self, context: &Context) {
        let Ok(paths) = context.session.paths() else { return };
        let path = paths.definition(&self.id);
        if !self.is_written.replace(false) {
            return;
        }
        let _ = match &self.before {
            Some(before) => private_file::replace_public(&path, before.as_bytes()),
            None => std::fs::remove_file(&path),
        };
    }
}

/// Starts a login that another process finishes. One by address has its definition written first.
pub fn kept_for_later(
    by_address: Option<(&ByAddress, &Settled)>,
    context: &Context,
    start: impl FnOnce() -> Result<(), LoginError>,
) -> Result<(), LoginError> {
    if let Some((login, settled)) = by_address {
        login.write(settled, context)?;
    }
    let started = start();
    if let (Err(_), Some((login, _))) = (&started, by_address) {
        login.unwrite(context);
    }
    started
}

/// Saves the login. One by address has its definition written first, without which it could not be used.
pub fn save(
    profile: &Profile,
    token: &StoredToken,
    kind: StoreKind,
    by_address: Option<(&ByAddress, &Settled)>,
    context: &Context,
) -> Result<StoreKind, LoginError> {
    if let Some((login, settled)) = by_address {
        login.write(settled, context)?;
    }
    let saved = context.session.store()?.save_in(kind, profile, token);
    if let (Err(_), Some((login, _))) = (&saved, by_address) {
        login.unwrite(context);
    }
    Ok(saved?)
}
