//! The parameters that a request brings.

use super::Expected;
use crate::protocol::jwt;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::state::State;
use crate::system::loopback::LoopbackRequest;

const FORM: &str = "application/x-www-form-urlencoded";

/// The media type of the post of our own page: the rest of its address as it is, `?query#fragment`.
pub const ADDRESS: &str = "application/vnd.oauthctl.address";

/// A request by the way in which it brings its parameters. The query and the body of one request are never merged: a
/// page that can choose one of them could add to what the provider said in the other.
#[derive(Debug)]
pub(super) enum Message {
    /// In the query of a GET.
    Query(Params),
    /// In the body of a form's post: `response_mode=form_post`.
    Form(Params),
    /// In the query and in the fragment of one address, as our page read them.
    Address(Params),
    /// In a body of another kind.
    Body {
        media_type: String,
    },
    Other,
}

impl Message {
    pub(super) fn of(request: &LoopbackRequest, expected: &Expected<'_>) -> Self {
        let body = || String::from_utf8_lossy(&request.body);
        match request.method.as_str() {
            "GET" => {
                let query = request.target.split_once('?').map(|(_, query)| query);
                Self::Query(of_address(query, None, expected))
            }
            "POST" => match HttpRequest::media_type(request.content_type.as_deref()).as_str() {
                FORM => Self::Form(Params::from_urlencoded(&body())),
                ADDRESS => {
                    let body = body();
                    let (query, fragment) = body.split_once('#').unwrap_or((&body, ""));
                    Self::Address(of_address(query.strip_prefix('?'), Some(fragment), expected))
                }
                media_type => Self::Body { media_type: media_type.to_owned() },
            },
            _ => Self::Other,
        }
    }

    pub(super) fn params(&self) -> Option<&Params> {
        match self {
            Self::Query(params) | Self::Form(params) | Self::Address(params) => Some(params),
            Self::Body { .. } | Self::Other => None,
        }
    }
}

/// Returns `true` for the post of our own page.
pub fn is_address(request: &LoopbackRequest) -> bool {
    request.method == "POST" && HttpRequest::media_type(request.content_type.as_deref()) == ADDRESS
}

/// Returns the parameters of an answer in the query and the fragment of an address.
///
/// What was registered with the redirect URI comes back with it and is not part of the answer. A parameter that both
/// parts have with the same value is one: providers repeat `state` and `iss`.
pub fn of_address(query: Option<&str>, fragment: Option<&str>, expected: &Expected<'_>) -> Params {
    let registered = expected.redirect_uri.query().map(Params::from_urlencoded).unwrap_or_default();
    let query = query.map(Params::from_urlencoded).unwrap_or_default();
    let mut params = Params::new();
    for (name, value) in query.iter().filter(|(name, value)| registered.single(name) != Ok(Some(*value))) {
        params.push(name, value);
    }
    for (name, value) in fragment.map(Params::from_urlencoded).unwrap_or_default().iter() {
        if query.single(name) != Ok(Some(value)) {
            params.push(name, value);
        }
    }
    params
}

/// Returns `true` if the parameters carry our state, in whatever shape: as a `state`, as a part of another value, or
/// in the claims of a JWT. Its signature is not verified: a claim that has the state was written by one who has it.
pub(super) fn carry(params: &Params, state: &State) -> bool {
    is_in_jwt(params, state)
        || params.iter().any(|(name, value)| state.is_in(name.as_bytes()) || state.is_in(value.as_bytes()))
}

/// Returns `true` if `response` is a JWT with our state in it (JARM §2.1).
pub(super) fn is_in_jwt(params: &Params, state: &State) -> bool {
    let tokens = params.iter().filter(|(name, _)| *name == "response");
    tokens.filter_map(|(_, token)| jwt::claims(token)).any(|claims| state.is_in(claims.to_string().as_bytes()))
}
