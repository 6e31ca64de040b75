//! A pasted line as people copy it, reduced to an address, to its parameters, or to a word.
//!
//! The answer is copied from an address bar, a terminal, a log, a page or a chat. Each adds or escapes something. None of
//! this decides whether the answer is ours: an address must still be the redirect URI, and the state must still be right.

use std::borrow::Cow;

use url::Url;

use crate::protocol::copied::{bare, unquoted};
use crate::protocol::params::Params;

/// A pasted line, reduced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// An address with its scheme.
    Address(String),
    /// `name=value` pairs of a query or a fragment.
    Pairs(String),
    /// A word in its place, as the address bar shows it: perhaps a code. The second is what follows it: pairs.
    Word(String, String),
    /// Several words, or nothing.
    Nothing,
}

/// Reads a line. `own` is the redirect URI of this login.
pub(super) fn read(line: &str, own: &Url) -> Copied {
    let text = unwrapped(line);
    let text = if text.contains(char::is_whitespace) { word_of(text) } else { Some(text) };
    let Some(text) = text.map(without_header).filter(|text| !text.is_empty()) else { return Copied::Nothing };
    let text = unescaped(text);
    let head = text.split(['?', '#', '&']).next().unwrap_or_default();
    if head.contains("://") {
        return Copied::Address(text.into_owned());
    }
    let has_answer = text.contains('=') && text.len() > head.len();
    if has_answer && head.starts_with('/') {
        return Copied::Address(format!("{}{text}", own.origin().ascii_serialization()));
    }
    // Browsers hide the scheme.
    let host = head.split('/').next().unwrap_or_default();
    if has_answer && head.contains('/') && host.contains([':', '.']) {
        return Copied::Address(format!("{}://{text}", own.scheme()));
    }
    if text.starts_with(['?', '#']) {
        return Copied::Pairs(text.trim_start_matches(['?', '#']).to_owned());
    }
    let (first, rest) = match text.find(['&', '#']) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (&*text, ""),
    };
    // A code may have equals signs in it, and ends in some like base64.
    let is_pair = first.split_once('=').is_some_and(|(_, value)| !value.trim_matches('=').is_empty());
    let is_answer = ["state=", "code=", "error=", "access_token="].iter().any(|name| text.contains(name));
    match is_pair && is_answer {
        true => Copied::Pairs(text.into_owned()),
        false => Copied::Word(first.to_owned(), rest.to_owned()),
    }
}

/// Removes what is around a text, also several times: `"<…>",`.
fn unwrapped(line: &str) -> &str {
    let mut text = bare(line);
    loop {
        let quoted = unquoted(text).or_else(|| unquoted(text.strip_suffix([',', ';'])?));
        match quoted {
            Some(inner) => text = inner,
            None => return text,
        }
    }
}

/// Returns the one word of several that may hold an answer, such as in `Location: http://…` and `GET /callback?… HTTP/1.1`.
fn word_of(text: &str) -> Option<&str> {
    let holds = |word: &&str| word.contains("://") || (word.starts_with(['/', '?', '#']) && word.contains('='));
    let mut words = text.split_whitespace().map(unwrapped).filter(holds);
    let first = words.next()?;
    words.next().is_none().then_some(first)
}

/// Removes the name of the header that has an address.
fn without_header(text: &str) -> &str {
    const NAME: &str = "location:";
    match text.get(..NAME.len()) {
        Some(name) if name.eq_ignore_ascii_case(NAME) => unwrapped(&text[NAME.len()..]),
        _ => text,
    }
}

/// Undoes the escapes of HTML, JSON, shells and of an address inside another one.
fn unescaped(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (escape, meant) in
        [("&amp;", "&"), ("&#38;", "&"), ("&#x26;", "&"), ("\\u0026", "&"), ("\\u003d", "="), ("\\u003D", "=")]
    {
        // Twice, as in a page about a page.
        for _ in 0..2 {
            if text.contains(escape) {
                text = Cow::Owned(text.replace(escape, meant));
            }
        }
    }
    // No address has one.
    if text.contains('\\') && text.contains('=') {
        text = Cow::Owned(text.replace('\\', ""));
    }
    // An address inside another one, perhaps inside a third.
    for _ in 0..2 {
        let begins = text.get(..24).unwrap_or(&text).to_ascii_lowercase();
        if begins.contains("%3a%2f%2f") || begins.contains("%253a%252f%252f") {
            text = Cow::Owned(decoded(&text).into_owned());
        }
    }
    text
}

/// Returns the addresses in a longer text, such as a link or a page, as they are meant: also in a text that was wrapped.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = String> {
    const END: [char; 8] = ['"', '\'', '<', '>', '`', ')', ']', '}'];
    // A terminal or a mail program breaks a long address, and indents the rest of it.
    let joined: String = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for text in [text, &joined] {
        for (at, _) in text.match_indices("http") {
            let rest = &text[at..];
            let end = rest.find(|c: char| c.is_whitespace() || END.contains(&c)).unwrap_or(rest.len());
            let address = rest[..end].trim_end_matches(['.', ',', ';']);
            if address.starts_with("http://") || address.starts_with("https://") {
                found.push(unescaped(address).into_owned());
            }
        }
    }
    found.into_iter()
}

/// Decodes a code that was copied out of an address: `4%2F0Ab` is `4/0Ab`. A code with other `%` in it stays as it is.
pub(super) fn decoded(word: &str) -> Cow<'_, str> {
    let is_hex = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !word.contains('%') || !word.split('%').skip(1).all(is_hex) {
        return Cow::Borrowed(word);
    }
    // A plus is a plus: a code has no spaces.
    let pair = Params::from_urlencoded(&format!("x={}", word.replace('+', "%2B").replace('&', "%26")));
    let text = pair.single("x").ok().flatten().filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
    text.map_or(Cow::Borrowed(word), |text| Cow::Owned(text.to_owned()))
}

