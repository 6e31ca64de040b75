//! A refresh over a keychain that fails at the worst moment, and a thousand in a row. In this process, since a real
//! keychain cannot be told to fail; who shares a lock with whom is told in `refresh.rs`, with processes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauthctl::testing::{
    AuthorizationCode, Catalogue, Client, ClientId, Clock, Emulator, Grant, GrantKind, HttpClient, HttpError,
    HttpReply, HttpRequest, IndexFile, Keychain, KeychainError, MemoryKeychain, NetworkClient, ObtainedBy, Options,
    OsEntropy, Profile, Provider, RedirectUri, ScopeSet, SecretBytes, StateFolder, StoreKind, StoredToken, SystemClock,
    TokenRequest, TokenSource, TokenSourceError, TokenStore, TokenWarning, Upload, ValidToken, Wanted, request_token,
};
use tempfile::TempDir;

use crate::refresh::long;
use crate::support::emulated::MINE;
use crate::support::http;

/// Works until its countdown ends, fails once, and works again.
struct Faulty {
    entries: MemoryKeychain,
    /// What the next one who reads finds, once; after that, it finds what is there.
    seen_before: Mutex<Option<SecretBytes>>,
    folder: std::path::PathBuf,
    gets: AtomicIsize,
    sets: AtomicIsize,
}

impl Faulty {
    fn meet(countdown: &AtomicIsize) -> Result<(), KeychainError> {
        match countdown.fetch_sub(1, Ordering::SeqCst) {
            1 => Err(KeychainError::Locked),
            _ => Ok(()),
        }
    }
}

impl Keychain for Faulty {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        Self::meet(&self.gets)?;
        match self.seen_before.lock().unwrap().take() {
            Some(before) => Ok(Some(before)),
            None => self.entries.get(account),
        }
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        Self::meet(&self.sets)?;
        self.entries.set(account, secret)
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        self.entries.delete(account)
    }

    fn place(&self) -> String {
        "a keychain with faults".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::At(self.folder.clone())
    }
}

/// An emulator, a login at it, and a keychain that can be told to fail.
struct World {
    folder: TempDir,
    emulator: Emulator,
    keychain: Arc<Faulty>,
    store: TokenStore,
    profile: Profile,
    http: NetworkClient,
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let files = OneFile;
        let definition = Catalogue::new(&files, None).get("mine").unwrap();
        let options = Options {
            approve: true,
            redirect_uris: vec![RedirectUri::parse(REDIRECT_URI).unwrap()],
            ..Options::default()
        };
        let emulator =
            Emulator::start(&definition, options, Arc::new(SystemClock), Arc::new(OsEntropy), |_| {}).unwrap();
        let keychain = Arc::new(Faulty {
            entries: MemoryKeychain::default(),
            seen_before: Mutex::default(),
            folder: folder.path().join("state"),
            gets: AtomicIsize::new(0),
            sets: AtomicIsize::new(0),
        });
        let opened = Arc::clone(&keychain);
        let index = IndexFile::new(folder.path().join("data"));
        let open = move |_| Ok(Arc::clone(&opened) as Arc<dyn Keychain>);
        let store = TokenStore::new(index, Some(StoreKind::Keychain), Box::new(open));
        let profile = "mine".parse().unwrap();
        let world = Self { folder, emulator, keychain, store, profile, http: NetworkClient::default() };
        world.store.save(&world.profile, &world.new_login()).unwrap();
        world
    }

    fn client(&self) -> Client {
        Client {
            provider: self.emulator.provider().clone(),
            client_id: ClientId::new(self.emulator.client_id()),
            client_secret: Some(self.emulator.client_secret().clone()),
        }
    }

    fn provider(&self) -> &Provider {
        self.emulator.provider()
    }

    fn new_login(&self) -> StoredToken {
        let mut url = self.provider().authorize_endpoint().unwrap().url().clone();
        let asked = [("client_id", self.emulator.client_id()), ("redirect_uri", REDIRECT_URI), ("state", "s")];
        url.query_pairs_mut().extend_pairs(asked).append_pair("response_type", "code").append_pair("scope", "read");
        let back = http::location(&http::get(&url));
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let Client { provider, client_id, client_secret } = self.client();
        let grant = Grant::AuthorizationCode {
            code: AuthorizationCode::new(code),
            redirect_uri: REDIRECT_URI.to_owned(),
            code_verifier: None,
        };
        let request = TokenRequest { client_id: client_id.clone(), client_secret, grant, state: None };
        let now = SystemClock.now();
        let reply = request_token(&self.http, &provider, &request, now).unwrap();
        let scope = ScopeSet::parse("read");
        StoredToken::from_reply(
            &provider,
            Some(client_id),
            ObtainedBy::Grant(GrantKind::AuthorizationCode),
            scope,
            reply,
            now,
        )
    }

    fn source<'a>(&'a self, http: &'a dyn HttpClient) -> TokenSource<'a> {
        TokenSource {
            store: &self.store,
            http,
            clock: &SystemClock,
            entropy: &OsEntropy,
            // A child that another test forks holds the lock, too, until it becomes another program.
            patience: Duration::from_secs(3),
            waits: &|| (),
        }
    }

    fn ask(&self, wanted: Wanted) -> Result<ValidToken<TokenSourceError>, TokenSourceError> {
        Ok(self.source(&self.http).token(&self.profile, wanted, |_| Ok(self.client()))?.unwrap())
    }

    fn journal(&self) -> std::path::PathBuf {
        self.folder.path().join("state/mine.journal")
    }
}

