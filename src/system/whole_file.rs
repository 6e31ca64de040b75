//! An output file named by the user, which receives the complete answer or stays unchanged.
//!
//! The content is written to an unnamed file beside the target. At the end that replaces the target, with its mode and
//! owner. Until then it cannot be seen, and however the program ends, nothing is left behind. A symbolic link is
//! followed to the target, and stays. If a new file cannot replace the old one (a read-only folder, several names for
//! one file, another owner), the old file is overwritten, once the content is complete.
//!
//! Anything but a regular file, such as a FIFO or a terminal, has no old content to keep and is written to directly. So
//! is a descriptor named in `/dev/fd` or `/proc`, because the process that opened it continues to use it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::signals::Writing;

/// The maximum number of links to follow, the same as in Linux.
const MAX_LINKS: usize = 40;

/// An output file. If it is dropped before [`Self::finish`], the target stays unchanged.
pub enum OutputFile {
    Direct(File),
    Replacement(Box<Replacement>),
}

/// The content that will replace the target.
pub struct Replacement {
    collected: File,
    /// True if `collected` can get a name in the folder of `target`.
    beside: bool,
    /// Not a link.
    target: PathBuf,
    /// The metadata of the existing target, if any.
    old: Option<Metadata>,
}

impl OutputFile {
    pub fn open(path: &Path) -> io::Result<Self> {
        // Opening without truncation changes nothing, and checks the permission.
        let old = match OpenOptions::new().write(true).open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let target = target_of(path)?;
        if let Some(file) = old {
            let metadata = file.metadata()?;
            let Some(target) = target.filter(|_| metadata.is_file()) else {
                if metadata.is_file() {
                    file.set_len(0)?;
                }
                return Ok(Self::Direct(file));
            };
            return Replacement::beside(target, Some(metadata));
        }
        // The descriptor does not exist.
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        Replacement::beside(target, None)
    }

