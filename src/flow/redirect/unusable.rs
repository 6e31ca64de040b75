//! An answer that carries our state and cannot be used: what came, what was expected, and what differs.

use std::fmt;

use super::Expected;
use super::message::is_in_jwt;
use super::place::Place;
use super::unproven::{Unproven, is_about_an_error};
use crate::protocol::authorization::{NotAResponse, ResponseType};
use crate::protocol::params::Params;
use crate::protocol::sanitize;
use crate::protocol::secret::ClientSecret;

/// An answer that carries our state and cannot be used. It ends the login, in the terminal and on the page: whoever
/// sent it has seen the state, so it is no lever for an outsider.
///
/// Its texts are clean lines, without the state, and without a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    pub difference: Difference,
    pub differs: String,
    pub came: String,
    pub expected: String,
}

/// The part of the answer that is not as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    Place,
    /// The method, or the kind of body.
    Message,
    State,
    /// The answer is a JWT (JARM).
    Jwt,
    Issuer,
    /// RFC 9207 §2.4: the server sends it, and this answer has none.
    NoIssuer,
    Signature,
    /// There is neither a code nor an error.
    Nothing,
    /// There is no `error`, and other parameters report one.
    OwnError,
    /// The code or the error cannot be read.
    Answer,
    /// There is a token in place of a code, or the other way round.
    OtherGrant,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { differs, came, expected, .. } = self;
        write!(f, "{differs}; came: {came}; expected: {expected}")
    }
}

impl Unusable {
    /// Returns `true` if pasting again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self.difference, Difference::Issuer | Difference::NoIssuer | Difference::Signature | Difference::Jwt)
    }

    /// Returns `true` if there is no answer at all, so that the rest may be in the fragment.
    pub(super) fn is_empty(&self) -> bool {
        self.difference == Difference::Nothing
    }

    /// Returns the way out.
    pub fn hint(&self) -> String {
        match self.difference {
            Difference::Place => {
                "register exactly the expected URI at the provider, or log in with `--redirect-uri` as it is registered there"
            }
            Difference::Message | Difference::Jwt => {
                "let the provider answer with plain parameters: take `response_mode` out of `authorize.params` in the \
                 definition, or set it to `query` or `form_post`"
            }
            Difference::State => {
                "the provider has to return `state` once and as it was sent (RFC 6749 §4.1.2); if it has another name \
                 there, `callback.names` in the definition says so"
            }
            Difference::Issuer => {
                "the answer may be another server's; if the provider's issuer has changed, change `authorize.issuer` in \
                 the definition"
            }
            Difference::NoIssuer => {
                "if the provider does not name its issuer, write `callback.iss = \"may-be-missing\"` in the definition"
            }
            Difference::Signature => {
                "compare the client secret with the registered one, as it is the key of the signature: `oauthctl app set`"
            }
            Difference::Nothing | Difference::Answer => "try again; if it stays so, ask the provider what these parameters mean",
            Difference::OwnError => "log in again and approve, or ask the provider what these parameters mean",
            Difference::OtherGrant => {
                "choose the grant that the provider answers with: `--grant authorization-code` or `--grant implicit`; \
                 `grants` in the definition lists what it offers"
            }
        }
        .to_owned()
    }

    pub(super) fn place(place: &Place, expected: &Expected<'_>) -> Self {
        let mut wanted = expected.redirect_uri.as_str().split('?');
        Self {
            difference: Difference::Place,
            differs: place.difference().to_owned(),
            came: shown(place.came(), expected),
            expected: format!("`{}`", wanted.next().unwrap_or_default()),
        }
    }

    pub(super) fn message(differs: &str, came: &str, expected: &Expected<'_>) -> Self {
        Self {
            difference: Difference::Message,
            differs: differs.to_owned(),
            came: shown(came, expected),
            expected: "a GET with the answer in its query, or a POST with it as a form".to_owned(),
        }
    }

    /// The state is there, and not as the one `state`.
    pub(super) fn state(params: &Params, expected: &Expected<'_>) -> Self {
        let state = expected.state;
        let times = params.iter().filter(|(name, _)| *name == "state").count();
        let carrier = params.iter().find(|(name, value)| state.is_in(value.as_bytes()) || state.is_in(name.as_bytes()));
        let carrier = carrier.map_or("", |(name, _)| name);
        let (difference, differs) = match carrier {
            _ if is_in_jwt(params, state) => {
                (Difference::Jwt, "the answer is a JWT (JARM), whose signature is not verified here".to_owned())
            }
            _ if times > 1 => (Difference::State, format!("`state` came {times} times")),
            "state" => (Difference::State, "`state` has more in it than was sent".to_owned()),
            name if name.starts_with("amp;") => (
                Difference::State,
                "the parameters are separated by `&amp;`, which is HTML's spelling of `&`".to_owned(),
            ),
            name => (Difference::State, format!("the state came as {}", shown(name, expected))),
        };
        Self {
            difference,
            differs,
            came: names(params, expected),
            expected: format!("`state`, and {}", wanted(expected)),
        }
    }

    pub(super) fn issuer(difference: Difference, came: &[&str], expected: &Expected<'_>) -> Self {
        let differs = match came.len() {
            0 => "the answer does not name its issuer (RFC 9207)".to_owned(),
            1 => "the answer is from another issuer than the provider's (RFC 9207)".to_owned(),
            times => format!("`iss` came {times} times (RFC 9207)"),
        };
        let listed = came.iter().take(3).map(|issuer| shown(issuer, expected)).collect::<Vec<_>>().join(", ");
        let came = if listed.is_empty() { "no `iss`".to_owned() } else { format!("`iss` {listed}") };
        let expected = match expected.issuer {
            Some(issuer) => format!("`iss` {}", shown(issuer, expected)),
            None => "at most one `iss`".to_owned(),
        };
        Self { difference, differs, came, expected }
    }

    pub(super) fn signature(param: &str, params: &Params, expected: &Expected<'_>) -> Self {
        let differs =
            if params.contains(param) { "the signature is not the provider's" } else { "there is no signature" };
        Self {
            difference: Difference::Signature,
            differs: differs.to_owned(),
            came: names(params, expected),
            expected: format!("`{param}`, made with the client's secret"),
        }
    }

    pub(super) fn answer(problem: &NotAResponse, params: &Params, expected: &Expected<'_>) -> Self {
        let (other, what) = match expected.response_type {
            ResponseType::Code => ("access_token", "a token came, and a code was asked for"),
            ResponseType::Token => ("code", "a code came, and a token was asked for"),
        };
        let is_other = *problem == NotAResponse::Empty && params.contains(other);
        let (difference, differs) = match problem {
            _ if is_other => (Difference::OtherGrant, what.to_owned()),
            NotAResponse::Empty if Unproven::of(params).is_error() => {
                (Difference::OwnError, "an error is reported, but not as `error` (RFC 6749 §4.1.2.1)".to_owned())
            }
            NotAResponse::Empty => (Difference::Nothing, problem.to_string()),
            _ => (Difference::Answer, problem.to_string()),
        };
        Self { difference, differs, came: names(params, expected), expected: wanted(expected).to_owned() }
    }
}

