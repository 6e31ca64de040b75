//! The sign-ins that ID tokens are about (OpenID Connect Core §2, §12.2).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::ledger::Family;
use crate::protocol::time::Timestamp;

/// The number of sign-ins that are remembered.
const SIGN_INS: usize = 8_000;

/// A nonce of more characters is not repeated. Ours has 43.
const MAX_NONCE: usize = 512;

/// What is remembered of each consent until its tokens end.
#[derive(Default)]
pub struct SignIns(Mutex<BTreeMap<Family, SignIn>>);

/// A person's sign-in.
#[derive(Clone)]
pub struct SignIn {
    pub nonce: Option<String>,
    pub at: Timestamp,
}

impl SignIns {
    /// Remembers the nonce of a request that a person has consented to.
    pub fn begin(&self, family: Family, nonce: Option<String>, now: Timestamp) {
        let mut sign_ins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nonce = nonce.filter(|nonce| nonce.len() <= MAX_NONCE);
        sign_ins.insert(family, SignIn { nonce, at: now });
        if sign_ins.len() > SIGN_INS {
            sign_ins.pop_first();
        }
    }

    /// Returns when the person signed in, and the nonce, once: a refresh does not repeat it (§12.2).
    pub fn take(&self, family: Family) -> Option<SignIn> {
        let mut sign_ins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sign_in = sign_ins.get_mut(&family)?;
        let known = sign_in.clone();
        sign_in.nonce = None;
        Some(known)
    }
}
