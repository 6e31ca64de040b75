//! A token of the client itself (RFC 6749 §4.4): as a login, and without one.

use crate::support::emulated::count;
use crate::support::{ApiServer, Emulated, OidcProvider, Output, Sandbox};

/// A provider for jobs: `things` takes a token that `read` was granted to.
const JOBS: &str = r#"
name = "Jobs"
grants = ["client-credentials"]
token.url = "https://jobs.example/token"
token.auth = "basic"
revoke.url = "https://jobs.example/revoke"
api.base = "https://jobs.example/api"
scope.default = ["openid", "read"]
scope.known = [{ name = "read", about = "Read", probe = { path = "things", source = "made up" } }, { name = "write", about = "Write" }]

[[samples]]
path = "things"
scope = "read"
body = '{"things": []}'
"#;

fn jobs(args: &[&str]) -> Emulated {
    let sandbox = Sandbox::new();
    sandbox.define("jobs", JOBS);
    Emulated::inside(sandbox, "jobs", args)
}

const LOGIN: [&str; 5] = ["login", "--provider", "jobs", "--grant", "client-credentials"];

#[track_caller]
fn token_of(output: &Output) -> String {
    output.code(0).stdout().trim().to_owned()
}

#[test]
fn a_login_of_the_client_is_renewed_by_the_same_request() {
    let jobs = jobs(&["--token-lifetime", "1s,1h"]);
    let login = jobs.run(&[&LOGIN[..], &["--scope", "read write"]].concat());
    login.code(0).says("Logging in to Jobs").answers("renewed automatically");
    let status = jobs.run(&["status", "--json"]);
    status.code(0).answers("\"read\"");
    // The emulator's first token has ended, or will have by the time it is used.
    let first = token_of(&jobs.run(&["token", "--min-validity", "10m"]));
    assert_eq!(token_of(&jobs.run(&["token"])), first, "it is stored");
    let scopes = jobs.run(&["scopes", "--require", "read,write"]);
    scopes.code(0);
    jobs.run(&["call", "things"]).code(0);
    let refreshed = jobs.run(&["refresh"]);
    refreshed.code(0);
    assert_ne!(token_of(&jobs.run(&["token"])), first);
    jobs.run(&["logout"]).code(0).says("has revoked its tokens");
    let requests = jobs.requests();
    assert_eq!((count(&requests, "POST /token 200"), count(&requests, "POST /revoke 200")), (3, 1), "{requests:?}");
}

#[test]
fn a_rejected_token_of_the_client_is_replaced_once() {
    let jobs = jobs(&["--fault", "dead-token"]);
    jobs.run(&[&LOGIN[..], &["--port", "0"]].concat()).code(0).says("opens no browser, so the flags for one");
    jobs.run(&["call", "things"]).code(0).answers("things");
    assert_eq!(count(&jobs.requests(), "POST /token 200"), 2);
}

#[test]
fn a_token_without_a_login_needs_no_home_and_leaves_nothing() {
    let jobs = jobs(&[]);
    // Neither a store nor a keychain can be used.
    let bare = jobs.same_home().without("OAUTHCTL_STORE").with("OAUTHCTL_DATA_DIR", "/dev/null/none");
    let token = token_of(&bare.run(&["token", "--provider", "jobs"]));
    assert_eq!(token.len(), 64, "one token on stdout, and nothing else");
    bare.run(&["token", "--provider", "jobs", "--format", "header"]).code(0).answers("Authorization: Bearer ");
    bare.run(&["call", "--provider", "jobs", "things"]).code(0).answers("things");
    let child = bare.run(&["exec", "--provider", "jobs", "--", "sh", "-c", "printf %s \"$OAUTHCTL_TOKEN\" | wc -c"]);
    child.code(0).answers("64");
    bare.run(&["scopes", "--provider", "jobs", "--probe", "--require", "read"]).code(0).answers("PROVEN");
    assert!(!jobs.home().join(".local").exists(), "nothing was written");
}

#[test]
fn scopes_of_a_provider_stays_a_list_without_a_token() {
    let jobs = jobs(&[]);
    jobs.run(&["scopes", "--provider", "jobs"]).code(0).answers("read").says("providers scopes jobs");
    assert_eq!(count(&jobs.requests(), "POST /token 200"), 0);
}

