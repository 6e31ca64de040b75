//! Made-up values that several errors have in them.

use std::io;

use oauthctl::testing::*;
use oauthctl::testing::{record, record::NotARecord};

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
    ErrorResponse { description: Some(text(description)).filter(|words| !words.is_empty()), ..ErrorResponse::new(code) }
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

/// The request for a token.
pub fn sent() -> Sent {
    let params = [
        ("client_id", ""),
        ("client_secret", ""),
        ("grant_type", "authorization_code"),
        ("code", ""),
        ("redirect_uri", "http://127.0.0.1:8765/callback"),
        ("code_verifier", ""),
    ];
    Sent {
        asked: Asked::Token,
        provider: text("acme"),
        app: None,
        url: text("https://acme.example/token"),
        auth: ClientAuth { method: ClientAuthMethod::Body, is_written: true, file: None },
        has_secret: true,
        format: "a form",
        params: params.map(|(name, value)| (text(name), text(value))).to_vec(),
        user_agent: text("oauthctl/1.0"),
        page: Some(text("https://acme.example/apps")),
    }
}

pub fn no_token(reply: TokenReplyError) -> NoToken {
    NoToken { provider: text("acme"), sent: Some(sent()), reply }
}

pub fn refused(status: u16, code: &str, words: &str, sent: Sent) -> NoToken {
    let rest = (code == "invalid_target").then(|| text("{\"trace_id\":\"4bf92f35\"}"));
    let reply = TokenReplyError::Refused { status, rest, is_own: false, error: Box::new(said(code, words)) };
    NoToken { provider: text("acme"), sent: Some(sent), reply }
}

pub fn declined(code: &str, words: &str) -> FlowError {
    let params = [("client_id", ""), ("response_type", "code"), ("scope", "read_everything"), ("prompt", "none")];
    let params = params.map(|(name, value)| (text(name), text(value))).to_vec();
    let sent = Sent { asked: Asked::Authorization, params, url: text("https://acme.example/authorize"), ..sent() };
    FlowError::Declined(Box::new(Refusal { error: said(code, words), sent }))
}

pub fn app(name: &str) -> AppName {
    name.parse().unwrap()
}

pub fn client(app_name: &str) -> ClientKey {
    ClientKey::new("acme", app(app_name))
}
