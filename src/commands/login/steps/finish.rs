//! The second step: the answer is found to be that of one started login, judged, exchanged and stored.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::Duration;

use super::elsewhere::{self, Waited};
use super::{StepsArgs, StepsError};
use crate::commands::Context;
use crate::commands::login::browser::BrowserArgs;
use crate::commands::login::browser::{self, Prepared};
use crate::commands::login::conclude::Ending;
use crate::commands::login::error::LoginError;
use crate::commands::login::pollers::{self, Pollers};
use crate::commands::login::{device, kept, noted, talk};
use crate::flow::FlowError;
use crate::flow::authorization::{Answered, Listen, Login, MissingState, NotTaken, Secrets, Tab, Waiting};
use crate::flow::client::Client;
use crate::flow::device::DeviceLogin;
use crate::flow::redirect::{Doubt, Stray};
use crate::protocol::authorization::ResponseType;
use crate::protocol::device::DeviceAuthorizationResponse;
use crate::protocol::grant::GrantKind;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret_text;
use crate::protocol::state::State;
use crate::provider::Provider;
use crate::store::pending_login::{PendingEntry, PendingLogin, PendingWay, id_of, is_id};
use crate::store::stored_token::ObtainedBy;
use crate::store::{Profile, StoredToken};
use crate::system::http::HttpClient;
use crate::system::terminal::MAX_SECRET;

/// The length of a state.
const STATE: usize = 43;

/// How often an address may be percent-encoded in what was copied.
const ENCODINGS: usize = 2;

/// A login that was started, and what came for it.
struct Second<'a> {
    id: String,
    entry: PendingEntry,
    pending: PendingLogin,
    profile: Profile,
    /// The answer, unless it is to be waited for.
    answer: Option<String>,
    /// The login was found by the state in the answer.
    by_state: bool,
    steps: &'a StepsArgs,
    browser: &'a BrowserArgs,
    context: &'a Context,
    /// This process has taken it.
    is_ours: Cell<bool>,
}

/// `named` is the provider on the command line, if there is one.
pub fn run(steps: &StepsArgs, browser: &BrowserArgs, named: Option<&str>, context: &Context) -> Result<(), LoginError> {
    let Named { id, answer, by_state } = read(steps, context)?;
    let store = context.session.store()?;
    let now = context.system.clock.now();
    let listed = store.pending(&id);
    // This one is named as what it is, whether it has ended or not.
    let _ = store.drop_ended(now);
    let entry = listed?.ok_or_else(|| StepsError::Unknown { id: id.clone() })?;
    let provider = entry.provider.clone();
    if let Some(named) = named.filter(|named| *named != provider) {
        let (id, named) = (id.clone(), sanitize::line(named));
        return Err(StepsError::Other { id, what: "provider", is: provider, named }.into());
    }
    if entry.used {
        return Err(StepsError::Used { id, provider }.into());
    }
    if entry.until <= now {
        return Err(StepsError::Ended { id, provider, at: entry.until }.into());
    }
    let Some(pending) = store.load_pending(&id, &entry)? else {
        // Another process may have been faster.
        let is_used = store.pending(&id)?.is_some_and(|entry| entry.used);
        return Err(if is_used { StepsError::Used { id, provider } } else { StepsError::Gone { id, provider } }.into());
    };
    let gone = || StepsError::Gone { id: id.clone(), provider: provider.clone() };
    let profile: Profile = pending.profile.parse().map_err(|_| gone())?;
    if let Some(typed) = context.session.typed_profile().filter(|typed| **typed != profile) {
        let named = typed.to_string();
        return Err(StepsError::Other { id, what: "profile", is: profile.to_string(), named }.into());
    }
    context.session.recorder().name(profile.as_str(), &provider);
    let second =
        Second { id, entry, pending, profile, answer, by_state, steps, browser, context, is_ours: Cell::new(false) };
    let failed = |source: LoginError| LoginError::Failed { provider: provider.clone(), source: Box::new(source) };
    second.run().map_err(failed)
}

