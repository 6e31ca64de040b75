//! An API that answers each request according to its content, on any number of concurrent connections, and a login for
//! it.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::Sandbox;
use super::raw_server::read_request;

/// The token of every login created here.
pub const TOKEN: &str = "canary-of-the-access-token";

/// Status, header lines and body.
pub type Reply = (&'static str, Vec<String>, Vec<u8>);

pub struct ApiServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl ApiServer {
    /// Starts a server. `answer` gets the exact request, and returns status, header lines and body.
    pub fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::on((Ipv4Addr::LOCALHOST, 0).into(), answer).unwrap()
    }

    pub fn on(address: SocketAddr, answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Ok(Self { address, requests })
    }

    /// Starts a server that always returns the same answer.
    pub fn always(status: &'static str, headers: &[&str], body: &str) -> Self {
        let headers: Vec<String> = headers.iter().map(|line| (*line).to_owned()).collect();
        let body = body.as_bytes().to_vec();
        Self::start(move |_| (status, headers.clone(), body.clone()))
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the exact bytes of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the last request.
    #[track_caller]
    pub fn last(&self) -> String {
        self.requests().pop().expect("a request came")
    }

    /// Returns a sandbox with a login at a provider `mine` with this API: four token placements, the header first, and
    /// `extra` lines in the definition.
    pub fn login(&self, extra: &str) -> Sandbox {
        let sandbox = Sandbox::new();
        let origin = self.origin();
        sandbox.define(
            "mine",
            &format!(
                "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}/v1'\n\
                 api.token = [{{ in = 'header', name = 'X-Api-Token' }}, {{ in = 'bearer' }}, \
                 {{ in = 'query', name = 'api_token' }}, {{ in = 'body', name = 'api_token' }}]\n{extra}\n"
            ),
        );
        sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], TOKEN).code(0);
        sandbox
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Reply) {
    let request = read_request(&mut stream);
    seen.lock().unwrap().push(request.clone());
    let (status, headers, body) = answer(&request);
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let body = if request.starts_with("HEAD ") { &[] } else { body.as_slice() };
    // The client may be gone.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Returns the target of a request: path and query.
pub fn target(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

/// Returns a parameter of the request's query.
pub fn param(request: &str, name: &str) -> Option<String> {
    let (_, query) = target(request).split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Returns the body of a request.
pub fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
