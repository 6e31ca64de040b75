use std::sync::Mutex;

use url::Url;

use super::*;
use crate::flow::api::{Api, Redirects};
use crate::flow::doubles::{Reply, Scripted, StubResponse, provider};
use crate::provider::quirks::TokenIn;
use crate::system::http::{HttpError, Upload};

const TOKEN: &str = "made-up-token";

/// A server that also records from where each download was named.
struct Recorded<'a> {
    server: Scripted<'a>,
    downloads: Mutex<Vec<(HttpRequest, Reach)>>,
}

impl HttpClient for Recorded<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.server.send(request)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.server.stream(request, upload)
    }

    fn download(&self, request: &HttpRequest, from: Reach) -> Result<HttpReply, HttpError> {
        self.downloads.lock().unwrap().push((request.clone(), from));
        self.server.download(request, from)
    }
}

/// Asks the API at `base` for `/x`, and returns what came of it, the requests, and the downloads among them.
struct Outcome {
    reply: Result<HttpReply, FlowError>,
    requests: Vec<HttpRequest>,
    downloads: Vec<(HttpRequest, Reach)>,
}

fn send(base: &str, method: &Method, placed: Option<TokenIn>, replies: &[Reply<'_>]) -> Outcome {
    let keys = "api.token = [{ in = 'bearer' }, { in = 'header', name = 'X-Key' }, { in = 'query', name = 'key' }]\n\
                [api.headers]\nX-Version = '1'";
    let mut provider = provider(keys);
    if base != "https://api.example" {
        let text = format!("token.url = 'https://as.example/token'\napi.base = '{base}'\n{keys}");
        provider = crate::flow::doubles::provider_of(&text, &[]);
    }
    let api = Api::new(&provider, placed).unwrap().with_redirects(Redirects::Anywhere);
    let mut request = api.request(method.clone(), api.resolve("/x?mine=1").unwrap()).unwrap();
    for (name, value) in [("X-Own", "own"), ("Cookie", "a=b"), ("DPoP", "proof"), ("Referer", "https://a.example/")] {
        request.set_header(name, value).unwrap();
    }
    let http = Recorded { server: Scripted::replies(replies), downloads: Mutex::default() };
    let reply = api.send(&http, &AccessToken::new(TOKEN), &request, None);
    Outcome { reply, requests: http.server.requests(), downloads: http.downloads.into_inner().unwrap() }
}

fn get(location: &str) -> Outcome {
    send("https://api.example", &Method::GET, None, &[(302, location, ""), (200, "", "the file")])
}

const FILE: &str = "https://files.example/b/export.csv?X-Sig=a%2Bb&x=1%2f2";

#[test]
fn a_download_has_nothing_of_the_first_request() {
    for placed in [TokenIn::Bearer, TokenIn::Header, TokenIn::Query] {
        for method in [Method::GET, Method::HEAD] {
            for status in [301, 302, 303, 307, 308] {
                let replies = [(status, FILE, ""), (200, "", "the file")];
                let Outcome { reply, requests, downloads } =
                    send("https://api.example", &method, Some(placed), &replies);
                let reply = reply.unwrap();
                assert!(reply.is_download() && requests.len() == 2 && downloads.len() == 1);
                let (request, from) = &downloads[0];
                // The address is as the server has written it, or its signature would be another one.
                assert_eq!((request.url.as_str(), &request.method, *from), (FILE, &method, Reach::Internet));
                let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
                assert_eq!(headers, [("accept", &HeaderValue::from_static("*/*"))]);
                assert!(request.body.is_empty());
                assert_eq!(reply.read(100).unwrap(), b"the file");
            }
        }
    }
}

#[test]
fn no_other_method_is_sent_to_another_server() {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        for status in [301, 302, 303, 307, 308] {
            let Outcome { reply, requests, .. } = send("https://api.example", &method, None, &[(status, FILE, "")]);
            let why = NotFollowed::Method { method: method.to_string() };
            assert!(matches!(reply, Err(FlowError::NotFollowed { origin, why: told }) if told == why
                && origin == "https://files.example"));
            assert_eq!(requests.len(), 1);
        }
    }
}

