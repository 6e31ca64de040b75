//! A login in one step, for a program that is told where to go.

use std::cell::RefCell;

use super::elsewhere::{self, Waited};
use super::start::{GoTo, Start, Started};
use crate::commands::Context;
use crate::commands::login::browser::{Prepared, Shared, TIMEOUT};
use crate::commands::login::by_address::{ByAddress, Settled};
use crate::commands::login::error::LoginError;
use crate::commands::login::pollers::{self, Pollers};
use crate::flow::FlowError;
use crate::flow::authorization::Login;
use crate::flow::client::Client;
use crate::flow::device::DeviceLogin;
use crate::protocol::scope::ScopeSet;
use crate::provider::Provider;
use crate::store::AppName;
use crate::store::pending_login::{PendingEntry, PendingLogin};
use crate::system::terminal::TerminalError;

/// A login in one step. If there is a program and no person, it is told where to go by the same object that `--start` prints,
/// and another process may finish the login: where the browser is on another machine, its answer does not arrive here.
pub struct OneStep<'a> {
    start: &'a Start<'a>,
    asked: &'a ScopeSet,
    /// Its definition is written before another process can need it.
    by_address: Option<(&'a ByAddress, &'a Settled)>,
    context: &'a Context,
    kept: RefCell<Option<(String, PendingEntry)>>,
}

impl<'a> OneStep<'a> {
    pub fn new(
        start: &'a Start<'a>,
        asked: &'a ScopeSet,
        by_address: Option<(&'a ByAddress, &'a Settled)>,
        context: &'a Context,
    ) -> Self {
        Self { start, asked, by_address, context, kept: RefCell::new(None) }
    }

    /// Keeps the login for other processes, and tells the program of it.
    fn tell(&self, provider: &Provider, pending: &PendingLogin, go_to: GoTo) -> Result<(), LoginError> {
        let Self { start, context, .. } = self;
        let now = context.system.clock.now();
        let id = start.can_be_kept().then(|| pending.id());
        if let Some(id) = &id {
            if let Some((login, settled)) = self.by_address {
                login.write(settled, context)?;
            }
            let store = context.session.store()?;
            store.save_pending(start.kind, pending, now)?;
            *self.kept.borrow_mut() = store.pending(id)?.map(|entry| (id.clone(), entry));
        }
        let started = Started::new(provider, pending, go_to, id, now);
        // In one line, as the outcome follows.
        let line = serde_json::to_string(&started).map_err(|error| TerminalError::Stdout(error.into()))?;
        Ok(context.terminal().json(&format!("{line}\n"))?)
    }

    fn kept(&self) -> Option<(String, PendingEntry)> {
        self.kept.borrow().clone()
    }

    /// Tells those who wait for the login, or hears it from the process that has taken it.
    pub fn end(&self, ended: Result<(), LoginError>) -> Result<(), LoginError> {
        let Some((id, entry)) = self.kept() else { return ended };
        let waited = Waited { id: &id, profile: self.start.profile, provider: &entry.provider, is_ours: true };
        elsewhere::end(ended, &waited, self.context)
    }
}

impl Shared for OneStep<'_> {
    fn announce(&self, login: &Login<'_>, prepared: &Prepared) -> Result<bool, LoginError> {
        let Self { start, context, .. } = self;
        if !context.session.choices.json || context.terminal().is_interactive() {
            return Ok(false);
        }
        let until = context.system.clock.now().plus(start.browser.chosen_timeout().unwrap_or(TIMEOUT));
        let way = start.way(login, login.redirect_uri().loopback().is_some());
        let client = (prepared.app.clone(), prepared.client_id.clone());
        let by = (login.grant(), self.asked.clone());
        let pending = start.pending(&prepared.provider, client, by, (until, way), context);
        self.tell(&prepared.provider, &pending, GoTo::of(login))?;
        Ok(true)
    }

    fn announce_codes(&self, login: &DeviceLogin<'_>, client: &Client, app: &AppName) -> Result<(), LoginError> {
        if !self.context.session.choices.json {
            return Ok(());
        }
        let pending = self.start.of_codes(login, client, app, self.context)?;
        self.tell(&client.provider, &pending, GoTo::of_codes(login))
    }

    fn pollers(&self) -> Option<Pollers<'_>> {
        self.kept().map(|(id, _)| Pollers::new(id, self.start.kind, self.context))
    }

    fn is_taken(&self) -> bool {
        self.kept().is_some_and(|(id, _)| pollers::is_taken(&id, self.context))
    }

    fn take(&self) -> Result<(), LoginError> {
        let Some((id, entry)) = self.kept() else { return Ok(()) };
        match self.context.session.store()?.use_pending(&id, &entry)? {
            true => Ok(()),
            false => Err(FlowError::TakenElsewhere.into()),
        }
    }
}
