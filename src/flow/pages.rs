//! The pages that the browser shows. They load nothing, and every one but [`unusable`] and the
//! [`LastPage`](super::last_page::LastPage) is static. The last page of a login
//! clears the code from the address bar and the history.
//!
//! Only [`unusable`] has text from a request in it, escaped: that request carries the login's state, and the person in
//! front of it has to see what came. A page for any other request has nothing of it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest, Sha256};

use super::redirect::{Claim, Unproven, Unusable};
use crate::protocol::html::escape;
use crate::system::loopback::LoopbackResponse;

/// A page by its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserPage {
    LoggedIn,
    Declined,
    Failed,
    /// Reads the whole address and posts it to us.
    Fragment,
    /// For a program that may or may not be the browser that was started.
    BackToTerminal,
    /// For every request that is not the redirect.
    NothingHere,
    WrongHost,
    WrongMethod,
    /// For what claims to be the answer and does not carry our state.
    Unproven(Unproven),
    /// An answer without a body, for `OPTIONS` and the icon.
    Empty,
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b636d;--paper:#fbfaf8;--card:#fff;--line:#e3e0da;--ok:#12805c;--no:#b3372f}\
@media(prefers-color-scheme:dark){:root{--ink:#eceae6;--soft:#a3abb5;--paper:#16181b;--card:#1e2125;--line:#31363c;--ok:#4cc38a;--no:#ff8a80}}\
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif}\
main{width:min(30rem,90vw);padding:2.5rem;background:var(--card);border:1px solid var(--line);border-radius:14px}\
svg{width:44px;height:44px;display:block;margin-bottom:1.25rem}.ok{stroke:var(--ok)}.no{stroke:var(--no)}.so{stroke:var(--soft)}\
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .5rem}p{margin:0;color:var(--soft)}dl{margin:1.5rem 0 0;overflow-wrap:anywhere}dt{font-size:.8rem;color:var(--soft)}dd{margin:0 0 .75rem}code{font:.9em ui-monospace,monospace;padding:.1em .35em;border-radius:5px;background:var(--paper)}@media(max-width:480px){main{width:100%;min-height:100vh;padding:2rem 1.25rem;border:0;border-radius:0}}footer{margin-top:2rem;font-size:.8rem;color:var(--soft);font-family:ui-monospace,monospace}";

/// Removes code and state from the address bar and the history.
const CLEAR_ADDRESS: &str = "history.replaceState(null,'',location.pathname)";

/// Posts the address: its query, and its fragment, which browsers do not send. The script first removes both from the
/// address bar and the history, then posts them to the page's own path and shows the answer. Until the script runs, the
/// page says what to do without JavaScript.
macro_rules! post_address {
    () => {
        "(async()=>{const a=location.search+location.hash,$=s=>document.querySelector(s),\
say=(t,p)=>{document.title=t+' – oauthctl';$('h1').textContent=t;$('p').textContent=p};\
history.replaceState(null,'',location.pathname);say('One moment','The answer is on its way to the terminal.');\
try{const r=await fetch(location.pathname,{method:'POST',headers:{'Content-Type':'application/vnd.oauthctl.address'},body:a}),\
d=new DOMParser().parseFromString(await r.text(),'text/html');\
$('main').replaceWith(document.adoptNode(d.querySelector('main')));document.title=d.title}\
catch{say('The answer did not arrive','It did not reach the terminal. Start the login again there.')}})()"
    };
}

const POST_ADDRESS: &str = post_address!();

/// The same, only if there is a fragment: what a request lacks may be in it.
const POST_FRAGMENT: &str = concat!("location.hash.length>1&&", post_address!());

const DOTS: &str = "<svg class=\"so\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path stroke-width=\"4\" d=\"M13 22h0M22 22h0M31 22h0\"/></svg>";
const DASH: &str = "<svg class=\"so\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path d=\"M14 22h16\"/></svg>";
const TICK: &str = "<svg class=\"ok\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path d=\"M13 23l6 6 12-13\"/></svg>";
const CROSS: &str = "<svg class=\"no\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path d=\"M15 15l14 14M29 15L15 29\"/></svg>";

