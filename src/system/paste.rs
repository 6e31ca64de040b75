//! What a person pastes while we wait for the redirect: the address that the browser ended at, or a bare code.
//!
//! The terminal is read without line mode, which would cut a line at 4,095 bytes, and without echo, as a code or a token
//! is in it. The terminal gets its old settings back on every way out: at the end of the wait, and on Ctrl-C, a hang-up
//! or a termination, which a thread catches, mends the terminal, and lets happen.

use zeroize::Zeroizing;

/// A pasted address with a token in it has a few KiB; this is where we stop to collect.
const MAX_PASTE: usize = 256 * 1024;

/// Reads lines from the terminal until it is dropped.
pub struct PasteReader {
    #[cfg(unix)]
    _mode: unix::Unechoed,
}

impl PasteReader {
    /// Starts to read stdin, if it is a terminal. Every line goes to `deliver`, without its line break.
    #[cfg(unix)]
    pub fn start(mut deliver: impl FnMut(Zeroizing<String>) -> bool + Send + 'static) -> Option<Self> {
        use std::io::Read;
        let mode = unix::Unechoed::enter()?;
        std::thread::Builder::new()
            .name("paste".to_owned())
            .spawn(move || {
                let mut line = Zeroizing::new(Vec::new());
                let mut byte = [0];
                let mut stdin = std::io::stdin().lock();
                while stdin.read(&mut byte).is_ok_and(|n| n == 1) {
                    match byte[0] {
                        b'\n' | b'\r' => {
                            let text = Zeroizing::new(String::from_utf8_lossy(&line).trim().to_owned());
                            line.clear();
                            if !text.is_empty() && !deliver(text) {
                                return;
                            }
                        }
                        // Backspace, and the end of a paste that is too long to be one.
                        0x7f | 0x08 => drop(line.pop()),
                        byte if line.len() < MAX_PASTE => line.push(byte),
                        _ => {}
                    }
                }
            })
            .ok()?;
        Some(Self { _mode: mode })
    }

    /// Elsewhere lines are read as the terminal gives them.
    #[cfg(not(unix))]
    pub fn start(mut deliver: impl FnMut(Zeroizing<String>) -> bool + Send + 'static) -> Option<Self> {
        use std::io::{BufRead, IsTerminal};
        if !std::io::stdin().is_terminal() {
            return None;
        }
        std::thread::Builder::new()
            .name("paste".to_owned())
            .spawn(move || {
                for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                    let text = Zeroizing::new(line.chars().take(MAX_PASTE).collect::<String>().trim().to_owned());
                    if !text.is_empty() && !deliver(text) {
                        return;
                    }
                }
            })
            .ok()?;
        Some(Self {})
    }
}

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::os::raw::c_int;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use libc::{ECHO, ICANON, STDIN_FILENO, TCSANOW, VMIN, VTIME, isatty, tcgetattr, tcsetattr, termios};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::{Handle, Signals};
    use signal_hook::low_level::emulate_default_handler;

    /// A terminal that neither echoes nor collects lines, until this is dropped.
    pub struct Unechoed {
        before: termios,
        signals: Handle,
        caught: Vec<c_int>,
        restored: Arc<AtomicBool>,
    }

    impl Unechoed {
        pub fn enter() -> Option<Self> {
            let mut settings = MaybeUninit::<termios>::uninit();
            // SAFETY: the kernel fills the struct, or the call fails and it is not looked at.
            let before = unsafe {
                if isatty(STDIN_FILENO) != 1 || tcgetattr(STDIN_FILENO, settings.as_mut_ptr()) != 0 {
                    return None;
                }
                settings.assume_init()
            };
            // What nohup(1) or a shell told us to ignore stays ignored.
            let caught: Vec<c_int> = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| ends_us(signal)).collect();
            let mut signals = Signals::new(&caught).ok()?;
            let handle = signals.handle();
            let restored = Arc::new(AtomicBool::new(false));
            let already = Arc::clone(&restored);
            std::thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || {
                    for signal in signals.forever() {
                        restore(&before, &already);
                        let _ = emulate_default_handler(signal);
                    }
                })
                .ok()?;
            let mut quiet = before;
            // Signals stay on, so that Ctrl-C works as ever.
            quiet.c_lflag &= !(ECHO | ICANON);
            quiet.c_cc[VMIN] = 1;
            quiet.c_cc[VTIME] = 0;
            // SAFETY: the struct is the terminal's own, with two flags less.
            unsafe { tcsetattr(STDIN_FILENO, TCSANOW, &quiet) };
            Some(Self { before, signals: handle, caught, restored })
        }
    }

    impl Drop for Unechoed {
        fn drop(&mut self) {
            restore(&self.before, &self.restored);
            // The handlers stay installed; without a thread that listens they must fall back to what they replaced.
            self.signals.close();
            for &signal in &self.caught {
                // SAFETY: SIG_DFL is what we found: see `ends_us`.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
        }
    }

    /// Whether the signal does what it does by default.
    fn ends_us(signal: c_int) -> bool {
        let mut action = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: the kernel fills the struct, or the call fails and it is not looked at.
        unsafe {
            libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
                && action.assume_init().sa_sigaction == libc::SIG_DFL
        }
    }

    fn restore(before: &termios, restored: &AtomicBool) {
        if !restored.swap(true, Ordering::SeqCst) {
            // SAFETY: the settings are those that the terminal had.
            unsafe { tcsetattr(STDIN_FILENO, TCSANOW, before) };
        }
    }
}
