//! F-20 to F-31: what comes to the port in place of the redirect, beside it and after it, and what keeps it away.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use url::{Position, Url};

use crate::support::lacks::{self, needs};
use crate::support::namespace::{self, Own};
use crate::support::process::{process_state, send_signal, until};
use crate::support::raw_server::{Script, http};
use crate::support::{Emulated, Output, PendingLogin, RawServer, Sandbox, TerminalSession, http as browser};

const CODE: &str = "canary-of-the-code";

/// A provider whose token endpoint plays these scripts.
struct Shop {
    sandbox: Sandbox,
    server: RawServer,
}

impl Shop {
    fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::with(scripts, "")
    }

    /// The same with further keys in its definition.
    fn with(scripts: impl IntoIterator<Item = Script>, more: &str) -> Self {
        let server = RawServer::start(scripts);
        let origin = server.origin();
        let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
        sandbox.define(
            "shop",
            &format!(
                "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}'\n{more}"
            ),
        );
        Self { sandbox, server }
    }

    fn command(&self, args: &[&str]) -> Command {
        self.sandbox.command(&[&["login", "--provider", "shop", "--port", "0"], args].concat())
    }

    #[track_caller]
    fn login(&self, args: &[&str]) -> PendingLogin {
        PendingLogin::start(self.command(&[&["--no-browser"], args].concat()))
    }
}

fn a_token() -> Script {
    http("200 OK", &["Content-Type: application/json"], r#"{"access_token":"made-up","token_type":"bearer"}"#)
}

/// Sends these bytes, and gives what comes back until the end.
fn say(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // Who is not answered within a minute never is.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

fn request(method: &str, url: &Url) -> Vec<u8> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    format!("{method} {} HTTP/1.1\r\nHost: {host}\r\n\r\n", &url[Position::BeforePath..]).into_bytes()
}

#[track_caller]
fn is_closed(port: u16) {
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "port {port} is open");
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}

