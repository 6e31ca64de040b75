//! The report: an explanation for an issue tracker, which strangers read.
//!
//! # Decision: what a report leaves out beside secrets
//!
//! A record has no secrets and no personal data. It has names that are private all the same: the client id, the name of the
//! login, the values of parameters (a shop's name), the user's folders, and hosts. The hosts of a built-in provider
//! are the same for everybody, and what a maintainer needs, so they stay. Each host of another definition is replaced, since
//! it may be a company's own. The same name has the same replacement everywhere, and the report lists what was replaced.

use std::fmt;

use serde::{Serialize, Serializer};
use url::{Host, Url};

use super::view::Explanation;
use crate::protocol::sanitize::{Render, TerminalText};

/// The width of the timeline: trackers do not wrap code.
const WIDTH: usize = 100;

pub struct Report {
    text: String,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'t> {
            report: &'t str,
        }
        Json { report: &self.text }.serialize(serializer)
    }
}

impl Render for Report {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        self.text.render(text)
    }
}

impl Report {
    pub fn new(explanation: &Explanation) -> Self {
        let names = Names::of(explanation);
        let plain = |write: &dyn Fn(&mut TerminalText) -> fmt::Result| {
            let mut text = TerminalText::new();
            // Writing to a text cannot fail.
            let _ = write(&mut text);
            text.to_plain().to_string()
        };
        let timeline = plain(&|text| explanation.write_timeline(text, WIDTH));
        let findings = plain(&|text| explanation.write_findings(text, WIDTH));
        let exit =
            explanation.head.exit_code.map_or_else(|| "was ended".to_owned(), |code| format!("exit code {code}"));
        let error: String = explanation.error.iter().map(|line| format!("- Error: {line}\n")).collect();
        let text = format!(
            "### {}: {exit}\n\n- Program: {} on {} ({})\n- Started: {}\n{error}\n### Diagnosis\n\n```text\n{findings}```\n\n\
             ### Timeline\n\nTimes are seconds since the start.\n\n```text\n{timeline}```\n\n### Left out\n\n",
            explanation.head.name(),
            explanation.record.tool,
            std::env::consts::OS,
            std::env::consts::ARCH,
            explanation.head.started,
        );
        Self { text: names.replaced(text) + &names.listed() }
    }
}

/// The names that are replaced.
struct Names {
    /// The name, its replacement, and what it is. The longest comes first, as one may contain another.
    all: Vec<(String, String, &'static str)>,
}

/// Shorter names would cut up every word.
const SHORTEST: usize = 3;

impl Names {
    fn of(explanation: &Explanation) -> Self {
        let mut names = Self { all: Vec::new() };
        let record = &explanation.record;
        let settings = record.settings().cloned().unwrap_or_default();
        if let Some(id) = settings.client_id.as_ref().and_then(|id| id.shown()) {
            names.add(id, "CLIENT-ID".to_owned(), "the client id");
        }
        if let Some(profile) = record.profile.as_ref().filter(|profile| Some(*profile) != record.provider.as_ref()) {
            names.add(profile, "LOGIN".to_owned(), "the name of the login");
        }
        for (name, value) in &settings.params {
            let value = value.shown().unwrap_or_default();
            names.add(value, format!("PARAM-{}", name.to_uppercase()), "a parameter of the provider");
        }
        for issuer in record.issuers() {
            names.add(issuer, "ISSUER".to_owned(), "the issuer of a certificate");
        }
        let is_built_in = settings.definition.as_deref() == Some("built-in");
        if let Some((folder, _)) = settings.definition.as_deref().and_then(|file| file.rsplit_once(['/', '\\'])) {
            names.add(folder, "FOLDER".to_owned(), "a folder of this machine");
        }
        let text = serde_json::to_string(&explanation).unwrap_or_default();
        let known: Vec<String> = settings
            .endpoints
            .values()
            .chain(&settings.issuer)
            .chain(&settings.api_base)
            .filter_map(|url| host_of(url))
            .collect();
        let mut count = 0;
        for host in hosts(&text) {
            let is_public = is_built_in
                && known.contains(&host)
                && !settings.params.iter().any(|(_, value)| {
                    value.shown().is_some_and(|value| value.len() >= SHORTEST && host.contains(value))
                });
            if !is_public && names.all.iter().all(|(name, ..)| *name != host) {
                count += 1;
                names.add(&host, format!("HOST-{count}"), "a host");
            }
        }
        names.all.sort_by_key(|(name, ..)| std::cmp::Reverse(name.len()));
        names
    }

    fn add(&mut self, name: &str, replacement: String, what: &'static str) {
        if name.len() >= SHORTEST {
            self.all.push((name.to_owned(), replacement, what));
        }
    }

    fn replaced(&self, text: String) -> String {
        self.all.iter().fold(text, |text, (name, replacement, _)| replaced(&text, name, replacement))
    }

    fn listed(&self) -> String {
        let secrets = "- every secret and every personal value: only its length and a mark are left, which is equal for equal values\n";
        let mut listed: Vec<String> =
            self.all.iter().map(|(_, replacement, what)| format!("- {what}: {replacement}\n")).collect();
        listed.sort();
        listed.insert(0, secrets.to_owned());
        listed.concat()
    }
}

/// Replaces a name everywhere, also where a line ends within it.
fn replaced(text: &str, name: &str, replacement: &str) -> String {
    let (mut all, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        match length_at_start(rest, name) {
            Some(length) => {
                all.push_str(replacement);
                rest = &rest[length..];
            }
            None => {
                all.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    all
}

/// Returns how much of a text a name takes up at its start, with the indented lines that it is broken into.
fn length_at_start(text: &str, name: &str) -> Option<usize> {
    let mut rest = text;
    for (at, c) in name.char_indices() {
        if c.is_whitespace() {
            let next = rest.trim_start();
            rest = (next.len() < rest.len()).then_some(next)?;
            continue;
        }
        let next_line = rest.strip_prefix('\n').filter(|_| at > 0);
        rest = next_line.map_or(rest, |line| line.trim_start_matches(' ')).strip_prefix(c)?;
    }
    Some(text.len() - rest.len())
}

fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Returns each host of an address in a text once, but for this machine's own.
fn hosts(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for scheme in ["https://", "http://"] {
        for rest in text.split(scheme).skip(1) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-_[]:".contains(c))).unwrap_or(rest.len());
            let Ok(url) = Url::parse(&format!("{scheme}{}", rest[..end].trim_end_matches([':', '.']))) else {
                continue;
            };
            let is_here = match url.host() {
                Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => true,
            };
            if let Some(host) = url.host_str().filter(|host| !is_here && !all.iter().any(|known| known == host)) {
                all.push(host.to_owned());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_where_a_line_ends_within_it() {
        let issuer = "CN=Corp TLS Inspection";
        for text in
            ["a `CN=Corp TLS Inspection` b", "a `CN=Corp\n    TLS Inspection` b", "a `CN=Co\n  rp TLS\n  Inspection` b"]
        {
            assert_eq!(replaced(text, issuer, "ISSUER"), "a `ISSUER` b");
        }
        assert_eq!(
            replaced("shop.inte\n      rn.example, intern.ex", "shop.intern.example", "HOST"),
            "HOST, intern.ex"
        );
        // Neither another name nor a line of its own is taken for one.
        for text in ["CN=CorpTLS Inspection", "CN=Corp TLS", "CN=Corp\n\n", ""] {
            assert_eq!(replaced(text, issuer, "ISSUER"), text);
        }
    }
}
