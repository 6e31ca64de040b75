//! Errors as people and scripts see them: one line that says what was tried, the causes, a hint that can be pasted, and
//! an exit code that says what to do next. The only place that knows every error type.

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::process;

use colored::Colorize;

use crate::commands::call::CallError;
use crate::commands::emulate::{self, CommandEnded};
use crate::commands::{CommandError, login_command};
use crate::emulator::EmulatorError;
use crate::flow::FlowError;
use crate::flow::discovery::DiscoveryError;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::sanitize;
use crate::provider::DefinitionError;
use crate::provider::dialect::TokenReplyError;
use crate::store::journal::JournalError;
use crate::store::login_index::IndexError;
use crate::store::login_lock::LockError;
use crate::store::sealed_login::SealedLoginError;
use crate::store::{StoreError, StoreKind};
use crate::system::certificate::CertificateError;
use crate::system::entropy::NoEntropy;
use crate::system::http::HttpError;
use crate::system::keychain::{FileProblem, KeychainError};
use crate::system::loopback::LoopbackError;
use crate::system::paths::PathsError;
use crate::system::private_file::PrivateFileError;
use crate::system::project::ProjectError;
use crate::system::terminal::TerminalError;

/// What a script may do next. `oauthctl --help` and the README list the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    Success = 0,
    /// A bug, or unforeseen input or output.
    Unexpected = 1,
    /// The command line was not understood.
    Usage = 2,
    /// Unknown provider, bad definition, no client registered.
    Definition = 3,
    /// Nothing stored, or the refresh was refused.
    LoginNeeded = 4,
    /// The user or the server said no, or our origin rule refused.
    Refused = 5,
    /// No redirect in time.
    NoAnswer = 6,
    /// The keychain is missing, locked, hanging, too small.
    Store = 7,
    /// DNS, TLS, connect, timeout, 5xx, unreadable reply.
    Network = 8,
    /// `call` got 4xx or 5xx; the body is on stdout.
    ApiStatus = 9,
    /// The token is valid, its scope is not enough.
    ScopeMissing = 10,
    /// Another process holds the login, and no valid token is left.
    Busy = 11,
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Ends a command: prints its error, if it has one, and says the exit code.
pub fn end(result: anyhow::Result<()>) -> process::ExitCode {
    let Err(error) = result else { return ExitCode::Success.into() };
    if let Some(CommandEnded(code)) = error.downcast_ref() {
        return process::ExitCode::from(*code);
    }
    if is_broken_pipe(error.as_ref()) {
        // The reader has what it wanted, as in `oauthctl status | head -1`.
        return ExitCode::Success.into();
    }
    let (code, hint) = verdict(error.as_ref());
    anstream::eprint!("{}", page(error.as_ref(), hint.as_deref()));
    code.into()
}

/// A command line that was not understood, or a `--help`: clap words both.
pub fn usage(error: &clap::Error) -> process::ExitCode {
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    match printed {
        // Nobody can be told that stderr is gone.
        _ if error.use_stderr() => ExitCode::Usage.into(),
        Ok(()) => ExitCode::Success.into(),
        Err(error) => end(Err(TerminalError::Stdout(error).into())),
    }
}

/// Panics on our own background threads concern nobody: tiny_http's workers panic when a peer hangs up.
pub fn quiet_background_panics() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some("main") {
            show(info);
        }
    }));
}

/// The whole message: error, causes, hint. A parser's cause shows the line that it could not read, with whatever is in it.
pub fn page(error: &(dyn Error + 'static), hint: Option<&str>) -> String {
    let mut text = format!("{} {}\n", "error:".red().bold(), sanitize::message(&error.to_string()));
    let mut cause = error.source();
    while let Some(inner) = cause {
        // A parser's cause has several lines, the last one empty.
        let inner_text = sanitize::message(inner.to_string().trim_end());
        text.push_str(&format!("  {} {inner_text}\n", "caused by:".dimmed()));
        cause = inner.source();
    }
    if let Some(hint) = hint {
        text.push_str(&format!("{} {}\n", "hint:".cyan().bold(), sanitize::text(hint)));
    }
    text
}

/// Exit code and hint of the first error in the chain that is one of ours.
pub fn verdict(error: &(dyn Error + 'static)) -> (ExitCode, Option<String>) {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(verdict) = verdict_of(error) {
            return verdict;
        }
        next = error.source();
    }
    (ExitCode::Unexpected, None)
}

