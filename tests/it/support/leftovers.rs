//! Checks that an interrupted command leaves nothing behind.

use std::fs::File;
use std::path::{Path, PathBuf};

/// Checks that there is no temporary file, no probe, and no held lock.
#[track_caller]
pub fn nothing_is_left(home: &Path) {
    for path in files_below(home) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!name.ends_with(".new") && !name.contains("probe-"), "{} is left", path.display());
        if name.ends_with(".lock") {
            assert!(File::open(&path).unwrap().try_lock().is_ok(), "{} is held", path.display());
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let files = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_below(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    });
    files.collect()
}
