//! Errors in a definition, and in requests for one.

use super::id::is_id;
use super::place::Place;
use crate::protocol::advice::{Advice, ExitCode, NextStep, with_causes};
use crate::protocol::login_secrets::variable_of;
use crate::protocol::sanitize::{self, ticked};

/// An error in a provider, its definition, or a value for it.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    #[error("no provider is called `{id}`")]
    UnknownProvider { id: String, near: Vec<String> },
    #[error("`{place}` is not a valid definition")]
    Unreadable {
        place: String,
        #[source]
        source: Box<toml::de::Error>,
        /// The key or word that was probably meant.
        near: Option<String>,
    },
    #[error("`{place}` cannot be read")]
    UnreadableFile {
        place: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{place}` chooses the alternative `{name}`, which `{id}` does not have")]
    UnknownAlternative { id: String, place: String, name: String, known: Vec<String> },
    #[error("the definition of `{id}`{} has no `{key}`, which is required for {purpose}", in_file(file))]
    Missing {
        id: String,
        /// The user's file, if there is one.
        file: Option<String>,
        key: &'static str,
        purpose: &'static str,
    },
    #[error("the login has no value for `{param}`, which `{id}` should have sent and `{key}` needs")]
    NotCaptured { id: String, key: &'static str, param: String },
    #[error("the definition of `{id}`{} is wrong at `{key}`{}: {problem}", in_file(file), at(place))]
    Wrong {
        id: String,
        /// The user's file, if there is one.
        file: Option<String>,
        place: Option<Place>,
        key: String,
        problem: String,
    },
    #[error("`{id}` needs a value for `{param}`")]
    ParamNeeded { id: String, param: String, example: String },
    #[error("`{id}` needs a value for `{param}`, which is a secret")]
    SecretNeeded { id: String, param: String },
    #[error("`{param}` of `{id}` is a secret, and other programs can read a command line")]
    SecretTyped { id: String, param: String },
    #[error("every request of `{id}` carries the client secret, and this client has none")]
    ClientSecretNeeded { id: String },
    #[error("`{value}` is not a valid `{param}` of `{id}`: {problem}")]
    ParamRefused { id: String, param: String, value: String, problem: String },
    #[error("`{id}` has no parameter `{param}`")]
    UnknownParam { id: String, param: String, known: Vec<String> },
    #[error("the {part} origins of `{id}` are recorded as {recorded}, and the definition now has {now}")]
    OriginsMoved { id: String, part: &'static str, recorded: String, now: String, remedy: String },
}

impl Advice for DefinitionError {
    fn next_step(&self) -> NextStep {
        let code = if matches!(self, Self::SecretTyped { .. }) { ExitCode::Usage } else { ExitCode::Definition };
        NextStep { code, hint: self.hint() }
    }
}

impl DefinitionError {
    /// Returns the error in one line, for use inside a sentence. A parser's error has several, with the file's own text.
    pub fn in_one_line(&self) -> String {
        match self {
            Self::Unreadable { source, .. } => {
                let whole = source.to_string();
                let place = whole.lines().next().and_then(|line| line.strip_prefix("TOML parse error at "));
                let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
                format!("{self}: {place}{}", sanitize::line(source.message()))
            }
            other => with_causes(other),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownProvider { near, id } if near.is_empty() => {
                let own = if is_id(id) { id } else { "ID" };
                Some(format!(
                    "`oauthctl providers search WORD` finds one; an issuer or an MCP server needs only its address, as in \
                     `oauthctl login https://HOST`; `oauthctl providers new {own} --authorize URL --token URL` defines one"
                ))
            }
            Self::UnknownProvider { near, .. } => Some(format!("did you mean {}?", ticked(near))),
            Self::Unreadable { near, .. } => near.as_ref().map(|key| format!("did you mean `{key}`?")),
            Self::UnknownAlternative { known, .. } if known.is_empty() => Some("it has no alternatives".to_owned()),
            Self::UnknownAlternative { known, .. } => Some(format!("it has {}", ticked(known))),
            // What is wrong cannot be shown.
            Self::Wrong { file: Some(file), .. } => {
                Some(format!("`oauthctl providers check {file}` names all its faults"))
            }
            Self::Missing { id, .. } | Self::Wrong { id, .. } => {
                Some(format!("`oauthctl providers show {id}` prints the definition"))
            }
            Self::NotCaptured { id, param, .. } => Some(format!(
                "run `oauthctl login {id}` again, or name it with `--param {param}=VALUE`; a code that is pasted \
                 alone leaves such values behind, the whole address does not"
            )),
            Self::ParamNeeded { param, example, .. } => Some(format!("add `--param {param}={example}`")),
            Self::SecretNeeded { id, param } => Some(format!(
                "set {}, or pipe it into `oauthctl login {id} --param-stdin {param}`; at a terminal `oauthctl login {id}` \
                 asks for it",
                variable_of(param)
            )),
            Self::SecretTyped { id, param } => Some(format!(
                "set {}, or pipe it into `oauthctl login {id} --param-stdin {param}`; a terminal asks for it without echo",
                variable_of(param)
            )),
            Self::ClientSecretNeeded { id } => Some(format!(
                "run `oauthctl app set {id}` with its client secret, or set OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET"
            )),
            Self::UnknownParam { known, .. } if known.is_empty() => Some("it takes none".to_owned()),
            Self::UnknownParam { known, .. } => Some(format!("it takes {}", ticked(known))),
            Self::OriginsMoved { remedy, .. } => {
                Some(format!("if the change is right, run `{remedy}` to record the new ones; nothing was sent"))
            }
            Self::UnreadableFile { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory => {
                Some("set OAUTHCTL_CONFIG_DIR and OAUTHCTL_DATA_DIR to folders that you can write to".to_owned())
            }
            Self::UnreadableFile { place, source } if source.kind() == std::io::ErrorKind::InvalidData => {
                Some(format!("save {place} as UTF-8, or remove it"))
            }
            Self::UnreadableFile { place, source } if source.to_string().contains("other users") => {
                Some(format!("run `chmod go-w '{place}'`, once you have read it"))
            }
            Self::UnreadableFile { place, .. } => {
                Some(format!("let {place} be a file that you can read, or remove it"))
            }
            Self::ParamRefused { .. } => None,
        }
    }
}

fn in_file(file: &Option<String>) -> String {
    file.as_ref().map(|file| format!(" ({file})")).unwrap_or_default()
}

fn at(place: &Option<Place>) -> String {
    place.map(|place| format!(", {place}")).unwrap_or_default()
}
