//! The reply of the token endpoint (RFC 6749 §5): a token, a refusal, or neither.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::Value;

use super::Dialect;
use super::lifetimes::Remarks;
use super::reply::{beside, named_wait, read_reply, redirect_target, refusal, shown};
use crate::protocol::advice::{ExitCode, NextStep};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::given_token::{GivenToken, NoGivenToken, Spelling};
use crate::protocol::lifetime::Oddity;
use crate::protocol::member::{self, WrongKind};
use crate::protocol::params::Params;
use crate::protocol::secret::{AccessToken, IdToken, RefreshToken, is_vschar};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::protocol::token::{NotATokenResponse, TokenResponse};
use crate::protocol::token_type::{OddTokenType, TokenType};
use crate::protocol::{json, mask};
use crate::provider::departure::value_of;
use crate::provider::quirks::TokenIn;

/// A parsed reply of the token endpoint, with the masked reply for display.
#[derive(Clone, Debug)]
pub struct TokenReply {
    pub response: TokenResponse,
    pub masked: Value,
    /// Values for the definition's parameters that are in the reply, such as the API's address at some providers.
    pub captured: BTreeMap<String, String>,
    /// Further access tokens, by the names that the definition gives them.
    pub further: BTreeMap<String, AccessToken>,
    /// A member beside the access token that is of the wrong kind and was left out.
    pub malformed: Option<WrongKind>,
    /// Lifetimes that are not plainly what their names say, and how each was taken.
    pub oddities: Vec<Oddity>,
    /// A `token_type` other than `Bearer`. The token is used as a bearer token.
    pub odd_type: Option<OddTokenType>,
}

/// A token as it was read, and what else is to be said about its reply.
struct ReadToken {
    response: TokenResponse,
    malformed: Option<WrongKind>,
    oddities: Vec<Oddity>,
    odd_type: Option<OddTokenType>,
}

/// A reply of the token endpoint without a token. `reply` is masked and cleaned.
#[derive(Debug, thiserror::Error)]
pub enum TokenReplyError {
    /// The server understood the request and refused it (RFC 6749 §5.2), with any status below 500.
    #[error("the token endpoint answered with status {status}{}", beside(rest))]
    Refused {
        status: u16,
        /// What the reply has beside the error, masked.
        rest: Option<String>,
        /// True if the error is in a shape of the server's own. What stands before the token endpoint may have sent it.
        is_own: bool,
        #[source]
        error: Box<ErrorResponse>,
    },
    /// The server failed.
    #[error("the token endpoint answered with status {status} and {reply}{}", pause(*wait))]
    ServerFault {
        status: u16,
        reply: String,
        /// The requested wait, if the server names one.
        wait: Option<HumanDuration>,
    },
    /// RFC 6585 §4, whatever else the reply says: no token was given, and nothing is wrong with the request.
    #[error("the token endpoint is rate-limiting us: it answered with status 429 and {reply}{}", pause(*wait))]
    TooOften {
        reply: String,
        /// The requested wait, if the server names one.
        wait: Option<HumanDuration>,
    },
    /// A redirect is not followed: it would carry the client's secret to its target.
    #[error(
        "the token endpoint answered with a redirect to {target} (status {status}), which is not followed because it would send the client's secret elsewhere"
    )]
    Redirected { status: u16, target: String },
    /// Neither a token nor an error.
    #[error("the token endpoint's reply, status {status}, was not understood: {reply}")]
    Unreadable {
        status: u16,
        reply: String,
        #[source]
        source: Option<serde_json::Error>,
    },
    /// JSON without a usable token.
    #[error("the token endpoint's reply, status {status}, contains no usable token: {reply}")]
    Unusable {
        status: u16,
        reply: String,
        #[source]
        source: NotATokenResponse,
    },
    /// The implicit grant's fragment without a usable token.
    #[error("the redirect's fragment contains no usable token")]
    UnusableFragment {
        #[source]
        source: NotATokenResponse,
    },
}

