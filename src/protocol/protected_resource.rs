//! The metadata of a protected resource (RFC 9728): whose tokens it takes.
//!
//! A document speaks only for the resource that it is about (§3.3). Its `resource` must be the identifier that its
//! well-known address was made from, or the address that was asked and that pointed to it. Anything else would let one
//! resource ask for tokens that are for another. Some servers describe themselves as a whole, on every path: such a
//! prefix is not refused, but [`Match::Prefix`] is for a person to confirm.

use serde_json::{Map, Value, json};
use url::Url;

use super::member::{Members, WrongKind};
use super::metadata::without_nothing;

/// The beginning of the well-known address (RFC 9728 §3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The members that a client can use; the others are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProtectedResourceMetadata {
    pub resource: String,
    pub authorization_servers: Vec<String>,
    /// `None` if the document does not say.
    pub scopes_supported: Option<Vec<String>>,
    /// `None` means that the resource does not say: the header is right for each (RFC 6750 §2).
    pub bearer_methods_supported: Option<Vec<String>>,
    pub resource_name: Option<String>,
}

/// What a document's `resource` is to the address that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The address that was asked, or the identifier that the well-known address was made from.
    Same,
    /// The same server, and the path begins with the same whole segments.
    Prefix,
    Other,
}

impl ProtectedResourceMetadata {
    /// Reads the metadata. `None` if it names no resource, and so is not metadata.
    pub fn from_json(value: &Value) -> Result<Option<Self>, WrongKind> {
        let value = &without_nothing(value);
        let members = Members(value);
        let Some(resource) = members.text("resource")? else { return Ok(None) };
        Ok(Some(Self {
            resource: resource.to_owned(),
            authorization_servers: members.texts("authorization_servers")?.unwrap_or_default(),
            scopes_supported: members.texts("scopes_supported")?,
            bearer_methods_supported: members.texts("bearer_methods_supported")?,
            resource_name: members.text("resource_name")?.map(str::to_owned),
        }))
    }

    /// Writes the document, without the members that have no value.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("resource".into(), self.resource.clone().into());
        let lists = [
            ("authorization_servers", Some(&self.authorization_servers).filter(|servers| !servers.is_empty())),
            ("scopes_supported", self.scopes_supported.as_ref()),
            ("bearer_methods_supported", self.bearer_methods_supported.as_ref()),
        ];
        for (name, list) in lists {
            if let Some(list) = list {
                members.insert(name.into(), json!(list));
            }
        }
        if let Some(name) = &self.resource_name {
            members.insert("resource_name".into(), name.clone().into());
        }
        Value::Object(members)
    }

    /// Compares `resource` with the address that was asked. `made_from` is the identifier that the document's well-known
    /// address was made from, if it was.
    pub fn matches(&self, asked: &Url, made_from: Option<&Url>) -> Match {
        let Ok(resource) = Url::parse(&self.resource) else { return Match::Other };
        if resource.fragment().is_some() || !resource.username().is_empty() || resource.password().is_some() {
            return Match::Other;
        }
        let is_same = |other: &Url| is_same(&resource, other);
        if is_same(asked) || made_from.is_some_and(is_same) {
            return Match::Same;
        }
        let is_prefix = resource.origin() == asked.origin()
            && resource.query().is_none()
            && begins_with(asked.path(), resource.path());
        if is_prefix { Match::Prefix } else { Match::Other }
    }
}

/// Compares two identifiers as the URL parser spells them. A slash that ends the path makes no other resource: servers
/// write their own address with it and without.
fn is_same(a: &Url, b: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    a.origin() == b.origin() && path(a) == path(b) && a.query() == b.query()
}