const REDIRECT_URI: &str = "http://127.0.0.1:8765/callback";

struct OneFile;

impl oauthctl::testing::DefinitionFiles for OneFile {
    fn read(&self, id: &str) -> std::io::Result<Option<(String, String)>> {
        Ok((id == "mine").then(|| (MINE.to_owned(), "mine.toml".to_owned())))
    }

    fn place(&self, id: &str) -> String {
        id.to_owned()
    }

    fn ids(&self) -> Vec<String> {
        vec!["mine".to_owned()]
    }
}

fn text(handed: &ValidToken<TokenSourceError>) -> String {
    handed.found.record.access_token.expose().to_owned()
}

#[test]
fn a_store_that_fails_after_the_rotation_costs_nothing() {
    let world = World::new();
    // The first write is the intent, the second one the new record.
    world.keychain.sets.store(2, Ordering::SeqCst);
    let handed = world.ask(Wanted::Refreshed).unwrap();
    let Some(TokenWarning::NotStored { journal: Some(place), .. }) = &handed.warning else { panic!("{handed:?}") };
    assert_eq!(place.as_str(), world.journal().to_str().unwrap());
    let sealed = std::fs::read(world.journal()).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(&text(&handed)));
    let again = world.ask(Wanted::Valid).unwrap();
    assert_eq!((text(&again), again.warning.is_none()), (text(&handed), true), "promoted from the journal");
    assert!(!world.journal().exists());
    assert!(world.ask(Wanted::Refreshed).unwrap().warning.is_none());
}

#[test]
fn a_failing_store_is_detected_before_the_refresh_is_sent() {
    let world = World::new();
    let old = text(&world.ask(Wanted::Valid).unwrap());
    world.keychain.sets.store(1, Ordering::SeqCst);
    assert!(matches!(world.ask(Wanted::Refreshed), Err(TokenSourceError::Store(_))));
    assert_eq!(text(&world.ask(Wanted::Valid).unwrap()), old, "the provider was not asked");
    assert_ne!(text(&world.ask(Wanted::Refreshed).unwrap()), old);
}

#[test]
fn no_single_fault_of_the_keychain_loses_the_login() {
    let mut points = BTreeMap::new();
    for (name, nth) in (1..=8).flat_map(|nth| [("get", nth), ("set", nth)]) {
        let world = World::new();
        let countdown = if name == "get" { &world.keychain.gets } else { &world.keychain.sets };
        countdown.store(nth, Ordering::SeqCst);
        let harmed = world.ask(Wanted::Refreshed);
        let happened = countdown.swap(0, Ordering::SeqCst) <= 0;
        *points.entry(name).or_insert(0) += usize::from(happened);
        let after = world.ask(Wanted::Refreshed).unwrap_or_else(|error| panic!("{name} {nth}: {harmed:?}: {error}"));
        assert!(after.warning.is_none(), "{name} {nth}: {after:?}");
        world.ask(Wanted::Refreshed).unwrap();
    }
    println!("a keychain that fails once: {points:?} points, 0 logins lost");
}

