//! Judges one request that reached the loopback port. The function is pure: the verdict depends only on the request and
//! on what we expect.
//!
//! Our `state` decides. It is 256 random bits, which nobody has but the provider and the browser, and it is compared in
//! constant time.
//!
//! * A request that carries it, wherever it stands ([`State::is_in`]), is about this login. It is taken if exactly one
//!   parameter `state` is the state, the place is the redirect URI in any spelling ([`Place`]), the issuer and the
//!   signature are right where they are known, and it has a code, a token or an error. Anything else ends the login
//!   with what came, what was expected and what differs ([`Unusable`]): waiting on would end in "nothing came", which
//!   is false. An outsider does not have the state, so this is no lever for him.
//! * A request without it changes nothing and ends nothing. If a forged `?error=` ended a login, any page in the browser
//!   and any process on the machine could keep it from ever succeeding. What claims to be an answer is told once per
//!   kind ([`Unproven`]).
//!
//! The answer is in the query of a GET, in the body of a form's post, or in the address that our own page hands over
//! with its fragment, and never in two of these at once ([`Message`]). The `Origin` of a post proves nothing: a provider
//! posts from its own origin or from `null`.
//!
//! `HEAD` is ignored, with the state too: scanners of links send it before the browser's GET.
//!
//! JARM is refused and not taken: its signature, algorithm, audience and expiry would have to be verified with keys
//! from the provider, and an answer that is taken unverified has lost what JARM is for.

mod message;
mod place;
#[cfg(test)]
mod tests;
mod unproven;
mod unusable;

use std::collections::BTreeMap;

use url::Url;

use crate::protocol::authorization::{AuthorizationResponse, ResponseType};
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::{AuthorizationCode, ClientSecret};
use crate::protocol::state::State;
use crate::provider::Dialect;
use crate::system::loopback::LoopbackRequest;

use super::pages::BrowserPage;
pub use message::{ADDRESS, is_address};
use message::{Message, carry, of_address};
use place::Place;
pub use unproven::{Claim, Unproven};
pub use unusable::{Difference, Unusable};

/// The expected form of the one right request.
pub struct Expected<'a> {
    pub redirect_uri: &'a RedirectUri,
    /// Every `Host` that a request may name: the redirect URI's, and behind a tunnel the port's own.
    pub hosts: &'a [String],
    pub state: &'a State,
    pub response_type: ResponseType,
    /// The authorization server's issuer, if the definition names one (RFC 9207).
    pub issuer: Option<&'a str>,
    /// True if an answer without a state may be the provider's.
    pub state_may_be_missing: bool,
    /// True if a foreign code would be useless, as its challenge is not ours.
    pub pkce: bool,
    /// The key of the provider's signature, if it signs its callbacks.
    pub client_secret: Option<&'a ClientSecret>,
    pub dialect: Dialect<'a>,
}

/// The verdict on a request.
#[derive(Debug, PartialEq, Eq)]
pub enum RedirectVerdict {
    /// It carries our state: the answer to our request.
    Proven(Answer),
    /// It carries our state and cannot be used. The login ends.
    Unusable(Box<Unusable>),
    /// It may be the answer, but the user has to confirm it.
    Doubtful(Answer, Doubt),
    /// The browser returned without an answer in the query. There may be one in the fragment, which only a page can
    /// read. If the query carries our state, this is what is wrong with it as it stands.
    Fragment(Option<Box<Unusable>>),
    /// Anything else. The wait goes on.
    Stray(Stray),
}