fn verdict_of(error: &(dyn Error + 'static)) -> Option<(ExitCode, Option<String>)> {
    if let Some(error) = error.downcast_ref::<CommandError>() {
        return Some(of_command(error));
    }
    if let Some(error) = error.downcast_ref::<CallError>() {
        return Some(of_call(error));
    }
    if let Some(error) = error.downcast_ref::<TokenSourceError>() {
        return Some(of_token_source(error));
    }
    if let Some(error) = error.downcast_ref::<FlowError>() {
        return Some(of_flow(error));
    }
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return Some(of_store(error));
    }
    if let Some(error) = error.downcast_ref::<DefinitionError>() {
        return Some(of_definition(error));
    }
    if let Some(error) = error.downcast_ref::<EmulatorError>() {
        return Some(of_emulator(error));
    }
    if let Some(error) = error.downcast_ref::<HttpError>() {
        return Some(of_http(error));
    }
    if let Some(error) = error.downcast_ref::<PathsError>() {
        return Some(of_paths(error));
    }
    if let Some(error) = error.downcast_ref::<TerminalError>() {
        return Some(of_terminal(error));
    }
    if let Some(error) = error.downcast_ref::<ProjectError>() {
        return Some(of_project(error));
    }
    if error.is::<CertificateError>() {
        return Some((ExitCode::Unexpected, None));
    }
    error.downcast_ref::<NoEntropy>().map(|_| (ExitCode::Unexpected, None))
}

