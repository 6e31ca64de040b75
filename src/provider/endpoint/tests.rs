use super::*;

#[test]
fn an_endpoint_is_https_or_on_loopback() {
    for good in ["https://a.example/x?y=1", "http://127.0.0.1:8/x", "http://[::1]/", "http://localhost/"] {
        assert!(Endpoint::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://a.example/",
        "https://u@a.example/",
        "https://a.example/#f",
        "https:///x y",
        "a.example",
        "file:///etc",
        "http://localhost.evil.example/",
        "https://a.example\\@b/",
    ] {
        assert!(Endpoint::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_origin_holds_only_its_own_urls() {
    let origin = Origin::parse("https://a.example").unwrap();
    let holds = |url| origin.holds(&Url::parse(url).unwrap());
    assert!(holds("https://a.example:443/x") && holds("https://A.example/"));
    for other in [
        "http://a.example/",
        "https://a.example:444/",
        "https://a.example.evil/",
        "https://u@a.example/",
        "https://a.example./",
    ] {
        assert!(!holds(other), "{other}");
    }
    assert!(Origin::parse("https://a.example/").is_err());
}

const SHOP: &str = "params.store.from_token = 'shop'\napi.base = 'https://{store}.shop.example/api'";

fn shop(store: &str) -> Result<Provider, DefinitionError> {
    let definition: ProviderDefinition = toml::from_str(SHOP).unwrap();
    Provider::new(definition, BTreeMap::from([("store".to_owned(), store.to_owned())]), None)
}

/// The second line of defence: the parameter's grammar lets no such value in.
#[test]
fn a_value_that_moves_the_host_is_refused_whoever_let_it_in() {
    assert_eq!(shop("mugs").unwrap().endpoints.api_origins[0].to_string(), "https://mugs.shop.example");
    for store in ["evil.example/", "evil.example?", "EVIL", "evil.example:1/", "a%2Fb", "évil"] {
        assert!(shop(store).is_err(), "{store}");
    }
}

#[test]
fn a_value_from_a_server_is_read_by_the_parameters_grammar() {
    let captured = |store: &str| shop("mugs")?.with_captured(&BTreeMap::from([("store".into(), store.into())]));
    assert_eq!(captured("Cups").unwrap().params["store"], "cups");
    for store in ["a.b", "evil.example/", "", "a b", "-a"] {
        assert!(matches!(captured(store), Err(DefinitionError::ParamRefused { .. })), "{store}");
    }
}