/// The login that is named, and the answer to it if there is one.
struct Named {
    id: String,
    answer: Option<String>,
    by_state: bool,
}

fn read(args: &StepsArgs, context: &Context) -> Result<Named, LoginError> {
    if let Some(id) = &args.wait {
        return match is_id(id) {
            true => Ok(Named { id: id.clone(), answer: None, by_state: false }),
            false => Err(StepsError::Unknown { id: sanitize::line(id) }.into()),
        };
    }
    let given = args.finish.as_deref().unwrap_or("-");
    let text = match given {
        "-" => {
            let bytes = context.terminal().promised_secret(&"The final address", MAX_SECRET)?;
            secret_text::decode(&bytes).map_err(StepsError::NoAnswer)?.trim().to_owned()
        }
        address => {
            let note =
                "note: other programs can read the arguments of a command; `--finish -` reads the answer from stdin";
            context.terminal().note(&note);
            address.trim().to_owned()
        }
    };
    if text.is_empty() {
        return Err(StepsError::NoAnswer(secret_text::NotASecretText::Empty).into());
    }
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
    if is_id(first) {
        let answer = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        return Ok(Named { id: first.to_owned(), answer, by_state: false });
    }
    let listed = context.session.store()?.index()?.pending;
    let (mut words, mut text_now) = (0, Cow::Borrowed(text.as_str()));
    for _ in 0..=ENCODINGS {
        let parts = text_now.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
        for id in parts.filter(|word| word.len() == STATE).map(id_of) {
            if listed.contains_key(&id) {
                return Ok(Named { id, answer: Some(text), by_state: true });
            }
            words += 1;
        }
        let pairs: Vec<String> =
            url::form_urlencoded::parse(text_now.as_bytes()).map(|(name, value)| format!("{name}={value}")).collect();
        text_now = Cow::Owned(pairs.join("&"));
    }
    let looks_like_one = words > 0 || text.contains("state=") || text.contains("://");
    Err(if looks_like_one { StepsError::UnknownState } else { StepsError::NotAnAnswer }.into())
}

