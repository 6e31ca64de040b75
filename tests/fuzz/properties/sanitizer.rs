//! The sanitizer: what comes out is one short line of visible characters, whatever went in.

use oauthctl::testing::sanitize;

use super::is_unseen;

/// What one message may show of a foreign text.
const MOST: usize = 200;

pub fn holds(data: &[u8]) {
    let dirty = String::from_utf8_lossy(data);

    let line = sanitize::line(&dirty);
    assert!(!line.chars().any(is_unseen), "{line:?}");
    assert!(line.chars().count() <= MOST, "{} characters: {line:?}", line.chars().count());
    assert!(!line.starts_with(' ') && !line.ends_with(' ') && !line.contains("  "), "{line:?}");
    assert_eq!(sanitize::line(&line), line, "a clean line was changed");

    let text = sanitize::text(&dirty);
    assert!(!text.chars().any(|c| is_unseen(c) && !matches!(c, '\n' | '\t')), "{text:?}");
    assert_eq!(sanitize::text(&text), text, "a clean text was changed");
    // Both are the same cleaning, but for blanks and length.
    assert_eq!(sanitize::line(&text), line);

    // What needs no cleaning is left alone.
    if dirty.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        assert_eq!(text, dirty);
    }
    // A control sequence between two clean texts goes, and takes nothing of them along.
    let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let (before, after) = text.split_at(half);
    let sequences = ["\u{1b}[31;1m", "\u{9b}2J", "\u{1b}]0;a title\u{7}", "\u{1b}P+q\u{1b}\\", "\u{1b}(B", "\u{1b}7"];
    let sequence = sequences[data.len() % sequences.len()];
    assert_eq!(sanitize::text(&format!("{before}{sequence}{after}")), text, "{sequence:?}");
}
