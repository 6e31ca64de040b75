//! The grants by which a token can be obtained (RFC 6749 §1.3).

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A grant, as definitions and `login --grant` name it: `authorization-code`.
///
/// ```
/// # use oauthctl::testing::ResponseType;
/// # use oauthctl::testing::GrantKind;
///
/// let grant = GrantKind::named("implicit").unwrap();
/// assert_eq!(ResponseType::of(grant), Some(ResponseType::Token));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum GrantKind {
    /// Log in in the browser with an authorization code
    AuthorizationCode,
    /// Log in in the browser and take the token from the address (RFC 9700 §2.1.2 advises against it)
    Implicit,
    /// Type a code into a browser on any device (RFC 8628)
    #[serde(rename = "device")]
    #[value(name = "device")]
    DeviceCode,
    /// Use the client's own id and secret, without a person (RFC 6749 §4.4)
    ClientCredentials,
}

impl GrantKind {
    /// Returns the name used in definitions and by `--grant`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization-code",
            Self::Implicit => "implicit",
            Self::DeviceCode => "device",
            Self::ClientCredentials => "client-credentials",
        }
    }

    /// Returns the grant with this name, exactly as [`Self::as_str`] writes it.
    pub fn named(name: &str) -> Option<Self> {
        Self::value_variants().iter().find(|kind| kind.as_str() == name).copied()
    }

    /// Returns `true` if the grant needs no person, so that it can simply run again when its token expires.
    pub fn runs_alone(self) -> bool {
        match self {
            Self::AuthorizationCode | Self::Implicit | Self::DeviceCode => false,
            Self::ClientCredentials => true,
        }
    }
}
