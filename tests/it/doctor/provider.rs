//! The registration at a provider: at `oidc-provider`, which nobody here wrote, at an emulator, and at servers that answer as
//! others do. What they saw is what was listed.

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use super::Diagnosis;
use crate::support::api_server::{ApiServer, Reply};
use crate::support::emulated::MINE;
use crate::support::tls::{TlsServer, params};
use crate::support::{Emulated, OidcProvider, Sandbox};

/// The redirect URI that is registered for the clients of `oidc-provider`, which accepts any port of it.
const REGISTERED: &str = "http://127.0.0.1:0/callback";

const OTHER: &str = "http://127.0.0.1:0/other";

const REDIRECT: &str = "redirect URI";

#[test]
fn a_certified_server_proves_a_registered_uri_with_one_request() {
    let server = OidcProvider::running();
    let sandbox = server.sandbox("web app:1", "token.auth = 'basic'");
    let diagnosis = Diagnosis::run(&sandbox, &["acme", "--redirect-uri", REGISTERED]);
    diagnosis.ends_with(0).about(REDIRECT).is("ok").says("is registered").shows("login_required");
    assert_eq!(diagnosis.sent().iter().filter(|sent| sent.ends_with("/auth")).count(), 1);
    diagnosis.about("metadata").shows("openid.jwks_url");
    diagnosis.about("PKCE").is("ok").says("which the provider announces");
    diagnosis.about("revocation").is("ok").says("/token/revocation");
    let revoke = format!("revoke.url = '{}/token/revocation'\n", server.issuer());
    sandbox.define("acme", &server.definition("token.auth = 'basic'").replace(&revoke, ""));
    let diagnosis = Diagnosis::run(&sandbox, &["acme", "--redirect-uri", REGISTERED]);
    let way = format!("`revoke.url = \"{}/token/revocation\"`", server.issuer());
    diagnosis.ends_with(0).about("revocation").is("note").is_mended_by(&way);
    // A client that may not ask for `openid` gets an error at its redirect URI, which proves it, too.
    let reader = server.sandbox("reader", "token.auth = 'basic'");
    Diagnosis::run(&reader, &["acme", "--redirect-uri", REGISTERED]).about(REDIRECT).is("ok");
}

#[test]
fn a_certified_server_shows_what_is_not_registered() {
    let server = OidcProvider::running();
    let sandbox = server.sandbox("web app:1", "token.auth = 'basic'");
    let diagnosis = Diagnosis::run(&sandbox, &["acme", "--redirect-uri", OTHER]);
    let finding = diagnosis.ends_with(3).about(REDIRECT);
    finding.is_problem(3).says("is not registered for the client `web app:1`").shows("redirect_uri");
    finding.is_mended_by("register exactly `http://127.0.0.1:").is_mended_by("/other`");
    let unknown = sandbox.with("OAUTHCTL_CLIENT_ID", "nobody");
    let diagnosis = Diagnosis::run(&unknown, &["acme", "--redirect-uri", REGISTERED]);
    diagnosis
        .ends_with(3)
        .about(REDIRECT)
        .is_problem(3)
        .says("`nobody` is unknown")
        .is_mended_by("oauthctl app set acme");
}

#[test]
fn a_certified_server_accepts_and_refuses_the_authentication() {
    let server = OidcProvider::running();
    let check = |sandbox: &Sandbox| Diagnosis::run(sandbox, &["acme", "--check-client", "--redirect-uri", REGISTERED]);
    for (client, auth) in [("web app:1", "basic"), ("body", "body"), ("public", "none")] {
        let revoking = server.sandbox(client, &format!("token.auth = '{auth}'"));
        let diagnosis = check(&revoking);
        diagnosis.ends_with(0).about("authentication").is("ok").says("revocation of a random token");
        assert_eq!(diagnosis.sent().iter().filter(|sent| sent.starts_with("POST")).count(), 1, "{auth}");
        let revoke = format!("revoke.url = '{}/token/revocation'\n", server.issuer());
        revoking.define("acme", &server.definition(&format!("token.auth = '{auth}'")).replace(&revoke, ""));
        check(&revoking).ends_with(0).about("authentication").is("ok").says("invalid_grant");
    }
    let wrong = server.sandbox("web app:1", "token.auth = 'basic'").with("OAUTHCTL_CLIENT_SECRET", "canary-secret");
    let diagnosis = check(&wrong);
    let refused = diagnosis.ends_with(3).about("authentication");
    refused.is_problem(3).says("`client_secret_basic`").says("invalid_client").is_mended_by("oauthctl app set acme");
    diagnosis.about(REDIRECT).is("ok");
    diagnosis.output.hides("canary-secret");
    let other_method = server.sandbox("body", "token.auth = 'basic'");
    check(&other_method).ends_with(3).about("authentication").is_problem(3);
}

