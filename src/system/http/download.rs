//! Connections to addresses that a server has named.
//!
//! Each host has a client of its own, which shares no connection, certificate or cookie with the API's. The names are
//! resolved here, and the client knows no other addresses than those that were found good: between the check and the
//! connection no name is asked for again.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::blocking::Client;
use reqwest::dns::{Name, Resolve, Resolving};
use url::{Host, Url};

use super::{HttpError, Reach, Reason};
use crate::system::process;

/// How many hosts have a client at once. Every page of a collection may be at another one.
const MAX_CLIENTS: usize = 8;

type Key = (bool, String, Reach);

/// The clients for downloads, and the resolver that they depend on.
pub(super) struct Downloads {
    clients: Mutex<HashMap<Key, Client>>,
    pub lookup: fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
}

impl Default for Downloads {
    fn default() -> Self {
        Self { clients: Mutex::default(), lookup: |name, port| Ok((name, port).to_socket_addrs()?.collect()) }
    }
}

impl Downloads {
    /// Returns the client for a host, made if there is none yet.
    pub fn client(
        &self,
        (secure, host, from): (bool, &str, Reach),
        make: impl FnOnce() -> Result<Client, HttpError>,
    ) -> Result<Client, HttpError> {
        let key = (secure, host.to_owned(), from);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = make()?;
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// Takes the clients away, to be ended.
    pub fn take(&mut self) -> Vec<Client> {
        let clients = self.clients.get_mut().unwrap_or_else(PoisonError::into_inner);
        clients.drain().map(|(_, client)| client).collect()
    }

    /// Resolves the host of a URL if it is a name, and keeps the addresses that a redirect from there may lead to. A
    /// resolver that is silent for so long has no answer.
    pub fn resolve(&self, url: &Url, from: Reach, limit: Duration) -> Result<Target, HttpError> {
        let Some(Host::Domain(name)) = url.host() else { return Ok(Target::default()) };
        let mut addresses = self.look_up(url, name, limit)?;
        let nearest = nearest(&addresses);
        addresses.retain(|address| Reach::of(address.ip()) >= from);
        match nearest {
            Some(reach) if addresses.is_empty() => Err(HttpError::out_of_reach(url, reach, from)),
            _ => Ok(Target { name: name.to_owned(), addresses }),
        }
    }

    /// Refuses a URL whose name has an address that is nearer than `from`.
    pub fn check(&self, url: &Url, from: Reach, limit: Duration) -> Result<(), HttpError> {
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        let nearest = self.look_up(url, name, limit).ok().and_then(|addresses| nearest(&addresses));
        let nearer = nearest.filter(|reach| *reach < from);
        nearer.map_or(Ok(()), |reach| Err(HttpError::out_of_reach(url, reach, from)))
    }

    /// Returns the addresses of a name; never none.
    fn look_up(&self, url: &Url, name: &str, limit: Duration) -> Result<Vec<SocketAddr>, HttpError> {
        let origin = || url.origin().ascii_serialization();
        let failed = |error: io::Error| HttpError::Connect { origin: origin(), source: Reason(error.to_string()) };
        let (report, result) = mpsc::channel();
        let (lookup, asked) = (self.lookup, (name.to_owned(), url.port_or_known_default().unwrap_or_default()));
        // There is no listener any more if it takes too long.
        process::in_background("resolve", move || drop(report.send(lookup(&asked.0, asked.1)))).map_err(failed)?;
        let timeout = |_| HttpError::Timeout { origin: origin(), seconds: limit.as_secs() };
        let addresses = result.recv_timeout(limit).map_err(timeout)?.map_err(failed)?;
        match addresses.is_empty() {
            true => Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address"))),
            false => Ok(addresses),
        }
    }
}

fn nearest(addresses: &[SocketAddr]) -> Option<Reach> {
    addresses.iter().map(|address| Reach::of(address.ip())).min()
}

/// A name with the addresses that it stands for. The address of an IP literal stands in the URL.
#[derive(Debug, Default)]
pub(super) struct Target {
    name: String,
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// Lets a client know these addresses and no others.
    pub fn pin(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.dns_resolver(Arc::new(NoResolver)).resolve_to_addrs(&self.name, &self.addresses)
    }
}

/// A resolver that knows no names.
struct NoResolver;

impl Resolve for NoResolver {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::ready(Err("the name was not resolved beforehand".into())))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use http::Method;

