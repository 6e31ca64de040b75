//! SIGKILL, EIO and ENOSPC at the system calls of a refresh and of a login, on the file store.
//!
//! After each, a fresh process must find the old record or the new one. From the moment when the journal is in its
//! place nothing may be lost. `strace` does the harm: `inject=CALL:error=EIO:when=N`.
//!
//! An error goes to calls on our own files only. A `write` also wakes the network's thread through an eventfd; that call
//! does not fail on any disk, and tokio panics or waits for ever if it is made to. How often it is called varies from
//! run to run too, so `write` cannot be counted. The file that a write is for gets its error in another way: opening it
//! gives a device on which each write fails. Only the main thread is traced: it does all the writing, and a browser that
//! it starts is left alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::refresh::long;
use crate::support::lacks;
use crate::support::leftovers::nothing_is_left;
#[cfg(target_os = "linux")]
use crate::support::visible::make_visible;
use crate::support::{Emulated, Output, Sandbox};

/// What changes the disk or prints. SIGKILL comes at each of them; in the long form at every call there is.
const CALLS: &[&str] = &[
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "ftruncate",
];

/// What else may fail in the long form.
const MORE_CALLS: &[&str] = &["openat", "flock", "fcntl", "statx", "read"];

/// Writing to the first fails with ENOSPC; to the second, at the address 0, where no process has memory, with EIO.
const FULL: &str = "/dev/full";
const BROKEN: &str = "/proc/self/mem";

