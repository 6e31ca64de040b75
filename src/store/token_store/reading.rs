//! Records are read where the list says, and decoded.

use serde::de::DeserializeOwned;

use super::{Found, TokenStore};
use crate::keychain::SecretBytes;
use crate::store::entry::{Entry, Listing};
use crate::store::record::{self, NotARecord};
use crate::store::{StoreError, StoreKind};

impl TokenStore {
    /// Looks in the listed store, and again if the list has changed meanwhile.
    pub(super) fn find<T: DeserializeOwned>(&self, entry: Entry<'_>) -> Result<Option<Found<T>>, StoreError> {
        let mut index = self.index()?;
        // A login that is being moved needs a second look, hardly ever a third.
        for _ in 0..3 {
            let listing = entry.listing(&index);
            // Not listed, and no store chosen: the login does not exist, and no keychain needs to be opened.
            let Some(kind) = self.kind_among(listing.store()) else { return Ok(None) };
            if let Some(found) = self.read_once(entry, kind, listing)? {
                return Ok(Some(found));
            }
            index = self.index()?;
            if entry.listing(&index) == listing {
                // A token in the environment exists only while its variable is set.
                let is_doubt = listing == Listing::In(kind) && kind != StoreKind::Env;
                return if is_doubt { Err(entry.gone(&index, self.place(kind)?)) } else { Ok(None) };
            }
        }
        Ok(None)
    }

    /// Asks the store for a record, unless this process has it already: see `seen.rs`.
    fn read_once<T: DeserializeOwned>(
        &self,
        entry: Entry<'_>,
        kind: StoreKind,
        listing: Listing,
    ) -> Result<Option<Found<T>>, StoreError> {
        let account = entry.account();
        // A store without a list may be written by others unseen.
        let is_listed = self.in_memory.is_none();
        if let Some(bytes) = self.seen.recall(kind, &account, listing).filter(|_| is_listed) {
            return self.found(entry, kind, &bytes).map(Some);
        }
        let Some(bytes) = self.bytes(kind, &account)? else { return Ok(None) };
        self.seen.remember(kind, &account, listing, &bytes);
        self.found(entry, kind, &bytes).map(Some)
    }

    /// Asks the store for a record.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        entry: Entry<'_>,
        kind: StoreKind,
    ) -> Result<Option<Found<T>>, StoreError> {
        self.bytes(kind, &entry.account())?.map(|bytes| self.found(entry, kind, &bytes)).transpose()
    }

    pub(super) fn bytes(&self, kind: StoreKind, account: &str) -> Result<Option<SecretBytes>, StoreError> {
        let keychain = self.keychain(kind)?;
        keychain.get(account).map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })
    }

    fn found<T: DeserializeOwned>(
        &self,
        entry: Entry<'_>,
        kind: StoreKind,
        bytes: &[u8],
    ) -> Result<Found<T>, StoreError> {
        let place = self.place(kind)?;
        let named = |problem| match problem {
            NotARecord::Damaged(source) => StoreError::Damaged { name: entry.name(), place: place.clone(), source },
            NotARecord::Newer(version) => StoreError::Newer { name: entry.name(), place: place.clone(), version },
        };
        let record = record::decode(bytes).map_err(named)?;
        Ok(Found { record, store: kind, place })
    }
}
