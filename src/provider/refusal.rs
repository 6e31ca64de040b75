//! A reply with which the API refuses a token, in the provider's own words. There are two kinds of it: the token is
//! valid and lacks permission (`api.denied`), or it is not valid any more (`api.invalid_token`).

use regex_lite::Regex;
use serde_json::Value;

use super::keys::keys;
use crate::protocol::{json, member};

keys! {
    /// A reply of the API that refuses a token. All conditions that are set must hold.
    #[derive(PartialEq, Eq)]
    pub struct Refusal {
        key status: Vec<u16> { help: "Only with one of these statuses", absent: "any", example: "[403]" }
        key path: Option<String> {
            help: "A dotted path to a text, number or boolean in the body, which is JSON or a form",
            absent: "the whole body is the text, if a condition below needs one",
            example: "\"error.code\"",
        }
        key equals: Option<String> {
            help: "The exact text",
            absent: "any text",
            example: "\"forbidden\"",
        }
        key prefix: Option<String> {
            help: "The beginning of the text",
            absent: "any text",
            example: "\"forbidden\"",
        }
        key pattern: Option<String> {
            help: "A regular expression that matches somewhere in the text",
            absent: "any text",
            example: "\"^forbidden\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key scope: Option<String> {
            help: "A dotted path to the missing scope in the body",
            absent: "`scope` in the challenge or in the body",
            example: "\"needed\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key example: Option<String> {
            help: "A text that fits the pattern, for the emulator",
            absent: "made from the other conditions",
            example: "\"forbidden\"",
        }
    }
}

impl Refusal {
    /// Returns `true` if the conditions on the text hold.
    fn fits(&self, text: &str) -> bool {
        self.equals.as_ref().is_none_or(|equals| text == equals)
            && self.prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix))
            && self.pattern.as_ref().is_none_or(|pattern| Regex::new(pattern).is_ok_and(|found| found.is_match(text)))
    }

    /// Returns `true` if there is a condition on the words of a text.
    pub fn has_words(&self) -> bool {
        self.equals.is_some() || self.prefix.is_some() || self.pattern.is_some()
    }

    /// Returns `true` if a reply meets all conditions. `body` is what was read of it, `None` if it is neither JSON nor a
    /// form.
    pub fn matches(&self, status: u16, raw: &[u8], body: Option<&Value>) -> bool {
        if !self.status.is_empty() && !self.status.contains(&status) {
            return false;
        }
        let text = match (&self.path, body) {
            (None, _) if !self.has_words() => return true,
            // Any text, which a `false` or a counter is not.
            (Some(path), body) if !self.has_words() => {
                return body.and_then(|body| json::at(body, path)).is_some_and(Value::is_string);
            }
            (Some(path), body) => member::scalar(path, body.and_then(|body| json::at(body, path))).ok().flatten(),
            (None, Some(Value::String(text))) => Some(text.clone()),
            (None, _) => Some(String::from_utf8_lossy(raw).trim().to_owned()),
        };
        text.is_some_and(|text| self.fits(&text))
    }

    /// Returns a text that meets the conditions, as far as one can be made without an example.
    pub fn sample(&self) -> String {
        let bare = |pattern: &String| pattern.chars().filter(|c| !"^$\\()[]{}?*+|.".contains(*c)).collect::<String>();
        let from_pattern = self.pattern.as_ref().map(bare);
        let made = [self.example.clone(), self.equals.clone(), self.prefix.clone(), from_pattern];
        let denied = "denied".to_owned();
        made.into_iter().flatten().find(|text| self.fits(text)).unwrap_or(denied)
    }

    /// Checks the rules that the types cannot express.
    pub fn check(&self) -> Result<(), String> {
        if let Some(pattern) = &self.pattern {
            Regex::new(pattern).map_err(|error| format!("`pattern` is not a regular expression: {error}"))?;
        }
        match &self.example {
            Some(example) if !self.fits(example) => Err("`example` does not meet the other conditions".to_owned()),
            _ => Ok(()),
        }
    }

    /// Returns `true` if it would take every reply, or every success, for a refusal.
    pub fn is_too_wide(&self) -> bool {
        self.path.is_none()
            && !self.has_words()
            && (self.status.is_empty() || self.status.iter().any(|status| !(400..500).contains(status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::resource_error::read_body;

    fn matches(toml: &str, status: u16, body: &str) -> bool {
        let refusal: Refusal = toml::from_str(toml).unwrap();
        refusal.check().unwrap();
        refusal.matches(status, body.as_bytes(), read_body(body.as_bytes()).as_ref())
    }

    #[test]
    fn a_reply_matches_if_all_conditions_hold() {
        let (in_error, form) = (r#"{"error":"no_scope: read"}"#, "error=no_scope&x=1");
        for (toml, status, body, expected) in [
            ("status = [403]", 403, "", true),
            ("status = [403]", 401, "", false),
            ("path = 'error'", 200, in_error, true),
            ("path = 'error'", 200, r#"{"error":false}"#, false),
            ("path = 'error'\nequals = 'no_scope'", 200, form, true),
            ("path = 'error'\nequals = 'no_scope'", 200, in_error, false),
            ("path = 'error'\nprefix = 'no_scope'", 401, in_error, true),
            ("path = 'error'\nprefix = 'scope'", 401, in_error, false),
            ("path = 'error'\npattern = '^no_(scope|grant): [a-z]+$'", 401, in_error, true),
            ("path = 'error'\npattern = 'SCOPE'", 401, in_error, false),
            ("path = 'error'\npattern = '(?i)SCOPE'", 401, in_error, true),
            ("path = 'error'\nprefix = 'no'\npattern = 'write'", 401, in_error, false),
            ("path = 'code'\nequals = '190'", 400, r#"{"code":190}"#, true),
            ("path = 'errors.0.code'\nequals = 'x'", 400, r#"{"errors":[{"code":"x"}]}"#, true),
            ("prefix = 'Not allowed'", 403, " Not allowed: read\n", true),
            ("equals = 'denied'", 403, "\"denied\"", true),
            ("path = 'error'\nprefix = ''", 403, "<html>", false),
        ] {
            assert_eq!(matches(toml, status, body), expected, "{toml} {status} {body}");
        }
    }

    #[test]
    fn a_refusal_that_takes_everything_is_too_wide() {
        let is_too_wide = |toml: &str| toml::from_str::<Refusal>(toml).unwrap().is_too_wide();
        for wide in ["", "status = [200]", "status = [403, 500]", "scope = 'x'"] {
            assert!(is_too_wide(wide), "{wide}");
        }
        for narrow in ["status = [403]", "path = 'error'", "status = [200]\nequals = 'no'"] {
            assert!(!is_too_wide(narrow), "{narrow}");
        }
    }

    #[test]
    fn the_emulators_text_meets_the_conditions() {
        for (toml, sample) in [
            ("path = 'error'", "denied"),
            ("path = 'error'\nequals = 'no'", "no"),
            ("path = 'error'\nprefix = 'no'", "no"),
            ("path = 'error'\npattern = '^no scope'", "no scope"),
            ("path = 'error'\npattern = '^no [a-z]+$'\nexample = 'no scope'", "no scope"),
        ] {
            let refusal: Refusal = toml::from_str(toml).unwrap();
            assert_eq!(refusal.sample(), sample, "{toml}");
        }
        let problem = |toml: &str| toml::from_str::<Refusal>(toml).unwrap().check().unwrap_err();
        assert!(problem("pattern = '('").starts_with("`pattern` is not a regular expression"));
        assert!(problem("pattern = 'a'\nexample = 'b'").starts_with("`example` does not meet"));
    }
}
