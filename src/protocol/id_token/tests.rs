use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000);

fn nonce() -> State {
    State::from_random([7; 32])
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "sub": "alice", "aud": "app", "exp": NOW.0 + 3600, "iat": NOW.0,
        "nonce": nonce().as_str(), "at_hash": at_hash(&AccessToken::new("access"), Algorithm::Rs256),
    })
}

/// Returns the result for a token that differs from the right one.
fn with(name: &str, value: Value) -> Result<(), BadIdToken> {
    let mut claims = claims();
    claims[name] = value;
    checked(&claims, None)
}

fn checked(claims: &Value, before: Option<&Value>) -> Result<(), BadIdToken> {
    let (nonce, token) = (nonce(), AccessToken::new("access"));
    let expected = Expected {
        issuer: Some("https://id.example"),
        client_id: "app",
        nonce: if before.is_some() { ExpectedNonce::Any } else { ExpectedNonce::Sent(&nonce) },
        access_token: &token,
        must_have_at_hash: before.is_none(),
        before,
        now: NOW,
    };
    check(claims, Some(Algorithm::Rs256), &expected)
}

#[test]
fn a_right_token_is_accepted() {
    assert_eq!(checked(&claims(), None), Ok(()));
    for (name, value) in [
        ("aud", json!(["app"])),
        ("azp", json!("app")),
        ("exp", json!(NOW.0 - 299)),
        ("iat", json!(NOW.0 + 300)),
        ("nbf", json!(NOW.0)),
        ("sub", json!(17)),
    ] {
        assert_eq!(with(name, value.clone()), Ok(()), "{name}: {value}");
    }
}

#[test]
fn each_claim_that_is_missing_is_named() {
    for name in ["iss", "sub", "aud", "exp", "iat", "at_hash"] {
        for nothing in [json!(null), json!("")] {
            let refused = with(name, nothing.clone());
            let is_named = match name {
                "aud" | "at_hash" | "exp" | "iat" if nothing == json!("") => refused.is_err(),
                _ => refused == Err(BadIdToken::Missing(name)),
            };
            assert!(is_named, "{name}: {nothing}: {refused:?}");
        }
    }
    for (name, wrong) in
        [("iss", json!(7)), ("aud", json!({})), ("aud", json!([7])), ("exp", json!([])), ("azp", json!([]))]
    {
        assert!(matches!(with(name, wrong.clone()), Err(BadIdToken::Malformed(_))), "{name}: {wrong}");
    }
}

#[test]
fn an_issuer_is_compared_exactly_but_for_its_tenant() {
    for other in ["https://id.example/", "http://id.example", "https://id.example.evil", "https://ID.example"] {
        let refused = with("iss", json!(other)).unwrap_err();
        assert!(matches!(&refused, BadIdToken::Issuer { got, .. } if got == other), "{refused}");
    }
    let issued = |issuer: &str, said: &str| {
        let mut claims = claims();
        claims["iss"] = json!(said);
        let (nonce, token) = (nonce(), AccessToken::new("access"));
        let expected = Expected {
            issuer: Some(issuer),
            client_id: "app",
            nonce: ExpectedNonce::Sent(&nonce),
            access_token: &token,
            must_have_at_hash: false,
            before: None,
            now: NOW,
        };
        check(&claims, Some(Algorithm::Rs256), &expected).is_ok()
    };
    let tenants = "https://id.example/{tenantid}/v2.0";
    assert!(issued(tenants, "https://id.example/72f9/v2.0"));
    for other in ["https://id.example/72f9/v1.0", "https://evil.example/72f9/v2.0", "https://id.example//v2.0"] {
        assert!(!issued(tenants, other), "{other}");
    }
}

#[test]
fn a_token_for_another_client_is_refused() {
    let refused = |name, value| with(name, value).unwrap_err();
    assert!(matches!(refused("aud", json!("other")), BadIdToken::Audience { got, .. } if got == "other"));
    assert!(matches!(refused("aud", json!([])), BadIdToken::Audience { .. }));
    assert!(matches!(refused("aud", json!(["app", "other"])), BadIdToken::Audiences { .. }));
    assert!(matches!(refused("azp", json!("other")), BadIdToken::AuthorizedParty { got, .. } if got == "other"));
    let mut claims = claims();
    claims["aud"] = json!(["other", "app"]);
    claims["azp"] = json!("app");
    assert_eq!(checked(&claims, None), Ok(()));
}

#[test]
fn the_clock_decides_within_five_minutes() {
    let ended = with("exp", json!(NOW.0 - 300)).unwrap_err();
    assert_eq!(ended, BadIdToken::Ended { ended: Timestamp(NOW.0 - 300), now: NOW });
    for name in ["iat", "nbf"] {
        let early = with(name, json!(NOW.0 + 301)).unwrap_err();
        assert_eq!(early, BadIdToken::FromTheFuture { issued: Timestamp(NOW.0 + 301), now: NOW });
        assert!(early.is_about_the_clock());
    }
}

#[test]
fn a_nonce_of_another_login_is_refused_and_not_shown() {
    for (value, found) in
        [(json!(null), FoundNonce::None), (json!("made-up"), FoundNonce::Other), (json!(""), FoundNonce::Other)]
    {
        let refused = with("nonce", value).unwrap_err();
        assert_eq!(refused, BadIdToken::Nonce(found));
        assert!(!refused.to_string().contains("made-up"));
    }
}

#[test]
fn the_access_token_beside_it_must_be_its_own() {
    let other = at_hash(&AccessToken::new("other"), Algorithm::Rs256);
    assert_eq!(with("at_hash", json!(other)), Err(BadIdToken::AccessTokenHash));
    let long = at_hash(&AccessToken::new("access"), Algorithm::Rs512);
    assert_eq!(with("at_hash", json!(long)), Err(BadIdToken::AccessTokenHash));
    // The example of OpenID Connect Core, Appendix A.3.
    let example = AccessToken::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
    assert_eq!(at_hash(&example, Algorithm::Rs256), "77QmUPtjPfzWtF2AnpK9RQ");
}

#[test]
fn a_refresh_is_about_the_same_person_and_sign_in() {
    let before = json!({"iss": "https://id.example", "sub": "alice", "auth_time": 5, "nonce": "n", "azp": "app"});
    let mut claims = claims();
    for name in ["nonce", "at_hash"] {
        claims.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(checked(&claims, Some(&before)), Ok(()));
    for (name, value, refused) in [
        ("sub", json!("eve"), BadIdToken::Subject),
        ("auth_time", json!(6), BadIdToken::Changed("auth_time")),
        ("nonce", json!("other"), BadIdToken::Changed("nonce")),
    ] {
        let mut other = claims.clone();
        other[name] = value;
        assert_eq!(checked(&other, Some(&before)), Err(refused), "{name}");
    }
    let elsewhere = json!({"iss": "https://old.example", "sub": "alice"});
    assert_eq!(checked(&claims, Some(&elsewhere)), Err(BadIdToken::Changed("iss")));
}

#[test]
fn the_account_is_what_its_owner_recognizes() {
    let of = |more: Value| account(&more);
    assert_eq!(
        of(json!({"sub": "1", "email": "a@b.example", "preferred_username": "a"})).as_deref(),
        Some("a@b.example")
    );
    assert_eq!(of(json!({"sub": "1", "preferred_username": "a"})).as_deref(), Some("a"));
    for only_sub in [json!({"sub": "1"}), json!({"sub": 1, "email": " "}), json!({"sub": "1", "email": ["x"]})] {
        assert_eq!(of(only_sub).as_deref(), Some("1"));
    }
    assert_eq!(of(json!({})), None);
}
