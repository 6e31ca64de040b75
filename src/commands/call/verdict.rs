//! What a script can act on: an answer of the API as success, as a missing scope, or as another refusal with what to do
//! about it.

use http::Method;

use super::CallError;
use crate::commands::login_command_for;
use crate::commands::renewal::Renewal;
use crate::flow::judge::{ApiAnswer, Ruling};
use crate::flow::retry::Sender;
use crate::protocol::mask;
use crate::protocol::sanitize;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::provider::Dialect;
use crate::session::ActiveLogin;
use crate::system::shell::quoted;

/// The request that was answered.
pub struct Asked<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    /// Its body was streamed, and is gone.
    pub one_way: bool,
}

/// The login and its token, as they were when the answer came.
pub struct Verdict<'a> {
    pub login: &'a ActiveLogin,
    pub renewal: &'a Renewal<'a>,
    pub token: AccessToken,
    pub now: Timestamp,
}

impl Verdict<'_> {
    /// Turns a refusal into the error for it.
    pub fn of(&self, answer: &ApiAnswer<'_>, asked: &Asked<'_>, sender: &Sender) -> Result<(), CallError> {
        let dialect = Dialect::new(&self.login.provider);
        if let Sender::Download { origin } = sender {
            return self.of_download(answer, origin);
        }
        let known = self.login.provider.scope_for(asked.method.as_str(), asked.path);
        let ruling = answer.judge(dialect, known.is_some(), self.now);
        let status = answer.status;
        if status < 400 && !matches!(ruling, Ruling::Denied { .. } | Ruling::Rejected) {
            return Ok(());
        }
        let detail = answer.said(dialect, &self.token);
        let refused =
            |advice: Option<String>| Err(CallError::ApiStatus { status, asked: None, detail: detail.clone(), advice });
        match ruling {
            Ruling::Denied { scope } => Err(self.denied(status, detail, scope, known)),
            Ruling::Rejected => match self.renewal.failure(status, detail.as_deref()) {
                Some(failure) => Err(failure.into()),
                None => refused(Some(self.way_out(asked, sender))),
            },
            Ruling::ProofWanted => {
                refused(Some("the API wants DPoP proofs (RFC 9449), which oauthctl does not make".to_owned()))
            }
            Ruling::StrongerLoginWanted => refused(Some(format!(
                "the API wants a stronger or a newer login (RFC 9470); `{}{}` logs in again",
                login_command_for(self.login, ""),
                auth_params(&answer.wanted_login())
            ))),
            Ruling::Busy { wait: Some(wait) } => refused(Some(busy(HumanDuration(wait), asked))),
            Ruling::Other if status == 403 && !answer.is_page() => refused(Some(format!(
                "if it is a scope that is missing, `{}` asks for more",
                login_command_for(self.login, "SCOPES")
            ))),
            Ruling::Busy { wait: None } | Ruling::Other => refused(None),
        }
    }

    /// A server that has not seen the token says nothing of it.
    fn of_download(&self, answer: &ApiAnswer<'_>, origin: &str) -> Result<(), CallError> {
        let status = answer.status;
        if status < 400 {
            return Ok(());
        }
        let detail = answer.said(Dialect::new(&self.login.provider), &self.token);
        Err(CallError::DownloadStatus { origin: sanitize::line(origin), status, detail })
    }

    fn denied(&self, status: u16, detail: Option<String>, said: Option<String>, known: Option<&str>) -> CallError {
        // What is masked is nothing to ask for.
        let said = said.filter(|scope| !mask::tells(scope, &self.login.provider.hidden(&self.token)));
        let scope = said.as_deref().or(known);
        let remedy = login_command_for(self.login, scope.unwrap_or("SCOPES"));
        let profile = self.login.profile.to_string();
        let lacks = said.as_deref().map(sanitize::line);
        CallError::ScopeMissing { profile, status, detail, lacks, is_known: scope.is_some(), remedy }
    }

    /// Returns what can be done about a rejected token.
    fn way_out(&self, asked: &Asked<'_>, sender: &Sender) -> String {
        if *sender != Sender::Api {
            let provider = self.login.provider.id();
            return format!(
                "this is not the API of `{provider}`, so nothing was refreshed for it; `oauthctl refresh` gets another token"
            );
        }
        match self.renewal.record() {
            Some(_) if asked.one_way => {
                "the token was refreshed, and the body was too large to keep, so it was not sent \
                                         again; run the command again"
                    .to_owned()
            }
            _ => self.renewal.way_out(&login_command_for(self.login, "")),
        }
    }
}

/// Returns the flags that send parameters with the authorization request.
fn auth_params(params: &[(&str, String)]) -> String {
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/".contains(&b));
    let word = |text: &String| if is_plain(text) { text.clone() } else { quoted(text) };
    params.iter().map(|(name, value)| format!(" --auth-param {name}={}", word(value))).collect()
}

fn busy(wait: HumanDuration, asked: &Asked<'_>) -> String {
    match asked.method.is_safe() {
        true => format!("the API asks to wait {wait}; `--max-wait` says how long may be waited"),
        false => format!(
            "the API asks to wait {wait}; a {} is not sent again by itself",
            sanitize::line(asked.method.as_str())
        ),
    }
}
