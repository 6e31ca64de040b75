//! The report on a token that anyone may have written: it never panics, tells a terminal nothing to do, has a bounded
//! length, shows no opaque token, and is JSON for a program.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauthctl::testing::{Timestamp, inspect_page};
use serde_json::Value;

use super::is_unseen;

/// More than the longest report that is made of 60 rows of 200 characters, each broken into lines at 50 columns.
const MOST: usize = 300_000;

/// The first byte chooses whether the rest is the whole token, its header or its claims.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = super::choice(data) else { return };
    let part = || BASE64_URL_SAFE_NO_PAD.encode(rest);
    let token = match choice % 4 {
        0 => String::from_utf8_lossy(rest).into_owned(),
        1 => format!("e30.{}.c2ln", part()),
        2 => format!("{}.e30.c2ln", part()),
        _ => format!("{}.a.b.c.d", part()),
    };
    let (page, json) = inspect_page(&token, Timestamp(1_800_000_000), 50);
    assert!(!page.chars().any(|c| is_unseen(c) && !matches!(c, '\n' | '\t' | '\u{1b}')), "{page:?}");
    // The only sequences are our own styles: bold heads, and words that warn.
    assert!(page.split('\u{1b}').skip(1).all(|after| after.starts_with('[') && after.contains('m')), "{page:?}");
    assert!(page.len() <= MOST, "{} bytes", page.len());
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["length"], token.len());
    assert!(!json.chars().any(is_unseen), "{json:?}");
    let is_opaque = report["form"] == "opaque";
    assert_eq!(is_opaque, report.get("header").is_none() && report.get("claims").is_none());
    assert!(!is_opaque || token.len() < 40 || !page.contains(&token), "{page}");
}
