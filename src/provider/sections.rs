//! The sections of a definition with their keys.

mod device;
mod grants;
mod openid;
mod par;
mod sample;
pub use device::Device;
pub use grants::{ClientCredentials, Exchange, Refresh};
pub use openid::OpenId;
pub use par::Par;
pub use sample::Sample;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::departure::Departure;
use super::endpoint::UrlTemplates;
use super::keys::{Form, Keyed, keys};
use super::probe::ScopesList;
use super::quirks::{
    BasicHalves, CallbackSignature, ExpiryUnit, IssuerEcho, Lifetime, LoopbackRule, Paging, Pkce, Rate, StateEcho,
    SuccessMark, TokenBody, TokenMethod, TokenPlacement,
};
use super::refusal::Refusal;
use super::token_prefix::TokenPrefix;
use crate::protocol::client::ClientAuthMethod;

keys! {
    /// The registration of an app at the provider.
    #[derive(Default)]
    pub struct App {
        key page: Option<String> {
            help: "The page to register the app",
            absent: "unknown",
            example: "\"https://shop.example/settings/apps\"",
        }
        key steps: Vec<String> {
            help: "The steps there, one sentence each. `{redirect_uri}` is replaced by ours",
            absent: "none",
            example: "[\"Create an app with the redirect URI {redirect_uri}\"]",
        }
        key revoke_page: Option<String> {
            help: "The page to remove an app's access",
            absent: "unknown",
            example: "\"https://shop.example/settings/access\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key clients_of: Option<String> {
            help: "The id under which its clients are registered: providers with the same authorization server share them",
            absent: "the provider's own id",
            example: "\"login.shop.example\"",
        }
    }
}

keys! {
    /// RFC 6749 §4.1.1.
    #[derive(Default)]
    pub struct Authorize {
        key url: UrlTemplates {
            help: "The URL to open in the browser. Of several, the first whose parameters all have a value",
            absent: "none, so no login in the browser",
            example: "\"https://shop.example/oauth/authorize\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key issuer: Option<String> {
            help: "The authorization server's issuer. If set, the callback must name it, or may with `callback.iss` (RFC 9207)",
            absent: "the callback need not name it, and one that it names is not compared",
            example: "\"https://shop.example\"",
        }
        departure response_type: String {
            help: "The `response_type` of the preferred grant in the browser",
            rfc: "`code`, or `token` of the implicit grant (RFC 6749 §3.1.1)",
            example: "\"server\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters to add. `{state}`, `{client_id}`, `{random}` and the definition's own are filled in",
            rfc: "no further parameters",
            example: "{ access_type = \"offline\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "the RFC's parameter names (RFC 6749 §4.1.1)",
            example: "{ client_id = \"app_id\" }",
        }
        departure omit: Vec<String> {
            help: "Parameters to leave out (the RFC's names)",
            rfc: "every parameter of RFC 6749 §4.1.1",
            example: "[\"response_type\"]",
        }
        departure pkce: Pkce {
            help: "Protection of the login with PKCE",
            rfc: "S256 (RFC 7636 §4.2)",
            example: "\"off\"",
        }
        departure route: String {
            help: "The route of a page that reads the parameters from its fragment",
            rfc: "no fragment in the endpoint (RFC 6749 §3.1)",
            example: "\"#/oauth\"",
        }
    }
}

keys! {
    /// RFC 6749 §4.1.2.
    #[derive(Default)]
    pub struct Callback {
        departure state: StateEcho {
            help: "The provider's handling of `state`. A person has to confirm a callback without it",
            rfc: "echoed (RFC 6749 §4.1.2)",
            example: "\"may-be-missing\"",
        }
        departure iss: IssuerEcho {
            help: "Whether the callback names `authorize.issuer`. Another issuer always ends the login",
            rfc: "sent (RFC 9207 §2.4)",
            example: "\"may-be-missing\"",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "`code` and `state` (RFC 6749 §4.1.2)",
            example: "{ code = \"auth_code\" }",
        }
        departure signature: CallbackSignature {
            help: "A signature over the other parameters: HMAC-SHA256 in hex with the client secret as key",
            rfc: "no signature",
        }
    }
}

keys! {
    /// The redirect URIs that can be registered (RFC 6749 §3.1.2, RFC 8252 §7).
    #[derive(Default)]
    pub struct Redirect {
        departure https_only: bool {
            help: "Only https can be registered, even on loopback",
            rfc: "http on loopback (RFC 8252 §7.3)",
            example: "true",
        }
        departure loopback: LoopbackRule {
            help: "The loopback redirect URIs that the provider accepts",
            rfc: "any port of a loopback IP literal (RFC 8252 §7.3)",
            example: "\"exact\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key uri: Option<String> {
            help: "The redirect URI to use if none is typed",
            absent: "http://127.0.0.1:8765/callback, or https://localhost:8443/callback where only https can be registered",
            example: "\"http://127.0.0.1:8765/callback\"",
        }
        key note: Option<String> {
            help: "Further remarks",
            absent: "nothing",
            example: "\"one redirect URI for each app\"",
        }
    }
}

