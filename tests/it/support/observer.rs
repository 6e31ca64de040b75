//! Records what others on the machine can see of a command: the arguments and environments of all its processes, its
//! output, and every file that it leaves. The secrets are known only later, so everything is kept.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::Output;
use super::canary::{Channel, Observation};
use super::lacks;
use super::visible::make_visible;

/// The variable that identifies a process that has left the process tree.
const MARK: &str = "CANARY_COMMAND";

/// The interval at which the process tree is observed while nothing else happens.
const PERIOD: Duration = Duration::from_millis(5);

#[derive(Clone)]
pub struct Observer(Arc<Shared>);

struct Shared {
    home: PathBuf,
    /// Further folders.
    folders: Mutex<Vec<PathBuf>>,
    observations: Mutex<HashSet<Observation>>,
    /// Files that were seen with this content before, during any command.
    files: Mutex<HashSet<(String, Vec<u8>)>>,
    running: Mutex<Vec<Running>>,
    /// Processes that none of our commands has started.
    foreign: Mutex<HashSet<u32>>,
    count: AtomicUsize,
}

/// A command that is observed.
#[derive(Clone)]
pub struct ObservedCommand {
    /// Its arguments.
    pub name: String,
    mark: String,
    argv: Vec<u8>,
}

#[derive(Clone)]
struct Running {
    observed: ObservedCommand,
    process: u32,
}

impl Observer {
    /// Observes everything below `home`, and creates the folders for temporary and runtime files there.
    pub fn of(home: &Path) -> Self {
        for folder in ["tmp", "run"] {
            fs::create_dir_all(home.join(folder)).unwrap();
            private(&home.join(folder));
        }
        Self(Arc::new(Shared {
            home: home.to_owned(),
            // The locks and journals of keychains, which are where the password database says, whatever HOME is.
            folders: Mutex::new(oauthctl::testing::state_folder().into_iter().collect()),
            observations: Mutex::default(),
            files: Mutex::default(),
            running: Mutex::default(),
            foreign: Mutex::default(),
            count: AtomicUsize::new(0),
        }))
    }

    /// Runs a command to its end, and observes it.
    #[track_caller]
    pub fn run(&self, mut command: Command, stdin: &str) -> Output {
        let observed = self.prepare(&mut command);
        self.run_prepared(command, observed, stdin)
    }

    /// Runs a command under strace, which records every program it starts, however short. The command's own environment
    /// must contain no secrets.
    #[track_caller]
    pub fn run_traced(&self, mut command: Command, log: &Path) -> Output {
        let observed = self.prepare(&mut command);
        let mut strace = lacks::program("strace");
        strace.args(["-f", "-qq", "-v", "-s", "65536", "-e", "trace=execve", "-e", "signal=none", "-o"]).arg(log);
        strace.arg(command.get_program()).args(command.get_args()).env_clear();
        strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        strace.current_dir(command.get_current_dir().unwrap());
        let name = observed.name.clone();
        let output = self.run_prepared(strace, observed, "");
        // `PID execve("/bin/x", ["x", "argument"], ["HOME=…", …]) = 0`
        for line in fs::read_to_string(log).unwrap().lines() {
            let (argv, environ) = line.split_once("], [").unwrap_or((line, ""));
            self.see(Channel::Argv, &name, "strace", argv.as_bytes());
            self.see(Channel::Environ, &name, "strace", environ.as_bytes());
        }
        output
    }

