//! Values as they lie in a message (D-Bus specification, "Marshaling"): aligned to their size from the message's start, in
//! the byte order of the message.
//!
//! The reader is strict where a lax one could misread, and knows no type that we do not need, but can skip all of them.

use zeroize::Zeroizing;

use super::Unreadable;

/// How deep containers may be nested: 32 arrays and 32 structs, says the specification.
const MAX_DEPTH: usize = 64;

/// The bound of an array, as the specification has it.
const MAX_ARRAY: usize = 64 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    Little,
    Big,
}

/// A reader of values. Positions count from the start of `bytes`, which is aligned like the message.
#[derive(Clone)]
pub struct Body<'a> {
    bytes: &'a [u8],
    at: usize,
    order: ByteOrder,
}

impl<'a> Body<'a> {
    pub fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Self { bytes, at: 0, order }
    }

    /// Begins at a position that is not aligned.
    pub(super) fn starting_at(bytes: &'a [u8], at: usize, order: ByteOrder) -> Self {
        Self { bytes, at, order }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Returns an error unless everything was read.
    pub fn end(&self) -> Result<(), Unreadable> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(Unreadable::Form) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let end = self.at.checked_add(length).ok_or(Unreadable::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(Unreadable::Short)?;
        self.at = end;
        Ok(taken)
    }

    /// Skips the padding, which must be zero.
    pub(super) fn align(&mut self, to: usize) -> Result<(), Unreadable> {
        let padding = self.take(self.at.next_multiple_of(to) - self.at)?;
        if padding.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(Unreadable::Form) }
    }

    pub fn byte(&mut self) -> Result<u8, Unreadable> {
        Ok(self.take(1)?[0])
    }

    pub fn number(&mut self) -> Result<u32, Unreadable> {
        self.align(4)?;
        let bytes = self.take(4)?.try_into().map_err(|_| Unreadable::Short)?;
        Ok(match self.order {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        })
    }

    pub fn truth(&mut self) -> Result<bool, Unreadable> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Unreadable::Form),
        }
    }

    pub fn text(&mut self) -> Result<&'a str, Unreadable> {
        let length = self.number()? as usize;
        self.zero_terminated(length)
    }

    pub fn object_path(&mut self) -> Result<&'a str, Unreadable> {
        let path = self.text()?;
        if is_object_path(path) { Ok(path) } else { Err(Unreadable::Form) }
    }

    pub fn signature(&mut self) -> Result<&'a str, Unreadable> {
        let length = self.byte()? as usize;
        self.zero_terminated(length)
    }

    fn zero_terminated(&mut self, length: usize) -> Result<&'a str, Unreadable> {
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| Unreadable::Form)?;
        if self.byte()? != 0 || text.contains('\0') {
            return Err(Unreadable::Form);
        }
        Ok(text)
    }

    /// Reads `ay`.
    pub fn bytes(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = self.array_length()?;
        self.take(length)
    }

    /// Reads `ao`.
    pub fn object_paths(&mut self) -> Result<Vec<&'a str>, Unreadable> {
        let mut elements = self.array(4)?;
        let mut paths = Vec::new();
        while elements.end().is_err() {
            paths.push(elements.object_path()?);
        }
        Ok(paths)
    }

    /// Reads the length of an array and passes over it. Returns a reader of its elements, which are aligned.
    pub(super) fn array(&mut self, alignment: usize) -> Result<Self, Unreadable> {
        let length = self.array_length()?;
        self.align(alignment)?;
        let at = self.at;
        self.take(length)?;
        Ok(Self { bytes: &self.bytes[..at + length], at, order: self.order })
    }

    fn array_length(&mut self) -> Result<usize, Unreadable> {
        let length = self.number()? as usize;
        if length > MAX_ARRAY { Err(Unreadable::Long) } else { Ok(length) }
    }

    /// Reads the beginning of a struct.
    pub fn structure(&mut self) -> Result<(), Unreadable> {
        self.align(8)
    }

    /// Reads the signature of a variant, whose value follows.
    pub fn variant(&mut self, signature: &str) -> Result<(), Unreadable> {
        if self.signature()? == signature { Ok(()) } else { Err(Unreadable::Type) }
    }

    /// Skips a variant with a value of any type.
    pub fn skip_variant(&mut self) -> Result<(), Unreadable> {
        self.skip_variant_at(0)
    }

    fn skip_variant_at(&mut self, depth: usize) -> Result<(), Unreadable> {
        let signature = self.signature()?;
        let rest = self.skip(signature.as_bytes(), depth + 1)?;
        if rest.is_empty() { Ok(()) } else { Err(Unreadable::Type) }
    }

    /// Skips a value of the signature's first type. Returns the rest of the signature.
    fn skip<'s>(&mut self, signature: &'s [u8], depth: usize) -> Result<&'s [u8], Unreadable> {
        if depth > MAX_DEPTH {
            return Err(Unreadable::Deep);
        }
        let (&kind, rest) = signature.split_first().ok_or(Unreadable::Type)?;
        match kind {
            b'y' => self.take(1).map(drop)?,
            b'n' | b'q' => self.fixed(2)?,
            b'b' | b'i' | b'u' | b'h' => self.fixed(4)?,
            b'x' | b't' | b'd' => self.fixed(8)?,
            b's' | b'o' => self.text().map(drop)?,
            b'g' => self.signature().map(drop)?,
            b'v' => self.skip_variant_at(depth)?,
            b'a' => {
                // Each element is skipped by its length together; only the signature has to be passed over.
                let after = pass_over(rest, depth + 1)?;
                self.array(alignment(rest)?)?;
                return Ok(after);
            }
            b'(' => {
                self.align(8)?;
                let mut fields = rest;
                while fields.first() != Some(&b')') {
                    fields = self.skip(fields, depth + 1)?;
                }
                return Ok(&fields[1..]);
            }
            _ => return Err(Unreadable::Type),
        }
        Ok(rest)
    }

    fn fixed(&mut self, size: usize) -> Result<(), Unreadable> {
        self.align(size)?;
        self.take(size).map(drop)
    }
}

