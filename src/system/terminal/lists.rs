//! Lists to choose from: one line, or several that are ticked.
//!
//! They are drawn by `inquire`. Of the kept libraries it is the only one that filters both kinds of list by typing
//! (`dialoguer` filters the first kind only), and it needs 12 packages that the program does not have anyway; `cliclack`
//! brings progress bars. It draws on Windows, too, by `crossterm`. Questions with a typed answer need no library: the
//! terminal's own line mode edits, echoes and pastes.
//!
//! `crossterm` turns the signals of Ctrl-C and Ctrl-Z off. Here they stay on, so that a list ends and stops as every
//! other prompt does: [`signals`](super::super::signals) restores the terminal first.
//!
//! A terminal that cannot move its cursor (`TERM` is `dumb` or not set) gets numbered lines and a question. Every text
//! is a [`TerminalText`] first: the library prints what it is given.

use inquire::InquireError;
use inquire::ui::RenderConfig;
use inquire::{MultiSelect, Select};

use super::error::TerminalError;
use crate::protocol::sanitize::{Render, TerminalText};
#[cfg(unix)]
use crate::system::paths::variable;
#[cfg(unix)]
use crate::system::signals::{ChangedTerminal, Screen};

/// The number of lines that are shown at once. The others are reached by typing, or with the arrow keys.
const PAGE: usize = 12;

/// The number of lines that are printed where a list cannot be drawn.
const PLAIN_PAGE: usize = 40;

/// Shows the cursor again, and ends what `crossterm` began: pastes in brackets.
#[cfg(unix)]
const SCREEN: Screen =
    Screen { leave: b"\x1b[?2004l\x1b[?25h\r\n", enter: b"\x1b[?2004hPress an arrow key to see the list again.\r\n" };

/// The terminal's own line mode.
pub struct LineMode<'a> {
    /// Prints a line.
    pub say: Box<Say<'a>>,
    /// Asks for a line.
    pub ask: Box<Ask<'a>>,
}

type Say<'a> = dyn Fn(&dyn Render) + 'a;
type Ask<'a> = dyn Fn(&dyn Render) -> Result<String, TerminalError> + 'a;

pub fn choose(terminal: &LineMode<'_>, question: &dyn Render, lines: &[String]) -> Result<usize, TerminalError> {
    let lines: Vec<String> = lines.iter().map(|line| clean(line)).collect();
    if is_plain() {
        return choose_plain(terminal, question, &lines);
    }
    let question = clean(question);
    let last = lines.len().saturating_sub(1);
    let score = move |typed: &str, _: &String, line: &str, index: usize| match index == last {
        true => Some(-1),
        false => line.to_lowercase().contains(&typed.to_lowercase()).then_some(0),
    };
    let prompt = Select::new(&question, lines)
        .with_page_size(PAGE)
        .with_scorer(&score)
        .with_help_message("type to filter, arrow keys to move, Enter to choose, Esc to cancel")
        .with_render_config(colors());
    Ok(drawn(|| prompt.raw_prompt())?.index)
}

pub fn tick(
    terminal: &LineMode<'_>,
    question: &dyn Render,
    lines: &[String],
    ticked: &[usize],
) -> Result<Vec<usize>, TerminalError> {
    let lines: Vec<String> = lines.iter().map(|line| clean(line)).collect();
    if is_plain() {
        return tick_plain(terminal, question, &lines, ticked);
    }
    let question = clean(question);
    let prompt = MultiSelect::new(&question, lines)
        .with_default(ticked)
        .with_page_size(PAGE)
        .with_keep_filter(false)
        .with_help_message("type to filter, Space to tick, Enter to go on, Esc to cancel")
        .with_formatter(&|chosen| match chosen {
            [] => "none".to_owned(),
            chosen => chosen.iter().map(|line| name(line.value)).collect::<Vec<_>>().join(" "),
        })
        .with_render_config(colors());
    let mut chosen: Vec<usize> = drawn(|| prompt.raw_prompt())?.iter().map(|line| line.index).collect();
    chosen.sort_unstable();
    Ok(chosen)
}

fn clean(text: &dyn Render) -> String {
    TerminalText::of(text).on_one_line().to_plain().to_string()
}

/// Returns the name of a line.
fn name(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

fn colors() -> RenderConfig<'static> {
    match anstream::AutoStream::choice(&std::io::stderr()) {
        anstream::ColorChoice::Never => RenderConfig::empty(),
        _ => RenderConfig::default_colored(),
    }
}

/// Returns `true` if lists cannot be drawn.
#[cfg(unix)]
fn is_plain() -> bool {
    variable("TERM").is_none_or(|term| term == "dumb")
}

#[cfg(not(unix))]
fn is_plain() -> bool {
    false
}

/// Runs a prompt that draws.
#[cfg(unix)]
fn drawn<T>(prompt: impl FnOnce() -> Result<T, InquireError>) -> Result<T, TerminalError> {
    let terminal = ChangedTerminal::enter_with(raw_with_signals, SCREEN).ok_or(TerminalError::NoAnswer)?;
    // The library does not change settings that it believes to have changed already.
    crossterm::terminal::enable_raw_mode().map_err(TerminalError::Stdin)?;
    terminal.set_again();
    let answer = prompt();
    let _ = crossterm::terminal::disable_raw_mode();
    answer.map_err(error)
}

