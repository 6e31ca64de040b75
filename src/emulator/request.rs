//! Reads the requests of one connection in turn, each within bounds (RFC 9112 §2 to §7).
//!
//! tiny_http has its own reader, without bounds. It keeps a header of 200 MB, endless headers, or a chunk size of any
//! length, and a silent client holds a thread forever. Its server accepts only a listener, so nothing can be placed
//! between it and the socket. The parsing here is httparse's.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::permits::{Permit, Permits};
use super::wire::Incoming;

/// The maximum size of a request line and its headers. Browsers send about 1 KiB, plus cookies of other servers on this
/// machine.
const MAX_HEAD: usize = 16 * 1024;

/// The maximum number of headers.
const MAX_HEADERS: usize = 100;

/// No OAuth message comes near this size.
const MAX_BODY: usize = 1 << 20;

/// Larger bodies take [a permit](Permits).
const SMALL_BODY: usize = 16 * 1024;

/// The maximum length of a line between chunks.
const MAX_CHUNK_LINE: usize = 1024;

/// The timeout for a head, counted from the end of the previous request, and again for its body. A browser that keeps a
/// connection for later opens another one.
const TIME: Duration = Duration::from_secs(10);

/// A request that is not read, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub problem: &'static str,
}

fn refuse<T>(status: u16, problem: &'static str) -> Result<T, Refusal> {
    Err(Refusal { status, problem })
}

/// A reader of one connection.
pub struct Reader<'a> {
    stream: &'a TcpStream,
    permits: &'a Permits,
    /// Bytes that belong to no request yet.
    held: Vec<u8>,
}

/// A request with the properties of its connection.
pub struct Whole<'a> {
    pub incoming: Incoming,
    /// HTTP/1.0 or 1.1.
    pub minor_version: u8,
    /// `true` if the peer wants to send another request.
    pub stays: bool,
    /// Held until the request is answered.
    _permit: Option<Permit<'a>>,
}

/// A parsed head.
struct Head {
    incoming: Incoming,
    minor_version: u8,
    body: Body,
}

#[derive(Clone, Copy)]
enum Body {
    Length(usize),
    Chunked,
}

impl<'a> Reader<'a> {
    pub fn new(stream: &'a TcpStream, permits: &'a Permits) -> Self {
        Self { stream, permits, held: Vec::new() }
    }

    /// Returns the next request; `None` if there are no more.
    pub fn next(&mut self) -> Result<Option<Whole<'a>>, Refusal> {
        let until = Instant::now() + TIME;
        let (head, length) = loop {
            if let Some(head) = parse_head(&self.held)? {
                break head;
            }
            if self.held.len() > MAX_HEAD {
                return refuse(431, "has a head of more than 16 KiB");
            }
            let is_idle = self.held.is_empty();
            match self.fill(until) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(Refusal { status: 408, .. }) if is_idle => return Ok(None),
                Err(refusal) => return Err(refusal),
            }
        };
        self.held.drain(..length);
        let Head { mut incoming, minor_version, body } = head;
        let until = Instant::now() + TIME;
        let is_large = !matches!(body, Body::Length(length) if length <= SMALL_BODY);
        let permit = if is_large { Some(self.permits.enter(until)) } else { None };
        let Some(_permit) = permit.map_or(Some(None), |permit| permit.map(Some)) else {
            return refuse(503, "has a large body, and came while others were being read");
        };
        if incoming.header("Expect").is_some() && self.held.is_empty() {
            // A failure shows at the next read.
            let _ = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        incoming.body = match body {
            Body::Length(length) => self.exactly(length, until)?,
            Body::Chunked => self.chunks(until)?,
        };
        let closes = incoming.header("Connection").is_some_and(|value| value.to_ascii_lowercase().contains("close"));
        let stays = minor_version == 1 && !closes;
        Ok(Some(Whole { incoming, minor_version, stays, _permit }))
    }

    /// Waits for more bytes; 0 at the end.
    fn fill(&mut self, until: Instant) -> Result<usize, Refusal> {
        let mut part = [0; 8 * 1024];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return refuse(408, "did not end in time");
            }
            match self.stream.read(&mut part) {
                Ok(n) => {
                    self.held.extend_from_slice(&part[..n]);
                    return Ok(n);
                }
                Err(error) if retry(&error) => {}
                Err(_) => return Ok(0),
            }
        }
    }

    /// Reads this many bytes.
    fn exactly(&mut self, length: usize, until: Instant) -> Result<Vec<u8>, Refusal> {
        while self.held.len() < length {
            self.more(until)?;
        }
        Ok(self.held.drain(..length).collect())
    }

    fn more(&mut self, until: Instant) -> Result<(), Refusal> {
        match self.fill(until)? {
            0 => refuse(400, "ended in the middle of its body"),
            _ => Ok(()),
        }
    }

    /// Reads a chunked body (RFC 9112 §7.1). Extensions and trailers are ignored.
    fn chunks(&mut self, until: Instant) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        loop {
            let line = self.line(until)?;
            let size = match httparse::parse_chunk_size(&line) {
                Ok(httparse::Status::Complete((_, size))) => usize::try_from(size).unwrap_or(usize::MAX),
                _ => return refuse(400, "has a chunk without a size"),
            };
            if size > MAX_BODY - body.len() {
                return refuse(413, "has a body of more than 1 MiB");
            }
            if size == 0 {
                break;
            }
            body.extend(self.exactly(size, until)?);
            if self.line(until)? != b"\r\n" {
                return refuse(400, "has a chunk that is longer than its size");
            }
        }
        for _ in 0..MAX_HEADERS {
            if self.line(until)? == b"\r\n" {
                return Ok(body);
            }
        }
        refuse(431, "has too many trailers")
    }

    /// Reads one line with its end.
    fn line(&mut self, until: Instant) -> Result<Vec<u8>, Refusal> {
        loop {
            if let Some(end) = self.held.iter().take(MAX_CHUNK_LINE).position(|byte| *byte == b'\n') {
                return Ok(self.held.drain(..=end).collect());
            }
            if self.held.len() >= MAX_CHUNK_LINE {
                return refuse(400, "has a chunk without a size");
            }
            self.more(until)?;
        }
    }
}

