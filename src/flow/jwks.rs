//! Asks an issuer for its public keys (RFC 7517 §5).
//!
//! They are fetched each time: an ID token comes with a login or a refresh, and keys that were kept would be old ones just
//! when they matter. Nothing secret is sent. A redirect is followed within the origin only, as with every document that
//! speaks for an issuer.

use http::Method;
use http::header::{ACCEPT, CACHE_CONTROL, HeaderValue, LOCATION};

use crate::protocol::json;
use crate::protocol::jwks::Jwks;
use crate::protocol::leg::Leg;
use crate::protocol::member::WrongKind;
use crate::protocol::message::HttpRequest;
use crate::provider::Endpoint;
use crate::system::http::{HttpClient, HttpError, MAX_REPLY};

const MAX_REDIRECTS: usize = 3;

/// Keys that cannot be had. It says nothing about a token.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    #[error("the issuer's keys could not be fetched: {0}")]
    Unreachable(HttpError),
    #[error("{location} answered with status {status}, and the issuer's keys were expected")]
    Status { location: String, status: u16 },
    #[error("{location} redirects to {target}, which cannot speak for the issuer")]
    Elsewhere { location: String, target: String },
    #[error("{location} redirects more than {MAX_REDIRECTS} times")]
    Circle { location: String },
    #[error("{location} has no keys: {problem}")]
    NotKeys { location: String, problem: String },
}

/// How a set of keys is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    First,
    /// Once more, for a key that was not in it: no cache on the way may answer.
    Anew,
}

/// Fetches the keys.
pub fn fetch(http: &dyn HttpClient, endpoint: &Endpoint, asked: Asked) -> Result<Jwks, NoKeys> {
    let location = || endpoint.to_string();
    let mut url = endpoint.url().clone();
    for _ in 0..=MAX_REDIRECTS {
        let mut request = HttpRequest::new(Method::GET, url.clone()).for_leg(Leg::Keys);
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/jwk-set+json, application/json"));
        if asked == Asked::Anew {
            request.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        let reply = http.send(&request).map_err(NoKeys::Unreachable)?;
        let status = reply.status;
        let target = reply.headers.get(LOCATION).and_then(|target| url.join(target.to_str().ok()?).ok());
        match target.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)) {
            Some(target) if target.origin() != url.origin() => {
                return Err(NoKeys::Elsewhere { location: location(), target: target.origin().ascii_serialization() });
            }
            Some(target) => url = target,
            None if status != 200 => return Err(NoKeys::Status { location: location(), status }),
            None => {
                let body = reply.read(MAX_REPLY).map_err(NoKeys::Unreachable)?;
                let not_keys = |problem: String| NoKeys::NotKeys { location: location(), problem };
                let value = json::parse(&body).map_err(|_| not_keys("it is not JSON".to_owned()))?;
                return Jwks::from_json(&value).map_err(|wrong: WrongKind| not_keys(wrong.to_string()));
            }
        }
    }
    Err(NoKeys::Circle { location: location() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted, broken};

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn ask(replies: &[Reply<'_>]) -> (Result<Jwks, NoKeys>, Vec<String>) {
        let server = Scripted::replies(replies);
        let keys = fetch(&server, &Endpoint::parse("https://id.example/keys").unwrap(), Asked::First);
        (keys, server.requests().iter().map(|request| request.url.to_string()).collect())
    }

    #[test]
    fn keys_are_fetched_within_their_origin_only() {
        assert_eq!(ask(&[(200, "", KEYS)]).0.unwrap().keys.len(), 1);
        let (keys, asked) = ask(&[(302, "/v2/keys", ""), (308, "https://id.example/v3", ""), (200, "", KEYS)]);
        assert!(keys.is_ok() && asked[1..] == ["https://id.example/v2/keys", "https://id.example/v3"]);
        for elsewhere in ["https://evil.example/keys", "http://id.example/keys", "//id.example:8443/keys"] {
            let (keys, asked) = ask(&[(302, elsewhere, ""), (200, "", KEYS)]);
            assert!(matches!(keys, Err(NoKeys::Elsewhere { .. })) && asked.len() == 1, "{elsewhere}");
        }
        let (keys, asked) = ask(&[(302, "/keys", ""); 9]);
        assert!(matches!(keys, Err(NoKeys::Circle { .. })) && asked.len() == 4);
    }

    #[test]
    fn what_is_not_a_set_of_keys_is_told() {
        for (status, body, told) in [
            (404, KEYS, "status 404"),
            (503, "", "status 503"),
            (200, "<html>", "it is not JSON"),
            (200, "{}", "`keys`"),
        ] {
            let error = ask(&[(status, "", body)]).0.unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("https://id.example/keys"), "{error}");
        }
        let endpoint = Endpoint::parse("https://id.example/keys").unwrap();
        let silent = fetch(&Scripted::new(|_| Err(broken())), &endpoint, Asked::First);
        assert!(matches!(silent, Err(NoKeys::Unreachable(_))));
        let long = format!("{KEYS}{}", " ".repeat(1024 * 1024));
        assert!(matches!(ask(&[(200, "", &long)]).0, Err(NoKeys::Unreachable(HttpError::TooLarge { .. }))));
    }

    #[test]
    fn a_second_request_passes_caches_by() {
        let server = Scripted::replies(&[(200, "", KEYS), (200, "", KEYS)]);
        let endpoint = Endpoint::parse("https://id.example/keys").unwrap();
        for asked in [Asked::First, Asked::Anew] {
            fetch(&server, &endpoint, asked).unwrap();
        }
        let sent =
            server.requests().iter().map(|request| request.headers.contains_key(CACHE_CONTROL)).collect::<Vec<_>>();
        assert_eq!(sent, [false, true]);
    }
}
