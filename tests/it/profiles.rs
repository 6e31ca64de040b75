//! Several logins, and a project that says which one it means.

use std::fs;
use std::path::Path;

use crate::support::{Emulated, Output, PendingLogin, Sandbox, http};

/// A provider whose servers depend on a label and on a host.
const SHOP: &str = "authorize.url = 'https://{store}.shop.example/authorize'\n\
                    token.url = 'https://{store}.shop.example/token'\napi.base = 'https://{store}.shop.example/api'\n\
                    [params.store]\nexample = 'my-shop'\n";
const HOSTED: &str = "authorize.url = 'https://{host}/authorize'\ntoken.url = 'https://{host}/token'\n\
                      api.base = 'https://{host}/api'\n[params.host]\nkind = 'host'\nexample = 'shop.example'\n";

fn with_two_logins() -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, &["--provider", "judgeme", "--profile", "one", "--label", "Shop one"], "token-of-one").code(0);
    keep(&sandbox, &["--provider", "judgeme", "--profile", "two"], "token-of-two").code(0);
    sandbox
}

#[track_caller]
fn keep(sandbox: &Sandbox, args: &[&str], token: &str) -> Output {
    sandbox.run_with_stdin(&[&["login", "--with-token"], args].concat(), token)
}

fn write_project(folder: &Path, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(".oauthctl.toml"), text).unwrap();
}

#[track_caller]
fn run_in(sandbox: &Sandbox, folder: &Path, args: &[&str]) -> Output {
    Output::new(args.join(" "), sandbox.command(args).current_dir(folder).output().unwrap())
}

#[test]
fn use_sets_the_current_login_below_flag_and_variable() {
    let sandbox = with_two_logins();
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-two\n");
    sandbox.run(&["use", "one"]).code(0);
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-one\n");
    assert_eq!(sandbox.run(&["token", "--profile", "two"]).code(0).stdout(), "token-of-two\n");

    let sandbox = sandbox.with("OAUTHCTL_PROFILE", "two");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-two\n");
    assert_eq!(sandbox.run(&["token", "--profile", "one"]).code(0).stdout(), "token-of-one\n");
    sandbox.run(&["use", "one"]).code(0).says("Here, commands still use `two` (environment, OAUTHCTL_PROFILE)");
}

#[test]
fn status_of_one_login_says_what_is_true_of_all() {
    let sandbox = with_two_logins();
    sandbox.run(&["status", "two", "--json"]).code(0).answers("\"current\": true");
    sandbox.run(&["status", "one", "--json"]).code(0).answers("\"current\": false");
    let nope = sandbox.with("OAUTHCTL_PROFILE", "nope");
    nope.run(&["status", "--check"]).code(4).hides("No logins");
}

#[test]
fn a_variable_that_names_no_login_hides_none() {
    let nope = with_two_logins().with("OAUTHCTL_PROFILE", "tow");
    let said = nope.run(&["status"]);
    said.code(4).says("there is no login called `tow`, which OAUTHCTL_PROFILE names");
    assert!(["one", "two"].iter().all(|name| said.stdout().contains(name)), "{said}");
    let said = nope.run(&["token"]);
    said.code(4)
        .says("which OAUTHCTL_PROFILE names")
        .says("did you mean `two`?")
        .says("--profile tow` makes a new one");
}

#[test]
fn a_login_can_stand_beside_each_command_that_is_about_one() {
    let sandbox = with_two_logins();
    sandbox.run(&["scopes", "one", "--json"]).code(0).answers("\"one\"");
    sandbox.run(&["refresh", "one"]).code(4).says("for the login `one`");
    let export = sandbox.with("OAUTHCTL_EXPORT_PASSPHRASE", "made-up and long enough");
    export.run(&["export", "one"]).code(0);
    export.run(&["export", "one", "--profile", "two"]).code(2).says("`one` and `--profile two` differ");
    export.run(&["scopes", "one", "--profiles", "*"]).code(2).says("is for several logins, and `one` is not");
    export.run(&["refresh", "--due", "one"]).code(2).says("`--due` looks at all logins");
    export.run(&["scopes", "one", "--provider", "judgeme"]).code(2);
}

#[test]
fn a_login_says_its_address_to_a_person_who_wants_quiet() {
    let judgeme = Emulated::start(&["--approve"]);
    let login = PendingLogin::start(judgeme.command(&["login", "-q", "--port", "0", "--no-browser"]));
    assert!(login.said().starts_with("Open this address"), "{}", login.said());
    assert!(http::follow(&login.authorize_url).contains("You are logged in"));
    login.finish().code(0);
}

