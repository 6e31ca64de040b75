//! `logout`: revokes a login's tokens where the provider can (RFC 7009), and deletes them here. A token that could not
//! be revoked is reported, and kept for a second attempt. A listed login that is not found stays listed, until the user
//! says with `--local` that it is gone for good.

mod error;
mod unregister;

pub use error::LogoutError;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::emulate::own_store::contents;
use super::many::ManyArgs;
use crate::flow::FlowError;
use crate::flow::revoke::{Revocation, TokenTypeHint, revoke};
use crate::flow::token_source::TokenSourceError;
use crate::protocol::sanitize::ticked;
use crate::protocol::time::HumanDuration;
use crate::provider::{DefinitionError, Provider};
use crate::session::{EndedEmulator, OF_EMULATOR};
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::scope_history::ScopeHistory;
use crate::store::token_look::TokenLooks;
use crate::store::{LoginLock, Profile, StoreError, StoredToken};
use crate::system::shell;

#[derive(Args)]
pub struct LogoutArgs {
    /// The login to delete [default: the current one]
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,

    /// Delete the login here without contacting the provider
    #[arg(long)]
    local: bool,

    /// Log out of every login on this machine
    #[arg(long, conflicts_with = "profiles")]
    all: bool,

    #[command(flatten)]
    pub many: ManyArgs,

    /// Also delete the client at the provider, if oauthctl registered it
    #[arg(long, conflicts_with_all = ["local", "all"])]
    unregister: bool,
}

pub fn run(args: &LogoutArgs, context: &Context) -> Result<(), LogoutError> {
    if let Some(ended) = context.session.ended_emulator()? {
        return clear_ended(&ended, context);
    }
    if !args.all {
        return one(&context.session.profile()?.value, args, context);
    }
    if context.session.typed_profile().is_some() {
        return Err(LogoutError::OneOrAll);
    }
    let logins = context.session.store()?.index()?.logins;
    if logins.is_empty() {
        context.terminal().note(&"There are no logins.");
    }
    // An error with one login must not stop the others.
    let (mut deleted, mut first_error) = (Vec::new(), Ok(()));
    for name in logins.keys() {
        let Ok(profile) = name.parse() else { continue };
        let result = log_out(&profile, args, context, &mut deleted);
        if first_error.is_ok() {
            first_error = result;
        }
    }
    show(deleted, Vec::new(), context)?;
    first_error
}

/// Prints what was deleted as JSON. People were told of each login at once.
fn show(deleted: Vec<DeletedLogin>, others: Vec<String>, context: &Context) -> Result<(), LogoutError> {
    match context.session.choices.json {
        true => Ok(context.answer_json(&LogoutOutcome { deleted, others })?),
        false => Ok(()),
    }
}

/// Logs out of one login. Names the others if it was the current one.
fn one(profile: &Profile, args: &LogoutArgs, context: &Context) -> Result<(), LogoutError> {
    let is_alone = !context.session.choices.is_one_of_many;
    let was_current = is_alone && context.session.store()?.index()?.current.as_deref() == Some(profile.as_str());
    let mut deleted = Vec::new();
    let result = log_out(profile, args, context, &mut deleted);
    let others = if was_current && !deleted.is_empty() { context.session.logins()? } else { Vec::new() };
    tell_others(&others, context);
    show(deleted, others, context)?;
    result
}

/// Names the logins that are left when the current one is gone.
pub fn tell_others(others: &[String], context: &Context) {
    let Some(first) = others.first() else { return };
    let names = ticked(others);
    let what = if others.len() == 1 { "The other one is" } else { "The others are" };
    context.terminal().note(&format_args!(
        "It was the current login. {what} {names}: `oauthctl use {first}` makes it the current one."
    ));
}

