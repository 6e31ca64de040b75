//! Logins by address: an MCP server or an issuer is asked what it publishes, and that is enough.

use serde_json::{Value, json};

use crate::support::address_server::{self as server, ACCESS, AddressServer, REGISTRATION, json_reply, status};
use crate::support::{OidcProvider, Output, PendingLogin, Person, Sandbox, http};

/// A login with a browser that approves at once.
#[track_caller]
fn log_in(sandbox: &Sandbox, address: &str, more: &[&str]) -> Output {
    let browser = sandbox.browser();
    let login = [&["login", address, "--yes", "--port", "0", "--timeout", "20s", "--browser", &browser], more].concat();
    sandbox.run(&login)
}

fn definition(sandbox: &Sandbox, id: &str) -> String {
    std::fs::read_to_string(sandbox.home().join(format!("config/providers/{id}.toml"))).unwrap_or_default()
}

/// Checks that nothing was registered, no token was asked for, and nothing is kept.
#[track_caller]
fn nothing_was_done(sandbox: &Sandbox, server: &AddressServer) {
    for sent in ["POST /register", "GET /authorize", "POST /token"] {
        assert!(!server.asked().contains(&sent.to_owned()), "{:?}", server.asked());
    }
    nothing_is_kept(sandbox);
}

#[track_caller]
fn nothing_is_kept(sandbox: &Sandbox) {
    assert!(
        !sandbox.home().join("config/providers").exists()
            || std::fs::read_dir(sandbox.home().join("config/providers")).unwrap().next().is_none()
    );
    let apps = sandbox.run(&["app", "list", "--json"]);
    assert!(apps.code(0).stdout().contains("\"apps\": []"), "{apps}");
    let status = sandbox.run(&["status", "--json"]);
    assert!(!status.stdout().contains("provider"), "{status}");
}

#[test]
fn an_mcp_servers_address_becomes_a_working_login() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    let login = log_in(&sandbox, &server.address(), &[]);
    login.code(0).answers("Logged in to Shop tools").says("registered as `oauthctl`").hides(REGISTRATION);
    login.says("Redirect URI: ").hides("register exactly");
    let order = [
        "GET /mcp",
        "POST /mcp",
        "GET /.well-known/oauth-protected-resource/mcp",
        "GET /.well-known/oauth-authorization-server",
        "POST /register",
        "GET /authorize",
        "POST /token",
    ];
    assert_eq!(server.asked(), order);
    for asked in ["GET /authorize", "POST /token"] {
        assert_eq!(server.sent(asked, "resource"), Some(server.address()), "{asked}");
        assert_eq!(server.sent(asked, "client_id").as_deref(), Some("registered-1"));
    }
    assert_eq!(server.sent("GET /authorize", "scope").as_deref(), Some("read"));
    assert_eq!(server.sent("GET /authorize", "code_challenge_method").as_deref(), Some("S256"));
    let register = server.last("POST /register");
    let register: Value = serde_json::from_str(register.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(register["application_type"], "native");
    assert_eq!(register["redirect_uris"], json!(["http://127.0.0.1/callback"]));
    assert_eq!(register["token_endpoint_auth_method"], "none");

    let call = sandbox.run(&["call", "POST", ".", "-f", "method=tools/list"]);
    call.code(0).answers("\"tools\"");
    assert!(server.last("POST /mcp").contains(ACCESS));
    sandbox.run(&["refresh"]).code(0);
    assert_eq!(server.sent("POST /token", "resource"), Some(server.address()), "of the refresh");
    assert_eq!(server.sent("POST /token", "grant_type").as_deref(), Some("refresh_token"));
    sandbox.run(&["scopes"]).code(0).answers("read");
    sandbox.run(&["status"]).code(0).answers(&server.id());
    let text = definition(&sandbox, &server.id());
    assert!(text.contains("source = ") && text.contains("/.well-known/oauth-protected-resource/mcp"), "{text}");
    let check = sandbox.home().join(format!("config/providers/{}.toml", server.id()));
    sandbox.run(&["providers", "check", check.to_str().unwrap()]).code(0);
    sandbox.run(&["logout"]).code(0).says("has revoked its tokens");
}

