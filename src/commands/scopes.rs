//! `scopes`: what was asked for, what was granted, and what the API really allows.

mod history;
mod view;

pub use view::ScopesView;

use std::sync::{Mutex, PoisonError};

use clap::Args;

use super::many::ManyArgs;
use super::providers::KnownScopesView;
use super::renewal::{NotRenewed, Renewal};
use super::trace::TraceArgs;
use super::valid_token::valid_token;
use super::without_login::WithoutLogin;
use super::{Context, account, another_token, introspect, login_command_for, named};
use crate::flow::FlowError;
use crate::flow::evidence::{self, Missing};
use crate::flow::probe::{self, Probing, Proofs};
use crate::flow::token_source::Wanted;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::jwt;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::session::{ActiveLogin, SessionError};
use crate::store::{Profile, StoredToken};
use crate::system::http::HttpClient;
use crate::system::shell::word;
use crate::system::terminal::TerminalError;
use crate::system::waiting::{self, Knows};

#[derive(Args)]
#[command(mut_arg("scopes", |scopes| scopes.requires("provider")))]
pub struct ScopesArgs {
    /// The login to look at [default: the current one]
    #[arg(value_name = "PROFILE", conflicts_with_all = ["provider", "all_providers"])]
    pub login: Option<Profile>,

    /// Try each scope with a request that changes nothing
    #[arg(long)]
    probe: bool,

    /// Like --probe, and send the writes too that the definition calls harmless
    #[arg(long)]
    probe_writes: bool,

    /// Fail with exit code 10 unless these are granted, or with --probe proven
    #[arg(long, value_name = "SCOPES")]
    require: Vec<String>,

    /// Show what has changed since the last look at this login
    #[arg(long, conflicts_with = "provider")]
    diff: bool,

    #[command(flatten)]
    pub many: ManyArgs,

    // It moved to `providers scopes`, and works here until 1.0.
    #[arg(long, hide = true, conflicts_with_all = ["provider", "probe", "probe_writes", "require", "diff"])]
    all_providers: bool,

    #[command(flatten)]
    pub trace: TraceArgs,

    // `--provider ID` alone moved to `providers scopes` too, and works here until 1.0.
    #[command(flatten, next_help_heading = "Without a login")]
    without_login: WithoutLogin,
}