impl RedirectVerdict {
    /// Returns why a request is not the answer, unless it carries our state and ends the wait.
    pub fn why_not(&self) -> Option<&'static str> {
        match self {
            Self::Proven(_) | Self::Unusable(_) => None,
            Self::Doubtful(_, Doubt::NoState) => Some("it has no `state`"),
            Self::Doubtful(_, Doubt::BareCode) => Some("it is a bare code, without a `state`"),
            Self::Doubtful(_, Doubt::PlainWord) => Some("it is a word, and not a code"),
            Self::Fragment(_) => Some("its query has no answer, and its page looks for one in the fragment"),
            Self::Stray(stray) => Some(stray.why()),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub response: AuthorizationResponse,
    /// Values for the definition's parameters that the callback carries.
    pub captured: BTreeMap<String, String>,
    /// True if the provider returned our state. A bare code, and an answer that the user confirmed, have none.
    pub has_state: bool,
    /// The issuer that the answer names, if none is known to compare it with.
    pub unknown_issuer: Option<String>,
}

impl Answer {
    /// Creates an answer that is only a code.
    pub fn bare(code: AuthorizationCode) -> Self {
        let response = AuthorizationResponse::Code(code);
        Self { response, captured: BTreeMap::new(), has_state: false, unknown_issuer: None }
    }
}

/// The reason why an answer is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The provider may omit the state.
    NoState,
    /// A pasted code, and no PKCE to protect it.
    BareCode,
    /// A pasted word that is plainly not a code.
    PlainWord,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Stray {
    /// A preflight or the icon, which browsers request by themselves.
    Noise,
    Method,
    Host,
    Path,
    /// It claims to be an answer, or is at its place.
    Unproven(Unproven),
    /// A pasted address that is not the redirect URI's.
    ForeignAddress,
    /// A pasted line that is neither an address nor a code.
    NotPasteable,
    /// The pasted address is that of the authorization request, and not the one at which it ends.
    Request,
}

impl Stray {
    /// Returns why it is not the answer.
    fn why(&self) -> &'static str {
        match self {
            Self::Noise => "browsers ask for it by themselves",
            Self::Method => "its method is not that of a redirect",
            Self::Host => "it names another host than the redirect URI",
            Self::Path => "its path is not the redirect URI's",
            Self::Unproven(unproven) if unproven.other_state => "its `state` is not this login's",
            Self::Unproven(_) => "it has no `state`",
            Self::ForeignAddress => "it is not the redirect URI",
            Self::NotPasteable => "it is neither an address nor a code",
            Self::Request => "it is the address that begins the login",
        }
    }

    pub fn page(&self) -> BrowserPage {
        match self {
            Self::Noise => BrowserPage::Empty,
            Self::Method => BrowserPage::WrongMethod,
            Self::Host => BrowserPage::WrongHost,
            Self::Unproven(unproven) => BrowserPage::Unproven(*unproven),
            Self::Path | Self::ForeignAddress | Self::NotPasteable | Self::Request => BrowserPage::NothingHere,
        }
    }
}

/// Judges a request to the port.
pub fn judge(request: &LoopbackRequest, expected: &Expected<'_>) -> RedirectVerdict {
    if request.method == "OPTIONS" || request.target.split('?').next() == Some("/favicon.ico") {
        return RedirectVerdict::Stray(Stray::Noise);
    }
    if request.method == "HEAD" {
        return RedirectVerdict::Stray(Stray::Method);
    }
    let (message, place) = (Message::of(request, expected), Place::of(request, expected));
    let carries = [request.target.as_bytes(), &request.body].into_iter().any(|text| expected.state.is_in(text));
    if !carries && !message.params().is_some_and(|params| carry(params, expected.state)) {
        return judge_unproven(request, &message, &place, expected);
    }
    if !place.is_ours() {
        return unusable(Unusable::place(&place, expected));
    }
    match message {
        Message::Query(params) => match judge_params(params, expected) {
            RedirectVerdict::Unusable(unusable) if unusable.is_empty() => RedirectVerdict::Fragment(Some(unusable)),
            verdict => verdict,
        },
        Message::Form(params) if !carry(&params, expected.state) => {
            let differs = "it is a POST with the state in its address, and not in its form";
            unusable(Unusable::message(differs, "POST", expected))
        }
        Message::Form(params) | Message::Address(params) => judge_params(params, expected),
        Message::Body { media_type } => {
            let came = format!("POST of {media_type}");
            unusable(Unusable::message("the body is not a form", came.trim_end_matches(" of "), expected))
        }
        Message::Other => unusable(Unusable::message("the method differs", &request.method, expected)),
    }
}

/// Returns `true` for the parameters of an authorization request (RFC 6749 §4.1.1, RFC 9126 §4).
fn is_request(params: &Params) -> bool {
    params.contains("client_id") && (params.contains("response_type") || params.contains("request_uri"))
}

fn unusable(unusable: Unusable) -> RedirectVerdict {
    RedirectVerdict::Unusable(Box::new(unusable))
}

