//! The programs that a user names, found as the shell of the system finds them.
//!
//! Windows' own search knows `.exe` only, but `npm`, `az` and many credential helpers are scripts that end in `.cmd`: a
//! shell looks for each ending in PATHEXT. The current folder is not searched, which cmd does first: a project could then
//! put its own `git.cmd` before the user's, so an empty entry in PATH counts as none there. The standard library quotes the arguments of a `.cmd` file, and refuses those
//! that cannot be quoted.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the command that runs a program of this name.
pub fn command(name: impl AsRef<OsStr>) -> Command {
    let name = name.as_ref();
    match cfg!(windows).then(|| find(name)).flatten() {
        Some(path) => Command::new(path),
        // The system says what is wrong, and on Windows it searches its own folders.
        None => Command::new(name),
    }
}

/// Returns the file of a program of this name, if there is one.
pub fn find(name: &OsStr) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let endings = match cfg!(windows) {
        true => std::env::var("PATHEXT").unwrap_or_else(|_| USUAL_ENDINGS.to_owned()),
        false => String::new(),
    };
    search(name, std::env::split_paths(&folders), &endings, |path| path.is_file())
}

/// The endings of programs where PATHEXT does not say.
const USUAL_ENDINGS: &str = ".COM;.EXE;.BAT;.CMD";

/// Searches as a shell does. `endings` are separated by semicolons; without any, a name is a file's whole name.
fn search(
    name: &OsStr,
    folders: impl Iterator<Item = PathBuf>,
    endings: &str,
    is_file: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    let endings: Vec<&str> = endings.split(';').map(str::trim).filter(|ending| ending.starts_with('.')).collect();
    let has_ending = |name: &OsStr| {
        let own = Path::new(name).extension().map(|own| format!(".{}", own.to_string_lossy()));
        endings.is_empty() || own.is_some_and(|own| endings.iter().any(|ending| ending.eq_ignore_ascii_case(&own)))
    };
    let names = |path: &Path| {
        let whole = Some(path.to_owned()).filter(|path| has_ending(path.as_os_str()));
        let with = |ending: &&str| {
            let mut name = OsString::from(path);
            // A file system that has both would have one; programs print the small letters.
            name.push(ending.to_ascii_lowercase());
            PathBuf::from(name)
        };
        whole.into_iter().chain(endings.iter().map(with).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let first = |path: &Path| names(path).into_iter().find(|path| is_file(path));
    let is_path = name.to_string_lossy().contains(['/', std::path::MAIN_SEPARATOR]);
    match is_path || name.is_empty() {
        true => first(Path::new(name)).filter(|_| !name.is_empty()),
        false => folders
            .filter(|folder| endings.is_empty() || !folder.as_os_str().is_empty())
            .find_map(|folder| first(&folder.join(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches two folders of these files.
    fn found(name: &str, endings: &str, files: &[&str]) -> Option<String> {
        let top = if cfg!(windows) { r"C:\" } else { "/" };
        // An empty entry would be the current folder.
        let folders =
            ["a", "", "b"].map(|name| if name.is_empty() { PathBuf::new() } else { Path::new(top).join(name) });
        let in_words = |path: &Path| path.to_string_lossy().trim_start_matches(top).replace('\\', "/");
        let is_file = |path: &Path| files.contains(&in_words(path).as_str());
        search(name.as_ref(), folders.into_iter(), endings, is_file).map(|path| in_words(&path))
    }

    #[test]
    fn a_program_is_found_by_the_endings_of_windows() {
        let endings = ".COM;.EXE;.BAT;.CMD";
        for (name, files, path) in [
            ("npm", &["b/npm", "b/npm.cmd"][..], Some("b/npm.cmd")),
            ("npm", &["a/npm.cmd", "b/npm.exe"], Some("a/npm.cmd")),
            ("npm", &["a/npm.cmd", "a/npm.exe"], Some("a/npm.exe")),
            ("npm.cmd", &["a/npm.exe", "b/npm.cmd"], Some("b/npm.cmd")),
            ("npm.CMD", &["b/npm.CMD"], Some("b/npm.CMD")),
            ("node-18.2", &["a/node-18.2.exe"], Some("a/node-18.2.exe")),
            ("script.ps1", &["a/script.ps1"], None),
            ("here-only", &["here-only.exe"], None),
            ("none", &["a/npm.cmd"], None),
            ("", &["a/.exe"], None),
            ("x/tool", &["x/tool.bat", "a/x/tool.exe"], Some("x/tool.bat")),
        ] {
            assert_eq!(found(name, endings, files).as_deref(), path, "{name}");
        }
    }

    #[test]
    fn elsewhere_a_name_is_the_name_of_a_file() {
        assert_eq!(found("npm", "", &["a/npm.cmd", "b/npm"]).as_deref(), Some("b/npm"));
        assert_eq!(found("npm", "", &["a/npm.cmd"]), None);
    }
}
