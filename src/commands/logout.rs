//! `logout`: revokes a login's tokens where the provider can (RFC 7009), and forgets them here. What could not be revoked
//! is said plainly, and kept, so that a second try has something to revoke. What is not found is kept too, until a person
//! says with `--local` that it is gone for good.

use clap::Args;

use super::Context;
use crate::flow::FlowError;
use crate::flow::revoke::{Revocation, TokenTypeHint, revoke};
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::time::HumanDuration;
use crate::provider::Provider;
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::scope_history::ScopeHistory;
use crate::store::{LoginLock, Profile, StoreError, StoredToken};

#[derive(Args)]
pub struct LogoutArgs {
    /// Delete the login here without contacting the provider
    #[arg(long)]
    local: bool,

    /// Log out of every login on this machine
    #[arg(long)]
    all: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    #[error("`--profile` means one login, `--all` every one")]
    OneOrAll,
    #[error("`{profile}` is forgotten, but what an ended process left of it may still be on the disk")]
    Leftover {
        profile: String,
        #[source]
        source: Box<StoreError>,
    },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    TokenSource(#[from] TokenSourceError),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl Advice for LogoutError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::OneOrAll => ExitCode::Usage.hint("leave one of them out"),
            Self::Leftover { source, .. } => source.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::TokenSource(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
        }
    }
}

pub fn run(args: &LogoutArgs, context: &Context) -> Result<(), LogoutError> {
    if !args.all {
        return log_out(&context.session.profile()?.value, args, context);
    }
    if context.session.typed_profile().is_some() {
        return Err(LogoutError::OneOrAll);
    }
    let logins = context.session.store()?.index()?.logins;
    if logins.is_empty() {
        context.terminal().note(&"There was no login to end.");
    }
    // One that cannot be logged out must not save the others.
    let mut first_error = Ok(());
    for name in logins.keys() {
        let Ok(profile) = name.parse() else { continue };
        let result = log_out(&profile, args, context);
        if first_error.is_ok() {
            first_error = result;
        }
    }
    first_error
}

fn log_out(profile: &Profile, args: &LogoutArgs, context: &Context) -> Result<(), LogoutError> {
    let store = context.session.store()?;
    let listed = store.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
    if !context.session.may_have(profile)? {
        return Err(context.session.no_such_login(profile)?.into());
    }
    // A refresh that is under way would bring the login back after it was forgotten.
    let lock = store.lock(profile, store.kind_of(profile)?, LOCK_TIMEOUT);
    let (what_of_it, lock) = if args.local {
        let record = store.load(profile).ok().flatten().map(|found| found.record);
        let unreadable = || still_valid(listed.as_deref(), context);
        // Without a lock, or with one that another process keeps, a person can still get rid of a login.
        (record.map_or_else(unreadable, |record| kept(profile, &record, context)), lock.ok().flatten())
    } else {
        let busy = || TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(LOCK_TIMEOUT) };
        let lock = lock?.ok_or_else(busy)?;
        (revoked(profile, &lock, context)?, Some(lock))
    };
    let kind = store.kind_of(profile)?;
    let forgotten = if args.local { store.forget_even_if_gone(profile) } else { store.forget(profile) };
    if !forgotten? {
        return Err(SessionError::NoLogin { profile: Some(profile.to_string()), provider: listed }.into());
    }
    // What the scopes were is no secret; a file that cannot be removed is not worth a failure.
    let _ = ScopeHistory::new(&context.session.paths()?.data).forget(profile);
    lock.and_then(|lock| lock.journal()).iter().for_each(crate::store::Journal::remove);
    context.terminal().note(&format_args!("Forgot the login `{profile}` on this machine; {what_of_it}."));
    // It is not forgotten as long as a process that was killed has left its token in a file.
    store.sweep(kind).map_err(|source| LogoutError::Leftover { profile: profile.to_string(), source: Box::new(source) })
}

/// Revokes what there is to revoke, and says what became of the tokens.
fn revoked(profile: &Profile, lock: &LoginLock, context: &Context) -> Result<String, LogoutError> {
    let record = match context.session.token_source()?.settled(profile, lock) {
        Ok(Some((found, _))) => found.record,
        // Only an earlier logout leaves it listed so.
        Ok(None) => return Ok("an earlier logout had removed its token".to_owned()),
        // What cannot be read cannot be revoked, and is of no use to anybody here.
        Err(StoreError::Damaged { .. }) => return Ok("its record was damaged, so nothing was revoked".to_owned()),
        Err(error) => return Err(error.into()),
    };
    let is_gone = context.session.provider_of(profile, &record).is_err() && record.origins.are_on_this_machine();
    let unchecked = context.session.catalogue()?.resolve(&record.provider, &record.params).ok();
    if is_gone || unchecked.is_none_or(|provider| provider.endpoints.revoke.is_none()) {
        return Ok(kept(profile, &record, context));
    }
    let client = context.session.client_of(profile, &record)?.value;
    // RFC 7009 §2.1: the refresh token first, as the provider should revoke the access token with it. A dead one is not
    // sent again.
    let refresh = record.refresh_token.as_ref().filter(|_| record.dead_since.is_none());
    let refresh = refresh.map(|token| (TokenTypeHint::RefreshToken, token.expose()));
    let access = (TokenTypeHint::AccessToken, record.access_token.expose());
    let mut unsupported = Vec::new();
    for (hint, token) in refresh.into_iter().chain([access]) {
        match revoke(context.system.http.as_ref(), &client, token, hint)? {
            Revocation::Done | Revocation::NoEndpoint => {}
            Revocation::Unsupported => unsupported.push(hint.name()),
        }
    }
    let whose = revoker(&client.provider);
    Ok(match unsupported.as_slice() {
        [] => format!("{whose} has revoked its tokens"),
        kinds => format!(
            "{whose} cannot revoke its {}: {}",
            kinds.join(" and "),
            still_valid(Some(&record.provider), context)
        ),
    })
}

fn revoker(provider: &Provider) -> String {
    match provider.emulator {
        Some(_) => format!("the emulator of {}", provider.definition.name),
        None => provider.definition.name.clone(),
    }
}

/// Describes what becomes of a token that was not revoked.
fn kept(profile: &Profile, record: &StoredToken, context: &Context) -> String {
    match context.session.provider_of(profile, record) {
        Ok(provider) if provider.emulator.is_some() => "its token ends with the emulator".to_owned(),
        Err(_) if record.origins.are_on_this_machine() => {
            "its token was one of an emulator, or of another server on this machine".to_owned()
        }
        _ => still_valid(Some(&record.provider), context),
    }
}

/// Describes what a person must know, and can do, if nothing was revoked at the provider.
fn still_valid(provider: Option<&str>, context: &Context) -> String {
    let definition = provider.and_then(|id| context.session.catalogue().ok()?.get(id).ok());
    let page = definition.as_ref().and_then(|definition| definition.app.revoke_page.as_deref());
    let name = definition.as_ref().map_or("the provider", |definition| definition.name.as_str());
    match page {
        Some(page) => format!("the token is still valid at {name}; remove the app's access at {page}"),
        None => format!("the token is still valid at {name} until the app's access is removed there"),
    }
}
