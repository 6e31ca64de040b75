//! A session bus and a Secret Service in one, byte by byte: in either byte order, in pieces, and with an end at any step.
//! It is written from the D-Bus specification and shares no code with the product.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

pub const ITEM: &str = "/org/freedesktop/secrets/collection/login/1";
pub const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const SESSION: &str = "/org/freedesktop/secrets/session/1";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";
pub const SERVICE_NAME: &str = ":1.7";

/// How the bus behaves.
#[derive(Clone, Default)]
pub struct Script {
    pub big_endian: bool,
    /// Sends one byte at a time.
    pub in_pieces: bool,
    /// Sends strays before each reply: a signal, and a reply to a call that nobody made.
    pub with_strays: bool,
    /// Closes the connection in place of this call's reply.
    pub dies_at: Option<&'static str>,
    /// Sends half of this call's reply and closes the connection.
    pub breaks_off_at: Option<&'static str>,
    /// The call that is answered by an error, and the error.
    pub fails: Option<(&'static str, &'static str)>,
    pub has_item: bool,
    pub is_locked: bool,
    /// Unlocks without a prompt.
    pub unlocks: bool,
    /// Wants a prompt before it deletes or creates: the signals that follow, as sender and "was dismissed".
    pub prompts: Option<&'static [(&'static str, bool)]>,
    /// Answers the greeting with this line.
    pub greeting: Option<&'static str>,
    /// The body of every reply but that of `Hello`: its signature and bytes.
    pub body: Option<(&'static str, Vec<u8>)>,
}

pub struct ScriptedBus {
    pub address: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl ScriptedBus {
    pub fn start(home: &Path, script: Script) -> Self {
        let path = home.join("scripted");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, noted) = (script.clone(), Arc::clone(&noted));
                thread::spawn(move || serve(stream.unwrap(), &script, &noted));
            }
        });
        Self { address: format!("unix:path={}", path.display()), calls }
    }

    /// The calls so far, without `Hello`.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

fn serve(stream: UnixStream, script: &Script, calls: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    assert!(line.starts_with("\0AUTH EXTERNAL "), "{line:?}");
    (&stream)
        .write_all(format!("{}\r\n", script.greeting.unwrap_or("OK 0123456789abcdef0123456789abcdef")).as_bytes())
        .ok()?;
    line.clear();
    reader.read_line(&mut line).ok()?;
    assert_eq!(line, "BEGIN\r\n");
    loop {
        let (serial, member) = read_call(&mut reader)?;
        if member != "Hello" {
            calls.lock().unwrap().push(member.clone());
        }
        if script.dies_at == Some(member.as_str()) {
            return None;
        }
        let mut out = Vec::new();
        if script.with_strays {
            let interface = "org.freedesktop.Secret.Collection";
            out.extend(
                Encoder::new(script).signal(ITEM, interface, "ItemChanged", SERVICE_NAME).message("", Vec::new()),
            );
            out.extend(Encoder::new(script).reply_to(serial + 4000).message("", Vec::new()));
        }
        out.extend(reply(serial, &member, script));
        if script.breaks_off_at == Some(member.as_str()) {
            let _ = (&stream).write_all(&out[..out.len() - 4]);
            return None;
        }
        if member == "Prompt" {
            for (sender, dismissed) in script.prompts.unwrap_or_default() {
                let signal = Encoder::new(script).signal(PROMPT, "org.freedesktop.Secret.Prompt", "Completed", sender);
                let mut body = Values::new(script);
                body.number((*dismissed).into());
                body.signature("s");
                body.text("");
                out.extend(signal.message("bv", body.bytes));
            }
        }
        let size = if script.in_pieces { 1 } else { out.len() };
        for piece in out.chunks(size) {
            (&stream).write_all(piece).ok()?;
        }
    }
}

fn reply(serial: u32, member: &str, script: &Script) -> Vec<u8> {
    let encoder = Encoder::new(script).reply_to(serial);
    if let Some((_, name)) = script.fails.filter(|(failing, _)| *failing == member) {
        let mut body = Values::new(script);
        body.text("made up");
        return encoder.error(name).message("s", body.bytes);
    }
    if let (Some((signature, body)), false) = (&script.body, member == "Hello") {
        return encoder.message(signature, body.clone());
    }
    let mut body = Values::new(script);
    let signature = match member {
        "Hello" => {
            body.text(":1.9");
            "s"
        }
        "SearchItems" => {
            let items: &[&str] = if script.has_item { &[ITEM] } else { &[] };
            body.paths(if script.is_locked { &[] } else { items });
            body.paths(if script.is_locked { items } else { &[] });
            "aoao"
        }
        "OpenSession" => {
            body.signature("s");
            body.text("");
            body.text(SESSION);
            "vo"
        }
        "GetSecret" => {
            body.align(8);
            body.text(SESSION);
            body.number(0);
            body.number(7);
            body.bytes.extend_from_slice(b"made up");
            body.text("text/plain");
            "(oayays)"
        }
        "ReadAlias" => {
            body.text(COLLECTION);
            "o"
        }
        "Get" => {
            body.signature("b");
            body.number(script.is_locked.into());
            "v"
        }
        "Unlock" => {
            let object = [if script.has_item { ITEM } else { COLLECTION }];
            body.paths(if script.unlocks { &object } else { &[] });
            body.text(if script.unlocks { "/" } else { PROMPT });
            "aoo"
        }
        "CreateItem" => {
            body.text(if script.prompts.is_some() { "/" } else { ITEM });
            body.text(if script.prompts.is_some() { PROMPT } else { "/" });
            "oo"
        }
        "Delete" => {
            body.text(if script.prompts.is_some() { PROMPT } else { "/" });
            "o"
        }
        _ => "",
    };
    encoder.message(signature, body.bytes)
}

