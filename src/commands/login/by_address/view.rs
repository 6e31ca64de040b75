//! What was found at an address, for a person to confirm.

use std::fmt;

use super::found::Found;
use crate::protocol::sanitize::{self, Pieces, Render, Style, TerminalText};
use crate::protocol::scope::ScopeSet;

/// How many scopes that are not asked for are named.
const FURTHER: usize = 12;

pub struct Summary<'a> {
    pub id: &'a str,
    pub found: &'a Found,
    /// How the client will be known.
    pub plan: &'a str,
    pub scope: &'a ScopeSet,
    /// The definition is the user's own.
    pub is_own: bool,
}

impl Render for Summary<'_> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let Self { id, found, plan, scope, is_own } = self;
        let metadata = &found.server.metadata;
        let address = sanitize::line(found.address.as_str());
        text.put(&Pieces(&[&"Found at ", &Style::Strong.of(&address), &":"]));
        let mut row = |name: &str, value: &str| write!(text, "\n  {name:<10} {}", sanitize::line(value));
        if let Some(resource) = &found.resource {
            row("resource", resource)?;
        }
        row("server", found.issuer())?;
        let endpoints = [
            ("authorize", &metadata.authorization_endpoint),
            ("token", &metadata.token_endpoint),
            ("device", &metadata.device_authorization_endpoint),
        ];
        for (name, endpoint) in endpoints {
            if let Some(endpoint) = endpoint {
                row(name, endpoint)?;
            }
        }
        let further: Vec<&str> =
            found.known_scopes().iter().map(String::as_str).filter(|known| !scope.contains(known)).collect();
        let mut scopes = if scope.is_empty() { "none is asked for".to_owned() } else { scope.to_string() };
        if !further.is_empty() {
            let more = if further.len() > FURTHER { ", …" } else { "" };
            let named = further.iter().take(FURTHER).copied().collect::<Vec<_>>().join(", ");
            scopes.push_str(&format!(" (`--scope` asks for others: {named}{more})"));
        }
        row("scopes", &scopes)?;
        row("client", plan)?;
        row("provider", &if *is_own { format!("{id}, as your definition says") } else { (*id).to_owned() })?;
        for note in notes(found) {
            text.put(&Pieces(&[&"\n  ", &Style::Warning.of("note:"), &" ", &note]));
        }
        Ok(())
    }
}

/// Returns what a person should know before they say yes.
fn notes(found: &Found) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(resource) = found.metadata.as_ref().filter(|resource| resource.is_prefix) {
        let resource = sanitize::line(&resource.metadata.resource);
        notes.push(format!(
            "the metadata is about all of {resource}: the token will be good for more than this address"
        ));
    }
    let has_path = |issuer: &str| url::Url::parse(issuer).is_ok_and(|issuer| issuer.path() != "/");
    if found.is_resource && found.metadata.is_none() && has_path(found.issuer()) {
        notes.push(format!(
            "the resource publishes nothing about itself; the metadata at its root is about the issuer {}",
            sanitize::line(found.issuer())
        ));
    }
    if found.server.location.is_none() {
        notes.push("the server publishes no metadata; these endpoints are those of MCP 2025-03-26".to_owned());
    }
    if found.without_pkce {
        notes.push("the server does not check PKCE: a stolen code could be used by another program".to_owned());
    }
    notes
}
