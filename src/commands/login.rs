//! `login`: from nothing to a stored token.
//!
//! The order is the promise: the store is proven before anybody is asked anything, the port is bound next and kept, the
//! redirect URI is printed before anything opens, and the browser hears what happened only after the token is stored
//! and read back.

mod arrival;
mod error;
mod talk;
mod view;

pub use error::LoginError;

use clap::Args;

use self::view::LoginOutcome;
use super::{Context, app, consent};
use crate::flow::FlowError;
use crate::flow::authorization::{Login, LoginRequest, Obtained, Tab, Voucher};
use crate::flow::evidence;
use crate::flow::pages::Page;
use crate::protocol::authorization::ResponseType;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, is_vschar};
use crate::protocol::time::HumanDuration;
use crate::provider::Provider;
use crate::store::stored_token::ObtainedBy;
use crate::store::{Profile, StoreError, StoreKind, StoredToken, TokenStore};
use crate::system::entropy::random;
use crate::system::paste::PasteReader;

#[derive(Args)]
pub struct LoginArgs {
    /// The provider's id; `oauthctl providers list` shows all
    #[arg(long, value_name = "ID")]
    provider: Option<String>,

    /// What to ask for: repeat it, or separate with blanks or commas
    #[arg(long = "scope", value_name = "SCOPES")]
    scopes: Vec<String>,

    /// Fail with exit code 10 and keep nothing unless all of these are granted
    #[arg(long, value_name = "SCOPES")]
    require_scopes: Vec<String>,

    /// A value that the provider's URLs need, such as `store=myshop`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    params: Vec<(String, String)>,

    /// The way to a token, for a provider that offers more than one
    #[arg(long, value_name = "GRANT")]
    grant: Option<GrantKind>,

    #[command(flatten)]
    arrival: arrival::ArrivalArgs,

    /// A program to open the URL with; split at blanks, the URL comes last
    #[arg(long, value_name = "CMD", conflicts_with = "no_browser")]
    browser: Option<String>,

    /// Print the authorize URL on one line of stderr and open nothing
    #[arg(long)]
    no_browser: bool,

    /// How long to wait for the redirect: seconds, or with s, m, h, d
    #[arg(long, value_name = "TIME", default_value = "5m")]
    timeout: HumanDuration,

    /// Take an answer without a state from a provider that may leave it out
    #[arg(long)]
    allow_missing_state: bool,

    /// What you call the account; `status` shows it
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,

    /// Read a token that you already have from stdin, and keep it
    #[arg(long, conflicts_with_all = ["redirect_uri", "port", "listen", "browser", "no_browser"])]
    with_token: bool,
}

fn parse_param(text: &str) -> Result<(String, String), &'static str> {
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE")
}

pub fn run(args: &LoginArgs, context: &Context) -> Result<(), LoginError> {
    let id = context.session.provider_for_login(args.provider.as_deref())?.value;
    let profile = context.session.profile_for_login(&id)?.value;
    // First of all: neither a question nor a browser is worth it where nothing can be kept.
    let failed = |source: LoginError| LoginError::Failed { provider: id.clone(), source: Box::new(source) };
    prove_writable(&id, &profile, context).map_err(failed)?;
    let typed = args.params.iter().cloned().collect();
    let provider = resolve_asking(&id, &typed, context)?;
    consent::to_log_in(&provider, &typed, &profile, context)?;
    let asked = asked_scopes(args, &provider, context);
    let (provider, mut token, tab) = if args.with_token {
        let token = keep_given(&provider, asked, context).map_err(failed)?;
        (provider, token, None)
    } else {
        let (tab, provider, token) = browser_login(args, &provider, asked, context).map_err(failed)?;
        (provider, token, Some(tab))
    };
    let found = evidence::gather(&provider.definition, &token, None, None);
    let missing = found.missing(&ScopeSet::parse(&args.require_scopes.join(" ")));
    if !missing.is_empty() {
        if let Some(tab) = tab {
            talk::show(tab, Page::Failed, context);
        }
        let missing = talk::reasons(missing, &found, &provider);
        return Err(failed(LoginError::NotGranted { provider: id.clone(), missing }));
    }
    let store = context.session.store()?;
    token.label = args.label.clone().or_else(|| label_so_far(&profile, &id, store));
    let saved = store.save(&profile, &token);
    if let Some(tab) = tab {
        talk::show(tab, if saved.is_ok() { Page::LoggedIn } else { Page::Failed }, context);
    }
    let kind = saved.map_err(|error| failed(error.into()))?;
    let outcome = LoginOutcome::new(&profile, &provider, &token, kind, store.place(kind)?, context.system.clock.now());
    talk::about_outcome(&found, &provider, &token, context);
    context.answer(&outcome)?;
    Ok(talk::about_shadows(&profile, context)?)
}

