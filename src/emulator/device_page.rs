//! The page where a person types the code of a device, and consents (RFC 8628 §3.3).

use super::devices::{Answer, PAGE};
use super::page::{Question, ask, document, initials, ticked};
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::html::escape;
use crate::protocol::params::Params;

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    let query = Params::from_urlencoded(&incoming.query);
    match incoming.method.as_str() {
        // The code of `verification_uri_complete` is typed already; the person still has to look at it (§3.3.1).
        _ if incoming.is_get() => ask_for_code(site, query.single("user_code").ok().flatten().unwrap_or_default(), ""),
        "POST" => decide(site, &Params::from_urlencoded(&String::from_utf8_lossy(&incoming.body))),
        _ => Reply::method_not_allowed("GET, HEAD, POST"),
    }
}

/// Handles both forms: the code alone, and the code with a decision.
fn decide(site: &Site, form: &Params) -> Reply {
    let (code, now) = (form.single("user_code").ok().flatten().unwrap_or_default(), site.clock.now());
    let Some((asked, family)) = site.devices.asking(code, now) else {
        return ask_for_code(site, code, "This code is not known, has expired, or was answered already.");
    };
    let answer = match form.single("decision") {
        Ok(Some("approve")) => Answer::Approved(ticked(form, &asked).union(&site.provider.definition.always_granted())),
        Ok(Some("deny")) => Answer::Denied,
        _ => {
            let (hidden, fact) = (("user_code", code), ("The code", code));
            let client = site.ledger.grantee(family).map_or_else(|| site.client_id.clone(), |grantee| grantee.client);
            let question = Question { who: "A device", client: client.as_str(), action: PAGE, hidden, fact };
            return ask(site, &question, &asked);
        }
    };
    let (title, sentence) = match answer {
        Answer::Approved(_) => ("The device is allowed", "You can close this page, and go back to the device."),
        _ => ("The device is not allowed", "Nothing was given to it."),
    };
    site.devices.answer(code, answer, now);
    let main = format!(
        r#"<header><div class="mark" aria-hidden="true">{}</div><h1>{title}</h1></header><p>{sentence}</p>"#,
        initials(site)
    );
    document(200, site, title, "", &main)
}

fn ask_for_code(site: &Site, code: &str, problem: &str) -> Reply {
    let problem = if problem.is_empty() { String::new() } else { format!("<p><strong>{problem}</strong></p>") };
    let main = format!(
        r#"<header><div class="mark" aria-hidden="true">{initials}</div><h1>Connect a device to {name}</h1></header>
{problem}
<form method="post" action="{PAGE}">
<p><label>The code that the device shows<br><input name="user_code" value="{code}" autocomplete="off" autocapitalize="characters" spellcheck="false" required></label></p>
<div class="buttons"><button class="yes">Continue</button></div>
</form>"#,
        initials = initials(site),
        name = escape(site.name()),
        code = escape(code),
    );
    let status = if problem.is_empty() { 200 } else { 400 };
    document(status, site, &format!("Connect a device to {}", site.name()), "", &main)
}
