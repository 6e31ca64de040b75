//! Texts and their shapes.

use crate::protocol::flow_record::value::Value;

/// The part of a text that is kept: enough for an error and its description.
pub const MAX_TEXT: usize = 2000;

pub fn is_plain_word(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

pub fn form_decoded(text: &str) -> String {
    let pair = format!("x={text}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Pairs and nothing else.
pub fn is_form(text: &str) -> bool {
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.%[]".contains(&b))
        })
    };
    !text.contains(char::is_whitespace) && text.split('&').all(is_pair)
}

/// Joins neighbors that are shown.
pub fn joined(parts: Vec<Value>) -> Vec<Value> {
    let mut joined: Vec<Value> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Value::Shown(text)), Value::Shown(more)) => text.push_str(&more),
            (_, part) => joined.push(part),
        }
    }
    joined
}

pub fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Replaces e-mail addresses.
pub fn without_mail(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    let is_of_one = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().map(Some).chain([None]) {
        if let Some(c) = c.filter(|c| is_of_one(*c)) {
            word.push(c);
            continue;
        }
        let is_mail = word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
        out.push_str(if is_mail { "[e-mail]" } else { &word });
        word.clear();
        out.extend(c);
    }
    out
}
