//! The token endpoint (RFC 6749 §3.2): it exchanges a code or a refresh token for an access token.

use std::time::Duration;

use super::claims;
use super::consent::Grantee;
use super::fault::{Fault, SLOW};
use super::ledger::{BadGrant, CLIENT_ALONE, Family, IssuedCode, IssuedToken};
use super::openid;
use super::site::{Site, random_hex};
use super::wire::{Incoming, Reply};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::grant::GrantKind;
use crate::protocol::json;
use crate::protocol::params::Params;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, ClientSecret, DeviceCode, RefreshToken};
use crate::protocol::token::{Grant, NotATokenRequest, TokenRequest, TokenResponse};
use crate::provider::Dialect;
use crate::provider::dialect::Narrowing;
use crate::provider::quirks::Pkce;
use crate::provider::token_prefix::TokenKind;
use crate::system::entropy::NoEntropy;

/// The lifetime that most providers with expiring tokens use.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// How long a refresh token is said to live, where the provider says it. No emulator runs for so long.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(90 * 86_400);

pub fn answer(site: &Site, incoming: &Incoming) -> Result<Reply, NoEntropy> {
    if let Some(reply) = wrong_method(site, incoming) {
        return Ok(reply);
    }
    if let Some(reply) = faulty(site) {
        return Ok(reply);
    }
    let authorization = incoming.header("Authorization");
    let (params, request) = match read(site, incoming, authorization.as_deref()) {
        Ok(read) => read,
        Err(error) => {
            let status = if error.code == "invalid_client" { 401 } else { 400 };
            return Ok(refuse(status, error));
        }
    };
    if site.has(Fault::ClientForgotten) && request.grant.grant_type() == "refresh_token" {
        site.registrations.remove(request.client_id.as_str());
    }
    let client = match site.authenticate(&params, authorization.is_some(), None) {
        Ok(client) => client,
        Err(refusal) => return Ok(refusal),
    };
    let resources = match site.resources(&client, &params) {
        Ok(resources) => resources,
        Err(problem) => return Ok(refuse(400, error("invalid_target", Some(problem), None))),
    };
    let asking = Grantee { client: client.id, resources };
    let mut only = None;
    let granted = match request.grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier } => site
            .ledger
            .redeem(&code, site.clock.now(), &asking, |issued| {
                check_binding(site, issued, &redirect_uri, code_verifier.as_ref())
            })
            .map(|issued| (issued.scope, issued.family)),
        Grant::RefreshToken(token) | Grant::NarrowerToken { refresh_token: token, .. }
            if Dialect::new(&site.provider).refreshes_with_access_token() =>
        {
            site.ledger.renew(token.expose(), &asking)
        }
        Grant::RefreshToken(token) => site.ledger.rotate(&token, &asking),
        Grant::NarrowerToken { refresh_token, scope } => match narrower(site, &refresh_token, &scope) {
            Ok(fewer) => {
                only = fewer;
                site.ledger.rotate(&refresh_token, &asking)
            }
            Err(error) => return Ok(refuse(400, error)),
        },
        Grant::TokenExchange(token) => site.ledger.renew(token.expose(), &asking),
        Grant::DeviceCode(code) => match redeem_device(site, &code, &asking) {
            Ok(granted) => Ok(granted),
            Err(refused) => {
                let (status, body) = Dialect::new(&site.provider).encode_poll_error(&refused);
                return Ok(Reply::json(status, &body).with("Pragma", "no-cache"));
            }
        },
        Grant::ClientCredentials { scope } => {
            return Ok(match check_client_alone(site, request.client_secret.as_ref(), &scope) {
                Ok(scope) => {
                    let nth = site.ledger.count_token(CLIENT_ALONE);
                    let family = site.ledger.new_family(asking);
                    accept(site, &issue_nth(site, scope, family, nth, true)?, family)?
                }
                Err(error) => refuse(400, error),
            });
        }
    };
    match granted {
        Ok((scope, family)) => accept(site, &issue(site, only, scope, family)?, family),
        Err(bad_grant) => Ok(refuse(400, bad_grant.error())),
    }
}

/// Returns the scopes of an access token that is to have fewer (RFC 6749 §6), or `None` where the provider ignores them.
fn narrower(site: &Site, token: &RefreshToken, scope: &ScopeSet) -> Result<Option<ScopeSet>, ErrorResponse> {
    if Dialect::new(&site.provider).narrowing() == Narrowing::Impossible {
        return Ok(None);
    }
    match site.ledger.scopes_beyond(token, scope) {
        beyond if beyond.is_empty() => Ok(Some(scope.union(&site.provider.definition.always_granted()))),
        beyond => Err(error("invalid_scope", Some(&format!("the refresh token has no scope {beyond}")), None)),
    }
}

