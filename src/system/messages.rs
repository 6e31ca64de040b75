//! Messages on stderr, written in one of two ways.
//!
//! Most commands wait for their reader, as any program does: `call --verbose 2>&1 | less` loses no line. A command that
//! others wait for must not. If `login` blocked in a write to a full pipe without a reader, or to a terminal that is
//! paused with Ctrl-S, the browser would get no answer and the token would not be stored. So `login` first calls
//! [`stop_waiting`], and from then on a separate thread writes. Up to [`CAPACITY`] lines queue for it, and further
//! lines are lost. At its end, and before an answer on stdout, a command gives the thread [`FLUSH_TIMEOUT`], once, to
//! write the rest.
//!
//! Nothing is erased that was not drawn: a line of progress makes room for the next message only while it stands on the
//! screen. An answer on the same screen that has not ended its line stays too: a message begins on a line of its own, and
//! progress is not drawn beside it. A sign of waiting (see [`waiting`](super::waiting)) is a line of
//! progress that makes room for any other. Once a pipe has got a part of the answer, its reader may write to the screen at any
//! time, and so neither is drawn.
//!
//! On a terminal that tells its size, messages are wrapped between words; a pipe gets whole lines.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::process::in_background;
use super::screen::{self, Stream};
use super::stdout;
use crate::protocol::sanitize::TerminalText;

/// How many lines wait for a reader. A login prints about thirty.
const CAPACITY: usize = 256;

/// How long a command waits at its end until its messages are read. A reader that is merely slow needs less.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// A message for stderr.
pub enum Message {
    /// Whole lines. Colours are stripped if stderr does not show them.
    Text(TerminalText),
    /// A line on a terminal that the next message replaces. It is not removed otherwise.
    Progress(TerminalText),
    /// The same, where no other progress stands. An empty one removes it.
    Sign(TerminalText),
}

/// Writes a message: at once, or as soon as the reader reads it.
pub fn write(message: Message) {
    match QUEUE.get() {
        None => print(&message),
        Some(queue) => queue.put(message),
    }
}

/// Makes messages no longer wait for their reader. If no thread can be started, they keep waiting.
pub fn stop_waiting() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let started = in_background("messages", || -> () { QUEUE.get_or_init(Queue::default).run(print) });
        if started.is_ok() {
            QUEUE.get_or_init(Queue::default);
        }
    });
}

/// Waits until all messages are written, within [`FLUSH_TIMEOUT`]. Progress that is still drawn is erased.
pub fn flush() {
    if DRAWN.load(Ordering::SeqCst) != NOTHING {
        write(Message::Progress(TerminalText::new()));
    }
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_TIMEOUT);
    }
}

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Remembers how an answer on stdout ended, if it is shown on a terminal, and that its reader has a part of it.
pub fn answered(bytes: &[u8]) {
    static IS_SHOWN: OnceLock<bool> = OnceLock::new();
    static HAS_READER: OnceLock<bool> = OnceLock::new();
    let is_shown = || *IS_SHOWN.get_or_init(|| io::stdout().is_terminal() && io::stderr().is_terminal());
    let Some(last) = bytes.last() else { return };
    if is_shown() {
        IS_AMID_LINE.store(*last != b'\n', Ordering::SeqCst);
    } else if *HAS_READER.get_or_init(stdout::has_reader) {
        IS_READERS.store(true, Ordering::SeqCst);
    }
}

/// What stands on the last line of the screen.
static DRAWN: AtomicU8 = AtomicU8::new(NOTHING);

const NOTHING: u8 = 0;
const PROGRESS: u8 = 1;
const SIGN: u8 = 2;

/// True once the reader of our answer may write to the screen, too.
static IS_READERS: AtomicBool = AtomicBool::new(false);

/// When anything but a sign of waiting was last written.
static CHANGED: Mutex<Option<Instant>> = Mutex::new(None);

