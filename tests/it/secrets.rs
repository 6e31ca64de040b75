//! What other processes can see of ours.

use crate::support::{Emulated, PendingLogin};

#[test]
#[cfg(target_os = "linux")]
fn a_running_login_leaves_no_core_and_is_readable_by_root_alone() {
    use std::os::unix::fs::MetadataExt;
    let judgeme = Emulated::start(&[]);
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    // The kernel gives the files of a process that may not be dumped to root; as root that shows nothing, so the memory
    // of the process is asked for by its own word instead.
    let status = std::fs::metadata(format!("/proc/{}/environ", login.process_id())).unwrap();
    assert_eq!(status.uid(), 0);
    let cmdline = std::fs::read(format!("/proc/{}/cmdline", login.process_id())).unwrap();
    assert!(!String::from_utf8_lossy(&cmdline).contains(&login.sent("state")));
}

#[test]
#[cfg(target_os = "linux")]
fn the_clients_secret_is_not_in_the_environment_that_others_are_given() {
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