keys! {
    /// RFC 6749 §4.1.3 and §5.
    #[derive(Default)]
    pub struct Token {
        key url: UrlTemplates {
            help: "The URL to exchange the code. Of several, the first whose parameters all have a value",
            absent: "none, so no code can be exchanged",
            example: "\"https://shop.example/oauth/token\"",
        }
        departure auth: ClientAuthMethod {
            help: "The place of the client secret: in the body, in a Basic header, or nowhere",
            rfc: "Basic, which servers must support (RFC 6749 §2.3.1); until 1.0, a file without the key sends it in the body",
            example: "\"basic\"",
        }
        departure grant_type: String {
            help: "The `grant_type` of the request with a code",
            rfc: "`authorization_code` (RFC 6749 §4.1.3)",
            example: "\"code\"",
        }
        departure body: TokenBody {
            help: "The encoding of the parameters",
            rfc: "form (RFC 6749 §4.1.3)",
            example: "\"json\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters to add. `{state}`, `{client_id}` and the definition's own are filled in",
            rfc: "no further parameters",
            example: "{ audience = \"https://shop.example\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "the RFC's parameter names (RFC 6749 §4.1.3)",
            example: "{ client_id = \"app_id\" }",
        }
        departure omit: Vec<String> {
            help: "Parameters to leave out (the RFC's names)",
            rfc: "every parameter of RFC 6749 §4.1.3",
            example: "[\"redirect_uri\"]",
        }
        departure headers: BTreeMap<String, String> {
            help: "Headers to add. `{client_id}`, `{random}` (another UUID in each request) and the definition's own parameters are filled in",
            rfc: "no further headers",
            example: "{ X-Client-Id = \"{client_id}\" }",
        }
        departure response: BTreeMap<String, String> {
            help: "The places of the reply's members: the RFC's name, or `expires_at`, `refresh_token_expires_in` or `refresh_token_expires_at` = a dotted path",
            rfc: "the RFC's member names (RFC 6749 §5.1)",
            example: "{ access_token = \"data.accessToken\" }",
        }
        departure further: BTreeMap<String, String> {
            help: "Further access tokens in the reply, which are kept with the login: a name of your choice = a dotted path. `token`, `call` and `exec` use one with `--which NAME`",
            rfc: "one access token (RFC 6749 §5.1)",
            example: "{ user = \"authed_user.access_token\" }",
        }
        departure lifetime: Lifetime {
            help: "`never`, whatever the reply says, or the lifetime of a token if the reply does not say",
            rfc: "`expires_in` of the reply (RFC 6749 §5.1)",
            example: "\"1h\"",
        }
        departure expires_unit: ExpiryUnit {
            help: "The unit of `expires_in` and `refresh_token_expires_in`",
            rfc: "seconds (RFC 6749 §5.1)",
            example: "\"milliseconds\"",
        }
        departure method: TokenMethod {
            help: "The method of the request",
            rfc: "POST (RFC 6749 §3.2)",
            example: "\"GET\"",
        }
        departure prefixes: Vec<TokenPrefix> {
            help: "The beginnings of tokens by which they are recognized",
            rfc: "opaque (RFC 6749 §1.4)",
        }
        departure basic: BasicHalves {
            help: "The two halves of the Basic header",
            rfc: "client id and secret (RFC 6749 §2.3.1)",
        }
        departure ok: SuccessMark {
            help: "The mark of a success, if failures have status 200 too",
            rfc: "the status (RFC 6749 §5.1)",
        }
        departure error: Vec<String> {
            help: "Dotted paths to the message of a failure; the first one that exists is used",
            rfc: "`error` (RFC 6749 §5.2)",
            example: "[\"message\"]",
        }
    }
}

keys! {
    /// RFC 7009.
    #[derive(Default)]
    pub struct Revoke {
        departure url: String {
            help: "The URL to revoke a token",
            rfc: "RFC 7009, if there is one",
            example: "\"https://shop.example/oauth/revoke\"",
        }
        departure params: BTreeMap<String, String> {
            help: "Parameters to add. `{client_id}` and the definition's own are filled in",
            rfc: "no further parameters",
            example: "{ app = \"{client_id}\" }",
        }
        departure names: BTreeMap<String, String> {
            help: "Other parameter names: the RFC's name = the provider's name",
            rfc: "`token` (RFC 7009 §2.1)",
            example: "{ token = \"access_token\" }",
        }
        departure auth: ClientAuthMethod {
            help: "The place of the client secret there, if it is another one than in `token.auth`",
            rfc: "as at the token endpoint (RFC 7009 §2.1, RFC 8414 §2)",
            example: "\"basic\"",
        }
    }
}

