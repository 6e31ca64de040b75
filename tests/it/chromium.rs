//! The arrival of the redirect in a browser that nobody here wrote: what Chromium does with our pages and with the
//! emulator's, what it remembers afterwards, and what it asks of whom.

use std::net::TcpStream;

use url::Url;

use crate::support::raw_server::http;
use crate::support::{Chromium, Emulated, PendingLogin, RawServer, http as browser};

const APPROVE: &str = "button[value=approve]";
const DENY: &str = "button[value=deny]";

/// A login that waits for Chromium.
struct Story {
    emulated: Emulated,
    login: PendingLogin,
    chromium: Chromium,
}

impl Story {
    fn start(provider: &str, emulate: &[&str], login: &[&str]) -> Self {
        let emulated = Emulated::provider(provider, emulate);
        let login = [&["login", "--port", "0", "--no-browser"], login].concat();
        let login = PendingLogin::start(emulated.command(&login));
        Self { emulated, login, chromium: Chromium::start() }
    }

    fn redirect_uri(&self) -> Url {
        self.login.sent("redirect_uri").parse().unwrap()
    }

    fn open_consent(&self) {
        self.chromium.open(&self.login.authorize_url);
        self.chromium.shows("An app asks for access to");
    }

    fn untick(&self, scope: &str) {
        self.chromium.click(&format!("input[value={scope}]"));
    }

    /// That neither the address bar nor the way back nor any page of it has an answer in it, and that nobody but the
    /// provider and we were asked for anything. All this is the browser's own memory, so the login may have ended.
    #[track_caller]
    fn leaves_nothing_behind(&self) {
        let chromium = &self.chromium;
        assert_eq!(chromium.url(), self.redirect_uri(), "the address bar is clean");
        let steps = chromium.script("return history.length").as_u64().unwrap();
        let asked = chromium.requests();
        let origins = [self.redirect_uri().origin(), self.login.authorize_url.origin()];
        assert!(asked.contains(&self.login.authorize_url), "the log sees requests");
        // The browser's own pages are read from its files.
        for url in asked.iter().filter(|url| !["chrome", "data"].contains(&url.scheme())) {
            assert!(origins.contains(&url.origin()), "{url} is another origin's");
        }
        for _ in 1..steps {
            chromium.back();
            let url = chromium.url();
            for secret in ["code", "access_token", "error"] {
                assert!(!url.query_pairs().any(|(name, _)| name == secret), "{url} is in the history");
            }
            assert_eq!(url.fragment(), None, "{url} is in the history");
        }
    }
}

#[test]
fn a_code_login_ends_on_a_clean_page_after_the_exchange() {
    let story = Story::start("judgeme", &[], &["--scope", "read_products read_orders"]);
    let chromium = &story.chromium;
    let port = story.redirect_uri().port().unwrap();
    // What a browser opens ahead and may never use.
    let silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let stray = story.redirect_uri().join("/favicon.ico").unwrap();
    chromium.open(&stray);
    chromium.open(&story.redirect_uri().join("/").unwrap());
    chromium.shows("Nothing to see here");
    chromium.picture("nothing-here");

    story.open_consent();
    chromium.picture("consent");
    chromium.click(APPROVE);
    let page = chromium.shows("You are logged in");
    assert!(page.contains("The token is stored"), "{page}");
    chromium.picture("logged-in");
    // The page is told after the token is stored: it is there while the page is new.
    story.emulated.run(&["token"]).code(0);
    story.leaves_nothing_behind();
    drop(silent);
    story.login.finish().code(0);
}

#[test]
fn a_scope_that_is_unticked_is_told_as_not_granted() {
    let story = Story::start("storehippo", &[], &["--scope", "read_products,read_orders"]);
    story.open_consent();
    story.untick("read_orders");
    story.chromium.click(APPROVE);
    story.chromium.shows("You are logged in");
    story.leaves_nothing_behind();
    story.login.finish().code(0).says("warning: read_orders was asked for and not granted");
}

