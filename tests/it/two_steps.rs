//! A login in two steps: one process starts it, a second one does what a browser does, and a third one finishes it.

use serde_json::Value;
use url::Url;

use crate::support::address_server::AddressServer;
use crate::support::emulated::{MINE, count};
use crate::support::process::until;
use crate::support::{Emulated, Output, Sandbox, http};

fn started(home: &Sandbox, args: &[&str]) -> Value {
    let output = home.run(&[&["login", "--start", "--json"], args].concat());
    serde_json::from_str(output.code(0).stdout()).unwrap_or_else(|error| panic!("{error}: {output}"))
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}"))
}

/// What a browser with a person does: it goes to the address, and ends at the redirect URI, where nothing listens.
fn browse(started: &Value) -> Url {
    http::location(&http::get(&text(started, "authorize_url").parse().unwrap()))
}

fn finish(home: &Sandbox, answer: &str) -> Output {
    home.run_with_stdin(&["login", "--finish", "-"], answer)
}

fn token(home: &Sandbox) -> String {
    home.run(&["token"]).code(0).stdout().trim().to_owned()
}

#[test]
fn a_login_is_started_in_one_process_and_finished_in_another() {
    let mine = Emulated::mine(&[]);
    let first = started(&mine, &["--label", "Our shop", "--scope", "read"]);
    let second = started(&mine, &["--profile", "second"]);
    assert_ne!(first["id"], second["id"]);
    assert_eq!((text(&first, "finish"), first["expires_in"].as_u64()), ("oauthctl login --finish -", Some(600)));
    let (of_first, of_second) = (browse(&first), browse(&second));
    assert!(of_first.as_str().starts_with(text(&first, "redirect_uri")));
    finish(&mine, &format!("{of_second}\n")).code(0).answers("second");
    finish(&mine, of_first.as_str()).code(0).hides(&token(&mine));
    assert_ne!(mine.run(&["token", "--profile", "second"]).code(0).stdout().trim(), token(&mine));
    mine.run(&["status"]).code(0).answers("Our shop");
    mine.run(&["call", "/api/things"]).code(0);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2);
}

/// An authorize URL is longer than what a message shows of a foreign text.
#[test]
fn a_started_login_shows_its_address_whole() {
    let mine = Emulated::mine(&[]);
    let output = mine.run(&["login", "--start"]);
    let address = output.code(0).stdout().lines().find(|line| line.starts_with("http")).expect("no address");
    assert!(address.len() > 200, "{address}");
    let answer = http::location(&http::get(&address.parse().unwrap()));
    finish(&mine, answer.as_str()).code(0);
    mine.run(&["call", "/api/things"]).code(0);
}

#[test]
fn a_started_login_is_finished_once_and_a_wrong_answer_uses_nothing_up() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &[]);
    let (id, answer) = (text(&login, "id"), browse(&login));
    let pair = |name: &str| answer.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let (state, code) = (pair("state"), pair("code"));
    let foreign = "A".repeat(43);
    for (stdin, exit, told) in [
        ("", 2, "it is empty"),
        ("hello", 2, "neither the address"),
        (&format!("http://127.0.0.1:8765/callback?code={code}&state={foreign}")[..], 4, "no login that was started"),
        ("0123456789abcdef made-up-code", 4, "no login with the id `0123456789abcdef`"),
        (id, 2, "only its id"),
        (&format!("{id} help"), 5, "looks like a word"),
        (&format!("https://elsewhere.example/cb?code={code}&state={state}"), 5, "could not log in to `mine`"),
    ] {
        finish(&mine, stdin).code(exit).says(told).hides(&code);
    }
    let finishing = &["login", "judgeme", "--finish", "-"];
    mine.run_with_stdin(finishing, answer.as_str()).code(2).says("is of the provider `mine`, not of `judgeme`");
    finish(&mine, answer.as_str()).code(0);
    finish(&mine, answer.as_str()).code(4).says("was finished before").hides(&code);
    mine.run(&["login", "--start", "--with-token"]).code(2);
    mine.run(&["login", "--finish", "-", "--scope", "read"]).code(2);
    mine.run(&["login", "--wait", "nonsense"]).code(4).says("no login with the id");
    let argument = started(&mine, &[]);
    let address = browse(&argument);
    mine.run(&["login", "--finish", address.as_str()]).code(0).says("other programs can read the arguments");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2, "one for each login");
}

