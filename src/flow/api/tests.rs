use std::collections::BTreeMap;

use super::*;
use crate::flow::doubles::{Reply, Scripted};
use crate::provider::Catalogue;
use crate::provider::catalogue::NoFiles;

fn provider() -> Provider {
    Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap()
}

#[test]
fn paths_are_joined_as_rfc_3986_joins_them() {
    let cases = [
        ("/api/v1/products", "https://judge.me/api/v1/products"),
        ("products", "https://judge.me/api/v1/products"),
        ("products?per_page=1", "https://judge.me/api/v1/products?per_page=1"),
        ("a:b", "https://judge.me/api/v1/a:b"),
        ("a?u=https://b.example//c", "https://judge.me/api/v1/a?u=https://b.example//c"),
        ("/a?q={\"x\":1}#f", "https://judge.me/a?q={%22x%22:1}"),
        ("https://judge.me/x", "https://judge.me/x"),
        ("https://JUDGE.me:443/x", "https://judge.me/x"),
    ];
    for (path, url) in cases {
        assert_eq!(Api::new(&provider(), None).unwrap().resolve(path).unwrap().as_str(), url, "{path}");
    }
}

#[test]
fn a_url_elsewhere_is_refused() {
    for url in [
        "https://evil.example/",
        "http://judge.me/",
        "https://judge.me:8443/",
        "https://judge.me.evil.example/",
        "https://judge.me@evil.example/",
        "https://user@judge.me/",
        "https://judge.me./",
        "//evil.example/x",
        "/\\evil.example/x",
        "\\\\evil.example/x",
    ] {
        let refused = matches!(
            Api::new(&provider(), None).unwrap().resolve(url),
            Err(FlowError::ForeignUrl { .. } | FlowError::NotAPath { .. })
        );
        assert!(refused, "{url}");
    }
}

#[test]
fn every_request_accepts_what_the_definition_says() {
    for (id, accepted) in [("judgeme", "application/json, */*;q=0.5"), ("github", "application/vnd.github+json")] {
        let provider = Catalogue::new(&NoFiles, None).resolve(id, &BTreeMap::new()).unwrap();
        let api = Api::new(&provider, None).unwrap();
        let request = api.request(Method::GET, api.resolve("/x").unwrap()).unwrap();
        assert_eq!(request.headers[ACCEPT], accepted);
    }
}

const TOKEN: &str = "made-up-token";

