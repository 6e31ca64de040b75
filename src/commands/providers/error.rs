//! Errors in showing a provider or writing a definition.

use std::io;

use crate::flow::FlowError;
use crate::flow::discovery::DiscoveryError;
use crate::flow::document::NoDocument;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::openapi::NotAnApiDescription;
use crate::provider::DefinitionError;
use crate::session::SessionError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    #[error("`{id}` is not a valid provider id")]
    NotAnId { id: String },
    #[error("`{id}` is a built-in provider")]
    BuiltIn { id: String },
    #[error("`{id}` is not a built-in provider, so there is nothing to lay a file over")]
    NotBuiltIn { id: String },
    #[error("no provider matches `{words}`")]
    NoneFound { words: String },
    #[error("no definition of `{id}` can be drafted")]
    NotDrafted {
        id: String,
        #[source]
        source: DiscoveryError,
    },
    #[error("the API's document `{path}` cannot be read")]
    ApiFile {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("`{place}` cannot be used as an OpenAPI document")]
    NotAnApi {
        place: String,
        #[source]
        source: NotAnApiDescription,
    },
    #[error(transparent)]
    Document(#[from] NoDocument),
    /// Each fault is one line.
    #[error("`{file}` cannot be used:{}", faults.iter().map(|fault| format!("\n  {fault}")).collect::<String>())]
    Faulty { file: String, faults: Vec<String> },
    #[error("`{path}` already exists")]
    DefinitionExists { path: String },
    #[error("`{path}` cannot be written")]
    NotWritten {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for ProvidersError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotAnId { .. } => ExitCode::Usage
                .hint("use lowercase letters, digits, `.`, `_` and `-`, and begin with a letter or digit"),
            Self::BuiltIn { id } => ExitCode::Usage.hint(format!(
                "run `oauthctl providers new {id} --overlay` to change single keys of it, or choose another id"
            )),
            Self::NotBuiltIn { .. } => ExitCode::Usage.hint("leave `--overlay` out"),
            Self::NoneFound { .. } => ExitCode::Definition.hint(
                "use fewer words; `oauthctl providers new ID --issuer URL` drafts the definition of a provider that is not built in",
            ),
            Self::NotDrafted { id, source } => source.next_step_with(&format!("oauthctl providers new {id} --issuer")),
            Self::ApiFile { .. } => ExitCode::Usage.hint("name a file, or an https address"),
            Self::NotAnApi { source: NotAnApiDescription::Swagger { .. }, .. } => {
                ExitCode::Definition.hint("convert it to OpenAPI 3, or ask the provider for that")
            }
            Self::NotAnApi { .. } => ExitCode::Definition.hint("name the API's OpenAPI document itself, not a page about it"),
            Self::Document(error) => error.next_step(),
            Self::Faulty { .. } => ExitCode::Definition.hint("`oauthctl man definition` explains each key"),
            Self::DefinitionExists { .. } => ExitCode::Usage.hint("edit it, or choose another id"),
            Self::NotWritten { .. } => ExitCode::Unexpected.hint(
                "add `--print` to print the definition instead, or set OAUTHCTL_CONFIG_DIR to a folder that you can write to",
            ),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}
