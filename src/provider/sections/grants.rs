//! The sections for the token requests of grants beside the code's.

use std::collections::BTreeMap;

use crate::provider::departure::Departure;
use crate::provider::keys::keys;
use crate::provider::quirks::RefreshWith;

keys! {
    /// RFC 6749 §6.
    #[derive(Default)]
    pub struct Refresh {
        departure url: String {
            help: "The URL to refresh a token",
            rfc: "the token endpoint (RFC 6749 §6)",
            example: "\"https://shop.example/oauth/refresh\"",
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
        departure with: RefreshWith {
            help: "The token that a refresh presents",
            rfc: "the refresh token (RFC 6749 §6)",
            example: "\"access\"",
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
