//! Who may read and change what is ours, told with an ordinary user: root is refused nothing, and shows nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::crash::{needs_tracing, traced, traced_with};
use crate::support::lacks::lacks;
use crate::support::unprivileged_user::{STRANGER, become_user, is_root, needs_other_users, permissions};
use crate::support::{Emulated, Output, PendingLogin, Sandbox, UnprivilegedUser};

const TOKEN: &str = "canary-of-the-token";
const DATA: &str = ".local/share/oauthctl";
const LOGIN: &[&str] = &["login", "--provider", "judgeme", "--with-token"];

fn logged_in() -> UnprivilegedUser {
    let user = UnprivilegedUser::new();
    user.keep(TOKEN).code(0);
    user
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, permissions(mode)).unwrap();
}

/// Every file and folder below, with its content.
fn tree(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(tree(&path));
            found.push((path, None));
        } else {
            let content = fs::read(&path).ok();
            found.push((path, content));
        }
    }
    found.sort();
    found
}

fn names(folder: &Path) -> Vec<PathBuf> {
    tree(folder).into_iter().map(|(path, _)| path).collect()
}

/// What a user does who meets something in their folders, and what is there when it is mended.
struct Act {
    line: &'static str,
    token_after: &'static str,
}

const READS: Act = Act { line: "exec \"$0\" token", token_after: "canary-of-the-token\n" };
const WRITES: Act =
    Act { line: "echo new | \"$0\" login judgeme --with-token --quiet", token_after: "canary-of-the-token\n" };
/// The login itself was kept by the time that it could not be listed: the old record or the new one, and whole.
const LISTS: Act = Act { line: WRITES.line, token_after: "new\n" };

#[test]
fn what_belongs_to_another_user_is_neither_read_nor_written() {
    needs_other_users();
    // What is another's, and the mode with which everybody reaches it.
    let cases = [
        ("store/login/judgeme.sealed", 0o644, READS),
        ("store/login", 0o777, WRITES),
        ("logins.json", 0o644, READS),
        ("logins.lock", 0o666, LISTS),
        ("", 0o777, WRITES),
        ("../../../config/keys/store.key", 0o644, READS),
    ];
    for (name, mode, act) in cases {
        let user = logged_in();
        let path = user.path(DATA).join(name);
        set_mode(&path, mode);
        chown(&path, Some(STRANGER), Some(STRANGER)).unwrap();
        let before = names(user.home.home());
        user.run_shell(act.line).code(7).says("it belongs to another user").hides(TOKEN);
        assert_eq!(names(user.home.home()), before, "{name}");
        chown(&path, Some(user.id()), Some(user.id())).unwrap();
        set_mode(&path, if path.is_dir() { 0o700 } else { 0o600 });
        assert_eq!(user.run(&["token"]).code(0).stdout(), act.token_after, "{name}");
    }
}

#[test]
fn a_definition_of_another_user_is_not_used_and_one_of_root_is() {
    needs_other_users();
    let home = Sandbox::new();
    home.define("judgeme", "name = 'Another name'");
    let user = UnprivilegedUser::living_in(home);
    let file = user.path("config/providers/judgeme.toml");
    set_mode(&file, 0o644);
    chown(&file, Some(0), Some(0)).unwrap();
    user.run(&["providers", "show", "judgeme"]).code(0).answers("Another name");
    chown(&file, Some(STRANGER), Some(STRANGER)).unwrap();
    for args in [&["providers", "show", "judgeme"][..], &["login", "--provider", "judgeme", "--no-browser"]] {
        user.run(args).code(3).says("it belongs to another user").hides("Another name");
    }
}

