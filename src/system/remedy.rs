//! What helps on this system: the programs and settings that a hint names. A hint never names a tool of another system, so
//! all such words stand here, for each system, and `tests/it/hints.rs` looks for others. Words of a shell are in
//! [`super::shell`].

/// The systems that differ for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Os {
    Linux,
    Macos,
    Windows,
    /// Another Unix.
    Other,
}

const HERE: Os = if cfg!(target_os = "linux") {
    Os::Linux
} else if cfg!(target_os = "macos") {
    Os::Macos
} else if cfg!(windows) {
    Os::Windows
} else {
    Os::Other
};

/// The place that forgets what is written to it.
pub const NULL_DEVICE: &str = null_device(HERE);

/// The variable with the folder for temporary files.
pub const TEMPORARY: &str = temporary(HERE);

/// The variables that can say where our folders are.
pub const FOLDERS: &str = folders(HERE);

/// What to do about folders that do not exist and cannot be made, as where HOME names none.
pub const OTHER_FOLDERS: &str = other_folders(HERE);

/// What every absolute path has.
pub const ABSOLUTE: &str = absolute(HERE);

/// What to do about too many open files.
pub const OPEN_FILES: &str = open_files(HERE);

/// How to unlock the keychain.
pub const UNLOCK_KEYCHAIN: &str = unlock_keychain(HERE);

/// What to do about a keychain that is not there.
pub const START_KEYCHAIN: &str = start_keychain(HERE);

/// What to do about a keychain that does not answer.
pub const WAKE_KEYCHAIN: &str = wake_keychain(HERE);

/// The command that makes a key for the file store.
pub const MAKE_KEY: &str = make_key(HERE);

/// Why a port may not be used, and which may.
pub const RESERVED_PORTS: &str = reserved_ports(HERE);

/// How to set the clock.
pub const SET_CLOCK: &str = set_clock(HERE);

/// Returns the command that ends a process.
pub fn end_process(id: impl std::fmt::Display) -> String {
    process_end(HERE, id)
}

fn process_end(os: Os, id: impl std::fmt::Display) -> String {
    match os {
        Os::Windows => format!("taskkill /PID {id}"),
        Os::Linux | Os::Macos | Os::Other => format!("kill {id}"),
    }
}

/// Returns the command that finds the program that listens on a port.
pub fn find_listener(port: u16) -> String {
    listener(HERE, port)
}

fn listener(os: Os, port: u16) -> String {
    match os {
        Os::Linux => format!("`ss -ltnp 'sport = :{port}'` (or `lsof -i :{port}`)"),
        Os::Macos => format!("`lsof -nP -iTCP:{port} -sTCP:LISTEN`"),
        Os::Windows => {
            format!("`netstat -ano -p tcp | findstr :{port}`, whose last column is the number of its process,")
        }
        Os::Other => format!("`lsof -i :{port}`"),
    }
}

const fn null_device(os: Os) -> &'static str {
    match os {
        Os::Windows => "NUL",
        Os::Linux | Os::Macos | Os::Other => "/dev/null",
    }
}

const fn temporary(os: Os) -> &'static str {
    match os {
        Os::Windows => "TMP",
        Os::Linux | Os::Macos | Os::Other => "TMPDIR",
    }
}

const fn folders(os: Os) -> &'static str {
    match os {
        Os::Windows => "OAUTHCTL_CONFIG_DIR and OAUTHCTL_DATA_DIR",
        Os::Linux | Os::Macos | Os::Other => "HOME, or OAUTHCTL_CONFIG_DIR and OAUTHCTL_DATA_DIR",
    }
}

const fn other_folders(os: Os) -> &'static str {
    match os {
        Os::Windows => "set OAUTHCTL_DATA_DIR and OAUTHCTL_CONFIG_DIR to folders that you can write to",
        Os::Linux | Os::Macos | Os::Other => {
            "set HOME, or OAUTHCTL_DATA_DIR and OAUTHCTL_CONFIG_DIR, to folders that you can write to"
        }
    }
}

