//! A server's refusal, and what it refused: which request, with which parameters and which client authentication.
//!
//! # Decision: a hint goes by the error code and by what was sent
//!
//! The stage of a login says little: a token endpoint refuses a client, a code, a scope and a firewall's guess alike. So
//! each request to an authorization server leaves a [`Sent`] behind, without any secret, and one table (`hints.rs`) reads
//! code, words and `Sent`. The words count where a code is as wide as `invalid_request`, or the server's own.

mod hints;
mod objection;
mod sent;
mod wording;

use std::error::Error;
use std::fmt;

pub use self::objection::{Beyond, Objection, of as objection};
pub use self::sent::{Asked, Sent};
pub use self::wording::{EXPIRED, REUSED, USED, VAGUE, Wording};
use crate::protocol::advice::NextStep;
use crate::protocol::error_response::ErrorResponse;
use crate::provider::dialect::{DeviceReplyError, TokenReplyError};

/// A reply without a token, and the request that it answers. Its words are the reply's: who refused is said by the error
/// that it is the cause of.
#[derive(Debug)]
pub struct NoToken {
    pub provider: String,
    /// `None` if the token was to come with the redirect.
    pub sent: Option<Sent>,
    pub reply: TokenReplyError,
}

impl NoToken {
    pub fn next_step(&self) -> NextStep {
        match (&self.reply, &self.sent) {
            (TokenReplyError::Refused { error, .. }, Some(sent)) => hints::of_refusal(error, sent),
            (TokenReplyError::Unreadable { status: status @ 400..=499, .. }, Some(sent)) => {
                hints::of_status(*status, sent)
            }
            (reply, _) => reply.next_step(&self.provider),
        }
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reply.fmt(f)
    }
}

impl Error for NoToken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reply.source()
    }
}

/// A reply without the codes for a device, and the request that it answers. Its words are the reply's.
#[derive(Debug)]
pub struct NoCode {
    pub sent: Sent,
    pub reply: DeviceReplyError,
}

impl NoCode {
    pub fn next_step(&self) -> NextStep {
        match &self.reply {
            DeviceReplyError::Refused { error, .. } => hints::of_refusal(error, &self.sent),
            reply => reply.next_step(&self.sent.provider),
        }
    }
}

impl fmt::Display for NoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reply.fmt(f)
    }
}

impl Error for NoCode {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reply.source()
    }
}

/// A refusal at another endpoint than the token's.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    pub error: ErrorResponse,
    pub sent: Sent,
}

impl Refusal {
    /// Returns `true` if the server does not know the client, or not by its secret.
    pub fn is_about_the_client(&self) -> bool {
        hints::is_about_the_client(&self.error, &self.sent)
    }

    pub fn next_step(&self) -> NextStep {
        hints::of_refusal(&self.error, &self.sent)
    }
}
