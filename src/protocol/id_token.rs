//! What an ID token must say (OpenID Connect Core §2, §3.1.3.7, §3.1.3.8, §12.2).
//!
//! It is about a person, so no error quotes what it says of one: claims that name the server and the client are quoted,
//! the rest is named. Its signature is verified by `flow::id_token`, with the keys of the issuer.

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::jws::NotAJws;
use super::member::{Members, WrongKind};
use super::metadata::is_filled_in;
use super::sanitize;
use super::secret::AccessToken;
use super::signing_algorithm::Algorithm;
use super::state::State;
use super::time::Timestamp;

/// The scope that asks who the person is (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";

/// By how much the server's clock and ours may differ. Virtual machines drift, and most libraries allow five minutes.
pub const LEEWAY: Duration = Duration::from_secs(300);

/// What is known of the login that an ID token is for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// As the definition names it. A part such as `{tenantid}` stands for any segment of the path.
    pub issuer: Option<&'a str>,
    pub client_id: &'a str,
    pub nonce: ExpectedNonce<'a>,
    pub access_token: &'a AccessToken,
    /// True for a token that came through the browser (§3.2.2.9).
    pub must_have_at_hash: bool,
    /// The claims of the login's ID token, if this is a refresh (§12.2).
    pub before: Option<&'a Value>,
    pub now: Timestamp,
}

/// The nonce that must be in it.
#[derive(Clone, Copy, Debug)]
pub enum ExpectedNonce<'a> {
    /// Exactly this one, which was sent.
    Sent(&'a State),
    /// None was sent.
    Any,
}

/// Which nonce was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundNonce {
    None,
    Other,
}