#[test]
fn a_lock_timeout_uses_a_valid_token_or_is_an_error() {
    let world = World::new();
    // A program that another story starts holds the lock of the login for a moment, between fork and exec.
    let lock = world.store.lock(&world.profile, StoreKind::Keychain, Duration::from_secs(60)).unwrap().unwrap();
    assert!(matches!(world.ask(Wanted::Refreshed), Err(TokenSourceError::Busy { .. })));
    let long = Wanted::ValidFor(Duration::from_secs(86_400));
    assert!(matches!(world.ask(long), Err(TokenSourceError::TooShort { .. })));
    assert!(world.ask(Wanted::Valid).unwrap().warning.is_none());
    drop(lock);
    world.ask(Wanted::Refreshed).unwrap();
}

/// Another process refreshed between our first look and our turn.
#[test]
fn who_gets_the_lock_reads_again_before_anything_is_spent() {
    let world = World::new();
    let before = world.keychain.get("mine").unwrap();
    let theirs = text(&world.ask(Wanted::Refreshed).unwrap());
    let http = Counted { http: &world.http, count: AtomicIsize::new(0) };
    let source = world.source(&http);
    *world.keychain.seen_before.lock().unwrap() = before;
    let ours = source.token::<TokenSourceError>(&world.profile, Wanted::Refreshed, |_| Ok(world.client()));
    assert_eq!(text(&ours.unwrap().unwrap()), theirs);
    assert_eq!(http.count.into_inner(), 0, "the provider was asked");
    // The provider would have revoked the login for a refresh token that came twice.
    world.ask(Wanted::Refreshed).unwrap();
}

/// Somebody logs in anew while the old login's refresh is under way, and the old refresh token is refused.
#[test]
fn a_refusal_says_nothing_about_a_login_that_came_meanwhile() {
    let world = World::new();
    let first = world.keychain.get("mine").unwrap().unwrap();
    world.ask(Wanted::Refreshed).unwrap();
    // The first refresh token is spent by now.
    world.keychain.set("mine", &first).unwrap();
    let log_in = || world.keychain.set("mine", &serde_json::to_vec(&world.new_login()).unwrap()).unwrap();
    let http = Meanwhile { http: &world.http, what: &log_in };
    let source = world.source(&http);
    let refused = source.token::<TokenSourceError>(&world.profile, Wanted::Refreshed, |_| Ok(world.client()));
    assert!(matches!(refused, Err(TokenSourceError::Replaced { .. })), "{refused:?}");
    let stored = world.store.load(&world.profile).unwrap().unwrap().record;
    assert!(stored.dead_since.is_none() && stored.generation == 0, "{stored:?}");
    world.ask(Wanted::Refreshed).unwrap();
}

#[test]
fn a_login_removed_during_its_refresh_does_not_come_back() {
    let world = World::new();
    let http = Meanwhile { http: &world.http, what: &|| assert!(world.store.forget(&world.profile).unwrap()) };
    let source = world.source(&http);
    let ask = |wanted| source.token::<TokenSourceError>(&world.profile, wanted, |_| Ok(world.client()));
    assert!(matches!(ask(Wanted::Refreshed), Err(TokenSourceError::Replaced { .. })));
    assert!(ask(Wanted::Valid).unwrap().is_none());
    assert!(!world.journal().exists());
}

/// Something happens while the request is under way.
struct Meanwhile<'a> {
    http: &'a NetworkClient,
    what: &'a (dyn Fn() + Send + Sync),
}

impl HttpClient for Meanwhile<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        let reply = self.http.send(request);
        (self.what)();
        reply
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.http.stream(request, upload)
    }
}

/// Counts the requests to the token endpoint.
struct Counted<'a> {
    http: &'a NetworkClient,
    count: AtomicIsize,
}

impl HttpClient for Counted<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.http.send(request)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.http.stream(request, upload)
    }
}

#[test]
fn a_thousand_rotations_in_a_row_lose_nothing() {
    let rotations = if long() { 10_000 } else { 1000 };
    let world = World::new();
    let mut last = String::new();
    for n in 0..rotations {
        let handed = world.ask(Wanted::Refreshed).unwrap_or_else(|error| panic!("rotation {n}: {error}"));
        assert!(handed.warning.is_none() && text(&handed) != last, "rotation {n}");
        last = text(&handed);
    }
    println!("{rotations} rotations in a row in one process, 0 lost");
}
