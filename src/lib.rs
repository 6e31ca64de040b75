//! `oauthctl`: get an OAuth 2.0 token from a provider, keep it safely, and find out what it can do.
//!
//! # Floors
//!
//! Imports only point down; neighbors on one floor do not import each other. `tests/it/floors.rs` checks it.
//!
//! ```text
//! 7  main, lib, cli, report    argv in, exit code out (and testing: the names that tests/ uses)
//! 6  commands                  one file or folder per command: arguments, a screenful of run(), its errors, its view
//! 5  session                   the command line resolved once: profile, store, provider, client, project, token
//! 4  flow | emulator           the client side | the server side
//! 3  store                     logins kept safely: one record per login, its lock, its journal
//! 2½ keychain                  places for a secret: OS keychain, encrypted files, helper, variable, memory
//! 2  system                    the only floor that touches the machine
//! 1  provider                  definitions and their quirks: data and its parsing
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
//!         redirect::judge(request, expected) ◀── Loopback   (no state of ours: told, and the wait goes on)
//!                  │ AuthorizationResponse
//! TokenRequest ─ Dialect ─▶ HttpClient ─▶ Dialect ─▶ TokenResponse ─▶ StoredToken ─▶ TokenStore ─▶ Keychain
//!                  LoginOutcome ─▶ stdout; page to the browser, after the exchange
//!
//! token, call, exec, scopes ─▶ TokenSource: load ─▶ still valid? ─▶ LoginLock ─▶ load again ─▶ Intent ─▶ TokenStore
//!                  Journal opened ─▶ refresh ─▶ Journal written ─▶ TokenStore ─▶ Journal removed ─▶ the token is handed out
//! AccessToken ─ Dialect ─▶ Api, Caller (retry, paging) ─▶ HttpClient ─▶ stdout | Evidence ─▶ ScopesView
//! AccessToken ─▶ Replacement: `exec` gives it to the command's environment, and becomes the command
//!             ─▶ LastingToken ─▶ TokenFile | ApiGate, Forwarder: a companion renews it for as long as the command runs
//! TokenStore ─▶ Keychain: the OS keychain (LongRecords over it) | SealedFiles | CredentialHelper | variable | memory
//!
//! any floor's typed error ─▶ the command's own ─▶ Box<dyn Advice> in cli ─▶ report ─▶ stderr + exit code
//! ```
//!
//! # Invariants
//!
//! 1. A token goes only to its provider's API origins, over https or loopback http. A redirect of a GET or HEAD to another
//!    origin is followed without the token and without anything else of the request (headers, cookies, proofs, Referer); a
//!    `Link` or cursor to another origin stops the walk and says so.
//! 2. No redirect is followed on an endpoint that receives a secret. A code is sent at most once.
//! 3. No secret is in argv, in a log, in an error, in a child's environment except by `exec` and an emulator's made-up
//!    ones, in an unencrypted file (except the key file and, where asked for by name, GITHUB_ENV and the files of
//!    `exec --token-file` and `token --write`), or in the working directory unless it is named there.
//! 4. Stdout has the answer, stderr the messages. Only `token`, `exec` and an explicit `--show-secrets` print a secret,
//!    and `export` prints an encrypted one. A terminal receives only `sanitize::TerminalText`.
//! 5. Nothing falls back: the chosen store is used, or the command says why it cannot be. Only the demo, which stores
//!    nothing, uses memory if there is no keychain, and says so.
//! 6. A refresh token is used only under the login's lock (whose scope is the OS user), after reading the record again,
//!    and once the store has proven writable. Nothing is deleted in doubt: *not found* is doubt, a recorded removal is not.
//! 7. Every wait has a limit: browser, network, keychain, lock. Every foreign document is limited in size, depth and
//!    expansion. A signal ends each wait and leaves nothing behind.
//! 8. Quirks are handled in `provider::dialect` only.
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

#[cfg(all(test, unix))]
mod skipped;

pub use system::System;

/// Runs one command line. All of its output has been written when this returns.
pub fn run(args: impl IntoIterator<Item = OsString>, system: System) -> ExitCode {
    report::quiet_background_panics();
    let args: Vec<OsString> = args.into_iter().collect();
    if cli::asks_for_completion(&args) {
        return report::complete(&cli::completion(&args, system));
    }
    match cli::parse(args) {
        Ok(cli) => report::end(cli.run(system)),
        Err(why) => report::not_run(why),
    }
}
