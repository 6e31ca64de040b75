//! How a command gets a login whose token works, and tells what went wrong on the way: what `token`, `call`, `exec` and
//! `scopes` have in common.

use super::{Context, consent};
use crate::flow::token_source::{TokenWarning, Wanted};
use crate::protocol::advice::causes;
use crate::protocol::sanitize::{Pieces, Style};
use crate::protocol::time::HumanDuration;
use crate::session::{ActiveLogin, SessionError, ValidLogin};
use crate::store::token_store::Found;
use crate::store::{Profile, StoreKind, StoredToken};

/// The login that is meant, its token refreshed if need be.
pub fn valid_login(wanted: Wanted, context: &Context) -> Result<(Profile, Found<StoredToken>), SessionError> {
    let ValidLogin { profile, found, warning } = context.session.valid_login(wanted)?;
    if let Some(warning) = warning {
        tell(&profile, &warning, context);
    }
    Ok((profile, found))
}

/// The same, ready to be used: nothing is sent to servers that are not those of the login.
pub fn valid_active_login(wanted: Wanted, context: &Context) -> Result<ActiveLogin, SessionError> {
    let (profile, found) = valid_login(wanted, context)?;
    activate(profile, found, context)
}

/// The login that is meant, ready to be used, with the token that it has.
pub fn active_login(context: &Context) -> Result<ActiveLogin, SessionError> {
    let (profile, found) = context.session.stored_login()?;
    activate(profile, found, context)
}

fn activate(profile: Profile, found: Found<StoredToken>, context: &Context) -> Result<ActiveLogin, SessionError> {
    let login = context.session.activate(profile, found.record)?;
    if found.store == StoreKind::Env {
        consent::to_send_token(&login.provider, &login.profile, context)?;
    }
    Ok(login)
}

fn tell(profile: &Profile, what_happened: &TokenWarning<SessionError>, context: &Context) {
    let terminal = context.terminal();
    let warning = Style::Warning.of("warning:");
    let caused_by = Style::Faint.of("caused by:");
    match what_happened {
        TokenWarning::NotRefreshed { until, error } => {
            let left = HumanDuration(context.system.clock.now().until(*until));
            let what = format_args!(" {error}; the token in use is good for {left} more");
            terminal.note(&Pieces(&[&warning, &what]));
            for cause in causes(error) {
                terminal.note(&Pieces(&[&"  ", &caused_by, &" ", &cause]));
            }
        }
        TokenWarning::Malformed(member) => {
            let what = format_args!(" the token of `{profile}` was refreshed, but in the reply {member}");
            terminal.note(&Pieces(&[&warning, &what]));
        }
        TokenWarning::NotStored { error, journal } => {
            let what = format_args!(" the token of `{profile}` was refreshed, but not stored: {error}");
            terminal.alarm(&Pieces(&[&warning, &what]));
            for cause in causes(error) {
                terminal.alarm(&Pieces(&[&"  ", &caused_by, &" ", &cause]));
            }
            match journal {
                Some(place) => terminal.alarm(&format_args!(
                    "It is kept, sealed, in `{place}`. Mend the store and run `oauthctl token` again: that takes it over. \
                     Until then do not remove the file, and do not log in again."
                )),
                None => terminal.alarm(&format_args!(
                    "It could not be written anywhere: this is the last command that has it. Mend the store and log in \
                     again with `oauthctl login --profile {profile}`."
                )),
            }
        }
    }
}

/// `--min-validity`, or what serves without it.
pub fn wanted(min_validity: Option<HumanDuration>) -> Wanted {
    min_validity.map_or(Wanted::Valid, |HumanDuration(time)| Wanted::ValidFor(time))
}
