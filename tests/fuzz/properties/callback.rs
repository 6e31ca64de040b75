//! The callback: a request is taken for the redirect if and only if it carries the state byte for byte, in a shape that a
//! browser gives it, and ends a login only if it carries the state at all. A second reader of the same bytes, written
//! from the RFCs, says what is right.

use std::sync::OnceLock;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use oauthctl::testing::{
    Answer, AuthorizationResponse, ClientSecret, Dialect, Doubt, Expected, LoopbackRequest, Parsed, Provider,
    RedirectUri, RedirectVerdict, ResponseType, State, Stray, Timestamp, judge_pasted, judge_redirect as judge,
    parse_request as parse,
};
use sha2::Sha256;

use super::{choice, provider};

const HOST: &str = "127.0.0.1:8765";
const ISSUER: &str = "https://as.example";
const SECRET: &str = "a-made-up-client-secret";
const FORM: &str = "application/x-www-form-urlencoded";
const ADDRESS: &str = "application/vnd.oauthctl.address";

/// The bounds of the callback port.
const MAX_HEAD: usize = 8 * 1024;
const MAX_BODY: usize = 64 * 1024;

const DEFINITION: &str = "[authorize]\nurl = \"https://as.example/authorize\"\n";

/// One kind of login that waits for its redirect.
struct Setting {
    provider: Provider,
    response_type: ResponseType,
    issuer: Option<&'static str>,
    /// Theirs, ours.
    names: &'static [(&'static str, &'static str)],
    signature: Option<&'static str>,
    state_may_be_missing: bool,
}

struct Case {
    redirect_uri: RedirectUri,
    hosts: Vec<String>,
    state: State,
    secret: ClientSecret,
    settings: [Setting; 6],
}

fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let plain = |rules: &str| Setting {
            provider: provider(&format!("{DEFINITION}{rules}")),
            response_type: ResponseType::Code,
            issuer: None,
            names: &[],
            signature: None,
            state_may_be_missing: false,
        };
        let may_be_missing = "[callback]\nstate = \"may-be-missing\"";
        let renamed = "[callback]\nnames = { code = \"auth_code\", state = \"customField\" }";
        let signed = "[callback]\nsignature = { param = \"hmac\" }";
        Case {
            redirect_uri: RedirectUri::parse("http://127.0.0.1:8765/callback").expect("a redirect URI"),
            hosts: vec![HOST.to_owned()],
            state: State::from_random([7; 32]),
            secret: ClientSecret::new(SECRET),
            settings: [
                plain(""),
                Setting { issuer: Some(ISSUER), ..plain("") },
                Setting { state_may_be_missing: true, ..plain(may_be_missing) },
                Setting { names: &[("auth_code", "code"), ("customField", "state")], ..plain(renamed) },
                Setting { signature: Some("hmac"), ..plain(signed) },
                Setting { response_type: ResponseType::Token, ..plain("") },
            ],
        }
    })
}

impl Case {
    fn expected<'a>(&'a self, setting: &'a Setting, pkce: bool) -> Expected<'a> {
        Expected {
            redirect_uri: &self.redirect_uri,
            hosts: &self.hosts,
            state: &self.state,
            response_type: setting.response_type,
            issuer: setting.issuer,
            state_may_be_missing: setting.state_may_be_missing,
            pkce,
            client_secret: Some(&self.secret),
            dialect: Dialect::new(&setting.provider),
        }
    }
}

/// The first byte chooses the login and what the rest is: a whole request, the query of one, or what a person pasted.
pub fn holds(data: &[u8]) {
    let Some((choice, rest)) = choice(data) else { return };
    let case = case();
    let setting = &case.settings[choice % case.settings.len()];
    match choice / case.settings.len() % 3 {
        0 => raw_request(case, setting, rest),
        1 => query(case, setting, rest),
        _ => pasted(case, setting, rest, choice > 40),
    }
}

/// Bytes as they come over the socket.
fn raw_request(case: &Case, setting: &Setting, bytes: &[u8]) {
    let progress = parse(bytes);
    comes_in_pieces(bytes, &progress);
    if let Parsed::Whole(request) = progress {
        let read = Request::read(bytes).expect("a request that only the product can read");
        assert_eq!(request.method.as_bytes(), read.method);
        assert_eq!(request.target.as_bytes(), read.target);
        let lossy = |values: Vec<&[u8]>| -> Vec<String> {
            values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
        };
        assert_eq!(request.hosts, lossy(read.all("host")));
        assert_eq!(request.body, read.body);
        assert!(read.head_length <= MAX_HEAD && read.body.len() <= MAX_BODY);
        is_judged_right(case, setting, &request, &read);
    }
}

