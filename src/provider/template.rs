//! Placeholders `{name}` in the texts of a definition, and their values.
//!
//! A value decides which machine gets the client's secret. So it is read by a grammar of its own, and the resulting URL
//! is parsed again and compared: `evil.com#` in front of `.shop.example` must not move the host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::{keys, words};

/// The kind of value that a parameter accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// One DNS label: letters, digits and hyphens, 63 at most (RFC 1035 §2.3.1).
    #[default]
    Label,
    /// A whole host name, with an optional port.
    Host,
    /// `https://host`, or `http` on loopback; without user name, path, query or fragment.
    Origin,
}

words!(ParamKind);

keys! {
    /// One `[params.NAME]` of a definition.
    #[derive(Default, PartialEq, Eq)]
    pub struct Param {
        key kind: ParamKind {
            help: "The kind of value: one DNS label, a host name, or an origin such as `https://shop.example.com`",
            absent: "label",
            example: "\"label\"",
        }
        key prompt: Option<String> {
            help: "The question to ask a person",
            absent: "the parameter's name",
            example: "\"Name of the shop\"",
        }
        key example: Option<String> {
            help: "A value to show, also used to emulate the provider",
            absent: "none",
            example: "\"myshop\"",
        }
        key default: Option<String> {
            help: "The value to use if none is given",
            absent: "none; a value is required",
            example: "\"myshop\"",
        }
        key strip_suffix: Option<String> {
            help: "A suffix that people may type, and that is removed",
            absent: "nothing is removed",
            example: "\".shop.example\"",
        }
        key optional: bool {
            help: "The value is optional: without it, templates that name it are skipped",
            absent: "false",
            example: "true",
        }
        key from_callback: Option<String> {
            help: "The callback parameter that contains the value",
            absent: "a person enters it",
            example: "\"shop\"",
        }
        key from_token: Option<String> {
            help: "The dotted path to the value in the token reply",
            absent: "a person enters it",
            example: "\"shop.name\"",
        }
    }
}

impl Param {
    /// Returns `true` if the value comes from the provider and not from a person.
    pub fn is_captured(&self) -> bool {
        self.from_callback.is_some() || self.from_token.is_some()
    }

    /// Returns a value to try a template with.
    pub fn sample(&self) -> String {
        let by_kind = match self.kind {
            ParamKind::Label => "sample",
            ParamKind::Host => "sample.example",
            ParamKind::Origin => "https://sample.example",
        };
        self.example.clone().or_else(|| self.default.clone()).unwrap_or_else(|| by_kind.to_owned())
    }

    /// Returns the value in its one spelling, or the fault in it.
    pub fn normalize(&self, value: &str) -> Result<String, String> {
        let value = value.trim();
        match self.kind {
            ParamKind::Label => {
                let mut label = value.to_ascii_lowercase();
                if let Some(suffix) = &self.strip_suffix {
                    // People paste the whole address of their shop.
                    for prefix in ["https://", "http://"] {
                        label = label.strip_prefix(prefix).map(str::to_owned).unwrap_or(label);
                    }
                    label = label.strip_suffix('/').map(str::to_owned).unwrap_or(label);
                    label = label.strip_suffix(suffix.as_str()).map(str::to_owned).unwrap_or(label);
                }
                if is_label(&label) {
                    Ok(label)
                } else {
                    Err("it must be one name of letters, digits and hyphens".into())
                }
            }
            ParamKind::Host => normalize_host(value),
            ParamKind::Origin => normalize_origin(value),
        }
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn normalize_host(value: &str) -> Result<String, String> {
    let host = value.to_ascii_lowercase();
    let problem = || "it must be a host name such as `shop.example.com`".to_owned();
    let url = url::Url::parse(&format!("https://{host}/")).map_err(|_| problem())?;
    let parsed = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    // A value that the parser had to change was not a plain host name.
    if parsed == host && url.path() == "/" && !host.ends_with('.') { Ok(host) } else { Err(problem()) }
}

fn normalize_origin(value: &str) -> Result<String, String> {
    let origin = value.strip_suffix('/').unwrap_or(value).to_ascii_lowercase();
    let origin = if origin.contains("://") { origin } else { format!("https://{origin}") };
    let default_port = if origin.starts_with("https:") { ":443" } else { ":80" };
    let origin = origin.strip_suffix(default_port).unwrap_or(&origin);
    // A value that the parser had to change was not plainly a host: it takes `0x7f.1` for 127.0.0.1.
    let parsed = super::endpoint::Origin::parse(origin).map(|parsed| parsed.to_string());
    parsed.ok().filter(|parsed| parsed == origin).ok_or_else(|| {
        "it must be an origin such as `https://shop.example.com`: https or on loopback, with nothing after it".into()
    })
}

/// Replaces each `{name}` by its value. A name without a value is an error for the caller.
///
/// A name has letters, digits, `_`, `-` and `.`. Braces around anything else stay as they are, so that a parameter can be
/// JSON, such as the `claims` of OpenID Connect Core §5.5.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, MissingValue> {
    let mut filled = String::new();
    for part in parts(template) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => match values.get(name) {
                Some(value) => filled.push_str(value),
                None => return Err(MissingValue(name.to_owned())),
            },
        }
    }
    Ok(filled)
}

