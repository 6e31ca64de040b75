//! The problems of a machine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Diagnosis;
use crate::support::emulated::MINE;
use crate::support::faketime::SettableClock;
use crate::support::lacks::{self, needs};
use crate::support::namespace::{self, Own};
use crate::support::process::finish;
use crate::support::session_bus::SessionBus;
use crate::support::tls::Proxy;
use crate::support::unprivileged_user::permissions;
use crate::support::{Emulated, Output, Sandbox, UnprivilegedUser};

/// A redirect URI for which no port has to be free, so that tests may run beside a login.
const ANY_PORT: &str = "http://127.0.0.1:0/callback";

#[track_caller]
fn diagnosed(sandbox: &Sandbox, args: &[&str]) -> Diagnosis {
    Diagnosis::run(sandbox, &[&["--redirect-uri", ANY_PORT], args].concat())
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, permissions(mode)).unwrap();
}

fn script(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.home().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    chmod(&path, 0o755);
}

/// Returns every file and folder below a folder, with its content.
fn content(folder: &Path) -> Vec<(std::path::PathBuf, Option<Vec<u8>>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(content(&path));
            all.push((path, None));
        } else {
            let bytes = fs::read(&path).ok();
            all.push((path, bytes));
        }
    }
    all.sort();
    all
}

#[test]
fn a_healthy_machine_has_no_problem_and_nothing_is_changed() {
    let sandbox = Sandbox::new();
    let fresh = content(sandbox.home());
    let diagnosis = diagnosed(&sandbox, &[]);
    diagnosis.ends_with(0).about("store file").is("ok").says("the first login makes its key");
    assert_eq!(content(sandbox.home()), fresh, "a fresh home was changed");
    sandbox.run_with_stdin(&["login", "github", "--with-token"], "made-up").code(0);
    let used = content(sandbox.home());
    let diagnosis = diagnosed(&sandbox, &["--offline"]);
    diagnosis.ends_with(0).about("store file").is("ok").says("took a record of 6 KiB, gave it back, and removed it");
    diagnosis.about("logins").says("one login").says("`github`");
    assert_eq!((content(sandbox.home()), diagnosis.sent()), (used, Vec::new()));
}

#[test]
fn no_bus_a_locked_keychain_and_a_silent_one_are_named() {
    let sandbox = Sandbox::new().with("OAUTHCTL_STORE", "keychain");
    let diagnosis = diagnosed(&sandbox, &[]);
    let store = diagnosis.ends_with(7).about("store keychain");
    store.is_problem(7).says("no D-Bus session bus").is_mended_by("--store file").shows("OAUTHCTL_STORE");
    let bus = SessionBus::new();
    let sandbox = bus.environment().iter().fold(sandbox, |sandbox, (name, value)| sandbox.with(name, value));
    // The bus is there, and no keyring.
    diagnosed(&sandbox, &[]).about("store keychain").is_problem(7).is_mended_by("start a keyring service");
    drop(bus.unlocked_keyring());
    let locked = bus.locked_keyring();
    diagnosed(&sandbox, &[]).about("store keychain").is_problem(7).says("is locked").is_mended_by("--unlock");
    drop(locked);
    let _daemon = bus.unlocked_keyring();
    diagnosed(&sandbox, &[]).ends_with(0).about("store keychain").is("ok").says("took a record of 6 KiB");
    let left = bus.secret_tool("search --all service oauthctl");
    assert!(!left.contains("probe-"), "{left}");
}

#[test]
fn the_store_of_a_login_is_tried_too_and_a_missing_helper_named() {
    let sandbox = Sandbox::new();
    let path = format!("{}:{}", sandbox.home().display(), std::env::var("PATH").unwrap());
    let sandbox = sandbox.with("PATH", &path);
    let kept = sandbox.home().join("kept");
    let get =
        format!("cat {} 2>/dev/null || {{ echo 'credentials not found in native keychain'; exit 1; }}", kept.display());
    script(
        &sandbox,
        "docker-credential-mine",
        &format!("case $1 in store) cat > {kept};; get) {get};; erase) rm -f {kept};; esac", kept = kept.display()),
    );
    let mine = sandbox.clone().with("OAUTHCTL_STORE", "helper:mine");
    mine.run_with_stdin(&["login", "github", "--with-token"], "made-up").code(0);
    fs::remove_file(sandbox.home().join("docker-credential-mine")).unwrap();
    let diagnosis = diagnosed(&sandbox, &[]);
    diagnosis.ends_with(7).about("store helper:mine").is_problem(7).is_mended_by("install `docker-credential-mine`");
    diagnosis.about("store file").is("ok");
}

