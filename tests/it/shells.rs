//! A line that sets a variable, and a hint, in the language of the shell that gets it.

use crate::support::emulated::MINE;
use crate::support::{Output, Sandbox};

fn with_token(token: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.define("mine", MINE);
    sandbox.run_with_stdin(&["login", "mine", "--with-token"], token).code(0);
    sandbox
}

/// Runs a script of a shell, in which `oauthctl` is found.
fn script(sandbox: &Sandbox, shell: &str, text: &str) -> Output {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_oauthctl"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command = sandbox.program(shell);
    Output::new(text.to_owned(), command.env("PATH", path).args(["-c", text]).output().unwrap())
}

#[test]
fn the_shell_that_asks_gets_a_line_that_it_can_read() {
    let sandbox = with_token("made-up'$HOME`x`\\y");
    for (shell, eval) in [("fish", "oauthctl token --format env | source"), ("zsh", EVAL), ("bash", EVAL), ("sh", EVAL)]
    {
        let output = script(&sandbox, shell, &format!("{eval}; printenv OAUTHCTL_TOKEN"));
        assert_eq!(output.code(0).stdout(), "made-up'$HOME`x`\\y\n", "{shell}");
    }
    let printed =
        |shell: &str| script(&sandbox, shell, "oauthctl token --format env; true").code(0).stdout().to_owned();
    assert!(printed("fish").starts_with("set -gx OAUTHCTL_TOKEN '"));
    assert!(printed("zsh").starts_with("export OAUTHCTL_TOKEN='"));
}

const EVAL: &str = "eval \"$(oauthctl token --format env)\"";

#[test]
fn a_named_shell_gets_its_own_line() {
    let sandbox = with_token("it's");
    for (shell, line) in [
        ("bash", "export T='it'\\''s'\n"),
        ("sh", "export T='it'\\''s'\n"),
        ("fish", "set -gx T 'it'\\''s'\n"),
        ("pwsh", "$env:T = 'it''s'\n"),
        ("cmd", "set \"T=it's\"\n"),
    ] {
        let output = sandbox.run(&["token", "--format", "env", "--env", "T", "--shell", shell]);
        assert_eq!(output.code(0).stdout(), line);
    }
    sandbox.run(&["token", "--shell", "fish"]).code(2).says("add `--format env`");
    with_token("a%b%").run(&["token", "--format", "env", "--shell", "cmd"]).code(2).says("--shell powershell");
}

#[test]
fn a_hint_is_in_the_language_of_the_shell() {
    let sandbox = Sandbox::new().with("OAUTHCTL_DATA_DIR", "relative");
    let hint = |shell: &str| script(&sandbox, shell, "oauthctl status; true").stderr().to_owned();
    assert!(hint("fish").contains("run `set -e OAUTHCTL_DATA_DIR`"), "{}", hint("fish"));
    assert!(hint("bash").contains("run `unset OAUTHCTL_DATA_DIR`"), "{}", hint("bash"));
}

#[test]
fn an_emulator_prints_lines_for_the_named_shell() {
    use std::io::{BufRead, BufReader};
    let sandbox = Sandbox::new();
    for (shell, begins) in [("fish", "set -gx OAUTHCTL_"), ("powershell", "$env:OAUTHCTL_"), ("cmd", "set \"OAUTHCTL_")]
    {
        let mut command = sandbox.command(&["emulate", "judgeme", "--shell", shell]);
        let mut emulator = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(emulator.stdout.take().unwrap()).lines().map(Result::unwrap);
        let last =
            lines.inspect(|line| assert!(line.starts_with(begins), "{line}")).find(|line| line.contains("_PROFILE"));
        emulator.kill().unwrap();
        emulator.wait().unwrap();
        assert!(last.is_some());
    }
}
