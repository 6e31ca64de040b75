//! A login on its way to another machine.

use std::fs;
#[cfg(target_os = "linux")]
use std::io::Read;
#[cfg(target_os = "linux")]
use std::process::Stdio;

#[cfg(target_os = "linux")]
use crate::crash::{needs_tracing, traced_with};
#[cfg(target_os = "linux")]
use crate::support::process::{finish, until};
use crate::support::raw_server::{RawServer, http};
use crate::support::{Output, PendingLogin, Sandbox};

const PASSPHRASE: &str = "correct horse battery";
const TOKEN: &str = "canary-of-the-token";
const REFRESH: &str = "canary-of-the-refresh-token";

fn with_login() -> Sandbox {
    let sandbox = Sandbox::new();
    let login = ["login", "--provider", "judgeme", "--with-token", "--label", "Our shop"];
    sandbox.run_with_stdin(&login, TOKEN).code(0);
    sandbox
}

fn with_refresh_token() -> Sandbox {
    let body = format!(r#"{{"access_token":"{TOKEN}","expires_in":3600,"refresh_token":"{REFRESH}"}}"#);
    let server = RawServer::start([http("200 OK", &["Content-Type: application/json"], body)]);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    sandbox.define("mine", &definition(&server.origin()));
    let login = PendingLogin::start(sandbox.command(&["login", "--provider", "mine", "--port", "0", "--no-browser"]));
    login.come_back(&[("code", "code")]);
    login.finish().code(0);
    sandbox
}

fn definition(origin: &str) -> String {
    format!(
        "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\ntoken.auth = 'body'\napi.base = '{origin}'"
    )
}

/// The other machine.
fn import(line: &str, args: &[&str]) -> (Sandbox, Output) {
    let sandbox = Sandbox::new().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    let output = sandbox.run_with_stdin(&[&["import"], args].concat(), line);
    (sandbox, output)
}

#[test]
fn a_login_arrives_whole_on_another_machine() {
    let export = with_login().run_with_stdin(&["export", "--passphrase-stdin"], PASSPHRASE);
    let line = export.code(0).stdout();
    assert!(line.starts_with("oauthctl-login-1:") && line.ends_with('\n') && line.lines().count() == 1, "{line}");
    export.says("lifetime is unknown").hides(TOKEN).hides(PASSPHRASE);

    let (there, import) = import(line, &[]);
    import.code(0).hides(TOKEN);
    assert_eq!(there.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
    assert!(there.run(&["status", "--json"]).code(0).stdout().contains("\"label\": \"Our shop\""));
    there.run_with_stdin(&["import"], line).code(2).says("`judgeme` already exists").says("`--replace`");
    there.run_with_stdin(&["import", "--replace"], line).code(0);
    there.run_with_stdin(&["import", "--profile", "second"], line).code(0);
    there.run(&["token", "--profile", "second"]).code(0);

    let file = there.home().join("login.txt");
    fs::write(&file, line).unwrap();
    let args = ["import", file.to_str().unwrap(), "--passphrase-stdin", "--profile", "third"];
    Sandbox::new().run_with_stdin(&args, PASSPHRASE).code(0);
}

#[test]
fn a_wrong_passphrase_or_a_changed_line_takes_nothing_in() {
    let export = with_login().run_with_stdin(&["export", "--passphrase-stdin"], PASSPHRASE);
    let line = export.code(0).stdout().trim();
    let mut changed = line.to_owned();
    let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.push(last);
    let costly = format!("oauthctl-login-1:{}", "/".repeat(400));
    let cases = [
        (line, "another passphrase", "the passphrase is wrong, or the file was changed"),
        (&changed, PASSPHRASE, "this is not a login"),
        (&line[..line.len() - 40], PASSPHRASE, "the passphrase is wrong, or the file was changed"),
        (&costly, PASSPHRASE, "requires too much work"),
        ("hello", PASSPHRASE, "this is not a login exported by `oauthctl export`"),
    ];
    for (line, passphrase, words) in cases {
        let there = Sandbox::new().with("OAUTHCTL_EXPORT_PASSPHRASE", passphrase);
        let import = there.run_with_stdin(&["import"], line);
        // Which of the two is said of a changed end depends on whether it is still base64.
        let said = import.stderr().contains(words) || import.stderr().contains("the passphrase is wrong");
        assert!(said, "{import}");
        import.code(2).hides(passphrase);
        there.run(&["token"]).code(4);
    }
}

#[test]
fn a_short_passphrase_or_none_seals_nothing() {
    let sandbox = with_login();
    let short = sandbox.run_with_stdin(&["export", "--passphrase-stdin"], "short");
    short.code(2).says("shorter than 12 characters");
    assert_eq!(short.stdout(), "");
    sandbox.run_with_stdin(&["import", "--passphrase-stdin"], PASSPHRASE).code(2).says("needs `FILE`");
    sandbox.run(&["export"]).code(2).says("OAUTHCTL_EXPORT_PASSPHRASE");
}

#[test]
fn a_refresh_token_stays_unless_the_login_moves() {
    let here = with_refresh_token().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    let export = here.run(&["export", "--profile", "mine"]);
    export.code(0).says("The refresh token stays here").hides(REFRESH);
    let (_there, taken) = import(export.stdout(), &["--json"]);
    assert!(taken.code(0).stdout().contains("\"refreshable\": false"), "{taken}");
    here.run(&["token"]).code(0);

    let moved = here.run(&["export", "--profile", "mine", "--move"]);
    moved.code(0).says("a machine that is discarded after its run loses it").says("Deleted `mine`").hides(REFRESH);
    here.run(&["token"]).code(4);
    let (_there, taken) = import(moved.stdout(), &["--json"]);
    assert!(taken.code(0).stdout().contains("\"refreshable\": true"), "{taken}");
}

/// What was not printed was not moved.
#[cfg(target_os = "linux")]
#[test]
fn a_move_that_cannot_be_printed_deletes_nothing() {
    let here = with_login().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let args = ["export", "--move"];
    let output = here.command(&args).stdout(full).output().unwrap();
    Output::new(args.join(" "), output).code(1).says("cannot write to stdout");
    here.run(&["token"]).code(0);
}

/// Whoever reads the pipe goes away before the line, in the middle of it, or without having read it.
#[cfg(target_os = "linux")]
#[test]
fn a_move_whose_reader_goes_away_deletes_nothing() {
    let here = with_login().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    for reader in ["true", "head -c 3", "no-such-program", "exec <&-"] {
        let mut bash = here.program("bash");
        let line = format!("\"$0\" export --move | {reader}; exit ${{PIPESTATUS[0]}}");
        let output = bash.args(["-c", &line, env!("CARGO_BIN_EXE_oauthctl")]).output().unwrap();
        Output::new(line, output).code(1).says("may not have arrived").says("`judgeme` is kept").says("--output FILE");
        here.run(&["token"]).code(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_move_into_a_pipe_waits_until_it_is_read() {
    let here = with_login().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = here.command(&["export", "--move"]);
    let mut export = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    until("the line is in the pipe", || unread(&reader) > 0);
    assert!(export.try_wait().unwrap().is_none(), "it waits");
    here.run(&["token"]).code(0);
    let mut line = String::new();
    reader.read_to_string(&mut line).unwrap();
    assert!(finish(export).status.success());
    here.run(&["token"]).code(4);
    let (there, taken) = import(&line, &[]);
    taken.code(0);
    there.run(&["token"]).code(0);
}

#[cfg(target_os = "linux")]
fn unread(pipe: &impl std::os::fd::AsRawFd) -> i32 {
    let mut unread = 0;
    // SAFETY: the kernel fills the number, which lives through the call.
    assert_eq!(unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &mut unread) }, 0);
    unread
}

#[cfg(unix)]
#[test]
fn an_export_to_a_file_is_new_private_and_whole() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let here = with_refresh_token().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE).with("OAUTHCTL_PROFILE", "mine");
    let at = |name: &str| here.home().join(name);
    assert_eq!(here.run(&["export", "--output", "kept"]).code(0).stdout(), "");
    here.run(&["token"]).code(0);
    // Not even a link to nowhere is followed.
    symlink("elsewhere", at("link")).unwrap();
    for taken in ["kept", "link", "."] {
        for moves in [&["--move"][..], &[]] {
            let args = [&["export", "--output", taken][..], moves].concat();
            here.run(&args).code(2).says("cannot be written").says("choose another name");
        }
    }
    here.run(&["export", "--move", "-o", "none/x"]).code(2).says("`none/x`");
    here.run(&["token"]).code(0);
    assert!(!at("elsewhere").exists());
    let mut bash = here.program("bash");
    let line = "umask 0; exec \"$0\" export --move --output moved >&-";
    let output = bash.args(["-c", line, env!("CARGO_BIN_EXE_oauthctl")]).output().unwrap();
    Output::new(line.to_owned(), output).code(0).says("Deleted `mine`").says("`moved` is now the only copy");
    here.run(&["token"]).code(4);
    for name in ["kept", "moved"] {
        assert_eq!(fs::metadata(at(name)).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    let (_there, taken) = import(&fs::read_to_string(at("moved")).unwrap(), &["--json"]);
    assert!(taken.code(0).stdout().contains("\"refreshable\": true"), "{taken}");
}

/// The disk fails when the file is written, synced, or read back.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_completed_is_removed_and_logins_stay() {
    needs_tracing();
    let here = with_login().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    let file = here.home().join("moved");
    for harm in ["write:error=ENOSPC", "fsync:error=EIO", "read:error=EIO"] {
        let path = ["-P", file.to_str().unwrap(), "-e", &format!("inject={harm}")];
        let args = ["export", "--move", "--output", file.to_str().unwrap()];
        let (output, _) = traced_with(&here, &args, &path, Stdio::null());
        output.code(2).says("cannot be written");
        assert!(!file.exists(), "{harm}");
        here.run(&["token"]).code(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_move_reports_what_is_left_on_this_machine() {
    needs_tracing();
    let here = with_login().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
    let forgetting = |harm: &str, file: &str| {
        let args = ["export", "--move", "--output", file];
        traced_with(&here, &args, &["-e", &format!("inject={harm}")], Stdio::null()).0
    };
    // The list cannot be changed, or the record not be deleted.
    for (file, harm) in [("one", "renameat,renameat2:error=EROFS"), ("two", "unlink:error=EROFS")] {
        let output = forgetting(harm, file);
        output.code(7).says(&format!("`judgeme` was exported to `{file}`")).says("it is also on this machine");
        output.says("logout --local");
        here.run(&["token"]).code(0);
    }
    // The record is deleted, and then the list cannot be changed.
    let output = forgetting("renameat,renameat2:error=EROFS:when=2", "three");
    output.code(7).says("`judgeme` was exported to `three`").says("this machine still lists it").says("logout --local");
    here.run(&["status"]).answers("judgeme");
    here.run(&["logout", "--local"]).code(0);
    for file in ["one", "two", "three"] {
        let (there, taken) = import(&fs::read_to_string(here.home().join(file)).unwrap(), &[]);
        taken.code(0);
        there.run(&["token"]).code(0);
    }
}

#[test]
fn an_imported_token_goes_only_where_it_went_before() {
    let export = with_login().run_with_stdin(&["export", "--passphrase-stdin"], PASSPHRASE);
    let (there, import) = import(export.code(0).stdout(), &[]);
    import.code(0);
    there.define("judgeme", "api.base = 'https://elsewhere.example'\n");
    there.run(&["call", "GET", "/x"]).code(3).hides(TOKEN);
}

/// The variable's token would go out, and the login with the refresh token be forgotten.
#[test]
fn export_refuses_to_move_the_environment_token() {
    let sandbox = with_login();
    let mut command = sandbox.command(&["export", "--move", "--profile", "judgeme"]);
    let output = command.env("OAUTHCTL_TOKEN", "another").env("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE).output();
    let output = Output::new("export --move".to_owned(), output.unwrap());
    assert_eq!(output.code(2).says("`unset OAUTHCTL_TOKEN`").stdout(), "");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
}
