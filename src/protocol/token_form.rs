//! What the text of a token tells by itself: its form, its letters, and how hard it is to guess. Nothing is verified, and
//! nothing is decided by it: a token is opaque to a client (RFC 6749 §1.4).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::jwt::object;

/// The form of a token.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenForm {
    Opaque,
    /// RFC 7519. Not verified.
    Jwt {
        header: Value,
        claims: Value,
    },
    /// An encrypted JWT (RFC 7516): only its header can be read.
    Encrypted {
        header: Value,
    },
}

impl TokenForm {
    pub fn read(token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let read = match parts.as_slice() {
            [header, claims, _] => {
                object(header).zip(object(claims)).map(|(header, claims)| Self::Jwt { header, claims })
            }
            [header, _, _, _, _] => object(header).map(|header| Self::Encrypted { header }),
            _ => None,
        };
        read.unwrap_or(Self::Opaque)
    }

    /// Returns what a token looks like that cannot be read: a JWT whose parts are broken, or another kind.
    pub fn resemblance(token: &str) -> Option<&'static str> {
        let parts: Vec<&str> = token.split('.').collect();
        match parts.as_slice() {
            ["v1" | "v2" | "v3" | "v4", "local", ..] => Some("a PASETO that is encrypted: only its issuer can read it"),
            ["v1" | "v2" | "v3" | "v4", "public", ..] => Some("a PASETO that is signed, which is not read here"),
            // `{"` in base64url.
            [header, ..] if matches!(parts.len(), 3 | 5) && header.starts_with("ey") => {
                Some("like a JWT, but broken: a part is not base64url, or not a JSON object, or names a member twice")
            }
            _ => None,
        }
    }

    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Jwt { .. } => "jwt",
            Self::Encrypted { .. } => "encrypted",
        }
    }

    pub fn header(&self) -> Option<&Value> {
        match self {
            Self::Opaque => None,
            Self::Jwt { header, .. } | Self::Encrypted { header } => Some(header),
        }
    }

    pub fn claims(&self) -> Option<&Value> {
        match self {
            Self::Jwt { claims, .. } => Some(claims),
            Self::Opaque | Self::Encrypted { .. } => None,
        }
    }
}

/// The characters that a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    Digits,
    Hex,
    Alphanumeric,
    Base64Url,
    Any,
}

impl Letters {
    pub fn of(text: &str) -> Self {
        let all = |fits: fn(u8) -> bool| text.bytes().all(fits);
        let has_one_case =
            !text.contains(|c: char| c.is_ascii_lowercase()) || !text.contains(|c: char| c.is_ascii_uppercase());
        match () {
            () if all(|b| b.is_ascii_digit()) => Self::Digits,
            () if has_one_case && all(|b| b.is_ascii_hexdigit()) => Self::Hex,
            () if all(|b| b.is_ascii_alphanumeric()) => Self::Alphanumeric,
            () if all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) => Self::Base64Url,
            () => Self::Any,
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Hex => "hexadecimal digits",
            Self::Alphanumeric => "letters and digits",
            Self::Base64Url => "letters, digits, `-` and `_`",
            Self::Any => "letters, digits and other signs",
        }
    }

    /// How many different ones there are.
    fn count(self) -> f64 {
        match self {
            Self::Digits => 10.0,
            Self::Hex => 16.0,
            Self::Alphanumeric => 62.0,
            Self::Base64Url => 64.0,
            Self::Any => 94.0,
        }
    }
}

/// How hard a text is to guess, at best: that all of its characters were chosen by chance cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Randomness {
    /// At most.
    pub bits: u32,
    pub class: Guessing,
}

/// RFC 6749 §10.10: a guess must not succeed more often than once in 2^128, and should not more often than in 2^160.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Guessing {
    /// Below 64 bits.
    Easy,
    /// Below 128 bits.
    Weak,
    Strong,
}

