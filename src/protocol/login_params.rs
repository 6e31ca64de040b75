//! What one login asks for beside its provider's definition: `login --auth-param`, `--token-param`, `--response-mode`,
//! `--par`, `--redirect-uri`.
//!
//! It is kept with the login, for two reasons: the parameters of the token request go with every later one of that login,
//! as those of the definition do, and `login` again asks for the same. A parameter whose meaning depends on the login
//! itself (`state`, `code_challenge`, …), or that has a flag of its own, is reserved.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The way back of the answer (OAuth 2.0 Multiple Response Type Encoding Practices §2.1; Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI
    Query,
    /// Behind the `#` of the redirect URI
    Fragment,
    /// As a form that the browser posts to the redirect URI
    #[value(name = "form_post", alias = "form-post")]
    FormPost,
}

impl ResponseMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

/// The part of a login that its command line decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginParams {
    /// Parameters of the authorization request. `{random}` in a value is replaced.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub authorization: BTreeMap<String, String>,
    /// Parameters of each token request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub token: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<ResponseMode>,
    /// True if the request is pushed although the provider does not require it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub push: bool,
    /// The redirect URI, if it is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// Members from a newer version, as in every record.
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl LoginParams {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Parameters of the authorization request that the login sets itself, each with the flag for it.
const OF_AUTHORIZATION: [(&str, Option<&str>); 14] = [
    ("client_id", Some("--app")),
    ("client_secret", None),
    ("code_challenge", None),
    ("code_challenge_method", None),
    ("nonce", None),
    ("redirect_uri", Some("--redirect-uri")),
    ("request", None),
    ("request_uri", Some("--par")),
    ("response_mode", Some("--response-mode")),
    ("response_type", Some("--grant")),
    ("scope", Some("--scope")),
    ("state", None),
    ("client_assertion", None),
    ("client_assertion_type", None),
];

/// Parameters of the token request that the login sets itself.
const OF_TOKEN: [(&str, Option<&str>); 12] = [
    ("client_id", Some("--app")),
    ("client_secret", None),
    ("client_assertion", None),
    ("client_assertion_type", None),
    ("code", None),
    ("code_verifier", None),
    ("device_code", None),
    ("grant_type", Some("--grant")),
    ("redirect_uri", Some("--redirect-uri")),
    ("refresh_token", None),
    ("scope", Some("--scope")),
    ("state", None),
];

/// The request that a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamFor {
    Authorization,
    Token,
}

impl ParamFor {
    pub fn flag(self) -> &'static str {
        match self {
            Self::Authorization => "--auth-param",
            Self::Token => "--token-param",
        }
    }

    /// Returns `Some` if the name is reserved: the flag that sets it, if there is one.
    pub fn reserved(self, name: &str) -> Option<Option<&'static str>> {
        let table: &[_] = match self {
            Self::Authorization => &OF_AUTHORIZATION,
            Self::Token => &OF_TOKEN,
        };
        table.iter().find(|(reserved, _)| *reserved == name).map(|(_, flag)| *flag)
    }
}

/// The reason why parameters cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLoginParam {
    #[error("`{name}` cannot be set with `{flag}`: the login sets it itself")]
    Reserved { name: String, flag: &'static str, instead: Option<&'static str> },
    #[error("`{name}` is set twice with `{flag}`, and a request has it once (RFC 6749 §3.1)")]
    Twice { name: String, flag: &'static str },
    #[error("`{flag}` names no parameter before the `=`")]
    NoName { flag: &'static str },
}

/// Reads the values of one flag. `rfc_name` translates a provider's own name.
pub fn read(
    given: &[(String, String)],
    of: ParamFor,
    rfc_name: impl Fn(&str) -> String,
) -> Result<BTreeMap<String, String>, BadLoginParam> {
    let flag = of.flag();
    let mut read = BTreeMap::new();
    for (name, value) in given {
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Err(BadLoginParam::NoName { flag });
        }
        if let Some(instead) = of.reserved(&name).or_else(|| of.reserved(&rfc_name(&name))) {
            return Err(BadLoginParam::Reserved { name, flag, instead });
        }
        if read.insert(name.clone(), value.clone()).is_some() {
            return Err(BadLoginParam::Twice { name, flag });
        }
    }
    // One without a value is as good as omitted (RFC 6749 §3.1): it takes back what an earlier login asked for.
    read.retain(|_, value| !value.is_empty());
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn what_the_login_sets_itself_is_reserved() {
        let same = |name: &str| name.to_owned();
        for name in ["state", "client_id", "code_challenge", "request", "nonce", "scope", " redirect_uri"] {
            let refused = read(&one(name, "x"), ParamFor::Authorization, same);
            assert!(matches!(refused, Err(BadLoginParam::Reserved { .. })), "{name}");
        }
        for name in ["grant_type", "code", "client_secret", "refresh_token", "code_verifier"] {
            assert!(
                matches!(read(&one(name, "x"), ParamFor::Token, same), Err(BadLoginParam::Reserved { .. })),
                "{name}"
            );
        }
        let renamed = |name: &str| if name == "app_id" { "client_id" } else { name }.to_owned();
        assert!(read(&one("app_id", "x"), ParamFor::Authorization, renamed).is_err());
        assert!(read(&one("", "x"), ParamFor::Token, same).is_err());
        let twice = [one("prompt", "login"), one("prompt", "none")].concat();
        assert!(matches!(read(&twice, ParamFor::Authorization, same), Err(BadLoginParam::Twice { .. })));
        let read =
            read(&[one("prompt", "login"), one("audience", "")].concat(), ParamFor::Authorization, same).unwrap();
        assert_eq!(read, BTreeMap::from([("prompt".to_owned(), "login".to_owned())]));
    }

    #[test]
    fn parameters_that_nobody_set_take_no_room() {
        assert_eq!(serde_json::to_string(&LoginParams::default()).unwrap(), "{}");
        let newer: LoginParams = serde_json::from_str(r#"{"push":true,"newer":1}"#).unwrap();
        assert!(newer.push && serde_json::to_string(&newer).unwrap().contains("newer"));
    }
}
