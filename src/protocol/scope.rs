//! Scopes: the permissions of a token, by name (RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope tokens in the order in which they were first named.
///
/// ```
/// # use oauthctl::testing::ScopeSet;
///
/// let scopes = ScopeSet::parse("read_products, read_orders read_products");
/// assert!(scopes.contains("read_orders"));
/// assert_eq!(scopes.join(" "), "read_products read_orders");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(Vec<String>);

impl ScopeSet {
    pub fn new() -> Self {
        Self::default()
    }

    /// Splits at whitespace and commas. RFC 6749 allows spaces only. People type commas and several providers send
    /// them, and no known scope has a comma in its name.
    pub fn parse(text: &str) -> Self {
        text.split(|c: char| c.is_ascii_whitespace() || c == ',').collect()
    }

    pub fn insert(&mut self, scope: &str) {
        if !scope.is_empty() && !self.contains(scope) {
            self.0.push(scope.to_owned());
        }
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|s| s == scope)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// Returns the scopes that are here and not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        self.iter().filter(|scope| !other.contains(scope)).collect()
    }

    pub fn join(&self, separator: &str) -> String {
        self.0.join(separator)
    }
}

impl<'a> FromIterator<&'a str> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        let mut set = Self::new();
        for scope in scopes {
            set.insert(scope);
        }
        set
    }
}

/// Separated by one space, as RFC 6749 writes it.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_and_commas_separate_and_repeats_vanish() {
        let set = ScopeSet::parse(" read_products,write_products  read_products ");
        assert_eq!(set.to_string(), "read_products write_products");
        assert_eq!(set.difference(&ScopeSet::parse("write_products")).to_string(), "read_products");
        assert!(ScopeSet::parse(" , ").is_empty());
    }
}
