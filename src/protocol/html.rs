//! Foreign text on a page of ours, and the text of a foreign page.

/// Escapes a text for HTML and for attributes in quotes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Returns the text of a page as a person would read it, on one line. Markup and attributes, where pages keep their tokens,
/// are dropped, and so is the content of the `unseen` elements. References such as `&amp;` stay.
pub fn visible_text(page: &str, unseen: &[&str]) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        push(&mut text, &rest[..start]);
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let name: String = rest[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        if unseen.contains(&name.as_str()) {
            // ASCII case changes no length.
            let lower = rest.to_ascii_lowercase();
            rest = lower.find(&format!("</{name}")).map_or("", |end| &rest[end..]);
        }
        push(&mut text, " ");
    }
    push(&mut text, rest);
    text.trim_end().to_owned()
}

/// Adds a text with its whitespace collapsed.
fn push(text: &mut String, more: &str) {
    for c in more.chars() {
        match c {
            c if !c.is_whitespace() => text.push(c),
            _ if text.is_empty() || text.ends_with(' ') => {}
            _ => text.push(' '),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_its_words_and_none_of_its_tokens() {
        let page = "<!doctype html><title>Just a moment...</title><style>a{b}</style><SCRIPT>var t='canary-1'</SCRIPT>\
            <!-- canary-2 --><input type=hidden value='canary-3'><p>Ray  ID\n<b>x</b></p><script>canary-4";
        let unseen = ["script", "style"];
        assert_eq!(visible_text(page, &unseen), "Just a moment... Ray ID x");
        assert_eq!(visible_text("no markup", &unseen), "no markup");
    }

    #[test]
    fn no_character_of_a_text_becomes_markup() {
        assert_eq!(escape(r#"<a b="c" d='e'>&amp;"#), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
    }
}
