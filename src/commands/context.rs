//! What every command has at hand: the machine, the terminal, the global flags, and what they lead to.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::CommandError;
use crate::cli::GlobalArgs;
use crate::protocol::sanitize;
use crate::provider::{Catalogue, Origin, Provider};
use crate::store::login_index::IndexFile;
use crate::store::token_store::Found;
use crate::store::{Profile, StoreError, StoreKind, StoredToken, TokenStore};
use crate::system::System;
use crate::system::account;
use crate::system::keychain::{Keychain, MemoryKeychain};
use crate::system::long_records::LongRecords;
use crate::system::os_keychain::OsKeychain;
use crate::system::paths::{Paths, PathsError, variable};
use crate::system::sealed_file::SealedFiles;
use crate::system::terminal::{Terminal, TerminalError};

pub struct Context {
    pub system: System,
    pub global: GlobalArgs,
    terminal: Arc<dyn Terminal>,
    paths: OnceLock<Paths>,
    store: OnceLock<TokenStore>,
}

/// A login that a command works with, its provider resolved and its origins compared.
pub struct ActiveLogin {
    pub profile: Profile,
    pub token: StoredToken,
    pub provider: Provider,
}

impl Context {
    pub fn new(system: System, terminal: Arc<dyn Terminal>, global: GlobalArgs) -> Self {
        Self { system, global, terminal, paths: OnceLock::new(), store: OnceLock::new() }
    }

    pub fn terminal(&self) -> &dyn Terminal {
        self.terminal.as_ref()
    }

    /// The terminal for a thread of its own.
    pub fn terminal_handle(&self) -> Arc<dyn Terminal> {
        Arc::clone(&self.terminal)
    }

    /// Prints one line of an answer that comes in lines.
    pub fn say(&self, line: &str) -> anyhow::Result<()> {
        Ok(self.print(format!("{line}\n"))?)
    }

    /// Prints an answer: for people, or as JSON.
    pub fn answer<T: std::fmt::Display + serde::Serialize>(&self, answer: &T) -> anyhow::Result<()> {
        let text =
            if self.global.json { format!("{}\n", serde_json::to_string_pretty(answer)?) } else { answer.to_string() };
        Ok(self.print(text)?)
    }

    /// Colour for a terminal, none for a pipe: the same rule as for the talk.
    fn print(&self, text: String) -> Result<(), TerminalError> {
        let shown =
            if self.terminal.stdout_shows_color() { text } else { anstream::adapter::strip_str(&text).to_string() };
        self.terminal.data(shown.as_bytes())
    }

    pub fn paths(&self) -> Result<&Paths, PathsError> {
        if let Some(paths) = self.paths.get() {
            return Ok(paths);
        }
        let paths = Paths::from_environment()?;
        Ok(self.paths.get_or_init(|| paths))
    }

    pub fn catalogue(&self) -> anyhow::Result<Catalogue<'_>> {
        Ok(Catalogue::new(self.paths()?, emulated()?))
    }

    pub fn store(&self) -> Result<&TokenStore, PathsError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = self.open_store(self.global.store)?;
        Ok(self.store.get_or_init(|| store))
    }

    /// A store of its own, for a command that does not use the person's choice.
    pub fn open_store(&self, chosen: Option<StoreKind>) -> Result<TokenStore, PathsError> {
        let paths = self.paths()?.clone();
        let index = IndexFile::new(paths.data.clone());
        let entropy = Arc::clone(&self.system.entropy);
        let key = self.system.secrets.store_key.clone();
        let open = move |kind: StoreKind| -> Result<Arc<dyn Keychain>, StoreError> {
            Ok(match kind {
                StoreKind::Keychain => {
                    Arc::new(LongRecords::new(OsKeychain::new(), account::state_folder, Arc::clone(&entropy)))
                }
                StoreKind::Memory => Arc::new(MemoryKeychain::default()),
                StoreKind::File => {
                    let key = key.as_ref().map(|key| key.expose());
                    let files = SealedFiles::new(&paths.data, &paths.config, key, Arc::clone(&entropy));
                    let named = |source| StoreError::Keychain { place: "the sealed files".to_owned(), kind, source };
                    Arc::new(files.map_err(named)?)
                }
            })
        };
        Ok(TokenStore::new(index, chosen, Box::new(open)))
    }

    /// The profile that is meant: `--profile`, OAUTHCTL_PROFILE, or the current one.
    pub fn profile(&self) -> anyhow::Result<Profile> {
        if let Some(profile) = &self.global.profile {
            return Ok(profile.clone());
        }
        let current = self.store()?.index()?.current;
        Ok(current.and_then(|name| name.parse().ok()).ok_or(CommandError::NoLogin { profile: None, provider: None })?)
    }

    /// The record of the login that is meant.
    pub fn stored_login(&self) -> anyhow::Result<(Profile, Found<StoredToken>)> {
        let profile = self.profile()?;
        let store = self.store()?;
        match store.load(&profile)? {
            Some(found) => Ok((profile, found)),
            None => Err(self.no_such_login(&profile)?),
        }
    }

    /// The error for a profile that is not there.
    pub fn no_such_login(&self, profile: &Profile) -> anyhow::Result<anyhow::Error> {
        let provider = self.store()?.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
        let provider = provider.or_else(|| emulated().ok().flatten().map(|(id, _)| id));
        Ok(CommandError::NoLogin { profile: Some(profile.to_string()), provider }.into())
    }

    /// The login that is meant, ready to be used: nothing is sent to servers that are not those of the login.
    pub fn active_login(&self) -> anyhow::Result<ActiveLogin> {
        let (profile, found) = self.stored_login()?;
        let provider = self.provider_of(&profile, &found.record)?;
        Ok(ActiveLogin { profile, token: found.record, provider })
    }

    pub fn provider_of(&self, profile: &Profile, token: &StoredToken) -> anyhow::Result<Provider> {
        let provider = self.catalogue()?.resolve(&token.provider, &token.params)?;
        let profile = if profile.as_str() == token.provider { String::new() } else { format!(" --profile {profile}") };
        provider.check_origins(&token.origins, &format!("oauthctl login --provider {}{profile}", token.provider))?;
        Ok(provider)
    }

    /// A provider with its parameters: given on the command line, or asked of a person.
    pub fn resolve_asking(&self, id: &str, mut given: BTreeMap<String, String>) -> anyhow::Result<Provider> {
        let catalogue = self.catalogue()?;
        if self.terminal.is_interactive() && catalogue.emulated_id() != Some(id) {
            let definition = catalogue.get(id)?;
            for (name, param) in &definition.params {
                if param.default.is_none() && !given.contains_key(name) {
                    let question = param.prompt.clone().unwrap_or_else(|| name.clone());
                    given.insert(name.clone(), self.terminal.ask(&question)?);
                }
            }
        }
        Ok(catalogue.resolve(id, &given)?)
    }
}

/// `OAUTHCTL_EMULATOR=judgeme=http://127.0.0.1:PORT`: in this environment the provider is that emulator. Loopback only:
/// the variable must not be able to send a secret anywhere else.
fn emulated() -> Result<Option<(String, Origin)>, CommandError> {
    let Some(value) = variable("OAUTHCTL_EMULATOR") else { return Ok(None) };
    let parsed = value.split_once('=').and_then(|(id, origin)| {
        let origin = origin.starts_with("http://").then(|| Origin::parse(origin).ok()).flatten()?;
        crate::provider::catalogue::is_id(id).then(|| (id.to_owned(), origin))
    });
    parsed.map(Some).ok_or_else(|| CommandError::BadEmulator { value: sanitize::line(&value) })
}
