//! Writes that fail halfway, or meet another process.

use super::*;

/// Accepts everything, and always returns the same answer.
struct FixedAnswer(Option<&'static [u8]>);

impl Keychain for FixedAnswer {
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
        "a made-up keychain".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::Nowhere
    }
}

#[test]
fn a_login_that_cannot_be_read_back_is_not_listed() {
    for answer in [None, Some(&b"{}"[..])] {
        let home = TempDir::new().unwrap();
        let open = move |_| Ok(Arc::new(FixedAnswer(answer)) as Arc<dyn Keychain>);
        let store = TokenStore::new(IndexFile::new(home.path().join("data")), None, Box::new(open));
        let saved = store.save(&profile("mine"), &login("one"));
        assert!(matches!(saved, Err(StoreError::NotReadBack { place }) if place == "a made-up keychain"));
        assert!(store.index().unwrap().logins.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn when_listing_fails_only_new_records_are_deleted() {
    let machine = Machine::new();
    let store = machine.store(Some(StoreKind::Keychain));
    store.save(&profile("old"), &login("one")).unwrap();
    store.save_app(&client("judgeme"), &registration("one")).unwrap();
    machine.make_list_read_only();

    assert!(matches!(store.save(&profile("new"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(store.save_app(&client("glu"), &registration("two")), Err(StoreError::Index(_))));
    assert!(!has(&machine.keychain, "new") && !has(&machine.keychain, "app/glu"), "they could not be found again");

    assert!(matches!(store.save(&profile("old"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(store.save_app(&client("judgeme"), &registration("two")), Err(StoreError::Index(_))));
    assert_eq!(found(&store, "old"), Some(("two".into(), StoreKind::Keychain)));
    assert_eq!(store.load_app(&client("judgeme")).unwrap().unwrap().record.client_id.as_str(), "two");
}

/// A keychain in which another process writes after we have read back what we wrote.
#[cfg(unix)]
#[derive(Default)]
struct RacingKeychain {
    entries: MemoryKeychain,
    looks: std::sync::atomic::AtomicUsize,
}

#[cfg(unix)]
impl Keychain for RacingKeychain {
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
fn older_records_and_those_of_others_are_not_deleted() {
    let machine = Machine::new();
    let store = machine.store(Some(StoreKind::Keychain));
    store.save(&profile("old"), &login("one")).unwrap();
    machine.keychain.set("unlisted", &record::encode(&login("one"))).unwrap();
    machine.make_list_read_only();
    assert!(matches!(store.save(&profile("unlisted"), &login("two")), Err(StoreError::Index(_))));
    assert_eq!(found(&store, "unlisted"), Some(("two".into(), StoreKind::Keychain)));

    let racing = Arc::new(RacingKeychain::default());
    let opened = Arc::clone(&racing);
    let open = move |_| Ok(Arc::clone(&opened) as Arc<dyn Keychain>);
    let store = TokenStore::new(IndexFile::new(machine.data()), Some(StoreKind::Keychain), Box::new(open));
    assert!(store.save(&profile("new"), &login("two")).is_err());
    assert_eq!(racing.entries.get("new").unwrap().unwrap().as_slice(), b"theirs");
}

#[cfg(unix)]
#[test]
fn a_login_stays_in_its_old_store_when_listing_fails() {
    let machine = Machine::new();
    machine.store(None).save(&profile("mine"), &login("one")).unwrap();
    machine.store(None).save_app(&client("judgeme"), &registration("one")).unwrap();
    machine.make_list_read_only();
    let moving = machine.store(Some(StoreKind::File));
    assert!(matches!(moving.save(&profile("mine"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(moving.save_app(&client("judgeme"), &registration("two")), Err(StoreError::Index(_))));
    assert!(!has(&machine.files, "mine") && !has(&machine.files, "app/judgeme"));
    assert_eq!(found(&machine.store(None), "mine"), Some(("one".into(), StoreKind::Keychain)));
    assert!(has(&machine.keychain, "app/judgeme"));
}

#[test]
fn nothing_is_overwritten_while_the_list_is_damaged() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    store.save_app(&client("judgeme"), &registration("one")).unwrap();
    let accounts = ["mine", "app/judgeme"];
    let before = accounts.map(|account| machine.keychain.get(account).unwrap());
    fs::write(machine.data().join("logins.json"), "{").unwrap();
    assert!(matches!(store.save(&profile("mine"), &login("two")), Err(StoreError::Index(_))));
    assert!(matches!(store.save_app(&client("judgeme"), &registration("two")), Err(StoreError::Index(_))));
    assert!(accounts.map(|account| machine.keychain.get(account).unwrap()) == before);
}
