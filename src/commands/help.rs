//! What `--help` shows beside the arguments: examples, and the commands in groups. It is added only when help is asked
//! for, so that no other command line pays for it.

use clap::Command;

use super::examples;
use crate::protocol::sanitize::wrap;
use crate::system::screen::{self, Stream};

/// The widest line of a help text, as `cli` tells clap.
pub const WIDEST: usize = 100;

/// The commands by what people want to do. A command without a group fails a test.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Log in", &["login", "app", "use", "logout"]),
    ("Use the token", &["token", "call", "exec", "refresh", "exchange", "export", "import"]),
    ("Look into it", &["status", "scopes", "inspect", "explain", "doctor"]),
    ("Providers", &["providers"]),
    ("Try it out", &["demo", "emulate"]),
    ("This program", &["completions", "man", "help"]),
];

/// Returns the command line's definition with its examples and groups.
pub fn explained(program: Command) -> Command {
    let mut program = program;
    program.build();
    let groups = groups(&program);
    let codes = program.get_after_help().map(ToString::to_string).unwrap_or_default();
    let program = with_examples(program, "");
    let own = program.get_after_help().map(ToString::to_string).unwrap_or_default();
    let template = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";
    // The groups list them; clap would list them again.
    let usage = if program.is_subcommand_required_set() { "<COMMAND>" } else { "[COMMAND]" };
    let hidden = program.mut_subcommands(|inner| inner.hide(true));
    let hidden = hidden.override_usage(format!("oauthctl [OPTIONS] {usage}")).help_template(template);
    hidden.before_help(groups).after_help(format!("{own}\n\n{codes}"))
}

fn with_examples(command: Command, path: &str) -> Command {
    let shown: Vec<String> =
        examples::of(path).map(|example| format!("  # {}\n  {}", example.what, example.command)).collect();
    let command = match shown.is_empty() {
        true => command,
        false => command.clone().after_help(format!("{}\n{}", heading(&command, "Examples"), shown.join("\n"))),
    };
    command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        with_examples(inner, path.trim_start())
    })
}

fn groups(program: &Command) -> String {
    let width = GROUPS.iter().flat_map(|(_, names)| *names).map(|name| name.len()).max().unwrap_or(0);
    let literal = program.get_styles().get_literal();
    // What does not fit goes on beside the names: below them it would look like a command.
    let columns = screen::size_of(Stream::Stdout).map_or(WIDEST, |(columns, _)| columns.min(WIDEST));
    let line = |name: &&str| {
        let about = program.find_subcommand(name)?.get_about()?.to_string();
        let begin = format!("  {name:width$}  ");
        let lines = wrap(&begin, &about, begin.len(), columns).join("\n");
        let lines = lines.replacen(name, &format!("{literal}{name}{literal:#}"), 1);
        Some(lines + "\n")
    };
    let group = |(title, names): &(&str, &[&str])| {
        let lines: String = names.iter().filter_map(line).collect();
        format!("{}\n{lines}", heading(program, title))
    };
    GROUPS.iter().map(group).collect::<Vec<_>>().join("\n")
}

fn heading(command: &Command, title: &str) -> String {
    let style = command.get_styles().get_header();
    format!("{style}{title}:{style:#}")
}
