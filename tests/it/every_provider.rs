//! Each built-in provider and each grant that it offers: emulate, log in, token, call, scopes, log out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use oauthctl::testing::{Catalogue, GrantKind, NoFiles, ProviderDefinition, ResponseType};
use serde_json::Value;

use crate::next_command::SHELLS;
use crate::support::lacks::needs;
use crate::support::{Emulated, Output, PendingLogin, Sandbox, http};

fn definitions() -> Vec<ProviderDefinition> {
    let catalogue = Catalogue::new(&NoFiles, None);
    catalogue.ids().iter().map(|id| catalogue.get(id).unwrap()).collect()
}

/// Rounds are in parallel, as each has its own emulator and home; most of their time goes into starting processes.
#[test]
fn every_provider_logs_in_calls_and_logs_out_by_each_grant() {
    // Asked here, as a thread of the story cannot end it.
    needs(&["curl"]);
    needs(&SHELLS.map(|[shell, ..]| shell));
    let definitions = definitions();
    let grants = |definition: &ProviderDefinition| {
        definition.grants().into_iter().filter(|grant| ResponseType::of(*grant).is_some()).collect::<Vec<_>>()
    };
    let rounds: Vec<(&ProviderDefinition, GrantKind)> = definitions
        .iter()
        .flat_map(|definition| grants(definition).into_iter().map(move |grant| (definition, grant)))
        .collect();
    let next = AtomicUsize::new(0);
    let commands = Mutex::new(BTreeSet::new());
    let work = || {
        while let Some((definition, grant)) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let command = round(definition, *grant);
            commands.lock().unwrap().insert(command);
        }
    };
    // They wait more than they work.
    let threads = (2 * std::thread::available_parallelism().map_or(2, usize::from)).min(8);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let with_browser = definitions.iter().filter(|definition| !grants(definition).is_empty());
    assert!(rounds.len() >= with_browser.count() && rounds.len() > 7);
    same_words_in_every_shell(&commands.into_inner().unwrap());
}

#[cfg(not(unix))]
fn same_words_in_every_shell(_: &BTreeSet<String>) {}

/// The next commands have been run in bash. Other shells must read the same words in them.
#[cfg(unix)]
fn same_words_in_every_shell(commands: &BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let stub = folder.path().join("oauthctl");
    std::fs::write(&stub, "#!/bin/sh\nprintf '%s\\n' \"$@\" ---\n").unwrap();
    std::fs::set_permissions(&stub, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let script = commands.iter().map(|command| format!("{command}\n")).collect::<String>();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let words = |[shell, plain, run]: [&str; 3]| {
        let mut command = std::process::Command::new(shell);
        command.args([plain, run, &script]).env("PATH", &path).env("HOME", folder.path());
        let output = command.output().unwrap_or_else(|error| panic!("{shell}: {error}"));
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let [bash, others @ ..] = SHELLS;
    let bash = words(bash);
    assert_eq!(bash.matches("---\n").count(), commands.len());
    for shell in others {
        assert_eq!(words(shell), bash, "{}", shell[0]);
    }
}

/// Returns the command that the login names as the next one.
fn round(definition: &ProviderDefinition, grant: GrantKind) -> String {
    let id = definition.id.as_str();
    let emulated = Emulated::inside(Sandbox::new(), id, &["--approve"]);
    let grant = grant.as_str();
    let scopes = definition.known_scopes().join(",");
    let mut args = vec!["login", "--provider", id, "--grant", grant, "--port", "0", "--no-browser"];
    if !scopes.is_empty() {
        args.extend(["--scope", &scopes]);
    }
    let login = PendingLogin::start(emulated.command(&args));
    let page = http::follow(&login.authorize_url);
    assert!(page.contains("You are logged in"), "{id} {grant}: {page}");
    let outcome = login.finish();
    outcome.code(0).answers(&format!("Logged in to {} as `{id}-emulator`", definition.name));
    outcome.answers(if definition.never_expires() { "until    it is revoked" } else { "(in " });

    let token = emulated.run(&["token"]);
    token.code(0);
    outcome.hides(token.stdout().trim());
    let next = outcome.stdout().lines().find_map(|line| line.trim().strip_prefix("next "));
    let next = next.unwrap_or_else(|| panic!("{outcome}")).trim().to_owned();
    let binary = Path::new(env!("CARGO_BIN_EXE_oauthctl")).parent().unwrap();
    let mut command = emulated.program("bash");
    command.args(["--norc", "-c", &next]);
    command.env("PATH", format!("{}:{}", binary.display(), std::env::var("PATH").unwrap()));
    Output::new(format!("{id}: {next}"), command.output().unwrap()).code(0);
    let first = definition.samples.first().map(|sample| (sample.method.as_str(), sample.path.as_str()));
    if let Some((method, path)) = first.filter(|_| definition.api.example.is_none()) {
        emulated.run(&["call", method, path]).code(0);
    }
    // A table breaks long names.
    let scopes = emulated.run(&["scopes", "--json"]);
    let listed: Value = serde_json::from_str(scopes.code(0).stdout()).unwrap();
    for scope in &definition.scope.known {
        let of_name = |row: &&Value| row["scope"] == scope.name;
        let row = listed["scopes"].as_array().unwrap().iter().find(of_name);
        assert_eq!(row.unwrap_or_else(|| panic!("{id}: {}", scope.name))["about"], scope.about, "{id}");
    }
    if outcome.stdout().contains("renewed automatically") {
        emulated.run(&["refresh"]).code(0).answers("Refreshed").hides(token.stdout().trim());
    }
    emulated.run(&["logout"]).code(0);
    emulated.run(&["token"]).code(4);
    next
}

#[test]
fn a_shop_is_named_on_the_command_line_as_people_write_it() {
    for (id, typed, host) in [
        ("storehippo", "store=MyShop.storehippo.com", "https://myshop.storehippo.com/admin/oauth/authorization?"),
        (
            "storehippo",
            "store=https://myshop.storehippo.com/",
            "https://myshop.storehippo.com/admin/oauth/authorization?",
        ),
        ("shopify", "store=MyShop.myshopify.com", "https://myshop.myshopify.com/admin/oauth/authorize?"),
        ("glu", "store=https://my-store.glu.io/", "https://my-store.glu.io/oauth/authorize?"),
        ("smithcart", "domain=Shop.Example.com", "https://shop.example.com/oauth2/authorize?"),
    ] {
        let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "made-up");
        let args = ["login", "--provider", id, "--param", typed, "--port", "0", "--no-browser", "--timeout", "1"];
        let login = PendingLogin::start(sandbox.command(&args));
        assert!(login.authorize_url.as_str().starts_with(host), "{}", login.authorize_url);
    }
}

#[test]
fn a_value_that_moves_the_host_is_refused_before_sending() {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "made-up");
    for (id, param) in [
        ("storehippo", "store=evil.example#"),
        ("storehippo", "store=evil.example/"),
        ("storehippo", "store=a@evil.example"),
        ("smithcart", "domain=evil.example/x"),
        ("smithcart", "domain=a@evil.example"),
        ("shopify", "store=evil.example#"),
        ("glu", "store=http://shop.example"),
        ("glu", "store=https://shop.example/path"),
        ("glu", "store=javascript:alert(1)"),
    ] {
        let login = sandbox.run(&["login", "--provider", id, "--param", param, "--no-browser"]);
        login.code(3).says("is not a valid");
    }
    sandbox.run(&["login", "--provider", "storehippo", "--no-browser"]).code(3).says("--param store=myshop");
    sandbox.run(&["login", "--provider", "glu", "--param", "shop=x"]).code(3).says("it takes `store`");
}

