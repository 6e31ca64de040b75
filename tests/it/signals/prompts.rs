//! Signals at a prompt on a real terminal, and Ctrl-Z: what a shell finds afterwards.

use std::time::Instant;

use libc::{SIGCONT, SIGINT};
use url::Url;

use super::{SIGNALS, Shop};
use crate::support::leftovers::nothing_is_left;
use crate::support::process::{process_state, send_signal, until};
use crate::support::raw_server::http;
use crate::support::{Emulated, Sandbox, TerminalSession, http as browser};

/// At a prompt, by the key where there is one.
fn interrupt(terminal: &TerminalSession, signal: i32) {
    match signal {
        SIGINT => terminal.interrupts(),
        other => send_signal(terminal.process_id(), other),
    }
}

fn at_a_terminal(shop: &Shop) -> TerminalSession {
    let mut terminal = TerminalSession::start(shop.login_command());
    terminal.authorize_url();
    until("the terminal is quiet", || terminal.settings_changed());
    terminal
}

/// A login without a registration, at the question for the secret.
fn at_the_hidden_prompt(home: &Sandbox) -> TerminalSession {
    let mut terminal =
        TerminalSession::start(home.command(&["login", "--provider", "shop", "--port", "0", "--no-browser"]));
    terminal.shows("Client ID: ");
    terminal.types("mine");
    terminal.shows("Client secret (not shown): ");
    assert!(terminal.settings_changed(), "the terminal echoes");
    terminal
}

#[test]
fn the_terminal_is_as_before_after_every_signal_at_a_prompt() {
    let shop = Shop::new([]);
    let unregistered = shop.sandbox.without("OAUTHCTL_CLIENT_ID").without("OAUTHCTL_CLIENT_SECRET");
    for signal in SIGNALS {
        for (what, terminal) in
            [("paste", at_a_terminal(&shop)), ("hidden prompt", at_the_hidden_prompt(&unregistered))]
        {
            let sent = Instant::now();
            interrupt(&terminal, signal);
            let exit = terminal.finish();
            println!("{what}: signal {signal} ended it after {:?}", sent.elapsed());
            assert_eq!(exit.signal, Some(signal), "{what}: {}", exit.shown);
        }
        nothing_is_left(shop.sandbox.home());
    }
}

#[test]
fn a_stopped_login_releases_the_terminal_and_takes_it_again() {
    let body = r#"{"access_token":"one","token_type":"bearer"}"#;
    let shop = Shop::new([http("200 OK", &["Content-Type: application/json"], body)]);
    let unregistered = shop.sandbox.without("OAUTHCTL_CLIENT_ID").without("OAUTHCTL_CLIENT_SECRET");
    let mut terminal = at_the_hidden_prompt(&unregistered);
    stop_and_go_on(&terminal);
    terminal.types("canary-of-the-secret");
    let authorize_url = terminal.authorize_url();
    until("the terminal is quiet again", || terminal.settings_changed());
    stop_and_go_on(&terminal);
    terminal.types(&answer_to(&authorize_url));
    terminal.finish().code(0).hides("canary-of-the-secret").hides("canary-of-the-code");
}

fn stop_and_go_on(terminal: &TerminalSession) {
    terminal.stops();
    until("it stops", || process_state(terminal.process_id()) == Some('T'));
    assert!(!terminal.settings_changed(), "the shell finds a terminal that echoes");
    send_signal(terminal.process_id(), SIGCONT);
    until("the terminal is quiet again", || terminal.settings_changed());
}

/// What a person pastes.
fn answer_to(authorize_url: &Url) -> String {
    let sent = |name: &str| authorize_url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    format!("{}?state={}&code=canary-of-the-code", sent("redirect_uri"), sent("state"))
}

#[test]
fn in_a_shell_ctrl_z_and_fg_go_on_and_ctrl_c_is_130() {
    let mine = Emulated::mine(&[]);
    let mut shell = mine.program("sh");
    shell.arg("-i").env("PS1", "ready> ").env("BIN", env!("CARGO_BIN_EXE_oauthctl"));
    let mut terminal = TerminalSession::start(shell);
    terminal.shows("ready> ");
    let before = terminal.settings_changed();
    terminal.types("\"$BIN\" login --port 0 --no-browser");
    let authorize_url = terminal.authorize_url();
    until("the terminal is quiet", || terminal.settings_changed() != before);
    terminal.stops();
    terminal.shows_times("ready> ", 2);
    assert_eq!(terminal.settings_changed(), before, "the shell's own terminal");
    terminal.types("fg");
    until("the terminal is quiet again", || terminal.settings_changed() != before);
    terminal.types(browser::location(&browser::get(&authorize_url)).as_str());
    terminal.shows("Logged in to Mine");
    terminal.shows_times("ready> ", 3);
    mine.run(&["token"]).code(0);

    terminal.types("\"$BIN\" login --port 0 --no-browser");
    terminal.shows_times("Open this address", 2);
    until("the terminal is quiet", || terminal.settings_changed() != before);
    terminal.interrupts();
    terminal.shows_times("ready> ", 4);
    terminal.types("echo \"ended with $?\"");
    terminal.shows("ended with 130");
    terminal.types("exit 0");
    terminal.finish();
}
