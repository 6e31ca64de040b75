use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::flow::token_source::Wanted;
use crate::protocol::advice::Advice;
use crate::protocol::client::ClientId;
use crate::protocol::message::HttpRequest;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, ClientSecret};
use crate::protocol::time::Timestamp;
use crate::provider::catalogue::NoFiles;
use crate::provider::{Catalogue, DefinitionError};
use crate::store::login_index::LoginEntry;
use crate::store::stored_token::ObtainedBy;
use crate::store::{ClientKey, Profile, Registration, StoreKind, StoredToken};
use crate::system::SecretVariables;
use crate::system::clock::Clock;
use crate::system::entropy::OsEntropy;
use crate::system::http::{HttpClient, HttpError, HttpReply, Upload};
use crate::system::own_folder::OwnFolder;
use crate::system::paths::PathsError;

mod clients;

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_000_000)
    }
}

struct NoNetwork;

impl HttpClient for NoNetwork {
    fn send(&self, _: &HttpRequest) -> Result<HttpReply, HttpError> {
        panic!("a session sends nothing by itself")
    }

    fn stream(&self, request: &HttpRequest, _: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.send(request)
    }
}

/// The variables and folders of a test.
struct TestEnvironment {
    variables: BTreeMap<String, String>,
    home: PathBuf,
}

impl Environment for TestEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn paths(&self) -> Result<Paths, PathsError> {
        Ok(Paths { config: self.home.join("config"), data: self.home.join("data"), beneath: None })
    }

    fn project(&self) -> Result<project::ProjectSearch, ProjectError> {
        project::find(&self.home, Some(&self.home))
    }
}

/// A machine on which one session follows another.
struct Machine {
    home: TempDir,
    variables: BTreeMap<String, String>,
    token: Option<&'static str>,
    choices: RefCell<Choices>,
}

