//! The page on which a login ends: what was logged in to and what to do now, or why not, in the words of the terminal.
//!
//! Nothing of the request that brought the answer is on it. What it shows are our words, the definition's, and those of the
//! token endpoint's reply as the terminal shows them: cleaned, escaped, and limited in number and length.

use super::pages::BrowserPage;
use crate::protocol::html::escape;
use crate::protocol::sanitize;
use crate::system::loopback::LoopbackResponse;

/// How many facts and lines fit on the page.
const MAX_FACTS: usize = 12;

/// The part of a fact that is shown.
const MAX_CHARS: usize = 400;

/// A page, and what it says beside its own sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastPage {
    page: BrowserPage,
    facts: Vec<(&'static str, String)>,
}

impl From<BrowserPage> for LastPage {
    fn from(page: BrowserPage) -> Self {
        Self { page, facts: Vec::new() }
    }
}

impl LastPage {
    /// Adds a fact. A text between backticks is a command or a name, and shown as one.
    pub fn with(mut self, name: &'static str, text: impl AsRef<str>) -> Self {
        let text = sanitize::text(text.as_ref()).split_whitespace().collect::<Vec<_>>().join(" ");
        if self.facts.len() < MAX_FACTS && !text.is_empty() {
            self.facts.push((name, text));
        }
        self
    }

    pub fn answer(&self) -> LoopbackResponse {
        let facts: String = self.facts.iter().map(|(name, text)| fact(name, text)).collect();
        let facts = if facts.is_empty() { facts } else { format!("<dl>{facts}</dl>") };
        self.page.answer_with(&facts)
    }
}

fn fact(name: &str, text: &str) -> String {
    let cut = text.char_indices().nth(MAX_CHARS).map_or(text.to_owned(), |(end, _)| format!("{}…", &text[..end]));
    let mut shown = String::new();
    for (n, part) in cut.split('`').enumerate() {
        let part = escape(part);
        match n % 2 {
            0 => shown.push_str(&part),
            _ => shown.push_str(&format!("<code>{part}</code>")),
        }
    }
    format!("<dt>{name}</dt><dd>{shown}</dd>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_escaped_cut_and_limited() {
        let long = "x".repeat(10_000);
        let mut page = LastPage::from(BrowserPage::LoggedIn).with("Next", "run `a <b>` & go").with("Empty", " ");
        for _ in 0..100 {
            page = page.with("Granted", &long);
        }
        let answer = page.answer();
        let text = answer.as_text();
        assert!(text.contains("<dt>Next</dt><dd>run <code>a &lt;b&gt;</code> &amp; go</dd>"), "{text}");
        assert!(!text.contains("Empty") && text.len() < 16 * 1024, "{}", text.len());
        assert_eq!(text.matches("<dt>").count(), MAX_FACTS);
    }
}
