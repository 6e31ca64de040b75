//! What a login finds: the store that it will go to, the login that it replaces, and a token that is there already.

use super::super::Context;
use super::error::LoginError;
use crate::flow::asked_value;
use crate::flow::trial::{self, Trial};
use crate::protocol::given_token::{self, NoGivenToken};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret_text;
use crate::provider::{DefinitionError, Dialect, Provider};
use crate::store::stored_token::ObtainedBy;
use crate::store::{Profile, StoreError, StoreKind, StoredToken};
use crate::system::entropy::random;
use crate::system::http::HttpClient;
use crate::system::terminal::MAX_SECRET;

/// The store that the login will go to.
pub fn prove_writable(id: &str, profile: &Profile, context: &Context) -> Result<StoreKind, LoginError> {
    let name = u64::from_ne_bytes(random(context.system.entropy.as_ref())?);
    let store = context.session.store()?;
    let kind = store.kind_for(profile)?;
    match store.prove_writable_in(kind, name) {
        Err(source @ StoreError::Keychain { kind: StoreKind::Keychain, .. })
            if !context.terminal().is_interactive() =>
        {
            Err(LoginError::NowhereToKeep { provider: id.to_owned(), source: Box::new(source) })
        }
        proven => Ok(proven.map(|()| kind)?),
    }
}

/// Returns the login that is made anew, which keeps its client, its label and its certificate
/// authorities.
pub fn before(profile: &Profile, id: &str, context: &Context) -> Result<Option<StoredToken>, LoginError> {
    let store = context.session.store()?;
    if store.index()?.logins.get(profile.as_str()).is_none_or(|entry| entry.provider != id) {
        return Ok(None);
    }
    // One that cannot be read has nothing to keep.
    Ok(store.load(profile).ok().flatten().map(|found| found.record))
}

/// Reads a token that is there already: from stdin, or as a person types it. It is taken out of what it came in.
pub fn keep_given(
    provider: &Provider,
    asked: ScopeSet,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Provider, StoredToken), LoginError> {
    let terminal = context.terminal();
    let bytes = match terminal.is_interactive() {
        true => terminal.ask_hidden_text(&"Access token", &given_token::is_whole)?.expose().as_bytes().to_vec().into(),
        false => terminal.stdin_secret(MAX_SECRET)?,
    };
    let text = secret_text::decode(&bytes).map_err(NoGivenToken::from)?;
    let given = Dialect::new(provider).read_given_token(&text)?;
    if let Some(wrapping) = given.wrapping {
        terminal.note(&format_args!("note: the token was taken from {wrapping}; nothing else of it is kept"));
    }
    let now = context.system.clock.now();
    let provider = asked_value::complete(http, provider, None, &given.token);
    if terminal.is_interactive() {
        let with_secret = context.session.with_api_secret(provider.clone(), None).unwrap_or_else(|_| provider.clone());
        match trial::try_token(&with_secret, &given.token, http, now)? {
            Some(Trial::Works { request, status }) => {
                terminal.note(&format_args!("The token works: {request} answered {status}."));
            }
            Some(Trial::Unknown { request, reason }) => {
                let what = format!("whether the token works is not known: {request}: {reason}");
                context.warn(&what);
            }
            None => {}
        }
    }
    let token = StoredToken::given(&provider, None, ObtainedBy::Given, asked, given.token, now);
    Ok((provider, token))
}

/// A login's name may stand where its provider is expected.
pub fn not_a_provider(id: &str, error: DefinitionError, context: &Context) -> LoginError {
    let listed = || context.session.store().ok()?.index().ok()?.logins.remove(id);
    match (&error, listed()) {
        (DefinitionError::UnknownProvider { .. }, Some(entry)) if entry.provider != id => {
            LoginError::NotAProvider { login: id.to_owned(), provider: entry.provider }
        }
        _ => error.into(),
    }
}
