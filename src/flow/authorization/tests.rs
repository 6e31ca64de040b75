use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest, Sha256};

use super::inbox::Arrival;
use super::*;
use crate::flow::doubles::{Scripted, provider_of};
use crate::protocol::advice::Advice;
use crate::protocol::authorization::AuthorizationResponse;
use crate::protocol::params::Params;
use crate::protocol::time::Timestamp;
use crate::system::entropy::OsEntropy;
use crate::system::loopback::LoopbackEvent;

const SERVERS: &str = "authorize.url = 'https://as.example/authorize'\ntoken.url = 'https://as.example/token'\n";
const MAY_BE_MISSING: &str = "callback.state = 'may-be-missing'\n";

/// A timeout that no test reaches.
const LONG: Duration = Duration::from_secs(10);

/// A timeout in which everything that is queued is judged.
const SHORT: Duration = Duration::from_secs(1);

fn request<'a>(provider: &'a Provider, redirect_uri: &str, listen: Listen) -> LoginRequest<'a> {
    LoginRequest {
        provider,
        response_type: ResponseType::Code,
        client_id: ClientId::new("id"),
        client_secret: Some(ClientSecret::new("made-up-secret")),
        scope: ScopeSet::parse("a"),
        redirect_uri: RedirectUri::parse(redirect_uri).unwrap(),
        listen,
        missing_state_can_be_allowed: false,
    }
}

/// Starts a login without a port: the test puts arrivals into its queue.
fn login(provider: &Provider) -> Login<'_> {
    Login::begin(request(provider, "http://127.0.0.1:8765/callback", Listen::Paste), &OsEntropy).unwrap()
}

fn got(target: &str) -> Arrival {
    Arrival::Loopback(LoopbackEvent::Request(LoopbackRequest::detached("GET", target, "127.0.0.1:8765")))
}

fn pasted(text: &str) -> Arrival {
    Arrival::Pasted(Zeroizing::new(text.to_owned()))
}

impl<'a> Login<'a> {
    /// Returns a request for the redirect. `STATE` stands for the right state.
    fn callback(&self, query: &str) -> Arrival {
        got(&format!("/callback?{}", query.replace("STATE", self.secrets.state.as_str())))
    }

    /// Returns the result of these arrivals, and the reports meanwhile.
    fn hear(
        self,
        arrivals: Vec<Arrival>,
        missing_state: MissingState,
    ) -> (Result<Answered<'a>, FlowError>, Vec<&'static str>) {
        for arrival in arrivals {
            match arrival {
                Arrival::Loopback(event) => self.ports.inbox.deliver(event),
                Arrival::Pasted(line) => assert!(self.ports.inbox.paste(line)),
            }
        }
        let mut told = Vec::new();
        let answered = self.wait(LONG, missing_state, |waiting| {
            told.push(match waiting {
                Waiting::Left(_) | Waiting::Came { .. } => return,
                Waiting::Stray(_) => "stray",
                Waiting::Unusable(_) => "unusable",
                Waiting::Page => "page",
                Waiting::UnknownIssuer(_) => "issuer",
                Waiting::PushedAgain(_) => "pushed again",
                Waiting::NotPushed(_) => "not pushed",
                Waiting::Confirm(_) => "confirm",
                Waiting::Foreign { .. } => "foreign",
                Waiting::Unidentified => "unidentified",
                Waiting::Second => "second",
                Waiting::Tls => "tls",
                Waiting::PlainHttp => "plain http",
            });
        });
        (answered, told)
    }
}

fn code(answered: &Result<Answered<'_>, FlowError>) -> String {
    match answered.as_ref().map(|answered| &answered.answer.response) {
        Ok(AuthorizationResponse::Code(code)) => code.expose().to_owned(),
        _ => "no code".to_owned(),
    }
}

#[test]
fn a_login_that_cannot_get_a_token_does_not_begin() {
    let no_token = provider_of("authorize.url = 'https://as.example/authorize'", &[]);
    let refused = Login::begin(request(&no_token, "http://127.0.0.1:0/", Listen::Paste), &OsEntropy).err();
    assert!(matches!(refused, Some(FlowError::Definition(_))));
    let (provider, here) = (provider_of(SERVERS, &[]), Listen::Here { tls: None });
    let refused = Login::begin(request(&provider, "https://tunnel.example/", here), &OsEntropy).err();
    assert!(matches!(refused, Some(FlowError::NotLoopback { .. })));
}

