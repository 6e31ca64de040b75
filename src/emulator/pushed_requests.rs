//! The emulator's memory of pushed authorization requests (RFC 9126).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::bounded_map::BoundedMap;
use crate::protocol::params::Params;
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;

/// RFC 9126 §2.2: between 5 and 600 seconds.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// The requests that no browser has brought yet.
#[derive(Default)]
pub struct PushedRequests(Mutex<BoundedMap<(Params, Timestamp)>>);

impl PushedRequests {
    pub fn put(&self, request_uri: String, params: Params, now: Timestamp) {
        let size = params.iter().map(|(name, value)| name.len() + value.len() + 100).sum();
        let mut pushed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pushed.retain(|(_, since)| since.until(now) < LIFETIME);
        pushed.put(request_uri, (params, now), &ScopeSet::new(), size);
    }

    /// Takes a client's request, once (RFC 9126 §4).
    pub fn take(&self, request_uri: &str, client_id: &str, now: Timestamp) -> Option<Params> {
        let mut pushed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (params, since) = pushed.get(request_uri)?;
        if params.single("client_id").ok().flatten() != Some(client_id) || since.until(now) >= LIFETIME {
            return None;
        }
        pushed.remove(request_uri).map(|(params, _)| params)
    }
}
