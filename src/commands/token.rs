//! `token`: the access token and a newline, nothing else, for `TOKEN=$(oauthctl token)`.
//!
//! Nothing is sent, so the provider's definition is not read: a script's token does not depend on it.

use clap::Args;

use super::Context;

#[derive(Args)]
pub struct TokenArgs {}

pub fn run(_: &TokenArgs, context: &Context) -> anyhow::Result<()> {
    let (_, found) = context.stored_login()?;
    let token = &found.record.access_token;
    // One write, so that a reader sees the token whole or not at all.
    let line = zeroize::Zeroizing::new(format!("{}\n", token.expose()));
    if context.global.json {
        let json = zeroize::Zeroizing::new(format!("{}\n", serde_json::json!({ "access_token": token.expose() })));
        return Ok(context.terminal().data(json.as_bytes())?);
    }
    Ok(context.terminal().data(line.as_bytes())?)
}
