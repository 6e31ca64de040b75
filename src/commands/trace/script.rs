//! A record as a script of curl commands.
//!
//! What is hidden is a variable, the same one for equal values, which the script wants to be set. No value gets into an
//! argument of a process: curl reads its options from stdin, and only commands of the shell itself see the variables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::har::{MARK, plain, url};
use crate::protocol::flow_record::{Address, Body, Exchange, Fields, FlowRecord, Hidden, Tree, Value, What};

/// `q` escapes a value inside of curl's quotes, `f` encodes one for a form.
const FUNCTIONS: &str = r#"q() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
f() {
  printf '%s' "$1" | LC_ALL=C od -An -v -tx1 | tr -s ' ' '\n' | while read -r h; do
    case $h in
      '') ;;
      3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|2d|2e|5f|7e) printf "\\$(printf %03o "0x$h")" ;;
      *) printf '%%%s' "$h" ;;
    esac
  done
}
"#;

pub fn text(record: &FlowRecord) -> String {
    let variables = Variables::of(record);
    let mut steps = String::new();
    let mut number = 0;
    for event in &record.events {
        match &event.what {
            What::Exchange(exchange) => {
                number += 1;
                steps.push_str(&variables.step(number, exchange));
            }
            What::Browser { address, .. } => {
                let _ = write!(
                    steps,
                    "\n# Open this in a browser, with the values of your own login:\n# {}\n",
                    url(address)
                );
            }
            _ => {}
        }
    }
    let of = record.profile.iter().map(|profile| format!(" of {profile}")).collect::<String>();
    let mut text = format!("#!/bin/sh\n# {MARK}{of}, {}\n", record.tool);
    text.push_str("# It sends the same requests. Secrets are variables: set them, and run it with sh.\nset -eu\n");
    for (name, length) in variables.used_in(&steps) {
        let _ = writeln!(text, ": \"${{{name}:?was a value of {length} characters}}\"");
    }
    text.push_str(FUNCTIONS);
    text + &steps
}

/// The variables by the marks of their values.
struct Variables {
    by_mark: BTreeMap<String, String>,
    lengths: BTreeMap<String, usize>,
}

impl Variables {
    fn of(record: &FlowRecord) -> Self {
        let mut variables = Self { by_mark: BTreeMap::new(), lengths: BTreeMap::new() };
        for event in &record.events {
            match &event.what {
                What::Settings(settings) => {
                    variables.add_value("client_secret", settings.client_secret.as_ref());
                }
                What::Exchange(exchange) => {
                    variables.add_address(&exchange.address);
                    variables.add_fields(&exchange.headers);
                    variables.add_body(exchange.body.as_ref());
                    variables.add_body(exchange.reply.as_ref().and_then(|reply| reply.body.as_ref()));
                }
                What::Browser { address, .. } => variables.add_address(address),
                What::Redirect(arrival) => {
                    variables.add_fields(&arrival.query);
                    variables.add_fields(&arrival.form);
                }
                What::Stray { .. } | What::Decision { .. } => {}
            }
        }
        variables
    }

    fn add_address(&mut self, address: &Address) {
        self.add_fields(&address.query);
        self.add_fields(&address.fragment);
    }

    fn add_fields(&mut self, fields: &Fields) {
        for (name, value) in fields {
            let name = if name == "authorization" { "access_token" } else { name };
            self.add_value(name, Some(value));
        }
    }

    fn add_body(&mut self, body: Option<&Body>) {
        match body {
            Some(Body::Fields(fields)) => self.add_fields(fields),
            Some(Body::Json(tree)) => self.add_tree("", tree),
            Some(Body::Text(_) | Body::Other { .. }) | None => {}
        }
    }

    fn add_tree(&mut self, name: &str, tree: &Tree) {
        match tree {
            Tree::Text(value) => self.add_value(name, Some(value)),
            Tree::List(items) => items.iter().for_each(|item| self.add_tree(name, item)),
            Tree::Object(members) => members.iter().for_each(|(name, tree)| self.add_tree(name, tree)),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
        }
    }

    fn add_value(&mut self, name: &str, value: Option<&Value>) {
        match value {
            Some(Value::Hidden(hidden)) => self.add(name, hidden),
            Some(Value::Mixed(parts)) => {
                let is_basic = matches!(parts.first(), Some(Value::Shown(text)) if text.starts_with("Basic"));
                let name = if is_basic { "client_secret" } else { name };
                parts.iter().for_each(|part| self.add_value(name, Some(part)));
            }
            Some(Value::Shown(_)) | None => {}
        }
    }

