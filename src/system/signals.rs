//! The end by a signal: at once and by its default action, so that a shell sees 130, 143 or 129. Before that, the
//! terminal settings are restored, a change on the disk is finished, a temporary file is removed, and a helper process
//! is ended.
//!
//! SIGINT, SIGTERM and SIGHUP are caught only once there is something to clean up: a command that only reads is ended
//! by the kernel. A change in progress has [`GRACE`]: it takes milliseconds, but a keychain may hang, and a user who
//! presses Ctrl-C should not wait for it. A file that is being written is completed, however busy the machine is. A
//! second signal waits for nothing.
//!
//! Everything happens in the handler, with only what signal-safety(7) allows there: atomics, `tcsetattr`, `unlinkat`,
//! `kill`, `write`, `setitimer` (a system call that touches no memory of ours) and `raise`. A thread that waits for signals
//! would be one more thread in every command that writes. Signals that were ignored at the start, as by nohup(1), stay
//! ignored.
//!
//! On Windows the guards are the same, and a console's events take the place of signals: see `signals/windows.rs`.

#[cfg(unix)]
pub use unix::{ChangedTerminal, EndOnSignal, EndSignal, EndSignals, RemoveOnSignal, Screen, SignalGrace, Writing};

#[cfg(not(unix))]
pub use windows::{
    EndOnSignal, EndSignal, EndSignals, LeftToChild, RemoveOnSignal, SignalGrace, WithoutEcho, Writing,
    end_as_by_ctrl_c,
};