impl TokenReplyError {
    /// Returns the next step for this reply of `provider`. The reply itself identifies the provider only by a URL.
    pub fn next_step(&self, provider: &str) -> NextStep {
        let show = format!("`oauthctl providers show {provider}`");
        match self {
            // A flow knows what was sent, and says more.
            Self::Refused { .. } => ExitCode::Refused.hint(format!("compare {show} with the provider's guide")),
            Self::Redirected { .. } => ExitCode::Refused
                .hint(format!("the token URL has probably moved; compare {show} with the provider's guide")),
            Self::TooOften { wait, .. } => ExitCode::Network.hint(format!(
                "wait {}, then try again; nothing is wrong with the request",
                wait.map_or_else(|| "a while".to_owned(), |wait| wait.to_string())
            )),
            Self::ServerFault { wait, .. } => ExitCode::Network.hint(format!(
                "log in again {}; the fault is on the provider's side",
                wait.map_or_else(|| "later".to_owned(), |wait| format!("in {wait}"))
            )),
            Self::Unusable { source: NotATokenResponse::Malformed(_), .. } => ExitCode::Network.hint(format!(
                "set the member's path in `token.response` of the definition, which {show} prints; if the path is right, tell the provider"
            )),
            // Another registration gets another type of token; a retry does not.
            Self::Unusable { source: NotATokenResponse::NeedsProof(kind), .. }
            | Self::UnusableFragment { source: NotATokenResponse::NeedsProof(kind) } => {
                ExitCode::Refused.hint(kind.proof.hint())
            }
            Self::Unreadable { .. } | Self::Unusable { .. } | Self::UnusableFragment { .. } => ExitCode::Network.hint(
                format!("a proxy or a login page may have answered instead of the provider; if not, compare with {show}"),
            ),
        }
    }
}

/// The definition's word on how the client authenticates. A code works once, so the other way is never tried with it; the
/// person is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuth {
    pub method: ClientAuthMethod,
    /// `false` if the definition leaves it to the default.
    pub is_written: bool,
    /// The user's file, if there is one.
    pub file: Option<String>,
}

fn pause(wait: Option<HumanDuration>) -> String {
    wait.map(|wait| format!("; it asks for a wait of {wait}")).unwrap_or_default()
}

/// Returns the reply in a form that may be shown: without members of secret names, without sent secrets, and without
/// received ones.
fn masked_reply(value: &Value, response: &TokenResponse, sent: &[&str]) -> Value {
    mask::json(value, &[&received(response), sent].concat())
}

/// Returns the secrets that a reply brought.
fn received(response: &TokenResponse) -> Vec<&str> {
    let refresh = response.refresh_token.iter().map(RefreshToken::expose);
    let id_token = response.id_token.iter().map(IdToken::expose);
    [response.access_token.expose()].into_iter().chain(refresh).chain(id_token).collect()
}

