//! The proxy against what `call` is tried against: other origins, however they are spelled, reach nobody, and a program
//! without the password nothing.

use std::io::{Read, Write};

use super::{Proxied, status};
use crate::call_origins::{Sinks, spellings};
use crate::support::ApiServer;
use crate::support::api_server::{TOKEN, target};

#[test]
fn no_spelling_of_another_origin_passes_the_proxy() {
    let server = ApiServer::always("200 OK", &[], "own");
    let sinks = Sinks::around(server.port());
    let company = ApiServer::always("200 OK", &[], "company");
    let shop = ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"]
        .into_iter()
        .fold(server.login(""), |shop, name| shop.with(name, &company.origin()));
    let proxied = Proxied::start(&shop, &[]);
    let own = format!("127.0.0.1:{}", server.port());
    for spelling in spellings(server.port()) {
        let host = spelling.split("://").nth(1).unwrap_or(&spelling).split(['/', '?', '#']).next().unwrap_or_default();
        for host in [own.as_str(), host] {
            let password = &proxied.password;
            let reply =
                proxied.raw(&format!("GET {spelling} HTTP/1.1\r\nHost: {host}\r\n{password}Connection: close\r\n\r\n"));
            let code = status(&reply);
            assert!(matches!(code, 0 | 400 | 403 | 505), "{spelling:?} at {host:?}: {reply}");
        }
    }
    assert_eq!([sinks.requests(), company.requests(), server.requests()].concat(), Vec::<String>::new());
    // It still serves.
    assert!(proxied.get(&format!("{}/x", proxied.api), "").ends_with("own"));
}

