//! What a story needs and a machine may lack: a program, or something that its system refuses. The story ends there and
//! is counted as skipped (`src/skipped.rs`), from however deep it finds out.

use std::fs::Metadata;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::Command;

#[path = "../../../src/skipped.rs"]
mod skipped;

/// Unwinds a story that cannot be told here.
struct Lack;

/// Runs a story; `tests/attribute` puts the body of each into this.
pub fn run(story: impl FnOnce()) {
    if let Err(end) = catch_unwind(AssertUnwindSafe(story))
        && !end.is::<Lack>()
    {
        resume_unwind(end);
    }
}

/// Ends the story: this machine lacks what it needs. Only on the story's own thread.
pub fn lacks(what: &str) -> ! {
    skipped::for_want_of(what);
    // Without the hook that prints a panic.
    resume_unwind(Box::new(Lack))
}

/// Returns a command for a program that every story beside `oauthctl` itself must look for.
pub fn program(name: &str) -> Command {
    needs(&[name]);
    Command::new(name)
}

/// Ends the story where one of these programs is not in PATH.
pub fn needs(programs: &[&str]) {
    if let Some(missing) = programs.iter().find(|name| find(name).is_none()) {
        lacks(&format!("the program `{missing}`"));
    }
}

/// Where a program is.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Windows has it by another name.
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(&name));
    places.find(|file| file.metadata().is_ok_and(|file| file.is_file() && may_run(&file)))
}

#[cfg(unix)]
fn may_run(file: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &Metadata) -> bool {
    true
}
