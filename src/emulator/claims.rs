//! Access tokens as JWTs (RFC 9068), where claims or a person were chosen: an API under test verifies them with the published
//! keys, as it verifies those of its real issuer. Without, they are opaque, as most providers' are.

use serde_json::{Map, Value, json};

use super::ledger::IssuedToken;
use super::signing;
use super::site::{Site, random_hex};
use crate::protocol::signing_algorithm::Algorithm;
use crate::provider::Dialect;
use crate::provider::token_prefix::TokenKind;
use crate::system::entropy::NoEntropy;

/// Returns the text of a new access token. `alone` is true for a client without a person.
pub fn access_token(site: &Site, issued: &IssuedToken, alone: bool) -> Result<String, NoEntropy> {
    let random = random_hex(&*site.entropy)?;
    if !site.options.person.is_chosen() {
        let begins = Dialect::new(&site.provider).issued_prefix(TokenKind::Access);
        return Ok(format!("{begins}{random}"));
    }
    let grantee = site.ledger.grantee(issued.family);
    let client = grantee.as_ref().map_or_else(|| site.client_id.to_string(), |grantee| grantee.client.to_string());
    let audience = match grantee.map(|grantee| grantee.resources).unwrap_or_default().as_slice() {
        [] => site.resource().into(),
        [one] => one.as_str().into(),
        several => json!(several),
    };
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", site.issuer().into());
    put("sub", if alone { client.clone() } else { site.options.person.subject().to_owned() }.into());
    put("aud", audience);
    put("client_id", client.into());
    put("scope", issued.scope.join(" ").into());
    put("iat", site.clock.now().0.into());
    put("jti", random.into());
    if let Some(end) = issued.expires_at {
        put("exp", end.0.into());
    }
    site.options.person.add_claims(&mut claims, |_| true);
    // A secret that clients share with the server is not the API's.
    let algorithm = match signing::choose(&site.provider.definition.openid.algorithms) {
        Algorithm::Hs256 => Algorithm::Rs256,
        other => other,
    };
    Ok(signing::sign_as("at+jwt", algorithm, &Value::Object(claims), &site.client_secret))
}

/// Returns the members about a token's person for introspection (RFC 7662 §2.2).
pub fn introspected(site: &Site) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("sub".to_owned(), site.options.person.subject().into());
    site.options.person.add_claims(&mut members, |name| name != "active");
    members
}
