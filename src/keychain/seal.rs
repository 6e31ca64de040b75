//! Sealing: authenticated encryption of what is written to disk. Only the holder of the key can read it, and every
//! change is detected. The cipher is XChaCha20-Poly1305.
//!
//! The sealed form is `oauthctl`, one version byte, a 24-byte nonce, and the ciphertext with its tag. The version and
//! the name are authenticated as associated data, so neither can be swapped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::keychain::SecretBytes;
use crate::protocol::secret::Secret;
use crate::protocol::secret_text;
use crate::system::entropy::{Entropy, NoEntropy, random};

const MAGIC: &[u8] = b"oauthctl";
const VERSION: u8 = 1;
/// Long enough that random nonces never collide. This is what the X in XChaCha20 stands for.
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
pub const HEADER_LENGTH: usize = MAGIC.len() + 1 + NONCE_LENGTH;

/// How many bytes longer the sealed form is.
pub const OVERHEAD: usize = HEADER_LENGTH + TAG_LENGTH;

const KEY_LENGTH: usize = 32;

#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; KEY_LENGTH]>);

/// A sealed text that could not be opened.
#[derive(Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// Changed, or sealed with another key or under another name.
    NotOurs,
    /// Sealed by a newer version of this program.
    Newer,
}

impl SealKey {
    pub fn random(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut key = Self(Zeroizing::default());
        entropy.fill(&mut *key.0)?;
        Ok(key)
    }

    /// Parses 32 bytes in base64. Surrounding whitespace and a byte order mark are ignored.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(secret_text::decode(text).ok()?.trim()).ok()?);
        let mut key = Self(Zeroizing::default());
        if bytes.len() != KEY_LENGTH {
            return None;
        }
        key.0.copy_from_slice(&bytes);
        Some(key)
    }

    /// Returns the text that `parse` reads.
    pub fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0.as_slice()))
    }

    pub fn seal(&self, name: &str, text: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, NoEntropy> {
        let nonce: [u8; NONCE_LENGTH] = random(entropy)?;
        let aad = associated_data(VERSION, name);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: text, aad: &aad })
            .expect("XChaCha20 encrypts up to 256 GiB, and our limit is 1 MiB");
        Ok([MAGIC, &[VERSION], &nonce, &sealed].concat())
    }

    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<SecretBytes, NotOpened> {
        let rest = sealed.strip_prefix(MAGIC).ok_or(NotOpened::NotOurs)?;
        let (&version, rest) = rest.split_first().ok_or(NotOpened::NotOurs)?;
        if version > VERSION {
            return Err(NotOpened::Newer);
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(NotOpened::NotOurs)?;
        let aad = associated_data(version, name);
        self.cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad })
            .map(SecretBytes::new)
            .map_err(|_| NotOpened::NotOurs)
    }

    /// Passes the key by reference throughout, so that no copy of it stays on the stack.
    fn cipher(&self) -> XChaCha20Poly1305 {
        let key: &[u8; KEY_LENGTH] = &self.0;
        XChaCha20Poly1305::new(key.into())
    }
}

fn associated_data(version: u8, name: &str) -> Vec<u8> {
    [MAGIC, &[version], name.as_bytes()].concat()
}
