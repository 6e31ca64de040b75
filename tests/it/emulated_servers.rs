//! What an emulator publishes and registers, over HTTP, as a client meets it that knows nothing but its address.

use std::sync::Arc;

use oauthctl::testing::{
    Catalogue, Emulator, Fault, MCP_DEFINITION, NoFiles, Options, OsEntropy, Params, ProviderDefinition, SystemClock,
};
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use url::Url;

use crate::emulator::http_client;

const CALLBACK: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A running emulator that consents at once, and a browser that follows no redirect.
struct World {
    emulator: Emulator,
    http: Client,
}

impl World {
    fn new(definition: &ProviderDefinition, options: Options) -> Self {
        let options = Options { approve: true, ..options };
        let emulator = Emulator::start(definition, options, Arc::new(SystemClock), Arc::new(OsEntropy), |_| ());
        Self { emulator: emulator.unwrap(), http: http_client() }
    }

    fn of(definition: &str, faults: &[Fault]) -> Self {
        let catalogue = Catalogue::new(&NoFiles, None);
        let definition = catalogue.compose("mine", Some((definition, "mine.toml"))).unwrap();
        Self::new(&definition, Options { faults: faults.to_vec(), ..Options::default() })
    }

    fn mcp(faults: &[Fault]) -> Self {
        let catalogue = Catalogue::new(&NoFiles, None);
        let definition = catalogue.compose("mcp", Some((MCP_DEFINITION, "mcp"))).unwrap();
        Self::new(&definition, Options { faults: faults.to_vec(), mcp: true, ..Options::default() })
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.origin())
    }

    fn get(&self, path: &str) -> Response {
        self.http.get(self.at(path)).send().unwrap()
    }

    fn metadata(&self) -> Value {
        self.get("/.well-known/oauth-authorization-server").json()
    }

    fn register(&self, method: &str) -> Response {
        let body = json!({
            "client_name": "a test", "redirect_uris": ["http://127.0.0.1/callback"], "application_type": "native",
            "token_endpoint_auth_method": method,
        });
        self.http.post(self.at("/emulated/register")).body(body.to_string()).send().unwrap()
    }

    fn request<'a>(&self, client: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let params = [
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        params.into_iter().chain(more.iter().copied()).collect()
    }

    fn authorize(&self, params: &[(&str, &str)]) -> Response {
        self.http.get(Url::parse_with_params(&self.at("/authorize"), params).unwrap()).send().unwrap()
    }

    fn post(&self, path: &str, params: &[(&str, &str)]) -> Response {
        form(self.http.post(self.at(path)), params)
    }

    /// Goes through a login of a public client, and returns its access token.
    fn token(&self, client: &str, resource: &str) -> String {
        let landed = landing(&self.authorize(&self.request(client, &[("resource", resource)])));
        let code = param(&landed, "code");
        let reply = self.post(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("client_id", client),
                ("code_verifier", VERIFIER),
                ("resource", resource),
            ],
        );
        text(&reply.json(), "access_token")
    }

    fn rpc(&self, token: &str, method: &str, params: Value) -> Response {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.http.post(self.emulator.resource()).bearer_auth(token).body(message.to_string()).send().unwrap()
    }
}

trait Json {
    fn json(self) -> Value;
}

