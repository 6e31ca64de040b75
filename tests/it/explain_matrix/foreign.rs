//! Ways to break a flow at servers that nobody here wrote.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use url::Url;

use super::{Way, failed, way};
use crate::support::emulated::MINE;
use crate::support::faketime::SettableClock;
use crate::support::lacks;
use crate::support::{OidcProvider, PendingDevice, PendingLogin, Person, Sandbox, http};

const BASIC: &str = "token.auth = 'basic'";
const OFFLINE: &str = "token.auth = 'basic'\nauthorize.params = { prompt = 'consent' }";

pub fn ways() -> Vec<Way> {
    let oidc = "oidc-provider";
    let mut all = vec![
        way(oidc, "a redirect URI with another path", "nothing_came", || {
            page(BASIC, "http://127.0.0.1:0/elsewhere", "web app:1")
        }),
        way(oidc, "a redirect URI with another host", "nothing_came", || {
            page(BASIC, "http://localhost:0/callback", "web app:1")
        }),
        way(oidc, "an unknown client id, in the browser", "nothing_came", || {
            page(BASIC, "http://127.0.0.1:0/callback", "nobody")
        }),
        way(oidc, "a pushed request with an unregistered redirect URI", "redirect_uri_refused", || {
            pushed(acme("pushing", &par()), &["--redirect-uri", "http://127.0.0.1:0/elsewhere"])
        }),
        way(oidc, "a pushed request with a wrong secret", "secret_wrong", || pushed(wrong("pushing", &par()), &[])),
        way(oidc, "a wrong secret in a Basic header", "secret_wrong", || approved(wrong("web app:1", BASIC), "read")),
        way(oidc, "a wrong secret in the body", "secret_wrong", || {
            approved(wrong("body", "token.auth = 'body'"), "read")
        }),
        way(oidc, "the secret in the body, where it belongs in the header", "secret_in_wrong_place", || {
            approved(acme("web app:1", "token.auth = 'body'"), "read")
        }),
        way(oidc, "the secret in the header, where it belongs in the body", "secret_in_wrong_place", || {
            approved(acme("body", BASIC), "read")
        }),
        way(oidc, "no secret of a client that has one", "secret_missing", || {
            approved(acme("web app:1", "token.auth = 'none'"), "read")
        }),
        way(oidc, "no PKCE", "pkce_required", || {
            turned_away(acme("web app:1", &format!("{BASIC}\nauthorize.pkce = 'off'")), "read")
        }),
        way(oidc, "a code that was over when it arrived", "code_refused", || approved(acme("late", BASIC), "read")),
        way(oidc, "a code that the server did not issue", "code_refused", || {
            changed(|params| set(params, "code", "made-up"))
        }),
        way(oidc, "a scope that the client may not have", "scope_not_allowed", || {
            turned_away(acme("reader", BASIC), "read write")
        }),
        way(oidc, "a required scope that is not granted", "scope_granted_less", || {
            let login =
                begin(&acme("web app:1", BASIC), &["--scope", "read unheard-of", "--require-scopes", "unheard-of"]);
            http::get(&Person::approves(&login.1));
            finish(login)
        }),
        way(oidc, "an answer of another issuer", "wrong_issuer", || {
            changed(|params| set(params, "iss", "https://other.example"))
        }),
        way(oidc, "an answer without the issuer", "issuer_missing", || {
            changed(|params| params.retain(|(name, _)| name != "iss"))
        }),
        way(oidc, "a signed answer (JARM)", "signed_answer", || {
            approved(acme("public", "token.auth = 'none'\nauthorize.params = { response_mode = 'query.jwt' }"), "read")
        }),
        way(oidc, "a request that should have been pushed", "pushed_request_required", || {
            turned_away(acme("pushing", &par()), "read")
        }),
        way(oidc, "a resource that does not exist", "resource_refused", || {
            turned_away(
                acme("web app:1", &format!("{BASIC}\nauthorize.params = {{ resource = 'https://unknown.example' }}")),
                "read",
            )
        }),
        way(oidc, "a person who declines", "denied", || {
            let login = begin(&acme("web app:1", BASIC), &["--scope", "read"]);
            http::get(&Person::declines(&login.1));
            finish(login)
        }),
        way(oidc, "prompt=none without a session", "interaction_required", || {
            turned_away(acme("web app:1", &format!("{BASIC}\nauthorize.params = {{ prompt = 'none' }}")), "read")
        }),
        way(oidc, "a response type that the server does not have", "response_type_not_allowed", || {
            let offered = format!("{BASIC}\ngrants = ['authorization-code', 'implicit']");
            let begun = begin(&acme("web app:1", &offered), &["--scope", "read", "--grant", "implicit"]);
            let landing = Person::default().open(&begun.1.authorize_url).left();
            http::post_address(&landing);
            finish(begun)
        }),
        way(oidc, "a client whose tokens are bound to a key, which it does not say", "code_refused", || {
            approved(acme("bound", "token.auth = 'none'"), "read")
        }),
        way(oidc, "a client that has to sign its request", "request_object_required", || {
            turned_away(acme("signing", "token.auth = 'none'"), "read")
        }),
        way(oidc, "client credentials of a client without that grant", "grant_not_allowed", || {
            ran(
                acme("web app:1", &format!("{BASIC}\ngrants = ['client-credentials']")),
                &["token", "--provider", "acme", "--scope", "read"],
            )
        }),
        way(oidc, "a device login of a client without that grant", "grant_not_allowed", || {
            ran(acme("web app:1", &device(BASIC)), &["login", "acme", "--device"])
        }),
        way(oidc, "a device login with a wrong secret", "secret_wrong", || {
            ran(wrong("printer", &device(BASIC)), &["login", "acme", "--device"])
        }),
        way(oidc, "a device code that was over at once", "device_code_expired", || {
            let sandbox = acme("late television", &device("token.auth = 'none'"));
            let waiting = PendingDevice::start(sandbox.command(&["login", "--provider", "acme", "--device", "--json"]));
            failed(&waiting.finish());
            Some(sandbox)
        }),
        way(oidc, "a person who aborts a device login", "denied", || {
            let sandbox = acme("television", &device("token.auth = 'none'"));
            let waiting = PendingDevice::start(sandbox.command(&[
                "login",
                "--provider",
                "acme",
                "--device",
                "--json",
                "--scope",
                "read",
            ]));
            Person::aborts(&waiting.code("verification_uri_complete").parse().unwrap());
            failed(&waiting.finish());
            Some(sandbox)
        }),
        way(oidc, "a refresh token that was spent by a copy", "refresh_token_ended", spent),
        way(oidc, "a refresh with a wrong secret", "secret_wrong", || {
            let sandbox = logged_in("web app:1", OFFLINE, "offline_access")?;
            ran(sandbox.without("").with("OAUTHCTL_CLIENT_SECRET", "not-the-secret"), &["refresh"])
        }),
        way(oidc, "a token that was revoked elsewhere", "token_rejected", revoked),
        way(oidc, "a token without the scope of the API", "scope_missing", || {
            ran(logged_in("web app:1", BASIC, "read")?, &["call", "/me"])
        }),
        way(oidc, "a token for another API", "token_for_another_audience", || {
            let target = format!(
                "{BASIC}\nauthorize.params = {{ resource = 'https://jwt.example' }}\ntoken.params = {{ resource = 'https://jwt.example' }}"
            );
            ran(logged_in("web app:1", &target, "read")?, &["call", "/me"])
        }),
        way("python3", "a web server at the token endpoint", "endpoint_not_there", || at(&python()?.0, &[])),
        way("kernel", "a port at which nothing listens", "no_listener", || {
            at(&format!("https://127.0.0.1:{}", closed()), &[])
        }),
        way("resolver", "a name that does not exist", "name_not_found", || at("https://no-such-host.invalid", &[])),
    ];
    all.extend([
        way("faketime", "a clock that is ten minutes slow", "clock_skew", || skewed("-10m")),
        way("faketime", "a clock that is three hours fast", "clock_skew", || skewed("+3h")),
        way("openssl", "a certificate of an unknown authority", "tls_authority", || tls("127.0.0.1", &[], false, None)),
        way("openssl", "a certificate for another name", "tls_name", || tls("other.example", &[], true, None)),
        way("openssl", "a certificate that has expired", "tls_date", || {
            tls("127.0.0.1", &[], true, Some("2020-01-01"))
        }),
        way("openssl", "a server that wants a certificate of the client", "tls_client_certificate", || {
            tls("127.0.0.1", &["-Verify", "1"], true, None)
        }),
        way("openssl", "a server with TLS 1.1 only", "tls_broken", || {
            tls("127.0.0.1", &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], true, None)
        }),
        way("tinyproxy", "a proxy that wants a password", "proxy_refuses", || proxied("BasicAuth me made-up\n")),
        way("tinyproxy", "a proxy that forbids the port", "proxy_refuses", || proxied("ConnectPort 9\n")),
        way("tinyproxy", "a proxy that is not there", "proxy_unreachable", || {
            at_through("https://as.example", &format!("http://127.0.0.1:{}", closed()))
        }),
    ]);
    all
}

