//! Finds secrets in what others may see, in every encoding: raw, reversed, base64, hex, percent, JSON, UTF-16.
//!
//! A part is enough. Each secret is cut into windows of [`WINDOW`] bytes, and each window is searched in each encoding.
//! A token is found even if a log shows only its first twenty characters.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The length of a window: short enough for a part of a token, and long enough to match nothing else.
const WINDOW: usize = 12;
/// The distance between windows: any fifteen consecutive bytes of a secret contain a whole window.
const STEP: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Code,
    Verifier,
    State,
    ClientSecret,
    AccessToken,
    RefreshToken,
    StoreKey,
    Passphrase,
    /// Of `exec --proxy`.
    ProxyPassword,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Canary {
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

/// Makes up a unique secret.
pub fn made_up(length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random = std::iter::repeat_with(|| RandomState::new().hash_one(0));
    random.take(length).map(|number| LETTERS[number as usize % LETTERS.len()] as char).collect()
}

/// Makes up a secret with characters that formats escape differently.
pub fn made_up_awkward(length: usize) -> String {
    let mut text: Vec<char> = made_up(length).chars().collect();
    for (place, odd) in (3..length).step_by(5).zip(['"', '\\', '/', '+', '&', '=', '%', '~', '<'].into_iter().cycle()) {
        text[place] = odd;
    }
    text.into_iter().collect()
}

/// The place where something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    Argv,
    /// The environment of a process that a command has started or executed.
    Environ,
    /// The environment of a command itself, which its caller has set.
    OwnEnviron,
    Stdout,
    Stderr,
    /// The response to the browser, with its head.
    Page,
    /// The messages on the session bus.
    Bus,
    /// A file's path and content.
    File,
}

/// Something that others may see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    pub channel: Channel,
    /// The command line during which it was seen.
    pub command: String,
    /// The process, or the file.
    pub place: String,
    pub bytes: Vec<u8>,
}

/// A part of a secret, seen.
#[derive(Clone, Debug)]
pub struct Finding {
    pub kind: Kind,
    pub form: &'static str,
    pub channel: Channel,
    pub command: String,
    pub place: String,
    /// The line that contains it.
    pub line: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, form, channel, command, place, line } = self;
        write!(f, "{kind:?} ({form}) in {channel:?} of `{command}`, {place}:\n    {line}")
    }
}

pub struct Scanner {
    automaton: AhoCorasick,
    meaning: Vec<(Kind, &'static str)>,
}

impl Scanner {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Canary>) -> Self {
        let mut patterns: HashMap<Vec<u8>, (Kind, &'static str)> = HashMap::new();
        for secret in secrets {
            assert!(secret.bytes.len() >= WINDOW, "too short to be unique: {secret:?}");
            let last = secret.bytes.len() - WINDOW;
            for start in (0..last).step_by(STEP).chain([last]) {
                for (form, pattern) in forms(&secret.bytes[start..start + WINDOW]) {
                    patterns.entry(pattern).or_insert((secret.kind, form));
                }
            }
        }
        let (patterns, meaning): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        Self { automaton: AhoCorasick::new(patterns).unwrap(), meaning }
    }

    /// Returns at most one finding per line for each kind of secret and form.
    pub fn scan(&self, observation: &Observation) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        let text = [observation.place.as_bytes(), b"\n", &observation.bytes].concat();
        for found in self.automaton.find_overlapping_iter(&text) {
            let (kind, form) = self.meaning[found.pattern().as_usize()];
            let line = line_around(&text, found.start());
            if findings.iter().any(|known| (known.kind, known.form, &known.line) == (kind, form, &line)) {
                continue;
            }
            let Observation { channel, command, place, .. } = observation.clone();
            findings.push(Finding { kind, form, channel, command, place, line });
        }
        findings
    }
}

fn line_around(text: &[u8], at: usize) -> String {
    let is_end = |byte: &u8| *byte == b'\n';
    let start = text[..at].iter().rposition(is_end).map_or(0, |end| end + 1);
    let end = text[at..].iter().position(is_end).map_or(text.len(), |end| at + end);
    String::from_utf8_lossy(&text[start..end]).replace('\0', " ")
}

/// Returns every encoding of the bytes, reduced to the part that does not depend on the surrounding bytes.
pub fn forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("raw", bytes.to_vec()), ("backwards", bytes.iter().rev().copied().collect())];
    let in_form: String = url::form_urlencoded::byte_serialize(bytes).collect();
    for phase in 0..3 {
        forms.push(("base64", in_base64(&STANDARD_NO_PAD, phase, bytes)));
        forms.push(("base64url", in_base64(&URL_SAFE_NO_PAD, phase, bytes)));
        // HTTP Basic: RFC 6749 §2.3.1 form-encodes first.
        forms.push(("form in base64", in_base64(&STANDARD_NO_PAD, phase, in_form.as_bytes())));
    }
    let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|byte| write(*byte)).collect::<String>().into_bytes();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    forms.push(("hex", each(&|byte| format!("{byte:02x}"))));
    forms.push(("HEX", each(&|byte| format!("{byte:02X}"))));
    forms.push(("percent", each(&|byte| format!("%{byte:02x}"))));
    forms.push(("percent", each(&|byte| format!("%{byte:02X}"))));
    let where_needed = |byte: u8| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    forms.push(("percent", each(&where_needed)));
    forms.push(("percent", each(&where_needed).to_ascii_lowercase()));
    forms.push(("form", in_form.into_bytes()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let json = serde_json::to_string(text).unwrap();
        let json = &json[1..json.len() - 1];
        forms.push(("json", json.as_bytes().to_vec()));
        forms.push(("json", json.replace('/', "\\/").into_bytes()));
        let twice = serde_json::to_string(json).unwrap();
        forms.push(("json in json", twice.as_bytes()[1..twice.len() - 1].to_vec()));
        forms.push(("json", each(&|byte| format!("\\u{byte:04x}"))));
        forms.push(("json", each(&|byte| format!("\\u{byte:04X}"))));
        forms.push(("utf-16le", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        forms.push(("utf-16be", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    }
    forms
}

/// Returns the base64 characters that depend only on these bytes when `phase` bytes come before them.
fn in_base64(engine: &impl base64::Engine, phase: usize, bytes: &[u8]) -> Vec<u8> {
    let encoded = engine.encode([&[0; 2][..phase], bytes].concat());
    encoded.as_bytes()[(phase * 8).div_ceil(6)..(phase + bytes.len()) * 8 / 6].to_vec()
}
