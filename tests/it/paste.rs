//! The redirect that a person brings by hand, on a real terminal: every form of it, what is refused, what must be
//! vouched for, and that the terminal shows nothing of it and is left as it was found.

use std::process::Command;

use url::Url;

use crate::support::lacks;
use crate::support::{Emulated, PendingLogin, Sandbox, TerminalSession, http as browser};

const CODE: &str = "canary-of-the-code";

/// A login at a terminal.
fn start_login(emulated: &Emulated, args: &[&str]) -> TerminalSession {
    TerminalSession::start(emulated.command(&[&["login", "--scope", "", "--port", "0", "--no-browser"], args].concat()))
}

/// Where the browser ends, as the address bar of an unreachable page says it.
fn final_address(authorize_url: &Url) -> Url {
    browser::location(&browser::get(authorize_url))
}

/// The code or the token in an answer.
fn secret_of(address: &Url) -> String {
    let answer = address.query().or(address.fragment()).unwrap();
    let mut pairs = url::form_urlencoded::parse(answer.as_bytes());
    pairs.find(|(name, _)| ["code", "access_token"].contains(&&**name)).unwrap().1.into_owned()
}

#[test]
fn a_code_may_be_pasted_as_address_query_or_alone() {
    let judgeme = Emulated::start(&["--approve"]);
    let forms: [fn(&Url) -> String; 13] = [
        |address| address.to_string(),
        |address| format!("  {address} "),
        |address| format!("?{}", address.query().unwrap()),
        |address| address.query().unwrap().to_owned(),
        secret_of,
        // As an address bar, a terminal, a page, a log and a chat have it.
        |address| secret_of(address).bytes().map(|byte| format!("%{byte:02X}")).collect(),
        |address| format!("{}&scope=a", secret_of(address)),
        |address| format!("code={}", secret_of(address)),
        |address| format!("\u{1b}[200~{address}\u{1b}[201~"),
        |address| format!("<{}>", address.as_str().replace('&', "&amp;")),
        |address| format!("Location: {address}"),
        |address| format!("GET {}?{} HTTP/1.1", address.path(), address.query().unwrap()),
        |address| format!("'{}',", address.as_str().strip_prefix("http://").unwrap()),
    ];
    for form in forms {
        let mut terminal = start_login(&judgeme, &[]);
        let address = final_address(&terminal.authorize_url());
        assert!(terminal.settings_changed(), "the terminal echoes");
        terminal.types(&form(&address));
        terminal.finish().code(0).hides(&secret_of(&address));
        judgeme.run(&["logout"]).code(0);
    }
}

#[test]
fn a_token_may_be_pasted_as_address_or_fragment() {
    let smithcart = Emulated::provider("smithcart", &["--approve"]);
    let forms: [fn(&Url) -> String; 3] = [
        |address| address.to_string(),
        |address| format!("#{}", address.fragment().unwrap()),
        |address| address.fragment().unwrap().to_owned(),
    ];
    for form in forms {
        let mut terminal = start_login(&smithcart, &[]);
        let address = final_address(&terminal.authorize_url());
        terminal.types(&form(&address));
        terminal.finish().code(0).hides(&secret_of(&address));
        smithcart.run(&["logout"]).code(0);
    }
}

#[test]
fn a_wrong_paste_is_refused_and_the_wait_goes_on() {
    let judgeme = Emulated::start(&["--approve"]);
    let mut terminal = start_login(&judgeme, &[]);
    let address = final_address(&terminal.authorize_url());
    let mut foreign = address.clone();
    foreign.set_host(Some("evil.example")).unwrap();
    foreign.set_query(Some("code=1&state=another"));
    terminal.types(foreign.as_str());
    terminal.shows("The pasted address is not the redirect URI of this login, which is shown above; still waiting.");
    // Not all of it was copied.
    let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    terminal.types(&format!("?state={state}"));
    terminal.shows("What was pasted cannot be used: there is neither a code nor an error");
    terminal.types("two words");
    terminal.shows("What was pasted is neither the final address nor a code; still waiting.");
    terminal.types("?state=another&code=1");
    terminal.types("yes");
    terminal.types(&format!("?state={}", "x".repeat(300)));
    terminal.types(address.as_str());
    terminal.finish().code(0).hides(&secret_of(&address)).hides("evil.example");
}

#[test]
fn a_word_that_is_not_a_code_is_asked_about_and_not_sent() {
    let judgeme = Emulated::start(&["--approve"]);
    let mut terminal = start_login(&judgeme, &["--allow-missing-state"]);
    let address = final_address(&terminal.authorize_url());
    for (n, word) in ["help", "q"].into_iter().enumerate() {
        terminal.types(word);
        terminal.shows_times("That looks like a word and not like a code", n + 1);
    }
    terminal.types("no");
    terminal.types(&secret_of(&address));
    terminal.finish().code(0).hides(&secret_of(&address));

    let mut terminal = start_login(&judgeme, &[]);
    terminal.authorize_url();
    terminal.types("help");
    terminal.shows("That looks like a word and not like a code");
    terminal.types("yes");
    terminal.finish().code(5);
}

