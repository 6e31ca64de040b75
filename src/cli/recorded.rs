//! What is recorded of a command, and where its trace goes.

use std::path::Path;

use super::Command;
use crate::protocol::flow_record::FlowKind;

impl Command {
    /// Returns the kind of its flow, if it has one that is recorded.
    pub(super) fn flow(&self) -> Option<FlowKind> {
        match self {
            Self::Login(args) if !args.dry_run => Some(FlowKind::Login),
            Self::Token(_) | Self::Refresh(_) | Self::Exchange(_) | Self::Exec(_) => Some(FlowKind::Refresh),
            Self::Call(_) => Some(FlowKind::Call),
            Self::Scopes(_) => Some(FlowKind::Scopes),
            Self::Logout(_) => Some(FlowKind::Revoke),
            _ => None,
        }
    }

    /// Returns the file of `--trace`, and whether secrets are shown in it.
    pub(super) fn trace(&self) -> (Option<&Path>, bool) {
        let (file, shows) = match self {
            Self::Login(args) => (&args.trace.file, args.trace.show_secrets),
            Self::Refresh(args) => (&args.trace.file, args.trace.show_secrets),
            Self::Scopes(args) => (&args.trace.file, args.trace.show_secrets),
            Self::Call(args) => (&args.trace, args.show_secrets),
            _ => return (None, false),
        };
        (file.trace.as_deref(), shows)
    }
}
