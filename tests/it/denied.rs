//! A missing scope, however the API says it: `call` and `scopes --probe` agree on each answer, and the scope is named
//! where the API names it. The same for an API that is busy.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::support::api_server::{ApiServer, Reply, target};

/// What is behind one path of the API.
struct Case {
    headers: &'static [&'static str],
    body: &'static str,
    /// The exit code of `call`.
    code: i32,
    words: &'static str,
}

const fn case(headers: &'static [&'static str], body: &'static str, code: i32, words: &'static str) -> Case {
    Case { headers, body, code, words }
}

const JSON: &str = "Content-Type: application/json";

/// Each answers 403.
const CASES: &[Case] = &[
    case(&[], "", 10, "may not do this"),
    case(&[JSON], "{}", 10, "may not do this"),
    case(&[], "Forbidden", 10, "may not do this"),
    case(
        &[JSON],
        r#"{"detail":"You do not have permission to perform this action."}"#,
        10,
        "You do not have permission",
    ),
    case(&[JSON], r#"{"error":"insufficient_scope","scope":"read_mugs"}"#, 10, "lacks `read_mugs`"),
    case(&["Content-Type: text/plain"], "error=insufficient_scope&scope=read_mugs", 10, "lacks `read_mugs`"),
    case(
        &["Content-Type: application/problem+json"],
        r#"{"type":"https://api.example/insufficient_scope","title":"no","scopes":["read_mugs"]}"#,
        10,
        "lacks `read_mugs`",
    ),
    case(&["WWW-Authenticate: Bearer error='insufficient_scope', scope='read_mugs'"], "no", 10, "lacks `read_mugs`"),
    case(
        &["WWW-Authenticate: Bearer\terror=\"insufficient_scope\",\tscope=\"read_mugs\""],
        "",
        10,
        "lacks `read_mugs`",
    ),
    case(
        &["WWW-Authenticate: Bearer realm=\"x\" error=\"insufficient_scope\" scope=\"read_mugs\""],
        "",
        10,
        "lacks `read_mugs`",
    ),
    case(
        &[
            "WWW-Authenticate: Basic realm=\"a, b\"",
            "WWW-Authenticate: DPoP, Bearer error=insufficient_scope, scope=read_mugs",
        ],
        "",
        10,
        "lacks `read_mugs`",
    ),
    case(&["Content-Type: text/html"], "<h1>Forbidden</h1>", 9, "the API answered 403"),
    case(&["Retry-After: 3600"], "", 9, "the API asks to wait 1h"),
    case(&["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 3600"], "", 9, "the API asks to wait 1h"),
];

#[test]
fn call_and_the_probe_agree_on_each_403() {
    let server = ApiServer::start(|request| {
        let n = target(request).strip_prefix("/v1/case/").and_then(|n| n.parse::<usize>().ok());
        match n.and_then(|n| CASES.get(n)) {
            Some(case) => {
                ("403 Forbidden", case.headers.iter().map(|line| (*line).to_owned()).collect(), case.body.into())
            }
            None => ("200 OK", Vec::new(), b"{}".to_vec()),
        }
    });
    let scopes: String = (0..CASES.len())
        .map(|n| format!("[[scope.known]]\nname = 'scope_{n}'\nprobe = {{ path = 'case/{n}' }}\n"))
        .collect();
    let shop = server.login(&scopes);
    let probed = shop.run(&["scopes", "--probe", "--json"]);
    let probed: serde_json::Value = serde_json::from_str(probed.code(0).stdout()).unwrap();
    let proven: BTreeMap<&str, &serde_json::Value> = probed["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["scope"].as_str().unwrap(), &row["proven"]))
        .collect();
    for (n, case) in CASES.iter().enumerate() {
        let call = shop.run(&["call", &format!("case/{n}"), "--max-wait", "1s"]);
        call.code(case.code).says(case.words);
        assert_eq!(call.stdout(), case.body);
        let denied = proven[format!("scope_{n}").as_str()] == &serde_json::json!(false);
        assert_eq!(denied, case.code == 10, "{:?} {}: {probed}", case.headers, case.body);
        if case.words.contains("read_mugs") {
            call.says("--scope 'read_mugs'");
        } else if case.code == 10 {
            call.says(&format!("--scope 'scope_{n}'"));
        }
    }
}

#[test]
fn a_403_with_another_reason_denies_only_a_known_scope() {
    let reply = r#"{"error":"this account is suspended"}"#;
    let server = ApiServer::always("403 Forbidden", &[JSON], reply);
    let call = server.login("").run(&["call", "x"]);
    call.code(9).says("this account is suspended").says("if it is a scope that is missing");
    let own = "api.denied = [{ path = 'error', prefix = 'no scope' }]\n\
               scope.known = [{ name = 'read', probe = { path = 'x' } }]";
    let shop = server.login(own);
    shop.run(&["call", "x"]).code(9);
    let probed = shop.run(&["scopes", "--probe"]);
    assert!(probed.code(0).stdout().contains("not the denial"), "{probed}");
}

/// Answers 429 once for each path, then 200.
fn busy(header: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> ApiServer {
    let seen = Mutex::new(Vec::<String>::new());
    ApiServer::start(move |request| -> Reply {
        let (path, mut seen) = (target(request).to_owned(), seen.lock().unwrap());
        if seen.contains(&path) {
            return ("200 OK", Vec::new(), b"{}".to_vec());
        }
        let headers = header(&path);
        seen.push(path);
        ("429 Too Many Requests", headers, Vec::new())
    })
}

#[test]
fn call_and_the_probe_wait_as_each_header_says() {
    let header = |path: &str| {
        let lines: &[&str] = match path.rsplit('/').next().unwrap() {
            "decimal" => &["Retry-After: 0.01"],
            "ms" => &["Retry-After-Ms: 10"],
            "asctime" => &["Retry-After: Sun Nov  6 08:49:37 1994"],
            "rfc850" => &["Retry-After: Sunday, 06-Nov-94 08:49:37 GMT"],
            "epoch" => &["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1000000000"],
            "delta" => &["RateLimit-Remaining: 0", "RateLimit-Reset: 0.01"],
            "ietf" => &["RateLimit: \"a\";r=5;t=3600, \"b\";r=0;t=0"],
            "several" => &["Retry-After: never", "Retry-After: 0.01", "X-RateLimit-Reset: 3600"],
            "negative" => &["Retry-After: -1"],
            "huge" => &["Retry-After: 99999999999999999999"],
            _ => &["Retry-After: soon"],
        };
        lines.iter().map(|line| (*line).to_owned()).collect()
    };
    let server = busy(header);
    let shop = server.login("");
    for waits in ["decimal", "ms", "asctime", "rfc850", "epoch", "delta", "ietf", "several"] {
        shop.run(&["call", waits]).code(0).says("The API answered 429 and asks to wait");
    }
    for (given_up, words) in
        [("negative", "answered 429\n"), ("huge", "the API asks to wait"), ("garbage", "answered 429\n")]
    {
        shop.run(&["call", given_up]).code(9).says(words).hides("it is asked again");
    }
    shop.run(&["call", "POST", "decimal/post"]).code(9);
    let bound = busy(|_| vec!["Retry-After: 2.5".to_owned()]);
    bound.login("").run(&["call", "x", "--max-time", "2s"]).code(9).says("the API asks to wait 2s");
    assert_eq!(bound.requests().len(), 1);

    let known = "scope.known = [{ name = 'a', probe = { path = 'ms' } }, { name = 'b', probe = { path = 'epoch' } }]";
    let probed = busy(header).login(known).run(&["scopes", "--probe"]);
    assert_eq!(probed.code(0).stdout().matches("→ 200").count(), 2, "{probed}");
}
