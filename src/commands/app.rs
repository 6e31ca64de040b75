//! `app`: the clients that a developer registered at a provider (RFC 6749 §2).
//!
//! A login can be refreshed only by the client it was made with. So a client that logins use is replaced by another one
//! only on request: a person is asked, a script says `--replace`. Another secret for the same client needs neither.
//! Removing a client is a request in itself, and tells which logins it was for.

mod adopted;
mod ask;
mod error;
mod in_use;
mod list;
mod redirect;
mod view;

pub use ask::Guide;
pub use error::{AppError, the_logins};
pub use in_use::NewLogin;
pub use redirect::{HTTPS_REDIRECT_URI, default_redirect_uri};

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use self::list::ListArgs;
use self::view::{AppOutcome, AppStatus, RemovedApp};
use super::Context;
use crate::protocol::client::{BadClientId, ClientAuthMethod, ClientId};
use crate::protocol::grant::GrantKind;
use crate::protocol::sanitize;
use crate::protocol::secret::ClientSecret;
use crate::protocol::secret_text;
use crate::provider::{Provider, ProviderDefinition};
use crate::session::{LoginClient, SessionError};
use crate::store::{AppName, ClientKey, Profile, Registration};
use crate::system::entropy::random;
use crate::system::private_file;
use crate::system::terminal::MAX_SECRET;

#[derive(Args)]
pub struct AppArgs {
    /// Without one, all clients are listed.
    #[command(subcommand)]
    action: Option<Action>,
}

impl AppArgs {
    /// Returns `true` if it answers on stdout.
    pub fn answers(&self) -> bool {
        !matches!(self.action, Some(Action::Remove(_)))
    }
}

#[derive(Subcommand)]
enum Action {
    /// Store a client id and secret; prompts for them on a terminal
    Set(SetArgs),
    /// List the registered clients, and the logins that use each
    List(ListArgs),
    /// Show a registered client, without its secret
    Show(WhichArgs),
    /// Delete a registered client
    Remove(WhichArgs),
}

/// A client: its provider and its app.
#[derive(Args)]
struct WhichArgs {
    /// The provider's id
    #[arg(value_name = "PROVIDER")]
    provider: String,

    /// The app's name, if the provider has several clients [default: default]
    #[arg(long, value_name = "NAME")]
    app: Option<AppName>,
}

impl WhichArgs {
    /// Returns the key of the client, which a provider may share with others.
    fn key(&self, context: &Context) -> Result<ClientKey, SessionError> {
        let id = context.session.clients_id(&context.session.provider_id(&self.provider)?)?;
        Ok(ClientKey::new(id, self.app.clone().unwrap_or_default()))
    }
}

#[derive(Args)]
struct SetArgs {
    #[command(flatten)]
    which: WhichArgs,

    /// The client id (not a secret)
    #[arg(long, value_name = "ID", env = "OAUTHCTL_CLIENT_ID", hide_env_values = true)]
    client_id: Option<String>,

    /// Read the client secret from stdin
    #[arg(long, conflicts_with = "client_secret_file")]
    client_secret_stdin: bool,

    /// Read the client secret from a file
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,

    /// Replace a client that logins use by another one
    #[arg(long)]
    replace: bool,
}

pub fn run(args: &AppArgs, context: &Context) -> Result<(), AppError> {
    match &args.action {
        None => list::run(&ListArgs::default(), context),
        Some(Action::Set(args)) => set(args, context),
        Some(Action::List(args)) => list::run(args, context),
        Some(Action::Show(which)) => show(&which.key(context)?, context),
        Some(Action::Remove(which)) => remove(&which.key(context)?, context),
    }
}

