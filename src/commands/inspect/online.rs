//! The servers' answers about a token, where a flag asks for them.

use super::args::InspectArgs;
use super::error::InspectError;
use super::subject::Subject;
use crate::commands::{Context, introspect};
use crate::flow::ask_api::{self, ApiWord};
use crate::flow::discovery::discover;
use crate::flow::jwks::NoKeys;
use crate::flow::signature::{self, Signature};
use crate::flow::userinfo;
use crate::protocol::advice::with_causes;
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::jws::Jws;
use crate::protocol::sanitize;
use crate::protocol::signing_algorithm::Algorithm;
use crate::provider::{Dialect, Endpoint};
use crate::session::ActiveLogin;
use crate::system::http::HttpClient;

#[derive(Default)]
pub struct Answers {
    pub introspected: Option<IntrospectionResponse>,
    pub userinfo: Option<serde_json::Value>,
    pub api: Option<ApiWord>,
    pub signature: Option<Verified>,
    /// The sources that were asked and said nothing, each with the reason.
    pub silent: Vec<String>,
}

/// A signature that was judged.
pub struct Verified {
    pub issuer: String,
    pub key: Option<String>,
    pub algorithm: String,
    /// What is wrong with it.
    pub result: Result<(), Wrong>,
}

/// The reason why a signature is not right.
pub enum Wrong {
    Forged(&'static str),
    NoKeys(NoKeys),
}

impl Answers {
    pub fn ask(args: &InspectArgs, subject: &Subject, context: &Context) -> Result<Self, InspectError> {
        let mut answers = Self::default();
        if args.sends_token().is_none() && !args.verifies() {
            return Ok(answers);
        }
        let login = subject.login.as_ref();
        let http = context.session.http(login.map(|login| &login.token))?;
        if args.verifies() {
            answers.signature = Some(verify(args, subject, http.as_ref())?);
        }
        // A token that belongs to no login goes nowhere: `Subject` has refused it.
        if let Some(login) = login {
            answers.ask_login(args, subject, login, http.as_ref(), context);
        }
        Ok(answers)
    }

    fn ask_login(
        &mut self,
        args: &InspectArgs,
        subject: &Subject,
        login: &ActiveLogin,
        http: &dyn HttpClient,
        context: &Context,
    ) {
        if args.introspect {
            match introspect::ask(login, &subject.token, http, context) {
                Ok(Some(response)) => self.introspected = Some(response),
                Ok(None) => self.silent.push("introspection: the definition has no `introspect.url`".to_owned()),
                Err(why) => self.silent.push(format!("introspection: {why}")),
            }
        }
        if args.userinfo {
            match userinfo::ask(http, &login.provider, &login.token) {
                Ok(claims) => self.userinfo = Some(claims),
                Err(why) => self.silent.push(format!("userinfo: {}", with_causes(&why))),
            }
        }
        if args.api {
            match ask_api::ask(http, &login.provider, &subject.token, context.system.clock.now()) {
                Ok(word) => self.api = Some(word),
                Err(why) => self.silent.push(format!("the API: {}", with_causes(&why))),
            }
        }
    }

    /// Ends the command with what the signature's check came to. Everything has been shown by then.
    pub fn verdict(self) -> Result<(), InspectError> {
        match self.signature {
            Some(Verified { issuer, result: Err(Wrong::Forged(problem)), .. }) => {
                Err(InspectError::Forged { issuer, problem })
            }
            Some(Verified { result: Err(Wrong::NoKeys(why)), .. }) => Err(InspectError::NoKeys(why)),
            _ => Ok(()),
        }
    }
}

/// The keys are those of the login's issuer, or of the one that was typed. The token is asked for neither.
fn verify(args: &InspectArgs, subject: &Subject, http: &dyn HttpClient) -> Result<Verified, InspectError> {
    let jws = Jws::parse(subject.token.expose()).map_err(InspectError::NotAJws)?;
    let not = |problem: String, hint| InspectError::NotVerifiable { problem, hint };
    if jws.algorithm.eq_ignore_ascii_case("none") {
        return Err(not("it is not signed: its algorithm is `none`".to_owned(), "do not trust what it says"));
    }
    let algorithm = Algorithm::named(&jws.algorithm).filter(|algorithm| *algorithm != Algorithm::Hs256);
    let algorithm = algorithm.ok_or_else(|| {
        let problem =
            format!("{} needs a key that no issuer publishes, or is not known here", sanitize::line(&jws.algorithm));
        not(problem, "`--introspect` asks the server about it instead")
    })?;
    let (issuer, endpoint) = keys_of(args, subject, http)?;
    let result = match signature::verify(http, &endpoint, &jws, algorithm) {
        Ok(Signature::Right) => Ok(()),
        Ok(Signature::Wrong) => Err(Wrong::Forged("none of its keys has signed the token")),
        Ok(Signature::UnknownKey) => Err(Wrong::Forged("it does not publish the key that the token names")),
        Err(why) => Err(Wrong::NoKeys(why)),
    };
    let key = jws.kid.as_deref().map(sanitize::line);
    Ok(Verified { issuer, key, algorithm: algorithm.as_str().to_owned(), result })
}

fn keys_of(args: &InspectArgs, subject: &Subject, http: &dyn HttpClient) -> Result<(String, Endpoint), InspectError> {
    let not = |problem: &str, hint| InspectError::NotVerifiable { problem: problem.to_owned(), hint };
    if let Some(issuer) = &args.issuer {
        let metadata = discover(http, issuer)?;
        let url = metadata.jwks_uri.as_deref().and_then(|url| Endpoint::parse(url).ok());
        let hint = "compare the address with the issuer's documents";
        return Ok((sanitize::line(issuer), url.ok_or_else(|| not("the issuer's metadata names no keys", hint))?));
    }
    let hint = "`--issuer URL` names the issuer whose keys to use";
    let login = subject.login.as_ref().ok_or_else(|| not("the token belongs to no login here", hint))?;
    let dialect = Dialect::new(&login.provider);
    let issuer = dialect.id_token_issuer().ok_or_else(|| not("the definition has no `openid.issuer`", hint))?;
    let endpoint = dialect.jwks_endpoint().cloned();
    Ok((issuer, endpoint.ok_or_else(|| not("the definition has no `openid.jwks_url`", hint))?))
}
