//! A request for a token of the client itself.

use crate::flow::client::Client;
use crate::protocol::scope::ScopeSet;
use crate::store::Profile;

/// A request for a token without a login: `--provider ID`.
#[derive(Clone)]
pub struct ClientRequest {
    pub client: Client,
    pub scope: ScopeSet,
    /// True if the token is kept between commands: `--cache`.
    pub cached: bool,
    /// The name for messages, and for the programs that get the token. No login is read or written under it.
    pub profile: Profile,
    /// The command line that makes the request: its beginning, to which scopes are added, and the rest.
    pub again: (String, String),
}
