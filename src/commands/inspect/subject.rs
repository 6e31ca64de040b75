//! The token to inspect, and the login that it belongs to.

use zeroize::Zeroizing;

use super::args::InspectArgs;
use super::error::InspectError;
use crate::commands::Context;
use crate::commands::valid_token::active_login;
use crate::protocol::given_token::{GivenToken, NoGivenToken, Spelling, Wrapping};
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::protocol::secret_text;
use crate::protocol::token_form::TokenForm;
use crate::provider::token_prefix::TokenPrefix;
use crate::provider::{Catalogue, Dialect};
use crate::session::ActiveLogin;
use crate::store::stored_token::ObtainedBy;
use crate::store::{Profile, StoredToken};
use crate::system::terminal::MAX_SECRET;

/// What is inspected.
pub struct Subject {
    pub token: AccessToken,
    pub form: TokenForm,
    pub prefix: Option<KnownPrefix>,
    pub from: From,
    /// Its record has this token, if it is an access token.
    pub login: Option<ActiveLogin>,
    pub wrapping: Option<Wrapping>,
}

/// Where the token was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    Login,
    /// The login's ID token, and whether its signature was verified when it came.
    IdToken {
        verified: bool,
    },
    Stdin,
    Variable(String),
}

impl From {
    /// The words for a person.
    pub fn in_words(&self) -> String {
        match self {
            Self::Login => "the login's access token".to_owned(),
            Self::IdToken { .. } => "the login's ID token".to_owned(),
            Self::Stdin => "a token on stdin".to_owned(),
            Self::Variable(name) => format!("the token in `{name}`"),
        }
    }
}

/// A prefix, and the provider whose tokens begin so.
pub struct KnownPrefix {
    pub provider: String,
    pub name: String,
    pub prefix: TokenPrefix,
}

impl Subject {
    pub fn find(args: &InspectArgs, context: &Context) -> Result<Self, InspectError> {
        let given = if args.is_stdin() {
            Some((context.terminal().stdin_secret(MAX_SECRET)?, "the text on stdin".to_owned(), From::Stdin))
        } else if let Some(name) = &args.token_in_env {
            let from = From::Variable(sanitize::line(name));
            Some((value_of(name, context)?, format!("the value of `{}`", sanitize::line(name)), from))
        } else {
            None
        };
        let Some((bytes, place, from)) = given else { return Self::of_login(args, context) };
        let login = match context.session.named_profile() {
            Some(_) => Some(active(args, context)?),
            None if args.sends_token().is_some() => {
                return Err(InspectError::NoServer { flag: args.sends_token().unwrap_or_default() });
            }
            None => None,
        };
        let bad = |source: NoGivenToken| InspectError::BadToken { place: place.clone(), source };
        let text = secret_text::decode(&bytes).map_err(|problem| bad(problem.into()))?;
        let given = match &login {
            Some(login) => Dialect::new(&login.provider).read_given_token(&text),
            None => GivenToken::read(&text, &Spelling::default()),
        };
        let GivenToken { token, wrapping, .. } = given.map_err(bad)?;
        let now = context.system.clock.now();
        let login = login.map(|login| {
            let client = login.token.client_id.clone();
            let (by, none) = (ObtainedBy::Given, ScopeSet::default());
            let record = StoredToken::given(&login.provider, client, by, none, token.clone(), now);
            ActiveLogin { token: record, ..login }
        });
        Ok(Self::new(token, from, login, wrapping, context))
    }

    fn of_login(args: &InspectArgs, context: &Context) -> Result<Self, InspectError> {
        let login = active(args, context)?.with(args.which.as_deref())?;
        if !args.id {
            return Ok(Self::new(login.token.access_token.clone(), From::Login, Some(login), None, context));
        }
        let Some(kept) = &login.token.id_token else {
            return Err(InspectError::NoIdToken { profile: login.profile.to_string() });
        };
        let (token, verified) = (AccessToken::new(kept.token.expose()), kept.verified);
        Ok(Self::new(token, From::IdToken { verified }, Some(login), None, context))
    }

    fn new(
        token: AccessToken,
        from: From,
        login: Option<ActiveLogin>,
        wrapping: Option<Wrapping>,
        context: &Context,
    ) -> Self {
        let form = TokenForm::read(token.expose());
        let prefix = known_prefix(token.expose(), login.as_ref(), context);
        Self { token, form, prefix, from, login, wrapping }
    }

    /// A token of which nothing else is known.
    pub fn alone(token: &str) -> Self {
        let (token, form) = (AccessToken::new(token), TokenForm::read(token));
        Self { token, form, prefix: None, from: From::Stdin, login: None, wrapping: None }
    }

    /// Returns the record, if it is about this token.
    pub fn record(&self) -> Option<&StoredToken> {
        let login = self.login.as_ref().filter(|_| !matches!(self.from, From::IdToken { .. }))?;
        Some(&login.token)
    }

    /// Returns the login whose looks are compared: its own token, not one from elsewhere.
    pub fn profile_of_look(&self) -> Option<&Profile> {
        let own = self.login.as_ref().filter(|login| self.from == From::Login && login.which.is_none());
        own.map(|login| &login.profile)
    }
}

/// Returns the login. Consent is asked for only where its token is to be sent.
fn active(args: &InspectArgs, context: &Context) -> Result<ActiveLogin, InspectError> {
    if args.sends_token().is_some() {
        return Ok(active_login(context)?);
    }
    let (profile, found) = context.session.stored_login()?;
    Ok(context.session.activate(profile, found.record)?)
}

fn value_of(name: &str, context: &Context) -> Result<Zeroizing<Vec<u8>>, InspectError> {
    let value = context.session.secret_variable(name);
    value
        .map(|value| Zeroizing::new(value.into_bytes()))
        .ok_or_else(|| InspectError::NoVariable { name: sanitize::line(name) })
}

/// Looks at the login's provider first, and then at all others: a token may be in the wrong place.
fn known_prefix(token: &str, login: Option<&ActiveLogin>, context: &Context) -> Option<KnownPrefix> {
    let of = |id: &str, name: &str, prefix: &TokenPrefix| KnownPrefix {
        provider: id.to_owned(),
        name: name.to_owned(),
        prefix: prefix.clone(),
    };
    if let Some(login) = login
        && let Some(prefix) = Dialect::new(&login.provider).token_prefix(token)
    {
        return Some(of(login.provider.id(), &login.provider.definition.name, prefix));
    }
    let catalogue: &Catalogue<'_> = &context.session.catalogue().ok()?;
    let known = catalogue.ids().into_iter().filter_map(|id| catalogue.get(&id).ok());
    let found = known.filter_map(|definition| {
        let prefix = definition.token_prefix(token)?.clone();
        Some(KnownPrefix { provider: definition.id.clone(), name: definition.name.clone(), prefix })
    });
    found.max_by_key(|known| known.prefix.begins.len())
}
