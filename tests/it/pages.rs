//! Every page as a person meets it who reads with a screen reader, in the dark, or on a phone: axe-core finds nothing, no
//! page is wider than its screen, and the keyboard reaches every button.

use std::io::{Read, Write};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::support::lacks::lacks;
use crate::support::{Chromium, Emulated, PendingDevice, PendingLogin};

/// axe-core, as tests/axe/package-lock.json pins it.
fn axe() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pinned = std::fs::read(root.join("tests/axe/package-lock.json")).unwrap();
    let there = std::fs::read(root.join("target/axe/installed-lock.json")).ok();
    if there != Some(pinned) {
        lacks("axe-core (npm), which tests/axe/install gets");
    }
    std::fs::read_to_string(root.join("target/axe/node_modules/axe-core/axe.min.js")).unwrap()
}

/// Looks at the page that is open in each way.
#[track_caller]
fn is_accessible(chromium: &Chromium, axe: &str) {
    for (scheme, width) in [("light", 1000), ("dark", 1000), ("light", 390), ("dark", 390)] {
        chromium.look(scheme, width);
        chromium.script(axe);
        let found = chromium.script_with_callback(
            "const done = arguments[arguments.length - 1];
             axe.run(document, {resultTypes: ['violations']}).then(
                 found => done(found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary))),
                 error => done([String(error)]))",
        );
        assert_eq!(found, serde_json::json!([]), "{} {scheme} {width}: {found:#}", chromium.url());
        let title = chromium.script("return document.title");
        let name: String = title.as_str().unwrap().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        chromium.picture(&format!("{name}-{width}"));
        chromium.look(scheme, width);
        let overflow = chromium.script("return document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_i64().unwrap() <= 0, "{} is wider than {width}", chromium.url());
    }
    chromium.look("light", 1000);
}

fn begin(emulated: &Emulated, args: &[&str]) -> PendingLogin {
    PendingLogin::start(emulated.command(&[&["login", "--port", "0", "--no-browser"], args].concat()))
}

