//! The authorization endpoint (RFC 6749 §3.1): checks the request, asks the person, sends the browser back.

use super::consent::{ConsentRequest, RedirectTarget};
use super::fault::Fault;
use super::ledger::IssuedCode;
use super::page;
use super::site::{Site, random_hex};
use super::token;
use super::wire::Reply;
use crate::protocol::authorization::ResponseType;
use crate::protocol::params::Params;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AuthorizationCode;
use crate::provider::Dialect;
use crate::provider::quirks::Pkce;
use crate::system::entropy::NoEntropy;

/// Handles a request from the browser.
pub fn ask(site: &Site, query: &str) -> Result<Reply, NoEntropy> {
    let params = Dialect::new(&site.provider).read_authorization_request(Params::from_urlencoded(query));
    let asked = match judge(site, &params) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal),
    };
    if site.options.approve {
        return approve(site, &asked, &asked.scope);
    }
    let transaction = random_hex(&*site.entropy)?;
    let consent = page::consent(site, &asked, &transaction);
    site.ledger.open_consent(transaction, asked, site.clock.now());
    Ok(consent)
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
        _ => Ok(refuse(site, &asked.back, "access_denied", "The resource owner denied the request")),
    }
}

/// Returns the request, or the reply to a faulty one. Until client and redirect URI are verified, that reply is a page
/// and not a redirect (RFC 6749 §4.1.2.1).
fn judge(site: &Site, params: &Params) -> Result<ConsentRequest, Reply> {
    let page = |title, sentence: &str| page::refusal(site, title, sentence, None);
    let dialect = Dialect::new(&site.provider);

    match params.single("client_id") {
        Ok(Some(id)) if id == site.client_id.as_str() => {}
        Ok(Some(id)) => {
            let (id, ours) = (sanitize::line(id), &site.client_id);
            let sentence = format!(
                "The request came with the client id “{id}”. This emulator knows “{ours}”; a new one is generated at each start."
            );
            return Err(page("Unknown client", &sentence));
        }
        Ok(None) => return Err(page("Unknown client", "The request has no client_id.")),
        Err(_) => return Err(page("Unknown client", "The request has more than one client_id.")),
    }

    let (redirect_uri, redirect_uri_sent) = match params.single("redirect_uri") {
        Ok(Some(sent)) => (registered(site, sent)?, true),
        Ok(None) if dialect.authorization_request_omits("redirect_uri") => (site.redirect_uris[0].clone(), false),
        Ok(None) => {
            let sentence = "The request has no redirect_uri, so there is nowhere to send the browser back to.";
            return Err(page("The redirect URI is missing", sentence));
        }
        Err(_) => return Err(page("The redirect URI is ambiguous", "The request has more than one redirect_uri.")),
    };

    // Without a response type, it is unknown which part of the URL the client would read an error from.
    let response_type = match params.single("response_type") {
        Ok(None) => {
            let sentence = "The request has no response_type. It must be “code” (RFC 6749 §4.1.1) or “token” (§4.2.1).";
            return Err(page("The response type is missing", sentence));
        }
        other => other.ok().flatten().unwrap_or_default(),
    };
    let back = RedirectTarget {
        redirect_uri,
        response_type: ResponseType::named(response_type).unwrap_or(ResponseType::Code),
        state: params.single("state").ok().flatten().map(str::to_owned),
    };
    if let Some(repeated) = params.iter().find_map(|(name, _)| params.single(name).err()) {
        return Err(refuse(site, &back, "invalid_request", &printable(&repeated.to_string())));
    }
    let grant = ResponseType::named(response_type).map(ResponseType::grant);
    if !grant.is_some_and(|grant| site.provider.definition.grants().contains(&grant)) {
        let description = "the provider does not offer this response type";
        return Err(refuse(site, &back, "unsupported_response_type", description));
    }
    let challenge = read_challenge(site, params).map_err(|problem| refuse(site, &back, "invalid_request", problem))?;
    let definition = &site.provider.definition;
    let scope = match params.single("scope").ok().flatten().filter(|scope| !scope.is_empty()) {
        Some(scope) => ScopeSet::parse(scope),
        // RFC 6749 §3.3: without a scope, the server falls back to its default.
        None => definition.default_scope(),
    };
    // Unknown scopes are accepted, because providers add scopes faster than definitions are updated.
    let scope = scope.union(&definition.always_granted());
    let nonce = params.single("nonce").ok().flatten().map(str::to_owned);
    Ok(ConsentRequest { back, scope, challenge, nonce, redirect_uri_sent })
}

