//! Every example of every help text and manual page runs against an emulator: those of each command in a home of its own,
//! one after the other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use clap::CommandFactory;
use oauthctl::testing::{Cli, Example, GROUPS, examples_of};

use crate::support::{Emulated, Output, Sandbox};

fn program(sandbox: &Sandbox, name: &str, script: &str) {
    let path = sandbox.home().join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// A home with everything that the examples take for granted. Judge.me gives no refresh tokens, so one command has another
/// provider.
fn home(path_of_command: &str) -> Emulated {
    let provider = if path_of_command == "refresh" { "shopify" } else { "judgeme" };
    let sandbox = Sandbox::new();
    let (own, path) = (sandbox.home().display().to_string(), std::env::var("PATH").unwrap());
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_oauthctl")).parent().unwrap();
    let sandbox = sandbox.with("PATH", &format!("{own}:{}:{path}", built.display()));
    let browser = sandbox.browser();
    let sandbox = sandbox.with("BROWSER", &browser).with("SHELL", "/bin/bash");
    program(&sandbox, "pass", "echo made-up-secret");
    program(&sandbox, "deploy.sh", "exit 0");
    program(&sandbox, "report.sh", "exit 0");
    program(&sandbox, "man", "cat >/dev/null");
    fs::write(sandbox.home().join("secret.txt"), "made-up-secret").unwrap();
    if path_of_command == "exchange" {
        sandbox.define("judgeme", "exchange.url = 'https://judge.me/oauth/token'\nexchange.on_request = true\n");
    }
    if ["token", "exec"].contains(&path_of_command) {
        sandbox.define("judgeme", "token.lifetime = '1h'\n");
    }
    let home = Emulated::inside(sandbox, provider, &["--approve"]);
    for app in ["default", "test"] {
        let set = ["app", "set", provider, "--app", app, "--client-id", "made-up", "--client-secret-stdin"];
        home.run_with_stdin(&set, "made-up-secret").code(0);
    }
    let wanted = if provider == "judgeme" { "read_products,read_reviews" } else { "read_products" };
    let (browser, own) = (home.browser(), home.variable("OAUTHCTL_PROFILE"));
    for profile in ["work", &own] {
        let login = ["login", provider, "--profile", profile, "--port", "0", "--browser", &browser, "--scope", wanted];
        home.run(&login).code(0);
    }
    let own = home.run(&["providers", "show", "judgeme", "--toml"]);
    fs::write(home.home().join("my-shop.toml"), own.code(0).stdout()).unwrap();
    fs::write(home.home().join("openapi.yaml"), "openapi: 3.1.0\nservers: [{url: 'https://api.shop.test'}]\n").unwrap();
    let exported = home.run_with_stdin(&["export", "--profile", "work", "--passphrase-stdin"], "made-up-secret");
    fs::write(home.home().join("login.oauthctl"), exported.code(0).stdout()).unwrap();
    home
}

/// The words that lead to each command that is shown: `app set`.
fn paths(command: &clap::Command, above: &str) -> Vec<String> {
    let mut all = vec![above.to_owned()];
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        all.extend(paths(inner, format!("{above} {}", inner.get_name()).trim_start()));
    }
    all
}

fn all() -> Vec<(String, Vec<&'static Example>)> {
    let with_examples = |path: String| (path.clone(), examples_of(&path).collect());
    paths(&Cli::command(), "").into_iter().map(with_examples).collect()
}

/// Runs a line as a person would paste it. Returns what it printed unless it went well.
fn failure(home: &Emulated, line: &str) -> Option<String> {
    let mut command = home.program("bash");
    command.args(["-euo", "pipefail", "-c", line]).stdin(Stdio::null());
    let output = Output::new(line.to_owned(), command.output().unwrap());
    (output.exit_code() != Some(0) || output.stderr().contains("error: ")).then(|| output.to_string())
}

#[test]
fn every_example_runs() {
    // Logins use the port that is registered, so they stay on one thread.
    let (logins, others): (Vec<_>, Vec<_>) = all()
        .into_iter()
        .partition(|(_, examples)| examples.iter().any(|example| example.command.starts_with("oauthctl login")));
    let failures = |all: Vec<(String, Vec<&Example>)>| -> Vec<String> {
        let of_one = |(path, examples): (String, Vec<&Example>)| {
            let home = home(&path);
            examples.into_iter().filter_map(|example| failure(&home, example.command)).collect::<Vec<_>>()
        };
        all.into_iter().flat_map(of_one).collect()
    };
    let failed = std::thread::scope(|scope| {
        let logins = scope.spawn(|| failures(logins));
        let others = failures(others);
        [logins.join().unwrap(), others].concat()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_command_shows_its_examples_in_its_help() {
    let sandbox = Sandbox::new();
    for (path, examples) in all() {
        assert!(!examples.is_empty(), "`{path}` has no examples: add them to src/commands/examples.rs");
        let words: Vec<&str> = path.split(' ').filter(|word| !word.is_empty()).collect();
        for how in
            [[&words[..], &["--help"]].concat(), [&words[..], &["-h"]].concat(), [&["help"], &words[..]].concat()]
        {
            let help = sandbox.run(&how);
            for example in &examples {
                help.code(0).answers(&format!("# {}\n  {}\n", example.what, example.command));
            }
        }
    }
}

#[test]
fn every_command_stands_in_one_group() {
    let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    let mut program = Cli::command();
    program.build();
    for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
        let times = grouped.iter().filter(|name| **name == command.get_name()).count();
        assert_eq!(times, 1, "`{}` has a place in src/commands/help.rs", command.get_name());
    }
    let help = Sandbox::new().run(&["--help"]);
    for (title, names) in GROUPS {
        help.code(0).answers(&format!("\n{title}:\n  {}", names[0]));
    }
    help.answers("Usage: oauthctl [OPTIONS] [COMMAND]");
}
