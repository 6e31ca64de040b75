//! `--scope` of `token` and `exec`: a login's token with fewer scopes, for a program that is to do no more.

use clap::Args;

use super::Context;
use super::valid_token::{awaited, tell_of_refresh};
use super::without_login::WithoutLogin;
use crate::flow::token_source::Wanted;
use crate::protocol::sanitize;
use crate::session::{ActiveLogin, NarrowerLogin, NarrowerWish, SessionError};

/// The help of `--scope` where it is for a login, too.
pub const SCOPES_HELP: &str = "The only scopes that the token is to have, of those that the login has; with --provider, the \
     scopes to request. Repeat the flag, or separate them with spaces or commas";

#[derive(Args)]
pub struct NarrowerArgs {
    /// With --scope, also take a token that has more scopes, or of which nobody says what it has
    #[arg(long, requires = "scopes", conflicts_with = "provider")]
    allow_wider: bool,
}

impl NarrowerArgs {
    /// Returns the scopes that the token of a login is to have, if they were named.
    pub fn wish(&self, without_login: &WithoutLogin) -> Option<NarrowerWish> {
        let scopes = without_login.scopes_of_login()?;
        Some(NarrowerWish { scopes, allows_wider: self.allow_wider })
    }
}

/// Returns the selected login with such a token. What should be said about it is printed.
pub fn narrower_login(wish: &NarrowerWish, wanted: Wanted<'_>, context: &Context) -> Result<ActiveLogin, SessionError> {
    let narrower = awaited(|waits| context.session.narrower_login(wish, wanted, waits), context)?;
    let NarrowerLogin { login, warning, doubt, withheld } = narrower;
    tell_of_refresh(&login.profile, warning, context);
    if let Some(doubt) = doubt {
        context.warn(&doubt);
    }
    if !withheld.is_empty() {
        let (id, scopes) = (login.provider.id(), sanitize::line(&withheld.join(", ")));
        context.warn(&format_args!("`{id}` did not grant {scopes}"));
    }
    Ok(login)
}
