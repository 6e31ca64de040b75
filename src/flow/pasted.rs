//! Judges a pasted line: the address at which the browser ended, its query or fragment alone, or a bare code.
//!
//! An address must be that of this login's own redirect URI: tricking users into pasting another tool's redirect is a
//! known attack. Parameters are judged like those of a callback. A bare code has no state to prove anything: PKCE makes
//! a foreign one useless, and without PKCE the user has to confirm it. A word that is plainly not a code (`q`, `help`, a
//! command) is never sent unasked: a refused code ends the login.

mod copied;

use url::Url;

use self::copied::{Copied, decoded, is_plain_word};
use super::redirect::{Answer, Doubt, Expected, RedirectVerdict, Stray, judge_address, judge_params};
use crate::protocol::authorization::ResponseType;
use crate::protocol::params::Params;
use crate::protocol::secret::{AuthorizationCode, is_vschar};

pub fn judge_pasted(text: &str, expected: &Expected<'_>) -> RedirectVerdict {
    match judge_whole(text, expected) {
        // What is around an address is of no interest if that is the answer, which its state proves.
        RedirectVerdict::Stray(stray) => {
            let inside = copied::addresses(text).filter_map(|address| Url::parse(&address).ok());
            let mut verdicts = inside.map(|address| judge_address(&address, expected));
            let is_answer = |verdict: &RedirectVerdict| {
                matches!(verdict, RedirectVerdict::Proven(_) | RedirectVerdict::Unusable(_))
            };
            verdicts.find(is_answer).unwrap_or(RedirectVerdict::Stray(stray))
        }
        verdict => verdict,
    }
}

fn judge_whole(text: &str, expected: &Expected<'_>) -> RedirectVerdict {
    let Ok(own) = Url::parse(expected.redirect_uri.as_str()) else {
        return RedirectVerdict::Stray(Stray::ForeignAddress);
    };
    match copied::read(text, &own) {
        Copied::Address(address) => match Url::parse(&address) {
            Ok(address) => judge_address(&address, expected),
            Err(_) => RedirectVerdict::Stray(Stray::ForeignAddress),
        },
        Copied::Pairs(pairs) => judge_pairs(Params::from_urlencoded(&pairs), expected),
        Copied::Word(word, rest) => judge_word(&word, &rest, expected),
        Copied::Nothing => RedirectVerdict::Stray(Stray::NotPasteable),
    }
}

/// Judges pairs. A code without a state is as good as a bare code.
fn judge_pairs(params: Params, expected: &Expected<'_>) -> RedirectVerdict {
    let read = expected.dialect.read_callback(params.clone());
    let is_alone = ["state", "error", "iss"].iter().all(|name| !read.contains(name));
    match read.single("code") {
        Ok(Some(code)) if is_alone && !expected.dialect.state_may_be_missing() => judge_code(code, expected, false),
        _ => judge_params(params, expected),
    }
}

/// Judges a word that may be a code, and the pairs that follow it: from `4%2F0Ab&state=…` of an address bar to the
/// `CODE#STATE` that some providers show.
fn judge_word(word: &str, rest: &str, expected: &Expected<'_>) -> RedirectVerdict {
    let pairs = match rest.is_empty() || rest.contains('=') {
        true => Params::from_urlencoded(rest),
        false => Params::new().with("state", rest),
    };
    let code = decoded(word);
    if pairs.contains("state") {
        return judge_params(pairs.with("code", code), expected);
    }
    judge_code(&code, expected, is_plain_word(&code))
}

