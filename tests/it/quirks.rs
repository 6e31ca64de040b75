//! One definition a quirk, in `tests/fixtures/definitions`: each one goes round, through the real client and the
//! emulator. That both ends agree is all this shows; what is right is in `recorded_replies.rs` and `guides.rs`.

use std::collections::BTreeSet;

use oauthctl::testing::{Catalogue, NoFiles, rfc_defaults};

use crate::support::{Emulated, PendingLogin, Sandbox, http};

fn fixtures() -> Vec<(String, String)> {
    let folder = format!("{}/tests/fixtures/definitions", env!("CARGO_MANIFEST_DIR"));
    let mut fixtures: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    fixtures.sort();
    fixtures
}

#[test]
fn every_quirk_goes_round_through_client_and_emulator() {
    for (id, definition) in fixtures() {
        let sandbox = Sandbox::new();
        sandbox.define(&id, &definition);
        let emulated = Emulated::inside(sandbox, &id, &["--approve"]);
        let args = ["login", "--scope", "read,write", "--port", "0", "--no-browser"];
        let login = PendingLogin::start(emulated.command(&args));
        let mut url = login.authorize_url.clone();
        // What the page behind a route does with its address, the test does in its place.
        if let Some((_, query)) = url.fragment().and_then(|fragment| fragment.split_once('?')) {
            let query = query.to_owned();
            url.set_query(Some(&query));
            url.set_fragment(None);
        }
        let page = http::follow(&url);
        assert!(page.contains("You are logged in"), "{id}: {page}");
        login.finish().code(0).answers("Logged in to");
        emulated.run(&["call", "things"]).code(0).answers("[{\"id\":1}]");
        emulated.run(&["status"]).code(0).answers(&id);
        if definition.contains("[device]") {
            emulated.run(&["login", "--device", "--scope", "read,write"]).code(0).answers("granted  read write");
        }
        if definition.contains("[[scope.known]]") {
            emulated.run(&["scopes", "--probe", "--require", "read,write"]).code(0);
            let others = emulated.run(&["scopes", "--probe", "--require", "admin"]);
            others.code(10).says("admin");
        }
        if definition.contains("[refresh]") || definition.contains("[exchange]") {
            emulated.run(&["refresh"]).code(0);
            emulated.run(&["call", "things"]).code(0).answers("[{\"id\":1}]");
        }
        if definition.contains("[client_credentials]") {
            let args = ["login", "--grant", "client-credentials", "--scope", "read,write"];
            emulated.run(&args).code(0).answers("granted  read write");
        }
    }
}

#[test]
fn every_key_that_departs_from_an_rfc_has_a_fixture() {
    let mut seen = BTreeSet::new();
    for (id, definition) in fixtures() {
        let place = format!("{id}.toml");
        let definition = Catalogue::new(&NoFiles, None).compose(&id, Some((&definition, &place))).unwrap();
        seen.extend(definition.departures().into_iter().map(|line| line.key));
    }
    for id in Catalogue::new(&NoFiles, None).ids() {
        let definition = Catalogue::new(&NoFiles, None).get(&id).unwrap();
        seen.extend(definition.departures().into_iter().map(|line| line.key));
    }
    let missing: Vec<_> = rfc_defaults().into_keys().filter(|key| !seen.contains(key)).collect();
    assert_eq!(missing, Vec::<String>::new(), "no definition uses these");
}
