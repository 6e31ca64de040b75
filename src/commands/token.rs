//! `token`: the access token and a newline, nothing else, for `TOKEN=$(oauthctl token)`; or in the form that another
//! program reads.
//!
//! The forms of other programs stand in `consumers.rs`, `helper.rs` and `environment_file.rs`. `--write FILE` puts what would be
//! printed into a file of the user's alone, for programs that read nothing else.
//!
//! Nothing is sent, so the provider's definition is read only where its header is asked for: a script's token does not
//! depend on it.

mod consumers;
mod environment_file;
mod error;
mod github;
mod helper;
mod id;
mod rejected;

pub use error::TokenError;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use http::Method;
use zeroize::Zeroizing;

use self::environment_file::Variables;
use self::github::EnvFile;
use self::helper::{Helper, HelperAction};
use super::Context;
use super::exec::parse_variable;
use super::narrower::{NarrowerArgs, SCOPES_HELP, narrower_login};
use super::shell_line::set_line;
use super::valid_token::{valid_login, valid_token, wanted};
use super::without_login::{WithoutLogin, client_login};
use crate::flow::token_source::Wanted;
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;
use crate::protocol::shell::ShellKind;
use crate::protocol::time::HumanDuration;
use crate::provider::Dialect;
use crate::provider::quirks::TokenIn;
use crate::session::{ActiveLogin, NarrowerWish, further};
use crate::store::Profile;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::system::paths::variable;
use crate::system::token_file::TokenFile;

#[derive(Args)]
#[command(mut_arg("scopes", |scopes| scopes.help(SCOPES_HELP).help_heading("Fewer scopes")))]
pub struct TokenArgs {
    /// The login whose token to print [default: the current one]
    #[arg(value_name = "PROFILE")]
    login: Option<Profile>,

    /// What git or docker asks of a helper; they add it themselves
    #[arg(value_name = "ACTION")]
    action: Option<HelperAction>,

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

    /// Write it to this file, readable only by you, instead of printing it; in a dotenv or http-client file the rest stays
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    write: Option<PathBuf>,

    /// The environment to set the variable in, for `http-client`
    #[arg(long, value_name = "NAME", default_value = "dev", help_heading = "For other programs")]
    environment: String,

    /// A further host that the token is for, with `git` and `docker`, such as `ghcr.io`
    #[arg(long = "for", value_name = "HOST", help_heading = "For other programs")]
    hosts: Vec<String>,

    /// The user name that goes with it, with `git` and `docker`
    #[arg(long, value_name = "NAME", default_value = "oauth2", help_heading = "For other programs")]
    username: String,

    /// Print the ID token, which says who logged in, as it was received (OpenID Connect)
    #[arg(long, conflicts_with_all = ["min_validity", "format", "env", "shell", "provider", "params", "scopes"])]
    id: bool,

    /// Use a further token of the login, which came in the same reply: the name that its definition gives it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["min_validity", "provider", "id", "scopes"])]
    which: Option<String>,

    /// Read a token that the API rejected from stdin, and print a newer one: that of the store, or one refresh for all who ask
    #[arg(long, conflicts_with_all = ["min_validity", "id", "which", "provider", "params"])]
    rejected_from_stdin: bool,

    #[command(flatten, next_help_heading = "Fewer scopes")]
    narrower: NarrowerArgs,

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
    /// A line for a dotenv file, and when it ends
    Dotenv,
    /// For the environment file of HTTP clients in editors (`http-client.private.env.json`)
    HttpClient,
    /// The answer of a kubectl credential plugin
    ExecCredential,
    /// The answer of an executable-sourced credential of Google's libraries
    GoogleExecutable,
    /// The answer of an AWS `credential_process`, from a login that has keys
    AwsProcess,
    /// The headers for an MCP client, as JSON
    McpHeaders,
    /// The answer of a git credential helper
    Git,
    /// The answer of a docker credential helper
    Docker,
}

impl Format {
    /// Returns whether its consumer only reads it from stdout, or gets a file of its own.
    fn is_only_printed(self) -> bool {
        matches!(self, Self::Github | Self::Git | Self::Docker | Self::GoogleExecutable)
    }
}