/// Judges a code without a state. `is_word` is true for a text that nothing calls a code, and that does not look like one.
fn judge_code(code: &str, expected: &Expected<'_>, is_word: bool) -> RedirectVerdict {
    if expected.response_type == ResponseType::Token || !is_vschar(code) || code.contains(' ') {
        return RedirectVerdict::Stray(Stray::NotPasteable);
    }
    let answer = Answer::bare(AuthorizationCode::new(code));
    match is_word {
        true => RedirectVerdict::Doubtful(answer, Doubt::PlainWord),
        false if expected.pkce => RedirectVerdict::Proven(answer),
        false => RedirectVerdict::Doubtful(answer, Doubt::BareCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Case, code, proven};
    use crate::protocol::redirect_uri::RedirectUri;

    fn judge(case: &Case, text: &str) -> RedirectVerdict {
        judge_pasted(&text.replace("STATE", case.state.as_str()), &case.expected(None))
    }

    fn bare(code: &str) -> Answer {
        Answer::bare(AuthorizationCode::new(code))
    }

    #[test]
    fn an_address_its_pairs_or_a_bare_code_is_accepted() {
        for text in [
            "http://127.0.0.1:8765/callback?code=c&state=STATE",
            " http://127.0.0.1:8765/callback?state=STATE&code=c\r\n",
            "http://127.0.0.1:8765/callback#code=c&state=STATE",
            "?code=c&state=STATE",
            "code=c&state=STATE",
            "c&state=STATE",
            "c&amp;scope=a&amp;state=STATE",
            "c#STATE",
            "Location: http://127.0.0.1:8765/callback?code=c&state=STATE",
            "<http://127.0.0.1:8765/callback?code=c&amp;state=STATE>",
        ] {
            assert_eq!(judge(&Case::new(), text), RedirectVerdict::Proven(code("c")), "{text}");
        }
        for text in [
            "4%2F0Ab",
            " 4/0Ab ",
            "\u{1b}[200~4%2F0Ab\u{1b}[201~",
            "'4/0Ab'",
            "4%2F0Ab&scope=x",
            "4/0Ab#_=_",
            "code=4%2F0Ab",
            "?code=4%2F0Ab",
        ] {
            assert_eq!(judge(&Case::new(), text), RedirectVerdict::Proven(bare("4/0Ab")), "{text}");
        }
        let inside = "http://127.0.0.1:8765/callback?code=c&state=STATE";
        for text in [
            format!("[the page]({inside})"),
            format!("{{\"url\":\"{inside}\",\"title\":\"x\"}}"),
            format!("<a href=\"{}\">here</a>", inside.replace('&', "&amp;")),
            format!("{inside}\n{inside}\n"),
            format!("see http://other.example/?a=b and {inside}."),
            inside.replace("/callback?", "/callback\n  ?"),
            inside.replace("&state", "\r\n&state"),
            "http%253A%252F%252F127.0.0.1%253A8765%252Fcallback%253Fcode%253Dc%2526state%253DSTATE".to_owned(),
        ] {
            assert_eq!(judge(&Case::new(), &text), RedirectVerdict::Proven(code("c")), "{text}");
        }
        // A code may end like base64.
        assert_eq!(judge(&Case::new(), "YWJjZA=="), RedirectVerdict::Proven(bare("YWJjZA==")));
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
    fn the_address_that_begins_the_login_is_not_its_answer() {
        for query in ["client_id=x&response_type=code&state=STATE", "client_id=x&request_uri=urn%3Ax"] {
            let verdict = judge(&Case::new(), &format!("https://as.example/authorize?{query}"));
            assert_eq!(verdict, RedirectVerdict::Stray(Stray::Request), "{query}");
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
        for text in [
            "http://127.0.0.1:8765/callback?code=c",
            "?code=c&state=x",
            "code=c&iss=x",
            "4%2F0Ab&state=x",
            "4%2F0Ab#x",
            "?error=access_denied",
        ] {
            let verdict = judge(&Case::new(), text);
            assert!(matches!(verdict, RedirectVerdict::Stray(Stray::Unproven(_))), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn a_bare_code_needs_pkce_or_confirmation() {
        let case = Case { pkce: false, ..Case::new() };
        for text in ["4/0Ab", "code=4%2F0Ab"] {
            assert_eq!(judge(&case, text), RedirectVerdict::Doubtful(bare("4/0Ab"), Doubt::BareCode));
        }
        for (pkce, text) in [(true, "help"), (false, "q"), (true, ":wq"), (true, "'oauthctl'")] {
            let word = text.trim_matches('\'');
            let case = Case { pkce, ..Case::new() };
            assert_eq!(judge(&case, text), RedirectVerdict::Doubtful(bare(word), Doubt::PlainWord), "{text}");
        }
        for (case, text) in
            [(Case::new(), "two words"), (Case::new(), "caf\u{e9}"), (Case::new(), ""), (Case::implicit(), "4/0Ab")]
        {
            assert_eq!(judge(&case, text), RedirectVerdict::Stray(Stray::NotPasteable), "{text}");
        }
    }
}
