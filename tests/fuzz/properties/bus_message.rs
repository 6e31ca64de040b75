//! A message on the D-Bus session bus: its length is known from its first bytes, it is read whole or not at all, and its
//! values are only what its signature says. A second reader says what the fields of the header are.

#[cfg(not(target_os = "linux"))]
pub fn holds(_: &[u8]) {}

#[cfg(target_os = "linux")]
pub use linux::holds;

#[cfg(target_os = "linux")]
mod linux {
    use oauthctl::testing::{BusMessage, DBUS_HEAD, MAX_MESSAGE, MessageKind};

    /// The signatures of the bodies that the keychain reads.
    const SIGNATURES: [&str; 8] = ["", "s", "o", "v", "oo", "aoo", "aoao", "(oayays)"];

    pub fn holds(data: &[u8]) {
        let Some(head) = data.first_chunk::<DBUS_HEAD>() else {
            assert!(BusMessage::decode(data.to_vec()).is_err());
            return;
        };
        let Ok(length) = BusMessage::length(head) else {
            assert!(BusMessage::decode(data.to_vec()).is_err());
            return;
        };
        assert!((DBUS_HEAD..=MAX_MESSAGE).contains(&length) && length == length_again(head));
        let Some(whole) = data.get(..length) else {
            assert!(BusMessage::decode(data.to_vec()).is_err(), "a part was read as a whole");
            return;
        };
        assert!(BusMessage::decode(whole[..length - 1].to_vec()).is_err());
        assert!(BusMessage::decode([whole, b"\0"].concat()).is_err());
        let Ok(message) = BusMessage::decode(whole.to_vec()) else { return };
        let again = Fields::read(whole);
        assert_eq!(message.reply_to, again.reply_to);
        assert_eq!(message.path, again.texts[1]);
        assert_eq!(message.interface, again.texts[2]);
        assert_eq!(message.member, again.texts[3]);
        assert_eq!(message.sender, again.texts[7]);
        for signature in SIGNATURES {
            let body = message.body(signature);
            assert_eq!(body.is_ok(), again.signature == signature);
            let Ok(body) = body else { continue };
            read_as_any(&body);
        }
        let is_error = message.kind == MessageKind::Error;
        assert_eq!(message.into_result().is_err(), is_error);
    }

    /// Whatever is asked of a body, the answer is a value or an error.
    fn read_as_any(body: &oauthctl::testing::BusBody<'_>) {
        let _ = body.clone().object_paths();
        let _ = body.clone().skip_variant();
        let _ = body.clone().truth();
        let mut body = body.clone();
        let read = body.structure().and_then(|()| body.object_path().map(str::len));
        if let Ok(length) = read {
            assert!(length > 0, "an empty path was read");
            let _ = body.bytes().and_then(|_| body.bytes().map(<[u8]>::len));
        }
    }

    fn number(bytes: &[u8], at: usize, big: bool) -> u32 {
        let four = bytes[at..at + 4].try_into().unwrap();
        if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    }

    fn length_again(head: &[u8]) -> usize {
        let big = head[0] == b'B';
        16 + (number(head, 12, big) as usize).div_ceil(8) * 8 + number(head, 4, big) as usize
    }

    /// The fields of a header that was accepted: the last of each code counts.
    #[derive(Default)]
    struct Fields {
        reply_to: Option<u32>,
        signature: String,
        texts: [Option<String>; 10],
    }

    impl Fields {
        fn read(bytes: &[u8]) -> Self {
            let big = bytes[0] == b'B';
            let end = 16 + number(bytes, 12, big) as usize;
            let (mut this, mut at) = (Self::default(), 16);
            while at < end {
                at = at.div_ceil(8) * 8;
                let code = bytes[at];
                let kinds = bytes[at + 2..at + 2 + usize::from(bytes[at + 1])].to_vec();
                at += 3 + kinds.len();
                let value = skip(bytes, &kinds, &mut at, big).0;
                match code {
                    5 => this.reply_to = Some(number(value, 0, big)),
                    8 => this.signature = String::from_utf8(value.to_vec()).unwrap(),
                    1..=4 | 7 => this.texts[usize::from(code)] = Some(String::from_utf8(value.to_vec()).unwrap()),
                    _ => {}
                }
            }
            this
        }
    }

    /// Steps over one value. Returns its bytes without length and end, and how many characters its type has.
    fn skip<'a>(bytes: &'a [u8], kinds: &[u8], at: &mut usize, big: bool) -> (&'a [u8], usize) {
        let to = |at: usize, size: usize| at.div_ceil(size) * size;
        let size = match kinds[0] {
            b'y' => 1,
            b'n' | b'q' => 2,
            b'b' | b'i' | b'u' | b'h' => 4,
            b'x' | b't' | b'd' => 8,
            _ => 0,
        };
        if size > 0 {
            *at = to(*at, size) + size;
            return (&bytes[*at - size..*at], 1);
        }
        match kinds[0] {
            b'g' => {
                let length = usize::from(bytes[*at]);
                *at += length + 2;
                (&bytes[*at - length - 1..*at - 1], 1)
            }
            b's' | b'o' => {
                *at = to(*at, 4);
                let length = number(bytes, *at, big) as usize;
                *at += length + 5;
                (&bytes[*at - length - 1..*at - 1], 1)
            }
            b'v' => {
                let kinds = bytes[*at + 1..*at + 1 + usize::from(bytes[*at])].to_vec();
                *at += kinds.len() + 2;
                skip(bytes, &kinds, at, big);
                (&[], 1)
            }
            b'a' => {
                *at = to(*at, 4);
                let length = number(bytes, *at, big) as usize;
                let size = match kinds[1] {
                    b'y' | b'g' | b'v' => 1,
                    b'n' | b'q' => 2,
                    b'x' | b't' | b'd' | b'(' | b'{' => 8,
                    _ => 4,
                };
                *at = to(*at + 4, size) + length;
                (&[], 1 + type_length(&kinds[1..]))
            }
            _ => {
                *at = to(*at, 8);
                let mut field = 1;
                while kinds[field] != b')' {
                    field += skip(bytes, &kinds[field..], at, big).1;
                }
                (&[], field + 1)
            }
        }
    }

    fn type_length(kinds: &[u8]) -> usize {
        match kinds[0] {
            b'a' => 1 + type_length(&kinds[1..]),
            b'(' | b'{' => {
                let mut at = 1;
                while !matches!(kinds[at], b')' | b'}') {
                    at += type_length(&kinds[at..]);
                }
                at + 1
            }
            _ => 1,
        }
    }
}
