//! The channel for answers from the judge to the polling thread.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use polling::Poller;

use super::response::LoopbackResponse;

/// A decision on a connection whose request was judged.
#[derive(Debug)]
pub(super) enum Order {
    Answer(LoopbackResponse),
    /// Send the first answer if this peer may have it, else the second.
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

/// An answer that goes to one peer only: the first that is still connected after the delivery.
///
/// The polling thread decides this between the write and the next peer. So no two peers can have it, and a peer that
/// asks and hangs up does not use it up.
#[derive(Debug, Default)]
pub struct Claim {
    taken: AtomicBool,
    refused: AtomicBool,
    lost: AtomicBool,
}

impl Claim {
    /// Returns true if a peer has it.
    pub fn is_taken(&self) -> bool {
        self.taken.load(Ordering::SeqCst)
    }

    /// Returns true if a peer came too late.
    pub fn was_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }

    /// Returns true if a peer hung up before the delivery.
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
        // If this fails, the thread wakes up by itself within READ_TIME.
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

/// The way back to the connection of a request. Dropping it unused closes the connection, so that an unanswered request
/// does not keep its place.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) key: usize,
    pub(super) answers: Arc<Answers>,
    /// The two ends of the connection, the peer's first.
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