    /// Replaces the target with the complete content.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Replacement(replacement) => replacement.finish(),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(file) => file.write(bytes),
            Self::Replacement(replacement) => replacement.collected.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Resolves the links of a path, whose target need not exist. Returns `None` for a descriptor.
fn target_of(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        if ["/proc", "/dev/fd"].iter().any(|names| target.starts_with(names)) {
            return Ok(None);
        }
        match std::fs::read_link(&target) {
            Ok(link) => target = folder_of(&target).join(link),
            // It is not a link, or does not exist.
            Err(_) => return Ok(Some(target)),
        }
    }
    Err(io::Error::other("there are too many symbolic links in its path"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Replacement {
    fn beside(target: PathBuf, old: Option<Metadata>) -> io::Result<OutputFile> {
        let (collected, beside) = match unnamed_in(folder_of(&target)) {
            Ok(file) => (file, true),
            // An existing target can still be written to, but a new one cannot be created.
            Err(_) if old.is_some() => (tempfile::tempfile()?, false),
            Err(error) => return Err(error),
        };
        Ok(OutputFile::Replacement(Box::new(Self { collected, beside, target, old })))
    }

    fn finish(mut self) -> io::Result<()> {
        // The unnamed file needs a name before it can replace the target; a signal waits for that.
        let _writing = Writing::begin();
        let Some(old) = &self.old else { return self.take_place(None) };
        if !self.beside || names_of(old) > 1 {
            return self.fill_old();
        }
        match self.take_place(Some(old)) {
            Err(error) if is_no_place(&error) => self.fill_old(),
            taken => taken,
        }
    }

    fn take_place(&self, old: Option<&Metadata>) -> io::Result<()> {
        let named = self.named()?;
        let file = OpenOptions::new().write(true).open(&named)?;
        if let Some(old) = old {
            give_to_owner(&file, old)?;
            file.set_permissions(old.permissions())?;
        }
        // Without this, a crash could leave an empty file in place of the old one.
        file.sync_all()?;
        drop(file);
        named.persist(&self.target).map_err(|failed| failed.error)
    }

    /// Gives the content a temporary name beside the target, removed on drop.
    fn named(&self) -> io::Result<tempfile::TempPath> {
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        // A part of a long name is enough.
        let prefix = format!(".{}.", name.chars().take(40).collect::<String>());
        let folder = folder_of(&self.target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".new");
        #[cfg(target_os = "linux")]
        if let Ok(named) = builder.make_in(folder, |path| link(&self.collected, path)) {
            return Ok(named.into_temp_path());
        }
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut named = builder.tempfile_in(folder)?;
        let mut collected = &self.collected;
        collected.rewind()?;
        io::copy(&mut collected, &mut named)?;
        Ok(named.into_temp_path())
    }

    fn fill_old(&mut self) -> io::Result<()> {
        self.collected.rewind()?;
        let mut old = OpenOptions::new().write(true).open(&self.target)?;
        old.set_len(0)?;
        io::copy(&mut self.collected, &mut old)?;
        old.sync_all()
    }
}

/// Returns `true` if the target cannot be replaced, and nothing was changed.
fn is_no_place(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy, Unsupported};
    matches!(error.kind(), PermissionDenied | ResourceBusy | CrossesDevices | ReadOnlyFilesystem | Unsupported)
}

/// Creates an unnamed file in this folder, with the mode of a new file.
fn unnamed_in(folder: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        // Not every file system supports it.
        if let Ok(file) = open(folder, flags, Mode::from_raw_mode(0o666)) {
            return Ok(file.into());
        }
    }
    tempfile::tempfile_in(folder)
}

/// Gives a name to a file without one.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(unix)]
fn names_of(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names_of(_: &Metadata) -> u64 {
    1
}

/// Gives the new file the owner and group of the old one. If that is not allowed, the error makes the caller keep the
/// old file.
#[cfg(unix)]
fn give_to_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn give_to_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    fn write(path: &Path, content: &str) {
        let mut file = OutputFile::open(path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file.finish().unwrap();
    }

    #[test]
    fn an_unfinished_write_leaves_file_and_folder_unchanged() {
        let folder = Folder::new();
        fs::write(folder.at("x"), "old").unwrap();
        for name in ["x", "new"] {
            let mut file = OutputFile::open(&folder.at(name)).unwrap();
            file.write_all(b"half").unwrap();
            // Windows has no files without a name: it deletes them itself when their process ends.
            let named: Vec<String> = folder.names().into_iter().filter(|name| !name.starts_with(".tmp")).collect();
            assert_eq!(if cfg!(windows) { named } else { folder.names() }, ["x"], "while it is written");
            drop(file);
        }
        assert_eq!((folder.names(), fs::read_to_string(folder.at("x")).unwrap()), (vec!["x".into()], "old".into()));
    }

    #[test]
    fn a_finished_write_replaces_the_file() {
        let folder = Folder::new();
        for content in ["one", "a longer one", ""] {
            write(&folder.at("x"), content);
            assert_eq!(fs::read_to_string(folder.at("x")).unwrap(), content);
        }
        assert_eq!(folder.names(), ["x"]);
        assert_eq!(OutputFile::open(&folder.at("none/x")).err().unwrap().kind(), io::ErrorKind::NotFound);
        assert!(OutputFile::open(folder.0.path()).is_err(), "a folder");
    }

    #[cfg(unix)]
    mod unix {
        use std::io::Read;
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o7777
        }

        #[test]
        fn the_mode_stays_and_a_new_file_has_the_usual_one() {
            let folder = Folder::new();
            fs::write(folder.at("usual"), "").unwrap();
            write(&folder.at("new"), "x");
            assert_eq!(mode(&folder.at("new")), mode(&folder.at("usual")));
            for kept in [0o600, 0o640, 0o755] {
                fs::set_permissions(folder.at("new"), fs::Permissions::from_mode(kept)).unwrap();
                write(&folder.at("new"), "y");
                assert_eq!(mode(&folder.at("new")), kept);
            }
        }

        #[test]
        fn a_link_stays_and_leads_to_the_new_content() {
            let folder = Folder::new();
            fs::create_dir(folder.at("there")).unwrap();
            fs::write(folder.at("there/x"), "old").unwrap();
            symlink("there/x", folder.at("link")).unwrap();
            symlink("link", folder.at("second")).unwrap();
            symlink("there/made", folder.at("dangling")).unwrap();
            write(&folder.at("second"), "new");
            write(&folder.at("dangling"), "made");
            assert_eq!(fs::read_to_string(folder.at("there/x")).unwrap(), "new");
            assert_eq!(fs::read_to_string(folder.at("there/made")).unwrap(), "made");
            assert!(["link", "second", "dangling"].iter().all(|name| folder.at(name).is_symlink()));
            symlink("circle", folder.at("circle")).unwrap();
            assert!(OutputFile::open(&folder.at("circle")).is_err());
        }

        #[test]
        fn every_name_of_a_file_has_the_new_content() {
            let folder = Folder::new();
            fs::write(folder.at("x"), "a long old one").unwrap();
            fs::hard_link(folder.at("x"), folder.at("y")).unwrap();
            write(&folder.at("x"), "new");
            assert_eq!(fs::read_to_string(folder.at("y")).unwrap(), "new");
            assert_eq!(fs::metadata(folder.at("x")).unwrap().nlink(), 2);
        }

        #[test]
        fn a_descriptor_and_a_fifo_are_written_to_directly() {
            use std::os::fd::AsRawFd;
            let folder = Folder::new();
            let (mut reader, writer) = io::pipe().unwrap();
            let mut file = OutputFile::open(Path::new(&format!("/dev/fd/{}", writer.as_raw_fd()))).unwrap();
            file.write_all(b"ab").unwrap();
            let mut came = [0; 2];
            reader.read_exact(&mut came).unwrap();
            assert_eq!(&came, b"ab");
            file.finish().unwrap();
            // The file behind a descriptor is still the same one.
            let held = File::create(folder.at("x")).unwrap();
            write(Path::new(&format!("/dev/fd/{}", held.as_raw_fd())), "new");
            assert_eq!(held.metadata().unwrap().ino(), fs::metadata(folder.at("x")).unwrap().ino());
            assert_eq!(fs::read_to_string(folder.at("x")).unwrap(), "new");
        }

        /// Proves nothing as root, who may write everywhere.
        #[test]
        fn a_file_in_a_read_only_folder_gets_the_complete_content() {
            let folder = Folder::new();
            fs::write(folder.at("x"), "old").unwrap();
            fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o500)).unwrap();
            let mut file = OutputFile::open(&folder.at("x")).unwrap();
            file.write_all(b"new").unwrap();
            assert_eq!(fs::read_to_string(folder.at("x")).unwrap(), "old");
            file.finish().unwrap();
            assert_eq!(fs::read_to_string(folder.at("x")).unwrap(), "new");
            fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o700)).unwrap();
        }
    }
}
