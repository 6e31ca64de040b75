//! The second exchange of a login: its token for another one at once, such as one that lives longer (RFC 8693).
//!
//! The first token is spent for it. If the exchange fails, so does the login: a login with the first token would end
//! within the hour, and nobody had been told.

use super::FlowError;
use super::token_endpoint::request_token;
use crate::protocol::client::ClientId;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider};
use crate::system::http::HttpClient;

/// Returns the reply with the token to keep: the first one where there is no second exchange.
pub fn follow(
    http: &dyn HttpClient,
    provider: &Provider,
    client_id: &ClientId,
    client_secret: Option<&ClientSecret>,
    first: TokenReply,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    if !Dialect::new(provider).exchanges_its_token() {
        return Ok(first);
    }
    let request = TokenRequest {
        client_id: client_id.clone(),
        client_secret: client_secret.cloned(),
        grant: Grant::TokenExchange(first.response.access_token.clone()),
        state: None,
    };
    let mut second = request_token(http, provider, &request, now)?;
    // What the second reply leaves out is as the first said.
    let response = &mut second.response;
    response.scope = response.scope.take().or(first.response.scope);
    if response.refresh_token.is_none() {
        response.refresh_token = first.response.refresh_token;
        response.refresh_expires_in = first.response.refresh_expires_in;
    }
    second.captured = first.captured.into_iter().chain(second.captured).collect();
    second.oddities.extend(first.oddities);
    Ok(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, StubResponse, provider};
    use crate::protocol::params::Params;

    const KEYS: &str = "token.auth = 'body'\nexchange.url = 'https://graph.example/access_token'\nexchange.method = 'GET'\n\
        exchange.grant_type = 'long_token'\nexchange.names.subject_token = 'access_token'\n\
        exchange.omit = ['client_id', 'subject_token_type']\nparams.user.from_token = 'user_id'\n";

    fn first(provider: &Provider) -> TokenReply {
        let body =
            br#"{"access_token":"short-lived-token","scope":"a b","user_id":17841400000000001,"expires_in":3600}"#;
        Dialect::new(provider).decode_token_reply(200, &Default::default(), body, &[], Timestamp(0)).unwrap()
    }

    #[test]
    fn the_token_is_exchanged_and_the_rest_is_kept() {
        let provider = provider(KEYS);
        let http = Scripted::list([Ok(StubResponse::new(200, r#"{"access_token":"long","expires_in":5184000}"#))]);
        let (id, secret) = (ClientId::new("id"), ClientSecret::new("made-up"));
        let kept = follow(&http, &provider, &id, Some(&secret), first(&provider), Timestamp(0)).unwrap();
        let sent = http.requests().remove(0);
        assert_eq!((sent.method.as_str(), sent.body.len()), ("GET", 0));
        let query: Vec<(String, String)> = Params::from_urlencoded(sent.url.query().unwrap())
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let pairs = [("client_secret", "made-up"), ("grant_type", "long_token"), ("access_token", "short-lived-token")];
        assert_eq!(query, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(kept.response.access_token.expose(), "long");
        assert_eq!(kept.response.scope.unwrap().to_string(), "a b");
        assert_eq!(kept.captured["user"], "17841400000000001", "a number is a value as it is written");
    }

    #[test]
    fn without_a_second_exchange_nothing_is_sent() {
        let provider = provider("");
        let http = Scripted::list([]);
        let kept = follow(&http, &provider, &ClientId::new("id"), None, first(&provider), Timestamp(0)).unwrap();
        assert_eq!(kept.response.access_token.expose(), "short-lived-token");
        assert!(http.requests().is_empty());
    }

    #[test]
    fn a_refused_exchange_shows_no_token() {
        let provider = provider(KEYS);
        let said = r#"{"error":"invalid_grant","error_description":"short-lived-token is unknown, made-up"}"#;
        let http = Scripted::list([Ok(StubResponse::new(400, said))]);
        let secret = ClientSecret::new("made-up");
        let error = follow(&http, &provider, &ClientId::new("id"), Some(&secret), first(&provider), Timestamp(0));
        let shown = format!("{:#}", anyhow::Error::new(error.unwrap_err()));
        assert!(
            shown.contains("is unknown") && !shown.contains("short-lived") && !shown.contains("made-up"),
            "{shown}"
        );
    }
}
