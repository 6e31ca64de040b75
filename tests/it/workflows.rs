//! What GitHub runs for this repository: `.github/workflows`, and the action that installs the program. The shell lines that
//! can run here are run as GitHub does, with made-up files, and with stubs in the place of `gh` and of downloads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::packaging::{Installer, TARGETS, output, package, root, script, write_program};
use crate::support::lacks::needs;
use crate::support::{Output, Sandbox};

const WORKFLOWS: [&str; 2] = ["ci.yml", "release.yml"];

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn workflow(name: &str) -> Value {
    yaml(&root().join(".github/workflows").join(name))
}

fn action() -> Value {
    yaml(&root().join(".github/actions/setup-oauthctl/action.yml"))
}

/// Returns all steps of a workflow's job, or of an action.
fn steps(of: &Value) -> Vec<Value> {
    of["steps"].as_array().expect("it has steps").clone()
}

fn all_steps(workflow: &Value) -> Vec<Value> {
    workflow["jobs"].as_object().unwrap().values().flat_map(steps).collect()
}

/// Returns the shell lines of the step whose name begins like this, or whose lines contain it.
fn lines_of(workflow: &Value, job: &str, name: &str) -> String {
    let run = |step: &Value| step["run"].as_str().map(str::to_owned);
    let is_it = |step: &Value| {
        step["name"].as_str().is_some_and(|own| own.starts_with(name))
            || run(step).is_some_and(|lines| lines.contains(name))
    };
    let found = steps(&workflow["jobs"][job]).into_iter().find(is_it);
    run(&found.unwrap_or_else(|| panic!("{job} has a step {name}"))).unwrap()
}

/// Runs shell lines as GitHub does where `shell: bash` is said.
#[track_caller]
fn bash(sandbox: &Sandbox, lines: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = sandbox.program("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", lines]).envs(variables.iter().copied());
    output(command)
}

#[test]
fn every_action_is_pinned_by_its_digest() {
    let mut digests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut texts: Vec<PathBuf> = WORKFLOWS.map(|name| root().join(".github/workflows").join(name)).into();
    texts.push(root().join(".github/actions/setup-oauthctl/action.yml"));
    for path in texts {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((_, used)) = line.split_once("uses: ") else { continue };
            if used.starts_with("./") {
                continue;
            }
            let (name, pinned) = used.split_once('@').expect(line);
            let (digest, version) = pinned.split_once(" # v").unwrap_or_else(|| panic!("which version is it? {line}"));
            assert!(digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
            assert!(version.split('.').count() == 3, "{line}");
            digests.entry(name.to_owned()).or_default().insert(pinned.to_owned());
        }
    }
    assert!(digests.len() > 4);
    assert_eq!(digests.iter().find(|(_, pinned)| pinned.len() > 1), None, "one version of each");
}

#[test]
fn no_checkout_leaves_its_token_behind() {
    for name in WORKFLOWS {
        let steps = all_steps(&workflow(name));
        let checkouts =
            steps.iter().filter(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@")));
        let kept: Vec<&Value> = checkouts.filter(|step| step["with"]["persist-credentials"] != false).collect();
        assert!(kept.is_empty(), "{name}: {kept:?}");
    }
}

/// Without its name the shell is `bash -e`, to which a failure before a pipe is none.
#[test]
fn a_step_fails_where_a_part_of_its_pipe_does() {
    for name in WORKFLOWS {
        let workflow = workflow(name);
        let is_named = |shell: &Value| shell == "bash";
        let all = is_named(&workflow["defaults"]["run"]["shell"]);
        for step in all_steps(&workflow).iter().filter(|step| step["run"].is_string()) {
            assert!(is_named(&step["shell"]) || (all && step["shell"].is_null()), "{name}: {step}");
        }
    }
}

#[test]
fn only_the_job_that_publishes_may_write() {
    for name in WORKFLOWS {
        let workflow = workflow(name);
        assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }), "{name}");
        for (job, text) in workflow["jobs"].as_object().unwrap() {
            let writes = text["permissions"].as_object().map(|all| all.keys().map(String::as_str).collect::<Vec<_>>());
            let expected = (job == "publish").then(|| vec!["contents", "id-token", "attestations"]);
            assert_eq!(writes, expected, "{name}: {job}");
        }
    }
}

