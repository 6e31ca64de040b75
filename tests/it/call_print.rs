//! `call --print`: each printed command and program runs in its own shell or interpreter, and sends what `call` sends, seen
//! by a server that keeps every byte.
//!
//! PowerShell and cmd do not run here: their quoting has unit tests beside it. The Rust program is compiled, not run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::Sandbox;
use crate::support::api_server::{ApiServer, TOKEN, body};
use crate::support::lacks;

/// A value that every quoting has to pass on as it is.
const HOSTILE: &str = "it's \"$HOME\" `id` $(id) !! \\ \\\\ \\n %PATH% ~ é 😀 & | < > ; # * ? [a] {b} ${{ c }} @d =e";

/// Requests that are printed: with tabs and line breaks, with a header that stands twice, and with one taken away.
fn requests() -> Vec<Vec<String>> {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (query, field) = (format!("a[b]={HOSTILE}"), format!("a={HOSTILE}\nline\tbreak \u{202e}"));
    let header = "X-Odd: it's \"$HOME\" `id` $(id) !! \\n %PATH% ~ & | < > # * ? [a] {b} ${{ c }}".to_owned();
    vec![
        own(&["things"]),
        own(&["DELETE", "things/a%20b"]),
        own(&["things", "--query", &query, "-H", &header, "-H", "X-Two: :=@;1", "-H", "X-Two: 2"]),
        own(&["POST", "things", "-f", &field, "-H", &header]),
        own(&["PUT", "things", "--form", "-f", &field]),
        own(&["things", "-f", "@=@file", "--form", "-X", "POST"]),
        own(&["PROPFIND", "things"]),
        // wget takes this apart, if nobody stops it.
        own(&["things", "--query", "a=100%25 b%20c %0A"]),
        own(&["PUT", "things", "--form", "-f", "-a=-b", "-f", "e="]),
    ]
}

/// Headers that are the tool's own: about itself and the connection.
const OF_THE_TOOL: [&str; 5] = ["user-agent", "accept-encoding", "connection", "accept-language", "sec-fetch-mode"];

/// Returns the request line, the headers with what they say, and the body.
fn meaning(request: &str) -> (String, BTreeMap<String, String>, String) {
    let (head, _) = request.split_once("\r\n\r\n").expect("a head");
    let (line, rest) = head.split_once("\r\n").unwrap();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for line in rest.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap();
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        let is_empty_body = name == "content-length" && value == "0";
        if !OF_THE_TOOL.contains(&name.as_str()) && !is_empty_body {
            headers.entry(name).and_modify(|known| *known = format!("{known}, {value}")).or_insert(value.to_owned());
        }
    }
    // wget decodes these; they mean the same (RFC 3986 §6.2.2.2).
    let decoded = [("%27", "'"), ("%28", "("), ("%29", ")"), ("%21", "!"), ("%7E", "~")];
    let line = decoded.iter().fold(line.to_owned(), |line, (code, sign)| line.replace(code, sign));
    (line, headers, body(request).to_owned())
}

fn server() -> ApiServer {
    ApiServer::always("200 OK", &["Content-Type: application/json"], "[]")
}

/// A login, in a home whose `.netrc` has a password for the server.
fn login(server: &ApiServer) -> Sandbox {
    let shop = server.login("");
    std::fs::write(shop.home().join(".netrc"), "machine 127.0.0.1 login made-up password made-up\n").unwrap();
    shop
}

#[track_caller]
fn run(shop: &Sandbox, program: &[&str], text: &str) {
    if program[0].starts_with('/') && !Path::new(program[0]).exists() {
        lacks::lacks(&format!("the program `{}`", program[0]));
    }
    let mut command = shop.program(program[0]);
    command.args(&program[1..]).arg(text).env("TOKEN", TOKEN).stdin(Stdio::null());
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?}: {stderr}\n{text}");
}

fn call(shop: &Sandbox, args: &[String], more: &[&str]) -> crate::support::Output {
    let args: Vec<&str> =
        ["call"].into_iter().chain(args.iter().map(String::as_str)).chain(more.iter().copied()).collect();
    shop.run(&args)
}