#[cfg(unix)]
mod unix {
    use std::ffi::CString;
    use std::io::{self, PipeReader, Read};
    use std::mem::MaybeUninit;
    use std::os::fd::IntoRawFd;
    use std::os::raw::c_int;
    use std::process::Child;
    use std::ptr::null_mut;
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use libc::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, STDIN_FILENO, termios};
    use signal_hook::low_level::{emulate_default_handler, register};

    /// The time a signal waits for a change in progress. With it the process ends well within 200 ms.
    const GRACE: Duration = Duration::from_millis(100);

    /// The number of changes in progress.
    static CHANGES: AtomicUsize = AtomicUsize::new(0);

    /// The number of files being written.
    static WRITES: AtomicUsize = AtomicUsize::new(0);

    /// True if [`GRACE`] is over.
    static OVERDUE: AtomicBool = AtomicBool::new(false);

    /// The signal that is to end the process, or 0.
    static WANTED: AtomicI32 = AtomicI32::new(0);

    /// The terminal's previous and current settings; null if they are unchanged.
    static TERMINAL: AtomicPtr<Settings> = AtomicPtr::new(null_mut());

    /// A temporary file; null if there is none.
    static UNNAMED: AtomicPtr<NewName> = AtomicPtr::new(null_mut());

    /// The helper in the form of kill(2): a process, or a negative process group; 0 if there is none.
    static HELPER: AtomicI32 = AtomicI32::new(0);

    /// The writing end of the pipe of [`EndSignals`], or -1.
    static SIGNALS: AtomicI32 = AtomicI32::new(-1);

    /// A guard for a change in progress: a signal waits for it, up to [`GRACE`].
    #[derive(Debug)]
    pub struct SignalGrace(#[expect(dead_code, reason = "what counts is its life")] Counted);

    impl SignalGrace {
        #[must_use]
        pub fn begin() -> Self {
            Self(Counted::begin(&CHANGES))
        }
    }

    /// A guard for a file being written: a signal waits for its end.
    #[derive(Debug)]
    pub struct Writing(#[expect(dead_code, reason = "what counts is its life")] Counted);

    impl Writing {
        #[must_use]
        pub fn begin() -> Self {
            Self(Counted::begin(&WRITES))
        }
    }

    /// One of the operations counted.
    #[derive(Debug)]
    struct Counted(&'static AtomicUsize);

    impl Counted {
        fn begin(under_way: &'static AtomicUsize) -> Self {
            catch_signals();
            under_way.fetch_add(1, SeqCst);
            Self(under_way)
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
            end_if_due();
        }
    }

    /// Ends the process if a signal is pending. A handler stores its signal and then checks the counters; here the
    /// order is reversed, so one of the two always sees the other.
    fn end_if_due() {
        let signal = WANTED.load(SeqCst);
        if signal != 0 && WRITES.load(SeqCst) == 0 && (CHANGES.load(SeqCst) == 0 || OVERDUE.load(SeqCst)) {
            end_by(signal);
        }
    }

    struct NewName {
        folder: c_int,
        name: CString,
    }

    /// A guard for a new file, which is removed if a signal ends the process. Drop it when the file is renamed or
    /// removed, and before its folder is closed. There is one at a time.
    #[derive(Debug)]
    pub struct RemoveOnSignal(());

    impl RemoveOnSignal {
        /// `folder` is a descriptor.
        #[must_use]
        pub fn begin(folder: c_int, name: &str) -> Self {
            catch_signals();
            // Never freed: a handler may read it at any time. A command creates one.
            let name = Box::new(NewName { folder, name: CString::new(name).unwrap_or_default() });
            UNNAMED.store(Box::into_raw(name), SeqCst);
            Self(())
        }
    }

    impl Drop for RemoveOnSignal {
        fn drop(&mut self) {
            UNNAMED.store(null_mut(), SeqCst);
        }
    }

    /// A guard for a child process, which is ended if a signal ends this one. It always gets SIGTERM, since a process
    /// that a shell started in the background ignores SIGINT. Drop it when the child is reaped. There is one at a time.
    pub struct EndOnSignal(());

    impl EndOnSignal {
        /// Watches a child that `leads` its own process group, or is in ours.
        pub fn watch(child: &Child, leads: bool) -> Self {
            catch_signals();
            let id = i32::try_from(child.id()).unwrap_or(0);
            HELPER.store(if leads { -id } else { id }, SeqCst);
            Self(())
        }
    }

    impl Drop for EndOnSignal {
        fn drop(&mut self) {
            HELPER.store(0, SeqCst);
        }
    }

    /// A guard for a command that ends by a signal, and has to clean up in more than a handler can do: the signals come
    /// to [`EndSignals::wait`], and end nothing by themselves. It lasts to the end of the process.
    pub struct EndSignals(PipeReader);

    impl EndSignals {
        pub fn receive() -> io::Result<Self> {
            let (reader, writer) = io::pipe()?;
            SIGNALS.store(writer.into_raw_fd(), SeqCst);
            catch_signals();
            if is_default(SIGQUIT) {
                catch(SIGQUIT, || on_end(SIGQUIT));
            }
            Ok(Self(reader))
        }

        /// Waits for a signal.
        pub fn wait(&mut self) -> EndSignal {
            let mut signal = [0];
            match self.0.read_exact(&mut signal) {
                Ok(()) => EndSignal(c_int::from(signal[0])),
                // The other end is never closed.
                Err(_) => EndSignal(SIGTERM),
            }
        }
    }

    /// A signal that is to end the process.
    #[derive(Clone, Copy)]
    pub struct EndSignal(c_int);

    impl EndSignal {
        /// Returns `true` if a terminal sends it to each program that runs on it, by Ctrl-C or Ctrl-\.
        pub fn is_for_all(self) -> bool {
            [SIGINT, SIGQUIT].contains(&self.0)
        }

        /// Passes it on to a child.
        pub fn pass_on(self, child: u32) {
            if let Some(child) = i32::try_from(child).ok().filter(|child| *child > 0) {
                // SAFETY: `kill` takes two numbers.
                unsafe { libc::kill(child, self.0) };
            }
        }

        /// Ends the process by this signal.
        pub fn end(self) {
            end_by(self.0);
        }
    }

    struct Settings {
        before: termios,
        now: termios,
        screen: Screen,
    }

    /// What is written to stderr when a signal interrupts a prompt that draws on the screen.
    #[derive(Clone, Copy, Default)]
    pub struct Screen {
        /// Undoes what the prompt changed, when the process ends or stops.
        pub leave: &'static [u8],
        /// Does it again when the process continues.
        pub enter: &'static [u8],
    }

    /// The terminal at stdin with other settings, until this is dropped. They are restored while Ctrl-Z stops the
    /// process, too. There is one at a time.
    pub struct ChangedTerminal(());

    impl ChangedTerminal {
        /// Changes the settings, or returns `None` if stdin is not a terminal.
        pub fn enter(change: impl FnOnce(&mut termios)) -> Option<Self> {
            Self::enter_with(change, Screen::default())
        }

        /// Changes the settings for a prompt that draws on the screen.
        pub fn enter_with(change: impl FnOnce(&mut termios), screen: Screen) -> Option<Self> {
            let mut before = MaybeUninit::<termios>::uninit();
            // SAFETY: the kernel fills the struct, or the call fails, as it does if this is not a terminal, and then
            // the struct is not read.
            let before = unsafe {
                if libc::tcgetattr(STDIN_FILENO, before.as_mut_ptr()) != 0 {
                    return None;
                }
                before.assume_init()
            };
            let mut now = before;
            change(&mut now);
            catch_signals();
            // Never freed: a handler may read it at any time. A command creates one or two.
            let settings = Box::leak(Box::new(Settings { before, now, screen }));
            TERMINAL.store(settings, SeqCst);
            set(&settings.now);
            Some(Self(()))
        }

        /// Sets the changed settings again, after something else has set others.
        pub fn set_again(&self) {
            if let Some(settings) = settings(TERMINAL.load(SeqCst)) {
                set(&settings.now);
            }
        }
    }

    impl Drop for ChangedTerminal {
        fn drop(&mut self) {
            if let Some(settings) = settings(TERMINAL.swap(null_mut(), SeqCst)) {
                set(&settings.before);
            }
        }
    }

    fn settings(pointer: *mut Settings) -> Option<&'static Settings> {
        // SAFETY: it is null or was leaked, and is never written to again.
        unsafe { pointer.as_ref() }
    }

    /// Sets the terminal's settings, except in the background, where the terminal belongs to another process and a
    /// change would stop this one.
    fn set(settings: &termios) {
        // SAFETY: three system calls on a descriptor, with settings that come from the terminal itself.
        unsafe {
            let foreground = libc::tcgetpgrp(STDIN_FILENO);
            if foreground <= 0 || foreground == libc::getpgrp() {
                libc::tcsetattr(STDIN_FILENO, libc::TCSANOW, settings);
            }
        }
    }

    /// Restores the terminal before a signal ends or stops the process.
    fn leave(settings: &Settings) {
        show(settings.screen.leave);
        set(&settings.before);
    }

    fn show(text: &[u8]) {
        if !text.is_empty() {
            // SAFETY: the text lives forever.
            unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
        }
    }

    fn catch_signals() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| is_default(signal)) {
                catch(signal, move || on_end(signal));
            }
            catch(SIGALRM, on_alarm);
            if is_default(SIGTSTP) {
                catch(SIGTSTP, on_stop);
                catch(SIGCONT, on_continue);
            }
        });
    }

    fn catch(signal: c_int, handler: impl Fn() + Send + Sync + 'static) {
        // SAFETY: every handler here is async-signal-safe: see the module's header.
        let _ = unsafe { register(signal, handler) };
    }

    /// Returns `true` if the signal has its default action.
    fn is_default(signal: c_int) -> bool {
        let mut action = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: the kernel fills the struct, or the call fails and it is not looked at.
        unsafe {
            libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
                && action.assume_init().sa_sigaction == libc::SIG_DFL
        }
    }

    fn on_end(signal: c_int) {
        let receiver = SIGNALS.load(SeqCst);
        if receiver >= 0 {
            let signal = [signal as u8];
            // SAFETY: it writes one byte of ours to a pipe that stays open.
            unsafe { libc::write(receiver, signal.as_ptr().cast(), 1) };
            return;
        }
        let is_first = WANTED.swap(signal, SeqCst) == 0;
        if is_first && (CHANGES.load(SeqCst) > 0 || WRITES.load(SeqCst) > 0) {
            let nothing = libc::timeval { tv_sec: 0, tv_usec: 0 };
            let grace = libc::timeval { tv_sec: 0, tv_usec: GRACE.as_micros() as _ };
            let timer = libc::itimerval { it_interval: nothing, it_value: grace };
            // SAFETY: the struct lives through the call.
            unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, null_mut()) };
            return;
        }
        end_by(signal);
    }

    /// Handles the end of [`GRACE`], or a SIGALRM from another process.
    fn on_alarm() {
        OVERDUE.store(true, SeqCst);
        match WANTED.load(SeqCst) {
            0 => end_by(SIGALRM),
            signal if WRITES.load(SeqCst) == 0 => end_by(signal),
            _ => {}
        }
    }

    fn end_by(signal: c_int) {
        if let Some(settings) = settings(TERMINAL.load(SeqCst)) {
            leave(settings);
        }
        // SAFETY: it is null or was leaked, and is never written to again.
        if let Some(new) = unsafe { UNNAMED.load(SeqCst).as_ref() } {
            // SAFETY: the name is a C string that lives forever.
            unsafe { libc::unlinkat(new.folder, new.name.as_ptr(), 0) };
        }
        match HELPER.load(SeqCst) {
            0 => {}
            // SAFETY: `kill` takes two numbers. The child is not reaped yet, so its number is still its own.
            helper => drop(unsafe { libc::kill(helper, SIGTERM) }),
        }
        let _ = emulate_default_handler(signal);
    }

    fn on_stop() {
        if let Some(settings) = settings(TERMINAL.load(SeqCst)) {
            leave(settings);
        }
        let _ = emulate_default_handler(SIGTSTP);
    }

    fn on_continue() {
        if let Some(settings) = settings(TERMINAL.load(SeqCst)) {
            set(&settings.now);
            show(settings.screen.enter);
        }
    }
}

#[cfg(not(unix))]
mod windows;
