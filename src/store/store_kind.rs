//! The kinds of store that a user can choose: `keychain`, `file`, `memory`, `env`, `helper:NAME`.

use std::fmt;
use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser, ValueParserFactory};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::keychain::helper::HelperName;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StoreKind {
    /// The operating system's keychain.
    #[default]
    Keychain,
    /// An encrypted file, for machines without a keychain.
    File,
    /// Nothing outlives the command.
    Memory,
    /// The variable `OAUTHCTL_TOKEN`, which is read and never written.
    Env,
    /// A program called `docker-credential-NAME`.
    Helper(HelperName),
}

/// The forms and their meaning.
pub const FORMS: [(&str, &str); 5] = [
    ("keychain", "The operating system's keychain"),
    ("file", "An encrypted file, for machines without a keychain"),
    ("memory", "Nothing outlives the command"),
    ("env", "OAUTHCTL_TOKEN, read-only"),
    ("helper:NAME", "The program docker-credential-NAME, such as helper:pass"),
];

const HELPER: &str = "helper:";

#[derive(Debug, thiserror::Error)]
#[error("must be `keychain`, `file`, `memory`, `env`, or `helper:NAME` for the program `docker-credential-NAME`")]
pub struct NotAStore;

impl FromStr for StoreKind {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        match text {
            "keychain" => Ok(Self::Keychain),
            "file" => Ok(Self::File),
            "memory" => Ok(Self::Memory),
            "env" => Ok(Self::Env),
            text => text.strip_prefix(HELPER).and_then(HelperName::parse).map(Self::Helper).ok_or(NotAStore),
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keychain => f.write_str("keychain"),
            Self::File => f.write_str("file"),
            Self::Memory => f.write_str("memory"),
            Self::Env => f.write_str("env"),
            Self::Helper(name) => write!(f, "{HELPER}{name}"),
        }
    }
}

impl Serialize for StoreKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StoreKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Parses a store on the command line, and lists the forms in help and completion.
#[derive(Clone)]
pub struct StoreParser;

impl TypedValueParser for StoreParser {
    type Value = StoreKind;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<StoreKind, clap::Error> {
        (|text: &str| text.parse::<StoreKind>()).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMS.into_iter().map(|(form, meaning)| PossibleValue::new(form).help(meaning))))
    }
}

impl ValueParserFactory for StoreKind {
    type Parser = StoreParser;

    fn value_parser() -> StoreParser {
        StoreParser
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for text in ["keychain", "file", "memory", "env", "helper:pass", "helper:ecr-login_2.x"] {
            let kind: StoreKind = text.parse().unwrap();
            assert_eq!(kind.to_string(), text);
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{text}\""), "the list of logins has always said it so");
            assert_eq!(serde_json::from_str::<StoreKind>(&json).unwrap(), kind);
        }
    }

    #[test]
    fn the_store_flag_accepts_every_form_in_its_help() {
        let arg = || clap::Arg::new("store").long("store").value_parser(clap::value_parser!(StoreKind));
        let read = |text: &str| {
            let matches = clap::Command::new("x").arg(arg()).try_get_matches_from(["x", "--store", text]).ok()?;
            matches.get_one::<StoreKind>("store").copied()
        };
        for text in ["keychain", "file", "memory", "env", "helper:pass"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        assert!(read("helper:").is_none() && read("disk").is_none());
        let shown = arg().get_possible_values();
        let names: Vec<&str> = shown.iter().map(PossibleValue::get_name).collect();
        assert_eq!(names, ["keychain", "file", "memory", "env", "helper:NAME"]);
        assert!(shown.iter().all(|value| value.get_help().is_some()), "each with what it means");
    }

    #[test]
    fn a_helper_is_a_program_name_and_not_a_path() {
        for bad in ["helper:", "helper:../x", "helper:a/b", "helper:-x", "helper:.x", "helper:a b", "Keychain", ""] {
            assert!(bad.parse::<StoreKind>().is_err(), "{bad}");
        }
    }
}
