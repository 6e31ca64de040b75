//! The result of the last `scopes` run for a login, with which the next one shows what has changed. It is one small
//! file per login in the data directory. It contains no secrets, and the account only as a hash.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::profile::Profile;
use super::profile_files::ProfileFiles;
use super::record::{self, NotARecord};
use super::stored_token::Expiry;
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::system::private_file::PrivateFileError;

/// The largest file. A run has a few dozen scopes.
const MAX_RUN: u64 = 256 * 1024;

const FOLDER: &str = "scopes";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeRun {
    pub version: u64,
    pub at: Timestamp,
    pub provider: String,
    /// Hashes that identify the account, by where each was found. One run may know more than another.
    pub account: BTreeMap<String, String>,
    pub granted: ScopeSet,
    /// `None` if the scopes were never probed.
    pub proven: Option<ScopeSet>,
    pub expiry: Expiry,
}

/// The changes from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeChanges {
    /// The time of the run that this one is compared with.
    pub since: Timestamp,
    pub gained: ScopeSet,
    pub lost: ScopeSet,
    /// Proven now but not then; empty if one of the two runs did not probe.
    pub newly_proven: ScopeSet,
    pub no_longer_proven: ScopeSet,
    /// Then and now, if they differ.
    pub expiry: Option<(Expiry, Expiry)>,
    pub other_account: bool,
}

impl ScopeRun {
    /// Returns what has changed since an earlier run.
    pub fn changes_since(&self, earlier: &Self) -> ScopeChanges {
        let (proven_then, proven_now) = match (&earlier.proven, &self.proven) {
            (Some(then), Some(now)) => (then.clone(), now.clone()),
            _ => Default::default(),
        };
        ScopeChanges {
            since: earlier.at,
            gained: self.granted.difference(&earlier.granted),
            lost: earlier.granted.difference(&self.granted),
            newly_proven: proven_now.difference(&proven_then),
            no_longer_proven: proven_then.difference(&proven_now),
            expiry: (earlier.expiry != self.expiry).then_some((earlier.expiry, self.expiry)),
            other_account: self.is_of_other_account(earlier),
        }
    }

    /// Keeps what only the earlier run knows about the same account, so that a run without probes loses nothing.
    pub fn remember(&mut self, earlier: Self) {
        if self.is_of_other_account(&earlier) {
            return;
        }
        self.proven = self.proven.take().or(earlier.proven);
        for (place, mark) in earlier.account {
            self.account.entry(place).or_insert(mark);
        }
    }

    fn is_of_other_account(&self, earlier: &Self) -> bool {
        let differs = |(place, mark): (&String, &String)| earlier.account.get(place).is_some_and(|then| then != mark);
        self.provider != earlier.provider || self.account.iter().any(differs)
    }
}

/// Hashes an account's identity, so that two accounts can be compared without storing whose they are.
pub fn account_mark(account: &str) -> String {
    Sha256::digest(account.as_bytes()).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The reason why the last run cannot be read. The next run replaces it, unless the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error("the scope history is damaged: {0}")]
    Damaged(serde_json::Error),
    #[error("the scope history was written by a newer version of oauthctl (format {0})")]
    Newer(u64),
}

pub struct ScopeHistory(ProfileFiles);

impl ScopeHistory {
    /// Opens the history in the data directory.
    pub fn new(data: &Path) -> Self {
        Self(ProfileFiles::new(data, FOLDER, MAX_RUN))
    }

    /// Reads the last run.
    pub fn last(&self, profile: &Profile) -> Result<Option<ScopeRun>, HistoryError> {
        let Some(bytes) = self.0.read(profile)? else { return Ok(None) };
        record::decode(&bytes).map(Some).map_err(|problem| match problem {
            NotARecord::Damaged(source) => HistoryError::Damaged(source),
            NotARecord::Newer(version) => HistoryError::Newer(version),
        })
    }

    pub fn keep(&self, profile: &Profile, run: &ScopeRun) -> Result<(), PrivateFileError> {
        self.0.write(profile, &record::encode(run))
    }

