//! `status --userinfo`: what the provider says of the person, asked now.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::StatusError;
use crate::commands::Context;
use crate::commands::valid_token::valid_active_login;
use crate::flow::token_source::Wanted;
use crate::flow::userinfo;
use crate::protocol::sanitize::{self, Render, TerminalText};

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
    let claims = userinfo::ask(http.as_ref(), &login.provider, &login.token)?;
    if login.token.id_token.is_none() {
        context.terminal().note(
            &"note: the login has no ID token, so these claims were not compared with one (OpenID Connect Core §5.3.2)",
        );
    }
    let userinfo = claims.as_object().cloned().unwrap_or_default();
    let view = UserinfoView { profile: login.profile.to_string(), provider: login.provider.id().to_owned(), userinfo };
    Ok(context.answer(&view)?)
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
