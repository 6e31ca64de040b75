//! Records as bytes: versioned JSON. A newer version is told apart from damage, and members that we do not know are
//! kept, so that an older program does not lose what a newer one wrote.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

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
    let damaged = |error| NotARecord::Damaged(without_values(error));
    // serde reads a struct out of an array too, and an array is no record.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<Map<String, Value>>(bytes).map_err(damaged)?;
    }
    let Version { version } = serde_json::from_slice(bytes).map_err(damaged)?;
    if version > VERSION {
        return Err(NotARecord::Newer(version));
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// serde quotes the value that it did not expect, which may be a token in the wrong place.
fn without_values(error: serde_json::Error) -> serde_json::Error {
    match error.classify() {
        Category::Data => {
            let (line, column) = (error.line(), error.column());
            serde::de::Error::custom(format!("a value of another kind than expected at line {line} column {column}"))
        }
        Category::Io | Category::Syntax | Category::Eof => error,
    }
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
