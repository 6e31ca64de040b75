//! A record as rules ask it.

use url::Url;

use super::pieces::{error_in_fields, error_of, fields_of, header, header_map, json, named, parts, sent_by, texts};
use crate::flow::judge::wanted_login;
use crate::flow::refusal::{Asked, Objection, Wording, objection};
use crate::protocol::advice::login_command;
use crate::protocol::bearer::Challenge;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::flow_record::{
    Address, Arrival, Body, Event, Exchange, Failure, FlowKind, FlowRecord, Leg, Reply, Settings, Tree, Value, What,
};
use crate::protocol::resource_error::ResourceError;
use crate::protocol::sanitize;

pub struct Facts<'r> {
    pub record: &'r FlowRecord,
    pub settings: Settings,
    /// The redirect URI that the user has copied from the provider's page.
    pub registered: Option<&'r str>,
    /// What an authorization server refused last, if it is what the flow failed of.
    pub refusal: Option<Refusal<'r>>,
}

/// A refusal by an authorization server.
pub struct Refusal<'r> {
    pub event: usize,
    pub asked: Asked,
    /// The request that was refused; `None` if the browser brought the refusal.
    pub exchange: Option<&'r Exchange>,
    pub error: ErrorResponse,
    pub objection: Objection,
    /// All words of it.
    pub words: Wording,
    /// The parameters that were sent.
    pub sent: Vec<(&'r str, &'r Value)>,
}

/// An API's answer with an error status.
pub struct ApiRefusal<'r> {
    pub event: usize,
    pub exchange: &'r Exchange,
    pub reply: &'r Reply,
}

impl<'r> Facts<'r> {
    pub fn new(record: &'r FlowRecord, registered: Option<&'r str>) -> Self {
        let mut settings = record.events.iter().rev().filter_map(|event| match &event.what {
            What::Settings(settings) => Some(settings.as_ref().clone()),
            _ => None,
        });
        let settings = settings.next().unwrap_or_default();
        let mut facts = Self { record, settings, registered, refusal: None };
        facts.refusal = facts.last_refusal();
        facts
    }

    pub fn failed(&self) -> bool {
        self.record.has_failed()
    }

    /// Returns `true` if the process was ended, or the command ended with this exit code.
    pub fn ended_with(&self, code: u8) -> bool {
        self.record.outcome.as_ref().is_none_or(|outcome| outcome.exit_code == code)
    }

    /// Returns the command that repeats the login.
    pub fn login(&self) -> String {
        match (&self.record.provider, &self.record.profile) {
            (Some(provider), Some(profile)) => login_command(provider, profile),
            (Some(provider), None) => login_command(provider, provider),
            (None, _) => "oauthctl login".to_owned(),
        }
    }

    pub fn provider(&self) -> &str {
        self.record.provider.as_deref().unwrap_or("PROVIDER")
    }

    /// Returns the place where the app is registered: `at https://…`.
    pub fn page(&self) -> String {
        match &self.settings.app_page {
            Some(page) => format!("at {page}"),
            None => "where it is registered".to_owned(),
        }
    }

    /// Returns the definition's file, to be placed after a key.
    pub fn file(&self) -> String {
        match self.settings.definition.as_deref() {
            _ if self.record.provider.is_none() => "in the definition".to_owned(),
            Some(file) if file.ends_with(".toml") => format!("in {file}"),
            _ => format!("in the file that `oauthctl providers new {} --overlay` begins", self.provider()),
        }
    }

