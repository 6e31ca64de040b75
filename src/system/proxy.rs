//! The proxy configured in the environment.
//!
//! The HTTP library ignores a malformed proxy variable and then bypasses the proxy. All of the variables are therefore
//! read here, before the first connection that may need one. A malformed one is an error that names the variable, even
//! if another one would be used. Its value is never shown, because a password may be anywhere in it. If no variable is
//! set, the library uses the system's settings (Windows, macOS).
//!
//! `HTTPS_PROXY` takes precedence over `ALL_PROXY`, and uppercase names over lowercase ones. An empty variable counts
//! as unset. `HTTP_PROXY` is checked but never used: plain http goes only to loopback, without a proxy. In a CGI
//! program it is not read at all, because there the sender of the request sets it (httpoxy).

use std::ffi::OsString;
use std::sync::OnceLock;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::protocol::sanitize;

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const EXEMPT: [&str; 2] = ["NO_PROXY", "no_proxy"];

const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// A proxy variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ProxyError {
    pub name: &'static str,
    pub problem: ProxyProblem,
}

/// The problem, without any part of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyProblem {
    #[error("is not UTF-8 text")]
    NotText,
    #[error("is not a proxy URL: its scheme must be http, https, socks4, socks4a, socks5 or socks5h")]
    Scheme,
    #[error("is not a proxy URL such as `http://proxy.example:3128`")]
    Address,
    #[error("is not a list of hosts and networks such as `localhost,.example.com,10.0.0.0/8`")]
    List,
}

/// The proxy settings of the environment.
#[derive(Debug, Default)]
pub struct Proxies {
    chosen: Option<SelectedProxy>,
    /// The hosts to connect to directly, separated by commas.
    exempt: String,
    matcher: OnceLock<Matcher>,
}

/// A proxy without its password.
pub struct NamedProxy<'p> {
    /// The variable.
    pub name: &'static str,
    pub scheme: &'p str,
    pub host: &'p str,
    pub port: u16,
    /// The hosts that are asked directly.
    pub exempt: &'p str,
}

/// Returns the name of a proxy variable that is set and not used: plain http goes to this machine only.
pub fn unused_variable() -> Option<&'static str> {
    HTTP.into_iter().find(|name| super::paths::variable(name).is_some())
}

#[derive(Debug)]
struct SelectedProxy {
    name: &'static str,
    url: Url,
}

impl Proxies {
    pub fn from_environment() -> Result<Self, ProxyError> {
        Self::read(|name| std::env::var_os(name))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ProxyError> {
        let mut chosen = None;
        let http = if variable("REQUEST_METHOD").is_some() { &HTTP[1..] } else { &HTTP };
        let used = HTTPS.len() + ALL.len();
        for (place, name) in HTTPS.iter().chain(&ALL).chain(http).copied().enumerate() {
            let Some(value) = text(name, &variable)? else { continue };
            let url = address(&value).map_err(|problem| ProxyError { name, problem })?;
            if chosen.is_none() && place < used {
                chosen = Some(SelectedProxy { name, url });
            }
        }
        let mut exempt = None;
        for name in EXEMPT {
            let Some(value) = text(name, &variable)? else { continue };
            let list = hosts(&value).ok_or(ProxyError { name, problem: ProxyProblem::List })?;
            exempt.get_or_insert(list);
        }
        Ok(Self { chosen, exempt: exempt.unwrap_or_default(), matcher: OnceLock::new() })
    }

    /// Returns the proxy for the HTTP library, or `None` to use the system's settings.
    pub fn to_use(&self) -> reqwest::Result<Option<reqwest::Proxy>> {
        let Some(SelectedProxy { url, .. }) = &self.chosen else { return Ok(None) };
        let exempt = reqwest::NoProxy::from_string(&self.exempt);
        Ok(Some(reqwest::Proxy::all(url.as_str())?.no_proxy(exempt)))
    }

    /// Returns whether this address is asked through a proxy, also one of the system's settings.
    pub fn intercepts(&self, target: &Url) -> bool {
        target.as_str().parse().is_ok_and(|target| self.matcher().intercept(&target).is_some())
    }

    /// The HTTP library's own reader of these settings.
    fn matcher(&self) -> &Matcher {
        self.matcher.get_or_init(|| match &self.chosen {
            Some(SelectedProxy { url, .. }) => Matcher::builder().all(url.as_str()).no(self.exempt.as_str()).build(),
            None => Matcher::from_system(),
        })
    }

    /// Returns the proxy that the environment names, for people.
    pub fn named(&self) -> Option<NamedProxy<'_>> {
        let SelectedProxy { name, url } = self.chosen.as_ref()?;
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some(NamedProxy { name, scheme: url.scheme(), host, port, exempt: &self.exempt })
    }

