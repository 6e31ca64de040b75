//! The client that goes over the network, in reqwest's blocking form.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use http::HeaderMap;
use url::Url;

use super::body::{LONGEST, Overdue, Pace, TimedBody, Waited};
use super::clients::{Clients, Kind};
use super::download::{Downloads, Target};
use super::sign::{self, Awaited};
use super::{
    Authorities, HttpClient, HttpError, HttpReply, Reach, Reason, Refused, SILENCE, TlsProblem, Trust, USER_AGENT,
    Upload,
};
use crate::protocol::message::HttpRequest;
use crate::protocol::time::HumanDuration;
use crate::provider::endpoint::is_loopback;
use crate::system::clock::Deadline;
use crate::system::process;
use crate::system::proxy::{Proxies, ProxyError};
use crate::system::waiting::Wait;

/// How long a connection may take to stand.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a whole exchange with an endpoint may take, its body read to the end.
const TOTAL_TIME: Duration = Duration::from_secs(30);

/// How much of a reply's head is taken: names and values. The HTTP library reads 100 lines at most.
const MAX_HEAD: usize = 64 * 1024;

/// Makes its connections when they are first needed: most commands need none.
pub struct NetworkClient {
    silence: Duration,
    /// The moment when every exchange with an API must be over, if the user set one.
    until: Option<Deadline>,
    proxies: OnceLock<Proxies>,
    authorities: Option<Authorities>,
    trust: OnceLock<Trust>,
    clients: Clients<reqwest::blocking::Client>,
    pub(super) downloads: Downloads,
}

impl Default for NetworkClient {
    fn default() -> Self {
        Self {
            silence: SILENCE,
            until: None,
            proxies: OnceLock::new(),
            authorities: None,
            trust: OnceLock::new(),
            clients: Clients::default(),
            downloads: Downloads::default(),
        }
    }
}

impl NetworkClient {
    /// With another limit on the server's silence.
    pub fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// With an end of everything that an API is asked, in the place of the one that depends on what it gets done.
    pub fn with_end(mut self, until: Deadline) -> Self {
        self.until = Some(until);
        self
    }

    /// Trusts these certificate authorities, too.
    pub fn with_authorities(mut self, authorities: Authorities) -> Self {
        self.authorities = Some(authorities);
        self
    }

    fn client(&self, url: &Url) -> Result<&reqwest::blocking::Client, HttpError> {
        let kind = Kind::of(url);
        self.clients.get(kind, || {
            let proxies = if kind.may_have_proxy() { Some(self.proxies()?) } else { None };
            let trust = if kind.is_secure() { Some(self.trust()?) } else { None };
            blocking(self.silence, trust, (proxies, None)).map_err(|error| HttpError::Setup(Reason::of(error)))
        })
    }

    fn proxies(&self) -> Result<&Proxies, ProxyError> {
        if let Some(proxies) = self.proxies.get() {
            return Ok(proxies);
        }
        let proxies = Proxies::from_environment()?;
        Ok(self.proxies.get_or_init(|| proxies))
    }

    fn trust(&self) -> Result<&Trust, HttpError> {
        if let Some(trust) = self.trust.get() {
            return Ok(trust);
        }
        let trust = Trust::of_machine()?.with(self.authorities.clone());
        Ok(self.trust.get_or_init(|| trust))
    }

    /// Returns the proxy's settings if this address is asked through a proxy.
    fn proxies_for(&self, url: &Url) -> Result<Option<&Proxies>, ProxyError> {
        if !Kind::of(url).may_have_proxy() {
            return Ok(None);
        }
        Ok(Some(self.proxies()?).filter(|proxies| proxies.intercepts(url)))
    }

    /// Returns the name of the peer that answers there, as people are told: what goes wrong on the way to a server is
    /// often the proxy's doing.
    fn peer(&self, url: &Url) -> String {
        let origin = url.origin().ascii_serialization();
        let proxies = self.proxies.get().filter(|_| Kind::of(url).may_have_proxy());
        match proxies.and_then(|proxies| proxies.described(url)) {
            Some(proxy) => format!("{origin} through {proxy}"),
            None => origin,
        }
    }

    fn outgoing(&self, request: &HttpRequest) -> Result<reqwest::blocking::RequestBuilder, HttpError> {
        debug_assert!(
            request.url.scheme() == "https" || is_loopback(&request.url),
            "endpoints are checked when parsed"
        );
        let client = self.client(&request.url)?;
        Ok(client.request(request.method.clone(), request.url.clone()).headers(request.headers.clone()))
    }
}

