//! The redirect URIs that a provider accepts (RFC 6749 §3.1.2, RFC 8252 §7). They are needed before every parameter has
//! a value, so the definition alone answers.

use super::Dialect;
use crate::provider::ProviderDefinition;
use crate::provider::departure::value_of;
use crate::provider::quirks::LoopbackRule;

impl Dialect<'_> {
    /// Returns `true` if the provider registers only https redirect URIs, even on loopback.
    pub fn redirects_to_https_only(definition: &ProviderDefinition) -> bool {
        value_of(&definition.redirect.https_only) == Some(&true)
    }

    /// Returns `true` if the provider may refuse http on loopback: its documents were read and do not say.
    pub fn may_refuse_http(definition: &ProviderDefinition) -> bool {
        value_of(&definition.redirect.loopback) == Some(&LoopbackRule::Unknown)
    }

    /// Returns `true` if the provider may send the browser to a loopback address. If the documents are silent, it may.
    pub fn redirects_to_loopback(definition: &ProviderDefinition) -> bool {
        value_of(&definition.redirect.loopback) != Some(&LoopbackRule::No)
    }
}
