//! The token of the selected login: OAUTHCTL_TOKEN where it applies, else the stored token, refreshed if needed.

use std::sync::Arc;

use super::environment::TOKEN;
use super::narrower_wish::NarrowerWish;
use super::network::LoginNetwork;
use super::{ClientRequest, Session, SessionError, Source, Sourced, emulator_profile};
use crate::flow::client::Client;
use crate::flow::recording::Purpose;
use crate::flow::token_source::{TokenSource, TokenWarning, ValidToken, Wanted};
use crate::keychain::{Keychain, VariableKeychain};
use crate::protocol::advice::login_command;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::is_vschar;
use crate::provider::{DefinitionError, Dialect, Provider};
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::stored_token::ObtainedBy;
use crate::store::token_store::Found;
use crate::store::{Profile, StoreKind, StoredToken};
use crate::system::http::HttpClient;
use crate::system::paths::variable;

/// A login ready for use: its provider is resolved and its origins are checked.
pub struct ActiveLogin {
    pub profile: Profile,
    pub token: StoredToken,
    pub provider: Provider,
    /// Its token was refreshed for this command.
    pub refreshed: bool,
    /// The request that the token came from, if there is no login.
    pub alone: Option<ClientRequest>,
    /// The name of the further token that takes the place of its own.
    pub which: Option<String>,
    /// The scopes of the narrower token that takes the place of its own.
    pub narrower: Option<NarrowerWish>,
}

impl ActiveLogin {
    /// Returns the login with one of its further tokens, if one is named.
    pub fn with(self, which: Option<&str>) -> Result<Self, SessionError> {
        let token = further(self.token, which, &self.profile)?;
        Ok(Self { token, which: which.map(str::to_owned), ..self })
    }
}

/// Returns a record with the further token of this name in place of its own, or as it is if none is named.
pub fn further(record: StoredToken, which: Option<&str>, profile: &Profile) -> Result<StoredToken, SessionError> {
    let Some(name) = which else { return Ok(record) };
    record.with_further(name).ok_or_else(|| SessionError::NoFurtherToken {
        profile: profile.to_string(),
        name: sanitize::line(name),
        known: record.further_tokens.keys().cloned().collect(),
        login: login_command(&record.provider, profile.as_str()),
    })
}

/// A login with a valid token, and a warning for the user.
pub struct ValidLogin {
    pub profile: Profile,
    pub found: Found<StoredToken>,
    pub warning: Option<TokenWarning<SessionError>>,
    /// It was refreshed for this command.
    pub refreshed: bool,
}

impl Session {
    /// Returns the selected login, its token refreshed if needed; `waits` is called before that. It reads no definition while
    /// the stored token is valid.
    pub fn valid_login(&self, wanted: Wanted<'_>, waits: &dyn Fn()) -> Result<ValidLogin, SessionError> {
        let profile = self.profile()?.value;
        // A token from the environment comes alone, with nothing to refresh it.
        if let Some(found) = self.login_of_variable(&profile)? {
            return Ok(ValidLogin { profile, found, warning: None, refreshed: false });
        }
        let network = LoginNetwork::new(Arc::clone(&self.system.http));
        let client = |record: &StoredToken| self.refreshing_client(&profile, record, &network);
        let source = TokenSource { waits, ..self.token_source_over(&network)? };
        match source.token(&profile, wanted, client)? {
            Some(ValidToken { found, warning, refreshed }) => Ok(ValidLogin { profile, found, warning, refreshed }),
            None => Err(self.no_such_login(&profile)?),
        }
    }

    /// Returns the client that refreshes a login, and has its requests go the login's own way.
    pub(super) fn refreshing_client(
        &self,
        profile: &Profile,
        record: &StoredToken,
        network: &LoginNetwork,
    ) -> Result<Client, SessionError> {
        let client = match record.awaits_client() {
            true => self.client_for_awaiting(profile, record)?,
            false => self.client_of(profile, record)?.value,
        };
        self.note_client(profile, "refresh_token", &client);
        network.choose(self.http(Some(record))?);
        Ok(client)
    }

    /// Returns the selected login as stored, whether or not its token is still valid.
    pub fn stored_login(&self) -> Result<(Profile, Found<StoredToken>), SessionError> {
        let profile = self.profile()?.value;
        if let Some(found) = self.login_of_variable(&profile)? {
            return Ok((profile, found));
        }
        match self.store()?.load(&profile)? {
            Some(found) => Ok((profile, found)),
            None => Err(self.no_such_login(&profile)?),
        }
    }

    /// Makes a login ready for use, and checks that its servers have not changed.
    pub fn activate(&self, profile: Profile, token: StoredToken) -> Result<ActiveLogin, SessionError> {
        let provider = self.provider_of(&profile, &token)?;
        let provider = self.with_api_secret(provider, Some((&profile, &token)))?;
        self.recorder().name(profile.as_str(), provider.id());
        self.recorder().purpose(&Purpose { scope: Some(&token.asked), ..Purpose::new(&provider) });
        Ok(ActiveLogin { profile, token, provider, refreshed: false, alone: None, which: None, narrower: None })
    }

