//! A project's file does not choose a server by itself.
//!
//! Whoever clones a repository runs what its `.oauthctl.toml` says, and a single label is enough to lead a login to
//! `https://attacker.shop.example`. So a parameter of that file which decides a host is used only with the user's
//! consent: the same value typed as `--param`, a login at the same servers, or an answer on the terminal, which is shown
//! where it would go. What the file says beside that, in a path for example, needs none: the
//! server is the definition's own. Nothing is sent before.

use std::collections::BTreeMap;

use super::project::{At, Named};
use super::{Context, SessionError};
use crate::protocol::advice::login_command;
use crate::provider::Provider;
use crate::store::Profile;

/// Parameters that somebody has answered for by typing them.
pub type Typed = BTreeMap<String, String>;

/// What the project's file decides.
struct Choice<'a> {
    at: &'a At,
    param: &'a str,
    value: &'a str,
    servers: Vec<String>,
}

/// Before a login goes to a provider's servers.
pub fn to_log_in(provider: &Provider, typed: &Typed, profile: &Profile, context: &Context) -> Result<(), SessionError> {
    ask(provider, typed, &login_command(provider.id(), profile.as_str()), context)
}

/// Before the environment's token goes to them: nobody has logged in to say which they are.
pub fn to_send_token(provider: &Provider, profile: &Profile, context: &Context) -> Result<(), SessionError> {
    let login = login_command(provider.id(), profile.as_str());
    ask(provider, &Typed::new(), &format!("printenv OAUTHCTL_TOKEN | {login} --with-token"), context)
}

fn ask(provider: &Provider, typed: &Typed, command: &str, context: &Context) -> Result<(), SessionError> {
    let choices = choices(provider, typed, context)?;
    let Some(first) = choices.first() else { return Ok(()) };
    if is_known(provider, context)? {
        return Ok(());
    }
    if context.terminal().is_interactive() {
        for Choice { at, param, value, servers } in &choices {
            let servers = servers.join(", ");
            // Also where `--quiet` is asked for: without it the question means nothing.
            context.terminal().alarm(&format_args!("{at} sets `{param}` to `{value}`, which leads to {servers}."));
        }
        let answer = context.terminal().ask(&"No login of yours goes there yet. Continue? [y/N]")?;
        if ["y", "yes"].contains(&answer.to_ascii_lowercase().as_str()) {
            return Ok(());
        }
    }
    let params: Vec<String> = choices.iter().map(|choice| format!("{}={}", choice.param, choice.value)).collect();
    Err(SessionError::ServerNotConfirmed {
        at: first.at.clone(),
        servers: choices.iter().flat_map(|choice| choice.servers.clone()).collect(),
        remedy: format!("{command} --param {}", params.join(" --param ")),
        params,
    })
}

/// The parameters that are the project's, and that decide a server.
fn choices<'a>(provider: &'a Provider, typed: &Typed, context: &'a Context) -> Result<Vec<Choice<'a>>, SessionError> {
    let project = context.project()?.into_iter().flat_map(|project| &project.params);
    let choice = |(param, named): (&'a String, &'a Named)| {
        let (definition, value) = (provider.definition.params.get(param)?, provider.params.get(param)?);
        let spelled = |text: &str| definition.normalize(text).ok().as_ref() == Some(value);
        // The server that the definition itself means is nobody's choice.
        let is_default = definition.default.as_deref().is_some_and(spelled);
        if typed.contains_key(param) || !spelled(&named.value) || is_default {
            return None;
        }
        let servers = provider.servers_decided_by(param);
        (!servers.is_empty()).then_some(Choice { at: &named.at, param, value, servers })
    };
    Ok(project.filter_map(choice).collect())
}

/// Whether a login goes to the same servers already: all that decides them is the same there. One at an emulator, which
/// stands for any server, says nothing of them.
fn is_known(provider: &Provider, context: &Context) -> Result<bool, SessionError> {
    let store = context.store()?;
    let decides = |(param, _): &(&String, &String)| !provider.servers_decided_by(param).is_empty();
    let deciding: Vec<_> = provider.params.iter().filter(decides).collect();
    Ok(store.index()?.logins.into_iter().any(|(name, entry)| {
        entry.provider == provider.id()
            && deciding.iter().all(|(param, value)| entry.params.get(*param) == Some(*value))
            && {
                let record = name.parse().ok().and_then(|profile| store.load(&profile).ok().flatten());
                record.is_none_or(|found| !found.record.origins.are_on_this_machine())
            }
    }))
}
