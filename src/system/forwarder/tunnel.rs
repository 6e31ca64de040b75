//! A tunnel that a program has asked for, and in which it speaks plain http.

use std::convert::Infallible;
use std::sync::Arc;

use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade;
use reqwest::Body;
use tokio::sync::OwnedSemaphorePermit;

use super::exchange::{inside, server, told};
use super::gate::Shared;

/// Opens the tunnel, if the gate lets it. The requests in it are served as those of any connection are.
pub fn open(shared: Arc<Shared>, place: Arc<OwnedSemaphorePermit>, mut request: Request<Incoming>) -> Response<Body> {
    let opened = upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let host = match shared.gate.open(&head) {
        Ok(host) => host,
        Err(turned) => return told(&turned),
    };
    tokio::spawn(async move {
        let Ok(stream) = opened.await else { return };
        let serve = service_fn(|request| {
            let (shared, request) = (Arc::clone(&shared), whole(request, &host));
            async move { Ok::<_, Infallible>(inside(&shared, request).await) }
        });
        let _ = server().serve_connection(stream, serve).await;
        drop(place);
    });
    Response::new(Body::default())
}

/// Writes the whole address into a request that has only the path. One that is whole is judged as it is.
fn whole(mut request: Request<Incoming>, host: &Authority) -> Request<Incoming> {
    let mut parts = request.uri().clone().into_parts();
    if parts.scheme.is_none() && parts.path_and_query.as_ref().is_some_and(|path| path.as_str().starts_with('/')) {
        (parts.scheme, parts.authority) = (Some(Scheme::HTTP), Some(host.clone()));
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}