#[test]
fn modes_that_let_others_in_are_refused() {
    let cases = [
        ("store/login/judgeme.sealed", 0o666, "run `chmod 600` on it"),
        ("store/login/judgeme.sealed", 0o640, "run `chmod 600` on it"),
        ("logins.json", 0o604, "run `chmod 600` on it"),
        ("../../../config/keys/store.key", 0o666, "run `chmod 600` on it"),
    ];
    for (name, mode, why) in cases {
        let user = logged_in();
        set_mode(&user.path(DATA).join(name), mode);
        user.run(&["token"]).code(7).says(why).hides(TOKEN);
    }
    for (name, mode) in [("store/login", 0o777), ("store/login", 0o770), ("", 0o777), ("", 0o702)] {
        let user = logged_in();
        let folder = user.path(DATA).join(name);
        set_mode(&folder, mode);
        let before = names(&folder);
        user.run_shell(WRITES.line).code(7).says("other users can write to it");
        user.run(&["token"]).code(7).says("other users can write to its folder").hides(TOKEN);
        assert_eq!(names(&folder), before);
        set_mode(&folder, 0o700);
        assert_eq!(user.run(&["token"]).code(0).stdout(), WRITES.token_after);
    }
    let home = Sandbox::new();
    home.define("mine", "name = 'x'");
    let user = UnprivilegedUser::living_in(home);
    for mode in [0o666, 0o664, 0o646] {
        set_mode(&user.path("config/providers/mine.toml"), mode);
        user.run(&["providers", "show", "mine"]).code(3).says("run `chmod go-w` on it");
    }
}

/// Whoever may rename a folder puts another one in its place, whatever the modes in it.
#[test]
fn below_a_folder_that_all_may_write_to_nothing_is_used() {
    const SHARE: &str = ".local/share";
    let exposed = |user: &UnprivilegedUser, folder: &str| {
        let mends = chmod_hint("a folder above it", &user.path(folder));
        let before = names(user.home.home());
        for line in [READS.line, WRITES.line, "exec \"$0\" use judgeme", "exec \"$0\" scopes"] {
            user.run_shell(line).code(7).says(&mends).hides(TOKEN);
        }
        assert_eq!(names(user.home.home()), before, "{folder}");
    };
    // Of the store and the list of logins, or of the key, or of all.
    for (folder, mode) in [(".local", 0o777), (SHARE, 0o703), ("", 0o777)] {
        let user = logged_in();
        set_mode(&user.path(folder), mode);
        exposed(&user, folder);
        for closed_enough in [0o1777, 0o775, 0o755] {
            set_mode(&user.path(folder), closed_enough);
            assert_eq!(user.run(&["token"]).code(0).stdout(), READS.token_after, "{closed_enough:o}");
        }
    }
    for folder in ["config", &format!("{DATA}/store")] {
        let user = logged_in();
        set_mode(&user.path(folder), 0o777);
        user.run(&["token"]).code(7).says("other users can write to a folder above it").hides(TOKEN);
        user.run_shell(WRITES.line).code(7).says("other users can write to a folder above it");
        set_mode(&user.path(folder), 0o700);
        assert_eq!(user.run(&["token"]).code(0).stdout(), READS.token_after);
    }
    // One that the environment names is no different, nor is it made there.
    for variable in ["OAUTHCTL_DATA_DIR", "OAUTHCTL_CONFIG_DIR"] {
        let home = Sandbox::new();
        let place = home.home().join("open/new");
        fs::create_dir(home.home().join("open")).unwrap();
        let user = UnprivilegedUser::living_in(home.with(variable, place.to_str().unwrap()));
        set_mode(&user.path("open"), 0o777);
        user.keep(TOKEN).code(7).says("other users can write to a folder above it").says("/open'`");
        assert!(!place.exists(), "{variable}");
    }
}

fn chmod_hint(which: &str, folder: &Path) -> String {
    let folder = folder.components().collect::<PathBuf>();
    format!("other users can write to {which}; run `chmod go-w '{}'`", folder.display())
}

