//! The key of a registered client: its provider and its app.
//!
//! Its text is `judgeme` for the default app, as in 0.1, and `judgeme~work` for the app `work`. It is the key in the list
//! and, after `app/`, the account in the keychain. A `~` is in no provider's id and in no app's name, so no two keys have
//! the same text, and file names and URLs take it as it is. 0.1 asks only for the text of a provider's id: it keeps the
//! entries of named apps in its list, and never reads or replaces one.

use std::fmt;

use super::AppName;
use crate::provider::catalogue::is_id;

const SEPARATOR: char = '~';

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientKey {
    pub provider: String,
    pub app: AppName,
}

impl ClientKey {
    pub fn new(provider: impl Into<String>, app: AppName) -> Self {
        Self { provider: provider.into(), app }
    }

    /// Reads a key of the list. Returns `None` for a text that is not one, such as a newer program's.
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, app) = match text.split_once(SEPARATOR) {
            None => (text, AppName::default()),
            Some((provider, app)) => (provider, app.parse().ok().filter(|app: &AppName| !app.is_default())?),
        };
        is_id(provider).then(|| Self::new(provider, app))
    }

    /// Returns the words for people: the client of `judgeme`, or the client `work` of `judgeme`.
    pub fn words(&self) -> String {
        let Self { provider, app } = self;
        match app.name() {
            None => format!("the client of `{provider}`"),
            Some(name) => format!("the client `{name}` of `{provider}`"),
        }
    }

    /// Returns the arguments that name it to the command `app`.
    pub fn arguments(&self) -> String {
        format!("{}{}", self.provider, self.flag())
    }

    /// Returns the flag that names the app, with a space before it; nothing for the default one.
    pub fn flag(&self) -> String {
        self.app.name().map(|name| format!(" --app {name}")).unwrap_or_default()
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.app.name() {
            None => f.write_str(&self.provider),
            Some(name) => write!(f, "{}{SEPARATOR}{name}", self.provider),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for (app, text, arguments) in [("default", "a.b", "a.b"), ("work-2", "a.b~work-2", "a.b --app work-2")] {
            let key = ClientKey::new("a.b", app.parse().unwrap());
            assert_eq!((key.to_string().as_str(), key.arguments().as_str()), (text, arguments));
            assert_eq!(ClientKey::parse(text), Some(key));
        }
        for text in ["", "~", "a~", "~b", "a~default", "a~b~c", "A", "a/b"] {
            assert_eq!(ClientKey::parse(text), None, "{text}");
        }
    }
}
