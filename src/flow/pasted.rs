//! Judges what a person pasted: the address at which the browser ended, its query or fragment alone, or a bare code.
//!
//! An address must be that of this login's own redirect URI: tricking people into pasting another tool's redirect is an
//! attack of its own. Parameters are judged as those of a callback. A bare code has no state to prove anything: PKCE
//! makes a foreign one useless, and without PKCE a person has to vouch for it.

use std::collections::BTreeMap;

use url::Url;

use super::redirect::{Answer, Doubt, Expected, Stray, Verdict, judge_params};
use crate::protocol::authorization::{AuthorizationResponse, ResponseType};
use crate::protocol::params::Params;
use crate::protocol::secret::{AuthorizationCode, is_vschar};

pub fn judge_pasted(text: &str, expected: &Expected<'_>) -> Verdict {
    let text = text.trim();
    if text.contains("://") {
        let Some(params) = params_of_address(text, expected) else { return Verdict::Stray(Stray::ForeignAddress) };
        return judge_params(params, expected);
    }
    let pairs = text.trim_start_matches(['?', '#']);
    if pairs.contains('=') && (text.starts_with(['?', '#']) || pairs.contains("state=") || pairs.contains("code=")) {
        return judge_params(Params::from_urlencoded(pairs), expected);
    }
    if expected.response_type == ResponseType::Token || !is_vschar(text) || text.contains(' ') {
        return Verdict::Stray(Stray::NotPasteable);
    }
    let code = AuthorizationResponse::Code(AuthorizationCode::new(text));
    let answer = Answer { response: code, captured: BTreeMap::new() };
    if expected.pkce { Verdict::Proven(answer) } else { Verdict::Doubtful(answer, Doubt::BareCode) }
}

/// The parameters in an address's query and fragment, if it is the redirect URI's.
fn params_of_address(text: &str, expected: &Expected<'_>) -> Option<Params> {
    let address = Url::parse(text).ok()?;
    let own = Url::parse(expected.redirect_uri.as_str()).ok()?;
    if address.origin() != own.origin() || address.path() != own.path() {
        return None;
    }
    let registered = own.query().map(Params::from_urlencoded).unwrap_or_default();
    let mut params = Params::new();
    for part in [address.query(), address.fragment()].into_iter().flatten() {
        for (name, value) in Params::from_urlencoded(part).iter() {
            // A query that was registered with the redirect URI comes back with it and is no answer.
            if registered.single(name) != Ok(Some(value)) {
                params.push(name, value);
            }
        }
    }
    Some(params)
}
