//! A parameter of a definition: what differs from shop to shop, and which values it may have.
//!
//! A value decides which machine gets the client's secret. So it is read by a grammar of its own, and the resulting URL
//! is parsed again and compared: `evil.com#` in front of `.shop.example` must not move the host. A list or a pattern of
//! the definition narrows that grammar, and only a list, whose author writes the hosts as well, may leave it.

mod grammar;

pub use grammar::identifier;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use self::grammar::{is_label, normalize_host, normalize_origin, path, text};
use super::from_api::FromApi;
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
    /// One part of a path that keeps its case: what a URL takes as it is (RFC 3986 §2.3).
    Id,
    /// Several such parts with `/` between them.
    Path,
    /// Any text, for parameters and headers. It stands in no URL.
    Text,
}

impl ParamKind {
    /// Returns `true` if its values are made for the part of a URL before the path.
    pub fn fits_a_host(self) -> bool {
        matches!(self, Self::Label | Self::Host | Self::Origin)
    }
}

words!(ParamKind);

keys! {
    /// One `[params.NAME]` of a definition.
    #[derive(Default, PartialEq, Eq)]
    pub struct Param {
        key kind: ParamKind {
            help: "The kind of value: one DNS label, a host name, an origin such as `https://shop.example.com`, a part of a path that keeps its case, several parts with `/` between them, or any text for parameters and headers",
            absent: "label",
            example: "\"label\"",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key values: Vec<String> {
            help: "All values that there are, of any kind",
            absent: "any value of its kind",
            example: "[\"myshop\", \"testshop\"]",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key pattern: Option<String> {
            help: "A regular expression that the whole value matches, beside its kind",
            absent: "any value of its kind",
            example: "\"[a-z]+\"",
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
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        key secret: bool {
            help: "The value is a secret: it is asked without echo or given by a variable, kept with the token, and sent in headers, bodies and the API's query only",
            absent: "false",
            example: "true",
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
        #[serde(skip_serializing_if = "Option::is_none")]
        key from_api: Option<FromApi> {
            help: "The request whose reply has the value. It is sent once, after the login",
            absent: "a person enters it",
        }
    }
}

impl Param {
    /// Returns `true` if the value comes from the provider and not from a person.
    pub fn is_captured(&self) -> bool {
        self.from_callback.is_some() || self.comes_after_the_exchange()
    }

    /// Returns `true` if the provider sends the value in its token reply or later.
    pub fn comes_after_the_exchange(&self) -> bool {
        self.from_token.is_some() || self.from_api.is_some()
    }

    /// Returns the question to ask a person, with the values to choose from.
    pub fn question(&self, name: &str) -> String {
        let question = self.prompt.clone().unwrap_or_else(|| name.to_owned());
        match self.values.as_slice() {
            [] => question,
            values => format!("{question} ({})", values.join(", ")),
        }
    }

    /// Returns a value to try a template with.
    pub fn sample(&self) -> String {
        let by_kind = match self.kind {
            ParamKind::Label => "sample",
            ParamKind::Host => "sample.example",
            ParamKind::Origin => "https://sample.example",
            ParamKind::Id | ParamKind::Path | ParamKind::Text => "sample",
        };
        let known = self.example.clone().or_else(|| self.default.clone()).or_else(|| self.values.first().cloned());
        known.unwrap_or_else(|| by_kind.to_owned())
    }

    /// Returns `true` if there is nothing to try a template with, because only the author knows what its pattern takes.
    pub fn lacks_a_sample(&self) -> bool {
        self.pattern.is_some() && self.example.is_none() && self.default.is_none() && self.values.is_empty()
    }

    /// Returns the value in its one spelling, or the fault in it.
    pub fn normalize(&self, value: &str) -> Result<String, String> {
        let value = value.trim();
        if self.secret {
            let kept = text(value)?;
            // The pattern may tell a part of it, and is the definition's own.
            return if self.matches(&kept) { Ok(kept) } else { Err(self.mismatch()) };
        }
        if !self.values.is_empty() {
            let same = |known: &&String| known.eq_ignore_ascii_case(value);
            let exact = self.values.iter().find(|known| *known == value);
            let known = exact.or_else(|| self.values.iter().find(same)).cloned();
            return known.ok_or_else(|| format!("it must be one of `{}`", self.values.join("`, `")));
        }
        let normal = match self.kind {
            ParamKind::Label => self.label(value),
            ParamKind::Host => normalize_host(value),
            ParamKind::Origin => normalize_origin(value),
            ParamKind::Id => identifier(value),
            ParamKind::Path => path(value),
            ParamKind::Text => text(value),
        }?;
        match self.matches(&normal) {
            true => Ok(normal),
            false => Err(self.mismatch()),
        }
    }

    fn mismatch(&self) -> String {
        format!("it must match `{}`", self.pattern.as_deref().unwrap_or_default())
    }

    fn label(&self, value: &str) -> Result<String, String> {
        let mut label = value.to_ascii_lowercase();
        if let Some(suffix) = &self.strip_suffix {
            // People paste the whole address of their shop.
            for prefix in ["https://", "http://"] {
                label = label.strip_prefix(prefix).map(str::to_owned).unwrap_or(label);
            }
            label = label.strip_suffix('/').map(str::to_owned).unwrap_or(label);
            label = label.strip_suffix(suffix.as_str()).map(str::to_owned).unwrap_or(label);
        }
        match is_label(&label) {
            true => Ok(label),
            false => Err("it must be one name of letters, digits and hyphens".into()),
        }
    }

    /// Returns `true` if the whole value matches the pattern, or there is none. A broken one takes nothing.
    pub fn matches(&self, value: &str) -> bool {
        self.pattern.as_deref().is_none_or(|pattern| whole(pattern).is_ok_and(|regex| regex.is_match(value)))
    }

    /// Checks the rules that the types cannot express. `Err` names the key and the fault.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if let Some(Err(error)) = self.pattern.as_deref().map(whole) {
            return Err(("pattern", format!("it is not a regular expression: {error}")));
        }
        if self.pattern.is_some() && !self.values.is_empty() {
            return Err(("pattern", "`values` says already which values there are".to_owned()));
        }
        if self.values.iter().any(|value| value.is_empty() || value.trim() != value) {
            return Err(("values", "a value is empty, or has whitespace around it".to_owned()));
        }
        if self.secret {
            let written = [("values", !self.values.is_empty()), ("default", self.default.is_some())];
            if let Some((key, _)) = written.into_iter().find(|(_, is_there)| *is_there) {
                return Err((key, "a secret is each login's own, and does not stand in a definition".to_owned()));
            }
            if self.is_captured() {
                return Err(("secret", "a person gives it; what the provider sends is not one".to_owned()));
            }
        }
        Ok(())
    }
}

fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

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
    fn a_list_or_a_pattern_narrows_the_values() {
        let of = |toml: &str, value: &str| toml::from_str::<Param>(toml).unwrap().normalize(value);
        let regions = "values = ['com', 'com.au', 'Live']";
        for (typed, value) in [("com", "com"), (" COM.AU ", "com.au"), ("live", "Live")] {
            assert_eq!(of(regions, typed).as_deref(), Ok(value));
        }
        assert_eq!(of(regions, "co"), Err("it must be one of `com`, `com.au`, `Live`".to_owned()));
        let number = "pattern = '[0-9]{4}'";
        assert_eq!(of(number, "1234").as_deref(), Ok("1234"));
        for wrong in ["12345", "x1234", "1234\n5", "a|1234"] {
            assert!(of(number, wrong).is_err(), "{wrong}");
        }
        assert!(of("pattern = 'a|b'", "xb").is_err(), "the whole value");
        assert!(of("kind = 'host'\npattern = '.*'", "a@b").is_err(), "the kind counts as well");
        assert!(of("pattern = '('", "x").is_err());
    }

    #[test]
    fn what_stands_in_no_host_keeps_its_case() {
        let of =
            |kind: &str, value: &str| toml::from_str::<Param>(&format!("kind = '{kind}'")).unwrap().normalize(value);
        for (kind, typed, value) in [
            ("id", " acct_1A.b~c ", "acct_1A.b~c"),
            ("path", "/Team_1/v2/", "Team_1/v2"),
            ("path", "one", "one"),
            ("text", "My app (me@shop.test)", "My app (me@shop.test)"),
        ] {
            assert_eq!(of(kind, typed).as_deref(), Ok(value));
        }
        for (kind, hostile) in [
            ("id", "a/b"),
            ("id", ".."),
            ("id", "a?b"),
            ("id", ""),
            ("path", "a/../b"),
            ("path", "a//b"),
            ("path", "a?b"),
            ("path", "a%2Fb"),
            ("path", "/"),
            ("text", ""),
            ("text", "a\nB: c"),
        ] {
            assert!(of(kind, hostile).is_err(), "{kind} {hostile}");
        }
    }
}
