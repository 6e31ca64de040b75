//! Secrets are removed from a reply before a person sees it. The shape stays, which is what one debugs.

mod fragments;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use self::fragments::{Fragments, HIDDEN};
use super::sanitize;

/// Shorter secrets stay, because hiding them would cut up every word.
const SHORTEST: usize = 6;

/// Masks a JSON value: `"access_token": "[64 characters]"`. Members with a secret name lose their value, and known
/// secrets are removed everywhere.
pub fn json(value: &Value, known_secrets: &[&str]) -> Value {
    masked(value, &KnownSecrets::of(known_secrets))
}

fn masked(value: &Value, forms: &KnownSecrets) -> Value {
    let json = |value| masked(value, forms);
    let clean = |text: &str| forms.text(text);
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                // The code of an error object is meant to be read.
                let is_error_code = name == "code" && object.contains_key("message");
                let shown = if is_secret_name(name) && !is_error_code { hidden(value) } else { json(value) };
                (clean(name), shown)
            })
            .collect(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::String(text) => clean(text).into(),
        other => other.clone(),
    }
}

/// Returns one clean line of a reply of any kind: JSON with its secrets masked, a form with its values hidden, anything
/// else without the known secrets. A text that seems to hold a token and cannot be read is not shown at all.
pub fn reply(body: &[u8], known_secrets: &[&str]) -> String {
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = super::json::parse(body) {
        return sanitize::line(&json(&value, known_secrets).to_string());
    }
    let text = String::from_utf8_lossy(super::json::without_mark(body));
    if is_form(&text) {
        let names: Vec<&str> = text.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        return line(&format!("{}=[hidden]", names.join("=[hidden]&")), known_secrets);
    }
    let lower = text.to_ascii_lowercase();
    if ["token\"", "token=", "secret\"", "secret="].iter().any(|mark| lower.contains(mark)) {
        return format!("{} bytes that are not shown because they seem to contain a token", body.len());
    }
    line(&text, known_secrets)
}

/// Returns one clean line of a foreign text, without the given secrets.
pub fn line(foreign: &str, secrets: &[&str]) -> String {
    sanitize::line(&text(foreign, secrets))
}

/// Returns a foreign text, clean and without the given secrets. It is cleaned first, because a secret with a control
/// sequence inside would otherwise be whole again afterwards.
pub fn text(foreign: &str, secrets: &[&str]) -> String {
    without(sanitize::text(foreign), secrets)
}

/// Returns `true` for pairs and nothing else, a secret one among them: names of letters, digits, `_`, `-` and `.`.
fn is_form(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let mut names = text.trim().split('&').map(|pair| pair.split_once('=').map(|(name, _)| name));
    names.clone().all(|name| name.is_some_and(is_name)) && names.any(|name| name.is_some_and(is_secret_name))
}

/// Returns a reply that should contain a token, but at an unknown place: as [`reply`], with everything that looks like
/// a token hidden, under any name or none.
pub fn unread_reply(body: &[u8], known_secrets: &[&str]) -> String {
    match super::json::parse(body) {
        Ok(value) => sanitize::line(&each_text(&json(&value, known_secrets), &tokenless).to_string()),
        Err(_) => tokenless(&reply(body, known_secrets)),
    }
}

/// Removes the given secrets from a text, in every form in which they may be repeated: as they are, as they were sent
/// (RFC 6749 §2.3.1: form-encoded and in base64), and inside JSON or a URL. Short ones stay, because hiding them would
/// cut up every word.
pub fn without(text: String, secrets: &[&str]) -> String {
    KnownSecrets::of(secrets).cut(text)
}

/// Returns `true` if a text contains one of the secrets.
pub fn tells(text: &str, secrets: &[&str]) -> bool {
    without(text.to_owned(), secrets) != text
}

/// Secrets that are removed from many texts: each is written in all its forms once.
#[derive(Default)]
pub struct KnownSecrets {
    forms: Vec<Form>,
    parts: Fragments,
}

impl KnownSecrets {
    fn of(secrets: &[&str]) -> Self {
        let mut known = Self::default();
        secrets.iter().for_each(|secret| known.add(secret));
        known
    }

    pub fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        for form in forms_of(secret) {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
        self.parts.add(secret);
    }

    fn cut(&self, mut text: String) -> String {
        for form in &self.forms {
            // Most texts are shorter than a secret.
            if form.len() <= text.len() && text.contains(form.as_str()) {
                text = text.replace(form.as_str(), HIDDEN);
            }
        }
        let has_one = |text: &str| self.forms.iter().any(|form| text.contains(form.as_str()));
        self.parts.cut(text, has_one)
    }

    /// Returns a foreign text, clean and without the secrets.
    pub fn text(&self, foreign: &str) -> String {
        self.cut(sanitize::text(foreign))
    }

