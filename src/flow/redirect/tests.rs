use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::*;
use crate::flow::doubles::{Case, code, proven, provider_of};

const FORM: &str = "application/x-www-form-urlencoded";
const HOST: &str = "127.0.0.1:8765";

impl Case {
    /// Judges a GET. `STATE` stands for the right state.
    fn judge(&self, target: &str) -> RedirectVerdict {
        self.judge_request(&LoopbackRequest::detached("GET", &self.with_state(target), HOST))
    }

    fn judge_request(&self, request: &LoopbackRequest) -> RedirectVerdict {
        judge(request, &self.expected(None))
    }

    fn with_state(&self, text: &str) -> String {
        text.replace("STATE", self.state.as_str())
    }

    fn post(&self, target: &str, content_type: &str, body: &str) -> RedirectVerdict {
        let mut request = LoopbackRequest::detached("POST", &self.with_state(target), HOST);
        request.content_type = (!content_type.is_empty()).then(|| content_type.to_owned());
        request.body = self.with_state(body).into_bytes();
        // A provider that sends no referrer.
        request.origin = Some("null".to_owned());
        self.judge_request(&request)
    }

    fn named(callback: &str) -> Self {
        Self { provider: provider_of(callback, &[]), ..Self::new() }
    }
}

fn stray(claim: Claim, other_state: bool) -> RedirectVerdict {
    RedirectVerdict::Stray(Stray::Unproven(Unproven { claim, other_state }))
}

