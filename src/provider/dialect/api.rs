//! An API request with its token, and the API's errors (RFC 6750), in a provider's own dialect.

use http::header::ACCEPT;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::{Dialect, JSON};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::json;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::resource_error::{read_body, scopes_at};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::provider::DefinitionError;
use crate::provider::departure::{Departure, value_of};
use crate::provider::endpoint::Endpoint;
use crate::provider::probe::ScopesList;
use crate::provider::quirks::{Paging, Rate, TokenIn, TokenPlacement};
use crate::provider::refusal::Refusal;

/// The scopes of a token as the API itself lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedScopes {
    pub by: ListedBy,
    pub scopes: ScopeSet,
}

/// The place of such a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedBy {
    /// A header of every reply.
    Header(String),
    /// The reply to a request for it.
    Request(String),
}

/// The scope that is missing, if the provider's denial names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeniedScope(pub Option<String>);

/// Returns the first refusal that a reply meets, and the reply's body.
fn matching<'d>(
    refusals: &'d Departure<Vec<Refusal>>,
    status: u16,
    body: &[u8],
) -> Option<(&'d Refusal, Option<Value>)> {
    let refusals = value_of(refusals)?;
    let value = read_body(body);
    let refusal = refusals.iter().find(|refusal| refusal.matches(status, body, value.as_ref()))?;
    Some((refusal, value))
}

