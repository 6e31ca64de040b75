//! What a login finds: the store that it will go to, and the login that it replaces.

use super::super::Context;
use super::error::LoginError;
use crate::provider::DefinitionError;
use crate::store::{Profile, StoreError, StoreKind, StoredToken};
use crate::system::entropy::random;

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
