//! What this process shows of itself to others on the machine, and its threads.

use std::io;
use std::thread;

/// Does some work on a thread that nobody waits for. An error where the system gives no thread: std's own `spawn` panics
/// then.
pub fn in_background<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Lets large buffers go back to the system when they are freed, and grow without a copy. glibc raises the size from
/// which it does so each time such a buffer is freed, up to 32 MiB, and keeps the smaller ones: a few pages of a
/// collection would stay for ever. To be called first in `main`.
pub fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it sets one number of the allocator's.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
    }
}

/// Makes this process unreadable to other processes of the same user, and keeps it from leaving a core dump: in both,
/// tokens could be found. To be called first in `main`. Where the kernel does not let us, `false`, and nothing is lost
/// but that; root and a debugger that was there before can look all the same.
pub fn harden() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: PR_SET_DUMPABLE takes one number and touches nothing else.
    let hardened = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 };
    // Elsewhere there is no such switch; a size limit of nothing does half of it. It is inherited, so on Linux it is
    // left alone: what `exec` runs may want its own dumps.
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        let nothing = libc::rlimit { rlim_cur: 0, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the struct lives through the call.
        unsafe {
            libc::setrlimit(libc::RLIMIT_CORE, &nothing);
        }
    }
    // Elsewhere nothing was asked for that could have been refused.
    #[cfg(not(target_os = "linux"))]
    let hardened = true;
    hardened
}
