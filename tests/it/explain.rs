//! `explain`: the record of a flow, its timeline, its diagnosis, and the report.

use serde_json::Value;

use crate::support::{ApiServer, PendingLogin, Sandbox};

const SECRET: &str = "s3cret-of-the-app";
const ID: &str = "client-id-of-the-shop";

/// A login that the token endpoint refused, at a definition with a shop in its address.
fn refused() -> Sandbox {
    let body = r#"{"error":"invalid_grant","error_description":"Code has expired"}"#;
    let server = ApiServer::always("400 Bad Request", &["Content-Type: application/json"], body);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", ID).with("OAUTHCTL_CLIENT_SECRET", SECRET);
    let origin = server.origin();
    sandbox.define("mine", &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = 'https://api.intern.example'\napp.page = 'https://apps.intern.example'"));
    let login = ["login", "mine", "--profile", "anna", "--port", "0", "--no-browser", "--scope", "read"];
    let login = PendingLogin::start(sandbox.command(&login));
    login.come_back(&[("code", "c0de-of-this-login")]);
    let ended = login.finish();
    ended
        .code(5)
        .says("hint: The code had expired, 0.0")
        .says("\nhint: `oauthctl explain` shows what was sent and what came\n");
    assert_eq!(ended.stderr().matches("hint:").count(), 2, "{ended}");
    sandbox
}

#[test]
fn a_refused_login_is_explained_with_what_was_sent_and_came() {
    let sandbox = refused();
    for columns in ["50", "80", "120"] {
        let explained = sandbox.clone().with("COLUMNS", columns).run(&["explain"]);
        explained.code(0).answers("Timeline").answers("The code had expired, 0.0").answers("high confidence; RFC 6749");
        explained.answers("next: run `oauthctl login mine --profile anna` again");
        explained.hides(SECRET).hides("c0de-of-this-login");
        let width = columns.parse::<usize>().unwrap();
        // A command is not broken into lines.
        let long = explained.stdout().lines().find(|line| line.chars().count() > width && !line.contains("next: "));
        assert!(long.is_none(), "{columns}: {long:?}");
    }
    let json: Value = serde_json::from_str(sandbox.run(&["explain", "--json"]).code(0).stdout()).unwrap();
    assert_eq!((&json["findings"][0]["id"], &json["exit_code"]), (&"code_expired".into(), &5.into()));
    assert_eq!((&json["profile"], &json["provider"]), (&"anna".into(), &"mine".into()));
    let words: Vec<&str> =
        json["timeline"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert!(words.ends_with(&["browser", "redirect", "token"]), "{words:?}");
}

#[test]
fn a_report_has_no_name_of_the_users_own() {
    let sandbox = refused();
    let report = sandbox.run(&["explain", "--report"]);
    report.code(0).answers("### login at mine: exit code 5").answers("The code had expired").answers("### Left out");
    report.answers("CLIENT-ID").answers("- the name of the login: LOGIN").answers("127.0.0.1");
    let home = sandbox.home().to_str().unwrap().to_owned();
    for own in [SECRET, ID, "c0de-of-this-login", "intern.example", "anna", &home] {
        report.hides(own);
    }
}

#[test]
fn the_registered_redirect_uri_is_compared_with_the_one_sent() {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", ID);
    sandbox.define(
        "mine",
        "authorize.url = 'http://127.0.0.1:9/a'\ntoken.url = 'http://127.0.0.1:9/t'\ntoken.auth = 'none'",
    );
    let uri = "http://127.0.0.1:8799/callback";
    sandbox.run(&["login", "mine", "--no-browser", "--timeout", "1s", "--redirect-uri", uri]).code(6);
    let sandbox = sandbox.with("COLUMNS", "50");
    sandbox.run(&["explain"]).code(0).answers("low confidence").answers(&format!("redirect URI: {uri}"));
    let shown = format!("   sent        {uri}\n   registered  http://127.0.0.1:8799/callback/\n{}", " ".repeat(15));
    let explained = sandbox.run(&["explain", "--registered", &format!("{uri}/")]);
    explained.code(0).answers(&shown).answers("^\n").answers("high confidence");
    let mark = explained.stdout().lines().find(|line| line.trim_end().ends_with('^')).unwrap();
    assert_eq!(mark.chars().position(|c| c == '^'), Some(15 + uri.len()), "{explained}");
    let same = sandbox.run(&["explain", "--registered", uri]);
    assert!(!same.code(0).stdout().contains("high confidence"), "{same}");
}

#[test]
fn flows_are_listed_and_chosen() {
    let sandbox = Sandbox::new();
    sandbox.run(&["explain"]).code(2).says("no flow is recorded");
    let sandbox = refused();
    sandbox.run(&["login", "mine", "--no-browser", "--timeout", "1s", "--port", "0"]).code(6);
    let list: Value = serde_json::from_str(sandbox.run(&["explain", "--list", "--json"]).code(0).stdout()).unwrap();
    let flows = list["flows"].as_array().unwrap();
    assert_eq!((flows.len(), &flows[0]["exit_code"], &flows[1]["exit_code"]), (2, &6.into(), &5.into()));
    let older = flows[1]["id"].as_str().unwrap();
    for args in [&["explain", older][..], &["explain", "--last", "2"], &["explain", "--profile", "anna"]] {
        sandbox.run(args).code(0).answers("The code had expired");
    }
    sandbox.run(&["explain"]).code(0).answers("No answer came");
    sandbox.run(&["explain", "--list"]).code(0).answers("login at anna").answers("The code had expired");
    sandbox.run(&["explain", "--last", "3"]).code(2).says("only 2 flows are recorded");
    sandbox.run(&["explain", "nobody"]).code(2).says("no recorded flow `nobody`").says("explain --list");
    sandbox.run(&["explain", "--profile", "bert"]).code(2).says("of the login `bert`");
}
