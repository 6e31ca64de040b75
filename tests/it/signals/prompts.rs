//! Signals at a prompt on a real terminal, and Ctrl-Z: what a shell finds afterwards.

use std::time::Instant;

use libc::{SIGCONT, SIGINT};
use url::Url;

use super::{SIGNALS, Shop};
use crate::support::desk::{process_state, send_signal, until};
use crate::support::leftovers::nothing_is_left;
use crate::support::raw_server::http;
use crate::support::{Emulated, Sandbox, Seat, http as browser};

/// At a prompt, by the key where there is one.
fn interrupt(seat: &Seat, signal: i32) {
    match signal {
        SIGINT => seat.interrupts(),
        other => send_signal(seat.process_id(), other),
    }
}

fn at_a_terminal(shop: &Shop) -> Seat {
    let mut seat = Seat::start(shop.login_command());
    seat.authorize_url();
    until("the terminal is quiet", || seat.settings_changed());
    seat
}

/// A login without a registration, at the question for the secret.
fn at_the_hidden_prompt(home: &Sandbox) -> Seat {
    let mut seat = Seat::start(home.command(&["login", "--provider", "shop", "--port", "0", "--no-browser"]));
    seat.shows("Client ID: ");
    seat.types("mine");
    seat.shows("Client secret (not shown): ");
    assert!(seat.settings_changed(), "the terminal echoes");
    seat
}

#[test]
fn the_terminal_is_as_before_after_every_signal_at_a_prompt() {
    let shop = Shop::new([]);
    let unregistered = shop.sandbox.without("OAUTHCTL_CLIENT_ID").without("OAUTHCTL_CLIENT_SECRET");
    for signal in SIGNALS {
        for (what, seat) in [("paste", at_a_terminal(&shop)), ("hidden prompt", at_the_hidden_prompt(&unregistered))] {
            let sent = Instant::now();
            interrupt(&seat, signal);
            let left = seat.leave();
            println!("{what}: signal {signal} ended it after {:?}", sent.elapsed());
            assert_eq!(left.signal, Some(signal), "{what}: {}", left.shown);
        }
        nothing_is_left(shop.sandbox.home());
    }
}

#[test]
fn a_stopped_login_releases_the_terminal_and_takes_it_again() {
    let body = r#"{"access_token":"one","token_type":"bearer"}"#;
    let shop = Shop::new([http("200 OK", &["Content-Type: application/json"], body)]);
    let unregistered = shop.sandbox.without("OAUTHCTL_CLIENT_ID").without("OAUTHCTL_CLIENT_SECRET");
    let mut seat = at_the_hidden_prompt(&unregistered);
    stop_and_go_on(&seat);
    seat.types("canary-of-the-secret");
    let authorize_url = seat.authorize_url();
    until("the terminal is quiet again", || seat.settings_changed());
    stop_and_go_on(&seat);
    seat.types(&answer_to(&authorize_url));
    seat.leave().code(0).hides("canary-of-the-secret").hides("canary-of-the-code");
}

fn stop_and_go_on(seat: &Seat) {
    seat.stops();
    until("it stops", || process_state(seat.process_id()) == Some('T'));
    assert!(!seat.settings_changed(), "the shell finds a terminal that echoes");
    send_signal(seat.process_id(), SIGCONT);
    until("the terminal is quiet again", || seat.settings_changed());
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
    let mut seat = Seat::start(shell);
    seat.shows("ready> ");
    let before = seat.settings_changed();
    seat.types("\"$BIN\" login --port 0 --no-browser");
    let authorize_url = seat.authorize_url();
    until("the terminal is quiet", || seat.settings_changed() != before);
    seat.stops();
    seat.shows_times("ready> ", 2);
    assert_eq!(seat.settings_changed(), before, "the shell's own terminal");
    seat.types("fg");
    until("the terminal is quiet again", || seat.settings_changed() != before);
    seat.types(browser::location(&browser::get(&authorize_url)).as_str());
    seat.shows("Logged in to Mine");
    seat.shows_times("ready> ", 3);
    mine.run(&["token"]).code(0);

    seat.types("\"$BIN\" login --port 0 --no-browser");
    seat.shows_times("Open this address", 2);
    until("the terminal is quiet", || seat.settings_changed() != before);
    seat.interrupts();
    seat.shows_times("ready> ", 4);
    seat.types("echo \"ended with $?\"");
    seat.shows("ended with 130");
    seat.types("exit 0");
    seat.leave();
}
