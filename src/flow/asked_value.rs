//! Values of parameters that are asked from the API, once, with the token of a new login.
//!
//! They belong to the login like the values that its callback or its token reply carries (`provider::captured`). The token
//! goes only to servers that the login has sent secrets to, or that the API's token goes to anyway. A value that does not
//! come is no reason to lose the login: what needs it says so, and it can be named by hand.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::protocol::client::ClientId;
use crate::protocol::secret::AccessToken;
use crate::protocol::{json, member};
use crate::provider::{Dialect, Endpoint, Provider};
use crate::system::http::{Brief, HttpClient, MAX_REPLY};

/// Returns the provider with the values that were missing.
pub fn complete(
    http: &dyn HttpClient,
    provider: &Provider,
    client_id: Option<&ClientId>,
    token: &AccessToken,
) -> Provider {
    let mut whole = provider.with_client(client_id);
    let mut replies: BTreeMap<String, Option<Value>> = BTreeMap::new();
    let definition = provider.definition.clone();
    for (name, from) in definition.params.iter().filter_map(|(name, param)| Some((name, param.from_api.as_ref()?))) {
        // An earlier value may complete the address of a later one.
        let Some(endpoint) = whole.endpoints.asked.get(name).filter(|_| !whole.params.contains_key(name)) else {
            continue;
        };
        let reply = replies
            .entry(format!("{endpoint} {}", from.scheme.as_deref().unwrap_or_default()))
            .or_insert_with(|| ask(http, &whole, name, endpoint, token));
        let value = reply.as_ref().and_then(|reply| member::scalar(&from.path, json::at(reply, &from.path)).ok()?);
        let captured = value.map(|value| BTreeMap::from([(name.clone(), value)]));
        if let Some(Ok(complete)) = captured.map(|captured| whole.with_captured(&captured)) {
            whole = complete;
        }
    }
    whole
}

fn ask(http: &dyn HttpClient, provider: &Provider, name: &str, at: &Endpoint, token: &AccessToken) -> Option<Value> {
    if !provider.endpoints.serve(at.url()) {
        return None;
    }
    let request = Dialect::new(provider).encode_value_request(name, at, token).ok()?;
    let reply = Brief(http).send(&request).ok().filter(|reply| reply.status == 200)?;
    json::parse(&reply.read(MAX_REPLY).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, StubResponse, provider_of};

    const KEYS: &str = "authorize.url = 'https://login.shop.test/a'\ntoken.url = 'https://login.shop.test/t'\n\
        api.base = 'https://{dc}.api.shop.test/v3'\napi.headers = { X-Team = '{team}', X-App = '{client_id}' }\n\
        params.dc.from_api = { url = 'https://login.shop.test/metadata', path = 'dc', scheme = 'OAuth' }\n\
        params.team.from_api = { url = 'https://{dc}.api.shop.test/teams', path = '0.id' }\n";

    fn run(replies: &[(u16, &str)], given: &[(&str, &str)]) -> (Provider, Vec<(String, String)>) {
        let provider = provider_of(KEYS, given);
        let http = Scripted::list(replies.iter().map(|(status, body)| Ok(StubResponse::new(*status, *body))));
        let whole = complete(&http, &provider, Some(&ClientId::new("id")), &AccessToken::new("canary"));
        let told = |request: &crate::protocol::message::HttpRequest| {
            assert_eq!(request.headers["x-app"], "id");
            (request.url.to_string(), request.headers["authorization"].to_str().unwrap().to_owned())
        };
        (whole, http.requests().iter().map(told).collect())
    }

    #[test]
    fn a_value_is_asked_for_and_may_lead_to_the_next() {
        let (whole, sent) = run(&[(200, r#"{"dc":"us6"}"#), (200, r#"[{"id":"T_1"}]"#)], &[]);
        let expected = [
            ("https://login.shop.test/metadata", "OAuth canary"),
            ("https://us6.api.shop.test/teams", "Bearer canary"),
        ];
        assert_eq!(sent, expected.map(|(url, header)| (url.to_owned(), header.to_owned())));
        assert_eq!(whole.api_base().unwrap().to_string(), "https://us6.api.shop.test/v3");
        assert_eq!(whole.params["team"], "T_1");
    }

    #[test]
    fn a_value_that_was_typed_is_not_asked_for() {
        let (whole, sent) = run(&[], &[("dc", "eu1"), ("team", "t2")]);
        assert_eq!((whole.params["dc"].as_str(), sent.len()), ("eu1", 0));
    }

    #[test]
    fn a_value_that_does_not_come_leaves_the_login_as_it_is() {
        for (status, body) in [(401, "{}"), (200, "<p>"), (200, "{}"), (302, ""), (200, r#"{"dc":"evil.test/"}"#)] {
            let (whole, sent) = run(&[(status, body)], &[]);
            assert!(whole.params.is_empty() && sent.len() == 1 && whole.api_base().is_err(), "{status} {body}");
        }
    }
}
