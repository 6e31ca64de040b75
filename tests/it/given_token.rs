//! Secrets that a person or a script hands over: a token that is there already, a client secret, a passphrase. What an
//! editor, a shell or a server has put around them is not part of them.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::raw_server::http;
use crate::support::{Output, RawServer, Sandbox};

const LOGIN: &[&str] = &["login", "--provider", "judgeme", "--with-token"];
const MARK: &str = "\u{feff}";

fn stored(text: &str) -> (Sandbox, Output) {
    let home = Sandbox::new();
    let login = home.run_with_stdin(LOGIN, text);
    (home, login)
}

fn json_of(output: &Output) -> Value {
    serde_json::from_str(output.code(0).stdout()).unwrap()
}

#[test]
fn a_token_is_taken_out_of_what_it_came_in_and_that_is_said() {
    for (text, told) in [
        ("Bearer made-up-token\n", "the token was taken from what follows the word `Bearer`"),
        (
            "{\n  \"access_token\": \"made-up-token\",\n  \"refresh_token\": \"canary\",\n  \"expires_in\": 1\n}\n",
            "the token was taken from the member `access_token` of the JSON; nothing else of it is kept",
        ),
        (
            "\u{feff}{\"ok\":true,\"authed_user\":{\"access_token\":\"made-up-token\"}}",
            "from the member `authed_user.access_token` of the JSON",
        ),
        ("access_token=made-up-token&token_type=bearer&refresh_token=canary", "from the value of `access_token`"),
        ("\"made-up-token\"\n", "from between the quotes"),
    ] {
        let (home, login) = stored(text);
        login.code(0).says(told).hides("canary").hides("made-up-token");
        assert_eq!(home.run(&["token"]).code(0).stdout(), "made-up-token\n", "{text}");
    }
    for text in ["made-up-token", "\u{feff}\n\nmade-up-token\r\n\r\n"] {
        let (home, login) = stored(text);
        assert!(!login.code(0).stderr().contains("taken from"), "{login}");
        assert_eq!(home.run(&["token"]).code(0).stdout(), "made-up-token\n", "{text:?}");
    }
}

#[test]
fn a_text_without_one_token_is_refused_and_not_shown() {
    for (text, code, told) in [
        ("\n\u{feff}\n", 2, "it is empty"),
        ("canary\ncanary\n", 2, "it has more than one line"),
        ("{\"error\":\"canary\"}", 2, "it is JSON without an access token"),
        ("{\"access_token\":\"canary\"", 2, "cannot be read as JSON"),
        ("{\"access_token\":\"canary\",\"token_type\":\"DPoP\"}", 5, "of type `DPoP`"),
    ] {
        let (home, login) = stored(text);
        login.code(code).says("that is not a usable token").says(told).hides("canary");
        home.run(&["status"]).code(0).answers("No logins");
    }
    let home = Sandbox::new();
    for text in ["Bearer made-up-token", "{\"access_token\":\"made-up-token\"}"] {
        let home = home.clone().with("OAUTHCTL_TOKEN", text);
        let token = home.run(&["token", "--profile", "judgeme"]);
        token.code(2).says("OAUTHCTL_TOKEN is not a token alone").hides("made-up-token");
    }
}

#[test]
fn nothing_is_known_of_a_token_until_something_has_shown_it() {
    let (home, login) = stored("made-up-token");
    login.code(0).answers("granted  unknown: `oauthctl scopes --probe` tests it").answers("until    unknown");
    home.run(&["status"]).code(0).answers("unknown");
    let row = json_of(&home.run(&["status", "--json"]))["logins"][0].clone();
    assert_eq!((&row["scopes"], &row["expiry"]), (&json!(null), &json!("unknown")));
    assert!(row.as_object().unwrap().contains_key("scopes"), "{row}");
    let scopes = json_of(&home.run(&["scopes", "--json"]));
    for row in scopes["scopes"].as_array().unwrap() {
        assert_eq!((&row["asked"], &row["granted"]), (&json!(false), &json!(null)), "{row}");
    }
    let again = json_of(&home.run_with_stdin(&[LOGIN, &["--json"]].concat(), "made-up-token"));
    assert_eq!((&again["granted"], &again["asked"], &again["expiry"]), (&json!(null), &json!([]), &json!("unknown")));

    // The token's own claims.
    let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({"exp": 4_000_000_000_i64, "scope": "read_products"}).to_string());
    let (home, login) = stored(&format!("e30.{claims}.c2ln"));
    login.code(0).answers("granted  public read_products\n").answers("until    2096-10-02");
    let row = json_of(&home.run(&["status", "--json"]))["logins"][0].clone();
    assert_eq!(row["expiry"], json!({"at": 4_000_000_000_i64}));
}

