//! Words and lines of a shell, for commands and lines to be pasted or read by `eval`.
//!
//! The functions write words for a POSIX shell; the same text is one word in zsh and in fish. [`ShellKind`] knows the other
//! shells, and the lines that differ in them: `set NAME=value` has four forms.
//!
//! # Decision: what cmd cannot say
//!
//! cmd replaces `%NAME%` in a line that is typed, in quotes, too, and reads a quote in a value as the end of one. What helps
//! against it at the prompt (`^%`) becomes a part of the value in `for /f`. So a value with two percent signs, with a quote or
//! with a control character has no line for cmd, and `set` says so.

use clap::ValueEnum;

/// The shells whose language differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShellKind {
    /// bash, zsh and every other POSIX shell
    #[value(aliases = ["sh", "zsh", "dash", "ash", "ksh", "posix"])]
    Bash,
    /// fish
    Fish,
    /// PowerShell, and Windows PowerShell
    #[value(alias = "pwsh")]
    Powershell,
    /// The command prompt of Windows
    Cmd,
}

impl ShellKind {
    /// Returns the shell whose program has this name, such as `-bash` or `C:\Windows\System32\cmd.exe`.
    pub fn of_program(name: &str) -> Option<Self> {
        let name = name.trim().rsplit(['/', '\\']).next()?.trim_start_matches('-').to_ascii_lowercase();
        match name.strip_suffix(".exe").unwrap_or(&name) {
            "sh" | "bash" | "zsh" | "dash" | "ash" | "busybox" | "ksh" | "mksh" | "yash" => Some(Self::Bash),
            "fish" => Some(Self::Fish),
            "powershell" | "pwsh" => Some(Self::Powershell),
            "cmd" => Some(Self::Cmd),
            _ => None,
        }
    }

    /// Quotes a text so that this shell reads it as one word, exactly as it is.
    pub fn quoted(self, text: &str) -> String {
        match self {
            Self::Bash | Self::Fish => quoted(text),
            Self::Powershell => quoted_for_powershell(text),
            Self::Cmd => quoted_for_cmd(text),
        }
    }

    /// Returns a text as one word of this shell, quoted only if it needs that.
    pub fn word(self, text: &str) -> String {
        let is_made_of = |special: &[u8]| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || special.contains(&b))
        };
        let is_plain = match self {
            Self::Bash | Self::Fish => return word(text),
            // It splits `-a.b` and `-a:b`, makes a list of `a,b`, and `@a` stands for a variable.
            Self::Powershell => is_made_of(b"_-./:=+\\") && !(text.starts_with('-') && text.contains(['.', ':'])),
            Self::Cmd => is_made_of(b"_-./:@+\\"),
        };
        if is_plain { text.to_owned() } else { self.quoted(text) }
    }

    /// Returns a command line of these words.
    pub fn command<'a>(self, words: impl IntoIterator<Item = &'a str>) -> String {
        let line = words.into_iter().map(|text| self.word(text)).collect::<Vec<_>>().join(" ");
        // PowerShell prints a text in quotes, and calls it with this before it.
        if self == Self::Powershell && line.starts_with('\'') { format!("& {line}") } else { line }
    }

    /// Returns the line that sets a variable for the programs that follow, or `None` if this shell has none for that value.
    pub fn set(self, name: &str, value: &str) -> Option<String> {
        Some(match self {
            Self::Bash => format!("export {name}={}", quoted(value)),
            Self::Fish => format!("set -gx {name} {}", quoted(value)),
            Self::Powershell => format!("$env:{name} = {}", quoted_for_powershell(value)),
            Self::Cmd => {
                let is_read_otherwise = |c: char| c == '"' || c.is_control();
                if value.contains(is_read_otherwise) || value.matches('%').count() > 1 {
                    return None;
                }
                format!("set \"{name}={value}\"")
            }
        })
    }

    /// Returns the command that removes variables from the environment.
    pub fn unset(self, names: &[&str]) -> String {
        match self {
            Self::Bash => format!("unset {}", names.join(" ")),
            Self::Fish => format!("set -e {}", names.join(" ")),
            Self::Powershell => {
                format!("Remove-Item {}", names.iter().map(|name| format!("Env:{name}")).collect::<Vec<_>>().join(", "))
            }
            Self::Cmd => names.iter().map(|name| format!("set {name}=")).collect::<Vec<_>>().join("& "),
        }
    }
}

