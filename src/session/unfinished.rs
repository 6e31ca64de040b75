//! The session of a line that is still being typed, for completion: it says nothing, and a login that is not typed is the
//! one that the finished line would use.

use std::sync::Arc;

use super::environment::PROFILE;
use super::{Choices, ProcessEnvironment, Session, Source, Sourced};
use crate::system::System;
use crate::system::paths::variable;

impl Session {
    /// Returns the session of a line on which this login is typed, if any is.
    pub fn of_unfinished_line(typed: Option<&str>, system: Arc<System>) -> Option<Self> {
        let typed = typed.map(|name| (name.to_owned(), Source::Flag("--profile")));
        let named = typed.or_else(|| Some((variable(PROFILE)?, Source::Variable(PROFILE))));
        let profile = named.and_then(|(name, from)| Some(Sourced::new(name.parse().ok()?, from)));
        let choices = Choices { profile, ..Choices::default() };
        Self::new(choices, system, ProcessEnvironment { tell: |_: &_| {} }).ok()
    }
}
