//! Whether a browser can be opened for the person at this terminal, as far as it can be known without trying.

use std::fmt;
use std::path::Path;

use super::BROWSER;
use super::command::BrowserCommand;
use crate::system::paths::variable;
use crate::system::program;

/// Why no browser can be opened here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The person is at another machine.
    Ssh,
    Container,
    NoDisplay,
    NoOpener,
    /// `BROWSER` names nothing that exists, such as `none`.
    NoneOfBrowser,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssh => "this is an SSH session without a display",
            Self::Container => "this is a container without a display",
            Self::NoDisplay => "there is no display",
            Self::NoOpener => "there is no program that opens one, such as xdg-open",
            Self::NoneOfBrowser => "no program in BROWSER exists",
        })
    }
}

/// Returns what stands in the way of a browser, if anything does.
pub fn obstacle() -> Option<Obstacle> {
    let facts = Facts {
        has_desktop_of_its_own: cfg!(any(windows, target_os = "macos")),
        variable: &|name| variable(name).filter(|value| !value.is_empty()),
        exists: &|path| Path::new(path).exists(),
        is_program: &is_program,
    };
    facts.obstacle()
}

/// The programs that the `open` crate tries.
const OPENERS: [&str; 7] = ["xdg-open", "gio", "gnome-open", "kde-open", "kde-open5", "kde-open6", "wslview"];

/// What is known of this machine.
struct Facts<'a> {
    /// True where a display needs no variable.
    has_desktop_of_its_own: bool,
    variable: &'a dyn Fn(&str) -> Option<String>,
    exists: &'a dyn Fn(&str) -> bool,
    is_program: &'a dyn Fn(&str) -> bool,
}

impl Facts<'_> {
    fn obstacle(&self) -> Option<Obstacle> {
        let is_set = |names: &[&str]| names.iter().any(|name| (self.variable)(name).is_some());
        // It is obeyed before the desktop, and may reach the person's screen from anywhere.
        if let Some(value) = (self.variable)(BROWSER) {
            let commands = BrowserCommand::parse_list(&value);
            if !commands.is_empty() {
                let can_start = commands.iter().any(|command| (self.is_program)(&command.program));
                return (!can_start).then_some(Obstacle::NoneOfBrowser);
            }
        }
        let is_ssh = is_set(&["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"]);
        let has_display = is_set(&["DISPLAY", "WAYLAND_DISPLAY"]);
        // Windows' own browser is at the same screen.
        let is_wsl = is_set(&["WSL_DISTRO_NAME", "WSL_INTEROP"]);
        if self.has_desktop_of_its_own || is_wsl {
            return (is_ssh && !has_display).then_some(Obstacle::Ssh);
        }
        if !has_display {
            let marks = ["/.dockerenv", "/run/.containerenv"];
            let is_container = is_set(&["container"]) || marks.iter().any(|path| (self.exists)(path));
            return Some(match (is_ssh, is_container) {
                (true, _) => Obstacle::Ssh,
                (false, true) => Obstacle::Container,
                (false, false) => Obstacle::NoDisplay,
            });
        }
        (!OPENERS.iter().any(|name| (self.is_program)(name))).then_some(Obstacle::NoOpener)
    }
}

fn is_program(name: &str) -> bool {
    // WSL runs the programs of Windows, too, by their whole name.
    [name, &format!("{name}.exe")].into_iter().any(|name| program::find(name.as_ref()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(own: bool, variables: &[(&str, &str)], files: &[&str], programs: &[&str]) -> Option<Obstacle> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Facts {
            has_desktop_of_its_own: own,
            variable: &variable,
            exists: &|path| files.contains(&path),
            is_program: &|name| programs.contains(&name),
        }
        .obstacle()
    }

    #[test]
    fn a_browser_needs_a_display_and_an_opener() {
        let opener = &["xdg-open"][..];
        let ssh = ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22");
        for (variables, files, programs, expected) in [
            (&[("DISPLAY", ":0")][..], &[][..], opener, None),
            (&[("WAYLAND_DISPLAY", "wayland-0"), ssh], &[], opener, None),
            (&[("DISPLAY", ":0")], &["/.dockerenv"], opener, None),
            (&[("DISPLAY", ":0")], &[], &["firefox"], Some(Obstacle::NoOpener)),
            (&[], &[], opener, Some(Obstacle::NoDisplay)),
            (&[ssh], &["/.dockerenv"], opener, Some(Obstacle::Ssh)),
            (&[("container", "podman")], &[], opener, Some(Obstacle::Container)),
            (&[], &["/run/.containerenv"], opener, Some(Obstacle::Container)),
            (&[("WSL_DISTRO_NAME", "Debian")], &[], &[], None),
            (&[("BROWSER", "/vscode/browser.sh"), ssh], &[], &["/vscode/browser.sh"], None),
            (&[("BROWSER", "none"), ("DISPLAY", ":0")], &[], opener, Some(Obstacle::NoneOfBrowser)),
            (
                &[("BROWSER", if cfg!(windows) { "lost;firefox %s" } else { "lost:firefox %s" }), ("DISPLAY", ":0")],
                &[],
                &["firefox"],
                None,
            ),
        ] {
            assert_eq!(found(false, variables, files, programs), expected, "{variables:?} {files:?} {programs:?}");
        }
        assert_eq!(found(true, &[], &[], &[]), None);
        assert_eq!(found(true, &[ssh], &[], &[]), Some(Obstacle::Ssh));
    }
}
