//! Signed JSON (RFC 7515) in its compact form.
//!
//! The algorithm that a token names is never trusted. A caller says which ones it accepts, and a key verifies only with
//! the algorithms of its own type: a public key is never the secret of an HMAC. `none` is not an algorithm here.
//!
//! The signatures are ring's, which TLS uses too. It has no P-521, so ES512 is unknown.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use ring::signature as ring_signature;
use serde_json::Value;
use sha2::Sha256;

use super::json;
use super::jwks::{Curve, Jwk, KeyMaterial};
use super::member::{Members, WrongKind};
use super::secret::ClientSecret;
use super::signing_algorithm::Algorithm;

/// The reason why a text is not a signed token that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAJws {
    #[error("it is encrypted, and oauthctl has no key for it")]
    Encrypted,
    #[error("it is not a signed JWT")]
    Form,
    #[error("its {0} is not a JSON object in base64url")]
    Part(&'static str),
    #[error("its header has an extension that must be understood (`crit`), and is not")]
    Critical,
    #[error("its header names no algorithm")]
    NoAlgorithm,
    #[error("in its header {0}")]
    Malformed(#[from] WrongKind),
}

/// A signed token in its compact form. Nothing is verified yet.
#[derive(Clone, Debug)]
pub struct Jws {
    /// As the header names it.
    pub algorithm: String,
    /// The key that signed it, by its name (RFC 7515 §4.1.4).
    pub kid: Option<String>,
    /// What kind of token it is (RFC 8725 §3.11), in lower case and without `application/`.
    pub typ: Option<String>,
    pub claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Reads a token whose payload is a JSON object (RFC 7519 §7.2).
    pub fn parse(text: &str) -> Result<Self, NotAJws> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(if parts.len() == 5 { NotAJws::Encrypted } else { NotAJws::Form });
        };
        let object = |part: &str, name| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| NotAJws::Part(name))?;
            json::parse(&bytes).ok().filter(Value::is_object).ok_or(NotAJws::Part(name))
        };
        let (header_value, claims_value) = (object(header, "header")?, object(claims, "payload")?);
        let members = Members(&header_value);
        if members.get("crit").is_some() {
            return Err(NotAJws::Critical);
        }
        Ok(Self {
            algorithm: members.text("alg")?.ok_or(NotAJws::NoAlgorithm)?.to_owned(),
            kid: members.text("kid")?.map(str::to_owned),
            typ: members.text("typ")?.map(|typ| {
                let typ = typ.to_ascii_lowercase();
                typ.strip_prefix("application/").map(str::to_owned).unwrap_or(typ)
            }),
            claims: claims_value,
            signed: format!("{header}.{claims}"),
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| NotAJws::Form)?,
        })
    }

    /// Returns `true` if the key signed it with this algorithm.
    pub fn is_signed_by(&self, key: &Jwk, algorithm: Algorithm) -> bool {
        key.serves(algorithm) && verifies(&key.material, algorithm, self.signed.as_bytes(), &self.signature)
    }

    /// Returns `true` if it was signed with the client secret (HS256).
    pub fn is_signed_with(&self, secret: &ClientSecret) -> bool {
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
        mac.chain_update(&self.signed).verify_slice(&self.signature).is_ok()
    }
}

