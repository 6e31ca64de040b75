//! A provider whose secrets are all known, and which repeats them on request. With it come a browser, a credential
//! helper and a command that report when they run, and a home that uses them.
//!
//! Code, tokens and client secret are made up here. State and verifier come from `oauthctl`: the provider reads them
//! from the requests.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::api_server::{ApiServer, Reply, body, param, target};
use super::canary::{Canary, Channel, Kind, made_up, made_up_awkward};
use super::observer::Observer;
use super::replies::{granted, json, redirect};
use super::{Output, PendingLogin, Sandbox, http};

/// The wait for a browser to show its page. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The length of a secret: long enough to be found, and short enough for several to fit in one message.
const LENGTH: usize = 22;

/// A provider's answer in place of the regular one.
pub type Answer = Arc<dyn Fn(&KnownSecrets) -> Reply + Send + Sync>;

/// The newest secret of each kind.
#[derive(Clone, Default)]
pub struct KnownSecrets {
    newest: HashMap<Kind, String>,
    /// The request to answer.
    pub request: String,
    /// The secrets that it contained.
    told: HashMap<Kind, String>,
}

impl KnownSecrets {
    pub fn get(&self, kind: Kind) -> &str {
        self.newest.get(&kind).map_or("", String::as_str)
    }

    /// Marks these secrets as contained in the request.
    pub fn told(mut self, kinds: &[Kind]) -> Self {
        self.told = kinds.iter().map(|kind| (*kind, self.get(*kind).to_owned())).collect();
        self
    }

    /// Returns a server's text that repeats the secrets it was told. A message shows some two hundred characters, so
    /// there are several ways.
    pub fn repeated(&self, way: usize) -> String {
        let told = |kind: Kind| self.told.get(&kind).map_or("", String::as_str);
        let [code, secret, access, refresh] =
            [Kind::Code, Kind::ClientSecret, Kind::AccessToken, Kind::RefreshToken].map(told);
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        match way {
            0 => format!("{code} {secret} {access} {refresh}"),
            1 => format!("{} {}", told(Kind::State), told(Kind::Verifier)),
            2 => [code, secret, access, refresh].map(encoded).join("&"),
            3 => format!("Basic {}", STANDARD.encode(format!("mine:{}", encoded(secret)))),
            _ => [code, access, refresh].map(|text| STANDARD.encode(text)).join(" "),
        }
    }
}

/// The number of ways to repeat secrets.
pub const WAYS: usize = 5;

struct Shared {
    known: KnownSecrets,
    secrets: Vec<Canary>,
    answers: HashMap<&'static str, Answer>,
    issued: usize,
    /// Pages that browsers have shown.
    shown: usize,
}

/// The provider, and a home that uses it.
pub struct LeakyProvider {
    pub sandbox: Sandbox,
    pub observer: Observer,
    shared: Arc<(Mutex<Shared>, Condvar)>,
    /// The stubs, the browser's page, and the helper's secrets: outside the home, which must contain no secrets.
    outside: TempDir,
}