fn of_command(error: &CommandError) -> (ExitCode, Option<String>) {
    match error {
        CommandError::NoLogin { profile: Some(profile), provider: Some(provider) } => {
            let login = login_command(provider, profile);
            (ExitCode::LoginNeeded, Some(format!("`{login}` makes one; `oauthctl status` lists what there is")))
        }
        CommandError::NoLogin { profile: Some(profile), provider: None } => (
            ExitCode::LoginNeeded,
            Some(format!(
                "`oauthctl status` lists what there is; `oauthctl login --provider ID --profile {profile}` makes one"
            )),
        ),
        CommandError::NoLogin { profile: None, .. } => (
            ExitCode::LoginNeeded,
            Some("`oauthctl providers list` shows who there is, `oauthctl login --provider ID` logs in".into()),
        ),
        CommandError::NotRegistered { provider } => (
            ExitCode::Definition,
            Some(format!(
                "`oauthctl app set {provider} --client-id ID --client-secret-stdin` reads the secret from stdin; \
                 or set OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET"
            )),
        ),
        CommandError::OtherClient { profile, provider, client_id } => (
            ExitCode::Definition,
            Some(format!(
                "set OAUTHCTL_CLIENT_ID={client_id} and OAUTHCTL_CLIENT_SECRET, or log in again with the client of today: \
                 `{}`",
                login_command(provider, profile)
            )),
        ),
        CommandError::NoApp { provider } => {
            (ExitCode::Definition, Some(format!("`oauthctl app set {provider}` registers one")))
        }
        CommandError::ApiStatus { advice, .. } => (ExitCode::ApiStatus, advice.clone()),
        CommandError::ScopeMissing { remedy, .. } => (
            ExitCode::ScopeMissing,
            Some(format!("`{remedy}` asks for more; `oauthctl scopes` shows what the token has")),
        ),
        CommandError::ScopesMissing { remedy, .. } => {
            (ExitCode::ScopeMissing, Some(format!("`{remedy}` asks for what is missing too")))
        }
        CommandError::NotGranted { .. } => (
            ExitCode::ScopeMissing,
            Some("log in again and approve all of it, or leave `--require-scopes` out to keep a token that may do less; the app's access was given all the same, and is removed at the provider".into()),
        ),
        CommandError::NoProvider => {
            (ExitCode::Usage, Some("name one with `--provider ID`; `oauthctl providers list` shows who there is".into()))
        }
        CommandError::GrantNotOffered { offered, .. } => {
            let offered = offered
                .iter()
                .filter_map(clap::ValueEnum::to_possible_value)
                .map(|value| format!("`--grant {}`", value.get_name()));
            (ExitCode::Usage, Some(format!("it offers {}", offered.collect::<Vec<_>>().join(", "))))
        }
        CommandError::ListenElsewhere { .. } => (ExitCode::Usage, Some("such as `--listen 127.0.0.1:8765`".into())),
        CommandError::NobodyToPaste { .. } => {
            (ExitCode::Usage, Some("`--listen 127.0.0.1:8765` says that a tunnel from there ends here".into()))
        }
        CommandError::BadEmulator { .. } => (
            ExitCode::Definition,
            Some("`unset OAUTHCTL_EMULATOR`, or start `oauthctl emulate` again and use the lines it prints".into()),
        ),
        CommandError::BadToken => (
            ExitCode::Usage,
            Some("pipe the token alone: `oauthctl login --provider ID --with-token < token.txt`".into()),
        ),
        CommandError::EmptyAnswer { .. } => {
            (ExitCode::Usage, Some("give it as the provider shows it where the app is registered".into()))
        }
        CommandError::BadMethod { .. } => {
            (ExitCode::Usage, Some("such as `oauthctl call GET /api/v1/products`".into()))
        }
        CommandError::BadRedirectUri(_) => {
            (ExitCode::Usage, Some("such as `--redirect-uri http://127.0.0.1:8765/callback`".into()))
        }
        CommandError::SecretFile { .. } => (ExitCode::Usage, Some("the file holds the secret and nothing else".into())),
        CommandError::ChildNotStarted { .. } => (ExitCode::Usage, None),
        CommandError::NotAnId { .. } => (ExitCode::Usage, Some("it has small letters, digits, `.`, `_` and `-`, and begins with a letter or a digit".into())),
        CommandError::DefinitionExists { .. } => (ExitCode::Usage, Some("edit it, or choose another id".into())),
        CommandError::NotWritten { .. } => (ExitCode::Unexpected, Some("`--print` prints the text instead".into())),
        CommandError::DemoStep { .. } => (ExitCode::Unexpected, None),
        CommandError::TokenWithoutProfile => {
            (ExitCode::Usage, Some("`--profile NAME` says which login the token stands for".into()))
        }
        CommandError::NoTokenVariable => {
            (ExitCode::LoginNeeded, Some("set OAUTHCTL_TOKEN, or leave `--store env` out".into()))
        }
        CommandError::VariableNotText { .. } => {
            (ExitCode::Usage, Some("secrets are text; one of random bytes is written in base64 first".into()))
        }
        CommandError::BadTokenVariable => (ExitCode::Usage, Some("it takes the token and nothing else".into())),
        CommandError::TokenOfNobody { .. } => (
            ExitCode::Definition,
            Some("name the profile as the provider (`oauthctl providers list`), or log in under that name once".into()),
        ),
        CommandError::TokenForEmulator { provider, .. } => (
            ExitCode::Definition,
            Some(format!(
                "`unset OAUTHCTL_EMULATOR` for the real provider; for the emulator `unset OAUTHCTL_TOKEN`, or say \
                 `--profile {}`",
                emulate::profile_of(provider)
            )),
        ),
        CommandError::NowhereToKeep { provider, .. } => (
            ExitCode::Store,
            Some(format!(
                "`oauthctl login --provider {provider} --store file` keeps it in a sealed file; \
                 `oauthctl import --store file FILE` takes a login that `oauthctl export` sealed on another machine"
            )),
        ),
        CommandError::ParamNotForProject { param, .. } => {
            (ExitCode::Definition, Some(format!("give it with `--param {param}=VALUE` at the login")))
        }
        CommandError::LoginsEnd { profiles, provider } => {
            let profile = profiles.first().map_or(provider.as_str(), String::as_str);
            (
                ExitCode::LoginNeeded,
                Some(format!("`{}` logs in again", login_command(provider, profile))),
            )
        }
        CommandError::NoHeader { provider } => {
            (ExitCode::Usage, Some(format!("`oauthctl providers show {provider}` says where it takes one")))
        }
        CommandError::NotGithub => (
            ExitCode::Usage,
            Some(
                "elsewhere `--format env` prints a line for a shell, and `oauthctl exec -- COMMAND` prints nothing"
                    .into(),
            ),
        ),
        CommandError::GithubEnv { .. } | CommandError::ImportFile(_) => (ExitCode::Usage, None),
        CommandError::NoPassphrase => {
            (ExitCode::Usage, Some("set OAUTHCTL_EXPORT_PASSPHRASE, or pipe it in with `--passphrase-stdin`".into()))
        }
        CommandError::OneOrAll => (ExitCode::Usage, Some("leave one of them out".into())),
        CommandError::PassphrasesDiffer => (ExitCode::Usage, Some("type the same one twice".into())),
        CommandError::MoveOfVariable { .. } => (
            ExitCode::Usage,
            Some("`unset OAUTHCTL_TOKEN` moves the login itself; without `--move` the variable's token is exported".into()),
        ),
        CommandError::LoginExists { profile } => (
            ExitCode::Usage,
            Some(format!("`--replace` puts the other in the place of `{profile}`, `--profile NAME` beside it")),
        ),
        CommandError::SealedLogin(error) => of_sealed_login(error),
    }
}

