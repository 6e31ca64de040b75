//! All servers of one provider, built from the templates of its definition.

use std::collections::BTreeMap;

use url::Url;

use super::departure::{Departure, value_of};
use super::endpoint::{Endpoint, Origin, UrlTemplates};
use super::template::{self, Part};
use super::{DefinitionError, ProviderDefinition};

/// All servers of one provider, for one set of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub authorize: Option<Endpoint>,
    /// Where authorization requests are pushed to (RFC 9126).
    pub par: Option<Endpoint>,
    pub token: Option<Endpoint>,
    /// Where the device codes come from (RFC 8628 §3.1).
    pub device: Option<Endpoint>,
    /// Where they are exchanged, if that is not the token endpoint.
    pub device_token: Option<Endpoint>,
    /// Where the login's token is exchanged for another one.
    pub exchange: Option<Endpoint>,
    pub refresh: Option<Endpoint>,
    pub revoke: Option<Endpoint>,
    pub introspect: Option<Endpoint>,
    /// The issuer's public keys (RFC 7517). Nothing secret is sent there.
    pub jwks: Option<Endpoint>,
    /// Where the claims about a person are (OpenID Connect Core §5.3).
    pub userinfo: Option<Endpoint>,
    pub api_base: Option<Endpoint>,
    /// Where the value of a parameter is asked for after the login, by the parameter's name.
    pub asked: BTreeMap<String, Endpoint>,
    /// The origins that may receive the token, the base's origin first.
    pub api_origins: Vec<Origin>,
}

impl Endpoints {
    pub(super) fn resolve(
        definition: &ProviderDefinition,
        params: &BTreeMap<String, String>,
    ) -> Result<Self, DefinitionError> {
        let endpoint = |key: &str, templates: &UrlTemplates| fill_first(definition, key, templates, params);
        let departure = |key: &str, template: &Departure<String>| {
            let templates = UrlTemplates(value_of(template).cloned().into_iter().collect());
            fill_first(definition, key, &templates, params)
        };
        let api_base = endpoint("api.base", &definition.api.base)?;
        let mut api_origins: Vec<Origin> = api_base.iter().map(Endpoint::origin).collect();
        for (n, template) in definition.api.origins.iter().enumerate() {
            let templates = UrlTemplates(vec![template.clone()]);
            let endpoint = fill_first(definition, &format!("api.origins[{n}]"), &templates, params)?;
            if let Some(origin) =
                endpoint.map(|endpoint| endpoint.origin()).filter(|origin| !api_origins.contains(origin))
            {
                api_origins.push(origin);
            }
        }
        let mut asked = BTreeMap::new();
        for (name, from) in definition.params.iter().filter_map(|(name, p)| Some((name, p.from_api.as_ref()?))) {
            let templates = UrlTemplates(vec![from.url.clone()]);
            let endpoint = fill_first(definition, &format!("params.{name}.from_api.url"), &templates, params)?;
            asked.extend(endpoint.map(|endpoint| (name.clone(), endpoint)));
        }
        Ok(Self {
            asked,
            authorize: endpoint("authorize.url", &definition.authorize.url)?,
            par: departure("par.url", &definition.par.url)?,
            token: endpoint("token.url", &definition.token.url)?,
            device: endpoint("device.url", &definition.device.url)?,
            device_token: departure("device.token_url", &definition.device.token_url)?,
            exchange: endpoint("exchange.url", &definition.exchange.url)?,
            refresh: departure("refresh.url", &definition.refresh.url)?,
            revoke: departure("revoke.url", &definition.revoke.url)?,
            introspect: departure("introspect.url", &definition.introspect.url)?,
            jwks: departure("openid.jwks_url", &definition.openid.jwks_url)?,
            userinfo: departure("openid.userinfo_url", &definition.openid.userinfo_url)?,
            api_base,
            api_origins,
        })
    }

    /// Returns `true` if a login itself sends secrets to a URL's server, or the API's token goes there.
    pub fn serve(&self, url: &Url) -> bool {
        let of_login = [&self.authorize, &self.token].into_iter().flatten().map(Endpoint::origin);
        of_login.chain(self.api_origins.iter().cloned()).any(|origin| origin.holds(url))
    }

    pub(super) fn rebased(&self, origin: &Origin) -> Self {
        let rebase = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.rebased(origin));
        Self {
            authorize: rebase(&self.authorize),
            par: rebase(&self.par),
            token: rebase(&self.token),
            device: rebase(&self.device),
            device_token: rebase(&self.device_token),
            exchange: rebase(&self.exchange),
            refresh: rebase(&self.refresh),
            revoke: rebase(&self.revoke),
            introspect: rebase(&self.introspect),
            jwks: rebase(&self.jwks),
            userinfo: rebase(&self.userinfo),
            api_base: rebase(&self.api_base),
            asked: self.asked.iter().map(|(name, at)| (name.clone(), at.rebased(origin))).collect(),
            api_origins: vec![origin.clone()],
        }
    }
}

/// Fills the first template whose values are all known. It is not an error if there is none: the contents of the token
/// reply are not known in advance.
fn fill_first(
    definition: &ProviderDefinition,
    key: &str,
    templates: &UrlTemplates,
    params: &BTreeMap<String, String>,
) -> Result<Option<Endpoint>, DefinitionError> {
    for template in &templates.0 {
        let unknown = template::names(template).into_iter().find(|name| !definition.params.contains_key(*name));
        // In an address a brace has no other meaning.
        let is_literal = |part: &Part<'_>| matches!(part, Part::Text(text) if text.contains('{') && text.contains('}'));
        let brace = template::parts(template).iter().any(is_literal).then_some("…");
        if let Some(name) = unknown.or(brace) {
            let problem = format!("`{{{name}}}` is not a parameter");
            return Err(definition.wrong(key, problem));
        }
        if template::names(template).iter().all(|name| params.contains_key(*name)) {
            return fill_endpoint(definition, key, template, params).map(Some);
        }
    }
    Ok(None)
}

/// Fills a URL template and ensures that the values changed only the places they are in: the host ends where the
/// template's host ends, and it is the host as written.
fn fill_endpoint(
    definition: &ProviderDefinition,
    key: &str,
    template: &str,
    params: &BTreeMap<String, String>,
) -> Result<Endpoint, DefinitionError> {
    let wrong = |problem: &str| definition.wrong(key, problem);
    let text = template::fill(template, params)
        .map_err(|missing| wrong(&format!("`{{{}}}` is not a parameter", missing.0)))?;
    let endpoint = Endpoint::parse(&text).map_err(wrong)?;
    // The parsed host must be the written one: the template's host up to its first `/`, exactly. A value that contains
    // the scheme is an origin, and ends with its host.
    let of = |url: &str| url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).map(str::to_owned);
    let begins_with_scheme = template.split("://").next().is_some_and(|scheme| !scheme.contains('{'));
    let authority = match of(template).filter(|_| begins_with_scheme) {
        Some(host) => template::fill(&host, params).unwrap_or_default(),
        None => of(&text).unwrap_or_default(),
    };
    let default_port = if endpoint.url().scheme() == "https" { ":443" } else { ":80" };
    let parsed = match (endpoint.url().host_str(), endpoint.url().port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    if authority.strip_suffix(default_port).unwrap_or(&authority) != parsed {
        return Err(wrong("the host is not the one in the URL as written"));
    }
    Ok(endpoint)
}
