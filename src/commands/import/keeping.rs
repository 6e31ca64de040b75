//! Where an imported login is kept.

use super::error::ImportError;
use super::view::ImportOutcome;
use crate::commands::Context;
use crate::store::{Profile, StoreKind, StoredToken, TokenStore};

/// Returns the store, if a login of this name is not there or may be replaced.
pub fn store_for<'a>(profile: &Profile, replaces: bool, context: &'a Context) -> Result<&'a TokenStore, ImportError> {
    let store = context.session.store()?;
    match store.index()?.logins.contains_key(profile.as_str()) && !replaces {
        true => Err(ImportError::LoginExists { profile: profile.to_string() }),
        false => Ok(store),
    }
}

/// Returns what is said of a login that was stored.
pub fn kept(
    profile: &Profile,
    token: &StoredToken,
    kind: StoreKind,
    context: &Context,
) -> Result<ImportOutcome, ImportError> {
    context.tell_inside("This login");
    let place = context.session.store()?.place(kind)?;
    Ok(ImportOutcome::new(profile, token, kind, place, context.system.clock.now()))
}
