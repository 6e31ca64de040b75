//! Work that may overflow the stack: third-party code that recurses as deeply as its input demands.
//!
//! Such work runs on a thread of its own with a given stack size. On overflow the kernel sends SIGSEGV for the page
//! below, which by default ends the process. Here the thread is stopped in place, forever, and the overflow is
//! reported. The process goes on and ends normally. Everything that the thread holds stays held, so it may share
//! nothing with other threads but its input and its output.
//!
//! The handler does only what signal-safety(7) allows: it compares addresses, writes one byte and pauses. Every other
//! fault goes to the previous handler, which is std's.
//!
//! On systems other than Unix, a stack overflow ends the process.

use std::io;

/// Runs work on a thread with `size` bytes of stack. On overflow, `overflow` is called on another thread.
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

    /// How many such threads are watched at once. Further ones are not watched.
    const SLOTS: usize = 16;

    /// How far from the end of a stack a fault still counts as its overflow: the guard page and its neighbours.
    const NEAR: usize = 256 * 1024;

    /// The lowest address of each stack, and the pipe to the thread that waits for its overflow. 0 if unused.
    static STACKS: [(AtomicUsize, AtomicI32); SLOTS] = [const { (AtomicUsize::new(0), AtomicI32::new(0)) }; SLOTS];

    /// The previous handlers for SIGSEGV and SIGBUS.
    static mut BEFORE: [MaybeUninit<libc::sigaction>; 2] = [const { MaybeUninit::uninit() }; 2];

    /// Wraps work so that it is watched from start to end.
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

    /// Waits for the one byte, or for the end of the work. Returns true for the byte.
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

    /// Returns the lowest address of this thread's stack. glibc may reuse a larger stack of a finished thread.
    #[cfg(target_os = "linux")]
    fn lowest(_: usize) -> usize {
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        let (mut lowest, mut size) = (null_mut(), 0);
        // SAFETY: the first call fills the attributes of this thread, or they are not read. The last frees them.
        unsafe {
            if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0 {
                libc::pthread_attr_getstack(attributes.as_ptr(), &mut lowest, &mut size);
                libc::pthread_attr_destroy(attributes.as_mut_ptr());
            }
        }
        lowest.addr()
    }

    /// Estimates the lowest address, as this frame is among the first of its thread.
    #[cfg(not(target_os = "linux"))]
    fn lowest(size: usize) -> usize {
        let here = 0_u8;
        (&raw const here).addr().saturating_sub(size)
    }

    fn catch_overflows() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            for (n, signal) in [SIGSEGV, SIGBUS].into_iter().enumerate() {
                // SAFETY: both structs are complete and outlive the call, and the handler is one for `SA_SIGINFO`.
                // `BEFORE` is written only here, before the handler that reads it can run.
                unsafe {
                    let mut action: libc::sigaction = std::mem::zeroed();
                    action.sa_sigaction = handle as extern "C" fn(c_int, *mut siginfo_t, *mut c_void) as usize;
                    // On the alternate stack that std gives each thread: the thread's own is exhausted.
                    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
                    let before = (&raw mut BEFORE[n]).cast();
                    libc::sigaction(signal, null_mut(), before);
                    libc::sigaction(signal, &action, null_mut());
                }
            }
        });
    }

    extern "C" fn handle(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: the kernel passes a complete struct, and both signals have an address in it.
        let address = unsafe { (*info).si_addr() }.addr();
        for (stack, tell) in &STACKS {
            let lowest = stack.load(SeqCst);
            if lowest > 1 && lowest.abs_diff(address) < NEAR {
                // SAFETY: one byte is read. Nothing else is touched, and nothing runs on this thread after it.
                unsafe {
                    libc::write(tell.load(SeqCst), [1_u8].as_ptr().cast(), 1);
                    stack.store(0, SeqCst);
                    loop {
                        libc::pause();
                    }
                }
            }
        }
        // SAFETY: it was filled before this handler was set. The fault repeats and goes there.
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
    fn a_stack_overflow_is_reported_and_nothing_else_ends() {
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
    fn work_that_finishes_is_not_an_overflow() {
        let (said, overflow) = (channel(), channel::<()>());
        run(1024 * 1024, move || said.0.send(7).unwrap(), move || overflow.0.send(()).unwrap()).unwrap();
        assert_eq!(said.1.recv(), Ok(7));
        assert!(overflow.1.recv().is_err());
    }
}
