//! Logins by device (RFC 8628) at the emulator: what a person sees, what a script reads, and how each can fail.

use serde_json::{Value, json};

use crate::support::emulated::{MINE, count};
use crate::support::{Emulated, Output, PendingDevice, Sandbox, http};

/// `mine`, which also gives codes to devices.
fn definition() -> String {
    format!("device.url = \"https://mine.example/device\"\n{MINE}")
}

/// Its emulator, whose page a person has to answer.
fn asking(definition: &str, args: &[&str]) -> Emulated {
    let sandbox = Sandbox::new();
    sandbox.define("mine", definition);
    Emulated::inside(sandbox, "mine", args)
}

fn begin(emulated: &Emulated, args: &[&str]) -> PendingDevice {
    PendingDevice::start(emulated.command(&[&["login", "--device", "--json"], args].concat()))
}

/// A login at an emulator that consents by itself.
fn log_in(definition: &str, emulate: &[&str]) -> Output {
    Emulated::defined(definition, emulate).run(&["login", "--device"])
}

#[test]
fn a_code_that_is_confirmed_elsewhere_becomes_a_login() {
    let emulated = asking(&definition(), &[]);
    let device = begin(&emulated, &["--scope", "read write"]);
    assert!(http::get(&device.page()).contains("name=\"user_code\""));
    let consent = device.types_code();
    assert!(consent.contains("value=\"read\"") && consent.contains("value=\"write\""), "{consent}");
    assert!(device.decides("approve", &["read"]).contains("The device is allowed"));
    let codes = device.codes.clone();
    let output = device.finish();
    output.code(0).hides("device_code");
    let objects: Vec<Value> =
        serde_json::Deserializer::from_str(output.stdout()).into_iter().map(Result::unwrap).collect();
    assert_eq!((objects.len(), &objects[0]), (2, &codes));
    assert_eq!((&objects[1]["granted"], &objects[1]["denied"]), (&json!(["read"]), &json!(["write"])));

    assert_eq!(emulated.run(&["call", "/api/things"]).code(0).stdout(), r#"{"things":[]}"#);
    emulated.run(&["refresh"]).code(0);
    emulated.run(&["logout"]).code(0);
    let requests = emulated.requests();
    assert_eq!(count(&requests, "POST /device 200"), 1);
}

#[test]
fn a_typed_code_is_found_in_any_spelling_and_once() {
    let emulated = asking(&definition(), &[]);
    let device = begin(&emulated, &[]);
    let type_in = |code: &str| http::post_form(&device.page(), &[("user_code", code)]);
    let spelled = device.code("user_code").to_lowercase().replace('-', " ");
    assert!(type_in(&spelled).contains("Approve"));
    for wrong in ["BBBB-BBBB", "", "<script>"] {
        let page = type_in(wrong);
        assert!(page.starts_with("HTTP/1.1 400") && !page.contains("<script>"), "{page}");
    }
    let complete = http::get(&device.code("verification_uri_complete").parse().unwrap());
    assert!(complete.contains(&format!("value=\"{}\"", device.code("user_code"))), "{complete}");
    device.decides("approve", &["read"]);
    assert!(device.decides("deny", &[]).contains("was answered already"));
    device.finish().code(0);
}

#[test]
fn what_a_person_denies_ends_the_login() {
    let emulated = asking(&definition(), &[]);
    let device = begin(&emulated, &[]);
    assert!(device.decides("deny", &[]).contains("is not allowed"));
    device.finish().code(5).says("access_denied").says("log in again and approve");
    emulated.run(&["token"]).code(4);
}

#[test]
fn a_person_sees_the_address_and_the_code_as_sent() {
    let output = log_in(&definition(), &[]);
    output.code(0).answers("Logged in to Mine as `mine-emulator`");
    let lines: Vec<&str> = output.stderr().lines().collect();
    let indented: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("    ")).collect();
    let [address, code] = indented.as_slice() else { panic!("{output}") };
    assert!(address.ends_with("/emulated/device") && address.starts_with("http://127.0.0.1:"), "{output}");
    assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{output}");
    assert!(!output.stderr().contains('█'), "a log has no QR code:\n{output}");

    let quiet = Emulated::defined(&definition(), &[]).run(&["login", "--device", "--quiet"]);
    quiet.code(0).says("/emulated/device").says("type this code");
    assert!(!quiet.stderr().contains("Logging in"), "{quiet}");
}

#[test]
fn each_fault_of_a_device_login_has_its_exit_code() {
    for (fault, code, said) in [
        ("expired-device-code", 6, "the code was not confirmed within"),
        ("device-denied", 5, "access_denied"),
        ("html", 8, "was not understood"),
        ("error-in-ok", 5, "invalid_grant"),
    ] {
        let output = log_in(&definition(), &["--fault", fault]);
        output.code(code).says("could not log in to `mine`").says(said);
    }
}

#[test]
fn a_login_that_is_slowed_down_still_ends_well() {
    let emulated = Emulated::defined(&definition(), &["--fault", "slow-down"]);
    emulated.run(&["login", "--device", "--verbose"]).code(0).says("from now on there is one every 6s");
    let requests = emulated.requests();
    assert_eq!((count(&requests, "POST /token 400"), count(&requests, "POST /token 200")), (1, 1), "{requests:?}");
}

