//! The further secrets of a login: from stdin, from a variable, kept from the login before, or asked for without echo. In
//! this order, so that a new one replaces the one that is kept.

use super::super::Context;
use super::LoginError;
use super::wizard::Answers;
use crate::protocol::login_secrets::{Secrets, variable_of};
use crate::protocol::secret::Secret;
use crate::protocol::secret_text;
use crate::provider::{DefinitionError, Provider, ProviderDefinition};
use crate::store::StoredToken;
use crate::system::terminal::MAX_SECRET;

/// A parameter whose value came on stdin.
pub struct FromStdin {
    pub name: String,
    pub value: Secret,
}

/// Reads the value of the parameter that is promised on stdin. A person at a terminal types it.
pub fn read_stdin(
    name: Option<&str>,
    definition: &ProviderDefinition,
    context: &Context,
) -> Result<Option<FromStdin>, LoginError> {
    let Some(name) = name else { return Ok(None) };
    if !definition.params.contains_key(name) {
        let known = definition.params.keys().cloned().collect();
        return Err(DefinitionError::UnknownParam { id: definition.id.clone(), param: name.to_owned(), known }.into());
    }
    let bytes = context.terminal().promised_secret(&question(definition, name), MAX_SECRET)?;
    let bad = |source| LoginError::NoParamOnStdin { param: name.to_owned(), source };
    Ok(Some(FromStdin { name: name.to_owned(), value: secret_text::one_line(&bytes).map_err(bad)? }))
}

/// Returns the provider with all its secrets. What is kept from the login before is said in `told`.
pub fn complete(
    provider: &Provider,
    from_stdin: Option<&FromStdin>,
    before: Option<&StoredToken>,
    told: &mut Vec<String>,
    answers: &mut Answers,
    context: &Context,
) -> Result<Provider, LoginError> {
    let mut whole = provider.clone();
    if let Some(FromStdin { name, value }) = from_stdin {
        whole = whole.with_secrets([(name, value)])?;
    }
    whole = context.session.with_secrets_of_environment(&whole)?;
    if let Some(before) = before {
        let given = whole.secrets.len();
        let kept = before.secrets.keys().filter(|name| !whole.secrets.contains_key(*name)).cloned().collect::<Vec<_>>();
        whole = whole.with_secrets(&before.secrets)?;
        if whole.secrets.len() > given {
            told.extend(kept.into_iter().map(|name| format!("the secret `{name}`")));
        }
    }
    if context.terminal().is_interactive() && provider.emulator.is_none() {
        whole = ask(&whole, answers, context)?;
    }
    whole.check_secrets()?;
    Ok(whole)
}

/// Asks for each secret that is missing and needed, until it can be used.
fn ask(provider: &Provider, answers: &mut Answers, context: &Context) -> Result<Provider, LoginError> {
    let (mut whole, terminal) = (provider.clone(), context.terminal());
    let definition = &provider.definition;
    let is_asked = |name: &&str| !definition.params[*name].optional && !provider.secrets.contains_key(*name);
    for name in definition.secret_params().filter(is_asked) {
        whole = loop {
            let typed = terminal.ask_hidden(&question(definition, name))?;
            match whole.with_secrets(&Secrets::from([(name.to_owned(), typed)])) {
                Ok(with_it) => break with_it,
                // Shown even with `--quiet`: without it the question would just be repeated.
                Err(DefinitionError::ParamRefused { problem, .. }) => {
                    terminal.alarm(&format_args!("This cannot be used: {problem}."));
                }
                Err(error) => return Err(error.into()),
            }
        };
        answers.add_variable(variable_of(name));
    }
    Ok(whole)
}

fn question(definition: &ProviderDefinition, name: &str) -> String {
    definition.params[name].question(name)
}
