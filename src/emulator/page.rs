//! The pages that a person sees. Each is one file: without scripts, images or other servers.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest, Sha256};

use super::consent::ConsentRequest;
use super::site::Site;
use super::wire::Reply;
use super::{devices, openid};
use crate::protocol::html::escape;
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::Endpoint;

const STYLE: &str = include_str!("page.css");

/// Returns the consent page (RFC 6749 §4.1.1).
pub fn consent(site: &Site, asked: &ConsentRequest, transaction: &str) -> Reply {
    let action = site.provider.endpoints.authorize.as_ref().map_or("/", |endpoint| endpoint.url().path());
    let name = asked.client_name.as_deref().map(|name| format!("An app that calls itself “{}”", sanitize::line(name)));
    let question = Question {
        who: name.as_deref().unwrap_or("An app"),
        client: asked.grantee.client.as_str(),
        action,
        hidden: ("transaction", transaction),
        fact: ("Sends you back to", asked.back.redirect_uri.as_str()),
    };
    ask(site, &question, &asked.scope)
}

/// What a consent page asks, and about whom.
pub struct Question<'a> {
    pub who: &'a str,
    /// The id of the client that asks.
    pub client: &'a str,
    /// The path that the form is posted to.
    pub action: &'a str,
    /// The member by which the form is known again.
    pub hidden: (&'a str, &'a str),
    /// What is shown beside the client id.
    pub fact: (&'a str, &'a str),
}

/// Returns the page that asks for consent. Approve comes first, so that the Enter key means Approve.
pub fn ask(site: &Site, question: &Question<'_>, scope: &ScopeSet) -> Reply {
    let main = format!(
        r#"<header><div class="mark" aria-hidden="true">{initials}</div><h1>{who} asks for access to {name}</h1></header>
<form method="post" action="{action}">
<input type="hidden" name="{hidden}" value="{value}">
<fieldset><legend>It would be allowed to use</legend>
{scopes}</fieldset>
<div class="buttons"><button class="yes" name="decision" value="approve">Approve</button><button name="decision" value="deny">Deny</button></div>
</form>
<dl class="foot"><dt>Client id</dt><dd><code>{client}</code></dd><dt>{fact}</dt><dd><code>{shown}</code></dd></dl>"#,
        initials = initials(site),
        who = escape(question.who),
        name = escape(site.name()),
        action = escape(question.action),
        hidden = question.hidden.0,
        value = escape(question.hidden.1),
        scopes = scope_boxes(site, scope),
        client = escape(question.client),
        fact = question.fact.0,
        shown = escape(question.fact.1),
    );
    document(200, site, &format!("Access to {}", site.name()), "", &main)
}

/// Returns those of the requested scopes whose boxes are ticked.
pub fn ticked(form: &Params, asked: &ScopeSet) -> ScopeSet {
    let ticked: ScopeSet = form.iter().filter(|(name, _)| *name == "scope").map(|(_, scope)| scope).collect();
    asked.iter().filter(|scope| ticked.contains(scope)).collect()
}

/// Returns the page for a faulty request without a way back. `sent` is a redirect URI, and the registered ones to compare
/// it with.
pub fn refusal(site: &Site, title: &str, sentence: &str, sent: Option<(String, Vec<RedirectUri>)>) -> Reply {
    let mut main = format!(
        r#"<header><div class="mark bad" aria-hidden="true">!</div><h1>{}</h1></header><p>{}</p>"#,
        escape(title),
        escape(sentence)
    );
    if let Some((sent, registered)) = &sent {
        let differences: Vec<(usize, usize)> =
            registered.iter().map(|uri| difference(sent, uri, site.options.exact_port)).collect();
        // The mark in the sent text starts where the most similar registered one ends.
        let furthest = differences.iter().map(|(in_sent, _)| *in_sent).max().unwrap_or(0);
        let _ = write!(main, "<h2>Sent</h2><p><code>{}</code></p><h2>Registered</h2>", marked(sent, furthest));
        for (uri, (_, in_registered)) in registered.iter().zip(differences) {
            let _ = write!(main, "<p><code>{}</code></p>", marked(uri.as_str(), in_registered));
        }
    }
    main.push_str(
        r#"<p class="soft foot">Nothing was sent back to the app, because this request does not prove where the app is (RFC 6749 §4.1.2.1).</p>"#,
    );
    document(400, site, title, "", &main)
}

