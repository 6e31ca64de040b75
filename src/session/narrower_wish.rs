//! A wish for a token with fewer scopes than its login has.

use crate::protocol::scope::ScopeSet;

/// The scopes that a command's token is to have, and no others.
#[derive(Clone, Debug)]
pub struct NarrowerWish {
    pub scopes: ScopeSet,
    /// A token with more is taken, too.
    pub allows_wider: bool,
}
