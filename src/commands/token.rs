//! `token`: the access token and a newline, nothing else, for `TOKEN=$(oauthctl token)`; or in the form that another
//! program reads.
//!
//! Nothing is sent, so the provider's definition is read only where its header is asked for: a script's token does not
//! depend on it.

mod error;
mod github;
mod id;
mod rejected;

pub use error::TokenError;

use clap::{Args, ValueEnum};
use http::Method;
use zeroize::Zeroizing;

use self::github::EnvFile;
use super::Context;
use super::exec::parse_variable;
use super::shell_line::set_line;
use super::valid_token::{valid_login, valid_token, wanted};
use super::without_login::{WithoutLogin, client_login};
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;
use crate::protocol::shell::ShellKind;
use crate::protocol::time::HumanDuration;
use crate::provider::Dialect;
use crate::provider::quirks::TokenIn;
use crate::session::further;
use crate::store::Profile;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::system::paths::variable;

#[derive(Args)]
pub struct TokenArgs {
    /// The login whose token to print [default: the current one]
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,

    /// Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]
    #[arg(long, value_name = "TIME")]
    min_validity: Option<HumanDuration>,

    /// The output format
    #[arg(long, value_name = "FORM", default_value = "plain")]
    format: Format,

    /// The variable's name, for the forms that set one
    #[arg(long, value_name = "NAME", default_value = "OAUTHCTL_TOKEN", value_parser = parse_variable)]
    env: String,

    /// The shell that reads the line of `--format env` [default: the one in use]
    #[arg(long, value_name = "SHELL")]
    shell: Option<ShellKind>,

    /// Print the ID token, which says who logged in, as it was received (OpenID Connect)
    #[arg(long, conflicts_with_all = ["min_validity", "format", "env", "shell", "provider", "params"])]
    id: bool,

    /// Use a further token of the login, which came in the same reply: the name that its definition gives it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["min_validity", "provider", "id"])]
    which: Option<String>,

    /// Read a token that the API rejected from stdin, and print a newer one: that of the store, or one refresh for all who ask
    #[arg(long, conflicts_with_all = ["min_validity", "id", "which", "provider", "params"])]
    rejected_from_stdin: bool,

    #[command(flatten, next_help_heading = "Without a login")]
    without_login: WithoutLogin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The token and a newline
    Plain,
    /// An object with the token and when it ends
    Json,
    /// The header that the provider's API wants
    Header,
    /// A line that sets a variable in a shell, as for `eval "$(…)"`
    Env,
    /// A line for `curl -K -`, so that the token is not in curl's arguments
    Curl,
    /// For a step of GitHub Actions: masks the token in logs and sets it for the steps that follow
    Github,
}

pub fn run(args: &TokenArgs, context: &Context) -> Result<(), TokenError> {
    if args.id {
        return id::print(context.session.choices.json, context);
    }
    let format = if context.session.choices.json && args.format == Format::Plain { Format::Json } else { args.format };
    if args.shell.is_some() && format != Format::Env {
        return Err(TokenError::ShellWithoutLine);
    }
    if matches!(format, Format::Header | Format::Curl) {
        return header(format, args, context);
    }
    let wanted = wanted(args.min_validity);
    let record = match args.without_login.request(("token", ""), context)? {
        Some(request) => client_login(&request, wanted, context)?.token,
        None if args.rejected_from_stdin => rejected::newer(context)?.token,
        None => {
            let (profile, found) = valid_login(wanted, context)?;
            further(found.record, args.which.as_deref(), &profile)?
        }
    };
    let token = record.access_token.expose();
    // One write, so that a reader sees the token whole or not at all.
    let line =
        |text: String| -> Result<(), TokenError> { Ok(context.terminal().data(Zeroizing::new(text).as_bytes())?) };
    match format {
        Format::Json => line(json(&record)),
        Format::Env => line(set_line(args.shell, &args.env, token)?),
        Format::Github => {
            let path = variable("GITHUB_ENV").ok_or(TokenError::NotGithub)?;
            let failed = |source| TokenError::GithubEnv { path: sanitize::line(&path), source };
            let mut file = EnvFile::open(path.as_ref()).map_err(failed)?;
            // The mask first: from here on the runner hides the token, whatever the next step prints.
            line(format!("::add-mask::{}\n", token.replace('%', "%25")))?;
            Ok(file.set(&args.env, token).map_err(failed)?)
        }
        Format::Plain | Format::Header | Format::Curl => line(format!("{token}\n")),
    }
}

/// Returns the JSON that `jq` picks from. `expires_at` is in seconds since 1970, and present if it is known.
fn json(record: &StoredToken) -> String {
    let mut object = serde_json::json!({ "access_token": record.access_token.expose() });
    if let Expiry::At(end) = record.expiry {
        object["expires_at"] = end.0.into();
    }
    format!("{object}\n")
}

fn header(format: Format, args: &TokenArgs, context: &Context) -> Result<(), TokenError> {
    let login = match args.rejected_from_stdin {
        true => rejected::newer(context)?,
        false => valid_token((&args.without_login, ("token", "")), wanted(args.min_validity), context)?
            .with(args.which.as_deref())?,
    };
    let no_header = || TokenError::NoHeader { provider: login.provider.id().to_owned() };
    let placements = login.provider.definition.token_placements();
    let in_header = |place: TokenIn| matches!(place, TokenIn::Bearer | TokenIn::Header);
    let placement = placements.iter().find(|placement| in_header(placement.place)).ok_or_else(no_header)?;
    // The dialect alone knows the header: it is read from a request that is never sent.
    let mut request = HttpRequest::new(Method::GET, login.provider.api_base()?.url().clone());
    Dialect::new(&login.provider).place_token(&mut request, placement, &login.token.access_token)?;
    let (name, value) = request.headers.iter().find(|(_, value)| value.is_sensitive()).ok_or_else(no_header)?;
    // The dialect makes header names of a definition, which are lower case by then; people write them otherwise.
    let name =
        placement.name.as_deref().filter(|own| own.eq_ignore_ascii_case(name.as_str())).unwrap_or("Authorization");
    let header = Zeroizing::new(format!("{name}: {}", value.to_str()?));
    let line = match format {
        Format::Curl => format!("header = \"{}\"\n", header.replace('\\', "\\\\").replace('"', "\\\"")),
        _ => format!("{}\n", *header),
    };
    Ok(context.terminal().data(Zeroizing::new(line).as_bytes())?)
}