/// The helper waits for the test before it has stored the record, and the signal comes meanwhile.
#[test]
fn a_signal_waits_until_the_test_record_is_removed() {
    let sandbox = Sandbox::new();
    let path = format!("{}:{}", sandbox.home().display(), std::env::var("PATH").unwrap());
    let sandbox = sandbox.with("PATH", &path).with("OAUTHCTL_STORE", "helper:slow");
    let [kept, begun, go] = ["kept", "begun", "go"].map(|name| sandbox.home().join(name));
    for fifo in [&begun, &go] {
        assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
    }
    let store = format!("cat > {}; echo > {}; read x < {}", kept.display(), begun.display(), go.display());
    let text =
        format!("case $1 in store) {store};; get) cat {kept};; erase) rm -f {kept};; esac", kept = kept.display());
    script(&sandbox, "docker-credential-slow", &text);
    let mut command = sandbox.command(&["doctor", "--offline"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The writer's end opens when the record is there.
    assert_eq!(fs::read_to_string(&begun).unwrap(), "\n");
    assert!(kept.is_file());
    // SAFETY: it takes two numbers; the child is not reaped yet.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    fs::OpenOptions::new().write(true).open(&go).unwrap().write_all(b"\n").unwrap();
    let ended = finish(child);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended.status), Some(libc::SIGINT));
    assert!(!kept.exists(), "the record was left behind");
}

#[test]
fn a_held_port_is_named_with_its_program() {
    let listen = "import socket,sys; s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(); print(s.getsockname()[1], flush=True); sys.stdin.read()";
    let mut holder = lacks::program("python3");
    let mut holder = holder.args(["-c", listen]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let port = port.trim();
    let uri = format!("http://127.0.0.1:{port}/callback");
    let diagnosis = Diagnosis::run(&Sandbox::new(), &["--redirect-uri", &uri]);
    let finding = diagnosis.ends_with(8).about(&format!("port {port}"));
    finding.is_problem(8).says("`python3").says(&format!("(process {})", holder.id()));
    finding.is_mended_by(&format!("kill {}", holder.id()));
    drop(holder.stdin.take());
    holder.wait().unwrap();
    Diagnosis::run(&Sandbox::new(), &["--redirect-uri", &uri]).about(&format!("port {port}")).is("ok");
    let user = UnprivilegedUser::new();
    let low = user.run(&["doctor", "--json", "--offline", "--redirect-uri", "http://127.0.0.1:1/callback"]);
    let low = Diagnosis::of(low);
    // Some machines let everybody have them.
    if low.about("port 1").check["verdict"] != "ok" {
        low.about("port 1").is_problem(8).is_mended_by("from 1024 up");
    }
}

#[test]
fn folders_that_are_open_or_closed_are_named_with_their_chmod() {
    let sandbox = Sandbox::new();
    let config = sandbox.home().join("config");
    fs::create_dir(&config).unwrap();
    chmod(&config, 0o777);
    let diagnosis = diagnosed(&sandbox, &["--offline"]);
    let folder = diagnosis.ends_with(3).about("configuration folder");
    folder.is_problem(3).is_mended_by(&format!("chmod go-w '{}'", config.display()));
    chmod(&config, 0o755);
    let data = sandbox.home().join(".local/share/oauthctl");
    fs::create_dir_all(&data).unwrap();
    let user = UnprivilegedUser::living_in(sandbox);
    chmod(&data, 0o000);
    let args = ["doctor", "--json", "--offline", "--redirect-uri", ANY_PORT];
    let diagnosis = Diagnosis::of(user.run(&args));
    diagnosis.ends_with(7).about("data folder").is_problem(7).is_mended_by("chmod u+rwx");
    diagnosis.about("logins").is_problem(7);
    chmod(&data, 0o500);
    Diagnosis::of(user.run(&args)).ends_with(7).about("data folder").is_problem(7).is_mended_by("chmod u+rwx");
    chmod(&data, 0o700);
    Diagnosis::of(user.run(&args)).about("data folder").is("ok").says("mode 0700");
    fs::remove_dir_all(&data).unwrap();
    let share = data.parent().unwrap();
    chmod(share, 0o500);
    let diagnosis = Diagnosis::of(user.run(&args));
    diagnosis.ends_with(7).about("data folder").is_problem(7).is_mended_by(&format!("chmod u+rwx {}", share.display()));
    chmod(share, 0o700);
    Diagnosis::of(user.run(&args)).about("data folder").is("ok").says("does not exist yet");
}

#[test]
fn a_home_that_does_not_exist_and_damaged_files_are_named() {
    let sandbox = Sandbox::new().without("OAUTHCTL_CONFIG_DIR");
    let gone = sandbox.home().join("gone");
    let sandbox = sandbox.with("HOME", gone.to_str().unwrap());
    diagnosed(&sandbox, &["--offline"]).ends_with(7).about("data folder").is_problem(7).says("which does not exist");
    let sandbox = Sandbox::new();
    let data = sandbox.home().join(".local/share/oauthctl");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("logins.json"), "{").unwrap();
    chmod(&data.join("logins.json"), 0o600);
    fs::write(sandbox.home().join(".oauthctl.toml"), "profile = 'a'\nhost = 'evil.example'").unwrap();
    let diagnosis = diagnosed(&sandbox, &["--offline"]);
    diagnosis.ends_with(7).about("logins").is_problem(7).says("is damaged").is_mended_by("mv ");
    diagnosis.about("project").is_problem(3).says("line 2, column 1");
}

