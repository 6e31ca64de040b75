//! Random bytes from the operating system.

use crate::protocol::advice::{Advice, ExitCode, NextStep};

#[derive(Debug, thiserror::Error)]
#[error("the operating system provided no random bytes")]
pub struct NoEntropy(#[source] pub getrandom::Error);

impl Advice for NoEntropy {
    fn next_step(&self) -> NextStep {
        ExitCode::Unexpected.no_hint()
    }
}

pub trait Entropy: Send + Sync {
    /// Fills the whole buffer or fails. There is no fallback to a weaker source.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// Returns as many random bytes as the caller's type holds.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(NoEntropy)
    }
}
