//! An issuer as people write it, and the places where its metadata can be.
//!
//! RFC 8414 §3.3 wants the metadata's `issuer` to be identical to the one whose address was asked. A terminating slash is
//! removed before the address is made (§3.1), so one address stands for two issuers: with the slash, and without it. Both
//! are candidates. A copied address of the metadata itself stands for the issuers that it is made from.

use std::collections::BTreeMap;

use url::{Host, Url};

const WELL_KNOWN: &str = "/.well-known/";

/// The names under which metadata is published: RFC 8414 §3, OpenID Connect Discovery §4.
const NAMES: [&str; 2] = ["oauth-authorization-server", "openid-configuration"];

/// An issuer to ask for its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The issuers that the metadata may name, as exact texts.
    candidates: Vec<String>,
    /// The addresses to ask, in this order.
    pub locations: Vec<Url>,
}

/// The reason why a text is not an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAnIssuer {
    /// It has a part to fill in, such as `{tenantid}`.
    Placeholder { part: String },
    /// It is not a URL, or one with a query or fragment (RFC 8414 §2). The closest text that is one, if there is one.
    Malformed { meant: Option<String> },
}

/// What a metadata document's issuer says of the one that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// It is this candidate.
    Exactly(String),
    /// It is a template for many tenants, with a candidate's own values in it: `https://login.example/{tenantid}/v2.0`.
    Template(BTreeMap<String, String>),
    /// Another one.
    Other,
}

impl Issuer {
    /// Reads an issuer with or without its slash, or the address of its metadata in any of the usual forms.
    pub fn parse(text: &str) -> Result<Self, NotAnIssuer> {
        let text = text.trim();
        if let Some(part) = placeholder(text) {
            return Err(NotAnIssuer::Placeholder { part });
        }
        let malformed = || NotAnIssuer::Malformed { meant: meant(text) };
        let url =
            Url::parse(text).ok().filter(|url| url.has_host() && url.fragment().is_none()).ok_or_else(malformed)?;
        let copied = issuer_in(text);
        // Some addresses of metadata choose among several documents by a query. An issuer has none.
        if (url.query().is_some() || text.contains(WELL_KNOWN)) && copied.is_none() {
            return Err(malformed());
        }
        let base = copied.clone().unwrap_or_else(|| text.to_owned());
        let base = base.trim_end_matches('/');
        let parsed = Url::parse(base).map_err(|_| malformed())?;
        let is_whole = |url: &Url| NAMES.iter().any(|name| url.path().contains(name));
        let mut locations: Vec<Url> = copied.map(|_| url).into_iter().filter(is_whole).collect();
        for place in places(&parsed) {
            if !locations.contains(&place) {
                locations.push(place);
            }
        }
        // The same address in the URL parser's spelling: `https://AS.example:443` is asked as `https://as.example`.
        let spelled = parsed.as_str().trim_end_matches('/');
        let mut candidates: Vec<String> = Vec::new();
        for candidate in [base, spelled].into_iter().flat_map(|text| [text.to_owned(), format!("{text}/")]) {
            if !candidates.contains(&candidate) {
                candidates.push(candidate);
            }
        }
        Ok(Self { candidates, locations })
    }

    /// Returns the issuer without a terminating slash, as it was written.
    pub fn as_str(&self) -> &str {
        &self.candidates[0]
    }

    /// Compares the issuer that a document names with the candidates: exact texts (RFC 8414 §3.3).
    ///
    /// A template is taken only if each name stands for a whole segment of the path, so that the server is the one that
    /// was asked, and the rest is identical. Such a server has one document for many tenants, and says in each token
    /// which one it is.
    pub fn named_by(&self, said: &str) -> Named {
        if let Some(candidate) = self.candidates.iter().find(|candidate| *candidate == said) {
            return Named::Exactly(candidate.clone());
        }
        self.candidates.iter().find_map(|candidate| filled(said, candidate)).map_or(Named::Other, Named::Template)
    }
}

/// Returns the issuer that an address of metadata is made from: the text around `/.well-known/NAME`. `None` if it is not
/// such an address.
pub fn issuer_in(text: &str) -> Option<String> {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    // Cut short in a copy.
    if let Some(issuer) = text.trim_end_matches('/').strip_suffix(WELL_KNOWN.trim_end_matches('/')) {
        return Some(issuer.to_owned());
    }
    let (before, rest) = text.split_once(WELL_KNOWN)?;
    let name = NAMES
        .into_iter()
        .find(|name| rest.strip_prefix(name).is_some_and(|end| end.is_empty() || end.starts_with('/')))?;
    let after = rest[name.len()..].trim_end_matches('/');
    Some(format!("{before}{after}"))
}

/// Returns the places of an issuer's metadata. RFC 8414 §3.1 puts the well-known part between host and path, OpenID
/// Connect Discovery §4 after the path. Servers do both with both names. The order is that of RFC 8414 §5, which MCP
/// prescribes.
fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut place = issuer.clone();
        place.set_path(&path);
        place
    };
    let [oauth, oidc] = NAMES;
    let inserted = |name| at(format!("{WELL_KNOWN}{name}{path}"));
    let appended = |name| at(format!("{path}{WELL_KNOWN}{name}"));
    match path {
        "" => vec![inserted(oauth), appended(oidc)],
        _ => vec![inserted(oauth), inserted(oidc), appended(oidc), appended(oauth)],
    }
}

/// Returns `true` if a text is this template with its parts filled in.
pub fn is_filled_in(template: &str, text: &str) -> bool {
    filled(template, text).is_some()
}