#[test]
fn strays_are_reported_once_per_kind_and_the_wait_goes_on() {
    let provider = provider_of(SERVERS, &[]);
    let scheme: [fn() -> LoopbackEvent; 2] = [|| LoopbackEvent::TlsHello, || LoopbackEvent::PlainHttp];
    for (event, of_scheme) in scheme.into_iter().zip(["tls", "plain http"]) {
        let login = login(&provider);
        let stray = || login.callback("code=x&state=x");
        let mut arrivals =
            vec![stray(), stray(), got("/other"), stray(), pasted("code=x&state=x"), pasted("code=x&state=x")];
        arrivals.extend([event(), event(), event()].map(Arrival::Loopback));
        // Kinds of their own.
        arrivals.extend(
            ["error=access_denied&state=x", "error=server_error&state=x", "error=server_error", "", ""]
                .map(|query| login.callback(query)),
        );
        arrivals.push(login.callback("code=c&state=STATE"));
        let (answered, told) = login.hear(arrivals, MissingState::Refuse);
        // Each pasted line is reported.
        let mut expected = vec!["stray"; 4];
        expected.extend([of_scheme, "stray", "stray", "page"]);
        assert_eq!((code(&answered).as_str(), told), ("c", expected));
    }
}

/// A provider that may omit the state: each of these might be the answer, and there is no user to confirm it.
#[test]
fn doubtful_answers_and_errors_are_each_reported_once() {
    let provider = provider_of(&format!("{SERVERS}{MAY_BE_MISSING}"), &[]);
    let login = login(&provider);
    let mut arrivals: Vec<_> = (0..5).map(|_| login.callback("code=x")).collect();
    arrivals.extend((0..5).map(|_| login.callback("error=access_denied&state=x")));
    arrivals.push(login.callback("code=c&state=STATE"));
    let (answered, told) = login.hear(arrivals, MissingState::Refuse);
    assert_eq!((code(&answered).as_str(), told), ("c", vec!["stray", "stray"]));
}

/// Returns the end of a login that hears these arrivals, and what is reported meanwhile.
fn ends(queries: &[&str], timeout: Duration) -> (FlowError, Vec<String>) {
    let provider = provider_of(SERVERS, &[]);
    let login = login(&provider);
    for query in queries {
        let Arrival::Loopback(event) = login.callback(query) else { unreachable!() };
        login.ports.inbox.deliver(event);
    }
    let mut told = Vec::new();
    let tell = |waiting: Waiting<'_>| match waiting {
        Waiting::Left(_) | Waiting::Came { .. } => {}
        waiting => told.push(format!("{waiting:?}")),
    };
    let Err(error) = login.wait(timeout, MissingState::Refuse, tell) else { panic!("it got an answer") };
    (error, told)
}

#[test]
fn a_proven_answer_that_cannot_be_used_ends_the_wait() {
    for query in ["code=c&state=STATE&state=x", "code=c&amp;state=STATE", "code=c&error=x&state=STATE"] {
        let (error, told) = ends(&["code=x", query], LONG);
        assert!(matches!(error, FlowError::Unusable(_)), "{error}");
        assert_eq!(told.len(), 1);
    }
}

#[test]
fn a_page_that_hands_nothing_over_ends_the_wait_too() {
    let (error, told) = ends(&["state=STATE"], SHORT);
    assert!(matches!(error, FlowError::Unusable(_)), "{error}");
    assert_eq!(told, ["Page"]);
}

#[test]
fn the_end_of_the_wait_repeats_what_came_each_kind_once() {
    let (error, told) = ends(&["code=x", "code=y", "error=access_denied&state=x", "", "state=x"], SHORT);
    let FlowError::NoAnswer(unanswered) = error else { panic!("{error}") };
    let said = unanswered.to_string();
    assert!(
        said.ends_with(
            "what came: a code, without a `state`; the error `access_denied`, with another login's `state`; neither a \
             code nor an error, with another login's `state`; the redirect URI without an answer, and nothing from the \
             script of its page"
        ),
        "{said}"
    );
    assert_eq!(told.len(), 4);
    let hint = FlowError::NoAnswer(unanswered).next_step().hint.unwrap_or_default();
    assert!(!hint.contains("127.0.0.1"), "{hint}");

    let (error, _) = ends(&[], SHORT);
    let hint = error.next_step().hint.unwrap_or_default();
    assert!(hint.ends_with("client ID id, redirect URI http://127.0.0.1:8765/callback"), "{hint}");
    assert_eq!(error.to_string(), "no answer arrived within 1s");
}

