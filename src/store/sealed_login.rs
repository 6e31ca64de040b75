//! One login, encrypted with a passphrase, as a line of text that can be kept in a repository or a CI variable.
//!
//! The line is a prefix and base64 of: three parameters of Argon2id (memory in KiB, passes, lanes; 32 bits each, big
//! endian), 16 bytes of salt, 24 bytes of nonce, and the encrypted JSON with its tag. Everything before the JSON is
//! authenticated as associated data. The key comes from Argon2id with RFC 9106 §4's second choice, for machines with
//! less memory. The cipher is XChaCha20-Poly1305, as for encrypted files.
//!
//! The parameters are stored in the file, so that they can grow. A file whose parameters would take too long is refused
//! before any work is done.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::record::{self, NotARecord};
use super::{Profile, StoredToken};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::secret::Secret;
use crate::system::entropy::{Entropy, NoEntropy, random};

/// The start of the line. The number is the version of the layout above.
const PREFIX: &str = "oauthctl-login-1:";
/// The start of the line in every layout.
const ANY_PREFIX: &str = "oauthctl-login-";

/// RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes.
const COST: Cost = Cost { memory: 64 * 1024, passes: 3, lanes: 4 };
/// The highest parameters accepted from a file: four times the memory, and a few seconds of work.
const MOST: Cost = Cost { memory: 256 * 1024, passes: 16, lanes: 16 };

const SALT_LENGTH: usize = 16;
const NONCE_LENGTH: usize = 24;
const KEY_LENGTH: usize = 32;
const HEADER_LENGTH: usize = 12 + SALT_LENGTH + NONCE_LENGTH;

/// The longest line: more than the largest record in base64. A usual line has a few KiB.
pub const MAX_LINE: usize = 2 * 1024 * 1024;

