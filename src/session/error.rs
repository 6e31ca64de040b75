//! Errors in resolving what a command line refers to: the login, its store, its provider and its client.

use super::not_narrower::NotNarrower;
use super::project::{FilePosition, ProjectError};
use super::{OF_EMULATOR, emulator_profile};
use crate::flow::FlowError;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::protocol::client::BadClientId;
use crate::protocol::sanitize::ticked;
use crate::provider::DefinitionError;
use crate::store::profile::NotAProfile;
use crate::store::{AppName, Profile, StoreError};
use crate::system::http::TrustError;
use crate::system::paths::PathsError;
use crate::system::shell::{unset, word};

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("{}", no_login(profile.as_deref(), named_by.as_deref()))]
    NoLogin {
        profile: Option<String>,
        provider: Option<String>,
        /// What names it, if nobody typed it.
        named_by: Option<String>,
        /// A login that is called nearly so.
        near: Option<String>,
    },
    /// There are logins, and the last one that was current is gone.
    #[error("none of the logins is the current one: there {}", are(logins))]
    NoneSelected { logins: Vec<String> },
    #[error("no provider was given")]
    NoProvider,
    #[error("no login was given")]
    NoProfile,
    #[error("the definition of `{provider}` does not offer the grant `client-credentials`")]
    NoClientCredentials { provider: String, offered: Vec<&'static str>, file: Option<String> },
    #[error(
        "the clients of `{provider}` have no secret (`token.auth = \"none\"`), which the client credentials grant needs (RFC 6749 §4.4)"
    )]
    PublicClient { provider: String },
    #[error("no client is known for `{provider}`: OAUTHCTL_CLIENT_ID is not set, and none is registered")]
    NoClient { provider: String },
    #[error(
        "no secret of the client `{client_id}` is known, and the client credentials grant needs it (RFC 6749 §4.4)"
    )]
    NoClientSecret { provider: String, client_id: String },
    #[error(
        "the scope `openid` is about a person who logs in, and the client credentials grant has none (OpenID Connect Core §3)"
    )]
    OpenIdAlone,
    #[error("`--provider {provider}` gets a token without a login, and `--profile {profile}` names a login")]
    ProviderAndProfile { provider: String, profile: String },
    #[error("`{address}` is not an issuer to get a token from")]
    NoIssuer {
        address: String,
        #[source]
        source: Box<FlowError>,
    },
    #[error("the client got no token from `{provider}`")]
    NoClientToken {
        provider: String,
        #[source]
        source: Box<FlowError>,
    },
    #[error("the login was made with the client `{client_id}`, which is not a client registered for `{provider}`")]
    OtherClient { profile: String, provider: String, client_id: String },
    /// The server had registered it at our request.
    #[error("`{issuer}` no longer knows the client of `{profile}`, and a new one is registered")]
    ClientForgotten { profile: String, provider: String, issuer: String },
    #[error("{client} was registered with the issuer `{issuer}`, and the definition names `{now}`")]
    OtherIssuer { client: String, issuer: String, now: String },
    #[error("`introspect.app` names the app `{app}`, which is not registered for `{provider}`")]
    NoIntrospectionApp { provider: String, app: String },
    #[error("several clients are registered for `{provider}`: {}", apps_of(apps))]
    SeveralApps { provider: String, apps: Vec<AppName> },
    #[error("OAUTHCTL_EMULATOR is `{value}`, but must have the form `PROVIDER=http://127.0.0.1:PORT`")]
    BadEmulator { value: String },
    /// Its folder is gone, or its process is.
    #[error("the emulator of `{provider}` at {origin} has ended, and its logins are gone with it")]
    EmulatorEnded { provider: String, origin: String },
    /// An emulator of 0.1 left it in the user's own store.
    #[error("the login `{profile}` was made at an emulator at {origin}, {}", emulator_now(provider, *gone))]
    EmulatedElsewhere { profile: String, provider: String, origin: String, gone: bool },
    #[error("inside an emulator, logins go to a store of its own, and `--store {store}` would use your real one")]
    StoreOutside { store: String },
    #[error("{name} is not UTF-8 text")]
    VariableNotText { name: String },
    #[error("OAUTHCTL_TOKEN requires `--profile` or OAUTHCTL_PROFILE")]
    TokenWithoutProfile,
    #[error("OAUTHCTL_TOKEN is not set, and `--store env` reads the token from there only")]
    NoTokenVariable,
    #[error("OAUTHCTL_TOKEN is not a token alone: it contains other text or control characters")]
    BadTokenVariable,
    #[error("OAUTHCTL_TOKEN is set, but no provider is known for `{profile}`")]
    TokenWithoutProvider { profile: String },
    #[error(
        "OAUTHCTL_TOKEN is set, but `{provider}` is an emulator here: the token of `{profile}` may be a real one, so it is not sent"
    )]
    TokenForEmulator { profile: String, provider: String },
    #[error("{at}: `{param}` of `{provider}` chooses a server, which a project file must not do")]
    ParamNotForProject { at: FilePosition, param: String, provider: String },
    /// `remedy` is the login command with the parameters typed.
    #[error("{at}: {} leads to {}, which you have not confirmed", ticked(params), servers.join(", "))]
    ServerNotConfirmed { at: FilePosition, params: Vec<String>, servers: Vec<String>, remedy: String },
    #[error("the login `{profile}` has no token called `{name}`{}", others(known))]
    NoFurtherToken { profile: String, name: String, known: Vec<String>, login: String },
    #[error("`{path}` cannot be a file of certificate authorities: it is not a path in UTF-8")]
    CacertNotAPath { path: String },
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    TokenSource(#[from] TokenSourceError),
    #[error(transparent)]
    NotNarrower(#[from] NotNarrower),
    #[error(transparent)]
    BadProfile(#[from] NotAProfile),
    #[error(transparent)]
    BadClientId(#[from] BadClientId),
}

impl SessionError {
    pub fn no_login(profile: &Profile) -> Self {
        Self::NoLogin { profile: Some(profile.to_string()), provider: None, named_by: None, near: None }
    }

    /// Nothing is called anything yet.
    pub fn no_login_yet() -> Self {
        Self::NoLogin { profile: None, provider: None, named_by: None, near: None }
    }
}

impl Advice for SessionError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoLogin { profile: Some(profile), provider, near, .. } => {
                let provider = provider.as_deref().unwrap_or("ID");
                let login = login_command(provider, profile);
                ExitCode::LoginNeeded.hint(match near {
                    Some(near) => format!("did you mean `{near}`? `oauthctl status` lists your logins; `{login}` makes a new one"),
                    None => format!("run `{login}`; `oauthctl status` lists your logins"),
                })
            }
            Self::NoLogin { profile: None, .. } => {
                ExitCode::LoginNeeded.hint("run `oauthctl login ID`; `oauthctl providers list` lists the providers")
            }
            Self::NoneSelected { logins } => ExitCode::LoginNeeded.hint(format!(
                "run `oauthctl use {}` to make one the current login, or name one with `--profile NAME`",
                logins.first().map_or("NAME", String::as_str)
            )),
            Self::NoFurtherToken { known, login, .. } if known.is_empty() => ExitCode::LoginNeeded.hint(format!(
                "only the token of the login was in the provider's reply; `{login}` gets another, and the definition \
                 names further ones in `token.further`"
            )),
            Self::NoFurtherToken { .. } => ExitCode::Usage.hint("without `--which`, the token of the login itself is used"),
            Self::NoProvider => ExitCode::Usage
                .hint("add its id, as in `oauthctl login ID`; `oauthctl providers list` lists the providers"),
            Self::NoProfile => {
                ExitCode::Usage.hint("add its name, as in `oauthctl use NAME`; `oauthctl status` lists your logins")
            }
            Self::NoClientCredentials { provider, offered, file } => {
                let write = "`grants = [\"client-credentials\"]`";
                let way = match file {
                    Some(file) => format!("if the provider has it, write {write} in {file}"),
                    None => format!(
                        "if the provider has it, write {write} in the file that `oauthctl providers new {provider} \
                         --overlay` begins"
                    ),
                };
                ExitCode::Definition.hint(format!("it offers {}; {way}", offered.join(", ")))
            }
            Self::PublicClient { .. } => ExitCode::Definition.hint(
                "register a confidential client at the provider, and write `auth = \"basic\"` or `auth = \"body\"` under \
                 `[token]`",
            ),
            Self::NoClientSecret { provider, .. } => ExitCode::Definition.hint(format!(
                "set OAUTHCTL_CLIENT_SECRET, or pipe the secret into `oauthctl app set {provider} --client-id ID \
                 --client-secret-stdin`"
            )),
            Self::NoClient { provider } => ExitCode::Definition.hint(format!(
                "set OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET, or run `oauthctl app set {provider}`"
            )),
            Self::ProviderAndProfile { .. } => ExitCode::Usage.hint("leave one of the two out"),
            Self::NoClientToken { source, .. } => source.next_step(),
            Self::NoIssuer { source, .. } => source.next_step().code.hint(
                "check the address; `oauthctl providers search WORD` finds the id of a provider that has a definition",
            ),
            Self::OpenIdAlone => ExitCode::Usage.hint("leave it out of `--scope`, or log in as a person"),
            Self::OtherClient { profile, provider, client_id } => ExitCode::Definition.hint(format!(
                "register it beside the others with `oauthctl app set {provider} --app NAME --client-id {id}`, set \
                 OAUTHCTL_CLIENT_ID={id} and OAUTHCTL_CLIENT_SECRET, or log in again with a registered client: `{}`",
                login_command(provider, profile),
                id = word(client_id)
            )),
            Self::ClientForgotten { profile, provider, .. } => ExitCode::LoginNeeded.hint(format!(
                "`{}` logs in with the new client; the tokens are kept, and work until they end",
                login_command(provider, profile)
            )),
            Self::OtherIssuer { .. } => ExitCode::Definition.hint(
                "its credentials are for that issuer only; `oauthctl login ADDRESS` registers a client with the new one",
            ),
            Self::NoIntrospectionApp { provider, app } => ExitCode::Definition.hint(format!(
                "register it with `oauthctl app set {} --app {}`, or take `app` out of `[introspect]` in the definition",
                word(provider),
                word(app)
            )),
            Self::SeveralApps { .. } => ExitCode::Usage.hint("choose one with `--app NAME`"),
            Self::BadEmulator { .. } => ExitCode::Definition.hint(format!(
                "run `{}`, or start `oauthctl emulate` again and set what it prints",
                unset(&["OAUTHCTL_EMULATOR"])
            )),
            Self::EmulatorEnded { provider, origin } => ExitCode::LoginNeeded.hint(format!(
                "leave this shell, or run `{}`; `oauthctl emulate {provider}{}` starts another, whose lines are to \
                 be pasted anew",
                unset(&OF_EMULATOR),
                port(origin)
            )),
            Self::EmulatedElsewhere { profile, provider, .. } => ExitCode::Definition.hint(format!(
                "nothing was sent; `oauthctl logout {profile}` deletes it, and `{}` replaces it",
                login_command(provider, profile)
            )),
            Self::StoreOutside { .. } => {
                ExitCode::Usage.hint("leave out `--store`, or run the command outside the emulator")
            }
            Self::VariableNotText { .. } => ExitCode::Usage.hint("set it to UTF-8 text; a store key is base64"),
            Self::TokenWithoutProfile => {
                ExitCode::Usage.hint("add `--profile NAME` to say which login the token belongs to")
            }
            Self::NoTokenVariable => ExitCode::LoginNeeded.hint("set OAUTHCTL_TOKEN, or leave out `--store env`"),
            Self::BadTokenVariable => ExitCode::Usage.hint("set it to the token and nothing else"),
            Self::TokenWithoutProvider { .. } => ExitCode::Definition
                .hint("use a provider's id as profile (`oauthctl providers list`), or log in under that name once"),
            Self::TokenForEmulator { provider, .. } => ExitCode::Definition.hint(format!(
                "run `{}` to use the real provider; to use the emulator, run `{}` or add `--profile {}`",
                unset(&["OAUTHCTL_EMULATOR"]),
                unset(&["OAUTHCTL_TOKEN"]),
                emulator_profile(provider)
            )),
            Self::ParamNotForProject { param, .. } => {
                ExitCode::Definition.hint(format!("pass `--param {param}=VALUE` to `oauthctl login`"))
            }
            Self::ServerNotConfirmed { remedy, .. } => {
                ExitCode::Refused.hint(format!("if you trust that server, run `{remedy}`"))
            }
            Self::CacertNotAPath { .. } => ExitCode::Usage.hint("name a PEM file with `--cacert FILE`"),
            Self::Trust(error) => error.next_step(),
            Self::Paths(error) => error.next_step(),
            Self::Project(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::TokenSource(error) => error.next_step(),
            Self::NotNarrower(error) => error.next_step(),
            Self::BadProfile(error) => error.next_step(),
            Self::BadClientId(error) => error.next_step(),
        }
    }
}

fn emulator_now(provider: &str, gone: bool) -> String {
    if gone { "which is gone".to_owned() } else { format!("and `{provider}` is not that emulator here") }
}

/// Returns the flag for an emulator at the same port.
fn port(origin: &str) -> String {
    origin.rsplit_once(':').map(|(_, port)| format!(" --port {port}")).unwrap_or_default()
}

fn apps_of(apps: &[AppName]) -> String {
    ticked(apps)
}

fn are(logins: &[String]) -> String {
    let names = ticked(logins);
    if logins.len() == 1 { format!("is {names}") } else { format!("are {names}") }
}

fn no_login(profile: Option<&str>, named_by: Option<&str>) -> String {
    match (profile, named_by) {
        (Some(profile), Some(by)) => format!("there is no login called `{profile}`, which {by} names"),
        (Some(profile), None) => format!("there is no login called `{profile}`"),
        (None, _) => "there is no login yet".to_owned(),
    }
}

fn others(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!(", but {}", ticked(known)),
    }
}
