//! The checks of a provider: its definition, its servers, and what it says about itself.

use std::time::Duration;

use super::machine::bad_definition;
use super::network::unreachable;
use super::scene::{Row, Scene, Subject};
use crate::flow::FlowError;
use crate::flow::checkup::differences::{self, Agreement, Difference};
use crate::flow::checkup::visit::Greeting;
use crate::flow::discovery::DiscoveryError;
use crate::protocol::advice::ExitCode;
use crate::protocol::check::Check;
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::provider::catalogue::is_built_in;
use crate::session::SessionError;
use crate::system::http::Certificate;

pub const ROWS: &[Row] = &[
    Row("the definition", definition),
    Row("the servers", servers),
    Row("the metadata", metadata),
    Row("PKCE", pkce),
    Row("the grants", grants),
    Row("revocation", revocation),
    Row("introspection", introspection),
];

fn definition(scene: &Scene<'_>) -> Vec<Check> {
    vec![match scene.subject() {
        Err(SessionError::Definition(error)) => bad_definition("definition", error),
        Err(error) => Check::of_error("definition", "definition", error),
        Ok(Subject { provider, .. }) => {
            let definition = &provider.definition;
            let from = match &definition.file {
                Some(file) => format!("from `{file}`"),
                None => "built in".to_owned(),
            };
            let emulated = provider.emulator.as_ref().map(|origin| format!(", emulated at {origin}"));
            // Their values may be nobody else's business; the servers show what they decide.
            let params = provider.params.keys().map(|name| format!("with a value for `{name}`"));
            Check::ok(
                "definition",
                "definition",
                format!("{}, {from}{}", sanitize::line(&definition.name), emulated.unwrap_or_default()),
            )
            .seen_all(params)
        }
    }]
}

fn servers(scene: &Scene<'_>) -> Vec<Check> {
    let Ok(subject) = scene.subject() else { return Vec::new() };
    if let Err(error) = &subject.http {
        return vec![Check::of_error("server", "servers", error)];
    }
    if scene.args.offline {
        return vec![Check::ok("server", "servers", "not asked (--offline)")];
    }
    let visits = scene.visits().iter().map(|visit| {
        let origin = visit.server.endpoint.origin().to_string();
        let purposes = visit.server.purposes.join(", ");
        let check = match &visit.outcome {
            Err(error) => {
                let check = unreachable(&origin, error);
                let shows = format!("`oauthctl providers show {}` prints the addresses", subject.provider.id());
                let next = check.next.clone().map_or_else(|| shows.clone(), |next| format!("{next}; {shows}"));
                check.mended_by(next)
            }
            Ok(greeting) => answers(&origin, greeting, scene.context.system.clock.now()),
        };
        check.seen(format!("it is there for: {purposes}")).sending(visit.sent.clone())
    });
    visits.collect()
}

/// A certificate that ends this soon is worth a note: one that is renewed by a machine is renewed earlier.
const ENDS_SOON: Duration = Duration::from_secs(14 * 86_400);

fn answers(origin: &str, greeting: &Greeting, now: Timestamp) -> Check {
    let status = greeting.status;
    if !origin.starts_with("https:") {
        return Check::ok("server", origin, format!("it answers without TLS (status {status})"));
    }
    let answers = format!("it answers over TLS, with a trusted certificate (status {status})");
    let Some(certificate) = &greeting.certificate else {
        let by_the_system = "the operating system has checked the certificate, and tells nothing about it";
        return Check::ok("server", origin, answers).seen(by_the_system);
    };
    let Certificate { subject, issuer, until, chain } = certificate;
    let whose = if subject.is_empty() { String::new() } else { format!(" for `{subject}`") };
    let by = if certificate.is_self_signed() { "self-signed".to_owned() } else { format!("issued by `{issuer}`") };
    let count = if *chain == 1 { "alone".to_owned() } else { format!("one of a chain of {chain}") };
    let seen = format!("the certificate{whose}, {by}, until {until}, {count}");
    let left = now.until(*until);
    let check = match left < ENDS_SOON {
        true => {
            let days = left.as_secs() / 86_400;
            let soon = format!("{answers} that ends in {days} {}", if days == 1 { "day" } else { "days" });
            Check::note("server", origin, soon).mended_by("the server's operator has to renew the certificate")
        }
        false => Check::ok("server", origin, answers),
    };
    check.seen(seen)
}

