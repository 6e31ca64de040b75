//! The fewest requests that decide the most scopes, and the forms that they can have.

use super::*;

fn status(granted: &'static [&'static str]) -> impl Fn(&HttpRequest) -> Said + Send + Sync {
    move |request| Ok(StubResponse::new(if granted.contains(&request.url.path()) { 200 } else { 403 }, "{}"))
}

#[test]
fn one_request_serves_every_scope_that_needs_it() {
    let keys = "scope.known = [
        { name = 'a', probe = { path = '/both' } },
        { name = 'b', probe = { path = '/both' } },
        { name = 'c', probe = { path = '/both?x=1' } },
    ]";
    let ran = run_at(status(&["/both"]), keys, false);
    assert_eq!(lines(&ran), ["a: GET /both: Proven", "b: GET /both: Proven", "c: GET /both?x=1: Proven"]);
    assert_eq!(ran.requests.len(), 2);
}

#[test]
fn any_of_several_scopes_is_proven_once_the_others_are_denied() {
    let keys = "scope.known = [
        { name = 'read', probe = { path = '/things', any_of = ['write', 'admin'] } },
        { name = 'write', probe = { path = '/write' } },
        { name = 'admin', probe = { path = '/admin' } },
    ]";
    let of = |granted| lines(&run_at(status(granted), keys, false));
    let (write, admin) = ("write: GET /write: Denied", "admin: GET /admin: Denied");
    assert_eq!(of(&["/things"]), ["read: GET /things: Proven", write, admin]);
    let open = "read: GET /things: Unknown this scope opens it, and so does write or admin";
    assert_eq!(of(&["/things", "/write"]), [open, "write: GET /write: Proven", admin]);
    let denied = of(&[]);
    assert!(
        denied[0] == "read: GET /things: Denied" && denied.iter().all(|line| line.contains(": Denied")),
        "{denied:?}"
    );
}

#[test]
fn a_denied_scope_denies_those_that_would_imply_it() {
    let keys = "scope.known = [
        { name = 'write', implies = ['read'] },
        { name = 'read', probe = { path = '/read' } },
        { name = 'admin', implies = ['write'] },
    ]";
    assert_eq!(
        lines(&run_at(status(&[]), keys, false)),
        [
            "write: nothing: Denied it would imply read, which is denied",
            "read: GET /read: Denied",
            "admin: nothing: Denied it would imply write, which is denied",
        ]
    );
    assert!(lines(&run_at(status(&["/read"]), keys, false))[0].contains("write: nothing: Unknown"));
}

/// Whatever order they are written in, the widest is asked for first, and alone where it decides the rest.
#[test]
fn a_scope_that_implies_others_is_asked_for_first() {
    let keys = "scope.known = [
        { name = 'read', probe = { path = '/read' } },
        { name = 'write', implies = ['read'], probe = { path = '/write' } },
        { name = 'admin', implies = ['write', 'read'], probe = { path = '/admin' } },
    ]";
    assert_eq!(run_at(status(&["/admin"]), keys, false).paths, ["/admin"]);
    assert_eq!(run_at(status(&["/write"]), keys, false).paths, ["/admin", "/write"]);
    assert_eq!(run_at(status(&[]), keys, false).paths, ["/admin", "/write", "/read"]);
}

#[test]
fn a_header_that_lists_the_scopes_ends_the_questions() {
    let keys = "api.scopes_header = 'x-scopes'\nscope.known = [
        { name = 'a', implies = ['b', 'c', 'd', 'e', 'f'], probe = { path = '/a' } },
        { name = 'b', probe = { path = '/b' } }, { name = 'c', probe = { path = '/c' } },
        { name = 'd', probe = { path = '/d' } }, { name = 'e', probe = { path = '/e' } },
        { name = 'f', probe = { path = '/f' } },
    ]";
    let answer = |list: &'static str| move |_: &HttpRequest| Ok(StubResponse::new(403, "").with("x-scopes", list));
    let ran = run_at(answer("c, d"), keys, false);
    assert_eq!(ran.paths, ["/a"]);
    let told = lines(&ran);
    assert_eq!(
        told[1..4],
        [
            "b: nothing: Denied the API does not list it",
            "c: nothing: Proven the API lists it",
            "d: nothing: Proven the API lists it"
        ]
    );
    assert_eq!(run_at(answer(""), keys, false).requests.len(), 6, "an empty header says nothing");
}

