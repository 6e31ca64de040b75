//! What keeps a request from arriving: names, ports, proxies, TLS.

use super::facts::Facts;
use super::finding::{Found, one_speaks};
use super::pieces::host;
use crate::protocol::flow_record::{Exchange, FailureKind};

/// A failure of a kind whose text has one of these, in lower case.
fn failed(facts: &Facts<'_>, kinds: &[FailureKind], parts: &[&str]) -> Option<(usize, String, String)> {
    let (event, exchange, failure) = facts.failure()?;
    // What a certificate calls itself is not what went wrong.
    let text = match &failure.issuer {
        Some(issuer) if !issuer.is_empty() => failure.text.replace(issuer.as_str(), ""),
        _ => failure.text.clone(),
    };
    let text = text.to_lowercase();
    let fits = kinds.contains(&failure.kind) && (parts.is_empty() || parts.iter().any(|part| text.contains(part)));
    fits.then(|| (event, place(exchange), text))
}

fn place(exchange: &Exchange) -> String {
    host(&exchange.address.base).unwrap_or_else(|| "the server".to_owned())
}

/// Returns the proxy that a failure names: `http://proxy:3128 (from https_proxy)`.
fn proxy(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("through the proxy ")?;
    Some(rest.split(": ").next().unwrap_or(rest).split(" over ").next().unwrap_or(rest).trim().to_owned())
}

const ANY: [FailureKind; 4] = [FailureKind::Connect, FailureKind::Proxy, FailureKind::Broken, FailureKind::Tls];

/// A proxy that wants a password, or forbids the way.
pub fn proxy_refuses(facts: &Facts<'_>) -> Option<Found> {
    let wants = ["proxy authorization required", "proxy authentication required", "407"];
    let forbids = ["unsuccessful", "tunnel", "403", "forbidden"];
    let (event, place, text) = failed(facts, &ANY, &[&wants[..], &forbids].concat())?;
    let proxy = proxy(&text)?;
    let (title, next) = match wants.iter().any(|word| text.contains(word)) {
        true => (
            format!("The proxy wants a name and a password: {proxy}"),
            "put them into the variable that names the proxy: `http://NAME:PASSWORD@HOST:PORT`".to_owned(),
        ),
        false => (
            format!("The proxy does not connect to {place}: {proxy}"),
            format!("ask its administrator to allow {place}, or exempt it with `NO_PROXY={place}`"),
        ),
    };
    Some(Found::high(title, next).seen(event))
}

/// A proxy that is not there.
pub fn proxy_unreachable(facts: &Facts<'_>) -> Option<Found> {
    if proxy_refuses(facts).is_some() {
        return None;
    }
    let (event, _, text) = failed(facts, &[FailureKind::Connect, FailureKind::Proxy, FailureKind::Timeout], &[])?;
    let next = "correct or unset the variable that names the proxy, or exempt the host with NO_PROXY";
    Some(Found::high(format!("The proxy cannot be reached: {}", proxy(&text)?), next).seen(event))
}

/// A certificate whose time is not now.
pub fn tls_date(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, text) = failed(facts, &[FailureKind::Tls], &["expired", "not valid yet", "notvalidyet"])?;
    let (title, next) = match text.contains("expired") {
        true => (
            format!("The certificate of {place} has expired"),
            "check this machine's clock; if it is right, the server's operator has to renew the certificate",
        ),
        false => (format!("The certificate of {place} is not valid yet"), "check this machine's clock"),
    };
    let now = crate::protocol::time::Timestamp(facts.clock_at(event));
    Some(Found::high(title, next).seen(event).detail(format!("By this machine's clock it was {now}.")))
}

/// A certificate for another name.
pub fn tls_name(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, _) = failed(facts, &[FailureKind::Tls], &["not valid for name", "notvalidforname"])?;
    let next = "use the host name that the certificate is for; `--cacert` does not help";
    Some(Found::high(format!("The certificate is for another name than {place}"), next).seen(event))
}

