//! Device authorization (RFC 8628) in a provider's own dialect: the request for the codes, its reply, and the polls.

use http::HeaderMap;
use serde_json::{Map, Value};

use super::grants::read_grant;
use super::reply::{beside, named_wait, read_reply, redirect_target, refusal, shown};
use super::token::read_body;
use super::token_reply::{TokenReply, TokenReplyError};
use super::{Dialect, JSON, omit_and_rename, rename, rename_back};
use crate::protocol::advice::{ExitCode, NextStep};
use crate::protocol::device::{
    DeviceAuthorizationRequest, DeviceAuthorizationResponse, NotADeviceResponse, whole_seconds,
};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::json;
use crate::protocol::leg::Leg;
use crate::protocol::member::{self, Members};
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::retry_after::asked_wait;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::protocol::token::{DEVICE_CODE, TokenRequest};
use crate::provider::DefinitionError;
use crate::provider::departure::value_of;

/// A reply of the device authorization endpoint without codes. `reply` is masked and cleaned.
#[derive(Debug, thiserror::Error)]
pub enum DeviceReplyError {
    #[error("the device authorization endpoint answered with status {status}{}", beside(rest))]
    Refused {
        status: u16,
        /// What the reply has beside the error, masked.
        rest: Option<String>,
        #[source]
        error: Box<ErrorResponse>,
    },
    /// The server failed, or is rate-limiting us.
    #[error("the device authorization endpoint answered with status {status} and {reply}")]
    Busy {
        status: u16,
        reply: String,
        /// The requested wait, if the server names one.
        wait: Option<HumanDuration>,
    },
    /// A redirect is not followed: it would carry the client's secret to its target.
    #[error(
        "the device authorization endpoint answered with a redirect to {target} (status {status}), which is not followed"
    )]
    Redirected { status: u16, target: String },
    #[error("the device authorization endpoint's reply, status {status}, was not understood: {reply}")]
    Unreadable { status: u16, reply: String },
    #[error("the device authorization endpoint's reply, status {status}, contains no usable code: {reply}")]
    Unusable {
        status: u16,
        reply: String,
        #[source]
        source: NotADeviceResponse,
    },
}

impl DeviceReplyError {
    /// Returns the next step for this reply of `provider`.
    pub fn next_step(&self, provider: &str) -> NextStep {
        let show = format!("`oauthctl providers show {provider}`");
        match self {
            // A flow knows what was sent, and says more.
            Self::Refused { .. } => ExitCode::Refused.hint(format!("compare {show} with the provider's guide")),
            Self::Busy { wait, .. } => ExitCode::Network.hint(match wait {
                Some(wait) => format!("log in again in {wait}"),
                None => "log in again later; the fault is on the provider's side".to_owned(),
            }),
            Self::Redirected { .. } => ExitCode::Refused
                .hint(format!("the address has probably moved; compare `device.url` in {show} with the provider's guide")),
            Self::Unreadable { .. } => ExitCode::Network.hint(format!(
                "a proxy or a login page may have answered instead of the provider; if not, compare `device.url` in {show} \
                 with the provider's guide"
            )),
            Self::Unusable { .. } => ExitCode::Network.hint(format!(
                "set the member's path in `device.response` of the definition, which {show} prints"
            )),
        }
    }
}

/// The outcome of one poll (RFC 8628 §3.5).
#[derive(Debug)]
pub enum Poll {
    Token(Box<TokenReply>),
    /// The person has not answered yet.
    Pending,
    /// The same, and the polls come too often. The server may name the wait it wants.
    SlowDown {
        wait: Option<std::time::Duration>,
    },
    Denied(ErrorResponse),
    Expired,
}