/// Passes over the first complete type of a signature.
fn pass_over(signature: &[u8], depth: usize) -> Result<&[u8], Unreadable> {
    if depth > MAX_DEPTH {
        return Err(Unreadable::Deep);
    }
    let (&kind, rest) = signature.split_first().ok_or(Unreadable::Type)?;
    match kind {
        b'a' => pass_over(rest, depth + 1),
        b'(' | b'{' => {
            let close = if kind == b'(' { b')' } else { b'}' };
            let mut rest = pass_over(rest, depth + 1)?;
            while rest.first() != Some(&close) {
                rest = pass_over(rest, depth + 1)?;
            }
            Ok(&rest[1..])
        }
        kind if b"ynqbiuhxtdsogv".contains(&kind) => Ok(rest),
        _ => Err(Unreadable::Type),
    }
}

/// Returns the alignment of the first type of a signature.
fn alignment(signature: &[u8]) -> Result<usize, Unreadable> {
    match signature.first() {
        Some(b'y' | b'g' | b'v') => Ok(1),
        Some(b'n' | b'q') => Ok(2),
        Some(b'b' | b'i' | b'u' | b'h' | b's' | b'o' | b'a') => Ok(4),
        Some(b'x' | b't' | b'd' | b'(' | b'{') => Ok(8),
        _ => Err(Unreadable::Type),
    }
}

/// `/`, or elements of letters, digits and `_`, each after a `/`.
pub fn is_object_path(text: &str) -> bool {
    let element =
        |element: &str| !element.is_empty() && element.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text == "/" || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(element))
}

/// A writer of values in little-endian order, with their signature.
pub struct BodyWriter {
    bytes: Zeroizing<Vec<u8>>,
    signature: String,
}

