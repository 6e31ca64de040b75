//! The only place where a quirk acts: between the RFCs' values and the provider's.
//!
//! The client builds with it what the emulator reads with it, and the other way round. Agreement between the two proves
//! only that we agree with ourselves. The recorded replies in `tests/fixtures/` show what is right.

mod about_token;
mod api;
mod authorization;
mod beside_token;
mod described;
mod device;
mod given;
mod grants;
mod lifetimes;
mod narrowing;
mod openid;
mod par;
mod redirect;
mod reply;
mod token;
mod token_reply;

use std::collections::BTreeMap;

pub use api::{ListedBy, ListedScopes};
pub use device::{DeviceReplyError, Poll};
pub use narrowing::Narrowing;
pub use token_reply::{ClientAuth, TokenReply, TokenReplyError};

use super::DefinitionError;
use super::Provider;
use super::departure::{Departure, value_of};
use super::template;
use crate::protocol::message::{BadHeader, HttpRequest};
use crate::protocol::params::Params;

const JSON: &str = "application/json";

/// A translator for one provider.
#[derive(Clone, Copy)]
pub struct Dialect<'a> {
    provider: &'a Provider,
}

impl<'a> Dialect<'a> {
    pub fn new(provider: &'a Provider) -> Self {
        Self { provider }
    }

    /// Adds a definition's own parameters, with their templates filled from the provider's values and from `context`.
    fn add_extra(
        &self,
        params: &mut Params,
        extra: &Departure<BTreeMap<String, String>>,
        key: &str,
        context: &[(&str, &str)],
    ) -> Result<(), DefinitionError> {
        for (name, text) in value_of(extra).into_iter().flatten() {
            if let Some(value) = self.fill_if_known(text, key, context)? {
                params.push(name, value);
            }
        }
        Ok(())
    }

    /// Fills a text, or returns `None` if it names an optional parameter without a value: then what it is for is left out.
    fn fill_if_known(
        &self,
        text: &str,
        key: &str,
        context: &[(&str, &str)],
    ) -> Result<Option<String>, DefinitionError> {
        let (params, known) = (&self.provider.params, &self.provider.definition.params);
        let is_known = |name: &str| params.contains_key(name) || self.provider.secrets.contains_key(name);
        let is_left_out = |name: &&str| !is_known(name) && known.get(*name).is_some_and(|p| p.optional);
        match template::names(text).iter().any(is_left_out) {
            true => Ok(None),
            false => self.fill(text, key, context).map(Some),
        }
    }

    /// Adds `token.params`. A parameter made from the state is left out where there is none to repeat.
    fn add_token_params(
        &self,
        params: &mut Params,
        has_state: bool,
        context: &[(&str, &str)],
    ) -> Result<(), DefinitionError> {
        for (name, text) in value_of(&self.provider.definition.token.params).into_iter().flatten() {
            if !has_state && template::names(text).contains(&"state") {
                continue;
            }
            if let Some(value) = self.fill_if_known(text, "token.params", context)? {
                params.push(name, value);
            }
        }
        Ok(())
    }

    /// Names the resource that the token is for (RFC 8707 §2), unless the definition's own parameters do.
    fn add_resource(&self, params: &mut Params) {
        if let Some(resource) = self.provider.definition.api.resource.as_ref().filter(|_| !params.contains("resource"))
        {
            params.push("resource", resource);
        }
    }

    fn fill(&self, text: &str, key: &str, context: &[(&str, &str)]) -> Result<String, DefinitionError> {
        let mut values = self.provider.params.clone();
        values.extend(self.provider.secrets.iter().map(|(name, secret)| (name.clone(), secret.expose().to_owned())));
        values.extend(context.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        template::fill(text, &values).map_err(|missing| match missing.0.as_str() {
            "client_secret" if key.starts_with("api.") => {
                DefinitionError::ClientSecretNeeded { id: self.provider.id().to_owned() }
            }
            name if self.provider.definition.params.get(name).is_some_and(|param| param.secret) => {
                self.provider.no_secret(name)
            }
            name => self.wrong(key, &format!("`{{{name}}}` is not a parameter")),
        })
    }

    fn header(&self, message: &mut HttpRequest, name: &str, value: &str, secret: bool) -> Result<(), DefinitionError> {
        let set = if secret { message.set_secret_header(name, value) } else { message.set_header(name, value) };
        set.map_err(|BadHeader(name)| self.wrong("headers", &format!("`{name}` cannot be sent as a header")))
    }

    fn wrong(&self, key: &str, problem: &str) -> DefinitionError {
        self.provider.definition.wrong(key, problem)
    }
}

fn omit_and_rename(params: &mut Params, omit: &Departure<Vec<String>>, names: &Departure<BTreeMap<String, String>>) {
    for name in value_of(omit).into_iter().flatten() {
        params.remove(name);
    }
    rename(params, names);
}

/// Renames parameters from the RFC's names to the provider's.
fn rename(params: &mut Params, names: &Departure<BTreeMap<String, String>>) {
    for (ours, theirs) in value_of(names).into_iter().flatten() {
        params.rename(ours, theirs);
    }
}

/// Renames parameters from the provider's names to the RFC's.
fn rename_back(params: &mut Params, names: &Departure<BTreeMap<String, String>>) {
    for (ours, theirs) in value_of(names).into_iter().flatten() {
        params.rename(theirs, ours);
    }
}

fn omits(omit: &Departure<Vec<String>>, name: &str) -> bool {
    value_of(omit).is_some_and(|omit| omit.iter().any(|omitted| omitted == name))
}

#[cfg(test)]
mod tests;