/// A provider with its parameters: given on the command line, known to the project, or asked of a person.
fn resolve_asking(id: &str, typed: &consent::Typed, context: &Context) -> Result<Provider, LoginError> {
    let catalogue = context.session.catalogue()?;
    let definition = catalogue.get(id)?;
    let mut given = context.session.with_project(&definition, typed.clone())?;
    if context.terminal().is_interactive() && catalogue.emulated_id() != Some(id) {
        for (name, param) in &definition.params {
            if param.default.is_none() && !given.contains_key(name) {
                let question = param.prompt.clone().unwrap_or_else(|| name.clone());
                given.insert(name.clone(), context.terminal().ask(&question)?);
            }
        }
    }
    Ok(catalogue.resolve(id, &given)?)
}

/// A login that is made anew keeps its label.
fn label_so_far(profile: &Profile, id: &str, store: &TokenStore) -> Option<String> {
    let listed = store.index().ok()?.logins.get(profile.as_str())?.provider == id;
    store.load(profile).ok().flatten().filter(|_| listed)?.record.label
}

/// The scopes of the command line, or the definition's own. A name that nobody knows is sent all the same: providers
/// add scopes.
fn asked_scopes(args: &LoginArgs, provider: &Provider, context: &Context) -> ScopeSet {
    let asked = match args.scopes.as_slice() {
        [] => provider.definition.default_scope(),
        scopes => ScopeSet::parse(&scopes.join(" ")),
    };
    talk::about_scopes(&asked, &provider.definition, context);
    asked
}

fn keep_given(provider: &Provider, asked: ScopeSet, context: &Context) -> Result<StoredToken, LoginError> {
    let token = context.terminal().stdin_secret()?;
    let text = token.expose().trim();
    if !is_vschar(text) {
        return Err(LoginError::BadToken);
    }
    let now = context.system.clock.now();
    Ok(StoredToken::given(provider, None, ObtainedBy::Given, asked, AccessToken::new(text), now))
}

fn browser_login(
    args: &LoginArgs,
    provider: &Provider,
    asked: ScopeSet,
    context: &Context,
) -> Result<(Tab, Provider, StoredToken), LoginError> {
    let grant = chosen_grant(args, provider)?;
    let (client_id, client_secret) = app::client_for(provider, grant, context)?;
    let (redirect_uri, listen) = args.arrival.choose(provider, context)?;
    let request = LoginRequest {
        provider,
        response_type: ResponseType::of(grant),
        client_id: client_id.clone(),
        client_secret,
        scope: asked.clone(),
        redirect_uri,
        listen,
    };
    let mut login = Login::begin(request, context.system.entropy.as_ref())?;
    talk::announce(&login, provider, grant, context);
    let terminal = context.terminal();
    let paste = terminal.is_interactive().then(|| PasteReader::start(login.paste_sender())).flatten();
    talk::open_browser(args, &mut login, paste.is_some(), context);
    let voucher = match (args.allow_missing_state, &paste) {
        (true, _) => Voucher::Given,
        (false, Some(_)) => Voucher::Terminal,
        (false, None) => Voucher::Nobody,
    };
    let answered = login.wait(args.timeout.0, voucher, |waiting| talk::while_waiting(&waiting, context));
    drop(paste);
    terminal.progress(None);
    let now = context.system.clock.now();
    let (tab, obtained) = answered?.obtain(context.system.http.as_ref(), now);
    match obtained {
        Ok(Obtained { reply, provider }) => {
            let obtained_by = ObtainedBy::Grant(grant);
            let token = StoredToken::from_reply(&provider, Some(client_id), obtained_by, asked, reply, now);
            Ok((tab, provider, token))
        }
        Err(error) => {
            let page = if matches!(error, FlowError::Declined(_)) { Page::Declined } else { Page::Failed };
            talk::show(tab, page, context);
            Err(error.into())
        }
    }
}

fn chosen_grant(args: &LoginArgs, provider: &Provider) -> Result<GrantKind, LoginError> {
    let offered = provider.definition.grants();
    match args.grant {
        None => Ok(offered[0]),
        Some(grant) if offered.contains(&grant) => Ok(grant),
        Some(_) => Err(LoginError::GrantNotOffered { provider: provider.id().to_owned(), offered }),
    }
}

fn prove_writable(id: &str, profile: &Profile, context: &Context) -> Result<(), LoginError> {
    let name = u64::from_ne_bytes(random(context.system.entropy.as_ref())?);
    let store = context.session.store()?;
    match store.prove_writable_in(store.kind_for(profile)?, name) {
        Err(source @ StoreError::Keychain { kind: StoreKind::Keychain, .. })
            if !context.terminal().is_interactive() =>
        {
            Err(LoginError::NowhereToKeep { provider: id.to_owned(), source: Box::new(source) })
        }
        proven => Ok(proven?),
    }
}
