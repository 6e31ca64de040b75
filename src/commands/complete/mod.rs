//! Completion: the answer to a shell whose user presses TAB.
//!
//! The scripts in `completions/` are short, and ask `oauthctl __complete SHELL …`, so a new command, flag or provider
//! changes none of them, and a script that is installed once stays right after an update.
//!
//! Why this is our own and not `clap_complete`'s dynamic engine (4.6, `unstable-dynamic`):
//!
//! * Its script for PowerShell passes the typed line to `Invoke-Expression`, which runs a `$(…)` in it.
//! * Its words for bash are split by globs and inserted as they are: a scope called `$(…)` in a definition would run with
//!   the line. Bash splits words at `:` and `=`, and what it gets for `helper:NAME` is not put together again.
//! * Its completers see one value and not the line, but the scopes depend on the provider beside them.
//! * Its scripts are not to be kept in files, because their protocol may change with each version, and the feature is
//!   outside of its promise to stay compatible. A variable (`COMPLETE`) would turn every command into a completion.
//!
//! Three rules: nothing is sent, no keychain is opened, and no program is run. Whatever cannot be read has no values,
//! and nothing is said of it: a message would be written into the line that a person types.
//!
//! A definition may come from elsewhere, and a shell must not run what it says. A value with invisible characters is left
//! out; [`dialect`] quotes each one for the shell that inserts it; a description is text for all of them.

mod candidate;
mod dialect;
mod install;
mod place;
mod values;

pub use self::dialect::Shell;
pub use self::install::{InstallError, Installed, install};
pub use self::values::{Kind, kind};

use std::ffi::OsString;
use std::sync::Arc;

use clap::Command;

use self::candidate::{Candidate, Fitting, Native, words};
use self::dialect::Question;
use self::place::{Expected, Place};
use self::values::Values;
use crate::protocol::sanitize;
use crate::session::Session;
use crate::system::System;

/// The first argument of a shell's question. No command begins like this.
pub const ASKED: &str = "__complete";

/// Answers a shell: `args` follow [`ASKED`].
pub fn answer(args: &[OsString], mut program: Command, system: System) -> String {
    let Some(question) = Question::read(args) else { return String::new() };
    program.build();
    let place = Place::find(&program, question.words());
    let session = session(&place, system);
    question.answer(&fitting(&place, session.as_ref()))
}

/// Returns the session of the line, as far as it is typed.
fn session(place: &Place<'_>, system: System) -> Option<Session> {
    Session::of_unfinished_line(place.given(&["login", "profile"]), Arc::new(system))
}

fn fitting(place: &Place<'_>, session: Option<&Session>) -> Fitting {
    let mut fitting = match &place.expected {
        Expected::Flag => Fitting { candidates: flags(place), native: Native::Nothing },
        Expected::Value(arg) => values_of(arg, place, session),
        Expected::Word(positional) => {
            let mut fitting = positional.map(|arg| values_of(arg, place, session)).unwrap_or_default();
            fitting.candidates.splice(0..0, commands(place));
            // Where nothing else can be typed, the flags are all there is.
            if fitting.candidates.is_empty() && positional.is_none() && place.word.is_empty() && place.takes_flag() {
                fitting.candidates = flags(place);
            }
            fitting
        }
    };
    fitting.candidates.retain(|candidate| {
        candidate.value.starts_with(&place.word) && sanitize::line(&candidate.value) == candidate.value
    });
    for candidate in &mut fitting.candidates {
        candidate.help = sanitize::line(candidate.help.lines().next().unwrap_or_default());
    }
    fitting
}

fn values_of(arg: &clap::Arg, place: &Place<'_>, session: Option<&Session>) -> Fitting {
    let native = match kind(arg) {
        Some(Kind::Files) => Native::Files,
        Some(Kind::Folders) => Native::Folders,
        Some(Kind::Commands) if place.values_of(arg.get_id().as_str()).count() > 0 => Native::Files,
        Some(Kind::Commands) => Native::Commands,
        _ => Native::Nothing,
    };
    let values = Values { place, session };
    let (before, offered) = values.of(arg);
    let lead = place.word[..place.word.len() - place.value().len()].to_owned() + &before;
    // A value that begins like a flag would be taken for one.
    let fits = |candidate: &Candidate| !candidate.value.is_empty() && !candidate.value.starts_with('-');
    let whole = |Candidate { value, help }: Candidate| Candidate { value: format!("{lead}{value}"), help };
    Fitting { native, candidates: offered.into_iter().filter(fits).map(whole).collect() }
}

fn commands(place: &Place<'_>) -> Vec<Candidate> {
    let visible = place.command.get_subcommands().filter(|inner| !inner.is_hide_set() && place.takes_command());
    visible.map(|inner| Candidate::new(inner.get_name(), words(inner.get_about()))).collect()
}

/// The flags that may still come: one that takes a single value is offered once.
fn flags(place: &Place<'_>) -> Vec<Candidate> {
    let is_open = |arg: &&clap::Arg| !arg.is_hide_set() && (place::repeats(arg) || !place.has(arg.get_id().as_str()));
    let open = place.command.get_arguments().filter(is_open);
    let long = |arg: &clap::Arg| Some(Candidate::new(format!("--{}", arg.get_long()?), words(arg.get_help())));
    let short = |arg: &clap::Arg| Some(Candidate::new(format!("-{}", arg.get_short()?), words(arg.get_help())));
    match place.word == "-" {
        true => open.flat_map(|arg| [long(arg), short(arg)].into_iter().flatten()).collect(),
        false => open.filter_map(long).collect(),
    }
}