/// Deletes what an emulator left that has ended.
fn clear_ended(ended: &EndedEmulator, context: &Context) -> Result<(), LogoutError> {
    let left = ended.left();
    ended.clear();
    let what = contents(&left).map_or_else(|| "it left nothing".to_owned(), |what| format!("deleted {what}"));
    let EndedEmulator { provider, origin, .. } = ended;
    let unset = shell::unset(&OF_EMULATOR);
    context.terminal().note(&format_args!(
        "The emulator of `{provider}` at {origin} has ended; {what}. `{unset}` leads back to your own logins."
    ));
    let detail = "its token ended with the emulator";
    let deleted = left.logins.into_iter().map(|(profile, entry)| DeletedLogin {
        profile,
        provider: entry.provider,
        revoked: false,
        detail: detail.to_owned(),
    });
    show(deleted.collect(), Vec::new(), context)
}

/// The outcome for programs.
#[derive(Serialize)]
struct LogoutOutcome {
    deleted: Vec<DeletedLogin>,
    /// The logins that are left, if the current one was deleted.
    others: Vec<String>,
}

#[derive(Serialize)]
struct DeletedLogin {
    profile: String,
    provider: String,
    /// True if the provider has revoked its tokens.
    revoked: bool,
    /// What happened to its tokens, in words.
    detail: String,
}

/// What happened to a login's tokens.
struct TokenState {
    revoked: bool,
    words: String,
}

impl From<String> for TokenState {
    fn from(words: String) -> Self {
        Self { revoked: false, words }
    }
}

fn log_out(
    profile: &Profile,
    args: &LogoutArgs,
    context: &Context,
    deleted: &mut Vec<DeletedLogin>,
) -> Result<(), LogoutError> {
    let store = context.session.store()?;
    let listed = store.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
    if !context.session.may_have(profile)? {
        return Err(context.session.no_such_login(profile)?.into());
    }
    let client = args.unregister.then(|| unregister::find(profile, context)).transpose()?;
    let http = match &client {
        Some(_) => Some(context.session.http(store.load(profile)?.map(|found| found.record).as_ref())?),
        None => None,
    };
    // A refresh in progress would store the login again after it was deleted.
    let lock = store.lock(profile, store.kind_of(profile)?, LOCK_TIMEOUT);
    let (what_of_it, lock) = if args.local {
        let record = store.load(profile).ok().flatten().map(|found| found.record);
        let unreadable = || still_valid(listed.as_deref(), context);
        // Even without a lock, or while another process holds it, the user can delete a login.
        let kept = record.map_or_else(unreadable, |record| kept(profile, &record, context));
        (TokenState::from(kept), lock.ok().flatten())
    } else {
        let busy = || TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(LOCK_TIMEOUT) };
        let lock = lock?.ok_or_else(busy)?;
        (revoked(profile, &lock, context)?, Some(lock))
    };
    let kind = store.kind_of(profile)?;
    let is_deleted = if args.local { store.forget_even_if_gone(profile) } else { store.forget(profile) };
    if !is_deleted? {
        return Err(context.session.no_such_login(profile)?.into());
    }
    // What was seen of the token is not secret, so failing to remove it is not an error.
    let _ = TokenLooks::new(&context.session.paths()?.data).forget(profile);
    let _ = ScopeHistory::new(&context.session.paths()?.data).forget(profile);
    lock.and_then(|lock| lock.journal()).iter().for_each(crate::store::Journal::remove);
    let TokenState { revoked, words: detail } = what_of_it;
    if !context.session.choices.json {
        context.terminal().note(&format_args!("Deleted the login `{profile}` from this machine; {detail}."));
    }
    let provider = listed.unwrap_or_default();
    deleted.push(DeletedLogin { profile: profile.to_string(), provider, revoked, detail });
    if let Some((client, http)) = client.zip(http) {
        client.delete(http.as_ref(), context)?;
    }
    // The login is not fully deleted while a file of a killed process still contains its token.
    store.sweep(kind).map_err(|source| LogoutError::Leftover { profile: profile.to_string(), source: Box::new(source) })
}

