//! The answer of one login among many: lines that begin with its name and a tab, or an object of `logins` with `--json`.

use serde_json::json;
use zeroize::Zeroizing;

use crate::commands::Context;
use crate::protocol::advice::{Advice, ExitCode, with_causes};
use crate::protocol::json;
use crate::protocol::sanitize;
use crate::system::terminal::TerminalError;

pub struct Row {
    pub profile: String,
    pub provider: String,
    /// What the command wrote to stdout.
    pub answer: Zeroizing<Vec<u8>>,
    pub failure: Option<Failure>,
}

pub struct Failure {
    pub code: ExitCode,
    pub error: String,
    pub hint: Option<String>,
}

impl Failure {
    pub fn of(error: &dyn Advice) -> Self {
        let next = error.next_step();
        Self { code: next.code, error: sanitize::message(&with_causes(error)), hint: next.hint }
    }
}

impl Row {
    pub fn print(&self, is_first: bool, context: &Context) -> Result<(), TerminalError> {
        if context.session.choices.json {
            let before = if is_first { "\n" } else { ",\n" };
            return context.terminal().json(&Zeroizing::new(format!("{before}{}", *self.object())));
        }
        let mut lines = Zeroizing::new(Vec::new());
        for line in self.answer.split_inclusive(|byte| *byte == b'\n') {
            // A blank line stands between parts, and says nothing of a login.
            if !line.trim_ascii().is_empty() {
                lines.extend_from_slice(self.profile.as_bytes());
                lines.push(b'\t');
                lines.extend_from_slice(line);
            }
        }
        if lines.last().is_some_and(|byte| *byte != b'\n') {
            lines.push(b'\n');
        }
        if lines.is_empty() { Ok(()) } else { context.terminal().data(&lines) }
    }

    /// Returns the object. An answer that is JSON stands in it as it is, with all of its digits.
    fn object(&self) -> Zeroizing<String> {
        let code = self.failure.as_ref().map_or(ExitCode::Success, |failure| failure.code) as u8;
        let mut members = Zeroizing::new(format!(
            "{{\"profile\": {}, \"provider\": {}, \"exit_code\": {code}",
            json!(self.profile),
            json!(self.provider)
        ));
        let answer = json::without_mark(&self.answer);
        if !answer.trim_ascii().is_empty() {
            let text = String::from_utf8_lossy(answer);
            let value = if json::is_json(answer) { text.trim().to_owned() } else { json!(text).to_string() };
            members.push_str(", \"answer\": ");
            members.push_str(&Zeroizing::new(value));
        }
        if let Some(failure) = &self.failure {
            members.push_str(&format!(", \"error\": {}", json!(failure.error)));
            if let Some(hint) = &failure.hint {
                members.push_str(&format!(", \"hint\": {}", json!(hint)));
            }
        }
        members.push('}');
        members
    }
}
