//! What a record shows of the values that pass.
//!
//! A value is shown if [`names`] knows its name, and even then without any secret that was seen before and without
//! e-mail addresses. All else is hidden, and from then on is a secret that no later text may repeat. Except that a value
//! of an unknown name is none if it is part of what is public anyway, an endpoint's address for example: removing it
//! everywhere would make the record unreadable, and hide nothing.

mod texts;

use std::collections::{BTreeMap, HashSet};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use serde_json::Value as Json;
use sha2::Sha256;
use url::Url;
use zeroize::Zeroizing;

use self::texts::{bounded, form_decoded, is_form, is_plain_word, joined, without_mail};
use super::names;
use super::value::{Address, Body, Decoded, Fields, Hidden, Tree, Value};
use crate::protocol::bearer::Challenge;
use crate::protocol::html::visible_text;
use crate::protocol::json;
use crate::protocol::mask::KnownSecrets;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::token_form::TokenForm;

/// A shorter value of an unknown name is not looked for elsewhere: it would cut up words.
const SHORTEST: usize = 8;

/// How deep a JSON body is kept, and how many values of it.
const MAX_DEPTH: usize = 8;
const MAX_VALUES: usize = 600;

/// The elements of a page whose content is not kept. The rest is: a firewall's page says who refused and why.
const UNSEEN: [&str; 5] = ["script", "style", "noscript", "template", "textarea"];

/// What becomes of the values that are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// A length and a mark.
    Hide,
    /// They are shown: `--show-secrets`.
    Reveal,
}

/// Masks the values of one record.
pub struct Masker {
    masking: Masking,
    key: Zeroizing<[u8; 32]>,
    secrets: KnownSecrets,
    seen: HashSet<String>,
    public: Vec<String>,
    learns: bool,
    /// The RFCs' names of parameters that a provider calls otherwise.
    aliases: BTreeMap<String, String>,
}

impl Masker {
    /// The key must be random, and of this record alone.
    pub fn new(masking: Masking, key: [u8; 32]) -> Self {
        Self {
            masking,
            key: Zeroizing::new(key),
            secrets: KnownSecrets::default(),
            seen: HashSet::new(),
            public: Vec::new(),
            learns: true,
            aliases: BTreeMap::new(),
        }
    }

    /// Says that a text is no secret: an endpoint, a redirect URI, the client id.
    pub fn publish(&mut self, text: &str) {
        self.public.push(text.to_owned());
    }

    /// Says how a provider calls a parameter. What it takes for the name of a secret is one from now on.
    pub fn alias(&mut self, theirs: &str, ours: &str) {
        self.aliases.insert(theirs.to_owned(), ours.to_owned());
    }

    /// Masks what anybody may have sent. None of it is a secret of this flow, and removing it from what is said later would
    /// let its sender choose the words that go. But it may be another flow's secret under any name, so only plain words are
    /// shown: the code of an error is one.
    pub fn foreign<T>(&mut self, mask: impl FnOnce(&mut Self) -> T) -> T {
        let learns = std::mem::replace(&mut self.learns, false);
        let masked = mask(self);
        self.learns = learns;
        masked
    }

    /// Returns a value under its name.
    pub fn value(&mut self, name: &str, value: &str) -> Value {
        if self.masking == Masking::Reveal {
            return Value::Shown(value.to_owned());
        }
        let rfc_name = self.rfc_name(name);
        if names::is_region(&rfc_name, value) {
            return self.shown(value);
        }
        if let Some(url) = Url::parse(value).ok().filter(|url| names::is_origin(&rfc_name) && url.has_host()) {
            return self.shown(&url.origin().ascii_serialization());
        }
        let is_shown = names::is_shown(&rfc_name) || names::is_of_metadata(&rfc_name);
        if is_shown && !names::is_secret(&rfc_name) && (self.learns || is_plain_word(value)) {
            self.shown(value)
        } else {
            self.hidden(&rfc_name, value)
        }
    }

    /// Returns a value that may be shown, without secrets.
    pub fn shown(&self, value: &str) -> Value {
        Value::Shown(self.text(value))
    }

    fn hidden(&mut self, rfc_name: &str, value: &str) -> Value {
        if self.masking == Masking::Reveal || value.is_empty() {
            return Value::Shown(value.to_owned());
        }
        let is_public = || self.public.iter().any(|text| text.contains(value));
        let mark = self.mark(value);
        if names::is_secret(rfc_name) || value.len() >= SHORTEST && !is_public() {
            self.learn(value, &mark);
        }
        let jwt = self.decoded(value).map(Box::new);
        Value::Hidden(Hidden { length: value.chars().count(), mark, jwt })
    }

    fn learn(&mut self, value: &str, mark: &str) {
        if self.learns && self.seen.insert(mark.to_owned()) {
            self.secrets.add(value);
        }
    }