#[test]
fn a_login_can_be_named_beside_the_command() {
    let sandbox = with_two_logins().with("OAUTHCTL_PROFILE", "two");
    assert_eq!(sandbox.run(&["token", "one"]).code(0).stdout(), "token-of-one\n");
    assert_eq!(sandbox.run(&["token", "one", "--profile", "one"]).code(0).stdout(), "token-of-one\n");
    let status = sandbox.run(&["status", "one", "-v"]);
    status.code(0).says("profile: one (from argument PROFILE)");
    assert!(!status.stdout().contains("two"), "{status}");
    let sandbox = sandbox.without("OAUTHCTL_PROFILE");
    for args in [&["use", "one"][..], &["use", "--profile", "one"], &["--profile", "one", "use"]] {
        sandbox.run(&["use", "two"]).code(0);
        sandbox.run(args).code(0).says("`one` is now the current login");
    }
    sandbox.run(&["logout", "two"]).code(0).says("Deleted the login `two`");
    sandbox.run(&["token", "two"]).code(4);
    sandbox.run(&["token"]).code(0);
}

#[test]
fn two_different_names_are_refused_and_nothing_is_done() {
    let sandbox = with_two_logins();
    for command in ["token", "status", "use", "logout"] {
        let refused = sandbox.run(&[command, "one", "--profile", "two"]);
        refused.code(2).says("`one` and `--profile two` differ").says(&format!("oauthctl {command}"));
        assert!(refused.stdout().is_empty(), "{refused}");
    }
    sandbox.run(&["logout", "one", "--all"]).code(2).says("one login and `--all`");
    let refused = sandbox.run(&["login", "glu", "--provider", "goodsie"]);
    refused.code(2).says("`glu` and `--provider goodsie` differ").says("oauthctl login");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-two\n");
    // The variable is a default for what commands use, not an order to change it.
    let sandbox = sandbox.with("OAUTHCTL_PROFILE", "one");
    sandbox.run(&["use"]).code(2).says("no login was given").says("oauthctl use NAME");
    assert_eq!(sandbox.without("OAUTHCTL_PROFILE").run(&["token"]).code(0).stdout(), "token-of-two\n");
}

#[test]
fn a_provider_can_be_named_beside_login() {
    let sandbox = Sandbox::new();
    keep(&sandbox, &["judgeme"], "a").code(0).answers("as `judgeme`");
    keep(&sandbox, &["judgeme", "--provider", "judgeme", "--profile", "work"], "b").code(0);
    assert_eq!(sandbox.run(&["token", "work"]).code(0).stdout(), "b\n");
    let mistaken = keep(&sandbox, &["work"], "c");
    mistaken.code(3).says("`work` is a login, not a provider").says("--profile work` repeats that login");
}

#[test]
fn a_login_that_does_not_exist_is_named_with_the_way_to_it() {
    let sandbox = with_two_logins();
    for command in ["token", "status", "use", "logout"] {
        let missing = sandbox.run(&[command, "glu"]);
        missing.code(4).says("there is no login called `glu`").says(" glu`; `oauthctl status` lists your logins");
        sandbox.run(&[command, "nobody"]).code(4).says("there is no login called `nobody`").says("--profile nobody`");
    }
}

#[test]
fn a_label_is_kept_shown_and_outlives_a_new_login() {
    let sandbox = with_two_logins();
    assert!(sandbox.run(&["status"]).code(0).stdout().contains("Shop one"));
    keep(&sandbox, &["--provider", "judgeme", "--profile", "one"], "newer").code(0);
    let status = sandbox.run(&["status", "--profile", "one", "--json"]);
    assert!(status.code(0).stdout().contains("\"label\": \"Shop one\""), "{status}");
    assert!(!status.stdout().contains("\"two\""), "{status}");
}

#[test]
fn logout_deletes_one_login_or_all() {
    let sandbox = with_two_logins();
    sandbox.run(&["logout", "--profile", "one"]).code(0);
    sandbox.run(&["token", "--profile", "one"]).code(4);
    sandbox.run(&["token", "--profile", "two"]).code(0);
    keep(&sandbox, &["--provider", "judgeme"], "third").code(0);
    sandbox.run(&["logout", "--all", "--profile", "two"]).code(2);
    let sandbox = sandbox.with("OAUTHCTL_PROFILE", "two");
    sandbox.run(&["logout", "--all"]).code(0).says("`two`").says("`judgeme`");
    assert!(sandbox.without("OAUTHCTL_PROFILE").run(&["status"]).code(0).stdout().starts_with("No logins."));
}

