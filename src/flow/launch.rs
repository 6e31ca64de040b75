//! The address that the browser is started with: it redirects to the authorize URL, once.
//!
//! What a program is started with stands in the process list, for every user of the machine to read. With the authorize
//! URL there, another user has our `state` and `code_challenge`, lets the provider bind a code of their own account to
//! them, and brings it to our port: state and PKCE both hold, and we would keep a stranger's token (RFC 9700 §4.5).
//! An address on our own port tells nothing by itself. Who reads it can still be faster than the browser; so
//!
//! * who asks is looked up where the system tells (Linux), and another user gets nothing, and is reported;
//! * it works once. If who asked cannot be known, a second request ends the login: one of the two was not the browser.
//!
//! A file with a redirect in a folder of the user's, which others do, needs a place that the browser may read: one from
//! a snap or a flatpak may read neither hidden folders nor our runtime folder.
//!
//! The port is the callback's where that speaks plain http, so whatever leads a browser there (a forwarded port, WSL)
//! leads it here as well. Measured in Chromium: it asks once, shows no warning, and keeps the address neither in its
//! history nor in the provider's `Referer` (tests/it/launch.rs).

use url::Url;

use super::pages::Page;
use crate::protocol::state::State;
use crate::system::loopback::{Answer, LoopbackRequest, Sender};

/// One such address and what became of it.
pub struct Launch {
    secret: State,
    authority: String,
    authorize_url: Url,
    taken_by: Option<Sender>,
}

/// What came of a request to the address.
#[derive(Debug, PartialEq, Eq)]
pub enum Launched {
    /// The first one: it goes on to the provider.
    Now,
    /// The browser once more, by its own doing or a person's.
    Again,
    /// Another user's program, which gets nothing.
    Foreign { uid: u32 },
    /// One of two that asked was perhaps not the browser, and it cannot be known which.
    Shared,
}

impl Launch {
    /// `authority` is the `host:port` under which the port is reached.
    pub fn new(secret: State, authority: String, authorize_url: Url) -> Self {
        Self { secret, authority, authorize_url, taken_by: None }
    }

    pub fn url(&self) -> Url {
        let url = format!("http://{}/open/{}", self.authority, self.secret.as_str());
        Url::parse(&url).expect("it begins with a loopback authority, and base64url needs no escape")
    }

    /// Says what a request is to this address; `None` if it is to another.
    pub fn judge(&mut self, request: &LoopbackRequest, sender: impl FnOnce() -> Sender) -> Option<Launched> {
        let secret = request.target.strip_prefix("/open/")?;
        let [host] = request.hosts.as_slice() else { return None };
        if request.method != "GET" || !host.eq_ignore_ascii_case(&self.authority) || !self.secret.matches(secret) {
            return None;
        }
        Some(match (sender(), self.taken_by) {
            (Sender::Other { uid }, _) => Launched::Foreign { uid },
            (sender, None) => {
                self.taken_by = Some(sender);
                Launched::Now
            }
            (_, Some(Sender::Unknown)) => Launched::Shared,
            (_, Some(_)) => Launched::Again,
        })
    }

    pub fn answer(&self, launched: &Launched) -> Answer {
        match launched {
            Launched::Now => {
                let location = format!("Location: {}", self.authorize_url);
                Answer::new("302 Found", &[&location, "Cache-Control: no-store", "Referrer-Policy: no-referrer"], "")
            }
            Launched::Again => Page::OpenedBefore.answer(),
            Launched::Foreign { .. } => Page::NothingHere.answer(),
            Launched::Shared => Page::Failed.answer(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: &str = "127.0.0.1:8765";

    fn launch() -> Launch {
        let url = Url::parse("https://shop.example/authorize?state=s").unwrap();
        Launch::new(State::from_random([7; 32]), AUTHORITY.to_owned(), url)
    }

    fn ask(launch: &mut Launch, sender: Sender) -> Option<Launched> {
        let url = launch.url();
        launch.judge(&LoopbackRequest::detached("GET", url.path(), AUTHORITY), || sender)
    }

    #[test]
    fn the_first_goes_to_the_provider_and_nobody_else_does() {
        let mut launch = launch();
        assert_eq!(ask(&mut launch, Sender::Own), Some(Launched::Now));
        assert!(
            launch
                .answer(&Launched::Now)
                .as_text()
                .contains("\r\nLocation: https://shop.example/authorize?state=s\r\n")
        );
        for launched in [
            ask(&mut launch, Sender::Own).unwrap(),
            ask(&mut launch, Sender::Unknown).unwrap(),
            ask(&mut launch, Sender::Other { uid: 7 }).unwrap(),
        ] {
            assert!(matches!(launched, Launched::Again | Launched::Foreign { .. }));
            assert!(!launch.answer(&launched).as_text().contains("shop.example"));
        }
    }

    #[test]
    fn another_user_does_not_use_it_up() {
        let mut launch = launch();
        assert_eq!(ask(&mut launch, Sender::Other { uid: 7 }), Some(Launched::Foreign { uid: 7 }));
        assert_eq!(ask(&mut launch, Sender::Own), Some(Launched::Now));
    }

    #[test]
    fn two_of_whom_the_first_is_unknown_are_one_too_many() {
        for second in [Sender::Own, Sender::Unknown] {
            let mut launch = launch();
            assert_eq!(ask(&mut launch, Sender::Unknown), Some(Launched::Now));
            assert_eq!(ask(&mut launch, second), Some(Launched::Shared));
        }
    }

    #[test]
    fn what_is_not_to_the_letter_is_no_launch() {
        let mut launch = launch();
        let path = launch.url().path().to_owned();
        let short = &path[..path.len() - 1];
        for (method, target, host) in [
            ("POST", path.as_str(), AUTHORITY),
            ("HEAD", &path, AUTHORITY),
            ("GET", &path, "localhost:8765"),
            ("GET", &path, "evil.example"),
            ("GET", short, AUTHORITY),
            ("GET", &format!("{path}?"), AUTHORITY),
            ("GET", "/open/", AUTHORITY),
        ] {
            let request = LoopbackRequest::detached(method, target, host);
            assert_eq!(launch.judge(&request, || Sender::Own), None, "{method} {target} {host}");
        }
        assert_eq!(ask(&mut launch, Sender::Own), Some(Launched::Now));
    }
}
