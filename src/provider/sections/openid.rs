//! The section `[openid]`: where the issuer of ID tokens publishes what they are checked with.

use crate::provider::departure::Departure;
use crate::provider::keys::keys;

keys! {
    /// OpenID Connect Core and Discovery.
    #[derive(Default)]
    pub struct OpenId {
        #[serde(skip_serializing_if = "Option::is_none")]
        key issuer: Option<String> {
            help: "The issuer that an ID token must name. The definition's own parameters are filled in; another `{NAME}` stands for any segment of the path",
            absent: "`authorize.issuer`; without both, an ID token is kept without being verified",
            example: "\"https://shop.example\"",
        }
        departure jwks_url: String {
            help: "The URL of the issuer's public keys (JWK Set, RFC 7517), which verify an ID token's signature",
            rfc: "none, so a signature is not verified (OpenID Connect Core §3.1.3.7 allows it for a token from the token endpoint)",
            example: "\"https://shop.example/.well-known/jwks.json\"",
        }
        departure userinfo_url: String {
            help: "The URL that says who the person is, for `status --userinfo`. The token is sent there only if the server is one of `authorize.url`, `token.url`, `api.base` or `api.origins`",
            rfc: "OpenID Connect Core §5.3, if there is one",
            example: "\"https://shop.example/userinfo\"",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key algorithms: Vec<String> {
            help: "The algorithms that an ID token may be signed with: RS, PS (256, 384, 512), ES (256, 384), EdDSA, HS256",
            absent: "all of them but HS256, whose key is the client secret and which has to be listed",
            example: "[\"RS256\"]",
        }
    }
}
