//! The common parts of the commands' views. A view is a type beside its command: `Render` for people, `Serialize` for
//! `--json`. No view contains a secret.

mod table;

pub use table::Table;

use crate::protocol::jwt;
use crate::protocol::sanitize;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::store::stored_token::{Expiry, StoredToken};
use crate::system::clock::local;

/// Describes shortly when a token expires: `permanent`, `unknown`, `in 3 h`, `ended 2 d ago`.
pub fn shortly(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
        Expiry::At(end) if end > now => format!("in {}", HumanDuration(now.until(end)).in_one_unit()),
        Expiry::At(end) => format!("ended {} ago", HumanDuration(end.until(now)).in_one_unit()),
    }
}

/// Describes until when a token is valid: `it is revoked`, `unknown`, `2026-11-28 14:35 (in 59m)`, `… (expired)`, in the
/// time of this place.
pub fn until(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::Never => "it is revoked".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
        Expiry::At(end) if end > now => format!("{} (in {})", local(end), HumanDuration(now.until(end))),
        Expiry::At(end) => format!("{} (expired)", local(end)),
    }
}

/// Lists the narrower tokens of a login that have not ended. `None` if there is none.
pub fn narrower(record: &StoredToken, now: Timestamp) -> Option<String> {
    let tokens = record.narrower.living(now);
    let words = tokens
        .map(|token| format!("`{}` until {}", sanitize::line(&token.asked.to_string()), until(token.expiry, now)));
    Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

/// Describes how long a login is renewed: `, renewed automatically until 2027-… (in 90d)`; nothing if it does not.
pub fn renewal(token: &StoredToken, now: Timestamp) -> String {
    match token.refresh_ends() {
        _ if !token.is_renewable() => String::new(),
        None => ", renewed automatically".to_owned(),
        Some(end) if end > now => format!(", renewed automatically until {}", until(Expiry::At(end), now)),
        Some(end) => format!(", its refresh token ended at {end}"),
    }
}

/// Describes in one line what was read from the provider's reply.
pub fn what_was_read(token: &StoredToken) -> String {
    let lifetime = match token.end() {
        Expiry::At(end) => format!("valid for {}", HumanDuration(token.obtained_at.until(end))),
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "no lifetime".to_owned(),
    };
    let refresh = match (&token.refresh_token, token.refresh_ends()) {
        (None, _) => "no refresh token".to_owned(),
        (Some(_), None) => "a refresh token".to_owned(),
        (Some(_), Some(end)) => format!("a refresh token until {end}"),
    };
    let scope = match &token.granted {
        Some(granted) => format!("scopes `{}`", sanitize::line(&granted.to_string())),
        None => "no scopes".to_owned(),
    };
    let claims = jwt::malformed(token.access_token.expose());
    let claims: String = claims.iter().map(|claim| format!("; its claim {claim}")).collect();
    format!("an access token, {lifetime}, {refresh}, {scope}{claims}")
}
