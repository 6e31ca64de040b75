//! The questions of a login at a terminal: what is asked, in which order, and what an interruption leaves behind.

use libc::SIGCONT;

use crate::support::process::{process_state, send_signal, until};
use crate::support::{Chromium, Emulated, Sandbox, TerminalSession};

/// A provider that is in no list of ours. Its servers are the emulator's.
const ORCHARD: &str = r#"
name = "Orchard"
authorize.url = "ORIGIN/oauth/authorize"
token = { url = "ORIGIN/oauth/token", body = "json", auth = "body" }
api = { base = "ORIGIN/api/{version}", token = [{ in = "header", name = "X-Api-Token" }], example = "/api/v1/products" }
app.steps = ["Enter {redirect_uri} there"]
params.version = { prompt = "Version of the API", example = "v1" }

[[scope.known]]
name = "read_products"
about = "apples and pears"
probe.path = "products"

[[scope.known]]
name = "read_orders"
about = "orders"
"#;

/// A home where nothing is registered, on a terminal that can draw.
struct Newcomer {
    emulated: Emulated,
    home: Sandbox,
}

impl Newcomer {
    fn new() -> Self {
        let emulated = Emulated::start(&[]);
        let home = Sandbox::new().with("TERM", "xterm").with("NO_COLOR", "1");
        let origin = emulated.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.to_owned();
        home.define("orchard", &ORCHARD.replace("ORIGIN", &origin));
        Self { emulated, home }
    }

    fn start(&self, args: &[&str]) -> Answering {
        let login = ["login", "--port", "0", "--no-browser"];
        Answering {
            terminal: TerminalSession::start(self.home.command(&[&login, args].concat())),
            keys: 0,
            questions: 0,
        }
    }

    /// Answers everything up to the browser.
    fn answers(&self, asked: &mut Answering) {
        asked.answer("Which provider?", "orch\r");
        asked.answer("Version of the API; letters, digits and hyphens, such as v1: ", "v1\r");
        asked.answer("Client ID: ", &(self.emulated.variable("OAUTHCTL_CLIENT_ID") + "\r"));
        asked.answer("Client secret (not shown): ", &(self.emulated.variable("OAUTHCTL_CLIENT_SECRET") + "\r"));
        asked.answer("Which scopes?", "pears \r");
    }
}

/// A person at the keyboard, whose answers are counted.
struct Answering {
    terminal: TerminalSession,
    keys: usize,
    questions: usize,
}

impl Answering {
    #[track_caller]
    fn answer(&mut self, question: &str, keys: &str) {
        self.terminal.shows(question);
        self.terminal.presses(keys.as_bytes());
        self.keys += keys.chars().count();
        self.questions += 1;
    }
}

