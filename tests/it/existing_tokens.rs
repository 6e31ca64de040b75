//! Logins that are there already: a whole reply with its refresh token, and files of other programs.

use std::fs;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::support::api_server::{ApiServer, body};
use crate::support::{Output, Sandbox};

/// A token endpoint that answers each refresh with `at-2`, `at-3` and so on.
struct Provider {
    server: ApiServer,
    home: Sandbox,
}

impl Provider {
    fn start() -> Self {
        let refreshes = std::sync::atomic::AtomicUsize::new(1);
        let server = ApiServer::start(move |_| {
            let n = refreshes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            let reply = json!({"access_token": format!("canary-at-{n}"), "refresh_token": format!("canary-rt-{n}"), "expires_in": 3600});
            ("200 OK", vec!["Content-Type: application/json".to_owned()], reply.to_string().into_bytes())
        });
        let (home, origin) = (Sandbox::new(), server.origin());
        home.define(
            "mine",
            &format!(
                "authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\ntoken.auth = 'none'\napi.base = '{origin}/api'\n"
            ),
        );
        Self { server, home }
    }

    fn with_client(self, id: &str) -> Self {
        self.home.run(&["app", "set", "mine", "--client-id", id]).code(0);
        self
    }

    fn login(&self, text: &str, more: &[&str]) -> Output {
        let login = self.home.run_with_stdin(&[&["login", "mine", "--with-token"], more].concat(), text);
        login.hides("canary");
        login
    }

    fn token(&self) -> String {
        self.home.run(&["token"]).code(0).stdout().trim().to_owned()
    }

    fn row(&self) -> Value {
        let status = self.home.run(&["status", "--json"]);
        serde_json::from_str::<Value>(status.code(0).stdout()).unwrap()["logins"][0].clone()
    }

    /// The bodies of the requests to the token endpoint.
    fn sent(&self) -> Vec<String> {
        self.server.requests().iter().map(|request| body(request).to_owned()).collect()
    }
}

fn reply(more: Value) -> String {
    let mut reply = json!({"access_token": "canary-at-1", "refresh_token": "canary-rt-1", "token_type": "Bearer"});
    reply.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    reply.to_string()
}

#[test]
fn a_whole_reply_is_kept_and_refreshed() {
    let mine = Provider::start().with_client("client-1");
    let login = mine.login(&reply(json!({"expires_in": 3600, "scope": "read write"})), &[]);
    login.code(0).says("its refresh token, its end and its scopes are kept, too").answers("granted  read write");
    assert_eq!((&mine.row()["refreshable"], &mine.row()["scopes"]), (&json!(true), &json!(["read", "write"])));
    assert_eq!(mine.token(), "canary-at-1");
    assert!(mine.sent().is_empty());
    mine.home.run(&["refresh"]).code(0);
    assert_eq!(mine.token(), "canary-at-2");
    let sent = mine.sent();
    assert!(sent[0].contains("refresh_token=canary-rt-1") && sent[0].contains("client_id=client-1"), "{sent:?}");
}

#[test]
fn a_token_that_ended_is_refreshed_by_the_first_command() {
    let mine = Provider::start().with_client("client-1");
    for (n, end) in [
        json!({"expires_at": 1_600_000_000, "expires_in": 3600}),
        json!({"expires_in": 60, "created_at": 1_600_000_000}),
        json!({"expiry": "2020-09-13T12:26:40Z"}),
        json!({"expiresAt": 1_600_000_000_000_i64}),
    ]
    .into_iter()
    .enumerate()
    {
        mine.login(&reply(end), &[]).code(0).says("the access token ended at 2020-09-13").hides("clock");
        assert_eq!(mine.token(), format!("canary-at-{}", n + 2));
    }
    let camel = json!({"accessToken": "canary-at-1", "refreshToken": "canary-rt-9", "expiresIn": 3600}).to_string();
    mine.login(&camel, &[]).code(0).says("its refresh token and its end are kept, too");
    mine.home.run(&["refresh"]).code(0);
    assert!(mine.sent().last().unwrap().contains("refresh_token=canary-rt-9"));
}

#[test]
fn without_a_client_all_is_kept_until_app_set_names_it() {
    let mine = Provider::start();
    let login = mine.login(&reply(json!({"expires_in": 3600, "scope": "read write"})), &[]);
    login.code(0).says("cannot be refreshed yet: no client of `mine` is registered").says("`oauthctl app set mine`");
    assert_eq!((mine.row()["refreshable"].clone(), mine.token()), (json!(false), "canary-at-1".to_owned()));
    mine.home.run(&["refresh"]).code(3).hides("canary").says("no client is known for `mine`");
    mine.home.run(&["token", "--scope", "read"]).code(3).hides("canary").says("no client is known for `mine`");
    assert!(mine.sent().is_empty());
    let set = mine.home.run(&["app", "set", "mine", "--client-id", "client-1"]);
    set.code(0).says("The refresh token of the login `mine` had no client").hides("canary");
    mine.home.run(&["refresh"]).code(0);
    assert_eq!(mine.token(), "canary-at-2");
}