#[test]
fn a_bad_definition_is_named_with_its_line_and_hides_no_other() {
    let sandbox = Sandbox::new();
    sandbox.define("bad", "name = 'Bad'\nauthorise.url = 'https://as.example/'");
    sandbox.define("faulty", "token.url = 'https://as.example/token'\nauthorize.url = 'https://as.example/a'\napi.base = 'https://your-shop.example/'");
    sandbox.define("mine", MINE);
    let diagnosis = diagnosed(&sandbox, &["--offline"]);
    let bad = diagnosis.ends_with(3).about("definition bad");
    bad.is_problem(3).says("line 2, column 1").is_mended_by("oauthctl providers check");
    assert!(diagnosis.about("definitions").says("of your own can be read").check["verdict"] == "ok");
    diagnosed(&sandbox, &["bad", "--offline"]).ends_with(3).about("definition").is_problem(3).says("line 2");
    diagnosed(&sandbox, &["no-such-provider"]).ends_with(3).about("definition").is_problem(3);
}

#[test]
fn definitions_that_cannot_be_read_are_named_with_a_way_out() {
    let sandbox = Sandbox::new();
    let folder = sandbox.home().join("config/providers");
    fs::create_dir_all(folder.join("folder.toml")).unwrap();
    fs::write(folder.join("latin.toml"), b"name = 'M\xfcller'").unwrap();
    let diagnosis = diagnosed(&sandbox, &["--offline"]);
    diagnosis.ends_with(3).about("definition folder").is_problem(3).is_mended_by("or remove it");
    diagnosis.about("definition latin").is_problem(3).is_mended_by("as UTF-8");
}

#[test]
fn one_cause_that_several_checks_meet_is_told_once() {
    let sandbox = Sandbox::new().with("HOME", "relative");
    let diagnosis = diagnosed(&sandbox, &["--offline"]);
    let told = diagnosis.checks().filter(|check| check["text"].as_str().unwrap().contains("not an absolute path"));
    assert_eq!(told.count(), 1, "{}", diagnosis.output);
}

#[test]
fn a_variable_that_leaves_records_off_is_named() {
    for (word, says) in [("off", "no command is recorded"), ("perhaps", "neither `on` nor `off`")] {
        let diagnosis = diagnosed(&Sandbox::new().with("OAUTHCTL_RECORD", word), &["--offline"]);
        diagnosis.ends_with(0).about("OAUTHCTL_RECORD").is("note").says(says).is_mended_by("unset OAUTHCTL_RECORD");
    }
    let on = diagnosed(&Sandbox::new().with("OAUTHCTL_RECORD", "on"), &["--offline"]);
    assert!(on.checks().all(|check| check["subject"] != "OAUTHCTL_RECORD"), "{}", on.output);
}

