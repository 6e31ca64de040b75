//! Signs of life while something takes longer than a second, for a person at a terminal.
//!
//! There is one place for all of them, since there is one screen. Whatever may take its time says so by a [`Wait`]: each
//! request where it is sent (`system::http`), the keychain where it is silent, and work of our own that is long. No command
//! has to think of it, and no two of them draw at once.
//!
//! * What stands there is the word of whoever knows most: a task of the command before a single request, and a request
//!   before the wait for whatever comes of it. Among equals it is the one that waits longest.
//! * Nothing is drawn before the screen has stood still for [`UNSEEN`], whatever is waited for, so that a chain of short
//!   requests is one wait. Each message and each part of an answer begins that time anew.
//! * A countdown and a count ([`Message::Progress`](super::messages::Message)) say more, so nothing is drawn over them.
//! * It is gone before anything else is written, and while a person is asked something. Once a pipe has got a part of the
//!   answer, the screen is its reader's, and nothing is drawn any more.
//! * Whoever waits draws nothing: a thread does, which begins with the first wait. A terminal that is stopped with Ctrl-S
//!   stops that thread alone; it is waited for no longer than [`ERASED_WITHIN`].
//!
//! It costs nothing where nobody sees it: [`allow`] is called for a terminal, without `--quiet` and `--json`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use super::messages::{self, Message};
use super::process::in_background;
use super::screen::{Stream, shows_unicode, size_of};
use crate::protocol::sanitize::{self, TerminalText};
use crate::protocol::time::HumanDuration;

/// What is faster needs no sign.
pub const UNSEEN: Duration = Duration::from_secs(1);

/// How often the sign turns.
const TURN: Duration = Duration::from_millis(150);

/// Waits that follow one another so closely are one.
const GAP: Duration = Duration::from_millis(100);

/// How long the end of a wait waits for its sign to be erased. A terminal that is not stopped needs some microseconds.
const ERASED_WITHIN: Duration = Duration::from_millis(200);

/// How much whoever waits knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knows {
    /// What is waited for in the end.
    Aim,
    /// Which server is asked, and what.
    Request,
    /// What the command is doing, and how far it has come.
    Task,
}

/// Something that is waited for, until it is dropped.
#[must_use]
pub struct Wait(Option<u64>);

/// Lets signs be drawn, or no more.
pub fn allow(is_shown: bool) {
    IS_SHOWN.store(is_shown, Ordering::SeqCst);
}

/// Begins to wait. `words` say what for, each time that it is drawn.
pub fn begin(knows: Knows, words: impl Fn() -> String + Send + 'static) -> Wait {
    since(Instant::now(), knows, words)
}

/// The same for a wait that has begun already.
pub fn since(begun: Instant, knows: Knows, words: impl Fn() -> String + Send + 'static) -> Wait {
    static ONCE: Once = Once::new();
    if !IS_SHOWN.load(Ordering::SeqCst) {
        return Wait(None);
    }
    // Without a thread there is no sign, and all else is the same.
    ONCE.call_once(|| drop(in_background("waiting", || BOARD.run())));
    let id = BOARD.lock().waits.begin(begun, knows, Box::new(words));
    BOARD.changed.notify_all();
    Wait(Some(id))
}

/// Does something that may take its time.
pub fn during<T>(words: &'static str, work: impl FnOnce() -> T) -> T {
    let _wait = begin(Knows::Task, || words.to_owned());
    work()
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            BOARD.lock().waits.end(id, Instant::now());
            BOARD.erased();
        }
    }
}

/// Keeps the screen free until it is dropped: something is written, or asked.
#[must_use]
pub struct Still(bool);

pub fn still() -> Still {
    let is_shown = IS_SHOWN.load(Ordering::SeqCst);
    if is_shown {
        BOARD.lock().waits.still += 1;
        BOARD.erased();
    }
    Still(is_shown)
}

impl Drop for Still {
    fn drop(&mut self) {
        if self.0 {
            let waits = &mut BOARD.lock().waits;
            waits.still -= 1;
            waits.moved(Instant::now());
        }
    }
}

static IS_SHOWN: AtomicBool = AtomicBool::new(false);

