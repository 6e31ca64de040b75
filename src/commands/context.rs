//! What every command has at hand: the machine, the terminal, the global flags, and what they lead to.

mod error;

pub use error::SessionError;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::project::{self, Project};
use super::{emulate, sources};
use crate::cli::GlobalArgs;
use crate::keychain::files::SealedFiles;
use crate::keychain::helper::CredentialHelper;
use crate::keychain::long_records::LongRecords;
use crate::keychain::os::OsKeychain;
use crate::keychain::{Keychain, MemoryKeychain, VariableKeychain};
use crate::protocol::advice::login_command;
use crate::protocol::sanitize::{self, Pieces, Render};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::is_vschar;
use crate::provider::template::ParamKind;
use crate::provider::{Catalogue, DefinitionError, Origin, Provider, ProviderDefinition};
use crate::store::login_index::IndexFile;
use crate::store::stored_token::ObtainedBy;
use crate::store::token_store::Found;
use crate::store::{Profile, StoreError, StoreKind, StoredToken, TokenStore};
use crate::system::System;
use crate::system::account;
use crate::system::paths::{Paths, variable};
use crate::system::terminal::{Terminal, TerminalError};

pub struct Context {
    pub system: System,
    pub global: GlobalArgs,
    terminal: Arc<dyn Terminal>,
    paths: OnceLock<Paths>,
    store: OnceLock<TokenStore>,
    project: OnceLock<Option<Project>>,
}

/// A login that a command works with, its provider resolved and its origins compared.
pub struct ActiveLogin {
    pub profile: Profile,
    pub token: StoredToken,
    pub provider: Provider,
}

impl Context {
    pub fn new(system: System, terminal: Arc<dyn Terminal>, global: GlobalArgs) -> Self {
        Self { system, global, terminal, paths: OnceLock::new(), store: OnceLock::new(), project: OnceLock::new() }
    }

    pub fn terminal(&self) -> &dyn Terminal {
        self.terminal.as_ref()
    }

    /// The terminal for a thread of its own.
    pub fn terminal_handle(&self) -> Arc<dyn Terminal> {
        Arc::clone(&self.terminal)
    }

    /// Prints one line of an answer that comes in lines.
    pub fn say(&self, line: &dyn Render) -> Result<(), TerminalError> {
        self.terminal.show(&Pieces(&[line, &"\n"]))
    }

    /// Prints an answer: for people, or as JSON.
    pub fn answer<T: Render + serde::Serialize>(&self, answer: &T) -> Result<(), TerminalError> {
        if !self.global.json {
            return self.terminal.show(answer);
        }
        let json = serde_json::to_string_pretty(answer).map_err(|error| TerminalError::Stdout(error.into()))?;
        self.terminal.json(&format!("{json}\n"))
    }

    pub fn paths(&self) -> Result<&Paths, SessionError> {
        if let Some(paths) = self.paths.get() {
            return Ok(paths);
        }
        let paths = Paths::from_environment()?;
        Ok(self.paths.get_or_init(|| paths))
    }