    use super::*;
    use crate::protocol::message::HttpRequest;
    use crate::system::http::{HttpClient, NetworkClient, SILENCE};

    fn at(addresses: &[&str]) -> Vec<SocketAddr> {
        addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 443)).collect()
    }

    fn lookup(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(match name {
            "nowhere.test" => Vec::new(),
            "private.test" => at(&["10.0.0.1", "fd00::1"]),
            "mixed.test" => at(&["10.0.0.1", "8.8.8.8", "169.254.169.254", "::1"]),
            "mapped.test" => at(&["::ffff:192.168.0.1"]),
            "here.test" => vec![SocketAddr::new("127.0.0.1".parse().unwrap(), port)],
            _ => return Err(io::ErrorKind::NotFound.into()),
        })
    }

    fn downloads() -> Downloads {
        Downloads { lookup, ..Downloads::default() }
    }

    #[test]
    fn a_name_is_checked_by_all_that_it_stands_for() {
        let check = |host: &str, from| {
            let url = Url::parse(&format!("https://{host}/token")).unwrap();
            downloads().check(&url, from, SILENCE).err().map(|error| matches!(error, HttpError::OutOfReach { .. }))
        };
        // What is checked is connected to later, by any of its addresses.
        for nearer in ["private.test", "mixed.test", "mapped.test", "here.test"] {
            assert_eq!(check(nearer, Reach::Internet), Some(true), "{nearer}");
            assert_eq!(check(nearer, Reach::Loopback), None, "{nearer}");
        }
        for nothing in ["nowhere.test", "unknown.test"] {
            assert_eq!(check(nothing, Reach::Internet), None, "nothing can be sent there");
        }
    }

    #[test]
    fn only_addresses_as_far_as_the_redirect_are_kept() {
        use Reach::{Internet, Link, Loopback, Private};
        let resolve = |name: &str, from| {
            let url = Url::parse(&format!("https://{name}/")).unwrap();
            downloads().resolve(&url, from, SILENCE).map(|target| target.addresses)
        };
        assert_eq!(resolve("mixed.test", Internet).unwrap(), at(&["8.8.8.8"]));
        assert_eq!(resolve("mixed.test", Private).unwrap(), at(&["10.0.0.1", "8.8.8.8"]));
        assert_eq!(resolve("mixed.test", Link).unwrap(), at(&["10.0.0.1", "8.8.8.8", "169.254.169.254"]));
        assert_eq!(resolve("mixed.test", Loopback).unwrap().len(), 4);
        for (host, found) in [("private.test", Private), ("mapped.test", Private), ("here.test", Loopback)] {
            let refused = resolve(host, Internet);
            assert!(
                matches!(refused, Err(HttpError::OutOfReach { reach, from: Internet, .. }) if reach == found),
                "{host}: {refused:?}"
            );
        }
        for host in ["nowhere.test", "unknown.test"] {
            assert!(matches!(resolve(host, Loopback), Err(HttpError::Connect { .. })), "{host}");
        }
    }

    #[test]
    fn no_connection_is_made_to_an_address_that_is_too_near() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut client = NetworkClient::default();
        client.downloads = downloads();
        let ask = |host: &str, from| {
            let url = Url::parse(&format!("https://{host}:{port}/x")).unwrap();
            client.download(&HttpRequest::new(Method::GET, url), from).err().unwrap()
        };
        for host in ["here.test", "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
            for from in [Reach::Link, Reach::Private, Reach::Internet] {
                let refused = ask(host, from);
                assert!(matches!(refused, HttpError::OutOfReach { reach: Reach::Loopback, .. }), "{host}: {refused}");
            }
        }
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        // From this machine one is, which ends at once.
        listener.set_nonblocking(false).unwrap();
        let server = std::thread::spawn(move || drop(listener.accept().unwrap()));
        assert!(!matches!(ask("here.test", Reach::Loopback), HttpError::OutOfReach { .. }));
        server.join().unwrap();
    }
}
