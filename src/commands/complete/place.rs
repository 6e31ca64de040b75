//! The place of the cursor in a command line: the command, what was given before, and what can come next.

use clap::{Arg, ArgAction, Command};

/// A command line up to the cursor, read with the program's own definition.
pub struct Place<'a> {
    pub program: &'a Command,
    pub command: &'a Command,
    /// The word before the cursor, which may be empty.
    pub word: String,
    pub expected: Expected<'a>,
    /// A `--` was typed: no flag follows.
    pub escaped: bool,
    /// The ids of the arguments before it, each with its value; a switch has an empty one.
    given: Vec<(&'a str, String)>,
    positionals: usize,
    /// The bytes of the word before the value: those of `--flag=`.
    lead: usize,
}

pub enum Expected<'a> {
    Flag,
    /// The value of this flag.
    Value(&'a Arg),
    /// A command, or the value of this positional argument.
    Word(Option<&'a Arg>),
}

impl<'a> Place<'a> {
    /// Reads a line. The first word is the program's name, the last one is completed.
    pub fn find(program: &'a Command, mut words: Vec<String>) -> Self {
        let word = words.pop().unwrap_or_default();
        let expected = Expected::Flag;
        let mut place = Self {
            program,
            command: program,
            word,
            expected,
            escaped: false,
            given: Vec::new(),
            positionals: 0,
            lead: 0,
        };
        let mut pending = None;
        for word in words.into_iter().skip(1) {
            pending = place.take(word, pending);
        }
        place.expected = place.expect(pending);
        place
    }

    /// Reads one word, and returns the flag that waits for its value.
    fn take(&mut self, word: String, pending: Option<&'a Arg>) -> Option<&'a Arg> {
        let is_flag = !self.escaped && word.starts_with('-') && word != "-";
        if let Some(flag) = pending.filter(|flag| !(is_flag && is_optional(flag))) {
            self.given.push((flag.get_id().as_str(), word));
            return None;
        }
        if is_flag {
            return self.take_flag(&word);
        }
        if let Some(inner) = self.command.find_subcommand(&word).filter(|_| self.takes_command()) {
            (self.command, self.positionals) = (inner, 0);
        } else {
            if let Some(arg) = self.positional() {
                self.given.push((arg.get_id().as_str(), word));
            }
            self.positionals += 1;
        }
        None
    }

    fn take_flag(&mut self, word: &str) -> Option<&'a Arg> {
        if word == "--" {
            self.escaped = true;
            return None;
        }
        if word.starts_with("--") {
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let flag = self.long(name)?;
            match value {
                Some(value) => self.given.push((flag.get_id().as_str(), value.to_owned())),
                None if takes_value(flag) => return Some(flag),
                None => self.given.push((flag.get_id().as_str(), String::new())),
            }
            return None;
        }
        let mut letters = word[1..].chars();
        while let Some(letter) = letters.next() {
            let flag = self.command.get_arguments().find(|arg| arg.get_short() == Some(letter))?;
            if takes_value(flag) {
                let rest = letters.as_str();
                if rest.is_empty() {
                    return Some(flag);
                }
                self.given.push((flag.get_id().as_str(), rest.to_owned()));
                return None;
            }
            self.given.push((flag.get_id().as_str(), String::new()));
        }
        None
    }

    fn expect(&mut self, pending: Option<&'a Arg>) -> Expected<'a> {
        let is_flag = !self.escaped && self.word.starts_with('-');
        if let Some(flag) = pending.filter(|flag| !(is_flag && is_optional(flag))) {
            return Expected::Value(flag);
        }
        if is_flag {
            let named = self.word.split_once('=').filter(|_| self.word.starts_with("--"));
            let Some(flag) = named.and_then(|(name, _)| self.long(name)).filter(|flag| takes_value(flag)) else {
                return Expected::Flag;
            };
            self.lead = named.map_or(0, |(name, _)| name.len() + 1);
            return Expected::Value(flag);
        }
        Expected::Word(self.positional())
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        let name = name.strip_prefix("--")?;
        let is_it = |arg: &&Arg| {
            arg.get_long_and_visible_aliases().is_some_and(|all| all.contains(&name))
                || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
        };
        self.command.get_arguments().find(is_it)
    }

    /// The positional argument that the next word belongs to.
    fn positional(&self) -> Option<&'a Arg> {
        if self.escaped
            && let Some(last) = self.command.get_positionals().find(|arg| arg.is_last_set())
        {
            return Some(last);
        }
        let mut before = 0;
        self.command.get_positionals().filter(|arg| !arg.is_last_set()).find(|arg| {
            before += arg.get_num_args().map_or(1, |range| range.max_values().min(1000));
            self.positionals < before
        })
    }

    /// Returns `true` if the word may be a command's name.
    pub fn takes_command(&self) -> bool {
        !self.escaped && self.positionals == 0
    }

    /// Returns `true` if a flag can come. After the name of a command that does not exist, nothing can.
    pub fn takes_flag(&self) -> bool {
        !self.escaped && (self.positionals == 0 || !self.command.has_subcommands())
    }

    /// The part of the word that is a value: all of it, or what stands behind `--flag=`.
    pub fn value(&self) -> &str {
        &self.word[self.lead..]
    }

    pub fn has(&self, id: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == id)
    }

    /// The first value that was given for one of these ids.
    pub fn given(&self, ids: &[&str]) -> Option<&str> {
        self.given.iter().find(|(id, value)| ids.contains(id) && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub fn values_of<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s str> {
        self.given.iter().filter(move |(given, _)| *given == id).map(|(_, value)| value.as_str())
    }
}

/// Returns `true` if it may be given more than once with an effect.
pub fn repeats(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
}

pub fn takes_value(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.takes_values())
}

fn is_optional(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.min_values() == 0)
}
