//! A login that this process waits for and another one finishes.

use std::cell::RefCell;
use std::time::Duration;

use super::StepsError;
use crate::commands::Context;
use crate::commands::login::conclude;
use crate::commands::login::error::LoginError;
use crate::flow::device::OtherProcesses;
use crate::store::login_lock::LoginLock;
use crate::store::{Profile, StoreKind};

/// How long the other process may take from the answer to the stored login, which are some requests to the provider.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the list is looked into meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// Returns `true` if a process has taken the answer to the login.
pub fn is_taken(id: &str, context: &Context) -> bool {
    // A list that cannot be read now may be read a second later.
    let listed = context.session.store().map(|store| store.pending(id));
    listed.is_ok_and(|listed| listed.is_ok_and(|listed| listed.is_some_and(|entry| entry.used)))
}

/// The processes that wait for the same device code: one of them polls, for as long as it lives.
pub struct Pollers<'a> {
    id: String,
    kind: StoreKind,
    context: &'a Context,
    /// Held by the one that polls.
    turn: RefCell<Option<LoginLock>>,
}

impl<'a> Pollers<'a> {
    pub fn new(id: String, kind: StoreKind, context: &'a Context) -> Self {
        Self { id, kind, context, turn: RefCell::default() }
    }
}

impl OtherProcesses for Pollers<'_> {
    fn have_it(&self) -> bool {
        is_taken(&self.id, self.context)
    }

    fn leave_it_to_us(&self) -> bool {
        let mut turn = self.turn.borrow_mut();
        if turn.is_none() {
            match self.context.session.store().map(|store| store.turn_to_poll(&self.id, self.kind)) {
                Ok(Ok(taken)) => *turn = taken,
                // Without a lock nobody can be seen.
                _ => return true,
            }
        }
        turn.is_some()
    }
}

/// Waits for the outcome, and tells it.
pub fn outcome(id: &str, profile: &Profile, provider: &str, context: &Context) -> Result<(), LoginError> {
    let (store, clock) = (context.session.store()?, context.system.clock.as_ref());
    let named = || (id.to_owned(), provider.to_owned());
    let end = clock.monotonic() + PATIENCE;
    context.terminal().progress(Some(&"Another process has the answer, and finishes the login …"));
    let made = loop {
        match store.pending(id)?.and_then(|entry| entry.made) {
            None if clock.monotonic() < end => clock.pause(PAUSE),
            made => break made,
        }
    };
    context.terminal().progress(None);
    match made {
        Some(true) => {
            context.terminal().note(&"Another process has finished this login.");
            conclude::retell(profile, context)
        }
        Some(false) => {
            let (id, provider) = named();
            Err(StepsError::FailedElsewhere { id, provider }.into())
        }
        None => {
            let (id, provider) = named();
            Err(StepsError::TakenElsewhere { id, provider }.into())
        }
    }
}
