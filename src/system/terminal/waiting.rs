//! A sign of life while something takes longer than a second, where messages are shown on a terminal.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Terminal;
use crate::system::screen::shows_unicode;

/// What is faster needs no sign.
const UNSEEN: Duration = Duration::from_secs(1);

/// How often the sign turns.
const TURN: Duration = Duration::from_millis(150);

/// Does something, and says what and for how long if it takes its time.
pub fn during<T>(terminal: Arc<dyn Terminal>, words: &str, work: impl FnOnce() -> T) -> T {
    if terminal.message_size().is_none() {
        return work();
    }
    let (done, is_done) = channel::<()>();
    thread::scope(|scope| {
        let turning = move || turn(terminal.as_ref(), words, &is_done);
        // Without a thread there is no sign, and all else is the same.
        let _ = thread::Builder::new().name("waiting".to_owned()).spawn_scoped(scope, turning);
        let result = work();
        drop(done);
        result
    })
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