/// Returns the page at the emulator's address: a description of what is emulated.
pub fn index(site: &Site) -> Reply {
    let provider = &site.provider;
    let mut facts = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = write!(facts, "<dt>{}</dt><dd><code>{}</code></dd>", escape(name), escape(value));
    };
    let path = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.url().path().to_owned());
    fact("Authorization endpoint", &path(&provider.endpoints.authorize).unwrap_or_else(|| "none".to_owned()));
    fact("Token endpoint", &path(&provider.endpoints.token).unwrap_or_else(|| "none".to_owned()));
    if let Some(device) = path(&provider.endpoints.device) {
        fact("Device authorization endpoint", &device);
        fact("Device page", devices::PAGE);
    }
    if provider.endpoints.jwks.is_some() {
        let members = openid::metadata(site);
        for (name, member) in [("Keys of ID tokens", "jwks_uri"), ("Userinfo endpoint", "userinfo_endpoint")] {
            fact(name, members[member].as_str().unwrap_or_default());
        }
    }
    fact("Client id", site.client_id.as_str());
    for uri in &site.redirect_uris {
        fact("Redirect URI", uri.as_str());
    }
    let placements: Vec<String> = provider.definition.token_placements().iter().map(ToString::to_string).collect();
    fact("API token in", &placements.join(", "));
    for fault in &site.options.faults {
        use clap::ValueEnum as _;
        if let Some(value) = fault.to_possible_value() {
            fact("Fault, as requested", value.get_name());
        }
    }
    let mut rows = String::new();
    for sample in &provider.definition.samples {
        let _ = write!(
            rows,
            "<tr><td><code>{} {}</code></td><td><code>{}</code></td></tr>",
            escape(&sample.method),
            escape(&provider.path_of(sample)),
            escape(sample.scope.as_deref().unwrap_or("any"))
        );
    }
    let samples = match rows.is_empty() {
        true => "<p class=\"soft\">The definition has no samples, so every API path answers 404.</p>".to_owned(),
        false => format!("<table><tr><th>Request</th><th>Scope</th></tr>{rows}</table>"),
    };
    let ports = match site.options.exact_port {
        true => "Redirect URIs are compared character by character, including the port.",
        false => {
            "Redirect URIs are compared character by character, except for the port of a loopback IP address (RFC 8252 §7.3)."
        }
    };
    let main = format!(
        r#"<header><div class="mark" aria-hidden="true">{}</div><h1>{}, emulated</h1></header>
<p>An emulator of the provider’s servers, made from its definition. It runs on this machine and ends with the command that started it.</p>
<h2>OAuth</h2><dl>{facts}</dl><p class="soft foot">{ports} The client secret is shown by the command that started the emulator.</p>
<h2>API</h2>{samples}"#,
        initials(site),
        escape(site.name()),
    );
    document(200, site, &format!("{}, emulated", site.name()), "wide", &main)
}

