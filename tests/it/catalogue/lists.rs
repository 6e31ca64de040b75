//! What people see of the catalogue: lists, searches, other names, and how sure a definition is.

use crate::support::Sandbox;

#[test]
fn a_list_begins_with_ones_own_and_the_popular_ones() {
    let sandbox = Sandbox::new();
    sandbox.define("aaa-mine", "name = 'Mine'\ntoken.url = 'https://as.shop.test/t'\n");
    let ids = |args: &[&str]| -> Vec<String> {
        let list = sandbox.run(args);
        let rows = list.code(0).stdout().lines().skip(1).filter(|line| !line.starts_with(' '));
        rows.map(|row| row.split_whitespace().next().unwrap().to_owned()).collect()
    };
    let popular = ids(&["providers", "list"]);
    assert_eq!(popular[0], "aaa-mine");
    let place = |id: &str| popular.iter().position(|known| known == id).unwrap();
    assert!(place("github") < place("judgeme"), "{popular:?}");
    let all = ids(&["providers", "list", "--all"]);
    assert_eq!(all.len(), oauthctl::testing::entries().count() + 1);
    let json = sandbox.run(&["providers", "list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(json.code(0).stdout()).unwrap();
    assert_eq!(json["providers"].as_array().unwrap().len(), all.len(), "a script sees all");
}

#[test]
fn a_provider_is_found_by_words() {
    let sandbox = Sandbox::new();
    let found = sandbox.run(&["providers", "search", "shop", "reviews"]);
    assert!(found.code(0).stdout().lines().nth(1).unwrap().starts_with("judgeme "), "{found}");
    found.hides("github");
    sandbox.run(&["providers", "list", "gift"]).code(0).answers("glu").hides("github");
    for command in ["search", "list"] {
        let none = sandbox.run(&["providers", command, "no-such-thing"]);
        none.code(3).says("no provider matches `no-such-thing`").says("providers new ID --issuer");
    }
}

#[test]
fn another_name_of_a_provider_stands_for_its_id() {
    let sandbox = Sandbox::new();
    for args in [&["providers", "show", "gh"][..], &["providers", "scopes", "gh"]] {
        sandbox.run(args).code(0).answers("GitHub (github)");
    }
    sandbox.run(&["app", "show", "gh"]).code(3).says("`github`");
    sandbox.run(&["login", "gh", "--no-browser"]).says("oauthctl app set github");
    // Somebody's own provider of that name is theirs.
    sandbox.define("gh", "name = 'Mine'\ntoken.url = 'https://as.shop.test/t'\n");
    sandbox.run(&["providers", "show", "gh"]).code(0).answers("Mine (gh)");
}

#[test]
fn a_definition_says_how_sure_it_is() {
    let sandbox = Sandbox::new();
    let short = sandbox.run(&["providers", "show", "judgeme"]);
    short.code(0).answers("how sure").answers(" values, ").answers("from the provider's documents").hides("Evidence");
    for flag in ["--evidence", "--verbose"] {
        let long = sandbox.run(&["providers", "show", "judgeme", flag]);
        long.code(0).answers(
            "token.url = \"https://judge.me/oauth/token\"\n    the provider's documents: https://help.judge.me/",
        );
    }
    // What the user's file changes is known from nothing else.
    sandbox.define("judgeme", "token.url = 'https://as.shop.test/t'\n");
    let own = sandbox.run(&["providers", "show", "judgeme", "--evidence"]);
    own.code(0).answers("token.url = \"https://as.shop.test/t\"\n    no source").answers("1 without a source");
}

#[test]
fn a_complete_file_keeps_its_meaning_beside_a_newer_built_in_one() {
    let sandbox = Sandbox::new();
    let urls = "[authorize]\nurl = 'https://as.shop.test/a'\n[token]\nurl = 'https://as.shop.test/t'\n";
    sandbox.define("github", urls);
    let shown = sandbox.run(&["providers", "show", "github"]);
    shown.code(0).hides("api.github.com").answers("none documented");
    sandbox.define("github", "[api]\nexample = '/mine'\n");
    sandbox.run(&["providers", "show", "github"]).code(0).answers("api.github.com");
    // Those of 0.1 were always mixed.
    sandbox.define("judgeme", urls);
    sandbox.run(&["providers", "show", "judgeme"]).code(0).answers("https://judge.me/api/v1");
}
