//! Judges one request that reached the loopback port. The function is pure: the verdict depends only on the request and
//! on what we expect.
//!
//! The order matters: method and exact Host, path, `state` in constant time, `iss`, then `error` and `code`. A failure
//! before the state is proven changes nothing and ends nothing. Any page in the browser and any process on the machine
//! can send such a request. If a forged `?error=` ended a login, an attacker could keep it from ever succeeding.

use std::collections::BTreeMap;

use crate::protocol::authorization::{AuthorizationResponse, NotAResponse, ResponseType};
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::ClientSecret;
use crate::protocol::state::State;
use crate::provider::Dialect;
use crate::system::loopback::LoopbackRequest;

use super::pages::BrowserPage;

/// The expected form of the one right request.
pub struct Expected<'a> {
    pub redirect_uri: &'a RedirectUri,
    /// Every `Host` that a request may name: the redirect URI's, and behind a tunnel the port's own.
    pub hosts: &'a [String],
    pub state: &'a State,
    pub response_type: ResponseType,
    /// The authorization server's issuer, if the definition names one (RFC 9207).
    pub issuer: Option<&'a str>,
    /// True if a foreign code would be useless, as its challenge is not ours.
    pub pkce: bool,
    /// The key of the provider's signature, if it signs its callbacks.
    pub client_secret: Option<&'a ClientSecret>,
    pub dialect: Dialect<'a>,
}

/// The verdict on a request.
#[derive(Debug, PartialEq, Eq)]
pub enum RedirectVerdict {
    /// It carries our state: the answer to our request.
    Proven(Answer),
    /// It may be the answer, but the user has to confirm it.
    Doubtful(Answer, Doubt),
    /// The browser returned with a fragment, which only a page can read.
    Fragment,
    /// Anything else. The wait goes on.
    Stray(Stray),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub response: AuthorizationResponse,
    /// Values for the definition's parameters that the callback carries.
    pub captured: BTreeMap<String, String>,
}

/// The reason why an answer is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The provider may omit the state.
    NoState,
    /// A pasted code, and no PKCE to protect it.
    BareCode,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Stray {
    /// A preflight or the icon, which browsers request by themselves.
    Noise,
    Method,
    Host,
    Path,
    /// The fragment page's post, but not from our origin.
    Origin,
    /// The right path, with a wrong state or none. `claims_error` is set if it says that the login failed.
    Unproven {
        claims_error: bool,
    },
    /// Our state, with the wrong issuer (RFC 9207 §2.4).
    Issuer,
    /// Our state, with a signature that is not the provider's.
    Signature,
    /// Our state, without an answer.
    Unusable(NotAResponse),
    /// A pasted address that is not the redirect URI's.
    ForeignAddress,
    /// A pasted line that is neither an address nor a code.
    NotPasteable,
}

impl Stray {
    pub fn page(&self) -> BrowserPage {
        match self {
            Self::Noise => BrowserPage::Empty,
            Self::Method => BrowserPage::WrongMethod,
            Self::Host => BrowserPage::WrongHost,
            Self::Path | Self::Origin | Self::Unproven { .. } | Self::ForeignAddress | Self::NotPasteable => {
                BrowserPage::NothingHere
            }
            Self::Issuer | Self::Signature | Self::Unusable(_) => BrowserPage::Unusable,
        }
    }
}

