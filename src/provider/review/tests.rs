use std::fs;

mod secrets;
mod values;

use super::*;
use crate::provider::builtin::texts;
use crate::provider::catalogue::{Catalogue, NoFiles};

const GOOD: &str = "authorize.url = 'https://as.shop.test/a'\n\
                    token.url = 'https://as.shop.test/t'\n\
                    token.auth = 'basic'\n\
                    api.base = 'https://api.shop.test/v1'\n";

fn found(id: &str, text: &str) -> Vec<Finding> {
    Catalogue::new(&NoFiles, None).review(id, text, "mine.toml").unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

/// Returns the faults of the good definition with these keys.
fn faults(keys: &str) -> Vec<String> {
    let faults = found("mine", &format!("{GOOD}{keys}")).into_iter().filter(|finding| finding.is_fault);
    faults.map(|finding| format!("{}: {}", finding.key, finding.problem)).collect()
}

#[track_caller]
fn each_is_the_only_fault(cases: &[(&str, &str, &str)]) {
    for (keys, key, problem) in cases {
        let faults = faults(keys);
        assert!(faults.len() == 1 && faults[0].starts_with(&format!("{key}: ")), "{keys}\n{faults:#?}");
        assert!(faults[0].contains(problem), "{keys}\n{faults:#?}");
    }
}

#[test]
fn a_good_definition_has_no_findings() {
    for keys in [
        "",
        "grants = ['implicit', 'authorization-code']",
        "params.shop = { default = 'x' }\nauthorize.params = { a = '{shop}', nonce = '{random}', s = '{state}' }",
        // JSON is not a name (OpenID Connect Core §5.5).
        r#"authorize.params.claims = '{"id_token":{"auth_time":null}}'"#,
        "token.params = { state = '{state}', app = '{client_id}' }\ntoken.headers = { X-App = '{client_id}' }",
        "refresh.params = { scope = 'a', audience = 'x' }\nrevoke.params = { app = '{client_id}' }",
        "token.basic = { user = '{client_id}', password = '{client_secret}' }",
        "authorize.names = { client_id = 'app_id', mine = 'm' }\nauthorize.params.mine = 'x'\nauthorize.omit = ['scope', 'mine']",
        "callback.names = { code = 'auth_code', iss = 'issuer' }\ntoken.response = { access_token = 'data.token', expires_at = 'end' }",
        "authorize.names.nonce = 'once'\nauthorize.omit = ['nonce']\ntoken.response.id_token = 'jwt'",
        "api.resource = 'https://api.shop.test'\nauthorize.names.resource = 'for'\ntoken.names.resource = 'for'",
        "token.omit = ['redirect_uri']\ntoken.names = { client_secret = 'secret' }\nrefresh.names.refresh_token = 'token'",
        "api.token = [{ in = 'header', name = 'X-Key', scheme = 'Token' }, { in = 'query', name = 'key' }]\napi.query.version = '2'",
        "api.paging = { kind = 'url', path = '$.links[0].next' }\napi.rows = ['.', '*', '.data[]']",
        "params.region.from_callback = 'region'\napi.origins = ['https://{region}.shop.test']\napi.headers.X-Region = '{region}'",
        "scope.known = [{ name = 'a', probe = { method = 'POST', harmless = true, path = 'x', body = '{\"query\":\"{shop{name}}\"}' } }]",
    ] {
        let text = format!("{GOOD}{keys}");
        assert_eq!(found("mine", &text), [], "{keys}");
    }
}

#[test]
fn what_comes_with_the_program_has_no_faults() {
    for (id, text) in texts() {
        let faults: Vec<Finding> = found("copied", &text).into_iter().filter(|finding| finding.is_fault).collect();
        assert_eq!(faults, [], "{id}");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/definitions");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Their servers are made up.
        let text = fs::read_to_string(&path).unwrap().replace(".example", ".test");
        let faults: Vec<Finding> = found("mine", &text).into_iter().filter(|finding| finding.is_fault).collect();
        assert_eq!(faults, [], "{}", path.display());
    }
}

#[test]
fn a_definition_without_what_its_grants_need_is_faulty() {
    let keys = |text: &str, faulty: bool| -> Vec<String> {
        found("mine", text)
            .into_iter()
            .filter(|finding| finding.is_fault == faulty)
            .map(|finding| finding.key)
            .collect()
    };
    for (text, faulty) in [
        ("", &["authorize.url"][..]),
        ("# nothing\n", &["authorize.url"]),
        ("name = 'x'\n[authorize]\n[token]\nauth = 'basic'\n", &["authorize.url"]),
        ("authorize.url = 'https://as.shop.test/a'", &["token.url"]),
        ("token.url = 'https://as.shop.test/t'", &["authorize.url"]),
        ("grants = ['implicit']\ntoken.url = 'https://as.shop.test/t'", &["authorize.url"]),
        ("grants = ['implicit']\nauthorize.url = 'https://as.shop.test/a'", &[]),
        ("api.base = 'https://api.shop.test'", &[]),
    ] {
        assert_eq!(keys(text, true), faulty, "{text}");
    }
    assert_eq!(
        keys("api.base = 'https://api.shop.test'", false),
        ["authorize.url"],
        "a token from elsewhere can be used"
    );
    // A file over a built-in definition has all that it lacks itself.
    assert!(
        found("judgeme", "").iter().all(|finding| !finding.is_fault && finding.problem.contains("changes nothing"))
    );
}

#[test]
fn a_placeholder_is_a_fault_in_every_address() {
    for key in [
        "authorize.url",
        "par.url",
        "token.url",
        "refresh.url",
        "revoke.url",
        "introspect.url",
        "api.base",
        "api.origins",
    ] {
        for host in [
            "shop.example",
            "shop.example:8443",
            "example.com",
            "{x}.example.org",
            "a.invalid",
            "your-shop.shop.test",
            "yourdomain.test",
        ] {
            let url = if key == "api.origins" { format!("['https://{host}']") } else { format!("'https://{host}/a'") };
            let text: String =
                GOOD.lines().filter(|line| !line.starts_with(key)).flat_map(|line| [line, "\n"]).collect();
            let faults = found("mine", &format!("{text}{key} = {url}\n[params.x]\n"));
            let faults: Vec<&Finding> = faults.iter().filter(|finding| finding.is_fault).collect();
            assert!(faults.len() == 1 && faults[0].key.starts_with(key), "{key} {host}: {faults:?}");
            assert!(faults[0].problem.contains("is not a real address"), "{faults:?}");
        }
    }
    each_is_the_only_fault(&[
        ("revoke.url = 'https://as.shop.test/<tenant>/revoke'", "revoke.url", "`<tenant>` is to be filled in"),
        ("revoke.url = 'https://as.shop.test/YOUR_TENANT/revoke'", "revoke.url", "`YOUR_TENANT` is to be filled in"),
        ("api.headers.X-Key = 'CHANGEME'", "api.headers.X-Key", "`CHANGEME` is to be filled in"),
        ("token.params.audience = '<your audience>'", "token.params.audience", "`<your audience>` is to be filled in"),
    ]);
}

#[test]
fn an_unknown_name_is_a_fault_wherever_it_is() {
    each_is_the_only_fault(&[
        (
            "authorize.params.a = '{cleint_id}'",
            "authorize.params.a",
            "`{cleint_id}` is not known: here there are `{state}`, `{client_id}`, `{random}`; did you mean `client_id`?",
        ),
        ("authorize.params.a = '{client_secret}'", "authorize.params.a", "not known"),
        ("token.params.a = '{random}'", "token.params.a", "not known"),
        ("token.headers.X-A = '{shop}'", "token.headers.X-A", "not known"),
        ("token.headers.X-A = '{client_secret}'", "token.headers.X-A", "not known"),
        ("token.basic = { user = '{client}' }", "token.basic.user", "not known"),
        ("token.basic = { user = 'x', password = '{secret}' }", "token.basic.password", "not known"),
        ("refresh.params.a = '{state}'", "refresh.params.a", "not known"),
        (
            "client_credentials.params.a = '{acount}'\ngrants = ['authorization-code', 'client-credentials']",
            "client_credentials.params.a",
            "not known",
        ),
        (
            "client_credentials.params.a = '{state}'\ngrants = ['authorization-code', 'client-credentials']",
            "client_credentials.params.a",
            "not known",
        ),
        ("revoke.params.a = '{token}'", "revoke.params.a", "not known"),
        ("api.headers.X-A = '{state}'", "api.headers.X-A", "here there are `{client_id}`"),
        ("api.query.a = '{stroe}'\n[params.store]", "api.query.a", "did you mean `store`?"),
        ("api.headers = { value = { X-A = 'b {c}' }, source = 'x' }", "api.headers.X-A", "`{c}` is not known"),
        ("api.headers.X-A = '{ store }'\n[params.store]", "api.headers.X-A", "`{ store }` is sent as it is"),
        ("api.headers.X-A = '{{store}}'\n[params.store]", "api.headers.X-A", "`{{store}}` is sent as it is"),
        ("api.headers.X-A = '${store}'\n[params.store]", "api.headers.X-A", "`${store}` is sent as it is"),
        ("api.headers.X-A = '{store'\n[params.store]", "api.headers.X-A", "`{store` is sent as it is"),
        ("revoke.url = 'https://as.shop.test/{store'\n[params.store]", "revoke.url", "`{store` is not filled in"),
        ("revoke.url = 'https://as.shop.test/{store}'", "revoke.url", "`{store}` is not a parameter"),
        (
            "scope.known = [{ name = 'a', probe = { method = 'POST', harmless = true, path = 'x', body = '{\"a\":[\"{id}\"]}' } }]",
            "scope.known[0].probe.body",
            "`{id}` is sent as it is",
        ),
    ]);
}

#[test]
fn a_value_that_comes_too_late_is_a_fault() {
    each_is_the_only_fault(&[
        (
            "authorize.params.a = '{x}'\nparams.x.from_callback = 'x'",
            "authorize.params.a",
            "known only from the provider's answer",
        ),
        (
            "token.params.a = '{x}'\nparams.x.from_token = 'x'",
            "token.params.a",
            "known only from the provider's answer",
        ),
    ]);
    let text = |key: &str, from: &str| {
        let rest: String = GOOD.lines().filter(|line| !line.starts_with(key)).flat_map(|line| [line, "\n"]).collect();
        format!("{rest}{key} = 'https://{{x}}.shop.test/a'\nparams.x.{from} = 'x'")
    };
    for (key, from, faulty) in [
        ("authorize.url", "from_callback", true),
        ("authorize.url", "from_token", true),
        ("token.url", "from_callback", false),
        ("token.url", "from_token", true),
        ("api.base", "from_token", false),
    ] {
        assert_eq!(found("mine", &text(key, from)).iter().any(|finding| finding.is_fault), faulty, "{key} {from}");
    }
    let fallback = "authorize.url = ['https://{x}.shop.test/a', 'https://shop.test/a']\nparams.x.from_token = 'x'";
    let rest: String = GOOD.lines().skip(1).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(found("mine", &format!("{rest}{fallback}")), []);
}

#[test]
fn a_misspelt_name_of_an_rfc_is_a_fault() {
    each_is_the_only_fault(&[
        ("token.response.acces_token = 'data.token'", "token.response.acces_token", "did you mean `access_token`?"),
        ("token.response.accessToken = 'data.token'", "token.response.accessToken", "did you mean `access_token`?"),
        (
            "token.response = { value = { expires = 'end' } }",
            "token.response.expires",
            "is not a member of a token reply",
        ),
        ("authorize.names.clientid = 'app'", "authorize.names.clientid", "did you mean `client_id`?"),
        ("callback.names.cod = 'c'", "callback.names.cod", "did you mean `code`?"),
        ("token.names.client_secert = 's'", "token.names.client_secert", "did you mean `client_secret`?"),
        ("refresh.names.refreshtoken = 's'", "refresh.names.refreshtoken", "did you mean `refresh_token`?"),
        (
            "client_credentials.names.scop = 's'\ngrants = ['authorization-code', 'client-credentials']",
            "client_credentials.names.scop",
            "did you mean `scope`?",
        ),
        ("revoke.names.tokn = 's'", "revoke.names.tokn", "did you mean `token`?"),
        ("authorize.omit = ['scope', 'response-type']", "authorize.omit[1]", "did you mean `response_type`?"),
        ("token.omit = ['redirect_url']", "token.omit[0]", "did you mean `redirect_uri`?"),
        ("token.response.scope = '$.data.scope'", "token.response.scope", "did you mean `data.scope`?"),
        ("token.error = ['errors[0].message']", "token.error[0]", "did you mean `errors.0.message`?"),
        ("token.ok = { path = '', equals = 'x' }", "token.ok.path", "is not a dotted path"),
        ("api.error = ['a', 'a..b']", "api.error[1]", "did you mean `a.b`?"),
        ("api.denied = [{ path = '/error/code' }]", "api.denied[0].path", "did you mean `error.code`?"),
        ("api.paging = { kind = 'cursor', param = 'c', path = 'a..b' }", "api.paging.path", "a path is written"),
        ("api.paging = { kind = 'url', path = '' }", "api.paging.path", "the path is empty"),
        ("api.rows = ['data', 'a[x]']", "api.rows[1]", "a path is written"),
        ("params.x.from_token = 'a.'", "params.x.from_token", "did you mean `a`?"),
    ]);
}

#[test]
fn a_parameter_that_is_sent_anyway_is_a_fault_in_every_section() {
    each_is_the_only_fault(&[
        ("authorize.params.client_id = 'x'", "authorize.params.client_id", "oauthctl sends itself"),
        ("token.params.code = 'x'", "token.params.code", "oauthctl sends itself"),
        ("refresh.params.refresh_token = 'x'", "refresh.params.refresh_token", "oauthctl sends itself"),
        ("refresh.params.grant_type = 'x'", "refresh.params.grant_type", "oauthctl sends itself"),
        ("revoke.params.token = 'x'", "revoke.params.token", "oauthctl sends itself"),
        ("revoke.params.client_secret = 'x'", "revoke.params.client_secret", "oauthctl sends itself"),
        ("api.token = [{ in = 'query', name = 'key' }]\napi.query.key = 'x'", "api.query.key", "oauthctl sends itself"),
        (
            "authorize.names.client_id = 'app'\nauthorize.params.app = 'x'",
            "authorize.params.app",
            "the name that `client_id` is sent with",
        ),
        (
            "token.names.client_id = 'app'\nrefresh.params.app = 'x'",
            "refresh.params.app",
            "the name that `client_id` is sent with",
        ),
        (
            "token.names = { client_id = 'app', client_secret = 'app' }",
            "token.names.client_secret",
            "the name of another parameter",
        ),
        ("token.params.' ' = 'x'", "token.params. ", "needs a name"),
        ("revoke.names.token = ''", "revoke.names.token", "is empty"),
    ]);
    for (key, query) in [("authorize.url", "state=x"), ("token.url", "a=b&grant_type=x")] {
        let text = GOOD.replace("/a'", &format!("/a?{query}'")).replace("/t'", &format!("/t?{query}'"));
        assert!(found("mine", &text).iter().any(|finding| finding.is_fault && finding.key == key), "{key}");
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_a_fault() {
    each_is_the_only_fault(&[
        (
            "api.headers.'X-Key:' = 'x'",
            "api.headers.X-Key:",
            "is not the name of a header: it has only letters, digits and hyphens; did you mean `X-Key`?",
        ),
        ("api.headers.'X Key' = 'x'", "api.headers.X Key", "is not the name of a header"),
        ("token.headers.'' = 'x'", "token.headers.", "is not the name of a header"),
        ("token.headers.'Ä' = 'x'", "token.headers.Ä", "is not the name of a header"),
        ("token.headers.X = \"a\\nb\"", "token.headers.X", "its value cannot be sent"),
        ("api.headers.Content-Length = '1'", "api.headers.Content-Length", "belongs to the connection"),
        ("api.headers.authorization = 'x'", "api.headers.authorization", "the header of the token"),
        ("token.headers.Authorization = 'x'", "token.headers.Authorization", "the header of the client's credentials"),
        ("api.token = [{ in = 'header', name = 'X Key' }]", "api.token[0].name", "is not the name of a header"),
        (
            "api.token = [{ in = 'bearer' }, { in = 'header', name = 'X', scheme = 'Token:' }]",
            "api.token[1].scheme",
            "one word",
        ),
        (
            "api.token = [{ in = 'header', name = 'X-K' }]\napi.headers.x-k = 'y'",
            "api.headers.x-k",
            "the header of the token",
        ),
    ]);
    assert_eq!(
        found(
            "mine",
            &format!("{GOOD}api.token = [{{ in = 'header', name = 'X-K' }}]\napi.headers.Authorization = 'y'")
        ),
        []
    );
}

#[test]
fn other_values_that_have_no_effect_are_faults() {
    each_is_the_only_fault(&[
        ("alternative = 'x'", "alternative", "this file lies over none"),
        ("params.client_id.default = 'x'", "params.client_id", "stands for a value of the request itself"),
        ("params.x = { example = 'a', default = 'a b' }", "params.x.default", "is not a valid value"),
        (
            "[alternatives.x]\nnote = 'a'\nsource = 'b'\nchecked = 'c'\nset.token = { response = { tokn = 'x' } }",
            "alternatives.x.set.token.response.tokn",
            "is not a member",
        ),
        (
            "[alternatives.x]\nnote = 'a'\nsource = 'b'\nchecked = 'c'\nset.token.url = 'http://as.shop.test'",
            "alternatives.x.set.token.url",
            "https only",
        ),
    ]);
    let body = GOOD.replace("'basic'", "'body'");
    let faults = found("mine", &format!("{body}token.basic = {{ user = 'x' }}"));
    assert!(faults.len() == 1 && faults[0].is_fault && faults[0].key == "token.basic", "{faults:?}");
}

#[test]
fn a_missing_client_authentication_is_noted() {
    let silent: String =
        GOOD.lines().filter(|line| !line.starts_with("token.auth")).flat_map(|line| [line, "\n"]).collect();
    let notes = found("mine", &silent);
    assert!(notes.len() == 1 && !notes[0].is_fault && notes[0].key == "token.auth", "{notes:?}");
    for word in ["as in 0.1", "1.0", "`auth = \"body\"`", "`auth = \"basic\"`"] {
        assert!(notes[0].problem.contains(word), "{notes:?}");
    }
    // Over a built-in definition that has it, it is not missing.
    assert_eq!(found("judgeme", "name = 'x'"), []);
}

#[test]
fn keys_without_an_issuer_verify_nothing() {
    let keys = "openid.jwks_url = 'https://as.shop.test/keys'";
    for (more, is_faulty) in [
        ("", true),
        ("openid.issuer = 'https://as.shop.test'", false),
        ("authorize.issuer = 'https://as.shop.test'", false),
    ] {
        let found = found("mine", &format!("{keys}\n{more}\napi.base = 'https://api.shop.test'"));
        assert_eq!(found.iter().any(|finding| finding.key == "openid.jwks_url"), is_faulty, "{more}");
    }
}