fn of_sealed_login(error: &SealedLoginError) -> (ExitCode, Option<String>) {
    match error {
        SealedLoginError::Newer => (ExitCode::Store, Some("upgrade oauthctl".into())),
        SealedLoginError::ShortPassphrase => (
            ExitCode::Usage,
            Some(
                "whoever has the file may try as many as they like: `openssl rand -base64 24` makes a good one".into(),
            ),
        ),
        SealedLoginError::NotOurs | SealedLoginError::TooCostly { .. } | SealedLoginError::Damaged(_) => {
            (ExitCode::Usage, Some("`oauthctl export --profile NAME` on the other machine makes a new one".into()))
        }
        SealedLoginError::WrongPassphrase => (ExitCode::Usage, None),
        SealedLoginError::Entropy(_) => (ExitCode::Unexpected, None),
    }
}

fn of_project(error: &ProjectError) -> (ExitCode, Option<String>) {
    match error {
        ProjectError::Unreadable { .. } => {
            (ExitCode::Definition, Some("it must be a file of yours or of root that nobody else can change".into()))
        }
        ProjectError::Wrong { .. } => (
            ExitCode::Definition,
            Some("it may have `profile = \"NAME\"` and `[params]` with single names, and nothing else".into()),
        ),
    }
}

fn of_call(error: &CallError) -> (ExitCode, Option<String>) {
    match error {
        CallError::BadField { .. } => {
            (ExitCode::Usage, Some("such as `-f title=Mug`, `-F price[amount]=12`, `-f tags[]=new`".into()))
        }
        CallError::Input { .. } => (ExitCode::Usage, None),
        CallError::BadHeader { .. } => (ExitCode::Usage, Some("such as `-H 'Accept-Language: de'`".into())),
        CallError::OwnToken { .. } => {
            (ExitCode::Usage, Some("leave it out; `--token-in` chooses another of the provider's places".into()))
        }
        CallError::BadOrigin { .. } => {
            (ExitCode::Usage, Some("such as `--allow-origin https://api.example.com`".into()))
        }
        CallError::PagesOfWhat { .. } => (ExitCode::Usage, Some("leave out `--paginate`, or ask with GET".into())),
        CallError::BadFilter { .. } | CallError::FilterFailed { .. } => {
            (ExitCode::Usage, Some("`--jq` takes jq's language: https://jqlang.org/manual".into()))
        }
        CallError::NotJson | CallError::MixedPages { .. } => {
            (ExitCode::Network, Some("without `--jq` and `--paginate` the reply is shown as it is".into()))
        }
        CallError::NotForScreens { .. } => {
            (ExitCode::Usage, Some("`-o FILE` keeps it in a file; a pipe takes it too".into()))
        }
        CallError::Output { .. } => (ExitCode::Usage, Some("`-o` takes a file that can be written".into())),
    }
}

