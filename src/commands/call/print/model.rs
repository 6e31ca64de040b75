//! The request to print: method, address, headers and body, any of them with the token's mark in it.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use crate::commands::call::request::{RequestView, SECRET_MARK, TOKEN_MARK, secret_variable};
use crate::protocol::message::HttpRequest;

/// The variable that holds the token.
pub const TOKEN: &str = "TOKEN";

/// The reason why a request cannot be printed in a language.
#[derive(Debug, PartialEq, Eq)]
pub struct CannotPrint {
    pub problem: &'static str,
    /// The language that can.
    pub instead: &'static str,
}

pub type Text = Result<String, CannotPrint>;

/// What is to be sent. Any of its texts may have [`TOKEN_MARK`] in it.
pub struct Request<'a> {
    pub method: &'a str,
    pub url: &'a str,
    /// In their order. A name may stand there twice.
    pub headers: Vec<(&'a HeaderName, String)>,
    pub body: Body<'a>,
}

#[derive(Clone, Copy)]
pub enum Body<'a> {
    None,
    Text(&'a str),
    /// What is no text, and the file that it is from. `-` is stdin.
    Bytes(&'a [u8], Option<&'a str>),
    /// A file that was not read. `-` is stdin.
    File(&'a str),
}

impl<'a> Request<'a> {
    pub fn new(view: &RequestView<'a>) -> Self {
        let HttpRequest { method, url, headers, body, .. } = view.request;
        let text = |name, value: &http::HeaderValue| (name, String::from_utf8_lossy(value.as_bytes()).into_owned());
        let body = match (view.upload, std::str::from_utf8(body)) {
            (Some(file), _) => Body::File(file),
            (None, Ok("")) => Body::None,
            (None, Ok(text)) if !text.contains('\0') => Body::Text(text),
            (None, _) => Body::Bytes(body, view.input),
        };
        Self {
            method: method.as_str(),
            url: url.as_str(),
            headers: headers.iter().map(|(name, value)| text(name, value)).collect(),
            body,
        }
    }

    pub fn has_body(&self) -> bool {
        !matches!(self.body, Body::None)
    }

    pub fn has(&self, header: &HeaderName) -> bool {
        self.headers.iter().any(|(name, _)| *name == header)
    }

    /// Returns the variables that the request needs, each once.
    pub fn variables(&self) -> Vec<String> {
        let body = match self.body {
            Body::Text(text) => text,
            Body::None | Body::Bytes(..) | Body::File(_) => "",
        };
        let texts = [self.url, body].into_iter().chain(self.headers.iter().map(|(_, value)| value.as_str()));
        let named = texts.flat_map(pieces).filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name),
            Piece::Text(_) => None,
        });
        let mut names: Vec<String> = Vec::new();
        for name in named {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns `true` if the token is one of them.
    pub fn uses_token(&self) -> bool {
        self.variables().iter().any(|name| name == TOKEN)
    }

    /// Returns the headers that tools add and that are not wanted: those that the command line took away.
    pub fn unwanted(&self) -> impl Iterator<Item = &'static str> {
        let of_the_body = self.has_body() && !self.has(&CONTENT_TYPE);
        let accept = (!self.has(&ACCEPT)).then_some("Accept");
        accept.into_iter().chain(of_the_body.then_some("Content-Type"))
    }

    /// Returns the headers, each name once: the values of a repeated one make one list (RFC 9110 §5.3).
    pub fn joined_headers(&self) -> Vec<(&'a HeaderName, String)> {
        let mut joined: Vec<(&HeaderName, String)> = Vec::new();
        for (name, value) in &self.headers {
            match joined.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => *values = format!("{values}, {value}"),
                None => joined.push((name, value.clone())),
            }
        }
        joined
    }

    /// Returns the file of a body that a command has to read, and whether it is stdin.
    pub fn file(&self) -> Result<Option<&'a str>, CannotPrint> {
        match self.body {
            Body::File(file) | Body::Bytes(_, Some(file)) => Ok(Some(file)),
            Body::Bytes(_, None) => {
                Err(CannotPrint { problem: "its body is not text, which no command line can hold", instead: "python" })
            }
            Body::None | Body::Text(_) => Ok(None),
        }
    }
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The value of an environment variable: the token, or a further secret of the login.
    Variable(String),
}

/// Splits a text at the marks of secrets. Empty pieces are left out; an empty text is one piece.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let [begin, end] = SECRET_MARK;
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let secret = rest.find(begin).and_then(|at| {
            let (name, after) = rest[at + begin.len()..].split_once(end)?;
            Some((at, secret_variable(name), after))
        });
        let token = rest.find(TOKEN_MARK).map(|at| (at, TOKEN.to_owned(), &rest[at + TOKEN_MARK.len()..]));
        let next = [secret, token].into_iter().flatten().min_by_key(|(at, ..)| *at);
        let before = next.as_ref().map_or(rest, |(at, ..)| &rest[..*at]);
        if !before.is_empty() || text.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let Some((_, name, after)) = next else { return pieces };
        pieces.push(Piece::Variable(name));
        rest = after;
    }
}
