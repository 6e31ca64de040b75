//! One request of a program, and the reply to it.

use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use reqwest::Body;
use tokio::sync::oneshot;

use super::gate::{Give, Shared, Turned};
use super::peeked;
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::{advice, sanitize};
use crate::system::http::HttpError;

/// What is for one connection only (RFC 9110 §7.6.1), beside what `Connection` names.
const OF_ONE_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The largest head of a request.
const MAX_HEAD: usize = 64 * 1024;

/// Returns what reads the requests of one connection.
pub fn server() -> http1::Builder {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).max_buf_size(MAX_HEAD).auto_date_header(false);
    server
}

pub async fn exchange(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    pass(shared, shared.gate.admit(&head), body).await.unwrap_or_else(|turned| told(&turned))
}

/// The same for a request in a tunnel.
pub async fn inside(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    pass(shared, shared.gate.admit_inside(&head), body).await.unwrap_or_else(|turned| told(&turned))
}

async fn pass(
    shared: &Shared,
    admitted: Result<HttpRequest, Turned>,
    body: Incoming,
) -> Result<Response<Body>, Turned> {
    let gate = shared.gate.as_ref();
    let mut request = admitted?;
    for_one_connection(&mut request.headers);
    // The length is the body's own, and whoever waits for a go-ahead gets it when the body is read.
    [CONTENT_LENGTH, EXPECT].iter().for_each(|name| drop(request.headers.remove(name)));
    let no_token = || Turned::new(StatusCode::SERVICE_UNAVAILABLE, "there is no token");
    let mut token = asked(|give| gate.token(give)).await.ok_or_else(no_token)?;
    let mut body = Some(body).filter(|body| !body.is_end_stream());
    let mut may_repeat = body.is_none();
    loop {
        let reply = send(shared, gate.authorize(&request, &token)?, body.take()).await?;
        let (mut head, mut body) = reply.into_parts();
        if gate.may_reject(head.status.as_u16()) {
            let (beginning, whole) = peeked::peek(body).await;
            body = whole;
            if gate.rejects(head.status.as_u16(), &head.headers, &beginning) {
                let other = asked(|give| gate.instead_of(&token, give)).await;
                if let Some(other) = other.filter(|_| may_repeat) {
                    (token, may_repeat) = (other, false);
                    continue;
                }
            }
        }
        for_one_connection(&mut head.headers);
        gate.clean(&mut head.headers, &token);
        if head.status == StatusCode::NOT_MODIFIED {
            // Its length is that of what it stands for (RFC 9110 §8.6): it has no body, whatever the length says.
            body = Body::default();
        }
        let mut reply = Response::new(body);
        (*reply.status_mut(), *reply.headers_mut()) = (head.status, head.headers);
        return Ok(reply);
    }
}

/// Waits for a token from a thread that may have to get one.
async fn asked(ask: impl FnOnce(Give)) -> Option<AccessToken> {
    let (given, taken) = oneshot::channel();
    ask(Box::new(move |token| drop(given.send(token))));
    taken.await.ok().flatten()
}

async fn send(shared: &Shared, request: HttpRequest, body: Option<Incoming>) -> Result<http::Response<Body>, Turned> {
    let HttpRequest { method, url, headers, .. } = request;
    let origin = url.origin().ascii_serialization();
    let failed = |error: &HttpError| Turned::new(StatusCode::BAD_GATEWAY, advice::with_causes(error));
    let client = shared.upstream.client(&url).map_err(|error| failed(&error))?;
    let mut outgoing = client.request(method, url).headers(headers);
    if let Some(body) = body {
        outgoing = outgoing.body(Body::wrap(body));
    }
    match outgoing.send().await {
        Ok(reply) => Ok(reply.into()),
        Err(error) => Err(failed(&HttpError::while_passing(error, origin))),
    }
}

/// Removes what is not for the other side.
fn for_one_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers.get_all(CONNECTION).iter().flat_map(names).collect();
    named.iter().chain(&OF_ONE_CONNECTION).for_each(|name| drop(headers.remove(name)));
}

fn names(value: &HeaderValue) -> Vec<HeaderName> {
    let names = value.to_str().unwrap_or_default().split(',');
    names.filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok()).collect()
}

pub fn told(turned: &Turned) -> Response<Body> {
    let mut reply = Response::new(Body::from(format!("oauthctl: {}\n", sanitize::line(&turned.why))));
    *reply.status_mut() = turned.status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if turned.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        reply.headers_mut().insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauthctl exec\""));
        // Whoever does not know the password holds no place.
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_one_connection_is_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("connection", "x-other"),
            ("x-mine", "1"),
            ("x-other", "1"),
            ("proxy-authorization", "Basic eA=="),
            ("te", "trailers"),
            ("accept", "*/*"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        for_one_connection(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept"]);
    }
}
