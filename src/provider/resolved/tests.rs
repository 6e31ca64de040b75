use super::*;

const SHOP: &str = "params.store.from_token = 'shop'\napi.base = 'https://{store}.shop.example/api'";

fn shop(store: &str) -> Result<Provider, DefinitionError> {
    let definition: ProviderDefinition = toml::from_str(SHOP).unwrap();
    Provider::new(definition, BTreeMap::from([("store".to_owned(), store.to_owned())]), None)
}

/// The second line of defense: the parameter's grammar already excludes such a value.
#[test]
fn a_value_that_moves_the_host_is_refused_at_the_end_too() {
    assert_eq!(shop("mugs").unwrap().endpoints.api_origins[0].to_string(), "https://mugs.shop.example");
    for store in ["evil.example/", "evil.example?", "EVIL", "evil.example:1/", "a%2Fb", "évil"] {
        assert!(shop(store).is_err(), "{store}");
    }
}

#[test]
fn a_value_from_a_server_must_fit_the_parameters_grammar() {
    let captured = |store: &str| shop("mugs")?.with_captured(&BTreeMap::from([("store".into(), store.into())]));
    assert_eq!(captured("Cups").unwrap().params["store"], "cups");
    for store in ["a.b", "evil.example/", "", "a b", "-a"] {
        assert!(matches!(captured(store), Err(DefinitionError::ParamRefused { .. })), "{store}");
    }
}

#[test]
fn a_captured_value_leaves_the_app_as_it_was() {
    let work = shop("mugs").unwrap().with_app(Some("work"));
    let captured = work.with_captured(&BTreeMap::from([("store".into(), "cups".into())])).unwrap();
    assert_eq!((captured.app.as_deref(), captured.params["store"].as_str()), (Some("work"), "cups"));
}

/// A client is registered once, and serves logins whose values come later.
#[test]
fn a_registration_is_compared_without_the_values_of_a_login() {
    let keys = "params.realm.from_callback = 'realmId'\nparams.inst = { kind = 'origin', from_token = 'instance_url' }\n\
        params.region = { default = 'us' }\ntoken.url = ['{inst}/token', 'https://{region}.shop.example/token']\n\
        api.base = '{inst}/{realm}'";
    let provider = |keys: &str, params: &[(&str, &str)]| {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Provider::new(toml::from_str(keys).unwrap(), params, None).unwrap()
    };
    let registered = provider(keys, &[("region", "us")]).own_origins().unwrap();
    for params in [
        &[("region", "us")][..],
        &[("region", "eu")],
        &[("region", "us"), ("realm", "7"), ("inst", "https://a.example")],
    ] {
        assert!(provider(keys, params).check_registration(&registered, "").is_ok(), "{params:?}");
    }
    let moved = keys.replace("shop.example", "evil.example");
    assert!(provider(&moved, &[("region", "us")]).check_registration(&registered, "").is_err());
    let captured = provider(keys, &[("region", "us"), ("inst", "https://a.example")]);
    assert!(captured.check_origins(&registered, "").is_err(), "a login is compared with all of its values");
}

#[test]
fn a_value_that_was_not_captured_is_named() {
    let provider = Provider::new(toml::from_str(SHOP).unwrap(), BTreeMap::new(), None).unwrap();
    let missing = provider.api_base().unwrap_err();
    assert!(matches!(&missing, DefinitionError::NotCaptured { key: "api.base", param, .. } if param == "store"));
    assert!(matches!(provider.token_endpoint(), Err(DefinitionError::Missing { .. })));
}

#[test]
fn a_token_url_may_come_with_the_callback_and_not_with_a_token() {
    let exchange = |keys: &str| {
        let urls = "params.acc.kind = 'origin'\ntoken.url = '{acc}/token'\n";
        Provider::new(toml::from_str(&format!("{urls}{keys}")).unwrap(), BTreeMap::new(), None)
            .unwrap()
            .check_exchange()
    };
    assert!(exchange("params.acc.from_callback = 'accounts-server'").is_ok());
    assert!(matches!(exchange("params.acc.from_token = 'server'"), Err(DefinitionError::NotCaptured { .. })));
    assert!(exchange("").is_err());
}

#[test]
fn a_sample_or_a_probe_names_the_scope_of_a_path() {
    let definition: ProviderDefinition = toml::from_str(
        "api.base = 'https://shop.example/api/'
         scope.known = [
             { name = 'read', probe = { path = 'things?n=1' } },
             { name = 'one', probe = { path = '/api/things/{id}', needs.id = { scope = 'read', path = 'id' } } },
         ]
         samples = [{ path = 'cups', scope = 'cups' }, { path = 'open' }]",
    )
    .unwrap();
    let provider = Provider::new(definition, BTreeMap::new(), None).unwrap();
    for (method, path, scope) in [
        ("GET", "/api/cups", Some("cups")),
        ("GET", "/api/open", None),
        ("GET", "/api/things", Some("read")),
        ("GET", "/api/things/7", Some("one")),
        ("GET", "/api/things/7/x", None),
        ("POST", "/api/things", None),
        ("GET", "/things", None),
    ] {
        assert_eq!(provider.scope_for(method, path), scope, "{method} {path}");
    }
}
