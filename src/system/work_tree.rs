//! Whether a file would be taken up by Git: what is written in a work tree is soon in a commit.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::remedy::NULL_DEVICE;

/// Returns the Git work tree that a new file would be a part of, unless the file is ignored there. In doubt it is not.
pub fn that_takes(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    // Through links: Git looks at the real place.
    let folder = folder.ancestors().find_map(|folder| folder.canonicalize().ok())?;
    let tree = folder.ancestors().find(|folder| folder.join(".git").exists())?;
    let ignored = Command::new("git")
        // A configuration that comes with the tree starts nothing.
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            &format!("core.hooksPath={NULL_DEVICE}"),
            "check-ignore",
            "-q",
            "--",
        ])
        .arg(folder.join(path.file_name()?))
        .current_dir(&folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match ignored {
        Ok(status) if status.success() => None,
        _ => Some(tree.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_work_tree_counts_unless_it_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (inside, ignored) = (root.join("deep/token"), root.join("deep/x.ignored"));
        std::fs::create_dir(root.join("deep")).unwrap();
        assert_eq!(that_takes(&inside), None, "there is no Git");
        // With no more than this it is no work tree that Git can read, which is doubt.
        std::fs::create_dir(root.join(".git")).unwrap();
        assert_eq!(that_takes(&inside), Some(root.clone()));
        std::fs::remove_dir(root.join(".git")).unwrap();
        let made = Command::new("git").args(["init", "-q"]).current_dir(&root).status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        std::fs::write(root.join(".gitignore"), "*.ignored\n").unwrap();
        assert_eq!(that_takes(&inside), Some(root.clone()));
        assert_eq!(that_takes(&ignored), None);
        #[cfg(unix)]
        {
            let outside = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink(root.join("deep"), outside.path().join("link")).unwrap();
            assert_eq!(that_takes(&outside.path().join("link/token")), Some(root));
        }
    }
}
