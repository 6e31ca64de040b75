//! A reply that a user brings along. It was received at some time in the past.
//!
//! * A lifetime counts from when the reply says that it was issued (`created_at`, `issued_at`), else from now: that is the
//!   latest that can be.
//! * A point in time counts more than a lifetime beside it, which may be of the day on which the reply was saved.
//! * A point in time that is over is no sign of a wrong clock here.

use serde_json::Value;

use super::Dialect;
use super::lifetimes::{Which, meaning};
use super::token_reply::TokenReply;
use crate::protocol::given_reply::GivenReply;
use crate::protocol::json;
use crate::protocol::lifetime::{self, Promise, Reading};
use crate::protocol::time::Timestamp;
use crate::protocol::token::NotATokenResponse;

/// The names for when a reply was issued.
const ISSUED: [&str; 2] = ["created_at", "issued_at"];

/// A number from here on is a point in time, under a name that says either.
const FIRST_MOMENT: f64 = 1.5e9;

impl Dialect<'_> {
    /// Reads such a reply, and returns the time from which on its token is known to have been there.
    pub fn decode_given(
        &self,
        reply: &GivenReply,
        now: Timestamp,
    ) -> Result<(TokenReply, Timestamp), NotATokenResponse> {
        let mut value = reply.to_value();
        let then = begin(&mut value, now);
        Ok((self.decode_kept(&value, then)?, then))
    }
}

/// Returns the time to count from, and takes out lifetimes beside points in time.
fn begin(reply: &mut Value, now: Timestamp) -> Timestamp {
    let Some(members) = reply.as_object_mut() else { return now };
    let moment = |name: &str, value: &Value| match lifetime::read(name, value, Promise::Moment, now) {
        Ok(Some(Reading { end: Some(end), .. })) => Some(end),
        _ => None,
    };
    let is_moment = |promise: Promise, value: &Value| match promise {
        Promise::Moment => true,
        Promise::Either => json::seconds(value).map_or(value.is_string(), |number| number >= FIRST_MOMENT),
        Promise::Lifetime | Promise::Milliseconds => false,
    };
    let ends: Vec<(Which, Timestamp)> = members
        .iter()
        .filter_map(|(name, value)| {
            let (which, _, promise) = meaning(name)?;
            let end = moment(name, value).filter(|_| is_moment(promise, value))?;
            Some((which, end))
        })
        .collect();
    members.retain(|name, _| match meaning(name) {
        Some((which, _, Promise::Lifetime)) => !ends.iter().any(|(of, _)| *of == which),
        _ => true,
    });
    let issued = ISSUED.iter().find_map(|name| moment(name, members.get(*name)?));
    let ended = ends.iter().filter(|(which, _)| *which == Which::Access).map(|(_, end)| *end).min();
    issued.into_iter().chain(ended).chain([now]).min().unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::provider::{Provider, ProviderDefinition};

    /// 2026-11-27T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_737_600);

    /// Returns the ends of both tokens, and what was odd.
    fn ends(definition: &str, object: Value) -> (Option<i64>, Option<i64>, usize) {
        let definition: ProviderDefinition = toml::from_str(definition).unwrap();
        let provider = Provider::new(definition, BTreeMap::new(), None).unwrap();
        let given = GivenReply::around(&object, Some("t"));
        let (reply, then) = Dialect::new(&provider).decode_given(&given, NOW).unwrap();
        let end = |life: Option<std::time::Duration>| life.map(|life| then.plus(life).0 - NOW.0);
        (end(reply.response.expires_in), end(reply.response.refresh_expires_in), reply.oddities.len())
    }

    #[test]
    fn a_kept_reply_ends_when_it_says_so() {
        let then = NOW.0 - 600;
        for (object, access, refresh) in [
            (json!({"expires_in": 3600}), Some(3600), None),
            (json!({"expires_in": "3600", "created_at": then}), Some(3000), None),
            (json!({"expires_in": 60, "issued_at": (then * 1000).to_string()}), Some(-540), None),
            (json!({"expires_in": 3600, "created_at": NOW.0 + 900}), Some(3600), None),
            (json!({"expires_in": 3600, "expires_at": NOW.0 + 60}), Some(60), None),
            (json!({"expires_in": 3600, "expires_at": NOW.0 as f64 + 60.5}), Some(60), None),
            (json!({"expires_at": "2026-11-27T00:01:00Z"}), Some(60), None),
            (json!({"expiry": "2026-11-27T01:01:00.123456789+01:00"}), Some(60), None),
            (json!({"expiresAt": (NOW.0 + 60) * 1000}), Some(60), None),
            (json!({"expires": NOW.0 + 60, "expires_in": 5}), Some(60), None),
            (json!({"expires": 60}), Some(60), None),
            (json!({"expires_at": then, "expires_in": 3600}), Some(-600), None),
            (json!({"expires_at": "1999-01-01T00:00:00Z"}), None, None),
            (
                json!({"refresh_token": "r", "expires_at": then, "refresh_token_expires_at": NOW.0 + 90}),
                Some(-600),
                Some(90),
            ),
            (json!({"refresh_token": "r", "expires_in": 60, "refresh_expires_in": 90}), Some(60), Some(90)),
            (json!({}), None, None),
        ] {
            let (found, of_refresh, _) = ends("", object.clone());
            assert_eq!((found, of_refresh), (access, refresh), "{object}");
        }
        let over = ends("", json!({"expires_at": then}));
        assert_eq!(over.2, 0, "an old reply is not odd");
        assert_eq!(ends("token.lifetime = 'never'", json!({"expires_in": 60})).0, None);
    }
}
