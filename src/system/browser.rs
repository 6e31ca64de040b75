//! Opening a URL in a browser: a program with one argument, never a shell.
//!
//! `BROWSER` names the user's browser, and `command.rs` reads it. It counts before all that the desktop prefers: in a remote
//! development container it names the only program that can reach the user's screen. If none of its programs works, none
//! other is started in their place, since a variable such as `BROWSER=none` says that there is none.
//!
//! Without it the `open` crate picks the desktop's browser. Under WSL that is the Windows browser, started by `powershell.exe`,
//! which reaches our port through WSL's forwarding of localhost. Unproven, as it needs a Windows machine: that the
//! browser starts, and that the forwarding is on. If either fails, the user can still open the printed address and
//! paste the answer.

mod command;
mod obstacle;

use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use url::Url;

use self::command::BrowserCommand;
pub use self::obstacle::{Obstacle, obstacle};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::system::paths::variable;
use crate::system::{process, program, shell};

/// The variable that names the user's browsers.
const BROWSER: &str = "BROWSER";

/// How soon a browser fails that cannot show a page. One that ends later has been closed by the user.
const FAILS_WITHIN: Duration = Duration::from_secs(5);

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
    #[error("none of the programs in BROWSER (`{value}`) could be started")]
    NoneOfBrowser {
        value: String,
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
            Self::NoneOfBrowser { .. } => ExitCode::Unexpected
                .hint(format!("set BROWSER to a program that exists, or run `{}`", shell::unset(&[BROWSER]))),
        }
    }
}

pub trait Browser: Send + Sync {
    /// Starts a browser and does not wait for it. Every user of the machine can read its arguments in the process list.
    fn open(&self, url: &Url) -> Result<(), BrowserError>;
}

/// The user's browser: the one in `BROWSER`, else the desktop's default.
pub struct DesktopBrowser;

impl Browser for DesktopBrowser {
    fn open(&self, url: &Url) -> Result<(), BrowserError> {
        check(url)?;
        let value = variable(BROWSER).unwrap_or_default();
        let commands = BrowserCommand::parse_list(&value);
        if commands.is_empty() {
            return open::that_detached(url.as_str()).map_err(BrowserError::NoneFound);
        }
        let failed = |source| BrowserError::NoneOfBrowser { value: sanitize::line(&value), source };
        start_one(commands.into_iter(), url.as_str().to_owned()).map_err(failed)
    }
}

/// The browser of `--browser CMD`. The URL is its last argument, or where `%s` is.
pub struct CommandBrowser(pub String);

impl Browser for CommandBrowser {
    fn open(&self, url: &Url) -> Result<(), BrowserError> {
        check(url)?;
        let command = BrowserCommand::parse(&self.0);
        let command = command.ok_or_else(|| BrowserError::NotStarted {
            program: sanitize::line(&self.0),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        let mut child = start(&command, url.as_str(), true)
            .map_err(|source| BrowserError::NotStarted { program: sanitize::line(&command.program), source })?;
        // Without the thread it stays a zombie until we exit, which does no harm.
        let _ = process::in_background("browser", move || child.wait());
        Ok(())
    }
}

/// Checks that a browser may open a URL: https, or http on loopback, and no user name.
pub fn check(url: &Url) -> Result<(), BrowserError> {
    // The serialized form of a `Url` has no whitespace, quotes or control bytes, and it begins with its scheme. So it
    // cannot be mistaken for an option or for two arguments.
    let secure = crate::provider::Endpoint::parse(url.as_str().split('#').next().unwrap_or_default()).is_ok();
    if secure { Ok(()) } else { Err(BrowserError::UnsafeUrl) }
}

/// Starts the first command that can be started. The rest is left to a thread, which starts the next one if a browser
/// fails at once: the page that a browser asks for is served only after this returns.
fn start_one(mut commands: impl Iterator<Item = BrowserCommand> + Send + 'static, url: String) -> std::io::Result<()> {
    let child = start_next(&mut commands, &url)?;
    // Without a thread there is the first browser.
    let _ = process::in_background("browser", move || {
        let mut running = child;
        while failed_at_once(running) {
            match start_next(&mut commands, &url) {
                Ok(next) => running = next,
                Err(_) => return,
            }
        }
    });
    Ok(())
}

/// Starts the next command that can be started. Fails with the last one's error.
fn start_next(commands: &mut impl Iterator<Item = BrowserCommand>, url: &str) -> std::io::Result<Child> {
    let mut failure = std::io::ErrorKind::NotFound.into();
    for command in commands {
        match start(&command, url, false) {
            Ok(child) => return Ok(child),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Waits for a browser, and returns whether it failed before it can have shown a page.
fn failed_at_once(mut browser: Child) -> bool {
    let (tell, ended) = mpsc::channel();
    let waits = process::in_background("browser", move || {
        let failed = browser.wait().is_ok_and(|status| !status.success());
        // There is no listener any more if it ran for longer.
        let _ = tell.send(failed);
    });
    waits.is_ok() && ended.recv_timeout(FAILS_WITHIN).unwrap_or(false)
}

/// Starts a program without a terminal. It is in a process group of its own: Ctrl-C at our terminal does not end it, and
/// a read from the terminal stops it. So a text browser cannot consume pasted input.
///
/// A program that is named by `BROWSER` does not see the variable. xdg-open and its like obey it, too, and would start
/// themselves again and again.
fn start(browser: &BrowserCommand, url: &str, keeps_variable: bool) -> std::io::Result<Child> {
    let mut command = program::command(&browser.program);
    command.args(browser.args_for(url));
    if !keeps_variable {
        command.env_remove(BROWSER);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::process::Command;

    use super::*;

    #[test]
    fn only_https_and_loopback_urls_are_opened() {
        let program = if cfg!(windows) { "whoami" } else { "true" };
        let open = |url: &str| CommandBrowser(format!("{program} --new-window")).open(&Url::parse(url).unwrap());
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

    /// Each entry writes its arguments to a FIFO, whose reader waits for it.
    #[cfg(unix)]
    #[test]
    fn the_first_browser_of_a_list_that_works_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let tell = format!("sh -c 'echo \"$0 $1 ${{BROWSER-unset}}\" > {}'", fifo.display());
        for (list, used) in [
            (format!("{tell} first:{tell} second"), "first"),
            (format!("no-such-browser:/no/such/browser:{tell} second"), "second"),
            (format!("false:no-such-browser:sh -c 'exit 3':{tell} third"), "third"),
        ] {
            start_one(BrowserCommand::parse_list(&list).into_iter(), "http://127.0.0.1:1/x".to_owned()).unwrap();
            assert_eq!(
                std::fs::read_to_string(&fifo).unwrap(),
                format!("{used} http://127.0.0.1:1/x unset\n"),
                "{list}"
            );
        }
        let none = BrowserCommand::parse_list("no-such-browser:/no/such/browser").into_iter();
        assert!(start_one(none, "http://127.0.0.1:1/x".to_owned()).is_err());
    }
}