impl Dialect<'_> {
    /// Reads the reply. `secrets` are those of the request, so that a reply that repeats them can be shown.
    pub fn decode_token_reply(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
    ) -> Result<TokenReply, TokenReplyError> {
        self.decode(status, headers, body, None, secrets, now)
    }

    /// Reads the reply to a refresh that extends the presented token, and need not repeat it.
    pub fn decode_extension(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        presented: &RefreshToken,
        secrets: &[&str],
        now: Timestamp,
    ) -> Result<TokenReply, TokenReplyError> {
        self.decode(status, headers, body, Some(presented), secrets, now)
    }

    fn decode(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        extended: Option<&RefreshToken>,
        secrets: &[&str],
        now: Timestamp,
    ) -> Result<TokenReply, TokenReplyError> {
        let shown = || shown(status, body, secrets);
        let wait = named_wait(status, headers, now);
        match status {
            500.. => return Err(TokenReplyError::ServerFault { status, reply: shown(), wait }),
            300..=399 => {
                return Err(TokenReplyError::Redirected { status, target: redirect_target(headers, secrets) });
            }
            429 => return Err(TokenReplyError::TooOften { reply: shown(), wait }),
            _ => {}
        }
        let value = read_reply(headers, body).map_err(|source| TokenReplyError::Unreadable {
            status,
            reply: shown(),
            // The message names the repeated member, which may be anything.
            source: source.filter(|problem| !mask::tells(&problem.to_string(), secrets)),
        })?;
        if let Some(error) = self.read_token_error(&value) {
            let (error, rest) = refusal(error, Some(&value), secrets);
            return Err(TokenReplyError::Refused { status, rest, is_own: false, error });
        }
        // An error in the provider's own shape. What says that there is no such endpoint, and what a proxy says, is another
        // matter.
        let is_refusal = (400..=499).contains(&status) && !matches!(status, 404..=407 | 410 | 411 | 415);
        if is_refusal && ErrorResponse::sentence_in(&value).is_some() {
            let (error, rest) = refusal(ErrorResponse::from_own_json(&value), Some(&value), secrets);
            return Err(TokenReplyError::Refused { status, rest, is_own: true, error });
        }
        if !(200..=299).contains(&status) {
            return Err(TokenReplyError::Unreadable { status, reply: shown(), source: None });
        }
        let read = self.read_token(&value, extended, now).map_err(|source| TokenReplyError::Unusable {
            status,
            reply: shown(),
            source: source.without(secrets),
        })?;
        Ok(self.whole(&value, read, secrets))
    }

    /// Reads a reply that was kept since `then`.
    pub(super) fn decode_kept(&self, value: &Value, then: Timestamp) -> Result<TokenReply, NotATokenResponse> {
        Ok(self.whole(value, self.read_token(value, None, then)?, &[]))
    }

    fn whole(&self, value: &Value, read: ReadToken, secrets: &[&str]) -> TokenReply {
        let ReadToken { response, malformed, oddities, odd_type } = read;
        let further = self.further_tokens(value);
        let received_more: Vec<&str> = further.values().map(AccessToken::expose).collect();
        let masked = masked_reply(value, &response, &[secrets, &received_more].concat());
        let odd_type = odd_type.map(|odd| odd.without(&[secrets, &received(&response)].concat()));
        let (captured, wrong) = self.captured(value);
        TokenReply { response, masked, captured, further, malformed: malformed.or(wrong), oddities, odd_type }
    }

    /// Reads the token from an implicit grant's fragment (RFC 6749 §4.2.2). A refresh token in it is ignored: "the
    /// authorization server MUST NOT issue a refresh token".
    pub fn decode_fragment(&self, params: &Params, now: Timestamp) -> Result<TokenReply, TokenReplyError> {
        let value = params.to_json();
        let state = params.single("state").ok().flatten().unwrap_or_default();
        let read = self.read_token(&value, None, now);
        // The state has been used, and is hidden all the same.
        let unusable =
            |source: NotATokenResponse| TokenReplyError::UnusableFragment { source: source.without(&[state]) };
        let ReadToken { mut response, malformed, oddities, odd_type } = read.map_err(unusable)?;
        let masked = masked_reply(&value, &response, &[state]);
        let odd_type = odd_type.map(|odd| odd.without(&[&[state][..], &received(&response)].concat()));
        (response.refresh_token, response.refresh_expires_in) = (None, None);
        let (captured, further) = (self.captured(&value).0, BTreeMap::new());
        Ok(TokenReply { response, masked, captured, further, malformed, oddities, odd_type })
    }

    /// Finds the token in a text that the user has at hand: alone, or in one of the provider's own forms.
    pub fn read_given_token(&self, text: &str) -> Result<GivenToken, NoGivenToken> {
        let definition = &self.provider.definition;
        let path = value_of(&definition.token.response).and_then(|paths| paths.get("access_token"));
        let placements = definition.token_placements();
        let in_header = || placements.iter().filter(|own| matches!(own.place, TokenIn::Bearer | TokenIn::Header));
        let spelling = Spelling {
            path: path.map(String::as_str),
            headers: in_header().filter_map(|own| own.name.as_deref()).collect(),
            schemes: in_header().filter_map(|own| own.scheme.as_deref()).collect(),
        };
        GivenToken::read(text, &spelling)
    }

    /// Reads the token. The first other member of the wrong kind is returned under the provider's own name.
    fn read_token(
        &self,
        value: &Value,
        extended: Option<&RefreshToken>,
        now: Timestamp,
    ) -> Result<ReadToken, NotATokenResponse> {
        let (mut standard, unreached) = self.with_rfc_names(value);
        if let (Some(token), Some(members)) = (extended, standard.as_object_mut()) {
            members.entry("access_token").or_insert_with(|| token.expose().into());
        }
        let paths = value_of(&self.provider.definition.token.response);
        let own = |wrong: WrongKind| match paths.and_then(|paths| paths.get(&wrong.member)) {
            Some(path) => WrongKind { member: path.clone(), ..wrong },
            None => wrong,
        };
        let (mut response, malformed) = TokenResponse::read(&standard).map_err(|error| match (error, &unreached) {
            (NotATokenResponse::NoAccessToken, Some(wrong)) => NotATokenResponse::Malformed(wrong.clone()),
            (NotATokenResponse::Malformed(wrong), _) => NotATokenResponse::Malformed(own(wrong)),
            (error, _) => error,
        })?;
        let Remarks { oddities, wrong } = self.read_lifetimes(value, &standard, &mut response, now);
        let odd_type = match TokenType::judge(standard.get("token_type")) {
            TokenType::Odd(odd) => Some(odd),
            TokenType::Bearer | TokenType::Absent | TokenType::Proof(_) => None,
        };
        Ok(ReadToken { response, malformed: malformed.map(own).or(wrong).or(unreached), oddities, odd_type })
    }

    /// Returns how the definition says that a client with a secret authenticates.
    pub fn client_auth(&self) -> ClientAuth {
        let definition = &self.provider.definition;
        ClientAuth {
            method: definition.client_auth(),
            is_written: definition.token.auth.is_some(),
            file: definition.file.clone(),
        }
    }

    /// Reads the error in a reply: the RFC's, or the one at the definition's path.
    fn read_token_error(&self, value: &Value) -> Option<ErrorResponse> {
        let rules = &self.provider.definition.token;
        let text =
            |path: &String| json::at(value, path).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        let worded = || value_of(&rules.error).into_iter().flatten().find_map(text);
        if let Some(mark) = value_of(&rules.ok) {
            if text(&mark.path).as_deref() == Some(mark.equals.as_str()) {
                return None;
            }
            let code = worded().unwrap_or_else(|| format!("`{}` is not `{}`", mark.path, mark.equals));
            return Some(ErrorResponse::new(code));
        }
        ErrorResponse::from_json(value)
    }

    /// Returns the reply with the RFC's member names at its top level, and a value of the wrong kind on the way to a
    /// member.
    fn with_rfc_names(&self, value: &Value) -> (Value, Option<WrongKind>) {
        let mut standard = value.as_object().cloned().unwrap_or_default();
        let mut unreached = None;
        for (name, path) in value_of(&self.provider.definition.token.response).into_iter().flatten() {
            match member::at(value, path) {
                Ok(Some(inner)) => drop(standard.insert(name.clone(), inner.clone())),
                Ok(None) => {}
                // It may be in the RFC's own place.
                Err(_) if standard.contains_key(name) => {}
                Err(wrong) => drop(unreached.get_or_insert(wrong)),
            }
        }
        // The type beside a token is that token's: the one at the top may be another's.
        let paths = value_of(&self.provider.definition.token.response);
        let place = paths.filter(|paths| !paths.contains_key("token_type")).and_then(|paths| paths.get("access_token"));
        let beside = place.and_then(|path| path.rsplit_once('.')).and_then(|(parent, _)| json::at(value, parent));
        if let Some(kind) = beside.and_then(|parent| parent.get("token_type")) {
            standard.insert("token_type".to_owned(), kind.clone());
        }
        (Value::Object(standard), unreached)
    }

    /// Lists the places of further access tokens in a reply.
    pub fn further_paths(&self) -> impl Iterator<Item = &str> {
        value_of(&self.provider.definition.token.further).into_iter().flatten().map(|(_, path)| path.as_str())
    }

    /// Returns the further access tokens of a reply. One that is not there, or is not a token, is simply not kept: what a
    /// person has not asked for does not come.
    fn further_tokens(&self, value: &Value) -> BTreeMap<String, AccessToken> {
        let paths = value_of(&self.provider.definition.token.further).into_iter().flatten();
        let found = paths.filter_map(|(name, path)| {
            let token = json::at(value, path)?.as_str().filter(|token| is_vschar(token))?;
            Some((name.clone(), AccessToken::new(token)))
        });
        found.collect()
    }

    fn captured(&self, value: &Value) -> (BTreeMap<String, String>, Option<WrongKind>) {
        let (mut captured, mut wrong) = (BTreeMap::new(), None);
        for (name, param) in &self.provider.definition.params {
            let Some(path) = &param.from_token else { continue };
            match member::at(value, path).and_then(|found| member::scalar(path, found)) {
                Ok(Some(text)) => drop(captured.insert(name.clone(), text)),
                Ok(None) => {}
                Err(error) => drop(wrong.get_or_insert(error)),
            }
        }
        (captured, wrong)
    }
}
