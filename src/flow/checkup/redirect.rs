//! Asks the provider about a redirect URI: one authorization request as a login would send it, and, if its end proves
//! nothing, the same with a redirect URI that no one can have registered.

use url::Url;

use super::Recorder;
use super::standing::{Judgement, Standing, by_comparison, by_itself, evidence};
use super::trip::{Trip, travel};
use crate::flow::FlowError;
use crate::protocol::authorization::{AuthorizationRequest, ResponseType};
use crate::protocol::check::Sent;
use crate::protocol::client::ClientId;
use crate::protocol::id_token::OPENID;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::state::State;
use crate::provider::quirks::Pkce;
use crate::provider::{Dialect, Provider};
use crate::system::entropy::{Entropy, random};
use crate::system::http::HttpClient;

/// A redirect URI that no client has: the name can never exist (RFC 6761 §6.4).
const MADE_UP: &str = "https://oauthctl-doctor.invalid/not-registered";

/// The question: is this redirect URI registered for this client?
pub struct Registration<'a> {
    pub provider: &'a Provider,
    pub client_id: &'a ClientId,
    pub redirect_uri: &'a RedirectUri,
    /// True if the provider speaks OpenID Connect, which can be asked without showing a page.
    pub speaks_openid: bool,
}

/// The answer.
pub struct Asked {
    pub judgement: Judgement,
    pub evidence: Vec<String>,
    pub sent: Vec<Sent>,
}

