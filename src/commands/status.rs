//! `status`: every login there is. It never opens a browser and never shows a token.

mod error;
mod online;
mod userinfo;
mod view;

pub use error::StatusError;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use self::view::{Known, StatusRow, StatusView};
use super::Context;
use super::many::{self, ManyArgs};
use super::view::{narrower, what_was_read};
use crate::flow::evidence;
use crate::keychain::KeychainError;
use crate::protocol::advice::Advice;
use crate::protocol::sanitize;
use crate::protocol::time::HumanDuration;
use crate::session::{Decision, EndedEmulator, Part, SessionError};
use crate::store::login_index::LoginEntry;
use crate::store::scope_history::{ScopeHistory, ScopeRun};
use crate::store::stored_token::{Expiry, ObtainedBy};
use crate::store::token_store::Found;
use crate::store::{Profile, StoreError, StoreKind, StoredToken};

#[derive(Args)]
pub struct StatusArgs {
    /// The only login to show [default: all of them]
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,

    #[command(flatten)]
    pub many: ManyArgs,

    /// Check the current login, or those of --profiles; exit with 4 if one needs a new login
    #[arg(long)]
    check: bool,

    /// With --check, ask the server whether it accepts the token; exit with 8 if it gives no answer
    #[arg(long, requires = "check", conflicts_with = "profiles")]
    online: bool,

    /// Ask the provider who the current login's account is, and remember it
    #[arg(long, conflicts_with_all = ["check", "expires_within", "profiles"])]
    userinfo: bool,

    /// Exit with 4 if a login will need renewing within this time, such as 7d
    #[arg(long, value_name = "TIME")]
    expires_within: Option<HumanDuration>,
}

pub fn run(args: &StatusArgs, context: &Context) -> Result<(), StatusError> {
    if args.userinfo {
        return userinfo::print(context);
    }
    if let Some(ended) = context.session.ended_emulator()? {
        return tell_ended(&ended, args, context);
    }
    let sources = if context.is_verbose() { context.session.parts() } else { Vec::new() };
    // First, so that they are said whatever comes of the rest.
    sources.iter().for_each(|part| note_part(part, context));
    let mut reader = LoginReader::new(context);
    let shown = Shown::choose(args, &mut reader, context)?;
    let (width, now) = (context.terminal().width(), context.system.clock.now());
    let mut view = StatusView { logins: Vec::new(), sources, width, now };
    let within = args.expires_within.map_or(Duration::ZERO, |within| within.0);
    let ending = add_rows(&mut view, &shown, within, &mut reader, context)?;
    // An empty list would say that there are no logins at all.
    if view.logins.is_empty()
        && let Some(named) = context.session.named_profile()
        && (context.session.typed_profile().is_some() || !context.session.store()?.index()?.logins.is_empty())
    {
        return Err(context.session.no_such_login(named)?.into());
    }
    context.answer(&view)?;
    if let Some(error) = reader.broken {
        return Err(error.into());
    }
    if let Some(error) = reader.first_error {
        return Err(error.into());
    }
    match args.check || args.expires_within.is_some() {
        true => check(&view, ending, shown.only.as_ref())?,
        false => return Ok(()),
    }
    if args.online { online::check(context) } else { Ok(()) }
}

/// The logins to show.
struct Shown {
    rows: Vec<(Profile, LoginEntry)>,
    /// The one that is meant, if it is one.
    only: Option<Profile>,
    /// The name of the current login.
    current: Option<String>,
}

impl Shown {
    fn choose(args: &StatusArgs, reader: &mut LoginReader<'_>, context: &Context) -> Result<Self, StatusError> {
        let selected = args.many.patterns().map(|patterns| many::selected(patterns, context)).transpose()?;
        let meant = match args.check && selected.is_none() {
            true => Some(context.session.profile()?.value),
            false => reader.unless_verbose(context.session.profile_if_any())?.map(|profile| profile.value),
        };
        // A login that is only looked at is not the current one.
        let current = match context.session.typed_profile() {
            Some(_) => context.session.store()?.index()?.current,
            None => meant.as_ref().map(Profile::to_string),
        };
        let is_one = selected.is_none() && (args.check || context.session.named_profile().is_some());
        let mut only = meant.filter(|_| is_one);
        let mut rows = selected.map_or_else(|| listed(only.as_ref(), context), Ok)?;
        // A variable is a default: a wrong one must not hide the list in which people look for the right one.
        if let Some(missing) =
            only.take_if(|_| rows.is_empty() && !args.check && context.session.typed_profile().is_none())
        {
            rows = listed(None, context)?;
            if !rows.is_empty() {
                reader.broken.get_or_insert(context.session.no_such_login(&missing)?);
            }
        }
        Ok(Self { rows, only, current })
    }
}

