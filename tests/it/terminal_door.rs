//! The door to the terminal: whatever a server, a file, a record, a variable or an argument says, a terminal is sent
//! visible characters, line breaks, our own styles and the progress line's sequence, and nothing else.
//!
//! Every command runs on a terminal of its own while every foreign field holds what would act on one.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauthctl::testing::{
    AccessToken, Catalogue, NoFiles, ObtainedBy, OsEntropy, ScopeSet, SealedLogin, Secret, StoredToken, Timestamp,
};
use serde_json::{Value, json};

use crate::support::api_server::{Reply, param, target};
use crate::support::{ApiServer, Sandbox, TerminalSession, pty};

/// What acts on a terminal, or hides what is there. `x…EVIL` with one of our own styles in between must not be ours.
const ACTS: [&str; 14] = [
    "\u{1b}]0;own title\u{7}",
    "\u{1b}[2J\u{1b}[5A",
    "x\u{1b}[32mEVIL",
    "x\u{1b}[0mEVIL",
    "\u{1b}]52;c;ZXZpbA==\u{1b}\\",
    "\u{9b}31mC1",
    "\u{9d}0;C1 title\u{9c}",
    "\u{202e}bidi\u{2066}\u{200f}",
    "\u{8}\u{8}\u{7f}",
    "a\rb",
    "zero\u{200b}\u{e0041}\u{feff}",
    "\u{1b}P+q\u{1b}\\",
    "\t\u{b}\u{c}",
    "\u{1b}]0;without an end",
];

/// So many numbers bring each of them about.
const NUMBERS: std::ops::Range<usize> = 0..5;

/// Some of them, other ones for every number, with words between.
fn hostile(number: usize) -> String {
    let pieces = (0..4).map(|n| ACTS[(number * 5 + n * 3) % ACTS.len()]);
    pieces.enumerate().map(|(n, act)| format!("w{n}{act}")).collect::<String>() + "z"
}

/// What may be in it but for visible characters: line breaks, the progress line's start, and our styles.
const OURS: [&str; 18] = [
    "\r\n",
    "\r\u{1b}[K",
    "\n",
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[4m",
    "\u{1b}[31m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[34m",
    "\u{1b}[36m",
    "\u{1b}[1;31m",
    "\u{1b}[1;32m",
    "\u{1b}[1;33m",
    "\u{1b}[1;34m",
    "\u{1b}[1;36m",
    "\u{1b}[1;4m",
];

fn acts(c: char) -> bool {
    let bidi = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}');
    c.is_control() || bidi || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
fn check(what: &str, shown: &[u8]) {
    let text = std::str::from_utf8(shown).unwrap_or_else(|error| panic!("{what}: {error}: {}", shown.escape_ascii()));
    assert!(!text.contains("x\u{1b}[32mEVIL") && !text.contains("x\u{1b}[0mEVIL"), "{what}: a forged style: {text:?}");
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = match OURS.iter().find(|ours| rest.starts_with(**ours)) {
            Some(ours) => &rest[ours.len()..],
            None => {
                let around: String = rest.chars().take(40).collect();
                assert!(!acts(c), "{what}: {around:?} reached the terminal\n{}", text.escape_debug());
                &rest[c.len_utf8()..]
            }
        };
    }
}

/// Runs a command at a terminal, and looks at each byte that comes.
#[track_caller]
fn run(home: &Sandbox, args: &[&str]) -> String {
    run_command(home.command(args), &format!("{args:?}"))
}

#[track_caller]
fn run_command(command: Command, what: &str) -> String {
    let (code, shown) = pty::run_bytes(command);
    check(what, &shown);
    let text = String::from_utf8(shown).unwrap();
    assert!(code.is_some() && code != Some(101), "{what} ended with {code:?}: {text}");
    text
}

fn reply(status: &'static str, body: impl Into<Vec<u8>>) -> Reply {
    (status, vec!["Content-Type: application/json".to_owned()], body.into())
}

