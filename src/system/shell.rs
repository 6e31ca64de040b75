//! The shell that reads our lines and the words that we propose: each hint and each line to paste is in its language.
//!
//! # Decision: which shell it is
//!
//! On Unix it is the one that started this program. What started it otherwise (a build tool, `env`, a program of the
//! user's) gets lines for a POSIX shell, as it always did. On Windows a launcher often stands between (`cargo run`, a
//! package manager's shim), so the nearest shell above counts, and PowerShell where there is none.

use std::path::Path;
use std::sync::OnceLock;

use super::process::Ancestors;
use crate::protocol::shell::ShellKind;

/// Returns the shell in use.
pub fn in_use() -> ShellKind {
    static IN_USE: OnceLock<ShellKind> = OnceLock::new();
    *IN_USE.get_or_init(|| among(Ancestors::of_this_process(), cfg!(windows)))
}

fn among(names: impl Iterator<Item = String>, is_windows: bool) -> ShellKind {
    let (looked_at, otherwise) = if is_windows { (MAX_ABOVE, ShellKind::Powershell) } else { (1, ShellKind::Bash) };
    names.take(looked_at).find_map(|name| ShellKind::of_program(&name)).unwrap_or(otherwise)
}

/// The number of processes above this one among which a shell is looked for.
const MAX_ABOVE: usize = 8;

/// Quotes a text as one word of the shell in use.
pub fn quoted(text: &str) -> String {
    in_use().quoted(text)
}

/// Returns a text as one word of the shell in use, quoted only if it needs that.
pub fn word(text: &str) -> String {
    in_use().word(text)
}

/// Returns a command line for the shell in use.
pub fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    in_use().command(words)
}

/// Returns the command that removes variables.
pub fn unset(names: &[&str]) -> String {
    in_use().unset(names)
}

/// Returns the command that renames a file.
pub fn rename(from: &str, to: &str) -> String {
    let name = Path::new(to).file_name().map_or(to.into(), |name| name.to_string_lossy());
    let shell = in_use();
    match shell {
        ShellKind::Bash | ShellKind::Fish => shell.command(["mv", from, to]),
        ShellKind::Powershell => shell.command(["Rename-Item", from, &name]),
        ShellKind::Cmd => shell.command(["ren", from, &name]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_the_one_that_reads_the_line() {
        let among = |names: &[&str], is_windows| among(names.iter().map(|name| (*name).to_owned()), is_windows);
        for (names, shell) in [
            (&["fish\n", "sshd"][..], ShellKind::Fish),
            (&["pwsh"], ShellKind::Powershell),
            (&["zsh"], ShellKind::Bash),
            (&["make", "fish"], ShellKind::Bash),
            (&[], ShellKind::Bash),
        ] {
            assert_eq!(among(names, false), shell, "{names:?}");
        }
        for (names, shell) in [
            (&["cmd.exe", "powershell.exe"][..], ShellKind::Cmd),
            (&["cargo.exe", "pwsh.exe", "explorer.exe"], ShellKind::Powershell),
            (&["bash.exe", "mintty.exe"], ShellKind::Bash),
            (&["explorer.exe"], ShellKind::Powershell),
        ] {
            assert_eq!(among(names, true), shell, "{names:?}");
        }
    }
}