static BOARD: Board =
    Board { state: Mutex::new(State { waits: Waits::new(), is_drawn: false }), changed: Condvar::new() };

struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waits: Waits,
    /// True from before a sign is drawn until after it is erased.
    is_drawn: bool,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws and erases, for ever.
    fn run(&self) {
        let signs: &[&str] = if shows_unicode() {
            &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
        } else {
            &["|", "/", "-", "\\"]
        };
        let (mut signs, mut next) = (signs.iter().cycle(), Instant::now());
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            state.waits.since = state.waits.since.max(messages::last_change());
            state = match state.waits.shown(now) {
                Some(_) if state.is_drawn && now < next => self.wait(state, Some(next - now)),
                Some(shown) => {
                    next = now + TURN;
                    self.draw(state, shown.line(signs.next().unwrap_or(&"")))
                }
                None if state.is_drawn => self.draw(state, TerminalText::new()),
                None => {
                    let due = state.waits.due();
                    self.wait(state, due.map(|due| due.saturating_duration_since(now)))
                }
            };
        }
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, limit: Option<Duration>) -> MutexGuard<'a, State> {
        match limit {
            Some(limit) => self.changed.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0,
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Draws a line, or erases it. Nobody who waits is held up meanwhile by the lock.
    fn draw<'a>(&'a self, mut state: MutexGuard<'a, State>, line: TerminalText) -> MutexGuard<'a, State> {
        let is_drawn = !line.is_empty();
        state.is_drawn = true;
        drop(state);
        messages::write(Message::Sign(line));
        let mut state = self.lock();
        state.is_drawn = is_drawn;
        self.changed.notify_all();
        state
    }

    /// Waits until no sign stands where there is to be none.
    fn erased(&self) {
        let is_left = |state: &mut State| state.is_drawn && state.waits.shown(Instant::now()).is_none();
        self.changed.notify_all();
        let _ = self.changed.wait_timeout_while(self.lock(), ERASED_WITHIN, is_left);
    }
}

/// What is waited for, and since when nothing has moved on the screen.
struct Waits {
    /// In the order in which they began.
    list: Vec<Listed>,
    next: u64,
    /// How many keep the screen free.
    still: usize,
    since: Option<Instant>,
    /// When the last wait ended.
    left: Option<Instant>,
}

struct Listed {
    id: u64,
    begun: Instant,
    knows: Knows,
    words: Box<dyn Fn() -> String + Send>,
}

/// What is to be drawn.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    words: String,
    /// How many others there are of its kind.
    others: usize,
    lasts: Duration,
}

impl Waits {
    const fn new() -> Self {
        Self { list: Vec::new(), next: 0, still: 0, since: None, left: None }
    }

    fn begin(&mut self, begun: Instant, knows: Knows, words: Box<dyn Fn() -> String + Send>) -> u64 {
        let follows = self.left.is_some_and(|left| begun.saturating_duration_since(left) <= GAP);
        if self.list.is_empty() && !follows {
            self.since = Some(self.since.map_or(begun, |moved| moved.max(begun)));
        }
        self.next += 1;
        self.list.push(Listed { id: self.next, begun, knows, words });
        self.next
    }

    fn end(&mut self, id: u64, now: Instant) {
        self.list.retain(|wait| wait.id != id);
        if self.list.is_empty() {
            self.left = Some(now);
        }
    }

