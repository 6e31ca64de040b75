//! A project's file does not choose a server by itself.
//!
//! A user who clones a repository runs what its `.oauthctl.toml` says, and a single label is enough to lead a login to
//! `https://attacker.shop.example`. So a parameter of that file which decides a host is used only with the user's
//! consent: the same value typed as `--param`, a login at the same servers, or an answer on the terminal, which is
//! shown where it would go. What the file says beside that, in a path for example, needs none: the server is the
//! definition's own. Nothing is sent before.

use std::collections::BTreeMap;

use super::Context;
use crate::protocol::advice::login_command;
use crate::provider::Provider;
use crate::session::{ServerChoice, SessionError};
use crate::store::Profile;

/// Parameters that the user has answered for by typing them.
pub type Typed = BTreeMap<String, String>;

/// Before a login goes to a provider's servers.
pub fn to_log_in(provider: &Provider, typed: &Typed, profile: &Profile, context: &Context) -> Result<(), SessionError> {
    ask(provider, typed, &login_command(provider.id(), profile.as_str()), context)
}

/// Before the environment's token goes to them: there was no login to say which they are.
pub fn to_send_token(provider: &Provider, profile: &Profile, context: &Context) -> Result<(), SessionError> {
    let login = login_command(provider.id(), profile.as_str());
    ask(provider, &Typed::new(), &format!("printenv OAUTHCTL_TOKEN | {login} --with-token"), context)
}

fn ask(provider: &Provider, typed: &Typed, command: &str, context: &Context) -> Result<(), SessionError> {
    let choices = context.session.unconfirmed_servers(provider, typed)?;
    let Some(first) = choices.first() else { return Ok(()) };
    if context.terminal().is_interactive() {
        for ServerChoice { at, param, value, servers } in &choices {
            let servers = servers.join(", ");
            // Also where `--quiet` is asked for: without it the question means nothing.
            context.terminal().alarm(&format_args!("{at} sets `{param}` to `{value}`, which leads to {servers}."));
        }
        // No answer is no consent.
        let answer = context.terminal().ask(&"No login of yours goes there yet. Continue? [y/N]").unwrap_or_default();
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
