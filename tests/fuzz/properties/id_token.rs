//! A signed token is read from exactly three parts, and its claims are accepted only if each says what it must: read a
//! second time here, member by member. A set of keys is read without a panic, and no key of it signs what it did not.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauthctl::testing::id_token::{self, Expected, ExpectedNonce};
use oauthctl::testing::{AccessToken, Jwks, Jws, SigningAlgorithm, State, Timestamp, json};
use serde_json::Value;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example";
const CLIENT: &str = "app";

/// The first byte chooses what the rest is: claims, a whole token, or a set of keys.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = super::choice(data) else { return };
    match choice % 3 {
        0 => claims(rest),
        1 => token(rest),
        _ => keys(rest),
    }
}

fn claims(bytes: &[u8]) {
    let Ok(claims) = json::parse(bytes) else { return };
    let (nonce, token) = (State::from_random([7; 32]), AccessToken::new("access"));
    let expected = Expected {
        issuer: Some(ISSUER),
        client_id: CLIENT,
        nonce: ExpectedNonce::Sent(&nonce),
        access_token: &token,
        must_have_at_hash: false,
        before: None,
        now: Timestamp(NOW),
    };
    match id_token::check(&claims, Some(SigningAlgorithm::Es256), &expected) {
        Err(problem) => {
            // What it says of a person is not repeated.
            let subject = claims["sub"].as_str().filter(|subject| subject.len() > 8);
            let is_told = |subject: &str| problem.to_string().contains(subject);
            let elsewhere =
                |subject: &str| ["iss", "aud", "azp"].iter().any(|name| claims[*name].to_string().contains(subject));
            assert!(subject.is_none_or(|subject| !is_told(subject) || elsewhere(subject)), "{problem}");
        }
        Ok(()) => {
            assert_eq!(claims["iss"], ISSUER);
            assert_eq!(claims["nonce"].as_str(), Some(nonce.as_str()));
            let audiences: Vec<&Value> = match &claims["aud"] {
                Value::Array(all) => all.iter().collect(),
                one => vec![one],
            };
            assert!(audiences.iter().any(|audience| *audience == CLIENT));
            assert!(
                audiences.len() == 1 || audiences.iter().all(|audience| *audience == CLIENT) || claims["azp"] == CLIENT
            );
            assert!(claims["azp"].is_null() || claims["azp"] == CLIENT);
            let number = |name: &str| {
                claims[name]
                    .as_str()
                    .map_or_else(|| claims[name].to_string(), str::to_owned)
                    .trim()
                    .parse::<f64>()
                    .unwrap()
            };
            assert!(number("exp") > (NOW - 300) as f64 && number("iat") <= (NOW + 301) as f64);
            assert!(!claims["sub"].is_null());
        }
    }
}

fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(jws) = Jws::parse(text) else { return };
    let parts: Vec<&str> = text.split('.').collect();
    let part = |at: usize| json::parse(&BASE64_URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap();
    assert_eq!((parts.len(), &jws.claims), (3, &part(1)));
    let header = part(0);
    assert_eq!(header["alg"], jws.algorithm.as_str());
    assert!(header["crit"].is_null() && header["kid"].as_str() == jws.kid.as_deref());
}

fn keys(bytes: &[u8]) {
    let Some(keys) = json::parse(bytes).ok().and_then(|value| Jwks::from_json(&value).ok()) else { return };
    assert!(keys.keys.len() <= 100);
    let unsigned = Jws::parse("eyJhbGciOiJub25lIn0.e30.").unwrap();
    for key in &keys.keys {
        assert!(keys.named(key.kid.as_deref()).contains(&key));
        assert!(SigningAlgorithm::ALL.into_iter().all(|algorithm| !unsigned.is_signed_by(key, algorithm)));
    }
}
