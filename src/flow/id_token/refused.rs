//! An ID token that was not accepted, and what became of the tokens that came with it.

use std::fmt;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::id_token::{BadIdToken, FoundNonce};
use crate::protocol::signing_algorithm::Algorithm;

/// What became of tokens that are not kept.
#[derive(Debug, PartialEq, Eq)]
pub enum Aftermath {
    Revoked,
    /// The provider cannot revoke tokens.
    StillValid,
    NotRevoked,
}

impl fmt::Display for Aftermath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revoked => "the tokens that came with it were revoked, and nothing is kept",
            Self::StillValid => {
                "nothing is kept, and the tokens that came with it stay valid: the provider cannot revoke them"
            }
            Self::NotRevoked => {
                "nothing is kept, and the tokens that came with it stay valid: they could not be revoked"
            }
        })
    }
}

/// An ID token that was not accepted.
#[derive(Debug, thiserror::Error)]
#[error("the ID token from `{provider}` was not accepted: {problem}; {tokens}")]
pub struct IdTokenRefused {
    pub provider: String,
    pub problem: BadIdToken,
    pub tokens: Aftermath,
}

impl Advice for IdTokenRefused {
    fn next_step(&self) -> NextStep {
        let show = format!("`oauthctl providers show {}`", self.provider);
        ExitCode::Refused.hint(match &self.problem {
            BadIdToken::Issuer { .. } => {
                format!("if that is the provider's issuer, write it under `openid.issuer`; {show} prints the definition")
            }
            BadIdToken::Algorithm { got, .. } if Algorithm::named(got).is_some() => format!(
                "if the provider documents {got} for this client, list it under `openid.algorithms`; {show} prints the \
                 definition"
            ),
            BadIdToken::Algorithm { .. } | BadIdToken::Form(_) | BadIdToken::Unsigned => {
                "register the client for ID tokens that are signed with RS256, ES256 or EdDSA, and are not encrypted".to_owned()
            }
            BadIdToken::NoSecret => format!("register the secret with `oauthctl app set {}`", self.provider),
            BadIdToken::Ended { .. } | BadIdToken::FromTheFuture { .. } => {
                "compare this machine's clock with the right time, and log in again".to_owned()
            }
            BadIdToken::Nonce(FoundNonce::None) => format!(
                "log in again; if the provider never repeats it, `authorize.omit = [\"nonce\"]` leaves it out; {show} prints \
                 the definition"
            ),
            BadIdToken::UnknownKey { .. } | BadIdToken::Signature => format!(
                "if it happens again, compare `openid.jwks_url` with the provider's documents; {show} prints the definition"
            ),
            _ => "log in again; if it happens again, tell the provider".to_owned(),
        })
    }
}
