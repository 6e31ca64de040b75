//! The browser's trip (RFC 6749 §3.1, RFC 8252): bind the port, build the URL, and wait for the one right answer, which
//! comes to the port or is pasted into the terminal. The first proven one wins.

use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use url::Url;
use zeroize::Zeroizing;

use super::FlowError;
use super::launch::{Launch, Launched};
use super::pages::Page;
use super::pasted::judge_pasted;
use super::redirect::{Answer, Doubt, Expected, Stray, Verdict, judge};
use super::{authorization_code, implicit};
use crate::protocol::authorization::{AuthorizationRequest, AuthorizationResponse, ResponseType};
use crate::protocol::client::ClientId;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::protocol::state::State;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::provider::dialect::TokenReply;
use crate::provider::quirks::{GrantKind, Pkce};
use crate::provider::{Dialect, Provider};
use crate::system::entropy::{Entropy, random};
use crate::system::http::HttpClient;
use crate::system::loopback::{Loopback, LoopbackEvent, LoopbackRequest, Serving};

/// How often the one who waits is told how long it still is.
const TICK: Duration = Duration::from_secs(1);

/// Who asks, for what, and where the answer comes.
pub struct LoginRequest<'a> {
    pub provider: &'a Provider,
    pub grant: GrantKind,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub scope: ScopeSet,
    /// With port 0 for any free one.
    pub redirect_uri: RedirectUri,
    pub listen: Listen,
}

/// How this process hears of the redirect.
#[derive(Clone, Debug)]
pub enum Listen {
    /// On the redirect URI's own loopback address.
    Here { tls: Option<Arc<ServerConfig>> },
    /// On this address, to which a tunnel leads from the redirect URI.
    Tunnel(SocketAddr),
    /// Only by what a person pastes.
    Paste,
}

/// What belongs to one login alone and is used once (RFC 9700 §4.4.2).
pub struct Secrets {
    pub redirect_uri: RedirectUri,
    pub state: State,
    pub code_verifier: Option<CodeVerifier>,
}

/// One login under way.
pub struct Login<'a> {
    request: LoginRequest<'a>,
    secrets: Secrets,
    /// Every `Host` under which the port may be asked.
    hosts: Vec<String>,
    authorize_url: Url,
    sender: Sender<Arrival>,
    arrivals: Receiver<Arrival>,
    /// The port of the redirect, and one for the launch address where that speaks TLS or there is none.
    serving: Vec<Serving>,
    launch: Option<Launch>,
}

enum Arrival {
    Loopback(LoopbackEvent),
    Pasted(Zeroizing<String>),
}

/// What the one who waits may want to know.
#[derive(Debug)]
pub enum Waiting<'a> {
    /// This much time is left.
    Left(Duration),
    /// Something that was not the redirect.
    Stray(&'a Stray),
    /// An answer that only a person can vouch for; the next pasted line says `yes` or not.
    Confirm(Doubt),
    /// Another user's program asked for the launch address and got nothing.
    Foreign { uid: u32 },
    /// Somebody spoke TLS to the plain port.
    Tls,
    /// Somebody spoke plain http to the TLS port.
    PlainHttp,
}

/// Who vouches for an answer without a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// `--allow-missing-state` did, beforehand.
    Given,
    /// Somebody sits at the terminal.
    Terminal,
    Nobody,
}