#[test]
fn a_post_that_became_a_get_is_followed() {
    let replies = [(303, "/done", ""), (302, FILE, ""), (200, "", "")];
    let Outcome { reply, downloads, .. } = send("https://api.example", &Method::POST, None, &replies);
    assert!(reply.unwrap().is_download());
    assert_eq!((downloads.len(), &downloads[0].0.method), (1, &Method::GET));
}

#[test]
fn a_redirect_back_to_the_api_gets_no_token() {
    let back = "https://api.example/secret?all=1";
    let replies = [(302, FILE, ""), (302, back, ""), (302, "/other", ""), (200, "", "")];
    let Outcome { reply, requests, downloads } = send("https://api.example", &Method::GET, None, &replies);
    assert!(reply.unwrap().is_download());
    let urls: Vec<_> = downloads.iter().map(|(request, _)| request.url.as_str()).collect();
    assert_eq!(urls, [FILE, back, "https://api.example/other"]);
    assert!(requests[1..].iter().all(|request| !format!("{request:?}").contains(TOKEN) && request.headers.len() == 1));
}

#[test]
fn five_redirects_are_followed_wherever_they_lead() {
    for within in 0..=5 {
        let replies = |count: usize| {
            let step = |n| if n < within { (302, "/y", "") } else { (302, FILE, "") };
            (0..count).map(step).chain([(200, "", "")]).collect::<Vec<_>>()
        };
        let five = send("https://api.example", &Method::GET, None, &replies(5));
        assert_eq!((five.reply.unwrap().status, five.requests.len()), (200, 6), "{within}");
        let six = send("https://api.example", &Method::GET, None, &replies(6));
        assert!(matches!(six.reply, Err(FlowError::TooManyRedirects { limit: 5 })), "{within}");
        assert_eq!(six.requests.len(), 6, "{within}");
    }
}

#[test]
fn an_address_that_is_not_fit_is_named_and_not_asked() {
    for (location, origin, why) in [
        ("http://files.example/x", "http://files.example", NotFollowed::Scheme),
        ("http://10.0.0.1/x", "http://10.0.0.1", NotFollowed::Scheme),
        ("ftp://files.example/x", "ftp://files.example", NotFollowed::Scheme),
        ("file:///etc/passwd", "`file:`", NotFollowed::Scheme),
        ("data:text/plain,x", "`data:`", NotFollowed::Scheme),
        ("javascript:alert(1)", "`javascript:`", NotFollowed::Scheme),
        ("https://u:p@files.example/", "https://files.example", NotFollowed::UserName),
        ("https://u@api.example/", "https://api.example", NotFollowed::UserName),
        ("https://[bad/", "`https://[bad/`", NotFollowed::Unreadable),
        ("https://files.example/made-up-token/x", "https://files.example", NotFollowed::Token),
        ("https://files.example/made%2Dup%2Dtoken", "https://files.example", NotFollowed::Token),
        ("https://files.example/?a=1%26t%3Dmade-up-token", "https://files.example", NotFollowed::Token),
        ("https://files.example/?t=Bearer+made-up-token", "https://files.example", NotFollowed::Token),
        ("https://files.example/?t=bWFkZS11cC10b2tlbg==", "https://files.example", NotFollowed::Token),
        ("https://made-up-token.files.example/", "https://[hidden].files.example", NotFollowed::Token),
    ] {
        let Outcome { reply, requests, .. } = get(location);
        let told = reply.err().map(|error| format!("{error:?}"));
        let expected = FlowError::NotFollowed { origin: origin.to_owned(), why };
        assert_eq!(told, Some(format!("{expected:?}")), "{location}");
        assert_eq!(requests.len(), 1, "{location}");
    }
}

