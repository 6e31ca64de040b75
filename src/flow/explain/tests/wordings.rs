//! What providers really say, each read at the place where it is said. None of it is ours.

use serde_json::{Value, json};

use super::super::{Confidence, diagnose};
use super::record::{EXCHANGE, Made, REFRESH, call, login, of};
use crate::protocol::flow_record::{Body, FlowKind, Leg};

/// What is broken, the status and the reply.
type Said = (&'static str, u16, Value);

fn described(code: &str, words: &str) -> Value {
    json!({"error": code, "error_description": words})
}

#[track_caller]
fn first(made: Made, said: &str) -> (&'static str, Confidence) {
    let findings = diagnose(&made.0, None);
    let first = findings.first().unwrap_or_else(|| panic!("nothing is said of {said}"));
    (first.id, first.confidence)
}

/// Replies to the exchange of a code, with the secret in the body.
fn exchanges() -> Vec<Said> {
    let d = described;
    let hydra = "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is \
                 invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was \
                 issued to another client.";
    let hydra_client = "Client authentication failed (e.g., unknown client, no client authentication included, or \
                        unsupported authentication method). The OAuth 2.0 Client supports client authentication method \
                        'client_secret_basic', but method 'client_secret_post' was requested.";
    vec![
        // The code.
        ("code_refused", 400, d("invalid_grant", "Malformed auth code.")),
        ("code_refused", 400, d("invalid_grant", hydra)),
        ("code_used_twice", 400, d("invalid_grant", &format!("{hydra} The authorization code has already been used."))),
        (
            "code_expired",
            400,
            d("invalid_grant", "AADSTS70008: The provided authorization code has expired due to inactivity."),
        ),
        ("code_used_twice", 400, d("invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed.")),
        ("code_expired", 400, d("invalid_grant", "Der Autorisierungscode ist abgelaufen.")),
        ("code_refused", 200, d("bad_verification_code", "The code passed is incorrect or expired.")),
        ("code_refused", 400, json!({"status": "BAD_AUTH_CODE", "message": "missing or unknown auth code"})),
        ("code_expired", 400, json!({"status": "EXPIRED_AUTHORIZATION_CODE", "message": "authorization code expired"})),
        ("code_refused", 400, json!({"error": "invalid_request", "reason": "Invalid authorization code"})),
        ("code_used_twice", 400, json!({"error": {"message": "This authorization code has been used.", "code": 100}})),
        ("code_refused", 400, json!({"status": 400, "message": "Invalid authorization code"})),
        (
            "code_refused",
            400,
            json!({"type": "INVALID_REQUEST_ERROR", "message": "The authorization code is invalid or expired"}),
        ),
        (
            "code_expired",
            400,
            json!({"errors": [{"code": "invalid_code", "message": "Authorization code has expired"}]}),
        ),
        ("code_refused", 400, d("invalid_request", "The authorization code was not found or was already used")),
        ("code_refused", 400, d("invalid_request", "Value passed for the authorization code was invalid.")),
        (
            "code_refused",
            400,
            d(
                "invalid_request",
                "appid/redirect uri/code verifier does not match authorization code. Or authorization code expired.",
            ),
        ),
        ("code_used_twice", 200, json!({"ok": false, "error": "code_already_used"})),
        // The verifier, and the redirect URI.
        (
            "pkce_verifier_differs",
            400,
            d("invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge."),
        ),
        ("pkce_verifier_differs", 400, d("invalid_request", "Value passed for the code verifier was invalid.")),
        ("redirect_uri_refused", 400, d("invalid_grant", "Incorrect redirect_uri")),
        (
            "redirect_uri_refused",
            400,
            json!({"status": "BAD_REDIRECT_URI", "message": "missing or invalid redirect_uri"}),
        ),
        (
            "redirect_uri_differs",
            403,
            d(
                "invalid_grant",
                "The redirect URI is wrong. You sent http://127.0.0.1:1/x, and we expected http://localhost:3000/cb",
            ),
        ),
        (
            "redirect_uri_refused",
            400,
            json!({"error": {"message": "Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request", "code": 100}}),
        ),
        // The client.
        ("client_unknown", 401, d("deleted_client", "The OAuth client was deleted.")),
        ("client_unknown", 400, d("unauthorized_client", "Unknown client or client not enabled")),
        (
            "client_unknown",
            400,
            json!({"error": {"message": "Error validating application. Cannot get application info.", "code": 101}}),
        ),
        ("secret_wrong", 401, d("unauthorized_client", "Invalid client or Invalid client credentials")),
        ("secret_wrong", 401, d("unauthorized_client", "Unauthorized")),
        ("secret_wrong", 401, d("access_denied", "Unauthorized")),
        ("secret_wrong", 401, json!({"message": "401: Unauthorized", "code": 0})),
        ("secret_wrong", 403, json!({"status": 403, "message": "invalid client secret"})),
        (
            "secret_wrong",
            401,
            d("invalid_client", "AADSTS7000222: The provided client secret keys for app 'x' are expired."),
        ),
        ("secret_wrong", 401, d("unauthorized", "Bad credentials")),
        ("secret_in_wrong_place", 401, d("invalid_client", hydra_client)),
        ("secret_in_wrong_place", 401, d("unauthorized_client", "Missing valid authorization header")),
        ("secret_in_wrong_place", 401, d("unauthorized", "Full authentication is required to access this resource")),
        ("client_key_required", 401, d("invalid_client", "a client assertion signed with a private key is required")),
        (
            "grant_not_allowed",
            400,
            d("unauthorized_client", "Grant type 'authorization_code' not allowed for the client."),
        ),
        // The account and its rules, the tenant, the scope, the API.
        ("denied", 403, d("org_internal", "This client is restricted to users within its organization.")),
        ("denied", 400, d("invalid_grant", "ip restricted")),
        ("denied", 400, d("invalid_grant", "Account is not fully set up")),
        ("denied", 200, d("unverified_user_email", "The user must have a verified primary email.")),
        (
            "interaction_required",
            400,
            d("invalid_grant", "AADSTS65001: The user or administrator has not consented to use the application."),
        ),
        ("tenant_unknown", 400, d("invalid_request", "AADSTS90002: Tenant 'contoso' not found.")),
        (
            "resource_refused",
            400,
            d("invalid_resource", "AADSTS500011: The resource principal named x was not found in the tenant named y."),
        ),
        (
            "resource_required",
            400,
            d("invalid_request", "AADSTS900144: The request body must contain the following parameter: 'resource'."),
        ),
        ("https_required", 403, d("invalid_request", "HTTPS required")),
        (
            "body_format_refused",
            415,
            json!({"status": 415, "error": "Unsupported Media Type", "message": "Content-Type 'application/x-www-form-urlencoded' not supported"}),
        ),
        ("server_busy", 400, d("rate_limit_exceeded", "login rate exceeded")),
        ("server_busy", 200, json!({"ok": false, "error": "ratelimited"})),
        ("server_fault", 200, json!({"ok": false, "error": "internal_error"})),
        (
            "endpoint_not_there",
            404,
            json!({"errorCode": "E0000007", "errorSummary": "Not found: Resource not found: x (AuthorizationServer)"}),
        ),
        // Words of one error in another context.
        ("refused", 400, d("something_new", "the decoder of this request is clientless")),
        ("refused", 400, d("invalid_request", "The request URI is too long")),
        ("refused", 400, json!({"code": "rest_signature_error", "message": "Invalid signature"})),
    ]
}

#[test]
fn what_providers_say_of_a_code_is_understood() {
    for (id, status, reply) in exchanges() {
        let sent: Vec<_> = EXCHANGE.iter().copied().chain([("client_secret", "#secret")]).collect();
        let made = login().with_code().exchange(Leg::Token, &sent, status, &reply).ends(5, "could not log in");
        assert_eq!(first(made, &reply.to_string()).0, id, "{reply}");
    }
}

#[test]
fn what_providers_say_of_a_refresh_is_understood() {
    let d = described;
    for (id, status, reply) in [
        ("refresh_token_ended", 400, d("invalid_grant", "Token has been expired or revoked.")),
        (
            "refresh_token_ended",
            401,
            d("token_inactive", "Token is inactive because it is malformed, expired or otherwise invalid."),
        ),
        (
            "refresh_token_ended",
            400,
            json!({"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}),
        ),
        ("refresh_token_ended", 200, json!({"ok": false, "error": "invalid_refresh_token"})),
        ("refresh_token_ended", 200, d("bad_refresh_token", "The refresh token passed is incorrect or expired.")),
        ("refresh_token_ended", 403, d("unauthorized_client", "refresh_token is invalid")),
        ("refresh_token_ended", 400, json!({"status": 400, "message": "Invalid refresh token"})),
        ("refresh_token_reused", 400, d("invalid_grant", "Maximum allowed refresh token reuse exceeded")),
        ("refresh_token_reused", 400, d("invalid_grant", "Refresh token has been consumed")),
        ("denied", 400, d("invalid_grant", "user account is disabled")),
        (
            "interaction_required",
            400,
            d("interaction_required", "AADSTS50076: you must use multi-factor authentication"),
        ),
        (
            "scope_not_allowed",
            400,
            d("invalid_scope", "The requested scope exceeds the scope granted by the resource owner."),
        ),
        ("secret_wrong", 401, json!({"error": "invalid_client"})),
    ] {
        let sent: Vec<_> = REFRESH.iter().copied().chain([("client_secret", "#secret")]).collect();
        let made = of(FlowKind::Refresh).exchange(Leg::Refresh, &sent, status, &reply).ends(5, "x");
        assert_eq!(first(made, &reply.to_string()).0, id, "{reply}");
    }
}

#[test]
fn what_providers_send_back_with_the_browser_is_understood() {
    for (id, code, words) in [
        ("denied", "consent_required", "AADSTS65004: User declined to consent to access the app."),
        ("denied", "access_denied", "AADSTS90094: Admin consent is required."),
        ("denied", "OAUTH_APP_BLOCKED", "this app is blocked by admin"),
        ("denied", "consent_declined", ""),
        ("denied", "application_suspended", "Your application has been suspended."),
        ("denied", "unauthorized", "Please verify your email before logging in."),
        ("client_unknown", "unauthorized_client", "AADSTS700016: Application with identifier 'x' was not found."),
        (
            "scope_not_allowed",
            "invalid_client",
            "AADSTS650053: The application asked for scope 'read' that doesn't exist.",
        ),
        ("scope_not_allowed", "unauthorized_scope_error", "Scope \"r_emailaddress\" is not authorized"),
        ("redirect_uri_refused", "redirect_mismatch", "Parameter redirect_uri does not match registered URI"),
        ("interaction_required", "unmet_authentication_requirements", "acr not satisfied"),
        ("resource_refused", "access_denied", "Service not found: https://api.example"),
        ("pushed_request_required", "invalid_request", "request_uri is required"),
        ("parameter_refused", "invalid_request", "The request is missing the 'max_age' parameter"),
        ("parameter_refused", "invalid_request", "Duplicate parameter: scope"),
        ("server_busy", "temporarily_unavailable", "authentication_expired"),
        ("server_fault", "server_error", ""),
        // Words of one error in another context.
        ("redirect_uri_refused", "invalid_request", "redirect_uri must use https"),
        ("redirect_uri_refused", "invalid_request", "An IP address is not allowed as callback URL"),
        ("refused", "authentication_failed", "User authentication failed"),
        ("refused", "something", "You do not have permission to see this"),
    ] {
        let back = [("error", code), ("error_description", words), ("state", "#state"), ("iss", "https://as.example")];
        assert_eq!(first(login().back(2000, &back).ends(5, "x"), words).0, id, "{code}: {words}");
    }
}

#[test]
fn what_apis_say_is_understood() {
    let challenged = |challenge: &str| (challenge.to_owned(), json!({}));
    let said = |body: Value| (String::new(), body);
    for (id, status, (challenge, body)) in [
        (
            "token_expired",
            401,
            challenged("Bearer error=\"invalid_token\", error_description=\"The access token expired\""),
        ),
        (
            "token_expired",
            401,
            said(
                json!({"status": "error", "message": "The OAuth token used to make this call expired 5 hour(s) ago."}),
            ),
        ),
        (
            "token_expired",
            400,
            said(json!({"error": {"message": "Error validating access token: Session has expired", "code": 190}})),
        ),
        ("token_rejected", 401, said(json!({"message": "The token is expired or revoked"}))),
        ("token_rejected", 401, said(json!({"message": "Bad credentials"}))),
        (
            "scope_missing",
            403,
            said(json!({"error": {"code": 403, "message": "Request had insufficient authentication scopes."}})),
        ),
        (
            "scope_missing",
            403,
            said(json!({"message": "This app hasn't been granted all required scopes to make this call."})),
        ),
        (
            "scope_missing",
            403,
            said(json!({"errors": "[API] This action requires merchant approval for read_orders scope."})),
        ),
        ("scope_missing", 401, said(json!({"message": "Missing scope: channel:read:subscriptions"}))),
        ("api_busy", 403, said(json!({"message": "API rate limit exceeded for user ID 1."}))),
        (
            "api_not_enabled",
            403,
            said(
                json!({"error": {"message": "X API has not been used in project 1 before or it is disabled. Visit https://x.example then retry."}}),
            ),
        ),
        ("header_missing", 403, said(json!({"error": "Missing required header: x-api-key"}))),
        (
            "login_too_weak",
            401,
            challenged("Bearer error=\"insufficient_user_authentication\", acr_values=\"urn:mfa\""),
        ),
        ("other_scheme", 401, challenged("Basic realm=\"x\"")),
        ("dpop_required", 401, challenged("DPoP error=\"use_dpop_nonce\"")),
        ("not_permitted", 403, said(json!({"message": "User not registered in the Developer Dashboard"}))),
        ("refused", 403, said(json!({"message": "Missing Authentication Token"}))),
        ("refused", 404, said(json!({"message": "Not Found"}))),
        ("refused", 422, said(json!({"errors": {"title": ["is missing"]}}))),
    ] {
        let made =
            call().exchange(Leg::Api, &[], status, &body).sent_header("authorization", super::record::value("#at"));
        let made = if challenge.is_empty() { made } else { made.reply_header("www-authenticate", &challenge) };
        assert_eq!(first(made.ends(9, "x"), &body.to_string()).0, id, "{challenge} {body}");
    }
}

#[test]
fn an_apis_refusal_is_explained_after_a_refresh_that_brought_the_same_token() {
    let tokens = json!({"access_token": "#at", "token_type": "Bearer"});
    let made =
        call().exchange(Leg::Api, &[], 401, &json!({"message": "no"})).exchange(Leg::Refresh, REFRESH, 200, &tokens);
    assert_eq!(first(made.ends(9, "the API answered 401"), "a refusal").0, "token_rejected");
}

#[test]
fn a_page_that_names_the_protocols_error_is_read() {
    let page = |text: &str| {
        login()
            .with_code()
            .replied(Leg::Token, EXCHANGE, 400, Some(Body::Text(text.to_owned())))
            .reply_header("content-type", "text/html")
            .ends(5, "x")
    };
    let known = page("Oauth error invalid_request: The authorization code was not found or was already used");
    assert_eq!(first(known, "a page").0, "code_refused");
    assert_eq!(first(page("We are down for maintenance"), "a page").0, "page_in_place_of_reply");
}

#[test]
fn only_what_the_server_names_is_highly_confident() {
    for words in ["Unauthorized", "", "The request could not be completed", "Bad Request"] {
        for code in
            ["unauthorized_client", "invalid_request", "invalid_grant", "invalid_client", "access_denied", "mystery"]
        {
            if code == "unauthorized_client" && words.is_empty() {
                continue;
            }
            let sent: Vec<_> = EXCHANGE.iter().copied().chain([("client_secret", "#secret")]).collect();
            let made = login().with_code().exchange(Leg::Token, &sent, 400, &described(code, words)).ends(5, "x");
            assert!(first(made, code).1 > Confidence::High, "{code}: {words}");
        }
    }
}
