//! Tables without lines, and the lists that they become where they do not fit.
//!
//! A column is as wide as its longest cell if all of them fit beside each other. Else the widest ones give way, down to
//! their longest word, so that no id is split that a person may copy; only the last column, which has sentences, splits
//! what is longer. A library lays columns out without knowing which of them may be split (`comfy-table` gives each the
//! same room, and leaves some of it empty), so this is our own.

use std::fmt;

use crate::protocol::sanitize::{self, Style, TerminalText, columns, padded, split_at_column};

/// How wide the last column is at least, which has sentences: there an address may be split.
const PROSE: usize = 20;

/// The columns between two others.
const GAP: usize = 2;

/// The longest value that shares its line with another one in a list: `yes/no`.
const SHORT: usize = 6;

pub struct Table {
    width: usize,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table as wide as the terminal. A column without a name has marks.
    pub fn new(width: usize, heads: &[&str]) -> Self {
        Self { width, heads: heads.iter().map(|head| (*head).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells are cleaned before the table is laid out, so that invisible characters do not widen a column.
    pub fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        let cell = |cell: String| sanitize::text(&cell).replace('\t', " ").trim_end().to_owned();
        self.rows.push(cells.into_iter().map(cell).collect());
    }

    /// Writes it without trailing spaces, its head in bold, or as lists.
    pub fn write(&self, text: &mut TerminalText) -> fmt::Result {
        let Some(widths) = self.widths() else { return self.write_lists(text) };
        for (n, row) in std::iter::once(&self.heads).chain(&self.rows).enumerate() {
            let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, width)| lines(cell, *width)).collect();
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                let part = |(cell, width): (&Vec<String>, &usize)| {
                    padded(cell.get(line).map(String::as_str).unwrap_or_default(), width + GAP)
                };
                let line = cells.iter().zip(&widths).map(part).collect::<String>();
                let line = line.trim_end();
                if n == 0 { text.line(&[&Style::Strong.of(line)])? } else { writeln!(text, "{line}")? }
            }
        }
        Ok(())
    }

    /// Returns the widths of the columns, or `None` if they do not fit beside each other.
    fn widths(&self) -> Option<Vec<usize>> {
        let cells = |column: usize| {
            self.rows.iter().filter_map(move |row| row.get(column)).chain(self.heads.get(column)).map(String::as_str)
        };
        let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(columns).max().unwrap_or(0);
        let count = self.heads.len();
        let mut least: Vec<usize> = (0..count).map(|n| widest(&mut cells(n).flat_map(str::split_whitespace))).collect();
        if let Some(last) = least.last_mut() {
            // It is split, and as narrow as that only if it is.
            *last = widest(&mut cells(count - 1).flat_map(str::lines)).min(PROSE);
        }
        let room = self.width.checked_sub(GAP * count.saturating_sub(1))?;
        if least.iter().sum::<usize>() > room {
            return None;
        }
        let mut widths: Vec<usize> = (0..count).map(|n| widest(&mut cells(n).flat_map(str::lines)).min(room)).collect();
        while widths.iter().sum::<usize>() > room {
            let (at, _) =
                widths.iter().enumerate().filter(|(n, width)| **width > least[*n]).max_by_key(|(_, w)| **w)?;
            widths[at] -= 1;
        }
        Some(widths)
    }

    /// Writes each row as a list: its first text is the title, and the others follow by the names of their columns. Short
    /// ones share a line.
    fn write_lists(&self, text: &mut TerminalText) -> fmt::Result {
        let title = self.heads.iter().position(|head| !head.is_empty()).unwrap_or(0);
        let names: Vec<String> = self.heads.iter().map(|head| head.to_lowercase()).collect();
        let named = names.iter().skip(title + 1).map(|name| columns(name)).max().unwrap_or(0);
        for row in &self.rows {
            let mark = row[..title].iter().find(|mark| !mark.is_empty()).map_or(" ", String::as_str);
            let mark = if title == 0 { String::new() } else { format!("{mark} ") };
            text.line(&[&mark, &Style::Strong.of(row.get(title).map(String::as_str).unwrap_or_default())])?;
            let mut short: Vec<(&str, &str)> = Vec::new();
            for (name, cell) in names.iter().zip(row).skip(title + 1).filter(|(_, cell)| !cell.is_empty()) {
                if columns(cell) <= SHORT && !cell.contains(char::is_whitespace) {
                    short.push((name, cell));
                    continue;
                }
                self.write_short(text, &mut short, named)?;
                self.write_item(text, name, cell, named)?;
            }
            self.write_short(text, &mut short, named)?;
        }
        Ok(())
    }

    fn write_short(&self, text: &mut TerminalText, short: &mut Vec<(&str, &str)>, named: usize) -> fmt::Result {
        match std::mem::take(short).as_slice() {
            [] => Ok(()),
            [(name, cell)] => self.write_item(text, name, cell, named),
            several => {
                let words = several.iter().map(|(name, cell)| format!("{name} {cell}")).collect::<Vec<_>>().join(", ");
                sanitize::wrap("    ", &words, 4, self.width).iter().try_for_each(|line| writeln!(text, "{line}"))
            }
        }
    }

    fn write_item(&self, text: &mut TerminalText, name: &str, cell: &str, named: usize) -> fmt::Result {
        let before = format!("    {}  ", padded(name, named));
        let indent = if columns(&before) <= self.width / 2 { columns(&before) } else { 6 };
        sanitize::wrap(&before, cell, indent, self.width).iter().try_for_each(|line| writeln!(text, "{line}"))
    }
}

