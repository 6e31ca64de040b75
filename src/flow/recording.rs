//! Writes the record of a flow while it runs: see [`crate::protocol::flow_record`].
//!
//! Requests are seen by a decorator of the HTTP client, [`Recorded`], which the session puts around every client that it
//! makes, so that no command and no flow needs to remember it. What a client cannot see is told by the flows: what they go
//! by, where the browser was sent, what came back, and why something was decided.
//!
//! Nothing is made before there is something to note: a `token` that sends no request takes no random bytes, and opens no
//! file. A fault of the recorder's own is no reason for a flow to fail, so nothing here returns an error.

mod book;
mod client;
mod purpose;
mod recorder;

pub use book::Came;
pub use client::Recorded;
pub use purpose::Purpose;
pub use recorder::Recorder;

#[cfg(test)]
mod tests;