#[test]
fn the_token_is_taken_out_of_an_address_that_repeats_the_query() {
    for (location, asked) in [
        ("https://files.example/x?mine=1&key=made-up-token", "https://files.example/x?mine=1"),
        ("https://files.example/x?key=made%2Dup%2Dtoken", "https://files.example/x"),
        // A parameter of that name may be the storage's own.
        ("https://files.example/x?key=theirs&a=b%20c+d#made-up-token", "https://files.example/x?key=theirs&a=b%20c+d"),
    ] {
        assert_eq!(get(location).downloads[0].0.url.as_str(), asked);
    }
}

#[test]
fn a_redirect_leads_to_no_nearer_place_than_its_sender() {
    let followed = |base: &str, chain: &[&str]| {
        let mut replies: Vec<Reply<'_>> = chain.iter().map(|location| (302, *location, "")).collect();
        replies.push((200, "", ""));
        let Outcome { reply, requests, .. } = send(base, &Method::GET, None, &replies);
        match reply {
            Ok(_) => requests.len() == replies.len(),
            Err(FlowError::Download(HttpError::OutOfReach { .. }) | FlowError::NotFollowed { .. }) => false,
            Err(other) => panic!("{other:?}"),
        }
    };
    let near =
        ["https://127.0.0.1/", "http://127.0.0.1/", "https://localhost/", "http://[::1]/", "https://a.localhost./"];
    let link = ["https://169.254.169.254/latest/meta-data", "https://[fe80::1]/", "https://[::ffff:a9fe:a9fe]/"];
    let private = ["https://10.0.0.1/", "https://[fd00::1]/", "https://[::ffff:192.168.0.1]/", "https://0xa000001/"];
    for location in near.iter().chain(&link).chain(&private) {
        assert!(!followed("https://api.example", &[location]), "{location}");
        // Also at the end of a chain.
        assert!(!followed("https://api.example", &["https://files.example/", location]), "{location}");
        assert!(!followed("http://127.0.0.1:1", &["https://files.example/", location]), "{location}");
        let from_private = private.contains(location);
        assert_eq!(followed("https://10.0.0.9", &[location]), from_private, "{location}");
    }
    for location in near.iter().filter(|location| !location.contains("a.localhost")) {
        assert!(followed("http://127.0.0.1:1", &[location]), "{location}");
    }
    assert!(followed("https://10.0.0.9", &[FILE]));
    assert!(!followed("http://127.0.0.1:1", &["http://10.0.0.1/"]), "plain http is for this machine");
}

#[test]
fn a_reference_is_resolved_against_its_own_sender() {
    let replies =
        [(302, "https://files.example/a/b", ""), (307, "../c?d", ""), (301, "//other.example/", ""), (200, "", "")];
    let Outcome { downloads, .. } = send("https://api.example", &Method::HEAD, None, &replies);
    let urls: Vec<_> = downloads.iter().map(|(request, _)| request.url.as_str()).collect();
    assert_eq!(urls, ["https://files.example/a/b", "https://files.example/c?d", "https://other.example/"]);
}

#[test]
fn bytes_of_an_address_keep_their_value() {
    let reply = |location: &[u8]| {
        let request = HttpRequest::new(Method::GET, Url::parse("https://a.example").unwrap());
        let mut reply = StubResponse::new(302, "").reply(&request);
        reply.headers.insert(LOCATION, HeaderValue::from_bytes(location).unwrap());
        reply
    };
    assert_eq!(location(&reply("/ü".as_bytes())).as_deref(), Some("/ü"));
    assert_eq!(location(&reply(b"/\xfc?%20")).as_deref(), Some("/%FC?%20"));
}

#[test]
fn a_token_too_short_to_be_masked_is_not_in_an_address_either() {
    for (url, is_in) in [
        ("https://files.example/x?t=Bearer+at-1", true),
        ("https://files.example/%61t-1/x", true),
        ("https://files.example/x?t=at%2D1&u", true),
        ("https://files.example/x?t=at-2", false),
    ] {
        assert_eq!(tells(url, &AccessToken::new("at-1")), is_in, "{url}");
    }
}
