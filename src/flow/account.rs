//! Asks a provider whose account a token is, by one request that changes nothing.
//!
//! Where the definition says which reply of the API names it (`scope.account`), that is asked: many providers, the large
//! code hosts among them, have no OpenID Connect for it. Else it is the userinfo endpoint, if the token may ask there: the
//! scope `openid` was granted (OpenID Connect Core §5.3). The token goes only to servers of the login, by the rules of
//! `flow::api` and `flow::userinfo`.

use http::Method;
use serde_json::Value;

use super::FlowError;
use super::api::Api;
use super::userinfo::{self, NoUserinfo};
use crate::protocol::id_token::OPENID;
use crate::protocol::scope::ScopeSet;
use crate::protocol::{id_token, json, member};
use crate::provider::Provider;
use crate::store::StoredToken;
use crate::system::http::{Brief, HttpClient, MAX_REPLY};

/// The longest name that is kept. An email address has 254 characters at most (RFC 5321 §4.5.3.1.3).
const LONGEST: usize = 254;

/// The request that names the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The path of a GET, and the place of the name in its reply.
    Api {
        request: String,
        path: String,
    },
    Userinfo,
}

impl Question {
    /// Returns what a token with these scopes can ask.
    pub fn of(provider: &Provider, granted: &ScopeSet) -> Option<Self> {
        let need = provider.definition.scope.account.as_ref();
        let of_api = need.and_then(|need| Some(Self::Api { request: need.request.clone()?, path: need.path.clone() }));
        let has_userinfo = || provider.endpoints.userinfo.is_some() && granted.contains(OPENID);
        of_api.or_else(|| has_userinfo().then_some(Self::Userinfo))
    }

    /// Asks it. `None` if the reply names no account.
    pub fn ask(
        &self,
        http: &dyn HttpClient,
        provider: &Provider,
        login: &StoredToken,
    ) -> Result<Option<String>, NoUserinfo> {
        let name = match self {
            Self::Userinfo => id_token::account(&userinfo::ask(http, provider, login)?),
            Self::Api { request, path } => {
                let reply = fetch(http, provider, login, request)?;
                reply.and_then(|reply| member::scalar(path, json::at(&reply, path)).ok()?)
            }
        };
        Ok(name.map(|name| name.trim().chars().take(LONGEST).collect::<String>()).filter(|name| !name.is_empty()))
    }
}

fn fetch(
    http: &dyn HttpClient,
    provider: &Provider,
    login: &StoredToken,
    path: &str,
) -> Result<Option<Value>, FlowError> {
    let api = Api::new(provider, None)?;
    let request = api.request(Method::GET, api.resolve_own(path)?)?;
    let reply = api.send(&Brief(http), &login.access_token, &request, None)?;
    if !(200..300).contains(&reply.status) {
        return Ok(None);
    }
    Ok(json::parse(&reply.read(MAX_REPLY).map_err(FlowError::ApiRequest)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, provider_of};
    use crate::protocol::grant::GrantKind;
    use crate::protocol::secret::AccessToken;
    use crate::protocol::time::Timestamp;
    use crate::store::stored_token::ObtainedBy;

    const KEYS: &str = "authorize.url = 'https://as.example/a'\ntoken.url = 'https://as.example/t'\n\
        api.base = 'https://api.example/v1'\n";
    const USERINFO: &str = "openid.userinfo_url = 'https://as.example/me'\n";
    const ACCOUNT: &str = "scope.account = { request = '/user', path = 'data.login' }\n";

    fn asked(keys: &str, scopes: &str, reply: (u16, &str)) -> (Option<Option<String>>, Vec<String>) {
        let provider = provider_of(&format!("{KEYS}{keys}"), &[]);
        let (by, token) = (ObtainedBy::Grant(GrantKind::AuthorizationCode), AccessToken::new("made-up-token"));
        let login = StoredToken::given(&provider, None, by, ScopeSet::parse(scopes), token, Timestamp(0));
        let server = Scripted::replies(&[(reply.0, "", reply.1)]);
        let question = Question::of(&provider, &ScopeSet::parse(scopes));
        let name = question.map(|question| question.ask(&server, &provider, &login).unwrap_or_default());
        (name, server.requests().iter().map(|request| request.url.to_string()).collect())
    }

    #[test]
    fn the_api_is_asked_where_it_names_the_account() {
        let reply = (200, r#"{"data":{"login":"octo"}}"#);
        let both = format!("{USERINFO}{ACCOUNT}");
        for (keys, scopes) in [(ACCOUNT, ""), (&both, "openid")] {
            let (name, sent) = asked(keys, scopes, reply);
            assert_eq!((name.unwrap().as_deref(), sent), (Some("octo"), vec!["https://api.example/user".to_owned()]));
        }
    }

    #[test]
    fn userinfo_is_asked_only_with_the_scope_for_it() {
        let reply = (200, r#"{"sub":"1","email":"a@b.example"}"#);
        let (name, sent) = asked(USERINFO, "openid read", reply);
        assert_eq!((name.unwrap().as_deref(), sent), (Some("a@b.example"), vec!["https://as.example/me".to_owned()]));
        for (keys, scopes) in [(USERINFO, "read"), ("", "openid")] {
            assert_eq!(asked(keys, scopes, reply), (None, vec![]), "{keys} {scopes}");
        }
    }

    #[test]
    fn a_reply_without_a_name_names_nobody() {
        for reply in
            [(200, r#"{"data":{"login":" "}}"#), (200, r#"{"data":{}}"#), (200, "<html>"), (403, "{}"), (500, "")]
        {
            assert_eq!(asked(ACCOUNT, "", reply).0, Some(None), "{reply:?}");
        }
        let long = format!(r#"{{"data":{{"login":"{}"}}}}"#, "x".repeat(9999));
        assert_eq!(asked(ACCOUNT, "", (200, &long)).0.unwrap().unwrap().len(), LONGEST);
    }
}
