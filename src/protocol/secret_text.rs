//! A text that people keep a secret in: a file, or what a script pipes in. Every such text is read here.
//!
//! What an editor or a shell adds is not part of the secret: a byte order mark, blank lines, the line break at the end.
//! PowerShell's `>` writes UTF-16, and that is read too where it begins with its mark. An empty text is an error. It is
//! what a failed command leaves behind, and must not pass for a client that has no secret.

use zeroize::Zeroizing;

use super::json::without_mark;
use super::secret::Secret;

/// The reason why a text holds no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASecretText {
    #[error("it is empty")]
    Empty,
    #[error("it is not text in UTF-8, or in UTF-16 with a byte order mark")]
    NotText,
    #[error("it has more than one line")]
    Lines,
}

/// Decodes a text: UTF-8, or UTF-16 with a byte order mark. The mark is left out.
pub fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, NotASecretText> {
    let wide = |order: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Zeroizing<Vec<u16>> = Zeroizing::new(pairs.iter().map(|pair| order(*pair)).collect());
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        bytes => std::str::from_utf8(without_mark(bytes)).ok().map(str::to_owned),
    };
    // UTF-16 without its mark is UTF-8 with a NUL after each letter.
    text.filter(|text| !text.contains('\0')).map(Zeroizing::new).ok_or(NotASecretText::NotText)
}

/// Reads the one line of a text that is not blank, without the whitespace around it.
pub fn one_line(bytes: &[u8]) -> Result<Secret, NotASecretText> {
    let text = decode(bytes)?;
    match text.trim() {
        "" => Err(NotASecretText::Empty),
        line if line.contains(['\n', '\r']) => Err(NotASecretText::Lines),
        line => Ok(Secret::new(line)),
    }
}

/// Reads a passphrase: the text without blank lines around it. Spaces and inner lines are part of it.
pub fn passphrase(bytes: &[u8]) -> Result<Secret, NotASecretText> {
    let text = decode(bytes)?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_blank = |line: &&str| line.trim().is_empty();
    let Some(first) = lines.iter().position(|line| !is_blank(line)) else { return Err(NotASecretText::Empty) };
    let last = lines.iter().rposition(|line| !is_blank(line)).unwrap_or(first);
    let kept = Zeroizing::new(lines[first..=last].concat());
    Ok(Secret::new(kept.trim_end_matches(['\r', '\n'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
    }

    #[test]
    fn marks_blank_lines_and_whitespace_are_not_the_secret() {
        let read = |bytes: &[u8]| one_line(bytes).map(|secret| secret.expose().to_owned());
        for bytes in [
            &b"s3cret"[..],
            b"s3cret\n",
            b"\xef\xbb\xbfs3cret\r\n",
            b"\xef\xbb\xbf\r\n\r\n  s3cret \n\n",
            &utf16("s3cret\r\n", u16::to_le_bytes),
            &utf16("\n s3cret", u16::to_be_bytes),
        ] {
            assert_eq!(read(bytes).as_deref(), Ok("s3cret"), "{bytes:?}");
        }
        assert_eq!(read(b"two words").as_deref(), Ok("two words"));
        for bytes in [&b""[..], b"\n \r\n", b"\xef\xbb\xbf", b"\xff\xfe"] {
            assert_eq!(read(bytes), Err(NotASecretText::Empty), "{bytes:?}");
        }
        for bytes in [&b"caf\xe9"[..], b"s\x003\0", b"\xff\xfes"] {
            assert_eq!(read(bytes), Err(NotASecretText::NotText), "{bytes:?}");
        }
        assert_eq!(read(b"a\n\nb"), Err(NotASecretText::Lines));
    }

    #[test]
    fn a_passphrase_keeps_its_spaces_and_inner_lines() {
        let read = |bytes: &[u8]| passphrase(bytes).map(|secret| secret.expose().to_owned());
        for (bytes, expected) in [
            (&b"correct horse"[..], "correct horse"),
            (b" spaces \n", " spaces "),
            (b"\xef\xbb\xbf\r\n\ncorrect horse\r\n\r\n", "correct horse"),
            (b"\n  first\n\nlast \n \n", "  first\n\nlast "),
        ] {
            assert_eq!(read(bytes).as_deref(), Ok(expected), "{bytes:?}");
        }
        assert_eq!(read(b" \n"), Err(NotASecretText::Empty));
    }
}
