//! A connection to the session bus: the socket, the greeting (SASL's EXTERNAL, then `Hello`), calls and their replies.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Instant;

use socket2::{Domain, SockAddr, Socket as RawSocket, Type};
use zeroize::Zeroizing;

use super::address::{self, Socket};
use super::message::{Call, HEAD, Message, MessageKind};
use super::{BodyWriter, BusError, Unreadable, left};
use crate::system::clock::Deadline;
use crate::system::waiting::{self, Knows, UNSEEN};

/// A line of the greeting. The bus's longest has some 40 bytes.
const MAX_LINE: usize = 4096;

/// How much is read at once. Replies without a secret have a few hundred bytes.
const CHUNK: usize = 4096;

/// How many signals are kept until somebody asks for one.
const MAX_SIGNALS: usize = 64;

/// Where the session bus is, by the environment.
pub struct SessionAddress {
    /// `DBUS_SESSION_BUS_ADDRESS`. An empty one counts as unset, as for the reference library.
    pub list: Option<OsString>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
}

impl SessionAddress {
    pub fn of_environment() -> Self {
        let absolute = |path: &PathBuf| path.is_absolute();
        Self {
            list: std::env::var_os("DBUS_SESSION_BUS_ADDRESS").filter(|list| !list.is_empty()),
            runtime: std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(absolute),
        }
    }

    fn sockets(&self) -> Result<Vec<Socket>, BusError> {
        match &self.list {
            Some(list) => Ok(address::parse(&list.to_string_lossy())?),
            None => Ok(vec![Socket::Runtime]),
        }
    }

    fn runtime_bus(&self) -> PathBuf {
        let of_user = || PathBuf::from(format!("/run/user/{}", uid()));
        self.runtime.clone().unwrap_or_else(of_user).join("bus")
    }
}

/// A connection whose greeting may still be unanswered. After an error of the connection itself it must not be used again:
/// what is read next may belong to an earlier call.
pub struct Connection {
    stream: UnixStream,
    outbox: Zeroizing<Vec<u8>>,
    inbox: Inbox,
    serial: u32,
    is_greeted: bool,
    signals: VecDeque<Message>,
}

/// The serial of `Hello`, the first call.
const HELLO: u32 = 1;

impl Connection {
    /// Connects to the first address that takes the connection.
    pub fn open(address: &SessionAddress, until: Deadline) -> Result<Self, BusError> {
        let mut problem = None;
        for socket in address.sockets()? {
            let target = match &socket {
                Socket::Path(path) => SockAddr::unix(path),
                Socket::Abstract(name) => SockAddr::unix(abstract_name(name)),
                Socket::Runtime => SockAddr::unix(address.runtime_bus()),
            };
            match target.map_err(BusError::NoBus).and_then(|target| connect(&target, until)) {
                Ok(stream) => return Ok(Self::greeting(stream)),
                Err(BusError::Silent) => return Err(BusError::Silent),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        Err(problem.unwrap_or_else(|| BusError::NoBus(ErrorKind::NotFound.into())))
    }

    fn greeting(stream: UnixStream) -> Self {
        let mut greeting = b"\0AUTH EXTERNAL ".to_vec();
        for digit in uid().to_string().bytes() {
            greeting.extend_from_slice(format!("{digit:02x}").as_bytes());
        }
        greeting.extend_from_slice(b"\r\nBEGIN\r\n");
        let bus = "org.freedesktop.DBus";
        let body = BodyWriter::with_room(0);
        let hello = Call { destination: bus, path: "/org/freedesktop/DBus", interface: bus, member: "Hello", body };
        greeting.extend_from_slice(&hello.encode(HELLO));
        Self {
            stream,
            outbox: Zeroizing::new(greeting),
            inbox: Inbox::default(),
            serial: HELLO,
            is_greeted: false,
            signals: VecDeque::new(),
        }
    }

    /// Makes a call and waits for its reply. An error reply is an error.
    pub fn call(&mut self, call: Call<'_>, until: Deadline) -> Result<Message, BusError> {
        self.serial = self.serial.checked_add(1).unwrap_or(HELLO + 1);
        let serial = self.serial;
        let message = call.encode(serial);
        self.send(&message, until)?;
        if !self.is_greeted {
            self.read_greeting(until)?;
        }
        loop {
            let message = self.receive(until)?;
            match message.kind {
                MessageKind::Return | MessageKind::Error if message.reply_to == Some(serial) => {
                    return message.into_result();
                }
                MessageKind::Error if message.reply_to == Some(HELLO) => {
                    message.into_result()?;
                }
                MessageKind::Signal if self.signals.len() < MAX_SIGNALS => self.signals.push_back(message),
                // The reply to `Hello`, or to a call that nobody waits for.
                _ => {}
            }
        }
    }

    /// Waits for a signal that is the wanted one. Others are dropped.
    pub fn signal(&mut self, until: Deadline, is_wanted: impl Fn(&Message) -> bool) -> Result<Message, BusError> {
        loop {
            let message = match self.signals.pop_front() {
                Some(message) => message,
                None => self.receive(until)?,
            };
            if message.kind == MessageKind::Signal && is_wanted(&message) {
                return Ok(message);
            }
        }
    }

    fn send(&mut self, message: &[u8], until: Deadline) -> Result<(), BusError> {
        if !self.outbox.is_empty() {
            let mut first = std::mem::take(&mut self.outbox);
            first.extend_from_slice(message);
            return self.write(&first, until);
        }
        self.write(message, until)
    }

    fn write(&mut self, mut bytes: &[u8], until: Deadline) -> Result<(), BusError> {
        while !bytes.is_empty() {
            self.stream.set_write_timeout(Some(left(until)?)).map_err(BusError::Lost)?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(BusError::Lost(ErrorKind::WriteZero.into())),
                Ok(written) => bytes = &bytes[written..],
                Err(error) => pass(error)?,
            }
        }
        Ok(())
    }

    /// Reads the answer to the authentication. It is one line: `OK` and the bus's id, or `REJECTED` and what it offers.
    fn read_greeting(&mut self, until: Deadline) -> Result<(), BusError> {
        let line = loop {
            if let Some(line) = self.inbox.line() {
                break line;
            }
            if self.inbox.bytes.len() > MAX_LINE {
                return Err(Unreadable::Long.into());
            }
            self.inbox.fill(&mut self.stream, MAX_LINE, until)?;
        };
        if line != b"OK" && !line.starts_with(b"OK ") {
            return Err(BusError::Rejected);
        }
        self.is_greeted = true;
        Ok(())
    }

    fn receive(&mut self, until: Deadline) -> Result<Message, BusError> {
        while self.inbox.bytes.len() < HEAD {
            self.inbox.fill(&mut self.stream, CHUNK, until)?;
        }
        let head = self.inbox.bytes.first_chunk().ok_or(Unreadable::Short)?;
        let length = Message::length(head)?;
        while self.inbox.bytes.len() < length {
            self.inbox.fill(&mut self.stream, length, until)?;
        }
        Ok(Message::decode(self.inbox.split(length))?)
    }
}

/// What was received and not yet read.
#[derive(Default)]
struct Inbox {
    bytes: Zeroizing<Vec<u8>>,
}

impl Inbox {
    /// Reads once. Makes room for `wanted` bytes in all, in a buffer of its own: one that grew would leave its old bytes
    /// behind.
    fn fill(&mut self, stream: &mut UnixStream, wanted: usize, until: Deadline) -> Result<(), BusError> {
        let filled = self.bytes.len();
        let room = wanted.max(filled + CHUNK);
        if self.bytes.capacity() < room {
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.resize(room, 0);
        let read = read_once(stream, &mut self.bytes[filled..], until);
        self.bytes.truncate(filled + read.as_ref().map_or(0, |read| *read));
        read.map(drop)
    }

    /// Takes the first line, without its end.
    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.bytes.windows(2).position(|two| two == b"\r\n")?;
        let line = self.bytes[..end].to_vec();
        self.split(end + 2);
        Some(line)
    }

