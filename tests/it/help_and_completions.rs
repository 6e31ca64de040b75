//! Every command explains itself, and the completion files say what the binary says.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use oauthctl::testing::Cli;

use crate::support::Sandbox;

/// They know no command, no flag and no provider: none that is new changes them.
#[test]
fn the_completion_files_are_short_and_what_the_binary_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let files = ["oauthctl.bash", "_oauthctl", "oauthctl.fish", "_oauthctl.ps1", "oauthctl.elv"];
    for (shell, file) in ["bash", "zsh", "fish", "powershell", "elvish"].into_iter().zip(files) {
        let script = fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(Sandbox::new().run(&["completions", shell]).code(0).stdout(), script);
        assert!(script.lines().count() < 60 && !script.contains("judgeme") && !script.contains("login"), "{file}");
    }
}

#[test]
fn every_command_has_help_that_fits_in_100_columns() {
    let sandbox = Sandbox::new();
    let mut program = Cli::command();
    program.build();
    for path in paths(&program, &[]) {
        for flag in ["--help", "-h"] {
            let words: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let output = sandbox.run(&words);
            let help = output.code(0).stdout();
            assert!(help.contains("Usage: oauthctl"), "{output}");
            assert!(output.stderr().is_empty(), "{output}");
            let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 100).collect();
            assert!(wide.is_empty(), "`oauthctl {}` is too wide: {wide:#?}", words.join(" "));
        }
    }
}

/// The words that lead to each command, without clap's own `help`.
fn paths(command: &Command, words: &[String]) -> Vec<Vec<String>> {
    let mut all = vec![words.to_vec()];
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        all.extend(paths(inner, &[words, &[inner.get_name().to_owned()]].concat()));
    }
    all
}

#[test]
fn the_version_says_with_verbose_what_it_was_built_from() {
    let sandbox = Sandbox::new();
    let short = format!("oauthctl {}\n", env!("CARGO_PKG_VERSION"));
    for args in [["--version"], ["-V"]] {
        assert_eq!(sandbox.run(&args).code(0).stdout(), short);
    }
    for args in [&["--version", "--verbose"][..], &["--verbose", "--version"], &["-Vv"], &["-vV"]] {
        let shown = sandbox.run(args);
        let lines: Vec<&str> = shown.code(0).stdout().lines().collect();
        let names: Vec<&str> = lines[1..].iter().filter_map(|line| line.split(": ").next()).collect();
        assert!(shown.stdout().starts_with(&short) && names == ["commit", "date", "target"], "{shown}");
    }
}
