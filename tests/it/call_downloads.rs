//! A redirect of a GET or HEAD to another origin is followed as a new request with nothing of the first, and what the
//! other server says about tokens and pages changes nothing.

use std::sync::{Arc, OnceLock};

use crate::support::api_server::{ApiServer, Reply, TOKEN, target};
use crate::support::tls::{Proxy, TlsServer};
use crate::support::{Output, Sandbox};

const FILE: &str = "id,name\n1,mug\n";

fn redirect(status: &'static str, location: &str) -> Reply {
    let cookie = "Set-Cookie: canary-of-a-cookie=1; Path=/".to_owned();
    (status, vec![format!("Location: {location}"), cookie], b"moved".to_vec())
}

/// Serves a file to a request with the signature, and refuses whoever brings a second permission.
fn storage() -> ApiServer {
    ApiServer::start(|request| match target(request) {
        _ if request.to_lowercase().contains("\r\nauthorization:") => ("400 Bad Request", vec![], b"two".to_vec()),
        target if target.contains("X-Sig=a%2Bb") => {
            let headers = ["Set-Cookie: canary-of-a-cookie=2", "X-Storage: yes", "Content-Type: text/csv"];
            ("200 OK", headers.map(str::to_owned).to_vec(), FILE.as_bytes().to_vec())
        }
        _ => ("403 Forbidden", vec![], b"<Error><Code>AccessDenied</Code></Error>".to_vec()),
    })
}

/// An API that hands out the address of the file, and a login for it.
fn shop(storage: &ApiServer, status: &'static str) -> (ApiServer, Sandbox) {
    let file = format!("{}/b/export.csv?X-Sig=a%2Bb", storage.origin());
    let api = ApiServer::start(move |request| match target(request).split('?').next() {
        Some("/v1/chain") => redirect(status, "/v1/export"),
        _ => redirect(status, &file),
    });
    let sandbox = api.login("");
    (api, sandbox)
}

