//! `.oauthctl.toml`, searched from the working directory upwards: the login that a project uses.
//!
//! A user who clones a repository gets its file too, so the file can say little: the name of a profile, and values of
//! kind `label` for a provider's URLs. It cannot name a host, an origin, an endpoint or a secret, and any other key is
//! an error. A label may still become part of a host name; `commands/consent.rs` asks first.
//!
//! The file must belong to the user or to root, and no other user may be able to change it. Folders above the working
//! directory may be writable by others. A file of this name that belongs to another user is ignored, with a note.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::provider::catalogue::is_id;
use crate::provider::param::Param;
use crate::system::private_file::{self, Ownership};

pub const FILE: &str = ".oauthctl.toml";

/// The largest project file: a name and a few values need far less.
const MAX_PROJECT: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("the project file `{place}` cannot be used")]
    Unreadable {
        place: String,
        #[source]
        source: io::Error,
    },
    #[error("{at}: {problem}")]
    Wrong { at: FilePosition, problem: String },
}

impl Advice for ProjectError {
    fn next_step(&self) -> NextStep {
        ExitCode::Definition.hint(match self {
            Self::Unreadable { .. } => "make sure that it is owned by you or root and not writable by other users",
            Self::Wrong { .. } => "use only `profile = \"NAME\"`, and `[params]` with single names as values",
        })
    }
}

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosition {
    pub place: String,
    pub line: usize,
    pub column: usize,
}