/// The query of a request that has nothing else wrong with it: it must come through to the judge.
fn query(case: &Case, setting: &Setting, query: &[u8]) {
    let is_legal = query.iter().all(|b| (0x21..=0x7e).contains(b)) && query.len() < MAX_HEAD / 2;
    if !is_legal {
        return;
    }
    let query = String::from_utf8_lossy(query);
    let bytes = match setting.response_type {
        ResponseType::Code => format!("GET /callback?{query} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
        ResponseType::Token => format!(
            "POST /callback HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nContent-Type: {FORM}\r\n\
             Content-Length: {}\r\n\r\n{query}",
            query.len()
        ),
    };
    let Parsed::Whole(request) = parse(bytes.as_bytes()) else { panic!("not read: {bytes}") };
    let read = Request::read(bytes.as_bytes()).expect("our own request");
    is_judged_right(case, setting, &request, &read);
}

/// However a request is cut into pieces, it is the same request.
fn comes_in_pieces(bytes: &[u8], whole: &Parsed) {
    for cut in [bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
        match (parse(&bytes[..cut]), whole) {
            (Parsed::Whole(early), Parsed::Whole(request)) => {
                assert_eq!((early.method, early.target), (request.method.clone(), request.target.clone()));
                assert_eq!((early.hosts, early.body), (request.hosts.clone(), request.body.clone()));
            }
            (Parsed::Whole(early), _) => panic!("{early:?} was whole, and more bytes made it something else"),
            (Parsed::Refused(_), Parsed::Whole(request)) => panic!("{request:?} would be refused in two pieces"),
            _ => {}
        }
    }
}

fn is_judged_right(case: &Case, setting: &Setting, request: &LoopbackRequest, read: &Request<'_>) {
    let expected = case.expected(setting, true);
    let verdict = judge(request, &expected);
    match (&verdict, right_verdict(case, setting, read)) {
        (RedirectVerdict::Proven(answer), Right::Proven(value)) => {
            assert_eq!(told(answer), value);
            if let AuthorizationResponse::Token(params) = &answer.response
                && let Ok(reply) = expected.dialect.decode_fragment(params, Timestamp(1_750_000_000))
            {
                assert!(is_vschar(reply.response.access_token.expose().as_bytes()));
                assert_eq!(reply.response.refresh_token, None);
            }
        }
        (RedirectVerdict::Doubtful(answer, doubt), Right::Doubtful(value)) => {
            assert_eq!((told(answer), *doubt), (value, Doubt::NoState));
        }
        (RedirectVerdict::Stray(stray), Right::Neither) => {
            // The pages are ours to the letter; what is said of the request is one of a few words.
            let _ = stray.page();
            assert!(!matches!(stray, Stray::ForeignAddress | Stray::NotPasteable));
        }
        (RedirectVerdict::Unusable(unusable) | RedirectVerdict::Fragment(Some(unusable)), Right::Neither) => {
            // It ends the login, so whoever sent it must have the state; and it is shown, so the state must not be.
            assert!(carries(case, &request.target) || carries(case, &String::from_utf8_lossy(&request.body)));
            assert!(!unusable.to_string().contains(case.state.as_str()));
        }
        (RedirectVerdict::Fragment(None), Right::Neither) => assert_eq!(read.method, b"GET"),
        (verdict, right) => panic!("{verdict:?}, and not {right:?}"),
    }
}

/// Whether the state is in a text, as it is, encoded, or in a JWT.
fn carries(case: &Case, text: &str) -> bool {
    let mut text = text.to_owned();
    for _ in 0..3 {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
        let unpacked = words.filter_map(|word| BASE64_URL_SAFE_NO_PAD.decode(word).ok());
        let unpacked: Vec<String> = unpacked.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
        if text.contains(case.state.as_str()) || unpacked.iter().any(|text| text.contains(case.state.as_str())) {
            return true;
        }
        text = decode(&text);
    }
    false
}

/// The code, the token, or the error's code.
fn told(answer: &Answer) -> String {
    match &answer.response {
        AuthorizationResponse::Code(code) => code.expose().to_owned(),
        AuthorizationResponse::Error(error) => error.code.clone(),
        AuthorizationResponse::Token(params) => params.single("access_token").unwrap().unwrap().to_owned(),
    }
}

/// What a person pasted is proven by the state in it, or, where PKCE makes a foreign code useless, as a bare code.
fn pasted(case: &Case, setting: &Setting, bytes: &[u8], pkce: bool) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match judge_pasted(text, &case.expected(setting, pkce)) {
        RedirectVerdict::Proven(answer) => {
            // A URL has no tabs and no line breaks: its reader leaves them out. A shell's backslashes are left out too, and
            // an address may be escaped as a whole.
            let decoded = decode(&decode(&text.replace(['\t', '\n', '\r', '\\'], "")));
            assert!(is_bare(&answer, pkce) || decoded.contains(case.state.as_str()), "proven by another state: {text}");
        }
        RedirectVerdict::Doubtful(answer, Doubt::BareCode) => assert!(!pkce && is_bare(&answer, true)),
        RedirectVerdict::Doubtful(answer, Doubt::PlainWord) => assert!(is_bare(&answer, true)),
        RedirectVerdict::Doubtful(_, Doubt::NoState) => assert!(setting.state_may_be_missing),
        RedirectVerdict::Unusable(unusable) => {
            let text = text.replace(['\t', '\n', '\r', '\\'], "");
            assert!(carries(case, &text) || carries(case, &decode(&text)), "{text}");
            assert!(!unusable.to_string().contains(case.state.as_str()), "{unusable}");
        }
        RedirectVerdict::Fragment(_) => panic!("a pasted line is judged as it is"),
        RedirectVerdict::Stray(_) => {}
    }
}

