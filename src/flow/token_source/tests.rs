use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;
use crate::flow::doubles::{Scripted, SetClock, StubResponse, provider};
use crate::keychain::{Keychain, KeychainError, MemoryKeychain, SecretBytes, StateFolder};
use crate::protocol::client::ClientId;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, RefreshToken};
use crate::store::login_index::IndexFile;
use crate::store::stored_token::{Intent, ObtainedBy};
use crate::store::{StoreKind, record};
use crate::system::entropy::OsEntropy;
use crate::system::http::HttpError;

mod interrupted;
mod narrower;

/// The time of all tests.
const NOW: i64 = 1000;

/// A keychain that fails at one write, and may show the first reader what was there before.
#[derive(Default)]
struct Desk {
    entries: MemoryKeychain,
    seen_before: Mutex<Option<SecretBytes>>,
    writes: AtomicUsize,
    /// The number of the write that fails, from 1 on.
    fails: AtomicUsize,
    state: Option<TempDir>,
}

impl Keychain for Desk {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        match self.seen_before.lock().unwrap().take() {
            Some(before) => Ok(Some(before)),
            None => self.entries.get(account),
        }
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        if self.writes.fetch_add(1, Ordering::Relaxed) + 1 == self.fails.load(Ordering::Relaxed) {
            return Err(KeychainError::Locked);
        }
        self.entries.set(account, secret)
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        self.entries.delete(account)
    }

    fn place(&self) -> String {
        "a desk".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        self.state.as_ref().map_or(StateFolder::Nowhere, |state| StateFolder::At(state.path().to_owned()))
    }
}

/// One login `mine` in a store.
struct World {
    desk: Arc<Desk>,
    store: TokenStore,
    /// How often a person would be told to wait.
    waited: AtomicUsize,
}

type Asked = Result<ValidToken<TokenSourceError>, TokenSourceError>;

impl World {
    fn with(desk: Desk, login: &StoredToken) -> Self {
        let desk = Arc::new(desk);
        let opened = Arc::clone(&desk);
        let open = move |_| Ok(Arc::clone(&opened) as Arc<dyn Keychain>);
        let store = TokenStore::new(IndexFile::new("".into()), Some(StoreKind::Memory), Box::new(open));
        let world = Self { desk, store, waited: AtomicUsize::new(0) };
        world.put(login);
        world
    }

    fn of(login: &StoredToken) -> Self {
        Self::with(Desk::default(), login)
    }

    /// One in whose list the login is.
    fn listed(login: &StoredToken) -> Self {
        let world = Self::on_disk(login);
        world.store.save(&profile(), login).unwrap();
        world
    }

    fn journal(&self) -> std::path::PathBuf {
        self.desk.state.as_ref().unwrap().path().join("mine.journal")
    }

    /// One whose processes meet in a folder: it has a lock.
    fn on_disk(login: &StoredToken) -> Self {
        Self::with(Desk { state: Some(TempDir::new().unwrap()), ..Desk::default() }, login)
    }

    fn put(&self, login: &StoredToken) {
        self.desk.entries.set("mine", &record::encode(login)).unwrap();
    }

    /// The login is replaced between the first look of the next caller and its second one.
    fn put_after_a_look(&self, login: &StoredToken) {
        *self.desk.seen_before.lock().unwrap() = self.desk.entries.get("mine").unwrap();
        self.put(login);
    }

    fn ask(&self, wanted: Wanted, http: &Scripted<'_>) -> Asked {
        self.try_to_ask(wanted, http).map(|handed| handed.expect("the login is there"))
    }

    fn try_to_ask(
        &self,
        wanted: Wanted,
        http: &Scripted<'_>,
    ) -> Result<Option<ValidToken<TokenSourceError>>, TokenSourceError> {
        let clock = SetClock::at(NOW);
        let (entropy, patience) = (&OsEntropy, Duration::ZERO);
        let waits = || {
            self.waited.fetch_add(1, Ordering::Relaxed);
        };
        let source = TokenSource { store: &self.store, http, clock: &clock, entropy, patience, waits: &waits };
        let client = |_: &StoredToken| {
            Ok(Client { provider: provider(""), client_id: ClientId::new("id"), client_secret: None })
        };
        source.token(&profile(), wanted, client)
    }