/// A login of 0.1 says that its token never ends: by the definition alone.
#[test]
fn a_permanent_token_of_0_1_is_shown_as_unknown() {
    let home = Sandbox::new().with("OAUTHCTL_EXPORT_PASSPHRASE", "made-up-passphrase");
    // `printf made-up | oauthctl-0.1.0 login judgeme --with-token; oauthctl-0.1.0 export`
    home.run_with_stdin(&["import"], include_str!("../fixtures/given_0_1.txt")).code(0).answers("until    unknown");
    assert_eq!(home.run(&["token", "--profile", "judgeme"]).code(0).stdout(), "made-up\n");
    let row = json_of(&home.run(&["status", "--json"]))["logins"][0].clone();
    assert_eq!((&row["scopes"], &row["expiry"]), (&json!(null), &json!("unknown")));
}

#[test]
fn what_introspection_has_shown_is_known_from_then_on() {
    let known = r#"{"active":true,"scope":"a b","exp":4000000000,"token_type":"bearer"}"#;
    let server = RawServer::start([http("200 OK", &["Content-Type: application/json"], format!("{MARK}{known}"))]);
    let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    let data = home.home().join("data").to_str().unwrap().to_owned();
    let home = home.with("OAUTHCTL_DATA_DIR", &data);
    let origin = server.origin();
    let definition = format!(
        "{MARK}authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'\nintrospect.url = '{origin}/i'\n\
         token.lifetime = 'never'\n"
    );
    // Editors on Windows begin a file with a byte order mark.
    home.define("mine", &definition);
    home.run(&["providers", "check", home.home().join("config/providers/mine.toml").to_str().unwrap()]).code(0);
    let login = home.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-token");
    login.code(0).answers("until    unknown");
    let row = || json_of(&home.run(&["status", "--json"]))["logins"][0].clone();
    assert_eq!((&row()["scopes"], &row()["expiry"]), (&json!(null), &json!("unknown")));
    home.run(&["scopes"]).code(0).answers("introspection");
    assert_eq!((&row()["scopes"], &row()["expiry"]), (&json!(["a", "b"]), &json!({"at": 4_000_000_000_i64})));
    // Another token is another thing.
    home.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-other").code(0);
    fs::remove_dir_all(home.home().join("data/scopes")).unwrap();
    assert_eq!(row()["scopes"], json!(null));
}

#[test]
fn a_client_secret_file_may_have_a_mark_and_blank_lines() {
    let wide: Vec<u8> = "\u{feff}made-up-secret\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [&[u8]; 4] =
        [b"made-up-secret\n", b"\xef\xbb\xbfmade-up-secret\r\n", b"\n\n  made-up-secret\n\n", &wide];
    for file in files {
        let token = r#"{"access_token":"t","token_type":"bearer"}"#;
        let server = RawServer::start([http("200 OK", &["Content-Type: application/json"], format!("{MARK}{token}"))]);
        let (home, origin) = (Sandbox::new(), server.origin());
        home.define(
            "mine",
            &format!(
                "authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\ntoken.auth = 'body'\napi.base = '{origin}'\n"
            ),
        );
        fs::write(home.home().join("secret"), file).unwrap();
        home.run(&["app", "set", "mine", "--client-id", "mine", "--client-secret-file", "secret"]).code(0);
        let login = crate::support::PendingLogin::start(home.command(&[
            "login",
            "--provider",
            "mine",
            "--port",
            "0",
            "--no-browser",
        ]));
        login.come_back(&[("code", "code")]);
        login.finish().code(0);
        let sent = server.stop().remove(0);
        assert!(
            sent.ends_with("&client_secret=made-up-secret") || sent.contains("client_secret=made-up-secret&"),
            "{sent}"
        );
    }
}

