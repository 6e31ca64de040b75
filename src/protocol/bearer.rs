//! The challenge of a resource server that wants another token: `WWW-Authenticate` (RFC 6750 §3).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// In lower case; schemes are case-insensitive.
    pub scheme: String,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// Returns a parameter by its lower-case name; the first one, if it is repeated.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns all parameters in their order.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads every challenge of one header value, also as servers write them that do not know the grammar: tabs for
    /// spaces, single quotes, parameters without commas or with semicolons between them. Unreadable parts are left out:
    /// a broken challenge says nothing.
    pub fn parse_all(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = header;
        loop {
            rest = rest.trim_start_matches(is_separator);
            let word = until(rest, |c| is_separator(c) || matches!(c, '=' | '"'));
            let after = rest[word.len()..].trim_start();
            match (after.strip_prefix('='), challenges.last_mut()) {
                _ if rest.is_empty() => return challenges,
                // Quotes or a sign without a name.
                (_, _) if word.is_empty() => rest = take_value(rest.strip_prefix('=').unwrap_or(rest)).1,
                // `name = value` with whitespace around the sign is a parameter too. One without a scheme is of no one.
                (Some(text), challenge) => {
                    let (value, behind) = take_value(text.trim_start());
                    if let Some(challenge) = challenge {
                        challenge.params.push((word.to_ascii_lowercase(), value));
                    }
                    rest = behind;
                }
                (None, _) => {
                    challenges.push(Self { scheme: word.to_ascii_lowercase(), params: Vec::new() });
                    rest = &rest[word.len()..];
                }
            }
        }
    }

    /// Reads every challenge in the headers of a reply.
    pub fn all_in(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        values.flat_map(|value| Self::parse_all(&String::from_utf8_lossy(value.as_bytes()))).collect()
    }

    /// Finds the bearer challenge in the headers of a reply.
    pub fn in_headers(headers: &HeaderMap) -> Option<Self> {
        Self::all_in(headers).into_iter().find(|challenge| challenge.scheme == "bearer")
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';')
}

fn until(text: &str, ends: impl Fn(char) -> bool) -> &str {
    &text[..text.find(ends).unwrap_or(text.len())]
}

/// Reads a quoted or a bare value, and returns it with what is behind it.
fn take_value(text: &str) -> (String, &str) {
    if text.starts_with('"') {
        let (mut escaped, mut begun) = (false, false);
        let end = text.find(|c| {
            let ends = c == '"' && begun && !escaped;
            (escaped, begun) = (c == '\\' && !escaped, true);
            ends
        });
        return (unquote(text), end.map_or("", |end| &text[end + 1..]));
    }
    // A quote that is not closed before the value ends is a letter like any other (RFC 9110 §5.6.2).
    if let Some(inner) = text.strip_prefix('\'')
        && let Some((value, behind)) = inner.split_once('\'')
        && behind.chars().next().is_none_or(is_separator)
    {
        return (value.to_owned(), behind);
    }
    let value = until(text, is_separator);
    (value.to_owned(), &text[value.len()..])
}

/// Splits at a separator outside of quoted strings.
pub(super) fn split_list(text: &str, separator: char) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(text[start..].trim());
    items.retain(|item| !item.is_empty());
    items
}

/// Returns the content of a quoted string (RFC 9110 §5.6.4), and any other text as it is.
pub(super) fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let mut plain = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(header: &str) -> Option<Challenge> {
        Challenge::in_headers(&HeaderMap::from_iter([(WWW_AUTHENTICATE, header.parse().unwrap())]))
    }

    #[test]
    fn the_bearer_challenge_is_found_among_others() {
        let header = r#"Basic realm="a, b", BEARER realm="x", error="insufficient_scope", scope="read \"w\" write" , error_description = "no, really""#;
        let bearer = bearer(header).unwrap();
        assert_eq!(bearer.param("error"), Some("insufficient_scope"));
        assert_eq!(bearer.param("scope"), Some("read \"w\" write"));
        assert_eq!(bearer.param("error_description"), Some("no, really"));
        assert_eq!(Challenge::parse_all("Bearer")[0], Challenge { scheme: "bearer".into(), params: vec![] });
        assert_eq!(Challenge::parse_all("Bearer error=invalid_token")[0].param("error"), Some("invalid_token"));
        assert_eq!(self::bearer("Basic realm=x"), None);
    }

    #[test]
    fn commas_separate_only_outside_of_quotes() {
        let challenge = |header| bearer(header).unwrap();
        let quoted = challenge(r#"Bearer realm="6\", wide", error="x""#);
        assert_eq!((quoted.param("realm"), quoted.param("error")), (Some("6\", wide"), Some("x")));
        // Outside of quotes a backslash is a character like any other.
        assert_eq!(challenge(r"Bearer realm=a\, error=x").param("error"), Some("x"));
        // Whitespace after the sign does not end a scheme.
        let spaced = challenge("Bearer error= x");
        assert_eq!((spaced.scheme.as_str(), spaced.param("error")), ("bearer", Some("x")));
        assert_eq!(Challenge::parse_all("error=x, scope=y").len(), 0, "parameters without a scheme");
    }

    #[test]
    fn a_quote_that_nothing_closes_is_a_letter() {
        let params = |header| Challenge::parse_all(header).swap_remove(0).params;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(params("Bearer a='it, b=c"), [pair("a", "'it"), pair("b", "c")]);
        assert_eq!(params("Bearer a='x'y, b='z w'"), [pair("a", "'x'y"), pair("b", "z w")]);
        assert_eq!(params("Bearer a=\"x, b=c"), [pair("a", "x, b=c")]);
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in any::<String>()) {
            Challenge::parse_all(&header);
        }
    }
}
