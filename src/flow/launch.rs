//! The address that the browser is started with: it redirects to the authorize URL.
//!
//! What a program is started with stands in the process list, for every user of the machine to read. With the authorize
//! URL there, another user has our `state` and `code_challenge`, lets the provider bind a code of their own account to
//! them, and brings it to our port: state and PKCE both hold, and we would keep a stranger's token (RFC 9700 §4.5).
//! An address on our own port tells nothing by itself. Who reads it can still ask for it, even before the browser does.
//!
//! # Decision: who is led to the provider
//!
//! * A program of this user's is, as often as it asks until the answer has come: a reload, a second tab, a browser that
//!   asks twice. Nothing is used up, so nobody can use it up.
//! * Another user's program gets nothing and is reported.
//! * A program that the system cannot name, as it has hung up or comes from elsewhere, gets a page that says to go back
//!   to the terminal, where the address of the provider stands. It is reported, and changes nothing.
//! * Where the system does not say who asks (macOS; a sandbox without netlink and `/proc`), the first is led whose
//!   connection is still open once it has the redirect. With it comes a cookie for this address alone, and who brings
//!   the cookie back is the same browser and is led again. Anybody else gets the page that says to go back to the
//!   terminal. The report says what follows if that was the browser: another program has the request, and this login
//!   should be given up for one with `--no-browser`.
//!
//! Each report is made once, and none of these ends a login: else any user of the machine could end every one.
//!
//! What is left: where the system does not say who asks, a program that is faster than the browser is led in its place,
//! and only the person can see it. And root's programs count as this user's, so one that fetches addresses for anybody
//! who asks, such as a proxy on this machine, hands the request out.
//!
//! A file with a redirect in a folder of the user's, which others do, needs a place that the browser may read: one from
//! a snap or a flatpak may read neither hidden folders nor our runtime folder.
//!
//! The port is the callback's where that speaks plain http, so whatever leads a browser there (a forwarded port, WSL)
//! leads it here as well. Measured in Chromium 156 (tests/it/launch.rs) and by hand in Firefox 153: they ask once; they
//! bring the cookie back when the address is opened again, Firefox also after a restart; and another user who replays it
//! in between gets nothing. Chromium sends the provider no `Referer` of it. Neither shows it in the history; Firefox keeps
//! it in its file all the same, hidden, as it does with every redirect: it leads nowhere once the port is closed.

use std::sync::Arc;

use url::Url;

use super::pages::BrowserPage;
use crate::protocol::state::State;
use crate::system::loopback::{Claim, LoopbackRequest, LoopbackResponse, Sender};

/// The cookie of the browser that was led.
const COOKIE: &str = "oauthctl_browser";

/// How long a browser keeps it, in seconds: as long as anybody waits for a login.
const COOKIE_AGE: u32 = 3600;

/// One such address, and who has been led from it.
pub struct Launch {
    secret: State,
    /// What the cookie holds.
    mark: State,
    authority: String,
    authorize_url: Url,
    /// The redirect, where the system does not say who asks for it.
    claim: Arc<Claim>,
}

/// What comes of a request to the address.
#[derive(Debug, PartialEq, Eq)]
pub enum Launched {
    /// It goes on to the provider.
    Led,
    /// It does, if nobody else has by then and it is still there when it has been told.
    Offered,
    /// Another user's program, which gets nothing.
    Foreign { user: String },
    /// A program that the system cannot name.
    Unidentified,
    /// Another program than the one that was led, where the system does not say which is which.
    Second,
}

impl Launch {
    /// `authority` is the `host:port` under which the port is reached.
    pub fn new(secret: State, mark: State, authority: String, authorize_url: Url) -> Self {
        Self { secret, mark, authority, authorize_url, claim: Arc::default() }
    }

    pub fn url(&self) -> Url {
        let url = format!("http://{}/open/{}", self.authority, self.secret.as_str());
        Url::parse(&url).expect("it begins with a loopback authority, and base64url needs no escape")
    }

    /// Says what a request is to this address; `None` if it is to another.
    pub fn judge(&self, request: &LoopbackRequest, sender: impl FnOnce() -> Sender) -> Option<Launched> {
        let secret = request.target.strip_prefix("/open/")?;
        let [host] = request.hosts.as_slice() else { return None };
        if request.method != "GET" || !host.eq_ignore_ascii_case(&self.authority) || !self.secret.matches(secret) {
            return None;
        }
        Some(match sender() {
            Sender::Own => Launched::Led,
            Sender::Other { user } => Launched::Foreign { user },
            Sender::Unidentified => Launched::Unidentified,
            Sender::Untold if !self.claim.is_taken() => Launched::Offered,
            Sender::Untold if self.is_marked(request) => Launched::Led,
            Sender::Untold => Launched::Second,
        })
    }

