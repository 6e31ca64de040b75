//! A sign of life while something takes longer than a second, where messages are shown on a terminal.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Terminal;
use crate::system::screen::shows_unicode;

/// What is faster needs no sign.
const UNSEEN: Duration = Duration::from_secs(1);

/// How often the sign turns.
const TURN: Duration = Duration::from_millis(150);

/// Says what is done and for how long, from its beginning until it is dropped. It costs nothing until it begins.
pub struct Sign {
    terminal: Arc<dyn Terminal>,
    words: &'static str,
    turning: Mutex<Option<Turning>>,
}

struct Turning {
    done: Sender<()>,
    thread: JoinHandle<()>,
}

impl Sign {
    pub fn new(terminal: Arc<dyn Terminal>, words: &'static str) -> Self {
        Self { terminal, words, turning: Mutex::new(None) }
    }

    pub fn begin(&self) {
        let mut turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        if turning.is_some() || self.terminal.message_size().is_none() {
            return;
        }
        let (done, is_done) = channel::<()>();
        let (terminal, words) = (Arc::clone(&self.terminal), self.words);
        let turn = move || turn(terminal.as_ref(), words, &is_done);
        // Without a thread there is no sign, and all else is the same.
        let thread = thread::Builder::new().name("waiting".to_owned()).spawn(turn);
        *turning = thread.ok().map(|thread| Turning { done, thread });
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        let turning = self.turning.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Turning { done, thread }) = turning.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}

/// Does something, and says so if it takes its time.
pub fn during<T>(terminal: Arc<dyn Terminal>, words: &'static str, work: impl FnOnce() -> T) -> T {
    let sign = Sign::new(terminal, words);
    sign.begin();
    work()
}

fn turn(terminal: &dyn Terminal, words: &str, is_done: &Receiver<()>) {
    let signs: Vec<char> =
        if shows_unicode() { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".chars().collect() } else { "|/-\\".chars().collect() };
    let begun = Instant::now();
    let mut patience = UNSEEN;
    for sign in signs.iter().cycle() {
        if is_done.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        patience = TURN;
        terminal.progress(Some(&format_args!("{sign} {words}, {} s", begun.elapsed().as_secs())));
    }
    if patience == TURN {
        terminal.progress(None);
    }
}
