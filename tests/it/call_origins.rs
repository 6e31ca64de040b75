//! The token goes to the provider's API and nowhere else, however another place is spelled. What else is true of a
//! redirect to another origin is in `call_downloads.rs`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use crate::support::ApiServer;
use crate::support::api_server::{Reply, TOKEN, target};

/// How many spellings are tried in each of the three places: a URL on the command line, a redirect and a `Link`.
const SPELLINGS: usize = 500;

/// Servers that must never hear of the token: every address of 127.0.0.2–254 on the API's own port and a few others.
pub struct Sinks(Vec<ApiServer>);

impl Sinks {
    pub fn around(port: u16) -> Self {
        let sink = |address: SocketAddr| ApiServer::on(address, |_| ("200 OK", vec![], b"[]".to_vec())).ok();
        Self((2..=254).filter_map(|n| sink((Ipv4Addr::new(127, 0, 0, n), port).into())).collect())
    }

    pub fn requests(&self) -> Vec<String> {
        self.0.iter().flat_map(ApiServer::requests).collect()
    }
}

/// Spellings of other origins, made of the parts in which URL parsers differ.
pub fn spellings(port: u16) -> Vec<String> {
    let sink = |n: usize| format!("127.0.0.{}", 2 + n % 253);
    let own = "127.0.0.1";
    let mut all = Vec::new();
    for n in 0.. {
        let (s, t) = (sink(n), sink(n * 7 + 3));
        let hex = format!("0x7f.0.0.{}", 2 + n % 253);
        let number = 0x7f00_0000_u32 + 2 + (n % 253) as u32;
        let hosts = [
            format!("{s}:{port}"),
            format!("{own}:{port}@{s}:{port}"),
            format!("{own}%3A{port}@{s}:{port}"),
            format!("{own}:{port}%40{s}:{port}"),
            format!("user@{own}:{port}"),
            format!("u:p@{s}:{port}"),
            format!("{own}:{port}.{s}.nip.test:{port}"),
            format!("{own}.:{}", port.wrapping_add(1)),
            format!("localhost:{port}"),
            format!("LOCALHOST.:{port}"),
            format!("[::ffff:{s}]:{port}"),
            format!("[::1]:{port}"),
            format!("{hex}:{port}"),
            format!("{number}:{port}"),
            format!("127.{}:{port}", 2 + n % 253),
            format!("0177.0.0.{}:{port}", 8 + n % 240),
            format!("%31%32%37.0.0.{}:{port}", 2 + n % 253),
            format!("１２７.0.0.{}:{port}", 2 + n % 253),
            format!("127。0。0。{}:{port}", 2 + n % 253),
            format!("bücher.test:{port}"),
            format!("xn--bcher-kva.test:{port}"),
            own.to_owned(),
            format!("{own}:80"),
            format!("{own}:0{}", port.wrapping_add(1)),
            format!("evil.test\\@{own}:{port}"),
            format!("{s}:{port}#@{own}:{port}"),
            format!("{s}:{port}?@{own}:{port}"),
            format!("{s}:{port}\\@{own}:{port}"),
            format!("{own}:{port}@{t}:{port}@{s}:{port}"),
        ];
        let host = &hosts[n % hosts.len()];
        let schemes = [
            "http://",
            "HTTP://",
            "https://",
            "//",
            "\\\\",
            "/\\",
            "\\/",
            "///",
            "http:\\\\",
            "http:/\\",
            " http://",
            "\thttp://",
            "ht\ttp://",
            "ftp://",
            "http:////",
            "ws://",
        ];
        let scheme = schemes[(n / hosts.len()) % schemes.len()];
        all.push(format!("{scheme}{host}/v1/x?n={n}"));
        if all.len() == SPELLINGS {
            return all;
        }
    }
    all
}

/// A spelling is harmless if a server that we trust gets it: its own API, whatever it asks for.
fn heard_by_own(server: &ApiServer) -> usize {
    server.requests().iter().filter(|request| request.contains(TOKEN)).count()
}

#[test]
fn no_spelling_of_another_origin_gets_the_token() {
    let server = ApiServer::always("200 OK", &[], "[]");
    let sinks = Sinks::around(server.port());
    let proxy = ApiServer::always("200 OK", &[], "[]");
    let shop = with_proxy(server.login(""), &proxy);
    in_parallel(spellings(server.port()), |spelling| {
        let call = shop.command(&["call", "GET", spelling]).output().unwrap();
        let code = call.status.code().unwrap();
        // What is a path goes to the API itself.
        assert!(matches!(code, 0 | 2 | 5), "{spelling:?} ended with {code}: {}", String::from_utf8_lossy(&call.stderr));
    });
    assert_eq!([sinks.requests(), proxy.requests()].concat(), Vec::<String>::new());
    for request in server.requests() {
        assert!(target(&request).starts_with("/"), "{request}");
    }
}

