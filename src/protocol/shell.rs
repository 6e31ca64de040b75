//! Words of a POSIX shell, for commands and lines to be pasted or read by `eval`.

/// Quotes a text so that a shell reads it as one word, exactly as it is.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_text_as_it_is() {
        for (text, word) in [("a b$c", "'a b$c'"), ("it's", r"'it'\''s'"), ("", "''")] {
            assert_eq!(quoted(text), word);
        }
    }
}
