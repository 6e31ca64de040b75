//! What the unit tests of the flows share: a server that answers from a list, a provider, and a login that waits.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Cursor, Read};
use std::sync::Mutex;

use http::HeaderMap;

use super::redirect::{Answer, Expected, Verdict};
use crate::protocol::authorization::{AuthorizationResponse, ResponseType};
use crate::protocol::message::HttpRequest;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::AuthorizationCode;
use crate::protocol::state::State;
use crate::provider::{Dialect, Provider, ProviderDefinition};
use crate::system::http::{HttpClient, HttpError, HttpReply, Upload};

/// A status, the `Location` of a redirect (or nothing), and a body.
pub type Reply<'a> = (u16, &'a str, &'a str);

/// Keeps what it was sent.
pub struct Script {
    replies: Mutex<VecDeque<(u16, HeaderMap, String)>>,
    requests: Mutex<Vec<HttpRequest>>,
}

impl Script {
    pub fn new(replies: &[Reply<'_>]) -> Self {
        let replies = replies.iter().map(|(status, location, body)| {
            let headers = [*location].into_iter().filter(|text| !text.is_empty());
            let headers = headers.map(|text| (http::header::LOCATION, text.parse().unwrap())).collect();
            (*status, headers, (*body).to_owned())
        });
        Self { replies: Mutex::new(replies.collect()), requests: Mutex::default() }
    }

    /// What was sent, each upload as the body of its request.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap().clone()
    }
}

impl HttpClient for Script {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.requests.lock().unwrap().push(request.clone());
        let (status, headers, body) = self.replies.lock().unwrap().pop_front().expect("no further request");
        Ok(HttpReply::new(status, headers, Box::new(Cursor::new(body)), &request.url))
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        let mut request = request.clone();
        if let Some(mut upload) = upload {
            upload.body.read_to_end(&mut request.body).unwrap();
        }
        self.send(&request)
    }
}

/// A provider from the text of a definition.
pub fn provider(definition: &str, params: &[(&str, &str)]) -> Provider {
    let definition: ProviderDefinition = toml::from_str(definition).unwrap();
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Provider::new(definition, params.collect::<BTreeMap<_, _>>(), None).unwrap()
}

/// A login that waits, for what is pasted as well.
pub struct Case {
    pub provider: Provider,
    pub redirect_uri: RedirectUri,
    pub hosts: Vec<String>,
    pub state: State,
    pub pkce: bool,
    pub response_type: ResponseType,
}

impl Case {
    pub fn new() -> Self {
        Self {
            provider: provider("", &[]),
            redirect_uri: RedirectUri::parse("http://127.0.0.1:8765/callback").unwrap(),
            hosts: vec!["127.0.0.1:8765".into()],
            state: State::from_random([7; 32]),
            pkce: true,
            response_type: ResponseType::Code,
        }
    }

    pub fn implicit() -> Self {
        Self { response_type: ResponseType::Token, pkce: false, ..Self::new() }
    }

    pub fn expected<'a>(&'a self, issuer: Option<&'a str>) -> Expected<'a> {
        Expected {
            redirect_uri: &self.redirect_uri,
            hosts: &self.hosts,
            pkce: self.pkce,
            client_secret: None,
            state: &self.state,
            response_type: self.response_type,
            issuer,
            dialect: Dialect::new(&self.provider),
        }
    }
}

/// An answer with this code.
pub fn code(code: &str) -> Answer {
    let response = AuthorizationResponse::Code(AuthorizationCode::new(code));
    Answer { response, captured: BTreeMap::new() }
}

/// What kind of an answer is proven.
pub fn proven(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Proven(answer) => match answer.response {
            AuthorizationResponse::Code(_) => "code",
            AuthorizationResponse::Token(_) => "token",
            AuthorizationResponse::Error(_) => "error",
        },
        _ => "nothing",
    }
}