#[test]
fn definitions_in_a_folder_that_others_can_write_are_not_used() {
    let home = Sandbox::new();
    home.define("mine", "name = 'Mine'");
    let user = UnprivilegedUser::living_in(home);
    let show = |id: &str| user.run(&["providers", "show", id]);
    for (name, which, modes) in [
        ("config/providers", "its folder", &[0o777, 0o1777, 0o775, 0o702][..]),
        ("config", "a folder above it", &[0o777, 0o702]),
        ("", "a folder above it", &[0o777]),
    ] {
        for mode in modes {
            set_mode(&user.path(name), *mode);
            let mends = chmod_hint(which, &user.path(name));
            show("mine").code(3).says(&mends).hides("Mine");
            // Nor is one that somebody may have taken away left out in silence.
            show("judgeme").code(3).says(&mends);
            user.run(&["providers", "new", "own"]).code(1).says(&mends);
        }
        set_mode(&user.path(name), 0o755);
        show("mine").code(0).answers("Mine");
    }
    set_mode(&user.path("config"), 0o1777);
    show("mine").code(0).answers("Mine");
    // Without a folder there is nothing that anybody could have changed.
    let user = UnprivilegedUser::living_in(Sandbox::new());
    set_mode(&user.path(""), 0o777);
    user.run(&["providers", "show", "judgeme"]).code(0);
}

#[test]
fn links_in_the_place_of_files_and_folders_are_refused() {
    let cases = [
        ("store/login/judgeme.sealed", READS),
        ("store/login", WRITES),
        ("logins.json", READS),
        ("logins.lock", LISTS),
        ("", LISTS),
        ("../../../config/keys/store.key", READS),
    ];
    for (name, act) in cases {
        let user = logged_in();
        let path = user.path(DATA).join(name).components().collect::<PathBuf>();
        let moved = user.path("moved");
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        let before = names(user.home.home());
        user.run_shell(act.line).code(7).says("it is a symbolic link").hides(TOKEN);
        assert_eq!(names(user.home.home()), before, "{name}");
        fs::remove_file(&path).unwrap();
        fs::rename(&moved, &path).unwrap();
        assert_eq!(user.run(&["token"]).code(0).stdout(), act.token_after, "{name}");
    }
}

