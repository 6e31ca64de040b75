//! The `Link` header: there is a next page only where a whole link says so. A second reader, one character after the
//! other, says which links there are.

use std::iter::Peekable;
use std::str::Chars;

use oauthctl::testing::Link;

/// One header value a line.
pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let headers: Vec<&str> = text.split('\n').collect();
    let right: Vec<Right> = headers.iter().flat_map(|header| read(header).0).collect();
    let bytes = headers.iter().map(|header| header.as_bytes());
    assert_eq!(Link::next(bytes).map_err(drop), next(&headers), "{text:?}");

    let links: Vec<Link> = headers.iter().flat_map(|header| Link::parse_all(header)).collect();
    assert_eq!(links.len(), right.len(), "{text:?}");
    for (link, right) in links.iter().zip(&right) {
        assert_eq!(link.target, right.target);
        for name in right.params.iter().map(|(name, _)| name.as_str()).chain(["rel", "anchor", "next"]) {
            assert_eq!(link.param(name), right.param(name), "{name} in {text:?}");
        }
    }
}

/// The first whole link to a next page. Without one it is an error if a header could have had one.
fn next(headers: &[&str]) -> Result<Option<String>, ()> {
    let mut could_have = false;
    for header in headers {
        // A byte is a character: an encoding is not known.
        let header: String = header.bytes().map(char::from).collect();
        let (links, is_whole) = read(&header);
        let next = links.into_iter().find(|link| {
            let mut rels = link.param("rel").unwrap_or_default().split_ascii_whitespace();
            let empty = link.param("results").is_some_and(|results| results.eq_ignore_ascii_case("false"));
            rels.any(|rel| rel.eq_ignore_ascii_case("next")) && link.param("anchor").is_none() && !empty
        });
        match next {
            Some(link) if link.target.is_ascii() => return Ok(Some(link.target)),
            Some(_) => could_have = true,
            None => could_have |= !is_whole,
        }
    }
    if could_have { Err(()) } else { Ok(None) }
}

struct Right {
    target: String,
    params: Vec<(String, String)>,
}

impl Right {
    fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// RFC 8288 §3, where a token may have any characters but `,`, `;` and `<`. The first thing that is not a whole link ends
/// it, and then the header is not whole.
fn read(header: &str) -> (Vec<Right>, bool) {
    let mut chars = header.chars().peekable();
    let mut links = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | ',' => continue,
            '<' => {}
            _ => return (links, false),
        }
        let Some(link) = read_link(&mut chars) else { return (links, false) };
        links.push(link);
    }
    (links, true)
}

fn read_link(chars: &mut Peekable<Chars<'_>>) -> Option<Right> {
    let target = take_until(chars, ">");
    chars.next()?;
    let mut params = Vec::new();
    loop {
        skip_blanks(chars);
        match chars.next() {
            None | Some(',') => return Some(Right { target: target.trim().to_owned(), params }),
            Some(';') => params.extend(Some(read_param(chars)?).filter(|(name, _)| !name.is_empty())),
            Some(_) => return None,
        }
    }
}

fn read_param(chars: &mut Peekable<Chars<'_>>) -> Option<(String, String)> {
    skip_blanks(chars);
    let name = take_until(chars, "=;,").trim().to_ascii_lowercase();
    if chars.next_if_eq(&'=').is_none() {
        return Some((name, String::new()));
    }
    skip_blanks(chars);
    if chars.next_if_eq(&'"').is_none() {
        let value = take_until(chars, ";,").trim().to_owned();
        return Some((name, value)).filter(|(_, value)| !value.contains('<'));
    }
    let mut value = String::new();
    loop {
        match chars.next()? {
            '"' => return Some((name, value)),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

fn skip_blanks(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
}

fn take_until(chars: &mut Peekable<Chars<'_>>, ends: &str) -> String {
    std::iter::from_fn(|| chars.next_if(|c| !ends.contains(*c))).collect()
}