impl Second<'_> {
    fn run(self) -> Result<(), LoginError> {
        self.end(self.finish())
    }

    fn finish(&self) -> Result<(), LoginError> {
        let context = self.context;
        let http = context.session.http(Some(&self.pending.login))?;
        // The servers must be those of the first step.
        let Client { provider, client_id, client_secret } =
            context.session.client_of(&self.profile, &self.pending.login)?.value;
        let app = self.pending.login.app.clone();
        let provider = provider.with_app(app.name());
        let ObtainedBy::Grant(grant) = self.pending.login.obtained_by else { return Err(self.gone().into()) };
        let can_be_allowed = browser::missing_state_can_be_allowed(&provider, grant, context)?;
        let prepared = Prepared { provider, app, client_id, client_secret, is_self_registered: false, can_be_allowed };
        match ResponseType::of(grant) {
            Some(response_type) => self.in_browser(response_type, &prepared, http.as_ref()),
            None => self.on_device(&prepared, http.as_ref()),
        }
    }

    fn in_browser(
        &self,
        response_type: ResponseType,
        prepared: &Prepared,
        http: &dyn HttpClient,
    ) -> Result<(), LoginError> {
        let context = self.context;
        let PendingWay::Browser { redirect_uri, state, code_verifier, nonce, allow_missing_state, can_listen } =
            &self.pending.way
        else {
            return Err(self.gone().into());
        };
        let uri = RedirectUri::parse(redirect_uri)?;
        let secrets = Secrets {
            redirect_uri: uri.clone(),
            state: State::restored(state.expose()),
            code_verifier: code_verifier.as_ref().and_then(|verifier| CodeVerifier::parse(verifier.expose())),
            nonce: nonce.as_ref().map(|nonce| State::restored(nonce.expose())),
        };
        let is_allowed = *allow_missing_state || self.browser.allows_missing_state();
        let missing = match is_allowed && prepared.can_be_allowed {
            true => MissingState::Accept,
            false => MissingState::Refuse,
        };
        let asked = self.pending.login.asked.clone();
        let waits = self.steps.wait.is_some();
        let listen = match waits {
            false => Listen::Paste,
            true if *can_listen && uri.is_tls() => {
                Listen::Here { tls: Some(browser::certificate(&uri, context)?.server_config()?) }
            }
            true if *can_listen => Listen::Here { tls: None },
            true => {
                let redirect_uri = uri.to_string();
                return Err(StepsError::CannotListen { id: self.id.clone(), redirect_uri }.into());
            }
        };
        let resumed = Login::resume(prepared.request(response_type, asked.clone(), uri, listen), secrets);
        let mut login = resumed.map_err(|error| self.not_resumed(error))?;
        let grant = response_type.grant();
        let secret = prepared.client_secret.as_ref();
        noted::browser(&login, (&prepared.provider, grant), secret, &asked, context);
        let answered = match &self.answer {
            Some(answer) => self.take(login, answer, missing)?,
            None if waits => {
                login.unless(|| pollers::is_taken(&self.id, context));
                let allowed = prepared.can_be_allowed;
                let recorder = context.session.recorder();
                let tell = |waiting: Waiting<'_>| {
                    noted::waiting(&waiting, recorder);
                    talk::while_waiting(&waiting, allowed, context);
                };
                let answered = login.wait(self.left(), missing, tell);
                context.terminal().progress(None);
                answered?
            }
            None => return Err(StepsError::NoCode { id: self.id.clone() }.into()),
        };
        // From here on the code is spent, and so is the login.
        self.use_up()?;
        let (tab, provider, token) = browser::exchange(answered, prepared, asked, grant, http, context)?;
        self.conclude(provider, token, Some(tab))
    }

    /// Judges the answer. One that has led to its login by its state is an answer only with that state.
    fn take<'l>(&self, login: Login<'l>, answer: &str, missing: MissingState) -> Result<Answered<'l>, LoginError> {
        let answered = login.take(answer, missing).map_err(|not_taken| self.not_taken(not_taken))?;
        if self.by_state && !answered.has_state() {
            return Err(self.not_the_answer("its `state` cannot be read"));
        }
        if let Some(issuer) = answered.unknown_issuer() {
            talk::while_waiting(&Waiting::UnknownIssuer(issuer), false, self.context);
        }
        Ok(answered)
    }

    fn on_device(&self, prepared: &Prepared, http: &dyn HttpClient) -> Result<(), LoginError> {
        let PendingWay::Device { device_code, user_code, verification_uri, verification_uri_complete, interval } =
            &self.pending.way
        else {
            return Err(self.gone().into());
        };
        let (context, asked) = (self.context, self.pending.login.asked.clone());
        let client = Client {
            provider: prepared.provider.clone(),
            client_id: prepared.client_id.clone(),
            client_secret: prepared.client_secret.clone(),
        };
        noted::client(&client, GrantKind::DeviceCode, &asked, context);
        let request = device::request(&client, &asked);
        let response = DeviceAuthorizationResponse {
            device_code: device_code.clone(),
            user_code: user_code.clone(),
            verification_uri: verification_uri.clone(),
            verification_uri_complete: verification_uri_complete.clone(),
            expires_in: context.system.clock.now().until(self.pending.until),
            interval: Duration::from_secs(*interval),
        };
        let mut login = DeviceLogin::resume(http, context.system.clock.as_ref(), &client.provider, request, response)?;
        login.beside(Pollers::new(self.id.clone(), self.entry.store, context));
        let reply = login.wait(self.browser.chosen_timeout(), |wait| device::while_waiting(&wait, context));
        context.terminal().progress(None);
        let is_refused = matches!(&reply, Err(FlowError::Declined(_)));
        if reply.is_ok() || is_refused {
            self.use_up()?;
        }
        let (provider, token) = device::token_of(reply?, &client, prepared.app.clone(), asked, http, context)?;
        self.conclude(provider, token, None)
    }

    /// Takes the login for this process alone.
    fn use_up(&self) -> Result<(), LoginError> {
        let is_first = self.context.session.store()?.use_pending(&self.id, &self.entry)?;
        let used = || StepsError::Used { id: self.id.clone(), provider: self.entry.provider.clone() };
        match is_first {
            true => {
                self.is_ours.set(true);
                Ok(())
            }
            // Whoever waits for it hears how it ended.
            false if self.steps.wait.is_some() => Err(FlowError::TakenElsewhere.into()),
            false => Err(used().into()),
        }
    }

    /// Tells those who wait for the login, or hears it from the process that has taken it.
    fn end(&self, ended: Result<(), LoginError>) -> Result<(), LoginError> {
        let (profile, provider) = (&self.profile, self.entry.provider.as_str());
        let waited = Waited { id: &self.id, profile, provider, is_ours: self.is_ours.get() };
        elsewhere::end(ended, &waited, self.context)
    }

    fn conclude(&self, provider: Provider, token: StoredToken, tab: Option<Tab>) -> Result<(), LoginError> {
        let before = kept::before(&self.profile, provider.id(), self.context)?;
        let login = &self.pending.login;
        let ending = Ending {
            id: &self.entry.provider,
            profile: &self.profile,
            kind: self.entry.store,
            before: before.as_ref(),
            label: login.label.clone(),
            required: ScopeSet::parse(&self.pending.require_scopes),
            cacert: login.cacert.clone(),
            by_address: None,
        };
        ending.conclude(provider, token, tab, self.context)
    }

    /// Returns the time that the login can still be waited for.
    fn left(&self) -> Duration {
        let left = self.context.system.clock.now().until(self.pending.until);
        self.browser.chosen_timeout().map_or(left, |limit| limit.min(left))
    }

    fn gone(&self) -> StepsError {
        StepsError::Gone { id: self.id.clone(), provider: self.entry.provider.clone() }
    }

    fn not_taken(&self, not_taken: NotTaken) -> LoginError {
        let why = match not_taken {
            NotTaken::Unusable(unusable) => return FlowError::Unusable(unusable).into(),
            NotTaken::Doubtful(Doubt::NoState) => "it has no state".to_owned(),
            NotTaken::Doubtful(Doubt::BareCode) => "a code alone proves nothing where no PKCE protects it".to_owned(),
            NotTaken::Doubtful(Doubt::PlainWord) => "it looks like a word and not like a code".to_owned(),
            NotTaken::Stray(Stray::Request) => {
                "it is the address that begins the login; open it, and pipe the one at which the browser ends"
                    .to_owned()
            }
            NotTaken::Stray(Stray::Unproven(unproven)) => format!("it is {unproven}"),
            NotTaken::Stray(Stray::ForeignAddress) => "it is not the redirect URI of this login".to_owned(),
            NotTaken::Stray(_) => "it is neither the final address nor a code".to_owned(),
            NotTaken::Nothing => "it is the redirect URI without an answer".to_owned(),
        };
        self.not_the_answer(why)
    }

    fn not_the_answer(&self, why: impl Into<String>) -> LoginError {
        let (id, provider, why) = (self.id.clone(), self.entry.provider.clone(), why.into());
        StepsError::NotTheAnswer { id, provider, why }.into()
    }

    fn not_resumed(&self, error: FlowError) -> LoginError {
        match error {
            FlowError::Listen(source) => StepsError::PortTaken { id: self.id.clone(), source }.into(),
            error => error.into(),
        }
    }
}
