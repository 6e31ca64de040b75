//! A login in two steps, for a program that cannot wait in between: `--start` prints where a person has to go and ends, and
//! `--finish -` reads the address at which the browser ended, in another process, perhaps minutes later.
//!
//! * The secrets of the login are kept encrypted, where the login itself will be kept, until an end. They are used once, and
//!   an input that is not the answer uses nothing up.
//! * Both steps are the login in one step, cut in two: the same request, the same judgement, the same exchange.
//! * Nothing listens between the steps. `--wait ID` listens at the redirect URI, or polls for the device's code.
//! * Of several processes with one login, one takes its answer. Those that wait see it, and tell how it ended as if they had
//!   finished it themselves.

mod elsewhere;
mod error;
mod finish;
mod one_step;
mod start;

pub use error::StepsError;
pub use finish::run as finish;
pub use one_step::OneStep;
pub use start::Start;

use clap::Args;

/// What the second step takes from the first.
const DECIDED: [&str; 15] = [
    "dry_run",
    "start",
    "with_token",
    "scopes",
    "require_scopes",
    "params",
    "param_stdin",
    "grant",
    "app",
    "device",
    "redirect_uri",
    "port",
    "browser",
    "no_browser",
    "label",
];

#[derive(Args)]
pub struct StepsArgs {
    /// Print the address to open, and what finishes the login, and end at once; the login can be finished for 10 minutes, or
    /// for --timeout
    #[arg(long, conflicts_with_all = ["with_token", "listen", "browser", "dry_run"])]
    pub start: bool,

    /// Finish a login that was started: read the address at which the browser ended, or its id and a code, from stdin with -
    #[arg(long, value_name = "ANSWER", conflicts_with_all = DECIDED)]
    finish: Option<String>,

    /// Finish a login that was started: listen for its redirect, or poll until its code is confirmed
    #[arg(long, value_name = "PENDING", conflicts_with_all = DECIDED, conflicts_with = "finish")]
    wait: Option<String>,
}

impl StepsArgs {
    /// Returns `true` if the command line is the second step.
    pub fn finishes(&self) -> bool {
        self.finish.is_some() || self.wait.is_some()
    }
}
