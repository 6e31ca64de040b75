//! The token at the API: over, for another API, of another issuer, revoked.

use super::facts::{ApiRefusal, Facts};
use super::finding::{Found, one_speaks};
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

/// Words about the end of a token.
const OF_ITS_END: [&str; 13] = [
    "token expired",
    "token has expired",
    "token is expired",
    "token you provided has expired",
    "expired access token",
    "expired token",
    "expired authentication",
    "session has expired",
    "session expired",
    "jwt expired",
    "jwt is expired",
    "lifetime validation failed",
    "used to make this call expired",
];

/// A token whose own end has passed, or of which the API says so.
pub fn token_expired(facts: &Facts<'_>) -> Option<Found> {
    let refusal =
        rejected(facts).or_else(|| facts.api_refusal().filter(|refusal| refusal.wording().has(&OF_ITS_END)))?;
    let end = refusal.claims().and_then(|claims| claims.get("exp")?.text()?.parse::<i64>().ok());
    let now = facts.clock_at(refusal.event);
    // After a 401 the token is renewed where that is possible: what is left is a login.
    let next = match refusal.reply.status {
        401 => format!("run `{}`", facts.login()),
        _ => "run `oauthctl refresh`".to_owned(),
    };
    if let Some(end) = end.filter(|end| *end <= now) {
        let ago = HumanDuration(Timestamp(end).until(Timestamp(now)));
        let title = format!("The access token expired {ago} before it was sent");
        return Some(Found::high(title, next).seen_in(refusal.event, format!("exp={end}")));
    }
    let words = refusal.wording();
    // "Expired or revoked" leaves it open.
    let says = words.has(&OF_ITS_END) && !words.has(&["or expired", "expired or", "or revoked"]);
    says.then(|| Found::high("The API says that the access token has expired", next).seen(refusal.event))
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
        super::scope::scope_missing,
        token_too_early,
        login_too_weak,
        header_missing,
        other_scheme,
    ];
    if one_speaks(&narrower, facts) {
        return None;
    }
    let refusal = rejected(facts)?;
    let sent = header(&refusal.exchange.headers, "authorization").is_some();
    let title = match sent {
        true if refusal.wording().has(&["revoked"]) && !refusal.wording().has(&["or revoked", "revoked or"]) => {
            "The token was revoked elsewhere"
        }
        true => "The API rejects the token: it was revoked elsewhere, has ended, or is for another API",
        false => "The API rejects the token, which was not sent in the `Authorization` header",
    };
    Some(Found::medium(title, format!("run `{}`", facts.login())).seen(refusal.event))
}

