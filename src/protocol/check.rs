//! What `doctor` finds out: one check, its verdict, and the requests that were sent for it.

use super::advice::{Advice, ExitCode, NextStep, with_causes};
use super::message::HttpRequest;
use super::params::Params;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// Worth knowing. Nothing fails by it alone.
    Note,
    /// Something fails, with the exit code that a command would end with.
    Problem(ExitCode),
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Check {
    /// The name for programs, the same in every version.
    pub id: &'static str,
    /// What was looked at.
    pub subject: String,
    pub verdict: Verdict,
    pub text: String,
    /// What was seen, for a person to judge it.
    pub evidence: Vec<String>,
    /// The command or the action that mends it.
    pub next: Option<String>,
    /// What was sent for it.
    pub sent: Vec<Sent>,
}

impl Check {
    pub fn ok(id: &'static str, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(id, subject.into(), Verdict::Ok, text.into())
    }

    pub fn note(id: &'static str, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(id, subject.into(), Verdict::Note, text.into())
    }

    pub fn problem(id: &'static str, subject: impl Into<String>, code: ExitCode, text: impl Into<String>) -> Self {
        Self::new(id, subject.into(), Verdict::Problem(code), text.into())
    }

    /// Returns the problem that an error is, with the error's own advice.
    pub fn of_error(id: &'static str, subject: impl Into<String>, error: &dyn Advice) -> Self {
        let NextStep { code, hint } = error.next_step();
        let code = match code {
            ExitCode::Store | ExitCode::Network => code,
            // What is left is mended by the person who sets up this machine.
            _ => ExitCode::Definition,
        };
        let text = with_causes(&Plain(error));
        let check = Self::problem(id, subject, code, text.split_whitespace().collect::<Vec<_>>().join(" "));
        Self { next: hint, ..check }
    }

    fn new(id: &'static str, subject: String, verdict: Verdict, text: String) -> Self {
        Self { id, subject, verdict, text, evidence: Vec::new(), next: None, sent: Vec::new() }
    }

    pub fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    pub fn seen_all(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    pub fn mended_by(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    pub fn sending(self, sent: Vec<Sent>) -> Self {
        Self { sent, ..self }
    }
}

/// An error without its advice.
struct Plain<'e>(&'e dyn Advice);

impl std::fmt::Debug for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.0, f)
    }
}

impl std::fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.0, f)
    }
}

impl std::error::Error for Plain<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The exit code of the gravest problem: the store, then the configuration, then the network.
pub fn gravest<'c>(checks: impl IntoIterator<Item = &'c Check>) -> Option<ExitCode> {
    let order = |code: &ExitCode| match code {
        ExitCode::Store => 0,
        ExitCode::Network => 2,
        _ => 1,
    };
    let codes = checks.into_iter().filter_map(|check| match check.verdict {
        Verdict::Problem(code) => Some(code),
        Verdict::Ok | Verdict::Note => None,
    });
    codes.min_by_key(order)
}

/// A request or a connection that was made, without any of its secrets.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sent {
    /// `GET`, `HEAD`, `POST`; `CONNECT` for a connection on which nothing was sent.
    pub method: String,
    /// The address without its query.
    pub url: String,
    /// What was in the query or in the form: the names, and the values that are worth knowing.
    pub with: Vec<String>,
    /// What it was for.
    pub purpose: &'static str,
}

/// The parameters that are shown with their values. None of them is a secret.
const SHOWN: [&str; 6] = ["redirect_uri", "prompt", "response_type", "scope", "grant_type", "token_type_hint"];

impl Sent {
    pub fn of(request: &HttpRequest, purpose: &'static str) -> Self {
        let mut url = request.url.clone();
        let query = url.query().unwrap_or_default().to_owned();
        url.set_query(None);
        url.set_fragment(None);
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let mut with: Vec<String> = [query, form].iter().flat_map(|text| shown(text)).collect();
        if request.headers.contains_key(http::header::AUTHORIZATION) {
            with.push("the client's authentication in a header".to_owned());
        }
        Self { method: request.method.to_string(), url: url.to_string(), with, purpose }
    }
}

fn shown(text: &str) -> Vec<String> {
    // A body that is not a form is JSON, of which the kind is enough.
    if text.starts_with('{') {
        return vec!["JSON".to_owned()];
    }
    let params = Params::from_urlencoded(text);
    let one = |(name, value): (&str, &str)| match SHOWN.contains(&name) {
        true => format!("{name}={value}"),
        false => name.to_owned(),
    };
    params.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use http::Method;
    use url::Url;

    use super::*;

    #[test]
    fn a_store_counts_before_a_definition_and_that_before_a_network() {
        let of = |codes: &[ExitCode]| {
            let checks: Vec<Check> = codes.iter().map(|code| Check::problem("x", "x", *code, "x")).collect();
            gravest(checks.iter().chain([&Check::ok("x", "x", "x"), &Check::note("x", "x", "x")]))
        };
        use ExitCode::{Definition, Network, Store};
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Network]), Some(Network));
        assert_eq!(of(&[Network, Definition]), Some(Definition));
        assert_eq!(of(&[Network, Definition, Store, Network]), Some(Store));
    }

    #[test]
    fn what_was_sent_is_listed_without_its_secrets() {
        let url =
            Url::parse("https://as.example/auth?client_id=mine&state=canary&redirect_uri=http%3A%2F%2Fx").unwrap();
        let mut request =
            HttpRequest::new(Method::POST, url).with_body("x", "token=canary&token_type_hint=access_token");
        request.set_secret_header("authorization", "Basic canary").unwrap();
        let sent = Sent::of(&request, "to see");
        assert_eq!(sent.url, "https://as.example/auth");
        let with = [
            "client_id",
            "state",
            "redirect_uri=http://x",
            "token",
            "token_type_hint=access_token",
            "the client's authentication in a header",
        ];
        assert_eq!(sent.with, with);
        assert!(!format!("{sent:?}").contains("canary"));
        let json = HttpRequest::new(Method::POST, request.url).with_body("x", "{\"secret\":\"canary\"}");
        assert!(!format!("{:?}", Sent::of(&json, "to see")).contains("canary"));
    }
}