#[test]
fn another_host_header_is_refused() {
    let server = ApiServer::always("200 OK", &[], "own");
    let proxied = Proxied::start(&server.login(""), &[]);
    let (own, password) = (server.origin(), &proxied.password);
    let other_port = format!("127.0.0.1:{}", server.port().wrapping_add(1));
    for host in ["evil.example", "127.0.0.1", "localhost", &other_port, "", "127.0.0.1:0x1", "user@127.0.0.1"] {
        let reply =
            proxied.raw(&format!("GET {own}/x HTTP/1.1\r\nHost: {host}\r\n{password}Connection: close\r\n\r\n"));
        assert_eq!(status(&reply), 400, "{host}: {reply}");
    }
    let own_host = format!("127.0.0.1:{}", server.port());
    let twice = format!(
        "GET {own}/x HTTP/1.1\r\nHost: {own_host}\r\nHost: evil.example\r\n{password}Connection: close\r\n\r\n"
    );
    assert_eq!(status(&proxied.raw(&twice)), 400);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn without_the_password_nothing_is_told() {
    let server = ApiServer::always("200 OK", &[], "own");
    let proxied = Proxied::start(&server.login(""), &[]);
    let api = format!("{}/x", proxied.api);
    let host = api.split('/').nth(2).unwrap();
    for given in [
        "",
        "Proxy-Authorization: Basic b2F1dGhjdGw6\r\n",
        "Authorization: Basic eA==\r\n",
        "Proxy-Authorization: x\r\n",
    ] {
        for target in [api.as_str(), "http://evil.example/", "/x"] {
            let reply =
                proxied.raw(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{given}Connection: close\r\n\r\n"));
            assert!(reply.starts_with("HTTP/1.1 407 ") && reply.contains("asic realm="), "{reply}");
            assert!(!reply.contains(&server.port().to_string()) && !reply.contains(TOKEN), "{reply}");
        }
    }
    let connect = proxied.raw(&format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert_eq!(status(&connect), 407, "{connect}");
    assert_eq!(server.requests().len(), 0);
}

/// In it the same is judged as outside, and nobody asks for the password again.
#[test]
fn a_tunnel_carries_plain_http_to_the_api_and_nowhere_else() {
    let server = ApiServer::always("200 OK", &[], "own");
    let proxied = Proxied::start(&server.login(""), &[]);
    let own = server.origin().replace("http://", "");
    for host in ["evil.example:80", "evil.example:443", "127.0.0.1:1", "localhost:80"] {
        let refused = proxied
            .raw(&format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}\r\n", proxied.password));
        assert_eq!(status(&refused), 403, "{refused}");
    }
    let open = format!("CONNECT {own} HTTP/1.1\r\nHost: {own}\r\n{}\r\n", proxied.password);
    let inside =
        |requests: &str| proxied.raw(&format!("{open}{requests}")).split_once("\r\n\r\n").unwrap().1.to_owned();
    let last = "Connection: close\r\n";
    let two =
        inside(&format!("GET /v1/a HTTP/1.1\r\nHost: {own}\r\n\r\nGET /v1/b HTTP/1.1\r\nHost: {own}\r\n{last}\r\n"));
    assert_eq!(two.matches("HTTP/1.1 200 ").count(), 2, "{two}");
    assert!(server.requests().iter().all(|request| request.contains(TOKEN)), "{:?}", server.requests());
    for (request, code) in [
        (format!("GET /x HTTP/1.1\r\nHost: evil.example\r\n{last}\r\n"), 400),
        (format!("GET http://evil.example/x HTTP/1.1\r\nHost: evil.example\r\n{last}\r\n"), 403),
        (format!("GET http://evil.example/x HTTP/1.1\r\nHost: {own}\r\n{last}\r\n"), 400),
        (format!("CONNECT {own} HTTP/1.1\r\nHost: {own}\r\n{last}\r\n"), 403),
        (format!("TRACE /x HTTP/1.1\r\nHost: {own}\r\n{last}\r\n"), 403),
        (format!("OPTIONS * HTTP/1.1\r\nHost: {own}\r\n{last}\r\n"), 400),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}".to_owned(), 400),
    ] {
        let reply = inside(&request);
        assert_eq!(status(&reply), code, "{request}: {reply}");
    }
    assert_eq!(server.requests().len(), 2);
}

/// A server that has been asked to repeat the request would show the token.
#[test]
fn a_request_whose_reply_has_the_token_or_no_end_is_refused() {
    let server = ApiServer::always("200 OK", &[], "own");
    let proxied = Proxied::start(&server.login(""), &[]);
    let (api, password) = (&proxied.api, &proxied.password);
    let host = server.origin().replace("http://", "");
    let trace = proxied.raw(&format!("TRACE {api}/x HTTP/1.1\r\nHost: {host}\r\n{password}Connection: close\r\n\r\n"));
    assert!(status(&trace) == 403 && trace.contains("would show the token"), "{trace}");
    let upgrade = proxied.get(&format!("{api}/x"), "Upgrade: websocket\r\n");
    assert!(status(&upgrade) == 501 && upgrade.contains("no WebSockets"), "{upgrade}");
    assert_eq!(server.requests().len(), 0);
    assert_eq!(status(&proxied.get(&format!("{api}/x"), "Upgrade: h2c\r\n")), 200);
}

/// Two lengths, or a length beside chunks: what one server reads as a body is the next request for another.
#[test]
fn a_request_that_could_be_read_in_two_ways_is_not_passed_on() {
    let server = ApiServer::always("200 OK", &[], "own");
    let proxied = Proxied::start(&server.login(""), &[]);
    let (api, password) = (format!("{}/x", proxied.api), &proxied.password);
    let host = api.split('/').nth(2).unwrap();
    let hidden = "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    for headers in [
        "Content-Length: 3\r\nContent-Length: 70\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 70\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length : 3\r\n",
        "X-Folded: a\r\n b\r\n",
    ] {
        let mut stream = proxied.connect();
        let head = format!(
            "POST {api} HTTP/1.1\r\nHost: {host}\r\n{password}{headers}Connection: close\r\n\r\n0\r\n\r\n{hidden}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        for request in server.requests() {
            // It went once, as what the proxy has read, measured in one way.
            let lower = request.to_ascii_lowercase();
            let measured = lower.matches("content-length:").count() + lower.matches("transfer-encoding:").count();
            assert!(measured <= 1 && !lower.contains("evil.example"), "{headers:?}: {request}");
        }
    }
}

#[test]
fn a_reply_does_not_lead_out_of_the_proxy_with_the_token() {
    let server = ApiServer::start(|request| {
        let echo = format!("X-Echo: {}", request.lines().find(|line| line.contains(TOKEN)).unwrap_or("nothing"));
        match target(request) {
            "/v1/there" => ("302 Found", vec![format!("Location: http://evil.example/?t={TOKEN}"), echo], vec![]),
            _ => ("200 OK", vec![echo], vec![]),
        }
    });
    let proxied = Proxied::start(&server.login(""), &[]);
    for path in ["there", "x"] {
        let reply = proxied.get(&format!("{}/{path}", proxied.api), "Cookie: mine=1\r\nAuthorization: Bearer mine\r\n");
        assert!(reply.to_lowercase().contains("x-echo:") && !reply.contains(TOKEN), "{reply}");
    }
    let seen = server.requests();
    assert_eq!(seen.len(), 2, "no redirect is followed");
    assert!(seen.iter().all(|request| request.contains(TOKEN) && !request.contains("Bearer mine")), "{seen:?}");
}

#[test]
fn another_origin_is_served_only_if_a_person_says_so() {
    let server = ApiServer::always("200 OK", &[], "own");
    let other = ApiServer::always("200 OK", &[], "other");
    let shop = server.login("");
    let address = format!("{}/x", other.origin());
    assert_eq!(status(&Proxied::start(&shop, &[]).get(&address, "")), 403);
    let proxied = Proxied::start(&shop, &["--allow-origin", &other.origin()]);
    assert!(proxied.get(&address, "").ends_with("other") && other.last().contains(TOKEN));
}
