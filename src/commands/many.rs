//! One command for many logins: `--profiles GLOB` of `call`, `refresh`, `scopes` and `logout`. (`status` lists them in one
//! table, and only takes the selection from here.)
//!
//! * The command does not know of it. It runs as it does for one login, in a session of that login and on a terminal
//!   that keeps its answer.
//! * At most [`AT_ONCE`] run at once. Answers are printed whole and in the order of the names, and no login runs further
//!   ahead of the last printed one than [`AHEAD`], so that memory has a limit.
//! * An error with one login stops no other. It is told at once, with the login's name, or with `--json` in its row. The
//!   exit code is that of the gravest: see [`gravity`].
//! * OAUTHCTL_TOKEN is one token, and is not used.

mod error;
mod pattern;
mod rows;

pub use error::ManyError;
pub use pattern::LoginPattern;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use clap::Args;

use self::rows::{Failure, Row};
use super::Context;
use crate::protocol::advice::{Advice, ExitCode};
use crate::protocol::error_text;
use crate::protocol::sanitize::{Pieces, TerminalText};
use crate::session::SessionError;
use crate::store::Profile;
use crate::store::login_index::LoginEntry;
use crate::system::terminal::{Captured, TerminalError};

/// The command for one login.
type Command<'a> = dyn Fn(&Context) -> Result<u8, Box<dyn Advice>> + Sync + 'a;

/// How many logins are worked on at once: they mostly wait for servers, which may be one and the same.
const AT_ONCE: usize = 8;

/// How many answers may wait for an earlier one.
const AHEAD: usize = 2 * AT_ONCE;

#[derive(Args)]
pub struct ManyArgs {
    /// Do it for every login whose name matches, such as `'shop-*'`: `*`, `?` and `[…]` are known, and commas separate
    /// several
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    profiles: Vec<LoginPattern>,
}

impl ManyArgs {
    /// Returns the patterns, if there are any.
    pub fn patterns(&self) -> Option<&[LoginPattern]> {
        (!self.profiles.is_empty()).then_some(&self.profiles)
    }
}

/// Returns the logins that match, by their names. A pattern that matches none is an error.
pub fn selected(patterns: &[LoginPattern], context: &Context) -> Result<Vec<(Profile, LoginEntry)>, ManyError> {
    let logins = context.session.store()?.index()?.logins;
    if logins.is_empty() {
        return Err(SessionError::no_login_yet().into());
    }
    if let Some(idle) = patterns.iter().find(|pattern| !logins.keys().any(|name| pattern.matches(name))) {
        return Err(ManyError::NoMatch { pattern: idle.to_string(), logins: logins.into_keys().collect() });
    }
    let is_meant = |name: &str| patterns.iter().any(|pattern| pattern.matches(name));
    let parsed = logins.into_iter().filter_map(|(name, entry)| Some((name.parse::<Profile>().ok()?, entry)));
    Ok(parsed.filter(|(profile, _)| is_meant(profile.as_str())).collect())
}

/// Runs the command for each of these logins.
pub fn run(logins: Vec<(Profile, LoginEntry)>, context: &Context, command: &Command<'_>) -> Result<(), ManyError> {
    let queue = Queue::default();
    let is_json = context.session.choices.json;
    let work = || {
        let _end = EndsWithFault(&queue);
        while let Some(at) = queue.next(logins.len()) {
            let (profile, entry) = &logins[at];
            queue.put(at, one(profile, entry, context, command));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(logins.len()) {
            scope.spawn(work);
        }
        let mut failed = Vec::new();
        let mut printed = if is_json { context.terminal().json("{\"logins\": [") } else { Ok(()) };
        for at in 0..logins.len() {
            if printed.is_err() {
                break;
            }
            let Some(row) = queue.take(at) else { break };
            printed = row.print(at == 0, context);
            failed.extend(row.failure.map(|failure| (row.profile, failure.code)));
        }
        if printed.is_err() {
            queue.end();
        }
        printed?;
        if is_json {
            context.terminal().json("\n]}\n")?;
        }
        let worst = failed.iter().map(|(_, code)| *code).max_by_key(|code| gravity(*code));
        worst.map_or(Ok(()), |code| Err(ManyError::Failed { of: logins.len(), failed, code }))
    })
}

