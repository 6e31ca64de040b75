//! The person that everybody is here, and the claims that tokens carry about them.
//!
//! With a claim or a name of one's own, access tokens are JWTs as well: see `claims.rs`.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::protocol::json;
use crate::protocol::scope::ScopeSet;

/// The most bytes of one claim: tokens travel in headers.
const MAX_CLAIM: usize = 2048;

/// The claims that the emulator sets itself, and what changes them.
const OWN: [(&str, &str); 11] = [
    ("at_hash", "it belongs to the access token"),
    ("auth_time", "it is the time of the sign-in"),
    ("c_hash", "it belongs to the code"),
    ("exp", "`--token-lifetime` sets it"),
    ("iat", "it is the time of the token"),
    ("iss", "`--fault wrong-issuer` names another one"),
    ("jti", "it is another one in each token"),
    ("nonce", "`--fault wrong-nonce` sends another one"),
    ("client_id", "it is the client's that asks"),
    ("scope", "`--consent 'approve SCOPE'` grants what you choose"),
    ("sub", "`--user NAME` sets it"),
];

/// One `--claim NAME=VALUE`. The value is JSON, or else a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    name: String,
    value: Value,
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as `role=admin`")?;
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err("a claim needs a name".to_owned());
        }
        if let Some((_, remedy)) = OWN.iter().find(|(own, _)| *own == name) {
            return Err(format!("the emulator sets `{name}` itself: {remedy}"));
        }
        if value.len() > MAX_CLAIM {
            return Err(format!("a claim has {MAX_CLAIM} bytes at most"));
        }
        let value = json::parse(value.as_bytes()).unwrap_or_else(|_| value.into());
        Ok(Self { name: name.to_owned(), value })
    }
}

/// Who logs in.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub user: Option<String>,
    pub claims: Vec<Claim>,
}

impl Person {
    /// Returns the subject (OpenID Connect Core §5.1).
    pub fn subject(&self) -> &str {
        self.user.as_deref().unwrap_or("emulated-user")
    }

    /// Returns `true` if the person is not the usual one.
    pub fn is_chosen(&self) -> bool {
        self.user.is_some() || !self.claims.is_empty()
    }

    /// Returns the claims of an ID token and of the userinfo endpoint, as far as the scopes go (OpenID Connect Core §5.4).
    pub fn about(&self, scope: &ScopeSet) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut put = |name: &str, value: &str| claims.insert(name.to_owned(), value.into());
        let name = self.user.as_deref().map(|user| user.split('@').next().unwrap_or(user));
        put("sub", self.subject());
        if scope.contains("email") {
            let address = match &self.user {
                Some(user) if user.contains('@') => user.clone(),
                _ => format!("{}@shop.example", name.unwrap_or("user")),
            };
            put("email", &address);
        }
        if scope.contains("profile") {
            put("name", name.unwrap_or("Emulated User"));
            put("preferred_username", name.unwrap_or("emulated"));
        }
        // The audience of an ID token is its client.
        self.add_claims(&mut claims, |name| name != "aud");
        claims
    }

    /// Adds the chosen claims.
    pub fn add_claims(&self, claims: &mut Map<String, Value>, wanted: impl Fn(&str) -> bool) {
        for Claim { name, value } in self.claims.iter().filter(|claim| wanted(&claim.name)) {
            claims.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_json_or_else_a_text() {
        for (text, value) in [
            ("role=admin", json!("admin")),
            ("level=3", json!(3)),
            ("roles=[\"a\",\"b\"]", json!(["a", "b"])),
            ("org={\"id\":1}", json!({"id": 1})),
            ("verified=true", json!(true)),
            ("a=b=c", json!("b=c")),
            ("empty=", json!("")),
            ("open=[1", json!("[1")),
        ] {
            assert_eq!(text.parse::<Claim>().unwrap().value, value, "{text}");
        }
        for wrong in ["role", "=x", "exp=1", "sub=x", "iss=x"] {
            assert!(wrong.parse::<Claim>().is_err(), "{wrong}");
        }
        assert!("sub=x".parse::<Claim>().unwrap_err().contains("--user"));
    }

    #[test]
    fn the_person_is_the_chosen_one_as_far_as_the_scopes_go() {
        let person = Person {
            user: Some("alice".to_owned()),
            claims: vec!["aud=x".parse().unwrap(), "role=admin".parse().unwrap()],
        };
        assert_eq!(Value::Object(person.about(&ScopeSet::parse("openid"))), json!({"sub": "alice", "role": "admin"}));
        let all = Value::Object(person.about(&ScopeSet::parse("openid email profile")));
        assert_eq!((&all["email"], &all["name"]), (&json!("alice@shop.example"), &json!("alice")));
        let named = Person { user: Some("bob@corp.example".to_owned()), claims: vec![] };
        assert_eq!(named.about(&ScopeSet::parse("email"))["email"], "bob@corp.example");
        assert_eq!(Person::default().about(&ScopeSet::parse("email"))["email"], "user@shop.example");
    }
}