#[test]
fn a_denial_is_shown_as_one() {
    let story = Story::start("judgeme", &[], &[]);
    story.open_consent();
    story.chromium.click(DENY);
    let page = story.chromium.shows("Access was not granted");
    assert!(!page.contains("access_denied"), "nothing of the request is on the page: {page}");
    story.chromium.picture("declined");
    story.leaves_nothing_behind();
    story.login.finish().code(5).says("access_denied");
}

#[test]
fn an_exchange_that_fails_is_no_success_in_the_browser() {
    let story = Story::start("judgeme", &["--fault", "server-error"], &[]);
    story.open_consent();
    story.chromium.click(APPROVE);
    story.chromium.shows("The login did not work");
    story.chromium.picture("failed");
    story.leaves_nothing_behind();
    story.login.finish().code(8);
}

#[test]
fn a_token_in_the_fragment_arrives_and_leaves_no_trace() {
    let story = Story::start("goodsie", &[], &["--grant", "implicit", "--scope", "storefront"]);
    story.open_consent();
    story.chromium.click(APPROVE);
    story.chromium.shows("You are logged in");
    let token = story.emulated.run(&["token"]);
    let token = token.code(0).stdout().trim();
    assert!(!story.chromium.source().contains(token));
    story.leaves_nothing_behind();
    story.login.finish().code(0).says("a code is better");
}

#[test]
fn a_provider_that_has_fragments_only_may_grant_less() {
    let story = Story::start("smithcart", &[], &["--scope", "orders products"]);
    story.open_consent();
    story.untick("orders");
    story.chromium.click(APPROVE);
    story.chromium.shows("You are logged in");
    story.leaves_nothing_behind();
    story.login.finish().code(0).says("warning: orders was asked for and not granted");
}

#[test]
fn a_denial_in_the_fragment_is_shown_as_one() {
    let story = Story::start("smithcart", &[], &[]);
    story.open_consent();
    story.chromium.click(DENY);
    story.chromium.shows("Access was not granted");
    story.leaves_nothing_behind();
    story.login.finish().code(5).says("access_denied");
}

#[test]
fn without_javascript_the_page_says_what_to_do() {
    let story = Story::start("smithcart", &[], &[]);
    story.chromium.devtools("Emulation.setScriptExecutionDisabled", serde_json::json!({"value": true}));
    story.open_consent();
    story.chromium.click(APPROVE);
    story.chromium.shows("copy the whole address of this page");
    story.chromium.picture("fragment");
    let fragment = story.chromium.url().fragment().unwrap_or_default().to_owned();
    assert!(fragment.contains("access_token="), "the address is still there to be copied");
}

#[test]
fn a_fragment_that_cannot_be_handed_over_is_said_so() {
    let story = Story::start("smithcart", &[], &[]);
    let broken = "window.fetch = () => Promise.reject(new TypeError('Failed to fetch'))";
    story.chromium.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({"source": broken}));
    story.open_consent();
    story.chromium.click(APPROVE);
    story.chromium.shows("The answer did not arrive");
    story.chromium.picture("not-handed-over");
    story.leaves_nothing_behind();
}

/// A page of another origin with a form that a button sends to the redirect URI.
fn page_with_form(story: &Story, policy: &str, fields: &[(&str, &str)]) -> RawServer {
    let fields: String = fields.iter().map(|(name, value)| format!("<input name={name} value=\"{value}\">")).collect();
    let page = format!(
        "<!doctype html><meta name=referrer content={policy}><form method=post action=\"{}\">{fields}<button>Go</button></form>",
        story.redirect_uri()
    );
    RawServer::start([http("200 OK", &["Content-Type: text/html"], &page)])
}

