use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::flow::doubles::{Said, Scripted, StubResponse, broken, provider_of};
use crate::protocol::advice::{Advice, ExitCode};
use crate::protocol::client::ClientId;
use crate::protocol::grant::GrantKind;
use crate::protocol::id_token::at_hash;
use crate::protocol::secret::{AccessToken, ClientSecret, RefreshToken};
use crate::store::stored_token::ObtainedBy;

const NOW: Timestamp = Timestamp(1_800_000_000);
const BASE: &str = "token.url = 'https://id.example/token'\nrevoke.url = 'https://id.example/revoke'\n\
    authorize.issuer = 'https://id.example'\n";
const KEYS: &str = "openid.jwks_url = 'https://id.example/keys'\n";

/// Keys that a server may have, and the documents that it may publish.
struct Signer {
    ed25519: Ed25519KeyPair,
    p256: EcdsaKeyPair,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self {
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap(),
            p256: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p256.as_ref(), &random).unwrap(),
        }
    }

    fn keys(&self, kid: &str) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let point = self.p256.public_key().as_ref();
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": encode(self.ed25519.public_key().as_ref()), "kid": kid},
            {"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]), "kid": kid},
        ]})
        .to_string()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = match header["alg"].as_str().unwrap() {
            "ES256" => self.p256.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
            "HS256" => {
                let mac = Hmac::<sha2::Sha256>::new_from_slice(b"made-up-secret").unwrap();
                mac.chain_update(&signed).finalize().into_bytes().to_vec()
            }
            "none" | "None" | "NONE" => Vec::new(),
            _ => self.ed25519.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn nonce() -> State {
    State::from_random([7; 32])
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "sub": "alice-canary", "aud": "app", "exp": NOW.0 + 60, "iat": NOW.0,
        "nonce": nonce().as_str(), "email": "canary@shop.example",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn response(id_token: &str) -> TokenResponse {
    let reply = json!({"access_token": "made-up-access", "refresh_token": "made-up-refresh", "id_token": id_token});
    TokenResponse::read(&reply).unwrap().0
}

fn client(definition: &str, secret: Option<&str>) -> Client {
    let client_secret = secret.map(ClientSecret::new);
    Client { provider: provider_of(definition, &[]), client_id: ClientId::new("app"), client_secret }
}

type Accepted = Result<Option<CheckedIdToken>, IdTokenRefused>;

/// Returns the result for this token, and the requests. Keys are answered with `keys`, one after the other.
fn ask(definition: &str, secret: Option<&str>, token: &str, keys: &[Document<'_>]) -> (Accepted, Vec<String>) {
    let asked = std::sync::Mutex::new(keys.iter());
    let server = Scripted::new(|request| match request.url.path() {
        "/revoke" => Ok(StubResponse::new(200, "")),
        _ => answer(asked.lock().unwrap().next().expect("no further request")),
    });
    let scope = ScopeSet::parse("openid");
    let asked_for = LoginAsked { scope: &scope, nonce: Some(&nonce()), by_browser: false };
    let accepted = accept(&server, &client(definition, secret), &asked_for, &response(token), NOW);
    (accepted, server.requests().iter().map(|request| request.url.path().to_owned()).collect())
}

/// A document, or a broken connection.
type Document<'a> = Option<&'a str>;

fn answer(said: &Document<'_>) -> Said {
    said.map(|body| StubResponse::new(200, body)).ok_or_else(broken)
}

fn problem(accepted: Accepted) -> BadIdToken {
    accepted.unwrap_err().problem
}

#[test]
fn a_token_is_verified_with_the_issuers_keys() {
    let (signer, definition) = (Signer::new(), format!("{BASE}{KEYS}"));
    for header in [json!({"alg": "EdDSA", "kid": "1"}), json!({"alg": "ES256"}), json!({"alg": "Ed25519", "kid": "1"})]
    {
        let token = signer.sign(&header, &claims());
        let (accepted, requests) = ask(&definition, None, &token, &[Some(&signer.keys("1"))]);
        let checked = accepted.unwrap().unwrap();
        assert!(checked.token.verified && checked.unverified.is_none(), "{header}");
        assert_eq!(checked.token.account().as_deref(), Some("canary@shop.example"));
        assert_eq!(requests, ["/keys"]);
    }
}

#[test]
fn another_signature_is_refused_and_the_tokens_are_revoked() {
    let (signer, thief, definition) = (Signer::new(), Signer::new(), format!("{BASE}{KEYS}"));
    for header in [json!({"alg": "EdDSA", "kid": "1"}), json!({"alg": "ES256", "kid": "1"})] {
        let token = thief.sign(&header, &claims());
        let (accepted, requests) = ask(&definition, None, &token, &[Some(&signer.keys("1"))]);
        let refused = accepted.unwrap_err();
        assert_eq!((&refused.problem, &refused.tokens), (&BadIdToken::Signature, &Aftermath::Revoked));
        assert_eq!(requests, ["/keys", "/revoke", "/revoke"]);
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");
    }
}

#[test]
fn an_unknown_key_is_looked_for_once_more() {
    let (signer, definition) = (Signer::new(), format!("{BASE}{KEYS}"));
    let token = signer.sign(&json!({"alg": "EdDSA", "kid": "new"}), &claims());
    let (old, new) = (signer.keys("old"), signer.keys("new"));
    let (accepted, requests) = ask(&definition, None, &token, &[Some(&old), Some(&new)]);
    assert!(accepted.unwrap().unwrap().token.verified);
    assert_eq!(requests, ["/keys", "/keys"]);
    let (accepted, requests) = ask(&definition, None, &token, &[Some(&old), Some(&old)]);
    assert_eq!(problem(accepted), BadIdToken::UnknownKey { kid: "new".to_owned() });
    assert_eq!(requests, ["/keys", "/keys", "/revoke", "/revoke"]);
}

#[test]
fn without_keys_a_token_is_kept_as_one_that_is_not_verified() {
    let signer = Signer::new();
    let token = signer.sign(&json!({"alg": "EdDSA", "kid": "1"}), &claims());
    let not_verified = |definition: &str, keys: &[Document<'_>]| {
        let checked = ask(definition, None, &token, keys).0.unwrap().unwrap();
        assert!(!checked.token.verified);
        checked.unverified.unwrap()
    };
    assert!(matches!(not_verified(BASE, &[]), Unverified::Url));
    assert!(matches!(not_verified(&format!("{BASE}{KEYS}"), &[None]), Unverified::Keys(_)));
    assert!(matches!(not_verified(&format!("{BASE}{KEYS}"), &[Some("<html>")]), Unverified::Keys(_)));
    let nameless = BASE.replace("authorize.issuer", "source");
    assert!(matches!(not_verified(&format!("{nameless}{KEYS}"), &[]), Unverified::Issuer));
    // The claims are checked all the same, and before anything is fetched.
    let other = signer.sign(&json!({"alg": "EdDSA"}), &with("aud", json!("other")));
    for definition in [BASE.to_owned(), format!("{BASE}{KEYS}"), nameless] {
        let (accepted, requests) = ask(&definition, None, &other, &[]);
        assert!(matches!(problem(accepted), BadIdToken::Audience { .. }));
        assert_eq!(requests, ["/revoke", "/revoke"]);
    }
}

#[test]
fn the_definition_pins_the_algorithms() {
    let (signer, keys) = (Signer::new(), Signer::new().keys("1"));
    let sign = |algorithm: &str| signer.sign(&json!({ "alg": algorithm, "kid": "1" }), &claims());
    let pinned = format!("{BASE}{KEYS}openid.algorithms = ['RS256', 'ES256']\n");
    let expected = BadIdToken::Algorithm { expected: "RS256 or ES256".to_owned(), got: "EdDSA".to_owned() };
    assert_eq!(problem(ask(&pinned, None, &sign("EdDSA"), &[]).0), expected);
    for none in ["none", "None", "NONE"] {
        assert_eq!(problem(ask(&pinned, None, &sign(none), &[]).0), BadIdToken::Unsigned, "{none}");
    }
    // HS256 is taken with the secret, where it is listed: a public key is never its key.
    let listed = format!("{BASE}{KEYS}openid.algorithms = ['HS256']\n");
    let secret = Some("made-up-secret");
    assert!(ask(&listed, secret, &sign("HS256"), &[]).0.unwrap().unwrap().token.verified);
    assert_eq!(problem(ask(&listed, Some("another"), &sign("HS256"), &[]).0), BadIdToken::Signature);
    assert_eq!(problem(ask(&listed, None, &sign("HS256"), &[]).0), BadIdToken::NoSecret);
    let unlisted = ask(&format!("{BASE}{KEYS}"), secret, &sign("HS256"), &[Some(&keys)]);
    assert!(matches!(problem(unlisted.0), BadIdToken::Algorithm { got, .. } if got == "HS256"));
}

#[test]
fn each_wrong_claim_ends_the_login() {
    let signer = Signer::new();
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!(["app", "other"])),
        ("azp", json!("other")),
        ("exp", json!(NOW.0 - 600)),
        ("iat", json!(NOW.0 + 600)),
        ("nonce", json!("canary-nonce")),
        ("nonce", json!(null)),
        ("sub", json!(null)),
        ("at_hash", json!(at_hash(&AccessToken::new("other"), Algorithm::EdDsa))),
    ] {
        let token = signer.sign(&json!({"alg": "EdDSA"}), &with(name, value));
        let refused = ask(&format!("{BASE}{KEYS}"), None, &token, &[]).0.unwrap_err();
        assert_eq!(refused.next_step().code, ExitCode::Refused, "{name}");
        assert!(!refused.to_string().contains("canary") && refused.next_step().hint.is_some(), "{refused}");
    }
}

#[test]
fn a_token_that_nobody_asked_for_is_dropped() {
    let (server, scope) = (Scripted::replies(&[]), ScopeSet::parse("read"));
    let asked = LoginAsked { scope: &scope, nonce: None, by_browser: false };
    for token in ["not.a.jwt", "x"] {
        assert!(accept(&server, &client(BASE, None), &asked, &response(token), NOW).unwrap().is_none());
    }
}

#[test]
fn a_token_through_the_browser_must_name_its_access_token() {
    let (signer, scope) = (Signer::new(), ScopeSet::parse("openid"));
    let by_browser = |claims: &Value| {
        let token = signer.sign(&json!({"alg": "EdDSA"}), claims);
        let asked = LoginAsked { scope: &scope, nonce: Some(&nonce()), by_browser: true };
        let server = Scripted::new(|_| Ok(StubResponse::new(200, "")));
        accept(&server, &client(BASE, None), &asked, &response(&token), NOW).map_err(|refused| refused.problem)
    };
    assert_eq!(by_browser(&claims()).map(|_| ()), Err(BadIdToken::Missing("at_hash")));
    let hash = at_hash(&AccessToken::new("made-up-access"), Algorithm::EdDsa);
    assert!(by_browser(&with("at_hash", json!(hash))).is_ok());
}

#[test]
fn a_refresh_keeps_the_person_and_forgives_the_clock() {
    let (signer, client) = (Signer::new(), client(BASE, None));
    let by = ObtainedBy::Grant(GrantKind::AuthorizationCode);
    let token = AccessToken::new("old");
    let mut record = StoredToken::given(&client.provider, None, by, ScopeSet::parse("openid"), token, NOW);
    record.refresh_token = Some(RefreshToken::new("old"));
    let sign = |claims: &Value| signer.sign(&json!({"alg": "EdDSA"}), claims);
    record.id_token = Some(StoredIdToken::new(IdToken::new(sign(&claims())), true));
    let server = Scripted::new(|_| Ok(StubResponse::new(200, "")));
    let refresh = |claims: &Value| accept_refreshed(&server, &client, &record, &response(&sign(claims)), NOW);
    assert!(matches!(refresh(&with("nonce", json!(null))), Ok(RefreshedIdToken::Checked(_))));
    assert!(matches!(refresh(&with("exp", json!(NOW.0 - 600))), Ok(RefreshedIdToken::Dropped(_))));
    assert!(server.requests().is_empty());
    let refused = refresh(&with("sub", json!("eve"))).unwrap_err();
    assert_eq!(
        (refused.problem, refused.tokens, server.requests().len()),
        (BadIdToken::Subject, Aftermath::Revoked, 2)
    );
    let mut none = response("");
    none.id_token = None;
    let kept = accept_refreshed(&server, &client, &record, &none, NOW);
    assert!(matches!(kept, Ok(RefreshedIdToken::None)));
}
