//! A client id that is the address of the client's own metadata (OAuth Client ID Metadata Document).
//!
//! The server fetches the document, so the client needs no registration and has no secret. What the document says counts:
//! a redirect URI that it does not list is refused there, after a person has consented. So we look first.

use serde_json::Value;
use url::Url;

use super::member::{Members, WrongKind};
use super::redirect_uri::RedirectUri;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDocument {
    pub client_id: String,
    pub redirect_uris: Vec<String>,
    pub token_endpoint_auth_method: Option<String>,
}

impl ClientDocument {
    /// Reads the document. `None` if it names no client id, and so is not one.
    pub fn from_json(value: &Value) -> Result<Option<Self>, WrongKind> {
        let members = Members(value);
        let Some(client_id) = members.text("client_id")? else { return Ok(None) };
        Ok(Some(Self {
            client_id: client_id.to_owned(),
            redirect_uris: members.texts("redirect_uris")?.unwrap_or_default(),
            token_endpoint_auth_method: members.text("token_endpoint_auth_method")?.map(str::to_owned),
        }))
    }

    /// Returns `true` if the document lists a redirect URI: exactly, or with another port of a loopback IP literal
    /// (RFC 8252 §7.3).
    pub fn lists(&self, uri: &RedirectUri) -> bool {
        let listed = self.redirect_uris.iter().filter_map(|listed| RedirectUri::parse(listed).ok());
        listed.into_iter().any(|listed| uri.is_registered_as(&listed, false))
    }

    /// Returns the first redirect URI that leads to this machine.
    pub fn loopback(&self) -> Option<RedirectUri> {
        let parsed = self.redirect_uris.iter().filter_map(|listed| RedirectUri::parse(listed).ok());
        parsed.into_iter().find(|uri| uri.loopback().is_some())
    }
}

/// Returns `true` if a client id is the address of a document: an https URL with a path, without a user name, a fragment
/// or dots for segments.
pub fn is_address(client_id: &str) -> bool {
    let Ok(url) = Url::parse(client_id) else { return false };
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let dots = client_id.split(['/', '?']).any(|segment| matches!(segment, "." | ".."));
    url.scheme() == "https" && url.has_host() && is_plain && url.path() != "/" && !dots
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_https_url_with_a_path_is_the_address_of_a_document() {
        assert!(is_address("https://app.example/client.json"));
        for other in [
            "https://app.example",
            "https://app.example/",
            "http://app.example/client.json",
            "https://u@app.example/client.json",
            "https://app.example/client.json#x",
            "https://app.example/a/../client.json",
            "client-1",
            "",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn a_loopback_redirect_is_listed_with_any_port() {
        let document = json!({
            "client_id": "https://app.example/client.json",
            "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/callback", "http://localhost:1/callback"],
        });
        let document = ClientDocument::from_json(&document).unwrap().unwrap();
        let lists = |uri: &str| document.lists(&RedirectUri::parse(uri).unwrap());
        assert!(lists("https://app.example/cb") && lists("http://127.0.0.1:8765/callback"));
        assert!(!lists("http://127.0.0.1:8765/other") && !lists("http://localhost:2/callback"));
        assert_eq!(document.loopback().unwrap().as_str(), "http://127.0.0.1/callback");
        assert_eq!(ClientDocument::from_json(&json!({})), Ok(None));
    }
}