#[test]
fn the_shell_lines_of_the_workflows_are_clean() {
    let sandbox = Sandbox::new();
    needs(&["shellcheck"]);
    let mut checked = 0;
    let action = steps(&action()["runs"]);
    for step in WORKFLOWS.iter().flat_map(|name| all_steps(&workflow(name))).chain(action) {
        let Some(lines) = step["run"].as_str().filter(|_| step["shell"] != "pwsh") else { continue };
        fs::write(sandbox.home().join("lines"), lines).unwrap();
        let mut command = sandbox.program("shellcheck");
        command.args(["--shell", "bash", "lines"]);
        assert_eq!(output(command).code(0).stdout(), "", "{lines}");
        checked += 1;
    }
    assert!(checked > 15, "{checked}");
}

/// One name a file, in the workflow, the installers, the manifests, binstall and the tests.
#[test]
fn the_files_of_a_release_have_one_name_everywhere() {
    let release = workflow("release.yml");
    let matrix = release["jobs"]["build"]["strategy"]["matrix"]["include"].as_array().unwrap().clone();
    // With packages, the archive is not published.
    let published = matrix.iter().filter(|row| row["packages"].is_null()).map(|row| {
        let target = row["target"].as_str().unwrap();
        format!("{target}.{}", if target.contains("windows") { "zip" } else { "tar.gz" })
    });
    let published: BTreeSet<String> = published.collect();
    assert_eq!(published, TARGETS.map(str::to_owned).into());

    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    for file in &published {
        let (target, ending) = file.split_once('.').unwrap();
        let format = binstall["overrides"].get(target).unwrap_or(binstall)["pkg-fmt"].as_str().unwrap();
        let suffix = match format {
            "tgz" => "tar.gz", // what binstall asks for beside `.tgz`
            other => other,
        };
        assert_eq!(suffix, ending, "{target}");
    }
    assert_eq!(
        binstall["pkg-url"].as_str().unwrap(),
        "{ repo }/releases/download/v{ version }/oauthctl-{ target }{ archive-suffix }"
    );

    let mut named = BTreeSet::new();
    let templates = root().join(".github/packaging/templates");
    for file in [fs::read_dir(&templates), fs::read_dir(templates.join("winget"))].into_iter().flat_map(Result::unwrap)
    {
        let path = file.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for place in text.split("@SHA256:oauthctl-").skip(1) {
            named.insert(place.split_once('@').unwrap().0.to_owned());
        }
        for place in text.split("/oauthctl-").skip(1) {
            let end = place.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).unwrap_or(place.len());
            let file = &place[..end];
            let is_archive = [".tar.gz", ".zip"].iter().any(|ending| file.ends_with(ending));
            assert!(!is_archive || file == "nix.tar.gz" || published.contains(file), "{}: {file}", path.display());
        }
    }
    assert_eq!(named, published, "each has its checksum in some template");
    // And the other jobs take what that one made.
    let targets: Vec<&Value> = matrix.iter().map(|row| &row["target"]).collect();
    for row in release["jobs"]["install"]["strategy"]["matrix"]["include"].as_array().unwrap() {
        assert!(targets.contains(&&row["target"]), "{row}");
    }
}

