//! A client for the addresses that a server names: none of them is nearer than the server itself.

use url::{Origin, Url};

use crate::protocol::message::HttpRequest;
use crate::system::http::{HttpClient, HttpError, HttpReply, Reach, Upload};

pub struct NamedServers<'a> {
    http: &'a dyn HttpClient,
    /// The server whose address a person typed. It may be anywhere.
    home: Origin,
    /// The place of that server.
    from: Reach,
}

impl<'a> NamedServers<'a> {
    pub fn new(http: &'a dyn HttpClient, home: &Url, from: Reach) -> Self {
        Self { http, home: home.origin(), from }
    }

    /// Refuses an address that is nearer than the server that named it.
    pub fn check_named(&self, url: &Url) -> Result<(), HttpError> {
        if url.origin() == self.home { Ok(()) } else { self.http.check_reach(url, self.from) }
    }
}

impl HttpClient for NamedServers<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.stream(request, None)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        match request.url.origin() == self.home {
            true => self.http.stream(request, upload),
            false => self.http.download(request, self.from),
        }
    }
}