#[test]
fn a_bare_code_finishes_the_login_with_its_id() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &[]);
    let code = browse(&login).query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    finish(&mine, &format!("{}\n{code}\n", text(&login, "id"))).code(0);
    assert!(!token(&mine).is_empty());
}

#[test]
fn a_login_that_has_ended_is_named_and_spends_nothing() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &["--timeout", "1s"]);
    let answer = browse(&login);
    until("its end", || finish(&mine, text(&login, "id")).exit_code() == Some(4));
    finish(&mine, answer.as_str()).code(4).says("ended at").says("oauthctl login mine --start");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 0);
}

#[test]
fn a_denied_login_ends_with_the_servers_word() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &[]);
    let mut answer = browse(&login);
    let state = answer.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    answer.set_query(Some(&format!("error=access_denied&state={state}")));
    finish(&mine, answer.as_str()).code(5).says("access_denied");
    finish(&mine, answer.as_str()).code(4).says("was finished before");
}

#[test]
fn a_started_login_is_waited_for_at_its_redirect_uri() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &["--port", "0"]);
    let answer = browse(&login);
    let id = text(&login, "id");
    let waiting = mine.command(&["login", "--wait", id]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let port = answer.port().unwrap();
    until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(http::get(&answer).contains("You are logged in"));
    assert!(crate::support::process::finish(waiting).status.success());
    finish(&mine, answer.as_str()).code(4).says("was finished before");
}

#[test]
fn a_login_by_device_is_started_and_waited_for() {
    let mine = Emulated::defined(&format!("device.url = \"https://mine.example/device\"\n{MINE}"), &[]);
    let login = started(&mine, &["--device"]);
    assert!(text(&login, "user_code").len() > 4 && text(&login, "finish").contains("--wait"));
    mine.run(&["login", "--wait", text(&login, "id")]).code(0);
    assert!(!token(&mine).is_empty());
    mine.run(&["login", "--wait", text(&login, "id")]).code(4).says("was finished before");
}

#[test]
fn no_secret_of_a_started_login_lies_on_the_disk() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &[]);
    let url: Url = text(&login, "authorize_url").parse().unwrap();
    let state = url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    let (mut folders, mut files) = (vec![mine.home().to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&bytes).contains(&state), "{:?}", entry.path());
            files += usize::from(entry.path().to_string_lossy().contains("pending-login-"));
        }
    }
    assert_eq!(files, 1, "the pending login is there, encrypted");
}

#[test]
fn of_many_processes_that_finish_a_login_one_wins() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &[]);
    let answer = browse(&login).to_string();
    let ended: Vec<Output> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| finish(&mine, &answer))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (won, lost): (Vec<&Output>, Vec<&Output>) = ended.iter().partition(|output| output.exit_code() == Some(0));
    assert_eq!(won.len(), 1, "{}", ended.iter().map(ToString::to_string).collect::<String>());
    for output in lost {
        output.code(4).says("was finished before, and is used once");
    }
    mine.run(&["call", "/api/things"]).code(0);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 1);
}

#[cfg(unix)]
#[test]
fn a_signal_to_the_wait_keeps_the_started_login() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mine = Emulated::mine(&[]);
        let login = started(&mine, &["--port", "0"]);
        let answer = browse(&login);
        let mut waiting = mine.command(&["login", "--wait", text(&login, "id")]);
        let waiting = waiting.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let port = answer.port().unwrap();
        until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        crate::support::process::send_signal(waiting.id(), signal);
        assert!(!crate::support::process::finish(waiting).status.success());
        finish(&mine, answer.as_str()).code(0);
    }
}

#[test]
fn the_records_of_ended_logins_go_with_the_next_finish() {
    let mine = Emulated::mine(&[]);
    let kept = || {
        let (mut folders, mut files) = (vec![mine.home().to_owned()], 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => files += usize::from(entry.path().to_string_lossy().contains("pending-login-")),
                }
            }
        }
        files
    };
    let whole = started(&mine, &[]);
    let short = started(&mine, &["--timeout", "1s"]);
    assert_eq!(kept(), 2);
    until("its end", || finish(&mine, text(&short, "id")).exit_code() == Some(4));
    assert_eq!(kept(), 1, "the ended one has gone");
    finish(&mine, browse(&whole).as_str()).code(0);
    assert_eq!(kept(), 0);
}

