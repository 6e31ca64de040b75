//! Sealed things open if and only if every byte is as it was sealed, and whatever else is there costs no work to speak of.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oauthctl::testing::{SealKey, SealedLogin, SealedLoginError, Secret};

use super::choice;

const PREFIX: &str = "oauthctl-login-1:";
const PASSPHRASE: &str = "correct horse battery";

/// A made-up login under that passphrase, sealed with little work.
const LINE: &str = include_str!("sealed_login.txt");

/// A made-up text under a made-up key and name.
const FILE: &str = include_str!("sealed_file.txt");
const KEY: &[u8] = b"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const NAME: &str = "shop-2.journal";

/// The first byte chooses between a line that `export` made, its bytes, and those of a sealed file.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = choice(data) else { return };
    match choice % 3 {
        0 => line(&String::from_utf8_lossy(rest)),
        1 => line(&format!("{PREFIX}{}", BASE64_STANDARD.encode(rest))),
        _ => file(rest),
    }
}

fn line(line: &str) {
    let bytes = line.trim().strip_prefix(PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
    // Memory in KiB and passes. More than this is tried by the product's own tests; here it would only take time.
    let number = |n: usize| Some(u32::from_be_bytes(bytes.as_ref()?.get(n..n + 4)?.try_into().ok()?));
    let (memory, passes) = (number(0).unwrap_or(0), number(4).unwrap_or(0));
    let is_taken = memory <= 256 * 1024 && passes <= 16 && number(8).unwrap_or(0) <= 16;
    if is_taken && (memory > 64 || passes > 2) {
        return;
    }
    static GENUINE: OnceLock<Vec<u8>> = OnceLock::new();
    let genuine = GENUINE.get_or_init(|| BASE64_STANDARD.decode(LINE.trim().strip_prefix(PREFIX).unwrap()).unwrap());
    let opened = SealedLogin::open(line, &Secret::new(PASSPHRASE));
    match opened {
        Ok(login) => {
            assert_eq!(bytes.as_ref(), Some(genuine), "a changed line was opened");
            assert_eq!((login.profile.as_str(), login.token.access_token.expose()), ("shop-2", "canary-5d41"));
        }
        Err(error) => {
            assert_ne!(bytes.as_ref(), Some(genuine), "the genuine line was not opened: {error}");
            assert_eq!(
                matches!(error, SealedLoginError::TooCostly { .. }),
                bytes.is_some_and(|b| b.len() >= 52) && !is_taken
            );
        }
    }
}

fn file(bytes: &[u8]) {
    static GENUINE: OnceLock<(SealKey, Vec<u8>)> = OnceLock::new();
    let (key, genuine) =
        GENUINE.get_or_init(|| (SealKey::parse(KEY).unwrap(), BASE64_STANDARD.decode(FILE.trim()).unwrap()));
    assert_eq!(key.open(NAME, bytes).is_ok(), bytes == genuine.as_slice());
    assert!(key.open("another.journal", bytes).is_err());
}
