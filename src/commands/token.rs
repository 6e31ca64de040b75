//! `token`: the access token and a newline, nothing else, for `TOKEN=$(oauthctl token)`.
//!
//! While the token is valid nothing is sent, so the provider's definition is not read: a script's token does not depend
//! on it.

use clap::Args;

use super::Context;
use super::valid_token::{valid_login, wanted};
use crate::protocol::time::HumanDuration;

#[derive(Args)]
pub struct TokenArgs {
    /// How long the token must still be good for: seconds, or with s, m, h, d [default: 60s, or as long as there is]
    #[arg(long, value_name = "TIME")]
    min_validity: Option<HumanDuration>,
}

pub fn run(args: &TokenArgs, context: &Context) -> anyhow::Result<()> {
    let (_, found) = valid_login(wanted(args.min_validity), context)?;
    let token = &found.record.access_token;
    // One write, so that a reader sees the token whole or not at all.
    let line = zeroize::Zeroizing::new(format!("{}\n", token.expose()));
    if context.global.json {
        let json = zeroize::Zeroizing::new(format!("{}\n", serde_json::json!({ "access_token": token.expose() })));
        return Ok(context.terminal().data(json.as_bytes())?);
    }
    Ok(context.terminal().data(line.as_bytes())?)
}
