//! F-50 to F-52: streams, descriptors and limits.

use std::fs;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Stdio;

use super::system::{TOKEN, UNKNOWN, WITH_TOKEN, has_no_panic, logged_in};
use crate::crash::{needs_tracing, traced};
use crate::support::process::finish;
use crate::support::unprivileged_user::{needs_other_users, permissions};
use crate::support::{ApiServer, Emulated, Output, PendingLogin, Sandbox, UnprivilegedUser};

/// Runs a line for `bash`, in which `"$0"` is `oauthctl`.
fn bash(sandbox: &Sandbox, line: &str) -> Output {
    let mut command = sandbox.program("bash");
    command.args(["-c", line, env!("CARGO_BIN_EXE_oauthctl")]).stdout(Stdio::piped()).stderr(Stdio::piped());
    Output::new(line.to_owned(), finish(command.spawn().unwrap()))
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let sandbox = logged_in();
    for args in [&["token"][..], &["status"], &["providers", "list"], &["--help"], &["man"], &["completions", "zsh"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = sandbox.command(args).stdout(writer).output().unwrap();
        let output = Output::new(args.join(" "), output);
        output.code(0);
        assert_eq!(output.stderr(), "", "{output}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_never_a_success() {
    let sandbox = logged_in();
    for args in [
        &["token"][..],
        &["token", "--json"],
        &["status"],
        &["providers", "show", "judgeme"],
        &["--help"],
        &["--version"],
        &["man"],
        &["completions", "zsh"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Output::new(args.join(" "), sandbox.command(args).stdout(full).output().unwrap());
        has_no_panic(&output);
        output.code(1).says("cannot write to stdout").says("No space left on device (os error 28)");
    }
    // Where only the talk is lost, the answer counts.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = sandbox.command(&["token", "--verbose"]).stderr(full).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), format!("{TOKEN}\n").as_bytes()));
}

#[test]
fn a_pipe_that_does_not_wait_gets_every_byte() {
    let body: String = (0..200_000).map(|n| format!("{n:07}\n")).collect();
    let api = ApiServer::always("200 OK", &["Content-Type: text/plain"], &body);
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
    let ours = writer.try_clone().unwrap();
    let sandbox = api.login("");
    let mut command = sandbox.command(&["call", "GET", "/x"]);
    let mut call = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    // The command holds the writer until it is dropped.
    drop(command);
    // It is full, and whoever writes now is told to come again.
    while has_room(&ours) {
        assert!(call.try_wait().unwrap().is_none(), "it ended before the pipe was full");
        std::thread::yield_now();
    }
    drop(ours);
    let mut got = Vec::new();
    let mut part = [0; 1000];
    while let n @ 1.. = reader.read(&mut part).unwrap() {
        got.extend_from_slice(&part[..n]);
    }
    let output = finish(call);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(got == body.as_bytes(), "{} of {} bytes", got.len(), body.len());
}

fn has_room(pipe: &impl AsRawFd) -> bool {
    let mut asked = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: the struct lives through the call, and it is one.
    unsafe { libc::poll(&mut asked, 1, 0) == 1 }
}

/// Whoever reads the pipe gets the token whole or not at all.
#[test]
fn a_token_is_one_write() {
    needs_tracing();
    let mine = Emulated::mine(&[]);
    for token in ["short".to_owned(), "x".repeat(4000)] {
        mine.run_with_stdin(&["login", "--provider", "mine", "--with-token"], &token).code(0);
        for args in [&["token"][..], &["token", "--json"], &["token", "--format", "env"]] {
            let (output, log) = traced(&mine, args);
            output.code(0).answers(&token);
            let writes: Vec<_> = log.lines().filter(|line| line.starts_with("write(1<")).collect();
            assert_eq!(writes.len(), 1, "{writes:?}");
            assert!(writes[0].ends_with(&format!("= {}", output.stdout().len())), "{writes:?}");
        }
    }
}

#[test]
fn streams_closed_from_the_start_leak_no_secret_into_a_file() {
    let sandbox = Sandbox::new();
    bash(&sandbox, &format!("echo {TOKEN} | \"$0\" {} 2>&-", WITH_TOKEN.join(" "))).code(0);
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        for args in ["token", "status", "token --profile nobody", "--help"] {
            let output = bash(&sandbox, &format!("exec \"$0\" {args} {closed}"));
            has_no_panic(&output);
            let expected = match args {
                _ if closed.split(' ').any(|closed| closed == ">&-") => 1,
                "token --profile nobody" => 4,
                _ => 0,
            };
            assert_eq!(output.exit_code(), Some(expected), "{output}");
        }
    }
    bash(&sandbox, &format!("exec \"$0\" {} <&-", WITH_TOKEN.join(" "))).code(2).says("that is not a usable token");
    for file in files_below(sandbox.home()) {
        let content = fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(TOKEN), "{}", file.display());
    }
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
}

/// Every command that answers on stdout.
const ANSWERS: &[&str] = &[
    "--help",
    "--version",
    "token",
    "token --json",
    "token --format env",
    "status",
    "status --check",
    "status --json",
    "call /x",
    "call /x --paginate",
    "call /x --curl",
    "call /x --include --silent",
    "call /x -o -",
    "call /x -o /dev/stdout",
    "scopes",
    "export",
    "export --move",
    "export -o -",
    "refresh",
    "login mine --port 0 --no-browser --timeout 0s",
    "login mine --with-token --profile other",
    "import",
    "app show mine",
    "app set mine --client-id id --client-secret-stdin",
    "providers list",
    "providers show mine",
    "providers new x --print",
    "emulate mine",
    "demo",
    "man",
    "completions zsh",
];

#[test]
fn a_closed_stdout_is_an_error_before_anything_is_done() {
    let api = ApiServer::always("200 OK", &["Content-Type: application/json"], "[]");
    let sandbox = api.login("").with("OAUTHCTL_EXPORT_PASSPHRASE", "correct horse battery");
    let before = files_below(sandbox.home());
    for args in ANSWERS {
        for (closed, says) in [(">&-", "stdout is closed"), ("1</dev/null", "Bad file descriptor")] {
            let output = bash(&sandbox, &format!("exec \"$0\" {args} {closed} </dev/null"));
            output.code(1).says(says);
            has_no_panic(&output);
        }
    }
    assert_eq!((api.requests(), files_below(sandbox.home())), (vec![], before));
    sandbox.run(&["token"]).code(0);
    // Who wants no answer needs no stdout.
    fs::create_dir(sandbox.home().join("out")).unwrap();
    for args in
        ["use mine", "exec -- true", "call /x --silent", "call /x -o out/x", "providers new x", "logout --local"]
    {
        bash(&sandbox, &format!("exec \"$0\" {args} >&-")).code(0);
    }
}

/// As it is for a shell, for Python's `DEVNULL`, for systemd, which opens it to be read too, and for a program that has
/// closed it and opened it again itself.
#[test]
fn a_stdout_that_is_dev_null_is_a_stdout() {
    let api = ApiServer::always("200 OK", &["Content-Type: application/json"], "[]");
    let sandbox = api.login("").with("OAUTHCTL_EXPORT_PASSPHRASE", "correct horse battery");
    for args in ["token", "status", "call /x", "export", "scopes", "--help", "refresh --help", "export --move"] {
        for null in [">/dev/null", "<>/dev/null 1>&0 2>&0", "1<>/dev/null", ">&- >/dev/null"] {
            bash(&sandbox, &format!("exec \"$0\" {args} {null}")).code(0);
        }
        let words: Vec<&str> = args.split(' ').collect();
        let status = sandbox.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{args}");
        let script = format!(
            "import subprocess, sys; sys.exit(subprocess.run([sys.argv[1], *{words:?}], stdin=subprocess.DEVNULL, \
             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode)"
        );
        let mut python = sandbox.program("python3");
        let output = python.args(["-c", &script, env!("CARGO_BIN_EXE_oauthctl")]).output().unwrap();
        Output::new(format!("{args} from Python"), output).code(0);
    }
    // What goes nowhere was not moved.
    sandbox.run(&["token"]).code(0);
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_thousand_inherited_descriptors_disturb_nothing() {
    let mine = Emulated::mine(&[]);
    let open = "ulimit -n 4096 || exit 99; for ((fd = 3; fd < 1003; fd++)); do eval \"exec $fd</dev/null\"; done; ";
    let login = format!("{open} exec \"$0\" login --port 0 --browser '{}'", mine.browser());
    bash(&mine, &login).code(0);
    bash(&mine, &format!("{open} exec \"$0\" call GET /api/things")).code(0);
    let token = mine.run(&["token"]);
    assert_eq!(bash(&mine, &format!("{open} exec \"$0\" token")).code(0).stdout(), token.stdout());
}

#[test]
fn twenty_descriptors_are_enough_and_fewer_are_an_error() {
    // The first use of each login's token is a refresh.
    let mine = Emulated::mine(&["--token-lifetime", "0s,1h"]);
    let mut login = mine.program("bash");
    let line = "ulimit -n 20; exec \"$0\" login --port 0 --no-browser";
    login.args(["-c", line, env!("CARGO_BIN_EXE_oauthctl")]);
    let login = PendingLogin::start(login);
    crate::support::http::follow(&login.authorize_url);
    login.finish().code(0);
    for args in ["token", "call GET /api/things", "status", "refresh", "exec -- true"] {
        mine.log_in();
        bash(&mine, &format!("ulimit -n 20; exec \"$0\" {args}")).code(0);
    }
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let mut failed = 0;
    for limit in [8, 7, 6, 5, 4] {
        for args in ["token", "call GET /api/things", "status"] {
            let output = bash(&mine, &format!("ulimit -n {limit}; exec \"$0\" {args}"));
            has_no_panic(&output);
            if output.exit_code() != Some(0) {
                output.says("os error 24");
                failed += 1;
            }
        }
    }
    assert!(failed > 0);
    let login = format!("ulimit -n 5; echo {TOKEN} | \"$0\" login mine --with-token");
    bash(&mine, &login).code(7).says("os error 24").says("hint: raise the limit on open files");
    mine.run(&["call", "GET", "/api/things"]).code(0);
}

#[test]
fn too_little_memory_is_an_end_without_a_half_answer() {
    let sandbox = logged_in();
    let (mut whole, mut none) = (0, 0);
    for kib in (4_000..=64_000).step_by(4_000) {
        let output = bash(&sandbox, &format!("ulimit -c 0; ulimit -v {kib}; exec \"$0\" token"));
        has_no_panic(&output);
        match output.exit_code() {
            Some(0) => {
                assert_eq!(output.stdout(), format!("{TOKEN}\n"));
                whole += 1;
            }
            // The kernel, the loader or the allocator gives up.
            _ => {
                assert_eq!(output.stdout(), "", "{output}");
                none += 1;
            }
        }
    }
    assert!(whole > 0 && none > 0, "{whole} {none}");
}

#[test]
fn a_thread_limit_is_an_error_and_not_a_panic() {
    needs_other_users();
    let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "ID");
    home.define(
        "mine",
        "authorize.url = 'http://127.0.0.1:1/a'\ntoken.url = 'http://127.0.0.1:1/t'\napi.base = 'http://127.0.0.1:1'\n",
    );
    let helper = home.home().join("docker-credential-own");
    fs::write(&helper, "#!/bin/sh\nread x\necho credentials not found in native keychain\nexit 1\n").unwrap();
    fs::set_permissions(&helper, permissions(0o755)).unwrap();
    // A number of its own: the limit counts all of a user's processes.
    let user = UnprivilegedUser::with_id(home, UNKNOWN + 1);
    user.run_shell(&format!("echo {TOKEN} | \"$0\" login mine --with-token")).code(0);
    assert_eq!(user.run_shell("ulimit -u 0; exec \"$0\" token").code(0).stdout(), format!("{TOKEN}\n"));
    for limit in 0..6 {
        for (line, code) in [
            ("exec \"$0\" call GET /x", 8),
            ("exec \"$0\" call POST /x --input /etc/passwd", 8),
            ("exec \"$0\" login mine --port 0 --timeout 0s --browser true", 8),
            ("PATH=$HOME:$PATH exec \"$0\" token --store helper:own --profile x", 7),
        ] {
            let output = user.run_shell(&format!("ulimit -u {limit}; {line}"));
            has_no_panic(&output);
            // With enough of them the login waits in vain, and the helper answers.
            let ends = [Some(code), Some(6), Some(4)];
            assert!(ends.contains(&output.exit_code()), "{limit}: {output}");
            assert!(limit > 0 || output.exit_code() == Some(code), "{output}");
        }
    }
}

#[test]
fn verbose_tells_when_the_kernel_cannot_protect_the_memory() {
    needs_tracing();
    let sandbox = logged_in();
    let denied = |args: &[&str]| {
        let mut command = sandbox.program("strace");
        command.args(["-o", "/dev/null", "-e", "inject=prctl:error=EPERM", "--", env!("CARGO_BIN_EXE_oauthctl")]);
        Output::new(args.join(" "), command.args(args).output().unwrap())
    };
    let quiet = denied(&["token"]);
    assert_eq!((quiet.code(0).stdout(), quiet.stderr()), (format!("{TOKEN}\n").as_str(), ""));
    denied(&["token", "--verbose"]).code(0).says("allows your other processes to read the memory of this one");
    let allowed = sandbox.run(&["token", "--verbose"]);
    assert!(!allowed.code(0).stderr().contains("read the memory"), "{allowed}");
}
