//! A session with the Secret Service: how secrets cross the bus (specification 0.2, "Transfer of Secrets").
//!
//! `plain` first. The other way agrees on a key with 1024-bit Diffie-Hellman, which is most of the work of reading a
//! token, and protects from nobody: every program that can listen on the user's own bus can also ask for the secrets.
//! Some versions of KWallet refuse `plain`, and then there is `dh-ietf1024-sha256-aes128-cbc-pkcs7`: the second Oakley
//! group (RFC 2409 §6.2), HKDF-SHA256 without salt and info over the shared number in 128 bytes, AES-128-CBC.
//!
//! `crypto-bigint` does the exponentiation, in constant time and wiped; `num-bigint`, which is in the tree, can do neither.

use aes::Aes128;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U1024};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::keychain::SecretBytes;

pub const PLAIN: &str = "plain";
pub const ENCRYPTED: &str = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

/// The length of the group's numbers in bytes.
const NUMBER: usize = 128;

/// The length of a key and of a block in bytes.
const BLOCK: usize = 16;

/// RFC 2409 §6.2.
const PRIME: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                     EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
                     EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF";

/// A secret as it crosses the bus.
pub struct WireSecret {
    /// The initialization vector, or nothing.
    pub parameters: Vec<u8>,
    pub value: SecretBytes,
}

/// A secret that cannot be read with the session's key, or a key that is no number of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keychain sent a secret that cannot be decrypted")]
pub struct NotDecrypted;

/// An open session.
pub struct Session {
    pub path: String,
    key: Option<Zeroizing<[u8; BLOCK]>>,
}

impl Session {
    pub fn plain(path: String) -> Self {
        Self { path, key: None }
    }

    /// Encrypts with a random vector, if the session is encrypted.
    pub fn seal(&self, secret: &[u8]) -> std::io::Result<WireSecret> {
        let Some(key) = &self.key else {
            return Ok(WireSecret { parameters: Vec::new(), value: SecretBytes::new(secret.to_vec()) });
        };
        let mut vector = [0; BLOCK];
        getrandom::fill(&mut vector)?;
        let cipher = cbc::Encryptor::<Aes128>::new((&**key).into(), &vector.into());
        // A whole block of padding follows a secret that fills its last one.
        let mut value = SecretBytes::new(vec![0; (secret.len() / BLOCK + 1) * BLOCK]);
        value[..secret.len()].copy_from_slice(secret);
        let length = cipher.encrypt_padded::<Pkcs7>(&mut value, secret.len()).map_or(0, <[u8]>::len);
        value.truncate(length);
        Ok(WireSecret { parameters: vector.to_vec(), value })
    }

    pub fn open(&self, parameters: &[u8], value: &[u8]) -> Result<SecretBytes, NotDecrypted> {
        let mut value = SecretBytes::new(value.to_vec());
        let Some(key) = &self.key else { return Ok(value) };
        let vector: &[u8; BLOCK] = parameters.try_into().map_err(|_| NotDecrypted)?;
        let cipher = cbc::Decryptor::<Aes128>::new((&**key).into(), vector.into());
        let length = cipher.decrypt_padded::<Pkcs7>(&mut value).map_err(|_| NotDecrypted)?.len();
        value.truncate(length);
        Ok(value)
    }
}

/// Our half of the key agreement.
pub struct KeyPair {
    private: Zeroizing<U1024>,
    pub public: [u8; NUMBER],
}

impl KeyPair {
    pub fn random() -> std::io::Result<Self> {
        let mut private = Zeroizing::new([0; NUMBER]);
        getrandom::fill(&mut *private)?;
        let private = Zeroizing::new(U1024::from_be_slice(&*private));
        let public = power(&U1024::from_u8(2), &private);
        Ok(Self { public: to_bytes(&public), private })
    }

