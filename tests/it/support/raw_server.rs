//! A scripted server: for each connection it reads one request and runs the next script. It serves faults below HTTP
//! that an HTTP server would never produce.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The reaction to a connection whose request was read.
pub type Script = Box<dyn FnOnce(TcpStream) + Send>;

/// A request that ends the server, after all earlier requests.
const STOP: &str = "STOP\r\n\r\n";

pub struct RawServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Starts a server with one script per connection. Further connections are closed without an answer.
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut scripts) = (Arc::clone(&requests), scripts.into_iter().collect::<VecDeque<_>>());
        let serve = move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                if request == STOP {
                    return;
                }
                seen.lock().unwrap().push(request);
                if let Some(script) = scripts.pop_front() {
                    script(stream);
                }
            }
        };
        Self { address, requests, thread: Some(std::thread::spawn(serve)) }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the server and returns the exact bytes of every request.
    pub fn stop(mut self) -> Vec<String> {
        self.end();
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            let _ = stream.write_all(STOP.as_bytes());
        }
        let _ = thread.join();
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends these bytes and closes the connection.
pub fn reply(bytes: impl Into<Vec<u8>>) -> Script {
    let bytes = bytes.into();
    Box::new(move |mut stream| {
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
    })
}

/// Sends a whole HTTP reply: `status` as in `400 Bad Request`, headers as whole lines.
pub fn http(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Script {
    let body = body.as_ref();
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    reply([head.as_bytes(), body].concat())
}

/// Resets the connection with a RST.
pub fn reset() -> Script {
    Box::new(|stream| socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap())
}

/// Reads the head, and as much body as it announces, or whatever arrives before the peer closes the connection.
pub fn read_request(stream: &mut TcpStream) -> String {
    // A silent peer must not block the test forever.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    read_whole(stream)
}

/// Reads a request from any stream.
pub fn read_whole(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&String::from_utf8_lossy(&bytes)) {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A TLS handshake is not a request, and what follows it waits for an answer.
fn is_whole(request: &str) -> bool {
    if request.starts_with('\x16') {
        return true;
    }
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().filter_map(|line| line.split_once(':'));
    let length =
        length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).find_map(|(_, n)| n.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// Runs a script once the sender says so, or is gone.
pub fn held(script: Script) -> (std::sync::mpsc::Sender<()>, Script) {
    let (go, gone_on) = std::sync::mpsc::channel();
    let held = Box::new(move |stream| {
        let _ = gone_on.recv();
        script(stream);
    });
    (go, held)
}
