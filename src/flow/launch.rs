//! The address that the browser is started with: it redirects to the authorize URL.
//!
//! Every user of the machine can read a program's arguments in the process list. If the authorize URL were there,
//! another user would know our `state` and `code_challenge`. They could let the provider bind a code of their own
//! account to these, and bring it to our port. State and PKCE would both hold, and we would store a stranger's token
//! (RFC 9700 §4.5). An address on our own port reveals nothing by itself. But a program that reads it can still request
//! it, even before the browser does.
//!
//! # Decision: which programs are redirected to the provider
//!
//! * A program of this user is, as often as it asks until the answer has arrived: a reload, a second tab, a browser
//!   that asks twice. Nothing is used up, so no other program can use it up.
//! * Another user's program gets nothing and is reported.
//! * A program that the system cannot identify, as it has hung up or comes from elsewhere, gets a page that says to go
//!   back to the terminal, which shows the address of the provider. It is reported, and changes nothing.
//! * If the system does not tell the sender (macOS; a sandbox without netlink and `/proc`), the first program is
//!   redirected whose connection is still open after the delivery. It also gets a cookie for this address only. A
//!   request with the cookie is from the same browser and is redirected again. Every other program gets the page that
//!   says to go back to the terminal. The report says what follows if that was the browser: another program has the
//!   request, and the user should abandon this login and start one with `--no-browser`.
//!
//! Each report is made once, and none of these ends a login: otherwise any user of the machine could end every one.
//!
//! The remaining gap: if the system does not tell the sender, a program that is faster than the browser is redirected
//! in its place, and only the user can notice. And root's programs count as this user's. One that fetches addresses on
//! request, such as a proxy on this machine, hands out the request.
//!
//! Other tools use a file with a redirect in one of the user's folders. That needs a place that the browser can read: a
//! browser from a snap or a flatpak can read neither hidden folders nor our runtime folder.
//!
//! The port is the callback's if that speaks plain http. So whatever forwards a browser there (a forwarded port, WSL)
//! forwards it here as well. Measured in Chromium 156 (tests/it/launch.rs) and by hand in Firefox 153: they ask once.
//! They send the cookie when the address is opened again, Firefox also after a restart, and another user who replays it
//! in between gets nothing. Chromium does not send the address to the provider in `Referer`. Neither browser shows it in
//! the history. Firefox still keeps it in its history file, hidden, as it does with every redirect. The address is
//! useless once the port is closed.

use std::sync::Arc;

use url::Url;

use super::pages::BrowserPage;
use crate::protocol::state::State;
use crate::system::loopback::{Claim, LoopbackRequest, LoopbackResponse, Sender};

/// The cookie of the browser that was redirected.
const COOKIE: &str = "oauthctl_browser";

/// How long a browser keeps it, in seconds. A login does not wait longer.
const COOKIE_AGE: u32 = 3600;

/// A launch address, and the program that has been redirected from it.
pub struct Launch {
    secret: State,
    /// The value of the cookie.
    mark: State,
    authority: String,
    authorize_url: Url,
    /// The redirect, if the system does not tell the sender.
    claim: Arc<Claim>,
}

/// The outcome of a request to the address.
#[derive(Debug, PartialEq, Eq)]
pub enum Launched {
    /// It is redirected to the provider.
    Led,
    /// It is, if no other program was before it and it is still connected after the delivery.
    Offered,
    /// Another user's program, which gets nothing.
    Foreign { user: String },
    /// A program that the system cannot identify.
    Unidentified,
    /// A program other than the one that was redirected, if the system does not tell them apart.
    Second,
}

impl Launch {
    /// Creates an address. `authority` is the `host:port` of the port.
    pub fn new(secret: State, mark: State, authority: String, authorize_url: Url) -> Self {
        Self { secret, mark, authority, authorize_url, claim: Arc::default() }
    }

    /// Changes the address that browsers are redirected to from now on.
    pub fn lead_to(&mut self, authorize_url: Url) {
        self.authorize_url = authorize_url;
    }

    pub fn url(&self) -> Url {
        let url = format!("http://{}/open/{}", self.authority, self.secret.as_str());
        Url::parse(&url).expect("it begins with a loopback authority, and base64url needs no escape")
    }

    /// Judges a request to this address. Returns `None` if it is for another one.
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

    /// Returns true if an offer came too late, as another program had been redirected meanwhile.
    pub fn has_refused(&self) -> bool {
        self.claim.was_refused()
    }

    /// Returns true if a program hung up before it was redirected.
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
            // Strict: no page can make a browser send the cookie here.
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
    fn this_users_programs_are_led_whatever_asks_in_between() {
        let launch = launch();
        for _ in 0..3 {
            assert_eq!(ask(&launch, foreign()), Launched::Foreign { user: "number 7".to_owned() });
            assert_eq!(ask(&launch, Sender::Unidentified), Launched::Unidentified);
            assert_eq!(ask(&launch, Sender::Own), Launched::Led);
        }
        let redirect = launch.redirect(None);
        assert!(redirect.as_text().contains("\r\nLocation: https://shop.example/authorize?state=s\r\n"));
        assert!(!redirect.as_text().contains("Set-Cookie"), "none is needed if the system tells the sender");
    }

    #[test]
    fn without_known_senders_one_is_led_and_kept_by_its_cookie() {
        let launch = launch();
        // An offer that is not delivered does not use anything up.
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
    fn only_the_exact_address_is_a_launch() {
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