impl LeakyProvider {
    /// Starts a provider with a definition `mine` extended by `extra`, and registers the client.
    pub fn new(extra: &str) -> Self {
        let sandbox = Sandbox::new();
        let observer = Observer::of(sandbox.home());
        let shared = Shared {
            known: KnownSecrets::default(),
            secrets: Vec::new(),
            answers: HashMap::new(),
            issued: 0,
            shown: 0,
        };
        let shared = Arc::new((Mutex::new(shared), Condvar::new()));
        let (seen, looking) = (Arc::clone(&shared), observer.clone());
        let server = ApiServer::start(move |request| {
            looking.look();
            answer(request, &seen)
        });
        let outside = TempDir::new().unwrap();
        fs::create_dir(outside.path().join("kept")).unwrap();
        let bin = outside.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for (name, script) in [("browser", BROWSER), ("child", CHILD), ("docker-credential-canary", HELPER)] {
            fs::write(bin.join(name), script).unwrap();
            fs::set_permissions(bin.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        let path =
            std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
        let sandbox = sandbox
            .with("PATH", path.unwrap().to_str().unwrap())
            .with("CANARY_HERE", &server.origin())
            .with("CANARY_OUTSIDE", outside.path().to_str().unwrap());
        let origin = server.origin();
        sandbox.define("mine", &DEFINITION.replace("ORIGIN", &origin).replace("#EXTRA", extra));
        let this = Self { sandbox, observer, shared, outside };
        let secret = this.make(Kind::ClientSecret);
        this.run_with_stdin(&["app", "set", "mine", "--client-id", "mine", "--client-secret-stdin"], &secret).code(0);
        this
    }

    /// Runs a command, and observes it.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        self.run_with_stdin(args, "")
    }

    #[track_caller]
    pub fn run_with_stdin(&self, args: &[&str], stdin: &str) -> Output {
        self.run_command(self.sandbox.command(args), stdin)
    }

    /// Runs a command, and does not miss even a child that ends at once.
    #[track_caller]
    pub fn run_traced(&self, args: &[&str]) -> Output {
        self.observer.run_traced(self.sandbox.command(args), &self.outside.path().join("programs"))
    }

    #[track_caller]
    pub fn run_command(&self, command: Command, stdin: &str) -> Output {
        self.observer.run(command, stdin)
    }

    /// Logs in with the stub browser, until the page is complete.
    #[track_caller]
    pub fn log_in(&self, args: &[&str]) -> Output {
        let before = self.shared.0.lock().unwrap().shown;
        let login = ["login", "--provider", "mine", "--port", "0", "--browser", "browser --new-window"];
        let output = self.run(&[&login, args].concat());
        let (shared, changed) = &*self.shared;
        let shown = changed.wait_timeout_while(shared.lock().unwrap(), PATIENCE, |shared| shared.shown == before);
        assert!(!shown.unwrap().1.timed_out(), "the browser showed no page\n{output}");
        let read = |name: &str| fs::read_to_string(self.outside.path().join(name)).unwrap_or_default();
        // The heads before the last one are the provider's redirects.
        let heads = read("head");
        let last = heads.trim_end().rsplit("\r\n\r\n").next().unwrap_or_default();
        self.observer.see(Channel::Page, &args.join(" "), "page", format!("{last}\r\n\r\n{}", read("body")).as_bytes());
        output
    }

    /// Logs in with the redirects performed by the test, in `between`.
    #[track_caller]
    pub fn log_in_by_hand(&self, args: &[&str], between: impl FnOnce(&PendingLogin)) -> Output {
        let mut command =
            self.sandbox.command(&[&["login", "--provider", "mine", "--port", "0", "--no-browser"], args].concat());
        let watched = self.observer.prepare(&mut command);
        let pending = PendingLogin::start(command);
        let watch = self.observer.watch(&watched, pending.process_id());
        self.learn(Kind::State, &pending.sent("state"));
        between(&pending);
        let output = pending.finish();
        drop(watch);
        self.observer.printed(&watched.name, output.stdout().as_bytes(), output.stderr().as_bytes());
        output
    }

    /// Requests the redirect URI as the browser would, and records the whole reply.
    pub fn visit(&self, pending: &PendingLogin, params: &[(&str, &str)]) {
        let page = pending.come_back(params);
        self.observer.see(Channel::Page, "login", "page", page.as_bytes());
    }

    /// Requests the redirect URI with only these parameters.
    pub fn stray(&self, pending: &PendingLogin, params: &[(&str, &str)]) {
        let mut url = Url::parse(&pending.sent("redirect_uri")).unwrap();
        url.query_pairs_mut().extend_pairs(params);
        self.observer.see(Channel::Page, "login", "page", http::get(&url).as_bytes());
    }

    /// Follows the consent to the page, and posts a fragment as our page's script does.
    pub fn consent(&self, pending: &PendingLogin) {
        self.observer.see(Channel::Page, "login", "page", http::follow(&pending.authorize_url).as_bytes());
    }

    /// Sets the provider's answer to requests whose path begins with this.
    pub fn answers(&self, path: &'static str, answer: impl Fn(&KnownSecrets) -> Reply + Send + Sync + 'static) {
        self.shared.0.lock().unwrap().answers.insert(path, Arc::new(answer));
    }

    /// Makes the provider answer regularly again.
    pub fn behave(&self) {
        self.shared.0.lock().unwrap().answers.clear();
    }

    /// Creates a new secret of this kind.
    pub fn make(&self, kind: Kind) -> String {
        self.shared.0.lock().unwrap().make(kind)
    }

    /// Adds a secret that `oauthctl` has generated.
    pub fn learn(&self, kind: Kind, text: &str) {
        self.shared.0.lock().unwrap().learn(kind, text.as_bytes());
    }

    /// Adds the key in a key file: the text and the bytes it encodes.
    pub fn learn_key(&self, text: &str) {
        let mut shared = self.shared.0.lock().unwrap();
        shared.learn(Kind::StoreKey, text.trim().as_bytes());
        shared.learn(Kind::StoreKey, &STANDARD.decode(text.trim()).unwrap());
    }

    pub fn known(&self, kind: Kind) -> String {
        self.shared.0.lock().unwrap().known.get(kind).to_owned()
    }

    pub fn all(&self) -> KnownSecrets {
        self.shared.0.lock().unwrap().known.clone()
    }

    pub fn secrets(&self) -> Vec<Canary> {
        self.shared.0.lock().unwrap().secrets.clone()
    }

    /// Returns the folder of the credential helper's secrets.
    pub fn kept(&self) -> PathBuf {
        self.outside.path().join("kept")
    }
}

impl Shared {
    fn make(&mut self, kind: Kind) -> String {
        self.issued += 1;
        // Lowercase only, as in host names; and then characters that formats escape.
        let text = if self.issued.is_multiple_of(2) { made_up(LENGTH) } else { made_up_awkward(LENGTH) };
        self.learn(kind, text.as_bytes());
        text
    }

