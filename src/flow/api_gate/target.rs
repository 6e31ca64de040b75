//! The address that a program asks its proxy for: judged as it is written and as it is understood.
//!
//! Two parsers have to agree on it, `http`'s and `url`'s, which reads it like a browser. An address whose host means
//! another one after normalization (`127.1`, `%61pi.example`, full-width letters), or that has a user name or a backslash,
//! is refused, not repaired. `Host` has to name the same host (RFC 9112 §3.2.2 lets a proxy ignore it; here a difference
//! is a mistake or a trick, and both should be seen).
//!
//! A program speaks http to its proxy, so `http://api.example/x` means the API at `https://api.example`, with the same port,
//! or with each scheme's default.

use http::header::HOST;
use http::{HeaderMap, StatusCode, Uri};
use url::Url;

use crate::protocol::sanitize;
use crate::provider::Origin;
use crate::system::forwarder::Turned;

/// The reason why an address is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// A path alone: the program takes the proxy for the API.
    NotWhole,
    NotAnAddress(&'static str),
    OtherHost,
    Foreign(String),
}

impl Refused {
    pub fn told(&self, origins: &[Origin]) -> Turned {
        let own = || {
            let addresses = origins.iter().map(|origin| for_program(&origin.to_string(), origins).unwrap_or_default());
            addresses.collect::<Vec<_>>().join(", ")
        };
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::NotWhole => Turned::new(bad, format!("this is a proxy: ask it for a whole address on {}", own())),
            Self::NotAnAddress(why) => Turned::new(bad, *why),
            Self::OtherHost => Turned::new(bad, "the Host header does not name the host of the address"),
            Self::Foreign(origin) => Turned::new(
                StatusCode::FORBIDDEN,
                format!("{origin} does not get the token: this proxy serves only {}", own()),
            ),
        }
    }
}

/// Returns the URL on one of the origins that a request is for.
pub fn judge(target: &Uri, headers: &HeaderMap, origins: &[Origin]) -> Result<Url, Refused> {
    let (Some(scheme), Some(authority)) = (target.scheme_str(), target.authority()) else {
        return Err(Refused::NotWhole);
    };
    let text = target.to_string();
    if text.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'\\') {
        return Err(Refused::NotAnAddress("an address has no spaces, backslashes or letters beyond ASCII"));
    }
    let url = Url::parse(&text).map_err(|_| Refused::NotAnAddress("this is not an address"))?;
    if authority.as_str().contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::NotAnAddress("an address with a user name is not asked for"));
    }
    let understood = url.host_str().map(|host| with_port(host, url.port()));
    let written = written(authority.as_str(), scheme).filter(|written| understood.as_ref() == Some(written));
    let Some(written) = written else {
        return Err(Refused::NotAnAddress("the host of the address is not written as it is understood"));
    };
    check_host(headers, scheme, &written)?;
    let foreign = || Refused::Foreign(sanitize::line(&url.origin().ascii_serialization()));
    origins.iter().find_map(|origin| on(origin, &url)).ok_or_else(foreign)
}

/// Returns the URL on this origin that a program means, if it means this origin.
fn on(origin: &Origin, url: &Url) -> Option<Url> {
    let mut url = url.clone();
    url.set_fragment(None);
    if origin.holds(&url) {
        return Some(url);
    }
    // The port of a URL that names none is its scheme's, and changes with it.
    if url.scheme() == "http" && url.set_scheme("https").is_ok() && origin.holds(&url) {
        return Some(url);
    }
    None
}

/// Returns an authority in lower case, without the port that its scheme has anyway.
fn written(authority: &str, scheme: &str) -> Option<String> {
    let authority = authority.to_ascii_lowercase();
    let default = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    Some(authority.strip_suffix(default).map(str::to_owned).unwrap_or(authority))
}

fn with_port(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn check_host(headers: &HeaderMap, scheme: &str, host: &str) -> Result<(), Refused> {
    let mut named = headers.get_all(HOST).iter();
    match (named.next(), named.next()) {
        (Some(name), None) => {
            let name = name.to_str().ok().and_then(|name| written(name.trim(), scheme));
            if name.as_deref() == Some(host) { Ok(()) } else { Err(Refused::OtherHost) }
        }
        // HTTP/1.0 has none.
        (None, _) => Ok(()),
        (Some(_), Some(_)) => Err(Refused::OtherHost),
    }
}

/// Returns an address on one of the origins as a program asks the proxy for it.
pub fn for_program(address: &str, origins: &[Origin]) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    if !origins.iter().any(|origin| origin.holds(&url)) {
        return None;
    }
    if url.scheme() == "https" {
        url.set_scheme("http").ok()?;
    }
    let text = String::from(url);
    // An origin has no slash at its end, and a URL without a path gets one.
    Some(if address.ends_with('/') { text } else { text.trim_end_matches('/').to_owned() })
}

/// Returns a `Link` header (RFC 8288 §3) with each address on one of the origins as a program asks the proxy for it.
pub fn links_for_program(header: &str, origins: &[Origin]) -> String {
    let mut parts = header.split('<');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        written.push('<');
        match part.split_once('>') {
            Some((address, rest)) => {
                let own = for_program(address, origins);
                written.extend([own.as_deref().unwrap_or(address), ">", rest]);
            }
            None => written.push_str(part),
        }
    }
    written
}
