//! A real Chromium, driven over WebDriver by Debian's `chromedriver`.
//!
//! No crate is used: WebDriver is JSON over HTTP, and the few commands that the stories need are shorter than the setup
//! of a client. `thirtyfour` and `fantoccini` are async and bring a second HTTP stack. `headless_chrome` speaks
//! Chromium's own protocol, whose types change with every version, and may download a browser.
//!
//! `SCREENSHOTS=FOLDER cargo test chromium` saves screenshots of the pages that the stories visit.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::lacks;

/// The wait for a page. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key under which WebDriver returns elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Chromium {
    http: Client,
    /// `http://127.0.0.1:PORT/session/ID`
    session: String,
    driver: Child,
    /// Kept open, so that the driver does not die of a closed pipe.
    _stdout: BufReader<ChildStdout>,
    _home: TempDir,
}

impl Chromium {
    pub fn start() -> Self {
        // reqwest is built without a TLS provider, but requires one even if no TLS is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let home = TempDir::new().unwrap();
        let (driver, stdout, port) = driver(home.path());
        let profile = home.path().join("profile");
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": {"performance": "ALL"},
            "goog:chromeOptions": {"args": arguments(&profile)},
        }}});
        let mut chromium =
            Self { http, session: format!("http://127.0.0.1:{port}/session"), driver, _stdout: stdout, _home: home };
        let id = chromium.post("", &capabilities)["sessionId"].as_str().unwrap().to_owned();
        chromium.session = format!("{}/{id}", chromium.session);
        chromium
    }

    pub fn open(&self, url: &Url) {
        self.post("/url", &json!({"url": url.as_str()}));
    }

    pub fn back(&self) {
        self.post("/back", &json!({}));
    }

    /// Returns the URL in the address bar.
    pub fn url(&self) -> Url {
        self.get("/url").as_str().unwrap().parse().unwrap()
    }

    pub fn source(&self) -> String {
        self.get("/source").as_str().unwrap().to_owned()
    }

    /// Returns the visible text of the page.
    pub fn text(&self) -> String {
        self.script("return document.body ? document.body.innerText : ''").as_str().unwrap().to_owned()
    }

    /// Waits until the page shows this text, and returns all of its text.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let shown = self.text();
            if shown.contains(text) {
                return shown;
            }
            assert!(Instant::now() < end, "{} should show {text:?} and shows:\n{shown}", self.url());
        }
    }

    /// Runs a function body in the page.
    pub fn script(&self, body: &str) -> Value {
        self.post("/execute/sync", &json!({"script": body, "args": []}))
    }

    /// Runs a function body in the page whose last argument takes the result.
    pub fn script_with_callback(&self, body: &str) -> Value {
        self.post("/execute/async", &json!({"script": body, "args": []}))
    }

    /// Shows the page in a color scheme, as wide as a screen or a phone.
    pub fn look(&self, scheme: &str, width: u32) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
        let metrics = json!({"width": width, "height": 760, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Returns a picture of the page as a PNG.
    pub fn png(&self) -> Vec<u8> {
        use base64::prelude::{BASE64_STANDARD, Engine as _};
        BASE64_STANDARD.decode(self.get("/screenshot").as_str().unwrap()).unwrap()
    }

    /// Clicks the first element that matches the CSS selector, as a mouse does.
    pub fn click(&self, selector: &str) {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let element = found[ELEMENT].as_str().unwrap();
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Sends a command of Chromium's own protocol.
    pub fn devtools(&self, command: &str, params: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": params}))
    }

    /// Returns every URL that the page requested since the last call, as seen by the network stack.
    pub fn requests(&self) -> Vec<Url> {
        let log = self.post("/se/log", &json!({"type": "performance"}));
        let messages = log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap());
        let messages = messages.map(|message| serde_json::from_str::<Value>(message).unwrap());
        let sent = messages.filter(|message| message["message"]["method"] == "Network.requestWillBeSent");
        sent.map(|message| message["message"]["params"]["request"]["url"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// Saves screenshots of the page in light and dark mode, if `SCREENSHOTS` is set.
    pub fn picture(&self, name: &str) {
        use base64::prelude::{BASE64_STANDARD, Engine as _};
        let Some(folder) = std::env::var_os("SCREENSHOTS") else { return };
        for scheme in ["light", "dark"] {
            let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
            self.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
            let picture = BASE64_STANDARD.decode(self.get("/screenshot").as_str().unwrap()).unwrap();
            std::fs::write(Path::new(&folder).join(format!("{name}-{scheme}.png")), picture).unwrap();
        }
    }

    fn get(&self, command: &str) -> Value {
        self.ask(Method::GET, command, None)
    }

    #[track_caller]
    fn post(&self, command: &str, body: &Value) -> Value {
        self.ask(Method::POST, command, Some(body))
    }

    #[track_caller]
    fn ask(&self, method: Method, command: &str, body: Option<&Value>) -> Value {
        let mut request = self.http.request(method, format!("{}{command}", self.session));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let reply = request.send().unwrap().text().unwrap();
        let mut reply: Value = serde_json::from_str(&reply).unwrap();
        let value = reply["value"].take();
        assert!(value.get("error").is_none(), "{command} {body:?}: {value:#}");
        value
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Ends Chromium with all its processes, which the driver alone would leave behind.
        let _ = self.http.delete(&self.session).send();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

pub fn arguments(profile: &Path) -> Vec<String> {
    let fixed = [
        "--headless",
        // Its sandbox does not work as root, and many containers do not allow the user namespaces that it needs.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--window-size=900,720",
        // Its own requests to the network resolve no address.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
        // Instead of the new tab page, which sends its own requests.
        "about:blank",
    ];
    let profile = format!("--user-data-dir={}", profile.display());
    [profile].into_iter().chain(fixed.map(str::to_owned)).collect()
}

/// The number of attempts to start chromedriver. It looks for a port that is free in both address families, and exits
/// if another program has taken the port in between.
const TRIES: usize = 5;

fn driver(home: &Path) -> (Child, BufReader<ChildStdout>, u16) {
    let mut said = String::new();
    for _ in 0..TRIES {
        let mut command = lacks::program("chromedriver");
        command.arg("--port=0").env("HOME", home).env_remove("http_proxy").env_remove("https_proxy");
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = started.unwrap();
        let mut stdout = BufReader::new(driver.stdout.take().unwrap());
        if let Some(port) = port_in(&mut stdout, &mut said) {
            return (driver, stdout, port);
        }
        driver.wait().unwrap();
    }
    panic!("chromedriver did not start: {said}");
}

/// `ChromeDriver was started successfully on port 40781.`
fn port_in(stdout: &mut impl BufRead, said: &mut String) -> Option<u16> {
    while stdout.read_line(said).unwrap() > 0 {
        if let Some((_, port)) = said.rsplit_once("successfully on port ") {
            return port.trim_end().trim_end_matches('.').parse().ok();
        }
    }
    None
}
