//! The folder of the operating system's user, independent of the environment.
//!
//! A keychain belongs to the user, so the locks of its entries must belong to the user too. Two processes with
//! different `HOME`, `TMPDIR` or `XDG_…` variables reach the same entry. If their lock depended on one of these, both
//! would spend the same refresh token, and a provider that rotates would revoke the login. So the home directory comes
//! from the password database.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
#[error("this user has no home directory in the password database")]
pub struct NoAccount;

/// Returns the folder for the locks, journals and long records of the user's keychain. Does not create it.
#[cfg(unix)]
pub fn state_folder() -> Result<PathBuf, NoAccount> {
    let home = home_in_password_database().filter(|home| home.is_absolute()).ok_or(NoAccount)?;
    Ok(home.join(".local/state/oauthctl"))
}

/// Returns the folder that Windows itself has on record, not the one in the environment.
#[cfg(not(unix))]
pub fn state_folder() -> Result<PathBuf, NoAccount> {
    let dirs = directories::BaseDirs::new().ok_or(NoAccount)?;
    Ok(dirs.data_local_dir().join("oauthctl").join("state"))
}

#[cfg(unix)]
fn home_in_password_database() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    /// An entry has a few hundred bytes. A directory service may have longer ones.
    const LARGEST: usize = 1 << 20;

    let mut buffer = vec![0u8; 4096];
    loop {
        // SAFETY: a `passwd` of zeroes and null pointers is a valid value to overwrite.
        let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
        let mut found = std::ptr::null_mut();
        // SAFETY: all pointers point to live values of ours, and the length is the buffer's.
        let result = unsafe {
            libc::getpwuid_r(libc::geteuid(), &mut entry, buffer.as_mut_ptr().cast(), buffer.len(), &mut found)
        };
        match result {
            libc::EINTR => {}
            libc::ERANGE if buffer.len() < LARGEST => buffer.resize(buffer.len() * 4, 0),
            0 if !found.is_null() && !entry.pw_dir.is_null() => {
                // SAFETY: on success `pw_dir` is a C string in `buffer`, which still lives.
                let home = unsafe { CStr::from_ptr(entry.pw_dir) };
                return Some(PathBuf::from(OsStr::from_bytes(home.to_bytes())));
            }
            _ => return None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_folder_does_not_depend_on_the_environment() {
        let variables = ["HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"];
        let folder = || {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--ignored", "--exact", "system::account::tests::child_prints_the_folder", "--nocapture"]);
            child
        };
        let line = |mut child: std::process::Command| {
            let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
            output.lines().find_map(|line| line.split_once("folder: ")).unwrap().1.to_owned()
        };
        let mut moved = folder();
        moved.envs(variables.map(|name| (name, "/nowhere")));
        let mut bare = folder();
        for name in variables {
            bare.env_remove(name);
        }
        let usual = line(folder());
        assert_eq!([line(moved), line(bare)], [usual.clone(), usual]);
    }

    /// Not a test, but the program that the test above starts.
    #[test]
    #[ignore = "started by the test above"]
    fn child_prints_the_folder() {
        println!("folder: {:?}", state_folder());
    }
}
