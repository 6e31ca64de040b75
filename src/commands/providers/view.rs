//! The views of one definition, and of a check of one.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::protocol::login_secrets::variable_of;
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::provider::ProviderDefinition;
use crate::provider::definition::DepartureLine;
use crate::provider::evidence::{Sureness, ValueLine, values};
use crate::provider::place::Place;
use crate::provider::review::Finding;

/// A definition that was written.
#[derive(Debug, Serialize)]
pub struct NewDefinition {
    pub id: String,
    pub file: String,
    /// The number of faults to edit away.
    pub faults: usize,
    /// It can be used as it is.
    #[serde(skip)]
    pub is_complete: bool,
}

impl Render for NewDefinition {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let Self { id, file, faults, is_complete } = self;
        let check = format!("`oauthctl providers check {file}`");
        match faults {
            0 if *is_complete => write!(
                text,
                "Wrote {file}. `oauthctl login {id}` uses it; edit it where the provider differs, and validate it with {check}."
            ),
            0 => write!(text, "Wrote {file}. Edit it, then validate it with {check}."),
            _ => write!(text, "Wrote {file}. Edit it: {check} names what it lacks."),
        }
    }
}

/// A definition as data.
#[derive(Debug, Serialize)]
pub struct ProviderView {
    id: String,
    overlaid: bool,
    definition: ProviderDefinition,
    departures: Vec<DepartureLine>,
    sure: Sureness,
    values: Vec<ValueLine>,
    /// Print each value's evidence for people, too.
    #[serde(skip)]
    with_evidence: bool,
}

impl ProviderView {
    /// `own` is the text of the user's file, whose values have no other evidence than the file.
    pub fn new(definition: ProviderDefinition, own: Option<&str>, with_evidence: bool) -> Self {
        let mut values = values(&definition);
        if let Some(own) = own.and_then(|own| own.parse::<toml::Table>().ok()) {
            let is_own = |line: &ValueLine| sets(&own, &line.key);
            values.iter_mut().filter(|line| is_own(line)).for_each(ValueLine::forget_evidence_of_others);
        }
        Self {
            id: definition.id.clone(),
            overlaid: definition.file.is_some(),
            departures: definition.departures(),
            sure: Sureness::of(&values),
            values,
            with_evidence,
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
            // Nothing follows an address that a person may copy.
            &format!("{source} (read {})", definition.checked.as_deref().unwrap_or("at an unknown date")),
        )?;
        line(text, "how sure", &self.sure.to_string())?;
        let optional = [
            ("about", definition.about.as_deref()),
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
            let words = match param.secret {
                true => format!("{{{name}}}, a secret: a terminal asks for it, or {} gives it", variable_of(name)),
                false => format!("{{{name}}}, such as {}", param.example.as_deref().unwrap_or("?")),
            };
            line(text, "parameter", &words)?;
        }
        text.line(&[&"\n", &Style::Strong.of("Scopes")])?;
        let longest = definition.scope.known.iter().map(|scope| sanitize::columns(&scope.name)).max().unwrap_or(0);
        if definition.scope.known.is_empty() {
            writeln!(text, "  none documented")?;
        }
        for scope in &definition.scope.known {
            let note = scope.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            writeln!(text, "  {}  {}{note}", sanitize::padded(&scope.name, longest), scope.about)?;
        }
        text.line(&[&"\n", &Style::Strong.of("Departures from the RFCs")])?;
        if self.departures.is_empty() {
            writeln!(text, "  none")?;
        }
        for departure in &self.departures {
            text.line(&[&"  ", &Style::Strong.of(&departure.key), &format_args!(" = {}", in_toml(&departure.value))])?;
            writeln!(text, "    RFC: {}", departure.rfc)?;
            let source = departure.source.as_deref().unwrap_or("no source");
            let checked = departure.checked.as_deref().unwrap_or("no date");
            writeln!(text, "    {source} ({checked}, {})", departure.seen)?;
            if let Some(note) = &departure.note {
                writeln!(text, "    {note}")?;
            }
        }
        self.render_alternatives(text)?;
        if self.with_evidence { self.render_evidence(text) } else { Ok(()) }
    }
}

impl ProviderView {
    fn render_alternatives(&self, text: &mut TerminalText) -> fmt::Result {
        let alternatives = &self.definition.alternatives;
        if !alternatives.is_empty() {
            let how = ": `alternative = \"NAME\"` in your own file chooses one";
            text.line(&[&"\n", &Style::Strong.of("Alternatives"), &how])?;
        }
        let longest = alternatives.keys().map(|name| sanitize::columns(name)).max().unwrap_or(0);
        for (name, alternative) in alternatives {
            let name = sanitize::padded(name, longest);
            text.line(&[&"  ", &Style::Strong.of(name), &format_args!("  {}", alternative.note)])?;
            writeln!(text, "    {} ({})", alternative.source, alternative.checked)?;
        }
        Ok(())
    }

    fn render_evidence(&self, text: &mut TerminalText) -> fmt::Result {
        text.line(&[&"\n", &Style::Strong.of("Evidence")])?;
        for ValueLine { key, value, proof, .. } in &self.values {
            text.line(&[&"  ", &Style::Strong.of(key), &format_args!(" = {}", in_toml(value))])?;
            match proof {
                Some(proof) => writeln!(text, "    {proof}")?,
                None => writeln!(text, "    no source")?,
            }
        }
        Ok(())
    }
}

/// Returns a value as a definition has it, on one line. What is not set is left out.
fn in_toml(value: &Value) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(in_toml).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let key = |name: &str| match !name.is_empty() && name.chars().all(is_bare) {
                true => name.to_owned(),
                false => Value::from(name).to_string(),
            };
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<String> =
                members.map(|(name, value)| format!("{} = {}", key(name), in_toml(value))).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
        // A text of JSON is one of TOML.
        other => other.to_string(),
    }
}

/// Returns `true` if a file sets this key, or a table around it as a whole.
fn sets(own: &toml::Table, key: &str) -> bool {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    match own.get(first) {
        Some(toml::Value::Table(inner)) if !inner.contains_key("value") && !rest.is_empty() => sets(inner, rest),
        value => value.is_some(),
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