/// Runs every request in every place of the token.
#[track_caller]
fn sends_the_same(print: &[&str], program: &[&str], script: impl Fn(&str) -> String) {
    let server = server();
    let shop = login(&server);
    for args in requests() {
        for place in ["header", "bearer", "query", "body"] {
            let is_object = args[0] == "POST";
            if place == "body" && !is_object {
                continue;
            }
            let with_place = [&args[..], &["--token-in".to_owned(), place.to_owned()]].concat();
            let printed = call(&shop, &with_place, print);
            printed.code(0).hides(TOKEN);
            let before = server.requests().len();
            run(&shop, program, &script(printed.stdout()));
            assert_eq!(server.requests().len(), before + 1, "{}", printed.stdout());
            let theirs = server.last();
            call(&shop, &with_place, &["--silent"]).code(0);
            assert_eq!(meaning(&theirs), meaning(&server.last()), "{}", printed.stdout());
        }
    }
}

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

#[test]
fn curl_sends_the_same_request() {
    lacks::needs(&["curl"]);
    sends_the_same(&["--print", "curl", "--shell", "bash"], &["bash", "-c"], as_it_is);
    sends_the_same(&["--curl", "--shell", "fish"], &["fish", "-c"], as_it_is);
}

#[test]
fn an_interactive_bash_changes_nothing_of_it() {
    lacks::needs(&["curl"]);
    // Such a one replaces `!!` by an earlier line.
    let typed = |text: &str| format!("bash --norc -i <<'END-OF-INPUT'\ntrue\n{text}\nEND-OF-INPUT");
    sends_the_same(&["--curl", "--shell", "bash"], &["bash", "-c"], typed);
}

#[test]
fn httpie_sends_the_same_request() {
    lacks::needs(&["http"]);
    sends_the_same(&["--print", "httpie", "--shell", "bash"], &["bash", "-c"], as_it_is);
    sends_the_same(&["--print", "httpie", "--shell", "fish"], &["fish", "-c"], as_it_is);
}

#[test]
fn wget_sends_the_same_request() {
    lacks::needs(&["wget"]);
    sends_the_same(&["--print", "wget", "--shell", "bash"], &["bash", "-c"], as_it_is);
}

#[test]
fn python_sends_the_same_request() {
    sends_the_same(&["--print", "python"], &["/usr/bin/python3", "-c"], as_it_is);
}

#[test]
fn javascript_sends_the_same_request() {
    sends_the_same(&["--print", "javascript"], &["node", "--input-type=module", "-e"], as_it_is);
}

