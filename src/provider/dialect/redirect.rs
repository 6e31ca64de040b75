//! Which redirect URIs a provider takes (RFC 6749 §3.1.2, RFC 8252 §7). It is asked before there is a value for every
//! parameter, so the definition alone answers.

use super::Dialect;
use crate::provider::ProviderDefinition;
use crate::provider::departure::value_of;
use crate::provider::quirks::LoopbackRule;

impl Dialect<'_> {
    /// Whether the provider registers no redirect URI with plain http, not even on loopback.
    pub fn redirects_to_https_only(definition: &ProviderDefinition) -> bool {
        value_of(&definition.redirect.https_only) == Some(&true)
    }

    /// Whether the provider may send the browser to a loopback address; where the documents are silent, it may.
    pub fn redirects_to_loopback(definition: &ProviderDefinition) -> bool {
        value_of(&definition.redirect.loopback) != Some(&LoopbackRule::No)
    }
}
