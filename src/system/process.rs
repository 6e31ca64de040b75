//! What this process shows of itself to others on the machine.

/// Makes this process unreadable to other processes of the same user, and keeps it from leaving a core dump: in both,
/// tokens could be found. To be called first in `main`. Where the kernel does not let us, nothing is lost but that; root
/// and a debugger that was there before can look all the same.
pub fn harden() {
    #[cfg(target_os = "linux")]
    // SAFETY: PR_SET_DUMPABLE takes one number and touches nothing else.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
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
}