impl BrowserPage {
    pub fn answer(self) -> LoopbackResponse {
        self.answer_with("")
    }

    /// Returns the page with more below its sentence, which is HTML.
    pub fn answer_with(self, more: &str) -> LoopbackResponse {
        let (status, icon, title, text) = match self {
            Self::Empty => return LoopbackResponse::new("204 No Content", &["Cache-Control: no-store"], ""),
            Self::LoggedIn => (
                "200 OK",
                TICK,
                "You are logged in",
                "The token is stored. You can close this tab and go back to the terminal.",
            ),
            Self::Declined => (
                "200 OK",
                CROSS,
                "Access was not granted",
                "The provider refused, and nothing was stored. The terminal has the details.",
            ),
            Self::Failed => (
                "200 OK",
                CROSS,
                "The login did not work",
                "Nothing was stored. The terminal says why and what to do next.",
            ),
            Self::Fragment => (
                "200 OK",
                DOTS,
                "One more step",
                "Without JavaScript, copy the whole address of this page and paste it into the terminal.",
            ),
            Self::BackToTerminal => (
                "403 Forbidden",
                DASH,
                "Go back to the terminal",
                "It is not known which program asked for this page. Open the address that the terminal shows.",
            ),
            Self::NothingHere => (
                "404 Not Found",
                DASH,
                "Nothing to see here",
                "This address only receives the answer to one login, and this was not it.",
            ),
            Self::Unproven(unproven) => ("404 Not Found", DASH, "This is not the answer to the login", about(unproven)),
            Self::WrongHost => (
                "421 Misdirected Request",
                DASH,
                "Wrong address",
                "This server answers only to the address that was registered.",
            ),
            Self::WrongMethod => (
                "405 Method Not Allowed",
                DASH,
                "Wrong method",
                "This address is for a browser that returns from a provider.",
            ),
        };
        let script = match self {
            Self::LoggedIn | Self::Declined | Self::Failed => CLEAR_ADDRESS,
            Self::Fragment => POST_ADDRESS,
            Self::NothingHere | Self::Unproven(_) => POST_FRAGMENT,
            Self::BackToTerminal | Self::WrongHost | Self::WrongMethod | Self::Empty => "",
        };
        page(status, icon, title, &format!("<p>{text}</p>{more}"), script)
    }
}

/// Says what an unproven answer was, that the login still waits, and what to do.
fn about(unproven: Unproven) -> &'static str {
    match (unproven.claim, unproven.other_state) {
        (Claim::Error(_), false) => {
            "It is an error without the state of this login, so it may be about something else. The login is still \
             waiting. If you refused on purpose, press Ctrl-C in the terminal."
        }
        (Claim::Nothing, false) => {
            "It has neither a code nor an error. The login is still waiting: finish it in the tab that it opened."
        }
        (_, false) => {
            "It lacks the state of this login, so anybody could have made it. The login is still waiting: finish it in \
             the tab that it opened. The terminal says more."
        }
        (_, true) => {
            "It has the state of another login, perhaps of an earlier try. The login is still waiting: close this tab, \
             and finish it in the tab that it opened."
        }
    }
}

/// Returns the page for an answer that ended the login, as it could not be used.
pub fn unusable(unusable: &Unusable) -> LoopbackResponse {
    let fact = |name: &str, text: &str| format!("<dt>{name}</dt><dd>{}</dd>", escape(text));
    let facts = [
        fact("What differs", &unusable.differs),
        fact("What came", &unusable.came),
        fact("What was expected", &unusable.expected),
    ];
    let content = format!(
        "<p>It belongs to this login, which has ended. Nothing was stored. The terminal says what to do next.</p>\
         <dl>{}</dl>",
        facts.concat()
    );
    page("400 Bad Request", CROSS, "This answer cannot be used", &content, CLEAR_ADDRESS)
}

