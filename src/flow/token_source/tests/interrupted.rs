//! Refreshes that were cut short, and records that vanished meanwhile.

use super::*;

#[test]
fn an_interrupted_refresh_is_remembered_until_one_succeeds() {
    let world = World::of(&login(0));
    let lost = Scripted::new(|_| Err(HttpError::Timeout { origin: String::new(), seconds: 30 }));
    assert!(world.ask(Wanted::Valid, &lost).is_err());
    let stored = world.stored();
    assert_eq!(stored.intent.map(|intent| (intent.begun_at, intent.journal_key)), Some((Timestamp(NOW), None)));
    assert_eq!(text(&world.ask(Wanted::Valid, &new_token())), "new");
    assert!(world.stored().intent.is_none());
}

/// A keychain is started anew, and empty; the old one comes back later.
#[test]
fn a_record_that_is_not_found_after_the_rotation_is_restored() {
    for is_listed in [true, false] {
        let world = if is_listed { World::listed(&login(30)) } else { World::on_disk(&login(30)) };
        let taken = Mutex::new(None);
        let swapped = new_token_and(|| {
            *taken.lock().unwrap() = world.desk.entries.get("mine").unwrap();
            world.desk.entries.delete("mine").unwrap();
        });
        let asked = world.ask(Wanted::Valid, &swapped);
        let Err(TokenSourceError::Unsettled { journal, place, .. }) = asked else { panic!("{asked:?}") };
        assert_eq!((journal.as_str(), place.as_str()), (world.journal().to_str().unwrap(), "a desk"));
        assert!(world.journal().exists() && world.desk.entries.get("mine").unwrap().is_none(), "nothing is made up");
        let again = world.try_to_ask(Wanted::Valid, &silence());
        match is_listed {
            true => assert!(matches!(again, Err(TokenSourceError::Store(StoreError::LoginGone { .. }))), "{again:?}"),
            false => assert!(again.unwrap().is_none()),
        }
        world.desk.entries.set("mine", taken.lock().unwrap().as_ref().unwrap()).unwrap();
        assert_eq!(text(&world.ask(Wanted::Valid, &silence())), "new");
        assert!(!world.journal().exists());
    }
}

#[test]
fn a_removal_or_a_newer_login_that_is_seen_drops_the_journal() {
    let newer = login(30).but(|login| login.refresh_token = Some(RefreshToken::new("of another login")));
    let happenings: [&(dyn Fn(&World) + Sync); 2] =
        [&|world| assert!(world.store.forget(&profile()).unwrap()), &|world| world.put(&newer)];
    for happens in happenings {
        let world = World::listed(&login(30));
        let asked = world.ask(Wanted::Valid, &new_token_and(|| happens(&world)));
        assert!(matches!(asked, Err(TokenSourceError::Replaced { .. })), "{asked:?}");
        assert!(!world.journal().exists());
    }
}

#[test]
fn an_older_state_of_the_store_is_no_newer_login() {
    let world = World::listed(&login(30));
    // As it was before the intent.
    let asked = world.ask(Wanted::Valid, &new_token_and(|| world.put(&login(30))));
    assert!(text(&asked) == "new" && asked.unwrap().warning.is_none());
    assert_eq!(world.stored().access_token.expose(), "new");
    // As it was refreshes ago.
    let world = World::listed(&login(30).but(|login| login.generation = 7));
    let older = login(30).but(|login| {
        (login.refresh_token, login.obtained_at) = (Some(RefreshToken::new("r0")), Timestamp(NOW - 950));
    });
    let asked = world.ask(Wanted::Valid, &new_token_and(|| world.put(&older)));
    assert!(matches!(asked, Err(TokenSourceError::Unsettled { .. })), "{asked:?}");
    assert!(world.journal().exists() && world.stored().access_token.expose() == "old");
}