/// Looks at each login, and returns those that end within a time, with their providers.
fn add_rows(
    view: &mut StatusView,
    shown: &Shown,
    within: Duration,
    reader: &mut LoginReader<'_>,
    context: &Context,
) -> Result<Vec<Ending>, StatusError> {
    let mut ending = Vec::new();
    for (profile, entry) in &shown.rows {
        let current = shown.current.as_deref() == Some(profile.as_str());
        match reader.look(profile, entry)? {
            Ok(found) => {
                let known = reader.known(profile, &found.record)?;
                let (record, limit) = (&found.record, known.idle_limit);
                if !record.lasts_unused(view.now, within, limit) {
                    let lasts = record.lasts_unused(view.now, within, None);
                    let is_unused = lasts && record.lasts_unused(view.now, Duration::ZERO, limit);
                    let (profile, provider) = (profile.to_string(), record.provider.clone());
                    ending.push(Ending { profile, provider, is_unused });
                }
                let emulated = context.session.is_emulated(&found.record);
                view.logins.push(StatusRow::new(profile, current, &found, known, view.now).emulated(emulated));
                if context.is_verbose() {
                    say_more(profile, &found, context);
                }
            }
            Err(problem) => view.logins.push(StatusRow::unreadable(profile, current, entry, &problem)),
        }
    }
    Ok(ending)
}

/// A login that ends too soon.
struct Ending {
    profile: String,
    provider: String,
    /// It ends only for want of use, and a refresh is a use.
    is_unused: bool,
}

/// Fails if a login of the list ends, or cannot be read.
fn check(view: &StatusView, mut ending: Vec<Ending>, only: Option<&Profile>) -> Result<(), StatusError> {
    let gone = view.logins.iter().filter(|row| row.problem.is_some());
    ending.extend(gone.map(|row| {
        let (profile, provider) = (row.profile.clone(), row.provider.clone());
        Ending { profile, provider, is_unused: false }
    }));
    match (ending.first(), only) {
        (Some(Ending { provider, .. }), _) => {
            let (provider, unused) = (provider.clone(), ending.iter().all(|ending| ending.is_unused));
            let profiles = ending.into_iter().map(|ending| ending.profile).collect();
            Err(StatusError::LoginsEnd { profiles, provider, unused })
        }
        (None, Some(profile)) if view.logins.is_empty() => Err(SessionError::no_login(profile).into()),
        (None, _) => Ok(()),
    }
}

/// Lists what an emulator that has ended left behind: no login of it can be used.
fn tell_ended(ended: &EndedEmulator, args: &StatusArgs, context: &Context) -> Result<(), StatusError> {
    let listed = ended.left().logins;
    let parsed = listed.iter().filter_map(|(name, entry)| Some((name.parse::<Profile>().ok()?, entry)));
    let problem = "its emulator has ended";
    let rows = parsed.map(|(profile, entry)| StatusRow::unreadable(&profile, false, entry, problem).emulated(true));
    let (width, now) = (context.terminal().width(), context.system.clock.now());
    let view = StatusView { logins: rows.collect(), sources: Vec::new(), width, now };
    let error = ended.error();
    // An empty list would say that there are no logins at all.
    if args.check || args.expires_within.is_some() || view.logins.is_empty() {
        return Err(error.into());
    }
    context.answer(&view)?;
    let hint = error.next_step().hint.unwrap_or_default();
    context.terminal().note(&format_args!("{error}. `oauthctl logout` deletes what it left; or {hint}."));
    Ok(())
}

/// Says a part of the session, or why it cannot be had.
fn note_part(part: &Part, context: &Context) {
    let name = &part.name;
    match &part.decision {
        Decision::Made { value, from } => context.terminal().note(&format_args!("{name}: {value} (from {from})")),
        Decision::Broken { problem } => context.terminal().note(&format_args!("{name}: {problem}")),
    }
}

/// The logins to show: all, or one. The environment's token may stand for a login that was not made here.
pub(super) fn listed(only: Option<&Profile>, context: &Context) -> Result<Vec<(Profile, LoginEntry)>, SessionError> {
    let mut logins = context.session.store()?.index()?.logins;
    if let Some(profile) = only
        && !logins.contains_key(profile.as_str())
        && let Some(found) = context.session.login_of_variable(profile)?
    {
        let entry = LoginEntry::new(found.record.provider, found.store, found.record.params);
        logins.insert(profile.to_string(), entry);
    }
    let parsed = logins.into_iter().filter_map(|(name, entry)| Some((name.parse::<Profile>().ok()?, entry)));
    Ok(parsed.filter(|(profile, _)| only.is_none_or(|only| only == profile)).collect())
}

