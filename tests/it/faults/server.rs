//! A token endpoint that fails, lies or is not the one that was meant: what a login and a refresh make of it.

#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod drip;
#[cfg(target_os = "linux")]
mod flood;
#[cfg(target_os = "linux")]
mod reach;

use crate::bad_input::login_answered_with;
use crate::refresh::{Scripted, json, token};
#[cfg(target_os = "linux")]
use crate::support::faketime::SettableClock;
use crate::support::raw_server::{http, reply};
use crate::support::{Output, Sandbox};

const GOOD: &str = r#"{"access_token":"at-2","token_type":"Bearer","expires_in":3600,"refresh_token":"rt-1"}"#;

/// A reply in its bytes, the exit code that it leads to, and what is said then.
struct Case {
    reply: Vec<u8>,
    code: i32,
    says: String,
}

/// A whole reply, with header lines.
fn case(status: &str, headers: &[&str], body: impl AsRef<[u8]>, code: i32, says: impl Into<String>) -> Case {
    let (headers, body) = (headers.join("\r\n"), body.as_ref());
    let head = format!("HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {}\r\n\r\n", body.len());
    let head = head.replace("\r\n\r\nContent-Length", "\r\nContent-Length");
    Case { reply: [head.as_bytes(), body].concat(), code, says: says.into() }
}

/// A reply below what HTTP allows.
fn raw(text: &str, says: &str) -> Case {
    Case { reply: text.into(), code: 8, says: says.into() }
}

const JSON: &str = "Content-Type: application/json";
const HTML: &str = "Content-Type: text/html; charset=utf-8";

/// Every reply ends a login, which keeps nothing and sends its code once, and a refresh, which keeps everything.
#[track_caller]
fn a_login_and_a_refresh_end(cases: &[Case]) {
    for Case { reply: bytes, code, says } in cases {
        login_answered_with(reply(bytes.clone())).code(*code).says(says);
    }
    a_refresh_ends(cases);
}

/// Every reply ends a refresh, for which one request was sent. The login is kept: the next refresh works.
#[track_caller]
fn a_refresh_ends(cases: &[Case]) {
    let scripts = cases.iter().map(|case| reply(case.reply.clone()));
    let scripted = Scripted::new(scripts.chain([json("200 OK", GOOD)]).collect());
    for Case { code, says, .. } in cases {
        refused(&scripted.sandbox, *code, says);
    }
    assert_eq!(token(&scripted.sandbox), "at-2");
    let requests = scripted.server.stop();
    let refreshes = requests.iter().filter(|request| request.contains("refresh_token=rt-1")).count();
    assert_eq!((refreshes, requests.len()), (cases.len() + 1, cases.len() + 2), "each was sent once");
}

#[track_caller]
fn refused(sandbox: &Sandbox, code: i32, says: &str) -> Output {
    let output = sandbox.run(&["token"]);
    output.code(code).says(says).hides("rt-1").hides("s3cret").hides("at-9");
    output
}