/// A server whose answer to one request is another one.
fn wrong(asked: &'static str, answer: impl Fn(&str) -> server::Reply + Send + Sync + 'static) -> AddressServer {
    AddressServer::with(move |what, _, origin| (what == asked).then(|| answer(origin)))
}

const RESOURCE: &str = "GET /.well-known/oauth-protected-resource/mcp";
const SERVER: &str = "GET /.well-known/oauth-authorization-server";

/// The usual document with another member; `null` takes it away.
fn changed(mut document: Value, member: &str, value: Value) -> server::Reply {
    match value {
        Value::Null => drop(document.as_object_mut().unwrap().remove(member)),
        value => document[member] = value,
    }
    json_reply("200 OK", &document)
}

fn wrong_member(asked: &'static str, member: &'static str, value: fn(&str) -> Value) -> AddressServer {
    wrong(asked, move |origin| {
        let document = if asked == RESOURCE { server::resource(origin) } else { server::server(origin) };
        changed(document, member, value(origin))
    })
}

/// A document, its member, and the value that is wrong.
type Case = (&'static str, &'static str, fn(&str) -> Value);

#[test]
fn metadata_that_contradicts_its_address_ends_the_login() {
    let cases: [Case; 11] = [
        (RESOURCE, "resource", |_| json!("https://evil.example/mcp")),
        (RESOURCE, "resource", |origin| json!(format!("{origin}/mc"))),
        (RESOURCE, "resource", |origin| json!(format!("{origin}/mcp/other"))),
        (RESOURCE, "authorization_servers", |_| Value::Null),
        (RESOURCE, "authorization_servers", |origin| json!(origin)),
        (SERVER, "issuer", |_| json!("https://evil.example")),
        (SERVER, "issuer", |origin| json!(format!("{origin}/tenant"))),
        (SERVER, "token_endpoint", |_| json!("http://as.example/token")),
        (SERVER, "registration_endpoint", |_| json!("http://as.example/register")),
        (SERVER, "token_endpoint", |_| Value::Null),
        (SERVER, "authorization_endpoint", |_| Value::Null),
    ];
    for (asked, member, value) in cases {
        let (server, sandbox) = (wrong_member(asked, member, value), Sandbox::new());
        log_in(&sandbox, &server.address(), &[])
            .code(3)
            .says(&format!("`{member}` is "))
            .says("the metadata at http://127");
        nothing_was_done(&sandbox, &server);
    }
}

#[test]
fn a_resource_wants_pkce_with_s256_to_be_announced() {
    for value in [|_: &str| Value::Null, |_: &str| json!(["plain"])] {
        for more in [&[][..], &["--allow-no-pkce"]] {
            let server = wrong_member(SERVER, "code_challenge_methods_supported", value);
            let sandbox = Sandbox::new();
            log_in(&sandbox, &server.address(), more).code(5).says("code_challenge_methods_supported");
            nothing_was_done(&sandbox, &server);
        }
    }
}

#[test]
fn an_issuer_without_pkce_needs_a_word() {
    let server = wrong_member(SERVER, "code_challenge_methods_supported", |_| json!(["plain"]));
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.origin(), &[]).code(5).says("checks PKCE only with plain").says("`--allow-no-pkce`");
    nothing_was_done(&sandbox, &server);
    log_in(&sandbox, &server.origin(), &["--allow-no-pkce"]).code(0).says("does not check PKCE");
    assert_eq!(server.sent("GET /authorize", "code_challenge"), None);
    // Silence is no objection of an issuer: PKCE is sent.
    let silent = wrong_member(SERVER, "code_challenge_methods_supported", |_| Value::Null);
    log_in(&Sandbox::new(), &silent.origin(), &[]).code(0);
    assert!(silent.sent("GET /authorize", "code_challenge").is_some());
}

