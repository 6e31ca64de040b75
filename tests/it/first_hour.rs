//! What people meet in their first hour: a provider that is not listed, a program that runs beside another, an issuer in CI.

use crate::support::{Emulated, OidcProvider, PendingDevice, Person, Sandbox, TerminalSession, pty};

fn on_a_terminal(sandbox: &Sandbox, args: &[&str]) -> TerminalSession {
    let mut command = sandbox.command(args);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    TerminalSession::start(command)
}

#[test]
fn a_provider_that_is_not_listed_is_no_dead_end() {
    let home = Sandbox::new();
    let mut asked = on_a_terminal(&home, &["login"]);
    asked.shows("Which provider?");
    asked.presses(b"my own api");
    asked.shows("another, by its address");
    asked.presses(b"\r");
    asked.shows("Https address of its issuer");
    asked.types("");
    let shown = asked.finish().code(3).shown.clone();
    assert!(shown.contains("the provider has no definition") && shown.contains("oauthctl providers new ID"), "{shown}");

    let mut asked = on_a_terminal(&home, &["login"]);
    asked.shows("Which provider?");
    asked.presses(b"zzz\r");
    asked.shows("Https address of its issuer");
    asked.types(OidcProvider::running().issuer());
    asked.shows("Log in there? [y/N]");
    asked.types("n");
    assert!(asked.finish().code(5).shown.contains("was not confirmed"));
}

#[test]
fn two_addresses_are_a_definition_to_log_in_with() {
    let judgeme = Emulated::start(&["--approve"]);
    let origin = judgeme.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.to_owned();
    let home = Sandbox::new();
    let at = |path: &str| format!("{origin}{path}");
    let urls = ["--authorize", &at("/oauth/authorize"), "--token", &at("/oauth/token"), "--api", &at("/api/v1")];
    let made = home.run(&[&["providers", "new", "mine"][..], &urls].concat());
    made.code(0).says("`oauthctl login mine` uses it");
    home.run(&["providers", "check", "mine"]).code(0).answers("`mine` is valid");
    home.run(&["providers", "check", "nothing"]).code(3).says("`nothing` cannot be read");
    home.run(&["providers", "new", "half", "--token", &at("/t"), "--issuer", &origin]).code(2);
    let home = home
        .with("OAUTHCTL_CLIENT_ID", &judgeme.variable("OAUTHCTL_CLIENT_ID"))
        .with("OAUTHCTL_CLIENT_SECRET", &judgeme.variable("OAUTHCTL_CLIENT_SECRET"));
    let browser = home.browser();
    home.run(&["login", "mine", "--scope", "read_products", "--port", "0", "--browser", &browser]).code(0);
}

#[test]
fn an_issuers_address_is_enough_for_the_client_itself() {
    let issuer = OidcProvider::running().issuer();
    let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "job:1").with("OAUTHCTL_CLIENT_SECRET", "a:b/c d+e%f&g=h");
    let token = home.run(&["token", "--provider", issuer, "--scope", "read"]);
    assert!(token.code(0).stdout().trim().len() > 20, "{token}");
    home.run(&["scopes", "--provider", issuer, "--scope", "read", "--require", "read"]).code(0);
    assert!(!home.home().join(".config/oauthctl/providers").exists(), "nothing is written");
    // The command to repeat names it as it was typed.
    let lacks = home.run(&["scopes", "--provider", issuer, "--scope", "read", "--require", "write"]);
    lacks.code(10).says(&format!("oauthctl scopes --provider {issuer}"));
    let other = home.run(&["token", "--provider", &format!("{issuer}/elsewhere")]);
    other.code(8).says("/elsewhere` is not an issuer to get a token from").hides("--issuer");
}

#[test]
fn the_secret_of_one_client_is_not_taken_for_another() {
    let home =
        Sandbox::new().with("OAUTHCTL_CLIENT_ID", "of-the-variable").with("OAUTHCTL_CLIENT_SECRET", "made-up-secret");
    let other = home.run(&["app", "set", "judgeme", "--client-id", "typed"]);
    other.code(0).answers("Stored the client `typed`").answers("without a secret");
    other.says("OAUTHCTL_CLIENT_ID is set: new logins use `of-the-variable`, and not the stored client");
    let same = home.run(&["app", "set", "judgeme", "--replace"]);
    same.code(0).answers("with the secret in OAUTHCTL_CLIENT_SECRET").hides("warning");
}

