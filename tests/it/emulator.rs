//! The emulator as a stranger meets it: over HTTP, with the `oauth2` crate as a client that nobody here wrote.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use oauthctl::testing::{
    Catalogue, Clock, Emulator, EmulatorError, Fault, NoFiles, Options, OsEntropy, Params, ProviderDefinition,
    RedirectUri, Timestamp,
};
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use url::Url;

const CALLBACK: &str = "http://127.0.0.1:8765/callback";

/// A clock that stands until it is moved.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A running emulator, a browser that follows no redirect, and what the emulator logged.
struct World {
    emulator: Emulator,
    http: Client,
    clock: Arc<TestClock>,
    log: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(definition: &ProviderDefinition, options: Options) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_000_000)));
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let emulator = Emulator::start(definition, options, clock.clone(), Arc::new(OsEntropy), move |line| {
            lines.lock().unwrap().push(line.to_owned());
        })
        .unwrap();
        Self { emulator, http: http_client(), clock, log }
    }

    fn judgeme(options: Options) -> Self {
        Self::new(&Catalogue::new(&NoFiles, None).get("judgeme").unwrap(), options)
    }

    /// With consent at once.
    fn approving() -> Self {
        Self::judgeme(approve())
    }

    fn standard(toml: &str, options: Options) -> Self {
        Self::new(&standard(toml), options)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.origin())
    }

    fn authorize_url(&self, params: &[(&str, &str)]) -> Url {
        let mut url = self.emulator.provider().authorize_endpoint().unwrap().url().clone();
        url.query_pairs_mut().extend_pairs(params);
        url
    }

    /// The parameters of a request that is in order.
    fn good<'a>(&'a self, scope: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("client_id", self.emulator.client_id()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "st"),
        ]
    }

    fn visit(&self, params: &[(&str, &str)]) -> Response {
        self.http.get(self.authorize_url(params)).send().unwrap()
    }

    /// A code that was granted at once.
    fn code(&self, scope: &str) -> String {
        answer(&self.visit(&self.good(scope))).single("code").unwrap().unwrap().to_owned()
    }

    fn token_params(&self, code: &str) -> Vec<(String, String)> {
        [
            ("grant_type", "authorization_code"),
            ("client_id", self.emulator.client_id()),
            ("client_secret", self.emulator.client_secret().expose()),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn post_form(&self, params: &[(String, String)]) -> Response {
        let body = params.iter().fold(Params::new(), |form, (name, value)| form.with(name, value)).to_form();
        let url = self.emulator.provider().token_endpoint().unwrap().url().clone();
        self.http.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(body).send().unwrap()
    }

    fn exchange(&self, code: &str) -> Value {
        json_of(self.post_form(&self.token_params(code)))
    }

    fn refresh(&self, token: &str) -> Value {
        let mut params = self.token_params("");
        params[0].1 = "refresh_token".to_owned();
        params.push(("refresh_token".to_owned(), token.to_owned()));
        json_of(self.post_form(&params))
    }

    fn token(&self, scope: &str) -> String {
        self.exchange(&self.code(scope))["access_token"].as_str().unwrap().to_owned()
    }

    fn call(&self, path: &str, token: &str) -> Response {
        self.http.get(self.url(path)).header("Authorization", format!("Bearer {token}")).send().unwrap()
    }

    /// What the `oauth2` crate calls to reach the server.
    fn foreign_http(&self) -> impl Fn(HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        |request: HttpRequest| {
            let (parts, body) = request.into_parts();
            let answer =
                self.http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send()?;
            let mut response = http::Response::builder().status(answer.status());
            response.headers_mut().unwrap().extend(answer.headers().clone());
            Ok(response.body(answer.bytes()?.to_vec()).unwrap())
        }
    }
}

fn approve() -> Options {
    Options { approve: true, ..Options::default() }
}

/// A provider that does everything as the RFCs say, and what `toml` adds to that.
fn standard(toml: &str) -> ProviderDefinition {
    let definition: ProviderDefinition = toml::from_str(&format!(
        "name = 'Standard'\nauthorize.url = 'https://a.example/auth'\ntoken.url = 'https://a.example/token'\n\
         api.base = 'https://a.example'\n{toml}\n[[samples]]\npath = '/things'\nscope = 'things'\nbody = '[]'"
    ))
    .unwrap();
    ProviderDefinition { id: "standard".into(), ..definition }
}

pub fn http_client() -> Client {
    static PROVIDER: Once = Once::new();
    // reqwest is built without a TLS provider of its own and asks for one even where no TLS happens.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

fn location(response: &Response) -> Url {
    assert_eq!(response.status(), 302);
    Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
}

fn answer(response: &Response) -> Params {
    Params::from_urlencoded(location(response).query().unwrap())
}

fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().unwrap()).unwrap()
}