fn set(args: &SetArgs, context: &Context) -> Result<(), AppError> {
    let key = args.which.key(context)?;
    let catalogue = context.session.catalogue()?;
    let id = context.session.provider_id(&args.which.provider)?;
    let definition = catalogue.get(&id)?;
    // The servers that the secret may go to are known now only if no parameter of the login decides them.
    let origins = catalogue.resolve(&id, &Default::default()).ok().and_then(|provider| provider.own_origins());
    let of_environment = context.session.client_id_of_environment();
    // The variables are a pair: the secret there is not that of another client, whose id was typed.
    let is_pair = of_environment.is_none() || of_environment == args.client_id;
    let mut secret_from = None;
    let secret = if args.client_secret_stdin {
        Some(secret_of_stdin(context)?)
    } else if let Some(path) = &args.client_secret_file {
        Some(secret_of_file(path)?)
    } else {
        let secret = context.session.secret_of_environment().filter(|_| is_pair);
        secret_from = secret.as_ref().map(|_| "OAUTHCTL_CLIENT_SECRET");
        secret
    };
    let (client_id, secret) = match &args.client_id {
        Some(id) => {
            let id = ClientId::parse(id)?;
            let secret = match secret {
                Some(secret) => Some(secret),
                None => secret_of_known(&key, &id, &definition, context)?,
            };
            (id, secret)
        }
        None if secret.is_none() => {
            if !context.terminal().is_interactive() {
                return Err(not_registered(&key, context));
            }
            // Nothing is asked that cannot be kept.
            let name = u64::from_ne_bytes(random(context.system.entropy.as_ref())?);
            context.session.store()?.prove_writable(name)?;
            ask::for_client(&definition, &Guide::of_registration(&definition, context)?, context)?
        }
        None => return Err(BadClientId.into()),
    };
    let replaced = in_use::agreed(&key, &client_id, args.replace, context)?;
    let registration = Registration::new(client_id.clone(), secret, origins, context.system.clock.now());
    let store = context.session.store()?;
    let kind = store.save_app(&key, &registration)?;
    in_use::tell(&replaced.logins, context);
    adopted::adopt(&key, &client_id, context)?;
    context.tell_inside("This client");
    if let Some(other) = of_environment.filter(|other| *other != client_id.as_str()) {
        let other = sanitize::line(&other);
        context.warn(&format!("OAUTHCTL_CLIENT_ID is set: new logins use `{other}`, and not the stored client"));
    }
    Ok(context.answer(&AppOutcome {
        provider: key.provider,
        app: key.app,
        replaced: replaced.client_id,
        client_id: client_id.to_string(),
        secret: registration.client_secret.is_some(),
        secret_from,
        store: kind,
        place: store.place(kind)?,
    })?)
}

/// Returns the secret of a client whose id was given alone: the stored one of the same client, else what a person at a
/// terminal types. A secret is not lost because the command was run again without it.
fn secret_of_known(
    key: &ClientKey,
    id: &ClientId,
    definition: &ProviderDefinition,
    context: &Context,
) -> Result<Option<ClientSecret>, AppError> {
    let known = context.session.clients(Some(&key.provider))?;
    let known = known.of(key).and_then(|client| client.record.as_ref().ok()).filter(|known| known.client_id == *id);
    if let Some(secret) = known.and_then(|known| known.client_secret.clone()) {
        let remove = key.arguments();
        context.terminal().note(&format_args!(
            "The stored secret of this client is kept; `oauthctl app remove {remove}` deletes it."
        ));
        return Ok(Some(secret));
    }
    if definition.client_auth() == ClientAuthMethod::None || !context.terminal().is_interactive() {
        return Ok(None);
    }
    Ok(ask::non_empty_secret(context.terminal().ask_hidden(&"Client secret (empty: none)")?.expose()))
}

fn show(key: &ClientKey, context: &Context) -> Result<(), AppError> {
    let found = context.session.store()?.load_app(key)?;
    let found = found.ok_or_else(|| no_app(key, context))?;
    Ok(context.answer(&AppStatus {
        provider: key.provider.clone(),
        app: key.app.clone(),
        client_id: found.record.client_id.to_string(),
        secret: found.record.client_secret.is_some(),
        store: found.store,
        registered_at: found.record.registered_at,
        origins: found.record.origins,
    })?)
}

fn remove(key: &ClientKey, context: &Context) -> Result<(), AppError> {
    // The client is removed whether or not its logins can be read.
    let logins = context.session.clients(Some(&key.provider)).ok();
    let logins = logins.and_then(|clients| Some(clients.of(key)?.logins.clone())).unwrap_or_default();
    if !context.session.store()?.forget_app(key)? {
        return Err(no_app(key, context));
    }
    context.report(&RemovedApp { provider: key.provider.clone(), app: key.app.clone(), logins: logins.clone() })?;
    in_use::tell(&logins, context);
    Ok(())
}