/// The script of a step, as a runner reads it: YAML first, then the expressions.
fn script_of_step(step: &str) -> String {
    let (_, run) = step.split_once("\n  run: ").unwrap();
    let script = match run.strip_prefix("|-\n") {
        Some(block) => {
            block.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
        }
        None => {
            let mut pieces = run.trim_end().split("\\U");
            let first = pieces.next().unwrap().to_owned();
            let json = pieces.fold(first, |text, piece| {
                let character = u32::from_str_radix(&piece[..8], 16).ok().and_then(char::from_u32).unwrap();
                let escaped =
                    if character.is_control() { format!("\\u{:04x}", u32::from(character)) } else { character.into() };
                text + &escaped + &piece[8..]
            });
            serde_json::from_str::<String>(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
        }
    };
    script.replace("${{ '${{' }}", "${{")
}

#[test]
fn a_step_of_a_workflow_sends_the_same_request() {
    lacks::needs(&["curl"]);
    sends_the_same(&["--print", "github-actions"], &["bash", "-euo", "pipefail", "-c"], script_of_step);
}

#[test]
fn a_header_that_was_taken_away_stays_away() {
    lacks::needs(&["curl", "http"]);
    let server = server();
    let shop = login(&server);
    for (print, program) in
        [("curl", &["bash", "-c"][..]), ("httpie", &["bash", "-c"]), ("python", &["/usr/bin/python3", "-c"])]
    {
        let args = ["POST", "things", "-f", "a=b", "-H", "Accept:"].map(str::to_owned);
        run(&shop, program, call(&shop, &args, &["--print", print]).stdout());
        let (_, headers, _) = meaning(&server.last());
        assert!(!headers.contains_key("accept"), "{print}: {headers:?}");
    }
}

#[test]
fn a_body_that_is_not_text_arrives_byte_for_byte() {
    lacks::needs(&["curl", "http", "wget"]);
    let lengths = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&lengths);
    let server = ApiServer::start(move |request| {
        seen.lock().unwrap().push(meaning(request).1.get("content-length").cloned());
        ("200 OK", Vec::new(), b"[]".to_vec())
    });
    let shop = login(&server);
    std::fs::write(shop.home().join("picture.bin"), [b'\x89', b'P', 0, 255, b'\r', b'\n']).unwrap();
    let args = ["POST", "things", "--input", "picture.bin", "-H", "Content-Type: image/png"].map(str::to_owned);
    for (print, program) in [
        ("curl", &["bash", "-c"][..]),
        ("httpie", &["bash", "-c"]),
        ("wget", &["bash", "-c"]),
        ("python", &["/usr/bin/python3", "-c"]),
        ("javascript", &["node", "--input-type=module", "-e"]),
    ] {
        run(&shop, program, call(&shop, &args, &["--print", print]).stdout());
        let theirs = server.last();
        call(&shop, &args, &["--silent"]).code(0);
        assert_eq!(meaning(&theirs), meaning(&server.last()), "{print}");
        assert_eq!(lengths.lock().unwrap().last(), Some(&Some("6".to_owned())), "{print}");
    }
}

/// The folder with what the tests were built from.
fn dependencies() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_oauthctl")).with_file_name("deps")
}

#[test]
fn the_rust_program_compiles() {
    let server = server();
    let shop = login(&server);
    let mut source = String::new();
    for (n, args) in requests().iter().enumerate() {
        let printed = call(&shop, args, &["--print", "rust"]);
        source += &format!("pub mod case_{n} {{ {} }}\n", printed.code(0).stdout().replace("fn main", "pub fn main"));
    }
    let file = shop.home().join("printed.rs");
    std::fs::write(&file, source).unwrap();
    let is_reqwest = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("libreqwest-") && name.ends_with(".rlib")
    };
    let built = std::fs::read_dir(dependencies()).unwrap().map(|entry| entry.unwrap().path()).filter(is_reqwest);
    // Several may lie there, of builds with other dependencies; one of them fits.
    let problems: Vec<String> = built
        .map(|library| {
            let mut rustc = lacks::program("rustc");
            rustc.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-o"]);
            rustc.arg(shop.home().join("printed.rmeta")).arg("--extern").arg(format!("reqwest={}", library.display()));
            rustc.arg("-L").arg(format!("dependency={}", dependencies().display())).arg(&file);
            let output = rustc.output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() { String::new() } else { stderr }
        })
        .collect();
    assert!(problems.iter().any(String::is_empty), "{}", problems.join("\n"));
}

#[test]
fn nothing_is_sent_and_what_cannot_be_sent_is_told() {
    let server = server();
    let shop = login(&server);
    for target in ["curl", "httpie", "wget", "python", "javascript", "rust", "powershell", "github-actions"] {
        let printed = shop.run(&["call", "things", "--print", target]);
        printed.code(0).hides(TOKEN);
        let json = shop.run(&["call", "things", "--print", target, "--json"]);
        let answer: serde_json::Value = serde_json::from_str(json.code(0).hides(TOKEN).stdout()).unwrap();
        let member = if target == "curl" { "curl" } else { "code" };
        assert_eq!(answer[member], printed.stdout().trim_end(), "{target}");
        let shown = shop.run(&["call", "things", "--print", target, "--show-secrets"]);
        assert_eq!(shown.code(0).stdout().matches(TOKEN).count(), 1, "{target}");
    }
    let get = shop.run(&["call", "-X", "GET", "things", "--input", "/etc/hostname", "--print", "javascript"]);
    get.code(2).says("`fetch` sends no body with GET and HEAD").says("`--print curl` can");
    assert!(server.requests().is_empty());
}