/// A client ends with the thread that serves it, and that thread may be busy with a server's flood. It is not waited
/// for: what has been said about a limit of time holds for the end of the command too.
impl Drop for NetworkClient {
    fn drop(&mut self) {
        for client in self.clients.take().chain(self.downloads.take()) {
            // Where there is no thread to be had, it ends here.
            let _ = process::in_background("http-end", move || drop(client));
        }
    }
}

impl HttpClient for NetworkClient {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        let wait = sign::of_request(request, None);
        let mut outgoing = self.outgoing(request)?.timeout(TOTAL_TIME);
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        let mut reply = self.finish(outgoing.send(), &request.url, TOTAL_TIME)?;
        drop(wait);
        reply.body = Box::new(Awaited::new(reply.body, &request.url));
        Ok(reply)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        let mut outgoing = self.outgoing(request)?;
        let mut sent = None;
        if let Some(upload) = upload {
            let counted = Counted { inner: upload.body, count: Arc::default() };
            sent = Some((Arc::clone(&counted.count), upload.length));
            let body = match upload.length {
                Some(length) => reqwest::blocking::Body::sized(counted, length),
                None => reqwest::blocking::Body::new(counted),
            };
            // A request's own limit replaces the client's, which would count the time of the upload as silence.
            outgoing = outgoing.body(body).timeout(LONGEST);
        } else if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        let count = sent.as_ref().map(|(count, _)| Arc::clone(count));
        self.reply(outgoing, count.as_deref(), &request.url, sign::of_request(request, sent))
    }

    fn download(&self, request: &HttpRequest, from: Reach) -> Result<HttpReply, HttpError> {
        if let Some(reach) = from.nearer_host(&request.url) {
            return Err(HttpError::out_of_reach(&request.url, reach, from));
        }
        let HttpRequest { method, url, headers, .. } = request;
        let client = self.download_client(url, from)?;
        let outgoing = client.request(method.clone(), url.clone()).headers(headers.clone());
        Ok(self.reply(outgoing, None, url, sign::of_request(request, None))?.into_download())
    }

    fn check_reach(&self, url: &Url, from: Reach) -> Result<(), HttpError> {
        if let Some(reach) = from.nearer_host(url) {
            return Err(HttpError::out_of_reach(url, reach, from));
        }
        // A proxy resolves the names, and says where it leads nobody.
        match self.proxies_for(url)? {
            Some(_) => Ok(()),
            None => {
                let _wait = sign::of_name(url);
                self.downloads.check(url, from, self.until.map_or(CONNECT_TIME, |until| until.left().min(CONNECT_TIME)))
            }
        }
    }

    fn check(&self, url: &Url) -> Result<(), HttpError> {
        self.proxies_for(url)?;
        Ok(())
    }
}

impl NetworkClient {
    /// Returns the client for one host that a server has named: a new one, so that no connection is shared with the API.
    fn download_client(&self, url: &Url, from: Reach) -> Result<reqwest::blocking::Client, HttpError> {
        let secure = url.scheme() == "https";
        self.downloads.client((secure, url.host_str().unwrap_or_default(), from), || {
            let proxies = self.proxies_for(url)?;
            // A proxy resolves the names, and says where it leads nobody.
            let limit = self.until.map_or(self.silence, |until| until.left().min(self.silence));
            let target = if proxies.is_none() { Some(self.downloads.resolve(url, from, limit)?) } else { None };
            let trust = if secure { Some(self.trust()?) } else { None };
            blocking(self.silence, trust, (proxies, target.as_ref()))
                .map_err(|error| HttpError::Setup(Reason::of(error)))
        })
    }

    /// Waits for a reply, whose body has the limits of an API's.
    fn reply(
        &self,
        outgoing: reqwest::blocking::RequestBuilder,
        sent: Option<&AtomicU64>,
        url: &Url,
        wait: Wait,
    ) -> Result<HttpReply, HttpError> {
        let mut reply = self.head(outgoing, sent, url)?;
        drop(wait);
        let timed = TimedBody::new(reply.body, sent.is_none(), self.silence, self.until);
        reply.body = Box::new(Awaited::new(Box::new(timed), url));
        // The address of a proxy is not the sender's.
        if self.proxies_for(url)?.is_some() {
            reply.reach = Reach::of_host(url).unwrap_or(Reach::Internet);
        }
        Ok(reply)
    }

