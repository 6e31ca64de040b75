//! Records over keychains. Nothing falls back by itself: which store a record goes to is chosen, remembered, and said.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::login_index::{AppEntry, IndexFile, LoginEntry, LoginIndex};
use super::login_lock::{LoginLock, PATIENCE};
use super::record::{self, NotARecord};
use super::{Profile, Registration, StoreError, StoreKind, StoredToken};
use crate::system::certificate::CallbackCertificate;
use crate::system::keychain::Keychain;
use crate::system::signals::{Unbroken, Writing};

/// The account of the callback's certificate. No provider can be called so: ids have no underscore at their end.
const CERTIFICATE: &str = "app/callback-certificate_";

/// Makes the keychain of a kind when it is first needed.
type Open = Box<dyn Fn(StoreKind) -> Result<Arc<dyn Keychain>, StoreError> + Send + Sync>;

pub struct TokenStore {
    index: IndexFile,
    open: Open,
    opened: Mutex<HashMap<StoreKind, Arc<dyn Keychain>>>,
    /// `--store` or `OAUTHCTL_STORE`.
    chosen: Option<StoreKind>,
    /// Whether the choice is for what is not listed yet only: that of the environment is, that of a flag is not.
    remembers: bool,
    /// The index of a process that leaves none behind.
    in_memory: Option<Mutex<LoginIndex>>,
}

/// A record found, and where.
#[derive(Debug)]
pub struct Found<T> {
    pub record: T,
    pub store: StoreKind,
    pub place: String,
}

impl TokenStore {
    pub fn new(index: IndexFile, chosen: Option<StoreKind>, open: Open) -> Self {
        let in_memory = (chosen == Some(StoreKind::Memory)).then(Mutex::default);
        Self { index, open, opened: Mutex::default(), chosen, remembers: false, in_memory }
    }

    /// The same store with a list of logins that is never written: the demo's.
    pub fn unlisted(self) -> Self {
        Self { in_memory: Some(Mutex::default()), ..self }
    }