impl BodyWriter {
    /// Creates a writer with room for `secret` bytes and the usual rest: a buffer that grows leaves its old bytes behind.
    pub fn with_room(secret: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(secret + 2048)), signature: String::new() }
    }

    pub(super) fn finish(self) -> (Zeroizing<Vec<u8>>, String) {
        (self.bytes, self.signature)
    }

    pub(super) fn align(&mut self, to: usize) {
        let length = self.bytes.len().next_multiple_of(to);
        self.bytes.resize(length, 0);
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn number(&mut self, number: u32) {
        self.align(4);
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn raw_text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
    }

    fn raw_bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn raw_signature(&mut self, signature: &str) {
        self.bytes.push(signature.len() as u8);
        self.bytes.extend_from_slice(signature.as_bytes());
        self.bytes.push(0);
    }

    /// Adds `s`.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.raw_text(text);
        self.signature.push('s');
        self
    }

    /// Adds `o`.
    #[must_use]
    pub fn object_path(mut self, path: &str) -> Self {
        self.raw_text(path);
        self.signature.push('o');
        self
    }

    /// Adds `b`.
    #[must_use]
    pub fn truth(mut self, value: bool) -> Self {
        self.number(value.into());
        self.signature.push('b');
        self
    }

    /// Adds `ao`.
    #[must_use]
    pub fn object_paths(mut self, paths: &[&str]) -> Self {
        self.array(4, |body| paths.iter().for_each(|path| body.raw_text(path)));
        self.signature.push_str("ao");
        self
    }

    /// Adds `a{ss}`.
    #[must_use]
    pub fn texts(mut self, pairs: &[(&str, &str)]) -> Self {
        self.raw_texts(pairs);
        self.signature.push_str("a{ss}");
        self
    }

    /// Adds `v` with a text.
    #[must_use]
    pub fn variant_text(mut self, text: &str) -> Self {
        self.raw_signature("s");
        self.raw_text(text);
        self.signature.push('v');
        self
    }

    /// Adds `v` with bytes.
    #[must_use]
    pub fn variant_bytes(mut self, bytes: &[u8]) -> Self {
        self.raw_signature("ay");
        self.raw_bytes(bytes);
        self.signature.push('v');
        self
    }

    /// Adds `a{sv}` with texts, and texts by name.
    #[must_use]
    pub fn properties(mut self, texts: &[(&str, &str)], named: &[(&str, &[(&str, &str)])]) -> Self {
        self.array(8, |body| {
            for (name, value) in texts {
                body.align(8);
                body.raw_text(name);
                body.raw_signature("s");
                body.raw_text(value);
            }
            for (name, pairs) in named {
                body.align(8);
                body.raw_text(name);
                body.raw_signature("a{ss}");
                body.raw_texts(pairs);
            }
        });
        self.signature.push_str("a{sv}");
        self
    }

    /// Adds `(oayays)`, the Secret Service's secret.
    #[must_use]
    pub fn secret(mut self, session: &str, parameters: &[u8], value: &[u8], content_type: &str) -> Self {
        self.align(8);
        self.raw_text(session);
        self.raw_bytes(parameters);
        self.raw_bytes(value);
        self.raw_text(content_type);
        self.signature.push_str("(oayays)");
        self
    }

    fn raw_texts(&mut self, pairs: &[(&str, &str)]) {
        self.array(8, |body| {
            for (name, value) in pairs {
                body.align(8);
                body.raw_text(name);
                body.raw_text(value);
            }
        });
    }

    /// Adds an array. Its length does not count the padding before the first element.
    pub(super) fn array(&mut self, alignment: usize, elements: impl FnOnce(&mut Self)) {
        self.number(0);
        let length_at = self.bytes.len() - 4;
        self.align(alignment);
        let first = self.bytes.len();
        elements(self);
        let length = (self.bytes.len() - first) as u32;
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests;