/// Returns the values with which a template is this text, or `None` if it is another text, or no template.
fn filled(template: &str, text: &str) -> Option<BTreeMap<String, String>> {
    let (template, text): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), text.split('/').collect());
    if template.len() != text.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (n, (part, segment)) in template.iter().zip(text).enumerate() {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        match name.filter(|name| !name.is_empty() && !name.contains(['{', '}'])) {
            // Scheme, nothing, and host come first.
            Some(name) if n > 2 && !segment.is_empty() => drop(values.insert(name.to_owned(), segment.to_owned())),
            _ if *part == segment => {}
            _ => return None,
        }
    }
    Some(values).filter(|values| !values.is_empty())
}

/// Returns the first part that a person has to fill in: `{tenantid}`, `<tenant>`.
fn placeholder(text: &str) -> Option<String> {
    [('{', '}'), ('<', '>')].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let end = text[start..].find(close)?;
        Some(text[start..=start + end].to_owned())
    })
}

/// Returns the issuer that a text probably stands for if it has no scheme, a query, or another document's address.
fn meant(text: &str) -> Option<String> {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let text = text.split(WELL_KNOWN).next().unwrap_or_default();
    let text = match text.split_once("://") {
        Some(("http" | "https", rest)) => rest,
        Some(_) => return None,
        None => text,
    };
    let url = Url::parse(&format!("https://{text}")).ok()?;
    let is_name = matches!(url.host(), Some(Host::Domain(name)) if name.contains('.'));
    (is_name && url.username().is_empty()).then(|| url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places_of(text: &str) -> Vec<String> {
        Issuer::parse(text).expect(text).locations.iter().map(|place| place.as_str().to_owned()).collect()
    }

    #[test]
    fn the_well_known_part_goes_before_or_after_the_path() {
        let root = [
            "https://as.example/.well-known/oauth-authorization-server",
            "https://as.example/.well-known/openid-configuration",
        ];
        let tenant = [
            "https://as.example/.well-known/oauth-authorization-server/a/b",
            "https://as.example/.well-known/openid-configuration/a/b",
            "https://as.example/a/b/.well-known/openid-configuration",
            "https://as.example/a/b/.well-known/oauth-authorization-server",
        ];
        for slash in ["", "/"] {
            assert_eq!(places_of(&format!("https://as.example{slash}")), root);
            assert_eq!(places_of(&format!("https://as.example/a/b{slash}")), tenant);
        }
        // An address of the metadata itself is asked first, and stands for the same issuer.
        for (n, address) in tenant.into_iter().enumerate() {
            let asked = places_of(address);
            assert_eq!(asked[0], tenant[n]);
            assert_eq!(asked.len(), 4, "{asked:?}");
            assert_eq!(Issuer::parse(address).unwrap().as_str(), "https://as.example/a/b");
        }
        for cut in ["https://as.example/a/b/.well-known", "https://as.example/a/b/.well-known/"] {
            assert_eq!(places_of(cut), tenant);
        }
        let policy = "https://as.example/a/.well-known/openid-configuration?p=sign-in";
        assert_eq!(places_of(policy)[0], policy);
        assert_eq!(Issuer::parse(policy).unwrap().as_str(), "https://as.example/a");
    }

    #[test]
    fn a_document_names_a_candidate_or_its_template_or_another() {
        let issuer = Issuer::parse("https://as.example/common/v2.0/").unwrap();
        for same in ["https://as.example/common/v2.0", "https://as.example/common/v2.0/"] {
            assert_eq!(issuer.named_by(same), Named::Exactly(same.to_owned()));
        }
        let tenant = BTreeMap::from([("tenantid".to_owned(), "common".to_owned())]);
        assert_eq!(issuer.named_by("https://as.example/{tenantid}/v2.0"), Named::Template(tenant));
        for other in [
            "https://as.example",
            "https://AS.example/common/v2.0",
            "https://as.example/common/v2.0//",
            "https://{host}/common/v2.0",
            "https://other.example/{tenantid}/v2.0",
            "{scheme}//as.example/common/v2.0",
            "https://as.example/{tenantid}",
            "https://as.example/com{x}/v2.0",
            "https://as.example/{}/v2.0",
            "",
        ] {
            assert_eq!(issuer.named_by(other), Named::Other, "{other}");
        }
        let loud = Issuer::parse("https://AS.example:443").unwrap();
        for same in ["https://AS.example:443", "https://as.example", "https://as.example/"] {
            assert_eq!(loud.named_by(same), Named::Exactly(same.to_owned()));
        }
    }

    #[test]
    fn a_text_that_is_not_an_issuer_says_what_is_meant() {
        let malformed = |meant: Option<&str>| Err(NotAnIssuer::Malformed { meant: meant.map(str::to_owned) });
        for (text, meant) in [
            ("as.example", Some("https://as.example")),
            ("https://as.example/a/?x=1", Some("https://as.example/a")),
            ("https://as.example#x", Some("https://as.example")),
            ("https://as.example/a/.well-known/jwks.json", Some("https://as.example/a")),
            ("https://as.example/.well-known/openid-configurations", Some("https://as.example")),
            ("mailto:a@b", None),
            ("", None),
            ("issuer", None),
            ("ftp://as.example#x", None),
        ] {
            assert_eq!(Issuer::parse(text), malformed(meant), "{text}");
        }
        for (text, part) in
            [("https://as.example/{tenantid}/v2.0", "{tenantid}"), ("https://<domain>/oauth2", "<domain>")]
        {
            assert_eq!(Issuer::parse(text), Err(NotAnIssuer::Placeholder { part: part.to_owned() }));
        }
    }
}
