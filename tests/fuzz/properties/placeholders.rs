//! Placeholders: a value moves the host to exactly `<label>.<suffix>`, or it is refused. It never adds a path, a query,
//! a user name or another server.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use oauthctl::testing::{DefinitionError, Provider, ProviderDefinition, fill_params};

use super::choice;

const SUFFIX: &str = ".shop.example";

/// One template for each place that a value can stand in, and each kind of value.
const DEFINITIONS: [(Kind, &str); 5] = [
    (
        Kind::Label,
        "[token]\nurl = \"https://{v}.shop.example/token?x=1\"\n[params.v]\nstrip_suffix = \".shop.example\"",
    ),
    (Kind::Path, "[token]\nurl = \"https://shop.example/{v}/token\"\n[params.v]\n"),
    (Kind::Host, "[token]\nurl = \"https://{v}/token\"\n[params.v]\nkind = \"host\""),
    (Kind::Origin, "[token]\nurl = \"{v}/token\"\n[params.v]\nkind = \"origin\""),
    // The value comes from the provider's reply.
    (Kind::Captured, "[token]\nurl = \"https://{v}.shop.example/token\"\n[params.v]\nfrom_token = \"shop\""),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Label,
    Path,
    Host,
    Origin,
    Captured,
}

fn definitions() -> &'static [(Kind, ProviderDefinition)] {
    static ALL: OnceLock<Vec<(Kind, ProviderDefinition)>> = OnceLock::new();
    ALL.get_or_init(|| {
        DEFINITIONS.iter().map(|(kind, text)| (*kind, toml::from_str(text).expect("a definition of ours"))).collect()
    })
}

/// The first byte chooses the template, the rest is the value; or the rest is a template, a blank line, and a value.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = choice(data) else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match definitions().get(choice % (DEFINITIONS.len() + 1)) {
        Some((kind, definition)) => value(*kind, definition, text),
        None => template(text),
    }
}

fn value(kind: Kind, definition: &ProviderDefinition, value: &str) {
    let resolved = match kind {
        Kind::Captured => Provider::new(definition.clone(), BTreeMap::new(), None)
            .and_then(|provider| provider.with_captured(&BTreeMap::from([("v".to_owned(), value.to_owned())]))),
        _ => resolve(definition, value),
    };
    let Ok(provider) = resolved else { return };
    let url = provider.token_endpoint().expect("a value was given").url();
    let host = url.host_str().unwrap_or_default();
    let typed = value.trim().to_ascii_lowercase();
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    assert_eq!(url.query(), (kind == Kind::Label).then_some("x=1"));
    match kind {
        Kind::Label | Kind::Captured => {
            let label = host.strip_suffix(SUFFIX).expect("the suffix");
            assert!(is_label(label) && typed.contains(label), "{label} of {value:?}");
            assert_eq!(url.as_str().split('?').next(), Some(format!("https://{label}{SUFFIX}/token").as_str()));
        }
        Kind::Path => {
            assert!(is_label(&typed));
            assert_eq!(url.as_str(), format!("https://shop.example/{typed}/token"));
        }
        Kind::Host => assert_eq!(url.as_str(), format!("https://{}/token", without_port(&typed, ":443"))),
        Kind::Origin => {
            let origin = typed.strip_suffix('/').unwrap_or(&typed);
            let origin = if origin.contains("://") { origin.to_owned() } else { format!("https://{origin}") };
            let is_loopback = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
            assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
            let port = if url.scheme() == "https" { ":443" } else { ":80" };
            assert_eq!(url.as_str(), format!("{}/token", without_port(&origin, port)));
        }
    }
    // A value in its one spelling stays as it is.
    let normal = &provider.params["v"];
    assert_eq!(definition.params["v"].normalize(normal).as_ref(), Ok(normal));
}

/// A template that a stranger wrote: what is resolved is what is written there, to the letter, and may see secrets.
fn template(text: &str) {
    let Some((template, value)) = text.split_once("\n\n") else { return };
    let mut definition = definitions()[0].1.clone();
    definition.token.url.0 = vec![template.to_owned()];
    let Ok(provider) = resolve(&definition, value) else { return };
    let url = provider.token_endpoint().expect("it was resolved").url();
    let written = template.replace("{v}", &provider.params["v"]);
    let (scheme, rest) = written.split_once("://").expect("an absolute URL");
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let understood = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    assert_eq!(without_port(authority, port), understood, "{written:?}");
    assert!(matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.fragment().is_none());
}

fn resolve(definition: &ProviderDefinition, value: &str) -> Result<Provider, DefinitionError> {
    let given = BTreeMap::from([("v".to_owned(), value.to_owned())]);
    Provider::new(definition.clone(), fill_params(definition, &given, false)?, None)
}

fn without_port<'a>(authority: &'a str, port: &str) -> &'a str {
    authority.strip_suffix(port).unwrap_or(authority)
}

/// RFC 1035 §2.3.1, in lower case.
fn is_label(text: &str) -> bool {
    let inner = text.trim_matches(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    !text.is_empty()
        && text.len() <= 63
        && !text.starts_with('-')
        && !text.ends_with('-')
        && inner.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit())
}
