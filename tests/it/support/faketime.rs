//! Clocks that are wrong, by Debian's `faketime`, whose library replaces the system clock in a program.

use std::path::PathBuf;

use super::Sandbox;
use super::lacks;

/// Returns the sandbox with a clock that runs thirty times as fast, to test timeouts.
pub fn thirty_times_as_fast(sandbox: Sandbox) -> Sandbox {
    many_times_as_fast(sandbox, 30)
}

/// Returns the sandbox with a clock that runs this many times as fast.
pub fn many_times_as_fast(sandbox: Sandbox, times: u32) -> Sandbox {
    sandbox.with("LD_PRELOAD", &library()).with("FAKETIME", &format!("+0 x{times}"))
}

/// A clock that can be set while a program runs. The monotonic clock is not changed, as when a user sets the clock or a
/// machine wakes up.
pub struct SettableClock {
    file: PathBuf,
}

impl SettableClock {
    /// Returns a clock that is right at first.
    pub fn new(sandbox: Sandbox) -> (Self, Sandbox) {
        let clock = Self { file: sandbox.home().join("clock") };
        clock.set("+0");
        let sandbox = sandbox
            .with("LD_PRELOAD", &library())
            .with("FAKETIME_TIMESTAMP_FILE", clock.file.to_str().unwrap())
            .with("FAKETIME_NO_CACHE", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        (clock, sandbox)
    }

    /// Sets the offset from the real clock: `+10y`, `-10y`, `+0`.
    pub fn set(&self, offset: &str) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{offset}\n")).unwrap();
        // Atomically, so that no reader sees half of it.
        std::fs::rename(new, &self.file).unwrap();
    }
}

/// Returns the sandbox with a clock that stands still, so that what is shown of times is the same in each run. What waits still
/// waits: the monotonic clock goes on.
pub fn standing_still(sandbox: Sandbox) -> Sandbox {
    sandbox
        .with("TZ", "UTC")
        .with("LD_PRELOAD", &library())
        .with("FAKETIME", "2026-11-28 12:00:00")
        .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

/// Returns the library's path in the form that the dynamic linker accepts.
fn library() -> String {
    let shown = lacks::program("faketime").args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).output().unwrap();
    String::from_utf8(shown.stdout).unwrap().trim().to_owned()
}
