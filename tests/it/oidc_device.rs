//! Logins by device at `oidc-provider`, which nobody here wrote. It names no interval, so each poll waits five seconds.

use crate::support::{OidcProvider, PendingDevice, Person, Sandbox};

/// A home whose client is the one of this id, with the server's address for devices.
fn sandbox(client: &str, auth: &str) -> Sandbox {
    let acme = OidcProvider::running();
    let more = format!("device.url = '{}/device/auth'\ntoken.auth = '{auth}'", acme.issuer());
    acme.sandbox(client, &more)
}

fn begin(sandbox: &Sandbox, scope: &str) -> PendingDevice {
    PendingDevice::start(sandbox.command(&["login", "--provider", "acme", "--device", "--json", "--scope", scope]))
}

#[test]
fn public_and_confidential_devices_get_working_tokens() {
    for (client, auth) in [("television", "none"), ("printer", "basic")] {
        let sandbox = sandbox(client, auth);
        let device = begin(&sandbox, "openid read");
        assert_eq!(device.codes["interval"], 5);
        let page = Person::confirms(&device.code("verification_uri_complete").parse().unwrap());
        assert!(page.contains("Sign-in Success"), "{page}");
        device.finish().code(0).answers("\"openid\",\n    \"read\"");
        assert_eq!(sandbox.run(&["call", "/me"]).code(0).stdout(), r#"{"sub":"alice"}"#, "{client}");
        sandbox.run(&["logout"]).code(0).says("Acme has revoked its tokens");
    }
}

#[test]
fn a_person_who_aborts_ends_the_login() {
    let sandbox = sandbox("television", "none");
    let device = begin(&sandbox, "read");
    Person::aborts(&device.code("verification_uri_complete").parse().unwrap());
    device.finish().code(5).says("access_denied");
}

#[test]
fn a_code_that_has_expired_ends_with_its_own_exit_code() {
    let sandbox = sandbox("late television", "none");
    let device = begin(&sandbox, "read");
    assert_eq!(device.codes["expires_in"], 0);
    device.finish().code(6).says("no longer valid").says("log in again");
}

#[test]
fn an_unknown_client_and_a_wrong_secret_get_no_code() {
    let wrong = sandbox("printer", "basic").with("OAUTHCTL_CLIENT_SECRET", "not-the-secret");
    let unknown = sandbox("printer", "basic").with("OAUTHCTL_CLIENT_ID", "nobody");
    for sandbox in [wrong, unknown] {
        let refused = sandbox.run(&["login", "--provider", "acme", "--device"]);
        refused
            .code(5)
            .says("the device authorization endpoint answered")
            .says("invalid_client")
            .hides("not-the-secret");
    }
    // A client without this grant.
    let refused = sandbox("web app:1", "basic").run(&["login", "--provider", "acme", "--device"]);
    refused.code(5).says("not allowed for this client").says("allow the app to use the device grant");
}