/// Returns a box to tick for each scope.
fn scope_boxes(site: &Site, asked: &ScopeSet) -> String {
    let mut boxes = String::new();
    for scope in asked.iter() {
        write_scope(&mut boxes, site, scope);
    }
    if boxes.is_empty() {
        boxes.push_str(r#"<p class="none soft">The app asks for no scope.</p>"#);
    }
    boxes
}

fn write_scope(list: &mut String, site: &Site, scope: &str) {
    let definition = &site.provider.definition;
    let known = definition.scope.known.iter().find(|known| known.name == scope);
    let always = definition.always_granted().contains(scope);
    let about = match known {
        Some(known) => escape(&known.about),
        None => "not among the scopes in the definition".to_owned(),
    };
    let note = match known.and_then(|known| known.note.as_deref()) {
        Some(note) => format!("<small>{}</small>", escape(note)),
        None => String::new(),
    };
    // A disabled box is not sent with the form, so the answer adds these scopes itself.
    let (class, state, tag) = match always {
        true => ("scope fixed", " checked disabled", r#"<i class="tag">always granted</i>"#),
        false => ("scope", " checked", ""),
    };
    let _ = writeln!(
        list,
        r#"<label class="{class}"><input type="checkbox" name="scope" value="{value}"{state}><span><b>{shown}{tag}</b><small>{about}</small>{note}</span></label>"#,
        value = escape(scope),
        shown = escape(&sanitize::line(scope)),
    );
}

/// Returns two letters of the provider's name: those of its first two words, or the first two of its only one.
pub fn initials(site: &Site) -> String {
    let mut words = site.name().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or("?"), words.next());
    let letters: String = match second {
        Some(second) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        None => first.chars().take(2).collect(),
    };
    escape(&letters.to_uppercase())
}

/// Returns the colors of a provider, which follow from its id. Lightness is the same for all hues, and so is the contrast.
fn colors(id: &str) -> String {
    let hue = u32::from(Sha256::digest(id)[0]) * 360 / 256;
    format!(
        ":root{{--accent:oklch(.45 .13 {hue});--accent-over:oklch(.38 .12 {hue})}}\
         @media(prefers-color-scheme:dark){{:root{{--accent:oklch(.8 .1 {hue});--accent-over:oklch(.86 .08 {hue})}}}}"
    )
}

pub fn document(status: u16, site: &Site, title: &str, class: &str, main: &str) -> Reply {
    let style = format!("{STYLE}{}", colors(site.provider.id()));
    let html = format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · emulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<style>{style}</style></head>
<body><main class="{class}"><div class="banner"><b>Emulator.</b> This is not {name}: everything here is made up.</div><div class="inside">
{main}
</div></main></body></html>
"#,
        title = escape(title),
        name = escape(site.name()),
    );
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
    // `form-action` also applies to the redirect that answers the form, and to the redirects that follow. So it cannot
    // be 'self' alone: the browser would not go back to the app.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
    );
    Reply::html(status, html)
        .with("Content-Security-Policy", policy)
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "no-referrer")
}

/// Returns a text that is marked from the given character on. An empty rest is marked too, with a space in its place.
fn marked(text: &str, same: usize) -> String {
    let at = text.char_indices().nth(same).map_or(text.len(), |(at, _)| at);
    let (start, rest) = text.split_at(at);
    let rest = if rest.is_empty() { "\u{2003}".to_owned() } else { escape(rest) };
    format!("{}<mark>{rest}</mark>", escape(start))
}

/// Returns the position at which a redirect URI starts to differ from a registered one, counted in each of them. A port
/// that may differ is not a difference.
fn difference(sent: &str, registered: &RedirectUri, exact_port: bool) -> (usize, usize) {
    let plain = common_prefix(sent, registered.as_str());
    let Ok(uri) = RedirectUri::parse(sent) else { return (plain, plain) };
    let aligned = uri.with_port(registered.port());
    let same = common_prefix(aligned.as_str(), registered.as_str());
    let authority = registered.origin().chars().count();
    // `localhost` leads to two addresses, an IP literal to one (RFC 8252 §7.3).
    let literal = registered.loopback().is_some_and(|addresses| addresses.len() == 1) && !registered.is_tls();
    if exact_port || !literal || same < authority {
        return (plain, plain);
    }
    // The two texts differ in length only by their ports.
    ((same + sent.len()).saturating_sub(aligned.as_str().len()), same)
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_starts_where_the_texts_differ() {
        let registered = RedirectUri::parse("http://127.0.0.1:8765/cb").unwrap();
        let marks = |sent: &str, exact_port| {
            let (in_sent, in_registered) = difference(sent, &registered, exact_port);
            (marked(sent, in_sent), marked(registered.as_str(), in_registered))
        };
        assert_eq!(
            marks("http://127.0.0.1:80/cb/", false),
            ("http://127.0.0.1:80/cb<mark>/</mark>".into(), "http://127.0.0.1:8765/cb<mark>\u{2003}</mark>".into())
        );
        assert_eq!(
            marks("http://127.0.0.1:80/cb", true),
            ("http://127.0.0.1:8<mark>0/cb</mark>".into(), "http://127.0.0.1:8<mark>765/cb</mark>".into())
        );
        assert_eq!(marks("http://localhost:8765/cb", false).0, "http://<mark>localhost:8765/cb</mark>");
        assert_eq!(marks("no URL", false).0, "<mark>no URL</mark>");
        assert_eq!(marked("é<b>", 1), "é<mark>&lt;b&gt;</mark>");
    }
}
