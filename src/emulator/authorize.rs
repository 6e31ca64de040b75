//! The authorization endpoint (RFC 6749 §3.1): checks the request, asks the person, sends the browser back.

use super::clients::KnownClient;
use super::consent::{ConsentRequest, Grantee, RedirectTarget};
use super::fault::Fault;
use super::ledger::IssuedCode;
use super::page;
use super::script::Step;
use super::site::{Site, random_hex};
use super::token;
use super::wire::Reply;
use crate::protocol::authorization::ResponseType;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::params::Params;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AuthorizationCode;
use crate::provider::Dialect;
use crate::provider::quirks::Pkce;
use crate::system::entropy::NoEntropy;

/// What is wrong with an authorization request. Until client and redirect URI are verified, it is told on a page and not
/// by a redirect (RFC 6749 §4.1.2.1).
pub enum Objection {
    Page { title: &'static str, sentence: String, sent: Option<(String, Vec<RedirectUri>)> },
    Back { back: Box<RedirectTarget>, code: &'static str, description: String },
}

impl Objection {
    fn page(title: &'static str, sentence: impl Into<String>) -> Self {
        Self::Page { title, sentence: sentence.into(), sent: None }
    }

    fn reply(self, site: &Site, is_own: bool) -> Reply {
        match self {
            Self::Page { title, sentence, sent } => page::refusal(site, title, &sentence, sent),
            Self::Back { back, code, description } => refuse(site, &back, is_own, code, &description),
        }
    }

    /// Returns the error as the endpoint for pushed requests words it (RFC 9126 §2.3).
    pub fn error(self) -> ErrorResponse {
        match self {
            Self::Page { title: "Unknown client", sentence, .. } => {
                token::error("invalid_client", Some(&sentence), None)
            }
            Self::Page { sentence, .. } => token::error("invalid_request", Some(&sentence), None),
            Self::Back { code, description, .. } => token::error(code, Some(&description), None),
        }
    }
}

/// Handles a request from the browser.
pub fn ask(site: &Site, query: &str) -> Result<Reply, NoEntropy> {
    let params = Dialect::new(&site.provider).read_authorization_request(Params::from_urlencoded(query));
    let is_own = params.single("client_id").ok().flatten().is_none_or(|id| id == site.client_id.as_str());
    let asked = match pushed(site, params).and_then(|params| judge(site, &params)) {
        Ok(asked) => asked,
        Err(objection) => return Ok(objection.reply(site, is_own)),
    };
    match site.next_answer() {
        Step::Approve(only) => return approve(site, &asked, &Step::granted(only.as_ref(), &asked.scope)),
        Step::Deny => return Ok(deny(site, &asked)),
        Step::Error(code) => {
            return Ok(refuse(site, &asked.back, is_own, &code, "an error, as the consent script says"));
        }
        Step::Page => {}
    }
    let transaction = random_hex(&*site.entropy)?;
    let consent = page::consent(site, &asked, &transaction);
    site.ledger.open_consent(transaction, asked, site.clock.now());
    Ok(consent)
}

/// Returns the parameters that were pushed before, if the request refers to them (RFC 9126 §4), or its own. All have the
/// RFCs' names.
fn pushed(site: &Site, params: Params) -> Result<Params, Objection> {
    let dialect = Dialect::new(&site.provider);
    let Ok(Some(request_uri)) = params.single("request_uri") else {
        // An unknown client is told so first.
        let is_known = params.single("client_id").ok().flatten().is_some_and(|id| site.client(id).is_some());
        if dialect.requires_pushed_requests() && is_known {
            let sentence = "This provider takes an authorization request only if it was pushed (RFC 9126).";
            return Err(Objection::page("The request was not pushed", sentence));
        }
        return Ok(params);
    };
    let client_id = params.single("client_id").ok().flatten().unwrap_or_default();
    site.pushed.take(request_uri, client_id, site.clock.now()).ok_or_else(|| {
        let sentence = "A pushed request (RFC 9126) is for its own client, serves once, and expires after a minute. \
                        Start the login again.";
        Objection::page("The pushed request is unknown", sentence)
    })
}

/// Returns `true` if a form is the consent page's.
pub fn is_answer(form: &[u8]) -> bool {
    matches!(Params::from_urlencoded(&String::from_utf8_lossy(form)).single("transaction"), Ok(Some(_)))
}

/// Handles the consent page's form.
pub fn answer(site: &Site, form: &[u8]) -> Result<Reply, NoEntropy> {
    let form = Params::from_urlencoded(&String::from_utf8_lossy(form));
    let transaction = form.single("transaction").ok().flatten().unwrap_or_default();
    let Some(asked) = site.ledger.close_consent(transaction, site.clock.now()) else {
        let sentence = "A consent page can be answered once, within ten minutes. Start the login again.";
        return Ok(page::refusal(site, "This page was already answered", sentence, None));
    };
    match form.single("decision") {
        Ok(Some("approve")) => {
            let granted = page::ticked(&form, &asked.scope);
            approve(site, &asked, &granted)
        }
        _ => Ok(deny(site, &asked)),
    }
}

fn deny(site: &Site, asked: &ConsentRequest) -> Reply {
    let is_own = asked.grantee.client == site.client_id;
    refuse(site, &asked.back, is_own, "access_denied", "The resource owner denied the request")
}

/// Returns the request that a person can consent to, or what is wrong with it.
pub fn judge(site: &Site, params: &Params) -> Result<ConsentRequest, Objection> {
    let client = client(site, params)?;
    let (redirect_uri, redirect_uri_sent) = redirect_uri(site, &client, params)?;
    let back = way_back(params, redirect_uri)?;
    let objection = |code, description: &str| {
        let (back, description) = (Box::new(back.clone()), printable(description));
        Objection::Back { back, code, description }
    };
    if let Some(repeated) = site.repeated(params) {
        return Err(objection("invalid_request", &repeated.to_string()));
    }
    if !matches!(params.single("response_mode").ok().flatten(), None | Some("query" | "fragment")) {
        return Err(objection("invalid_request", "this emulator answers in the query or in the fragment"));
    }
    let response_type = params.single("response_type").ok().flatten().unwrap_or_default();
    let grant = ResponseType::named(response_type).map(ResponseType::grant);
    if !grant.is_some_and(|grant| site.provider.definition.grants().contains(&grant)) {
        return Err(objection("unsupported_response_type", "the provider does not offer this response type"));
    }
    let challenge = read_challenge(site, params).map_err(|problem| objection("invalid_request", problem))?;
    let resources = site.resources(&client, params).map_err(|problem| objection("invalid_target", problem))?;
    let definition = &site.provider.definition;
    let scope = match params.single("scope").ok().flatten().filter(|scope| !scope.is_empty()) {
        Some(scope) => ScopeSet::parse(scope),
        // RFC 6749 §3.3: without a scope, the server falls back to its default.
        None => definition.default_scope(),
    };
    // Unknown scopes are accepted, because providers add scopes faster than definitions are updated.
    let scope = scope.union(&definition.always_granted());
    let nonce = params.single("nonce").ok().flatten().map(str::to_owned);
    let grantee = Grantee { client: client.id, resources };
    Ok(ConsentRequest { grantee, client_name: client.name, back, scope, challenge, nonce, redirect_uri_sent })
}

fn client(site: &Site, params: &Params) -> Result<KnownClient, Objection> {
    let unknown = |sentence: &str| Objection::page("Unknown client", sentence);
    match params.single("client_id") {
        Ok(Some(id)) => site.client(id).ok_or_else(|| {
            let (id, ours) = (sanitize::line(id), &site.client_id);
            unknown(&format!(
                "The request came with the client id “{id}”. This emulator knows “{ours}”; a new one is generated at each start."
            ))
        }),
        Ok(None) => Err(unknown("The request has no client_id.")),
        Err(_) => Err(unknown("The request has more than one client_id.")),
    }
}

/// Returns where the answer goes, and whether the request said so.
fn redirect_uri(site: &Site, client: &KnownClient, params: &Params) -> Result<(RedirectUri, bool), Objection> {
    match params.single("redirect_uri") {
        Ok(Some(sent)) => Ok((registered(site, client, sent)?, true)),
        Ok(None) if Dialect::new(&site.provider).authorization_request_omits("redirect_uri") && client.is_own() => {
            Ok((site.redirect_uris[0].clone(), false))
        }
        Ok(None) => {
            let sentence = "The request has no redirect_uri, so there is nowhere to send the browser back to.";
            Err(Objection::page("The redirect URI is missing", sentence))
        }
        Err(_) => Err(Objection::page("The redirect URI is ambiguous", "The request has more than one redirect_uri.")),
    }
}

fn way_back(params: &Params, redirect_uri: RedirectUri) -> Result<RedirectTarget, Objection> {
    // Without a response type, it is unknown which part of the URL the client would read an error from.
    let response_type = match params.single("response_type") {
        Ok(None) => {
            let sentence = "The request has no response_type. It must be “code” (RFC 6749 §4.1.1) or “token” (§4.2.1).";
            return Err(Objection::page("The response type is missing", sentence));
        }
        other => ResponseType::named(other.ok().flatten().unwrap_or_default()).unwrap_or(ResponseType::Code),
    };
    let in_fragment = match params.single("response_mode").ok().flatten() {
        Some("fragment") => true,
        Some("query") => false,
        _ => response_type == ResponseType::Token,
    };
    let state = params.single("state").ok().flatten().map(str::to_owned);
    Ok(RedirectTarget { redirect_uri, response_type, in_fragment, state })
}

fn registered(site: &Site, client: &KnownClient, sent: &str) -> Result<RedirectUri, Objection> {
    let refused = |sentence: String| Objection::Page {
        title: "The redirect URI is not registered",
        sentence,
        sent: Some((sanitize::line(sent), client.redirect_uris.clone())),
    };
    let uri = RedirectUri::parse(sent).map_err(|error| refused(format!("{error}.")))?;
    if client.redirects_to(&uri, site.options.exact_port) {
        return Ok(uri);
    }
    let rule = match site.options.exact_port {
        true => {
            "Redirect URIs are compared character by character, and this emulator was told to compare the port too."
        }
        false => {
            "Redirect URIs are compared character by character; only the port of a loopback IP address such as 127.0.0.1 may differ (RFC 8252 §7.3)."
        }
    };
    Err(refused(rule.to_owned()))
}

/// Keeps the characters that an `error_description` may have (RFC 6749 §4.1.2.1).
fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

/// Reads the challenge (RFC 7636 §4.3). A provider without PKCE ignores the parameters, as it does any unknown one (RFC
/// 6749 §3.1).
fn read_challenge(site: &Site, params: &Params) -> Result<Option<CodeChallenge>, &'static str> {
    let Some(challenge) = params.single("code_challenge").ok().flatten() else { return Ok(None) };
    if site.provider.definition.pkce() == Pkce::Off || site.has(Fault::NoPkce) {
        return Ok(None);
    }
    // §4.3: a missing method means `plain`, which protects little. RFC 9700 §2.1.1 asks for S256.
    if params.single("code_challenge_method").ok().flatten() != Some(CodeChallenge::METHOD) {
        return Err("transform algorithm not supported: code_challenge_method must be S256");
    }
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err("a code_challenge of S256 has 43 base64url characters");
    }
    Ok(Some(CodeChallenge::new(challenge)))
}

