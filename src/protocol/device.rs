//! Device authorization (RFC 8628): the request for a code, its reply, and what a person does with it elsewhere.

use std::time::Duration;

use serde_json::{Map, Value};

use super::client::ClientId;
use super::member::{Members, WrongKind};
use super::params::Params;
use super::sanitize;
use super::scope::ScopeSet;
use super::secret::{ClientSecret, DeviceCode, is_vschar};

/// The pause between two polls if the server names none (RFC 8628 §3.2).
pub const INTERVAL: Duration = Duration::from_secs(5);

/// What a `slow_down` adds to the pause, for this poll and all that follow (RFC 8628 §3.5).
pub const SLOW_DOWN: Duration = Duration::from_secs(5);

/// The lifetime of a code whose reply does not say. The RFC requires it, and its example has half an hour.
const LIFETIME: Duration = Duration::from_secs(1800);

/// The longest time that is believed: the sums stay far from an overflow, and no person waits longer.
const LONGEST: f64 = 86_400.0;

/// The longest user code. Servers send about ten characters, because a person types them.
const MAX_USER_CODE: usize = 100;

/// The longest address for a person.
const MAX_ADDRESS: usize = 2000;

/// The request for a code (RFC 8628 §3.1). The dialect decides where the client's credentials go.
#[derive(Clone, Debug)]
pub struct DeviceAuthorizationRequest {
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub scope: ScopeSet,
}

impl DeviceAuthorizationRequest {
    /// Returns the body's parameters except for the client's credentials. `separator` joins scopes.
    pub fn to_params(&self, separator: &str) -> Params {
        match self.scope.is_empty() {
            true => Params::new(),
            false => Params::new().with("scope", self.scope.join(separator)),
        }
    }
}

/// The reply to it (RFC 8628 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorizationResponse {
    pub device_code: DeviceCode,
    /// The code that a person types, exactly as sent. It has visible characters only.
    pub user_code: String,
    /// The address where the person types it. It has visible characters only, and is not known to be a URL.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    pub expires_in: Duration,
    pub interval: Duration,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADeviceResponse {
    #[error("the reply has no `{0}`")]
    Missing(&'static str),
    #[error(transparent)]
    Malformed(#[from] WrongKind),
    #[error("the `{0}` in the reply is too long, or contains characters that a person cannot see")]
    BadCharacters(&'static str),
}

impl DeviceAuthorizationResponse {
    /// Reads an object with the RFC's names.
    ///
    /// A time that is missing or makes no sense is the RFC's own. A pause of less than a second is one second: nobody
    /// types a code faster.
    pub fn read(reply: &Value) -> Result<Self, NotADeviceResponse> {
        let members = Members(reply);
        let required = |name: &'static str| match members.text(name)?.filter(|text| !text.is_empty()) {
            Some(text) => Ok(text.to_owned()),
            None => Err(NotADeviceResponse::Missing(name)),
        };
        let device_code = required("device_code")?;
        if !is_vschar(&device_code) {
            return Err(NotADeviceResponse::BadCharacters("device_code"));
        }
        let complete = members.text("verification_uri_complete")?.filter(|text| !text.is_empty());
        let seconds = |name| -> Result<Option<Duration>, WrongKind> { Ok(members.seconds(name)?.map(whole_seconds)) };
        Ok(Self {
            device_code: DeviceCode::new(device_code),
            user_code: visible("user_code", required("user_code")?, MAX_USER_CODE)?,
            verification_uri: visible("verification_uri", required("verification_uri")?, MAX_ADDRESS)?,
            verification_uri_complete: match complete {
                Some(text) => Some(visible("verification_uri_complete", text.to_owned(), MAX_ADDRESS)?),
                None => None,
            },
            expires_in: seconds("expires_in")?.unwrap_or(LIFETIME),
            interval: seconds("interval")?.unwrap_or(INTERVAL).max(Duration::from_secs(1)),
        })
    }

    /// Writes the reply as the RFC sends it.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("device_code".into(), self.device_code.expose().into());
        object.insert("user_code".into(), self.user_code.clone().into());
        object.insert("verification_uri".into(), self.verification_uri.clone().into());
        if let Some(complete) = &self.verification_uri_complete {
            object.insert("verification_uri_complete".into(), complete.clone().into());
        }
        object.insert("expires_in".into(), self.expires_in.as_secs().into());
        object.insert("interval".into(), self.interval.as_secs().into());
        object
    }
}

/// Rounds up to whole seconds: a poll is never sooner than asked.
pub fn whole_seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST).ceil())
}

