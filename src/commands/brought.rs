//! A login that a user brings along: a token, perhaps with a refresh token, its end and its scopes.
//!
//! * What came in a whole reply is kept, as if the token endpoint had answered with it: see `provider::dialect::given`.
//! * A refresh token is of use to the client only that it was issued to. That is the client which the reply names, else the
//!   one that a new login would use. If there is none, all is kept, it is said, and `app set` gives the login its client.
//! * A refresh token that comes alone is used at once, as a login without an access token is none. So it needs its client.
//! * An ID token is kept as one that is not verified: the sign-in that it is about was somebody else's request.

use crate::commands::Context;
use crate::flow::client::Client;
use crate::flow::refresh::{Presented, refresh};
use crate::flow::{FlowError, asked_value};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::client::ClientId;
use crate::protocol::given_reply::GivenReply;
use crate::protocol::given_token::{GivenToken, NoGivenToken, Wrapping};
use crate::protocol::jwt;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, IdToken, RefreshToken};
use crate::protocol::time::Timestamp;
use crate::protocol::token::NotATokenResponse;
use crate::provider::dialect::TokenReply;
use crate::provider::{DefinitionError, Dialect, Provider};
use crate::session::LoginClient;
use crate::session::SessionError;
use crate::store::id_token::StoredIdToken;
use crate::store::stored_token::{Expiry, ObtainedBy};
use crate::store::{AppName, Profile, StoredToken};
use crate::system::http::HttpClient;
use crate::system::shell;

#[derive(Debug, thiserror::Error)]
pub enum BroughtError {
    #[error("there is only a refresh token, and no client is registered to use it with")]
    NoClient { provider: String },
    #[error("what came with the token cannot be used")]
    Reply(#[from] NotATokenResponse),
    #[error(transparent)]
    Session(Box<SessionError>),
    #[error(transparent)]
    Flow(Box<FlowError>),
    #[error(transparent)]
    Definition(Box<DefinitionError>),
}

/// The large ones are boxed: every step of a login would have to have room for them.
impl From<SessionError> for BroughtError {
    fn from(error: SessionError) -> Self {
        Self::Session(Box::new(error))
    }
}

impl From<FlowError> for BroughtError {
    fn from(error: FlowError) -> Self {
        Self::Flow(Box::new(error))
    }
}

impl From<DefinitionError> for BroughtError {
    fn from(error: DefinitionError) -> Self {
        Self::Definition(Box::new(error))
    }
}

impl Advice for BroughtError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoClient { provider } => ExitCode::Definition.hint(format!(
                "`oauthctl app set {provider}` registers the client that it was issued to; it was not used"
            )),
            Self::Reply(_) => ExitCode::Usage.hint("pipe the token alone"),
            Self::Session(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
        }
    }
}

/// What the user has.
#[derive(Default)]
pub struct Brought {
    pub access: Option<AccessToken>,
    pub refresh: Option<RefreshToken>,
    pub wrapping: Option<Wrapping>,
    pub reply: Option<GivenReply>,
}

/// The login that it becomes.
pub struct Becomes<'a> {
    pub provider: &'a Provider,
    pub profile: &'a Profile,
    pub app: Option<&'a AppName>,
    /// The login that it replaces.
    pub before: Option<&'a StoredToken>,
    pub asked: ScopeSet,
}

impl Brought {
    /// Reads what the user has out of a text.
    pub fn read(text: &str, provider: &Provider) -> Result<Self, NoGivenToken> {
        match Dialect::new(provider).read_given_token(text) {
            Ok(GivenToken { token, wrapping, reply }) => {
                Ok(Self { access: Some(token), wrapping, reply, ..Self::default() })
            }
            Err(NoGivenToken::NoMember) => match GivenReply::of_refresh_token(text) {
                Some(reply) => Ok(Self { refresh: reply.refresh_token(), reply: Some(reply), ..Self::default() }),
                None => Err(NoGivenToken::NoMember),
            },
            Err(error) => Err(error),
        }
    }

