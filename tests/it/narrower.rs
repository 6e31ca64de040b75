//! A login's token with fewer scopes: what the program gets, what becomes of the login, and what is said where the provider
//! leaves the scopes as they were.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::api_server::{Reply, body, target};
use crate::support::emulated::{MINE, count};
use crate::support::process::finish;
use crate::support::{ApiServer, Emulated, Output, PendingLogin, Sandbox};

/// An emulator whose tokens tell their scopes, and a login with two.
fn with_two_scopes(definition: &str) -> Emulated {
    let mine = Emulated::defined(&format!("{definition}{MINE}"), &["--user", "made-up"]);
    mine.run(&["login", "--scope", "read write", "--port", "0", "--browser", &mine.browser()]).code(0);
    mine
}

#[track_caller]
fn token(sandbox: &Sandbox, args: &[&str]) -> String {
    sandbox.run(&[&["token"], args].concat()).code(0).stdout().trim().to_owned()
}

fn scopes_in(token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["scope"].as_str().unwrap().to_owned()
}

#[test]
fn a_narrow_token_leaves_the_login_as_it_was() {
    let mine = with_two_scopes("");
    let wide = token(&mine, &[]);
    let narrow = token(&mine, &["--scope", "read"]);
    assert_eq!((scopes_in(&wide), scopes_in(&narrow)), ("read write".to_owned(), "read".to_owned()));
    assert_eq!(token(&mine, &["--scope", "read"]), narrow, "it is kept until it ends");
    assert_eq!(token(&mine, &[]), wide);
    let status: Value = serde_json::from_str(mine.run(&["status", "--json"]).stdout()).unwrap();
    assert_eq!(status["logins"][0]["scopes"], json!(["read", "write"]));
    let kept = &status["logins"][0]["narrower"];
    assert_eq!((&kept[0]["asked"], kept.as_array().unwrap().len()), (&json!(["read"]), 1));
    assert!(kept[0]["expiry"]["at"].is_number() && !kept.to_string().contains(&narrow), "{kept}");
    mine.run(&["status", "-v"]).code(0).says("narrower tokens: `read` until").hides(&narrow);
    mine.run(&["inspect"]).code(0).answers("`read` until").hides(&narrow);
    // The refresh token that came with the narrow one is the login's, and has all of its scopes.
    mine.run(&["refresh"]).code(0);
    assert_eq!(scopes_in(&token(&mine, &[])), "read write");
    assert_eq!(token(&mine, &["--scope", "read"]), narrow);
    assert_eq!(token(&mine, &["--scope", "write read"]), token(&mine, &[]), "the login has no more");
    mine.run(&["logout"]).code(0).says("revoked");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 3, "the login, the narrow one, the refresh");
}

#[test]
fn a_command_gets_the_narrow_token_in_each_way() {
    let mine = with_two_scopes("");
    let narrow = token(&mine, &["--scope", "read"]);
    let run = |args: &[&str], script: &str| {
        let output = mine.run(&[&["exec", "--scope", "read"], args, &["--", "sh", "-c", script]].concat());
        output.code(0).stdout().trim().to_owned()
    };
    assert_eq!(run(&[], "echo $OAUTHCTL_TOKEN"), narrow);
    assert_eq!(run(&["--token-file"], "cat $OAUTHCTL_TOKEN_FILE"), narrow);
    assert_eq!(token(&mine, &["--scope", "read", "--format", "header"]), format!("Authorization: Bearer {narrow}"));
    let answer: Value =
        serde_json::from_str(&token(&mine, &["--scope", "read", "--format", "exec-credential"])).unwrap();
    assert_eq!(answer["status"]["token"], json!(narrow));
    for args in [["token", "--id"], ["token", "--which=x"], ["call", "x"], ["scopes", "--probe"]] {
        mine.run(&[&args[..], &["--scope", "read"]].concat()).code(2);
    }
    mine.run(&["token", "--allow-wider"]).code(2).says("--scope");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2);
}

