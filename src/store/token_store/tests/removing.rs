//! Records that are deleted, or are missing without being deleted.

use super::*;

#[test]
fn a_deleted_login_is_gone_from_its_store_and_the_list() {
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
    assert!(store.forget(&profile("two")).unwrap(), "it existed, though it was not listed");
    assert!(!has(&machine.keychain, "two"));
}

/// Covers every way to look for a listed record.
#[test]
fn a_listed_record_that_is_missing_is_not_taken_for_removed() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    store.save_app(&client("judgeme"), &registration("a")).unwrap();
    let kept = ["mine", "app/judgeme"].map(|account| (account, machine.keychain.get(account).unwrap().unwrap()));
    kept.iter().for_each(|(account, _)| assert!(machine.keychain.delete(account).unwrap()));

    let gone = |result: Result<_, StoreError>| match result {
        Err(StoreError::LoginGone { profile, provider, place }) => (profile, provider, place),
        other => panic!("{other:?}"),
    };
    let named = || ("mine".to_owned(), "judgeme".to_owned(), "memory".to_owned());
    assert_eq!(gone(store.load(&profile("mine")).map(drop)), named());
    assert_eq!(gone(store.forget(&profile("mine")).map(drop)), named());
    let lost = store.load_app(&client("judgeme"));
    assert!(matches!(lost, Err(StoreError::ClientGone { key, .. }) if key == client("judgeme")));
    assert!(machine.store(Some(StoreKind::File)).load(&profile("mine")).unwrap().is_none(), "it is not listed there");

    kept.iter().for_each(|(account, record)| machine.keychain.set(account, record).unwrap());
    assert_eq!(found(&machine.store(None), "mine"), Some(("one".into(), StoreKind::Keychain)));
    assert!(store.load_app(&client("judgeme")).unwrap().is_some());
}

#[test]
fn a_record_gone_for_good_can_be_deleted_or_replaced() {
    let machine = Machine::new();
    let store = machine.store(None);
    for name in ["one", "two"] {
        store.save(&profile(name), &login(name)).unwrap();
        machine.keychain.delete(name).unwrap();
    }
    assert!(store.forget_even_if_gone(&profile("one")).unwrap() && store.load(&profile("one")).unwrap().is_none());
    store.save(&profile("two"), &login("anew")).unwrap();
    assert_eq!(found(&store, "two"), Some(("anew".into(), StoreKind::Keychain)));
    store.save_app(&client("judgeme"), &registration("a")).unwrap();
    machine.keychain.delete("app/judgeme").unwrap();
    assert!(store.forget_app(&client("judgeme")).unwrap() && store.load_app(&client("judgeme")).unwrap().is_none());
}

/// Covers a process killed during a removal, and one that looks during another's removal.
#[test]
fn a_removal_that_has_begun_is_recognized() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    let mark = |index: &mut LoginIndex| Entry::Login(&profile("mine")).mark(index, true);
    IndexFile::new(machine.data()).change(mark).unwrap();
    assert!(found(&store, "mine").is_some(), "while the record exists");
    assert!(store.forget(&profile("mine")).unwrap(), "and the removal can be repeated");
    store.save(&profile("mine"), &login("one")).unwrap();
    IndexFile::new(machine.data()).change(mark).unwrap();
    machine.keychain.delete("mine").unwrap();
    assert!(store.load(&profile("mine")).unwrap().is_none());
    assert!(store.forget(&profile("mine")).unwrap() && !store.forget(&profile("mine")).unwrap());
}

#[test]
fn a_failed_removal_leaves_the_login_listed() {
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
fn a_removal_in_one_store_keeps_the_login_listed_in_another() {
    let machine = Machine::new();
    machine.store(None).save(&profile("mine"), &login("one")).unwrap();
    assert!(!machine.store(Some(StoreKind::File)).forget(&profile("mine")).unwrap());
    assert_eq!(found(&machine.store(None), "mine"), Some(("one".into(), StoreKind::Keychain)));
}

#[test]
fn a_missing_list_does_not_mean_that_a_login_was_removed() {
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
