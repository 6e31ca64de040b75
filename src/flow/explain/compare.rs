//! Two addresses that should be equal, and where they are not.

use serde::Serialize;
use url::{Url, form_urlencoded};

use crate::protocol::sanitize::{columns, padded, split_at_column};

/// Two texts under one another, with the place of the first difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    pub sent: String,
    /// The name of the other one, such as `registered` or `came to`.
    pub other_is: String,
    pub other: String,
    /// The part that differs: `scheme`, `host`, `port`, `path`, `slash`, `case`, `encoding`, `query`, `text`.
    pub differs: &'static str,
    /// The character at which they differ first.
    pub at: usize,
}

/// The columns of the labels, with the space behind them.
const LABEL: usize = 12;

impl Comparison {
    /// Compares two texts. `None` if they are equal.
    pub fn of(sent: &str, other_is: &str, other: &str) -> Option<Self> {
        let differs = difference(sent, other)?;
        let at = sent.chars().zip(other.chars()).take_while(|(one, two)| one == two).count();
        Some(Self { sent: sent.to_owned(), other_is: other_is.to_owned(), other: other.to_owned(), differs, at })
    }

    /// Returns the lines to print: the two texts, and a mark below the first difference. Both are cut around it in the
    /// same way where they do not fit.
    pub fn lines(&self, width: usize) -> [String; 3] {
        let room = width.saturating_sub(LABEL).max(12);
        let longest = self.sent.chars().count().max(self.other.chars().count());
        let from = match longest <= room {
            true => 0,
            // The difference stands in the middle, unless the end comes first.
            false => self.at.saturating_sub(room / 2).min(longest.saturating_sub(room)),
        };
        let cut = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            let mut shown: Vec<char> = chars.iter().copied().skip(from).take(room).collect();
            if from > 0 && !shown.is_empty() {
                shown[0] = '…';
            }
            if chars.len() > from + room {
                shown[room - 1] = '…';
            }
            // Letters of two columns leave room for fewer.
            split_at_column(&shown.into_iter().collect::<String>(), room).0.to_owned()
        };
        let line = |label: &str, text: &str| format!("{}{}", padded(label, LABEL), cut(text));
        let before: String = cut(&self.sent).chars().take(self.at - from).collect();
        let mark = format!("{}^ {}", " ".repeat(LABEL + columns(&before)), self.words());
        [line("sent", &self.sent), line(&self.other_is, &self.other), fitting(mark, width)]
    }

    /// Says what differs.
    pub fn words(&self) -> String {
        match self.differs {
            "slash" => "a slash at the end".to_owned(),
            "case" => "upper and lower case".to_owned(),
            "encoding" => "the encoding".to_owned(),
            differs => format!("the {differs}"),
        }
    }
}

/// Puts the words before the mark where they would run over the edge.
fn fitting(line: String, width: usize) -> String {
    if columns(&line) <= width {
        return line;
    }
    let Some((before, words)) = line.split_once('^') else { return line };
    let room = columns(before);
    let words = words.trim();
    match room.checked_sub(columns(words) + 1) {
        Some(pad) => format!("{}{words} ^", " ".repeat(pad)),
        None => format!("{before}^"),
    }
}

/// Returns the part in which two addresses differ, or `None` if they are the same text.
fn difference(one: &str, two: &str) -> Option<&'static str> {
    if one == two {
        return None;
    }
    if one.trim_end_matches('/') == two.trim_end_matches('/') {
        return Some("slash");
    }
    let (Ok(first), Ok(second)) = (Url::parse(one), Url::parse(two)) else { return Some("text") };
    if first.scheme() != second.scheme() {
        return Some("scheme");
    }
    if first.host_str() != second.host_str() {
        return Some("host");
    }
    if first.port_or_known_default() != second.port_or_known_default() {
        return Some("port");
    }
    if decoded(one) == decoded(two) {
        return Some("encoding");
    }
    if one.eq_ignore_ascii_case(two) {
        return Some("case");
    }
    if first.path() != second.path() {
        return Some("path");
    }
    Some(if first.query() == second.query() { "text" } else { "query" })
}

/// Returns a text without percent-encoding, by the rules of a form: as the name of its one field.
fn decoded(text: &str) -> Option<String> {
    let one_name = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let name = form_urlencoded::parse(one_name.as_bytes()).next()?.0.into_owned();
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "http://127.0.0.1:8765/callback";

    #[test]
    fn each_part_of_an_address_is_named() {
        for (other, differs) in [
            ("https://127.0.0.1:8765/callback", "scheme"),
            ("http://localhost:8765/callback", "host"),
            ("http://127.0.0.1:8080/callback", "port"),
            ("http://127.0.0.1/callback", "port"),
            ("http://127.0.0.1:8765/cb", "path"),
            ("http://127.0.0.1:8765/callback/", "slash"),
            ("http://127.0.0.1:8765/Callback", "case"),
            ("http://127.0.0.1:8765/call%62ack", "encoding"),
            ("http://127.0.0.1:8765/callback?a=b", "query"),
            ("127.0.0.1:8765", "text"),
        ] {
            assert_eq!(Comparison::of(OURS, "registered", other).unwrap().differs, differs, "{other}");
        }
        assert_eq!(Comparison::of(OURS, "registered", OURS), None);
        let scheme_port = Comparison::of("http://a.example/cb", "registered", "http://a.example:80/cb").unwrap();
        assert_eq!(scheme_port.differs, "text");
    }

    #[test]
    fn the_mark_stands_below_the_first_difference() {
        let comparison = Comparison::of(OURS, "registered", "http://localhost:8765/callback").unwrap();
        assert_eq!(
            comparison.lines(80),
            [
                "sent        http://127.0.0.1:8765/callback",
                "registered  http://localhost:8765/callback",
                "                   ^ the host",
            ]
        );
        let wide = Comparison::of("https://例え.example/cb", "registered", "https://例え.example/cb/").unwrap();
        assert_eq!(wide.lines(80)[2], format!("{}^ a slash at the end", " ".repeat(LABEL + 23)));
        let long = format!("https://app.example/{}/callback", "part/".repeat(20));
        for (width, other) in [(50, format!("{long}/")), (50, long.replace("app.", "api.")), (80, format!("{long}x"))] {
            let comparison = Comparison::of(&long, "registered", &other).unwrap();
            let [sent, registered, mark] = comparison.lines(width);
            assert!([&sent, &registered, &mark].iter().all(|line| line.chars().count() <= width), "{sent}\n{mark}");
            let at = mark.chars().position(|c| c == '^').unwrap();
            let char_at = |line: &str| line.chars().nth(at);
            assert_ne!(char_at(&sent), char_at(&registered), "{sent}\n{registered}\n{mark}");
            let before = |line: &str| line.chars().skip(LABEL).take(at - LABEL).collect::<String>();
            assert_eq!(before(&sent), before(&registered));
        }
    }
}
