//! Who a login is, in the words of its provider.
//!
//! An ID token says it, and is the best word, as its signature may be verified. Where none came, what the provider answered
//! when it was asked is kept with the login ([`flow::account`](crate::flow::account)): one name, and nothing else of the
//! answer. It is personal data like the ID token, so it lies in the sealed record and nowhere else; records of flows and
//! traces have no bodies of such answers. A new login asks anew: it may be another person's.

use super::id_token::StoredIdToken;
use super::stored_token::StoredToken;

/// An account as its owner recognizes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    /// False for an ID token whose signature nobody has verified.
    pub is_verified: bool,
}

impl StoredToken {
    /// Returns the account, as far as it is known.
    pub fn account(&self) -> Option<Account> {
        let of_id_token = self
            .id_token
            .as_ref()
            .and_then(|kept| Some(Account { name: StoredIdToken::account(kept)?, is_verified: kept.verified }));
        of_id_token.or_else(|| Some(Account { name: self.told_account.clone()?, is_verified: true }))
    }
}
