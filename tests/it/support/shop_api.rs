//! The API of a shop as the providers' guides describe it. It does not use our definitions, so that a wrong path there
//! fails here. The test decides how it denies a missing scope.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// The only token that it accepts.
pub const TOKEN: &str = "canary-of-the-access-token";

/// The way it reports a missing scope.
#[derive(Clone, Copy)]
pub enum Denial {
    Forbidden,
    /// 401 with the text of Judge.me's guide.
    UnauthorizedInWords,
    /// 401 as for an unknown token.
    Unauthorized,
    NotFound,
    ErrorWith200,
    LoginPage,
}

#[derive(Clone)]
pub struct Rules {
    pub granted: Vec<&'static str>,
    pub denial: Denial,
    /// Answers this many requests with `Retry-After` first.
    pub busy: Option<(&'static str, usize)>,
    /// Delays the products until this many other requests have been answered.
    pub products_after: usize,
    /// The latency of the shop, used only by the benchmark.
    pub latency: Duration,
    pub domain: &'static str,
}

impl Rules {
    pub fn granting(granted: &[&'static str]) -> Self {
        Self {
            granted: granted.to_vec(),
            denial: Denial::Forbidden,
            busy: None,
            products_after: 0,
            latency: Duration::ZERO,
            domain: "example-shop.test",
        }
    }
}

struct State {
    rules: Rules,
    requests: Vec<String>,
    answered: usize,
}

pub struct ShopApi {
    address: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl ShopApi {
    pub fn start(rules: Rules) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { rules, requests: Vec::new(), answered: 0 };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let for_all = Arc::clone(&shared);
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&for_all);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self { address, shared }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.shared.0.lock().unwrap().rules);
    }

    /// Returns the requests in order of arrival, such as `GET /api/v1/products?per_page=1`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.0.lock().unwrap().requests.clone()
    }
}

fn serve(stream: TcpStream, (state, changed): &(Mutex<State>, Condvar)) {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    // Ignore a connection that is opened and closed.
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let (mut token, mut length) = (None, 0);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap();
        match name.to_ascii_lowercase().as_str() {
            "x-api-token" => token = Some(value.trim().to_owned()),
            "authorization" => token = value.trim().split_once(' ').map(|(_, token)| token.to_owned()),
            "content-length" => length = value.trim().parse().unwrap(),
            _ => {}
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink()).unwrap();
    let rules = {
        let mut state = state.lock().unwrap();
        state.requests.push(request.clone());
        if let Some((pause, left @ 1..)) = state.rules.busy {
            state.rules.busy = Some((pause, left - 1));
            return reply(&stream, "429 Too Many Requests", &format!("Retry-After: {pause}\r\n"), "{}");
        }
        state.rules.clone()
    };
    if !rules.latency.is_zero() {
        thread::sleep(rules.latency);
    }
    let (method, target) = request.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path == "/api/v1/products" {
        let state = state.lock().unwrap();
        let _all_others = changed.wait_while(state, |state| state.answered < state.rules.products_after).unwrap();
    }
    answer(&stream, method, path, query, token.as_deref(), &rules);
    state.lock().unwrap().answered += 1;
    changed.notify_all();
}

fn answer(stream: &TcpStream, method: &str, path: &str, query: &str, token: Option<&str>, rules: &Rules) {
    let json = "Content-Type: application/json\r\n";
    if path == "/login" {
        return reply(stream, "200 OK", "Content-Type: text/html\r\n", "<form>Please sign in</form>");
    }
    if token != Some(TOKEN) {
        return reply(stream, "401 Unauthorized", json, r#"{"error":"invalid_token"}"#);
    }
    let Some((scope, body)) = resource(method, path, query, rules) else {
        return reply(stream, "404 Not Found", "Content-Type: text/html\r\n", "<h1>Not Found</h1>");
    };
    let words = r#"{"error":"You don't have access to the resource"}"#;
    if rules.granted.contains(&scope) {
        return match body {
            Some(body) => reply(stream, "200 OK", json, &body),
            None => reply(stream, "404 Not Found", json, r#"{"error":"Not found"}"#),
        };
    }
    match rules.denial {
        Denial::Forbidden => reply(stream, "403 Forbidden", json, words),
        Denial::UnauthorizedInWords => reply(stream, "401 Unauthorized", json, words),
        Denial::Unauthorized => reply(stream, "401 Unauthorized", json, r#"{"error":"unauthorized"}"#),
        Denial::NotFound => reply(stream, "404 Not Found", json, r#"{"error":"Not found"}"#),
        Denial::ErrorWith200 => reply(stream, "200 OK", json, words),
        Denial::LoginPage => reply(stream, "302 Found", "Location: /login\r\n", ""),
    }
}

/// Returns the scope that a resource needs, and the resource. `Some((_, None))` is a resource that does not exist.
fn resource(method: &str, path: &str, query: &str, rules: &Rules) -> Option<(&'static str, Option<String>)> {
    let (scope, body) = match (method, path) {
        ("GET", "/api/v1/shops/info") => {
            ("read_shops", format!(r#"{{"shop":{{"id":1,"domain":"{}"}}}}"#, rules.domain))
        }
        ("GET", "/api/v1/products") => ("read_products", r#"{"current_page":1,"products":[]}"#.to_owned()),
        ("GET", "/api/v1/orders") => ("read_orders", r#"{"orders":[]}"#.to_owned()),
        ("GET", "/api/v1/reviews") => ("read_reviews", r#"{"reviews":[{"id":2,"reviewer":{"id":31}}]}"#.to_owned()),
        ("GET", "/api/v1/reviewers/31") => ("read_reviewers", r#"{"reviewer":{"id":31}}"#.to_owned()),
        ("GET", "/api/v1/reviewers/-1") => return Some(("read_reviewers", None)),
        ("GET", "/api/v1/settings") if query.contains("setting_keys[]=") => {
            ("read_settings", r#"{"settings":{}}"#.to_owned())
        }
        ("GET", "/api/v1/widgets/all_reviews_page") => ("read_widgets", r#"{"all_reviews_page":"<p>"}"#.to_owned()),
        ("POST", "/api/v1/replies/check") => ("write_reviews", r#"{"ok":true}"#.to_owned()),
        _ => return None,
    };
    Some((scope, Some(body)))
}

fn reply(mut stream: &TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    // The peer may be gone because it was told to stop.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}