fn of_flow(error: &FlowError) -> (ExitCode, Option<String>) {
    match error {
        FlowError::Listen(LoopbackError::Taken { port }) => (
            ExitCode::Network,
            Some(format!(
                "find the program with `ss -ltnp 'sport = :{port}'` (or `lsof -i :{port}`) and end it, or choose another port with \
                 `--port N` and register that redirect URI; `--port 0` takes any free one where the provider allows it"
            )),
        ),
        FlowError::Listen(LoopbackError::NotAllowed { .. }) => (
            ExitCode::Network,
            Some("ports below 1024 are for root on most systems: choose a higher one with `--port N`".into()),
        ),
        FlowError::Listen(LoopbackError::Other(_)) => (ExitCode::Network, None),
        FlowError::NoAnswer { redirect_uri, .. } => (
            ExitCode::NoAnswer,
            Some(format!(
                "if the provider showed an error page, compare what is registered there with what was sent, character by character: \
                 {redirect_uri}"
            )),
        ),
        FlowError::LaunchShared => (
            ExitCode::Refused,
            Some("another user of this machine may have read the request: log in again; with `--no-browser` no program is started, and the address is only shown".into()),
        ),
        FlowError::Declined(_) => {
            (ExitCode::Refused, Some("ask for less with `--scope`, or log in again and approve".into()))
        }
        FlowError::NotLoopback { .. } => (
            ExitCode::Usage,
            Some("`--listen 127.0.0.1:8765` says that a tunnel from there ends here; on a terminal the final address can be pasted".into()),
        ),
        FlowError::TokenReply { provider, source } => of_token_reply(provider, source),
        FlowError::TokenRequest(error) | FlowError::ApiRequest(error) | FlowError::Discovery(error) => of_http(error),
        FlowError::Metadata(DiscoveryError::NotFound { .. }) => {
            (ExitCode::Network, Some("leave `--issuer` out for a skeleton to fill in by hand".into()))
        }
        FlowError::Metadata(DiscoveryError::NotAnIssuer { .. }) => (ExitCode::Usage, Some("such as `--issuer https://login.shop.example`".into())),
        FlowError::Metadata(_) => (ExitCode::Refused, Some("do not use this server's metadata".into())),
        FlowError::ForeignUrl { url, allowed, .. } => {
            (ExitCode::Refused, Some(format!("the token may go to {allowed}; `--allow-origin {url}` adds that one, if it is yours to trust")))
        }
        FlowError::RevocationRequest(error) => (of_http(error).0, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::NotRevoked { status: 500.., .. } => (ExitCode::Network, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::NotRevoked { refusal: Some(_), .. } => (ExitCode::Refused, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::NotRevoked { refusal: None, .. } => (ExitCode::Network, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::ForeignRedirect { .. } => (
            ExitCode::Refused,
            Some("if the token may go there, call that address itself: with `--allow-origin`, or with `api.origins` in the definition".into()),
        ),
        FlowError::TooManyRedirects { .. } => (ExitCode::Refused, None),
        FlowError::UnknownPathParam { known, .. } if known.is_empty() => (ExitCode::Usage, Some("it has none; write `%7B` for a brace".into())),
        FlowError::UnknownPathParam { known, .. } => (ExitCode::Usage, Some(format!("it has {known}"))),
        FlowError::BodyNotRepeatable { .. } => (ExitCode::Refused, Some("send it to the address in `Location` itself".into())),
        FlowError::NoThread(_) => (ExitCode::Unexpected, Some("without `--jobs` no further thread is needed".into())),
        FlowError::PagesInACircle { .. } => (ExitCode::Network, Some("`--max-pages N` ends the walk before".into())),
        FlowError::NotAPath { .. } => (ExitCode::Usage, Some("write a path such as `/api/v1/products`".into())),
        FlowError::NoSuchPlacement { known, .. } => (ExitCode::Usage, Some(format!("it lists {known}"))),
        FlowError::BodyIsNotAnObject => (ExitCode::Usage, Some("choose another placement with `--token-in`".into())),
        FlowError::TokenDead { provider, .. } => {
            (ExitCode::LoginNeeded, Some(format!("`oauthctl login --provider {provider}` gets another one")))
        }
        FlowError::Definition(error) => of_definition(error),
        FlowError::Entropy(_) => (ExitCode::Unexpected, None),
    }
}

/// After a revocation that failed.
const LOCAL_LOGOUT: &str =
    "the login is kept, so that `oauthctl logout` can try again; `oauthctl logout --local` only forgets it here";

fn of_token_source(error: &TokenSourceError) -> (ExitCode, Option<String>) {
    match error {
        TokenSourceError::NoRefreshToken { profile, provider, .. }
        | TokenSourceError::Dead { profile, provider, .. }
        | TokenSourceError::Refused { profile, provider, .. } => {
            (ExitCode::LoginNeeded, Some(format!("`{}` makes a new login", login_command(provider, profile))))
        }
        TokenSourceError::Failed { source, .. } => match of_flow(source) {
            (ExitCode::Network, _) => {
                (ExitCode::Network, Some("try again later; the refresh token is kept as it was".to_owned()))
            }
            other => other,
        },
        TokenSourceError::TooShort { .. } => {
            (ExitCode::Network, Some("ask for less with `--min-validity`, or try again later".to_owned()))
        }
        TokenSourceError::Busy { .. } => {
            (ExitCode::Busy, Some("try again when it is done; a process that hangs may be ended".to_owned()))
        }
        TokenSourceError::Replaced { .. } => (ExitCode::Busy, Some("try again".to_owned())),
        TokenSourceError::Store(error) => of_store(error),
        TokenSourceError::Entropy(_) => (ExitCode::Unexpected, None),
    }
}

fn of_token_reply(provider: &str, error: &TokenReplyError) -> (ExitCode, Option<String>) {
    let show = format!("`oauthctl providers show {provider}`");
    let (code, hint) = match error {
        TokenReplyError::Refused { error, .. } => (
            ExitCode::Refused,
            match error.code.as_str() {
                "invalid_client" | "unauthorized_client" => {
                    format!("check the client id and secret: `oauthctl app set {provider}` replaces them")
                }
                "invalid_grant" => format!(
                    "run `oauthctl login --provider {provider}` again: a code works once and soon expires, and the redirect URI must be the registered one"
                ),
                _ => format!("{show} shows what was sent and why"),
            },
        ),
        TokenReplyError::Redirected { .. } => {
            (ExitCode::Refused, format!("the token URL has probably moved: compare {show} with the provider's guide"))
        }
        TokenReplyError::TooOften { .. } => {
            (ExitCode::Network, "nothing is wrong with what was sent; wait a while, then try again".to_owned())
        }
        TokenReplyError::ServerFault { .. } => {
            (ExitCode::Network, "the provider has a fault of its own; log in again later".to_owned())
        }
        TokenReplyError::Unreadable { .. }
        | TokenReplyError::Unusable { .. }
        | TokenReplyError::UnusableFragment { .. } => (
            ExitCode::Network,
            format!("a proxy or a login page may have answered in the provider's place; else compare with {show}"),
        ),
    };
    (code, Some(hint))
}

fn of_http(error: &HttpError) -> (ExitCode, Option<String>) {
    let hint = match error {
        HttpError::Connect { .. } => {
            Some("check the network, the proxy variables, and that the address is right".to_owned())
        }
        HttpError::Timeout { .. } | HttpError::Broken { .. } => Some("try again; nothing was changed here".to_owned()),
        HttpError::TooLarge { .. } | HttpError::Setup(_) => None,
    };
    (ExitCode::Network, hint)
}

fn of_definition(error: &DefinitionError) -> (ExitCode, Option<String>) {
    let hint = match error {
        DefinitionError::UnknownProvider { near, .. } => Some(match near.as_slice() {
            [] => "`oauthctl providers list` shows who there is".to_owned(),
            near => format!("did you mean {}?", ticked(near)),
        }),
        DefinitionError::Unreadable { source, .. } => {
            near_key(source.message()).map(|key| format!("did you mean `{key}`?"))
        }
        DefinitionError::UnreadableFile { .. } => None,
        DefinitionError::UnknownAlternative { known, .. } if known.is_empty() => {
            Some("it has no alternatives".to_owned())
        }
        DefinitionError::UnknownAlternative { known, .. } => Some(format!("it has {}", ticked(known))),
        DefinitionError::Missing { id, .. } | DefinitionError::Wrong { id, .. } => {
            Some(format!("`oauthctl providers show {id}` prints the definition"))
        }
        DefinitionError::ParamNeeded { param, example, .. } => Some(format!("add `--param {param}={example}`")),
        DefinitionError::ParamRefused { .. } => None,
        DefinitionError::UnknownParam { known, .. } if known.is_empty() => Some("it takes none".to_owned()),
        DefinitionError::UnknownParam { known, .. } => Some(format!("it takes {}", ticked(known))),
        DefinitionError::OriginsMoved { remedy, .. } => {
            Some(format!("if the change is right, `{remedy}` records the new ones; nothing was sent"))
        }
    };
    (ExitCode::Definition, hint)
}

fn of_store(error: &StoreError) -> (ExitCode, Option<String>) {
    let hint = match error {
        StoreError::Keychain { kind, source, .. } => of_keychain(*kind, source),
        StoreError::Damaged { .. } => Some("log in again to replace it".to_owned()),
        StoreError::Newer { .. } => Some("upgrade oauthctl, or log in again to replace the record".to_owned()),
        StoreError::NotReadBack { .. } => Some("`--store file` keeps logins in a sealed file instead".to_owned()),
        StoreError::Lock(LockError::NoAccount(_)) => {
            Some("`--store file` keeps logins, and their locks, in a folder of its own".to_owned())
        }
        StoreError::Lock(LockError::File { source, .. }) => {
            let why = "two processes could spend one refresh token without the lock";
            Some(format!("{}: {why}", file_hint(source)))
        }
        StoreError::Journal(JournalError::File { .. }) => {
            Some("it may hold a newer token than the store: make it readable, and run `oauthctl token`".to_owned())
        }
        StoreError::Journal(JournalError::BadKey) => Some("log in again to replace the record".to_owned()),
        StoreError::Journal(JournalError::Entropy(_)) => return (ExitCode::Unexpected, None),
        StoreError::Index(IndexError::File { source, .. }) => {
            Some(format!("{}; it lists the logins, and no secret is in it", file_hint(source)))
        }
        StoreError::Index(IndexError::Damaged { path, .. }) => Some(format!(
            "`mv '{path}' '{path}.damaged'` sets it aside; the logins are still in their store, under the profile's name"
        )),
        StoreError::Index(IndexError::Busy) => {
            Some("try again when it is done; a process that hangs may be ended".to_owned())
        }
        StoreError::Index(IndexError::Newer { .. }) => Some("upgrade oauthctl".to_owned()),
    };
    (ExitCode::Store, hint)
}

/// What may mend a file or folder of ours.
fn file_hint(error: &PrivateFileError) -> &'static str {
    match error {
        PrivateFileError::Io(error) => disk_hint(error),
        PrivateFileError::NotPrivate(_) => OURS_ALONE,
    }
}

fn disk_hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there and try again; what was kept before is as it was"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "nothing can be kept there; OAUTHCTL_DATA_DIR and OAUTHCTL_CONFIG_DIR lead to another place"
        }
        _ => OURS_ALONE,
    }
}