#[test]
fn an_emulator_says_nothing_into_the_lines_of_its_command() {
    let home = Sandbox::new();
    let inside = "oauthctl login judgeme --scope read_products --port 0 && oauthctl call /api/v1/products -q '.products[0].title'";
    let emulate = |flags: &[&str]| {
        let mut command =
            home.command(&[flags, &["emulate", "judgeme", "--approve", "--", "sh", "-c", inside]].concat());
        command.env("BROWSER", home.browser());
        pty::run(command)
    };
    let (code, shown) = emulate(&[]);
    assert!(code == Some(0) && shown.contains("Blue Mug") && !shown.contains("emulator: "), "{shown}");
    let (code, shown) = emulate(&["-v"]);
    assert!(code == Some(0) && shown.contains("emulator: POST /oauth/token 200"), "{shown}");
}

#[test]
fn a_command_that_does_not_fit_goes_on_beside_the_names() {
    let (code, help) = pty::screen_at(50, Sandbox::new().command(&["--help"]));
    assert_eq!(code, Some(0));
    let program = help.split("\nOptions:").next().unwrap();
    let begins = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let wrong: Vec<&str> = program.lines().skip(4).filter(begins).filter(|line| line.len() < 15).collect();
    assert!(wrong.is_empty() && program.contains("\n               "), "{wrong:?}\n{program}");
}

#[test]
fn a_login_that_cannot_be_read_is_not_made_anew() {
    let home = Sandbox::new();
    home.run_with_stdin(&["login", "judgeme", "--with-token"], "made-up").code(0);
    let home = home.with("OAUTHCTL_STORE_KEY", &format!("{}=", "A".repeat(43)));
    home.run(&[]).code(0).answers("cannot be read").answers("next: oauthctl doctor");
}

#[test]
fn a_question_with_a_usual_yes_is_asked_again() {
    let television = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "television");
    let issuer = OidcProvider::running().issuer();
    television.define("acme", &format!("token.url = '{issuer}/token'\ntoken.auth = 'none'\ndevice.url = '{issuer}/device/auth'\nauthorize.url = '{issuer}/auth'\ngrants = ['authorization-code', 'device']"));
    let mut command = television.command(&["login", "acme", "--scope", "read"]);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"] {
        command.env_remove(name);
    }
    command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    let mut asked = TerminalSession::start(command);
    asked.shows("with a code on any device? [Y/n]");
    asked.types("oauthctl status");
    asked.shows("Type y for yes or n for no.");
    asked.types("y");
    asked.shows("and type this code");
    asked.interrupts();
    asked.finish();
}

#[test]
fn a_login_that_is_not_renewed_says_what_asks_for_it() {
    let issuer = OidcProvider::running().issuer();
    let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "television");
    home.run(&["providers", "new", "acme", "--issuer", issuer]).code(0);
    let mut login = home.command(&["login", "acme", "--device", "--json", "--scope", "openid"]);
    login.env_remove("OAUTHCTL_CLIENT_SECRET");
    let device = PendingDevice::start(login);
    Person::confirms(&device.code("verification_uri_complete").parse().unwrap());
    device.finish().code(0);
    let again = "`oauthctl login acme --scope 'openid offline_access'` makes a new login, and asks for a refresh token";
    home.run(&["refresh"]).code(4).says("gave no refresh token").says(again);
}

#[test]
fn a_page_of_the_manual_on_a_terminal_says_how_to_read_it() {
    let home = Sandbox::new();
    let (code, shown) = pty::run(home.command(&["man", "app", "set"]));
    assert!(code == Some(0) && shown.contains("To read it as a page: oauthctl man app set | man -l -"), "{shown}");
    home.run(&["man", "app", "set"]).code(0).hides("To read it");
}
