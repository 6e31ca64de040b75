//! What a login asks for: the flags for one login, and, where they are silent, what the login before it asked for.
//!
//! A login that is made anew keeps its client, its grant, its scopes and its parameters: people log in again because a token
//! has ended, and want what they had. Each kind of flag stands for all of its kind, so `--auth-param prompt=` takes all
//! earlier ones back. What is repeated is said.

use clap::Args;

use super::super::Context;
use super::LoginError;
use crate::protocol::grant::GrantKind;
use crate::protocol::login_params::{self, LoginParams, ParamFor, ResponseMode};
use crate::protocol::sanitize;
use crate::provider::{Dialect, Provider};
use crate::store::StoredToken;
use crate::store::stored_token::ObtainedBy;

/// The flags for one login.
#[derive(Args)]
pub struct AskedArgs {
    /// A parameter of the authorization request, such as `prompt=login`; `{random}` stands for a random text
    #[arg(long = "auth-param", value_name = "NAME=VALUE", value_parser = parse_param, conflicts_with = "with_token")]
    auth_params: Vec<(String, String)>,

    /// A parameter of this login's token requests, such as `audience=https://api.example`
    #[arg(long = "token-param", value_name = "NAME=VALUE", value_parser = parse_param, conflicts_with = "with_token")]
    token_params: Vec<(String, String)>,

    /// The way the answer comes back to the redirect URI
    #[arg(long, value_name = "MODE", conflicts_with = "with_token")]
    response_mode: Option<ResponseMode>,

    /// Push the authorization request, so that the browser carries only a reference to it (RFC 9126)
    #[arg(long, conflicts_with = "with_token")]
    par: bool,
}

/// Reads the value of `--param` and its like.
pub fn parse_param(text: &str) -> Result<(String, String), &'static str> {
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE")
}

impl AskedArgs {
    /// Returns what to ask for. `redirect_uri` is the one that was typed.
    pub fn params(
        &self,
        provider: &Provider,
        redirect_uri: Option<&str>,
        before: Option<&StoredToken>,
    ) -> Result<LoginParams, LoginError> {
        let mut asked = before.map(|before| before.asked_for.clone()).unwrap_or_default();
        let dialect = Dialect::new(provider);
        let read = |given: &[_], of| login_params::read(given, of, |name| dialect.rfc_name(of, name));
        if !self.auth_params.is_empty() {
            asked.authorization = read(&self.auth_params, ParamFor::Authorization)?;
        }
        if !self.token_params.is_empty() {
            asked.token = read(&self.token_params, ParamFor::Token)?;
        }
        asked.response_mode = self.response_mode.or(asked.response_mode);
        asked.push |= self.par;
        asked.redirect_uri = redirect_uri.map(str::to_owned).or(asked.redirect_uri);
        Ok(asked)
    }

    /// Says which parts of the login before are asked for again without having been typed. `more` are those that other flags
    /// decide.
    pub fn tell_repeated(&self, asked: &LoginParams, more: &[String], redirect_uri: Option<&str>, context: &Context) {
        let mut parts = more.to_vec();
        let pairs = |flag: &str, params: &std::collections::BTreeMap<String, String>| {
            params.iter().map(|(name, value)| format!("{flag} {name}={value}")).collect::<Vec<_>>()
        };
        if self.auth_params.is_empty() {
            parts.extend(pairs("--auth-param", &asked.authorization));
        }
        if self.token_params.is_empty() {
            parts.extend(pairs("--token-param", &asked.token));
        }
        if let Some(mode) = asked.response_mode.filter(|_| self.response_mode.is_none()) {
            parts.push(format!("--response-mode {}", mode.as_str()));
        }
        if asked.push && !self.par {
            parts.push("--par".to_owned());
        }
        if let Some(uri) = asked.redirect_uri.as_ref().filter(|_| redirect_uri.is_none()) {
            parts.push(format!("--redirect-uri {uri}"));
        }
        if !parts.is_empty() {
            let parts = sanitize::line(&parts.join(" "));
            context.terminal().note(&format_args!("As in the login before: {parts}"));
        }
    }

    /// Returns the grant of the login before, if the provider still offers it. `is_in_browser` is true if a flag chooses a
    /// browser.
    pub fn grant_before(provider: &Provider, before: Option<&StoredToken>, is_in_browser: bool) -> Option<GrantKind> {
        let ObtainedBy::Grant(grant) = before?.obtained_by else { return None };
        let needs_browser = matches!(grant, GrantKind::AuthorizationCode | GrantKind::Implicit);
        (provider.definition.offers(grant) && (needs_browser || !is_in_browser)).then_some(grant)
    }
}
