use super::*;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use url::Url;

use crate::protocol::authorization::AuthorizationRequest;
use crate::protocol::authorization::ResponseType;
use crate::protocol::client::ClientId;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::protocol::secret::{AuthorizationCode, ClientSecret};
use crate::protocol::time::Timestamp;
use crate::protocol::token::Grant;
use crate::protocol::token::TokenRequest;
use crate::provider::ProviderDefinition;
use crate::provider::token_prefix::TokenKind;

fn provider(toml: &str) -> Provider {
    let definition: ProviderDefinition = toml::from_str(toml).unwrap();
    Provider::new(ProviderDefinition { id: "mine".into(), ..definition }, BTreeMap::new(), None).unwrap()
}

fn authorize(toml: &str) -> String {
    let provider = provider(toml);
    let request = AuthorizationRequest {
        response_type: ResponseType::Code,
        client_id: ClientId::new("id"),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:1/cb").unwrap(),
        scope: ScopeSet::parse("a b"),
        state: "s".into(),
        code_challenge: None,
        nonce: None,
    };
    Dialect::new(&provider).authorization_url(&request).unwrap().to_string()
}

fn token_request(toml: &str) -> HttpRequest {
    let provider = provider(toml);
    let request = TokenRequest {
        client_id: ClientId::new("id:1"),
        client_secret: Some(ClientSecret::new("p w")),
        grant: Grant::AuthorizationCode {
            code: AuthorizationCode::new("c"),
            redirect_uri: "http://127.0.0.1:1/cb".into(),
            code_verifier: None,
        },
        state: Some("s".into()),
    };
    Dialect::new(&provider).encode_token_request(&request).unwrap()
}

