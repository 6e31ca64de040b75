//! `login --dry-run`: the requests that a login would send, with their secrets' names in braces.
//!
//! Nothing is bound, opened, stored or registered, and no secret is needed. Only the metadata of a login by address is
//! asked for: without it nothing is known of the server.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;

use super::super::Context;
use super::LoginError;
use super::args::LoginArgs;
use super::asked::AskedArgs;
use super::chosen::{asked_scopes, not_offered};
use super::kept::before;
use super::noted::rfc_name;
use crate::flow::FlowError;
use crate::flow::authorization::Draft;
use crate::protocol::authorization::ResponseType;
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::device::DeviceAuthorizationRequest;
use crate::protocol::grant::GrantKind;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize::{Render, Style, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, AuthorizationCode, ClientSecret, DeviceCode};
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::{Catalogue, Dialect, Provider, ProviderDefinition};
use crate::store::Profile;
use crate::store::stored_token::ObtainedBy;

/// Values that stand for those which are not there yet. Letters and digits only, so that no place encodes them.
const CODE: &str = "oauthctl0dryrun0code";
const DEVICE_CODE: &str = "oauthctl0dryrun0device0code";
const USER_CODE: &str = "oauthctl0dryrun0user0code";
const CLIENT_ID: &str = "oauthctl0dryrun0client0id";
const SECRET: &str = "oauthctl0dryrun0client0secret";
const TOKEN: &str = "oauthctl0dryrun0access0token";
const REQUEST_URI: &str = "oauthctl0dryrun0request0uri";

/// Shows the requests of a login, without a question.
pub fn show(
    args: &LoginArgs,
    definition: &ProviderDefinition,
    catalogue: &Catalogue<'_>,
    profile: &Profile,
    context: &Context,
) -> Result<(), LoginError> {
    let id = definition.id.as_str();
    let failed = |source: LoginError| LoginError::Failed { provider: id.to_owned(), source: Box::new(source) };
    let before = before(profile, id, context)?.filter(|before| before.obtained_by != ObtainedBy::Given);
    let typed = args.params.iter().cloned().collect();
    let mut params = context.session.with_project(definition, typed)?;
    for (name, value) in before.iter().flat_map(|before| &before.params) {
        params.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let provider = catalogue.resolve(id, &params)?;
    let mut told = Vec::new();
    let own = provider.definition.grants()[0];
    let preferred = AskedArgs::grant_before(&provider, before.as_ref(), args.browser.is_chosen()).unwrap_or(own);
    let grant = args.grant.or(args.device.device.then_some(GrantKind::DeviceCode)).unwrap_or(preferred);
    if !provider.definition.offers(grant) {
        return Err(failed(not_offered(&provider)));
    }
    let asked = asked_scopes(args, None, &provider, before.as_ref(), &mut told, context);
    let typed_uri = args.browser.typed_redirect_uri(&provider).map_err(failed)?;
    let asked_for = args.asked.params(&provider, typed_uri.as_deref(), before.as_ref()).map_err(failed)?;
    let client = context.session.client_for_login(&provider, args.app.as_ref(), before.as_ref())?.client;
    let provider = &provider.with_asked_for(asked_for).with_examples()?.with_marks(mark);
    let redirect_uri = args.browser.redirect_uri(provider).map_err(failed)?;
    let client = client.map(|client| (client.value.client_id, client.value.client_secret.is_some()));
    DryRun { provider, grant, asked, redirect_uri, client }.run(context).map_err(failed)
}

/// The login that is not made.
struct DryRun<'a> {
    provider: &'a Provider,
    grant: GrantKind,
    asked: ScopeSet,
    redirect_uri: RedirectUri,
    /// The registered client, if there is one, and whether it has a secret.
    client: Option<(ClientId, bool)>,
}

