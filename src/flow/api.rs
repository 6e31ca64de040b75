//! One request to the provider's API with the token in it.
//!
//! The token goes to the API's own origins and nowhere else: a URL to another origin is refused before anything is
//! sent, and a redirect to one ends the walk. A token that follows a redirect is how tools leak theirs.

use http::Method;
use http::header::{ACCEPT, LOCATION};
use serde_json::Value;
use url::Url;

use super::FlowError;
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;
use crate::protocol::secret::AccessToken;
use crate::provider::quirks::{TokenIn, TokenPlacement};
use crate::provider::{Dialect, Origin, Provider};
use crate::system::http::{HttpClient, HttpReply};

/// A redirect within the API is followed this often: RFC 9110 §15.4 asks for some limit, browsers have 20.
const MAX_REDIRECTS: usize = 5;

/// Where a path or URL leads on the provider's API. A path that begins with `/` replaces the base's path
/// (RFC 3986 §5.2.2), another one is put under it; a whole URL must be on one of the API's origins.
pub fn resolve(provider: &Provider, path_or_url: &str) -> Result<Url, FlowError> {
    let not_a_path = || FlowError::NotAPath { text: sanitize::line(path_or_url) };
    let base = provider.api_base()?.url();
    let written_as_url = path_or_url.contains("://") || path_or_url.starts_with("//") || path_or_url.contains('\\');
    let url = if written_as_url {
        Url::parse(path_or_url).map_err(|_| not_a_path())?
    } else {
        let mut directory = base.clone();
        if !directory.path().ends_with('/') {
            directory.set_path(&format!("{}/", base.path()));
        }
        // `./` keeps a colon in the first segment from being read as a scheme.
        let relative = if path_or_url.starts_with('/') { path_or_url.to_owned() } else { format!("./{path_or_url}") };
        directory.join(&relative).map_err(|_| not_a_path())?
    };
    if is_allowed(provider, &url) { Ok(url) } else { Err(foreign(provider, &url)) }
}

fn is_allowed(provider: &Provider, url: &Url) -> bool {
    provider.endpoints.api_origins.iter().any(|origin| origin.holds(url))
}

fn foreign(provider: &Provider, url: &Url) -> FlowError {
    let allowed = provider.endpoints.api_origins.iter().map(Origin::to_string).collect::<Vec<_>>().join(", ");
    let origin = url.origin().ascii_serialization();
    FlowError::ForeignUrl { url: sanitize::line(&origin), provider: provider.id().to_owned(), allowed }
}

/// The placement that is asked for, or the definition's first one.
pub fn placement(provider: &Provider, wanted: Option<TokenIn>) -> Result<TokenPlacement, FlowError> {
    let mut known = provider.definition.token_placements();
    let Some(wanted) = wanted else { return Ok(known.remove(0)) };
    let list = known.iter().map(TokenPlacement::to_string).collect::<Vec<_>>().join(", ");
    known.into_iter().find(|placement| placement.place == wanted).ok_or_else(|| FlowError::NoSuchPlacement {
        provider: provider.id().to_owned(),
        wanted: match wanted {
            TokenIn::Bearer => "bearer",
            TokenIn::Header => "header",
            TokenIn::Query => "query",
            TokenIn::Body => "body",
        },
        known: list,
    })
}

/// A request as the caller wants it, before the token is in it.
pub fn request(method: Method, url: Url) -> HttpRequest {
    let mut request = HttpRequest::new(method, url);
    request.headers.insert(ACCEPT, http::HeaderValue::from_static("application/json, */*;q=0.5"));
    request
}

/// Sends a request with the token, and follows redirects that stay on the same origin.
pub fn send(
    http: &dyn HttpClient,
    provider: &Provider,
    token: &AccessToken,
    placement: &TokenPlacement,
    request: &HttpRequest,
) -> Result<HttpReply, FlowError> {
    let dialect = Dialect::new(provider);
    let mut request = request.clone();
    for _ in 0..=MAX_REDIRECTS {
        let mut authorized = request.clone();
        if placement.place == TokenIn::Body && !is_object_or_empty(&authorized.body) {
            return Err(FlowError::BodyIsNotAnObject);
        }
        dialect.place_token(&mut authorized, placement, token)?;
        let reply = http.send(&authorized).map_err(FlowError::ApiRequest)?;
        match redirect(&request, &reply)? {
            Some(next) => request = next,
            None => return Ok(reply),
        }
    }
    Err(FlowError::TooManyRedirects { limit: MAX_REDIRECTS })
}

/// The request that a redirect asks for, if the reply is one.
fn redirect(request: &HttpRequest, reply: &HttpReply) -> Result<Option<HttpRequest>, FlowError> {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(target) = location.and_then(|location| request.url.join(location).ok()) else { return Ok(None) };
    let mut next = request.clone();
    // RFC 9110 §15.4.4: after 303, and as everybody does it after 301 and 302, a POST becomes a GET.
    let safe = matches!(request.method, Method::GET | Method::HEAD);
    if !safe && matches!(reply.status, 301..=303) {
        next.method = Method::GET;
        next.body.clear();
        next.headers.remove(http::header::CONTENT_TYPE);
    }
    if !Origin::of(&request.url).holds(&target) {
        return Err(FlowError::ForeignRedirect { origin: sanitize::line(&target.origin().ascii_serialization()) });
    }
    next.url = target;
    Ok(Some(next))
}

fn is_object_or_empty(body: &[u8]) -> bool {
    body.is_empty() || matches!(serde_json::from_slice(body), Ok(Value::Object(_)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;

    fn provider() -> Provider {
        Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap()
    }

    #[test]
    fn paths_are_joined_as_rfc_3986_joins_them() {
        let cases = [
            ("/api/v1/products", "https://judge.me/api/v1/products"),
            ("products", "https://judge.me/api/v1/products"),
            ("products?per_page=1", "https://judge.me/api/v1/products?per_page=1"),
            ("a:b", "https://judge.me/api/v1/a:b"),
            ("https://judge.me/x", "https://judge.me/x"),
            ("https://JUDGE.me:443/x", "https://judge.me/x"),
        ];
        for (path, url) in cases {
            assert_eq!(resolve(&provider(), path).unwrap().as_str(), url, "{path}");
        }
    }

    #[test]
    fn a_url_elsewhere_is_refused() {
        for url in [
            "https://evil.example/",
            "http://judge.me/",
            "https://judge.me:8443/",
            "https://judge.me.evil.example/",
            "https://judge.me@evil.example/",
            "https://user@judge.me/",
            "https://judge.me./",
            "//evil.example/x",
            "/\\evil.example/x",
            "\\\\evil.example/x",
        ] {
            let refused =
                matches!(resolve(&provider(), url), Err(FlowError::ForeignUrl { .. } | FlowError::NotAPath { .. }));
            assert!(refused, "{url}");
        }
    }
}
