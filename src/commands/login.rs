//! `login`: from nothing to a stored token.
//!
//! The order is the promise: a provider that was named exists, the store is proven before anybody is asked anything (see
//! [`wizard`]), the port is bound next and kept, the redirect URI is printed before anything opens, and the browser hears what happened only after the token is stored
//! and read back.

mod args;
mod asked;
mod browser;
mod by_address;
mod chosen;
mod client_credentials;
mod conclude;
mod device;
mod dry_run;
mod error;
mod given;
mod kept;
mod noted;
mod pollers;
mod qr;
mod secrets;
mod steps;
mod talk;
mod view;
mod wizard;

pub use args::LoginArgs;
pub use asked::parse_param;
pub use by_address::{ByAddressError, DISCOVERY_TIME, instead_of};
pub use error::LoginError;
pub use steps::StepsError;

use self::browser::Shared;
use self::by_address::{ByAddress, Settled};
use self::chosen::{asked_scopes, chosen_grant, chosen_scopes};
use self::conclude::Ending;
use self::kept::{before, not_a_provider, prove_writable};
use self::steps::{OneStep, Start};
use self::wizard::Answers;
use super::app::{self, NewLogin};
use super::brought::Becomes;
use super::{Context, consent};
use crate::flow::authorization::Tab;
use crate::protocol::authorization::ResponseType;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::provider::{Catalogue, Provider, ProviderDefinition};
use crate::session::SessionError;
use crate::store::stored_token::ObtainedBy;
use crate::store::{AppName, Profile, StoreKind, StoredToken};
use crate::system::entropy::random;
use crate::system::http::HttpClient;

pub fn run(args: &LoginArgs, context: &Context) -> Result<(), LoginError> {
    if args.steps.finishes() {
        return steps::finish(&args.steps, &args.browser, args.wanted().provider, context);
    }
    let mut answers = Answers::default();
    let ended = run_asking(args, &mut answers, context);
    answers.tell(ended.is_ok(), context);
    ended
}

fn run_asking(args: &LoginArgs, answers: &mut Answers, context: &Context) -> Result<(), LoginError> {
    let wanted = args.wanted();
    let (by_address, id) = match by_address::find(&wanted, context)? {
        Some(found) => (Some(found), None),
        None => {
            let chosen = named_or_chosen(args, answers, context)?;
            // An address was typed where the provider was asked.
            let is_address = answers.is_asked && chosen.contains("://");
            let wanted = by_address::Wanted { provider: is_address.then_some(chosen.as_str()), ..wanted };
            (if is_address { by_address::find(&wanted, context)? } else { None }, Some(chosen))
        }
    };
    let catalogue = context.session.catalogue()?;
    let id = by_address.as_ref().map(|found| found.id.clone()).or(id).unwrap_or_default();
    let definition = catalogue.get(&id).map_err(|error| not_a_provider(&id, error, context))?;
    let mut typed: consent::Typed = args.params.iter().cloned().collect();
    definition.refuse_typed_secrets(&typed)?;
    let profile = context.session.profile_for_login(&id, args.app.as_ref())?.value;
    if args.dry_run {
        return dry_run::show(args, &definition, &catalogue, &profile, context);
    }
    context.session.recorder().name(profile.as_str(), &id);
    // Neither a question nor a browser is worth it where nothing can be kept.
    let failed = |source: LoginError| LoginError::Failed { provider: id.clone(), source: Box::new(source) };
    let kind = prove_writable(&id, &profile, context).map_err(failed)?;
    let from_stdin = secrets::read_stdin(args.param_stdin.as_deref(), &definition, context)?;
    if let Some(given) = from_stdin.as_ref().filter(|given| !definition.params[&given.name].secret) {
        typed.insert(given.name.clone(), given.value.expose().to_owned());
    }
    let before = before(&profile, &id, context)?;
    let repeated = before.as_ref().filter(|before| !args.with_token && before.obtained_by != ObtainedBy::Given);
    let (provider, mut told) = resolve_asking(&definition, &catalogue, &typed, repeated, answers, context)?;
    let provider = secrets::complete(&provider, from_stdin.as_ref(), before.as_ref(), &mut told, answers, context)?;
    consent::to_log_in(&provider, &typed, &profile, args.app.as_ref(), context)?;
    let login = Asked { args, id: &id, profile: &profile, kind, before: before.as_ref(), repeated, told };
    let Some(found) = by_address.filter(|_| !args.with_token) else {
        return login.run(provider, None, answers, context);
    };
    let http = context.session.http(None)?;
    let (settled, provider) =
        found.settle(&args.browser, (&provider, &profile), http.as_ref(), context).map_err(failed)?;
    let result = login.run(provider, Some((&found, &settled)), answers, context);
    if result.as_ref().is_err_and(|error| !error.is_left_to_another()) {
        found.unwrite(context);
        settled.undo(http.as_ref(), context);
    }
    result
}

