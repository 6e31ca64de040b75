//! `oauthctl`: get an OAuth 2.0 token from a provider, keep it safely, and find out what it can do.
//!
//! # Floors
//!
//! Imports only point down; neighbours on one floor do not import each other.
//!
//! ```text
//! 6  main, lib, cli, report    argv in, exit code out
//! 5  commands, output          one file a command: its arguments and a screenful of run()
//! 4  flow | emulator           the client's side | the server's side
//! 3  store                     logins kept safely: one record a login
//! 2  system                    the only floor that touches the machine
//! 1  provider                  definitions and their quirks: data, and its reading
//! 0  protocol                  the RFCs' nouns: pure values
//! ```
//!
//! # Where data flows
//!
//! ```text
//! argv ─▶ LoginArgs ─ Catalogue ─▶ Provider ─────────────────────────┐
//! Entropy ─▶ State, CodeVerifier ─▶ AuthorizationRequest ─▶ Url ─▶ Browser
//! Loopback ─▶ RedirectUri ─────────┘                                 │
//!         redirect::judge(request, expected) ◀── Loopback   (wrong state: 404, and the wait goes on)
//!                  │ AuthorizationResponse
//! TokenRequest ─ Dialect ─▶ HttpClient ─▶ Dialect ─▶ TokenResponse ─▶ StoredToken ─▶ TokenStore ─▶ Keychain
//!                  LoginOutcome ─▶ stdout; page to the browser, after the exchange
//! any floor's typed error ─▶ anyhow in commands ─▶ report ─▶ stderr + exit code
//! ```
//!
//! # Invariants
//!
//! 1. A token goes only to its provider's API origins, over https or loopback http; on a redirect to another origin
//!    the walk stops and says so.
//! 2. No redirect is followed on an endpoint that sees a secret. A code is sent once at most.
//! 3. No secret in argv, in a log, in an error, in a file that is not sealed, or in the working directory.
//! 4. Stdout is the answer, stderr is the talk. Only `token`, `exec` and an explicit `--show-secrets` hand a
//!    secret out, and `export` a sealed one.
//! 5. Nothing falls back: the store that was chosen is used, or the command says why it cannot be.
//! 6. Every wait has a bound: browser, network, keychain.
//! 7. A quirk acts in `provider::dialect` only.
//! 8. There is no test mode: what tests need (`--no-browser`, `--store file`, the emulator) are features.

use std::ffi::OsString;
use std::process::ExitCode;

pub mod protocol;

pub mod provider;

pub mod system;

pub mod store;

pub mod emulator;
pub mod flow;

pub mod commands;
pub mod output;

pub mod cli;
pub mod report;

/// Runs one command line to its end. What it has to say is said by then.
pub fn run(args: impl IntoIterator<Item = OsString>, system: system::System) -> ExitCode {
    report::quiet_background_panics();
    match cli::parse(args) {
        Ok(cli) => report::end(cli.run(system)),
        Err(error) => report::usage(&error),
    }
}
