//! The client of a login by address: who it is, and how it becomes known to the server.

mod document;

use url::Url;

use super::args::Wanted;
use super::error::ByAddressError;
use super::found::Found;
use crate::commands::Context;
use crate::commands::app;
use crate::commands::login::LoginError;
use crate::flow::register::{self, RegisterError};
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::client_document;
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::registration::{RegistrationRequest, RegistrationResponse};
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::token::DEVICE_CODE;
use crate::provider::Provider;
use crate::provider::draft::id_of;
use crate::store::{ClientKey, DynamicRegistration, Profile, Registration};
use crate::system::http::HttpClient;

/// Our name at a server, as people see it when they consent.
const NAME: &str = "oauthctl";

/// The client that a login will use.
pub enum Plan {
    /// Registered here with that issuer.
    Known { key: ClientKey, record: Box<Registration>, auth: ClientAuthMethod },
    /// Named on the command line.
    Named { key: ClientKey, client_id: ClientId, auth: ClientAuthMethod, is_document: bool },
    /// That of OAUTHCTL_CLIENT_ID, which is not kept.
    Environment { key: ClientKey, client_id: String, auth: ClientAuthMethod },
    /// To be registered at this endpoint, in the place of one whose secret has ended, if there is one.
    New { key: ClientKey, endpoint: Url, auth: ClientAuthMethod },
}

impl Plan {
    pub fn key(&self) -> &ClientKey {
        match self {
            Self::Known { key, .. }
            | Self::Named { key, .. }
            | Self::Environment { key, .. }
            | Self::New { key, .. } => key,
        }
    }

    pub fn auth(&self) -> ClientAuthMethod {
        match self {
            Self::Known { auth, .. }
            | Self::Named { auth, .. }
            | Self::Environment { auth, .. }
            | Self::New { auth, .. } => *auth,
        }
    }

    /// Returns how the client will be known, for the summary.
    pub fn in_words(&self) -> String {
        match self {
            Self::Known { record, .. } => format!("{}, registered here with this server", record.client_id),
            Self::Named { client_id, is_document: true, .. } => format!("{client_id}, which describes itself there"),
            Self::Named { client_id, .. } => client_id.to_string(),
            Self::Environment { client_id, .. } => format!("{client_id}, from OAUTHCTL_CLIENT_ID"),
            Self::New { endpoint, auth, .. } => {
                let secret = if *auth == ClientAuthMethod::None { "without a secret" } else { "with a secret" };
                format!("a new one {secret}, registered as `{NAME}` at {endpoint}")
            }
        }
    }
}

/// Decides the client. Nothing is sent, and nothing is kept.
pub fn plan(found: &Found, args: &Wanted<'_>, context: &Context) -> Result<Plan, LoginError> {
    let metadata = &found.server.metadata;
    let (key, known) = registered_with(found, args, context)?;
    let has_secret = context.session.secret_of_environment().is_some();
    let document = |id: &str| -> Result<bool, ByAddressError> {
        match client_document::is_address(id) {
            false => Ok(false),
            true if !metadata.client_id_metadata_document_supported => {
                Err(ByAddressError::NoDocuments { issuer: sanitize::line(found.issuer()) })
            }
            true if has_secret => Err(ByAddressError::SecretWithDocument),
            true => Ok(true),
        }
    };
    if let Some(id) = &args.address.client_id {
        let (client_id, is_document) = (ClientId::parse(id).map_err(app::AppError::from)?, document(id)?);
        if let Some(record) = known.filter(|record| record.client_id == client_id) {
            let auth = auth_of(&record, metadata);
            return Ok(Plan::Known { key, record: Box::new(record), auth });
        }
        let auth = if has_secret && !is_document { with_secret(metadata) } else { ClientAuthMethod::None };
        return Ok(Plan::Named { key, client_id, auth, is_document });
    }
    if let Some(client_id) = context.session.client_id_of_environment().filter(|_| args.app.is_none()) {
        document(&client_id)?;
        let auth = if has_secret { with_secret(metadata) } else { ClientAuthMethod::None };
        return Ok(Plan::Environment { key, client_id, auth });
    }
    let now = context.system.clock.now();
    if let Some(record) = known.filter(|record| !record.has_ended(now) || record.dynamic.is_none()) {
        let auth = auth_of(&record, metadata);
        return Ok(Plan::Known { key, record: Box::new(record), auth });
    }
    match metadata.registration_endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok()) {
        Some(endpoint) => Ok(Plan::New { key, endpoint, auth: preferred(metadata) }),
        None => Err(ByAddressError::NoClient {
            issuer: sanitize::line(found.issuer()),
            takes_documents: metadata.client_id_metadata_document_supported,
        }
        .into()),
    }
}

