use std::fs;

use tempfile::TempDir;

use super::*;
use crate::keychain::{KeychainError, MemoryKeychain, SecretBytes, StateFolder, VariableKeychain};
use crate::protocol::client::ClientId;
use crate::protocol::time::Timestamp;

/// A data folder, and two stores that outlive the program.
struct Machine {
    home: TempDir,
    keychain: Arc<MemoryKeychain>,
    files: Arc<MemoryKeychain>,
}

impl Machine {
    fn new() -> Self {
        Self { home: TempDir::new().unwrap(), keychain: Arc::default(), files: Arc::default() }
    }

    /// Returns the store as one command has it.
    fn store(&self, chosen: Option<StoreKind>) -> TokenStore {
        let (keychain, files) = (Arc::clone(&self.keychain), Arc::clone(&self.files));
        let open = move |kind| -> Result<Arc<dyn Keychain>, StoreError> {
            match kind {
                StoreKind::Keychain => Ok(Arc::<MemoryKeychain>::clone(&keychain)),
                StoreKind::File => Ok(Arc::<MemoryKeychain>::clone(&files)),
                StoreKind::Env => Ok(Arc::new(VariableKeychain)),
                StoreKind::Memory => Ok(Arc::new(MemoryKeychain::default())),
                StoreKind::Helper(_) => panic!("a store was opened that nobody named"),
            }
        };
        TokenStore::new(IndexFile::new(self.data()), chosen, Box::new(open))
    }

    fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    /// From now on the list can be read, and not written: the data folder is a link to another one.
    #[cfg(unix)]
    fn freeze_the_list(&self) {
        let elsewhere = self.home.path().join("elsewhere");
        fs::rename(self.data(), &elsewhere).unwrap();
        std::os::unix::fs::symlink(elsewhere, self.data()).unwrap();
    }
}

fn profile(name: &str) -> Profile {
    name.parse().unwrap()
}

fn login(access_token: &str) -> StoredToken {
    StoredToken::sample(access_token)
}

fn registration(client_id: &str) -> Registration {
    Registration::new(ClientId::new(client_id), None, None, Timestamp(100))
}

/// The access token of a login, and where it was found.
fn found(store: &TokenStore, name: &str) -> Option<(String, StoreKind)> {
    let found = store.load(&profile(name)).unwrap()?;
    Some((found.record.access_token.expose().to_owned(), found.store))
}

fn has(keychain: &MemoryKeychain, account: &str) -> bool {
    keychain.get(account).unwrap().is_some()
}

#[test]
fn a_saved_login_is_current_and_is_found_in_its_store() {
    let machine = Machine::new();
    for (name, chosen, kind) in [("one", None, StoreKind::Keychain), ("two", Some(StoreKind::File), StoreKind::File)] {
        assert_eq!(machine.store(chosen).save(&profile(name), &login(name)).unwrap(), kind);
        assert_eq!(found(&machine.store(None), name), Some((name.to_owned(), kind)));
        assert_eq!(machine.store(None).index().unwrap().current.as_deref(), Some(name));
    }
    machine.store(None).make_current(&profile("one")).unwrap();
    assert_eq!(machine.store(None).index().unwrap().current.as_deref(), Some("one"));
    assert_eq!(found(&machine.store(Some(StoreKind::Keychain)), "two"), None, "the store that was typed counts");
}

#[test]
fn no_store_is_opened_to_learn_that_there_is_nothing() {
    let home = TempDir::new().unwrap();
    let open = |kind| panic!("{kind} was opened");
    let store = TokenStore::new(IndexFile::new(home.path().join("data")), None, Box::new(open));
    assert!(store.load(&profile("mine")).unwrap().is_none() && store.load_app("judgeme").unwrap().is_none());
    assert!(store.index().unwrap().logins.is_empty());
}