/// The login that the command line asks for.
struct Asked<'a> {
    args: &'a LoginArgs,
    id: &'a str,
    profile: &'a Profile,
    /// The store that it will go to.
    kind: StoreKind,
    /// The login that it replaces.
    before: Option<&'a StoredToken>,
    /// The same, if it says what to ask for where the command line is silent.
    repeated: Option<&'a StoredToken>,
    /// What is asked for again, in the words of the command line.
    told: Vec<String>,
}

impl Asked<'_> {
    /// Gets the token, and keeps it.
    fn run(
        self,
        provider: Provider,
        by_address: Option<(&ByAddress, &Settled)>,
        answers: &mut Answers,
        context: &Context,
    ) -> Result<(), LoginError> {
        let Self { args, id, profile, kind, before, repeated, mut told } = self;
        let failed = |source: LoginError| LoginError::Failed { provider: id.to_owned(), source: Box::new(source) };
        let cacert = context.session.cacert(before)?;
        let http = context.session.http(before)?;
        let ending = Ending {
            id,
            profile,
            kind,
            before,
            label: args.label.clone(),
            required: ScopeSet::parse(&args.require_scopes.join(" ")),
            cacert: cacert.clone(),
            by_address,
        };
        if args.with_token {
            let asked = asked_scopes(args, None, &provider, None, &mut told, context);
            let becomes = Becomes { provider: &provider, profile, app: args.app.as_ref(), before, asked };
            let (provider, token) =
                given::keep(becomes, args.refresh_token_stdin, http.as_ref(), context).map_err(failed)?;
            return ending.conclude(provider, token, None, context);
        }
        let registered = by_address.filter(|(_, settled)| settled.is_registered).map(|_| AppName::default());
        let app = args.app.as_ref().or(registered.as_ref());
        let mut login = NewLogin { app, profile, before, typed: None };
        let grant = chosen_grant(args, &provider, repeated, &mut told, context).map_err(failed)?;
        context.session.recorder().decision(&format!("the grant {}", grant.as_str()), args.why_this_grant());
        let typed =
            app::ask_if_missing(&provider, &login, || args.browser.guide(&provider), context).map_err(failed)?;
        answers.is_asked |= typed.is_some();
        login.typed = typed.as_ref();
        // Those of a login by address were confirmed.
        let chosen = match by_address {
            Some(_) => None,
            None => chosen_scopes(args, grant, &login, &provider, answers, context).map_err(failed)?,
        };
        let again = repeated.filter(|_| by_address.is_none());
        let asked = asked_scopes(args, chosen, &provider, again, &mut told, context);
        let redirect_uri = args.browser.typed_redirect_uri(&provider).map_err(failed)?;
        let asked_for = args.asked.params(&provider, redirect_uri.as_deref(), repeated).map_err(failed)?;
        args.asked.tell_repeated(&asked_for, &told, redirect_uri.as_deref(), context);
        let provider = provider.with_asked_for(asked_for);
        let (label, required) = (args.label.clone(), args.require_scopes.join(" "));
        let start = Start { browser: &args.browser, label, required, new: &login, profile, kind, cacert };
        if args.steps.start {
            return by_address::kept_for_later(by_address, context, || {
                start.run(grant, &provider, asked, http.as_ref(), context)
            })
            .map_err(failed);
        }
        let one_step = OneStep::new(&start, &asked, by_address, context);
        let logged = log_in(args, (grant, &one_step), &login, provider, asked.clone(), http.as_ref(), context);
        let ended = match logged {
            Ok((provider, token, tab)) => ending.conclude(provider, token, tab, context),
            Err(error) => Err(failed(error)),
        };
        one_step.end(ended)
    }
}

