//! The reasons why `token` fails.

use http::header::ToStrError;

use crate::commands::shell_line::NoShellLine;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::given_token::NoGivenToken;
use crate::provider::DefinitionError;
use crate::session::SessionError;
use crate::system::terminal::TerminalError;
use crate::system::token_file::TokenFileError;

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the login `{profile}` has no ID token: {}", no_id_token(provider, *was_asked))]
    NoIdToken { profile: String, provider: String, was_asked: bool, login: String },
    #[error("`{provider}` takes no token in a header")]
    NoHeader { provider: String },
    #[error("`--shell` is for the line of `--format env`")]
    ShellWithoutLine,
    #[error(transparent)]
    NoShellLine(#[from] NoShellLine),
    #[error("GITHUB_ENV is not set: this format is for a step of GitHub Actions")]
    NotGithub,
    #[error("`{path}`, which GITHUB_ENV names, cannot be written")]
    GithubEnv {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("stdin has no token that was rejected")]
    NoRejected(#[source] NoGivenToken),
    #[error("the rejected token is not one of the login `{profile}`")]
    NotOurs { profile: String },
    #[error("the rejected token is that of OAUTHCTL_TOKEN, which cannot be refreshed")]
    OfVariable,
    #[error("a refresh of `{profile}` gave the rejected token again")]
    Same { profile: String, login: String },
    #[error("git and docker ask on stdin, so no rejected token can be read from there")]
    StdinTaken,
    #[error("`{path}` cannot be written")]
    File {
        path: String,
        #[source]
        source: TokenFileError,
    },
    #[error("`{path}` is left as it was: {problem}")]
    NotEnvironments { path: String, problem: String },
    #[error("the program that reads this format reads it from stdout, not from a file")]
    OnlyPrinted,
    #[error("AWS wants keys, and the login at `{provider}` has only a token")]
    NoAwsKeys { provider: String },
    #[error("the login at `{provider}` has no token of the type that is asked for")]
    NoGoogleToken { provider: String },
    #[error("no server came on stdin")]
    NoServer,
    #[error("the login is not for `{server}`")]
    NotForServer { server: String },
    #[error("docker's passwords are not stored here")]
    NotStoredHere,
    /// The definition has letters beside the token that a header may have, and a terminal's line may not.
    #[error(transparent)]
    HeaderNotText(#[from] ToStrError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for TokenError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoIdToken { was_asked: true, login, .. } => ExitCode::LoginNeeded
                .hint(format!("see whether the provider supports OpenID Connect; `{login}` asks for one again")),
            Self::NoIdToken { login, .. } => ExitCode::LoginNeeded.hint(format!("`{login}` asks for one")),
            Self::NoHeader { provider } => {
                ExitCode::Usage.hint(format!("`oauthctl providers show {provider}` says where it takes one"))
            }
            Self::ShellWithoutLine => ExitCode::Usage.hint("add `--format env`, or leave `--shell` out"),
            Self::NoShellLine(error) => error.next_step(),
            Self::NotGithub => ExitCode::Usage.hint(
                "elsewhere `--format env` prints a line for a shell, and `oauthctl exec -- COMMAND` prints nothing",
            ),
            Self::NoRejected(_) => ExitCode::Usage
                .hint("pipe the token alone: `printf %s \"$TOKEN\" | oauthctl token --rejected-from-stdin`"),
            Self::NotOurs { profile } => ExitCode::LoginNeeded.hint(format!(
                "name the login that it came from with `--profile`; `oauthctl token --profile {profile}` prints the token \
                 of this one"
            )),
            Self::OfVariable => ExitCode::LoginNeeded
                .hint("set OAUTHCTL_TOKEN to a new token, or remove it to use a stored login"),
            Self::Same { login, .. } => ExitCode::LoginNeeded.hint(format!("`{login}` gets another token")),
            Self::StdinTaken => ExitCode::Usage
                .hint("leave `--rejected-from-stdin` out; `oauthctl refresh` gets another token for their next question"),
            Self::GithubEnv { .. } => ExitCode::Usage.no_hint(),
            Self::File { source: TokenFileError::Link | TokenFileError::NotAFile, .. } => {
                ExitCode::Usage.hint("name a file of its own, which only you can read")
            }
            Self::File { source: TokenFileError::NotIgnored { .. }, .. } => {
                ExitCode::Usage.hint("add it to `.gitignore`, or write it somewhere else: a token must not be published")
            }
            Self::File { source: TokenFileError::NoFolder { .. }, .. } => {
                ExitCode::Usage.hint("make the folder first, or name a file elsewhere")
            }
            Self::File { source: TokenFileError::NotText | TokenFileError::Io(_), .. } => ExitCode::Usage.no_hint(),
            Self::NotEnvironments { .. } => ExitCode::Usage.hint("mend the file, or name another one"),
            Self::OnlyPrinted => ExitCode::Usage.hint("leave `--write` out"),
            Self::NoAwsKeys { .. } => ExitCode::Usage.hint(
                "a role takes an ID token from a file: `oauthctl token --id` prints one, and AWS_WEB_IDENTITY_TOKEN_FILE names \
                 the file; where a provider's reply has keys, `token.further` of its definition names them `access_key_id` and \
                 `secret_access_key`",
            ),
            Self::NoGoogleToken { .. } => ExitCode::LoginNeeded
                .hint("an ID token is wanted, for which a login needs the scope `openid`, or an access token that is a JWT"),
            Self::NoServer => ExitCode::Usage
                .hint("git and docker write it there; elsewhere `oauthctl token` prints the token"),
            Self::NotForServer { .. } => {
                ExitCode::Refused.hint("if the token is for that server, name it with `--for HOST`")
            }
            Self::NotStoredHere => ExitCode::Usage.hint("`oauthctl login` makes the login that docker then uses"),
            Self::HeaderNotText(_) => ExitCode::Unexpected.no_hint(),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

fn no_id_token(provider: &str, was_asked: bool) -> String {
    match was_asked {
        true => format!("`{provider}` sent none, though `openid` was asked for"),
        false => "`openid` was not among the scopes that it asked for".to_owned(),
    }
}