    fn learn(&mut self, kind: Kind, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.known.newest.insert(kind, text.to_owned());
        }
        let canary = Canary { kind, bytes: bytes.to_owned() };
        if !self.secrets.contains(&canary) {
            self.secrets.push(canary);
        }
    }
}

fn answer(request: &str, shared: &(Mutex<Shared>, Condvar)) -> Reply {
    let (shared, changed) = shared;
    let mut shared = shared.lock().unwrap();
    let path = target(request).split('?').next().unwrap_or_default().to_owned();
    let form: HashMap<String, String> =
        url::form_urlencoded::parse(body(request).as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    if path == "/authorize" {
        shared.learn(Kind::State, param(request, "state").unwrap_or_default().as_bytes());
        shared.make(Kind::Code);
        shared.make(Kind::AccessToken);
    }
    for (name, kind) in [("code_verifier", Kind::Verifier), ("client_secret", Kind::ClientSecret)] {
        shared.learn(kind, form.get(name).map(String::as_bytes).unwrap_or_default());
    }
    if path == "/token" {
        shared.make(Kind::AccessToken);
        shared.make(Kind::RefreshToken);
    }
    shared.known.request = request.to_owned();
    let sent = readable(request, &form);
    let texts =
        shared.secrets.iter().filter_map(|canary| Some((canary.kind, String::from_utf8(canary.bytes.clone()).ok()?)));
    shared.known.told = texts.filter(|(_, text)| sent.contains(text.as_str())).collect();
    if path == "/shown" {
        shared.shown += 1;
        changed.notify_all();
    }
    // `/learn/state` and so on: secrets that a stub reports.
    let kinds = [
        ("client_secret", Kind::ClientSecret),
        ("access_token", Kind::AccessToken),
        ("state", Kind::State),
        ("proxy", Kind::ProxyPassword),
    ];
    if let Some((_, kind)) =
        path.strip_prefix("/learn/").and_then(|name| kinds.iter().find(|(known, _)| *known == name))
    {
        shared.learn(*kind, body(request).trim().as_bytes());
    }
    let known = shared.known.clone();
    let other = shared.answers.iter().find(|(start, _)| path.starts_with(*start)).map(|(_, answer)| Arc::clone(answer));
    // The answer may block.
    drop(shared);
    if let Some(answer) = other {
        return answer(&known);
    }
    let known = &known;
    match path.as_str() {
        "/authorize" => redirect(known, &[]),
        "/token" => json(200, &granted(known)),
        "/introspect" => json(200, &serde_json::json!({"active": true, "scope": "read"})),
        path if path.starts_with("/api") => json(200, &serde_json::json!({"things": []})),
        _ => ("200 OK", Vec::new(), Vec::new()),
    }
}

/// Decodes everything that is encoded in a request.
fn readable(request: &str, form: &HashMap<String, String>) -> String {
    let basic =
        request.lines().find_map(|line| line.split_once("asic ")).and_then(|(_, text)| STANDARD.decode(text).ok());
    let basic = percent_decode(&basic.unwrap_or_default());
    let json: HashMap<String, serde_json::Value> = serde_json::from_str(body(request)).unwrap_or_default();
    let json = json.values().filter_map(|value| value.as_str()).collect::<Vec<_>>().join("\n");
    let target = percent_decode(target(request).as_bytes());
    format!("{request}\n{basic}\n{json}\n{target}\n{}", form.values().cloned().collect::<Vec<_>>().join("\n"))
}

fn percent_decode(bytes: &[u8]) -> String {
    // A pair's name is decoded like its value.
    let pairs = bytes.split(|byte| b"&=?:".contains(byte)).flat_map(url::form_urlencoded::parse);
    pairs.map(|(text, _)| text.into_owned()).collect::<Vec<_>>().join("\n")
}

const DEFINITION: &str = r#"
name = "Mine"
authorize.url = "ORIGIN/authorize"
token.url = "ORIGIN/token"
revoke.url = "ORIGIN/revoke"
introspect.url = "ORIGIN/introspect"
api.base = "ORIGIN/api"
api.example = "/api/things"
api.token = [{ in = "bearer" }, { in = "header", name = "X-Api-Token" }, { in = "query", name = "api_token" }, { in = "body", name = "api_token" }]
scope.default = ["read"]
#EXTRA

[[scope.known]]
name = "read"
probe = { path = "things" }

[[scope.known]]
name = "write"
probe = { path = "other" }

[[samples]]
path = "/api/things"
body = '{"things": []}'
"#;

/// Reports that it runs, follows every redirect, and reports that the page is complete.
const BROWSER: &str = r#"#!/bin/sh
for url; do :; done
printf %s "$url" | sed -n 's/.*[?&]state=\([^&]*\).*/\1/p' | curl -s -o /dev/null --data-binary @- "$CANARY_HERE/learn/state"
curl -s -L -D "$CANARY_OUTSIDE/head" -o "$CANARY_OUTSIDE/body" "$url"
curl -s -o /dev/null "$CANARY_HERE/shown"
"#;

/// A command for `exec`, and for `emulate`.
const CHILD: &str = r#"#!/bin/sh
curl -s -o /dev/null "$CANARY_HERE/runs"
"#;

/// One file for each account.
const HELPER: &str = r#"#!/bin/sh
curl -s -o /dev/null "$CANARY_HERE/helps"
kept="$CANARY_OUTSIDE/kept"
cat >"$kept/input"
file=$kept/$(sed -n 's,.*https://oauthctl.invalid/\([a-z0-9/._-]*\).*,\1,p' "$kept/input" | head -1 | tr / :)
case $1 in
  store) mv "$kept/input" "$file" ;;
  get) if [ -e "$kept/fails" ]; then cat "$kept/fails"; exit 1; fi
    if [ -e "$file" ]; then cat "$file"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
  erase) rm "$file" ;;
esac
"#;
