//! `completions --install`: puts the script where the shell finds it.
//!
//! A script that is there already is replaced if it is ours: one that this or an earlier version printed. zsh, PowerShell
//! and elvish have no folder in the home that they search by themselves, so a line in their startup file loads it. That
//! file is the user's: it is only appended to, once, and never through a link, which a folder of dotfiles may be behind.
//! Where that is so, the line is printed instead. Nothing is read back that could be run: no shell is started.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::dialect::Shell;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::protocol::shell::{quoted, quoted_for_powershell};
use crate::system::paths::variable;
use crate::system::{private_file, shell};

/// The largest file that is looked at. Scripts of 0.1 have 120 KiB, and a startup file some KiB.
const MAX: u64 = 4 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("it is not known which shell this is")]
    UnknownShell,
    #[error("there is no home directory for the completion script")]
    NoHome,
    #[error("`{path}` is not a completion script of oauthctl")]
    NotOurs { path: String },
    #[error("`{path}` is a link, which may lead to a file that is not meant")]
    Link { path: String },
    #[error("the completion script cannot be installed as `{path}`")]
    NotInstalled {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl Advice for InstallError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::UnknownShell => ExitCode::Usage.hint("name it: `oauthctl completions --install bash`"),
            Self::NoHome => {
                ExitCode::Definition.hint("set HOME, or print the script with `oauthctl completions SHELL`")
            }
            Self::NotOurs { path } | Self::Link { path } => {
                let rename = shell::rename(path, &format!("{path}.old"));
                ExitCode::Definition.hint(format!("look at it, then run `{rename}` and try again"))
            }
            Self::NotInstalled { .. } => {
                ExitCode::Unexpected.hint("print the script with `oauthctl completions SHELL`, and put it elsewhere")
            }
        }
    }
}

/// What was changed.
#[derive(Debug, Serialize)]
pub struct Installed {
    pub shell: &'static str,
    pub script: String,
    /// False if it was there already, as it is.
    pub script_changed: bool,
    /// The startup file that loads it, if this shell needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_file: Option<String>,
    pub startup_file_changed: bool,
    /// A line that the user has to add, because the startup file is a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_to_add: Option<String>,
    #[serde(skip)]
    pub note: Option<&'static str>,
}

/// Where a shell's script belongs.
struct Target {
    script: PathBuf,
    /// A startup file, and the line that loads the script.
    startup: Option<(PathBuf, String)>,
    note: Option<&'static str>,
}

pub fn install(shell: Option<Shell>) -> Result<Installed, InstallError> {
    let shell = shell.or_else(in_use).ok_or(InstallError::UnknownShell)?;
    let target = target(shell).ok_or(InstallError::NoHome)?;
    let script_changed = write_script(&target.script, shell.script())?;
    let mut installed = Installed {
        shell: shell.name(),
        script: shown(&target.script),
        script_changed,
        startup_file: target.startup.as_ref().map(|(path, _)| shown(path)),
        startup_file_changed: false,
        line_to_add: None,
        note: target.note,
    };
    if let Some((path, line)) = target.startup {
        match path.is_symlink() {
            true if has_line(&path, &line) => {}
            true => installed.line_to_add = Some(line),
            false => installed.startup_file_changed = append(&path, &line)?,
        }
    }
    Ok(installed)
}

fn shown(path: &Path) -> String {
    sanitize::line(&path.to_string_lossy())
}

/// The shell that runs this command, else the user's own.
fn in_use() -> Option<Shell> {
    use clap::ValueEnum as _;
    let named = |path: &str| {
        let name = Path::new(path.trim()).file_stem()?.to_str()?.trim_start_matches('-');
        Shell::from_str(name, true).ok()
    };
    let parent = || named(&crate::system::process::parent_name()?);
    let own = || named(&variable("SHELL")?);
    let windows = || cfg!(windows).then_some(Shell::Powershell);
    parent().or_else(own).or_else(windows)
}

