//! A login with a valid token, for `token`, `call`, `exec` and `scopes`. Warnings on the way are printed here.

use std::cell::OnceCell;

use super::login::instead_of;
use super::without_login::{WithoutLogin, client_login};
use super::{Context, consent};
use crate::flow::token_source::{ReplyNote, TokenWarning, Wanted};
use crate::protocol::advice::{causes, login_command};
use crate::protocol::sanitize::{Pieces, Style};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::session::{ActiveLogin, SessionError, ValidLogin};
use crate::store::token_store::Found;
use crate::store::{Profile, StoreKind, StoredToken};
use crate::system::waiting::{self, Knows, Wait};

/// Returns the selected login, its token refreshed if needed.
pub fn valid_login(wanted: Wanted<'_>, context: &Context) -> Result<(Profile, Found<StoredToken>), SessionError> {
    let ValidLogin { profile, found, .. } = told_login(wanted, context)?;
    Ok((profile, found))
}

/// Does the same, and returns whether the token was refreshed for this command. A warning is printed.
pub fn told_login(wanted: Wanted<'_>, context: &Context) -> Result<ValidLogin, SessionError> {
    let mut login = awaited(|waits| context.session.valid_login(wanted, waits), context)?;
    tell_of_refresh(&login.profile, login.warning.take(), context);
    if let Some(end) = login.found.record.refresh_ends_soon(context.system.clock.now()) {
        tell_of_the_end(&login.profile, &login.found.record.provider, end, context);
    }
    Ok(login)
}

/// Gets a token. If that takes a refresh, a person sees that it is waited for, and hears of a client that was forgotten.
pub fn awaited<T>(
    get: impl FnOnce(&dyn Fn()) -> Result<T, SessionError>,
    context: &Context,
) -> Result<T, SessionError> {
    let wait = OnceCell::new();
    let waits = || {
        let _: &Wait = wait.get_or_init(|| waiting::begin(Knows::Aim, || "Waiting for a valid token".to_owned()));
    };
    get(&waits).map_err(|error| instead_of(error, context))
}

/// Prints what should be said about a token that was handed out.
pub fn tell_of_refresh(profile: &Profile, warning: Option<TokenWarning<SessionError>>, context: &Context) {
    let warning = match warning {
        None => return,
        Some(TokenWarning::NotRefreshed { until, error }) => {
            TokenWarning::NotRefreshed { until, error: instead_of(error, context) }
        }
        Some(other) => other,
    };
    tell(profile, &warning, context);
}

/// Returns a usable token and where it goes: without a login if the flags say so, else that of the selected login.
pub fn valid_token(
    (without_login, command): (&WithoutLogin, (&str, &str)),
    wanted: Wanted<'_>,
    context: &Context,
) -> Result<ActiveLogin, SessionError> {
    match without_login.request(command, context)? {
        Some(request) => client_login(&request, wanted, context),
        None => valid_active_login(wanted, context),
    }
}

/// Returns the selected login ready for use: its token is valid and its servers have not changed.
pub fn valid_active_login(wanted: Wanted<'_>, context: &Context) -> Result<ActiveLogin, SessionError> {
    let ValidLogin { profile, found, refreshed, .. } = told_login(wanted, context)?;
    Ok(ActiveLogin { refreshed, ..activate(profile, found, context)? })
}

/// Returns the selected login ready for use, with its stored token.
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
            let what = format_args!(" {error}; the current token is still valid for {left}");
            terminal.note(&Pieces(&[&warning, &what]));
            for cause in causes(error) {
                terminal.note(&Pieces(&[&"  ", &caused_by, &" ", &cause]));
            }
        }
        TokenWarning::Noted(notes) => {
            for note in notes {
                let what = format_args!(" the token of `{profile}` was refreshed, but {note}");
                // The usual odd type does no harm.
                let is_usual = matches!(note, ReplyNote::TokenType(_));
                terminal.note(&Pieces(&[if is_usual { &"note:" } else { &warning }, &what]));
            }
        }
        TokenWarning::NotStored { error, journal } => {
            let what = format_args!(" the token of `{profile}` was refreshed, but not stored: {error}");
            terminal.alarm(&Pieces(&[&warning, &what]));
            for cause in causes(error) {
                terminal.alarm(&Pieces(&[&"  ", &caused_by, &" ", &cause]));
            }
            match journal {
                Some(place) => terminal.alarm(&format_args!(
                    "It is kept, encrypted, in `{place}`. Fix the store and run `oauthctl token` again, which stores it. \
                     Until then, do not remove the file and do not log in again."
                )),
                None => terminal.alarm(&format_args!(
                    "It could not be written anywhere, so only this command has it. Fix the store and log in again with \
                     `oauthctl login --profile {profile}`."
                )),
            }
        }
    }
}

/// Warns of a login that cannot be renewed for long.
pub fn tell_of_the_end(profile: &Profile, provider: &str, end: Timestamp, context: &Context) {
    let now = context.system.clock.now();
    let login = login_command(provider, profile.as_str());
    let what = match end > now {
        true => format!("the refresh token of `{profile}` ends at {end}, in {}", HumanDuration(now.until(end))),
        false => format!("the refresh token of `{profile}` ended at {end} by this machine's clock"),
    };
    let remedy = format_args!("; `oauthctl refresh` may bring a new one, `{login}` does");
    context.warn(&Pieces(&[&what, &remedy]));
}

/// Returns the lifetime required by `--min-validity`, or the default.
pub fn wanted(min_validity: Option<HumanDuration>) -> Wanted<'static> {
    min_validity.map_or(Wanted::Valid, |HumanDuration(time)| Wanted::ValidFor(time))
}