    /// The same store, in which what is listed is looked for where the list says.
    pub fn remembering(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Where something is that the list has in that store, or does not have.
    fn kind_among(&self, remembered: Option<StoreKind>) -> Option<StoreKind> {
        if self.remembers { remembered.or(self.chosen) } else { self.chosen.or(remembered) }
    }

    /// Which logins there are. Opens no keychain.
    pub fn index(&self) -> Result<LoginIndex, StoreError> {
        match &self.in_memory {
            Some(index) => Ok(index.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            None => self.index.read().map_err(StoreError::Index),
        }
    }

    /// The store that a listed login is in.
    fn remembered(&self, profile: &Profile) -> Result<Option<StoreKind>, StoreError> {
        Ok(self.index()?.logins.get(profile.as_str()).map(|entry| entry.store))
    }

    /// The store that a login of this name goes to: the chosen one, else the one that it was in.
    pub fn kind_for(&self, profile: &Profile) -> Result<StoreKind, StoreError> {
        let remembered = self.remembered(profile)?;
        Ok(self.chosen.or(remembered).unwrap_or_default())
    }

    /// The store that a new record goes to.
    pub fn kind_for_new(&self) -> StoreKind {
        self.chosen.unwrap_or_default()
    }

    pub fn place(&self, kind: StoreKind) -> Result<String, StoreError> {
        Ok(self.keychain(kind)?.place())
    }

    /// Writes and removes a made-up record, so that a login does not fail after the person has consented.
    pub fn prove_writable(&self, probe: u64) -> Result<(), StoreError> {
        self.prove_writable_in(self.kind_for_new(), probe)
    }

    pub fn prove_writable_in(&self, kind: StoreKind, probe: u64) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let name = format!("probe-{probe:016x}");
        let _unbroken = Unbroken::begin();
        // Files are written and removed to the end; a keychain may hang.
        let _writing = (kind == StoreKind::File).then(Writing::begin);
        let result = keychain.set(&name, b"{}").and_then(|()| keychain.delete(&name));
        result.map(drop).map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })
    }

    pub fn load(&self, profile: &Profile) -> Result<Option<Found<StoredToken>>, StoreError> {
        let remembered = self.remembered(profile)?;
        self.read(profile.as_str(), profile.as_str(), remembered)
    }

    /// Waits for the right to change a login. `None` if another process still has it after `patience`.
    pub fn lock(
        &self,
        profile: &Profile,
        kind: StoreKind,
        patience: Duration,
    ) -> Result<Option<LoginLock>, StoreError> {
        LoginLock::take(profile, &self.keychain(kind)?.state_folder(), patience).map_err(StoreError::Lock)
    }

    /// The store of a login: the chosen one, or the one that is remembered.
    pub fn kind_of(&self, profile: &Profile) -> Result<StoreKind, StoreError> {
        let listed = self.remembered(profile)?;
        Ok(self.kind_among(listed).unwrap_or_default())
    }

    /// Writes a login's record where it is, and reads it back. To be called by the holder of the lock.
    pub fn replace(&self, profile: &Profile, kind: StoreKind, token: &StoredToken) -> Result<(), StoreError> {
        self.write(kind, profile.as_str(), &record::encode(token))
    }

    /// Keeps a login, reads it back, and makes it the current one.
    pub fn save(&self, profile: &Profile, token: &StoredToken) -> Result<StoreKind, StoreError> {
        let kind = self.kind_for(profile)?;
        // A refresh that is under way would write its token over ours. It looks before it does, so if it holds the lock
        // for longer than it may, or there can be no lock, the person who has just consented loses no login for that.
        let lock = self.lock(profile, kind, PATIENCE).ok().flatten();
        let _unbroken = Unbroken::begin();
        let previous = self.remembered(profile)?;
        self.write(kind, profile.as_str(), &record::encode(token))?;
        let is_listed =
            |index: &LoginIndex| index.logins.get(profile.as_str()).is_some_and(|entry| entry.store == kind);
        self.list(kind, profile.as_str(), is_listed, |index| {
            index.current = Some(profile.as_str().to_owned());
            let entry = LoginEntry::new(token.provider.clone(), kind, token.params.clone());
            index.logins.insert(profile.as_str().to_owned(), entry);
        })?;
        drop(lock);
        // The login has moved: the copy in the old store would only grow stale. It may be gone, or its store may be.
        if let Some(previous) = previous.filter(|previous| *previous != kind) {
            let _ = self.keychain(previous).map(|keychain| keychain.delete(profile.as_str()));
        }
        Ok(kind)
    }

    /// Forgets a login. `false` if there was none. To be called by the holder of the lock, where a refresh may be under
    /// way.
    pub fn forget(&self, profile: &Profile) -> Result<bool, StoreError> {
        let listed = self.remembered(profile)?;
        let kind = self.kind_of(profile)?;
        let keychain = self.keychain(kind)?;
        let deleted = keychain.delete(profile.as_str());
        let deleted = deleted.map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })?;
        if listed.is_some() {
            self.change_index(|index| {
                index.logins.remove(profile.as_str());
                if index.current.as_deref() == Some(profile.as_str()) {
                    index.current = None;
                }
            })?;
        }
        Ok(deleted || listed.is_some())
    }

    /// Makes a login the current one.
    pub fn make_current(&self, profile: &Profile) -> Result<(), StoreError> {
        self.change_index(|index| index.current = Some(profile.as_str().to_owned()))
    }

    pub fn load_app(&self, provider: &str) -> Result<Option<Found<Registration>>, StoreError> {
        let remembered = self.index()?.apps.get(provider).map(|entry| entry.store);
        self.read(&app_account(provider), provider, remembered)
    }

    pub fn save_app(&self, provider: &str, registration: &Registration) -> Result<StoreKind, StoreError> {
        let kind = self.kind_for_new();
        // A list that cannot be read is found out before anything is written over.
        self.index()?;
        self.write(kind, &app_account(provider), &record::encode(registration))?;
        let is_listed = |index: &LoginIndex| index.apps.get(provider).is_some_and(|entry| entry.store == kind);
        self.list(kind, &app_account(provider), is_listed, |index| {
            index.apps.insert(provider.to_owned(), AppEntry::new(kind));
        })?;
        Ok(kind)
    }

    pub fn forget_app(&self, provider: &str) -> Result<bool, StoreError> {
        let listed = self.index()?.apps.get(provider).map(|entry| entry.store);
        let kind = self.kind_among(listed).unwrap_or_default();
        let keychain = self.keychain(kind)?;
        let deleted = keychain.delete(&app_account(provider));
        let deleted = deleted.map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })?;
        if listed.is_some() {
            self.change_index(|index| {
                index.apps.remove(provider);
            })?;
        }
        Ok(deleted)
    }

    /// The certificate of the TLS callback, if one was kept. One that cannot be read is made anew.
    pub fn load_certificate(&self) -> Result<Option<CallbackCertificate>, StoreError> {
        let keychain = self.keychain(self.kind_for_new())?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind: self.kind_for_new(), source };
        let bytes = keychain.get(CERTIFICATE).map_err(failed)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub fn save_certificate(&self, certificate: &CallbackCertificate) -> Result<(), StoreError> {
        self.write(self.kind_for_new(), CERTIFICATE, &record::encode(certificate))
    }

    fn read<T: DeserializeOwned>(
        &self,
        account: &str,
        name: &str,
        remembered: Option<StoreKind>,
    ) -> Result<Option<Found<T>>, StoreError> {
        // Nothing is remembered and nothing chosen: then there is nothing, and the keychain need not be opened.
        let Some(kind) = self.kind_among(remembered) else { return Ok(None) };
        let keychain = self.keychain(kind)?;
        let place = keychain.place();
        let bytes =
            keychain.get(account).map_err(|source| StoreError::Keychain { place: place.clone(), kind, source })?;
        let Some(bytes) = bytes else { return Ok(None) };
        let named = |problem| match problem {
            NotARecord::Damaged(source) => StoreError::Damaged { name: name.to_owned(), place: place.clone(), source },
            NotARecord::Newer(version) => StoreError::Newer { name: name.to_owned(), place: place.clone(), version },
        };
        let record = record::decode(&bytes).map_err(named)?;
        Ok(Some(Found { record, store: kind, place }))
    }

    fn write(&self, kind: StoreKind, account: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind, source };
        keychain.set(account, bytes).map_err(failed)?;
        match keychain.get(account).map_err(failed)? {
            Some(read) if *read == bytes => Ok(()),
            _ => Err(StoreError::NotReadBack { place: keychain.place() }),
        }
    }

    /// Lists a record that was just written. If the list cannot be changed, and does not have it already, the record is
    /// deleted again: nobody would find it, to use it or to forget it.
    fn list(
        &self,
        kind: StoreKind,
        account: &str,
        is_listed: impl Fn(&LoginIndex) -> bool,
        change: impl FnOnce(&mut LoginIndex),
    ) -> Result<(), StoreError> {
        self.change_index(change).inspect_err(|_| {
            // A list that cannot be read either may have it: nothing is forgotten on doubt.
            if self.index().is_ok_and(|index| !is_listed(&index)) {
                let _ = self.keychain(kind).map(|keychain| keychain.delete(account));
            }
        })
    }

    fn change_index(&self, change: impl FnOnce(&mut LoginIndex)) -> Result<(), StoreError> {
        match &self.in_memory {
            Some(index) => {
                change(&mut index.lock().unwrap_or_else(PoisonError::into_inner));
                Ok(())
            }
            None => self.index.change(change).map_err(StoreError::Index),
        }
    }

    fn keychain(&self, kind: StoreKind) -> Result<Arc<dyn Keychain>, StoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keychain) = opened.get(&kind) {
            return Ok(Arc::clone(keychain));
        }
        let keychain = (self.open)(kind)?;
        opened.insert(kind, Arc::clone(&keychain));
        Ok(keychain)
    }
}

