//! `WWW-Authenticate`: whatever RFC 9110's grammar has as challenges is read as those challenges, and a broken header
//! never makes a token look short of a scope that the header does not speak of.

use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use oauthctl::testing::{Challenge, ResourceError, TokenProblem};

/// One header value a line, as they come out of a reply.
pub fn holds(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut values = Vec::new();
    for line in data.split(|b| *b == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        values.extend(value.to_str().ok().map(str::to_owned));
        headers.append(WWW_AUTHENTICATE, value);
    }
    let bearer = Challenge::in_headers(&headers);
    let words = values.join("\n").to_ascii_lowercase();
    assert!(bearer.is_none() || words.contains("bearer"));
    let error = ResourceError::read(&headers, b"", "bearer");
    if error.is_some_and(|error| error.problem == TokenProblem::InsufficientScope) {
        let letters: String = words.chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(letters.contains("insufficientscope"), "{words:?}");
    }
    for value in &values {
        let challenges = Challenge::parse_all(value);
        if let Some(right) = read_list(value) {
            assert_eq!(challenges.len(), right.len(), "{value:?}");
            for (challenge, right) in challenges.iter().zip(&right) {
                assert_eq!(challenge.scheme, right.scheme, "{value:?}");
                for (name, _) in &right.params {
                    assert_eq!(challenge.param(name), right.param(name), "{name} of {value:?}");
                }
                for name in ["error", "scope", "error_description"] {
                    assert_eq!(challenge.param(name), right.param(name), "{name} of {value:?}");
                }
            }
        }
    }
}

#[derive(Default)]
struct Right {
    scheme: String,
    params: Vec<(String, String)>,
}

impl Right {
    fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// RFC 9110 §11.6.1 to the letter, but for a token68: `None` if the text is anything else. The grammar takes a single
/// quote for a letter, and servers that write it mean a quote.
fn read_list(text: &str) -> Option<Vec<Right>> {
    if text.contains('\'') {
        return None;
    }
    let mut challenges: Vec<Right> = Vec::new();
    let mut rest = text;
    loop {
        // RFC 9110 §5.6.1.2: empty elements are read and ignored.
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(challenges);
        }
        let (word, after) = token(rest)?;
        let param = match auth_param(word, after) {
            Some(param) if !challenges.is_empty() => param,
            _ => {
                challenges.push(Right { scheme: word.to_ascii_lowercase(), params: Vec::new() });
                let blanks = after.trim_start_matches(' ');
                if blanks.len() == after.len() || blanks.trim_start().is_empty() || blanks.trim_start().starts_with(',')
                {
                    rest = comma(after)?;
                    continue;
                }
                let (name, after) = token(blanks)?;
                auth_param(name, after)?
            }
        };
        let (name, value, after) = param;
        challenges.last_mut()?.params.push((name, value));
        rest = comma(after)?;
    }
}

/// `BWS "=" BWS ( token / quoted-string )` behind a name.
fn auth_param<'a>(name: &str, after: &'a str) -> Option<(String, String, &'a str)> {
    let after = after.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    let name = name.to_ascii_lowercase();
    let Some(mut quoted) = after.strip_prefix('"') else {
        let (value, after) = token(after)?;
        return Some((name, value.to_owned(), after));
    };
    let mut value = String::new();
    loop {
        let c = quoted.chars().next()?;
        quoted = &quoted[c.len_utf8()..];
        match c {
            '"' => return Some((name, value, quoted)),
            '\\' => {
                let c = quoted.chars().next()?;
                quoted = &quoted[c.len_utf8()..];
                value.push(c);
            }
            c => value.push(c),
        }
    }
}

fn comma(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '\t']);
    if text.is_empty() { Some(text) } else { text.strip_prefix(',') }
}

/// RFC 9110 §5.6.2.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_tchar(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
