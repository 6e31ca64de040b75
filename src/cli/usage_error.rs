//! A command line that cannot be understood, and the one that was probably meant.
//!
//! clap finds the fault and its place. Its tips know one command's own words only, so they are replaced: a flag may be that
//! of another command, a provider may stand where a command belongs, and people bring along words of other programs
//! (see [`other_words`](super::other_words)). Nothing is guessed and run: the line is refused, and the hint is one to paste.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::other_words;
use crate::commands::examples_of;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::likeness::{meant, nearest};
use crate::protocol::sanitize;
use crate::provider::builtin;
use crate::system::shell;

/// The global flags that are followed by a value.
const WITH_VALUE: [&str; 4] = ["--profile", "--store", "--cacert", "--color"];

#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("{}", no_command(command, word))]
    NoSuchCommand { command: String, word: String, meant: Option<String> },
    #[error("`{command}` has no flag `{flag}`")]
    NoSuchFlag { command: String, flag: String, meant: Option<String> },
    #[error("`{command}` cannot use the argument `{word}`")]
    TooMany { command: String, word: String, meant: Option<String> },
    #[error("`{command}` needs {}", missing.join(" and "))]
    Missing { command: String, missing: Vec<String>, example: Option<String> },
    /// In the words of what refused it.
    #[error("{message}")]
    Refused { command: String, message: String, meant: Option<String> },
}

impl Advice for UsageError {
    fn next_step(&self) -> NextStep {
        let (command, first) = match self {
            Self::NoSuchCommand { command, meant, .. } => match meant {
                Some(meant) => return ExitCode::Usage.hint(meant.clone()),
                None => return ExitCode::Usage.hint(format!("`{command} --help` lists the commands")),
            },
            Self::Missing { command, example, .. } => {
                (command, example.as_ref().map(|example| format!("for example `{example}`")))
            }
            Self::NoSuchFlag { command, meant, .. }
            | Self::TooMany { command, meant, .. }
            | Self::Refused { command, meant, .. } => (command, meant.clone()),
        };
        // A question ends a sentence by itself.
        let end = |first: &str| if first.ends_with('?') { " " } else { "; " };
        let first = first.map(|first| format!("{first}{}", end(&first))).unwrap_or_default();
        ExitCode::Usage.hint(format!("{first}`{command} --help` lists its arguments"))
    }
}

fn no_command(command: &str, word: &str) -> String {
    match command.split_once(' ') {
        None => format!("there is no command `{word}`"),
        Some(_) => format!("`{command}` has no command `{word}`"),
    }
}

impl UsageError {
    /// Reads clap's error, whose texts are clean.
    pub fn new(error: &clap::Error, program: &mut Command, args: &[OsString]) -> Self {
        // What is global is known to each command only then.
        program.build();
        let words: Vec<String> = args.iter().skip(1).map(|arg| sanitize::line(&arg.to_string_lossy())).collect();
        let (at, path) = command_of(program, &words);
        let command = ["oauthctl"].into_iter().chain(path.iter().copied()).collect::<Vec<_>>().join(" ");
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            _ => None,
        };
        match (error.kind(), text(ContextKind::InvalidSubcommand), text(ContextKind::InvalidArg)) {
            (ErrorKind::InvalidSubcommand, Some(word), _) => {
                let meant = other_command(&word, at, &path, &words);
                Self::NoSuchCommand { command, word, meant }
            }
            (ErrorKind::UnknownArgument, _, Some(flag)) if flag.starts_with('-') => {
                let meant = other_flag(&flag, (program, at, &command), &words);
                Self::NoSuchFlag { command, flag, meant }
            }
            (ErrorKind::UnknownArgument, _, Some(word)) => {
                let meant = other_place(&word, at, &command);
                Self::TooMany { command, word, meant }
            }
            (ErrorKind::MissingRequiredArgument, ..) => {
                let missing = match error.get(ContextKind::InvalidArg) {
                    Some(ContextValue::Strings(missing)) => {
                        missing.iter().map(|one| format!("`{}`", bare(one))).collect()
                    }
                    _ => Vec::new(),
                };
                let path = path.join(" ");
                let mut examples = examples_of(&path).map(|example| example.command);
                let example = examples.find(|line| line.starts_with("oauthctl ")).map(str::to_owned);
                Self::Missing { command, missing, example }
            }
            (_, _, _) => Self::Refused { meant: other_value(error), message: message(error), command },
        }
    }
}

