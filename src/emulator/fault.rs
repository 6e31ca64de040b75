//! Ways in which the emulator misbehaves on request, so that people see what their client does then.

use std::time::Duration;

use serde_json::json;

use super::wire::Reply;

/// How long the slow token endpoint takes: longer than a person likes to wait, shorter than most clients' limits.
pub(super) const SLOW: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The callback comes without `state`.
    NoState,
    /// The callback comes with another `state` than the one that was sent.
    WrongState,
    /// The token endpoint answers with an HTML page and status 200.
    Html,
    /// The token endpoint answers with status 503.
    ServerError,
    /// The token endpoint answers with status 200 and an empty body.
    Empty,
    /// The token endpoint answers with an `error` member and status 200.
    ErrorInOk,
    /// The token endpoint takes ten seconds to answer.
    SlowToken,
    /// The revocation endpoint answers with status 503.
    RevokeUnavailable,
}

impl Fault {
    /// What the token endpoint says in place of its answer.
    pub(super) fn token_reply(self) -> Option<Reply> {
        match self {
            Self::Html => Some(maintenance()),
            Self::ServerError => Some(Reply::json(503, &json!({"error": "temporarily_unavailable"}))),
            Self::Empty => Some(Reply::empty(200)),
            Self::ErrorInOk => Some(Reply::json(
                200,
                &json!({"error": "invalid_grant", "error_description": "a refusal with status 200, as asked for"}),
            )),
            Self::NoState | Self::WrongState | Self::SlowToken | Self::RevokeUnavailable => None,
        }
    }
}

/// The page that some gateways put in the place of a reply; the `html` fault answers with it.
fn maintenance() -> Reply {
    Reply::html(
        200,
        "<!doctype html><title>Maintenance</title><p>The service is under maintenance. (The emulator's html fault.)"
            .to_owned(),
    )
}
