//! What people know from `gh api` works here. The table is what gh 2.102.0 sent and printed for the same arguments.
//!
//! With `OAUTHCTL_GH=/path/to/gh` each row is run through that gh too. Where we differ, a test's name says how.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::api_server::{ApiServer, Reply, body, param, target};
use crate::support::{Output, Sandbox};

/// Arguments, requests as `METHOD target` with their body, and what is printed. No request is a refusal.
type Row = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str);

const OK: &str = r#"{"ok":true}"#;
const PAGES: &[(&str, &str)] =
    &[("GET /v1/pages", ""), ("GET /v1/pages?page=2", ""), ("GET /v1/pages?page=3", ""), ("GET /v1/pages?page=4", "")];
const OBJECTS: &[(&str, &str)] =
    &[("GET /v1/objects", ""), ("GET /v1/objects?page=2", ""), ("GET /v1/objects?page=3", "")];
const DATA: &[(&str, &str)] = &[("GET /v1/data", "")];

const ROWS: &[Row] = &[
    (&["x"], &[("GET /v1/x", "")], OK),
    (&["x", "-f", "a=1"], &[("POST /v1/x", r#"{"a":"1"}"#)], OK),
    (&["x", "-F", "a=1"], &[("POST /v1/x", r#"{"a":1}"#)], OK),
    (&["x", "-F", "a=-5"], &[("POST /v1/x", r#"{"a":-5}"#)], OK),
    (&["x", "-F", "a=true"], &[("POST /v1/x", r#"{"a":true}"#)], OK),
    (&["x", "-F", "a=null"], &[("POST /v1/x", r#"{"a":null}"#)], OK),
    (&["x", "-F", "a=@f"], &[("POST /v1/x", r#"{"a":"file text\n"}"#)], OK),
    (&["x", "-F", "a=@-"], &[("POST /v1/x", r#"{"a":"in text"}"#)], OK),
    (&["x", "-f", "a=@f"], &[("POST /v1/x", r#"{"a":"@f"}"#)], OK),
    (&["x", "-f", "a="], &[("POST /v1/x", r#"{"a":""}"#)], OK),
    (&["x", "-f", "a=b=c"], &[("POST /v1/x", r#"{"a":"b=c"}"#)], OK),
    (&["x", "-f", "a[b]=1"], &[("POST /v1/x", r#"{"a":{"b":"1"}}"#)], OK),
    (&["x", "-f", "a[b][c]=1", "-f", "a[b][d]=2"], &[("POST /v1/x", r#"{"a":{"b":{"c":"1","d":"2"}}}"#)], OK),
    (&["x", "-f", "a[]=1", "-f", "a[]=2"], &[("POST /v1/x", r#"{"a":["1","2"]}"#)], OK),
    (&["x", "-f", "a[]"], &[("POST /v1/x", r#"{"a":[]}"#)], OK),
    (
        &["x", "-F", "a[][n]=1", "-F", "a[][v]=2", "-F", "a[][n]=3"],
        &[("POST /v1/x", r#"{"a":[{"n":1,"v":2},{"n":3}]}"#)],
        OK,
    ),
    (
        &["x", "-f", "a[][b][c]=1", "-f", "a[][b][d]=2"],
        &[("POST /v1/x", r#"{"a":[{"b":{"c":"1"}},{"b":{"d":"2"}}]}"#)],
        OK,
    ),
    (&["x", "-f", "a[b][]=1", "-f", "a[b][]=2"], &[("POST /v1/x", r#"{"a":{"b":["1","2"]}}"#)], OK),
    (&["x", "-f", "a=1", "-F", "b=2", "-f", "c=3"], &[("POST /v1/x", r#"{"a":"1","b":2,"c":"3"}"#)], OK),
    (&["x", "-f", "a=1", "-f", "a=2"], &[], ""),
    (&["x", "-f", "a[b]=1", "-f", "a=2"], &[], ""),
    (&["x", "-f", "a"], &[], ""),
    (&["x", "-f", "a[b"], &[], ""),
    (&["GET", "x", "-f", "a=1"], &[("GET /v1/x?a=1", "")], OK),
    (&["GET", "x", "-f", "a=b c&d"], &[("GET /v1/x?a=b c&d", "")], OK),
    (&["GET", "x", "-f", "a[]=1", "-f", "a[]=2"], &[("GET /v1/x?a[]=1&a[]=2", "")], OK),
    (&["GET", "x?q=1", "-F", "a=null"], &[("GET /v1/x?a=&q=1", "")], OK),
    (&["GET", "x", "-F", "b=true", "-F", "n=5"], &[("GET /v1/x?b=true&n=5", "")], OK),
    (&["PUT", "x", "-f", "a=1"], &[("PUT /v1/x", r#"{"a":"1"}"#)], OK),
    (&["DELETE", "x"], &[("DELETE /v1/x", "")], OK),
    (&["x", "--input", "b.json"], &[("POST /v1/x", r#"{"x":1}"#)], OK),
    (&["x", "--input", "b.json", "-f", "a=1"], &[("POST /v1/x?a=1", r#"{"x":1}"#)], OK),
    (&["PATCH", "x", "--input", "b.json"], &[("PATCH /v1/x", r#"{"x":1}"#)], OK),
    (&["pages", "--paginate"], PAGES, r#"[{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7}]"#),
    (&["pages", "--paginate", "--slurp"], PAGES, r#"[[{"id":2},{"id":3}],[{"id":4},{"id":5}],[{"id":6},{"id":7}],[]]"#),
    (&["pages", "--paginate", "-q", ".[].id"], PAGES, "2\n3\n4\n5\n6\n7\n"),
    (&["objects", "--paginate", "--slurp"], OBJECTS, r#"[{"n":1,"rows":[1]},{"n":2,"rows":[2]},{"n":3,"rows":[3]}]"#),
    (&["objects", "--paginate", "-q", ".n"], OBJECTS, "1\n2\n3\n"),
    (&["data", "-q", ".n,.s,.t,.z"], DATA, "1\na\"b\ntrue\n\n"),
    (&["data", "-q", ".l"], DATA, "[1,\"x\",null]\n"),
    (&["data", "-q", ".o"], DATA, "{\"a\":2,\"b\":1}\n"),
    (&["data", "-q", ".l[]"], DATA, "1\nx\n\n"),
    (&["data", "-q", ".x.y"], DATA, "\n"),
    (&["data", "-q", "select(.n==2)"], DATA, ""),
    (&["bad", "-q", ".n"], &[("GET /v1/bad", "")], r#"{"message":"no"}"#),
    (&["bad"], &[("GET /v1/bad", "")], r#"{"message":"no"}"#),
    (&["x", "--silent"], &[("GET /v1/x", "")], ""),
];

fn answer(request: &str) -> Reply {
    let host = request.lines().find_map(|line| line.to_lowercase().strip_prefix("host: ").map(str::to_owned)).unwrap();
    let page: usize = param(request, "page").map_or(1, |page| page.parse().unwrap());
    let path = target(request).split('?').next().unwrap();
    let last = if path == "/v1/pages" { 4 } else { 3 };
    let next = format!("Link: <http://{host}{path}?page={}>; rel=\"next\"", page + 1);
    let json = "Content-Type: application/json".to_owned();
    let body = match path {
        "/v1/pages" if page == 4 => json!([]),
        "/v1/pages" => json!([{"id": page * 2}, {"id": page * 2 + 1}]),
        "/v1/objects" => json!({"n": page, "rows": [page]}),
        "/v1/data" => {
            json!({"n": 1, "f": 1.5, "s": "a\"b", "l": [1, "x", null], "o": {"a": 2, "b": 1}, "t": true, "z": null})
        }
        "/v1/bad" => return ("400 Bad Request", vec![json], br#"{"message":"no"}"#.to_vec()),
        _ => json!({"ok": true}),
    };
    let links = if matches!(path, "/v1/pages" | "/v1/objects") && page < last { vec![next] } else { vec![] };
    ("200 OK", [links, vec![json]].concat(), body.to_string().into_bytes())
}

/// The request with its query in order, and without what gh adds to every walk over pages.
fn plainly(request: &str) -> (String, Value) {
    let (path, query) = target(request).split_once('?').unwrap_or((target(request), ""));
    let mut pairs: Vec<String> =
        url::form_urlencoded::parse(query.as_bytes()).map(|(k, v)| format!("{k}={v}")).collect();
    pairs.retain(|pair| pair != "per_page=100");
    pairs.sort_unstable();
    let mark = if pairs.is_empty() { "" } else { "?" };
    let method = request.split(' ').next().unwrap();
    (format!("{method} {path}{mark}{}", pairs.join("&")), value(body(request)))
}

/// JSON as a value, other texts as they are: blanks and order do not count.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

struct Peers {
    server: ApiServer,
    shop: Sandbox,
}

impl Peers {
    fn new() -> Self {
        let server = ApiServer::start(answer);
        let shop = server.login("");
        std::fs::write(shop.home().join("f"), "file text\n").unwrap();
        std::fs::write(shop.home().join("b.json"), r#"{"x":1}"#).unwrap();
        Self { server, shop }
    }

    fn ours(&self, args: &[&str]) -> (Output, Vec<(String, Value)>) {
        let before = self.server.requests().len();
        let output = self.shop.run_with_stdin(&[&["call"], args].concat(), "in text");
        (output, self.server.requests()[before..].iter().map(|request| plainly(request)).collect())
    }

    /// The same through gh: its method is an option, and only whole URLs lead it off GitHub.
    fn theirs(&self, gh: &str, args: &[&str]) -> (Output, Vec<(String, Value)>) {
        let before = self.server.requests().len();
        let url = |path: &str| format!("{}/v1/{path}", self.server.origin());
        let mut own = vec!["api".to_owned()];
        let rest = match args {
            [method, path, rest @ ..] if method.chars().all(|c| c.is_ascii_uppercase()) => {
                own.extend(["-X".to_owned(), (*method).to_owned(), url(path)]);
                rest
            }
            [path, rest @ ..] => {
                own.push(url(path));
                rest
            }
            [] => unreachable!("every row has a path"),
        };
        own.extend(rest.iter().map(|arg| (*arg).to_owned()));
        let mut command = Command::new(gh);
        command.args(&own).env_clear().env("HOME", self.shop.home()).env("GH_TOKEN", "x").current_dir(self.shop.home());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        crate::support::sandbox::feed(&mut child, b"in text");
        let output = Output::new(own.join(" "), child.wait_with_output().unwrap());
        (output, self.server.requests()[before..].iter().map(|request| plainly(request)).collect())
    }
}

#[test]
fn fields_pages_and_filters_are_as_in_gh() {
    let peers = Peers::new();
    let gh = std::env::var("OAUTHCTL_GH").ok();
    for (args, requests, printed) in ROWS {
        let expected: Vec<(String, Value)> =
            requests.iter().map(|(line, body)| ((*line).to_owned(), value(body))).collect();
        let (output, sent) = peers.ours(args);
        assert_eq!((&sent, value(output.stdout())), (&expected, value(printed)), "{output}");
        if let Some(gh) = &gh {
            let (output, sent) = peers.theirs(gh, args);
            assert_eq!((&sent, value(output.stdout())), (&expected, value(printed)), "{output}");
        }
    }
}

#[test]
fn fractions_are_numbers_and_007_is_text_unlike_in_gh() {
    let sent = Peers::new().ours(&["x", "-F", "a=1.5", "-F", "b=007"]).1;
    assert_eq!(sent[0].1, json!({"a": 1.5, "b": "007"}));
}

#[test]
fn a_query_keeps_a_nested_key_whole_unlike_gh() {
    assert_eq!(Peers::new().ours(&["GET", "x", "-f", "a[b]=1"]).1[0].0, "GET /v1/x?a[b]=1");
}

#[test]
fn pages_that_are_objects_become_one_array_unlike_in_gh() {
    let printed = Peers::new().ours(&["objects", "--paginate"]).0;
    assert_eq!(value(printed.stdout()), json!([{"n": 1, "rows": [1]}, {"n": 2, "rows": [2]}, {"n": 3, "rows": [3]}]));
}

#[test]
fn a_filter_leaves_numbers_as_they_came_unlike_gh() {
    assert_eq!(Peers::new().ours(&["data", "-q", ".f"]).0.stdout(), "1.5\n");
}

#[test]
fn an_odd_key_is_refused_where_gh_sends_what_it_guesses() {
    for field in ["=1", "a[b]c=1"] {
        let (output, sent) = Peers::new().ours(&["x", "-f", field]);
        output.code(2).says("cannot be sent");
        assert_eq!(sent, []);
    }
}