fn wanted(expected: &Expected<'_>) -> &'static str {
    match expected.response_type {
        ResponseType::Code => "`code` or `error`",
        ResponseType::Token => "`access_token` or `error`",
    }
}

/// How many parameters are shown.
const MAX_NAMES: usize = 12;

/// Lists the parameters by their names, and with what they say of an error. Other values may be secrets.
fn names(params: &Params, expected: &Expected<'_>) -> String {
    let one = |(name, value): (&str, &str)| match is_about_an_error(name) {
        true => shown(&format!("{name}={value}"), expected),
        false => shown(name, expected),
    };
    let mut names: Vec<_> = params.iter().map(one).take(MAX_NAMES).collect();
    if params.iter().nth(MAX_NAMES).is_some() {
        names.push("…".to_owned());
    }
    if names.is_empty() { "no parameters".to_owned() } else { names.join(", ") }
}

/// Returns a foreign text in backticks: a clean line, without our state and secret.
fn shown(text: &str, expected: &Expected<'_>) -> String {
    let secret = expected.client_secret.map(ClientSecret::expose).filter(|secret| !secret.is_empty());
    let text = text.replace(expected.state.as_str(), "STATE");
    let text = secret.map_or(text.clone(), |secret| text.replace(secret, "SECRET"));
    if expected.state.is_in(text.as_bytes()) {
        return "(not shown, as the state is in it)".to_owned();
    }
    format!("`{}`", sanitize::line(&text).replace('`', "'"))
}
