//! What is answered to a request, and its way from the judge to the polling thread.

use std::io;
use std::sync::{Mutex, PoisonError};

use polling::Poller;

/// A complete answer, head and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub(super) Vec<u8>);

impl Answer {
    /// `headers` are whole lines without their line ends.
    pub fn new(status: &str, headers: &[&str], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(body);
        Self(text.into_bytes())
    }

    #[cfg(test)]
    pub fn as_text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap()
    }
}

/// Answers on their way from the judge to the polling thread.
#[derive(Debug)]
pub(super) struct Answers {
    waiting: Mutex<Vec<(usize, Answer)>>,
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

    pub(super) fn put(&self, key: usize, answer: Answer) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((key, answer));
        self.wake();
    }

    pub(super) fn take(&self) -> Vec<(usize, Answer)> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
