//! One HTTP request over its own connection, and the whole reply as text, head and body.

use std::io::{Read, Write};
use std::net::TcpStream;

use url::{Position, Url, form_urlencoded};

const FORM: &str = "application/x-www-form-urlencoded";

pub fn get(url: &Url) -> String {
    send(url, "GET", "", FORM, "")
}

/// Sends a GET with more headers, each with its line end.
pub fn get_with(url: &Url, headers: &str) -> String {
    send(url, "GET", headers, FORM, "")
}

pub fn post_form(url: &Url, fields: &[(&str, &str)]) -> String {
    post_form_with(url, "", fields)
}

/// Posts a form with more headers, each with its line end.
pub fn post_form_with(url: &Url, headers: &str, fields: &[(&str, &str)]) -> String {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    send(url, "POST", headers, FORM, &form)
}

/// Posts the query and the fragment of an address together, as the listener's page does.
pub fn post_address(url: &Url) -> String {
    let mut page = url.clone();
    page.set_query(None);
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    send(&page, "POST", "", "application/vnd.oauthctl.address", &format!("{query}{fragment}"))
}

/// Follows the redirects after the consent as a browser does, including our page's script, and returns the last page.
pub fn follow(url: &Url) -> String {
    let landing = location(&get(url));
    match landing.fragment() {
        None => get(&landing),
        Some(_) => {
            let page = get(&landing);
            assert!(page.contains("location.hash"), "{page}");
            post_address(&landing)
        }
    }
}

/// Returns the target of a redirect.
pub fn location(reply: &str) -> Url {
    let mut locations = headers(reply, "location").map(|value| Url::parse(value).unwrap());
    locations.next().unwrap_or_else(|| panic!("this is not a redirect: {reply}"))
}

/// Returns the values of a header.
pub fn headers<'a>(reply: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let head = reply.split("\r\n\r\n").next().unwrap_or_default();
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn send(url: &Url, method: &str, headers: &str, media_type: &str, body: &str) -> String {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let mut stream = TcpStream::connect(host).unwrap();
    let target = &url[Position::BeforePath..Position::AfterQuery];
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
         Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}
