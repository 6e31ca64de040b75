//! The type of an access token (RFC 6749 §5.1 and §7.1), as servers write it.
//!
//! §7.1 forbids a client to use a token of a type that it does not know. Servers write `User Access Token`, `bot`, `JWT`,
//! a number, `N_A` or null, and mean a bearer token: refusing those helps no user. So a token of any type is used as a bearer
//! token (RFC 6750), and an odd type is reported. Only a type that names another proof is refused: the API refuses such a
//! token without its proof, and a key that never signs protects nothing.
//!
//! The type decides nothing else. The word before the token in a header comes from the definition (`api.token`), never
//! from a reply: otherwise a server could choose what is sent to another one.

use std::fmt;

use serde_json::Value;

use super::member::kind;
use super::sanitize;

/// The meaning of a `token_type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// `Bearer` in any case.
    Bearer,
    /// There is none.
    Absent,
    /// Something else, which is used as a bearer token.
    Odd(OddTokenType),
    /// A type that requires another proof with each request. It cannot be used.
    Proof(ProofType),
}

/// A `token_type` that is not `Bearer`. `Display` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddTokenType {
    said: Value,
}

/// A type of token that needs another proof, as the server wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofType {
    pub name: String,
    pub proof: Proof,
}

/// The proof that a request needs beside its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A JWT that is signed for each request (RFC 9449).
    DPoP,
    /// A message authentication code over each request.
    Mac,
    /// A signature or a TLS certificate of the key that the token is bound to (RFC 7800, RFC 8705).
    Possession,
}

impl Proof {
    /// Returns the proof in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::DPoP => "a DPoP proof, signed anew for each request (RFC 9449)",
            Self::Mac => "a MAC over each request",
            Self::Possession => "a proof of possession of its key (RFC 7800)",
        }
    }

    /// Returns what the user can do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::DPoP => {
                "oauthctl sends bearer tokens only (RFC 6750): turn off DPoP, or sender-constrained tokens, for this app at \
                 the provider, and log in again"
            }
            Self::Mac | Self::Possession => {
                "oauthctl sends bearer tokens only (RFC 6750): choose bearer tokens for this app at the provider, if it \
                 issues any, and log in again"
            }
        }
    }

    /// Finds the proof that a name asks for.
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        if ["proofofpossession", "holderofkey"].iter().any(|words| letters.contains(words)) {
            return Some(Self::Possession);
        }
        // Whole words: a macaroon is a bearer token.
        name.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| match word {
            "dpop" => Some(Self::DPoP),
            "mac" | "hmac" | "hawk" => Some(Self::Mac),
            // HOBA (RFC 7486) and HTTP message signatures sign each request with a key too.
            "pop" | "hok" | "hoba" | "httpsig" | "mtls" => Some(Self::Possession),
            _ => None,
        })
    }
}

impl TokenType {
    /// Judges the member of a reply, if there is one. A type that also says `bearer` needs no other proof.
    pub fn judge(member: Option<&Value>) -> Self {
        let Some(said) = member else { return Self::Absent };
        let texts: Vec<&str> = match said {
            Value::String(text) => vec![text],
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !texts.iter().any(|text| text.to_ascii_lowercase().contains("bearer")) {
            let proof = texts.iter().find_map(|text| Some(ProofType::new(text, Proof::named(text)?)));
            if let Some(proof) = proof {
                return Self::Proof(proof);
            }
        }
        match said {
            Value::String(text) if text.eq_ignore_ascii_case("bearer") => Self::Bearer,
            other => Self::Odd(OddTokenType { said: other.clone() }),
        }
    }
}

impl OddTokenType {
    /// Removes secrets that the server repeated.
    pub fn without(self, secrets: &[&str]) -> Self {
        match self.said {
            Value::String(text) => Self { said: super::mask::line(&text, secrets).into() },
            said => Self { said },
        }
    }
}

impl ProofType {
    fn new(name: &str, proof: Proof) -> Self {
        Self { name: name.to_owned(), proof }
    }

    /// Removes secrets that the server repeated.
    pub fn without(self, secrets: &[&str]) -> Self {
        Self { name: super::mask::line(&self.name, secrets), ..self }
    }
}

/// `token_type is user and not Bearer (RFC 6749 §7.1); the token is used as a bearer token all the same`
impl fmt::Display for OddTokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`token_type` is ")?;
        match &self.said {
            Value::String(text) if text.is_empty() => f.write_str("empty")?,
            Value::String(text) if text.trim().eq_ignore_ascii_case("bearer") => {
                write!(f, "`{}` with whitespace around it", sanitize::line(text))?;
            }
            Value::String(text) => write!(f, "`{}`", sanitize::line(text))?,
            Value::Number(number) => write!(f, "the number {number}")?,
            other => f.write_str(kind(other))?,
        }
        f.write_str(" and not `Bearer` (RFC 6749 §7.1); the token is used as a bearer token all the same")
    }
}

/// `DPoP`, with the proof that it needs.
impl fmt::Display for ProofType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, which needs {}", sanitize::line(&self.name), self.proof.describe())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_without_another_proof_is_a_bearer_token() {
        for said in [
            json!("User Access Token"),
            json!("BearerToken"),
            json!("bot"),
            json!("user"),
            json!("JWT"),
            json!(" Bearer "),
            json!("Bearer,Basic"),
            json!("DPoP Bearer"),
            json!("macaroon"),
            json!("N_A"),
            json!("population"),
            json!(""),
            json!(7),
            json!(null),
            json!(true),
            json!(["Bearer"]),
            json!(["Bearer", "DPoP"]),
            json!({"type": "bot"}),
        ] {
            assert!(matches!(TokenType::judge(Some(&said)), TokenType::Odd(_)), "{said}");
        }
        for said in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(TokenType::judge(Some(&json!(said))), TokenType::Bearer);
        }
        assert_eq!(TokenType::judge(None), TokenType::Absent);
    }

    #[test]
    fn a_type_that_needs_another_proof_is_refused_by_name() {
        for (said, proof) in [
            ("DPoP", Proof::DPoP),
            ("dpop", Proof::DPoP),
            (" DPOP ", Proof::DPoP),
            ("mac", Proof::Mac),
            ("MAC", Proof::Mac),
            ("hmac-sha-256", Proof::Mac),
            ("Hawk", Proof::Mac),
            ("pop", Proof::Possession),
            ("PoP", Proof::Possession),
            ("urn:ietf:params:oauth:token-type:pop", Proof::Possession),
            ("Proof-of-Possession", Proof::Possession),
            ("HOBA", Proof::Possession),
        ] {
            let judged = TokenType::judge(Some(&json!(said)));
            assert_eq!(judged, TokenType::Proof(ProofType::new(said, proof)), "{said}");
        }
        let listed = TokenType::judge(Some(&json!(["x", "DPoP"])));
        assert_eq!(listed, TokenType::Proof(ProofType::new("DPoP", Proof::DPoP)));
    }

    #[test]
    fn an_odd_type_is_described_and_cannot_reach_the_terminal() {
        let told = |said: Value| match TokenType::judge(Some(&said)) {
            TokenType::Odd(odd) => odd.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            told(json!("user")),
            "`token_type` is `user` and not `Bearer` (RFC 6749 §7.1); the token is used as a bearer token all the same"
        );
        for (said, words) in [
            (json!(null), "is null and"),
            (json!(7), "is the number 7 and"),
            (json!(""), "is empty and"),
            (json!(["x"]), "is an array and"),
            (json!("a\u{1b}[2Jb"), "is `ab` and"),
        ] {
            let told = told(said);
            assert!(told.contains(words), "{told}");
        }
    }
}
