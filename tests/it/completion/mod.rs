//! Completion, as the shells show it: each real shell has a terminal, and TAB is pressed. elvish and PowerShell are not
//! in Debian, so for them stands what they are sent.

mod hostile;
mod install;
mod shells;
mod values;

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

/// A home in which each shell finds `oauthctl`, and a definition of the provider `mine`.
fn home(definition: &str) -> Sandbox {
    let home = Sandbox::new();
    home.define("mine", definition);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_oauthctl"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
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
