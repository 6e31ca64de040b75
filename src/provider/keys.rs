//! The table of a definition's keys: for each its form, its default, one line of help, and an example.
//!
//! The structs of a definition are written with `keys!`, which makes the field and its row from one entry. A key
//! without its row does not compile. The rows yield the place of an unknown key (`reader`), the manual page, the JSON
//! Schema, the draft of a new definition, and the comments of a copied one. So serde and the rows cannot disagree.
//!
//! To add a key, change these files (generated files apart):
//!
//! 1. `sections.rs` (or `scopes.rs`, `probe.rs`, `template.rs`): the entry that is both field and row;
//! 2. the file of `dialect/` in which it acts;
//! 3. `dialect/tests.rs`: its effect on a request or a reply;
//! 4. `tests/fixtures/definitions/KEY.toml`: a definition that uses it, tested in client and emulator;
//! 5. `quirks.rs`, only if its value is of a new kind.

mod macros;

use std::cell::Cell;
use std::collections::BTreeMap;

use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use toml::Spanned;
use toml::de::DeValue;

pub(in crate::provider) use macros::{keys, kinds, words};

/// The form of a value.
#[derive(Clone, Copy)]
pub enum Form {
    Text,
    Bool,
    /// A whole number from 0 to `max`.
    Number {
        max: u64,
    },
    /// One of a few words that serde knows.
    Word(fn() -> &'static [&'static str]),
    /// A URL, or a list of them.
    Urls,
    List(&'static Form),
    /// A table whose keys are names chosen by the author.
    Names(&'static Form),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table whose `tag` determines its keys.
    Kinds {
        tag: &'static str,
        kinds: &'static [Kind],
    },
    /// The value itself, or a table with the value and its evidence, and the function that reads the value.
    Departure(&'static Form, Read),
    /// Any table.
    Anything,
    /// A table with the keys of a whole definition.
    Overlay,
}

/// A function that reads a value as serde does, to find the place of an error.
pub type Read = fn(Spanned<DeValue<'_>>) -> Result<(), toml::de::Error>;

/// One of the tables that a tag can select.
pub struct Kind {
    pub name: &'static str,
    pub help: &'static str,
    pub keys: &'static [Key],
}

/// One row.
pub struct Key {
    pub name: &'static str,
    pub form: Form,
    pub help: &'static str,
    pub absent: Absent,
    /// In TOML. For a form with names, one of them. Empty if the form's own keys make the example.
    example: &'static str,
}

/// The meaning of an absent key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The key is required.
    Refused,
    /// Our own default.
    Otherwise(&'static str),
    /// The behavior of the RFCs.
    Rfc(&'static str),
}

impl Key {
    /// Creates a row. `keys!` calls it at compile time.
    pub const fn new(
        name: &'static str,
        form: Form,
        help: &'static str,
        absent: Absent,
        example: &'static str,
    ) -> Self {
        assert!(form.has_keys() || !example.is_empty(), "a key needs an example");
        Self { name, form, help, absent, example }
    }

    /// Returns example values in TOML: one, or one for each kind.
    pub fn examples(&self) -> Vec<String> {
        match self.form.without_evidence() {
            Form::Names(inner) if inner.has_keys() => vec![format!("{{ {} = {} }}", self.example, inner.example())],
            form if self.example.is_empty() => form.examples(),
            _ => vec![self.example.to_owned()],
        }
    }

    /// Returns the sample for names chosen by the author.
    pub fn sample_name(&self) -> &'static str {
        self.example
    }

    /// Returns the default as the end of a sentence.
    pub fn otherwise(&self) -> String {
        match self.absent {
            Absent::Refused => "Required.".to_owned(),
            Absent::Otherwise(words) => format!("Default: {words}."),
            Absent::Rfc(words) => format!("RFC: {words}."),
        }
    }
}

impl Form {
    /// Returns `true` if rows describe its content.
    pub const fn has_keys(&self) -> bool {
        match self {
            Self::Table(_) | Self::Kinds { .. } => true,
            Self::List(inner) | Self::Departure(inner, _) => inner.has_keys(),
            _ => false,
        }
    }

    pub fn without_evidence(self) -> Self {
        match self {
            Self::Departure(inner, _) => *inner,
            other => other,
        }
    }

    /// Describes the form for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Number { .. } => "number".to_owned(),
            Self::Word(words) => words().iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "),
            Self::Urls => "URL, or list of URLs".to_owned(),
            Self::List(inner) if inner.has_keys() => "list of tables".to_owned(),
            Self::List(inner) => format!("list of {}", inner.in_words()),
            Self::Names(inner) => format!("table of names, each = {}", inner.in_words()),
            Self::Table(_) | Self::Anything => "table".to_owned(),
            Self::Kinds { tag, kinds } => {
                let kinds: Vec<_> = kinds.iter().map(|kind| format!("\"{}\"", kind.name)).collect();
                format!("table whose `{tag}` is {}", kinds.join(" or "))
            }
            Self::Departure(inner, _) => inner.in_words(),
            Self::Overlay => "table with keys of a definition".to_owned(),
        }
    }

    fn example(&self) -> String {
        self.examples().into_iter().next().unwrap_or_default()
    }

    fn examples(&self) -> Vec<String> {
        match self {
            Self::Table(keys) => vec![inline(&[], keys)],
            Self::Kinds { tag, kinds } => {
                kinds.iter().map(|kind| inline(&[format!("{tag} = \"{}\"", kind.name)], kind.keys)).collect()
            }
            Self::List(inner) => inner.examples().into_iter().map(|example| format!("[{example}]")).collect(),
            _ => Vec::new(),
        }
    }
}

/// Returns a table in one line, with every key.
fn inline(first: &[String], keys: &[Key]) -> String {
    let pairs = keys.iter().map(|key| format!("{} = {}", key.name, key.examples().swap_remove(0)));
    format!("{{ {} }}", first.iter().cloned().chain(pairs).collect::<Vec<_>>().join(", "))
}

/// A type that can be part of a definition.
pub trait Keyed {
    const FORM: Form;
}

impl Keyed for String {
    const FORM: Form = Form::Text;
}

impl Keyed for bool {
    const FORM: Form = Form::Bool;
}

impl Keyed for u16 {
    const FORM: Form = Form::Number { max: 65_535 };
}

impl Keyed for u64 {
    // TOML has no larger numbers.
    const FORM: Form = Form::Number { max: i64::MAX as u64 };
}

impl Keyed for toml::Table {
    const FORM: Form = Form::Anything;
}

impl<T: Keyed> Keyed for Option<T> {
    const FORM: Form = T::FORM;
}

impl<T: Keyed> Keyed for Vec<T> {
    const FORM: Form = Form::List(&T::FORM);
}

impl<T: Keyed> Keyed for BTreeMap<String, T> {
    const FORM: Form = Form::Names(&T::FORM);
}

/// Reads a value and discards it: only the error and its place matter.
pub fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<(), toml::de::Error> {
    T::deserialize(value.into_deserializer()).map(drop)
}

/// Returns the words of an enum, as known to serde's derived code.
pub fn words<T: DeserializeOwned>() -> &'static [&'static str] {
    let words = Cell::new(&[][..]);
    let _ = T::deserialize(Listener(&words));
    words.get()
}

