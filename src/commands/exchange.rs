//! `exchange`: exchanges a login's token for another one, as the definition's `[exchange]` says (RFC 8693). It is for tokens
//! that a provider wants replaced, such as those that never end.

use clap::Args;

use super::Context;
use super::refresh::RefreshOutcome;
use super::valid_token::tell_of_refresh;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::provider::DefinitionError;
use crate::session::SessionError;
use crate::store::{AppName, Profile, StoreKind};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct ExchangeArgs {
    /// The login's name, as `oauthctl status` lists it
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,

    /// The app that exchanges it, if several clients of the provider are registered
    #[arg(long, value_name = "NAME")]
    app: Option<AppName>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("the definition of `{provider}` knows no exchange of a token")]
    NoExchange { provider: String },
    #[error("the token of `{profile}` comes from OAUTHCTL_TOKEN, and an exchange has to be stored")]
    OfVariable { profile: String },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for ExchangeError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoExchange { .. } => ExitCode::Definition.hint(
                "if the provider documents one, add a section `[exchange]` to its definition: `oauthctl man definition`",
            ),
            Self::OfVariable { .. } => {
                ExitCode::Usage.hint("store it first, with `oauthctl login PROVIDER --with-token`")
            }
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &ExchangeArgs, context: &Context) -> Result<(), ExchangeError> {
    let (profile, stored) = context.session.stored_login()?;
    if stored.store == StoreKind::Env {
        return Err(ExchangeError::OfVariable { profile: profile.to_string() });
    }
    let definition = context.session.catalogue()?.get(&stored.record.provider)?;
    if definition.exchange.url.0.is_empty() {
        return Err(ExchangeError::NoExchange { provider: definition.id });
    }
    if let Some(note) = &definition.exchange.note {
        context.terminal().note(&format_args!("{}: {}", sanitize::line(&definition.name), sanitize::line(note)));
    }
    let mut login = context.session.exchanged_login(args.app.as_ref())?;
    tell_of_refresh(&profile, login.warning.take(), context);
    let now = context.system.clock.now();
    let outcome = RefreshOutcome::new(&profile, &login.found.record, login.found.store, now);
    Ok(context.answer(&outcome.of_exchange())?)
}
