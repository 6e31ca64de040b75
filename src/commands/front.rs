//! `oauthctl` alone: who is logged in, whether each login still works, and the next command to type.
//!
//! It is never an error. Everything comes from what is stored, and what cannot be read is named in a line of its own. The
//! variables of the environment are no exception: a bad one is told, and the page is shown without it.

use std::fmt;

use serde::Serialize;

use super::status::{self, LoginReader};
use super::view::{renewal, until};
use super::{Context, next};
use crate::protocol::advice::{Advice, login_command, with_causes};
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::session::SessionError;
use crate::store::login_index::LoginEntry;
use crate::store::stored_token::Expiry;
use crate::store::{ClientKey, Profile, StoredToken};
use crate::system::terminal::{Terminal, TerminalError};

/// The commands to begin with, and what each is for.
const BEGINNINGS: [[&str; 2]; 3] = [
    ["oauthctl login", "logs in to a provider and stores the token"],
    ["oauthctl demo", "tries it all on this machine, without an account"],
    ["oauthctl --help", "lists the commands"],
];

#[derive(Debug, Default, Serialize)]
pub struct FrontPage {
    logins: Vec<LoginLine>,
    next: String,
    /// What cannot be read, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LoginLine {
    profile: String,
    provider: String,
    current: bool,
    /// `null` if it is unknown.
    works: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<Expiry>,
    state: String,
}

/// Prints the page. `problem` says what is wrong with the variables of the environment.
pub fn run(problem: Option<String>, context: &Context) -> Result<(), TerminalError> {
    let mut page = FrontPage { problems: problem.into_iter().collect(), ..FrontPage::default() };
    if let Err(error) = page.look(context) {
        page.problem(&error);
    }
    if page.next.is_empty() {
        page.next = if page.problems.is_empty() { BEGINNINGS[0][0] } else { "oauthctl status -v" }.to_owned();
    }
    context.answer(&page)
}

/// Prints the page where not even the environment can be read.
pub fn run_without_session(error: &SessionError, terminal: &dyn Terminal) -> Result<(), TerminalError> {
    let mut page = FrontPage::default();
    page.problem(error);
    terminal.show(&page)
}

impl FrontPage {
    fn problem(&mut self, error: &dyn Advice) {
        let hint = error.next_step().hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        self.problems.push(format!("{}{hint}", with_causes(error)));
    }

    fn look(&mut self, context: &Context) -> Result<(), SessionError> {
        let mut reader = LoginReader::new(context);
        let current = context.session.profile_if_any()?.map(|profile| profile.value);
        for (profile, entry) in status::listed(None, context)? {
            let is_current = current.as_ref() == Some(&profile);
            let found = reader.look(&profile, &entry)?.map(|found| found.record);
            if is_current {
                self.next = match &found {
                    Ok(record) => next_for(&profile, &entry, record, context),
                    Err(_) => "oauthctl doctor".to_owned(),
                };
            }
            self.logins.push(LoginLine::new(&profile, &entry, is_current, &found, context));
        }
        match current {
            Some(current) if self.next.is_empty() => {
                let error = context.session.no_such_login(&current)?;
                if !self.logins.is_empty() || context.session.typed_profile().is_some() {
                    self.problem(&error);
                }
                "oauthctl status".clone_into(&mut self.next);
                if self.logins.is_empty() {
                    self.next.clear();
                }
            }
            None if !self.logins.is_empty() => self.next = format!("oauthctl use {}", self.logins[0].profile),
            _ => {}
        }
        if self.next.is_empty() && self.problems.is_empty() {
            // A registered app is the first half of a login.
            let apps = context.session.store()?.index()?.apps;
            if let Some(key) = apps.keys().find_map(|key| ClientKey::parse(key)) {
                self.next = format!("oauthctl login {}", key.arguments());
            }
        }
        Ok(())
    }
}

/// Returns the command that the current login is ready for.
fn next_for(profile: &Profile, entry: &LoginEntry, record: &StoredToken, context: &Context) -> String {
    let definition = context.session.catalogue().ok().and_then(|catalogue| catalogue.get(&entry.provider).ok());
    if !record.lasts(context.system.clock.now(), Default::default()) {
        return login_command(&entry.provider, profile.as_str());
    }
    match definition {
        Some(definition) => {
            let scopes = crate::flow::evidence::gather(&definition, record, None, None).named();
            next::suggested(&definition, scopes.as_ref(), None)
        }
        None => "oauthctl status".to_owned(),
    }
}

impl LoginLine {
    fn new(
        profile: &Profile,
        entry: &LoginEntry,
        current: bool,
        found: &Result<StoredToken, String>,
        context: &Context,
    ) -> Self {
        let now = context.system.clock.now();
        let (works, expiry, state) = match found {
            Err(problem) => (None, None, format!("cannot be read: {problem}")),
            Ok(record) if !record.lasts(now, Default::default()) => {
                let again = login_command(&entry.provider, profile.as_str());
                (Some(false), Some(record.end()), format!("has ended; `{again}` logs in again"))
            }
            Ok(record) => match record.end() {
                Expiry::Unknown if !record.is_renewable() => {
                    (None, Some(Expiry::Unknown), "may work: its lifetime is unknown".to_owned())
                }
                Expiry::At(end) if end <= now => {
                    (Some(true), Some(Expiry::At(end)), format!("works{}", renewal(record, now)))
                }
                Expiry::At(end) => {
                    let until = until(Expiry::At(end), now);
                    (Some(true), Some(Expiry::At(end)), format!("works until {until}{}", renewal(record, now)))
                }
                other => (Some(true), Some(other), format!("works{}", renewal(record, now))),
            },
        };
        let (profile, provider) = (profile.to_string(), entry.provider.clone());
        Self { profile, provider, current, works, expiry, state }
    }

    fn name(&self) -> String {
        if self.profile == self.provider {
            self.profile.clone()
        } else {
            format!("{} ({})", self.profile, self.provider)
        }
    }
}

impl Render for FrontPage {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        for problem in &self.problems {
            text.line(&[&Style::Warning.of("warning:"), &" ", &sanitize::message(problem)])?;
        }
        if self.logins.is_empty() && self.problems.is_empty() && self.next != BEGINNINGS[0][0] {
            return text.line(&[&"Not logged in yet; an app is registered: ", &Style::Strong.of(&self.next)]);
        }
        if self.logins.is_empty() {
            writeln!(text, "Not logged in yet. To begin:")?;
            let longest = BEGINNINGS.iter().map(|[command, _]| command.len()).max().unwrap_or(0);
            for [command, about] in BEGINNINGS {
                let space = " ".repeat(longest + 2 - command.len());
                text.line(&[&"  ", &Style::Strong.of(command), &space, &about])?;
            }
            return Ok(());
        }
        let longest = self.logins.iter().map(|line| sanitize::columns(&line.name())).max().unwrap_or(0);
        for line in &self.logins {
            let mark = if line.current { "*" } else { " " };
            let state = sanitize::line(&line.state);
            writeln!(text, "{mark} {}  {state}", sanitize::padded(&line.name(), longest))?;
        }
        text.line(&[&"next: ", &Style::Strong.of(&self.next)])
    }
}