#[test]
fn a_variable_that_hides_something_is_named() {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.run_with_stdin(&["login", "github", "--profile", name, "--with-token"], "made-up").code(0);
    }
    let set = ["app", "set", "github", "--client-id", "registered", "--client-secret-stdin"];
    sandbox.run_with_stdin(&set, "s3cret").code(0);
    let usual = sandbox.home().join(".config/oauthctl/providers");
    fs::create_dir_all(usual).unwrap();
    let shadowed = sandbox
        .with("OAUTHCTL_PROFILE", "one")
        .with("OAUTHCTL_TOKEN", "canary-token")
        .with("OAUTHCTL_CLIENT_ID", "of-the-shell")
        .with("OAUTHCTL_STOER", "file");
    let diagnosis = diagnosed(&shadowed, &["--offline"]);
    diagnosis.ends_with(0).output.hides("canary-token");
    let variable = |name: &str, says: &str| {
        let next = format!("unset {name}");
        diagnosis.about(name).is("note").says(says).is_mended_by(&next);
    };
    variable("OAUTHCTL_PROFILE", "the login `one`, and not the current one, `two`");
    variable("OAUTHCTL_TOKEN", "the login `one`");
    variable("OAUTHCTL_CLIENT_ID", "and not `github`");
    variable("OAUTHCTL_CONFIG_DIR", "are not seen");
    variable("OAUTHCTL_STOER", "did you mean OAUTHCTL_STORE?");
    let lonely = Sandbox::new().with("OAUTHCTL_CLIENT_SECRET", "canary-secret").with("OAUTHCTL_PROFILE", "lost");
    let diagnosis = diagnosed(&lonely, &["--offline"]);
    diagnosis.about("OAUTHCTL_CLIENT_SECRET").is("note").says("OAUTHCTL_CLIENT_ID is not set");
    diagnosis.about("OAUTHCTL_PROFILE").is("note").says("`lost`, which does not exist");
    diagnosis.output.hides("canary-secret");
}

#[test]
fn no_browser_and_one_that_does_not_exist_are_named() {
    let over_ssh = Sandbox::new().with("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22");
    diagnosed(&over_ssh, &["--offline"]).ends_with(0).about("browser").is("note").says("SSH").is_mended_by("--device");
    let none = Sandbox::new().with("BROWSER", "no-such-browser");
    diagnosed(&none, &["--offline"]).about("browser").is("note").is_mended_by("unset BROWSER");
    let some = Sandbox::new().with("BROWSER", "sh");
    diagnosed(&some, &["--offline"]).about("browser").is("ok");
}

#[test]
fn a_machine_without_ipv6_or_without_loopback_is_told() {
    let sandbox = Sandbox::new();
    needs(&["ip"]);
    let without =
        "ip link set lo up; ip -6 address flush dev lo; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true";
    let doctor = [env!("CARGO_BIN_EXE_oauthctl"), "doctor", "--json", "--offline"];
    let mut command = namespace::script(&sandbox, Own::Network, &format!("{without}\nexec \"$0\" \"$@\""), &doctor);
    let diagnosis = Diagnosis::of(Output::new("doctor".to_owned(), command.output().unwrap()));
    diagnosis.about("loopback").is("note").says("no IPv6").is_mended_by("127.0.0.1");
}

#[test]
fn a_localhost_that_is_another_machine_is_told() {
    let sandbox = Sandbox::new();
    let hosts = sandbox.home().join("hosts");
    fs::write(&hosts, "192.0.2.7 localhost\n").unwrap();
    let script = format!("mount --bind '{}' /etc/hosts || exit 99; exec \"$0\" doctor --json", hosts.display());
    let mut command = namespace::script(&sandbox, Own::Mounts, &script, &[env!("CARGO_BIN_EXE_oauthctl")]);
    let diagnosis = Diagnosis::of(Output::new("doctor".to_owned(), command.output().unwrap()));
    diagnosis.about("localhost").is_problem(8).says("192.0.2.7").is_mended_by("127.0.0.1 localhost");
}

