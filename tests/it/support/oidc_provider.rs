//! `oidc-provider`, a certified authorization server that nobody here wrote, and a person who uses its pages.
//!
//! One server is enough for all stories of a test process: each has a client or a browser of its own. Its end is that of
//! its stdin, which the kernel closes however the process ends.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use url::Url;

use super::lacks;
use super::{PendingLogin, Sandbox, http};

/// An entry of `tests/oidc-provider/clients.json`.
#[derive(Deserialize)]
struct RegisteredClient {
    client_id: String,
    client_secret: Option<String>,
}

pub struct OidcProvider {
    issuer: String,
    _process: Child,
}

impl OidcProvider {
    /// The server of this test process. Ready to be asked when this returns.
    pub fn running() -> &'static Self {
        static RUNNING: OnceLock<OidcProvider> = OnceLock::new();
        RUNNING.get_or_init(Self::start)
    }

    fn start() -> Self {
        let program = root().join("tests/oidc-provider/server.mjs");
        let mut command = lacks::program("node");
        command.arg(program).arg(installed()).env_remove("NODE_OPTIONS");
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = started.unwrap();
        let mut stderr = process.stderr.take().unwrap();
        // Read to its end, so that the server never waits for a reader.
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).map_or_else(|error| error.to_string(), |_| said)
        });
        let mut issuer = String::new();
        if BufReader::new(process.stdout.take().unwrap()).read_line(&mut issuer).unwrap() == 0 {
            panic!("oidc-provider ended with {:?}:\n{}", process.wait(), said.join().unwrap());
        }
        Self { issuer: issuer.trim().to_owned(), _process: process }
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub fn endpoint(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.issuer)).unwrap()
    }

    /// A home whose provider `acme` is this server, written by hand, and whose client is the one of this id.
    pub fn sandbox(&self, client: &str, more: &str) -> Sandbox {
        let sandbox = Self::with_client(Sandbox::new(), client);
        sandbox.define("acme", &self.definition(more));
        sandbox
    }

    /// Registers the client of this id.
    pub fn with_client(sandbox: Sandbox, id: &str) -> Sandbox {
        let clients: Vec<RegisteredClient> =
            serde_json::from_str(include_str!("../../oidc-provider/clients.json")).unwrap();
        let client = clients.into_iter().find(|client| client.client_id == id).expect(id);
        let sandbox = sandbox.with("OAUTHCTL_CLIENT_ID", &client.client_id);
        match client.client_secret {
            Some(secret) => sandbox.with("OAUTHCTL_CLIENT_SECRET", &secret),
            None => sandbox,
        }
    }

    /// What a user would write down from the server's documents, and more lines.
    pub fn definition(&self, more: &str) -> String {
        let issuer = &self.issuer;
        format!(
            "name = 'Acme'\nauthorize.url = '{issuer}/auth'\nauthorize.issuer = '{issuer}'\ntoken.url = '{issuer}/token'\n\
             revoke.url = '{issuer}/token/revocation'\nintrospect.url = '{issuer}/token/introspection'\n\
             api.base = '{issuer}'\nscope.default = ['read']\n{more}\n"
        )
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `tests/oidc-provider/install` has put what the lock file pins.
fn installed() -> PathBuf {
    let folder = root().join("target/oidc-provider");
    let pinned = std::fs::read(root().join("tests/oidc-provider/package-lock.json")).unwrap();
    let there = std::fs::read(folder.join("installed-lock.json")).ok();
    if there != Some(pinned) {
        lacks::lacks("oidc-provider (npm), which tests/oidc-provider/install gets");
    }
    folder
}

/// A browser with cookies, and a person who signs in, and approves or declines.
#[derive(Default)]
pub struct Person {
    cookies: BTreeMap<String, String>,
}

impl Person {
    /// Signs in and approves: where the browser is sent back to.
    #[track_caller]
    pub fn approves(login: &PendingLogin) -> Url {
        let mut person = Self::default();
        let page = person.open(&login.authorize_url).page();
        let page = person.submit(&page, &[("prompt", "login"), ("login", "alice"), ("password", "made-up")]).page();
        person.submit(&page, &[("prompt", "consent")]).left()
    }

    /// Signs in and declines.
    #[track_caller]
    pub fn declines(login: &PendingLogin) -> Url {
        let mut person = Self::default();
        let page = person.open(&login.authorize_url).page();
        let page = person.submit(&page, &[("prompt", "login"), ("login", "alice"), ("password", "made-up")]).page();
        person.open(&attribute(&page, "<a href=\"", "/abort")).left()
    }

    /// Confirms a device: opens the address with the code in it, looks at the code, signs in, and consents. Returns the
    /// last page.
    #[track_caller]
    pub fn confirms(address: &Url) -> String {
        let mut person = Self::default();
        let page = person.open(address).page();
        let page = person.submit_hidden(address, &page).page();
        let page = person.submit_hidden(address, &page).page();
        let page = person.submit(&page, &[("prompt", "login"), ("login", "alice"), ("password", "made-up")]).page();
        person.submit(&page, &[("prompt", "consent")]).page()
    }

    /// Looks at the code of a device, and declines.
    #[track_caller]
    pub fn aborts(address: &Url) -> String {
        let mut person = Self::default();
        let page = person.open(address).page();
        let page = person.submit_hidden(address, &page).page();
        let mut fields = hidden_fields(&page);
        fields.retain(|(name, _)| *name != "confirm");
        fields.push(("abort", "yes"));
        let reply = http::post_form_with(&without_query(address), &person.headers(), &fields);
        person.arrive(address, reply).page()
    }

    /// Sends the form of hidden fields in a page.
    fn submit_hidden(&mut self, address: &Url, page: &str) -> Arrival {
        let address = without_query(address);
        let reply = http::post_form_with(&address, &self.headers(), &hidden_fields(page));
        self.arrive(&address, reply)
    }

    /// Goes to a page, and on to where it leads.
    pub fn open(&mut self, url: &Url) -> Arrival {
        let reply = http::get_with(url, &self.headers());
        self.arrive(url, reply)
    }

    fn submit(&mut self, page: &str, fields: &[(&str, &str)]) -> Arrival {
        let action = attribute(page, "action=\"", "/interaction/");
        let reply = http::post_form_with(&action, &self.headers(), fields);
        self.arrive(&action, reply)
    }

    fn arrive(&mut self, url: &Url, reply: String) -> Arrival {
        for cookie in http::headers(&reply, "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        if !reply.starts_with("HTTP/1.1 30") {
            return Arrival::Page(reply);
        }
        let next = url.join(http::headers(&reply, "location").next().unwrap()).unwrap();
        match next.origin() == url.origin() {
            true => self.open(&next),
            false => Arrival::Left(next),
        }
    }

    fn headers(&self) -> String {
        let cookies = self.cookies.iter().filter(|(_, value)| !value.is_empty());
        let cookies: Vec<String> = cookies.map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) }
    }
}

