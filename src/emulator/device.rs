//! The device authorization endpoint (RFC 8628 §3.1). The polls come to the token endpoint.

use super::consent::Grantee;
use super::devices::{Answer, INTERVAL, IssuedDevice, LIFETIME, PAGE};
use super::script::Step;
use super::site::{Site, random_hex};
use super::token::{error, refuse};
use super::wire::{Incoming, Reply};
use crate::protocol::device::DeviceAuthorizationResponse;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::DeviceCode;
use crate::provider::Dialect;
use crate::system::entropy::{Entropy, NoEntropy, random};

/// RFC 8628 §6.1: no vowels, so that no words arise, and nothing that looks like another.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Issues a device code and a user code.
pub fn answer(site: &Site, incoming: &Incoming) -> Result<Reply, NoEntropy> {
    let method = if Dialect::new(&site.provider).token_request_is_get() { "GET" } else { "POST" };
    if incoming.method != method {
        return Ok(Reply::method_not_allowed(method));
    }
    let dialect = Dialect::new(&site.provider);
    let (content_type, authorization) =
        (incoming.header("Content-Type").unwrap_or_default(), incoming.header("Authorization"));
    let read = dialect.read_device_request(&incoming.query, &content_type, authorization.as_deref(), &incoming.body);
    let Some(params) = read else {
        let problem = "the body is neither a form nor a JSON object of texts";
        return Ok(refuse(400, error("invalid_request", Some(problem), None)));
    };
    if let Some(repeated) = site.repeated(&params) {
        return Ok(refuse(400, error("invalid_request", Some(&repeated.to_string()), None)));
    }
    let value = |name: &str| params.single(name).ok().flatten().unwrap_or_default();
    let client = match site.authenticate(&params, authorization.is_some(), None) {
        Ok(client) => client,
        Err(refusal) => return Ok(refusal),
    };
    let resources = match site.resources(&client, &params) {
        Ok(resources) => resources,
        Err(problem) => return Ok(refuse(400, error("invalid_target", Some(problem), None))),
    };
    if !site.provider.definition.grants().contains(&GrantKind::DeviceCode) {
        return Ok(refuse(400, error("unauthorized_client", Some("the provider does not offer this grant"), None)));
    }
    let response = issue(site, value("scope"), Grantee { client: client.id, resources })?;
    Ok(Reply::json(200, &dialect.encode_device_reply(&response)))
}

fn issue(site: &Site, scope: &str, grantee: Grantee) -> Result<DeviceAuthorizationResponse, NoEntropy> {
    let definition = &site.provider.definition;
    let scope = match ScopeSet::parse(scope) {
        // RFC 6749 §3.3: without a scope, the server falls back to its default.
        none if none.is_empty() => definition.default_scope(),
        scope => scope,
    };
    let scope = scope.union(&definition.always_granted());
    let (device_code, user_code) = (DeviceCode::new(random_hex(&*site.entropy)?), user_code(&*site.entropy)?);
    let answer = match site.next_answer() {
        Step::Approve(only) => {
            Answer::Approved(Step::granted(only.as_ref(), &scope).union(&definition.always_granted()))
        }
        Step::Deny | Step::Error(_) => Answer::Denied,
        Step::Page => Answer::Nothing,
    };
    site.devices.put(
        &device_code,
        IssuedDevice {
            user_code: user_code.clone(),
            scope,
            family: site.ledger.new_family(grantee),
            issued_at: site.clock.now(),
            answer,
            interval: INTERVAL,
            polled_at: None,
            was_slowed: false,
        },
    );
    let origin = site.provider.emulator.as_ref().map(ToString::to_string).unwrap_or_default();
    let page = format!("{origin}{PAGE}");
    Ok(DeviceAuthorizationResponse {
        verification_uri_complete: Some(format!("{page}?user_code={user_code}")),
        verification_uri: page,
        device_code,
        user_code,
        expires_in: LIFETIME,
        interval: INTERVAL,
    })
}

/// `BCDF-GHJK`.
fn user_code(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    let letters = random::<8>(entropy)?.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    let (first, second) = letters.split_at(4);
    Ok(first.iter().chain(&['-']).chain(second).collect())
}