#[test]
fn verbose_status_says_what_it_can_when_a_part_is_broken() {
    let sandbox = with_two_logins();
    write_project(sandbox.home(), "damaged");
    sandbox.run(&["status"]).code(3).hides("Shop one");
    let status = sandbox.run(&["status", "-v"]);
    assert!(status.code(3).stdout().contains("Shop one"), "the logins are listed: {status}");
    status.says("profile: `").says("store of new logins: file (from environment, OAUTHCTL_STORE)");
    let sandbox = sandbox.with("OAUTHCTL_EMULATOR", "nonsense").with("OAUTHCTL_PROFILE", "one");
    let status = sandbox.run(&["status", "-v"]);
    status.says("provider: judgeme").says("definition: OAUTHCTL_EMULATOR is `nonsense`");
    assert!(status.code(3).stdout().contains("Shop one"), "{status}");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-one\n", "a token needs neither");
    assert_eq!(sandbox.run(&["providers", "list"]).code(3).stdout(), "");
}

#[test]
fn a_projects_file_is_found_from_below_and_names_the_login() {
    let sandbox = with_two_logins();
    let project = sandbox.home().join("code/project");
    let deep = project.join("src/deep");
    fs::create_dir_all(&deep).unwrap();
    write_project(&project, "profile = 'one'\n");
    assert_eq!(run_in(&sandbox, &deep, &["token"]).code(0).stdout(), "token-of-one\n");
    assert_eq!(run_in(&sandbox, &deep, &["token", "--profile", "two"]).code(0).stdout(), "token-of-two\n");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-two\n");

    let status = run_in(&sandbox, &deep, &["status", "-v"]);
    status.code(0).says("profile: one (from project, `").says("/code/project/.oauthctl.toml`, line 1, column 11)");
    status.says("store of new logins: file (from environment, OAUTHCTL_STORE)").says("token: not shown (from file)");
    run_in(&sandbox, &deep, &["status", "-v", "--profile", "two"]).code(0).says("profile: two (from flag --profile)");
    sandbox.run(&["status", "-v"]).code(0).says("profile: two (from the current login");
}

#[test]
fn a_projects_file_that_says_more_is_refused_with_its_place() {
    let sandbox = with_two_logins();
    let project = sandbox.home().join("project");
    let cases = [
        ("profile = 'one'\nclient_secret = 'x'\n", "line 2, column 1: unknown field `client_secret`"),
        ("[providers.judgeme]\ntoken = 'https://evil.example'\n", "line 1, column 2: unknown field `providers`"),
        ("[params]\nstore = 'evil.example#'\n", "line 2, column 9: `store` cannot be set here"),
    ];
    for (text, words) in cases {
        write_project(&project, text);
        run_in(&sandbox, &project, &["token"]).code(3).says("/project/.oauthctl.toml`, ").says(words);
    }
    // Whoever names the login does not depend on the project.
    run_in(&sandbox, &project, &["token", "--profile", "one"]).code(0);
}

#[cfg(unix)]
#[test]
fn a_projects_file_that_others_can_change_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = with_two_logins();
    let project = sandbox.home().join("project");
    write_project(&project, "profile = 'one'\n");
    let file = project.join(".oauthctl.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    run_in(&sandbox, &project, &["token"]).code(3).says("cannot be used").says("other users can change it");
    fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    run_in(&sandbox, &project, &["token"]).code(3).says("it is not a regular file");
}

#[test]
fn a_projects_parameters_are_defaults_and_never_choose_a_host() {
    let sandbox = Sandbox::new();
    sandbox.define("shop", SHOP);
    sandbox.define("hosted", HOSTED);
    let project = sandbox.home().join("project");
    write_project(&project, "[params]\nstore = 'our-shop'\nhost = 'evil'\n");
    let origin_of = |args: &[&str]| {
        let args = [&["login", "--with-token"], args].concat();
        let mut login = sandbox.command(&args);
        let input = sandbox.home().join("token.txt");
        fs::write(&input, "token").unwrap();
        let login = login.current_dir(&project).stdin(fs::File::open(input).unwrap()).output().unwrap();
        Output::new(args.join(" "), login)
    };
    origin_of(&["--provider", "shop", "--param", "store=our-shop"]).code(0);
    origin_of(&["--provider", "shop"]).code(0);
    sandbox.run(&["status", "-v"]).code(0).says("API https://our-shop.shop.example");
    origin_of(&["--provider", "shop", "--param", "store=other"]).code(0);
    sandbox.run(&["status", "-v"]).code(0).says("API https://other.shop.example");
    origin_of(&["--provider", "hosted"]).code(3).says("line 3, column 8: `host` of `hosted` chooses a server");
    // Parameters of another provider do no harm.
    origin_of(&["--provider", "judgeme"]).code(0);
}