/// Returns `true` if a path begins with another one, by whole segments.
fn begins_with(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    // A server may read an encoded slash, or two of them, as it likes.
    let is_plain = !path.contains("//") && !path.to_ascii_lowercase().contains("%2f");
    is_plain && path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the well-known addresses of a resource, each with the identifier that it is made from: with the resource's
/// path (RFC 9728 §3.1), and without it for a server that describes itself as a whole.
pub fn well_known(resource: &Url) -> Vec<(Url, Url)> {
    let path = resource.path().trim_end_matches('/');
    let place = |identifier: Url| {
        let mut place = identifier.clone();
        place.set_path(&format!("{WELL_KNOWN}{}", identifier.path().trim_end_matches('/')));
        (place, identifier)
    };
    let mut whole = resource.clone();
    whole.set_fragment(None);
    let mut root = whole.clone();
    root.set_path("/");
    root.set_query(None);
    match path.is_empty() && resource.query().is_none() {
        true => vec![place(root)],
        false => vec![place(whole), place(root)],
    }
}

/// Returns the resource that a well-known address is made from, or `None` if it is no such address.
pub fn resource_of(address: &Url) -> Option<Url> {
    let rest = address.path().strip_prefix(WELL_KNOWN)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let mut resource = address.clone();
    resource.set_path(rest);
    Some(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn of(resource: &str) -> ProtectedResourceMetadata {
        ProtectedResourceMetadata { resource: resource.to_owned(), ..Default::default() }
    }

    #[test]
    fn a_document_is_read_as_it_is_written() {
        let metadata = ProtectedResourceMetadata {
            resource: "https://rs.example/mcp".into(),
            authorization_servers: vec!["https://as.example".into()],
            scopes_supported: Some(vec!["read".into()]),
            bearer_methods_supported: Some(vec!["header".into()]),
            resource_name: Some("Shop".into()),
        };
        assert_eq!(ProtectedResourceMetadata::from_json(&metadata.to_json()), Ok(Some(metadata)));
        assert_eq!(ProtectedResourceMetadata::from_json(&json!({"authorization_servers": ["x"]})), Ok(None));
        for (member, value) in [
            ("resource", json!({"resource": 1})),
            ("authorization_servers", json!({"resource": "x", "authorization_servers": "https://as.example"})),
            ("scopes_supported.1", json!({"resource": "x", "scopes_supported": ["a", 1]})),
        ] {
            assert_eq!(ProtectedResourceMetadata::from_json(&value).unwrap_err().member, member);
        }
    }

    #[test]
    fn a_document_speaks_only_for_its_own_resource() {
        let asked = url("https://rs.example/a/mcp");
        for same in ["https://rs.example/a/mcp", "https://RS.example:443/a/mcp", "https://rs.example/a/mcp/"] {
            assert_eq!(of(same).matches(&asked, None), Match::Same, "{same}");
        }
        for prefix in ["https://rs.example", "https://rs.example/", "https://rs.example/a", "https://rs.example/a/"] {
            assert_eq!(of(prefix).matches(&asked, None), Match::Prefix, "{prefix}");
        }
        for other in [
            "https://rs.example/a/m",
            "https://rs.example/b",
            "https://rs.example/a/mcp/x",
            "https://rs.example/a?x",
            "http://rs.example/a/mcp",
            "https://rs.example:8443/a/mcp",
            "https://rs.example.evil.example/a/mcp",
            "https://u@rs.example/a/mcp",
            "https://rs.example/a/mcp#x",
            "/a/mcp",
            "",
        ] {
            assert_eq!(of(other).matches(&asked, None), Match::Other, "{other}");
        }
        assert_eq!(of("https://rs.example").matches(&url("https://rs.example/a%2Fb"), None), Match::Other);
        let root = url("https://rs.example/");
        assert_eq!(of("https://rs.example").matches(&asked, Some(&root)), Match::Same);
        assert_eq!(of("https://rs.example/a").matches(&asked, Some(&root)), Match::Prefix);
    }

    #[test]
    fn the_well_known_part_goes_before_the_path() {
        let places = |text: &str| -> Vec<String> {
            well_known(&url(text)).into_iter().map(|(place, _)| place.to_string()).collect()
        };
        let root = "https://rs.example/.well-known/oauth-protected-resource";
        assert_eq!(places("https://rs.example"), [root]);
        assert_eq!(places("https://rs.example/a/mcp/"), [&format!("{root}/a/mcp"), root]);
        assert_eq!(places("https://rs.example/a?x=1"), [&format!("{root}/a?x=1"), root]);
        for (place, identifier) in well_known(&url("https://rs.example/a?x=1")) {
            assert_eq!(resource_of(&place), Some(identifier));
        }
        for other in ["https://rs.example/a", "https://rs.example/.well-known/oauth-protected-resources"] {
            assert_eq!(resource_of(&url(other)), None);
        }
    }
}
