//! Every `oauthctl …` in the blocks of code and tables of the README and its manual is read by the program's own parser, so
//! that no command and no flag in them is made up or gone. What the first screen shows is also run.

use clap::CommandFactory;
use oauthctl::testing::Cli;

use crate::support::Emulated;

const README: &str = include_str!("../../README.md");

/// What the README begins, by the same headings.
const MANUAL: &str = include_str!("../../.github/MANUAL.md");

/// The lines of code blocks without their remarks, and what stands between backticks in tables.
fn snippets() -> Vec<String> {
    let (mut found, mut is_code, mut language) = (Vec::new(), false, "");
    for line in README.lines().chain(MANUAL.lines()) {
        if let Some(name) = line.trim().strip_prefix("```") {
            (is_code, language) = (!is_code, if is_code { "" } else { name });
        } else if is_code && !matches!(language, "js" | "toml" | "text") {
            found.push(line.to_owned());
        } else if line.starts_with('|') {
            found.extend(line.replace("\\|", "|").split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// The words of each command of ours in a line of a shell: after `$(`, a pipe, `--` or a variable too.
fn commands(line: &str) -> Vec<Vec<String>> {
    // What stands for something else: an omission, the key, and what a program adds.
    let line = line.trim_start_matches("$ ").replace("…", "x").replace("<TAB>", "x").replace("\"$@\"", "get");
    let Some(begin) = begin_of_ours(&line) else { return Vec::new() };
    let (own, rest) = first_command(&line[begin..]);
    let mut found = vec![own];
    found.extend(commands(&rest));
    found
}

/// Where `oauthctl` stands as a command.
fn begin_of_ours(line: &str) -> Option<usize> {
    let before = |at: usize| line[..at].trim_end_matches(' ').chars().next_back();
    line.match_indices("oauthctl ").map(|(at, _)| at).find(|at| {
        let ends_word = line[..*at].chars().next_back().is_none_or(|c| " ('!".contains(c));
        let word = line[..*at].split_whitespace().next_back().unwrap_or("");
        ends_word && (before(*at).is_none_or(|c| "(|=;!'".contains(c)) || ["exec", "run:", "-"].contains(&word))
    })
}

/// The words up to the end of the command, and what comes after it.
fn first_command(text: &str) -> (Vec<String>, String) {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => (quote, word) = (Some(c), Some(word.unwrap_or_default())),
            (None, '#') if word.is_none() => return (words, String::new()),
            (None, '|' | ')' | ';' | '<' | '>' | '&') => {
                words.extend(word);
                return (words, text[at + c.len_utf8()..].to_owned());
            }
            (None, ' ' | '\u{21e5}') => words.extend(word.take()),
            (None, '\\') if chars.peek().is_none() => {}
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (words, String::new())
}

#[test]
fn the_program_understands_every_command_in_the_readme() {
    let all: Vec<Vec<String>> = snippets().iter().flat_map(|line| commands(line)).collect();
    assert!(all.len() > 100, "only {} commands are found", all.len());
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|words| {
            let error = Cli::command().try_get_matches_from(words).err()?;
            use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
            (!matches!(error.kind(), DisplayHelp | DisplayVersion)).then(|| format!("{}\n{error}", words.join(" ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_made_up_flag_in_the_readme_would_be_noticed() {
    let found = commands("TOKEN=$(oauthctl token --made-up)  # a remark");
    assert_eq!(found, [["oauthctl", "token", "--made-up"]]);
    assert!(Cli::command().try_get_matches_from(&found[0]).is_err());
    assert_eq!(commands("cat x | oauthctl login a --with-token < y | oauthctl use b").len(), 2);
}

#[test]
fn each_line_of_the_contents_leads_to_a_heading() {
    let contents = README.split("\n## Contents\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let links: Vec<&str> = contents.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let headings: Vec<String> = README.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    let after: Vec<&String> = headings.iter().skip_while(|heading| *heading != "contents").skip(1).collect();
    assert_eq!(links, after, "every section has its line, in the same order");
}

/// The part of an address that leads to a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -".contains(*c)).collect::<String>();
    kept.replace(' ', "-")
}

#[test]
fn each_link_in_the_readme_and_its_manual_leads_somewhere() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let anchors = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').map(anchor)).collect()
    };
    let mut looked_at = 0;
    for (text, base) in [(README, folder.to_path_buf()), (MANUAL, folder.join(".github"))] {
        let plain = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        let drawn = ["src=\"", "srcset=\""].into_iter().flat_map(|mark| text.split(mark).skip(1));
        let drawn = drawn.map(|rest| rest.split('"').next().unwrap());
        for link in plain.chain(drawn).filter(|link| !link.contains("://")) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { base.join("x") } else { base.join(path) };
            assert!(path.is_empty() || target.exists(), "{link}");
            let there = match path {
                "" => text.to_owned(),
                _ if heading.is_empty() => String::new(),
                _ => std::fs::read_to_string(target).unwrap(),
            };
            assert!(heading.is_empty() || anchors(&there).iter().any(|known| known == heading), "{link}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 50, "{looked_at}");
}

/// The failed login on the first screen, with a port of as many digits.
#[test]
fn the_failed_login_of_the_readme_looks_like_that() {
    let shown = README.split("$ oauthctl explain --registered http://localhost:8765/callback/\n").nth(1).unwrap();
    let shown = shown.split("\n```").next().unwrap();
    let port = (2000..9999).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    let sent = format!("http://localhost:{port}/callback");
    let judgeme = Emulated::start(&["--redirect-uri", &format!("{sent}/")]);
    let browser = judgeme.browser();
    let login = ["login", "--redirect-uri", &sent, "--timeout", "1s", "--browser", &browser];
    judgeme.run(&login).code(6);
    let explained = judgeme.run(&["explain", "--registered", &format!("{sent}/")]);
    explained.code(0).answers(&shown.replace("8765", &port.to_string()));
}
