//! The parameter that a text names.

use crate::flow::refusal::wording::Wording;

/// Parameters that are words of everyday language too: they count only as they are.
const PLAIN_NAMES: [&str; 7] = ["audience", "nonce", "prompt", "resource", "scope", "state", "display"];

/// Parameters of the standards that are no everyday words.
const KNOWN_NAMES: [&str; 18] = [
    "acr_values",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "id_token_hint",
    "login_hint",
    "max_age",
    "redirect_uri",
    "refresh_token",
    "response_mode",
    "response_type",
    "subject_token",
    "token_type_hint",
    "ui_locales",
];

/// Returns `true` for a name of the standards.
pub fn is_known(name: &str) -> bool {
    KNOWN_NAMES.contains(&name) || PLAIN_NAMES.contains(&name)
}

/// Words that are near a parameter's name, and near no other name.
const ABOUT_ONE: [&str; 11] = [
    "parameter",
    "missing",
    "required",
    "must",
    "include",
    "unsupported",
    "not supported",
    "not allowed",
    "unknown",
    "unexpected",
    "invalid value",
];

/// Returns the first word that is a parameter's name: a known one, or several parts joined by `_` where the text is about
/// a parameter, or has the word in quotes.
pub fn named(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_about_one = Wording::new([text]).has(&ABOUT_ONE);
    for (at, word) in words_of(text, is_part) {
        let is_quoted = text[..at].ends_with(['\'', '"', '`']);
        let name = word.trim_matches('_');
        let is_joined = name.contains('_') && name.len() <= 40 && name.starts_with(|c: char| c.is_ascii_lowercase());
        let is_code = ["invalid_", "unsupported_", "access_denied", "bad_", "missing_", "expired_"];
        let is_code = is_code.iter().any(|code| name.starts_with(code)) || name.ends_with("_error");
        // `BAD_AUTH_CODE` is a code, and `sk_test_1` a value.
        let is_lower = !name.contains(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
        if KNOWN_NAMES.contains(&name)
            || is_joined && is_lower && !is_code && (is_quoted || is_about_one)
            || PLAIN_NAMES.contains(&name)
            || is_about_one && PLAIN_NAMES.contains(&name.to_ascii_lowercase().as_str())
        {
            return Some(name.to_ascii_lowercase());
        }
    }
    None
}

/// Returns the words of a text, each with its place.
fn words_of(text: &str, is_part: impl Fn(char) -> bool) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut begun: Option<usize> = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (begun, is_part(c)) {
            (None, true) => begun = Some(at),
            (Some(start), false) => {
                words.push((start, &text[start..at]));
                begun = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_from_words_as_it_stands() {
        for (words, name) in [
            ("missing required parameter: 'login_hint'.", Some("login_hint")),
            ("parameter `x_y_z` and code_challenge", Some("x_y_z")),
            ("error invalid_request: nonce missing", Some("nonce")),
            ("something went wrong", None),
            ("__ _a", None),
        ] {
            assert_eq!(named(words).as_deref(), name, "{words}");
        }
    }
}