/// The value of the first attribute called `name` after `from`.
fn attribute<'a>(html: &'a str, from: &str, name: &str) -> &'a str {
    let rest = &html[html.find(from).unwrap_or_else(|| panic!("no {from} in {html}"))..];
    let start = format!("{name}=\"");
    let value = &rest[rest.find(&start).unwrap() + start.len()..];
    &value[..value.find('"').unwrap()]
}

/// Presses a button of a consent page.
fn press(world: &World, html: &str, decision: &str, ticked: &[&str]) -> Response {
    let action = attribute(html, "<form", "action");
    assert!(html.contains(&format!("name=\"decision\" value=\"{decision}\"")));
    let mut form = Params::new().with("transaction", attribute(html, "name=\"transaction\"", "value"));
    for scope in ticked {
        form.push("scope", *scope);
    }
    form.push("decision", decision);
    let content_type = "application/x-www-form-urlencoded";
    world.http.post(world.url(action)).header("Content-Type", content_type).body(form.to_form()).send().unwrap()
}

macro_rules! foreign_client {
    ($world:expr) => {
        BasicClient::new(ClientId::new($world.emulator.client_id().to_owned()))
            .set_client_secret(ClientSecret::new($world.emulator.client_secret().expose().to_owned()))
            .set_auth_uri(AuthUrl::new($world.url("/oauth/authorize")).unwrap())
            .set_token_uri(TokenUrl::new($world.url("/oauth/token")).unwrap())
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
    };
}

/// The error code of a refusal that the `oauth2` crate understood as one.
fn refusal<T: std::fmt::Debug>(
    result: Result<T, RequestTokenError<reqwest::Error, oauth2::basic::BasicErrorResponse>>,
) -> String {
    match result.unwrap_err() {
        RequestTokenError::ServerResponse(error) => error.error().to_string(),
        other => panic!("no refusal: {other}"),
    }
}

#[test]
fn a_client_that_nobody_here_wrote_logs_in_with_pkce() {
    let world = World::approving();
    for auth in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = foreign_client!(world).set_auth_type(auth);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new("read_products".into()))
            .set_pkce_challenge(challenge)
            .url();
        let answer = answer(&world.http.get(url).send().unwrap());
        assert_eq!(answer.single("state").unwrap(), Some(state.secret().as_str()));
        let code = AuthorizationCode::new(answer.single("code").unwrap().unwrap().to_owned());
        let token = client
            .exchange_code(code.clone())
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.secret().clone()))
            .request(&world.foreign_http())
            .unwrap();
        assert_eq!(token.access_token().secret().len(), 64);
        assert_eq!(token.expires_in(), None, "a permanent token");
        assert!(token.refresh_token().is_none());
        let scopes: Vec<&str> = token.scopes().unwrap().iter().map(|scope| scope.as_str()).collect();
        assert_eq!(scopes, ["read_products", "public"]);
        let products = world.call("/api/v1/products", token.access_token().secret());
        assert_eq!(products.status(), 200);
        assert_eq!(json_of(products)["products"].as_array().unwrap().len(), 3);

        // The same code again: refused, and the token that it bought is revoked.
        let again = client.exchange_code(code).set_pkce_verifier(verifier).request(&world.foreign_http());
        assert_eq!(refusal(again), "invalid_grant");
        assert_eq!(world.call("/api/v1/products", token.access_token().secret()).status(), 401);
    }
}

