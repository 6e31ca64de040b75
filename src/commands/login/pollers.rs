//! The processes that wait for the same login.

use std::cell::RefCell;

use crate::commands::Context;
use crate::flow::device::OtherProcesses;
use crate::store::StoreKind;
use crate::store::login_lock::LoginLock;

/// Returns `true` if a process has taken the answer to the login.
pub fn is_taken(id: &str, context: &Context) -> bool {
    // A list that cannot be read now may be read a second later.
    let listed = context.session.store().map(|store| store.pending(id));
    listed.is_ok_and(|listed| listed.is_ok_and(|listed| listed.is_some_and(|entry| entry.used)))
}

/// The processes that wait for the same device code: one of them polls, for as long as it lives.
pub struct Pollers<'a> {
    id: String,
    kind: StoreKind,
    context: &'a Context,
    /// Held by the one that polls.
    turn: RefCell<Option<LoginLock>>,
}

impl<'a> Pollers<'a> {
    pub fn new(id: String, kind: StoreKind, context: &'a Context) -> Self {
        Self { id, kind, context, turn: RefCell::default() }
    }
}

impl OtherProcesses for Pollers<'_> {
    fn have_it(&self) -> bool {
        is_taken(&self.id, self.context)
    }

    fn leave_it_to_us(&self) -> bool {
        let mut turn = self.turn.borrow_mut();
        if turn.is_none() {
            match self.context.session.store().map(|store| store.turn_to_poll(&self.id, self.kind)) {
                Ok(Ok(taken)) => *turn = taken,
                // Without a lock nobody can be seen.
                _ => return true,
            }
        }
        turn.is_some()
    }
}
