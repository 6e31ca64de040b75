//! The name of a login.

use std::fmt;
use std::str::FromStr;

use crate::protocol::advice::{Advice, ExitCode, NextStep};

/// `[a-z0-9][a-z0-9._-]*`, at most 64 characters, because it becomes a keychain account and a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile(String);

#[derive(Debug, thiserror::Error)]
#[error("a profile name has only lowercase letters, digits, `.`, `_` and `-`, and begins with a letter or digit")]
pub struct NotAProfile;

impl Advice for NotAProfile {
    fn next_step(&self) -> NextStep {
        ExitCode::Unexpected.no_hint()
    }
}

impl Profile {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Profile {
    type Err = NotAProfile;

    fn from_str(text: &str) -> Result<Self, NotAProfile> {
        // The same rule as for a provider's id, which is a profile's default name.
        if crate::provider::catalogue::is_id(text) { Ok(Self(text.to_owned())) } else { Err(NotAProfile) }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_plain_name() {
        for good in ["judgeme", "judgeme-2", "0.x_y"] {
            let profile: Profile = good.parse().unwrap();
            assert_eq!((profile.as_str(), profile.to_string().as_str()), (good, good));
        }
        for bad in ["", "-x", "A", "a/b", "..", "app/x", "a b"] {
            assert!(bad.parse::<Profile>().is_err(), "{bad}");
        }
    }
}