impl Registration<'_> {
    /// Asks. What is sent is the request that a browser would carry, without cookies.
    pub fn ask(&self, http: &dyn HttpClient, entropy: &dyn Entropy) -> Result<Asked, FlowError> {
        if let Some(why) = self.cannot_be_asked() {
            let judgement = Judgement { standing: Standing::CannotTell, why: why.to_owned() };
            return Ok(Asked { judgement, evidence: Vec::new(), sent: Vec::new() });
        }
        let provider = self.without_a_page();
        let dialect = Dialect::new(&provider);
        let recorder = Recorder::new(http, "to see whether the redirect URI is registered");
        let ours = self.travel(&recorder, &dialect, self.redirect_uri, entropy)?;
        let seen = evidence("the redirect URI", &ours);
        let (judgement, evidence) = match by_itself(&ours) {
            Some(judgement) => (judgement, vec![seen]),
            None => {
                let made_up = RedirectUri::parse(MADE_UP).unwrap_or_else(|_| self.redirect_uri.clone());
                let other = self.travel(&recorder, &dialect, &made_up, entropy)?;
                (by_comparison(&ours, &other), vec![seen, evidence("a made-up one", &other)])
            }
        };
        Ok(Asked { judgement, evidence, sent: recorder.into_sent() })
    }

    fn cannot_be_asked(&self) -> Option<&'static str> {
        let dialect = Dialect::new(self.provider);
        if dialect.requires_pushed_requests() {
            return Some("the provider takes pushed requests only (RFC 9126), which the client has to authenticate");
        }
        if dialect.authorization_request_omits("redirect_uri") {
            return Some("the provider is not told the redirect URI: it always uses the registered one");
        }
        dialect
            .is_read_by_a_page()
            .then_some("a page of the provider reads the request in the browser, and its server does not see it")
    }

    /// Returns the provider as it is asked: with `prompt=none` it answers at once (OpenID Connect Core §3.1.2.1).
    fn without_a_page(&self) -> Provider {
        let mut asked_for = self.provider.asked_for.clone();
        // A form that a page posts would be a page again.
        asked_for.response_mode = None;
        if self.speaks_openid {
            asked_for.authorization.insert("prompt".to_owned(), "none".to_owned());
        }
        self.provider.with_asked_for(asked_for)
    }

    fn travel(
        &self,
        http: &dyn HttpClient,
        dialect: &Dialect<'_>,
        redirect_uri: &RedirectUri,
        entropy: &dyn Entropy,
    ) -> Result<Trip, FlowError> {
        let url = self.request(dialect, redirect_uri, entropy)?;
        Ok(travel(http, dialect, url, redirect_uri))
    }

    fn request(
        &self,
        dialect: &Dialect<'_>,
        redirect_uri: &RedirectUri,
        entropy: &dyn Entropy,
    ) -> Result<Url, FlowError> {
        let definition = &self.provider.definition;
        let response_type = definition.grants().into_iter().find_map(ResponseType::of).unwrap_or(ResponseType::Code);
        let is_code = response_type == ResponseType::Code;
        let code_verifier = match definition.pkce() {
            Pkce::S256 if is_code => Some(CodeVerifier::from_random(random(entropy)?)),
            _ => None,
        };
        let openid: ScopeSet = if self.speaks_openid { ScopeSet::parse(OPENID) } else { ScopeSet::new() };
        let scope = definition.default_scope().union(&openid);
        let nonce = dialect.sends_nonce(&scope).then(|| random(entropy).map(State::from_random)).transpose()?;
        let request = AuthorizationRequest {
            response_type,
            client_id: self.client_id.clone(),
            redirect_uri: redirect_uri.clone(),
            scope,
            state: State::from_random(random(entropy)?).as_str().to_owned(),
            code_challenge: code_verifier.as_ref().map(CodeVerifier::challenge),
            nonce: nonce.as_ref().map(|nonce| nonce.as_str().to_owned()),
        };
        Ok(dialect.authorization_url(&request)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted, provider_of};
    use crate::protocol::params::Params;
    use crate::system::entropy::OsEntropy;

    const SERVER: &str = "authorize.url = 'https://as.example/auth'\ntoken.url = 'https://as.example/token'\n\
                          authorize.params = { prompt = 'consent' }\nscope.default = ['read']";

    fn ask(definition: &str, speaks_openid: bool, replies: &[Reply<'_>]) -> (Asked, Vec<Params>) {
        let (provider, http) = (provider_of(definition, &[]), Scripted::replies(replies));
        let redirect_uri = RedirectUri::parse("http://127.0.0.1:8765/callback").unwrap();
        let client_id = &ClientId::new("mine");
        let question = Registration { provider: &provider, client_id, redirect_uri: &redirect_uri, speaks_openid };
        let asked = question.ask(&http, &OsEntropy).unwrap();
        let sent = http.requests().iter().map(|request| super::super::trip::params_of(&request.url)).collect();
        (asked, sent)
    }

    #[test]
    fn openid_proves_it_with_one_request() {
        let back = "http://127.0.0.1:8765/callback?error=login_required";
        let (asked, sent) = ask(SERVER, true, &[(303, back, "")]);
        assert_eq!((asked.judgement.standing, sent.len(), asked.sent.len()), (Standing::Registered, 1, 1));
        let value = |name| sent[0].single(name).unwrap();
        assert_eq!((value("prompt"), value("scope")), (Some("none"), Some("read openid")));
        assert!(value("state").is_some() && value("nonce").is_some() && value("code_challenge").is_some());
    }

    #[test]
    fn otherwise_a_made_up_uri_is_asked_with_secrets_of_its_own() {
        let refused = "{\"error\":\"invalid_redirect_uri\"}";
        let replies = [(302, "/login?next=1", ""), (200, "", "<form>Sign in</form>"), (400, "", refused)];
        let (asked, sent) = ask(SERVER, false, &replies);
        assert_eq!((asked.judgement.standing, sent.len(), asked.sent.len()), (Standing::Registered, 3, 3));
        assert_eq!(sent[0].single("prompt"), Ok(Some("consent")));
        assert_eq!(sent[2].single("redirect_uri"), Ok(Some(MADE_UP)));
        for name in ["state", "code_challenge"] {
            assert_ne!(sent[0].single(name), sent[2].single(name), "{name}");
        }
    }

    #[test]
    fn no_other_server_is_asked() {
        for away in ["https://sso.example/login", "https://as.example:444/login", "http://as.example/login"] {
            let (asked, sent) = ask(SERVER, false, &[(302, away, ""), (302, away, "")]);
            assert_eq!((asked.judgement.standing, sent.len()), (Standing::CannotTell, 2), "{away}");
        }
        let other = "http://127.0.0.1:8765/callback/other?error=login_required";
        let (asked, _) = ask(SERVER, true, &[(302, other, ""), (302, other, "")]);
        assert_eq!(asked.judgement.standing, Standing::CannotTell);
    }

    #[test]
    fn where_a_request_would_prove_nothing_none_is_sent() {
        for more in [
            "authorize.omit = ['redirect_uri']",
            "par.url = 'https://as.example/par'\npar.required = true",
            "authorize.route = '/login'",
        ] {
            let (asked, sent) = ask(&format!("{SERVER}\n{more}"), true, &[]);
            assert_eq!((asked.judgement.standing, sent.len()), (Standing::CannotTell, 0), "{more}");
        }
    }
}
