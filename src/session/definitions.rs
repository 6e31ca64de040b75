//! The user's definition files, and one that is not written yet.
//!
//! A login by address makes its own definition, and writes it only when the login has worked. Until then the command
//! uses it as if it stood in its file, so that nothing else has to know of such logins.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::provider::DefinitionFiles;
use crate::system::paths::Paths;

pub(super) struct Definitions {
    pub paths: Paths,
    /// An id, and the text of its definition.
    pending: Mutex<Option<(String, String)>>,
}

impl Definitions {
    pub fn new(paths: Paths) -> Self {
        Self { paths, pending: Mutex::default() }
    }

    pub fn define(&self, id: &str, text: &str) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((id.to_owned(), text.to_owned()));
    }

    fn pending(&self, id: &str) -> Option<String> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.as_ref().filter(|(pending, _)| pending == id).map(|(_, text)| text.clone())
    }
}

impl DefinitionFiles for Definitions {
    fn read(&self, id: &str) -> io::Result<Option<(String, String)>> {
        match self.pending(id) {
            Some(text) => Ok(Some((text, self.place(id)))),
            None => self.paths.read(id),
        }
    }

    fn place(&self, id: &str) -> String {
        self.paths.place(id)
    }

    fn ids(&self) -> Vec<String> {
        self.paths.ids()
    }
}
