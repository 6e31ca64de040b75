//! What is printed for requests that a quote, a variable or a line break could change.

use http::Method;
use http::header::HeaderName;
use url::Url;

use super::*;
use crate::commands::call::request::TOKEN_MARK;
use crate::protocol::message::HttpRequest;

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpRequest {
    let url = Url::parse(&format!("https://api.example{path}")).unwrap();
    let mut request = HttpRequest::new(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for (name, value) in headers {
        request.headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    request.body = body.to_vec();
    request
}

fn printed(request: &HttpRequest, target: Target, shell: ShellKind) -> Text {
    print(&RequestView { request, upload: None, input: None }, target, shell)
}

const BEARER: (&str, &str) = ("authorization", "Bearer oauthctl0TOKEN0MARK");
const ACCEPTS: (&str, &str) = ("accept", "application/json");

#[test]
fn the_token_is_a_variable_in_every_language() {
    let get = request("GET", "/things?a=b", &[BEARER, ACCEPTS], b"");
    for (target, expected) in [
        (
            Target::Curl,
            "curl 'https://api.example/things?a=b' -H \"authorization: Bearer $TOKEN\" -H 'accept: application/json'\n",
        ),
        (
            Target::Httpie,
            "http --ignore-stdin --ignore-netrc GET 'https://api.example/things?a=b' \
             \"authorization:Bearer $TOKEN\" accept:application/json\n",
        ),
        (
            Target::Wget,
            "wget -qO- --content-on-error --max-redirect=0 --tries=1 \"--header=authorization: Bearer $TOKEN\" \
             '--header=accept: application/json' 'https://api.example/things?a=b'\n",
        ),
    ] {
        assert_eq!(printed(&get, target, ShellKind::Bash).unwrap(), expected);
    }
    for (target, expected) in [
        (Target::Python, "\"authorization\": \"Bearer \" + token,"),
        (Target::Javascript, "[\"authorization\", \"Bearer \" + token],"),
        (Target::Rust, ".header(\"authorization\", [\"Bearer \", &token].concat())"),
        (Target::Powershell, "'authorization' = 'Bearer ' + $env:TOKEN"),
        (Target::GithubActions, "TOKEN: ${{ secrets.TOKEN }}"),
    ] {
        let text = printed(&get, target, ShellKind::Bash).unwrap();
        assert!(text.contains(expected) && !text.contains(TOKEN_MARK), "{text}");
    }
}

#[test]
fn each_shell_gets_its_own_quotes() {
    let post = request("POST", "/x", &[BEARER, ACCEPTS, ("content-type", "application/json")], br#"{"a":"it's 5%"}"#);
    let of = |shell| printed(&post, Target::Curl, shell).unwrap();
    assert!(of(ShellKind::Fish).ends_with("--data-raw '{\"a\":\"it'\\''s 5%\"}'\n"));
    assert!(of(ShellKind::Powershell).starts_with("# PowerShell 7.3 or later\ncurl.exe https://"));
    assert!(of(ShellKind::Powershell).contains("-H ('authorization: Bearer ' + $env:TOKEN)"));
    assert!(of(ShellKind::Cmd).contains("-H \"authorization: Bearer %TOKEN%\""));
}

#[test]
fn what_a_tool_would_add_is_taken_away() {
    let bare = request("POST", "/x", &[], b"@file");
    let curl = printed(&bare, Target::Curl, ShellKind::Bash).unwrap();
    assert_eq!(curl, "curl https://api.example/x -H Accept: -H Content-Type: --data-raw @file\n");
    let python = printed(&bare, Target::Python, ShellKind::Bash).unwrap();
    assert!(python.contains("\"Accept\": None,\n        \"Content-Type\": None,"), "{python}");
    assert!(!python.contains("TOKEN"), "it needs none: {python}");
}

#[test]
fn what_a_tool_cannot_send_is_refused() {
    let refused = |request: &HttpRequest, target, shell| printed(request, target, shell).unwrap_err().instead;
    let get = request("GET", "/x", &[ACCEPTS], b"body");
    assert_eq!(refused(&get, Target::Javascript, ShellKind::Bash), "curl");
    let odd = request("GET", "/x", &[("x-odd", "a\\:b"), ("x-empty", "")], b"");
    assert_eq!(refused(&odd, Target::Httpie, ShellKind::Bash), "curl");
    assert_eq!(refused(&odd, Target::Wget, ShellKind::Bash), "curl");
    let lines = request("POST", "/x", &[], b"a\nb");
    assert_eq!(refused(&lines, Target::Curl, ShellKind::Cmd), "powershell");
    let bytes = request("POST", "/x", &[], b"\xff\0");
    assert_eq!(refused(&bytes, Target::Curl, ShellKind::Bash), "python");
    assert!(printed(&bytes, Target::Python, ShellKind::Bash).unwrap().contains("data=b\"\\xff\\x00\""));
}

#[test]
fn a_body_that_is_no_text_is_read_from_its_file() {
    let request = request("POST", "/x", &[], b"\xff\0");
    let view = RequestView { request: &request, upload: None, input: Some("a file") };
    let curl = print(&view, Target::Curl, ShellKind::Bash).unwrap();
    assert!(curl.ends_with("--data-binary '@a file'\n"), "{curl}");
}

#[test]
fn a_step_of_a_workflow_evaluates_nothing_of_the_request() {
    let post = request("POST", "/x", &[BEARER], "{\"a\":\"${{ secrets.OTHER }}\"}\n\u{85}".as_bytes());
    let step = printed(&post, Target::GithubActions, ShellKind::Cmd).unwrap();
    assert!(step.contains("${{ '${{' }} secrets.OTHER }}") && step.contains("\\U00000085"), "{step}");
    let get = request("GET", "/x", &[BEARER], b"");
    let step = printed(&get, Target::GithubActions, ShellKind::Cmd).unwrap();
    assert!(step.contains("  run: |-\n    curl -sS --fail-with-body https://api.example/x -H"), "{step}");
}
