//! A server that forgets the client that was registered with it: the next refresh registers it anew, once, and says so.

use crate::support::{Emulated, Sandbox};

/// A login by address, at an emulator that forgets clients when they refresh.
fn logged_in(lifetime: &str) -> (Emulated, Sandbox, String) {
    let emulated = Emulated::mine(&["--fault", "client-forgotten", "--token-lifetime", lifetime]);
    let origin = emulated.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.to_owned();
    let home = Sandbox::new();
    log_in(&home, &origin);
    (emulated, home, origin)
}

fn log_in(home: &Sandbox, origin: &str) {
    let browser = home.browser();
    home.run(&["login", origin, "--yes", "--port", "0", "--browser", &browser, "--scope", "read"]).code(0);
}

fn client(home: &Sandbox) -> String {
    let list: serde_json::Value = serde_json::from_str(home.run(&["app", "list", "--json"]).code(0).stdout()).unwrap();
    let text = list.to_string();
    let at = text.find("registered-").unwrap_or_else(|| panic!("{text}"));
    text[at..].split('"').next().unwrap().to_owned()
}

#[test]
fn a_forgotten_client_is_registered_anew_once() {
    let (emulated, home, origin) = logged_in("1h");
    let (before, token) = (client(&home), home.run(&["token"]).code(0).stdout().to_owned());
    let refused = home.run(&["refresh"]);
    refused.code(4).says("no longer knows the client").says("a new one is registered").says("oauthctl login");
    let after = client(&home);
    assert_ne!(before, after);
    // The tokens are kept, and the next attempt registers no further client.
    assert_eq!(home.run(&["token"]).code(0).stdout(), token);
    home.run(&["refresh"]).code(4).says("no longer knows the client");
    assert_eq!(client(&home), after);
    log_in(&home, &origin);
    assert_eq!(client(&home), after, "the login uses the new client");
    let requests = emulated.requests();
    let registered = requests.iter().filter(|line| line.contains("POST /emulated/register")).count();
    assert_eq!(registered, 2, "{requests:?}");
}

#[test]
fn a_client_that_a_person_registered_is_not_replaced() {
    let emulated = Emulated::mine(&[]);
    emulated.log_in().code(0);
    let emulated = emulated.with("OAUTHCTL_CLIENT_SECRET", "made-up-wrong");
    let refused = emulated.run(&["refresh"]);
    assert!(!refused.stderr().contains("no longer knows"), "{refused}");
}
