//! A step of a GitHub Actions workflow: the curl command for bash, with the token from a secret of the repository.
//!
//! `${{` begins an expression wherever it stands, also in a script, so it is written as one that yields itself.

use super::curl;
use super::model::{Piece, Request, Text, pieces};
use crate::protocol::sanitize;
use crate::protocol::shell::ShellKind;

pub fn print(request: &Request<'_>) -> Text {
    let command = curl::print(request, ShellKind::Bash, &["-sS", "--fail-with-body"])?;
    let path = url::Url::parse(request.url).map(|url| url.path().to_owned()).unwrap_or_default();
    let shown = pieces(&path).into_iter().map(|piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Variable(_) => "…".to_owned(),
    });
    let name = format!("{} {}", request.method, shown.collect::<String>());
    let escaped = |text: &str| text.replace("${{", "${{ '${{' }}");
    let variables = request.variables();
    let env: String = variables.iter().map(|name| format!("    {name}: ${{{{ secrets.{name} }}}}\n")).collect();
    let env = if env.is_empty() { env } else { format!("  env:\n{env}") };
    Ok(format!("- name: {}\n{env}  shell: bash\n  run: {}", quoted(&escaped(&name)), script(&escaped(&command))))
}

/// Writes a script as a block, or between quotes if a block would change it.
fn script(text: &str) -> String {
    let is_plain =
        |c: char| c == '\n' || c == '\t' || !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if !text.chars().all(is_plain) || sanitize::text(text) != text || text.ends_with(['\n', ' ']) {
        return quoted(text);
    }
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") });
    format!("|-\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Writes a scalar between double quotes (YAML 1.2 §7.3.1).
fn quoted(text: &str) -> String {
    super::literal::in_quotes(text, |c| format!("\\U{:08x}", u32::from(c)))
}
