use http::request::Builder;
use http::{Request, Uri};

use super::target::{Refused, judge};
use super::*;
use crate::flow::doubles::{SetClock, provider_of};
use crate::flow::held_token::Renewed;
use crate::store::stored_token::Expiry;

const TOKEN: &str = "made-up-token";

fn gate(keys: &str) -> ApiGate {
    let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1000));
    let first = Renewed { token: AccessToken::new(TOKEN), expiry: Expiry::Unknown, refreshed: false };
    let (token, _) = LastingToken::new(first, std::time::Duration::ZERO, Arc::clone(&clock));
    let base = "api.base = 'https://api.example/v1'\napi.origins = ['https://files.example:8443']";
    ApiGate::new(&provider_of(&format!("{base}\n{keys}"), &[]), Vec::new(), Secret::new("pass"), (token, clock))
        .unwrap()
}

fn knowing(request: Builder) -> Builder {
    request.header(PROXY_AUTHORIZATION, format!("Basic {}", STANDARD.encode("oauthctl:pass")))
}

fn head(request: Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

/// Asks for an address, with this Host header if it is not empty.
fn asks(address: &str, host: &str) -> Result<String, StatusCode> {
    let request = knowing(Request::builder().uri(address));
    let request = if host.is_empty() { request } else { request.header(HOST, host) };
    gate("").admit(&head(request)).map(|request| request.url.to_string()).map_err(|turned| turned.status)
}

#[test]
fn an_address_on_an_api_origin_is_sent_on_over_https() {
    for (address, host, url) in [
        ("http://api.example/v1/x?a=b%20c", "api.example", "https://api.example/v1/x?a=b%20c"),
        ("http://api.example", "api.example", "https://api.example/"),
        ("http://api.example:80/x", "api.example", "https://api.example/x"),
        ("http://api.example/x", "api.example:80", "https://api.example/x"),
        ("http://api.example:443/x", "api.example:443", "https://api.example/x"),
        ("https://api.example/x", "api.example:443", "https://api.example/x"),
        ("http://API.Example/x", "api.EXAMPLE", "https://api.example/x"),
        ("http://files.example:8443/x", "files.example:8443", "https://files.example:8443/x"),
        ("http://api.example/x", "", "https://api.example/x"),
        ("http://api.example/a/../../b", "api.example", "https://api.example/b"),
        ("http://api.example//evil.example/x", "api.example", "https://api.example//evil.example/x"),
    ] {
        assert_eq!(asks(address, host), Ok(url.to_owned()), "{address}");
    }
}

#[test]
fn another_address_is_refused_however_it_is_written() {
    let hosts = [
        "evil.example",
        "api.example.evil.example",
        "api.example.",
        "api.example:8080",
        "api.example:8443",
        "files.example",
        "files.example:443",
        "api.example@evil.example",
        "evil.example@api.example",
        "user:pass@api.example",
        "@api.example",
        "api.example:443@evil.example",
        "api.example%40evil.example",
        "api.example%2eevil.example",
        "%61pi.example",
        "api%2Eexample",
        "xn--pi-0ka.example",
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "localhost",
        "api.example:",
        "api.example:0443",
        "api.example:+443",
        "",
        ":443",
    ];
    let schemes = ["http://", "https://", "HTTP://", "ftp://", "ws://", "file://"];
    let mut tried = 0;
    for host in hosts {
        for scheme in schemes {
            for named in ["api.example", host] {
                let request = Request::builder().uri(format!("{scheme}{host}/x")).header(HOST, named);
                // What is no address at all does not reach the gate.
                let Ok(request) = knowing(request).body(()) else { continue };
                let turned = gate("").admit(&request.into_parts().0).map(|request| request.url);
                assert!(turned.is_err(), "{scheme}{host} for {named}: {turned:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 75, "{tried}");
}

#[test]
fn the_host_header_names_the_host_of_the_address() {
    for host in
        ["evil.example", "api.example:8443", "api.example:443", "api.example.", "a@api.example", "api.example, x", " "]
    {
        assert_eq!(asks("http://api.example/x", host), Err(StatusCode::BAD_REQUEST), "{host}");
    }
    let twice =
        knowing(Request::builder().uri("http://api.example/x")).header(HOST, "api.example").header(HOST, "api.example");
    assert_eq!(gate("").admit(&head(twice)).unwrap_err().status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_path_alone_or_a_tunnel_is_turned_away_with_a_word() {
    for target in ["/x", "*"] {
        let turned = gate("").admit(&head(knowing(Request::builder().uri(target)))).unwrap_err();
        assert_eq!(turned.status, StatusCode::BAD_REQUEST);
        assert!(turned.why.contains("http://api.example, http://files.example:8443"), "{}", turned.why);
    }
    let tunnel = knowing(Request::builder().method("CONNECT").uri("api.example:443"));
    let turned = gate("").admit(&head(tunnel)).unwrap_err();
    assert!(turned.status == StatusCode::FORBIDDEN && turned.why.contains("http://api.example/"), "{turned:?}");
    for (method, status) in [("TRACE", 403), ("TRACK", 403), ("GET", 501)] {
        let request = knowing(Request::builder().method(method).uri("http://api.example/x"));
        let request = if method == "GET" { request.header(UPGRADE, "WebSocket") } else { request };
        assert_eq!(gate("").admit(&head(request)).unwrap_err().status.as_u16(), status, "{method}");
    }
    let uri = Uri::from_static("http://evil.example/");
    let foreign = judge(&uri, &HeaderMap::new(), gate("").origins());
    assert_eq!(foreign, Err(Refused::Foreign("http://evil.example".to_owned())));
}

#[test]
fn a_tunnel_leads_to_an_api_origin_only_and_without_tls() {
    let asks = |to: &'static str, host: &str| {
        let request = Request::builder().method("CONNECT").uri(Uri::from_static(to)).header(HOST, host);
        gate("").open(&head(knowing(request))).map(|host| host.to_string()).map_err(|turned| turned.status.as_u16())
    };
    for to in ["api.example:80", "files.example:8443"] {
        assert_eq!(asks(to, to), Ok(to.to_owned()));
    }
    assert_eq!(asks("api.example:80", "api.example"), Ok("api.example:80".to_owned()));
    for (to, host, status) in [
        ("api.example:443", "api.example:443", 403),
        ("evil.example:80", "evil.example:80", 403),
        ("api.example:8443", "api.example:8443", 403),
        ("api.example:80", "evil.example", 400),
        ("api.example.:80", "api.example.:80", 403),
    ] {
        assert_eq!(asks(to, host), Err(status), "{to}");
    }
    let unknown = Request::builder().method("CONNECT").uri("api.example:80");
    assert_eq!(gate("").open(&head(unknown)).unwrap_err().status, StatusCode::PROXY_AUTHENTICATION_REQUIRED);
}

#[test]
fn the_password_is_asked_for_before_anything_is_looked_at() {
    let encoded = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let good = encoded("oauthctl:pass");
    for given in [
        vec![],
        vec![encoded("oauthctl:wrong")],
        vec![encoded("oauthctl:")],
        vec![encoded("oauthctl")],
        vec![encoded("other:pass")],
        vec![encoded("oauthctl:pass2")],
        vec![good.replace("Basic", "Bearer")],
        vec!["Basic".to_owned()],
        vec!["Basic ?".to_owned()],
        vec![good.clone(), good.clone()],
    ] {
        let request = Request::builder().uri("http://evil.example/x");
        let request = given.iter().fold(request, |request, value| request.header(PROXY_AUTHORIZATION, value));
        let turned = gate("").admit(&head(request)).unwrap_err();
        assert_eq!(turned.status, StatusCode::PROXY_AUTHENTICATION_REQUIRED, "{given:?}");
    }
    let request =
        Request::builder().uri("http://api.example/x").header(PROXY_AUTHORIZATION, good.replace("Basic", "basic"));
    assert!(gate("").admit(&head(request)).is_ok());
}

#[test]
fn what_the_program_has_in_the_place_of_the_token_is_replaced() {
    let keys = "api.token = [{ in = 'query', name = 'key' }, { in = 'header', name = 'X-Key' }]
                api.headers = { X-Version = '2', X-Other = 'ours' }";
    let request = Request::builder().uri("http://api.example/x?key=mine&a=b&key=too").header(HOST, "api.example");
    let request = request.header(AUTHORIZATION, "Bearer mine").header("x-key", "mine").header("x-other", "stays");
    let (gate, request) = (gate(keys), head(knowing(request)));
    let sent = gate.authorize(&gate.admit(&request).unwrap(), &AccessToken::new(TOKEN)).unwrap();
    assert_eq!(sent.url.as_str(), "https://api.example/x?a=b&key=made-up-token");
    let names: Vec<&str> = sent.headers.keys().map(http::HeaderName::as_str).collect();
    assert!(!names.contains(&"authorization") && !names.contains(&"x-key") && !names.contains(&"host"), "{names:?}");
    // What the API wants with every token is added if it is missing.
    assert_eq!(
        (&sent.headers["x-other"], &sent.headers["x-version"]),
        (&"stays".parse().unwrap(), &"2".parse().unwrap())
    );
}

#[test]
fn a_token_that_only_a_body_may_hold_is_no_matter_for_a_proxy() {
    let of = |token: &str| provider_of(&format!("api.base = 'https://api.example'\napi.token = [{token}]"), &[]);
    let make = |token: &str| {
        let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1000));
        let first = Renewed { token: AccessToken::new(TOKEN), expiry: Expiry::Unknown, refreshed: false };
        let (lasting, _) = LastingToken::new(first, std::time::Duration::ZERO, Arc::clone(&clock));
        ApiGate::new(&of(token), Vec::new(), Secret::new("pass"), (lasting, clock)).map(|gate| gate.placement.place)
    };
    let body = "{ in = 'body', name = 'key' }";
    assert!(matches!(make(body), Err(FlowError::NoSuchPlacement { .. })));
    assert_eq!(make(&format!("{body}, {{ in = 'header', name = 'X-Key' }}")).unwrap(), TokenIn::Header);
}

#[test]
fn a_reply_leads_back_through_the_proxy_and_does_not_name_the_token() {
    let clean = |name: &'static str, value: &str| {
        let mut headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]);
        gate("").clean(&mut headers, &AccessToken::new(TOKEN));
        headers[name].to_str().unwrap().to_owned()
    };
    for (location, then) in [
        ("https://api.example/y", "http://api.example/y"),
        ("https://files.example:8443/y?a=b", "http://files.example:8443/y?a=b"),
        ("https://evil.example/y", "https://evil.example/y"),
        ("https://api.example.evil.example/y", "https://api.example.evil.example/y"),
        ("/y", "/y"),
        ("/y?key=made-up-token&a=b", "/y?key=&a=b"),
    ] {
        assert_eq!(clean("location", location), then);
    }
    assert_eq!(clean("x-echo", "Bearer made-up-token"), "Bearer ");
    assert!(!clean("x-echo", &STANDARD.encode(TOKEN)).contains(&STANDARD.encode(TOKEN)));
    for (link, then) in [
        ("<https://api.example/y?a=b>; rel=\"next\"", "<http://api.example/y?a=b>; rel=\"next\""),
        ("<https://evil.example/y>; rel=next, </z>; rel=prev", "<https://evil.example/y>; rel=next, </z>; rel=prev"),
        ("</z>; title=\"a < b\", <https://api.example/y>", "</z>; title=\"a < b\", <http://api.example/y>"),
    ] {
        assert_eq!(clean("link", link), then);
    }
    assert_eq!(clean("content-location", "https://api.example/y"), "http://api.example/y");
}

#[test]
fn only_an_error_is_looked_into() {
    let keys = "api.invalid_token = [{ status = [200, 418], path = 'code', equals = '190' }]";
    let looked_into = |status| gate(keys).may_reject(status);
    assert!([400, 401, 403, 418].into_iter().all(looked_into));
    assert!(![200, 204, 302, 404, 429, 500].into_iter().any(looked_into));
    assert!(gate(keys).rejects(418, &HeaderMap::new(), b"{\"code\":190}"));
    assert!(gate("").rejects(401, &HeaderMap::new(), b""));
    assert!(!gate("").rejects(403, &HeaderMap::new(), b""));
}
