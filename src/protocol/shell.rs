//! Words of a shell, for commands and lines to be pasted or read by `eval`. The same text is one word in a POSIX shell,
//! in zsh and in fish.

/// Quotes a text so that a shell reads it as one word, exactly as it is. A backslash stands outside of the quotes: fish
/// would read it as an escape inside them.
pub fn quoted(text: &str) -> String {
    let mut word = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => word.push_str(r"'\''"),
            '\\' => word.push_str(r"'\\'"),
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

/// Returns a text as one word of a shell, quoted only if it needs that.
pub fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@,+=%".contains(&byte);
    // zsh replaces a word that begins with `=` by the path of a program, and fish `%self` by a process.
    let needs_quotes = text.is_empty() || text.starts_with(['=', '%']) || !text.bytes().all(is_plain);
    if needs_quotes { quoted(text) } else { text.to_owned() }
}

/// Returns a command line of these words.
pub fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_text_as_it_is() {
        for (text, expected) in
            [("a b$c", "'a b$c'"), ("it's", r"'it'\''s'"), ("", "''"), (r"a\b\\", r"'a'\\'b'\\''\\''")]
        {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn a_plain_word_is_not_quoted() {
        for plain in
            ["oauthctl", "/api/v1/products", "store=my-shop", "read_products,read_orders", "a@b:8.1+2", "a%20b"]
        {
            assert_eq!(word(plain), plain);
        }
        for special in ["", "a b", "/products?count=1", "x[]=1", "~", "=ls", "a&b", "{a,b}", "*", "#", "%self", "é"] {
            assert_eq!(word(special), format!("'{special}'"));
        }
        assert_eq!(command(["oauthctl", "call", "GET", "/a?b=c"]), "oauthctl call GET '/a?b=c'");
    }
}
