//! The catalogue of providers that comes with the program: its files, how each value is known, and the generated index.
//!
//! These tests read the files in `src/provider/builtin/`, not what was compiled, so that a definition can be written and
//! checked without building the program anew. `tests/catalogue` runs them.

mod facts;
mod index;
mod lint;
mod lists;
mod statistics;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use oauthctl::testing::{ProviderDefinition, ValueLine, read_definition, values};

/// One definition as it stands in its file.
pub struct Builtin {
    pub id: String,
    pub text: String,
    pub definition: ProviderDefinition,
}

impl Builtin {
    pub fn values(&self) -> Vec<ValueLine> {
        values(&self.definition)
    }

    /// The length of the part in front of the evidence.
    pub fn used(&self) -> usize {
        self.text.find("\n[evidence").map_or(self.text.len(), |at| at + 1)
    }
}

pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/provider/builtin"))
}

/// Reads every definition, sorted by id. `ONLY=id,id` in the environment reads those alone.
pub fn all() -> Vec<Builtin> {
    let mut all = whole_catalogue();
    if let Ok(only) = std::env::var("ONLY") {
        all.retain(|builtin| only.split(',').any(|id| id == builtin.id));
        assert!(!all.is_empty(), "there is no file of `{only}`");
    }
    all
}

/// Reads every definition, sorted by id.
pub fn whole_catalogue() -> Vec<Builtin> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<Builtin> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            let mut definition = read_definition(&text, &format!("{id}.toml")).unwrap_or_else(|error| {
                panic!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
            });
            definition.id.clone_from(&id);
            Builtin { id, text, definition }
        })
        .collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}