/// Loads logins one after the other.
pub(super) struct LoginReader<'a> {
    context: &'a Context,
    /// Stores that did not answer: one wait is enough.
    silent: BTreeMap<String, String>,
    first_error: Option<StoreError>,
    /// A part that cannot be had, where the rest is shown all the same.
    broken: Option<SessionError>,
}

impl<'a> LoginReader<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self { context, silent: BTreeMap::new(), first_error: None, broken: None }
    }

    /// With `--verbose` a part that is broken ends the command only after the rest is shown.
    fn unless_verbose<T: Default>(&mut self, part: Result<T, SessionError>) -> Result<T, SessionError> {
        match part {
            Err(error) if self.context.is_verbose() => {
                self.broken.get_or_insert(error);
                Ok(T::default())
            }
            part => part,
        }
    }

    /// Returns what is known of a login's token: by its record, and for a token that the user brought along by the last
    /// `scopes` too.
    fn known(&mut self, profile: &Profile, record: &StoredToken) -> Result<Known, SessionError> {
        let catalogue = self.context.session.catalogue();
        let definition = catalogue.map(|catalogue| catalogue.get(&record.provider).ok());
        let definition = self.unless_verbose(definition)?.unwrap_or_default();
        let evidence = evidence::gather(&definition, record, None, None);
        let mut known = Known {
            scopes: evidence.named(),
            disputed: evidence.disputed(),
            expiry: record.end(),
            idle_limit: definition.idle_limit(),
        };
        if record.obtained_by == ObtainedBy::Given
            && let Some(run) = self.last_look(profile, record)
        {
            let shown = run.granted.union(&run.proven.unwrap_or_default());
            known.scopes = known.scopes.or_else(|| (!shown.is_empty()).then_some(shown));
            // A run of 0.1 may say that it never ends, by the definition alone.
            if let (Expiry::Unknown, Expiry::At(_)) = (known.expiry, run.expiry) {
                known.expiry = run.expiry;
            }
        }
        Ok(known)
    }

    /// Returns what `scopes` found out about this very token.
    fn last_look(&self, profile: &Profile, record: &StoredToken) -> Option<ScopeRun> {
        let run = ScopeHistory::new(&self.context.session.paths().ok()?.data).last(profile).ok().flatten()?;
        (run.provider == record.provider && run.at >= record.obtained_at).then_some(run)
    }

    /// The login, or what is the matter with it in words.
    pub(super) fn look(
        &mut self,
        profile: &Profile,
        entry: &LoginEntry,
    ) -> Result<Result<Found<StoredToken>, String>, SessionError> {
        let of_variable = self.context.session.login_of_variable(profile);
        if let Some(found) = self.unless_verbose(of_variable)? {
            return Ok(Ok(found));
        }
        let kind = self.context.session.store_of(profile, entry).value.to_string();
        if let Some(problem) = self.silent.get(&kind) {
            return Ok(Err(problem.clone()));
        }
        Ok(match self.context.session.store()?.load(profile) {
            Ok(Some(found)) => Ok(found),
            Ok(None) if entry.store == StoreKind::Env => Err("it was the environment's".to_owned()),
            Ok(None) => Err("its logout was interrupted".to_owned()),
            Err(error) => {
                let problem = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                if matches!(error, StoreError::Keychain { source: KeychainError::Silent { .. }, .. }) {
                    self.silent.insert(kind, problem.clone());
                }
                self.first_error.get_or_insert(error);
                Err(problem)
            }
        })
    }
}

fn say_more(profile: &Profile, found: &Found<StoredToken>, context: &Context) {
    let masked = |reply: &serde_json::Value| sanitize::text(&reply.to_string());
    let reply = found.record.reply.as_ref().map_or_else(|| "none".to_owned(), masked);
    let cacert = found.record.cacert.as_deref().map(|path| format!("; trusts `{}`, too", sanitize::line(path)));
    context.terminal().note(&format_args!(
        "{profile}: kept in {}{}; API {}; reply, secrets masked: {reply}; read from it: {}{}",
        found.place,
        cacert.unwrap_or_default(),
        sanitize::line(&found.record.origins.api.join(", ")),
        what_was_read(&found.record),
        narrower(&found.record, context.system.clock.now())
            .map(|tokens| format!("; narrower tokens: {tokens}"))
            .unwrap_or_default()
    ));
}
