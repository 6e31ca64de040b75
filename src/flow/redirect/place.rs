//! The place that an answer came to, and whether it is the redirect URI.

use std::net::Ipv4Addr;

use url::{Position, Url};

use super::Expected;
use crate::system::loopback::LoopbackRequest;

/// The names of this machine, which lead to the same port.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The place that an answer came to.
///
/// Another spelling of the redirect URI is the same place: another name of this machine with the bound port, a slash
/// at the end of the path, and, if nothing else differs, another case of the path.
#[derive(Debug)]
pub(super) struct Place {
    host_is_ours: bool,
    path_is_ours: bool,
    /// As an address, without its query.
    came: String,
}

impl Place {
    /// Reads the place of a request. A page that rebinds its own name to 127.0.0.1 sends that name as `Host`, so there
    /// must be exactly one, of a fixed set.
    pub(super) fn of(request: &LoopbackRequest, expected: &Expected<'_>) -> Self {
        let path = request.target.split('?').next().unwrap_or_default();
        let scheme = if expected.redirect_uri.is_tls() { "https" } else { "http" };
        let (host, came) = match request.hosts.as_slice() {
            // A browser sends the origin form. The absolute form is for proxies.
            _ if !path.starts_with('/') => (None, path.to_owned()),
            [host] => (Some(host.as_str()), format!("{scheme}://{host}{path}")),
            hosts => (None, format!("{path} with {} hosts", hosts.len())),
        };
        Self::read(host, path, expected.hosts, expected, came)
    }

    /// Reads the place of a pasted address. Behind a tunnel it has the public name.
    pub(super) fn of_address(address: &Url, expected: &Expected<'_>) -> Self {
        let scheme = if expected.redirect_uri.is_tls() { "https" } else { "http" };
        let host = &address[Position::BeforeHost..Position::AfterPort];
        let came = address[..Position::AfterPath].to_owned();
        let host = (address.scheme() == scheme).then_some(host);
        Self::read(host, address.path(), &[expected.redirect_uri.authority()], expected, came)
    }

    fn read(host: Option<&str>, path: &str, hosts: &[String], expected: &Expected<'_>, came: String) -> Self {
        // Host names are not case-sensitive (RFC 9110 §4.2.3).
        let is_exact = host.is_some_and(|host| hosts.iter().any(|ours| host.eq_ignore_ascii_case(ours)));
        let has_another_name = host.is_some_and(|host| hosts.iter().any(|ours| is_another_name(host, ours)));
        let ours = expected.redirect_uri.path();
        let path_is_ours = without_slash(path) == without_slash(ours) || is_exact && path.eq_ignore_ascii_case(ours);
        Self { host_is_ours: is_exact || has_another_name, path_is_ours, came }
    }

    pub(super) fn host_is_ours(&self) -> bool {
        self.host_is_ours
    }

    pub(super) fn is_ours(&self) -> bool {
        self.host_is_ours && self.path_is_ours
    }

    pub(super) fn came(&self) -> &str {
        &self.came
    }

    pub(super) fn difference(&self) -> &'static str {
        match (self.host_is_ours, self.path_is_ours) {
            (true, _) => "the path differs",
            (false, true) => "the host or the port differs",
            (false, false) => "the host or the port differs, and so does the path",
        }
    }
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// Returns `true` if both are names of this machine, with the same port.
fn is_another_name(host: &str, ours: &str) -> bool {
    let (name, port) = split_port(ours);
    is_loopback(name) && NAMES.iter().any(|known| host.eq_ignore_ascii_case(&format!("{known}{port}")))
}

/// Splits an authority before the colon of its port.
fn split_port(authority: &str) -> (&str, &str) {
    match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
        Some(at) => authority.split_at(at),
        None => (authority, ""),
    }
}

fn is_loopback(name: &str) -> bool {
    let is_address = name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_address || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::Case;
    use crate::protocol::redirect_uri::RedirectUri;

    fn case(redirect_uri: &str) -> Case {
        let redirect_uri = RedirectUri::parse(redirect_uri).unwrap();
        Case { hosts: vec![redirect_uri.authority()], redirect_uri, ..Case::new() }
    }

    fn is_ours(registered: &str, host: &str, path: &str) -> bool {
        let case = case(registered);
        Place::of(&LoopbackRequest::detached("GET", path, host), &case.expected(None)).is_ours()
    }

    #[test]
    fn another_spelling_of_the_same_place_is_the_same_place() {
        let ours = "http://127.0.0.1:8765/callback";
        for (registered, host, path) in [
            (ours, "127.0.0.1:8765", "/callback"),
            (ours, "127.0.0.1:8765", "/callback/"),
            (ours, "127.0.0.1:8765", "/Callback"),
            (ours, "localhost:8765", "/callback"),
            (ours, "LOCALHOST:8765", "/callback/"),
            (ours, "[::1]:8765", "/callback"),
            ("http://localhost:8765/a/b/", "127.0.0.1:8765", "/a/b"),
            ("http://[::1]:8765/", "localhost:8765", "/"),
            ("http://localhost", "127.0.0.1", "/"),
            ("https://[::1]/cb", "[::1]", "/cb"),
            ("http://127.0.0.2:8765/", "localhost:8765", "/"),
        ] {
            assert!(is_ours(registered, host, path), "{registered}: {host}{path}");
        }
    }

    #[test]
    fn another_place_is_not_ours() {
        let ours = "http://127.0.0.1:8765/callback";
        for (registered, host, path) in [
            (ours, "127.0.0.1", "/callback"),
            (ours, "127.0.0.1:8766", "/callback"),
            (ours, "localhost:8765.", "/callback"),
            (ours, "127.0.0.1.evil.example:8765", "/callback"),
            (ours, "[::ffff:127.0.0.1]:8765", "/callback"),
            (ours, "0.0.0.0:8765", "/callback"),
            (ours, "127.0.0.2:8765", "/callback"),
            (ours, "evil.example:8765", "/callback"),
            // Only the case, or nothing.
            (ours, "localhost:8765", "/Callback"),
            (ours, "127.0.0.1:8765", "/Callback/"),
            (ours, "127.0.0.1:8765", "/callback//"),
            (ours, "127.0.0.1:8765", "//callback"),
            (ours, "127.0.0.1:8765", "/callback%2F"),
            (ours, "127.0.0.1:8765", "/x/../callback"),
            (ours, "127.0.0.1:8765", "/"),
            (ours, "127.0.0.1:8765", "http://127.0.0.1:8765/callback"),
            (ours, "127.0.0.1:8765", "*"),
            ("https://tunnel.example/cb", "localhost", "/cb"),
            ("http://localhost", "127.0.0.1:80", "/"),
        ] {
            assert!(!is_ours(registered, host, path), "{registered}: {host}{path}");
        }
        let case = case(ours);
        let mut request = LoopbackRequest::detached("GET", "/callback", "127.0.0.1:8765");
        for hosts in [vec![], vec!["127.0.0.1:8765".to_owned(); 2]] {
            request.hosts = hosts;
            assert!(!Place::of(&request, &case.expected(None)).is_ours(), "{request:?}");
        }
    }
}
