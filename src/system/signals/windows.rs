//! The guards on Windows, which has no signals: a console tells of Ctrl-C and of its own end by calling a function on a
//! thread of its own, so everything is allowed there. It returns 1 for an event that ends nothing. Otherwise it ends the
//! process itself with [`CONTROL_C_EXIT`], as the default does on Windows (wine's ends it with 0).

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, ENABLE_ECHO_INPUT, GetConsoleMode, GetStdHandle, STD_INPUT_HANDLE,
    SetConsoleCtrlHandler, SetConsoleMode,
};
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_TERMINATE, TerminateProcess};

/// The time that Ctrl-C waits for a change in progress, as on Unix.
const GRACE: Duration = Duration::from_millis(100);

/// The exit code of a program that Ctrl-C ended (STATUS_CONTROL_C_EXIT).
const CONTROL_C_EXIT: u32 = 0xC000_013A;

static CHANGES: AtomicUsize = AtomicUsize::new(0);
static WRITES: AtomicUsize = AtomicUsize::new(0);

/// The number of children that decide what Ctrl-C means.
static CHILDREN: AtomicUsize = AtomicUsize::new(0);

/// True once an event is to end the process. The next one waits for nothing.
static ENDING: AtomicBool = AtomicBool::new(false);

/// A helper's process; 0 if there is none.
static HELPER: AtomicU32 = AtomicU32::new(0);

static UNNAMED: Mutex<Option<PathBuf>> = Mutex::new(None);
static RECEIVER: Mutex<Option<Sender<EndSignal>>> = Mutex::new(None);

