//! Sealing: what is written to a disk so that only the holder of a key can read it, and nobody can change it unseen.
//! XChaCha20-Poly1305.
//!
//! The sealed form is `oauthctl`, one byte of version, 24 bytes of nonce, and the sealed text with its tag. Version and
//! name are sealed along (as associated data), so that neither can be exchanged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::keychain::SecretBytes;
use crate::protocol::secret::Secret;
use crate::system::entropy::{Entropy, NoEntropy, random};

const MAGIC: &[u8] = b"oauthctl";
const VERSION: u8 = 1;
/// Long enough that random ones never meet: that is what the X in XChaCha20 is for.
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
pub const HEADER_LENGTH: usize = MAGIC.len() + 1 + NONCE_LENGTH;

/// How much longer the sealed form is.
pub const OVERHEAD: usize = HEADER_LENGTH + TAG_LENGTH;

const KEY_LENGTH: usize = 32;

#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; KEY_LENGTH]>);

/// Why something did not open.
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

    /// 32 bytes in base64, with blanks around them at most.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim_ascii()).ok()?);
        let mut key = Self(Zeroizing::default());
        if bytes.len() != KEY_LENGTH {
            return None;
        }
        key.0.copy_from_slice(&bytes);
        Some(key)
    }

    /// What `parse` reads.
    pub fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0.as_slice()))
    }

    pub fn seal(&self, name: &str, text: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, NoEntropy> {
        let nonce: [u8; NONCE_LENGTH] = random(entropy)?;
        let aad = associated_data(VERSION, name);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: text, aad: &aad })
            .expect("XChaCha20 takes 256 GiB, and we take 1 MiB");
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

    /// Takes the key by reference all the way, so that no copy of it stays on the stack.
    fn cipher(&self) -> XChaCha20Poly1305 {
        let key: &[u8; KEY_LENGTH] = &self.0;
        XChaCha20Poly1305::new(key.into())
    }
}

fn associated_data(version: u8, name: &str) -> Vec<u8> {
    [MAGIC, &[version], name.as_bytes()].concat()
}