impl<'a> Login<'a> {
    /// Binds the port and keeps it, makes the secrets of this login, and builds the URL. Nothing is opened yet.
    pub fn begin(mut request: LoginRequest<'a>, entropy: &dyn Entropy) -> Result<Self, FlowError> {
        let definition = &request.provider.definition;
        let (response_type, pkce) = match request.grant {
            GrantKind::AuthorizationCode => {
                // Without one the code would come and be of no use; say so before the browser opens.
                request.provider.token_endpoint()?;
                (ResponseType::Code, definition.pkce())
            }
            GrantKind::Implicit => (ResponseType::Token, Pkce::Off),
        };
        let (loopback, tls) = bind(&request)?;
        let redirect_uri = match (&loopback, request.redirect_uri.port()) {
            (Some(loopback), 0) => request.redirect_uri.with_port(loopback.port()),
            _ => request.redirect_uri.clone(),
        };
        let state = State::from_random(random(entropy)?);
        let code_verifier = match pkce {
            Pkce::S256 => Some(CodeVerifier::from_random(random(entropy)?)),
            Pkce::Off => None,
        };
        let authorize_url = Dialect::new(request.provider).authorization_url(&AuthorizationRequest {
            response_type,
            client_id: request.client_id.clone(),
            redirect_uri: redirect_uri.clone(),
            scope: request.scope.clone(),
            state: state.as_str().to_owned(),
            code_challenge: code_verifier.as_ref().map(CodeVerifier::challenge),
        })?;
        let mut hosts = vec![redirect_uri.authority()];
        if let (Listen::Tunnel(address), Some(loopback)) = (&mut request.listen, &loopback) {
            address.set_port(loopback.port());
            // A tunnel passes the public name on, or puts its own target in its place.
            hosts.extend([address.to_string(), format!("localhost:{}", address.port())]);
        }
        let (sender, arrivals) = channel();
        let secrets = Secrets { redirect_uri, state, code_verifier };
        let (serving, launch) = (Vec::new(), None);
        let mut login = Self { request, secrets, hosts, authorize_url, sender, arrivals, serving, launch };
        if let Some(loopback) = loopback {
            login.serve(loopback, tls)?;
        }
        Ok(login)
    }

    fn serve(&mut self, loopback: Loopback, tls: Option<Arc<ServerConfig>>) -> Result<(), FlowError> {
        let sender = self.sender.clone();
        let deliver = move |event| drop(sender.send(Arrival::Loopback(event)));
        self.serving.push(loopback.serve(tls, deliver).map_err(FlowError::Listen)?);
        Ok(())
    }

