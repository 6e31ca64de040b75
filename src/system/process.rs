//! The protection of this process from others on the machine, and its threads.

use std::io;
use std::path::PathBuf;
use std::thread;

use super::program;

/// Runs work on a detached thread. Returns an error if no thread can be started, where std's own `spawn` panics.
pub fn in_background<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Returns the name of the program that started this one, where the system tells it without ado.
pub fn parent_name() -> Option<String> {
    Ancestors::of_this_process().next()
}

/// Returns the system's name and version, as it calls itself.
pub fn system_name() -> String {
    let plain = || format!("{} ({})", std::env::consts::OS, std::env::consts::ARCH);
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(plain, |name| format!("{} ({})", name.trim_matches('"'), std::env::consts::ARCH))
}

/// Returns this program, and the other one that its name starts in a shell, if that is another.
pub fn program_on_path() -> Option<(PathBuf, PathBuf)> {
    let own = std::env::current_exe().ok()?.canonicalize().ok()?;
    let name = own.file_name()?;
    let found = program::find(name)?;
    (found.canonicalize().ok()? != own).then_some((own, found))
}

/// The names of the processes above this one, the nearest first. It ends early where the system does not tell them.
pub struct Ancestors(ancestors::Above);

impl Ancestors {
    pub fn of_this_process() -> Self {
        Self(ancestors::Above::this_process())
    }
}

impl Iterator for Ancestors {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.step()
    }
}

#[cfg_attr(target_os = "linux", path = "process/linux.rs")]
#[cfg_attr(target_os = "macos", path = "process/macos.rs")]
#[cfg_attr(windows, path = "process/windows.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos", windows)), path = "process/other.rs")]
mod ancestors;

/// Makes the allocator return large buffers to the system when they are freed, and grow them without a copy. Each time
/// such a buffer is freed, glibc raises the size from which it does so, up to 32 MiB, and keeps smaller buffers: a few
/// pages of a collection would stay forever. Must be called first in `main`.
pub fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it sets one number of the allocator's.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
    }
}

/// Makes this process unreadable to other processes of the same user, and disables core dumps: both could reveal
/// tokens. Must be called first in `main`. Returns `false` if the kernel refuses, and only this protection is missing
/// then. Root and a debugger that is already attached can read the process all the same.
pub fn harden() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: PR_SET_DUMPABLE takes one number and touches nothing else.
    let hardened = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 };
    // Elsewhere there is no such switch, and a core size limit of 0 does half of it. The limit is inherited, so it is
    // not set on Linux: a command that `exec` runs may want its own dumps.
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        let nothing = libc::rlimit { rlim_cur: 0, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the struct outlives the call.
        unsafe {
            libc::setrlimit(libc::RLIMIT_CORE, &nothing);
        }
    }
    // Elsewhere nothing was requested that could have been refused.
    #[cfg(not(target_os = "linux"))]
    let hardened = true;
    hardened
}