    pub fn forget(&self, profile: &Profile) -> Result<bool, PrivateFileError> {
        self.0.forget(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(account: &[(&str, &str)], granted: &str, proven: Option<&str>) -> ScopeRun {
        ScopeRun {
            version: record::VERSION,
            at: Timestamp(1),
            provider: "judgeme".into(),
            account: account.iter().map(|(place, mark)| ((*place).to_owned(), account_mark(mark))).collect(),
            granted: ScopeSet::parse(granted),
            proven: proven.map(ScopeSet::parse),
            expiry: Expiry::Never,
        }
    }

    #[test]
    fn a_run_is_stored_read_back_and_deleted() {
        let home = tempfile::TempDir::new().unwrap();
        let (history, profile) = (ScopeHistory::new(&home.path().join("data")), "mine".parse().unwrap());
        assert_eq!(history.last(&profile).unwrap(), None);
        let run = run(&[("api", "shop.test")], "a b", None);
        history.keep(&profile, &run).unwrap();
        assert!(!String::from_utf8(record::encode(&run).to_vec()).unwrap().contains("shop.test"));
        assert_eq!(history.last(&profile).unwrap(), Some(run));
        assert_eq!(history.last(&"yours".parse().unwrap()).unwrap(), None, "each login has its own run");
        assert!(history.forget(&profile).unwrap() && history.last(&profile).unwrap().is_none());
        assert!(!history.forget(&profile).unwrap());
    }

    #[test]
    fn a_malformed_run_is_reported_and_replaced() {
        let home = tempfile::TempDir::new().unwrap();
        let (history, profile) = (ScopeHistory::new(home.path()), "mine".parse().unwrap());
        let written = String::from_utf8(record::encode(&run(&[], "a", None)).to_vec()).unwrap();
        let wrong = written.replace("[\"a\"]", "{\"a\":1}");
        history.0.write(&profile, wrong.as_bytes()).unwrap();
        let told = history.last(&profile).unwrap_err().to_string();
        assert!(told.starts_with("the scope history is damaged: `granted` is malformed: unexpected object"), "{told}");
        history.keep(&profile, &run(&[], "a", None)).unwrap();
        assert!(history.last(&profile).unwrap().is_some());
    }

    #[test]
    fn a_run_with_hundreds_of_scopes_is_stored() {
        let home = tempfile::TempDir::new().unwrap();
        let (history, profile) = (ScopeHistory::new(home.path()), "mine".parse().unwrap());
        let scopes: Vec<String> = (0..500).map(|n| format!("https://api.shop.test/auth/scope.{n}")).collect();
        let run = run(&[], &scopes.join(" "), None);
        history.keep(&profile, &run).unwrap();
        assert_eq!(history.last(&profile).unwrap(), Some(run));
    }

    #[test]
    fn runs_are_compared_by_what_both_know() {
        let (probed, looked) = (run(&[("api", "x")], "a b", Some("a")), run(&[], "b c", None));
        let changes = looked.changes_since(&probed);
        assert_eq!((changes.gained.to_string(), changes.lost.to_string()), ("c".into(), "a".into()));
        assert!(changes.no_longer_proven.is_empty() && changes.expiry.is_none() && !changes.other_account);

        let mut looked = looked;
        looked.remember(probed.clone());
        let again = run(&[("api", "y")], "b c", Some("b"));
        let changes = again.changes_since(&looked);
        assert!(changes.other_account, "the account of the first run is remembered over the second");
        assert_eq!((changes.newly_proven.to_string(), changes.no_longer_proven.to_string()), ("b".into(), "a".into()));
    }

    #[test]
    fn nothing_is_kept_from_another_account() {
        let mut now = run(&[("api", "y")], "a", None);
        now.remember(run(&[("api", "x"), ("token", "z")], "a", Some("a")));
        assert!(now.proven.is_none() && now.account.len() == 1);
        let elsewhere = ScopeRun { provider: "another".into(), ..run(&[("api", "y")], "a", Some("a")) };
        now.remember(elsewhere);
        assert!(now.proven.is_none(), "an account of the same name at another provider");
    }

    #[test]
    fn another_expiry_is_a_change() {
        let (then, now) = (Expiry::At(Timestamp(10)), Expiry::Unknown);
        let [earlier, later] = [then, now].map(|expiry| ScopeRun { expiry, ..run(&[], "a", None) });
        assert_eq!(later.changes_since(&earlier).expiry, Some((then, now)));
    }
}
