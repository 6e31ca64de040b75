use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::flow::doubles::SetClock;

/// Brings `t1`, `t2` and so on, each with this expiry from now on, as often as it may.
struct Source {
    clock: Arc<SetClock>,
    life: Option<Duration>,
    left: AtomicUsize,
    asked: AtomicUsize,
}

impl Renew for Source {
    fn renew(&self, _: &AccessToken) -> Option<Renewed> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).ok()?;
        let expiry = self.life.map_or(Expiry::Unknown, |life| Expiry::At(self.clock.now().plus(life)));
        Some(Renewed { token: AccessToken::new(format!("t{n}")), expiry, refreshed: true })
    }
}

/// Notes what it is told, and takes no token as often as it is set to.
#[derive(Default)]
struct Notes {
    seen: Mutex<Vec<String>>,
    full: AtomicUsize,
}

impl Keep for Notes {
    fn renewed(&self, token: &AccessToken) -> bool {
        self.seen.lock().unwrap().push(token.expose().to_owned());
        self.full.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
    }

    fn not_renewed(&self, end: Option<Timestamp>) {
        self.seen.lock().unwrap().push(format!("not renewed, ends at {:?}", end.map(|end| end.0)));
    }
}

struct Case {
    clock: Arc<SetClock>,
    token: Arc<LastingToken>,
    source: Source,
    notes: Notes,
}

impl Case {
    /// Runs the questions against a token of this life, which can be renewed so often.
    fn run(life: Option<u64>, renewals: usize, ask: impl FnOnce(&Self) + Send) -> (Vec<String>, usize) {
        Self::run_as(life, renewals, false, ask)
    }

    fn run_as(life: Option<u64>, renewals: usize, eager: bool, ask: impl FnOnce(&Self) + Send) -> (Vec<String>, usize) {
        let clock = Arc::new(SetClock::at(1000));
        let life = life.map(Duration::from_secs);
        let expiry = life.map_or(Expiry::Unknown, |life| Expiry::At(clock.now().plus(life)));
        let first = Renewed { token: AccessToken::new("t0"), expiry, refreshed: false };
        let (token, renewer) = LastingToken::new(first, Duration::ZERO, clock.clone());
        let (left, asked) = (AtomicUsize::new(renewals), AtomicUsize::new(0));
        let case =
            Self { source: Source { clock: clock.clone(), life, left, asked }, clock, token, notes: Notes::default() };
        std::thread::scope(|scope| {
            scope.spawn(|| renewer.run(eager, &case.source, &case.notes));
            ask(&case);
            case.token.stop();
        });
        (case.notes.seen.into_inner().unwrap(), case.source.asked.into_inner())
    }

    fn passes(&self, seconds: u64) {
        self.clock.pause(Duration::from_secs(seconds));
    }

    fn token(&self) -> Option<String> {
        answer(|give| self.token.token(give))
    }

    fn instead_of(&self, rejected: &str) -> Option<String> {
        answer(|give| self.token.instead_of(&AccessToken::new(rejected), give))
    }
}

fn answer(ask: impl FnOnce(Give)) -> Option<String> {
    let (given, taken) = mpsc::channel();
    ask(Box::new(move |token| given.send(token).unwrap()));
    taken.recv().unwrap().map(|token| token.expose().to_owned())
}

fn some(token: &str) -> Option<String> {
    Some(token.to_owned())
}

#[test]
fn a_token_is_renewed_before_its_end_and_not_long_before() {
    let due = |expiry, wanted| due(expiry, Duration::from_secs(wanted), Timestamp(1000));
    for (life, wanted, before) in [
        (3600, 0, 60),
        (300, 0, 30),
        (30, 0, 3),
        (10, 0, 2),
        (5, 0, 2),
        (3, 0, 2),
        (2, 0, 1),
        (1, 0, 1),
        (0, 0, 0),
        (3600, 600, 600),
        (3600, 30, 60),
        (3600, 9000, 1800),
    ] {
        let due = due(Expiry::At(Timestamp(1000 + life)), wanted).unwrap();
        assert_eq!(1000 + life - due.0, before, "{life}, {wanted}");
    }
    assert_eq!(due(Expiry::Unknown, 0), None);
    assert_eq!(due(Expiry::Never, 0), None);
}

#[test]
fn many_lifetimes_need_one_renewal_each() {
    let (kept, asked) = Case::run(Some(100), 9, |case| {
        assert_eq!(case.token(), some("t0"));
        for n in 1..=3 {
            case.passes(90);
            // The first one renews, and the others get the same.
            std::thread::scope(|scope| {
                for _ in 0..50 {
                    scope.spawn(|| assert_eq!(case.token(), some(&format!("t{n}"))));
                }
            });
        }
    });
    assert_eq!((kept, asked), (["t1", "t2", "t3"].map(str::to_owned).to_vec(), 3));
}

#[test]
fn a_rejected_token_is_replaced_once_a_minute_at_most() {
    let (_, asked) = Case::run(None, 9, |case| {
        assert_eq!(case.instead_of("t0"), some("t1"));
        assert_eq!(case.instead_of("t0"), some("t1"), "who comes later gets the same");
        assert_eq!(case.instead_of("t1"), None, "it is not rejected for its age");
        case.passes(60);
        assert_eq!(case.instead_of("t1"), some("t2"));
        assert_eq!(case.token(), some("t2"));
    });
    assert_eq!(asked, 2);
}

#[test]
fn a_renewal_that_fails_is_tried_later_and_told_once() {
    let (told, asked) = Case::run(Some(100), 0, |case| {
        case.passes(90);
        for (pause, asked) in [(0, 1), (0, 1), (1, 2), (1, 2), (1, 3), (4, 4), (7, 4), (1, 5), (60, 6)] {
            case.passes(pause);
            assert_eq!(case.token(), some("t0"), "the old one is all there is");
            assert_eq!(case.source.asked.load(Ordering::SeqCst), asked, "after {:?}", case.clock.waited());
        }
        assert_eq!(case.instead_of("t0"), None);
        // A login that is made meanwhile is found.
        case.source.left.store(1, Ordering::SeqCst);
        case.passes(60);
        assert_eq!(case.token(), some("t7"));
    });
    assert_eq!((told, asked), (vec!["not renewed, ends at Some(1100)".to_owned(), "t7".to_owned()], 7));
}

#[test]
fn a_file_that_cannot_be_written_is_written_later() {
    let (kept, asked) = Case::run_as(Some(100), 9, true, |case| {
        case.notes.full.store(2, Ordering::SeqCst);
        case.passes(90);
        assert_eq!(case.token(), some("t1"));
        // Each question lets the renewer try once more.
        while case.notes.seen.lock().unwrap().len() < 3 {
            case.instead_of("none of ours");
        }
        assert_eq!(case.token(), some("t1"));
    });
    assert_eq!((kept, asked), (["t1"; 3].map(str::to_owned).to_vec(), 1));
}
