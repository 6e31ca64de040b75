//! Values that must not be seen: no `Display`, a `Debug` that hides them, constant-time comparison, wiped on drop.
//!
//! `expose()` marks the few places where the bytes are used: for the wire, for the keychain, for `token`'s stdout.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is never printed. The typed secrets below wrap it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

/// Declares a secret type, so that two kinds cannot be mistaken for each other.
macro_rules! secret_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Secret);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(Secret::new(text))
            }

            pub fn expose(&self) -> &str {
                self.0.expose()
            }
        }
    )*};
}

secret_types! {
    /// The code that the authorization server sends to the redirect URI, once (RFC 6749 §4.1.2).
    AuthorizationCode;
    /// The code that a device polls the token endpoint with, until a person has consented (RFC 8628 §3.2).
    DeviceCode;
    /// The credential for the API (RFC 6749 §1.4).
    AccessToken;
    /// The credential for the next access token (RFC 6749 §1.5).
    RefreshToken;
    /// What a server says of a person, for this client (OpenID Connect Core §2).
    IdToken;
    /// The client's password at the token endpoint (RFC 6749 §2.3.1).
    ClientSecret;
}

/// Returns `true` if every byte is a VSCHAR (RFC 6749 Appendix A), which tokens and codes are made of. A line break in
/// a token would break `TOKEN=$(oauthctl token)` and could add a header to a request.
pub fn is_vschar(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_value() {
        let token = AccessToken::new("canary-5d41");
        assert_eq!(format!("{token:?} {:?}", Some(&token)), "AccessToken([redacted]) Some(AccessToken([redacted]))");
    }

    #[test]
    fn tokens_are_printable_ascii_without_line_breaks() {
        assert!(is_vschar("abc def~"));
        for bad in ["", "a\nb", "a\r", "a\0", "é", "\u{7f}"] {
            assert!(!is_vschar(bad), "{bad:?}");
        }
    }
}
