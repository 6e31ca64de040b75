//! `providers scopes`: the known scopes of providers, without any login.

use std::fmt;

use serde::Serialize;

use crate::commands::Context;
use crate::commands::view::Table;
use crate::protocol::sanitize::{Render, Style, TerminalText};
use crate::provider::ProviderDefinition;
use crate::provider::scopes::KnownScope;
use crate::session::SessionError;

/// The scopes of one provider or of all: a JSON object, or an array of objects.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum KnownScopesView {
    One(ScopeCatalogueView),
    Every(Vec<ScopeCatalogueView>),
}

impl KnownScopesView {
    pub fn new(id: Option<&str>, context: &Context) -> Result<Self, SessionError> {
        let (catalogue, width) = (context.session.catalogue()?, context.terminal().width());
        let view = |id: &str| Ok(ScopeCatalogueView::new(&catalogue.get(&catalogue.id_of(id))?, width));
        match id {
            Some(id) => view(id).map(Self::One),
            None => {
                let mut every = Vec::new();
                for id in catalogue.ids() {
                    match catalogue.get(&id) {
                        Ok(definition) => every.push(ScopeCatalogueView::new(&definition, width)),
                        Err(error) => context.leave_out(&id, &error),
                    }
                }
                Ok(Self::Every(every))
            }
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ScopeCatalogueView {
    provider: String,
    name: String,
    source: Option<String>,
    checked: Option<String>,
    scopes: Vec<CatalogueRow>,
    /// True if the provider documents that there are none.
    #[serde(skip)]
    is_without_scopes: bool,
    #[serde(skip)]
    width: usize,
}

#[derive(Debug, Serialize)]
struct CatalogueRow {
    /// Granted whether requested or not.
    always: bool,
    #[serde(flatten)]
    scope: KnownScope,
}

impl ScopeCatalogueView {
    fn new(definition: &ProviderDefinition, width: usize) -> Self {
        let always = definition.always_granted();
        let row = |scope: &KnownScope| CatalogueRow { always: always.contains(&scope.name), scope: scope.clone() };
        Self {
            provider: definition.id.clone(),
            name: definition.name.clone(),
            source: definition.source.clone(),
            checked: definition.checked.clone(),
            scopes: definition.scope.known.iter().map(row).collect(),
            is_without_scopes: definition.is_without_scopes(),
            width,
        }
    }
}

impl CatalogueRow {
    fn about(&self) -> String {
        let always = self.always.then(|| "always granted".to_owned());
        let implies = (!self.scope.implies.is_empty()).then(|| format!("implies {}", self.scope.implies.join(", ")));
        let rest: Vec<String> = always.into_iter().chain(implies).chain(self.scope.note.clone()).collect();
        match rest.as_slice() {
            [] => self.scope.about.clone(),
            rest => format!("{} ({})", self.scope.about, rest.join("; ")),
        }
    }

    fn proven_by(&self) -> String {
        match &self.scope.probe {
            Some(probe) => {
                let guess = if probe.guess { " (a guess)" } else { "" };
                format!("{} {}{guess}", probe.method.to_http(), probe.path)
            }
            None if self.scope.implied_by_any_success => "any success".to_owned(),
            None => "–".to_owned(),
        }
    }
}

impl Render for ScopeCatalogueView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let source = self.source.as_deref().unwrap_or("no source");
        let checked = self.checked.as_deref().map(|day| format!(", read {day}")).unwrap_or_default();
        let from = format_args!(" ({}), from {source}{checked}", self.provider);
        text.line(&[&Style::Strong.of(&self.name), &from])?;
        if self.scopes.is_empty() {
            return match self.is_without_scopes {
                true => writeln!(text, "It defines no scopes: a token may do whatever its owner may do."),
                false => writeln!(text, "Its definition documents no scopes."),
            };
        }
        let mut table = Table::new(self.width, &["SCOPE", "GROUP", "ABOUT", "PROVEN BY"]);
        for row in &self.scopes {
            let group = row.scope.group.as_deref().unwrap_or("–");
            let cells = [row.scope.name.clone(), group.to_owned(), row.about(), row.proven_by()];
            table.add(cells);
        }
        table.write(text)
    }
}

impl Render for KnownScopesView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let catalogues = match self {
            Self::One(catalogue) => std::slice::from_ref(catalogue),
            Self::Every(catalogues) => catalogues,
        };
        for (n, catalogue) in catalogues.iter().enumerate() {
            if n > 0 {
                writeln!(text)?;
            }
            text.add(catalogue)?;
        }
        Ok(())
    }
}
