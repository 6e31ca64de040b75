//! `status`: every login there is. It never opens a browser and never shows a token.

mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use self::view::{StatusRow, StatusView};
use super::view::what_was_read;
use super::{Context, SessionError, sources};
use crate::keychain::KeychainError;
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::protocol::sanitize;
use crate::protocol::time::HumanDuration;
use crate::store::login_index::LoginEntry;
use crate::store::token_store::Found;
use crate::store::{Profile, StoreError, StoreKind, StoredToken};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct StatusArgs {
    /// Look at the login that commands would use, and end with 4 if it needs a person
    #[arg(long)]
    check: bool,

    /// End with 4 if a login will need a person within this time, such as 7d
    #[arg(long, value_name = "TIME")]
    expires_within: Option<HumanDuration>,
}

#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error("{}", ending(profiles))]
    LoginsEnd { profiles: Vec<String>, provider: String },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for StatusError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::LoginsEnd { profiles, provider } => {
                let profile = profiles.first().map_or(provider.as_str(), String::as_str);
                ExitCode::LoginNeeded.hint(format!("`{}` logs in again", login_command(provider, profile)))
            }
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

fn ending(profiles: &[String]) -> String {
    let names = profiles.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match profiles {
        [_] => format!("the login {names} does not last"),
        _ => format!("these logins do not last: {names}"),
    }
}

pub fn run(args: &StatusArgs, context: &Context) -> Result<(), StatusError> {
    let meant = match args.check {
        true => Some(context.profile()?),
        false => sources::profiles(context)?.into_iter().next().map(|(profile, _)| profile),
    };
    let only = meant.as_ref().filter(|_| args.check || context.global.profile.is_some());
    let mut view = StatusView {
        logins: Vec::new(),
        sources: if context.global.verbose { sources::all(context)? } else { Vec::new() },
        width: context.terminal().width(),
        now: context.system.clock.now(),
    };
    let within = args.expires_within.map_or(Duration::ZERO, |within| within.0);
    let mut ending = Vec::new();
    let mut looker = Looker { context, silent: BTreeMap::new(), first_error: None };
    for (profile, entry) in listed(only, context)? {
        let current = meant.as_ref() == Some(&profile);
        match looker.look(&profile, &entry)? {
            Ok(found) => {
                let always =
                    context.catalogue()?.get(&found.record.provider).map(|d| d.always_granted()).unwrap_or_default();
                if !found.record.lasts(view.now, within) {
                    ending.push((profile.to_string(), found.record.provider.clone()));
                }
                view.logins.push(StatusRow::new(&profile, current, &found, &always));
                if context.global.verbose {
                    say_more(&profile, &found, context);
                }
            }
            Err(problem) => view.logins.push(StatusRow::unreadable(&profile, current, &entry, &problem)),
        }
    }
    for source in &view.sources {
        context.terminal().note(&format_args!("{}: {} (from {})", source.name, source.value, source.from));
    }
    context.answer(&view)?;
    if let Some(error) = looker.first_error {
        return Err(error.into());
    }
    if !args.check && args.expires_within.is_none() {
        return Ok(());
    }
    let gone = |row: &&StatusRow| row.problem.is_some();
    ending.extend(view.logins.iter().filter(gone).map(|row| (row.profile.clone(), row.provider.clone())));
    match (ending.first(), only) {
        (Some((_, provider)), _) => {
            let provider = provider.clone();
            let profiles = ending.into_iter().map(|(profile, _)| profile).collect();
            Err(StatusError::LoginsEnd { profiles, provider })
        }
        (None, Some(profile)) if view.logins.is_empty() => Err(SessionError::no_login(profile).into()),
        (None, _) => Ok(()),
    }
}

/// The logins to show: all, or one. The environment's token may stand for a login that nobody made here.
fn listed(only: Option<&Profile>, context: &Context) -> Result<Vec<(Profile, LoginEntry)>, SessionError> {
    let mut logins = context.store()?.index()?.logins;
    if let Some(profile) = only
        && !logins.contains_key(profile.as_str())
        && let Some(found) = context.login_of_variable(profile)?
    {
        let entry = LoginEntry::new(found.record.provider, found.store, found.record.params);
        logins.insert(profile.to_string(), entry);
    }
    let parsed = logins.into_iter().filter_map(|(name, entry)| Some((name.parse::<Profile>().ok()?, entry)));
    Ok(parsed.filter(|(profile, _)| only.is_none_or(|only| only == profile)).collect())
}

/// Loads logins one after the other.
struct Looker<'a> {
    context: &'a Context,
    /// Stores that did not answer: one wait is enough.
    silent: BTreeMap<String, String>,
    first_error: Option<StoreError>,
}

impl Looker<'_> {
    /// The login, or what is the matter with it in words.
    fn look(
        &mut self,
        profile: &Profile,
        entry: &LoginEntry,
    ) -> Result<Result<Found<StoredToken>, String>, SessionError> {
        if let Some(found) = self.context.login_of_variable(profile)? {
            return Ok(Ok(found));
        }
        let kind = sources::store_of(entry, self.context).to_string();
        if let Some(problem) = self.silent.get(&kind) {
            return Ok(Err(problem.clone()));
        }
        Ok(match self.context.store()?.load(profile) {
            Ok(Some(found)) => Ok(found),
            Ok(None) if entry.store == StoreKind::Env => Err("it was the environment's".to_owned()),
            Ok(None) => Err("it is gone from its store".to_owned()),
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
    context.terminal().note(&format_args!(
        "{profile}: kept in {}; API {}; reply, secrets masked: {reply}; read from it: {}",
        found.place,
        sanitize::line(&found.record.origins.api.join(", ")),
        what_was_read(&found.record)
    ));
}