    /// The address to start a browser with: it leads to the authorize URL once, and tells nothing by itself.
    ///
    /// Fails with `FlowError::Listen` if it needs a port of its own and there is none.
    pub fn launch_url(&mut self, entropy: &dyn Entropy) -> Result<Url, FlowError> {
        let authority = match &self.request.listen {
            Listen::Here { tls: None } => self.secrets.redirect_uri.authority(),
            Listen::Tunnel(address) => address.to_string(),
            Listen::Here { tls: Some(_) } | Listen::Paste => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let loopback = Loopback::bind(&[address]).map_err(FlowError::Listen)?;
                let authority = SocketAddr::from((Ipv4Addr::LOCALHOST, loopback.port())).to_string();
                self.serve(loopback, None)?;
                authority
            }
        };
        let launch = Launch::new(State::from_random(random(entropy)?), authority, self.authorize_url.clone());
        let url = launch.url();
        self.launch = Some(launch);
        Ok(url)
    }

    pub fn authorize_url(&self) -> &Url {
        &self.authorize_url
    }

    /// To the letter, as it was sent.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.secrets.redirect_uri
    }

    /// With the port that was really bound.
    pub fn listen(&self) -> &Listen {
        &self.request.listen
    }

    /// Where pasted lines go; `false` when nobody waits any more.
    pub fn paste_sender(&self) -> impl FnMut(Zeroizing<String>) -> bool + Send + 'static {
        let sender = self.sender.clone();
        move |line| sender.send(Arrival::Pasted(line)).is_ok()
    }

    /// Waits until the answer has come with the right state, or somebody vouches for one without, or the time is over.
    pub fn wait(
        mut self,
        timeout: Duration,
        voucher: Voucher,
        mut tell: impl FnMut(Waiting<'_>),
    ) -> Result<Answered<'a>, FlowError> {
        let end = Instant::now() + timeout;
        let mut doubted: Option<(Answer, Option<LoopbackRequest>)> = None;
        let mut told = HashSet::new();
        let mut told_of_scheme = false;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(FlowError::NoAnswer {
                    redirect_uri: self.secrets.redirect_uri.to_string(),
                    waited: HumanDuration(timeout).to_string(),
                });
            }
            // Whole seconds, and awake at their ends: a countdown that skips none.
            tell(Waiting::Left(Duration::from_secs(left.as_millis().div_ceil(1000) as u64)));
            let (verdict, request) = match self.arrivals.recv_timeout(left.min(TICK)) {
                Ok(Arrival::Pasted(line)) => match (Word::read(&line), doubted.take()) {
                    (Some(Word::Yes), Some((answer, request))) => return Ok(self.answered(answer, request)),
                    (Some(Word::No), Some((_, request))) => {
                        send(request, Page::NothingHere);
                        continue;
                    }
                    // Typed once too often, and no code.
                    (Some(_), None) => continue,
                    (None, doubt) => {
                        doubted = doubt;
                        (judge_pasted(&line, &self.expected()), None)
                    }
                },
                Ok(Arrival::Loopback(LoopbackEvent::Request(request))) => {
                    let Some(request) = self.lead(request, &mut tell)? else { continue };
                    (judge(&request, &self.expected()), Some(request))
                }
                // A browser tries again at once, and hears no more from it.
                Ok(Arrival::Loopback(LoopbackEvent::TlsHello)) => {
                    if !std::mem::replace(&mut told_of_scheme, true) {
                        tell(Waiting::Tls);
                    }
                    continue;
                }
                Ok(Arrival::Loopback(LoopbackEvent::PlainHttp)) => {
                    if !std::mem::replace(&mut told_of_scheme, true) {
                        tell(Waiting::PlainHttp);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => continue,
            };
            match (verdict, voucher) {
                (Verdict::Proven(answer), _) | (Verdict::Doubtful(answer, _), Voucher::Given) => {
                    return Ok(self.answered(answer, request));
                }
                (Verdict::Doubtful(answer, doubt), Voucher::Terminal) if doubted.is_none() => {
                    tell(Waiting::Confirm(doubt));
                    doubted = Some((answer, request));
                }
                (Verdict::Doubtful(..), _) => {
                    tell(Waiting::Stray(&Stray::Unproven { claims_error: false }));
                    send(request, Page::NothingHere);
                }
                (Verdict::Fragment, _) => send(request, Page::Fragment),
                (Verdict::Stray(stray), _) => {
                    // Once for each kind: a page that asks a million times must not fill the terminal, nor a pipe that
                    // nobody reads, which would stop us.
                    if told.insert(std::mem::discriminant(&stray)) || request.is_none() {
                        tell(Waiting::Stray(&stray));
                    }
                    send(request, stray.page());
                }
            }
        }
    }

    /// Leads the browser from the launch address to the provider; hands back what was for another address.
    fn lead(
        &mut self,
        request: LoopbackRequest,
        tell: &mut impl FnMut(Waiting<'_>),
    ) -> Result<Option<LoopbackRequest>, FlowError> {
        let Some(launch) = &mut self.launch else { return Ok(Some(request)) };
        let Some(launched) = launch.judge(&request, || request.sender()) else { return Ok(Some(request)) };
        request.answer(launch.answer(&launched));
        match launched {
            Launched::Now | Launched::Again => {}
            Launched::Foreign { uid } => tell(Waiting::Foreign { uid }),
            Launched::Shared => return Err(FlowError::LaunchShared),
        }
        Ok(None)
    }

    fn answered(self, answer: Answer, winner: Option<LoopbackRequest>) -> Answered<'a> {
        let tab = Tab { winner, arrivals: self.arrivals, _serving: self.serving };
        Answered { request: self.request, secrets: self.secrets, answer, tab }
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            redirect_uri: &self.secrets.redirect_uri,
            hosts: &self.hosts,
            state: &self.secrets.state,
            response_type: match self.request.grant {
                GrantKind::AuthorizationCode => ResponseType::Code,
                GrantKind::Implicit => ResponseType::Token,
            },
            issuer: self.request.provider.definition.authorize.issuer.as_deref(),
            pkce: self.secrets.code_verifier.is_some(),
            client_secret: self.request.client_secret.as_ref(),
            dialect: Dialect::new(self.request.provider),
        }
    }
}

type Bound = (Option<Loopback>, Option<Arc<ServerConfig>>);

fn bind(request: &LoginRequest<'_>) -> Result<Bound, FlowError> {
    let shown = || request.redirect_uri.to_string();
    let (addresses, tls) = match &request.listen {
        Listen::Paste => return Ok((None, None)),
        Listen::Tunnel(address) => (vec![*address], None),
        Listen::Here { tls } => {
            let addresses = request.redirect_uri.loopback();
            (addresses.ok_or_else(|| FlowError::NotLoopback { redirect_uri: shown() })?, tls.clone())
        }
    };
    Ok((Some(Loopback::bind(&addresses).map_err(FlowError::Listen)?), tls))
}

fn send(request: Option<LoopbackRequest>, page: Page) {
    if let Some(request) = request {
        request.answer(page.answer());
    }
}