#[test]
fn the_store_flag_beats_the_list_and_the_variable_does_not() {
    let (keychain, file) = (StoreKind::Keychain, StoreKind::File);
    let machine = Machine::new();
    machine.store(Some(file)).save(&profile("mine"), &login("a")).unwrap();
    // Chosen; whether it is what the environment says; where the login is looked for; where a new one of its name
    // goes; where one goes that is not listed.
    let cases = [
        (None, false, file, file, keychain),
        (Some(keychain), false, keychain, keychain, keychain),
        (Some(keychain), true, file, keychain, keychain),
        (Some(file), true, file, file, file),
    ];
    for (chosen, remembers, looked_for, goes, unlisted) in cases {
        let store = machine.store(chosen);
        let store = if remembers { store.remembering() } else { store };
        let name = profile("mine");
        assert_eq!((store.kind_of(&name).unwrap(), store.kind_for(&name).unwrap()), (looked_for, goes), "{chosen:?}");
        let other = profile("other");
        assert_eq!([store.kind_of(&other).unwrap(), store.kind_for(&other).unwrap()], [unlisted; 2], "{chosen:?}");
        assert_eq!(store.kind_for_new(), unlisted);
    }
}

#[test]
fn a_login_that_moves_leaves_no_copy_behind() {
    let machine = Machine::new();
    machine.store(None).save(&profile("mine"), &login("one")).unwrap();
    machine.store(Some(StoreKind::File)).save(&profile("mine"), &login("two")).unwrap();
    assert!(!has(&machine.keychain, "mine"));
    // And one that stays is not taken for a copy.
    machine.store(None).save(&profile("mine"), &login("three")).unwrap();
    assert_eq!(found(&machine.store(None), "mine"), Some(("three".into(), StoreKind::File)));
}

#[test]
fn a_refreshed_record_takes_the_place_of_the_old_one() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    assert!(store.lock(&profile("mine"), StoreKind::Keychain, Duration::ZERO).unwrap().is_some());
    store.replace(&profile("mine"), StoreKind::Keychain, &login("two")).unwrap();
    assert_eq!(found(&store, "mine"), Some(("two".into(), StoreKind::Keychain)));
}

#[test]
fn what_is_forgotten_is_gone_from_its_store_and_from_the_list() {
    let machine = Machine::new();
    let store = machine.store(None);
    for name in ["one", "two", "three"] {
        store.save(&profile(name), &login(name)).unwrap();
    }
    assert!(store.forget(&profile("one")).unwrap() && !store.forget(&profile("one")).unwrap());
    assert!(!has(&machine.keychain, "one") && !store.index().unwrap().logins.contains_key("one"));
    assert_eq!(store.index().unwrap().current.as_deref(), Some("three"), "another login stays the current one");

    assert!(store.forget(&profile("three")).unwrap());
    assert_eq!(store.index().unwrap().current, None);

    fs::remove_dir_all(machine.data()).unwrap();
    assert!(store.forget(&profile("two")).unwrap(), "it was there, if not listed");
    assert!(!has(&machine.keychain, "two"));
}

#[test]
fn a_registration_is_kept_apart_from_a_login_of_the_same_name() {
    let machine = Machine::new();
    let store = machine.store(None);
    let client_of = |provider| Some(store.load_app(provider).unwrap()?.record.client_id);
    store.save(&profile("judgeme"), &login("one")).unwrap();
    assert_eq!(machine.store(Some(StoreKind::File)).save_app("judgeme", &registration("a")).unwrap(), StoreKind::File);
    assert_eq!(store.save_app("glu", &registration("b")).unwrap(), StoreKind::Keychain);
    assert!(has(&machine.files, "app/judgeme") && has(&machine.keychain, "app/glu"));
    assert_eq!((client_of("judgeme"), client_of("glu")), (Some(ClientId::new("a")), Some(ClientId::new("b"))));

    assert!(store.forget_app("judgeme").unwrap() && !store.forget_app("judgeme").unwrap());
    assert!(client_of("judgeme").is_none() && !has(&machine.files, "app/judgeme"));
    assert!(client_of("glu").is_some() && found(&store, "judgeme").is_some());
}

