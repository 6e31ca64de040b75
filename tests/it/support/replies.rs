//! Regular replies of the leaky provider, and their parts.

use url::Url;

use super::api_server::{Reply, param};
use super::canary::Kind;
use super::leaky_provider::KnownSecrets;

/// Returns a complete token reply.
pub fn granted(known: &KnownSecrets) -> serde_json::Value {
    serde_json::json!({
        "access_token": known.get(Kind::AccessToken),
        "refresh_token": known.get(Kind::RefreshToken),
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read",
    })
}

pub fn json(status: u16, value: &serde_json::Value) -> Reply {
    text(status, "application/json", &value.to_string())
}

pub fn text(status: u16, media_type: &str, body: &str) -> Reply {
    let status = match status {
        200 => "200 OK",
        302 => "302 Found",
        307 => "307 Temporary Redirect",
        400 => "400 Bad Request",
        401 => "401 Unauthorized",
        403 => "403 Forbidden",
        429 => "429 Too Many Requests",
        503 => "503 Service Unavailable",
        _ => "500 Internal Server Error",
    };
    (status, vec![format!("Content-Type: {media_type}")], body.as_bytes().to_vec())
}

/// Adds a header to a reply.
pub fn with_header((status, mut headers, body): Reply, line: &str) -> Reply {
    headers.push(line.to_owned());
    (status, headers, body)
}

/// Redirects the browser to the requested redirect URI, with code or token, state, and these parameters.
pub fn redirect(known: &KnownSecrets, more: &[(&str, &str)]) -> Reply {
    let mut url = Url::parse(&param(&known.request, "redirect_uri").unwrap()).unwrap();
    let in_fragment = param(&known.request, "response_type").as_deref() == Some("token");
    let given: &[_] = match in_fragment {
        true => &[("access_token", known.get(Kind::AccessToken)), ("token_type", "Bearer")],
        false => &[("code", known.get(Kind::Code))],
    };
    let params = [given, &[("state", known.get(Kind::State))], more].concat();
    match in_fragment {
        true => {
            let fragment = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
            url.set_fragment(Some(&fragment));
        }
        false => drop(url.query_pairs_mut().extend_pairs(params)),
    }
    with_header(text(302, "text/html", ""), &format!("Location: {url}"))
}
