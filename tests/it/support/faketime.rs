//! Clocks that go wrong, by Debian's `faketime`, whose library takes the place of the system's clock in a program.

use std::path::PathBuf;
use std::process::Command;

use super::Sandbox;

/// The same place with a clock on which thirty seconds are over in one: for limits of time. `None` on a machine without
/// the program; a CI machine must have it.
pub fn thirty_times_as_fast(sandbox: Sandbox) -> Option<Sandbox> {
    many_times_as_fast(sandbox, 30)
}

/// The same with so many seconds in one.
pub fn many_times_as_fast(sandbox: Sandbox, times: u32) -> Option<Sandbox> {
    Some(sandbox.with("LD_PRELOAD", &library()?).with("FAKETIME", &format!("+0 x{times}")))
}

/// A clock that can be set while a program runs. What counts time, and not dates, goes on as it was: so it is when
/// somebody sets the clock, and when a machine wakes up.
pub struct SettableClock {
    file: PathBuf,
}

impl SettableClock {
    /// It is right at first. `None` as above.
    pub fn new(sandbox: Sandbox) -> Option<(Self, Sandbox)> {
        let clock = Self { file: sandbox.home().join("clock") };
        clock.set("+0");
        let sandbox = sandbox
            .with("LD_PRELOAD", &library()?)
            .with("FAKETIME_TIMESTAMP_FILE", clock.file.to_str().unwrap())
            .with("FAKETIME_NO_CACHE", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Some((clock, sandbox))
    }

    /// How far it is from the real one: `+10y`, `-10y`, `+0`.
    pub fn set(&self, offset: &str) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{offset}\n")).unwrap();
        // At once, so that nobody reads half of it.
        std::fs::rename(new, &self.file).unwrap();
    }
}

/// Where the library is, as the dynamic linker likes to read it.
fn library() -> Option<String> {
    let shown = Command::new("faketime").args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let Ok(shown) = shown else {
        assert!(std::env::var_os("CI").is_none(), "this needs faketime");
        eprintln!("skipped: this needs faketime");
        return None;
    };
    Some(String::from_utf8(shown.stdout).unwrap().trim().to_owned())
}
