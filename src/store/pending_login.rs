//! A login that was started and waits for another process to finish it: its one-time secrets, encrypted as a login is.
//!
//! * Its id is a part of the digest of its state or device code. So the final address alone says which login it belongs to,
//!   and the id, which is shown, tells nothing of the secret.
//! * The list has the id, the provider and the end, and that it was used; an id is named in an error as what it is for a day
//!   after its end. A record that has ended is deleted by the next start or finish.
//! * The login that it becomes is a record without a token: what a token is kept with is what a login is asked with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{StoreKind, StoredToken, record};
use crate::protocol::secret::{DeviceCode, Secret};
use crate::protocol::time::Timestamp;

/// The length of an id in hexadecimal digits.
const ID_LENGTH: usize = 16;

/// What the list says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEntry {
    pub provider: String,
    pub store: StoreKind,
    pub until: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used: bool,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<bool>,
    #[serde(flatten)]
    pub(super) unknown: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PendingLogin {
    version: u64,
    pub until: Timestamp,
    pub profile: String,
    /// The login that it becomes, without a token.
    pub login: StoredToken,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub require_scopes: String,
    pub way: PendingWay,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingWay {
    Browser {
        redirect_uri: String,
        state: Secret,
        #[serde(default)]
        code_verifier: Option<Secret>,
        #[serde(default)]
        nonce: Option<Secret>,
        #[serde(default)]
        allow_missing_state: bool,
        /// True if the answer may also arrive at a port of this machine.
        can_listen: bool,
    },
    Device {
        device_code: DeviceCode,
        user_code: String,
        verification_uri: String,
        #[serde(default)]
        verification_uri_complete: Option<String>,
        /// In seconds.
        interval: u64,
    },
}

impl PendingLogin {
    pub fn new(until: Timestamp, profile: String, login: StoredToken, require_scopes: String, way: PendingWay) -> Self {
        Self { version: record::NEWEST, until, profile, login, require_scopes, way }
    }

    pub fn id(&self) -> String {
        match &self.way {
            PendingWay::Browser { state, .. } => id_of(state.expose()),
            PendingWay::Device { device_code, .. } => id_of(device_code.expose()),
        }
    }
}

/// Returns the id of the login with this state or device code.
pub fn id_of(secret: &str) -> String {
    let digest = Sha256::digest(format!("pending login: {secret}"));
    digest.iter().take(ID_LENGTH / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns `true` if a text has the form of an id.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}
