//! Records as versioned JSON. A newer version is distinguished from damage. Unknown members are kept, so that an older
//! program does not lose what a newer one wrote.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::protocol::member;

/// The format of a record that 0.1 can handle.
pub const VERSION: u64 = 1;

/// The newest format that this program reads and writes. A record that an older program cannot handle, such as a login
/// by an unknown grant, has a higher number, so that the older program reports it as newer and not as damaged.
pub const NEWEST: u64 = 2;

/// The reason why bytes are not a record.
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
    // serde also reads a struct from an array, but an array is not a record.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        member::typed::<Map<String, Value>>(bytes).map_err(NotARecord::Damaged)?;
    }
    let Version { version } = member::typed(bytes).map_err(NotARecord::Damaged)?;
    if version > NEWEST {
        return Err(NotARecord::Newer(version));
    }
    member::typed(bytes).map_err(NotARecord::Damaged)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_error_of_a_damaged_record_quotes_none_of_it() {
        for bytes in
            [r#""canary-1""#, r#"{"version":"canary-1"}"#, r#"{"version":1,"canary-1":1}{"canary-1":2}"#, "canary-1"]
        {
            let Err(NotARecord::Damaged(error)) = decode::<Value>(bytes.as_bytes()) else { panic!("{bytes} was read") };
            assert!(!error.to_string().contains("canary") && error.to_string().contains("column"), "{error}");
        }
    }
}
