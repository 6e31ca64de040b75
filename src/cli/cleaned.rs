//! clap's error, with the user's text made harmless.

use std::ffi::OsString;

use clap::error::{ContextValue, ErrorKind};

use crate::protocol::sanitize;

/// Cleans an error message, which may quote an argument with terminal escapes, or one that is very long.
pub fn cleaned(mut error: clap::Error, command: &mut clap::Command, args: &[OsString]) -> clap::Error {
    if error.kind() == ErrorKind::InvalidUtf8 {
        // clap does not say which argument it is; if none is, it is a variable that stands for one.
        let strange = args.iter().find(|arg| arg.to_str().is_none()).map(|arg| arg.to_string_lossy().into_owned());
        let variable = || {
            let name = |name: &&str| std::env::var_os(name).is_some_and(|value| value.to_str().is_none());
            ["OAUTHCTL_PROFILE", "OAUTHCTL_STORE"].into_iter().find(name).map(str::to_owned)
        };
        let what = strange.or_else(variable).unwrap_or_default();
        return command.error(ErrorKind::InvalidUtf8, format!("`{}` is not UTF-8 text", sanitize::line(&what)));
    }
    let is_foreign = |text: &str| sanitize::line(text) != text;
    let context: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in context {
        match value {
            ContextValue::String(text) if is_foreign(&text) => {
                // An empty value would look like a missing one.
                let clean = Some(sanitize::line(&text)).filter(|clean| !clean.is_empty());
                error.insert(kind, ContextValue::String(clean.unwrap_or_else(|| "\u{fffd}".to_owned())));
            }
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| sanitize::line(text)).collect();
                error.insert(kind, ContextValue::Strings(texts));
            }
            // Drop a tip that repeats such an argument.
            ContextValue::StyledStrs(tips) if tips.iter().any(|tip| is_foreign(&tip.to_string())) => {
                error.remove(kind);
            }
            _ => {}
        }
    }
    error
}