#[test]
fn a_wrong_pkce_verifier_is_refused_and_spoils_nothing() {
    let world = World::approving();
    let client = foreign_client!(world);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (_, stranger) = PkceCodeChallenge::new_random_sha256();
    let (url, _) = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).url();
    let answer = answer(&world.http.get(url).send().unwrap());
    let code = AuthorizationCode::new(answer.single("code").unwrap().unwrap().to_owned());
    let http = world.foreign_http();
    assert_eq!(refusal(client.exchange_code(code.clone()).set_pkce_verifier(stranger).request(&http)), "invalid_grant");
    assert_eq!(refusal(client.exchange_code(code.clone()).request(&http)), "invalid_grant");
    assert!(client.exchange_code(code).set_pkce_verifier(verifier).request(&http).is_ok());
}

#[test]
fn a_verifier_without_a_challenge_is_refused() {
    let world = World::approving();
    let mut params = world.token_params(&world.code("read_products"));
    params.push(("code_verifier".into(), "v".repeat(43)));
    let reply = json_of(world.post_form(&params));
    assert_eq!(reply["error"], "invalid_grant");
    assert!(reply["hint"].as_str().unwrap().contains("code_challenge"), "{reply}");
}

#[test]
fn json_and_form_bodies_are_both_read() {
    let world = World::approving();
    assert_eq!(world.exchange(&world.code("read_products"))["token_type"], "Bearer");
    let body: Value = world
        .token_params(&world.code("read_products"))
        .into_iter()
        .map(|(name, value)| (name, Value::from(value)))
        .chain([("state".to_owned(), Value::from("st"))])
        .collect();
    let response = world
        .http
        .post(world.url("/oauth/token"))
        .header("Content-Type", "application/json")
        .body(body.to_string())
        .send()
        .unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    let reply = json_of(response);
    assert_eq!(reply["scope"], "read_products public");
    assert_eq!(reply["created_at"], json!(1_795_000_000));
    assert_eq!(reply.as_object().unwrap().len(), 4, "exactly the members of the guide: {reply}");
}

#[test]
fn the_token_endpoint_says_why_it_refuses() {
    let world = World::approving();
    let code = world.code("read_products");
    let with = |name: &str, value: &str| {
        let mut params = world.token_params(&code);
        params.iter_mut().find(|(n, _)| n == name).unwrap().1 = value.to_owned();
        let response = world.post_form(&params);
        (response.status().as_u16(), json_of(response))
    };
    for (name, value, status, error, hint) in [
        ("client_secret", "wrong", 401, "invalid_client", ""),
        ("client_id", "wrong", 401, "invalid_client", ""),
        ("grant_type", "password", 400, "unsupported_grant_type", ""),
        ("grant_type", "client_credentials", 400, "unsupported_grant_type", ""),
        ("code", "unknown", 400, "invalid_grant", "Authorization code is unknown"),
        (
            "redirect_uri",
            "http://127.0.0.1:8766/callback",
            400,
            "invalid_grant",
            "redirect_uri differs from the authorization request",
        ),
        ("redirect_uri", "", 400, "invalid_grant", "redirect_uri is missing; the authorization request had one"),
    ] {
        let (seen, reply) = with(name, value);
        assert_eq!((seen, reply["error"].as_str().unwrap()), (status, error), "{name}={value}");
        assert_eq!(reply["hint"].as_str().unwrap_or_default(), hint, "{name}={value}");
    }
    let mut twice = world.token_params(&code);
    twice.push(("code".into(), code.clone()));
    assert_eq!(json_of(world.post_form(&twice))["error"], "invalid_request");
    assert_eq!(world.http.get(world.url("/oauth/token")).send().unwrap().status(), 405);

    world.clock.0.fetch_add(60, Ordering::SeqCst);
    assert_eq!(world.exchange(&code)["hint"], "Authorization code has expired");
}

