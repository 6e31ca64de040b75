//! What an access token says of itself, if it is a JWT (RFC 7519). Nothing is verified: the token is for the API, which
//! does that; here its claims are hints.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;

use super::json;
use super::scope::ScopeSet;
use super::time::Timestamp;

/// The claims, if the text is a signed JWT: three base64url parts, the middle one a JSON object.
pub fn claims(token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts.as_slice() else { return None };
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    json::parse(&claims).ok().filter(Value::is_object)
}

/// `exp` (RFC 7519 §4.1.4): seconds, which some servers send with a fraction.
pub fn expiry(token: &str) -> Option<Timestamp> {
    let seconds = json::seconds(claims(token)?.get("exp")?)?;
    // Rounded down: better a moment too early than a moment too late.
    Some(Timestamp(seconds as i64))
}

/// The scopes that the token itself names, and the claim that they stand in: `scope` (RFC 9068 §2.2.3, RFC 8693 §4.2),
/// or what servers that are older than those have in its place.
pub fn scopes(token: &str) -> Option<(&'static str, ScopeSet)> {
    let claims = claims(token)?;
    ["scope", "scopes", "scp"].into_iter().find_map(|claim| Some((claim, ScopeSet::from_json(claims.get(claim)?)?)))
}

/// `sub` (RFC 7519 §4.1.2): whom the token is about.
pub fn subject(token: &str) -> Option<String> {
    claims(token)?.get("sub")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_expiry_may_have_a_fraction() {
        assert_eq!(expiry(&jwt(r#"{"exp":1750704824.270631}"#)), Some(Timestamp(1_750_704_824)));
        assert_eq!(expiry(&jwt(r#"{"exp":1750704824}"#)), Some(Timestamp(1_750_704_824)));
    }

    #[test]
    fn what_is_no_jwt_has_no_claims() {
        for text in ["", "abc", "a.b", "a.b.c", "a.b.c.d", &jwt("[]"), &jwt("{")] {
            assert_eq!(claims(text), None, "{text}");
        }
    }

    #[test]
    fn the_scopes_are_a_text_or_a_list_under_one_of_three_names() {
        let cases = [
            (r#"{"scope":"a b"}"#, Some(("scope", "a b"))),
            (r#"{"scopes":["a","b"]}"#, Some(("scopes", "a b"))),
            (r#"{"scp":"a,b"}"#, Some(("scp", "a b"))),
            (r#"{"scopes":[]}"#, Some(("scopes", ""))),
            (r#"{"scope":7,"scp":["a"]}"#, Some(("scp", "a"))),
            (r#"{"scope":["a",1]}"#, None),
            (r#"{"sub":"x"}"#, None),
        ];
        for (claims, expected) in cases {
            let read = scopes(&jwt(claims)).map(|(claim, scopes)| (claim, scopes.to_string()));
            assert_eq!(read, expected.map(|(claim, text)| (claim, text.to_owned())), "{claims}");
        }
        assert_eq!(subject(&jwt(r#"{"sub":"x"}"#)).as_deref(), Some("x"));
    }
}
