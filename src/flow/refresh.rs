//! The refresh grant (RFC 6749 §6): one request. When it may be sent, and what becomes of the reply, says
//! `token_source.rs`.

use super::FlowError;
use super::token_endpoint::request_token;
use crate::protocol::client::ClientId;
use crate::protocol::secret::{ClientSecret, RefreshToken};
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::{TokenReply, TokenReplyError};
use crate::provider::{Dialect, Provider};
use crate::store::StoredToken;
use crate::system::http::{HttpClient, HttpError};

/// The client that a login was made with, at the servers of that login.
#[derive(Clone, Debug)]
pub struct Client {
    pub provider: Provider,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
}

/// What a refresh of this login presents: its refresh token, or the access token where the provider takes that.
pub fn presented(provider: &Provider, record: &StoredToken) -> Option<RefreshToken> {
    match Dialect::new(provider).refreshes_with_access_token() {
        true => Some(RefreshToken::new(record.access_token.expose())),
        false => record.refresh_token.clone(),
    }
}

/// Sent once. Whether to ask again is for the next run: if the reply was lost, the provider may have rotated, and then
/// a second request would look like a thief's.
pub fn refresh(
    http: &dyn HttpClient,
    client: &Client,
    token: RefreshToken,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let request = TokenRequest {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        grant: Grant::RefreshToken(token),
        state: None,
    };
    request_token(http, &client.provider, &request, now)
}

/// What a failed refresh says about the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is dead: the server said so in the RFC's word (RFC 6749 §5.2), and no other word counts.
    Dead,
    /// It was not taken in.
    Untouched,
    /// The answer was lost, or came from somebody else than the token endpoint: nobody can tell.
    Unclear,
}

pub fn meaning(error: &FlowError) -> Meaning {
    match error {
        FlowError::TokenReply { source: TokenReplyError::Refused { error, .. }, .. } => match error.code.as_str() {
            "invalid_grant" => Meaning::Dead,
            _ => Meaning::Untouched,
        },
        FlowError::TokenReply { source: TokenReplyError::TooOften { .. }, .. } => Meaning::Untouched,
        FlowError::TokenReply { .. } => Meaning::Unclear,
        FlowError::TokenRequest(HttpError::Connect { .. } | HttpError::Setup(_)) => Meaning::Untouched,
        FlowError::TokenRequest(_) => Meaning::Unclear,
        // Nothing was sent.
        _ => Meaning::Untouched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Said, Scripted, StubResponse, broken, provider};
    use crate::protocol::grant::GrantKind;
    use crate::protocol::scope::ScopeSet;
    use crate::protocol::secret::AccessToken;
    use crate::store::stored_token::ObtainedBy;
    use crate::system::http::Reason;

    fn record(provider: &Provider) -> StoredToken {
        let token = AccessToken::new("access");
        let origin = ObtainedBy::Grant(GrantKind::AuthorizationCode);
        let mut record = StoredToken::given(provider, None, origin, ScopeSet::parse(""), token, Timestamp(0));
        record.refresh_token = Some(RefreshToken::new("refresh"));
        record
    }

    /// The body that is sent, and how a refresh of this provider ends with this answer.
    fn try_with(provider: Provider, answer: Said) -> (Vec<String>, Result<TokenReply, FlowError>) {
        let token = presented(&provider, &record(&provider)).unwrap();
        let http = Scripted::list([answer]);
        let client = Client { provider, client_id: ClientId::new("id"), client_secret: None };
        let ended = refresh(&http, &client, token, Timestamp(0));
        (http.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect(), ended)
    }

    #[test]
    fn the_refresh_token_is_presented_or_the_access_token_where_the_provider_takes_that() {
        for (keys, sent) in [("", "refresh_token=refresh"), ("refresh.with = 'access'", "refresh_token=access")] {
            let (bodies, ended) = try_with(provider(keys), Ok(StubResponse::new(200, r#"{"access_token":"new"}"#)));
            assert_eq!(ended.unwrap().response.access_token.expose(), "new");
            assert_eq!(bodies, [format!("client_id=id&grant_type=refresh_token&{sent}")]);
        }
        let mut none = record(&provider(""));
        none.refresh_token = None;
        assert!(presented(&provider(""), &none).is_none());
    }

    /// RFC 6749 §5.2.
    #[test]
    fn only_the_servers_own_invalid_grant_means_that_a_refresh_token_is_dead() {
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
