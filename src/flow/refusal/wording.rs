//! The words of an error, read as servers write them.
//!
//! # Decision: a thing and what is wrong with it
//!
//! No list of sentences is ever complete. So a text is taken apart: punctuation, case and the way in which words are
//! joined are removed (`BAD_AUTH_CODE` is "bad auth code"), the RFCs' own sentences are cut out, since servers send them
//! whatever the reason is, and the rest is asked for a [`Thing`] and for its problem. A text that lists things ("client id,
//! redirect URI or verifier does not match") names none of them.

mod phrases;

use self::phrases::*;
pub use self::phrases::{EXPIRED, REUSED, USED, VAGUE};

/// A text without case, punctuation, the RFCs' own sentences, and a grant's name that looks like another thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording(String);

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The request has to come over TLS.
    Https,
    /// A limit of requests, or a fault that passes.
    Rate,
    Fault,
    /// A policy, an administrator or the state of the account.
    Policy,
    /// The tenant or the realm in the endpoint's address.
    Tenant,
    Pkce,
    /// A grant that the app may not use.
    GrantNotAllowed,
    RedirectUri,
    GrantType,
    ResponseType,
    Client,
    Scope,
    Code,
    RefreshToken,
    Audience,
    /// The media type of the body.
    Format,
    /// Several things, of which one is wrong.
    Several,
}

impl Wording {
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut plain = String::from(" ");
        for text in texts {
            plain.push_str(&flat(text));
            plain.push(' ');
        }
        for sentence in STANDARD {
            plain = plain.replace(&format!(" {sentence} "), " ");
        }
        for name in CLIENT_CREDENTIALS_GRANT {
            plain = plain.replace(&format!(" {name} "), " grant type ");
        }
        Self(plain)
    }

    /// Returns `true` if one of these is in it. A phrase begins where a word begins, and its last word may go on.
    pub fn has(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.place(phrase).is_some())
    }

    /// Returns `true` if it only says that a client or a token is not authorized: the words of the status 401.
    pub fn is_only_the_status(&self) -> bool {
        const OF_THE_STATUS: [&str; 6] = ["401", "unauthorized", "error", "status", "http", "0"];
        self.has(&["unauthorized"]) && self.0.split_whitespace().all(|word| OF_THE_STATUS.contains(&word))
    }

    /// Returns the number behind these letters: `AADSTS50011`.
    pub fn number_after(&self, letters: &str) -> Option<u32> {
        let mut words = self.0.split(' ').filter_map(|word| word.strip_prefix(letters));
        words.find_map(|digits| digits.parse().ok())
    }

    fn place(&self, phrase: &str) -> Option<(usize, usize)> {
        let needle = format!(" {}", flat(phrase));
        let start = self.0.find(&needle)?;
        let end = start + needle.len();
        Some((start + 1, end + self.0[end..].find(' ').unwrap_or(0)))
    }

    /// Returns what it is about, the more specific things first.
    pub fn thing(&self) -> Option<Thing> {
        if self.lists_things() {
            return Some(Thing::Several);
        }
        let table: [(Thing, &[&str]); 15] = [
            (Thing::Pkce, PKCE),
            (Thing::RedirectUri, REDIRECT_URI),
            // A redirect URI, too, may have to be https.
            (Thing::Https, HTTPS),
            (Thing::Rate, RATE),
            (Thing::Tenant, TENANT),
            (Thing::Policy, POLICY),
            (Thing::GrantType, GRANT),
            (Thing::ResponseType, &["response type", "responsetype"]),
            (Thing::Client, CLIENT),
            (Thing::Client, CREDENTIALS),
            (Thing::RefreshToken, REFRESH_TOKEN),
            (Thing::Code, CODE),
            (Thing::Scope, SCOPE),
            (Thing::Format, FORMAT),
            (Thing::Fault, FAULT),
        ];
        if self.has(GRANT) && self.has(NOT_ALLOWED) {
            return Some(Thing::GrantNotAllowed);
        }
        if self.has(&["service not found", "audience"]) {
            return Some(Thing::Audience);
        }
        table.into_iter().find(|(_, phrases)| self.has(phrases)).map(|(thing, _)| thing)
    }

    /// Returns `true` if it is the client that it names, and not only whoever authenticates.
    pub fn names_the_client(&self) -> bool {
        self.has(CLIENT)
    }

    /// Returns `true` for words about a token that is presented to be renewed.
    pub fn is_about_a_token(&self) -> bool {
        self.has(TOKEN) || self.has(REFRESH_TOKEN)
    }

    /// Returns `true` if it puts several things side by side: "app id or redirect URI or code verifier".
    pub fn lists_things(&self) -> bool {
        let first = |phrases: &[&str]| phrases.iter().filter_map(|phrase| self.place(phrase)).min();
        let mut places: Vec<(usize, usize)> =
            [PKCE, REDIRECT_URI, CLIENT, CODE].into_iter().filter_map(first).collect();
        places.sort_unstable();
        places.windows(2).any(|pair| {
            let between = self.0.get(pair[0].1..pair[1].0).unwrap_or_default();
            matches!(between.trim(), "or" | "and or" | "or the" | "or a" | "or invalid" | "or is" | "or wrong")
        })
    }
}