    fn stored(&self) -> StoredToken {
        self.store.load(&profile()).unwrap().unwrap().record
    }
}

fn profile() -> Profile {
    "mine".parse().unwrap()
}

/// A login that can be refreshed, whose access token `old` ends after so many seconds from now.
fn login(ends_in: i64) -> StoredToken {
    let provider = provider("");
    let token = AccessToken::new("old");
    let origin = ObtainedBy::Grant(GrantKind::AuthorizationCode);
    let mut login = StoredToken::given(&provider, None, origin, ScopeSet::parse(""), token, Timestamp(NOW));
    login.refresh_token = Some(RefreshToken::new("r1"));
    login.expiry = Expiry::At(Timestamp(NOW + ends_in));
    // Long enough ago that a minute is its margin.
    login.obtained_at = Timestamp(NOW - 900);
    login
}

impl StoredToken {
    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The same login after a refresh by another process.
fn renewed(ends_in: i64) -> StoredToken {
    login(ends_in).but(|login| (login.access_token, login.generation) = (AccessToken::new("theirs"), 1))
}

/// Something happens when the provider has rotated.
fn new_token_and<'a>(what: impl Fn() + Send + Sync + 'a) -> Scripted<'a> {
    Scripted::new(move |_| {
        what();
        Ok(StubResponse::new(200, r#"{"access_token":"new","refresh_token":"r2","expires_in":600}"#))
    })
}

fn new_token() -> Scripted<'static> {
    new_token_and(|| ())
}

fn long_token() -> Scripted<'static> {
    Scripted::new(|_| Ok(StubResponse::new(200, r#"{"access_token":"new","refresh_token":"r2","expires_in":7200}"#)))
}

fn refused() -> StubResponse {
    StubResponse::new(400, r#"{"error":"invalid_grant"}"#)
}

fn refusal() -> Scripted<'static> {
    Scripted::new(|_| Ok(refused()))
}

fn fault() -> Scripted<'static> {
    Scripted::new(|_| Ok(StubResponse::new(500, "")))
}

fn silence() -> Scripted<'static> {
    Scripted::new(|_| unreachable!("the provider is not asked"))
}

fn text(asked: &Asked) -> &str {
    asked.as_ref().unwrap().found.record.access_token.expose()
}

/// Returns whether a token came with a warning that it is the old one.
fn is_old(asked: &Asked) -> bool {
    matches!(asked, Ok(ValidToken { warning: Some(TokenWarning::NotRefreshed { .. }), .. })) && text(asked) == "old"
}

const LONG: Wanted = Wanted::ValidFor(Duration::from_secs(300));

#[test]
fn a_token_that_ends_before_the_wanted_time_is_refreshed() {
    for (ends_in, wanted, got) in [
        (61, Wanted::Valid, "old"),
        (60, Wanted::Valid, "new"),
        (301, LONG, "old"),
        (300, LONG, "new"),
        (-5, Wanted::Valid, "new"),
        (5000, Wanted::Refreshed, "new"),
    ] {
        let (world, http) = (World::of(&login(ends_in)), new_token());
        let asked = world.ask(wanted, &http);
        assert!(text(&asked) == got && asked.unwrap().warning.is_none(), "{ends_in} {wanted:?}");
        assert_eq!(http.requests().len(), usize::from(got == "new"));
        let stored = world.stored();
        assert_eq!((stored.access_token.expose(), stored.intent.is_none()), (got, true));
    }
}

