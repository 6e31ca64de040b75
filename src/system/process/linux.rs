//! The processes above this one, as `/proc` tells them.

use std::fs::read_to_string;
use std::os::unix::process::parent_id;

/// The next process to name.
pub struct Above(u32);

impl Above {
    pub fn this_process() -> Self {
        Self(parent_id())
    }

    pub fn step(&mut self) -> Option<String> {
        let name = read_to_string(format!("/proc/{}/comm", self.0)).ok()?;
        let status = read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        // There is no process 0, so this is the last step where it is unknown.
        self.0 = parent.and_then(|id| id.trim().parse().ok()).unwrap_or(0);
        Some(name)
    }
}
