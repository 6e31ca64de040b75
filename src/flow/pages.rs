//! The pages that the browser shows. Every page is static: it contains nothing from a request, and loads nothing. The
//! last page of a login clears the code from the address bar and the history.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest, Sha256};

use crate::system::loopback::LoopbackResponse;

/// A page by its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserPage {
    LoggedIn,
    Declined,
    Failed,
    /// Reads the fragment of the address and posts it to us.
    Fragment,
    /// For a program that may or may not be the browser that was started.
    BackToTerminal,
    /// For every request that is not the redirect.
    NothingHere,
    WrongHost,
    WrongMethod,
    /// The state was right and the rest was not.
    Unusable,
    /// An answer without a body, for `OPTIONS` and the icon.
    Empty,
}

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b636d;--paper:#fbfaf8;--card:#fff;--line:#e3e0da;--ok:#12805c;--no:#b3372f}\
@media(prefers-color-scheme:dark){:root{--ink:#eceae6;--soft:#a3abb5;--paper:#16181b;--card:#1e2125;--line:#31363c;--ok:#4cc38a;--no:#ff8a80}}\
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif}\
main{width:min(30rem,90vw);padding:2.5rem;background:var(--card);border:1px solid var(--line);border-radius:14px}\
svg{width:44px;height:44px;display:block;margin-bottom:1.25rem}.ok{stroke:var(--ok)}.no{stroke:var(--no)}.so{stroke:var(--soft)}\
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .5rem}p{margin:0;color:var(--soft)}footer{margin-top:2rem;font-size:.8rem;color:var(--soft);font-family:ui-monospace,monospace}";

/// Removes code and state from the address bar and the history.
const CLEAR_ADDRESS: &str = "history.replaceState(null,'',location.pathname)";

/// Posts the token. It is in the fragment, which browsers do not send. The script first removes it from the address bar
/// and the history, then posts it to the page's own address and shows the answer. Until the script runs, the page says
/// what to do without JavaScript.
const POST_FRAGMENT: &str = "(async()=>{const f=location.hash.slice(1),$=s=>document.querySelector(s),\
say=(t,p)=>{document.title=t+' – oauthctl';$('h1').textContent=t;$('p').textContent=p};\
history.replaceState(null,'',location.pathname);say('One moment','The token is on its way to the terminal.');\
try{const r=await fetch(location.pathname,{method:'POST',headers:{'Content-Type':'application/x-www-form-urlencoded'},body:f}),\
d=new DOMParser().parseFromString(await r.text(),'text/html');\
$('main').replaceWith(document.adoptNode(d.querySelector('main')));document.title=d.title}\
catch{say('The login did not work','The token did not reach the terminal. Start the login again there.')}})()";

const DOTS: &str = "<svg class=\"so\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path stroke-width=\"4\" d=\"M13 22h0M22 22h0M31 22h0\"/></svg>";
const DASH: &str = "<svg class=\"so\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path d=\"M14 22h16\"/></svg>";
const TICK: &str = "<svg class=\"ok\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path d=\"M13 23l6 6 12-13\"/></svg>";
const CROSS: &str = "<svg class=\"no\" viewBox=\"0 0 44 44\" fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" aria-hidden=\"true\"><circle cx=\"22\" cy=\"22\" r=\"20\"/><path d=\"M15 15l14 14M29 15L15 29\"/></svg>";

impl BrowserPage {
    pub fn answer(self) -> LoopbackResponse {
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
            Self::Unusable => (
                "400 Bad Request",
                CROSS,
                "This answer cannot be used",
                "It has neither a code nor an error. The login is still waiting.",
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
            Self::LoggedIn | Self::Declined | Self::Failed => format!("<script>{CLEAR_ADDRESS}</script>"),
            Self::Fragment => format!("<script>{POST_FRAGMENT}</script>"),
            _ => String::new(),
        };
        // With `no-referrer` a browser would also hide the origin of our own page's post.
        let referrer =
            if self == Self::Fragment { "Referrer-Policy: same-origin" } else { "Referrer-Policy: no-referrer" };
        let body = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title} – oauthctl</title><style>{STYLE}</style>\
             <main>{icon}<h1>{title}</h1><p>{text}</p><footer>oauthctl</footer></main>{script}</html>\n"
        );
        let policy = format!(
            "Content-Security-Policy: default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}' 'sha256-{}'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(CLEAR_ADDRESS),
            hash(POST_FRAGMENT)
        );
        LoopbackResponse::new(
            status,
            &[
                "Content-Type: text/html; charset=utf-8",
                "Cache-Control: no-store",
                referrer,
                "X-Content-Type-Options: nosniff",
                &policy,
            ],
            &body,
        )
    }
}

fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_load_nothing_and_cannot_be_framed() {
        for page in [
            BrowserPage::LoggedIn,
            BrowserPage::Declined,
            BrowserPage::Failed,
            BrowserPage::BackToTerminal,
            BrowserPage::NothingHere,
            BrowserPage::WrongHost,
            BrowserPage::WrongMethod,
            BrowserPage::Unusable,
            BrowserPage::Fragment,
        ] {
            let answer = page.answer();
            let text = answer.as_text();
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("src="), "{page:?}");
            assert!(
                text.contains("frame-ancestors 'none'")
                    && text.contains(if page == BrowserPage::Fragment {
                        "-Policy: same-origin"
                    } else {
                        "-Policy: no-referrer"
                    })
                    && text.contains("no-store"),
                "{page:?}"
            );
        }
    }

    #[test]
    fn only_the_last_page_and_the_fragment_page_have_a_script() {
        for (page, script) in [
            (BrowserPage::LoggedIn, Some("history.replaceState(")),
            (BrowserPage::Declined, Some("history.replaceState(")),
            (BrowserPage::Failed, Some("history.replaceState(")),
            (BrowserPage::Fragment, Some("fetch(location.pathname,{method:'POST'")),
            (BrowserPage::BackToTerminal, None),
            (BrowserPage::NothingHere, None),
            (BrowserPage::Unusable, None),
        ] {
            let answer = page.answer();
            let part = |tag: &str| {
                let (_, rest) = answer.as_text().split_once(&format!("<{tag}>"))?;
                rest.split_once(&format!("</{tag}>")).map(|(part, _)| part)
            };
            assert_eq!(part("script").is_some_and(|text| text.contains(script.unwrap_or(text))), script.is_some());
            // The policy allows exactly the scripts and styles on the page (CSP Level 3 §6.7.2).
            let (policy, _) = answer.as_text().split_once("<!doctype").unwrap();
            for text in [part("script"), part("style")].into_iter().flatten() {
                let digest = BASE64_STANDARD.encode(Sha256::digest(text));
                assert!(policy.contains(&format!("'sha256-{digest}'")), "{page:?}");
            }
        }
        assert_eq!(BrowserPage::Empty.answer().as_text().split_once("\r\n\r\n").unwrap().1, "");
    }
}