fn verifies(key: &KeyMaterial, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
    let plain = |how: &'static dyn ring_signature::VerificationAlgorithm, key: &[u8]| {
        ring_signature::UnparsedPublicKey::new(how, key).verify(signed, signature).is_ok()
    };
    let rsa = |how: &'static ring_signature::RsaParameters, n: &[u8], e: &[u8]| {
        ring_signature::RsaPublicKeyComponents { n, e }.verify(how, signed, signature).is_ok()
    };
    match (algorithm, key) {
        (Algorithm::Rs256, KeyMaterial::Rsa { n, e }) => rsa(&ring_signature::RSA_PKCS1_2048_8192_SHA256, n, e),
        (Algorithm::Rs384, KeyMaterial::Rsa { n, e }) => rsa(&ring_signature::RSA_PKCS1_2048_8192_SHA384, n, e),
        (Algorithm::Rs512, KeyMaterial::Rsa { n, e }) => rsa(&ring_signature::RSA_PKCS1_2048_8192_SHA512, n, e),
        (Algorithm::Ps256, KeyMaterial::Rsa { n, e }) => rsa(&ring_signature::RSA_PSS_2048_8192_SHA256, n, e),
        (Algorithm::Ps384, KeyMaterial::Rsa { n, e }) => rsa(&ring_signature::RSA_PSS_2048_8192_SHA384, n, e),
        (Algorithm::Ps512, KeyMaterial::Rsa { n, e }) => rsa(&ring_signature::RSA_PSS_2048_8192_SHA512, n, e),
        (Algorithm::Es256, KeyMaterial::Ec { curve: Curve::P256, point }) => {
            plain(&ring_signature::ECDSA_P256_SHA256_FIXED, point)
        }
        (Algorithm::Es384, KeyMaterial::Ec { curve: Curve::P384, point }) => {
            plain(&ring_signature::ECDSA_P384_SHA384_FIXED, point)
        }
        (Algorithm::EdDsa, KeyMaterial::Ed25519(key)) => plain(&ring_signature::ED25519, key),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::jwks::Jwks;

    /// RFC 7515, Appendix A.
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const EC_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn rsa() -> Jwk {
        key(json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"}))
    }

    fn ec() -> Jwk {
        key(json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }))
    }

    fn key(jwk: Value) -> Jwk {
        Jwks::from_json(&json!({ "keys": [jwk] })).unwrap().keys.remove(0)
    }

    /// One byte further on.
    fn altered(signature: &str) -> String {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    #[test]
    fn the_examples_of_rfc_7515_appendix_a_are_verified() {
        for (header, algorithm, key, signature) in [
            ("eyJhbGciOiJSUzI1NiJ9", Algorithm::Rs256, rsa(), RSA_SIGNATURE),
            ("eyJhbGciOiJFUzI1NiJ9", Algorithm::Es256, ec(), EC_SIGNATURE),
        ] {
            let jws = Jws::parse(&format!("{header}.{PAYLOAD}.{signature}")).unwrap();
            assert_eq!((jws.algorithm.as_str(), &jws.claims["iss"]), (algorithm.as_str(), &json!("joe")));
            assert!(jws.is_signed_by(&key, algorithm));
            for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                assert!(!jws.is_signed_by(&key, other), "{other}");
            }
            let forged = Jws::parse(&format!("{header}.{PAYLOAD}.{}", altered(signature))).unwrap();
            assert!(!forged.is_signed_by(&key, algorithm));
            let other = BASE64_URL_SAFE_NO_PAD.encode(r#"{"iss":"eve"}"#);
            let moved = Jws::parse(&format!("{header}.{other}.{signature}")).unwrap();
            assert!(!moved.is_signed_by(&key, algorithm));
        }
    }

    #[test]
    fn hs256_takes_the_secret_and_nothing_else() {
        // Appendix A.1, whose key has bytes that a secret of characters cannot have; so with one of ours.
        let secret = ClientSecret::new("a-made-up-secret");
        let signed = format!("eyJhbGciOiJIUzI1NiJ9.{PAYLOAD}");
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap().chain_update(&signed);
        let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let jws = Jws::parse(&format!("{signed}.{signature}")).unwrap();
        assert!(jws.is_signed_with(&secret) && !jws.is_signed_with(&ClientSecret::new("another")));
        assert!(!jws.is_signed_by(&rsa(), Algorithm::Hs256), "a public key is not a secret");
        assert!(!Jws::parse(&format!("{signed}.{}", altered(&signature))).unwrap().is_signed_with(&secret));
    }

    /// RFC 8037, Appendix A.4, whose payload is not JSON.
    #[test]
    fn the_example_of_rfc_8037_is_verified() {
        let key = key(json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
            .unwrap();
        assert!(verifies(&key.material, Algorithm::EdDsa, signed, &signature));
        assert!(!verifies(&key.material, Algorithm::EdDsa, &signed[1..], &signature));
        assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
    }

    #[test]
    fn none_and_what_cannot_be_verified_are_unknown() {
        for unknown in ["none", "NONE", "None", "ES512", "HS512", "rs256", ""] {
            assert_eq!(Algorithm::named(unknown), None, "{unknown}");
        }
        // RFC 7515 §A.5: it has no signature, so no key verifies it.
        let unsigned = Jws::parse(&format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.")).unwrap();
        assert_eq!(unsigned.algorithm, "none");
        assert!(Algorithm::ALL.into_iter().all(|algorithm| !unsigned.is_signed_by(&rsa(), algorithm)));
    }

    #[test]
    fn what_is_not_a_signed_object_is_refused() {
        let of = |header: &str| format!("{}.{PAYLOAD}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(header));
        for (text, why) in [
            ("a.b.c.d.e".to_owned(), NotAJws::Encrypted),
            ("a.b".to_owned(), NotAJws::Form),
            (String::new(), NotAJws::Form),
            (format!("e30=.{PAYLOAD}.c2ln"), NotAJws::Part("header")),
            (format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode("[]")), NotAJws::Part("payload")),
            (of("{}"), NotAJws::NoAlgorithm),
            (of(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#), NotAJws::Critical),
            (format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.*"), NotAJws::Form),
        ] {
            assert_eq!(Jws::parse(&text).map(|_| ()), Err(why), "{text}");
        }
        assert!(matches!(Jws::parse(&of(r#"{"alg":7}"#)), Err(NotAJws::Malformed(_))));
    }
}