/// What differs, and what is said of it.
#[track_caller]
fn refused(verdict: &RedirectVerdict) -> (Difference, String) {
    match verdict {
        RedirectVerdict::Unusable(unusable) | RedirectVerdict::Fragment(Some(unusable)) => {
            (unusable.difference, unusable.to_string())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_state_proves_an_answer() {
    let case = Case::new();
    assert_eq!(case.judge("/callback?code=c&state=STATE"), RedirectVerdict::Proven(code("c")));
    assert_eq!(proven(&case.judge("/callback?error=access_denied&state=STATE")), "error");
    let state = case.state.as_str();
    for (query, claim, other_state) in [
        ("code=c".to_owned(), Claim::Code, false),
        ("code=c&state=".to_owned(), Claim::Code, true),
        (format!("code=c&state={}", &state[..42]), Claim::Code, true),
        (format!("code=c&state={state}x"), Claim::Code, true),
        (format!("code=c&state={}", state.to_uppercase()), Claim::Code, true),
        ("code=c&state=x&state=y".to_owned(), Claim::Code, true),
        ("access_token=t&state=x".to_owned(), Claim::Token, true),
        ("state=x".to_owned(), Claim::Nothing, true),
        ("error=access_denied".to_owned(), Claim::Error(Some("access_denied")), false),
        ("error=access_denied&state=x".to_owned(), Claim::Error(Some("access_denied")), true),
        // The text of an unproven answer is not shown.
        ("error=call+0900".to_owned(), Claim::Error(None), false),
        ("error_reason=user_denied".to_owned(), Claim::Error(None), false),
        ("response=a.b.c.d.e".to_owned(), Claim::Jwt, false),
    ] {
        assert_eq!(case.judge(&format!("/callback?{query}")), stray(claim, other_state), "{query}");
        assert_eq!(case.post("/callback", FORM, &query), stray(claim, other_state), "{query}");
        // It is told of at another path too.
        assert_eq!(case.judge(&format!("/other?{query}")).is_told(), claim != Claim::Nothing, "{query}");
    }
}

impl RedirectVerdict {
    fn is_told(&self) -> bool {
        matches!(self, Self::Stray(Stray::Unproven(_)))
    }
}

#[test]
fn an_answer_at_another_spelling_of_the_place_is_taken() {
    let case = Case::new();
    for (host, path) in
        [(HOST, "/callback/"), (HOST, "/Callback"), ("localhost:8765", "/callback"), ("[::1]:8765", "/callback")]
    {
        let target = case.with_state(&format!("{path}?code=c&state=STATE"));
        let verdict = case.judge_request(&LoopbackRequest::detached("GET", &target, host));
        assert_eq!(verdict, RedirectVerdict::Proven(code("c")), "{host}{path}");
    }
}

#[test]
fn an_answer_at_another_place_ends_the_login_and_names_both() {
    let case = Case::new();
    for (host, path, came) in [
        (HOST, "/other", "`http://127.0.0.1:8765/other`"),
        (HOST, "//callback", "`http://127.0.0.1:8765//callback`"),
        ("evil.example:8765", "/callback", "`http://evil.example:8765/callback`"),
        (HOST, "http://127.0.0.1:8765/callback", "`http://127.0.0.1:8765/callback`"),
        (HOST, "/callback/STATE", "`http://127.0.0.1:8765/callback/STATE`"),
    ] {
        let target = case.with_state(&format!("{path}?code=c&state=STATE"));
        let (difference, said) = refused(&case.judge_request(&LoopbackRequest::detached("GET", &target, host)));
        assert_eq!(difference, Difference::Place, "{host}{path}");
        assert!(said.contains(&format!("came: {came}; expected: `http://127.0.0.1:8765/callback`")), "{said}");
        assert!(!said.contains(case.state.as_str()));
    }
    let mut request = LoopbackRequest::detached("GET", &case.with_state("/callback?state=STATE&code=c"), HOST);
    request.hosts.push(HOST.to_owned());
    assert!(refused(&case.judge_request(&request)).1.contains("with 2 hosts"));
}

#[test]
fn a_request_without_the_state_is_told_by_its_place_and_method() {
    let case = Case::new();
    let of =
        |method: &str, target: &str, host: &str| case.judge_request(&LoopbackRequest::detached(method, target, host));
    for (method, target, host, expected) in [
        ("GET", "/callback?code=c", "evil.example:8765", Stray::Host),
        ("GET", "/other", HOST, Stray::Path),
        ("GET", "/", HOST, Stray::Path),
        ("GET", "http://127.0.0.1:8765/callback", HOST, Stray::Path),
        ("PUT", "/callback?code=c", HOST, Stray::Method),
        ("get", "/callback?code=c", HOST, Stray::Method),
        ("OPTIONS", "/callback", HOST, Stray::Noise),
        ("GET", "/favicon.ico", HOST, Stray::Noise),
    ] {
        assert_eq!(of(method, target, host), RedirectVerdict::Stray(expected), "{method} {host} {target}");
    }
    // A scanner of links sends what it found, and the browser comes after it.
    let target = case.with_state("/callback?code=c&state=STATE");
    assert_eq!(of("HEAD", &target, HOST), RedirectVerdict::Stray(Stray::Method));
    for method in ["PUT", "get"] {
        let (difference, said) = refused(&of(method, &target, HOST));
        assert!(difference == Difference::Message && said.contains(&format!("came: `{method}`")), "{said}");
    }
}

#[test]
fn a_state_in_another_shape_ends_the_login_and_is_described() {
    let case = Case::new();
    let jwt = |claims: &str| format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(case.with_state(claims)));
    let jarm = format!("response={}", jwt(r#"{"iss":"https://as.example","code":"c","state":"STATE"}"#));
    for (query, difference, words) in [
        ("code=c&state=STATE&state=STATE", Difference::State, "`state` came 2 times; came: `code`, `state`, `state`"),
        ("code=c&state=x&state=STATE", Difference::State, "`state` came 2 times"),
        ("code=c&amp;state=STATE", Difference::State, "separated by `&amp;`"),
        ("code=c&amp%3Bstate=STATE", Difference::State, "separated by `&amp;`"),
        ("code=c;state=STATE", Difference::State, "the state came as `code`"),
        ("code=c&State=STATE", Difference::State, "the state came as `State`"),
        ("code=c&state=STATE%23_=_", Difference::State, "`state` has more in it than was sent"),
        ("code=c&state=%22STATE%22", Difference::State, "`state` has more in it than was sent"),
        ("code=c#state=STATE", Difference::State, "the state came as `code`"),
        (jarm.as_str(), Difference::Jwt, "is a JWT (JARM)"),
    ] {
        for verdict in [case.judge(&format!("/callback?{query}")), case.post("/callback", FORM, query)] {
            let (found, said) = refused(&verdict);
            assert!(found == difference && said.contains(words), "{query}: {found:?} {said}");
            assert!(!said.contains(case.state.as_str()), "{said}");
        }
    }
}

#[test]
fn a_proven_request_without_an_answer_says_what_came() {
    let case = Case::new();
    for (query, difference, words) in [
        ("code=a&error=b&state=STATE", Difference::Answer, "both a code and an error"),
        ("code=a&code=a&state=STATE", Difference::Answer, "`code` appears more than once"),
        ("code=a%0Ab&state=STATE", Difference::Answer, "characters that are not allowed"),
        ("access_token=a&state=STATE", Difference::OtherGrant, "a token came, and a code was asked for"),
        (
            "error_reason=user_denied+STATE&state=STATE",
            Difference::OwnError,
            "came: `error_reason=user_denied STATE`, `state`; expected: `code` or `error`",
        ),
    ] {
        let verdict = case.judge(&format!("/callback?{query}"));
        assert!(matches!(verdict, RedirectVerdict::Unusable(_)), "{verdict:?}");
        let (found, said) = refused(&verdict);
        assert!(found == difference && said.contains(words), "{query}: {found:?} {said}");
        assert!(!said.contains(case.state.as_str()), "{said}");
    }
    // The rest may be in the fragment.
    for query in ["state=STATE", "state=STATE&code=", "state=STATE&session_state=1"] {
        let verdict = case.judge(&format!("/callback?{query}"));
        assert!(matches!(verdict, RedirectVerdict::Fragment(Some(_))), "{verdict:?}");
        assert_eq!(refused(&verdict).0, Difference::Nothing);
        // The page has handed over all that there is.
        assert_eq!(refused(&case.post("/callback", ADDRESS, &format!("?{query}#"))).0, Difference::Nothing);
    }
}

#[test]
fn a_forms_post_is_an_answer_and_its_query_is_not() {
    let case = Case::new();
    for content_type in [FORM, "Application/X-WWW-Form-Urlencoded; charset=UTF-8"] {
        assert_eq!(case.post("/callback", content_type, "code=c&state=STATE"), RedirectVerdict::Proven(code("c")));
    }
    assert_eq!(proven(&case.post("/callback/", FORM, "error=access_denied&state=STATE")), "error");
    // Nothing is merged.
    assert_eq!(case.post("/callback?code=x&iss=x", FORM, "code=c&state=STATE"), RedirectVerdict::Proven(code("c")));
    assert_eq!(refused(&case.post("/callback?code=c", FORM, "state=STATE")).0, Difference::Nothing);
    for (target, content_type, body, words) in [
        ("/callback?code=c&state=STATE", FORM, "", "with the state in its address"),
        ("/callback?state=STATE", FORM, "code=c", "with the state in its address"),
        ("/callback", "application/json", r#"{"code":"c","state":"STATE"}"#, "came: `POST of application/json`"),
        ("/callback", "", "code=c&state=STATE", "came: `POST`"),
    ] {
        let (difference, said) = refused(&case.post(target, content_type, body));
        assert!(difference == Difference::Message && said.contains(words), "{said}");
    }
    assert_eq!(case.post("/callback", "application/json", "{}"), RedirectVerdict::Stray(Stray::Method));
    assert_eq!(case.post("/callback", FORM, ""), stray(Claim::Nothing, false));
}

#[test]
fn the_page_hands_over_query_and_fragment_together() {
    let token = "access_token=made-up&token_type=bearer";
    for (case, query, fragment, kind) in [
        (Case::implicit(), "", &format!("{token}&state=STATE")[..], "token"),
        (Case::implicit(), "?iss=https%3A%2F%2Fas.example", &format!("{token}&state=STATE"), "token"),
        (Case::implicit(), "?state=STATE", token, "token"),
        (Case::implicit(), "?state=STATE", &format!("{token}&state=STATE"), "token"),
        (Case::implicit(), "?state=STATE", "error=access_denied", "error"),
        (Case::new(), "", "error=access_denied&state=STATE", "error"),
        (Case::new(), "", "code=c&state=STATE", "code"),
        (Case::new(), "?code=c", "state=STATE", "code"),
        (Case::new(), "?state=STATE", "code=c", "code"),
    ] {
        assert_eq!(
            proven(&case.post("/callback", ADDRESS, &format!("{query}#{fragment}"))),
            kind,
            "{query}#{fragment}"
        );
    }
    let case = Case::implicit();
    for (body, words) in [
        ("?state=x#access_token=a&token_type=bearer&state=STATE", "`state` came 2 times"),
        ("?access_token=b&state=STATE#access_token=a", "`access_token` appears more than once"),
        ("?iss=a#access_token=a&token_type=bearer&state=STATE&iss=b", "`iss` came 2 times"),
    ] {
        assert!(refused(&case.post("/callback", ADDRESS, body)).1.contains(words), "{body}");
    }
    assert_eq!(case.post("/callback", ADDRESS, "#access_token=a&state=x"), stray(Claim::Token, true));
    assert_eq!(case.post("/callback", ADDRESS, ""), stray(Claim::Nothing, false));
    // A page at another path hands over too, and the state is in its address.
    assert_eq!(refused(&case.post("/other", ADDRESS, "#access_token=a&state=STATE")).0, Difference::Place);
}

#[test]
fn a_fragment_is_fetched_if_there_may_be_one() {
    for case in [Case::implicit(), Case::new()] {
        for target in ["/callback", "/callback?x=y", "/callback?iss=x", "/callback/"] {
            assert_eq!(case.judge(target), RedirectVerdict::Fragment(None), "{target}");
        }
        assert!(matches!(case.judge("/callback?state=STATE"), RedirectVerdict::Fragment(Some(_))));
        assert_eq!(case.judge("/callback?state=x"), stray(Claim::Nothing, true));
        assert_eq!(case.judge("/other"), RedirectVerdict::Stray(Stray::Path));
        // RFC 6749 §4.2.2.1 has errors in the fragment, and some servers have them in the query.
        assert_eq!(proven(&case.judge("/callback?state=STATE&error=access_denied")), "error");
    }
}

#[test]
fn a_registered_query_is_not_part_of_the_answer() {
    let redirect_uri = RedirectUri::parse("http://127.0.0.1:8765/callback?error=shown&code=no").unwrap();
    let case = Case { redirect_uri, ..Case::new() };
    assert_eq!(case.judge("/callback?error=shown&code=no&code=c&state=STATE"), RedirectVerdict::Proven(code("c")));
    assert_eq!(case.judge("/callback?error=shown&code=no"), RedirectVerdict::Fragment(None));
}

#[test]
fn the_issuer_must_match_exactly_where_it_is_known() {
    let issuer = "https://as.example";
    let judge_iss = |case: &Case, issuer: Option<&str>, query: &str| {
        let target = case.with_state(&format!("/callback?state=STATE&{query}"));
        judge(&LoopbackRequest::detached("GET", &target, HOST), &case.expected(issuer))
    };
    let right = "code=c&iss=https%3A%2F%2Fas.example";
    let (sent, may) = (Case::new(), Case::named("callback.iss = 'may-be-missing'"));
    for case in [&sent, &may] {
        assert_eq!(judge_iss(case, Some(issuer), right), RedirectVerdict::Proven(code("c")));
        for (iss, came) in [
            ("iss=https%3A%2F%2Fas.example%2F", "came: `iss` `https://as.example/`"),
            ("iss=https%3A%2F%2FAS.example", "came: `iss` `https://AS.example`"),
            ("iss=https%3A%2F%2Fas.example:443", "came: `iss` `https://as.example:443`"),
            ("iss=https%3A%2F%2Fas.example&iss=x", "came: `iss` `https://as.example`, `x`"),
            ("iss=https%3A%2F%2Fas.example&iss=https%3A%2F%2Fas.example", "`iss` came 2 times"),
        ] {
            // An error from another server is no more to be believed.
            for answer in ["code=c", "error=access_denied"] {
                let (difference, said) = refused(&judge_iss(case, Some(issuer), &format!("{answer}&{iss}")));
                assert!(difference == Difference::Issuer && said.contains(came), "{said}");
                assert!(said.ends_with("expected: `iss` `https://as.example`"), "{said}");
            }
        }
        assert_eq!(proven(&judge_iss(case, Some(issuer), "error=access_denied")), "error");
    }
    for missing in ["code=c", "code=c&iss="] {
        assert_eq!(refused(&judge_iss(&sent, Some(issuer), missing)).0, Difference::NoIssuer);
        assert_eq!(judge_iss(&may, Some(issuer), missing), RedirectVerdict::Proven(code("c")));
    }
    // None is known: the answer says so, and two cannot both be right.
    let noted = Answer { unknown_issuer: Some(issuer.to_owned()), ..code("c") };
    assert_eq!(judge_iss(&sent, None, right), RedirectVerdict::Proven(noted));
    assert_eq!(refused(&judge_iss(&sent, None, "code=c&iss=a&iss=b")).0, Difference::Issuer);
}

#[test]
fn an_issuer_without_the_state_ends_nothing() {
    let case = Case::named("callback.state = 'may-be-missing'");
    let request = LoopbackRequest::detached("GET", "/callback?code=c&iss=https%3A%2F%2Fevil.example", HOST);
    assert_eq!(judge(&request, &case.expected(Some("https://as.example"))), stray(Claim::Code, false));
}

#[test]
fn a_wrong_signature_ends_the_login_only_with_the_state() {
    let case = Case::named("callback.signature = { param = 'hmac' }");
    for query in ["code=c&state=STATE", "code=c&state=STATE&hmac=00", "error=x&state=STATE&hmac=00"] {
        let (difference, said) = refused(&case.judge(&format!("/callback?{query}")));
        assert!(difference == Difference::Signature && said.contains("expected: `hmac`"), "{said}");
    }
    // An error that is not signed came all the same.
    assert_eq!(proven(&case.judge("/callback?error=access_denied&state=STATE")), "error");
    assert_eq!(case.judge("/callback?code=c&hmac=00"), stray(Claim::Code, false));
}

#[test]
fn a_missing_optional_state_is_doubtful_and_a_wrong_one_is_not() {
    let case = Case::named("callback.state = 'may-be-missing'");
    let bare = || RedirectVerdict::Doubtful(Answer { has_state: false, ..code("c") }, Doubt::NoState);
    assert_eq!(case.judge("/callback?code=c"), bare());
    assert_eq!(case.post("/callback", FORM, "code=c"), bare());
    assert_eq!(case.judge("/callback?code=c&state=STATE"), RedirectVerdict::Proven(code("c")));
    for (query, claim, other_state) in [
        ("code=c&state=x", Claim::Code, true),
        ("code=c&state=", Claim::Code, true),
        // A denial cannot be confirmed.
        ("error=access_denied", Claim::Error(Some("access_denied")), false),
    ] {
        assert_eq!(case.judge(&format!("/callback?{query}")), stray(claim, other_state), "{query}");
    }
    // The place is exact all the same.
    assert_eq!(case.judge("/other?code=c"), stray(Claim::Code, false));
}
