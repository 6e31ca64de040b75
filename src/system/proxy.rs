//! The proxy that the environment names.
//!
//! The HTTP library takes a variable that it does not understand for one that is not set, and then goes around the
//! proxy. So the variables are read here, all of them, before the first connection that may need one: a malformed one is
//! an error that names it, whether it would have been the one to use or not. Its value is never shown, as there may be a
//! password anywhere in it. Where no variable is set, the library asks the system's own settings (Windows, macOS).
//!
//! `HTTPS_PROXY` goes before `ALL_PROXY`, and a name in capitals before the same in small letters. An empty variable is
//! not set. `HTTP_PROXY` is checked and never used: plain http goes to loopback only, and no proxy is asked for that.
//! In a CGI program it is not even looked at, as the sender of the request sets it there (httpoxy).

use std::ffi::OsString;

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

/// The fault in it, without a letter of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyProblem {
    #[error("is not UTF-8 text")]
    NotText,
    #[error("names no proxy: its scheme is not http, https, socks4, socks4a, socks5 or socks5h")]
    Scheme,
    #[error("is not the address of a proxy, such as `http://proxy.example:3128`")]
    Address,
    #[error("is not a list of hosts and networks, such as `localhost,.example.com,10.0.0.0/8`")]
    List,
}

/// The environment's settings for proxies.
#[derive(Debug, Default)]
pub struct Proxies {
    chosen: Option<Chosen>,
    /// The hosts that no proxy is asked for, with commas between them.
    exempt: String,
}

#[derive(Debug)]
struct Chosen {
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
                chosen = Some(Chosen { name, url });
            }
        }
        let mut exempt = None;
        for name in EXEMPT {
            let Some(value) = text(name, &variable)? else { continue };
            let list = hosts(&value).ok_or(ProxyError { name, problem: ProxyProblem::List })?;
            exempt.get_or_insert(list);
        }
        Ok(Self { chosen, exempt: exempt.unwrap_or_default() })
    }

    /// The proxy for the HTTP library. `None` leaves it to the system's own settings.
    pub fn to_use(&self) -> reqwest::Result<Option<reqwest::Proxy>> {
        let Some(Chosen { url, .. }) = &self.chosen else { return Ok(None) };
        let exempt = reqwest::NoProxy::from_string(&self.exempt);
        Ok(Some(reqwest::Proxy::all(url.as_str())?.no_proxy(exempt)))
    }

    /// How people are told of the proxy between us and this address, without its password. `None` if there is none, or
    /// only one of the system's own settings.
    pub fn described(&self, target: &Url) -> Option<String> {
        let Chosen { name, url } = self.chosen.as_ref()?;
        let matcher = Matcher::builder().all(url.as_str()).no(self.exempt.as_str()).build();
        matcher.intercept(&target.as_str().parse().ok()?)?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        Some(sanitize::line(&format!("the proxy {}://{host}{port} of {name}", url.scheme())))
    }
}

/// A variable that is set, without the blanks around it.
fn text(name: &'static str, variable: &impl Fn(&str) -> Option<OsString>) -> Result<Option<String>, ProxyError> {
    let Some(value) = variable(name) else { return Ok(None) };
    let value = value.into_string().map_err(|_| ProxyError { name, problem: ProxyProblem::NotText })?;
    Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty()))
}

/// The address of a proxy; `host:port` alone means http, as it does to curl.
fn address(value: &str) -> Result<Url, ProxyProblem> {
    let url = match value.split_once("://") {
        Some((scheme, _)) if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => {
            return Err(ProxyProblem::Scheme);
        }
        Some(_) => Url::parse(value),
        // What begins otherwise and has a slash is a URL with a typing error.
        None if value.trim_end_matches('/').contains('/') => return Err(ProxyProblem::Address),
        None => Url::parse(&format!("http://{value}")),
    };
    let mut url = url.map_err(|_| ProxyProblem::Address)?;
    // A `#`, `?` or `/` in a password that is not percent-encoded ends the host before its time.
    let path = url.path();
    let cut = url.fragment().is_some() || url.query().is_some() || path.starts_with("//") || path.contains(['@', ':']);
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if cut || !has_host || url.port() == Some(0) || value.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(ProxyProblem::Address);
    }
    if url.port().is_none() && url.scheme().starts_with("socks") {
        url.set_port(Some(1080)).map_err(|()| ProxyProblem::Address)?;
    }
    // The library's own reader has the last word, so that it cannot take what we took for nothing.
    let matcher = Matcher::builder().all(url.as_str()).build();
    let taken = matcher.intercept(&http::Uri::from_static("https://any.example")).is_some();
    if taken { Ok(url) } else { Err(ProxyProblem::Address) }
}

/// The entries of `NO_PROXY`. curl takes commas and blanks between them, the library commas alone.
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
    fn a_malformed_variable_is_an_error_beside_a_good_one_too() {
        for pair in [["HTTPS_PROXY", "https_proxy"], ["https_proxy", "ALL_PROXY"], ["all_proxy", "http_proxy"]] {
            let error = read(&[(pair[0], "proxy.example:3128"), (pair[1], "ftp://x")]).unwrap_err();
            assert_eq!((error.name, error.problem), (pair[1], ProxyProblem::Scheme));
        }
    }

    #[test]
    fn an_error_shows_nothing_of_the_value() {
        for value in [format!("ftp://u:{SECRET}@x"), format!("{SECRET}://x"), format!("http://u:{SECRET}@[x")] {
            let error = read(&[("HTTPS_PROXY", &value)]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(SECRET));
        }
    }

    #[test]
    fn a_proxy_is_told_with_its_variable_and_without_its_password() {
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
                assert_eq!(told.as_deref(), Some(format!("the proxy {shown} of {name}").as_str()));
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
                Some("one:1 of https_proxy"),
            ),
            (&[("HTTPS_PROXY", "one:1"), ("https_proxy", "two:2")], Some("one:1 of HTTPS_PROXY")),
            (&[("http_proxy", "two:2"), ("all_proxy", " one:1 ")], Some("one:1 of all_proxy")),
            (&[("HTTP_PROXY", "two:2")], None),
            (&[], None),
        ] {
            let told = described(variables, target);
            assert_eq!(told, counts.map(|counts| format!("the proxy http://{counts}")));
        }
    }

    #[test]
    fn what_is_exempt_has_no_proxy() {
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
    fn what_a_request_sets_in_a_cgi_program_is_not_read() {
        assert!(read(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "ftp://x")]).is_ok());
        assert!(read(&[("REQUEST_METHOD", "GET"), ("http_proxy", "ftp://x")]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let strange = |name: &str| (name == "no_proxy").then(|| OsString::from_vec(vec![0xff]));
        assert_eq!(
            Proxies::read(strange).unwrap_err(),
            ProxyError { name: "no_proxy", problem: ProxyProblem::NotText }
        );
    }
}