impl Json for Response {
    fn json(self) -> Value {
        let text = self.text().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

fn form(request: RequestBuilder, params: &[(&str, &str)]) -> Response {
    let body = params.iter().fold(Params::new(), |form, (name, value)| form.with(name, *value)).to_form();
    request.header("Content-Type", "application/x-www-form-urlencoded").body(body).send().unwrap()
}

fn landing(reply: &Response) -> Url {
    let location = reply.headers().get("location").unwrap_or_else(|| panic!("this is not a redirect: {reply:?}"));
    Url::parse(location.to_str().unwrap()).unwrap()
}

fn param(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {url}")).1.into_owned()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

fn challenge(reply: &Response) -> String {
    reply.headers()["www-authenticate"].to_str().unwrap().to_owned()
}

/// A provider whose issuer has a path.
const TENANT: &str = "authorize.url = 'https://as.example/tenant/authorize'\nauthorize.issuer = 'https://as.example/tenant'\n\
    token.url = 'https://as.example/tenant/token'\napi.base = 'https://api.example/v1'\n";

#[test]
fn the_metadata_is_where_each_rule_puts_it() {
    let world = World::of(TENANT, &[]);
    for path in [
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
    ] {
        let metadata: Value = world.get(path).json();
        assert_eq!(text(&metadata, "issuer"), world.at("/tenant"), "{path}");
        assert_eq!(text(&metadata, "token_endpoint"), world.at("/tenant/token"));
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    }
    let resource: Value = world.get("/.well-known/oauth-protected-resource/v1").json();
    assert_eq!(resource["resource"], world.at("/v1"));
    assert_eq!(resource["authorization_servers"], json!([world.at("/tenant")]));
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"] {
        assert_eq!(world.get(path).status(), 404, "{path}");
    }
}

#[test]
fn each_fault_of_the_metadata_is_in_it() {
    let issuer = World::mcp(&[Fault::WrongIssuer]);
    assert_eq!(issuer.metadata()["issuer"], "https://another-issuer.example");
    let resource: Value = World::mcp(&[Fault::WrongResource]).get("/.well-known/oauth-protected-resource/mcp").json();
    assert_eq!(resource["resource"], "https://another-resource.example");
    let pkce = World::mcp(&[Fault::NoPkce]);
    assert_eq!(pkce.metadata().get("code_challenge_methods_supported"), None);
    let refused = World::mcp(&[Fault::RegistrationRefused]).register("none");
    assert_eq!((refused.status().as_u16(), text(&refused.json(), "error")), (403, "access_denied".into()));
}

#[test]
fn a_registered_client_keeps_to_its_method() {
    let world = World::mcp(&[]);
    for (method, by_header, accepted) in [
        ("client_secret_basic", true, 200),
        ("client_secret_basic", false, 401),
        ("client_secret_post", false, 200),
        ("client_secret_post", true, 401),
    ] {
        let client: Value = world.register(method).json();
        let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
        let request = world.http.post(world.at("/introspect"));
        let request = match by_header {
            true => form(request.basic_auth(&id, Some(&secret)), &[("token", "x")]),
            false => form(request, &[("token", "x"), ("client_id", &id), ("client_secret", &secret)]),
        };
        assert_eq!(request.status().as_u16(), accepted, "{method} {by_header}");
    }
    let public: Value = world.register("none").json();
    assert_eq!(public.get("client_secret"), None);
    let bad = json!({"redirect_uris": ["http://127.0.0.1/callback"]}).to_string();
    let web = world.http.post(world.at("/emulated/register")).body(bad).send().unwrap();
    assert_eq!(text(&web.json(), "error"), "invalid_redirect_uri");
}

#[test]
fn a_registration_is_managed_with_its_newest_token() {
    let world = World::mcp(&[]);
    let client: Value = world.register("none").json();
    let (uri, first) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
    assert_eq!(world.http.get(&uri).send().unwrap().status(), 401);
    let read: Value = world.http.get(&uri).bearer_auth(&first).send().unwrap().json();
    let second = text(&read, "registration_access_token");
    assert_ne!(first, second);
    assert_eq!(world.http.delete(&uri).bearer_auth(&first).send().unwrap().status(), 401);
    assert_eq!(world.http.delete(&uri).bearer_auth(&second).send().unwrap().status(), 204);
    let id = text(&client, "client_id");
    let gone = world.authorize(&world.request(&id, &[("resource", &world.emulator.resource())]));
    assert!(gone.status() == 400 && gone.text().unwrap().contains("Unknown client"));
}

#[test]
fn a_client_known_by_its_document_has_no_secret() {
    let world = World::mcp(&[]);
    let (id, resource) = ("https://client.example/oauth.json", world.emulator.resource());
    let token = world.token(id, &resource);
    assert_eq!(world.rpc(&token, "ping", json!({})).status(), 200);
    let secret = [("token", token.as_str()), ("client_id", id), ("client_secret", "x")];
    assert_eq!(world.post("/introspect", &secret).status(), 401);
    let elsewhere = world.request(id, &[("resource", &resource)]).into_iter();
    let elsewhere: Vec<_> = elsewhere
        .map(|(name, value)| (name, if name == "redirect_uri" { "https://client.example/cb" } else { value }))
        .collect();
    assert_eq!(world.authorize(&elsewhere).status(), 400);
}

#[test]
fn an_mcp_server_leads_to_its_metadata() {
    let world = World::mcp(&[]);
    let resource = world.emulator.resource();
    assert_eq!(world.http.get(&resource).send().unwrap().status(), 405);
    let asked = world.http.post(&resource).body("{}").send().unwrap();
    assert_eq!(asked.status(), 401);
    let metadata = world.at("/.well-known/oauth-protected-resource/mcp");
    assert!(challenge(&asked).contains(&format!("resource_metadata=\"{metadata}\"")), "{asked:?}");

    let client: Value = world.register("none").json();
    let token = world.token(&text(&client, "client_id"), &resource);
    let initialized: Value = world.rpc(&token, "initialize", json!({"protocolVersion": "2025-06-18"})).json();
    assert_eq!(initialized["result"]["protocolVersion"], "2025-06-18");
    let tools: Value = world.rpc(&token, "tools/list", json!({})).json();
    assert_eq!(tools["result"]["tools"][0]["name"], "read_notes");
    let denied = world.rpc(&token, "tools/call", json!({"name": "write_note"}));
    assert_eq!(denied.status(), 403);
    assert!(challenge(&denied).contains("error=\"insufficient_scope\", scope=\"mcp:write\""), "{denied:?}");
}

#[test]
fn a_token_is_for_the_resource_that_was_named() {
    let world = World::mcp(&[]);
    let client: Value = world.register("none").json();
    let id = text(&client, "client_id");
    for more in [&[][..], &[("resource", "https://other.example")][..]] {
        let landed = landing(&world.authorize(&world.request(&id, more)));
        assert_eq!(param(&landed, "error"), "invalid_target", "{more:?}");
    }
    let token = world.token(&id, &world.emulator.resource());
    let about: Value = world.post("/introspect", &[("token", &token), ("client_id", &id)]).json();
    assert_eq!((&about["active"], &about["aud"]), (&json!(true), &json!(world.emulator.resource())));
}

#[test]
fn a_pushed_request_serves_its_own_client_once() {
    let world = World::of(&format!("{TENANT}par.required = true\n").replace("/tenant", ""), &[]);
    let [client, other] = [(); 2].map(|()| text(&world.register("none").json(), "client_id"));
    let direct = world.authorize(&world.request(&client, &[]));
    assert!(direct.status() == 400 && direct.text().unwrap().contains("was not pushed"));
    let push = || {
        let reply = world.post("/emulated/par", &world.request(&client, &[("scope", "read")]));
        assert_eq!(reply.status(), 201);
        text(&reply.json(), "request_uri")
    };
    let uri = push();
    assert_eq!(world.authorize(&[("client_id", &other), ("request_uri", &uri)]).status(), 400);
    let landed = landing(&world.authorize(&[("client_id", &client), ("request_uri", &uri)]));
    assert_eq!(param(&landed, "state"), "s");
    assert_eq!(world.authorize(&[("client_id", &client), ("request_uri", &uri)]).status(), 400);
    let bad = world.post("/emulated/par", &[("client_id", &client), ("redirect_uri", "https://evil.example/")]);
    assert_eq!(text(&bad.json(), "error"), "invalid_request");
}

#[test]
fn a_code_is_only_for_the_client_that_asked() {
    let world = World::mcp(&[]);
    let resource = world.emulator.resource();
    let [client, other] = [(); 2].map(|()| text(&world.register("none").json(), "client_id"));
    let landed = landing(&world.authorize(&world.request(&client, &[("resource", &resource)])));
    let code = param(&landed, "code");
    let reply = world.post(
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("client_id", &other),
            ("code_verifier", VERIFIER),
            ("resource", &resource),
        ],
    );
    assert_eq!(text(&reply.json(), "error"), "invalid_grant");
}
