//! Whether a redirect URI is registered, judged by where requests without a login end.
//!
//! # Decision: what proves it
//!
//! * An answer that comes to the URI itself: the server sends nothing there unless it knows the URI (RFC 6749 §4.1.2.1).
//!   With OpenID Connect, `prompt=none` brings one: `login_required`.
//! * The refusal of another URI, made up for this, where ours goes on: the server tells the two apart.
//! * The other way round, a refusal of both with words about the redirect URI proves that ours is not registered. Words
//!   about the client come first at many servers, and say nothing about the URI.
//! * A login page proves nothing: many servers look at the URI only after the login. Then the answer is that it cannot be
//!   told, and so it is for every answer that does not fit.

use super::page::{excerpt, words};
use super::trip::{Arrival, Trip, params_of};
use crate::protocol::advice::with_causes;
use crate::protocol::params::Params;
use crate::protocol::sanitize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Registered,
    NotRegistered,
    /// The server does not know the client, and so says nothing of its redirect URI.
    ClientUnknown,
    CannotTell,
}

/// What is known of the redirect URI, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Judgement {
    pub standing: Standing,
    pub why: String,
}

impl Judgement {
    fn new(standing: Standing, why: impl Into<String>) -> Self {
        Self { standing, why: why.into() }
    }
}

/// What a server objects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Objection {
    RedirectUri,
    Client,
    /// Something else, or something that was not understood.
    Other,
    /// The server is busy or broken.
    Fault,
}

/// Words about the redirect URI, in small letters and without punctuation.
const OF_URI: [&str; 10] = [
    "redirect uri",
    "redirect url",
    "redirecturi",
    "redirecturl",
    "redirection uri",
    "redirection url",
    "callback uri",
    "callback url",
    "reply url",
    "return url",
];

/// Words that say that something is wrong with it.
const TROUBLE: [&str; 11] = [
    "mismatch",
    "not match",
    "t match",
    "not registered",
    "not allowed",
    "invalid",
    "not valid",
    "unauthorized",
    "error",
    "not whitelisted",
    "unknown",
];

/// Words about the client.
const OF_CLIENT: [&str; 13] = [
    "invalid client",
    "unknown client",
    "unauthorized client",
    "client is invalid",
    "client not found",
    "client was not found",
    "client authentication failed",
    "client does not exist",
    "client id is not valid",
    "invalid application",
    "unknown application",
    "application not found",
    "no such client",
];

/// Judges by the one request with the real redirect URI, if that is enough.
pub fn by_itself(ours: &Trip) -> Option<Judgement> {
    let Arrival::Returned { params } = &ours.arrival else { return None };
    if objection(ours) == Some(Objection::RedirectUri) {
        return Some(Judgement::new(
            Standing::CannotTell,
            "an answer came to it, and that answer is an error about the redirect URI",
        ));
    }
    let error = params.single("error").ok().flatten().filter(|error| !error.is_empty());
    Some(Judgement::new(
        Standing::Registered,
        match error {
            Some(error) => format!("the provider sends its answers there (`{}`)", sanitize::line(error)),
            None => "the provider sends its answers there".to_owned(),
        },
    ))
}

/// Judges by the requests with the real redirect URI and with one that is made up.
pub fn by_comparison(ours: &Trip, made_up: &Trip) -> Judgement {
    use Objection::{Client, Fault, Other, RedirectUri};
    if let Arrival::Failed(error) = &ours.arrival {
        return Judgement::new(Standing::CannotTell, with_causes(error));
    }
    if matches!(made_up.arrival, Arrival::Returned { .. }) {
        let why = "the provider sends answers to a made-up redirect URI, too: it does not compare them";
        return Judgement::new(Standing::CannotTell, why);
    }
    match (objection(ours), objection(made_up)) {
        (Some(Client), Some(Client)) => Judgement::new(
            Standing::ClientUnknown,
            "the provider does not know the client, whatever the redirect URI is",
        ),
        (Some(RedirectUri), Some(RedirectUri)) => {
            Judgement::new(Standing::NotRegistered, "the provider refuses it as it refuses a made-up one")
        }
        (None, Some(RedirectUri)) => {
            Judgement::new(Standing::Registered, "the provider goes on with it, and refuses a made-up one")
        }
        (None, Some(Other)) if is_at_once(made_up) => Judgement::new(
            Standing::Registered,
            "the provider goes on with it, and refuses the same request with a made-up one",
        ),
        (Some(Fault), _) | (_, Some(Fault)) => {
            Judgement::new(Standing::CannotTell, "the provider is busy, or has a fault of its own")
        }
        (None, None) => Judgement::new(
            Standing::CannotTell,
            "the provider goes on with any redirect URI, and may compare it only after the login",
        ),
        (Some(Other), _) => Judgement::new(
            Standing::CannotTell,
            "the provider refuses the request, and does not say that it is for this",
        ),
        _ => Judgement::new(Standing::CannotTell, "the two answers do not fit together"),
    }
}

