//! Servers that cannot be reached, servers that are not who they should be, and the proxies in between.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use crate::support::api_server::Reply;
use crate::support::emulated::MINE;
use crate::support::namespace::{self, Own};
use crate::support::tls::{Proxy, TlsServer};
use crate::support::{ApiServer, Output, PendingLogin, Sandbox};

const USER: &str = "user:canary-of-the-proxy";
const PASSWORD: &str = "canary-of-the-proxy";
/// `USER` as a proxy gets it (RFC 7617 §2).
const BASIC: &str = "dXNlcjpjYW5hcnktb2YtdGhlLXByb3h5";

/// A token that is over at once, from the token endpoint; and an API that likes any.
fn shop(request: &str) -> Reply {
    let token = r#"{"access_token":"at-1","expires_in":0,"refresh_token":"rt-1"}"#;
    let body = if request.starts_with("POST ") { token } else { "[]" };
    ("200 OK", vec!["Content-Type: application/json".to_owned()], body.as_bytes().to_vec())
}

/// The provider `mine` at this origin, and nobody trusted but this server, if any.
fn at(origin: &str, trusted: Option<&TlsServer>) -> Sandbox {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
    sandbox.define("mine", &MINE.replace("https://mine.example", origin));
    match trusted {
        Some(server) => trusting(sandbox, server),
        None => sandbox,
    }
}

/// `SSL_CERT_FILE` takes the place of the system's certificates.
fn trusting(sandbox: Sandbox, server: &TlsServer) -> Sandbox {
    let file = sandbox.home().join("trusted.pem");
    std::fs::write(&file, &server.certificate).unwrap();
    sandbox.with("SSL_CERT_FILE", file.to_str().unwrap())
}

#[track_caller]
fn login(sandbox: &Sandbox) -> Output {
    let args = ["login", "--provider", "mine", "--port", "0", "--no-browser", "-v"];
    let login = PendingLogin::start(sandbox.command(&args));
    login.come_back(&[("code", "canary-of-the-code")]);
    let output = login.finish();
    output.hides("s3cret").hides("canary-of-the-code").hides("rt-1");
    output
}

/// A port where nobody listens, for as long as it is held.
fn closed_port() -> (socket2::Socket, u16) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    (socket, port)
}

#[test]
fn an_unreachable_server_is_an_error_and_keeps_the_login() {
    let (_held, port) = closed_port();
    login(&at(&format!("http://127.0.0.1:{port}"), None)).code(8).says("caused by: Connection refused");

    let server = TlsServer::start(&["mine.example"], shop);
    let sandbox = at("https://mine.example", Some(&server));
    let through = sandbox.clone().with("https_proxy", &Proxy::to(server.address).url(USER));
    login(&through).code(0);
    through.run(&["refresh"]).code(0);
    let refreshes = server.requests().iter().filter(|request| request.contains("refresh_token=rt-1")).count();
    assert_eq!(refreshes, 1);
}

/// Without a network there is no answer to any question about a name.
#[test]
fn a_name_that_cannot_be_found_is_an_error_and_keeps_the_login() {
    let server = TlsServer::start(&["mine.example"], shop);
    let sandbox = at("https://mine.example", Some(&server));
    let through = sandbox.clone().with("https_proxy", &Proxy::to(server.address).url(USER));
    login(&through).code(0);
    for args in ["token", "refresh", "call things"] {
        let script = format!("exec \"$0\" {args}");
        let mut alone = namespace::script(&sandbox, Own::Network, &script, &[env!("CARGO_BIN_EXE_oauthctl")]);
        let output = Output::new(args.to_owned(), alone.output().unwrap());
        output.code(8).says("cannot connect to https://mine.example").says("the refresh token is kept");
    }
    through.run(&["refresh"]).code(0);
    let refreshes = server.requests().iter().filter(|request| request.contains("refresh_token=rt-1")).count();
    assert_eq!(refreshes, 1, "nothing was sent but by the last one");
}