impl DryRun<'_> {
    fn run(&self, context: &Context) -> Result<(), LoginError> {
        let is_registered = self.client.is_some();
        let (client_id, has_secret) = self.client.clone().unwrap_or_else(|| {
            let has_secret = self.provider.definition.client_auth() != ClientAuthMethod::None;
            (ClientId::new(CLIENT_ID), has_secret)
        });
        let client = Known { client_id, secret: has_secret.then(|| ClientSecret::new(SECRET)) };
        let mut plan = self.plan(&client, context)?;
        if !is_registered {
            plan.note =
                Some(format!("No client of `{}` is registered here, so its id is not known.", self.provider.id()));
        }
        Ok(context.answer(&plan)?)
    }

    fn plan(&self, client: &Known, context: &Context) -> Result<Plan, LoginError> {
        let mut plan = Plan {
            provider: self.provider.id().to_owned(),
            grant: rfc_name(self.grant),
            authorize_url: None,
            requests: Vec::new(),
            note: None,
        };
        match self.grant {
            GrantKind::AuthorizationCode => self.in_browser(ResponseType::Code, client, &mut plan, context)?,
            GrantKind::Implicit => self.in_browser(ResponseType::Token, client, &mut plan, context)?,
            GrantKind::DeviceCode => self.by_device(client, &mut plan)?,
            GrantKind::ClientCredentials => {
                let grant = Grant::ClientCredentials { scope: self.asked.clone() };
                let request = client.token_request(grant, None);
                plan.add(&self.dialect().encode_token_request(&request).map_err(FlowError::from)?, &self.marks());
            }
        }
        if self.dialect().exchanges_its_token() {
            let request = client.token_request(Grant::TokenExchange(AccessToken::new(TOKEN)), None);
            plan.add(&self.dialect().encode_token_request(&request).map_err(FlowError::from)?, &self.marks());
        }
        Ok(plan)
    }

    fn in_browser(
        &self,
        response_type: ResponseType,
        client: &Known,
        plan: &mut Plan,
        context: &Context,
    ) -> Result<(), LoginError> {
        let (provider, dialect, entropy) = (self.provider, self.dialect(), context.system.entropy.as_ref());
        let redirect_uri = self.redirect_uri.clone();
        let draft = Draft::new(provider, response_type, &client.client_id, &self.asked, redirect_uri, entropy)?;
        let Draft { asked, secrets, mut url } = draft;
        let verifier = secrets.code_verifier.as_ref().map(|verifier| verifier.expose().to_owned());
        let challenge = asked.code_challenge.as_ref().map(|challenge| challenge.as_str().to_owned());
        let values = [
            (Some(asked.state.clone()), "{state}"),
            (verifier, "{code_verifier}"),
            (challenge, "{code_challenge}"),
            (asked.nonce.clone(), "{nonce}"),
        ];
        let values = values.into_iter().filter_map(|(value, name)| Some((value?, name.to_owned())));
        let values: Vec<_> = values.chain(self.marks()).collect();
        if provider.asked_for.push || dialect.requires_pushed_requests() {
            let request = dialect.encode_pushed_request(&asked, client.secret.as_ref()).map_err(FlowError::from)?;
            plan.add(&request, &values);
            url = dialect.pushed_url(&client.client_id, REQUEST_URI).map_err(FlowError::from)?;
        }
        plan.authorize_url = Some(named(url.as_str(), &values));
        if response_type == ResponseType::Code {
            let grant = Grant::AuthorizationCode {
                code: AuthorizationCode::new(CODE),
                redirect_uri: secrets.redirect_uri.as_str().to_owned(),
                code_verifier: secrets.code_verifier,
            };
            let request = client.token_request(grant, Some(asked.state));
            plan.add(&dialect.encode_token_request(&request).map_err(FlowError::from)?, &values);
        }
        Ok(())
    }

    fn by_device(&self, client: &Known, plan: &mut Plan) -> Result<(), LoginError> {
        let dialect = self.dialect();
        let request = DeviceAuthorizationRequest {
            client_id: client.client_id.clone(),
            client_secret: client.secret.clone(),
            scope: self.asked.clone(),
        };
        plan.add(&dialect.encode_device_request(&request).map_err(FlowError::from)?, &self.marks());
        let scope = self.asked.join(self.provider.definition.separator());
        let poll = client.token_request(Grant::DeviceCode(DeviceCode::new(DEVICE_CODE)), None);
        plan.add(&dialect.encode_device_poll(&poll, USER_CODE, &scope).map_err(FlowError::from)?, &self.marks());
        Ok(())
    }

    /// The texts that stand for the login's further secrets.
    fn marks(&self) -> Vec<(String, String)> {
        self.provider.definition.secret_params().map(|name| (mark(name), format!("{{{name}}}"))).collect()
    }

    fn dialect(&self) -> Dialect<'_> {
        Dialect::new(self.provider)
    }
}

