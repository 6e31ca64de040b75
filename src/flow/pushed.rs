//! Pushed authorization requests (RFC 9126): the parameters go to the server directly, and the browser carries a reference.
//!
//! A reference lives for a minute or so, and a person may open the address later. So it is pushed again before it expires,
//! with the same parameters, until the browser was led to the provider: whichever reference is used, the answer has the
//! same state.

use std::time::{Duration, Instant};

use url::Url;
use zeroize::Zeroizing;

use super::FlowError;
use super::refusal::{Asked, Refusal, Sent};
use crate::protocol::authorization::AuthorizationRequest;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::member::Members;
use crate::protocol::secret::ClientSecret;
use crate::protocol::{json, mask};
use crate::provider::{Dialect, Provider};
use crate::system::http::{HttpClient, MAX_REPLY};

/// The lifetime if the reply does not name one that can be used.
const LIFETIME: Duration = Duration::from_secs(60);

/// RFC 9126 §2.2 allows from 5 to 600 seconds. A server that allows more is asked again all the same.
const LONGEST: Duration = Duration::from_secs(600);

/// A pushed request.
#[derive(Debug)]
pub struct Pushed {
    /// The address for the browser: only `client_id` and `request_uri` (RFC 9126 §4).
    pub url: Url,
    /// When it is time to push again: a little before the reference expires.
    pub until: Instant,
}

/// A pushed request, and where to push it again.
pub struct Push<'a> {
    pub http: &'a dyn HttpClient,
    pub pushed: Pushed,
}

/// Pushes a request.
pub fn push(
    http: &dyn HttpClient,
    provider: &Provider,
    request: &AuthorizationRequest,
    secret: Option<&ClientSecret>,
) -> Result<Pushed, FlowError> {
    let dialect = Dialect::new(provider);
    let message = dialect.encode_pushed_request(request, secret)?;
    let now = Instant::now();
    let reply = http.send(&message).map_err(FlowError::PushRequest)?;
    let status = reply.status;
    let body = Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::PushRequest)?);
    let secrets: Vec<&str> = secret.map(ClientSecret::expose).into_iter().chain([request.state.as_str()]).collect();
    let unusable = || FlowError::PushReply { status, reply: mask::unread_reply(&body, &secrets) };
    let value = json::parse(&body).map_err(|_| unusable())?;
    if !(200..=299).contains(&status) {
        let error = ErrorResponse::from_json(&value).filter(|_| (400..=499).contains(&status)).ok_or_else(unusable)?;
        let sent = Sent::by_us(Asked::Authorization, provider, &message, secret.is_some());
        return Err(FlowError::Declined(Box::new(Refusal { error: error.without(&secrets), sent })));
    }
    let members = Members(&value);
    let request_uri = members.text("request_uri").ok().flatten().filter(|uri| !uri.is_empty()).ok_or_else(unusable)?;
    let named = members.seconds("expires_in").ok().flatten().filter(|seconds| *seconds >= 1.0);
    let lifetime = named.map_or(LIFETIME, |seconds| Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64())));
    Ok(Pushed { url: dialect.pushed_url(&request.client_id, request_uri)?, until: now + lifetime - lifetime / 10 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, provider_of};
    use crate::protocol::advice::Advice;
    use crate::protocol::authorization::ResponseType;
    use crate::protocol::client::ClientId;
    use crate::protocol::redirect_uri::RedirectUri;
    use crate::protocol::scope::ScopeSet;

    const SERVERS: &str = "authorize.url = 'https://as.example/authorize?fixed=1'\ntoken.url = 'https://as.example/token'\n\
        par.url = 'https://as.example/par'\n";

    fn ask(
        more: &str,
        status: u16,
        body: &str,
    ) -> (Result<Pushed, FlowError>, Vec<crate::protocol::message::HttpRequest>) {
        let (server, provider) =
            (Scripted::replies(&[(status, "", body)]), provider_of(&format!("{SERVERS}{more}"), &[]));
        let request = AuthorizationRequest {
            response_type: ResponseType::Code,
            client_id: ClientId::new("id"),
            redirect_uri: RedirectUri::parse("http://127.0.0.1:1/cb").unwrap(),
            scope: ScopeSet::parse("a"),
            state: "canary-state".to_owned(),
            code_challenge: None,
            nonce: None,
        };
        let pushed = push(&server, &provider, &request, Some(&ClientSecret::new("canary-secret")));
        (pushed, server.requests())
    }

    #[test]
    fn the_browser_carries_only_a_reference() {
        let reply = r#"{"request_uri":"urn:x:1","expires_in":60}"#;
        for (auth, in_body) in [("basic", false), ("body", true)] {
            let (pushed, sent) = ask(&format!("token.auth = '{auth}'\n"), 201, reply);
            let url = pushed.unwrap().url;
            assert_eq!(url.as_str(), "https://as.example/authorize?fixed=1&client_id=id&request_uri=urn%3Ax%3A1");
            let body = String::from_utf8(sent[0].body.clone()).unwrap();
            assert_eq!(sent[0].headers.contains_key("authorization"), !in_body);
            assert_eq!(body.contains("client_secret=canary-secret"), in_body, "{body}");
            for param in ["client_id=id", "response_type=code", "scope=a", "state=canary-state", "redirect_uri="] {
                assert_eq!(body.matches(param).count(), 1, "{param} in {body}");
            }
        }
    }

    #[test]
    fn a_refusal_is_the_logins_and_repeats_no_secret() {
        let refusal = r#"{"error":"invalid_redirect_uri","error_description":"canary-secret canary-state http://x"}"#;
        let error = ask("", 400, refusal).0.unwrap_err();
        let FlowError::Declined(refusal) = &error else { panic!("{error:?}") };
        assert_eq!(refusal.error.code, "invalid_redirect_uri");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        for (status, body) in [
            (201, "{}"),
            (201, "<html>"),
            (201, r#"{"request_uri":7}"#),
            (302, ""),
            (404, "gone"),
            (503, r#"{"error":"x"}"#),
        ] {
            let error = ask("", status, body).0.unwrap_err();
            assert!(
                matches!(error, FlowError::PushReply { status: s, .. } if s == status),
                "{status} {body}: {error:?}"
            );
            assert_eq!(error.next_step().code, crate::protocol::advice::ExitCode::Network);
        }
    }
}