#[test]
fn an_address_without_metadata_is_told_with_every_answer() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    let nothing = log_in(&sandbox, &format!("{}/nothing", server.origin()), &[]);
    nothing.code(3);
    for asked in [
        "GET http://127.0.0.1",
        "POST http://127.0.0.1",
        "/.well-known/oauth-protected-resource/nothing answered 404",
        "/.well-known/oauth-protected-resource answered 404",
        "/.well-known/oauth-authorization-server/nothing answered 404",
        "/.well-known/openid-configuration/nothing answered 404",
        "/nothing/.well-known/openid-configuration answered 404",
    ] {
        nothing.says(asked);
    }
    nothing_was_done(&sandbox, &server);
    let text = |address: &str| log_in(&sandbox, address, &[]);
    text("mcp.example.com/mcp").code(2).says("`oauthctl login 'https://mcp.example.com/mcp'`");
    text("http://mcp.example.com/mcp")
        .code(2)
        .says("https only")
        .says("`oauthctl login 'https://mcp.example.com/mcp'`");
    text("https://{tenant}.example.com").code(2).says("a part to fill in");
    text("https://u:p@mcp.example.com").code(2).says("user name").hides("u:p@");
}

#[test]
fn no_document_is_taken_from_another_origin_or_without_end() {
    let other = AddressServer::start();
    let elsewhere = format!("Location: {}/.well-known/oauth-authorization-server", other.origin());
    let server = wrong(SERVER, move |_| ("302 Found", vec![elsewhere.clone()], Vec::new()));
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.address(), &[]).code(3).says("which cannot speak for it");
    nothing_was_done(&sandbox, &server);
    assert_eq!(other.asked(), [""; 0]);
    for asked in [RESOURCE, SERVER] {
        let server = wrong(asked, |_| ("200 OK", Vec::new(), vec![b' '; 1024 * 1024 + 1]));
        log_in(&sandbox, &server.address(), &[]).code(8).says("larger than 1048576 bytes");
        nothing_was_done(&sandbox, &server);
    }
}

#[test]
fn a_login_is_confirmed_before_anything_is_registered() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    let login = sandbox.run(&["login", &server.address(), "--no-browser"]);
    login.code(2).says("token      http").says("a new one without a secret").says("add `--yes`");
    nothing_was_done(&sandbox, &server);
    for flag in [&["--client-id", "x"][..], &["--issuer", "https://a.example"], &["--resource", "https://a.example"]] {
        sandbox.run(&[&["login", "judgeme"], flag].concat()).code(2).says("is for a login by address");
    }
}

#[test]
fn one_of_several_authorization_servers_is_named() {
    let several = |origin: &str| json!(["https://a.example", origin]);
    let (server, sandbox) = (wrong_member(RESOURCE, "authorization_servers", several), Sandbox::new());
    log_in(&sandbox, &server.address(), &[]).code(2).says("`--issuer 'https://a.example'`").says(&server.origin());
    log_in(&sandbox, &server.address(), &["--issuer", "https://b.example"])
        .code(3)
        .says("is not an authorization server");
    nothing_was_done(&sandbox, &server);
    log_in(&sandbox, &server.address(), &["--issuer", &server.origin()]).code(0);
}

#[test]
fn metadata_about_the_whole_server_is_noted_and_its_value_is_sent() {
    let server = wrong_member(RESOURCE, "resource", |origin| json!(format!("{origin}/")));
    log_in(&Sandbox::new(), &server.address(), &[]).code(0).says("note: the metadata is about all of");
    for asked in ["GET /authorize", "POST /token"] {
        assert_eq!(server.sent(asked, "resource"), Some(format!("{}/", server.origin())));
    }
}

#[test]
fn scopes_are_those_of_the_challenge_else_the_resources_own() {
    let scope = |server: &AddressServer, more: &[&str]| {
        log_in(&Sandbox::new(), &server.address(), more).code(0);
        server.sent("GET /authorize", "scope")
    };
    let silent = "WWW-Authenticate: Bearer".to_owned();
    let unasked = wrong("POST /mcp", move |_| ("401 Unauthorized", vec![silent.clone()], Vec::new()));
    assert_eq!(scope(&AddressServer::start(), &[]).as_deref(), Some("read"));
    assert_eq!(scope(&unasked, &[]).as_deref(), Some("read write"));
    assert_eq!(scope(&unasked, &["--scope", "write"]).as_deref(), Some("write"));
    let without = AddressServer::with(|asked, _, origin| match asked {
        "POST /mcp" => Some(status("401 Unauthorized")),
        RESOURCE => Some(changed(server::resource(origin), "scopes_supported", Value::Null)),
        SERVER => Some(changed(server::server(origin), "scopes_supported", json!(["all", "openid"]))),
        _ => None,
    });
    assert_eq!(scope(&without, &[]), None, "an authorization server's scopes are of all its resources");
}

