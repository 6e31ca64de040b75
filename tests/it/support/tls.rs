//! A TLS server with a self-signed certificate, and a proxy that connects every client to it, whatever host it asks
//! for.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::api_server::Reply;
use super::raw_server::read_whole;

/// Returns what goes into a certificate for these names.
pub fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

pub struct TlsServer {
    pub address: SocketAddr,
    /// The certificate in PEM, or that of its authority. A client that trusts it accepts the server for its names.
    pub certificate: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl TlsServer {
    /// Starts a server. `answer` gets the exact request, and returns status, header lines and body.
    pub fn start(names: &[&str], answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::presenting(params(names), None, answer)
    }

    /// Starts a server with another certificate: one that this authority issued, or one that is self-signed.
    pub fn presenting(
        mut made: CertificateParams,
        authority: Option<&str>,
        answer: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let (chain, certificate) = match authority {
            None => {
                let own = made.self_signed(&key).unwrap();
                (vec![own.der().clone()], own.pem())
            }
            Some(name) => {
                let (mut ca, ca_key) = (CertificateParams::default(), KeyPair::generate().unwrap());
                ca.distinguished_name = DistinguishedName::new();
                ca.distinguished_name.push(DnType::CommonName, name);
                ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                let root = ca.self_signed(&ca_key).unwrap();
                made.distinguished_name = DistinguishedName::new();
                made.distinguished_name.push(DnType::CommonName, "the server");
                let own = made.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
                (vec![own.der().clone(), root.der().clone()], root.pem())
            }
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        let (config, requests) = (Arc::new(config), Arc::new(Mutex::new(Vec::new())));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        let address = listen(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let request = read_whole(&mut stream);
            // A failed handshake brings no request.
            if request.is_empty() {
                return;
            }
            seen.lock().unwrap().push(request.clone());
            let (status, headers, body) = answer(&request);
            let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
            let head =
                format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // The client may be gone.
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        });
        Self { address, certificate, requests }
    }

    /// Returns the exact bytes of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy that connects every client to one server (RFC 9110 §9.3.6).
    pub fn to(server: SocketAddr) -> Self {
        Self::start(move |mut client| {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            join(client, server);
        })
    }

    /// Starts a proxy that requires authentication and rejects all credentials.
    pub fn refusing() -> Self {
        Self::start(|mut client| {
            let head = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"office\"\r\n";
            let _ = client.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes());
        })
    }

    /// Starts a SOCKS5 proxy with a name and a password (RFC 1928, RFC 1929). It records the requested host names.
    pub fn socks(server: SocketAddr) -> Self {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let address = listen(move |mut client| {
            let mut head = [0; 2];
            let take = |client: &mut TcpStream, length: u8| {
                let mut bytes = vec![0; usize::from(length)];
                client.read_exact(&mut bytes).map(|()| bytes).unwrap()
            };
            client.read_exact(&mut head).unwrap();
            take(&mut client, head[1]);
            client.write_all(&[5, 2]).unwrap();
            // The name and the password are each preceded by their length.
            let name = take(&mut client, 2)[1];
            take(&mut client, name);
            let password = take(&mut client, 1)[0];
            take(&mut client, password);
            client.write_all(&[1, 0]).unwrap();
            let length = take(&mut client, 5)[4];
            let host = take(&mut client, length);
            take(&mut client, 2);
            seen.lock().unwrap().push(String::from_utf8(host).unwrap());
            client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
            join(client, server);
        });
        Self { address, heads }
    }

    fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let address = listen(move |mut stream| {
            seen.lock().unwrap().push(read_whole(&mut stream));
            serve(stream);
        });
        Self { address, heads }
    }

    /// Returns `http://USER@127.0.0.1:PORT`, for `https_proxy`.
    pub fn url(&self, user: &str) -> String {
        format!("http://{user}@{}", self.address)
    }

    /// Returns the head of every request so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Forwards data in both directions, until both ends are done.
fn join(mut client: TcpStream, server: SocketAddr) {
    let mut server = TcpStream::connect(server).unwrap();
    let (mut back, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let backward = std::thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Write);
    backward.join().unwrap();
}

/// Serves each connection in its own thread; all end with the test's process.
fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}
