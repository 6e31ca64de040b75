//! `doctor`: checks this machine, and a provider's registration, and says what mends each problem.
//!
//! A check is a function that looks at one thing, and a row in a table. All run at the same time, since most of them wait,
//! and each is printed when those before it are. They change nothing, but for a record of their own in the store, which is
//! removed again, and list everything that they send.

mod machine;
mod network;
mod provider;
mod registration;
mod scene;
mod view;

use std::io;
use std::thread::{self, Scope, ScopedJoinHandle};

pub use self::scene::DoctorArgs;

use self::scene::{Row, Scene};
use self::view::{Report, Shown};
use super::Context;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::check::{Check, gravest};
use crate::protocol::sanitize::Style;
use crate::system::terminal::TerminalError;
use crate::system::waiting::{self, Knows};

#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    #[error("{}", found(*.count))]
    Problems { count: usize, code: ExitCode },
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for DoctorError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Problems { code, .. } => code.hint("each problem above has a line that says what mends it"),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

fn found(count: usize) -> String {
    match count {
        1 => "one problem was found".to_owned(),
        count => format!("{count} problems were found"),
    }
}

/// A group of checks, with the name for programs and the heading for people.
struct Part {
    name: &'static str,
    heading: String,
    rows: &'static [&'static [Row]],
}

pub fn run(args: &DoctorArgs, context: &Context) -> Result<(), DoctorError> {
    let scene = Scene::new(args, context);
    let mut parts =
        vec![Part { name: "machine", heading: "This machine".to_owned(), rows: &[machine::ROWS, network::ROWS] }];
    if let Some(id) = &args.provider {
        let heading = format!("The provider {id}");
        parts.push(Part { name: "provider", heading, rows: &[provider::ROWS, registration::ROWS] });
    }
    let report = thread::scope(|scope| {
        let started: Vec<_> = parts.iter().map(|part| (part, start(part, &scene, scope))).collect();
        let mut report = Report::new();
        for (part, running) in started {
            print_heading(&part.heading, report.checks.is_empty(), context)?;
            for (words, running) in running {
                let wait = waiting::begin(Knows::Task, move || format!("Checking {words}"));
                let found = running.join();
                drop(wait);
                for check in found {
                    // One cause that several checks meet, such as a folder that they need, is told once.
                    if report.has(part.name, &check) {
                        continue;
                    }
                    print(&check, part.name, context)?;
                    report.checks.push((part.name, check));
                }
            }
        }
        Ok::<_, TerminalError>(report)
    })?;
    finish(&report, args, context)
}

/// A check under way.
enum Running<'scope> {
    InThread(ScopedJoinHandle<'scope, Vec<Check>>),
    /// No thread could be started for it.
    Done(Vec<Check>),
}

impl Running<'_> {
    fn join(self) -> Vec<Check> {
        match self {
            Self::InThread(thread) => thread.join().unwrap_or_else(|_| {
                vec![Check::note("doctor", "doctor", "a check ended without a result, which is a fault of oauthctl")]
            }),
            Self::Done(found) => found,
        }
    }
}

fn start<'scope, 'env>(
    part: &Part,
    scene: &'env Scene<'env>,
    scope: &'scope Scope<'scope, 'env>,
) -> Vec<(&'static str, Running<'scope>)> {
    let one = |Row(words, check): &'static Row| {
        let thread: io::Result<_> =
            thread::Builder::new().name("check".to_owned()).spawn_scoped(scope, || check(scene));
        (*words, thread.map_or_else(|_| Running::Done(check(scene)), Running::InThread))
    };
    part.rows.iter().flat_map(|rows| rows.iter()).map(one).collect()
}

fn print_heading(heading: &str, is_first: bool, context: &Context) -> Result<(), TerminalError> {
    if context.session.choices.json {
        return Ok(());
    }
    if !is_first {
        context.say(&"")?;
    }
    context.say(&Style::Strong.of(heading))
}

fn print(check: &Check, part: &str, context: &Context) -> Result<(), TerminalError> {
    if context.session.choices.json {
        return Ok(());
    }
    let width = context.terminal().width();
    let details = context.is_verbose() || part == "provider";
    context.terminal().show(&Shown::new(check, width, details))
}

fn finish(report: &Report, args: &DoctorArgs, context: &Context) -> Result<(), DoctorError> {
    match context.session.choices.json {
        true => context.answer_json(report)?,
        false => context.terminal().show(&report.sent_lines(args.offline, context.terminal().width()))?,
    }
    let checks = || report.checks.iter().map(|(_, check)| check);
    match gravest(checks()) {
        Some(code) => Err(DoctorError::Problems { count: view::problems(checks()), code }),
        None => Ok(()),
    }
}
