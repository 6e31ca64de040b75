//! The records of the last flows, which `explain` reads: one file each in the data directory, of this user alone. They
//! contain no secrets: see [`crate::protocol::flow_record`].
//!
//! They are written without waiting for the disk. What a power failure takes is a record, and a login should not wait for
//! it.

use std::path::{Path, PathBuf};

use crate::protocol::flow_record::{FORMAT, FlowRecord};
use crate::system::private_file::{self, PrivateDir, PrivateFileError};

/// How many records are kept. The next one replaces the oldest.
pub const MAX_RECORDS: usize = 20;

/// The size of the largest. A login has some 20 KiB.
const MAX_SIZE: usize = 256 * 1024;

const FOLDER: &str = "flows";

const ENDING: &str = ".json";

pub struct FlowRecords {
    dir: PathBuf,
}

impl FlowRecords {
    /// Opens the records in the data directory.
    pub fn new(data: &Path) -> Self {
        Self { dir: data.join(FOLDER) }
    }

    /// Writes a record, in the place of its earlier state if there is one, and removes the oldest ones.
    pub fn keep(&self, record: &FlowRecord) -> Result<(), PrivateFileError> {
        let dir = PrivateDir::create(&self.dir)?;
        dir.write_unsynced(&name_of(record), &encoded(record))?;
        for name in self.names().into_iter().skip(MAX_RECORDS) {
            // Another process may have removed it.
            private_file::remove_unsynced(&self.dir.join(name))?;
        }
        Ok(())
    }

    /// Returns all records, the newest first. One that cannot be read is left out.
    pub fn list(&self) -> Vec<FlowRecord> {
        self.names().iter().filter_map(|name| self.read(name)).collect()
    }

    /// Returns one record by its id.
    pub fn load(&self, id: &str) -> Option<FlowRecord> {
        let ending = format!("-{id}{ENDING}");
        self.names().iter().find(|name| name.ends_with(&ending)).and_then(|name| self.read(name))
    }

    fn read(&self, name: &str) -> Option<FlowRecord> {
        let bytes = private_file::read(&self.dir.join(name), MAX_SIZE as u64 * 2).ok()??;
        serde_json::from_slice::<FlowRecord>(&bytes).ok().filter(|record| record.format <= FORMAT)
    }

    /// Returns the names of the files, the newest first: each begins with its time.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let is_one = |name: &String| name.ends_with(ENDING) && name.starts_with(|c: char| c.is_ascii_digit());
        let mut names: Vec<String> = names.filter(is_one).collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        names
    }
}

fn name_of(record: &FlowRecord) -> String {
    format!("{:015}-{}{ENDING}", record.started, record.id)
}

/// Writes a record within its bounds: the first events and the last are what explains a failure.
fn encoded(record: &FlowRecord) -> Vec<u8> {
    let written = |record: &FlowRecord| serde_json::to_vec(record).unwrap_or_default();
    let mut bytes = written(record);
    let mut shorter = None;
    while bytes.len() > MAX_SIZE {
        let record = shorter.get_or_insert_with(|| record.clone());
        let (count, cut) = (record.events.len(), (record.events.len() / 8).max(1));
        if count <= 1 {
            record.events.clear();
        } else {
            // Two thirds from the beginning: the end is what matters.
            let at = (count - cut) / 3;
            record.events.drain(at..at + cut);
        }
        record.omitted += if count <= 1 { count } else { cut };
        bytes = written(record);
        if count == 0 {
            break;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::protocol::flow_record::{Event, FlowKind, What};

    fn record(started: u64) -> FlowRecord {
        FlowRecord {
            format: FORMAT,
            id: format!("{started:08x}"),
            started,
            tool: "oauthctl/0".to_owned(),
            flow: FlowKind::Login,
            profile: None,
            provider: Some("acme".to_owned()),
            events: Vec::new(),
            omitted: 0,
            outcome: None,
        }
    }

    #[test]
    fn the_last_records_are_kept_and_the_newest_is_first() {
        let home = TempDir::new().unwrap();
        let records = FlowRecords::new(home.path());
        assert!(records.list().is_empty() && !home.path().join(FOLDER).exists(), "looking creates nothing");
        (1..=30).for_each(|started| records.keep(&record(started)).unwrap());
        let kept: Vec<u64> = records.list().iter().map(|record| record.started).collect();
        assert_eq!(kept, (11..=30).rev().collect::<Vec<_>>());
        let again = FlowRecord { provider: None, ..record(30) };
        records.keep(&again).unwrap();
        assert_eq!((records.list().len(), records.load("0000001e")), (20, Some(again)));
        assert_eq!(records.load("00000001"), None);
    }

    #[test]
    fn a_record_that_cannot_be_read_hides_no_other() {
        let home = TempDir::new().unwrap();
        let records = FlowRecords::new(home.path());
        records.keep(&record(1)).unwrap();
        records.keep(&FlowRecord { format: FORMAT + 1, ..record(2) }).unwrap();
        let dir = PrivateDir::create(&home.path().join(FOLDER)).unwrap();
        dir.write("000000000000003-x.json", b"{").unwrap();
        assert_eq!(records.list(), [record(1)]);
    }

    #[test]
    fn a_large_record_loses_its_middle() {
        let home = TempDir::new().unwrap();
        let records = FlowRecords::new(home.path());
        let event = |n: u64| Event { at: n, what: What::Decision { what: "x".repeat(2000), because: String::new() } };
        let large = FlowRecord { events: (0..500).map(event).collect(), ..record(1) };
        records.keep(&large).unwrap();
        let kept = records.list().remove(0);
        assert_eq!(kept.events.len() + kept.omitted, 500);
        assert_eq!((kept.events[0].at, kept.events.last().unwrap().at), (0, 499));
        let size =
            std::fs::read_dir(home.path().join(FOLDER)).unwrap().next().unwrap().unwrap().metadata().unwrap().len();
        assert!(size <= MAX_SIZE as u64, "{size}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_reads_them() {
        use std::os::unix::fs::PermissionsExt;
        let home = TempDir::new().unwrap();
        FlowRecords::new(home.path()).keep(&record(1)).unwrap();
        let file = std::fs::read_dir(home.path().join(FOLDER)).unwrap().next().unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