#[test]
fn a_failed_refresh_brings_no_removed_record_back() {
    for (http, fails) in [(refused(), "refused"), (StubResponse::new(500, ""), "could not be refreshed")] {
        let world = World::listed(&login(0));
        let answer = Mutex::new(Some(http));
        let http = Scripted::new(|_| {
            world.desk.entries.delete("mine").unwrap();
            Ok(answer.lock().unwrap().take().unwrap())
        });
        let error = world.ask(Wanted::Valid, &http).unwrap_err();
        assert!(error.to_string().contains(fails), "{error}");
        assert!(world.desk.entries.get("mine").unwrap().is_none());
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_spent_if_the_journal_cannot_be_opened() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::on_disk(&login(30));
    let http = silence();
    let clock = SetClock::at(NOW);
    let (store, entropy) = (&world.store, &OsEntropy);
    let source = TokenSource { store, http: &http, clock: &clock, entropy, patience: Duration::ZERO, waits: &|| () };
    // The lock is held by then, and what is made in the folder is refused.
    let client = |_: &StoredToken| -> Result<Client, TokenSourceError> {
        let folder = world.desk.state.as_ref().unwrap().path();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        Ok(Client { provider: provider(""), client_id: ClientId::new("id"), client_secret: None })
    };
    let asked = source.token(&profile(), Wanted::Refreshed, client);
    assert!(matches!(asked, Err(TokenSourceError::Store(StoreError::Journal(_)))), "{asked:?}");
    assert!(world.stored().intent.is_none());
}

/// A login whose refresh was broken off when its journal was written; the token in the journal lives for an hour.
fn broken_off() -> World {
    let world = World::on_disk(&login(0));
    let lock = world.store.lock(&profile(), StoreKind::Memory, Duration::ZERO).unwrap().unwrap();
    let key = Journal::new_key(&OsEntropy).unwrap();
    world.put(&login(0).but(|login| login.intent = Some(Intent::new(Timestamp(NOW - 10), Some(key.clone())))));
    let restored = renewed(3600).but(|login| login.obtained_at = Timestamp(NOW - 10));
    lock.journal().unwrap().open(&key).unwrap().write(&restored, &OsEntropy).unwrap();
    world
}

#[test]
fn a_restored_token_is_judged_like_any_other() {
    let for_long = |seconds| Wanted::ValidFor(Duration::from_secs(seconds));
    let cases =
        [(Wanted::Valid, "theirs"), (for_long(3599), "theirs"), (for_long(3600), "new"), (Wanted::Refreshed, "new")];
    for (wanted, got) in cases {
        let (world, http) = (broken_off(), long_token());
        let asked = world.ask(wanted, &http);
        assert!(text(&asked) == got && asked.unwrap().warning.is_none(), "{wanted:?}");
        assert_eq!(http.requests().len(), usize::from(got == "new"));
        assert_eq!(world.stored().access_token.expose(), got);
        assert!(!world.journal().exists());
    }
}

#[test]
fn waiting_for_a_restored_token_does_not_count_as_a_refresh() {
    let world = World::of(&login(0));
    world.put_after_a_look(&renewed(3600).but(|login| login.restored = true));
    assert_eq!(text(&world.ask(Wanted::Refreshed, &new_token())), "new");
    assert!(!world.stored().restored);
}

/// The folder was gone for a while, and another process began a new list in its place.
#[test]
fn a_list_that_was_begun_anew_is_no_removal() {
    let world = World::listed(&login(30));
    let other: Profile = "other".parse().unwrap();
    world.store.save(&other, &login(30)).unwrap();
    // What is left is as if `mine` had never been listed; its record is there.
    let begun_anew = || {
        let record = world.desk.entries.get("mine").unwrap().unwrap();
        world.store.forget(&profile()).unwrap();
        world.desk.entries.set("mine", &record).unwrap();
    };
    let asked = world.ask(Wanted::Valid, &new_token_and(begun_anew));
    assert!(text(&asked) == "new" && asked.unwrap().warning.is_none());
    assert_eq!(record::decode::<StoredToken>(&world.desk.entries.get("mine").unwrap().unwrap()).unwrap().generation, 1);
}
