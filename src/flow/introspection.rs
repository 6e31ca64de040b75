//! Asks the authorization server about a token (RFC 7662).
//!
//! The token goes only to a server that the login has recorded: a definition that has changed since cannot redirect it.
//!
//! A server may sign its answer (RFC 9701). Such a one counts only if its signature, its issuer, its audience and its type are
//! right: without them it could be any other token of the same server.

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::FlowError;
use super::signature::{self, Signature};
use crate::protocol::client::ClientId;
use crate::protocol::introspection::{IntrospectionResponse, NotAnIntrospection};
use crate::protocol::jws::Jws;
use crate::protocol::member::Members;
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::{AccessToken, ClientSecret};
use crate::protocol::signing_algorithm::Algorithm;
use crate::provider::{Dialect, Provider};
use crate::system::http::{HttpClient, MAX_REPLY};

/// An introspection without a usable answer. It is not a failure, as the token itself may be fine.
#[derive(Debug, thiserror::Error)]
pub enum NoIntrospection {
    #[error("it is on {origin}, which is not a server of this login")]
    ForeignOrigin { origin: String },
    #[error("the server answered with status {status}")]
    Status { status: u16 },
    #[error(transparent)]
    Unreadable(#[from] NotAnIntrospection),
    #[error("its signed answer is not valid: {0}")]
    Signed(String),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

/// The media type of a signed answer, and the type that is in its header (RFC 9701 §5).
const SIGNED: &str = "application/token-introspection+jwt";

/// Introspects a token. Returns `None` if the provider has no introspection endpoint.
pub fn ask(
    http: &dyn HttpClient,
    provider: &Provider,
    token: &AccessToken,
    client_id: &ClientId,
    secret: Option<&ClientSecret>,
) -> Result<Option<IntrospectionResponse>, NoIntrospection> {
    let request = Dialect::new(provider).encode_introspection(token, client_id, secret).map_err(FlowError::from)?;
    let Some(request) = request else { return Ok(None) };
    if !provider.endpoints.serve(&request.url) {
        return Err(NoIntrospection::ForeignOrigin { origin: request.url.origin().ascii_serialization() });
    }
    let reply = http.send(&request).map_err(FlowError::TokenRequest)?;
    if reply.status != 200 {
        return Err(NoIntrospection::Status { status: reply.status });
    }
    let media = HttpRequest::media_type(reply.header(CONTENT_TYPE.as_str()));
    let body = reply.read(MAX_REPLY).map_err(FlowError::TokenRequest)?;
    if media == SIGNED {
        let answer = signed_answer(http, provider, &body, client_id).map_err(NoIntrospection::Signed)?;
        return Ok(Some(IntrospectionResponse::read(&answer)?));
    }
    Ok(Some(IntrospectionResponse::parse(&body)?))
}

/// Returns what a signed answer says, or the reason why it does not count.
fn signed_answer(
    http: &dyn HttpClient,
    provider: &Provider,
    body: &[u8],
    client_id: &ClientId,
) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not text".to_owned())?;
    let jws = Jws::parse(text.trim()).map_err(|problem| problem.to_string())?;
    if jws.typ.as_deref() != SIGNED.strip_prefix("application/") {
        return Err("its type is not `token-introspection+jwt` (RFC 9701 §5)".to_owned());
    }
    let dialect = Dialect::new(provider);
    let issuer = dialect.id_token_issuer().ok_or("the definition names no issuer")?;
    let members = Members(&jws.claims);
    if members.text("iss").ok().flatten() != Some(issuer.as_str()) {
        return Err(format!("it is not from {issuer}"));
    }
    let audiences = match members.get("aud") {
        Some(Value::String(one)) => vec![one.clone()],
        _ => members.texts("aud").ok().flatten().unwrap_or_default(),
    };
    if !audiences.iter().any(|audience| audience == client_id.as_str()) {
        return Err("it is for another client".to_owned());
    }
    let algorithm = Algorithm::named(&jws.algorithm).ok_or("its algorithm is none that oauthctl verifies")?;
    let endpoint = dialect.jwks_endpoint().ok_or("the definition has no `openid.jwks_url`")?;
    match signature::verify(http, endpoint, &jws, algorithm).map_err(|why| why.to_string())? {
        Signature::Right => {}
        Signature::Wrong | Signature::UnknownKey => return Err("its signature is not the issuer's".to_owned()),
    }
    jws.claims.get("token_introspection").cloned().ok_or_else(|| "it has no `token_introspection`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted, provider_of};

    const SERVERS: &str = "authorize.url = 'https://login.example/authorize'\ntoken.url = 'https://as.example/token'\n\
        api.base = 'https://api.example/v1'\n";

    /// Returns the answer of an endpoint, and the number of requests.
    fn answer(
        endpoint: &str,
        replies: &[Reply<'_>],
    ) -> (Result<Option<IntrospectionResponse>, NoIntrospection>, usize) {
        let provider = provider_of(&format!("{SERVERS}{endpoint}"), &[]);
        let (server, token) = (Scripted::replies(replies), AccessToken::new("made-up-token"));
        let answer = ask(&server, &provider, &token, &ClientId::new("id"), None);
        (answer, server.requests().len())
    }

    #[test]
    fn only_a_server_of_the_login_is_asked() {
        let body = r#"{"active":true,"scope":"a b"}"#;
        for host in ["login.example", "as.example", "api.example"] {
            let (found, _) = answer(&format!("introspect.url = 'https://{host}/introspect'"), &[(200, "", body)]);
            assert_eq!(found.unwrap().unwrap().scope.unwrap().to_string(), "a b", "{host}");
        }
        for host in ["other.example", "as.example:8443"] {
            let (found, requests) = answer(&format!("introspect.url = 'https://{host}/introspect'"), &[]);
            assert!(matches!(found, Err(NoIntrospection::ForeignOrigin { .. })) && requests == 0, "{host}");
        }
        let (found, requests) = answer("", &[]);
        assert!(matches!(found, Ok(None)) && requests == 0);
    }

    /// RFC 9701, with a made-up key.
    mod signed {
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
        use ring::signature::{Ed25519KeyPair, KeyPair as _};

        use super::*;
        use crate::flow::doubles::StubResponse;

        fn in_base64(bytes: impl AsRef<[u8]>) -> String {
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        }

        /// Answers with a signed text, and with the keys.
        fn answer(typ: &str, claims: &str, forged: bool) -> Result<Option<IntrospectionResponse>, NoIntrospection> {
            let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
            let head = format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#);
            let text = format!("{}.{}", in_base64(head), in_base64(claims));
            let signer = if forged { Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap() } else { key };
            let signed = format!("{text}.{}", in_base64(signer.sign(text.as_bytes())));
            let public = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap().public_key().as_ref().to_vec();
            let keys = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}"}}]}}"#, in_base64(public));
            let server = Scripted::new(move |request| {
                let is_keys = request.url.path() == "/keys";
                let body = if is_keys { keys.clone() } else { signed.clone() };
                let kind = if is_keys { "application/json" } else { SIGNED };
                Ok(StubResponse::new(200, &body).with("content-type", kind))
            });
            let openid = "openid.issuer = 'https://as.example'\nopenid.jwks_url = 'https://as.example/keys'\n\
                introspect.url = 'https://as.example/introspect'";
            let provider = provider_of(&format!("{SERVERS}{openid}"), &[]);
            ask(&server, &provider, &AccessToken::new("made-up-token"), &ClientId::new("id"), None)
        }

        const TYPE: &str = "token-introspection+jwt";
        const CLAIMS: &str =
            r#"{"iss":"https://as.example","aud":"id","iat":1,"token_introspection":{"active":true,"scope":"a b"}}"#;

        #[test]
        fn a_signed_answer_counts_if_all_of_it_is_right() {
            let found = answer(TYPE, CLAIMS, false).unwrap().unwrap();
            assert_eq!(found.scope.unwrap().to_string(), "a b");
            assert!(answer(&format!("application/{TYPE}"), CLAIMS, false).is_ok());
        }

        #[test]
        fn any_other_token_of_the_server_is_no_answer() {
            for (typ, claims, forged, told) in [
                ("JWT", CLAIMS.to_owned(), false, "its type"),
                (TYPE, CLAIMS.to_owned(), true, "signature"),
                (TYPE, CLAIMS.replace("as.example", "evil.example"), false, "not from"),
                (TYPE, CLAIMS.replace("\"id\"", "\"other\""), false, "another client"),
                (TYPE, CLAIMS.replace("token_introspection", "x"), false, "has no `token_introspection`"),
            ] {
                let error = answer(typ, &claims, forged).unwrap_err();
                assert!(matches!(&error, NoIntrospection::Signed(why) if why.contains(told)), "{error}");
            }
        }
    }

    #[test]
    fn an_unusable_answer_says_nothing_about_the_token() {
        let endpoint = "introspect.url = 'https://as.example/introspect'";
        for status in [204, 302, 401, 500] {
            let (found, _) = answer(endpoint, &[(status, "", r#"{"active":false}"#)]);
            assert!(matches!(found, Err(NoIntrospection::Status { status: s }) if s == status), "{status}");
        }
        let (found, _) = answer(endpoint, &[(200, "", r#"{"scope":"a"}"#)]);
        assert!(matches!(found, Err(NoIntrospection::Unreadable(_))));
    }
}
