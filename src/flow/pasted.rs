//! Judges a pasted line: the address at which the browser ended, its query or fragment alone, or a bare code.
//!
//! An address must be that of this login's own redirect URI: tricking users into pasting another tool's redirect is a
//! known attack. Parameters are judged like those of a callback. A bare code has no state to prove anything: PKCE makes
//! a foreign one useless, and without PKCE the user has to confirm it.

use std::collections::BTreeMap;

use url::Url;

use super::redirect::{Answer, Doubt, Expected, RedirectVerdict, Stray, judge_params};
use crate::protocol::authorization::{AuthorizationResponse, ResponseType};
use crate::protocol::params::Params;
use crate::protocol::secret::{AuthorizationCode, is_vschar};

pub fn judge_pasted(text: &str, expected: &Expected<'_>) -> RedirectVerdict {
    let text = text.trim();
    if text.contains("://") {
        let Some(params) = params_of_address(text, expected) else {
            return RedirectVerdict::Stray(Stray::ForeignAddress);
        };
        return judge_params(params, expected);
    }
    let pairs = text.trim_start_matches(['?', '#']);
    if pairs.contains('=') && (text.starts_with(['?', '#']) || pairs.contains("state=") || pairs.contains("code=")) {
        return judge_params(Params::from_urlencoded(pairs), expected);
    }
    if expected.response_type == ResponseType::Token || !is_vschar(text) || text.contains(' ') {
        return RedirectVerdict::Stray(Stray::NotPasteable);
    }
    let code = AuthorizationResponse::Code(AuthorizationCode::new(text));
    let answer = Answer { response: code, captured: BTreeMap::new() };
    if expected.pkce { RedirectVerdict::Proven(answer) } else { RedirectVerdict::Doubtful(answer, Doubt::BareCode) }
}

/// Returns the parameters in the query and fragment of an address, if it is the redirect URI.
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
            // A query that was registered with the redirect URI comes back with it and is not part of the answer.
            if registered.single(name) != Ok(Some(value)) {
                params.push(name, value);
            }
        }
    }
    Some(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Case, code, proven};
    use crate::protocol::redirect_uri::RedirectUri;

    fn judge(case: &Case, text: &str) -> RedirectVerdict {
        judge_pasted(&text.replace("STATE", case.state.as_str()), &case.expected(None))
    }

    #[test]
    fn an_address_its_pairs_or_a_bare_code_is_accepted() {
        for text in [
            "http://127.0.0.1:8765/callback?code=c&state=STATE",
            " http://127.0.0.1:8765/callback?state=STATE&code=c\r\n",
            "http://127.0.0.1:8765/callback#code=c&state=STATE",
            "?code=c&state=STATE",
            "code=c&state=STATE",
            "c",
            " c ",
        ] {
            assert_eq!(judge(&Case::new(), text), RedirectVerdict::Proven(code("c")), "{text}");
        }
        // A code may end like base64.
        assert_eq!(judge(&Case::new(), "Yw=="), RedirectVerdict::Proven(code("Yw==")));
        for text in [
            "http://127.0.0.1:8765/callback#access_token=made-up&token_type=bearer&state=STATE",
            "#state=STATE&access_token=made-up&token_type=bearer",
            "access_token=made-up&token_type=bearer&state=STATE",
        ] {
            assert_eq!(proven(&judge(&Case::implicit(), text)), "token", "{text}");
        }
        for text in ["?error=access_denied&state=STATE", "error=access_denied&state=STATE"] {
            assert_eq!(proven(&judge(&Case::new(), text)), "error", "{text}");
        }
    }

    #[test]
    fn an_address_must_be_this_logins_redirect_uri() {
        for address in [
            "http://localhost:8765/callback",
            "http://127.0.0.1:8766/callback",
            "https://127.0.0.1:8765/callback",
            "http://127.0.0.1:8765/",
            "http://127.0.0.1:8765/callback/",
            "https://evil.example/callback",
            "://",
        ] {
            let verdict = judge(&Case::new(), &format!("{address}?code=c&state=STATE"));
            assert_eq!(verdict, RedirectVerdict::Stray(Stray::ForeignAddress), "{address}");
        }
    }

    #[test]
    fn a_registered_query_is_not_part_of_the_answer() {
        let redirect_uri = RedirectUri::parse("http://127.0.0.1:8765/callback?error=shown").unwrap();
        let case = Case { redirect_uri, ..Case::new() };
        let address = "http://127.0.0.1:8765/callback?error=shown&code=c&state=STATE";
        assert_eq!(judge(&case, address), RedirectVerdict::Proven(code("c")));
        assert_eq!(proven(&judge(&case, "http://127.0.0.1:8765/callback?error=other&state=STATE")), "error");
    }

    #[test]
    fn pairs_need_the_state() {
        for (text, claims_error) in [
            ("http://127.0.0.1:8765/callback?code=c", false),
            ("?code=c&state=x", false),
            ("code=c", false),
            ("?error=access_denied", true),
        ] {
            assert_eq!(judge(&Case::new(), text), RedirectVerdict::Stray(Stray::Unproven { claims_error }), "{text}");
        }
    }

    #[test]
    fn a_bare_code_needs_pkce_or_confirmation() {
        let case = Case { pkce: false, ..Case::new() };
        assert_eq!(judge(&case, "c"), RedirectVerdict::Doubtful(code("c"), Doubt::BareCode));
        for (case, text) in
            [(Case::new(), "two words"), (Case::new(), "caf\u{e9}"), (Case::new(), ""), (Case::implicit(), "c")]
        {
            assert_eq!(judge(&case, text), RedirectVerdict::Stray(Stray::NotPasteable), "{text}");
        }
    }
}