#[test]
fn a_badly_pasted_answer_can_be_pasted_again() {
    let provider = provider_of(SERVERS, &[]);
    let login = login(&provider);
    let state = login.secrets.state.as_str().to_owned();
    let lines = [
        format!("?state={state}"),
        format!("http://127.0.0.1:1/callback?code=c&state={state}"),
        format!("?code=c&state={state}"),
    ];
    let (answered, told) = login.hear(lines.map(|line| pasted(&line)).into(), MissingState::Confirm);
    assert_eq!((code(&answered).as_str(), told), ("c", vec!["unusable", "unusable"]));
}

#[test]
fn an_issuer_that_is_not_compared_is_reported() {
    let provider = provider_of(SERVERS, &[]);
    let login = login(&provider);
    let arrivals = vec![login.callback("code=c&state=STATE&iss=https%3A%2F%2Fas.example")];
    let (answered, told) = login.hear(arrivals, MissingState::Refuse);
    assert_eq!((code(&answered).as_str(), told), ("c", vec!["issuer"]));
}

#[test]
fn an_unprompted_yes_or_no_is_not_a_code() {
    let provider = provider_of(SERVERS, &[]);
    let words = ["yes", " Y\n", "no", "N", "4/0Ab"].map(pasted);
    let (answered, told) = login(&provider).hear(words.into(), MissingState::Confirm);
    assert_eq!((code(&answered).as_str(), told), ("4/0Ab", vec![]));
}

#[test]
fn a_plain_word_is_asked_about_and_not_exchanged() {
    let (provider, may_be_missing) =
        (provider_of(SERVERS, &[]), provider_of(&format!("{SERVERS}{MAY_BE_MISSING}"), &[]));
    for missing_state in [MissingState::Confirm, MissingState::Accept] {
        let cases: [(&[&str], &str, usize); 4] = [
            (&["help", "no", "4/0Ab"], "4/0Ab", 1),
            (&["q", "quit", "4%2F0Ab&scope=a"], "4/0Ab", 2),
            (&["help", "?state=STATE&code=c"], "c", 1),
            // The user insists.
            (&["help", "yes"], "help", 1),
        ];
        for (lines, expected, questions) in cases {
            let login = login(&provider);
            let state = login.secrets.state.as_str().to_owned();
            let lines = lines.iter().map(|line| pasted(&line.replace("STATE", &state))).collect();
            let (answered, told) = login.hear(lines, missing_state);
            assert_eq!((code(&answered).as_str(), told), (expected, vec!["confirm"; questions]));
        }
    }
    // A question about a browser's answer stays.
    let login = login(&may_be_missing);
    let arrivals = vec![login.callback("code=a"), pasted("help"), pasted("yes")];
    let (answered, told) = login.hear(arrivals, MissingState::Confirm);
    assert_eq!((code(&answered).as_str(), told), ("a", vec!["confirm", "stray"]));
}

#[test]
fn an_answer_without_a_state_needs_confirmation() {
    let provider = provider_of(&format!("{SERVERS}{MAY_BE_MISSING}"), &[]);
    let with_state = "code=c&state=STATE";
    type Case<'a> = (MissingState, &'a [(bool, &'a str)], &'a str, &'a [&'a str]);
    let (came, typed) = (true, false);
    let cases: [Case; 6] = [
        (MissingState::Accept, &[(came, "code=a")], "a", &[]),
        (MissingState::Refuse, &[(came, "code=a"), (came, with_state)], "c", &["stray"]),
        // The question is about the first answer.
        (MissingState::Confirm, &[(came, "code=a"), (came, "code=b"), (typed, "YES")], "a", &["confirm", "stray"]),
        (
            MissingState::Confirm,
            &[(came, "code=a"), (typed, "no"), (came, "code=b"), (typed, " y ")],
            "b",
            &["confirm", "confirm"],
        ),
        (MissingState::Confirm, &[(came, "code=a"), (came, with_state)], "c", &["confirm"]),
        (MissingState::Confirm, &[(came, "code=a"), (typed, "two words"), (typed, "y")], "a", &["confirm", "stray"]),
    ];
    for (missing_state, arrivals, expected, expected_told) in cases {
        let login = login(&provider);
        let arrivals = arrivals.iter().map(|(came, text)| if *came { login.callback(text) } else { pasted(text) });
        let arrivals = arrivals.collect();
        let (answered, told) = login.hear(arrivals, missing_state);
        assert_eq!((code(&answered).as_str(), told.as_slice()), (expected, expected_told));
    }
}

#[test]
fn the_wait_times_out() {
    let provider = provider_of(SERVERS, &[]);
    let over = login(&provider).wait(Duration::ZERO, MissingState::Refuse, |_| {}).err();
    assert!(matches!(over, Some(FlowError::NoAnswer { .. })));
}

