//! One request to the token endpoint and its reply (RFC 6749 §3.2).
//!
//! It is sent once. A code can be used only once, and some providers revoke its token when the code is sent again. So
//! there is no retry, neither after a timeout nor with another way to authenticate.

use http::HeaderMap;

use super::FlowError;
use super::refusal::{Asked, NoToken, Sent};
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, NotATokenResponse, TokenRequest};
use crate::protocol::{mask, uuid};
use crate::provider::dialect::{TokenReply, TokenReplyError};
use crate::provider::{Dialect, Provider};
use crate::system::entropy::{OsEntropy, random};
use crate::system::http::{HttpClient, MAX_REPLY};

pub fn request_token(
    http: &dyn HttpClient,
    provider: &Provider,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let dialect = Dialect::new(provider);
    let message = dialect.encode_token_request(request)?;
    let asked = match request.grant {
        Grant::RefreshToken(_) | Grant::NarrowerToken { .. } => Asked::Refresh,
        Grant::TokenExchange(_) => Asked::Exchange,
        _ => Asked::Token,
    };
    exchange(http, provider, request, &message, asked, |reply| {
        let read = match &request.grant {
            Grant::RefreshToken(token) if dialect.refresh_extends() => {
                dialect.decode_extension(reply.status, &reply.headers, reply.body, token, reply.secrets, now)?
            }
            _ => dialect.decode_token_reply(reply.status, &reply.headers, reply.body, reply.secrets, now)?,
        };
        // A rotated refresh token must not be lost because another member is malformed: the member is
        // reported, and the token is kept.
        if asked == Asked::Refresh { Ok(read) } else { reply.whole(read) }
    })
}

/// A reply of the token endpoint, before it is read.
pub struct RawReply<'a> {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: &'a [u8],
    /// Those of the request, which must not be shown if the server repeats them.
    pub secrets: &'a [&'a str],
}

impl RawReply<'_> {
    /// Refuses a token beside which a member is of the wrong kind.
    pub fn whole(&self, read: TokenReply) -> Result<TokenReply, TokenReplyError> {
        match read.malformed {
            Some(wrong) => Err(TokenReplyError::Unusable {
                status: self.status,
                reply: mask::unread_reply(self.body, self.secrets),
                source: NotATokenResponse::Malformed(wrong),
            }),
            None => Ok(read),
        }
    }
}

/// Sends one message to the token endpoint, and reads its reply.
pub fn exchange<T>(
    http: &dyn HttpClient,
    provider: &Provider,
    request: &TokenRequest,
    message: &HttpRequest,
    asked: Asked,
    read: impl FnOnce(RawReply<'_>) -> Result<T, TokenReplyError>,
) -> Result<T, FlowError> {
    let reply = http.send(&with_random(provider, message)?).map_err(FlowError::TokenRequest)?;
    let (status, headers) = (reply.status, reply.headers.clone());
    let body = zeroize::Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::TokenRequest)?);
    read(RawReply {
        status,
        headers,
        body: &body,
        secrets: &[secrets_of(request), provider.further_secrets().collect()].concat(),
    })
    .map_err(|reply| {
        let sent = Sent::by_us(asked, provider, message, request.client_secret.is_some());
        NoToken { provider: provider.id().to_owned(), sent: Some(sent), reply }.into()
    })
}

/// Returns the message with a random value of its own where the provider wants one.
pub fn with_random(provider: &Provider, message: &HttpRequest) -> Result<HttpRequest, FlowError> {
    let (dialect, mut message) = (Dialect::new(provider), message.clone());
    if dialect.sends_random() {
        // It is no secret, and only has to be another one.
        dialect.put_random(&mut message, &uuid::from_random(random(&OsEntropy)?))?;
    }
    Ok(message)
}