/// Judges a request that does not carry our state.
fn judge_unproven(
    request: &LoopbackRequest,
    message: &Message,
    place: &Place,
    expected: &Expected<'_>,
) -> RedirectVerdict {
    if !place.host_is_ours() {
        return RedirectVerdict::Stray(if request.target.starts_with('/') { Stray::Host } else { Stray::Path });
    }
    let Some(params) = message.params() else { return RedirectVerdict::Stray(Stray::Method) };
    let unproven = Unproven::of(&expected.dialect.read_callback(params.clone()));
    match (unproven.claim, message) {
        (Claim::Nothing, _) if !place.is_ours() => RedirectVerdict::Stray(Stray::Path),
        (Claim::Nothing, Message::Query(_)) if !unproven.other_state => RedirectVerdict::Fragment(None),
        _ if !place.is_ours() => RedirectVerdict::Stray(Stray::Unproven(unproven)),
        _ => judge_params(params.clone(), expected),
    }
}

/// Judges the parameters of an answer from any source.
pub fn judge_params(params: Params, expected: &Expected<'_>) -> RedirectVerdict {
    let bad_signature = expected.dialect.bad_signature(&params, expected.client_secret);
    let captured = expected.dialect.captured_from_callback(&params);
    let params = expected.dialect.read_callback(params);
    // `single` refuses a second `state`, so a request cannot carry one that we check and one that another party reads.
    let state = params.single("state");
    let has_state = matches!(state, Ok(Some(state)) if expected.state.matches(state));
    if !has_state && carry(&params, expected.state) {
        return unusable(Unusable::state(&params, expected));
    }
    let may_be_missing = state == Ok(None) && expected.state_may_be_missing;
    let response = AuthorizationResponse::parse(&params, expected.response_type);
    let stray = || RedirectVerdict::Stray(Stray::Unproven(Unproven::of(&params)));
    if !has_state {
        // A denial cannot be confirmed: accepting it would let any page end the login.
        let may_be_ours = matches!(response, Ok(AuthorizationResponse::Code(_) | AuthorizationResponse::Token(_)));
        if !may_be_missing || !may_be_ours {
            return stray();
        }
    }
    let is_error = matches!(response, Ok(AuthorizationResponse::Error(_)));
    // Some providers sign their codes only.
    let bad_signature = bad_signature.filter(|param| !is_error || params.contains(param));
    let unknown_issuer = match compare_issuer(&params, is_error, expected) {
        Ok(unknown) => unknown,
        Err(wrong) if has_state => return unusable(wrong),
        Err(_) => return stray(),
    };
    match (bad_signature, response) {
        (Some(param), _) if has_state => unusable(Unusable::signature(param, &params, expected)),
        (Some(_), _) => stray(),
        (None, Err(problem)) => unusable(Unusable::answer(&problem, &params, expected)),
        (None, Ok(response)) => {
            let answer = Answer { response, captured, has_state, unknown_issuer };
            if has_state { RedirectVerdict::Proven(answer) } else { RedirectVerdict::Doubtful(answer, Doubt::NoState) }
        }
    }
}

/// Compares the issuer that the answer names (RFC 9207 §2.4). Returns one that nothing is known to compare with.
///
/// An error needs no issuer: it is no use to an attacker, and the login would otherwise wait for nothing.
fn compare_issuer(params: &Params, is_error: bool, expected: &Expected<'_>) -> Result<Option<String>, Unusable> {
    let mut named: Vec<&str> = params.iter().filter(|(name, _)| *name == "iss").map(|(_, issuer)| issuer).collect();
    if named == [""] {
        named.clear();
    }
    let wrong = |difference| Err(Unusable::issuer(difference, &named, expected));
    match (expected.issuer, named.as_slice()) {
        (_, [_, _, ..]) => wrong(Difference::Issuer),
        (None, named) => Ok(named.first().map(|issuer| (*issuer).to_owned())),
        // A simple string comparison (RFC 3986 §6.2.1).
        (Some(issuer), [named]) if *named == issuer => Ok(None),
        (Some(_), [_]) => wrong(Difference::Issuer),
        (Some(_), []) if is_error || expected.dialect.issuer_may_be_missing() => Ok(None),
        (Some(_), []) => wrong(Difference::NoIssuer),
    }
}

/// Judges a pasted address: the redirect URI in any spelling, with the answer in its query, its fragment or both.
pub fn judge_address(address: &Url, expected: &Expected<'_>) -> RedirectVerdict {
    let params = of_address(address.query(), address.fragment(), expected);
    let place = Place::of_address(address, expected);
    match place.is_ours() {
        true => judge_params(params, expected),
        false if is_request(&params) => RedirectVerdict::Stray(Stray::Request),
        false if carry(&params, expected.state) => unusable(Unusable::place(&place, expected)),
        false => RedirectVerdict::Stray(Stray::ForeignAddress),
    }
}