/// Returns a text that a person sees as it is. One that would have to be cleaned is refused: the person would type
/// another code than was sent.
fn visible(name: &'static str, text: String, limit: usize) -> Result<String, NotADeviceResponse> {
    let is_visible = sanitize::text(&text) == text && !text.contains(['\n', '\t']) && !text.trim().is_empty();
    match is_visible && text.chars().count() <= limit {
        true => Ok(text),
        false => Err(NotADeviceResponse::BadCharacters(name)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(changed: Value) -> Value {
        let mut reply = json!({
            "device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": "https://as.example/device",
            "expires_in": 900,
        });
        for (name, value) in changed.as_object().unwrap() {
            reply[name] = value.clone();
        }
        reply
    }

    fn read(changed: Value) -> Result<DeviceAuthorizationResponse, NotADeviceResponse> {
        DeviceAuthorizationResponse::read(&reply(changed))
    }

    #[test]
    fn a_missing_interval_is_five_seconds() {
        let seconds = |changed| read(changed).unwrap().interval.as_secs();
        for absent in [json!({}), json!({"interval": null}), json!({"interval": "soon"}), json!({"interval": -1})] {
            assert_eq!(seconds(absent.clone()), 5, "{absent}");
        }
        for (sent, taken) in [(json!(7), 7), (json!("7"), 7), (json!(1.2), 2), (json!(0), 1), (json!(1e9), 86_400)] {
            assert_eq!(seconds(json!({"interval": sent.clone()})), taken, "{sent}");
        }
    }

    #[test]
    fn a_user_code_is_taken_as_it_was_sent_or_refused() {
        for code in ["WDJB-MJHT", "wdjb mjht", "1234 5678", " 7", "ЖЗИК"] {
            assert_eq!(read(json!({"user_code": code})).unwrap().user_code, code);
        }
        for bad in ["a\nb", "a\tb", "\u{1b}[2J", "a\u{202e}b", " ", &"x".repeat(101)] {
            assert_eq!(
                read(json!({"user_code": bad})).unwrap_err(),
                NotADeviceResponse::BadCharacters("user_code"),
                "{bad:?}"
            );
        }
        for name in ["verification_uri", "verification_uri_complete"] {
            assert!(read(json!({name: "https://as.example/\u{1b}]0;x\u{7}"})).is_err(), "{name}");
        }
    }

    #[test]
    fn a_reply_without_a_code_is_not_one() {
        for name in ["device_code", "user_code", "verification_uri"] {
            for absent in [json!(null), json!("")] {
                assert_eq!(read(json!({name: absent})).unwrap_err(), NotADeviceResponse::Missing(name));
            }
            assert!(matches!(read(json!({name: 7})).unwrap_err(), NotADeviceResponse::Malformed(_)), "{name}");
        }
        assert_eq!(read(json!({"device_code": "a\nb"})).unwrap_err(), NotADeviceResponse::BadCharacters("device_code"));
    }

    #[test]
    fn a_reply_is_read_as_it_was_written() {
        let complete = json!({"verification_uri_complete": "https://as.example/device?c=WDJB-MJHT", "interval": 3});
        let response = read(complete).unwrap();
        assert_eq!(DeviceAuthorizationResponse::read(&Value::Object(response.to_json())).unwrap(), response);
        assert!(!format!("{response:?}").contains("\"d\""));
    }
}