/// Whether the answer is a code alone, which PKCE or the user vouches for.
fn is_bare(answer: &Answer, is_vouched_for: bool) -> bool {
    let AuthorizationResponse::Code(code) = &answer.response else { return false };
    let is_code = is_vschar(code.expose().as_bytes()) && !code.expose().contains(' ');
    is_vouched_for && is_code && answer.captured.is_empty()
}

// The second reader.

/// A request as RFC 9112 §2 and §3 have it; bare line feeds end a line too (§2.2).
struct Request<'a> {
    method: &'a [u8],
    target: &'a [u8],
    headers: Vec<(&'a [u8], &'a [u8])>,
    body: &'a [u8],
    head_length: usize,
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        let mut lines = std::iter::from_fn(|| {
            let end = at + bytes[at..].iter().position(|b| *b == b'\n')?;
            let line = bytes[at..end].strip_suffix(b"\r").unwrap_or(&bytes[at..end]);
            at = end + 1;
            Some((line, at))
        });
        // RFC 9112 §2.2: a server should ignore empty lines before the request line.
        let (first, _) = lines.find(|(line, _)| !line.is_empty())?;
        let mut words = first.split(|b| *b == b' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !matches!(version, b"HTTP/1.0" | b"HTTP/1.1") {
            return None;
        }
        let mut headers = Vec::new();
        let head_length = loop {
            let (line, end) = lines.next()?;
            if line.is_empty() {
                break end;
            }
            let colon = line.iter().position(|b| *b == b':')?;
            headers.push((&line[..colon], line[colon + 1..].trim_ascii()));
        };
        let mut read = Self { method, target, headers, body: &[], head_length };
        let length = match read.all("content-length").as_slice() {
            [] => 0,
            [length] => std::str::from_utf8(length).ok()?.parse().ok()?,
            _ => return None,
        };
        read.body = bytes.get(head_length..head_length + length)?;
        Some(read)
    }

    fn all(&self, name: &str) -> Vec<&'a [u8]> {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value).collect()
    }
}

#[derive(Debug)]
enum Right {
    Proven(String),
    Doubtful(String),
    Neither,
}

