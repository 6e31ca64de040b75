//! Asks whether the provider accepts the client's authentication: one request with the configured method.
//!
//! A random token is sent to be revoked, because the server checks the client first (RFC 7009 §2.1) and an unknown token is
//! no error. Where nothing can be revoked, a random code is exchanged: `invalid_grant` means that the client was not
//! refused. No second method is tried, and no wrong secret is sent: servers count those, and lock clients.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::Recorder;
use crate::flow::FlowError;
use crate::flow::client::Client;
use crate::flow::refusal::Refusal;
use crate::flow::revoke::{Revocation, TokenTypeHint, revoke};
use crate::flow::token_endpoint::request_token;
use crate::protocol::advice::with_causes;
use crate::protocol::check::Sent;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::AuthorizationCode;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::TokenReplyError;
use crate::provider::quirks::Pkce;
use crate::system::entropy::{Entropy, NoEntropy, random};
use crate::system::http::HttpClient;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The server answered as it does to a client that it knows.
    Accepted,
    Refused,
    CannotTell,
    /// The answer did not come.
    NoAnswer,
}

pub struct Asked {
    pub acceptance: Acceptance,
    /// What the server answered.
    pub why: String,
    pub sent: Vec<Sent>,
}

/// Asks with one request.
pub fn ask(
    http: &dyn HttpClient,
    client: &Client,
    redirect_uri: &RedirectUri,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Asked, FlowError> {
    let recorder = Recorder::new(http, "to see whether the client's authentication is accepted");
    let made_up = made_up(entropy)?;
    let outcome = match client.provider.endpoints.revoke {
        Some(_) => by_revocation(&recorder, client, &made_up),
        None => by_code(&recorder, client, redirect_uri, made_up, entropy, now),
    };
    let (acceptance, why) = outcome?;
    Ok(Asked { acceptance, why, sent: recorder.into_sent() })
}

/// Returns a text that no server has issued.
fn made_up(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>(entropy)?))
}

fn by_revocation(http: &dyn HttpClient, client: &Client, token: &str) -> Result<(Acceptance, String), FlowError> {
    let about = "the revocation of a random token";
    Ok(match revoke(http, client, token, TokenTypeHint::AccessToken) {
        Ok(Revocation::Done) => (Acceptance::Accepted, format!("{about} was answered with success")),
        Ok(Revocation::Unsupported) => {
            (Acceptance::Accepted, format!("{about} was answered with `unsupported_token_type`"))
        }
        Ok(Revocation::NoEndpoint) => (Acceptance::CannotTell, "there is no revocation endpoint".to_owned()),
        Err(FlowError::NotRevoked { status, refusal, reply, .. }) => judged(about, status, refusal.as_deref(), &reply),
        Err(error @ FlowError::RevocationRequest(_)) => (Acceptance::NoAnswer, with_causes(&error)),
        Err(error) => return Err(error),
    })
}