/// Returns the time since which the screen has stood still.
pub fn last_change() -> Option<Instant> {
    *CHANGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held while one message is printed: what is erased and what takes its place are one.
static PRINTING: Mutex<()> = Mutex::new(());

/// True while the screen shows an answer whose line has not ended.
static IS_AMID_LINE: AtomicBool = AtomicBool::new(false);

fn print(message: &Message) {
    let _one = PRINTING.lock().unwrap_or_else(PoisonError::into_inner);
    let drawn = DRAWN.load(Ordering::SeqCst);
    if matches!(message, Message::Sign(line) if drawn == PROGRESS || drawn == NOTHING && line.is_empty()) {
        return;
    }
    let erased = if drawn == NOTHING { "" } else { "\r\x1b[K" };
    DRAWN.store(NOTHING, Ordering::SeqCst);
    if !matches!(message, Message::Sign(_)) {
        *CHANGED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
    let kind = if matches!(message, Message::Sign(_)) { SIGN } else { PROGRESS };
    // If stderr is gone, there is nowhere to report it.
    let _ = match message {
        Message::Text(text) => {
            let begin = if IS_AMID_LINE.swap(false, Ordering::SeqCst) { "\n" } else { erased };
            let text = fitted(text.clone());
            let mut stderr = io::stderr().lock();
            let begun = stderr.write_all(begin.as_bytes());
            drop(stderr);
            begun.and_then(|()| anstream::stderr().write_all(text.as_str().as_bytes()))
        }
        Message::Progress(line) | Message::Sign(line) => {
            let is_free = !IS_AMID_LINE.load(Ordering::SeqCst) && !IS_READERS.load(Ordering::SeqCst);
            let line = if is_free { fitted(line.clone()) } else { TerminalText::new() };
            DRAWN.store(if line.is_empty() { NOTHING } else { kind }, Ordering::SeqCst);
            let mut stderr = io::stderr().lock();
            write!(stderr, "{erased}{}", *line.to_plain()).and_then(|()| stderr.flush())
        }
    };
}

/// Returns a message as the terminal at stderr can show it.
fn fitted(text: TerminalText) -> TerminalText {
    if io::stderr().is_terminal() { screen::fitted(text, Stream::Stderr) } else { text }
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    /// True while a message is being written.
    writing: bool,
    /// True after a `flush` that timed out, until a message is written.
    stuck: bool,
}

impl State {
    fn is_busy(&self) -> bool {
        self.writing || !self.messages.is_empty()
    }
}

impl Queue {
    fn put(&self, message: Message) {
        let mut state = self.lock();
        // Replaced before it was shown.
        let is_replaced = matches!(
            (state.messages.back(), &message),
            (Some(Message::Progress(_)), Message::Progress(_)) | (Some(Message::Sign(_)), Message::Sign(_))
        );
        if is_replaced {
            state.messages.pop_back();
        }
        if state.messages.len() < CAPACITY {
            state.messages.push_back(message);
        }
        self.changed.notify_all();
    }

    /// Writes the messages. Never returns.
    fn run(&self, write: impl Fn(&Message)) -> ! {
        let mut state = self.lock();
        loop {
            let Some(message) = state.messages.pop_front() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.writing = true;
            drop(state);
            write(&message);
            state = self.lock();
            (state.writing, state.stuck) = (false, false);
            self.changed.notify_all();
        }
    }

    fn flush(&self, patience: Duration) {
        let state = self.lock();
        if state.stuck {
            return;
        }
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.is_busy());
        let (mut state, over) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stuck = over.timed_out();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::thread;

    use super::*;

    /// A timeout that no test reaches.
    const LONG: Duration = Duration::from_secs(60);

    /// Returns a queue, a channel that makes its reader read one message per signal, and the messages that were read.
    fn queue() -> (Arc<Queue>, Sender<()>, Arc<Mutex<Vec<String>>>) {
        let (queue, read) = (Arc::new(Queue::default()), Arc::new(Mutex::new(Vec::new())));
        let (reader, reads) = channel();
        let (writer, seen) = (Arc::clone(&queue), Arc::clone(&read));
        thread::spawn(move || {
            writer.run(|message| {
                if reads.recv().is_err() {
                    // The test is over.
                    thread::park();
                }
                let (Message::Text(text) | Message::Progress(text) | Message::Sign(text)) = message;
                seen.lock().unwrap().push(text.as_str().to_owned());
            })
        });
        (queue, reader, read)
    }

    fn text(text: &str) -> Message {
        Message::Text(TerminalText::of(&text))
    }

    #[test]
    fn messages_are_written_in_order_before_the_end() {
        let (queue, reader, read) = queue();
        for n in 0..10 {
            reader.send(()).unwrap();
            queue.put(text(&n.to_string()));
        }
        queue.flush(LONG);
        assert_eq!(read.lock().unwrap().concat(), "0123456789");
    }

    #[test]
    fn only_the_last_line_of_an_unread_countdown_is_queued() {
        let (queue, reader, read) = queue();
        queue.put(text("x"));
        for left in ["3 s", "2 s", "1 s"] {
            queue.put(Message::Progress(TerminalText::of(&left)));
        }
        queue.put(text("y"));
        (0..9).for_each(|_| reader.send(()).unwrap());
        queue.flush(LONG);
        assert_eq!(*read.lock().unwrap(), ["x", "1 s", "y"]);
    }

    #[test]
    fn unread_messages_are_bounded_and_waited_for_once() {
        let (queue, reader, read) = queue();
        (0..10 * CAPACITY).for_each(|_| queue.put(text("x")));
        assert!(queue.lock().messages.len() <= CAPACITY);
        queue.flush(Duration::ZERO);
        // Otherwise it would take longer than the test.
        queue.flush(Duration::MAX / 4);
        // A reader that reads again is waited for again.
        (0..2 * CAPACITY).for_each(|_| reader.send(()).unwrap());
        while queue.lock().is_busy() {
            thread::yield_now();
        }
        queue.put(text("last"));
        queue.flush(LONG);
        let read = read.lock().unwrap();
        assert_eq!(read.last().map(String::as_str), Some("last"));
        assert!(read.len() <= CAPACITY + 2 && read[..read.len() - 1].iter().all(|text| text == "x"), "{read:?}");
    }
}
