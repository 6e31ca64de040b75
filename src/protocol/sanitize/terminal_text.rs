//! The only way to a terminal. Everything written there is a [`TerminalText`], and only this module makes one. Every
//! text added to it is cleaned, ours as well as a server's, so that no command can forget to.
//!
//! A style is not part of a text: the caller asks for it separately ([`Style`]). An escape sequence in a text is
//! therefore always foreign, and is removed, even if it looks like one of ours.

use std::fmt::{self, Display};

use colored::{ColoredString, Colorize};
use zeroize::Zeroizing;

use super::columns::{columns, cut};
use super::wrap::{ascii, wrap_lines};
use super::{json, text};

/// The distance between tab stops. A tab moves the cursor, so it is replaced by spaces.
const TAB: usize = 8;

/// Text that may be sent to a terminal: lines of visible characters, and the sequences of [`Style`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalText {
    // `token` prints a token through here.
    text: Zeroizing<String>,
    /// The columns of the last line.
    column: usize,
}

/// A value that can be added to a [`TerminalText`]: anything that has a `Display`, cleaned, or a type that adds styles.
pub trait Render {
    fn render(&self, text: &mut TerminalText) -> fmt::Result;
}

impl<T: Display + ?Sized> Render for T {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        write!(text, "{self}")
    }
}

/// It is clean already.
impl Render for TerminalText {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.text.push_str(&self.text);
        text.column = if self.text.contains('\n') { self.column } else { text.column + self.column };
        Ok(())
    }
}

/// Several values in a row.
pub struct Pieces<'p>(pub &'p [&'p dyn Render]);

impl Render for Pieces<'_> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        self.0.iter().try_for_each(|piece| piece.render(text))
    }
}

/// A JSON text. Nothing is lost: its invisible characters are escaped.
pub struct Json<'j>(pub &'j str);

impl Render for Json<'_> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.write_str(&json(self.0))
    }
}

/// The appearance of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Done.
    Success,
    Failure,
    Warning,
    Hint,
    /// A name, or a command to paste.
    Strong,
    /// A code that a person types elsewhere.
    Code,
    /// Secondary information.
    Faint,
    /// A status below 400, and one above.
    Good,
    Bad,
    /// In JSON.
    Key,
    Text,
    Number,
    Word,
}

impl Style {
    /// Returns this text in this style.
    pub fn of<T: Display>(self, text: T) -> Styled<T> {
        Styled { style: self, text }
    }

    fn paint(self, text: &str) -> ColoredString {
        match self {
            Self::Success => text.green().bold(),
            Self::Failure => text.red().bold(),
            Self::Warning => text.yellow().bold(),
            Self::Hint => text.cyan().bold(),
            Self::Strong => text.bold(),
            Self::Code => text.bold().reversed(),
            Self::Faint => text.dimmed(),
            Self::Good | Self::Text => text.green(),
            Self::Bad => text.red(),
            Self::Key => text.blue().bold(),
            Self::Number => text.cyan(),
            Self::Word => text.yellow(),
        }
    }
}

/// A text in a style. It has no `Display`, because a format string would lose the style.
pub struct Styled<T> {
    style: Style,
    text: T,
}

impl<T: Display> Render for Styled<T> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let mut own = TerminalText { column: text.column, ..TerminalText::default() };
        write!(own, "{}", self.text)?;
        text.column = own.column;
        // The writer decides whether the stream shows colors, not the present state of stdout.
        colored::control::set_override(true);
        text.text.push_str(&self.style.paint(&own.text).to_string());
        Ok(())
    }
}

impl TerminalText {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn of(what: &dyn Render) -> Self {
        let mut text = Self::default();
        text.put(what);
        text
    }

