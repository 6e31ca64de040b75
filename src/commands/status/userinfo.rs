//! `status --userinfo`: what the provider says of the person, asked now.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::StatusError;
use crate::commands::valid_token::valid_active_login;
use crate::commands::{Context, account};
use crate::flow::account::Question;
use crate::flow::token_source::Wanted;
use crate::flow::userinfo::{self, NoUserinfo};
use crate::protocol::id_token;
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::session::ActiveLogin;
use crate::system::http::HttpClient;

/// The claims about the person behind a login.
#[derive(Debug, Serialize)]
pub struct UserinfoView {
    pub profile: String,
    pub provider: String,
    pub userinfo: Map<String, Value>,
}

/// Asks for the claims of the selected login, and prints them.
pub fn print(context: &Context) -> Result<(), StatusError> {
    let login = valid_active_login(Wanted::Valid, context)?;
    let http = context.session.http(Some(&login.token))?;
    let claims = match userinfo::ask(http.as_ref(), &login.provider, &login.token) {
        Err(NoUserinfo::NoEndpoint { provider }) => return print_account(provider, &login, http.as_ref(), context),
        claims => claims?,
    };
    if let Some(name) = id_token::account(&claims) {
        account::keep(&login.profile, &login.token.access_token, &name, context);
    }
    if login.token.id_token.is_none() {
        context.terminal().note(
            &"note: the login has no ID token, so these claims were not compared with one (OpenID Connect Core §5.3.2)",
        );
    }
    let userinfo = claims.as_object().cloned().unwrap_or_default();
    let view = UserinfoView { profile: login.profile.to_string(), provider: login.provider.id().to_owned(), userinfo };
    Ok(context.answer(&view)?)
}

/// Does the same where there is no OpenID Connect, and the API names the account.
fn print_account(
    provider: String,
    login: &ActiveLogin,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(), StatusError> {
    let question = Question::of(&login.provider, &ScopeSet::default());
    let question = question.ok_or_else(|| NoUserinfo::NoEndpoint { provider: provider.clone() })?;
    let name = question.ask(http, &login.provider, &login.token)?;
    let name = name.ok_or_else(|| NoUserinfo::NoAccount { provider: provider.clone() })?;
    account::keep(&login.profile, &login.token.access_token, &name, context);
    let userinfo = Map::from_iter([("account".to_owned(), name.into())]);
    Ok(context.answer(&UserinfoView { profile: login.profile.to_string(), provider, userinfo })?)
}

impl Render for UserinfoView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let width = self.userinfo.keys().map(|name| sanitize::columns(&sanitize::line(name))).max().unwrap_or(0);
        for (name, value) in &self.userinfo {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            writeln!(text, "{}  {}", sanitize::padded(&sanitize::line(name), width), sanitize::line(&value))?;
        }
        Ok(())
    }
}
