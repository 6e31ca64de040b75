//! The conformance suite of the Model Context Protocol, which nobody here wrote: its scenarios about authorization, with
//! `oauthctl login URL` and `oauthctl call` as the client (`tests/conformance/client`). Those that fail stand with the
//! reason in `tests/conformance/expected/`.

use std::path::Path;
use std::process::Command;

use crate::support::lacks::{lacks, needs};

#[test]
fn the_conformance_suite_of_mcp_accepts_the_client() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pinned = std::fs::read(root.join("tests/conformance/package-lock.json")).unwrap();
    let there = std::fs::read(root.join("target/conformance/installed-lock.json")).ok();
    if there != Some(pinned) {
        lacks("the suite (npm), which tests/conformance/install gets");
    }
    needs(&["curl", "node", "python3"]);
    let mut command = Command::new(root.join("tests/conformance/run"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OAUTHCTL")) {
        command.env_remove(name);
    }
    command.env("OAUTHCTL", env!("CARGO_BIN_EXE_oauthctl")).env_remove("NODE_OPTIONS").env("NO_PROXY", "*");
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    // A suite that ran nothing would succeed, too.
    assert!(said.contains("auth/metadata-default") && said.contains("auth/scope-step-up"), "{said}");
}
