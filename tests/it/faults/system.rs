//! F-47 to F-49: homes, configuration and arguments.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::process::finish;
use crate::support::unprivileged_user::{needs_other_users, permissions};
use crate::support::{Output, Sandbox, UnprivilegedUser};

pub const TOKEN: &str = "canary-of-the-token";
pub const WITH_TOKEN: &[&str] = &["login", "--provider", "judgeme", "--with-token"];
const DEFINITION: &str = "authorize.url = 'https://shop.example/a'\ntoken.url = 'https://shop.example/t'\n";

/// A user whom the password database does not know.
pub const UNKNOWN: u32 = 54_321;

pub fn logged_in() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run_with_stdin(WITH_TOKEN, TOKEN).code(0);
    sandbox
}

#[track_caller]
pub fn has_no_panic(output: &Output) {
    assert!(output.exit_code() != Some(101) && !output.stderr().contains("panicked"), "{output}");
}

#[test]
fn a_home_that_is_no_folder_of_the_users_is_named() {
    let sandbox = Sandbox::new();
    let with_home = |home: &str, args: &[&str]| {
        let mut command = sandbox.without("OAUTHCTL_CONFIG_DIR").command(args);
        Output::new(format!("HOME={home}"), command.env("HOME", home).output().unwrap())
    };
    let import = |home: &str| with_home(home, &["app", "set", "judgeme", "--client-id", "ID"]);
    // It would lead into the folder in which the command is started.
    import("relative").code(3).says("HOME is `relative`, which is not an absolute path").says("`unset HOME`");
    with_home("relative", &["token"]).code(3);
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0);
    let file = sandbox.home().join("file");
    fs::write(&file, "x").unwrap();
    with_home(file.to_str().unwrap(), &["token"]).code(7).says(file.to_str().unwrap()).says("Not a directory");
    import(file.to_str().unwrap()).code(3).says("OAUTHCTL_CONFIG_DIR");
    // It is not created: nobody would look for a login there.
    let missing = sandbox.home().join("missing");
    import(missing.to_str().unwrap()).code(7).says("HOME is `").says("which does not exist").says("OAUTHCTL_DATA_DIR");
    assert!(!missing.exists());
    // What needs no home does its work.
    with_home("relative", &["--version"]).code(0);
    with_home("relative", &["completions", "bash"]).code(0);
}

#[test]
fn a_missing_home_or_password_entry_is_named() {
    needs_other_users();
    let user = UnprivilegedUser::with_id(Sandbox::new(), UNKNOWN);
    user.keep(TOKEN).code(0);
    assert_eq!(user.run_shell("\"$0\" token").code(0).stdout(), format!("{TOKEN}\n"));
    let homeless = user.run_shell("unset HOME; exec \"$0\" token");
    homeless.code(3).says("there is no home directory").says("set HOME, or OAUTHCTL_CONFIG_DIR and OAUTHCTL_DATA_DIR");
    user.run_shell("HOME= exec \"$0\" status").code(3).says("there is no home directory");
    let data = user.path(".local/share/oauthctl");
    let line = format!("unset HOME; OAUTHCTL_DATA_DIR={} exec \"$0\" token", data.display());
    assert_eq!(user.run_shell(&line).code(0).stdout(), format!("{TOKEN}\n"));
}

/// Each way in which a file of ours can be no file of ours, for each file: the command that reads it ends at once, says
/// which file and why, and shows nothing of it.
#[test]
fn a_malformed_file_is_refused_with_its_path() {
    const INDEX: &str = ".local/share/oauthctl/logins.json";
    const KEY: &str = "config/keys/store.key";
    const DEFINED: &str = "config/providers/mine.toml";
    let show: &[&str] = &["providers", "show", "mine"];
    for (name, args, code) in [(INDEX, &["token"][..], 7), (KEY, &["token"], 7), (DEFINED, show, 3)] {
        for (kind, make) in STRANGE {
            // What these are is the next test's.
            if name == DEFINED && ["empty", "foreign text"].contains(kind) {
                continue;
            }
            let sandbox = logged_in();
            sandbox.define("mine", DEFINITION);
            let path = sandbox.home().join(name);
            fs::remove_file(&path).unwrap();
            make(&path);
            let output = Output::new(format!("{kind} {name}"), finish(piped(sandbox.command(args))));
            has_no_panic(&output);
            output.code(code).says(name).hides(TOKEN);
            assert!(output.stdout().is_empty() && output.stderr().len() < 4000, "{output}");
            assert!(
                !output.stderr().contains('\u{1b}') && !output.stderr().contains('\0'),
                "{output:?}",
                output = output.stderr()
            );
        }
    }
}

/// By name, and how to make it. None is of another user: those are told in `permissions.rs`.
type Strange = (&'static str, fn(&Path));

const STRANGE: &[Strange] = &[
    ("empty", |path| private(path, b"")),
    ("foreign text", |path| private(path, b"{\"a\": 1}\n")),
    ("corrupt", |path| private(path, b"\x00\x01[\x1b[2J{\"\x1b]0;x\x07\n")),
    ("not UTF-8", |path| private(path, b"name = \"\xff\"\n")),
    ("UTF-16", |path| private(path, b"\xff\xfen\0a\0m\0e\0")),
    ("deep", |path| private(path, &[b'['; 200_000])),
    ("1 GiB", |path| {
        private(path, b"");
        fs::File::options().write(true).open(path).unwrap().set_len(1 << 30).unwrap();
    }),
    ("FIFO", |path| assert!(Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap().success())),
    ("directory", |path| fs::create_dir(path).unwrap()),
    ("symlink loop", |path| symlink(path.file_name().unwrap(), path).unwrap()),
    ("device", |path| symlink("/dev/zero", path).unwrap()),
    ("mode 0666", |path| {
        private(path, b"name = 'x'\n");
        fs::set_permissions(path, permissions(0o666)).unwrap();
    }),
];

fn private(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, permissions(0o600)).unwrap();
}