fn metadata(scene: &Scene<'_>) -> Vec<Check> {
    let Ok(subject) = scene.subject() else { return Vec::new() };
    let (id, subject_line) = ("metadata", "metadata");
    if scene.args.offline {
        return vec![Check::ok(id, subject_line, "not asked (--offline)")];
    }
    let discovered = scene.metadata();
    let check = match &discovered.metadata {
        None => Check::ok(id, subject_line, "the definition names no issuer, so there is none to compare"),
        Some(Err(FlowError::Metadata(error @ DiscoveryError::NotFound { .. }))) => {
            Check::note(id, subject_line, error.to_string())
        }
        Some(Err(error)) => Check::of_error(id, subject_line, error),
        Some(Ok(metadata)) => compared(subject, metadata),
    };
    vec![check.sending(discovered.sent.clone())]
}

fn compared(subject: &Subject, metadata: &AuthorizationServerMetadata) -> Check {
    let client = subject.client.as_ref().ok().and_then(|client| client.client.as_ref());
    // Without a client, the definition's own method is meant.
    let has_secret = client.is_none_or(|client| client.value.client_secret.is_some());
    let found = differences::between(&subject.provider, metadata, has_secret);
    if found.is_empty() {
        return Check::ok("metadata", "metadata", format!("{} says the same as the definition", metadata.issuer));
    }
    let shown = |difference: &Difference| {
        let Difference { key, ours, theirs, .. } = difference;
        sanitize::line(&match ours {
            Some(ours) => format!("{key}: the definition has {ours}, the provider {theirs}"),
            None => format!("{key}: not in the definition, the provider has {theirs}"),
        })
    };
    let evidence: Vec<String> = found.iter().map(shown).collect();
    let text = format!("{} says something else than the definition", metadata.issuer);
    let grave = found.iter().any(|difference| difference.is_grave);
    let check = match grave {
        true => Check::problem("metadata", "metadata", ExitCode::Definition, text + ", which makes a login fail"),
        false => Check::note("metadata", "metadata", text),
    };
    check.seen_all(evidence).mended_by(way_to_change(&subject.provider))
}

/// Returns how a key of the definition is changed.
fn way_to_change(provider: &Provider) -> String {
    match &provider.definition.file {
        Some(file) => format!("if the provider is right, change the keys in `{file}`"),
        None if is_built_in(provider.id()) => format!(
            "if the provider is right, run `oauthctl providers new {} --overlay`, which begins a file that changes single keys",
            provider.id()
        ),
        None => format!("`oauthctl providers show {}` prints the definition", provider.id()),
    }
}

type Compare = fn(&Provider, Option<&AuthorizationServerMetadata>) -> Agreement;

fn ability(id: &'static str, subject: &'static str, compare: Compare, scene: &Scene<'_>) -> Vec<Check> {
    let Ok(Subject { provider, .. }) = scene.subject() else { return Vec::new() };
    vec![match compare(provider, scene.read_metadata()) {
        Agreement::Known(text) | Agreement::Absent(text) => Check::ok(id, subject, text),
        Agreement::Unused(text, line) => {
            let way = way_to_change(provider);
            Check::note(id, subject, sanitize::line(&text)).mended_by(format!("{way}: `{}`", sanitize::line(&line)))
        }
        Agreement::Contradicted(text) => {
            Check::note(id, subject, sanitize::line(&text)).mended_by(way_to_change(provider))
        }
    }]
}

fn pkce(scene: &Scene<'_>) -> Vec<Check> {
    ability("pkce", "PKCE", differences::pkce, scene)
}

fn grants(scene: &Scene<'_>) -> Vec<Check> {
    ability("grants", "grants", differences::grants, scene)
}

fn revocation(scene: &Scene<'_>) -> Vec<Check> {
    ability("revocation", "revocation", differences::revocation, scene)
}

fn introspection(scene: &Scene<'_>) -> Vec<Check> {
    ability("introspection", "introspection", differences::introspection, scene)
}