#[test]
fn a_login_by_address_is_started_and_finished() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    let start = ["login", &server.address(), "--start", "--json", "--port", "0"];
    sandbox.run(&start).code(2).says("--yes");
    let output = sandbox.run(&[&start[..], &["--yes"]].concat());
    let login: Value = serde_json::from_str(output.code(0).stdout()).unwrap();
    assert_eq!(login["provider"], server.id());
    finish(&sandbox, browse(&login).as_str()).code(0).answers("Logged in to Shop tools");
    sandbox.run(&["call", "POST", ".", "-f", "method=tools/list"]).code(0);
    sandbox.run(&["refresh"]).code(0);
    assert_eq!(server.asked().iter().filter(|asked| *asked == "POST /register").count(), 1);
}

/// A login in one step, as a program starts it.
fn for_a_program(
    mine: &Sandbox,
    more: &[&str],
) -> (std::process::Child, std::io::BufReader<std::process::ChildStdout>, Value) {
    use std::io::BufRead;
    let mut command = mine.command(&[&["login", "--json", "--port", "0", "--no-browser"], more].concat());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut stdout = std::io::BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let first = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (process, stdout, first)
}

#[test]
fn a_program_is_told_where_to_go_before_the_login_ends() {
    use std::io::Read;
    let mine = Emulated::mine(&[]);
    let (process, mut stdout, first) = for_a_program(&mine, &[]);
    let of_start = started(&mine, &[]);
    let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&first), names(&of_start));
    assert!(http::get(&browse(&first)).contains("You are logged in"));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let outcome: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!(outcome["provider"], "mine");
    let ended = process.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.success() && !stderr.contains("authorize"), "{stderr}");
    finish(&mine, text(&first, "id")).code(4).says("was finished before");
}

#[test]
fn an_answer_that_does_not_arrive_here_is_finished_elsewhere() {
    let mine = Emulated::mine(&[]);
    // It ends long before its time, with what the other process has made.
    let (process, mut stdout, first) = for_a_program(&mine, &["--timeout", "10m"]);
    finish(&mine, browse(&first).as_str()).code(0);
    let ended = Output::new("login".to_owned(), process.wait_with_output().unwrap());
    ended.code(0).says("Another process has finished this login");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stdout, &mut rest).unwrap();
    let outcome: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!((&outcome["profile"], &outcome["granted"]), (&first["profile"], &serde_json::json!(["read"])));
    assert!(!token(&mine).is_empty());
}

#[test]
fn who_waits_for_a_login_hears_that_it_failed_elsewhere() {
    let mine = Emulated::mine(&[]);
    let (process, _stdout, first) = for_a_program(&mine, &[]);
    finish(&mine, &format!("{} made-up-code-1234567", text(&first, "id"))).code(5);
    let ended = Output::new("login".to_owned(), process.wait_with_output().unwrap());
    ended.code(4).says("another process has taken the answer").says("oauthctl login mine --start");
}

#[test]
fn of_two_that_wait_for_a_login_both_have_it() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &["--port", "0"]);
    let (id, answer) = (text(&login, "id"), browse(&login));
    let mut waiting = mine.command(&["login", "--wait", id, "--json"]);
    let waiting = waiting.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let port = answer.port().unwrap();
    until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    mine.run(&["login", "--wait", id]).code(8).says("is waited for already").says("oauthctl login --finish -");
    finish(&mine, answer.as_str()).code(0);
    let ended = Output::new("login".to_owned(), waiting.wait_with_output().unwrap());
    assert_eq!(serde_json::from_str::<Value>(ended.code(0).stdout()).unwrap()["provider"], "mine");
}

