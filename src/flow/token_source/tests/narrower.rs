//! Tokens with fewer scopes: what is kept of a refresh that brings one, whatever goes wrong.

use super::*;

impl World {
    fn narrower(&self, scopes: &str, wanted: Wanted, http: &Scripted<'_>) -> Asked {
        let clock = SetClock::at(NOW);
        let (entropy, patience) = (&OsEntropy, Duration::ZERO);
        let source = TokenSource { store: &self.store, http, clock: &clock, entropy, patience, waits: &|| () };
        let client = |_: &StoredToken| {
            Ok(Client { provider: provider(""), client_id: ClientId::new("id"), client_secret: None })
        };
        let asked = source.narrower_token(&profile(), &ScopeSet::parse(scopes), wanted, client);
        asked.map(|handed| handed.expect("the login is there"))
    }

    fn refresh_token(&self) -> String {
        self.stored().refresh_token.unwrap().expose().to_owned()
    }
}

#[test]
fn a_narrower_token_is_kept_beside_the_logins_own() {
    let (world, http) = (World::of(&login(500)), new_token());
    for _ in 0..2 {
        assert_eq!(text(&world.narrower("a b", Wanted::Valid, &http)), "new");
    }
    assert_eq!(text(&world.narrower("b a", Wanted::Valid, &http)), "new", "in any order");
    let bodies: Vec<_> = http.requests().into_iter().map(|sent| String::from_utf8(sent.body).unwrap()).collect();
    assert_eq!(bodies, ["client_id=id&grant_type=refresh_token&refresh_token=r1&scope=a+b"]);
    let stored = world.stored();
    assert_eq!((stored.access_token.expose(), stored.expiry), ("old", Expiry::At(Timestamp(NOW + 500))));
    assert_eq!((world.refresh_token().as_str(), stored.generation, stored.renewals()), ("r2", 1, 0));
    assert!(stored.intent.is_none());
    assert_eq!(text(&world.ask(Wanted::Valid, &silence())), "old");
    // Another one, and the next of the first.
    assert_eq!(text(&world.narrower("a", Wanted::Valid, &long_token())), "new");
    let rejected = AccessToken::new("new");
    let third = Scripted::new(|_| Ok(StubResponse::new(200, r#"{"access_token":"third","expires_in":600}"#)));
    assert_eq!(text(&world.narrower("a b", Wanted::InsteadOf(&rejected), &third)), "third");
    assert!(["old", "new", "third"].iter().all(|token| world.stored().has_had(&AccessToken::new(*token))));
}

#[test]
fn a_wait_for_a_narrower_token_is_no_refresh() {
    let narrowed = login(500).but(|login| login.narrower.refreshes = 1).but(|login| login.generation = 1);
    let world = World::of(&narrowed);
    *world.desk.seen_before.lock().unwrap() = Some(record::encode(&login(500)));
    assert_eq!(text(&world.ask(Wanted::Refreshed, &new_token())), "new");
}

#[test]
fn a_narrower_token_that_the_store_refuses_is_in_the_journal() {
    let world = World::on_disk(&login(500));
    // The intent is the first write of this world, the reply the second.
    world.desk.fails.store(2, Ordering::Relaxed);
    let asked = world.narrower("a", Wanted::Valid, &new_token());
    assert!(matches!(&asked, Ok(ValidToken { warning: Some(TokenWarning::NotStored { journal: Some(_), .. }), .. })));
    assert_eq!((text(&asked), world.refresh_token().as_str()), ("new", "r1"));
    assert_eq!(text(&world.narrower("a", Wanted::Valid, &silence())), "new", "it is taken out of the journal");
    assert_eq!((world.refresh_token().as_str(), world.journal().exists()), ("r2", false));
    assert_eq!(text(&world.ask(Wanted::Valid, &silence())), "old");
}

#[test]
fn no_refusal_of_scopes_marks_the_refresh_token_dead() {
    let world = World::of(&login(500));
    let asked = world.narrower("a", Wanted::Valid, &refusal());
    assert!(matches!(asked, Err(TokenSourceError::Failed { may_be_spent: false, .. })), "{asked:?}");
    assert!(world.stored().dead_since.is_none() && world.stored().intent.is_none());
    let asked = world.narrower("a", Wanted::Valid, &fault());
    assert!(matches!(asked, Err(TokenSourceError::Failed { may_be_spent: true, .. })), "{asked:?}");
    assert!(world.stored().intent.is_some());
}

#[test]
fn an_old_narrower_token_serves_while_it_lasts() {
    let world = World::of(&login(500));
    let short = Scripted::new(|_| Ok(StubResponse::new(200, r#"{"access_token":"short","expires_in":90}"#)));
    assert_eq!(text(&world.narrower("a", Wanted::Valid, &short)), "short");
    let asked = world.narrower("a", LONG, &fault());
    assert!(matches!(asked, Err(TokenSourceError::TooShort { .. })), "{asked:?}");
    assert!(world.narrower("b", Wanted::Valid, &fault()).is_err(), "the login's own is not handed out instead");
}
