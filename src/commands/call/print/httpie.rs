//! HTTPie. It reads `:`, `=`, `@` and `;` in an argument unless a backslash stands before them, and cannot be told of a
//! backslash before one of them.

use super::model::{Body, CannotPrint, Request, Text};
use super::shell_words;
use crate::protocol::shell::ShellKind;

pub fn print(request: &Request<'_>, shell: ShellKind) -> Text {
    let mut words = vec!["http".to_owned()];
    let file = request.file()?;
    if file != Some("-") {
        words.push("--ignore-stdin".to_owned());
    }
    words.push("--ignore-netrc".to_owned());
    if let (Body::Text(text), None) = (request.body, file) {
        words.push(format!("--raw={text}"));
    }
    words.extend([request.method.to_owned(), request.url.to_owned()]);
    for (name, value) in &request.headers {
        words.push(if value.is_empty() { format!("{name};") } else { format!("{name}:{}", escaped(value)?) });
    }
    words.extend(request.unwanted().map(|name| format!("{name}:")));
    words.extend(file.filter(|file| *file != "-").map(|file| format!("@{file}")));
    shell_words::line(shell, words)
}

/// Only what follows the colon at once could be read as a part of the separator, so the rest stays as it is.
fn escaped(value: &str) -> Text {
    let acts = |c: char| matches!(c, ':' | '=' | '@' | ';');
    let after = value.split('\\').skip(1);
    if after.into_iter().any(|rest| rest.starts_with(acts)) {
        let problem = "a header has a backslash before a sign, which HTTPie takes away";
        return Err(CannotPrint { problem, instead: "curl" });
    }
    Ok(if value.starts_with(acts) { format!("\\{value}") } else { value.to_owned() })
}
