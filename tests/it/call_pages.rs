//! `call --paginate`: all of the data, or an error that says that it is not all. The shapes of many APIs are in the unit
//! tests of the walk; here is what people see of it.

use crate::support::api_server::{ApiServer, Reply, TOKEN, body, param, target};
use crate::support::{Emulated, Sandbox};

const JSON: &str = "Content-Type: application/json";

fn ok(body: impl Into<String>) -> Reply {
    ("200 OK", vec![JSON.to_owned()], body.into().into_bytes())
}

/// Serves three pages of one row by `page`, each with what `more` says of the next one.
fn three(more: impl Fn(u32, Option<String>) -> String + Send + Sync + 'static) -> ApiServer {
    ApiServer::start(move |request| {
        let page: u32 = param(request, "page").map_or(1, |page| page.parse().unwrap());
        let path = target(request).split('?').next().unwrap();
        let next = (page < 3).then(|| format!("{path}?page={}", page + 1));
        ok(more(page, next))
    })
}

fn quoted(next: &Option<String>) -> String {
    next.as_ref().map_or("null".to_owned(), |next| format!("\"{next}\""))
}

#[test]
fn an_address_in_the_body_is_followed_and_rows_become_one_array() {
    let server = three(|page, next| format!(r#"{{"data":[{{"row":{page}}}],"links":{{"next":{}}}}}"#, quoted(&next)));
    for (keys, args) in [
        ("", &["--rows", ".data"][..]),
        ("", &["--next", ".links.next", "--rows", "data"]),
        ("api.rows = ['data']", &[]),
        ("api.rows = ['*']\napi.paging = { kind = 'url', path = 'links.next' }", &[]),
        ("api.rows = ['data']\napi.paging = { kind = 'cursor', param = 'page', path = 'links.next' }", &[]),
    ] {
        let call = server.login(keys).run(&[&["call", "x", "--paginate"], args].concat());
        assert_eq!(call.code(0).stdout(), "[{\"row\":1},{\"row\":2},{\"row\":3}]\n", "{keys} {args:?}");
        assert_eq!(call.stderr(), "");
    }
    let shop = server.login("api.rows = ['data']");
    // A filter gets whole pages, and the rows if `--rows` asks for them. `--slurp` leaves the pages whole.
    assert_eq!(shop.run(&["call", "x", "--paginate", "-q", ".data[].row"]).code(0).stdout(), "1\n2\n3\n");
    assert_eq!(
        shop.run(&["call", "x", "--paginate", "--rows", ".data", "-q", ".[].row"]).code(0).stdout(),
        "1\n2\n3\n"
    );
    let pages = shop.run(&["call", "x", "--paginate", "--slurp"]);
    assert!(pages.code(0).stdout().starts_with(r#"[{"data":[{"row":1}],"links""#), "{pages}");
    let wrong = shop.run(&["call", "x", "--paginate", "--rows", ".itms"]);
    wrong.code(2).says("the first page has no list at `.itms`").says("it has `.data`");
    assert_eq!(wrong.stdout(), "");
    shop.run(&["call", "x", "--rows", ".data"]).code(2);
    shop.run(&["call", "x", "--paginate", "--rows", "a..b"]).code(2).says("a path is written");
}

#[test]
fn an_address_in_the_body_gets_the_token_at_its_own_origin_only() {
    let other = ApiServer::always("200 OK", &[JSON], r#"{"results":[],"next":null}"#);
    let next = format!("{}/x?page=2", other.origin());
    let server = ApiServer::start(move |_| ok(format!(r#"{{"results":[1],"next":"{next}"}}"#)));
    for keys in [
        "",
        "api.paging = { kind = 'url', path = 'next' }",
        "api.paging = { kind = 'cursor', param = 'p', path = 'next' }",
    ] {
        let call = server.login(keys).run(&["call", "x", "--paginate", "-q", ".results[]"]);
        call.code(5).says(&format!("the next page is at {}", other.origin())).hides(TOKEN);
        assert_eq!(call.stdout(), "1\n", "{keys}");
    }
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_part_is_never_printed_as_if_it_were_all() {
    for (keys, body, words) in [
        ("", r#"{"data":[{"id":1}],"has_more":true}"#, "`.has_more`"),
        ("", r#"{"files":[{"id":1}],"nextPageToken":"a"}"#, "`--next 'PARAM=.nextPageToken'`"),
        ("", r#"{"reviews":[{"id":1}],"current_page":1,"total_pages":4}"#, "`.total_pages`"),
        (
            "api.paging = { kind = 'url', path = 'links.next' }",
            r#"{"data":[1],"meta":{"hasMore":true}}"#,
            "`.meta.hasMore`",
        ),
        (
            "api.paging = { kind = 'cursor', param = 'c', path = 'nxt' }",
            r#"{"data":[1],"has_next":true}"#,
            "`.has_next`",
        ),
        ("", r#"{"items":[{"id":1}],"total_count":2}"#, "1 rows came, and the API says that there are 2"),
    ] {
        let server = ApiServer::always("200 OK", &[JSON], body);
        let shop = server.login(keys);
        std::fs::write(shop.home().join("old"), "old").unwrap();
        let call = shop.run(&["call", "x", "--paginate"]);
        call.code(8).says("rows could be missing").says(words);
        assert_eq!(call.stdout(), format!("[{body}]\n"));
        shop.run(&["call", "x", "--paginate", "-o", "old"]).code(8);
        assert_eq!(std::fs::read_to_string(shop.home().join("old")).unwrap(), "old", "a part replaces no file");
    }
    for link in
        ["/x?page=2; rel=\"next\"", "</x?page=2>; rel=\"next", "</x?q=caf\u{e9}>; rel=\"next\"", "<a>; rel=prev <b>"]
    {
        let server = ApiServer::always("200 OK", &[JSON, &format!("Link: {link}")], "[1]");
        let call = server.login("").run(&["call", "x", "--paginate"]);
        call.code(8).says("rows could be missing").says("`Link` header cannot be read");
        assert_eq!(call.stdout(), "[1]\n", "{link}");
    }
}

#[test]
fn a_short_page_is_not_the_last_and_a_404_behind_it_is() {
    let server = ApiServer::start(|request| match param(request, "page").as_deref() {
        Some("1") => ok("[1,2,3]"),
        Some("2") => ok("[4]"),
        Some("3") => ok("[5,6,7]"),
        _ => ("404 Not Found", vec![], b"no such page".to_vec()),
    });
    let shop = server.login("api.paging = { kind = 'page', param = 'page' }");
    for jobs in ["1", "4"] {
        let call = shop.run(&["call", "x", "--paginate", "--jobs", jobs]);
        call.code(0).says("The API answered 404 to the page after these 3");
        assert_eq!(call.stdout(), "[1,2,3,4,5,6,7]\n");
    }
    let says_more = ApiServer::start(|request| match param(request, "page").as_deref() {
        Some("1") => ok(r#"{"rows":[1],"total_pages":2}"#),
        _ => ("404 Not Found", vec![], b"no such page".to_vec()),
    });
    let call = says_more.login("api.paging = { kind = 'page', param = 'page' }").run(&["call", "x", "--paginate"]);
    // The first page showed that the path is right.
    call.code(9).says("404 to GET").hides("hint");
}

const QUERY: &str = "query($endCursor: String) { shop { products(first: 1, after: $endCursor) { nodes { id } \
                     pageInfo { hasNextPage endCursor } } } }";

#[test]
fn a_graphql_query_is_walked_by_its_variable() {
    let server = ApiServer::start(|request| {
        let sent: serde_json::Value = serde_json::from_str(body(request)).unwrap();
        assert_eq!(sent["query"], QUERY);
        let cursor = sent["variables"]["endCursor"].as_str().map_or(0, |cursor| cursor.parse::<u32>().unwrap());
        let info = format!(r#"{{"hasNextPage":{},"endCursor":"{}"}}"#, cursor < 2, cursor + 1);
        ok(format!(r#"{{"data":{{"shop":{{"products":{{"nodes":[{{"id":{cursor}}}],"pageInfo":{info}}}}}}}}}"#))
    });
    let shop = server.login("");
    let query = format!("query={QUERY}");
    let args = ["call", "graphql", "--paginate", "-f", &query];
    let call = shop.run(&[&args[..], &["-q", ".data.shop.products.nodes[].id"]].concat());
    assert_eq!(call.code(0).stdout(), "0\n1\n2\n");
    let call = shop.run(&[&args[..], &["--rows", ".data.shop.products.nodes"]].concat());
    assert_eq!(call.code(0).stdout(), "[{\"id\":0},{\"id\":1},{\"id\":2}]\n");
    let before = server.requests().len();
    shop.run(&["call", "graphql", "--paginate", "-f", "query=mutation { a { b } }"])
        .code(2)
        .says("mutation is not repeated");
    shop.run(&["call", "graphql", "--paginate", "-f", "query={ a { b } }"])
        .code(2)
        .says("no variable")
        .says("$endCursor");
    shop.run(&["call", "x", "--paginate", "-f", "a=1"]).code(2).says("only GET requests have further pages");
    assert_eq!(server.requests().len(), before, "a request that changes something is not even sent once");
}

#[test]
fn an_emulator_and_a_builtin_provider_come_to_one_array() {
    let rows: Vec<String> = (1..=21).map(|n| format!("{{\"id\":{n}}}")).collect();
    let sample = format!("[[samples]]\npath = '/x'\nscope = 'read'\nbody = '{{\"results\":[{}]}}'\n", rows.join(","));
    for paging in ["kind = 'url', path = 'links.next'", "kind = 'cursor', param = 'after', path = 'meta.next'"] {
        let sandbox = Sandbox::new();
        let api = format!("api.base = 'https://shop.example'\napi.rows = ['results']\napi.paging = {{ {paging} }}");
        let urls = "authorize.url = 'https://shop.example/a'\ntoken.url = 'https://shop.example/t'";
        sandbox.define("mine", &format!("{urls}\n{api}\n{sample}"));
        let mine = Emulated::inside(sandbox, "mine", &["--approve"]);
        let browser = mine.browser();
        mine.run(&["login", "--port", "0", "--scope", "read", "--browser", &browser]).code(0);
        let call = mine.run(&["call", "/x", "--paginate"]);
        assert_eq!(call.code(0).stdout(), format!("[{}]\n", rows.join(",")), "{paging}");
    }
    let judgeme = Emulated::start(&["--approve"]);
    let browser = judgeme.browser();
    judgeme.run(&["login", "--port", "0", "--scope", "read_reviews", "--browser", &browser]).code(0);
    let reviews = judgeme.run(&["call", "reviews?per_page=1", "--paginate"]);
    let reviews: serde_json::Value = serde_json::from_str(reviews.code(0).stdout()).unwrap();
    assert!(reviews.as_array().is_some_and(|rows| rows.len() == 2 && rows[0]["id"].is_number()), "{reviews}");
}

#[test]
fn a_method_is_where_people_put_it_and_a_slip_is_caught() {
    let server = ApiServer::always("200 OK", &[JSON], "{}");
    let shop = server.login("");
    for (args, sent) in [
        (&["DELETE", "/x"][..], "DELETE /x "),
        (&["/x", "-X", "DELETE"], "DELETE /x "),
        (&["-X", "POST", "/x"], "POST /x "),
        (&["-XPATCH", "/x", "-f", "a=1"], "PATCH /x "),
        (&["/x", "--method", "put"], "PUT /x "),
        (&["/x", "--request", "GET", "-f", "a=1"], "GET /x?a=1 "),
    ] {
        shop.run(&[&["call"], args].concat()).code(0);
        assert!(server.last().starts_with(sent), "{args:?}: {}", server.last());
    }
    let before = server.requests().len();
    shop.run(&["call", "GET"]).code(2).says("`GET` is a method, and the path is missing");
    shop.run(&["call", "DELET", "/x"]).code(2).says("did you mean `DELETE`?");
    shop.run(&["call", "/x", "-X", "PSOT"]).code(2).says("did you mean `POST`?");
    shop.run(&["call", "/x", "DELETE"]).code(2).says("`oauthctl call DELETE /x`");
    assert_eq!(server.requests().len(), before);
}

#[test]
fn a_404_says_what_was_asked_and_what_the_base_would_make_of_it() {
    let server = ApiServer::always("404 Not Found", &[JSON], r#"{"detail":"nothing here"}"#);
    let (shop, origin) = (server.login(""), server.origin());
    let call = shop.run(&["call", "/things?a=b"]);
    call.code(9).says(&format!("the API answered 404 to GET {origin}/things?a=b: nothing here"));
    call.says(&format!("`oauthctl call things?a=b`, which asks {origin}/v1/things?a=b"));
    shop.run(&["call", "v1/things"]).code(9).says(&format!("`oauthctl call things`, which asks {origin}/v1/things"));
    shop.run(&["call", "/things", "--paginate"]).code(9).says("`oauthctl call things`");
    let known = shop.run(&["call", "DELETE", "/v1/things"]);
    known.code(9).says(&format!("404 to DELETE {origin}/v1/things"));
    assert!(!known.stderr().contains("hint"), "{known}");
}