/// Sends the API a request with a body, and returns what comes of it.
fn send(
    wanted: Option<TokenIn>,
    method: &Method,
    upload: bool,
    replies: &[Reply<'_>],
) -> (Result<u16, FlowError>, Vec<HttpRequest>) {
    let provider = provider();
    let api = Api::new(&provider, wanted).unwrap();
    let mut request = api.request(method.clone(), api.resolve("/x").unwrap()).unwrap();
    let upload = upload.then(|| Upload { body: Box::new("{}".as_bytes()), length: None });
    if upload.is_none() {
        request = request.with_body("application/json", "{}");
        request.set_header("Content-Language", "en").unwrap();
    }
    let server = Scripted::replies(replies);
    let reply = api.send(&server, &AccessToken::new(TOKEN), &request, upload);
    (reply.map(|reply| reply.status), server.requests())
}

#[test]
fn a_redirect_changes_the_method_as_rfc_9110_has_it() {
    for (status, method, then) in [
        (301, Method::POST, Method::GET),
        (302, Method::POST, Method::GET),
        (303, Method::POST, Method::GET),
        (303, Method::DELETE, Method::GET),
        (303, Method::HEAD, Method::HEAD),
        (301, Method::DELETE, Method::DELETE),
        (302, Method::PUT, Method::PUT),
        (302, Method::GET, Method::GET),
        (307, Method::POST, Method::POST),
        (308, Method::PATCH, Method::PATCH),
    ] {
        let (reply, requests) = send(None, &method, false, &[(status, "/y#z", ""), (200, "", "")]);
        let [_, next] = requests.as_slice() else { panic!("{status} {method}: {reply:?}") };
        assert_eq!((reply.unwrap(), next.url.as_str()), (200, "https://judge.me/y"));
        let has = [CONTENT_TYPE, CONTENT_LANGUAGE].map(|name| next.headers.contains_key(name));
        let keeps = then == method;
        assert_eq!((&next.method, next.body == b"{}", has), (&then, keeps, [keeps; 2]), "{status} {method}");
    }
    for reply in [(300, "/y", ""), (304, "/y", ""), (302, "", "")] {
        assert_eq!(send(None, &Method::GET, false, &[reply]).0.unwrap(), reply.0);
    }
}

#[test]
fn a_redirect_to_another_origin_ends_the_walk() {
    let there = format!("https://evil.example/?t={TOKEN}");
    let (reply, requests) = send(None, &Method::GET, false, &[(302, &there, "")]);
    assert!(matches!(reply, Err(FlowError::ForeignRedirect { origin }) if origin == "https://evil.example"));
    assert_eq!(requests.len(), 1);
}

#[test]
fn an_upload_is_sent_once() {
    let (reply, requests) = send(None, &Method::POST, true, &[(307, "/y", "")]);
    assert!(matches!(reply, Err(FlowError::BodyNotRepeatable { status: 307 })) && requests.len() == 1);
    // After 303 it is not asked for again.
    let (reply, requests) = send(None, &Method::POST, true, &[(303, "/y", ""), (200, "", "")]);
    assert_eq!((reply.unwrap(), requests[0].body.as_slice(), requests[1].body.len()), (200, b"{}".as_slice(), 0));
    // Nothing can be put into what is not there yet.
    let (reply, requests) = send(Some(TokenIn::Body), &Method::POST, true, &[]);
    assert!(matches!(reply, Err(FlowError::BodyIsNotAnObject)) && requests.is_empty());
}

#[test]
fn the_token_stands_where_it_is_wanted_and_once() {
    for (wanted, shown) in [
        (None, "x-api-token: made-up-token"),
        (Some(TokenIn::Header), "x-api-token: made-up-token"),
        (Some(TokenIn::Bearer), "authorization: Bearer made-up-token"),
        (Some(TokenIn::Query), "https://judge.me/y?api_token=made-up-token"),
        (Some(TokenIn::Body), "{\"api_token\":\"made-up-token\"}"),
    ] {
        // A server may build its redirect from the request.
        let location = if wanted == Some(TokenIn::Query) { "/y?api_token=made-up-token" } else { "/y" };
        let (_, requests) = send(wanted, &Method::POST, false, &[(308, location, ""), (200, "", "")]);
        let [_, HttpRequest { url, headers, body, .. }] = requests.as_slice() else { panic!("{wanted:?}") };
        let headers = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let mut lines: Vec<String> = headers.collect();
        lines.extend([url.to_string(), String::from_utf8(body.clone()).unwrap()]);
        lines.retain(|line| line.contains(TOKEN));
        assert_eq!(lines, [shown], "{wanted:?}");
    }
    let refused = Api::new(&crate::flow::doubles::provider_of(PARAMS, &[]), Some(TokenIn::Query)).err().unwrap();
    assert!(matches!(refused, FlowError::NoSuchPlacement { wanted: "query", known, .. } if known == "bearer"));
}

#[test]
fn a_token_that_cannot_be_placed_is_not_sent() {
    let provider = provider();
    let authorize = |wanted, token: &str, body: &str| {
        let api = Api::new(&provider, Some(wanted)).unwrap();
        let request = api.request(Method::POST, api.resolve("/x").unwrap()).unwrap();
        api.authorize(&request.with_body("application/json", body), &AccessToken::new(token)).err()
    };
    for body in ["[1]", "a=b"] {
        assert!(matches!(authorize(TokenIn::Body, TOKEN, body), Some(FlowError::BodyIsNotAnObject)), "{body}");
    }
    assert!(matches!(authorize(TokenIn::Header, "a\nb", "{}"), Some(FlowError::Definition(_))));
}

const PARAMS: &str = "api.base = 'https://a.example/v1'\n[params.shop_1]\nkind = 'origin'\n[params.x]\noptional = true";

#[test]
fn a_path_is_filled_with_the_values_of_the_login() {
    let provider = crate::flow::doubles::provider_of(PARAMS, &[("shop_1", "https://s.example"), ("x", "a b")]);
    let api = Api::new(&provider, None).unwrap();
    for (path, url) in [
        // A value stays within its segment.
        ("shops/{shop_1}/y", "https://a.example/v1/shops/https%3A%2F%2Fs.example/y"),
        ("{x}?q={x}", "https://a.example/v1/a%20b?q=a%20b"),
        // What is no name stays as it is.
        ("y?q={}", "https://a.example/v1/y?q={}"),
        ("y?q={1}", "https://a.example/v1/y?q={1}"),
        ("y?q={a:1}", "https://a.example/v1/y?q={a:1}"),
        ("y?q={X}", "https://a.example/v1/y?q={X}"),
    ] {
        assert_eq!(api.resolve(path).unwrap().as_str(), url, "{path}");
    }
    for name in ["shop", "shop_2", "y_"] {
        let refused = api.resolve(&format!("{{{name}}}"));
        let known = "`{shop_1}`, `{x}`";
        assert!(
            matches!(&refused, Err(FlowError::UnknownPathParam { name: n, known: k }) if n == name && k == known),
            "{refused:?}"
        );
    }
}

#[test]
fn another_origin_is_allowed_by_a_person_only() {
    let (provider, other) = (provider(), Origin::parse("https://files.example").unwrap());
    let api = Api::new(&provider, None).unwrap();
    let url = "https://files.example/x";
    assert!(matches!(api.resolve(url), Err(FlowError::ForeignUrl { url, .. }) if url == "https://files.example"));
    assert_eq!(api.allow(&other).resolve(url).unwrap().as_str(), url);
}

#[test]
fn a_link_of_the_server_may_hold_the_token_and_it_is_sent_once() {
    let mut url = Url::parse("https://a.example/x?page=2&api_token=t&q=a+b%20c&api%5Ftoken=u").unwrap();
    remove_pair(&mut url, "api_token");
    assert_eq!(url.as_str(), "https://a.example/x?page=2&q=a+b%20c");
    remove_pair(&mut url, "page");
    remove_pair(&mut url, "q");
    assert_eq!(url.as_str(), "https://a.example/x");
}

/// Counts up.
struct Counting(std::sync::atomic::AtomicU8);

impl crate::system::entropy::Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), crate::system::entropy::NoEntropy> {
        buffer.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        Ok(())
    }
}

#[test]
fn each_request_carries_another_random_value() {
    let keys =
        "token.url = 'https://as.shop.test/t'\napi.base = 'https://api.shop.test'\napi.headers.X-Id = '{random}'";
    let provider = crate::flow::doubles::provider_of(keys, &[]);
    let entropy = Counting(1.into());
    let api = Api::new(&provider, None).unwrap().with_entropy(&entropy);
    let http = Scripted::replies(&[(302, "/there", ""), (200, "", "{}"), (200, "", "{}"), (200, "", "{}")]);
    let request = api.request(Method::GET, api.resolve("x").unwrap()).unwrap();
    for _ in 0..2 {
        api.send(&http, &AccessToken::new("t"), &request, None).unwrap();
    }
    let mut bare = request.clone();
    bare.headers.remove("x-id");
    api.send(&http, &AccessToken::new("t"), &bare, None).unwrap();
    let ids = http
        .requests()
        .iter()
        .map(|sent| sent.headers.get("x-id").map(|id| id.to_str().unwrap().to_owned()))
        .collect::<Vec<_>>();
    assert_eq!(ids.len(), 4);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[3].is_none(), "{ids:?}");
    assert_eq!(ids[0].as_deref(), Some("01010101-0101-4101-8101-010101010101"));
}
