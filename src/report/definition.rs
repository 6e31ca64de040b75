//! What is wrong with a definition, or with what was asked of one.

use super::{ExitCode, Verdict};
use crate::provider::DefinitionError;

pub(super) fn of_definition(error: &DefinitionError) -> Verdict {
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
