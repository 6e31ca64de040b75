//! The report of `status -v` on the values that decide what a command does: each part with its source, or the reason
//! why it is unavailable. A broken part hides no other part.

use std::error::Error;

use serde::Serialize;

use super::environment::{CLIENT_ID, CONFIG_DIR, DATA_DIR, EMULATOR, EMULATOR_DIR};
use super::{Session, SessionError, Source};
use crate::protocol::advice::with_causes;
use crate::protocol::sanitize;
use crate::provider::DefinitionError;
use crate::store::Profile;
use crate::system::http::{Roots, Trust};

/// The certificate authorities of this machine.
const TRUST: &str = "trusted certificates";

/// Those of `--cacert`.
const ADDED: &str = "trusted beside them";

/// A named decision.
#[derive(Debug, Serialize)]
pub struct Part {
    pub name: String,
    #[serde(flatten)]
    pub decision: Decision,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Decision {
    Made { value: String, from: Source },
    Broken { problem: String },
}

impl Part {
    fn made(name: impl Into<String>, value: impl ToString, from: Source) -> Self {
        Self { name: name.into(), decision: Decision::Made { value: value.to_string(), from } }
    }

    fn broken(name: &str, error: &dyn Error) -> Self {
        Self { name: name.to_owned(), decision: Decision::Broken { problem: with_causes(error) } }
    }
}

impl Session {
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let profile = self.profile_if_any();
        parts.push(match &profile {
            Ok(Some(profile)) => Part::made("profile", &profile.value, profile.from.clone()),
            Ok(None) => Part::made("profile", "none", Source::Default),
            Err(error) => Part::broken("profile", error),
        });
        let store = self.store_for_new();
        let name = if store.is_typed() { "store" } else { "store of new logins" };
        parts.push(Part::made(name, store.value, store.from));
        if let Ok(Some(profile)) = &profile {
            self.login_parts(&profile.value, &mut parts);
        }
        for (name, variable) in [
            ("emulated provider", EMULATOR),
            ("folder of the emulator's logins", EMULATOR_DIR),
            ("client id", CLIENT_ID),
            ("configuration folder", CONFIG_DIR),
            ("data folder", DATA_DIR),
        ] {
            if let Some(value) = self.environment.variable(variable) {
                parts.push(Part::made(name, sanitize::line(&value), Source::Variable(variable)));
            }
        }
        parts.push(match Trust::of_machine() {
            Ok(trust) => {
                let from = match trust.roots {
                    Roots::Variables(name, _) => Source::Variable(name),
                    Roots::System(_) | Roots::BuiltIn => Source::Default,
                };
                Part::made(TRUST, trust, from)
            }
            Err(error) => Part::broken(TRUST, &error),
        });
        match self.cacert(None) {
            Ok(cacert) => {
                parts.extend(cacert.map(|path| Part::made(ADDED, sanitize::line(&path), Source::Flag("--cacert"))));
            }
            Err(error) => parts.push(Part::broken(ADDED, &error)),
        }
        match self.project() {
            Ok(project) => {
                parts.extend(project.into_iter().flat_map(|project| &project.params).map(|(name, value)| {
                    let name = format!("parameter {}", sanitize::line(name));
                    Part::made(name, &value.value, Source::Project(value.at.to_string()))
                }))
            }
            // Reported once: without a named profile, this is the profile's error already.
            Err(_) if profile.is_err() => {}
            Err(error) => parts.push(Part::broken("project", &error)),
        }
        parts
    }

    /// Adds what is known about the selected login.
    fn login_parts(&self, profile: &Profile, parts: &mut Vec<Part>) {
        match self.token_place(profile) {
            Ok(Some(place)) => parts.push(Part::made("token", "not shown", place)),
            Ok(None) => {}
            Err(error) => parts.push(Part::broken("token", &error)),
        }
        let index = self.store().and_then(|store| Ok(store.index()?));
        // An unreadable index was reported as the token's error.
        let Some(entry) = index.ok().and_then(|mut index| index.logins.remove(profile.as_str())) else { return };
        parts.push(Part::made("provider", &entry.provider, Source::Login(profile.to_string())));
        let definition = self.catalogue().and_then(|catalogue| Ok(catalogue.get(&entry.provider)?));
        match definition.map(|definition| definition.file) {
            Ok(Some(file)) => parts.push(Part::made("definition", &entry.provider, Source::Config(file))),
            Ok(None) | Err(SessionError::Definition(DefinitionError::UnknownProvider { .. })) => {}
            Err(error) => parts.push(Part::broken("definition", &error)),
        }
    }
}