fn piped(mut command: Command) -> std::process::Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Editors of other systems put a mark before the text, and a carriage return at each line's end.
#[test]
fn bom_and_crlf_are_read_and_one_bad_definition_spares_the_rest() {
    let sandbox = Sandbox::new();
    sandbox.define("bom", &format!("\u{feff}{DEFINITION}"));
    sandbox.define("crlf", &DEFINITION.replace('\n', "\r\n"));
    sandbox.define("empty", "");
    sandbox.define("broken", "name = 'x'\n[token");
    for id in ["bom", "crlf"] {
        sandbox.run(&["providers", "show", id]).code(0).answers("https://shop.example/a");
    }
    // It says nothing, so there is nobody to log in to.
    sandbox.run(&["providers", "show", "empty"]).code(0);
    let mut login = sandbox.command(&["login", "--provider", "empty", "--no-browser"]);
    let login = Output::new("login".to_owned(), login.env("OAUTHCTL_CLIENT_ID", "ID").output().unwrap());
    login.code(3).says("`oauthctl providers show empty` prints the definition");
    sandbox.run(&["providers", "show", "broken"]).code(3).says("line 2, column");
    symlink("nowhere.toml", sandbox.home().join("config/providers/judgeme.toml")).unwrap();
    // Not the built-in one, which somebody meant to change.
    sandbox.run(&["providers", "show", "judgeme"]).code(3).says("judgeme.toml` cannot be read");
    let list = sandbox.run(&["providers", "list"]);
    list.code(0).answers("bom").answers("crlf").answers("glu").says("`broken` is skipped").says("`judgeme` is skipped");
}

#[test]
fn what_is_no_utf8_is_named_and_never_taken_for_nothing() {
    use std::ffi::OsStr;
    let sandbox = logged_in();
    let strange = OsStr::from_bytes(b"a\xff\x1b[2Jz");
    let run = |args: &[&OsStr], variable: Option<&str>| {
        let mut command = sandbox.command(&[]);
        command.args(args);
        command.envs(variable.map(|name| (name, strange)));
        let output = Output::new(format!("{args:?} {variable:?}"), command.output().unwrap());
        has_no_panic(&output);
        assert!(!output.stderr().contains("[2J") && !output.stdout().contains("[2J"), "{output}");
        output
    };
    let word = OsStr::new;
    run(&[strange], None).code(2).says("a\u{fffd}z");
    run(&[word("login"), word("--provider"), strange], None).code(2).says("`a\u{fffd}z` is not UTF-8 text");
    run(&[word("token"), word("--profile"), strange], None).code(2).says("`a\u{fffd}z` is not UTF-8 text");
    run(&[word("providers"), word("check"), strange], None).code(3).says("a\u{fffd}z");
    // A variable that was ignored would mean another login, another key, or the real provider in the emulator's place.
    for (name, code) in [("OAUTHCTL_PROFILE", 2), ("OAUTHCTL_STORE", 2), ("OAUTHCTL_DATA_DIR", 3)] {
        run(&[word("token")], Some(name)).code(code).says(name).hides(TOKEN);
    }
    // The characters that stand for what is no UTF-8 would make another secret.
    for name in ["CLIENT_SECRET", "STORE_KEY", "TOKEN", "EXPORT_PASSPHRASE"].map(|name| format!("OAUTHCTL_{name}")) {
        run(&[word("status")], Some(&name)).code(2).says(&format!("{name} is not UTF-8 text"));
    }
    run(&[word("token"), word("--format"), word("header")], Some("OAUTHCTL_EMULATOR")).code(3).says("`a\u{fffd}z`");
    // A folder may have any name.
    let home = sandbox.home().join(OsStr::from_bytes(b"h\xff"));
    fs::create_dir(&home).unwrap();
    let mut login = sandbox.without("OAUTHCTL_CONFIG_DIR").command(WITH_TOKEN);
    let mut login = login.env("HOME", &home).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    login.stdin.take().unwrap().write_all(TOKEN.as_bytes()).unwrap();
    assert_eq!(Output::new("login".to_owned(), login.wait_with_output().unwrap()).exit_code(), Some(0));
    let token = sandbox.without("OAUTHCTL_CONFIG_DIR").command(&["token"]).env("HOME", &home).output().unwrap();
    assert_eq!(token.stdout, format!("{TOKEN}\n").as_bytes());
    let plain = sandbox.command(&["status"]).envs([("LC_ALL", "C"), ("LANG", "C")]).output().unwrap();
    assert!(Output::new("status".to_owned(), plain).code(0).stdout().contains("judgeme"));
}

/// Linux takes 128 KiB in one argument, and some MiB in all of them.
#[test]
fn a_mebibyte_of_arguments_is_a_short_usage_error() {
    let sandbox = logged_in();
    let long = "a".repeat(131_000);
    let eight = [long.as_str(); 8];
    for args in [
        [&["status"], &eight[..]].concat(),
        eight.to_vec(),
        vec!["status", "--profile", &long],
        vec!["token", "--min-validity", &long],
        vec!["login", "--provider", &long],
    ] {
        let output = sandbox.run(&args);
        has_no_panic(&output);
        assert!([Some(2), Some(3)].contains(&output.exit_code()), "{:.300}", output.stderr());
        assert!(output.stderr().len() < 2000, "{} bytes", output.stderr().len());
    }
}
