//! What each shell sends, and the answer that it understands and inserts without running anything.
//!
//! The first line of an answer says what the shell completes by itself (`files`, `folders`, `commands`, or `values` for
//! nothing), with `nospace` if a value goes on behind the word. A line for each word follows. Of it
//!
//! * bash inserts all, as it is, in place of what follows the last of its word breaks. So it is escaped here, and shorter
//!   than the word. Where a quote is open, only words that need no escape are offered.
//! * zsh, fish and elvish quote a word themselves. A tab and the description follow it. zsh gets `--flag=` as a line of its
//!   own, because it completes the value alone.
//! * PowerShell inserts as it is. So a line has the quoted word, the plain one, and the description.

use std::ffi::OsString;

use clap::ValueEnum;

use super::candidate::{Candidate, Fitting, Native};
use crate::protocol::shell::quoted_for_powershell;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    Zsh,
}

impl Shell {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        }
    }

    /// The script of this shell, the same in every version.
    pub fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../../completions/oauthctl.bash"),
            Self::Elvish => include_str!("../../../completions/oauthctl.elv"),
            Self::Fish => include_str!("../../../completions/oauthctl.fish"),
            Self::Powershell => include_str!("../../../completions/_oauthctl.ps1"),
            Self::Zsh => include_str!("../../../completions/_oauthctl"),
        }
    }
}

/// A line as a shell sends it.
pub struct Question {
    shell: Shell,
    words: Vec<String>,
    /// For bash: what is known of the last word.
    end: LineEnd,
    /// For bash: it lists the words, and inserts none.
    lists: bool,
}

/// The end of a line in bash.
#[derive(Debug, Default, PartialEq, Eq)]
struct LineEnd {
    /// The bytes of the last word that bash leaves alone: up to its last word break.
    kept: usize,
    /// In single or double quotes.
    in_quotes: bool,
}

impl Question {
    /// Reads the arguments after `__complete`. Returns `None` for what no script of ours sends.
    pub fn read(args: &[OsString]) -> Option<Self> {
        let mut args = args.iter().map(|arg| arg.to_string_lossy().into_owned());
        let shell = Shell::from_str(&args.next()?, false).ok()?;
        let plain = |words| Self { shell, words, end: LineEnd::default(), lists: false };
        match shell {
            Shell::Bash => {
                // 63 is `?`: the second TAB.
                let lists = args.next()? == "63";
                let breaks = args.next()?;
                let (words, end) = split(&args.next()?, &breaks);
                Some(Self { shell, words, end, lists })
            }
            // The mark keeps an empty word: Windows PowerShell drops it.
            Shell::Powershell => {
                Some(plain(args.skip(1).map(|word| word.strip_prefix('=').unwrap_or(&word).to_owned()).collect()))
            }
            Shell::Fish => {
                let mut words: Vec<String> = args.skip(1).collect();
                // Its current word comes as it was typed.
                let last = split(&words.pop()?, "").0.pop();
                words.push(last.unwrap_or_default());
                Some(plain(words))
            }
            Shell::Elvish | Shell::Zsh => Some(plain(args.skip(1).collect())),
        }
    }

    pub fn words(&self) -> Vec<String> {
        self.words.clone()
    }

    pub fn answer(&self, fitting: &Fitting) -> String {
        let goes_on = |candidate: &Candidate| candidate.value.ends_with(['=', ':']);
        let native = match fitting.native {
            Native::Nothing => "values",
            Native::Files => "files",
            Native::Folders => "folders",
            Native::Commands => "commands",
        };
        let all = &fitting.candidates;
        let nospace = if !all.is_empty() && all.iter().all(goes_on) { " nospace" } else { "" };
        let mut answer = format!("{native}{nospace}\n");
        for line in all.iter().filter_map(|candidate| self.line(candidate, all.len() > 1)) {
            answer += &line;
            answer.push('\n');
        }
        answer
    }