#[test]
fn an_empty_secret_is_an_error_and_not_a_public_client() {
    let home = Sandbox::new();
    let set = ["app", "set", "judgeme", "--client-id", "mine"];
    for (content, told) in
        [("", "it is empty"), ("\u{feff}\r\n\n", "it is empty"), ("a\nb\n", "it has more than one line")]
    {
        fs::write(home.home().join("secret"), content).unwrap();
        let file = home.run(&[&set[..], &["--client-secret-file", "secret"]].concat());
        file.code(2).says("there is no client secret in `secret`").says(told);
        let stdin = home.run_with_stdin(&[&set[..], &["--client-secret-stdin"]].concat(), content);
        stdin.code(2).says("there is no client secret on stdin").says(told);
    }
    home.run(&["app", "show", "judgeme"]).code(3);
    home.run(&set).code(0).answers("without a secret");
}

#[test]
fn a_passphrase_is_the_same_with_a_mark_and_blank_lines() {
    let home = Sandbox::new();
    home.run_with_stdin(LOGIN, "made-up-token").code(0);
    let passphrase = " correct horse battery ";
    let export = home.run_with_stdin(&["export", "--passphrase-stdin"], &format!("{MARK}\r\n{passphrase}\r\n\r\n"));
    let file = home.home().join("login.txt");
    fs::write(&file, format!("{MARK}{}", export.code(0).stdout())).unwrap();
    let import = ["import", file.to_str().unwrap(), "--passphrase-stdin"];
    for (passphrase, code) in
        [(passphrase.to_owned(), 0), (format!("{MARK}{passphrase}\n"), 0), (passphrase.trim().to_owned(), 2)]
    {
        Sandbox::new().run_with_stdin(&import, &passphrase).code(code);
    }
    // 0.1 took the mark for a part of the passphrase.
    let of_0_1 = home.clone().with("OAUTHCTL_EXPORT_PASSPHRASE", &format!("{MARK}{passphrase}"));
    fs::write(&file, of_0_1.run(&["export"]).code(0).stdout()).unwrap();
    Sandbox::new().run_with_stdin(&import, &format!("{MARK}{passphrase}\n")).code(0);
    home.run_with_stdin(&["export", "--passphrase-stdin"], "\n").code(2).says("there is no passphrase on stdin");
}

