//! Records that are written, read back and listed.

use super::*;

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
fn a_login_that_moves_leaves_no_copy() {
    let machine = Machine::new();
    machine.store(None).save(&profile("mine"), &login("one")).unwrap();
    machine.store(Some(StoreKind::File)).save(&profile("mine"), &login("two")).unwrap();
    assert!(!has(&machine.keychain, "mine"));
    // A login that stays in its store is not taken for a copy.
    machine.store(None).save(&profile("mine"), &login("three")).unwrap();
    assert_eq!(found(&machine.store(None), "mine"), Some(("three".into(), StoreKind::File)));
}

#[test]
fn a_refreshed_record_replaces_the_old_one() {
    let machine = Machine::new();
    let store = machine.store(None);
    store.save(&profile("mine"), &login("one")).unwrap();
    assert!(store.lock(&profile("mine"), StoreKind::Keychain, Duration::ZERO).unwrap().is_some());
    store.replace(&profile("mine"), StoreKind::Keychain, &login("two")).unwrap();
    assert_eq!(found(&store, "mine"), Some(("two".into(), StoreKind::Keychain)));
}

#[test]
fn a_registration_and_a_login_of_one_name_are_separate() {
    let machine = Machine::new();
    let store = machine.store(None);
    let client_of = |provider| Some(store.load_app(&client(provider)).unwrap()?.record.client_id);
    store.save(&profile("judgeme"), &login("one")).unwrap();
    assert_eq!(
        machine.store(Some(StoreKind::File)).save_app(&client("judgeme"), &registration("a")).unwrap(),
        StoreKind::File
    );
    assert_eq!(store.save_app(&client("glu"), &registration("b")).unwrap(), StoreKind::Keychain);
    assert!(has(&machine.files, "app/judgeme") && has(&machine.keychain, "app/glu"));
    assert_eq!((client_of("judgeme"), client_of("glu")), (Some(ClientId::new("a")), Some(ClientId::new("b"))));

    assert!(store.forget_app(&client("judgeme")).unwrap() && !store.forget_app(&client("judgeme")).unwrap());
    assert!(client_of("judgeme").is_none() && !has(&machine.files, "app/judgeme"));
    assert!(client_of("glu").is_some() && found(&store, "judgeme").is_some());
}

#[test]
fn clients_of_one_provider_are_separate_records() {
    let machine = Machine::new();
    let store = machine.store(None);
    let work = ClientKey::new("judgeme", "work".parse().unwrap());
    for (key, id) in [(&client("judgeme"), "a"), (&work, "b"), (&client("glu"), "c")] {
        store.save_app(key, &registration(id)).unwrap();
    }
    let id_of = |key: &ClientKey| store.load_app(key).unwrap().map(|found| found.record.client_id.to_string());
    assert_eq!((id_of(&client("judgeme")), id_of(&work)), (Some("a".to_owned()), Some("b".to_owned())));
    // As 0.1 names the one without a name, in the keychain and in the list.
    assert!(has(&machine.keychain, "app/judgeme") && has(&machine.keychain, "app/judgeme~work"));
    assert_eq!(store.index().unwrap().apps.keys().collect::<Vec<_>>(), ["glu", "judgeme", "judgeme~work"]);
    assert!(store.forget_app(&work).unwrap() && id_of(&work).is_none());
    assert_eq!(id_of(&client("judgeme")).as_deref(), Some("a"));
}

#[test]
fn a_listed_client_is_read_from_its_own_store() {
    let machine = Machine::new();
    machine.store(None).save_app(&client("judgeme"), &registration("a")).unwrap();
    let typed = machine.store(Some(StoreKind::File));
    assert!(typed.load_app(&client("judgeme")).unwrap().is_none(), "the store that was typed counts");
    let listed = typed.load_listed_app(&client("judgeme"), StoreKind::Keychain).unwrap();
    assert_eq!(listed.record.client_id.as_str(), "a");
    machine.keychain.delete("app/judgeme").unwrap();
    let gone = typed.load_listed_app(&client("judgeme"), StoreKind::Keychain);
    assert!(matches!(gone, Err(StoreError::ClientGone { .. })));
}

#[test]
fn a_callback_certificate_is_stored_and_damage_is_an_error() {
    let machine = Machine::new();
    let store = machine.store(Some(StoreKind::File));
    assert!(store.load_certificate().unwrap().is_none());
    store.save_certificate(&CallbackCertificate::make("127.0.0.1", Timestamp(0)).unwrap()).unwrap();
    assert_eq!(machine.store(Some(StoreKind::File)).load_certificate().unwrap().unwrap().host, "127.0.0.1");
    machine.files.set(clients::CERTIFICATE, b"{\"host\":[\"canary\"]}").unwrap();
    let Err(StoreError::Damaged { source, .. }) = store.load_certificate() else { panic!("it was accepted") };
    assert!(source.to_string().starts_with("`host` is malformed: unexpected array"), "{source}");
}