/// A token whose claims are as hostile as all else.
fn jwt(evil: &str) -> String {
    let claims = json!({"scope": format!("read {evil}"), "sub": evil, "exp": evil});
    format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// What a server answers at each of its addresses. Bytes that JSON has to escape come unescaped where a body is no JSON.
fn answer(request: &str, evil: &str) -> Reply {
    let path = target(request).split('?').next().unwrap_or_default().to_owned();
    let object = json!({evil: [evil, 1, null, {"in": evil}], "error": evil, "message": evil, "n": 1.10});
    let raw = evil.replace('"', "");
    // A header takes bytes from 0x80 on, and tabs.
    let header = raw.chars().filter(|c| !c.is_ascii_control()).collect::<String>();
    match path.as_str() {
        "/authorize" => {
            let mut url = url::Url::parse(&param(request, "redirect_uri").unwrap()).unwrap();
            let state = param(request, "state").unwrap();
            match param(request, "scope").as_deref() {
                Some("refuse") => url.query_pairs_mut().extend_pairs([
                    ("error", evil),
                    ("error_description", evil),
                    ("state", &state),
                ]),
                Some("code") => url.query_pairs_mut().extend_pairs([("code", "refused"), ("state", &state)]),
                _ => url.query_pairs_mut().extend_pairs([("code", "good"), ("state", &state)]),
            };
            ("302 Found", vec![format!("Location: {url}")], Vec::new())
        }
        "/token" if request.contains("code=good") => {
            let mut token =
                json!({"access_token": jwt(evil), "token_type": "bearer", "refresh_token": "made-up-refresh"});
            token["scope"] = json!(["read", evil]);
            token[evil] = evil.into();
            reply("200 OK", token.to_string())
        }
        "/token" | "/revoke" => {
            let error =
                json!({"error": evil, "error_description": evil, "hint": evil, "error_uri": format!("https://{evil}")});
            reply("400 Bad Request", error.to_string())
        }
        "/introspect" => reply("200 OK", json!({"active": true, "scope": evil, "sub": evil}).to_string()),
        "/v1/text" => reply("200 OK", raw),
        "/v1/latin1" => ("200 OK", vec![], b"a\x9b2Jb\x1b[2Jc".to_vec()),
        "/v1/nan" => reply("200 OK", format!("{{\"n\":NaN,\"i\":[Infinity,-Infinity],\"s\":{}}}", json!(evil))),
        "/v1/twice" => reply("200 OK", format!("{{\"a\":{0},\"a\":{0}}}", json!(evil))),
        "/v1/rows" => reply("200 OK", json!([object, evil]).to_string()),
        "/v1/denied" => reply("403 Forbidden", object.to_string()),
        "/v1/fault" => reply("500 Internal Server Error", object.to_string()),
        "/v1/challenge" => {
            let mut reply = reply("401 Unauthorized", raw);
            reply.1.push(format!(
                "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"{header}\", error_description=\"{header}\""
            ));
            reply
        }
        "/v1/headers" => {
            let mut reply = reply("200 OK", object.to_string());
            let names = ["X-RateLimit-Remaining", "Location", "X-Evil", "Retry-After"];
            reply.1.extend(names.map(|name| format!("{name}: {header}")));
            reply.1.push(format!("Link: <https://elsewhere.example/{header}>; rel=\"next\""));
            reply
        }
        "/v1/moved" => ("302 Found", vec![format!("Location: https://{header}.example/{header}")], Vec::new()),
        "/.well-known/oauth-authorization-server" => {
            let issuer = format!("http://{}", request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap());
            let issuer = if evil.len().is_multiple_of(2) { issuer } else { evil.to_owned() };
            reply("200 OK", json!({"issuer": issuer, "scopes_supported": [evil]}).to_string())
        }
        _ => reply("200 OK", object.to_string()),
    }
}

/// A home with a provider `mine`, whose servers are all one.
fn home(evil: &str) -> (ApiServer, Sandbox) {
    let told = evil.to_owned();
    let server = ApiServer::start(move |request| answer(request, &told));
    let definition = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\nrevoke.url = 'ORIGIN/revoke'\n\
        introspect.url = 'ORIGIN/introspect'\napi.base = 'ORIGIN/v1'\n\
        scope.known = [{ name = 'read', probe = { path = '/things' } }, { name = 'write', probe = { path = '/denied' } }]\n";
    let home = Sandbox::new();
    home.define("mine", &definition.replace("ORIGIN", &server.origin()));
    let data = home.home().join("data").to_str().unwrap().to_owned();
    let home = home.with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    (server, home.with("OAUTHCTL_DATA_DIR", &data))
}

/// Logs in by itself: curl follows the redirects.
fn log_in(home: &Sandbox, more: &[&str]) -> String {
    let browser = home.browser();
    run(home, &[&["login", "--provider", "mine", "--port", "0", "--browser", &browser, "-v"], more].concat())
}

fn without_ascii_controls(evil: &str) -> String {
    evil.chars().filter(|c| !c.is_ascii_control()).collect()
}

#[test]
fn no_login_shows_a_terminal_what_acts_on_it() {
    for number in NUMBERS {
        let evil = hostile(number);
        let (_server, home) = home(&evil);
        assert!(log_in(&home, &["--scope", "refuse"]).contains("the authorization was refused"));
        assert!(log_in(&home, &["--scope", "code"]).contains("the server said"));
        let kept = log_in(&home, &["--scope", &evil.replace('\0', ""), "--label", &evil]);
        assert!(kept.contains("Logged in to"), "{kept}");
        for args in [&["status"][..], &["status", "-v"], &["status", "--json"], &["status", "-v", "--json"]] {
            assert!(run(&home, args).contains("mine"));
        }
        for args in [
            &["scopes"][..],
            &["scopes", "--json"],
            &["scopes", "--probe", "--diff"],
            &["scopes", "--diff", "--json"],
            &["scopes", "--require", &evil],
            &["scopes", "--provider", "mine"],
            &["scopes", "--all-providers", "--json"],
            &["token"],
            &["token", "--json"],
            &["token", "--format", "curl"],
            &["use", "mine"],
            &["export"],
            &["refresh"],
            &["logout"],
            &["logout", "--local"],
        ] {
            run(&home, args);
        }
    }
}

#[test]
fn no_reply_of_an_api_acts_on_a_terminal() {
    for number in NUMBERS {
        let evil = hostile(number);
        let (_server, home) = home(&evil);
        home.run_with_stdin(&["login", "--provider", "mine", "--with-token"], &jwt("")).code(0);
        let paths =
            ["json", "text", "latin1", "nan", "twice", "rows", "denied", "fault", "challenge", "headers", "moved"];
        let ways: [&[&str]; 12] = [
            &[],
            &["-i"],
            &["-v"],
            &["-v", "--show-secrets"],
            &["--paginate"],
            &["--paginate", "--slurp"],
            &["--paginate", "-q", "."],
            &["-q", "."],
            &["-q", ".. | keys?, scalars, nan, infinite, tojson, @text, @tsv?"],
            &["-q", "error"],
            &["--color", "always", "-i"],
            &["-o", "/dev/null/no"],
        ];
        let all = paths.iter().flat_map(|path| ways.iter().map(move |way| (path, way)));
        // Each way for each path once, and each path plainly with every number.
        for (n, (path, way)) in all.enumerate() {
            if way.is_empty() || n % NUMBERS.len() == number {
                run(&home, &[&["call", path], *way].concat());
            }
        }
    }
}

#[test]
fn no_argument_file_or_variable_acts_on_a_terminal() {
    for number in NUMBERS {
        let evil = &hostile(number);
        let (server, home) = home(evil);
        home.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up").code(0);
        for args in [
            &[evil.as_str()][..],
            &["--", evil],
            &["status", evil],
            &[&format!("--{evil}")],
            &["token", "--profile", evil],
            &["token", "--store", evil],
            &["token", "--store", &format!("helper:{evil}")],
            &["token", "--min-validity", evil],
            &["token", "--env", evil],
            &["token", "--color", evil],
            &["use", evil],
            &["man", evil],
            &["completions", evil],
            &["app", "show", evil],
            &["app", "remove", evil],
            &["app", "set", evil],
            &["app", "set", "mine", "--client-id", evil],
            &["app", "set", "mine", "--client-secret-file", evil],
            &["login", "--provider", evil],
            &["login", "--provider", "mine", "--param", evil],
            &["login", "--provider", "mine", "--param", &format!("{evil}={evil}")],
            &["login", "--provider", "mine", "--redirect-uri", evil],
            &["login", "--provider", "mine", "--listen", evil],
            &["login", "--provider", "mine", "--browser", evil, "--timeout", "0", "--port", "0"],
            &["call", evil],
            &["call", evil, "x"],
            &["call", &format!("https://{evil}/")],
            &["call", "x", "-H", evil],
            &["call", "x", "-f", evil],
            &["call", "x", "-F", &format!("a=@{evil}")],
            &["call", "x", "--input", evil],
            &["call", "x", "-q", evil],
            &["call", "x", "--cacert", evil],
            &["call", "x", "--allow-origin", evil],
            &["call", "x", "-f", &format!("a={evil}"), "--dry-run"],
            &["call", "x", "-f", &format!("a={evil}"), "--curl"],
            &["call", "x", "-H", &format!("X: {}", without_ascii_controls(evil)), "--curl"],
            &["call", "x", "-f", &format!("a={evil}"), "--print", "python"],
            &["call", "x", "-f", &format!("a={evil}"), "--print", "github-actions"],
            &["call", "x", "-H", &format!("X: {}", without_ascii_controls(evil)), "--dry-run"],
            &["scopes", "--provider", evil],
            &["inspect", evil],
            &["inspect", "--token-in-env", evil],
            &["inspect", "--verify", "--issuer", evil],
            &["providers", "show", evil],
            &["providers", "new", evil],
            &["providers", "new", "x", "--issuer", evil],
            &["providers", "new", "x", "--issuer", &server.origin(), "--print"],
            &["providers", "check", evil],
            &["import", evil],
            &["exec", "--", evil],
            &["emulate", "mine", "--", evil],
            &["emulate", evil],
            &["demo", "--provider", evil],
        ] {
            if !args.iter().any(|arg| arg.contains('\0')) {
                run(&home, args);
            }
        }
        hostile_files(&home, evil);
        for name in
            ["OAUTHCTL_EMULATOR", "OAUTHCTL_PROFILE", "OAUTHCTL_STORE", "OAUTHCTL_DATA_DIR", "OAUTHCTL_CLIENT_ID"]
        {
            run(&home.clone().with(name, evil), &["status", "-v"]);
            run(&home.clone().with(name, evil), &["login", "--timeout", "0", "--no-browser", "--port", "0"]);
        }
        let folder = format!("/{evil}");
        run(&home.clone().with("OAUTHCTL_CONFIG_DIR", &folder), &["providers", "new", "y"]);
        run(
            &home.with("SSH_CONNECTION", evil).with("USER", evil),
            &["login", "--provider", "mine", "--timeout", "0", "--no-browser", "--port", "0"],
        );
    }
}

fn hostile_files(home: &Sandbox, evil: &str) {
    let quoted = serde_json::to_string(evil).unwrap().replace('\u{7f}', "\\u007f");
    for (id, definition) in [
        ("a", format!("name = {quoted}\n")),
        ("b", format!("{quoted} = 1\n")),
        ("c", format!("name = '{evil}'\n[[\n")),
        ("d", format!("name = 'D'\n[params.{quoted}]\nexample = {quoted}\n")),
        ("e", format!("name = 'E'\nscope.known = [{{ name = {quoted}, about = {quoted} }}]\n")),
    ] {
        home.define(id, &definition);
        run(home, &["providers", "show", id]);
        run(home, &["providers", "check", &format!("config/providers/{id}.toml")]);
        run(home, &["scopes", "--provider", id]);
    }
    run(home, &["providers", "list"]);
    for text in [
        format!("profile = {quoted}\n"),
        format!("{quoted} = 1\n"),
        format!("[params]\n{quoted} = {quoted}\n"),
        evil.to_owned(),
    ] {
        std::fs::write(home.home().join(".oauthctl.toml"), text).unwrap();
        run(home, &["status", "-v"]);
    }
    std::fs::remove_file(home.home().join(".oauthctl.toml")).unwrap();
    let list = home.home().join("data/logins.json");
    let kept = std::fs::read_to_string(&list).unwrap();
    let mut value: Value = serde_json::from_str(&kept).unwrap();
    value["logins"]["mine"]["provider"] = evil.into();
    for text in [value.to_string(), format!("{{\"version\":1,\"current\":[{quoted}]}}"), evil.to_owned()] {
        std::fs::write(&list, text).unwrap();
        run(home, &["status"]);
        run(home, &["token"]);
        run(home, &["logout", "--local"]);
    }
    std::fs::write(&list, kept).unwrap();
}

#[test]
fn no_record_from_elsewhere_acts_on_a_terminal() {
    let sample = Catalogue::new(&NoFiles, None).resolve("judgeme", &Default::default()).unwrap();
    for number in NUMBERS {
        let evil = hostile(number);
        let (_server, home) = home(&evil);
        let scopes: ScopeSet = serde_json::from_value(json!([evil, "read"])).unwrap();
        let token = AccessToken::new(if number % 2 == 0 { evil.clone() } else { jwt(&evil) });
        let mut record = StoredToken::given(&sample, None, ObtainedBy::Given, scopes, token, Timestamp(100));
        if number % 3 == 0 {
            record.provider = evil.clone();
        }
        record.label = Some(evil.clone());
        record.params.insert(evil.clone(), evil.clone());
        record.reply = Some(json!({evil.as_str(): evil}));
        record.origins.api = vec![evil.clone()];
        let passphrase = "a made-up passphrase";
        let line =
            SealedLogin::new(&"there".parse().unwrap(), record).seal(&Secret::new(passphrase), &OsEntropy).unwrap();
        std::fs::write(home.home().join("sealed"), line).unwrap();
        let home = home.with("OAUTHCTL_EXPORT_PASSPHRASE", passphrase);
        assert!(run(&home, &["import", "sealed"]).contains("there"));
        for args in [
            &["status", "-v"][..],
            &["status", "--json"],
            &["status", "--check"],
            &["scopes"],
            &["scopes", "--json"],
            &["token"],
            &["token", "--json"],
            &["call", "x"],
            &["call", "x", "--dry-run", "--show-secrets"],
            &["refresh"],
            &["login", "--timeout", "0", "--no-browser"],
            &["export"],
            &["logout"],
        ] {
            run(&home, args);
        }
    }
}

#[test]
fn no_program_that_we_run_acts_on_a_terminal() {
    use std::os::unix::fs::PermissionsExt;
    for number in NUMBERS {
        let evil = hostile(number).replace('\0', "");
        let (_server, home) = home(&evil);
        let helper = home.home().join("docker-credential-evil");
        std::fs::write(
            &helper,
            format!("#!/bin/sh\ncat >/dev/null\nprintf '%s' '{evil}' >&2\nprintf '%s' '{evil}'\nexit 1\n"),
        )
        .unwrap();
        std::fs::set_permissions(&helper, PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", home.home().display(), std::env::var("PATH").unwrap());
        let home = home.with("PATH", &path);
        for args in [&["status"][..], &["token", "--profile", "mine"], &["login", "--provider", "mine", "--no-browser"]]
        {
            run(&home, &[&["--store", "helper:evil"], args].concat());
        }
        // What the emulator is asked for, it tells in a line.
        let ask = format!("curl -s -o /dev/null \"${{OAUTHCTL_EMULATOR#*=}}/{}\"", without_ascii_controls(&evil));
        run(&home, &["emulate", "mine", "--approve", "--", "sh", "-c", &ask]);
        run(&home, &["-v", "demo", "--provider", "mine"]);
    }
}

#[test]
fn no_question_shows_what_acts_on_a_terminal() {
    for number in NUMBERS {
        let (_server, home) = home(&hostile(number));
        let home = home.without("OAUTHCTL_CLIENT_ID").without("OAUTHCTL_CLIENT_SECRET");
        let mut terminal =
            TerminalSession::start(home.command(&["login", "--provider", "mine", "--port", "0", "--no-browser"]));
        terminal.shows("Client ID: ");
        terminal.types("mine");
        terminal.shows("(not shown)");
        terminal.types("made-up");
        terminal.shows("or Enter to go on: ");
        terminal.types("");
        terminal.authorize_url();
        // What is typed is never shown; the terminal acts on some controls before we read them.
        terminal.types(&format!("no code at all {}", hostile(number).replace(|c: char| c.is_ascii_control(), "")));
        terminal.shows("still waiting");
        terminal.interrupts();
        let shown = terminal.finish().shown;
        check("login", shown.as_bytes());
    }
}

#[test]
fn what_we_print_of_ourselves_is_as_plain_on_a_terminal() {
    let home = Sandbox::new();
    for args in [
        &["--help"][..],
        &["--version"],
        &["call", "--help"],
        &["man"],
        &["man", "call"],
        &["completions", "bash"],
        &["completions", "fish"],
        &["providers", "list"],
        &["providers", "show", "judgeme"],
        &["providers", "show", "judgeme", "--json"],
        &["providers", "new", "mine", "--print"],
        &["demo"],
        &["no-such-command"],
    ] {
        run(&home, args);
    }
}

#[test]
fn json_is_the_same_value_on_a_terminal_and_bytes_in_a_pipe() {
    let evil = "a\u{9b}2Jb\u{202e}\u{200d}\u{7f}c";
    let body = json!({"s": evil}).to_string();
    let sent = body.clone();
    let server = ApiServer::start(move |_| reply("200 OK", sent.clone()));
    let home = server.login("");
    let label = ["login", "--provider", "mine", "--with-token", "--label", evil];
    home.run_with_stdin(&label, "made-up").code(0);
    let listed = home.run(&["status", "--json"]);
    assert!(listed.code(0).stdout().contains("a\u{9b}2Jb\u{202e}"), "{listed}");
    assert_eq!(home.run(&["call", "x"]).stdout(), body);
    assert_eq!(home.run(&["call", "x", "-q", ".s"]).stdout(), format!("{evil}\n"));
    let plain = home.with("NO_COLOR", "1");
    let status = run(&plain, &["status", "--json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&status).unwrap(),
        serde_json::from_str::<Value>(listed.stdout()).unwrap()
    );
    for args in [&["call", "x", "-q", "."][..], &["call", "x"], &["call", "x", "--paginate"]] {
        let (_, shown) = pty::run({
            let mut command = plain.command(args);
            command.arg("--quiet");
            command
        });
        let json = shown.trim_start_matches("\r\u{1b}[K").trim();
        assert!(json.contains("\\u009b") && json.contains("\\u202e"), "{args:?}: {json:?}");
        let json = json.strip_prefix('[').and_then(|json| json.strip_suffix(']')).unwrap_or(json);
        assert_eq!(serde_json::from_str::<Value>(json).unwrap(), json!({"s": evil}), "{args:?}");
    }
}
