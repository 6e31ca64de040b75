//! `app`: the client that a developer registered at a provider (RFC 6749 §2).

mod view;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use self::view::{AppOutcome, AppStatus};
use super::Context;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::client::{BadClientId, ClientId};
use crate::protocol::grant::GrantKind;
use crate::protocol::redirect_uri::DEFAULT_REDIRECT_URI;
use crate::protocol::sanitize::{self, Pieces, Style, TerminalText};
use crate::protocol::secret::ClientSecret;
use crate::protocol::secret_text::{self, NotASecretText};
use crate::provider::{DefinitionError, Dialect, Provider, ProviderDefinition};
use crate::session::SessionError;
use crate::store::{Registration, StoreError};
use crate::system::private_file;
use crate::system::terminal::{MAX_SECRET, TerminalError};

/// The redirect URI to register at providers that accept only https.
const HTTPS_REDIRECT_URI: &str = "https://localhost:8443/callback";

/// Returns the default redirect URI, for registration and login. An emulator accepts http.
pub fn default_redirect_uri(definition: &ProviderDefinition, is_emulated: bool) -> &'static str {
    let https_only = Dialect::redirects_to_https_only(definition) && !is_emulated;
    if https_only { HTTPS_REDIRECT_URI } else { DEFAULT_REDIRECT_URI }
}

#[derive(Args)]
pub struct AppArgs {
    #[command(subcommand)]
    action: Action,
}

impl AppArgs {
    /// Returns `true` if it answers on stdout.
    pub fn answers(&self) -> bool {
        !matches!(self.action, Action::Remove { .. })
    }
}

#[derive(Subcommand)]
enum Action {
    /// Store a client id and secret; prompts for them on a terminal
    Set(SetArgs),
    /// Show the registered client, without its secret
    Show {
        /// The provider's id
        #[arg(value_name = "PROVIDER")]
        provider: String,
    },
    /// Delete the registered client
    Remove {
        /// The provider's id
        #[arg(value_name = "PROVIDER")]
        provider: String,
    },
}

#[derive(Args)]
struct SetArgs {
    /// The provider's id
    #[arg(value_name = "PROVIDER")]
    provider: String,

    /// The client id (not a secret)
    #[arg(long, value_name = "ID", env = "OAUTHCTL_CLIENT_ID", hide_env_values = true)]
    client_id: Option<String>,

    /// Read the client secret from stdin
    #[arg(long, conflicts_with = "client_secret_file")]
    client_secret_stdin: bool,

    /// Read the client secret from a file
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
}

/// Errors in finding, asking for or storing a client.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("no client is registered for `{provider}`, and there is no terminal to prompt on")]
    NotRegistered { provider: String },
    #[error("no client is registered for `{provider}`")]
    NoApp { provider: String },
    #[error("the secret cannot be read from `{path}`")]
    SecretFile {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("there is no client secret {place}")]
    NoSecret { place: String, source: NotASecretText },
    #[error(transparent)]
    BadClientId(#[from] BadClientId),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for AppError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotRegistered { provider } => ExitCode::Definition.hint(format!(
                "pipe the secret into `oauthctl app set {provider} --client-id ID --client-secret-stdin`, or set \
                 OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET"
            )),
            Self::NoApp { provider } => ExitCode::Definition.hint(format!("run `oauthctl app set {provider}`")),
            Self::SecretFile { .. } => ExitCode::Usage.hint("name a text file that contains only the secret"),
            Self::NoSecret { source: NotASecretText::Empty, .. } => {
                ExitCode::Usage.hint("leave the flag out for a client without a secret (a public client)")
            }
            Self::NoSecret { .. } => ExitCode::Usage.hint("give only the secret, on one line"),
            Self::BadClientId(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &AppArgs, context: &Context) -> Result<(), AppError> {
    match &args.action {
        Action::Set(args) => set(args, context),
        Action::Show { provider } => show(provider, context),
        Action::Remove { provider } => remove(provider, context),
    }
}