/// Returns the command that a line is about, and the words that lead to it.
fn command_of<'c>(program: &'c Command, words: &[String]) -> (&'c Command, Vec<&'c str>) {
    let (mut at, mut path) = (program, Vec::new());
    let mut words = words.iter().map(String::as_str).peekable();
    // `help login` is about `login`.
    words.next_if_eq(&"help");
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            words.next();
        } else if let Some(inner) = at.find_subcommand(word) {
            at = inner;
            path.push(inner.get_name());
        } else if !word.starts_with('-') || word == "--" {
            break;
        }
    }
    (at, path)
}

/// Returns clap's own message without its tips, its usage and its mark.
fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let own = text.split("\n\n").next().unwrap_or_default().trim_end();
    own.strip_prefix("error: ").unwrap_or(own).to_owned()
}

/// Returns an argument as the help names it, without the brackets of a placeholder.
fn bare(argument: &str) -> &str {
    let inner = argument.strip_prefix('<').and_then(|rest| rest.trim_end_matches('.').strip_suffix('>'));
    inner.unwrap_or(argument)
}

/// Returns what to run instead of a command that does not exist.
fn other_command(word: &str, at: &Command, path: &[&str], words: &[String]) -> Option<String> {
    let names: Vec<&str> = at.get_subcommands().filter(|inner| !inner.is_hide_set()).map(Command::get_name).collect();
    let line =
        |rest: &str| ["oauthctl"].into_iter().chain(path.iter().copied()).chain([rest]).collect::<Vec<_>>().join(" ");
    let near = || meant(word, names.iter().copied()).map(|name| format!("did you mean `{}`?", line(name)));
    if !path.is_empty() {
        return near();
    }
    let next = words.iter().skip_while(|other| *other != word).nth(1).map(String::as_str).unwrap_or_default();
    // A name or an address, in front of its command or without one.
    if is_provider(word) || word.contains("://") {
        let command = if at.find_subcommand(next).is_some() { next } else { "login" };
        return Some(format!("run `oauthctl {command} {}`", shell::word(word)));
    }
    let near = || near().filter(|_| other_words::command(word, "").is_none());
    near().or_else(|| Some(format!("run `{}`", other_words::command(word, next)?)))
}

fn is_provider(word: &str) -> bool {
    builtin::entries().any(|entry| entry.id == word || entry.aliases().any(|alias| alias == word))
}

/// Returns what to write instead of a flag that the command does not have.
fn other_flag(flag: &str, (program, at, command): (&Command, &Command, &str), words: &[String]) -> Option<String> {
    let flag = flag.split('=').next().unwrap_or(flag);
    let name = flag.strip_prefix("--")?;
    let is_named = |argument: &&Arg| {
        let placeholder = argument.get_value_names().and_then(|names| names.first()).map(|name| name.to_lowercase());
        argument.is_positional() && placeholder.is_some_and(|placeholder| placeholder == name)
    };
    if let Some(argument) = at.get_arguments().find(is_named) {
        let placeholder = argument.get_value_names().and_then(|names| names.first())?;
        return Some(format!("it is given without a flag: `{command} {placeholder}`"));
    }
    let of = |of: &Command| of.get_arguments().any(|argument| argument.get_long() == Some(name));
    let others = || program.get_subcommands().filter(|inner| !inner.is_hide_set() && of(inner)).map(Command::get_name);
    // In front of its command.
    if let Some(later) = others().find(|other| words.iter().any(|word| word == other) && at.get_name() == "oauthctl") {
        return Some(format!("it belongs behind the command: `oauthctl {later} {flag}`"));
    }
    let own: Vec<&str> = at.get_arguments().filter(|own| !own.is_hide_set()).filter_map(Arg::get_long).collect();
    if let Some(near) = meant(name, own.iter().copied()) {
        return Some(format!("did you mean `--{near}`?"));
    }
    let others: Vec<String> = others().take(3).map(|other| format!("`oauthctl {other}`")).collect();
    (!others.is_empty()).then(|| format!("it is a flag of {}", others.join(", ")))
}

/// Returns where a word belongs that a command has no argument for.
fn other_place(word: &str, at: &Command, command: &str) -> Option<String> {
    let has = |name: &str| at.get_arguments().any(|argument| argument.get_long() == Some(name));
    if at.get_name() == "exec" {
        return Some(format!("write `--` before the program: `{command} -- {word}`"));
    }
    (has("provider") && is_provider(word)).then(|| format!("did you mean `--provider {word}`?"))
}

