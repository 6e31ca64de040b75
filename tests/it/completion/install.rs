//! `completions --install` says what it changed, and changes nothing else.

use std::fs;
use std::path::Path;

use crate::support::Sandbox;

const SCRIPTS: [(&str, &str, Option<&str>); 5] = [
    ("bash", ".local/share/bash-completion/completions/oauthctl", None),
    ("fish", ".config/fish/completions/oauthctl.fish", None),
    ("zsh", ".local/share/zsh/site-functions/_oauthctl", Some(".zshrc")),
    ("elvish", ".local/share/elvish/lib/oauthctl-completion.elv", Some(".config/elvish/rc.elv")),
    ("powershell", ".config/powershell/oauthctl-completion.ps1", Some(".config/powershell/profile.ps1")),
];

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn a_script_is_installed_once_and_named() {
    for (shell, script, startup) in SCRIPTS {
        let sandbox = Sandbox::new();
        let script = sandbox.home().join(script);
        let first = sandbox.run(&["completions", "--install", shell]);
        first.code(0).answers(&format!("Wrote {}", script.display()));
        assert_eq!(fs::read_to_string(&script).unwrap(), sandbox.run(&["completions", shell]).stdout());
        let startup = startup.map(|path| sandbox.home().join(path));
        let line = startup.as_ref().map(|path| fs::read_to_string(path).unwrap());
        if let Some(startup) = &startup {
            first.answers(&startup.display().to_string());
        }
        let again = sandbox.run(&["completions", "--install", shell]);
        again.code(0).answers("Nothing to change in");
        assert_eq!(startup.map(|path| fs::read_to_string(path).unwrap()), line);
        assert_eq!(files(sandbox.home()), 1 + usize::from(line.is_some()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_shell_in_use_is_the_one_that_runs_the_command() {
    let sandbox = Sandbox::new();
    let install = format!("{} completions --install --json; true", env!("CARGO_BIN_EXE_oauthctl"));
    for (shell, said) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"), ("sh", "zsh")] {
        let mut command = sandbox.clone().with("SHELL", "/usr/bin/zsh").program(shell);
        let output = command.args(["-c", &install]).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["shell"], said, "{answer}");
    }
    let unknown = sandbox.with("SHELL", "/bin/dash").run(&["completions", "--install"]);
    unknown.code(2).says("which shell").says("oauthctl completions --install bash");
}

#[cfg(unix)]
#[test]
fn a_startup_file_that_is_a_link_is_not_written() {
    let sandbox = Sandbox::new();
    let (real, link) = (sandbox.home().join("dotfiles"), sandbox.home().join(".zshrc"));
    fs::write(&real, "# mine\n").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let output = sandbox.run(&["completions", "--install", "zsh"]);
    output.code(0).answers("is a link").answers("&& source '");
    assert_eq!(fs::read_to_string(&real).unwrap(), "# mine\n");
    // With the line in it, there is nothing left to do.
    let line = output.stdout().lines().find(|line| line.contains("&& source")).unwrap();
    fs::write(&real, format!("# mine\n{line}\n")).unwrap();
    let again = sandbox.run(&["completions", "--install", "zsh"]);
    assert!(!again.code(0).stdout().contains("is a link"), "{again}");
}

#[cfg(unix)]
#[test]
fn a_script_that_is_not_ours_is_kept() {
    let sandbox = Sandbox::new();
    let script = sandbox.home().join(".config/fish/completions/oauthctl.fish");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::write(&script, "complete -c oauthctl -a mine\n").unwrap();
    sandbox.run(&["completions", "--install", "fish"]).code(3).says("is not a completion script of oauthctl");
    assert_eq!(fs::read_to_string(&script).unwrap(), "complete -c oauthctl -a mine\n");
    fs::remove_file(&script).unwrap();
    std::os::unix::fs::symlink(sandbox.home().join("elsewhere"), &script).unwrap();
    sandbox.run(&["completions", "--install", "fish"]).code(3).says("is a link");
    assert!(!sandbox.home().join("elsewhere").exists());
}

#[cfg(unix)]
#[test]
fn a_script_of_the_first_version_is_replaced_and_a_startup_file_kept() {
    let sandbox = Sandbox::new();
    let script = sandbox.home().join(".local/share/zsh/site-functions/_oauthctl");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::write(&script, "#compdef oauthctl\n\nautoload -U is-at-least\n\n_oauthctl() {\n").unwrap();
    fs::write(sandbox.home().join(".zshrc"), "alias ll='ls -l'").unwrap();
    sandbox.run(&["completions", "--install", "zsh"]).code(0).answers("Wrote").answers("Added a line");
    let startup = fs::read_to_string(sandbox.home().join(".zshrc")).unwrap();
    assert!(startup.starts_with("alias ll='ls -l'\n[[ -r '") && startup.lines().count() == 2, "{startup}");
}
