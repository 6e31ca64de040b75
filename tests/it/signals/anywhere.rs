//! A signal at any moment of a whole login: sixty of them, or a thousand with `tests/all --long`.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::SIGNALS;
use crate::refresh::long;
use crate::support::emulated::MINE;
use crate::support::leftovers::nothing_is_left;
use crate::support::process::{fixed_port, send_signal, until};
use crate::support::random::Random;
use crate::support::{Emulated, Sandbox};

/// The emulator of `mine`, whose processes and those of its home can be seen.
pub fn visible_mine(args: &[&str]) -> Emulated {
    let sandbox = Sandbox::new().visible();
    sandbox.define("mine", MINE);
    Emulated::inside(sandbox, "mine", &[&["--approve"], args].concat())
}

/// Processes whose home this is, but for one.
pub fn living_in(mine: &Emulated, except: &[u32]) -> Vec<u32> {
    let home = format!("HOME={}", mine.home().display());
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let lives_there = |id: &u32| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable == home.as_bytes())
    };
    ids.filter(|id| !except.contains(id)).filter(lives_there).collect()
}

#[test]
fn a_login_that_is_ended_at_any_moment_leaves_nothing_behind() {
    let rounds = if long() { 1000 } else { 60 };
    let mine = visible_mine(&["--token-lifetime", "1h"]);
    let emulator = living_in(&mine, &[]);
    assert_eq!(emulator.len(), 1, "the emulator's, and it can be seen");
    let port = fixed_port();
    let browser = mine.browser();
    let number = port.to_string();
    let login = ["login", "--port", &number, "--browser", &browser];
    let start = || mine.command(&login).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();

    let whole = (0..3).map(|_| {
        let began = Instant::now();
        assert!(start().wait().unwrap().success());
        began.elapsed().as_micros() as u64
    });
    let whole = whole.min().unwrap();
    let mut random = Random::new();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let signal = SIGNALS[round % SIGNALS.len()];
        let mut process = start();
        // The moment is what is random here; nothing is waited for.
        std::thread::sleep(Duration::from_micros(random.below(whole)));
        let sent = Instant::now();
        send_signal(process.id(), signal);
        let mut status = None;
        until("the login ends", || {
            status = process.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        match (status.signal(), status.code()) {
            (Some(ended_by), _) if ended_by == signal => {
                slowest = slowest.max(sent.elapsed());
                *ends.entry(format!("signal {signal}")).or_default() += 1;
            }
            (None, Some(0)) => *ends.entry("done before".to_owned()).or_default() += 1,
            _ => panic!("round {round}: signal {signal} and {status}"),
        }
        // A browser that is just being started has it until its program begins.
        until("the port is free", || TcpListener::bind(("127.0.0.1", port)).is_ok());
        nothing_is_left(mine.home());
        // The browser finds the port closed, and ends.
        until("no child lives on", || living_in(&mine, &emulator).is_empty());
        // The record is the old one or the new one.
        mine.run(&["token"]).code(0);
    }
    assert!(ends.len() > 1, "{ends:?}");
    println!(
        "{rounds} signals at random moments of a login of {} ms: {ends:?}; the slowest end took {slowest:?}",
        whole / 1000
    );
}
