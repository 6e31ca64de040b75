//! The protocols of git's and docker's credential helpers: a server comes on stdin, and its user name and password go to
//! stdout.
//!
//! Both ask a helper for every server. The token is given out only for a server that the login knows (where it was made,
//! or its API), or that `--for` names: it would otherwise go to whoever a submodule or an image names. For another one git
//! gets no answer and goes on to its next helper, and docker gets the words that it knows for that.
//!
//! What they want to have stored or erased is left alone: the token is oauthctl's.

use clap::ValueEnum;
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::error::TokenError;
use crate::commands::Context;
use crate::protocol::advice::with_causes;
use crate::protocol::sanitize;
use crate::provider::RecordedOrigins;
use crate::store::StoredToken;
use crate::system::terminal::MAX_SECRET;

/// What a credential helper is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HelperAction {
    Get,
    Store,
    Erase,
    List,
}

/// What docker takes for "ask somewhere else".
const NOT_FOUND: &str = "credentials not found in native keychain";

/// A helper as the command line has it.
pub struct Helper<'a> {
    pub is_docker: bool,
    pub action: HelperAction,
    /// Further hosts that the token is for.
    pub hosts: &'a [String],
    pub username: &'a str,
    /// False if a client's own token takes the place of a login's.
    pub is_of_login: bool,
}

/// Answers the program that asks. `record` gets the token, refreshed if needed. docker reads the words of a failure on stdout, as
/// those of its own helpers.
pub fn run(
    helper: &Helper<'_>,
    context: &Context,
    record: &dyn Fn() -> Result<StoredToken, TokenError>,
) -> Result<(), TokenError> {
    let answered = answer(helper, context, record);
    if let Err(error) = &answered
        && helper.is_docker
        && !matches!(error, TokenError::Terminal(_))
    {
        let known = matches!(error, TokenError::NotForServer { .. }).then(|| NOT_FOUND.to_owned());
        context.terminal().data(format!("{}\n", known.unwrap_or_else(|| with_causes(error))).as_bytes())?;
    }
    answered
}

fn answer(
    helper: &Helper<'_>,
    context: &Context,
    record: &dyn Fn() -> Result<StoredToken, TokenError>,
) -> Result<(), TokenError> {
    let Helper { is_docker, hosts, username, .. } = *helper;
    let answer = |text: &str| Ok(context.terminal().data(text.as_bytes())?);
    match helper.action {
        HelperAction::Get => {}
        HelperAction::Store if is_docker => return Err(TokenError::NotStoredHere),
        HelperAction::List if is_docker => {
            let hosts = hosts.iter().map(|host| (format!("https://{host}"), json!(username)));
            return answer(&format!("{}\n", Value::Object(hosts.collect())));
        }
        HelperAction::Store | HelperAction::Erase | HelperAction::List => return Ok(()),
    }
    let input = context.terminal().stdin_secret(MAX_SECRET)?;
    let input = String::from_utf8_lossy(&input);
    let asked = Asked::parse(&input, is_docker).ok_or(TokenError::NoServer)?;
    // Before anything is refreshed for a server that does not get it.
    if helper.is_of_login {
        let (_, found) = context.session.stored_login()?;
        if !asked.is_for(&found.record.origins, hosts) {
            return refuse(&asked, is_docker, context);
        }
    }
    let record = record()?;
    if !asked.is_for(&record.origins, hosts) {
        return refuse(&asked, is_docker, context);
    }
    answer(&Zeroizing::new(if is_docker { docker(&asked, username, &record) } else { git(&asked, username, &record) }))
}

fn refuse(asked: &Asked, is_docker: bool, context: &Context) -> Result<(), TokenError> {
    let server = sanitize::line(&asked.text);
    if is_docker {
        return Err(TokenError::NotForServer { server });
    }
    context.terminal().note(&format_args!("note: the login is not for `{server}`; `--for HOST` names a further host"));
    Ok(())
}

/// gitcredentials(7), with the end that git has known since 2.41.
fn git(asked: &Asked, username: &str, record: &StoredToken) -> String {
    let user = asked.username.as_deref().unwrap_or(username);
    let end = record.end().at().map(|end| format!("password_expiry_utc={}\n", end.0)).unwrap_or_default();
    format!("username={user}\npassword={}\n{end}", record.access_token.expose())
}

fn docker(asked: &Asked, username: &str, record: &StoredToken) -> String {
    let secret = record.access_token.expose();
    format!("{}\n", json!({ "ServerURL": asked.text, "Username": username, "Secret": secret }))
}

/// The server that the program wants to log in to.
struct Asked {
    text: String,
    url: Url,
    username: Option<String>,
}

impl Asked {
    fn parse(input: &str, is_docker: bool) -> Option<Self> {
        if is_docker {
            let text = input.trim();
            let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
            let url = Url::parse(&whole).ok().filter(|url| url.host().is_some())?;
            return Some(Self { text: text.to_owned(), url, username: None });
        }
        // Of several lines with one name the last counts.
        let value = |name: &str| {
            let pairs = input.lines().filter_map(|line| line.split_once('='));
            pairs.rev().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        let text = format!("{}://{}", value("protocol")?, value("host")?);
        let url = Url::parse(&text).ok().filter(|url| url.host().is_some() && url.username().is_empty())?;
        Some(Self { text, url, username: value("username").filter(|name| !name.is_empty()) })
    }

    /// Returns whether the login's token may go there.
    fn is_for(&self, origins: &RecordedOrigins, hosts: &[String]) -> bool {
        let known = origins.authorize.iter().chain(&origins.token).chain(&origins.api);
        let same = |origin: &String| Url::parse(origin).is_ok_and(|known| known.origin() == self.url.origin());
        let named = |host: &String| {
            let whole = Url::parse(&format!("https://{host}"));
            self.url.scheme() == "https" && whole.is_ok_and(|named| named.origin() == self.url.origin())
        };
        known.into_iter().any(same) || hosts.iter().any(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> RecordedOrigins {
        serde_json::from_value(json!({
            "authorize": "https://code.example", "token": "https://code.example", "api": ["https://api.code.example"]
        }))
        .unwrap()
    }

    #[test]
    fn the_token_goes_to_servers_of_its_login_and_named_ones_only() {
        let hosts = ["registry.example".to_owned(), "other.example:8443".to_owned()];
        let is_for = |protocol: &str, host: &str| {
            let asked = Asked::parse(&format!("protocol={protocol}\nhost={host}\n\n"), false);
            asked.is_some_and(|asked| asked.is_for(&origins(), &hosts))
        };
        for (protocol, host) in [
            ("https", "code.example"),
            ("https", "CODE.example:443"),
            ("https", "api.code.example"),
            ("https", "registry.example"),
            ("https", "other.example:8443"),
        ] {
            assert!(is_for(protocol, host), "{protocol} {host}");
        }
        for (protocol, host) in [
            ("http", "code.example"),
            ("http", "registry.example"),
            ("https", "code.example.evil.example"),
            ("https", "evil.example#code.example"),
            ("https", "code.example@evil.example"),
            ("https", "code.example:444"),
            ("https", "other.example"),
            ("ssh", "code.example"),
            ("https", ""),
        ] {
            assert!(!is_for(protocol, host), "{protocol} {host}");
        }
        let docker = |text: &str| Asked::parse(text, true).unwrap().is_for(&origins(), &hosts);
        assert!(docker("https://registry.example/v1/\n") && docker("registry.example"));
        assert!(!docker("http://registry.example") && !docker("docker.io"));
        assert!(Asked::parse("", true).is_none() && Asked::parse("host=code.example\n", false).is_none());
    }
}
