//! Every line of the README's table of logins by address, as it stands there, but for the addresses.

use serde_json::json;

use crate::support::address_server::{self as server, AddressServer, json_reply};
use crate::support::{Output, Sandbox};

/// The commands in the second column of the table under this heading.
fn commands() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## By address\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let command =
        |line: &str| line.strip_prefix("| ")?.split("| `oauthctl ").nth(1)?.strip_suffix("` |").map(str::to_owned);
    section.lines().filter_map(command).collect()
}

#[track_caller]
fn run(sandbox: &Sandbox, server: &AddressServer, command: &str) -> Output {
    let command = command.replace("https://mcp.example.com/mcp", &server.address());
    let command = command.replace("https://id.example.com", &server.origin());
    let browser = sandbox.browser();
    let mut words: Vec<&str> = command.split(' ').collect();
    if words[0] == "login" {
        words.retain(|word| *word != "--yes");
        words.extend(["--yes", "--port", "0", "--timeout", "20s", "--browser", &browser]);
    }
    sandbox.run(&words)
}

#[test]
fn every_line_of_the_readmes_table_works() {
    let server = AddressServer::with(|asked, _, origin| {
        (asked == "GET /.well-known/oauth-authorization-server").then(|| {
            let mut metadata = server::server(origin);
            metadata["client_id_metadata_document_supported"] = json!(true);
            json_reply("200 OK", &metadata)
        })
    });
    let commands = commands();
    assert_eq!(commands.len(), 10, "{commands:?}");
    let (logins, others): (Vec<_>, Vec<_>) = commands.iter().partition(|command| command.starts_with("login "));
    for command in logins {
        run(&Sandbox::new(), &server, command).code(0).answers("Logged in to");
    }
    let sandbox = Sandbox::new();
    run(&sandbox, &server, &commands[0]).code(0);
    for command in others {
        run(&sandbox, &server, command).code(0);
    }
    assert_eq!(server.asked().last().unwrap(), "DELETE /register/registered-1");
}
