//! All our words to people who met an error, on one page: every variant with made-up values, its exit code and hint.
//! `tests/fixtures/errors.txt` is there to be read as prose.
//!
//! Nothing is left out: a new variant does not compile until [`variants`] names it, a named one without a value on the
//! page fails, and so does a type that gives advice and is not here at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use oauthctl::testing::{Advice, NextStep, error_text};

/// Names the variants of enums. The `match` has no `_`. Behind the bar are those that hand on another error as it is,
/// whose words have a section of their own.
macro_rules! variants {
    ($($name:ident: $($variant:ident)* $(| $($below:ident)+)?;)+) => {
        /// The names of the enums, each with the variants that have words.
        pub const NAMED: &[(&str, &[&str])] = &[$((stringify!($name), <$name as super::Variants>::ALL)),+];

        $(impl super::Variants for $name {
            const ALL: &[&str] = &[$(stringify!($variant)),*];
            const ENUM: &str = stringify!($name);

            fn variant(&self) -> Option<&'static str> {
                match self {
                    $($name::$variant { .. } => Some(stringify!($variant)),)*
                    $($($name::$below { .. } => None,)+)?
                }
            }
        })+
    };
}

mod by_address;
mod commands;
mod floors;
mod values;

/// With `UPDATE=1` in the environment this renews the page instead.
#[test]
fn the_error_page_has_every_message_as_it_is_said() {
    let page = error_page();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/errors.txt");
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(file, page).unwrap();
    }
    let kept = fs::read_to_string(file).unwrap_or_default().replace("\r\n", "\n");
    let changed = || page.lines().filter(|line| !kept.contains(line)).collect::<Vec<_>>().join("\n");
    assert!(
        kept == page,
        "tests/fixtures/errors.txt is stale; renew with `UPDATE=1 cargo test --test it error_page`, and read:\n{}",
        changed()
    );
}

#[test]
fn errors_and_hints_have_no_leading_capital_and_no_full_stop() {
    for line in error_page().lines().map(str::trim) {
        let ours = ["error: ", "hint: "].iter().find_map(|mark| line.strip_prefix(mark));
        assert!(!ours.is_some_and(|words| words.ends_with('.')), "{line}");
        let acronym = |words: &str| words.chars().nth(1).is_some_and(|c| c.is_ascii_uppercase());
        assert!(!ours.is_some_and(|w| w.starts_with(|c: char| c.is_uppercase()) && !acronym(w)), "{line}");
    }
}

/// By the source: what gives advice is named on the page, or below an error that is.
#[test]
fn the_error_page_has_every_error_that_gives_advice() {
    let mut given = BTreeSet::new();
    advisers(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut given);
    assert!(given.len() > 30, "{given:?}");
    let page = error_page();
    let named = [by_address::NAMED, commands::NAMED, floors::NAMED].concat();
    let is_told = |name: &str| page.contains(&format!("\n# {name}\n"));
    let has_no_words = |name: &str| named.contains(&(name, &[]));
    let all = named.iter().map(|(name, _)| *name).chain(given.iter().map(String::as_str));
    let missing: BTreeSet<_> = all.filter(|name| !is_told(name) && !has_no_words(name)).collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
}

fn advisers(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            advisers(&entry, found);
            continue;
        }
        // Definitions and their index stand there, too.
        if entry.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&entry).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("impl Advice for ")?.strip_suffix(" {"));
        found.extend(names.map(str::to_owned));
    }
}

trait Variants {
    const ALL: &[&str];
    const ENUM: &str;
    /// `None` for one that has its words from another error.
    fn variant(&self) -> Option<&'static str>;
}

fn error_page() -> String {
    let mut page = Page(
        "Every error as people read it, with made-up values. Checked by tests/it/error_page.rs;\n\
         renewed with `UPDATE=1 cargo test --test it error_page`.\n"
            .to_owned(),
    );
    commands::errors(&mut page);
    by_address::errors(&mut page);
    floors::flows(&mut page);
    floors::stores(&mut page);
    floors::others(&mut page);
    page.0
}

struct Page(String);

impl Page {
    fn section<E: Variants + Advice + 'static>(&mut self, errors: Vec<E>) {
        self.inside(errors, |error| error);
    }

    /// Errors that people see as the cause of another one.
    fn inside<E: Variants, W: Advice + 'static>(&mut self, errors: Vec<E>, whole: impl Fn(E) -> W) {
        self.title(E::ENUM);
        let built: Vec<&str> = errors.iter().filter_map(E::variant).collect();
        for name in E::ALL {
            assert!(built.contains(name), "the page has no {}::{name}", E::ENUM);
        }
        for error in errors {
            let name = error.variant().expect("an error has its place where it is worded");
            self.entry(name, &whole(error));
        }
    }

    /// An error that is one message.
    fn only(&mut self, name: &str, error: impl Advice + 'static) {
        self.title(name);
        self.entry(name, &error);
    }

    fn title(&mut self, name: &str) {
        self.0 += &format!("\n\n# {name}\n");
    }

    fn entry(&mut self, name: &str, error: &dyn Advice) {
        let NextStep { code, hint } = error.next_step();
        let text = error_text(error, hint.as_deref());
        self.0 += &format!("\n{name}: exit {}, {code:?}\n", code as u8);
        for line in text.to_plain().lines() {
            self.0 += format!("    {line}").trim_end();
            self.0 += "\n";
        }
    }
}
