//! Opening a URL where a person can see it: a program with one argument, never a shell.
//!
//! The desktop's choice is the `open` crate's: under WSL that is the Windows browser, started by `powershell.exe`, which
//! reaches our port by WSL's forwarding of localhost. Unproven, as it needs a Windows machine: that the browser comes
//! up, and that the forwarding is on. Where either fails, the printed address and the paste are left.

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
    #[error("an authorize URL is https (or http on loopback) and has no user name: this one is not opened")]
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
    /// Starts a browser and does not wait for it. What it is started with is there for every user of the machine to
    /// read, in the process list.
    fn open(&self, url: &Url) -> Result<(), BrowserError>;
}

/// The desktop's own choice.
pub struct DesktopBrowser;

impl Browser for DesktopBrowser {
    fn open(&self, url: &Url) -> Result<(), BrowserError> {
        check(url)?;
        open::that_detached(url.as_str()).map_err(BrowserError::NoneFound)
    }
}

/// `--browser CMD`: split on white space, the URL appended as the last argument.
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

/// Whether a browser may be led to a URL: https, or http on loopback, and no user name.
pub fn check(url: &Url) -> Result<(), BrowserError> {
    // The serialized form of a `Url` has no blanks, quotes or control bytes, and it begins with its scheme, so it can
    // be taken neither for an option nor for two arguments.
    let secure = crate::provider::Endpoint::parse(url.as_str().split('#').next().unwrap_or_default()).is_ok();
    if secure { Ok(()) } else { Err(BrowserError::UnsafeUrl) }
}

/// Starts a program that gets no terminal, and lets a thread reap it. In a group of its own: Ctrl-C at our terminal does
/// not end it, and what it tries to read there stops it, so that a text browser takes nothing of what a person pastes.
fn start(command: &mut Command) -> std::io::Result<()> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // Without the thread it stays a zombie until we end, which harms nobody.
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
    fn a_program_that_is_not_there_is_named() {
        let error =
            CommandBrowser("no-such-browser -x".into()).open(&Url::parse("https://a.example/").unwrap()).unwrap_err();
        assert!(matches!(error, BrowserError::NotStarted { program, .. } if program == "no-such-browser"));
    }
}