const fn absolute(os: Os) -> &'static str {
    match os {
        Os::Windows => r"a path with its drive, such as `C:\oauthctl`",
        Os::Linux | Os::Macos | Os::Other => "a path that begins with `/`",
    }
}

const fn open_files(os: Os) -> &'static str {
    match os {
        Os::Windows => "close programs that have many files open, and try again",
        Os::Linux | Os::Macos | Os::Other => "raise the limit on open files, which `ulimit -n` shows",
    }
}

const fn unlock_keychain(os: Os) -> &'static str {
    match os {
        Os::Linux | Os::Other => "unlock it (log in to the desktop, or run `gnome-keyring-daemon --unlock`)",
        Os::Macos => "unlock it (`security unlock-keychain`)",
        Os::Windows => "sign in to Windows again",
    }
}

const fn start_keychain(os: Os) -> &'static str {
    match os {
        Os::Linux | Os::Other => "start a keyring service",
        Os::Macos => "make a default keychain with the app Keychain Access",
        Os::Windows => "start the service `Credential Manager` (VaultSvc)",
    }
}

const fn wake_keychain(os: Os) -> &'static str {
    match os {
        Os::Linux | Os::Other => "end the keyring service if it hangs or waits for a prompt you cannot see",
        Os::Macos => "answer the question that macOS asks on the screen",
        Os::Windows => "restart the service `Credential Manager` (VaultSvc)",
    }
}

const fn make_key(os: Os) -> &'static str {
    match os {
        Os::Linux | Os::Macos | Os::Other => "head -c 32 /dev/urandom | base64",
        Os::Windows => {
            "powershell -c \"$k = [byte[]]::new(32); [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($k); \
             [Convert]::ToBase64String($k)\""
        }
    }
}

const fn set_clock(os: Os) -> &'static str {
    match os {
        Os::Windows => "run `w32tm /resync`",
        Os::Macos => "run `sudo sntp -sS time.apple.com`",
        Os::Linux | Os::Other => "run `sudo timedatectl set-ntp true`, or set it with `sudo date -s`",
    }
}

const fn reserved_ports(os: Os) -> &'static str {
    match os {
        Os::Linux | Os::Macos | Os::Other => {
            "choose a port from 1024 up with `--port N`; on most systems lower ones are reserved for root"
        }
        Os::Windows => {
            "choose another port with `--port N`; `netsh interface ipv4 show excludedportrange tcp` lists those that Windows \
             reserves"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All words for a system.
    fn words(os: Os) -> String {
        let plain = [
            null_device(os),
            temporary(os),
            folders(os),
            other_folders(os),
            absolute(os),
            open_files(os),
            unlock_keychain(os),
            start_keychain(os),
            wake_keychain(os),
            make_key(os),
            reserved_ports(os),
            set_clock(os),
        ];
        plain.join("\n") + &listener(os, 8765) + &process_end(os, 1)
    }

    #[test]
    fn no_system_is_told_of_tools_that_it_does_not_have() {
        let of_unix = ["/dev/", "ulimit", "TMPDIR", "head -c", "lsof", "sudo", "kill 1"];
        let of_linux = ["gnome-keyring", "`ss "];
        let of_windows = ["NUL", "netstat", "netsh", "VaultSvc", "w32tm", "taskkill", "powershell", "C:\\"];
        for (os, foreign) in [
            (Os::Windows, [&of_unix[..], &of_linux, &["HOME", "security "]].concat()),
            (Os::Macos, [&of_linux[..], &of_windows].concat()),
            (Os::Linux, [&of_windows[..], &["security "]].concat()),
            (Os::Other, of_windows.to_vec()),
        ] {
            let words = words(os);
            for word in foreign {
                assert!(!words.contains(word), "{os:?} is told of `{word}`: {words}");
            }
        }
    }
}
