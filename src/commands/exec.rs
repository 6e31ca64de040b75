//! `exec`: runs a command with the access token, and hands it to nothing else: not to a screen, not to a log.
//!
//! Usually the token is in a variable, and this process becomes the command. A command that may run for longer than its
//! token lives gets it in a file that is kept good, or a proxy that adds it: see `outlive.rs`.

mod args;
#[cfg_attr(not(unix), path = "exec/beside_elsewhere.rs")]
mod beside;
mod error;
mod outlive;
mod proxied;
mod token_file;

pub use args::{ExecArgs, parse_variable};
pub use error::{ChildNotStarted, ExecError};

use std::ffi::OsStr;

use self::args::{PROFILE_VARIABLE, TOKEN_VARIABLE, become_command};
use super::Context;
use super::narrower::narrower_login;
use super::valid_token::{valid_login, wanted};
use super::without_login::client_login;
use crate::protocol::flow_record::Outcome;
use crate::session::further;

/// Runs the command and returns its exit code, which becomes ours.
pub fn run(args: &ExecArgs, context: &Context) -> Result<u8, ExecError> {
    if args.token_file.is_some() || args.proxy {
        return outlive::run(args, context);
    }
    let wanted = wanted(args.min_validity);
    let request = args.without_login.request(("exec", " -- COMMAND"), context)?;
    let (profile, record) = match (request, args.narrower.wish(&args.without_login)) {
        (Some(request), _) => {
            let login = client_login(&request, wanted, context)?;
            (login.profile, login.token)
        }
        (None, Some(wish)) => {
            let login = narrower_login(&wish, wanted, context)?;
            (login.profile, login.token)
        }
        (None, None) => {
            let (profile, found) = valid_login(wanted, context)?;
            let record = further(found.record, args.which.as_deref(), &profile)?;
            (profile, record)
        }
    };
    let variable = args.env.as_deref().unwrap_or(TOKEN_VARIABLE);
    let variables = [(variable, record.access_token.expose()), (PROFILE_VARIABLE, profile.as_str())];
    // What comes is another program: the record of this one ends here.
    let _ = context.session.keep_record(Some(&Outcome::success()));
    become_command(args, &variables.map(|(name, value)| (OsStr::new(name), OsStr::new(value))))
}