    fn events<T>(&self, pick: impl Fn(&'r What) -> Option<T>) -> Vec<(usize, T)> {
        let picked = |(index, event): (usize, &'r Event)| Some((index, pick(&event.what)?));
        self.record.events.iter().enumerate().filter_map(picked).collect()
    }

    pub fn exchanges(&self) -> Vec<(usize, &'r Exchange)> {
        self.events(|what| match what {
            What::Exchange(exchange) => Some(exchange.as_ref()),
            _ => None,
        })
    }

    /// Returns the exchanges of one leg.
    pub fn of_leg(&self, leg: Leg) -> Vec<(usize, &'r Exchange)> {
        self.exchanges().into_iter().filter(|(_, exchange)| exchange.leg == leg).collect()
    }

    /// Returns the last address that the browser was sent to.
    pub fn browser(&self) -> Option<(usize, &'r Address)> {
        self.events(|what| match what {
            What::Browser { address, .. } => Some(address),
            _ => None,
        })
        .pop()
    }

    /// Returns the answer with this login's state.
    pub fn arrival(&self) -> Option<(usize, &'r Arrival)> {
        self.events(|what| match what {
            What::Redirect(arrival) => Some(arrival.as_ref()),
            _ => None,
        })
        .pop()
    }

    /// Returns what else arrived at the redirect URI.
    pub fn strays(&self) -> Vec<(usize, &'r Arrival)> {
        self.events(|what| match what {
            What::Stray { arrival, .. } => Some(arrival.as_ref()),
            _ => None,
        })
    }

    /// Returns the parameters of the authorization request: the pushed ones, or those of the browser's address.
    pub fn authorization_request(&self) -> Vec<(&'r str, &'r Value)> {
        let pushed = self.of_leg(Leg::PushedRequest).pop();
        match (pushed, self.browser()) {
            (Some((_, pushed)), _) => sent_by(pushed),
            (None, Some((_, address))) => named(&address.query),
            (None, None) => Vec::new(),
        }
    }

    /// Returns the answer of the token endpoint that has the tokens, a refresh's too.
    pub fn tokens(&self) -> Option<(usize, &'r Body)> {
        let is_one = |(index, exchange): (usize, &'r Exchange)| {
            let is_asked = matches!(exchange.leg, Leg::Token | Leg::Refresh);
            let body = exchange.reply.as_ref()?.body.as_ref()?;
            (is_asked && body.field("access_token").is_some()).then_some((index, body))
        };
        self.exchanges().into_iter().rev().find_map(is_one)
    }

    /// Returns the reply of a server that is not what the protocol says, if nothing better came afterwards.
    pub fn last_exchange(&self) -> Option<(usize, &'r Exchange)> {
        if !self.failed() {
            return None;
        }
        // What is cleaned up after a failure is not its cause.
        let is_aftermath = |exchange: &Exchange| {
            exchange.leg == Leg::Revocation && self.record.flow != FlowKind::Revoke
                || exchange.leg == Leg::Registration && exchange.method == "DELETE"
        };
        self.exchanges().into_iter().rfind(|(_, exchange)| !is_aftermath(exchange))
    }

    /// Returns the failure of the last exchange.
    pub fn failure(&self) -> Option<(usize, &'r Exchange, &'r Failure)> {
        let (index, exchange) = self.last_exchange()?;
        Some((index, exchange, exchange.failure.as_ref()?))
    }

    /// Returns the reply of the last exchange with an authorization server, if it is neither tokens nor an error of the
    /// protocol.
    pub fn odd_reply(&self) -> Option<(usize, &'r Exchange, &'r Reply)> {
        let (index, exchange) = self.last_exchange()?;
        let reply = exchange.reply.as_ref()?;
        let asks_a_server = !matches!(exchange.leg, Leg::Api | Leg::Userinfo | Leg::Discovery | Leg::Registration);
        (asks_a_server && self.refusal.is_none()).then_some((index, exchange, reply))
    }

    /// Returns the API's last answer, if it is an error that the flow failed of.
    pub fn api_refusal(&self) -> Option<ApiRefusal<'r>> {
        self.last_exchange().filter(|_| self.refusal.is_none())?;
        // A token that was renewed after a refusal, and came out the same, is not presented again.
        let renewed = |exchange: &Exchange| {
            exchange.leg == Leg::Refresh && exchange.reply.as_ref().is_some_and(|reply| reply.status < 300)
        };
        let (event, exchange) = self.exchanges().into_iter().rfind(|(_, exchange)| !renewed(exchange))?;
        let reply = exchange.reply.as_ref()?;
        let is_one = matches!(exchange.leg, Leg::Api | Leg::Userinfo) && reply.status >= 400;
        is_one.then_some(ApiRefusal { event, exchange, reply })
    }

    /// Returns our clock at an event, in seconds since 1970.
    pub fn clock_at(&self, event: usize) -> i64 {
        let at = self.record.events.get(event).map_or(0, |event| event.at);
        i64::try_from((self.record.started + at) / 1000).unwrap_or(i64::MAX)
    }

    fn last_refusal(&self) -> Option<Refusal<'r>> {
        if !self.failed() {
            return None;
        }
        let (last, _) = self.last_exchange().unzip();
        let by_server = last.and_then(|last| self.refusal_in(last));
        let by_browser = || {
            let (event, arrival) = self.arrival()?;
            // What was sent afterwards has an outcome of its own.
            if self.exchanges().iter().any(|(index, exchange)| *index > event && exchange.leg == Leg::Token) {
                return None;
            }
            let error = error_in_fields(&fields_of(arrival))?;
            Some(Refusal::new(event, Asked::Authorization, None, error, self.authorization_request()))
        };
        by_server.or_else(by_browser)
    }

    fn refusal_in(&self, event: usize) -> Option<Refusal<'r>> {
        let What::Exchange(exchange) = &self.record.events[event].what else { return None };
        let asked = match exchange.leg {
            Leg::PushedRequest => Asked::Authorization,
            Leg::DeviceCode => Asked::Device,
            Leg::Token | Leg::Introspection => Asked::Token,
            Leg::Refresh => Asked::Refresh,
            Leg::Revocation => Asked::Revocation,
            Leg::Discovery | Leg::Registration | Leg::Userinfo | Leg::Keys | Leg::Api | Leg::Other => return None,
        };
        let error = error_of(exchange.reply.as_ref()?)?;
        // A device's code that was not confirmed in time.
        if matches!(error.code.as_str(), "authorization_pending" | "slow_down") {
            return None;
        }
        Some(Refusal::new(event, asked, Some(exchange.as_ref()), error, sent_by(exchange)))
    }
}

