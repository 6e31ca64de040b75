//! What other processes can see of ours. Who may read its memory: `permissions.rs`.

#[cfg(target_os = "linux")]
use crate::support::lacks::needs;
use crate::support::{Emulated, PendingLogin};

#[test]
#[cfg(target_os = "linux")]
fn a_running_login_shows_no_state_in_its_arguments() {
    let judgeme = Emulated::start(&[]);
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    let cmdline = std::fs::read(format!("/proc/{}/cmdline", login.process_id())).unwrap();
    assert!(!String::from_utf8_lossy(&cmdline).contains(&login.sent("state")));
}

#[test]
#[cfg(target_os = "linux")]
fn the_client_secret_is_not_in_the_environment_of_children() {
    needs(&["curl"]);
    let judgeme = Emulated::start(&["--approve"]);
    let seen = judgeme.home().join("seen.txt");
    let browser = judgeme.home().join("browser");
    std::fs::write(
        &browser,
        format!("#!/bin/sh\nenv > {0}.new; mv {0}.new {0}\ncurl -sL -o /dev/null \"$1\"\n", seen.display()),
    )
    .unwrap();
    assert!(std::process::Command::new("chmod").arg("755").arg(&browser).status().unwrap().success());
    let login = judgeme.run(&["login", "--port", "0", "--browser", browser.to_str().unwrap()]);
    login.code(0);
    let environment = std::fs::read_to_string(seen).unwrap();
    assert!(
        environment.contains("OAUTHCTL_CLIENT_ID=") && !environment.contains("OAUTHCTL_CLIENT_SECRET"),
        "{environment}"
    );
}

#[test]
fn every_login_has_secrets_of_its_own() {
    let judgeme = Emulated::start(&["--approve"]);
    let start = || PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    let logins = [start(), start()];
    let mut sent: Vec<String> =
        logins.iter().flat_map(|login| [login.sent("state"), login.sent("code_challenge")]).collect();
    // A challenge that was made of the state would protect nothing: the state is in the browser's history.
    for login in &logins {
        let verifier = oauthctl::testing::CodeVerifier::parse(&login.sent("state")).unwrap();
        sent.push(verifier.challenge().as_str().to_owned());
        assert_eq!(login.sent("code_challenge_method"), "S256");
    }
    // RFC 6749 §10.10 and RFC 7636 §7.1: 256 bits are 43 characters.
    assert!(sent.iter().all(|value| value.len() == 43), "{sent:?}");
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 6, "{sent:?}");
}