/// A folder as the job `publish` has it, with made-up files of all jobs before.
fn made() -> Sandbox {
    needs(&["python3", "sha256sum", "tar"]);
    let sandbox = Sandbox::new();
    symlink(root().join(".github"), sandbox.home().join(".github")).unwrap();
    let version = package("version");
    let mut files = vec![
        ("notes/notes.md".to_owned(), "What is new.\n".to_owned()),
        ("bill-of-materials/oauthctl.cdx.json".to_owned(), "{}".to_owned()),
        (format!("x86_64-unknown-linux-gnu/oauthctl_{version}-1_amd64.deb"), "deb".to_owned()),
        (format!("x86_64-unknown-linux-gnu/oauthctl-{version}-1.x86_64.rpm"), "rpm".to_owned()),
    ];
    files.extend(TARGETS.map(|file| (format!("{}/oauthctl-{file}", file.split_once('.').unwrap().0), file.to_owned())));
    for (file, text) in files {
        let path = sandbox.home().join("made").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    sandbox
}

#[test]
fn a_release_has_every_file_with_its_checksum() {
    let sandbox = made();
    let lines = lines_of(&workflow("release.yml"), "publish", "Collect the files");
    bash(&sandbox, &lines, &[("REPOSITORY", &package("repository"))]).code(0);
    let release = sandbox.home().join("release");
    let names: BTreeSet<String> =
        fs::read_dir(&release).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let installers = ["install.sh", "install.ps1", "oauthctl.rb", "oauthctl.json", "PKGBUILD"];
    for name in installers.into_iter().chain([
        "SHA256SUMS",
        "oauthctl.cdx.json",
        "oauthctl-nix.tar.gz",
        "oauthctl-winget.tar.gz",
    ]) {
        assert!(names.contains(name), "{name} is missing: {names:?}");
    }
    assert!(TARGETS.iter().all(|file| names.contains(&format!("oauthctl-{file}"))), "{names:?}");
    assert!(names.iter().any(|name| name.ends_with(".deb")) && names.iter().any(|name| name.ends_with(".rpm")));
    assert!(!names.contains("notes.md"), "they are the text of the release");
    let sums = fs::read_to_string(release.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), names.len() - 1, "{sums}");
    let mut check = sandbox.program("sha256sum");
    check.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(&release);
    output(check).code(0);
    // The README gives these paths.
    let mut list = sandbox.program("tar");
    list.args(["-tzf", "release/oauthctl-nix.tar.gz"]);
    output(list).code(0).answers("oauthctl-nix/flake.nix");
}

#[test]
fn a_release_is_complete_before_it_is_seen() {
    let lines = lines_of(&workflow("release.yml"), "publish", "Publish");
    for (tag, is_left, kind) in
        [("v1.2.3", false, "--latest"), ("v1.2.3", true, "--latest"), ("v2.0.0-rc.1", false, "--prerelease")]
    {
        let sandbox = made();
        fs::create_dir(sandbox.home().join("release")).unwrap();
        fs::write(sandbox.home().join("release/a file"), "").unwrap();
        write_program(
            &sandbox.home().join("path/gh"),
            "#!/bin/sh\necho \"$*\" >>asked\n[ \"$2\" != view ] || { [ -e left ] && echo true || exit 1; }\n",
        );
        if is_left {
            fs::write(sandbox.home().join("left"), "").unwrap();
        }
        let path = format!("{}:{}", sandbox.home().join("path").display(), std::env::var("PATH").unwrap());
        bash(&sandbox, &lines, &[("TAG", tag), ("PATH", &path)]).code(0);
        let asked = fs::read_to_string(sandbox.home().join("asked")).unwrap();
        let asked: Vec<&str> = asked.lines().filter(|line| !line.contains(" view ")).collect();
        let mut expected = vec![
            format!(
                "release create {tag} --verify-tag --draft --title oauthctl {} --notes-file made/notes/notes.md release/a file",
                &tag[1..]
            ),
            format!("release edit {tag} --draft=false {kind}"),
        ];
        if is_left {
            expected.insert(0, format!("release delete {tag} --yes"));
        }
        assert_eq!(asked, expected);
    }
}

