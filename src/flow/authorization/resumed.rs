//! A login that another process began: its secrets are the same, and so is the judgement of what comes back.
//!
//! Nobody is there to confirm an answer in doubt, so it is refused, as a wait without a terminal refuses it.

use super::{Answered, Draft, Login, LoginRequest, MissingState, Secrets, bind};
use crate::flow::FlowError;
use crate::flow::pasted::judge_pasted;
use crate::flow::redirect::{Doubt, RedirectVerdict, Stray, Unusable};

/// The reason why a text is not the answer to a login.
#[derive(Debug)]
pub enum NotTaken {
    /// It has the state, and cannot be used.
    Unusable(Box<Unusable>),
    Doubtful(Doubt),
    Stray(Stray),
    /// It is the redirect URI without an answer.
    Nothing,
}

impl<'a> Login<'a> {
    /// Goes on with the secrets of an earlier process. Binds the port, if the answer is to arrive at one.
    pub fn resume(request: LoginRequest<'a>, secrets: Secrets) -> Result<Self, FlowError> {
        let bound = bind(&request)?;
        let LoginRequest { provider, response_type, client_id, scope, .. } = &request;
        let draft = Draft::with(provider, *response_type, client_id, scope, secrets)?;
        Self::of(request, draft, bound)
    }

    /// Returns the secrets, for a process that goes on with this login.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Judges a text as the wait judges a pasted line.
    pub fn take(self, text: &str, missing_state: MissingState) -> Result<Answered<'a>, NotTaken> {
        let verdict = judge_pasted(text, &self.expected(missing_state));
        match verdict {
            RedirectVerdict::Proven(answer) => Ok(Answered::new(self, answer, None)),
            RedirectVerdict::Doubtful(_, doubt @ Doubt::PlainWord) => Err(NotTaken::Doubtful(doubt)),
            RedirectVerdict::Doubtful(answer, _) if missing_state == MissingState::Accept => {
                Ok(Answered::new(self, answer, None))
            }
            RedirectVerdict::Doubtful(_, doubt) => Err(NotTaken::Doubtful(doubt)),
            RedirectVerdict::Unusable(unusable) => Err(NotTaken::Unusable(unusable)),
            RedirectVerdict::Stray(stray) => Err(NotTaken::Stray(stray)),
            RedirectVerdict::Fragment(_) => Err(NotTaken::Nothing),
        }
    }
}
