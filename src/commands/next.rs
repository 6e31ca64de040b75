//! The next command to try with a login: one that its scopes allow, quoted for the shell.

use crate::protocol::scope::ScopeSet;
use crate::provider::ProviderDefinition;
use crate::provider::probe::Probe;
use crate::system::shell;

/// Returns a command that a token with these scopes may run; `None` if its scopes are unknown. `login` is the name to add
/// where commands would use another login.
pub fn suggested(definition: &ProviderDefinition, granted: Option<&ScopeSet>, login: Option<&str>) -> String {
    let path = allowed_path(definition, granted);
    let words: &[&str] = match &path {
        Some(path) => &["oauthctl", "call", "GET", path],
        None if granted.is_none() && definition.scope.known.iter().any(|scope| scope.probe.is_some()) => {
            &["oauthctl", "scopes", "--probe"]
        }
        None if !definition.scope.known.is_empty() => &["oauthctl", "scopes"],
        None if definition.api.base.first().is_some() => return "oauthctl call --help".to_owned(),
        None => &["oauthctl", "status"],
    };
    let profile = login.map(|login| ["--profile", login]);
    shell::command(words.iter().copied().chain(profile.into_iter().flatten()))
}

/// Returns a documented path to read: the definition's example, else one that shows a granted scope.
fn allowed_path(definition: &ProviderDefinition, granted: Option<&ScopeSet>) -> Option<String> {
    let granted = granted.map(|granted| granted.union(&definition.always_granted()));
    let is_held = |scope: &str| granted.as_ref().is_some_and(|held| definition.scope.is_held(scope, held));
    let allows = |need: Option<&str>| need.is_none_or(is_held);
    let probes = || documented_reads(definition);
    let samples = || definition.samples.iter().filter(|sample| sample.method == "GET");
    let example = definition.api.example.as_deref().filter(|example| {
        let is_it = |path: &str| same_resource(path, example, definition);
        let probed = probes().find(|(path, _)| is_it(path)).map(|(_, scope)| scope);
        let answered = || samples().find(|sample| is_it(&sample.path))?.scope.as_deref();
        allows(probed.or_else(answered))
    });
    let probe = || probes().find(|(_, scope)| is_held(scope)).map(|(path, _)| path);
    let sample = || {
        let mut answered = samples().filter(|sample| sample.status == 200);
        answered.find(|sample| allows(sample.scope.as_deref())).map(|sample| sample.path.as_str())
    };
    example.or_else(probe).or_else(sample).map(str::to_owned)
}

/// Lists the documented reads that show a scope and need nothing else first.
fn documented_reads(definition: &ProviderDefinition) -> impl Iterator<Item = (&str, &str)> {
    let is_plain =
        |probe: &&Probe| probe.method.is_safe() && !probe.guess && probe.needs.is_empty() && probe.body.is_none();
    definition.scope.known.iter().filter_map(move |scope| {
        let probe = scope.probe.as_ref().filter(is_plain)?;
        Some((probe.path.as_str(), scope.name.as_str()))
    })
}

/// Returns `true` if two paths of the API lead to the same resource, whatever their queries are.
fn same_resource(one: &str, other: &str, definition: &ProviderDefinition) -> bool {
    let base = definition.api.base.first().and_then(|base| base.split_once("://"));
    let base = base.and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or_default();
    let whole = |path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", base.trim_end_matches('/')) }
    };
    whole(one) == whole(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::builtin::entries;
    use crate::provider::catalogue::NoFiles;

    fn built_in(id: &str, granted: Option<&str>) -> String {
        let definition = Catalogue::new(&NoFiles, None).get(id).unwrap();
        suggested(&definition, granted.map(ScopeSet::parse).as_ref(), None)
    }

    #[test]
    fn the_next_command_is_one_that_the_scopes_allow() {
        for (id, granted, next) in [
            ("judgeme", Some("public read_products"), "oauthctl call GET /api/v1/products"),
            ("judgeme", Some("public read_reviews"), "oauthctl call GET 'reviews?per_page=1'"),
            ("judgeme", Some("public"), "oauthctl scopes"),
            ("judgeme", None, "oauthctl scopes --probe"),
            ("goodsie", Some("storefront"), "oauthctl call GET '/api/v1/products?count=1'"),
            ("goodsie", Some("admin"), "oauthctl call GET 'orders?count=1'"),
            ("github", Some(""), "oauthctl call GET /user"),
            ("glu", Some(""), "oauthctl call GET /me"),
            ("shopify", Some("read_orders"), "oauthctl call GET shop.json"),
            ("smithcart", Some("public"), "oauthctl scopes"),
        ] {
            assert_eq!(built_in(id, granted), next, "{id} {granted:?}");
        }
    }

    #[test]
    fn a_definition_without_documents_gets_a_command_that_works() {
        let define = |toml: &str| toml::from_str::<ProviderDefinition>(toml).unwrap();
        let with_api = define("api.base = 'https://api.example/v1'");
        assert_eq!(suggested(&with_api, Some(&ScopeSet::new()), Some("a")), "oauthctl call --help");
        assert_eq!(suggested(&define("name = 'x'"), None, Some("a")), "oauthctl status --profile a");
        let odd = define("api.example = \"/it's?a=1&b\"");
        assert_eq!(
            suggested(&odd, None, Some("work")),
            format!("oauthctl call GET {} --profile work", shell::quoted("/it's?a=1&b"))
        );
    }

    #[test]
    fn every_built_in_provider_gets_a_command_for_any_scope() {
        for id in entries().map(|entry| entry.id) {
            let definition = Catalogue::new(&NoFiles, None).get(id).unwrap();
            for scope in definition.known_scopes().iter() {
                assert!(built_in(id, Some(scope)).starts_with("oauthctl "), "{id}");
            }
        }
    }
}