#[test]
fn a_tag_of_another_version_ends_the_release_at_its_start() {
    let sandbox = Sandbox::new();
    needs(&["python3"]);
    symlink(root().join(".github"), sandbox.home().join(".github")).unwrap();
    let lines = lines_of(&workflow("release.yml"), "notes", ".github/packaging/notes");
    bash(&sandbox, &lines, &[("TAG", "v99.0.0")]).code(1).says("the tag is v99.0.0");
    for tag in ["", &format!("v{}", package("version"))] {
        let notes = bash(&sandbox, &lines, &[("TAG", tag)]);
        assert!(notes.code(0).stdout().len() > 1000, "this version has its section: {notes}");
    }
}

/// The steps of the action, one after the other, as on Linux or macOS.
#[test]
fn the_action_installs_the_program_and_adds_it_to_the_path() {
    let installer = Installer::linux();
    let (sandbox, home) = (&installer.sandbox, installer.sandbox.home().to_owned());
    fs::write(home.join("archive"), &installer.archive).unwrap();
    // What a release has at its addresses, by file name.
    write_program(
        &home.join("path/curl"),
        "#!/bin/sh\nfor url; do [ \"$last\" = -o ] && to=$url; last=$url; done\necho \"$url\" >>\"$HOME/asked\"\n\
         case $url in */install.sh) cp \"$HOME/filled/install.sh\" \"$to\" ;; *) cp \"$HOME/archive\" \"$to\" ;; esac\n",
    );
    let temporary = home.join("runner temp");
    let (paths, results) = (home.join("github path"), home.join("github output"));
    fs::create_dir(&temporary).unwrap();
    for file in [&paths, &results] {
        fs::write(file, "").unwrap();
    }
    let mut known = BTreeMap::from([
        ("inputs.version".to_owned(), String::new()),
        ("inputs.repository".to_owned(), String::new()),
        ("github.action_repository".to_owned(), "someone/oauthctl".to_owned()),
        ("github.repository".to_owned(), "me/app".to_owned()),
        ("github.action_ref".to_owned(), "v1.2.3".to_owned()),
        ("github.server_url".to_owned(), "https://github.com".to_owned()),
        ("runner.temp".to_owned(), temporary.display().to_string()),
    ]);
    for step in steps(&action()["runs"]).iter().filter(|step| step["if"] != "runner.os == 'Windows'") {
        assert_eq!(step["shell"], "bash");
        let mut lines = sandbox.program("bash");
        lines.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            lines.env(name, filled(value.as_str().unwrap(), &known));
        }
        let added = fs::read_to_string(&paths).unwrap();
        let path = added.lines().rev().fold(sandbox.variable("PATH"), |path, folder| format!("{folder}:{path}"));
        lines
            .env("PATH", path)
            .env("RUNNER_TEMP", &temporary)
            .env("GITHUB_PATH", &paths)
            .env("GITHUB_OUTPUT", &results);
        lines.env("GITHUB_ACTION_PATH", root().join(".github/actions/setup-oauthctl"));
        output(lines).code(0);
        for line in fs::read_to_string(&results).unwrap().lines() {
            let (name, value) = line.split_once('=').unwrap();
            known.insert(format!("steps.{}.outputs.{name}", step["id"].as_str().unwrap_or_default()), value.to_owned());
        }
        fs::write(&results, "").unwrap();
    }
    let asked = fs::read_to_string(home.join("asked")).unwrap();
    let asked: Vec<&str> = asked.lines().collect();
    assert_eq!(asked[0], "https://github.com/someone/oauthctl/releases/download/v1.2.3/install.sh");
    assert!(asked.len() == 2 && asked[1].ends_with("/oauthctl-x86_64-unknown-linux-musl.tar.gz"), "{asked:?}");
    assert_eq!(fs::read_to_string(&paths).unwrap(), format!("{}/oauthctl\n", temporary.display()));
    assert_eq!(known["steps.installed.outputs.version"], "made up");
}