/// Returns the lines of a cell. What is longer than one of them is split.
fn lines(cell: &str, width: usize) -> Vec<String> {
    let split = |line: &str| {
        let mut words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let mut rest = word;
            while columns(rest) > width && !split_at_column(rest, width).0.is_empty() {
                let (first, more) = split_at_column(rest, width);
                words.push(first);
                rest = more;
            }
            words.push(rest);
        }
        words.join(" ")
    };
    cell.lines().flat_map(|line| sanitize::wrap("", &split(line), 0, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: usize, heads: &[&str], rows: &[&[&str]]) -> String {
        let mut table = Table::new(width, heads);
        rows.iter().for_each(|row| table.add(row.iter().map(|cell| (*cell).to_owned())));
        let mut text = TerminalText::new();
        table.write(&mut text).unwrap();
        text.to_plain().to_string()
    }

    const HEADS: [&str; 4] = ["", "ID", "NEEDS", "WHAT IT IS"];
    const ROWS: [&[&str]; 2] =
        [&["*", "acuity-scheduling", "–", "appointments that customers book"], &["", "我们的店", "no", "x"]];

    #[test]
    fn a_column_is_as_wide_as_its_cells_where_they_fit() {
        let expected = "   ID                 NEEDS  WHAT IT IS\n\
                        *  acuity-scheduling  –      appointments that customers book\n   我们的店           no     x\n";
        assert_eq!(shown(80, &HEADS, &ROWS), expected);
        let expected = "   ID                 NEEDS  WHAT IT IS\n\
                        *  acuity-scheduling  –      appointments that\n                             customers book\n   \
                        我们的店           no     x\n";
        assert_eq!(shown(50, &HEADS, &ROWS), expected, "the sentence gives way, and no id is split");
    }

    #[test]
    fn a_table_that_does_not_fit_becomes_lists() {
        let expected = "* acuity-scheduling\n    needs       –\n    what it is  appointments that\n                customers \
                        book\n  我们的店\n    needs no, what it is x\n";
        assert_eq!(shown(35, &HEADS, &ROWS), expected);
        let long = [&["one", "https://shop.example/an/address/that/is/long"][..]];
        assert!(shown(38, &["A", "HOW"], &long).lines().all(|line| columns(line) <= 38), "it may be split");
    }
}