fn set(args: &SetArgs, context: &Context) -> Result<(), AppError> {
    let catalogue = context.session.catalogue()?;
    let definition = catalogue.get(&args.provider)?;
    // The servers that the secret may go to are known now only if no parameter of the login decides them.
    let origins =
        catalogue.resolve(&args.provider, &Default::default()).ok().and_then(|provider| provider.own_origins());
    let secret = if args.client_secret_stdin {
        Some(secret_of_stdin(context)?)
    } else if let Some(path) = &args.client_secret_file {
        Some(secret_of_file(path)?)
    } else {
        context.session.secret_of_environment()
    };
    let (client_id, secret) = match &args.client_id {
        Some(id) => (ClientId::parse(id)?, secret),
        None if secret.is_none() => ask_for_client(&definition, context)?,
        None => return Err(BadClientId.into()),
    };
    let registration = Registration::new(client_id.clone(), secret, origins, context.system.clock.now());
    let store = context.session.store()?;
    let kind = store.save_app(&definition.id, &registration)?;
    Ok(context.answer(&AppOutcome {
        provider: definition.id,
        client_id: client_id.to_string(),
        secret: registration.client_secret.is_some(),
        store: kind,
        place: store.place(kind)?,
    })?)
}

fn show(provider: &str, context: &Context) -> Result<(), AppError> {
    let definition = context.session.catalogue()?.get(provider)?;
    let found = context
        .session
        .store()?
        .load_app(provider)?
        .ok_or_else(|| AppError::NoApp { provider: provider.to_owned() })?;
    Ok(context.answer(&AppStatus {
        provider: definition.id,
        client_id: found.record.client_id.to_string(),
        secret: found.record.client_secret.is_some(),
        store: found.store,
        registered_at: found.record.registered_at,
        origins: found.record.origins,
    })?)
}

fn remove(provider: &str, context: &Context) -> Result<(), AppError> {
    if !context.session.store()?.forget_app(provider)? {
        return Err(AppError::NoApp { provider: provider.to_owned() });
    }
    context.terminal().note(&format_args!("Deleted the client of `{}`.", sanitize::line(provider)));
    Ok(())
}

/// Returns the client to log in with: the known one, or one that the user types now.
pub fn client_for(
    provider: &Provider,
    grant: GrantKind,
    context: &Context,
) -> Result<(ClientId, Option<ClientSecret>), AppError> {
    // The implicit grant has no use for the secret (RFC 6749 §4.2).
    let needed = |secret: Option<ClientSecret>| secret.filter(|_| grant != GrantKind::Implicit);
    if let Some(known) = context.session.client_for(provider)? {
        return Ok((known.value.client_id, needed(known.value.client_secret)));
    }
    if !context.terminal().is_interactive() {
        return Err(AppError::NotRegistered { provider: provider.id().to_owned() });
    }
    let (id, secret) = ask_for_client(&provider.definition, context)?;
    let origins = provider.own_origins();
    context
        .session
        .store()?
        .save_app(provider.id(), &Registration::new(id.clone(), secret.clone(), origins, context.system.clock.now()))?;
    Ok((id, needed(secret)))
}

/// Shows the provider's registration steps, then prompts for the client id and secret.
fn ask_for_client(
    definition: &ProviderDefinition,
    context: &Context,
) -> Result<(ClientId, Option<ClientSecret>), AppError> {
    let terminal = context.terminal();
    if !terminal.is_interactive() {
        return Err(AppError::NotRegistered { provider: definition.id.clone() });
    }
    let is_emulated = context.session.catalogue()?.emulated_id() == Some(&definition.id);
    let redirect_uri = default_redirect_uri(definition, is_emulated);
    terminal.note(&Pieces(&[&Style::Strong.of(&definition.name), &" requires you to register an app:"]));
    for (n, step) in definition.app.steps.iter().enumerate() {
        let mut text = TerminalText::of(&format_args!("  {}. ", n + 1));
        for (n, part) in step.split("{redirect_uri}").enumerate() {
            if n > 0 {
                text.put(&Style::Strong.of(redirect_uri));
            }
            text.put(&part);
        }
        terminal.note(&text);
    }
    let id = ClientId::parse(&terminal.ask(&"Client ID")?)?;
    let secret = non_empty_secret(terminal.ask_hidden(&"Client secret")?.expose());
    Ok((id, secret))
}

/// Returns the secret, or `None` for an empty one: a public client has no secret.
fn non_empty_secret(text: &str) -> Option<ClientSecret> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(ClientSecret::new)
}

/// Reads the secret that is promised on stdin. A person at a terminal is asked for it.
fn secret_of_stdin(context: &Context) -> Result<ClientSecret, AppError> {
    let terminal = context.terminal();
    let bytes = match terminal.is_interactive() {
        true => terminal.ask_hidden(&"Client secret")?.expose().as_bytes().to_vec().into(),
        false => terminal.stdin_secret(MAX_SECRET)?,
    };
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
