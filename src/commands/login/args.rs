//! The arguments of `login`.

use clap::Args;

use super::asked::{AskedArgs, parse_param};
use super::browser::BrowserArgs;
use super::by_address::{AddressArgs, Wanted};
use super::device::DeviceArgs;
use super::steps::StepsArgs;
use crate::commands::trace::TraceArgs;
use crate::protocol::grant::GrantKind;
use crate::session::{Source, Sourced};
use crate::store::AppName;

#[derive(Args)]
pub struct LoginArgs {
    /// The provider's id (`oauthctl providers list` shows all), or the https address of an issuer or an MCP server
    #[arg(value_name = "PROVIDER")]
    pub named: Option<String>,

    /// The same with a flag
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,

    /// The app to log in with, if several clients of the provider are registered
    #[arg(long, value_name = "NAME")]
    pub app: Option<AppName>,

    /// Scopes to request: repeat the flag, or separate them with spaces or commas
    #[arg(long = "scope", value_name = "SCOPES")]
    pub scopes: Vec<String>,

    /// Fail with exit code 10 and save nothing unless all of these scopes are granted
    #[arg(long, value_name = "SCOPES")]
    pub require_scopes: Vec<String>,

    /// A parameter of the provider's URLs, such as `store=myshop`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    pub params: Vec<(String, String)>,

    /// Read the value of a parameter, such as a secret one, from stdin
    #[arg(long, value_name = "NAME", conflicts_with = "with_token")]
    pub param_stdin: Option<String>,

    /// The grant to use, if the provider offers more than one
    #[arg(long, value_name = "GRANT")]
    pub grant: Option<GrantKind>,

    #[command(flatten)]
    pub address: AddressArgs,

    #[command(flatten)]
    pub asked: AskedArgs,

    #[command(flatten)]
    pub device: DeviceArgs,

    #[command(flatten)]
    pub browser: BrowserArgs,

    #[command(flatten)]
    pub trace: TraceArgs,

    /// Print the requests that would be sent, and send, open and store nothing
    #[arg(long, conflicts_with_all = ["with_token", "trace"])]
    pub dry_run: bool,

    /// A name for the account, shown by `status`
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,

    /// Save an existing token, or a whole reply with its refresh token and end: from stdin, or asked for on a terminal
    #[arg(long, conflicts_with_all = ["redirect_uri", "port", "listen", "browser", "no_browser"])]
    pub with_token: bool,

    /// Read a refresh token from stdin: alone, or on the line after the access token
    #[arg(long, requires = "with_token")]
    pub refresh_token_stdin: bool,

    #[command(flatten, next_help_heading = "In two steps")]
    pub steps: StepsArgs,
}

impl LoginArgs {
    /// Returns the provider, named in one way or the other. `cli` refuses two different ones.
    pub fn provider(&self) -> Option<Sourced<String>> {
        let argument = || Some(Sourced::new(self.named.clone()?, Source::Argument("PROVIDER")));
        let flag = || Some(Sourced::new(self.provider.clone()?, Source::Flag("--provider")));
        argument().or_else(flag)
    }

    /// Returns the reason for the grant, for the record.
    pub fn why_this_grant(&self) -> &'static str {
        match self.grant.is_some() || self.device.device {
            true => "the command line names it",
            false => "the login before, the definition or this machine prefers it",
        }
    }

    pub fn wanted(&self) -> Wanted<'_> {
        let provider = self.named.as_deref().or(self.provider.as_deref());
        let asks = !self.dry_run;
        Wanted { provider, address: &self.address, app: self.app.as_ref(), scopes: &self.scopes, asks }
    }
}
