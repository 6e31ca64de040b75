//! Consent to the servers that a project file chooses.
//!
//! A user who clones a repository gets its `.oauthctl.toml` too, and a single label is enough to lead a login to
//! `https://attacker.shop.example`. A parameter of that file that decides a host is therefore used only with the user's
//! consent: the same value typed as `--param`, a login at the same servers, or an answer on the terminal, which shows
//! the servers first. Other parameters, in a path for example, need no consent: the server is the definition's own.
//! Nothing is sent before the user has consented.

use std::collections::BTreeMap;

use super::Context;
use crate::protocol::advice::login_command;
use crate::provider::Provider;
use crate::session::{ServerChoice, SessionError};
use crate::store::{AppName, Profile};

/// Parameters that the user confirmed by typing them.
pub type Typed = BTreeMap<String, String>;

/// Asks for consent before a login goes to a provider's servers.
pub fn to_log_in(
    provider: &Provider,
    typed: &Typed,
    profile: &Profile,
    app: Option<&AppName>,
    context: &Context,
) -> Result<(), SessionError> {
    let flag = app.map(|app| format!(" --app {app}")).unwrap_or_default();
    ask(provider, typed, &format!("{}{flag}", login_command(provider.id(), profile.as_str())), context)
}

/// Asks for consent before the environment's token goes to them, since no login has confirmed them.
pub fn to_send_token(provider: &Provider, profile: &Profile, context: &Context) -> Result<(), SessionError> {
    let login = login_command(provider.id(), profile.as_str());
    ask(provider, &Typed::new(), &format!("printenv OAUTHCTL_TOKEN | {login} --with-token"), context)
}

/// Asks for consent before the client's secret goes to them.
pub fn to_request_token(provider: &Provider, typed: &Typed, context: &Context) -> Result<(), SessionError> {
    ask(provider, typed, &format!("oauthctl token --provider {}", provider.id()), context)
}

fn ask(provider: &Provider, typed: &Typed, command: &str, context: &Context) -> Result<(), SessionError> {
    let choices = context.session.unconfirmed_servers(provider, typed)?;
    let Some(first) = choices.first() else { return Ok(()) };
    if context.terminal().is_interactive() {
        for ServerChoice { at, param, value, servers } in &choices {
            let servers = servers.join(", ");
            // Shown even with `--quiet`: the question makes no sense without it.
            context.terminal().alarm(&format_args!("{at} sets `{param}` to `{value}`, which leads to {servers}."));
        }
        // No answer is no consent.
        if context.agrees(&"None of your logins uses that server yet. Continue?", false) {
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