/// Returns `true` if a refusal is the answer to the request itself. A page that is sent on to may miss a cookie only.
fn is_at_once(trip: &Trip) -> bool {
    trip.hops.is_empty()
}

/// Returns what a server objects to, if it does.
fn objection(trip: &Trip) -> Option<Objection> {
    let on_the_way = trip.hops.iter().find_map(|hop| in_params(&params_of(hop)));
    let at_the_end = match &trip.arrival {
        Arrival::Failed(_) => Some(Objection::Fault),
        Arrival::Returned { params } | Arrival::Left { params, .. } => in_params(params),
        Arrival::Page { status, text } => in_page(*status, text, is_at_once(trip)),
    };
    on_the_way.or(at_the_end)
}

fn in_params(params: &Params) -> Option<Objection> {
    let value = |name| params.single(name).ok().flatten().filter(|text: &&str| !text.is_empty());
    let code = value("error")?;
    let said = words(&format!("{code} {}", value("error_description").unwrap_or_default()));
    Some(about(&said).unwrap_or(Objection::Other))
}

fn in_page(status: u16, text: &str, is_at_once: bool) -> Option<Objection> {
    let said = words(text);
    match status {
        429 | 500.. => Some(Objection::Fault),
        400.. => about(&said).or(is_at_once.then_some(Objection::Other)),
        // A page of a server that knows no status: it has to say that something is wrong.
        _ => about(&said).filter(|what| *what == Objection::Client || has(&said, &TROUBLE)),
    }
}

fn about(said: &str) -> Option<Objection> {
    if has(said, &OF_URI) { Some(Objection::RedirectUri) } else { has(said, &OF_CLIENT).then_some(Objection::Client) }
}

fn has(said: &str, any: &[&str]) -> bool {
    any.iter().any(|word| said.contains(word))
}

/// Describes where a trip ended, for a person who judges for themselves.
pub fn evidence(which: &str, trip: &Trip) -> String {
    let way = match trip.hops.last() {
        Some(hop) => format!("was sent on to {}, where it ", sanitize::line(hop.path())),
        None => String::new(),
    };
    let of_interest: Vec<&str> = OF_URI.iter().chain(&OF_CLIENT).copied().collect();
    let end = match &trip.arrival {
        Arrival::Failed(error) => format!("failed: {}", with_causes(error)),
        Arrival::Left { to, params } => format!("was sent to {to}{}, which was not asked", error_in(params)),
        Arrival::Returned { params } => format!("was sent to that URI{}", error_in(params)),
        Arrival::Page { status, text } if text.is_empty() => format!("got an empty page with status {status}"),
        Arrival::Page { status, text } => {
            format!("got a page with status {status}: \"{}\"", excerpt(text, &of_interest))
        }
    };
    format!("the request with {which} {way}{end}")
}

