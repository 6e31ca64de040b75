//! `login`: from nothing to a stored token.
//!
//! The order is the promise: the port is bound first and kept, the redirect URI is printed before anything opens, the
//! store is proven before the person is sent off, and the browser hears what happened only after the token is stored
//! and read back.

use anyhow::Context as _;
use clap::Args;
use colored::Colorize;

use super::{CommandError, Context, app};
use crate::flow::FlowError;
use crate::flow::authorization_code::{Login, LoginRequest, Tab, Waiting};
use crate::flow::pages::Page;
use crate::flow::redirect::Stray;
use crate::output::LoginOutcome;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, is_vschar};
use crate::protocol::time::HumanDuration;
use crate::provider::Provider;
use crate::provider::dialect::TokenReply;
use crate::store::stored_token::Origin;
use crate::store::{StoredToken, TokenStore};
use crate::system::browser::{Browser, CommandBrowser, DesktopBrowser};
use crate::system::entropy::random;

#[derive(Args)]
pub struct LoginArgs {
    /// The provider's id; `oauthctl providers list` shows all
    #[arg(long, value_name = "ID")]
    provider: Option<String>,

    /// What to ask for: repeat it, or separate with blanks or commas
    #[arg(long = "scope", value_name = "SCOPES")]
    scopes: Vec<String>,

    /// A value that the provider's URLs need, such as `store=myshop`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    params: Vec<(String, String)>,

    /// The redirect URI to the letter as it is registered
    #[arg(long, value_name = "URI", conflicts_with = "port")]
    redirect_uri: Option<String>,

    /// The port of http://127.0.0.1:PORT/callback; 0 takes any free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// A program to open the URL with; split at blanks, the URL comes last
    #[arg(long, value_name = "CMD", conflicts_with = "no_browser")]
    browser: Option<String>,

    /// Print the authorize URL on one line of stderr and open nothing
    #[arg(long)]
    no_browser: bool,

    /// How long to wait for the redirect: seconds, or with s, m, h, d
    #[arg(long, value_name = "TIME", default_value = "5m")]
    timeout: HumanDuration,

    /// Read a token that you already have from stdin, and keep it
    #[arg(long, conflicts_with_all = ["redirect_uri", "port", "browser", "no_browser"])]
    with_token: bool,
}

fn parse_param(text: &str) -> Result<(String, String), &'static str> {
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE")
}

pub fn run(args: &LoginArgs, context: &Context) -> anyhow::Result<()> {
    let id = provider_id(args, context)?;
    let provider = context.resolve_asking(&id, args.params.iter().cloned().collect())?;
    let profile = match &context.global.profile {
        Some(profile) => profile.clone(),
        None => id.parse()?,
    };
    let asked = asked_scopes(args, &provider, context);
    let failed = || format!("could not log in to `{id}`");
    let (token, tab) = if args.with_token {
        (keep_given(&provider, asked, context).with_context(failed)?, None)
    } else {
        let (tab, token) = browser_login(args, &provider, asked, context).with_context(failed)?;
        (token, Some(tab))
    };
    let store = context.store()?;
    let saved = store.save(&profile, &token);
    if let Some(tab) = tab {
        tab.show(if saved.is_ok() { Page::LoggedIn } else { Page::Failed });
    }
    let kind = saved.with_context(failed)?;
    let outcome = LoginOutcome::new(&profile, &provider, &token, kind, store.place(kind)?, context.system.clock.now());
    if !outcome.denied.is_empty() {
        context.terminal().note(&format_args!(
            "{} {} asked for and not granted",
            "warning:".yellow().bold(),
            outcome.denied.join(", ")
        ));
    }
    if context.global.verbose {
        show_reply(&token, context);
    }
    context.answer(&outcome)
}

/// `--provider`, or the emulated provider, or that of the login that is meant.
fn provider_id(args: &LoginArgs, context: &Context) -> anyhow::Result<String> {
    if let Some(id) = &args.provider {
        return Ok(id.clone());
    }
    if let Some(id) = context.catalogue()?.emulated_id() {
        return Ok(id.to_owned());
    }
    let index = context.store()?.index()?;
    let profile = context.global.profile.as_ref().map(|profile| profile.as_str().to_owned()).or(index.current);
    let known = profile.and_then(|profile| index.logins.get(&profile).map(|entry| entry.provider.clone()));
    Ok(known.ok_or(CommandError::NoProvider)?)
}

/// The scopes of the command line, or the definition's own. A name that nobody knows is sent all the same: providers
/// add scopes.
fn asked_scopes(args: &LoginArgs, provider: &Provider, context: &Context) -> ScopeSet {
    let asked = ScopeSet::parse(&args.scopes.join(" "));
    let asked = if args.scopes.is_empty() { provider.definition.default_scope() } else { asked };
    let known = provider.definition.known_scopes();
    let unknown = asked.difference(&known);
    if !known.is_empty() && !unknown.is_empty() {
        context.terminal().note(&format_args!(
            "{} {} is not among the scopes that {} documents: {}",
            "warning:".yellow().bold(),
            crate::protocol::sanitize::line(&unknown.join(", ")),
            provider.definition.name,
            known.join(", "),
        ));
    }
    asked
}