#[test]
fn a_line_longer_than_line_mode_can_read_arrives_whole() {
    let judgeme = Emulated::start(&["--approve"]);
    let mut terminal = start_login(&judgeme, &[]);
    let mut address = final_address(&terminal.authorize_url());
    // In front, so that a line that is cut has no code.
    let query = format!("padding={}&{}", "p".repeat(20_000), address.query().unwrap());
    address.set_query(Some(&query));
    terminal.types(address.as_str());
    terminal.finish().code(0).hides("pppp");
}

#[test]
fn the_terminal_is_as_before_after_an_end_of_the_wait() {
    let judgeme = Emulated::start(&[]);
    let mut terminal = start_login(&judgeme, &["--timeout", "1"]);
    terminal.shows("Waiting for the redirect");
    terminal.finish().code(6);
}

#[test]
fn the_terminal_is_restored_after_sigint_and_sigterm() {
    let judgeme = Emulated::start(&[]);
    for signal in [2, 15] {
        let mut terminal = start_login(&judgeme, &[]);
        terminal.authorize_url();
        assert!(terminal.settings_changed());
        if signal == 2 {
            terminal.interrupts()
        } else {
            terminal.terminates()
        }
        let exit = terminal.finish();
        assert_eq!((exit.code, exit.signal), (None, Some(signal)), "{}", exit.shown);
    }
}

