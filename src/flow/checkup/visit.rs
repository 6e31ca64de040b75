//! Whether a server can be reached: its name, the connection, TLS and its chain of certificates, in one request for
//! nothing. Its `Date` shows how far this machine's clock is off.

use http::Method;
use http::header::AGE;

use super::Recorder;
use crate::protocol::check::Sent;
use crate::protocol::message::HttpRequest;
use crate::protocol::retry_after::server_time;
use crate::protocol::time::Timestamp;
use crate::provider::{Endpoint, Provider};
use crate::system::clock::Clock;
use crate::system::http::{Certificate, HttpClient, HttpError};

/// One server, and what it is for.
#[derive(Clone, Debug)]
pub struct Server {
    pub endpoint: Endpoint,
    pub purposes: Vec<&'static str>,
}

/// What came of asking it.
pub struct Visit {
    pub server: Server,
    pub outcome: Result<Greeting, HttpError>,
    pub sent: Vec<Sent>,
}

pub struct Greeting {
    pub status: u16,
    /// How many seconds this machine's clock is ahead of the server's, at the least.
    pub ahead: Option<i64>,
    /// The server's certificate, if it has one that was checked by this program.
    pub certificate: Option<Certificate>,
}

/// Lists the servers of a provider, each once.
pub fn servers(provider: &Provider) -> Vec<Server> {
    let all = &provider.endpoints;
    let parts = [
        ("authorize", &all.authorize),
        ("token", &all.token),
        ("par", &all.par),
        ("device", &all.device),
        ("refresh", &all.refresh),
        ("revoke", &all.revoke),
        ("introspect", &all.introspect),
        ("keys", &all.jwks),
        ("userinfo", &all.userinfo),
        ("API", &all.api_base),
    ];
    let mut servers: Vec<Server> = Vec::new();
    for (purpose, endpoint) in parts.into_iter().filter_map(|(purpose, endpoint)| Some((purpose, endpoint.as_ref()?))) {
        match servers.iter_mut().find(|known| known.endpoint.origin() == endpoint.origin()) {
            Some(known) => known.purposes.push(purpose),
            None => servers.push(Server { endpoint: endpoint.clone(), purposes: vec![purpose] }),
        }
    }
    servers
}

/// Asks a server for the head of its first page.
pub fn visit(server: Server, http: &dyn HttpClient, clock: &dyn Clock) -> Visit {
    let recorder = Recorder::new(http, "to see whether the server can be reached");
    let mut url = server.endpoint.url().clone();
    url.set_path("/");
    url.set_query(None);
    let before = clock.now();
    let outcome = recorder.send(&HttpRequest::new(Method::HEAD, url)).map(|reply| {
        // A copy that a cache kept has the time at which it was made.
        let age = reply.headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
        let ahead = server_time(&reply.headers).map(|then| ahead(before, clock.now(), then.0.saturating_add(age)));
        Greeting { status: reply.status, ahead, certificate: reply.certificate() }
    });
    Visit { server, outcome, sent: recorder.into_sent() }
}

/// Returns how far a clock that showed `before` and `after` is ahead of one that showed `then` in between.
fn ahead(before: Timestamp, after: Timestamp, then: i64) -> i64 {
    match then {
        then if then < before.0 => before.0.saturating_sub(then),
        then if then > after.0 => after.0.saturating_sub(then),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, SetClock, StubResponse, provider_of};

    const SERVERS: &str = "authorize.url = 'https://as.example/auth'\ntoken.url = 'https://as.example/token'\n\
                           api.base = 'https://api.example/v1?x'";

    #[test]
    fn each_server_is_listed_once_with_its_purposes() {
        let servers = servers(&provider_of(SERVERS, &[]));
        let shown: Vec<_> =
            servers.iter().map(|server| (server.endpoint.origin().to_string(), &server.purposes)).collect();
        assert_eq!(shown[0], ("https://as.example".to_owned(), &vec!["authorize", "token"]));
        assert_eq!(shown[1], ("https://api.example".to_owned(), &vec!["API"]));
    }

    #[test]
    fn nothing_of_the_endpoint_is_sent_and_the_clocks_are_compared() {
        for (date, age, ahead) in [
            ("Thu, 01 Jan 1970 00:16:40 GMT", "", Some(0)),
            ("Thu, 01 Jan 1970 00:10:00 GMT", "", Some(400)),
            ("Thu, 01 Jan 1970 00:10:00 GMT", "400", Some(0)),
            ("Thu, 01 Jan 1970 01:00:00 GMT", "", Some(-2600)),
            ("yesterday", "", None),
        ] {
            let http = Scripted::new(|_| Ok(StubResponse::new(404, "").with("date", date).with("age", age)));
            let server = servers(&provider_of(SERVERS, &[])).pop().unwrap();
            let visit = visit(server, &http, &SetClock::at(1000));
            assert_eq!(visit.outcome.unwrap().ahead, ahead, "{date} {age}");
            assert_eq!(http.paths(), ["/"]);
            assert_eq!((visit.sent[0].method.as_str(), visit.sent[0].url.as_str()), ("HEAD", "https://api.example/"));
        }
    }
}
