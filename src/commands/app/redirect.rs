//! The redirect URI that an app is registered with, unless a login names another one.

use crate::protocol::redirect_uri::DEFAULT_REDIRECT_URI;
use crate::provider::{Dialect, ProviderDefinition};

/// The redirect URI to register at providers that accept only https.
pub const HTTPS_REDIRECT_URI: &str = "https://localhost:8443/callback";

/// Returns the default redirect URI, for registration and login. An emulator accepts http.
pub fn default_redirect_uri(definition: &ProviderDefinition, is_emulated: bool) -> &str {
    if let Some(uri) = definition.redirect.uri.as_deref().filter(|_| !is_emulated) {
        return uri;
    }
    let https_only = Dialect::redirects_to_https_only(definition) && !is_emulated;
    if https_only { HTTPS_REDIRECT_URI } else { DEFAULT_REDIRECT_URI }
}