/// Revokes the tokens where possible, and describes the result.
fn revoked(profile: &Profile, lock: &LoginLock, context: &Context) -> Result<TokenState, LogoutError> {
    let record = match context.session.token_source()?.settled(profile, lock) {
        Ok(Some((found, _))) => found.record,
        // Only an interrupted logout leaves this state.
        Ok(None) => return Ok("an earlier logout had removed its token".to_owned().into()),
        // A damaged record cannot be revoked, and is of no further use.
        Err(StoreError::Damaged { .. }) => {
            return Ok("its record was damaged, so nothing was revoked".to_owned().into());
        }
        Err(error) => return Err(error.into()),
    };
    let is_gone = context.session.provider_of(profile, &record).is_err() && record.origins.are_on_this_machine();
    let unchecked = context.session.catalogue()?.resolve(&record.provider, &record.params);
    // A provider that is gone is no surprise; a file that is broken is.
    if let Err(error) = unchecked.as_ref()
        && !matches!(error, DefinitionError::UnknownProvider { .. })
    {
        context.terminal().note(&format_args!("nothing can be revoked: {}", error.in_one_line()));
    }
    let unchecked = unchecked.ok();
    if is_gone || unchecked.is_none_or(|provider| provider.endpoints.revoke.is_none()) {
        return Ok(kept(profile, &record, context).into());
    }
    let client = context.session.client_of(profile, &record)?.value;
    context.session.note_client(profile, "", &client);
    let http = context.session.http(Some(&record))?;
    // RFC 7009 §2.1: the refresh token first, as the provider should revoke the access token with it. A dead one is not
    // sent again.
    let refresh = record.refresh_token.as_ref().filter(|_| record.dead_since.is_none());
    let refresh = refresh.map(|token| (TokenTypeHint::RefreshToken, token.expose()));
    let access = (TokenTypeHint::AccessToken, record.access_token.expose());
    let mut unsupported = Vec::new();
    let further = record.further_tokens.values().map(|token| (TokenTypeHint::AccessToken, token.expose()));
    let narrower = record.narrower.iter().map(|token| (TokenTypeHint::AccessToken, token.access_token.expose()));
    for (hint, token) in refresh.into_iter().chain([access]).chain(further).chain(narrower) {
        match revoke(http.as_ref(), &client, token, hint) {
            Ok(Revocation::Done | Revocation::NoEndpoint) => {}
            Ok(Revocation::Unsupported) if !unsupported.contains(&hint.name()) => unsupported.push(hint.name()),
            Ok(Revocation::Unsupported) => {}
            // A token that was brought along belongs to a client that is not known, so no second attempt can do better.
            Err(FlowError::NotRevoked { status: 400..=499, .. }) if record.client_id.is_none() => {
                let rest = still_valid(Some(&record.provider), context);
                let why = "its token was not revoked, as the client that it belongs to is not known";
                return Ok(format!("{why}: {rest}").into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let whose = revoker(&client.provider);
    Ok(match unsupported.as_slice() {
        [] => TokenState { revoked: true, words: format!("{whose} has revoked its tokens") },
        kinds => {
            let rest = still_valid(Some(&record.provider), context);
            format!("{whose} cannot revoke its {}: {rest}", kinds.join(" and ")).into()
        }
    })
}

fn revoker(provider: &Provider) -> String {
    match provider.emulator {
        Some(_) => format!("the emulator of {}", provider.definition.name),
        None => provider.definition.name.clone(),
    }
}

/// Describes the state of a token that was not revoked.
fn kept(profile: &Profile, record: &StoredToken, context: &Context) -> String {
    match context.session.provider_of(profile, record) {
        Ok(provider) if provider.emulator.is_some() => "its token ends with the emulator".to_owned(),
        Err(_) if record.origins.are_on_this_machine() => {
            "its token came from an emulator or another server on this machine".to_owned()
        }
        _ => still_valid(Some(&record.provider), context),
    }
}

/// Describes what the user can do if nothing was revoked at the provider.
fn still_valid(provider: Option<&str>, context: &Context) -> String {
    let definition = provider.and_then(|id| context.session.catalogue().ok()?.get(id).ok());
    let page = definition.as_ref().and_then(|definition| definition.app.revoke_page.as_deref());
    let name = definition.as_ref().map_or("the provider", |definition| definition.name.as_str());
    match page {
        Some(page) => format!("the token is still valid at {name}; remove the app's access at {page}"),
        None => format!("the token is still valid at {name} until the app's access is removed there"),
    }
}