/// Reads a call, which is always little-endian: its serial and its member.
fn read_call(reader: &mut impl Read) -> Option<(u32, String)> {
    let mut head = [0; 16];
    reader.read_exact(&mut head).ok()?;
    let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
    let (body, serial, fields) = (number(4) as usize, number(8), number(12) as usize);
    let mut rest = vec![0; fields.next_multiple_of(8) + body];
    reader.read_exact(&mut rest).ok()?;
    let mut at = 0;
    while at < fields {
        let (code, kind) = (rest[at], rest[at + 2]);
        let (start, length) = match kind {
            b'g' => (at + 5, usize::from(rest[at + 4])),
            _ => (at + 8, u32::from_le_bytes(rest[at + 4..at + 8].try_into().unwrap()) as usize),
        };
        if code == 3 {
            return Some((serial, String::from_utf8(rest[start..start + length].to_vec()).unwrap()));
        }
        at = (start + length + 1).next_multiple_of(8);
    }
    panic!("a call without a member");
}

/// Values in the script's byte order.
struct Values {
    bytes: Vec<u8>,
    big: bool,
}

impl Values {
    fn new(script: &Script) -> Self {
        Self { bytes: Vec::new(), big: script.big_endian }
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    fn order(&self, number: u32) -> [u8; 4] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn number(&mut self, number: u32) {
        self.align(4);
        self.bytes.extend(self.order(number));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
    }

    fn signature(&mut self, signature: &str) {
        self.bytes.push(signature.len() as u8);
        self.bytes.extend_from_slice(signature.as_bytes());
        self.bytes.push(0);
    }

    fn paths(&mut self, paths: &[&str]) {
        self.number(0);
        let at = self.bytes.len() - 4;
        paths.iter().for_each(|path| self.text(path));
        let length = self.order((self.bytes.len() - at - 4) as u32);
        self.bytes[at..at + 4].copy_from_slice(&length);
    }
}

/// The head of a message, field by field.
struct Encoder {
    kind: u8,
    fields: Values,
}

impl Encoder {
    fn new(script: &Script) -> Self {
        let mut this = Self { kind: 2, fields: Values::new(script) };
        // A field that nobody knows, with nested values: an array of two structs.
        this.field(99, "a(yv)");
        this.fields.number(0);
        let at = this.fields.bytes.len() - 4;
        this.fields.align(8);
        let first = this.fields.bytes.len();
        for _ in 0..2 {
            this.fields.align(8);
            this.fields.bytes.push(1);
            this.fields.signature("u");
            this.fields.number(7);
        }
        let length = this.fields.order((this.fields.bytes.len() - first) as u32);
        this.fields.bytes[at..at + 4].copy_from_slice(&length);
        this
    }

    fn field(&mut self, code: u8, kind: &str) {
        self.fields.align(8);
        self.fields.bytes.push(code);
        self.fields.signature(kind);
    }

    fn texts(&mut self, texts: &[(u8, &str, &str)]) {
        for (code, kind, text) in texts {
            self.field(*code, kind);
            self.fields.text(text);
        }
    }

    fn reply_to(mut self, serial: u32) -> Self {
        self.field(5, "u");
        self.fields.number(serial);
        self.texts(&[(7, "s", SERVICE_NAME)]);
        self
    }

    fn error(mut self, name: &str) -> Self {
        self.kind = 3;
        self.texts(&[(4, "s", name)]);
        self
    }

    fn signal(mut self, path: &str, interface: &str, member: &str, sender: &str) -> Self {
        self.kind = 4;
        self.texts(&[(1, "o", path), (2, "s", interface), (3, "s", member), (7, "s", sender)]);
        self
    }

    fn message(mut self, signature: &str, body: Vec<u8>) -> Vec<u8> {
        if !signature.is_empty() {
            self.field(8, "g");
            self.fields.signature(signature);
        }
        let order = if self.fields.big { b'B' } else { b'l' };
        let mut message = vec![order, self.kind, 1, 1];
        for number in [body.len() as u32, 17, self.fields.bytes.len() as u32] {
            message.extend(self.fields.order(number));
        }
        message.extend(self.fields.bytes);
        message.resize(message.len().next_multiple_of(8), 0);
        message.extend(body);
        message
    }
}
