use super::*;
use crate::provider::dialect::ClientAuth;

const FILE: &str = "/home/me/.config/oauthctl/providers/acme.toml";

fn sent(asked: Asked, params: &[(&str, &str)]) -> Sent {
    Sent {
        asked,
        provider: "acme".to_owned(),
        app: None,
        url: "https://acme.example/token".to_owned(),
        auth: ClientAuth { method: ClientAuthMethod::Body, is_written: false, file: Some(FILE.to_owned()) },
        has_secret: true,
        format: "a form",
        params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        user_agent: "oauthctl/1".to_owned(),
        page: Some("https://acme.example/apps".to_owned()),
    }
}

fn browser() -> Sent {
    let uri = ("redirect_uri", "http://127.0.0.1:8765/callback");
    sent(
        Asked::Authorization,
        &[
            ("client_id", ""),
            uri,
            ("response_type", "code"),
            ("scope", "read write"),
            ("state", ""),
            ("code_challenge", ""),
        ],
    )
}

fn exchange() -> Sent {
    let uri = ("redirect_uri", "http://127.0.0.1:8765/callback");
    sent(
        Asked::Token,
        &[("client_id", ""), ("grant_type", "authorization_code"), ("code", ""), uri, ("code_verifier", "")],
    )
}

fn refresh() -> Sent {
    sent(Asked::Refresh, &[("grant_type", "refresh_token"), ("refresh_token", ""), ("client_id", "")])
}

fn hint(code: &str, words: &str, sent: &Sent) -> (ExitCode, String) {
    let description = Some(words.to_owned()).filter(|words| !words.is_empty());
    let next = of_refusal(&ErrorResponse { description, ..ErrorResponse::new(code) }, sent);
    (next.code, next.hint.unwrap())
}

