//! The store that a record is read from and written to.

use super::*;

#[test]
fn no_store_is_opened_when_nothing_is_listed() {
    let home = TempDir::new().unwrap();
    let open = |kind| panic!("{kind} was opened");
    let store = TokenStore::new(IndexFile::new(home.path().join("data")), None, Box::new(open));
    assert!(store.load(&profile("mine")).unwrap().is_none() && store.load_app(&client("judgeme")).unwrap().is_none());
    assert!(store.index().unwrap().logins.is_empty());
}

#[test]
fn the_store_flag_beats_the_list_and_the_variable_does_not() {
    let (keychain, file) = (StoreKind::Keychain, StoreKind::File);
    let machine = Machine::new();
    machine.store(Some(file)).save(&profile("mine"), &login("a")).unwrap();
    // The chosen store; whether the environment chose it; the stores to read the login from, to write it to, and to
    // write an unlisted one to.
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
fn a_list_in_memory_works_and_writes_nothing() {
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