    /// Describes the proxy used for this address, without its password. Returns `None` without a proxy, or if it comes
    /// from the system's settings.
    pub fn described(&self, target: &Url) -> Option<String> {
        let SelectedProxy { name, url } = self.chosen.as_ref()?;
        self.matcher().intercept(&target.as_str().parse().ok()?)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        Some(sanitize::line(&format!("the proxy {}://{host}{port} (from {name})", url.scheme())))
    }
}

/// Returns the value of a set variable, without surrounding whitespace.
fn text(name: &'static str, variable: &impl Fn(&str) -> Option<OsString>) -> Result<Option<String>, ProxyError> {
    let Some(value) = variable(name) else { return Ok(None) };
    let value = value.into_string().map_err(|_| ProxyError { name, problem: ProxyProblem::NotText })?;
    Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty()))
}

/// Parses a proxy URL; `host:port` alone means http, as in curl.
fn address(value: &str) -> Result<Url, ProxyProblem> {
    let url = match value.split_once("://") {
        Some((scheme, _)) if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => {
            return Err(ProxyProblem::Scheme);
        }
        Some(_) => Url::parse(value),
        // A slash without a scheme is probably a mistyped URL.
        None if value.trim_end_matches('/').contains('/') => return Err(ProxyProblem::Address),
        None => Url::parse(&format!("http://{value}")),
    };
    let mut url = url.map_err(|_| ProxyProblem::Address)?;
    // A `#`, `?` or `/` in a password that is not percent-encoded ends the host too early.
    let path = url.path();
    let cut = url.fragment().is_some() || url.query().is_some() || path.starts_with("//") || path.contains(['@', ':']);
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if cut || !has_host || url.port() == Some(0) || value.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(ProxyProblem::Address);
    }
    if url.port().is_none() && url.scheme().starts_with("socks") {
        url.set_port(Some(1080)).map_err(|()| ProxyProblem::Address)?;
    }
    // The library's own parser must accept it too, or it would silently ignore it.
    let matcher = Matcher::builder().all(url.as_str()).build();
    let taken = matcher.intercept(&http::Uri::from_static("https://any.example")).is_some();
    if taken { Ok(url) } else { Err(ProxyProblem::Address) }
}

/// Parses `NO_PROXY`. curl accepts commas and whitespace as separators, the library only commas.
fn hosts(value: &str) -> Option<String> {
    let entries: Vec<&str> = value.split([',', ' ', '\t', '\n']).filter(|entry| !entry.is_empty()).collect();
    let fits = |entry: &&str| match entry.split_once('/') {
        Some((address, size)) => is_network(address, size),
        None => !entry.contains(|c: char| c.is_control() || "@?#\\".contains(c)),
    };
    entries.iter().all(fits).then(|| entries.join(","))
}