#[test]
fn many_who_ask_at_once_for_a_narrow_token_share_one() {
    let mine = with_two_scopes("");
    let start = |_| -> Child {
        let mut command = mine.command(&["token", "--scope", "read"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let crowd: Vec<Child> = (0..20).map(start).collect();
    let tokens: Vec<Vec<u8>> = crowd.into_iter().map(|child| finish(child).stdout).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0] && !token.is_empty()), "{tokens:?}");
    mine.run(&["refresh"]).code(0);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 3, "the login, one narrow token, one refresh");
}

#[test]
fn what_the_login_does_not_have_is_refused_unsent() {
    let known = "[[scope.known]]\nname = 'read'\n[[scope.known]]\nname = 'write'\n";
    let mine = Emulated::defined(&format!("{MINE}{known}"), &[]);
    mine.log_in();
    let narrow = |scope: &str| mine.run(&["token", "--scope", scope]);
    narrow("write").code(10).says("does not have `write`: it has `read`").says("--scope 'read write'");
    narrow("raed").code(2).says("`mine` has no scope called `raed`").says("the login has `read`");
    narrow("").code(2).says("names no scope");
    mine.run(&["exec", "--scope", "write", "--", "true"]).code(10);
    narrow("read").code(0);
    let variable = mine.same_home().with("OAUTHCTL_TOKEN", "made-up-token");
    variable.run(&["token", "--scope", "read"]).code(5).says("that of OAUTHCTL_TOKEN");
    mine.run_with_stdin(&["login", "mine", "--with-token", "--profile", "given"], "made-up-token").code(0);
    mine.run(&["token", "given", "--scope", "read"]).code(5).says("gave it no refresh token");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 1, "the login");
}

#[test]
fn a_provider_known_to_ignore_scopes_is_not_asked() {
    for keys in ["refresh.scope = 'ignored'", "refresh.with = 'access'", "token.omit = ['scope']"] {
        let mine = with_two_scopes(&format!("{keys}\n"));
        let refused = mine.run(&["token", "--scope", "read"]);
        refused.code(5).says("a refresh at `mine` does not change them");
        refused.says("`oauthctl login mine --profile mine-emulator-narrow --scope read`");
        assert_eq!(count(&mine.requests(), "POST /token 200"), 1, "{keys}");
    }
}