fn error_in(params: &Params) -> String {
    let value = |name| params.single(name).ok().flatten().filter(|text: &&str| !text.is_empty());
    match (value("error"), value("error_description")) {
        (Some(code), Some(said)) => format!(" with `{}`: \"{}\"", sanitize::line(code), sanitize::line(said)),
        (Some(code), None) => format!(" with `{}`", sanitize::line(code)),
        (None, _) if params.contains("code") => " with a code".to_owned(),
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::flow::doubles::broken;

    const REFUSED: &str = "{\"error\":\"invalid_request\",\"error_description\":\"redirect_uri did not match\"}";

    fn page(status: u16, text: &str) -> Trip {
        Trip { arrival: Arrival::Page { status, text: text.to_owned() }, hops: Vec::new() }
    }

    fn after(hop: &str, trip: Trip) -> Trip {
        Trip { hops: vec![Url::parse(&format!("https://as.example{hop}")).unwrap()], ..trip }
    }

    fn returned(query: &str) -> Trip {
        Trip { arrival: Arrival::Returned { params: Params::from_urlencoded(query) }, hops: Vec::new() }
    }

    fn left(to: &str) -> Trip {
        let (place, query) = to.split_once('?').unwrap_or((to, ""));
        Trip {
            arrival: Arrival::Left { to: place.to_owned(), params: Params::from_urlencoded(query) },
            hops: Vec::new(),
        }
    }

    fn failed() -> Trip {
        Trip { arrival: Arrival::Failed(broken()), hops: Vec::new() }
    }

    #[test]
    fn an_answer_at_the_uri_itself_proves_it() {
        for query in ["error=login_required&state=s", "error=invalid_scope", "code=made-up&state=s", ""] {
            assert_eq!(by_itself(&returned(query)).unwrap().standing, Standing::Registered, "{query}");
        }
        let about_itself = returned("error=redirect_uri_mismatch");
        assert_eq!(by_itself(&about_itself).unwrap().standing, Standing::CannotTell);
        for other in [page(200, "Sign in"), left("https://sso.example/"), failed()] {
            assert!(by_itself(&other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn two_answers_are_compared() {
        use Standing::{CannotTell, ClientUnknown, NotRegistered, Registered};
        let login = || page(200, "Sign in to Acme");
        for (ours, made_up, expected) in [
            (page(400, REFUSED), page(400, REFUSED), NotRegistered),
            (page(200, "Error: invalid redirect_uri"), page(200, "Error: invalid redirect_uri"), NotRegistered),
            (
                left("https://app.example/oops?error=redirect_uri_mismatch"),
                left("https://app.example/oops?error=redirect_uri_mismatch"),
                NotRegistered,
            ),
            (
                after("/error?error=invalid_request&error_description=Bad+callback+URL", page(200, "Sorry")),
                after("/error?error=invalid_request&error_description=Bad+callback+URL", page(200, "Sorry")),
                NotRegistered,
            ),
            (login(), page(400, REFUSED), Registered),
            (login(), page(400, "Bad Request"), Registered),
            (after("/login", page(200, "Sign in")), page(400, REFUSED), Registered),
            (after("/interaction/1", page(400, "session not found")), page(400, REFUSED), Registered),
            (left("https://sso.example/"), page(403, REFUSED), Registered),
            (page(401, "Client authentication failed"), page(401, "Client authentication failed"), ClientUnknown),
            (page(200, "Unknown client"), page(200, "Unknown client"), ClientUnknown),
            (login(), login(), CannotTell),
            (page(200, "Your redirect URI"), page(200, "Your redirect URI"), CannotTell),
            (left("https://sso.example/"), left("https://sso.example/"), CannotTell),
            (after("/login", page(200, "Sign in")), after("/login", page(200, "Sign in")), CannotTell),
            (after("/login", page(400, "no cookie")), after("/login", page(400, "no cookie")), CannotTell),
            (login(), after("/login", page(400, "no cookie")), CannotTell),
            (page(400, "Bad Request"), page(400, "Bad Request"), CannotTell),
            (page(400, "Bad Request"), page(400, REFUSED), CannotTell),
            (page(400, REFUSED), login(), CannotTell),
            (page(503, "redirect_uri invalid"), page(503, "redirect_uri invalid"), CannotTell),
            (login(), page(429, "slow down"), CannotTell),
            (login(), failed(), CannotTell),
            (failed(), page(400, REFUSED), CannotTell),
            (login(), returned("error=login_required"), CannotTell),
        ] {
            let judged = by_comparison(&ours, &made_up);
            assert_eq!(judged.standing, expected, "{ours:?} {made_up:?}: {}", judged.why);
        }
    }

    #[test]
    fn the_evidence_says_where_each_request_ended() {
        let shown = |trip: &Trip| evidence("the real one", trip);
        assert_eq!(
            shown(&returned("error=login_required&code=canary")),
            "the request with the real one was sent to that URI with `login_required`"
        );
        assert_eq!(shown(&returned("code=canary")), "the request with the real one was sent to that URI with a code");
        assert!(shown(&page(400, REFUSED)).contains("status 400: \""), "{}", shown(&page(400, REFUSED)));
        assert!(shown(&after("/login", page(400, "x"))).contains("was sent on to /login, where it got a page"));
    }
}