    /// Returns the same of a text that nobody vouches for: long words that look like a token are removed too.
    pub fn strict_text(&self, foreign: &str) -> String {
        tokenless(&self.text(foreign))
    }
}

/// A secret in one of the forms it may be written in.
type Form = Zeroizing<String>;

/// The forms of one secret, the plain one first.
fn forms_of(secret: &str) -> Vec<Form> {
    let bytes = secret.as_bytes();
    let in_form: String = form_urlencoded::byte_serialize(bytes).collect();
    let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|byte| write(*byte)).collect::<String>();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let in_url = |percent: fn(u8) -> String| {
        each(&|byte| if is_plain(byte) { char::from(byte).to_string() } else { percent(byte) })
    };
    let upper = in_url(|byte| format!("%{byte:02X}"));
    let in_json = Value::from(secret).to_string();
    let in_json = in_json[1..in_json.len() - 1].to_owned();
    let mut forms = vec![
        secret.to_owned(),
        // A host name.
        secret.to_ascii_lowercase(),
        upper.to_ascii_lowercase(),
        upper,
        in_url(|byte| format!("%{byte:02x}")),
        in_json.replace('/', "\\/"),
        // Twice: JSON, or the text of an error, inside JSON.
        in_json.replace('\\', "\\\\").replace('"', "\\\""),
        in_json,
        each(&|byte| format!("{byte:02x}")),
        each(&|byte| format!("{byte:02X}")),
    ];
    for text in [secret, &in_form] {
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            forms.extend((0..3).map(|shift| in_base64(&engine, shift, text.as_bytes())));
        }
    }
    forms.push(in_form);
    forms.retain(|form| form.len() >= SHORTEST);
    forms.into_iter().map(Zeroizing::new).collect()
}

/// Returns the base64 characters that do not depend on their surroundings when `shift` bytes come before.
fn in_base64(engine: &impl Engine, shift: usize, bytes: &[u8]) -> String {
    let encoded = engine.encode([&[0; 2][..shift], bytes].concat());
    encoded[(shift * 8).div_ceil(6)..(shift + bytes.len()) * 8 / 6].to_owned()
}

/// Hides what looks like a token in a text: long words that are not made of lower-case letters alone, and longer runs of
/// these than a language has.
fn tokenless(text: &str) -> String {
    const LONG: usize = 16;
    const LONGEST_WORD: usize = 20;
    let is_separator = |c: char| c.is_whitespace() || matches!(c, '<' | '>');
    let is_of_a_word = |b: u8| b.is_ascii_lowercase() || b"_-.,:;".contains(&b);
    let is_a_run =
        |word: &str| word.split(|c: char| !c.is_ascii_lowercase()).any(|letters| letters.len() > LONGEST_WORD);
    let looks_like_one = |word: &str| word.len() >= LONG && (!word.bytes().all(is_of_a_word) || is_a_run(word));
    let shown = |part: &str| {
        let word = part.trim_end_matches(is_separator);
        if looks_like_one(word) { format!("{HIDDEN}{}", &part[word.len()..]) } else { part.to_owned() }
    };
    text.split_inclusive(is_separator).map(shown).collect()
}

/// Applies a change to each string in a value, names included.
fn each_text(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Array(items) => items.iter().map(|item| each_text(item, change)).collect(),
        Value::Object(object) => object.iter().map(|(name, value)| (change(name), each_text(value, change))).collect(),
        other => other.clone(),
    }
}

fn hidden(value: &Value) -> Value {
    match value {
        Value::String(text) => format!("[{} characters]", text.chars().count()).into(),
        // An object under `token` may hold the token further in, so nothing of it is shown.
        Value::Object(_) | Value::Array(_) => "[hidden]".into(),
        // Numbers under such names are lifetimes and counters.
        other => other.clone(),
    }
}

