//! Lines that fit into a terminal, also into one of 40 columns: the one wrapper of all messages and findings.
//!
//! A line ends at whitespace only. What a person copies is never broken: a word (an address, an id, a path), a text between
//! backticks, and a text in [`Style::Strong`](super::Style::Strong), which is how a command is marked. One that is longer
//! than the terminal is wide begins on a line of its own, and the terminal itself continues it, so that it is copied whole.
//! Only a sentence in a script without spaces is broken within, where it is longer than a line.

use super::columns::{breaks, columns};

/// How much further the lines after the first begin.
const HANG: usize = 2;

/// Breaks a text at whitespace. The first line begins with `before`, the others with as many spaces as `indent` says.
pub fn wrap(before: &str, text: &str, indent: usize, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), before.to_owned());
    let mut is_begun = false;
    for word in words(text).into_iter().flat_map(|word| sentence(word, width.saturating_sub(indent))) {
        let Piece { text: word, follows } = word;
        let gap = usize::from(!follows);
        if is_begun && columns(&line) + gap + columns(word) > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_begun = false;
        }
        if std::mem::replace(&mut is_begun, true) && !follows {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Wraps each line of a text that is too wide, and leaves the others as they are.
pub(super) fn wrap_lines(text: &str, width: usize) -> String {
    let fits = |line: &str| columns(line) <= width;
    let wrapped = text.split('\n').map(|line| match fits(line) {
        true => line.to_owned(),
        false => {
            let margin = line.len() - line.trim_start_matches(' ').len();
            let (before, indent) = match label(line, margin, width) {
                Some(end) => (&line[..end], columns(&line[..end])),
                None => (&line[..margin], margin + HANG),
            };
            wrap(before, &line[before.len()..], indent, width).join("\n")
        }
    });
    wrapped.collect::<Vec<_>>().join("\n")
}

/// Returns where the text begins that stands beside a label, if the label leaves it room.
fn label(line: &str, margin: usize, width: usize) -> Option<usize> {
    let gap = margin + line[margin..].find("  ")?;
    let end = line.len() - line[gap..].trim_start_matches(' ').len();
    (columns(&line[..end]) <= width / 2).then_some(end)
}

/// Returns the parts that a line may end after.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), None);
    let (mut in_ticks, mut in_command) = (false, false);
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            '`' => in_ticks = !in_ticks && rest[1..].contains('`'),
            '\u{1b}' => in_command = rest.starts_with(STRONG),
            _ => {}
        }
        match (c.is_whitespace() && !in_ticks && !in_command, start) {
            (true, Some(from)) => {
                words.push(&text[from..at]);
                start = None;
            }
            (false, None) => start = Some(at),
            (true, None) | (false, Some(_)) => {}
        }
    }
    words.extend(start.map(|from| &text[from..]));
    words
}

/// A part that a line may end after.
struct Piece<'t> {
    text: &'t str,
    /// It follows the one before without a space.
    follows: bool,
}

/// Returns a word whole, or, where it is a sentence that is wider than `room`, in the pieces that it may be broken into.
fn sentence(word: &str, room: usize) -> Vec<Piece<'_>> {
    let whole = columns(word) <= room || word.contains(['`', '\u{1b}']) || word.contains("://");
    let ends = breaks(word).filter(|_| !whole).chain([word.len()]);
    let mut from = 0;
    let piece = |end| {
        let piece = Piece { text: &word[from..end], follows: from > 0 };
        from = end;
        piece
    };
    ends.map(piece).collect()
}

/// What begins a text in [`Style::Strong`](super::Style::Strong).
const STRONG: &str = "\u{1b}[1m";