/// A certificate of an authority that is not trusted here: a company's, or that of a proxy that reads along.
pub fn tls_authority(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, text) = failed(
        facts,
        &[FailureKind::Tls],
        &["unknownissuer", "unknown issuer", "badsignature", "causedasendentity", "ca used as end"],
    )?;
    let title = format!("No authority that is trusted here has issued the certificate of {place}");
    let next = "name the PEM file of the authority with `--cacert FILE`, or with SSL_CERT_FILE";
    let mut found = Found::high(title, next).seen(event);
    if let Some(issuer) = facts.failure().and_then(|(_, _, failure)| failure.issuer.as_ref()) {
        found = found.detail(format!("The certificate names `{issuer}` as the one who issued it."));
    }
    Some(match text.contains("through the proxy") {
        true => {
            found.detail("The connection goes through a proxy, which may read along with a certificate of its own.")
        }
        false => found.detail("It may be your company's own authority, or a program between here and the server."),
    })
}

/// A server that wants a certificate of ours.
pub fn tls_client_certificate(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, _) = failed(
        facts,
        &[FailureKind::Tls, FailureKind::Broken, FailureKind::Connect],
        &["certificaterequired", "certificate required"],
    )?;
    let next = "use an endpoint of the provider that takes a client secret: a certificate of the client (RFC 8705) is not supported";
    Some(Found::high(format!("{place} wants a certificate of the client"), next).seen(event))
}

/// A port that does not speak TLS.
pub fn tls_missing(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, _) =
        failed(facts, &[FailureKind::Tls], &["corrupt message", "invalidcontenttype", "invalid message"])?;
    let next = format!("check the port and the scheme of the URL {}", facts.file());
    Some(Found::high(format!("What answers at {place} does not speak TLS"), next).seen(event))
}

/// Any other failure of TLS.
pub fn tls_broken(facts: &Facts<'_>) -> Option<Found> {
    let narrower = [tls_date, tls_name, tls_authority, tls_client_certificate, tls_missing];
    let (event, place, _) = failed(facts, &[FailureKind::Tls], &[])?;
    if one_speaks(&narrower, facts) {
        return None;
    }
    let next =
        format!("`openssl s_client -connect {place}:443` shows what the server offers; TLS 1.2 is needed at least");
    Some(Found::medium(format!("No TLS connection with {place} came about"), next).seen(event))
}

/// A name that is not known.
pub fn name_not_found(facts: &Facts<'_>) -> Option<Found> {
    let parts =
        ["dns", "lookup address", "name or service not known", "temporary failure in name", "no such host", "nodename"];
    let (event, place, text) = failed(facts, &[FailureKind::Connect], &parts)?;
    if proxy(&text).is_some() {
        return None;
    }
    let next = format!("check the name `{place}`, and that this machine is online");
    Some(Found::high(format!("There is no address for the name {place}"), next).seen(event))
}

/// A port at which nothing listens.
pub fn no_listener(facts: &Facts<'_>) -> Option<Found> {
    let parts = ["connection refused", "refused", "unreachable", "no route"];
    let (event, place, text) = failed(facts, &[FailureKind::Connect], &parts)?;
    if proxy(&text).is_some() {
        return None;
    }
    let next = format!("check the host and the port of the URL {}, and that the server runs", facts.file());
    Some(Found::high(format!("Nothing takes connections at {place}"), next).seen(event))
}

/// A server that is silent.
pub fn no_reply_in_time(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, text) = failed(facts, &[FailureKind::Timeout], &[])?;
    if proxy(&text).is_some() {
        return None;
    }
    Some(
        Found::high(format!("{place} did not answer in time"), "try again; if it stays so, ask the provider")
            .seen(event),
    )
}

/// A connection that ended too early.
pub fn connection_broken(facts: &Facts<'_>) -> Option<Found> {
    let (event, place, text) = failed(facts, &[FailureKind::Broken, FailureKind::Connect], &[])?;
    let narrower = [proxy_refuses, proxy_unreachable, tls_client_certificate, name_not_found, no_listener];
    if one_speaks(&narrower, facts) {
        return None;
    }
    let next = "try again; if it stays so, something between here and the server may cut it";
    let found =
        Found::medium(format!("The connection to {place} was cut before the reply was there"), next).seen(event);
    Some(match proxy(&text) {
        Some(proxy) => found.detail(format!("It went through {proxy}.")),
        None => found,
    })
}
