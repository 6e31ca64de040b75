//! What a person gets wrong, what a provider gets wrong, and what they are told then.

use crate::support::raw_server::{Script, http, reply, reset};
use crate::support::{Emulated, Output, PendingLogin, RawServer, Sandbox, http as browser};

const CLIENT_SECRET: &str = "canary-of-the-client-secret";
const CODE: &str = "canary-of-the-code";

#[test]
fn an_unknown_provider_brings_near_names() {
    let near = Sandbox::new().run(&["login", "--provider", "judgem"]);
    near.code(3).says("no provider is called `judgem`").says("did you mean `judgeme`?");

    let far = Sandbox::new().run(&["login", "--provider", "xyz"]);
    far.code(3).says("`oauthctl providers search WORD` finds one").says("`oauthctl providers new xyz --authorize URL");
    // No word of three letters is one of six.
    Sandbox::new().run(&["login", "nosuch"]).code(3).hides("did you mean");
}

// Elsewhere nobody says whose it is.
#[cfg(target_os = "linux")]
#[test]
fn a_port_of_another_login_is_named_as_that() {
    let judgeme = Emulated::start(&[]);
    let first = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    let port = first.port().to_string();
    let second = judgeme.run(&["login", "--port", &port, "--no-browser"]);
    second.code(8).says(&format!("port {port} is in use by `oauthctl` (process ")).says("that is another login");
}

#[test]
fn a_mistyped_command_line_is_told_with_the_right_one() {
    let home = Sandbox::new();
    home.run(&["loign"])
        .code(2)
        .says("error: there is no command `loign`")
        .says("hint: did you mean `oauthctl login`?");
    home.run(&["judgeme", "login"]).code(2).says("hint: run `oauthctl login judgeme`");
    home.run(&["man", "logn"]).code(2).says("did you mean `oauthctl man login`?");
    home.run(&["call"]).code(2).says("`oauthctl call` needs `[METHOD] PATH`").says("for example `oauthctl call /api/");
    home.run(&["import", "nothing-here"]).code(2).says("`nothing-here` cannot be read");
}

#[test]
fn an_unknown_scope_is_warned_of_and_sent_all_the_same() {
    let judgeme = Emulated::start(&["--approve"]);
    let browser = judgeme.browser();
    let login = judgeme.run(&["login", "--port", "0", "--scope", "read_products,read_minds", "--browser", &browser]);
    login.code(0).says("warning: read_minds is not among the scopes that Judge.me documents: public, read_shops,");
    login.says("&scope=read_products%20read_minds&");
    let login = judgeme.run(&["login", "--port", "0", "--scope", "read_product", "--browser", &browser]);
    login
        .code(0)
        .says("not among the scopes that Judge.me documents; did you mean `read_products`?")
        .hides("write_shops");
}

// The hint is for the tools of the system.
#[cfg(target_os = "linux")]
#[test]
fn a_taken_port_is_named_with_the_two_ways_out() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let login = Emulated::start(&[]).run(&["login", "--port", &port, "--no-browser"]);
    let holder = std::process::id();
    login.code(8).says(&format!("port {port} is in use by `")).says(&format!("(process {holder})"));
    login.says(&format!("stop that program (`kill {holder}`), or choose another port with `--port N`"));
}

#[test]
fn a_denial_is_told_in_the_providers_words() {
    let judgeme = Emulated::start(&[]);
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    let consent = browser::get(&login.authorize_url);
    let transaction = consent.split("name=\"transaction\" value=\"").nth(1).expect(&consent).split('"').next().unwrap();
    let mut form = login.authorize_url.clone();
    form.set_query(None);
    let denied = browser::post_form(&form, &[("transaction", transaction), ("decision", "deny")]);

    let page = browser::get(&browser::location(&denied));
    assert!(page.starts_with("HTTP/1.1 200") && !page.contains("access_denied"), "{page}");
    let output = login.finish();
    output.code(5).says("access_denied: \"The resource owner denied the request\"");
    judgeme.run(&["token"]).code(4);
}