#[test]
fn a_foreign_page_cannot_post_an_answer_without_the_state() {
    let story = Story::start("smithcart", &[], &[]);
    for policy in ["origin", "no-referrer"] {
        let fields = [("access_token", "foreign"), ("token_type", "bearer"), ("state", "guessed")];
        let foreign = page_with_form(&story, policy, &fields);
        story.chromium.open(&foreign.origin().parse().unwrap());
        story.chromium.click("button");
        story.chromium.shows("This is not the answer to the login");
    }
    story.chromium.picture("unproven");
    story.open_consent();
    story.chromium.click(APPROVE);
    story.chromium.shows("You are logged in");
    let token = story.emulated.run(&["token"]);
    assert_ne!(token.code(0).stdout().trim(), "foreign");
    story.login.finish().code(0);
}

#[test]
fn a_providers_page_may_post_the_answer() {
    let story = Story::start("judgeme", &["--approve"], &[]);
    let answer = browser::location(&browser::get(&story.login.authorize_url));
    let fields: Vec<(String, String)> = answer.query_pairs().into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let provider = page_with_form(&story, "no-referrer", &fields);
    story.chromium.open(&provider.origin().parse().unwrap());
    story.chromium.click("button");
    story.chromium.shows("You are logged in");
    assert_eq!(story.chromium.url(), story.redirect_uri());
    story.login.finish().code(0);
}

#[test]
fn an_answer_in_query_and_fragment_arrives_as_one() {
    for (query, fragment, shown, code) in [
        ("iss=https%3A%2F%2Fas.example", "access_token=t&token_type=bearer&state=STATE", "You are logged in", 0),
        ("state=STATE", "access_token=t&token_type=bearer&state=STATE", "You are logged in", 0),
        ("state=STATE", "error=access_denied", "Access was not granted", 5),
        ("state=STATE", "", "This answer cannot be used", 5),
        ("iss=a", "access_token=t&token_type=bearer&state=STATE&iss=b", "This answer cannot be used", 5),
    ] {
        let story = Story::start("smithcart", &[], &[]);
        let with_state = |text: &str| text.replace("STATE", &story.login.sent("state"));
        let mut landing = story.redirect_uri();
        landing.set_query(Some(&with_state(query)));
        landing.set_fragment(Some(&with_state(fragment)));
        story.chromium.open(&landing);
        story.chromium.shows(shown);
        assert_eq!(story.chromium.url(), story.redirect_uri(), "the address bar is clean");
        story.login.finish().code(code);
    }
}

#[test]
fn a_fragment_is_read_at_any_path_and_in_any_grant() {
    for (path, fragment, shown, code) in [
        ("/callback", "error=access_denied&state=STATE", "Access was not granted", 5),
        ("/callback", "code=c&state=STATE&state=x", "This answer cannot be used", 5),
        ("/other", "code=c&state=STATE", "This answer cannot be used", 5),
    ] {
        let story = Story::start("judgeme", &[], &[]);
        let mut landing = story.redirect_uri().join(path).unwrap();
        landing.set_fragment(Some(&fragment.replace("STATE", &story.login.sent("state"))));
        story.chromium.open(&landing);
        let page = story.chromium.shows(shown);
        let differs = if path == "/other" { "the path differs" } else { "" };
        assert!(page.contains(differs) && !page.contains(&story.login.sent("state")), "{page}");
        story.login.finish().code(code).says(differs);
    }
}

#[test]
fn what_came_is_shown_on_the_page_as_text() {
    let story = Story::start("judgeme", &[], &[]);
    let state = story.login.sent("state");
    let mut landing = story.redirect_uri();
    landing.set_query(Some(&format!("error_reason=<b id=evil>a</b>&state={state}")));
    story.chromium.open(&landing);
    let page = story.chromium.shows("This answer cannot be used");
    assert!(page.contains("error_reason=<b id=evil>a</b>"), "{page}");
    assert!(!page.contains(&state), "{page}");
    assert_eq!(story.chromium.script("return document.querySelectorAll('#evil').length").as_u64(), Some(0));
    story.chromium.picture("unusable");
    story.login.finish().code(5).says("error_reason=<b id=evil>a</b>");
}
