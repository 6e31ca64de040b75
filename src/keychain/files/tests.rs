use std::fs;

use super::*;
use crate::keychain::PROBE;
use crate::system::entropy::OsEntropy;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn keychain(&self, key: Option<&str>) -> SealedFiles {
        SealedFiles::new(&self.at("data"), &self.at("config"), key, Arc::new(OsEntropy)).unwrap()
    }
}

fn problem_of<T>(result: Result<T, KeychainError>) -> FileProblem {
    match result {
        Err(KeychainError::File { problem, .. }) => problem,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[test]
fn a_secret_can_be_read_until_it_is_deleted() {
    let home = Home::new();
    for key in [None, Some(KEY)] {
        home.keychain(key).set("acme", b"one").unwrap();
        home.keychain(key).set("acme", b"two").unwrap();
        home.keychain(key).set("app/acme", b"three").unwrap();
        home.keychain(key).set("app/acme~work", b"four").unwrap();
        assert_eq!(**home.keychain(key).get("acme").unwrap().unwrap(), *b"two");
        assert_eq!(**home.keychain(key).get("app/acme").unwrap().unwrap(), *b"three");
        assert_eq!(**home.keychain(key).get("app/acme~work").unwrap().unwrap(), *b"four");
        assert!(home.at("data/store/login/acme.sealed").is_file());
        assert!(home.at("data/store/app/acme.sealed").is_file());
        assert!(home.keychain(key).delete("acme").unwrap());
        assert!(!home.keychain(key).delete("acme").unwrap());
        assert!(home.keychain(key).get("acme").unwrap().is_none());
    }
}

#[test]
fn reading_creates_no_files() {
    let home = Home::new();
    assert!(home.keychain(None).get("acme").unwrap().is_none());
    assert!(!home.keychain(None).delete("acme").unwrap());
    assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 0);
}

#[test]
fn a_given_key_is_not_stored_and_the_file_is_encrypted() {
    let home = Home::new();
    home.keychain(Some(KEY)).set("acme", b"canary-7f3a").unwrap();
    assert!(!home.at("config").exists());
    let file = fs::read(home.at("data/store/login/acme.sealed")).unwrap();
    assert!(file.starts_with(b"oauthctl\x01"));
    assert!(!file.windows(6).any(|part| part == b"canary"));
}

#[test]
fn two_files_of_one_secret_share_only_the_fixed_header() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    let file = || fs::read(home.at("data/store/login/acme.sealed")).unwrap();
    keychain.set("acme", b"same").unwrap();
    let first = file();
    keychain.set("acme", b"same").unwrap();
    assert_ne!(first[9..seal::HEADER_LENGTH], file()[9..seal::HEADER_LENGTH]);
    assert_ne!(first[seal::HEADER_LENGTH..], file()[seal::HEADER_LENGTH..]);
}

#[test]
fn any_changed_byte_and_any_truncation_is_detected() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    keychain.set("acme", b"secret").unwrap();
    let path = home.at("data/store/login/acme.sealed");
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x80;
        fs::write(&path, changed).unwrap();
        let problem = problem_of(keychain.get("acme"));
        match place {
            8 => assert!(matches!(problem, FileProblem::Newer), "byte {place}: {problem}"),
            _ => assert!(matches!(problem, FileProblem::NotOurs), "byte {place}: {problem}"),
        }
        fs::write(&path, &whole[..place]).unwrap();
        assert!(matches!(problem_of(keychain.get("acme")), FileProblem::NotOurs), "cut at {place}");
    }
}

#[test]
fn a_file_does_not_open_under_another_name() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    keychain.set("acme", b"a").unwrap();
    keychain.set("app/acme", b"b").unwrap();
    let (login, app) = (home.at("data/store/login/acme.sealed"), home.at("data/store/app/acme.sealed"));
    fs::rename(&login, home.at("aside")).unwrap();
    fs::rename(&app, &login).unwrap();
    fs::rename(home.at("aside"), &app).unwrap();
    for account in ["acme", "app/acme"] {
        assert!(matches!(problem_of(keychain.get(account)), FileProblem::NotOurs), "{account}");
    }
}

#[test]
fn another_key_does_not_decrypt_a_file() {
    let home = Home::new();
    home.keychain(None).set("acme", b"secret").unwrap();
    assert!(matches!(problem_of(home.keychain(Some(KEY)).get("acme")), FileProblem::NotOurs));
}

#[test]
fn a_file_of_a_newer_version_is_reported_as_such() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    keychain.set("acme", b"").unwrap();
    fs::write(home.at("data/store/login/acme.sealed"), b"oauthctl\x02anything").unwrap();
    assert!(matches!(problem_of(keychain.get("acme")), FileProblem::Newer));
}

#[test]
fn a_lost_key_is_not_replaced_while_sealed_files_need_it() {
    let home = Home::new();
    let keychain = home.keychain(None);
    keychain.set("app/acme", b"secret").unwrap();
    fs::remove_file(home.at("config/keys/store.key")).unwrap();
    assert!(matches!(problem_of(keychain.get("app/acme")), FileProblem::KeyGone));
    assert!(matches!(problem_of(keychain.set("other", b"secret")), FileProblem::KeyGone));
    assert!(keychain.delete("app/acme").unwrap());
    keychain.set("other", b"secret").unwrap();
    assert_eq!(**keychain.get("other").unwrap().unwrap(), *b"secret");
}