#[test]
fn a_callback_certificate_is_kept_and_a_damaged_one_is_an_error() {
    let machine = Machine::new();
    let store = machine.store(Some(StoreKind::File));
    assert!(store.load_certificate().unwrap().is_none());
    store.save_certificate(&CallbackCertificate::make("127.0.0.1", Timestamp(0)).unwrap()).unwrap();
    assert_eq!(machine.store(Some(StoreKind::File)).load_certificate().unwrap().unwrap().host, "127.0.0.1");
    machine.files.set(CERTIFICATE, b"{\"host\":[\"canary\"]}").unwrap();
    let Err(StoreError::Damaged { source, .. }) = store.load_certificate() else { panic!("it was taken") };
    assert!(source.to_string().starts_with("`host` is malformed: unexpected array"), "{source}");
}

#[test]
fn a_list_that_is_never_written_serves_its_own_process() {
    let machine = Machine::new();
    for store in [machine.store(Some(StoreKind::Memory)), machine.store(Some(StoreKind::File)).unlisted()] {
        store.save(&profile("mine"), &login("one")).unwrap();
        assert!(found(&store, "mine").is_some());
        assert_eq!(store.index().unwrap().current.as_deref(), Some("mine"));
        assert!(!machine.data().exists());
    }
}

#[test]
fn a_write_check_detects_failure_and_leaves_nothing_behind() {
    let machine = Machine::new();
    machine.store(None).prove_writable(7).unwrap();
    machine.store(None).prove_writable_in(StoreKind::File, 7).unwrap();
    for keychain in [&machine.keychain, &machine.files] {
        assert!(!has(keychain, "probe-0000000000000007"));
    }
    let store = machine.store(Some(StoreKind::Env));
    let place = store.place(StoreKind::Env).unwrap();
    assert_eq!(place, "the variable OAUTHCTL_TOKEN");
    for failure in [store.prove_writable(7), machine.store(None).prove_writable_in(StoreKind::Env, 7)] {
        let Err(StoreError::Keychain { place: named, kind: StoreKind::Env, .. }) = failure else {
            panic!("{failure:?}")
        };
        assert_eq!(named, place);
    }
}