    fn add(&mut self, name: &str, hidden: &Hidden) {
        if self.by_mark.contains_key(&hidden.mark) {
            return;
        }
        let plain = name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let plain = if plain.starts_with(|c: char| c.is_ascii_alphabetic()) { plain } else { format!("V{plain}") };
        let is_taken = |name: &String| self.lengths.contains_key(name);
        let mut names = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}_{n}")));
        let name = names.find(|name| !is_taken(name)).unwrap_or(plain);
        self.lengths.insert(name.clone(), hidden.length);
        self.by_mark.insert(hidden.mark.clone(), name);
    }

    fn used_in<'a>(&'a self, steps: &'a str) -> impl Iterator<Item = (&'a String, usize)> {
        let is_used = |name: &str| steps.contains(&format!("\"${name}\""));
        self.lengths.iter().filter(move |(name, _)| is_used(name)).map(|(name, length)| (name, *length))
    }

    fn step(&self, number: usize, exchange: &Exchange) -> String {
        let leg = serde_json::to_value(exchange.leg).unwrap_or_default();
        let leg = leg.as_str().unwrap_or_default().replace('_', " ");
        let mut step = format!("\n# {number}. {leg}\ncurl -sS -K - <<OAUTHCTL\nrequest = \"{}\"\n", exchange.method);
        let _ = writeln!(step, "url = \"{}{}\"", literal(&exchange.address.base), self.query(&exchange.address.query));
        for (name, value) in &exchange.headers {
            let line = match value {
                Value::Mixed(parts) if is_basic(parts) => format!("user = \"{}\"", self.basic(&parts[1..])),
                value => format!("header = \"{}: {}\"", literal(name), self.quoted(value)),
            };
            step.push_str(&line);
            step.push('\n');
        }
        match &exchange.body {
            Some(Body::Fields(fields)) => {
                let _ = writeln!(step, "data = \"{}\"", self.form(fields));
            }
            Some(Body::Json(tree)) => {
                let _ = writeln!(step, "data = \"{}\"", self.json(tree));
            }
            Some(Body::Text(_) | Body::Other { .. }) => step.push_str("# Its body is not in this trace.\n"),
            None => {}
        }
        step.push_str("OAUTHCTL\necho\n");
        step
    }

    fn query(&self, query: &Fields) -> String {
        if query.is_empty() { String::new() } else { format!("?{}", self.form(query)) }
    }

    fn form(&self, fields: &Fields) -> String {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = |(name, value): &(String, Value)| {
            format!("{}={}", encoded(name), self.each(value, &encoded, &|name| format!("$(f \"${name}\")")))
        };
        fields.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    fn basic(&self, halves: &[Value]) -> String {
        let encoded = |text: &str| match text {
            ":" => text.to_owned(),
            text => url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>(),
        };
        halves.iter().map(|half| self.each(half, &encoded, &|name| format!("$(f \"${name}\")"))).collect()
    }

    /// A value inside of curl's quotes.
    fn quoted(&self, value: &Value) -> String {
        self.each(value, &literal, &|name| format!("$(q \"${name}\")"))
    }

    /// JSON inside of curl's quotes: a variable is escaped for the one and for the other.
    fn json(&self, tree: &Tree) -> String {
        let marked = plain(&self.with_marks(tree)).to_string();
        let mut text = literal(&marked);
        for (mark, name) in &self.by_mark {
            text = text.replace(&format!("\u{1}{mark}\u{1}"), &format!("$(q \"$(q \"${name}\")\")"));
            text = text.replace(&literal(&format!("\\u0001{mark}\\u0001")), &format!("$(q \"$(q \"${name}\")\")"));
        }
        text
    }

    fn with_marks(&self, tree: &Tree) -> Tree {
        match tree {
            Tree::Text(Value::Hidden(hidden)) => Tree::Text(Value::Shown(format!("\u{1}{}\u{1}", hidden.mark))),
            Tree::List(items) => Tree::List(items.iter().map(|item| self.with_marks(item)).collect()),
            Tree::Object(members) => {
                Tree::Object(members.iter().map(|(name, tree)| (name.clone(), self.with_marks(tree))).collect())
            }
            other => other.clone(),
        }
    }

    fn each(&self, value: &Value, shown: &dyn Fn(&str) -> String, variable: &dyn Fn(&str) -> String) -> String {
        match value {
            Value::Shown(text) => shown(text),
            Value::Hidden(hidden) => self.by_mark.get(&hidden.mark).map(|name| variable(name)).unwrap_or_default(),
            Value::Mixed(parts) => parts.iter().map(|part| self.each(part, shown, variable)).collect(),
        }
    }
}

fn is_basic(parts: &[Value]) -> bool {
    parts.len() == 4 && matches!(&parts[0], Value::Shown(text) if text.eq_ignore_ascii_case("basic "))
}

/// Returns a text as it stands inside of curl's quotes, in a shell's here-document.
fn literal(text: &str) -> String {
    let in_quotes = text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
    in_quotes.replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`")
}
