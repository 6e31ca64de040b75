//! The client of a login, of several of one provider.

use super::*;

#[test]
fn a_login_is_refreshed_as_the_client_it_was_made_with() {
    let machine = Machine::new();
    machine.log_in("mine", Some("first"));
    let client = |machine: &Machine| machine.session().client_of(&profile("mine"), &login(Some("first")));
    assert!(matches!(client(&machine), Err(SessionError::OtherClient { .. })), "none is registered");
    machine.register("default", "first");
    assert_eq!(client(&machine).unwrap().from, Source::Store("file".to_owned()));
    machine.register("default", "second");
    let refused = error(client(&machine));
    assert!(refused.next_step().hint.unwrap().contains("OAUTHCTL_CLIENT_ID=first"));
    let machine = machine.with("OAUTHCTL_CLIENT_ID", " first ");
    let found = client(&machine).unwrap();
    assert_eq!(found.from, Source::Variable("OAUTHCTL_CLIENT_ID"));
    assert_eq!(found.value.client_secret.unwrap().expose(), "secret-of-environment");
}

#[test]
fn a_logins_client_is_found_under_its_app_or_by_its_id() {
    let machine = Machine::new();
    for (app, id) in [("default", "a"), ("work", "b"), ("ci", "c")] {
        machine.register(app, id);
    }
    let found = |login: &StoredToken| {
        let client = machine.session().client_of(&profile("mine"), login);
        client.map(|client| client.value.client_id.to_string())
    };
    assert_eq!(found(&login_by("work", "b")).unwrap(), "b");
    // As 0.1 wrote it.
    assert_eq!(found(&login(Some("a"))).unwrap(), "a");
    assert_eq!(found(&login(Some("c"))).unwrap(), "c", "registered again under a name");
    assert_eq!(found(&login_by("old-name", "c")).unwrap(), "c");
    for lost in [login_by("work", "x"), login(Some("x"))] {
        assert!(matches!(found(&lost), Err(SessionError::OtherClient { .. })), "no other client stands in for it");
    }
}

#[test]
fn a_client_that_cannot_be_read_is_doubt() {
    let machine = Machine::new();
    machine.register("default", "a");
    machine.register("work", "b");
    let file = machine.home.path().join("data/store/app/judgeme~work.sealed");
    std::fs::remove_file(file).unwrap();
    let client = |login: &StoredToken| machine.session().client_of(&profile("mine"), login).map(drop);
    assert!(client(&login(Some("a"))).is_ok(), "another client is not its concern");
    for login in [login_by("work", "b"), login(Some("b"))] {
        assert!(matches!(client(&login), Err(SessionError::Store(crate::store::StoreError::ClientGone { .. }))));
    }
}

#[test]
fn a_new_login_uses_the_app_that_is_meant() {
    let provider = Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap();
    let machine = Machine::new();
    let chosen = |machine: &Machine, typed: Option<&str>, name: &str| {
        let typed = typed.map(|app| app.parse().unwrap());
        let session = machine.session();
        let before = session.store()?.load(&profile(name))?.map(|found| found.record);
        let client = session.client_for_login(&provider, typed.as_ref(), before.as_ref())?;
        let id = client.client.map(|client| client.value.client_id.to_string());
        Ok::<_, SessionError>((client.key.app.to_string(), id.unwrap_or_default()))
    };
    let is = |app: &str, id: &str| (app.to_owned(), id.to_owned());
    assert_eq!(chosen(&machine, None, "new").unwrap(), is("default", ""), "none is registered");
    machine.register("work", "b");
    assert_eq!(chosen(&machine, None, "new").unwrap(), is("work", "b"), "it is the only one");
    assert_eq!(chosen(&machine, Some("default"), "new").unwrap(), is("default", ""));
    machine.register("ci", "c");
    let refused = error(chosen(&machine, None, "new"));
    assert!(matches!(&refused, SessionError::SeveralApps { apps, .. } if apps.len() == 2), "{refused:?}");
    machine.register("default", "a");
    assert_eq!(chosen(&machine, None, "new").unwrap(), is("default", "a"));
    assert_eq!(chosen(&machine, Some("ci"), "new").unwrap(), is("ci", "c"));
    machine.log_in_with("by-work", &login_by("work", "b"));
    machine.log_in("of-0-1", Some("c"));
    assert_eq!(chosen(&machine, None, "by-work").unwrap(), is("work", "b"), "a login keeps its client");
    assert_eq!(chosen(&machine, None, "of-0-1").unwrap(), is("ci", "c"), "by its id too");
    assert_eq!(chosen(&machine, Some("default"), "by-work").unwrap(), is("default", "a"), "until told otherwise");
    let machine = machine.with("OAUTHCTL_CLIENT_ID", "of-environment");
    assert_eq!(chosen(&machine, None, "by-work").unwrap(), is("default", "of-environment"));
    assert_eq!(chosen(&machine, Some("work"), "new").unwrap(), is("work", "b"), "what is typed counts more");
}

