//! Answers on their way from the judge to the polling thread.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use polling::Poller;

use super::response::LoopbackResponse;

/// What becomes of a connection whose request was judged.
#[derive(Debug)]
pub(super) enum Order {
    Answer(LoopbackResponse),
    /// The first answer if this peer may have it, else the second.
    Offer(Box<Offer>),
    /// The judge has dropped the request.
    HangUp,
}

#[derive(Debug)]
pub(super) struct Offer {
    pub(super) answer: LoopbackResponse,
    pub(super) otherwise: LoopbackResponse,
    pub(super) claim: Arc<Claim>,
}

/// Something that goes to one peer only: the first that is still there once it has been delivered.
///
/// It is decided on the polling thread, between the write and the next peer, so no two can have it, and one that asks
/// and hangs up does not use it up.
#[derive(Debug, Default)]
pub struct Claim {
    taken: AtomicBool,
    refused: AtomicBool,
    lost: AtomicBool,
}

impl Claim {
    /// Whether a peer has it.
    pub fn is_taken(&self) -> bool {
        self.taken.load(Ordering::SeqCst)
    }

    /// Whether one has come too late.
    pub fn was_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }

    /// Whether one has hung up before it was delivered.
    pub fn was_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    #[cfg(test)]
    pub fn take_for_test(&self) {
        self.take();
    }

    pub(super) fn take(&self) {
        self.taken.store(true, Ordering::SeqCst);
    }

    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::SeqCst);
    }

    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub(super) struct Answers {
    waiting: Mutex<Vec<(usize, Order)>>,
    pub(super) poller: Poller,
}

impl Answers {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { waiting: Mutex::default(), poller: Poller::new()? })
    }

    /// Wakes the polling thread.
    pub(super) fn wake(&self) {
        // If the thread cannot be woken it wakes up by itself within READ_TIME.
        let _ = self.poller.notify();
    }

    pub(super) fn take(&self) -> Vec<(usize, Order)> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, key: usize, order: Order) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((key, order));
        self.wake();
    }
}

/// The way back to the connection of a request. One that is dropped unused closes it, so that no request that nobody
/// answers keeps its place.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) key: usize,
    pub(super) answers: Arc<Answers>,
    /// The connection's two ends, the peer's first.
    pub(super) ends: Option<(SocketAddr, SocketAddr)>,
    pub(super) used: bool,
}

impl Reply {
    pub(super) fn send(mut self, order: Order) {
        self.used = true;
        self.answers.put(self.key, order);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.used {
            self.answers.put(self.key, Order::HangUp);
        }
    }
}