#[test]
fn a_server_that_a_project_names_is_refused_until_it_is_typed() {
    let sandbox = Sandbox::new();
    sandbox.define("shop", SHOP);
    write_project(sandbox.home(), "[params]\nstore = 'Attacker'\n");
    let login = ["--provider", "shop", "--profile", "mine"];
    let remedy = "oauthctl login shop --profile mine --param store=attacker";
    let refused = keep(&sandbox, &login, "canary-of-the-token");
    refused.code(5).hides("canary-of-the-token").says(".oauthctl.toml`, line 2, column 9: `store=attacker` leads to");
    refused.says("https://attacker.shop.example, which you have not confirmed").says(&format!("run `{remedy}`"));
    let browser = sandbox.without("").with("OAUTHCTL_CLIENT_ID", "ID");
    let waits = browser.run(&["login", "--provider", "shop", "--no-browser"]);
    assert!(!waits.code(5).stderr().contains("/authorize"), "{waits}");
    assert!(sandbox.run(&["status"]).code(0).stdout().starts_with("No logins."));

    let typed = remedy.split(' ').skip(2).collect::<Vec<_>>();
    keep(&sandbox, &typed, "one").code(0);
    // Known by now, under whatever name; another one is not.
    keep(&sandbox, &["--provider", "shop", "--profile", "again"], "two").code(0);
    write_project(sandbox.home(), "[params]\nstore = 'another'\n");
    keep(&sandbox, &login, "three").code(5).says("https://another.shop.example");
    sandbox.run(&["logout", "--local", "--all"]).code(0);
    write_project(sandbox.home(), "[params]\nstore = 'attacker'\n");
    keep(&sandbox, &login, "four").code(5);
}

/// Two labels in one host: that each was seen somewhere says nothing of both together.
#[test]
fn a_host_of_two_parameters_is_known_from_one_login_only() {
    let sandbox = Sandbox::new();
    let (two, url) = ("[params.store]\n[params.region]\ndefault = 'eu'\n", "https://{store}.{region}.example");
    sandbox.define("two", &format!("authorize.url = '{url}/a'\ntoken.url = '{url}/t'\napi.base = '{url}'\n{two}"));
    let with = |store: &str, region: &str| {
        let params = [format!("store={store}"), format!("region={region}")];
        ["--provider", "two", "--param", &params[0], "--param", &params[1]].map(str::to_owned)
    };
    for (profile, params) in [("a", with("one", "us")), ("b", with("two", "cn"))] {
        let params: Vec<&str> = params.iter().map(String::as_str).chain(["--profile", profile]).collect();
        keep(&sandbox, &params, "x").code(0);
    }
    for (project, code) in [("one", "us", 0), ("two", "cn", 0), ("one", "cn", 5), ("two", "us", 5), ("two", "eu", 5)]
        .map(|(store, region, code)| (format!("[params]\nstore = '{store}'\nregion = '{region}'\n"), code))
    {
        write_project(sandbox.home(), &project);
        keep(&sandbox, &["--provider", "two", "--profile", "c"], "x").code(code);
        let _ = sandbox.run(&["logout", "--local", "--profile", "c"]);
    }
}

#[test]
fn a_project_value_in_a_path_or_equal_to_default_is_not_asked() {
    let sandbox = Sandbox::new();
    sandbox.define("path", &SHOP.replace("{store}.shop.example", "shop.example/{store}"));
    sandbox.define("default", &format!("{SHOP}default = 'ours'\n"));
    write_project(sandbox.home(), "[params]\nstore = 'ours'\n");
    for provider in ["path", "default"] {
        keep(&sandbox, &["--provider", provider], "x").code(0);
    }
}

