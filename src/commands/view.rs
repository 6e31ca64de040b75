//! The common parts of the commands' views. A view is a type beside its command: `Render` for people, `Serialize` for
//! `--json`. No view contains a secret.

use std::fmt;

use comfy_table::{ContentArrangement, Table, presets};

use crate::protocol::jwt;
use crate::protocol::sanitize::{self, Style, TerminalText};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::store::stored_token::{Expiry, StoredToken};

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

/// Writes the table without trailing whitespace, its head in bold.
pub fn write_table(text: &mut TerminalText, table: &mut Table) -> fmt::Result {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for (n, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if n == 0 { text.line(&[&Style::Strong.of(line)])? } else { writeln!(text, "{line}")? }
    }
    Ok(())
}

/// Describes when a token expires: `permanent`, `unknown`, `2026-… (in 59m)`, `2026-… (expired)`.
pub fn until(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
        Expiry::At(end) if end > now => format!("{end} (in {})", HumanDuration(now.until(end))),
        Expiry::At(end) => format!("{end} (expired)"),
    }
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