/// Returns the value that was probably meant, if there are only a few.
fn other_value(error: &clap::Error) -> Option<String> {
    let (ContextValue::String(value), ContextValue::Strings(known)) =
        (error.get(ContextKind::InvalidValue)?, error.get(ContextKind::ValidValue)?)
    else {
        return None;
    };
    nearest(value, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    fn said(line: &str) -> (String, String) {
        let args = ["oauthctl"].into_iter().chain(line.split(' ')).map(OsString::from);
        let Err(super::super::NotRun::Wrong(error)) = parse(args) else { panic!("{line}") };
        (error.to_string(), error.next_step().hint.unwrap())
    }

    fn hint(line: &str) -> String {
        let (message, hint) = said(line);
        assert!(!message.contains('\n') && !message.contains("Usage"), "{message}");
        hint
    }

    #[test]
    fn a_mistyped_command_finds_its_own() {
        for (line, meant) in [
            ("loign judgeme", "did you mean `oauthctl login`?"),
            ("help loign", "did you mean `oauthctl login`?"),
            ("providers lst", "did you mean `oauthctl providers list`?"),
            ("app sett judgeme", "did you mean `oauthctl app set`?"),
            ("stat", "did you mean `oauthctl status`?"),
            ("--profile login loign", "did you mean `oauthctl login`?"),
            ("zzzzz", "`oauthctl --help` lists the commands"),
            ("app zzzzz", "`oauthctl app --help` lists the commands"),
        ] {
            assert_eq!(hint(line), meant, "{line}");
        }
        assert_eq!(said("loign").0, "there is no command `loign`");
        assert_eq!(said("providers lst").0, "`oauthctl providers` has no command `lst`");
    }

    #[test]
    fn words_of_other_programs_find_ours() {
        for (line, meant) in [
            ("auth login", "run `oauthctl login`"),
            ("auth token", "run `oauthctl token`"),
            ("auth switch", "run `oauthctl use NAME`"),
            ("auth", "run `oauthctl login`"),
            ("whoami", "run `oauthctl status`"),
            ("list", "run `oauthctl status`"),
            ("version", "run `oauthctl --version`"),
            ("get-token", "run `oauthctl token`"),
            ("decode", "run `oauthctl inspect`"),
        ] {
            assert_eq!(hint(line), meant, "{line}");
        }
    }

    #[test]
    fn a_provider_or_an_address_is_no_command() {
        assert_eq!(hint("judgeme login"), "run `oauthctl login judgeme`");
        assert_eq!(hint("gh"), "run `oauthctl login gh`");
        assert_eq!(hint("judgeme emulate"), "run `oauthctl emulate judgeme`");
        assert_eq!(hint("https://mcp.example/mcp"), "run `oauthctl login https://mcp.example/mcp`");
        assert_eq!(hint("https://mcp.example/?a=1&b=2"), "run `oauthctl login 'https://mcp.example/?a=1&b=2'`");
    }

    #[test]
    fn a_flag_finds_its_name_its_command_or_its_place() {
        let lists = |command: &str| format!("`oauthctl {command} --help` lists its arguments");
        for (line, command, meant) in [
            ("login judgeme --scop read", "login", "did you mean `--scope`?"),
            ("login --time 3", "login", "did you mean `--timeout`?"),
            ("doctor --provider judgeme", "doctor", "it is given without a flag: `oauthctl doctor PROVIDER`"),
            ("status --probe", "status", "it is a flag of `oauthctl scopes`"),
            ("refresh judgeme work", "refresh", ""),
            ("exec env", "exec", "write `--` before the program: `oauthctl exec -- env`"),
            ("demo storehippo", "demo", "did you mean `--provider storehippo`?"),
            ("completions zsch", "completions", "did you mean `zsh`?"),
            (
                "app set",
                "app set",
                "for example `oauthctl app set judgeme --client-id my-client --client-secret-file secret.txt --replace`",
            ),
        ] {
            let end = if meant.ends_with('?') { "" } else { ";" };
            let whole = if meant.is_empty() { lists(command) } else { format!("{meant}{end} {}", lists(command)) };
            let (_, hint) = said(line);
            assert_eq!(hint, whole, "{line}");
        }
        let (message, hint) = said("--scope read login judgeme");
        assert_eq!(message, "`oauthctl` has no flag `--scope`");
        assert!(hint.starts_with("it belongs behind the command: `oauthctl login --scope`"), "{hint}");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(said("call").0, "`oauthctl call` needs `[METHOD] PATH`");
        assert_eq!(said("app set").0, "`oauthctl app set` needs `PROVIDER`");
        assert_eq!(said("exec").0, "`oauthctl exec` needs `COMMAND`");
    }
}
