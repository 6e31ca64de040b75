//! Pages that the unit tests of a walk share.

use http::{HeaderMap, Method};
use url::Url;

use super::page::{Page, Reading};
use crate::flow::retry::Sender;
use crate::protocol::message::HttpRequest;

/// Makes the page of this text.
pub fn page(body: &str) -> Page {
    let request = HttpRequest::new(Method::GET, Url::parse("https://a.example").unwrap());
    Page {
        status: 200,
        headers: HeaderMap::new(),
        body: body.into(),
        reading: Reading::of(body.as_bytes()),
        request,
        sender: Sender::Api,
    }
}
