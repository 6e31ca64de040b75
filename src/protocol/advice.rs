//! The advice that comes with an error: an exit code for scripts and a hint for people. Both stand beside the error, on
//! the floor where it arises. A floor above delegates to them with a `match` that names every variant. The compiler,
//! not a list of types, ensures that a new error has its code.
//!
//! Code and hint come from one method, not two. A variant is one line of one `match`, and its code and hint cannot
//! drift apart. A hint is text; no floor depends on the one that prints it.

use std::error::Error;

/// The outcome of a command, as a script sees it. `oauthctl --help` and the README list the same codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    Success = 0,
    /// A bug, or unforeseen input or output.
    Unexpected = 1,
    /// The command line was not understood.
    Usage = 2,
    /// Unknown provider, bad definition, no client registered.
    Definition = 3,
    /// Nothing stored, or the refresh was refused.
    LoginNeeded = 4,
    /// The user or the server said no, or our origin rule refused an address (URL, redirect, `Link`).
    Refused = 5,
    /// No redirect in time.
    NoAnswer = 6,
    /// The keychain is missing, locked, hanging, too small.
    Store = 7,
    /// DNS, TLS, connect, timeout, 5xx, unreadable reply.
    Network = 8,
    /// `call` got 4xx or 5xx; the body is on stdout.
    ApiStatus = 9,
    /// The token is valid, its scope is not enough.
    ScopeMissing = 10,
    /// Another process holds the login, and no valid token is left.
    Busy = 11,
}

impl ExitCode {
    pub fn hint(self, hint: impl Into<String>) -> NextStep {
        NextStep { code: self, hint: Some(hint.into()) }
    }

    /// For an error whose message already says all that can be done.
    pub fn no_hint(self) -> NextStep {
        NextStep { code: self, hint: None }
    }
}

/// An exit code and, where something can be done, a hint to paste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    pub code: ExitCode,
    pub hint: Option<String>,
}

/// An error that says what to do next. With [`ExitCode::Success`] it is not printed.
pub trait Advice: Error {
    fn next_step(&self) -> NextStep;
}

/// Lets `?` end a command with its own error.
impl<'e, E: Advice + 'e> From<E> for Box<dyn Advice + 'e> {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

/// Returns the causes of an error, the nearest first.
pub fn causes(error: &dyn Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// Returns an error and its causes in one line, for use inside a sentence.
pub fn with_causes(error: &dyn Error) -> String {
    causes(error).fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Returns the command that repeats a login. A login's default name is its provider's.
pub fn login_command(provider: &str, profile: &str) -> String {
    match profile == provider {
        true => format!("oauthctl login {provider}"),
        false => format!("oauthctl login {provider} --profile {profile}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    impl Advice for Layer {
        fn next_step(&self) -> NextStep {
            match &self.1 {
                Some(cause) => cause.next_step(),
                None => ExitCode::Busy.hint("wait"),
            }
        }
    }

    fn layers() -> Layer {
        Layer("no token", Some(Box::new(Layer("no lock", Some(Box::new(Layer("it is held", None)))))))
    }

    #[test]
    fn an_error_in_a_sentence_includes_its_causes() {
        assert_eq!(with_causes(&layers()), "no token: no lock: it is held");
    }

    #[test]
    fn a_boxed_error_keeps_its_advice_and_causes() {
        let boxed: Box<dyn Advice> = layers().into();
        assert_eq!(boxed.next_step(), NextStep { code: ExitCode::Busy, hint: Some("wait".to_owned()) });
        assert_eq!(causes(boxed.as_ref()).count(), 2);
    }
}
