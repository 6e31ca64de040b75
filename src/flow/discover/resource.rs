//! Asks an address whether it is a protected resource, and for its metadata (RFC 9728).
//!
//! GET comes first. Where it is not answered, a POST asks the same: MCP servers have had no GET since 2026. Its body is
//! a request that changes nothing (`tools/list`), without a token, so that a server has no reason to do anything but to
//! refuse it.

use http::Method;
use http::header::{ACCEPT, HeaderValue};
use url::Url;

use super::{AddressError, NamedServers};
use crate::flow::FlowError;
use crate::flow::discovery::{Fetched, fetch};
use crate::protocol::bearer::Challenge;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::metadata::issuer_in;
use crate::protocol::protected_resource::{Match, ProtectedResourceMetadata, resource_of, well_known};
use crate::protocol::scope::ScopeSet;
use crate::protocol::{json, sanitize};
use crate::provider::Endpoint;
use crate::system::http::{HttpClient, HttpError, HttpReply, MAX_REPLY, Reach};

/// The request of MCP that is asked without a token, to be refused.
const QUESTION: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

/// What MCP's transport wants to be accepted.
const ACCEPTED: &str = "application/json, text/event-stream";

/// What an address says of itself.
#[derive(Debug)]
pub enum Asked {
    Resource(Box<Resource>),
    /// It wants a token, and publishes no metadata: MCP servers of 2025-03 are their own authorization servers.
    Challenged {
        scope: Option<ScopeSet>,
        tried: Vec<String>,
    },
    /// It does not ask for a token. It may be an issuer. `tried` has every address and its answer.
    Open {
        tried: Vec<String>,
    },
}

/// A resource with its metadata.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    pub metadata: ProtectedResourceMetadata,
    /// Where the metadata is.
    pub location: Url,
    /// The metadata is about a part of the server that has the address in it.
    pub is_prefix: bool,
    /// The scopes that the challenge asks for.
    pub scope: Option<ScopeSet>,
}

/// Asks an address, and returns what it says with the place of its server.
pub fn ask(http: &dyn HttpClient, address: &Url) -> Result<(Asked, Reach), AddressError> {
    let mut search = Search { address: address.clone(), tried: Vec::new() };
    if issuer_in(address.as_str()).is_some() {
        // The copied address of an issuer's metadata. Its server is met when that is asked.
        return Ok((Asked::Open { tried: Vec::new() }, reach_of(http, address)?));
    }
    if let Some(resource) = resource_of(address) {
        search.address = resource.clone();
        let from = reach_of(http, address)?;
        let named = NamedServers::new(http, address, from);
        let found = search.document(&named, address, Some(&resource), None)?;
        let open = |search: Search| Asked::Open { tried: search.tried };
        return Ok((found.map_or_else(|| open(search), Asked::Resource), from));
    }
    let (challenge, from) = search.challenge(http)?;
    let named = NamedServers::new(http, address, from);
    let scope = challenge.as_ref().and_then(|challenge| challenge.param("scope")).map(ScopeSet::parse);
    let scope = scope.filter(|scope| !scope.is_empty());
    let pointed = challenge.as_ref().and_then(|challenge| challenge.param("resource_metadata"));
    if let Some(location) = pointed.map(|pointed| search.pointed(pointed)).transpose()?
        && let Some(found) = search.document(&named, &location, resource_of(&location).as_ref(), scope.clone())?
    {
        return Ok((Asked::Resource(found), from));
    }
    for (location, identifier) in well_known(address) {
        if let Some(found) = search.document(&named, &location, Some(&identifier), scope.clone())? {
            return Ok((Asked::Resource(found), from));
        }
    }
    let tried = search.tried;
    Ok((if challenge.is_some() { Asked::Challenged { scope, tried } } else { Asked::Open { tried } }, from))
}

/// Asks a server only to learn where it is.
fn reach_of(http: &dyn HttpClient, address: &Url) -> Result<Reach, AddressError> {
    let reply = http.stream(&HttpRequest::new(Method::GET, address.clone()).for_leg(Leg::Discovery), None);
    Ok(reply.map_err(|error| AddressError::http(address.as_str(), error))?.reach())
}

struct Search {
    address: Url,
    /// Every address that was asked, and its answer.
    tried: Vec<String>,
}