fn app_account(provider: &str) -> String {
    format!("app/{provider}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::protocol::client::ClientId;
    use crate::protocol::time::Timestamp;
    use crate::system::keychain::{KeychainError, MemoryKeychain, SecretBytes, StateFolder, VariableKeychain};

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

        /// What one command has.
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
    fn a_login_is_found_again_in_the_store_that_it_went_to_and_is_the_current_one() {
        let machine = Machine::new();
        for (name, chosen, kind) in
            [("one", None, StoreKind::Keychain), ("two", Some(StoreKind::File), StoreKind::File)]
        {
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
    fn a_typed_store_is_above_the_list_and_one_of_the_environment_below_it() {
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
            assert_eq!(
                (store.kind_of(&name).unwrap(), store.kind_for(&name).unwrap()),
                (looked_for, goes),
                "{chosen:?}"
            );
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

        machine.keychain.delete("three").unwrap();
        assert!(store.forget(&profile("three")).unwrap(), "it was listed, if nothing else");
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
        assert_eq!(
            machine.store(Some(StoreKind::File)).save_app("judgeme", &registration("a")).unwrap(),
            StoreKind::File
        );
        assert_eq!(store.save_app("glu", &registration("b")).unwrap(), StoreKind::Keychain);
        assert!(has(&machine.files, "app/judgeme") && has(&machine.keychain, "app/glu"));
        assert_eq!((client_of("judgeme"), client_of("glu")), (Some(ClientId::new("a")), Some(ClientId::new("b"))));

        assert!(store.forget_app("judgeme").unwrap() && !store.forget_app("judgeme").unwrap());
        assert!(client_of("judgeme").is_none() && !has(&machine.files, "app/judgeme"));
        assert!(client_of("glu").is_some() && found(&store, "judgeme").is_some());
    }

    #[test]
    fn the_callbacks_certificate_is_kept_and_one_that_cannot_be_read_is_none() {
        let machine = Machine::new();
        let store = machine.store(Some(StoreKind::File));
        assert!(store.load_certificate().unwrap().is_none());
        store.save_certificate(&CallbackCertificate::make("127.0.0.1", Timestamp(0)).unwrap()).unwrap();
        assert_eq!(machine.store(Some(StoreKind::File)).load_certificate().unwrap().unwrap().host, "127.0.0.1");
        machine.files.set(CERTIFICATE, b"{}").unwrap();
        assert!(store.load_certificate().unwrap().is_none());
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
    fn a_store_that_cannot_be_written_is_found_out_and_one_that_can_keeps_nothing_of_it() {
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
    fn a_login_that_is_not_given_back_as_it_was_stored_is_not_listed() {
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
    fn a_record_that_cannot_be_listed_is_deleted_again_and_one_that_is_listed_stays() {
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

    #[cfg(unix)]
    #[test]
    fn a_login_that_cannot_be_listed_in_another_store_stays_in_the_old_one_only() {
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
}
