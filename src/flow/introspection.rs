//! Asks the authorization server about a token (RFC 7662).
//!
//! The token goes only to a server that the login has recorded: a definition that has changed since cannot redirect it.

use super::FlowError;
use crate::protocol::client::ClientId;
use crate::protocol::introspection::{IntrospectionResponse, NotAnIntrospection};
use crate::protocol::secret::{AccessToken, ClientSecret};
use crate::provider::{Dialect, Provider};
use crate::system::http::{HttpClient, MAX_REPLY};

/// An introspection without a usable answer. It is not a failure, as the token itself may be fine.
#[derive(Debug, thiserror::Error)]
pub enum NoIntrospection {
    #[error("it is on {origin}, which is not a server of this login")]
    ForeignOrigin { origin: String },
    #[error("the server answered with status {status}")]
    Status { status: u16 },
    #[error(transparent)]
    Unreadable(#[from] NotAnIntrospection),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

/// Introspects a token. Returns `None` if the provider has no introspection endpoint.
pub fn ask(
    http: &dyn HttpClient,
    provider: &Provider,
    token: &AccessToken,
    client_id: &ClientId,
    secret: Option<&ClientSecret>,
) -> Result<Option<IntrospectionResponse>, NoIntrospection> {
    let request = Dialect::new(provider).encode_introspection(token, client_id, secret).map_err(FlowError::from)?;
    let Some(request) = request else { return Ok(None) };
    if !provider.endpoints.serve(&request.url) {
        return Err(NoIntrospection::ForeignOrigin { origin: request.url.origin().ascii_serialization() });
    }
    let reply = http.send(&request).map_err(FlowError::TokenRequest)?;
    if reply.status != 200 {
        return Err(NoIntrospection::Status { status: reply.status });
    }
    let body = reply.read(MAX_REPLY).map_err(FlowError::TokenRequest)?;
    Ok(Some(IntrospectionResponse::parse(&body)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted, provider_of};

    const SERVERS: &str = "authorize.url = 'https://login.example/authorize'\ntoken.url = 'https://as.example/token'\n\
        api.base = 'https://api.example/v1'\n";

    /// Returns the answer of an endpoint, and the number of requests.
    fn answer(
        endpoint: &str,
        replies: &[Reply<'_>],
    ) -> (Result<Option<IntrospectionResponse>, NoIntrospection>, usize) {
        let provider = provider_of(&format!("{SERVERS}{endpoint}"), &[]);
        let (server, token) = (Scripted::replies(replies), AccessToken::new("made-up-token"));
        let answer = ask(&server, &provider, &token, &ClientId::new("id"), None);
        (answer, server.requests().len())
    }

    #[test]
    fn only_a_server_of_the_login_is_asked() {
        let body = r#"{"active":true,"scope":"a b"}"#;
        for host in ["login.example", "as.example", "api.example"] {
            let (found, _) = answer(&format!("introspect.url = 'https://{host}/introspect'"), &[(200, "", body)]);
            assert_eq!(found.unwrap().unwrap().scope.unwrap().to_string(), "a b", "{host}");
        }
        for host in ["other.example", "as.example:8443"] {
            let (found, requests) = answer(&format!("introspect.url = 'https://{host}/introspect'"), &[]);
            assert!(matches!(found, Err(NoIntrospection::ForeignOrigin { .. })) && requests == 0, "{host}");
        }
        let (found, requests) = answer("", &[]);
        assert!(matches!(found, Ok(None)) && requests == 0);
    }

    #[test]
    fn an_unusable_answer_says_nothing_about_the_token() {
        let endpoint = "introspect.url = 'https://as.example/introspect'";
        for status in [204, 302, 401, 500] {
            let (found, _) = answer(endpoint, &[(status, "", r#"{"active":false}"#)]);
            assert!(matches!(found, Err(NoIntrospection::Status { status: s }) if s == status), "{status}");
        }
        let (found, _) = answer(endpoint, &[(200, "", r#"{"scope":"a"}"#)]);
        assert!(matches!(found, Err(NoIntrospection::Unreadable(_))));
    }
}