#[test]
fn a_rejected_token_is_requested_anew_once() {
    let call = ["call", "--provider", "jobs", "things"];
    let plain = jobs(&["--fault", "dead-token"]);
    plain.run(&call).code(9).says("it was requested just before");
    assert_eq!(count(&plain.requests(), "POST /token 200"), 1);
    let kept = jobs(&["--fault", "dead-token"]);
    let dead = token_of(&kept.run(&["token", "--provider", "jobs", "--cache"]));
    kept.run(&[&call[..], &["--cache"]].concat()).code(0).answers("things");
    assert_ne!(token_of(&kept.run(&["token", "--provider", "jobs", "--cache"])), dead);
    assert_eq!(count(&kept.requests(), "POST /token 200"), 2);
}

#[test]
fn a_cached_token_is_for_the_same_client_scopes_and_secret_only() {
    let jobs = jobs(&[]);
    let cached = ["token", "--provider", "jobs", "--cache"];
    let first = token_of(&jobs.run(&cached));
    assert_eq!(token_of(&jobs.run(&cached)), first);
    let wider = token_of(&jobs.run(&[&cached[..], &["--scope", "read,write"]].concat()));
    assert_ne!(wider, first);
    jobs.same_home().with("OAUTHCTL_CLIENT_SECRET", "made-up-other").run(&cached).code(5).hides("made-up-other");
    jobs.same_home().with("OAUTHCTL_CLIENT_ID", "another").run(&cached).code(5);
    assert_eq!(token_of(&jobs.run(&cached)), first, "a wrong secret replaces nothing");
    let no_file = [&cached[..], &["--cacert", "/nowhere/ca.pem"]].concat();
    assert_eq!(token_of(&jobs.run(&no_file)), first, "nothing is sent, so no certificate is read");
    assert_ne!(token_of(&jobs.run(&["token", "--provider", "jobs"])), first, "without --cache it is a new one");
    assert_eq!(count(&jobs.requests(), "POST /token 200"), 3);
}