impl TokenArgs {
    /// Returns the login that stands beside the command. Where a helper has none there, the word is the action.
    pub fn login(&self) -> Option<&Profile> {
        self.login.as_ref().filter(|_| self.action.is_some() || self.lone_action().is_none())
    }

    fn lone_action(&self) -> Option<HelperAction> {
        let is_helper = matches!(self.format, Format::Git | Format::Docker);
        HelperAction::from_str(self.login.as_ref()?.as_str(), false).ok().filter(|_| is_helper)
    }

    fn helper(&self) -> Helper<'_> {
        Helper {
            is_docker: self.format == Format::Docker,
            action: self.action.or_else(|| self.lone_action()).unwrap_or(HelperAction::Get),
            hosts: &self.hosts,
            username: &self.username,
            is_of_login: !self.without_login.names_provider(),
        }
    }
}

pub fn run(args: &TokenArgs, context: &Context) -> Result<(), TokenError> {
    if args.id {
        return id::print(context.session.choices.json, context);
    }
    let format = if context.session.choices.json && args.format == Format::Plain { Format::Json } else { args.format };
    if args.shell.is_some() && format != Format::Env {
        return Err(TokenError::ShellWithoutLine);
    }
    if args.write.is_some() && format.is_only_printed() {
        return Err(TokenError::OnlyPrinted);
    }
    if args.rejected_from_stdin && matches!(format, Format::Git | Format::Docker) {
        return Err(TokenError::StdinTaken);
    }
    match format {
        Format::Git | Format::Docker => return helper::run(&args.helper(), context, &|| record(args, context)),
        Format::GoogleExecutable => return google(args, context),
        _ => {}
    }
    // A place that must not be written to is refused before anything is refreshed.
    let named = |path: &PathBuf| sanitize::line(&path.display().to_string());
    let file = args
        .write
        .as_ref()
        .map(|path| TokenFile::at(path).map_err(|source| TokenError::File { path: named(path), source }));
    let file = file.transpose()?;
    let failed = |source| TokenError::File { path: args.write.as_ref().map(named).unwrap_or_default(), source };
    let text = match format {
        Format::Dotenv | Format::HttpClient => {
            let record = record(args, context)?;
            let old = file.as_ref().map(TokenFile::content).transpose().map_err(failed)?.flatten().unwrap_or_default();
            let set = Variables { name: &args.env, token: record.access_token.expose(), end: record.end().at() };
            let path = || args.write.as_ref().map(named).unwrap_or_default();
            match format {
                Format::Dotenv => set.in_dotenv(&old),
                _ => set.in_http_client(&old, &args.environment).map_err(|problem| TokenError::NotEnvironments {
                    path: path(),
                    problem: sanitize::line(&problem),
                })?,
            }
        }
        Format::Github => return to_github(args, context),
        _ => Zeroizing::new(printed(format, args, context)?),
    };
    match file {
        Some(file) => file.replace(&text).map_err(failed),
        // One write, so that a reader sees the token whole or not at all.
        None => Ok(context.terminal().data(text.as_bytes())?),
    }
}

/// Returns the login's record, or that of a client's own token, with a token that is valid.
fn record(args: &TokenArgs, context: &Context) -> Result<StoredToken, TokenError> {
    match args.rejected_from_stdin {
        true => Ok(rejected::newer(args.narrower.wish(&args.without_login).as_ref(), context)?.token),
        false => record_that(wanted(args.min_validity), args, context),
    }
}

fn record_that(wanted: Wanted<'_>, args: &TokenArgs, context: &Context) -> Result<StoredToken, TokenError> {
    let wish = args.narrower.wish(&args.without_login);
    Ok(match args.without_login.request(("token", ""), context)? {
        Some(request) => client_login(&request, wanted, context)?.token,
        None if wish.is_some() => active(wish.as_ref(), wanted, args, context)?.token,
        None => {
            let (profile, found) = valid_login(wanted, context)?;
            further(found.record, args.which.as_deref(), &profile)?
        }
    })
}