#[cfg(unix)]
#[test]
fn a_server_named_by_a_project_needs_consent_on_a_terminal() {
    use crate::support::TerminalSession;
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "ID").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    sandbox.define("shop", SHOP);
    write_project(sandbox.home(), "[params]\nstore = 'attacker'\n");
    let login = ["login", "--quiet", "--provider", "shop", "--port", "0", "--no-browser"];
    let shown = "line 2, column 9 sets `store` to `attacker`, which leads to https://attacker.shop.example.";
    for no in ["n", "", "https://attacker.shop.example"] {
        let mut terminal = TerminalSession::start(sandbox.command(&login));
        assert!(terminal.shows("Continue? [y/N]").contains(shown));
        terminal.types(no);
        let exit = terminal.finish();
        assert!(!exit.code(5).shown.contains("attacker.shop.example/authorize"), "{}", exit.shown);
    }
    let mut terminal =
        TerminalSession::start(sandbox.command(&["login", "--provider", "shop", "--port", "0", "--no-browser"]));
    terminal.shows("Continue? [y/N]");
    terminal.types("Yes");
    assert_eq!(terminal.authorize_url().host_str(), Some("attacker.shop.example"));
    let typed = ["login", "--provider", "shop", "--port", "0", "--no-browser", "--param", "store=attacker"];
    assert_eq!(
        TerminalSession::start(sandbox.command(&typed)).authorize_url().host_str(),
        Some("attacker.shop.example")
    );
}

/// It comes without a login that would say which server it is for.
#[test]
fn a_server_named_only_by_a_project_gets_no_environment_token() {
    let sandbox = Sandbox::new();
    sandbox.define("shop", SHOP);
    write_project(sandbox.home(), "[params]\nstore = 'attacker'\n");
    let with_token = sandbox.without("").with("OAUTHCTL_TOKEN", "canary-of-the-token");
    for command in [&["call", "/x"][..], &["call", "/x", "--curl"], &["scopes", "--probe"]] {
        let refused = with_token.run(&[command, &["--profile", "shop"]].concat());
        refused.code(5).says("leads to https://attacker.shop.example").hides("canary-of-the-token");
        refused.says("`printenv OAUTHCTL_TOKEN | oauthctl login shop --with-token --param store=attacker`");
    }
    // Nothing is sent by these.
    with_token.run(&["token", "--profile", "shop"]).code(0);
    with_token.run(&["status", "--profile", "shop"]).code(0);
    keep(&sandbox, &["--provider", "shop", "--param", "store=attacker"], "x").code(0);
    with_token.run(&["call", "/x", "--curl", "--profile", "shop"]).code(0).answers("https://attacker.shop.example");
}

/// An emulator stands for every server, so a login there was no consent to one.
#[test]
fn a_login_at_an_emulator_makes_no_server_known() {
    let emulated = Emulated::defined(SHOP, &[]);
    write_project(emulated.home(), "[params]\nstore = 'attacker'\n");
    emulated.log_in();
    let real = ["EMULATOR", "CLIENT_ID", "CLIENT_SECRET", "PROFILE"];
    let real = real.iter().fold(emulated.same_home(), |home, name| home.without(&format!("OAUTHCTL_{name}")));
    let refused = keep(&real, &["--provider", "mine"], "x");
    refused.code(5).says("https://attacker.shop.example");
}

#[cfg(target_os = "linux")]
#[test]
fn what_others_put_above_a_project_neither_decides_nor_disturbs() {
    use crate::support::unprivileged_user::{STRANGER, needs_other_users};
    needs_other_users();
    let sandbox = with_two_logins();
    let (shared, work) = (sandbox.home().join("shared"), sandbox.home().join("shared/work"));
    fs::create_dir_all(&work).unwrap();
    let file = shared.join(".oauthctl.toml");
    let make = |what: &str| match what {
        "file" => write_project(&shared, "profile = 'one'\n"),
        "riddle" => write_project(&shared, "[[["),
        "folder" => fs::create_dir(&file).unwrap(),
        "link" => std::os::unix::fs::symlink("/etc/hostname", &file).unwrap(),
        _ => assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success()),
    };
    for what in ["file", "riddle", "folder", "link", "FIFO"] {
        make(what);
        std::os::unix::fs::lchown(&file, Some(STRANGER), Some(STRANGER)).unwrap();
        let token = run_in(&sandbox, &work, &["token"]);
        token.code(0).says("/shared/.oauthctl.toml` is ignored: it belongs to another user");
        assert_eq!((token.stdout(), token.stderr().lines().count()), ("token-of-two\n", 1), "{what}: {token}");
        fs::remove_file(&file).or_else(|_| fs::remove_dir(&file)).unwrap();
    }
}

