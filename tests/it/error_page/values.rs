//! Made-up values that several errors have in them.

use std::io;

use oauthctl::testing::{
    ErrorResponse, FilePosition, HttpError, KeychainError, NoEntropy, Reason, StoreError, StoreKind, StoredToken,
    TokenReplyError, WrongKind, record, record::NotARecord,
};

pub const INDEX: &str = "/home/me/.local/share/oauthctl/logins.json";
pub const SEALED: &str = "/home/me/.local/share/oauthctl/sealed/acme-eu";

pub fn in_keychain(kind: StoreKind, place: &str, source: KeychainError) -> StoreError {
    StoreError::Keychain { place: text(place), kind, source }
}

pub fn in_file(source: KeychainError) -> StoreError {
    in_keychain(StoreKind::File, "the encrypted store in `/home/me/.local/share/oauthctl/sealed`", source)
}

pub fn at() -> FilePosition {
    FilePosition { place: text("/home/me/shop/.oauthctl.toml"), line: 3, column: 9 }
}

pub fn said(code: &str, description: &str) -> ErrorResponse {
    ErrorResponse { description: Some(text(description)), ..ErrorResponse::new(code) }
}

pub fn redirected() -> TokenReplyError {
    TokenReplyError::Redirected { status: 302, target: text("`https://elsewhere.example`") }
}

pub fn unreachable() -> HttpError {
    let source = Reason(text("Connection refused (os error 111)"));
    HttpError::Connect { origin: text("https://acme.example"), source }
}

pub fn lost() -> HttpError {
    HttpError::Broken { origin: text("https://acme.example"), source: Reason(text("connection reset")) }
}

pub fn denied() -> io::Error {
    io::Error::other("Permission denied (os error 13)")
}

pub fn not_found() -> io::Error {
    io::Error::other("No such file or directory (os error 2)")
}

pub fn malformed(name: &str) -> WrongKind {
    WrongKind::new(name, &serde_json::json!([]), "a string")
}

/// A record whose version is a list.
pub fn malformed_record() -> serde_json::Error {
    match record::decode::<StoredToken>(br#"{"version":[]}"#) {
        Err(NotARecord::Damaged(error)) => error,
        _ => panic!("it is damaged"),
    }
}

pub fn not_json() -> serde_json::Error {
    serde_json::from_str::<serde_json::Value>("<html>").unwrap_err()
}

pub fn no_entropy() -> NoEntropy {
    NoEntropy(getrandom::Error::new_custom(1))
}

pub fn text(words: &str) -> String {
    words.to_owned()
}

pub fn no_thread() -> io::Error {
    io::Error::other("Resource temporarily unavailable (os error 11)")
}
