//! Completion, as the shells show it: each real shell has a terminal, and TAB is pressed. elvish and PowerShell are not
//! in Debian, so for them stands what they are sent.

mod hostile;
mod install;
mod shells;
mod values;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::Sandbox;

/// Returns the words that the program offers, each with its description, as fish gets them.
#[track_caller]
fn offered(home: &Sandbox, words: &[&str]) -> Vec<(String, String)> {
    let output = home.run(&[&["__complete", "fish", "--", "oauthctl"], words].concat());
    assert!(output.stderr().is_empty(), "{output}");
    let lines = output.code(0).stdout().lines().skip(1);
    lines.map(|line| line.split_once('\t').map(|(word, help)| (word.to_owned(), help.to_owned())).unwrap()).collect()
}

#[track_caller]
fn words(home: &Sandbox, line: &[&str]) -> Vec<String> {
    offered(home, line).into_iter().map(|(word, _)| word).collect()
}

/// A home in which each shell finds `oauthctl` and `deploy-it`, and a definition of the provider `mine`.
fn home(definition: &str) -> Sandbox {
    let home = Sandbox::new();
    home.define("mine", definition);
    let deploy = home.home().join("bin/deploy-it");
    std::fs::create_dir(home.home().join("bin")).unwrap();
    std::fs::write(&deploy, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&deploy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_oauthctl")).parent().unwrap().display();
    let path = format!("{}/bin:{program}:{}", home.home().display(), std::env::var("PATH").unwrap());
    home.with("PATH", &path).with("TERM", "dumb").with("LANG", "C.UTF-8")
}

const DEFINITION: &str = "name = 'My shop'\nauthorize.url = 'https://mine.example/a'\ntoken.url = 'https://mine.example/t'\n\
    api.base = 'https://{shop}.mine.example'\nparams.shop = { prompt = 'The shop', example = 'cheese' }\n\
    scope.known = [{ name = 'read_cheese', about = 'all cheeses' }, { name = 'write:cheese', about = 'new ones' }]\n";

fn shell(home: &Sandbox, name: &str, args: &[&str]) -> Command {
    let mut command = home.program(name);
    command.args(args);
    command
}
