//! What an OpenAPI document says of the keys of a definition.
//!
//! A variable of the server becomes a parameter. One that could not be filled in as a definition wants it, such as the scheme
//! of the URL, stands with its default.

use url::Url;

use super::facts::{Facts, toml_text};
use crate::protocol::grant::GrantKind;
use crate::protocol::openapi::{ApiDescription, ApiServer, OAuthFlow, ServerVariable};
use crate::protocol::sanitize;
use crate::provider::template;

/// The most scopes that are written down. A definition of more is not one for people.
const MAX_SCOPES: usize = 500;

/// The longest text of a scope.
const MAX_ABOUT: usize = 200;

/// The addresses of a login.
const LOGIN_ADDRESSES: [&str; 4] = ["authorize.url", "token.url", "refresh.url", "device.url"];

/// Names that stand for values of a request itself.
const TAKEN: [&str; 5] = ["state", "client_id", "client_secret", "random", "redirect_uri"];

/// An OpenAPI document, and where it was read from.
pub struct ApiFacts<'a> {
    pub description: &'a ApiDescription,
    /// Its address, if it has one: relative URLs are relative to it.
    pub location: Option<&'a Url>,
}

impl Facts {
    /// Adds what the document says. The server's own metadata, if it was asked, knows the login better.
    pub fn add_api(&mut self, api: &ApiFacts<'_>, is_overlay: bool) {
        let ApiFacts { description, location } = api;
        if let Some(title) = description.title.as_deref().filter(|_| !is_overlay) {
            self.set("name", &sanitize::line(title));
        }
        if let Some(location) = location.filter(|_| !self.values.contains_key("source") && !is_overlay) {
            self.set("source", location.as_str());
        }
        let mut params = Vec::new();
        let location = location.map(Url::as_str);
        let base = self.server(description.server.as_ref(), location, &mut params);
        self.login(description, base.as_deref().or(location));
        self.names_of_the_login(&mut params);
        if !params.is_empty() {
            let params: Vec<String> = params.iter().map(|(name, param)| format!("{} = {param}", key(name))).collect();
            self.values.insert("params", format!("{{ {} }}", params.join(", ")));
        }
        self.api_scopes(description);
    }

    /// Writes the base and its parameters. Returns the base.
    fn server(
        &mut self,
        server: Option<&ApiServer>,
        location: Option<&str>,
        params: &mut Vec<(String, String)>,
    ) -> Option<String> {
        let Some(server) = server else {
            self.note("api.base", "The document names no server.");
            return None;
        };
        let Some(mut url) = absolute(&server.url, location) else {
            self.note("api.base", format!("The document's server is relative: {}", server.url));
            return None;
        };
        for variable in &server.variables {
            let placeholder = format!("{{{}}}", variable.name);
            match param(variable, &url, &placeholder) {
                Some(param) => params.push((variable.name.clone(), param)),
                None => url = url.replace(&placeholder, &variable.default),
            }
        }
        if template::names(&url).len() != params.len() {
            // A name that the document does not explain cannot be asked for.
            self.note("api.base", format!("The document's server has unknown variables: {url}"));
            params.clear();
            return None;
        }
        self.set("api.base", url.trim_end_matches('/'));
        Some(url)
    }

    /// Makes parameters of the names in the addresses of the login, which the document does not explain.
    fn names_of_the_login(&self, params: &mut Vec<(String, String)>) {
        for address in LOGIN_ADDRESSES.iter().filter_map(|key| self.values.get(key)) {
            for name in template::names(address) {
                if !TAKEN.contains(&name) && is_bare(name) && !params.iter().any(|(known, _)| known == name) {
                    params.push((name.to_owned(), "{}".to_owned()));
                }
            }
        }
    }

    fn login(&mut self, description: &ApiDescription, base: Option<&str>) {
        for url in &description.openid {
            self.note(
                "authorize.url",
                format!(
                    "The document names an OpenID Connect server: add `--issuer {url}`, which fills in its endpoints."
                ),
            );
        }
        if self.values.contains_key("token.url") || self.values.contains_key("authorize.url") {
            return;
        }
        let url = |text: &Option<String>| text.as_deref().and_then(|text| absolute(text, base));
        // Of several schemes the first one whose addresses can be used.
        let of = |kind: &str| {
            let all = || description.flows.iter().filter(|flow| flow.kind == kind);
            let is_usable = |flow: &&OAuthFlow| {
                [&flow.token_url, &flow.authorization_url, &flow.device_url].into_iter().any(|text| url(text).is_some())
            };
            all().find(is_usable).or_else(|| all().next())
        };
        let (code, device) = (of("authorizationCode"), of("deviceAuthorization"));
        if let Some(relative) =
            code.and_then(|flow| flow.authorization_url.as_ref()).filter(|text| absolute(text, base).is_none())
        {
            self.note(
                "authorize.url",
                format!("The document's address is relative to nothing that it names: {relative}"),
            );
        }
        let (implicit, alone) = (of("implicit"), of("clientCredentials"));
        let mut grants = Vec::new();
        let mut token = None;
        if let Some(flow) = code.or(device) {
            token = url(&flow.token_url);
            self.set_some("token.url", token.as_deref());
            self.set_some(
                "refresh.url",
                url(&flow.refresh_url).filter(|refresh| Some(refresh) != token.as_ref()).as_deref(),
            );
        }
        if let Some(flow) = code {
            self.set_some("authorize.url", url(&flow.authorization_url).as_deref());
            grants.push(GrantKind::AuthorizationCode);
        }
        if let Some(flow) = device {
            self.set_some("device.url", url(&flow.device_url).as_deref());
            grants.push(GrantKind::DeviceCode);
        }
        if let Some(flow) = implicit.filter(|_| code.is_none()) {
            self.set_some("authorize.url", url(&flow.authorization_url).as_deref());
            grants.push(GrantKind::Implicit);
        }
        if let Some(flow) = alone {
            self.client_alone(url(&flow.token_url), token, &mut grants);
        }
        if let Some(flow) = of("password").filter(|_| grants.is_empty()) {
            self.note_password(flow);
        }
        if !grants.is_empty() && grants != [GrantKind::AuthorizationCode] {
            let names: Vec<String> = grants.iter().map(|grant| toml_text(grant.as_str())).collect();
            self.values.insert("grants", format!("[{}]", names.join(", ")));
        }
    }

