//! Replies as the providers' guides print them, and as other servers are known to send them: what is right, as opposed
//! to what both of our ends agree on.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};
use oauthctl::testing::{
    AuthorizationResponse, Catalogue, Dialect, NoFiles, Params, Provider, ProviderDefinition, ResponseType, ScopeSet,
    Timestamp, TokenReply, TokenReplyError,
};

const NOW: Timestamp = Timestamp(1_750_701_224);

/// With the example values of its own definition.
fn provider(id: &str) -> Provider {
    let catalogue = Catalogue::new(&NoFiles, None);
    let params = catalogue.get(id).unwrap().params;
    let given: BTreeMap<String, String> =
        params.into_iter().map(|(name, param)| (name, param.example.unwrap())).collect();
    catalogue.resolve(id, &given).unwrap()
}

fn with(definition: &str) -> Provider {
    let definition: ProviderDefinition = toml::from_str(definition).unwrap();
    Provider::new(definition, BTreeMap::new(), None).unwrap()
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

struct Recorded {
    status: u16,
    content_type: String,
    body: String,
}

fn recorded(name: &str) -> Recorded {
    let text = fixture(name);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let content_type = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default().to_owned();
    Recorded { status, content_type, body: body.to_owned() }
}

fn decode(provider: &Provider, name: &str) -> Result<TokenReply, TokenReplyError> {
    let Recorded { status, content_type, body } = recorded(name);
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
    Dialect::new(provider).decode_token_reply(status, &headers, body.as_bytes(), &[], NOW)
}

fn refusal(provider: &Provider, name: &str) -> String {
    match decode(provider, name) {
        Err(TokenReplyError::Refused { error, .. }) => error.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn judgemes_token_is_permanent_and_always_has_the_public_scope() {
    let response = decode(&provider("judgeme"), "judgeme/token.http").unwrap().response;
    assert!(response.access_token.expose().ends_with("made0001"));
    assert_eq!(response.scope.unwrap().to_string(), "read_products write_products public");
    assert_eq!((response.expires_in, response.refresh_token), (None, None));
    assert!(provider("judgeme").definition.never_expires());
}

#[test]
fn judgemes_denial_is_one_whatever_its_status() {
    let judgeme = provider("judgeme");
    let dialect = Dialect::new(&judgeme);
    for name in ["judgeme/denied.http", "judgeme/denied_with_200.http"] {
        let Recorded { status, body, .. } = recorded(name);
        assert!(dialect.is_denial(status, body.as_bytes()), "{name}");
    }
    let other = [
        ("judgeme/webhook_plan.http", "Shop is not awesome. Please upgrade to create webhooks."),
        ("judgeme/webhook_twice.http", "Key and Url duplicated"),
    ];
    for (name, words) in other {
        let Recorded { status, body, .. } = recorded(name);
        assert!(!dialect.is_denial(status, body.as_bytes()), "{name}");
        assert_eq!(dialect.api_error(body.as_bytes()).as_deref(), Some(words));
    }
}

#[test]
fn storehippos_token_lives_as_long_as_the_client_is_installed() {
    let response = decode(&provider("storehippo"), "storehippo/token.http").unwrap().response;
    assert_eq!((response.expires_in, response.refresh_token), (None, None));
    assert!(provider("storehippo").definition.never_expires());
}

#[test]
fn goodsies_expiry_and_refresh_token_are_ignored() {
    let response = decode(&provider("goodsie"), "goodsie/token.http").unwrap().response;
    assert_eq!(response.access_token.expose(), "made000009");
    assert_eq!(response.scope.unwrap().to_string(), "storefront");
    assert_eq!((response.expires_in, response.refresh_token), (None, None));
}

#[test]
fn goodsies_denial_is_told_in_its_words() {
    let params = Params::from_urlencoded(&fixture("goodsie/denied_callback.txt"));
    let Ok(AuthorizationResponse::Error(error)) = AuthorizationResponse::parse(&params, ResponseType::Code) else {
        panic!("this is a denial: {params:?}")
    };
    let words = "the server said: access_denied: \"The user declined to authorize the application\"";
    assert_eq!(error.to_string(), words);
}

#[test]
fn smithcarts_fragment_is_a_token_without_a_refresh_token() {
    let params = Params::from_urlencoded(&format!("{}&refresh_token=never", fixture("smithcart/fragment.txt")));
    let response = Dialect::new(&provider("smithcart")).decode_fragment(&params, NOW).unwrap().response;
    assert_eq!(response.access_token.expose(), "made.up.token");
    assert_eq!(response.expires_in, Some(Duration::from_secs(3600)));
    assert_eq!(response.scope.unwrap().to_string(), "private");
    assert_eq!(response.refresh_token, None);
}

#[test]
fn glus_token_ends_in_an_hour_and_its_refusals_come_with_a_hint() {
    let glu = provider("glu");
    let response = decode(&glu, "glu/token.http").unwrap().response;
    assert_eq!(response.expires_in, Some(Duration::from_secs(3600)));
    assert!(response.refresh_token.unwrap().expose().starts_with("def50200"));
    let words = refusal(&glu, "glu/refused.http");
    assert!(words.starts_with("the server said: invalid_grant: \"The provided authorization grant (e.g.,"), "{words}");
    assert!(words.ends_with("(Authorization code has expired)"), "{words}");
}

#[test]
fn githubs_scopes_have_commas_and_its_failures_status_200() {
    let github = provider("github");
    let response = decode(&github, "github/token.http").unwrap().response;
    assert_eq!(response.access_token.expose(), "gho_made000001");
    assert_eq!((response.scope.unwrap(), response.expires_in), (ScopeSet::parse("repo gist"), None));
    let response = decode(&github, "github/token_of_an_app.http").unwrap().response;
    assert_eq!(response.expires_in, Some(Duration::from_secs(8 * 3600)));
    assert!(response.refresh_token.unwrap().expose().starts_with("ghr_"));
    let words = refusal(&github, "github/refused.http");
    assert!(words.contains("bad_verification_code: \"The code passed is incorrect or expired.\""), "{words}");
    let dialect = Dialect::new(&github);
    for (name, is_denial) in [("github/denied.http", true), ("github/rate_limited.http", false)] {
        let Recorded { status, body, .. } = recorded(name);
        assert_eq!(dialect.is_denial(status, body.as_bytes()), is_denial, "{name}");
    }
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-oauth-scopes"), "repo, user".parse().unwrap())]);
    assert_eq!(dialect.listed_scopes(&headers).unwrap().scopes, ScopeSet::parse("repo user"));
}

#[test]
fn shopifys_tokens_end_and_it_denies_in_two_ways() {
    let shopify = provider("shopify");
    let response = decode(&shopify, "shopify/token.http").unwrap().response;
    assert_eq!(response.scope.unwrap(), ScopeSet::parse("write_products read_orders"));
    assert_eq!(response.expires_in, Some(Duration::from_secs(3600)));
    assert!(response.refresh_token.unwrap().expose().starts_with("shprt_"));
    let response = decode(&shopify, "shopify/token_of_the_client.http").unwrap().response;
    assert_eq!((response.expires_in, response.refresh_token), (Some(Duration::from_secs(86_399)), None));
    let dialect = Dialect::new(&shopify);
    for (name, is_denial, words) in [
        ("denied", true, "[API] This action requires merchant approval for read_locations scope."),
        ("denied_graphql", true, "Access denied for products field."),
        ("wrong_query", false, "Field 'nme' doesn't exist on type 'Shop'"),
    ] {
        let Recorded { status, body, .. } = recorded(&format!("shopify/{name}.http"));
        assert_eq!(dialect.is_denial(status, body.as_bytes()), is_denial, "{name}");
        assert_eq!(dialect.api_error(body.as_bytes()).as_deref(), Some(words));
    }
    // The document's example.
    let list = r#"{"access_scopes":[{"handle":"write_product_listings"},{"handle":"read_shipping"}]}"#;
    let scopes = dialect.scopes_list().unwrap().scopes_in(&serde_json::from_str(list).unwrap());
    assert_eq!(scopes, Some(ScopeSet::parse("write_product_listings read_shipping")));
}

#[test]
fn odd_replies_are_read_as_they_are_meant() {
    let plain = with("");
    let read = |name: &str| decode(&plain, name).unwrap_or_else(|error| panic!("{name}: {error:?}")).response;
    let hour = Some(Duration::from_secs(3600));
    assert_eq!(read("odd/no_token_type.http").token_type, None);
    assert_eq!(read("odd/expires_in_as_text.http").expires_in, hour);
    assert_eq!(read("odd/expires_in_as_float.http").expires_in, hour);
    assert_eq!(read("odd/jwt_without_expires_in.http").expires_in, hour);
    for name in ["odd/scope_as_array.http", "odd/scope_with_commas.http", "odd/form.http"] {
        assert_eq!(read(name).scope.unwrap().to_string(), "a b", "{name}");
    }
    for name in ["odd/error_with_200.http", "odd/error_as_form_with_200.http"] {
        let words = "the server said: bad_verification_code: \"The code passed is incorrect or expired.\"";
        assert_eq!(refusal(&plain, name), words, "{name}");
    }
}

#[test]
fn a_reply_of_another_shape_is_read_where_the_definition_says() {
    let nested = with(
        "token.response = { access_token = 'authed_user.access_token', scope = 'authed_user.scope' }\n\
         token.ok = { path = 'ok', equals = 'true' }\ntoken.error = ['error']",
    );
    assert_eq!(decode(&nested, "odd/nested.http").unwrap().response.scope.unwrap().to_string(), "a b");
    assert_eq!(refusal(&nested, "odd/not_ok.http"), "the server said: invalid_code");
    let renamed =
        with("token.response = { access_token = 'token', refresh_token = 'refreshToken', expires_at = 'expiresAt' }");
    let response = decode(&renamed, "odd/status_201.http").unwrap().response;
    assert_eq!(response.refresh_token.unwrap().expose(), "r");
    let end = NOW.plus(response.expires_in.unwrap());
    assert_eq!(end.to_string(), "2026-11-21T22:00:00Z");
}
