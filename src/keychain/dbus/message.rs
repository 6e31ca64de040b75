//! Messages (D-Bus specification, "Message Format"): sixteen bytes, the rest of the header, and a body.

use zeroize::Zeroizing;

use super::body::{Body, BodyWriter, ByteOrder};
use super::{BusError, Unreadable};

/// The bound of a message that we read. The bus's own is 128 MiB; a record has kilobytes, and a service with thousands of
/// entries that match one search has some hundred.
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// The bytes from which a message's length is known.
pub const HEAD: usize = 16;

/// Do not start a service for this. We leave it out, so that the bus starts the keychain.
const NO_FLAGS: u8 = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Return,
    Error,
    Signal,
    /// A call, which we never serve, or a kind that is unknown and has to be ignored.
    Other,
}

/// A method call.
pub struct Call<'a> {
    pub destination: &'a str,
    pub path: &'a str,
    pub interface: &'a str,
    pub member: &'a str,
    pub body: BodyWriter,
}

impl Call<'_> {
    /// Returns the whole message. A serial is never 0.
    pub fn encode(self, serial: u32) -> Zeroizing<Vec<u8>> {
        let (body, signature) = self.body.finish();
        let mut message = BodyWriter::with_room(body.len());
        message.append(&[b'l', 1, NO_FLAGS, 1]);
        message.number(body.len() as u32);
        message.number(serial);
        let fields = [(1, "o", self.path), (6, "s", self.destination), (2, "s", self.interface), (3, "s", self.member)];
        message.array(8, |message| {
            for (code, kind, value) in fields {
                message.align(8);
                message.byte(code);
                message.raw_signature(kind);
                message.raw_text(value);
            }
            if !signature.is_empty() {
                message.align(8);
                message.byte(8);
                message.raw_signature("g");
                message.raw_signature(&signature);
            }
        });
        message.align(8);
        message.append(&body);
        message.finish().0
    }
}

/// A message that was received.
pub struct Message {
    bytes: Zeroizing<Vec<u8>>,
    order: ByteOrder,
    pub kind: MessageKind,
    /// The call that this answers.
    pub reply_to: Option<u32>,
    pub sender: Option<String>,
    pub path: Option<String>,
    pub interface: Option<String>,
    pub member: Option<String>,
    error: Option<String>,
    signature: String,
    body_at: usize,
}

impl Message {
    /// Returns the length of the message that begins with these bytes.
    pub fn length(head: &[u8; HEAD]) -> Result<usize, Unreadable> {
        let order = order(head[0])?;
        if head[3] != 1 {
            return Err(Unreadable::NoMessage);
        }
        let mut reader = Body::starting_at(head, 4, order);
        let body = reader.number()? as usize;
        reader.number()?;
        let fields = reader.number()? as usize;
        if body > MAX_MESSAGE || fields > MAX_MESSAGE {
            return Err(Unreadable::Long);
        }
        let length = (HEAD + fields).next_multiple_of(8) + body;
        if length > MAX_MESSAGE { Err(Unreadable::Long) } else { Ok(length) }
    }

    /// Reads a message of exactly these bytes.
    pub fn decode(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Result<Self, Unreadable> {
        let bytes = bytes.into();
        let head: &[u8; HEAD] = bytes.first_chunk().ok_or(Unreadable::Short)?;
        if Self::length(head)? != bytes.len() {
            return Err(Unreadable::Form);
        }
        let order = order(head[0])?;
        let kind = match head[1] {
            0 => return Err(Unreadable::NoMessage),
            2 => MessageKind::Return,
            3 => MessageKind::Error,
            4 => MessageKind::Signal,
            _ => MessageKind::Other,
        };
        let mut reader = Body::starting_at(&bytes, 12, order);
        let mut fields = reader.array(8)?;
        reader.align(8)?;
        let body_at = reader.position();
        let mut message = Self {
            bytes: Zeroizing::default(),
            order,
            kind,
            reply_to: None,
            sender: None,
            path: None,
            interface: None,
            member: None,
            error: None,
            signature: String::new(),
            body_at,
        };
        while fields.end().is_err() {
            fields.structure()?;
            message.read_field(&mut fields)?;
        }
        message.check_fields()?;
        message.bytes = bytes;
        Ok(message)
    }

    fn read_field(&mut self, fields: &mut Body<'_>) -> Result<(), Unreadable> {
        match fields.byte()? {
            0 => return Err(Unreadable::Form),
            1 => {
                fields.variant("o")?;
                self.path = Some(fields.object_path()?.to_owned());
            }
            5 => {
                fields.variant("u")?;
                self.reply_to = Some(fields.number()?);
            }
            8 => {
                fields.variant("g")?;
                self.signature = fields.signature()?.to_owned();
            }
            code @ (2 | 3 | 4 | 7) => {
                fields.variant("s")?;
                let text = Some(fields.text()?.to_owned());
                match code {
                    2 => self.interface = text,
                    3 => self.member = text,
                    4 => self.error = text,
                    _ => self.sender = text,
                }
            }
            // The destination is us. Others are unknown and ignored, as the specification asks.
            _ => fields.skip_variant()?,
        }
        Ok(())
    }

    fn check_fields(&self) -> Result<(), Unreadable> {
        let complete = match self.kind {
            MessageKind::Return => self.reply_to.is_some(),
            MessageKind::Error => self.reply_to.is_some() && self.error.is_some(),
            MessageKind::Signal => self.path.is_some() && self.interface.is_some() && self.member.is_some(),
            MessageKind::Other => true,
        };
        if complete { Ok(()) } else { Err(Unreadable::Form) }
    }

    /// Returns the values, if they have these types.
    pub fn body(&self, signature: &str) -> Result<Body<'_>, Unreadable> {
        if self.signature != signature {
            return Err(Unreadable::Type);
        }
        Ok(self.values())
    }

