//! What a person would read on a page, without its markup: enough to find a server's complaint, never shown as a page.

use crate::protocol::html::visible_text;
use crate::protocol::sanitize;

/// Parts whose content is not shown.
const HIDDEN: [&str; 3] = ["script", "style", "head"];

/// Returns the visible text of a page, on one line.
pub fn visible(body: &str) -> String {
    let text = visible_text(body, &HIDDEN);
    let text = ["&quot;", "&#39;", "&#x27;", "&rsquo;"].iter().fold(text, |text, entity| text.replace(entity, "'"));
    let text = text.replace("&amp;", "&").replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the words of a text for comparison: small letters, and one space between any two.
pub fn words(text: &str) -> String {
    let mut words = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c.is_alphanumeric() {
            true => words.push(c),
            false if words.ends_with(' ') => {}
            false => words.push(' '),
        }
    }
    words
}

/// How much of a page is shown as evidence.
const EXCERPT: usize = 140;

/// Returns the part of a visible text that has one of these words, or its beginning.
pub fn excerpt(text: &str, of_interest: &[&str]) -> String {
    let lower = text.to_ascii_lowercase().replace(['_', '-'], " ");
    let at = of_interest.iter().filter_map(|word| lower.find(word)).min().unwrap_or(0);
    // From the beginning of the sentence, if that is near.
    let begin = text[..at].rfind(['.', '{', '!', '?']).map_or(0, |dot| dot + 1);
    let begin = if at - begin > EXCERPT / 2 { at } else { begin };
    let part: String = text[begin..].chars().take(EXCERPT).collect();
    let more = if text[begin..].chars().count() > EXCERPT { "..." } else { "" };
    format!("{}{more}", sanitize::line(part.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shown_is_read() {
        let page = "<html><HEAD><title>redirect_uri</title></HEAD><body><script>redirect_uri</script><!-- redirect_uri -->\
                    <header><h1>Sign in</h1></header><form action='/?redirect_uri=x'>to&nbsp;<b>Acme</b> &amp; more</form>";
        assert_eq!(visible(page), "Sign in to Acme & more");
        assert_eq!(visible("{\"error\": \"invalid_client\"}"), "{\"error\": \"invalid_client\"}");
        for cut in ["a <script>b", "a <!-- b", "a <b", "a <", "a <he\u{e9}"] {
            assert!(visible(cut).starts_with('a'), "{cut}");
        }
    }

    #[test]
    fn an_excerpt_begins_with_its_sentence() {
        let text = "Sorry. The redirect_uri is not registered. Ask them.";
        assert_eq!(excerpt(text, &["redirect uri"]), "The redirect_uri is not registered. Ask them.");
        assert_eq!(excerpt("Sign in", &["redirect uri"]), "Sign in");
        assert!(excerpt(&"x\u{e9}".repeat(200), &["redirect uri"]).ends_with("..."));
    }

    #[test]
    fn words_are_compared_without_their_spelling() {
        assert_eq!(words("Redirect-URI: mismatch_"), words("redirect_uri  mismatch "));
    }
}