#[test]
fn a_request_for_the_launch_address_does_not_end_the_login() {
    let provider = provider_of(SERVERS, &[]);
    let mut login = login(&provider);
    let url = login.launch_url(&OsEntropy).unwrap();
    let authority = format!("127.0.0.1:{}", url.port().unwrap());
    // Requests without a socket: their sender is unknown.
    let launch = || LoopbackRequest::detached("GET", url.path(), &authority);
    let mut arrivals: Vec<_> = (0..5).map(|_| Arrival::Loopback(LoopbackEvent::Request(launch()))).collect();
    arrivals.push(login.callback("code=c&state=STATE"));
    let (answered, told) = login.hear(arrivals, MissingState::Refuse);
    assert_eq!((code(&answered).as_str(), told), ("c", vec![]));
}

#[test]
fn a_refusal_is_shown_without_the_secrets_that_it_repeats() {
    let provider = provider_of(SERVERS, &[]);
    let login = login(&provider);
    let state = login.secrets.state.as_str().to_owned();
    let refusal = "error=access_denied&error_description=STATE+made-up-secret&state=STATE";
    let arrivals = vec![login.callback(refusal)];
    let (answered, _) = login.hear(arrivals, MissingState::Refuse);
    let (_, obtained) = answered.unwrap().obtain(&Scripted::replies(&[]), Timestamp(0));
    let Err(FlowError::Declined(error)) = obtained else { panic!("it was declined") };
    let said = error.to_string();
    assert!(said.contains("access_denied") && !said.contains(&state) && !said.contains("made-up-secret"), "{said}");
}

#[test]
fn an_answer_without_state_does_not_choose_who_gets_the_code() {
    let provider = provider_of(
        "authorize.url = 'https://as.example/authorize'\ntoken.url = 'https://{host}/token'\n\
        callback.state = 'may-be-missing'\nparams.host = { kind = 'host', from_callback = 'host' }\n",
        &[],
    );
    for (state, sent) in [("&state=STATE", 1), ("", 0)] {
        let login = login(&provider);
        let arrivals = vec![login.callback(&format!("code=c&host=eu.as.example{state}"))];
        let (answered, _) = login.hear(arrivals, MissingState::Accept);
        let server = Scripted::replies(&[(200, "", r#"{"access_token":"made-up","token_type":"bearer"}"#)]);
        let (_, obtained) = answered.unwrap().obtain(&server, Timestamp(0));
        assert_eq!((obtained.is_ok(), server.requests().len()), (sent == 1, sent), "{state}");
    }
}

/// Sends one request as a browser does, and returns the answer.
fn browse(authority: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_browser_follows_the_launch_address_and_returns_for_a_token() {
    let provider = provider_of(SERVERS, &[]);
    let here = Listen::Here { tls: None };
    let mut login = Login::begin(request(&provider, "http://127.0.0.1:0/callback", here), &OsEntropy).unwrap();
    let (launch, authorize_url) = (login.launch_url(&OsEntropy).unwrap(), login.authorize_url().clone());
    let redirect_uri = login.redirect_uri().clone();
    let asked: BTreeMap<_, _> = authorize_url.query_pairs().into_owned().collect();
    assert_eq!((asked["redirect_uri"].as_str(), launch.port()), (redirect_uri.as_str(), Some(redirect_uri.port())));
    let server = Scripted::replies(&[(200, "", r#"{"access_token":"made-up","token_type":"bearer"}"#)]);
    let (led, page, token) = thread::scope(|scope| {
        let browser = scope.spawn(|| {
            let led = browse(&redirect_uri.authority(), launch.path());
            (led, browse(&redirect_uri.authority(), &format!("/callback?code=c&state={}", asked["state"])))
        });
        let answered = login.wait(LONG, MissingState::Refuse, |_| {}).unwrap();
        let (tab, obtained) = answered.obtain(&server, Timestamp(0));
        tab.show(BrowserPage::LoggedIn);
        let (led, page) = browser.join().unwrap();
        (led, page, obtained.unwrap().reply.response.access_token)
    });
    assert!(led.contains(&format!("\r\nLocation: {authorize_url}\r\n")), "{led}");
    assert!(page.contains("You are logged in"), "{page}");
    assert_eq!(token.expose(), "made-up");
    // RFC 6749 §4.1.3 and RFC 7636 §4.6: the parameters of the authorization request.
    let form = Params::from_urlencoded(std::str::from_utf8(&server.requests()[0].body).unwrap());
    let sent = |name| form.single(name).unwrap().unwrap();
    assert_eq!((sent("code"), sent("redirect_uri")), ("c", redirect_uri.as_str()));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(sent("code_verifier")));
    assert_eq!(challenge, asked["code_challenge"]);
}
