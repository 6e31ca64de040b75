//! How often a store is asked: each question may be one to a person.

use std::collections::BTreeMap;

use super::*;

/// Stands for a system's keychain, and counts what it is asked for.
#[derive(Default)]
struct Counting {
    entries: MemoryKeychain,
    reads: Mutex<BTreeMap<String, usize>>,
}

impl Counting {
    fn reads(&self, account: &str) -> usize {
        self.reads.lock().unwrap().get(account).copied().unwrap_or(0)
    }
}

impl Keychain for Counting {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        *self.reads.lock().unwrap().entry(account.to_owned()).or_default() += 1;
        self.entries.get(account)
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        self.entries.set(account, secret)
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        self.entries.delete(account)
    }

    fn place(&self) -> String {
        "a keychain that counts".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::Nowhere
    }
}

/// A list, and a keychain that outlives the processes.
struct Desk {
    home: TempDir,
    keychain: Arc<Counting>,
}

impl Desk {
    /// One with the logins `mine` and `other`, and a client.
    fn new() -> Self {
        let desk = Self { home: TempDir::new().unwrap(), keychain: Arc::default() };
        let store = desk.process();
        store.save(&profile("mine"), &login("one")).unwrap();
        store.save(&profile("other"), &login("two")).unwrap();
        store.save_app(&client("judgeme"), &registration("id")).unwrap();
        desk.keychain.reads.lock().unwrap().clear();
        desk
    }

    fn process(&self) -> TokenStore {
        self.process_with(None)
    }

    fn process_with(&self, chosen: Option<StoreKind>) -> TokenStore {
        let keychain = Arc::clone(&self.keychain);
        let open = move |_| Ok(Arc::clone(&keychain) as Arc<dyn Keychain>);
        TokenStore::new(IndexFile::new(self.home.path().join("data")), chosen, Box::new(open))
    }
}

fn token(store: &TokenStore, name: &str) -> Option<String> {
    found(store, name).map(|(token, _)| token)
}

#[test]
fn a_keychain_is_asked_for_a_record_once_a_process() {
    let desk = Desk::new();
    let store = desk.process();
    for _ in 0..3 {
        assert_eq!(token(&store, "mine").as_deref(), Some("one"));
        assert_eq!(store.load_app(&client("judgeme")).unwrap().unwrap().record.client_id.as_str(), "id");
    }
    assert_eq!((desk.keychain.reads("mine"), desk.keychain.reads("app/judgeme")), (1, 1));
    assert_eq!(desk.keychain.reads("other"), 0, "nobody asked for it");
    assert_eq!(token(&desk.process(), "mine").as_deref(), Some("one"));
    assert_eq!(desk.keychain.reads("mine"), 2, "a process remembers nothing for the next one");
}

#[test]
fn names_of_logins_come_from_the_list_alone() {
    let desk = Desk::new();
    let store = desk.process();
    let names: Vec<_> = store.index().unwrap().logins.into_keys().collect();
    assert_eq!(names, ["mine", "other"]);
    assert!(store.load(&profile("none")).unwrap().is_none());
    assert!(desk.keychain.reads.lock().unwrap().is_empty());
}

#[test]
fn who_asks_for_the_lock_reads_what_others_have_written() {
    let desk = Desk::new();
    let (store, other) = (desk.process(), desk.process());
    assert_eq!(token(&store, "mine").as_deref(), Some("one"));
    other.replace(&profile("mine"), StoreKind::Keychain, &login("newer")).unwrap();
    let _lock = store.lock(&profile("mine"), StoreKind::Keychain, Duration::ZERO).unwrap().unwrap();
    assert_eq!(token(&store, "mine").as_deref(), Some("newer"));
    other.replace(&profile("mine"), StoreKind::Keychain, &login("newest")).unwrap();
    assert_eq!(token(&store, "mine").as_deref(), Some("newest"), "from then on, each read is a real one");
}

#[test]
fn what_this_process_has_written_is_read_again() {
    let desk = Desk::new();
    let store = desk.process();
    assert_eq!(token(&store, "mine").as_deref(), Some("one"));
    store.replace(&profile("mine"), StoreKind::Keychain, &login("three")).unwrap();
    assert_eq!(token(&store, "mine").as_deref(), Some("three"));
    let client_id = || store.load_app(&client("judgeme")).unwrap().unwrap().record.client_id;
    assert_eq!(client_id().as_str(), "id");
    store.save_app(&client("judgeme"), &registration("another")).unwrap();
    assert_eq!(client_id().as_str(), "another");
}

#[test]
fn a_login_that_another_process_removed_is_not_remembered() {
    for chosen in [None, Some(StoreKind::Keychain)] {
        let desk = Desk::new();
        let store = desk.process_with(chosen);
        assert_eq!(token(&store, "mine").as_deref(), Some("one"));
        assert!(desk.process().forget(&profile("mine")).unwrap());
        assert_eq!(token(&store, "mine"), None, "{chosen:?}");
    }
}
