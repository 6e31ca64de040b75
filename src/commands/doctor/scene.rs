//! The command line of `doctor`, and what its checks share, each part made when the first of them needs it: the provider that is meant, the answers of its
//! servers, and its metadata.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use clap::Args;

use super::super::Context;
use super::super::app::default_redirect_uri;
use crate::flow::FlowError;
use crate::flow::checkup::Recorder;
use crate::flow::checkup::visit::{Server, Visit, servers, visit};
use crate::flow::discovery::discover;
use crate::protocol::check::{Check, Sent};
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::redirect_uri::{DEFAULT_REDIRECT_URI, RedirectUri, RedirectUriError};
use crate::provider::Provider;
use crate::session::{LoginClient, SessionError};
use crate::store::login_index::LoginEntry;
use crate::store::{AppName, Profile, StoredToken};
use crate::system::http::HttpClient;

#[derive(Args)]
pub struct DoctorArgs {
    /// The provider whose definition, servers and registration are checked, too [default: this machine only]
    #[arg(value_name = "PROVIDER")]
    pub provider: Option<String>,

    /// Send nothing to any server
    #[arg(long)]
    pub offline: bool,

    /// Also ask whether the client's authentication is accepted: one request with a random token or code
    #[arg(long, requires = "provider", conflicts_with = "offline")]
    pub check_client: bool,

    /// The app whose client is checked, if several clients of the provider are registered
    #[arg(long, value_name = "NAME", requires = "provider")]
    pub app: Option<AppName>,

    /// A parameter of the provider's URLs, such as `store=myshop`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = super::super::login::parse_param, requires = "provider")]
    pub params: Vec<(String, String)>,

    /// The redirect URI to check [default: that of the login, or the provider's usual one]
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
}

/// One row of a table: what it looks at, for the line that is shown meanwhile, and the check. It may find several things.
pub struct Row(pub &'static str, pub fn(&Scene<'_>) -> Vec<Check>);

pub struct Scene<'a> {
    pub args: &'a DoctorArgs,
    pub context: &'a Context,
    subject: OnceLock<Result<Subject, SessionError>>,
    visits: OnceLock<Vec<Visit>>,
    metadata: OnceLock<Discovered>,
}

/// The provider, and the client and login that it is used with.
pub struct Subject {
    pub provider: Provider,
    pub client: Result<LoginClient, SessionError>,
    pub http: Result<Arc<dyn HttpClient>, SessionError>,
}

/// What the provider publishes about itself, if its definition says where.
pub struct Discovered {
    pub metadata: Option<Result<AuthorizationServerMetadata, FlowError>>,
    pub sent: Vec<Sent>,
}

impl<'a> Scene<'a> {
    pub fn new(args: &'a DoctorArgs, context: &'a Context) -> Self {
        let (subject, visits, metadata) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { args, context, subject, visits, metadata }
    }

    /// Returns the provider that was named, or why it cannot be used.
    pub fn subject(&self) -> Result<&Subject, &SessionError> {
        self.subject.get_or_init(|| self.find_subject()).as_ref()
    }

    fn find_subject(&self) -> Result<Subject, SessionError> {
        let session = &self.context.session;
        let id = session.provider_id(self.args.provider.as_deref().unwrap_or_default())?;
        let (entry, record) = self.login_at(&id).unzip();
        let record = record.flatten();
        // Only what a person has typed or logged in with: a project's file must not choose a server here.
        let mut params: BTreeMap<String, String> = entry.map(|entry| entry.params).unwrap_or_default();
        let definition = session.catalogue()?.get(&id)?;
        params.retain(|name, _| definition.params.contains_key(name));
        let typed: BTreeMap<String, String> = self.args.params.iter().cloned().collect();
        definition.refuse_typed_secrets(&typed)?;
        params.extend(typed);
        let provider = session.catalogue()?.resolve(&id, &params)?;
        let provider = provider.with_secrets(record.iter().flat_map(|record| &record.secrets))?;
        let provider = session.with_secrets_of_environment(&provider)?;
        let asked_for = record.as_ref().map(|record| record.asked_for.clone()).unwrap_or_default();
        let provider = provider.with_asked_for(asked_for);
        let client = session.client_for_login(&provider, self.args.app.as_ref(), record.as_ref());
        Ok(Subject { provider, client, http: session.http(record.as_ref()) })
    }

