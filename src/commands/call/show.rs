//! The destination and the shape of a reply's body: byte for byte into a pipe or a file, readable on a terminal, or
//! through a filter.
//!
//! A body that goes through is never whole in memory. A screen and a filter need the whole, and get [`SCREENFUL`] of
//! it; what is made of it for a screen leaves piece by piece.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CallError;
use super::jq::{Filter, Output};
use super::json_text::JsonText;
use super::reply::ReplyHead;
use crate::commands::Context;
use crate::flow::judge::LOOK_INTO;
use crate::protocol::json;
use crate::protocol::sanitize::{self, Json, Render, TerminalText};
use crate::system::http::{HttpError, HttpReply};
use crate::system::terminal::{ColorChoice, Pipe, Terminal};
use crate::system::whole_file::OutputFile;

/// How much a screen or a filter takes. More is too much to read, and it is held whole: whether it is JSON shows at its
/// end.
const SCREENFUL: u64 = 16 * 1024 * 1024;

/// How much is read and passed on at once.
pub const PART: usize = 64 * 1024;

#[derive(Args)]
pub struct ShowArgs {
    /// Print the status line and the headers before the body
    #[arg(short, long)]
    include: bool,

    /// Filter a JSON reply with an expression in jq's language
    #[arg(short = 'q', long, value_name = "EXPR")]
    jq: Option<String>,

    /// Write the body of a success to a file, which is replaced when the body is whole; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Do not print the body
    #[arg(long)]
    silent: bool,

    /// Print the body byte for byte, on a terminal too
    #[arg(long)]
    raw: bool,
}

impl ShowArgs {
    /// Returns whether the answer goes to stdout, whatever the API says.
    pub fn answers(&self) -> bool {
        self.include || (!self.silent && self.file().is_none())
    }

    pub fn writes_file(&self) -> bool {
        self.file().is_some()
    }

    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| !STDOUT.iter().any(|name| path.as_os_str() == *name))
    }
}

/// The names of stdout.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

pub struct Show<'a> {
    args: &'a ShowArgs,
    terminal: &'a dyn Terminal,
    filter: Option<Filter>,
    screen: bool,
}

/// The destination of one body. A screen takes [`TerminalText`] alone, and bytes as a text that is cleaned.
pub enum Sink {
    Nowhere,
    Stdout(Pipe),
    Screen,
    /// To be finished when the body is whole.
    File(OutputFile),
}

impl<'a> Show<'a> {
    /// Reads the filter, so that a wrong one is refused before anything is sent.
    pub fn new(args: &'a ShowArgs, context: &'a Context) -> Result<Self, CallError> {
        let filter = args.jq.as_deref().map(Filter::parse).transpose()?;
        let terminal = context.terminal();
        let screen =
            (terminal.stdout_is_terminal() || context.session.choices.color == ColorChoice::Always) && !args.raw;
        Ok(Self { args, terminal, filter, screen })
    }

    /// Returns whether a body is to be passed on whatever it is.
    pub fn is_raw(&self) -> bool {
        self.args.raw
    }

    pub fn includes_head(&self) -> bool {
        self.args.include
    }

    /// Returns whether a person sees the progress, and not the rows.
    pub fn is_watched(&self) -> bool {
        self.terminal.message_size().is_some() && !self.terminal.stdout_is_terminal()
    }

    pub fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// Status line and headers, if they are asked for.
    pub fn head(&self, reply: &HttpReply) -> Result<(), CallError> {
        if !self.args.include {
            return Ok(());
        }
        let head = ReplyHead { status: reply.status, headers: &reply.headers }.to_wire();
        if self.screen {
            return Ok(self.terminal.show(&String::from_utf8_lossy(&head))?);
        }
        Ok(self.terminal.verbatim().write(&head)?)
    }

    /// A line in the place of the body, which goes to stdout even if a body would go into a file.
    pub fn line(&self, text: &str) -> Result<(), CallError> {
        let line = format!("{text}\n");
        if self.screen {
            return Ok(self.terminal.show(&line)?);
        }
        Ok(self.terminal.verbatim().write(line.as_bytes())?)
    }

    /// A refusal is shown as it is, and goes into no file: what was there stays.
    pub fn sink(&self, status: u16) -> Result<Sink, CallError> {
        let success = (200..300).contains(&status);
        let to_stdout = self.args.output.is_some() && self.args.file().is_none();
        Ok(match self.args.file() {
            _ if self.args.silent => Sink::Nowhere,
            Some(path) if success => Sink::File(OutputFile::open(path).map_err(|source| self.not_written(source))?),
            _ if self.screen && !to_stdout => Sink::Screen,
            // A pipe, or a terminal for which `--raw` or `-o -` asks for the bytes.
            _ => Sink::Stdout(self.terminal.verbatim()),
        })
    }

    fn not_written(&self, source: std::io::Error) -> CallError {
        let path = self.args.output.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        CallError::Output { path: sanitize::line(&path), source }
    }

    /// Everything has come: a file becomes what was written for it. Without this it stays as it was.
    pub fn finish(&self, sink: Sink) -> Result<(), CallError> {
        match sink {
            Sink::File(file) => file.finish().map_err(|source| self.not_written(source)),
            Sink::Nowhere | Sink::Stdout(_) | Sink::Screen => Ok(()),
        }
    }

