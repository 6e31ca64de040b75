//! The shells press TAB.

use super::{DEFINITION, home, shell};
use crate::support::{Sandbox, TerminalSession};

/// What is typed before TAB, and the words that the line then has.
const LINES: [(&str, &[&str]); 11] = [
    ("oauthctl stat", &["status"]),
    ("oauthctl login min", &["login", "mine"]),
    ("oauthctl login mine --scope read", &["login", "mine", "--scope", "read_cheese"]),
    ("oauthctl login mine --scope wri", &["login", "mine", "--scope", "write:cheese"]),
    ("oauthctl login mine --scope write:ch", &["login", "mine", "--scope", "write:cheese"]),
    ("oauthctl login mine --scope=read", &["login", "mine", "--scope=read_cheese"]),
    ("oauthctl token cu", &["token", "custom"]),
    ("oauthctl login --cacert au", &["login", "--cacert", "authorities.pem"]),
    // What follows is typed without a space between.
    ("oauthctl login mine --param sh\tcheese", &["login", "mine", "--param", "shop=cheese"]),
    ("oauthctl --store hel\tpass status", &["--store", "helper:pass", "status"]),
    ("oauthctl exec -- deploy-i", &["exec", "--", "deploy-it"]),
];

fn press(home: &Sandbox, name: &str, args: &[&str], start: &[&str]) {
    std::fs::write(home.home().join("authorities.pem"), "").unwrap();
    home.run_with_stdin(&["login", "mine", "--with-token", "--param", "shop=x", "--profile", "custom"], "made-up")
        .code(0);
    let mut terminal = TerminalSession::start(shell(home, name, args));
    for line in start {
        terminal.types(line);
    }
    terminal.types("echo RE''ADY");
    terminal.shows("READY");
    for (n, (line, _)) in LINES.iter().enumerate() {
        terminal.presses(line.as_bytes());
        terminal.presses(b"\t\r");
        terminal.types(&format!("echo DO''NE{n}"));
        terminal.shows(&format!("DONE{n}"));
    }
    terminal.presses(b"exit\r");
    let exit = terminal.finish();
    let lines = std::fs::read_to_string(home.home().join("words")).unwrap_or_default();
    let expected: Vec<String> = LINES.iter().map(|(_, words)| words.join("|")).collect();
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected, "{}", exit.shown);
}

const POSIX: &str = "oauthctl() { (IFS='|'; printf '%s\\n' \"$*\") >> words; }";

#[test]
fn bash_completes_a_line() {
    let start = ["bind 'set enable-bracketed-paste off'", "source <(command oauthctl completions bash)", POSIX];
    press(&home(DEFINITION), "bash", &["--norc", "--noprofile", "-i"], &start);
}

#[test]
fn zsh_completes_a_line() {
    let start = [
        "unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -d $HOME/dump",
        "command oauthctl completions zsh > script; source ./script",
        POSIX,
    ];
    press(&home(DEFINITION), "zsh", &["-f", "-i"], &start);
}

/// As for the script of 0.1, which was a file of this name, too.
#[test]
fn zsh_loads_the_script_from_its_search_path() {
    let start = [
        "unset zle_bracketed_paste; mkdir f; command oauthctl completions zsh > f/_oauthctl; fpath=($HOME/f $fpath)",
        "autoload -Uz compinit; compinit -u -d $HOME/dump",
        POSIX,
    ];
    press(&home(DEFINITION), "zsh", &["-f", "-i"], &start);
}

#[test]
fn fish_completes_a_line() {
    let start =
        ["command oauthctl completions fish | source", "function oauthctl; string join '|' -- $argv >> words; end"];
    press(&home(DEFINITION), "fish", &["--no-config", "-i"], &start);
}

#[test]
fn an_installed_script_is_loaded_by_a_new_shell() {
    for (name, args) in [("zsh", &["-i"][..]), ("fish", &["-i"])] {
        let home = home(DEFINITION);
        home.run(&["completions", "--install", name]).code(0).answers("Wrote");
        let show = if name == "fish" { "function oauthctl; string join '|' -- $argv >> words; end" } else { POSIX };
        press(&home, name, args, &[show]);
    }
}

/// Powershell quotes nothing that it inserts, and drops empty arguments in its older versions.
#[test]
fn powershell_is_sent_words_that_it_can_insert() {
    let home = home("name = \"It's\"\nscope.known = [{ name = \"it's $(x)\", about = 'evil' }]\n");
    let ask = |words: &[&str]| {
        let output = home.run(&[&["__complete", "powershell", "--"], words].concat());
        output.code(0).stdout().to_owned()
    };
    assert_eq!(ask(&["=oauthctl", "=login", "=min"]), "values\nmine\tmine\tIt's\n");
    let shown = ask(&["=oauthctl", "=login", "=mine", "=--scope", "="]);
    assert_eq!(shown, "values\n'it''s $(x)'\tit's $(x)\tevil\n");
}

#[test]
fn elvish_is_sent_plain_words() {
    let output = home(DEFINITION).run(&["__complete", "elvish", "--", "oauthctl", "login", "min"]);
    assert_eq!(output.code(0).stdout(), "values\nmine\tMy shop\n");
}
