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

    /// Reads every challenge of one header value. Unreadable parts are left out: a broken challenge says nothing.
    pub fn parse_all(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        for item in split_list(header) {
            // An item is `scheme`, `scheme name=value` or, after a comma, another `name=value` of the last scheme.
            let (scheme, rest) = match item.find([' ', '=']) {
                Some(at) if item.as_bytes()[at] == b' ' => (Some(&item[..at]), item[at..].trim_start()),
                Some(_) => (None, item),
                None => (Some(item), ""),
            };
            // `name = value` with whitespace around the sign is a parameter too.
            let (scheme, rest) = if rest.starts_with('=') { (None, item) } else { (scheme, rest) };
            if let Some(scheme) = scheme {
                challenges.push(Self { scheme: scheme.to_ascii_lowercase(), params: Vec::new() });
            }
            if let (Some(challenge), Some((name, value))) = (challenges.last_mut(), rest.split_once('=')) {
                challenge.params.push((name.trim().to_ascii_lowercase(), unquote(value.trim())));
            }
        }
        challenges
    }

    /// Finds the bearer challenge among all `WWW-Authenticate` values of a reply.
    pub fn bearer<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        headers.into_iter().flat_map(Self::parse_all).find(|challenge| challenge.scheme == "bearer")
    }

    /// Finds the bearer challenge in the headers of a reply.
    pub fn in_headers(headers: &HeaderMap) -> Option<Self> {
        Self::bearer(headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()))
    }

    /// Returns `true` if the token is valid but its scope is not enough (RFC 6750 §3.1).
    pub fn lacks_scope(&self) -> bool {
        self.param("error") == Some("insufficient_scope")
    }
}

/// Splits at commas outside of quoted strings.
fn split_list(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
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

fn unquote(value: &str) -> String {
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

    #[test]
    fn the_bearer_challenge_is_found_among_others() {
        let header = r#"Basic realm="a, b", BEARER realm="x", error="insufficient_scope", scope="read \"w\" write" , error_description = "no, really""#;
        let bearer = Challenge::bearer([header]).unwrap();
        assert_eq!(bearer.param("error"), Some("insufficient_scope"));
        assert_eq!(bearer.param("scope"), Some("read \"w\" write"));
        assert_eq!(bearer.param("error_description"), Some("no, really"));
        assert_eq!(Challenge::parse_all("Bearer")[0], Challenge { scheme: "bearer".into(), params: vec![] });
        assert_eq!(Challenge::parse_all("Bearer error=invalid_token")[0].param("error"), Some("invalid_token"));
        assert_eq!(Challenge::bearer(["Basic realm=x"]), None);
    }

    #[test]
    fn commas_separate_only_outside_of_quotes() {
        let challenge = |header| Challenge::bearer([header]).unwrap();
        let quoted = challenge(r#"Bearer realm="6\", wide", error="x""#);
        assert_eq!((quoted.param("realm"), quoted.param("error")), (Some("6\", wide"), Some("x")));
        // Outside of quotes a backslash is a character like any other.
        assert_eq!(challenge(r"Bearer realm=a\, error=x").param("error"), Some("x"));
        // Whitespace after the sign does not end a scheme.
        let spaced = challenge("Bearer error= x");
        assert_eq!((spaced.scheme.as_str(), spaced.param("error")), ("bearer", Some("x")));
        assert_eq!(Challenge::parse_all("error=x y").len(), 0, "a parameter without a scheme");
    }

    #[test]
    fn only_insufficient_scope_means_a_valid_token() {
        let lacks = |header| Challenge::bearer([header]).unwrap().lacks_scope();
        assert!(lacks("Bearer error=insufficient_scope"));
        assert!(!lacks("Bearer error=invalid_token") && !lacks("Bearer"));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in any::<String>()) {
            Challenge::parse_all(&header);
        }
    }
}