    fn moved(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// Returns when a sign is to be drawn, if nothing happens before.
    fn due(&self) -> Option<Instant> {
        let is_due = !self.list.is_empty() && self.still == 0;
        self.since.filter(|_| is_due).map(|since| since + UNSEEN)
    }

    fn shown(&self, now: Instant) -> Option<Shown> {
        self.due().filter(|due| *due <= now)?;
        let knows = self.list.iter().map(|wait| wait.knows).max()?;
        let mut same = self.list.iter().filter(|wait| wait.knows == knows);
        let first = same.next()?;
        let lasts = now.saturating_duration_since(first.begun);
        Some(Shown { words: (first.words)(), others: same.count(), lasts })
    }
}

impl Shown {
    /// Returns the line for the terminal. Of what is too long the words are cut, and not the time.
    fn line(&self, sign: &str) -> TerminalText {
        let more = if self.others > 0 { format!(" and {} more", self.others) } else { String::new() };
        let time = match self.lasts.as_secs() {
            0 => String::new(),
            seconds => format!(", {}", HumanDuration(Duration::from_secs(seconds))),
        };
        // At the last column some terminals wrap already.
        let columns = size_of(Stream::Stderr).map_or(usize::MAX, |(columns, _)| columns.saturating_sub(1));
        let rest = columns.saturating_sub(sanitize::columns(&format!("{sign} {more}{time}")));
        let words = TerminalText::of(&self.words).on_one_line().within(rest).to_plain();
        TerminalText::of(&format_args!("{sign} {}{more}{time}", *words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something that is waited for, and the moments of a test in milliseconds.
    fn add(waits: &mut Waits, at: Instant, knows: Knows, words: &'static str) -> u64 {
        waits.begin(at, knows, Box::new(|| words.to_owned()))
    }

    fn words(waits: &Waits, now: Instant) -> Option<String> {
        waits.shown(now).map(|shown| format!("{}+{}", shown.words, shown.others))
    }

    fn clock() -> impl Fn(u64) -> Instant {
        let begun = Instant::now();
        move |millis| begun + Duration::from_millis(millis)
    }

    #[test]
    fn nothing_is_drawn_within_a_second() {
        let (mut waits, at) = (Waits::new(), clock());
        let id = add(&mut waits, at(0), Knows::Request, "a");
        assert_eq!((words(&waits, at(999)), waits.due()), (None, Some(at(1000))));
        assert_eq!(words(&waits, at(1000)).as_deref(), Some("a+0"));
        waits.end(id, at(1500));
        assert_eq!((words(&waits, at(9000)), waits.due()), (None, None), "it is over");
        add(&mut waits, at(2000), Knows::Request, "b");
        assert_eq!(words(&waits, at(2999)), None, "another wait begins anew");
    }

    #[test]
    fn short_requests_in_a_row_are_one_wait() {
        let (mut waits, at) = (Waits::new(), clock());
        for n in 0..5 {
            let id = add(&mut waits, at(n * 300), Knows::Request, "a");
            assert_eq!(words(&waits, at(n * 300 + 290)).is_some(), n * 300 + 290 >= 1000, "{n}");
            waits.end(id, at(n * 300 + 295));
        }
    }

    #[test]
    fn whoever_knows_most_speaks_and_then_who_waits_longest() {
        let (mut waits, at) = (Waits::new(), clock());
        add(&mut waits, at(0), Knows::Aim, "aim");
        let first = add(&mut waits, at(0), Knows::Request, "first");
        add(&mut waits, at(100), Knows::Request, "second");
        let task = add(&mut waits, at(200), Knows::Task, "task");
        assert_eq!(words(&waits, at(1000)).as_deref(), Some("task+0"));
        waits.end(task, at(1100));
        assert_eq!(words(&waits, at(1200)).as_deref(), Some("first+1"));
        waits.end(first, at(1300));
        assert_eq!(waits.shown(at(1300)).unwrap().lasts, Duration::from_millis(1200));
    }

    #[test]
    fn what_moves_on_the_screen_begins_the_second_anew() {
        let (mut waits, at) = (Waits::new(), clock());
        add(&mut waits, at(0), Knows::Request, "a");
        waits.moved(at(900));
        assert_eq!((words(&waits, at(1899)), words(&waits, at(1900)).is_some()), (None, true));
        waits.still = 1;
        assert_eq!((words(&waits, at(9000)), waits.due()), (None, None), "a person is asked");
    }

    #[test]
    fn the_time_is_told_where_the_words_have_no_room() {
        let shown = Shown { words: "x".repeat(50), others: 0, lasts: Duration::from_secs(75) };
        let line = |words: &str| Shown { words: words.to_owned(), others: 2, lasts: Duration::ZERO }.line("|");
        assert!(shown.line("|").to_plain().ends_with(", 1m 15s"));
        assert_eq!(line("asking\na").to_plain().as_str(), "| asking a and 2 more");
    }
}