/// Runs the command for one login. Its error is told here, unless it is for the row.
fn one(profile: &Profile, entry: &LoginEntry, context: &Context, command: &Command<'_>) -> Row {
    let is_json = context.session.choices.json;
    let (terminal, kept) = Captured::new(profile.as_str(), context.terminal_handle(), is_json);
    let session = context.session.of_one(profile.clone());
    let inner = Context::new(std::sync::Arc::clone(&context.system), session, std::sync::Arc::new(terminal));
    let failure = command(&inner).err().and_then(|error| {
        let failure = Failure::of(error.as_ref());
        if failure.code != ExitCode::Success && !is_json {
            let page = error_text::page(error.as_ref(), failure.hint.as_deref()).to_plain();
            let said = TerminalText::of(&page.trim_end());
            context.terminal().alarm(&Pieces(&[&profile.as_str(), &": ", &said]));
        }
        Some(failure).filter(|failure| failure.code != ExitCode::Success)
    });
    Row { profile: profile.to_string(), provider: entry.provider.clone(), answer: kept.take(), failure }
}

/// Returns how grave an outcome is: a fault of the machine or the configuration before what a person has to do, and that
/// before what passes by itself.
fn gravity(code: ExitCode) -> u8 {
    match code {
        ExitCode::Success => 0,
        ExitCode::Network => 1,
        ExitCode::Busy => 2,
        ExitCode::NoAnswer => 3,
        ExitCode::ApiStatus => 4,
        ExitCode::ScopeMissing => 5,
        ExitCode::LoginNeeded => 6,
        ExitCode::Refused => 7,
        ExitCode::Usage => 8,
        ExitCode::Definition => 9,
        ExitCode::Store => 10,
        ExitCode::Unexpected => 11,
    }
}

/// The work that is left, and the answers that are not printed yet.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: usize,
    printed: usize,
    done: BTreeMap<usize, Row>,
    ended: bool,
}

impl Queue {
    /// Returns the next of `count` logins, as soon as the printer is near.
    fn next(&self, count: usize) -> Option<usize> {
        let state = self.lock();
        let is_far = |state: &mut State| !state.ended && state.next < count && state.next >= state.printed + AHEAD;
        let mut state = self.changed.wait_while(state, is_far).unwrap_or_else(PoisonError::into_inner);
        let at = state.next;
        state.next += 1;
        (at < count && !state.ended).then_some(at)
    }

    fn put(&self, at: usize, row: Row) {
        self.lock().done.insert(at, row);
        self.changed.notify_all();
    }

    /// Waits for an answer. `None` if none comes any more.
    fn take(&self, at: usize) -> Option<Row> {
        let mut state = self.lock();
        loop {
            if let Some(row) = state.done.remove(&at) {
                state.printed = at + 1;
                self.changed.notify_all();
                return Some(row);
            }
            if state.ended {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the queue if its thread ends with a fault of ours: the printer would wait for that answer for ever.
struct EndsWithFault<'a>(&'a Queue);

impl Drop for EndsWithFault<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

impl From<TerminalError> for ManyError {
    fn from(error: TerminalError) -> Self {
        Self::Terminal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a fault in one login's thread would leave the command waiting for ever.
    #[test]
    fn a_fault_in_one_thread_ends_the_wait_for_its_answer() {
        let queue = Queue::default();
        let next = std::thread::scope(|scope| {
            let faulty = scope.spawn(|| {
                let _end = EndsWithFault(&queue);
                assert!(queue.next(2) > Some(0), "a fault");
            });
            let answer = queue.take(0);
            assert!(faulty.join().is_err());
            answer
        });
        assert!(next.is_none());
    }

    /// What a person has to do is graver than what passes by itself, and a broken machine is graver than both.
    #[test]
    fn the_gravest_code_is_the_one_that_waits_longest() {
        let worst = |codes: &[ExitCode]| codes.iter().copied().max_by_key(|code| gravity(*code)).unwrap();
        assert_eq!(worst(&[ExitCode::Network, ExitCode::LoginNeeded, ExitCode::ApiStatus]), ExitCode::LoginNeeded);
        assert_eq!(worst(&[ExitCode::LoginNeeded, ExitCode::Store, ExitCode::Busy]), ExitCode::Store);
        assert_eq!(worst(&[ExitCode::Success, ExitCode::Network]), ExitCode::Network);
    }
}