    fn values(&self) -> Body<'_> {
        Body::new(self.bytes.get(self.body_at..).unwrap_or_default(), self.order)
    }

    /// Returns an error reply as an error. Its text is the first value, if that is one.
    pub fn into_result(self) -> Result<Self, BusError> {
        let MessageKind::Error = self.kind else { return Ok(self) };
        let detail = self.signature.starts_with('s').then(|| self.values().text().map(str::to_owned));
        Err(BusError::Method { name: self.error.unwrap_or_default(), detail: detail.and_then(Result::ok) })
    }
}

fn order(byte: u8) -> Result<ByteOrder, Unreadable> {
    match byte {
        b'l' => Ok(ByteOrder::Little),
        b'B' => Ok(ByteOrder::Big),
        _ => Err(Unreadable::NoMessage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Zeroizing<Vec<u8>> {
        let body = BodyWriter::with_room(0).texts(&[("service", "oauthctl")]);
        Call { destination: "org.example.A", path: "/a", interface: "org.example.I", member: "Do", body }.encode(7)
    }

    /// A return in big-endian order, written by hand: fields 5 (reply to 7), 9 (no descriptors), 200 (unknown) and 8.
    const BIG: &[u8] = &[
        b'B', 2, 1, 1, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 39, //
        5, 1, b'u', 0, 0, 0, 0, 7, //
        9, 1, b'u', 0, 0, 0, 0, 0, //
        200, 2, b'a', b'y', 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 0, 0, //
        8, 1, b'g', 0, 1, b's', 0, 0, //
        0, 0, 0, 3, b'y', b'e', b's', 0,
    ];

    fn big() -> Zeroizing<Vec<u8>> {
        Zeroizing::new(BIG.to_vec())
    }

    #[test]
    fn a_call_has_its_fields_and_its_length() {
        let bytes = call();
        assert_eq!(Message::length(bytes.first_chunk().unwrap()), Ok(bytes.len()));
        let message = Message::decode(bytes).unwrap();
        assert_eq!(message.kind, MessageKind::Other);
        assert_eq!(message.path.as_deref(), Some("/a"));
        assert_eq!(message.interface.as_deref(), Some("org.example.I"));
        assert_eq!(message.member.as_deref(), Some("Do"));
        let mut pairs = message.body("a{ss}").unwrap().array(8).unwrap();
        pairs.structure().unwrap();
        assert_eq!((pairs.text(), pairs.text()), (Ok("service"), Ok("oauthctl")));
    }

    #[test]
    fn a_big_endian_reply_is_read_and_unknown_fields_are_skipped() {
        let message = Message::decode(big()).unwrap();
        assert_eq!((message.kind, message.reply_to), (MessageKind::Return, Some(7)));
        assert_eq!(message.body("s").unwrap().text(), Ok("yes"));
        assert_eq!(message.body("o").map(drop), Err(Unreadable::Type));
    }

    #[test]
    fn a_message_that_is_cut_or_too_long_is_refused() {
        for length in 0..BIG.len() {
            let cut = Zeroizing::new(BIG[..length].to_vec());
            assert!(Message::decode(cut).is_err(), "{length}");
        }
        let mut long = big();
        long[4] = 1;
        assert_eq!(Message::length(long.first_chunk().unwrap()), Err(Unreadable::Long));
        let mut other = big();
        other[3] = 2;
        assert_eq!(Message::length(other.first_chunk().unwrap()), Err(Unreadable::NoMessage));
    }

    #[test]
    fn an_error_reply_is_an_error_with_its_text() {
        let mut bytes = big();
        bytes[1] = 3;
        // Without the name of the error.
        assert!(matches!(Message::decode(bytes.clone()), Err(Unreadable::Form)));
        // The unknown field becomes the name: a text of three bytes.
        bytes[32..48].copy_from_slice(&[4, 1, b's', 0, 0, 0, 0, 3, b'a', b'.', b'b', 0, 0, 0, 0, 0]);
        let Err(error) = Message::decode(bytes).unwrap().into_result() else { panic!("no error") };
        assert!(
            matches!(error, BusError::Method { name, detail } if name == "a.b" && detail.as_deref() == Some("yes"))
        );
    }
}