#[cfg(not(unix))]
fn drawn<T>(prompt: impl FnOnce() -> Result<T, InquireError>) -> Result<T, TerminalError> {
    prompt().map_err(|failed| match failed {
        // The library reads Ctrl-C as a key, and the console does not hear of it.
        InquireError::OperationInterrupted => crate::system::signals::end_as_by_ctrl_c(),
        failed => error(failed),
    })
}

#[cfg(unix)]
fn raw_with_signals(settings: &mut libc::termios) {
    // SAFETY: it changes the struct only.
    unsafe { libc::cfmakeraw(settings) };
    settings.c_lflag |= libc::ISIG;
    // Ctrl-\ would end the process without the handlers that restore the terminal.
    settings.c_cc[libc::VQUIT] = libc::_POSIX_VDISABLE;
}

fn error(error: InquireError) -> TerminalError {
    match error {
        InquireError::OperationCanceled => TerminalError::Canceled,
        InquireError::OperationInterrupted => TerminalError::NoAnswer,
        InquireError::IO(error) => TerminalError::Stdin(error),
        other => TerminalError::Stdin(std::io::Error::other(other)),
    }
}

/// Asks for a number or a part of a line until one line is left.
fn choose_plain(terminal: &LineMode<'_>, question: &dyn Render, lines: &[String]) -> Result<usize, TerminalError> {
    let mut left: Vec<usize> = (0..lines.len()).collect();
    (terminal.say)(question);
    loop {
        if left.len() <= PLAIN_PAGE {
            for (n, index) in left.iter().enumerate() {
                (terminal.say)(&format_args!("{:>4}  {}", n + 1, lines[*index]));
            }
        } else {
            (terminal.say)(&format_args!("There are {}: type more of the name to see them.", left.len()));
        }
        let typed = (terminal.ask)(&"Its number, or a part of its name")?;
        let number = typed.parse::<usize>().ok().and_then(|number| left.get(number.checked_sub(1)?));
        if let Some(index) = number.or_else(|| left.iter().find(|index| name(&lines[**index]) == typed)) {
            return Ok(*index);
        }
        match matching(&typed, lines).as_slice() {
            [] => {
                (terminal.say)(&"None of them matches that.");
                left = lines.len().checked_sub(1).into_iter().collect();
            }
            [index] => return Ok(*index),
            several => left = several.to_vec(),
        }
    }
}

/// Asks for numbers and names to tick or untick until nothing is typed.
fn tick_plain(
    terminal: &LineMode<'_>,
    question: &dyn Render,
    lines: &[String],
    ticked: &[usize],
) -> Result<Vec<usize>, TerminalError> {
    let mut is_ticked: Vec<bool> = (0..lines.len()).map(|index| ticked.contains(&index)).collect();
    (terminal.say)(question);
    for (n, line) in lines.iter().enumerate() {
        (terminal.say)(&format_args!("{:>4}  [{}] {line}", n + 1, if is_ticked[n] { 'x' } else { ' ' }));
    }
    loop {
        let typed = (terminal.ask)(&"Numbers or names to tick or untick, or Enter to go on")?;
        if typed.is_empty() {
            break;
        }
        for word in typed.split([' ', ',']).filter(|word| !word.is_empty()) {
            let by_number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let by_name = || lines.iter().position(|line| name(line) == word);
            match by_number.filter(|index| *index < lines.len()).or_else(by_name) {
                Some(index) => is_ticked[index] = !is_ticked[index],
                None => (terminal.say)(&format_args!("`{word}` is neither a number nor a name of the list.")),
            }
        }
        let names: Vec<&str> = (0..lines.len()).filter(|n| is_ticked[*n]).map(|n| name(&lines[n])).collect();
        (terminal.say)(&format_args!("Ticked: {}", if names.is_empty() { "none".to_owned() } else { names.join(" ") }));
    }
    Ok((0..lines.len()).filter(|index| is_ticked[*index]).collect())
}

/// Returns the lines that have this text in them, in letters of any case.
fn matching(text: &str, lines: &[String]) -> Vec<usize> {
    let text = text.to_lowercase();
    (0..lines.len()).filter(|index| lines[*index].to_lowercase().contains(&text)).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_line_of_a_list_has_no_control_characters() {
        let dirty = "a\u{1b}]0;own title\u{7}\u{1b}[2J\nb\u{202e}c";
        let line = clean(&dirty);
        assert!(line.starts_with('a') && line.ends_with('c') && !line.contains("own title"), "{line:?}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    }

    #[test]
    fn a_number_a_name_or_a_part_of_a_line_chooses_it() {
        let lines = ["one  First", "one-two  Second", "three  Third"].map(str::to_owned);
        for (typed, chosen) in
            [(&["2"][..], 1), (&["one"], 0), (&["third"], 2), (&["4", "nothing", "one-"], 1), (&["o", "2"], 1)]
        {
            let typed = RefCell::new(typed.iter());
            let next = || typed.borrow_mut().next().map(|typed| (*typed).to_owned());
            let terminal = LineMode { say: Box::new(|_| ()), ask: Box::new(|_| next().ok_or(TerminalError::NoAnswer)) };
            assert_eq!(choose_plain(&terminal, &"Which?", &lines).ok(), Some(chosen));
        }
        let ended = LineMode { say: Box::new(|_| ()), ask: Box::new(|_| Err(TerminalError::NoAnswer)) };
        assert!(
            choose_plain(&ended, &"Which?", &lines).is_err() && tick_plain(&ended, &"Which?", &lines, &[]).is_err()
        );
    }
}