/// A deserializer that records the words of an enum, and gives it none.
struct Listener<'a>(&'a Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = de::value::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.set(variants);
        Err(de::Error::custom("only listening"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("only listening"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// One row of a whole definition, with its path from the root.
pub struct Entry {
    /// `token.auth`, `params.NAME.kind`, `scope.known[].name`.
    pub path: String,
    /// In a table with kinds, the kind that has this key.
    pub kind: Option<&'static str>,
    pub key: &'static Key,
}

/// Lists every row of a table and of the tables in it, in the order of the definition.
pub fn entries(keys: &'static [Key]) -> Vec<Entry> {
    let mut entries = Vec::new();
    collect("", None, keys, &mut entries);
    entries
}

fn collect(path: &str, kind: Option<&'static str>, keys: &'static [Key], entries: &mut Vec<Entry>) {
    for key in keys {
        let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        entries.push(Entry { path: path.clone(), kind, key });
        descend(path, key.form, entries);
    }
}

fn descend(path: String, form: Form, entries: &mut Vec<Entry>) {
    match form {
        Form::Table(keys) => collect(&path, None, keys, entries),
        Form::List(inner) => descend(format!("{path}[]"), *inner, entries),
        Form::Names(inner) => descend(format!("{path}.NAME"), *inner, entries),
        Form::Departure(inner, _) => descend(path, *inner, entries),
        Form::Kinds { kinds, .. } => kinds.iter().for_each(|kind| collect(&path, Some(kind.name), kind.keys, entries)),
        _ => {}
    }
}

/// Returns the name in a definition if it differs from the field's.
pub const fn name(field: &'static str, written: &[&'static str]) -> &'static str {
    match written {
        [written] => written,
        _ => field,
    }
}

pub const fn absent(words: &[&'static str]) -> Absent {
    match words {
        [words] => Absent::Otherwise(words),
        _ => Absent::Refused,
    }
}
