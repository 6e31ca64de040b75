//! What `providers check` finds in a definition that could be loaded.
//!
//! Three kinds of findings, decided for each check by what it stops:
//!
//! - An **error when loaded** (`check`): a value with which no request may be built, because a secret could go to the
//!   wrong server or a parameter twice. 0.1 refused the same, so no file that worked is refused now.
//! - A **fault**, an error of `providers check` only: something that cannot do what its author wants, though another part
//!   of the file may work. A wrong header of the API stops `call` and no login; a misspelt reply member is ignored; a
//!   parameter that is sent twice is taken by some servers; a made-up address works where the provider is emulated. 0.1
//!   loaded these, so they load, and `login` warns of them in one line.
//! - A **note**: it works, and its author may want to know.

mod endpoints;
mod finding;
mod members;
mod names;
mod requests;

pub use self::finding::Finding;
use self::finding::Findings;
use super::check::check;
use super::overlay::lay_over;
use super::{DefinitionError, ProviderDefinition};

/// Returns all findings. `own` is the author's text, and `base` the built-in one that it lies over, if there is one.
pub fn review(definition: &ProviderDefinition, own: &toml::Table, base: Option<&toml::Table>) -> Vec<Finding> {
    let mut findings = Findings(of_one(definition));
    let mut whole = base.cloned().unwrap_or_default();
    lay_over(&mut whole, own.clone());
    let standing = findings.0.clone();
    let names = own.get("alternatives").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
    for name in names {
        let Some(alternative) = definition.alternatives.get(name) else { continue };
        let mut chosen = whole.clone();
        lay_over(&mut chosen, alternative.set.0.clone());
        for Finding { key, problem, .. } in
            of_alternative(&chosen).into_iter().filter(|found| !standing.contains(found))
        {
            findings.fault(format!("alternatives.{name}.set.{key}"), problem);
        }
    }
    if definition.alternative.is_some() && base.is_none() {
        findings
            .fault("alternative", "it chooses among the values of a built-in provider, and this file lies over none");
    }
    if base.is_some() && is_empty(own) {
        findings.note("", "it changes nothing: no key is in use");
    }
    findings.0
}

fn of_one(definition: &ProviderDefinition) -> Vec<Finding> {
    let mut findings = Findings::default();
    match check(definition) {
        Ok(()) => {}
        Err(DefinitionError::Wrong { key, problem, .. }) => findings.fault(key, problem),
        Err(other) => findings.fault("", other.to_string()),
    }
    endpoints::review(definition, &mut findings);
    names::review(definition, &mut findings);
    requests::review(definition, &mut findings);
    members::review(definition, &mut findings);
    findings.0
}

/// Returns the faults of a definition with one of its alternatives.
fn of_alternative(chosen: &toml::Table) -> Vec<Finding> {
    // As text, for the reason that `read_merged` gives.
    match toml::from_str(&chosen.to_string()) {
        Ok(definition) => of_one(&definition).into_iter().filter(|finding| finding.is_fault).collect(),
        Err(error) => vec![Finding { key: String::new(), problem: error.message().to_owned(), is_fault: true }],
    }
}

/// Returns `true` if there are only headers of sections.
fn is_empty(table: &toml::Table) -> bool {
    table.values().all(|value| value.as_table().is_some_and(is_empty))
}

#[cfg(test)]
mod tests;
