//! The further secrets of a login, by the names of the parameters that they are for, and the variables that give them.

use std::collections::BTreeMap;

use super::secret::Secret;

/// Secrets by the names of their parameters.
pub type Secrets = BTreeMap<String, Secret>;

/// What the names of the variables begin with that give a secret to a login.
pub const VARIABLES: &str = "OAUTHCTL_PARAM_";

/// Returns the environment variable that gives the secret of this name.
pub fn variable_of(name: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{VARIABLES}{}", name.chars().map(upper).collect::<String>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_variable_has_capitals_and_underscores() {
        assert_eq!(super::variable_of("developer-token"), "OAUTHCTL_PARAM_DEVELOPER_TOKEN");
    }
}
