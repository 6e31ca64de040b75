use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use proptest::prelude::*;

use super::texts::MAX_TEXT;
use super::*;

fn masker() -> Masker {
    Masker::new(Masking::Hide, [7; 32])
}

fn json_of(masker: &mut Masker, text: &str) -> Tree {
    match masker.body(Some("application/json"), text.as_bytes()) {
        Some(Body::Json(tree)) => tree,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_known_names_are_shown() {
    let mut masker = masker();
    let sent = Params::from_urlencoded(
        "grant_type=authorization_code&code=canary-code&client_id=my-app&client_secret=canary-secret&new_param=canary-x",
    );
    let fields = masker.fields(&sent);
    let shown: Vec<String> = fields.iter().filter_map(|(_, value)| value.shown().map(str::to_owned)).collect();
    assert_eq!(shown, ["authorization_code", "my-app"]);
    assert!(!serde_json::to_string(&fields).unwrap().contains("canary"));
}

#[test]
fn equal_values_have_equal_marks_within_one_record_only() {
    let mark = |masker: &mut Masker, name: &str, value: &str| masker.value(name, value).hidden().unwrap().mark.clone();
    let (mut one, mut other) = (masker(), Masker::new(Masking::Hide, [8; 32]));
    assert_eq!(mark(&mut one, "code", "canary-1"), mark(&mut one, "anything", "canary-1"));
    assert_ne!(mark(&mut one, "code", "canary-1"), mark(&mut one, "code", "canary-2"));
    assert_ne!(mark(&mut one, "code", "canary-1"), mark(&mut other, "code", "canary-1"));
    assert_eq!(mark(&mut one, "code", "canary-1").len(), 8);
}

#[test]
fn what_was_hidden_once_is_repeated_nowhere() {
    let mut masker = masker();
    masker.fields(&Params::from_urlencoded("code=canary-code&state=canary%2Fstate&login_ticket=canary-ticket"));
    let tree = json_of(
        &mut masker,
        r#"{"error":"invalid_grant","error_description":"canary-code, canary%2fstate, canary-ticket, jo@x.example"}"#,
    );
    let described = tree.get("error_description").unwrap().text().unwrap();
    assert_eq!(described, "[hidden], [hidden], [hidden], [e-mail]");
    let url = Url::parse("https://me:canary@x.example/t/canary-code/end?scope=a").unwrap();
    assert_eq!(masker.address(&url).to_string(), "https://x.example/t/[hidden]/end?scope=a");
}

#[test]
fn public_texts_stay_readable() {
    let mut masker = masker();
    masker.publish("https://shop.example/oauth/token");
    masker.fields(&Params::from_urlencoded("account=shop.example"));
    let url = Url::parse("https://shop.example/oauth/token").unwrap();
    assert_eq!(masker.address(&url).base, "https://shop.example/oauth/token");
    // A secret goes wherever it stands.
    masker.fields(&Params::from_urlencoded("client_secret=shop.example"));
    assert_eq!(masker.address(&url).base, "https://[hidden]/oauth/token");
}

#[test]
fn basic_credentials_show_the_client_and_not_its_secret() {
    let mut masker = masker();
    masker.publish("my app");
    let header = |pair: &str| {
        let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&value).unwrap())])
    };
    let fields = masker.headers(&header("my+app:canary%2Fsecret"));
    let Value::Mixed(parts) = &fields[0].1 else { panic!("{fields:?}") };
    assert_eq!(parts[..3].iter().map(|part| part.shown().unwrap()).collect::<String>(), "Basic my app:");
    assert_eq!(parts[3], masker.value("client_secret", "canary/secret"), "it is compared as it is meant");
    assert_eq!(masker.text("canary%2Fsecret canary/secret"), "[hidden] [hidden]");
    let fields = masker.headers(&header("canary-user:x"));
    assert!(!format!("{fields:?}").contains("canary-user"), "{fields:?}");
}

