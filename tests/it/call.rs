//! `call`: what goes over the wire, what comes out, and what a script can act on.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::api_server::{ApiServer, Reply, TOKEN, body, param, target};
use crate::support::raw_server::http;
use crate::support::{Emulated, RawServer, Sandbox};

const JSON: &str = "Content-Type: application/json";

fn ok() -> ApiServer {
    ApiServer::always("200 OK", &[JSON], r#"{"ok":true}"#)
}

/// The head's lines without those that differ from machine to machine, in order of the alphabet, and the body.
fn on_the_wire(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    let mut lines: Vec<&str> = lines.filter(|line| !line.to_lowercase().starts_with("host:")).collect();
    lines.sort_unstable();
    format!("{first} | {} | {body}", lines.join(" | "))
}

#[test]
fn each_request_has_the_token_once_and_the_rest_as_requested() {
    let server = ok();
    let shop = server.login("");
    std::fs::write(shop.home().join("body.json"), r#"{"n": 1.10}"#).unwrap();
    let agent = format!("accept-encoding: gzip | user-agent: oauthctl/{}", env!("CARGO_PKG_VERSION"));
    let accept = "accept: application/json, */*;q=0.5";
    let (json, form) = ("content-type: application/json", "content-type: application/x-www-form-urlencoded");
    let bodies: [(&[&str], &str, &str, &str); 4] = [
        (&["GET", "things"], "GET", "", ""),
        (&["things", "-f", "a=b c"], "POST", json, r#"{"a":"b c"}"#),
        (&["things", "-f", "a=b c", "--form"], "POST", form, "a=b+c"),
        (&["things", "--input", "body.json"], "POST", json, r#"{"n": 1.10}"#),
    ];
    for (args, method, kind, body) in bodies {
        for place in ["header", "bearer", "query", "body"] {
            let call = shop.run(&[&["call"], args, &["--token-in", place]].concat());
            if place == "body" && kind == form {
                call.code(2).says("a token in the body needs a body that is a JSON object");
                continue;
            }
            call.code(0).hides(TOKEN);
            assert_eq!(call.stdout(), r#"{"ok":true}"#);
            let (mut path, mut lines, mut kind, mut body) =
                ("/v1/things".to_owned(), vec![accept.to_owned()], kind, body.to_owned());
            match place {
                "header" => lines.push(format!("x-api-token: {TOKEN}")),
                "bearer" => lines.push(format!("authorization: Bearer {TOKEN}")),
                "query" => {
                    path = format!("/v1/things?api_token={TOKEN}");
                    lines.push("cache-control: no-store".to_owned());
                }
                _ => {
                    let members = body.trim_matches(['{', '}']).replace(": ", ":");
                    let comma = if members.is_empty() { "" } else { "," };
                    body = format!("{{{members}{comma}\"api_token\":\"{TOKEN}\"}}");
                    kind = json;
                }
            }
            lines.extend(agent.split(" | ").map(str::to_owned));
            if !kind.is_empty() {
                lines.push(kind.to_owned());
            }
            if !body.is_empty() {
                lines.push(format!("content-length: {}", body.len()));
            }
            lines.sort_unstable();
            let request = server.last();
            assert_eq!(on_the_wire(&request), format!("{method} {path} HTTP/1.1 | {} | {body}", lines.join(" | ")));
            assert_eq!(request.matches(TOKEN).count(), 1);
        }
    }
    shop.run(&["call", "x", "--token-in", "query"]).code(0).says("RFC 9700");
    assert!(!shop.run(&["call", "x"]).stderr().contains("RFC 9700"));
}

#[test]
fn a_second_token_is_refused_wherever_it_stands() {
    let server = ok();
    let shop = server.login("");
    for (args, what) in [
        (&["x", "-H", "authorization: Bearer y"][..], "the header `authorization`"),
        (&["x", "-H", "X-API-Token: y"], "the header `x-api-token`"),
        (&["x?api_token=y"], "the parameter `api_token`"),
        (&["x?a%70i_token=y"], "the parameter `api_token`"),
        (&["x", "--query", "api_token=y"], "the parameter `api_token`"),
        (&["GET", "x", "-f", "api_token=y"], "the parameter `api_token`"),
        (&["x", "-F", "api_token=y"], "the member `api_token`"),
    ] {
        shop.run(&[&["call"], args].concat()).code(2).says(what).says("a request has one token");
    }
    for header in ["Host: evil.example", "Content-Length: 1", "Transfer-Encoding: chunked", "nonsense", "a b: c"] {
        shop.run(&["call", "x", "-H", header]).code(2);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn fields_inputs_and_headers_go_where_gh_puts_them() {
    let server = ok();
    let shop = server.login("api.headers = { X-Shop = 'a' }\napi.query = { v = '2' }");
    std::fs::write(shop.home().join("text"), "from a file\n").unwrap();
    let run = |args: &[&str], stdin: &str| {
        shop.run_with_stdin(&[&["call"], args].concat(), stdin).code(0);
        server.last()
    };
    let request = run(&["GET", "x", "-f", "a=1", "-F", "b[]=2", "--query", "q=r s"], "");
    assert_eq!((target(&request), body(&request)), ("/v1/x?q=r%20s&a=1&b%5B%5D=2&v=2", ""));
    assert!(request.contains("\r\nx-shop: a\r\n"), "{request}");
    let request = run(&["x", "-F", "t=@text", "-F", "i=@-", "-f", "at=@text"], "typed");
    assert_eq!(body(&request), r#"{"at":"@text","t":"from a file\n","i":"typed"}"#);
    // gh's rule: with an input, fields are for the query.
    let request = run(&["x", "-d", "-", "-f", "a=1", "-H", "Content-Type: text/plain"], "raw \u{0}bytes");
    assert_eq!((target(&request), body(&request)), ("/v1/x?a=1&v=2", "raw \u{0}bytes"));
    assert!(request.starts_with("POST ") && request.contains("content-type: text/plain\r\n"), "{request}");
    let request = run(&["delete", "/y?v=1", "-H", "Accept:", "-H", "A: 1", "-H", "A: 2", "-H", "X-Shop: b"], "");
    assert!(request.starts_with("DELETE /y?v=1 HTTP/1.1\r\n") && request.contains("accept: */*\r\n"), "{request}");
    assert!(request.contains("\r\na: 1\r\na: 2\r\n") && request.contains("\r\nx-shop: b\r\n"), "{request}");
}

#[test]
fn a_large_input_is_streamed_with_its_length() {
    let server = ok();
    let shop = server.login("");
    let large = "x".repeat(3 * 1024 * 1024);
    std::fs::write(shop.home().join("large"), &large).unwrap();
    shop.run(&["call", "PUT", "x", "--input", "large"]).code(0);
    let request = server.last();
    assert!(request.contains(&format!("content-length: {}\r\n", large.len())));
    assert!(body(&request) == large, "the body is not what was in the file");
    shop.run(&["call", "x", "--input", "large", "--token-in", "body"]).code(2);
}

#[test]
fn a_path_is_filled_from_the_login() {
    let server = ok();
    let origin = server.origin();
    let sandbox = Sandbox::new();
    sandbox.define(
        "mine",
        &format!(
            "[params.store]\n[authorize]\nurl = '{origin}/a'\n[token]\nurl = '{origin}/t'\n[api]\nbase = '{origin}'"
        ),
    );
    let login = ["login", "--provider", "mine", "--with-token", "--param", "store=blue-mugs"];
    sandbox.run_with_stdin(&login, TOKEN).code(0);
    sandbox.run(&["call", "/stores/{store}/orders?x={\"a\":1}"]).code(0);
    assert_eq!(target(&server.last()), "/stores/blue-mugs/orders?x={%22a%22:1}");
    sandbox.run(&["call", "/{shop}"]).code(2).says("`{shop}`").says("it has `{store}`");
}

#[test]
fn a_body_goes_through_a_pipe_byte_for_byte() {
    let body: Vec<u8> = (0..=255).collect::<Vec<u8>>().repeat(1000);
    let expected = body.clone();
    let server = ApiServer::start(move |_| ("200 OK", vec![], body.clone()));
    let shop = server.login("");
    let output = shop.command(&["call", "x"]).output().unwrap();
    assert!(output.status.success() && output.stdout == expected);
    shop.run(&["call", "x", "-o", "file"]).code(0);
    assert!(std::fs::read(shop.home().join("file")).unwrap() == expected);
    assert_eq!(shop.run(&["call", "x", "--silent"]).code(0).stdout(), "");
}

#[test]
fn a_refusal_leaves_the_file_alone() {
    let server = ApiServer::always("404 Not Found", &[JSON], r#"{"detail":"gone"}"#);
    let shop = server.login("");
    std::fs::write(shop.home().join("file"), "good").unwrap();
    let call = shop.run(&["call", "x", "-o", "file"]);
    assert_eq!(call.code(9).stdout(), r#"{"detail":"gone"}"#);
    assert_eq!(std::fs::read_to_string(shop.home().join("file")).unwrap(), "good");
}

#[test]
fn headers_come_before_the_body_if_asked_for() {
    let server = ApiServer::always("201 Created", &["X-A: b"], "body");
    let call = server.login("").run(&["call", "-i", "x"]);
    assert!(call.code(0).stdout().starts_with("HTTP/1.1 201 Created\r\nx-a: b\r\n"), "{call}");
    assert!(call.stdout().ends_with("\r\n\r\nbody"), "{call}");
}

#[test]
fn a_filter_is_run_here_and_not_on_refusals() {
    let server = ApiServer::start(|request| match target(request) {
        "/v1/good" => ("200 OK", vec![], br#"{"a":[{"n":1.10,"t":"x\ty"},null]}"#.to_vec()),
        "/v1/html" => ("200 OK", vec![], b"<html>".to_vec()),
        _ => ("400 Bad Request", vec![], br#"{"title":"no"}"#.to_vec()),
    });
    let shop = server.login("");
    assert_eq!(
        shop.run(&["call", "good", "-q", ".a[0].n, .a[0].t, .a[1], .a[0]"]).code(0).stdout(),
        "1.10\nx\ty\n\n{\"n\":1.10,\"t\":\"x\\ty\"}\n"
    );
    assert_eq!(shop.run(&["call", "bad", "-q", ".a"]).code(9).stdout(), r#"{"title":"no"}"#);
    shop.run(&["call", "html", "-q", ".a"]).code(8).says("the reply is not JSON");
    let before = server.requests().len();
    shop.run(&["call", "good", "-q", ".a["]).code(2).says("the filter cannot be understood");
    assert_eq!(server.requests().len(), before, "a wrong filter is refused before anything is sent");
}

#[test]
fn colour_on_request_brings_indented_json_with_its_numbers() {
    let server = ApiServer::always("200 OK", &[JSON], r#"{"n":12345678901234567890123,"s":"a"}"#);
    let shop = server.login("");
    let call = shop.run(&["--color", "always", "call", "x"]);
    assert!(call.code(0).stdout().contains("\u{1b}[") && call.stdout().contains("12345678901234567890123"), "{call}");
    assert_eq!(call.stdout().lines().count(), 4, "{call}");
    assert_eq!(
        shop.run(&["--color", "always", "call", "--raw", "x"]).stdout(),
        r#"{"n":12345678901234567890123,"s":"a"}"#
    );
}

#[cfg(unix)]
#[test]
fn a_terminal_is_shown_what_a_person_can_read() {
    use crate::support::pty;
    let server = ApiServer::start(|request| match target(request) {
        "/v1/json" => ("200 OK", vec!["X-RateLimit-Remaining: 39".into()], br#"{"a":[1,"\u001b[2J"]}"#.to_vec()),
        "/v1/text" => ("200 OK", vec![], b"one\x1b]0;title\x07\r\ntwo".to_vec()),
        "/v1/moved" => ("300 Multiple Choices", vec!["Location: /elsewhere".into()], vec![]),
        _ => ("200 OK", vec![], vec![0, 159, 146, 150]),
    });
    let shop = server.login("").with("NO_COLOR", "1");
    let run = |args: &[&str]| pty::run(shop.command(&[&["call"], args].concat()));
    let (code, shown) = run(&["json"]);
    assert_eq!(
        (code, shown.as_str()),
        (Some(0), "200 OK  x-ratelimit-remaining: 39\n{\n  \"a\": [\n    1,\n    \"\\u001b[2J\"\n  ]\n}\n")
    );
    assert_eq!(run(&["text"]).1, "200 OK\none\ntwo\n");
    assert!(run(&["moved"]).1.contains("location: /elsewhere"));
    let (code, shown) = run(&["binary"]);
    assert!(code == Some(2) && shown.contains("the reply is binary") && shown.contains("`-o FILE`"), "{shown}");
    assert_eq!(run(&["binary", "-o", "file"]).0, Some(0));
    assert_eq!(run(&["json", "--raw"]).1, "200 OK  x-ratelimit-remaining: 39\n{\"a\":[1,\"\\u001b[2J\"]}");
    let (_, shown) = pty::run(server.login("").with("TERM", "xterm").command(&["call", "json"]));
    assert!(shown.contains("\u{1b}["), "without NO_COLOR it is coloured: {shown:?}");
}

#[test]
fn a_refusal_carries_the_apis_own_words() {
    for (extra, reply, words) in [
        ("", r#"{"title":"t","detail":"the mug is gone"}"#, "the API answered 422: the mug is gone"),
        ("api.error = ['fault.text']", r#"{"fault":{"text":"no mug"},"detail":"x"}"#, "422: no mug"),
        ("", r#"{"errors":["one","two"]}"#, "422: one, two"),
        ("", r#"{"error":"invalid_request","error_description":"a\u001b[31mb"}"#, "422: invalid_request: ab"),
        ("", "<html>", "the API answered 422\n"),
    ] {
        let server = ApiServer::always("422 Unprocessable Content", &[], reply);
        let call = server.login(extra).run(&["call", "x"]);
        assert_eq!(call.code(9).says(words).stdout(), reply);
    }
    let echo = format!(r#"{{"detail":"the token {TOKEN} is odd"}}"#);
    let call = ApiServer::always("400 Bad Request", &[], &echo).login("").run(&["call", "x", "--silent"]);
    call.code(9).says("the token [hidden] is odd").hides(TOKEN);
}

#[test]
fn a_missing_scope_is_told_apart_and_brings_the_login_command() {
    let challenge = "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"read_mugs\"";
    let standard = ApiServer::always("403 Forbidden", &[challenge], "no").login("").run(&["call", "x"]);
    assert_eq!(standard.code(10).says("`oauthctl login mine --scope 'read_mugs'`").stdout(), "no");

    let own = "api.denied = [{ path = 'error', equals = 'not yours' }]\n\
               [[samples]]\npath = '/v1/x'\nscope = 'read_cups'\nbody = '{}'";
    for status in ["200 OK", "401 Unauthorized", "500 Internal Server Error"] {
        let call = ApiServer::always(status, &[], r#"{"error":"not yours"}"#).login(own).run(&["call", "x"]);
        call.code(10).says(&format!("the API answered {}", &status[..3])).says("--scope 'read_cups'");
    }
    ApiServer::always("403 Forbidden", &[], r#"{"error":"other"}"#).login(own).run(&["call", "x"]).code(9);

    let judgeme = Emulated::start(&["--approve"]);
    let browser = judgeme.browser();
    judgeme.run(&["login", "--port", "0", "--scope", "read_reviews", "--browser", &browser]).code(0);
    let denied = judgeme.run(&["call", "/api/v1/products"]);
    // A login that asks for the missing scope alone would come back without the other one.
    denied.code(10).says("--profile judgeme-emulator --scope 'read_reviews read_products'`");
    assert!(denied.stdout().contains("You don't have access to the resource"), "{denied}");
    assert_eq!(judgeme.run(&["call", "reviews/count", "-q", ".count"]).code(0).stdout(), "2\n");
}

#[test]
fn a_busy_api_is_asked_again_within_the_limit() {
    let count = AtomicUsize::new(0);
    let server = ApiServer::start(move |request| match (target(request), count.fetch_add(1, Ordering::SeqCst)) {
        ("/v1/long", _) => ("429 Too Many Requests", vec!["Retry-After: 61".into()], b"busy".to_vec()),
        (_, 0) => ("503 Service Unavailable", vec!["Retry-After: 0".into()], b"busy".to_vec()),
        (_, 1) => {
            ("429 Too Many Requests", vec!["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT".into()], b"busy".to_vec())
        }
        _ => ("200 OK", vec![], b"done".to_vec()),
    });
    let shop = server.login("");
    let call = shop.run(&["call", "x"]);
    assert_eq!(call.code(0).says("The API answered 503 and asks to wait").stdout(), "done");
    assert_eq!(server.requests().len(), 3);
    let call = shop.run(&["call", "long"]);
    call.code(9).says("the API asks to wait").says("`--max-wait`");
    assert_eq!(server.requests().len(), 4);

    let busy = ApiServer::always("429 Too Many Requests", &["Retry-After: 0"], "busy");
    busy.login("").run(&["call", "x", "-f", "a=b"]).code(9);
    assert_eq!(busy.requests().len(), 1, "a POST is not repeated");
}

#[test]
fn a_refused_token_is_not_tried_twice_while_nothing_renews_it() {
    let server = ApiServer::always(
        "401 Unauthorized",
        &["WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"it is over\""],
        "",
    );
    let call = server.login("").run(&["call", "x"]);
    call.code(9).says("the API answered 401: it is over").says("`oauthctl login mine` gets another token");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn redirects_within_the_api_are_followed_five_times() {
    let server = ApiServer::start(|request| {
        let step: usize = target(request).rsplit('/').next().unwrap().split('?').next().unwrap().parse().unwrap();
        let status = ["303 See Other", "302 Found", "307 Temporary Redirect"][step % 3];
        if step == 0 {
            ("200 OK", vec![], b"there".to_vec())
        } else {
            (status, vec![format!("Location: {}", step - 1)], vec![])
        }
    });
    let shop = server.login("");
    assert_eq!(shop.run(&["call", "steps/5", "--token-in", "query"]).code(0).stdout(), "there");
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request.matches(TOKEN).count() == 1));
    shop.run(&["call", "steps/6"]).code(5).says("redirected more than 5 times");
    // 307 keeps method and body, 303 makes it a GET.
    let before = server.requests().len();
    shop.run(&["call", "steps/2", "-f", "a=b"]).code(0);
    let methods: Vec<String> = server.requests()[before..].iter().map(|r| format!("{} {}", &r[..4], body(r))).collect();
    assert_eq!(methods, ["POST {\"a\":\"b\"}", "POST {\"a\":\"b\"}", "GET  "]);
}

/// 7 rows in pages of `per_page`, by `page`, `offset` or `cursor`.
fn rows(request: &str) -> Reply {
    let number = |name: &str, default| param(request, name).map_or(default, |text| text.parse::<usize>().unwrap());
    let size = number("per_page", number("limit", 2)).min(3);
    let first = match target(request).split('?').next().unwrap() {
        "/v1/page" => (number("page", 1) - 1) * size,
        "/v1/zero" => number("page", 0) * size,
        "/v1/offset" => number("offset", 0),
        _ => number("cursor", 0),
    };
    let rows: Vec<String> = (first.min(7)..(first + size).min(7)).map(|n| format!("{{\"id\":{n}}}")).collect();
    let next = first + size;
    let array = format!("[{}]", rows.join(", "));
    let mut headers = vec![JSON.to_owned()];
    if next < 7 {
        headers.push(format!(
            "Link: </v1/link?cursor={next}&limit=3&api_token={TOKEN}>; rel=\"next\", </v1/link>; rel=first"
        ));
    }
    let cursor = if next < 7 { format!("\"{next}\"") } else { "null".to_owned() };
    let body = match target(request).split('?').next().unwrap() {
        "/v1/cursor" => format!("{{\"rows\":{array},\"meta\":{{\"next\":{cursor}}}}}"),
        _ => array,
    };
    ("200 OK", headers, body.into_bytes())
}

const ALL: &str = r#"[{"id":0}, {"id":1}, {"id":2},{"id":3}, {"id":4}, {"id":5},{"id":6}]
"#;

#[test]
fn every_kind_of_paging_comes_to_its_end() {
    for (extra, path, all) in [
        ("", "link?limit=3", ALL),
        ("api.paging = { kind = 'link' }", "link?limit=3", ALL),
        ("api.paging = { kind = 'page', param = 'page', size = 'per_page', max_size = 100 }", "page", ALL),
        ("api.paging = { kind = 'page', param = 'page' }", "page?per_page=3", ALL),
        ("api.paging = { kind = 'page', param = 'page', first = 0 }", "zero?per_page=3", ALL),
        ("api.paging = { kind = 'offset', param = 'offset', size = 'limit', max_size = 3 }", "offset", ALL),
        ("api.paging = { kind = 'offset', param = 'offset', size = 'limit' }", "offset", ALL),
    ] {
        for jobs in ["1", "4", "8"] {
            let server = ApiServer::start(rows);
            let call = server.login(extra).run(&["call", path, "--paginate", "--jobs", jobs, "--token-in", "query"]);
            assert_eq!(call.code(0).stdout(), all, "{extra}\n{:?}", server.requests());
            assert!(server.requests().iter().all(|request| request.matches(TOKEN).count() == 1));
        }
    }
    let server = ApiServer::start(rows);
    let shop = server.login("api.paging = { kind = 'cursor', param = 'cursor', path = 'meta.next' }");
    let call = shop.run(&["call", "cursor?limit=3", "--paginate", "-q", ".rows[].id"]);
    assert_eq!(call.code(0).stdout(), "0\n1\n2\n3\n4\n5\n6\n");
    let call = shop.run(&["call", "cursor?limit=3", "--paginate", "-q", ".meta.next"]);
    assert_eq!(call.code(0).stdout(), "3\n6\n\n");
    let call = shop.run(&["call", "cursor?limit=3", "--paginate"]);
    assert!(
        call.code(0).stdout().starts_with(r#"[{"rows":[{"id":0},"#) && call.stdout().ends_with("{\"next\":null}}]\n"),
        "{call}"
    );
}

#[test]
fn a_walk_ends_where_it_is_told_to() {
    let server = ApiServer::start(rows);
    let shop = server.login("api.paging = { kind = 'page', param = 'page' }");
    let call = shop.run(&["call", "page?per_page=3", "--paginate", "--max-pages", "2"]);
    assert_eq!(
        call.code(0).says("`--max-pages` ended the walk after").stdout(),
        "[{\"id\":0}, {\"id\":1}, {\"id\":2},{\"id\":3}, {\"id\":4}, {\"id\":5}]\n"
    );
    assert_eq!(server.requests().len(), 2);
    let call = shop.run(&["call", "page?per_page=3&page=2", "--paginate", "--slurp"]);
    assert_eq!(call.code(0).stdout(), "[[{\"id\":3}, {\"id\":4}, {\"id\":5}],[{\"id\":6}],[]]\n");
    let call =
        shop.run(&["--color", "always", "call", "page?per_page=3&page=3", "--paginate"]).code(0).stdout().to_owned();
    assert_eq!(anstream::adapter::strip_str(&call).to_string(), "[\n  {\n    \"id\": 6\n  }\n]\n");
    shop.run(&["call", "POST", "page", "--paginate"]).code(2).says("only GET requests have further pages");
    let call = shop.run(&["call", "page?per_page=3", "--paginate", "--max-pages", "3"]);
    assert!(call.code(0).says("`--max-pages` ended the walk after").stdout().ends_with("{\"id\":6}]\n"), "{call}");
    shop.run(&["call", "page", "--paginate", "--slurp", "-q", "."]).code(2);
}

#[test]
fn a_page_that_is_refused_ends_the_walk_with_whole_json() {
    let server = ApiServer::start(|request| match param(request, "page").as_deref() {
        Some("3") => ("500 Internal Server Error", vec![], br#"{"detail":"down"}"#.to_vec()),
        page => ("200 OK", vec![], format!("[{}]", page.unwrap()).into_bytes()),
    });
    let call = server.login("api.paging = { kind = 'page', param = 'page' }").run(&["call", "x", "--paginate"]);
    assert_eq!(call.code(9).says("500: down").stdout(), "[1,2]\n");
    let first = ApiServer::always("404 Not Found", &[], r#"{"detail":"none"}"#).login("");
    assert_eq!(first.run(&["call", "x", "--paginate"]).code(9).stdout(), r#"{"detail":"none"}"#);
}

#[test]
fn a_pagination_loop_is_detected() {
    let links = ApiServer::always("200 OK", &["Link: <x?page=2>; rel=next"], "[1]");
    links.login("").run(&["call", "x", "--paginate"]).code(8).says("an address came a second time");
    assert_eq!(links.requests().len(), 2);
    let deaf = ApiServer::always("200 OK", &[], "[1]").login("api.paging = { kind = 'page', param = 'page' }");
    deaf.run(&["call", "x", "--paginate"]).code(8).says("a page came a second time");
}

#[test]
fn a_rate_limited_api_still_gives_all_pages_in_order() {
    let refused = AtomicUsize::new(0);
    let server = ApiServer::start(move |request| {
        let page: usize = param(request, "page").unwrap().parse().unwrap();
        if page.is_multiple_of(3) && refused.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return ("429 Too Many Requests", vec!["Retry-After: 0".into()], vec![]);
        }
        let rows = if page <= 20 { format!("[{page}]") } else { "[]".to_owned() };
        ("200 OK", vec![], rows.into_bytes())
    });
    let call = server.login("api.paging = { kind = 'page', param = 'page' }").run(&[
        "call",
        "x",
        "--paginate",
        "-q",
        ".[]",
        "--jobs",
        "8",
    ]);
    let expected: String = (1..=20).map(|n| format!("{n}\n")).collect();
    assert_eq!(call.code(0).stdout(), expected);
}

#[test]
fn what_would_be_sent_can_be_seen_and_run() {
    crate::support::lacks::needs(&["curl"]);
    let server = ok();
    let shop = server.login("");
    let call = shop.run(&["call", "x", "-f", "a=it's $5", "--query", "b[]=`c`", "--curl"]);
    assert!(call.code(0).hides(TOKEN).stdout().contains("-H \"x-api-token: $TOKEN\""), "{call}");
    assert_eq!(server.requests().len(), 0);
    for place in ["header", "bearer", "query", "body"] {
        let args = ["call", "x", "-f", "a=it's $5 \"\\", "--query", "b[]=`c`", "--token-in", place];
        let curl = shop.run(&[&args[..], &["--curl"]].concat());
        let ran = std::process::Command::new("sh")
            .env("TOKEN", TOKEN)
            .args(["-c", &format!("{} -s", curl.stdout().trim())])
            .output();
        assert!(ran.unwrap().status.success());
        let theirs = server.last();
        shop.run(&args).code(0);
        let ours = server.last();
        assert_eq!((target(&theirs), body(&theirs)), (target(&ours), body(&ours)), "{place}");
        assert_eq!(theirs.matches(TOKEN).count(), 1, "{place}: {theirs}");
        let shown = shop.run(&[&args[..], &["--curl", "--show-secrets"]].concat());
        assert_eq!(shown.stdout().matches(TOKEN).count(), 1);
        let dry = shop.run(&[&args[..], &["--dry-run"]].concat());
        dry.code(0).hides(TOKEN);
        assert!(dry.stdout().starts_with(&format!("POST {}", target(&ours).replace(TOKEN, "[hidden]"))), "{dry}");
        let traced = shop.run(&[&args[..], &["-v"]].concat());
        traced.code(0).hides(TOKEN).says("> POST /v1/x?").says("< HTTP/1.1 200 OK");
    }
    shop.run(&["call", "x", "-v", "-H", "X-Other-Key: hide-me"]).code(0).says("> x-other-key: [hidden]");
    shop.run(&["call", "x", "-v", "--show-secrets"]).code(0).says(&format!("> x-api-token: {TOKEN}"));
}

#[cfg(unix)]
#[test]
fn a_token_that_comes_back_is_neither_put_together_nor_cut() {
    use crate::support::pty;
    // U+009B begins a control sequence, which is taken out before anybody sees the line.
    let echo = format!("X-Echo: {}\u{9b}31m{}", &TOKEN[..9], &TOKEN[9..]);
    let shop = ApiServer::always("200 OK", &[&echo], "").login("");
    shop.run(&["call", "x", "-v"]).code(0).hides(TOKEN).says("< x-echo: [hidden]");
    shop.run(&["call", "x", "-v", "--show-secrets"]).code(0).says(&format!("< x-echo: {TOKEN}"));
    // A person is shown 200 characters, which may end inside of it.
    let location = format!("Location: /{}{TOKEN}", "x".repeat(190));
    let shop = ApiServer::always("300 Multiple Choices", &[&location], "").login("");
    let (_, shown) = pty::run(shop.command(&["call", "x"]));
    assert!(shown.contains("xx[hidden]") && !shown.contains(&TOKEN[..4]), "{shown}");
}

#[test]
fn a_silent_server_is_given_up() {
    let silent = RawServer::start([Box::new(|stream: std::net::TcpStream| {
        // Until the client has gone.
        let _ = std::io::Read::read(&mut &stream, &mut [0]);
    }) as crate::support::raw_server::Script]);
    let shop = Sandbox::new();
    let origin = silent.origin();
    shop.define("mine", &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'"));
    shop.run_with_stdin(&["login", "--provider", "mine", "--with-token"], TOKEN).code(0);
    shop.run(&["call", "x", "--timeout", "1"]).code(8).says("did not answer within 1 s");
    let broken = RawServer::start([http("200 OK", &[], "")]);
    drop(broken);
}

#[test]
fn the_global_quiet_keeps_its_long_name_in_a_call() {
    let server = ok();
    let shop = server.login("");
    for args in [&["-q", "call", "x", "--token-in", "query"][..], &["call", "x", "--token-in", "query", "--quiet"]] {
        assert_eq!(shop.run(args).code(0).stderr(), "");
    }
}
