//! Tokens that are kept between commands without a login: `--cache`.
//!
//! # Decision: the name of a cached token holds no secret, and its record knows the secret by a keyed hash
//!
//! A record's name can be seen in a keychain's list, and a file's name in its folder, so it is a hash of what is public:
//! the request without its secret. The record, which is encrypted, has a random key and the hash of the client's secret
//! under that key. A token is handed out only to a command that has the same secret, and another secret replaces it. Nothing
//! here is listed: a token that is lost is requested again.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record;
use super::{Profile, StoreError, StoredToken, TokenStore};
use crate::protocol::secret::{ClientSecret, Secret};
use crate::system::entropy::{Entropy, NoEntropy, random};

/// The name of a cached token.
#[derive(Clone, Debug)]
pub struct CacheName(Profile);

impl CacheName {
    /// Derives the name from what the token is known by.
    pub fn of(fingerprint: &str) -> Self {
        // Half of the hash: it tells requests apart, and a file name has room for it.
        let name = format!("cached-token-{}", &hex(&Sha256::digest(fingerprint))[..32]);
        Self(name.parse().expect("it has only letters, digits and hyphens"))
    }

    /// Returns the name of its lock, which no login can have: logins have no underscore at their end.
    pub fn lock(&self) -> &Profile {
        &self.0
    }

    /// Returns the account in the keychain. It cannot be a provider's id, which has no underscore at its end.
    fn account(&self) -> String {
        format!("app/{}_", self.0)
    }
}

/// A token with what it takes to be handed out.
#[derive(Serialize, Deserialize)]
struct CachedToken {
    version: u64,
    key: Secret,
    secret: Secret,
    token: StoredToken,
}

impl TokenStore {
    /// Loads a cached token for this secret. One that cannot be read counts as missing.
    pub fn load_cached(&self, name: &CacheName, secret: &ClientSecret) -> Result<Option<StoredToken>, StoreError> {
        let kind = self.kind_for_new();
        let bytes = self.cached_bytes(kind, &name.account())?;
        let cached = bytes.and_then(|bytes| record::decode::<CachedToken>(&bytes).ok());
        Ok(cached.filter(|cached| cached.secret == keyed(&cached.key, secret)).map(|cached| cached.token))
    }

    /// Keeps a token in place of the one before.
    pub fn save_cached(
        &self,
        name: &CacheName,
        secret: &ClientSecret,
        token: &StoredToken,
        key: Secret,
    ) -> Result<(), StoreError> {
        let secret = keyed(&key, secret);
        let cached = CachedToken { version: record::NEWEST, key, secret, token: token.clone() };
        self.write_cached(self.kind_for_new(), &name.account(), &record::encode(&cached))
    }

    /// Drops a token that the API rejected.
    pub fn forget_cached(&self, name: &CacheName) -> Result<(), StoreError> {
        self.delete_cached(self.kind_for_new(), &name.account())
    }
}

/// Makes the key for one record.
pub fn new_key(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
    Ok(Secret::new(hex(&random::<32>(entropy)?)))
}

fn keyed(key: &Secret, secret: &ClientSecret) -> Secret {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes a key of any length");
    Secret::new(hex(&mac.chain_update(secret.expose().as_bytes()).finalize().into_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::entropy::OsEntropy;

    #[test]
    fn a_secret_is_known_again_under_its_key_and_no_name_holds_it() {
        let (key, other) = (new_key(&OsEntropy).unwrap(), new_key(&OsEntropy).unwrap());
        let secret = ClientSecret::new("made-up");
        assert!(keyed(&key, &secret) == keyed(&key, &secret));
        assert!(keyed(&key, &secret) != keyed(&other, &secret), "each record has its own key");
        assert!(keyed(&key, &secret) != keyed(&key, &ClientSecret::new("made-up-too")));
        let (name, another) = (CacheName::of("a request"), CacheName::of("another request"));
        assert_ne!(name.account(), another.account());
        assert!(name.account().starts_with("app/cached-token-") && name.account().ends_with('_'));
    }
}