#[test]
fn a_short_lived_token_serves_until_the_last_tenth_of_its_life() {
    for (lived, ends_in, wanted, got) in [
        (0, 30, Wanted::Valid, "old"),
        (26, 4, Wanted::Valid, "old"),
        (27, 3, Wanted::Valid, "new"),
        (269, 31, Wanted::Valid, "old"),
        (270, 30, Wanted::Valid, "new"),
        (3539, 61, Wanted::Valid, "old"),
        (3540, 60, Wanted::Valid, "new"),
        (0, 30, Wanted::ValidFor(Duration::from_secs(30)), "new"),
        (0, 30, Wanted::ValidFor(Duration::from_secs(29)), "old"),
    ] {
        let login = login(ends_in).but(|login| login.obtained_at = Timestamp(NOW - lived));
        let asked = World::of(&login).ask(wanted, &new_token());
        assert_eq!(text(&asked), got, "{lived} {ends_in} {wanted:?}");
    }
}

#[test]
fn a_refresh_token_that_has_ended_is_tried_and_told_of() {
    let ended = || {
        let mut value: serde_json::Value = serde_json::from_slice(&record::encode(&login(0))).unwrap();
        value["refresh_expiry"] = serde_json::json!({"at": NOW - 1, "since": 0, "generation": 0});
        World::of(&record::decode(value.to_string().as_bytes()).unwrap())
    };
    let asked = ended().ask(Wanted::Valid, &new_token()).unwrap();
    let Some(TokenWarning::Noted(notes)) = asked.warning else { panic!("{asked:?}") };
    assert!(matches!(notes[..], [ReplyNote::Revived(Timestamp(999))]), "{notes:?}");
    let refused = ended().ask(Wanted::Valid, &refusal()).unwrap_err();
    assert!(refused.to_string().ends_with("for good; it ended at 1970-01-01T00:16:39Z"), "{refused}");
}

/// A command with a valid token pays for nothing that is for those who wait.
#[test]
fn only_who_waits_for_a_token_is_told_so() {
    for (ends_in, waited) in [(3600, 0), (0, 1)] {
        let world = World::of(&login(ends_in));
        world.ask(Wanted::Valid, &new_token()).unwrap();
        assert_eq!(world.waited.load(Ordering::Relaxed), waited, "{ends_in}");
    }
}

#[test]
fn a_login_that_is_not_there_is_no_error() {
    let world = World::of(&login(0));
    world.store.forget(&profile()).unwrap();
    assert!(world.try_to_ask(Wanted::Valid, &silence()).unwrap().is_none());
}

#[test]
fn who_waited_uses_what_the_other_one_got_if_it_is_still_valid() {
    let world = World::of(&login(0));
    world.put_after_a_look(&renewed(30));
    assert_eq!(text(&world.ask(Wanted::Refreshed, &silence())), "theirs");
    world.put(&login(0));
    world.put_after_a_look(&renewed(0));
    assert_eq!(text(&world.ask(Wanted::Refreshed, &new_token())), "new");
}

#[test]
fn who_waits_in_vain_takes_what_is_there_if_that_will_do() {
    let world = World::on_disk(&login(30));
    let _lock = world.store.lock(&profile(), StoreKind::Memory, Duration::ZERO).unwrap().unwrap();
    assert!(matches!(world.ask(Wanted::Refreshed, &silence()), Err(TokenSourceError::Busy { .. })));
    assert!(is_old(&world.ask(Wanted::Valid, &silence())));
    for wanted in [LONG, Wanted::Valid] {
        world.put(&login(30));
        world.put_after_a_look(&renewed(301));
        let asked = world.ask(wanted, &silence());
        assert!(text(&asked) == "theirs" && asked.unwrap().warning.is_none());
    }
}

#[test]
fn a_failed_refresh_leaves_the_old_token_while_it_works() {
    for (ends_in, works) in [(30, true), (1, true), (0, false), (-1, false)] {
        let asked = World::of(&login(ends_in)).ask(Wanted::Valid, &fault());
        match works {
            true => assert!(is_old(&asked), "{ends_in}: {asked:?}"),
            false => assert!(matches!(asked, Err(TokenSourceError::Failed { .. })), "{ends_in}: {asked:?}"),
        }
    }
    let too_short = World::of(&login(299)).ask(LONG, &fault());
    assert!(matches!(too_short, Err(TokenSourceError::TooShort { .. })), "{too_short:?}");
    assert!(World::of(&login(5000)).ask(Wanted::Refreshed, &fault()).is_err());
}

