//! The name of one of several clients of one provider.
//!
//! A provider's client without a name is the only one that 0.1 has. It is called `default`, and is stored as it always
//! was; a record of 0.1 names no app.
//!
//! There is no variable for it. A login keeps the app that it was made with, so only `login` and `app` need the name,
//! and there it is typed: a variable left in a shell must not choose another client for the next login.
//! OAUTHCTL_CLIENT_ID, which exists for machines without a registration, is not an app.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::provider::catalogue::is_id;

/// The name that people type for the client without a name.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppName(Option<String>);

#[derive(Debug, thiserror::Error)]
#[error(
    "an app's name has only lowercase letters, digits, `.`, `_` and `-`, and begins and ends with a letter or digit"
)]
pub struct NotAnAppName;

impl AppName {
    pub fn is_default(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the name, or `None` for the default app.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromStr for AppName {
    type Err = NotAnAppName;

    fn from_str(text: &str) -> Result<Self, NotAnAppName> {
        match text {
            DEFAULT => Ok(Self(None)),
            // The same rule as for a provider's id, since both become part of an account's name.
            text if is_id(text) => Ok(Self(Some(text.to_owned()))),
            _ => Err(NotAnAppName),
        }
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().unwrap_or(DEFAULT))
    }
}

impl Serialize for AppName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AppName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_named_like_a_provider_or_is_the_default() {
        for good in ["work", "ci-2", "0.x_y", DEFAULT] {
            let app: AppName = good.parse().unwrap();
            assert_eq!((app.to_string().as_str(), app.is_default()), (good, good == DEFAULT));
            assert_eq!(serde_json::from_value::<AppName>(serde_json::to_value(&app).unwrap()).unwrap(), app);
        }
        for bad in ["", "Work", "a/b", "a~b", "..", "-x", "x-", "a b"] {
            assert!(bad.parse::<AppName>().is_err(), "{bad}");
        }
    }
}
