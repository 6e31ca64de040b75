//! The trip of one authorization request without a browser: where it leads, as far as the provider's own server.

use http::Method;
use http::header::LOCATION;
use url::Url;

use super::page;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::provider::Dialect;
use crate::system::http::{HttpClient, HttpError};

/// The redirects that are followed within the provider: to an error page, for example.
const MOST_HOPS: usize = 5;

/// How much of a page is read.
const MOST_OF_PAGE: u64 = 256 * 1024;

/// Where a trip ended.
#[derive(Debug)]
pub enum Arrival {
    /// The provider sends the browser to the redirect URI of the request.
    Returned {
        params: Params,
    },
    /// It sends it to another server, which was not asked.
    Left {
        to: String,
        params: Params,
    },
    /// It shows a page of its own.
    Page {
        status: u16,
        text: String,
    },
    Failed(HttpError),
}

/// A trip, and the way.
#[derive(Debug)]
pub struct Trip {
    pub arrival: Arrival,
    /// The pages of the provider that it was sent on to.
    pub hops: Vec<Url>,
}

/// Sends an authorization request, and goes on within its server.
pub fn travel(http: &dyn HttpClient, dialect: &Dialect<'_>, request: Url, back: &RedirectUri) -> Trip {
    let mut hops: Vec<Url> = Vec::new();
    let mut url = request;
    loop {
        let reply = match http.send(&HttpRequest::new(Method::GET, url.clone())) {
            Ok(reply) => reply,
            Err(error) => return Trip { arrival: Arrival::Failed(error), hops },
        };
        let status = reply.status;
        let target = reply.headers.get(LOCATION).and_then(|target| url.join(target.to_str().ok()?).ok());
        let Some(target) = target.filter(|_| (300..400).contains(&status)) else {
            // A page that breaks off still shows its beginning.
            let body = reply.beginning(MOST_OF_PAGE).unwrap_or_default();
            let text = page::visible(&String::from_utf8_lossy(&body));
            return Trip { arrival: Arrival::Page { status, text }, hops };
        };
        if leads_to(&target, back) {
            return Trip { arrival: Arrival::Returned { params: dialect.read_callback(params_of(&target)) }, hops };
        }
        if target.origin() != url.origin() || hops.len() == MOST_HOPS {
            let to = sanitize::line(&target[..url::Position::AfterPath]);
            return Trip { arrival: Arrival::Left { to, params: params_of(&target) }, hops };
        }
        hops.push(target.clone());
        url = target;
    }
}

/// Returns the parameters of a query and of a fragment.
pub fn params_of(url: &Url) -> Params {
    let text = [url.query(), url.fragment()].into_iter().flatten().collect::<Vec<_>>().join("&");
    Params::from_urlencoded(&text)
}

/// Returns `true` if an address is the redirect URI, with whatever was added to it.
fn leads_to(target: &Url, back: &RedirectUri) -> bool {
    let place = |url: &Url| (url.origin(), url.path().to_owned());
    Url::parse(back.as_str()).is_ok_and(|back| {
        let has_own_query = back.query().is_none_or(|own| target.query().unwrap_or_default().starts_with(own));
        place(&back) == place(target) && has_own_query
    })
}