fn target(shell: Shell) -> Option<Target> {
    let home = directories::BaseDirs::new()?.home_dir().to_owned();
    // Shells follow XDG on every system, also where other programs do not.
    let folder = |name: &str, default: &str| {
        let named = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        named.unwrap_or_else(|| home.join(default))
    };
    let config = |default: &str| folder("XDG_CONFIG_HOME", ".config").join(default);
    let data = |default: &str| folder("XDG_DATA_HOME", ".local/share").join(default);
    let plain = |script| Target { script, startup: None, note: None };
    Some(match shell {
        Shell::Bash => Target {
            note: Some("bash loads it by the package `bash-completion`, from 2.0 on"),
            ..plain(data("bash-completion/completions/oauthctl"))
        },
        Shell::Fish => plain(config("fish/completions/oauthctl.fish")),
        Shell::Zsh => {
            let script = data("zsh/site-functions/_oauthctl");
            let line = format!("[[ -r {0} ]] && source {0}", quoted(&script.to_string_lossy()));
            let startup = variable("ZDOTDIR").map_or_else(|| home.clone(), PathBuf::from).join(".zshrc");
            Target { startup: Some((startup, line)), ..plain(script) }
        }
        Shell::Elvish => {
            let script = data("elvish/lib/oauthctl-completion.elv");
            let line = format!("eval (slurp < '{}')", script.to_string_lossy().replace('\'', "''"));
            Target { startup: Some((config("elvish/rc.elv"), line)), ..plain(script) }
        }
        Shell::Powershell => {
            let documents = directories::UserDirs::new().and_then(|dirs| dirs.document_dir().map(Path::to_owned));
            let profile = match cfg!(windows) {
                true => documents?.join("PowerShell"),
                false => config("powershell"),
            };
            let script = profile.join("oauthctl-completion.ps1");
            let line = format!(". {}", quoted_for_powershell(&script.to_string_lossy()));
            Target { startup: Some((profile.join("profile.ps1"), line)), ..plain(script) }
        }
    })
}

/// Writes the script, and returns `false` if it was there already.
fn write_script(path: &Path, script: &str) -> Result<bool, InstallError> {
    let failed = |source| InstallError::NotInstalled { path: shown(path), source };
    if path.is_symlink() {
        return Err(InstallError::Link { path: shown(path) });
    }
    match private_file::read_any(path, MAX) {
        Ok(there) if there == script.as_bytes() => return Ok(false),
        Ok(there) if !is_ours(&there) => return Err(InstallError::NotOurs { path: shown(path) }),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    private_file::replace_public(path, script.as_bytes()).map_err(failed)?;
    Ok(true)
}

/// Returns `true` for a script that this program printed, in this version or in 0.1.
fn is_ours(script: &[u8]) -> bool {
    let text = String::from_utf8_lossy(script);
    let of_this = text.lines().take(2).any(|line| line.starts_with("# Completion of oauthctl for "));
    let marks = [
        "_oauthctl() {",
        "#compdef oauthctl",
        "# Print an optspec for argparse",
        "using namespace System",
        "use builtin",
    ];
    let begins = marks.iter().any(|mark| text.trim_start().starts_with(mark));
    of_this || (begins && text.contains("oauthctl"))
}

fn has_line(path: &Path, line: &str) -> bool {
    let there = private_file::read_any(path, MAX).unwrap_or_default();
    String::from_utf8_lossy(&there).lines().any(|known| known.trim() == line)
}

/// Adds the line at the end of the user's file, and returns `false` if it is there.
fn append(path: &Path, line: &str) -> Result<bool, InstallError> {
    let failed = |source| InstallError::NotInstalled { path: shown(path), source };
    let there = match private_file::read_any(path, MAX) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            private_file::write_public_new(path, format!("{line}\n").as_bytes()).map_err(failed)?;
            return Ok(true);
        }
        Err(error) => return Err(failed(error)),
    };
    if has_line(path, line) {
        return Ok(false);
    }
    let gap = if there.is_empty() || there.ends_with(b"\n") { "" } else { "\n" };
    let mut file = std::fs::OpenOptions::new().append(true).open(path).map_err(failed)?;
    file.write_all(format!("{gap}{line}\n").as_bytes()).map_err(failed)?;
    Ok(true)
}
