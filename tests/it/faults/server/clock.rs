//! Clocks that are wrong: the server's, and ours.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::JSON;
use crate::refresh::{Scripted, token};
use crate::support::emulated::MINE;
use crate::support::faketime::SettableClock;
use crate::support::raw_server::http;
use crate::support::{ApiServer, PendingLogin, Sandbox};

#[test]
fn a_servers_date_is_not_believed() {
    let dates = ["Date: Sun, 06 Nov 1994 08:49:37 GMT", "Date: Fri, 31 Dec 2100 23:59:59 GMT", "Date: today"];
    let body = |n| format!(r#"{{"access_token":"at-{n}","expires_in":3600}}"#);
    let replies = dates.iter().enumerate().map(|(n, date)| http("200 OK", &[JSON, date], body(n)));
    let scripted = Scripted::new(replies.collect());
    for n in 0..dates.len() {
        scripted.sandbox.run(&["refresh"]).code(0);
        for _ in 0..2 {
            assert_eq!(token(&scripted.sandbox), format!("at-{n}"));
        }
        scripted.sandbox.run(&["token", "--min-validity", "59m"]).code(0);
        scripted.sandbox.run(&["status", "--expires-within", "59m"]).code(0);
    }
    assert_eq!(scripted.server.stop().len(), 1 + dates.len());
}

/// A token endpoint that counts, and sets our clock while we wait for it, if it is told to.
struct Jumping {
    server: ApiServer,
    jump: Arc<Mutex<Option<String>>>,
    clock: Arc<SettableClock>,
    sandbox: Sandbox,
}

impl Jumping {
    fn new() -> Self {
        let (clock, sandbox) = SettableClock::new(Sandbox::new());
        let (clock, jump, count) = (Arc::new(clock), Arc::new(Mutex::new(None::<String>)), AtomicUsize::new(0));
        let (set, wanted) = (Arc::clone(&clock), Arc::clone(&jump));
        let server = ApiServer::start(move |_| {
            if let Some(offset) = wanted.lock().unwrap().take() {
                set.set(&offset);
            }
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            let body = format!(r#"{{"access_token":"at-{n}","expires_in":3600,"refresh_token":"rt-{n}"}}"#);
            ("200 OK", vec![JSON.to_owned()], body.into_bytes())
        });
        let sandbox = sandbox.with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
        sandbox.define("mine", &MINE.replace("https://mine.example", &server.origin()));
        let jumping = Self { server, jump, clock, sandbox };
        let args = ["login", "--provider", "mine", "--port", "0", "--no-browser"];
        let login = PendingLogin::start(jumping.sandbox.command(&args));
        login.come_back(&[("code", "c")]);
        login.finish().code(0);
        jumping
    }

    /// Three commands in a row get the same token; how many requests that took.
    #[track_caller]
    fn requests_for_three(&self) -> usize {
        let before = self.server.requests().len();
        let first = token(&self.sandbox);
        for _ in 0..2 {
            assert_eq!(token(&self.sandbox), first);
        }
        let requests = self.server.requests().len();
        assert_eq!(first, format!("at-{requests}"), "the last one that was given");
        requests - before
    }
}

#[test]
fn a_jump_of_the_clock_costs_one_refresh_and_no_login() {
    let jumping = Jumping::new();
    assert_eq!(jumping.requests_for_three(), 0);
    // Between two runs: a token that is over by our clock, and one that is from a time that has not come yet.
    for (offset, requests) in [("+10y", 1), ("+0", 1), ("-10y", 1), ("+0", 1), ("+30m", 0), ("-20", 0), ("+0", 0)] {
        jumping.clock.set(offset);
        assert_eq!(jumping.requests_for_three(), requests, "{offset}");
    }
    // During a run, when the request is out; also what happens to a machine that sleeps.
    for offset in ["+10y", "-10y", "+2h", "-2h"] {
        jumping.clock.set("+0");
        let _settled = token(&jumping.sandbox);
        *jumping.jump.lock().unwrap() = Some(offset.to_owned());
        jumping.sandbox.run(&["refresh"]).code(0);
        assert!(jumping.jump.lock().unwrap().is_none());
        assert_eq!(jumping.requests_for_three(), 1, "{offset}");
        jumping.clock.set("+0");
        assert_eq!(jumping.requests_for_three(), 1, "back from {offset}");
    }
}