/// Runs the grant, up to the token. A login in the browser leaves a tab, which waits to be told how it ended.
fn log_in(
    args: &LoginArgs,
    (grant, shared): (GrantKind, &dyn Shared),
    login: &NewLogin<'_>,
    provider: Provider,
    asked: ScopeSet,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Provider, StoredToken, Option<Tab>), LoginError> {
    let in_browser = |response_type, asked| {
        let (tab, provider, token) =
            args.browser.log_in(&provider, (response_type, shared), login, asked, http, context)?;
        Ok((provider, token, Some(tab)))
    };
    match grant {
        GrantKind::AuthorizationCode => in_browser(ResponseType::Code, asked),
        GrantKind::Implicit => in_browser(ResponseType::Token, asked),
        GrantKind::DeviceCode => {
            let (provider, token) =
                args.device.log_in(&provider, (login, shared), &args.browser, asked, http, context)?;
            Ok((provider, token, None))
        }
        GrantKind::ClientCredentials => {
            if args.browser.is_chosen() {
                let note = "note: `--grant client-credentials` opens no browser, so the flags for one change nothing";
                context.terminal().note(&note);
            }
            let (provider, token) = client_credentials::log_in(provider, &args.scopes, &asked, login, http, context)?;
            Ok((provider, token, None))
        }
    }
}

/// Returns the id of the provider: the one that the command line or the session names, else the one that is chosen now.
fn named_or_chosen(args: &LoginArgs, answers: &mut Answers, context: &Context) -> Result<String, LoginError> {
    match context.session.provider_for_login(args.provider()) {
        Err(SessionError::NoProvider) if context.may_ask() => {
            // Nothing is asked that cannot be kept.
            let store = context.session.store()?;
            store.prove_writable(u64::from_ne_bytes(random(context.system.entropy.as_ref())?))?;
            wizard::provider(answers, context)
        }
        id => Ok(id?.value),
    }
}

/// A provider with its parameters: given on the command line, known to the project, or asked of a person.
fn resolve_asking(
    definition: &ProviderDefinition,
    catalogue: &Catalogue<'_>,
    typed: &consent::Typed,
    before: Option<&StoredToken>,
    answers: &mut Answers,
    context: &Context,
) -> Result<(Provider, Vec<String>), LoginError> {
    let id = definition.id.as_str();
    if let Some((faults, file)) = catalogue.faults(id) {
        let faults = if faults == 1 { "a fault".to_owned() } else { format!("{faults} faults") };
        let warning =
            format_args!("{file} has {faults}, which may stop this login: run `oauthctl providers check {file}`");
        context.terminal().note(&warning);
    }
    let mut given = context.session.with_project(definition, typed.clone())?;
    let mut told = Vec::new();
    for (name, value) in before.into_iter().flat_map(|before| &before.params) {
        let is_known = definition.params.get(name).is_some_and(|param| !param.is_captured());
        if is_known && !given.contains_key(name) && catalogue.emulated_id() != Some(id) {
            given.insert(name.clone(), value.clone());
            told.push(format!("--param {name}={value}"));
        }
    }
    if context.terminal().is_interactive() && catalogue.emulated_id() != Some(id) {
        wizard::params(definition, &mut given, answers, context)?;
    }
    Ok((catalogue.resolve(id, &given)?, told))
}