/// Fills in `${{ NAME }}`.
fn filled(text: &str, known: &BTreeMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{ ") else { return text.to_owned() };
    let (name, after) = rest.split_once(" }}").expect(text);
    let value = known.get(name).unwrap_or_else(|| panic!("`{name}` is not known"));
    format!("{before}{value}{}", filled(after, known))
}

/// Git for Windows is told there to change line ends, after which no script runs and no fixture is what it was.
#[test]
fn a_checkout_has_the_bytes_that_were_committed() {
    let sandbox = Sandbox::new();
    let git = |args: &[&str]| {
        let mut command = sandbox.program("git");
        command
            .args(["-c", "user.name=a", "-c", "user.email=a@mine.example", "-c", "init.defaultBranch=main"])
            .args(args);
        output(command)
    };
    git(&["init", "--quiet", "one"]).code(0);
    let one = sandbox.home().join("one");
    for file in [".gitattributes", ".github/packaging/build", "tests/fixtures/errors.txt"] {
        let to = one.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(file), to).unwrap();
    }
    git(&["-C", "one", "add", "--all"]).code(0);
    git(&["-C", "one", "commit", "--quiet", "--message", "all"]).code(0);
    git(&["-c", "core.autocrlf=true", "clone", "--quiet", "one", "two"]).code(0);
    for file in [".github/packaging/build", "tests/fixtures/errors.txt"] {
        let same = fs::read(root().join(file)).unwrap() == fs::read(sandbox.home().join("two").join(file)).unwrap();
        assert!(same, "{file} is another one");
    }
}

/// An archive with a program that says this of itself.
fn archive(sandbox: &Sandbox, version: &str) -> Output {
    let folder = sandbox.home().join("oauthctl-x86_64-unknown-linux-musl");
    write_program(&folder.join("oauthctl"), &format!("#!/bin/sh\n[ \"$1\" = demo ] || printf '{version}'\n"));
    for file in ["completions/oauthctl.bash", "man/man1/oauthctl-login.1"] {
        fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        fs::write(folder.join(file), "made up").unwrap();
    }
    let mut pack = sandbox.program("tar");
    pack.args(["-czf", "archive.tar.gz", "oauthctl-x86_64-unknown-linux-musl"]);
    output(pack).code(0);
    script(sandbox, "smoke", &["archive.tar.gz", "abc"])
}

#[test]
fn a_built_program_must_know_what_it_was_built_from() {
    let sandbox = Sandbox::new();
    let target = "x86_64-unknown-linux-musl";
    archive(&sandbox, &format!(r"oauthctl 1.2.3\ncommit: abc\ndate: 2026-01-01\ntarget: {target}\n")).code(0);
    let other = archive(&sandbox, &format!(r"oauthctl 1.2.3\ncommit: def\ndate: 2026-01-01\ntarget: {target}\n"));
    other.code(1).says("it was not built from abc");
    let unknown = archive(&sandbox, r"oauthctl 1.2.3\ncommit: unknown\ndate: unknown\ntarget: unknown\n");
    unknown.code(1).says("it does not know what it was built from");
}

/// `cc` would call `aarch64-linux-musl-gcc` there, which is in no package of Debian's.
#[test]
fn the_compiler_for_musl_is_the_one_that_debian_has() {
    let build = fs::read_to_string(root().join(".github/packaging/build")).unwrap();
    let lines = build.lines().skip_while(|line| !line.contains("musl-tools")).take(5).collect::<Vec<_>>().join("\n");
    let sandbox = Sandbox::new();
    for (machine, target, expected) in [
        ("aarch64", "aarch64-unknown-linux-musl", "musl-gcc"),
        ("x86_64", "x86_64-unknown-linux-musl", "musl-gcc"),
        ("x86_64", "aarch64-unknown-linux-musl", ""),
        ("aarch64", "aarch64-unknown-linux-gnu", ""),
    ] {
        let ask = format!(
            "uname() {{ echo {machine}; }}; target={target}\n{lines}\necho \"CC=${{CC_{}:-}}\"",
            target.replace('-', "_")
        );
        assert_eq!(bash(&sandbox, &ask, &[]).code(0).stdout(), format!("CC={expected}\n"), "{target} on {machine}");
    }
}
