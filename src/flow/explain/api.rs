//! The token at the API: over, for another API, of another issuer, revoked.

use super::facts::{ApiRefusal, Facts};
use super::finding::Found;
use super::id_token::audiences;
use super::page;
use super::pieces::{header, host};
use crate::protocol::resource_error::TokenProblem;
use crate::protocol::time::{HumanDuration, Timestamp};

/// A 401, or an answer that says that the token is not valid.
fn rejected<'r>(facts: &Facts<'r>) -> Option<ApiRefusal<'r>> {
    let refusal = facts.api_refusal()?;
    let problem = refusal.error().map(|error| error.problem);
    let is_it = refusal.reply.status == 401 && problem != Some(TokenProblem::InsufficientScope)
        || problem == Some(TokenProblem::Invalid);
    is_it.then_some(refusal)
}

/// A token whose own end has passed.
pub fn token_expired(facts: &Facts<'_>) -> Option<Found> {
    let refusal = rejected(facts)?;
    let end: i64 = refusal.claims()?.get("exp")?.text()?.parse().ok()?;
    let now = facts.clock_at(refusal.event);
    if end > now {
        return None;
    }
    let ago = HumanDuration(Timestamp(end).until(Timestamp(now)));
    let title = format!("The access token expired {ago} before it was sent");
    Some(Found::high(title, "run `oauthctl refresh`").seen_in(refusal.event, format!("exp={end}")))
}

/// A token for another API.
pub fn token_for_another_audience(facts: &Facts<'_>) -> Option<Found> {
    let refusal = rejected(facts).or_else(|| facts.api_refusal().filter(|refusal| refusal.reply.status == 403))?;
    let says = refusal.words().contains("audience") || refusal.words().contains("\"aud\"");
    let audience = refusal.claims().and_then(|claims| claims.get("aud")).map(audiences).unwrap_or_default();
    let api = refusal.host()?;
    let is_ours = |aud: &String| host(aud).as_deref() == Some(api.as_str()) || *aud == api;
    let is_elsewhere = !audience.is_empty() && audience.iter().all(|aud| host(aud).is_some() && !is_ours(aud));
    if !says && (!is_elsewhere || refusal.reply.status != 401) {
        return None;
    }
    let title = match audience.is_empty() {
        true => format!("The API at {api} says that the token is for another audience"),
        false => format!("The token is for `{}`, and the API at {api} wants its own", audience.join(" ")),
    };
    let next = format!(
        "name the API with `resource` or `audience` in `params` under `[authorize]` {}, and run `{}`",
        facts.file(),
        facts.login()
    );
    let found = if says { Found::high(title, next) } else { Found::medium(title, next) };
    Some(found.seen_in(refusal.event, format!("aud={}", audience.join(" "))))
}

/// A token of another issuer than the API takes.
pub fn token_of_another_issuer(facts: &Facts<'_>) -> Option<Found> {
    let refusal = rejected(facts)?;
    let issuer = refusal.claims().and_then(|claims| claims.get("iss")?.text());
    let says = refusal.words().contains("issuer");
    // An MCP server or an Azure API names the server that it trusts.
    let words = refusal.words();
    let wanted = words.split("authorization_uri=\"").nth(1).and_then(|rest| rest.split('"').next()).and_then(host);
    let differs = issuer.as_deref().and_then(host).zip(wanted.clone()).is_some_and(|(ours, theirs)| ours != theirs);
    if !says && !differs {
        return None;
    }
    let ours = issuer.map(|issuer| format!(" `{issuer}`")).unwrap_or_default();
    let theirs = wanted.map(|wanted| format!(", and the API trusts {wanted}")).unwrap_or_default();
    let next = "log in at the authorization server that the API names; `oauthctl login API-ADDRESS` finds it where it is published";
    let title = format!("The API does not take tokens of the issuer{ours}{theirs}");
    Some(if says { Found::high(title, next) } else { Found::medium(title, next) }.seen(refusal.event))
}

/// A token that the API does not take, for a reason that it does not tell.
pub fn token_rejected(facts: &Facts<'_>) -> Option<Found> {
    let narrower = [
        token_expired,
        token_for_another_audience,
        token_of_another_issuer,
        super::region::other_region,
        super::demands::dpop_required,
    ];
    if narrower.iter().any(|rule| rule(facts).is_some()) {
        return None;
    }
    let refusal = rejected(facts)?;
    let sent = header(&refusal.exchange.headers, "authorization").is_some();
    let title = match sent {
        true => "The API rejects the token: it was revoked elsewhere, has ended, or is for another API",
        false => "The API rejects the token, which was not sent in the `Authorization` header",
    };
    Some(Found::medium(title, format!("run `{}`", facts.login())).seen(refusal.event))
}

/// An API that wants to be asked later.
pub fn api_busy(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal().filter(|refusal| refusal.reply.status == 429)?;
    Some(Found::high("The API asks to be asked later", page::wait(refusal.reply)).seen(refusal.event))
}
