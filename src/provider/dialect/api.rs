//! An API request with its token, and the API's errors (RFC 6750), in a provider's own dialect.

use http::HeaderMap;
use serde_json::{Map, Value};

use super::{Dialect, JSON};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::json;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::provider::DefinitionError;
use crate::provider::departure::value_of;
use crate::provider::quirks::{Paging, TokenIn, TokenPlacement};

/// The scopes of a token as the API's own header lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedScopes {
    pub header: String,
    pub scopes: ScopeSet,
}

/// The client's side.
impl Dialect<'_> {
    /// Adds the headers and query parameters that the API requires with every request. Existing ones stay.
    pub fn complete_request(&self, request: &mut HttpRequest) -> Result<(), DefinitionError> {
        let rules = &self.provider.definition.api;
        for (name, text) in value_of(&rules.headers).into_iter().flatten() {
            if !request.headers.contains_key(name.as_str()) {
                let value = self.fill(text, "api.headers", &[])?;
                self.header(request, name, &value, false)?;
            }
        }
        for (name, text) in value_of(&rules.query).into_iter().flatten() {
            if !request.url.query_pairs().any(|(given, _)| given == *name) {
                let value = self.fill(text, "api.query", &[])?;
                request.url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(())
    }

    /// Puts the token where the provider expects it, once (RFC 6750 §2).
    pub fn place_token(
        &self,
        request: &mut HttpRequest,
        placement: &TokenPlacement,
        token: &AccessToken,
    ) -> Result<(), DefinitionError> {
        let name = placement.name.as_deref().unwrap_or("Authorization");
        match placement.place {
            TokenIn::Bearer => {
                let scheme = placement.scheme.as_deref().unwrap_or("Bearer");
                self.header(request, name, &format!("{scheme} {}", token.expose()), true)
            }
            TokenIn::Header => {
                let value = match &placement.scheme {
                    Some(scheme) => format!("{scheme} {}", token.expose()),
                    None => token.expose().to_owned(),
                };
                self.header(request, name, &value, true)
            }
            TokenIn::Query => {
                request.url.query_pairs_mut().append_pair(name, token.expose());
                // RFC 6750 §2.3: a cache must not store the reply to such a request.
                self.header(request, "Cache-Control", "no-store", false)
            }
            TokenIn::Body => {
                let mut object = match serde_json::from_slice(&request.body) {
                    Ok(Value::Object(object)) => object,
                    _ if request.body.is_empty() => Map::new(),
                    _ => {
                        return Err(self.wrong("api.token", "a token in the body needs a body that is a JSON object"));
                    }
                };
                object.insert(name.to_owned(), token.expose().into());
                request.body = Value::Object(object).to_string().into_bytes();
                self.header(request, "Content-Type", JSON, false)
            }
        }
    }

    /// Returns `true` if an API reply is the provider's denial of a token without permission.
    pub fn is_denial(&self, status: u16, body: &[u8]) -> bool {
        let Some(denials) = value_of(&self.provider.definition.api.denied) else { return false };
        let value = json::parse(body).unwrap_or(Value::Null);
        denials.iter().any(|denial| {
            let text = denial.path.as_deref().and_then(|path| json::at(&value, path)).and_then(Value::as_str);
            (denial.status.is_empty() || denial.status.contains(&status))
                && (denial.path.is_none() || text.is_some())
                && (denial.equals.is_none() || text == denial.equals.as_deref())
        })
    }

    /// Returns the API's pagination, if the definition has one.
    pub fn paging(&self) -> Option<&Paging> {
        value_of(&self.provider.definition.api.paging)
    }

    /// Returns the scopes that a reply's headers list for its token, if the API has a header for that.
    pub fn listed_scopes(&self, headers: &HeaderMap) -> Option<ListedScopes> {
        let header = value_of(&self.provider.definition.api.scopes_header)?;
        let scopes = ScopeSet::parse(headers.get(header.as_str())?.to_str().ok()?);
        Some(ListedScopes { header: header.clone(), scopes })
    }

    /// Returns the API's message for an error, in its own words and not yet cleaned. It is read from the definition's
    /// paths, else as in RFC 6749 §5.2 or RFC 9457 §3.1.
    pub fn api_error(&self, body: &[u8]) -> Option<String> {
        let value = json::parse(body).ok()?;
        let text = |path: &str| json::at(&value, path).and_then(plain);
        let own = value_of(&self.provider.definition.api.error).into_iter().flatten().find_map(|path| text(path));
        own.or_else(|| {
            let error = ErrorResponse::from_json(&value)?;
            Some(match error.description {
                Some(description) => format!("{}: {description}", error.code),
                None => error.code,
            })
        })
        .or_else(|| ["detail", "message", "title", "errors.0.message", "errors", "errors.0"].into_iter().find_map(text))
    }
}

/// Returns a text as it is, and an array of texts in one line. Anything else is not a message.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(plain).collect::<Option<Vec<_>>>().map(|texts| texts.join(", "))
        }
        _ => None,
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Finds the token of an API request, in any of the provider's placements. More than one token is refused (RFC 6750
    /// §2).
    pub fn find_token(&self, header: impl Fn(&str) -> Option<String>, query: &str, body: &[u8]) -> Option<String> {
        let placements = self.provider.definition.token_placements();
        let found = placements.iter().filter_map(|placement| {
            let name = placement.name.as_deref().unwrap_or("Authorization");
            match placement.place {
                TokenIn::Bearer => strip_scheme(&header(name)?, placement.scheme.as_deref().unwrap_or("Bearer")),
                TokenIn::Header => match &placement.scheme {
                    Some(scheme) => strip_scheme(&header(name)?, scheme),
                    None => header(name),
                },
                TokenIn::Query => Params::from_urlencoded(query).single(name).ok()?.map(str::to_owned),
                TokenIn::Body => json::parse(body).ok()?.get(name)?.as_str().map(str::to_owned),
            }
        });
        let found: Vec<String> = found.collect();
        <[String; 1]>::try_from(found).ok().map(|[token]| token)
    }

    /// Returns `true` if the provider has its own format for a denial instead of RFC 6750's.
    pub fn words_denials(&self) -> bool {
        self.provider.definition.api.denied.is_some()
    }

    /// Returns the provider's denial: status and JSON body.
    pub fn denial(&self) -> (u16, Value) {
        let Some(denial) = value_of(&self.provider.definition.api.denied).and_then(|denials| denials.first()) else {
            return (403, serde_json::json!({"error": "insufficient_scope"}));
        };
        let mut body = Map::new();
        if let Some(path) = &denial.path {
            json::put(&mut body, path, denial.equals.clone().unwrap_or_else(|| "denied".to_owned()).into());
        }
        (denial.status.first().copied().unwrap_or(403), Value::Object(body))
    }
}

fn strip_scheme(value: &str, scheme: &str) -> Option<String> {
    let (word, token) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then(|| token.trim().to_owned())
}
