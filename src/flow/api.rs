//! One request to the provider's API with the token in it.
//!
//! The token goes to the API's own origins and nowhere else: a URL to another origin is refused before anything is
//! sent. A token that follows a redirect is how tools leak theirs, so a redirect to another origin is followed without
//! it, if at all: see `download.rs`.

mod download;

use http::Method;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HeaderName,
    LAST_MODIFIED,
};
use url::Url;

use self::download::{Download, MAX_REDIRECTS, location};
use super::FlowError;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::remove_pairs;
use crate::protocol::secret::AccessToken;
use crate::protocol::{mask, sanitize, uuid};
use crate::provider::param::ParamKind;
use crate::provider::probe::written_origin;
use crate::provider::quirks::{TokenIn, TokenPlacement};
use crate::provider::{Dialect, Origin, Provider, template};
use crate::system::entropy::{Entropy, OsEntropy, random};
use crate::system::http::{HttpClient, HttpReply, Upload};

/// The headers to drop when the body is dropped (RFC 9110 §15.4, item 5).
const OF_THE_BODY: [HeaderName; 7] = [
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_LOCATION,
    CONTENT_TYPE,
    HeaderName::from_static("digest"),
    LAST_MODIFIED,
];

/// One provider's API, and how the token is shown to it.
pub struct Api<'a> {
    pub provider: &'a Provider,
    pub placement: TokenPlacement,
    redirects: Redirects,
    origins: Vec<Origin>,
    /// For a value that is another one in each request. It is no secret.
    entropy: &'a dyn Entropy,
}

/// The redirects that are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// Those within an origin; another one is an error. A probe asks what the API says about the token, and no other
    /// server can say that.
    #[default]
    WithinApi,
    /// Those of GET and HEAD to other origins too, without the token.
    Anywhere,
    Never,
}

impl<'a> Api<'a> {
    /// With the placement that is asked for, or the definition's first one.
    pub fn new(provider: &'a Provider, wanted: Option<TokenIn>) -> Result<Self, FlowError> {
        let placement = placement(provider, wanted)?;
        Ok(Self {
            provider,
            placement,
            redirects: Redirects::default(),
            origins: provider.endpoints.api_origins.clone(),
            entropy: &OsEntropy,
        })
    }

    /// Sends the token in the `Authorization` header with another word before it.
    pub fn with_scheme(mut self, scheme: &str) -> Self {
        self.placement = TokenPlacement { scheme: Some(scheme.to_owned()), ..TokenPlacement::bearer() };
        self
    }

    /// Takes random values from another source than the operating system.
    #[cfg(test)]
    pub fn with_entropy(mut self, entropy: &'a dyn Entropy) -> Self {
        self.entropy = entropy;
        self
    }

    /// Lets the token go to another origin too, because a person said so.
    pub fn allow(mut self, origin: &Origin) -> Self {
        self.origins.push(origin.clone());
        self
    }

    pub fn with_redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Resolves a path or URL on the API. A path that begins with `/` replaces the base's path (RFC 3986 §5.2.2),
    /// another one is put under it, and `.` is the base itself; a whole URL must be on one of the API's origins.
    pub fn resolve(&self, path_or_url: &str) -> Result<Url, FlowError> {
        let text = &self.fill(path_or_url)?;
        let not_a_path = || FlowError::NotAPath { text: sanitize::line(path_or_url) };
        let mut url = if is_written_as_url(text) {
            Url::parse(text).map_err(|_| not_a_path())?
        } else {
            let base = self.provider.api_base()?.url();
            // The base itself, as it is written: an MCP server has no other path.
            if text == "." {
                return Ok(base.clone());
            }
            let mut directory = base.clone();
            if !directory.path().ends_with('/') {
                directory.set_path(&format!("{}/", base.path()));
            }
            // `./` keeps a colon in the first segment from being read as a scheme.
            let relative = if text.starts_with('/') { text.to_owned() } else { format!("./{text}") };
            directory.join(&relative).map_err(|_| not_a_path())?
        };
        url.set_fragment(None);
        if self.is_allowed(&url) { Ok(url) } else { Err(self.foreign(&url)) }
    }