/// Returns the key for the issuer's clients, and the one that is registered under it. The key is made from the issuer, so
/// that its resources share a client; another issuer with the same letters gets another key.
fn registered_with(
    found: &Found,
    args: &Wanted<'_>,
    context: &Context,
) -> Result<(ClientKey, Option<Registration>), LoginError> {
    let app = args.app.cloned().unwrap_or_default();
    let base = Url::parse(found.issuer()).map_or_else(|_| "server".to_owned(), |issuer| id_of(&issuer));
    let store = context.session.store()?;
    let index = store.index()?;
    let mut n = 1;
    loop {
        let id = if n == 1 { base.clone() } else { format!("{base}-{n}") };
        let key = ClientKey::new(&id, app.clone());
        // Clients of another name under the same id are of the same issuer.
        let listed = |key: &ClientKey| index.apps.get(&key.to_string()).is_some_and(|entry| !entry.ending);
        let others = index.apps.keys().filter_map(|text| ClientKey::parse(text)).find(|other| other.provider == id);
        let Some(any) = Some(key.clone()).filter(listed).or(others).filter(listed) else { return Ok((key, None)) };
        let record = store.load_app(&any)?.map(|found| found.record);
        let issuer = record.as_ref().and_then(|record| record.issuer.clone()).or_else(|| {
            // One that a person registered for the provider of that id.
            context.session.catalogue().ok()?.get(&id).ok()?.authorize.issuer
        });
        match issuer {
            Some(issuer) if issuer == found.issuer() => return Ok((key.clone(), record.filter(|_| any == key))),
            _ => n += 1,
        }
    }
}

/// Returns how a new client authenticates: without a secret where the server has that (RFC 8252 §8.4), else with what
/// it has.
fn preferred(metadata: &AuthorizationServerMetadata) -> ClientAuthMethod {
    let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
    let takes = |method: ClientAuthMethod| {
        methods.is_none_or(|methods| methods.iter().any(|name| name == method.registered_name()))
    };
    let order = [ClientAuthMethod::None, ClientAuthMethod::Basic, ClientAuthMethod::Body];
    order.into_iter().find(|method| takes(*method)).unwrap_or(ClientAuthMethod::None)
}

/// Returns how a client with a secret authenticates. A silent server takes Basic (RFC 8414 §2).
fn with_secret(metadata: &AuthorizationServerMetadata) -> ClientAuthMethod {
    let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
    let has = |name: &str| methods.is_some_and(|methods| methods.iter().any(|method| method == name));
    match has("client_secret_post") && !has("client_secret_basic") {
        true => ClientAuthMethod::Body,
        false => ClientAuthMethod::Basic,
    }
}

fn auth_of(record: &Registration, metadata: &AuthorizationServerMetadata) -> ClientAuthMethod {
    match (&record.dynamic, &record.client_secret) {
        (Some(dynamic), _) => dynamic.auth,
        (None, Some(_)) => with_secret(metadata),
        (None, None) => ClientAuthMethod::None,
    }
}

/// The redirect URI that a login would use by itself.
pub struct Redirect {
    pub usual: RedirectUri,
    /// The command line names it.
    pub is_named: bool,
}

/// A client that both sides know.
pub struct Settled {
    pub auth: ClientAuthMethod,
    /// The redirect URI to use, if it is not the usual one.
    pub redirect_uri: Option<RedirectUri>,
    /// It is a registered one: the environment's is not to be used in its place.
    pub is_registered: bool,
    /// What to undo if the login fails.
    made: Option<Made>,
}

/// A client that was not known before.
struct Made {
    key: ClientKey,
    record: Registration,
    before: Option<Registration>,
}