fn approve(site: &Site, asked: &ConsentRequest, ticked: &ScopeSet) -> Result<Reply, NoEntropy> {
    let granted = ticked.union(&site.provider.definition.always_granted());
    let answer = match asked.back.response_type {
        ResponseType::Code => {
            let code = AuthorizationCode::new(random_hex(&*site.entropy)?);
            let issued = IssuedCode {
                scope: granted,
                redirect_uri: asked.redirect_uri_sent.then(|| asked.back.redirect_uri.as_str().to_owned()),
                challenge: asked.challenge.clone(),
                family: site.ledger.new_family(asked.grantee.clone()),
                issued_at: site.clock.now(),
            };
            site.sign_ins.begin(issued.family, asked.nonce.clone(), issued.issued_at);
            site.ledger.put_code(&code, issued);
            Params::new().with("code", code.expose())
        }
        ResponseType::Token => implicit_answer(site, granted, asked.grantee.clone())?,
    };
    Ok(send_back(site, &asked.back, asked.grantee.client == site.client_id, answer))
}

/// Returns the token itself, and never a refresh token (RFC 6749 §4.2.2).
fn implicit_answer(site: &Site, granted: ScopeSet, grantee: Grantee) -> Result<Params, NoEntropy> {
    let separator = site.provider.definition.separator();
    let response = token::issue_access_token(site, granted, site.ledger.new_family(grantee))?;
    let mut answer = Params::new().with("access_token", response.access_token.expose()).with("token_type", "bearer");
    if let Some(lifetime) = response.expires_in {
        answer.push("expires_in", lifetime.as_secs().to_string());
    }
    answer.push("scope", response.scope.unwrap_or_default().join(separator));
    Ok(answer)
}