#[test]
fn a_timeout_shows_the_redirect_uri_exactly() {
    let judgeme = Emulated::start(&[]);
    let odd = "http://127.0.0.1:0/Call%2dback?a=%7E";
    let args = ["login", "--redirect-uri", odd, "--no-browser", "--timeout", "1"];
    let login = PendingLogin::start(judgeme.command(&args));
    let sent = login.sent("redirect_uri");
    assert!(sent.ends_with("/Call%2dback?a=%7E"), "{sent}");
    login
        .finish()
        .code(6)
        .says("within 1s")
        .says("character by character: client ID emulated-")
        .says(&format!("redirect URI {sent}\n"));
}

#[test]
fn the_emulators_variable_leads_to_no_other_machine() {
    let elsewhere = ["https://evil.example", "http://evil.example", "https://127.0.0.1:1", "http://127.0.0.1:1/x"];
    for origin in elsewhere {
        let sandbox = Sandbox::new().with("OAUTHCTL_EMULATOR", &format!("judgeme={origin}"));
        let sandbox = sandbox.with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", CLIENT_SECRET);
        let login = sandbox.run(&["login", "--port", "0", "--no-browser", "--timeout", "1"]);
        // In the words of the shell, which the system decides where no variable says it.
        let unset = if cfg!(windows) { "Remove-Item Env:OAUTHCTL_EMULATOR" } else { "unset OAUTHCTL_EMULATOR" };
        login.code(3).says(&format!("`{unset}`")).hides(CLIENT_SECRET);
    }
}

#[test]
fn a_call_without_a_login_says_how_to_log_in() {
    let call = Sandbox::new().run(&["call", "GET", "/api/v1/products"]);
    call.code(4).says("run `oauthctl login ID`");

    let call = Emulated::start(&[]).run(&["call", "GET", "/api/v1/products"]);
    call.code(4).says("`judgeme-emulator`").says("run `oauthctl login judgeme --profile judgeme-emulator`");
}

#[test]
fn a_missing_registration_brings_the_command_that_mends_it() {
    let sandbox = Sandbox::new();
    let login = sandbox.run(&["login", "--provider", "judgeme", "--no-browser"]);
    login.code(3).says("`oauthctl app set judgeme --client-id ID --client-secret-stdin`");

    let args = ["app", "set", "judgeme", "--client-id", "ID", "--client-secret-stdin"];
    sandbox.run_with_stdin(&args, CLIENT_SECRET).code(0).hides(CLIENT_SECRET);
    let login = ["login", "--provider", "judgeme", "--port", "0", "--no-browser"];
    let login = PendingLogin::start(sandbox.command(&login));
    assert_eq!(login.sent("client_id"), "ID");
}

