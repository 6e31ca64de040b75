//! Replies as providers word them, each sent by a server to a real login.

use super::own::refused;
use super::{Way, way};

const JSON: &[&str] = &["Content-Type: application/json"];
const HTML: &[&str] = &["Content-Type: text/html"];

pub fn ways() -> Vec<Way> {
    let scripted = "scripted";
    vec![
        way(scripted, "a code that Google calls malformed", "code_refused", || {
            refused("400 Bad Request", JSON, r#"{"error":"invalid_grant","error_description":"Malformed auth code."}"#)
        }),
        way(scripted, "an unauthorized client, as Google has it", "secret_wrong", || {
            refused("401 Unauthorized", JSON, r#"{"error":"unauthorized_client","error_description":"Unauthorized"}"#)
        }),
        way(scripted, "a client that was deleted", "client_unknown", || {
            refused(
                "401 Unauthorized",
                JSON,
                r#"{"error":"deleted_client","error_description":"The OAuth client was deleted."}"#,
            )
        }),
        way(scripted, "an app for one organization", "denied", || {
            refused(
                "403 Forbidden",
                JSON,
                r#"{"error":"org_internal","error_description":"This client is restricted to users within its organization."}"#,
            )
        }),
        way(scripted, "a secret that has expired (AADSTS7000222)", "secret_wrong", || {
            refused(
                "401 Unauthorized",
                JSON,
                r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app are expired."}"#,
            )
        }),
        way(scripted, "a tenant that is not there (AADSTS90002)", "tenant_unknown", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"invalid_request","error_description":"AADSTS90002: Tenant x not found."}"#,
            )
        }),
        way(scripted, "a consent that is missing (AADSTS65001)", "interaction_required", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"invalid_grant","error_description":"AADSTS65001: The user or administrator has not consented to use the application."}"#,
            )
        }),
        way(scripted, "a resource of no tenant (AADSTS500011)", "resource_refused", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal named x was not found in the tenant named y."}"#,
            )
        }),
        way(scripted, "a wrong secret, as Keycloak has it", "secret_wrong", || {
            refused(
                "401 Unauthorized",
                JSON,
                r#"{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}"#,
            )
        }),
        way(scripted, "a realm that is not there", "tenant_unknown", || {
            refused("404 Not Found", JSON, r#"{"error":"Realm does not exist"}"#)
        }),
        way(scripted, "a request without TLS, as Keycloak has it", "https_required", || {
            refused("403 Forbidden", JSON, r#"{"error":"invalid_request","error_description":"HTTPS required"}"#)
        }),
        way(scripted, "a wrong secret, as Auth0 has it", "secret_wrong", || {
            refused("401 Unauthorized", JSON, r#"{"error":"access_denied","error_description":"Unauthorized"}"#)
        }),
        way(scripted, "another redirect URI, as Auth0 has it", "redirect_uri_differs", || {
            refused(
                "403 Forbidden",
                JSON,
                r#"{"error":"invalid_grant","error_description":"The redirect URI is wrong. You sent http://127.0.0.1:1, and we expected http://localhost:3000/cb"}"#,
            )
        }),
        way(scripted, "the secret in the body, as Hydra has it", "secret_in_wrong_place", || {
            refused(
                "401 Unauthorized",
                JSON,
                r#"{"error":"invalid_client","error_description":"Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method). The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method 'client_secret_post' was requested."}"#,
            )
        }),
        way(scripted, "a code used twice, as Hydra has it", "code_used_twice", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"invalid_grant","error_description":"The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client. The authorization code has already been used."}"#,
            )
        }),
        way(scripted, "a secret in the body, as Spring has it", "secret_in_wrong_place", || {
            refused(
                "401 Unauthorized",
                JSON,
                r#"{"error":"unauthorized","error_description":"Full authentication is required to access this resource"}"#,
            )
        }),
        way(scripted, "no such path, as Spring has it", "endpoint_not_there", || {
            refused("404 Not Found", JSON, r#"{"timestamp":1,"status":404,"error":"Not Found","path":"/oauth/token"}"#)
        }),
        way(scripted, "an unknown code, as HubSpot has it", "code_refused", || {
            refused("400 Bad Request", JSON, r#"{"status":"BAD_AUTH_CODE","message":"missing or unknown auth code"}"#)
        }),
        way(scripted, "an expired code, as HubSpot has it", "code_expired", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"status":"EXPIRED_AUTHORIZATION_CODE","message":"authorization code expired"}"#,
            )
        }),
        way(scripted, "a wrong client, as HubSpot has it", "client_unknown", || {
            refused("400 Bad Request", JSON, r#"{"status":"BAD_CLIENT_ID","message":"missing or invalid client id"}"#)
        }),
        way(scripted, "an invalid code, as Zoom has it", "code_refused", || {
            refused("400 Bad Request", JSON, r#"{"reason":"Invalid authorization code","error":"invalid_request"}"#)
        }),
        way(scripted, "a restricted address, as Salesforce has it", "denied", || {
            refused("400 Bad Request", JSON, r#"{"error":"invalid_grant","error_description":"ip restricted"}"#)
        }),
        way(scripted, "too many logins, as Salesforce has it", "server_busy", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}"#,
            )
        }),
        way(scripted, "a code used twice, as Facebook has it", "code_used_twice", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":{"message":"This authorization code has been used.","type":"OAuthException","code":100,"error_subcode":36009}}"#,
            )
        }),
        way(scripted, "an app that is not known, as Facebook has it", "client_unknown", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":{"message":"Error validating application. Cannot get application info due to a system error.","type":"OAuthException","code":101}}"#,
            )
        }),
        way(scripted, "several reasons at once, as LinkedIn has it", "code_refused", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"invalid_request","error_description":"Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired."}"#,
            )
        }),
        way(scripted, "no Basic header, as X has it", "secret_in_wrong_place", || {
            refused(
                "401 Unauthorized",
                JSON,
                r#"{"error":"unauthorized_client","error_description":"Missing valid authorization header"}"#,
            )
        }),
        way(scripted, "an invalid code, as Twitch has it", "code_refused", || {
            refused("400 Bad Request", JSON, r#"{"status":400,"message":"Invalid authorization code"}"#)
        }),
        way(scripted, "an unauthorized client, as Discord has it", "secret_wrong", || {
            refused("401 Unauthorized", JSON, r#"{"message":"401: Unauthorized","code":0}"#)
        }),
        way(scripted, "a limit, as Slack has it", "server_busy", || {
            refused("200 OK", JSON, r#"{"ok":false,"error":"ratelimited"}"#)
        }),
        way(scripted, "a fault, as Slack has it", "server_fault", || {
            refused("200 OK", JSON, r#"{"ok":false,"error":"internal_error"}"#)
        }),
        way(scripted, "a code not found, as Shopify has it", "code_refused", || {
            refused(
                "400 Bad Request",
                JSON,
                r#"{"error":"invalid_request","error_description":"The authorization code was not found or was already used"}"#,
            )
        }),
        way(scripted, "a body of another format", "body_format_refused", || {
            refused(
                "415 Unsupported Media Type",
                JSON,
                r#"{"status":415,"message":"Content-Type 'application/x-www-form-urlencoded' not supported"}"#,
            )
        }),
        way(scripted, "a page that names the error, as Shopify has it", "code_refused", || {
            let page =
                "<title>Oauth error invalid_request: The authorization code was not found or was already used</title>";
            refused("400 Bad Request", HTML, page)
        }),
        way(scripted, "a network that sends to its login page", "endpoint_redirects", || {
            refused("302 Found", &["Location: http://captive.portal.example/login"], "")
        }),
        way(scripted, "a line of a firewall", "firewall_page", || {
            refused("403 Forbidden", &["Content-Type: text/plain", "Server: cloudflare"], "error code: 1020")
        }),
    ]
}