impl std::fmt::Display for FilePosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`, line {}, column {}", self.place, self.line, self.column)
    }
}

#[derive(Debug)]
pub struct Project {
    pub profile: Option<ProjectValue>,
    /// By parameter.
    pub params: BTreeMap<String, ProjectValue>,
}

/// A value and its position in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectValue {
    pub value: String,
    pub at: FilePosition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Option<Spanned<String>>,
    #[serde(default)]
    params: BTreeMap<String, Spanned<String>>,
}

/// The result of the search.
#[derive(Debug, Default)]
pub struct ProjectSearch {
    pub project: Option<Project>,
    pub ignored: Vec<Ignored>,
}

/// A file, or anything else, of this name that belongs to another user.
#[derive(Debug, PartialEq, Eq)]
pub struct Ignored {
    place: String,
    why: String,
}

impl std::fmt::Display for Ignored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is ignored: {}", self.place, self.why)
    }
}

/// Finds the nearest project file, from `folder` upwards; the home directory is the last one searched.
pub fn find(folder: &Path, home: Option<&Path>) -> Result<ProjectSearch, ProjectError> {
    let mut ignored = Vec::new();
    for folder in folder.ancestors() {
        let path = folder.join(FILE);
        match private_file::read_unless_foreign(&path, MAX_PROJECT) {
            Ok(Ownership::Ours(bytes)) => return Ok(ProjectSearch { project: Some(read(&path, &bytes)?), ignored }),
            Ok(Ownership::Foreign(why)) => ignored.push(Ignored { place: place(&path), why }),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(source) => return Err(ProjectError::Unreadable { place: place(&path), source }),
        }
        if home == Some(folder) {
            break;
        }
    }
    Ok(ProjectSearch { project: None, ignored })
}

/// Finds the project file for this process.
pub fn find_here() -> Result<ProjectSearch, ProjectError> {
    let Ok(folder) = std::env::current_dir() else { return Ok(ProjectSearch::default()) };
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    // The path of the working directory contains no links.
    let home: Option<PathBuf> = home.map(|home| home.canonicalize().unwrap_or(home));
    find(&folder, home.as_deref())
}

fn read(path: &Path, bytes: &[u8]) -> Result<Project, ProjectError> {
    let at = |text: &str, offset: usize| {
        let before = text.get(..offset).unwrap_or(text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        FilePosition { place: place(path), line: before.matches('\n').count() + 1, column }
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ProjectError::Wrong { at: at("", 0), problem: "it is not UTF-8 text".to_owned() })?;
    let wrong = |offset: usize, problem: String| ProjectError::Wrong { at: at(text, offset), problem };
    let file: File = toml::from_str(text).map_err(|error| {
        // The message repeats text from the file, and its `Display` a whole line of it.
        wrong(error.span().map_or(0, |span| span.start), sanitize::line(error.message()))
    })?;
    let named = |value: Spanned<String>| ProjectValue { at: at(text, value.span().start), value: value.into_inner() };
    let profile = file.profile.map(named);
    if let Some(ProjectValue { at, .. }) = profile.as_ref().filter(|profile| !is_id(&profile.value)) {
        let problem = "a profile name has only lowercase letters, digits, `.`, `_` and `-`".to_owned();
        return Err(ProjectError::Wrong { at: at.clone(), problem });
    }
    let mut params = BTreeMap::new();
    for (name, value) in file.params {
        let mut named = named(value);
        // A parameter's default kind, which is `label`.
        named.value = Param::default().normalize(&named.value).map_err(|problem| ProjectError::Wrong {
            at: named.at.clone(),
            problem: format!("`{}` cannot be set here: {problem}", sanitize::line(&name)),
        })?;
        params.insert(name, named);
    }
    Ok(Project { profile, params })
}

fn place(path: &Path) -> String {
    sanitize::line(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        read(Path::new("p.toml"), text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_profile_and_labels_are_read_with_their_places() {
        let project = read(Path::new("p.toml"), b"profile = 'shop-2'\n\n[params]\n  store = 'My-Shop'\n").unwrap();
        let profile = project.profile.unwrap();
        assert_eq!((profile.value.as_str(), profile.at.line, profile.at.column), ("shop-2", 1, 11));
        let store = &project.params["store"];
        assert_eq!((store.value.as_str(), store.at.line, store.at.column), ("my-shop", 4, 11));
    }

    #[test]
    fn only_a_profile_name_and_labels_are_accepted() {
        let cases = [
            ("host = 'evil.example'", "line 1, column 1: unknown field `host`"),
            ("profile = 'a'\n[token]\nurl = 'https://evil.example'", "line 2, column 2: unknown field `token`"),
            ("[params]\nstore = 'evil.example#'", "line 2, column 9: `store` cannot be set here"),
            ("[params]\nstore = 'https://evil.example'", "line 2, column 9: `store` cannot be set here"),
            ("profile = '../x'", "line 1, column 11: a profile name has"),
            ("profile = 3", "line 1, column 11: invalid type"),
            ("profile", "line 1, column"),
            ("[params]\n\"x\\u001b[2J\" = 'a.b'", "`x` cannot be set here"),
        ];
        for (text, expected) in cases {
            let said = wrong(text);
            assert!(said.contains(expected), "{text:?}: {said}");
            assert!(!said.contains('\u{1b}') && !said.contains('\n'), "{said:?}");
        }
    }

    #[test]
    fn the_nearest_file_counts_and_none_above_the_home() {
        let top = tempfile::tempdir().unwrap();
        let home = top.path().join("home");
        let inner = home.join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        let profile =
            |home_is: &Path| find(&inner, Some(home_is)).unwrap().project.map(|project| project.profile.unwrap().value);
        let write = |folder: &Path, name: &str| {
            std::fs::write(folder.join(FILE), format!("profile = '{name}'")).unwrap();
        };
        write(top.path(), "outside");
        assert_eq!(profile(&home), None);
        write(&home, "home");
        assert_eq!(profile(&home).as_deref(), Some("home"));
        write(&home.join("a"), "a");
        assert_eq!(profile(&home).as_deref(), Some("a"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_change_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, "profile = 'a'").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(find(folder.path(), None), Err(ProjectError::Unreadable { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn files_of_other_users_are_ignored_with_a_note() {
        use std::os::unix::fs::{chown, lchown, symlink};
        // SAFETY: it takes nothing, changes nothing and cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            return crate::skipped::for_want_of("root, who alone can give a file to another user");
        }
        const STRANGER: Option<u32> = Some(65533);
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("tmp/work");
        std::fs::create_dir_all(&folder).unwrap();
        let (path, own) = (top.path().join("tmp").join(FILE), top.path().join("own.toml"));
        std::fs::write(top.path().join(FILE), "profile = 'ours'").unwrap();
        std::fs::write(&own, "profile = 'moved'").unwrap();
        let another = "it belongs to another user";
        let fifo = |path: &Path| {
            let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
            // SAFETY: `name` is a C string that lives through the call.
            assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o666) }, 0);
        };
        let write = |path: &Path| std::fs::write(path, "profile = 'theirs'").unwrap();
        type Case<'a> = (&'a str, &'a dyn Fn(&Path), &'a str);
        let cases: [Case; 7] = [
            ("a file", &write, another),
            ("a file that makes no sense", &|path| std::fs::write(path, "[").unwrap(), another),
            ("a FIFO", &fifo, another),
            ("a folder", &|path| std::fs::create_dir(path).unwrap(), another),
            ("a link to a file of ours", &|path| symlink(&own, path).unwrap(), another),
            ("a link that leads nowhere", &|path| symlink("nowhere", path).unwrap(), "that leads nowhere"),
            ("a link to itself", &|path| symlink(path, path).unwrap(), "symbolic links"),
        ];
        for (what, make, why) in cases {
            make(&path);
            lchown(&path, STRANGER, STRANGER).unwrap();
            let found = find(&folder, None).unwrap();
            assert_eq!(found.project.unwrap().profile.unwrap().value, "ours", "{what}");
            let [ignored] = found.ignored.as_slice() else { panic!("{what}: {:?}", found.ignored) };
            let said = ignored.to_string();
            assert!(said.starts_with(&format!("`{}` is ignored: ", path.display())) && said.contains(why), "{said}");
            std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir(&path)).unwrap();
        }
        // The user's own link to another user's file.
        chown(&own, STRANGER, STRANGER).unwrap();
        symlink(&own, &path).unwrap();
        assert_eq!(find(&folder, None).unwrap().ignored.len(), 1);
    }
}