#[test]
fn a_newcomer_is_led_from_nothing_to_a_call() {
    let newcomer = Newcomer::new();
    let chromium = Chromium::start();
    let mut asked = newcomer.start(&[]);
    newcomer.answers(&mut asked);
    let shown = asked.terminal.shows("Waiting for the redirect");
    assert!(shown.contains("1. Enter http://127.0.0.1/callback, with any port there"), "{shown}");
    assert!(shown.contains("apples and pears"), "{shown}");
    chromium.open(&asked.terminal.authorize_url());
    chromium.shows("An app asks for access to");
    chromium.click("button[value=approve]");
    chromium.shows("You are logged in");
    let (questions, keys) = (asked.questions, asked.keys);
    let exit = asked.terminal.finish();
    let shown = &exit.code(0).shown;
    println!("{questions} questions, {keys} keys");
    assert_eq!(questions, 5, "the provider, its parameter, the client's id and secret, the scopes");
    for line in [
        "granted  read_products public",
        "next     oauthctl call GET /api/v1/products",
        "The same without questions: oauthctl login --port 0 --no-browser orchard --param version=v1 --scope read_products",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    newcomer.home.run(&["call", "GET", "/api/v1/products"]).code(0).answers("Blue Mug");
}

#[test]
fn answers_survive_a_login_that_fails() {
    let newcomer = Newcomer::new();
    let mut asked = newcomer.start(&["--timeout", "1"]);
    asked.answer("Which provider?", "orch\r");
    asked.answer("Version of the API", "my version\r");
    asked.terminal.shows("`my version` cannot be used: it must be one name of letters, digits and hyphens.");
    asked.terminal.presses(b"v1\r");
    asked.answer("Client ID: ", "two words\r");
    asked.terminal.shows("A client id has no whitespace");
    asked.terminal.presses(b"made-up\r");
    asked.answer("(not shown): ", "made-up\r");
    asked.answer("Which scopes?", "orders \r");
    let exit = asked.terminal.finish();
    let again = "oauthctl login --port 0 --no-browser --timeout 1 orchard --param version=v1 --scope read_orders";
    assert!(exit.code(6).shown.contains(&format!("Your answers are not lost. To go on from here: {again}")));

    let args: Vec<&str> = again.split(' ').skip(1).collect();
    let exit = TerminalSession::start(newcomer.home.command(&args)).finish();
    assert!(exit.code(6).shown.contains("scope=read_orders") && !exit.shown.contains("Client ID"), "{}", exit.shown);
}

#[test]
fn a_list_ends_with_ctrl_c_and_stops_with_ctrl_z() {
    let newcomer = Newcomer::new();
    let mut asked = newcomer.start(&[]);
    asked.terminal.shows("Esc to cancel");
    assert!(asked.terminal.settings_changed());
    asked.terminal.stops();
    until("it stops", || process_state(asked.terminal.process_id()) == Some('T'));
    assert!(!asked.terminal.settings_changed(), "the shell finds a terminal that echoes");
    send_signal(asked.terminal.process_id(), SIGCONT);
    asked.terminal.shows("Press an arrow key");
    asked.answer("Which provider?", "orch\r");
    asked.answer("Version of the API", "v1\r");
    asked.answer("Client ID: ", "made-up\r");
    asked.answer("(not shown): ", "made-up\r");
    asked.terminal.shows("Space to tick");
    asked.terminal.interrupts();
    let exit = asked.terminal.finish();
    assert_eq!(exit.signal, Some(2), "{}", exit.shown);
    assert!(exit.shown.rfind("\u{1b}[?25h") > exit.shown.rfind("\u{1b}[?25l"), "the cursor is shown: {:?}", exit.shown);
    assert!(
        exit.shown.rfind("\u{1b}[?2004l") > exit.shown.rfind("\u{1b}[?2004h"),
        "pastes are plain: {:?}",
        exit.shown
    );

    let mut cancelled = newcomer.start(&[]);
    cancelled.answer("Esc to cancel", "\u{1b}");
    assert!(cancelled.terminal.finish().code(2).shown.contains("the question was not answered, and nothing was done"));
}

#[test]
fn a_terminal_that_cannot_draw_gets_numbered_lines() {
    let newcomer = Newcomer::new();
    let plain = newcomer.home.without("TERM").with("TERM", "dumb");
    let mut terminal = TerminalSession::start(plain.command(&["login", "--port", "0", "--no-browser"]));
    for (question, answer) in [
        ("Its number, or a part of its name: ", "goo"),
        ("goodsie", "no such"),
        ("None of them matches", "orch"),
        ("Version of the API", "v1"),
        ("Client ID: ", "made-up"),
        ("(not shown): ", "made-up"),
        ("Numbers or names to tick or untick", "2 nothing read_products"),
        ("`nothing` is neither", ""),
    ] {
        terminal.shows(question);
        terminal.types(answer);
    }
    let url = terminal.authorize_url();
    assert!(url.query_pairs().any(|pair| pair == ("scope".into(), "read_products read_orders".into())), "{url}");
    terminal.interrupts();
    assert!(!terminal.finish().shown.contains("\u{1b}[?25l"), "nothing is drawn");
}

#[test]
fn nothing_is_asked_where_no_person_can_answer() {
    let newcomer = Newcomer::new();
    for (home, args) in [
        (newcomer.home.without("").with("CI", "true"), &["login"][..]),
        (newcomer.home.without(""), &["login", "--json"]),
        (newcomer.home.without(""), &["login", "--quiet"]),
    ] {
        let exit = TerminalSession::start(home.command(args)).finish();
        assert!(exit.code(2).shown.contains("no provider was given"), "{args:?}: {}", exit.shown);
    }
    newcomer.home.run(&["login"]).code(2).says("no provider was given");
    newcomer.home.run(&["login", "orchard"]).code(3).says("`orchard` needs a value for `version`");
    let ci = newcomer.home.without("").with("CI", "true");
    let exit = TerminalSession::start(ci.command(&["login", "judgeme"])).finish();
    assert!(exit.code(3).shown.contains("no client is registered"), "{}", exit.shown);
}

#[test]
fn the_provider_then_the_store_are_checked_before_questions() {
    let broken = Sandbox::new().with("OAUTHCTL_STORE", "helper:is-not-here");
    broken.run(&["login", "nope"]).code(3).says("no provider is called `nope`");
    for args in [&["login"][..], &["login", "shopify"], &["app", "set", "judgeme"]] {
        let exit = TerminalSession::start(broken.command(args)).finish();
        assert_eq!(exit.code, Some(7), "{args:?}: {}", exit.shown);
        for question in ["Which provider?", "Name of the store", "Client ID"] {
            assert!(!exit.shown.contains(question), "{args:?}: {}", exit.shown);
        }
    }
}

#[test]
fn the_guide_names_the_redirect_uri_that_is_used() {
    let home = Sandbox::new();
    home.define("bare", "authorize.url = 'https://bare.example/a'\ntoken.url = 'https://bare.example/t'\n");
    for (args, shown) in [
        (&["login", "judgeme", "--port", "9123"][..], "the Redirect URI http://127.0.0.1:9123/callback, the logo"),
        (
            &["login", "judgeme", "--redirect-uri", "https://localhost:8443/cb"],
            "the Redirect URI https://localhost:8443/cb, the logo",
        ),
        (
            &["login", "bare"],
            "bare requires you to register an app. Its redirect URI is http://127.0.0.1:8765/callback",
        ),
    ] {
        let mut terminal = TerminalSession::start(home.command(args));
        let screen = terminal.shows("Client ID: ");
        assert!(screen.contains(shown), "{args:?}: {screen}");
    }
}

#[test]
fn a_client_without_a_secret_is_not_asked_for_one() {
    let home = Sandbox::new();
    home.define(
        "public",
        "authorize.url = 'https://p.example/a'\ntoken = { url = 'https://p.example/t', auth = 'none' }\n",
    );
    let mut terminal = TerminalSession::start(home.command(&["app", "set", "public"]));
    terminal.shows("Client ID: ");
    terminal.types("");
    terminal.shows("A client id is needed");
    terminal.types("made-up");
    let exit = terminal.finish();
    assert!(exit.code(0).shown.contains("without a secret") && !exit.shown.contains("not shown"), "{}", exit.shown);
}