    /// Resolves a path or URL of the definition itself. Where the provider is emulated, the emulator has the paths of all
    /// its servers.
    pub fn resolve_own(&self, path_or_url: &str) -> Result<Url, FlowError> {
        match (&self.provider.emulator, written_origin(path_or_url)) {
            (Some(_), Some(origin)) => {
                let rest = &path_or_url[origin.len()..];
                self.resolve(&format!("/{}", rest.trim_start_matches('/')))
            }
            _ => self.resolve(path_or_url),
        }
    }

    fn is_allowed(&self, url: &Url) -> bool {
        self.origins.iter().any(|origin| origin.holds(url))
    }

    fn foreign(&self, url: &Url) -> FlowError {
        let allowed = self.origins.iter().map(Origin::to_string).collect::<Vec<_>>().join(", ");
        let origin = sanitize::line(&url.origin().ascii_serialization());
        FlowError::ForeignUrl { url: origin, provider: self.provider.id().to_owned(), allowed }
    }

    /// `{param}` becomes the login's value. Other braces stay: a query may hold JSON.
    fn fill(&self, text: &str) -> Result<String, FlowError> {
        let params = &self.provider.params;
        let unknown = template::names(text).into_iter().find(|name| is_name(name) && !params.contains_key(*name));
        if let Some(name) = unknown {
            let known = sanitize::ticked(params.keys().map(|name| format!("{{{name}}}")));
            return Err(FlowError::UnknownPathParam { name: name.to_owned(), known });
        }
        Ok(params.iter().fold(text.to_owned(), |text, (name, value)| {
            // The server chose some of the values, so they stay within one segment. A path is of plain ones.
            let encode = |part: &str| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
            let is_path = self.provider.definition.params.get(name).is_some_and(|param| param.kind == ParamKind::Path);
            let value = match is_path {
                true => value.split('/').map(encode).collect::<Vec<_>>().join("/"),
                false => encode(value),
            };
            text.replace(&format!("{{{name}}}"), &value.replace('+', "%20"))
        }))
    }

    /// A request as the API wants it, before the token is in it.
    pub fn request(&self, method: Method, url: Url) -> Result<HttpRequest, FlowError> {
        self.complete(HttpRequest::new(method, url))
    }

    /// Adds what the API wants with every request.
    pub fn complete(&self, mut request: HttpRequest) -> Result<HttpRequest, FlowError> {
        Dialect::new(self.provider).complete_request(&mut request)?;
        request.headers.entry(ACCEPT).or_insert(http::HeaderValue::from_static("application/json, */*;q=0.5"));
        Ok(request)
    }

    /// The same request with the token in it.
    pub fn authorize(&self, request: &HttpRequest, token: &AccessToken) -> Result<HttpRequest, FlowError> {
        let mut authorized = request.clone().for_leg(Leg::Api);
        let dialect = Dialect::new(self.provider);
        if dialect.sends_random() {
            dialect.put_random(&mut authorized, &uuid::from_random(random(self.entropy)?))?;
        }
        let refused = dialect.place_token(&mut authorized, &self.placement, token);
        if refused.is_err() && self.placement.place == TokenIn::Body {
            return Err(FlowError::BodyIsNotAnObject);
        }
        refused?;
        Ok(authorized)
    }

    /// Sends a request with the token, and follows redirects. The token goes with those that stay on the same origin.
    pub fn send(
        &self,
        http: &dyn HttpClient,
        token: &AccessToken,
        request: &HttpRequest,
        mut upload: Option<Upload>,
    ) -> Result<HttpReply, FlowError> {
        let mut request = request.clone();
        let one_way = upload.is_some();
        if one_way && self.placement.place == TokenIn::Body {
            return Err(FlowError::BodyIsNotAnObject);
        }
        for followed in 0..=MAX_REDIRECTS {
            let authorized = self.authorize(&request, token)?;
            let reply = http.stream(&authorized, upload.take()).map_err(FlowError::ApiRequest)?;
            let Some(location) = location(&reply).filter(|_| self.redirects != Redirects::Never) else {
                return Ok(reply);
            };
            if self.redirects == Redirects::Anywhere && !is_within(&request.url, &location) {
                let download = Download::of(&request, &reply, &location, token)?;
                return download.fetch(http, MAX_REDIRECTS - followed);
            }
            let next = self.redirect(&request, reply.status, &location, token)?;
            if one_way && next.method == request.method {
                return Err(FlowError::BodyNotRepeatable { status: reply.status });
            }
            request = next;
        }
        Err(FlowError::TooManyRedirects { limit: MAX_REDIRECTS })
    }