#[test]
fn a_wrong_client_or_redirect_uri_gets_a_page_and_no_redirect() {
    let world = World::approving();
    let id = world.emulator.client_id();
    let refused = |params: &[(&str, &str)]| {
        let response = world.visit(params);
        assert_eq!(response.status(), 400, "{params:?}");
        assert!(response.headers().get("location").is_none());
        response.text().unwrap()
    };
    let slash =
        refused(&[("client_id", id), ("redirect_uri", "http://127.0.0.1:8765/callback/"), ("response_type", "code")]);
    assert!(slash.contains("http://127.0.0.1:8765/callback<mark>/</mark>"), "{slash}");
    let hostile =
        refused(&[("client_id", id), ("redirect_uri", "javascript:alert(1)//<script>"), ("response_type", "code")]);
    assert!(!hostile.contains("<script"), "{hostile}");
    refused(&[("client_id", id), ("redirect_uri", "https://evil.example/"), ("response_type", "code")]);
    refused(&[("client_id", id), ("redirect_uri", "http://localhost:8765/callback"), ("response_type", "code")]);
    refused(&[("client_id", id), ("redirect_uri", CALLBACK), ("redirect_uri", CALLBACK), ("response_type", "code")]);
    refused(&[("client_id", id), ("response_type", "code")]);
    refused(&[("client_id", id), ("redirect_uri", CALLBACK)]);
    refused(&[("client_id", "<b>wrong"), ("redirect_uri", CALLBACK), ("response_type", "code")]);
    refused(&[("redirect_uri", CALLBACK), ("response_type", "code")]);
}

#[test]
fn other_errors_go_back_to_the_client() {
    let world = World::approving();
    let error_of = |change: &[(&str, &str)]| {
        let mut params = world.good("read_products");
        params.retain(|(name, _)| !change.iter().any(|(n, _)| n == name));
        params.extend(change);
        let answer = answer(&world.visit(&params));
        assert!(answer.contains("error_description") && !answer.contains("code"));
        answer.single("error").unwrap().unwrap().to_owned()
    };
    assert_eq!(error_of(&[("response_type", "id_token")]), "unsupported_response_type");
    assert_eq!(error_of(&[("scope", "a"), ("scope", "b")]), "invalid_request");
    assert_eq!(error_of(&[("state", "a"), ("state", "b")]), "invalid_request");
    assert_eq!(error_of(&[("code_challenge", &"c".repeat(43))]), "invalid_request");
    assert_eq!(error_of(&[("code_challenge", "short"), ("code_challenge_method", "S256")]), "invalid_request");
}

#[test]
fn a_loopback_redirect_uri_may_have_another_port_by_default() {
    let uri = "http://127.0.0.1:4711/callback";
    let visit = |world: &World| {
        let mut params = world.good("");
        params[1].1 = uri;
        let response = world.visit(&params);
        (response.status().as_u16(), response.headers().get("location").cloned())
    };
    let (status, location) = visit(&World::approving());
    assert_eq!(status, 302);
    assert!(location.unwrap().to_str().unwrap().starts_with(&format!("{uri}?code=")));
    assert_eq!(visit(&World::judgeme(Options { exact_port: true, ..approve() })).0, 400);
    let redirect_uris = vec![RedirectUri::parse(uri).unwrap()];
    assert_eq!(visit(&World::judgeme(Options { exact_port: true, redirect_uris, ..approve() })).0, 302);
}

