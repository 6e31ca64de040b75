//! Asks who the person is (OpenID Connect Core §5.3).
//!
//! The token goes only to a server of the login, as with introspection: one that was recorded when the login was made. A
//! definition that names another one lists it in `api.origins`. The claims are those of the login's person only if their
//! subject is the ID token's (§5.3.2).

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::FlowError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::id_token::subject;
use crate::protocol::member::WrongKind;
use crate::protocol::message::HttpRequest;
use crate::protocol::{json, mask};
use crate::provider::{Dialect, Provider};
use crate::store::StoredToken;
use crate::store::id_token::StoredIdToken;
use crate::system::http::{HttpClient, MAX_REPLY};

/// Claims that cannot be had, or are not about the person.
#[derive(Debug, thiserror::Error)]
pub enum NoUserinfo {
    #[error("the definition of `{provider}` has no `openid.userinfo_url`")]
    NoEndpoint { provider: String },
    #[error("`openid.userinfo_url` is on {origin}, which is not a server of this login")]
    ForeignOrigin { provider: String, origin: String },
    #[error("the userinfo endpoint answered with status {status} and {reply}")]
    Status { provider: String, status: u16, reply: String },
    #[error("the userinfo endpoint answered with a signed or encrypted document, which oauthctl does not read")]
    Signed,
    #[error("the userinfo endpoint's reply is not a JSON object")]
    NotAnObject,
    #[error("in the userinfo endpoint's reply {0}")]
    Malformed(WrongKind),
    #[error("the userinfo endpoint's reply has no `sub`")]
    NoSubject,
    /// The API was asked in its place.
    #[error("the reply of `{provider}` names no account")]
    NoAccount { provider: String },
    #[error("the userinfo endpoint's reply is about another account than the login's ID token")]
    OtherSubject,
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl Advice for NoUserinfo {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoEndpoint { provider } => ExitCode::Definition.hint(format!(
                "write its address under `openid.userinfo_url`, if the provider documents one; `oauthctl providers show \
                 {provider}` prints the definition"
            )),
            Self::ForeignOrigin { provider, origin } => ExitCode::Refused.hint(format!(
                "if the token may go there, add \"{origin}\" to `api.origins` in the definition, and run `oauthctl login \
                 {provider}`"
            )),
            Self::Status { provider, status: 401 | 403, .. } => ExitCode::LoginNeeded
                .hint(format!("`oauthctl login {provider} --scope openid` gets a token that may ask, with other scopes as needed")),
            Self::NoAccount { provider } => ExitCode::LoginNeeded.hint(format!(
                "compare `scope.account` in `oauthctl providers show {provider}` with the provider's documents, or log in with \
                 the scope that it needs"
            )),
            Self::Status { status: 500.., .. } => ExitCode::Network.hint("try again later"),
            Self::Status { .. } | Self::NotAnObject | Self::Malformed(_) | Self::NoSubject => {
                ExitCode::Network.hint("compare `openid.userinfo_url` with the provider's documents")
            }
            Self::Signed => ExitCode::Refused.hint("register the client for a plain userinfo response"),
            Self::OtherSubject => {
                ExitCode::Refused.hint("log in again; if it happens again, tell the provider (OpenID Connect Core §5.3.2)")
            }
            Self::Flow(error) => error.next_step(),
        }
    }
}

/// Requests the claims about the login's person.
pub fn ask(http: &dyn HttpClient, provider: &Provider, login: &StoredToken) -> Result<Value, NoUserinfo> {
    let id = || provider.id().to_owned();
    let request = Dialect::new(provider).encode_userinfo(&login.access_token).map_err(FlowError::from)?;
    let request = request.ok_or_else(|| NoUserinfo::NoEndpoint { provider: id() })?;
    check_origin(provider, &request)?;
    let reply = http.send(&request).map_err(FlowError::ApiRequest)?;
    let (status, media) = (reply.status, HttpRequest::media_type(reply.header(CONTENT_TYPE.as_str())));
    let body = reply.read(MAX_REPLY).map_err(FlowError::ApiRequest)?;
    if status != 200 {
        let reply = mask::reply(&body, &provider.hidden(&login.access_token));
        return Err(NoUserinfo::Status { provider: id(), status, reply });
    }
    if media == "application/jwt" {
        return Err(NoUserinfo::Signed);
    }
    let claims = json::parse(&body).ok().filter(Value::is_object).ok_or(NoUserinfo::NotAnObject)?;
    let now = subject(&claims).map_err(NoUserinfo::Malformed)?.ok_or(NoUserinfo::NoSubject)?;
    let known = login.id_token.as_ref().and_then(StoredIdToken::claims);
    match known.and_then(|claims| subject(&claims).ok().flatten()) {
        Some(known) if known != now => Err(NoUserinfo::OtherSubject),
        _ => Ok(claims),
    }
}