fn keep_given(provider: &Provider, asked: ScopeSet, context: &Context) -> anyhow::Result<StoredToken> {
    let token = context.terminal().stdin_secret()?;
    let text = token.expose().trim();
    if !is_vschar(text) {
        return Err(CommandError::BadToken.into());
    }
    let now = context.system.clock.now();
    Ok(StoredToken::given(provider, None, Origin::Given, asked, AccessToken::new(text), now))
}

fn browser_login(
    args: &LoginArgs,
    provider: &Provider,
    asked: ScopeSet,
    context: &Context,
) -> anyhow::Result<(Tab, StoredToken)> {
    let (client_id, client_secret) = app::client_for(provider, context)?;
    let redirect_uri = redirect_uri(args)?;
    let request =
        LoginRequest { provider, client_id: client_id.clone(), client_secret, scope: asked.clone(), redirect_uri };
    let login = Login::begin(request, context.system.entropy.as_ref())?;
    announce(&login, provider, context);
    prove_writable(context.store()?, context)?;
    open_browser(args, &login, context);
    let terminal = context.terminal();
    let answered = login.wait(args.timeout.0, |waiting| tell(&waiting, context));
    terminal.progress(None);
    let (tab, reply) = answered?.exchange(context.system.http.as_ref());
    match reply {
        Ok(reply) => Ok((tab, stored(provider, client_id, asked, reply, context))),
        Err(error) => {
            tab.show(if matches!(error, FlowError::Declined(_)) { Page::Declined } else { Page::Failed });
            Err(error.into())
        }
    }
}

fn stored(
    provider: &Provider,
    client_id: crate::protocol::client::ClientId,
    asked: ScopeSet,
    reply: TokenReply,
    context: &Context,
) -> StoredToken {
    let now = context.system.clock.now();
    StoredToken::from_reply(provider, Some(client_id), Origin::AuthorizationCode, asked, reply, now)
}

fn redirect_uri(args: &LoginArgs) -> Result<RedirectUri, CommandError> {
    let uri = RedirectUri::parse(args.redirect_uri.as_deref().unwrap_or(app::DEFAULT_REDIRECT_URI))?;
    Ok(args.port.map_or_else(|| uri.clone(), |port| uri.with_port(port)))
}

fn announce(login: &Login<'_>, provider: &Provider, context: &Context) {
    let terminal = context.terminal();
    let emulated = provider.emulator.as_ref().map(|origin| format!(" (emulated at {origin})")).unwrap_or_default();
    terminal.note(&format_args!("Logging in to {}{emulated}", provider.definition.name.bold()));
    let where_to = match &provider.definition.app.page {
        Some(page) if provider.emulator.is_none() => format!(", to be registered to the letter at {page}"),
        _ => String::new(),
    };
    terminal.note(&format_args!("Redirect URI: {}{where_to}", login.redirect_uri().as_str().bold()));
}

fn prove_writable(store: &TokenStore, context: &Context) -> anyhow::Result<()> {
    let name = u64::from_ne_bytes(random(context.system.entropy.as_ref())?);
    Ok(store.prove_writable(name)?)
}

/// A browser that does not start is no reason to give up: the URL is there to be opened by hand.
fn open_browser(args: &LoginArgs, login: &Login<'_>, context: &Context) {
    let terminal = context.terminal();
    let url = login.authorize_url();
    if args.no_browser {
        terminal.note(&format_args!("Open this address in a browser on this machine:\n{url}"));
        return;
    }
    let browser: Box<dyn Browser> = match &args.browser {
        Some(command) => Box::new(CommandBrowser(command.clone())),
        None => Box::new(DesktopBrowser),
    };
    match browser.open(url) {
        Ok(()) => {
            terminal.note(&format_args!("Opening the browser. If none appears, open this address yourself:\n{url}"))
        }
        Err(error) => {
            terminal.note(&format_args!("{} {error}. Open this address yourself:\n{url}", "warning:".yellow().bold()));
        }
    }
}

fn tell(waiting: &Waiting<'_>, context: &Context) {
    let terminal = context.terminal();
    match waiting {
        Waiting::Left(left) => {
            terminal.progress(Some(&format!("Waiting for the redirect, {} left. Ctrl-C stops.", HumanDuration(*left))));
        }
        Waiting::Stray(Stray::Unproven { claims_error: true }) => {
            terminal.note(&"Somebody reported an error without proof that it belongs to this login; still waiting.");
        }
        Waiting::Stray(Stray::Unusable(problem)) => {
            terminal.note(&format_args!("The redirect came and cannot be used: {problem}; still waiting."));
        }
        Waiting::Stray(Stray::Issuer) => {
            terminal.note(&"The redirect came from another issuer than the provider's (RFC 9207); still waiting.");
        }
        Waiting::Stray(stray) if context.global.verbose => {
            terminal.note(&format_args!("A request that is not the redirect ({stray:?}); still waiting."));
        }
        Waiting::Stray(_) => {}
        Waiting::Tls => {
            terminal.note(&"A browser spoke https to the port, which speaks http: the registered redirect URI must begin with `http://`.");
        }
    }
}

/// What the provider replied, masked, and what was read from it.
fn show_reply(token: &StoredToken, context: &Context) {
    if let Some(reply) = &token.reply {
        context.terminal().note(&format_args!(
            "The provider's reply, secrets masked: {}",
            crate::protocol::sanitize::text(&reply.to_string())
        ));
    }
    context.terminal().note(&format_args!("Read from it: {}", crate::output::what_was_read(token)));
}