#[test]
fn a_reply_that_names_its_client_is_refreshed_with_that_one() {
    let mine = Provider::start().with_client("client-1");
    let login = mine.login(&reply(json!({"expires_in": 3600, "client_id": "client-2"})), &[]);
    login.code(0).says("is not registered. Register it with `oauthctl app set mine --client-id client-2`");
    mine.home.run(&["refresh"]).hides("canary");
    assert!(mine.sent().is_empty());
    mine.home.run(&["app", "set", "mine", "--app", "second", "--client-id", "client-2"]).code(0);
    mine.home.run(&["refresh"]).code(0);
    assert!(mine.sent()[0].contains("client_id=client-2"), "{:?}", mine.sent());
}

#[test]
fn a_refresh_token_comes_on_stdin_alone_or_after_the_access_token() {
    let mine = Provider::start();
    let flag = &["--refresh-token-stdin"];
    mine.login("canary-rt-0\n", flag).code(3).says("only a refresh token").says("`oauthctl app set mine`");
    mine.home.run(&["token", "--profile", "mine"]).code(4);
    assert!(mine.sent().is_empty());
    let mine = mine.with_client("client-1");
    mine.login("canary-rt-0\n", flag).code(0);
    assert_eq!(mine.token(), "canary-at-2");
    mine.login("Bearer canary-at-1\n\ncanary-rt-1\n", flag).code(0);
    assert_eq!(mine.token(), "canary-at-1");
    mine.home.run(&["refresh"]).code(0);
    mine.login(&json!({"type": "authorized_user", "refresh_token": "canary-rt-5"}).to_string(), &[]).code(0);
    assert_eq!(mine.token(), "canary-at-4");
    let sent = mine.sent();
    let used: Vec<bool> = ["canary-rt-0", "canary-rt-1", "canary-rt-5"]
        .iter()
        .enumerate()
        .map(|(n, token)| sent.get(n).is_some_and(|body| body.contains(token)))
        .collect();
    assert_eq!((used, sent.len()), (vec![true; 3], 3), "{sent:?}");
    for (text, told) in [("", "it is empty"), ("a\nb\nc\n", "more than one line"), ("caf\u{e9}", "no token has")] {
        mine.login(text, flag).code(2).says(told);
    }
    mine.home.run(&["login", "mine", "--refresh-token-stdin"]).code(2).says("--with-token");
    assert_eq!(mine.token(), "canary-at-4");
}

fn import(mine: &Provider, text: &str, more: &[&str]) -> Output {
    let file = mine.home.home().join("foreign");
    fs::write(&file, text).unwrap();
    let output = mine.home.run(&[&["import", file.to_str().unwrap()], more].concat());
    output.hides("canary");
    output
}

#[test]
fn a_dotenv_file_and_a_kept_reply_become_logins() {
    let mine = Provider::start().with_client("client-1");
    let dotenv = "# ours\nSHOP_ACCESS_TOKEN=canary-at-1\nexport SHOP_REFRESH_TOKEN='canary-rt-1'\nSHOP_EXPIRES_AT=4000000000\n\
                  DATABASE_URL=postgres://x\n";
    import(&mine, dotenv, &[]).code(2).says("does not say of which provider").says("`--provider ID`");
    let imported = import(&mine, dotenv, &["--provider", "mine"]);
    imported.code(0).answers("until    2096-10-02").says("from the value of `SHOP_ACCESS_TOKEN`");
    mine.home.run(&["refresh"]).code(0);
    assert!(mine.sent()[0].contains("refresh_token=canary-rt-1"));
    // One login is never replaced by another unasked.
    let whole = reply(json!({"expires_in": 3600, "scope": "read"}));
    import(&mine, &whole, &["--provider", "mine"]).code(2).says("`mine` already exists").says("`--replace`");
    assert_eq!(mine.token(), "canary-at-2");
    import(&mine, &whole, &["--provider", "mine", "--profile", "second", "--from", "oauth2c"]).code(0);
    import(&mine, &whole, &["--provider", "mine", "--replace"]).code(0);
    assert_eq!(mine.home.run(&["token", "--profile", "second"]).code(0).stdout(), "canary-at-1\n");
    // What `token --format dotenv` has written.
    let written = mine.home.run(&["token", "--format", "dotenv", "--env", "MINE_TOKEN"]);
    let written = format!("OTHER_TOKEN=made-up\n{}", written.code(0).stdout());
    let args = ["--provider", "mine", "--profile", "third"];
    import(&mine, &written, &args).code(2).says("several tokens: `MINE_TOKEN`, `OTHER_TOKEN`").says("`--env NAME`");
    import(&mine, &written, &[&args[..], &["--env", "MINE_TOKEN"]].concat()).code(0).answers("until    20");
    let args = ["import", "-", "--provider", "mine", "--profile", "piped"];
    mine.home.run_with_stdin(&args, "A_TOKEN=canary-at-1\n").code(0);
}

