//! The introspection response: what the authorization server knows about a token (RFC 7662 §2.2).

use serde_json::Value;

use super::json;
use super::member::{Members, WrongKind};
use super::scope::ScopeSet;
use super::time::Timestamp;
use super::token_type::{ProofType, TokenType};

/// An introspection response, reduced to what a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionResponse {
    /// `true` if the token is valid. A client that may not ask about the token also gets `false`.
    pub active: bool,
    /// `None` if the server does not say.
    pub scope: Option<ScopeSet>,
    /// The account that the token belongs to: `sub`, or else `username`.
    pub subject: Option<String>,
    /// The end of the token: `exp`. One that cannot be read counts as missing.
    pub expires_at: Option<Timestamp>,
    /// The proof that the token needs, by its `token_type`.
    pub proof: Option<ProofType>,
}

/// The reason why a body is not an introspection response.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIntrospection {
    /// `active` is the only REQUIRED member.
    #[error("the reply has no `active` member (RFC 7662 §2.2)")]
    NoActive,
    #[error(transparent)]
    Malformed(#[from] WrongKind),
}

impl IntrospectionResponse {
    pub fn parse(body: &[u8]) -> Result<Self, NotAnIntrospection> {
        Self::read(&json::parse(body).map_err(|_| NotAnIntrospection::NoActive)?)
    }

    pub fn read(value: &Value) -> Result<Self, NotAnIntrospection> {
        let members = Members(value);
        Ok(Self {
            active: members.flag("active")?.ok_or(NotAnIntrospection::NoActive)?,
            scope: members.scopes("scope")?,
            subject: members.text_or_number("sub")?.or(members.text_or_number("username")?),
            expires_at: members.seconds("exp").ok().flatten().map(|seconds| Timestamp(seconds as i64)),
            proof: match TokenType::judge(value.get("token_type")) {
                TokenType::Proof(kind) => Some(kind),
                TokenType::Bearer | TokenType::Odd(_) | TokenType::Absent => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_active_it_is_none_and_a_wrong_kind_is_told() {
        for body in ["", "[]", "{}", r#"{"active":null,"scope":"a"}"#] {
            let none = IntrospectionResponse::parse(body.as_bytes());
            assert_eq!(none, Err(NotAnIntrospection::NoActive), "{body}");
        }
        for (body, member) in [
            (r#"{"active":"true"}"#, "active"),
            (r#"{"active":true,"scope":7}"#, "scope"),
            (r#"{"active":true,"scope":["a",7]}"#, "scope.1"),
            (r#"{"active":true,"sub":["u"],"username":"u"}"#, "sub"),
        ] {
            let Err(NotAnIntrospection::Malformed(wrong)) = IntrospectionResponse::parse(body.as_bytes()) else {
                panic!("{body} was read");
            };
            assert_eq!(wrong.member, member);
        }
        let numbered = IntrospectionResponse::parse(br#"{"active":true,"sub":7}"#).unwrap();
        assert_eq!(numbered.subject.as_deref(), Some("7"));
        let read = IntrospectionResponse::parse(br#"{"active":true,"scope":"a b","username":"u"}"#).unwrap();
        assert!(read.active && read.scope.unwrap().to_string() == "a b" && read.subject.as_deref() == Some("u"));
        for (kind, is_bound) in
            [("\"DPoP\"", true), ("\"pop\"", true), ("\"user\"", false), ("7", false), ("null", false)]
        {
            let body = format!(r#"{{"active":true,"token_type":{kind},"exp":"1750000000"}}"#);
            let read = IntrospectionResponse::parse(body.as_bytes()).unwrap();
            assert_eq!((read.proof.is_some(), read.expires_at), (is_bound, Some(Timestamp(1_750_000_000))), "{kind}");
        }
        let dead = IntrospectionResponse::parse(br#"{"active":false}"#).unwrap();
        assert!(!dead.active && dead.scope.is_none());
    }
}
