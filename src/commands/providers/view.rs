//! The catalogue, and one definition as data.

use std::fmt;

use colored::Colorize;
use serde::Serialize;

use crate::commands::view::{table, write_table};
use crate::provider::ProviderDefinition;
use crate::provider::definition::DepartureLine;

#[derive(Debug, Serialize)]
pub struct ProvidersView {
    pub providers: Vec<ProviderRow>,
    #[serde(skip)]
    pub width: usize,
}

#[derive(Debug, Serialize)]
pub struct ProviderRow {
    pub id: String,
    pub name: String,
    pub params: Vec<String>,
    pub scopes: usize,
    pub checked: Option<String>,
    /// Changed or made by a file of the user's.
    pub overlaid: bool,
}

impl ProvidersView {
    pub fn push(&mut self, definition: &ProviderDefinition, overlaid: bool) {
        self.providers.push(ProviderRow {
            id: definition.id.clone(),
            name: definition.name.clone(),
            params: definition.params.keys().cloned().collect(),
            scopes: definition.scope.known.len(),
            checked: definition.checked.clone(),
            overlaid,
        });
    }
}

impl fmt::Display for ProvidersView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(self.width, &["ID", "NAME", "NEEDS", "SCOPES", "CHECKED", ""]);
        for row in &self.providers {
            table.add_row([
                row.id.clone(),
                row.name.clone(),
                if row.params.is_empty() { "–".to_owned() } else { row.params.join(", ") },
                row.scopes.to_string(),
                row.checked.clone().unwrap_or_else(|| "–".to_owned()),
                if row.overlaid { "your file" } else { "" }.to_owned(),
            ]);
        }
        write_table(f, &mut table)
    }
}

/// A definition as data.
#[derive(Debug, Serialize)]
pub struct ProviderView {
    id: String,
    overlaid: bool,
    definition: ProviderDefinition,
    departures: Vec<DepartureLine>,
}

impl ProviderView {
    pub fn new(definition: ProviderDefinition, overlaid: bool) -> Self {
        Self { id: definition.id.clone(), overlaid, departures: definition.departures(), definition }
    }
}

impl fmt::Display for ProviderView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let definition = &self.definition;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, value: &str| writeln!(f, "{name:<11}{value}");
        writeln!(f, "{} ({})", definition.name.bold(), self.id)?;
        if self.overlaid {
            line(f, "changed by", "your own file in the configuration directory")?;
        }
        let source = definition.source.as_deref().unwrap_or("no source");
        line(
            f,
            "source",
            &format!("{source}, read {}", definition.checked.as_deref().unwrap_or("at an unknown date")),
        )?;
        let optional = [
            ("authorize", definition.authorize.url.first()),
            ("token", definition.token.url.first()),
            ("API", definition.api.base.first()),
            ("app page", definition.app.page.as_deref()),
            ("redirect", definition.redirect.note.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                line(f, name, value)?;
            }
        }
        for (name, param) in &definition.params {
            line(f, "parameter", &format!("{{{name}}}, such as {}", param.example.as_deref().unwrap_or("?")))?;
        }
        writeln!(f, "\n{}", "Scopes".bold())?;
        let longest = definition.scope.known.iter().map(|scope| scope.name.len()).max().unwrap_or(0);
        if definition.scope.known.is_empty() {
            writeln!(f, "  none are documented")?;
        }
        for scope in &definition.scope.known {
            let note = scope.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            writeln!(f, "  {:<longest$}  {}{note}", scope.name, scope.about)?;
        }
        writeln!(f, "\n{}", "Departures from the RFCs".bold())?;
        if self.departures.is_empty() {
            writeln!(f, "  none")?;
        }
        for departure in &self.departures {
            writeln!(f, "  {} = {}", departure.key.bold(), departure.value)?;
            writeln!(f, "    RFC: {}", departure.rfc)?;
            let source = departure.source.as_deref().unwrap_or("no source");
            writeln!(f, "    {source}, {}, {}", departure.checked.as_deref().unwrap_or("no date"), departure.seen)?;
            if let Some(note) = &departure.note {
                writeln!(f, "    {note}")?;
            }
        }
        if !definition.alternatives.is_empty() {
            writeln!(f, "\n{}", "Alternatives: `alternative = \"NAME\"` in your own file chooses one".bold())?;
        }
        for (name, alternative) in &definition.alternatives {
            writeln!(
                f,
                "  {}  {}\n    {}, {}",
                name.bold(),
                alternative.note,
                alternative.source,
                alternative.checked
            )?;
        }
        Ok(())
    }
}

/// A definition that can be used.
#[derive(Debug, Serialize)]
pub struct CheckedDefinition {
    pub id: String,
    /// Departures that do not say where they were read.
    pub unsourced: Vec<String>,
}

impl fmt::Display for CheckedDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} `{}` can be used", "✓".green().bold(), self.id)?;
        if self.unsourced.is_empty() {
            return Ok(());
        }
        writeln!(f, "  without a source: {}", self.unsourced.join(", "))?;
        writeln!(f, "  `key = {{ value = …, source = \"URL\", checked = \"DATE\" }}` says where a value was read")
    }
}
