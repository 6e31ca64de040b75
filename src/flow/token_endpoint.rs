//! One request to the token endpoint and its reply (RFC 6749 §3.2).
//!
//! It is sent once. A code can be used once, and some providers disable the token that they gave for it when it comes
//! a second time; so there is no second try, neither after a timeout nor with another way to authenticate.

use super::FlowError;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider};
use crate::system::http::{HttpClient, MAX_REPLY};

pub fn request_token(
    http: &dyn HttpClient,
    provider: &Provider,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let dialect = Dialect::new(provider);
    let message = dialect.encode_token_request(request)?;
    let reply = http.send(&message).map_err(FlowError::TokenRequest)?;
    let (status, headers) = (reply.status, reply.headers.clone());
    let body = zeroize::Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::TokenRequest)?);
    dialect
        .decode_token_reply(status, &headers, &body, &secrets_of(request), now)
        .map_err(|source| FlowError::TokenReply { provider: provider.id().to_owned(), source })
}

/// What must not be shown if the server repeats it.
fn secrets_of(request: &TokenRequest) -> Vec<&str> {
    let mut secrets: Vec<&str> = request.client_secret.iter().map(ClientSecret::expose).collect();
    secrets.extend(request.state.as_deref());
    match &request.grant {
        Grant::AuthorizationCode { code, code_verifier, .. } => {
            secrets.push(code.expose());
            secrets.extend(code_verifier.iter().map(|verifier| verifier.expose()));
        }
        Grant::RefreshToken(token) => secrets.push(token.expose()),
        Grant::ClientCredentials { .. } => {}
    }
    secrets
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Cursor, Read};
    use std::sync::Mutex;

    use super::*;
    use crate::protocol::client::ClientId;
    use crate::protocol::message::HttpRequest;
    use crate::protocol::secret::AuthorizationCode;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;
    use crate::system::http::{HttpError, HttpReply, Reason, Upload};

    /// Gives every request the same answer, and counts them. No status is a connection that breaks.
    struct Same {
        status: Option<u16>,
        body: String,
        requests: Mutex<usize>,
    }

    impl HttpClient for Same {
        fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
            *self.requests.lock().unwrap() += 1;
            let body: Box<dyn Read + Send> = Box::new(Cursor::new(self.body.clone()));
            let reply = |status| HttpReply::new(status, http::HeaderMap::new(), body, &request.url);
            let broken = || HttpError::Broken { origin: String::new(), source: Reason("made up".to_owned()) };
            self.status.map(reply).ok_or_else(broken)
        }

        fn stream(&self, _: &HttpRequest, _: Option<Upload>) -> Result<HttpReply, HttpError> {
            unreachable!("a token endpoint is no API")
        }
    }

    /// Whether a token came, and how many requests were sent for it.
    fn ask(status: Option<u16>, body: String) -> (Result<TokenReply, FlowError>, usize) {
        let http = Same { status, body, requests: Mutex::default() };
        let provider = Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap();
        let request = TokenRequest {
            client_id: ClientId::new("id"),
            client_secret: Some(ClientSecret::new("made-up-secret")),
            grant: Grant::AuthorizationCode {
                code: AuthorizationCode::new("c"),
                redirect_uri: "http://127.0.0.1:1/cb".into(),
                code_verifier: None,
            },
            state: None,
        };
        let reply = request_token(&http, &provider, &request, Timestamp(0));
        (reply, http.requests.into_inner().unwrap())
    }

    #[test]
    fn a_request_is_sent_once_whatever_comes_back() {
        for status in [None, Some(200), Some(302), Some(307), Some(400), Some(401), Some(429), Some(500), Some(503)] {
            let (reply, requests) = ask(status, r#"{"error":"invalid_client"}"#.to_owned());
            assert!(reply.is_err() && requests == 1, "{status:?}: {requests}");
        }
    }

    #[test]
    fn a_reply_is_read_up_to_a_mebibyte() {
        let token = r#"{"access_token":"t"}"#;
        let padded = |length: usize| token.to_owned() + &" ".repeat(length - token.len());
        assert!(ask(Some(200), padded(1024 * 1024)).0.is_ok());
        let (reply, _) = ask(Some(200), padded(1024 * 1024 + 1));
        assert!(matches!(reply, Err(FlowError::TokenRequest(HttpError::TooLarge { .. }))));
    }
}