    pub fn catalogue(&self) -> Result<Catalogue<'_>, SessionError> {
        Ok(Catalogue::new(self.paths()?, emulated()?))
    }

    pub fn store(&self) -> Result<&TokenStore, SessionError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = self.open_store(self.global.store)?;
        // The environment says where new logins go; one that is listed is where it is.
        let store = if self.global.typed.store { store } else { store.remembering() };
        Ok(self.store.get_or_init(|| store))
    }

    /// A store of its own, for a command that does not use the person's choice.
    pub fn open_store(&self, chosen: Option<StoreKind>) -> Result<TokenStore, SessionError> {
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
                StoreKind::Env => Arc::new(VariableKeychain),
                StoreKind::Helper(name) => Arc::new(CredentialHelper::new(name)),
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

    /// What the project in the working directory says.
    pub fn project(&self) -> Result<Option<&Project>, SessionError> {
        if self.project.get().is_none() {
            let found = project::find_here()?;
            found.ignored.iter().for_each(|ignored| self.terminal.note(ignored));
            let _ = self.project.set(found.project);
        }
        Ok(self.project.get().and_then(Option::as_ref))
    }

    /// The profile that is meant: `--profile`, OAUTHCTL_PROFILE, the project's, or the current one.
    pub fn profile(&self) -> Result<Profile, SessionError> {
        let chosen = sources::profiles(self)?.into_iter().next();
        chosen.map(|(profile, _)| profile).ok_or(SessionError::NoLogin { profile: None, provider: None })
    }

    /// The record of the login that is meant.
    pub fn stored_login(&self) -> Result<(Profile, Found<StoredToken>), SessionError> {
        let profile = self.profile()?;
        if let Some(found) = self.login_of_variable(&profile)? {
            return Ok((profile, found));
        }
        let store = self.store()?;
        match store.load(&profile)? {
            Some(found) => Ok((profile, found)),
            None => Err(self.no_such_login(&profile)?),
        }
    }

    /// What `OAUTHCTL_TOKEN` says of this login, where it counts: with a profile that the person named, and no other
    /// store typed. Its provider and parameters are those of the login of that name, or else of the provider.
    pub fn login_of_variable(&self, profile: &Profile) -> Result<Option<Found<StoredToken>>, SessionError> {
        let wanted = self.global.store == Some(StoreKind::Env);
        let Some(token) = &self.system.secrets.token else {
            return if wanted { Err(SessionError::NoTokenVariable) } else { Ok(None) };
        };
        if self.global.profile.is_none() && wanted {
            return Err(SessionError::TokenWithoutProfile);
        }
        if self.global.profile.as_ref() != Some(profile) || (self.global.typed.store && !wanted) {
            return Ok(None);
        }
        if !is_vschar(token.expose()) {
            return Err(SessionError::BadTokenVariable);
        }
        let catalogue = self.catalogue()?;
        let listed = self.store()?.index()?.logins.remove(profile.as_str());
        let id = match (&listed, catalogue.emulated_id()) {
            (Some(entry), _) => entry.provider.clone(),
            (None, Some(emulated)) => emulated.to_owned(),
            (None, None) => profile.to_string(),
        };
        // A record would have its origins compared; a bare token has none.
        if catalogue.emulated_id() == Some(&id) && profile.as_str() != emulate::profile_of(&id) {
            return Err(SessionError::TokenForEmulator { profile: profile.to_string(), provider: id });
        }
        let definition = match catalogue.get(&id) {
            Err(DefinitionError::UnknownProvider { .. }) => {
                return Err(SessionError::TokenOfNobody { profile: profile.to_string() });
            }
            definition => definition?,
        };
        let params = self.with_project(&definition, listed.map(|entry| entry.params).unwrap_or_default())?;
        let provider = catalogue.resolve(&id, &params)?;
        let now = self.system.clock.now();
        let record = StoredToken::given(&provider, None, ObtainedBy::Given, ScopeSet::default(), token.clone(), now);
        Ok(Some(Found { record, store: StoreKind::Env, place: VariableKeychain.place() }))
    }

    /// The parameters that are given, and those that the project knows beside them.
    pub fn with_project(
        &self,
        definition: &ProviderDefinition,
        mut given: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, SessionError> {
        for (name, value) in self.project()?.into_iter().flat_map(|project| &project.params) {
            let Some(param) = definition.params.get(name).filter(|_| !given.contains_key(name)) else { continue };
            if param.kind != ParamKind::Label {
                let (at, provider) = (value.at.clone(), definition.id.clone());
                return Err(SessionError::ParamNotForProject { at, param: name.clone(), provider });
            }
            given.insert(name.clone(), value.value.clone());
        }
        Ok(given)
    }

    /// The error for a profile that is not there.
    pub fn no_such_login(&self, profile: &Profile) -> Result<SessionError, SessionError> {
        let provider = self.store()?.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
        let provider = provider.or_else(|| emulated().ok().flatten().map(|(id, _)| id));
        Ok(SessionError::NoLogin { profile: Some(profile.to_string()), provider })
    }

    /// The provider of a login, at the servers that are those of the login.
    pub fn provider_of(&self, profile: &Profile, token: &StoredToken) -> Result<Provider, SessionError> {
        let provider = self.catalogue()?.resolve(&token.provider, &token.params)?;
        provider.check_origins(&token.origins, &login_command(&token.provider, profile.as_str()))?;
        Ok(provider)
    }

    /// A provider with its parameters: given on the command line, or asked of a person.
    pub fn resolve_asking(&self, id: &str, typed: &BTreeMap<String, String>) -> Result<Provider, SessionError> {
        let catalogue = self.catalogue()?;
        let mut given = self.with_project(&catalogue.get(id)?, typed.clone())?;
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
fn emulated() -> Result<Option<(String, Origin)>, SessionError> {
    let Some(value) = variable("OAUTHCTL_EMULATOR") else { return Ok(None) };
    let parsed = value.split_once('=').and_then(|(id, origin)| {
        let origin = origin.starts_with("http://").then(|| Origin::parse(origin).ok()).flatten()?;
        crate::provider::catalogue::is_id(id).then(|| (id.to_owned(), origin))
    });
    parsed.map(Some).ok_or_else(|| SessionError::BadEmulator { value: sanitize::line(&value) })
}
