//! What is offered, and where.

use clap::CommandFactory;
use oauthctl::testing::{Cli, Kind, value_kind};

use super::{DEFINITION, home, offered, words};
use crate::support::Sandbox;

#[test]
fn each_value_of_a_line_is_offered_where_it_fits() {
    let home = home(DEFINITION);
    home.run_with_stdin(&["login", "mine", "--with-token", "--param", "shop=x"], "made-up").code(0);
    home.run_with_stdin(&["login", "judgeme", "--with-token", "--profile", "work"], "made-up").code(0);
    for (line, fitting) in [
        (&["stat"][..], &["status"][..]),
        (&["providers", "sh"], &["show"]),
        (&["login", "min"], &["mine"]),
        (&["login", "--provider", "ju"], &["judgeme"]),
        (&["login", "gh"], &["gh"]),
        (&["login", "--provider=google-w"], &["--provider=google-workspace"]),
        (&["login", "--provider=ju"], &["--provider=judgeme"]),
        (&["token", ""], &["mine", "work"]),
        (&["--profile", "w"], &["work"]),
        (&["use", "m"], &["mine"]),
        (&["login", "mine", "--scope", "read_cheese,"], &["read_cheese,write:cheese"]),
        (&["scopes", "--profile", "mine", "--require", "r"], &["read_cheese"]),
        (&["login", "mine", "--param", ""], &["shop="]),
        (&["login", "mine", "--param", "shop=x", "--param", ""], &[]),
        (&["--store", "k"], &["keychain"]),
        (&["--store", "h"], &["helper:"]),
        (&["emulate", "judgeme", "--fault", "slow"], &["slow-token", "slow-down"]),
        (&["token", "--format", "hea"], &["header"]),
        (&["completions", ""], &["bash", "elvish", "fish", "powershell", "zsh"]),
        (&["man", "app", "s"], &["set", "show"]),
        (&["man", "def"], &["definition"]),
        (&["call", "P"], &["POST", "PUT", "PATCH"]),
        (&["login", "--cac"], &["--cacert"]),
        (&["login", "--json", "--js"], &[]),
        (&["providers", "new", "j"], &[]),
        (&["providers", "new", "--overlay", "j"], &["judgeme"]),
        (&["exec", "--", "oauthctl", "log"], &[]),
        (&["no-such", "command", ""], &[]),
    ] {
        assert_eq!(words(&home, line), fitting, "{line:?}");
    }
    assert_eq!(offered(&home, &["login", "min"]), [("mine".to_owned(), "My shop".to_owned())]);
}

#[test]
fn what_cannot_be_read_is_not_offered_and_not_mentioned() {
    let home = Sandbox::new();
    home.define("broken", "name = [[[");
    let home = home.with("OAUTHCTL_PROFILE", "no such").with("OAUTHCTL_EMULATOR", "nonsense");
    assert!(words(&home, &["login", ""]).is_empty());
    assert!(words(&home.clone().with("OAUTHCTL_DATA_DIR", "relative"), &["token", ""]).is_empty());
    let home = home.without("OAUTHCTL_EMULATOR");
    assert!(words(&home, &["login", "bro"]).contains(&"broken".to_owned()));
    assert!(words(&home, &["login", "broken", "--scope", ""]).is_empty());
    for args in
        [&["__complete"][..], &["__complete", "tcsh", "--", "x"], &["__complete", "bash"], &["__complete", "zsh"]]
    {
        home.run(args).code(0);
    }
}

#[test]
fn every_argument_says_what_its_values_are() {
    let mut program = Cli::command();
    program.build();
    let mut without = Vec::new();
    check(&program, &mut without);
    assert!(without.is_empty(), "give these a row in src/commands/complete/values.rs: {without:#?}");
    assert_eq!(value_kind(&clap::Arg::new("x").value_name("SCOPES")), Some(Kind::Scopes));
}

fn check(command: &clap::Command, without: &mut Vec<String>) {
    for arg in command.get_arguments().filter(|arg| arg.get_num_args().is_some_and(|range| range.takes_values())) {
        if arg.get_possible_values().is_empty() && value_kind(arg).is_none() {
            without.push(format!("{} {}", command.get_name(), arg));
        }
    }
    command.get_subcommands().filter(|inner| inner.get_name() != "help").for_each(|inner| check(inner, without));
}

/// No keychain and no network: with neither a bus nor a server it answers all the same, and opens no socket.
#[cfg(target_os = "linux")]
#[test]
fn completion_opens_no_socket() {
    let home = home(DEFINITION);
    home.run_with_stdin(&["login", "mine", "--with-token", "--param", "shop=x"], "made-up").code(0);
    let home = home.without("OAUTHCTL_STORE").with("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let log = home.home().join("calls");
    for line in [&["token", ""][..], &["login", ""], &["login", "mine", "--scope", ""], &["--store", "helper:"]] {
        let mut command = home.program("strace");
        command.args(["-f", "-qq", "-e", "trace=socket,execve,connect", "-o", log.to_str().unwrap()]);
        command.args([env!("CARGO_BIN_EXE_oauthctl"), "__complete", "fish", "--", "oauthctl"]).args(line);
        assert!(command.output().unwrap().status.success());
        let calls = std::fs::read_to_string(&log).unwrap();
        assert!(!calls.contains("socket(") && calls.matches("execve(").count() == 1, "{line:?}: {calls}");
    }
}