    /// Waits for the head of a reply: for as long as the upload goes on, and not beyond the end of the whole.
    fn head(
        &self,
        outgoing: reqwest::blocking::RequestBuilder,
        sent: Option<&AtomicU64>,
        url: &Url,
    ) -> Result<HttpReply, HttpError> {
        if sent.is_none() && self.until.is_none_or(|until| until.left() > self.silence) {
            return self.finish(outgoing.send(), url, self.silence);
        }
        let (report, result) = mpsc::channel();
        // There is no listener any more if it takes too long.
        process::in_background("http-head", move || drop(report.send(outgoing.send())))
            .map_err(|error| HttpError::Setup(Reason(error.to_string())))?;
        let mut pace = Pace::begin(self.silence, self.until);
        let mut seen = 0;
        loop {
            let now = sent.map_or(0, |sent| sent.load(Ordering::Relaxed));
            match pace.wait(now, self.silence, &result) {
                Ok(Waited::Came(reply)) => return self.finish(reply, url, self.silence),
                Ok(_) if sent.is_some_and(|sent| sent.load(Ordering::Relaxed) > seen) => {}
                Ok(_) => return Err(HttpError::Timeout { origin: self.peer(url), seconds: self.silence.as_secs() }),
                Err(Overdue(span)) => {
                    return Err(HttpError::Overdue { origin: self.peer(url), limit: HumanDuration(span) });
                }
            }
            seen = sent.map_or(0, |sent| sent.load(Ordering::Relaxed));
        }
    }

    fn finish(
        &self,
        reply: reqwest::Result<reqwest::blocking::Response>,
        url: &Url,
        limit: Duration,
    ) -> Result<HttpReply, HttpError> {
        let origin = self.peer(url);
        match reply {
            Ok(reply) if head_size(reply.headers()) > MAX_HEAD => {
                Err(HttpError::Broken { origin, source: Reason(format!("its head is larger than {MAX_HEAD} bytes")) })
            }
            Ok(reply) => Ok(HttpReply {
                status: reply.status().as_u16(),
                headers: reply.headers().clone(),
                reach: reply.remote_addr().map_or(Reach::Internet, |address| Reach::of(address.ip())),
                body: Box::new(reply),
                presented: self
                    .trust
                    .get()
                    .filter(|_| Kind::of(url).is_secure())
                    .and_then(|trust| trust.presented(url)),
                origin: url.origin().ascii_serialization(),
                peer: origin,
                is_download: false,
                limit,
            }),
            Err(error) if error.is_connect() => Err(match (TlsProblem::among(&error), self.trust.get()) {
                (Some(problem), Some(trust)) => {
                    let refused = trust.presented(url).filter(|_| problem.is_of_certificate());
                    let refused = refused.and_then(|chain| Some(Box::new(Refused::of(url, chain.read()?))));
                    HttpError::Tls { origin, problem, refused, trust: trust.to_string(), source: Reason::of(error) }
                }
                _ => HttpError::Connect { origin, source: Reason::of(error) },
            }),
            Err(error) if error.is_timeout() => Err(HttpError::Timeout { origin, seconds: limit.as_secs() }),
            Err(error) => Err(HttpError::Broken { origin, source: Reason::of(error) }),
        }
    }
}

fn blocking(
    silence: Duration,
    trust: Option<&Trust>,
    ways: (Option<&Proxies>, Option<&Target>),
) -> reqwest::Result<reqwest::blocking::Client> {
    build(trust, ways, |builder| {
        let builder = reqwest::blocking::ClientBuilder::from(builder);
        // In reqwest's blocking client this one is for the head and for each read; a request's own is total.
        builder.timeout(silence).user_agent(USER_AGENT).build()
    })
}

/// Without `trust` it is for plain http. `proxies` is none for this machine, which has no business with a proxy, whatever
/// NO_PROXY says; `target` is the only host that the client can connect to.
pub(super) fn build<C>(
    trust: Option<&Trust>,
    (proxies, target): (Option<&Proxies>, Option<&Target>),
    finish: impl Fn(reqwest::ClientBuilder) -> reqwest::Result<C>,
) -> reqwest::Result<C> {
    let proxy = proxies.map(Proxies::to_use).transpose()?;
    // An error means that a provider is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME);
        let builder = match target {
            Some(target) => target.pin(builder),
            None => builder,
        };
        match &proxy {
            None => builder.no_proxy(),
            Some(None) => builder,
            Some(Some(proxy)) => builder.proxy(proxy.clone()),
        }
    };
    let Some(trust) = trust else { return finish(builder().tls_certs_only([])) };
    if let Some(config) = trust.config() {
        return finish(builder().tls_backend_preconfigured(config));
    }
    let added = trust.added().iter().map(|der| reqwest::Certificate::from_der(der));
    let by_the_system = builder().tls_certs_merge(added.collect::<reqwest::Result<Vec<_>>>()?);
    finish(by_the_system).or_else(|error| match trust.without_system().config() {
        Some(config) => finish(builder().tls_backend_preconfigured(config)),
        None => Err(error),
    })
}

/// A body, and how much of it was taken to be sent.
struct Counted {
    inner: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

fn head_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