    /// Returns clap's own words in clap's own style. `is_clean` says that they contain no foreign text: only then is a
    /// sequence known to be clap's.
    pub fn of_clap(words: &clap::builder::StyledStr, is_clean: bool) -> Self {
        let mut own = Self::default();
        if !is_clean {
            return Self::of(words);
        }
        for (n, part) in words.ansi().to_string().split("\u{1b}[").enumerate() {
            let end = part.find(|c: char| !c.is_ascii_digit() && c != ';').filter(|_| n > 0);
            let rest = match end {
                Some(end) if part[end..].starts_with('m') => {
                    own.text.push_str("\u{1b}[");
                    own.text.push_str(&part[..=end]);
                    &part[end + 1..]
                }
                _ => part,
            };
            let _ = own.write_str(rest);
        }
        own
    }

    /// Adds a value within a [`Render::render`].
    pub fn add(&mut self, what: &dyn Render) -> fmt::Result {
        what.render(self)
    }

    /// Adds a value. Formatting errors are ignored.
    pub fn put(&mut self, what: &dyn Render) {
        let _ = what.render(self);
    }

    /// Adds a line of several pieces.
    pub fn line(&mut self, pieces: &[&dyn Render]) -> fmt::Result {
        Pieces(pieces).render(self)?;
        self.write_str("\n")
    }

    /// Called by `write!` and `writeln!`: each formatted piece is cleaned separately.
    pub fn write_fmt(&mut self, words: fmt::Arguments<'_>) -> fmt::Result {
        fmt::Write::write_fmt(&mut Cleaner(self), words)
    }

    pub fn write_str(&mut self, dirty: &str) -> fmt::Result {
        for (n, part) in text(dirty).split('\t').enumerate() {
            if n > 0 {
                let spaces = TAB - self.column % TAB;
                self.text.extend(std::iter::repeat_n(' ', spaces));
                self.column += spaces;
            }
            self.text.push_str(part);
            self.column = match part.rsplit_once('\n') {
                Some((_, last)) => columns(last),
                None => self.column + columns(part),
            };
        }
        Ok(())
    }

    /// Returns the text with its styles, for a stream that shows them.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text without its styles.
    pub fn to_plain(&self) -> Zeroizing<String> {
        Zeroizing::new(anstream::adapter::strip_str(&self.text).to_string())
    }

    /// Puts the whole text on one line.
    pub fn on_one_line(mut self) -> Self {
        *self.text = self.text.replace('\n', " ");
        self
    }

    /// Cuts a text of one line that is longer than a terminal is wide. A longer line would wrap, and what replaces it would
    /// leave the rest of it. A cut text has no styles.
    pub fn within(self, width: usize) -> Self {
        if columns(&self.text) <= width { self } else { Self::of(&cut(&self.to_plain(), width)) }
    }

    /// Wraps each line that is wider than a terminal: see [`wrap`](super::wrap()).
    pub fn wrapped(mut self, columns: usize) -> Self {
        *self.text = wrap_lines(&self.text, columns);
        self
    }

    /// Writes our own signs in ASCII.
    pub fn in_ascii(mut self) -> Self {
        *self.text = ascii(&self.text);
        self
    }

    /// Indents each line, and drops the final line break.
    pub fn indented(mut self, columns: usize) -> Self {
        let indented = |line: &str| if line.is_empty() { String::new() } else { format!("{:columns$}{line}", "") };
        let lines: Vec<String> = self.text.lines().map(indented).collect();
        *self.text = lines.join("\n");
        self.column += columns;
        self
    }

    /// Takes the text so far. What follows continues its last line.
    pub fn take(&mut self) -> Self {
        Self { text: std::mem::take(&mut self.text), column: self.column }
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

struct Cleaner<'t>(&'t mut TerminalText);

impl fmt::Write for Cleaner<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.0.write_str(piece)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(what: &dyn Render) -> String {
        TerminalText::of(what).as_str().to_owned()
    }

    /// Removes the sequences that [`Style`] makes; every other ESC stays, to be found.
    fn without_ours(text: &str) -> String {
        let begins = ["1", "2", "31", "32", "33", "34", "36", "1;31", "1;32", "1;33", "1;34", "1;36", "0"];
        begins.iter().fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
    }