impl Settled {
    /// Takes back what was made for a login that has failed: the registration at the server, and its record.
    pub fn undo(self, http: &dyn HttpClient, context: &Context) {
        let Some(Made { key, record, before }) = self.made else { return };
        if let Some((uri, token)) = record.dynamic.as_ref().and_then(DynamicRegistration::management) {
            match register::delete(http, &uri, token) {
                // A server without deletion is not worth a word.
                Ok(()) | Err(RegisterError::NotDeleted { status: 405 | 501 }) => {}
                Err(error) => {
                    context.warn(&format!("the client that was registered for this login is still there: {error}"));
                }
            }
        }
        let Ok(store) = context.session.store() else { return };
        let restored = match before {
            Some(before) => store.save_app(&key, &before).map(drop),
            None => store.forget_app(&key).map(drop),
        };
        if let Err(error) = restored {
            context.warn(&format!("{} is still kept here: {error}", key.words()));
        }
    }
}

/// Makes the planned client known to both sides.
pub fn settle(
    (found, plan, scope): (&Found, &Plan, &ScopeSet),
    redirect: Redirect,
    (provider, profile): (&Provider, &Profile),
    http: &dyn HttpClient,
    context: &Context,
) -> Result<Settled, LoginError> {
    let unchanged = |auth, is_registered| Settled { auth, redirect_uri: None, is_registered, made: None };
    match plan {
        Plan::Environment { auth, .. } => Ok(unchanged(*auth, false)),
        Plan::Known { key, record, auth } => {
            Ok(Settled { redirect_uri: registered_uri(key, record, &redirect)?, ..unchanged(*auth, true) })
        }
        Plan::Named { key, client_id, auth, is_document } => {
            let mut settled = unchanged(*auth, true);
            let secret = context.session.secret_of_environment().filter(|_| !is_document);
            if *is_document {
                settled.redirect_uri = document::redirect_uri(client_id, redirect.usual, redirect.is_named, context)?;
            }
            let before = app::replaceable(key, client_id, profile, context)?;
            let now = context.system.clock.now();
            let origins = Some(provider.client_servers());
            let record = Registration::new(client_id.clone(), secret, origins, now).at_issuer(found.issuer(), None);
            context.session.store()?.save_app(key, &record)?;
            settled.made = Some(Made { key: key.clone(), record, before });
            Ok(settled)
        }
        Plan::New { key, endpoint, auth } => {
            registered((found, scope), (key, endpoint, *auth), &redirect, provider, http, context)
        }
    }
}

/// Returns the redirect URI to use in place of the usual one: that of the client's registration, if it has others.
fn registered_uri(
    key: &ClientKey,
    record: &Registration,
    Redirect { usual, is_named }: &Redirect,
) -> Result<Option<RedirectUri>, LoginError> {
    let registered = record.dynamic.as_ref().map(|dynamic| dynamic.redirect_uris.as_slice()).unwrap_or_default();
    let parsed: Vec<_> = registered.iter().filter_map(|uri| RedirectUri::parse(uri).ok()).collect();
    if parsed.is_empty() || parsed.iter().any(|uri| usual.is_registered_as(uri, false)) {
        return Ok(None);
    }
    if *is_named {
        return Err(ByAddressError::OtherRedirect {
            client: key.words(),
            provider: key.provider.clone(),
            redirect_uri: usual.to_string(),
            registered: registered.iter().map(|uri| sanitize::line(uri)).collect(),
        }
        .into());
    }
    Ok(parsed.into_iter().next())
}