#[test]
fn axe_finds_nothing_on_the_pages_of_a_login() {
    let (axe, chromium) = (axe(), Chromium::start());
    let emulated = Emulated::provider("judgeme", &[]);
    let login = begin(&emulated, &["--scope", "read_products read_orders"]);
    let redirect: url::Url = login.sent("redirect_uri").parse().unwrap();
    for (path, title) in [("/", "Nothing to see here"), (redirect.path(), "This is not the answer to the login")] {
        chromium.open(&redirect.join(path).unwrap());
        chromium.shows(title);
        is_accessible(&chromium, &axe);
    }
    chromium.open(&login.authorize_url.join("/").unwrap());
    is_accessible(&chromium, &axe);
    chromium.open(&login.authorize_url);
    chromium.shows("asks for access to");
    is_accessible(&chromium, &axe);
    let reached = chromium.script("return [...document.querySelectorAll('button,input:not([type=hidden]):not(:disabled)')].every(e => e.tabIndex === 0)");
    assert_eq!(reached, true, "the keyboard reaches every box and button");
    chromium.click("input[value=read_orders]");
    chromium.click("button[value=approve]");
    let page = chromium.shows("You are logged in");
    for said in ["Judge.me", "judgeme", "read_products", "Asked for and not granted", "read_orders", "oauthctl call"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    is_accessible(&chromium, &axe);
    login.finish().code(0);
}

#[test]
fn a_failure_page_says_what_the_terminal_says() {
    let (axe, chromium) = (axe(), Chromium::start());
    let emulated = Emulated::provider("judgeme", &["--fault", "server-error"]);
    let login = begin(&emulated, &[]);
    chromium.open(&login.authorize_url);
    chromium.shows("asks for access to");
    chromium.click("button[value=approve]");
    let page = chromium.shows("The login did not work");
    is_accessible(&chromium, &axe);
    let output = login.finish();
    let page: String = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let causes = output.stderr().lines().filter_map(|line| line.trim().strip_prefix("caused by: "));
    let causes: Vec<_> = causes.collect();
    assert!(!causes.is_empty(), "{output}");
    for cause in causes {
        assert!(page.contains(cause), "{cause}\n{page}");
    }
}

#[test]
fn axe_finds_nothing_on_a_denial_and_on_the_device_page() {
    let (axe, chromium) = (axe(), Chromium::start());
    let emulated = Emulated::provider("judgeme", &[]);
    let login = begin(&emulated, &[]);
    chromium.open(&login.authorize_url);
    chromium.shows("asks for access to");
    chromium.click("button[value=deny]");
    let page = chromium.shows("Access was not granted");
    assert!(page.contains("What to do now") && !page.contains("access_denied"), "{page}");
    is_accessible(&chromium, &axe);
    let mut wrong = login.authorize_url.clone();
    wrong.set_query(Some("response_type=code&client_id=nobody&redirect_uri=http%3A%2F%2F127.0.0.1%2Felsewhere"));
    chromium.open(&wrong);
    is_accessible(&chromium, &axe);
    login.finish().code(5);
    let emulated = Emulated::provider("github", &[]);
    let login = begin(&emulated, &[]);
    chromium.open(&login.authorize_url.join("/emulated/device").unwrap());
    chromium.shows("Connect a device");
    is_accessible(&chromium, &axe);
}

#[test]
fn axe_finds_nothing_on_the_pages_of_a_device() {
    let (axe, chromium) = (axe(), Chromium::start());
    let emulated = Emulated::provider("github", &[]);
    let device = PendingDevice::start(emulated.command(&["login", "--device", "--json", "--scope", "repo gist"]));
    let mut wrong = device.page();
    wrong.set_query(Some("user_code=WRNG-CODE"));
    chromium.open(&wrong);
    chromium.shows("Connect a device");
    let is_reached = chromium.script(
        "return [...document.querySelectorAll('button,input:not([type=hidden]):not(:disabled)')].every(e => e.tabIndex === 0)",
    );
    assert_eq!(is_reached, true);
    chromium.click("button");
    chromium.shows("This code is not known");
    is_accessible(&chromium, &axe);
    chromium.open(&device.code("verification_uri_complete").parse().unwrap());
    chromium.shows("Connect a device");
    chromium.click("button");
    chromium.shows("asks for access to");
    is_accessible(&chromium, &axe);
    chromium.click("button[value=approve]");
    chromium.shows("The device is allowed");
    is_accessible(&chromium, &axe);
    device.finish().code(0);
}

#[test]
fn axe_finds_nothing_on_the_pages_that_nobody_should_meet() {
    let (axe, chromium) = (axe(), Chromium::start());
    let emulated = Emulated::provider("judgeme", &[]);
    let mut login = begin(&emulated, &[]);
    let redirect: url::Url = login.sent("redirect_uri").parse().unwrap();
    // A browser is kept from the names and methods that these pages are for, so it gets them from us.
    for request in [
        "GET /callback HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "DELETE /callback HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    ] {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", login.port())).unwrap();
        stream.write_all(request.replace("PORT", &login.port().to_string()).as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (_, page) = reply.split_once("\r\n\r\n").unwrap();
        chromium
            .open(&format!("data:text/html;charset=utf-8;base64,{}", BASE64_STANDARD.encode(page)).parse().unwrap());
        chromium.shows("Wrong ");
        is_accessible(&chromium, &axe);
    }
    let with = |query: &str| {
        let mut url = redirect.clone();
        url.set_query(Some(query));
        url
    };
    for (url, title) in [
        (with("code=forged"), "This is not the answer to the login"),
        (with("error=access_denied"), "This is not the answer to the login"),
        (with("code=forged&state=another"), "This is not the answer to the login"),
    ] {
        chromium.open(&url);
        chromium.shows(title);
        is_accessible(&chromium, &axe);
    }
    let mut mistyped = login.authorize_url.clone();
    let query = mistyped.query().unwrap().replace("%2Fcallback", "%2Fcallback%2F");
    mistyped.set_query(Some(&query));
    chromium.open(&mistyped);
    is_accessible(&chromium, &axe);
    chromium.open(&login.redirect(&[("code", "one"), ("code", "two")]));
    chromium.shows("This answer cannot be used");
    is_accessible(&chromium, &axe);
    assert!(login.ended().is_none() || login.finish().code(5).stderr().contains("error"));
}

#[test]
fn consent_pages_of_two_providers_differ() {
    let chromium = Chromium::start();
    let looks = ["judgeme", "storehippo"].map(|id| {
        let emulated = Emulated::provider(id, &[]);
        let login = begin(&emulated, &[]);
        chromium.open(&login.authorize_url);
        chromium.shows("asks for access to");
        let look = chromium.script(
            "const mark = document.querySelector('.mark');
             return mark.textContent + ' ' + getComputedStyle(mark).backgroundColor",
        );
        chromium.click("button[value=deny]");
        login.finish();
        look.as_str().unwrap().to_owned()
    });
    let [(a, a_color), (b, b_color)] = looks.each_ref().map(|look| look.split_once(' ').unwrap());
    assert!(a == "JM" && b == "ST" && a_color != b_color, "{looks:?}");
}