#[test]
fn of_a_hundred_commands_on_an_ended_token_one_requests() {
    let jobs = jobs(&["--token-lifetime", "1s,1h", "--latency", "200"]);
    let cached = ["token", "--provider", "jobs", "--cache", "--min-validity", "10m"];
    // The first token is too short for the others, and is kept.
    jobs.run(&["token", "--provider", "jobs", "--cache"]).code(0);
    let commands: Vec<_> = (0..100)
        .map(|_| {
            let mut command = jobs.command(&cached);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let ended =
        commands.into_iter().map(|command| Output::new("token".to_owned(), command.wait_with_output().unwrap()));
    let tokens: std::collections::BTreeSet<String> = ended.map(|output| token_of(&output)).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(count(&jobs.requests(), "POST /token 200"), 2, "the first one, and one for all");
}

#[test]
fn what_cannot_work_is_said_before_anything_is_sent() {
    let jobs = jobs(&[]);
    let home = jobs.same_home();
    home.run(&["token", "--provider", "jobs", "--profile", "other"]).code(2).says("names a login");
    home.run(&["token", "--cache"]).code(2).says("--provider");
    home.run(&["token", "--provider", "jobs", "--scope", "openid"]).code(2).says("about a person");
    home.run(&[&LOGIN[..], &["--scope", "openid read"]].concat()).code(2).says("about a person");
    let no_secret = home.without("OAUTHCTL_CLIENT_SECRET");
    no_secret.run(&["token", "--provider", "jobs"]).code(3).says("OAUTHCTL_CLIENT_SECRET").says("app set jobs");
    no_secret.run(&LOGIN).code(3).says("OAUTHCTL_CLIENT_SECRET");
    let no_client = no_secret.without("OAUTHCTL_CLIENT_ID");
    no_client.run(&["token", "--provider", "jobs"]).code(3).says("OAUTHCTL_CLIENT_ID").says("app set jobs");
    home.run(&["token", "--provider", "nowhere"]).code(3).says("nowhere");
    home.define("people", &JOBS.replace("client-credentials", "authorization-code"));
    let people = home.without("OAUTHCTL_EMULATOR");
    people.run(&["token", "--provider", "people"]).code(3).says("it offers authorization-code");
    people.run(&["login", "--provider", "people", "--grant", "client-credentials"]).code(2).says("it offers");
    home.define("public", &JOBS.replace("\"basic\"", "\"none\""));
    people.run(&["token", "--provider", "public"]).code(3).says("have no secret");
    let requests = jobs.requests();
    assert!(requests.is_empty(), "{requests:?}");
}

#[test]
fn a_client_that_may_not_is_told_what_to_switch_on() {
    let jobs = jobs(&["--fault", "client-not-allowed"]);
    let refused = jobs.run(&["token", "--provider", "jobs"]);
    refused.code(5).says("unauthorized_client").says("allow the app to use `grant_type=client_credentials`");
    jobs.run(&LOGIN).code(5).says("unauthorized_client");
}

/// A provider with its own words for it all, whose server counts.
#[test]
fn a_definition_says_how_the_request_is_written() {
    let server = ApiServer::start(|request| {
        let sent = request.to_lowercase();
        let is_right = sent.contains("grant_type=account_credentials")
            && sent.contains("account_id=a1")
            && sent.contains("permissions=read")
            && sent.starts_with("post /eu/token ");
        match is_right {
            true => ("200 OK", vec![], br#"{"access_token":"made-up","expires_in":3600}"#.to_vec()),
            false => ("400 Bad Request", vec![], br#"{"error":"invalid_request"}"#.to_vec()),
        }
    });
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    let base = server.origin();
    sandbox.define(
        "meet",
        &format!(
            "grants = ['client-credentials']\ntoken.url = '{base}/{{region}}/token'\ntoken.auth = 'basic'\n\
             token.omit = ['grant_type', 'redirect_uri']\nparams.region = {{ example = 'eu' }}\nparams.account = {{ example = 'a1' }}\n\
             client_credentials = {{ grant_type = 'account_credentials', params = {{ account_id = '{{account}}' }}, names = {{ scope = 'permissions' }} }}\n"
        ),
    );
    let params = ["--param", "region=eu", "--param", "account=a1", "--scope", "read"];
    let token = sandbox.run(&[&["token", "--provider", "meet"][..], &params].concat());
    assert_eq!(token.code(0).stdout(), "made-up\n");
    sandbox.run(&["token", "--provider", "meet"]).code(3).says("--param");
}

#[test]
fn a_given_token_is_forgotten_where_no_client_can_revoke_it() {
    let jobs = jobs(&[]);
    jobs.run_with_stdin(&["login", "--provider", "jobs", "--with-token"], "made-up-token\n").code(0);
    jobs.run(&["logout"]).code(0).says("was not revoked");
    jobs.run(&["token"]).code(4);
}

#[test]
fn the_certified_server_takes_a_client_by_header_and_by_body() {
    let acme = OidcProvider::running();
    for (client, auth, wrong) in [("job:1", "basic", "body"), ("body job", "body", "basic")] {
        let more = format!("grants = ['client-credentials']\ntoken.auth = '{auth}'");
        let sandbox = acme.sandbox(client, &more);
        let token = token_of(&sandbox.run(&["token", "--provider", "acme"]));
        assert!(token.len() > 20, "{client}");
        let login = sandbox.run(&["login", "--provider", "acme", "--grant", "client-credentials"]);
        login.code(0);
        let stored = token_of(&sandbox.run(&["token"]));
        sandbox.run(&["refresh"]).code(0);
        assert_ne!(token_of(&sandbox.run(&["token"])), stored, "{client}");
        sandbox.run(&["logout"]).code(0).says("has revoked its tokens");
        let wrong = acme.sandbox(client, &more.replace(auth, wrong));
        wrong.run(&["token", "--provider", "acme"]).code(5).says("invalid_client");
        let secret = sandbox.without("OAUTHCTL_CLIENT_SECRET").with("OAUTHCTL_CLIENT_SECRET", "made-up-wrong");
        secret.run(&["token", "--provider", "acme"]).code(5).says("invalid_client").hides("made-up-wrong");
        let unknown = sandbox.without("OAUTHCTL_CLIENT_ID").with("OAUTHCTL_CLIENT_ID", "nobody");
        unknown.run(&["token", "--provider", "acme"]).code(5).says("invalid_client");
    }
    let people = acme.sandbox("reader", "grants = ['client-credentials']\ntoken.auth = 'basic'");
    people
        .run(&["token", "--provider", "acme"])
        .code(5)
        .says("not allowed for this client")
        .says("allow the app to use");
}