#[test]
fn a_login_by_a_named_app_has_a_name_of_its_own() {
    let machine = Machine::new();
    let name = |machine: &Machine, id: &str, app: &str| {
        machine.session().profile_for_login(id, Some(&app.parse().unwrap())).unwrap().value.to_string()
    };
    assert_eq!(name(&machine, "judgeme", "work"), "judgeme-work");
    assert_eq!(name(&machine, "judgeme", "default"), "judgeme");
    let long = "a".repeat(60);
    assert_eq!(name(&machine, &long, "work-2"), "work-2", "together they are too long");
    let machine = machine.with_file(project::FILE, "profile = 'shop'");
    assert_eq!(name(&machine, "judgeme", "work"), "shop", "there is none of that name yet");
    machine.log_in_with("shop", &login_by("work", "b"));
    assert_eq!(name(&machine, "judgeme", "work"), "shop");
    assert_eq!(name(&machine, "judgeme", "ci"), "judgeme-ci", "the project's login is by another app");
}

#[test]
fn every_login_is_listed_with_its_client() {
    let machine = Machine::new();
    machine.register("default", "a");
    machine.register("work", "b");
    machine.log_in("of-0-1", Some("a"));
    machine.log_in("moved", Some("b"));
    machine.log_in_with("by-work", &login_by("work", "b"));
    machine.log_in_with("replaced", &login_by("work", "x"));
    machine.log_in("given", None);
    let clients = machine.session().clients(Some("judgeme")).unwrap();
    assert_eq!(clients.users(&key("default")), ["of-0-1"]);
    assert_eq!(clients.users(&key("work")), ["by-work", "moved"]);
    let unregistered: Vec<_> = clients.unregistered.into_iter().collect();
    assert_eq!(unregistered, [(("judgeme".to_owned(), "x".to_owned()), vec!["replaced".to_owned()])]);
    assert!(clients.first_error.is_none() && machine.session().clients(Some("glu")).unwrap().registered.is_empty());
    // A login that cannot be read may use any of them, and a client that cannot be read is still its logins'.
    let store = machine.home.path().join("data/store");
    std::fs::write(store.join("login/moved.sealed"), "damaged").unwrap();
    std::fs::write(store.join("app/judgeme~work.sealed"), "damaged").unwrap();
    let clients = machine.session().clients(None).unwrap();
    assert_eq!(clients.users(&key("default")), ["of-0-1", "moved"]);
    assert_eq!(clients.users(&key("work")), ["by-work", "replaced", "moved"]);
    assert!(clients.first_error.is_some() && clients.of(&key("work")).unwrap().record.is_err());
}

#[test]
fn a_token_is_asked_about_by_its_own_client() {
    let machine = Machine::new();
    machine.register("default", "a");
    machine.register("work", "b");
    let asks = |machine: &Machine, token: StoredToken| {
        let session = machine.session();
        let login = session.activate(profile("mine"), token).unwrap();
        session.client_to_introspect(&login).unwrap().unwrap().value.client_id.to_string()
    };
    assert_eq!(asks(&machine, login_by("work", "b")), "b");
    assert_eq!(asks(&machine, login(None)), "a", "a token that was given has none");
    assert_eq!(asks(&machine, login(Some("gone"))), "a", "its own is not registered");
    let machine = machine.with("OAUTHCTL_CLIENT_ID", "of-environment");
    assert_eq!(asks(&machine, login_by("work", "b")), "of-environment", "a resource server may have one of its own");
}