    /// Agrees on the key. The service's number must lie between 2 and p - 2: the others have a power that anyone knows.
    pub fn agree(&self, path: String, theirs: &[u8]) -> Result<Session, NotDecrypted> {
        let digits = theirs.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &theirs[first..]);
        if digits.len() > NUMBER {
            return Err(NotDecrypted);
        }
        let mut padded = [0; NUMBER];
        padded[NUMBER - digits.len()..].copy_from_slice(digits);
        let theirs = U1024::from_be_slice(&padded);
        let largest = prime().wrapping_sub(&U1024::from_u8(2));
        if theirs < U1024::from_u8(2) || theirs > largest {
            return Err(NotDecrypted);
        }
        let shared = Zeroizing::new(power(&theirs, &self.private));
        let shared = Zeroizing::new(to_bytes(&shared));
        let mut key = Zeroizing::new([0; BLOCK]);
        Hkdf::<Sha256>::new(None, &*shared).expand(&[], &mut *key).map_err(|_| NotDecrypted)?;
        Ok(Session { path, key: Some(key) })
    }
}

fn prime() -> U1024 {
    U1024::from_be_hex(PRIME)
}

fn power(base: &U1024, exponent: &U1024) -> U1024 {
    let prime = Odd::new(prime()).expect("the prime is odd");
    let params = FixedMontyParams::new(prime);
    FixedMontyForm::new(base, &params).pow(exponent).retrieve()
}

fn to_bytes(number: &U1024) -> [u8; NUMBER] {
    let mut bytes = [0; NUMBER];
    bytes.copy_from_slice(number.to_be_bytes().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] =
        [0x46, 0x91, 0xef, 0x64, 0x53, 0xaa, 0xd8, 0x3a, 0x54, 0x14, 0x25, 0xb7, 0x0b, 0xf3, 0xec, 0x60];
    const SEALED: [u8; 16] =
        [0xdb, 0xe2, 0xc4, 0x04, 0x92, 0x56, 0xd1, 0xc5, 0x4e, 0x75, 0x2d, 0x34, 0x15, 0x64, 0x04, 0x22];

    fn agreed() -> (Session, Session) {
        let (ours, theirs) = (KeyPair::random().unwrap(), KeyPair::random().unwrap());
        let one = ours.agree("/1".to_owned(), &theirs.public).unwrap();
        (one, theirs.agree("/1".to_owned(), &ours.public).unwrap())
    }

    #[test]
    fn both_sides_agree_on_a_key_and_read_each_other() {
        let (one, other) = agreed();
        for length in [0, 1, 15, 16, 17, 6000] {
            let secret = vec![b'x'; length];
            let wire = one.seal(&secret).unwrap();
            assert_eq!(wire.value.len(), (length / 16 + 1) * 16);
            assert_eq!(*other.open(&wire.parameters, &wire.value).unwrap(), secret);
        }
    }

    /// Computed with Python's `pow` and `hmac`, and with `openssl enc`.
    #[test]
    fn the_key_is_the_one_that_others_compute() {
        let mut private = U1024::from_u8(3);
        private = private.wrapping_shl(64).wrapping_add(&U1024::from_u64(0x0123_4567_89ab_cdef));
        let pair = KeyPair { private: Zeroizing::new(private), public: [0; NUMBER] };
        let session = pair.agree("/1".to_owned(), &[0, 0, 5]).unwrap();
        assert_eq!(session.key.as_deref(), Some(&KEY));
        assert_eq!(&*session.open(&[7; 16], &SEALED).unwrap(), b"made up");
    }

    #[test]
    fn numbers_outside_the_group_are_refused() {
        let pair = KeyPair::random().unwrap();
        let mut largest = to_bytes(&prime());
        for bad in [&[][..], &[0], &[1], &largest.clone(), &[1; 129]] {
            assert!(pair.agree("/1".to_owned(), bad).is_err(), "{bad:?}");
        }
        largest[NUMBER - 1] -= 1;
        assert!(pair.agree("/1".to_owned(), &largest).is_err(), "p - 1");
        largest[NUMBER - 1] -= 1;
        assert!(pair.agree("/1".to_owned(), &largest).is_ok(), "p - 2");
    }

    #[test]
    fn what_was_changed_is_not_decrypted() {
        let (one, other) = agreed();
        let wire = one.seal(b"made up").unwrap();
        assert!(other.open(&[], &wire.value).is_err());
        assert!(other.open(&wire.parameters, &wire.value[1..]).is_err());
        assert!(other.open(&wire.parameters, &[]).is_err());
    }
}
