//! The keys that the emulator signs ID tokens with. They are published: RFC 7515 §A.2 and §A.3, RFC 8037 §A.1. Its tokens
//! are made up, and anyone may make up more. ring makes no RSA keys, and a key of our own would look like a secret.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::protocol::secret::ClientSecret;
use crate::protocol::signing_algorithm::Algorithm;

/// In PKCS #1, in base64.
const RSA: &str = include_str!("published_key.b64");
const EC_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const EC_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const EC_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const ED25519_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

/// Returns the algorithm to sign with: the first of those that there is a key for.
pub fn choose(offered: &[String]) -> Algorithm {
    let named = offered.iter().filter_map(|name| Algorithm::named(name));
    named.into_iter().find(|algorithm| *algorithm != Algorithm::Es384).unwrap_or(Algorithm::Rs256)
}

/// Returns the public keys (RFC 7517 §5).
pub fn jwks() -> Value {
    let rsa = rsa_key();
    let RsaPublicKeyComponents::<Vec<u8>> { n, e } = rsa.public().into();
    let number = |bytes: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({"keys": [
        {"kty": "RSA", "use": "sig", "kid": "rsa", "n": number(n), "e": number(e)},
        {"kty": "EC", "use": "sig", "kid": "ec", "crv": "P-256", "x": EC_X, "y": EC_Y},
        {"kty": "OKP", "use": "sig", "kid": "okp", "crv": "Ed25519", "x": ED25519_X},
    ]})
}

/// Signs claims, in the compact form (RFC 7515 §7.1).
pub fn sign(algorithm: Algorithm, claims: &Value, secret: &ClientSecret) -> String {
    sign_as("JWT", algorithm, claims, secret)
}

/// Signs claims as another type of token (RFC 7515 §4.1.9).
pub fn sign_as(kind: &str, algorithm: Algorithm, claims: &Value, secret: &ClientSecret) -> String {
    let mut header = json!({"alg": algorithm.as_str(), "typ": kind});
    if let Some(kid) = kid(algorithm) {
        header["kid"] = kid.into();
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = signature(algorithm, signed.as_bytes(), secret);
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn rsa_key() -> RsaKeyPair {
    let der = BASE64_STANDARD.decode(RSA.replace('\n', "")).expect("it is base64");
    RsaKeyPair::from_der(&der).expect("the published key is one")
}

fn kid(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::Hs256 => None,
        Algorithm::Es256 | Algorithm::Es384 => Some("ec"),
        Algorithm::EdDsa => Some("okp"),
        _ => Some("rsa"),
    }
}

fn signature(algorithm: Algorithm, signed: &[u8], secret: &ClientSecret) -> Vec<u8> {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("it is base64url");
    let rsa = |how: &'static dyn RsaEncoding| {
        let key = rsa_key();
        let mut signature = vec![0; key.public().modulus_len()];
        // Without random bytes the signature stays wrong, and the client says so.
        let _ = key.sign(how, &SystemRandom::new(), signed, &mut signature);
        signature
    };
    match algorithm {
        Algorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
        Algorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
        Algorithm::Rs512 => rsa(&RSA_PKCS1_SHA512),
        Algorithm::Ps256 => rsa(&RSA_PSS_SHA256),
        Algorithm::Ps384 => rsa(&RSA_PSS_SHA384),
        Algorithm::Ps512 => rsa(&RSA_PSS_SHA512),
        Algorithm::Es256 | Algorithm::Es384 => {
            let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
            let point = [vec![4], decode(EC_X), decode(EC_Y)].concat();
            let key = EcdsaKeyPair::from_private_key_and_public_key(how, &decode(EC_D), &point, &random);
            let signature = key.ok().and_then(|key| key.sign(&random, signed).ok());
            signature.map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
        }
        Algorithm::EdDsa => {
            let key = Ed25519KeyPair::from_seed_and_public_key(&decode(ED25519_D), &decode(ED25519_X));
            key.expect("the published key is one").sign(signed).as_ref().to_vec()
        }
        Algorithm::Hs256 => {
            let mac =
                Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
            mac.chain_update(signed).finalize().into_bytes().to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::jwks::Jwks;
    use crate::protocol::jws::Jws;

    #[test]
    fn every_algorithm_is_verified_with_the_published_keys() {
        let (keys, secret) = (Jwks::from_json(&jwks()).unwrap(), ClientSecret::new("made-up"));
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::Es384) {
            assert_eq!(choose(&["ES384".to_owned(), algorithm.to_string()]), algorithm);
            let jws = Jws::parse(&sign(algorithm, &json!({"sub": "x"}), &secret)).unwrap();
            let named = keys.named(jws.kid.as_deref());
            let is_right = match algorithm {
                Algorithm::Hs256 => jws.is_signed_with(&secret),
                _ => named.len() == 1 && jws.is_signed_by(named[0], algorithm),
            };
            assert!(is_right, "{algorithm}");
        }
        assert_eq!(choose(&[]), Algorithm::Rs256);
    }
}
