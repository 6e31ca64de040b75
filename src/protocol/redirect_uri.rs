//! The URI to which the authorization server sends the browser back (RFC 6749 §3.1.2, RFC 8252 §7).
//!
//! The text is kept exactly as it was registered. A URL parser turns `http://localhost:8080` into
//! `http://localhost:8080/`, and providers compare character by character: one added slash is a refusal.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::protocol::advice::{Advice, ExitCode, NextStep};

/// The default URI to register: a port of our own choice, the same at every login.
pub const DEFAULT_REDIRECT_URI: &str = "http://127.0.0.1:8765/callback";

/// A valid redirect URI. Its text is exactly the user's.
///
/// ```
/// # use oauthctl::testing::RedirectUri;
///
/// // No slash is added: providers compare character by character.
/// assert_eq!(RedirectUri::parse("http://localhost:8080").unwrap().as_str(), "http://localhost:8080");
/// assert!(RedirectUri::parse("http://shop.example/callback").is_err(), "plain http to another machine");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    url: Url,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    #[error("`{0}` is not an absolute http or https URL")]
    NotAbsolute(String),
    #[error("`{0}` has a fragment, which RFC 6749 §3.1.2 forbids")]
    Fragment(String),
    #[error("`{0}` has a user name or password in it")]
    UserInfo(String),
    #[error("`{0}` is plain http to another machine, so the code would cross the network unencrypted")]
    PlainHttp(String),
}

impl Advice for RedirectUriError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotAbsolute(_) | Self::Fragment(_) | Self::UserInfo(_) | Self::PlainHttp(_) => {
                ExitCode::Usage.hint("such as `--redirect-uri http://127.0.0.1:8765/callback`")
            }
        }
    }
}

