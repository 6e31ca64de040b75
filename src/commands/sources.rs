//! Where a value came from, when a flag, the environment, a project's file and what we keep may all have one.

use std::fmt;

use serde::Serialize;

use super::{Context, SessionError};
use crate::protocol::sanitize;
use crate::provider::DefinitionFiles;
use crate::store::login_index::LoginEntry;
use crate::store::{Profile, StoreKind};
use crate::system::paths::variable;

/// A value that decides what a command does, and where it came from.
#[derive(Debug, Serialize)]
pub struct ValueSource {
    pub name: String,
    pub value: String,
    pub from: Source,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Flag(&'static str),
    #[serde(rename = "environment")]
    Variable(&'static str),
    /// Where in which file.
    Project(String),
    /// The user's own file.
    Config(String),
    /// `oauthctl use`, or the last login.
    Current,
    /// The store that keeps the record.
    Store(String),
    /// The login of this name.
    Login(String),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Variable(name) => write!(f, "environment, {name}"),
            Self::Project(at) => write!(f, "project, {at}"),
            Self::Config(place) => write!(f, "configuration, `{place}`"),
            Self::Current => f.write_str("the current login (`oauthctl use`)"),
            Self::Store(kind) => f.write_str(kind),
            Self::Login(profile) => write!(f, "the login `{profile}`"),
            Self::Default => f.write_str("nobody said otherwise"),
        }
    }
}

/// Every profile that is named somewhere, the one that counts first.
pub fn profiles(context: &Context) -> Result<Vec<(Profile, Source)>, SessionError> {
    let mut all = Vec::new();
    if let Some(profile) = &context.global.profile {
        let typed = context.global.typed.profile;
        all.push((
            profile.clone(),
            if typed { Source::Flag("--profile") } else { Source::Variable("OAUTHCTL_PROFILE") },
        ));
        return Ok(all);
    }
    if let Some(named) = context.project()?.and_then(|project| project.profile.as_ref())
        && let Ok(profile) = named.value.parse()
    {
        all.push((profile, Source::Project(named.at.to_string())));
    }
    if let Some(profile) = context.store()?.index()?.current.and_then(|name| name.parse().ok()) {
        all.push((profile, Source::Current));
    }
    Ok(all)
}

/// Where a listed login is looked for: a flag counts more than what is remembered, a variable does not.
pub fn store_of(entry: &LoginEntry, context: &Context) -> StoreKind {
    context.global.store.filter(|_| context.global.typed.store).unwrap_or(entry.store)
}

/// What `status -v` says of the values that decide what a command does.
pub fn all(context: &Context) -> Result<Vec<ValueSource>, SessionError> {
    let mut all = Vec::new();
    let mut add = |name: &str, value: String, from: Source| {
        all.push(ValueSource { name: name.to_owned(), value, from });
    };
    let profiles = profiles(context)?;
    match profiles.first() {
        Some((profile, from)) => add("profile", profile.to_string(), from.clone()),
        None => add("profile", "none".to_owned(), Source::Default),
    }
    let typed = context.global.typed.store;
    match context.global.store {
        Some(kind) if typed => add("store", kind.to_string(), Source::Flag("--store")),
        Some(kind) => add("store of new logins", kind.to_string(), Source::Variable("OAUTHCTL_STORE")),
        None => add("store of new logins", StoreKind::default().to_string(), Source::Default),
    }
    if let Some((profile, _)) = profiles.first() {
        let index = context.store()?.index()?;
        match (context.login_of_variable(profile), index.logins.get(profile.as_str())) {
            (Ok(Some(_)), _) => add("token", "not shown".to_owned(), Source::Variable("OAUTHCTL_TOKEN")),
            (_, Some(entry)) => {
                add("token", "not shown".to_owned(), Source::Store(store_of(entry, context).to_string()));
            }
            (_, None) => {}
        }
        if let Some(entry) = index.logins.get(profile.as_str()) {
            add("provider", entry.provider.clone(), Source::Login(profile.to_string()));
            if context.catalogue()?.is_overlaid(&entry.provider) {
                let place = context.paths()?.place(&entry.provider);
                add("definition", entry.provider.clone(), Source::Config(place));
            }
        }
    }
    for (name, variable_name) in [
        ("emulated provider", "OAUTHCTL_EMULATOR"),
        ("client id", "OAUTHCTL_CLIENT_ID"),
        ("configuration folder", "OAUTHCTL_CONFIG_DIR"),
        ("data folder", "OAUTHCTL_DATA_DIR"),
    ] {
        if let Some(value) = variable(variable_name) {
            add(name, sanitize::line(&value), Source::Variable(variable_name));
        }
    }
    for (name, value) in context.project()?.into_iter().flat_map(|project| &project.params) {
        add(&format!("parameter {}", sanitize::line(name)), value.value.clone(), Source::Project(value.at.to_string()));
    }
    Ok(all)
}
