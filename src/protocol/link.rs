//! The `Link` header (RFC 8288 §3): typed links from the requested resource to others, such as its next page.
//!
//! "No next page" and "a next page that cannot be read" are different ends. A header in which reading stopped may have
//! held the next page, so it is an error unless the next page was found before.

/// One link. Its target is unchanged: a URI reference (RFC 3986 §4.1) that the caller resolves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub target: String,
    params: Vec<(String, String)>,
}

/// A header that cannot be read to its end, or whose next page has no valid address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableLink(pub String);

impl Link {
    /// Reads every link of one header value. Reading stops at the first syntax error: half a link leads somewhere else.
    pub fn parse_all(header: &str) -> Vec<Self> {
        Self::parse(header).0
    }

    /// Returns the links before the first syntax error, and whether there was none.
    fn parse(header: &str) -> (Vec<Self>, bool) {
        let mut links = Vec::new();
        let mut rest = header;
        loop {
            // RFC 9110 §5.6.1: a list may have empty elements.
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return (links, true);
            }
            let Some((target, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
                return (links, false);
            };
            let Some((params, after)) = parse_params(after) else { return (links, false) };
            rest = after.trim_start_matches([' ', '\t']);
            if !(rest.is_empty() || rest.starts_with(',')) {
                return (links, false);
            }
            links.push(Self { target: target.trim().to_owned(), params });
        }
    }

    /// Returns a parameter by its lower-case name; the first one counts (RFC 8288 §3.3: later `rel`s are ignored).
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns `true` if the link has this relation type: `rel` holds several, separated by whitespace and
    /// case-insensitive.
    pub fn has_rel(&self, rel: &str) -> bool {
        self.param("rel").is_some_and(|rels| rels.split_ascii_whitespace().any(|r| r.eq_ignore_ascii_case(rel)))
    }

    /// Returns the target of the first `rel="next"` among all `Link` values of a reply.
    pub fn next<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<String>, UnreadableLink> {
        let mut unreadable = None;
        for bytes in headers {
            // One character for each byte: a title may be in any encoding, an address in ASCII only (RFC 3986 §2).
            let header: String = bytes.iter().copied().map(char::from).collect();
            let (links, is_whole) = Self::parse(&header);
            match links.into_iter().find(Self::leads_on) {
                Some(next) if next.target.is_ascii() => return Ok(Some(next.target)),
                None if is_whole => {}
                _ => unreadable = Some(UnreadableLink(std::str::from_utf8(bytes).map_or(header, str::to_owned))),
            }
        }
        unreadable.map_or(Ok(None), Err)
    }

    fn leads_on(&self) -> bool {
        // A link with an anchor belongs to another resource (RFC 8288 §3.2). Some APIs always name a next page, and say in
        // the link whether it has results.
        let is_empty = self.param("results").is_some_and(|results| results.eq_ignore_ascii_case("false"));
        self.has_rel("next") && self.param("anchor").is_none() && !is_empty
    }
}

/// Reads `*( OWS ";" OWS [ link-param ] )`, and returns the rest. `None` if a quoted string has no end.
fn parse_params(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut params = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.trim_start_matches([' ', '\t']).strip_prefix(';') {
        let after = after.trim_start_matches([' ', '\t']);
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let name = after[..end].trim().to_ascii_lowercase();
        let (value, after) = match after[end..].strip_prefix('=') {
            Some(value) => parse_value(value.trim_start_matches([' ', '\t']))?,
            None => (String::new(), &after[end..]),
        };
        if !name.is_empty() {
            params.push((name, value));
        }
        rest = after;
    }
    Some((params, rest))
}

/// Reads a token or a quoted string (RFC 9110 §5.6.4), and returns the rest. `None` if it is neither.
fn parse_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        // Another link that lost its comma.
        let value = Some(text[..end].trim()).filter(|value| !value.contains('<'))?;
        return Some((value.to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next(header: &str) -> Option<String> {
        Link::next([header.as_bytes()]).unwrap()
    }

    #[test]
    fn the_next_page_is_found_among_the_others() {
        let github = r#"<https://api.example/r?page=1>; rel="prev", <https://api.example/r?page=3>; rel="next", <https://api.example/r?page=9>; rel="last""#;
        assert_eq!(next(github).as_deref(), Some("https://api.example/r?page=3"));
        for (header, target) in [
            ("</p?a=1,2>; rel=next", "/p?a=1,2"),
            ("<a>;rel=\"last NEXT\"", "a"),
            ("<a>; title=\"x, <b>; rel=next\"; rel=next", "a"),
            ("<a>; Rel = \"next\"", "a"),
            (", ,<a>;;rel=next;", "a"),
            ("<a>; rel=\"ne\\xt\"", "a"),
            ("<>; rel=next", ""),
        ] {
            assert_eq!(next(header).as_deref(), Some(target), "{header}");
        }
    }

    #[test]
    fn only_a_next_link_is_followed() {
        for header in [
            "",
            "<a>",
            "<a>; rel=prev; rel=next",
            "<a>; rel=\"nextpage\"",
            "<a>; title=\"rel=next\"",
            "<a>; rel=next; anchor=\"/other\"",
            "<a>; rel=\"next\"; results=\"false\"; cursor=\"0:100:0\"",
        ] {
            assert_eq!(next(header), None, "{header}");
        }
    }

    #[test]
    fn a_link_that_cannot_be_read_is_not_the_end() {
        for header in [
            "<a; rel=next",
            "a; rel=next",
            "https://api.example/?page=2; rel=\"next\"",
            "<a>; rel=\"next\"x; anchor=\"/other\"",
            "<a>; rel=\"next",
            "<a>; rel=\"prev\" x, <b>; rel=next",
            "<a>; rel=prev, garbage",
            "<a>; rel=prev garbage <b>; rel=next",
            "</p?q=café>; rel=next",
        ] {
            assert!(Link::next([header.as_bytes()]).is_err(), "{header}");
        }
        // What was found before the error, or in another header, counts.
        let headers: [&[u8]; 2] = [b"garbage", b"<a>; rel=next, garbage"];
        assert_eq!(Link::next(headers), Ok(Some("a".to_owned())));
        assert_eq!(Link::next([b"<a>; title=\"sp\xe4ter\"; rel=next".as_slice()]), Ok(Some("a".to_owned())));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in any::<String>()) {
            Link::parse_all(&header);
        }

        #[test]
        fn a_built_header_is_read_again(
            links in prop::collection::vec(("[!-;=?-~]{0,20}", "[a-z]{1,8}", "[ -~]{0,12}"), 0..5)
        ) {
            let written = links.iter().map(|(target, rel, title)| {
                let title = title.replace('\\', "\\\\").replace('"', "\\\"");
                format!("<{target}>; title=\"{title}\"; rel={rel}")
            });
            let read = Link::parse_all(&written.collect::<Vec<_>>().join(", "));
            prop_assert_eq!(read.len(), links.len());
            for (link, (target, rel, title)) in read.iter().zip(&links) {
                prop_assert_eq!((&link.target, link.param("title")), (target, Some(title.as_str())));
                prop_assert!(link.has_rel(rel));
            }
        }
    }
}