/// Writes our own signs for a terminal that has ASCII only. Letters of other people's texts stay: they may be shown after
/// all, and a question mark in their place would lose them.
pub fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => plain.push_str("..."),
            '–' | '—' | '─' => plain.push('-'),
            '“' | '”' => plain.push('"'),
            '‘' | '’' => plain.push('\''),
            '→' => plain.push_str("->"),
            '▶' | '›' => plain.push('>'),
            '§' => plain.push_str("section "),
            '✓' => plain.push('+'),
            '✗' | '×' => plain.push('x'),
            '·' | '•' => plain.push('*'),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sanitize::{Pieces, Style, TerminalText};

    #[test]
    fn only_what_is_copied_is_wider_and_nothing_is_lost() {
        let text = "token: POST https://as.example/a/very/long/path/that/does/not/fit → 400 invalid_grant: \"no\", \
                    so run `oauthctl login --provider acme --scope read` again";
        for width in [20, 34, 40, 80, 200] {
            let lines = wrap("  ", text, 4, width);
            for line in lines.iter().filter(|line| line.chars().count() > width) {
                assert!(line.contains("https://") || line.contains("`oauthctl login --provider"), "{width}: {lines:?}");
            }
            let shown = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
            assert_eq!(shown, text);
            assert!(lines[0].starts_with("  t") && lines[1..].iter().all(|line| line.starts_with("    ")), "{lines:?}");
        }
        assert_eq!(wrap("- ", "one two  three", 4, 14), ["- one two", "    three"]);
        assert_eq!(wrap("", "a bcdefgh ij", 0, 4), ["a", "bcdefgh", "ij"]);
        assert_eq!(wrap("", "run `a b c` now", 0, 7), ["run", "`a b c`", "now"]);
        assert_eq!(wrap("", "a ` b", 0, 3), ["a `", "b"], "a lone backtick begins nothing");
        assert_eq!(wrap("", "", 0, 7), [""]);
    }

    #[test]
    fn wide_letters_fit_and_only_their_sentences_are_broken() {
        let sentence = "認可コードの有効期限が切れているため、もう一度ログインしてください。";
        for width in [12, 20, 40] {
            let lines =
                wrap("- ", &format!("note: {sentence} `我们的店铺我们的店铺我们的店铺我们的店铺` 我们的店"), 2, width);
            for line in lines.iter().filter(|line| columns(line) > width) {
                assert!(line.contains('`'), "{width}: {lines:?}");
            }
            let shown: String = lines.iter().flat_map(|line| line.chars()).filter(|c| *c != ' ').collect();
            assert!(
                shown.contains(sentence) && shown.contains("`我们的店铺我们的店铺我们的店铺我们的店铺`"),
                "{lines:?}"
            );
            assert!(!lines.iter().any(|line| line.trim().starts_with(['、', '。'])), "{lines:?}");
        }
        assert_eq!(wrap("", "我们 的店 x", 0, 5), ["我们", "的店", "x"]);
        assert_eq!(wrap("", "e\u{301}e\u{301} e\u{301}", 0, 4), ["e\u{301}e\u{301} e\u{301}"]);
    }

    #[test]
    fn styles_take_no_columns_and_a_command_stays_whole() {
        let command = Style::Strong.of("ssh -N -L 1:2:3 you@host");
        let pieces = Pieces(&[&Style::Hint.of("hint:"), &" on your machine run ", &command, &" first\n  x\n"]);
        let text = TerminalText::of(&pieces).wrapped(30);
        let plain = text.to_plain();
        assert_eq!(plain.as_str(), "hint: on your machine run\n  ssh -N -L 1:2:3 you@host\n  first\n  x\n");
        let labelled = TerminalText::of(&"  granted  one two three four").wrapped(27);
        assert_eq!(labelled.to_plain().as_str(), "  granted  one two three\n           four");
        assert_eq!(TerminalText::of(&pieces).wrapped(80), TerminalText::of(&pieces));
    }

    #[test]
    fn our_signs_become_ascii_and_letters_stay() {
        assert_eq!(ascii("“é” → § 4 – ✓ …"), "\"é\" -> section  4 - + ...");
    }
}