    #[test]
    fn a_style_is_never_part_of_a_text() {
        let forged = "x\u{1b}[1;32mok\u{1b}[0m";
        assert_eq!(shown(&forged), "xok");
        assert_eq!(shown(&Style::Strong.of(forged)), "\u{1b}[1mxok\u{1b}[0m");
        let words = format!(" {forged}\u{9b}2J");
        let pieces = Pieces(&[&Style::Success.of("✓"), &words]);
        assert_eq!(shown(&pieces), "\u{1b}[1;32m✓\u{1b}[0m xok");
        assert_eq!(TerminalText::of(&pieces).to_plain().as_str(), "✓ xok");
    }

    #[test]
    fn an_unfinished_sequence_removes_nothing_that_follows() {
        let cut = "name\u{1b}]0;title";
        assert_eq!(shown(&format_args!("`{cut}` is not known{cut}{}", "\u{9b}31")), "`name` is not knownname");
    }

    #[test]
    fn tabs_become_spaces_up_to_the_next_tab_stop() {
        assert_eq!(shown(&"a\tb\n\tlonger than\tc"), "a       b\n        longer than     c");
        assert_eq!(shown(&Pieces(&[&"ab", &"\t|"])), "ab      |");
        assert_eq!(shown(&"我\tb"), "我      b");
    }

    #[test]
    fn json_loses_nothing_and_stays_json() {
        let value =
            serde_json::json!({"a\u{9b}2J": ["\u{202e}", "\u{7f}\u{200d}\u{e0041}", "\u{1b}]0;x\u{7}", "ö✓😀"]});
        let text = shown(&Json(&serde_json::to_string_pretty(&value).unwrap()));
        assert!(text.contains("a\\u009b2J") && text.contains("\\u202e") && text.contains("\\udb40\\udc41"), "{text}");
        assert!(text.contains("ö✓😀"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_clap_message_keeps_its_style_only_without_foreign_text() {
        let mut command = clap::Command::new("x").color(clap::ColorChoice::Always);
        let words = command.error(clap::error::ErrorKind::InvalidValue, "no\u{9b}2J \u{202e}").render();
        let [clean, foreign] = [true, false].map(|is_clean| TerminalText::of_clap(&words, is_clean));
        assert!(clean.as_str().contains("\u{1b}[") && !foreign.as_str().contains('\u{1b}'), "{clean:?} {foreign:?}");
        assert_eq!(clean.to_plain(), foreign.to_plain());
        assert!(clean.to_plain().contains("no \u{fffd}"), "{clean:?}");
    }

    #[test]
    fn a_line_is_cut_to_the_width_of_its_terminal() {
        let within =
            |text: &str, columns| TerminalText::of(&Style::Strong.of(text)).within(columns).to_plain().to_string();
        assert_eq!(
            (within("äbcd", 4), within("äbcd", 3), within("äbcd", 1)),
            ("äbcd".into(), "äb…".into(), "…".into())
        );
        assert_eq!((within("我们的", 6), within("我们的", 5)), ("我们的".into(), "我们…".into()));
    }

    /// Any text, with an above-average share of characters that move a cursor.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{202e}\u{2066}-\u{2069}]{1,4}",
            Just("\u{1b}[1;32m".to_owned()),
            Just("\u{1b}]52;c;".to_owned()),
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_input_yields_an_active_control_character(texts in prop::collection::vec(hostile(), 1..4)) {
            let mut text = TerminalText::new();
            for dirty in &texts {
                write!(text, "{dirty}|{dirty:>9}|{dirty:?}").unwrap();
                text.add(&Style::Key.of(dirty)).unwrap();
                text.add(&Json(dirty)).unwrap();
                text.add(&Pieces(&[dirty, &Style::Faint.of(dirty)])).unwrap();
            }
            let acts = |c: char| c.is_control() && c != '\n' || crate::protocol::sanitize::is_invisible(c);
            prop_assert!(!without_ours(text.as_str()).contains(acts), "{:?}", text.as_str());
            prop_assert!(!text.to_plain().contains(acts));
            prop_assert!(!text.on_one_line().to_plain().contains('\n'));
        }
    }
}