#[test]
fn proxies_that_are_malformed_absent_or_unused_are_told() {
    let malformed = Sandbox::new().with("HTTPS_PROXY", "ftp://user:canary-password@proxy.example");
    let diagnosis = diagnosed(&malformed, &["--offline"]);
    diagnosis.ends_with(3).about("HTTPS_PROXY").is_problem(3).is_mended_by("unset HTTPS_PROXY");
    diagnosis.output.hides("canary-password");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let absent = Sandbox::new().with("https_proxy", &format!("http://user:canary-password@{closed}"));
    let diagnosis = diagnosed(&absent, &[]);
    diagnosis.ends_with(8).about("proxy").is_problem(8).says("refused").is_mended_by("unset https_proxy");
    assert_eq!(diagnosis.sent(), [format!("CONNECT http://{closed}")]);
    diagnosis.output.hides("canary-password");
    diagnosed(&absent, &["--offline"]).ends_with(0).about("proxy").is("ok");
    let plain = Sandbox::new().with("http_proxy", "http://proxy.example:3128");
    diagnosed(&plain, &["--offline"]).ends_with(0).about("http_proxy").is("ok").says("not used");
    // It answers, and refuses whoever asks it.
    let refusing = Proxy::refusing();
    let sandbox = Sandbox::new().with("https_proxy", &refusing.url("user:canary-password"));
    sandbox.define("mine", MINE);
    let diagnosis = diagnosed(&sandbox, &["mine"]);
    diagnosis.about("proxy").is("ok");
    diagnosis.about("https://mine.example").is_problem(8).says("through the proxy").is_mended_by("the proxy variables");
    diagnosis.output.hides("canary-password");
}

#[test]
fn certificates_that_a_variable_or_a_flag_names_must_be_there() {
    let missing = Sandbox::new().with("SSL_CERT_FILE", "/nonexistent/ca.pem");
    let diagnosis = diagnosed(&missing, &["--offline"]);
    diagnosis.ends_with(3).about("certificates").is_problem(3).is_mended_by("unset SSL_CERT_FILE");
    let made = rcgen::generate_simple_self_signed(vec!["ca.example".to_owned()]).unwrap();
    let sandbox = Sandbox::new();
    let file = sandbox.home().join("ca.pem");
    fs::write(&file, made.cert.pem()).unwrap();
    let set = sandbox.clone().with("SSL_CERT_FILE", file.to_str().unwrap());
    diagnosed(&set, &["--offline"]).ends_with(0).about("certificates").is("note").is_mended_by("unset SSL_CERT_FILE");
    let flag = diagnosed(&sandbox, &["--offline", "--cacert", "none.pem"]);
    flag.ends_with(3).about("--cacert").is_problem(3);
}

#[test]
fn a_clock_that_is_wrong_is_compared_with_a_logins_server() {
    let emulated = Emulated::mine(&[]);
    emulated.log_in();
    let diagnosis = diagnosed(&emulated, &[]);
    diagnosis.ends_with(0).about("clock").is("ok").says("agrees");
    assert_eq!(diagnosis.sent(), [format!("HEAD {}/", origin(&emulated))]);
    let (clock, behind) = SettableClock::new(emulated.same_home());
    clock.set("-2d");
    let diagnosis = diagnosed(&behind, &[]);
    diagnosis.ends_with(3).about("clock").is_problem(3).says("2d").says("behind").is_mended_by("timedatectl set-ntp");
    clock.set("+2m");
    diagnosed(&behind, &[]).ends_with(0).about("clock").is("note").says("ahead of");
    clock.set("-2d");
    let offline = diagnosed(&behind, &["--offline"]);
    offline.ends_with(0).about("clock").is("ok").says("not compared");
}

fn origin(emulated: &Emulated) -> String {
    emulated.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.to_owned()
}

#[test]
fn the_gravest_problem_decides_the_exit_code() {
    let sandbox = Sandbox::new().with("OAUTHCTL_STORE", "keychain").with("HTTPS_PROXY", "ftp://x");
    diagnosed(&sandbox, &["--offline"]).ends_with(7).about("HTTPS_PROXY").is_problem(3);
    let people = sandbox.run(&["doctor", "--offline", "--redirect-uri", ANY_PORT]);
    people
        .code(7)
        .answers("problem  store keychain:")
        .answers("problem  HTTPS_PROXY:")
        .answers("Nothing was sent (--offline)");
    people.says("2 problems were found");
}

#[test]
fn its_lines_fit_a_terminal_of_80_and_of_50_columns() {
    let sandbox = Sandbox::new().with("OAUTHCTL_STORE", "keychain").with("HTTPS_PROXY", "ftp://x");
    for width in [50, 80] {
        let narrow = sandbox.clone().with("COLUMNS", &width.to_string());
        let output = narrow.run(&["doctor", "github", "--offline", "--redirect-uri", ANY_PORT]);
        // An address or a path is not broken.
        let is_long = |line: &&str| line.chars().count() > width && line.trim().contains(' ') && !line.contains('/');
        assert!(!output.stdout().lines().any(|line| is_long(&line)), "{width}: {output}");
        assert!(output.stdout().is_ascii(), "{output}");
    }
}