#[test]
fn an_error_in_a_token_reply_of_any_status_is_a_refusal() {
    let errors = [
        (r#"{"error":"invalid_grant","error_description":"used twice"}"#, "invalid_grant: \"used twice\""),
        (r#"{"error":{"code":190,"message":"expired"}}"#, "190: \"expired\""),
        (r#"{"error":["Key duplicated","Url duplicated"]}"#, "Key duplicated, Url duplicated"),
    ];
    for (body, words) in errors {
        for status in ["200 OK", "400 Bad Request", "401 Unauthorized"] {
            let output = login_answered_with(http(status, &["Content-Type: application/json"], body));
            output
                .code(5)
                .says(&format!("answered with status {}", &status[..3]))
                .says(&format!("server said: {words}"));
        }
    }
}

#[test]
fn a_token_reply_that_is_no_reply_is_a_fault_of_the_server() {
    let json = "Content-Type: application/json";
    let html = "<html><h1>Down for maintenance</h1></html>";
    let cases: [(Script, &str); 10] = [
        (http("200 OK", &["Content-Type: text/html"], html), html),
        (http("403 Forbidden", &["Content-Type: text/html"], html), html),
        (http("200 OK", &[json], ""), "an empty body"),
        (http("200 OK", &[json], r#"["no","token"]"#), r#"["no","token"]"#),
        (http("200 OK", &[json], r#"{"scope":"read"#), r#"{"scope":"read"#),
        (http("200 OK", &[json], r#"{"access_token":7}"#), "no usable token"),
        (http("503 Service Unavailable", &[json], r#"{"error":"busy"}"#), r#"status 503 and {"error":"busy"}"#),
        (http("200 OK", &[json, "Content-Encoding: gzip"], "no gzip"), "the connection to http://127.0.0.1"),
        (
            reply("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"access_token\":"),
            "the connection to http://127.0.0.1",
        ),
        (reset(), "the connection to http://127.0.0.1"),
    ];
    for (script, words) in cases {
        login_answered_with(script).code(8).says(words);
    }
}

#[test]
fn secrets_repeated_in_a_token_reply_are_not_shown() {
    let words = format!("no code {CODE} for {CLIENT_SECRET}");
    let replies = [
        http("400 Bad Request", &[], format!(r#"{{"error":"invalid_grant","error_description":"{words}"}}"#)),
        http("400 Bad Request", &[], format!(r#"{{"error":{{"message":"{words}"}}}}"#)),
        http("400 Bad Request", &[], format!(r#"{{"error":["{words}"]}}"#)),
        http("200 OK", &[], format!(r#"{{"message":"{words}"}}"#)),
        http("503 Service Unavailable", &[], format!("<p>{words}</p>")),
    ];
    for script in replies {
        login_answered_with(script).says("no code [hidden] for [hidden]");
    }
    let riddle = http("400 Bad Request", &["Content-Type: text/plain"], format!("{words}: token= is missing"));
    login_answered_with(riddle).says("not shown");
}

#[test]
fn a_token_in_a_reply_that_was_cut_off_is_not_shown() {
    let cut = r#"{"token_type":"Bearer","access_token":"canary-of-the-token"#;
    login_answered_with(http("200 OK", &["Content-Type: application/json"], cut)).code(8).hides("canary-of-the-token");
}

#[test]
fn a_redirect_of_the_token_endpoint_is_not_followed() {
    for status in ["307 Temporary Redirect", "308 Permanent Redirect", "302 Found"] {
        let other = RawServer::start([]);
        let location = format!("Location: {}/token", other.origin());
        let says = format!("redirect to `{}` (status {})", other.origin(), &status[..3]);
        login_answered_with(http(status, &[&location], "")).code(5).says(&says);
        assert_eq!(other.stop(), [""; 0]);
    }
}

/// A login at a provider whose token endpoint answers once, with this. Neither secret ever shows, nothing is stored,
/// and the code was sent once.
#[track_caller]
pub fn login_answered_with(script: Script) -> Output {
    login_in(Sandbox::new(), script)
}

/// The same in a sandbox with an environment of its own.
#[track_caller]
pub fn login_in(sandbox: Sandbox, script: Script) -> Output {
    let server = RawServer::start([script]);
    let sandbox = sandbox.with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", CLIENT_SECRET);
    let origin = server.origin();
    sandbox.define(
        "mine",
        &format!(
            "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\ntoken.auth = 'body'\napi.base = '{origin}'"
        ),
    );
    let login = ["login", "--provider", "mine", "--port", "0", "--no-browser"];
    let login = PendingLogin::start(sandbox.command(&login));
    let page = login.come_back(&[("code", CODE)]);
    let output = login.finish();
    output.hides(CLIENT_SECRET).hides(CODE);
    assert!(page.starts_with("HTTP/1.1 200") && !page.contains(CODE), "{page}");
    sandbox.run(&["token"]).code(4);
    let requests = server.stop();
    assert!(matches!(&requests[..], [one] if one.contains(CODE) && one.contains(CLIENT_SECRET)), "{requests:?}");
    output
}
