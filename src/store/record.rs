//! Records as bytes: versioned JSON. A newer version is told apart from damage, and members that we do not know are
//! kept, so that an older program does not lose what a newer one wrote.

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The format that this program writes.
pub const VERSION: u64 = 1;

/// Why bytes are no record.
#[derive(Debug)]
pub enum NotARecord {
    Damaged(serde_json::Error),
    Newer(u64),
}

pub fn encode(record: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // The records' types have string keys and no fallible parts.
    Zeroizing::new(serde_json::to_vec(record).unwrap_or_default())
}

pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotARecord> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u64,
    }
    let Version { version } = serde_json::from_slice(bytes).map_err(NotARecord::Damaged)?;
    if version > VERSION {
        return Err(NotARecord::Newer(version));
    }
    serde_json::from_slice(bytes).map_err(NotARecord::Damaged)
}