fn right_verdict(case: &Case, setting: &Setting, request: &Request<'_>) -> Right {
    let (path, query) = match request.target.iter().position(|b| *b == b'?') {
        Some(at) => (&request.target[..at], &request.target[at + 1..]),
        None => (request.target, &[][..]),
    };
    let is_place = match request.all("host").as_slice() {
        [host] if host.eq_ignore_ascii_case(HOST.as_bytes()) => {
            path.eq_ignore_ascii_case(b"/callback") || path == b"/callback/"
        }
        [host] if host.eq_ignore_ascii_case(b"localhost:8765") || *host == b"[::1]:8765" => {
            path == b"/callback" || path == b"/callback/"
        }
        _ => false,
    };
    let media_type = request.all("content-type").first().copied().unwrap_or_default();
    let media_type = media_type.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    let answer = match request.method {
        b"GET" => read_pairs(query),
        b"POST" if media_type.eq_ignore_ascii_case(FORM.as_bytes()) => read_pairs(request.body),
        b"POST" if media_type.eq_ignore_ascii_case(ADDRESS.as_bytes()) => read_address(request.body),
        _ => return Right::Neither,
    };
    if is_place { right_answer(case, setting, answer) } else { Right::Neither }
}

fn read_pairs(text: &[u8]) -> Vec<(String, String)> {
    String::from_utf8_lossy(text).split('&').filter(|pair| !pair.is_empty()).map(read_pair).collect()
}

/// The query and the fragment of an address. What the fragment repeats of the query counts once.
fn read_address(text: &[u8]) -> Vec<(String, String)> {
    let mut parts = text.splitn(2, |b| *b == b'#');
    let (query, fragment) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let query = query.strip_prefix(b"?").map(read_pairs).unwrap_or_default();
    let is_new = |pair: &(String, String)| {
        let same: Vec<_> = query.iter().filter(|(name, _)| *name == pair.0).collect();
        same != [pair]
    };
    let fragment: Vec<_> = read_pairs(fragment).into_iter().filter(is_new).collect();
    query.iter().cloned().chain(fragment).collect()
}

fn right_answer(case: &Case, setting: &Setting, sent: Vec<(String, String)>) -> Right {
    let ours =
        |name: &str| setting.names.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours).to_owned();
    let params: Vec<(String, String)> = sent.iter().map(|(name, value)| (ours(name), value.clone())).collect();
    // RFC 6749 §3.1: no parameter twice.
    let all =
        |name: &str| params.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    let at_most_once = |name: &str| all(name).len() < 2;
    let proven = all("state") == [case.state.as_str()];
    let missing = setting.state_may_be_missing && all("state").is_empty();
    let name = match setting.response_type {
        ResponseType::Code => "code",
        ResponseType::Token => "access_token",
    };
    if !(proven || missing) || !at_most_once(name) || !at_most_once("error") || !at_most_once("iss") {
        return Right::Neither;
    }
    // §3.1: one without a value is omitted.
    let value = |name: &str| all(name).first().copied().filter(|value| !value.is_empty()).map(str::to_owned);
    let error = value("error");
    // An error is taken without the proofs that a code needs, and with no wrong one.
    let issuer_is_right = match (setting.issuer, value("iss")) {
        (Some(issuer), Some(iss)) => iss == issuer,
        (Some(_), None) => error.is_some(),
        (None, _) => true,
    };
    let signature_is_right = setting.signature.is_none_or(|param| {
        is_signed(&sent, param) || error.is_some() && !params.iter().any(|(name, _)| name == param)
    });
    if !issuer_is_right || !signature_is_right {
        return Right::Neither;
    }
    match (value(name), error) {
        (Some(value), None) if is_vschar(value.as_bytes()) => {
            if proven {
                Right::Proven(value)
            } else {
                Right::Doubtful(value)
            }
        }
        (None, Some(error)) if proven && at_most_once("error_description") && at_most_once("error_uri") => {
            Right::Proven(error)
        }
        _ => Right::Neither,
    }
}

fn is_signed(sent: &[(String, String)], param: &str) -> bool {
    let (signatures, mut signed): (Vec<_>, Vec<_>) = sent.iter().cloned().partition(|(name, _)| name == param);
    let [(_, signature)] = signatures.as_slice() else { return false };
    signed.sort();
    let text = signed.into_iter().map(|(name, value)| name + "=" + &value).collect::<Vec<_>>().join("&");
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(text).finalize().into_bytes();
    *signature == mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
}

fn read_pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (decode(name), decode(value))
}

/// `application/x-www-form-urlencoded` (WHATWG URL §5.1): `+` is a blank, and what is no UTF-8 is marked.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16)).map(|digit| digit as u8);
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) => decoded.push(b' '),
            (byte, ..) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// RFC 6749 Appendix A.
fn is_vschar(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| (0x20..=0x7e).contains(b))
}
