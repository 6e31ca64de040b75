//! `oauthctl`: get an OAuth 2.0 token from a provider, keep it safely, and find out what it can do.
//!
//! # Floors
//!
//! Imports only point down; neighbours on one floor do not import each other. `tests/it/floors.rs` reads them and says so.
//!
//! ```text
//! 7  main, lib, cli, report    argv in, exit code out (and testing: the names that tests/ look at)
//! 6  commands                  one file or folder a command: arguments, a screenful of run(), its errors, its view
//! 5  session                   what is meant, decided once: profile, store, provider, client, project, token
//! 4  flow | emulator           the client's side | the server's side
//! 3  store                     logins kept safely: one record a login, its lock, its journal
//! 2½ keychain                  where a secret can lie: OS keychain, encrypted files, helper, variable, memory
//! 2  system                    the only floor that touches the machine
//! 1  provider                  definitions and their quirks: data, and its reading
//! 0  protocol                  the RFCs' nouns: pure values
//! ```
//!
//! # Where data flows
//!
//! ```text
//! argv ─▶ Choices ─ Session ─▶ Profile, TokenStore, Client, TokenSource, each with its source
//!         LoginArgs ─ Catalogue ─▶ Provider ─────────────────────────┐
//! Entropy ─▶ State, CodeVerifier ─▶ AuthorizationRequest ─▶ Url ─ Launch ─▶ Browser
//! Loopback ─▶ RedirectUri ─────────┘                                 │
//!         redirect::judge(request, expected) ◀── Loopback   (wrong state: 404, and the wait goes on)
//!                  │ AuthorizationResponse
//! TokenRequest ─ Dialect ─▶ HttpClient ─▶ Dialect ─▶ TokenResponse ─▶ StoredToken ─▶ TokenStore ─▶ Keychain
//!                  LoginOutcome ─▶ stdout; page to the browser, after the exchange
//!
//! token, call, exec, scopes ─▶ TokenSource: load ─▶ still valid? ─▶ LoginLock ─▶ load again ─▶ Intent ─▶ TokenStore
//!                  Journal opened ─▶ refresh ─▶ Journal written ─▶ TokenStore ─▶ Journal removed ─▶ the token is handed out
//! AccessToken ─ Dialect ─▶ Api, Caller (retry, paging) ─▶ HttpClient ─▶ stdout | Evidence ─▶ ScopesView
//! AccessToken ─▶ Replacement: `exec` gives it to the command's environment, and becomes the command
//! TokenStore ─▶ Keychain: the OS keychain (LongRecords over it) | SealedFiles | CredentialHelper | variable | memory
//!
//! any floor's typed error ─▶ the command's own ─▶ Box<dyn Advice> in cli ─▶ report ─▶ stderr + exit code
//! ```
//!
//! # Invariants
//!
//! 1. A token goes only to its provider's API origins, over https or loopback http; on a redirect to another origin
//!    the walk stops and says so.
//! 2. No redirect is followed on an endpoint that sees a secret. A code is sent once at most.
//! 3. No secret in argv, in a log, in an error, in a child's environment but for `exec` and an emulator's made-up ones,
//!    in a file that is not sealed (its key file and, for `token --format github`, GITHUB_ENV apart), or in the working
//!    directory.
//! 4. Stdout is the answer, stderr is the talk. Only `token`, `exec` and an explicit `--show-secrets` hand a
//!    secret out, and `export` a sealed one. A terminal is sent `sanitize::TerminalText` and nothing else.
//! 5. Nothing falls back: the store that was chosen is used, or the command says why it cannot be. Only the demo, which
//!    keeps nothing, takes memory where there is no keychain, and says so.
//! 6. A refresh token is spent under the login's lock (its scope is the OS user's) and after reading again, and only once
//!    the store has shown that it can be written. Nothing is forgotten on doubt: *not found* is doubt, a removal that was
//!    seen is not.
//! 7. Every wait has a bound: browser, network, keychain, lock; and every foreign document one of size, depth and
//!    expansion. A signal ends each wait and leaves nothing behind.
//! 8. A quirk acts in `provider::dialect` only.
//! 9. There is no test mode: what tests need (`--no-browser`, `--store file`, the emulator) are features.

use std::ffi::OsString;
use std::process::ExitCode;

mod protocol;

mod provider;

mod system;

mod keychain;

mod store;

mod emulator;
mod flow;

mod session;

mod commands;

mod cli;
mod report;

#[doc(hidden)]
pub mod testing;

pub use system::System;

/// Runs one command line to its end. What it has to say is said by then.
pub fn run(args: impl IntoIterator<Item = OsString>, system: System) -> ExitCode {
    report::quiet_background_panics();
    match cli::parse(args) {
        Ok(cli) => report::end(cli.run(system)),
        Err(error) => report::usage(&error),
    }
}