fn check_origin(provider: &Provider, request: &HttpRequest) -> Result<(), NoUserinfo> {
    match provider.endpoints.serve(&request.url) {
        true => Ok(()),
        false => Err(NoUserinfo::ForeignOrigin {
            provider: provider.id().to_owned(),
            origin: request.url.origin().ascii_serialization(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

    use super::*;
    use crate::flow::doubles::{Reply, Scripted, StubResponse, provider_of};
    use crate::protocol::grant::GrantKind;
    use crate::protocol::scope::ScopeSet;
    use crate::protocol::secret::{AccessToken, IdToken};
    use crate::protocol::time::Timestamp;
    use crate::store::stored_token::ObtainedBy;

    fn definition(host: &str) -> String {
        format!(
            "authorize.url = 'https://login.example/a'\ntoken.url = 'https://as.example/t'\n\
             api.origins = ['https://api.example']\nopenid.userinfo_url = 'https://{host}/me'"
        )
    }

    fn login(provider: &Provider, subject: Option<&str>) -> StoredToken {
        let (by, token) = (ObtainedBy::Grant(GrantKind::AuthorizationCode), AccessToken::new("made-up-token"));
        let mut login = StoredToken::given(provider, None, by, ScopeSet::parse("openid"), token, Timestamp(0));
        login.id_token = subject.map(|subject| {
            let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!({ "sub": subject }).to_string());
            StoredIdToken::new(IdToken::new(format!("e30.{claims}.c2ln")), true)
        });
        login
    }

    fn answer(host: &str, subject: Option<&str>, replies: &[Reply<'_>]) -> (Result<Value, NoUserinfo>, usize) {
        let (provider, server) = (provider_of(&definition(host), &[]), Scripted::replies(replies));
        let claims = ask(&server, &provider, &login(&provider, subject));
        (claims, server.requests().len())
    }

    #[test]
    fn only_a_server_of_the_login_is_asked() {
        for host in ["login.example", "as.example", "api.example"] {
            let (claims, _) = answer(host, Some("alice"), &[(200, "", r#"{"sub":"alice","email":"a@b.example"}"#)]);
            assert_eq!(claims.unwrap()["email"], "a@b.example", "{host}");
        }
        for host in ["other.example", "as.example:8443"] {
            let (claims, requests) = answer(host, None, &[]);
            assert!(matches!(claims, Err(NoUserinfo::ForeignOrigin { .. })) && requests == 0, "{host}");
        }
        let none = provider_of("token.url = 'https://as.example/t'", &[]);
        let server = Scripted::replies(&[]);
        assert!(matches!(ask(&server, &none, &login(&none, None)), Err(NoUserinfo::NoEndpoint { .. })));
    }

    #[test]
    fn claims_about_another_person_are_refused() {
        let body = r#"{"sub":"eve","email":"canary@b.example"}"#;
        let (claims, _) = answer("as.example", Some("alice"), &[(200, "", body)]);
        let error = claims.unwrap_err();
        assert!(matches!(error, NoUserinfo::OtherSubject) && !error.to_string().contains("canary"));
        // Without an ID token there is nothing to compare.
        assert!(answer("as.example", None, &[(200, "", body)]).0.is_ok());
    }

    #[test]
    fn what_is_not_claims_is_told() {
        for (reply, told) in [
            ((401, "", r#"{"error":"invalid_token"}"#), "status 401"),
            ((302, "https://evil.example/", ""), "status 302"),
            ((200, "", "[]"), "not a JSON object"),
            ((200, "", "{}"), "no `sub`"),
            ((200, "", r#"{"sub":{}}"#), "`sub` is malformed"),
        ] {
            let (claims, requests) = answer("as.example", Some("alice"), &[reply]);
            let error = claims.unwrap_err().to_string();
            assert!(error.contains(told) && requests == 1, "{error}");
        }
        let server = Scripted::new(|_| Ok(StubResponse::new(200, "a.b.c").with("content-type", "application/jwt")));
        let provider = provider_of(&definition("as.example"), &[]);
        assert!(matches!(ask(&server, &provider, &login(&provider, None)), Err(NoUserinfo::Signed)));
    }
}
