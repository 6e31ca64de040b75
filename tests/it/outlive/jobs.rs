//! The command is the process that the caller started: signals, terminal, jobs, children and exit are its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::signals::anywhere::{living_in, visible_mine};
use crate::support::process::{Process, process_state, send_signal, until};
use crate::support::{Emulated, TerminalSession};

const FLAGS: [&str; 2] = ["--proxy", "--token-file"];

fn mine() -> Emulated {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    mine
}

/// Starts a command, waits for its first line, and returns it.
fn started(mine: &Emulated, flag: &str, script: &str) -> (Process, String) {
    let mut command = mine.command(&["exec", flag, "--", "sh", "-c", script]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Process(child), line.trim().to_owned())
}

#[test]
fn the_command_is_the_process_that_was_started() {
    let mine = mine();
    for flag in FLAGS {
        let (mut child, id) = started(&mine, flag, "trap 'exit 42' TERM; echo $$; read -r line; exit 1");
        assert_eq!(id, child.0.id().to_string());
        child.signal(libc::SIGTERM);
        drop(child.0.stdin.take());
        assert_eq!(child.0.wait().unwrap().code(), Some(42));
        for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGTERM, libc::SIGUSR1, libc::SIGKILL] {
            let (mut child, _) = started(&mine, flag, "echo $$; exec cat");
            child.signal(signal);
            assert_eq!(child.0.wait().unwrap().signal(), Some(signal), "{flag}");
        }
        mine.run(&["exec", flag, "--", "sh", "-c", "exit 77"]).code(77);
    }
}

/// A program that waits for all of its children must not wait for one that it does not know.
#[test]
fn the_command_has_no_child_that_it_did_not_start() {
    let mine = mine();
    let script = "import os
try: print(os.waitpid(-1, 0))
except ChildProcessError: print('none')
print(sorted(os.listdir('/proc/self/fd')))";
    let plain = mine.run(&["exec", "--", "python3", "-c", script]);
    assert!(plain.code(0).stdout().starts_with("none\n"));
    for flag in FLAGS {
        assert_eq!(mine.run(&["exec", flag, "--", "python3", "-c", script]).code(0).stdout(), plain.stdout());
    }
}

/// A caller that ignores the end of its children hands that down, and it is handed on.
#[test]
fn the_command_has_the_signals_that_its_caller_has_set() {
    let mine = mine();
    let ours = env!("CARGO_BIN_EXE_oauthctl");
    for flag in FLAGS {
        let shown = "import signal as s; print([s.getsignal(n) for n in (s.SIGCHLD, s.SIGINT, s.SIGTERM, s.SIGPIPE)])";
        let script = format!(
            "import os, signal as s
for n in (s.SIGCHLD, s.SIGTERM): s.signal(n, s.SIG_IGN)
os.execv('{ours}', ['oauthctl', 'exec'] + {{}} + ['--', 'python3', '-c', '{shown}'])"
        );
        let run = |flags: String| mine.program("python3").args(["-c", &script.replace("{}", &flags)]).output().unwrap();
        let (plain, beside) = (run("[]".to_owned()), run(format!("['{flag}']")));
        assert!(plain.status.success() && beside.status.success(), "{beside:?}");
        assert_eq!(String::from_utf8_lossy(&beside.stdout), String::from_utf8_lossy(&plain.stdout));
    }
}

/// Whoever reads from the command sees the end when the command closes it, not when its companion ends.
#[test]
fn nothing_that_the_command_closes_is_kept_open() {
    let mine = mine();
    for flag in FLAGS {
        let script = "exec >&- 3>&-; read -r line";
        let ours = format!("exec {} exec {flag} -- sh -c '{script}' 3>&1", env!("CARGO_BIN_EXE_oauthctl"));
        let mut command = mine.program("sh");
        let mut child =
            Process(command.args(["-c", &ours]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let mut all = Vec::new();
        child.0.stdout.take().unwrap().read_to_end(&mut all).unwrap();
        assert!(child.0.try_wait().unwrap().is_none(), "it still runs");
        child.0.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.0.wait().unwrap().success());
    }
}

#[test]
fn the_port_ends_with_the_command_and_not_with_what_it_left() {
    let mine = mine();
    for end in ["exit 0", "kill -9 $$"] {
        let script = format!("echo $http_proxy; sleep 60 >/dev/null 2>&1 & echo $!; {end}");
        let output = mine.command(&["exec", "--proxy", "--", "sh", "-c", &script]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (proxy, left) = text.trim().split_once('\n').unwrap();
        let address = proxy.rsplit('@').next().unwrap();
        until("the port is closed", || TcpStream::connect(address).is_err());
        let left = left.parse().unwrap();
        assert!(process_state(left).is_some());
        send_signal(left, libc::SIGKILL);
    }
}

#[test]
fn ctrl_z_and_fg_stop_and_continue_the_command() {
    let mine = mine();
    for flag in FLAGS {
        let ours = env!("CARGO_BIN_EXE_oauthctl");
        let script = format!(
            "set -m; {ours} exec {flag} -- sh -c 'echo began-$((1)); read -r line; echo got $line; exit 33'; \
             echo stopped-$?; fg; echo ended-$?"
        );
        let mut command = mine.program("bash");
        command.args(["--norc", "-c", &script]);
        let mut terminal = TerminalSession::start(command);
        terminal.shows("began-1");
        terminal.stops();
        terminal.shows("stopped-148");
        terminal.types("hello");
        let exit = terminal.finish();
        assert!(exit.code(0).shown.contains("got hello") && exit.shown.contains("ended-33"), "{}", exit.shown);
    }
}

#[test]
fn ctrl_c_reaches_the_command_once_and_not_its_companion() {
    let mine = mine();
    // The command goes on after Ctrl-C, and so does its proxy.
    let script = "trap 'echo interrupted; n=$((n + 1))' INT; echo began-$((1)); until [ \"$n\" ]; do sleep 0.1; done
        curl -s -o /dev/null -w 'code-%{http_code}\\n' $OAUTHCTL_API/things";
    let mut terminal = TerminalSession::start(mine.command(&["exec", "--proxy", "--", "sh", "-c", script]));
    terminal.shows("began-1");
    terminal.interrupts();
    let exit = terminal.finish();
    assert!(exit.code(0).shown.contains("code-200"), "{}", exit.shown);
    assert_eq!(exit.shown.matches("interrupted").count(), 1, "{}", exit.shown);
}

/// A person who gives up while the companion still waits for a server.
#[test]
fn ctrl_c_before_the_command_begins_ends_all() {
    let mine = visible_mine(&["--token-lifetime", "0s"]);
    mine.log_in();
    let emulator = mine.process_id();
    send_signal(emulator, libc::SIGSTOP);
    let mut command = mine.command(&["exec", "--proxy", "--", "touch", "never"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let terminal = TerminalSession::start(command);
    until("all three wait", || living_in(&mine, &[emulator]).len() == 3);
    terminal.interrupts();
    assert_eq!(terminal.finish().signal, Some(libc::SIGINT));
    until("nobody is left", || living_in(&mine, &[emulator]).is_empty());
    send_signal(emulator, libc::SIGCONT);
    assert!(!mine.home().join("never").exists());
}
