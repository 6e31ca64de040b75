//! What an authorization server says of a token when it is asked (RFC 7662 §2.2).

use super::json;
use super::scope::ScopeSet;

/// An introspection response, as far as it concerns what a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionResponse {
    /// Whether the token is good. `false` is also what a client hears that may not ask about this token.
    pub active: bool,
    /// `None` if the server does not say.
    pub scope: Option<ScopeSet>,
    /// Whom the token is about: `sub`, or else `username`.
    pub subject: Option<String>,
}

impl IntrospectionResponse {
    /// `None` if the body is no JSON object with a boolean `active`, which is the one REQUIRED member.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let value = json::parse(body).ok()?;
        let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        Some(Self {
            active: value.get("active")?.as_bool()?,
            scope: value.get("scope").and_then(ScopeSet::from_json),
            subject: text("sub").or_else(|| text("username")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_without_a_boolean_active_is_none() {
        for body in ["", "[]", "{}", r#"{"active":"true"}"#, r#"{"active":null,"scope":"a"}"#] {
            assert_eq!(IntrospectionResponse::parse(body.as_bytes()), None, "{body}");
        }
        let read = IntrospectionResponse::parse(br#"{"active":true,"scope":"a b","username":"u"}"#).unwrap();
        assert!(read.active && read.scope.unwrap().to_string() == "a b" && read.subject.as_deref() == Some("u"));
        let dead = IntrospectionResponse::parse(br#"{"active":false}"#).unwrap();
        assert!(!dead.active && dead.scope.is_none());
    }
}
