//! Words of a shell with the token's variable in them.
//!
//! An interactive bash replaces `!` between double quotes, so a text with it stands in single ones. cmd acts on the
//! characters of a token unless they are between its quotes: there `""` is a quote for it and for the program.

use super::model::{CannotPrint, Piece, Text, pieces};
use crate::protocol::shell::{ShellKind, quoted, quoted_for_powershell};

/// Returns a text as one word.
pub fn word(shell: ShellKind, text: &str) -> Text {
    if shell == ShellKind::Cmd && text.contains(['\n', '\r']) {
        let problem = "it has a line break, which cmd cannot hold";
        return Err(CannotPrint { problem, instead: "powershell" });
    }
    let pieces = pieces(text);
    if !pieces.iter().any(|piece| matches!(piece, Piece::Variable(_))) {
        return Ok(shell.word(text));
    }
    Ok(match shell {
        ShellKind::Bash | ShellKind::Fish => posix(&pieces),
        ShellKind::Powershell => powershell(&pieces),
        ShellKind::Cmd => cmd(&pieces),
    })
}

/// Returns a whole command line, a word after the other.
pub fn line(shell: ShellKind, words: impl IntoIterator<Item = String>) -> Text {
    let words = words.into_iter().map(|text| word(shell, &text)).collect::<Result<Vec<_>, _>>()?;
    let line = words.join(" ");
    // Older ones take quotes out of an argument, whatever is written.
    let has_quotes = shell == ShellKind::Powershell && line.contains('"');
    Ok(if has_quotes { format!("# PowerShell 7.3 or later\n{line}") } else { line })
}

fn posix(pieces: &[Piece<'_>]) -> String {
    // What goes on like a name, or like an index in fish, cannot stand behind a variable.
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '[');
    let is_apart =
        |pair: &[Piece<'_>]| !matches!(pair, [Piece::Variable(_), Piece::Text(text)] if text.starts_with(goes_on));
    let is_plain = |piece: &Piece<'_>| !matches!(piece, Piece::Text(text) if text.contains('!'));
    if pieces.iter().all(is_plain) && pieces.windows(2).all(is_apart) {
        let inner: String = pieces.iter().map(|piece| in_double_quotes(piece)).collect();
        return format!("\"{inner}\"");
    }
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => quoted(text),
        Piece::Variable(name) => format!("\"${name}\""),
    });
    parts.collect()
}

fn in_double_quotes(piece: &Piece<'_>) -> String {
    match piece {
        Piece::Variable(name) => format!("${name}"),
        // fish knows no escape of a backtick, and does not act on one.
        Piece::Text(text) if text.contains('`') => format!("\"{}\"", quoted(text)),
        Piece::Text(text) => {
            let escaped = |c: char| matches!(c, '"' | '\\' | '$').then_some('\\').into_iter().chain([c]);
            text.chars().flat_map(escaped).collect()
        }
    }
}

fn powershell(pieces: &[Piece<'_>]) -> String {
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => quoted_for_powershell(text),
        Piece::Variable(name) => format!("$env:{name}"),
    });
    match parts.collect::<Vec<_>>().as_slice() {
        [one] => one.clone(),
        parts => format!("({})", parts.join(" + ")),
    }
}

fn cmd(pieces: &[Piece<'_>]) -> String {
    let (mut word, mut backslashes) = (String::from("\""), 0);
    for piece in pieces {
        let text = match piece {
            Piece::Text(text) => text,
            Piece::Variable(name) => {
                word.push_str(&format!("%{name}%"));
                backslashes = 0;
                continue;
            }
        };
        for c in text.chars() {
            // Those before a quote are doubled.
            let before = "\\".repeat(if matches!(c, '"' | '%') { std::mem::take(&mut backslashes) } else { 0 });
            match c {
                '"' => word.push_str(&format!("{before}\"\"")),
                '%' => word.push_str(&format!("{before}\"^%\"")),
                c => word.push(c),
            }
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        }
    }
    word + &"\\".repeat(backslashes) + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::call::request::TOKEN_MARK;

    fn of(shell: ShellKind, text: &str) -> String {
        word(shell, &text.replace('@', TOKEN_MARK)).unwrap()
    }

    #[test]
    fn the_token_is_filled_in_where_it_stands() {
        for (text, posix, powershell, cmd) in [
            ("A: b @", "\"A: b $TOKEN\"", "('A: b ' + $env:TOKEN)", "\"A: b %TOKEN%\""),
            ("@", "\"$TOKEN\"", "$env:TOKEN", "\"%TOKEN%\""),
            ("wow! @", "'wow! '\"$TOKEN\"", "('wow! ' + $env:TOKEN)", "\"wow! %TOKEN%\""),
            ("@b", "\"$TOKEN\"'b'", "($env:TOKEN + 'b')", "\"%TOKEN%b\""),
            ("it's @", "\"it's $TOKEN\"", "('it''s ' + $env:TOKEN)", "\"it's %TOKEN%\""),
            (
                "{\"a\":\"@\"}",
                "\"{\\\"a\\\":\\\"$TOKEN\\\"}\"",
                "('{\"a\":\"' + $env:TOKEN + '\"}')",
                "\"{\"\"a\"\":\"\"%TOKEN%\"\"}\"",
            ),
            ("5% \\@\\", "\"5% \\\\$TOKEN\\\\\"", "('5% \\' + $env:TOKEN + '\\')", "\"5\"^%\" \\%TOKEN%\\\\\""),
            ("$a `b` @", "\"\"'$a `b` '\"$TOKEN\"", "('$a `b` ' + $env:TOKEN)", "\"$a `b` %TOKEN%\""),
        ] {
            assert_eq!(of(ShellKind::Bash, text), posix);
            assert_eq!(of(ShellKind::Fish, text), posix);
            assert_eq!(of(ShellKind::Powershell, text), powershell);
            assert_eq!(of(ShellKind::Cmd, text), cmd);
        }
    }

    #[test]
    fn cmd_cannot_hold_a_line_break() {
        assert_eq!(word(ShellKind::Cmd, "a\nb").unwrap_err().instead, "powershell");
    }
}