/// The reason why an ID token is not accepted, with what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdToken {
    #[error(transparent)]
    Form(#[from] NotAJws),
    #[error("its claim {0}")]
    Malformed(#[from] WrongKind),
    #[error("it has no `{0}`")]
    Missing(&'static str),
    #[error("its issuer is `{got}`, and `{expected}` was expected")]
    Issuer { expected: String, got: String },
    #[error("it is for `{got}`, and the client `{expected}` was expected")]
    Audience { expected: String, got: String },
    #[error("its audiences are `{got}`, and it does not say that it was issued to the client `{expected}` (`azp`)")]
    Audiences { expected: String, got: String },
    #[error("it was issued to `{got}` (`azp`), and the client `{expected}` was expected")]
    AuthorizedParty { expected: String, got: String },
    #[error("it ended at {ended}, and by this machine's clock it is {now}")]
    Ended { ended: Timestamp, now: Timestamp },
    #[error("it was issued at {issued}, and by this machine's clock it is {now}")]
    FromTheFuture { issued: Timestamp, now: Timestamp },
    #[error("{}", nonce_words(*.0))]
    Nonce(FoundNonce),
    #[error("its `at_hash` belongs to another access token than the one beside it")]
    AccessTokenHash,
    #[error("it is about another account than the login's ID token")]
    Subject,
    #[error("its `{0}` is another than in the login's ID token")]
    Changed(&'static str),
    #[error("it is not signed: its algorithm is `none`")]
    Unsigned,
    #[error("it is signed with {got}, and {expected} was expected")]
    Algorithm { expected: String, got: String },
    #[error("it is signed with the client secret (HS256), and this client has none")]
    NoSecret,
    #[error("it is signed with the key `{kid}`, which the issuer does not publish")]
    UnknownKey { kid: String },
    #[error("its signature is not the issuer's")]
    Signature,
}

impl BadIdToken {
    /// Returns `true` if a wrong clock on this machine explains it.
    pub fn is_about_the_clock(&self) -> bool {
        matches!(self, Self::Ended { .. } | Self::FromTheFuture { .. })
    }
}

fn nonce_words(found: FoundNonce) -> &'static str {
    match found {
        FoundNonce::None => "it has no nonce, and the one of this login was expected",
        FoundNonce::Other => "its nonce is that of another login, and the one of this login was expected",
    }
}

/// Checks the claims. `algorithm` is that of the signature, which `at_hash` follows.
pub fn check(claims: &Value, algorithm: Option<Algorithm>, expected: &Expected<'_>) -> Result<(), BadIdToken> {
    let members = Members(claims);
    let required = |name| members.text(name)?.filter(|text| !text.is_empty()).ok_or(BadIdToken::Missing(name));
    let issuer = required("iss")?;
    if let Some(expected) = expected.issuer.filter(|expected| *expected != issuer && !is_filled_in(expected, issuer)) {
        return Err(BadIdToken::Issuer { expected: expected.to_owned(), got: sanitize::line(issuer) });
    }
    let subject = subject(claims)?.ok_or(BadIdToken::Missing("sub"))?;
    check_audience(members, expected.client_id)?;
    check_times(members, expected.now)?;
    if let ExpectedNonce::Sent(sent) = expected.nonce {
        match members.text("nonce")? {
            None => return Err(BadIdToken::Nonce(FoundNonce::None)),
            Some(nonce) if !sent.matches(nonce) => return Err(BadIdToken::Nonce(FoundNonce::Other)),
            Some(_) => {}
        }
    }
    match (members.text("at_hash")?, algorithm) {
        (None, _) if expected.must_have_at_hash => return Err(BadIdToken::Missing("at_hash")),
        (Some(hash), Some(algorithm)) if !is_hash_of(hash, expected.access_token, algorithm) => {
            return Err(BadIdToken::AccessTokenHash);
        }
        _ => {}
    }
    match expected.before {
        Some(before) => check_same(claims, &subject, before),
        None => Ok(()),
    }
}

/// Reads `sub`: the account, which is the same for good at one issuer (§2).
pub fn subject(claims: &Value) -> Result<Option<String>, WrongKind> {
    Ok(Members(claims).text_or_number("sub")?.filter(|subject| !subject.is_empty()))
}

/// Reads `exp`.
pub fn expiry(claims: &Value) -> Result<Option<Timestamp>, WrongKind> {
    moment(Members(claims), "exp")
}

/// Returns the account in a form that its owner recognizes: an email address, a user name, or the subject.
pub fn account(claims: &Value) -> Option<String> {
    let named = ["email", "preferred_username"].into_iter().find_map(|name| Members(claims).text(name).ok().flatten());
    named.filter(|name| !name.trim().is_empty()).map(str::to_owned).or_else(|| subject(claims).ok().flatten())
}

/// §3.1.3.7, 3 to 5: the client is an audience. If there are others, the token must say that it was issued to the client.
fn check_audience(members: Members<'_>, client_id: &str) -> Result<(), BadIdToken> {
    let audiences = match members.get("aud") {
        None => return Err(BadIdToken::Missing("aud")),
        Some(Value::String(one)) => vec![one.clone()],
        Some(_) => members.texts("aud")?.unwrap_or_default(),
    };
    let (expected, got) = (sanitize::line(client_id), sanitize::line(&audiences.join(", ")));
    if !audiences.iter().any(|audience| audience == client_id) {
        return Err(BadIdToken::Audience { expected, got });
    }
    match members.text("azp")? {
        Some(party) if party != client_id => Err(BadIdToken::AuthorizedParty { expected, got: sanitize::line(party) }),
        None if audiences.iter().any(|audience| audience != client_id) => Err(BadIdToken::Audiences { expected, got }),
        _ => Ok(()),
    }
}

/// §3.1.3.7, 9 and 10; `nbf` is RFC 7519 §4.1.5.
fn check_times(members: Members<'_>, now: Timestamp) -> Result<(), BadIdToken> {
    let ended = moment(members, "exp")?.ok_or(BadIdToken::Missing("exp"))?;
    if ended.plus(LEEWAY) <= now {
        return Err(BadIdToken::Ended { ended, now });
    }
    let issued = moment(members, "iat")?.ok_or(BadIdToken::Missing("iat"))?;
    let begins = moment(members, "nbf")?.unwrap_or(issued).max(issued);
    if begins > now.plus(LEEWAY) {
        return Err(BadIdToken::FromTheFuture { issued: begins, now });
    }
    Ok(())
}

fn moment(members: Members<'_>, name: &str) -> Result<Option<Timestamp>, WrongKind> {
    Ok(members.seconds(name)?.map(|seconds| Timestamp(seconds as i64)))
}

/// §3.1.3.6: the left half of the hash, in base64url.
fn is_hash_of(hash: &str, token: &AccessToken, algorithm: Algorithm) -> bool {
    at_hash(token, algorithm).as_bytes().ct_eq(hash.trim_end_matches('=').as_bytes()).into()
}

/// Returns the `at_hash` of an access token.
pub fn at_hash(token: &AccessToken, algorithm: Algorithm) -> String {
    let hash = algorithm.hash(token.expose().as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

/// §12.2: the same person, signed in at the same time, for the same client. A nonce need not be repeated.
fn check_same(claims: &Value, now_about: &str, before: &Value) -> Result<(), BadIdToken> {
    if subject(before)?.is_some_and(|before| before != now_about) {
        return Err(BadIdToken::Subject);
    }
    for name in ["iss", "azp", "auth_time", "nonce"] {
        let (now, then) = (Members(claims).get(name), Members(before).get(name));
        // A member that only one of them has is no contradiction, but for the issuer, which both have.
        if now.zip(then).is_some_and(|(now, then)| now != then) {
            return Err(BadIdToken::Changed(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
