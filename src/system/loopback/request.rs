//! One request to the callback port, read within bounds, and the answer to it.

use std::sync::Arc;

use super::answers::{Claim, Offer, Order, Reply};
use super::response::LoopbackResponse;
use super::sender::{self, Sender};

/// How much a request line and its headers may take. Browsers send about 1 KiB; codes have been seen with 4 KiB.
pub(super) const MAX_HEAD: usize = 8 * 1024;

/// How much the one POST of the fragment page may take.
const MAX_BODY: usize = 64 * 1024;

/// One request, read whole and within bounds, not yet judged.
#[derive(Debug)]
pub struct LoopbackRequest {
    pub method: String,
    /// The request target as sent: `/callback?code=…`.
    pub target: String,
    /// Every `Host` value, in order.
    pub hosts: Vec<String>,
    pub origin: Option<String>,
    pub content_type: Option<String>,
    /// What the browser kept of an earlier answer, as `NAME=VALUE; NAME=VALUE`.
    pub cookies: Option<String>,
    pub body: Vec<u8>,
    pub(super) reply: Option<Box<Reply>>,
}

impl LoopbackRequest {
    /// Answers it, once; what is said later goes nowhere.
    pub fn answer(&mut self, answer: LoopbackResponse) {
        if let Some(reply) = self.reply.take() {
            reply.send(Order::Answer(answer));
        }
    }

    /// Answers it with what only one peer may have, or else with something that anybody may.
    pub fn offer(&mut self, answer: LoopbackResponse, otherwise: LoopbackResponse, claim: &Arc<Claim>) {
        if let Some(reply) = self.reply.take() {
            reply.send(Order::Offer(Box::new(Offer { answer, otherwise, claim: Arc::clone(claim) })));
        }
    }

    /// Whether it says the same as another one.
    pub fn repeats(&self, other: &Self) -> bool {
        let said = |request: &Self| (request.method.clone(), request.target.clone(), request.hosts.clone());
        said(self) == said(other) && self.origin == other.origin && self.body == other.body
    }

    /// Whose program sent it. Looked up while the connection is there; reads the system's table of connections.
    pub fn sender(&self) -> Sender {
        let ends = self.reply.as_ref().and_then(|reply| reply.ends);
        ends.map_or(Sender::Untold, |(peer, ours)| sender::sender(peer, ours))
    }

    /// A request that came from no socket.
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

/// What happened on the port.
#[derive(Debug)]
pub enum LoopbackEvent {
    Request(LoopbackRequest),
    /// Somebody spoke TLS to the plain port: an `https://` redirect URI, or a browser that upgrades.
    TlsHello,
    /// Somebody spoke plain http to the TLS port.
    PlainHttp,
}

/// How far a connection has come.
pub enum Parsed {
    /// The request goes on; no bound is met yet.
    More,
    /// The peer is gone.
    Broken,
    /// No request that a browser sends here.
    Refused(LoopbackResponse),
    TlsHello,
    PlainHttp,
    Whole(LoopbackRequest),
}

/// What becomes of the bodies of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// They are read: the fragment page posts here.
    Read,
    /// Nobody posts here whom we want to hear. A request is whole at the end of its head, so that no body takes memory.
    Ignored,
}

/// Reads as much of a request as is there (RFC 9112 §2 to §6): a head of at most 8 KiB, a body of at most 64 KiB whose
/// length is announced.
pub fn parse(received: &[u8]) -> Parsed {
    parse_with(received, Bodies::Read)
}

/// The same where bodies may be of no interest.
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
        // Chunks, or two lengths: nothing that a browser sends here.
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
