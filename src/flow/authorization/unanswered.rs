//! A wait that ended without an answer, and what came in its place.
//!
//! An error that says "nothing came" must be true: people look for the fault where it points.

use std::fmt;

use crate::flow::redirect::{Claim, Unproven};
use crate::protocol::sanitize;

/// A wait that ended without an answer, and what came in its place.
#[derive(Debug)]
pub struct Unanswered {
    pub waited: String,
    /// What was sent.
    pub client_id: String,
    pub redirect_uri: String,
    /// Each kind once, in the order of arrival.
    pub seen: Vec<Seen>,
    pub missing_state_can_be_allowed: bool,
}

/// Something that came in place of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Unproven(Unproven),
    /// The redirect URI was opened, and its page did not hand over its fragment.
    Page,
    Tls,
    PlainHttp,
}

impl std::error::Error for Unanswered {}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waited, seen, .. } = self;
        if seen.is_empty() {
            return write!(f, "no answer arrived within {waited}");
        }
        let seen: Vec<_> = seen.iter().map(ToString::to_string).collect();
        write!(f, "no answer with this login's `state` arrived within {waited}; what came: {}", seen.join("; "))
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unproven(unproven) => write!(f, "{unproven}"),
            Self::Page => f.write_str("the redirect URI without an answer, and nothing from the script of its page"),
            Self::Tls => f.write_str("https at the port, which speaks http"),
            Self::PlainHttp => f.write_str("http at the port, which speaks https"),
        }
    }
}

impl Unanswered {
    /// Returns the way out. Only if nothing came, the redirect URI is the first thing to suspect.
    pub fn hint(&self) -> String {
        let Self { client_id, redirect_uri, .. } = self;
        let Some(seen) = self.seen.first() else {
            return format!(
                "if the provider showed an error page, compare what is registered there with what was sent, character by \
                 character: client ID {}, redirect URI {redirect_uri}",
                sanitize::line(client_id)
            );
        };
        let has_no_state = |seen: &Seen| {
            matches!(seen, Seen::Unproven(Unproven { claim: Claim::Code | Claim::Token, other_state: false }))
        };
        if self.missing_state_can_be_allowed && self.seen.iter().any(has_no_state) {
            return "if that was your own approval, the provider does not return `state`: `--allow-missing-state` accepts \
                    that, as PKCE protects the code"
                .to_owned();
        }
        match seen {
            Seen::Unproven(Unproven { other_state: true, .. }) => {
                "close the tabs of earlier logins, log in again, and finish it in the tab that it opens"
            }
            Seen::Unproven(Unproven { claim: Claim::Error(_), .. }) => {
                "look at the provider's page for its reason; it has to return the `state` that was sent with an error too \
                 (RFC 6749 §4.1.2.1)"
            }
            Seen::Unproven(Unproven { claim: Claim::Jwt, .. }) => {
                "let the provider answer with plain parameters: take `response_mode` out of `authorize.params` in the \
                 definition, or set it to `query` or `form_post`"
            }
            Seen::Unproven(_) => {
                "log in again, and finish it in the tab that it opens; the provider has to return the `state` that was sent \
                 (RFC 6749 §4.1.2)"
            }
            Seen::Page => "allow scripts for that page, or paste its whole address into the terminal",
            Seen::Tls => "the provider has to redirect to `http://`; `--redirect-uri https://localhost:8443/callback` takes https",
            Seen::PlainHttp => "the provider has to redirect to `https://`, as the redirect URI says",
        }
        .to_owned()
    }
}
