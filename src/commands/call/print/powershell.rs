//! PowerShell's own client, for PowerShell 7. It writes `Content-Type` and `User-Agent` itself.

use http::header::CONTENT_TYPE;

use super::model::{Body, CannotPrint, Request, Text};
use super::shell_words;
use crate::protocol::shell::{ShellKind, quoted_for_powershell};

/// The methods that `-Method` knows.
const METHODS: [&str; 10] = ["DEFAULT", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "MERGE", "PATCH"];

pub fn print(request: &Request<'_>) -> Text {
    let word = |text: &str| shell_words::word(ShellKind::Powershell, text);
    let method = if METHODS.contains(&request.method) { "Method" } else { "CustomMethod" };
    let mut lines = vec![
        "$request = @{".to_owned(),
        format!("    Uri = {}", word_in_quotes(request.url)?),
        format!("    {method} = {}", quoted_for_powershell(request.method)),
        "    Headers = @{".to_owned(),
    ];
    for (name, value) in request.joined_headers().iter().filter(|(name, _)| *name != CONTENT_TYPE) {
        lines.push(format!("        {} = {}", quoted_for_powershell(name.as_str()), word_in_quotes(value)?));
    }
    lines.push("    }".to_owned());
    if let Some((_, kind)) = request.headers.iter().find(|(name, _)| *name == CONTENT_TYPE) {
        lines.push(format!("    ContentType = {}", word_in_quotes(kind)?));
    }
    match (request.body, request.file()?) {
        (_, Some("-")) => {
            let problem = "its body is stdin, which Invoke-RestMethod does not send";
            return Err(CannotPrint { problem, instead: "curl" });
        }
        (_, Some(file)) => lines.push(format!("    InFile = {}", quoted_for_powershell(file))),
        (Body::Text(text), None) => {
            lines.push(format!("    Body = [Text.Encoding]::UTF8.GetBytes({})", without_brackets(&word(text)?, text)));
        }
        (_, None) => {}
    }
    lines.extend([
        "    MaximumRedirection = 0".to_owned(),
        "    SkipHeaderValidation = $true".to_owned(),
        "}".to_owned(),
    ]);
    lines.push("Invoke-RestMethod @request".to_owned());
    Ok(lines.join("\n"))
}

/// In an expression every text has quotes.
fn word_in_quotes(text: &str) -> Text {
    let word = shell_words::word(ShellKind::Powershell, text)?;
    Ok(without_brackets(&word, text))
}

fn without_brackets(word: &str, text: &str) -> String {
    match word.starts_with(['\'', '(', '$']) {
        true => word.strip_prefix('(').and_then(|word| word.strip_suffix(')')).unwrap_or(word).to_owned(),
        false => quoted_for_powershell(text),
    }
}