fn body(toml: &str) -> String {
    String::from_utf8(token_request(toml).body).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

const URLS: &str = "authorize.url = 'https://a.example/auth?tenant=x'\ntoken.url = 'https://a.example/token'\n";

#[test]
fn the_resource_goes_with_every_request_and_once() {
    let with = |more: &str| format!("{URLS}api.resource = 'https://a.example/api'\n{more}");
    let resources = |text: &str| text.matches("resource=https%3A%2F%2Fa.example%2Fapi").count();
    assert_eq!((resources(&authorize(URLS)), resources(&body(URLS))), (0, 0));
    assert_eq!((resources(&authorize(&with(""))), resources(&body(&with("")))), (1, 1));
    let provider = provider(&with("refresh.params = { a = 'b' }\ndevice.url = 'https://a.example/device'"));
    let dialect = Dialect::new(&provider);
    let (client_id, state) = (ClientId::new("id"), None);
    for grant in [
        Grant::RefreshToken(crate::protocol::secret::RefreshToken::new("r")),
        Grant::ClientCredentials { scope: ScopeSet::default() },
    ] {
        let request = TokenRequest { client_id: client_id.clone(), client_secret: None, grant, state: state.clone() };
        let sent = dialect.encode_token_request(&request).unwrap().body;
        assert_eq!(resources(&String::from_utf8(sent).unwrap()), 1);
    }
    let scope = ScopeSet::default();
    let device = crate::protocol::device::DeviceAuthorizationRequest { client_id, client_secret: None, scope };
    let sent = dialect.encode_device_request(&device).unwrap().body;
    assert_eq!(resources(&String::from_utf8(sent).unwrap()), 1);
    // The definition's own word for it counts.
    let own = with("authorize.params = { resource = 'urn:x' }");
    assert!(authorize(&own).contains("resource=urn%3Ax") && resources(&authorize(&own)) == 0);
}

#[test]
fn the_authorize_url_follows_the_rfc_and_then_the_quirks() {
    let standard =
        "https://a.example/auth?tenant=x&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&response_type=code";
    assert_eq!(authorize(URLS), format!("{standard}&scope=a%20b&state=s"));
    assert_eq!(authorize(&format!("{URLS}scope.separator = ','")), format!("{standard}&scope=a%2Cb&state=s"));
    assert_eq!(
        authorize(&format!("{URLS}scope.separator = ','\nscope.encoding = 'raw'")),
        format!("{standard}&scope=a,b&state=s")
    );
    assert_eq!(authorize(&format!("{URLS}scope.encoding = 'plus'")), format!("{standard}&scope=a+b&state=s"));
    let renamed = authorize(&format!(
        "{URLS}authorize.names = {{ client_id = 'client_key' }}\nauthorize.omit = ['response_type']\nauthorize.params = {{ owner = 'user' }}"
    ));
    assert_eq!(
        renamed,
        "https://a.example/auth?tenant=x&client_key=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&scope=a%20b&state=s&owner=user"
    );
}

#[test]
fn the_token_request_is_a_form_unless_the_definition_differs() {
    // RFC 6749 §2.3.1: no credentials in the URI.
    assert_eq!(token_request(URLS).url.as_str(), "https://a.example/token");
    assert_eq!(
        body(URLS),
        "client_id=id%3A1&client_secret=p+w&grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb"
    );
    assert_eq!(
        body(&format!(
            "{URLS}token.body = 'json'\ntoken.params = {{ state = '{{state}}' }}\ntoken.omit = ['redirect_uri']"
        )),
        r#"{"client_id":"id:1","client_secret":"p w","grant_type":"authorization_code","code":"c","state":"s"}"#
    );
}

#[test]
fn basic_credentials_are_form_encoded_and_not_in_the_body() {
    let message = token_request(&format!("{URLS}token.auth = 'basic'"));
    assert_eq!(message.headers["authorization"], format!("Basic {}", BASE64_STANDARD.encode("id%3A1:p+w")));
    let body = String::from_utf8(message.body).unwrap();
    assert!(!body.contains("client_id") && !body.contains("client_secret"), "{body}");
}

#[test]
fn the_server_reads_what_the_client_writes() {
    for quirks in [
        "",
        "token.body = 'json'",
        "token.auth = 'basic'",
        "token.names = { client_id = 'appId', code = 'auth_code' }",
        "token.body = 'query'",
    ] {
        let provider = provider(&format!("{URLS}{quirks}"));
        let message = token_request(&format!("{URLS}{quirks}"));
        let header = |name: &str| message.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let params = Dialect::new(&provider)
            .read_token_request(
                message.url.query().unwrap_or_default(),
                &header("content-type").unwrap_or_default(),
                header("authorization").as_deref(),
                &message.body,
            )
            .unwrap();
        let request = TokenRequest::parse(&params).unwrap();
        assert_eq!(request.client_id.as_str(), "id:1", "{quirks}");
        assert_eq!(request.client_secret.unwrap().expose(), "p w", "{quirks}");
    }
}

#[test]
fn a_nested_reply_is_read_and_written() {
    let provider = provider(&format!("{URLS}token.response = {{ access_token = 'data.accessToken' }}"));
    let dialect = Dialect::new(&provider);
    let reply = dialect
        .decode_token_reply(201, &HeaderMap::new(), br#"{"ok":true,"data":{"accessToken":"tok"}}"#, &[], Timestamp(0))
        .unwrap();
    assert_eq!(reply.response.access_token.expose(), "tok");
    assert_eq!(reply.masked.to_string(), r#"{"ok":true,"data":{"accessToken":"[3 characters]"}}"#);
    assert_eq!(dialect.encode_token_reply(&reply.response, Timestamp(7))["data"]["accessToken"], "tok");
}

/// The refusal of a token, or the notes on it.
fn notes(toml: &str, body: &str) -> Result<Vec<String>, String> {
    let provider = provider(&format!("{URLS}{toml}"));
    let reply = Dialect::new(&provider).decode_token_reply(200, &HeaderMap::new(), body.as_bytes(), &[], Timestamp(0));
    let told = |reply: TokenReply| reply.odd_type.iter().map(ToString::to_string).collect();
    reply.map(told).map_err(|error| crate::protocol::advice::with_causes(&error))
}

#[test]
fn an_odd_type_is_noted_and_one_that_needs_a_proof_refused() {
    const NESTED: &str = "token.response = { access_token = 'user.access_token' }";
    let odd = |kind: &str| {
        format!(
            "`token_type` is `{kind}` and not `Bearer` (RFC 6749 §7.1); the token is used as a bearer token all the same"
        )
    };
    assert_eq!(notes("", r#"{"access_token":"t","token_type":"bearer"}"#), Ok(vec![]));
    assert_eq!(notes("", r#"{"access_token":"t"}"#), Ok(vec![]));
    assert_eq!(notes("", r#"{"access_token":"t","token_type":"bot"}"#), Ok(vec![odd("bot")]));
    // The type is that of the token which is taken.
    let both = |bot: &str, user: &str| {
        format!(r#"{{"access_token":"b","token_type":"{bot}","user":{{"access_token":"t","token_type":"{user}"}}}}"#)
    };
    assert_eq!(notes(NESTED, &both("DPoP", "user")), Ok(vec![odd("user")]));
    assert!(
        notes(NESTED, &both("bot", "DPoP"))
            .unwrap_err()
            .ends_with("of type `DPoP`, which needs a DPoP proof, signed anew for each request (RFC 9449)")
    );
    // A server that repeats the token as its type.
    assert_eq!(notes("", r#"{"access_token":"canary-token","token_type":"canary-token"}"#), Ok(vec![odd("[hidden]")]));

    let fragment = |kind: &str| {
        let params = Params::from_urlencoded(&format!("access_token=t&state=s&token_type={kind}"));
        Dialect::new(&provider(URLS)).decode_fragment(&params, Timestamp(0)).map(|reply| reply.odd_type.iter().count())
    };
    assert_eq!((fragment("Bearer").ok(), fragment("user").ok()), (Some(0), Some(1)));
    let refused = fragment("MAC").unwrap_err();
    assert!(crate::protocol::advice::with_causes(&refused).contains("of type `MAC`"), "{refused}");
    assert!(refused.next_step("mine").hint.unwrap().contains("choose bearer tokens"));
}

#[test]
fn a_byte_order_mark_before_a_reply_is_left_out() {
    for body in ["{\"access_token\":\"t\"}", "access_token=t&token_type=bearer"] {
        assert_eq!(notes("", &format!("\u{feff}{body}")), Ok(vec![]), "{body}");
    }
}

#[test]
fn a_given_token_is_found_in_the_providers_own_forms() {
    let provider = provider(&format!(
        "{URLS}token.response = {{ access_token = 'data.key' }}\napi.base = 'https://a.example'\n\
         api.token = [{{ in = 'header', name = 'X-Key' }}, {{ in = 'bearer', scheme = 'Zoho-oauthtoken' }}]"
    ));
    for text in [
        "x-key: t",
        "Authorization: Zoho-oauthtoken t",
        "zoho-oauthtoken t",
        r#"{"access_token":"no","data":{"key":"t"}}"#,
    ] {
        assert_eq!(Dialect::new(&provider).read_given_token(text).unwrap().token.expose(), "t", "{text}");
    }
}

#[test]
fn replies_are_refused_faulty_or_unreadable() {
    let provider = provider(URLS);
    let decode = |status, kind: &str, body: &str| {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
        let secrets = ["s3cret-s3cret"];
        Dialect::new(&provider).decode_token_reply(status, &headers, body.as_bytes(), &secrets, Timestamp(0))
    };
    use TokenReplyError::{Redirected, Refused, ServerFault, TooOften, Unreadable, Unusable};
    assert!(decode(200, FORM, "access_token=t&scope=a").is_ok());
    assert!(decode(200, "text/plain", "access_token=t").is_ok());
    assert!(decode(200, "text/html", r#"{"access_token":"t"}"#).is_ok());
    assert!(matches!(decode(400, JSON, r#"{"error":"invalid_grant"}"#), Err(Refused { .. })));
    assert!(matches!(decode(200, JSON, r#"{"error":["a"]}"#), Err(Refused { .. })));
    assert!(matches!(decode(200, FORM, "error=bad_verification_code"), Err(Refused { .. })));
    assert!(matches!(decode(503, JSON, r#"{"error":"busy"}"#), Err(ServerFault { .. })));
    assert!(matches!(decode(307, JSON, ""), Err(Redirected { .. })));
    assert!(matches!(decode(429, JSON, r#"{"error":"invalid_grant"}"#), Err(TooOften { .. })));
    assert!(matches!(decode(403, "text/html", "<html>blocked</html>"), Err(Unreadable { .. })));
    assert!(matches!(decode(200, JSON, ""), Err(Unreadable { .. })));
    assert!(matches!(decode(200, JSON, "[]"), Err(Unreadable { .. })));
    assert!(matches!(decode(200, JSON, r#"{"token_type":"bearer"}"#), Err(Unusable { .. })));
    let error = decode(400, JSON, r#"{"error":"x","echo":"s3cret-s3cret"}"#).unwrap_err().to_string();
    assert!(!error.contains("s3cret-s3cret"), "{error}");
}

#[test]
fn a_token_is_put_in_one_place_and_found_there() {
    let toml = "api.base = 'https://a.example'\napi.token = [{in='header', name='X-Api-Token'}, {in='bearer', scheme='BEARER'}, {in='query', name='t'}, {in='body', name='api_token'}]";
    let provider = provider(toml);
    let dialect = Dialect::new(&provider);
    for placement in provider.definition.token_placements() {
        let mut request = HttpRequest::new(Method::GET, Url::parse("https://a.example/x?y=1").unwrap());
        dialect.place_token(&mut request, &placement, &AccessToken::new("canary")).unwrap();
        let whole = format!(
            "{} {:?} {}",
            request.url,
            request.headers.values().map(|v| v.to_str().unwrap()).collect::<Vec<_>>(),
            String::from_utf8_lossy(&request.body)
        );
        assert_eq!(whole.matches("canary").count(), 1, "{placement}: {whole}");
        let header = |name: &str| request.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        assert_eq!(
            dialect.find_token(header, request.url.query().unwrap(), &request.body).as_deref(),
            Some("canary"),
            "{placement}"
        );
    }
    let both = |name: &str| matches!(name, "X-Api-Token" | "Authorization").then(|| "BEARER x".to_owned());
    assert_eq!(dialect.find_token(both, "", b""), None);
}

#[test]
fn a_callback_names_the_issuer_unless_it_may_be_missing() {
    let secret = ClientSecret::new("made-up");
    for (keys, named) in [
        ("", None),
        ("authorize.issuer = 'https://as.example'", Some("https://as.example")),
        ("authorize.issuer = 'https://as.example'\ncallback.iss = 'may-be-missing'", None),
    ] {
        let provider = provider(&format!("{URLS}{keys}"));
        let dialect = Dialect::new(&provider);
        let issuer = provider.issuer().filter(|_| !dialect.issuer_may_be_missing());
        let callback = dialect.write_callback(Params::new().with("code", "c"), &secret, issuer.as_deref());
        assert_eq!(callback.single("iss"), Ok(named), "{keys}");
    }
}

#[test]
fn a_client_asks_for_its_own_token_and_the_emulator_reads_it() {
    const ZOOM: &str = "token.omit = ['grant_type', 'redirect_uri']\ntoken.params = { kind = 'code' }\n\
        client_credentials = { grant_type = 'account_credentials', params = { account_id = 'a1' }, names = { scope = 'permissions' } }\n";
    for (keys, sent) in [
        ("", "client_id=id&client_secret=made-up&grant_type=client_credentials&scope=a+b"),
        (
            "token.params = { audience = 'x' }\n",
            "client_id=id&client_secret=made-up&grant_type=client_credentials&scope=a+b&audience=x",
        ),
        (ZOOM, "client_id=id&client_secret=made-up&grant_type=account_credentials&permissions=a+b&account_id=a1"),
    ] {
        let provider = provider(&format!("{URLS}{keys}"));
        let request = TokenRequest {
            client_id: ClientId::new("id"),
            client_secret: Some(ClientSecret::new("made-up")),
            grant: Grant::ClientCredentials { scope: ScopeSet::parse("a b") },
            state: None,
        };
        let dialect = Dialect::new(&provider);
        let message = dialect.encode_token_request(&request).unwrap();
        assert_eq!(String::from_utf8(message.body.clone()).unwrap(), sent, "{keys}");
        let read = dialect.read_token_request("", FORM, None, &message.body).unwrap();
        let read = TokenRequest::parse(&read).unwrap();
        assert!(matches!(read.grant, Grant::ClientCredentials { scope } if scope == ScopeSet::parse("a b")), "{keys}");
    }
}

#[test]
fn a_token_is_known_by_the_longest_prefix_that_fits() {
    let known = "token.prefixes = [{ begins = 'ab_' }, { begins = 'ab_r_', kind = 'refresh' }, \
                 { begins = 'p', kind = 'personal', length = 5 }]";
    let provider = provider(&format!("{URLS}{known}"));
    let dialect = Dialect::new(&provider);
    let kind = |token: &str| dialect.token_prefix(token).map(|prefix| prefix.kind);
    assert_eq!(kind("ab_x"), Some(TokenKind::Access));
    assert_eq!(kind("ab_r_x"), Some(TokenKind::Refresh));
    assert_eq!((kind("p1234"), kind("p12345"), kind("ab_"), kind("x")), (Some(TokenKind::Personal), None, None, None));
    assert_eq!(dialect.issued_prefix(TokenKind::Access), "ab_");
    assert_eq!(dialect.issued_prefix(TokenKind::Personal), "", "a made-up token has another length");
}
