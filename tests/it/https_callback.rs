//! The redirect over https to this machine, with OpenSSL, curl and Chromium as those who judge our certificate.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use url::Url;

use crate::support::lacks;
use crate::support::raw_server::http;
use crate::support::{Chromium, Emulated, PendingLogin, RawServer, Sandbox, http as browser};

const TOKEN: &str = "canary-of-the-token";
const URI: &str = "https://localhost:0/cb";

/// A shop whose token endpoint gives a token for every code, as often as said.
struct Shop {
    sandbox: Sandbox,
    server: RawServer,
}

impl Shop {
    fn new(logins: usize, more: &str) -> Self {
        let reply = format!(r#"{{"access_token":"{TOKEN}","token_type":"bearer"}}"#);
        let reply = || http("200 OK", &["Content-Type: application/json"], &reply);
        let server = RawServer::start((0..logins).map(|_| reply()));
        let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "secret");
        let definition = format!(
            "name = 'Shop'\nauthorize.url = 'https://shop.example/authorize'\ntoken.url = '{}/token'\n\
             api.base = 'https://shop.example/api'\n{more}\n",
            server.origin()
        );
        sandbox.define("shop", &definition);
        Self { sandbox, server }
    }

    #[track_caller]
    fn login(&self, args: &[&str]) -> PendingLogin {
        PendingLogin::start(self.sandbox.command(&[&["login", "--provider", "shop", "--no-browser"], args].concat()))
    }

    fn kept(&self, name: &str, text: &str) -> PathBuf {
        let path = self.sandbox.home().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What curl shows that trusts this certificate and no other.
    fn curl(&self, certificate: &str, url: &Url) -> String {
        let trusted = self.kept("trusted.pem", certificate);
        run(lacks::program("curl").args(["-sS", "--noproxy", "*", "--cacert"]).arg(trusted).arg(url.as_str()))
    }
}

fn answer(login: &PendingLogin) -> Url {
    let mut url: Url = login.sent("redirect_uri").parse().unwrap();
    url.query_pairs_mut().append_pair("state", &login.sent("state")).append_pair("code", "1");
    url
}

/// The certificate that the port presents, as PEM.
fn presented(login: &PendingLogin) -> String {
    let url: Url = login.sent("redirect_uri").parse().unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let said = run(lacks::program("openssl").args(["s_client", "-connect", &address]));
    let start = said.find("-----BEGIN CERTIFICATE-----").unwrap_or_else(|| panic!("{said}"));
    let end = "-----END CERTIFICATE-----\n";
    said[start..said.find(end).unwrap() + end.len()].to_owned()
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_client_that_trusts_the_certificate_brings_the_code_twice() {
    let shop = Shop::new(2, "");
    let login = shop.login(&["--redirect-uri", URI]);
    assert!(login.said().contains("The browser will warn of this machine's own certificate once"));
    let first = presented(&login);
    assert!(shop.curl(&first, &answer(&login)).contains("You are logged in"));
    login.finish().code(0);

    // The same one: a browser that was told to trust it need not ask again.
    let login = shop.login(&["--redirect-uri", URI]);
    assert_eq!(presented(&login), first);
    assert!(shop.curl(&first, &answer(&login)).contains("You are logged in"));
    login.finish().code(0);

    // Nothing on the disk has the key in clear.
    let found = Command::new("grep").args(["-rlE", "PRIVATE KEY|privateKey"]).arg(shop.sandbox.home()).output();
    assert_eq!(String::from_utf8(found.unwrap().stdout).unwrap(), "");
    let bodies = shop.server.stop();
    let port = |body: &String| body.contains("redirect_uri=https%3A%2F%2Flocalhost%3A") && body.contains("%2Fcb");
    assert!(bodies.len() == 2 && bodies.iter().all(port), "{bodies:?}");
}

#[test]
fn the_certificate_is_a_servers_for_this_host_and_soon_ends() {
    let shop = Shop::new(0, "");
    for (uri, name) in [(URI, "DNS:localhost"), ("https://127.0.0.1:0/cb", "IP Address:127.0.0.1")] {
        let certificate = shop.kept("certificate.pem", &presented(&shop.login(&["--redirect-uri", uri])));
        let openssl =
            |args: &[&str]| run(lacks::program("openssl").args(["x509", "-noout", "-in"]).arg(&certificate).args(args));
        let text = openssl(&["-text"]);
        for property in
            [name, "TLS Web Server Authentication\n", "CA:FALSE\n", "ecdsa-with-SHA256", "NIST CURVE: P-256"]
        {
            assert!(text.contains(property), "{property} in {text}");
        }
        assert_eq!(text.matches("DNS:").count() + text.matches("IP Address:").count(), 1, "one name only: {text}");
        // `notBefore=2026-11-20 00:00:00Z`
        let date = |which: &str| {
            let line = openssl(&[which, "-dateopt", "iso_8601"]);
            line.trim().split_once('=').unwrap().1.replace(' ', "T").parse::<jiff::Timestamp>().unwrap()
        };
        let (start, end) = (date("-startdate"), date("-enddate"));
        let valid = end.duration_since(start).as_hours() / 24;
        assert!((300..=398).contains(&valid), "{valid} days");
        assert!(start < jiff::Timestamp::now() && jiff::Timestamp::now() < end);
    }
}

#[test]
fn plain_http_on_the_tls_port_is_explained_on_both_sides() {
    let shop = Shop::new(1, "");
    let login = shop.login(&["--redirect-uri", URI]);
    let mut plain = answer(&login);
    plain.set_scheme("http").unwrap();
    for _ in 0..2 {
        assert!(browser::get(&plain).ends_with("This port speaks https. The address must begin with https://\n"));
    }
    assert!(shop.curl(&presented(&login), &answer(&login)).contains("You are logged in"));
    let output = login.finish();
    output.code(0).says("A browser spoke http to the port, which speaks https");
    assert_eq!(output.stderr().matches("A browser spoke").count(), 1, "once is enough: {output}");
}

#[test]
fn a_tls_hello_on_the_plain_port_is_explained() {
    let judgeme = Emulated::start(&["--approve"]);
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    let mut secure: Url = login.sent("redirect_uri").parse().unwrap();
    secure.set_scheme("https").unwrap();
    let curl = lacks::program("curl").args(["-sSk", "--noproxy", "*", secure.as_str()]).output().unwrap();
    assert!(!curl.status.success());
    let address = browser::location(&browser::get(&login.authorize_url));
    assert!(browser::get(&address).contains("You are logged in"));
    login.finish().code(0).says("A browser spoke https to the port, which speaks http");
}

#[test]
fn a_provider_that_takes_https_only_gets_it_unasked() {
    let https_only = "redirect.https_only = { value = true, source = 'https://shop.example', checked = '2026-11-20' }";
    let shop = Shop::new(1, https_only);
    let login = shop.login(&["--port", "0"]);
    assert!(login.sent("redirect_uri").starts_with("https://localhost:"), "{}", login.authorize_url);
    assert!(login.sent("redirect_uri").ends_with("/callback"), "{}", login.authorize_url);
    assert!(shop.curl(&presented(&login), &answer(&login)).contains("You are logged in"));
    login.finish().code(0);
}

#[test]
fn a_browser_that_was_told_to_go_on_ends_on_a_clean_page() {
    let shop = Shop::new(1, "");
    let login = shop.login(&["--redirect-uri", URI]);
    let chromium = Chromium::start();
    chromium.open(&answer(&login));
    chromium.shows("You are logged in");
    assert_eq!(chromium.url().as_str(), login.sent("redirect_uri"));
    login.finish().code(0);
}
