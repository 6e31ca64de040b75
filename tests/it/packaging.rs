//! What a release is made with, and what people install it by: `.github/packaging`, and the action in `.github/actions`.
//! The archives are made up and lie on a server on loopback; `tests/packages` makes and installs real ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::lacks::{find, needs};
use crate::support::raw_server::{RawServer, http, reply};
use crate::support::{Output, Sandbox};

pub const TARGETS: [&str; 5] = [
    "x86_64-unknown-linux-musl.tar.gz",
    "aarch64-unknown-linux-musl.tar.gz",
    "x86_64-apple-darwin.tar.gz",
    "aarch64-apple-darwin.tar.gz",
    "x86_64-pc-windows-msvc.zip",
];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
pub fn output(mut command: Command) -> Output {
    Output::new(format!("{command:?}"), command.output().unwrap())
}

/// Runs one of the scripts in `.github/packaging`.
#[track_caller]
pub fn script(sandbox: &Sandbox, name: &str, args: &[&str]) -> Output {
    needs(&["python3"]);
    let mut command = sandbox.program(root().join(".github/packaging").join(name).to_str().unwrap());
    command.args(args);
    output(command)
}

pub fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Returns this line of Cargo.toml's package: `name = "value"`.
pub fn package(name: &str) -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let package: toml::Table = toml::from_str(&manifest).unwrap();
    package["package"][name].as_str().unwrap().to_owned()
}

/// An installer whose archive is made up, and a place for the program.
pub struct Installer {
    pub sandbox: Sandbox,
    pub archive: Vec<u8>,
}

impl Installer {
    /// The archive is for the system that `uname` says, on any machine.
    fn new(system: &str, machine: &str, target: &str) -> Self {
        let sandbox = Sandbox::new();
        let home = sandbox.home().to_owned();
        let folder = format!("oauthctl-{target}");
        write_program(&home.join(&folder).join("oauthctl"), "#!/bin/sh\necho oauthctl made up\n");
        let archive = home.join(format!("{folder}.tar.gz"));
        let packed = sandbox.program("tar").arg("-czf").args([&archive, Path::new(&folder)]).status().unwrap();
        assert!(packed.success());
        let mut sum = sandbox.program("sha256sum");
        sum.arg(&archive);
        let sum = output(sum).code(0).stdout()[..64].to_owned();
        let sums: String = TARGETS.map(|target| format!("{sum}  oauthctl-{target}\n")).concat();
        fs::write(home.join("SHA256SUMS"), sums).unwrap();
        script(&sandbox, "fill", &["SHA256SUMS", "filled"]).code(0);
        // Before the real one.
        write_program(
            &home.join("path/uname"),
            &format!("#!/bin/sh\ncase $1 in -s) echo {system} ;; *) echo {machine} ;; esac\n"),
        );
        let path = format!("{}:{}", home.join("path").display(), std::env::var("PATH").unwrap());
        Self { archive: fs::read(archive).unwrap(), sandbox: sandbox.with("PATH", &path) }
    }

    pub fn linux() -> Self {
        Self::new("Linux", "x86_64", "x86_64-unknown-linux-musl")
    }

    /// Runs the installer against a server that has this as the archive.
    #[track_caller]
    fn run(&self, served: &[u8]) -> (Output, Vec<String>) {
        needs(&["curl"]);
        let server = RawServer::start([http("200 OK", &[], served)]);
        let mut install = self.sandbox.program("sh");
        install.arg("filled/install.sh").env("OAUTHCTL_DOWNLOAD_URL", server.origin());
        if !self.sandbox.home().join("elsewhere").exists() {
            install.env("OAUTHCTL_INSTALL_DIR", self.folder());
        }
        (output(install), server.stop())
    }

    fn folder(&self) -> PathBuf {
        self.sandbox.home().join("my programs")
    }