fn page(status: &str, icon: &str, title: &str, content: &str, script: &str) -> LoopbackResponse {
    let script = if script.is_empty() { String::new() } else { format!("<script>{script}</script>") };
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} – oauthctl</title><style>{STYLE}</style>\
         <main>{icon}<h1>{title}</h1>{content}<footer>oauthctl</footer></main>{script}</html>\n"
    );
    let scripts = [CLEAR_ADDRESS, POST_ADDRESS, POST_FRAGMENT].map(|script| format!("'sha256-{}'", hash(script)));
    let policy = format!(
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-{}'; script-src {}; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        scripts.join(" ")
    );
    let headers = [
        "Content-Type: text/html; charset=utf-8",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        &policy,
    ];
    LoopbackResponse::new(status, &headers, &body)
}

fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::redirect::{ADDRESS, Difference};

    /// Every page, and its script, or the start of it.
    fn pages() -> Vec<(LoopbackResponse, &'static str)> {
        let unproven = |claim| BrowserPage::Unproven(Unproven { claim, other_state: claim == Claim::Jwt }).answer();
        vec![
            (BrowserPage::LoggedIn.answer(), "history.replaceState("),
            (BrowserPage::Declined.answer(), "history.replaceState("),
            (BrowserPage::Failed.answer(), "history.replaceState("),
            (unusable(&hostile()), "history.replaceState("),
            (BrowserPage::Fragment.answer(), "(async()=>{const a=location.search+location.hash"),
            (BrowserPage::NothingHere.answer(), "location.hash.length>1&&(async"),
            (unproven(Claim::Code), "location.hash.length>1&&(async"),
            (unproven(Claim::Token), "location.hash.length>1&&(async"),
            (unproven(Claim::Error(None)), "location.hash.length>1&&(async"),
            (unproven(Claim::Jwt), "location.hash.length>1&&(async"),
            (unproven(Claim::Nothing), "location.hash.length>1&&(async"),
            (BrowserPage::BackToTerminal.answer(), ""),
            (BrowserPage::WrongHost.answer(), ""),
            (BrowserPage::WrongMethod.answer(), ""),
        ]
    }

    fn hostile() -> Unusable {
        let text = || "<script>alert('a')</script>&\"".to_owned();
        Unusable { difference: Difference::Place, differs: text(), came: text(), expected: text() }
    }

    #[test]
    fn pages_load_nothing_and_cannot_be_framed() {
        for (page, _) in pages() {
            let text = page.as_text();
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("src="), "{text}");
            for header in ["frame-ancestors 'none'", "-Policy: no-referrer", "no-store", "default-src 'none'"] {
                assert!(text.contains(header), "{text}");
            }
        }
    }

    #[test]
    fn a_script_runs_only_where_an_answer_is_cleared_or_handed_over() {
        for (page, script) in pages() {
            let part = |tag: &str| {
                let (_, rest) = page.as_text().split_once(&format!("<{tag}>"))?;
                rest.split_once(&format!("</{tag}>")).map(|(part, _)| part)
            };
            assert_eq!(part("script").is_some(), !script.is_empty());
            assert!(part("script").unwrap_or_default().starts_with(script), "{page:?}");
            // The policy allows exactly the scripts and styles on the page (CSP Level 3 §6.7.2).
            let (policy, _) = page.as_text().split_once("<!doctype").unwrap();
            for text in [part("script"), part("style")].into_iter().flatten() {
                let digest = BASE64_STANDARD.encode(Sha256::digest(text));
                assert!(policy.contains(&format!("'sha256-{digest}'")), "{page:?}");
            }
        }
        assert_eq!(BrowserPage::Empty.answer().as_text().split_once("\r\n\r\n").unwrap().1, "");
    }

    #[test]
    fn what_came_is_on_the_page_escaped() {
        let page = unusable(&hostile());
        let text = page.as_text();
        assert_eq!(text.matches("&lt;script&gt;alert(&#39;a&#39;)&lt;/script&gt;&amp;&quot;").count(), 3, "{text}");
        assert!(!text.contains("alert('"), "{text}");
    }

    #[test]
    fn the_page_posts_what_the_judge_reads() {
        assert!(POST_ADDRESS.contains(&format!("'Content-Type':'{ADDRESS}'")));
    }
}
