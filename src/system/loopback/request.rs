//! One request to the callback port, read within bounds, and the answer to it.

use std::sync::Arc;

use super::answers::{Claim, Offer, Order, Reply};
use super::response::LoopbackResponse;
use super::sender::{self, Sender};

/// The size limit of a request line and its headers. Browsers send about 1 KiB. Codes of 4 KiB have been seen.
pub(super) const MAX_HEAD: usize = 8 * 1024;

/// The size limit of a POST: a provider's form, or the address that our own page posts.
const MAX_BODY: usize = 64 * 1024;

/// One complete request within the limits, not yet judged.
#[derive(Debug)]
pub struct LoopbackRequest {
    pub method: String,
    /// The request target as sent: `/callback?code=…`.
    pub target: String,
    /// Every `Host` value, in order.
    pub hosts: Vec<String>,
    pub origin: Option<String>,
    pub content_type: Option<String>,
    /// The cookies, as `NAME=VALUE; NAME=VALUE`.
    pub cookies: Option<String>,
    pub body: Vec<u8>,
    pub(super) reply: Option<Box<Reply>>,
}

impl LoopbackRequest {
    /// Answers the request. Only the first call has an effect.
    pub fn answer(&mut self, answer: LoopbackResponse) {
        if let Some(reply) = self.reply.take() {
            reply.send(Order::Answer(answer));
        }
    }

    /// Answers with `answer`, which only one peer may have, or else with `otherwise`.
    pub fn offer(&mut self, answer: LoopbackResponse, otherwise: LoopbackResponse, claim: &Arc<Claim>) {
        if let Some(reply) = self.reply.take() {
            reply.send(Order::Offer(Box::new(Offer { answer, otherwise, claim: Arc::clone(claim) })));
        }
    }

    /// Returns true if it repeats another request.
    pub fn repeats(&self, other: &Self) -> bool {
        let said = |request: &Self| (request.method.clone(), request.target.clone(), request.hosts.clone());
        said(self) == said(other) && self.origin == other.origin && self.body == other.body
    }

    /// Looks up which user's program sent it, in the system's table of connections. Works while the connection is open.
    pub fn sender(&self) -> Sender {
        let ends = self.reply.as_ref().and_then(|reply| reply.ends);
        ends.map_or(Sender::Untold, |(peer, ours)| sender::sender(peer, ours))
    }

    /// Creates a request that came from no socket.
    #[cfg(test)]
    pub fn detached(method: &str, target: &str, host: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            hosts: vec![host.to_owned()],
            origin: None,
            content_type: None,
            cookies: None,
            body: Vec::new(),
            reply: None,
        }
    }
}

/// An event on the port.
#[derive(Debug)]
pub enum LoopbackEvent {
    Request(LoopbackRequest),
    /// A client spoke TLS to the plain port: an `https://` redirect URI, or a browser that upgrades.
    TlsHello,
    /// A client spoke plain http to the TLS port.
    PlainHttp,
}

/// The state of a request that is being read.
pub enum Parsed {
    /// The request is incomplete and within the limits.
    More,
    /// The peer is gone.
    Broken,
    /// Not a request that a browser would send here.
    Refused(LoopbackResponse),
    TlsHello,
    PlainHttp,
    Whole(LoopbackRequest),
}

/// The treatment of request bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Bodies are read: answers are posted here.
    Read,
    /// Bodies are not read. A request is complete at the end of its head, so that no body takes memory.
    Ignored,
}

/// Parses what has been received of a request (RFC 9112 §2 to §6): a head of at most 8 KiB, and a body of at most 64 KiB
/// with a declared length.
pub fn parse(received: &[u8]) -> Parsed {
    parse_with(received, Bodies::Read)
}

/// Parses a request like [`parse`], with or without its body.
pub(super) fn parse_with(received: &[u8], bodies: Bodies) -> Parsed {
    let refused = |status| Parsed::Refused(LoopbackResponse::new(status, &[], ""));
    // A TLS record of the type `handshake`, or the start of one.
    if received.first() == Some(&0x16) {
        return Parsed::TlsHello;
    }
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let head_length = match head.parse(received) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(httparse::Status::Partial) if received.len() <= MAX_HEAD => return Parsed::More,
        Ok(_) => return refused("431 Request Header Fields Too Large"),
        Err(_) => return refused("400 Bad Request"),
    };
    let all = |name: &str| -> Vec<String> {
        let values = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        values.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect()
    };
    let body_length = match (all("transfer-encoding").as_slice(), all("content-length").as_slice()) {
        ([], []) => 0,
        ([], [length]) => match length.trim().parse::<usize>() {
            Ok(length) if length <= MAX_BODY && bodies == Bodies::Read => length,
            Ok(length) if length <= MAX_BODY => 0,
            _ => return refused("413 Content Too Large"),
        },
        // Chunks, or two lengths: a browser sends neither here.
        _ => return refused("400 Bad Request"),
    };
    let body = &received[head_length..];
    if body.len() < body_length {
        return Parsed::More;
    }
    Parsed::Whole(LoopbackRequest {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        hosts: all("host"),
        origin: all("origin").into_iter().next(),
        content_type: all("content-type").into_iter().next(),
        cookies: all("cookie").into_iter().next(),
        body: body[..body_length].to_vec(),
        reply: None,
    })
}
