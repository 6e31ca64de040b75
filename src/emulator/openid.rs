//! OpenID Connect at the emulator: signed ID tokens, the keys for them, and the claims about a person, who is made up.
//!
//! They are there for every provider. Without paths in the definition they are at the emulator's own.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::ledger::Family;
use super::sign_ins::SignIn;
use super::signing;
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::id_token::{OPENID, at_hash};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, IdToken};
use crate::provider::{Dialect, Endpoint};

/// Where the keys are, if the definition does not say.
const JWKS: &str = "/emulated/jwks";

/// Where the claims are, if the definition does not say.
const USERINFO: &str = "/emulated/userinfo";

/// How long an ID token is good for. Many servers use an hour.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Returns the issuer of a login's ID token. The emulator's own client has the definition, and expects its issuer; another
/// one knows this emulator by its metadata.
fn issuer(site: &Site, family: Family) -> String {
    let is_own = site.ledger.grantee(family).is_none_or(|grantee| grantee.client == site.client_id);
    if !is_own || site.has(Fault::WrongIssuer) {
        return site.issuer();
    }
    let origin = || site.provider.emulator.as_ref().map(ToString::to_string).unwrap_or_default();
    let issuer = Dialect::new(&site.provider).id_token_issuer().unwrap_or_else(origin);
    // One server for many tenants says in each token which one it is.
    let segments = issuer.split('/').map(|part| if part.starts_with('{') { "emulated" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

/// Returns the members of the metadata that are about ID tokens (OpenID Connect Discovery §3).
pub fn metadata(site: &Site) -> Map<String, Value> {
    let endpoints = &site.provider.endpoints;
    let origin = site.provider.emulator.as_ref().map(ToString::to_string).unwrap_or_default();
    let at = |endpoint: &Option<Endpoint>, own| {
        endpoint.as_ref().map_or_else(|| format!("{origin}{own}"), ToString::to_string)
    };
    let algorithm = signing::choose(&site.provider.definition.openid.algorithms);
    let mut members = Map::new();
    members.insert("jwks_uri".to_owned(), at(&endpoints.jwks, JWKS).into());
    members.insert("userinfo_endpoint".to_owned(), at(&endpoints.userinfo, USERINFO).into());
    members.insert("id_token_signing_alg_values_supported".to_owned(), json!([algorithm.as_str()]));
    members.insert("subject_types_supported".to_owned(), json!(["public"]));
    members
}

/// Answers a request to one of these endpoints.
pub fn answer(site: &Site, incoming: &Incoming) -> Option<Reply> {
    let endpoints = &site.provider.endpoints;
    let is_at = |endpoint: &Option<Endpoint>, own| {
        incoming.path == endpoint.as_ref().map_or(own, |endpoint| endpoint.url().path())
    };
    if is_at(&endpoints.jwks, JWKS) {
        return Some(match incoming.is_get() {
            true => Reply::json(200, &signing::jwks()),
            false => Reply::method_not_allowed("GET, HEAD"),
        });
    }
    is_at(&endpoints.userinfo, USERINFO).then(|| userinfo(site, incoming))
}

/// Returns the ID token that comes with an access token, if `openid` was granted.
pub fn id_token(site: &Site, scope: &ScopeSet, family: Family, access_token: &AccessToken) -> Option<IdToken> {
    if !scope.contains(OPENID) {
        return None;
    }
    let (now, algorithm) = (site.clock.now(), signing::choose(&site.provider.definition.openid.algorithms));
    let mut claims = site.options.person.about(scope);
    claims.insert("iss".to_owned(), issuer(site, family).into());
    let client = site.ledger.grantee(family).map_or_else(|| site.client_id.clone(), |grantee| grantee.client);
    claims.insert("aud".to_owned(), client.as_str().into());
    claims.insert("exp".to_owned(), now.plus(LIFETIME).0.into());
    claims.insert("iat".to_owned(), now.0.into());
    claims.insert("at_hash".to_owned(), at_hash(access_token, algorithm).into());
    if let Some(SignIn { nonce, at }) = site.sign_ins.take(family) {
        claims.insert("auth_time".to_owned(), at.0.into());
        match nonce {
            Some(_) if site.has(Fault::WrongNonce) => drop(claims.insert("nonce".to_owned(), "another-nonce".into())),
            Some(nonce) => drop(claims.insert("nonce".to_owned(), nonce.into())),
            None => {}
        }
    }
    let mut claims = Value::Object(claims);
    let mut token = signing::sign(algorithm, &claims, &site.client_secret);
    if site.has(Fault::BadSignature) {
        // The signature of other claims.
        claims["sub"] = "another-user".into();
        let other = signing::sign(algorithm, &claims, &site.client_secret);
        let signature = |token: &str| token.rsplit('.').next().unwrap_or_default().to_owned();
        token = token.replace(&signature(&token), &signature(&other));
    }
    Some(IdToken::new(token))
}

/// OpenID Connect Core §5.3; its errors are those of RFC 6750 §3.
fn userinfo(site: &Site, incoming: &Incoming) -> Reply {
    if !incoming.is_get() && incoming.method != "POST" {
        return Reply::method_not_allowed("GET, HEAD, POST");
    }
    let authorization = incoming.header("Authorization").unwrap_or_default();
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return Reply::empty(401).with("WWW-Authenticate", "Bearer");
    };
    match site.ledger.access_token(token, site.clock.now()) {
        Err(problem) => {
            let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{problem}\"");
            Reply::json(401, &json!({"error": "invalid_token"})).with("WWW-Authenticate", challenge)
        }
        Ok(issued) if !issued.scope.contains(OPENID) => Reply::json(403, &json!({"error": "insufficient_scope"}))
            .with("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"openid\""),
        Ok(issued) => Reply::json(200, &Value::Object(site.options.person.about(&issued.scope))),
    }
}