#[test]
fn an_emulator_is_compared_with_a_made_up_uri() {
    let emulated = Emulated::start(&[]);
    let run =
        |sandbox: &Sandbox, uri: &str| Diagnosis::run(sandbox, &["judgeme", "--check-client", "--redirect-uri", uri]);
    let diagnosis = run(&emulated, REGISTERED);
    diagnosis.ends_with(0).about(REDIRECT).is("ok").says("refuses a made-up one").shows("status 400");
    diagnosis.about("authentication").is("ok").says("invalid_grant");
    let diagnosis = run(&emulated, OTHER);
    diagnosis.ends_with(3).about(REDIRECT).is_problem(3).says("is not registered");
    let unknown = emulated.same_home().with("OAUTHCTL_CLIENT_ID", "nobody");
    let diagnosis = run(&unknown, REGISTERED);
    diagnosis.ends_with(3).about(REDIRECT).is_problem(3).says("`nobody` is unknown");
    diagnosis.about("authentication").is_problem(3);
    let requests = emulated.requests();
    assert!(!requests.iter().any(|request| request.contains("/callback")), "{requests:?}");
    assert_eq!(requests.iter().filter(|request| request.starts_with("POST ")).count(), 3, "{requests:?}");
}

/// A provider at a server of the test's own, with a client.
fn at(origin: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "canary-secret");
    sandbox.define("mine", &format!("{more}\n{}", MINE.replace("https://mine.example", origin)));
    sandbox
}

fn page(status: &'static str, body: &str) -> Reply {
    (status, vec!["Content-Type: text/html".to_owned()], body.as_bytes().to_vec())
}

/// Answers as servers do that are common elsewhere: `made_up` for a redirect URI that is not registered.
fn server(registered: fn() -> Reply, made_up: fn() -> Reply) -> ApiServer {
    ApiServer::start(move |request| match request {
        request if !request.starts_with("GET /authorize") => page("404 Not Found", ""),
        request if request.lines().next().unwrap().contains("127.0.0.1") => registered(),
        _ => made_up(),
    })
}

#[test]
fn a_login_page_alone_proves_nothing() {
    let login = || page("200 OK", "<form>Sign in</form>");
    let away = || {
        let (status, _, body) = page("302 Found", "");
        (status, vec!["Location: https://sso.example/login".to_owned()], body)
    };
    let refused =
        || page("422 Unprocessable Content", "<h1>Sorry</h1>The redirect uri doesn't match client redirect URI.");
    // As Doorkeeper words it.
    let unknown = || page("401 Unauthorized", "Client authentication failed due to unknown client");
    let broken = || page("503 Service Unavailable", "redirect_uri");
    type Case = (fn() -> Reply, fn() -> Reply, &'static str, &'static str);
    let cases: [Case; 7] = [
        (login, login, "note", "cannot be told"),
        (away, away, "note", "cannot be told"),
        (broken, broken, "note", "cannot be told"),
        (login, refused, "ok", "is registered"),
        (away, refused, "ok", "is registered"),
        (refused, refused, "problem", "is not registered"),
        (unknown, unknown, "problem", "is unknown"),
    ];
    for (registered_page, made_up, verdict, says) in cases {
        let server = server(registered_page, made_up);
        let diagnosis = Diagnosis::run(&at(&server.origin(), ""), &["mine", "--redirect-uri", REGISTERED]);
        diagnosis.about(REDIRECT).is(verdict).says(says).shows("the request with a made-up one");
        diagnosis.output.hides("canary-secret");
    }
}

