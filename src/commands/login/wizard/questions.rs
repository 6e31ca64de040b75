//! One function for each thing that a login may lack.

use std::collections::BTreeMap;

use super::super::super::Context;
use super::super::LoginError;
use super::Answers;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::param::{Param, ParamKind};
use crate::provider::params::accept;
use crate::provider::{DefinitionError, ProviderDefinition};

/// The line of a provider that has no definition.
const OTHER: &str = "another, by its address";

/// Asks which provider to log in to. The answer is its id, or an address.
pub fn provider(answers: &mut Answers, context: &Context) -> Result<String, LoginError> {
    let providers = context.session.catalogue()?.names();
    let longest = providers.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let lines = providers.iter().map(|(id, name)| format!("{id:<longest$}  {name}"));
    let lines: Vec<String> = lines.chain([format!("{:<longest$}  {OTHER}", "-")]).collect();
    let chosen = context.terminal().choose(&"Which provider?", &lines)?;
    let id = match providers.into_iter().nth(chosen) {
        Some((id, _)) => id,
        None => address(context)?,
    };
    answers.add([id.clone()]);
    Ok(id)
}

/// Asks for the address of a provider that has no definition. Without a scheme it is meant with https.
fn address(context: &Context) -> Result<String, LoginError> {
    let typed = context.terminal().ask(&"Https address of its issuer or MCP server (Enter alone: there is none)")?;
    match typed.as_str() {
        "" => Err(LoginError::NotListed),
        whole if whole.contains("://") => Ok(whole.to_owned()),
        bare => Ok(format!("https://{bare}")),
    }
}

/// Asks for the parameters that are not given and have no default, until each is usable.
pub fn params(
    definition: &ProviderDefinition,
    given: &mut BTreeMap<String, String>,
    answers: &mut Answers,
    context: &Context,
) -> Result<(), LoginError> {
    for (name, param) in &definition.params {
        // What the provider sends is not a person's to know.
        let is_needed = param.default.is_none() && !param.secret && !param.optional && !param.is_captured();
        if is_needed && !given.contains_key(name) {
            let value = param_value(definition, name, param, context)?;
            answers.add(["--param".to_owned(), format!("{name}={value}")]);
            given.insert(name.clone(), value);
        }
    }
    Ok(())
}

fn param_value(
    definition: &ProviderDefinition,
    name: &str,
    param: &Param,
    context: &Context,
) -> Result<String, LoginError> {
    let terminal = context.terminal();
    let kind = match param.kind {
        ParamKind::Label => "letters, digits and hyphens",
        ParamKind::Host => "a host name",
        ParamKind::Origin => "an https address",
        ParamKind::Id => "as it is, with capitals and small letters",
        ParamKind::Path => "parts of a path with `/` between them",
        ParamKind::Text => "any text",
    };
    let example = param.example.as_deref().map(|example| format!(", such as {example}")).unwrap_or_default();
    let question = param.question(name);
    // A list says itself what may be typed.
    let kind = if param.values.is_empty() { format!("; {kind}") } else { String::new() };
    loop {
        let typed = terminal.ask(&format_args!("{question}{kind}{example}"))?;
        match accept(definition, name, &typed) {
            Ok(value) => return Ok(value),
            // Shown even with `--quiet`: without it the question would just be repeated.
            Err(DefinitionError::ParamRefused { value, problem, .. }) => match value.is_empty() {
                true => terminal.alarm(&"A value is needed here."),
                false => terminal.alarm(&format_args!("`{value}` cannot be used: {problem}.")),
            },
            Err(error) => return Err(error.into()),
        }
    }
}

/// Asks for the scopes, each with what it means. Those of the login that is made anew are ticked, else the definition's
/// default ones. Returns `None` if there is nothing to choose.
pub fn scopes(
    definition: &ProviderDefinition,
    before: Option<&ScopeSet>,
    answers: &mut Answers,
    context: &Context,
) -> Result<Option<ScopeSet>, LoginError> {
    let always = definition.always_granted();
    let offered: Vec<_> = definition.scope.known.iter().filter(|scope| !always.contains(&scope.name)).collect();
    if offered.is_empty() || !context.may_ask() {
        return Ok(None);
    }
    let wanted = before.cloned().unwrap_or_else(|| definition.default_scope());
    let ticked: Vec<usize> = (0..offered.len()).filter(|n| wanted.contains(&offered[*n].name)).collect();
    let longest = offered.iter().map(|scope| sanitize::columns(&scope.name)).max().unwrap_or(0);
    let line = |name: &str, about: &str, note: Option<&str>| {
        let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
        format!("{}  {about}{note}", sanitize::padded(name, longest))
    };
    let lines: Vec<String> =
        offered.iter().map(|scope| line(&scope.name, &scope.about, scope.note.as_deref())).collect();
    let chosen = context.terminal().tick(&"Which scopes?", &lines, &ticked)?;
    let names = offered.iter().map(|scope| scope.name.as_str()).collect::<ScopeSet>();
    let chosen: ScopeSet = chosen.into_iter().map(|n| offered[n].name.as_str()).collect();
    // A scope that the definition does not know cannot be unticked.
    let chosen = chosen.union(&wanted.difference(&names).iter().collect());
    answers.add(["--scope".to_owned(), chosen.to_string()]);
    Ok(Some(chosen))
}
