//! A redirect of a GET or HEAD to another origin: the API hands out the address of a file in a storage.
//!
//! # Decision: what goes there
//!
//! Such an address carries its own permission, and many storages refuse a request that brings a second one. It is asked
//! for by a new request with nothing of the first: no token in any place, none of the user's headers, no cookie, proof,
//! certificate or `Referer`, and over a connection of its own. A redirect back to the API's origin gets no token either:
//! otherwise another server would choose what is asked with it (CVE-2024-45336 is that mistake).
//!
//! A server that builds its redirects from the request may put the token into the address. A parameter that is the token
//! is taken out; an address that has it elsewhere is not asked for.
//!
//! The address has to be https, or plain http on this machine if the redirect came from this machine too. How near an
//! address may be says `system/http/reach.rs`. Any other method is not sent: another server did not ask for its effect.

use std::borrow::Cow;
use std::fmt::Write;

use http::Method;
use http::header::{ACCEPT, HeaderValue, LOCATION};
use url::form_urlencoded;

use super::super::FlowError;
use super::super::not_followed::NotFollowed;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::remove_pairs;
use crate::protocol::secret::AccessToken;
use crate::protocol::{mask, sanitize};
use crate::provider::endpoint::is_confidential;
use crate::system::http::{HttpClient, HttpReply, Reach};

/// Redirects of one request are followed this often, within the API or not: RFC 9110 §15.4 asks for some limit, browsers
/// have 20.
pub const MAX_REDIRECTS: usize = 5;

/// A request for an address that a server has named.
pub struct Download<'t> {
    request: HttpRequest,
    /// The place of the server that has named it.
    from: Reach,
    /// What must not be in the address.
    token: &'t AccessToken,
}

impl<'t> Download<'t> {
    /// Builds the request that a redirect leads to: the method and the address, and nothing else of the first request.
    pub fn of(
        request: &HttpRequest,
        reply: &HttpReply,
        location: &str,
        token: &'t AccessToken,
    ) -> Result<Self, FlowError> {
        let clean = |text: &str| mask::line(text, &[token.expose()]);
        let Ok(mut url) = request.url.join(location) else {
            return Err(FlowError::NotFollowed {
                origin: clean(&format!("`{location}`")),
                why: NotFollowed::Unreadable,
            });
        };
        let origin = match url.has_host() {
            true => clean(&url.origin().ascii_serialization()),
            false => clean(&format!("`{}:`", url.scheme())),
        };
        let refused = |why| FlowError::NotFollowed { origin: origin.clone(), why };
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Err(refused(NotFollowed::Method { method: sanitize::line(request.method.as_str()) }));
        }
        if !is_confidential(&url) {
            return Err(refused(NotFollowed::Scheme));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(NotFollowed::UserName));
        }
        url.set_fragment(None);
        remove_pairs(&mut url, |_, value| value == token.expose());
        if tells(url.as_str(), token) {
            return Err(refused(NotFollowed::Token));
        }
        let mut next = HttpRequest::new(request.method.clone(), url).for_leg(Leg::Api);
        next.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        Ok(Self { request: next, from: reply.reach(), token })
    }

    /// Fetches it, and follows as many further redirects.
    pub fn fetch(mut self, http: &dyn HttpClient, redirects_left: usize) -> Result<HttpReply, FlowError> {
        for _ in 0..redirects_left {
            let reply = http.download(&self.request, self.from).map_err(FlowError::Download)?;
            let Some(location) = location(&reply) else { return Ok(reply) };
            self = Self::of(&self.request, &reply, &location, self.token)?;
        }
        Err(FlowError::TooManyRedirects { limit: MAX_REDIRECTS })
    }
}

/// Returns the reference that a redirect leads to.
pub fn location(reply: &HttpReply) -> Option<String> {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let bytes = reply.headers.get(LOCATION)?.as_bytes();
    // A signature counts by its bytes, whatever they mean.
    Some(std::str::from_utf8(bytes).map_or_else(|_| escaped(bytes), str::to_owned))
}

/// Escapes the bytes that are not ASCII.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// Returns whether the token is in a URL, escaped in any way or not at all.
fn tells(url: &str, token: &AccessToken) -> bool {
    // Without the separators the whole of it is one name, which is unescaped.
    let whole = url.replace('&', "%26").replace('=', "%3D").replace('+', "%2B");
    let unescaped = form_urlencoded::parse(whole.as_bytes()).next().map_or(Cow::default(), |(name, _)| name);
    // Of a short one only the plain form is known to be it.
    [url, &unescaped].iter().any(|text| text.contains(token.expose()) || mask::tells(text, &[token.expose()]))
}

#[cfg(test)]
mod tests;
