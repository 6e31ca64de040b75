//! `call`: one request to the provider's API, with the token where the provider wants it. The body goes to stdout as
//! it came; a refusal is told apart from a missing scope.

use std::io::Read;

use clap::Args;
use http::Method;

use super::valid_token::valid_active_login;
use super::{ActiveLogin, CommandError, Context};
use crate::flow::api;
use crate::protocol::bearer::Challenge;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::sanitize;
use crate::provider::Dialect;
use crate::provider::quirks::TokenIn;
use crate::system::http::HttpReply;

/// A provider's denial, and an error's message, are looked for in this much of a body; what follows is passed on.
const LOOK_INTO: u64 = 64 * 1024;

#[derive(Args)]
pub struct CallArgs {
    /// The method (GET if left out), and a path or a URL on the provider's API
    #[arg(value_name = "[METHOD] PATH", num_args = 1..=2, required = true)]
    request: Vec<String>,

    /// Present the token in another of the places that the provider documents
    #[arg(long, value_name = "PLACE")]
    token_in: Option<TokenIn>,
}

pub fn run(args: &CallArgs, context: &Context) -> anyhow::Result<()> {
    let (method, path) = method_and_path(&args.request)?;
    let login = valid_active_login(context)?;
    let url = api::resolve(&login.provider, path)?;
    let placement = api::placement(&login.provider, args.token_in)?;
    if args.token_in == Some(TokenIn::Query) {
        context.terminal().note(
            &"A token in a URL ends up in logs; RFC 9700 §4.3.2 forbids it. It is sent because you asked for it.",
        );
    }
    let request = api::request(method, url);
    let http = context.system.http.as_ref();
    let reply = api::send(http, &login.provider, &login.token.access_token, &placement, &request)?;
    finish(reply, &login, request.url.path(), request.method.as_str(), context)
}

fn method_and_path(words: &[String]) -> Result<(Method, &str), CommandError> {
    let (method, path) = match words {
        [method, path] => (method.as_str(), path.as_str()),
        // Clap takes one word or two.
        other => ("GET", other.first().map_or("", String::as_str)),
    };
    let bad = || CommandError::BadMethod { text: sanitize::line(method) };
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|_| bad())?;
    Ok((method, path))
}

/// Passes the body on, and turns a refusal into the error that a script can act on.
fn finish(reply: HttpReply, login: &ActiveLogin, path: &str, method: &str, context: &Context) -> anyhow::Result<()> {
    let status = reply.status;
    let challenge =
        Challenge::bearer(reply.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok()));
    let mut body = reply.body;
    let mut head = Vec::new();
    body.by_ref().take(LOOK_INTO).read_to_end(&mut head)?;
    context.terminal().data(&head)?;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match body.read(&mut chunk)? {
            0 => break,
            n => context.terminal().data(&chunk[..n])?,
        }
    }
    let denied = Dialect::new(&login.provider).is_denial(status, &head)
        || challenge.as_ref().and_then(|challenge| challenge.param("error")) == Some("insufficient_scope");
    let detail = crate::protocol::json::parse(&head)
        .ok()
        .and_then(|value| ErrorResponse::from_json(&value))
        .map(|e| e.to_string());
    if denied {
        let from_challenge = challenge.and_then(|challenge| challenge.param("scope").map(str::to_owned));
        let scopes = from_challenge.or_else(|| login.provider.definition.scope_for(method, path).map(str::to_owned));
        return Err(CommandError::ScopeMissing {
            profile: login.profile.to_string(),
            provider: login.provider.id().to_owned(),
            status,
            detail,
            scopes: scopes.map_or_else(|| "SCOPES".to_owned(), |scopes| sanitize::line(&scopes)),
        }
        .into());
    }
    match status {
        400.. => Err(CommandError::ApiStatus { status, detail }.into()),
        _ => Ok(()),
    }
}