    /// Takes the first bytes.
    fn split(&mut self, length: usize) -> Zeroizing<Vec<u8>> {
        let rest = Zeroizing::new(self.bytes[length..].to_vec());
        let mut taken = std::mem::replace(&mut self.bytes, rest);
        // What lies beyond the end is wiped with the buffer: `zeroize` covers the capacity.
        taken.truncate(length);
        taken
    }
}

fn read_once(stream: &mut UnixStream, buffer: &mut [u8], until: Deadline) -> Result<usize, BusError> {
    let (begun, mut wait) = (Instant::now(), None);
    loop {
        // Whoever has to wait for long is told so.
        let limit = if wait.is_some() { left(until)? } else { left(until)?.min(UNSEEN) };
        stream.set_read_timeout(Some(limit)).map_err(BusError::Lost)?;
        match stream.read(buffer) {
            Ok(0) => return Err(BusError::Lost(ErrorKind::UnexpectedEof.into())),
            Ok(read) => return Ok(read),
            Err(error) => pass(error)?,
        }
        let words = || "Waiting for the keychain".to_owned();
        wait.get_or_insert_with(|| waiting::since(begun, Knows::Request, words));
    }
}

/// Passes over an interruption, and over a timeout: whether time is left is asked before the next attempt.
fn pass(error: io::Error) -> Result<(), BusError> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(()),
        _ => Err(BusError::Lost(error)),
    }
}

/// Returns the real user's number.
fn uid() -> libc::uid_t {
    // SAFETY: it takes nothing and cannot fail.
    unsafe { libc::getuid() }
}

/// An abstract name is spelled as a path that begins with a zero byte.
fn abstract_name(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(OsString::from_vec([b"\0", name].concat()))
}

/// Connects within the deadline. A full queue at the bus makes the system wait, and no longer than the write timeout.
fn connect(target: &SockAddr, until: Deadline) -> Result<UnixStream, BusError> {
    let socket = RawSocket::new(Domain::UNIX, Type::STREAM, None).map_err(BusError::NoBus)?;
    loop {
        socket.set_write_timeout(Some(left(until)?)).map_err(BusError::NoBus)?;
        match socket.connect(target) {
            Ok(()) => return Ok(socket.into()),
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(error) => return Err(BusError::NoBus(error)),
        }
    }
}