    fn mark(&self, value: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).expect("HMAC takes a key of any length");
        let mac = mac.chain_update(value).finalize().into_bytes();
        mac.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    fn rfc_name(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        self.aliases.get(name).or_else(|| self.aliases.get(&lower)).cloned().unwrap_or(lower)
    }

    /// Returns a foreign text without the known secrets, without e-mail addresses, and cut.
    pub fn text(&self, foreign: &str) -> String {
        if self.masking == Masking::Reveal {
            return foreign.to_owned();
        }
        let text = if self.learns { self.secrets.text(foreign) } else { self.secrets.strict_text(foreign) };
        bounded(&without_mail(&text))
    }

    pub fn fields(&mut self, params: &Params) -> Fields {
        params.iter().map(|(name, value)| (self.name(name), self.value(name, value))).collect()
    }

    /// Returns the name of a parameter, if it looks like one.
    fn name(&self, name: &str) -> String {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.:/[]$@#*".contains(c);
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let is_one = name.len() <= 64 && name.chars().all(is_name) && digits <= 6;
        if is_one || self.masking == Masking::Reveal { self.text(name) } else { "[hidden]".to_owned() }
    }

    pub fn address(&mut self, url: &Url) -> Address {
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        if self.masking == Masking::Hide && !(url.username().is_empty() && url.password().is_none()) {
            let _ = base.set_username("");
            let _ = base.set_password(None);
        }
        let query = url.query().map(Params::from_urlencoded).unwrap_or_default();
        let fragment = url.fragment().map(|fragment| self.fragment(fragment)).unwrap_or_default();
        Address { query: self.fields(&query), fragment, base: self.text(base.as_str()) }
    }

    /// Some pages read their parameters after a route: `#/authorize?client_id=…`.
    fn fragment(&mut self, fragment: &str) -> Fields {
        let (route, params) = match fragment.split_once('?') {
            Some((route, params)) => (Some(route), params),
            None if fragment.contains('=') => (None, fragment),
            None => (Some(fragment), ""),
        };
        let route = route.map(|route| ("#".to_owned(), self.hidden_unless_short(route)));
        route.into_iter().chain(self.fields(&Params::from_urlencoded(params))).collect()
    }

