//! The command that `login` prints as the next one works as it is printed: with the granted scopes, in every shell.

use std::path::Path;

use oauthctl::testing::{Catalogue, NoFiles};

use crate::support::{Emulated, Output, PendingLogin, http};

pub const SHELLS: [[&str; 3]; 3] = [["bash", "--norc", "-c"], ["zsh", "-f", "-c"], ["fish", "--no-config", "-c"]];

#[test]
fn the_next_command_works_in_every_shell() {
    let folder = Path::new(env!("CARGO_BIN_EXE_oauthctl")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let catalogue = Catalogue::new(&NoFiles, None);
    // In bash `every_provider` runs all of them, and compares the words that the other shells read.
    for id in ["judgeme", "storehippo", "goodsie", "smithcart", "glu", "github", "shopify"] {
        let emulated = Emulated::provider(id, &["--approve"]);
        let known = catalogue.get(id).unwrap().known_scopes().join(" ");
        let mut tried = Vec::new();
        for scopes in [None, Some(known.as_str())].into_iter().filter(|scopes| *scopes != Some("")) {
            let mut args = vec!["login", "--port", "0", "--no-browser"];
            args.extend(scopes.into_iter().flat_map(|scopes| ["--scope", scopes]));
            let login = PendingLogin::start(emulated.command(&args));
            let page = http::follow(&login.authorize_url);
            assert!(page.contains("You are logged in"), "{id}: {page}");
            let login = login.finish();
            let next = login.code(0).stdout().lines().find_map(|line| line.trim().strip_prefix("next     "));
            let next = next.unwrap_or_else(|| panic!("{login}")).trim().to_owned();
            for [shell, plain, run] in SHELLS.into_iter().filter(|_| !tried.contains(&next)) {
                let mut command = emulated.program(shell);
                command.args([plain, run, &next]).env("PATH", &path);
                Output::new(format!("{id}: {shell}: {next}"), command.output().unwrap()).code(0);
            }
            tried.push(next);
        }
        println!("{id}: {}", tried.join(" | "));
    }
}
