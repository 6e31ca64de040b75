//! A document that is read from an address, such as an API's description. No secret is sent. A redirect is followed within
//! its server only: what the document says decides where secrets go, so its server is the one that a person has named.

use url::Url;

use super::discovery::{Fetched, fetch};
use super::error::FlowError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::provider::Endpoint;
use crate::system::http::HttpClient;

#[derive(Debug, thiserror::Error)]
pub enum NoDocument {
    #[error("`{address}` is not the address of a document: {problem}")]
    BadAddress { address: String, problem: &'static str },
    #[error("{address} answered with status {status}")]
    Status { address: String, status: u16 },
    #[error("{address} leads to another server, {target}")]
    Elsewhere { address: String, target: String },
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl Advice for NoDocument {
    fn next_step(&self) -> NextStep {
        match self {
            Self::BadAddress { .. } => ExitCode::Usage.hint("name a file, or an https address"),
            Self::Status { .. } => {
                ExitCode::Network.hint("check the address in a browser, or save the document and name the file")
            }
            Self::Elsewhere { .. } => ExitCode::Refused.hint("if you trust that server, name its address instead"),
            Self::Flow(error) => error.next_step(),
        }
    }
}

/// Returns a document of at most `max` bytes.
pub fn document(http: &dyn HttpClient, address: &Url, max: u64) -> Result<Vec<u8>, NoDocument> {
    let shown = sanitize::line(address.as_str());
    if let Err(problem) = Endpoint::parse(address.as_str()) {
        return Err(NoDocument::BadAddress { address: shown, problem });
    }
    match fetch(http, address)? {
        Fetched::Elsewhere(target) => {
            Err(NoDocument::Elsewhere { address: shown, target: target.origin().ascii_serialization() })
        }
        Fetched::Reply(reply) if reply.status != 200 => {
            Err(NoDocument::Status { address: shown, status: reply.status })
        }
        Fetched::Reply(reply) => Ok(reply.read(max).map_err(FlowError::Discovery)?),
    }
}
