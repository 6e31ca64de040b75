//! A login that this process waits for and another one finishes.

use std::time::Duration;

use super::StepsError;
use crate::commands::Context;
use crate::commands::login::conclude;
use crate::commands::login::error::LoginError;
use crate::store::Profile;

/// How long the other process may take from the answer to the stored login, which are some requests to the provider.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the list is looked into meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// A login that several processes wait for.
pub struct Waited<'a> {
    pub id: &'a str,
    pub profile: &'a Profile,
    pub provider: &'a str,
    /// This one ends it for all: the others hear of it.
    pub is_ours: bool,
}

/// Tells those who wait for the login, or hears it from the process that has taken it.
pub fn end(ended: Result<(), LoginError>, waited: &Waited<'_>, context: &Context) -> Result<(), LoginError> {
    if ended.as_ref().is_err_and(LoginError::is_taken_elsewhere) {
        return outcome(waited.id, waited.profile, waited.provider, context);
    }
    if waited.is_ours {
        // One that does not hear of it finds the login, or none.
        let _ = context.session.store()?.end_pending(waited.id, ended.is_ok());
    }
    ended
}

/// Waits for the outcome, and tells it.
fn outcome(id: &str, profile: &Profile, provider: &str, context: &Context) -> Result<(), LoginError> {
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
