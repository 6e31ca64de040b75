//! The public keys of an issuer: a JWK Set (RFC 7517 §5).
//!
//! A key that is not understood is left out, as the RFC asks: servers publish keys for other uses and of newer types. A
//! symmetric key in such a document is left out too: it would be public.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;

use super::member::{Members, WrongKind};
use super::signing_algorithm::Algorithm;

/// The number of keys that are read. Servers publish two or three, and some one for each tenant.
const MAX_KEYS: usize = 100;

/// A JWK Set.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

/// A public key that may verify signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// Its name (RFC 7517 §4.5).
    pub kid: Option<String>,
    /// The only algorithm that it is for (RFC 7517 §4.4).
    algorithm: Option<String>,
    pub material: KeyMaterial,
}

/// RFC 7518 §6, RFC 8037 §2. Numbers are in big-endian bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ec {
        curve: Curve,
        /// Uncompressed: 4, x, y (SEC 1 §2.3.3).
        point: Vec<u8>,
    },
    Ed25519(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
}

impl Jwks {
    /// Reads a set. A document without `keys` is not one.
    pub fn from_json(value: &Value) -> Result<Self, WrongKind> {
        match value.get("keys") {
            Some(Value::Array(keys)) => Ok(Self { keys: keys.iter().filter_map(Jwk::read).take(MAX_KEYS).collect() }),
            other => Err(WrongKind::new("keys", other.unwrap_or(&Value::Null), "an array of keys")),
        }
    }

    /// Returns the keys that may have signed a token: those of its name if it names one, else all.
    pub fn named(&self, kid: Option<&str>) -> Vec<&Jwk> {
        self.keys.iter().filter(|key| kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))).collect()
    }
}

impl Jwk {
    /// Reads a key, or returns `None` for one that verifies no signature here.
    fn read(value: &Value) -> Option<Self> {
        let members = Members(value);
        let text = |name| members.text(name).ok().flatten();
        let bytes = |name| BASE64_URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
        let is_for_signatures = text("use").is_none_or(|purpose| purpose == "sig")
            && members.texts("key_ops").ok()?.is_none_or(|uses| uses.iter().any(|operation| operation == "verify"));
        if !is_for_signatures {
            return None;
        }
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                // RFC 7518 §6.3.1 asks for the shortest form. Servers add the zero byte of other formats.
                let number = |name| Some(bytes(name)?.into_iter().skip_while(|byte| *byte == 0).collect());
                KeyMaterial::Rsa { n: number("n")?, e: number("e")? }
            }
            ("EC", Some(name)) => {
                let (curve, length) = match name {
                    "P-256" => (Curve::P256, 32),
                    "P-384" => (Curve::P384, 48),
                    _ => return None,
                };
                let coordinate = |name| bytes(name).filter(|bytes| bytes.len() == length);
                let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
                KeyMaterial::Ec { curve, point }
            }
            ("OKP", Some("Ed25519")) => KeyMaterial::Ed25519(bytes("x").filter(|bytes| bytes.len() == 32)?),
            _ => return None,
        };
        Some(Self { kid: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), material })
    }

    /// Returns `true` unless the key is for another algorithm only.
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        self.algorithm.as_deref().is_none_or(|own| Algorithm::named(own) == Some(algorithm))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn kept(keys: Value) -> Vec<Option<String>> {
        Jwks::from_json(&json!({ "keys": keys })).unwrap().keys.into_iter().map(|key| key.kid).collect()
    }

    /// RFC 7517, Appendix A.1; its first key is for encryption.
    #[test]
    fn the_keys_of_rfc_7517_appendix_a_1_are_read() {
        let rsa = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let set = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "x": X, "y": Y, "use": "enc", "kid": "1"},
            {"kty": "RSA", "n": rsa, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"},
        ]});
        let set = Jwks::from_json(&set).unwrap();
        let [key] = set.keys.as_slice() else { panic!("{set:?}") };
        assert!(matches!(&key.material, KeyMaterial::Rsa { n, e } if n.len() == 256 && *e == [1, 0, 1]));
        assert!(key.serves(Algorithm::Rs256) && !key.serves(Algorithm::Ps256), "it is for one algorithm");
        assert_eq!((set.named(Some("2011-04-29")).len(), set.named(Some("1")).len(), set.named(None).len()), (1, 0, 1));
    }

    #[test]
    fn a_key_that_verifies_nothing_is_left_out() {
        let good = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "good"});
        let with = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        let keys = json!([
            with("kty", json!("oct")),
            with("kty", json!(7)),
            with("crv", json!("P-521")),
            with("x", json!("AA")),
            with("y", json!("*")),
            with("use", json!("enc")),
            with("key_ops", json!(["encrypt"])),
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            json!({"kty": "RSA", "n": "AQAB"}),
            json!({"kty": "OKP", "crv": "X25519", "x": X}),
            json!("no key"),
            with("key_ops", json!(["verify"])),
            with("use", json!("sig")),
        ]);
        assert_eq!(kept(keys), vec![Some("good".to_owned()); 2]);
    }

    #[test]
    fn a_document_without_keys_is_not_a_set() {
        for document in [json!({}), json!({"keys": {}}), json!([]), json!({"keys": null})] {
            assert_eq!(Jwks::from_json(&document).unwrap_err().member, "keys", "{document}");
        }
        assert!(kept(json!([])).is_empty());
        let many = vec![json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y}); MAX_KEYS + 1];
        assert_eq!(kept(json!(many)).len(), MAX_KEYS);
    }
}
