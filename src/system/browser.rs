//! Opening a URL in a browser: a program with one argument, never a shell.
//!
//! The `open` crate picks the desktop's browser. Under WSL that is the Windows browser, started by `powershell.exe`,
//! which reaches our port through WSL's forwarding of localhost. Unproven, as it needs a Windows machine: that the
//! browser starts, and that the forwarding is on. If either fails, the user can still open the printed address and
//! paste the answer.

use std::process::{Command, Stdio};

use url::Url;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::system::process;

#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("no browser could be started")]
    NoneFound(#[source] std::io::Error),
    #[error("`{program}` could not be started")]
    NotStarted {
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the authorize URL was not opened: it must be https (or http on loopback) and contain no user name")]
    UnsafeUrl,
}

impl Advice for BrowserError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoneFound(_) | Self::NotStarted { .. } | Self::UnsafeUrl => ExitCode::Unexpected.no_hint(),
        }
    }
}

pub trait Browser: Send + Sync {
    /// Starts a browser and does not wait for it. Every user of the machine can read its arguments in the process list.
    fn open(&self, url: &Url) -> Result<(), BrowserError>;
}

/// The desktop's default browser.
pub struct DesktopBrowser;

impl Browser for DesktopBrowser {
    fn open(&self, url: &Url) -> Result<(), BrowserError> {
        check(url)?;
        open::that_detached(url.as_str()).map_err(BrowserError::NoneFound)
    }
}

/// The browser of `--browser CMD`: split on whitespace, with the URL appended as the last argument.
pub struct CommandBrowser(pub String);

impl Browser for CommandBrowser {
    fn open(&self, url: &Url) -> Result<(), BrowserError> {
        check(url)?;
        let mut words = self.0.split_whitespace();
        let program = words.next().unwrap_or_default();
        start(Command::new(program).args(words).arg(url.as_str()))
            .map_err(|source| BrowserError::NotStarted { program: crate::protocol::sanitize::line(program), source })
    }
}

/// Checks that a browser may open a URL: https, or http on loopback, and no user name.
pub fn check(url: &Url) -> Result<(), BrowserError> {
    // The serialized form of a `Url` has no whitespace, quotes or control bytes, and it begins with its scheme. So it
    // cannot be mistaken for an option or for two arguments.
    let secure = crate::provider::Endpoint::parse(url.as_str().split('#').next().unwrap_or_default()).is_ok();
    if secure { Ok(()) } else { Err(BrowserError::UnsafeUrl) }
}

/// Starts a program without a terminal, and lets a thread reap it. It is in a process group of its own: Ctrl-C at our
/// terminal does not end it, and a read from the terminal stops it. So a text browser cannot consume pasted input.
fn start(command: &mut Command) -> std::io::Result<()> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // Without the thread it stays a zombie until we exit, which does no harm.
    let _ = process::in_background("browser", move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_urls_are_opened() {
        let open = |url: &str| CommandBrowser("true --new-window".into()).open(&Url::parse(url).unwrap());
        assert!(open("https://shop.example/authorize?x=%22&y='").is_ok());
        assert!(open("http://127.0.0.1:1/x").is_ok());
        for bad in [
            "http://shop.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://user@shop.example/",
            "smb://x/y",
        ] {
            assert!(matches!(open(bad), Err(BrowserError::UnsafeUrl)), "{bad}");
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let error =
            CommandBrowser("no-such-browser -x".into()).open(&Url::parse("https://a.example/").unwrap()).unwrap_err();
        assert!(matches!(error, BrowserError::NotStarted { program, .. } if program == "no-such-browser"));
    }
}