    /// Passes a body on while it comes, where it need not be seen whole, and returns its beginning.
    pub fn body(&self, mut reply: HttpReply) -> Result<Vec<u8>, CallError> {
        let mut sink = self.sink(reply.status)?;
        let filtered = self.filter.is_some() && (200..300).contains(&reply.status);
        if filtered || matches!(sink, Sink::Screen) {
            let body = reply.read(SCREENFUL).map_err(|error| match error {
                HttpError::TooLarge { limit, .. } => CallError::TooLarge { limit },
                other => other.into(),
            })?;
            if filtered {
                self.filtered(&body, &mut sink)?
            } else {
                self.on_screen(&body)?
            }
            self.finish(sink)?;
            return Ok(body);
        }
        let (mut head, mut part) = (Vec::new(), vec![0; PART]);
        loop {
            let n = reply.read_part(&mut part)?;
            if n == 0 {
                self.finish(sink)?;
                return Ok(head);
            }
            let wanted = LOOK_INTO.saturating_sub(head.len()).min(n);
            head.extend_from_slice(&part[..wanted]);
            self.write(&mut sink, &part[..n])?;
        }
    }

    /// A body that is there already.
    pub fn whole(&self, status: u16, body: &[u8]) -> Result<(), CallError> {
        match self.sink(status)? {
            Sink::Screen => self.on_screen(body),
            mut sink => {
                self.write(&mut sink, body)?;
                self.finish(sink)
            }
        }
    }

    /// Bytes as they are, to a sink that takes them.
    pub fn write(&self, sink: &mut Sink, bytes: &[u8]) -> Result<(), CallError> {
        match sink {
            Sink::Nowhere => {}
            Sink::File(file) => file.write_all(bytes).map_err(|source| self.not_written(source))?,
            Sink::Stdout(pipe) => pipe.write(bytes)?,
            Sink::Screen => self.terminal.show(&String::from_utf8_lossy(bytes))?,
        }
        Ok(())
    }

    /// JSON is indented and coloured, other text cleaned; anything else would be noise, or worse.
    pub fn on_screen(&self, body: &[u8]) -> Result<(), CallError> {
        let body = json::without_mark(body);
        if body.is_empty() {
            return Ok(());
        }
        let binary = CallError::NotForScreens { what: "binary" };
        let text = std::str::from_utf8(body).map_err(|_| binary)?;
        if text.contains('\0') {
            return Err(CallError::NotForScreens { what: "binary" });
        }
        if json::is_json(body) {
            json::check(body, usize::MAX).map_err(CallError::TooMuch)?;
            return self.json_on_screen(["", text, "\n"], 0);
        }
        let mut screen = Screen::new(self.terminal);
        sanitize::pieces(text.trim_end_matches(['\n', '\r']), PART).try_for_each(|piece| screen.put(&piece))?;
        screen.put(&"\n")?;
        screen.end()
    }

    /// A text that is JSON, or the inside of an array, between two texts of ours.
    pub fn json_on_screen(&self, [before, text, after]: [&str; 3], level: usize) -> Result<(), CallError> {
        let mut screen = Screen::new(self.terminal);
        screen.put(&before)?;
        JsonText { text, level }.write(&mut |piece| screen.put(piece))?;
        screen.put(&after)?;
        screen.end()
    }

    /// Puts a JSON text through the filter; its results are lines, as they come.
    pub fn filtered(&self, body: &[u8], sink: &mut Sink) -> Result<(), CallError> {
        let Some(filter) = &self.filter else { return Ok(()) };
        let on_screen = matches!(sink, Sink::Screen);
        let mut screen = Screen::new(self.terminal);
        let mut lines = Vec::new();
        let ran = filter.run(body, &mut |output| {
            match output {
                Output::Text(text) if on_screen => {
                    screen.put(&String::from_utf8_lossy(&text))?;
                    return screen.put(&"\n");
                }
                Output::Json(json) if on_screen => {
                    screen.result(&json)?;
                    return screen.put(&"\n");
                }
                Output::Text(bytes) | Output::Json(bytes) => lines.extend_from_slice(&bytes),
            }
            lines.push(b'\n');
            if lines.len() < PART {
                return Ok(());
            }
            self.write(sink, &std::mem::take(&mut lines))
        });
        // What came before a failure is shown too.
        screen.end()?;
        if !lines.is_empty() {
            self.write(sink, &lines)?;
        }
        ran
    }
}

/// Takes what is for the terminal in pieces, and passes it on in larger ones.
struct Screen<'a> {
    terminal: &'a dyn Terminal,
    part: TerminalText,
}

impl<'a> Screen<'a> {
    fn new(terminal: &'a dyn Terminal) -> Self {
        Self { terminal, part: TerminalText::new() }
    }

    fn put(&mut self, piece: &dyn Render) -> Result<(), CallError> {
        self.part.put(piece);
        if self.part.len() < PART { Ok(()) } else { self.pass_on() }
    }

    /// A result of a filter, which may be a value of jq's and none of JSON's, such as `NaN`.
    fn result(&mut self, json: &[u8]) -> Result<(), CallError> {
        match std::str::from_utf8(json).ok().filter(|_| json::is_json(json)) {
            Some(text) => JsonText { text, level: 0 }.write(&mut |piece| self.put(piece)),
            None => self.put(&Json(&String::from_utf8_lossy(json))),
        }
    }

    fn pass_on(&mut self) -> Result<(), CallError> {
        Ok(self.terminal.show(&self.part.take())?)
    }

    /// Writes what is left.
    fn end(mut self) -> Result<(), CallError> {
        if self.part.is_empty() { Ok(()) } else { self.pass_on() }
    }
}
