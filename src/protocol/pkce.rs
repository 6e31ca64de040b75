//! Proof Key for Code Exchange (RFC 7636): a stolen code is useless without the verifier. Only S256; nothing here can
//! produce `plain`.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The number of random bytes in a verifier. RFC 7636 §4.1 recommends 32, which encode to 43 characters.
pub const VERIFIER_BYTES: usize = 32;

/// The secret half, sent with the code (RFC 7636 §4.1).
///
/// ```
/// # use oauthctl::testing::CodeVerifier;
///
/// // The example of RFC 7636, Appendix B.
/// let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
/// assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// assert_eq!(format!("{verifier:?}"), "CodeVerifier([redacted])");
/// ```
#[derive(Clone)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    pub fn from_random(bytes: [u8; VERIFIER_BYTES]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a verifier from a client: 43 to 128 unreserved characters.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        ((43..=128).contains(&text.len()) && text.bytes().all(unreserved)).then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Computes BASE64URL(SHA256(ASCII(verifier))), without padding (RFC 7636 §4.2).
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes())))
    }
}

impl std::fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeVerifier([redacted])")
    }
}

/// The public half, sent with the authorization request. Its method is always `S256`.
#[derive(Clone, Debug)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    pub const METHOD: &'static str = "S256";

    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        self.0.as_bytes().ct_eq(verifier.challenge().0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_challenge_accepts_only_its_own_verifier() {
        let verifier = CodeVerifier::from_random([1; VERIFIER_BYTES]);
        assert!(verifier.challenge().is_met_by(&verifier));
        assert!(!verifier.challenge().is_met_by(&CodeVerifier::from_random([2; VERIFIER_BYTES])));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        assert!(CodeVerifier::parse(&"a".repeat(43)).is_some());
        assert!(CodeVerifier::parse(&"~".repeat(128)).is_some());
        for bad in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43))] {
            assert!(CodeVerifier::parse(&bad).is_none(), "{bad}");
        }
    }
}
