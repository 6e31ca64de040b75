use url::Url;

use super::{ApiFacts, draft};
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::openapi::ApiDescription;
use crate::provider::catalogue::NoFiles;
use crate::provider::{Catalogue, ProviderDefinition};

const FLOWS: &str = "components: {securitySchemes: {o: {type: oauth2, flows: {FLOWS}}}}";
const CODE: &str = "authorizationCode: {authorizationUrl: 'https://id.shop.test/a', tokenUrl: /token, refreshUrl: /renew, \
    scopes: {read: 'All \"things\"', write: w}}";

fn drafted(document: &str, metadata: Option<&AuthorizationServerMetadata>) -> (String, ProviderDefinition) {
    let description = ApiDescription::read(&format!("openapi: 3.1.0\n{document}")).unwrap();
    let location = Url::parse("https://docs.shop.test/api/openapi.yaml").unwrap();
    let text = draft("mine", false, metadata, Some(&ApiFacts { description: &description, location: Some(&location) }));
    let composed = Catalogue::new(&NoFiles, None).compose("mine", Some((&text, "mine.toml")));
    (text.clone(), composed.unwrap_or_else(|error| panic!("{error:?}\n{text}")))
}

fn flows(flows: &str) -> String {
    FLOWS.replace("FLOWS", flows)
}

#[test]
fn a_document_becomes_a_definition() {
    let paths = "paths: {/things: {get: {security: [{o: [read]}], parameters: [{name: limit, in: query, schema: {type: integer}}]}}}";
    let head = "info: {title: My Shop}\nservers: [{url: '/v2/'}]";
    let (_, definition) = drafted(&format!("{head}\n{paths}\n{}", flows(CODE)), None);
    assert_eq!((definition.name.as_str(), definition.api.base.0[0].as_str()), ("My Shop", "https://docs.shop.test/v2"));
    assert_eq!(definition.authorize.url.0, ["https://id.shop.test/a"]);
    assert_eq!(definition.token.url.0, ["https://docs.shop.test/token"]);
    assert_eq!(definition.refresh.url.unwrap().value, "https://docs.shop.test/renew");
    assert_eq!(definition.source.as_deref(), Some("https://docs.shop.test/api/openapi.yaml"));
    let read = &definition.scope.known[0];
    assert_eq!((read.name.as_str(), read.about.as_str()), ("read", "All \"things\""));
    assert_eq!(read.probe.as_ref().unwrap().path, "things?limit=1");
    assert!(definition.scope.known[1].probe.is_none());
}

#[test]
fn the_variables_of_a_server_become_parameters() {
    let server = "servers: [{url: '{scheme}://{shop}.shop.test/{version}/{Odd name}', variables: {scheme: {default: https}, \
        shop: {default: demo, description: 'Your shop'}, version: {default: V2, enum: [V1, V2]}, 'Odd name': {default: x}}}]";
    let (_, definition) = drafted(server, None);
    assert_eq!(definition.api.base.0, ["https://{shop}.shop.test/{version}/x"]);
    assert_eq!(definition.params["shop"].prompt.as_deref(), Some("Your shop"));
    assert_eq!(definition.params["version"].values, ["V1", "V2"]);
    assert_eq!(definition.params.len(), 2);
    let (text, definition) = drafted("servers: [{url: 'https://{nobody}.shop.test'}]", None);
    assert!(definition.api.base.0.is_empty() && text.contains("unknown variables"));
}

