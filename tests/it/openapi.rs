//! `providers new --openapi`: a definition from an API's own document, up to a login and its probes.

use crate::support::api_server::{Reply, body, param, target};
use crate::support::raw_server::http as reply;
use crate::support::{ApiServer, RawServer, Sandbox};

const DOCUMENT: &str = "
openapi: 3.0.3
info: {title: My Shop, version: '1'}
servers: [{url: /v1}]
paths:
  /products:
    get:
      security: [{login: [read_products]}]
      parameters: [{name: limit, in: query, schema: {type: integer}}]
  /orders: {get: {security: [{login: [read_orders]}]}}
components:
  securitySchemes:
    login:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: /authorize
          tokenUrl: /token
          scopes: {read_products: The products, read_orders: The orders, write_orders: Change the orders}
";

/// A shop whose tokens may read products only.
fn shop() -> ApiServer {
    ApiServer::start(|request| {
        let json = |status, text: &str| -> Reply {
            (status, vec!["Content-Type: application/json".to_owned()], text.as_bytes().to_vec())
        };
        match target(request).split('?').next().unwrap_or_default() {
            "/openapi.yaml" => json("200 OK", DOCUMENT),
            "/authorize" => {
                let [uri, state] = ["redirect_uri", "state"].map(|name| param(request, name).unwrap());
                ("302 Found", vec![format!("Location: {uri}?code=made-up&state={state}")], Vec::new())
            }
            "/token" if body(request).contains("code=made-up") => {
                json("200 OK", r#"{"access_token":"made-up-token","expires_in":3600}"#)
            }
            "/v1/products" => json("200 OK", "[]"),
            "/v1/orders" => json("403 Forbidden", r#"{"error":"insufficient_scope"}"#),
            _ => json("404 Not Found", "{}"),
        }
    })
}

#[test]
fn a_document_leads_to_a_login_and_its_probes() {
    let (server, home) = (shop(), Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id"));
    let address = format!("{}/openapi.yaml", server.origin());
    home.run(&["providers", "new", "shop", "--openapi", &address]).code(0).says("providers/shop.toml");
    home.run(&["providers", "check", home.home().join("config/providers/shop.toml").to_str().unwrap()]).code(0);
    home.run(&["providers", "scopes", "shop"]).code(0).answers("The products").answers("Change the orders");
    let browser = home.browser();
    let scopes = "read_products read_orders write_orders";
    home.run(&["login", "shop", "--port", "0", "--browser", &browser, "--scope", scopes]).code(0);
    let probed = home.run(&["scopes", "--probe"]);
    probed.code(0).answers("products?limit=1").answers("no safe request exists");
    let rows: Vec<&str> = probed.stdout().lines().collect();
    let row = |scope: &str| rows.iter().find(|row| row.starts_with(scope)).unwrap_or_else(|| panic!("{rows:?}"));
    assert!(row("read_products").contains("200") && row("read_orders").contains("403"), "{rows:?}");
}

#[test]
fn a_file_and_an_issuer_go_together() {
    let json = &["Content-Type: application/json"];
    let server = RawServer::start([Box::new(move |stream: std::net::TcpStream| {
        let issuer = format!("http://{}", stream.local_addr().unwrap());
        let endpoints = r#""authorization_endpoint":"https://as.example/a","token_endpoint":"https://as.example/t""#;
        reply("200 OK", json, format!(r#"{{"issuer":"{issuer}",{endpoints}}}"#))(stream)
    }) as _]);
    let home = Sandbox::new();
    let file = home.home().join("openapi.yaml");
    std::fs::write(&file, DOCUMENT.replace("/v1", "https://api.shop.test/v1")).unwrap();
    let args =
        ["providers", "new", "shop", "--print", "--openapi", file.to_str().unwrap(), "--issuer", &server.origin()];
    let draft = home.run(&args);
    draft.code(0).answers("url = \"https://as.example/t\"").answers("base = \"https://api.shop.test/v1\"");
    draft.answers("{ name = \"read_products\", about = \"The products\", probe = { path = \"products?limit=1\" } }");
}

#[test]
fn what_is_not_a_document_is_named() {
    let home = Sandbox::new();
    let new = |named: &str| home.run(&["providers", "new", "shop", "--openapi", named]);
    new("missing.yaml").code(2).says("`missing.yaml` cannot be read");
    new("ftp://shop.test/openapi.json").code(2).says("is not the address of a document");
    new("http://shop.test/openapi.json").code(2).says("https");
    for (text, said) in [
        ("swagger: '1.2'", "Swagger 1.2"),
        ("name: x", "no member `openapi`"),
        ("<html>", "cannot be used as an OpenAPI document"),
        ("openapi: 4.0.0", "OpenAPI 4.0.0"),
    ] {
        let file = home.home().join("other.yaml");
        std::fs::write(&file, text).unwrap();
        new(file.to_str().unwrap()).code(3).says(said);
    }
    let moved = RawServer::start([reply("302 Found", &["Location: https://docs.test/openapi.json"], "")]);
    new(&format!("{}/openapi.json", moved.origin())).code(5).says("https://docs.test");
    assert!(!home.home().join("config/providers/shop.toml").exists(), "nothing was written");
    let plain = home.home().join("plain.yaml");
    std::fs::write(&plain, "openapi: 3.0.0\nservers: [{url: 'https://api.shop.test'}]").unwrap();
    new(plain.to_str().unwrap()).code(0).says("describes no login with OAuth");
}
