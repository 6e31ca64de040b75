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
