//! What must hold for whatever a page, a server, a file or a person sends: one function a reader, which takes any bytes
//! and panics where something does not hold.
//!
//! The fuzz targets call them with what they make up, and `tests/it/fuzz_corpora.rs` with every file of the corpora.
//! Where a property says "exactly", it reads the bytes a second time, by a small reader of its own.

pub mod bus_message;
pub mod callback;
pub mod challenge;
pub mod definition;
pub mod id_token;
pub mod inspect;
pub mod jwt;
pub mod link;
pub mod metadata;
pub mod placeholders;
pub mod record;
pub mod sanitizer;
pub mod sealed;
pub mod token_reply;

use std::error::Error;

use oauthctl::testing::{Provider, ProviderDefinition};

pub type Property = fn(&[u8]);

/// Every property, under the name of its fuzz target and of its corpus.
pub const ALL: [(&str, Property); 14] = [
    ("bus_message", bus_message::holds),
    ("callback", callback::holds),
    ("challenge", challenge::holds),
    ("definition", definition::holds),
    ("id_token", id_token::holds),
    ("inspect", inspect::holds),
    ("jwt", jwt::holds),
    ("link", link::holds),
    ("metadata", metadata::holds),
    ("placeholders", placeholders::holds),
    ("record", record::holds),
    ("sanitizer", sanitizer::holds),
    ("sealed", sealed::holds),
    ("token_reply", token_reply::holds),
];

/// The first byte as a choice, counted from the digit `0` so that a corpus can be read; and the rest.
fn choice(data: &[u8]) -> Option<(usize, &[u8])> {
    data.split_first().map(|(first, rest)| (usize::from(first.wrapping_sub(b'0')), rest))
}

fn provider(definition: &str) -> Provider {
    let definition: ProviderDefinition = toml::from_str(definition).expect("a definition of ours");
    Provider::new(definition, Default::default(), None).expect("a definition of ours")
}

/// An error and its causes, one a line.
fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}\n{inner}");
        cause = inner.source();
    }
    words
}

/// Whether a terminal would do something else than show a character: the control characters, the bidi controls, and
/// whatever has no width. The list is Unicode's Default_Ignorable_Code_Point and Cc, and not the product's own.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}
