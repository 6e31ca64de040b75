//! curl, Python's requests and Node run through the proxy, to an API that speaks https with a company's own certificate.

use super::Proxied;
use crate::support::api_server::{TOKEN, body};
use crate::support::tls::TlsServer;
use crate::support::{Output, Sandbox};

/// An API over TLS that answers with the method, the target and the body, and a login there.
fn shop() -> (TlsServer, Sandbox) {
    let server = TlsServer::start(&["127.0.0.1"], |request| {
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let knows = request.lines().any(|line| line.eq_ignore_ascii_case(&format!("authorization: bearer {TOKEN}")));
        let status = if knows { "200 OK" } else { "401 Unauthorized" };
        (status, vec!["X-Shop: yes".to_owned()], format!("{method} {target} {}", body(request)).into_bytes())
    });
    let sandbox = Sandbox::new();
    let origin = format!("https://{}", server.address);
    sandbox.define(
        "mine",
        &format!("authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}/v1/'"),
    );
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], TOKEN).code(0);
    std::fs::write(sandbox.home().join("ca.pem"), &server.certificate).unwrap();
    (server, sandbox)
}

fn run(sandbox: &Sandbox, command: &[&str]) -> Output {
    let output = sandbox.run(&[&["exec", "--cacert", "ca.pem", "--proxy", "--"], command].concat());
    output.hides(TOKEN);
    output
}

const PYTHON: &str = "import os, requests
api = os.environ['OAUTHCTL_API']
with requests.Session() as session:
    for n in range(3):
        reply = session.post(f'{api}/x', params={'n': n}, data='hello', headers={'Authorization': 'Bearer none'})
        print(reply.status_code, reply.headers['X-Shop'], reply.text)";

/// Node's own `fetch` asks no proxy before its version 24; its `http` does as it is told in every version.
const NODE: &str = "const http = require('http'), proxy = new URL(process.env.OAUTHCTL_PROXY)
const ask = (path, body) => new Promise((done, fail) => http.request({
  host: proxy.hostname, port: proxy.port, method: 'POST', path: process.env.OAUTHCTL_API + path,
  headers: { Host: new URL(process.env.OAUTHCTL_API).host,
    'Proxy-Authorization': 'Basic ' + btoa(proxy.username + ':' + proxy.password) },
}, async reply => { let text = ''; for await (const part of reply) text += part; done(reply.statusCode + ' ' + text) })
  .on('error', fail).end(body))
ask('/x?n=1', 'hello').then(console.log)";

#[test]
fn curl_requests_and_node_run_through_the_proxy() {
    crate::support::lacks::needs(&["curl", "node"]);
    let (server, sandbox) = shop();
    let script = "curl -s -w ' %{http_code}' -d hello \"$OAUTHCTL_API/x?n=1\"; curl -s -o /dev/null -w ' %{http_code}' -I $OAUTHCTL_API/y";
    assert_eq!(run(&sandbox, &["sh", "-c", script]).code(0).stdout(), "POST /v1/x?n=1 hello 200 200");
    let python = run(&sandbox, &[python(), "-c", PYTHON]);
    let expected = (0..3).map(|n| format!("200 yes POST /v1/x?n={n} hello\n")).collect::<String>();
    assert_eq!(python.code(0).stdout(), expected);
    assert_eq!(run(&sandbox, &["node", "-e", NODE]).code(0).stdout(), "200 POST /v1/x?n=1 hello\n");
    // Node's `fetch` asks for a tunnel, as curl does here.
    let tunnel = "curl -s --proxytunnel -d hello \"$OAUTHCTL_API/x?n=2\" \"$OAUTHCTL_API/x?n=3\"";
    assert_eq!(run(&sandbox, &["sh", "-c", tunnel]).code(0).stdout(), "POST /v1/x?n=2 helloPOST /v1/x?n=3 hello");
    let requests = server.requests();
    assert!(requests.iter().all(|request| !request.to_ascii_lowercase().contains("proxy-auth")), "{requests:?}");
    assert!(requests.iter().all(|request| request.to_ascii_lowercase().matches("authorization:").count() == 1));
}

/// The one that has Debian's packages.
fn python() -> &'static str {
    ["/usr/bin/python3"].into_iter().find(|path| std::path::Path::new(path).exists()).unwrap_or("python3")
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_an_error_of_the_gateway() {
    let (server, sandbox) = shop();
    let proxied = Proxied::start(&sandbox, &[]);
    let reply = proxied.get(&format!("{}/x", proxied.api), "");
    assert!(reply.starts_with("HTTP/1.1 502 ") && reply.contains("cannot connect to https://127.0.0.1:"), "{reply}");
    assert!(!reply.contains(TOKEN) && server.requests().is_empty());
}

/// A setting of this machine that is wrong is told before the command begins.
#[test]
fn a_wrong_setting_ends_before_the_command_begins() {
    let (_server, sandbox) = shop();
    sandbox.run(&["exec", "--cacert", "none.pem", "--proxy", "--", "touch", "never"]).code(2).says("none.pem");
    let sandbox = sandbox.with("SSL_CERT_FILE", "/no/such/file");
    sandbox.run(&["exec", "--proxy", "--", "touch", "never"]).code(3).says("SSL_CERT_FILE");
    assert!(!sandbox.home().join("never").exists());
}
