//! Verifies a signed token with the keys of an issuer. Which issuer that is, the caller says: a token's own `iss`, `jku`,
//! `x5u` and `jwk` name a key that the maker of the token chose.

use super::jwks::{self, Asked, NoKeys};
use crate::protocol::jws::Jws;
use crate::protocol::signing_algorithm::Algorithm;
use crate::provider::Endpoint;
use crate::system::http::HttpClient;

/// What the issuer's keys say of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    Right,
    Wrong,
    /// It names a key that the issuer does not publish.
    UnknownKey,
}

/// Verifies a signature. A key that is not in the set may be a new one, so the set is fetched once more.
pub fn verify(
    http: &dyn HttpClient,
    endpoint: &Endpoint,
    jws: &Jws,
    algorithm: Algorithm,
) -> Result<Signature, NoKeys> {
    for asked in [Asked::First, Asked::Anew] {
        let keys = jwks::fetch(http, endpoint, asked)?;
        let named = keys.named(jws.kid.as_deref());
        if named.iter().any(|key| jws.is_signed_by(key, algorithm)) {
            return Ok(Signature::Right);
        }
        // Without a name it may be any key, a new one too.
        if !named.is_empty() && jws.kid.is_some() {
            return Ok(Signature::Wrong);
        }
    }
    Ok(if jws.kid.is_some() { Signature::UnknownKey } else { Signature::Wrong })
}