#[test]
fn a_byte_order_mark_in_a_reply_is_not_part_of_its_json() {
    let page = |body: &str, more: &'static [&'static str]| {
        let headers = [&["Content-Type: application/json"], more].concat();
        http("200 OK", &headers, format!("{MARK}{body}"))
    };
    let next = &["Link: </2>; rel=\"next\""];
    let one = r#"[{"n":1}]"#;
    let server = RawServer::start([
        page(one, &[]),
        page(one, &[]),
        page(one, next),
        page(one, &[]),
        page(one, next),
        page(one, &[]),
    ]);
    let (home, origin) = (Sandbox::new(), server.origin());
    home.define("mine", &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'\n"));
    home.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-token").code(0);
    let call = |args: &[&str]| home.run(&[&["call", "/1"], args].concat()).code(0).stdout().to_owned();
    // A pipe gets the bytes that came.
    assert_eq!(call(&[]), format!("{MARK}{one}"));
    assert_eq!(call(&["-q", ".[0].n"]), "1\n");
    assert_eq!(call(&["--paginate"]), r#"[{"n":1},{"n":1}]"#.to_owned() + "\n");
    assert_eq!(call(&["--paginate", "-q", ".[].n"]), "1\n1\n");
    fs::write(home.home().join(".oauthctl.toml"), format!("{MARK}profile = \"mine\"\n")).unwrap();
    home.run(&["token"]).code(0);
}

#[cfg(unix)]
mod at_a_terminal {
    use super::*;
    use crate::support::{Emulated, TerminalSession};

    /// A home from which no provider can be reached.
    fn offline() -> Sandbox {
        Sandbox::new().with("HTTPS_PROXY", "http://127.0.0.1:9")
    }

    #[test]
    fn a_typed_token_is_tried_with_the_example_request() {
        let judgeme = Emulated::start(&["--approve"]);
        let browser = judgeme.browser();
        judgeme.run(&["login", "--scope", "read_products", "--port", "0", "--browser", &browser]).code(0);
        let works = judgeme.run(&["token"]).code(0).stdout().trim().to_owned();
        let login = || TerminalSession::start(judgeme.command(&["login", "--with-token", "--profile", "typed"]));
        let mut rejected = login();
        rejected.shows("Access token (not shown): ");
        rejected.types("canary-of-no-use");
        let rejected = rejected.finish();
        rejected.code(4).hides("canary");
        assert!(
            rejected.shown.contains("the API rejected the token: GET /api/v1/products -> 401"),
            "{}",
            rejected.shown
        );
        judgeme.run(&["token", "--profile", "typed"]).code(4);

        let mut taken = login();
        taken.shows("Access token (not shown): ");
        taken.types(&works);
        let taken = taken.finish();
        taken.code(0).hides(&works);
        assert!(taken.shown.contains("The token works: GET /api/v1/products answered 200."), "{}", taken.shown);
    }

    #[test]
    fn a_typed_token_that_cannot_be_tried_is_kept_with_a_word() {
        let home = offline();
        let mut terminal = TerminalSession::start(home.command(LOGIN));
        terminal.shows("Access token (not shown): ");
        terminal.types("made-up-token");
        let login = terminal.finish();
        login.code(0);
        assert!(login.shown.contains("whether the token works is not known: GET /api/v1/products"), "{}", login.shown);
        assert_eq!(home.run(&["token"]).code(0).stdout(), "made-up-token\n");
    }

    #[test]
    fn a_token_is_asked_for_and_not_shown() {
        let long = "canary".repeat(2000);
        let pretty = "{\r  \"access_token\": \"canary-in-json\",\r  \"expires_in\": 1\r}";
        for (typed, token) in
            [(long.as_str(), long.as_str()), ("Bearer canary-token", "canary-token"), (pretty, "canary-in-json")]
        {
            let home = offline();
            let mut terminal = TerminalSession::start(home.command(LOGIN));
            terminal.shows("Access token (not shown): ");
            assert!(terminal.settings_changed(), "the terminal echoes");
            terminal.types(typed);
            terminal.finish().code(0).hides("canary");
            assert_eq!(home.run(&["token"]).code(0).stdout(), format!("{token}\n"));
        }
    }

    #[test]
    fn a_secret_that_a_flag_promises_on_stdin_is_asked_for() {
        let home = Sandbox::new();
        let mut terminal = TerminalSession::start(home.command(&[
            "app",
            "set",
            "judgeme",
            "--client-id",
            "mine",
            "--client-secret-stdin",
        ]));
        terminal.shows("Client secret (not shown): ");
        terminal.types("canary-secret");
        terminal.finish().code(0).hides("canary");
        home.run(&["app", "show", "judgeme"]).code(0).answers("secret     kept");
    }

    #[test]
    fn the_end_of_the_input_at_a_hidden_question_stores_nothing() {
        let home = Sandbox::new();
        let mut terminal = TerminalSession::start(home.command(LOGIN));
        terminal.shows("Access token (not shown): ");
        terminal.presses(b"typo\x15\x04");
        terminal.finish().code(2);
        home.run(&["status"]).code(0).answers("No logins");
    }
}