/// As eBay and Auth0 have it.
#[test]
fn a_draft_can_be_used_whatever_its_variables_are() {
    let server = "servers: [{url: 'https://api.shop.test{basePath}', variables: {basePath: {default: /buy/v1}}}]";
    let (_, definition) = drafted(server, None);
    assert_eq!(definition.api.base.0, ["https://api.shop.test/buy/v1"]);
    assert!(definition.params.is_empty());
    let server = "servers: [{url: 'https://{domain}/v1', variables: {domain: {default: '{TENANT}.shop.test'}}}]";
    let relative = "authorizationCode: {authorizationUrl: /a, tokenUrl: oauth/t, scopes: {}}";
    let (_, definition) = drafted(&format!("{server}\n{}", flows(relative)), None);
    assert_eq!(definition.token.url.0, ["https://{domain}/oauth/t"], "it is where the server is");
    assert_eq!((definition.params["domain"].default.as_ref(), definition.params.len()), (None, 1));
    let tenant = "authorizationCode: {authorizationUrl: 'https://{tenant}.shop.test/a', \
        tokenUrl: 'https://{tenant}.shop.test/t', scopes: {}}";
    let (_, definition) = drafted(&flows(tenant), None);
    assert_eq!(definition.token.url.0, ["https://{tenant}.shop.test/t"]);
    assert_eq!(definition.params.keys().collect::<Vec<_>>(), ["tenant"]);
}

#[test]
fn of_several_schemes_the_one_that_can_be_used_counts() {
    let flow = |at: &str| {
        format!(
            "{{type: oauth2, flows: {{authorizationCode: {{authorizationUrl: '{at}a', tokenUrl: '{at}t', scopes: {{}}}}}}}}"
        )
    };
    let schemes = |first: &str, second: &str| {
        format!("components: {{securitySchemes: {{o: {}, p: {}}}}}", flow(first), flow(second))
    };
    let description = |document: &str| ApiDescription::read(&format!("openapi: 3.1.0\n{document}")).unwrap();
    let of_file = |document: &str| {
        draft("mine", false, None, Some(&ApiFacts { description: &description(document), location: None }))
    };
    let text = of_file(&schemes("/", "https://id.shop.test/"));
    assert!(text.contains("\nurl = \"https://id.shop.test/t\"\n"), "{text}");
    assert!(of_file(&schemes("/", "/")).contains("relative to nothing"), "a file has no address");
}

#[test]
fn the_grants_are_those_of_the_flows() {
    let alone = "clientCredentials: {tokenUrl: 'https://id.shop.test/t', scopes: {}}";
    let implicit = "implicit: {authorizationUrl: 'https://id.shop.test/a', scopes: {}}";
    let device =
        "deviceAuthorization: {deviceAuthorizationUrl: 'https://id.shop.test/d', tokenUrl: 'https://id.shop.test/t'}";
    for (given, grants) in [
        (alone.to_owned(), "[\"client-credentials\"]"),
        (implicit.to_owned(), "[\"implicit\"]"),
        (format!("{device}, {alone}"), "[\"device\", \"client-credentials\"]"),
    ] {
        let (text, _) = drafted(&flows(&given), None);
        assert!(text.contains(&format!("\ngrants = {grants}\n")), "{text}");
    }
    let (text, _) = drafted(&flows("password: {tokenUrl: 'https://id.shop.test/t', scopes: {}}"), None);
    assert!(text.contains("the password grant only (https://id.shop.test/t)"));
}

#[test]
fn the_servers_own_metadata_knows_the_login_better() {
    let metadata = serde_json::json!({"issuer": "https://as.example", "token_endpoint": "https://as.example/t"});
    let metadata = AuthorizationServerMetadata::from_json(&metadata).unwrap();
    let (_, definition) = drafted(&flows(CODE), metadata.as_ref());
    assert_eq!(definition.token.url.0, ["https://as.example/t"]);
    assert_eq!(definition.scope.known.len(), 2, "the scopes have texts");
}

#[test]
fn nothing_of_a_document_ends_its_line() {
    let evil =
        "info: {title: \"x\\\"\\ntoken.url = 'https://evil.example'\"}\nservers: [{url: \"relative\\n[token]\"}]";
    let (text, definition) = drafted(evil, None);
    assert!(definition.token.url.0.is_empty(), "{text}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("token.url")), "{text}");
}
