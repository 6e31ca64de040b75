//! A value that decides what a command does, with its source: a flag, the environment, a project file, or a record.

use std::fmt;

use serde::Serialize;

/// A value and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub from: Source,
}

impl<T> Sourced<T> {
    pub fn new(value: T, from: Source) -> Self {
        Self { value, from }
    }

    /// Returns `true` if the value was typed. A variable is a default for many commands; what is typed is for this one.
    pub fn is_typed(&self) -> bool {
        matches!(self.from, Source::Flag(_) | Source::Argument(_))
    }
}

/// The source of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Flag(&'static str),
    /// It stands beside the command, without a flag.
    Argument(&'static str),
    #[serde(rename = "environment")]
    Variable(&'static str),
    /// The place in the file.
    Project(String),
    /// The user's own file.
    Config(String),
    /// `oauthctl use`, or the last login.
    Current,
    /// The store that has the record.
    Store(String),
    /// The login of this name.
    Login(String),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Argument(name) => write!(f, "argument {name}"),
            Self::Variable(name) => write!(f, "environment, {name}"),
            Self::Project(at) => write!(f, "project, {at}"),
            Self::Config(place) => write!(f, "configuration, `{place}`"),
            Self::Current => f.write_str("the current login (`oauthctl use`)"),
            Self::Store(kind) => f.write_str(kind),
            Self::Login(profile) => write!(f, "the login `{profile}`"),
            Self::Default => f.write_str("default"),
        }
    }
}
