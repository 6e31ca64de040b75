//! An error as people read it: one line that says what was tried, the causes, and a hint to paste.

use std::error::Error;
use std::fmt;

use super::advice::causes;
use super::sanitize::{self, Style, TerminalText};

/// Formats the whole message: error, causes, hint. A parser's cause may quote the line that it could not read.
pub fn page(error: &dyn Error, hint: Option<&str>) -> TerminalText {
    let mut text = TerminalText::new();
    // Writing to a text cannot fail.
    let _ = write_page(&mut text, error, hint);
    text
}

fn write_page(text: &mut TerminalText, error: &dyn Error, hint: Option<&str>) -> fmt::Result {
    text.line(&[&Style::Failure.of("error:"), &" ", &sanitize::message(&error.to_string())])?;
    for cause in causes(error) {
        // A parser's cause has several lines, and the last one is empty.
        let cause = sanitize::message(cause.to_string().trim_end());
        text.line(&[&"  ", &Style::Faint.of("caused by:"), &" ", &cause])?;
    }
    // One that has several lines is as many hints.
    for hint in hint.into_iter().flat_map(str::lines) {
        text.line(&[&Style::Hint.of("hint:"), &" ", &hint])?;
    }
    Ok(())
}