impl<'r> Refusal<'r> {
    fn new(
        event: usize,
        asked: Asked,
        exchange: Option<&'r Exchange>,
        error: ErrorResponse,
        sent: Vec<(&'r str, &'r Value)>,
    ) -> Self {
        let words = [Some(&error.code), error.description.as_ref(), error.hint.as_ref()];
        let words = Wording::new(words.into_iter().flatten().map(String::as_str));
        Self { event, asked, exchange, objection: objection(&error, asked), error, words, sent }
    }

    /// Returns `true` if one of these is in its words.
    pub fn says(&self, phrases: &[&str]) -> bool {
        self.words.has(phrases)
    }

    pub fn has(&self, name: &str) -> bool {
        self.sent.iter().any(|(known, _)| *known == name)
    }

    pub fn shown(&self, name: &str) -> Option<&'r str> {
        self.sent.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.shown())
    }

    /// Returns the server's own text, as it wrote it.
    pub fn text(&self) -> String {
        [self.error.description.as_deref(), self.error.hint.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Returns how the client authenticated in it: `client_secret_basic`, `client_secret_post`, `none`.
    pub fn authentication(&self) -> Option<&'static str> {
        let exchange = self.exchange?;
        Some(match () {
            () if header(&exchange.headers, "authorization").is_some() => "client_secret_basic",
            () if self.has("client_secret") => "client_secret_post",
            () if self.has("client_assertion") => "private_key_jwt",
            () => "none",
        })
    }
}

impl ApiRefusal<'_> {
    /// Returns what the API says about the token, in its challenge or in its body.
    pub fn error(&self) -> Option<ResourceError> {
        ResourceError::read(&header_map(&self.reply.headers), &self.body(), "bearer")
    }

    /// Returns what the body and the challenges say.
    pub fn wording(&self) -> Wording {
        let challenges = self.reply.headers.iter().filter(|(name, _)| name == "www-authenticate");
        let challenges: Vec<String> = challenges.map(|(_, value)| value.to_string()).collect();
        let body = match &self.reply.body {
            Some(Body::Json(tree)) => texts(&json(tree)),
            Some(Body::Text(text)) => vec![text.clone()],
            _ => Vec::new(),
        };
        Wording::new(challenges.iter().chain(&body).map(String::as_str))
    }

    /// Returns the API's own sentence, in one line.
    pub fn said(&self) -> String {
        let error = error_of(self.reply);
        let by_challenge = || {
            let challenges = Challenge::all_in(&header_map(&self.reply.headers));
            challenges.iter().find_map(|challenge| challenge.param("error_description").map(sanitize::line))
        };
        error.and_then(|error| error.description.or(Some(error.code))).or_else(by_challenge).unwrap_or_default()
    }

    /// Returns `true` if there is nothing at the path, as the status says, or a gateway in its own words.
    pub fn has_no_such_path(&self) -> bool {
        matches!(self.reply.status, 404 | 405 | 410) || self.wording().has(&["missing authentication token"])
    }

    /// Returns the authentication schemes that it offers.
    pub fn schemes(&self) -> Vec<String> {
        Challenge::all_in(&header_map(&self.reply.headers))
            .iter()
            .map(|challenge| challenge.scheme.to_lowercase())
            .collect()
    }

    /// Returns the parameters of the login that it wants instead.
    pub fn wanted_login(&self) -> Vec<(&'static str, String)> {
        // They go into a command, in quotes.
        let wanted = wanted_login(&header_map(&self.reply.headers)).into_iter();
        wanted.filter(|(_, value)| !value.contains('\'')).collect()
    }

    /// Returns everything that it says, in lower case.
    pub fn words(&self) -> String {
        let headers = self.reply.headers.iter().filter(|(name, _)| name == "www-authenticate");
        let headers = headers.map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(" ");
        format!("{headers} {}", String::from_utf8_lossy(&self.body())).to_lowercase()
    }

    fn body(&self) -> Vec<u8> {
        match &self.reply.body {
            Some(Body::Json(tree)) => json(tree).to_string().into_bytes(),
            Some(Body::Text(text)) => text.clone().into_bytes(),
            _ => Vec::new(),
        }
    }

    /// Returns the access token that was sent, as far as it can be looked into.
    pub fn claims(&self) -> Option<&Tree> {
        let values = self.exchange.headers.iter().filter(|(name, _)| name == "authorization");
        values.flat_map(|(_, value)| parts(value)).find_map(Value::jwt).map(|jwt| &jwt.claims)
    }

    /// Returns the host that was asked.
    pub fn host(&self) -> Option<String> {
        Url::parse(&self.exchange.address.base).ok()?.host_str().map(str::to_owned)
    }
}
