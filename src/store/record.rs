//! Records as bytes: versioned JSON. A newer version is told apart from damage, and members that we do not know are
//! kept, so that an older program does not lose what a newer one wrote.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::protocol::member;

/// The newest format that this program reads and writes. What an older program cannot honour, such as a login by a
/// grant that it does not have, takes a higher number, so that the older one calls it newer and not damaged.
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
    // serde reads a struct out of an array too, and an array is no record.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        member::typed::<Map<String, Value>>(bytes).map_err(NotARecord::Damaged)?;
    }
    let Version { version } = member::typed(bytes).map_err(NotARecord::Damaged)?;
    if version > VERSION {
        return Err(NotARecord::Newer(version));
    }
    member::typed(bytes).map_err(NotARecord::Damaged)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_error_of_a_damaged_record_quotes_nothing_of_it() {
        for bytes in
            [r#""canary-1""#, r#"{"version":"canary-1"}"#, r#"{"version":1,"canary-1":1}{"canary-1":2}"#, "canary-1"]
        {
            let Err(NotARecord::Damaged(error)) = decode::<Value>(bytes.as_bytes()) else { panic!("{bytes} was read") };
            assert!(!error.to_string().contains("canary") && error.to_string().contains("column"), "{error}");
        }
    }
}