#[test]
fn the_hosts_of_gh_become_a_login_at_the_provider_of_the_host() {
    let mine = Provider::start();
    let hosts = "github.com:\n    oauth_token: canary-at-1\n    user: octo\n    git_protocol: https\n    users:\n        octo:\n";
    import(&mine, hosts, &[]).code(0).answers("Imported the login `github` at github");
    assert_eq!(mine.home.run(&["token", "--profile", "github"]).code(0).stdout(), "canary-at-1\n");
    mine.home.run(&["status"]).code(0).answers("octo");
    let keyring = "github.com:\n    user: octo\n    users:\n        octo:\n    git_protocol: https\n";
    import(&mine, keyring, &["--replace"]).code(2).says("in the keychain, not in this file").says("gh auth token");
    let elsewhere = "git.example:\n    oauth_token: canary\n    user: me\n";
    import(&mine, elsewhere, &[]).code(2).says("name the provider at git.example");
    import(&mine, elsewhere, &["--provider", "github", "--replace"]).code(2).says("no token for `github.com`");
    assert_eq!(mine.home.run(&["token", "--profile", "github"]).code(0).stdout(), "canary-at-1\n");
}

#[test]
fn a_foreign_or_broken_file_is_named_and_stores_nothing() {
    let mine = Provider::start();
    let provider = &["--provider", "mine"][..];
    for (text, more, told) in [
        ("{\"access_token\": \"canary", provider, "cannot be read as JSON"),
        ("{\"name\": \"canary\", \"id\": 1}", provider, "JSON without an access token, with the members `name`, `id`"),
        ("[{\"access_token\":\"canary1\"},{\"access_token\":\"canary2\"}]", provider, "several access tokens"),
        ("{\"access_token\":\"canary\\u0007\"}", provider, "letters that no token has"),
        ("PATH=canary\n", provider, "no variable whose name ends in `TOKEN`, only `PATH`"),
        ("A_TOKEN=\nB=canary\n", provider, "`A_TOKEN` has no value"),
        ("A_TOKEN=${canary}\n", provider, "refers to something else"),
        ("A_TOKEN=canary\n", &["--provider", "mine", "--from", "gh"], "it is a dotenv file, not a `hosts.yml` of gh"),
        ("A_TOKEN=canary\n", &["--provider", "mine", "--env", "B_TOKEN"], "no variable `B_TOKEN`, only `A_TOKEN`"),
        ("A_TOKEN=canary\n", &["--provider", "nobody"], "nobody"),
        ("127.0.0.1 localhost\n", &[], "this is not a login exported by `oauthctl export`"),
        ("oauthctl-login-1:canary", provider, "`--provider` is for a file of another program"),
    ] {
        let output = import(&mine, text, more);
        assert!(matches!(output.exit_code(), Some(2 | 3)), "{output}");
        output.says(told);
    }
    let cbor = b"\xa1\x6dshop:default\x61\x61\xa1\x6caccess_token\x66canary";
    let file = mine.home.home().join("tokens.cbor");
    fs::write(&file, cbor).unwrap();
    mine.home.run(&["import", file.to_str().unwrap()]).code(2).says("restish keeps its tokens in CBOR").hides("canary");
    mine.home.run(&["status"]).code(0).answers("No logins");
    assert!(mine.sent().is_empty());
}

#[test]
fn a_rejected_token_is_read_from_stdin_once_or_not_at_all() {
    let mine = Provider::start().with_client("client-1");
    let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({"exp": 1_600_000_000, "sub": "me"}).to_string());
    let whole = reply(json!({"expires_in": 3600, "id_token": format!("e30.{claims}.c2ln")}));
    mine.login(&whole, &[]).code(0).says("its ID token are kept, too");
    let google = || {
        let args = ["token", "--format", "google-executable", "--rejected-from-stdin"];
        let output = mine.home.run_with_stdin(&args, "canary-at-1");
        let answer: Value = serde_json::from_str(output.code(0).stdout()).unwrap();
        assert!(answer["message"].as_str().unwrap().contains("no token of the type that is asked for"), "{answer}");
    };
    google();
    assert_eq!(mine.sent().len(), 1, "the rejected one was refreshed, and no second time for the ID token");
    google();
    assert_eq!(mine.sent().len(), 2, "a newer one was there, whose ID token is old");
    for form in ["git", "docker"] {
        let args = ["token", "--format", form, "--rejected-from-stdin", "get"];
        let args: Vec<&str> = args.into_iter().filter(|word| *word != "get" || form == "git").collect();
        mine.home.run_with_stdin(&args, "canary-at-1").code(2).says("git and docker ask on stdin").hides("canary");
    }
    assert_eq!(mine.sent().len(), 2);
}
