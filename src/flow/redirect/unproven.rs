//! A request that claims to be an answer and does not carry our state.
//!
//! Any page in the browser and any process on this machine can send it, so it changes nothing, and no text of it is
//! shown: only which of these kinds it is.

use std::fmt;

use crate::protocol::params::Params;

/// The kind of an unproven answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unproven {
    pub claim: Claim,
    /// True if there is a state that is not ours. Otherwise there is none.
    pub other_state: bool,
}

/// The claim of an unproven answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    Code,
    Token,
    /// The login failed, with one of the registered error codes.
    Error(Option<&'static str>),
    /// The answer is a token in `response` in which our state cannot be read (JARM).
    Jwt,
    Nothing,
}

/// The error codes of RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6. Any other text is the sender's own.
const ERRORS: [&str; 14] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "redirect_uri_mismatch",
    "request_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

impl Unproven {
    /// Reads the kind of parameters, under the RFC's names.
    pub(super) fn of(params: &Params) -> Self {
        let claims = |name: &str| params.iter().any(|(n, value)| n == name && !value.is_empty());
        let error = || {
            let code = params.single("error").ok().flatten().unwrap_or_default();
            ERRORS.into_iter().find(|known| *known == code)
        };
        let claim = match () {
            () if params.iter().any(|(name, value)| is_about_an_error(name) && !value.is_empty()) => {
                Claim::Error(error())
            }
            () if claims("code") => Claim::Code,
            () if claims("access_token") || claims("id_token") => Claim::Token,
            () if claims("response") => Claim::Jwt,
            () => Claim::Nothing,
        };
        Self { claim, other_state: params.contains("state") }
    }

    pub(super) fn is_error(self) -> bool {
        matches!(self.claim, Claim::Error(_))
    }

    /// Returns the kind without the details, which only the first of a kind is told with.
    pub fn kind(self) -> Self {
        match self.claim {
            Claim::Error(_) => Self { claim: Claim::Error(None), ..self },
            _ => self,
        }
    }
}

/// Returns `true` for the parameters of RFC 6749 §4.1.2.1, and for those in which some providers report errors instead.
pub(super) fn is_about_an_error(name: &str) -> bool {
    name == "error" || name.starts_with("error_") || matches!(name, "denied" | "not_approved")
}

/// What it was, as a part of a sentence.
impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.claim {
            Claim::Code => f.write_str("a code")?,
            Claim::Token => f.write_str("a token")?,
            Claim::Error(Some(code)) => write!(f, "the error `{code}`")?,
            Claim::Error(None) => f.write_str("an error")?,
            Claim::Jwt => f.write_str("an answer in `response` that cannot be read (JARM)")?,
            Claim::Nothing => f.write_str("neither a code nor an error")?,
        }
        f.write_str(if self.other_state { ", with another login's `state`" } else { ", without a `state`" })
    }
}