impl Randomness {
    pub fn of(text: &str) -> Self {
        let length = text.len() as f64;
        let mut counts: BTreeMap<u8, f64> = BTreeMap::new();
        text.bytes().for_each(|byte| *counts.entry(byte).or_default() += 1.0);
        let spread: f64 = counts.values().map(|count| -(count / length) * (count / length).log2()).sum();
        let most = Letters::of(text).count().log2();
        // A text that repeats itself has less than its letters would allow. A short one repeats no letter by chance.
        let can_have = most.min(length.max(1.0).log2());
        let per_letter = if spread < 0.6 * can_have { spread } else { most };
        let bits = (per_letter * length).min(f64::from(u32::MAX)).max(0.0) as u32;
        let class = match bits {
            0..64 => Guessing::Easy,
            64..128 => Guessing::Weak,
            _ => Guessing::Strong,
        };
        Self { bits, class }
    }

    pub fn in_words(self) -> String {
        let Self { bits, class } = self;
        let words = match class {
            Guessing::Easy => "it could be guessed",
            Guessing::Weak => "less than the 128 that RFC 6749 §10.10 asks for",
            Guessing::Strong => "hard to guess, if it was made by chance",
        };
        format!("at most {bits} bits: {words}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7519 §3.1.
    const RFC_7519: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    /// RFC 7519 §6.1: not signed.
    const UNSECURED: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    /// RFC 7519 §A.1: encrypted.
    const ENCRYPTED: &str =
        "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.QR1Owv2ug2.AxY8DCtDaGlsbGljb3RoZQ.MKOle7UQrG6.fiK51VwhsxJ";

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        for (token, kind) in [
            ("v4.public.eyJhIjoxfQAAAA", Some("signed")),
            ("v2.local.AAAA.Zm9v", Some("encrypted")),
            // A member twice, an array, no base64url.
            ("eyJhIjoxfQ.eyJhIjoxLCJhIjoyfQ.c2ln", Some("broken")),
            ("eyJhIjoxfQ.WzFd.c2ln", Some("broken")),
            ("eyJhIjoxfQ.a+/b.c2ln", Some("broken")),
            ("a.b.c", None),
            ("v4.something.else", None),
            ("opaque", None),
        ] {
            let told = TokenForm::resemblance(token);
            assert_eq!(told.is_some(), kind.is_some(), "{token}");
            assert!(told.is_none_or(|told| told.contains(kind.unwrap())), "{token}: {told:?}");
            assert_eq!(TokenForm::read(token), TokenForm::Opaque, "{token}");
        }
    }

    #[test]
    fn the_examples_of_rfc_7519_are_read() {
        let signed = TokenForm::read(RFC_7519);
        assert_eq!(
            (&signed.header().unwrap()["alg"], &signed.claims().unwrap()["iss"]),
            (&"HS256".into(), &"joe".into())
        );
        assert_eq!(TokenForm::read(UNSECURED).header().unwrap()["alg"], "none");
        let encrypted = TokenForm::read(ENCRYPTED);
        assert_eq!((encrypted.as_str(), encrypted.claims()), ("encrypted", None));
        for opaque in ["", "a.b.c", "gho_16C7e42F292c6912E7710c838347Ae178B4a", "e30.W10.x", "e30"] {
            assert_eq!(TokenForm::read(opaque), TokenForm::Opaque, "{opaque}");
        }
    }

    #[test]
    fn a_text_is_as_hard_to_guess_as_its_letters_allow() {
        for (text, letters, bits, class) in [
            ("4a6c1f0b9d8e7f6a5b4c3d2e1f0a9b8c", Letters::Hex, 128, Guessing::Strong),
            ("123456", Letters::Digits, 19, Guessing::Easy),
            ("16C7e42F292c6912E7710c838347Ae178B4a", Letters::Alphanumeric, 214, Guessing::Strong),
            ("mF_9.B5f-4.1JqM", Letters::Any, 98, Guessing::Weak),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Letters::Hex, 0, Guessing::Easy),
            ("", Letters::Digits, 0, Guessing::Easy),
        ] {
            assert_eq!(Letters::of(text), letters, "{text}");
            assert_eq!(Randomness::of(text), Randomness { bits, class }, "{text}");
        }
    }
}