#[test]
fn a_hint_goes_by_the_code_and_by_what_was_sent() {
    let plain = |sent: Sent, without: &str| Sent {
        params: sent.params.into_iter().filter(|(name, _)| name != without).collect(),
        ..sent
    };
    let with = |sent: Sent, name: &str, value: &str| {
        let more = [(name.to_owned(), value.to_owned())];
        Sent { params: sent.params.into_iter().chain(more).collect(), ..sent }
    };
    let basic = |sent: Sent| Sent {
        auth: ClientAuth { method: ClientAuthMethod::Basic, is_written: true, file: None },
        ..sent
    };
    let public = |sent: Sent| Sent { has_secret: false, ..sent };
    for (sent, code, words, says) in [
        (exchange(), "invalid_client", "", "`auth = \"basic\"` under `[token]` in /home/me"),
        (
            exchange(),
            "incorrect_client_credentials",
            "",
            "a secret goes in the body, as the definition has no `token.auth`",
        ),
        (
            basic(exchange()),
            "invalid_client",
            "",
            "`auth = \"body\"` under `[token]` in the file that `oauthctl providers new",
        ),
        (public(exchange()), "invalid_client", "", "no secret was sent, as none is stored"),
        (
            public(refresh()),
            "invalid_request",
            "AADSTS7000218: must contain 'client_assertion' or 'client_secret'",
            "no secret was sent",
        ),
        (exchange(), "invalid_client", "private_key_jwt is required", "client authentication with a key"),
        (browser(), "invalid_client", "unknown client", "check the client id at https://acme.example/apps"),
        (browser(), "invalid_scope", "", "`read write` was asked for: ask for less with `--scope`"),
        (plain(browser(), "scope"), "invalid_scope", "", "no scope was asked for: name one with `--scope`"),
        (refresh(), "invalid_scope", "", "log in again and ask for less with `--scope`"),
        (
            exchange(),
            "unauthorized_client",
            "",
            "allow the app to use `grant_type=authorization_code` at https://acme.example/apps",
        ),
        (browser(), "unauthorized_client", "", "`response_type=code`"),
        (
            exchange(),
            "unsupported_grant_type",
            "",
            "sent as a form to https://acme.example/token: check `url` and `body`",
        ),
        (browser(), "unsupported_response_type", "", "`response_type=code` was sent"),
        (exchange(), "invalid_grant", "", "(`http://127.0.0.1:8765/callback`) and to its PKCE verifier"),
        (plain(exchange(), "code_verifier"), "invalid_grant", "", "no PKCE verifier was sent"),
        (exchange(), "bad_verification_code", "The code passed is incorrect or expired.", "a code works once"),
        (
            exchange(),
            "invalid_grant",
            "redirect_uri does not match",
            "register exactly `http://127.0.0.1:8765/callback`",
        ),
        (exchange(), "invalid_grant", "PKCE verification failed", "PKCE was used (S256)"),
        (plain(exchange(), "code_verifier"), "invalid_grant", "code_verifier missing", "write `pkce = \"S256\"`"),
        (refresh(), "invalid_grant", "", "the refresh token is no longer good"),
        (
            browser(),
            "redirect_uri_mismatch",
            "",
            "register exactly `http://127.0.0.1:8765/callback` at https://acme.example/apps",
        ),
        (browser(), "invalid_request", "AADSTS50011: The redirect URI specified does not match", "register exactly"),
        (browser(), "invalid_request", "The request_uri parameter is required", "(PAR, RFC 9126)"),
        (browser(), "invalid_request", "Pushed Authorization Request is required", "(PAR, RFC 9126)"),
        (exchange(), "use_dpop_nonce", "Authorization server requires nonce in DPoP proof", "(DPoP, RFC 9449)"),
        (exchange(), "invalid_dpop_proof", "", "(DPoP, RFC 9449)"),
        (exchange(), "invalid_request", "DPoP header is missing", "(DPoP, RFC 9449)"),
        (browser(), "request_uri_not_supported", "", "(PAR, RFC 9126)"),
        (browser(), "invalid_request_object", "", "(JAR, RFC 9101)"),
        (
            plain(browser(), "code_challenge"),
            "invalid_request",
            "Missing parameter: code_challenge_method",
            "PKCE was not used",
        ),
        (browser(), "invalid_request", "code challenge not supported", "`pkce = \"off\"` under `[authorize]`"),
        (browser(), "invalid_request", "missing nonce", "`params = { nonce = \"{random}\" }` under `[authorize]`"),
        (browser(), "invalid_request", "'response_mode' is not allowed", "`response_mode` was not sent: add"),
        (
            with(browser(), "response_mode", "query"),
            "invalid_request",
            "response_mode?",
            "`response_mode=query` was sent",
        ),
        (browser(), "invalid_request", "the state is too short", "`state` was sent: change it"),
        (browser(), "invalid_request", "Missing scope", "`--scope`"),
        (browser(), "invalid_target", "", "no `resource` and no `audience` was sent"),
        (
            with(browser(), "audience", "https://x.example"),
            "access_denied",
            "Service not found: https://x.example",
            "`audience` was `https://x.example`",
        ),
        (browser(), "access_denied", "", "log in again and approve"),
        (exchange(), "access_denied", "", "the client secret in the body"),
        (with(browser(), "prompt", "none"), "login_required", "", "`prompt=none` was sent"),
        (refresh(), "interaction_required", "", "run `oauthctl login acme` again"),
        (exchange(), "weird", "", "a form to https://acme.example/token with client_id, grant_type, code"),
    ] {
        let (exit, found) = hint(code, words, &sent);
        assert!(found.contains(says) && exit == ExitCode::Refused, "{code} {words:?}: {found}");
        let is_scope = code == "invalid_scope" || words.contains("scope");
        assert_eq!(found.contains("`--scope`"), is_scope, "{code} {words:?}: {found}");
    }
}

#[test]
fn a_fault_of_the_server_asks_for_patience_only() {
    for code in ["server_error", "temporarily_unavailable", "internal_server_error"] {
        for sent in [browser(), exchange(), refresh()] {
            assert_eq!(hint(code, "", &sent).0, ExitCode::Network, "{code}");
        }
    }
}

#[test]
fn a_reply_of_another_kind_is_answered_with_what_was_sent() {
    for (status, says) in [
        (403, "User-Agent oauthctl/"),
        (401, "with client_id, grant_type, code, redirect_uri, code_verifier; the client secret in the body"),
        (404, "as `url` under `[token]`"),
        (415, "`body` under `[token]`"),
    ] {
        let found = of_status(status, &exchange()).hint.unwrap();
        assert!(found.contains(says), "{status}: {found}");
    }
}

#[test]
fn a_hint_names_the_app_whose_client_was_refused() {
    let sent = Sent { app: Some("work".to_owned()), ..exchange() };
    for code in ["invalid_client", "invalid_grant"] {
        let (_, hint) = hint(code, "", &sent);
        assert!(hint.contains("acme --app work`"), "{code}: {hint}");
    }
}
