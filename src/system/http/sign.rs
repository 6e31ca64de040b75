//! What a person is told who waits for a server: see [`waiting`]. Every request is sent through here, so no command has to
//! think of it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use url::Url;

use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::system::waiting::{self, Knows, Wait};

/// Waits for the reply to a request. `sent` counts what is sent of an upload.
pub fn of_request(request: &HttpRequest, sent: Option<(Arc<AtomicU64>, Option<u64>)>) -> Wait {
    let (host, words) = (host(&request.url), words(request));
    waiting::begin(Knows::Request, move || match &sent {
        Some((sent, length)) if length.is_none_or(|length| sent.load(Ordering::Relaxed) < length) => {
            format!("Sending to {host}, {}", of(sent.load(Ordering::Relaxed), *length))
        }
        _ => words.clone(),
    })
}

/// Waits for the addresses of a name.
pub fn of_name(url: &Url) -> Wait {
    let host = host(url);
    waiting::begin(Knows::Request, move || format!("Looking up {host}"))
}

fn words(request: &HttpRequest) -> String {
    let host = host(&request.url);
    match request.leg {
        Leg::Discovery => format!("Asking {host} what it offers"),
        Leg::Registration if request.method == Method::POST => format!("Registering a client with {host}"),
        Leg::Registration if request.method == Method::DELETE => format!("Deleting the client at {host}"),
        Leg::Registration => format!("Asking {host} about the client"),
        Leg::PushedRequest => format!("Preparing the login at {host}"),
        Leg::DeviceCode => format!("Asking {host} for a code"),
        Leg::Token => format!("Asking {host} for a token"),
        Leg::Refresh => format!("Asking {host} for a new token"),
        Leg::Revocation => format!("Revoking a token at {host}"),
        Leg::Introspection => format!("Asking {host} about the token"),
        Leg::Userinfo => format!("Asking {host} who the account is"),
        Leg::Keys => format!("Asking {host} for its keys"),
        Leg::Api | Leg::Other => format!("Waiting for {host}"),
    }
}

/// `api.example:8443`
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A body that is waited for: from the first read on, until its end.
pub struct Awaited {
    inner: Box<dyn Read + Send>,
    host: String,
    came: Arc<AtomicU64>,
    wait: Option<Wait>,
}

impl Awaited {
    pub fn new(inner: Box<dyn Read + Send>, url: &Url) -> Self {
        Self { inner, host: host(url), came: Arc::default(), wait: None }
    }
}

impl Read for Awaited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (host, came) = (&self.host, &self.came);
        self.wait.get_or_insert_with(|| {
            let (host, came) = (host.clone(), Arc::clone(came));
            waiting::begin(Knows::Request, move || match came.load(Ordering::Relaxed) {
                0 => format!("Waiting for {host}"),
                bytes => format!("Receiving from {host}, {}", of(bytes, None)),
            })
        });
        let read = self.inner.read(buffer);
        match &read {
            Ok(1..) => drop(came.fetch_add(*read.as_ref().unwrap_or(&0) as u64, Ordering::Relaxed)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => self.wait = None,
        }
        read
    }
}

/// `12.3 MB`, `1.2 MB of 40 MB`
fn of(bytes: u64, all: Option<u64>) -> String {
    let shown = |bytes: u64| match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{:02} GB", bytes / 1_000_000_000, bytes / 10_000_000 % 100),
    };
    all.map_or_else(|| shown(bytes), |all| format!("{} of {}", shown(bytes), shown(all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_told_shortly() {
        for (bytes, all, told) in [
            (0, None, "0 bytes"),
            (12_345, None, "12 kB"),
            (1_234_567, Some(40_000_000), "1.2 MB of 40.0 MB"),
            (3_070_000_000, None, "3.07 GB"),
        ] {
            assert_eq!(of(bytes, all), told);
        }
    }

    #[test]
    fn neither_a_query_nor_a_password_is_told() {
        let url: Url = "https://me:hunter2@api.example:8443/path?token=canary".parse().unwrap();
        let request = HttpRequest::new(Method::GET, url).for_leg(Leg::Userinfo);
        assert_eq!(words(&request), "Asking api.example:8443 who the account is");
    }
}