/// What a person says to a question.
enum Word {
    Yes,
    No,
}

impl Word {
    fn read(line: &str) -> Option<Self> {
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Some(Self::Yes),
            "n" | "no" => Some(Self::No),
            _ => None,
        }
    }
}

/// The answer has come; the browser still waits for its page.
pub struct Answered<'a> {
    request: LoginRequest<'a>,
    secrets: Secrets,
    answer: Answer,
    tab: Tab,
}

/// A token, and the provider as it showed itself on the way to it.
pub struct Obtained {
    pub reply: TokenReply,
    pub provider: Provider,
}

impl Answered<'_> {
    /// Turns the answer into a token, and hands back the tab that wants to know.
    pub fn obtain(self, http: &dyn HttpClient, now: Timestamp) -> (Tab, Result<Obtained, FlowError>) {
        let Self { request, secrets, answer, tab } = self;
        (tab, obtain(&request, secrets, answer, http, now))
    }
}

fn obtain(
    request: &LoginRequest<'_>,
    secrets: Secrets,
    answer: Answer,
    http: &dyn HttpClient,
    now: Timestamp,
) -> Result<Obtained, FlowError> {
    let provider = with_captured(request.provider, &answer.captured)?;
    let reply = match answer.response {
        AuthorizationResponse::Code(code) => {
            authorization_code::exchange(http, &provider, request, secrets, code, now)?
        }
        AuthorizationResponse::Token(params) => implicit::read(&provider, &params, now)?,
        AuthorizationResponse::Error(error) => {
            // The server may repeat what it was sent, and what it knows of the client.
            let secret = request.client_secret.as_ref().map_or("", ClientSecret::expose);
            return Err(FlowError::Declined(error.without(&[secrets.state.as_str(), secret])));
        }
    };
    let provider = with_captured(&provider, &reply.captured)?;
    Ok(Obtained { reply, provider })
}

fn with_captured(provider: &Provider, captured: &BTreeMap<String, String>) -> Result<Provider, FlowError> {
    Ok(if captured.is_empty() { provider.clone() } else { provider.with_captured(captured)? })
}

/// The browser's tab that waits for the end of the story; there is none if the answer was pasted.
pub struct Tab {
    winner: Option<LoopbackRequest>,
    arrivals: Receiver<Arrival>,
    _serving: Vec<Serving>,
}

