//! SIGKILL at random moments of every command that changes a login: fifty of them, or a thousand with
//! `tests/all --long`. What `crash.rs` does at each system call of one command, this does to all, with what else runs
//! on the machine.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::refresh::long;
use crate::support::leftovers::nothing_is_left;
use crate::support::random::Random;
use crate::support::{Emulated, Output, Sandbox};

const PASSPHRASE: &str = "correct horse battery";

/// Two machines: one with an emulator and a login at it, and one to which the login is taken.
struct World {
    mine: Emulated,
    there: Sandbox,
    random: Random,
    /// Refreshes whose token was lost between the provider and the journal.
    lost: usize,
    killed: usize,
}

impl World {
    fn new() -> Self {
        let mine = Emulated::mine(&["--token-lifetime", "1h"]).with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
        let there = Sandbox::new().with("OAUTHCTL_EXPORT_PASSPHRASE", PASSPHRASE);
        there.define("mine", crate::support::emulated::MINE);
        Self { mine, there, random: Random::new(), lost: 0, killed: 0 }
    }

    /// Runs the command in that home and kills it within the time that it takes; what it printed by then.
    fn kill(&mut self, sandbox: &Sandbox, args: &[&str], whole: Duration) -> String {
        let printed = sandbox.home().join("printed");
        let mut command = sandbox.command(args);
        let mut process = command.stdout(File::create(&printed).unwrap()).stderr(Stdio::null()).spawn().unwrap();
        // The moment is what is random here; nothing is waited for.
        std::thread::sleep(Duration::from_micros(self.random.below(whole.as_micros() as u64)));
        process.kill().unwrap();
        self.killed += usize::from(process.wait().unwrap().code().is_none());
        fs::read_to_string(printed).unwrap()
    }

    /// The provider may have rotated without our hearing of it; once the journal is in its place nothing is lost.
    fn refresh(&mut self, whole: Duration) {
        // The request of a killed process may come after that of the next one, which revokes the login.
        self.mine.log_in();
        let journal = self.mine.home().join(".local/share/oauthctl/store/login/mine-emulator.journal");
        assert!(!journal.exists());
        self.kill(&self.mine.same_home(), &["refresh"], whole);
        let is_journalled = journal.exists();
        let after = self.mine.run(&["refresh"]);
        if after.exit_code() == Some(4) {
            after.says("refused the refresh token");
            assert!(!is_journalled, "lost after the journal was in its place\n{after}");
            self.lost += 1;
        } else {
            after.code(0);
        }
        nothing_is_left(self.mine.home());
    }

    /// The old login or the new one, and whole.
    fn login(&mut self, whole: Duration) {
        self.mine.log_in();
        self.kill(&self.mine.same_home(), &["login", "--port", "0", "--browser", &self.mine.browser()], whole);
        self.mine.run(&["token"]).code(0);
        self.mine.run(&["refresh"]).code(0);
    }

    /// There or not, and a second one ends it.
    fn logout(&mut self, whole: Duration) {
        self.mine.log_in();
        self.kill(&self.mine.same_home(), &["logout"], whole);
        let after = self.mine.run(&["token"]);
        assert!(matches!(after.exit_code(), Some(0 | 4)), "{after}");
        let again = self.mine.run(&["logout"]);
        assert!(matches!(again.exit_code(), Some(0 | 4)), "{again}");
        self.mine.run(&["token"]).code(4);
        if again.exit_code() == Some(0) {
            nothing_is_left(self.mine.home());
        }
    }

    /// Here, or on its way; perhaps both.
    fn export(&mut self, whole: Duration) {
        self.mine.log_in();
        let line = self.kill(&self.mine.same_home(), &["export", "--move"], whole);
        let here = self.mine.run(&["token"]);
        assert!(matches!(here.exit_code(), Some(0 | 4)), "{here}");
        if here.exit_code() == Some(4) || line.ends_with('\n') {
            self.there.run_with_stdin(&["import", "--replace"], &line).code(0);
            self.there.run(&["token"]).code(0);
        }
    }

    /// The login that was there before, or the one that came; none if none was.
    fn import(&mut self, whole: Duration, round: usize) {
        self.mine.log_in();
        let line = self.mine.run(&["export"]).code(0).stdout().to_owned();
        let file = self.there.home().join("login");
        fs::write(&file, line).unwrap();
        let is_first = round.is_multiple_of(2);
        if is_first {
            self.there.run(&["logout", "--all", "--local"]).code(0);
            nothing_is_left(self.there.home());
        } else {
            self.there.run(&["import", "--replace", file.to_str().unwrap()]).code(0);
        }
        self.kill(&self.there.clone(), &["import", "--replace", file.to_str().unwrap()], whole);
        let after = self.there.run(&["token"]);
        let may_be_none = is_first && after.exit_code() == Some(4);
        assert!(may_be_none || after.exit_code() == Some(0), "{after}");
    }
}

/// How long a command takes when nobody kills it.
fn measure(run: impl Fn() -> Output) -> Duration {
    let began = Instant::now();
    run().code(0);
    began.elapsed()
}

#[test]
fn a_kill_at_any_moment_loses_no_login() {
    let rounds = if long() { 1000 } else { 50 };
    let mut world = World::new();
    let login = measure(|| world.mine.log_in());
    let refresh = measure(|| world.mine.run(&["refresh"]));
    let line = world.mine.run(&["export"]).code(0).stdout().to_owned();
    let import = measure(|| world.there.run_with_stdin(&["import"], &line));
    let export = measure(|| world.mine.run(&["export", "--move"]));
    world.mine.log_in();
    let logout = measure(|| world.mine.run(&["logout"]));
    for round in 0..rounds {
        match round % 5 {
            0 => world.refresh(refresh),
            1 => world.login(login),
            2 => world.logout(logout),
            3 => world.export(export),
            _ => world.import(import, round / 5),
        }
    }
    assert!(world.killed > rounds / 2, "most ended before: {} of {rounds} were killed", world.killed);
    world.mine.log_in();
    for sandbox in [&world.mine.same_home(), &world.there] {
        sandbox.run(&["logout", "--all", "--local"]).code(0);
        nothing_is_left(sandbox.home());
    }
    println!(
        "{} of {rounds} commands were killed at random moments; of {} refreshes {} lost their token between the provider \
         and the journal; 0 logins unreadable, 0 lost otherwise, nothing left behind",
        world.killed,
        rounds.div_ceil(5),
        world.lost
    );
}