#[test]
fn an_mcp_server_of_2025_is_its_own_authorization_server() {
    let old = |has_metadata: bool| {
        AddressServer::with(move |asked, _, _| match asked {
            "POST /mcp" => Some(status("401 Unauthorized")),
            RESOURCE => Some(status("404 Not Found")),
            SERVER if !has_metadata => Some(status("404 Not Found")),
            _ => None,
        })
    };
    let server = old(true);
    log_in(&Sandbox::new(), &server.address(), &[]).code(0);
    assert_eq!(server.sent("GET /authorize", "resource"), Some(server.address()));
    let server = old(false);
    log_in(&Sandbox::new(), &server.address(), &[]).code(0).says("these endpoints are those of MCP 2025-03-26");
    assert!(server.asked().contains(&"POST /register".to_owned()));
}

#[test]
fn an_issuers_address_is_enough() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    log_in(&sandbox, &server.origin(), &[]).code(0);
    assert_eq!(server.sent("GET /authorize", "resource"), None);
    let id = server.id().trim_end_matches("-mcp").to_owned();
    assert!(definition(&sandbox, &id).contains("authorize.issuer"));
    sandbox.run(&["logout"]).code(0);
    // A typed resource is sent, and is what `call` calls.
    let resource = server.address();
    log_in(&sandbox, &server.origin(), &["--resource", &resource]).code(0);
    assert_eq!(server.sent("POST /token", "resource"), Some(resource));
    sandbox.run(&["call", "POST", ".", "-f", "a=b"]).code(0).answers("tools");
}

#[test]
fn a_login_that_fails_leaves_no_client_behind() {
    let refused = |_: &str| json_reply("400 Bad Request", &json!({"error": "invalid_grant"}));
    let denied = |asked: &str, request: &str, _: &str| {
        let of = |name| crate::support::api_server::param(request, name).unwrap_or_default();
        (asked == "GET /authorize").then(|| {
            let back = format!("Location: {}?error=access_denied&state={}", of("redirect_uri"), of("state"));
            ("302 Found", vec![back], Vec::new())
        })
    };
    let other_issuer = |asked: &str, request: &str, _: &str| {
        let of = |name| crate::support::api_server::param(request, name).unwrap_or_default();
        (asked == "GET /authorize").then(|| {
            let (uri, state) = (of("redirect_uri"), of("state"));
            let back = format!("Location: {uri}?code=c&state={state}&iss=https://evil.example");
            ("302 Found", vec![back], Vec::new())
        })
    };
    for server in [wrong("POST /token", refused), AddressServer::with(denied), AddressServer::with(other_issuer)] {
        let sandbox = Sandbox::new();
        log_in(&sandbox, &server.address(), &[]).code(5);
        assert_eq!(server.asked().last().unwrap(), "DELETE /register/registered-1");
        assert!(server.last("DELETE /register/registered-1").contains(&format!("Bearer {REGISTRATION}")));
        nothing_is_kept(&sandbox);
    }
}

#[test]
fn a_registration_that_is_refused_or_unusable_ends_the_login() {
    for (answer, code) in [
        (("400 Bad Request", json!({"error": "invalid_redirect_uri"})), 5),
        (("401 Unauthorized", json!({})), 5),
        (("201 Created", json!({"client_secret": "canary-of-the-secret"})), 8),
        (("201 Created", json!({"client_id": "c", "token_endpoint_auth_method": "private_key_jwt"})), 8),
        (("500 Internal Server Error", json!({})), 8),
    ] {
        let server = wrong("POST /register", move |_| json_reply(answer.0, &answer.1));
        let sandbox = Sandbox::new();
        log_in(&sandbox, &server.address(), &[]).code(code).says("`--client-id").hides("canary");
        assert_eq!(server.asked().last().unwrap(), "POST /register");
        nothing_is_kept(&sandbox);
    }
}