/// `access_token`, `refreshToken`, `client_secret`, `code`, `device_code`, `id_token` …; not `token_type`.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["token", "secret", "password", "assertion", "api_key", "apikey", "code_verifier", "session"];
    (words.iter().any(|word| name.contains(word)) && !name.contains("type") && !name.contains("expir"))
        || name == "code"
        || name.replace('_', "") == "devicecode"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_and_the_shape_stays() {
        let value =
            json!({"access_token": "abcdef", "token_type": "Bearer", "data": {"refreshToken": "xyz"}, "expires_in": 3});
        assert_eq!(
            super::json(&value, &[]),
            json!({"access_token": "[6 characters]", "token_type": "Bearer", "data": {"refreshToken": "[3 characters]"}, "expires_in": 3})
        );
        // The code of an error is not an authorization code, and its message makes nothing else public.
        for (value, shown) in [
            (json!({"code": "not_found", "message": "no"}), json!({"code": "not_found", "message": "no"})),
            (json!({"code": "abcdef", "hint": "no"}), json!({"code": "[6 characters]", "hint": "no"})),
            (json!({"token": "abcdef", "message": "no"}), json!({"token": "[6 characters]", "message": "no"})),
        ] {
            assert_eq!(super::json(&value, &[]), shown);
        }
        // A person types the one, and the other is exchanged for the token.
        assert_eq!(
            super::json(&json!({"user_code": "AB-12", "device_code": "abcdef"}), &[]),
            json!({"user_code": "AB-12", "device_code": "[6 characters]"})
        );
        let value = json!({"key": "canary-1", "canary-1": ["see canary-1"]});
        assert_eq!(super::json(&value, &["canary-1"]), json!({"key": "[hidden]", "[hidden]": ["see [hidden]"]}));
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_it_is_repeated_in() {
        let secret = "Can\"ary\\1/2+3 Canary";
        let json = json!({"said": format!("no {secret}")}).to_string();
        let cases = [
            format!("no {secret} is"),
            json.clone(),
            Value::from(json).to_string(),
            r#""no Can\"ary\\1\/2+3 Canary""#.to_owned(),
            "https://x.example/?t=Can%22ary%5C1%2F2%2B3%20Canary&x".to_owned(),
            "https://x.example/?t=Can%22ary%5c1%2f2%2b3%20Canary&x".to_owned(),
            "t=Can%22ary%5C1%2F2%2B3+Canary&x".to_owned(),
            "can\"ary\\1/2+3 canary.example".to_owned(),
            "Basic aWQ6Q2FuJTIyYXJ5JTVDMSUyRjIlMkIzK0NhbmFyeQ==".to_owned(),
            "Q2FuImFyeVwxLzIrMyBDYW5hcnk=".to_owned(),
            "x 43616e226172795c312f322b332043616e617279".to_owned(),
        ];
        for text in cases {
            let hidden = without(text.clone(), &[secret]);
            assert!(hidden.contains(HIDDEN) && hidden.len() < text.len(), "{text} became {hidden}");
        }
        assert_eq!(without("short stays".to_owned(), &["short"]), "short stays");
    }

    #[test]
    fn a_reply_that_should_hold_a_token_shows_no_long_word() {
        assert!(!unread_reply(br#"{"accessKey":"wrwgbfggvwpgvxngavszat"}"#, &[]).contains("wrwg"));
        let token = "8a0Ff2-canary-5d41";
        for body in [
            format!(r#"{{"accessKey":"{token}","status":"insufficient_privileges"}}"#),
            format!(r#"["insufficient_privileges","{token}"]"#),
            format!(r#""{token} insufficient_privileges""#),
            format!("<p>{token}</p> insufficient_privileges"),
        ] {
            let shown = unread_reply(body.as_bytes(), &[]);
            assert!(!shown.contains("canary") && shown.contains("insufficient_privileges"), "{body} became {shown}");
        }
    }

    #[test]
    fn a_reply_of_any_kind_loses_its_secrets() {
        assert_eq!(reply(b"<html>code canary-1</html>", &["canary-1"]), "<html>code [hidden]</html>");
        assert_eq!(reply(b"access_token=canary&scope=x", &[]), "access_token=[hidden]&scope=[hidden]");
        assert_eq!(reply(b"client_secret=canary&grant_type=x", &[]), "client_secret=[hidden]&grant_type=[hidden]");
        assert_eq!(reply(b"error=denied&hint=x", &[]), "error=denied&hint=x");
        assert_eq!(reply(br#"{"error":"bad code canary-1"}"#, &["canary-1"]), r#"{"error":"bad code [hidden]"}"#);
        assert_eq!(reply(b"", &[]), "");
        let quoted = r#"canary-"1\"#;
        for told in [&b"no: canary-\"\x1b[m1\\"[..], br#"{"no":"canary-\"1\\"}"#, br#"{"no":1,"no":"canary-\"1\\"}"#] {
            assert!(!reply(told, &[quoted]).contains("canary"), "{}", told.escape_ascii());
        }
        // Without the control sequence it would be whole again.
        for told in ["{\"no\":\"cana\u{9b}31mry-1\"}", r#"{"no":"cana\u009b31mry-1"}"#, "no cana\u{9b}31mry-1"] {
            assert!(!reply(told.as_bytes(), &["canary-1"]).contains("canary"), "{told:?}");
        }
        for broken in [
            r#"{"token_type":"Bearer","access_token":"canary"#,
            r#"{"accessToken":"canary"#,
            "no canary-1: token= is missing",
        ] {
            assert!(!reply(broken.as_bytes(), &["canary-1"]).contains("canary"), "{broken}");
        }
    }
}
