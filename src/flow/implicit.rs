//! The implicit grant (RFC 6749 §4.2): the redirect returns the token itself, in its fragment.
//!
//! RFC 9700 §2.1.2 advises against it, as a token in a URL can leak and cannot be bound to this client. It exists for
//! providers that have nothing else, and is opt-in for the others. Browsers do not send the fragment to a server, so
//! the loopback page posts it ([`BrowserPage::Fragment`](super::pages::BrowserPage::Fragment)), together with the query:
//! some servers put a part of the answer there. The post is judged like any callback.

use super::FlowError;
use super::refusal::NoToken;
use crate::protocol::params::Params;
use crate::protocol::time::Timestamp;
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider};

/// Reads the token from parameters whose state is proven.
pub fn read(provider: &Provider, params: &Params, now: Timestamp) -> Result<TokenReply, FlowError> {
    Dialect::new(provider)
        .decode_fragment(params, now)
        .map_err(|reply| NoToken { provider: provider.id().to_owned(), sent: None, reply }.into())
}
