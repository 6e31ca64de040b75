//! The refresh grant (RFC 6749 §6): one request. `token_source.rs` decides when it is sent and how the reply is used.

use super::client::Client;
use super::token_endpoint::request_token;
use super::{FlowError, client_credentials};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, RefreshToken};
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::{TokenReply, TokenReplyError};
use crate::provider::{Dialect, Provider};
use crate::store::StoredToken;
use crate::store::stored_token::ObtainedBy;
use crate::system::http::HttpClient;

/// What brings the next token of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    Token(RefreshToken),
    /// The client's own credentials, with the scopes that were asked for. They are not spent.
    Client(ScopeSet),
    /// The access token, for another one (RFC 8693).
    Exchange(AccessToken),
}

/// Returns what a refresh presents: the refresh token, the access token if the provider expects that, or the client's own
/// credentials if they got the first token.
pub fn presented(provider: &Provider, record: &StoredToken) -> Option<Presented> {
    if let ObtainedBy::Grant(kind) = record.obtained_by
        && kind.runs_alone()
    {
        return Some(Presented::Client(record.asked.clone()));
    }
    // A token that a person brought along belongs to a client that is not known.
    let is_given = record.obtained_by == ObtainedBy::Given;
    match Dialect::new(provider).refreshes_with_access_token() && !is_given {
        true => Some(Presented::Token(RefreshToken::new(record.access_token.expose()))),
        false => record.refresh_token.clone().map(Presented::Token),
    }
}

/// Sends the request once. The next run decides about a retry: if the reply was lost, the provider may have rotated the
/// token, and a second request would look like an attack. `narrower` are the scopes of a token that is to have fewer.
pub fn refresh(
    http: &dyn HttpClient,
    client: &Client,
    presented: Presented,
    narrower: Option<&ScopeSet>,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let grant = match (presented, narrower) {
        (Presented::Token(token), None) => Grant::RefreshToken(token),
        (Presented::Token(refresh_token), Some(scope)) => Grant::NarrowerToken { refresh_token, scope: scope.clone() },
        (Presented::Exchange(token), _) => Grant::TokenExchange(token),
        (Presented::Client(all), _) => {
            let scope = narrower.unwrap_or(&all).clone();
            return client_credentials::request(http, client, scope, now);
        }
    };
    let request = TokenRequest {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        grant,
        state: None,
    };
    request_token(http, &client.provider, &request, now)
}

/// Returns `true` if the server refused the client itself (RFC 6749 §5.2), and not its token.
pub fn refuses_client(error: &FlowError) -> bool {
    let FlowError::TokenReply(no_token) = error else { return false };
    matches!(&no_token.reply, TokenReplyError::Refused { error, .. } if error.code == "invalid_client")
}

/// The state of the refresh token after a failed refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is dead: the server said so with the RFC's error code (RFC 6749 §5.2). No other code counts.
    Dead,
    /// It was not used.
    Untouched,
    /// Unknown: the answer was lost, or did not come from the token endpoint.
    Unclear,
}

pub fn meaning(error: &FlowError) -> Meaning {
    match error {
        FlowError::TokenReply(no_token) => match &no_token.reply {
            TokenReplyError::Refused { error, .. } if error.code == "invalid_grant" => Meaning::Dead,
            TokenReplyError::Refused { is_own: true, .. } => Meaning::Unclear,
            TokenReplyError::Refused { .. } | TokenReplyError::TooOften { .. } => Meaning::Untouched,
            _ => Meaning::Unclear,
        },
        FlowError::TokenRequest(error) if error.is_before_sending() => Meaning::Untouched,
        FlowError::TokenRequest(_) => Meaning::Unclear,
        // Nothing was sent.
        _ => Meaning::Untouched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Said, Scripted, StubResponse, broken, provider};
    use crate::protocol::client::ClientId;
    use crate::protocol::grant::GrantKind;
    use crate::protocol::secret::AccessToken;
    use crate::system::http::{HttpError, Reason};

    fn record(provider: &Provider) -> StoredToken {
        let token = AccessToken::new("access");
        let origin = ObtainedBy::Grant(GrantKind::AuthorizationCode);
        let mut record = StoredToken::given(provider, None, origin, ScopeSet::parse(""), token, Timestamp(0));
        record.refresh_token = Some(RefreshToken::new("refresh"));
        record
    }

    /// Returns the body that is sent, and the result of a refresh with this answer.
    fn try_with(provider: Provider, answer: Said) -> (Vec<String>, Result<TokenReply, FlowError>) {
        let token = presented(&provider, &record(&provider)).unwrap();
        let http = Scripted::list([answer]);
        let client = Client { provider, client_id: ClientId::new("id"), client_secret: None };
        let ended = refresh(&http, &client, token, None, Timestamp(0));
        (http.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect(), ended)
    }

    #[test]
    fn the_provider_decides_which_token_is_presented() {
        for (keys, sent) in [("", "refresh_token=refresh"), ("refresh.with = 'access'", "refresh_token=access")] {
            let (bodies, ended) = try_with(provider(keys), Ok(StubResponse::new(200, r#"{"access_token":"new"}"#)));
            assert_eq!(ended.unwrap().response.access_token.expose(), "new");
            assert_eq!(bodies, [format!("client_id=id&grant_type=refresh_token&{sent}")]);
        }
        let mut none = record(&provider(""));
        none.refresh_token = None;
        assert!(presented(&provider(""), &none).is_none());
        none.obtained_by = ObtainedBy::Grant(GrantKind::ClientCredentials);
        none.asked = ScopeSet::parse("a b");
        let asked = Presented::Client(ScopeSet::parse("a b"));
        assert_eq!(presented(&provider(""), &none), Some(asked), "the same request again");
    }

    /// RFC 6749 §5.2.
    #[test]
    fn only_invalid_grant_means_that_a_refresh_token_is_dead() {
        let refused = r#"{"error":"invalid_grant"}"#;
        let connect = || HttpError::Connect { origin: String::new(), source: Reason("made up".to_owned()) };
        let cases = [
            (Ok((400, refused)), Meaning::Dead),
            (Ok((200, refused)), Meaning::Dead),
            (Ok((400, r#"{"error":"invalid_client"}"#)), Meaning::Untouched),
            (Ok((429, refused)), Meaning::Untouched),
            (Ok((500, refused)), Meaning::Unclear),
            (Ok((302, refused)), Meaning::Unclear),
            (Ok((200, "<p>a proxy's page")), Meaning::Unclear),
            (Ok((200, "{}")), Meaning::Unclear),
            (Err(connect()), Meaning::Untouched),
            (Err(HttpError::Setup(Reason("made up".to_owned()))), Meaning::Untouched),
            (Err(HttpError::Timeout { origin: String::new(), seconds: 30 }), Meaning::Unclear),
            (Err(broken()), Meaning::Unclear),
        ];
        for (answer, means) in cases {
            let what = format!("{answer:?}");
            let answer = answer.map(|(status, body)| StubResponse::new(status, body));
            assert_eq!(meaning(&try_with(provider(""), answer).1.unwrap_err()), means, "{what}");
        }
        let nowhere = provider("token.params = { x = '{unknown}' }");
        let (sent, ended) = try_with(nowhere, Err(broken()));
        assert_eq!((sent.len(), meaning(&ended.unwrap_err())), (0, Meaning::Untouched), "nothing was sent");
    }
}
