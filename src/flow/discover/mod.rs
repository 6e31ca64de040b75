//! From an address that a person has to the servers that a login needs.
//!
//! The address may be a resource's or an issuer's. The resource itself is asked first: its challenge names its metadata
//! (RFC 9728 §5.1), or the metadata is at a well-known place (§3.1). The metadata names the authorization server, whose
//! own metadata has the endpoints (RFC 8414). An address without any of it is taken for an issuer.
//!
//! What a server publishes is checked, not believed:
//!
//! * A document speaks for itself only: `resource` and `issuer` are compared with what was asked.
//! * No redirect leads to another origin, and every address that may see a secret is https or loopback.
//! * A server names no machine that is nearer to us than itself: neither a router, nor a cloud's metadata service, nor a
//!   port of this machine. That holds for names, too, by the addresses that they stand for (see `system::http::Reach`).
//! * The size of each document, and the time of all of it, are limited. The caller's client has the limit of time.
//!
//! Nothing secret is sent here, and nothing is asked of a person: the caller chooses among several servers.

mod error;
mod named;
mod resource;
mod server;

pub use error::AddressError;
pub use named::NamedServers;
pub use resource::{Asked, Resource, ask};
pub use server::{Rules, Server, assumed, check, server, server_at_root};

#[cfg(test)]
mod tests;