/// Returns a text of letters and digits.
fn mark(name: &str) -> String {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("oauthctl0dryrun0secret0{name}0")
}

struct Known {
    client_id: ClientId,
    secret: Option<ClientSecret>,
}

impl Known {
    fn token_request(&self, grant: Grant, state: Option<String>) -> TokenRequest {
        TokenRequest { client_id: self.client_id.clone(), client_secret: self.secret.clone(), grant, state }
    }
}

/// The requests of a login.
#[derive(Debug, Serialize)]
struct Plan {
    provider: String,
    grant: &'static str,
    /// The address for the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorize_url: Option<String>,
    requests: Vec<Planned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Planned {
    leg: Leg,
    method: String,
    url: String,
    /// In the order in which they are sent.
    headers: Vec<[String; 2]>,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
}

impl Plan {
    fn add(&mut self, request: &HttpRequest, values: &[(String, String)]) {
        let value = |value: &http::HeaderValue| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            named(&decoded(&text).unwrap_or(text), values)
        };
        self.requests.push(Planned {
            leg: request.leg,
            method: request.method.to_string(),
            url: named(request.url.as_str(), values),
            headers: request.headers.iter().map(|(name, text)| [name.to_string(), value(text)]).collect(),
            body: named(&String::from_utf8_lossy(&request.body), values),
        });
    }
}

/// Puts names in the place of the values that a login makes or gets.
fn named(text: &str, values: &[(String, String)]) -> String {
    let standing = [
        (CODE, "{code}"),
        (DEVICE_CODE, "{device_code}"),
        (USER_CODE, "{user_code}"),
        (CLIENT_ID, "{client_id}"),
        (SECRET, "{client_secret}"),
        (TOKEN, "{access_token}"),
        (REQUEST_URI, "{request_uri}"),
    ];
    let own = values.iter().map(|(value, name)| (value.as_str(), name.as_str()));
    own.chain(standing).fold(text.to_owned(), |text, (value, name)| text.replace(value, name))
}

/// Shows what is encoded in a Basic header.
fn decoded(header: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    Some(format!("Basic base64({})", String::from_utf8(bytes).ok()?))
}

impl Render for Plan {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.line(&[
            &Style::Strong.of("Nothing was sent."),
            &" Values in braces are made or received by a real login.",
        ])?;
        if let Some(note) = &self.note {
            writeln!(text, "{note}")?;
        }
        let (before, after): (Vec<_>, Vec<_>) =
            self.requests.iter().partition(|request| request.leg == Leg::PushedRequest);
        for request in before {
            request.render(text)?;
        }
        if let Some(url) = &self.authorize_url {
            writeln!(text, "\nThe browser is sent to:\n\n{url}")?;
        }
        after.into_iter().try_for_each(|request| request.render(text))
    }
}

impl Planned {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let title = match self.leg {
            Leg::PushedRequest => "The authorization request is pushed:",
            Leg::DeviceCode => "The codes are requested:",
            _ if self.body.contains("device_code") => "The token is polled for:",
            _ => "The token is requested:",
        };
        writeln!(text, "\n{title}\n\n{} {}", self.method, self.url)?;
        for [name, value] in &self.headers {
            writeln!(text, "{name}: {value}")?;
        }
        if !self.body.is_empty() {
            writeln!(text, "\n{}", self.body)?;
        }
        Ok(())
    }
}
