//! Many that read and write one file at once, on every system: some of them refuse what is held open by another.

use std::thread;

use super::*;

const ROUNDS: usize = 20;
const THREADS: usize = 8;

/// The work of each command that changes the list of logins: it reads the file, and changes it under the lock.
#[test]
fn a_file_is_replaced_whole_while_many_read_it() {
    let home = tempfile::tempdir().unwrap();
    let dir = PrivateDir::create(&home.path().join("a")).unwrap();
    let path = home.path().join("a/x");
    let content = |n: usize| vec![b'0' + n as u8; 2000];
    let check = || {
        let read = read(&path, SIZE_LIMIT).unwrap().unwrap();
        assert!(read.len() == 2000 && read.iter().all(|byte| *byte == read[0]));
    };
    dir.write("x", &content(0)).unwrap();
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (dir, check) = (&dir, &check);
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    check();
                    let _lock = dir.lock("x.lock", Duration::from_secs(60)).unwrap().unwrap();
                    check();
                    dir.write("x", &content(n)).unwrap();
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(home.path().join("a")).unwrap().count(), 2, "no temporary file stays");
}

/// The life of a journal: it is written and removed under the lock, and may be read by the next process.
#[test]
fn a_file_is_removed_and_made_again_while_many_read_it() {
    let home = tempfile::tempdir().unwrap();
    let dir = PrivateDir::create(&home.path().join("a")).unwrap();
    let path = home.path().join("a/x");
    let check = || assert!(read(&path, SIZE_LIMIT).unwrap().is_none_or(|read| **read == *b"one"));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    check();
                    let _lock = dir.lock("x.lock", Duration::from_secs(60)).unwrap().unwrap();
                    dir.write("x", b"one").unwrap();
                    check();
                    assert!(remove(&path).unwrap());
                }
            });
        }
    });
    assert_eq!(std::fs::read_dir(home.path().join("a")).unwrap().count(), 1, "no temporary file stays");
}