/// Puts a text between quotes for PowerShell, which takes each of these characters for a single quote.
pub fn quoted_for_powershell(text: &str) -> String {
    let doubled = |c: char| if "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c) { vec![c, c] } else { vec![c] };
    format!("'{}'", text.chars().flat_map(doubled).collect::<String>())
}

/// Quotes an argument of a program for a line that is typed at cmd: first as the program splits its line, then each
/// character that cmd would act on.
fn quoted_for_cmd(text: &str) -> String {
    let argument = quoted_argument(text);
    if !text.contains(['"', '%', '!']) {
        return argument;
    }
    let escaped = |c: char| if "\"%!^&|<>()".contains(c) { vec!['^', c] } else { vec![c] };
    argument.chars().flat_map(escaped).collect()
}

/// Quotes an argument as the C library of Windows splits a command line: backslashes before a quote are doubled.
pub fn quoted_argument(text: &str) -> String {
    let (mut word, mut backslashes) = (String::from("\""), 0);
    for c in text.chars() {
        match c {
            '\\' => backslashes += 1,
            '"' => word.push_str(&"\\".repeat(2 * std::mem::take(&mut backslashes) + 1)),
            _ => word.push_str(&"\\".repeat(std::mem::take(&mut backslashes))),
        }
        if c != '\\' {
            word.push(c);
        }
    }
    word + &"\\".repeat(2 * backslashes) + "\""
}

#[cfg(any(not(unix), test))]
/// Splits a command line as the C library of Windows does, or returns `None` if a quote is not closed. Only a double quote
/// quotes, and a backslash is a part of a path, save before such a quote.
pub fn split_arguments(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let mut backslashes = 1;
                while rest.next_if_eq(&'\\').is_some() {
                    backslashes += 1;
                }
                let is_before_quote = rest.peek() == Some(&'"');
                let word = word.get_or_insert_default();
                word.push_str(&"\\".repeat(if is_before_quote { backslashes / 2 } else { backslashes }));
                if is_before_quote && backslashes % 2 == 1 {
                    word.extend(rest.next());
                }
            }
            '"' => {
                word.get_or_insert_default();
                is_quoted = !is_quoted;
            }
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (!is_quoted).then_some(words)
}