#[test]
fn in_a_read_only_home_logins_are_read_and_none_is_made() {
    let user = logged_in();
    let closed = |path: PathBuf| {
        let output = Command::new("chmod").args(["-R", "a-w"]).arg(path).output().unwrap();
        assert!(output.status.success());
    };
    closed(user.home.home().to_owned());
    assert_eq!(user.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
    user.run(&["status"]).code(0).answers("judgeme");
    user.keep("new").code(7).says(user.path("").to_str().unwrap()).says("Permission denied (os error 13)");
    user.run(&["logout", "--local"]).code(7).says("Permission denied (os error 13)");
    assert_eq!(user.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
    // The environment's token needs no home that can be written.
    let user = UnprivilegedUser::living_in(Sandbox::new().with("OAUTHCTL_TOKEN", TOKEN));
    closed(user.home.home().to_owned());
    let token = user.run(&["token", "--profile", "judgeme"]);
    assert_eq!(token.code(0).stdout(), format!("{TOKEN}\n"));
}

/// A refresh token that is spent is lost if what comes for it cannot be kept.
#[test]
fn in_a_read_only_home_no_refresh_token_is_spent() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let user = UnprivilegedUser::living_in(mine.same_home());
    set_mode(&user.path(DATA).join("store/login"), 0o500);
    user.run(&["refresh"]).code(7).says("Permission denied (os error 13)");
    set_mode(&user.path(DATA).join("store/login"), 0o700);
    user.run(&["refresh"]).code(0);
    let requests = mine.requests();
    assert_eq!(crate::support::emulated::count(&requests, "POST /token 200"), 2, "{requests:?}");
}

#[test]
fn what_is_made_is_for_the_user_alone_whatever_the_umask() {
    let mine = Emulated::mine(&["--token-lifetime", "0s,1h"]);
    let user = UnprivilegedUser::living_in(mine.same_home());
    let made_before = tree(user.home.home());
    let browser = mine.browser();
    for line in [
        format!("\"$0\" login --port 0 --browser '{browser}'"),
        "\"$0\" token".to_owned(),
        "\"$0\" scopes".to_owned(),
        "echo made-up | \"$0\" app set judgeme --client-id ID --client-secret-stdin".to_owned(),
        "\"$0\" providers new own".to_owned(),
        "\"$0\" providers show own".to_owned(),
    ] {
        user.run_shell(&format!("umask 000; {line}")).code(0);
    }
    let page = mine.page();
    let mut kinds = [0, 0];
    for (path, content) in tree(user.home.home()) {
        if made_before.iter().any(|(before, _)| *before == path) || path == page {
            continue;
        }
        let mode = fs::symlink_metadata(&path).unwrap().mode() & 0o7777;
        // A definition has no secret in it; it must only be nobody else's to change.
        let expected = match content {
            _ if path.ends_with("own.toml") => mode & !0o022,
            Some(_) => 0o600,
            None => 0o700,
        };
        assert_eq!(mode, expected, "{}: {mode:o}", path.display());
        kinds[usize::from(content.is_some())] += 1;
    }
    assert!(kinds[0] >= 5 && kinds[1] >= 5, "{kinds:?}");
}

#[test]
fn memory_and_environment_of_a_running_login_cannot_be_read() {
    let user = UnprivilegedUser::living_in(Sandbox::new().with("OAUTHCTL_CLIENT_ID", "ID"));
    let login = PendingLogin::start(user.command(&["login", "--provider", "judgeme", "--port", "0", "--no-browser"]));
    let mut sleep = user.home.program("sleep");
    sleep.arg("600");
    let mut control = user.becoming(sleep).spawn().unwrap();
    let readers = if is_root() { vec![user.id(), STRANGER] } else { vec![user.id()] };
    for reader in readers {
        let opens = |id: u32, file: &str| {
            let mut look = Command::new("sh");
            look.args(["-c", "exec 3<\"$0\""]).arg(format!("/proc/{id}/{file}"));
            look.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
            let look = if is_root() { &mut become_user(&look, reader) } else { &mut look };
            look.output().unwrap().status.success()
        };
        for file in ["environ", "mem", "maps"] {
            assert!(!opens(login.process_id(), file), "{reader} reads {file}");
        }
        // That the reader would get in: another process of the same user is open to that user.
        if reader == user.id() {
            while !fs::read(format!("/proc/{}/cmdline", control.id())).unwrap().starts_with(b"sleep") {
                thread::yield_now();
            }
            assert!(opens(control.id(), "environ") && opens(control.id(), "mem"));
        }
    }
    control.kill().unwrap();
    control.wait().unwrap();
}

#[test]
fn no_core_is_left_by_an_end_that_leaves_one_elsewhere() {
    let user = UnprivilegedUser::living_in(Sandbox::new().with("OAUTHCTL_CLIENT_ID", "ID"));
    let control = user.shell("ulimit -c unlimited && kill -ABRT $$").status().unwrap();
    if !control.core_dumped() {
        lacks("a kernel that leaves cores");
    }
    names(user.home.home()).iter().for_each(|path| fs::remove_file(path).unwrap());
    for signal in [libc::SIGABRT, libc::SIGQUIT] {
        let line = "ulimit -c unlimited && exec \"$0\" login judgeme --port 0 --no-browser";
        let ended = PendingLogin::start(user.shell(line)).end_with(signal);
        assert_eq!((ended.signal(), ended.core_dumped()), (Some(signal), false));
    }
    let left = names(user.home.home()).into_iter().filter(|path| path.is_file());
    // The record of a login that was killed while it waited is what `explain` reads.
    let is_record = |path: &Path| path.parent().is_some_and(|folder| folder.ends_with("flows"));
    let left: Vec<_> = left.filter(|path| !path.ends_with("store.key") && !is_record(path)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What the kernel is asked for, in a login, a refresh and a logout: no secret file is opened through a link or made for
/// others first, nothing is made outside of the home, and nothing is left open to the programs that we start.
#[test]
fn secret_files_are_private_and_never_opened_through_a_link() {
    needs_tracing();
    let mine = Emulated::mine(&["--token-lifetime", "0s,1h"]).with("TMPDIR", "/nonexistent");
    let browser = mine.browser();
    let home = mine.home().to_str().unwrap().to_owned();
    let (mut opened, mut made) = (0, 0);
    for args in [&["login", "--port", "0", "--browser", &browser][..], &["token"], &["logout"]] {
        let (output, log) = traced(&mine, args);
        output.code(0);
        for line in log.lines() {
            let call = line.split('(').next().unwrap();
            assert!(!call.contains("chmod") && !call.contains("chown"), "{line}");
            if !call.starts_with("open") {
                continue;
            }
            let made_here = line.contains("O_CREAT");
            assert!(!made_here || line.contains(&home), "{line}");
            let secret = [".sealed", ".journal", ".key", ".json", ".lock", ".new"].iter();
            if line.contains(&home) && secret.clone().any(|end| line.contains(&format!("{end}\""))) {
                assert!(line.contains("O_NOFOLLOW") && line.contains("O_CLOEXEC"), "{line}");
                opened += 1;
                if made_here {
                    assert!(line.contains("O_EXCL") || line.contains(".lock\""), "{line}");
                    assert!(line.contains(", 0600)"), "{line}");
                    made += 1;
                }
            }
        }
    }
    assert!(opened >= 10 && made >= 6, "{opened} opened, {made} made");
}

/// Somebody who may rename our folders swaps them for links to a folder of their own, as fast as they can; and each open
/// takes a millisecond, so that there is time between a look and what follows it.
#[test]
fn a_folder_swapped_for_a_link_redirects_no_file() {
    const ROUNDS: usize = 24;
    needs_tracing();
    let (mut swaps, mut refused, mut kept) = (0, 0, 0);
    for round in 0..ROUNDS {
        let home = Sandbox::new();
        let (trap, token) = (home.home().join("trap"), home.home().join("token.txt"));
        fs::write(&token, TOKEN).unwrap();
        fs::create_dir(&trap).unwrap();
        // The one with the key, or the one with the logins.
        let folder = home.home().join(if round % 2 == 0 { "config/keys" } else { ".local/share/oauthctl/store/login" });
        fs::create_dir_all(&folder).unwrap();
        set_mode(&folder, 0o700);
        let link = folder.with_extension("link");
        symlink(&trap, &link).unwrap();
        let (ended, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let output = thread::scope(|scope| {
            scope.spawn(|| {
                // Without a bound it could keep the other one from its folder for ever.
                for _ in 0..100_000 {
                    if ended.load(Ordering::Relaxed) {
                        break;
                    }
                    renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                }
            });
            let stdin = Stdio::from(fs::File::open(&token).unwrap());
            let (output, _) = traced_with(&home, LOGIN, &["-e", "inject=openat:delay_exit=1000"], stdin);
            ended.store(true, Ordering::Relaxed);
            output
        });
        assert_eq!(fs::read_dir(&trap).unwrap().count(), 0, "round {round}: written elsewhere\n{output}");
        swaps += count.into_inner();
        match output.exit_code() {
            Some(0) => kept += 1,
            _ => refused += usize::from(output.code(7).exit_code().is_some()),
        }
    }
    println!("{ROUNDS} logins under {swaps} swaps: {refused} refused, {kept} kept, 0 files elsewhere");
    assert!(swaps > ROUNDS && refused > 0);
}

/// So that what is asserted of an ordinary user is not asserted of root.
#[test]
fn the_ordinary_user_is_one() {
    let user = UnprivilegedUser::new();
    let output: Output = Output::new("id -u".to_owned(), user.shell("id -u; cat /etc/shadow").output().unwrap());
    assert_ne!(output.stdout(), "0\n");
    output.says("Permission denied");
    assert!(output.stdout().trim().parse::<u32>().is_ok(), "{output}");
}
