//! All that goes wrong, at servers that repeat what they were told.

use std::fs;
use std::sync::mpsc;

use serde_json::json as value;

use super::findings;
use crate::refresh::long;
use crate::support::api_server::Reply;
use crate::support::canary::{Channel, Finding, Kind};
use crate::support::leaky_provider::{KnownSecrets, LeakyProvider, WAYS};
use crate::support::pty;
use crate::support::replies::{granted, json, text, with_header};

/// A server's answer, which repeats secrets in one of several ways.
type Repeating = fn(&KnownSecrets, usize) -> Reply;
/// Another one, with the tokens in it.
type Given = fn(&KnownSecrets) -> Reply;

/// A status, and a line of the head with the token in it.
type Head = fn(&KnownSecrets) -> (u16, String);

/// No token, and words about why.
const REFUSALS: &[Repeating] = &[
    |known, way| json(400, &value!({"error": "invalid_client", "error_description": known.repeated(way)})),
    |known, way| {
        json(400, &value!({"error": {"code": 7, "message": known.repeated(way)}, "seen": [known.repeated(way)]}))
    },
    |known, way| {
        json(
            400,
            &value!({"error": known.repeated(way), "error_uri": format!("https://x.example/{}", known.repeated(way))}),
        )
    },
    |known, way| text(403, "text/html", &format!("<p>{}</p>", known.repeated(way))),
    |known, way| text(503, "text/plain", &known.repeated(way)),
    |known, way| json(500, &value!([known.repeated(way)])),
];