impl Machine {
    fn new() -> Self {
        let (home, choices) = (TempDir::new().unwrap(), RefCell::default());
        Self { home, variables: BTreeMap::new(), token: None, choices }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn with_token(self, token: &'static str) -> Self {
        Self { token: Some(token), ..self }
    }

    fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// The session of a command without flags.
    fn session(&self) -> Session {
        let secrets = SecretVariables {
            token: self.token.map(AccessToken::new),
            client_secret: Some(ClientSecret::new("secret-of-environment")),
            ..SecretVariables::default()
        };
        let system = System {
            clock: Arc::new(FixedClock),
            entropy: Arc::new(OsEntropy),
            http: Arc::new(NoNetwork),
            secrets,
            hardened: true,
        };
        let environment = TestEnvironment { variables: self.variables.clone(), home: self.home.path().to_owned() };
        Session::new(self.choices.take(), Arc::new(system), environment).unwrap()
    }

    /// The session of a command with an optional profile and store from a flag or a variable.
    fn choosing(&self, profile: Option<(&str, Source)>, store: Option<(StoreKind, Source)>) -> Session {
        let profile = profile.map(|(name, from)| Sourced::new(name.parse().unwrap(), from));
        let store = store.map(|(kind, from)| Sourced::new(kind, from));
        self.choices.replace(Choices { profile, store, ..Choices::default() });
        self.session()
    }

    /// Stores a login in the file store, as an earlier command would.
    fn log_in(&self, name: &str, client: Option<&str>) {
        self.log_in_with(name, &login(client));
    }

    fn log_in_with(&self, name: &str, login: &StoredToken) {
        let session = self.choosing(None, Some((StoreKind::File, FLAG)));
        session.store().unwrap().save(&profile(name), login).unwrap();
    }

    /// Registers a client at Judge.me, in the file store.
    fn register(&self, app: &str, id: &str) {
        let session = self.choosing(None, Some((StoreKind::File, FLAG)));
        let secret = Some(ClientSecret::new("registered-secret"));
        let registration = Registration::new(ClientId::new(id), secret, None, Timestamp(0));
        session.store().unwrap().save_app(&key(app), &registration).unwrap();
    }
}

const FLAG: Source = Source::Flag("--profile");
const VARIABLE: Source = Source::Variable("OAUTHCTL_PROFILE");

fn profile(name: &str) -> Profile {
    name.parse().unwrap()
}

/// A login at Judge.me, whose token does not expire.
fn login(client: Option<&str>) -> StoredToken {
    let provider = Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap();
    let (client, token) = (client.map(ClientId::new), AccessToken::new("stored-token"));
    let mut login =
        StoredToken::given(&provider, client, ObtainedBy::Given, ScopeSet::default(), token, Timestamp(999_000));
    login.expiry = crate::store::stored_token::Expiry::Never;
    login
}

fn key(app: &str) -> ClientKey {
    ClientKey::new("judgeme", app.parse().unwrap())
}

/// A login that was made with the app's client.
fn login_by(app: &str, client: &str) -> StoredToken {
    let mut login = login(Some(client));
    login.app = app.parse().unwrap();
    login
}

fn error<T>(result: Result<T, SessionError>) -> SessionError {
    result.err().expect("it is refused")
}

#[test]
fn a_profile_comes_from_flag_variable_project_or_list() {
    let machine = Machine::new();
    assert!(machine.session().profile_if_any().unwrap().is_none());
    assert!(matches!(machine.session().profile(), Err(SessionError::NoLogin { profile: None, provider: None, .. })));
    machine.log_in("current", None);
    let seen = |session: Session| {
        let profile = session.profile().unwrap();
        (profile.value.to_string(), profile.from)
    };
    assert_eq!(seen(machine.session()), ("current".to_owned(), Source::Current));
    let machine = machine.with_file(project::FILE, "profile = 'of-project'");
    let (name, from) = seen(machine.session());
    assert!(name == "of-project" && matches!(&from, Source::Project(at) if at.contains("line 1")), "{from:?}");
    assert_eq!(seen(machine.choosing(Some(("named", VARIABLE)), None)), ("named".to_owned(), VARIABLE));
    assert_eq!(seen(machine.choosing(Some(("named", FLAG)), None)), ("named".to_owned(), FLAG));
}

#[test]
fn only_a_typed_profile_contradicts_a_command_about_all() {
    let machine = Machine::new();
    assert_eq!(machine.choosing(Some(("a", FLAG)), None).typed_profile(), Some(&profile("a")));
    let session = machine.choosing(Some(("a", VARIABLE)), None);
    assert_eq!((session.typed_profile(), session.named_profile()), (None, Some(&profile("a"))));
}

#[test]
fn a_new_login_never_takes_another_providers_name() {
    let machine = Machine::new().with_file(project::FILE, "profile = 'shop'");
    let name = |session: Session, id: &str| session.profile_for_login(id, None).unwrap().value.to_string();
    assert_eq!(name(machine.session(), "judgeme"), "shop", "there is none of that name yet");
    machine.log_in("shop", None);
    assert_eq!(name(machine.session(), "judgeme"), "shop");
    assert_eq!(name(machine.session(), "other"), "other", "the project's is a login at Judge.me");
    assert_eq!(name(machine.choosing(Some(("shop", VARIABLE)), None), "other"), "shop", "the variable names it");
    let unknown = error(machine.session().profile_for_login("No Provider", None));
    assert!(matches!(unknown, SessionError::Definition(DefinitionError::UnknownProvider { .. })), "{unknown:?}");
}

#[test]
fn an_import_keeps_its_name_unless_one_is_given() {
    let machine = Machine::new().with_file(project::FILE, "profile = 'of-project'");
    let name = |session: Session| session.profile_for_import("exported").unwrap().value.to_string();
    assert_eq!(name(machine.session()), "exported", "a project names no import");
    assert_eq!(name(machine.choosing(Some(("mine", VARIABLE)), None)), "mine");
    assert!(matches!(machine.session().profile_for_import("../x"), Err(SessionError::BadProfile(_))));
}

#[test]
fn a_store_flag_beats_the_list_and_a_variable_does_not() {
    let machine = Machine::new();
    machine.log_in("mine", None);
    let entry = LoginEntry::new("judgeme".to_owned(), StoreKind::File, BTreeMap::new());
    let stores = |from| {
        let session = machine.choosing(None, Some((StoreKind::Env, from)));
        let found = session.store().unwrap().load(&profile("mine")).unwrap().map(|found| found.store);
        (found, session.store_of(&profile("mine"), &entry).value, session.store_for_new().value)
    };
    assert_eq!(stores(Source::Flag("--store")), (None, StoreKind::Env, StoreKind::Env));
    let variable = Source::Variable("OAUTHCTL_STORE");
    assert_eq!(stores(variable), (Some(StoreKind::File), StoreKind::File, StoreKind::Env), "the list decides");
    assert_eq!(machine.session().store_for_new(), Sourced::new(StoreKind::default(), Source::Default));
}

#[test]
fn an_import_goes_to_the_store_that_is_chosen() {
    let machine = Machine::new();
    machine.log_in("mine", None);
    for from in [Source::Flag("--store"), Source::Variable("OAUTHCTL_STORE")] {
        let session = machine.choosing(None, Some((StoreKind::Env, from)));
        let store = session.store().unwrap();
        assert_eq!(store.kind_for(&profile("mine")).unwrap(), StoreKind::Env, "a record that is written anew moves");
    }
    assert_eq!(machine.session().store().unwrap().kind_for(&profile("mine")).unwrap(), StoreKind::File);
}

#[test]
fn a_login_is_looked_for_where_it_is_listed_or_was_chosen() {
    let machine = Machine::new();
    machine.log_in("mine", None);
    assert!(machine.session().may_have(&profile("mine")).unwrap());
    assert!(!machine.session().may_have(&profile("yours")).unwrap());
    assert!(machine.choosing(None, Some((StoreKind::File, FLAG))).may_have(&profile("yours")).unwrap());
}

#[test]
fn the_variables_token_counts_for_a_login_that_is_named() {
    let machine = Machine::new().with_token("token-of-environment");
    machine.log_in("judgeme", None);
    let (flag, variable) = (Source::Flag("--store"), Source::Variable("OAUTHCTL_STORE"));
    let cases = [
        (None, None, Some(StoreKind::File)),
        (Some(FLAG), None, Some(StoreKind::Env)),
        (Some(VARIABLE), None, Some(StoreKind::Env)),
        (Some(FLAG), Some((StoreKind::Env, flag.clone())), Some(StoreKind::Env)),
        (Some(FLAG), Some((StoreKind::File, flag.clone())), Some(StoreKind::File)),
        (Some(FLAG), Some((StoreKind::File, variable)), Some(StoreKind::Env)),
        (None, Some((StoreKind::Env, flag)), None),
    ];
    for (profile, store, expected) in cases {
        let case = format!("{profile:?} {store:?}");
        let session = machine.choosing(profile.map(|from| ("judgeme", from)), store);
        let login = session.valid_login(Wanted::Valid, &|| ());
        assert_eq!(login.as_ref().ok().map(|login| login.found.store), expected, "{case}");
        match login {
            Ok(login) => {
                let token = login.found.record.access_token.expose() == "token-of-environment";
                assert_eq!(token, expected == Some(StoreKind::Env), "{case}");
            }
            Err(error) => assert!(matches!(error, SessionError::TokenWithoutProfile), "{case}: {error:?}"),
        }
    }
}

#[test]
fn a_variables_token_without_a_meaning_is_refused() {
    let env = || Some((StoreKind::Env, Source::Flag("--store")));
    let refused =
        |machine: Machine, name| error(machine.choosing(Some((name, FLAG)), env()).valid_login(Wanted::Valid, &|| ()));
    let token = || Machine::new().with_token("made-up");
    assert!(matches!(refused(Machine::new(), "judgeme"), SessionError::NoTokenVariable));
    assert!(matches!(refused(Machine::new().with_token("a\nb"), "judgeme"), SessionError::BadTokenVariable));
    assert!(matches!(refused(token(), "shop"), SessionError::TokenWithoutProvider { .. }));
    let emulated = || token().with("OAUTHCTL_EMULATOR", "judgeme=http://127.0.0.1:4711");
    assert!(matches!(refused(emulated(), "judgeme"), SessionError::TokenForEmulator { .. }));
    let login =
        emulated().choosing(Some(("judgeme-emulator", FLAG)), env()).valid_login(Wanted::Valid, &|| ()).unwrap();
    assert_eq!(login.found.record.provider, "judgeme", "a separate name refers to the emulator");
}

#[test]
fn an_emulators_variables_choose_the_emulator_for_all() {
    let mut machine = Machine::new();
    let secret = ClientSecret::new("made-up");
    let running = OwnFolder::create("oauthctl-test-session-", &OsEntropy).unwrap();
    let folder = running.path();
    for (name, value) in of_emulator("judgeme", "http://127.0.0.1:4711", folder, "emulated-client", &secret) {
        machine = machine.with(name, &value);
    }
    machine.log_in("current", None);
    let session = machine.session();
    let provider = session.provider_for_login(None).unwrap();
    assert_eq!(provider, Sourced::new("judgeme".to_owned(), Source::Variable("OAUTHCTL_EMULATOR")));
    let provider = session.catalogue().unwrap().resolve(&provider.value, &BTreeMap::new()).unwrap();
    assert!(provider.emulator.is_some());
    let client = session.client_for_login(&provider, None, None).unwrap().client.unwrap();
    assert_eq!(
        (client.value.client_id.as_str(), client.from),
        ("emulated-client", Source::Variable("OAUTHCTL_CLIENT_ID"))
    );
    assert_eq!(machine.variables["OAUTHCTL_PROFILE"], "judgeme-emulator");
    let typed = Sourced::new("other".to_owned(), Source::Flag("--provider"));
    assert_eq!(session.provider_for_login(Some(typed.clone())).unwrap(), typed);
    // The real login's token is not for the emulator.
    let moved = error(session.provider_of(&profile("current"), &login(None)));
    assert!(matches!(moved, SessionError::Definition(DefinitionError::OriginsMoved { .. })), "{moved:?}");
}

#[test]
fn an_emulator_is_on_this_machine_or_refused() {
    for bad in ["judgeme", "judgeme=https://127.0.0.1:1", "judgeme=http://evil.example", "../x=http://127.0.0.1:1"] {
        let refused = error(Machine::new().with("OAUTHCTL_EMULATOR", bad).session().catalogue());
        assert!(matches!(refused, SessionError::BadEmulator { .. }), "{bad}: {refused:?}");
    }
}

#[test]
fn a_valid_token_needs_no_definition() {
    let machine = Machine::new();
    machine.log_in("mine", None);
    let machine =
        machine.with_file("config/providers/judgeme.toml", "this is not TOML").with("OAUTHCTL_EMULATOR", "nonsense");
    let session = machine.session();
    let login = session.valid_login(Wanted::Valid, &|| ()).unwrap();
    assert_eq!(login.found.record.access_token.expose(), "stored-token");
    assert!(matches!(session.activate(login.profile, login.found.record), Err(SessionError::BadEmulator { .. })));
}

#[test]
fn a_catalogue_needs_no_list_of_logins() {
    let machine = Machine::new().with_file("data/logins.json", "damaged").with_file(project::FILE, "damaged");
    let session = machine.session();
    assert!(session.catalogue().unwrap().get("judgeme").is_ok());
    assert!(matches!(session.store().unwrap().index(), Err(crate::store::StoreError::Index(_))));
    assert!(matches!(session.profile(), Err(SessionError::Project(_))));
}

#[test]
fn a_broken_part_is_reported_and_hides_no_other() {
    let parts = |machine: &Machine, profile| {
        let said = |part: &Part| match &part.decision {
            Decision::Made { value, .. } => (part.name.clone(), Some(value.clone())),
            Decision::Broken { .. } => (part.name.clone(), None),
        };
        machine.choosing(profile, None).parts().iter().map(said).collect::<BTreeMap<_, _>>()
    };
    let machine = Machine::new().with("OAUTHCTL_CLIENT_ID", "client-1").with_token("made-up");
    machine.log_in("mine", None);
    let all = parts(&machine, None);
    let is = |part: &str| all[part].clone().unwrap();
    assert_eq!([is("profile"), is("token"), is("provider")], ["mine", "not shown", "judgeme"]);
    let machine = machine.with_file(project::FILE, "damaged").with("OAUTHCTL_EMULATOR", "nonsense");
    let all = parts(&machine, None);
    assert_eq!(all["profile"], None, "the project file may name it");
    assert!(!all.contains_key("project"), "it is reported once");
    assert!(all["store of new logins"].is_some() && all["client id"].is_some());
    let all = parts(&machine, Some(("mine", FLAG)));
    assert_eq!(all["profile"].as_deref(), Some("mine"));
    assert_eq!((&all["project"], &all["definition"], &all["token"]), (&None, &None, &None), "{all:?}");
    assert_eq!(all["provider"].as_deref(), Some("judgeme"));
}

#[test]
fn a_shadowed_login_names_the_login_used_instead() {
    let machine = Machine::new();
    let shadow = |machine: &Machine| machine.session().shadow_of(&profile("mine")).unwrap();
    assert_eq!(shadow(&machine), None);
    let machine = machine.with_file(project::FILE, "profile = 'of-project'");
    assert_eq!(shadow(&machine).unwrap().value, "of-project");
    let machine = machine.with("OAUTHCTL_PROFILE", "of-shell");
    assert_eq!(shadow(&machine), Some(Sourced::new("of-shell".to_owned(), VARIABLE)));
    let machine = machine.with("OAUTHCTL_PROFILE", "mine");
    assert_eq!(shadow(&machine), None, "the variable names this login, and counts more than the project");
}