#[test]
fn a_new_token_that_ends_too_soon_is_an_error_if_it_was_stored() {
    let world = World::of(&login(0));
    let far = Wanted::ValidFor(Duration::from_secs(600));
    let asked = world.ask(far, &new_token());
    assert!(matches!(asked, Err(TokenSourceError::TooShort { .. })), "{asked:?}");
    assert_eq!(world.stored().access_token.expose(), "new");
    let world = World::of(&login(0));
    world.desk.fails.store(2, Ordering::Relaxed);
    let asked = world.ask(far, &new_token()).unwrap();
    assert!(matches!(asked.warning, Some(TokenWarning::NotStored { journal: None, .. })), "{asked:?}");
}

#[test]
fn a_refused_refresh_token_is_dead_and_never_sent_again() {
    let interrupted = Intent::new(Timestamp(NOW - 100), None);
    let world = World::of(&login(0).but(|login| login.intent = Some(interrupted)));
    let http = refusal();
    let refused = world.ask(Wanted::Valid, &http).unwrap_err();
    assert!(matches!(refused, TokenSourceError::Refused { .. }) && http.requests().len() == 1);
    assert!(refused.to_string().contains("a refresh that began at 1970-01-01T00:15:00Z and was interrupted"));
    let dead = world.ask(Wanted::Valid, &silence());
    let since = |dead| matches!(dead, Err(TokenSourceError::Dead { since: Timestamp(NOW), .. }));
    assert!(since(dead), "and it stays known since when");
    let refused = World::of(&login(0)).ask(Wanted::Valid, &refusal()).unwrap_err();
    assert!(refused.to_string().ends_with("for good"), "{refused}");
}

#[test]
fn a_refusal_says_nothing_about_a_login_that_came_meanwhile() {
    let world = World::of(&login(0));
    let anew = login(0).but(|login| login.refresh_token = Some(RefreshToken::new("of another login")));
    let http = Scripted::new(|_| {
        world.put(&anew);
        Ok(refused())
    });
    assert!(matches!(world.ask(Wanted::Valid, &http), Err(TokenSourceError::Replaced { .. })));
    assert!(world.stored().dead_since.is_none());
}

#[test]
fn without_a_refresh_token_the_error_tells_if_the_token_ended() {
    for (ends_in, ended) in [(-1, true), (0, true), (1, false)] {
        let login = login(ends_in).but(|login| login.refresh_token = None);
        let error = World::of(&login).ask(Wanted::Refreshed, &silence()).unwrap_err().to_string();
        let when = format!(", and its access token ended at {}", Timestamp(NOW + ends_in));
        let ends = if ended { when.as_str() } else { "for the login `mine`" };
        assert!(error.ends_with(ends), "{error}");
    }
}

#[test]
fn a_token_of_a_clock_that_went_ahead_is_renewed_if_it_can_be() {
    let ahead = login(9000).but(|login| login.obtained_at = Timestamp(NOW + 5000));
    let dead = ahead.clone().but(|login| login.dead_since = Some(Timestamp(0)));
    let alone = ahead.clone().but(|login| login.refresh_token = None);
    for (login, got) in [(ahead.clone(), "new"), (dead, "old"), (alone, "old")] {
        let asked = World::of(&login).ask(Wanted::Valid, &new_token());
        assert!(text(&asked) == got && asked.as_ref().unwrap().warning.is_none(), "{asked:?}");
    }
    for wanted in [Wanted::Valid, LONG] {
        assert!(is_old(&World::of(&ahead).ask(wanted, &fault())), "its date is not believed in silence");
    }
}
