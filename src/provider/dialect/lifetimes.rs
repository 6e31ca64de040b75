//! The lifetimes in a token reply: the access token's (RFC 6749 §5.1), and the refresh token's, for which no RFC has a
//! name.
//!
//! The definition's names come first, then the RFC's, then those that servers use: `expires_on`, `expireTime`,
//! `refresh_expires_in`, `x_refresh_token_expires_in`, `refreshTokenExpiresAt` and their like, beside the access token
//! or at the top. Of several the first that names an end counts. How a value is read stands in `protocol::lifetime`.

use std::time::Duration;

use serde_json::Value;

use super::Dialect;
use crate::protocol::lifetime::{self, Oddity, Promise};
use crate::protocol::member::WrongKind;
use crate::protocol::time::Timestamp;
use crate::protocol::token::TokenResponse;
use crate::protocol::{json, jwt};
use crate::provider::departure::value_of;
use crate::provider::quirks::{ExpiryUnit, Lifetime};

/// What was odd about the lifetimes of a reply.
#[derive(Default)]
pub(super) struct Remarks {
    pub oddities: Vec<Oddity>,
    /// A member under the RFC's name that cannot be a lifetime.
    pub wrong: Option<WrongKind>,
}

/// The token that a member speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Access,
    Refresh,
}

/// One member that may name an end.
struct Candidate<'v> {
    member: String,
    value: &'v Value,
    promise: Promise,
}

impl Dialect<'_> {
    /// Sets the lifetimes of a reply's tokens. `standard` is the reply with the RFC's names at its top.
    pub(super) fn read_lifetimes(
        &self,
        value: &Value,
        standard: &Value,
        response: &mut TokenResponse,
        now: Timestamp,
    ) -> Remarks {
        let rules = &self.provider.definition.token;
        let assumed = match value_of(&rules.lifetime) {
            Some(Lifetime::Never) => {
                (response.expires_in, response.refresh_token, response.refresh_expires_in) = (None, None, None);
                return Remarks::default();
            }
            Some(Lifetime::For(time)) => Some(*time),
            None => None,
        };
        let mut remarks = Remarks::default();
        let mut read = |which| {
            let candidates = self.candidates(which, value, standard);
            first_end(which, candidates, now, &mut remarks)
        };
        // A JWT contains its expiry (RFC 7519 §4.1.4), if the reply does not.
        let of_jwt = |token: &str| jwt::expiry(token).ok().flatten().map(|end| now.until(end));
        response.expires_in = read(Which::Access).or_else(|| of_jwt(response.access_token.expose())).or(assumed);
        response.refresh_expires_in =
            read(Which::Refresh).or_else(|| response.refresh_token.as_ref().and_then(|token| of_jwt(token.expose())));
        remarks
    }

    fn candidates<'v>(&self, which: Which, value: &'v Value, standard: &'v Value) -> Vec<Candidate<'v>> {
        let rules = &self.provider.definition.token;
        let paths = value_of(&rules.response);
        let unit = match value_of(&rules.expires_unit) {
            Some(ExpiryUnit::Milliseconds) => Promise::Milliseconds,
            Some(ExpiryUnit::Seconds) | None => Promise::Lifetime,
        };
        let [lifetime, moment] = match which {
            Which::Access => ["expires_in", "expires_at"],
            Which::Refresh => ["refresh_token_expires_in", "refresh_token_expires_at"],
        };
        let own = |name: &str| paths.and_then(|paths| paths.get(name)).map_or(name, String::as_str).to_owned();
        let named = [(lifetime, unit), (moment, Promise::Moment)].into_iter();
        let mut candidates: Vec<Candidate<'_>> = named
            .filter_map(|(name, promise)| Some(Candidate { member: own(name), value: standard.get(name)?, promise }))
            .collect();
        // Beside the access token, which may be below the top.
        let folder = paths.and_then(|paths| paths.get("access_token")?.rsplit_once('.')).map(|(folder, _)| folder);
        let beside = folder.and_then(|folder| Some((format!("{folder}."), json::at(value, folder)?)));
        for (prefix, place) in beside.into_iter().chain([(String::new(), value)]) {
            let members = place.as_object().into_iter().flatten();
            let mut found: Vec<_> = members
                .filter_map(|(name, value)| Some((meaning(name).filter(|(of, ..)| *of == which)?, name, value)))
                .filter(|(_, name, _)| !prefix.is_empty() || ![lifetime, moment].contains(&name.as_str()))
                .collect();
            found.sort_by_key(|((_, rank, _), ..)| *rank);
            candidates.extend(found.into_iter().map(|((.., promise), name, value)| Candidate {
                member: format!("{prefix}{name}"),
                value,
                promise: if promise == Promise::Lifetime { unit } else { promise },
            }));
        }
        candidates
    }
}

