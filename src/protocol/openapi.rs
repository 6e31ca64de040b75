//! An OpenAPI document (3.0 to 3.2, and Swagger 2.0), as far as it says how to get a token and what to try it with: the servers, the OAuth
//! flows, the scopes, and the reading requests that need exactly one of them.
//!
//! Documents are written by hand and by generators, and many break their schema somewhere. So only what is needed here is
//! looked at, and what is of the wrong kind there counts as missing: a slip in a request says nothing about the login.
//! References are followed within the document only.

mod error;
mod model;
mod operations;
mod swagger;

pub use error::NotAnApiDescription;
pub use operations::ApiProbe;

use serde_json::Value;

use self::model::Document;

/// The largest document that is read. The largest published ones have about 12 MB.
pub const MAX_DOCUMENT: u64 = 32 * 1024 * 1024;

/// What a document says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiDescription {
    pub title: Option<String>,
    /// The first server. Its `{names}` are variables.
    pub server: Option<ApiServer>,
    pub flows: Vec<OAuthFlow>,
    /// Addresses of OpenID Connect Discovery.
    pub openid: Vec<String>,
    /// The names of the security schemes that are no login with OAuth.
    pub others: Vec<String>,
    /// Each scope with its text, in the order of the document.
    pub scopes: Vec<(String, String)>,
    pub probes: Vec<ApiProbe>,
}

/// OpenAPI §4.8.5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiServer {
    pub url: String,
    pub variables: Vec<ServerVariable>,
}

/// OpenAPI §4.8.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerVariable {
    pub name: String,
    pub default: String,
    pub values: Vec<String>,
    pub about: Option<String>,
}

/// OpenAPI §4.8.29.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuthFlow {
    /// `authorizationCode`, `implicit`, `clientCredentials`, `deviceAuthorization` or `password`.
    pub kind: String,
    pub authorization_url: Option<String>,
    pub token_url: Option<String>,
    pub refresh_url: Option<String>,
    pub device_url: Option<String>,
}

impl ApiDescription {
    /// Reads a document.
    pub fn read(text: &str) -> Result<Self, NotAnApiDescription> {
        let mut document = model::parse(text)?;
        let version = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (&document.openapi, &document.swagger) {
            (Some(openapi), _) if version(openapi).starts_with("3.") => {}
            (Some(openapi), _) => return Err(NotAnApiDescription::OtherVersion { version: version(openapi) }),
            (None, Some(swagger)) if version(swagger).starts_with("2.") => document = document.of_swagger(),
            (None, Some(swagger)) => return Err(NotAnApiDescription::Swagger { version: version(swagger) }),
            (None, None) => return Err(NotAnApiDescription::NoVersion),
        }
        let mut description = Self {
            title: document.info.as_ref().and_then(|info| texts(info, "title")),
            server: document.servers.as_ref().and_then(|servers| server(servers.get(0)?)),
            ..Self::default()
        };
        description.schemes(&document);
        description.operations(&document);
        Ok(description)
    }

    fn schemes(&mut self, document: &Document) {
        for (name, scheme) in document.schemes() {
            let scheme = document.resolve(scheme);
            match scheme.get("type").and_then(Value::as_str) {
                Some("oauth2") => self.flows(scheme),
                Some("openIdConnect") => self.openid.extend(texts(scheme, "openIdConnectUrl")),
                _ => self.others.push(name.clone()),
            }
        }
    }

    fn flows(&mut self, scheme: &Value) {
        for (kind, flow) in scheme.get("flows").and_then(Value::as_object).into_iter().flatten() {
            if kind.starts_with("x-") || !flow.is_object() {
                continue;
            }
            self.flows.push(OAuthFlow {
                kind: kind.clone(),
                authorization_url: texts(flow, "authorizationUrl"),
                token_url: texts(flow, "tokenUrl"),
                refresh_url: texts(flow, "refreshUrl"),
                device_url: texts(flow, "deviceAuthorizationUrl"),
            });
            for (scope, about) in flow.get("scopes").and_then(Value::as_object).into_iter().flatten() {
                self.add_scope(scope, about.as_str().unwrap_or_default());
            }
        }
    }

    fn add_scope(&mut self, scope: &str, about: &str) {
        let is_name = !scope.is_empty() && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        // RFC 6749 §3.3: nothing else is a scope.
        if !is_name {
            return;
        }
        match self.scopes.iter_mut().find(|(known, _)| known == scope) {
            Some((_, known)) if known.is_empty() => *known = about.trim().to_owned(),
            Some(_) => {}
            None => self.scopes.push((scope.to_owned(), about.trim().to_owned())),
        }
    }
}

fn server(server: &Value) -> Option<ApiServer> {
    let url = texts(server, "url")?;
    let variables = server.get("variables").and_then(Value::as_object).into_iter().flatten();
    let variables = variables.filter(|(name, _)| url.contains(&format!("{{{name}}}"))).map(|(name, variable)| {
        let values = variable.get("enum").and_then(Value::as_array).into_iter().flatten();
        ServerVariable {
            name: name.clone(),
            default: variable.get("default").map(written).unwrap_or_default(),
            values: values.map(written).collect(),
            about: texts(variable, "description"),
        }
    });
    Some(ApiServer { variables: variables.collect(), url })
}

/// Returns a value as a person writes it: YAML reads `8443` as a number.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
