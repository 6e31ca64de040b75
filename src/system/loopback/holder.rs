//! The program that listens on a port of this machine, as far as the system tells it without a privilege.
//!
//! Linux lists the sockets of all users (proc(5)), and the open files of one's own processes; those of a process that hides
//! from others, as every `oauthctl` does, are root's. Elsewhere nothing is told, and the caller names a command.

/// Who holds a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its program and process, if they can be seen.
    pub program: Option<(String, u32)>,
    /// The number of its user.
    pub user: Option<u32>,
    /// True if it is known, or likely, to be another `oauthctl`, which waits for the redirect of a login.
    pub is_oauthctl: bool,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.program, self.user) {
            (Some((name, process)), _) => write!(f, "`{}` (process {process})", crate::protocol::sanitize::line(name)),
            (None, Some(user)) => write!(f, "a program of the user number {user}"),
            (None, None) => f.write_str("another program"),
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub fn holder(_: u16) -> Holder {
    Holder::default()
}

#[cfg(target_os = "linux")]
pub use linux::holder;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io::{BufRead, BufReader};

    use super::Holder;

    /// The name of our own processes.
    const OURS: &str = "oauthctl";

    /// The state of a socket that listens.
    const LISTEN: &str = "0A";

    /// Returns who listens on a port of any address of this machine.
    pub fn holder(port: u16) -> Holder {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| fs::File::open(path).ok());
        let mut rows = tables.flat_map(|table| BufReader::new(table).lines().map_while(Result::ok));
        let Some((user, inode)) = rows.find_map(|row| listening(&row, port)) else { return Holder::default() };
        let processes = processes();
        let holds = |process: &&u32| has_socket(**process, inode);
        if let Some(process) = processes.iter().find(holds) {
            let name = name(*process).unwrap_or_default();
            return Holder { is_oauthctl: name == OURS, program: Some((name, *process)), user: Some(user) };
        }
        // SAFETY: takes nothing and cannot fail.
        let own = unsafe { libc::geteuid() };
        // Of this user's programs, only one that hides its files was not seen.
        let hidden = processes.iter().filter(|process| user == own && **process != std::process::id());
        let ours = hidden.copied().find(|process| name(*process).is_some_and(|name| name == OURS));
        Holder {
            is_oauthctl: ours.is_some(),
            program: ours.map(|process| (OURS.to_owned(), process)),
            user: Some(user),
        }
    }

    /// Reads a line of the table: `sl local remote st tx:rx tr:tm retransmits uid timeout inode …`.
    pub(super) fn listening(row: &str, port: u16) -> Option<(u32, u64)> {
        let words: Vec<&str> = row.split_ascii_whitespace().collect();
        let (local, state) = (words.get(1)?, words.get(3)?);
        let is_it = local.ends_with(&format!(":{port:04X}")) && *state == LISTEN;
        is_it.then(|| Some((words.get(7)?.parse().ok()?, words.get(9)?.parse().ok()?))).flatten()
    }

    fn processes() -> Vec<u32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    fn has_socket(process: u32, inode: u64) -> bool {
        let socket = format!("socket:[{inode}]");
        let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|target| target.as_os_str() == socket.as_str())
    }

    fn name(process: u32) -> Option<String> {
        Some(fs::read_to_string(format!("/proc/{process}/comm")).ok()?.trim_end().to_owned())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_program_that_listens_is_named() {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let listener = TcpListener::bind(address).unwrap();
            let found = holder(listener.local_addr().unwrap().port());
            let (_, process) = found.program.clone().unwrap();
            assert_eq!(process, std::process::id());
            assert!(found.to_string().ends_with(&format!("(process {process})")), "{found}");
        }
    }

    #[test]
    fn only_a_listening_socket_holds_a_port() {
        let row = |state: &str| {
            format!(
                "   0: 0100007F:223D 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 42 1 0 100"
            )
        };
        assert_eq!(linux::listening(&row("0A"), 8765), Some((1000, 42)));
        assert_eq!(linux::listening(&row("06"), 8765), None, "in TIME-WAIT");
        assert_eq!(linux::listening(&row("0A"), 8766), None);
        assert_eq!(linux::listening("garbage", 8765), None);
        assert_eq!(Holder::default().to_string(), "another program");
    }
}