/// Returns a text in lower case, its words separated by one space. A slash and a comma between things are an "or".
fn flat(text: &str) -> String {
    let mut flat = String::with_capacity(text.len());
    let mut last = ' ';
    let mut all = text.chars().peekable();
    while let Some(c) = all.next() {
        // `authCode`, but neither `OAuth` nor `DPoP`.
        if c.is_uppercase() && last.is_lowercase() && all.peek().is_some_and(|next| next.is_lowercase()) {
            flat.push(' ');
        }
        if c == '/' && last.is_alphanumeric() {
            flat.push_str(" or ");
        } else if c.is_alphanumeric() {
            flat.extend(c.to_lowercase());
        } else {
            flat.push(' ');
        }
        last = c;
    }
    flat.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_for_the_thing_that_it_is_about() {
        for (text, thing) in [
            ("BAD_AUTH_CODE: missing or unknown auth code", Some(Thing::Code)),
            ("invalidAuthCode", Some(Thing::Code)),
            ("appid/redirect uri/code verifier does not match authorization code", Some(Thing::Several)),
            ("client_id or redirect_uri is invalid", Some(Thing::Several)),
            ("Invalid client_id or client_secret", Some(Thing::Client)),
            ("invalid client credentials", Some(Thing::Client)),
            ("this client may not use the grant client_credentials", Some(Thing::GrantNotAllowed)),
            ("grant_type=client_credentials is not enabled for the app", Some(Thing::GrantNotAllowed)),
            ("unknown client credentials flow", Some(Thing::GrantType)),
            ("redirect_uri does not match the one of the authorization code", Some(Thing::RedirectUri)),
            ("rate_limit_exceeded", Some(Thing::Rate)),
            ("user is inactive", Some(Thing::Policy)),
            ("HTTPS required", Some(Thing::Https)),
            ("redirect_uri must use https", Some(Thing::RedirectUri)),
            ("an IP address is not allowed as callback URL", Some(Thing::RedirectUri)),
            ("Content-Type 'text/plain' not supported", Some(Thing::Format)),
            ("the scope is unknown", Some(Thing::Scope)),
            ("something else is wrong", None),
            ("a decoder is missing", None),
            ("", None),
        ] {
            assert_eq!(Wording::new([text]).thing(), thing, "{text}");
        }
    }

    #[test]
    fn the_standards_own_sentences_say_nothing() {
        let doorkeeper = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                          used in the authorization request, or was issued to another client.";
        let words = Wording::new([doorkeeper]);
        assert!(words.thing().is_none() && !words.has(EXPIRED) && !words.has(USED), "{words:?}");
        assert!(Wording::new([doorkeeper, "The code has already been used."]).has(USED));
    }

    #[test]
    fn a_phrase_begins_where_a_word_begins() {
        assert!(Wording::new(["the code has expired."]).has(EXPIRED));
        assert!(!Wording::new(["unexpired"]).has(&["expired"]));
        assert!(Wording::new(["redirectUri mismatch"]).has(&["redirect_uri"]));
    }
}