/// Registers a client, and keeps it before it is used: a login that is broken off leaves no client behind that is known
/// to nobody.
fn registered(
    (found, scope): (&Found, &ScopeSet),
    (key, endpoint, auth): (&ClientKey, &Url, ClientAuthMethod),
    redirect: &Redirect,
    provider: &Provider,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<Settled, LoginError> {
    let store = context.session.store()?;
    let before = store.load_app(key)?.map(|found| found.record);
    if let Some(renewed) = before.as_ref().and_then(|before| renewed(before, endpoint, http)) {
        store.save_app(key, &renewed)?;
        let auth = renewed.dynamic.as_ref().map_or(auth, |dynamic| dynamic.auth);
        let redirect_uri = registered_uri(key, &renewed, redirect)?;
        return Ok(Settled { auth, redirect_uri, is_registered: true, made: None });
    }
    let request = request(&found.server.metadata, &redirect.usual, auth, scope);
    let reply = register::register(http, endpoint, &request)?;
    let method = reply.method(auth);
    let dynamic = dynamic(&reply, method, endpoint, &request, context);
    let origins = Some(provider.client_servers());
    let secret = reply.client_secret.filter(|_| method != ClientAuthMethod::None);
    let record = Registration::new(reply.client_id, secret, origins, context.system.clock.now())
        .at_issuer(found.issuer(), Some(dynamic));
    let made = Made { key: key.clone(), record: record.clone(), before };
    let settled = Settled { auth: method, redirect_uri: None, is_registered: true, made: Some(made) };
    if let Err(error) = store.save_app(key, &record) {
        settled.undo(http, context);
        return Err(error.into());
    }
    Ok(settled)
}

pub(super) fn request(
    metadata: &AuthorizationServerMetadata,
    redirect_uri: &RedirectUri,
    auth: ClientAuthMethod,
    scope: &ScopeSet,
) -> RegistrationRequest {
    let offers =
        |grant: &str| metadata.grant_types_supported.as_ref().is_none_or(|all| all.iter().any(|known| known == grant));
    let mut grant_types = vec!["authorization_code".to_owned()];
    if offers("refresh_token") {
        grant_types.push("refresh_token".to_owned());
    }
    if metadata.device_authorization_endpoint.is_some()
        && metadata.grant_types_supported.is_some()
        && offers(DEVICE_CODE)
    {
        grant_types.push(DEVICE_CODE.to_owned());
    }
    // Any port of a loopback literal is good (RFC 8252 §7.3); 0 is none.
    let redirect_uri = if redirect_uri.port() == 0 { redirect_uri.with_port(80) } else { redirect_uri.clone() };
    RegistrationRequest {
        client_name: NAME.to_owned(),
        redirect_uris: vec![redirect_uri.to_string()],
        grant_types,
        response_types: vec!["code".to_owned()],
        token_endpoint_auth_method: auth,
        application_type: Some("native".to_owned()),
        scope: Some(scope.clone()).filter(|scope| !scope.is_empty()),
    }
}

/// Returns what is kept of the reply. The registration's own address counts only on the server that was asked.
pub(super) fn dynamic(
    reply: &RegistrationResponse,
    auth: ClientAuthMethod,
    endpoint: &Url,
    request: &RegistrationRequest,
    context: &Context,
) -> DynamicRegistration {
    let uri = reply.registration_client_uri.as_deref();
    let own = uri.and_then(|uri| register::management_uri(uri, endpoint));
    if let Some(uri) = uri.filter(|_| own.is_none()) {
        context.warn(&format!(
            "the server names {} for its registration, which is another server and is not used",
            sanitize::line(uri)
        ));
    }
    let redirect_uris = if reply.redirect_uris.is_empty() { &request.redirect_uris } else { &reply.redirect_uris };
    DynamicRegistration {
        auth,
        redirect_uris: redirect_uris.clone(),
        secret_expires_at: reply.client_secret_expires_at,
        access_token: reply.registration_access_token.clone().filter(|_| own.is_some()),
        client_uri: own.map(String::from),
        forgotten: Vec::new(),
        unknown: Default::default(),
    }
}

/// Asks for the registration of a client whose secret has ended: the server may give it a new one (RFC 7592 §2.1).
fn renewed(before: &Registration, endpoint: &Url, http: &dyn HttpClient) -> Option<Registration> {
    let dynamic = before.dynamic.as_ref()?;
    let (uri, token) = dynamic.management()?;
    let reply = register::look(http, &uri, token).ok().filter(|reply| reply.client_id == before.client_id)?;
    let secret = reply.client_secret.clone().filter(|secret| Some(secret) != before.client_secret.as_ref())?;
    let own = reply.registration_client_uri.as_deref().and_then(|uri| register::management_uri(uri, endpoint));
    let dynamic = DynamicRegistration {
        auth: reply.method(dynamic.auth),
        redirect_uris: if reply.redirect_uris.is_empty() { dynamic.redirect_uris.clone() } else { reply.redirect_uris },
        secret_expires_at: reply.client_secret_expires_at,
        access_token: reply.registration_access_token.clone().or_else(|| dynamic.access_token.clone()),
        client_uri: own.map(String::from).or_else(|| dynamic.client_uri.clone()),
        ..dynamic.clone()
    };
    Some(before.renewed(secret, dynamic))
}
