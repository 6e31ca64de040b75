//! The address of a server: a checked endpoint, its origin, and the template that it is made from.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use super::keys::{Form, Keyed};

/// A URL that may receive secrets: https, or http on loopback, without a user name or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Parses and checks a URL. `Err` names the fault, to be placed after a colon.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.bytes().any(|b| b <= b' ' || b >= 0x7f || b == b'\\') {
            return Err("a URL cannot contain whitespace, control characters or backslashes");
        }
        let url = Url::parse(text).map_err(|_| "this is not an absolute URL")?;
        if !is_confidential(&url) {
            return Err("secrets are sent over https only (plain http is for loopback)");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an endpoint cannot contain a user name");
        }
        if url.fragment().is_some() {
            return Err("an endpoint cannot have a fragment (RFC 6749 §3.1)");
        }
        Ok(Self(url))
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    pub fn origin(&self) -> Origin {
        Origin::of(&self.0)
    }

    /// Returns the same path and query on another server.
    pub(super) fn rebased(&self, origin: &Origin) -> Self {
        let mut url = origin.0.clone();
        url.set_path(self.0.path());
        url.set_query(self.0.query());
        Self(url)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// Returns `true` if what is sent there cannot be read on the way.
pub fn is_confidential(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Returns `true` if a URL leads to this machine. Names other than `localhost` can be made to lead anywhere.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The scheme, host and port of a server that may receive secrets (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let endpoint = Endpoint::parse(text)?;
        let url = endpoint.0;
        if url.path() != "/" || url.query().is_some() || text.ends_with('/') || text.ends_with('?') {
            return Err("an origin cannot have a path or query");
        }
        Ok(Self(url))
    }

    /// Returns the origin of an http or https URL with a host.
    pub fn of(url: &Url) -> Self {
        let mut origin = url.clone();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        Self(origin)
    }

    /// Returns `true` if a URL is on this origin: same scheme, host and port, and no user name, which only confuses
    /// readers.
    pub fn holds(&self, url: &Url) -> bool {
        self.0.origin() == url.origin() && url.username().is_empty() && url.password().is_none()
    }
}

/// `https://host` or `https://host:port`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

/// One URL template, or several of which the first that can be filled is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlTemplates(pub Vec<String>);

impl UrlTemplates {
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for UrlTemplates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(one) => Ok(Self(vec![one])),
            many => Vec::<String>::deserialize(many)
                .map(Self)
                .map_err(|_| de::Error::custom("write a URL, or a list of URLs")),
        }
    }
}

impl Keyed for UrlTemplates {
    const FORM: Form = Form::Urls;
}

impl Serialize for UrlTemplates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => serializer.serialize_none(),
            [one] => serializer.serialize_str(one),
            many => many.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests;
