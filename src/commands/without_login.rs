//! A token without a login, for `token`, `call`, `exec` and `scopes`: `--provider ID`, with the client of the environment or
//! the registered one (RFC 6749 §4.4). One request, one token, kept nowhere unless `--cache` says so.

use clap::Args;
use url::Url;

use super::login::DISCOVERY_TIME;
use super::{Context, consent};
use crate::flow::discovery::discover;
use crate::flow::evidence;
use crate::flow::token_source::Wanted;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::draft::{draft, id_of};
use crate::session::{ActiveLogin, ClientRequest, SessionError};
use crate::store::AppName;
use crate::system::shell::word;

#[derive(Args)]
pub struct WithoutLogin {
    /// Get a token from this provider, or from the issuer at this https address, by client credentials, with
    /// OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET or the registered client; it is kept nowhere
    #[arg(long, value_name = "ID")]
    provider: Option<String>,

    /// A parameter of the provider's URLs, such as `store=myshop`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = super::login::parse_param, requires = "provider")]
    params: Vec<(String, String)>,

    /// Scopes to request: repeat the flag, or separate them with spaces or commas
    // `token` and `exec` take it for a login, too.
    #[arg(long = "scope", value_name = "SCOPES")]
    scopes: Vec<String>,

    /// The app whose client gets the token, if several clients of the provider are registered
    #[arg(long, value_name = "NAME", requires = "provider")]
    app: Option<AppName>,

    /// Keep the token in the store, and use it until it ends
    #[arg(long, requires = "provider")]
    cache: bool,
}

impl WithoutLogin {
    /// Returns the provider's id if it is the only one of these flags.
    pub fn provider_alone(&self) -> Option<&str> {
        let is_alone = self.params.is_empty() && self.scopes.is_empty() && self.app.is_none() && !self.cache;
        self.provider.as_deref().filter(|_| is_alone)
    }

    /// Returns whether a provider takes the place of a login.
    pub fn names_provider(&self) -> bool {
        self.provider.is_some()
    }

    /// Returns the scopes that are to be those of a login's token, if they were named.
    pub fn scopes_of_login(&self) -> Option<ScopeSet> {
        let is_meant = self.provider.is_none() && !self.scopes.is_empty();
        is_meant.then(|| ScopeSet::parse(&self.scopes.join(" ")))
    }

    /// Returns the request, or `None` if a login is meant. `command` is what the command line says beside these flags, to
    /// repeat it with more scopes: `call`, and its path.
    pub fn request(
        &self,
        (command, rest): (&str, &str),
        context: &Context,
    ) -> Result<Option<ClientRequest>, SessionError> {
        let Some(named) = &self.provider else { return Ok(None) };
        let typed = self.params.iter().cloned().collect();
        let of_issuer = named.contains("://").then(|| issuer(named, context)).transpose()?;
        let provider = context.session.provider_alone(of_issuer.as_ref().unwrap_or(named), &typed)?;
        consent::to_request_token(&provider, &typed, context)?;
        let request = context.session.client_request(provider, self.app.as_ref(), &self.scopes, self.cache)?;
        let begin = format!("oauthctl {command} --provider {}{}", word(&sanitize::line(named)), self.flags());
        Ok(Some(ClientRequest { again: (begin, rest.to_owned()), ..request }))
    }

    /// Returns the flags that choose the client and its servers.
    fn flags(&self) -> String {
        let shown = |(name, value): &(String, String)| word(&sanitize::line(&format!("{name}={value}")));
        let params = self.params.iter().map(|param| format!(" --param {}", shown(param)));
        let app = self.app.iter().map(|app| format!(" --app {app}"));
        let cache = self.cache.then(|| " --cache".to_owned());
        params.chain(app).chain(cache).collect()
    }
}

/// Returns the id of the provider that an issuer's address stands for. Its metadata is its definition for this command; one
/// that a login by address has written, or a person, is used as it is. Only an issuer will do: a resource would choose the
/// server that gets the client's secret.
fn issuer(address: &str, context: &Context) -> Result<String, SessionError> {
    let failed = |source| SessionError::NoIssuer { address: sanitize::line(address), source: Box::new(source) };
    let id = Url::parse(address).map(|url| id_of(&url)).unwrap_or_default();
    let is_same = |known: &str| known.trim_end_matches('/') == address.trim_end_matches('/');
    let known = context.session.catalogue()?.get(&id).ok().and_then(|definition| definition.authorize.issuer);
    if known.as_deref().is_some_and(is_same) {
        return Ok(id);
    }
    let http = context.session.http_within(DISCOVERY_TIME)?;
    let metadata = discover(http.as_ref(), address).map_err(failed)?;
    context.session.define(&id, &draft(&id, false, Some(&metadata), None))?;
    Ok(id)
}

/// Gets the token, and prints what should be known of a new one.
pub fn client_login(
    request: &ClientRequest,
    wanted: Wanted<'_>,
    context: &Context,
) -> Result<ActiveLogin, SessionError> {
    let login = context.session.client_login(request, wanted, |reply| context.tell_oddities(reply))?;
    if login.refreshed {
        let withheld = evidence::gather(&login.provider.definition, &login.token, None, None).withheld();
        if !withheld.is_empty() {
            let (id, scopes) = (login.provider.id(), sanitize::line(&withheld.join(", ")));
            context.warn(&format_args!("`{id}` did not grant {scopes}"));
        }
    }
    Ok(login)
}
