//! The claims of an access token that is a JWT (RFC 7519). Nothing is verified. The token is for the API, which
//! verifies it; here its claims are hints.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;

use super::json;
use super::member::{Members, WrongKind};
use super::scope::ScopeSet;
use super::time::Timestamp;

/// Returns the claims if the text is a signed JWT: three base64url parts, the middle one a JSON object.
pub fn claims(token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts.as_slice() else { return None };
    object(claims)
}

/// Reads a part of a JWT that is a JSON object: its header, or its claims.
pub fn object(part: &str) -> Option<Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    json::parse(&bytes).ok().filter(Value::is_object)
}

/// Reads `exp` (RFC 7519 §4.1.4): seconds, which some servers send with a fraction, or in milliseconds.
pub fn expiry(token: &str) -> Result<Option<Timestamp>, WrongKind> {
    let Some(claims) = claims(token) else { return Ok(None) };
    // Rounded down: better a moment too early than a moment too late.
    let seconds = Members(&claims).seconds("exp")?.map(|end| if end >= IN_MILLISECONDS { end / 1000.0 } else { end });
    Ok(seconds.map(|seconds| Timestamp(seconds as i64)))
}

/// From here on it is in milliseconds: in these it is the year 2001, before the first JWT, and in seconds the year 33658.
/// What some servers write for "never", the end of the year 9999, is in seconds.
const IN_MILLISECONDS: f64 = 1e12;

/// Returns the scopes named in the token and the claim that holds them: `scope` (RFC 9068 §2.2.3, RFC 8693 §4.2), or
/// the claim that older servers use instead. A claim of the wrong kind is reported only if no other is right.
pub fn scopes(token: &str) -> Result<Option<(&'static str, ScopeSet)>, WrongKind> {
    let Some(claims) = claims(token) else { return Ok(None) };
    let mut wrong = None;
    for claim in ["scope", "scopes", "scp"] {
        match Members(&claims).scopes(claim) {
            Ok(Some(scopes)) => return Ok(Some((claim, scopes))),
            Ok(None) => {}
            Err(error) => drop(wrong.get_or_insert(error)),
        }
    }
    wrong.map_or(Ok(None), Err)
}

/// Reads `sub` (RFC 7519 §4.1.2): the account that the token belongs to.
pub fn subject(token: &str) -> Result<Option<String>, WrongKind> {
    let Some(claims) = claims(token) else { return Ok(None) };
    Members(&claims).text_or_number("sub")
}

/// Lists the claims that we use and that are of the wrong kind. The API may still accept the token, so they are
/// reported and nothing is refused because of them.
pub fn malformed(token: &str) -> Vec<WrongKind> {
    [expiry(token).err(), scopes(token).err(), subject(token).err()].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_expiry_may_have_a_fraction_or_be_in_milliseconds() {
        assert_eq!(expiry(&jwt(r#"{"exp":1750704824.270631}"#)), Ok(Some(Timestamp(1_750_704_824))));
        assert_eq!(expiry(&jwt(r#"{"exp":1750704824}"#)), Ok(Some(Timestamp(1_750_704_824))));
        assert_eq!(expiry(&jwt(r#"{"exp":1750704824270}"#)), Ok(Some(Timestamp(1_750_704_824))));
        for never in [253_402_300_799, 253_402_300_800] {
            assert_eq!(expiry(&jwt(&format!("{{\"exp\":{never}}}"))), Ok(Some(Timestamp(never))), "the year 9999");
        }
    }

    #[test]
    fn a_token_that_is_not_a_jwt_has_no_claims() {
        for text in ["", "abc", "a.b", "a.b.c", "a.b.c.d", &jwt("[]"), &jwt("{")] {
            assert_eq!(claims(text), None, "{text}");
        }
    }

    #[test]
    fn scopes_are_a_text_or_a_list_under_one_of_three_names() {
        let cases = [
            (r#"{"scope":"a b"}"#, Some(("scope", "a b"))),
            (r#"{"scopes":["a","b"]}"#, Some(("scopes", "a b"))),
            (r#"{"scp":"a,b"}"#, Some(("scp", "a b"))),
            (r#"{"scopes":[]}"#, Some(("scopes", ""))),
            (r#"{"scope":7,"scp":["a"]}"#, Some(("scp", "a"))),
            (r#"{"sub":"x"}"#, None),
        ];
        for (claims, expected) in cases {
            let read = scopes(&jwt(claims)).unwrap().map(|(claim, scopes)| (claim, scopes.to_string()));
            assert_eq!(read, expected.map(|(claim, text)| (claim, text.to_owned())), "{claims}");
        }
        assert_eq!(subject(&jwt(r#"{"sub":"x"}"#)).unwrap().as_deref(), Some("x"));
        assert_eq!(subject(&jwt(r#"{"sub":17}"#)).unwrap().as_deref(), Some("17"));
    }

    #[test]
    fn a_claim_of_the_wrong_kind_is_reported_by_name() {
        let told = |claims| malformed(&jwt(claims)).into_iter().map(|wrong| wrong.member).collect::<Vec<_>>();
        assert_eq!(told(r#"{"exp":[1],"scope":["a",1],"sub":{}}"#), ["exp", "scope.1", "sub"]);
        assert_eq!(told(r#"{"scope":7,"scp":true}"#), ["scope"]);
        assert!(told(r#"{"exp":null,"scope":7,"scp":["a"],"sub":7}"#).is_empty());
        assert!(malformed("opaque").is_empty());
    }
}
