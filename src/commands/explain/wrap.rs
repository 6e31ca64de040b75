//! Lines that fit into a terminal, also into one of 50 columns.

/// Breaks a text at whitespace, and a word that is too long where the line ends. The first line begins with `before`, the
/// others with as many spaces as `indent` says.
pub fn wrap(before: &str, text: &str, indent: usize, width: usize) -> Vec<String> {
    let width = width.max(indent + 10);
    let (mut lines, mut line) = (Vec::new(), before.to_owned());
    // The columns that are no words of the text.
    let mut margin = line.chars().count();
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if used > margin && used + 1 + rest.len() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            margin = indent;
        } else if used > margin {
            line.push(' ');
        }
        while line.chars().count() + rest.len() > width {
            let fits = width.saturating_sub(line.chars().count()).min(rest.len());
            line.extend(rest.drain(..fits));
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            margin = indent;
        }
        line.extend(rest);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_and_no_character_is_lost() {
        let text =
            "token: POST https://as.example/a/very/long/path/that/does/not/fit/anywhere → 400 invalid_grant: \"no\"";
        for width in [20, 34, 50, 80, 200] {
            let lines = wrap("  ", text, 4, width);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(text));
            assert!(lines[0].starts_with("  t") && lines[1..].iter().all(|line| line.starts_with("    ")), "{lines:?}");
        }
        assert_eq!(wrap("- ", "one two  three", 4, 14), ["- one two", "    three"]);
    }
}
