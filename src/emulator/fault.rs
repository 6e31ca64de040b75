//! Faults that the emulator produces on request, so that people can see how their client reacts.

use std::time::Duration;

use serde_json::json;

use super::wire::Reply;

/// The delay of the slow token endpoint: longer than people like to wait, shorter than most clients' timeouts.
pub(super) const SLOW: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The callback comes without `state`.
    NoState,
    /// The callback comes with a `state` other than the one sent.
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
    /// The token endpoint asks a device to poll less often, once for each code.
    SlowDown,
    /// The token endpoint answers that a device's code has expired.
    ExpiredDeviceCode,
    /// The token endpoint answers that a device's code was denied.
    DeviceDenied,
    /// The API rejects the first access token of each login, and takes the ones of a refresh.
    DeadToken,
    /// The client may not use the client credentials grant.
    ClientNotAllowed,
    /// The ID token has the nonce of another login.
    WrongNonce,
    /// The signature of the ID token is wrong.
    BadSignature,
    /// The metadata and the callback name another issuer than the one asked.
    WrongIssuer,
    /// The metadata of the resource is about another resource.
    WrongResource,
    /// The registration endpoint refuses every client.
    RegistrationRefused,
    /// The server forgets a registered client when that refreshes a token.
    ClientForgotten,
    /// The metadata does not say that PKCE is supported, and the server ignores it.
    NoPkce,
}

impl Fault {
    /// Returns the token endpoint's reply for this fault.
    pub(super) fn token_reply(self) -> Option<Reply> {
        match self {
            Self::Html => Some(maintenance()),
            Self::ServerError => Some(Reply::json(503, &json!({"error": "temporarily_unavailable"}))),
            Self::Empty => Some(Reply::empty(200)),
            Self::ErrorInOk => Some(Reply::json(
                200,
                &json!({"error": "invalid_grant", "error_description": "a refusal with status 200, as requested"}),
            )),
            Self::NoState
            | Self::WrongState
            | Self::SlowToken
            | Self::RevokeUnavailable
            | Self::SlowDown
            | Self::ExpiredDeviceCode
            | Self::DeviceDenied
            | Self::DeadToken
            | Self::ClientNotAllowed
            | Self::WrongNonce
            | Self::BadSignature
            | Self::WrongIssuer
            | Self::WrongResource
            | Self::RegistrationRefused
            | Self::ClientForgotten
            | Self::NoPkce => None,
        }
    }
}

/// Returns the page that some gateways send instead of a reply. The `html` fault answers with it.
fn maintenance() -> Reply {
    Reply::html(
        200,
        "<!doctype html><title>Maintenance</title><p>The service is under maintenance. (The emulator's html fault.)"
            .to_owned(),
    )
}
