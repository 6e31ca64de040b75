//! What the last `inspect` saw of a login's token, with which the next one tells what has changed. It is one small file per
//! login in the data directory, without a secret: the account is kept as a hash, and of the token only what it says.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::profile::Profile;
use super::profile_files::ProfileFiles;
use super::record::{self, VERSION};
use crate::protocol::time::Timestamp;
use crate::system::private_file::PrivateFileError;

/// The largest file. A look has a dozen short texts, and a list of scopes.
const MAX_LOOK: u64 = 64 * 1024;

const FOLDER: &str = "looks";

/// One look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLook {
    pub version: u64,
    pub at: Timestamp,
    pub provider: String,
    /// `issuer`, `scopes`, `account` … with what was seen.
    pub traits: BTreeMap<String, String>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenChange {
    pub what: String,
    /// `None` if it was not there.
    pub then: Option<String>,
    pub now: Option<String>,
}

impl TokenLook {
    pub fn new(at: Timestamp, provider: &str, traits: BTreeMap<String, String>) -> Self {
        Self { version: VERSION, at, provider: provider.to_owned(), traits }
    }

    /// Returns what has changed since an earlier look.
    pub fn changes_since(&self, earlier: &Self) -> Vec<TokenChange> {
        let mut names: Vec<&String> = earlier.traits.keys().chain(self.traits.keys()).collect();
        names.sort();
        names.dedup();
        let change = |name: &String| {
            let (then, now) = (earlier.traits.get(name).cloned(), self.traits.get(name).cloned());
            (then != now).then(|| TokenChange { what: name.clone(), then, now })
        };
        names.into_iter().filter_map(change).collect()
    }
}

pub struct TokenLooks(ProfileFiles);

impl TokenLooks {
    /// Opens the looks in the data directory.
    pub fn new(data: &Path) -> Self {
        Self(ProfileFiles::new(data, FOLDER, MAX_LOOK))
    }

    /// Reads the last look. One that is damaged or newer is as good as none: the next one takes its place.
    pub fn last(&self, profile: &Profile) -> Result<Option<TokenLook>, PrivateFileError> {
        Ok(self.0.read(profile)?.and_then(|bytes| record::decode(&bytes).ok()))
    }

    pub fn keep(&self, profile: &Profile, look: &TokenLook) -> Result<(), PrivateFileError> {
        self.0.write(profile, &record::encode(look))
    }

    pub fn forget(&self, profile: &Profile) -> Result<bool, PrivateFileError> {
        self.0.forget(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(traits: &[(&str, &str)]) -> TokenLook {
        let traits = traits.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        TokenLook::new(Timestamp(1), "mine", traits)
    }

    #[test]
    fn a_change_has_what_was_and_what_is() {
        let (then, now) =
            (look(&[("scopes", "a b"), ("issuer", "x")]), look(&[("scopes", "a"), ("issuer", "x"), ("key", "k")]));
        let changes = now.changes_since(&then);
        let shown: Vec<_> = changes.iter().map(|c| (c.what.as_str(), c.then.as_deref(), c.now.as_deref())).collect();
        assert_eq!(shown, [("key", None, Some("k")), ("scopes", Some("a b"), Some("a"))]);
        assert!(now.changes_since(&now).is_empty());
    }

    #[test]
    fn a_look_is_kept_until_it_is_forgotten() {
        let home = tempfile::TempDir::new().unwrap();
        let (looks, profile) = (TokenLooks::new(home.path()), "mine".parse().unwrap());
        assert_eq!(looks.last(&profile).unwrap(), None);
        looks.keep(&profile, &look(&[("issuer", "x")])).unwrap();
        assert_eq!(looks.last(&profile).unwrap(), Some(look(&[("issuer", "x")])));
        assert!(looks.forget(&profile).unwrap());
        assert_eq!(looks.last(&profile).unwrap(), None);
    }
}