/// Takes everything, and gives one answer.
struct Deaf(Option<&'static [u8]>);

impl Keychain for Deaf {
    fn get(&self, _: &str) -> Result<Option<SecretBytes>, KeychainError> {
        Ok(self.0.map(|bytes| SecretBytes::new(bytes.to_vec())))
    }

    fn set(&self, _: &str, _: &[u8]) -> Result<(), KeychainError> {
        Ok(())
    }

    fn delete(&self, _: &str) -> Result<bool, KeychainError> {
        Ok(false)
    }

    fn place(&self) -> String {
        "a deaf keychain".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::Nowhere
    }
}

#[test]
fn a_login_that_cannot_be_read_back_is_not_listed() {
    for answer in [None, Some(&b"{}"[..])] {
        let home = TempDir::new().unwrap();
        let open = move |_| Ok(Arc::new(Deaf(answer)) as Arc<dyn Keychain>);
        let store = TokenStore::new(IndexFile::new(home.path().join("data")), None, Box::new(open));
        let saved = store.save(&profile("mine"), &login("one"));
        assert!(matches!(saved, Err(StoreError::NotReadBack { place }) if place == "a deaf keychain"));
        assert!(store.index().unwrap().logins.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn when_listing_fails_new_records_are_deleted_and_old_ones_stay() {
    let machine = Machine::new();
    let store = machine.store(Some(StoreKind::Keychain));
    store.save(&profile("old"), &login("one")).unwrap();
    store.save_app("judgeme", &registration("one")).unwrap();
    machine.freeze_the_list();

    assert!(matches!(store.save(&profile("new"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(store.save_app("glu", &registration("two")), Err(StoreError::Index(_))));
    assert!(!has(&machine.keychain, "new") && !has(&machine.keychain, "app/glu"), "nobody would find them again");

    assert!(matches!(store.save(&profile("old"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(store.save_app("judgeme", &registration("two")), Err(StoreError::Index(_))));
    assert_eq!(found(&store, "old"), Some(("two".into(), StoreKind::Keychain)));
    assert_eq!(store.load_app("judgeme").unwrap().unwrap().record.client_id.as_str(), "two");
}

/// Another process writes after we have read back what we wrote.
#[cfg(unix)]
#[derive(Default)]
struct Overtaken {
    entries: MemoryKeychain,
    looks: std::sync::atomic::AtomicUsize,
}

#[cfg(unix)]
impl Keychain for Overtaken {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        if self.looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
            self.entries.set(account, b"theirs")?;
        }
        self.entries.get(account)
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        self.entries.set(account, secret)
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        self.entries.delete(account)
    }

    fn place(&self) -> String {
        "a busy keychain".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::Nowhere
    }
}

#[cfg(unix)]
#[test]
fn records_that_came_before_or_meanwhile_are_not_deleted() {
    let machine = Machine::new();
    let store = machine.store(Some(StoreKind::Keychain));
    store.save(&profile("old"), &login("one")).unwrap();
    machine.keychain.set("unlisted", &record::encode(&login("one"))).unwrap();
    machine.freeze_the_list();
    assert!(matches!(store.save(&profile("unlisted"), &login("two")), Err(StoreError::Index(_))));
    assert_eq!(found(&store, "unlisted"), Some(("two".into(), StoreKind::Keychain)));

    let overtaken = Arc::new(Overtaken::default());
    let opened = Arc::clone(&overtaken);
    let open = move |_| Ok(Arc::clone(&opened) as Arc<dyn Keychain>);
    let store = TokenStore::new(IndexFile::new(machine.data()), Some(StoreKind::Keychain), Box::new(open));
    assert!(store.save(&profile("new"), &login("two")).is_err());
    assert_eq!(overtaken.entries.get("new").unwrap().unwrap().as_slice(), b"theirs");
}

#[cfg(unix)]
#[test]
fn a_login_stays_in_its_old_store_when_listing_fails() {
    let machine = Machine::new();
    machine.store(None).save(&profile("mine"), &login("one")).unwrap();
    machine.store(None).save_app("judgeme", &registration("one")).unwrap();
    machine.freeze_the_list();
    let moving = machine.store(Some(StoreKind::File));
    assert!(matches!(moving.save(&profile("mine"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(moving.save_app("judgeme", &registration("two")), Err(StoreError::Index(_))));
    assert!(!has(&machine.files, "mine") && !has(&machine.files, "app/judgeme"));
    assert_eq!(found(&machine.store(None), "mine"), Some(("one".into(), StoreKind::Keychain)));
    assert!(has(&machine.keychain, "app/judgeme"));
}

#[test]
fn nothing_is_written_over_as_long_as_the_list_is_damaged() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    store.save_app("judgeme", &registration("one")).unwrap();
    let accounts = ["mine", "app/judgeme"];
    let before = accounts.map(|account| machine.keychain.get(account).unwrap());
    fs::write(machine.data().join("logins.json"), "{").unwrap();
    assert!(matches!(store.save(&profile("mine"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(store.save_app("judgeme", &registration("two")), Err(StoreError::Index(_))));
    assert!(accounts.map(|account| machine.keychain.get(account).unwrap()) == before);
}

/// Every way in which a listed record is looked for.
#[test]
fn what_is_listed_and_not_found_is_not_taken_for_removed() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    store.save_app("judgeme", &registration("a")).unwrap();
    let kept = ["mine", "app/judgeme"].map(|account| (account, machine.keychain.get(account).unwrap().unwrap()));
    kept.iter().for_each(|(account, _)| assert!(machine.keychain.delete(account).unwrap()));

    let gone = |result: Result<_, StoreError>| match result {
        Err(StoreError::LoginGone { profile, provider, place }) => (profile, provider, place),
        other => panic!("{other:?}"),
    };
    let named = || ("mine".to_owned(), "judgeme".to_owned(), "memory".to_owned());
    assert_eq!(gone(store.load(&profile("mine")).map(drop)), named());
    assert_eq!(gone(store.forget(&profile("mine")).map(drop)), named());
    let client = store.load_app("judgeme");
    assert!(matches!(client, Err(StoreError::ClientGone { provider, .. }) if provider == "judgeme"));
    assert!(machine.store(Some(StoreKind::File)).load(&profile("mine")).unwrap().is_none(), "it is not listed there");

    kept.iter().for_each(|(account, record)| machine.keychain.set(account, record).unwrap());
    assert_eq!(found(&machine.store(None), "mine"), Some(("one".into(), StoreKind::Keychain)));
    assert!(store.load_app("judgeme").unwrap().is_some());
}

#[test]
fn what_is_gone_for_good_can_be_forgotten_or_replaced() {
    let machine = Machine::new();
    let store = machine.store(None);
    for name in ["one", "two"] {
        store.save(&profile(name), &login(name)).unwrap();
        machine.keychain.delete(name).unwrap();
    }
    assert!(store.forget_even_if_gone(&profile("one")).unwrap() && store.load(&profile("one")).unwrap().is_none());
    store.save(&profile("two"), &login("anew")).unwrap();
    assert_eq!(found(&store, "two"), Some(("anew".into(), StoreKind::Keychain)));
    store.save_app("judgeme", &registration("a")).unwrap();
    machine.keychain.delete("app/judgeme").unwrap();
    assert!(store.forget_app("judgeme").unwrap() && store.load_app("judgeme").unwrap().is_none());
}

/// A process that was killed in the middle of it, and one that looks while another is in the middle of it.
#[test]
fn a_removal_that_was_begun_is_seen() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    let mark = |index: &mut LoginIndex| Entry::Login(&profile("mine")).mark(index, true);
    IndexFile::new(machine.data()).change(mark).unwrap();
    assert!(found(&store, "mine").is_some(), "as long as it is there");
    assert!(store.forget(&profile("mine")).unwrap(), "and it can be begun again");
    store.save(&profile("mine"), &login("one")).unwrap();
    IndexFile::new(machine.data()).change(mark).unwrap();
    machine.keychain.delete("mine").unwrap();
    assert!(store.load(&profile("mine")).unwrap().is_none());
    assert!(store.forget(&profile("mine")).unwrap() && !store.forget(&profile("mine")).unwrap());
}

#[test]
fn a_removal_that_fails_is_none() {
    let home = TempDir::new().unwrap();
    let open = |_| Ok(Arc::new(VariableKeychain) as Arc<dyn Keychain>);
    let index = IndexFile::new(home.path().join("data"));
    let list = |index: &mut LoginIndex| {
        index.logins.insert("mine".into(), LoginEntry::new("judgeme".into(), StoreKind::File, Default::default()));
    };
    index.change(list).unwrap();
    let store = TokenStore::new(index, None, Box::new(open));
    assert!(matches!(store.forget_even_if_gone(&profile("mine")), Err(StoreError::Keychain { .. })));
    assert_eq!(store.listing(&profile("mine")).unwrap(), Some(Listing::In(StoreKind::File)));
}

#[test]
fn what_is_removed_from_one_store_stays_listed_in_another() {
    let machine = Machine::new();
    machine.store(None).save(&profile("mine"), &login("one")).unwrap();
    assert!(!machine.store(Some(StoreKind::File)).forget(&profile("mine")).unwrap());
    assert_eq!(found(&machine.store(None), "mine"), Some(("one".into(), StoreKind::Keychain)));
}

#[test]
fn a_login_goes_to_the_store_that_was_proven() {
    let machine = Machine::new();
    machine.store(Some(StoreKind::File)).save(&profile("mine"), &login("one")).unwrap();
    let store = machine.store(None);
    let proven = store.kind_for(&profile("mine")).unwrap();
    // Another process logs out while the person is in the browser.
    machine.store(None).forget(&profile("mine")).unwrap();
    assert_eq!(store.save_in(proven, &profile("mine"), &login("two")).unwrap(), StoreKind::File);
    assert_eq!(found(&machine.store(None), "mine"), Some(("two".into(), StoreKind::File)));
}

#[test]
fn a_list_that_is_gone_says_nothing() {
    let machine = Machine::new();
    let store = machine.store(None);
    assert_eq!(store.listing(&profile("mine")).unwrap(), None);
    store.save(&profile("other"), &login("one")).unwrap();
    assert_eq!(store.listing(&profile("mine")).unwrap(), Some(Listing::Nowhere));
    store.save(&profile("mine"), &login("one")).unwrap();
    assert_eq!(store.listing(&profile("mine")).unwrap(), Some(Listing::In(StoreKind::Keychain)));
    fs::remove_file(machine.data().join("logins.json")).unwrap();
    assert_eq!(store.listing(&profile("mine")).unwrap(), None);
}
