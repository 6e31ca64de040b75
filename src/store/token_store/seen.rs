//! What this process has read from the stores that may ask a person for leave.
//!
//! # Decision: such a store is asked once a process for each record
//!
//! macOS asks a person for leave at each read of an entry that another build of this program has made, and so may a
//! credential helper: one command must not ask twice. So a record that was read is remembered, for as long as the list says
//! the same of it. It may be older than the store's, as it might be a moment after any read. What must not be is a
//! refresh with it: from the moment at which this process asks for a login's lock, every read of that login is a real one.
//! So is the one that follows a write, since it proves the write.
//!
//! No store is ever asked what it holds: names come from the list.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::keychain::SecretBytes;
use crate::store::StoreKind;
use crate::store::entry::Listing;

/// Records by store and account.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<(StoreKind, String), Memory>>);

enum Memory {
    Read(Listing, SecretBytes),
    /// Others may write it now.
    Contested,
}

impl Seen {
    /// Returns the record, if the list has said the same when it was read.
    pub fn recall(&self, kind: StoreKind, account: &str, listing: Listing) -> Option<SecretBytes> {
        match self.memories().get(&(kind, account.to_owned())) {
            Some(Memory::Read(then, bytes)) if *then == listing => Some(bytes.clone()),
            _ => None,
        }
    }

    pub fn remember(&self, kind: StoreKind, account: &str, listing: Listing, bytes: &SecretBytes) {
        if !may_ask(kind) {
            return;
        }
        let mut memories = self.memories();
        let memory = memories.entry((kind, account.to_owned())).or_insert(Memory::Read(listing, bytes.clone()));
        if let Memory::Read(..) = memory {
            *memory = Memory::Read(listing, bytes.clone());
        }
    }

    /// Makes the next read of the record a real one: it is written.
    pub fn forget(&self, kind: StoreKind, account: &str) {
        let mut memories = self.memories();
        let key = (kind, account.to_owned());
        if let Some(Memory::Read(..)) = memories.get(&key) {
            memories.remove(&key);
        }
    }

    /// Makes every further read of the record a real one.
    pub fn contest(&self, kind: StoreKind, account: &str) {
        self.memories().insert((kind, account.to_owned()), Memory::Contested);
    }

    fn memories(&self) -> MutexGuard<'_, HashMap<(StoreKind, String), Memory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn may_ask(kind: StoreKind) -> bool {
    matches!(kind, StoreKind::Keychain | StoreKind::Helper(_))
}
