//! The columns that a text takes on a terminal. They are neither its bytes nor its characters: a letter of Chinese or
//! Japanese and most emoji take two, and a mark that combines with the letter before it takes none.

use unicode_width::UnicodeWidthStr;

/// Returns the columns of one line. Those of a [`Style`](super::Style) count nothing.
pub fn columns(line: &str) -> usize {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().map_or(0, UnicodeWidthStr::width);
    first + parts.map(|part| part.split_once('m').map_or(0, |(_, shown)| shown.width())).sum::<usize>()
}

/// Returns a text with as many spaces behind it as it takes to fill a column of this width.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Returns the beginning of a text that fits into a width, and the rest of it. A letter keeps its marks.
pub fn split_at_column(text: &str, width: usize) -> (&str, &str) {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if text[..next].width() > width {
            break;
        }
        end = next;
    }
    text.split_at(end)
}

/// Returns a text without styles that fits into a width. One that is too long ends with `…`.
pub fn cut(text: &str, width: usize) -> String {
    match columns(text) <= width {
        true => text.to_owned(),
        false => format!("{}…", split_at_column(text, width.saturating_sub(1)).0),
    }
}

/// Returns the places where a text may be broken although it has no space there: beside a letter of two columns, as the
/// scripts that have such letters put no spaces between words.
pub(super) fn breaks(word: &str) -> impl Iterator<Item = usize> {
    let is_wide = |c: char| c.is_alphanumeric() && unicode_width::UnicodeWidthChar::width(c) == Some(2);
    let pairs = word.char_indices().zip(word.char_indices().skip(1));
    pairs.filter_map(move |((_, before), (at, after))| {
        // Most of their signs (、。」) end something, and begin no line.
        let may_begin = is_wide(after) || is_wide(before) && after.is_alphanumeric();
        (may_begin && (is_wide(before) || is_wide(after))).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_neither_a_byte_nor_a_character() {
        for (text, width) in [
            ("abc", 3),
            ("äöü", 3),
            ("我们的店", 8),
            ("ｆｕｌｌ", 8),
            ("ﾊﾝｶｸ", 4),
            ("e\u{301}a\u{308}", 2),
            ("👍x", 3),
            ("👍🏽", 2),
            ("❤\u{fe0f}", 2),
            ("한국어", 6),
            ("", 0),
        ] {
            assert_eq!(columns(text), width, "{text}");
            assert_eq!(columns(&format!("\u{1b}[1;32m{text}\u{1b}[0m")), width, "{text}");
            assert_eq!(columns(&padded(text, 10)), 10, "{text}");
        }
        assert_eq!(padded("long enough", 3), "long enough");
    }

    #[test]
    fn a_cut_text_fits_and_splits_no_letter() {
        for width in 1..12 {
            for text in ["我们的店铺名字", "a我b们c的d", "e\u{301}e\u{301}e\u{301}e\u{301}", "plain words"] {
                let shown = cut(text, width);
                assert!(columns(&shown) <= width, "{shown} at {width}");
                let kept = shown.strip_suffix('…').unwrap_or(&shown);
                assert!(text.starts_with(kept) && !text[kept.len()..].starts_with('\u{301}'), "{shown:?} at {width}");
            }
        }
        assert_eq!(split_at_column("我们", 3), ("我", "们"));
    }
}