#[test]
fn a_jwt_is_decoded_without_the_person_and_the_signature() {
    let part = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let token = format!(
        "{}.{}.canarysignature",
        part(r#"{"alg":"RS256","kid":"k1"}"#),
        part(r#"{"iss":"https://x.example","sub":"canary-sub","email":"canary@x.example","aud":["a"],"exp":7}"#)
    );
    let mut masker = masker();
    let value = masker.value("id_token", &token);
    let jwt = value.jwt().unwrap();
    assert_eq!(jwt.header.get("alg").unwrap().text().as_deref(), Some("RS256"));
    assert_eq!(jwt.claims.get("iss").unwrap().text().as_deref(), Some("https://x.example"));
    assert_eq!(jwt.claims.get("exp"), Some(&Tree::Number("7".to_owned())));
    assert!(!serde_json::to_string(&value).unwrap().contains("canary"));
    assert_eq!(masker.text("of canary-sub"), "of [hidden]");
}

#[test]
fn a_challenge_keeps_its_words_and_loses_its_nonce() {
    let mut masker = masker();
    let header = r#"Bearer realm="x", error="invalid_token", error_description="expired", DPoP nonce="canary-nonce""#;
    let fields = masker.headers(&HeaderMap::from_iter([(WWW_AUTHENTICATE, header.parse().unwrap())]));
    let shown = fields[0].1.to_string();
    assert!(shown.starts_with(r#"bearer realm="x", error="invalid_token", error_description="expired", dpop nonce=["#));
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn what_a_person_is_called_or_does_is_no_error() {
    let of_a_person = r#"{"title":"canary-1","message":"canary-2","detail":"canary-3","description":"canary-4","reason":
        "canary-5","category":"canary-6","type":"canary-7","hint":"canary-8","code":4711}"#;
    for text in [
        of_a_person.to_owned(),
        format!(r#"{{"access_token":"x","error":null,"user":{of_a_person}}}"#),
        format!(r#"{{"error":"denied","user":{of_a_person}}}"#),
        format!(r#"{{"error":{{"code":"x","user":{of_a_person}}}}}"#),
    ] {
        let kept = serde_json::to_string(&masker().reply_body(200, None, text.as_bytes())).unwrap();
        assert!(!kept.contains("canary") && !kept.contains("4711"), "{text} became {kept}");
    }
    let claims = BASE64_URL_SAFE_NO_PAD.encode(of_a_person);
    let tokens = format!(r#"{{"error":"x","id_token":"eyJhbGciOiJub25lIn0.{claims}.c2ln"}}"#);
    let kept = serde_json::to_string(&masker().reply_body(400, None, tokens.as_bytes())).unwrap();
    assert!(!kept.contains("canary") && kept.contains("claims"), "{kept}");
    let told = r#"{"error":{"code":403,"message":"shown-1","details":[{"description":"shown-2"}]},"errors":[{"title":"shown-3"}]}"#;
    let kept = serde_json::to_string(&masker().reply_body(403, None, told.as_bytes())).unwrap();
    assert!(["403", "shown-1", "shown-2", "shown-3"].iter().all(|text| kept.contains(text)), "{kept}");
}

#[test]
fn a_code_beside_a_message_is_an_errors() {
    let mut masker = masker();
    let told = r#"{"code":"not_found","message":"no","user":{"code":"canary-code"},"id":4711}"#;
    let Some(Body::Json(tree)) = masker.reply_body(404, None, told.as_bytes()) else { panic!() };
    assert_eq!(tree.get("code").unwrap().text().as_deref(), Some("not_found"));
    assert!(tree.get("user").unwrap().get("code").unwrap().value().unwrap().hidden().is_some());
    assert!(tree.get("id").unwrap().value().unwrap().hidden().is_some(), "a number can name a person");
}

#[test]
fn a_providers_own_names_count_by_what_they_mean() {
    let mut masker = masker();
    masker.alias("app_id", "client_id");
    masker.alias("scope", "client_secret");
    let fields = masker.fields(&Params::from_urlencoded("app_id=me&scope=canary-secret"));
    assert_eq!(fields[0].1, Value::Shown("me".to_owned()));
    assert!(fields[1].1.hidden().is_some());
}

#[test]
fn what_anybody_may_have_sent_is_neither_shown_nor_removed_elsewhere() {
    let mut masker = masker();
    let sent = Params::from_urlencoded("error=Canary-4711-Canary&state=another&scope=access_denied");
    let fields = masker.foreign(|masker| masker.fields(&sent));
    let shown: Vec<_> = fields.iter().filter_map(|(_, value)| value.shown()).collect();
    assert_eq!(shown, ["access_denied"]);
    assert_eq!(masker.text("of another login"), "of another login");
}

#[test]
fn a_region_is_shown_and_a_place_is_not() {
    let mut masker = masker();
    let named = "location=eu&dc=us2&api_domain=https%3A%2F%2Fwww.api.example%2Fx%3Fid%3D7&region=Berlin-Mitte";
    let fields = masker.fields(&Params::from_urlencoded(named));
    let shown: Vec<_> = fields.iter().filter_map(|(_, value)| value.shown()).collect();
    assert_eq!(shown, ["eu", "us2", "https://www.api.example"]);
}

#[test]
fn everything_is_shown_on_request() {
    let mut masker = Masker::new(Masking::Reveal, [0; 32]);
    let fields = masker.fields(&Params::from_urlencoded("code=x&login_hint=jo@x.example"));
    assert_eq!(fields.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>(), ["x", "jo@x.example"]);
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer x"))]);
    assert_eq!(masker.headers(&headers)[0].1.to_string(), "Bearer x");
}

#[test]
fn a_large_body_is_cut() {
    let mut masker = masker();
    let list = format!("[{}]", vec!["{\"error\":\"x\"}"; 5000].join(","));
    let body = masker.body(None, list.as_bytes()).unwrap();
    assert!(serde_json::to_string(&body).unwrap().len() < 64 * 1024);
    let Some(Body::Text(text)) = masker.body(Some("text/plain"), "word ".repeat(10_000).as_bytes()) else { panic!() };
    assert!(text.chars().count() <= MAX_TEXT + 1);
}

proptest! {
    #[test]
    fn no_text_keeps_a_secret(before in ".{0,40}", after in ".{0,40}") {
        let mut masker = masker();
        masker.value("code", "canary/4711+x");
        let text = format!("{before}canary/4711+x{after}");
        prop_assert!(!masker.text(&text).contains("canary/4711+x"));
        for body in [text.clone(), serde_json::json!({ "message": text.clone() }).to_string(), format!("<p>{text}</p>")] {
            let kept = serde_json::to_string(&masker.body(None, body.as_bytes())).unwrap();
            prop_assert!(!kept.contains("canary/4711+x"), "{}", kept);
        }
    }
}
