//! Stored records: what is read is written again as it was, members of a newer program included; a newer format is told
//! apart from damage.

use oauthctl::testing::{
    LoginIndex, Registration, ScopeRun, SealedLogin, StoredToken, record::NotARecord, record::VERSION, record::decode,
    record::encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::choice;

/// The first byte chooses the kind of record.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = choice(data) else { return };
    match choice % 5 {
        0 => check::<StoredToken>(rest, true),
        1 => check::<Registration>(rest, true),
        2 => check::<LoginIndex>(rest, true),
        3 => check::<SealedLogin>(rest, true),
        // A run is replaced whole by the next one, so nothing is kept for a newer program.
        _ => check::<ScopeRun>(rest, false),
    }
}

fn check<T: Serialize + DeserializeOwned>(bytes: &[u8], keeps_unknown: bool) {
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    let record: T = match decode(bytes) {
        Ok(record) => record,
        Err(NotARecord::Newer(version)) => {
            assert!(version > VERSION);
            return assert!(value.is_none_or(|value| value["version"].as_u64() == Some(version)));
        }
        Err(NotARecord::Damaged(problem)) => return assert!(!problem.to_string().is_empty()),
    };
    let written = encode(&record);
    let again: T = decode(&written).map_err(|_| ()).expect("our own record");
    assert_eq!(*encode(&again), *written, "what is written is not what is read");
    if keeps_unknown {
        let mut read = value.expect("a record is JSON");
        let mut kept: Value = serde_json::from_slice(&written).expect("our own record");
        without_nothing(&mut read);
        without_nothing(&mut kept);
        assert_eq!(kept, read, "a member was lost or changed");
    }
}

/// Leaves out what may be left out: nulls, empty tables, and a count of zero.
fn without_nothing(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(without_nothing);
            object.retain(|_, value| !is_nothing(value));
        }
        Value::Array(items) => items.iter_mut().for_each(without_nothing),
        _ => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(object) => object.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        _ => false,
    }
}
