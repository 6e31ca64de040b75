//! Work that may need more stack than there is: code of others that recurses as deep as its input says.
//!
//! Such work runs on a thread of its own with a stack of a size that is asked for. Where it runs over, the kernel sends
//! SIGSEGV for the page below, and by default that is the end of the process. Here the thread is stopped where it is and
//! for ever, and somebody is told; the process goes on, and ends as it would have. Whatever the thread holds stays held,
//! so nothing may be shared with it but what it is told and what it says.
//!
//! The handler does what signal-safety(7) allows: it compares addresses, writes one byte and pauses. What is no overflow
//! of such a stack goes to the handler that was there before, which is std's.
//!
//! Elsewhere than on Unix a stack that runs over ends the process.

use std::io;

/// Runs work on a thread with `size` bytes of stack. `overflow` is called, on another thread, when it runs over.
pub fn run(
    size: usize,
    work: impl FnOnce() + Send + 'static,
    overflow: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    #[cfg(unix)]
    let work = unix::watched(size, work, overflow)?;
    #[cfg(not(unix))]
    drop(overflow);
    std::thread::Builder::new().name("deep".to_owned()).stack_size(size).spawn(work).map(drop)
}

#[cfg(unix)]
mod unix {
    use std::io::{self, PipeReader, PipeWriter, Read};
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;
    use std::os::raw::{c_int, c_void};
    use std::ptr::null_mut;
    use std::sync::Once;
    use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::SeqCst};

    use libc::{SA_ONSTACK, SA_SIGINFO, SIGBUS, SIGSEGV, siginfo_t};

    use crate::system::process::in_background;

    /// How many such threads are watched at once; another one is not.
    const SLOTS: usize = 16;

    /// How far from the end of a stack a fault may be that is an overflow of it: the guard page and its neighbours.
    const NEAR: usize = 256 * 1024;

    /// The lowest address of each stack, and the pipe to whoever waits for its overflow; 0 where there is none.
    static STACKS: [(AtomicUsize, AtomicI32); SLOTS] = [const { (AtomicUsize::new(0), AtomicI32::new(0)) }; SLOTS];

    /// The handlers that were there before, for SIGSEGV and SIGBUS.
    static mut BEFORE: [MaybeUninit<libc::sigaction>; 2] = [const { MaybeUninit::uninit() }; 2];

    /// The same work, watched from its begin to its end.
    pub fn watched(
        size: usize,
        work: impl FnOnce() + Send + 'static,
        overflow: impl FnOnce() + Send + 'static,
    ) -> io::Result<impl FnOnce() + Send + 'static> {
        catch_overflows();
        let (seen, tell) = io::pipe()?;
        in_background("overflow", move || {
            if is_told(seen) {
                overflow()
            }
        })?;
        Ok(move || {
            let _watched = Watched::begin(lowest(size), &tell);
            work();
        })
    }

    /// Waits for the one byte, or for the end of the work.
    fn is_told(mut seen: PipeReader) -> bool {
        seen.read(&mut [0]).is_ok_and(|n| n == 1)
    }

    /// A stack that is watched.
    struct Watched(Option<usize>);

    impl Watched {
        fn begin(lowest: usize, tell: &PipeWriter) -> Self {
            let free = |(stack, _): &(AtomicUsize, AtomicI32)| stack.compare_exchange(0, 1, SeqCst, SeqCst).is_ok();
            let slot = STACKS.iter().position(free);
            if let Some(slot) = slot {
                STACKS[slot].1.store(tell.as_raw_fd(), SeqCst);
                STACKS[slot].0.store(lowest, SeqCst);
            }
            Self(slot)
        }
    }

    impl Drop for Watched {
        fn drop(&mut self) {
            if let Some(slot) = self.0 {
                STACKS[slot].0.store(0, SeqCst);
            }
        }
    }

    /// The lowest address of this thread's stack. glibc may give a thread a larger one that another has left.
    #[cfg(target_os = "linux")]
    fn lowest(_: usize) -> usize {
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        let (mut lowest, mut size) = (null_mut(), 0);
        // SAFETY: the first call fills the attributes of this thread, or they are not looked at; the last frees them.
        unsafe {
            if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0 {
                libc::pthread_attr_getstack(attributes.as_ptr(), &mut lowest, &mut size);
                libc::pthread_attr_destroy(attributes.as_mut_ptr());
            }
        }
        lowest.addr()
    }

    /// The same, as this frame is among the first of its thread.
    #[cfg(not(target_os = "linux"))]
    fn lowest(size: usize) -> usize {
        let here = 0_u8;
        (&raw const here).addr().saturating_sub(size)
    }

    fn catch_overflows() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            for (n, signal) in [SIGSEGV, SIGBUS].into_iter().enumerate() {
                // SAFETY: both structs are whole and live through the call, and the handler is one for `SA_SIGINFO`.
                // `BEFORE` is written here only, before the handler can run that reads it.
                unsafe {
                    let mut action: libc::sigaction = std::mem::zeroed();
                    action.sa_sigaction = handle as extern "C" fn(c_int, *mut siginfo_t, *mut c_void) as usize;
                    // On the stack that std gives each thread for this: the thread's own is used up.
                    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
                    let before = (&raw mut BEFORE[n]).cast();
                    libc::sigaction(signal, null_mut(), before);
                    libc::sigaction(signal, &action, null_mut());
                }
            }
        });
    }

    extern "C" fn handle(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: the kernel hands over a whole struct, and both signals have an address in it.
        let address = unsafe { (*info).si_addr() }.addr();
        for (stack, tell) in &STACKS {
            let lowest = stack.load(SeqCst);
            if lowest > 1 && lowest.abs_diff(address) < NEAR {
                // SAFETY: one byte is read; nothing else is touched, and nothing comes after it on this thread.
                unsafe {
                    libc::write(tell.load(SeqCst), [1_u8].as_ptr().cast(), 1);
                    stack.store(0, SeqCst);
                    loop {
                        libc::pause();
                    }
                }
            }
        }
        // SAFETY: it was filled before this handler was set. The fault comes again, and goes there.
        unsafe {
            let before = (&raw const BEFORE[usize::from(signal == SIGBUS)]).cast();
            libc::sigaction(signal, before, null_mut());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_stack_that_runs_over_is_told_and_nothing_else_ends() {
        fn recurse(depth: u64) -> u64 {
            let deeper = if depth == u64::MAX { 0 } else { recurse(std::hint::black_box(depth + 1)) };
            std::hint::black_box(deeper + depth)
        }
        for _ in 0..2 {
            let (said, overflow) = (channel(), channel());
            let end = move || said.0.send(recurse(0)).unwrap();
            run(1024 * 1024, end, move || overflow.0.send(()).unwrap()).unwrap();
            overflow.1.recv().unwrap();
            assert!(said.1.try_recv().is_err());
        }
    }

    #[test]
    fn work_that_ends_is_no_overflow() {
        let (said, overflow) = (channel(), channel::<()>());
        run(1024 * 1024, move || said.0.send(7).unwrap(), move || overflow.0.send(()).unwrap()).unwrap();
        assert_eq!(said.1.recv(), Ok(7));
        assert!(overflow.1.recv().is_err());
    }
}