fn acme(client: &str, more: &str) -> Sandbox {
    OidcProvider::running().sandbox(client, more)
}

fn wrong(client: &str, more: &str) -> Sandbox {
    acme(client, more).with("OAUTHCTL_CLIENT_SECRET", "not-the-secret")
}

fn par() -> String {
    format!("{BASIC}\npar.url = '{}/request'", OidcProvider::running().issuer())
}

fn device(auth: &str) -> String {
    format!("{auth}\ndevice.url = '{}/device/auth'", OidcProvider::running().issuer())
}

type Begun = (Sandbox, PendingLogin);

#[track_caller]
fn begin(sandbox: &Sandbox, more: &[&str]) -> Begun {
    let port: &[&str] = if more.contains(&"--redirect-uri") { &[] } else { &["--port", "0"] };
    let login = [&["login", "--provider", "acme", "--no-browser"], port, more].concat();
    (sandbox.clone(), PendingLogin::start(sandbox.command(&login)))
}

#[track_caller]
fn finish((sandbox, login): Begun) -> Option<Sandbox> {
    failed(&login.finish());
    Some(sandbox)
}

#[track_caller]
fn ran(sandbox: Sandbox, args: &[&str]) -> Option<Sandbox> {
    failed(&sandbox.run(args));
    Some(sandbox)
}

