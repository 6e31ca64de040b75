//! Judges a pasted line: the address at which the browser ended, its query or fragment alone, or a bare code.
//!
//! An address must be that of this login's own redirect URI: tricking users into pasting another tool's redirect is a
//! known attack. Parameters are judged like those of a callback. A bare code has no state to prove anything: PKCE makes
//! a foreign one useless, and without PKCE the user has to confirm it.

use url::Url;

use super::redirect::{Answer, Doubt, Expected, RedirectVerdict, Stray, judge_address, judge_params};
use crate::protocol::authorization::ResponseType;
use crate::protocol::params::Params;
use crate::protocol::secret::{AuthorizationCode, is_vschar};

pub fn judge_pasted(text: &str, expected: &Expected<'_>) -> RedirectVerdict {
    let text = text.trim();
    if text.contains("://") {
        return match Url::parse(text) {
            Ok(address) => judge_address(&address, expected),
            Err(_) => RedirectVerdict::Stray(Stray::ForeignAddress),
        };
    }
    let pairs = text.trim_start_matches(['?', '#']);
    if pairs.contains('=') && (text.starts_with(['?', '#']) || pairs.contains("state=") || pairs.contains("code=")) {
        return judge_params(Params::from_urlencoded(pairs), expected);
    }
    if expected.response_type == ResponseType::Token || !is_vschar(text) || text.contains(' ') {
        return RedirectVerdict::Stray(Stray::NotPasteable);
    }
    let answer = Answer::bare(AuthorizationCode::new(text));
    if expected.pkce { RedirectVerdict::Proven(answer) } else { RedirectVerdict::Doubtful(answer, Doubt::BareCode) }
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
        ] {
            assert_eq!(judge(&Case::new(), text), RedirectVerdict::Proven(code("c")), "{text}");
        }
        // A code may end like base64.
        for (text, bare) in [("c", "c"), (" c ", "c"), ("Yw==", "Yw==")] {
            let answer = Answer::bare(AuthorizationCode::new(bare));
            assert_eq!(judge(&Case::new(), text), RedirectVerdict::Proven(answer), "{text}");
        }
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
            "http://127.0.0.1:8766/callback",
            "https://127.0.0.1:8765/callback",
            "http://127.0.0.1:8765/",
            "https://evil.example/callback",
        ] {
            let verdict = judge(&Case::new(), &format!("{address}?code=c&state=x"));
            assert_eq!(verdict, RedirectVerdict::Stray(Stray::ForeignAddress), "{address}");
            let verdict = judge(&Case::new(), &format!("{address}?code=c&state=STATE"));
            assert!(
                matches!(&verdict, RedirectVerdict::Unusable(unusable) if unusable.came == format!("`{address}`")),
                "{verdict:?}"
            );
        }
        assert_eq!(judge(&Case::new(), "://?state=STATE"), RedirectVerdict::Stray(Stray::ForeignAddress));
        for address in
            ["http://localhost:8765/callback", "http://127.0.0.1:8765/callback/", "http://127.0.0.1:8765/Callback"]
        {
            let verdict = judge(&Case::new(), &format!("{address}?code=c&state=STATE"));
            assert_eq!(verdict, RedirectVerdict::Proven(code("c")), "{address}");
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
        for text in ["http://127.0.0.1:8765/callback?code=c", "?code=c&state=x", "code=c", "?error=access_denied"] {
            let verdict = judge(&Case::new(), text);
            assert!(matches!(verdict, RedirectVerdict::Stray(Stray::Unproven(_))), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn a_bare_code_needs_pkce_or_confirmation() {
        let case = Case { pkce: false, ..Case::new() };
        let answer = Answer::bare(AuthorizationCode::new("c"));
        assert_eq!(judge(&case, "c"), RedirectVerdict::Doubtful(answer, Doubt::BareCode));
        for (case, text) in
            [(Case::new(), "two words"), (Case::new(), "caf\u{e9}"), (Case::new(), ""), (Case::implicit(), "c")]
        {
            assert_eq!(judge(&case, text), RedirectVerdict::Stray(Stray::NotPasteable), "{text}");
        }
    }
}