#[test]
fn the_replys_own_method_authenticates_the_client() {
    for (method, in_header) in [("client_secret_basic", true), ("client_secret_post", false)] {
        let server = wrong("POST /register", move |origin| {
            let mut reply = server::registered(origin);
            reply["token_endpoint_auth_method"] = method.into();
            reply["client_secret"] = "canary-of-the-secret".into();
            json_reply("201 Created", &reply)
        });
        let sandbox = Sandbox::new();
        log_in(&sandbox, &server.address(), &[]).code(0).hides("canary");
        for _ in 0..2 {
            let token = server.last("POST /token").to_ascii_lowercase();
            assert_eq!(
                (token.contains("authorization: basic"), token.contains("client_secret=")),
                (in_header, !in_header)
            );
            sandbox.run(&["refresh"]).code(0);
        }
    }
}

#[test]
fn the_resources_of_one_issuer_share_its_client() {
    let server = AddressServer::with(|asked, _, origin| match asked {
        "POST /other" => Some(status("401 Unauthorized")),
        "GET /.well-known/oauth-protected-resource/other" => {
            Some(changed(server::resource(origin), "resource", json!(format!("{origin}/other"))))
        }
        _ => None,
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.address(), &[]).code(0);
    let other = format!("{}/other", server.origin());
    log_in(&sandbox, &other, &[]).code(0).says("registered-1, registered here with this server");
    assert_eq!(server.asked().iter().filter(|asked| *asked == "POST /register").count(), 1);
    let logins = [server.id(), server.id().replace("-mcp", "-other")];
    sandbox.run(&["app", "list"]).code(0).answers("registered-1").answers(&logins.join(", "));
    for login in &logins {
        sandbox.run(&["refresh", "--profile", login]).code(0);
    }
    sandbox.run(&["logout", &logins[0], "--unregister"]).code(2).says(&format!("`{}` also uses", logins[1]));
    assert!(!server.asked().iter().any(|asked| asked.starts_with("DELETE") || asked == "POST /revoke"));
    sandbox.run(&["logout", &logins[0]]).code(0);
    sandbox.run(&["logout", &logins[1], "--unregister"]).code(0).says("Deleted the client `registered-1`");
    assert_eq!(server.asked().last().unwrap(), "DELETE /register/registered-1");
    sandbox.run(&["app", "list"]).code(0).answers("No clients");
}

#[test]
fn a_new_issuer_gets_a_new_client_and_never_the_old_one() {
    let moved = AddressServer::with(|asked, _, origin| {
        let reply = |origin| changed(server::registered(origin), "client_id", json!("registered-2"));
        (asked == "POST /register").then(|| reply(origin))
    });
    let new = moved.origin();
    let has_moved = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&has_moved);
    let server = AddressServer::with(move |asked, _, origin| {
        let has_moved = flag.load(std::sync::atomic::Ordering::SeqCst);
        (asked == RESOURCE && has_moved)
            .then(|| changed(server::resource(origin), "authorization_servers", json!([new])))
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.address(), &[]).code(0);
    has_moved.store(true, std::sync::atomic::Ordering::SeqCst);
    log_in(&sandbox, &server.address(), &[]).code(0);
    for asked in ["GET /authorize", "POST /token"] {
        assert_eq!(moved.sent(asked, "client_id").as_deref(), Some("registered-2"));
    }
    assert!(!moved.requests().iter().any(|request| request.contains("registered-1")));
    assert!(definition(&sandbox, &server.id()).contains(&moved.origin()), "the definition is written again");
    sandbox.run(&["refresh"]).code(0);
}

#[test]
fn a_registration_is_managed_on_its_own_server_only() {
    let server = wrong("POST /register", |origin| {
        changed(
            server::registered(origin),
            "registration_client_uri",
            json!("https://evil.example/register/registered-1"),
        )
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.address(), &[]).code(0).says("is another server and is not used");
    sandbox.run(&["logout", "--unregister"]).code(2).says("said no address");
    sandbox.run(&["token"]).code(0);
}

#[test]
fn a_secret_that_has_ended_is_renewed_or_the_client_is_new() {
    let registered = |origin: &str, secret: &str, end: u64| {
        let mut reply = server::registered(origin);
        reply["token_endpoint_auth_method"] = "client_secret_post".into();
        reply["client_secret"] = secret.into();
        reply["client_secret_expires_at"] = end.into();
        reply
    };
    for renews in [true, false] {
        let server = AddressServer::with(move |asked, _, origin| match asked {
            "POST /register" => Some(json_reply("201 Created", &registered(origin, "ended", 1))),
            "GET /register/registered-1" if renews => {
                let mut renewed = registered(origin, "renewed", 0);
                renewed["registration_access_token"] = "canary-rotated".into();
                Some(json_reply("200 OK", &renewed))
            }
            _ => None,
        });
        let sandbox = Sandbox::new();
        log_in(&sandbox, &server.address(), &[]).code(0);
        assert_eq!(server.sent("POST /token", "client_secret").as_deref(), Some("ended"));
        if renews {
            let visits = || server.asked().iter().filter(|asked| *asked == "GET /authorize").count();
            let before = visits();
            let other = ["--redirect-uri", "http://127.0.0.1:0/other"];
            let args = ["login", &server.address(), "--yes", "--timeout", "20s", "--browser", &sandbox.browser()];
            sandbox.run(&[&args[..], &other].concat()).code(3).says("is registered with http://127.0.0.1/callback");
            assert_eq!(visits(), before, "the server would refuse it");
        }
        log_in(&sandbox, &server.address(), &[]).code(0);
        let secret = if renews { "renewed" } else { "ended" };
        assert_eq!(server.sent("POST /token", "client_secret").as_deref(), Some(secret));
        let registrations = server.asked().iter().filter(|asked| *asked == "POST /register").count();
        assert_eq!(registrations, if renews { 1 } else { 2 });
        if renews {
            sandbox.run(&["logout", "--unregister"]).code(0);
            assert!(server.last("DELETE /register/registered-1").contains("Bearer canary-rotated"));
        }
    }
}

#[test]
fn a_client_that_is_named_is_kept_for_its_issuer() {
    let without = |origin: &str| changed(server::server(origin), "registration_endpoint", Value::Null);
    let (server, sandbox) = (wrong(SERVER, without), Sandbox::new());
    log_in(&sandbox, &server.address(), &[]).code(3).says("registers no clients by itself").says("`--client-id ID`");
    nothing_was_done(&sandbox, &server);
    let with_secret = sandbox.clone().with("OAUTHCTL_CLIENT_SECRET", "canary-of-the-secret");
    log_in(&with_secret, &server.address(), &["--client-id", "by-hand"]).code(0).hides("canary");
    assert_eq!(server.sent("GET /authorize", "client_id").as_deref(), Some("by-hand"));
    assert!(server.last("POST /token").to_ascii_lowercase().contains("authorization: basic"));
    log_in(&sandbox, &server.address(), &[]).code(0).says("by-hand, registered here with this server");
    assert!(server.last("POST /token").to_ascii_lowercase().contains("authorization: basic"));
    sandbox.run(&["logout", "--unregister"]).code(2).says("was not registered by oauthctl");
}

#[test]
fn a_metadata_document_is_a_client_where_the_server_takes_it() {
    let id = "https://app.invalid/client.json";
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    log_in(&sandbox, &server.address(), &["--client-id", id]).code(3).says("does not take the address of a metadata");
    nothing_was_done(&sandbox, &server);
    let takes = |origin: &str| changed(server::server(origin), "client_id_metadata_document_supported", json!(true));
    let server = wrong(SERVER, takes);
    let with_secret = sandbox.clone().with("OAUTHCTL_CLIENT_SECRET", "made-up");
    log_in(&with_secret, &server.address(), &["--client-id", id]).code(2).says("has no secret");
    nothing_was_done(&sandbox, &server);
    // The document is the server's to read: that it cannot be read here is only said.
    log_in(&sandbox, &server.address(), &["--client-id", id]).code(0).says("was not read here");
    assert_eq!(server.sent("GET /authorize", "client_id").as_deref(), Some(id));
    assert!(!server.asked().contains(&"POST /register".to_owned()));
}

#[test]
fn a_later_challenge_names_the_login_with_all_scopes() {
    let server = AddressServer::with(|asked, request, _| {
        let challenge = if request.contains("stronger") {
            "WWW-Authenticate: Bearer error=\"insufficient_user_authentication\", acr_values=\"urn:gold silver\", max_age=\"60\""
        } else {
            "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"write\""
        };
        let is_called = asked == "POST /mcp" && request.contains(ACCESS);
        is_called.then(|| ("403 Forbidden", vec![challenge.to_owned()], Vec::new()))
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.address(), &[]).code(0);
    let login = format!("oauthctl login {} --scope 'read write'", server.id());
    sandbox.run(&["call", "POST", ".", "-f", "a=b"]).code(10).says(&login);
    let stronger = format!(
        "login {} --scope 'read' --auth-param acr_values='urn:gold silver' --auth-param max_age=60",
        server.id()
    );
    sandbox.run(&["call", "POST", ".", "-f", "a=stronger"]).code(9).says(&stronger);
}

#[test]
fn a_definition_of_your_own_is_not_overwritten() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    log_in(&sandbox, &server.address(), &[]).code(0);
    let id = server.id();
    let own = definition(&sandbox, &id)
        .lines()
        .skip(1)
        .chain(["api.headers = { X-Own = '1' }"])
        .fold(String::new(), |text, line| text + line + "\n");
    sandbox.define(&id, &own);
    log_in(&sandbox, &server.address(), &[]).code(0).says("as your definition says");
    assert_eq!(definition(&sandbox, &id), own);
    sandbox.define(&id, "name = 'Another server'\n");
    log_in(&sandbox, &server.address(), &[]).code(0).answers(&format!("`{id}-2`"));
    assert_eq!(definition(&sandbox, &id), "name = 'Another server'\n");
}

/// A login at `oidc-provider`, which nobody here wrote: it waits for a person.
#[track_caller]
fn begin_at_oidc_provider(sandbox: &Sandbox, more: &[&str]) -> PendingLogin {
    let issuer = OidcProvider::running().issuer();
    let login = ["login", issuer, "--yes", "--port", "0", "--no-browser", "--timeout", "1m"];
    PendingLogin::start(sandbox.command(&[&login[..], more].concat()))
}

#[test]
fn oidc_provider_needs_nothing_but_its_address() {
    let (acme, sandbox) = (OidcProvider::running(), Sandbox::new());
    let resource = acme.endpoint("/me").to_string();
    let more = ["--scope", "openid offline_access read", "--resource", &resource];
    let login = begin_at_oidc_provider(&sandbox, &more);
    assert_eq!(login.sent("prompt"), "consent", "for the refresh token");
    http::get(&Person::approves(&login));
    login.finish().code(0).answers("renewed automatically").says("a new one without a secret");
    sandbox.run(&["refresh"]).code(0);
    sandbox.run(&["scopes"]).code(0).answers("introspection");
    // The client is used again, and is unknown to the server when it is deleted.
    let again = begin_at_oidc_provider(&sandbox, &more);
    assert!(again.said().contains("registered here with this server"), "{}", again.said());
    let client = again.sent("client_id");
    http::get(&Person::approves(&again));
    again.finish().code(0);
    sandbox.run(&["logout", "--unregister"]).code(0).says("has revoked its tokens").says("Deleted the client");
    sandbox.run(&["app", "list"]).code(0).answers("No clients");
    let asked = format!("client_id={client}&response_type=code&redirect_uri=http://127.0.0.1:1/callback&scope=openid");
    let mut page = acme.endpoint("/auth");
    page.set_query(Some(&asked));
    assert!(http::get(&page).contains("invalid_client"), "the server has forgotten it");
}

#[test]
fn a_person_who_declines_at_oidc_provider_leaves_no_client() {
    let sandbox = Sandbox::new();
    let login = begin_at_oidc_provider(&sandbox, &["--scope", "openid"]);
    http::get(&Person::declines(&login));
    login.finish().code(5).says("access_denied");
    nothing_is_kept(&sandbox);
}

#[test]
fn a_resource_that_the_server_does_not_know_is_refused_by_it() {
    let sandbox = Sandbox::new();
    let login = begin_at_oidc_provider(&sandbox, &["--scope", "read", "--resource", "https://unknown.example/api"]);
    http::get(&Person::default().open(&login.authorize_url).left());
    login.finish().code(5).says("invalid_target");
    nothing_is_kept(&sandbox);
}
