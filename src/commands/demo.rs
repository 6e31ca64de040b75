//! `demo`: the full login flow on a bare machine, in seconds: emulator, listener, login, store, call, scopes, logout.
//!
//! It runs in one process, so that memory is enough where there is no keychain. No login stays behind: the list of
//! logins is never written, and the one record is deleted at the end, even when a step fails. Files that a store
//! creates for itself, such as the folder and the key file of the encrypted one, stay, and the last line says so.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use clap::Args;
use http::Method;
use serde::Serialize;
use url::Url;

use super::Context;
use super::emulate::start;
use super::scopes::ScopesView;
use crate::emulator::{Emulator, EmulatorError, Options};
use crate::flow::FlowError;
use crate::flow::api::Api;
use crate::flow::authorization::{Listen, Login, LoginRequest, MissingState, Obtained};
use crate::flow::evidence;
use crate::flow::pages::BrowserPage;
use crate::flow::redirect;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::authorization::ResponseType;
use crate::protocol::client::ClientId;
use crate::protocol::message::HttpRequest;
use crate::protocol::redirect_uri::{RedirectUri, RedirectUriError};
use crate::protocol::sanitize::{Pieces, Style, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::provider::builtin::entries;
use crate::provider::{DefinitionError, Dialect, Provider, ProviderDefinition};
use crate::session::{Choices, SessionError};
use crate::store::profile::NotAProfile;
use crate::store::stored_token::ObtainedBy;
use crate::store::{Profile, StoreError, StoreKind, StoredToken, TokenStore};
use crate::system::browser::{Browser, BrowserError, CommandBrowser, DesktopBrowser};
use crate::system::entropy::{NoEntropy, random};
use crate::system::http::{Brief, HttpClient, HttpError, MAX_REPLY};
use crate::system::process;
use crate::system::terminal::TerminalError;

/// The time the user has for the demo's consent page.
const CONSENT_TIMEOUT: Duration = Duration::from_secs(300);

/// The columns before what belongs to a step.
const INDENT: usize = 12;

#[derive(Args)]
pub struct DemoArgs {
    /// The provider to emulate
    #[arg(long, value_name = "ID")]
    provider: Option<String>,

    /// Click through the consent page in a real browser; CMD as for `login --browser`
    #[arg(long, value_name = "CMD", num_args = 0..=1, default_missing_value = "")]
    browser: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo failed at the step `{step}`")]
    DemoStep { step: &'static str },
    #[error("the demo logs in in a browser, and `{provider}` has no grant for that")]
    NoBrowserGrant { provider: String },
    #[error("the demo's browser could not be started")]
    NoThread(#[source] io::Error),
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error(transparent)]
    BadProfile(#[from] NotAProfile),
    #[error(transparent)]
    BadRedirectUri(#[from] RedirectUriError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Advice for DemoError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::DemoStep { .. } | Self::NoThread(_) => ExitCode::Unexpected.no_hint(),
            Self::NoBrowserGrant { provider } => ExitCode::Usage
                .hint(format!("`oauthctl emulate {provider} -- sh` starts a shell in which its grants can be tried")),
            Self::Browser(BrowserError::NotStarted { .. } | BrowserError::NoneFound(_)) => ExitCode::Usage.hint(
                "name a browser with `--browser CMD`, or leave out `--browser`: then the demo consents by itself",
            ),
            Self::Browser(error) => error.next_step(),
            Self::BadProfile(error) => error.next_step(),
            Self::BadRedirectUri(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Emulator(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Http(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

pub fn run(args: &DemoArgs, context: &Context) -> Result<(), DemoError> {
    let definition = definition(args, context)?;
    let name = definition.name.clone();
    let options = Options { approve: args.browser.is_none(), ..Options::default() };
    let (clock, entropy) = (context.system.clock.clone(), context.system.entropy.clone());
    let emulator = if context.is_verbose() {
        start(&definition, options, false, context)?
    } else {
        Emulator::start(&definition, options, clock, entropy, |_| {})?
    };
    let provider = emulator.provider().clone();
    let story = Story { context, provider: provider.id(), steps: RefCell::default() };
    let say = |step: &'static str, what: String| story.say(step, what);
    say("emulator", format!("a made-up {name} answers at {}", emulator.origin()))?;

    let store = choose_store(context)?;
    let kind = store.kind_for_new();
    say("store", format!("logins go to {}", store.place(kind)?))?;

    let profile: Profile = format!("{}-demo", provider.id()).parse()?;
    let result = round(&emulator, &store, &profile, args, context, &say);
    let deleted = store.forget(&profile);
    result?;
    deleted?;
    say("logout", format!("the login was deleted; {}", what_stays(kind)))?;
    if story.context.session.choices.json {
        return Ok(context.answer_json(&story)?);
    }
    if context.session.choices.quiet {
        return Ok(());
    }
    let login = Style::Strong.of(format!("oauthctl login {}", provider.id()));
    Ok(context.say(&Pieces(&[&"\nFor real: ", &login, &" asks for your app's id and secret, and logs in"]))?)
}

/// Describes what the demo leaves behind. A lock file is never deleted: see `store::login_lock`.
fn what_stays(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Memory => "nothing is left on this machine",
        StoreKind::File => "the store itself stays: its folder, an empty lock file, and its key file if it created one",
        StoreKind::Keychain | StoreKind::Env | StoreKind::Helper(_) => {
            "only an empty lock file is left on this machine"
        }
    }
}

/// Returns the chosen provider, or the one made for the demo. A broken definition of the user does not stop it.
fn definition(args: &DemoArgs, context: &Context) -> Result<ProviderDefinition, DemoError> {
    let catalogue = context.session.catalogue()?;
    if let Some(id) = &args.provider {
        return Ok(catalogue.get(&catalogue.id_of(id))?);
    }
    let mut broken = None;
    let built_in = entries().filter(|entry| entry.is_demo).map(|entry| entry.id.to_owned());
    let mut ids: Vec<String> = built_in.chain(catalogue.own_ids()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        match catalogue.get(&id) {
            Ok(definition) if definition.demo => return Ok(definition),
            Ok(_) => {}
            Err(error) => {
                context.leave_out(&id, &error);
                broken.get_or_insert(error);
            }
        }
    }
    Err(broken.map_or(SessionError::NoProvider.into(), DemoError::from))
}

/// Runs everything between the emulator's start and the logout.
fn round(
    emulator: &Emulator,
    store: &TokenStore,
    profile: &Profile,
    args: &DemoArgs,
    context: &Context,
    say: Say<'_>,
) -> Result<(), DemoError> {
    let provider = emulator.provider().with_examples()?.with_client_secret(Some(emulator.client_secret()));
    let provider = &provider;
    let in_browser = provider.definition.grants().into_iter().find_map(ResponseType::of);
    let no_browser_grant = || DemoError::NoBrowserGrant { provider: provider.id().to_owned() };
    let client = LoginRequest {
        provider,
        response_type: in_browser.ok_or_else(no_browser_grant)?,
        listen: Listen::Here { tls: None },
        client_id: ClientId::new(emulator.client_id()),
        client_secret: Some(emulator.client_secret().clone()),
        scope: demo_scopes(provider),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:0/callback")?,
        missing_state_can_be_allowed: false,
    };
    let token = log_in(client, args, context, say)?;
    store.save(profile, &token)?;
    let found = store.load(profile)?.ok_or(DemoError::DemoStep { step: "store" })?;
    say("token", format!("kept as `{profile}`, read back; shown only by `oauthctl token`"))?;
    call_api(provider, &found.record, context, say)?;
    say("scopes", "requested and granted:".to_owned())?;
    let found = evidence::gather(&provider.definition, &found.record, None, None);
    let width = context.terminal().width().saturating_sub(INDENT);
    let view = ScopesView::new(profile, &provider.definition, &found, width);
    match context.session.choices {
        Choices { json: false, quiet: false, .. } => Ok(context.say(&TerminalText::of(&view).indented(INDENT))?),
        _ => Ok(()),
    }
}

/// Returns the chosen store, else the keychain if there is one, else memory, which does not outlive the command.
fn choose_store(context: &Context) -> Result<TokenStore, DemoError> {
    let probe = u64::from_ne_bytes(random(context.system.entropy.as_ref())?);
    let (store, no_keychain) = context.session.unlisted_store(probe)?;
    if let Some(error) = no_keychain.filter(|_| context.is_verbose()) {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        context.terminal().note(&format_args!("{error}: {cause}"));
    }
    Ok(store)
}

/// Returns the scope of the provider's example request, so that one call succeeds and one is denied.
fn demo_scopes(provider: &Provider) -> ScopeSet {
    let example = provider.definition.api.example.as_deref().unwrap_or_default();
    let url = Api::new(provider, None).and_then(|api| api.resolve(example));
    let path = url.map(|url| url.path().to_owned()).unwrap_or_default();
    provider.scope_for("GET", &path).into_iter().collect()
}

type Say<'a> = &'a dyn Fn(&'static str, String) -> Result<(), TerminalError>;

/// What the demo does, step by step: told at once to people, and at the end to programs.
#[derive(Serialize)]
struct Story<'a> {
    #[serde(skip)]
    context: &'a Context,
    provider: &'a str,
    steps: RefCell<Vec<Step>>,
}

#[derive(Serialize)]
struct Step {
    step: &'static str,
    what: String,
}

impl Story<'_> {
    fn say(&self, step: &'static str, what: String) -> Result<(), TerminalError> {
        let choices = &self.context.session.choices;
        if !choices.json && !choices.quiet {
            let line = format_args!(" {step:<9} {what}");
            self.context.say(&Pieces(&[&Style::Success.of("✓"), &line]))?;
        }
        self.steps.borrow_mut().push(Step { step, what });
        Ok(())
    }
}

fn log_in(
    request: LoginRequest<'_>,
    args: &DemoArgs,
    context: &Context,
    say: Say<'_>,
) -> Result<StoredToken, DemoError> {
    let (client_id, asked, response_type) = (request.client_id.clone(), request.scope.clone(), request.response_type);
    let entropy = context.system.entropy.as_ref();
    let mut login = Login::begin(request, entropy)?;
    say("listener", format!("waits on {}", login.redirect_uri()))?;
    let url = login.launch_url(entropy)?;
    match args.browser.as_deref() {
        None => {
            let http = context.system.http.clone();
            process::in_background("browser", move || play_browser(http.as_ref(), url)).map_err(DemoError::NoThread)?;
        }
        Some("") => DesktopBrowser.open(&url)?,
        Some(command) => CommandBrowser(command.to_owned()).open(&url)?,
    }
    let now = context.system.clock.now();
    let (tab, obtained) =
        login.wait(CONSENT_TIMEOUT, MissingState::Refuse, |_| {})?.obtain(context.system.http.as_ref(), now);
    tab.show(if obtained.is_ok() { BrowserPage::LoggedIn } else { BrowserPage::Failed });
    let Obtained { reply, provider, .. } = obtained?;
    let how = match response_type {
        ResponseType::Code => "code exchanged with PKCE",
        ResponseType::Token => "token read from the fragment",
    };
    say("login", format!("consent, redirect with the expected state, {how}"))?;
    Ok(StoredToken::from_reply(&provider, Some(client_id), ObtainedBy::Grant(response_type.grant()), asked, reply, now))
}

/// Follows redirects as a browser does, and posts a fragment as our page does. After an error the login times out.
fn play_browser(http: &dyn HttpClient, mut url: Url) {
    for _ in 0..5 {
        let Ok(reply) = http.send(&HttpRequest::new(Method::GET, url.clone())) else { return };
        let location = reply.header("location").and_then(|location| url.join(location).ok());
        let Some(mut next) = location.filter(|_| (300..400).contains(&reply.status)) else { return };
        if let Some(fragment) = next.fragment().map(str::to_owned) {
            next.set_fragment(None);
            let query = next.query().map(|query| format!("?{query}")).unwrap_or_default();
            next.set_query(None);
            let post = HttpRequest::new(Method::POST, next).with_body(redirect::ADDRESS, format!("{query}#{fragment}"));
            let _ = http.send(&post);
            return;
        }
        url = next;
    }
}

fn call_api(provider: &Provider, token: &StoredToken, context: &Context, say: Say<'_>) -> Result<(), DemoError> {
    let http = Brief(context.system.http.as_ref());
    let api = Api::new(provider, None)?;
    let samples = || provider.definition.samples.iter().filter(|sample| sample.method == "GET");
    let granted = token.scopes(&provider.definition.always_granted());
    let is_open = |scope: &Option<String>| scope.as_ref().is_none_or(|scope| granted.contains(scope));
    let open = samples().find(|sample| is_open(&sample.scope));
    let closed = samples().find(|sample| !is_open(&sample.scope));
    for sample in open.into_iter().chain(closed) {
        let path = provider.path_of(sample);
        let request = api.request(Method::GET, api.resolve(&path)?)?;
        let reply = api.send(&http, &token.access_token, &request, None)?;
        let status = reply.status;
        let body = reply.read(MAX_REPLY)?;
        let denied = status == 403 || Dialect::new(provider).is_denial(status, &body);
        let what = match denied {
            true => "denied, because its scope was not requested".to_owned(),
            false => format!("{status}, {} bytes", body.len()),
        };
        say("call", format!("GET {path}  {what}"))?;
    }
    Ok(())
}
