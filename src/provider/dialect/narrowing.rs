//! Whether a refresh can bring a token with fewer scopes than the login has (RFC 6749 §6).

use super::{Dialect, omits};
use crate::provider::departure::value_of;
use crate::provider::quirks::RefreshScope;

/// What becomes of the scopes in a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrowing {
    /// The definition says that they count, whatever the reply says.
    Documented,
    /// They are sent, and the reply has to say what came of it.
    Unproven,
    /// They cannot be sent, or would do nothing.
    Impossible,
}

impl Dialect<'_> {
    /// Returns what a refresh does that asks for fewer scopes.
    pub fn narrowing(&self) -> Narrowing {
        let definition = &self.provider.definition;
        let (refresh, token) = (&definition.refresh, &definition.token);
        let omit = if refresh.omit.is_some() { &refresh.omit } else { &token.omit };
        let params = if refresh.params.is_some() { &refresh.params } else { &token.params };
        let has_own = value_of(params).is_some_and(|params| params.contains_key("scope"));
        // The presented access token is replaced by the one that comes: the login would be narrower for good.
        if self.refreshes_with_access_token() || omits(omit, "scope") || has_own {
            return Narrowing::Impossible;
        }
        match value_of(&refresh.scope) {
            Some(RefreshScope::Narrows) => Narrowing::Documented,
            Some(RefreshScope::Ignored) => Narrowing::Impossible,
            None => Narrowing::Unproven,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::Provider;

    #[test]
    fn a_definition_says_whether_a_refresh_can_narrow() {
        let cases = [
            ("", Narrowing::Unproven),
            ("refresh.scope = 'narrows'", Narrowing::Documented),
            ("refresh.scope = 'ignored'", Narrowing::Impossible),
            ("refresh.scope = 'narrows'\nrefresh.with = 'access'", Narrowing::Impossible),
            ("refresh.omit = ['scope']", Narrowing::Impossible),
            ("token.omit = ['scope']", Narrowing::Impossible),
            ("token.omit = ['scope']\nrefresh.omit = ['client_secret']", Narrowing::Unproven),
            ("token.params = { scope = 'all' }", Narrowing::Impossible),
            ("refresh.params = { scope = 'all' }", Narrowing::Impossible),
        ];
        for (keys, expected) in cases {
            let provider = Provider::new(toml::from_str(keys).unwrap(), BTreeMap::new(), None).unwrap();
            assert_eq!(Dialect::new(&provider).narrowing(), expected, "{keys}");
        }
    }
}
