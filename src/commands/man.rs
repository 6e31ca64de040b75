//! `man`: the manual, one page for each command and one for the keys of a definition, made from the command line's own
//! definition. That is passed in, because it belongs to a higher floor.
//!
//! A page has a date, and is the same byte for byte whenever it is made: SOURCE_DATE_EPOCH where a packager sets it, else
//! the day of this version in the changelog.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use roff::{Inline, Roff, bold, roman};

use super::{Context, examples, facts};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::likeness::nearest;
use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;
use crate::provider::manual::manual;
use crate::system::paths::variable;
use crate::system::terminal::TerminalError;
use crate::system::{private_file, shell};

/// The day of this version in `CHANGELOG.md`; a test compares them.
pub const RELEASED: &str = "2026-11-28";

/// The page on the answers in JSON, and their fields.
const JSON_PAGE: &str = include_str!("man/json.5");

const DEFINITION: &str = "oauthctl-definition";

#[derive(Args)]
pub struct ManArgs {
    /// A command such as `login` or `app set`, `definition` for the keys of a provider definition, or `json` for
    /// the fields of answers [default: the whole program]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    page: Vec<String>,

    /// Write all pages into this folder, such as ~/.local/share/man/man1
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ManArgs {
    /// Returns `true` if it answers on stdout.
    pub fn answers(&self) -> bool {
        self.dir.is_none()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ManError {
    #[error("there is no command `{name}`")]
    NoSuchCommand { name: String, near: Option<String> },
    #[error("the manual page `{path}` cannot be written")]
    NotWritten {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for ManError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoSuchCommand { near: Some(near), .. } => {
                ExitCode::Usage.hint(format!("did you mean `oauthctl man {near}`?"))
            }
            Self::NoSuchCommand { near: None, .. } => {
                ExitCode::Usage.hint("run `oauthctl --help` for a list of commands")
            }
            Self::NotWritten { .. } => ExitCode::Unexpected.hint("name a folder that you can write to"),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &ManArgs, mut program: Command, context: &Context) -> Result<(), ManError> {
    program.build();
    if let Some(folder) = &args.dir {
        return write_all(folder, &program, context);
    }
    let wanted = args.page.join("-");
    let wanted = wanted.strip_prefix("oauthctl-").unwrap_or(&wanted);
    let page = match wanted {
        "definition" => Some(definition_page()),
        "json" => Some(json_page()),
        "" | "oauthctl" => Some(page(&program, &program)),
        name => commands(&program).into_iter().find(|(path, _)| *path == name).map(|(_, found)| page(found, &program)),
    };
    let page = page.ok_or_else(|| no_such_command(&args.page.join(" "), &program))?;
    context.terminal().data(page.as_bytes())?;
    if context.terminal().stdout_is_terminal() {
        let typed = ["oauthctl", "man"].into_iter().chain(args.page.iter().map(String::as_str));
        context.terminal().note(&format_args!("To read it as a page: {} | man -l -", shell::command(typed)));
    }
    Ok(())
}

fn no_such_command(typed: &str, program: &Command) -> ManError {
    let pages: Vec<String> = commands(program).into_iter().map(|(path, _)| path.replace('-', " ")).collect();
    let near = nearest(typed, pages.iter().map(String::as_str).chain(["definition", "json"])).map(str::to_owned);
    ManError::NoSuchCommand { name: sanitize::line(typed), near }
}

/// Writes every page; one that is there already is replaced.
fn write_all(folder: &Path, program: &Command, context: &Context) -> Result<(), ManError> {
    let named = |path: &str| if path.is_empty() { "oauthctl.1".to_owned() } else { format!("oauthctl-{path}.1") };
    let whole = [
        ("oauthctl.1".to_owned(), page(program, program)),
        (format!("{DEFINITION}.5"), definition_page()),
        ("oauthctl-json.5".to_owned(), json_page()),
    ];
    let of_commands = commands(program).into_iter().map(|(path, command)| (named(&path), page(command, program)));
    let mut count = 0;
    for (name, text) in whole.into_iter().chain(of_commands) {
        let path = folder.join(name);
        let failed = |source| ManError::NotWritten { path: sanitize::line(&path.to_string_lossy()), source };
        private_file::replace_public(&path, text.as_bytes()).map_err(failed)?;
        count += 1;
    }
    let folder = sanitize::line(&folder.to_string_lossy());
    context.terminal().note(&format_args!("Wrote {count} pages to {folder}."));
    Ok(())
}

/// Returns the commands with a page, each with its path: `app`, `app-set`.
fn commands(program: &Command) -> Vec<(String, &Command)> {
    let mut all = Vec::new();
    collect(program, "", &mut all);
    all
}

fn collect<'a>(above: &'a Command, path: &str, all: &mut Vec<(String, &'a Command)>) {
    for inner in above.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        let path = if path.is_empty() { inner.get_name().to_owned() } else { format!("{path}-{}", inner.get_name()) };
        all.push((path.clone(), inner));
        collect(inner, &path, all);
    }
}

fn date() -> String {
    let given = variable("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse::<i64>().ok());
    let day = given.and_then(|seconds| Timestamp(seconds).to_string().split('T').next().map(str::to_owned));
    day.unwrap_or_else(|| RELEASED.to_owned())
}

fn definition_page() -> String {
    dated(&manual(), ".TH OAUTHCTL-DEFINITION 5")
}

fn json_page() -> String {
    dated(JSON_PAGE, ".TH OAUTHCTL-JSON 5")
}

/// Adds the date and the version to a page's title.
fn dated(page: &str, title: &str) -> String {
    let whole = format!("{title} {} \"oauthctl {}\" \"oauthctl manual\"", date(), version());
    page.replacen(title, &whole, 1)
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Returns the page of one command, in the format of `man`.
fn page(command: &Command, program: &Command) -> String {
    let path = command.get_display_name().unwrap_or("oauthctl").replacen("oauthctl", "", 1);
    let path = path.trim_start_matches('-').replace('-', " ");
    let title = command.get_display_name().unwrap_or("oauthctl").to_ascii_uppercase();
    let own = command.clone().after_help("").version(version());
    let man = Man::new(own).title(title).section("1").date(date());
    let man = man.source(format!("oauthctl {}", version())).manual("oauthctl manual");
    let mut page = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render_title(&mut page);
    let _ = man.render_name_section(&mut page);
    let usage = command.clone().render_usage().to_string();
    let mut synopsis = Roff::new();
    synopsis.control("SH", ["SYNOPSIS"]);
    synopsis.text([bold(usage.trim_start_matches("Usage:").trim())]);
    page.extend(synopsis.to_roff().into_bytes());
    let _ = man.render_description_section(&mut page);
    let _ = man.render_options_section(&mut page);
    if command.get_subcommands().any(|inner| !inner.is_hide_set()) {
        let _ = man.render_subcommands_section(&mut page);
    }
    String::from_utf8_lossy(&page).into_owned() + &further(&path, program)
}

/// Returns the sections after the options.
fn further(path: &str, program: &Command) -> String {
    let mut page = Roff::new();
    page.control("SH", ["EXAMPLES"]);
    for example in examples::of(path) {
        page.control("PP", []);
        page.text([roman(example.what)]);
        page.control("RS", ["4"]);
        page.text([bold(example.command)]);
        page.control("RE", []);
    }
    let name = path.split(' ').next().unwrap_or_default();
    listed(&mut page, "ENVIRONMENT", facts::environment(name));
    listed(&mut page, "FILES", facts::FILES.iter().copied());
    listed(&mut page, "EXIT STATUS", facts::EXIT_STATUS.iter().copied());
    page.control("SH", ["SEE ALSO"]);
    page.text(see_also(path, program));
    page.to_roff()
}

fn listed(page: &mut Roff, heading: &str, rows: impl Iterator<Item = (&'static str, &'static str)>) {
    page.control("SH", [heading]);
    for (name, words) in rows {
        page.control("TP", []);
        page.text([bold(name)]);
        page.text([roman(words)]);
    }
}

/// The pages beside and below this one, and that of the keys.
fn see_also(path: &str, program: &Command) -> Vec<Inline> {
    let own = path.replace(' ', "-");
    let above = own.rsplit_once('-').map_or("", |(above, _)| above);
    let near = |other: &str| {
        let parent = other.rsplit_once('-').map_or("", |(parent, _)| parent);
        other != own && (parent == own || (!above.is_empty() && (parent == above || other == above)))
    };
    let mut names: Vec<String> = Vec::new();
    if !own.is_empty() {
        names.push("oauthctl".to_owned());
    }
    names.extend(
        commands(program).into_iter().filter(|(other, _)| near(other)).map(|(other, _)| format!("oauthctl-{other}")),
    );
    let mut all: Vec<Inline> = names.into_iter().flat_map(|name| [bold(name), roman("(1), ")]).collect();
    all.extend([bold(DEFINITION), roman("(5)")]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_changelog() {
        let changelog = include_str!("../../CHANGELOG.md");
        let released = changelog.lines().find(|line| line.starts_with("## ") && !line.contains("Unreleased"));
        assert_eq!(released, Some(format!("## {} ({RELEASED})", version()).as_str()));
    }
}