    /// Returns the line of one word, or `None` if this shell could not insert it.
    fn line(&self, Candidate { value, help }: &Candidate, is_one_of_many: bool) -> Option<String> {
        match self.shell {
            Shell::Bash => {
                let rest = value.get(self.end.kept..)?;
                let rest = if self.end.in_quotes { is_plain(rest).then(|| rest.to_owned())? } else { escaped(rest) };
                Some(match self.lists && is_one_of_many && !help.is_empty() {
                    true => format!("{rest}  ({help})"),
                    false => rest,
                })
            }
            Shell::Zsh => {
                let flag = self.words.last().filter(|word| word.starts_with("--")).and_then(|word| word.find('='));
                Some(format!("{}\t{help}", &value[flag.map_or(0, |at| at + 1)..]))
            }
            Shell::Fish | Shell::Elvish => Some(format!("{value}\t{help}")),
            Shell::Powershell => {
                let help = if help.is_empty() { value } else { help };
                Some(format!("{}\t{value}\t{help}", in_powershell(value)))
            }
        }
    }
}

/// Returns `true` for a text that no shell does anything with.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || "_-./:=+%,@".contains(c))
}

/// Escapes a text for bash, with backslashes: what was typed of a word stays its beginning.
fn escaped(text: &str) -> String {
    let escape = |c: char| if is_plain(&c.to_string()) { vec![c] } else { vec!['\\', c] };
    text.chars().flat_map(escape).collect()
}

/// Quotes a text for PowerShell, which takes each of these characters for a single quote, and most others for syntax.
fn in_powershell(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-./:=+".contains(c);
    if text.chars().all(is_safe) {
        return text.to_owned();
    }
    quoted_for_powershell(text)
}

/// Splits a line up to the cursor into the words that bash will pass, without expanding anything. The last word is the
/// one to complete, and may be empty.
fn split(line: &str, breaks: &str) -> (Vec<String>, LineEnd) {
    let (mut words, mut word, mut end) = (Vec::new(), String::new(), LineEnd::default());
    let (mut quote, mut is_begun) = (None, false);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => (quote, end.in_quotes) = (None, false),
            (Some('"'), '\\') => match rest.next() {
                Some(next) if "\"\\$`".contains(next) => word.push(next),
                Some(next) => word.extend(['\\', next]),
                None => {}
            },
            (None, '\\') => word.extend(rest.next()),
            (None, '\'' | '"') => {
                (quote, end) = (Some(c), LineEnd { kept: word.len(), in_quotes: true });
            }
            (None, c) if c.is_whitespace() => {
                if is_begun {
                    words.push(std::mem::take(&mut word));
                }
                (end, is_begun) = (LineEnd::default(), false);
                continue;
            }
            (_, c) => {
                word.push(c);
                if quote.is_none() && breaks.contains(c) {
                    end.kept = word.len();
                }
            }
        }
        is_begun = true;
    }
    words.push(word);
    (words, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    #[test]
    fn a_line_of_bash_is_split_as_bash_does_it() {
        let words = |line: &str| split(line, BREAKS).0;
        assert_eq!(words("oauthctl  token "), ["oauthctl", "token", ""]);
        assert_eq!(words("oauthctl a\\ b 'c d' \"e\\\"$f\" g"), ["oauthctl", "a b", "c d", "e\"$f", "g"]);
        assert_eq!(words("oauthctl '' \"x y"), ["oauthctl", "", "x y"]);
        let end = |line: &str| split(line, BREAKS).1;
        assert_eq!(end("x --store=hel"), LineEnd { kept: 8, in_quotes: false });
        assert_eq!(end("x helper:pa"), LineEnd { kept: 7, in_quotes: false });
        assert_eq!(end("x --store=\"helper:p"), LineEnd { kept: 8, in_quotes: true });
        assert_eq!(end("x a:b c"), LineEnd::default());
    }

    #[test]
    fn what_is_inserted_is_one_word_that_runs_nothing() {
        let evil = "a b$(touch x)`id`'\";|&<>*?[]{}~!#\\";
        let shown = split(&escaped(evil), BREAKS).0;
        assert_eq!(shown, [evil]);
        assert_eq!(escaped("~root"), "\\~root");
        assert_eq!(in_powershell("it's \u{2019}$(x)"), "'it''s \u{2019}\u{2019}$(x)'");
        assert_eq!(in_powershell("read_all"), "read_all");
    }
}