    #[track_caller]
    fn run_prepared(&self, mut command: Command, observed: ObservedCommand, stdin: &str) -> Output {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let watch = self.watch(&observed, child.id());
        // It may end without having read it. The statement drops stdin, which ends the input.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let mut stderr = child.stderr.take().unwrap();
        let errors = thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).map(|_| bytes)
        });
        let mut stdout = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        let (status, stderr) = (child.wait().unwrap(), errors.join().unwrap().unwrap());
        drop(watch);
        self.printed(&observed.name, &stdout, &stderr);
        Output::new(observed.name, std::process::Output { status, stdout, stderr })
    }

    /// Gives a command this home's folders, the most verbose messages, and a mark.
    pub fn prepare(&self, command: &mut Command) -> ObservedCommand {
        let home = &self.0.home;
        command.env("TMPDIR", home.join("tmp")).env("XDG_RUNTIME_DIR", home.join("run"));
        make_visible(command);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        let number = self.0.count.fetch_add(1, Ordering::Relaxed);
        command.env(MARK, number.to_string());
        let name = command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let argv = words.flat_map(|word| [word.as_encoded_bytes(), b"\0"].concat()).collect();
        ObservedCommand { name, mark: format!("{MARK}={number}"), argv }
    }

    /// Observes a process and its descendants, until the guard is dropped.
    pub fn watch(&self, observed: &ObservedCommand, process: u32) -> ObserverGuard {
        let running = Running { observed: observed.clone(), process };
        self.0.running.lock().unwrap().push(running.clone());
        let done = Arc::new(AtomicBool::new(false));
        let (observer, told) = (self.clone(), Arc::clone(&done));
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                observer.look_at(&running, &descendants(running.process));
                thread::sleep(PERIOD);
            }
        });
        ObserverGuard { observer: self.clone(), process, done, thread: Some(thread) }
    }

    /// Observes everything now: all processes of the running commands, including those that have left the tree, and all
    /// files.
    pub fn look(&self) {
        let running = self.0.running.lock().unwrap().clone();
        let mut trees: Vec<Vec<u32>> = running.iter().map(|running| descendants(running.process)).collect();
        let mut foreign = self.0.foreign.lock().unwrap();
        for entry in fs::read_dir("/proc").unwrap() {
            let Some(process) = entry.unwrap().file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            if foreign.contains(&process) || trees.iter().any(|tree| tree.contains(&process)) {
                continue;
            }
            let environ = read_proc(process, "environ").unwrap_or_default();
            match running.iter().position(|running| holds(&environ, &running.observed.mark)) {
                Some(nth) => trees[nth].push(process),
                None => drop(foreign.insert(process)),
            }
        }
        drop(foreign);
        running.iter().zip(trees).for_each(|(running, tree)| self.look_at(running, &tree));
        let names: Vec<String> = running.into_iter().map(|running| running.observed.name).collect();
        self.look_at_files(&names.join(" | "));
    }

    pub fn also_look_at(&self, folder: &Path) {
        self.0.folders.lock().unwrap().push(folder.to_owned());
    }

    pub fn see(&self, channel: Channel, command: &str, place: &str, bytes: &[u8]) {
        if channel == Channel::File && !self.0.files.lock().unwrap().insert((place.to_owned(), bytes.to_owned())) {
            return;
        }
        let (command, place, bytes) = (command.to_owned(), place.to_owned(), bytes.to_owned());
        self.0.observations.lock().unwrap().insert(Observation { channel, command, place, bytes });
    }

    /// Records a command's output and the files that it leaves.
    pub fn printed(&self, name: &str, stdout: &[u8], stderr: &[u8]) {
        self.see(Channel::Stdout, name, "stdout", stdout);
        self.see(Channel::Stderr, name, "stderr", stderr);
        self.look_at_files(name);
    }

    /// Returns everything that was seen so far.
    pub fn observations(&self) -> Vec<Observation> {
        self.0.observations.lock().unwrap().iter().cloned().collect()
    }

    fn look_at(&self, running: &Running, processes: &[u32]) {
        for &process in processes {
            // Between two reads a process can execute another program, which is observed next time.
            let Some(argv) = read_proc(process, "cmdline") else { continue };
            let environ = read_proc(process, "environ");
            if argv.is_empty() || read_proc(process, "cmdline").as_ref() != Some(&argv) {
                continue;
            }
            let program =
                String::from_utf8_lossy(argv.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned();
            // A child that has not become its own program yet shows its parent's memory.
            let itself = argv == running.observed.argv;
            self.see(Channel::Argv, &running.observed.name, &program, &argv);
            if let Some(environ) = environ {
                let channel = if itself { Channel::OwnEnviron } else { Channel::Environ };
                self.see(channel, &running.observed.name, &program, &environ);
            }
        }
    }

    fn look_at_files(&self, name: &str) {
        let home = &self.0.home;
        let mut folders = self.0.folders.lock().unwrap().clone();
        folders.push(home.clone());
        while let Some(folder) = folders.pop() {
            // A file that disappears meanwhile was a temporary one.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
                let shown = path.strip_prefix(home).unwrap_or(&path).to_string_lossy().into_owned();
                if kind.is_dir() {
                    folders.push(path);
                } else if let Ok(bytes) = if kind.is_file() { fs::read(&path) } else { Ok(Vec::new()) } {
                    self.see(Channel::File, name, &shown, &bytes);
                }
            }
        }
    }
}

/// An observation of one process, until it is dropped.
pub struct ObserverGuard {
    observer: Observer,
    process: u32,
    done: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for ObserverGuard {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        self.observer.0.running.lock().unwrap().retain(|running| running.process != self.process);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Returns a process and its descendants.
fn descendants(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&process) = found.get(next) {
        next += 1;
        let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_ascii_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    found
}

fn read_proc(process: u32, file: &str) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{process}/{file}")).ok()
}

fn holds(environ: &[u8], variable: &str) -> bool {
    environ.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
}

fn private(path: &Path) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}
