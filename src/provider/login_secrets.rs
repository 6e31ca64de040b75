//! Further secrets of a login: values of parameters with `secret = true`, such as a developer's token or a subscription
//! key that the API wants beside the access token.
//!
//! They are kept apart from the other parameters, because those are shown, listed and compared everywhere. A secret fills
//! texts of requests only: headers, bodies and the API's query. `Endpoints` and the redirect URI never see one, so it
//! cannot decide a server, and `check` refuses a definition that writes it into an address or into the authorization
//! request, which the browser shows.
//!
//! The client secret is here, too, where the definition sends it with every request of the API. It is the registration's
//! and not the login's, so a record does not keep it.

use std::collections::BTreeMap;

use super::departure::value_of;
use super::params::accept;
use super::{DefinitionError, Provider, ProviderDefinition, template};
use crate::protocol::login_secrets::Secrets;
use crate::protocol::secret::{AccessToken, ClientSecret, Secret};

/// Splits values into those of ordinary parameters and the secrets among them: a record may be older than the word
/// `secret` in its definition.
pub fn split(
    definition: &ProviderDefinition,
    given: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let is_secret = |name: &String| definition.params.get(name).is_some_and(|param| param.secret);
    given.iter().map(|(name, value)| (name.clone(), value.clone())).partition(|(name, _)| !is_secret(name))
}

impl ProviderDefinition {
    /// Lists the names of its secret parameters.
    pub fn secret_params(&self) -> impl Iterator<Item = &str> {
        self.params.iter().filter(|(_, param)| param.secret).map(|(name, _)| name.as_str())
    }

    /// Refuses secrets from a command line, which other programs and the shell's history can read.
    pub fn refuse_typed_secrets(&self, typed: &BTreeMap<String, String>) -> Result<(), DefinitionError> {
        match self.secret_params().find(|name| typed.contains_key(*name)) {
            Some(name) => Err(DefinitionError::SecretTyped { id: self.id.clone(), param: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// Returns `true` if every request of the API carries the client secret.
    pub fn sends_client_secret_to_api(&self) -> bool {
        value_of(&self.api.headers)
            .into_iter()
            .flatten()
            .any(|(_, text)| template::names(text).contains(&"client_secret"))
    }
}

impl Provider {
    /// Returns the provider with these secrets. What is not the definition's is left out, and what is there stays.
    pub fn with_secrets<'s>(
        &self,
        given: impl IntoIterator<Item = (&'s String, &'s Secret)>,
    ) -> Result<Self, DefinitionError> {
        let mut whole = self.clone();
        for (name, secret) in given {
            let is_secret = self.definition.params.get(name).is_some_and(|param| param.secret);
            if is_secret && !whole.secrets.contains_key(name) {
                let value = accept(&self.definition, name, secret.expose())?;
                whole.secrets.insert(name.clone(), Secret::new(value));
            }
        }
        Ok(whole)
    }

    /// Returns the provider with the client's secret, if its API wants that.
    pub fn with_client_secret(&self, secret: Option<&ClientSecret>) -> Self {
        let secret = secret.filter(|_| self.definition.sends_client_secret_to_api());
        Self { client_secret: secret.cloned(), ..self.clone() }
    }

    /// Returns the provider with made-up secrets where it has none, for an emulator.
    pub fn with_examples(&self) -> Result<Self, DefinitionError> {
        let params = self.definition.params.iter().filter(|(_, param)| param.secret);
        let examples: Secrets = params.map(|(name, param)| (name.clone(), Secret::new(param.sample()))).collect();
        self.with_secrets(&examples)
    }

    /// Refuses a login without a secret that it needs.
    pub fn check_secrets(&self) -> Result<(), DefinitionError> {
        let is_missing = |name: &&str| !self.secrets.contains_key(*name) && !self.definition.params[*name].optional;
        match self.definition.secret_params().find(is_missing) {
            Some(name) => Err(self.no_secret(name)),
            None => Ok(()),
        }
    }

    /// Returns the error for a request that lacks a secret.
    pub fn no_secret(&self, name: &str) -> DefinitionError {
        DefinitionError::SecretNeeded { id: self.id().to_owned(), param: name.to_owned() }
    }

    /// Lists what must not be shown of a request to the API or of its reply: the token, and what is sent beside it.
    pub fn hidden<'s>(&'s self, token: &'s AccessToken) -> Vec<&'s str> {
        [token.expose()].into_iter().chain(self.further_secrets()).collect()
    }

    /// Lists the values of its secrets.
    pub fn further_secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.values().map(Secret::expose).chain(self.client_secret.iter().map(ClientSecret::expose))
    }

    /// Returns the provider with a text of the caller's in the place of each secret, to show a request.
    pub fn with_marks(&self, mark: impl Fn(&str) -> String) -> Self {
        let marks = self.definition.secret_params().filter(|name| self.secrets.contains_key(*name));
        Self {
            secrets: marks.map(|name| (name.to_owned(), Secret::new(mark(name)))).collect(),
            client_secret: self.client_secret.as_ref().map(|_| ClientSecret::new(mark("client_secret"))),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "authorize.url = 'https://as.shop.test/a'\ntoken.url = 'https://as.shop.test/t'\n\
        params.key = { secret = true, pattern = '[a-z-]+', example = 'made-up' }\nparams.more = { secret = true, optional = true }\n";

    fn provider() -> Provider {
        Provider::new(toml::from_str(KEYS).unwrap(), BTreeMap::new(), None).unwrap()
    }

    #[test]
    fn a_secret_is_checked_and_never_shown() {
        let given = |name: &str, value: &str| {
            let given = Secrets::from([(name.to_owned(), Secret::new(value))]);
            provider().with_secrets(&given)
        };
        let whole = given("key", " canary-key ").unwrap();
        assert_eq!(whole.secrets["key"].expose(), "canary-key");
        assert!(whole.check_secrets().is_ok() && whole.params.is_empty() && !format!("{whole:?}").contains("canary"));
        let refused = given("key", "canary_5d41").unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");
        assert!(given("other", "canary").unwrap().secrets.is_empty());
    }

    #[test]
    fn a_missing_secret_names_its_variable() {
        use crate::protocol::advice::Advice;
        let error = provider().check_secrets().unwrap_err();
        assert!(error.next_step().hint.unwrap().contains("OAUTHCTL_PARAM_KEY"));
    }

    #[test]
    fn values_of_an_older_record_become_secrets() {
        let given = BTreeMap::from([("key".to_owned(), "canary".to_owned()), ("shop".to_owned(), "x".to_owned())]);
        let (params, secrets) = split(&provider().definition, &given);
        assert_eq!((params.len(), secrets["key"].as_str()), (1, "canary"));
    }
}