#[test]
fn concurrent_first_writers_agree_on_one_key() {
    let home = Home::new();
    let names: Vec<String> = (0..8).map(|n| format!("acme-{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| home.keychain(None).set(name, name.as_bytes()).unwrap());
        }
    });
    for name in &names {
        assert_eq!(**home.keychain(None).get(name).unwrap().unwrap(), *name.as_bytes());
    }
}

#[test]
fn a_key_is_exactly_32_bytes_in_base64() {
    let home = Home::new();
    let long = format!("AAAA{KEY}");
    for text in ["", "canary", "AAECAwQF", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", &long, &KEY.repeat(2)] {
        let error = SealedFiles::new(&home.at("data"), &home.at("config"), Some(text), Arc::new(OsEntropy)).err();
        assert!(matches!(error, Some(KeychainError::BadKey { ref name }) if name == KEY_VARIABLE), "{text}");
    }
    assert!(home.keychain(Some(&format!(" {KEY}\n"))).get("acme").unwrap().is_none());
}

#[test]
fn an_invalid_key_file_is_named() {
    let home = Home::new();
    home.keychain(None).set("acme", b"").unwrap();
    fs::write(home.at("config/keys/store.key"), "canary").unwrap();
    let error = home.keychain(None).get("acme").unwrap_err().to_string();
    assert!(error.ends_with("store.key` is not a valid key: it must be 32 bytes in base64"), "{error}");
}

#[test]
fn names_that_could_leave_the_folder_are_refused() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    let bad =
        ["", ".", "..", "../x", "a/b", "app/", "app/../x", "app/a/b", "/x", "A", "a b", "-a", ".a", "a\0", "é", "a\\b"];
    for account in bad {
        for refused in [keychain.get(account).map(drop), keychain.set(account, b""), keychain.delete(account).map(drop)]
        {
            assert!(matches!(refused, Err(KeychainError::Refused { .. })), "{account:?}");
        }
    }
    keychain.set("a-1.b_2", b"").unwrap();
}

#[test]
fn a_record_too_large_to_be_read_back_is_not_written() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    let Err(KeychainError::TooLarge { limit }) = keychain.set("acme", &vec![7; SIZE_LIMIT as usize]) else {
        panic!("it was accepted")
    };
    keychain.set("acme", &vec![7; limit as usize]).unwrap();
    assert_eq!(keychain.get("acme").unwrap().unwrap().len(), limit as usize);
}

#[test]
fn the_place_names_the_folder_of_the_files() {
    let keychain = SealedFiles::new(Path::new("/d"), Path::new("/c"), None, Arc::new(OsEntropy)).unwrap();
    assert_eq!(keychain.place(), format!("the encrypted store in `{}`", Path::new("/d").join("store").display()));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let keychain = home.keychain(None);
    keychain.set("acme", b"secret").unwrap();
    let path = home.at("config/keys/store.key");
    fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(problem_of(keychain.get("acme")), FileProblem::NotPrivate(_)));
    assert!(matches!(problem_of(keychain.set("acme", b"new")), FileProblem::NotPrivate(_)));
}

#[cfg(unix)]
#[test]
fn a_link_is_refused_when_read_and_replaced_when_written() {
    let home = Home::new();
    let keychain = home.keychain(Some(KEY));
    keychain.set("acme", b"secret").unwrap();
    let path = home.at("data/store/login/acme.sealed");
    fs::rename(&path, home.at("elsewhere")).unwrap();
    std::os::unix::fs::symlink(home.at("elsewhere"), &path).unwrap();
    assert!(matches!(problem_of(keychain.get("acme")), FileProblem::NotPrivate("it is a symbolic link")));
    let before = fs::read(home.at("elsewhere")).unwrap();
    keychain.set("acme", b"new").unwrap();
    assert_eq!(fs::read(home.at("elsewhere")).unwrap(), before);
    assert_eq!(**keychain.get("acme").unwrap().unwrap(), *b"new");
}

#[test]
fn what_ended_processes_left_is_swept_and_nothing_else() {
    let home = Home::new();
    let keychain = home.keychain(None);
    let probe = crate::keychain::probe_name(7);
    for (account, secret) in [("acme", &b"one"[..]), (&probe, PROBE), ("probe-0000000000000008", b"a login")] {
        keychain.set(account, secret).unwrap();
    }
    let left = ["data/store/login/.acme.sealed.0123456789abcdef.new", "config/keys/.store.key.0123456789abcdef.new"];
    left.iter().for_each(|left| fs::write(home.at(left), "").unwrap());
    let kept = ["data/store/login/.new", "data/store/login/acme.sealed.new", "data/store/login/x.0123456789abcdef.new"];
    kept.iter().for_each(|kept| fs::write(home.at(kept), "").unwrap());
    if cfg!(not(unix)) {
        // There it is their age that tells.
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
        let age = |path| fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        left.iter().for_each(|left| age(home.at(left)));
    }
    keychain.sweep().unwrap();
    assert_eq!(left.map(|left| home.at(left).exists()), [false; 2]);
    assert_eq!(kept.map(|kept| home.at(kept).exists()), [true; 3]);
    assert!(keychain.get(&probe).unwrap().is_none());
    for (account, secret) in [("acme", &b"one"[..]), ("probe-0000000000000008", b"a login")] {
        assert_eq!(**keychain.get(account).unwrap().unwrap(), *secret);
    }
}