/// What our files and folders must be.
const OURS_ALONE: &str = "it must be yours, no symbolic link, and nobody else may change it";

fn of_keychain(kind: StoreKind, error: &KeychainError) -> Option<String> {
    let file = "`--store file` (or OAUTHCTL_STORE=file) keeps logins in a sealed file instead";
    if let StoreKind::Helper(name) = kind {
        let program = name.program();
        return match error {
            KeychainError::Missing { .. } => Some(format!("install `{program}`, or: {file}")),
            _ => Some(format!("`echo https://oauthctl.invalid/x | {program} get` shows how it does; or: {file}")),
        };
    }
    match error {
        KeychainError::ReadOnly => Some("`--store keychain` or `--store file` keeps a login".to_owned()),
        KeychainError::Missing { .. } => Some(format!("start a keyring service, or: {file}")),
        KeychainError::Locked => {
            Some(format!("unlock it (log in to the desktop, or `gnome-keyring-daemon --unlock`), or: {file}"))
        }
        KeychainError::Silent { .. } => {
            Some(format!("a keyring service may hang or wait for a prompt that nobody sees; end it, or: {file}"))
        }
        KeychainError::Refused { .. } => (kind == StoreKind::Keychain).then(|| file.to_owned()),
        KeychainError::TooLarge { .. } => Some(file.to_owned()),
        KeychainError::Ambiguous { .. } => {
            Some("remove the one that oauthctl did not make (service `oauthctl`)".to_owned())
        }
        KeychainError::File { problem: FileProblem::NotOurs | FileProblem::KeyGone, .. } => {
            Some("give the right key in OAUTHCTL_STORE_KEY, or log in again after removing the file".to_owned())
        }
        KeychainError::File { problem: FileProblem::FileGone, .. } => {
            Some("log in again: the keychain has the key alone, and the login was in the file".to_owned())
        }
        KeychainError::File { problem: FileProblem::Newer, .. } => Some("upgrade oauthctl".to_owned()),
        KeychainError::File { problem: FileProblem::Io(error), .. } => Some(disk_hint(error).to_owned()),
        KeychainError::File { problem: FileProblem::NotPrivate(_), .. } => Some(OURS_ALONE.to_owned()),
        KeychainError::BadKey { .. } => Some("`head -c 32 /dev/urandom | base64` makes one".to_owned()),
    }
}