/// A login with a second redirect during the exchange of the first one's code: both pages, and how it ended.
fn redirected_twice(second: &[(&str, &str)]) -> (String, String, Output) {
    let ((asked, is_asked), (go, may_go)) = (channel(), channel());
    let held = move |stream| {
        asked.send(()).unwrap();
        let _ = may_go.recv();
        a_token()(stream);
    };
    let shop = Shop::new([Box::new(held) as Script]);
    let login = shop.login(&["--verbose"]);
    let (first, second) = (login.redirect(&[("code", CODE)]), login.redirect(second));
    let first_tab = std::thread::spawn(move || browser::get(&first));
    is_asked.recv().unwrap();
    let mut second_tab = TcpStream::connect(("127.0.0.1", login.port())).unwrap();
    second_tab.write_all(&request("GET", &second)).unwrap();
    // What is no request is answered by the reader itself, so the second redirect has been read by then.
    assert!(say(login.port(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").starts_with("HTTP/1.1 400"));
    go.send(()).unwrap();
    let mut page = String::new();
    second_tab.read_to_string(&mut page).unwrap();
    let first_page = first_tab.join().unwrap();
    let output = login.finish();
    let requests = shop.server.stop();
    assert!(matches!(&requests[..], [one] if one.contains(CODE)), "{requests:?}");
    (first_page, page, output)
}

#[test]
fn a_repeated_redirect_has_one_exchange_and_the_same_page() {
    let (first, second, output) = redirected_twice(&[("code", CODE)]);
    output.code(0).hides("came to the redirect URI after the answer");
    assert!(first.contains("You are logged in"), "{first}");
    assert_eq!(second, first);
}

#[test]
fn a_second_code_is_ignored_and_counted() {
    let (first, second, output) = redirected_twice(&[("code", "another-code")]);
    output.code(0).says("1 other request came to the redirect URI after the answer, and changed nothing.");
    output.hides("another-code");
    assert!(first.contains("You are logged in"), "{first}");
    assert!(second.contains("Nothing to see here"), "{second}");
}

#[test]
fn an_unproven_answer_is_told_once_per_kind_and_changes_nothing() {
    let shop = Shop::new([a_token()]);
    let login = shop.login(&[]);
    let mut forged = login.redirect(&[]);
    for (query, on_the_page) in [
        ("error=access_denied", "press Ctrl-C in the terminal"),
        ("error=server_error", "press Ctrl-C in the terminal"),
        ("error=server_error&state=made-up", "perhaps of an earlier try"),
        ("error=call+0900&state=", "perhaps of an earlier try"),
        ("code=forged", "anybody could have made it"),
        ("code=forged&state=made-up", "perhaps of an earlier try"),
        ("response=a.b.c.d.e", "anybody could have made it"),
    ] {
        forged.set_query(Some(query));
        let page = browser::get(&forged);
        assert!(page.starts_with("HTTP/1.1 404") && page.contains(on_the_page), "{query}: {page}");
        assert!(page.contains("The login is still waiting"), "{query}: {page}");
    }
    assert!(login.come_back(&[("code", CODE)]).contains("You are logged in"));
    let output = login.finish();
    for told in [
        "What came is the error `access_denied`, without a `state`; still waiting. It may not be about this login.",
        "What came is the error `server_error`, with another login's `state`; still waiting.",
        "What came is a code, without a `state`; still waiting.",
        "What came is a code, with another login's `state`; still waiting. It may be from the tab of an earlier login",
        "What came is an answer in `response` that cannot be read (JARM), without a `state`; still waiting.",
    ] {
        assert_eq!(output.code(0).stderr().matches(told).count(), 1, "{told}: {output}");
    }
    assert_eq!(output.stderr().matches("still waiting").count(), 5, "{output}");
    output.hides("forged").hides("made-up").hides("0900");
}

#[test]
fn the_end_of_the_wait_says_what_came_in_its_place() {
    let shop = Shop::new([]);
    let login = shop.login(&["--timeout", "2"]);
    let mut forged = login.redirect(&[]);
    for query in ["code=forged&state=made-up", "error=access_denied"] {
        forged.set_query(Some(query));
        browser::get(&forged);
    }
    let output = login.finish();
    output.code(6).says(
        "no answer with this login's `state` arrived within 2s; what came: a code, with another login's `state`; the error \
         `access_denied`, without a `state`",
    );
    output.says("close the tabs of earlier logins").hides("character by character");

    let silent = shop.login(&["--timeout", "1"]);
    let redirect_uri = silent.sent("redirect_uri");
    silent
        .finish()
        .code(6)
        .says("no answer arrived within 1s")
        .says(&format!("client ID mine, redirect URI {redirect_uri}"));
}

#[test]
fn a_real_error_ends_the_login_and_closes_the_port() {
    let shop = Shop::new([]);
    let login = shop.login(&["--timeout", "1h"]);
    let port = login.port();
    let page = login.come_back(&[("error", "access_denied")]);
    assert!(page.contains("Access was not granted"), "{page}");
    login.finish().code(5).says("access_denied");
    is_closed(port);
    assert_eq!(shop.server.stop(), [""; 0]);
}

#[test]
fn what_browsers_send_beside_the_redirect_changes_nothing() {
    let shop = Shop::new([a_token()]);
    let login = shop.login(&[]);
    let genuine = login.redirect(&[("code", CODE)]);
    let at = |path: &str| request("GET", &genuine.join(path).unwrap());
    let _silent = TcpStream::connect(("127.0.0.1", login.port())).unwrap();
    let mut half_said = TcpStream::connect(("127.0.0.1", login.port())).unwrap();
    half_said.write_all(b"GET /callback?code").unwrap();
    let noise = [
        (at("/favicon.ico"), "HTTP/1.1 204"),
        (at("/robots.txt"), "HTTP/1.1 404"),
        (request("HEAD", &genuine), "HTTP/1.1 405"),
        (request("OPTIONS", &genuine), "HTTP/1.1 204"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        // The first record of a handshake is answered by the end of the connection.
        (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03".to_vec(), ""),
    ];
    for _ in 0..3 {
        for (bytes, answer) in &noise {
            let heard = say(login.port(), bytes);
            assert!(heard.starts_with(answer) && heard.is_empty() == answer.is_empty(), "{answer:?}: {heard}");
        }
    }
    assert!(browser::get(&genuine).contains("You are logged in"));
    login.finish().code(0);
}

/// Sends an answer with these changes, and gives the page and how the login ended.
fn answered(method: &str, change: impl Fn(&str) -> (String, String)) -> (String, Output, String) {
    let shop = Shop::new([]);
    let login = shop.login(&["--timeout", "30"]);
    let state = login.sent("state");
    let (target, body) = change(&state);
    let head = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", login.port());
    let form = "Content-Type: application/x-www-form-urlencoded";
    let page = say(login.port(), format!("{head}{form}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    let output = login.finish();
    assert_eq!(shop.server.stop(), [""; 0], "no code is sent");
    (page, output, state)
}

#[test]
fn an_answer_that_cannot_be_used_ends_the_login_at_once() {
    let get = |change: fn(&str) -> String| answered("GET", move |state| (change(state), String::new()));
    for ((page, output, state), differs, came) in [
        (get(|s| format!("/other?code={CODE}&state={s}")), "the path differs", "/other`"),
        (
            get(|s| format!("/callback?code={CODE}&state={s}&state={s}")),
            "`state` came 2 times",
            "`code`, `state`, `state`",
        ),
        (get(|s| format!("/callback?code={CODE}&amp;state={s}")), "separated by `&amp;`", "`code`, `amp;state`"),
        (
            get(|s| format!("/callback?code={CODE}&error=access_denied&state={s}")),
            "both a code and an error",
            "`error=access_denied`",
        ),
        (get(|s| format!("/callback?code={CODE}&code=b&state={s}")), "`code` appears more than once", "`code`, `code`"),
        (
            get(|s| format!("/callback?code=two%0Alines&state={s}")),
            "characters that are not allowed",
            "`code`, `state`",
        ),
        (get(|s| format!("/callback?code={CODE}&iss=a&iss=b&state={s}")), "`iss` came 2 times", "`iss` `a`, `b`"),
        (
            answered("POST", |s| (format!("/callback?code={CODE}&state={s}"), String::new())),
            "it is a POST with the state in its address",
            "`POST`",
        ),
        (
            answered("POST", |s| ("/callback".to_owned(), format!("state={s}"))),
            "there is neither a code nor an error",
            "`state`",
        ),
    ] {
        assert!(page.starts_with("HTTP/1.1 400") && page.contains("This answer cannot be used"), "{page}");
        let shown = |text: &str| text.replace('&', "&amp;");
        assert!(page.contains(&shown(differs)) && page.contains(&shown(came)), "{differs}: {page}");
        output.code(5).says("the answer to this login came and cannot be used: ").says(differs).says(came);
        output.hides(CODE);
        // It is in the address that is opened, and nowhere else.
        assert_eq!(output.stderr().matches(&state).count(), 1, "{output}");
        assert!(!page.contains(&state) && !page.contains(CODE), "{page}");
    }
}

#[test]
fn an_answer_at_another_spelling_of_the_redirect_uri_is_taken() {
    for (host, path) in
        [("127.0.0.1", "/callback/"), ("127.0.0.1", "/CALLBACK"), ("localhost", "/callback"), ("[::1]", "/callback/")]
    {
        let shop = Shop::new([a_token()]);
        let login = shop.login(&[]);
        let target = format!("{path}?code={CODE}&state={}", login.sent("state"));
        let page =
            say(login.port(), format!("GET {target} HTTP/1.1\r\nHost: {host}:{}\r\n\r\n", login.port()).as_bytes());
        assert!(page.contains("You are logged in"), "{host}{path}: {page}");
        let redirect_uri = login.sent("redirect_uri");
        login.finish().code(0);
        // RFC 6749 §4.1.3: the one that was sent.
        let sent: String = url::form_urlencoded::byte_serialize(redirect_uri.as_bytes()).collect();
        assert!(shop.server.stop()[0].contains(&format!("redirect_uri={sent}")));
    }
}

#[test]
fn a_posted_answer_is_taken_from_its_body_alone() {
    let shop = Shop::new([a_token()]);
    let login = shop.login(&[]);
    let (port, state) = (login.port(), login.sent("state"));
    let post = |query: &str, body: &str| {
        let head = format!("POST /callback{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: null\r\n");
        let form = "Content-Type: application/x-www-form-urlencoded";
        say(port, format!("{head}{form}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    };
    assert!(post("", "code=forged&state=made-up").contains("perhaps of an earlier try"));
    assert!(post("?code=forged", &format!("code={CODE}&state={state}&iss=x")).contains("You are logged in"));
    login.finish().code(0).says("The answer names the issuer `x`, which is not compared");
    assert!(matches!(&shop.server.stop()[..], [one] if one.contains(CODE)));
}

#[test]
fn a_page_without_scripts_ends_the_login_if_the_state_came() {
    let shop = Shop::new([]);
    let login = shop.login(&["--timeout", "30"]);
    let page = login.come_back(&[]);
    assert!(page.contains("Without JavaScript, copy the whole address"), "{page}");
    let output = login.finish();
    output.code(5).says("its page is looking for one after the `#`; still waiting");
    output.says("there is neither a code nor an error; came: `state`; expected: `code` or `error`");
}

/// A login at a provider with this definition beside the rest, which is answered with these parameters.
fn answered_with(more: &str, params: &[(&str, &str)]) -> (String, Output) {
    let shop = Shop::with([a_token()], more);
    let login = shop.login(&[]);
    (login.come_back(params), login.finish())
}

#[test]
fn the_issuer_of_an_answer_is_compared_where_it_is_known() {
    let issuer = "https://as.example";
    let known = "authorize.issuer = 'https://as.example'";
    let optional = &format!("{known}\ncallback.iss = 'may-be-missing'");
    let code = ("code", CODE);
    for (more, params) in [
        (known, &[code, ("iss", issuer)][..]),
        (optional, &[code, ("iss", issuer)]),
        (optional, &[code]),
        ("", &[code]),
    ] {
        let (page, output) = answered_with(more, params);
        assert!(page.contains("You are logged in"), "{page}");
        output.code(0).hides("issuer");
    }
    for (more, params, came) in [
        (known, &[code, ("iss", "https://evil.example")][..], "came: `iss` `https://evil.example`"),
        (optional, &[code, ("iss", "https://as.example/")], "came: `iss` `https://as.example/`"),
        (known, &[code, ("iss", issuer), ("iss", issuer)], "came: `iss` `https://as.example`, `https://as.example`"),
        (known, &[code], "came: no `iss`"),
    ] {
        let (page, output) = answered_with(more, params);
        assert!(page.contains("This answer cannot be used") && page.contains("https://as.example"), "{page}");
        output.code(5).says(came).says("expected: `iss` `https://as.example`");
    }
    let (page, output) = answered_with(known, &[("error", "access_denied")]);
    assert!(page.contains("Access was not granted"), "{page}");
    output.code(5).says("access_denied");
}

#[test]
fn a_missing_state_is_allowed_only_where_pkce_is_known() {
    let shop = Shop::with((0..3).map(|_| a_token()), "authorize.pkce = 'S256'");
    let without_state = |login: &PendingLogin| {
        let mut url = login.redirect(&[]);
        url.set_query(Some(&format!("code={CODE}")));
        browser::get(&url)
    };
    let offers = "log in with `--allow-missing-state`";
    let refused = shop.login(&["--timeout", "1"]);
    assert!(without_state(&refused).contains("anybody could have made it"));
    refused.finish().code(6).says(offers).says("`--allow-missing-state` accepts that, as PKCE protects the code");

    let allowed = shop.login(&["--allow-missing-state"]);
    assert!(without_state(&allowed).contains("You are logged in"));
    allowed.finish().code(0);

    let login = shop.login(&[]);
    assert!(login.come_back(&[("code", CODE)]).contains("You are logged in"));
    login.finish().code(0);
    // It has returned one.
    let forged = shop.login(&["--allow-missing-state", "--timeout", "1"]);
    assert!(without_state(&forged).contains("anybody could have made it"));
    forged.finish().code(6).says("`--allow-missing-state` changes nothing").hides(offers);

    let unknown = Shop::new([]);
    let login = unknown.login(&["--timeout", "1"]);
    without_state(&login);
    login.finish().code(6).says("a code, without a `state`").hides("allow-missing-state");
}

#[test]
fn the_wait_counts_down_from_five_minutes() {
    let shop = Shop::new([]);
    let mut terminal = TerminalSession::start(shop.command(&["--no-browser"]));
    terminal.shows("Waiting for the redirect, 5m left. Ctrl-C stops.");
    terminal.shows("Waiting for the redirect, 4m 59s left.");
}

#[test]
fn the_end_of_the_wait_closes_the_port() {
    let shop = Shop::new([]);
    let login = shop.login(&["--timeout", "1"]);
    let port = login.port();
    login.finish().code(6).says("within 1s");
    is_closed(port);
}

/// A program for `--browser`.
fn program(shop: &Shop, name: &str, script: &str) -> PathBuf {
    let path = shop.sandbox.home().join(name);
    // Another process writes it: a fork of another test would inherit our open file, and then nobody may run it.
    let mut writer =
        Command::new("sh").args(["-c", "cat >\"$0\""]).arg(&path).stdin(std::process::Stdio::piped()).spawn().unwrap();
    writer.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[test]
fn a_browser_that_does_not_work_is_not_waited_for() {
    let shop = Shop::new((0..3).map(|_| a_token()));
    let hang = format!("echo $$ >{0}.new; mv {0}.new {0}; exec sleep 60", shop.sandbox.home().join("hangs").display());
    let browsers = [
        (shop.sandbox.home().join("not-there"), "could not be started. Open this address yourself"),
        (program(&shop, "fails", "exit 3"), "If none appears, open this address yourself"),
        (program(&shop, "hanging", &hang), "If none appears, open this address yourself"),
    ];
    for (browser, words) in browsers {
        let login = PendingLogin::start(shop.command(&["--browser", browser.to_str().unwrap()]));
        assert!(login.come_back(&[("code", CODE)]).contains("You are logged in"));
        let authorize_url = login.authorize_url.to_string();
        let output = login.finish();
        output.code(0).says(words);
        assert_eq!(output.stderr().matches(&authorize_url).count(), 1, "{output}");
    }
    // The login has ended, and the browser lives on.
    let file = shop.sandbox.home().join("hangs");
    until("the browser is up", || file.exists());
    let id = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    assert!(process_state(id).is_some_and(|state| state != 'Z'));
    send_signal(id, libc::SIGTERM);
}

#[test]
fn a_text_browser_gets_nothing_of_what_is_typed() {
    let shop = Shop::new([a_token()]);
    let file = shop.sandbox.home().join("text-browser.id");
    let browser = program(&shop, "text-browser", &format!("echo $$ >{}\nexec head -c 1 </dev/tty", file.display()));
    let mut terminal = TerminalSession::start(shop.command(&["--browser", browser.to_str().unwrap()]));
    let authorize_url = terminal.authorize_url();
    // It tries to read from the terminal, which stops it.
    until("the browser is stopped", || {
        let id = std::fs::read_to_string(&file).ok().and_then(|id| id.trim().parse().ok());
        id.and_then(process_state) == Some('T')
    });
    let sent = |name: &str| authorize_url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    terminal.types(&format!("{}?state={}&code={CODE}", sent("redirect_uri"), sent("state")));
    terminal.finish().code(0).hides(CODE);
}

#[test]
fn a_port_that_is_taken_in_one_family_is_taken() {
    let shop = Shop::new([]);
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let holder = TcpListener::bind(address).unwrap();
        let port = holder.local_addr().unwrap().port();
        let uri = format!("http://localhost:{port}/callback");
        let args = ["login", "--provider", "shop", "--redirect-uri", &uri, "--no-browser", "--timeout", "1"];
        let login = shop.sandbox.run(&args);
        let holder = std::process::id();
        login.code(8).says(&format!("port {port} is in use by `")).says(&format!("(process {holder})"));
        login.says(&format!("stop that program (`kill {holder}`)")).hides("state=");
    }
}

/// A login in a network of its own, which is made like this first. It waits for a second.
fn login_in_a_network(shop: &Shop, make: &str, redirect_uri: &str) -> Output {
    needs(&["ip"]);
    let program = env!("CARGO_BIN_EXE_oauthctl");
    let login = [program, "login", "--provider", "shop", "--no-browser", "--timeout", "1", "--redirect-uri"];
    let mut command = namespace::script(&shop.sandbox, Own::Network, &format!("{make}\nexec \"$0\" \"$@\""), &login);
    Output::new("login".to_owned(), command.arg(redirect_uri).output().unwrap())
}

#[test]
fn localhost_without_ipv6_will_do() {
    let without_ipv6 = "ip link set lo up; ip address del ::1/128 dev lo";
    let shop = Shop::new([]);
    login_in_a_network(&shop, without_ipv6, "http://localhost:0/callback").code(6).says("within 1s");
    login_in_a_network(&shop, without_ipv6, "http://[::1]:0/callback").code(8).says("cannot listen on loopback");
}

#[test]
fn where_loopback_is_closed_the_wait_ends_as_ever() {
    let shop = Shop::new([]);
    let login = login_in_a_network(&shop, "ip link set lo down", "http://127.0.0.1:0/callback");
    login.code(6).says("within 1s").says("character by character: client ID mine, redirect URI http://127.0.0.1:");
}

#[test]
fn a_sleep_and_a_clock_that_jumps_do_not_end_the_wait() {
    let preload = lacks::program("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let preload = String::from_utf8(preload.unwrap().stdout).unwrap();
    let mine = Emulated::mine(&[]);
    for jump in ["+9h", "-9h"] {
        let clock = mine.home().join("clock");
        std::fs::write(&clock, "+0").unwrap();
        let mut command = mine.command(&["login", "--port", "0", "--no-browser"]);
        command.env("LD_PRELOAD", preload.trim());
        command.env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
        // It stands still while the machine sleeps, and the process stands still here.
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let login = PendingLogin::start(command);
        let answer = browser::location(&browser::get(&login.authorize_url));
        send_signal(login.process_id(), libc::SIGSTOP);
        std::fs::write(&clock, jump).unwrap();
        // The kernel takes the browser's connections meanwhile. After the first of them the login looks at its clock.
        let ask = |url: &Url| {
            let mut tab = TcpStream::connect(("127.0.0.1", login.port())).unwrap();
            tab.write_all(&request("GET", url)).unwrap();
            tab
        };
        let (mut icon, mut tab) = (ask(&answer.join("/favicon.ico").unwrap()), ask(&answer));
        send_signal(login.process_id(), libc::SIGCONT);
        let mut page = String::new();
        icon.read_to_string(&mut page).unwrap();
        tab.read_to_string(&mut page).unwrap();
        assert!(page.contains("You are logged in"), "{page}");
        login.finish().code(0);
    }
}
