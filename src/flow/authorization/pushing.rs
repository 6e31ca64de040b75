//! A login whose request is pushed (RFC 9126): once before the browser opens, and again where its reference has expired or
//! was used.

use std::time::{Duration, Instant};

use super::Login;
use super::waiting::{WaitState, Waiting};
use crate::flow::FlowError;
use crate::flow::pushed::{Push, push};
use crate::system::http::HttpClient;

/// How long after a failure a request is pushed again.
const PAUSE: Duration = Duration::from_secs(10);

impl<'a> Login<'a> {
    /// Pushes the request, so that the browser carries only a reference to it.
    pub fn push(&mut self, http: &'a dyn HttpClient) -> Result<(), FlowError> {
        let pushed = push(http, self.request.provider, &self.asked, self.request.client_secret.as_ref())?;
        if let Some(launch) = &mut self.launch {
            launch.lead_to(pushed.url.clone());
        }
        self.pushed = Some(Push { http, pushed });
        Ok(())
    }

    /// Returns how long the address for the browser is good for, if it is the reference to a pushed request.
    pub fn opens_within(&self) -> Option<Duration> {
        self.pushed.as_ref().map(|push| push.pushed.until.saturating_duration_since(Instant::now()))
    }

    /// Pushes the request again if its reference is used up or has ended. A failure is reported once: the reference may have
    /// been used, and the answer may still come.
    pub(super) fn push_again(&mut self, is_used: bool, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) -> bool {
        let is_over = |push: &&mut Push<'_>| is_used || push.pushed.until <= Instant::now();
        let Some(push) = self.pushed.as_mut().filter(is_over) else { return false };
        let http = push.http;
        push.pushed.until = Instant::now() + PAUSE;
        let pushed = self.push(http);
        if let Err(error) = &pushed {
            wait.tell_once(Waiting::NotPushed(error));
        }
        pushed.is_ok()
    }

    /// Gets a reference for a browser that is about to be led to the provider. One that a browser had before was used up: a
    /// server takes it once (RFC 9126 §4).
    pub(super) fn push_for_browser(&mut self, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) {
        self.push_again(wait.is_led, wait);
        wait.is_led = true;
    }
}
