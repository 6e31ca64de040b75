//! The values of parameters, and the places where they stand.

use super::*;

#[test]
fn a_value_that_its_place_cannot_take_is_a_fault() {
    each_is_the_only_fault(&[
        ("params.x = { kind = 'id' }\napi.origins = ['https://{x}.shop.test']", "params.x.kind", "before the path"),
        ("params.x = { kind = 'path' }\nrevoke.url = 'https://{x}/r'", "params.x.kind", "before the path"),
        ("params.x = { kind = 'text' }\nrevoke.url = 'https://shop.test/{x}'", "params.x.kind", "in a URL"),
        ("params.x.pattern = '('", "params.x.pattern", "not a regular expression"),
        ("params.x.pattern = '[0-9]+'", "params.x.pattern", "write an `example`"),
        ("params.x = { pattern = '[0-9]+', example = 'a' }", "params.x", "its example is not a valid value"),
        ("params.x = { pattern = 'a', values = ['a'] }", "params.x.pattern", "`values` says already"),
        ("params.x = { values = ['a'], example = 'a', default = 'b' }", "params.x.default", "must be one of `a`"),
        (
            "params.x = { values = ['a', 'b/c'] }\nrevoke.url = 'https://{x}.shop.test/r'",
            "params.x.values[1]",
            "it spoils `revoke.url`",
        ),
    ]);
}

#[test]
fn a_request_of_the_definition_itself_stays_with_the_api() {
    let probe = |probe: &str| format!("scope.known = [{{ name = 'a', probe = {{ {probe} }} }}]");
    let elsewhere = probe("path = 'https://evil.test/x'");
    let needs = probe("path = '/{i}', needs.i = { request = 'https://evil.test/x', path = 'i' }");
    let other_port = probe("path = 'https://api.shop.test:8443/x'");
    each_is_the_only_fault(&[
        (&elsewhere, "scope.known[0].probe.path", "`https://evil.test` is not an origin of the API"),
        (&needs, "scope.known[0].probe.needs.i.request", "is not an origin of the API"),
        (&other_port, "scope.known[0].probe.path", "is not an origin of the API"),
        ("api.scopes_list = { path = 'https://evil.test/x', names = 'a' }", "api.scopes_list.path", "is not an origin"),
        ("api.scopes_list = { path = '/x' }", "api.scopes_list", "`names` is empty"),
        ("api.scopes_list = { path = '/x', names = 'a', header = 'b' }", "api.scopes_list", "two places"),
        (
            "api.scopes_list = { path = '/x', names = 'a', form.t = '{token}' }",
            "api.scopes_list",
            "`method = \"POST\"`",
        ),
        ("api.rate = { requests = 0 }", "api.rate", "no request at all"),
        ("api.rate = { requests = 1, per = 'soon' }", "api.rate", "a duration such as"),
    ]);
    let own = probe("path = 'https://api.shop.test/x'");
    assert_eq!(found("mine", &format!("{GOOD}api.rate = {{ requests = 5, per = '1m' }}\n{own}")), []);
}

#[test]
fn a_value_is_asked_from_a_server_of_the_login_or_the_api() {
    let from = |url: &str| format!("params.x.from_api = {{ url = '{url}', path = 'id' }}");
    each_is_the_only_fault(&[(&from("https://evil.test/me"), "params.x.from_api.url", "is not a server of the login")]);
    for url in ["https://as.shop.test/me", "https://api.shop.test/me"] {
        let used = format!("{GOOD}{}\napi.headers.X-A = '{{x}}'", from(url));
        assert_eq!(found("mine", &used), [], "{url}");
    }
    let early = format!("{}\nauthorize.params.a = '{{x}}'", from("https://as.shop.test/me"));
    each_is_the_only_fault(&[(&early, "authorize.params.a", "comes after it is used")]);
}

#[test]
fn a_section_that_cannot_be_used_is_a_fault() {
    each_is_the_only_fault(&[
        ("exchange.grant_type = 'x'", "exchange.url", "it is missing"),
        ("exchange = { url = 'https://as.shop.test/x', omit = ['subject'] }", "exchange.omit[0]", "not a parameter of"),
        (
            "exchange = { url = 'https://as.shop.test/x', params.subject_token = 'x' }",
            "exchange.params.subject_token",
            "oauthctl sends itself",
        ),
        ("refresh.extends = true", "refresh.extends", "it needs `with = \"access\"`"),
        ("refresh.grant_type = ''", "refresh.grant_type", "it is empty"),
        ("refresh.omit = ['scope']", "refresh.omit[0]", "is not a parameter of a refresh"),
        ("token.params.grant_type = 'x'", "token.params.grant_type", "oauthctl sends itself"),
        ("authorize.params.client_secret = 'x'", "authorize.params.client_secret", "oauthctl sends itself"),
    ]);
    assert_eq!(
        found("mine", &format!("{GOOD}authorize.params.grant_type = 'x'\ntoken.params.response_type = 'y'")),
        []
    );
}
