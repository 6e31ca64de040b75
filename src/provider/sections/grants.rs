//! The sections for the token requests of grants beside the code's.

use std::collections::BTreeMap;

use crate::provider::departure::Departure;
use crate::provider::endpoint::UrlTemplates;
use crate::provider::keys::keys;
use crate::provider::quirks::{IdleLimit, RefreshScope, RefreshWith, TokenMethod};

keys! {
    /// RFC 6749 §6.
    #[derive(Default)]
    pub struct Refresh {
        departure url: String {
            help: "The URL to refresh a token",
            rfc: "the token endpoint (RFC 6749 §6)",
            example: "\"https://shop.example/oauth/refresh\"",
        }
        departure grant_type: String {
            help: "The grant's name in the request",
            rfc: "`refresh_token` (RFC 6749 §6)",
            example: "\"extend_token\"",
        }
        departure method: TokenMethod {
            help: "The method of the request. With GET its parameters are in the query",
            rfc: "that of the token endpoint",
            example: "\"GET\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters of a refresh, instead of those of `token.params`",
            rfc: "no further parameters",
            example: "{ audience = \"https://shop.example\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "`refresh_token` (RFC 6749 §6)",
            example: "{ refresh_token = \"token\" }",
        }
        departure omit: Vec<String> {
            help: "Parameters to leave out (the RFC's names), instead of those of `token.omit`",
            rfc: "every parameter of RFC 6749 §6",
            example: "[\"client_secret\"]",
        }
        departure with: RefreshWith {
            help: "The token that a refresh presents",
            rfc: "the refresh token (RFC 6749 §6)",
            example: "\"access\"",
        }
        departure scope: RefreshScope {
            help: "What a refresh does that asks for fewer scopes, as `token --scope` does: it `narrows` the token, or they are `ignored`, which is said before anything is sent",
            rfc: "it narrows the token (RFC 6749 §6), if the reply or the token says so",
            example: "\"ignored\"",
        }
        departure idle: IdleLimit {
            help: "The time after which a refresh token dies that is not used. `refresh --due` uses it before, and `status` shows the end",
            rfc: "it lives until the server ends it (RFC 6749 §1.5)",
            example: "\"90d\"",
        }
        departure extends: bool {
            help: "The reply need not name a token: the one that was presented lives on. Only with `with = \"access\"`",
            rfc: "the reply has the new token (RFC 6749 §5.1)",
            example: "true",
        }
    }
}

keys! {
    /// RFC 8693, right after the login or on request.
    #[derive(Default)]
    pub struct Exchange {
        key url: UrlTemplates {
            help: "The URL to exchange the login's token at once for another one, such as one that lives longer. Of several, the first whose parameters all have a value",
            absent: "none, so the login keeps its first token",
            example: "\"https://shop.example/oauth/long-lived\"",
        }
        departure grant_type: String {
            help: "The grant's name in the request",
            rfc: "urn:ietf:params:oauth:grant-type:token-exchange (RFC 8693 §2.1)",
            example: "\"exchange_token\"",
        }
        departure method: TokenMethod {
            help: "The method of the request. With GET its parameters are in the query",
            rfc: "that of the token endpoint",
            example: "\"GET\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters to add, or another `subject_token_type`. `{client_id}` and the definition's own are filled in",
            rfc: "no further parameters",
            example: "{ audience = \"https://shop.example\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "`subject_token` and `subject_token_type` (RFC 8693 §2.1)",
            example: "{ subject_token = \"access_token\" }",
        }
        departure omit: Vec<String> {
            help: "Parameters to leave out (the RFC's names)",
            rfc: "every parameter of RFC 8693 §2.1",
            example: "[\"subject_token_type\"]",
        }
        departure on_request: bool {
            help: "The token is exchanged by `oauthctl exchange` only, such as an old one that never ends",
            rfc: "the token of every login is exchanged",
            example: "true",
        }
        departure repeatable_days: u16 {
            help: "The days for which the same exchange may be repeated: its reply is the same again",
            rfc: "an exchange may spend its token",
            example: "7",
        }
        key note: Option<String> {
            help: "A note to read before an exchange on request",
            absent: "nothing",
            example: "\"apps of your own shop need none\"",
        }
    }
}

keys! {
    /// RFC 6749 §4.4.
    #[derive(Default)]
    pub struct ClientCredentials {
        departure grant_type: String {
            help: "The grant's name in the request",
            rfc: "`client_credentials` (RFC 6749 §4.4.2)",
            example: "\"account_credentials\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters of the request, instead of those of `token.params`. The definition's own are filled in",
            rfc: "no further parameters",
            example: "{ audience = \"https://api.shop.example\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "`scope` (RFC 6749 §4.4.2)",
            example: "{ scope = \"permissions\" }",
        }
    }
}
