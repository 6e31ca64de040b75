//! What is said to a request for consent: by the script, by `--approve`, or on the page.

use std::sync::atomic::Ordering;

use super::script::Step;
use super::site::Site;

impl Site {
    /// Returns what the person says to the next request.
    pub fn next_answer(&self) -> Step {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let otherwise = || if self.options.approve { Step::Approve(None) } else { Step::Page };
        self.options.consent.answer(turn).unwrap_or_else(otherwise)
    }
}