/// The console's mode before it was changed.
static CONSOLE_MODE: Mutex<Option<u32>> = Mutex::new(None);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A guard for a change in progress: Ctrl-C waits for it, up to [`GRACE`].
#[derive(Debug)]
pub struct SignalGrace(#[expect(dead_code, reason = "what counts is its life")] Counted);

impl SignalGrace {
    #[must_use]
    pub fn begin() -> Self {
        Self(Counted::begin(&CHANGES))
    }
}

/// A guard for a file being written: Ctrl-C waits for its end.
#[derive(Debug)]
pub struct Writing(#[expect(dead_code, reason = "what counts is its life")] Counted);

impl Writing {
    #[must_use]
    pub fn begin() -> Self {
        Self(Counted::begin(&WRITES))
    }
}

/// A guard for a command that runs in our place: Ctrl-C is its own matter, and we wait for it.
#[derive(Debug)]
pub struct LeftToChild(#[expect(dead_code, reason = "what counts is its life")] Counted);

impl LeftToChild {
    #[must_use]
    pub fn begin() -> Self {
        Self(Counted::begin(&CHILDREN))
    }
}

#[derive(Debug)]
struct Counted(&'static AtomicUsize);

impl Counted {
    fn begin(counter: &'static AtomicUsize) -> Self {
        catch_events();
        counter.fetch_add(1, SeqCst);
        Self(counter)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A guard for a new file, which is removed if an event ends the process. There is one at a time.
#[derive(Debug)]
pub struct RemoveOnSignal(());

impl RemoveOnSignal {
    #[must_use]
    pub fn begin(path: &Path) -> Self {
        catch_events();
        *lock(&UNNAMED) = Some(path.to_owned());
        Self(())
    }
}

impl Drop for RemoveOnSignal {
    fn drop(&mut self) {
        *lock(&UNNAMED) = None;
    }
}

/// A guard for a child process, which is ended if an event ends this one. There is one at a time.
pub struct EndOnSignal(());

impl EndOnSignal {
    pub fn watch(child: &Child, _: bool) -> Self {
        catch_events();
        HELPER.store(child.id(), SeqCst);
        Self(())
    }
}

impl Drop for EndOnSignal {
    fn drop(&mut self) {
        HELPER.store(0, SeqCst);
    }
}

/// A guard for a command that has to clean up in its own way: the events come to [`EndSignals::wait`], and end nothing by
/// themselves. It lasts to the end of the process.
pub struct EndSignals(Receiver<EndSignal>);

impl EndSignals {
    pub fn receive() -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        *lock(&RECEIVER) = Some(sender);
        catch_events();
        Ok(Self(receiver))
    }

    /// Waits for an event.
    pub fn wait(&mut self) -> EndSignal {
        // The other end is never closed.
        self.0.recv().unwrap_or(EndSignal(CTRL_C_EVENT))
    }
}

/// An event that is to end the process.
#[derive(Clone, Copy)]
pub struct EndSignal(u32);

impl EndSignal {
    /// Returns `true` if it is Ctrl-C or Ctrl-Break, which each program in the console gets.
    pub fn is_for_all(self) -> bool {
        [CTRL_C_EVENT, CTRL_BREAK_EVENT].contains(&self.0)
    }

    /// Does nothing: each program in the console gets each event.
    pub fn pass_on(self, _: u32) {}

    /// Ends the process as the event would have.
    pub fn end(self) {
        end_as_by_ctrl_c();
    }
}

/// Ends the process as Ctrl-C does.
pub fn end_as_by_ctrl_c() -> ! {
    std::process::exit(CONTROL_C_EXIT.cast_signed())
}

/// The console at stdin without echo, until this is dropped. There is one at a time.
pub struct WithoutEcho(());

impl WithoutEcho {
    /// Turns the echo off, or returns `None` if stdin is not a console.
    pub fn enter() -> Option<Self> {
        let (console, mode) = console_mode()?;
        catch_events();
        *lock(&CONSOLE_MODE) = Some(mode);
        // SAFETY: it takes a handle and a number.
        unsafe { SetConsoleMode(console, mode & !ENABLE_ECHO_INPUT) };
        Some(Self(()))
    }
}

impl Drop for WithoutEcho {
    fn drop(&mut self) {
        restore_console();
    }
}

fn console_mode() -> Option<(HANDLE, u32)> {
    let mut mode = 0;
    // SAFETY: the number lives through the call, and a handle that is not a console's is refused.
    unsafe {
        let console = GetStdHandle(STD_INPUT_HANDLE);
        (GetConsoleMode(console, &mut mode) != 0).then_some((console, mode))
    }
}

fn restore_console() {
    if let (Some(mode), Some((console, _))) = (lock(&CONSOLE_MODE).take(), console_mode()) {
        // SAFETY: it takes a handle and a number.
        unsafe { SetConsoleMode(console, mode) };
    }
}

fn catch_events() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the function lives as long as the program.
        unsafe { SetConsoleCtrlHandler(Some(on_event), 1) };
    });
}

unsafe extern "system" fn on_event(event: u32) -> i32 {
    let event = EndSignal(event);
    if CHILDREN.load(SeqCst) > 0 {
        return handled(event);
    }
    if let Some(receiver) = &*lock(&RECEIVER) {
        let _ = receiver.send(event);
        return handled(event);
    }
    if !ENDING.swap(true, SeqCst) {
        wait_for_changes();
        clean_up();
    }
    end_as_by_ctrl_c()
}

/// Returns that an event is handled. The end of a console ends the process as soon as this returns, so there it does not.
fn handled(event: EndSignal) -> i32 {
    if event.is_for_all() {
        return 1;
    }
    loop {
        thread::park();
    }
}

fn wait_for_changes() {
    let until = Instant::now() + GRACE;
    while WRITES.load(SeqCst) > 0 || CHANGES.load(SeqCst) > 0 && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
}

fn clean_up() {
    restore_console();
    if let Some(path) = lock(&UNNAMED).take() {
        let _ = fs::remove_file(path);
    }
    let helper = HELPER.load(SeqCst);
    if helper != 0 {
        // SAFETY: the handle is checked, and closed once. The child is not waited for yet, so its number is still its own.
        unsafe {
            let process = OpenProcess(PROCESS_TERMINATE, 0, helper);
            if !process.is_null() {
                TerminateProcess(process, 1);
                CloseHandle(process);
            }
        }
    }
}