    /// Returns the provider with the client's secret, if its API wants that with every request: the secret of the login's
    /// client, or of the one that a new login would use where a token came without one.
    pub fn with_api_secret(
        &self,
        provider: Provider,
        login: Option<(&Profile, &StoredToken)>,
    ) -> Result<Provider, SessionError> {
        if !provider.definition.sends_client_secret_to_api() {
            return Ok(provider);
        }
        let client = match login.filter(|(_, token)| token.client_id.is_some()) {
            Some((profile, token)) => Some(self.client_of(profile, token)?.value),
            None => self.client_for_login(&provider, None, None)?.client.map(|client| client.value),
        };
        let Some(client) = client else { return Ok(provider) };
        Ok(provider.with_client(Some(&client.client_id)).with_client_secret(client.client_secret.as_ref()))
    }

    /// Returns the source of tokens, for callers that read logins and refresh none.
    pub fn token_source(&self) -> Result<TokenSource<'_>, SessionError> {
        self.token_source_over(self.system.http.as_ref())
    }

    pub(super) fn token_source_over<'a>(&'a self, http: &'a dyn HttpClient) -> Result<TokenSource<'a>, SessionError> {
        Ok(TokenSource {
            store: self.store()?,
            http,
            clock: self.system.clock.as_ref(),
            entropy: self.system.entropy.as_ref(),
            patience: LOCK_TIMEOUT,
            waits: &|| (),
        })
    }

    /// Returns the source of this login's token, or `None` if there is no such login.
    pub fn token_place(&self, profile: &Profile) -> Result<Option<Source>, SessionError> {
        if self.login_of_variable(profile)?.is_some() {
            return Ok(Some(Source::Variable(TOKEN)));
        }
        let index = self.store()?.index()?;
        let entry = index.logins.get(profile.as_str());
        Ok(entry.map(|entry| Source::Store(self.store_of(profile, entry).value.to_string())))
    }

    /// Returns `true` if OAUTHCTL_TOKEN is set and so replaces the token of a named login.
    pub fn has_token_variable(&self) -> bool {
        self.system.secrets.token.is_some()
    }

    /// Returns the value of a variable that the command line names. This process takes its own out of its environment as
    /// soon as it starts.
    pub fn secret_variable(&self, name: &str) -> Option<String> {
        let own = self.system.secrets.token.as_ref().filter(|_| name == TOKEN);
        own.map(|token| token.expose().to_owned()).or_else(|| variable(name))
    }

    /// Returns the login that `OAUTHCTL_TOKEN` stands for, where it applies: a flag or a variable names the profile,
    /// and no other store was typed. Provider and parameters come from the login of that name, else the name is taken
    /// as the provider's id. One token is never that of several logins.
    pub fn login_of_variable(&self, profile: &Profile) -> Result<Option<Found<StoredToken>>, SessionError> {
        if self.choices.is_one_of_many {
            return Ok(None);
        }
        let is_store = |chosen: &Sourced<StoreKind>| chosen.value == StoreKind::Env;
        let wanted = self.choices.store.as_ref().is_some_and(is_store);
        let Some(token) = &self.system.secrets.token else {
            return if wanted { Err(SessionError::NoTokenVariable) } else { Ok(None) };
        };
        if self.named_profile().is_none() && wanted {
            return Err(SessionError::TokenWithoutProfile);
        }
        if self.named_profile() != Some(profile) || (self.typed_store().is_some() && !wanted) {
            return Ok(None);
        }
        let bad = || SessionError::BadTokenVariable;
        if !is_vschar(token.expose().trim()) {
            return Err(bad());
        }
        let provider = self.provider_of_variable(profile)?;
        // `Bearer x` or a whole reply would be sent as it is, and the API would refuse it.
        let given = Dialect::new(&provider).read_given_token(token.expose()).map_err(|_| bad())?;
        let token = Some(given.token).filter(|_| given.wrapping.is_none()).ok_or_else(bad)?;
        let now = self.system.clock.now();
        let record = StoredToken::given(&provider, None, ObtainedBy::Given, ScopeSet::default(), token, now);
        Ok(Some(Found { record, store: StoreKind::Env, place: VariableKeychain.place() }))
    }

    fn provider_of_variable(&self, profile: &Profile) -> Result<Provider, SessionError> {
        let catalogue = self.catalogue()?;
        let listed = self.store()?.index()?.logins.remove(profile.as_str());
        let id = match (&listed, catalogue.emulated_id()) {
            (Some(entry), _) => entry.provider.clone(),
            (None, Some(emulated)) => emulated.to_owned(),
            (None, None) => profile.to_string(),
        };
        // A record's origins would be checked; a bare token has none.
        if catalogue.emulated_id() == Some(&id) && profile.as_str() != emulator_profile(&id) {
            return Err(SessionError::TokenForEmulator { profile: profile.to_string(), provider: id });
        }
        let definition = match catalogue.get(&id) {
            Err(DefinitionError::UnknownProvider { .. }) => {
                return Err(SessionError::TokenWithoutProvider { profile: profile.to_string() });
            }
            definition => definition?,
        };
        let params = self.with_project(&definition, listed.map(|entry| entry.params).unwrap_or_default())?;
        self.with_secrets_of_environment(&catalogue.resolve(&id, &params)?)
    }
}