    fn client_alone(&mut self, own: Option<String>, token: Option<String>, grants: &mut Vec<GrantKind>) {
        match (own, token) {
            (Some(own), Some(token)) if own != token => {
                let note = format!("The document has client credentials at another token endpoint: {own}");
                self.note("grants", note);
            }
            (Some(own), _) => {
                self.set("token.url", &own);
                grants.push(GrantKind::ClientCredentials);
            }
            (None, _) => {}
        }
    }

    fn note_password(&mut self, flow: &OAuthFlow) {
        let at = flow.token_url.as_deref().unwrap_or("no address");
        self.note("grants", format!("The document has the password grant only ({at}), which oauthctl does not have."));
    }

    fn api_scopes(&mut self, description: &ApiDescription) {
        if description.scopes.is_empty() {
            return;
        }
        let entries = description.scopes.iter().take(MAX_SCOPES).map(|(name, about)| {
            let mut entry = format!("name = {}", toml_text(name));
            let about: String = sanitize::line(about).chars().take(MAX_ABOUT).collect();
            if !about.is_empty() {
                entry.push_str(&format!(", about = {}", toml_text(&about)));
            }
            if let Some(probe) = description.probes.iter().find(|probe| probe.scope == *name) {
                entry.push_str(&format!(", probe = {{ path = {}", toml_text(&probe.path)));
                if !probe.any_of.is_empty() {
                    let others: Vec<String> = probe.any_of.iter().map(|other| toml_text(other)).collect();
                    entry.push_str(&format!(", any_of = [{}]", others.join(", ")));
                }
                entry.push_str(" }");
            }
            format!("    {{ {entry} }},\n")
        });
        let list = format!("[\n{}]", entries.collect::<String>());
        self.values.insert("scope.known", list);
        let more = description.scopes.len().saturating_sub(MAX_SCOPES);
        if more > 0 {
            self.note("scope.known", format!("The document has {more} further scopes."));
        }
    }

    fn set_some(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }
}

/// Returns a URL that may have `{names}` as an absolute one. `base` may have names, too.
fn absolute(text: &str, base: Option<&str>) -> Option<String> {
    if text.contains("://") {
        return Some(text.to_owned());
    }
    let base = base?;
    if let Some(joined) = Url::parse(base).ok().and_then(|base| base.join(text).ok()) {
        return Some(joined.as_str().replace("%7B", "{").replace("%7D", "}"));
    }
    // A name in the host: the path is joined by hand.
    let (scheme, rest) = base.split_once("://")?;
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let folder = if text.starts_with('/') { "" } else { &path[..path.rfind('/')? + 1] };
    Some(format!("{scheme}://{host}{folder}{text}"))
}

/// Returns the parameter for a variable, or `None` if the URL is better with its default.
fn param(variable: &ServerVariable, url: &str, placeholder: &str) -> Option<String> {
    let ServerVariable { name, default, values, about } = variable;
    let is_name = is_bare(name);
    let at = url.find(placeholder)?;
    let authority = url.find("://")?;
    if !is_name || TAKEN.contains(&name.as_str()) || at < authority {
        return None;
    }
    let path = url[authority + 3..].find('/').map_or(url.len(), |slash| authority + 3 + slash);
    let is_host = at < path;
    // A path that follows the host without a slash is no name in the host.
    if is_host && default.starts_with('/') {
        return None;
    }
    // What is to be filled in is not a value.
    let default = Some(default.as_str()).filter(|default| !default.is_empty() && !default.contains(['{', '<', ' ']));
    let mut keys = Vec::new();
    if is_host && values.is_empty() && default.is_none_or(|default| default.contains('.')) {
        keys.push("kind = \"host\"".to_owned());
    } else if !is_host {
        let kind = if default.is_some_and(|default| default.contains('/')) { "path" } else { "id" };
        keys.push(format!("kind = \"{kind}\""));
    }
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(|value| toml_text(value)).collect();
        keys.push(format!("values = [{}]", values.join(", ")));
    }
    if let Some(about) = about {
        keys.push(format!("prompt = {}", toml_text(&sanitize::line(about))));
    }
    keys.extend(default.map(|default| format!("default = {}", toml_text(default))));
    Some(format!("{{ {} }}", keys.join(", ")))
}

fn key(name: &str) -> String {
    if is_bare(name) { name.to_owned() } else { toml_text(name) }
}

fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