/// Returns the names between braces.
pub fn names(template: &str) -> Vec<&str> {
    let name = |part| match part {
        Part::Name(name) => Some(name),
        Part::Text(_) => None,
    };
    parts(template).into_iter().filter_map(name).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    Text(&'t str),
    Name(&'t str),
}

/// Splits a template into its texts and names.
pub fn parts(template: &str) -> Vec<Part<'_>> {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let (mut parts, mut text, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        let rest = &template[open + 1..];
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        at = open + 1;
        if end == 0 || !rest[end..].starts_with('}') {
            continue;
        }
        if text < open {
            parts.push(Part::Text(&template[text..open]));
        }
        parts.push(Part::Name(&rest[..end]));
        at = open + end + 2;
        text = at;
    }
    if text < template.len() {
        parts.push(Part::Text(&template[text..]));
    }
    parts
}

#[derive(Debug, PartialEq, Eq)]
pub struct MissingValue(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    fn param(kind: ParamKind) -> Param {
        Param { kind, strip_suffix: Some(".shop.example".into()), ..Param::default() }
    }

    #[test]
    fn a_label_is_one_dns_label_and_nothing_else() {
        for (typed, label) in
            [("myshop", "myshop"), ("MyShop.shop.example", "myshop"), (" https://my-shop.shop.example/ ", "my-shop")]
        {
            assert_eq!(param(ParamKind::Label).normalize(typed).as_deref(), Ok(label), "{typed}");
        }
        for hostile in
            ["evil.com#", "evil.com/", "a.b", "", "-a", "a-", "a@b", "a%2eb", "ä", "a b", "a?x", &"a".repeat(64)]
        {
            assert!(param(ParamKind::Label).normalize(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn a_host_is_a_host_and_nothing_else() {
        for host in ["shop.example.com", "shop.example.com:8443", "localhost"] {
            assert_eq!(param(ParamKind::Host).normalize(host).as_deref(), Ok(host));
        }
        for hostile in [
            "a@b.com",
            "b.com/x",
            "b.com#",
            "b.com?",
            "b.com.",
            "b.com:443:1",
            "",
            "0x7f.1",
            "b%2ecom",
            "b.com\\x",
            "bücher.de",
        ] {
            assert!(param(ParamKind::Host).normalize(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn an_origin_is_https_or_loopback_with_nothing_after_it() {
        for (typed, origin) in [
            ("https://my.glu.example/", "https://my.glu.example"),
            ("my.glu.example", "https://my.glu.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://shop.example:443/", "https://shop.example"),
        ] {
            assert_eq!(param(ParamKind::Origin).normalize(typed).as_deref(), Ok(origin));
        }
        for hostile in [
            "http://shop.example",
            "https://a@b",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "file:///x",
            "javascript:x",
            "http://0x7f.1",
            "0",
            "https:/shop.example",
        ] {
            assert!(param(ParamKind::Origin).normalize(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn braces_are_filled_or_named() {
        let values = BTreeMap::from([("store".to_owned(), "x".to_owned())]);
        assert_eq!(fill("https://{store}.example/{store}", &values).as_deref(), Ok("https://x.example/x"));
        assert_eq!(fill("{nothing}", &values), Err(MissingValue("nothing".into())));
        assert_eq!(names("https://{a}.x/{b}"), ["a", "b"]);
        // JSON is not a name.
        for text in [r#"{"id_token":{"acr":null}}"#, "{}", "{ store }", "a { b", "{", "}{"] {
            assert_eq!((fill(text, &values).as_deref(), names(text)), (Ok(text), vec![]), "{text}");
        }
        assert_eq!(fill(r#"{"shop":"{store}"}"#, &values).as_deref(), Ok(r#"{"shop":"x"}"#));
    }
}
