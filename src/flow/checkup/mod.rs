//! What `doctor` asks a provider, and what it makes of the answers.
//!
//! Everything that goes out passes a [`Recorder`], so the list of what was sent is what was sent. Nothing of a login that
//! waits is used: each request has a state, a challenge and a nonce of its own, whose answers are thrown away. No redirect
//! is followed that leaves the provider, and there are no cookies.

pub mod client;
pub mod differences;
mod page;
mod recorder;
pub mod redirect;
mod standing;
mod trip;
pub mod visit;

pub use recorder::Recorder;
pub use redirect::Registration;
pub use standing::Standing;
