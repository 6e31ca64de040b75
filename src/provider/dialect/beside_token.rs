//! What goes into a request beside the token and the client's credentials, and must not be seen or guessed: a login's
//! further secrets, the client secret in a header of the API, and a fresh random value in each request.

use std::collections::BTreeMap;

use super::Dialect;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::secret::AccessToken;
use crate::provider::DefinitionError;
use crate::provider::departure::{Departure, value_of};
use crate::provider::template;

/// The name in braces for a value that is another one in each request.
pub(super) const RANDOM: &str = "random";

/// The text in a request that becomes the random value when the request is sent. Retries and further pages are made from
/// a request that is complete, so it cannot be filled in earlier.
pub(super) const RANDOM_MARK: &str = "{random}";

type Texts = Departure<BTreeMap<String, String>>;

/// The client's side.
impl Dialect<'_> {
    /// Returns what an API's headers may name beside the parameters.
    pub(super) fn api_context(&self) -> Vec<(&'static str, &str)> {
        let provider = self.provider;
        let id = provider.client_id.as_ref().map(|id| ("client_id", id.as_str()));
        let secret = provider.client_secret.as_ref().map(|secret| ("client_secret", secret.expose()));
        id.into_iter().chain(secret).chain([(RANDOM, RANDOM_MARK)]).collect()
    }

    /// Lists what must not be shown of a reply.
    pub fn hidden<'s>(&'s self, token: &'s AccessToken) -> Vec<&'s str> {
        self.provider.hidden(token)
    }

    /// Returns `true` if a text is filled with something that no log may show.
    pub(super) fn is_secret_text(&self, text: &str) -> bool {
        let is_secret = |name: &&str| *name == "client_secret" || self.is_secret_param(name);
        template::names(text).iter().any(is_secret)
    }

    fn is_secret_param(&self, name: &str) -> bool {
        self.provider.definition.params.get(name).is_some_and(|param| param.secret)
    }

    /// Returns `true` if requests to the API or to the token endpoint carry a random value.
    pub fn sends_random(&self) -> bool {
        self.random_headers().next().is_some()
    }

    fn random_headers(&self) -> impl Iterator<Item = &str> {
        let definition = &self.provider.definition;
        let all = [&definition.api.headers, &definition.token.headers].into_iter();
        all.flat_map(|texts| value_of(texts).into_iter().flatten())
            .filter(|(_, text)| is_random(text))
            .map(|(name, _)| name.as_str())
    }

    /// Puts a random value where the definition wants one. A header that a person has set or removed stays so.
    pub fn put_random(&self, request: &mut HttpRequest, random: &str) -> Result<(), DefinitionError> {
        for name in self.random_headers() {
            let Some(value) = request.headers.get(name) else { continue };
            let secret = value.is_sensitive();
            let filled = String::from_utf8_lossy(value.as_bytes()).replace(RANDOM_MARK, random);
            self.header(request, name, &filled, secret)?;
        }
        Ok(())
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Returns the part of an API request that is missing beside its token, in words. `is_new` says of a random value
    /// whether it has not been seen before.
    pub fn missing_beside_token(
        &self,
        header: impl Fn(&str) -> Option<String>,
        query: &str,
        is_new: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let api = &self.provider.definition.api;
        for (name, text) in value_of(&api.headers).into_iter().flatten() {
            let value = header(name).filter(|value| !value.is_empty());
            match value {
                None if self.is_needed(text) || is_random(text) => return Some(format!("the header `{name}`")),
                Some(value) if is_random(text) && !is_new(&value) => {
                    return Some(format!("another value in the header `{name}`"));
                }
                _ => {}
            }
        }
        let query = Params::from_urlencoded(query);
        let wanted = value_of(&api.query)
            .into_iter()
            .flatten()
            .find(|(name, text)| self.is_needed(text) && !query.contains(name));
        wanted.map(|(name, _)| format!("the parameter `{name}`"))
    }

    /// Returns what a token request lacks of this, in words.
    pub fn missing_in_token_request(
        &self,
        header: impl Fn(&str) -> Option<String>,
        params: &Params,
        is_for_code: bool,
    ) -> Option<String> {
        let token = &self.provider.definition.token;
        let needed = |texts: &Texts, is_there: &dyn Fn(&str) -> bool| {
            let mut texts = value_of(texts).into_iter().flatten();
            texts
                .find(|(name, text)| (self.is_needed(text) || is_random(text)) && !is_there(name))
                .map(|(name, _)| name.clone())
        };
        if let Some(name) = needed(&token.headers, &|name| header(name).is_some()) {
            return Some(format!("the header `{name}` is missing"));
        }
        let name = needed(&token.params, &|name| params.contains(name)).filter(|_| is_for_code)?;
        Some(format!("the parameter `{name}` is missing"))
    }

    /// Returns `true` if a text has a secret that every login has.
    fn is_needed(&self, text: &str) -> bool {
        let params = &self.provider.definition.params;
        let is_optional = |name: &&str| params.get(*name).is_some_and(|param| param.optional);
        self.is_secret_text(text) && !template::names(text).iter().any(is_optional)
    }
}