/// An API that wants to be asked later.
pub fn api_busy(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal()?;
    let is_spent = header(&refusal.reply.headers, "x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
    let says = || refusal.wording().has(&["rate limit", "ratelimit", "too many requests", "quota exceeded", "throttl"]);
    if refusal.reply.status != 429 && !(refusal.reply.status == 403 && (is_spent || says())) {
        return None;
    }
    Some(Found::high("The API asks to be asked later", page::wait(refusal.reply)).seen(refusal.event))
}

/// A token that is not valid yet.
pub fn token_too_early(facts: &Facts<'_>) -> Option<Found> {
    let refusal = rejected(facts)?;
    let begin: i64 = refusal.claims()?.get("nbf")?.text()?.parse().ok()?;
    let now = facts.clock_at(refusal.event);
    if begin <= now {
        return None;
    }
    let wait = HumanDuration(Timestamp(now).until(Timestamp(begin)));
    let title = format!("The token is not valid before {} (`nbf`), in {wait}", Timestamp(begin));
    let next = "wait until then; `oauthctl doctor` compares this machine's clock with a server's";
    Some(Found::high(title, next).seen_in(refusal.event, format!("nbf={begin}")))
}

/// A login that is too weak or too old for this request (RFC 9470).
pub fn login_too_weak(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal()?;
    refusal.error().filter(|error| error.problem == TokenProblem::InsufficientUserAuthentication)?;
    let more: String =
        refusal.wanted_login().iter().map(|(name, value)| format!(" --auth-param '{name}={value}'")).collect();
    let next = format!("run `{}{more}`", facts.login());
    Some(Found::high("The API wants a stronger or a newer login", next).seen(refusal.event))
}

/// An API that is not switched on for the app.
pub fn api_not_enabled(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal().filter(|refusal| refusal.reply.status == 403)?;
    let says = [
        "service disabled",
        "has not been used in project",
        "api is disabled",
        "api is not enabled",
        "api not enabled",
        "access not configured",
    ];
    if !refusal.wording().has(&says) {
        return None;
    }
    let said = refusal.said();
    let page = said.split_whitespace().find(|word| word.starts_with("https://"));
    let next = match page {
        Some(page) => format!("switch it on at {}", page.trim_end_matches(['.', ',', ')'])),
        None => format!("switch it on for the app {}", facts.page()),
    };
    Some(Found::high("This API is not switched on for the app", next).seen(refusal.event))
}

/// A header that the API wants beside the token.
pub fn header_missing(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal().filter(|refusal| matches!(refusal.reply.status, 400 | 401 | 403))?;
    let words = refusal.wording();
    let says = [
        "missing required header",
        "missing header",
        "required header",
        "header is missing",
        "header is required",
        "header missing",
        "subscription key",
        "client id and oauth token do not match",
        "api key is missing",
        "x api key",
    ];
    if !words.has(&says) || words.has(&["authorization header"]) {
        return None;
    }
    let said = refusal.said();
    let is_header = |word: &&str| {
        word.len() > 3 && word.contains('-') && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let named = said.split(|c: char| c.is_whitespace() || "'\"`:,()".contains(c)).find(is_header);
    let name = named.unwrap_or("NAME");
    let title = match named {
        Some(name) => format!("The API wants the header `{name}` beside the token"),
        None => "The API wants a header of its own beside the token".to_owned(),
    };
    let next = format!(
        "add it: `oauthctl call … -H '{name}: VALUE'`, or `headers = {{ {name} = \"…\" }}` under `[api]` {}",
        facts.file()
    );
    Some(Found::medium(title, next).seen(refusal.event))
}

/// An API that takes no bearer token here.
pub fn other_scheme(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal().filter(|refusal| refusal.reply.status == 401)?;
    let schemes = refusal.schemes();
    let takes_ours = schemes.iter().any(|scheme| ["bearer", "dpop", "oauth", "token"].contains(&scheme.as_str()));
    if schemes.is_empty() || takes_ours {
        return None;
    }
    let title = format!("The API asks for `{}`, and a bearer token was sent", schemes.join("`, `"));
    let next = format!(
        "check the address: another path or host takes the token; or see `token_in` under `[api]` {}",
        facts.file()
    );
    Some(Found::medium(title, next).seen(refusal.event))
}

/// A request that the API forbids to this token.
pub fn not_permitted(facts: &Facts<'_>) -> Option<Found> {
    let narrower = [
        super::scope::scope_missing,
        super::page::firewall_page,
        token_expired,
        token_for_another_audience,
        token_rejected,
        api_busy,
        api_not_enabled,
        header_missing,
        super::demands::dpop_required,
        login_too_weak,
        super::region::other_region,
    ];
    let refusal = facts.api_refusal().filter(|refusal| refusal.reply.status == 403 && !refusal.has_no_such_path())?;
    if one_speaks(&narrower, facts) {
        return None;
    }
    let next = "compare the scopes that the token has with the API's guide: `oauthctl scopes` shows them";
    let found = Found::medium("The API knows the token, and forbids this request to it", next).seen(refusal.event);
    Some(
        found.detail(
            "A scope is missing, the account may not do this, or the app has no access to this part of the API.",
        ),
    )
}
