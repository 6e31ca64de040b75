//! The built-in definitions: one TOML file for each provider, with the id as its file name.

/// The ids and texts, sorted by id.
pub const DEFINITIONS: &[(&str, &str)] = &[
    ("github", include_str!("builtin/github.toml")),
    ("glu", include_str!("builtin/glu.toml")),
    ("goodsie", include_str!("builtin/goodsie.toml")),
    ("judgeme", include_str!("builtin/judgeme.toml")),
    ("shopify", include_str!("builtin/shopify.toml")),
    ("smithcart", include_str!("builtin/smithcart.toml")),
    ("storehippo", include_str!("builtin/storehippo.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Catalogue, catalogue::NoFiles};

    #[test]
    fn every_built_in_definition_is_complete_and_names_its_source() {
        for (id, _) in DEFINITIONS {
            let definition = Catalogue::new(&NoFiles, None).get(id).unwrap();
            assert!(!definition.name.is_empty() && definition.source.is_some() && definition.checked.is_some(), "{id}");
            for departure in definition.departures() {
                let key = &departure.key;
                assert!(departure.source.is_some() && departure.checked.is_some(), "{id}: {key} has no source or date");
                assert!(!departure.rfc.is_empty(), "{id}: {key} has no row");
            }
        }
    }

    #[test]
    fn the_ids_are_sorted() {
        assert!(DEFINITIONS.is_sorted_by_key(|(id, _)| *id));
    }
}
