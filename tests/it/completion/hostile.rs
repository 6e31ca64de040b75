//! A definition may come from anywhere. Nothing that it says is run by a shell: not when TAB lists it, and not when the
//! line is run with what TAB inserted.

use super::{home, offered, shell, words};
use crate::support::{Sandbox, TerminalSession};

/// Each begins with a word of its own, so that it can be typed up to there.
const EVIL: [&str; 9] = [
    "a$(touch ran)",
    "b`touch ran`",
    "c';touch ran;'",
    "d\";touch ran;\"",
    "e|touch ran",
    "f&&touch ran;",
    "g*?[a-z]{x,y}",
    "h\\$(touch ran)",
    "i:(touch ran)=~%N",
];

/// These would end a line of our answer, or a word of it.
const UNSEEN: [&str; 2] = ["j\ntouch ran", "k\ttouch ran"];

fn hostile() -> Sandbox {
    let scope = |name: &&str| {
        let quoted = serde_json::to_string(name).unwrap();
        format!("{{ name = {quoted}, about = {quoted} }}")
    };
    let scopes: Vec<String> = EVIL.iter().chain(&UNSEEN).map(scope).collect();
    let name = serde_json::to_string(&EVIL.concat()).unwrap();
    home(&format!(
        "name = {name}\nauthorize.url = 'https://mine.example/a'\ntoken.url = 'https://mine.example/t'\n\
         api.base = 'https://mine.example'\nscope.known = [{}]\n",
        scopes.join(", ")
    ))
}

#[test]
fn what_has_invisible_characters_is_not_offered() {
    let home = hostile();
    for unseen in UNSEEN {
        assert!(words(&home, &["login", "mine", "--scope", &unseen[..1]]).is_empty(), "{unseen:?}");
    }
    for evil in EVIL {
        assert_eq!(words(&home, &["login", "mine", "--scope", &evil[..1]]), [evil]);
    }
    // One that acts on a terminal is refused as a whole; its name is read without that check.
    home.define("unseen", "name = \"a\\u001b]0;title\\u0007b\\u202ec\"\n");
    assert_eq!(offered(&home, &["login", "unse"]), [("unseen".to_owned(), "ab\u{fffd}c".to_owned())]);
}

/// Types a line with TAB behind the letter of a hostile scope, lets a function `oauthctl` show its words, and sees that they
/// are the scope, and that nothing ran.
fn press(name: &str, args: &[&str], start: &[String], show: &str) {
    let home = hostile();
    let mut terminal = TerminalSession::start(shell(&home, name, args));
    for line in start {
        terminal.types(line);
    }
    // The shell's own words, not the echo of what is typed.
    terminal.types("echo RE''ADY");
    terminal.shows("READY");
    terminal.types(show);
    for (n, evil) in EVIL.iter().enumerate() {
        // Listed, then inserted.
        terminal.presses(b"oauthctl login min\t");
        terminal.presses(b"--scope \t");
        if name == "bash" {
            terminal.presses(b"\t");
        }
        terminal.presses(&evil.as_bytes()[..1]);
        terminal.presses(b"\t");
        terminal.presses(b"\r");
        terminal.types(&format!("echo DO''NE{n}"));
        terminal.shows(&format!("DONE{n}"));
    }
    terminal.presses(b"exit\r");
    let exit = terminal.finish();
    let shown = std::fs::read_to_string(home.home().join("words")).unwrap_or_default();
    let last: Vec<&str> = shown.lines().collect();
    assert_eq!(last, EVIL, "{}", exit.shown);
    assert!(!home.home().join("ran").exists(), "{}", exit.shown);
}

/// A function would hide the program from completion; ours is asked with `command`.
const POSIX: &str = "oauthctl() { printf '%s\\n' \"$4\" >> words; }";

#[test]
fn bash_runs_nothing_of_a_definition() {
    let start = ["bind 'set enable-bracketed-paste off'", "source <(command oauthctl completions bash)"];
    press("bash", &["--norc", "--noprofile", "-i"], &start.map(str::to_owned), POSIX);
}

#[test]
fn zsh_runs_nothing_of_a_definition() {
    let start = [
        "unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -d $HOME/dump",
        "command oauthctl completions zsh > script; source ./script",
        "setopt list_ambiguous no_beep; LISTMAX=1000",
    ];
    press("zsh", &["-f", "-i"], &start.map(str::to_owned), POSIX);
}

#[test]
fn fish_runs_nothing_of_a_definition() {
    let start = ["command oauthctl completions fish | source"];
    press(
        "fish",
        &["--no-config", "-i"],
        &start.map(str::to_owned),
        "function oauthctl; printf '%s\\n' $argv[4] >> words; end",
    );
}
