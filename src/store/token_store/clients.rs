//! The registered clients, and the certificate of the TLS callback.

use super::{Found, IfGone, TokenStore};
use crate::protocol::member;
use crate::store::entry::Entry;
use crate::store::login_index::AppEntry;
use crate::store::{ClientKey, Registration, StoreError, StoreKind, record};
use crate::system::certificate::CallbackCertificate;
use crate::system::signals::SignalGrace;

/// The account of the callback's certificate. It cannot be a provider's id, which has no underscore at its end.
pub(super) const CERTIFICATE: &str = "app/callback-certificate_";

impl TokenStore {
    pub fn load_app(&self, key: &ClientKey) -> Result<Option<Found<Registration>>, StoreError> {
        self.find(Entry::Client(key))
    }

    /// Loads a listed client from the store it is listed in, whichever store was chosen.
    pub fn load_listed_app(&self, key: &ClientKey, kind: StoreKind) -> Result<Found<Registration>, StoreError> {
        let entry = Entry::Client(key);
        match self.read(entry, kind)? {
            Some(found) => Ok(found),
            None => Err(entry.gone(&self.index()?, self.place(kind)?)),
        }
    }

    pub fn save_app(&self, key: &ClientKey, registration: &Registration) -> Result<StoreKind, StoreError> {
        let kind = self.kind_for_new();
        let _grace = SignalGrace::begin();
        self.enlist(kind, Entry::Client(key), &record::encode(registration), |index| {
            index.apps.insert(key.to_string(), AppEntry::new(kind));
        })?;
        Ok(kind)
    }

    /// Deletes a client, even if its record is missing, since it can be registered again. Returns `false` if there was
    /// none.
    pub fn forget_app(&self, key: &ClientKey) -> Result<bool, StoreError> {
        self.remove(Entry::Client(key), IfGone::Unlist)
    }

    /// Loads the certificate of the TLS callback, if one was stored.
    pub fn load_certificate(&self) -> Result<Option<CallbackCertificate>, StoreError> {
        let keychain = self.keychain(self.kind_for_new())?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind: self.kind_for_new(), source };
        let Some(bytes) = keychain.get(CERTIFICATE).map_err(failed)? else { return Ok(None) };
        let damaged = |source| {
            let name = CERTIFICATE.trim_end_matches('_').to_owned();
            StoreError::Damaged { name, place: keychain.place(), source }
        };
        member::typed(&bytes).map(Some).map_err(damaged)
    }

    pub fn save_certificate(&self, certificate: &CallbackCertificate) -> Result<(), StoreError> {
        self.write(self.kind_for_new(), CERTIFICATE, &record::encode(certificate))
    }
}