#[test]
fn a_server_that_cannot_prove_its_name_gets_no_secret() {
    let server = TlsServer::start(&["127.0.0.1"], shop);
    let misnamed = TlsServer::start(&["other.example"], shop);
    let sandbox = at(&format!("https://{}", server.address), None);
    let trusting = trusting(sandbox.clone(), &server);
    login(&trusting).code(0);
    login(&at(&format!("https://{}", misnamed.address), Some(&misnamed))).code(8).says("cannot connect to");
    login(&at(&format!("https://{}", server.address), Some(&misnamed))).code(8).says("invalid peer certificate: ");
    sandbox
        .run(&["refresh"])
        .code(8)
        .says("invalid peer certificate: ")
        .says("the refresh token is kept")
        .hides("rt-1");
    trusting.run(&["refresh"]).code(0);
    // A port that speaks no TLS at all.
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let origin = format!("https://{}", plain.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, mut heard) = (plain.accept().unwrap().0, Vec::new());
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
        stream.read_to_end(&mut heard).map(|_| heard)
    });
    login(&at(&origin, None)).code(8).says("cannot connect to");
    // It may have heard a part only, when the client breaks off.
    let heard = heard.join().unwrap().unwrap_or_default();
    assert!(!String::from_utf8_lossy(&heard).contains("canary"));
    assert_eq!((server.requests().len(), misnamed.requests().len()), (2, 0));
}

