//! The token of one command, and its replacement after the API has rejected it.
//!
//! All requests of the command share it. It is refreshed once: a token that was just refreshed and is rejected all the
//! same is not rejected for its age, and every further refresh would only wear out the login. A token that is over by
//! its own date is another matter, as a long walk over pages outlives more than one. One that another process has
//! stored in the meantime costs nothing, and is always taken first.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::protocol::secret::AccessToken;
use crate::store::stored_token::Expiry;
use crate::system::clock::Clock;

/// A way to replace a token that the API rejected.
pub trait Renew: Sync {
    /// Returns another token, or `None` if there is no way to get one.
    fn renew(&self, rejected: &AccessToken) -> Option<Renewed>;
}

/// Another token of the same login.
pub struct Renewed {
    pub token: AccessToken,
    pub expiry: Expiry,
    /// It was refreshed for this command, and was not there before.
    pub refreshed: bool,
}

pub struct HeldToken<'a> {
    clock: &'a dyn Clock,
    renew: &'a dyn Renew,
    state: Mutex<Renewed>,
}

impl<'a> HeldToken<'a> {
    pub fn new(token: Renewed, clock: &'a dyn Clock, renew: &'a dyn Renew) -> Self {
        Self { clock, renew, state: Mutex::new(token) }
    }

    pub fn current(&self) -> AccessToken {
        self.state().token.clone()
    }

    /// Returns the token to use after this one was rejected. The first thread renews it, and the others get the same
    /// result.
    pub fn instead_of(&self, rejected: &AccessToken) -> Option<AccessToken> {
        let mut state = self.state();
        if state.token != *rejected {
            return Some(state.token.clone());
        }
        let is_over = matches!(state.expiry, Expiry::At(end) if end <= self.clock.now());
        if state.refreshed && !is_over {
            return None;
        }
        // If it fails now, it is not tried again.
        state.refreshed = true;
        state.expiry = Expiry::Unknown;
        let renewed = self.renew.renew(rejected).filter(|renewed| renewed.token != *rejected)?;
        *state = renewed;
        Some(state.token.clone())
    }

    fn state(&self) -> MutexGuard<'_, Renewed> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::flow::doubles::SetClock;
    use crate::protocol::time::Timestamp;

    /// Returns `t1`, `t2` and so on.
    struct Counting {
        asked: AtomicUsize,
        refreshes: bool,
        expiry: Expiry,
    }

    impl Renew for Counting {
        fn renew(&self, _: &AccessToken) -> Option<Renewed> {
            let n = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let token = AccessToken::new(format!("t{n}"));
            Some(Renewed { token, expiry: self.expiry, refreshed: self.refreshes })
        }
    }

    /// Rejects the current token this often, and returns what came instead.
    fn reject(times: usize, was_refreshed: bool, refreshes: bool, expiry: Expiry) -> Vec<Option<String>> {
        let (clock, renew) = (SetClock::at(1000), Counting { asked: AtomicUsize::new(0), refreshes, expiry });
        let first = Renewed { token: AccessToken::new("t0"), expiry: Expiry::Unknown, refreshed: was_refreshed };
        let held = HeldToken::new(first, &clock, &renew);
        let text = |token: AccessToken| token.expose().to_owned();
        (0..times).map(|_| held.instead_of(&held.current()).map(text)).collect()
    }

    #[test]
    fn a_token_is_refreshed_once_and_a_stored_one_is_taken_whenever() {
        let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(reject(3, false, true, Expiry::Unknown), [Some("t1".to_owned()), None, None]);
        assert_eq!(reject(2, true, true, Expiry::Unknown), [None, None], "it was just refreshed");
        assert_eq!(reject(3, false, false, Expiry::Unknown), some(&["t1", "t2", "t3"]));
        let valid = Expiry::At(Timestamp(1001));
        assert_eq!(reject(2, false, true, valid), [Some("t1".to_owned()), None]);
        let over = Expiry::At(Timestamp(1000));
        assert_eq!(reject(3, false, true, over), some(&["t1", "t2", "t3"]), "each was over by its date");
    }

    #[test]
    fn a_renewal_that_gives_nothing_new_is_not_repeated() {
        struct Never(AtomicUsize, Option<&'static str>);
        impl Renew for Never {
            fn renew(&self, _: &AccessToken) -> Option<Renewed> {
                self.0.fetch_add(1, Ordering::Relaxed);
                let token = AccessToken::new(self.1?);
                Some(Renewed { token, expiry: Expiry::Unknown, refreshed: false })
            }
        }
        for same in [None, Some("t0")] {
            let (clock, renew) = (SetClock::at(1000), Never(AtomicUsize::new(0), same));
            let first = Renewed { token: AccessToken::new("t0"), expiry: Expiry::At(Timestamp(0)), refreshed: false };
            let held = HeldToken::new(first, &clock, &renew);
            for _ in 0..3 {
                assert!(held.instead_of(&AccessToken::new("t0")).is_none());
            }
            assert!(held.instead_of(&AccessToken::new("older")).is_some(), "another thread got this one");
            assert_eq!(renew.0.load(Ordering::Relaxed), 1);
        }
    }
}