    /// The names of all that lies in the folder for the program.
    fn installed(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder()) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn the_installer_puts_the_checked_program_in_its_place() {
    for (system, machine, target) in [
        ("Linux", "x86_64", "x86_64-unknown-linux-musl"),
        ("Linux", "aarch64", "aarch64-unknown-linux-musl"),
        ("Linux", "arm64", "aarch64-unknown-linux-musl"),
        ("Darwin", "arm64", "aarch64-apple-darwin"),
        ("Darwin", "x86_64", "x86_64-apple-darwin"),
    ] {
        let installer = Installer::new(system, machine, target);
        // An earlier version is replaced.
        write_program(&installer.folder().join("oauthctl"), "#!/bin/sh\necho older\n");
        let (done, requests) = installer.run(&installer.archive);
        done.code(0).says(&format!("Installed oauthctl {}", package("version"))).says("is not in PATH");
        assert!(requests[0].starts_with(&format!("GET /oauthctl-{target}.tar.gz ")), "{requests:?}");
        assert_eq!(installer.installed(), ["oauthctl"], "nothing else is left there");
        let program = installer.folder().join("oauthctl");
        output(Command::new(program)).code(0).answers("oauthctl made up");
    }
}

/// Links the programs that an installer takes, but for these, into a folder that is all of PATH.
fn without(installer: &Installer, programs: &[&str]) -> String {
    let folder = installer.sandbox.home().join("few programs");
    fs::create_dir_all(&folder).unwrap();
    let taken = [
        "cat",
        "chmod",
        "curl",
        "gzip",
        "id",
        "mkdir",
        "mktemp",
        "mv",
        "openssl",
        "rm",
        "sh",
        "sha256sum",
        "shasum",
        "tar",
        "wget",
    ];
    for name in taken.into_iter().filter(|name| !programs.contains(name)) {
        // What Debian has for one of them may be missing.
        let Some(program) = find(name) else { continue };
        std::os::unix::fs::symlink(program, folder.join(name)).unwrap();
    }
    fs::copy(installer.sandbox.home().join("path/uname"), folder.join("uname")).unwrap();
    folder.display().to_string()
}

#[test]
fn the_installer_makes_do_with_the_programs_that_are_there() {
    needs(&["curl", "wget", "openssl", "sha256sum"]);
    for (missing, said) in [
        (&["curl"][..], "Installed"),
        (&["sha256sum"], "Installed"),
        (&["sha256sum", "shasum", "wget"], "Installed"),
        (&["curl", "wget"], "neither curl nor wget is here"),
        (&["sha256sum", "shasum", "openssl"], "the checksum cannot be computed"),
        (&["tar"], "cannot be unpacked"),
    ] {
        let installer = Installer::linux();
        let server = RawServer::start([http("200 OK", &[], &installer.archive)]);
        let mut install = installer.sandbox.program("sh");
        install.arg("filled/install.sh").env("OAUTHCTL_DOWNLOAD_URL", server.origin());
        install.env("OAUTHCTL_INSTALL_DIR", installer.folder()).env("PATH", without(&installer, missing));
        let done = output(install);
        let is_installed = said == "Installed";
        done.code(i32::from(!is_installed)).says(said);
        assert_eq!(installer.installed().len(), usize::from(is_installed), "without {missing:?}: {done}");
    }
}

#[test]
fn a_download_that_breaks_off_leaves_the_older_program() {
    needs(&["curl", "wget"]);
    for missing in ["wget", "curl"] {
        let installer = Installer::linux();
        write_program(&installer.folder().join("oauthctl"), "#!/bin/sh\necho older\n");
        let broken = || {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", installer.archive.len());
            reply([head.as_bytes(), &installer.archive[..50]].concat())
        };
        let server = RawServer::start([broken(), broken(), broken(), broken(), broken(), broken()]);
        let mut install = installer.sandbox.program("sh");
        install.arg("filled/install.sh").env("OAUTHCTL_DOWNLOAD_URL", server.origin());
        install.env("OAUTHCTL_INSTALL_DIR", installer.folder()).env("PATH", without(&installer, &[missing]));
        output(install).code(1).says("cannot be downloaded");
        assert_eq!(installer.installed(), ["oauthctl"]);
        output(Command::new(installer.folder().join("oauthctl"))).answers("older");
        assert!(server.stop().len() < 5, "it ends soon");
    }
}

#[test]
fn the_installer_takes_the_home_and_tells_of_another_program() {
    needs(&["curl"]);
    let installer = Installer::linux();
    let home = installer.sandbox.home().join("a home");
    // As a user who is not root, whoever runs the test.
    write_program(&installer.sandbox.home().join("path/id"), "#!/bin/sh\necho 1000\n");
    write_program(&installer.sandbox.home().join("path/oauthctl"), "#!/bin/sh\necho older\n");
    let install = |home: &Path, path: &str| {
        let server = RawServer::start([http("200 OK", &[], &installer.archive)]);
        let mut install = installer.sandbox.program("sh");
        install
            .arg("filled/install.sh")
            .env("OAUTHCTL_DOWNLOAD_URL", server.origin())
            .env("HOME", home)
            .env("PATH", path);
        output(install)
    };
    let (folder, path) = (home.join(".local/bin"), installer.sandbox.variable("PATH"));
    install(&home, &path).code(0).says(&format!("{} is not in PATH", folder.display()));
    let second = install(&home, &format!("{path}:{}", folder.display()));
    second.code(0).says("`oauthctl` is ").says("path/oauthctl still, which comes first in PATH");
    let first = install(&home, &format!("{}:{path}", folder.display()));
    assert!(!first.code(0).stderr().contains("PATH"), "{first}");
    output(Command::new(folder.join("oauthctl"))).code(0).answers("oauthctl made up");
    install(Path::new(""), &path).code(1).says("HOME is not set").says("OAUTHCTL_INSTALL_DIR");
    fs::remove_file(folder.join("oauthctl")).unwrap();
    fs::create_dir(folder.join("oauthctl")).unwrap();
    install(&home, &path).code(1).says("is a folder");
    assert_eq!(fs::read_dir(folder.join("oauthctl")).unwrap().count(), 0);
}

#[test]
fn the_installer_names_the_one_for_windows() {
    for system in ["MINGW64_NT-10.0-26100", "MSYS_NT-10.0", "CYGWIN_NT-10.0"] {
        let installer = Installer::new(system, "x86_64", "x86_64-unknown-linux-musl");
        let (refused, requests) = installer.run(&installer.archive);
        refused.code(1).says("/install.ps1 | iex");
        assert!(requests.is_empty() && installer.installed().is_empty());
    }
}

#[test]
fn the_installer_refuses_an_archive_with_another_checksum() {
    let installer = Installer::linux();
    write_program(&installer.folder().join("oauthctl"), "#!/bin/sh\necho older\n");
    let mut changed = installer.archive.clone();
    changed.push(0);
    for served in [&changed[..], b"<html>Please log in</html>", b""] {
        let (refused, _) = installer.run(served);
        refused.code(1).says("has the checksum").says("nothing was installed");
        assert_eq!(installer.installed(), ["oauthctl"]);
        output(Command::new(installer.folder().join("oauthctl"))).answers("older");
    }
}

#[test]
fn the_installer_says_where_it_has_no_build() {
    for (system, machine) in [("Linux", "riscv64"), ("FreeBSD", "amd64"), ("Linux", "armv7l")] {
        let installer = Installer::new(system, machine, "x86_64-unknown-linux-musl");
        let (refused, requests) = installer.run(&installer.archive);
        refused.code(1).says(&format!("there is no build for {system}")).says("cargo install --git");
        assert!(requests.is_empty() && installer.installed().is_empty());
    }
}

#[test]
fn the_installer_names_a_folder_it_cannot_write_to() {
    let installer = Installer::linux();
    // Not even root writes there.
    for (folder, problem) in [("/proc", "cannot be written to"), ("/dev/null/bin", "cannot be made")] {
        let mut install = installer.sandbox.program("sh");
        install.arg("filled/install.sh").env("OAUTHCTL_INSTALL_DIR", folder);
        let refused = output(install);
        refused.code(1).says(folder).says(problem).says("OAUTHCTL_INSTALL_DIR");
        assert!(!refused.stderr().contains("Downloading"), "it asks before it downloads: {refused}");
    }
}

#[test]
fn the_installer_says_what_it_could_not_download() {
    let installer = Installer::linux();
    let server = RawServer::start([http("404 Not Found", &[], "")]);
    let mut install = installer.sandbox.program("sh");
    install.arg("filled/install.sh").env("OAUTHCTL_DOWNLOAD_URL", server.origin());
    // The folder that is taken if none is named is in the home, but for root.
    install.env("OAUTHCTL_INSTALL_DIR", installer.folder());
    output(install).code(1).says("cannot be downloaded").says("OAUTHCTL_DOWNLOAD_URL");
    assert!(installer.installed().is_empty());
}

#[test]
fn half_an_installer_does_nothing() {
    let installer = Installer::linux();
    let whole = fs::read_to_string(installer.sandbox.home().join("filled/install.sh")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for end in (0..lines.len()).step_by(7) {
        let mut install = installer.sandbox.program("sh");
        install.args(["-c", &lines[..end].join("\n")]).env("OAUTHCTL_INSTALL_DIR", installer.folder());
        let cut = output(install);
        assert!(!cut.stderr().contains("Downloading") && installer.installed().is_empty(), "{end} lines: {cut}");
    }
}

#[test]
fn a_template_is_filled_whole_or_not_at_all() {
    let sandbox = Sandbox::new();
    let sum = "0123456789abcdef".repeat(4);
    let lines = TARGETS.map(|target| format!("{sum}  oauthctl-{target}\n"));
    fs::write(sandbox.home().join("all"), lines.concat()).unwrap();
    let filled = script(&sandbox, "fill", &["all", "out", "--repository", "https://github.com/someone/fork"]);
    let files: Vec<&str> = filled.code(0).stdout().lines().collect();
    assert!(files.len() > 7, "{filled}");
    for file in files {
        let text = fs::read_to_string(sandbox.home().join(file)).unwrap();
        assert!(!text.contains("@VERSION@") && !text.contains("SHA256:"), "{file}");
        assert!(!text.contains(&format!("{}/releases", package("repository"))), "{file} is for the fork");
    }
    for target in TARGETS {
        let rest: String = lines.iter().filter(|line| !line.contains(target)).map(String::as_str).collect();
        fs::write(sandbox.home().join("some"), rest).unwrap();
        script(&sandbox, "fill", &["some", "out"]).code(1).says(&format!("oauthctl-{target}"));
    }
    fs::write(sandbox.home().join("odd"), "not a sum\n").unwrap();
    script(&sandbox, "fill", &["odd", "out"]).code(1).says("`not a sum`");
}

#[test]
fn the_notes_of_a_release_are_its_section_in_the_changelog() {
    let sandbox = Sandbox::new();
    let version = package("version");
    let changelog = format!(
        "# Changelog\n\n## Unreleased\n\nLater.\n\n## {version} (2026-01-01)\n\nOne paragraph\nof two lines.\n\n- a list\n  goes on\n\
         - ends\n\n```\ncode\nstays\n```\n\n## {version}-old (2025-01-01)\n\nEarlier.\n"
    );
    fs::write(sandbox.home().join("changes"), changelog).unwrap();
    let notes = script(&sandbox, "notes", &["--changelog", "changes", "--tag", &format!("v{version}")]);
    let expected = "One paragraph of two lines.\n\n- a list goes on\n- ends\n\n```\ncode\nstays\n```\n";
    assert!(notes.code(0).stdout().starts_with(expected), "{notes}");
    assert!(!notes.stdout().contains("Later") && !notes.stdout().contains("Earlier"), "{notes}");
    script(&sandbox, "notes", &["--tag", "v99.0.0"]).code(1).says("the tag is v99.0.0").says(&version);
    fs::write(sandbox.home().join("none"), "## Unreleased\n\nLater.\n").unwrap();
    script(&sandbox, "notes", &["--changelog", "none"]).code(1).says(&format!("no section `## {version} (DATE)`"));
}

#[test]
fn the_action_takes_the_version_that_is_asked_for() {
    let sandbox = Sandbox::new();
    let program = root().join(".github/actions/setup-oauthctl/release");
    let ask = |variables: &[(&str, &str)]| {
        let mut command = sandbox.program(program.to_str().unwrap());
        command.envs(variables.iter().copied());
        output(command)
    };
    let own = ("OWN_REPOSITORY", "someone/oauthctl");
    for (variables, url) in [
        (&[own, ("OWN_REF", "v1.2.3")][..], "someone/oauthctl/releases/download/v1.2.3"),
        (&[own, ("OWN_REF", "v1")], "someone/oauthctl/releases/latest/download"),
        (&[own, ("OWN_REF", "main")], "someone/oauthctl/releases/latest/download"),
        (&[own, ("OWN_REF", "v1.2.3"), ("VERSION", "latest")], "someone/oauthctl/releases/latest/download"),
        (&[own, ("OWN_REF", "v1.2.3"), ("VERSION", "0.9.0")], "someone/oauthctl/releases/download/v0.9.0"),
        (&[own, ("VERSION", "v2.0.0-rc.1")], "someone/oauthctl/releases/download/v2.0.0-rc.1"),
        (&[("THIS_REPOSITORY", "a/b")], "a/b/releases/latest/download"),
        (&[own, ("REPOSITORY", "mirror/x"), ("VERSION", "1.0.0")], "mirror/x/releases/download/v1.0.0"),
    ] {
        assert_eq!(ask(variables).code(0).stdout(), format!("url=https://github.com/{url}\n"), "{variables:?}");
    }
    for wrong in [("VERSION", "1.0/../x"), ("VERSION", "1\nurl=x"), ("REPOSITORY", "https://evil.example/x")] {
        ask(&[own, wrong]).code(1).answers("").says("::error::");
    }
}

#[test]
fn the_addresses_in_the_readme_are_those_of_the_package() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let repository = package("repository");
    let short = repository.strip_prefix("https://github.com/").unwrap();
    assert!(readme.contains(&format!("{repository}/releases/latest/download/install.sh")));
    assert!(readme.contains(&format!("uses: {short}/.github/actions/setup-oauthctl@v{}", package("version"))));
    let foreign = |line: &&str| line.contains("/releases/") && !line.contains(&repository);
    assert_eq!(readme.lines().find(foreign), None);
}

/// Returns all files below a folder, but what is installed there for the tests.
fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wanted = entries.filter(|path| !["node_modules", "target"].iter().any(|name| path.ends_with(name)));
    wanted.flat_map(|path| if path.is_dir() { files_below(path) } else { vec![path] }).collect()
}

#[test]
fn shellcheck_finds_nothing_in_our_scripts() {
    let sandbox = Installer::linux().sandbox;
    let is_script = |path: &PathBuf| {
        fs::read(path)
            .is_ok_and(|text| [&b"#!/usr/bin/env bash"[..], b"#!/bin/sh"].iter().any(|first| text.starts_with(first)))
    };
    let folders = [".ci", ".github", "tests"].map(|folder| files_below(root().join(folder)));
    let scripts: Vec<PathBuf> = folders.concat().into_iter().filter(is_script).collect();
    assert!(scripts.len() > 18, "{scripts:?}");
    let mut command = sandbox.program("shellcheck");
    command.args(["--severity", "warning"]).args(scripts).args(["filled/install.sh", "filled/PKGBUILD"]);
    let found = output(command);
    assert_eq!(found.code(0).stdout(), "");
}
