use serde_json::{Value, json};

use super::*;
use crate::flow::doubles::{Scripted, StubResponse};
use crate::protocol::client::ClientAuthMethod;

fn endpoint() -> Url {
    Url::parse("https://as.example/register").unwrap()
}

fn request() -> RegistrationRequest {
    RegistrationRequest {
        client_name: "oauthctl".into(),
        redirect_uris: vec!["http://127.0.0.1:8765/callback".into()],
        grant_types: vec!["authorization_code".into()],
        response_types: vec!["code".into()],
        token_endpoint_auth_method: ClientAuthMethod::None,
        application_type: Some("native".into()),
        scope: None,
    }
}

fn answer(status: u16, body: &Value) -> Result<RegistrationResponse, RegisterError> {
    let server = Scripted::list([Ok(StubResponse::new(status, body.to_string()))]);
    register(&server, &endpoint(), &request())
}

#[test]
fn a_client_is_registered_by_what_it_says_of_itself() {
    let server = Scripted::list([Ok(StubResponse::new(201, r#"{"client_id":"c"}"#))]);
    assert_eq!(register(&server, &endpoint(), &request()).unwrap().client_id.as_str(), "c");
    let [sent] = server.requests().try_into().unwrap();
    assert_eq!((sent.method, sent.url), (Method::POST, endpoint()));
    assert_eq!(serde_json::from_slice::<Value>(&sent.body).unwrap()["application_type"], "native");
    assert!(answer(200, &json!({"client_id": "c"})).is_ok(), "some servers answer 200");
}

#[test]
fn every_other_answer_is_an_error_without_its_secrets() {
    let refused = answer(400, &json!({"error": "invalid_redirect_uri"})).unwrap_err();
    assert!(matches!(&refused, RegisterError::Refused { status: 400, error } if error.code == "invalid_redirect_uri"));
    assert!(refused.next_step().hint.unwrap().contains("--redirect-uri"));
    for status in [302, 401, 403, 500] {
        let error = answer(status, &json!({"client_id": "c", "client_secret": "canary"})).unwrap_err();
        assert!(
            matches!(error, RegisterError::Unreadable { .. }) && !format!("{error:?}").contains("canary"),
            "{error:?}"
        );
    }
    let unusable = answer(201, &json!({"client_id": 1, "client_secret": "canary"})).unwrap_err();
    assert!(matches!(unusable, RegisterError::Unusable(_)) && !format!("{unusable:?}").contains("canary"));
}

#[test]
fn a_registration_is_deleted_with_its_own_token() {
    let uri = Url::parse("https://as.example/register/c").unwrap();
    let token = Secret::new("made-up");
    for (status, is_deleted) in [(204, true), (200, true), (404, true), (401, false), (405, false), (302, false)] {
        let server = Scripted::list([Ok(StubResponse::new(status, ""))]);
        assert_eq!(delete(&server, &uri, &token).is_ok(), is_deleted, "{status}");
        let sent = &server.requests()[0];
        assert_eq!(
            (&sent.method, &sent.headers["authorization"]),
            (&Method::DELETE, &"Bearer made-up".parse().unwrap())
        );
        assert!(!format!("{sent:?}").contains("made-up"));
    }
}

#[test]
fn a_registration_lives_on_the_server_that_was_asked() {
    assert!(management_uri("https://as.example/clients/c?x=1", &endpoint()).is_some());
    for other in
        ["https://evil.example/register/c", "http://as.example/c", "https://as.example:8443/c", "/register/c", ""]
    {
        assert_eq!(management_uri(other, &endpoint()), None, "{other}");
    }
}