/// The lines that a download may have, in any order.
#[track_caller]
fn is_bare(request: &str, method: &str, storage: &ApiServer) {
    let host = storage.origin().replace("http://", "host: ");
    let mut lines: Vec<String> = request.trim_end().split("\r\n").map(str::to_owned).collect();
    assert_eq!(lines.remove(0), format!("{method} /b/export.csv?X-Sig=a%2Bb HTTP/1.1"));
    lines.sort();
    let agent = format!("user-agent: oauthctl/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines, ["accept-encoding: gzip", "accept: */*", &host, &agent]);
    assert!(request.ends_with("\r\n\r\n"), "{request:?}");
}

#[test]
fn a_download_has_no_byte_of_the_first_request() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let storage = storage();
        let (api, shop) = shop(&storage, status);
        for (path, place) in [("export", "header"), ("export", "bearer"), ("export", "query"), ("chain", "bearer")] {
            let own =
                ["-H", "X-Mine: canary-of-mine", "-H", "Cookie: canary-of-a-cookie=0", "-H", "Referer: https://a"];
            let args = ["call", path, "--token-in", place, "--query", "mine=canary-of-mine"];
            let call = shop.run(&[&args[..], &own].concat());
            assert_eq!(call.code(0).stdout(), FILE, "{status} {place}");
            call.says(&format!("The API redirected to {}, which was asked without the token.", storage.origin()));
            assert!(api.last().contains(TOKEN));
            is_bare(&storage.last(), "GET", &storage);
        }
        shop.run(&["call", "HEAD", "export"]).code(0);
        is_bare(&storage.last(), "HEAD", &storage);
        assert_eq!(storage.requests().len(), 5);
    }
}

#[test]
fn a_download_goes_where_every_body_goes() {
    let storage = storage();
    let (_api, shop) = shop(&storage, "302 Found");
    let file = shop.home().join("export.csv");
    assert_eq!(shop.run(&["call", "export", "-o", "export.csv"]).code(0).stdout(), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), FILE);
    let with_head = shop.run(&["call", "export", "-i"]);
    with_head.code(0).answers("HTTP/1.1 200 OK\r\n").answers("x-storage: yes\r\n").answers(FILE);
    shop.run(&["call", "export", "-q", "."]).code(8).says("the reply is not JSON");
    // One file is whole, whatever the definition says of pages.
    for keys in ["", "api.paging = { kind = 'page', param = 'page', size = 'per_page', max_size = 2 }"] {
        let location = format!("{}/b/export.csv?X-Sig=a%2Bb", storage.origin());
        let api = ApiServer::start(move |_| redirect("302 Found", &location));
        assert_eq!(api.login(keys).run(&["call", "export", "--paginate"]).code(0).stdout(), FILE);
        assert_eq!(api.requests().len(), 1);
    }
    shop.run(&["call", "export", "--quiet"]).code(0).hides("redirected");
}

#[test]
fn what_another_server_says_of_token_and_pages_is_not_acted_on() {
    let challenge = "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"admin\"";
    for (status, header, says) in [
        ("401 Unauthorized", "WWW-Authenticate: Bearer error=\"invalid_token\"", "answered 401"),
        ("403 Forbidden", challenge, "answered 403"),
        ("429 Too Many Requests", "Retry-After: 1", "answered 429"),
        ("503 Service Unavailable", "Retry-After: 1", "answered 503"),
        ("404 Not Found", "X-A: b", "answered 404"),
    ] {
        let storage = ApiServer::always(status, &[header], "<Error/>");
        let (api, shop) = shop(&storage, "302 Found");
        for args in [&["call", "export"][..], &["call", "export", "--paginate"]] {
            let call = shop.run(args);
            call.code(9).says(&format!("{}, to which the API redirected, {says}", storage.origin()));
            call.says(&format!("`--allow-origin {}`", storage.origin())).hides("scope");
            assert_eq!(call.stdout(), "<Error/>");
        }
        assert_eq!((api.requests().len(), storage.requests().len()), (2, 2), "{status}");
    }
    let body = r#"{"rows":[1,2],"next":"c","has_more":true}"#;
    for (keys, link) in [
        ("", "Link: </v1/two>; rel=\"next\""),
        ("api.paging = { kind = 'cursor', param = 'after', path = 'next' }", "X-A: b"),
        ("api.paging = { kind = 'page', param = 'page', size = 'per_page', max_size = 2 }", "X-A: b"),
    ] {
        let storage = ApiServer::always("200 OK", &[link, "Content-Type: application/json"], body);
        let location = format!("{}/b", storage.origin());
        let api = ApiServer::start(move |_| redirect("302 Found", &location));
        let call = api.login(keys).run(&["call", "export", "--paginate"]);
        call.code(8).says("rows could be missing").says(&format!("the page came from {}", storage.origin()));
        assert!(call.stdout().contains("[1,2]"), "{call}");
        assert_eq!((api.requests().len(), storage.requests().len()), (1, 1), "{keys}");
    }
}

#[test]
fn a_redirect_back_to_the_api_brings_no_token() {
    let place = Arc::new(OnceLock::<String>::new());
    let location = Arc::clone(&place);
    let api = ApiServer::start(move |request| match target(request) {
        "/v1/export" => redirect("302 Found", location.get().unwrap()),
        _ => ("401 Unauthorized", vec![], b"no token".to_vec()),
    });
    let back = format!("{}/v1/all?of=it", api.origin());
    let away = ApiServer::start(move |_| redirect("302 Found", &back));
    place.set(away.origin()).unwrap();
    // Not even if both are the provider's.
    let shop = api.login(&format!("api.origins = ['{}']", away.origin()));
    shop.run(&["call", "export"]).code(9).says(&format!("{}, to which the API redirected", api.origin()));
    let requests = api.requests();
    assert!(requests.len() == 2 && requests[0].contains(TOKEN) && target(&requests[1]) == "/v1/all?of=it");
    for request in [&requests[1], &away.last()] {
        assert!(!request.contains(TOKEN) && !request.contains("canary"), "{request}");
    }
}

#[test]
fn no_follow_prints_the_address_and_asks_nobody() {
    let storage = storage();
    let (api, shop) = shop(&storage, "302 Found");
    let file = format!("{}/b/export.csv?X-Sig=a%2Bb\n", storage.origin());
    for args in [&["export"][..], &["POST", "export", "-f", "a=b"], &["export", "-o", "file"], &["export", "--silent"]]
    {
        let call = shop.run(&[&["call", "--no-follow"], args].concat());
        assert_eq!(call.code(0).stdout(), file, "{args:?}");
        assert_eq!(call.stderr(), "");
    }
    assert!(!shop.home().join("file").exists());
    // A redirect within the API is one too, and its address is whole.
    let chain = shop.run(&["call", "--no-follow", "chain"]);
    assert_eq!(chain.code(0).stdout(), format!("{}/v1/export\n", api.origin()));
    let with_head = shop.run(&["call", "--no-follow", "export", "-i"]);
    with_head.code(0).answers("HTTP/1.1 302 Found\r\n");
    assert!(with_head.stdout().ends_with(&file), "{with_head}");
    shop.run(&["call", "--no-follow", "export", "--paginate"]).code(2);
    assert_eq!(storage.requests().len(), 0);
    let plain = ApiServer::always("200 OK", &[], "here").login("");
    assert_eq!(plain.run(&["call", "--no-follow", "x"]).code(0).stdout(), "here");
}

#[test]
fn a_request_with_an_effect_is_not_sent_to_another_server() {
    let storage = storage();
    for status in ["301 Moved", "303 See Other", "307 Temporary Redirect"] {
        let (api, shop) = shop(&storage, status);
        for method in ["POST", "PUT", "DELETE"] {
            let call = shop.run(&["call", method, "export", "-f", "a=b"]);
            call.code(5).says(&format!("the API redirects to {}, and a {method} is not sent", storage.origin()));
            call.says("`--no-follow` prints the address").says("`--allow-origin`");
        }
        assert_eq!(api.requests().len(), 3);
    }
    assert_eq!(storage.requests().len(), 0);
}

/// An API on the internet, which a proxy stands for, and the addresses that it redirects to.
fn from_the_internet(locations: &[(&str, String)]) -> (TlsServer, Proxy, Sandbox) {
    let locations: Vec<(String, String)> =
        locations.iter().map(|(path, location)| (format!("/v1/{path}"), location.clone())).collect();
    let server = TlsServer::start(&["api.shop.example", "files.example"], move |request| {
        match locations.iter().find(|(path, _)| target(request) == path) {
            Some((_, location)) => redirect("302 Found", location),
            None => ("200 OK", vec![], FILE.as_bytes().to_vec()),
        }
    });
    let proxy = Proxy::to(server.address);
    let sandbox = Sandbox::new().with("https_proxy", &proxy.url("user:pass"));
    let trusted = sandbox.home().join("trusted.pem");
    std::fs::write(&trusted, &server.certificate).unwrap();
    let sandbox = sandbox.with("SSL_CERT_FILE", trusted.to_str().unwrap());
    sandbox.define("mine", "token.url = 'https://api.shop.example/token'\napi.base = 'https://api.shop.example/v1'");
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], TOKEN).code(0);
    (server, proxy, sandbox)
}

#[test]
fn a_redirect_from_the_internet_leads_to_no_private_address() {
    let near = ApiServer::always("200 OK", &[], "internal");
    let port = near.port();
    let places: Vec<(String, String)> = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://a.localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://0x7f.1:{port}/"),
        format!("https://0.0.0.0:{port}/"),
        "https://10.0.0.1/".to_owned(),
        "https://[::ffff:10.0.0.1]/".to_owned(),
        "https://[fd00::1]/".to_owned(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "http://files.example/".to_owned(),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, location)| (n.to_string(), location))
    .collect();
    let named: Vec<(&str, String)> = places.iter().map(|(path, location)| (path.as_str(), location.clone())).collect();
    let (server, proxy, shop) = from_the_internet(&named);
    let refuses = |call: &Output, location: &str| {
        call.code(5).says("`oauthctl call --no-follow` prints its address").hides(TOKEN);
        assert_eq!(call.stdout(), "", "{location}");
    };
    for (path, location) in &places {
        let call = shop.run(&["call", path]);
        if location.starts_with("http://files") {
            call.code(5).says("which is not an https address");
        } else {
            refuses(&call, location);
        }
        assert_eq!(shop.run(&["call", path, "--no-follow"]).code(0).stdout(), format!("{location}\n"));
    }
    // The machine decides what a name is, and NO_PROXY that it is asked directly.
    let direct = shop.clone().with("no_proxy", "localhost.,.localhost");
    direct.run(&["call", "4"]).code(5);
    assert_eq!(near.requests().len(), 0);
    assert_eq!(server.requests().len(), places.len() * 2 + 1);
    assert!(proxy.heads().iter().all(|head| head.starts_with("CONNECT api.shop.example:443 ")));
}

#[test]
fn a_redirect_on_the_internet_goes_through_the_proxy() {
    let file = "https://files.example/b?X-Sig=1".to_owned();
    let (server, proxy, shop) = from_the_internet(&[("export", file)]);
    let call = shop.run(&["call", "export"]);
    assert_eq!(call.code(0).stdout(), FILE);
    call.says("The API redirected to https://files.example, which was asked without the token.");
    let [first, download] = &server.requests()[..] else { panic!("two requests: {:?}", server.requests()) };
    assert!(first.contains(TOKEN) && first.contains("host: api.shop.example"));
    assert!(!download.contains(TOKEN) && download.contains("host: files.example"), "{download}");
    let hosts: Vec<String> = proxy.heads().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(hosts, ["api.shop.example:443", "files.example:443"]);
}