/// The lists of the server and of the command are the same, in any order.
#[track_caller]
fn assert_listed(seen: &[String], diagnosis: &Diagnosis, origin: &str) {
    let line = |request: &String| {
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        format!("{method} {origin}{}", path.split('?').next().unwrap())
    };
    let mut seen: Vec<String> = seen.iter().map(line).collect();
    let mut listed = diagnosis.sent();
    seen.sort();
    listed.sort();
    assert_eq!(seen, listed);
}

#[test]
fn only_what_is_listed_is_sent() {
    let server = ApiServer::start(|request| match request.split(' ').nth(1).unwrap_or_default() {
        path if path.starts_with("/authorize") => ("302 Found", vec!["Location: /login?next=1".to_owned()], Vec::new()),
        path if path.starts_with("/login") => page("200 OK", "Sign in"),
        path if path.starts_with("/revoke") => page("200 OK", ""),
        _ => page("404 Not Found", ""),
    });
    let origin = server.origin();
    let sandbox = at(&origin, &format!("authorize.issuer = '{origin}'\ntoken.auth = 'basic'"));
    let offline = Diagnosis::run(&sandbox, &["mine", "--offline", "--redirect-uri", REGISTERED]);
    assert_eq!((offline.ends_with(0).sent(), server.requests()), (Vec::new(), Vec::new()));
    let diagnosis = Diagnosis::run(&sandbox, &["mine", "--redirect-uri", REGISTERED]);
    diagnosis.ends_with(0);
    let plain = server.requests();
    assert_listed(&plain, &diagnosis, &origin);
    assert!(plain.iter().all(|request| !request.contains("canary") && !request.starts_with("POST")), "{plain:?}");
    assert!(plain.iter().all(|request| !request.to_lowercase().contains("\r\ncookie:")), "{plain:?}");
    let diagnosis = Diagnosis::run(&sandbox, &["mine", "--check-client", "--redirect-uri", REGISTERED]);
    let with_client = &server.requests()[plain.len()..];
    assert_listed(with_client, &diagnosis, &origin);
    let posted: Vec<&String> = with_client.iter().filter(|request| request.starts_with("POST")).collect();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert!(posted[0].starts_with("POST /revoke") && posted[0].contains("uthorization: Basic"), "{posted:?}");
    // Each request has a state of its own.
    let states = plain.iter().filter_map(|request| request.split("state=").nth(1)?.split('&').next());
    let mut states: Vec<&str> = states.collect();
    states.sort_unstable();
    states.dedup();
    assert_eq!(states.len(), 2, "{plain:?}");
}

#[test]
fn what_the_metadata_says_otherwise_is_listed() {
    let metadata = |request: &str, more: &str| {
        let host =
            request.split("ost: ").nth(1).and_then(|rest| rest.split('\r').next()).unwrap_or_default().to_owned();
        let body = format!(
            "{{\"issuer\":\"http://{host}\",\"token_endpoint\":\"http://{host}/new-token\",\
             \"code_challenge_methods_supported\":[\"plain\"]{more}}}"
        );
        ("200 OK", vec!["Content-Type: application/json".to_owned()], body.into_bytes())
    };
    for (more, verdict, code) in [
        ("", "note", 0),
        (",\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\"]", "problem", 3),
        (",\"require_pushed_authorization_requests\":true", "problem", 3),
    ] {
        let server = ApiServer::start(move |request| match request.contains("/.well-known/") {
            true => metadata(request, more),
            false => page("200 OK", "Sign in"),
        });
        let sandbox = at(&server.origin(), &format!("authorize.issuer = '{}'", server.origin()));
        let diagnosis = Diagnosis::run(&sandbox, &["mine", "--redirect-uri", REGISTERED]);
        let finding = diagnosis.ends_with(code).about("metadata");
        finding.is(verdict).shows("token.url").shows("/new-token").is_mended_by("mine.toml");
        diagnosis.about("PKCE").is("note").says("announces plain");
    }
}