#[test]
fn a_value_can_come_from_a_request_without_a_scope() {
    let keys = "scope.account = { request = '/me', path = 'login' }
        scope.known = [
        { name = 'a', probe = { path = '/a/{ws}', needs.ws = { request = '/me', path = 'ws.0.id' } } },
        { name = 'b', probe = { path = '/b/{ws}', needs.ws = { request = '/me', path = 'ws.0.id' } } },
        { name = 'c', probe = { path = '/c/{x}', needs.x = { request = '/none', path = 'x' } } },
    ]";
    let answer = |request: &HttpRequest| match request.url.path() {
        "/me" => Ok(StubResponse::new(200, r#"{"login":"ann","ws":[{"id":7}]}"#)),
        "/none" => Ok(StubResponse::new(404, r#"{"x":1}"#)),
        _ => Ok(StubResponse::new(200, "{}")),
    };
    let ran = run_at(answer, keys, false);
    let none = "c: nothing: Unknown it needs a value from GET /none, which returned none";
    assert_eq!(lines(&ran), ["a: GET /a/7: Proven", "b: GET /b/7: Proven", none]);
    assert_eq!(ran.paths.iter().filter(|path| *path == "/me").count(), 1);
    assert_eq!(ran.proofs.unwrap().account.as_deref(), Some("ann"));
}

#[test]
fn a_post_that_only_reads_and_another_listed_origin_are_probes_too() {
    let keys = "api.origins = ['https://content.shop.example']\nscope.known = [
        { name = 'a', probe = { method = 'POST', reads = true, path = '/search', body = '{}' } },
        { name = 'b', probe = { path = 'https://content.shop.example/2/files' } },
    ]";
    let ran = run_at(status(&["/search", "/2/files"]), keys, false);
    assert_eq!(lines(&ran), ["a: POST /search: Proven", "b: GET /2/files: Proven"]);
    let hosts: Vec<_> = ran.requests.iter().map(|request| request.url.host_str().unwrap()).collect();
    assert!(hosts.contains(&"content.shop.example"), "{hosts:?}");
}

#[test]
fn the_list_is_asked_for_as_the_provider_wants_it() {
    let list = r#"{"scopes":["read"]}"#;
    for (keys, path, sent) in [
        ("path = '/oauth/{token}', names = 'scopes'", "/oauth/canary-token", ("Bearer canary-token", "")),
        ("path = '/v', names = 'scopes', scheme = 'OAuth'", "/v", ("OAuth canary-token", "")),
        (
            "path = '/s', names = 'scopes', method = 'POST', form.token = '{token}'",
            "/s",
            ("Bearer canary-token", "token=canary-token"),
        ),
        ("path = '/h', header = 'x-list'", "/h", ("Bearer canary-token", "")),
    ] {
        let keys = format!("api.scopes_list = {{ {keys} }}\nscope.known = [{{ name = 'read' }}, {{ name = 'write' }}]");
        let ran = run_at(|_| Ok(StubResponse::new(200, list).with("x-list", "read")), &keys, false);
        let told = lines(&ran);
        assert_eq!(
            told,
            ["read: nothing: Proven the API lists it", "write: nothing: Denied the API does not list it"],
            "{keys}"
        );
        let request = &ran.requests[0];
        assert_eq!(request.url.path(), path);
        assert_eq!(
            (&request.headers["authorization"], &request.body[..]),
            (&sent.0.parse().unwrap(), sent.1.as_bytes())
        );
        assert!(!format!("{:?}", ran.progress).contains("canary"), "{:?}", ran.progress);
    }
}