    fn hidden_unless_short(&mut self, text: &str) -> Value {
        let is_plain = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b"/_-".contains(&b));
        if is_plain { self.shown(text) } else { self.hidden("", text) }
    }

    /// Returns the headers of a request or a reply, without `Location`.
    pub fn headers(&mut self, headers: &HeaderMap) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in headers {
            let text = String::from_utf8_lossy(value.as_bytes());
            let shown = match name.as_str() {
                "location" => continue,
                "authorization" => self.authorization(&text),
                "www-authenticate" => self.challenges(&text),
                name if names::is_shown_header(name) && !value.is_sensitive() => self.shown(&text),
                name => self.hidden(name, &text),
            };
            fields.push((name.as_str().to_owned(), shown));
        }
        fields
    }

    /// Takes `Authorization` apart: `Basic` has a client id that may be shown (RFC 7617 §2).
    fn authorization(&mut self, text: &str) -> Value {
        let Some((scheme, credentials)) = text.split_once(' ') else { return self.hidden("token", text) };
        let halves = BASE64_STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let halves = halves.as_deref().and_then(|pair| pair.split_once(':'));
        let begin = Value::Shown(format!("{scheme} "));
        match halves.filter(|_| scheme.eq_ignore_ascii_case("basic")) {
            Some((user, password)) if self.masking != Masking::Reveal => {
                // As sent and as meant: RFC 6749 §2.3.1 has them form-encoded first.
                self.learn_both(password);
                let is_client = self.public.iter().any(|text| *text == form_decoded(user));
                let user = match is_client {
                    true => Value::Shown(form_decoded(user)),
                    false => self.value("client_secret", &form_decoded(user)),
                };
                let password = self.value("client_secret", &form_decoded(password));
                Value::Mixed(vec![begin, user, Value::Shown(":".to_owned()), password])
            }
            _ if self.masking == Masking::Reveal => Value::Shown(text.to_owned()),
            _ => Value::Mixed(vec![begin, self.value("token", credentials)]),
        }
    }

    fn learn_both(&mut self, secret: &str) {
        if self.masking == Masking::Hide && !secret.is_empty() {
            let mark = self.mark(secret);
            self.learn(secret, &mark);
        }
    }

    fn challenges(&mut self, text: &str) -> Value {
        if self.masking == Masking::Reveal {
            return Value::Shown(text.to_owned());
        }
        let mut parts = Vec::new();
        for (index, challenge) in Challenge::parse_all(text).iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            parts.push(Value::Shown(self.text(&format!("{comma}{}", challenge.scheme))));
            for (index, (name, value)) in challenge.params().enumerate() {
                let comma = if index == 0 { " " } else { ", " };
                parts.push(Value::Shown(self.text(&format!("{comma}{name}="))));
                parts.push(match names::is_shown_in_challenge(name) {
                    true => self.shown(&format!("\"{value}\"")),
                    false => self.hidden(name, value),
                });
            }
        }
        Value::Mixed(joined(parts))
    }

    /// Returns a request's body, or `None` if there is none.
    pub fn body(&mut self, content_type: Option<&str>, bytes: &[u8]) -> Option<Body> {
        self.body_of(content_type, bytes, false)
    }

    /// Returns a reply's body, or `None` if there is none. An error says what is wrong in its own words.
    pub fn reply_body(&mut self, status: u16, content_type: Option<&str>, bytes: &[u8]) -> Option<Body> {
        self.body_of(content_type, bytes, status >= 400)
    }

    fn body_of(&mut self, content_type: Option<&str>, bytes: &[u8], is_error: bool) -> Option<Body> {
        if bytes.is_empty() {
            return None;
        }
        let media_type = HttpRequest::media_type(content_type);
        if let Ok(value @ (Json::Object(_) | Json::Array(_))) = json::parse(bytes) {
            let mut room = MAX_VALUES;
            return Some(Body::Json(self.tree("", &value, is_error, 0, &mut room)));
        }
        let text = std::str::from_utf8(bytes).ok();
        match text {
            Some(text) if media_type == "application/x-www-form-urlencoded" || is_form(text) => {
                Some(Body::Fields(self.fields(&Params::from_urlencoded(text))))
            }
            Some(text) if self.masking == Masking::Hide => {
                let shown = if text.contains('<') { visible_text(text, &UNSEEN) } else { text.to_owned() };
                Some(Body::Text(bounded(&without_mail(&self.secrets.strict_text(&shown)))))
            }
            Some(text) => Some(Body::Text(text.to_owned())),
            None => Some(Body::Other { bytes: bytes.len() }),
        }
    }

    /// `in_error` is true in what is wrong: then `code` is the code of an error, and not one to be exchanged, and a
    /// message is the server's, and not a person's.
    fn tree(&mut self, name: &str, value: &Json, in_error: bool, depth: usize, room: &mut usize) -> Tree {
        if depth > MAX_DEPTH {
            return Tree::Text(Value::Shown("…".to_owned()));
        }
        *room = room.saturating_sub(1);
        match value {
            Json::Null => Tree::Null,
            Json::Bool(value) => Tree::Bool(*value),
            // The status, or the server's own number.
            Json::Number(number) if in_error && names::is_shown_in_an_error(name) => Tree::Number(number.to_string()),
            Json::Number(number) => match self.value(name, &number.to_string()) {
                Value::Shown(number) => Tree::Number(number),
                hidden => Tree::Text(hidden),
            },
            Json::String(text) if in_error && names::is_shown_in_an_error(name) => Tree::Text(self.shown(text)),
            Json::String(text) => Tree::Text(self.value(name, text)),
            Json::Array(items) => {
                let mut list = Vec::new();
                for item in items {
                    if *room == 0 {
                        break;
                    }
                    list.push(self.tree(name, item, in_error, depth + 1, room));
                }
                Tree::List(list)
            }
            Json::Object(object) => {
                let in_error = in_error || depth == 0 && is_an_error(object);
                let mut members = Vec::new();
                for (name, value) in object {
                    if *room == 0 {
                        break;
                    }
                    let in_error = in_error
                        && match value {
                            Json::Object(_) => names::is_inside_an_error(name),
                            Json::Array(_) => names::is_inside_an_error(name) || names::is_shown_in_an_error(name),
                            _ => true,
                        };
                    members.push((self.name(name), self.tree(name, value, in_error, depth + 1, room)));
                }
                Tree::Object(members)
            }
        }
    }

    /// Reads the parts of a JWT that may be shown. Its signature is dropped.
    fn decoded(&mut self, text: &str) -> Option<Decoded> {
        let TokenForm::Jwt { header, claims } = TokenForm::read(text) else { return None };
        let mut room = MAX_VALUES;
        let header = self.tree("", &header, false, 1, &mut room);
        Some(Decoded { header, claims: self.tree("", &claims, false, 1, &mut room) })
    }
}

/// Returns `true` for a reply that is an error whatever its status is: `{"ok":false,"error":"…"}`.
fn is_an_error(reply: &serde_json::Map<String, Json>) -> bool {
    let is_nothing = |value: &Json| matches!(value, Json::Null | Json::Bool(false)) || value.as_str() == Some("");
    reply.iter().any(|(name, value)| names::is_of_an_error(name) && !is_nothing(value))
}

#[cfg(test)]
mod tests;