/// Returns the lifetime of the first candidate that names an end, and keeps what is odd about it, and about those
/// before it.
fn first_end(which: Which, candidates: Vec<Candidate<'_>>, now: Timestamp, remarks: &mut Remarks) -> Option<Duration> {
    for Candidate { member, value, promise } in candidates {
        // Some servers write 0 for a refresh token that does not end.
        if which == Which::Refresh && json::seconds(value) == Some(0.0) {
            continue;
        }
        match lifetime::read(&member, value, promise, now) {
            Ok(Some(reading)) => {
                remarks.oddities.extend(reading.oddity);
                if let Some(end) = reading.end {
                    return Some(now.until(end));
                }
            }
            Ok(None) => {}
            // What only looks like a lifetime by its name may be something else.
            Err(wrong) if which == Which::Access && promise != Promise::Either => {
                remarks.wrong.get_or_insert(wrong);
            }
            Err(_) => {}
        }
    }
    None
}

/// The endings of names, the most telling first.
const ENDINGS: [(&str, Promise); 22] = [
    ("expiresin", Promise::Lifetime),
    ("expirein", Promise::Lifetime),
    ("expiresinseconds", Promise::Lifetime),
    ("expiresat", Promise::Moment),
    ("expireat", Promise::Moment),
    ("expireson", Promise::Either),
    ("expires", Promise::Either),
    ("expirestime", Promise::Either),
    ("expiretime", Promise::Either),
    ("expiration", Promise::Either),
    ("expirationtime", Promise::Either),
    ("expirationdate", Promise::Either),
    ("expiry", Promise::Either),
    ("expirytime", Promise::Either),
    ("expirydate", Promise::Either),
    ("validuntil", Promise::Either),
    ("validtime", Promise::Either),
    ("validfor", Promise::Either),
    ("lifetime", Promise::Either),
    ("ttl", Promise::Either),
    ("timeout", Promise::Either),
    ("exp", Promise::Either),
];

