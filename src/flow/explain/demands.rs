//! What a server demands of the request beyond RFC 6749: pushed, signed, bound to a key, for a resource.

use super::facts::Facts;
use super::finding::Found;
use super::pieces::header;
use crate::flow::refusal::{Beyond, Objection};
use crate::protocol::flow_record::Leg;

fn is_pushed(facts: &Facts<'_>) -> bool {
    !facts.of_leg(Leg::PushedRequest).is_empty()
}

/// A request that should have been pushed (RFC 9126).
pub fn pushed_request_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let is_demanded = facts.settings.supported.pushed_requests_required == Some(true) && refusal.exchange.is_none();
    if is_pushed(facts) || refusal.objection != Objection::Push && !is_demanded {
        return None;
    }
    let next = match facts.settings.endpoints.contains_key("pushed_authorization_request") {
        true => format!("run `{} --par`", facts.login()),
        false => format!("write `url` under `[par]` {}, and run `{} --par`", facts.file(), facts.login()),
    };
    Some(Found::high("The server wants the request pushed first (PAR)", next).seen(refusal.event))
}

/// A pushed request that is over.
pub fn pushed_request_ended(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    if !is_pushed(facts) || refusal.objection != Objection::Push || refusal.exchange.is_some() {
        return None;
    }
    let next = format!("run `{}` again, and open its address at once", facts.login());
    let pushed = facts.of_leg(Leg::PushedRequest).pop().map(|(index, _)| index);
    let found = Found::medium("The pushed request has expired, or was used", next);
    Some(pushed.into_iter().chain([refusal.event]).fold(found, Found::seen))
}

/// A token that has to be bound to a key (RFC 9449).
pub fn dpop_required(facts: &Facts<'_>) -> Option<Found> {
    let title = "The server wants a token that is bound to a key (DPoP), which oauthctl does not support";
    let next = format!("turn that demand off for the app {}", facts.page());
    if let Some(refusal) = &facts.refusal {
        return (refusal.objection == Objection::Beyond(Beyond::Dpop))
            .then(|| Found::high(title, next).seen(refusal.event));
    }
    let refusal = facts.api_refusal()?;
    let words = refusal.words();
    let is_demanded = words.contains("use_dpop_nonce")
        || words.contains("invalid_dpop_proof")
        || words.trim_start().starts_with("dpop ");
    is_demanded.then(|| Found::high(title, next).seen(refusal.event))
}

/// A request that has to be signed (RFC 9101).
pub fn request_object_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let next = format!("turn that demand off for the app {}", facts.page());
    let title = "The server wants a signed request object (JAR), which oauthctl does not support";
    (refusal.objection == Objection::Beyond(Beyond::RequestObject))
        .then(|| Found::high(title, next).seen(refusal.event))
}

/// A token that needs a resource or an audience (RFC 8707).
pub fn resource_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Target)?;
    if sent_target(facts).is_some() || refusal.says(&NAMES_ANOTHER) {
        return None;
    }
    let at = format!("under `[{}]` {}", refusal.asked.section(), facts.file());
    let next = format!("write `params = {{ resource = \"https://api.example\" }}` {at}, with the API's own identifier");
    Some(
        Found::high("The server wants to know which API the token is for, and nothing said so", next)
            .seen(refusal.event),
    )
}

/// Words about a resource that was named in another way, such as by a scope.
const NAMES_ANOTHER: [&str; 4] =
    ["was not found in the tenant", "service not found", "resource principal named", "is not authorized to access"];

/// A resource that the server does not know.
pub fn resource_refused(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Target)?;
    let Some((name, value)) = sent_target(facts) else {
        let next = format!(
            "compare the scopes, and `params` in the definition, with the API's own identifier: `oauthctl providers show {}` prints them",
            facts.provider()
        );
        let found = || Found::high("The server does not know the API that the token is for, or not for this app", next);
        return refusal.says(&NAMES_ANOTHER).then(|| found().seen(refusal.event));
    };
    let next =
        format!("change `{name}` under `[{}]` {}, or give it with the login", refusal.asked.section(), facts.file());
    let title = format!("The server issues no token for `{value}`");
    Some(Found::high(title, next).seen_in(refusal.event, format!("{name}={value}")))
}

fn sent_target(facts: &Facts<'_>) -> Option<(&'static str, String)> {
    let refusal = facts.refusal.as_ref()?;
    let request = facts.authorization_request();
    let sent = refusal.sent.iter().chain(&request);
    let named = |name: &'static str| {
        let mut sent = sent.clone();
        sent.find(|(known, _)| *known == name).and_then(|(_, value)| Some((name, value.shown()?.to_owned())))
    };
    named("resource").or_else(|| named("audience"))
}

/// An endpoint that is asked over plain http.
pub fn https_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Insecure)?;
    let at = format!("under `[{}]` {}", refusal.asked.section(), facts.file());
    let next = format!("write the address with https:// as `url` {at}");
    Some(Found::high("The server takes the request over https only", next).seen(refusal.event))
}

/// A tenant or a realm that the server does not know, or that this app is not in.
pub fn tenant_unknown(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Tenant)?;
    let next = format!(
        "check the tenant in the addresses {}: `oauthctl providers show {}` prints them; a parameter is given with `--param`",
        facts.file(),
        facts.provider()
    );
    Some(
        Found::high("The server does not know the tenant in its address, or not with this app", next)
            .seen(refusal.event),
    )
}

/// A body of another media type than the server reads.
pub fn body_format_refused(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let by_status =
        refusal.exchange.and_then(|exchange| exchange.reply.as_ref()).is_some_and(|reply| reply.status == 415);
    let is_open = matches!(refusal.objection, Objection::Unknown | Objection::Parameter(_));
    if refusal.objection != Objection::Format && !(by_status && is_open) {
        return None;
    }
    let content_type = refusal.exchange.and_then(|exchange| header(&exchange.headers, "content-type"));
    let sent = content_type.map(|sent| format!(", and {sent} was sent")).unwrap_or_default();
    let other = if sent.contains("json") { "form" } else { "json" };
    let next = format!("write `body = \"{other}\"` under `[{}]` {}", refusal.asked.section(), facts.file());
    Some(Found::medium(format!("The server wants the body in another format{sent}"), next).seen(refusal.event))
}

/// A parameter that the server names.
pub fn parameter_refused(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let Objection::Parameter(name) = &refusal.objection else { return None };
    let at = format!("under `[{}]` {}", refusal.asked.section(), facts.file());
    let (title, next) = match (refusal.has(name), refusal.shown(name)) {
        (true, Some(value)) => (
            format!("The server refuses `{name}={value}`"),
            format!("change it in `params`, or leave it out with `omit`, {at}"),
        ),
        (true, None) => {
            (format!("The server refuses `{name}`"), format!("change it, or leave it out with `omit`, {at}"))
        }
        (false, _) => (
            format!("The server wants `{name}`, which was not sent"),
            format!("write `params = {{ {name} = \"…\" }}` {at}"),
        ),
    };
    Some(Found::medium(title, next).seen(refusal.event))
}