#[test]
fn the_query_of_a_registered_redirect_uri_is_kept() {
    let uri = "https://tunnel.example/cb?tenant=1";
    let redirect_uris = vec![RedirectUri::parse(uri).unwrap()];
    let world = World::judgeme(Options { redirect_uris, ..approve() });
    let mut params = world.good("");
    params[1].1 = uri;
    assert!(location(&world.visit(&params)).as_str().starts_with(&format!("{uri}&code=")));
}

#[test]
fn a_missing_scope_gets_the_providers_own_denial() {
    let world = World::approving();
    let token = world.token("read_reviews");
    assert_eq!(world.call("/api/v1/reviews", &token).status(), 200);
    let denied = world.call("/api/v1/products", &token);
    assert!(denied.headers().get("www-authenticate").is_none());
    assert_eq!(json_of(denied), json!({"error": "You don't have access to the resource"}));

    let standard = World::standard("", approve());
    let denied = standard.call("/things", &standard.token("other"));
    assert_eq!(denied.status(), 403);
    assert_eq!(denied.headers()["www-authenticate"], "Bearer error=\"insufficient_scope\", scope=\"things\"");
}

#[test]
fn the_api_takes_the_token_in_each_of_the_providers_places() {
    let world = World::approving();
    let token = world.token("read_products");
    let get = || world.http.get(world.url("/api/v1/products"));
    let ok = |request: reqwest::blocking::RequestBuilder| request.send().unwrap().status() == 200;
    assert!(ok(get().header("X-Api-Token", &token)));
    assert!(ok(get().header("Authorization", format!("Bearer {token}"))));
    assert!(ok(get().body(json!({"api_token": token}).to_string()).header("Content-Type", "application/json")));
    assert!(ok(world.http.get(format!("{}?api_token={token}", world.url("/api/v1/products")))));
    assert!(!ok(get().header("X-Api-Token", &token).header("Authorization", format!("Bearer {token}"))));

    let bare = get().send().unwrap();
    assert_eq!((bare.status().as_u16(), bare.headers()["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    let unknown = world.call("/api/v1/products", "unknown");
    assert_eq!(unknown.status(), 401);
    assert!(unknown.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer error=\"invalid_token\""));
    assert_eq!(json_of(unknown)["error"], "invalid_token");

    let head = world.http.head(world.url("/api/v1/products")).header("X-Api-Token", &token).send().unwrap();
    assert_eq!((head.status().as_u16(), head.text().unwrap().as_str()), (200, ""));
    let page = json_of(world.call("/api/v1/products?page=2&per_page=2", &token));
    assert_eq!(page["products"].as_array().unwrap().len(), 1);
    let lost = world.call("/api/v1/nothing", &token);
    assert_eq!(lost.status(), 404);
    assert!(json_of(lost)["known_paths"].as_array().unwrap().contains(&json!("/api/v1/products")));
    assert_eq!(world.http.delete(world.url("/api/v1/products")).send().unwrap().status(), 405);
}

#[test]
fn a_person_clicks_through_the_consent_page_and_unticks_a_scope() {
    let world = World::judgeme(Options::default());
    let consent = || {
        let response = world.visit(&world.good("read_products read_orders <i>odd"));
        assert_eq!(response.status(), 200);
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        response.text().unwrap()
    };
    let html = consent();
    assert!(html.contains("value=\"read_products\" checked>") && html.contains("value=\"public\" checked disabled>"));
    assert!(html.contains("&lt;i&gt;odd") && !html.contains("<i>odd"));
    assert!(!html.contains("<script") && !html.contains(world.emulator.client_secret().expose()));

    // One scope unticked, one ticked that was never on the page.
    let response = press(&world, &html, "approve", &["read_products", "write_shops"]);
    let answer = answer(&response);
    assert_eq!(answer.single("state"), Ok(Some("st")));
    let reply = world.exchange(answer.single("code").unwrap().unwrap());
    assert_eq!(reply["scope"], "read_products public");
    let token = reply["access_token"].as_str().unwrap();
    assert_eq!(world.call("/api/v1/products", token).status(), 200);
    assert_eq!(world.call("/api/v1/orders", token).status(), 403);

    // The same page again, and one that lay open for too long.
    assert_eq!(press(&world, &html, "approve", &["read_products"]).status(), 400);
    let old = consent();
    world.clock.0.fetch_add(600, Ordering::SeqCst);
    assert_eq!(press(&world, &old, "approve", &[]).status(), 400);
}

#[test]
fn a_person_who_denies_sends_access_denied_back() {
    let world = World::judgeme(Options::default());
    let html = world.visit(&world.good("read_products")).text().unwrap();
    let answer = answer(&press(&world, &html, "deny", &["read_products"]));
    assert_eq!(answer.single("error"), Ok(Some("access_denied")));
    assert_eq!(answer.single("state"), Ok(Some("st")));
    assert!(answer.contains("error_description") && !answer.contains("code"));
}

#[test]
fn tokens_expire_and_refresh_tokens_rotate() {
    let world = World::standard("", approve());
    let reply = world.exchange(&world.code("things"));
    assert_eq!(reply["expires_in"], json!(3600));
    let text = |reply: &Value, name: &str| reply[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text(&reply, "access_token"), text(&reply, "refresh_token"));
    assert_eq!(world.call("/things", &access).status(), 200);
    world.clock.0.fetch_add(3600, Ordering::SeqCst);
    assert_eq!(json_of(world.call("/things", &access))["error_description"], "the access token has expired");

    let second = world.refresh(&refresh);
    assert_ne!(text(&second, "refresh_token"), refresh);
    assert_eq!(world.call("/things", &text(&second, "access_token")).status(), 200);
    let stolen = world.refresh(&refresh);
    assert_eq!(stolen["error"], "invalid_grant");
    assert_eq!(world.call("/things", &text(&second, "access_token")).status(), 401);
}

#[test]
fn the_implicit_grant_answers_in_the_fragment() {
    let offered = "grants = ['authorization-code', 'implicit']";
    let world = World::standard(&format!("scope.separator = ','\n{offered}"), approve());
    let mut params = world.good("things,other");
    params[2].1 = "token";
    let url = location(&world.visit(&params));
    assert_eq!(url.query(), None);
    let answer = Params::from_urlencoded(url.fragment().unwrap());
    let single = |name: &str| answer.single(name).unwrap();
    assert_eq!(
        (single("token_type"), single("expires_in"), single("scope"), single("state")),
        (Some("bearer"), Some("3600"), Some("things,other"), Some("st"))
    );
    assert!(!answer.contains("refresh_token"));
    assert_eq!(world.call("/things", single("access_token").unwrap()).status(), 200);
    params.push(("scope", "twice"));
    assert!(location(&world.visit(&params)).fragment().unwrap().starts_with("error=invalid_request"));
}

#[test]
fn parameters_omitted_by_the_definition_are_not_required() {
    let world = World::standard(
        "authorize.omit = ['redirect_uri', 'response_type']\ntoken.omit = ['grant_type', 'redirect_uri']\n\
         authorize.names = { client_id = 'app' }\ncallback.names = { code = 'auth_code' }",
        approve(),
    );
    let answer = answer(&world.visit(&[("app", world.emulator.client_id())]));
    let mut params = world.token_params(answer.single("auth_code").unwrap().unwrap());
    params.retain(|(name, _)| !["grant_type", "redirect_uri"].contains(&name.as_str()));
    assert!(json_of(world.post_form(&params))["access_token"].is_string());
    // Whoever sends it all the same does not say it twice.
    assert_eq!(world.visit(&[("app", world.emulator.client_id()), ("response_type", "code")]).status(), 302);
}

#[test]
fn a_public_client_needs_no_secret() {
    let world = World::standard("token.auth = 'none'", approve());
    let mut params = world.token_params(&world.code("things"));
    params.retain(|(name, _)| name != "client_secret");
    assert!(json_of(world.post_form(&params))["access_token"].is_string());
}

#[test]
fn each_fault_does_what_its_name_says() {
    let with = |fault| World::judgeme(Options { faults: vec![fault], ..approve() });
    let state = |fault| {
        let world = with(fault);
        answer(&world.visit(&world.good(""))).single("state").unwrap().map(str::to_owned)
    };
    assert_eq!(state(Fault::NoState), None);
    assert!(state(Fault::WrongState).is_some_and(|state| state != "st"));
    let token = |fault| {
        let world = with(fault);
        let response = world.post_form(&world.token_params(&world.code("")));
        (response.status().as_u16(), response.text().unwrap())
    };
    assert!(matches!(token(Fault::Html), (200, text) if text.starts_with("<!doctype html>")));
    assert_eq!(token(Fault::ServerError).0, 503);
    assert_eq!(token(Fault::Empty), (200, String::new()));
    assert!(matches!(token(Fault::ErrorInOk), (200, text) if text.contains(r#""error":"invalid_grant""#)));
    assert_eq!(Fault::from_str("error-in-ok", false), Ok(Fault::ErrorInOk));
}

#[test]
fn the_index_describes_the_emulator_and_logs_have_no_secret() {
    let world = World::approving();
    let token = world.token("read_products");
    world.http.get(format!("{}?api_token={token}", world.url("/api/v1/products"))).send().unwrap();
    let index = world.http.get(world.url("/")).send().unwrap().text().unwrap();
    let secret = world.emulator.client_secret().expose();
    assert!(index.contains(world.emulator.client_id()) && index.contains("/oauth/token") && !index.contains(secret));
    assert_eq!(world.http.get(world.url("/favicon.ico")).send().unwrap().status(), 204);
    assert_eq!(
        *world.log.lock().unwrap(),
        [
            "GET /oauth/authorize 302",
            "POST /oauth/token 200",
            "GET /api/v1/products 200",
            "GET / 200",
            "GET /favicon.ico 204"
        ]
    );
}

#[test]
fn bad_requests_and_slow_clients_do_not_stop_the_emulator() {
    use std::io::{Read as _, Write as _};
    let world = World::approving();
    let address = world.emulator.origin().to_string().replace("http://", "");
    let send = |text: &str| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let mut held: Vec<_> = [
        "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 70368744177664\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nhalf",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTT",
        "",
    ]
    .map(send)
    .into();
    held.push(send("\x16\x03\x01\x02\x00 a TLS hello \r\n\r\n"));
    for _ in 0..50 {
        // Closed with unread data, so that the peer sees a reset.
        let stream = send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    let mut absolute = send("GET http://x/favicon.ico HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut reply = String::new();
    absolute.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 204"), "{reply}");
    let token = world.token("read_products");
    assert_eq!(world.call("/api/v1/products", &token).status(), 200);

    // The half-sent body still holds a worker; the end does not wait for it.
    let since = Instant::now();
    drop(world);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    drop(held);
}

#[test]
fn connections_that_come_at_once_and_stay_are_all_answered() {
    use std::io::{Read as _, Write as _};
    let world = World::approving();
    let address = world.emulator.origin().to_string().replace("http://", "");
    let connect = || std::net::TcpStream::connect(&address).unwrap();
    let mut streams: Vec<_> = std::iter::repeat_with(connect).take(12).collect();
    for stream in &mut streams {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    for stream in &mut streams {
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 204");
    }
}

#[test]
fn the_end_closes_the_port_and_a_taken_port_is_named() {
    let world = World::approving();
    let address = world.emulator.origin().to_string().replace("http://", "");
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let definition = standard("");
    let second = Emulator::start(
        &definition,
        Options { port, ..Options::default() },
        world.clock.clone(),
        Arc::new(OsEntropy),
        |_| {},
    );
    assert!(matches!(second.err(), Some(EmulatorError::Listen { port: named, .. }) if named == port));
    drop(world);
    assert!(std::net::TcpStream::connect(address).is_err());
}
