//! The implicit grant (RFC 6749 §4.2): the token itself comes back, in the fragment of the redirect.
//!
//! RFC 9700 §2.1.2 advises against it, as a token in a URL can leak and cannot be bound to this client; it is here for
//! providers that have nothing else, and opt-in for the others. The fragment never reaches a server by itself, so the
//! loopback page posts it ([`BrowserPage::Fragment`](super::pages::BrowserPage::Fragment)), and the post is judged like any callback.

use super::FlowError;
use crate::protocol::params::Params;
use crate::protocol::time::Timestamp;
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider};

/// Reads the token out of parameters whose state is proven.
pub fn read(provider: &Provider, params: &Params, now: Timestamp) -> Result<TokenReply, FlowError> {
    Dialect::new(provider)
        .decode_fragment(params, now)
        .map_err(|source| FlowError::TokenReply { provider: provider.id().to_owned(), source })
}