keys! {
    /// RFC 7662.
    #[derive(Default)]
    pub struct Introspect {
        departure url: String {
            help: "The URL to query what a token may do",
            rfc: "RFC 7662, if there is one",
            example: "\"https://shop.example/oauth/introspect\"",
        }
        departure auth: ClientAuthMethod {
            help: "The place of the client secret there, if it is another one than in `token.auth`",
            rfc: "as at the token endpoint (RFC 7662 §2.1, RFC 8414 §2)",
            example: "\"basic\"",
        }
        departure app: String {
            help: "The registered app (`oauthctl app set ID --app NAME`) whose credentials are sent there, for providers that answer only the API's own client",
            rfc: "any client of the server may ask (RFC 7662 §2.1)",
            example: "\"introspector\"",
        }
    }
}

keys! {
    /// The API that the token is for.
    #[derive(Default)]
    pub struct Api {
        key base: UrlTemplates {
            help: "The base URL. The token is sent to this origin",
            absent: "none, so `call` cannot be used",
            example: "\"https://shop.example/api\"",
        }
        key origins: Vec<String> {
            help: "Further origins that may receive the token",
            absent: "none",
            example: "[\"https://files.shop.example\"]",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key resource: Option<String> {
            help: "The resource that tokens are for; sent with every authorization and token request (RFC 8707)",
            absent: "none is named",
            example: "\"https://shop.example/api\"",
        }
        departure token: Vec<TokenPlacement> {
            help: "The places of the token in a request, the preferred one first",
            rfc: "`Authorization: Bearer` (RFC 6750 §2.1)",
        }
        departure denied: Vec<Refusal> {
            help: "The API's reply for a valid token without permission",
            rfc: "403 with `insufficient_scope` (RFC 6750 §3.1)",
        }
        departure invalid_token: Vec<Refusal> {
            help: "The API's reply for a token that is expired, revoked or unknown, beside 401. The token is then refreshed once",
            rfc: "401, or `invalid_token` (RFC 6750 §3.1)",
        }
        departure headers: BTreeMap<String, String> {
            help: "Headers to add to every request. `{client_id}`, `{client_secret}`, `{random}` (another UUID in each request) and the definition's own parameters are filled in; without a value of an optional one the header is left out",
            rfc: "no further headers",
            example: "{ Accept = \"application/json\" }",
        }
        departure query: BTreeMap<String, String> {
            help: "Query parameters to add to every request. `{client_id}` and the definition's own are filled in; without a value of an optional one the parameter is left out",
            rfc: "no further parameters",
            example: "{ version = \"2\" }",
        }
        departure paging: Paging {
            help: "The API's pagination",
            rfc: "no pagination; `Link` is RFC 8288",
        }
        key rows: Vec<String> {
            help: "Dotted paths to a page's rows, of which `--paginate` makes one array; `*` is the list that seems to be them",
            absent: "a page that is an array; others stay whole",
            example: "[\"data\"]",
        }
        departure error: Vec<String> {
            help: "Dotted paths to the message of an error; the first one that exists is used",
            rfc: "`error_description` (RFC 6749 §5.2) or `detail` (RFC 9457 §3.1)",
            example: "[\"error.message\"]",
        }
        departure scopes_header: String {
            help: "The response header that lists the scopes of the token",
            rfc: "no such header",
            example: "\"X-OAuth-Scopes\"",
        }
        departure rate: Rate {
            help: "The published rate of requests, which `scopes --probe` keeps to",
            rfc: "no rate that is known; 429 with `Retry-After` is honored (RFC 6585 §4)",
        }
        departure scopes_list: ScopesList {
            help: "The request that lists the scopes of the token",
            rfc: "no such request",
        }
        key example: Option<String> {
            help: "An example request, for the hints",
            absent: "none",
            example: "\"/api/v1/products\"",
        }
    }
}

keys! {
    /// Values documented elsewhere.
    pub struct Alternative {
        key note: String {
            help: "The difference to this definition",
            required,
            example: "\"the newer documents have other hosts\"",
        }
        key source: String { help: "The source of the values", required, example: "\"https://shop.example/docs/new\"" }
        key checked: String { help: "The date they were read", required, example: "\"2026-01-31\"" }
        key set: Overlay {
            help: "Keys of the definition, as in a file over it",
            required,
            example: "{ api = { base = \"https://api.shop.example\" } }",
        }
    }
}

/// Keys to lay over a definition.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overlay(pub toml::Table);

impl Keyed for Overlay {
    const FORM: Form = Form::Overlay;
}
