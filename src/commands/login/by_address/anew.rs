//! A client that this program registered, and that its server has forgotten: a refresh is refused with `invalid_client`
//! (RFC 6749 §5.2).
//!
//! It is registered anew, once, so that the next login does not end at a page about an unknown client. The refresh token is
//! bound to the client that is gone (§6) and is not sent by another one. All tokens are kept: the access token may be good
//! until it ends.

use url::Url;

use super::client;
use crate::commands::Context;
use crate::commands::login::LoginError;
use crate::flow::discovery::discover;
use crate::flow::register;
use crate::protocol::advice::with_causes;
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::redirect_uri::{DEFAULT_REDIRECT_URI, RedirectUri};
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::token_store::Found;
use crate::store::{Profile, Registration, StoredToken};

/// Returns the error that a person should see in place of one about a refresh: that the client was forgotten and is
/// registered anew, if that is so.
pub fn instead_of(error: SessionError, context: &Context) -> SessionError {
    let SessionError::TokenSource(source) = &error else { return error };
    if !source.refuses_client() {
        return error;
    }
    let Ok((profile, found)) = context.session.stored_login() else { return error };
    match registered_anew(&profile, &found, context) {
        Ok(Some(issuer)) => {
            SessionError::ClientForgotten { profile: profile.to_string(), provider: found.record.provider, issuer }
        }
        Ok(None) => error,
        Err(problem) => {
            context.warn(&format_args!("the client could not be registered anew: {}", with_causes(&problem)));
            error
        }
    }
}

/// Registers the client of a login anew, if this program had registered it. Returns its issuer.
fn registered_anew(
    profile: &Profile,
    found: &Found<StoredToken>,
    context: &Context,
) -> Result<Option<String>, LoginError> {
    let session = &context.session;
    let Some((key, known)) = session.dynamic_client_of(&found.record)? else { return Ok(None) };
    let (Some(issuer), Some(before)) = (known.issuer.clone(), known.dynamic.clone()) else { return Ok(None) };
    let store = session.store()?;
    // Processes that share the login wait for each other, and the first one registers.
    let _lock = store.lock(profile, found.store, LOCK_TIMEOUT)?;
    if store.load_app(&key)?.is_none_or(|now| now.record.client_id != known.client_id) {
        return Ok(Some(issuer));
    }
    let http = session.http(Some(&found.record))?;
    let metadata = discover(http.as_ref(), &issuer)?;
    let endpoint = metadata.registration_endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok());
    let Some(endpoint) = endpoint else { return Ok(None) };
    let usual = before.redirect_uris.iter().find_map(|uri| RedirectUri::parse(uri).ok());
    let usual = usual.or_else(|| RedirectUri::parse(DEFAULT_REDIRECT_URI).ok());
    let Some(redirect_uri) = usual else { return Ok(None) };
    let request = client::request(&metadata, &redirect_uri, before.auth, &found.record.asked);
    let reply = register::register(http.as_ref(), &endpoint, &request)?;
    let method = reply.method(before.auth);
    let mut dynamic = client::dynamic(&reply, method, &endpoint, &request, context);
    dynamic.forgotten = before.forgotten.into_iter().chain([known.client_id]).collect();
    let secret = reply.client_secret.filter(|_| method != ClientAuthMethod::None);
    let record = Registration::new(reply.client_id, secret, known.origins, context.system.clock.now())
        .at_issuer(&issuer, Some(dynamic));
    store.save_app(&key, &record)?;
    Ok(Some(issuer))
}
