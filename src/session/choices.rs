//! The choices of a command line and its environment variables, before anything is looked up.

use std::path::PathBuf;

use super::{Recording, Sourced};
use crate::store::{Profile, StoreKind};
use crate::system::terminal::ColorChoice;

/// The options of every command.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The argument of the commands that have one, `--profile`, or OAUTHCTL_PROFILE.
    pub profile: Option<Sourced<Profile>>,
    /// `--store`, or OAUTHCTL_STORE.
    pub store: Option<Sourced<StoreKind>>,
    /// `--cacert`: a file of certificate authorities to trust, too.
    pub cacert: Option<PathBuf>,
    pub json: bool,
    pub verbose: bool,
    pub quiet: bool,
    pub color: ColorChoice,
    /// The record of the command's flow, if it has one.
    pub recording: Option<Recording>,
    /// The profile is one of several that the command runs for.
    pub is_one_of_many: bool,
    /// The arguments as they were typed.
    pub command_line: Vec<String>,
}
