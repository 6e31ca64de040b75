//! The HTTP library's clients, one for each kind of server, which are made when they are first needed.

use std::sync::{Mutex, OnceLock, PoisonError};

use url::Url;

use crate::provider::endpoint::is_loopback;

/// The servers that differ in what a client for them needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain http, which is loopback only: without certificates, and without a proxy.
    Plain,
    Tls,
    /// Without a proxy, which has no business on this machine.
    TlsToLoopback,
}

impl Kind {
    pub fn of(url: &Url) -> Self {
        match (url.scheme() == "https", is_loopback(url)) {
            (false, _) => Self::Plain,
            (true, false) => Self::Tls,
            (true, true) => Self::TlsToLoopback,
        }
    }

    pub fn is_secure(self) -> bool {
        self != Self::Plain
    }

    /// Returns `true` if the variables may name a proxy for it.
    pub fn may_have_proxy(self) -> bool {
        self == Self::Tls
    }
}

pub struct Clients<C> {
    slots: [OnceLock<C>; 3],
    /// Held while a client is made: a few threads may need the first one at once, and one is enough.
    making: Mutex<()>,
}

impl<C> Default for Clients<C> {
    fn default() -> Self {
        Self { slots: Default::default(), making: Mutex::new(()) }
    }
}

impl<C> Clients<C> {
    /// Returns the client for a kind of server, made if it is the first time.
    pub fn get<E>(&self, kind: Kind, make: impl FnOnce() -> Result<C, E>) -> Result<&C, E> {
        let slot = &self.slots[kind as usize];
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = make()?;
        Ok(slot.get_or_init(|| client))
    }

    /// Takes out all that were made.
    pub fn take(&mut self) -> impl Iterator<Item = C> {
        self.slots.iter_mut().filter_map(OnceLock::take)
    }
}