/// Returns the registered client that a new one will replace. If logins use it beside `login`, which is made anew, the
/// user has agreed.
pub fn replaceable(
    key: &ClientKey,
    new: &ClientId,
    login: &Profile,
    context: &Context,
) -> Result<Option<Registration>, AppError> {
    let users = context.session.clients(Some(&key.provider))?.users(key);
    if users.iter().any(|user| user != login.as_str()) {
        in_use::agreed(key, new, false, context)?;
    }
    Ok(context.session.store()?.load_app(key).ok().flatten().map(|found| found.record))
}

fn no_app(key: &ClientKey, context: &Context) -> AppError {
    AppError::NoApp { key: key.clone(), others: context.session.has_clients(&key.provider) }
}

fn not_registered(key: &ClientKey, context: &Context) -> AppError {
    AppError::NotRegistered { key: key.clone(), others: context.session.has_clients(&key.provider) }
}

/// The client of a new login.
pub struct ChosenClient {
    pub app: AppName,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    /// It was registered by this program, with its redirect URI.
    pub is_self_registered: bool,
}

/// Asks for the client of a new login if none is known, and stores it: what was typed is not lost by a login that fails
/// later. Returns the client that was typed.
pub fn ask_if_missing<E: From<AppError>>(
    provider: &Provider,
    login: &NewLogin<'_>,
    guide: impl FnOnce() -> Result<Guide, E>,
    context: &Context,
) -> Result<Option<Registration>, E> {
    let asked = context.session.client_for_login(provider, login.app, login.before).map_err(AppError::from)?;
    if asked.client.is_some() || !context.terminal().is_interactive() {
        return Ok(None);
    }
    let (id, secret) = ask::for_client(&provider.definition, &guide()?, context)?;
    let registration = Registration::new(id, secret, provider.own_origins(), context.system.clock.now());
    let store = context.session.store().map_err(AppError::from)?;
    store.save_app(&asked.key, &registration).map_err(AppError::from)?;
    Ok(Some(registration))
}

/// Returns the client to log in with: the known one, or the one that was typed for this login.
pub fn client_for(
    provider: &Provider,
    grant: GrantKind,
    login: &NewLogin<'_>,
    context: &Context,
) -> Result<ChosenClient, AppError> {
    let LoginClient { key, client, is_self_registered } =
        context.session.client_for_login(provider, login.app, login.before)?;
    let (client_id, secret) = match (client, login.typed) {
        (Some(known), _) => {
            let what = format!("the client `{}`", known.value.client_id.as_str());
            context.session.recorder().decision(&what, &format!("from {}", known.from));
            (known.value.client_id, known.value.client_secret)
        }
        // A store that keeps nothing does not know it.
        (None, Some(typed)) => (typed.client_id.clone(), typed.client_secret.clone()),
        (None, None) => return Err(not_registered(&key, context)),
    };
    in_use::tell_of_another(login, &client_id, context);
    // The implicit grant has no use for the secret (RFC 6749 §4.2).
    let client_secret = secret.filter(|_| grant != GrantKind::Implicit);
    Ok(ChosenClient { app: key.app, client_id, client_secret, is_self_registered })
}

/// Reads the secret that is promised on stdin. A person at a terminal is asked for it.
fn secret_of_stdin(context: &Context) -> Result<ClientSecret, AppError> {
    let bytes = context.terminal().promised_secret(&"Client secret", MAX_SECRET)?;
    client_secret(&bytes, "on stdin")
}

fn secret_of_file(path: &std::path::Path) -> Result<ClientSecret, AppError> {
    let place = sanitize::line(&path.to_string_lossy());
    let bytes = Zeroizing::new(
        private_file::read_public(path, MAX_SECRET)
            .map_err(|source| AppError::SecretFile { path: place.clone(), source })?,
    );
    client_secret(&bytes, &format!("in `{place}`"))
}

/// Whoever names a place for the secret has one, so an empty place is an error and not a public client.
fn client_secret(bytes: &[u8], place: &str) -> Result<ClientSecret, AppError> {
    let secret =
        secret_text::one_line(bytes).map_err(|source| AppError::NoSecret { place: place.to_owned(), source })?;
    Ok(ClientSecret::new(secret.expose()))
}
