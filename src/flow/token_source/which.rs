//! The token of a login that is meant: its own, or one with fewer scopes.

use crate::protocol::scope::ScopeSet;

/// The token of a login that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which<'a> {
    Own,
    /// The one with these scopes.
    Narrower(&'a ScopeSet),
}

impl<'a> Which<'a> {
    pub(super) fn narrower(self) -> Option<&'a ScopeSet> {
        match self {
            Self::Own => None,
            Self::Narrower(scopes) => Some(scopes),
        }
    }
}