/// Exchanges a device code, once, for the client and the resources that it was given to.
fn redeem_device(site: &Site, code: &DeviceCode, asking: &Grantee) -> Result<(ScopeSet, Family), ErrorResponse> {
    let bound = |family| site.ledger.check(family, asking);
    site.devices.redeem(code, site.clock.now(), |fault| site.has(fault), bound)
}

/// Refuses a method that no request at this path has.
fn wrong_method(site: &Site, incoming: &Incoming) -> Option<Reply> {
    let methods = Dialect::new(&site.provider).token_methods(&incoming.path);
    let allowed = match methods.as_slice() {
        [method] => method,
        _ => "GET, POST",
    };
    (!methods.contains(&incoming.method.as_str())).then(|| Reply::method_not_allowed(allowed))
}

/// Writes the reply with its tokens. The further ones that the provider's reply has are of the same consent.
fn accept(site: &Site, response: &TokenResponse, family: Family) -> Result<Reply, NoEntropy> {
    let dialect = Dialect::new(&site.provider);
    let mut reply = dialect.encode_token_reply(response, site.clock.now());
    for path in dialect.further_paths() {
        let token = issue_nth(site, response.scope.clone().unwrap_or_default(), family, 0, false)?.access_token;
        if let Some(members) = reply.as_object_mut() {
            json::put(members, path, token.expose().into());
        }
    }
    Ok(Reply::json(200, &reply).with("Pragma", "no-cache"))
}

/// Returns the scopes to grant to the client itself (RFC 6749 §4.4).
fn check_client_alone(site: &Site, secret: Option<&ClientSecret>, asked: &ScopeSet) -> Result<ScopeSet, ErrorResponse> {
    let definition = &site.provider.definition;
    if !definition.offers(GrantKind::ClientCredentials) {
        return Err(error("unsupported_grant_type", Some("the provider does not offer this grant"), None));
    }
    if site.has(Fault::ClientNotAllowed) {
        return Err(error("unauthorized_client", Some("this client may not use the grant client_credentials"), None));
    }
    if secret.is_none() {
        return Err(error(
            "unauthorized_client",
            Some("a public client cannot use the grant client_credentials"),
            None,
        ));
    }
    if asked.contains("openid") {
        return Err(error("invalid_scope", Some("openid needs a person, and this grant has none"), None));
    }
    let scope = if asked.is_empty() { definition.default_scope() } else { asked.clone() };
    Ok(scope.union(&definition.always_granted()))
}

/// Waits as long as it is slow, and returns the reply of a fault.
fn faulty(site: &Site) -> Option<Reply> {
    if site.has(Fault::SlowToken) {
        site.stop.wait(SLOW);
    }
    if !site.options.latency.is_zero() {
        site.stop.wait(site.options.latency);
    }
    site.options.faults.iter().find_map(|fault| fault.token_reply())
}

/// Issues an access token without a refresh token, as in the implicit grant.
pub fn issue_access_token(site: &Site, scope: ScopeSet, family: Family) -> Result<TokenResponse, NoEntropy> {
    issue_nth(site, scope, family, site.ledger.count_token(family), false)
}

/// Issues an access token that lives as long as the nth one of a login. `alone` is true for a client without a person.
fn issue_nth(
    site: &Site,
    scope: ScopeSet,
    family: Family,
    nth: usize,
    alone: bool,
) -> Result<TokenResponse, NoEntropy> {
    let expires_in = (!site.provider.definition.never_expires()).then(|| lifetime(site, nth));
    let expires_at = expires_in.map(|lifetime| site.clock.now().plus(lifetime));
    let issued = IssuedToken { scope: scope.clone(), family, expires_at, is_first: nth == 0 };
    let access_token = AccessToken::new(claims::access_token(site, &issued, alone)?);
    site.ledger.put_access_token(&access_token, issued);
    let token_type = Some("Bearer".to_owned());
    let (refresh_token, refresh_expires_in) = (None, None);
    Ok(TokenResponse {
        access_token,
        token_type,
        expires_in,
        refresh_token,
        refresh_expires_in,
        scope: Some(scope),
        id_token: None,
    })
}