/// The server shows an error on its own page, and the login waits in vain.
fn page(more: &str, uri: &str, client: &str) -> Option<Sandbox> {
    let sandbox = acme("web app:1", more);
    let sandbox = if client == "nobody" { sandbox.with("OAUTHCTL_CLIENT_ID", client) } else { sandbox };
    let begun = begin(&sandbox, &["--timeout", "1s", "--redirect-uri", uri]);
    Person::default().open(&begun.1.authorize_url).page();
    finish(begun)
}

fn pushed(sandbox: Sandbox, more: &[&str]) -> Option<Sandbox> {
    let uri: &[&str] = if more.is_empty() { &["--port", "0"] } else { more };
    ran(sandbox, &[&["login", "--provider", "acme", "--no-browser", "--par"], uri].concat())
}

/// A person approves, and the exchange fails.
fn approved(sandbox: Sandbox, scope: &str) -> Option<Sandbox> {
    let begun = begin(&sandbox, &["--scope", scope]);
    http::get(&Person::approves(&begun.1));
    finish(begun)
}

/// The server sends the browser back before it asks anybody.
fn turned_away(sandbox: Sandbox, scope: &str) -> Option<Sandbox> {
    let begun = begin(&sandbox, &["--scope", scope]);
    let landing = Person::default().open(&begun.1.authorize_url).left();
    if landing.fragment().is_some() {
        http::post_address(&landing)
    } else {
        http::get(&landing)
    };
    finish(begun)
}

fn set(params: &mut [(String, String)], name: &str, value: &str) {
    params.iter_mut().filter(|(known, _)| known == name).for_each(|(_, old)| value.clone_into(old));
}

/// An answer that is changed on its way.
fn changed(change: impl Fn(&mut Vec<(String, String)>)) -> Option<Sandbox> {
    let begun = begin(&acme("web app:1", BASIC), &["--scope", "read"]);
    let mut landing: Url = Person::approves(&begun.1);
    let mut params: Vec<(String, String)> = landing.query_pairs().into_owned().collect();
    change(&mut params);
    landing.query_pairs_mut().clear().extend_pairs(params);
    http::get(&landing);
    finish(begun)
}

fn logged_in(client: &str, more: &str, scope: &str) -> Option<Sandbox> {
    let sandbox = acme(client, more);
    let (_, login) = begin(&sandbox, &["--scope", scope]);
    http::get(&Person::approves(&login));
    login.finish().code(0);
    Some(sandbox)
}

fn spent() -> Option<Sandbox> {
    let sandbox = logged_in("web app:1", OFFLINE, "offline_access")?;
    let store = sandbox.home().join(".local/share/oauthctl");
    let files = [store.join("store/login/acme.sealed"), store.join("logins.json")];
    let copies = files.clone().map(|file| std::fs::read(file).unwrap());
    sandbox.run(&["refresh"]).code(0);
    files.iter().zip(copies).for_each(|(file, copy)| std::fs::write(file, copy).unwrap());
    ran(sandbox, &["refresh"])
}

