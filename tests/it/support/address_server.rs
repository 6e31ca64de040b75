//! An MCP server and its authorization server in one, as others write them: it publishes where its tokens are from,
//! registers clients, and gives tokens. A test changes single answers.

use serde_json::{Value, json};

pub use super::api_server::Reply;
use super::api_server::{ApiServer, body, param, target};

/// What the server gives out.
pub const ACCESS: &str = "canary-of-the-access-token";
pub const REGISTRATION: &str = "canary-of-the-registration";

pub struct AddressServer(ApiServer);

/// What a test answers in the place of the server, if it does: from the method with the path, the whole request, and the
/// origin.
type Answer = dyn Fn(&str, &str, &str) -> Option<Reply> + Send + Sync;

impl AddressServer {
    pub fn start() -> Self {
        Self::with(|_, _, _| None)
    }

    /// Starts a server with other answers to some requests.
    pub fn with(other: impl Fn(&str, &str, &str) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let other: Box<Answer> = Box::new(other);
        Self(ApiServer::start(move |request| {
            let method = request.split(' ').next().unwrap_or_default();
            let path = target(request).split('?').next().unwrap_or_default();
            let host = request.lines().find_map(|line| line.strip_prefix("host: ").or(line.strip_prefix("Host: ")));
            let origin = format!("http://{}", host.unwrap_or_default().trim());
            let asked = format!("{method} {path}");
            other(&asked, request, &origin).unwrap_or_else(|| usual(&asked, request, &origin))
        }))
    }

    /// The address of the resource.
    pub fn address(&self) -> String {
        format!("{}/mcp", self.0.origin())
    }

    pub fn origin(&self) -> String {
        self.0.origin()
    }

    /// The id of the definition of a login at the resource.
    pub fn id(&self) -> String {
        format!("127.0.0.1-{}-mcp", self.0.port())
    }

    /// Every request so far, whole.
    pub fn requests(&self) -> Vec<String> {
        self.0.requests()
    }

    /// The methods and paths of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        let line = |request: &String| {
            let path = target(request).split('?').next().unwrap_or_default().to_owned();
            format!("{} {path}", request.split(' ').next().unwrap_or_default())
        };
        self.requests().iter().map(line).collect()
    }

    /// The last request of this method and path.
    #[track_caller]
    pub fn last(&self, asked: &str) -> String {
        let is_it =
            |request: &String| request.starts_with(&format!("{asked} ")) || request.starts_with(&format!("{asked}?"));
        self.requests().into_iter().rfind(is_it).unwrap_or_else(|| panic!("no {asked} among {:?}", self.asked()))
    }

    /// The body of that request as parameters, or as JSON.
    #[track_caller]
    pub fn sent(&self, asked: &str, name: &str) -> Option<String> {
        let request = self.last(asked);
        let form = url::form_urlencoded::parse(body(&request).as_bytes());
        form.into_owned().find(|(key, _)| key == name).map(|(_, value)| value).or_else(|| param(&request, name))
    }
}

pub fn json_reply(status: &'static str, value: &Value) -> Reply {
    (status, vec!["Content-Type: application/json".to_owned()], value.to_string().into_bytes())
}

pub fn status(status: &'static str) -> Reply {
    (status, Vec::new(), Vec::new())
}

/// The metadata of the resource.
pub fn resource(origin: &str) -> Value {
    json!({
        "resource": format!("{origin}/mcp"),
        "authorization_servers": [origin],
        "scopes_supported": ["read", "write"],
        "resource_name": "Shop tools",
    })
}

/// The metadata of the authorization server.
pub fn server(origin: &str) -> Value {
    json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{origin}/token"),
        "registration_endpoint": format!("{origin}/register"),
        "revocation_endpoint": format!("{origin}/revoke"),
        "introspection_endpoint": format!("{origin}/introspect"),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// The reply to a registration.
pub fn registered(origin: &str) -> Value {
    json!({
        "client_id": "registered-1",
        "token_endpoint_auth_method": "none",
        "registration_client_uri": format!("{origin}/register/registered-1"),
        "registration_access_token": REGISTRATION,
    })
}

fn usual(asked: &str, request: &str, origin: &str) -> Reply {
    match asked {
        "POST /mcp" if request.to_ascii_lowercase().contains(&format!("authorization: bearer {ACCESS}")) => {
            json_reply("200 OK", &json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}))
        }
        "POST /mcp" => {
            let metadata = format!("{origin}/.well-known/oauth-protected-resource/mcp");
            let challenge = format!("WWW-Authenticate: Bearer resource_metadata=\"{metadata}\", scope=\"read\"");
            ("401 Unauthorized", vec![challenge], Vec::new())
        }
        "GET /mcp" => status("405 Method Not Allowed"),
        "GET /.well-known/oauth-protected-resource/mcp" => json_reply("200 OK", &resource(origin)),
        "GET /.well-known/oauth-authorization-server" => json_reply("200 OK", &server(origin)),
        "POST /register" => json_reply("201 Created", &registered(origin)),
        "DELETE /register/registered-1" => status("204 No Content"),
        "GET /authorize" => {
            let of = |name| param(request, name).unwrap_or_default();
            let mut back = url::Url::parse(&of("redirect_uri")).unwrap();
            back.query_pairs_mut().extend_pairs([("code", "a-code"), ("state", &of("state")), ("iss", origin)]);
            ("302 Found", vec![format!("Location: {back}")], Vec::new())
        }
        "POST /token" => json_reply(
            "200 OK",
            &json!({"access_token": ACCESS, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "canary-of-the-refresh-token"}),
        ),
        "POST /revoke" => status("200 OK"),
        "POST /introspect" => json_reply("200 OK", &json!({"active": true, "scope": "read"})),
        _ => status("404 Not Found"),
    }
}
