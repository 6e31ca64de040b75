//! A file that the user names for an answer, which becomes that answer whole or stays as it was.
//!
//! The content goes into a file without a name, beside the one that is meant; at the end it takes that one's place, its
//! mode, and its owner. Until then it cannot be seen, and whatever ends the program leaves nothing behind. A symbolic
//! link leads to the file that is meant, and stays. Where a new file cannot take the place of the old one (a folder
//! that may not be written to, several names for one file, another owner), the old one gets the new content, whole by
//! then.
//!
//! Anything but a regular file, such as a FIFO or a terminal, has nothing to be kept, and is written to as it comes. So
//! is a descriptor under its name in `/dev/fd` or `/proc`: the process that opened it goes on with it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::signals::Writing;

/// How many links lead to a file at most: as many as Linux follows.
const MAX_LINKS: usize = 40;

/// An answer on its way into a file. Dropped before [`Self::finish`], it leaves the file as it was.
pub enum OutputFile {
    Direct(File),
    Whole(Box<Whole>),
}

/// An answer that is collected.
pub struct Whole {
    collected: File,
    /// True if `collected` can get a name in the folder of `target`.
    beside: bool,
    /// No link.
    target: PathBuf,
    /// The metadata of the file that is there, if any.
    old: Option<Metadata>,
}

impl OutputFile {
    pub fn open(path: &Path) -> io::Result<Self> {
        // As it is not cut short, opening it changes nothing, and says whether we may.
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
            return Whole::beside(target, Some(metadata));
        }
        // A descriptor that is not there.
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        Whole::beside(target, None)
    }

    /// Everything was written: the file becomes it.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Whole(whole) => whole.finish(),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(file) => file.write(bytes),
            Self::Whole(whole) => whole.collected.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the path that a path leads to in the end, though nothing may be there, or `None` for a descriptor.
fn target_of(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        if ["/proc", "/dev/fd"].iter().any(|names| target.starts_with(names)) {
            return Ok(None);
        }
        match std::fs::read_link(&target) {
            Ok(link) => target = folder_of(&target).join(link),
            // It is no link, or nothing at all.
            Err(_) => return Ok(Some(target)),
        }
    }
    Err(io::Error::other("too many symbolic links lead to it"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Whole {
    fn beside(target: PathBuf, old: Option<Metadata>) -> io::Result<OutputFile> {
        let (collected, beside) = match unnamed_in(folder_of(&target)) {
            Ok(file) => (file, true),
            // The old one can be written to, and where there is none it could not be made.
            Err(_) if old.is_some() => (tempfile::tempfile()?, false),
            Err(error) => return Err(error),
        };
        Ok(OutputFile::Whole(Box::new(Self { collected, beside, target, old })))
    }

    fn finish(mut self) -> io::Result<()> {
        // What has no name yet needs one to take a place; a signal waits until it has.
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
        // Or else a crash could leave an empty file where the old one was.
        file.sync_all()?;
        drop(file);
        named.persist(&self.target).map_err(|failed| failed.error)
    }

    /// A name beside the target. Removed on drop.
    fn named(&self) -> io::Result<tempfile::TempPath> {
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        // Of a long name a part is enough.
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

/// Another file may not take the place, and nothing was changed.
fn is_no_place(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy, Unsupported};
    matches!(error.kind(), PermissionDenied | ResourceBusy | CrossesDevices | ReadOnlyFilesystem | Unsupported)
}

/// A file in this folder that has no name, and the mode that a new file has.
fn unnamed_in(folder: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        // Not every file system can.
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

/// The owner and group of the old file. An error of a kind that leaves the old file in its place, where we may not.
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
            assert_eq!(folder.names(), ["x"], "while it is written");
            drop(file);
        }
        assert_eq!((folder.names(), fs::read_to_string(folder.at("x")).unwrap()), (vec!["x".into()], "old".into()));
    }

    #[test]
    fn what_is_finished_takes_the_place() {
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
        fn the_mode_stays_and_a_new_file_has_that_of_every_new_file() {
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
        fn a_descriptor_and_a_fifo_are_written_to_as_it_comes() {
            use std::os::fd::AsRawFd;
            let folder = Folder::new();
            let (mut reader, writer) = io::pipe().unwrap();
            let mut file = OutputFile::open(Path::new(&format!("/dev/fd/{}", writer.as_raw_fd()))).unwrap();
            file.write_all(b"ab").unwrap();
            let mut came = [0; 2];
            reader.read_exact(&mut came).unwrap();
            assert_eq!(&came, b"ab");
            file.finish().unwrap();
            // A file behind a descriptor is the same file afterwards.
            let held = File::create(folder.at("x")).unwrap();
            write(Path::new(&format!("/dev/fd/{}", held.as_raw_fd())), "new");
            assert_eq!(held.metadata().unwrap().ino(), fs::metadata(folder.at("x")).unwrap().ino());
            assert_eq!(fs::read_to_string(folder.at("x")).unwrap(), "new");
        }

        /// As root, who may write everywhere, this shows nothing new.
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
