use super::*;

const YAML: &str = "
openapi: 3.1.0
info: {title: ' My Shop API ', version: 1}
servers:
  - url: https://{region}.shop.test:{port}/v2/
    variables:
      region: {default: eu, enum: [eu, us], description: Where the shop is}
      port: {default: 8443}
      unused: {default: x}
x-limit: &limit {name: limit, in: query, schema: {type: integer, minimum: 1}}
security:
  - login: [read]
paths:
  /me: {get: {responses: {}}}
  /products/{id}: {get: {security: [{login: [read_products]}]}}
  /products:
    parameters: [*limit]
    get: {security: [{login: [read_products]}]}
  /products/long/way: {get: {security: [{login: [read_products]}]}}
  /orders: {get: {security: [{login: [read_orders]}, {login: [admin]}, {key: []}]}}
  /both: {get: {security: [{login: [read_orders, admin]}]}}
  /key: {get: {security: [{login: [odd], key: []}]}}
  /open: {get: {security: [{}, {login: [odd]}]}}
  /search: {get: {security: [{login: [search]}], parameters: [{$ref: '#/components/parameters/Q'}]}}
  /stats: {get: {security: [{login: [stats]}], parameters: [{name: from, in: query, required: true}]}}
  x-note: a text where a path is expected
  /broken: {get: no request, parameters: 7}
components:
  parameters: {Q: {name: q, in: query, required: true, example: a b}}
  securitySchemes:
    login: {$ref: '#/components/securitySchemes/real'}
    real:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: https://id.shop.test/authorize
          tokenUrl: https://id.shop.test/token
          refreshUrl: https://id.shop.test/renew
          scopes: {read: Your name, read_products: 'Products ', 'no scope': x}
        clientCredentials: {tokenUrl: https://id.shop.test/token, scopes: {admin: Everything}}
    sso: {type: openIdConnect, openIdConnectUrl: https://id.shop.test/.well-known/openid-configuration}
    key: {type: apiKey, in: header, name: X-Key}
";

fn read(text: &str) -> ApiDescription {
    ApiDescription::read(text).unwrap()
}

#[test]
fn servers_flows_and_scopes_are_read() {
    let api = read(YAML);
    assert_eq!(api.title.as_deref(), Some("My Shop API"));
    let server = api.server.unwrap();
    assert_eq!(server.url, "https://{region}.shop.test:{port}/v2/");
    let variables: Vec<_> = server.variables.iter().map(|one| (one.name.as_str(), one.default.as_str())).collect();
    assert_eq!(variables, [("region", "eu"), ("port", "8443")]);
    assert_eq!(server.variables[0].values, ["eu", "us"]);
    let kinds: Vec<&str> = api.flows.iter().map(|flow| flow.kind.as_str()).collect();
    // The reference and what it leads to are the same scheme.
    assert_eq!(kinds, ["authorizationCode", "clientCredentials", "authorizationCode", "clientCredentials"]);
    assert_eq!(api.flows[0].refresh_url.as_deref(), Some("https://id.shop.test/renew"));
    assert_eq!((api.openid.len(), api.others), (1, vec!["key".to_owned()]));
    let scopes: Vec<_> = api.scopes.iter().map(|(name, about)| (name.as_str(), about.as_str())).collect();
    let known = [("read", "Your name"), ("read_products", "Products"), ("admin", "Everything"), ("read_orders", "")];
    assert_eq!(scopes[..4], known);
}

#[test]
fn a_get_that_names_one_scope_is_a_probe() {
    let probes: Vec<String> = read(YAML)
        .probes
        .iter()
        .map(|probe| format!("{} {} {}", probe.scope, probe.path, probe.any_of.join(",")).trim_end().to_owned())
        .collect();
    let expected = [
        "read me",
        "search search?q=a+b",
        "read_products products?limit=1",
        "admin orders read_orders",
        "read_orders orders admin",
    ];
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(probes), sorted(expected.map(str::to_owned).to_vec()));
}

#[test]
fn json_is_read_with_the_same_leniency() {
    let api = read(r#"{"openapi":"3.0.3","servers":7,"paths":{"/a":{"get":{"security":"none"}}},"components":[]}"#);
    assert_eq!(api, ApiDescription::default());
}

#[test]
fn other_documents_are_named_for_what_they_are() {
    let error = |text| ApiDescription::read(text).unwrap_err();
    assert_eq!(error("swagger: '1.2'"), NotAnApiDescription::Swagger { version: "1.2".into() });
    assert_eq!(error("{}"), NotAnApiDescription::NoVersion);
    assert_eq!(error("openapi: 4.0.0"), NotAnApiDescription::OtherVersion { version: "4.0.0".into() });
    for text in ["<html>", "{", "a: [", "[1]", "", "just text"] {
        assert!(
            matches!(error(text), NotAnApiDescription::Unreadable { .. } | NotAnApiDescription::NoVersion),
            "{text}"
        );
    }
}

#[test]
fn a_document_that_expands_is_refused() {
    let mut bomb = "openapi: 3.0.0\na: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (from, to) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        bomb.push_str(&format!(
            "{to}: &{to} [*{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}]\n"
        ));
    }
    bomb.push_str("servers: *i\n");
    assert!(matches!(ApiDescription::read(&bomb), Err(NotAnApiDescription::Unreadable { .. })));
    let deep = format!("{{\"openapi\":\"3.0.0\",\"info\":{}", "[".repeat(100_000));
    assert!(ApiDescription::read(&deep).is_err());
}