/// Judges a request to the port.
pub fn judge(request: &LoopbackRequest, expected: &Expected<'_>) -> RedirectVerdict {
    let stray = RedirectVerdict::Stray;
    let posts_fragment = request.method == "POST" && expected.response_type == ResponseType::Token;
    match request.method.as_str() {
        "GET" => {}
        "POST" if posts_fragment => {}
        "OPTIONS" => return stray(Stray::Noise),
        _ => return stray(Stray::Method),
    }
    // Exactly one Host, and exactly the registered authority: a page that rebinds its own name to 127.0.0.1 sends that
    // name. Host names are not case-sensitive (RFC 9110 §4.2.3).
    let is_ours = |host: &String| expected.hosts.iter().any(|ours| host.eq_ignore_ascii_case(ours));
    if !matches!(request.hosts.as_slice(), [host] if is_ours(host)) {
        return stray(Stray::Host);
    }
    // A browser sends the origin form. The absolute form is for proxies.
    if !request.target.starts_with('/') {
        return stray(Stray::Path);
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    if path == "/favicon.ico" {
        return stray(Stray::Noise);
    }
    if path != expected.redirect_uri.path() {
        return stray(Stray::Path);
    }
    if posts_fragment {
        return judge_post(request, expected);
    }
    let params = Params::from_urlencoded(query);
    if expected.response_type == ResponseType::Token && !params.contains("state") && !params.contains("error") {
        return RedirectVerdict::Fragment;
    }
    judge_params(params, expected)
}

/// Judges the post of our own page: the fragment as a form body. Another page can post here too, but not with our
/// origin.
fn judge_post(request: &LoopbackRequest, expected: &Expected<'_>) -> RedirectVerdict {
    let is_form = HttpRequest::media_type(request.content_type.as_deref()) == "application/x-www-form-urlencoded";
    if !is_form || request.origin.as_deref() != Some(expected.redirect_uri.origin().as_str()) {
        return RedirectVerdict::Stray(Stray::Origin);
    }
    match std::str::from_utf8(&request.body) {
        Ok(fragment) => judge_params(Params::from_urlencoded(fragment), expected),
        Err(_) => RedirectVerdict::Stray(Stray::Unproven { claims_error: false }),
    }
}

/// Judges the parameters of an answer from any source.
pub fn judge_params(params: Params, expected: &Expected<'_>) -> RedirectVerdict {
    let signed = expected.dialect.signature_holds(&params, expected.client_secret);
    let captured = expected.dialect.captured_from_callback(&params);
    let params = expected.dialect.read_callback(params);
    // `single` refuses a second `state`, so a request cannot carry one that we check and one that another party reads.
    let state = params.single("state");
    let proven = matches!(state, Ok(Some(state)) if expected.state.matches(state));
    let may_be_missing = state == Ok(None) && expected.dialect.state_may_be_missing();
    if !proven && !may_be_missing {
        return RedirectVerdict::Stray(Stray::Unproven { claims_error: params.contains("error") });
    }
    if let Some(issuer) = expected.issuer {
        // A simple string comparison (RFC 9207 §2.4, RFC 3986 §6.2.1).
        if !matches!(params.single("iss"), Ok(Some(iss)) if iss == issuer) {
            return RedirectVerdict::Stray(Stray::Issuer);
        }
    }
    if !signed {
        return RedirectVerdict::Stray(Stray::Signature);
    }
    match AuthorizationResponse::parse(&params, expected.response_type) {
        Ok(response) if proven => RedirectVerdict::Proven(Answer { response, captured }),
        // A denial cannot be confirmed: accepting it would let any page end the login.
        Ok(AuthorizationResponse::Error(_)) => RedirectVerdict::Stray(Stray::Unproven { claims_error: true }),
        Ok(response) => RedirectVerdict::Doubtful(Answer { response, captured }, Doubt::NoState),
        Err(problem) => RedirectVerdict::Stray(Stray::Unusable(problem)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Case, code, proven, provider_of};

    impl Case {
        fn judge(&self, target: &str) -> RedirectVerdict {
            self.judge_request(&LoopbackRequest::detached("GET", target, "127.0.0.1:8765"))
        }

        fn judge_request(&self, request: &LoopbackRequest) -> RedirectVerdict {
            judge(request, &self.expected(None))
        }

        fn target(&self, rest: &str) -> String {
            format!("/callback?state={}{rest}", self.state.as_str())
        }
    }

    #[test]
    fn only_the_state_proves_an_answer() {
        let case = Case::new();
        assert_eq!(case.judge(&case.target("&code=c")), RedirectVerdict::Proven(code("c")));
        assert_eq!(proven(&case.judge(&case.target("&error=access_denied"))), "error");
        let state = case.state.as_str();
        let unproven = [
            "/callback?code=c".to_owned(),
            "/callback?code=c&state=".to_owned(),
            format!("/callback?code=c&state={}", &state[..42]),
            format!("/callback?code=c&state={state}x"),
            format!("/callback?code=c&state={}", state.to_uppercase()),
            format!("/callback?code=c&state={state}&state={state}"),
            format!("/callback?code=c&state=x&state={state}"),
            format!("/callback?code=c#state={state}"),
            format!("/callback?code=c&State={state}"),
        ];
        for target in unproven {
            assert_eq!(
                case.judge(&target),
                RedirectVerdict::Stray(Stray::Unproven { claims_error: false }),
                "{target}"
            );
        }
        assert_eq!(
            case.judge("/callback?error=access_denied"),
            RedirectVerdict::Stray(Stray::Unproven { claims_error: true })
        );
    }

    #[test]
    fn the_host_must_match_exactly() {
        let case = Case::new();
        let target = case.target("&code=c");
        let verdict = |hosts: &[&str]| {
            let mut request = LoopbackRequest::detached("GET", &target, "");
            request.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            case.judge_request(&request)
        };
        assert!(matches!(verdict(&["127.0.0.1:8765"]), RedirectVerdict::Proven(_)));
        for hosts in [
            &["127.0.0.1"][..],
            &["localhost:8765"],
            &["127.0.0.1.evil.example:8765"],
            &["127.0.0.1:8765."],
            &[],
            &["127.0.0.1:8765", "127.0.0.1:8765"],
            &["[::ffff:127.0.0.1]:8765"],
        ] {
            assert_eq!(verdict(hosts), RedirectVerdict::Stray(Stray::Host), "{hosts:?}");
        }
    }

    #[test]
    fn method_and_path_are_exact() {
        let case = Case::new();
        for (method, stray) in
            [("POST", Stray::Method), ("HEAD", Stray::Method), ("get", Stray::Method), ("OPTIONS", Stray::Noise)]
        {
            let request = LoopbackRequest::detached(method, &case.target("&code=c"), "127.0.0.1:8765");
            assert_eq!(case.judge_request(&request), RedirectVerdict::Stray(stray), "{method}");
        }
        let state = case.state.as_str();
        for path in [
            "/",
            "/Callback",
            "/callback/",
            "//callback",
            "/callback%2F",
            "/x/../callback",
            "http://127.0.0.1:8765/callback",
            "*",
        ] {
            assert_eq!(
                case.judge(&format!("{path}?code=c&state={state}")),
                RedirectVerdict::Stray(Stray::Path),
                "{path}"
            );
        }
        assert_eq!(case.judge("/favicon.ico"), RedirectVerdict::Stray(Stray::Noise));
    }

    #[test]
    fn a_proven_request_without_an_answer_keeps_the_wait_going() {
        let case = Case::new();
        assert_eq!(case.judge(&case.target("")), RedirectVerdict::Stray(Stray::Unusable(NotAResponse::Empty)));
        assert_eq!(
            case.judge(&case.target("&code=a&error=b")),
            RedirectVerdict::Stray(Stray::Unusable(NotAResponse::Contradiction))
        );
    }

    #[test]
    fn the_issuer_must_match_exactly() {
        let case = Case::new();
        let issuer = "https://as.example";
        let judge_iss = |iss: &str| {
            let target = case.target(&format!("&code=c{iss}"));
            judge(&LoopbackRequest::detached("GET", &target, "127.0.0.1:8765"), &case.expected(Some(issuer)))
        };
        assert!(matches!(judge_iss("&iss=https%3A%2F%2Fas.example"), RedirectVerdict::Proven(_)));
        for iss in [
            "",
            "&iss=https%3A%2F%2Fas.example%2F",
            "&iss=https%3A%2F%2FAS.example",
            "&iss=https%3A%2F%2Fas.example&iss=x",
        ] {
            assert_eq!(judge_iss(iss), RedirectVerdict::Stray(Stray::Issuer), "{iss}");
        }
    }

    #[test]
    fn a_missing_optional_state_is_doubtful_and_a_wrong_one_is_not() {
        let case = Case { provider: provider_of("callback.state = 'may-be-missing'", &[]), ..Case::new() };
        let state = case.state.as_str();
        assert_eq!(case.judge("/callback?code=c"), RedirectVerdict::Doubtful(code("c"), Doubt::NoState));
        assert_eq!(case.judge(&case.target("&code=c")), RedirectVerdict::Proven(code("c")));
        for (target, claims_error) in [
            ("/callback?code=c&state=x".to_owned(), false),
            ("/callback?code=c&state=".to_owned(), false),
            (format!("/callback?code=c&state={state}&state={state}"), false),
            // A denial cannot be confirmed.
            ("/callback?error=access_denied".to_owned(), true),
        ] {
            assert_eq!(case.judge(&target), RedirectVerdict::Stray(Stray::Unproven { claims_error }), "{target}");
        }
    }

    #[test]
    fn a_fragment_is_fetched_if_there_may_be_one() {
        let case = Case::implicit();
        for (target, expected) in [
            ("/callback".to_owned(), RedirectVerdict::Fragment),
            ("/callback?x=y".to_owned(), RedirectVerdict::Fragment),
            (
                "/callback?error=access_denied".to_owned(),
                RedirectVerdict::Stray(Stray::Unproven { claims_error: true }),
            ),
            ("/callback?state=x".to_owned(), RedirectVerdict::Stray(Stray::Unproven { claims_error: false })),
            ("/other".to_owned(), RedirectVerdict::Stray(Stray::Path)),
        ] {
            assert_eq!(case.judge(&target), expected, "{target}");
        }
        // RFC 6749 §4.2.2.1 has errors in the fragment, and some servers have them in the query.
        assert_eq!(proven(&case.judge(&case.target("&error=access_denied"))), "error");
        assert_eq!(Case::new().judge("/callback"), RedirectVerdict::Stray(Stray::Unproven { claims_error: false }));
    }

    #[test]
    fn a_posted_fragment_is_accepted_only_from_our_own_page() {
        let case = Case::implicit();
        let form = "application/x-www-form-urlencoded";
        let post = |method: &str, origin: Option<&str>, content_type: Option<&str>, body: &[u8]| {
            let mut request = LoopbackRequest::detached(method, "/callback", "127.0.0.1:8765");
            request.origin = origin.map(str::to_owned);
            request.content_type = content_type.map(str::to_owned);
            request.body = body.to_vec();
            case.judge_request(&request)
        };
        let body = format!("access_token=made-up&token_type=bearer&state={}", case.state.as_str());
        let (body, ours) = (body.as_bytes(), Some("http://127.0.0.1:8765"));
        for content_type in [form, "Application/X-WWW-Form-Urlencoded; charset=UTF-8"] {
            assert_eq!(proven(&post("POST", ours, Some(content_type), body)), "token");
        }
        for (origin, content_type) in [
            (None, Some(form)),
            (Some("null"), Some(form)),
            (Some("http://localhost:8765"), Some(form)),
            (Some("https://127.0.0.1:8765"), Some(form)),
            (ours, None),
            (ours, Some("text/plain")),
        ] {
            assert_eq!(post("POST", origin, content_type, body), RedirectVerdict::Stray(Stray::Origin), "{origin:?}");
        }
        for body in [&b"access_token=made-up&state=x"[..], b"access_token=made-up", b"\xff", b""] {
            assert_eq!(
                post("POST", ours, Some(form), body),
                RedirectVerdict::Stray(Stray::Unproven { claims_error: false })
            );
        }
        assert_eq!(post("PUT", ours, Some(form), body), RedirectVerdict::Stray(Stray::Method));
    }
}