/// Quotes a text so that a shell reads it as one word, exactly as it is. A backslash stands outside of the quotes: fish
/// would read it as an escape inside them.
pub fn quoted(text: &str) -> String {
    let mut word = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => word.push_str(r"'\''"),
            '\\' => word.push_str(r"'\\'"),
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

/// Returns a text as one word of a shell, quoted only if it needs that.
pub fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@,+=%".contains(&byte);
    // zsh replaces a word that begins with `=` by the path of a program, and fish `%self` by a process.
    let needs_quotes = text.is_empty() || text.starts_with(['=', '%']) || !text.bytes().all(is_plain);
    if needs_quotes { quoted(text) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ShellKind; 4] = [ShellKind::Bash, ShellKind::Fish, ShellKind::Powershell, ShellKind::Cmd];

    #[test]
    fn a_shell_is_known_by_its_program() {
        for (program, shell) in [
            ("bash\n", Some(ShellKind::Bash)),
            ("-zsh", Some(ShellKind::Bash)),
            ("/usr/bin/fish", Some(ShellKind::Fish)),
            ("pwsh", Some(ShellKind::Powershell)),
            (r"C:\Windows\System32\WindowsPowerShell\v1.0\PowerShell.EXE", Some(ShellKind::Powershell)),
            ("cmd.exe", Some(ShellKind::Cmd)),
            ("cargo", None),
            ("", None),
        ] {
            assert_eq!(ShellKind::of_program(program), shell, "{program}");
        }
    }

    #[test]
    fn each_shell_sets_and_removes_a_variable_in_its_way() {
        let set = |value: &str| ALL.map(|shell| shell.set("A", value).unwrap_or_default());
        assert_eq!(
            set("it's $x"),
            [r"export A='it'\''s $x'", r"set -gx A 'it'\''s $x'", "$env:A = 'it''s $x'", "set \"A=it's $x\""]
        );
        assert_eq!(set("50%")[3], "set \"A=50%\"");
        for unsayable in ["a\"b", "%PATH%", "a\nb"] {
            assert_eq!(ShellKind::Cmd.set("A", unsayable), None, "{unsayable:?}");
        }
        assert_eq!(
            ALL.map(|shell| shell.unset(&["A", "B"])),
            ["unset A B", "set -e A B", "Remove-Item Env:A, Env:B", "set A=& set B="]
        );
    }

    #[test]
    fn each_shell_reads_a_word_as_it_is() {
        for (text, powershell, cmd) in [
            ("read_all", "read_all", "read_all"),
            (r"C:\a\b", r"C:\a\b", r"C:\a\b"),
            ("a b", "'a b'", "\"a b\""),
            ("a,b", "'a,b'", "\"a,b\""),
            ("-x.y", "'-x.y'", "-x.y"),
            ("", "''", "\"\""),
            ("/a?b&c=d", "'/a?b&c=d'", "\"/a?b&c=d\""),
            ("a\"b", "'a\"b'", "^\"a\\^\"b^\""),
            ("%A% &", "'%A% &'", "^\"^%A^% ^&^\""),
            (r"a b\", r"'a b\'", r#""a b\\""#),
            ("it\u{2019}s", "'it\u{2019}\u{2019}s'", "\"it\u{2019}s\""),
        ] {
            assert_eq!(ShellKind::Powershell.word(text), powershell);
            assert_eq!(ShellKind::Cmd.word(text), cmd);
        }
        assert_eq!(ShellKind::Powershell.command(["a b", "c"]), "& 'a b' c");
        assert_eq!(ShellKind::Cmd.command(["curl", "-H", "A: b"]), "curl -H \"A: b\"");
        assert_eq!(ShellKind::Bash.command(["curl", "-H", "A: b"]), "curl -H 'A: b'");
    }

    #[test]
    fn windows_reads_a_quoted_argument_back() {
        for text in ["", "a", "a b", r"C:\a b\", r"\\host\x", "say \"hi\"", r#"a\\"b"#, "it's"] {
            let line = format!("x {} y", quoted_argument(text));
            assert_eq!(split_arguments(&line).unwrap(), ["x", text, "y"], "{line}");
        }
        assert_eq!(split_arguments(r#" "C:\Program Files\x.exe"  -a"b c"d \\" "#), None);
        assert_eq!(
            split_arguments(r#""C:\Program Files\x.exe" -a"b c"d"#).unwrap(),
            [r"C:\Program Files\x.exe", "-ab cd"]
        );
    }

    #[test]
    fn a_shell_reads_a_quoted_text_as_it_is() {
        for (text, expected) in
            [("a b$c", "'a b$c'"), ("it's", r"'it'\''s'"), ("", "''"), (r"a\b\\", r"'a'\\'b'\\''\\''")]
        {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn a_plain_word_is_not_quoted() {
        for plain in
            ["oauthctl", "/api/v1/products", "store=my-shop", "read_products,read_orders", "a@b:8.1+2", "a%20b"]
        {
            assert_eq!(word(plain), plain);
        }
        for special in ["", "a b", "/products?count=1", "x[]=1", "~", "=ls", "a&b", "{a,b}", "*", "#", "%self", "é"] {
            assert_eq!(word(special), format!("'{special}'"));
        }
        assert_eq!(ShellKind::Bash.command(["oauthctl", "call", "GET", "/a?b=c"]), "oauthctl call GET '/a?b=c'");
    }
}
