//! The floors of `src/lib.rs` are a fact: no file imports from a floor above its own or from its neighbour, and no files
//! know each other in a circle. Tests inside the files are left out; they may reach where they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the ground up. Who stands on one floor together does not meet, but for the top, which is one thing in five files.
const FLOORS: [&[&str]; 9] = [
    &["protocol"],
    &["provider"],
    &["system"],
    &["keychain"],
    &["store"],
    &["flow", "emulator"],
    &["session"],
    &["commands"],
    &["main", "lib", "cli", "report", "testing"],
];

#[test]
fn no_import_points_up_or_across() {
    let source = Source::read();
    let floor_of = |module: &str| {
        let top = module.split("::").next().unwrap();
        let floor = FLOORS.iter().position(|floor| floor.contains(&top));
        floor.unwrap_or_else(|| panic!("`{top}` has no floor: give it one in FLOORS and in the header of src/lib.rs"))
    };
    let mut wrong = BTreeSet::new();
    for (from, imported) in &source.imports() {
        for to in imported {
            let (own, other) = (floor_of(from), floor_of(to));
            let neighbours = own == other && own != FLOORS.len() - 1 && top(from) != top(to);
            if other > own || neighbours {
                wrong.insert((from.clone(), to.clone()));
            }
        }
    }
    assert!(wrong.is_empty(), "these imports point up or across: {wrong:#?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let imports = Source::read().imports();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for start in imports.keys() {
        let reached = reachable(start, &imports);
        if reached.contains(start) {
            circles.insert(reached.into_iter().filter(|file| reachable(file, &imports).contains(start)).collect());
        }
    }
    assert!(circles.is_empty(), "these files import each other in a circle: {circles:#?}");
}

/// Which of several values counts is decided in `session`.
#[test]
fn no_command_weighs_a_flag_against_a_variable() {
    let weighing = ["choices.profile", "choices.store", "is_typed", "variable(\"OAUTHCTL_", "secrets.token"];
    for (module, text) in Source::read().0.iter().filter(|(module, _)| is_in(module, "commands")) {
        let found = weighing.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{module} decides what is meant");
    }
}

#[test]
fn the_reader_of_imports_sees_each_way_to_write_one() {
    let files = [
        (
            "a",
            "mod b;\npub use b::Noun;\nuse crate::c::{self, d::Deep};\nfn f() -> crate::e::Plain { g::call() }\nmod g;",
        ),
        ("a::b", "use super::g::{Other, call};\n// crate::e is not meant\nfn f(x: super::super::c::Thing) {}"),
        ("a::g", "use crate::a::Noun;\n#[cfg(test)]\nmod tests { use crate::e::Plain; }"),
        ("c", ""),
        ("c::d", ""),
        ("e", ""),
    ];
    let source = Source(files.map(|(module, text)| (module.to_owned(), text.to_owned())).into());
    let imports = source.imports();
    let of = |module: &str| imports[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a"), ["a::g", "c", "c::d", "e"]);
    assert_eq!(of("a::b"), ["a::g", "c"]);
    assert_eq!(of("a::g"), ["a::b"], "through what `a` hands on");
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

fn is_in(module: &str, folder: &str) -> bool {
    module == folder || module.strip_prefix(folder).is_some_and(|rest| rest.starts_with("::"))
}

type Imports = BTreeMap<String, BTreeSet<String>>;

fn reachable(start: &str, imports: &Imports) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start.to_owned()];
    while let Some(file) = next.pop() {
        for further in imports.get(&file).into_iter().flatten() {
            if reached.insert(further.clone()) {
                next.push(further.clone());
            }
        }
    }
    reached
}

/// Every file of `src`, by the name of its module.
struct Source(BTreeMap<String, String>);

impl Source {
    fn read() -> Self {
        let mut files = BTreeMap::new();
        read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
        assert!(files.len() > 100, "the source is not where it was");
        Self(files)
    }

