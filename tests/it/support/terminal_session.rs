//! A command on its own pseudo-terminal: what it shows there, and what the user types.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use pty_process::blocking::{Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use url::Url;

/// The wait for anything. Only a failing test waits this long.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct TerminalSession {
    terminal: Arc<Pty>,
    process: Child,
    output: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    settings_before: String,
}

/// The end of a command at its terminal.
pub struct Exit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub shown: String,
}

impl TerminalSession {
    pub fn start(command: Command) -> Self {
        let (terminal, end) = open().unwrap();
        let settings_before = settings(&terminal);
        let process = pty_process::blocking::Command::from(command).spawn(end).unwrap();
        let terminal = Arc::new(terminal);
        let (sender, output) = channel();
        let screen = Arc::clone(&terminal);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // After the last process has closed the terminal, Linux returns EIO, and others the end of the file.
            while let Ok(n @ 1..) = (&*screen).read(&mut chunk) {
                if sender.send(chunk[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { terminal, process, output, shown: Vec::new(), settings_before }
    }

    /// Waits until this is on the screen, and returns the whole screen.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> String {
        self.shows_times(text, 1)
    }

    #[track_caller]
    pub fn shows_times(&mut self, text: &str, times: usize) -> String {
        // The countdown prints for minutes, so a timeout for each chunk is not enough.
        let end = Instant::now() + TIMEOUT;
        loop {
            let shown = self.shown();
            if shown.matches(text).count() >= times {
                return shown;
            }
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.shown.extend(chunk),
                Err(_) => panic!("it should show {text:?} and shows:\n{shown}"),
            }
        }
    }

    /// Returns the authorize URL, which is on its own line. By then the terminal is ready for a paste.
    #[track_caller]
    pub fn authorize_url(&mut self) -> Url {
        let shown = self.shows("Waiting for the redirect");
        let line = shown.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("no URL in {shown}"));
        line.parse().unwrap()
    }

    /// Types or pastes a line.
    pub fn types(&self, line: &str) {
        (&*self.terminal).write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    /// Presses Ctrl and C.
    pub fn interrupts(&self) {
        self.presses(b"\x03");
    }

    /// Presses Ctrl and Z.
    pub fn stops(&self) {
        self.presses(b"\x1a");
    }

    /// Sends exactly these bytes.
    pub fn presses(&self, keys: &[u8]) {
        (&*self.terminal).write_all(keys).unwrap();
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub fn terminates(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }

    pub fn hangs_up(&self) {
        kill_process(Pid::from_child(&self.process), Signal::HUP).unwrap();
    }

    /// Returns `true` if the terminal settings differ from those at the start, for example if the echo is off.
    pub fn settings_changed(&self) -> bool {
        settings(&self.terminal) != self.settings_before
    }

    /// Waits for the end, and checks that the terminal settings are restored.
    #[track_caller]
    pub fn finish(mut self) -> Exit {
        let end = Instant::now() + TIMEOUT;
        loop {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.shown.extend(chunk),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it should end and shows:\n{}", self.shown()),
            }
        }
        let status = self.process.wait().unwrap();
        assert_eq!(settings(&self.terminal), self.settings_before, "the terminal settings are restored");
        Exit { code: status.code(), signal: status.signal(), shown: self.shown() }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }
}

impl Drop for TerminalSession {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Exit {
    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert_eq!(self.code, Some(expected), "\n{}", self.shown);
        self
    }

    #[track_caller]
    pub fn hides(&self, secret: &str) -> &Self {
        assert!(!secret.is_empty() && !self.shown.contains(secret), "it should hide {secret:?}:\n{}", self.shown);
        self
    }
}

/// Returns all flags and control characters, which both ends of the terminal share.
fn settings(terminal: &Pty) -> String {
    format!("{:?}", rustix::termios::tcgetattr(terminal).unwrap())
}
