//! Parts of secrets, and secrets that are taken apart: cut short, wrapped, or percent-encoded through and through.
//!
//! # Decision: twelve characters
//!
//! A server that repeats the first few characters of a secret helps to find out which one was sent, and some do. Twelve in
//! a row are more than that. They are compared without the whitespace between them, since a long line is wrapped
//! somewhere. Only values that look like random text count: a part of an address or of a sentence is no part of a secret.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The text that replaces a secret.
pub const HIDDEN: &str = "[hidden]";

/// How many characters in a row are a part of a secret.
const PART: usize = 12;

/// A shorter secret is looked for as a whole only.
const SHORTEST: usize = 16;

/// How often an encoded text is decoded.
const DECODED: usize = 3;

/// The parts of secrets, as hashes: no secret is kept.
#[derive(Default)]
pub struct Fragments(HashSet<u64>);

impl Fragments {
    pub fn add(&mut self, secret: &str) {
        if is_random(secret) {
            self.0.extend(secret.as_bytes().windows(PART).map(hash));
        }
    }

    /// Removes the parts of secrets from a text. `whole` says whether a text has a secret as a whole.
    pub fn cut(&self, text: String, whole: impl Fn(&str) -> bool) -> String {
        let text = self.without_parts(text);
        if text.contains('%') { self.without_encoded(&text, whole) } else { text }
    }

    fn without_parts(&self, text: String) -> String {
        if self.0.is_empty() || text.len() < PART {
            return text;
        }
        // What is not ASCII is in no secret.
        let all: Vec<(usize, u8)> = text.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()).collect();
        let bytes: Vec<u8> = all.iter().map(|(_, byte)| *byte).collect();
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for (index, window) in bytes.windows(PART).enumerate() {
            if !window.is_ascii() || !self.0.contains(&hash(window)) {
                continue;
            }
            let (start, end) = (all[index].0, all[index + PART - 1].0 + 1);
            match ranges.last_mut() {
                Some(last) if last.1 >= start => last.1 = end,
                _ => ranges.push((start, end)),
            }
        }
        if ranges.is_empty() {
            return text;
        }
        let mut shown = String::with_capacity(text.len());
        let mut done = 0;
        for (start, end) in ranges {
            shown.push_str(&text[done..start]);
            shown.push_str(HIDDEN);
            done = end;
        }
        shown.push_str(&text[done..]);
        shown
    }

    fn without_encoded(&self, text: &str, whole: impl Fn(&str) -> bool) -> String {
        let is_edge = |c: char| c.is_whitespace() || "&=?,;\"'<>()".contains(c);
        let shown = |part: &str| {
            let word = part.trim_end_matches(is_edge);
            let mut decoded = word.to_owned();
            for _ in 0..DECODED {
                if !decoded.contains('%') {
                    break;
                }
                decoded = decode(&decoded);
                if whole(&decoded) || self.without_parts(decoded.clone()) != decoded {
                    return format!("{HIDDEN}{}", &part[word.len()..]);
                }
            }
            part.to_owned()
        };
        text.split_inclusive(is_edge).map(shown).collect()
    }
}

fn decode(word: &str) -> String {
    url::form_urlencoded::parse(word.as_bytes()).map(|(name, value)| format!("{name}{value}")).collect()
}

/// Returns `true` for a text as a generator of secrets writes it.
fn is_random(secret: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-_.~+=".contains(&b);
    secret.len() >= SHORTEST
        && secret.bytes().all(is_part)
        && secret.bytes().any(|b| b.is_ascii_digit())
        && secret.bytes().any(|b| b.is_ascii_alphabetic())
}

fn hash(part: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    part.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "8zQ2-canary-7Lm3Kp9Rt5Vw";

    fn shown(text: &str) -> String {
        let mut fragments = Fragments::default();
        fragments.add(SECRET);
        fragments.cut(text.to_owned(), |text| text.contains(SECRET))
    }

    #[test]
    fn a_part_of_a_secret_goes_however_it_is_cut() {
        for text in [
            "code 8zQ2-canary-7Lm3K… is bad",
            "(canary-7Lm3Kp9R)",
            "8zQ2-canary\n-7Lm3Kp9Rt5Vw",
            "8zQ2-cana ry-7Lm3Kp 9Rt5Vw",
        ] {
            let shown = shown(text);
            assert!(!shown.contains("anary") && shown.contains(HIDDEN), "{text} became {shown}");
        }
    }

    #[test]
    fn a_secret_goes_that_is_encoded_through_and_through() {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        for text in [encode(SECRET), encode(&encode(SECRET)), format!("x={}&y", encode(&SECRET[3..18]))] {
            let shown = shown(&text);
            assert!(shown.contains(HIDDEN) && !shown.contains("%63"), "{text} became {shown}");
        }
        assert_eq!(shown("100 % of https://x.example/a%20b"), "100 % of https://x.example/a%20b");
    }

    #[test]
    fn what_is_no_part_stays() {
        for text in ["code 8zQ2-canary… is bad", "nothing of it", "", "short", "8zQ2-canär-7Lm3Kp9"] {
            assert_eq!(shown(text), text);
        }
        let mut fragments = Fragments::default();
        fragments.add("https://shop1.example/admin/oauth");
        fragments.add("a sentence with 12 words and more");
        assert_eq!(fragments.cut("https://shop1.example/admin".to_owned(), |_| false), "https://shop1.example/admin");
    }
}