    /// What each file imports. A file that only hands a name on (`pub use`) is not meant by who takes it there.
    fn imports(&self) -> Imports {
        let mut handed_on: BTreeMap<String, String> = BTreeMap::new();
        let mut all: Vec<(&str, Vec<String>)> = Vec::new();
        for (module, text) in &self.0 {
            let (mut own, mut passed) = (Vec::new(), Vec::new());
            paths(module, text, &mut own, &mut passed);
            for path in passed {
                let name = path.rsplit("::").next().unwrap_or_default();
                handed_on.insert(format!("{module}::{name}"), path);
            }
            all.push((module, own));
        }
        let mut imports = Imports::new();
        for (module, own) in all {
            let files = own.iter().filter_map(|path| self.file_of(path, &handed_on)).filter(|file| file != module);
            imports.insert(module.to_owned(), files.collect());
        }
        imports
    }

    fn file_of(&self, path: &str, handed_on: &BTreeMap<String, String>) -> Option<String> {
        let mut path = path.to_owned();
        // A name may be handed on more than once, but not for ever.
        for _ in 0..4 {
            match handed_on.iter().find(|(name, _)| is_in(&path, name)) {
                Some((_, origin)) => path.clone_from(origin),
                None => break,
            }
        }
        loop {
            if self.0.contains_key(&path) {
                return Some(path);
            }
            path.truncate(path.rfind("::")?);
        }
    }
}

fn read_folder(folder: &Path, module: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let inner = if module.is_empty() { stem.to_owned() } else { format!("{module}::{stem}") };
        if path.is_dir() {
            read_folder(&path, &inner, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !["tests", "doubles"].contains(&stem) {
            let name = if stem == "mod" { module } else { &inner };
            files.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
}

/// The paths in one file that begin with `crate`, `super`, `self` or a module of its own: `own` are those that it uses,
/// `passed` those that it hands on.
fn paths(module: &str, text: &str, own: &mut Vec<String>, passed: &mut Vec<String>) {
    let text = text.split("\nmod tests").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let tokens = tokens(&code.join("\n"));
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    let children: BTreeSet<&str> =
        (1..tokens.len()).filter(|at| token(at - 1) == "mod" && token(at + 1) == ";").map(token).collect();
    let mut at = 0;
    while at < tokens.len() {
        let begins = ["crate", "super", "self"].contains(&token(at)) || children.contains(token(at));
        if !begins || token(at + 1) != "::" || (at > 0 && token(at - 1) == "::") {
            at += 1;
            continue;
        }
        let is_passed = at > 1 && token(at - 1) == "use" && [")", "pub"].contains(&token(at - 2));
        let mut found = Vec::new();
        at = tree(&tokens, at, String::new(), &mut found);
        let found = found.iter().filter_map(|path| absolute(module, path));
        if is_passed { passed.extend(found) } else { own.extend(found) }
    }
}

fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        let is_word = c.is_alphanumeric() || c == '_';
        match tokens.last_mut().filter(|_| is_word && in_word) {
            Some(word) => word.push(c),
            None if c == ':' && chars.peek() == Some(&':') => {
                chars.next();
                tokens.push("::".to_owned());
            }
            None if c.is_whitespace() => {}
            None => tokens.push(c.to_string()),
        }
        in_word = is_word;
    }
    tokens
}

/// Reads one path, and those in its braces; returns where it ends.
fn tree(tokens: &[String], mut at: usize, mut path: String, found: &mut Vec<String>) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    loop {
        match token(at) {
            "{" => {
                at += 1;
                while !["}", ""].contains(&token(at)) {
                    at = if token(at) == "," { at + 1 } else { tree(tokens, at, path.clone(), found) };
                }
                return at + 1;
            }
            word if word.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                path = if path.is_empty() { word.to_owned() } else { format!("{path}::{word}") };
                at += 1;
            }
            // A `*`, or the end of it all.
            _ => {
                found.push(path);
                return at + 1;
            }
        }
        if token(at) != "::" {
            found.push(path);
            return if token(at) == "as" { at + 2 } else { at };
        }
        at += 1;
    }
}

/// A path from the crate's root.
fn absolute(module: &str, path: &str) -> Option<String> {
    let mut base: Vec<&str> = module.split("::").collect();
    let mut words: Vec<&str> = path.split("::").collect();
    words.retain(|word| *word != "self");
    match words.first() {
        Some(&"crate") => {
            base.clear();
            words.remove(0);
        }
        _ => {
            while words.first() == Some(&"super") {
                base.pop();
                words.remove(0);
            }
        }
    }
    base.extend(words);
    (!base.is_empty()).then(|| base.join("::"))
}