fn refuse(site: &Site, back: &RedirectTarget, is_own: bool, code: &str, description: &str) -> Reply {
    send_back(site, back, is_own, Params::new().with("error", code).with("error_description", description))
}

/// Sends the browser back to the client. `is_own` is true for the emulator's own, which speaks the definition's dialect; the
/// others know the provider by its metadata, and so is its issuer named to them (RFC 9207).
fn send_back(site: &Site, back: &RedirectTarget, is_own: bool, mut answer: Params) -> Reply {
    if let Some(state) = &back.state {
        if site.has(Fault::WrongState) {
            answer.push("state", "another-state-than-was-sent");
        } else if !site.has(Fault::NoState) {
            answer.push("state", state);
        }
    }
    let dialect = Dialect::new(&site.provider);
    let issuer = site.issuer();
    let names_issuer = !dialect.issuer_may_be_missing() && (!is_own || site.provider.issuer().is_some());
    let answer = dialect.write_callback(answer, &site.client_secret, names_issuer.then_some(&*issuer)).to_query();
    let uri = back.redirect_uri.as_str();
    let joint = match (back.in_fragment, back.redirect_uri.query()) {
        (true, _) => "#",
        // RFC 6749 §3.1.2: a registered query is kept.
        (false, None) => "?",
        (false, Some("")) => "",
        (false, Some(_)) => "&",
    };
    Reply::redirect(format!("{uri}{joint}{answer}"))
}
