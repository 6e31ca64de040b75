//! How a command gets a login whose token works: what `token`, `call`, `exec` and `scopes` have in
//! common.

use super::{ActiveLogin, Context, SessionError, consent};
use crate::flow::refresh::Client;
use crate::flow::token_source::{TokenSource, Trouble, Wanted};
use crate::protocol::advice::causes;
use crate::protocol::client::ClientId;
use crate::protocol::sanitize::{Pieces, Style};
use crate::protocol::time::HumanDuration;
use crate::provider::Provider;
use crate::store::login_lock::PATIENCE;
use crate::store::token_store::Found;
use crate::store::{Profile, StoreKind, StoredToken};
use crate::system::paths::variable;

/// The login that is meant, its token refreshed if need be.
pub fn valid_login(wanted: Wanted, context: &Context) -> Result<(Profile, Found<StoredToken>), SessionError> {
    let profile = context.profile()?;
    // A token of the environment is all there is of it: nothing to refresh.
    if let Some(found) = context.login_of_variable(&profile)? {
        return Ok((profile, found));
    }
    let handed = source(context)?.token(&profile, wanted, |record| client_of(&profile, record, context))?;
    let Some(handed) = handed else { return Err(context.no_such_login(&profile)?) };
    if let Some(trouble) = handed.trouble {
        tell(&profile, &trouble, context);
    }
    Ok((profile, handed.found))
}

/// The same, ready to be used: nothing is sent to servers that are not those of the login.
pub fn valid_active_login(wanted: Wanted, context: &Context) -> Result<ActiveLogin, SessionError> {
    let (profile, found) = valid_login(wanted, context)?;
    activate(profile, found, context)
}

/// The login that is meant, ready to be used, with the token that it has.
pub fn active_login(context: &Context) -> Result<ActiveLogin, SessionError> {
    let (profile, found) = context.stored_login()?;
    activate(profile, found, context)
}

fn activate(profile: Profile, found: Found<StoredToken>, context: &Context) -> Result<ActiveLogin, SessionError> {
    let provider = context.provider_of(&profile, &found.record)?;
    if found.store == StoreKind::Env {
        consent::to_send_token(&provider, &profile, context)?;
    }
    Ok(ActiveLogin { profile, token: found.record, provider })
}

pub fn source(context: &Context) -> Result<TokenSource<'_>, SessionError> {
    Ok(TokenSource {
        store: context.store()?,
        http: context.system.http.as_ref(),
        clock: context.system.clock.as_ref(),
        entropy: context.system.entropy.as_ref(),
        patience: PATIENCE,
    })
}

/// The client that a login was made with, at the login's servers. A token is bound to its client (RFC 6749 §6), so
/// another one that is registered or set by now is of no use.
pub fn client_of(profile: &Profile, record: &StoredToken, context: &Context) -> Result<Client, SessionError> {
    let provider = context.provider_of(profile, record)?;
    let Some(client_id) = record.client_id.clone() else {
        // A token that somebody brought along; it has no refresh token either.
        return Ok(Client { provider, client_id: ClientId::new(""), client_secret: None });
    };
    if variable("OAUTHCTL_CLIENT_ID").is_some_and(|id| id.trim() == client_id.as_str()) {
        let client_secret = context.system.secrets.client_secret.clone();
        return Ok(Client { provider, client_id, client_secret });
    }
    let client_secret = registered_secret(profile, &provider, &client_id, context)?;
    Ok(Client { provider, client_id, client_secret })
}

fn registered_secret(
    profile: &Profile,
    provider: &Provider,
    client_id: &ClientId,
    context: &Context,
) -> Result<Option<crate::protocol::secret::ClientSecret>, SessionError> {
    let found = context.store()?.load_app(provider.id())?;
    let Some(found) = found.filter(|found| found.record.client_id == *client_id) else {
        let client_id = crate::protocol::sanitize::line(client_id.as_str());
        return Err(SessionError::OtherClient {
            profile: profile.to_string(),
            provider: provider.id().to_owned(),
            client_id,
        });
    };
    if let Some(origins) = &found.record.origins {
        provider.check_origins(origins, &format!("oauthctl app set {}", provider.id()))?;
    }
    Ok(found.record.client_secret)
}

fn tell(profile: &Profile, trouble: &Trouble<SessionError>, context: &Context) {
    let terminal = context.terminal();
    let warning = Style::Warning.of("warning:");
    let caused_by = Style::Faint.of("caused by:");
    match trouble {
        Trouble::NotRefreshed { until, error } => {
            let left = HumanDuration(context.system.clock.now().until(*until));
            let what = format_args!(" {error}; the token in use is good for {left} more");
            terminal.note(&Pieces(&[&warning, &what]));
            for cause in causes(error) {
                terminal.note(&Pieces(&[&"  ", &caused_by, &" ", &cause]));
            }
        }
        Trouble::Malformed(member) => {
            let what = format_args!(" the token of `{profile}` was refreshed, but in the reply {member}");
            terminal.note(&Pieces(&[&warning, &what]));
        }
        Trouble::NotStored { error, journal } => {
            let what = format_args!(" the token of `{profile}` was refreshed, but not stored: {error}");
            terminal.alarm(&Pieces(&[&warning, &what]));
            for cause in causes(error) {
                terminal.alarm(&Pieces(&[&"  ", &caused_by, &" ", &cause]));
            }
            match journal {
                Some(place) => terminal.alarm(&format_args!(
                    "It is kept, sealed, in `{place}`. Mend the store and run `oauthctl token` again: that takes it over. \
                     Until then do not remove the file, and do not log in again."
                )),
                None => terminal.alarm(&format_args!(
                    "It could not be written anywhere: this is the last command that has it. Mend the store and log in \
                     again with `oauthctl login --profile {profile}`."
                )),
            }
        }
    }
}

/// `--min-validity`, or what serves without it.
pub fn wanted(min_validity: Option<HumanDuration>) -> Wanted {
    min_validity.map_or(Wanted::Valid, |HumanDuration(time)| Wanted::ValidFor(time))
}