/// As Slack's, DocuSign's and others' still are.
#[test]
fn a_swagger_document_says_the_same_in_its_own_way() {
    let text = r##"{"swagger": "2.0", "info": {"title": "Shop"}, "host": "api.shop.test", "basePath": "/v1", "schemes": ["http", "https"],
        "securityDefinitions": {"login": {"type": "oauth2", "flow": "accessCode", "authorizationUrl": "https://id.shop.test/a",
            "tokenUrl": "https://id.shop.test/t", "scopes": {"read": "All things"}}, "key": {"type": "apiKey"}},
        "parameters": {"Limit": {"name": "limit", "in": "query", "type": "integer"}},
        "paths": {"/things": {"get": {"security": [{"login": ["read"]}],
            "parameters": [{"$ref": "#/parameters/Limit"}, {"name": "v", "in": "query", "required": true, "type": "string", "default": "2"}]}}}}"##;
    let shop = ApiDescription::read(text).unwrap();
    assert_eq!(shop.server.unwrap().url, "https://api.shop.test/v1");
    assert_eq!(
        (shop.flows[0].kind.as_str(), shop.flows[0].token_url.as_deref()),
        ("authorizationCode", Some("https://id.shop.test/t"))
    );
    assert_eq!(shop.scopes, [("read".to_owned(), "All things".to_owned())]);
    assert_eq!((shop.probes[0].path.as_str(), shop.others), ("things?limit=1&v=2", vec!["key".to_owned()]));
}

/// As Asana's has it.
#[test]
fn one_part_may_be_repeated_by_many_aliases_and_not_without_end() {
    let many = "x: &x {a: 1}\nopenapi: 3.0.0\ny: [".to_owned() + &"*x, ".repeat(2000) + "1]\ninfo: {title: t}\n";
    assert_eq!(ApiDescription::read(&many).unwrap().title.as_deref(), Some("t"));
    let mut bomb = "openapi: 3.0.0\ninfo: {title: t}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..9 {
        let part = format!("*a{}, ", n - 1).repeat(9);
        bomb.push_str(&format!("a{n}: &a{n} [{part}1]\n"));
    }
    bomb.push_str("servers: *a8\n");
    assert!(matches!(ApiDescription::read(&bomb), Err(NotAnApiDescription::Unreadable { .. })));
}