fn of_emulator(error: &EmulatorError) -> (ExitCode, Option<String>) {
    match error {
        EmulatorError::Definition(error) => of_definition(error),
        EmulatorError::Entropy(_) => (ExitCode::Unexpected, None),
        EmulatorError::Listen { .. } => {
            (ExitCode::Network, Some("choose another port with `--port N`, or leave it out".into()))
        }
        EmulatorError::Serve(_) => (ExitCode::Unexpected, None),
    }
}

fn of_paths(error: &PathsError) -> (ExitCode, Option<String>) {
    match error {
        PathsError::NoHome => {
            (ExitCode::Definition, Some("set HOME, or OAUTHCTL_CONFIG_DIR and OAUTHCTL_DATA_DIR".into()))
        }
        PathsError::NotAbsolute { name, .. } => {
            (ExitCode::Definition, Some(format!("`unset {name}`, or write it with a `/` at the beginning")))
        }
    }
}

fn of_terminal(error: &TerminalError) -> (ExitCode, Option<String>) {
    match error {
        TerminalError::Stdout(_) => (ExitCode::Unexpected, None),
        TerminalError::Stdin(_) | TerminalError::NoAnswer => (ExitCode::Usage, None),
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(TerminalError::Stdout(io)) if io.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The known key that looks most like the unknown one in serde's sentence: "unknown field `ulr`, expected one of `url`, …".
fn near_key(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    // Two letters that changed places are one slip.
    let likeness = |name: &&str| (strsim::normalized_damerau_levenshtein(unknown, name) * 100.0) as u32;
    names.max_by_key(likeness).filter(|name| likeness(name) >= 60)
}

fn ticked(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