/// Returns the login with the token that is meant, its servers checked.
fn active(
    wish: Option<&NarrowerWish>,
    wanted: Wanted<'_>,
    args: &TokenArgs,
    context: &Context,
) -> Result<ActiveLogin, TokenError> {
    Ok(match wish {
        Some(wish) => narrower_login(wish, wanted, context)?,
        None => valid_token((&args.without_login, ("token", "")), wanted, context)?.with(args.which.as_deref())?,
    })
}

/// Returns the text of a form that stands by itself.
fn printed(format: Format, args: &TokenArgs, context: &Context) -> Result<String, TokenError> {
    if matches!(format, Format::Header | Format::Curl | Format::McpHeaders) {
        return header(format, args, context);
    }
    let record = record(args, context)?;
    let token = record.access_token.expose();
    Ok(match format {
        Format::Json => json(&record),
        Format::Env => set_line(args.shell, &args.env, token)?,
        Format::ExecCredential => format!("{}\n", consumers::exec_credential(&record)),
        Format::AwsProcess => format!("{}\n", consumers::aws(&record)?),
        _ => format!("{token}\n"),
    })
}

fn to_github(args: &TokenArgs, context: &Context) -> Result<(), TokenError> {
    let record = record(args, context)?;
    let token = record.access_token.expose();
    let path = variable("GITHUB_ENV").ok_or(TokenError::NotGithub)?;
    let failed = |source| TokenError::GithubEnv { path: sanitize::line(&path), source };
    let mut file = EnvFile::open(path.as_ref()).map_err(failed)?;
    // The mask first: from here on the runner hides the token, whatever the next step prints.
    let mask = Zeroizing::new(format!("::add-mask::{}\n", token.replace('%', "%25")));
    context.terminal().data(mask.as_bytes())?;
    file.set(&args.env, token).map_err(failed)
}

/// Answers one of Google's libraries. Its form has a failure, too.
fn google(args: &TokenArgs, context: &Context) -> Result<(), TokenError> {
    let now = context.system.clock.now();
    let answer = || -> Result<_, TokenError> {
        // What is on stdin is read once.
        let (found, refreshed) = match args.rejected_from_stdin {
            true => {
                let wish = args.narrower.wish(&args.without_login);
                rejected::newer(wish.as_ref(), context).map(|login| (login.token, login.refreshed))?
            }
            false => (record(args, context)?, false),
        };
        if let Some(answer) = consumers::google(&found, now) {
            return Ok(answer);
        }
        // An ID token may have ended before the access token: a refresh may bring a new one. One that has just brought none
        // is not repeated.
        let is_old = found.id_token.is_some() && found.is_renewable() && !refreshed;
        let new = if is_old { Some(record_that(Wanted::Refreshed, args, context)?) } else { None };
        let answer = new.and_then(|new| consumers::google(&new, now));
        answer.ok_or_else(|| TokenError::NoGoogleToken { provider: found.provider.clone() })
    };
    let answer = answer().unwrap_or_else(|error| consumers::google_failure(&error));
    Ok(context.terminal().data(Zeroizing::new(format!("{answer}\n")).as_bytes())?)
}

/// Returns the JSON that `jq` picks from. `expires_at` is in seconds since 1970, and present if it is known.
fn json(record: &StoredToken) -> String {
    let mut object = serde_json::json!({ "access_token": record.access_token.expose() });
    if let Expiry::At(end) = record.expiry {
        object["expires_at"] = end.0.into();
    }
    format!("{object}\n")
}

fn header(format: Format, args: &TokenArgs, context: &Context) -> Result<String, TokenError> {
    let wish = args.narrower.wish(&args.without_login);
    let login = match args.rejected_from_stdin {
        true => rejected::newer(wish.as_ref(), context)?,
        false => active(wish.as_ref(), wanted(args.min_validity), args, context)?,
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
    let value = value.to_str()?;
    let header = Zeroizing::new(format!("{name}: {value}"));
    Ok(match format {
        Format::Curl => format!("header = \"{}\"\n", header.replace('\\', "\\\\").replace('"', "\\\"")),
        Format::McpHeaders => format!("{}\n", serde_json::json!({ name: value })),
        _ => format!("{}\n", *header),
    })
}
