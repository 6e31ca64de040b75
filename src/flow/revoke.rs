//! Revocation (RFC 7009): one request per token.

use super::FlowError;
use super::client::Client;
use super::id_token::Aftermath;
use super::refusal::{Asked, Refusal, Sent};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::secret::ClientSecret;
use crate::protocol::token::TokenResponse;
use crate::protocol::{json, mask};
use crate::provider::Dialect;
use crate::system::http::{HttpClient, MAX_REPLY};

/// The type of the token to revoke (RFC 7009 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTypeHint {
    RefreshToken,
    AccessToken,
}

impl TokenTypeHint {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::AccessToken => "access_token",
        }
    }

    /// Returns the name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh token",
            Self::AccessToken => "access token",
        }
    }
}

/// The outcome of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The token is no longer valid, or was unknown.
    Done,
    /// The provider does not revoke tokens of this type (RFC 7009 §2.2.1).
    Unsupported,
    /// The definition names no revocation endpoint.
    NoEndpoint,
}

/// Revokes the tokens of a reply that are not kept, the refresh token first (RFC 7009 §2.1).
pub fn revoke_all(http: &dyn HttpClient, client: &Client, response: &TokenResponse) -> Aftermath {
    let refresh = response.refresh_token.iter().map(|token| (token.expose(), TokenTypeHint::RefreshToken));
    let tokens = refresh.chain([(response.access_token.expose(), TokenTypeHint::AccessToken)]);
    let outcomes: Vec<_> = tokens.map(|(token, hint)| revoke(http, client, token, hint)).collect();
    if outcomes.iter().any(Result::is_err) {
        return Aftermath::NotRevoked;
    }
    match outcomes.iter().all(|outcome| matches!(outcome, Ok(Revocation::Done))) {
        true => Aftermath::Revoked,
        false => Aftermath::StillValid,
    }
}

pub fn revoke(
    http: &dyn HttpClient,
    client: &Client,
    token: &str,
    hint: TokenTypeHint,
) -> Result<Revocation, FlowError> {
    let secret = client.client_secret.as_ref();
    let dialect = Dialect::new(&client.provider);
    let Some(message) = dialect.encode_revocation(token, hint.as_str(), Some(&client.client_id), secret)? else {
        return Ok(Revocation::NoEndpoint);
    };
    let reply = http.send(&message).map_err(FlowError::RevocationRequest)?;
    let status = reply.status;
    // RFC 7009 §2.2: the body of a 200 is ignored. Some servers answer 204.
    if matches!(status, 200 | 204) {
        return Ok(Revocation::Done);
    }
    let body = zeroize::Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::RevocationRequest)?);
    let secrets: Vec<&str> = [token].into_iter().chain(secret.map(ClientSecret::expose)).collect();
    let error = json::parse(&body).ok().and_then(|value| ErrorResponse::from_json(&value));
    match error.filter(|_| (400..500).contains(&status)) {
        Some(error) if error.code == "unsupported_token_type" => Ok(Revocation::Unsupported),
        error => Err(FlowError::NotRevoked {
            what: hint.name(),
            status,
            reply: mask::reply(&body, &secrets),
            refusal: error.map(|error| {
                let sent = Sent::by_us(Asked::Revocation, &client.provider, &message, secret.is_some());
                Box::new(Refusal { error: error.without(&secrets), sent })
            }),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted, provider_of};
    use crate::protocol::client::ClientId;

    const ENDPOINT: &str = "revoke.url = 'https://as.example/revoke'\ntoken.auth = 'basic'";
    const TOKEN: &str = "made-up-token";

    /// Returns the result of a revocation, and the forms that were sent.
    fn ask(
        definition: &str,
        hint: TokenTypeHint,
        replies: &[Reply<'_>],
    ) -> (Result<Revocation, FlowError>, Vec<String>) {
        let client_secret = Some(ClientSecret::new("made-up-secret"));
        let client = Client { provider: provider_of(definition, &[]), client_id: ClientId::new("id"), client_secret };
        let server = Scripted::replies(replies);
        let outcome = revoke(&server, &client, TOKEN, hint);
        let sent = server.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap());
        (outcome, sent.collect())
    }

    #[test]
    fn a_token_is_sent_with_its_type_and_once() {
        for (hint, status, form) in [
            (TokenTypeHint::RefreshToken, 200, "token=made-up-token&token_type_hint=refresh_token"),
            (TokenTypeHint::AccessToken, 204, "token=made-up-token&token_type_hint=access_token"),
        ] {
            let (outcome, sent) = ask(ENDPOINT, hint, &[(status, "", "whatever")]);
            assert_eq!((outcome.unwrap(), sent), (Revocation::Done, vec![form.to_owned()]));
        }
        let (outcome, sent) = ask("", TokenTypeHint::AccessToken, &[]);
        assert_eq!((outcome.unwrap(), sent.len()), (Revocation::NoEndpoint, 0));
    }

    #[test]
    fn an_unsupported_token_type_is_not_a_failure() {
        let unsupported = r#"{"error":"unsupported_token_type"}"#;
        let (outcome, _) = ask(ENDPOINT, TokenTypeHint::AccessToken, &[(400, "", unsupported)]);
        assert_eq!(outcome.unwrap(), Revocation::Unsupported);
        let echo = r#"{"error":"invalid_request","error_description":"no made-up-token for made-up-secret"}"#;
        for (status, body, said) in [
            (400, echo, Some("invalid_request")),
            (401, r#"{"error":"invalid_client"}"#, Some("invalid_client")),
            (404, "<html>", None),
            (302, unsupported, None),
            (503, unsupported, None),
        ] {
            let (outcome, sent) = ask(ENDPOINT, TokenTypeHint::RefreshToken, &[(status, "", body)]);
            let Err(FlowError::NotRevoked { what, status: s, reply, refusal }) = outcome else { panic!("{status}") };
            assert_eq!((what, s, sent.len()), ("refresh token", status, 1));
            assert_eq!(refusal.as_ref().map(|refusal| refusal.error.code.as_str()), said);
            // The server repeated the secrets, and we do not.
            let description = refusal.and_then(|refusal| refusal.error.description).unwrap_or_default();
            assert!(!format!("{reply}{description}").contains("made-up"), "{reply} {description}");
        }
        let (outcome, _) = ask(ENDPOINT, TokenTypeHint::AccessToken, &[(500, "", "")]);
        assert!(outcome.unwrap_err().to_string().starts_with("the access token was not revoked"));
    }
}