impl RedirectUri {
    pub fn parse(text: &str) -> Result<Self, RedirectUriError> {
        let shown = || super::sanitize::line(text);
        let clean = !text.bytes().any(|b| b <= b' ' || b >= 0x7f || b == b'\\');
        let url =
            Url::parse(text).ok().filter(|url| clean && matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = url else { return Err(RedirectUriError::NotAbsolute(shown())) };
        if url.fragment().is_some() {
            return Err(RedirectUriError::Fragment(shown()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::UserInfo(shown()));
        }
        let uri = Self { text: text.to_owned(), url };
        if uri.url.scheme() == "http" && uri.loopback().is_none() {
            return Err(RedirectUriError::PlainHttp(shown()));
        }
        Ok(uri)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the same URI with the bound port instead of port 0.
    pub fn with_port(&self, port: u16) -> Self {
        let mut url = self.url.clone();
        let changed = url.set_port(Some(port)).is_ok();
        debug_assert!(changed, "an http URL with a host has a port");
        // Of the URL parser's changes to an accepted text, only the slash of an empty path matters.
        let slash_added = url.path() == "/" && url.query().is_none() && !self.text.ends_with('/');
        let text = url.as_str().trim_end_matches(|c| slash_added && c == '/').to_owned();
        Self { text, url }
    }

    /// Returns the port to listen on. It is 0 only if the text says `:0`.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Returns the query that was registered with the URI. The response's parameters follow it (RFC 6749 §3.1.2).
    pub fn query(&self) -> Option<&str> {
        self.url.query()
    }

    /// Returns the host as it stands in the URI: `localhost`, `127.0.0.1`, `[::1]`.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the value a browser sends as `Host`: the authority, without the scheme's own port (RFC 9110 §7.2).
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Returns the value a browser sends as `Origin`: `scheme://host:port`.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Returns the addresses to listen on if the URI leads to this machine. `localhost` needs both families: if only
    /// 127.0.0.1 is held, another user of the machine can take ::1, and a browser may try that first.
    pub fn loopback(&self) -> Option<Vec<SocketAddr>> {
        let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let addresses = match self.url.host()? {
            Host::Ipv4(ip) if ip.is_loopback() => vec![IpAddr::V4(ip)],
            Host::Ipv6(ip) if ip.is_loopback() => vec![IpAddr::V6(ip)],
            Host::Domain("localhost") => vec![v4, v6],
            _ => return None,
        };
        Some(addresses.into_iter().map(|ip| SocketAddr::new(ip, self.port())).collect())
    }

    /// Returns `true` if a server accepts this URI as the registered one: exactly equal or, for a loopback IP literal,
    /// equal except for the port (RFC 8252 §7.3).
    pub fn is_registered_as(&self, registered: &Self, exact_port: bool) -> bool {
        if self.text == registered.text {
            return true;
        }
        let literal = matches!(self.url.host(), Some(Host::Ipv4(ip)) if ip.is_loopback())
            || matches!(self.url.host(), Some(Host::Ipv6(ip)) if ip.is_loopback());
        let same_port = |uri: &Self| uri.with_port(1).text;
        !exact_port && literal && !self.is_tls() && same_port(self) == same_port(registered)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_stays_exactly_as_registered() {
        for text in [
            "http://localhost:8080",
            "http://localhost:8080/",
            "https://Example.com/cb?x=1",
            "http://127.0.0.1:8765/callback",
        ] {
            assert_eq!(RedirectUri::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_bound_port_changes_the_port_and_nothing_else() {
        let cases = [
            ("http://127.0.0.1:0/callback", "http://127.0.0.1:4711/callback"),
            ("http://localhost:0", "http://localhost:4711"),
            ("http://localhost:0/", "http://localhost:4711/"),
            ("http://[::1]:0/cb?a=b", "http://[::1]:4711/cb?a=b"),
        ];
        for (text, bound) in cases {
            assert_eq!(RedirectUri::parse(text).unwrap().with_port(4711).as_str(), bound);
        }
    }

    #[test]
    fn an_invalid_redirect_uri_is_refused() {
        use RedirectUriError::{Fragment, NotAbsolute, PlainHttp, UserInfo};
        type Case = (&'static str, fn(String) -> RedirectUriError);
        let cases: [Case; 12] = [
            ("/callback", NotAbsolute),
            ("ftp://localhost/", NotAbsolute),
            ("http://local host/", NotAbsolute),
            ("http:\\\\localhost/", NotAbsolute),
            ("http://localhost/#x", Fragment),
            ("http://user@localhost/", UserInfo),
            ("http://:word@localhost/", UserInfo),
            ("http://example.com/cb", PlainHttp),
            ("http://192.0.2.1/cb", PlainHttp),
            ("http://[2001:db8::1]/cb", PlainHttp),
            ("http://localhost.example/cb", PlainHttp),
            ("http://localhost/caf\u{e9}", NotAbsolute),
        ];
        for (text, error) in cases {
            assert_eq!(RedirectUri::parse(text), Err(error(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn its_parts_are_those_that_a_browser_sends() {
        let uri = |text| RedirectUri::parse(text).unwrap();
        let plain = uri("http://LOCALHOST:8080/cb?a=b");
        assert_eq!((plain.host(), plain.port(), plain.path(), plain.query()), ("localhost", 8080, "/cb", Some("a=b")));
        assert_eq!((plain.authority(), plain.origin()), ("localhost:8080".into(), "http://localhost:8080".into()));
        let tls = uri("https://[::1]:443");
        assert_eq!((tls.host(), tls.port(), tls.path(), tls.query()), ("[::1]", 443, "/", None));
        assert_eq!((tls.authority(), tls.origin()), ("[::1]".into(), "https://[::1]".into()));
        assert!(tls.is_tls() && !plain.is_tls());
        assert_eq!(format!("{plain}"), "http://LOCALHOST:8080/cb?a=b");
    }

    #[test]
    fn only_a_loopback_literal_may_change_its_port() {
        let uri = |text| RedirectUri::parse(text).unwrap();
        let registered = uri("http://127.0.0.1:8765/callback");
        assert!(uri("http://127.0.0.1:4711/callback").is_registered_as(&registered, false));
        assert!(!uri("http://127.0.0.1:4711/callback").is_registered_as(&registered, true));
        assert!(!uri("http://127.0.0.1:4711/callback/").is_registered_as(&registered, false));
        assert!(!uri("http://localhost:4711/cb").is_registered_as(&uri("http://localhost:8765/cb"), false));
        assert!(!uri("http://[::1]:8765/callback").is_registered_as(&registered, false));
    }

    #[test]
    fn localhost_listens_in_both_families() {
        assert_eq!(RedirectUri::parse("http://localhost:9/").unwrap().loopback().unwrap().len(), 2);
        assert_eq!(RedirectUri::parse("http://127.0.0.1:9/").unwrap().loopback().unwrap().len(), 1);
        assert!(RedirectUri::parse("https://tunnel.example/cb").unwrap().loopback().is_none());
    }
}