    /// Makes a login of it, and tells what is kept. Sends nothing but a refresh token that came alone.
    pub fn settle(
        self,
        becomes: Becomes<'_>,
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(Provider, StoredToken), BroughtError> {
        let Becomes { provider, profile, app, before, asked } = becomes;
        let now = context.system.clock.now();
        let named = self.reply.as_ref().and_then(GivenReply::client_id).and_then(|id| ClientId::parse(id).ok());
        let chosen = || context.session.client_for_login(provider, app, before);
        let Some(access) = self.access else {
            let LoginClient { key, client, .. } = chosen()?;
            let no_client = || BroughtError::NoClient { provider: provider.definition.clients_id().to_owned() };
            let client = client.map(|client| client.value).ok_or_else(no_client)?;
            let refresh_token = self.refresh.ok_or(NotATokenResponse::NoAccessToken)?;
            let (provider, token) = alone(&client, refresh_token, asked, http, now, context)?;
            return Ok((provider, token.with_client(client.client_id, key.app)));
        };
        let decoded = self.reply.as_ref().map(|reply| Dialect::new(provider).decode_given(reply, now)).transpose()?;
        let (provider, mut token) = match decoded {
            Some((reply, then)) => of_reply(provider, reply, asked, then, context)?,
            None => {
                let token = StoredToken::given(provider, None, ObtainedBy::Given, asked, access, now);
                (provider.clone(), token)
            }
        };
        if let Some(refresh_token) = self.refresh {
            token = token.with_refresh_token(refresh_token);
        }
        if token.refresh_token.is_some() {
            token = match named {
                Some(id) => token.with_client(id, app.cloned().unwrap_or_default()),
                None => match chosen()? {
                    LoginClient { key, client: Some(client), .. } => token.with_client(client.value.client_id, key.app),
                    LoginClient { client: None, .. } => token,
                },
            };
        }
        if let Some(wrapping) = &self.wrapping {
            let kept = kept_beside(&token);
            context.terminal().note(&format_args!("note: the token was taken from {wrapping}; {kept}"));
        }
        let provider = asked_value::complete(http, &provider, token.client_id.as_ref(), &token.access_token);
        token.params.clone_from(&provider.params);
        token.origins = provider.recorded_origins();
        tell_of_client(profile, &token, &provider, context);
        tell_of_end(&token, now, context);
        Ok((provider, token))
    }
}

/// Gets the first access token for a refresh token.
fn alone(
    client: &Client,
    refresh_token: RefreshToken,
    asked: ScopeSet,
    http: &dyn HttpClient,
    now: Timestamp,
    context: &Context,
) -> Result<(Provider, StoredToken), BroughtError> {
    context.session.recorder().decision("the refresh token is used at once", "it came without an access token");
    let reply = refresh(http, client, Presented::Token(refresh_token.clone()), None, now)?;
    let (provider, token) = of_reply(&client.provider, reply, asked, now, context)?;
    Ok((provider, token.with_refresh_token(refresh_token)))
}

fn of_reply(
    provider: &Provider,
    reply: TokenReply,
    asked: ScopeSet,
    then: Timestamp,
    context: &Context,
) -> Result<(Provider, StoredToken), BroughtError> {
    context.tell_oddities(&reply);
    let provider = provider.with_captured(&reply.captured)?;
    let id_token = reply.response.id_token.clone().filter(|token| jwt::claims(token.expose()).is_some());
    let mut token = StoredToken::from_reply(&provider, None, ObtainedBy::Given, asked, reply, then);
    token.id_token = id_token.map(|token: IdToken| StoredIdToken::new(token, false));
    Ok((provider, token))
}

/// Returns what is kept beside the access token, in words.
fn kept_beside(token: &StoredToken) -> String {
    let kept = [
        ("its refresh token", token.refresh_token.is_some()),
        ("its end", matches!(token.expiry, Expiry::At(_))),
        ("its scopes", token.granted.is_some()),
        ("its ID token", token.id_token.is_some()),
    ];
    let kept: Vec<&str> = kept.into_iter().filter(|(_, is_kept)| *is_kept).map(|(what, _)| what).collect();
    match kept.as_slice() {
        [] => "nothing else of it is kept".to_owned(),
        [one] if one.ends_with('s') => format!("{one} are kept, too"),
        [one] => format!("{one} is kept, too"),
        [first @ .., last] => format!("{} and {last} are kept, too", first.join(", ")),
    }
}

/// Says why a refresh token cannot be used yet, and how it can.
fn tell_of_client(profile: &Profile, token: &StoredToken, provider: &Provider, context: &Context) {
    let id = provider.definition.clients_id();
    if token.awaits_client() {
        context.warn(&format!(
            "the login cannot be refreshed yet: no client of `{id}` is registered. Its refresh token is kept; register the \
             client that it was issued to with `oauthctl app set {id}`"
        ));
        return;
    }
    if token.refresh_token.is_none() || context.session.client_of(profile, token).is_ok() {
        return;
    }
    let client = token.client_id.as_ref().map(|id| sanitize::line(id.as_str())).unwrap_or_default();
    let client = shell::word(&client);
    context.warn(&format!(
        "the login cannot be refreshed yet: the client that its refresh token was issued to is not registered. Register it \
         with `oauthctl app set {id} --client-id {client}`"
    ));
}

fn tell_of_end(token: &StoredToken, now: Timestamp, context: &Context) {
    if let Expiry::At(end) = token.end()
        && end <= now
    {
        let next = if token.is_renewable() { "the first command that needs it refreshes it" } else { "it has no use" };
        context.warn(&format!("the access token ended at {end}; {next}"));
    }
}