    pub fn answer(&self, request: &mut LoopbackRequest, launched: &Launched) {
        match launched {
            Launched::Led => request.answer(self.redirect(None)),
            Launched::Offered => {
                request.offer(self.redirect(Some(&self.mark)), BrowserPage::BackToTerminal.answer(), &self.claim);
            }
            Launched::Foreign { .. } => request.answer(BrowserPage::NothingHere.answer()),
            Launched::Unidentified | Launched::Second => request.answer(BrowserPage::BackToTerminal.answer()),
        }
    }

    /// Whether an offer came too late, as another program had been led meanwhile.
    pub fn has_refused(&self) -> bool {
        self.claim.was_refused()
    }

    /// Whether one that was to be led had hung up.
    pub fn has_lost(&self) -> bool {
        self.claim.was_lost()
    }

    fn is_marked(&self, request: &LoopbackRequest) -> bool {
        let cookies = request.cookies.iter().flat_map(|cookies| cookies.split(';'));
        let mut values = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        values.any(|(name, value)| name == COOKIE && self.mark.matches(value))
    }

    fn redirect(&self, mark: Option<&State>) -> LoopbackResponse {
        let mut headers = vec![
            format!("Location: {}", self.authorize_url),
            "Cache-Control: no-store".to_owned(),
            "Referrer-Policy: no-referrer".to_owned(),
        ];
        if let Some(mark) = mark {
            let (mark, path) = (mark.as_str(), self.url().path().to_owned());
            // Strict: no page leads a browser here to have it show the cookie.
            headers.push(format!(
                "Set-Cookie: {COOKIE}={mark}; Path={path}; Max-Age={COOKIE_AGE}; HttpOnly; SameSite=Strict"
            ));
        }
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        LoopbackResponse::new("302 Found", &headers, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: &str = "127.0.0.1:8765";

    fn launch() -> Launch {
        let url = Url::parse("https://shop.example/authorize?state=s").unwrap();
        Launch::new(State::from_random([7; 32]), State::from_random([8; 32]), AUTHORITY.to_owned(), url)
    }

    fn request(launch: &Launch) -> LoopbackRequest {
        LoopbackRequest::detached("GET", launch.url().path(), AUTHORITY)
    }

    fn ask(launch: &Launch, sender: Sender) -> Launched {
        launch.judge(&request(launch), || sender).unwrap()
    }

    fn foreign() -> Sender {
        Sender::Other { user: "number 7".to_owned() }
    }

    #[test]
    fn this_users_programs_are_led_whoever_asks_between_them() {
        let launch = launch();
        for _ in 0..3 {
            assert_eq!(ask(&launch, foreign()), Launched::Foreign { user: "number 7".to_owned() });
            assert_eq!(ask(&launch, Sender::Unidentified), Launched::Unidentified);
            assert_eq!(ask(&launch, Sender::Own), Launched::Led);
        }
        let redirect = launch.redirect(None);
        assert!(redirect.as_text().contains("\r\nLocation: https://shop.example/authorize?state=s\r\n"));
        assert!(!redirect.as_text().contains("Set-Cookie"), "none is needed where the system says who asks");
    }

    #[test]
    fn where_nobody_is_told_one_is_led_and_known_again_by_its_cookie() {
        let launch = launch();
        // An offer that is not delivered uses nothing up.
        for _ in 0..3 {
            assert_eq!(ask(&launch, Sender::Untold), Launched::Offered);
        }
        launch.claim.take_for_test();
        assert_eq!(ask(&launch, Sender::Untold), Launched::Second);
        let redirect = launch.redirect(Some(&launch.mark));
        let (_, cookie) = redirect.as_text().split_once("\r\nSet-Cookie: ").unwrap();
        let (cookie, attributes) = cookie.split_once("\r\n").unwrap().0.split_once("; ").unwrap();
        let path = launch.url().path().to_owned();
        assert_eq!(attributes, format!("Path={path}; Max-Age=3600; HttpOnly; SameSite=Strict"));
        for (cookies, launched) in [
            (cookie.to_owned(), Launched::Led),
            (format!("a=b; {cookie}; c=d"), Launched::Led),
            (format!("{cookie}x"), Launched::Second),
            (format!("x{cookie}"), Launched::Second),
            (COOKIE.to_owned(), Launched::Second),
            (format!("{COOKIE}={}", launch.secret.as_str()), Launched::Second),
        ] {
            let mut request = request(&launch);
            request.cookies = Some(cookies);
            assert_eq!(launch.judge(&request, || Sender::Untold), Some(launched), "{request:?}");
        }
    }

    #[test]
    fn what_is_not_to_the_letter_is_no_launch() {
        let launch = launch();
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
        assert_eq!(ask(&launch, Sender::Own), Launched::Led);
    }
}