#[test]
fn a_login_by_device_in_one_step_is_told_like_a_started_one() {
    use std::io::Read;
    let definition = format!("device.url = \"https://mine.example/device\"\n{MINE}");
    let mine = Emulated::defined(&definition, &[]);
    let mut command = mine.command(&["login", "--device", "--json", "--no-browser"]);
    let process = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let ended = Output::new("login".to_owned(), process.wait_with_output().unwrap());
    let (first, outcome) = ended.code(0).stdout().split_once('\n').unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&first), names(&started(&mine, &["--device"])));
    assert_eq!(serde_json::from_str::<Value>(outcome).unwrap()["provider"], "mine");
    mine.run(&["login", "--wait", text(&first, "id")]).code(4).says("was finished before");

    // Another process may be the one that gets the token.
    let slow = Emulated::defined(&definition, &["--fault", "slow-down"]);
    let mut command = slow.command(&["login", "--device", "--json", "--no-browser"]);
    let mut one = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut said = std::io::BufReader::new(one.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    let first: Value = serde_json::from_str(&line).unwrap();
    slow.run(&["login", "--wait", text(&first, "id")]).code(0);
    assert!(one.wait().unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&rest).unwrap()["provider"], "mine");
}

/// Its definition is there before the address is, and goes with a login that fails.
#[test]
fn a_login_by_address_in_one_step_is_finished_elsewhere() {
    let (server, sandbox) = (AddressServer::start(), Sandbox::new());
    let address = server.address();
    let (process, _stdout, first) = for_a_program(&sandbox, &[&address, "--yes", "--timeout", "10m"]);
    finish(&sandbox, browse(&first).as_str()).code(0).answers("Logged in to Shop tools");
    Output::new("login".to_owned(), process.wait_with_output().unwrap()).code(0);
    sandbox.run(&["call", "POST", ".", "-f", "method=tools/list"]).code(0);
    sandbox.run(&["refresh"]).code(0);

    let fresh = Sandbox::new();
    let (process, _stdout, _) = for_a_program(&fresh, &[&address, "--yes", "--timeout", "1s"]);
    Output::new("login".to_owned(), process.wait_with_output().unwrap()).code(6);
    fresh.run(&["providers", "show", &server.id()]).code(3);
}

#[test]
fn what_is_around_the_address_does_not_matter() {
    let mine = Emulated::mine(&[]);
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let around: [&dyn Fn(&str) -> String; 5] = [
        &|address| format!("[the page]({address})"),
        &|address| serde_json::json!({ "url": address, "title": "Done" }).to_string(),
        &|address| format!("<html><a href=\"{}\">here</a></html>", address.replace('&', "&amp;")),
        &|address| format!("{address}\n{address}\n"),
        &|address| encoded(&encoded(address)),
    ];
    for around in around {
        let answer = browse(&started(&mine, &[]));
        finish(&mine, &around(answer.as_str())).code(0);
    }
    let login = started(&mine, &[]);
    finish(&mine, text(&login, "authorize_url")).code(5).says("it is the address that begins the login");
    finish(&mine, browse(&login).as_str()).code(0);
}

/// An answer that cannot be read is not sent as a code.
#[test]
fn a_state_that_leads_to_its_login_must_be_readable() {
    let mine = Emulated::mine(&[]);
    let login = started(&mine, &[]);
    let answer = browse(&login);
    finish(&mine, &answer.query().unwrap().replace('=', "%3D").replace('&', "%26")).code(5).says("cannot be read");
    finish(&mine, answer.as_str()).code(0);
}

#[test]
fn a_started_login_tells_only_what_can_be_done() {
    let mine = Emulated::mine(&[]);
    let elsewhere = started(&mine, &["--redirect-uri", "https://app.example/cb"]);
    assert!(elsewhere["wait"].is_null() && elsewhere["open_within"].is_null(), "{elsewhere}");
    mine.run(&["login", "--start", "--redirect-uri", "https://app.example/cb"]).code(0).hides("--wait");
    mine.run(&["login", "--start", "--timeout", "0"]).code(2).says("cannot be finished");
}

#[test]
fn an_issuer_that_is_not_compared_is_told() {
    let mine = Emulated::mine(&[]);
    let answer = browse(&started(&mine, &[]));
    finish(&mine, &format!("{answer}&iss=https%3A%2F%2Fother.example")).code(0).says("`https://other.example`");
}
