//! Where a secret may stand.

use super::*;

#[test]
fn secrets_fill_headers_bodies_and_the_query_of_the_api() {
    let keys = "params.key.secret = true\napi.headers = { X-Key = '{client_secret}:{key}', X-Id = '{random}' }\n\
        api.query.k = '{key}'\ntoken.params.dev = '{key}'\ntoken.headers.X-Key = '{key}'\nrefresh.params.dev = '{key}'\n\
        token.further.user = 'authed_user.access_token'";
    assert_eq!(faults(keys), [""; 0]);
}

#[test]
fn a_secret_in_an_address_or_in_the_browser_is_a_fault() {
    let own = "params.key.secret = true\n";
    for (keys, key, problem) in [
        ("authorize.params.k = '{key}'", "params.key.secret", "the browser shows"),
        ("revoke.url = 'https://as.shop.test/{key}'", "params.key.secret", "addresses into their logs"),
        ("api.origins = ['https://{key}.shop.test']", "params.key.secret", "may not stand in an address"),
        ("scope.account = { request = 'x?k={key}', path = 'name' }", "scope.account", "has no names in braces"),
        ("params.key.default = 'x'", "params.key.default", "does not stand in a definition"),
        ("params.key.values = ['x']", "params.key.values", "does not stand in a definition"),
        ("params.key.from_token = 'x'", "params.key.secret", "a person gives it"),
        ("token.further.'a b' = 'x'", "token.further.a b", "after `--which`"),
        ("token.further.user = '$.x'", "token.further.user", "did you mean `x`?"),
        ("api.query.k = '{random}'", "api.query.k", "not known"),
    ] {
        let keys = match keys.strip_prefix("params.key.") {
            Some(more) => format!("params.key = {{ secret = true, {more} }}"),
            None => format!("{own}{keys}"),
        };
        let faults = faults(&keys);
        assert!(faults.len() == 1 && faults[0].starts_with(key) && faults[0].contains(problem), "{keys}\n{faults:#?}");
    }
}