#[test]
fn a_project_login_never_replaces_one_of_another_provider() {
    let sandbox = Sandbox::new();
    sandbox.define("shop", SHOP);
    keep(&sandbox, &["--provider", "judgeme", "--profile", "team"], "theirs").code(0);
    write_project(sandbox.home(), "profile = 'team'\n");
    let shop = keep(&sandbox, &["--provider", "shop", "--param", "store=a"], "mine");
    shop.code(0).says("names `team`: in this project commands use that without `--profile shop`");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "theirs\n");
    keep(&sandbox, &["--provider", "judgeme"], "newer").code(0);
    assert_eq!(sandbox.run(&["token", "--profile", "team"]).code(0).stdout(), "newer\n");
}

#[test]
fn login_warns_of_variables_that_will_hide_it() {
    let judgeme = ["--provider", "judgeme", "--profile", "one"];
    let login = keep(&Sandbox::new().with("OAUTHCTL_PROFILE", "other"), &judgeme, "token");
    login.code(0).says("OAUTHCTL_PROFILE is set: without `--profile one` commands use `other`");
    let login = keep(&Sandbox::new().with("OAUTHCTL_TOKEN", "canary-7f3a"), &judgeme, "token");
    login.code(0).says("OAUTHCTL_TOKEN is set: ").hides("canary-7f3a");
    let quiet = keep(&Sandbox::new(), &judgeme, "token");
    assert!(!quiet.code(0).stderr().contains("warning"), "{quiet}");
}

#[test]
fn the_environments_token_counts_only_with_a_named_profile() {
    let sandbox = with_two_logins().with("OAUTHCTL_TOKEN", "of-the-environment");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-two\n");
    assert_eq!(sandbox.run(&["token", "--profile", "one"]).code(0).stdout(), "of-the-environment\n");
    assert_eq!(sandbox.run(&["token", "--profile", "one", "--store", "file"]).code(0).stdout(), "token-of-one\n");
    let status = sandbox.run(&["status", "--profile", "one", "-v"]);
    status.code(0).says("token: not shown (from environment, OAUTHCTL_TOKEN)").hides("of-the-environment");
    sandbox.run(&["token", "--store", "env"]).code(2).says("requires `--profile`");
    // A project's file cannot turn it into the token of another login.
    write_project(sandbox.home(), "profile = 'one'\n");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "token-of-one\n");
}

#[test]
fn the_environments_token_needs_no_login_and_is_never_written() {
    let sandbox = Sandbox::new().with("OAUTHCTL_TOKEN", "of-the-environment");
    assert_eq!(sandbox.run(&["token", "--profile", "judgeme"]).code(0).stdout(), "of-the-environment\n");
    sandbox.run(&["status", "--profile", "judgeme", "--json"]).code(0).answers("\"store\": \"env\"");
    sandbox.run(&["token", "--profile", "nobody"]).code(3).says("no provider is known for `nobody`");
    let login = keep(&sandbox, &["--provider", "judgeme", "--store", "env"], "x");
    login.code(7).says("it is read-only");
    assert!(!sandbox.home().join(".local").exists());
    let none = Sandbox::new().run(&["token", "--store", "env", "--profile", "judgeme"]);
    none.code(4).says("OAUTHCTL_TOKEN is not set");
}

#[test]
fn the_environments_token_calls_the_api() {
    let judgeme = Emulated::start(&["--approve"]);
    judgeme.run(&["login", "--port", "0", "--scope", "read_shops", "--browser", &judgeme.browser()]).code(0);
    let token = judgeme.run(&["token"]).code(0).stdout().trim().to_owned();
    judgeme.run(&["logout"]).code(0);
    let call = ["call", "GET", "/api/v1/shops/info"];
    judgeme.run(&call).code(4);
    let with_token = judgeme.command(&call).env("OAUTHCTL_TOKEN", &token).output().unwrap();
    Output::new(call.join(" "), with_token).code(0);
}

/// A script that forgot where it runs: the name is the real provider's, the server is not.
#[test]
fn an_emulator_gets_the_environment_token_by_its_own_name_only() {
    let judgeme = Emulated::start(&["--approve"]);
    for command in [&["call", "GET", "/api/v1/shops/info"][..], &["scopes", "--probe"], &["token"]] {
        let mut command = judgeme.command(command);
        let output = command.env("OAUTHCTL_TOKEN", "canary-5c1d").env("OAUTHCTL_PROFILE", "judgeme").output().unwrap();
        let output = Output::new("with a real token".to_owned(), output);
        output.code(3).says("`judgeme` is an emulator here").says("`--profile judgeme-emulator`").hides("canary-5c1d");
    }
    assert_eq!(judgeme.requests(), [""; 0], "nothing was sent");
}