fn is_network(address: &str, size: &str) -> bool {
    let most = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    size.parse::<u8>().is_ok_and(|size| size <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "canary-of-the-proxy";

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, ProxyError> {
        Proxies::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    fn described(variables: &[(&str, &str)], target: &str) -> Option<String> {
        read(variables).unwrap().described(&Url::parse(target).unwrap())
    }

    #[test]
    fn every_spelling_of_a_malformed_variable_is_named() {
        let values = [
            "ftp://proxy.example",
            "://proxy.example",
            "http:/proxy.example",
            "http//proxy.example:3128",
            "http://",
            "http://:3128",
            "http://[bad",
            "http://proxy.example:port",
            "http://proxy.example:99999",
            "http://proxy.example:0",
            "proxy.example:port",
            "socks6://proxy.example",
            "socks5://",
            "http://user:12/34@proxy.example",
            "http://user:12#34@proxy.example",
            "http://http://proxy.example",
            "http://pro xy.example:3128",
            "http://proxy.example:31 28",
        ];
        for name in HTTPS.into_iter().chain(ALL).chain(HTTP) {
            for value in values {
                let ended = read(&[(name, value)]).map(|proxies| proxies.chosen.map(|chosen| chosen.url));
                assert_eq!(ended.map_err(|error| error.name), Err(name), "{value}");
            }
        }
        for name in EXEMPT {
            for value in ["https://internal.example", "10.0.0.0/33", "host/8", "a,user@b", "fe80::/129"] {
                assert_eq!(
                    read(&[(name, value)]).unwrap_err(),
                    ProxyError { name, problem: ProxyProblem::List },
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn a_malformed_variable_is_an_error_beside_a_valid_one() {
        for pair in [["HTTPS_PROXY", "https_proxy"], ["https_proxy", "ALL_PROXY"], ["all_proxy", "http_proxy"]] {
            let error = read(&[(pair[0], "proxy.example:3128"), (pair[1], "ftp://x")]).unwrap_err();
            assert_eq!((error.name, error.problem), (pair[1], ProxyProblem::Scheme));
        }
    }

    #[test]
    fn an_error_shows_no_part_of_the_value() {
        for value in [format!("ftp://u:{SECRET}@x"), format!("{SECRET}://x"), format!("http://u:{SECRET}@[x")] {
            let error = read(&[("HTTPS_PROXY", &value)]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(SECRET));
        }
    }

    #[test]
    fn a_proxy_is_shown_with_its_variable_but_not_its_password() {
        let target = "https://shop.example/x?secret";
        for (value, shown) in [
            ("http://user:canary-of-the-proxy@127.0.0.1:3128/", "http://127.0.0.1:3128"),
            ("user:canary-of-the-proxy@proxy.example:3128", "http://proxy.example:3128"),
            ("https://proxy.example", "https://proxy.example"),
            ("HTTP://proxy.example:8080", "http://proxy.example:8080"),
            ("socks5h://user:canary-of-the-proxy@proxy.example", "socks5h://proxy.example:1080"),
            ("socks4://[::1]:9", "socks4://[::1]:9"),
        ] {
            for name in HTTPS.into_iter().chain(ALL) {
                let told = described(&[(name, value)], target);
                assert_eq!(told.as_deref(), Some(format!("the proxy {shown} (from {name})").as_str()));
            }
            assert!(read(&[("HTTPS_PROXY", value)]).unwrap().to_use().unwrap().is_some());
        }
    }

    #[test]
    fn the_first_variable_that_is_not_empty_counts() {
        let target = "https://shop.example";
        for (variables, counts) in [
            (
                &[("HTTPS_PROXY", ""), ("https_proxy", "one:1"), ("ALL_PROXY", "two:2")][..],
                Some("one:1 (from https_proxy)"),
            ),
            (&[("HTTPS_PROXY", "one:1"), ("https_proxy", "two:2")], Some("one:1 (from HTTPS_PROXY)")),
            (&[("http_proxy", "two:2"), ("all_proxy", " one:1 ")], Some("one:1 (from all_proxy)")),
            (&[("HTTP_PROXY", "two:2")], None),
            (&[], None),
        ] {
            let told = described(variables, target);
            assert_eq!(told, counts.map(|counts| format!("the proxy http://{counts}")));
        }
    }

    #[test]
    fn exempt_hosts_have_no_proxy() {
        for (list, target, exempt) in [
            ("shop.example", "https://shop.example", true),
            (".example", "https://shop.example", true),
            ("a, shop.example", "https://shop.example", true),
            ("a shop.example", "https://shop.example", true),
            ("*", "https://shop.example", true),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("fd00::/8", "https://[fd00::1]", true),
            ("other.example", "https://shop.example", false),
            ("", "https://shop.example", false),
        ] {
            for name in EXEMPT {
                let told = described(&[("https_proxy", "proxy:1"), (name, list)], target);
                assert_eq!(told.is_none(), exempt, "{list} {target}");
            }
        }
    }

    #[test]
    fn a_variable_set_by_a_cgi_request_is_not_read() {
        assert!(read(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "ftp://x")]).is_ok());
        assert!(read(&[("REQUEST_METHOD", "GET"), ("http_proxy", "ftp://x")]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let strange = |name: &str| (name == "no_proxy").then(|| OsString::from_vec(vec![0xff]));
        assert_eq!(
            Proxies::read(strange).unwrap_err(),
            ProxyError { name: "no_proxy", problem: ProxyProblem::NotText }
        );
    }
}
