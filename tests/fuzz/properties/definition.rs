//! A definition that a stranger wrote: it is refused with clean words, or every server in it may see secrets, every
//! request goes to those servers, and what is printed of it moves no cursor.

use std::collections::BTreeMap;

use oauthctl::testing::{
    AccessToken, Advice, AuthorizationCode, AuthorizationRequest, Catalogue, ClientId, ClientSecret, DefinitionError,
    Dialect, Endpoint, ExitCode, Grant, HttpRequest, NoFiles, Origin, Provider, ProviderDefinition, RedirectUri,
    RefreshToken, ResponseType, ScopeSet, TokenRequest, error_text, fill_params,
};
use serde_json::Value;
use url::Url;

use super::{choice, is_unseen};

/// The first byte chooses whether the rest is a provider of its own or a file over a built-in one.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = choice(data) else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let catalogue = Catalogue::new(&NoFiles, None);
    let ids = catalogue.ids();
    let id = if choice % 2 == 0 { "mine" } else { &ids[choice / 2 % ids.len()] };
    match catalogue.compose(id, Some((text, "mine.toml"))) {
        Ok(definition) => is_usable(&definition, id),
        Err(error) => is_said_cleanly(error),
    }
}

fn is_said_cleanly(error: DefinitionError) {
    let page = error_text(&error, None).to_plain();
    assert!(!page.chars().any(|c| is_unseen(c) && !matches!(c, '\n' | '\t')), "{page:?}");
    assert_eq!(error.next_step().code, ExitCode::Definition);
}

fn is_usable(definition: &ProviderDefinition, id: &str) {
    assert!(definition.id == id && !definition.name.is_empty());
    let value = serde_json::to_value(definition).expect("a definition is data");
    is_printable(&value);
    for line in definition.departures() {
        assert!(!line.key.is_empty() && !line.rfc.is_empty(), "{line:?}");
    }
    is_written_again(definition, value);

    // With the examples, as an emulated provider has them.
    let Ok(params) = fill_params(definition, &BTreeMap::new(), true) else { return };
    let Ok(provider) = Provider::new(definition.clone(), params.clone(), None) else { return };
    let endpoints = &provider.endpoints;
    let all = [&endpoints.authorize, &endpoints.token, &endpoints.refresh, &endpoints.revoke, &endpoints.introspect];
    for endpoint in all.into_iter().chain([&endpoints.api_base]).flatten() {
        may_see_secrets(endpoint.url());
    }
    goes_to_its_servers(&provider);

    let emulator = Origin::parse("http://127.0.0.1:4711").expect("an origin");
    let Ok(emulated) = Provider::new(definition.clone(), params, Some(emulator.clone())) else { return };
    let endpoints = &emulated.endpoints;
    let all = [&endpoints.authorize, &endpoints.token, &endpoints.refresh, &endpoints.revoke, &endpoints.introspect];
    assert!(all.into_iter().chain([&endpoints.api_base]).flatten().all(|endpoint| emulator.holds(endpoint.url())));
    assert_eq!(endpoints.api_origins, [emulator]);
}

fn is_printable(value: &Value) {
    match value {
        Value::String(text) => {
            assert!(!text.chars().any(|c| is_unseen(c) && !matches!(c, '\n' | '\t')), "{text:?}");
        }
        Value::Array(items) => items.iter().for_each(is_printable),
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            is_printable(&Value::from(name.as_str()));
            is_printable(value);
        }),
        _ => {}
    }
}

/// Printed as TOML and read again it is the same.
fn is_written_again(definition: &ProviderDefinition, value: Value) {
    let Ok(mut table) = toml::Table::try_from(definition) else { return };
    table.remove("id");
    let written = table.to_string();
    let mut again: ProviderDefinition = toml::from_str(&written).unwrap_or_else(|e| panic!("{e}\n{written}"));
    again.id.clone_from(&definition.id);
    assert_eq!(serde_json::to_value(&again).ok(), Some(value), "{written}");
}

fn may_see_secrets(url: &Url) {
    let host = url.host_str().expect("a host");
    let is_loopback = matches!(host, "localhost" | "[::1]" | "[::ffff:7f00:1]") || host.starts_with("127.");
    assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
}

fn goes_to_its_servers(provider: &Provider) {
    let dialect = Dialect::new(provider);
    let origins = &provider.endpoints.api_origins;
    let is_at = |request: &HttpRequest, endpoint: &Option<Endpoint>| {
        endpoint.as_ref().is_some_and(|endpoint| endpoint.origin().holds(&request.url))
    };
    let client_id = ClientId::new("made-up-id");
    let redirect_uri = RedirectUri::parse("http://127.0.0.1:8765/callback").expect("a redirect URI");
    let request = AuthorizationRequest {
        response_type: ResponseType::Code,
        client_id: client_id.clone(),
        redirect_uri: redirect_uri.clone(),
        scope: ScopeSet::parse("a b"),
        state: "a-made-up-state".to_owned(),
        code_challenge: None,
        nonce: None,
    };
    if let Ok(url) = dialect.authorization_url(&request) {
        let endpoint = provider.endpoints.authorize.as_ref().expect("an endpoint");
        assert!(endpoint.origin().holds(&url) && endpoint.url().path() == url.path(), "{url}");
        assert!(!url.as_str().contains("made-up-secret"));
    }
    let code = Grant::AuthorizationCode {
        code: AuthorizationCode::new("made-up-code"),
        redirect_uri: redirect_uri.as_str().to_owned(),
        code_verifier: None,
    };
    for grant in [code, Grant::RefreshToken(RefreshToken::new("made-up-refresh"))] {
        let is_refresh = matches!(grant, Grant::RefreshToken(_));
        let client_secret = Some(ClientSecret::new("made-up-secret"));
        let request = TokenRequest { client_id: client_id.clone(), client_secret, grant, state: None };
        if let Ok(message) = dialect.encode_token_request(&request) {
            let endpoints = &provider.endpoints;
            let endpoint =
                if is_refresh && endpoints.refresh.is_some() { &endpoints.refresh } else { &endpoints.token };
            assert!(is_at(&message, endpoint), "{}", message.url);
        }
    }
    let revoked = dialect.encode_revocation("made-up-token", "access_token", Some(&client_id), None);
    if let Ok(Some(message)) = revoked {
        assert!(is_at(&message, &provider.endpoints.revoke), "{}", message.url);
    }
    let Some(base) = &provider.endpoints.api_base else { return };
    for placement in provider.definition.token_placements() {
        let mut request = HttpRequest::new(http::Method::GET, base.url().clone());
        let placed = dialect.complete_request(&mut request).is_ok()
            && dialect.place_token(&mut request, &placement, &AccessToken::new("made-up-token")).is_ok();
        assert!(origins.iter().any(|origin| origin.holds(&request.url)), "{}", request.url);
        if placed {
            let shown = format!("{:?}", request.headers);
            assert!(!shown.contains("made-up-token"), "{shown}");
        }
    }
}
