//! Concurrent readers and writers of one file, on every system: some systems refuse access to a file held open.

use std::thread;

use super::*;

const ROUNDS: usize = 20;
const THREADS: usize = 8;

/// Does what each command does with the list of logins: read the file, and change it under the lock.
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

/// Does what happens to a journal: it is written and removed under the lock, and other processes may read it.
#[test]
fn a_file_is_removed_and_created_again_while_many_read_it() {
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
