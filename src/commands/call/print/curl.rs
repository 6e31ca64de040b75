//! curl.

use super::model::{Body, Request, Text};
use super::shell_words;
use crate::protocol::shell::ShellKind;

/// Prints the command. `more` are options for where it runs.
pub fn print(request: &Request<'_>, shell: ShellKind, more: &[&str]) -> Text {
    // In Windows PowerShell `curl` is another command.
    let program = if shell == ShellKind::Powershell { "curl.exe" } else { "curl" };
    let mut words: Vec<String> = [&[program], more].concat().into_iter().map(str::to_owned).collect();
    match (request.method, request.has_body()) {
        ("GET", false) | ("POST", true) => {}
        ("HEAD", false) => words.push("--head".to_owned()),
        (method, _) => words.extend(["-X".to_owned(), method.to_owned()]),
    }
    // curl reads brackets in a URL as a range.
    if request.url.contains(['[', '{']) {
        words.push("-g".to_owned());
    }
    words.push(request.url.to_owned());
    let mut header = |line: String| words.extend(["-H".to_owned(), line]);
    for (name, value) in &request.headers {
        // `Name:` would take the header away; a semicolon sends it empty.
        header(if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") });
    }
    request.unwanted().for_each(|name| header(format!("{name}:")));
    match (request.body, request.file()?) {
        (_, Some(file)) => words.extend(["--data-binary".to_owned(), format!("@{file}")]),
        // `--data-binary` would read a body that begins with `@` as the name of a file.
        (Body::Text(text), None) => words.extend(["--data-raw".to_owned(), text.to_owned()]),
        (_, None) => {}
    }
    shell_words::line(shell, words)
}