#[test]
fn a_server_that_cannot_be_reached_or_trusted_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let origin = format!("http://{closed}");
    let diagnosis = Diagnosis::run(&at(&origin, ""), &["mine", "--redirect-uri", REGISTERED]);
    diagnosis.ends_with(8).about(&origin).is_problem(8).says("cannot connect").shows("authorize, token");
    diagnosis.about(REDIRECT).is("note").says("cannot be told");
    let corporate = TlsServer::start(&["127.0.0.1"], |_| page("200 OK", "Sign in"));
    let origin = format!("https://{}", corporate.address);
    let sandbox = at(&origin, "");
    let run = |args: &[&str]| Diagnosis::run(&sandbox, &[&["mine", "--redirect-uri", REGISTERED], args].concat());
    let diagnosis = run(&[]);
    diagnosis.ends_with(8).about(&origin).is_problem(8).says("UnknownIssuer").is_mended_by("--cacert FILE");
    assert_eq!(corporate.requests(), Vec::<String>::new());
    std::fs::write(sandbox.home().join("ca.pem"), &corporate.certificate).unwrap();
    let finding = run(&["--cacert", "ca.pem"]);
    finding.ends_with(0).about(&origin).is("ok").says("over TLS").shows("self-signed, until 4096").shows("alone");
}

#[test]
fn a_certificate_is_shown_and_its_end_is_announced_in_time() {
    let day = 86_400;
    for (left, verdict) in [(20 * day, "ok"), (3 * day + 600, "note")] {
        let mut certificate = params(&["127.0.0.1"]);
        certificate.not_after = (SystemTime::now() + Duration::from_secs(left)).into();
        let server = TlsServer::presenting(certificate, Some("Example Authority"), |_| page("200 OK", "Sign in"));
        let origin = format!("https://{}", server.address);
        let sandbox = at(&origin, "");
        std::fs::write(sandbox.home().join("ca.pem"), &server.certificate).unwrap();
        let args = ["mine", "--redirect-uri", REGISTERED, "--cacert", "ca.pem"];
        let diagnosis = Diagnosis::run(&sandbox, &args);
        let finding = diagnosis.ends_with(0).about(&origin);
        finding
            .is(verdict)
            .shows("for `CN=the server`, issued by `CN=Example Authority`, until 20")
            .shows("chain of 2");
        if verdict == "note" {
            finding.says("that ends in 3 days").is_mended_by("renew the certificate");
        }
    }
}

#[test]
fn what_is_missing_for_a_check_is_named() {
    let sandbox = Sandbox::new();
    sandbox.define("mine", MINE);
    let diagnosis = Diagnosis::run(&sandbox, &["mine", "--offline", "--redirect-uri", REGISTERED]);
    diagnosis.ends_with(3).about("client").is_problem(3).is_mended_by("oauthctl app set mine");
    let diagnosis = Diagnosis::run(&sandbox, &["shopify", "--offline", "--redirect-uri", REGISTERED]);
    diagnosis.ends_with(3).about("definition").is_problem(3).is_mended_by("--param store=");
    sandbox.run(&["doctor", "mine", "--offline", "--check-client"]).code(2);
    sandbox.run(&["doctor", "--check-client"]).code(2);
    let with_param = ["shopify", "--offline", "--param", "store=mine", "--redirect-uri", REGISTERED];
    Diagnosis::run(&sandbox, &with_param).about("definition").is("ok").shows("`store`");
    let pushing = at("http://127.0.0.1:9", "par.url = 'http://127.0.0.1:9/par'\npar.required = true");
    let diagnosis = Diagnosis::run(&pushing, &["mine", "--redirect-uri", REGISTERED]);
    diagnosis.about(REDIRECT).is("note").says("RFC 9126");
}