fn is_random(text: &str) -> bool {
    template::names(text).contains(&RANDOM)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::protocol::login_secrets::Secrets;
    use crate::protocol::secret::{ClientSecret, Secret};
    use crate::provider::Provider;

    const KEYS: &str = "token.url = 'https://as.shop.test/t'\napi.base = 'https://api.shop.test'\n\
        params.key = { secret = true }\nparams.more = { secret = true, optional = true }\n\
        api.headers = { X-Key = 'k {key}', X-App = '{client_secret}', X-More = '{more}', X-Id = 'a-{random}' }\n\
        api.query = { sub = '{key}' }\n";

    fn provider(key: Option<&str>) -> Provider {
        let provider = Provider::new(toml::from_str(KEYS).unwrap(), BTreeMap::new(), None).unwrap();
        let secrets: Secrets = key.map(|key| ("key".to_owned(), Secret::new(key))).into_iter().collect();
        provider.with_secrets(&secrets).unwrap().with_client_secret(Some(&ClientSecret::new("canary-client")))
    }

    fn request(provider: &Provider) -> Result<HttpRequest, DefinitionError> {
        let mut request = HttpRequest::new(Method::GET, "https://api.shop.test/x".parse().unwrap());
        Dialect::new(provider).complete_request(&mut request).map(|()| request)
    }

    #[test]
    fn secrets_fill_headers_and_query_and_no_debug_output() {
        let request = request(&provider(Some("canary-key"))).unwrap();
        assert_eq!(request.headers["x-key"], "k canary-key");
        assert_eq!(request.headers["x-app"], "canary-client");
        assert!(!request.headers.contains_key("x-more"), "it is optional");
        assert_eq!(request.url.query(), Some("sub=canary-key"));
        assert!(!format!("{:?}", request.headers).contains("canary"), "{:?}", request.headers);
    }

    #[test]
    fn a_random_value_is_put_only_where_the_header_still_is() {
        let provider = provider(Some("k"));
        let dialect = Dialect::new(&provider);
        let mut sent = request(&provider).unwrap();
        dialect.put_random(&mut sent, "one").unwrap();
        assert_eq!(sent.headers["x-id"], "a-one");
        sent.headers.remove("x-id");
        dialect.put_random(&mut sent, "two").unwrap();
        assert!(!sent.headers.contains_key("x-id"));
    }

    #[test]
    fn a_missing_secret_is_named_and_nothing_is_sent() {
        assert!(matches!(request(&provider(None)), Err(DefinitionError::SecretNeeded { param, .. }) if param == "key"));
        let no_client = provider(Some("k")).with_client_secret(None);
        assert!(matches!(request(&no_client), Err(DefinitionError::ClientSecretNeeded { .. })));
    }

    #[test]
    fn the_emulator_wants_what_the_client_sends() {
        let provider = provider(Some("k"));
        let dialect = Dialect::new(&provider);
        let sent = request(&provider).unwrap();
        let header = |without: &'static str| {
            let headers = sent.headers.clone();
            move |name: &str| {
                headers.get(name).filter(|_| name != without).map(|value| value.to_str().unwrap().to_owned())
            }
        };
        let query = sent.url.query().unwrap();
        assert_eq!(dialect.missing_beside_token(header(""), query, |_| true), None);
        for (without, words) in [("X-Key", "the header `X-Key`"), ("X-Id", "the header `X-Id`")] {
            assert_eq!(dialect.missing_beside_token(header(without), query, |_| true).as_deref(), Some(words));
        }
        let missing = dialect.missing_beside_token(header(""), "", |_| true);
        assert_eq!(missing.as_deref(), Some("the parameter `sub`"));
        let again = dialect.missing_beside_token(header(""), query, |_| false);
        assert_eq!(again.as_deref(), Some("another value in the header `X-Id`"));
    }
}