/// Returns the lifetime for the nth access token of a family.
fn lifetime(site: &Site, nth: usize) -> Duration {
    let lifetimes = &site.options.token_lifetimes;
    lifetimes.get(nth).or(lifetimes.last()).copied().unwrap_or(TOKEN_LIFETIME)
}

/// Issues the tokens of a consent. `only` are the scopes of the access token if it has fewer; the refresh token has all.
fn issue(site: &Site, only: Option<ScopeSet>, scope: ScopeSet, family: Family) -> Result<TokenResponse, NoEntropy> {
    let granted = only.unwrap_or_else(|| scope.clone());
    let mut response = issue_access_token(site, granted.clone(), family)?;
    response.id_token = openid::id_token(site, &granted, family, &response.access_token);
    if response.expires_in.is_some() {
        let begins = Dialect::new(&site.provider).issued_prefix(TokenKind::Refresh);
        let token = RefreshToken::new(format!("{begins}{}", random_hex(&*site.entropy)?));
        site.ledger.put_refresh_token(&token, scope, family);
        response.refresh_token = Some(token);
        response.refresh_expires_in =
            Dialect::new(&site.provider).says_when_refresh_tokens_end().then_some(REFRESH_TOKEN_LIFETIME);
    }
    Ok(response)
}

fn read(
    site: &Site,
    incoming: &Incoming,
    authorization: Option<&str>,
) -> Result<(Params, TokenRequest), ErrorResponse> {
    let content_type = incoming.header("Content-Type").unwrap_or_default();
    let dialect = Dialect::new(&site.provider);
    let mut params = dialect
        .read_token_request(&incoming.query, &content_type, authorization, &incoming.body)
        .ok_or_else(|| error("invalid_request", Some("the body is neither a form nor a JSON object of texts"), None))?;
    let grant = params.single("grant_type").ok().flatten().unwrap_or_default().to_owned();
    for (name, known) in [("client_id", site.client_id.as_str()), ("client_secret", site.client_secret.expose())] {
        // The token itself is the only proof there.
        if dialect.omits_of_grant(&grant, name) && !params.contains(name) {
            params.push(name, known);
        }
    }
    let header = |name: &str| incoming.header(name);
    if let Some(problem) = dialect.missing_in_token_request(header, &params, grant == "authorization_code") {
        return Err(error("invalid_request", Some(&problem), None));
    }
    let request = TokenRequest::parse(&params).map_err(|problem| match problem {
        NotATokenRequest::UnsupportedGrantType(_) => {
            error("unsupported_grant_type", Some("this emulator does not know the grant type"), None)
        }
        NotATokenRequest::Missing("client_id") => error("invalid_client", Some("`client_id` is missing"), None),
        other => error("invalid_request", Some(&other.to_string()), None),
    })?;
    Ok((params, request))
}

/// Checks what the code was bound to when it was issued (RFC 6749 §4.1.3, RFC 7636 §4.6).
fn check_binding(
    site: &Site,
    issued: &IssuedCode,
    redirect_uri: &str,
    verifier: Option<&CodeVerifier>,
) -> Result<(), BadGrant> {
    let omitted = redirect_uri.is_empty() && Dialect::new(&site.provider).token_request_omits("redirect_uri");
    if issued.redirect_uri.as_deref().is_some_and(|expected| expected != redirect_uri) && !omitted {
        return Err(BadGrant::Invalid(match redirect_uri {
            "" => "redirect_uri is missing; the authorization request had one",
            _ => "redirect_uri differs from the authorization request",
        }));
    }
    match (&issued.challenge, verifier) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(BadGrant::Invalid("code_verifier does not match the code_challenge")),
        (Some(_), None) => {
            Err(BadGrant::Invalid("code_verifier is missing; the authorization request had a code_challenge"))
        }
        // RFC 9700 §4.8.2: otherwise a thief could remove the challenge from the authorization request.
        (None, Some(_)) if site.provider.definition.pkce() != Pkce::Off && !site.has(Fault::NoPkce) => {
            Err(BadGrant::Invalid("code_verifier was sent, but the authorization request had no code_challenge"))
        }
        (None, _) => Ok(()),
    }
}

pub fn error(code: &str, description: Option<&str>, hint: Option<&str>) -> ErrorResponse {
    let own = |text: Option<&str>| text.map(str::to_owned);
    ErrorResponse { description: own(description), hint: own(hint), ..ErrorResponse::new(code) }
}

pub fn refuse(status: u16, error: ErrorResponse) -> Reply {
    Reply::json(status, &error.to_json()).with("Pragma", "no-cache")
}
