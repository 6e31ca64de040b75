//! `exec` for a command that may run for longer than its token lives: the token in a file that is kept good, or a proxy
//! that adds it. A process beside the command does both, see `beside.rs`, and ends with it: the file is deleted then,
//! and the port is closed. A renewal that is under way is finished first, or the login could be lost.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::args::{ExecArgs, PROFILE_VARIABLE};
use super::beside::{self, Beside, Running, Side};
use super::error::ExecError;
use super::proxied;
use super::token_file::TokenFile;
use crate::commands::another_token;
use crate::commands::context::Context;
use crate::commands::narrower::narrower_login;
use crate::commands::renewal::Renewal;
use crate::commands::valid_token::{valid_token, wanted};
use crate::flow::lasting_token::{Keep, LastingToken};
use crate::protocol::advice::with_causes;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::session::ActiveLogin;
use crate::store::stored_token::Expiry;

/// The variable with the path of the token's file.
const FILE_VARIABLE: &str = "OAUTHCTL_TOKEN_FILE";

pub fn run(args: &ExecArgs, context: &Context) -> Result<u8, ExecError> {
    match beside::split(args)? {
        Side::Command(code) => Ok(code),
        Side::Companion(beside) => serve(args, context, beside),
    }
}

fn serve(args: &ExecArgs, context: &Context, beside: Beside) -> Result<u8, ExecError> {
    let command = (&args.without_login, ("exec", " -- COMMAND"));
    let wanted = wanted(args.min_validity);
    let login = match args.narrower.wish(&args.without_login) {
        Some(wish) => narrower_login(&wish, wanted, context)?,
        None => valid_token(command, wanted, context)?.with(args.which.as_deref())?,
    };
    let renewal = Renewal::new(&login, context);
    let at_all_times = args.min_validity.map_or(Duration::ZERO, |HumanDuration(time)| time);
    let (token, renewer) = LastingToken::new(renewal.first(), at_all_times, Arc::clone(&context.system.clock));
    let mut environment = vec![(PROFILE_VARIABLE, OsString::from(login.profile.as_str()))];
    let file = args.token_file.as_ref().map(|path| TokenFile::new(path.as_deref(), context.system.entropy.as_ref()));
    let file = file.transpose()?;
    if let Some(file) = &file {
        file.write(&token.current())?;
        environment.push((FILE_VARIABLE, file.path().into()));
    }
    if let Some(name) = &args.env {
        environment.push((name, token.current().expose().into()));
    }
    let mut forwarder = None;
    if args.proxy {
        let (started, variables) = proxied::start(args, &login, &token, context)?;
        forwarder = Some(started);
        environment.extend(variables);
    }
    tell_of_the_end(&login, context);
    let command = beside.begin(&environment, args)?;
    let is_told = AtomicBool::new(false);
    let kept =
        Kept { args, login: &login, renewal: &renewal, file: file.as_ref(), command: &command, is_told, context };
    thread::scope(|scope| {
        let renewing = thread::Builder::new().name("renewer".to_owned());
        let (eager, renewal, kept) = (args.token_file.is_some(), &renewal, &kept);
        let started = renewing.spawn_scoped(scope, move || renewer.run(eager, renewal, kept));
        let code = command.wait();
        drop(forwarder);
        file.iter().for_each(TokenFile::delete);
        token.stop();
        started.map(|_| code).map_err(ExecError::NoCompanion)
    })
}

/// Says beforehand that the token will end for good.
fn tell_of_the_end(login: &ActiveLogin, context: &Context) {
    if let (Expiry::At(end), false, None) =
        (login.token.expiry, login.token.is_renewable() && login.which.is_none(), &login.alone)
    {
        let login = &login.profile;
        context.warn(&format_args!("the token of `{login}` ends at {end}, and this login has no way to renew it"));
    }
}

/// What becomes of each token.
struct Kept<'a> {
    args: &'a ExecArgs,
    login: &'a ActiveLogin,
    renewal: &'a Renewal<'a>,
    file: Option<&'a TokenFile>,
    command: &'a Running,
    /// That the file cannot be written.
    is_told: AtomicBool,
    context: &'a Context,
}

impl Keep for Kept<'_> {
    fn renewed(&self, token: &AccessToken) -> bool {
        let Some(file) = self.file else { return true };
        if let Err(error) = file.write(token) {
            if !self.is_told.swap(true, Ordering::SeqCst) {
                self.context.warn(&format_args!("{}; it is tried again", with_causes(&error)));
            }
            return false;
        }
        self.is_told.store(false, Ordering::SeqCst);
        if let Some(signal) = self.args.on_renew {
            self.command.signal(signal);
        }
        true
    }

    fn not_renewed(&self, end: Option<Timestamp>) {
        let (profile, why, again) = (&self.login.profile, self.renewal.why_not(), another_token(self.login));
        let end = end.map(|end| format!("; it ends at {end}")).unwrap_or_default();
        self.context.warn(&format_args!(
            "the token of `{profile}` was not renewed for the command: {why}{end}. It is tried again; what `{again}` brings \
             is used, too"
        ));
    }
}