fn retry(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Returns a head and its length; `None` if it is incomplete.
fn parse_head(held: &[u8]) -> Result<Option<(Head, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(held) {
        Ok(httparse::Status::Partial) => return Ok(None),
        Ok(httparse::Status::Complete(length)) if length > MAX_HEAD => {
            return refuse(431, "has a head of more than 16 KiB");
        }
        Ok(httparse::Status::Complete(length)) => length,
        Err(httparse::Error::TooManyHeaders) => return refuse(431, "has more than 100 headers"),
        Err(_) => return refuse(400, "is not HTTP/1.1"),
    };
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let fields = request.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect();
    let method = request.method.unwrap_or_default();
    let incoming = Incoming::new(method, request.path.unwrap_or_default(), fields);
    let body = body_of(request.headers)?;
    Ok(Some((Head { incoming, minor_version: request.version.unwrap_or(1), body }, length)))
}

/// Returns the kind of body (RFC 9112 §6.3). Two lengths, or a length and chunks, are read as one request by some and
/// as two by others.
fn body_of(headers: &[httparse::Header<'_>]) -> Result<Body, Refusal> {
    let all = |name: &'static str| headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    let mut lengths = all("Content-Length").map(|header| header.value.trim_ascii());
    let mut codings = all("Transfer-Encoding").map(|header| header.value.trim_ascii());
    match (lengths.next(), codings.next()) {
        _ if lengths.next().is_some() || codings.next().is_some() => refuse(400, "has two lengths"),
        (Some(_), Some(_)) => refuse(400, "has two lengths"),
        (None, None) => Ok(Body::Length(0)),
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Body::Chunked),
        (None, Some(_)) => refuse(501, "is sent in an unknown coding"),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) && !length.is_empty() => {
            // A number that does not fit into a machine word is too large as well.
            let length = str::from_utf8(length).ok().and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
            if length <= MAX_BODY { Ok(Body::Length(length)) } else { refuse(413, "has a body of more than 1 MiB") }
        }
        (Some(_), None) => refuse(400, "has a length that is not a number"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener};

    use super::*;

    /// Returns what is read from a peer that sends these bytes and then closes.
    fn read(bytes: &[u8]) -> Result<Vec<(String, String, bool)>, Refusal> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, permits) = (listener.accept().unwrap().0, Permits::new(1));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // After a refusal, nothing more is read.
                let _ = peer.write_all(bytes);
                let _ = peer.shutdown(Shutdown::Write);
                let _ = peer.read_to_end(&mut Vec::new());
            });
            let mut reader = Reader::new(&stream, &permits);
            let mut requests = Vec::new();
            let ended = loop {
                match reader.next() {
                    Ok(Some(Whole { incoming, stays, .. })) => {
                        let body = String::from_utf8_lossy(&incoming.body).into_owned();
                        requests.push((format!("{} {}", incoming.method, incoming.path), body, stays));
                    }
                    Ok(None) => break Ok(requests),
                    Err(refusal) => break Err(refusal),
                }
            };
            let _ = stream.shutdown(Shutdown::Both);
            ended
        })
    }

    #[test]
    fn requests_are_read_one_after_the_other() {
        let requests = "GET /a?x HTTP/1.1\r\nHost: h\r\n\r\nPOST http://h/b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi\
            PUT /c HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n\
            HEAD /d HTTP/1.1\r\nConnection: Close\r\n\r\n";
        let read = read(requests.as_bytes()).unwrap();
        let read: Vec<_> = read.iter().map(|(line, body, stays)| (line.as_str(), body.as_str(), *stays)).collect();
        assert_eq!(
            read,
            [("GET /a", "", true), ("POST /b", "hi", true), ("PUT /c", "abc", true), ("HEAD /d", "", false)]
        );
        let large = format!("POST / HTTP/1.0\r\nContent-Length: {MAX_BODY}\r\n\r\n{}", "x".repeat(MAX_BODY));
        let large = self::read(large.as_bytes()).unwrap();
        assert_eq!((large[0].1.len(), large[0].2), (MAX_BODY, false));
    }

    #[test]
    fn a_request_beyond_the_bounds_is_refused() {
        let long = "x".repeat(MAX_HEAD);
        for (request, status) in [
            (format!("GET /{long} HTTP/1.1\r\n\r\n"), 431),
            (format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"), 431),
            (format!("GET /{}", "x".repeat(100 * MAX_HEAD)), 431),
            (format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(MAX_HEADERS + 1)), 431),
            ("\r\n".repeat(MAX_HEAD), 431),
            ("\u{16}\u{3}\u{1} a TLS hello\r\n\r\n".to_owned(), 400),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
            (format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", MAX_BODY + 1), 413),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n".to_owned(), 413),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_owned(), 400),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(), 400),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), 400),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), 501),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhalf".to_owned(), 400),
            (format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;{long}"), 400),
            (format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", MAX_BODY + 1), 413),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n".to_owned(), 400),
            (format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{}", "X: y\r\n".repeat(1000)), 431),
        ] {
            let refused = read(request.as_bytes()).map_err(|refusal| refusal.status);
            assert_eq!(refused, Err(status), "{request:.60}");
        }
    }
}