    /// Returns the login at this provider, the selected one before others, and its record if it can be read.
    fn login_at(&self, id: &str) -> Option<(LoginEntry, Option<StoredToken>)> {
        let session = &self.context.session;
        let mut logins = session.store().ok()?.index().ok()?.logins;
        logins.retain(|_, entry| entry.provider == id && !entry.ending);
        let selected = session.profile_if_any().ok().flatten().map(|profile| profile.value.to_string());
        let name = selected.filter(|name| logins.contains_key(name)).or_else(|| logins.keys().next().cloned())?;
        let profile: Profile = name.parse().ok()?;
        let record = session.store().ok()?.load(&profile).ok().flatten().map(|found| found.record);
        Some((logins.remove(&name)?, record))
    }

    /// Returns the redirect URI of a login: the typed one, or the one that the login has, or the usual one. Port 0 stands for
    /// a free one.
    pub fn redirect_uri(&self) -> Result<RedirectUri, RedirectUriError> {
        let subject = self.args.provider.as_ref().and_then(|_| self.subject().ok());
        let of_provider = subject.map(|subject| {
            let of_login = subject.provider.asked_for.redirect_uri.as_deref();
            let is_emulated = subject.provider.emulator.is_some();
            of_login.unwrap_or_else(|| default_redirect_uri(&subject.provider.definition, is_emulated))
        });
        RedirectUri::parse(self.args.redirect_uri.as_deref().or(of_provider).unwrap_or(DEFAULT_REDIRECT_URI))
    }

    /// Returns what the servers answered: those of the provider, or that of the selected login.
    pub fn visits(&self) -> &[Visit] {
        self.visits.get_or_init(|| {
            if self.args.offline {
                return Vec::new();
            }
            match &self.args.provider {
                Some(_) => match self.subject() {
                    Ok(Subject { provider, http: Ok(http), .. }) => self.visit_all(servers(provider), http.as_ref()),
                    _ => Vec::new(),
                },
                None => self.visit_current().unwrap_or_default(),
            }
        })
    }

    fn visit_all(&self, servers: Vec<Server>, http: &dyn HttpClient) -> Vec<Visit> {
        let clock = self.context.system.clock.as_ref();
        std::thread::scope(|scope| {
            let asked = servers.into_iter().map(|server| scope.spawn(|| visit(server, http, clock)));
            let asked: Vec<_> = asked.collect();
            asked.into_iter().filter_map(|visit| visit.join().ok()).collect()
        })
    }

    /// Asks the server that the selected login got its token from.
    fn visit_current(&self) -> Option<Vec<Visit>> {
        let session = &self.context.session;
        let profile = session.profile_if_any().ok()??.value;
        let entry = session.store().ok()?.index().ok()?.logins.remove(profile.as_str())?;
        let provider = session.catalogue().ok()?.resolve(&entry.provider, &entry.params).ok()?;
        let token = provider.endpoints.token.as_ref()?.origin();
        let server = servers(&provider).into_iter().find(|server| server.endpoint.origin() == token)?;
        let http = session.http(None).ok()?;
        Some(self.visit_all(vec![server], http.as_ref()))
    }

    /// Returns the provider's metadata.
    pub fn metadata(&self) -> &Discovered {
        self.metadata.get_or_init(|| {
            let nothing = Discovered { metadata: None, sent: Vec::new() };
            let Ok(Subject { provider, http: Ok(http), .. }) = self.subject() else { return nothing };
            let Some(issuer) = provider.issuer().filter(|_| !self.args.offline) else { return nothing };
            let recorder = Recorder::new(http.as_ref(), "to read the provider's metadata");
            let metadata = discover(&recorder, &issuer);
            Discovered { metadata: Some(metadata), sent: recorder.into_sent() }
        })
    }

    /// Returns the metadata if it could be read.
    pub fn read_metadata(&self) -> Option<&AuthorizationServerMetadata> {
        self.metadata().metadata.as_ref()?.as_ref().ok()
    }
}