#[test]
fn a_hang_up_that_the_shell_ignores_is_ignored_here_too() {
    let judgeme = Emulated::start(&["--approve"]);
    let login = judgeme.command(&["login", "--scope", "", "--port", "0", "--no-browser"]);
    // What nohup(1) does.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(login.get_program()).args(login.get_args());
    command.env_clear().envs(login.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut terminal = TerminalSession::start(command);
    let address = final_address(&terminal.authorize_url());
    terminal.hangs_up();
    terminal.types(address.as_str());
    terminal.finish().code(0);
}

#[test]
fn an_answer_without_an_optional_state_needs_a_yes() {
    let goodsie = Emulated::provider("goodsie", &["--approve", "--fault", "no-state"]);
    let mut terminal = start_login(&goodsie, &[]);
    let address = final_address(&terminal.authorize_url());
    let tab = std::thread::spawn(move || browser::get(&address));
    terminal.shows("An answer came without the state that proves it is yours");
    terminal.types("no");
    assert!(tab.join().unwrap().contains("Nothing to see here"));

    let address = final_address(&terminal.authorize_url());
    let again = address.clone();
    let tab = std::thread::spawn(move || browser::get(&again));
    terminal.shows_times("An answer came", 2);
    terminal.types("yes");
    assert!(tab.join().unwrap().contains("You are logged in"));
    terminal.finish().code(0).hides(&secret_of(&address));
}

#[test]
fn an_answer_without_a_state_needs_a_flag_without_a_terminal() {
    let goodsie = Emulated::provider("goodsie", &["--approve", "--fault", "no-state"]);
    let start = |args: &[&str]| {
        PendingLogin::start(goodsie.command(&[&["login", "--port", "0", "--no-browser"], args].concat()))
    };
    let refused = start(&[]);
    assert!(browser::get(&final_address(&refused.authorize_url)).contains("anybody could have made it"));

    let taken = start(&["--allow-missing-state"]);
    assert!(browser::get(&final_address(&taken.authorize_url)).contains("You are logged in"));
    taken.finish().code(0);
}

#[test]
fn a_wrong_state_never_counts() {
    let goodsie = Emulated::provider("goodsie", &["--approve", "--fault", "wrong-state"]);
    let mut terminal = start_login(&goodsie, &["--allow-missing-state"]);
    let mut address = final_address(&terminal.authorize_url());
    assert!(browser::get(&address).contains("perhaps of an earlier try"));
    terminal.types(address.as_str());
    // A second state beside none, or an empty one, is a wrong one too.
    address.set_query(Some(&format!("code={CODE}&state=")));
    assert!(browser::get(&address).contains("perhaps of an earlier try"));
    terminal.interrupts();
    assert_eq!(terminal.finish().signal, Some(2));
    goodsie.run(&["token"]).code(4);
}

#[test]
fn a_bare_code_without_pkce_needs_a_yes() {
    let sandbox = Sandbox::new();
    sandbox.define(
        "plain",
        "name = 'Plain'\nauthorize.url = 'https://plain.example/authorize'\ntoken.url = 'https://plain.example/token'\n\
         api.base = 'https://plain.example/api'\n\
         authorize.pkce = { value = 'off', source = 'https://plain.example/docs', checked = '2026-11-20' }\n",
    );
    let plain = Emulated::inside(sandbox, "plain", &["--approve"]);
    let mut terminal = start_login(&plain, &[]);
    let address = final_address(&terminal.authorize_url());
    terminal.types(&secret_of(&address));
    terminal.shows("A bare code proves nothing of where it is from");
    terminal.types("yes");
    terminal.finish().code(0).hides(&secret_of(&address));
}

#[test]
fn a_redirect_uri_elsewhere_goes_straight_to_paste() {
    let uri = "https://anything.example/cb";
    let judgeme = Emulated::start(&["--approve", "--redirect-uri", uri]);
    let args = ["login", "--scope", "", "--redirect-uri", uri, "--no-browser"];
    let mut terminal = TerminalSession::start(judgeme.command(&args));
    let address = final_address(&terminal.authorize_url());
    assert!(address.as_str().starts_with("https://anything.example/cb?"), "{address}");
    terminal.shows("does not lead to this machine: copy the final address from the browser and paste it here");
    terminal.types(address.as_str());
    terminal.finish().code(0).hides(&secret_of(&address));

    let nobody = judgeme.run(&args);
    nobody
        .code(2)
        .says("the redirect to `https://anything.example/cb` cannot be received here, and there is no terminal");
    nobody.says("`--listen 127.0.0.1:8765` says that a tunnel from there ends here");
}

#[test]
fn a_tunnel_may_end_here() {
    let uri = "https://anything.example/cb";
    let judgeme = Emulated::start(&["--approve", "--redirect-uri", uri]);
    let start = |listen: &str| judgeme.command(&["login", "--redirect-uri", uri, "--listen", listen, "--no-browser"]);
    // A tunnel passes the public name on, or puts its own target in its place.
    for public_name in [true, false] {
        let login = PendingLogin::start(start("127.0.0.1:0"));
        let (_, port) = login.said().split_once("A tunnel from there has to end at 127.0.0.1:").unwrap();
        let end = format!("127.0.0.1:{}", port.lines().next().unwrap().trim_end_matches('.'));
        let address = final_address(&login.authorize_url);
        let through = |host: &str, query: &str| {
            let local = format!("http://{end}{}?{query}", address.path());
            let reply =
                lacks::program("curl").args(["-s", "--noproxy", "*", "-H", &format!("Host: {host}"), &local]).output();
            String::from_utf8(reply.unwrap().stdout).unwrap()
        };
        assert!(through("rebound.example", "code=1&state=guessed").contains("Wrong address"));
        let page = through(if public_name { "anything.example" } else { &end }, address.query().unwrap());
        assert!(page.contains("You are logged in"), "{page}");
        login.finish().code(0);
    }
    let open = start("0.0.0.0:8765").args(["--timeout", "1"]).output().unwrap();
    assert_eq!(open.status.code(), Some(2), "{open:?}");
}

#[test]
fn over_ssh_the_command_that_makes_the_tunnel_is_printed() {
    let judgeme = Emulated::start(&["--approve"]);
    let mut command = judgeme.command(&["login", "--scope", "", "--port", "0", "--no-browser"]);
    command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.9 2222").env("USER", "dev");
    let mut terminal = TerminalSession::start(command);
    let address = final_address(&terminal.authorize_url());
    let port = address.port().unwrap();
    let shown = terminal.shows("This is a remote machine. On yours, run ");
    assert!(shown.contains(&format!("ssh -N -p 2222 -L {port}:127.0.0.1:{port} dev@192.0.2.9")), "{shown}");
    // As it comes out of the tunnel's end.
    assert!(browser::get(&address).contains("You are logged in"));
    terminal.finish().code(0);
}

#[test]
fn a_provider_that_takes_no_loopback_gets_none() {
    let sandbox = Sandbox::new();
    sandbox.define(
        "aloof",
        "name = 'Aloof'\nauthorize.url = 'https://aloof.example/authorize'\ntoken.url = 'https://aloof.example/token'\n\
         api.base = 'https://aloof.example/api'\n\
         redirect.loopback = { value = 'no', source = 'https://aloof.example/docs', checked = '2026-11-20' }\n",
    );
    let aloof = Emulated::inside(sandbox, "aloof", &["--approve"]);
    let mut terminal = TerminalSession::start(aloof.command(&["login", "--no-browser"]));
    let address = final_address(&terminal.authorize_url());
    terminal.shows("Aloof takes no address of this machine");
    terminal.types(address.as_str());
    terminal.finish().code(0);

    aloof.run(&["login", "--no-browser"]).code(2).says("no terminal to paste the final address into");
}