#[test]
fn no_redirect_to_another_origin_gets_the_token() {
    let heard = walks_to_other_origins(
        |spelling| ("302 Found", vec![format!("Location: {spelling}")], b"[]".to_vec()),
        &["-H", "X-Mine: canary-of-mine", "-H", "Cookie: canary-of-a-cookie"],
    );
    assert!(heard.len() >= 10, "the redirects that are followed are: {heard:?}");
    for request in heard {
        assert!(!request.contains("canary") && !request.to_lowercase().contains("authorization"), "{request}");
    }
}

#[test]
fn no_link_to_another_origin_gets_the_token() {
    let heard = walks_to_other_origins(
        |spelling| ("200 OK", vec![format!("Link: <{spelling}>; rel=\"next\"")], b"[]".to_vec()),
        &["--paginate"],
    );
    assert_eq!(heard, Vec::<String>::new());
}

#[test]
fn no_address_in_a_body_gets_the_token() {
    let heard = walks_to_other_origins(
        |spelling| ("200 OK", vec![], serde_json::json!({"results": [1], "next": spelling}).to_string().into_bytes()),
        &["--paginate", "--next", ".next"],
    );
    assert_eq!(heard, Vec::<String>::new());
}

/// The API answers every first request with a spelling of the list. Returns what other servers and the proxy heard.
fn walks_to_other_origins(answer: fn(&str) -> Reply, args: &[&str]) -> Vec<String> {
    let all = Arc::new(Mutex::new(Vec::<String>::new()));
    let list = Arc::clone(&all);
    let server = ApiServer::start(move |request| {
        let n = target(request).strip_prefix("/v1/first/").and_then(|n| n.parse::<usize>().ok());
        match n {
            Some(n) => answer(&list.lock().unwrap()[n]),
            None => ("200 OK", vec![], b"[]".to_vec()),
        }
    });
    *all.lock().unwrap() = spellings(server.port());
    let sinks = Sinks::around(server.port());
    let proxy = ApiServer::always("200 OK", &[], "[]");
    let shop = with_proxy(server.login(""), &proxy);
    let numbers: Vec<String> = (0..SPELLINGS).map(|n| n.to_string()).collect();
    in_parallel(numbers, |n| {
        let path = format!("first/{n}");
        let call = shop.command(&[&["call", &path], args].concat()).output().unwrap();
        let code = call.status.code().unwrap();
        // 8: what is no address at all ends the walk too.
        assert!(matches!(code, 0 | 5 | 8), "{n} ended with {code}: {}", String::from_utf8_lossy(&call.stderr));
    });
    assert!(heard_by_own(&server) >= SPELLINGS);
    [sinks.requests(), proxy.requests()].concat()
}

/// Every name leads to the proxy, which writes down whoever comes. For loopback no proxy is asked, so the sinks are
/// what counts there.
fn with_proxy(shop: crate::support::Sandbox, proxy: &ApiServer) -> crate::support::Sandbox {
    let url = proxy.origin();
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
        .into_iter()
        .fold(shop, |shop, name| shop.with(name, &url))
}

/// Two at a time: each starts a process, and the machine has other tests to run.
fn in_parallel(items: Vec<String>, each: impl Fn(&str) + Sync) {
    let half = items.len() / 2;
    std::thread::scope(|scope| {
        for part in [&items[..half], &items[half..]] {
            let each = &each;
            scope.spawn(move || part.iter().for_each(|item| each(item)));
        }
    });
}

#[test]
fn another_origin_takes_part_only_if_a_person_says_so() {
    let server = ApiServer::always("200 OK", &[], "own");
    let other = ApiServer::always("200 OK", &[], "other");
    let shop = server.login("");
    let url = format!("{}/x", other.origin());
    let refused = shop.run(&["call", &url]);
    refused.code(5).says("the token is not sent there").says(&format!("`--allow-origin {}`", other.origin()));
    assert_eq!(other.requests().len(), 0);
    let allowed = shop.run(&["call", &url, "--allow-origin", &other.origin()]);
    assert_eq!(allowed.code(0).stdout(), "other");
    assert!(other.last().contains(TOKEN));
    for bad in ["http://api.example", "https://a.example/path", "nonsense", "https://u@a.example"] {
        shop.run(&["call", &url, "--allow-origin", bad]).code(2);
    }
}

/// Beside `a_second_token_is_refused_wherever_it_stands`, where the header is one of the provider's own places.
#[test]
fn an_authorization_header_is_refused_for_every_token_location() {
    let server = ApiServer::always("200 OK", &[], "own");
    let shop = server.login("");
    let origin = server.origin();
    shop.define(
        "mine",
        &format!(
            "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}/v1'\n\
             api.token = [{{ in = 'header', name = 'X-Api-Token' }}]"
        ),
    );
    shop.run(&["call", "x", "-H", "Authorization: Basic eA=="]).code(2).says("the header `authorization`");
    shop.run(&["call", "x"]).code(0);
    assert!(server.requests().len() == 1 && !server.last().to_lowercase().contains("authorization:"));
}