/// A word of this length may be a code. Shorter codes than a man can remember are not issued without digits.
const LONG: usize = 20;

/// Returns `true` for what is plainly not a code, such as `q`, `help` or a command. A code cannot be guessed (RFC 6749
/// §10.10), so a few characters, a short number or plain words are none. The user is asked, as providers do odd things.
pub(super) fn is_plain_word(word: &str) -> bool {
    let name = word.trim_start_matches([':', '/', '\\', '.', '-', '!', '?', '$', '>', '~', '#', '%']);
    if name.len() < 4 {
        return true;
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return name.len() < 6;
    }
    let is_word = |part: &str| {
        let rest = part.get(1..).unwrap_or_default();
        part.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (rest.bytes().all(|byte| byte.is_ascii_lowercase())
                || part.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    name.len() < LONG && name.split(['-', '_', '.', '/', ':', '!', '?']).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Copied {
        read(line, &Url::parse("http://127.0.0.1:8765/callback").unwrap())
    }

    #[test]
    fn an_address_is_found_in_what_is_copied_with_it() {
        let address = "http://127.0.0.1:8765/callback?code=c&state=s";
        for line in [
            "http://127.0.0.1:8765/callback?code=c&state=s",
            " http://127.0.0.1:8765/callback?code=c&state=s\r\n",
            "\u{1b}[200~http://127.0.0.1:8765/callback?code=c&state=s\u{1b}[201~",
            "\"http://127.0.0.1:8765/callback?code=c&state=s\"",
            "'http://127.0.0.1:8765/callback?code=c&state=s',",
            "<http://127.0.0.1:8765/callback?code=c&state=s>",
            "\u{201c}http://127.0.0.1:8765/callback?code=c&state=s\u{201d}",
            "Location: http://127.0.0.1:8765/callback?code=c&state=s",
            "< location: http://127.0.0.1:8765/callback?code=c&state=s\r",
            "location:http://127.0.0.1:8765/callback?code=c&state=s",
            "Location: /callback?code=c&state=s",
            "GET /callback?code=c&state=s HTTP/1.1",
            "/callback?code=c&state=s",
            "127.0.0.1:8765/callback?code=c&state=s",
            "http://127.0.0.1:8765/callback?code=c&amp;state=s",
            "http://127.0.0.1:8765/callback?code=c&amp;amp;state=s",
            "http://127.0.0.1:8765/callback?code=c&#38;state=s",
            "\"http:\\/\\/127.0.0.1:8765\\/callback?code=c\\u0026state=s\"",
            "http\\://127.0.0.1:8765/callback\\?code\\=c\\&state\\=s",
            "http%3A%2F%2F127.0.0.1%3A8765%2Fcallback%3Fcode%3Dc%26state%3Ds",
        ] {
            assert_eq!(of(line), Copied::Address(address.to_owned()), "{line}");
        }
    }

    #[test]
    fn pairs_a_word_and_what_follows_it_are_told_apart() {
        for line in ["?code=c&state=s", "#code=c&state=s", "code=c&state=s", "code=c&amp;state=s", "`code=c&state=s`"] {
            assert_eq!(of(line), Copied::Pairs("code=c&state=s".to_owned()), "{line}");
        }
        let word = |word: &str, rest: &str| Copied::Word(word.to_owned(), rest.to_owned());
        for (line, expected) in [
            ("4%2F0Ab", word("4%2F0Ab", "")),
            ("\"4/0Ab\"", word("4/0Ab", "")),
            ("Yw==", word("Yw==", "")),
            ("a=b", word("a=b", "")),
            ("Yw==&state=s", word("Yw==", "state=s")),
            ("4%2F0Ab&scope=a&state=s", word("4%2F0Ab", "scope=a&state=s")),
            ("4%2F0Ab&amp;state=s", word("4%2F0Ab", "state=s")),
            ("c0de#_=_", word("c0de", "_=_")),
            ("c0de#s", word("c0de", "s")),
            ("help", word("help", "")),
            ("two words", Copied::Nothing),
            ("http://a.example http://b.example", Copied::Nothing),
            ("\"\"", Copied::Nothing),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
    }

    #[test]
    fn a_code_is_decoded_as_the_address_bar_shows_it() {
        for (word, code) in [
            ("4%2F0Ab%3D", "4/0Ab="),
            ("a+b", "a+b"),
            ("a%2Bb", "a+b"),
            ("100%", "100%"),
            ("a%zz%2F", "a%zz%2F"),
            ("a%ff", "a%ff"),
        ] {
            assert_eq!(decoded(word), code, "{word}");
        }
    }

    #[test]
    fn plain_words_and_commands_are_no_codes() {
        for word in [
            "q",
            ":q",
            ":wq",
            "Q",
            "?",
            "1",
            "ls",
            "help",
            "Help",
            "HELP",
            "--help",
            "/help",
            "quit",
            "exit",
            "clear",
            "status",
            "oauthctl",
            "docker-compose",
            "12345",
            "example.com",
            "~",
            "c",
            "none",
            "$TOKEN",
        ] {
            assert!(is_plain_word(word), "{word}");
        }
        for word in [
            "4/0AbCdEf",
            "abc123",
            "1234567",
            "qtx43ef",
            "aBcDeF",
            "Yw+abc",
            "SplxlOBeZQQYbYS6WxSbIA",
            "abcdefghijklmnopqrstuvwxyz",
            "ab12",
            "a~bcd",
            "YWJjZA==",
        ] {
            assert!(!is_plain_word(word), "{word}");
        }
    }
}
