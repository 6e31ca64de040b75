//! What the commands refuse by themselves, and what the emulator, the terminal and the user's folders do.

use super::{ExitCode, Verdict};
use crate::commands::call::CallError;
use crate::commands::{CommandError, emulate};
use crate::protocol::advice::{Advice, NextStep, login_command};

pub(super) fn of_command(error: &CommandError) -> Verdict {
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
            (ExitCode::Usage, Some("give it as UTF-8; a store key is base64".into()))
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
        CommandError::SealedLogin(error) => {
            let NextStep { code, hint } = error.next_step();
            (code, hint)
        }
    }
}

pub(super) fn of_call(error: &CallError) -> Verdict {
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