    /// Returns the request that a redirect within the origin asks for.
    fn redirect(
        &self,
        request: &HttpRequest,
        status: u16,
        location: &str,
        token: &AccessToken,
    ) -> Result<HttpRequest, FlowError> {
        let mut next = self.follow(request, location, token)?;
        // RFC 9110 §15.4.4: after 303 whatever is neither GET nor HEAD becomes a GET; as everybody does it, a POST does so
        // after 301 and 302 too. A DELETE stays one there, or it would seem done and was not.
        let becomes_get = match status {
            301 | 302 => request.method == Method::POST,
            303 => !matches!(request.method, Method::GET | Method::HEAD),
            _ => false,
        };
        if becomes_get {
            next.method = Method::GET;
            next.body.clear();
            OF_THE_BODY.iter().for_each(|name| drop(next.headers.remove(name)));
        }
        Ok(next)
    }

    /// The same request to an address that the server named, which must be on the same origin.
    pub fn follow(
        &self,
        request: &HttpRequest,
        reference: &str,
        token: &AccessToken,
    ) -> Result<HttpRequest, FlowError> {
        // The server may have put the token into it.
        let clean = |text: String| mask::line(&text, &self.provider.hidden(token));
        let foreign = |origin| FlowError::ForeignRedirect { origin: clean(origin) };
        let mut url = request.url.join(reference).map_err(|_| foreign(format!("`{reference}`")))?;
        if !Origin::of(&request.url).holds(&url) {
            return Err(foreign(url.origin().ascii_serialization()));
        }
        url.set_fragment(None);
        // A server that builds its links from the request may put the token into them; it would be there twice.
        if let (TokenIn::Query, Some(name)) = (self.placement.place, &self.placement.name) {
            remove_pair(&mut url, name);
        }
        let mut next = request.clone();
        next.url = url;
        Ok(next)
    }
}

/// Returns the address that a reply redirects its request to.
pub fn redirect_target(request: &HttpRequest, reply: &HttpReply) -> Option<String> {
    let location = location(reply)?;
    // A whole address stays as it is written.
    if Url::parse(&location).is_ok() {
        return Some(location);
    }
    Some(request.url.join(&location).map_or(location, String::from))
}

/// Returns whether a reference leads to the same origin.
fn is_within(url: &Url, reference: &str) -> bool {
    url.join(reference).is_ok_and(|there| Origin::of(url).holds(&there))
}

/// The placement that is asked for, or the definition's first one.
fn placement(provider: &Provider, wanted: Option<TokenIn>) -> Result<TokenPlacement, FlowError> {
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

/// Returns whether a text is a path whatever stands in its query: no scheme, no authority, no backslash.
fn is_plain_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("//") && !text.contains('\\')
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Returns `true` for a text that is meant as a whole URL. A URL in the query is a value like any other.
pub fn is_written_as_url(text: &str) -> bool {
    !text.split(['?', '#']).next().is_some_and(is_plain_path)
}

/// Sets a query parameter in the place of all that have its name.
pub fn set_pair(url: &mut Url, name: &str, value: &str) {
    remove_pair(url, name);
    url.query_pairs_mut().append_pair(name, value);
}

/// Takes every pair with this name out of the query, and leaves the others as they are written.
fn remove_pair(url: &mut Url, name: &str) {
    remove_pairs(url, |key, _| key == name);
}

#[cfg(test)]
mod tests;