fn without_query(address: &Url) -> Url {
    let mut address = address.clone();
    address.set_query(None);
    address
}

/// The names and values of a form's hidden fields.
fn hidden_fields(page: &str) -> Vec<(&str, &str)> {
    let fields = page.split("<input type=\"hidden\"").skip(1);
    let value = |field: &'static str| move |rest: &'_ str| rest.find(field).map(|at| at + field.len());
    fields
        .filter_map(|field| {
            let of = |mark: &'static str| {
                let start = value(mark)(field)?;
                field[start..].split('"').next()
            };
            Some((of("name=\"")?, of("value=\"")?))
        })
        .collect()
}

/// Where a browser is after all redirects.
#[derive(Debug)]
pub enum Arrival {
    /// On a page of the server.
    Page(String),
    /// Sent elsewhere.
    Left(Url),
}

impl Arrival {
    #[track_caller]
    pub fn page(self) -> String {
        match self {
            Self::Page(page) => page,
            Self::Left(url) => panic!("a page was expected, and the browser is at {url}"),
        }
    }

    #[track_caller]
    pub fn left(self) -> Url {
        match self {
            Self::Left(url) => url,
            Self::Page(page) => panic!("the browser should be sent back, and is on this page:\n{page}"),
        }
    }
}

/// The first address in a page that stands behind `before` and has `part` in it.
#[track_caller]
fn attribute(page: &str, before: &str, part: &str) -> Url {
    let mut found = page.split(before).skip(1).filter_map(|rest| rest.split('"').next());
    found.find(|url| url.contains(part)).unwrap_or_else(|| panic!("no {part} in {page}")).parse().unwrap()
}
