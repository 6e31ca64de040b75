//! The views of the catalogue and of one definition.

use std::fmt;

use serde::Serialize;

use crate::commands::view::{add_row, table, write_table};
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::provider::ProviderDefinition;
use crate::provider::definition::DepartureLine;
use crate::provider::place::Place;
use crate::provider::review::Finding;

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
    /// Changed or added by the user's own file.
    pub overlaid: bool,
}

impl ProvidersView {
    pub fn push(&mut self, definition: &ProviderDefinition) {
        self.providers.push(ProviderRow {
            id: definition.id.clone(),
            name: definition.name.clone(),
            params: definition.params.keys().cloned().collect(),
            scopes: definition.scope.known.len(),
            checked: definition.checked.clone(),
            overlaid: definition.file.is_some(),
        });
    }
}

impl Render for ProvidersView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let mut table = table(self.width, &["ID", "NAME", "NEEDS", "SCOPES", "CHECKED", ""]);
        for row in &self.providers {
            let cells = [
                row.id.clone(),
                row.name.clone(),
                if row.params.is_empty() { "–".to_owned() } else { row.params.join(", ") },
                row.scopes.to_string(),
                row.checked.clone().unwrap_or_else(|| "–".to_owned()),
                if row.overlaid { "your file" } else { "" }.to_owned(),
            ];
            add_row(&mut table, cells);
        }
        write_table(text, &mut table)
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
    pub fn new(definition: ProviderDefinition) -> Self {
        Self {
            id: definition.id.clone(),
            overlaid: definition.file.is_some(),
            departures: definition.departures(),
            definition,
        }
    }
}

impl Render for ProviderView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let definition = &self.definition;
        let line = |text: &mut TerminalText, name: &str, value: &str| writeln!(text, "{name:<11}{value}");
        text.line(&[&Style::Strong.of(&definition.name), &format_args!(" ({})", self.id)])?;
        if self.overlaid {
            line(text, "changed by", "your own file in the configuration directory")?;
        }
        let source = definition.source.as_deref().unwrap_or("no source");
        line(
            text,
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
                line(text, name, value)?;
            }
        }
        for (name, param) in &definition.params {
            line(text, "parameter", &format!("{{{name}}}, such as {}", param.example.as_deref().unwrap_or("?")))?;
        }
        text.line(&[&"\n", &Style::Strong.of("Scopes")])?;
        let longest = definition.scope.known.iter().map(|scope| scope.name.len()).max().unwrap_or(0);
        if definition.scope.known.is_empty() {
            writeln!(text, "  none documented")?;
        }
        for scope in &definition.scope.known {
            let note = scope.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            writeln!(text, "  {:<longest$}  {}{note}", scope.name, scope.about)?;
        }
        text.line(&[&"\n", &Style::Strong.of("Departures from the RFCs")])?;
        if self.departures.is_empty() {
            writeln!(text, "  none")?;
        }
        for departure in &self.departures {
            text.line(&[&"  ", &Style::Strong.of(&departure.key), &format_args!(" = {}", departure.value)])?;
            writeln!(text, "    RFC: {}", departure.rfc)?;
            let source = departure.source.as_deref().unwrap_or("no source");
            writeln!(text, "    {source}, {}, {}", departure.checked.as_deref().unwrap_or("no date"), departure.seen)?;
            if let Some(note) = &departure.note {
                writeln!(text, "    {note}")?;
            }
        }
        if !definition.alternatives.is_empty() {
            let how = "Alternatives: `alternative = \"NAME\"` in your own file chooses one";
            text.line(&[&"\n", &Style::Strong.of(how)])?;
        }
        for (name, alternative) in &definition.alternatives {
            text.line(&[&"  ", &Style::Strong.of(name), &format_args!("  {}", alternative.note)])?;
            writeln!(text, "    {}, {}", alternative.source, alternative.checked)?;
        }
        Ok(())
    }
}

/// A valid definition.
#[derive(Debug, Serialize)]
pub struct CheckedDefinition {
    pub id: String,
    /// Departures without a source.
    pub unsourced: Vec<String>,
    pub notes: Vec<PlacedFinding>,
}

/// A finding with its place in the file.
#[derive(Debug, Serialize)]
pub struct PlacedFinding {
    #[serde(flatten)]
    pub place: Place,
    #[serde(flatten)]
    pub finding: Finding,
}

impl fmt::Display for PlacedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { key, problem, .. } = &self.finding;
        let key = if key.is_empty() { String::new() } else { format!("`{}`: ", sanitize::line(key)) };
        write!(f, "{}: {key}{}", self.place, sanitize::line(problem))
    }
}

impl Render for CheckedDefinition {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.line(&[&Style::Success.of("✓"), &format_args!(" `{}` is valid", self.id)])?;
        for note in &self.notes {
            text.line(&[&"  note: ", note])?;
        }
        if self.unsourced.is_empty() {
            return Ok(());
        }
        writeln!(text, "  without a source: {}", self.unsourced.join(", "))?;
        writeln!(text, "  write `key = {{ value = …, source = \"URL\", checked = \"DATE\" }}` to add one")
    }
}
