//! What can be wrong with a command to run, and with what it is given.

use std::ffi::OsStr;
use std::io;

use crate::flow::FlowError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::session::SessionError;
use crate::system::entropy::NoEntropy;
use crate::system::http::HttpError;
use crate::system::loopback::LoopbackError;
use crate::system::own_folder::OwnFolderError;
use crate::system::private_file::PrivateFileError;
use crate::system::remedy::TEMPORARY;

#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    #[error("the token cannot be kept in `{path}`")]
    TokenFile {
        path: String,
        #[source]
        source: PrivateFileError,
    },
    /// It may be anything, so it is not replaced.
    #[error("`{path}` exists, and holds more than a token")]
    NotATokenFile { path: String },
    #[error("`{path}` is in the Git work tree `{tree}`, which does not ignore it")]
    InWorkTree { path: String, tree: String },
    #[error("there is no folder for the token's file")]
    OwnFolder(#[from] OwnFolderError),
    #[error("`{text}` is not an origin: {problem}")]
    BadOrigin { text: String, problem: &'static str },
    /// A proxy passes bodies on as they come.
    #[error("`{provider}` takes its token only in the body of a request, where no proxy can add it")]
    TokenInBody { provider: String },
    #[error("no proxy can be run for the command")]
    NoProxy(#[source] LoopbackError),
    #[error("the process that renews the token for the command could not be started")]
    NoCompanion(#[source] io::Error),
    /// This is no Unix.
    #[error("no program can be sent a signal on this system")]
    NoSignals,
    #[error(transparent)]
    NotStarted(#[from] ChildNotStarted),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Advice for ExecError {
    fn next_step(&self) -> NextStep {
        let another = "; without a path, `--token-file` makes a file of the command's own";
        match self {
            Self::TokenFile { source, .. } => ExitCode::Store.hint(format!("{}{another}", source.hint())),
            Self::NotATokenFile { .. } => {
                ExitCode::Usage.hint(format!("name a file that does not exist yet, or delete it{another}"))
            }
            Self::InWorkTree { .. } => {
                ExitCode::Usage.hint(format!("add it to `.gitignore`, or name a file elsewhere{another}"))
            }
            Self::OwnFolder(OwnFolderError::Folder { source, .. }) => {
                ExitCode::Store.hint(format!("{}, or set {TEMPORARY} to a folder of your own", source.hint()))
            }
            Self::OwnFolder(OwnFolderError::Entropy(error)) => error.next_step(),
            Self::BadOrigin { .. } => ExitCode::Usage.hint("write it as in `--allow-origin https://files.example.com`"),
            Self::TokenInBody { .. } => ExitCode::Definition.hint("use `--token-file` in the place of `--proxy`"),
            Self::NoProxy(error) => error.next_step(),
            Self::NoCompanion(_) => ExitCode::Unexpected
                .hint("`oauthctl exec` without `--token-file` and `--proxy` needs no second process"),
            Self::NoSignals => ExitCode::Usage.hint("leave out `--on-renew`, and let the command read the file again"),
            Self::NotStarted(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Http(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

/// The user's command does not exist or cannot be run.
#[derive(Debug, thiserror::Error)]
#[error("`{program}` could not be started")]
pub struct ChildNotStarted {
    pub program: String,
    #[source]
    pub source: io::Error,
}

impl ChildNotStarted {
    pub fn new(program: &OsStr, source: io::Error) -> Self {
        Self { program: sanitize::line(&program.to_string_lossy()), source }
    }
}

impl Advice for ChildNotStarted {
    fn next_step(&self) -> NextStep {
        ExitCode::Usage.no_hint()
    }
}