/// The client's side.
impl Dialect<'_> {
    /// Builds the request for the codes (RFC 8628 §3.1). The client authenticates as at the token endpoint.
    pub fn encode_device_request(&self, request: &DeviceAuthorizationRequest) -> Result<HttpRequest, DefinitionError> {
        let definition = &self.provider.definition;
        let (id, secret) = (&request.client_id, request.client_secret.as_ref());
        let mut params = Params::new();
        let auth = self.begin_with_credentials(&mut params, id, secret);
        for (name, value) in request.to_params(definition.separator()).iter() {
            params.push(name, value);
        }
        self.add_extra(&mut params, &definition.device.params, "device.params", &[("client_id", id.as_str())])?;
        self.add_resource(&mut params);
        rename(&mut params, &definition.device.names);
        for (name, value) in &self.provider.asked_for.authorization {
            params.remove(name);
            params.push(name, value);
        }
        let url = self.provider.device_endpoint()?.url().clone();
        Ok(self.credentialed_message(url, &params, auth, id, secret)?.for_leg(Leg::DeviceCode))
    }

    /// Builds a poll (RFC 8628 §3.4).
    pub fn encode_device_poll(
        &self,
        request: &TokenRequest,
        user_code: &str,
        scope: &str,
    ) -> Result<HttpRequest, DefinitionError> {
        let (rules, device) = (&self.provider.definition.token, &self.provider.definition.device);
        let (id, secret) = (&request.client_id, request.client_secret.as_ref());
        let mut params = Params::new();
        let auth = self.begin_with_credentials(&mut params, id, secret);
        let grant = value_of(&device.grant).map(String::as_str);
        for (name, value) in request.to_params(self.provider.definition.separator()).iter() {
            params.push(name, if name == "grant_type" { grant.unwrap_or(value) } else { value });
        }
        let context = [("client_id", id.as_str()), ("user_code", user_code), ("scope", scope)];
        if device.token_params.is_some() {
            self.add_extra(&mut params, &device.token_params, "device.token_params", &context)?;
        } else {
            self.add_token_params(&mut params, false, &context[..1])?;
        }
        self.add_resource(&mut params);
        omit_and_rename(&mut params, &rules.omit, &rules.names);
        self.add_token_asked_for(&mut params);
        let url = self.provider.device_token_endpoint()?.url().clone();
        Ok(self.credentialed_message(url, &params, auth, id, secret)?.for_leg(Leg::Token))
    }

    /// Reads the reply with the codes. `secrets` are those of the request.
    pub fn decode_device_reply(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
    ) -> Result<DeviceAuthorizationResponse, DeviceReplyError> {
        let reply = || shown(status, body, secrets);
        match status {
            429 | 500.. => {
                let wait = named_wait(status, headers, now);
                return Err(DeviceReplyError::Busy { status, reply: reply(), wait });
            }
            300..=399 => {
                return Err(DeviceReplyError::Redirected { status, target: redirect_target(headers, secrets) });
            }
            _ => {}
        }
        let Ok(value) = read_reply(headers, body) else {
            return Err(DeviceReplyError::Unreadable { status, reply: reply() });
        };
        if let Some(error) = ErrorResponse::from_json(&value) {
            let (error, rest) = refusal(error, Some(&value), secrets);
            return Err(DeviceReplyError::Refused { status, rest, error });
        }
        if !(200..=299).contains(&status) {
            return Err(DeviceReplyError::Unreadable { status, reply: reply() });
        }
        let mut standard = value.as_object().cloned().unwrap_or_default();
        for (name, path) in value_of(&self.provider.definition.device.response).into_iter().flatten() {
            if let Ok(Some(inner)) = member::at(&value, path) {
                standard.insert(name.clone(), inner.clone());
            }
        }
        DeviceAuthorizationResponse::read(&Value::Object(standard)).map_err(|source| DeviceReplyError::Unusable {
            status,
            reply: reply(),
            source,
        })
    }

    /// Reads the reply to a poll. `secrets` are those of the request.
    pub fn decode_device_poll(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
    ) -> Result<Poll, TokenReplyError> {
        // A redirect and a server's fault say nothing about the login.
        if !matches!(status, 300..=399 | 500..) {
            let value = read_reply(headers, body).ok();
            match self.poll_error(status, value.as_ref()).as_deref() {
                Some("authorization_pending") => return Ok(Poll::Pending),
                Some("slow_down") => {
                    // Some servers name the new interval, and some a wait.
                    let interval = value.as_ref().and_then(|value| Members(value).seconds("interval").ok().flatten());
                    let wait = interval.map(whole_seconds).max(asked_wait(status, headers, now));
                    return Ok(Poll::SlowDown { wait });
                }
                Some("access_denied") => {
                    let worded = value.as_ref().and_then(ErrorResponse::from_json);
                    let error = worded.unwrap_or_else(|| ErrorResponse::new("access_denied"));
                    return Ok(Poll::Denied(error.without(secrets)));
                }
                Some("expired_token") => return Ok(Poll::Expired),
                Some(code) if self.provider.definition.device.error.is_some() => {
                    let (error, rest) = refusal(ErrorResponse::new(code), value.as_ref(), secrets);
                    return Err(TokenReplyError::Refused { status, rest, is_own: false, error });
                }
                _ => {}
            }
        }
        self.decode_token_reply(status, headers, body, secrets, now).map(|reply| Poll::Token(Box::new(reply)))
    }

    /// Returns the RFC's code for a poll's error, or the provider's if it is not one of those.
    fn poll_error(&self, status: u16, reply: Option<&Value>) -> Option<String> {
        let rules = &self.provider.definition.device;
        let text = |value: &Value, path: &String| match json::at(value, path)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let code = reply.and_then(|value| match value_of(&rules.error) {
            Some(paths) => paths.iter().find_map(|path| text(value, path)),
            None => ErrorResponse::from_json(value).map(|error| error.code),
        });
        let named = |theirs: &str| {
            let mut errors = value_of(&rules.errors).into_iter().flatten();
            errors.find(|(_, word)| *word == theirs).map(|(ours, _)| ours.clone())
        };
        match code {
            Some(code) => Some(named(&code).unwrap_or(code)),
            None if (200..=299).contains(&status) => None,
            None => named(&status.to_string()),
        }
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Reads the parameters of a request for the codes with the RFC's names, including the credentials of a Basic header.
    pub fn read_device_request(
        &self,
        query: &str,
        content_type: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Option<Params> {
        let is_in_query = body.is_empty() && HttpRequest::media_type(Some(content_type)) != JSON;
        let mut params = if is_in_query { Params::from_urlencoded(query) } else { read_body(content_type, body)? };
        rename_back(&mut params, &self.provider.definition.device.names);
        self.add_basic(&mut params, authorization)?;
        Some(params)
    }

    /// Renames the grant of a poll to the RFC's name.
    pub(super) fn read_device_grant(&self, params: &mut Params) {
        read_grant(params, &self.provider.definition.device.grant, DEVICE_CODE);
    }

    /// Writes the reply with the codes in the provider's format.
    pub fn encode_device_reply(&self, response: &DeviceAuthorizationResponse) -> Value {
        let paths = value_of(&self.provider.definition.device.response).cloned().unwrap_or_default();
        let mut theirs = Map::new();
        for (name, value) in response.to_json() {
            json::put(&mut theirs, paths.get(&name).unwrap_or(&name), value);
        }
        Value::Object(theirs)
    }

    /// Writes a poll's error in the provider's format: the status, and the body.
    pub fn encode_poll_error(&self, error: &ErrorResponse) -> (u16, Value) {
        let rules = &self.provider.definition.device;
        let own = value_of(&rules.errors).and_then(|errors| errors.get(&error.code));
        if let Some(status) = own.and_then(|own| own.parse().ok()).filter(|status| (400..=499).contains(status))
            && rules.error.is_none()
        {
            return (status, Value::Object(Map::new()));
        }
        let code = own.unwrap_or(&error.code);
        let mut body = Map::new();
        match value_of(&rules.error).and_then(|paths| paths.first()) {
            Some(path) => json::put(&mut body, path, code.clone().into()),
            None => {
                if let Value::Object(standard) = (ErrorResponse { code: code.clone(), ..error.clone() }).to_json() {
                    body = standard;
                }
            }
        }
        (400, Value::Object(body))
    }
}

#[cfg(test)]
mod tests;