/// Replies that hold a token and cannot be used.
const RIDDLES: &[Given] = &[
    |known| with_header(text(307, "text/html", ""), &format!("Location: http://127.0.0.1:1/?{}", known.repeated(2))),
    |known| json(200, &value!({"token_type": "mac", "access_token": known.get(Kind::AccessToken)})),
    |known| json(200, &value!({"token_type": "Bearer", "accessKey": known.get(Kind::AccessToken)})),
    |known| {
        json(
            200,
            &value!({"access_token": format!("{}\n{}", known.get(Kind::AccessToken), known.get(Kind::RefreshToken))}),
        )
    },
    |known| json(200, &value!({"access_token": {"value": known.get(Kind::AccessToken)}})),
    |known| json(200, &value!([known.get(Kind::AccessToken)])),
    |known| json(200, &value!(known.get(Kind::AccessToken))),
    |known| text(200, "text/plain", known.get(Kind::AccessToken)),
    |known| {
        text(200, "application/x-www-form-urlencoded", &format!("token_type=mac&access_token={}", known.repeated(2)))
    },
    |known| text(200, "application/json", granted(known).to_string().trim_end_matches('}')),
    |known| {
        let (token, other) = (value!(known.get(Kind::AccessToken)), value!(known.get(Kind::RefreshToken)));
        text(200, "application/json", &format!(r#"{{"access_token":{token},"access_token":{other}}}"#))
    },
    |known| text(200, "application/json", &format!("{} {}", granted(known), known.get(Kind::AccessToken))),
];

/// The ways in which this refusal repeats its secrets: all in the long form of the test, else two, in turn.
fn ways(nth: usize) -> impl Iterator<Item = usize> {
    (0..if long() { WAYS } else { 2 }).map(move |way| (nth + way) % WAYS)
}

/// A token, and more than should be there.
fn talkative(known: &KnownSecrets, way: usize) -> Reply {
    let mut reply = granted(known);
    reply["debug"] = known.repeated(way).into();
    reply["echo"] = value!({"grant": known.repeated(way), "list": [known.repeated(way)]});
    json(200, &reply)
}

/// Explains each flow that is still recorded, and reports it.
fn explained(at: &LeakyProvider) {
    for last in 1..=20 {
        let last = last.to_string();
        at.run(&["explain", "--last", &last]);
        at.run(&["explain", "--last", &last, "--report"]);
    }
}

pub fn of_the_authorization_and_the_exchange() -> Vec<Finding> {
    let at = LeakyProvider::new("token.auth = 'body'\ntoken.params = { state = '{state}' }");
    let log_in = |at: &LeakyProvider| at.log_in_by_hand(&["-vvv"], |pending| at.consent(pending));
    for way in 0..WAYS {
        at.log_in_by_hand(&["-vvv"], |pending| {
            let (code, token) = (at.make(Kind::Code), at.make(Kind::AccessToken));
            let secret = at.known(Kind::ClientSecret);
            // An answer without the login's state.
            at.stray(pending, &[("state", "x"), ("code", &code)]);
            at.stray(pending, &[("state", &token), ("error", &code), ("error_description", &secret)]);
            let denied = at.all().told(&[Kind::State, Kind::ClientSecret]).repeated(way);
            at.visit(pending, &[("error", "access_denied"), ("error_description", &denied)]);
        })
        .code(5);
    }
    // The right state with no answer, or with none that can be used.
    at.log_in_by_hand(&["-vvv"], |pending| at.visit(pending, &[])).code(5);
    at.log_in_by_hand(&["-vvv"], |pending| {
        let (code, state, secret) = (at.make(Kind::Code), at.known(Kind::State), at.known(Kind::ClientSecret));
        at.visit(pending, &[("code", &code), ("error", &state), ("error_description", &secret)]);
    })
    .code(5);
    at.log_in_by_hand(&["-vvv"], |pending| {
        at.visit(pending, &[("code", &at.make(Kind::Code)), ("code", &at.make(Kind::AccessToken))]);
    })
    .code(5);
    at.log_in_by_hand(&["-vvv", "--timeout", "1s"], |pending| {
        at.stray(pending, &[("state", "x"), ("code", &at.make(Kind::Code))]);
    })
    .code(6);
    for (nth, refusal) in REFUSALS.iter().enumerate() {
        for way in ways(nth) {
            at.answers("/token", move |known| refusal(known, way));
            let output = log_in(&at);
            assert_ne!(output.exit_code(), Some(0), "{output}");
        }
    }
    for riddle in RIDDLES {
        at.answers("/token", riddle);
        let output = log_in(&at);
        assert_ne!(output.exit_code(), Some(0), "{output}");
    }
    for way in 0..WAYS {
        at.answers("/token", move |known| talkative(known, way));
        log_in(&at).code(0);
        at.run(&["status", "-vvv", "--json"]).code(0);
    }
    at.log_in_by_hand(&["-vvv", "--require-scopes", "write"], |pending| at.consent(pending)).code(10);
    explained(&at);
    findings(&at)
}

pub fn of_the_refresh_and_the_revocation() -> Vec<Finding> {
    let at = LeakyProvider::new("token.auth = 'basic'");
    at.log_in(&["-vvv"]).code(0);
    for (nth, refusal) in REFUSALS.iter().enumerate() {
        for way in ways(nth) {
            at.answers("/token", move |known| refusal(known, way));
            let output = at.run(&["refresh", "-vvv"]);
            assert_ne!(output.exit_code(), Some(0), "{output}");
        }
    }
    for riddle in RIDDLES {
        at.answers("/token", riddle);
        let output = at.run(&["refresh", "-vvv"]);
        assert_ne!(output.exit_code(), Some(0), "{output}");
    }
    for way in 0..WAYS {
        at.answers("/token", move |known| talkative(known, way));
        at.run(&["refresh", "-vvv"]).code(0);
        at.run(&["status", "-vvv"]).code(0);
    }
    for (nth, refusal) in REFUSALS.iter().enumerate() {
        for way in ways(nth) {
            at.answers("/revoke", move |known| refusal(known, way));
            let output = at.run(&["logout", "-vvv"]);
            assert_ne!(output.exit_code(), Some(0), "{output}");
            at.answers("/introspect", move |known| refusal(known, way));
            at.run(&["scopes", "-vvv"]).code(0);
        }
    }
    at.answers("/introspect", |known| {
        let token = known.get(Kind::AccessToken);
        json(200, &value!({"active": true, "scope": "read", "username": token, "sub": token, "jti": token, "client_id": token}))
    });
    at.run(&["scopes", "-vvv", "--json"]).code(0);
    at.answers("/token", |known| {
        json(400, &value!({"error": "invalid_grant", "error_description": known.repeated(0)}))
    });
    at.run(&["refresh", "-vvv"]).code(4);
    for args in [&["refresh", "-vvv"][..], &["status", "-vvv"], &["token", "--min-validity", "2h"]] {
        at.run(args);
    }
    explained(&at);
    findings(&at)
}

pub fn of_the_api() -> Vec<Finding> {
    let at = LeakyProvider::new("");
    at.log_in(&["-vvv"]).code(0);
    for way in [0, 2, 4] {
        at.answers("/api/repeats", move |known| {
            let repeated = value!({"error": known.repeated(way), "message": known.repeated(way)});
            with_header(json(400, &repeated), &format!("X-Seen: {}", known.get(Kind::AccessToken)))
        });
        for args in [&["call", "-vvv", "/api/repeats"][..], &["call", "--include", "/api/repeats"]] {
            at.run(args).code(9);
        }
        at.answers("/api", move |known| json(403, &value!({"error": known.repeated(way)})));
        at.run(&["scopes", "-vvv", "--probe"]).code(0);
        at.answers("/api", move |known| json(401, &value!({"error": known.repeated(way)})));
        at.run(&["scopes", "-vvv", "--probe"]).code(4);
        at.behave();
    }
    // The token in the reply's head.
    let heads: [Head; 10] = [
        |known| {
            (
                401,
                format!("WWW-Authenticate: Bearer error=\"invalid_request\", error_description=\"{}\"", quoted(known)),
            )
        },
        |known| (403, format!("WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"{}\"", quoted(known))),
        |known| (403, format!("WWW-Authenticate: Bearer realm=\"{}\", error=\"insufficient_scope\"", quoted(known))),
        |known| (429, format!("Retry-After: {}", known.get(Kind::AccessToken))),
        |known| (503, format!("X-RateLimit-Remaining: {}", known.get(Kind::AccessToken))),
        |known| (302, format!("Location: https://x.example/?{}", known.get(Kind::AccessToken))),
        |known| (302, format!("Location: https://{}.example/", known.get(Kind::AccessToken))),
        |known| (302, format!("Location: https://[{}", known.get(Kind::AccessToken))),
        |known| (400, format!("Location: /?{}", known.repeated(2))),
        |known| (200, format!("Link: </api/head?{}>; rel=\"next\"", known.repeated(2))),
    ];
    for plain in [false, true] {
        for head in heads {
            at.answers("/api/head", move |known| {
                let (status, line) = head(known);
                with_header(text(status, "application/json", ""), &line)
            });
            at.run(&["call", "-vvv", "/api/head"]);
            at.run(&["call", "-vvv", "--token-in", "query", "--paginate", "/api/head"]);
            let (_, shown) = pty::run(at.sandbox.command(&["call", "/api/head"]));
            at.observer.see(Channel::Stderr, "call", "terminal", shown.as_bytes());
        }
        if !plain {
            // The next token is of other characters.
            at.run(&["refresh"]).code(0);
        }
    }
    let (held, never) = mpsc::channel::<()>();
    let never = std::sync::Mutex::new(never);
    at.answers("/api/silent", move |_| {
        let _ = never.lock().unwrap().recv();
        text(200, "text/plain", "")
    });
    at.run(&["call", "-vvv", "--timeout", "1s", "--token-in", "query", "/api/silent"]).code(8);
    drop(held);
    at.run(&["exec", "-vvv", "--", "no-such-program"]);
    at.run(&["call", "-vvv", "--token-in", "query", "https://x.example/"]).code(5);
    explained(&at);
    findings(&at)
}

/// The token inside of a quoted string.
fn quoted(known: &KnownSecrets) -> String {
    known.get(Kind::AccessToken).replace('\\', "\\\\").replace('"', "\\\"")
}

pub fn of_the_store_and_the_input() -> Vec<Finding> {
    let mut at = LeakyProvider::new("");
    let key_file = at.sandbox.home().join("config/keys/store.key");
    let key = fs::read_to_string(&key_file).unwrap();
    at.learn_key(&key);
    at.log_in(&["-vvv"]).code(0);

    let everything = |at: &LeakyProvider| {
        for args in [
            &["token", "-vvv"][..],
            &["status", "-vvv"],
            &["refresh", "-vvv"],
            &["call", "-vvv", "/api/things"],
            &["scopes", "-vvv"],
            &["exec", "-vvv", "--", "child"],
            &["export", "-vvv", "--passphrase-stdin"],
        ] {
            let output = at.run_with_stdin(args, "correct horse battery");
            assert!(args[0] == "status" || output.exit_code() != Some(0), "{output}");
        }
    };
    let another = format!("{}{}", if key.starts_with('A') { 'B' } else { 'A' }, &key[1..]);
    // A key with a typing error, in the file and in the variable, and another one.
    for wrong in [&key[1..], &key.replace('=', ""), &format!("{}{}", &key[..20], &key[21..]), &another] {
        fs::write(&key_file, wrong).unwrap();
        everything(&at);
        let mut command = at.sandbox.command(&["status", "-vvv"]);
        command.env("OAUTHCTL_STORE_KEY", wrong.trim());
        at.run_command(command, "");
    }
    fs::write(&key_file, &key).unwrap();
    let sealed = at.sandbox.home().join(".local/share/oauthctl/store/login/mine.sealed");
    let whole = fs::read(&sealed).unwrap();
    fs::write(&sealed, &whole[..whole.len() - 1]).unwrap();
    everything(&at);
    fs::write(&sealed, whole).unwrap();

    let passphrase = at.make(Kind::Passphrase);
    let export = at.run_with_stdin(&["export", "-vvv", "--passphrase-stdin"], &passphrase);
    let line = export.code(0).stdout().trim().to_owned();
    let token = at.make(Kind::AccessToken);
    for (line, passphrase) in
        [(&line[..], token.clone()), (&line[..100], passphrase.clone()), (&token, passphrase.clone())]
    {
        let mut command = at.sandbox.command(&["import", "-vvv", "--replace"]);
        command.env("OAUTHCTL_EXPORT_PASSPHRASE", passphrase);
        at.run_command(command, line).code(2);
    }
    at.run_with_stdin(&["export", "-vvv", "--passphrase-stdin"], &passphrase[..11]).code(2);
    let two_lines = format!("{token}\n{token}");
    at.run_with_stdin(&["login", "-vvv", "--provider", "mine", "--with-token"], &two_lines).code(2);
    let mut command = at.sandbox.command(&["status", "-vvv", "--profile", "mine"]);
    command.env("OAUTHCTL_TOKEN", &two_lines);
    at.run_command(command, "");
    let secret = format!("{}\n{}", at.make(Kind::ClientSecret), at.make(Kind::ClientSecret));
    let args = ["app", "set", "mine", "-vvv", "--client-id", "mine", "--client-secret-stdin"];
    at.run_with_stdin(&args, &secret);
    at.run(&["logout", "--local"]).code(0);

    // A record that is damaged, wherever the secret stands in it, and a helper that fails after it has told it.
    at.sandbox = at.sandbox.without("").with("OAUTHCTL_STORE", "helper:canary");
    at.log_in(&["-vvv"]).code(0);
    let record = at.kept().join("mine");
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let token = at.known(Kind::AccessToken);
    let damaged = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut login: serde_json::Value = serde_json::from_str(kept["Secret"].as_str().unwrap()).unwrap();
        change(&mut login);
        let mut entry = kept.clone();
        entry["Secret"] = login.to_string().into();
        fs::write(&record, entry.to_string()).unwrap();
        everything(&at);
    };
    damaged(&|login| *login = value!(token));
    damaged(&|login| login["version"] = value!(token));
    damaged(&|login| login["obtained_at"] = value!(token));
    damaged(&|login| login["origin"] = value!(token));
    damaged(&|login| login["expiry"] = value!({ token.clone(): 1 }));
    damaged(&|login| login["access_token"] = value!({ "token": token }));
    damaged(&|login| login["intent"] = value!({ "begun_at": 1, "journal_key": { "key": token } }));
    fs::write(&record, format!("{kept}{token}")).unwrap();
    everything(&at);
    fs::write(&record, kept["Secret"].as_str().unwrap()).unwrap();
    everything(&at);
    fs::write(at.kept().join("fails"), value!({ "Secret": token }).to_string()).unwrap();
    everything(&at);
    fs::remove_file(at.kept().join("fails")).unwrap();
    damaged(&|login| login["refresh_token"] = value!([token]));
    at.run(&["logout", "-vvv"]).code(0);
    findings(&at)
}
