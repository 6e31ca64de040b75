//! The reasons why nobody can log in by an address.

use crate::flow::FlowError;
use crate::flow::discovery::DiscoveryError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::member::WrongKind;
use crate::protocol::sanitize;
use crate::system::http::{HttpError, Reach};
use crate::system::shell::quoted;

#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("`{text}` is not an address to log in at: {problem}")]
    NotAnAddress { text: String, problem: &'static str, meant: Option<String> },
    #[error("`{address}` publishes nothing that says how to log in: {}", tried.join(", "))]
    NoMetadata { address: String, tried: Vec<String> },
    /// `problem` begins with what the document says.
    #[error("the metadata at {location} contradicts itself or its address: `{member}` is {problem}")]
    Contradiction { location: String, member: &'static str, problem: String },
    #[error("the metadata at {location} cannot be used")]
    Malformed {
        location: String,
        #[source]
        source: WrongKind,
    },
    #[error("{named} is on {reach}, and the server that names it is on {from}")]
    Private { named: String, reach: Reach, from: Reach },
    #[error("`{issuer}` {}, so a stolen code could be used by another program", said(methods.as_deref()))]
    NoPkce {
        issuer: String,
        methods: Option<Vec<String>>,
        /// MCP forbids to go on (and so does a resource that may be one).
        is_resource: bool,
    },
    #[error("the resource has several authorization servers: {}", servers.join(", "))]
    SeveralServers { servers: Vec<String> },
    #[error("`{issuer}` is not an authorization server of that resource, which names {}", servers.join(", "))]
    OtherServer { issuer: String, servers: Vec<String> },
    #[error("{address} could not be asked")]
    Unreachable {
        address: String,
        #[source]
        source: HttpError,
    },
}

fn said(methods: Option<&[String]>) -> String {
    match methods {
        None => "does not say that it checks PKCE with S256 (`code_challenge_methods_supported`)".to_owned(),
        Some(methods) => {
            let methods = sanitize::line(&methods.join(", "));
            format!("checks PKCE only with {methods} (`code_challenge_methods_supported`), and not with S256")
        }
    }
}

impl AddressError {
    /// Wraps a failed request. `address` is what was asked.
    pub fn http(address: impl Into<String>, source: HttpError) -> Self {
        match source {
            HttpError::OutOfReach { origin, reach, from } => Self::Private { named: origin, reach, from },
            source => Self::Unreachable { address: sanitize::line(&address.into()), source },
        }
    }

    /// Wraps what is wrong with the metadata of `issuer`. `tried` are the answers so far.
    pub(super) fn of_issuer(issuer: &str, error: FlowError, mut tried: Vec<String>) -> Self {
        let contradiction = |location: String, member, problem| Self::Contradiction { location, member, problem };
        let shown = || sanitize::line(issuer);
        match error {
            FlowError::Discovery(error) => Self::http(issuer, error),
            FlowError::Metadata(error) => match error {
                DiscoveryError::Malformed { location, source } => Self::Malformed { location, source },
                DiscoveryError::OtherIssuer { asked, said } => {
                    contradiction(shown(), "issuer", format!("`{said}`, and `{asked}` was asked (RFC 8414 §3.3)"))
                }
                DiscoveryError::UnsafeEndpoint { member, url, problem } => {
                    contradiction(shown(), member, format!("`{url}`: {problem}"))
                }
                DiscoveryError::NotFound { tried: more, .. } => {
                    tried.push(more);
                    Self::NoMetadata { address: shown(), tried }
                }
                DiscoveryError::Redirected { location, target, .. } => {
                    tried.push(format!("{location} redirects to {target}, which cannot speak for it"));
                    Self::NoMetadata { address: shown(), tried }
                }
                DiscoveryError::NotAnIssuer { meant, .. } => {
                    let problem = "it must be an https URL without query and fragment (RFC 8414 §2)";
                    Self::NotAnAddress { text: shown(), problem, meant }
                }
                DiscoveryError::Placeholder { .. } => {
                    Self::NotAnAddress { text: shown(), problem: "it has a part to fill in", meant: None }
                }
            },
            // Discovery has no others.
            other => {
                tried.push(other.to_string());
                Self::NoMetadata { address: shown(), tried }
            }
        }
    }
}

impl Advice for AddressError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotAnAddress { meant: Some(meant), .. } => {
                ExitCode::Usage.hint(format!("run `oauthctl login {}`", quoted(meant)))
            }
            Self::NotAnAddress { meant: None, .. } => ExitCode::Usage.hint(
                "write the https address of an issuer or of a resource, such as an MCP server; `oauthctl providers list` \
                 has the providers that need none",
            ),
            Self::NoMetadata { .. } => ExitCode::Definition.hint(
                "check the address; if it is right, ask the server's documents for its issuer and add `--issuer URL`, or for \
                 its endpoints: `oauthctl providers new ID --authorize URL --token URL`",
            ),
            Self::Contradiction { .. } | Self::Malformed { .. } => ExitCode::Definition.hint(
                "nothing was sent there; tell the server's operator, or use the address that the document names if that is \
                 the server you mean",
            ),
            Self::Private { .. } => ExitCode::Refused.hint(
                "such an address is not used: a server could make this machine ask others in its name. If it is right, \
                 write a definition by hand: `oauthctl providers new ID`",
            ),
            Self::NoPkce { is_resource: true, .. } => ExitCode::Refused.hint(
                "MCP clients must not go on (MCP authorization, PKCE); tell the server's operator. For an API that is not an \
                 MCP server, write a definition: `oauthctl providers new ID --issuer URL`",
            ),
            Self::NoPkce { is_resource: false, .. } => {
                ExitCode::Refused.hint("add `--allow-no-pkce` to log in without that protection")
            }
            Self::SeveralServers { servers } => ExitCode::Usage.hint(format!(
                "choose one with `--issuer {}`",
                servers.first().map(|server| quoted(server)).unwrap_or_default()
            )),
            Self::OtherServer { .. } => ExitCode::Definition.hint("leave `--issuer` out, or name one of those"),
            Self::Unreachable { source: HttpError::Overdue { .. }, .. } => {
                ExitCode::Network.hint("try again; nothing was sent but questions for metadata")
            }
            Self::Unreachable { source, .. } => source.next_step(),
        }
    }
}
