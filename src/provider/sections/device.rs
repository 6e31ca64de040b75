//! The section `[device]`: the departures from RFC 8628.

use std::collections::BTreeMap;

use crate::provider::departure::Departure;
use crate::provider::endpoint::UrlTemplates;
use crate::provider::keys::keys;

keys! {
    /// RFC 8628.
    #[derive(Default)]
    pub struct Device {
        key url: UrlTemplates {
            help: "The URL to get a device code and a user code. Of several, the first whose parameters all have a value",
            absent: "none, so no login by a code on another device",
            example: "\"https://shop.example/oauth/device/code\"",
        }
        departure token_url: String {
            help: "The URL to poll for the token",
            rfc: "the token endpoint (RFC 8628 §3.4)",
            example: "\"https://shop.example/oauth/device/token\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters to add to the request for the codes. `{client_id}` and the definition's own are filled in",
            rfc: "no further parameters",
            example: "{ audience = \"https://shop.example\" }",
        }
        departure token_params: BTreeMap<String, String> {
            help: "Parameters of a poll, instead of those of `token.params`. `{client_id}`, `{user_code}`, `{scope}` and the definition's own are filled in",
            rfc: "no further parameters",
            example: "{ user_code = \"{user_code}\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names in the request for the codes: the RFC's name = the provider's name. Those of a poll are in `token.names`",
            rfc: "`client_id` and `scope` (RFC 8628 §3.1)",
            example: "{ scope = \"scopes\" }",
        }
        departure grant: String {
            help: "The `grant_type` of a poll",
            rfc: "urn:ietf:params:oauth:grant-type:device_code (RFC 8628 §3.4)",
            example: "\"device_code\"",
        }
        departure response: BTreeMap<String, String> {
            help: "The places of the reply's members: the RFC's name = a dotted path",
            rfc: "the RFC's member names (RFC 8628 §3.2)",
            example: "{ verification_uri = \"verification_url\" }",
        }
        departure error: Vec<String> {
            help: "Dotted paths to the code of a poll's error; the first one that exists is used",
            rfc: "`error` (RFC 8628 §3.5)",
            example: "[\"message\"]",
        }
        departure errors: BTreeMap<String, String> {
            help: "Other codes of a poll's errors: the RFC's code = the provider's code, or the status that stands for it",
            rfc: "`authorization_pending`, `slow_down`, `access_denied` and `expired_token` (RFC 8628 §3.5)",
            example: "{ access_denied = \"authorization_declined\" }",
        }
    }
}