/// Returns the secrets that must not be shown if the server repeats them.
fn secrets_of(request: &TokenRequest) -> Vec<&str> {
    let mut secrets: Vec<&str> = request.client_secret.iter().map(ClientSecret::expose).collect();
    secrets.extend(request.state.as_deref());
    match &request.grant {
        Grant::AuthorizationCode { code, code_verifier, .. } => {
            secrets.push(code.expose());
            secrets.extend(code_verifier.iter().map(|verifier| verifier.expose()));
        }
        Grant::RefreshToken(token) | Grant::NarrowerToken { refresh_token: token, .. } => secrets.push(token.expose()),
        Grant::DeviceCode(code) => secrets.push(code.expose()),
        Grant::TokenExchange(token) => secrets.push(token.expose()),
        Grant::ClientCredentials { .. } => {}
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, StubResponse, broken, provider};
    use crate::protocol::client::ClientId;
    use crate::protocol::pkce::CodeVerifier;
    use crate::protocol::secret::{AuthorizationCode, RefreshToken};
    use crate::system::http::HttpError;

    fn code() -> Grant {
        Grant::AuthorizationCode {
            code: AuthorizationCode::new("canary-code"),
            redirect_uri: "http://127.0.0.1:1/cb".into(),
            code_verifier: CodeVerifier::parse(&"canary-verifier".repeat(3)),
        }
    }

    /// Returns the result and the number of requests. Without a status the connection breaks.
    fn ask(grant: Grant, status: Option<u16>, body: &str) -> (Result<TokenReply, FlowError>, usize) {
        let http = Scripted::new(|_| status.map(|status| StubResponse::new(status, body)).ok_or_else(broken));
        let request = TokenRequest {
            client_id: ClientId::new("id"),
            client_secret: Some(ClientSecret::new("canary-secret")),
            grant,
            state: Some("canary-state".to_owned()),
        };
        let reply = request_token(&http, &provider(""), &request, Timestamp(0));
        (reply, http.requests().len())
    }

    #[test]
    fn a_request_is_sent_once_for_any_reply() {
        for status in [None, Some(200), Some(302), Some(307), Some(400), Some(401), Some(429), Some(500), Some(503)] {
            let (reply, requests) = ask(code(), status, r#"{"error":"invalid_client"}"#);
            assert!(reply.is_err() && requests == 1, "{status:?}: {requests}");
        }
    }

    #[test]
    fn a_malformed_member_fails_a_login_but_loses_no_refresh() {
        let body = r#"{"access_token":"new","refresh_token":"rotated","scope":{"a":1},"token_type":7}"#;
        let Err(FlowError::TokenReply(no_token)) = ask(code(), Some(200), body).0 else { panic!("it was accepted") };
        let TokenReplyError::Unusable { source, .. } = no_token.reply else { panic!("{no_token}") };
        assert!(source.to_string().contains("`scope` is malformed"), "{source}");
        let reply = ask(Grant::RefreshToken(RefreshToken::new("old")), Some(200), body).0.unwrap();
        assert_eq!(reply.malformed.unwrap().member, "scope");
        assert_eq!(reply.response.refresh_token.unwrap().expose(), "rotated");
    }

    #[test]
    fn a_reply_is_read_up_to_a_mebibyte() {
        let token = r#"{"access_token":"t"}"#;
        let padded = |length: usize| token.to_owned() + &" ".repeat(length - token.len());
        assert!(ask(code(), Some(200), &padded(1024 * 1024)).0.is_ok());
        let (reply, _) = ask(code(), Some(200), &padded(1024 * 1024 + 1));
        assert!(matches!(reply, Err(FlowError::TokenRequest(HttpError::TooLarge { .. }))));
    }

    #[test]
    fn a_secret_that_the_server_repeats_is_not_shown() {
        let renewal = || Grant::RefreshToken(RefreshToken::new("canary-refresh"));
        let verifier = "canary-verifier".repeat(3);
        let sent = ["canary-secret", "canary-state", "canary-code", &verifier];
        let repeats = sent.map(|secret| (code(), secret)).into_iter().chain([(renewal(), "canary-refresh")]);
        for (grant, secret) in repeats {
            let said = format!(r#"{{"error":"invalid_grant","error_description":"no, {secret} is not known"}}"#);
            for status in [400, 500] {
                let error = anyhow::Error::new(ask(grant.clone(), Some(status), &said).0.unwrap_err());
                let shown = format!("{error:#} {error:?}");
                assert!(shown.contains("is not known") && !shown.contains("canary"), "{shown}");
            }
        }
    }

    #[test]
    fn each_token_request_carries_another_random_value() {
        let http = Scripted::new(|_| Ok(StubResponse::new(200, r#"{"access_token":"t"}"#)));
        let provider = provider("token.headers.X-Id = 'id {random}'");
        let request = TokenRequest { client_id: ClientId::new("id"), client_secret: None, grant: code(), state: None };
        for _ in 0..2 {
            request_token(&http, &provider, &request, Timestamp(0)).unwrap();
        }
        let ids: Vec<_> = http.requests().iter().map(|sent| sent.headers["x-id"].clone()).collect();
        assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 39), "{ids:?}");
    }
}
