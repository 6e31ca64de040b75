//! Values that a provider sends for the definition's parameters: in the callback (`realmId`), in the token reply
//! (`instance_url`), or in the reply to a request after the login (`dc`).
//!
//! They decide where a token goes, so they count once, at the login, whose record keeps them and the servers that they
//! lead to. A refresh reply that names another value is not followed: an attacker at the token endpoint, or a definition
//! that reads another member, could otherwise lead every later token to a server that no person has seen. A company that
//! has moved is rare, the old address mostly works for a while, and a new login moves there. So the change is reported
//! and not made. Only a value that the login lacks is taken, and only while every server stays the same: so a login that
//! is older than the definition's parameter becomes whole.

use std::collections::BTreeMap;

use super::DefinitionError;
use super::endpoint::UrlTemplates;
use super::param::Param;
use super::params::accept;
use super::resolved::Provider;
use super::template;
use crate::protocol::sanitize;

/// A value that the provider sent again, and not as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{param}` is now `{}`, and the login stays with `{ours}`", sanitize::line(.theirs))]
pub struct ChangedValue {
    pub param: String,
    ours: String,
    theirs: String,
}

impl Provider {
    /// Returns the same provider with values that it sent itself, in the callback or in the token reply.
    pub fn with_captured(&self, captured: &BTreeMap<String, String>) -> Result<Self, DefinitionError> {
        if captured.is_empty() {
            return Ok(self.clone());
        }
        let mut params = self.params.clone();
        for (name, value) in captured.iter().filter(|(name, _)| self.definition.params.contains_key(*name)) {
            params.insert(name.clone(), accept(&self.definition, name, value)?);
        }
        let Self { params, endpoints, .. } = Self::new(self.definition.clone(), params, self.emulator.clone())?;
        Ok(Self { params, endpoints, ..self.clone() })
    }

    /// Returns the parameters of a login of this provider with the captured values that it lacks. One that would change a
    /// server is left out, and so is one that its parameter does not accept.
    pub fn completed(&self, captured: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut complete = self.clone();
        for (name, value) in captured.iter().filter(|(name, _)| !self.params.contains_key(*name)) {
            let whole = complete.with_captured(&BTreeMap::from([(name.clone(), value.clone())]));
            if let Some(whole) = whole.ok().filter(|whole| whole.endpoints.servers() == complete.endpoints.servers()) {
                complete = whole;
            }
        }
        complete.params
    }

    /// Lists the captured values that differ from those of the login.
    pub fn changed(&self, captured: &BTreeMap<String, String>) -> Vec<ChangedValue> {
        let differs = |(name, value): (&String, &String)| {
            let ours = self.params.get(name)?.clone();
            let theirs = accept(&self.definition, name, value).unwrap_or_else(|_| value.clone());
            // 0.1 kept no case.
            (!ours.eq_ignore_ascii_case(&theirs)).then(|| ChangedValue { param: name.clone(), ours, theirs })
        };
        captured.iter().filter_map(differs).collect()
    }

    /// Refuses a login whose code could not be exchanged. What the callback will say may be missing yet.
    pub fn check_exchange(&self) -> Result<(), DefinitionError> {
        let from_callback = |name: &String| self.definition.params.get(name).is_some_and(|p| p.from_callback.is_some());
        let awaited = self.uncaptured(&self.definition.token.url);
        match !awaited.is_empty() && awaited.iter().all(from_callback) {
            true => Ok(()),
            false => self.token_endpoint().map(drop),
        }
    }

    /// Lists the parameters without a value that the provider should have sent, and that a URL cannot do without.
    pub fn uncaptured(&self, templates: &UrlTemplates) -> Vec<String> {
        let missing = |name: &&str| {
            !self.params.contains_key(*name) && self.definition.params.get(*name).is_some_and(Param::is_captured)
        };
        let needed =
            templates.0.iter().map(|text| template::names(text).into_iter().filter(missing).collect::<Vec<_>>());
        let first = needed.into_iter().find(|missing| !missing.is_empty()).unwrap_or_default();
        first.into_iter().map(str::to_owned).collect()
    }
}