fn revoked() -> Option<Sandbox> {
    let sandbox = logged_in("body", "token.auth = 'body'", "openid read")?;
    let token = sandbox.run(&["token"]).code(0).stdout().trim().to_owned();
    let fields = [
        ("token", token.as_str()),
        ("client_id", "body"),
        ("client_secret", &sandbox.variable("OAUTHCTL_CLIENT_SECRET")),
    ];
    let reply = http::post_form(&OidcProvider::running().endpoint("/token/revocation"), &fields);
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    ran(sandbox, &["call", "/me"])
}

/// A login whose code is exchanged at this server, which is not one of OAuth.
#[track_caller]
fn at(origin: &str, more: &[&str]) -> Option<Sandbox> {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    exchange(sandbox, origin, more)
}

#[track_caller]
fn exchange(sandbox: Sandbox, origin: &str, more: &[&str]) -> Option<Sandbox> {
    sandbox.define("mine", &MINE.replace("https://mine.example", origin));
    let login = [&["login", "--provider", "mine", "--port", "0", "--no-browser"], more].concat();
    let login = PendingLogin::start(sandbox.command(&login));
    login.come_back(&[("code", "made-up-code")]);
    failed(&login.finish());
    Some(sandbox)
}

/// A program that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a program listens.
fn listening(port: u16, child: &mut Child) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "the server has ended");
        std::thread::yield_now();
    }
}

/// A port at which nothing listens now.
fn closed() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn start(command: &mut Command, port: u16) -> Running {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    listening(port, &mut child);
    Running(child)
}

fn python() -> Option<(String, Running)> {
    let (port, folder) = (closed(), std::env::temp_dir().join("oauthctl-no-such-site"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = lacks::program("python3");
    command.args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory"]).arg(folder);
    let running = start(&mut command, port);
    // It ends with the process of the tests.
    Some((format!("http://127.0.0.1:{port}"), running))
}

fn skewed(offset: &str) -> Option<Sandbox> {
    let issuer = OidcProvider::running().issuer();
    let keys = format!("{BASIC}\nopenid.jwks_url = '{issuer}/jwks'");
    let (clock, sandbox) = SettableClock::new(acme("web app:1", &keys));
    clock.set(offset);
    approved(sandbox, "openid read")
}

/// `openssl s_server` with a certificate of its own.
fn tls(name: &str, options: &[&str], is_trusted: bool, made: Option<&str>) -> Option<Sandbox> {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    let (key, certificate) = (sandbox.home().join("key.pem"), sandbox.home().join("cert.pem"));
    let kind = if name.starts_with(|c: char| c.is_ascii_digit()) { "IP" } else { "DNS" };
    let san = format!("subjectAltName={kind}:{name}");
    let request =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=made-up", "-addext", &san];
    let mut openssl = match made {
        None => lacks::program("openssl"),
        Some(day) => {
            let mut faketime = lacks::program("faketime");
            faketime.args([day, "openssl"]);
            faketime
        }
    };
    openssl
        .args(request)
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    assert!(openssl.stderr(Stdio::null()).status().unwrap().success());
    let port = closed();
    let mut server = lacks::program("openssl");
    server
        .args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-key"])
        .arg(&key)
        .arg("-cert")
        .arg(&certificate);
    let _running = start(server.args(options), port);
    let file = certificate.to_str().unwrap().to_owned();
    let more: &[&str] = if is_trusted { &["--cacert", &file] } else { &[] };
    exchange(sandbox, &format!("https://127.0.0.1:{port}"), more)
}

fn at_through(origin: &str, proxy: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    exchange(sandbox.with("https_proxy", proxy), origin, &[])
}

fn proxied(rule: &str) -> Option<Sandbox> {
    let (port, folder) = (closed(), tempfile::TempDir::new().unwrap());
    let settings = folder.path().join("tinyproxy.conf");
    std::fs::write(&settings, format!("Port {port}\nListen 127.0.0.1\nTimeout 5\nMaxClients 5\n{rule}")).unwrap();
    let mut command = lacks::program("tinyproxy");
    command.arg("-d").arg("-c").arg(&settings);
    let _running = start(&mut command, port);
    at_through("https://as.example", &format!("http://127.0.0.1:{port}"))
}