fn registered(site: &Site, sent: &str) -> Result<RedirectUri, Reply> {
    let refused = |sentence: &str| {
        page::refusal(site, "The redirect URI is not registered", sentence, Some(&sanitize::line(sent)))
    };
    let uri = RedirectUri::parse(sent).map_err(|error| refused(&format!("{error}.")))?;
    if site.redirect_uris.iter().any(|registered| uri.is_registered_as(registered, site.options.exact_port)) {
        return Ok(uri);
    }
    Err(refused(match site.options.exact_port {
        true => {
            "Redirect URIs are compared character by character, and this emulator was told to compare the port too."
        }
        false => {
            "Redirect URIs are compared character by character; only the port of a loopback IP address such as 127.0.0.1 may differ (RFC 8252 §7.3)."
        }
    }))
}

/// Keeps the characters that an `error_description` may have (RFC 6749 §4.1.2.1).
fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

/// Reads the challenge (RFC 7636 §4.3). A provider without PKCE ignores the parameters, as it does any unknown one (RFC
/// 6749 §3.1).
fn read_challenge(site: &Site, params: &Params) -> Result<Option<CodeChallenge>, &'static str> {
    let Some(challenge) = params.single("code_challenge").ok().flatten() else { return Ok(None) };
    if site.provider.definition.pkce() == Pkce::Off {
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
                family: site.ledger.new_family(),
                issued_at: site.clock.now(),
            };
            site.sign_ins.begin(issued.family, asked.nonce.clone(), issued.issued_at);
            site.ledger.put_code(&code, issued);
            Params::new().with("code", code.expose())
        }
        ResponseType::Token => implicit_answer(site, granted)?,
    };
    Ok(send_back(site, &asked.back, answer))
}

/// Returns the token itself, and never a refresh token (RFC 6749 §4.2.2).
fn implicit_answer(site: &Site, granted: ScopeSet) -> Result<Params, NoEntropy> {
    let separator = site.provider.definition.separator();
    let response = token::issue_access_token(site, granted, site.ledger.new_family())?;
    let mut answer = Params::new().with("access_token", response.access_token.expose()).with("token_type", "bearer");
    if let Some(lifetime) = response.expires_in {
        answer.push("expires_in", lifetime.as_secs().to_string());
    }
    answer.push("scope", response.scope.unwrap_or_default().join(separator));
    Ok(answer)
}

fn refuse(site: &Site, back: &RedirectTarget, code: &str, description: &str) -> Reply {
    send_back(site, back, Params::new().with("error", code).with("error_description", description))
}

fn send_back(site: &Site, back: &RedirectTarget, mut answer: Params) -> Reply {
    if let Some(state) = &back.state {
        if site.has(Fault::WrongState) {
            answer.push("state", "another-state-than-was-sent");
        } else if !site.has(Fault::NoState) {
            answer.push("state", state);
        }
    }
    let answer = Dialect::new(&site.provider).write_callback(answer, &site.client_secret).to_query();
    let uri = back.redirect_uri.as_str();
    let joint = match (back.response_type, back.redirect_uri.query()) {
        (ResponseType::Token, _) => "#",
        // RFC 6749 §3.1.2: a registered query is kept.
        (ResponseType::Code, None) => "?",
        (ResponseType::Code, Some("")) => "",
        (ResponseType::Code, Some(_)) => "&",
    };
    Reply::redirect(format!("{uri}{joint}{answer}"))
}
