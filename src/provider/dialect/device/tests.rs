use serde_json::json;

use super::*;
use crate::protocol::client::ClientId;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{ClientSecret, DeviceCode};
use crate::provider::{Provider, ProviderDefinition};

fn provider(keys: &str) -> Provider {
    let definition: ProviderDefinition = toml::from_str(&format!(
        "token.url = 'https://as.example/token'\ndevice.url = 'https://as.example/device'\n{keys}"
    ))
    .unwrap();
    Provider::new(definition, Default::default(), None).unwrap()
}

fn decode(keys: &str, status: u16, body: &str) -> Result<DeviceAuthorizationResponse, DeviceReplyError> {
    let provider = provider(keys);
    let secrets = ["canary-secret"];
    Dialect::new(&provider).decode_device_reply(status, &HeaderMap::new(), body.as_bytes(), &secrets, Timestamp(0))
}

#[test]
fn a_reply_is_read_at_the_places_of_the_definition() {
    let keys = "device.response = { verification_uri = 'verification_url', device_code = 'data.code' }";
    let body = r#"{"data":{"code":"d"},"user_code":"AB","verification_url":"https://as.example/d","interval":"9"}"#;
    let read = decode(keys, 200, body).unwrap();
    assert_eq!((read.device_code.expose(), read.verification_uri.as_str()), ("d", "https://as.example/d"));
    assert_eq!(read.interval.as_secs(), 9);
    let written = Dialect::new(&provider(keys)).encode_device_reply(&read);
    assert_eq!(decode(keys, 200, &written.to_string()).unwrap(), read);
}

#[test]
fn a_reply_without_codes_says_why() {
    let form = "device_code=d&user_code=AB&verification_uri=https%3A%2F%2Fas.example%2Fd";
    for (status, body, told, code) in [
        (200, "{}", "contains no usable code", ExitCode::Network),
        (200, "<p>a proxy's page", "was not understood", ExitCode::Network),
        (200, r#"{"error":"unauthorized_client"}"#, "answered with status", ExitCode::Refused),
        (400, r#"{"error":"invalid_scope"}"#, "answered with status", ExitCode::Refused),
        (
            401,
            r#"{"error":"invalid_client","error_description":"canary-secret"}"#,
            "answered with status",
            ExitCode::Refused,
        ),
        (404, "not here", "was not understood", ExitCode::Network),
        (302, "", "a redirect to nowhere", ExitCode::Refused),
        (429, "", "status 429", ExitCode::Network),
        (503, "", "status 503", ExitCode::Network),
    ] {
        let error = decode("", status, body).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(told) && !shown.contains("canary"), "{status} {body}: {shown}");
        assert_eq!(error.next_step("mine").code, code, "{shown}");
    }
    assert_eq!(decode("", 200, form).unwrap().user_code, "AB");
}

#[test]
fn the_client_authenticates_as_at_the_token_endpoint() {
    let request = DeviceAuthorizationRequest {
        client_id: ClientId::new("id"),
        client_secret: Some(ClientSecret::new("s")),
        scope: ScopeSet::parse("read"),
    };
    for (keys, body, basic) in [
        ("token.auth = 'basic'", "scope=read", true),
        ("token.auth = 'body'", "client_id=id&client_secret=s&scope=read", false),
        ("token.auth = 'none'", "client_id=id&scope=read", false),
        ("token.body = 'json'\ntoken.auth = 'none'", r#"{"client_id":"id","scope":"read"}"#, false),
    ] {
        let provider = provider(keys);
        let message = Dialect::new(&provider).encode_device_request(&request).unwrap();
        assert_eq!(String::from_utf8(message.body.clone()).unwrap(), body);
        assert_eq!(message.headers.contains_key("authorization"), basic, "{keys}");
        assert_eq!(message.url.as_str(), "https://as.example/device");
        let header = |name: &str| message.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let (kind, authorization) = (header("content-type").unwrap(), header("authorization"));
        let read =
            Dialect::new(&provider).read_device_request("", &kind, authorization.as_deref(), &message.body).unwrap();
        assert_eq!((read.single("client_id"), read.single("scope")), (Ok(Some("id")), Ok(Some("read"))), "{keys}");
    }
}

#[test]
fn both_ends_agree_on_polls_and_their_errors() {
    let keys = "device.grant = 'device_code'\ntoken.names = { device_code = 'code' }\ntoken.auth = 'none'\n";
    let provider_of = |more: &str| provider(&format!("{keys}{more}"));
    let request = TokenRequest {
        client_id: ClientId::new("id"),
        client_secret: None,
        grant: crate::protocol::token::Grant::DeviceCode(DeviceCode::new("d")),
        state: None,
    };
    let known = provider_of("");
    let message = Dialect::new(&known).encode_device_poll(&request, "AB", "").unwrap();
    let form = "application/x-www-form-urlencoded";
    let read = Dialect::new(&known).read_token_request("", form, None, &message.body).unwrap();
    assert!(matches!(TokenRequest::parse(&read).unwrap().grant, crate::protocol::token::Grant::DeviceCode(_)));

    for more in [
        "",
        "device.errors = { authorization_pending = '400', slow_down = '429', access_denied = 'declined', expired_token = '410' }",
        "device.error = ['error.code']\ndevice.errors = { slow_down = '7' }",
    ] {
        let provider = provider_of(more);
        let dialect = Dialect::new(&provider);
        for code in ["authorization_pending", "slow_down", "access_denied", "expired_token"] {
            let (status, body) = dialect.encode_poll_error(&ErrorResponse::new(code));
            let read = dialect.poll_error(status, Some(&body));
            assert_eq!(read.as_deref(), Some(code), "{more}: {status} {body}");
        }
    }
    assert_eq!(Dialect::new(&known).poll_error(200, Some(&json!({"access_token": "t"}))), None);
}