#[test]
fn a_fault_of_the_server_is_told_and_keeps_the_login() {
    let page = "<html><h1>Be right back</h1></html>";
    let mut cases = Vec::new();
    for status in ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"] {
        cases.push(case(status, &[HTML], page, 8, format!("status {} and {page}", &status[..3])));
    }
    // Not even the RFC's word ends a login with a status that says that the server is at fault.
    cases.push(case("500 Oops", &[JSON], r#"{"error":"invalid_grant"}"#, 8, "status 500"));
    cases.push(case("502 Bad Gateway", &[], "", 8, "status 502 and an empty body"));
    cases.push(case("200 OK", &[JSON], "", 8, "an empty body"));
    a_login_and_a_refresh_end(&cases);
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_fault_leaves_a_good_token_in_use_with_a_warning() {
    let (clock, sandbox) = SettableClock::new(Sandbox::new());
    let scripted = Scripted::logged_in_from(
        sandbox,
        r#"{"access_token":"at-1","expires_in":3600,"refresh_token":"rt-1"}"#,
        vec![
            http("503 Service Unavailable", &[], ""),
            http("429 Too Many Requests", &["Retry-After: 20"], ""),
            json("200 OK", GOOD),
        ],
    );
    clock.set("+3550");
    for words in ["status 503", "a wait of 20s"] {
        let output = scripted.sandbox.run(&["token"]);
        assert_eq!(output.code(0).says("warning:").says(words).says("still valid for").stdout(), "at-1\n");
    }
    assert_eq!(token(&scripted.sandbox), "at-2");
}

#[test]
fn a_rate_limit_of_the_token_endpoint_is_shown_with_its_time() {
    let often = |headers: &[&str], says: &str| case("429 Too Many Requests", headers, "", 8, says);
    a_login_and_a_refresh_end(&[
        often(&["Retry-After: 120"], "it asks for a wait of 2m"),
        often(&["Retry-After: 90.5"], "it asks for a wait of 1m 30s"),
        often(&["Retry-After-Ms: 2500"], "it asks for a wait of 2s"),
        often(&["Retry-After: Fri Dec 31 23:59:59 2100"], "it asks for a wait of "),
        often(&["X-RateLimit-Reset: 60", "X-RateLimit-Remaining: 0"], "it asks for a wait of 1m"),
        often(&["RateLimit: \"default\";r=0;t=60"], "it asks for a wait of 1m"),
        often(&["X-RateLimit-Reset: 60", "X-RateLimit-Remaining: 9"], "status 429 and an empty body\n"),
        often(&["Retry-After: Fri, 31 Dec 2100 23:59:59 GMT"], "it asks for a wait of "),
        often(&["Retry-After: 99999999999999999999999999"], "it asks for a wait of "),
        often(&[], "is rate-limiting us: it answered with status 429 and an empty body\n"),
        often(&["Retry-After: soon"], "status 429 and an empty body\n"),
        often(&["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"], "status 429 and an empty body\n"),
        case("429 Too Many Requests", &[JSON], r#"{"error":"invalid_grant"}"#, 8, "is rate-limiting us"),
    ]);
}

#[test]
fn a_reply_from_another_server_is_shown_and_keeps_the_login() {
    let page = r#"<html><form action="/login"><input name="error=access_token="></form></html>"#;
    let mut cases = vec![case("200 OK", &[HTML], page, 8, "status 200, was not understood")];
    for status in ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy", "451 Legal"] {
        cases.push(case(status, &[HTML], page, 8, format!("status {}, was not understood", &status[..3])));
        let json = r#"{"message":"Request blocked"}"#;
        // A provider may have errors of its own shape. Then the words count, and say what to do.
        let (code, says) = match &status[..3] {
            "404" | "407" => (8, format!("status {}, was not understood: {json}", &status[..3])),
            _ => (5, "the server said: \"Request blocked\"".to_owned()),
        };
        cases.push(case(status, &[JSON], json, code, says));
    }
    // A token with such a status was not given by the token endpoint.
    cases.push(case("403 Forbidden", &[JSON], r#"{"access_token":"at-9"}"#, 8, "status 403"));
    a_login_and_a_refresh_end(&cases);
}

#[test]
fn a_refusal_of_the_client_is_no_reason_to_log_in_again() {
    let codes = ["invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"];
    let refusal = |code: &&str| {
        let body = format!(r#"{{"error":"{code}"}}"#);
        case("401 Unauthorized", &[JSON], body, 5, format!("the server said: {code}\nhint: "))
    };
    let cases: Vec<Case> = codes.iter().map(refusal).collect();
    a_login_and_a_refresh_end(&cases);
    let scripted = Scripted::new(cases.into_iter().map(|case| reply(case.reply)).collect());
    for code in codes {
        let output = refused(&scripted.sandbox, 5, "hint: ");
        // Other scopes are had by a login only.
        let asks = code == "invalid_scope";
        if asks {
            output.says("ask for scopes that the app has now")
        } else {
            output.hides("oauthctl login")
        };
    }
}

#[test]
fn an_error_with_status_200_counts_in_a_refresh_too() {
    let error = |code: &str| json("200 OK", &format!(r#"{{"error":"{code}"}}"#));
    let scripted = Scripted::new(vec![error("invalid_client"), error("invalid_grant")]);
    refused(&scripted.sandbox, 5, "the server said: invalid_client");
    refused(&scripted.sandbox, 4, "the server said: invalid_grant");
    refused(&scripted.sandbox, 4, "is dead");
    assert_eq!(scripted.server.stop().len(), 3);
}

#[test]
fn broken_json_is_told_and_keeps_the_login() {
    let body = |body: &[u8], says: &str| case("200 OK", &[JSON], body, 8, says);
    a_login_and_a_refresh_end(&[
        body(br#"{"expires_in":3600,"access_token":"at-9"#, "EOF while parsing"),
        body(b"{\"access_token\":\"at-9\xff\"}", "was not understood"),
        body(br#"{"access_token":"at-9","access_token":"at-8"}"#, "the member `access_token` appears twice"),
        body("{\"a\":".repeat(10_000).as_bytes(), "nested more than 127 levels deep"),
        body(
            format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes(),
            "nested more than 127 levels deep",
        ),
        body(b"{\"access_token\":\"at-9\0\"}", "control character"),
        body(br#"{"access_token":"at-9\u0000"}"#, "characters that are not allowed in a token"),
        body(br#"{"access_token":"at-8","refresh_token":"at-9\u0000"}"#, "characters that are not allowed in a token"),
        body(b"\0", "was not understood"),
        body(br#""at-8""#, "was not understood"),
    ]);
}

#[test]
fn what_is_meant_is_read_whatever_it_is_called() {
    let form = "access_token=at-2&expires_in=3600&token_type=bearer";
    let latin = "Content-Type: application/json; charset=iso-8859-1";
    let replies: [(&[&str], String); 8] = [
        (&[HTML], GOOD.into()),
        (&[], GOOD.into()),
        (&["Content-Type: application/x-www-form-urlencoded"], GOOD.into()),
        (&["Content-Type: no type at all"], GOOD.into()),
        (&[latin], GOOD.into()),
        (&[JSON], format!("\u{feff}{GOOD}")),
        (&["Content-Type: application/x-www-form-urlencoded"], form.into()),
        (&["Content-Type: text/plain"], form.into()),
    ];
    let scripts = replies.iter().map(|(headers, body)| http("200 OK", headers, body));
    let scripted = Scripted::new(scripts.collect());
    for (headers, body) in &replies {
        let output = scripted.sandbox.run(&["refresh"]);
        assert_eq!(output.exit_code(), Some(0), "{headers:?} {body}: {output}");
        assert_eq!(token(&scripted.sandbox), "at-2");
    }
}

#[test]
fn what_cannot_be_what_it_is_called_is_told_and_keeps_the_login() {
    let latin = "Content-Type: application/json; charset=iso-8859-1";
    a_login_and_a_refresh_end(&[
        case("200 OK", &[JSON], "access_token=at-9&expires_in=3600", 8, "was not understood"),
        case("200 OK", &[latin], b"{\"access_token\":\"at-9\",\"shop\":\"caf\xe9\"}", 8, "was not understood"),
    ]);
}

#[test]
fn a_broken_transfer_is_told_and_keeps_the_login() {
    let broke = "broke";
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    a_login_and_a_refresh_end(&[
        raw(&format!("{chunked}ZZ\r\n{GOOD}\r\n0\r\n\r\n"), broke),
        raw(&format!("{chunked}FFFFFFFFFFFFFFFFF\r\n{GOOD}\r\n0\r\n\r\n"), broke),
        raw(&format!("{chunked}{:x}\r\n{GOOD}\r\n", GOOD.len()), broke),
        raw(&format!("{chunked}{:x}\r\n{GOOD}0\r\n\r\n", GOOD.len()), broke),
        raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{GOOD}"), broke),
        raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{GOOD}"), broke),
        raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{GOOD}", GOOD.len() + 1), broke),
        raw("HTTP/1.1 200 OK\r\nContent-Le", broke),
        raw("SSH-2.0-server\r\n", broke),
        raw("", broke),
    ]);
}

#[test]
fn a_redirect_of_the_token_endpoint_is_named_and_not_followed() {
    let elsewhere = crate::support::RawServer::start([]);
    let origin = elsewhere.origin();
    let targets = [
        ("/token?code=canary-of-a-secret".to_owned(), "`/token`"),
        ("https://user:canary-of-a-secret@other.example/t?a=b".to_owned(), "`https://other.example`"),
        (format!("{origin}/token?canary-of-a-secret"), origin.as_str()),
        ("javascript:canary-of-a-secret()".to_owned(), "`javascript:`"),
        ("//other.example/t#canary-of-a-secret".to_owned(), "`//other.example/t`"),
    ];
    let statuses = ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"];
    let to = |status: &str, (target, shown): &(String, &str)| {
        let says = format!("redirect to {shown}").replace("to http://", "to `http://");
        case(status, &[&format!("Location: {target}")], "", 5, says)
    };
    let all: Vec<Case> = statuses.iter().flat_map(|status| targets.iter().map(|target| to(status, target))).collect();
    a_refresh_ends(&all);
    let one_each: Vec<Case> = statuses.iter().zip(&targets).map(|(status, target)| to(status, target)).collect();
    for Case { reply: bytes, code, says } in one_each {
        login_answered_with(reply(bytes)).code(code).says(&says).hides("canary-of-a-secret");
    }
    a_refresh_ends(&[case("304 Not Modified", &[], "", 5, "redirect to nowhere (status 304)")]);
    assert_eq!(elsewhere.stop(), [""; 0]);
}

/// Each is noted or plain, and none is unknown in silence.
#[test]
fn a_lifetime_is_taken_as_what_it_plausibly_is() {
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let (seconds, date) = (in_an_hour.as_second().to_string(), format!("\"{in_an_hour}\""));
    let (silent, taken, ignored) = ("", "is taken as", "is ignored");
    let millis = format!("{seconds}000");
    let cases = [
        ("", silent, false),
        ("null", silent, false),
        ("3600", silent, true),
        ("\"3600\"", silent, true),
        ("\"3600.0\"", silent, true),
        ("3600.9", silent, true),
        ("1e3", silent, true),
        ("\"3600abc\"", taken, true),
        ("\"1 hour\"", taken, true),
        (&seconds, taken, true),
        (&millis, taken, true),
        (&date, taken, true),
        ("-1", ignored, false),
        ("\"soon\"", ignored, false),
        ("2147483647", "no end at all", false),
        ("10000000000000", "no end at all", false),
        ("1e300", "no end at all", false),
        ("99999999999999999999", "no end at all", false),
        ("[60]", "`expires_in` is malformed", false),
    ];
    let reply = |lifetime: &str| format!(r#"{{"access_token":"at-2"{lifetime}}}"#);
    let member = |value: &str| if value.is_empty() { String::new() } else { format!(r#","expires_in":{value}"#) };
    let good = cases.iter().map(|(value, ..)| json("200 OK", &reply(&member(value))));
    let over = [json("200 OK", &reply(r#","expires_in":0"#)), json("200 OK", GOOD)];
    let scripted = Scripted::new(good.chain(over).collect());
    let sandbox = &scripted.sandbox;
    for (value, words, is_known) in cases {
        let refreshed = sandbox.run(&["refresh"]);
        match words {
            "" => refreshed.code(0).hides("warning"),
            words => refreshed.code(0).says("warning: the token of `mine` was refreshed, but in the reply").says(words),
        };
        assert_eq!(token(sandbox), "at-2", "{value}");
        sandbox.run(&["status", "--check"]).code(0);
        let shown = sandbox.run(&["token", "--format", "json"]);
        let end = serde_json::from_str::<serde_json::Value>(shown.code(0).stdout()).unwrap()["expires_at"].as_i64();
        assert_eq!(end.is_some(), is_known, "{value}: {shown}");
        assert!(end.is_none_or(|end| end <= in_an_hour.as_second() + 600), "{value}: {shown}");
    }
    // Over at once: renewed by whoever wants it next.
    sandbox.run(&["refresh"]).code(0).says("ended as soon as it came");
    assert_eq!(token(sandbox), "at-2");
    assert_eq!(scripted.server.stop().len(), 1 + cases.len() + 2);
}

#[test]
fn a_token_of_unknown_lifetime_is_renewed_after_a_401() {
    let invalid = || http("401 Unauthorized", &["WWW-Authenticate: Bearer error=\"invalid_token\""], "");
    let unknown = r#"{"access_token":"at-1","refresh_token":"rt-1"}"#;
    let scripted = Scripted::logged_in(
        unknown,
        vec![http("200 OK", &[], "[1]"), invalid(), json("200 OK", GOOD), http("200 OK", &[], "[2]")],
    );
    for answer in ["[1]", "[2]"] {
        assert_eq!(scripted.sandbox.run(&["call", "things"]).code(0).stdout(), answer);
    }
    let requests = scripted.server.stop();
    let tokens: Vec<_> =
        requests.iter().filter_map(|r| Some(r.split_once("Bearer ")?.1.get(..4)?.to_owned())).collect();
    assert_eq!((tokens, requests.len()), (vec!["at-1".into(), "at-1".into(), "at-2".into()], 5));
}

#[test]
fn an_empty_refresh_token_is_none() {
    let empty = r#"{"access_token":"at-1","expires_in":0,"refresh_token":""}"#;
    let scripted = Scripted::logged_in(empty, Vec::new());
    scripted.sandbox.run(&["token"]).code(4).says("gave no refresh token");
    assert_eq!(scripted.server.stop().len(), 1);
    // In a refresh none means that the old one stays, and the same one too (RFC 6749 §6).
    let scripted = Scripted::new(vec![
        json("200 OK", empty),
        json("200 OK", r#"{"access_token":"at-1","expires_in":0,"refresh_token":"rt-1"}"#),
        json("200 OK", GOOD),
    ]);
    for _ in 0..3 {
        scripted.sandbox.run(&["refresh"]).code(0);
    }
    let requests = scripted.server.stop();
    assert_eq!(requests.iter().filter(|request| request.contains("refresh_token=rt-1")).count(), 3);
}