/// The client's side.
impl Dialect<'_> {
    /// Adds the headers and query parameters that the API requires with every request. Existing ones stay.
    pub fn complete_request(&self, request: &mut HttpRequest) -> Result<(), DefinitionError> {
        let rules = &self.provider.definition.api;
        let context = &self.api_context();
        let of_query: Vec<_> = context.iter().filter(|(name, _)| *name == "client_id").copied().collect();
        for (name, text) in value_of(&rules.headers).into_iter().flatten() {
            if !request.headers.contains_key(name.as_str())
                && let Some(value) = self.fill_if_known(text, "api.headers", context)?
            {
                self.header(request, name, &value, self.is_secret_text(text))?;
            }
        }
        for (name, text) in value_of(&rules.query).into_iter().flatten() {
            if !request.url.query_pairs().any(|(given, _)| given == *name)
                && let Some(value) = self.fill_if_known(text, "api.query", &of_query)?
            {
                request.url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(())
    }

    /// Builds the request for a parameter's value, with the login's token. What another value of this kind is needed for is
    /// left out of it.
    pub fn encode_value_request(
        &self,
        param: &str,
        endpoint: &Endpoint,
        token: &AccessToken,
    ) -> Result<HttpRequest, DefinitionError> {
        let definition = &self.provider.definition;
        let mut request = HttpRequest::new(Method::GET, endpoint.url().clone()).for_leg(Leg::Api);
        request.headers.insert(ACCEPT, http::HeaderValue::from_static(JSON));
        for (name, text) in value_of(&definition.api.headers).into_iter().flatten() {
            if let Ok(Some(value)) = self.fill_if_known(text, "api.headers", &self.api_context()) {
                self.header(&mut request, name, &value, self.is_secret_text(text))?;
            }
        }
        let own = definition.params.get(param).and_then(|param| param.from_api.as_ref()?.scheme.clone());
        let placement = match own {
            Some(scheme) => TokenPlacement { scheme: Some(scheme), ..TokenPlacement::bearer() },
            None => definition.token_placements().swap_remove(0),
        };
        self.place_token(&mut request, &placement, token)?;
        Ok(request)
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
                let mut object = match serde_json::from_slice(json::without_mark(&request.body)) {
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
        self.denial_in(status, body).is_some()
    }

    /// Returns the provider's denial in an API reply: with the missing scope, if the definition says where it is.
    pub fn denial_in(&self, status: u16, body: &[u8]) -> Option<DeniedScope> {
        let (denial, value) = matching(&self.provider.definition.api.denied, status, body)?;
        Some(DeniedScope(denial.scope.as_deref().zip(value.as_ref()).and_then(|(path, value)| scopes_at(value, path))))
    }

    /// Returns `true` if the provider has its own format for a denial instead of RFC 6750's.
    pub fn words_denials(&self) -> bool {
        self.provider.definition.api.denied.is_some()
    }

    /// Returns `true` if an API reply is the provider's own for a token that is not valid any more.
    pub fn is_invalid_token(&self, status: u16, body: &[u8]) -> bool {
        matching(&self.provider.definition.api.invalid_token, status, body).is_some()
    }

    /// Returns `true` if a reply with this status may refuse the token in the provider's own words, so that its body
    /// needs to be read first.
    pub fn may_refuse_with(&self, status: u16) -> bool {
        let refusals = value_of(&self.provider.definition.api.invalid_token).into_iter().flatten();
        refusals.into_iter().any(|refusal| refusal.status.is_empty() || refusal.status.contains(&status))
    }

    /// Returns the scheme with which the token is sent, in lower case.
    pub fn token_scheme(&self) -> String {
        let placements = self.provider.definition.token_placements();
        let scheme = placements.first().and_then(|placement| placement.scheme.as_deref());
        scheme.unwrap_or("Bearer").to_ascii_lowercase()
    }

    /// Returns the header that lists a token's scopes, if the API sends one.
    pub fn scopes_header(&self, scopes: &ScopeSet) -> Option<(&str, String)> {
        let header = value_of(&self.provider.definition.api.scopes_header)?;
        Some((header, scopes.iter().collect::<Vec<_>>().join(", ")))
    }

    /// Returns the API's pagination, if the definition has one.
    pub fn paging(&self) -> Option<&Paging> {
        value_of(&self.provider.definition.api.paging)
    }

    /// Returns the paths at which a page has its rows, as the definition writes them.
    pub fn rows(&self) -> &[String] {
        &self.provider.definition.api.rows
    }

    /// Returns the scopes that a reply's headers list for its token, if the API has a header for that.
    pub fn listed_scopes(&self, headers: &HeaderMap) -> Option<ListedScopes> {
        let header = value_of(&self.provider.definition.api.scopes_header)?;
        let scopes = ScopeSet::parse(headers.get(header.as_str())?.to_str().ok()?);
        Some(ListedScopes { by: ListedBy::Header(header.clone()), scopes })
    }

    /// Returns the published rate of requests, if it is known.
    pub fn rate(&self) -> Option<&Rate> {
        value_of(&self.provider.definition.api.rate)
    }

    /// Returns the scopes in the reply to the request for them, in its header or its body.
    pub fn scopes_of_list(&self, list: &ScopesList, headers: &HeaderMap, body: &[u8]) -> Option<ScopeSet> {
        match &list.header {
            Some(name) => Some(ScopeSet::parse(headers.get(name.as_str())?.to_str().ok()?)),
            None => json::parse(body).ok().and_then(|body| list.scopes_in(&body)),
        }
    }

    /// Returns the request that lists the token's scopes, if the API has one.
    pub fn scopes_list(&self) -> Option<&ScopesList> {
        value_of(&self.provider.definition.api.scopes_list)
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

    /// Returns the provider's denial of a request that needs this scope: status and JSON body.
    pub fn denial(&self, scope: &str) -> (u16, Value) {
        match value_of(&self.provider.definition.api.denied).and_then(|denials| denials.first()) {
            Some(denial) => (denial.status.first().copied().unwrap_or(403), refusal_body(denial, scope)),
            None => (403, serde_json::json!({"error": "insufficient_scope"})),
        }
    }

    /// Returns the provider's own reply for a token that is not valid any more, if it has one: status and JSON body.
    pub fn invalid_token(&self) -> Option<(u16, Value)> {
        let refusal = value_of(&self.provider.definition.api.invalid_token)?.first()?;
        Some((refusal.status.first().copied().unwrap_or(401), refusal_body(refusal, "")))
    }
}

/// A body that meets the refusal's conditions: a text alone, or an object with the text at its place.
fn refusal_body(refusal: &Refusal, scope: &str) -> Value {
    let mut body = Map::new();
    match &refusal.path {
        Some(path) => json::put(&mut body, path, refusal.sample().into()),
        None if refusal.has_words() => return refusal.sample().into(),
        None => {}
    }
    if let Some(path) = &refusal.scope {
        json::put(&mut body, path, scope.into());
    }
    Value::Object(body)
}

fn strip_scheme(value: &str, scheme: &str) -> Option<String> {
    let (word, token) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then(|| token.trim().to_owned())
}
