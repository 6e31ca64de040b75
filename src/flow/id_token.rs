//! Checks an ID token before it is kept (OpenID Connect Core §3.1.3.7, §12.2).
//!
//! # Decisions
//!
//! * It is checked if `openid` was asked for. One that nobody asked for is dropped, and nothing is said: it is about a
//!   person, it is bound to no nonce, and a server may send it to everybody.
//! * The claims are checked whatever the definition says. Its signature is verified if the definition names the issuer and
//!   the issuer's keys. If it does not, or the keys cannot be had, the token is kept as one that is not verified, and that is
//!   said: it came from the token endpoint over TLS, which §3.1.3.7 takes for enough.
//! * The algorithm is one of those that the definition lists. HS256 must be listed, and needs the client's secret. `none` is
//!   refused, whatever is listed.
//! * If it is not accepted, the access token beside it may be another person's: the tokens are revoked if the provider can,
//!   and none is kept. A refresh is gentler about the time alone: a clock that is wrong must not cost a login, so the new
//!   tokens are kept without the new ID token.

mod refused;

pub use refused::{Aftermath, IdTokenRefused};

use super::client::Client;
use super::jwks::NoKeys;
use super::revoke::revoke_all;
use super::signature::{self, Signature};
use crate::protocol::id_token::{BadIdToken, Expected, ExpectedNonce, OPENID, check};
use crate::protocol::jws::Jws;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::IdToken;
use crate::protocol::signing_algorithm::Algorithm;
use crate::protocol::state::State;
use crate::protocol::time::Timestamp;
use crate::protocol::token::TokenResponse;
use crate::provider::{Dialect, Endpoint};
use crate::store::StoredToken;
use crate::store::id_token::StoredIdToken;
use crate::system::http::HttpClient;

/// The login that an ID token came with.
pub struct LoginAsked<'a> {
    pub scope: &'a ScopeSet,
    /// The nonce that was sent.
    pub nonce: Option<&'a State>,
    /// True if the tokens came through the browser (§3.2).
    pub by_browser: bool,
}

/// An ID token that was accepted.
#[derive(Debug)]
pub struct CheckedIdToken {
    pub token: StoredIdToken,
    /// The reason why its signature was not verified.
    pub unverified: Option<Unverified>,
}

/// The reason why a signature was not verified.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    #[error("the definition has no `openid.issuer`")]
    Issuer,
    #[error("the definition has no `openid.jwks_url`")]
    Url,
    #[error(transparent)]
    Keys(#[from] NoKeys),
}

/// What became of the ID token in the reply to a refresh.
#[derive(Debug)]
pub enum RefreshedIdToken {
    /// There is none to keep: the old one stays.
    None,
    Checked(CheckedIdToken),
    /// It is not kept, and the rest of the reply is.
    Dropped(BadIdToken),
}

/// Checks the ID token of a login. If it is not accepted, the tokens that came with it are revoked where possible.
pub fn accept(
    http: &dyn HttpClient,
    client: &Client,
    asked: &LoginAsked<'_>,
    response: &TokenResponse,
    now: Timestamp,
) -> Result<Option<CheckedIdToken>, IdTokenRefused> {
    let Some(token) = response.id_token.as_ref().filter(|_| asked.scope.contains(OPENID)) else { return Ok(None) };
    let expected = Expected {
        issuer: None,
        client_id: client.client_id.as_str(),
        nonce: asked.nonce.map_or(ExpectedNonce::Any, ExpectedNonce::Sent),
        access_token: &response.access_token,
        must_have_at_hash: asked.by_browser,
        before: None,
        now,
    };
    judge(http, client, token, expected).map(Some).map_err(|problem| refused(http, client, response, problem))
}

/// Checks the ID token of a refresh against the one of the login.
pub fn accept_refreshed(
    http: &dyn HttpClient,
    client: &Client,
    record: &StoredToken,
    response: &TokenResponse,
    now: Timestamp,
) -> Result<RefreshedIdToken, IdTokenRefused> {
    let is_wanted = record.id_token.is_some() || record.asked.contains(OPENID);
    let Some(token) = response.id_token.as_ref().filter(|_| is_wanted) else { return Ok(RefreshedIdToken::None) };
    let before = record.id_token.as_ref().and_then(StoredIdToken::claims);
    let expected = Expected {
        issuer: None,
        client_id: client.client_id.as_str(),
        nonce: ExpectedNonce::Any,
        access_token: &response.access_token,
        must_have_at_hash: false,
        before: before.as_ref(),
        now,
    };
    match judge(http, client, token, expected) {
        Ok(checked) => Ok(RefreshedIdToken::Checked(checked)),
        Err(problem) if problem.is_about_the_clock() => Ok(RefreshedIdToken::Dropped(problem)),
        Err(problem) => Err(refused(http, client, response, problem)),
    }
}

fn refused(http: &dyn HttpClient, client: &Client, response: &TokenResponse, problem: BadIdToken) -> IdTokenRefused {
    IdTokenRefused { provider: client.provider.id().to_owned(), problem, tokens: revoke_all(http, client, response) }
}

/// Checks everything but the signature first: that needs no request.
fn judge(
    http: &dyn HttpClient,
    client: &Client,
    token: &IdToken,
    expected: Expected<'_>,
) -> Result<CheckedIdToken, BadIdToken> {
    let dialect = Dialect::new(&client.provider);
    let jws = Jws::parse(token.expose())?;
    let algorithm = algorithm(&jws, &dialect.id_token_algorithms())?;
    let issuer = dialect.id_token_issuer();
    check(&jws.claims, Some(algorithm), &Expected { issuer: issuer.as_deref(), ..expected })?;
    let unverified = match (issuer, dialect.jwks_endpoint()) {
        (None, _) => Some(Unverified::Issuer),
        (Some(_), _) if algorithm == Algorithm::Hs256 => {
            let secret = client.client_secret.as_ref().ok_or(BadIdToken::NoSecret)?;
            if !jws.is_signed_with(secret) {
                return Err(BadIdToken::Signature);
            }
            None
        }
        (Some(_), None) => Some(Unverified::Url),
        (Some(_), Some(endpoint)) => verify(http, endpoint, &jws, algorithm)?.map(Unverified::Keys),
    };
    Ok(CheckedIdToken { token: StoredIdToken::new(token.clone(), unverified.is_none()), unverified })
}

fn algorithm(jws: &Jws, expected: &[Algorithm]) -> Result<Algorithm, BadIdToken> {
    if jws.algorithm.eq_ignore_ascii_case("none") {
        return Err(BadIdToken::Unsigned);
    }
    let names = || expected.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(" or ");
    Algorithm::named(&jws.algorithm)
        .filter(|algorithm| expected.contains(algorithm))
        .ok_or_else(|| BadIdToken::Algorithm { expected: names(), got: sanitize::line(&jws.algorithm) })
}

/// Verifies the signature. Returns why the keys could not be had.
fn verify(
    http: &dyn HttpClient,
    endpoint: &Endpoint,
    jws: &Jws,
    algorithm: Algorithm,
) -> Result<Option<NoKeys>, BadIdToken> {
    match (signature::verify(http, endpoint, jws, algorithm), &jws.kid) {
        (Err(why), _) => Ok(Some(why)),
        (Ok(Signature::Right), _) => Ok(None),
        (Ok(Signature::UnknownKey), Some(kid)) => Err(BadIdToken::UnknownKey { kid: sanitize::line(kid) }),
        (Ok(Signature::UnknownKey | Signature::Wrong), _) => Err(BadIdToken::Signature),
    }
}

#[cfg(test)]
mod tests;
