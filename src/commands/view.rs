//! The common parts of the commands' views. A view is a type beside its command: `Render` for people, `Serialize` for
//! `--json`. No view contains a secret.

use std::fmt;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::protocol::jwt;
use crate::protocol::sanitize::{self, Style, TerminalText};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::store::stored_token::{Expiry, StoredToken};
use crate::system::clock::local;

/// Creates a table without lines, with bold heads, as wide as the terminal.
pub fn table(width: usize, head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(head.iter().copied());
    table
}

/// Adds a row. Cells are cleaned before the table is laid out, so that invisible characters do not widen a column.
pub fn add_row(table: &mut Table, cells: impl IntoIterator<Item = String>) {
    table.add_row(cells.into_iter().map(|cell| sanitize::text(&cell).replace('\t', " ")));
}

/// Writes the table without trailing whitespace, its head in bold. No word is split, so that an id can be copied: where
/// the longest words do not fit beside each other, each row becomes a list of its own.
pub fn write_table(text: &mut TerminalText, table: &mut Table) -> fmt::Result {
    let heads = table.header().map(cells).unwrap_or_default();
    let rows: Vec<Vec<String>> = table.row_iter().map(cells).collect();
    let longest = |column: usize| {
        let words = rows.iter().filter_map(|row| row.get(column)).chain(&heads[column..=column]);
        words.flat_map(|cell| cell.split_whitespace()).map(sanitize::columns).max().unwrap_or(0)
    };
    let mut least: Vec<usize> = (0..heads.len()).map(longest).collect();
    if let Some(last) = least.last_mut() {
        *last = (*last).min(PROSE);
    }
    let width = usize::from(table.width().unwrap_or(u16::MAX));
    if least.iter().map(|least| least + GAP).sum::<usize>() > width + GAP {
        return write_lists(text, &heads, &rows, width);
    }
    for (column, least) in table.column_iter_mut().zip(least) {
        column.set_padding((0, 2));
        let least = u16::try_from(least + GAP).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
    }
    for (n, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if n == 0 { text.line(&[&Style::Strong.of(line)])? } else { writeln!(text, "{line}")? }
    }
    Ok(())
}

/// How wide the last column is at least, which has sentences: there an address may be split.
const PROSE: usize = 20;

/// The columns between two others.
const GAP: usize = 2;

fn cells(row: &comfy_table::Row) -> Vec<String> {
    row.cell_iter().map(comfy_table::Cell::content).collect()
}

/// Writes each row as a list: its first text is the title, and the others follow by the names of their columns.
fn write_lists(text: &mut TerminalText, heads: &[String], rows: &[Vec<String>], width: usize) -> fmt::Result {
    let named = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0);
    for row in rows {
        let title = heads.iter().position(|head| !head.is_empty()).unwrap_or(0);
        let mark = row[..title].iter().find(|mark| !mark.is_empty()).map_or(" ", String::as_str);
        let name = row.get(title).map(String::as_str).unwrap_or_default();
        text.line(&[&mark, &" ", &Style::Strong.of(name)])?;
        for (head, cell) in heads.iter().zip(row).skip(title + 1).filter(|(_, cell)| !cell.is_empty()) {
            let before = format!("    {:named$}  ", head.to_lowercase());
            for line in sanitize::wrap(&before, cell, 6, width) {
                writeln!(text, "{line}")?;
            }
        }
    }
    Ok(())
}

/// Describes shortly when a token expires: `permanent`, `unknown`, `in 3 h`, `ended 2 d ago`.
pub fn shortly(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
        Expiry::At(end) if end > now => format!("in {}", HumanDuration(now.until(end)).in_one_unit()),
        Expiry::At(end) => format!("ended {} ago", HumanDuration(end.until(now)).in_one_unit()),
    }
}

/// Describes when a token expires: `permanent`, `unknown`, `2026-11-28 14:35 (in 59m)`, `… (expired)`, in the
/// time of this place.
pub fn until(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
        Expiry::At(end) if end > now => format!("{} (in {})", local(end), HumanDuration(now.until(end))),
        Expiry::At(end) => format!("{} (expired)", local(end)),
    }
}

/// Lists the narrower tokens of a login that have not ended. `None` if there is none.
pub fn narrower(record: &StoredToken, now: Timestamp) -> Option<String> {
    let tokens = record.narrower.living(now);
    let words = tokens
        .map(|token| format!("`{}` until {}", sanitize::line(&token.asked.to_string()), until(token.expiry, now)));
    Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

/// Describes how long a login is renewed: `, renewed automatically until 2027-… (in 90d)`; nothing if it does not.
pub fn renewal(token: &StoredToken, now: Timestamp) -> String {
    match token.refresh_ends() {
        _ if !token.is_renewable() => String::new(),
        None => ", renewed automatically".to_owned(),
        Some(end) if end > now => format!(", renewed automatically until {}", until(Expiry::At(end), now)),
        Some(end) => format!(", its refresh token ended at {end}"),
    }
}

/// Describes in one line what was read from the provider's reply.
pub fn what_was_read(token: &StoredToken) -> String {
    let lifetime = match token.end() {
        Expiry::At(end) => format!("valid for {}", HumanDuration(token.obtained_at.until(end))),
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "no lifetime".to_owned(),
    };
    let refresh = match (&token.refresh_token, token.refresh_ends()) {
        (None, _) => "no refresh token".to_owned(),
        (Some(_), None) => "a refresh token".to_owned(),
        (Some(_), Some(end)) => format!("a refresh token until {end}"),
    };
    let scope = match &token.granted {
        Some(granted) => format!("scopes `{}`", sanitize::line(&granted.to_string())),
        None => "no scopes".to_owned(),
    };
    let claims = jwt::malformed(token.access_token.expose());
    let claims: String = claims.iter().map(|claim| format!("; its claim {claim}")).collect();
    format!("an access token, {lifetime}, {refresh}, {scope}{claims}")
}
