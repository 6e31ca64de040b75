//! The emulator's memory of devices: the codes that were issued, and what a person said to each.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bounded_map::BoundedMap;
use super::fault::Fault;
use super::ledger::{BadGrant, Family};
use crate::protocol::device::SLOW_DOWN;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::DeviceCode;
use crate::protocol::time::Timestamp;

/// The path of the page where a person types the code. No provider's own begins like this.
pub const PAGE: &str = "/emulated/device";

/// How long a code can be typed and exchanged.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// The pause between two polls. A person at an emulator does not want to wait; a poll that is sooner is told to slow down.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// One pair of codes.
#[derive(Clone, Debug)]
pub struct IssuedDevice {
    pub user_code: String,
    pub scope: ScopeSet,
    pub family: Family,
    pub issued_at: Timestamp,
    pub answer: Answer,
    /// The pause that the server has asked for.
    pub interval: Duration,
    pub polled_at: Option<Timestamp>,
    /// True once the `slow-down` fault has answered.
    pub was_slowed: bool,
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    /// With these scopes.
    Approved(ScopeSet),
    Denied,
    /// The token was issued.
    Redeemed,
}

#[derive(Default)]
pub struct Devices(Mutex<BoundedMap<IssuedDevice>>);

impl Devices {
    pub fn put(&self, code: &DeviceCode, device: IssuedDevice) {
        let (mut devices, now) = (self.devices(), device.issued_at);
        devices.retain(|device| device.issued_at.until(now) < 2 * LIFETIME);
        let scope = device.scope.clone();
        devices.put(code.expose().to_owned(), device, &scope, 0);
    }

    /// Exchanges a device code, once, if the person has approved. The error is that of RFC 8628 §3.5. `bound` verifies
    /// what the code is bound to; a request that fails there leaves it valid.
    pub fn redeem(
        &self,
        code: &DeviceCode,
        now: Timestamp,
        has: impl Fn(Fault) -> bool,
        bound: impl FnOnce(Family) -> Result<(), BadGrant>,
    ) -> Result<(ScopeSet, Family), ErrorResponse> {
        let mut devices = self.devices();
        let device = devices.get_mut(code.expose()).ok_or_else(unknown)?;
        // Two polls that are a second apart are so on this clock too, as it has whole seconds.
        let is_early = device.polled_at.is_some_and(|before| before.until(now) < device.interval);
        device.polled_at = Some(now);
        if has(Fault::DeviceDenied) {
            device.answer = Answer::Denied;
        }
        if device.issued_at.until(now) >= LIFETIME || has(Fault::ExpiredDeviceCode) {
            return Err(error("expired_token", "the device code has expired"));
        }
        if is_early || (has(Fault::SlowDown) && !device.was_slowed) {
            device.was_slowed = true;
            device.interval += SLOW_DOWN;
            return Err(error("slow_down", "the device polls too often"));
        }
        match &device.answer {
            Answer::Nothing => Err(error("authorization_pending", "the person has not answered yet")),
            Answer::Denied => Err(error("access_denied", "the person has denied the request")),
            Answer::Redeemed => Err(unknown()),
            Answer::Approved(scope) => {
                bound(device.family).map_err(BadGrant::error)?;
                let granted = (scope.clone(), device.family);
                device.answer = Answer::Redeemed;
                Ok(granted)
            }
        }
    }

    /// Returns the scopes that a device asks for whose code a person typed, and that has no answer yet.
    pub fn asking(&self, typed: &str, now: Timestamp) -> Option<(ScopeSet, Family)> {
        self.devices()
            .find(|device| is_open(device, typed, now))
            .map(|(_, device)| (device.scope.clone(), device.family))
    }

    /// Takes a person's answer, once. Returns `false` if there is no such question.
    pub fn answer(&self, typed: &str, answer: Answer, now: Timestamp) -> bool {
        let mut devices = self.devices();
        let code = devices.find(|device| is_open(device, typed, now)).map(|(code, _)| code.to_owned());
        match code.and_then(|code| devices.get_mut(&code)) {
            Some(device) => device.answer = answer,
            None => return false,
        }
        true
    }

    fn devices(&self) -> MutexGuard<'_, BoundedMap<IssuedDevice>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown() -> ErrorResponse {
    error("invalid_grant", "the device code is unknown, or was used")
}

fn error(code: &str, description: &str) -> ErrorResponse {
    ErrorResponse { description: Some(description.to_owned()), ..ErrorResponse::new(code) }
}

fn is_open(device: &IssuedDevice, typed: &str, now: Timestamp) -> bool {
    let is_valid = device.issued_at.until(now) < LIFETIME && device.answer == Answer::Nothing;
    is_valid && plain(&device.user_code) == plain(typed)
}

/// RFC 8628 §6.1: case, spaces and punctuation are a person's own.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(answer: Answer) -> (Devices, DeviceCode) {
        let (devices, code) = (Devices::default(), DeviceCode::new("d"));
        let device = IssuedDevice {
            user_code: "BCDF-GHJK".to_owned(),
            scope: ScopeSet::parse("read"),
            family: super::super::ledger::CLIENT_ALONE,
            issued_at: Timestamp(100),
            answer,
            interval: INTERVAL,
            polled_at: None,
            was_slowed: false,
        };
        devices.put(&code, device);
        (devices, code)
    }

    fn poll(devices: &Devices, code: &DeviceCode, at: i64) -> String {
        let polled = devices.redeem(code, Timestamp(at), |_| false, |_| Ok(()));
        polled.map_or_else(|error| error.code, |(scope, _)| scope.to_string())
    }

    #[test]
    fn a_code_is_exchanged_once_after_the_approval() {
        let (devices, code) = devices(Answer::Nothing);
        assert_eq!(poll(&devices, &code, 101), "authorization_pending");
        assert!(devices.answer(" bcdfghjk", Answer::Approved(ScopeSet::parse("read")), Timestamp(102)));
        assert!(!devices.answer("BCDF-GHJK", Answer::Denied, Timestamp(102)), "it was answered");
        assert_eq!((poll(&devices, &code, 103), poll(&devices, &code, 104)), ("read".into(), "invalid_grant".into()));
        assert_eq!(poll(&devices, &DeviceCode::new("other"), 104), "invalid_grant");
    }

    #[test]
    fn a_poll_that_is_too_soon_is_slowed_down() {
        let (devices, code) = devices(Answer::Nothing);
        let polls = [101, 101, 106, 117, 130].map(|at| poll(&devices, &code, at));
        assert_eq!(
            polls,
            ["authorization_pending", "slow_down", "slow_down", "authorization_pending", "authorization_pending"]
        );
    }

    #[test]
    fn a_code_ends_after_ten_minutes() {
        let (devices, code) = devices(Answer::Nothing);
        assert!(devices.asking("BCDF-GHJK", Timestamp(699)).is_some());
        assert!(devices.asking("BCDF-GHJK", Timestamp(700)).is_none());
        assert_eq!(poll(&devices, &code, 700), "expired_token");
    }
}
