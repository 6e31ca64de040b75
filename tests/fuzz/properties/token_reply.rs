//! The token endpoint's reply: a token comes out only if the server said so in a reply of success, it is made of VSCHARs,
//! and what is shown or kept beside it has no secret in it.

use std::error::Error;
use std::sync::OnceLock;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use oauthctl::testing::{
    Dialect, GrantKind, ObtainedBy, Provider, ScopeSet, StoredToken, Timestamp, TokenReply, TokenReplyError, is_vschar,
    json, mask, record,
};
use serde_json::Value;

use super::{choice, in_words, is_unseen, provider};

const NOW: Timestamp = Timestamp(1_750_000_000);

/// What the client sent and a server may repeat: with characters that JSON escapes.
const SECRET: &str = r#"canary-"s3cr\et"#;

const STATUSES: [u16; 8] = [200, 201, 400, 401, 204, 302, 500, 429];
const CONTENT_TYPES: [Option<&str>; 4] =
    [Some("application/json"), Some("application/x-www-form-urlencoded"), Some("text/html; charset=utf-8"), None];

const PLAIN: &str = "[token]\nurl = \"https://as.example/token\"\n";

fn providers() -> &'static [Provider] {
    static ALL: OnceLock<Vec<Provider>> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            "",
            "response = { access_token = \"result.key\", refresh_token = \"result.again\" }\n",
            "ok = { path = \"ok\", equals = \"true\" }\nerror = [\"why.0\", \"message\"]\n",
            "expires_unit = \"milliseconds\"\n",
            "lifetime = \"never\"\n",
            "lifetime = \"1h\"\nresponse = { expires_at = \"ends\" }\n",
            "[params.shop]\nfrom_token = \"shop\"\nkind = \"origin\"\n",
        ]
        .map(|rules| provider(&format!("{PLAIN}{rules}")))
        .into()
    })
}

fn headers(content_type: Option<&'static str>) -> HeaderMap {
    content_type.map(|name| (CONTENT_TYPE, HeaderValue::from_static(name))).into_iter().collect()
}

/// Three bytes choose the provider, the status and the content type; the rest is the body.
pub fn holds(data: &[u8]) {
    let Some((which, rest)) = choice(data) else { return };
    let Some((status, rest)) = choice(rest) else { return };
    let Some((content_type, body)) = choice(rest) else { return };
    let which = which % providers().len();
    let provider = &providers()[which];
    let status = STATUSES[status % STATUSES.len()];
    let content_type = CONTENT_TYPES[content_type % CONTENT_TYPES.len()];
    let dialect = Dialect::new(provider);
    match dialect.decode_token_reply(status, &headers(content_type), body, &[SECRET], NOW) {
        Ok(reply) => {
            assert!((200..=299).contains(&status), "a token with status {status}");
            is_usable(&reply);
            if let (true, Ok(value)) = (content_type == CONTENT_TYPES[0], json::parse(body)) {
                let path = if which == 1 { "result.key" } else { "access_token" };
                // What the definition maps is looked for in the RFC's place where it is not in its own.
                let token = json::at(&value, path).or(value.get("access_token"));
                assert_eq!(token.and_then(Value::as_str), Some(reply.response.access_token.expose()));
                assert!(which != 2 || value["ok"].to_string().trim_matches('"') == "true");
            }
            if which != 4 {
                is_sent_again(&dialect, &reply);
            }
            is_kept(provider, reply);
        }
        Err(error) => {
            let fault = matches!(error, TokenReplyError::ServerFault { .. });
            assert_eq!(fault, status >= 500);
            assert_eq!(matches!(error, TokenReplyError::Redirected { .. }), status == 302);
            is_clean(&error);
        }
    }
    let shown = mask::reply(body, &[SECRET]);
    assert!(!shown.chars().any(is_unseen) && shown.chars().count() <= 200 && !tells(&shown, SECRET), "{shown:?}");
}

fn is_usable(reply: &TokenReply) {
    let response = &reply.response;
    assert!(is_vschar(response.access_token.expose()));
    assert!(response.access_token.expose().bytes().all(|b| (0x20..=0x7e).contains(&b)));
    assert!(response.refresh_token.as_ref().is_none_or(|token| is_vschar(token.expose())));
    assert!(response.token_type.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")));
    assert!(response.expires_in.is_none_or(|time| time.as_secs_f64() <= 1e13));
    for scope in response.scope.iter().flat_map(ScopeSet::iter) {
        assert!(!scope.is_empty() && !scope.contains([' ', ',', '\t', '\n']), "{scope:?}");
    }
    let tokens = [Some(response.access_token.expose()), response.refresh_token.as_ref().map(|token| token.expose())];
    for token in tokens.into_iter().flatten().filter(|token| is_telling(token)).chain([SECRET]) {
        assert!(!holds_text(&reply.masked, token), "{token:?} in {}", reply.masked);
    }
}

/// Whether it is plain that a text with this in it tells the secret: a token called `hidden` would be everywhere.
fn is_telling(secret: &str) -> bool {
    secret.len() >= 6
        && !"[hidden]".contains(secret)
        && !secret.contains(['[', ']'])
        && !"] characters]".contains(secret.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn holds_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(items) => items.iter().any(|item| holds_text(item, text)),
        Value::Object(object) => object.iter().any(|(name, value)| name.contains(text) || holds_text(value, text)),
        _ => false,
    }
}

/// The emulator's words for it are read as the same token.
fn is_sent_again(dialect: &Dialect<'_>, reply: &TokenReply) {
    let sent = dialect.encode_token_reply(&reply.response, NOW).to_string();
    let headers = headers(CONTENT_TYPES[0]);
    let again = dialect.decode_token_reply(200, &headers, sent.as_bytes(), &[], NOW).expect("our own reply");
    let (first, again) = (&reply.response, again.response);
    assert_eq!(again.access_token, first.access_token);
    assert_eq!(again.refresh_token, first.refresh_token);
    assert_eq!(again.scope, first.scope);
    assert_eq!(again.expires_in.map(|time| time.as_secs()), first.expires_in.map(|time| time.as_secs()));
}

fn is_kept(provider: &Provider, reply: TokenReply) {
    let _ = provider.with_captured(&reply.captured);
    let token = reply.response.access_token.clone();
    let stored = StoredToken::from_reply(
        provider,
        None,
        ObtainedBy::Grant(GrantKind::AuthorizationCode),
        ScopeSet::new(),
        reply,
        NOW,
    );
    let written = record::encode(&stored);
    let read: StoredToken = record::decode(&written).map_err(|_| ()).expect("our own record");
    assert_eq!((read.access_token, read.expiry), (token, stored.expiry));
}

fn is_clean(error: &(dyn Error + 'static)) {
    let words = in_words(error);
    assert!(!words.chars().any(|c| is_unseen(c) && c != '\n'), "{words:?}");
    assert!(!tells(&words, SECRET), "{words:?}");
    assert!(words.chars().count() < 2_000);
}

/// Whether the secret stands there, as it is or as JSON and Rust write it.
fn tells(words: &str, secret: &str) -> bool {
    let escaped = Value::from(secret).to_string();
    words.contains(secret) || words.contains(escaped.trim_matches('"'))
}