#[derive(Clone, Copy, Debug)]
enum Harm {
    Kill,
    Error(&'static str),
    /// The file that is opened is this device.
    Device(&'static str),
}

/// One call of a command.
#[derive(Debug)]
struct Point {
    call: String,
    nth: usize,
    /// Our file that it is about.
    file: Option<String>,
    harm: Harm,
}

impl Point {
    fn inject(&self) -> String {
        let harm = match self.harm {
            Harm::Kill => "signal=KILL".to_owned(),
            Harm::Error(error) => format!("error={error}"),
            // The device is its stdin.
            Harm::Device(_) => "retval=0".to_owned(),
        };
        format!("inject={}:{harm}:when={}", self.call, self.nth)
    }

    /// Whether the harm was done, as the log has it. The main thread's calls on files are the same each time, so an
    /// error must meet its file. SIGKILL may come too late: how often a thread is woken varies.
    #[track_caller]
    fn was_reached(&self, harmed: &Output, log: &str) -> bool {
        if let Harm::Kill = self.harm {
            return harmed.exit_code().is_none();
        }
        assert!(harmed.exit_code().is_some_and(|code| code != 101), "{self:?}\n{harmed}");
        let file = self.file.as_deref().unwrap_or_default();
        let met = log.lines().any(|line| line.contains("(INJECTED)") && line.contains(file));
        assert!(met, "{self:?} met something else:\n{log}");
        true
    }
}

/// Ends a story on a machine where strace cannot trace.
pub fn needs_tracing() {
    let traced = lacks::program("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !traced.is_ok_and(|status| status.success()) {
        lacks::lacks("the right to trace a process (ptrace)");
    }
}

/// Runs `oauthctl` to its end under strace: how it ended, and strace's log.
pub fn traced(mine: &Sandbox, args: &[&str]) -> (Output, String) {
    traced_with(mine, args, &[], Stdio::null())
}

fn harmed(mine: &Sandbox, args: &[&str], point: &Point) -> (Output, String) {
    let stdin = match point.harm {
        Harm::Device(device) => File::options().write(true).open(device).unwrap().into(),
        _ => Stdio::null(),
    };
    traced_with(mine, args, &["-e", &point.inject()], stdin)
}

/// The same with more options for strace, and somebody at stdin.
pub fn traced_with(mine: &Sandbox, args: &[&str], options: &[&str], stdin: Stdio) -> (Output, String) {
    // One that was written a moment ago would be read once more, in some runs and not in others.
    if let Ok(list) = File::options().write(true).open(mine.home().join(".local/share/oauthctl/logins.json")) {
        list.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    }
    let trace = mine.home().join("trace");
    let plain = mine.command(args);
    let mut command = mine.program("strace");
    command.args(["-y", "-qq", "-o"]).arg(&trace).args(["-e", "trace=/.*", "-e", "signal=none"]).args(options);
    #[cfg(target_os = "linux")]
    make_visible(&mut command);
    // The record of the flow is no part of the login, and its files have names of their own each time.
    command.env("OAUTHCTL_RECORD", "off");
    command.arg("--").arg(plain.get_program()).args(plain.get_args()).stdin(stdin);
    let output = Output::new(args.join(" "), command.output().unwrap());
    (output, String::from_utf8_lossy(&fs::read(&trace).unwrap()).into_owned())
}

/// Every point of a command that ends well without harm.
fn points(mine: &Emulated, args: &[&str]) -> Vec<Point> {
    let (output, log) = traced(mine, args);
    output.code(0);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut points = Vec::new();
    for line in log.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        if !call.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let count = counts.entry(call).or_default();
        *count += 1;
        let file = our_file(rest, mine.home());
        for harm in harms(call, rest, file.is_some()) {
            points.push(Point { call: call.to_owned(), nth: *count, file: file.clone(), harm });
        }
    }
    points
}

fn harms(call: &str, rest: &str, is_ours: bool) -> Vec<Harm> {
    let makes_a_file = is_ours && call == "openat" && rest.contains("O_CREAT");
    let mut harms = Vec::new();
    if long() || makes_a_file || CALLS.contains(&call) {
        harms.push(Harm::Kill);
    }
    // Looking whether a directory is there already writes nothing.
    let writes = CALLS.contains(&call) && (call != "mkdir" || long() || !rest.contains("EEXIST"));
    if is_ours && call != "write" && (makes_a_file || writes || long() && MORE_CALLS.contains(&call)) {
        harms.extend([Harm::Error("EIO"), Harm::Error("ENOSPC")]);
    }
    // A new file, which is written next.
    if makes_a_file && rest.contains("O_EXCL") {
        harms.extend([Harm::Device(BROKEN), Harm::Device(FULL)]);
    }
    harms
}

/// The name of our file that a call is about, up to what it has at random.
fn our_file(call: &str, home: &Path) -> Option<String> {
    let (_, path) = call.split_once(&format!("{}/", home.display()))?;
    // A path, or a folder's descriptor with a name in it: `5</home/folder>, "name"`.
    let in_folder = path.split_once(">, \"").map(|(_, name)| name);
    let name = in_folder.unwrap_or(path).split(['"', '>']).next()?.rsplit('/').next()?;
    let new = name.strip_suffix(".new").and_then(|name| name.rsplit_once('.'));
    let name = new.map_or(name, |(name, _)| name);
    Some(name.split_inclusive("probe-").next().unwrap_or(name).to_owned())
}

/// How many renames to this name were done, as the log has it.
fn renames_to(log: &str, name: &str) -> usize {
    let name = format!("{name}\"");
    log.lines().filter(|line| line.starts_with("rename") && line.contains(&name) && line.ends_with("= 0")).count()
}

#[test]
fn a_refresh_killed_anywhere_loses_nothing_after_the_journal() {
    needs_tracing();
    let mine = Emulated::mine(&["--token-lifetime", "0s"]);
    let journal = mine.home().join(".local/share/oauthctl/store/login/mine-emulator.journal");
    mine.log_in();
    let points = points(&mine, &["token"]);
    let (mut reached, mut lost, mut saved_by_journal) = (0, 0, 0);
    for point in &points {
        if matches!(point.harm, Harm::Kill) {
            // The request of a killed process may still be under way, and then comes after that of the next one. This
            // login is not the one that the provider revokes for it.
            mine.log_in();
        }
        let was_there = journal.exists();
        let (output, log) = harmed(&mine, &["token"], point);
        reached += usize::from(point.was_reached(&output, &log));
        let journalled = renames_to(&log, "mine-emulator.journal") == 1 || journal.exists() && !was_there;
        // Once for the intent, once for the new record.
        let stored = renames_to(&log, "mine-emulator.sealed") == 2;
        // The old record or the new one: a fresh process reads it, and refreshes with it. `token` would make do with the
        // old access token.
        let after = Output::new(format!("refresh after {point:?}"), mine.command(&["refresh"]).output().unwrap());
        match after.exit_code() {
            Some(0) => saved_by_journal += usize::from(journalled && !stored),
            // The provider had rotated, and the reply had not reached the disk: the one window that is left.
            Some(4) => {
                after.says("refused the refresh token");
                assert!(!journalled && !stored, "{point:?}: lost after the journal was in its place\n{after}\n{log}");
                lost += 1;
                mine.log_in();
            }
            _ => panic!("{point:?}: neither the old record nor the new one\n{after}\n{log}"),
        }
        // What the killed one was writing, the next one has removed.
        nothing_is_left(mine.home());
    }
    // Otherwise what is asserted above was never put to the test.
    assert!(saved_by_journal > 0);
    println!(
        "refresh: {} points, {reached} reached; {lost} between the provider's rotation and the journal, {saved_by_journal} \
         saved by the journal alone, 0 unreadable records, 0 lost after the journal",
        points.len()
    );
}

#[test]
fn a_login_killed_anywhere_leaves_the_old_login_or_the_new_one() {
    needs_tracing();
    let mine = Emulated::mine(&[]);
    let browser = mine.browser();
    let login = ["login", "--port", "0", "--browser", &browser];
    mine.log_in();
    let points = points(&mine, &login);
    let mut reached = 0;
    let mut new = 0;
    for point in &points {
        let old = mine.run(&["token"]).code(0).stdout().to_owned();
        let (output, log) = harmed(&mine, &login, point);
        reached += usize::from(point.was_reached(&output, &log));
        let after = Output::new(format!("token after {point:?}"), mine.command(&["token"]).output().unwrap());
        assert_eq!(after.exit_code(), Some(0), "{point:?}\n{after}");
        new += usize::from(after.stdout() != old);
        // It is whole: its refresh token works as well, for the old login was not revoked.
        let refreshed = Output::new(format!("refresh after {point:?}"), mine.command(&["refresh"]).output().unwrap());
        assert_eq!(refreshed.exit_code(), Some(0), "{point:?}\n{refreshed}");
    }
    mine.run(&["logout"]).code(0);
    nothing_is_left(mine.home());
    println!(
        "login: {} points, {reached} reached; the new login after {new}, the old one after the rest",
        points.len()
    );
}

#[test]
fn a_first_login_killed_anywhere_is_stored_or_can_be_repeated() {
    needs_tracing();
    let mine = Emulated::mine(&[]);
    let browser = mine.browser();
    let login = ["login", "--port", "0", "--browser", &browser];
    let empty = || made_folders(&mine).iter().for_each(|folder| drop(fs::remove_dir_all(folder)));
    // What lies above the folders is made once.
    mine.log_in();
    empty();
    let points = points(&mine, &login);
    let (mut reached, mut there) = (0, 0);
    for point in &points {
        empty();
        let (output, log) = harmed(&mine, &login, point);
        reached += usize::from(point.was_reached(&output, &log));
        let after = Output::new(format!("token after {point:?}"), mine.command(&["token"]).output().unwrap());
        match after.exit_code() {
            Some(0) => there += 1,
            Some(4) => {}
            _ => panic!("{point:?}\n{after}"),
        }
        mine.log_in();
        mine.run(&["refresh"]).code(0);
        mine.run(&["logout"]).code(0);
        nothing_is_left(mine.home());
    }
    println!("first login: {} points, {reached} reached; there after {there}, none after the rest", points.len());
}

/// What a first login makes: the sealed files with the list of logins, and the key.
fn made_folders(mine: &Emulated) -> [PathBuf; 2] {
    [".local/share/oauthctl", "config/keys"].map(|folder| mine.home().join(folder))
}

/// What a loss of power leaves is what was on the disk, in whatever order the names got there. A journal gets its name
/// first, since a crash of the process comes more often; what a loss of power leaves of it does not open.
#[test]
fn files_are_synced_before_the_rename_and_folders_after_it() {
    needs_tracing();
    let mine = Emulated::mine(&["--token-lifetime", "0s"]);
    mine.log_in();
    let (output, log) = traced(&mine, &["token"]);
    output.code(0);
    let calls: Vec<&str> = log.lines().filter(|line| line.starts_with("fsync") || line.starts_with("rename")).collect();
    let synced = |calls: &[&str], path: &str| calls.iter().any(|call| call.contains(&format!("<{path}>) = 0")));
    let mut renamed = 0;
    for (n, call) in calls.iter().enumerate() {
        // `renameat(7</FOLDER>, "FROM", 7</FOLDER>, "TO") = 0`
        let Some(rest) = call.strip_prefix("rename") else { continue };
        let folder = rest.split(['<', '>']).nth(1).unwrap();
        let from = format!("{folder}/{}", rest.split('"').nth(1).unwrap());
        let is_journal = call.contains(".journal\"");
        assert!(synced(&calls[..n], &from) != is_journal, "{from} was not on the disk\n{log}");
        let until = calls[n + 1..].iter().position(|call| call.starts_with("rename")).unwrap_or(calls.len() - n - 1);
        assert!(synced(&calls[n + 1..][..until], folder), "the name of {from} was not on the disk\n{log}");
        let journal = format!("{folder}/mine-emulator.journal");
        assert!(!is_journal || synced(&calls[n + 1..][..until], &journal), "the journal was not on the disk\n{log}");
        renamed += 1;
    }
    // The intent, the journal and the new record.
    assert_eq!(renamed, 3, "{log}");
}
