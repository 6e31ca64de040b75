//! What a token may do: asked and granted.

use std::fmt;

use serde::Serialize;

use super::{table, write_table};
use crate::protocol::sanitize;
use crate::provider::ProviderDefinition;
use crate::store::{Profile, StoredToken};

#[derive(Debug, Serialize)]
pub struct ScopesView {
    pub profile: String,
    pub provider: String,
    pub scopes: Vec<ScopeRow>,
    #[serde(skip)]
    width: usize,
}

#[derive(Debug, Serialize)]
pub struct ScopeRow {
    pub scope: String,
    pub asked: bool,
    /// `None` if the provider did not say what it granted.
    pub granted: Option<bool>,
    pub about: String,
}

impl ScopesView {
    pub fn new(profile: &Profile, definition: &ProviderDefinition, token: &StoredToken, width: usize) -> Self {
        let always = definition.always_granted();
        let granted = token.scopes(&always);
        let names = definition.known_scopes().union(&token.asked).union(&granted);
        let said = token.granted.is_some();
        let scopes = names
            .iter()
            .map(|name| ScopeRow {
                scope: sanitize::line(name),
                asked: token.asked.contains(name),
                granted: (said || always.contains(name)).then(|| granted.contains(name)),
                about: definition
                    .scope
                    .known
                    .iter()
                    .find(|known| known.name == name)
                    .map(|known| known.about.clone())
                    .unwrap_or_default(),
            })
            .collect();
        Self { profile: profile.to_string(), provider: definition.id.clone(), scopes, width }
    }
}

impl fmt::Display for ScopesView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(self.width, &["SCOPE", "ASKED", "GRANTED", "ABOUT"]);
        for row in &self.scopes {
            let asked = if row.asked { "yes" } else { "–" };
            let granted = match row.granted {
                Some(true) => "yes",
                Some(false) if row.asked => "no",
                Some(false) => "–",
                None => "?",
            };
            table.add_row([row.scope.as_str(), asked, granted, row.about.as_str()]);
        }
        write_table(f, &mut table)
    }
}