impl Search {
    /// Asks the address itself, and returns its challenge if it wants a token.
    fn challenge(&mut self, http: &dyn HttpClient) -> Result<(Option<Challenge>, Reach), AddressError> {
        let mut request = HttpRequest::new(Method::GET, self.address.clone()).for_leg(Leg::Discovery);
        request.headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        let reply = self.send(http, &request)?;
        let from = reply.reach();
        if !is_unanswered(reply.status) {
            return Ok((self.read_challenge("GET", &reply), from));
        }
        self.note("GET", &reply);
        let question = HttpRequest::new(Method::POST, self.address.clone()).for_leg(Leg::Discovery);
        let mut question = question.with_body("application/json", QUESTION);
        question.headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        let reply = self.send(http, &question)?;
        Ok((self.read_challenge("POST", &reply), from))
    }

    fn send(&self, http: &dyn HttpClient, request: &HttpRequest) -> Result<HttpReply, AddressError> {
        http.stream(request, None).map_err(|error| AddressError::http(self.address.as_str(), error))
    }

    fn note(&mut self, method: &str, reply: &HttpReply) {
        self.tried.push(format!("{method} {} answered {}", sanitize::line(self.address.as_str()), reply.status));
    }

    fn read_challenge(&mut self, method: &str, reply: &HttpReply) -> Option<Challenge> {
        self.note(method, reply);
        let mut challenges = Challenge::all_in(&reply.headers);
        // A bearer challenge says most; a server may want proofs for its tokens, too.
        challenges
            .sort_by_key(|challenge| (challenge.param("resource_metadata").is_none(), challenge.scheme != "bearer"));
        let first = challenges.into_iter().next();
        (reply.status == 401).then(|| first.unwrap_or_default())
    }

    /// Reads the address of the metadata in a challenge.
    fn pointed(&self, text: &str) -> Result<Url, AddressError> {
        let joined = self.address.join(text).ok().filter(|url| Endpoint::parse(url.as_str()).is_ok());
        let refused = || AddressError::Contradiction {
            location: sanitize::line(self.address.as_str()),
            member: "resource_metadata",
            problem: format!("`{}`, which is not an https URL", sanitize::line(text)),
        };
        joined.ok_or_else(refused)
    }

    /// Reads the metadata at an address. `None` if there is none.
    fn document(
        &mut self,
        named: &NamedServers<'_>,
        location: &Url,
        made_from: Option<&Url>,
        scope: Option<ScopeSet>,
    ) -> Result<Option<Box<Resource>>, AddressError> {
        let at = location.to_string();
        let failed = |error: HttpError| AddressError::http(at.clone(), error);
        let reply = match fetch(named, location) {
            Ok(Fetched::Reply(reply)) => reply,
            Ok(Fetched::Elsewhere(target)) => {
                let target = target.origin().ascii_serialization();
                self.tried.push(format!("{at} redirects to {target}, which cannot speak for it"));
                return Ok(None);
            }
            Err(FlowError::Discovery(error)) => return Err(failed(error)),
            // A fetch has no others.
            Err(other) => {
                self.tried.push(format!("{at}: {other}"));
                return Ok(None);
            }
        };
        let status = reply.status;
        let body = reply.read(MAX_REPLY).map_err(failed)?;
        let value = json::parse(&body).ok().filter(|_| status == 200).unwrap_or_default();
        let read = ProtectedResourceMetadata::from_json(&value);
        let Some(metadata) = read.map_err(|source| AddressError::Malformed { location: at.clone(), source })? else {
            let nothing = if value.is_object() { " and names no resource" } else { "" };
            self.tried.push(format!("{at} answered {status}{nothing}"));
            return Ok(None);
        };
        let is_prefix = match metadata.matches(&self.address, made_from) {
            Match::Same => false,
            Match::Prefix => true,
            Match::Other => {
                return Err(AddressError::Contradiction {
                    location: at,
                    member: "resource",
                    problem: format!(
                        "`{}`, and `{}` was asked (RFC 9728 §3.3)",
                        sanitize::line(&metadata.resource),
                        sanitize::line(self.address.as_str())
                    ),
                });
            }
        };
        Ok(Some(Box::new(Resource { metadata, location: location.clone(), is_prefix, scope })))
    }
}

/// Returns `true` if a server does not answer this method, or not this request: it may answer another one.
fn is_unanswered(status: u16) -> bool {
    (400..500).contains(&status) && status != 401 || status == 501
}