fn by_code(
    http: &dyn HttpClient,
    client: &Client,
    redirect_uri: &RedirectUri,
    code: String,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(Acceptance, String), FlowError> {
    let about = "the exchange of a random code";
    let code_verifier = match client.provider.definition.pkce() {
        Pkce::S256 => Some(CodeVerifier::from_random(random(entropy)?)),
        Pkce::Off => None,
    };
    let code = AuthorizationCode::new(code);
    let request = TokenRequest {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        grant: Grant::AuthorizationCode { code, redirect_uri: redirect_uri.as_str().to_owned(), code_verifier },
        state: None,
    };
    Ok(match request_token(http, &client.provider, &request, now) {
        // A token for a code that nobody issued.
        Ok(_) => (Acceptance::CannotTell, format!("{about} was answered with a token, which was thrown away")),
        Err(FlowError::TokenReply(no_token)) => match &no_token.reply {
            TokenReplyError::Refused { status, error, .. } => {
                let sent = no_token.sent.as_ref();
                let refusal = sent.map(|sent| Refusal { error: (**error).clone(), sent: sent.clone() });
                judged(about, *status, refusal.as_ref(), "")
            }
            other => (Acceptance::CannotTell, format!("{about} was answered with something else: {other}")),
        },
        Err(error @ FlowError::TokenRequest(_)) => (Acceptance::NoAnswer, with_causes(&error)),
        Err(error) => return Err(error),
    })
}

/// Judges a refusal by its code (RFC 6749 §5.2).
fn judged(about: &str, status: u16, refusal: Option<&Refusal>, reply: &str) -> (Acceptance, String) {
    let Some(refusal) = refusal else {
        let acceptance = if status == 401 { Acceptance::Refused } else { Acceptance::CannotTell };
        return (acceptance, format!("{about} was answered with status {status} and {reply}"));
    };
    let error = &refusal.error;
    let acceptance = match error.code.as_str() {
        // Some servers say `unauthorized_client` of a wrong secret.
        _ if refusal.is_about_the_client() => Acceptance::Refused,
        "invalid_grant"
        | "invalid_token"
        | "unauthorized_client"
        | "unsupported_token_type"
        | "unsupported_grant_type" => Acceptance::Accepted,
        _ if status == 401 => Acceptance::Refused,
        _ => Acceptance::CannotTell,
    };
    (acceptance, format!("{about} was answered with status {status} ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted, provider_of};
    use crate::protocol::client::ClientId;
    use crate::protocol::secret::ClientSecret;
    use crate::system::entropy::OsEntropy;

    const REVOKES: &str = "token.url = 'https://as.example/token'\nrevoke.url = 'https://as.example/revoke'\n\
                           token.auth = 'basic'";
    const EXCHANGES: &str = "token.url = 'https://as.example/token'\ntoken.auth = 'body'";

    fn asked(definition: &str, reply: Reply<'_>) -> (Asked, Scripted<'static>) {
        let client_secret = Some(ClientSecret::new("canary-secret"));
        let client = Client { provider: provider_of(definition, &[]), client_id: ClientId::new("id"), client_secret };
        let http = Scripted::replies(&[reply]);
        let redirect_uri = RedirectUri::parse("http://127.0.0.1:8765/callback").unwrap();
        let asked = ask(&http, &client, &redirect_uri, &OsEntropy, Timestamp(0)).unwrap();
        (asked, http)
    }

    #[test]
    fn one_request_with_the_configured_method_decides() {
        use Acceptance::{Accepted, CannotTell, Refused};
        let error = |code: &str| format!("{{\"error\":\"{code}\"}}");
        for (definition, status, body, expected) in [
            (REVOKES, 200, String::new(), Accepted),
            (REVOKES, 400, error("unsupported_token_type"), Accepted),
            (REVOKES, 400, error("invalid_token"), Accepted),
            (REVOKES, 401, error("invalid_client"), Refused),
            (REVOKES, 401, "no".to_owned(), Refused),
            (REVOKES, 400, error("invalid_request"), CannotTell),
            (REVOKES, 503, String::new(), CannotTell),
            (REVOKES, 302, String::new(), CannotTell),
            (EXCHANGES, 400, error("invalid_grant"), Accepted),
            (EXCHANGES, 400, error("unauthorized_client"), Accepted),
            (EXCHANGES, 400, error("invalid_client"), Refused),
            (EXCHANGES, 401, error("access_denied"), Refused),
            (EXCHANGES, 400, error("invalid_request"), CannotTell),
            (EXCHANGES, 200, "{\"access_token\":\"canary-token\"}".to_owned(), CannotTell),
            (EXCHANGES, 500, String::new(), CannotTell),
        ] {
            let (asked, http) = asked(definition, (status, "", &body));
            assert_eq!(asked.acceptance, expected, "{status} {body}: {}", asked.why);
            assert_eq!((http.requests().len(), asked.sent.len()), (1, 1));
            assert!(!format!("{} {:?}", asked.why, asked.sent).contains("canary"), "{}", asked.why);
        }
    }
}
