//! The beginnings that some providers give their tokens, so that people and scanners recognize them. A token is opaque to a
//! client (RFC 6749 §1.4), so they are shown, and nothing is decided by them.

use serde::{Deserialize, Serialize};

use super::keys::{keys, words};

/// The kind of a token that a prefix tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// What the token endpoint issues to an app.
    #[default]
    Access,
    /// RFC 6749 §1.5. An API refuses it.
    Refresh,
    /// A person has made it in the provider's settings.
    Personal,
    /// It belongs to an app, an installation or a key, and not to a person.
    Service,
}

impl TokenKind {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Access => "an OAuth access token",
            Self::Refresh => "a refresh token",
            Self::Personal => "a personal access token",
            Self::Service => "a token of an app, an installation or a key",
        }
    }
}

words!(TokenKind);

keys! {
    /// One prefix.
    #[derive(PartialEq, Eq)]
    pub struct TokenPrefix {
        key begins: String {
            help: "The beginning of the token",
            required,
            example: "\"shop_at_\"",
        }
        key kind: TokenKind {
            help: "The kind of token: issued to an app by the token endpoint, a refresh token, made by a person in the settings, or of an app or key",
            absent: "access",
            example: "\"access\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key length: Option<u16> {
            help: "The length of the whole token, where every one has it: it tells a short prefix from other text",
            absent: "any length",
            example: "40",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key note: Option<String> {
            help: "Further remarks",
            absent: "nothing",
            example: "\"since 2024\"",
        }
    }
}

impl TokenPrefix {
    /// Returns `true` if the token begins so.
    pub fn fits(&self, token: &str) -> bool {
        token.len() > self.begins.len()
            && token.starts_with(&self.begins)
            && self.length.is_none_or(|length| token.len() == usize::from(length))
    }
}

/// Returns the longest one that a token begins with.
pub fn of<'a>(token: &str, known: impl Iterator<Item = &'a TokenPrefix>) -> Option<&'a TokenPrefix> {
    known.filter(|prefix| prefix.fits(token)).max_by_key(|prefix| (prefix.begins.len(), prefix.length.is_some()))
}
