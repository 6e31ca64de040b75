//! Ways to break a flow at the emulator, by its faults and by wrong definitions; and replies as servers have sent them,
//! which no server here sends.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{Way, failed, way};
use crate::support::api_server::Reply;
use crate::support::emulated::MINE;
use crate::support::tls::{Proxy, TlsServer};
use crate::support::{ApiServer, Emulated, PendingLogin, Sandbox};

pub fn ways() -> Vec<Way> {
    let (emulator, scripted) = ("emulator", "scripted");
    vec![
        way(emulator, "an answer without a state", "state_missing", || fault("no-state")),
        way(emulator, "an answer with another state", "state_of_another_login", || fault("wrong-state")),
        way(emulator, "a page of maintenance from the token endpoint", "page_in_place_of_reply", || fault("html")),
        way(emulator, "a token endpoint that is unavailable", "server_fault", || fault("server-error")),
        way(emulator, "an empty reply", "reply_without_token", || fault("empty")),
        way(emulator, "an ID token with another nonce", "nonce_differs", || openid("wrong-nonce")),
        way(emulator, "an ID token with a wrong signature", "id_token_signature", || openid("bad-signature")),
        way(emulator, "metadata of another issuer", "metadata_of_another_issuer", || mcp("wrong-issuer")),
        way(emulator, "metadata of another resource", "resource_metadata_differs", || mcp("wrong-resource")),
        way(emulator, "a server that registers no client", "registration_refused", || mcp("registration-refused")),
        way(emulator, "a token endpoint at another path", "endpoint_not_there", || {
            let emulated = Emulated::mine(&[]);
            let origin = emulated.variable("OAUTHCTL_EMULATOR");
            let origin = &origin[origin.find("http").unwrap()..];
            let sandbox = emulated.same_home().without("OAUTHCTL_EMULATOR").with("OAUTHCTL_CLIENT_ID", "id");
            exchanged(sandbox, &MINE.replace("https://mine.example/token", &format!("{origin}/no-token-here")))
        }),
        way(scripted, "a code that was used before", "code_used_twice", || {
            refused(
                "400 Bad Request",
                &[],
                r#"{"error":"invalid_grant","error_description":"The code has already been used"}"#,
            )
        }),
        way(scripted, "a code that has expired", "code_expired", || {
            refused("400 Bad Request", &[], r#"{"error":"invalid_grant","error_description":"Code has expired"}"#)
        }),
        way(scripted, "another verifier", "pkce_verifier_differs", || {
            refused(
                "400 Bad Request",
                &[],
                r#"{"error":"invalid_grant","error_description":"PKCE verification failed"}"#,
            )
        }),
        way(scripted, "another redirect URI, which the server names", "redirect_uri_differs", || {
            let words = "The redirect_uri does not match the registered http://localhost:8765/callback";
            refused("400 Bad Request", &[], &format!(r#"{{"error":"invalid_request","error_description":"{words}"}}"#))
        }),
        way(scripted, "a public client with a secret", "secret_not_wanted", || {
            let words =
                "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
            refused("401 Unauthorized", &[], &format!(r#"{{"error":"invalid_client","error_description":"{words}"}}"#))
        }),
        way(scripted, "a client of another tenant", "client_unknown", || {
            let words = "AADSTS700016: Application with identifier 'x' was not found in the directory";
            refused(
                "400 Bad Request",
                &[],
                &format!(r#"{{"error":"unauthorized_client","error_description":"{words}"}}"#),
            )
        }),
        way(scripted, "a server that binds tokens to a key", "dpop_required", || {
            let words = "Authorization server requires nonce in DPoP proof";
            refused("400 Bad Request", &[], &format!(r#"{{"error":"use_dpop_nonce","error_description":"{words}"}}"#))
        }),
        way(scripted, "a firewall", "firewall_page", || {
            refused(
                "403 Forbidden",
                &["Content-Type: text/html", "Server: cloudflare"],
                "<h1>Sorry, you have been blocked</h1>",
            )
        }),
        way(scripted, "a token endpoint that has moved", "endpoint_redirects", || {
            refused("301 Moved Permanently", &["Location: https://www.mine.example/token"], "")
        }),
        way(scripted, "a token endpoint that is busy", "server_busy", || {
            refused("429 Too Many Requests", &["Retry-After: 3600"], "{}")
        }),
        way(scripted, "a spent refresh token", "refresh_token_reused", || {
            let gone = r#"{"error":"invalid_grant","error_description":"Refresh token reuse detected"}"#;
            after_login(gone, |_| ("200 OK", Vec::new(), Vec::new()), &["refresh"])
        }),
        way(scripted, "an API that still says no after a refresh", "token_rejected", || {
            api_says("401 Unauthorized", r#"{"message":"Bad credentials"}"#)
        }),
        way(scripted, "an API that is not switched on", "api_not_enabled", || {
            api_says(
                "403 Forbidden",
                r#"{"error":{"message":"X API has not been used in project 1 before or it is disabled."}}"#,
            )
        }),
        way(scripted, "an API that wants a header of its own", "header_missing", || {
            api_says("403 Forbidden", r#"{"error":"Missing required header: x-api-key"}"#)
        }),
        way(scripted, "an API that names the scope in words", "scope_missing", || {
            api_says("403 Forbidden", r#"{"message":"Missing scope: channel:read:subscriptions"}"#)
        }),
        way(scripted, "an API of another region", "other_region", || {
            let tokens = r#"{"access_token":"at-2","expires_in":3600,"api_domain":"https://api.eu.mine.example"}"#;
            after_login(tokens, |_| ("401 Unauthorized", Vec::new(), b"{}".to_vec()), &["call", "things"])
        }),
    ]
}

fn without_emulator(emulated: &Emulated) -> Sandbox {
    emulated.same_home().without("OAUTHCTL_EMULATOR")
}

fn fault(name: &str) -> Option<Sandbox> {
    let emulated = Emulated::mine(&["--fault", name]);
    failed(&emulated.run(&["login", "--port", "0", "--timeout", "2s", "--browser", &emulated.browser()]));
    Some(without_emulator(&emulated))
}

fn openid(name: &str) -> Option<Sandbox> {
    let keys = "openid.issuer = 'https://mine.example'\nopenid.jwks_url = 'https://mine.example/keys'";
    let definition = format!("{keys}\n{MINE}");
    let emulated = Emulated::defined(&definition, &["--fault", name]);
    let login = ["login", "--port", "0", "--scope", "openid read", "--browser", &emulated.browser()];
    failed(&emulated.run(&login));
    Some(without_emulator(&emulated))
}

/// An MCP server, whose address is all that is known of it.
fn mcp(name: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["emulate", "mcp", "--approve", "--fault", name]);
    let mut emulator = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(emulator.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.unwrap();
        line.split(['\'', ' ', '='])
            .find(|word| word.starts_with("http://") && word.ends_with("/mcp"))
            .map(str::to_owned)
    });
    let browser = sandbox.browser();
    let address = address.unwrap();
    // An issuer says by itself who it is.
    let address = if name == "wrong-issuer" { address.trim_end_matches("/mcp") } else { &address };
    let login = ["login", address, "--yes", "--port", "0", "--timeout", "5s", "--browser", &browser];
    let ended = sandbox.run(&login);
    emulator.kill().unwrap();
    emulator.wait().unwrap();
    failed(&ended);
    Some(sandbox)
}

#[track_caller]
fn exchanged(sandbox: Sandbox, definition: &str) -> Option<Sandbox> {
    let sandbox = sandbox.without("OAUTHCTL_PROFILE").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    sandbox.define("theirs", definition);
    let login = ["login", "--provider", "theirs", "--port", "0", "--no-browser", "--timeout", "20s"];
    let login = PendingLogin::start(sandbox.command(&login));
    login.come_back(&[("code", "made-up-code")]);
    failed(&login.finish());
    Some(sandbox)
}

/// A login whose code this reply answers.
pub fn refused(status: &'static str, headers: &[&str], body: &str) -> Option<Sandbox> {
    let server =
        ApiServer::always(status, if headers.is_empty() { &["Content-Type: application/json"] } else { headers }, body);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id");
    exchanged(sandbox, &MINE.replace("https://mine.example", &server.origin()))
}

/// A call that the API refuses, before and after a refresh that brings the same token.
fn api_says(status: &'static str, body: &'static str) -> Option<Sandbox> {
    let json = || vec!["Content-Type: application/json".to_owned()];
    let same = r#"{"access_token":"at-1","expires_in":3600}"#;
    after_login(same, move |_| (status, json(), body.as_bytes().to_vec()), &["call", "things"])
}

/// A login whose token is over at once, and a command after it: the refresh gets `refreshed`.
fn after_login(
    refreshed: &'static str,
    api: impl Fn(&str) -> Reply + Send + Sync + 'static,
    command: &[&str],
) -> Option<Sandbox> {
    let json = || vec!["Content-Type: application/json".to_owned()];
    let names = ["mine.example", "api.us.mine.example"];
    let server = TlsServer::start(&names, move |request| match request {
        _ if request.contains("grant_type=refresh_token") => {
            let status = if refreshed.contains("\"error\"") { "400 Bad Request" } else { "200 OK" };
            (status, json(), refreshed.as_bytes().to_vec())
        }
        _ if request.starts_with("POST ") => {
            ("200 OK", json(), br#"{"access_token":"at-1","expires_in":0,"refresh_token":"rt-1"}"#.to_vec())
        }
        _ => api(request),
    });
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    std::fs::write(sandbox.home().join("ca.pem"), &server.certificate).unwrap();
    let file = sandbox.home().join("ca.pem").to_str().unwrap().to_owned();
    let proxy = Proxy::to(server.address).url("me:made-up");
    let sandbox = sandbox.with("SSL_CERT_FILE", &file).with("https_proxy", &proxy);
    sandbox.define("mine", &MINE.replace("https://mine.example/api", "https://api.us.mine.example/api"));
    let login = PendingLogin::start(sandbox.command(&["login", "--provider", "mine", "--port", "0", "--no-browser"]));
    login.come_back(&[("code", "made-up-code")]);
    login.finish().code(0);
    failed(&sandbox.run(command));
    Some(sandbox)
}
