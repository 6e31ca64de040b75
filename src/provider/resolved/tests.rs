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