#[test]
fn the_api_lists_the_scopes_of_a_token_by_header_or_request() {
    for (id, asked, granted, absent, source) in [
        ("github", "user,gist", "gist,user:email", "repo", "the header `X-OAuth-Scopes`"),
        (
            "shopify",
            "write_products,read_orders",
            "read_products,read_orders",
            "read_themes",
            "the reply to `GET /admin/oauth/access_scopes.json`",
        ),
    ] {
        let emulated = Emulated::inside(Sandbox::new(), id, &["--approve"]);
        let browser = emulated.browser();
        emulated.run(&["login", id, "--scope", asked, "--port", "0", "--browser", &browser]).code(0);
        let listed = emulated.run(&["scopes", "--probe", "--json"]);
        assert!(listed.code(0).stdout().contains(source), "{listed}");
        // What the API lists needs no probe, and not even a definition.
        emulated.run(&["scopes", "--probe", "--require", granted]).code(0);
        emulated.run(&["scopes", "--probe", "--require", absent]).code(10);
    }
}

#[test]
fn scopes_that_the_guide_warns_of_bring_its_words() {
    let goodsie = Emulated::inside(Sandbox::new(), "goodsie", &["--approve"]);
    let browser = goodsie.browser();
    let login = goodsie.run(&["login", "--scope", "cart,admin", "--port", "0", "--browser", &browser]);
    login
        .code(0)
        .says("cart: currently unused")
        .says("admin: ask for it only if the app acts as a store administrator");
    let goodsie = Emulated::inside(Sandbox::new(), "goodsie", &["--approve"]);
    let browser = goodsie.browser();
    let quiet = goodsie.run(&["login", "--port", "0", "--browser", &browser]);
    assert!(quiet.stderr().contains("scope=storefront+cart&"), "{}", quiet.stderr());
    assert!(!quiet.stderr().contains("warning"), "{}", quiet.stderr());
}

#[test]
fn an_implicit_login_recommends_the_code_grant_where_offered() {
    let goodsie = Emulated::inside(Sandbox::new(), "goodsie", &["--approve"]);
    let args = ["login", "--grant", "implicit", "--port", "0", "--no-browser"];
    let login = PendingLogin::start(goodsie.command(&args));
    http::follow(&login.authorize_url);
    login.finish().code(0).says("a code is better");
    let judgeme = Emulated::start(&[]);
    judgeme.run(&["login", "--grant", "implicit"]).code(2).says("it offers `--grant authorization-code`");
}