impl ScopesArgs {
    /// Returns the argument that is meant for one login or none, where several are.
    pub fn for_one_login(&self) -> Option<&'static str> {
        let arguments = [(self.without_login.names_provider(), "--provider"), (self.all_providers, "--all-providers")];
        arguments.into_iter().find(|(is_there, _)| *is_there).map(|(_, argument)| argument)
    }

    /// Returns the questions for a shell, to repeat them.
    fn words(&self) -> String {
        let require = self.require.iter().map(|scopes| format!(" --require {}", word(&sanitize::line(scopes))));
        let probes = [(self.probe, " --probe"), (self.probe_writes, " --probe-writes")];
        let probes = probes.into_iter().filter(|(asked, _)| *asked).map(|(_, flag)| flag.to_owned());
        require.chain(probes).collect()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ScopesError {
    /// Each one is named with what is known of it.
    #[error("the token of `{profile}` lacks {}", named(missing))]
    ScopesMissing { profile: String, remedy: String, missing: Vec<Missing> },
    #[error("the API rejected the token: {request} → {status}{}", said.as_deref().map(|said| format!(" \"{said}\"")).unwrap_or_default())]
    TokenRejected { request: String, status: u16, said: Option<String>, way_out: String },
    #[error(transparent)]
    NotRenewed(#[from] NotRenewed),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for ScopesError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::ScopesMissing { remedy, .. } => {
                ExitCode::ScopeMissing.hint(format!("`{remedy}` asks for what is missing too"))
            }
            Self::TokenRejected { way_out, .. } => ExitCode::LoginNeeded.hint(way_out.clone()),
            Self::NotRenewed(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &ScopesArgs, context: &Context) -> Result<(), ScopesError> {
    let width = context.terminal().width();
    let has_question = args.probe || args.probe_writes || !args.require.is_empty();
    let listed = args.without_login.provider_alone().filter(|_| !has_question);
    if args.all_providers || listed.is_some() {
        return scopes_of_providers(listed, context);
    }
    let mut login = valid_token((&args.without_login, ("scopes", &args.words())), Wanted::Valid, context)?;
    let http = context.session.http(Some(&login.token))?;
    if let Some(introspect) = &login.provider.endpoints.introspect {
        http.check(introspect.url()).map_err(FlowError::TokenRequest)?;
    }
    let (mut introspected, mut silent) = ask_server(&login, http.as_ref(), context);
    let mut proofs = None;
    if args.probe || args.probe_writes {
        let (found, another) = probe_scopes(args.probe_writes, &login, http.as_ref(), context)?;
        if let Some(name) = found.account.as_ref().filter(|_| login.alone.is_none()) {
            account::keep(&login.profile, &login.token.access_token, name, context);
        }
        proofs = Some(found);
        // All that follows is about the token that was probed.
        if let Some(record) = another {
            login.token = record;
            (introspected, silent) = ask_server(&login, http.as_ref(), context);
        }
    }
    let definition = &login.provider.definition;
    let evidence = evidence::gather(definition, &login.token, introspected.as_ref(), proofs.as_ref());
    // The history is that of a login.
    let changes = match login.alone {
        Some(_) => None,
        None => history::note_run(&login, &evidence, introspected.as_ref(), proofs.as_ref(), context),
    };
    let mut view = ScopesView::new(&login.profile, definition, &evidence, width);
    view.silent.extend(silent);
    view.silent.extend(proofs.as_ref().and_then(|proofs| proofs.unlisted.clone()));
    let claims = jwt::malformed(login.token.access_token.expose());
    view.silent.extend(claims.iter().map(|claim| format!("the token's claim {claim}")));
    view.diff = args.diff.then_some(changes);
    context.answer(&view)?;

    let missing = evidence.missing(&ScopeSet::parse(&args.require.join(" ")));
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|missing| missing.scope.as_str()).collect();
    let remedy = login_command_for(&login, &names.join(" "));
    Err(ScopesError::ScopesMissing { profile: login.profile.to_string(), remedy, missing })
}

fn scopes_of_providers(provider: Option<&str>, context: &Context) -> Result<(), ScopesError> {
    let (old, now) = match provider {
        Some(id) => ("--provider", format!("oauthctl providers scopes {}", sanitize::line(id))),
        None => ("--all-providers", "oauthctl providers scopes".to_owned()),
    };
    context.terminal().note(&format_args!("note: `scopes {old}` is now `{now}`, and goes away with 1.0"));
    Ok(context.answer(&KnownScopesView::new(provider, context)?)?)
}

/// Probes the token. Returns the record of another one if it had to be replaced.
fn probe_scopes(
    writes: bool,
    login: &ActiveLogin,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Proofs, Option<StoredToken>), ScopesError> {
    let renewal = Renewal::new(login, context);
    let held = renewal.hold();
    let probing =
        Probing { http, clock: context.system.clock.as_ref(), provider: &login.provider, held: &held, writes };
    let under_way = Mutex::new(None);
    let proofs = probe::run(&probing, &|probe| {
        let words = format!("Probing {} of {}: {}", probe.number, probe.total, probe.request);
        let wait = waiting::begin(Knows::Task, move || words.clone());
        *under_way.lock().unwrap_or_else(PoisonError::into_inner) = Some(wait);
    });
    drop(under_way);
    match proofs {
        Ok(proofs) => Ok((proofs, renewal.record())),
        Err(FlowError::TokenDead { request, status, said, .. }) => {
            if let Some(failure) = renewal.failure(status, said.as_deref()) {
                return Err(failure.into());
            }
            let way_out = renewal.way_out(&another_token(login));
            Err(ScopesError::TokenRejected { request, status, said, way_out })
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks the authorization server. Returns its reply, or the reason for having none. The token may be fine all the same,
/// so nothing here ends the command.
fn ask_server(
    login: &ActiveLogin,
    http: &dyn HttpClient,
    context: &Context,
) -> (Option<IntrospectionResponse>, Option<String>) {
    match introspect::ask(login, &login.token.access_token, http, context) {
        Ok(Some(response)) if !response.active => {
            let text = "warning: the server's introspection endpoint says that the token is not active; some servers also \
                say so of a token that this client may not ask about (RFC 7662 §2.2)";
            context.terminal().note(&text);
            (Some(response), None)
        }
        Ok(response) => {
            if let Some(kind) = response.as_ref().and_then(|response| response.proof.as_ref()) {
                let said = format_args!(
                    "warning: introspection says that the token is of type {kind}: the API may refuse it as a bearer token"
                );
                context.terminal().note(&said);
            }
            (response, None)
        }
        Err(why) => (None, Some(format!("introspection: {why}"))),
    }
}
