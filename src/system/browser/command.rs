//! The commands in `BROWSER` and `--browser`, split into words without a shell.
//!
//! # Decision: how `BROWSER` is read
//!
//! As Python's `webbrowser` and xdg-open read it: a list separated by `:` (`;` on Windows), the first that works is used;
//! `%s` stands for the URL, which is appended where it is not named; `%%` is a percent sign, and `&` at the end means
//! nothing, because no entry is waited for. Words are split as the system does it: by a shell's quotes and backslashes on
//! Unix, and by double quotes alone on Windows, where a backslash is a part of a path. The path of a program that exists
//! needs none: `/mnt/c/Program Files/Mozilla Firefox/firefox.exe --new-window`. Nothing else of a shell's is honored.

#[cfg(any(not(unix), test))]
use crate::protocol::shell::split_arguments;
use crate::system::program;

/// A program, and its arguments before the URL is put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserCommand {
    pub program: String,
    args: Vec<String>,
}

const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

impl BrowserCommand {
    /// Reads one command, or returns `None` for a blank one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (file, rest) = program_with_spaces(text).unwrap_or(("", text));
        // What is not balanced is not quoted.
        let words = split(rest).unwrap_or_else(|| rest.split_whitespace().map(str::to_owned).collect());
        let mut words = Some(file.to_owned()).filter(|file| !file.is_empty()).into_iter().chain(words);
        let program = words.next()?;
        let mut args: Vec<String> = words.collect();
        args.pop_if(|last| last == "&");
        Some(Self { program, args })
    }

    /// Reads a list of commands.
    pub fn parse_list(text: &str) -> Vec<Self> {
        // A file may have the separator in its name.
        if is_program(text.trim()) {
            return Self::parse(text).into_iter().collect();
        }
        entries(text, SEPARATOR, split).iter().filter_map(|entry| Self::parse(entry)).collect()
    }

    /// Returns the arguments with the URL in them. A URL has no whitespace, and there is no shell to read it.
    pub fn args_for(&self, url: &str) -> Vec<String> {
        let mut named = false;
        let mut args: Vec<String> = self.args.iter().map(|arg| fill(arg, url, &mut named)).collect();
        if !named {
            args.push(url.to_owned());
        }
        args
    }
}

/// Splits a command behind the longest beginning that is a program with whitespace in its path.
fn program_with_spaces(text: &str) -> Option<(&str, &str)> {
    let ends = text.match_indices(char::is_whitespace).map(|(at, _)| at).chain([text.len()]).collect::<Vec<_>>();
    let is_one = |(file, _): &(&str, &str)| file.contains(char::is_whitespace) && is_program(file);
    ends.into_iter().rev().map(|end| text.split_at(end)).find(is_one)
}

/// Returns `true` for the path of a program.
fn is_program(path: &str) -> bool {
    path.contains(['/', std::path::MAIN_SEPARATOR]) && program::find(path.as_ref()).is_some()
}

fn fill(arg: &str, url: &str, named: &mut bool) -> String {
    let mut filled = String::new();
    let mut rest = arg;
    while let Some(at) = rest.find('%') {
        filled.push_str(&rest[..at]);
        let (put, after) = match rest[at + 1..].chars().next() {
            Some('s') => (url, 2),
            Some('%') => ("%", 2),
            _ => ("%", 1),
        };
        *named |= put == url;
        filled.push_str(put);
        rest = &rest[at + after..];
    }
    filled + rest
}

/// Splits a command into words, as this system quotes them. Returns `None` if a quote is not closed.
#[cfg(unix)]
fn split(text: &str) -> Option<Vec<String>> {
    shlex::split(text)
}

#[cfg(not(unix))]
fn split(text: &str) -> Option<Vec<String>> {
    split_arguments(text)
}

/// Splits a list at the separators that are not quoted: a part in which a quote is open goes on behind the next one.
fn entries(text: &str, separator: char, split: impl Fn(&str) -> Option<Vec<String>>) -> Vec<String> {
    let mut entries = Vec::new();
    let mut open: Option<String> = None;
    for part in text.split(separator) {
        let entry = open.take().map_or_else(|| part.to_owned(), |open| format!("{open}{separator}{part}"));
        match split(&entry) {
            Some(_) => entries.push(entry),
            None => open = Some(entry),
        }
    }
    match open {
        None => entries,
        // What is not balanced is not quoted.
        Some(_) => text.split(separator).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:1/open/x";

    /// Returns each command as it would be started.
    fn started(list: &str) -> Vec<Vec<String>> {
        let line = |command: BrowserCommand| [vec![command.program.clone()], command.args_for(URL)].concat();
        BrowserCommand::parse_list(list).into_iter().map(line).collect()
    }

    #[test]
    fn a_list_is_read_as_other_programs_read_it() {
        for (list, commands) in [
            ("firefox", vec![vec!["firefox", URL]]),
            ("firefox:chromium", vec![vec!["firefox", URL], vec!["chromium", URL]]),
            (" :: firefox : ", vec![vec!["firefox", URL]]),
            ("firefox --new-window", vec![vec!["firefox", "--new-window", URL]]),
            ("firefox %s --kiosk:lynx", vec![vec!["firefox", URL, "--kiosk"], vec!["lynx", URL]]),
            ("firefox &", vec![vec!["firefox", URL]]),
            ("firefox --url=%s 100%% 5%", vec![vec!["firefox", &format!("--url={URL}"), "100%", "5%"]]),
            ("firefox \"%s\" \"a b\" c\"d e\"f \"\"", vec![vec!["firefox", URL, "a b", "cd ef", ""]]),
            ("\"/a b/c\" -x", vec![vec!["/a b/c", "-x", URL]]),
            ("\"/a:b/c\":d", vec![vec!["/a:b/c", URL], vec!["d", URL]]),
            ("o'brien -x", vec![vec!["o'brien", "-x", URL]]),
            ("", vec![]),
            (" : ", vec![]),
        ] {
            let list = if cfg!(windows) { list.replace(':', ";").replace("/a;b", "/a:b") } else { list.to_owned() };
            assert_eq!(started(&list), commands, "{list}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_backslash_quotes_one_character() {
        assert_eq!(started(r"/a\ b/c\:d -\\"), [["/a b/c:d", r"-\", URL]]);
        assert_eq!(started("'/a b/c' 'd e'f"), [["/a b/c", "d ef", URL]]);
        assert_eq!(started(r#"x "a\"b\c" 'a\b'"#), [["x", r#"a"b\c"#, r"a\b", URL]]);
    }

    #[test]
    fn a_list_of_windows_is_split_at_semicolons_outside_of_quotes() {
        let entries = |list: &str| entries(list, ';', split_arguments);
        let [firefox, edge] = [r#""C:\Program Files\Mozilla; Firefox\firefox.exe" -x"#, r"C:\O'Brien's\edge.exe"];
        assert_eq!(entries(&format!("{firefox};{edge}")), [firefox, edge]);
        assert_eq!(entries(r#"a";b"#), [r#"a""#, "b"], "what is not balanced is not quoted");
    }

    #[test]
    fn a_file_with_spaces_needs_no_quotes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my browser.exe");
        std::fs::write(&file, "").unwrap();
        let file = file.to_str().unwrap();
        assert_eq!(started(file), [[file, URL]]);
        assert_eq!(started(&format!("{file} -x")), [[file, "-x", URL]]);
    }
}
