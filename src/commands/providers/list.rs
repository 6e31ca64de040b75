//! `providers list` and `providers search`: many providers, from the index. Only the user's own files are read.

use std::fmt;

use serde::Serialize;

use super::ProvidersError;
use crate::commands::Context;
use crate::commands::view::Table;
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::provider::Catalogue;
use crate::provider::search::{Listed, listed, search as find};

/// How many providers a list shows people without `--all`: about a screenful.
const POPULAR: usize = 40;

/// Lists the providers, the user's own and the popular ones first. As JSON, without `--all`, it lists all as well.
pub fn list(words: &[String], all: bool, catalogue: &Catalogue<'_>, context: &Context) -> Result<(), ProvidersError> {
    let mut rows = listed(catalogue, |id, error| context.leave_out(id, error));
    if !words.is_empty() {
        let found = find(rows.clone(), words);
        rows.retain(|row| found.iter().any(|found| found.id == row.id));
        if rows.is_empty() {
            return Err(ProvidersError::NoneFound { words: sanitize::line(&words.join(" ")) });
        }
    }
    let own = rows.iter().filter(|row| row.overlaid).count();
    let is_cut = !all && words.is_empty() && !context.session.choices.json && rows.len() > own + POPULAR;
    let more = if is_cut { rows.split_off(own + POPULAR).len() } else { 0 };
    context.answer(&ProvidersView::new(rows, context))?;
    if more > 0 {
        context.terminal().note(&format_args!(
            "{more} more: `oauthctl providers list --all` lists them, `oauthctl providers search WORD` finds one"
        ));
    }
    Ok(())
}

/// Finds providers by words, the best first.
pub fn search(words: &[String], catalogue: &Catalogue<'_>, context: &Context) -> Result<(), ProvidersError> {
    let found = find(listed(catalogue, |id, error| context.leave_out(id, error)), words);
    if found.is_empty() {
        return Err(ProvidersError::NoneFound { words: sanitize::line(&words.join(" ")) });
    }
    Ok(context.answer(&ProvidersView::new(found, context))?)
}

#[derive(Debug, Serialize)]
struct ProvidersView {
    providers: Vec<ProviderRow>,
    #[serde(skip)]
    width: usize,
}

#[derive(Debug, Serialize)]
struct ProviderRow {
    id: String,
    name: String,
    about: Option<String>,
    aliases: Vec<String>,
    params: Vec<String>,
    scopes: usize,
    checked: Option<String>,
    /// Changed or added by the user's own file.
    overlaid: bool,
}

impl ProvidersView {
    fn new(rows: Vec<Listed>, context: &Context) -> Self {
        let row = |Listed { id, name, about, aliases, params, scopes, checked, overlaid, .. }: Listed| ProviderRow {
            id,
            name,
            about,
            aliases,
            params,
            scopes,
            checked,
            overlaid,
        };
        Self { providers: rows.into_iter().map(row).collect(), width: context.terminal().width() }
    }
}

impl Render for ProvidersView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let mut table = Table::new(self.width, &["ID", "NAME", "WHAT IT IS", "NEEDS", "CHECKED", ""]);
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        for row in &self.providers {
            let cells = [
                row.id.clone(),
                row.name.clone(),
                or_dash(&row.about),
                if row.params.is_empty() { "–".to_owned() } else { row.params.join(", ") },
                or_dash(&row.checked),
                if row.overlaid { "your file" } else { "" }.to_owned(),
            ];
            table.add(cells);
        }
        table.write(text)
    }
}
