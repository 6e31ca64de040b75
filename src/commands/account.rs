//! Whose account a login is: asked once, and kept with the login for `status`.
//!
//! `login` asks where no ID token said it, as `gh` does. It costs a request, which must never cost the login:
//!
//! * It is asked after the token is stored and read back, and after the browser has heard of it. Whatever goes wrong, the
//!   login is there, and the command ends as it would.
//! * It is waited for no longer than [`PATIENCE`]. A client's own token (`client-credentials`) has no person, and a token
//!   that a person brought along was not made here, so neither is asked about.
//! * The name is written into the record under the login's lock, if the login is still the same.
//!
//! `status --userinfo` and `scopes --probe` hear the name anyway, and keep it too: so a login of an earlier version gets one.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use super::Context;
use crate::flow::account::Question;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::provider::Provider;
use crate::store::stored_token::ObtainedBy;
use crate::store::{Profile, StoredToken};
use crate::system::process::in_background;

/// How long a login that is done waits for the name of its account.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait for another process that has the login.
const LOCKED: Duration = Duration::from_secs(1);

/// Asks for the account of a new login, and keeps it. Returns the name.
pub fn ask(profile: &Profile, provider: &Provider, token: &StoredToken, context: &Context) -> Option<String> {
    let is_of_a_person = matches!(token.obtained_by, ObtainedBy::Grant(kind) if !kind.runs_alone());
    if !is_of_a_person || token.account().is_some() {
        return None;
    }
    let question = Question::of(provider, &token.scopes(&ScopeSet::default()))?;
    let http = context.session.http(Some(token)).ok()?;
    let (answer, answered) = sync_channel(1);
    let (asked, record) = (provider.clone(), token.clone());
    let work = move || {
        // After the patience is over there is no listener.
        let _ = answer.send(question.ask(Arc::as_ref(&http), &asked, &record));
    };
    in_background("account", work).ok()?;
    let name = match answered.recv_timeout(PATIENCE) {
        Ok(Ok(name)) => name?,
        Ok(Err(error)) if context.is_verbose() => {
            context.terminal().note(&format_args!("note: the account is not known: {error}"));
            return None;
        }
        _ => return None,
    };
    keep(profile, &token.access_token, &name, context);
    Some(name)
}

/// Keeps a name that the provider has told of a login with this token. A login that has changed meanwhile, and a store that
/// does not take it, are no reason to say anything.
pub fn keep(profile: &Profile, token: &AccessToken, name: &str, context: &Context) {
    let Ok(store) = context.session.store() else { return };
    let Ok(kind) = store.kind_of(profile) else { return };
    let Ok(Some(_lock)) = store.lock(profile, kind, LOCKED) else { return };
    let Ok(Some(found)) = store.load_in(profile, kind) else { return };
    let is_same = found.record.has_had(token) && found.record.account().is_none_or(|known| known.name != name);
    if is_same && found.record.id_token.is_none() {
        let mut record = found.record;
        record.told_account = Some(name.to_owned());
        let _ = store.replace(profile, kind, &record);
    }
}
