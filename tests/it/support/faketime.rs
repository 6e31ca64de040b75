//! Clocks that are wrong, by Debian's `faketime`, whose library replaces the system clock in a program.

use std::path::PathBuf;
use std::process::Command;

use super::Sandbox;

/// Returns the sandbox with a clock that runs thirty times as fast, to test timeouts, or `None` on a machine without
/// `faketime`. A CI machine must have it.
pub fn thirty_times_as_fast(sandbox: Sandbox) -> Option<Sandbox> {
    many_times_as_fast(sandbox, 30)
}

/// Returns the sandbox with a clock that runs this many times as fast.
pub fn many_times_as_fast(sandbox: Sandbox, times: u32) -> Option<Sandbox> {
    Some(sandbox.with("LD_PRELOAD", &library()?).with("FAKETIME", &format!("+0 x{times}")))
}

/// A clock that can be set while a program runs. The monotonic clock is not changed, as when a user sets the clock or a
/// machine wakes up.
pub struct SettableClock {
    file: PathBuf,
}

impl SettableClock {
    /// Returns a clock that is right at first, or `None` as above.
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

    /// Sets the offset from the real clock: `+10y`, `-10y`, `+0`.
    pub fn set(&self, offset: &str) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{offset}\n")).unwrap();
        // Atomically, so that no reader sees half of it.
        std::fs::rename(new, &self.file).unwrap();
    }
}

/// Returns the library's path in the form that the dynamic linker accepts.
fn library() -> Option<String> {
    let shown = Command::new("faketime").args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let Ok(shown) = shown else {
        assert!(std::env::var_os("CI").is_none(), "this needs faketime");
        eprintln!("skipped: this needs faketime");
        return None;
    };
    Some(String::from_utf8(shown.stdout).unwrap().trim().to_owned())
}