#[test]
fn public_and_confidential_clients_log_in_and_strangers_do_not() {
    for auth in ["basic", "body"] {
        log_in(&format!("token.auth = '{auth}'\n{}", definition()), &[]).code(0);
    }
    let public = Emulated::defined(&format!("token.auth = 'none'\n{}", definition()), &[]);
    public.without("OAUTHCTL_CLIENT_SECRET").run(&["login", "--device"]).code(0);

    let emulated = Emulated::defined(&format!("token.auth = 'basic'\n{}", definition()), &[]);
    for (name, value) in [("OAUTHCTL_CLIENT_SECRET", "not-the-secret"), ("OAUTHCTL_CLIENT_ID", "nobody")] {
        let stranger = emulated.without(name).with(name, value);
        let refused = stranger.run(&["login", "--device"]);
        refused
            .code(5)
            .says("the device authorization endpoint answered with status 401")
            .says("invalid_client")
            .says("oauthctl app set mine");
        refused.hides("not-the-secret");
    }
}

#[test]
fn a_provider_that_differs_is_emulated_and_logged_in_to() {
    let own = "device.grant = 'device_code'\ndevice.token_url = 'https://mine.example/poll'\ntoken.body = 'json'\n\
               device.names = { client_id = 'app' }\ntoken.names = { device_code = 'code' }\n\
               device.response = { verification_uri = 'verification_url', device_code = 'data.code' }\n\
               device.errors = { authorization_pending = '400', slow_down = '429', access_denied = '418', expired_token = '410' }\n";
    let emulated = asking(&format!("{own}{}", definition()), &[]);
    let device = begin(&emulated, &[]);
    device.decides("approve", &["read"]);
    device.finish().code(0);
    let device = begin(&emulated, &[]);
    device.decides("deny", &[]);
    device.finish().code(5).says("access_denied");
    let requests = emulated.requests();
    assert_eq!((count(&requests, "POST /poll 200"), count(&requests, "POST /poll 418")), (1, 1), "{requests:?}");
}

#[test]
fn where_no_browser_can_be_opened_the_device_is_proposed() {
    let emulated = Emulated::defined(&definition(), &[]);
    let remote = emulated.without("").with("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.9 22");
    remote.run(&["login"]).code(0).says("this is an SSH session without a display").says("--grant authorization-code");
    let requests = emulated.requests();
    assert_eq!((count(&requests, "POST /device 200"), count(&requests, "GET /authorize 302")), (1, 0), "{requests:?}");

    let emulated = Emulated::defined(&definition(), &[]);
    emulated.log_in();
    let requests = emulated.requests();
    assert_eq!((count(&requests, "POST /device 200"), count(&requests, "GET /authorize 302")), (0, 1), "{requests:?}");
}

#[test]
fn a_provider_without_device_codes_says_what_it_offers() {
    let emulated = Emulated::mine(&[]);
    for flags in [&["--device"][..], &["--grant", "device"]] {
        let refused = emulated.run(&[&["login"][..], flags].concat());
        refused.code(2).says("does not offer that grant").says("--grant authorization-code");
    }
    for flags in [&["--grant", "implicit"][..], &["--port", "0"], &["--with-token"]] {
        emulated.run(&[&["login", "--device"][..], flags].concat()).code(2).says("cannot be used with");
    }
}

#[test]
fn a_device_alone_is_a_whole_definition() {
    let alone = "name = 'Mine'\ndevice.url = 'https://mine.example/device'\ntoken.url = 'https://mine.example/token'\n\
                 token.auth = 'none'\napi.base = 'https://mine.example/api'\n";
    let sandbox = Sandbox::new();
    sandbox.define("mine", alone);
    let file = sandbox.home().join("config/providers/mine.toml");
    let checked = sandbox.run(&["providers", "check", file.to_str().unwrap()]);
    assert!(!checked.stdout().contains("authorize.url") && !checked.stderr().contains("authorize.url"), "{checked}");
    let emulated = Emulated::inside(sandbox, "mine", &["--approve"]);
    emulated.run(&["login"]).code(0).says("type this code");
}

#[cfg(unix)]
mod terminal {
    use super::{Emulated, asking, definition};
    use crate::support::TerminalSession;

    #[test]
    fn a_terminal_shows_a_qr_code_and_a_countdown() {
        let emulated = asking(&definition(), &[]);
        let mut terminal = TerminalSession::start(emulated.command(&["login", "--device"]));
        let shown = terminal.shows("left. Ctrl-C stops.");
        assert!(
            shown.contains("/emulated/device") && shown.contains('█') && shown.contains("Waiting for you"),
            "{shown}"
        );
        assert!(shown.lines().all(|line| line.chars().filter(|c| *c == '█').count() <= 80));
        terminal.interrupts();
        assert_eq!(terminal.finish().signal, Some(2));

        let mut terminal = TerminalSession::start(emulated.command(&["login", "--device", "--no-qr"]));
        assert!(!terminal.shows("left. Ctrl-C stops.").contains('█'));
        terminal.terminates();
        assert_eq!(terminal.finish().signal, Some(15));
    }

    #[test]
    fn a_person_may_decline_the_proposal() {
        let emulated = Emulated::defined(&definition(), &[]);
        let mut terminal = TerminalSession::start(emulated.command(&["login"]));
        terminal.shows("No browser can be opened here: ");
        terminal.types("n");
        terminal.shows("Waiting for the redirect");
        terminal.interrupts();
        terminal.finish();

        let mut terminal = TerminalSession::start(emulated.command(&["login"]));
        terminal.shows("[Y/n]");
        terminal.types("");
        terminal.shows("type this code");
        terminal.finish().code(0);
    }
}