/// A provider with a login for two scopes, which says this of each refresh beside the tokens: `at-2` with `rt-2`, and so on.
/// It takes each refresh token once.
fn provider(keys: &str, said: &'static str) -> (ApiServer, Sandbox) {
    let given = AtomicUsize::new(0);
    let server = ApiServer::start(move |request| -> Reply {
        let json =
            |status, body: String| (status, vec!["Content-Type: application/json".to_owned()], body.into_bytes());
        if !target(request).starts_with("/token") {
            return json("200 OK", "{}".to_owned());
        }
        let is_refresh = request.contains("grant_type=refresh_token");
        if is_refresh && !request.contains(&format!("refresh_token=rt-{}", given.load(Ordering::SeqCst))) {
            return json("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned());
        }
        if said == "refused" && request.contains("&scope=read") {
            return json(
                "400 Bad Request",
                r#"{"error":"invalid_grant","error_description":"a bad scope"}"#.to_owned(),
            );
        }
        let n = given.fetch_add(1, Ordering::SeqCst) + 1;
        let said = if n == 1 || said == "refused" { "" } else { said };
        let tokens = format!(r#""access_token":"at-{n}","refresh_token":"rt-{n}","expires_in":3600"#);
        json("200 OK", format!("{{{tokens}{said}}}"))
    });
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
    let origin = server.origin();
    let urls = format!("authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}/api'");
    sandbox.define("mine", &format!("{urls}\n{keys}\n"));
    let login = ["login", "mine", "--scope", "read write", "--port", "0", "--no-browser"];
    let pending = PendingLogin::start(sandbox.command(&login));
    pending.come_back(&[("code", "c")]);
    pending.finish().code(0);
    (server, sandbox)
}

fn refreshes(server: &ApiServer) -> usize {
    server.requests().iter().filter(|request| request.contains("grant_type=refresh_token")).count()
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    output.code(5).says(words).hides("at-").says("--allow-wider");
    assert_eq!(output.stdout(), "");
}

#[test]
fn a_wide_token_is_not_handed_out_as_a_narrow_one() {
    for (said, words) in [
        (r#","scope":"read write""#, "did not make the token narrower: beside what was asked for it has `write`"),
        ("", "does not say which scopes the new token has, so it may have more than `read`"),
    ] {
        let (server, mine) = provider("", said);
        refused(&mine.run(&["token", "--scope", "read"]), words);
        assert!(body(&server.last()).ends_with("&scope=read"), "{}", server.last());
        let child = ["exec", "--scope", "read", "--", "sh", "-c", "echo $OAUTHCTL_TOKEN"];
        refused(&mine.run(&child), words);
        assert_eq!(refreshes(&server), 1, "what it said is known");
        let taken = mine.run(&["token", "--scope", "read", "--allow-wider"]);
        taken.code(0).says("warning: ").says(words);
        assert_eq!((taken.stdout(), refreshes(&server)), ("at-2\n", 1));
        assert_eq!(token(&mine, &[]), "at-1");
        // With the refresh token that came with it.
        mine.run(&["refresh"]).code(0);
        assert_eq!(token(&mine, &[]), "at-3");
    }
}

#[test]
fn a_reply_without_scopes_is_believed_where_it_is_documented() {
    let (server, mine) = provider("refresh.scope = 'narrows'", "");
    assert_eq!(token(&mine, &["--scope", "read"]), "at-2");
    assert_eq!(refreshes(&server), 1);
    // What the reply says still counts.
    let (_, mine) = provider("refresh.scope = 'narrows'", r#","scope":"read write""#);
    refused(&mine.run(&["token", "--scope", "read"]), "beside what was asked for it has `write`");
}

#[test]
fn what_every_token_has_and_what_is_implied_is_not_more() {
    let keys = "scope.always = ['public']\n[[scope.known]]\nname = 'read'\nimplies = ['list']\n\
                [[scope.known]]\nname = 'write'\n[[scope.known]]\nname = 'list'\n";
    let (_, mine) = provider(keys, r#","scope":"read public list""#);
    assert_eq!(token(&mine, &["--scope", "read"]), "at-2");
    let (_, mine) = provider(keys, r#","scope":"public""#);
    let fewer = mine.run(&["token", "--scope", "read"]);
    fewer.code(0).says("`mine` did not grant read");
}

#[test]
fn a_refusal_of_scopes_does_not_end_the_login() {
    let (server, mine) = provider("", "refused");
    let output = mine.run(&["token", "--scope", "read"]);
    output.says("invalid_grant").says("a bad scope");
    assert_ne!(output.exit_code(), Some(0));
    mine.run(&["refresh"]).code(0);
    assert_eq!(refreshes(&server), 2);
    assert_eq!(mine.run(&["status", "--check"]).exit_code(), Some(0));
}

#[test]
fn a_rejected_narrow_token_is_replaced_by_a_narrow_one() {
    let mine = with_two_scopes("");
    let (wide, narrow) = (token(&mine, &[]), token(&mine, &["--scope", "read"]));
    let newer = |rejected: &str| mine.run_with_stdin(&["token", "--scope", "read", "--rejected-from-stdin"], rejected);
    let next = newer(&narrow).code(0).stdout().trim().to_owned();
    assert_eq!(scopes_in(&next), "read");
    assert_ne!(next, narrow);
    assert_eq!(newer(&narrow).code(0).stdout().trim(), next, "one that is known has been replaced");
    assert_eq!(token(&mine, &["--scope", "read"]), next);
    assert_eq!(token(&mine, &[]), wide);
    newer("made-up").code(4).says("not one of the login");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 3);
}
