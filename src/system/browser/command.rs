//! The commands in `BROWSER` and `--browser`, split into words without a shell.
//!
//! # Decision: how `BROWSER` is read
//!
//! As Python's `webbrowser` and xdg-open read it: a list separated by `:` (`;` on Windows), the first that works is used;
//! `%s` stands for the URL, which is appended where it is not named; `%%` is a percent sign, and `&` at the end means
//! nothing, because no entry is waited for. Quotes and backslashes are a shell's, and the path of a file that exists needs
//! none: `/mnt/c/Program Files/Mozilla Firefox/firefox.exe --new-window`. Nothing else of a shell's is honored.

use std::path::Path;

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
        let (file, rest) = file_with_spaces(text).unwrap_or(("", text));
        // What is not balanced is not a shell's quoting.
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
        if Path::new(text.trim()).is_file() {
            return Self::parse(text).into_iter().collect();
        }
        entries(text).into_iter().filter_map(Self::parse).collect()
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

/// Splits a command behind the longest beginning that is a file with whitespace in its path.
fn file_with_spaces(text: &str) -> Option<(&str, &str)> {
    let ends = text.match_indices(char::is_whitespace).map(|(at, _)| at).chain([text.len()]).collect::<Vec<_>>();
    let is_file = |(file, _): &(&str, &str)| file.contains(char::is_whitespace) && Path::new(file).is_file();
    ends.into_iter().rev().map(|end| text.split_at(end)).find(is_file)
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

/// What a character of a command is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Of a word.
    Word,
    /// Between words.
    Space,
    /// Between commands.
    Separator,
    /// A quote, or a backslash that quotes the next character.
    Quote,
}

/// Returns each character with its role, or `None` if a quote is not closed.
fn roles(text: &str) -> Option<Vec<(usize, char, Role)>> {
    let mut quote = None;
    let mut roles = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let role = match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                Role::Quote
            }
            (_, Some(open)) if c == open => {
                quote = None;
                Role::Quote
            }
            // A backslash is a part of a path on Windows.
            ('\\', None | Some('"')) if !cfg!(windows) => {
                let next = chars.peek().map(|(_, next)| *next);
                match next.filter(|next| quote.is_none() || matches!(next, '"' | '\\')) {
                    Some(next) => {
                        roles.push((at, c, Role::Quote));
                        chars.next();
                        roles.push((at + 1, next, Role::Word));
                        continue;
                    }
                    None => Role::Word,
                }
            }
            (SEPARATOR, None) => Role::Separator,
            (c, None) if c.is_whitespace() => Role::Space,
            _ => Role::Word,
        };
        roles.push((at, c, role));
    }
    quote.is_none().then_some(roles)
}

/// Splits a list at the separators that are not quoted.
fn entries(text: &str) -> Vec<&str> {
    let Some(roles) = roles(text) else { return text.split(SEPARATOR).collect() };
    let mut start = 0;
    let mut entries = Vec::new();
    for (at, c, _) in roles.into_iter().filter(|(_, _, role)| *role == Role::Separator) {
        entries.push(&text[start..at]);
        start = at + c.len_utf8();
    }
    entries.push(&text[start..]);
    entries
}

/// Splits a command at the whitespace that is not quoted, and removes the quotes.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for (_, c, role) in roles(text)? {
        if role == Role::Space {
            is_open = false;
            continue;
        }
        if !is_open {
            words.push(String::new());
            is_open = true;
        }
        if let (Role::Word | Role::Separator, Some(word)) = (role, words.last_mut()) {
            word.push(c);
        }
    }
    Some(words)
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
            ("firefox '%s' \"a b\" c'd e'f ''", vec![vec!["firefox", URL, "a b", "cd ef", ""]]),
            ("'/a b/c' -x", vec![vec!["/a b/c", "-x", URL]]),
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
        assert_eq!(started(r"/a\ b/c\:d -\\ \"), [["/a b/c:d", r"-\", r"\", URL]]);
        assert_eq!(started(r#"x "a\"b\c" 'a\b'"#), [["x", r#"a"b\c"#, r"a\b", URL]]);
    }

    #[test]
    fn a_file_with_spaces_needs_no_quotes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my browser");
        std::fs::write(&file, "").unwrap();
        let file = file.to_str().unwrap();
        assert_eq!(started(file), [[file, URL]]);
        assert_eq!(started(&format!("{file} -x")), [[file, "-x", URL]]);
    }
}