impl Tab {
    /// Shows the page, and shows it again to every repetition of the same redirect; then the port is closed. How many
    /// other redirects came meanwhile.
    pub fn show(self, page: Page) -> usize {
        let winner = self.winner.as_ref().map(|winner| (winner.method.clone(), winner.target.clone()));
        let path = |target: &str| target.split('?').next().map(str::to_owned);
        let mut others = 0;
        send(self.winner, page);
        while let Ok(arrival) = self.arrivals.try_recv() {
            if let Arrival::Loopback(LoopbackEvent::Request(request)) = arrival {
                let same = winner.as_ref().is_some_and(|(m, t)| *m == request.method && *t == request.target);
                let on_the_path = winner.as_ref().is_some_and(|(_, t)| path(t) == path(&request.target));
                others += usize::from(on_the_path && !same);
                request.answer(if same { page } else { Page::NothingHere }.answer());
            }
        }
        others
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::thread;

    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::flow::doubles::{Scripted, provider_of};
    use crate::protocol::params::Params;
    use crate::system::entropy::OsEntropy;

    const SERVERS: &str = "authorize.url = 'https://as.example/authorize'\ntoken.url = 'https://as.example/token'\n";
    const MAY_BE_MISSING: &str = "callback.state = 'may-be-missing'\n";

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(10);

    fn request<'a>(provider: &'a Provider, redirect_uri: &str, listen: Listen) -> LoginRequest<'a> {
        LoginRequest {
            provider,
            grant: GrantKind::AuthorizationCode,
            client_id: ClientId::new("id"),
            client_secret: Some(ClientSecret::new("made-up-secret")),
            scope: ScopeSet::parse("a"),
            redirect_uri: RedirectUri::parse(redirect_uri).unwrap(),
            listen,
        }
    }

    /// A login that has no port: what arrives there is put into its queue.
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
        /// A request for the redirect; `STATE` is the right one.
        fn callback(&self, query: &str) -> Arrival {
            got(&format!("/callback?{}", query.replace("STATE", self.secrets.state.as_str())))
        }

        /// What comes of these arrivals, and what is told meanwhile.
        fn hear(
            self,
            arrivals: Vec<Arrival>,
            voucher: Voucher,
        ) -> (Result<Answered<'a>, FlowError>, Vec<&'static str>) {
            for arrival in arrivals {
                self.sender.send(arrival).unwrap();
            }
            let mut told = Vec::new();
            let answered = self.wait(LONG, voucher, |waiting| {
                told.push(match waiting {
                    Waiting::Left(_) => return,
                    Waiting::Stray(_) => "stray",
                    Waiting::Confirm(_) => "confirm",
                    Waiting::Foreign { .. } => "foreign",
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
    fn what_cannot_come_to_a_token_does_not_begin() {
        let no_token = provider_of("authorize.url = 'https://as.example/authorize'", &[]);
        let refused = Login::begin(request(&no_token, "http://127.0.0.1:0/", Listen::Paste), &OsEntropy).err();
        assert!(matches!(refused, Some(FlowError::Definition(_))));
        let (provider, here) = (provider_of(SERVERS, &[]), Listen::Here { tls: None });
        let refused = Login::begin(request(&provider, "https://tunnel.example/", here), &OsEntropy).err();
        assert!(matches!(refused, Some(FlowError::NotLoopback { .. })));
    }

    #[test]
    fn strays_are_told_once_a_kind_and_the_wait_goes_on() {
        let provider = provider_of(SERVERS, &[]);
        let scheme: [fn() -> LoopbackEvent; 2] = [|| LoopbackEvent::TlsHello, || LoopbackEvent::PlainHttp];
        for (event, of_scheme) in scheme.into_iter().zip(["tls", "plain http"]) {
            let login = login(&provider);
            let stray = || login.callback("code=x&state=x");
            let mut arrivals = vec![stray(), stray(), got("/other"), stray(), pasted("code=x"), pasted("code=x")];
            arrivals.extend([event(), event(), event()].map(Arrival::Loopback));
            arrivals.push(login.callback("code=c&state=STATE"));
            let (answered, told) = login.hear(arrivals, Voucher::Nobody);
            // A person hears of each line.
            assert_eq!((code(&answered).as_str(), told), ("c", vec!["stray", "stray", "stray", "stray", of_scheme]));
        }
    }

    #[test]
    fn a_yes_or_no_that_nobody_asked_for_is_no_code() {
        let provider = provider_of(SERVERS, &[]);
        let words = ["yes", " Y\n", "no", "N", "c"].map(pasted);
        let (answered, told) = login(&provider).hear(words.into(), Voucher::Terminal);
        assert_eq!((code(&answered).as_str(), told), ("c", vec![]));
    }

    #[test]
    fn somebody_vouches_for_an_answer_without_a_state() {
        let provider = provider_of(&format!("{SERVERS}{MAY_BE_MISSING}"), &[]);
        let with_state = "code=c&state=STATE";
        type Case<'a> = (Voucher, &'a [(bool, &'a str)], &'a str, &'a [&'a str]);
        let (came, typed) = (true, false);
        let cases: [Case; 6] = [
            (Voucher::Given, &[(came, "code=a")], "a", &[]),
            (Voucher::Nobody, &[(came, "code=a"), (came, with_state)], "c", &["stray"]),
            // The question is about the first.
            (Voucher::Terminal, &[(came, "code=a"), (came, "code=b"), (typed, "YES")], "a", &["confirm", "stray"]),
            (
                Voucher::Terminal,
                &[(came, "code=a"), (typed, "no"), (came, "code=b"), (typed, " y ")],
                "b",
                &["confirm", "confirm"],
            ),
            (Voucher::Terminal, &[(came, "code=a"), (came, with_state)], "c", &["confirm"]),
            (Voucher::Terminal, &[(came, "code=a"), (typed, "two words"), (typed, "y")], "a", &["confirm", "stray"]),
        ];
        for (voucher, arrivals, expected, expected_told) in cases {
            let login = login(&provider);
            let arrivals = arrivals.iter().map(|(came, text)| if *came { login.callback(text) } else { pasted(text) });
            let arrivals = arrivals.collect();
            let (answered, told) = login.hear(arrivals, voucher);
            assert_eq!((code(&answered).as_str(), told.as_slice()), (expected, expected_told));
        }
    }

    #[test]
    fn the_wait_has_an_end() {
        let provider = provider_of(SERVERS, &[]);
        let over = login(&provider).wait(Duration::ZERO, Voucher::Nobody, |_| {}).err();
        assert!(matches!(over, Some(FlowError::NoAnswer { .. })));
    }

    #[test]
    fn two_that_nobody_knows_and_that_ask_for_the_launch_address_end_the_login() {
        let provider = provider_of(SERVERS, &[]);
        for (asked, ends) in [(1, false), (2, true)] {
            let mut login = login(&provider);
            let url = login.launch_url(&OsEntropy).unwrap();
            let authority = format!("127.0.0.1:{}", url.port().unwrap());
            let launch = || LoopbackRequest::detached("GET", url.path(), &authority);
            let mut arrivals: Vec<_> =
                (0..asked).map(|_| Arrival::Loopback(LoopbackEvent::Request(launch()))).collect();
            arrivals.push(login.callback("code=c&state=STATE"));
            let (answered, told) = login.hear(arrivals, Voucher::Nobody);
            assert_eq!((matches!(answered, Err(FlowError::LaunchShared)), told.len()), (ends, 0));
            assert_eq!(code(&answered), if ends { "no code" } else { "c" });
        }
    }

    #[test]
    fn a_refusal_is_told_without_what_the_server_repeats() {
        let provider = provider_of(SERVERS, &[]);
        let login = login(&provider);
        let state = login.secrets.state.as_str().to_owned();
        let refusal = "error=access_denied&error_description=STATE+made-up-secret&state=STATE";
        let arrivals = vec![login.callback(refusal)];
        let (answered, _) = login.hear(arrivals, Voucher::Nobody);
        let (_, obtained) = answered.unwrap().obtain(&Scripted::replies(&[]), Timestamp(0));
        let Err(FlowError::Declined(error)) = obtained else { panic!("it was declined") };
        let said = error.to_string();
        assert!(said.contains("access_denied") && !said.contains(&state) && !said.contains("made-up-secret"), "{said}");
    }

    /// One request of a browser, and the answer to it.
    fn browse(authority: &str, target: &str) -> String {
        let mut stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_browser_goes_from_the_launch_address_to_the_provider_and_comes_back_for_a_token() {
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
            let answered = login.wait(LONG, Voucher::Nobody, |_| {}).unwrap();
            let (tab, obtained) = answered.obtain(&server, Timestamp(0));
            tab.show(Page::LoggedIn);
            let (led, page) = browser.join().unwrap();
            (led, page, obtained.unwrap().reply.response.access_token)
        });
        assert!(led.contains(&format!("\r\nLocation: {authorize_url}\r\n")), "{led}");
        assert!(page.contains("You are logged in"), "{page}");
        assert_eq!(token.expose(), "made-up");
        // RFC 6749 §4.1.3 and RFC 7636 §4.6: what the code was asked with.
        let form = Params::from_urlencoded(std::str::from_utf8(&server.requests()[0].body).unwrap());
        let sent = |name| form.single(name).unwrap().unwrap();
        assert_eq!((sent("code"), sent("redirect_uri")), ("c", redirect_uri.as_str()));
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(sent("code_verifier")));
        assert_eq!(challenge, asked["code_challenge"]);
    }

    #[test]
    fn the_same_redirect_once_more_is_no_other_one() {
        let show = |winner: Option<&str>, others: Vec<(&str, &str)>| {
            let (sender, arrivals) = channel();
            for (method, target) in others {
                let request = LoopbackRequest::detached(method, target, "127.0.0.1:8765");
                sender.send(Arrival::Loopback(LoopbackEvent::Request(request))).unwrap();
            }
            let winner = winner.map(|target| LoopbackRequest::detached("GET", target, "127.0.0.1:8765"));
            Tab { winner, arrivals, _serving: Vec::new() }.show(Page::LoggedIn)
        };
        let same = ("GET", "/callback?code=c&state=s");
        let others = [("POST", same.1), ("GET", "/callback?code=x&state=s"), ("GET", "/callback")];
        assert_eq!(show(Some(same.1), vec![same, same, ("GET", "/favicon.ico")]), 0);
        assert_eq!(show(Some(same.1), [&others[..], &[same]].concat()), 3);
        assert_eq!(show(None, vec![same]), 0);
    }
}