/// Returns the token that a name speaks of, how telling the name is, and what it says of its value.
pub(super) fn meaning(name: &str) -> Option<(Which, usize, Promise)> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let beginnings = [
        ("xrefreshtoken", Which::Refresh),
        ("refreshtoken", Which::Refresh),
        ("refresh", Which::Refresh),
        ("rt", Which::Refresh),
        ("accesstoken", Which::Access),
        ("token", Which::Access),
        ("", Which::Access),
    ];
    beginnings.into_iter().find_map(|(beginning, which)| {
        let ending = plain.strip_prefix(beginning)?;
        let rank = ENDINGS.iter().position(|(known, _)| *known == ending)?;
        // Alone it says nothing of a token.
        let is_vague = beginning.is_empty() && !ending.starts_with("exp");
        (!is_vague).then_some((which, rank, ENDINGS[rank].1))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::HeaderMap;
    use serde_json::json;

    use super::*;
    use crate::provider::dialect::TokenReply;
    use crate::provider::{Provider, ProviderDefinition};

    /// 2026-11-27T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_737_600);

    fn reply(definition: &str, body: &Value) -> TokenReply {
        let definition: ProviderDefinition = toml::from_str(definition).unwrap();
        let provider = Provider::new(definition, BTreeMap::new(), None).unwrap();
        let body = body.to_string();
        Dialect::new(&provider).decode_token_reply(200, &HeaderMap::new(), body.as_bytes(), &[], NOW).unwrap()
    }

    fn seconds(time: Option<Duration>) -> Option<u64> {
        time.map(|time| time.as_secs())
    }

    fn with(members: Value) -> Value {
        let mut body = json!({"access_token": "t", "refresh_token": "r"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    }

    #[test]
    fn a_refresh_tokens_end_is_read_under_every_name_in_use() {
        let moment = NOW.0 + 7200;
        for (name, value) in [
            ("refresh_token_expires_in", json!(7200)),
            ("x_refresh_token_expires_in", json!(7200)),
            ("refresh_expires_in", json!("7200")),
            ("refreshTokenExpiresIn", json!(7200)),
            ("refreshExpiresIn", json!(7200)),
            ("refresh_token_expire_in", json!(7200)),
            ("refresh_token_lifetime", json!(7200)),
            ("refresh_token_expires_at", json!("2026-11-27T02:00:00Z")),
            ("refresh_token_expires_at", json!(moment)),
            ("refreshTokenExpiresAt", json!(moment * 1000)),
            ("refresh_token_expiration", json!(moment)),
            ("refresh_token_valid_time", json!(moment * 1000)),
            ("refreshTokenExpireTime", json!("2026-11-27T02:00:00Z")),
            ("refresh_expires", json!(7200)),
        ] {
            let read = reply("", &with(json!({name: value, "expires_in": 3600})));
            let (access, refresh) = (read.response.expires_in, read.response.refresh_expires_in);
            assert_eq!((seconds(access), seconds(refresh)), (Some(3600), Some(7200)), "{name}: {value}");
            assert_eq!(read.oddities, [], "{name}: {value}");
        }
        for none in [json!({}), json!({"refresh_expires_in": 0}), json!({"refresh_token_expires_in": null})] {
            let read = reply("", &with(none.clone()));
            assert!(read.response.refresh_expires_in.is_none() && read.oddities.is_empty(), "{none}");
        }
    }

    #[test]
    fn an_access_tokens_end_is_read_under_every_name_in_use() {
        let moment = NOW.0 + 3600;
        for (name, value) in [
            ("expires_in", json!(3600)),
            ("expiresIn", json!("3600")),
            ("expire_in", json!(3600)),
            ("expires", json!(3600)),
            ("expires", json!(moment)),
            (".expires", json!("Fri, 27 Nov 2026 01:00:00 GMT")),
            ("expires_on", json!(moment.to_string())),
            ("expires_at", json!("2026-11-27T01:00:00Z")),
            ("expire_time", json!(moment * 1000)),
            ("access_token_expiration", json!(moment)),
            ("access_token_expires_in", json!(3600)),
        ] {
            let read = reply("", &with(json!({name: value})));
            assert_eq!(seconds(read.response.expires_in), Some(3600), "{name}: {value}");
            assert!(read.oddities.is_empty() && read.response.refresh_expires_in.is_none(), "{name}: {value}");
        }
        for other in ["ext_expires_in", "id_token_expires_in", "timeout", "ttl", "refresh", "scope_expires"] {
            let read = reply("", &with(json!({other: 3600})));
            assert_eq!((read.response.expires_in, read.response.refresh_expires_in), (None, None), "{other}");
        }
    }

    #[test]
    fn a_definition_says_where_the_ends_are() {
        let paths = "token.response = { access_token = 'data.token', refresh_token = 'data.again', \
            expires_in = 'life.access', refresh_token_expires_in = 'life.refresh' }";
        let body = json!({"data": {"token": "t", "again": "r"}, "life": {"access": 60, "refresh": "3600abc"}});
        let read = reply(paths, &body);
        assert_eq!(
            (seconds(read.response.expires_in), seconds(read.response.refresh_expires_in)),
            (Some(60), Some(3600))
        );
        assert!(matches!(&read.oddities[..], [odd] if odd.member == "life.refresh"));
        // Beside the token, without a word of the definition.
        let nested = "token.response = { access_token = 'data.token' }";
        let body = json!({"data": {"token": "t", "expires_in": 60, "refresh_expires_in": 90}, "expires_on": 7});
        let read = reply(nested, &body);
        assert_eq!(
            (seconds(read.response.expires_in), seconds(read.response.refresh_expires_in)),
            (Some(60), Some(90))
        );
        let unit = "token.expires_unit = 'milliseconds'";
        let read = reply(unit, &with(json!({"expires_in": 60_000, "refresh_expires_in": 90_000})));
        assert_eq!(
            (seconds(read.response.expires_in), seconds(read.response.refresh_expires_in)),
            (Some(60), Some(90))
        );
    }

    #[test]
    fn an_end_that_makes_sense_is_taken_before_one_that_does_not() {
        let read = reply("", &with(json!({"expires_in": -1, "expires_at": "2026-11-27T01:00:00Z"})));
        assert_eq!((seconds(read.response.expires_in), read.oddities.len()), (Some(3600), 1));
        let assumed = reply("token.lifetime = '1h'", &with(json!({"expires_in": "soon"})));
        assert_eq!((seconds(assumed.response.expires_in), assumed.oddities.len()), (Some(3600), 1));
        // {"exp": 1795741200}
        let jwt = json!({"access_token": "e30.eyJleHAiOjE3OTU3NDEyMDB9.c2ln", "expires_in": 2_147_483_647_i64});
        let read = reply("", &jwt);
        assert_eq!((seconds(read.response.expires_in), read.oddities.len()), (Some(3600), 1));
        let never = reply("token.lifetime = 'never'", &with(json!({"expires_in": "soon", "refresh_expires_in": 5})));
        assert!(never.response.expires_in.is_none() && never.response.refresh_expires_in.is_none());
        assert!(never.oddities.is_empty(), "the definition has said not to look");
    }
}