#[test]
fn all_traffic_uses_the_proxy_and_its_password_is_not_shown() {
    let server = TlsServer::start(&["mine.example"], shop);
    for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        let proxy = Proxy::to(server.address);
        let sandbox = at("https://mine.example", Some(&server)).with(name, &proxy.url(USER));
        login(&sandbox).code(0).hides(PASSWORD);
        sandbox.run(&["refresh", "-v"]).code(0).hides(PASSWORD).hides(BASIC);
        let call = sandbox.run(&["call", "things", "-v"]);
        assert_eq!(call.code(0).hides(PASSWORD).hides(BASIC).stdout(), "[]");
        let heads = proxy.heads();
        // One for the login, one for the refresh, and two for the call, whose token is over.
        assert_eq!(heads.len(), 4, "{name}: {heads:?}");
        for head in heads {
            assert!(head.starts_with("CONNECT mine.example:443 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("Basic {BASIC}")), "{head}");
            assert!(!head.contains("at-1") && !head.contains("rt-1") && !head.contains("s3cret"), "{head}");
        }
    }
}

#[test]
fn a_token_that_is_rejected_behind_a_proxy_is_replaced() {
    let server = TlsServer::start(&["mine.example"], |request| {
        let token = |number| format!(r#"{{"access_token":"at-{number}","expires_in":3600,"refresh_token":"rt-1"}}"#);
        let (status, body) = match request {
            _ if request.contains("grant_type=refresh_token") => ("200 OK", token(2)),
            _ if request.starts_with("POST ") => ("200 OK", token(1)),
            _ if request.contains("Bearer at-2") => ("200 OK", "[]".to_owned()),
            _ => ("401 Unauthorized", String::new()),
        };
        (status, vec!["Content-Type: application/json".to_owned()], body.into_bytes())
    });
    let sandbox = at("https://mine.example", Some(&server)).with("https_proxy", &Proxy::to(server.address).url(USER));
    login(&sandbox).code(0);
    assert_eq!(sandbox.run(&["call", "things"]).code(0).stdout(), "[]");
}

#[test]
fn a_refusal_by_the_proxy_is_named_without_its_password() {
    let server = TlsServer::start(&["mine.example"], shop);
    let sandbox = at("https://mine.example", Some(&server));
    let through = sandbox.clone().with("https_proxy", &Proxy::to(server.address).url(USER));
    login(&through).code(0);
    let refusing = Proxy::refusing();
    let refused = sandbox.clone().with("https_proxy", &refusing.url(USER));
    let (_held, port) = closed_port();
    let dead = sandbox.clone().with("https_proxy", &format!("http://{USER}@127.0.0.1:{port}"));
    for (place, says) in [(refused, "proxy authorization required"), (dead, "Connection refused")] {
        login(&place).code(8).says(says).hides(PASSWORD).hides(BASIC);
        for args in [&["refresh", "-v"][..], &["token", "-v"], &["call", "things", "-v"]] {
            let output = place.run(args);
            output.code(8).says(says).says("the refresh token is kept").hides(PASSWORD).hides(BASIC).hides("rt-1");
            let named = format!("mine.example through the proxy {} (from https_proxy)\n", origin_of(&place));
            output.says(&named);
        }
    }
    assert_eq!(refusing.heads().len(), 4);
    through.run(&["refresh"]).code(0);
    assert_eq!(server.requests().len(), 2);
}

/// What stands in `https_proxy`, without the password.
fn origin_of(place: &Sandbox) -> String {
    place.variable("https_proxy").replace(&format!("{USER}@"), "")
}

#[test]
fn a_malformed_proxy_variable_is_named_and_nothing_is_sent() {
    let server = TlsServer::start(&["mine.example"], shop);
    let sandbox = at("https://mine.example", Some(&server));
    let proxy = Proxy::to(server.address);
    let through = sandbox.clone().with("HTTPS_PROXY", &proxy.url(USER));
    login(&through).code(0);
    let (heads, requests) = (proxy.heads().len(), server.requests().len());
    for name in ["https_proxy", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"] {
        // Beside one that is good.
        for value in [format!("ftp://{USER}@proxy"), format!("http://{USER}@[bad"), format!("{USER}:port")] {
            let value = if name.to_lowercase() == "no_proxy" { format!("https://{value}") } else { value };
            let place = through.clone().with(name, &value);
            for args in [
                &["refresh", "-v"][..],
                &["token"],
                &["call", "things"],
                &["login", "--provider", "mine", "--port", "0", "--no-browser"],
                &["providers", "new", "x", "--issuer", "https://mine.example"],
            ] {
                let output = place.run(args);
                output.code(3).says(&format!("{name} ")).says(&format!("`unset {name}`")).hides(PASSWORD).hides("rt-1");
                assert!(!output.stderr().contains("http://127.0.0.1"), "no login has begun: {output}");
            }
        }
    }
    assert_eq!((proxy.heads().len(), server.requests().len()), (heads, requests));
    through.run(&["refresh"]).code(0);
    // What is on this machine needs no proxy.
    let plain = ApiServer::start(shop);
    let local = at(&plain.origin(), None).with("HTTPS_PROXY", "ftp://x").with("http_proxy", "ftp://x");
    login(&local).code(0);
    local.run(&["call", "things"]).code(0);
}

#[test]
fn a_socks_proxy_is_used_and_named_when_unreachable() {
    let server = TlsServer::start(&["mine.example"], shop);
    let sandbox = at("https://mine.example", Some(&server));
    let proxy = Proxy::socks(server.address);
    for name in ["HTTPS_PROXY", "all_proxy"] {
        let through = sandbox.clone().with(name, &proxy.url(USER).replace("http:", "socks5h:"));
        login(&through).code(0).hides(PASSWORD);
        through.run(&["call", "things"]).code(0).hides(PASSWORD);
    }
    assert!(proxy.heads().iter().all(|name| name == "mine.example"), "{:?}", proxy.heads());
    let (_held, port) = closed_port();
    let dead = sandbox.with("ALL_PROXY", &format!("socks5://{USER}@127.0.0.1:{port}"));
    let told = format!("through the proxy socks5://127.0.0.1:{port} (from ALL_PROXY)");
    dead.run(&["refresh"]).code(8).says(&told).hides(PASSWORD);
}

/// To the kernel 0.0.0.0 is this machine; to a client it is an address like any other.
#[test]
fn what_is_exempt_is_not_proxied() {
    let server = TlsServer::start(&["0.0.0.0"], shop);
    let proxy = Proxy::refusing();
    let sandbox = at(&format!("https://0.0.0.0:{}", server.address.port()), Some(&server));
    let sandbox = sandbox.with("https_proxy", &proxy.url(USER));
    for name in ["no_proxy", "NO_PROXY"] {
        let exempt = sandbox.clone().with(name, "mine.example,0.0.0.0");
        login(&exempt).code(0);
        exempt.run(&["refresh"]).code(0);
        exempt.run(&["call", "things"]).code(0);
        assert_eq!(proxy.heads(), [""; 0]);
    }
    sandbox.clone().with("no_proxy", "mine.example").run(&["refresh"]).code(8).says("proxy authorization required");
    assert_eq!(proxy.heads().len(), 1);
}

#[test]
fn loopback_is_never_proxied() {
    let proxy = Proxy::refusing();
    let proxied = |sandbox: Sandbox| {
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            .iter()
            .fold(sandbox, |sandbox, name| sandbox.with(name, &proxy.url(USER)))
    };
    let secure = TlsServer::start(&["127.0.0.1", "localhost"], shop);
    let plain = ApiServer::start(shop);
    let port = secure.address.port();
    for origin in [format!("https://127.0.0.1:{port}"), format!("https://localhost:{port}"), plain.origin()] {
        let sandbox = proxied(at(&origin, Some(&secure)));
        login(&sandbox).code(0);
        sandbox.run(&["refresh"]).code(0);
        sandbox.run(&["call", "things"]).code(0);
    }
    assert_eq!(proxy.heads(), [""; 0]);
}
