//! A pattern for names of logins, as shells have it.

use std::fmt;
use std::str::FromStr;

use glob::Pattern;

#[derive(Clone, Debug)]
pub struct LoginPattern(Pattern);

impl LoginPattern {
    pub fn matches(&self, name: &str) -> bool {
        self.0.matches(name)
    }
}

impl FromStr for LoginPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a pattern is empty".to_owned());
        }
        Pattern::new(text).map(Self).map_err(|error| format!("at character {}: {}", error.pos + 1, error.msg))
    }
}

impl fmt::Display for LoginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_that_of_shells() {
        let matches = |pattern: &str, name: &str| pattern.parse::<LoginPattern>().unwrap().matches(name);
        for (pattern, name, is_match) in [
            ("*", "shop-a", true),
            ("shop-*", "shop-a", true),
            ("shop-*", "shop", false),
            ("shop-?", "shop-ab", false),
            ("shop-[ab]", "shop-b", true),
            ("shop-a", "shop-a", true),
            ("shop", "shop-a", false),
        ] {
            assert_eq!(matches(pattern, name), is_match, "{pattern} {name}");
        }
        for bad in ["", "shop-[", "a***"] {
            assert!(bad.parse::<LoginPattern>().is_err(), "{bad}");
        }
    }
}