/// The shortest passphrase. It can be guessed offline without limit, so a short one does not protect the file.
pub const SHORTEST: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum SealedLoginError {
    #[error("this is not a login exported by `oauthctl export`, which begins with `{PREFIX}`")]
    NotOurs,
    #[error("this login was exported by a newer version of oauthctl")]
    Newer,
    #[error("the file requires too much work to check the passphrase ({memory} KiB, {passes} passes, {lanes} lanes)")]
    TooCostly { memory: u32, passes: u32, lanes: u32 },
    #[error("the passphrase is wrong, or the file was changed")]
    WrongPassphrase,
    #[error("the passphrase is shorter than {SHORTEST} characters")]
    ShortPassphrase,
    #[error("the login in the file is damaged")]
    Damaged(#[source] serde_json::Error),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Advice for SealedLoginError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Newer => ExitCode::Store.hint("upgrade oauthctl"),
            Self::ShortPassphrase => ExitCode::Usage
                .hint("use a long one, such as from `openssl rand -base64 24`: the file does not limit guesses"),
            Self::NotOurs | Self::TooCostly { .. } | Self::Damaged(_) => {
                ExitCode::Usage.hint("run `oauthctl export --profile NAME` on the other machine again")
            }
            Self::WrongPassphrase => ExitCode::Usage.no_hint(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

/// The content that is encrypted.
#[derive(Debug, Serialize, Deserialize)]
pub struct SealedLogin {
    version: u64,
    pub profile: String,
    pub token: StoredToken,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl SealedLogin {
    pub fn new(profile: &Profile, token: StoredToken) -> Self {
        // Who cannot read the record cannot import the login.
        Self { version: token.obtained_by.record_version(), profile: profile.to_string(), token, unknown: Map::new() }
    }

    /// Encrypts the login and returns the line, without a line break.
    pub fn seal(&self, passphrase: &Secret, entropy: &dyn Entropy) -> Result<String, SealedLoginError> {
        if passphrase.expose().chars().count() < SHORTEST {
            return Err(SealedLoginError::ShortPassphrase);
        }
        let (salt, nonce) = (random::<SALT_LENGTH>(entropy)?, random::<NONCE_LENGTH>(entropy)?);
        Ok(self.seal_with(passphrase, COST, &salt, &nonce))
    }

    fn seal_with(
        &self,
        passphrase: &Secret,
        cost: Cost,
        salt: &[u8; SALT_LENGTH],
        nonce: &[u8; NONCE_LENGTH],
    ) -> String {
        let numbers = [cost.memory, cost.passes, cost.lanes].map(u32::to_be_bytes).concat();
        let header = [&numbers[..], salt, nonce].concat();
        let key = key(passphrase, cost, salt).expect("our own numbers are within Argon2's bounds");
        let text = record::encode(self);
        let sealed = cipher(&key)
            .encrypt(&XNonce::from(*nonce), Payload { msg: &text, aad: &associated(&header) })
            .expect("XChaCha20 takes 256 GiB");
        format!("{PREFIX}{}", STANDARD.encode([header, sealed].concat()))
    }

    /// Fails for what is no exported login, for which no passphrase needs to be asked.
    pub fn check(line: &str) -> Result<(), SealedLoginError> {
        Self::sealed_in(line).map(drop)
    }

    fn sealed_in(line: &str) -> Result<&str, SealedLoginError> {
        let line = line.trim();
        let newer = line.starts_with(ANY_PREFIX);
        line.strip_prefix(PREFIX).ok_or(if newer { SealedLoginError::Newer } else { SealedLoginError::NotOurs })
    }

    /// Decrypts a line. Whitespace around it is ignored.
    pub fn open(line: &str, passphrase: &Secret) -> Result<Self, SealedLoginError> {
        let bytes = STANDARD.decode(Self::sealed_in(line)?).map_err(|_| SealedLoginError::NotOurs)?;
        let (header, sealed) = bytes.split_first_chunk::<HEADER_LENGTH>().ok_or(SealedLoginError::NotOurs)?;
        let number = |n: usize| u32::from_be_bytes([header[n], header[n + 1], header[n + 2], header[n + 3]]);
        let cost = Cost { memory: number(0), passes: number(4), lanes: number(8) };
        let Cost { memory, passes, lanes } = cost;
        if memory > MOST.memory || passes > MOST.passes || lanes > MOST.lanes {
            return Err(SealedLoginError::TooCostly { memory, passes, lanes });
        }
        let (salt, nonce) = header[12..].split_at(SALT_LENGTH);
        let mut own_nonce = [0; NONCE_LENGTH];
        own_nonce.copy_from_slice(nonce);
        let key = key(passphrase, cost, salt).ok_or(SealedLoginError::NotOurs)?;
        let text = cipher(&key)
            .decrypt(&XNonce::from(own_nonce), Payload { msg: sealed, aad: &associated(header) })
            .map(Zeroizing::new)
            .map_err(|_| SealedLoginError::WrongPassphrase)?;
        record::decode(&text).map_err(|problem| match problem {
            NotARecord::Damaged(source) => SealedLoginError::Damaged(source),
            NotARecord::Newer(_) => SealedLoginError::Newer,
        })
    }
}

/// Derives the key, or returns `None` for parameters that Argon2 does not accept.
fn key(passphrase: &Secret, cost: Cost, salt: &[u8]) -> Option<Zeroizing<[u8; KEY_LENGTH]>> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(KEY_LENGTH)).ok()?;
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
        .ok()?;
    Some(key)
}

fn cipher(key: &Zeroizing<[u8; KEY_LENGTH]>) -> XChaCha20Poly1305 {
    let key: &[u8; KEY_LENGTH] = key;
    XChaCha20Poly1305::new(key.into())
}

fn associated(header: &[u8]) -> Vec<u8> {
    [PREFIX.as_bytes(), header].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::entropy::OsEntropy;
    use crate::system::private_file::SIZE_LIMIT;

    /// Low parameters, for tests that encrypt often.
    const CHEAP: Cost = Cost { memory: 32, passes: 1, lanes: 1 };

    const PASSPHRASE: &str = "correct horse battery";

    /// Encrypted once and never again, so that a change of the layout is noticed.
    const SEALED_LONG_AGO: &str = "\
        oauthctl-login-1:AAAAIAAAAAEAAAABAQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgICAgICAgICAgICAl1pMKWyr+ZMbTZbjkQjkaC\
        5BUNr5wmnHtvEsq0m3dylwLVve2LDyRWGSkLKUKwpjba3MdqxNr0DwsqdrgLhdOFx6Qhxdrl1b8M/hL93EpVSmzx4es+I9uQ5fVmq5pFLjMe\
        MoWipakYjKC9YoDaIQPNOPh3Ts3wgR/ByXiKhYWMPAm464OFXGgNdReJ226BLqTCCvXGxRJATqfmMA4B+H12g79WG+kenEY6EPiPktZAfVkZ\
        j0aVLDkNzqoXeFYu69QcyHrXKzwAdXoDmzpUjDbV15n7yStutwiE1aPwOgMT2JFUZRXLFwcaqLUyIlhKVL7TwtHhn77Ux0o4Ffo09hLI/ipN\
        jVuBS6KazJf6L8Fq2cyWseVoPm7ZvUKs=";

    /// Returns the same byte forever.
    struct FixedEntropy;

    impl Entropy for FixedEntropy {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
            buffer.fill(7);
            Ok(())
        }
    }

    fn login() -> SealedLogin {
        SealedLogin::new(&"shop-2".parse().unwrap(), StoredToken::sample("canary-5d41"))
    }

    fn sealed(cost: Cost) -> String {
        login().seal_with(&Secret::new(PASSPHRASE), cost, &[1; SALT_LENGTH], &[2; NONCE_LENGTH])
    }

    fn open(line: &str) -> Result<SealedLogin, SealedLoginError> {
        SealedLogin::open(line, &Secret::new(PASSPHRASE))
    }

    /// The line with one byte of what it encodes changed.
    fn changed(line: &str, place: usize) -> String {
        let mut bytes = STANDARD.decode(line.strip_prefix(PREFIX).unwrap()).unwrap();
        bytes[place] ^= 1;
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    #[test]
    fn an_exported_login_is_unreadable_until_it_is_decrypted() {
        let line = sealed(CHEAP);
        assert!(!line.contains("canary") && line.lines().count() == 1);
        let opened = open(&format!(" {line}\r\n")).unwrap();
        assert_eq!((opened.profile.as_str(), opened.token.access_token.expose()), ("shop-2", "canary-5d41"));
    }

    #[test]
    fn a_changed_byte_or_another_passphrase_is_noticed() {
        let line = sealed(CHEAP);
        let wrong = SealedLogin::open(&line, &Secret::new("correct horse batterz"));
        assert!(matches!(wrong, Err(SealedLoginError::WrongPassphrase)));
        let length = STANDARD.decode(line.strip_prefix(PREFIX).unwrap()).unwrap().len();
        for place in (0..length).filter(|place| !(0..12).contains(place) || *place == 3) {
            assert!(matches!(open(&changed(&line, place)), Err(SealedLoginError::WrongPassphrase)), "byte {place}");
        }
        for place in [4, 8] {
            assert!(matches!(open(&changed(&line, place)), Err(SealedLoginError::TooCostly { .. })), "byte {place}");
        }
    }

    #[test]
    fn excessive_work_is_refused_before_it_is_done() {
        let header = |numbers: [u32; 3]| {
            let bytes = [numbers.map(u32::to_be_bytes).concat(), vec![0; SALT_LENGTH + NONCE_LENGTH + 32]].concat();
            format!("{PREFIX}{}", STANDARD.encode(bytes))
        };
        for numbers in [[u32::MAX, 1, 1], [32, u32::MAX, 1], [1 << 16, 3, u32::MAX], [MOST.memory + 1, 1, 1]] {
            assert!(matches!(open(&header(numbers)), Err(SealedLoginError::TooCostly { .. })), "{numbers:?}");
        }
        for numbers in [[0, 1, 1], [32, 0, 1], [32, 1, 0], [32, 1, 16]] {
            assert!(matches!(open(&header(numbers)), Err(SealedLoginError::NotOurs)), "{numbers:?}");
        }
        // Argon2 rejects a zero, so these fail without its work.
        for numbers in [[256 * 1024, 0, 1], [32, 16, 0], [0, 1, 16]] {
            assert!(matches!(open(&header(numbers)), Err(SealedLoginError::NotOurs)), "{numbers:?} is the most");
        }
        for numbers in [[256 * 1024 + 1, 0, 1], [32, 17, 0], [0, 1, 17]] {
            assert!(matches!(open(&header(numbers)), Err(SealedLoginError::TooCostly { .. })), "{numbers:?} is more");
        }
    }

    #[test]
    fn other_texts_and_newer_files_are_distinguished() {
        for text in ["", "x", "oauthctl-login-1:", "oauthctl-login-1:AAAA", "oauthctl-login-1:!"] {
            assert!(matches!(open(text), Err(SealedLoginError::NotOurs)), "{text}");
        }
        assert!(matches!(open("oauthctl-login-2:AAAA"), Err(SealedLoginError::Newer)));
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        let short = login().seal(&Secret::new("elevenchars"), &OsEntropy);
        assert!(matches!(short, Err(SealedLoginError::ShortPassphrase)));
    }

    #[test]
    fn twelve_characters_export_at_rfc_cost_with_random_nonces() {
        let line = login().seal(&Secret::new("twelve chars"), &FixedEntropy).unwrap();
        let bytes = STANDARD.decode(line.strip_prefix(PREFIX).unwrap()).unwrap();
        // RFC 9106 §4: t=3, p=4, m=2^16.
        assert_eq!(bytes[..12], [1u32 << 16, 3, 4].map(u32::to_be_bytes).concat());
        assert_eq!(bytes[12..HEADER_LENGTH], [7; SALT_LENGTH + NONCE_LENGTH]);
    }

    #[test]
    fn the_largest_record_fits_into_a_line() {
        let length = base64::encoded_len(HEADER_LENGTH + SIZE_LIMIT as usize, true).unwrap();
        assert!(PREFIX.len() + length <= MAX_LINE, "{length}");
    }

    #[test]
    fn a_line_from_an_older_version_is_decrypted() {
        let opened = open(SEALED_LONG_AGO).unwrap();
        assert_eq!((opened.profile.as_str(), opened.token.access_token.expose()), ("shop-2", "canary-5d41"));
    }
}
