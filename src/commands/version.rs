//! `--version --verbose`: what this binary was built from.
//!
//! A release says it in three variables when it compiles (`.github/packaging/build`). There is no `build.rs` to find it
//! out: a build from a package or from a changed checkout could only guess, so it says "unknown".

use clap::Command;

const COMMIT: Option<&str> = option_env!("OAUTHCTL_BUILD_COMMIT");
const DATE: Option<&str> = option_env!("OAUTHCTL_BUILD_DATE");
const TARGET: Option<&str> = option_env!("OAUTHCTL_BUILD_TARGET");

/// Returns the command line's definition with the whole answer to `--version`.
pub fn explained(program: Command) -> Command {
    let version = env!("CARGO_PKG_VERSION");
    let lines = [("commit", COMMIT), ("date", DATE), ("target", TARGET)];
    let lines = lines.map(|(name, value)| format!("\n{name}: {}", said(value)));
    // clap takes texts that live as long as the program, which ends with this one.
    program.version(&*format!("{version}{}", lines.concat()).leak())
}

/// Returns a variable's value. A release that could not find it out has set it to nothing.
fn said(value: Option<&'static str>) -> &'static str {
    value.filter(|value| !value.is_empty()).unwrap_or("unknown")
}

/// Returns `true` if a word of the command line is `--verbose`, on its own or among short flags.
pub fn asks_for_details(word: &str) -> bool {
    word == "--verbose" || word.starts_with('-') && word[1..].chars().all(char::is_alphabetic) && word.contains('v')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_asked_for_in_each_spelling_of_verbose() {
        assert!(["--verbose", "-v", "-vV", "-Vvv"].into_iter().all(asks_for_details));
        assert!(!["--version", "-V", "-q", "verbose", "-", "", "--", "v"].into_iter().any(asks_for_details));
    }

    #[test]
    fn what_a_build_was_not_told_is_unknown() {
        assert_eq!((said(None), said(Some("")), said(Some("a1b2c3"))), ("unknown", "unknown", "a1b2c3"));
    }
}
