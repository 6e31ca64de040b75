//! A hint names no tool that only some systems or shells have. `system/remedy.rs` and `system/shell.rs` know them all.

use std::fs;
use std::path::Path;

/// What is for one system or shell alone, as it begins in a message.
const FOREIGN: [&str; 22] = [
    "`unset ",
    "`export ",
    "`set ",
    "`ss ",
    "lsof",
    "netstat",
    "ulimit",
    "gnome-keyring",
    "`mv ",
    "`cp ",
    "`rm ",
    "`kill",
    "TMPDIR",
    "/dev/null",
    "/dev/urandom",
    "`sudo",
    "`apt",
    "`brew",
    "systemctl",
    "`ls ",
    "`cat ",
    "`sh ",
];

/// Files with the words of each system, or whose other system has no such code.
const KNOWN: [&str; 4] =
    ["src/system/remedy.rs", "src/system/shell.rs", "src/protocol/shell.rs", "src/system/stdout/unix.rs"];

#[test]
fn a_hint_names_no_tool_of_one_system() {
    let mut found = Vec::new();
    visit(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    assert!(found.is_empty(), "put these words into system/remedy.rs or system/shell.rs: {found:#?}");
}

fn visit(folder: &Path, found: &mut Vec<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().replace('\\', "/");
        if path.is_dir() {
            visit(&path, found);
        } else if name.ends_with(".rs") && !KNOWN.contains(&name.as_str()) && !name.contains("tests") {
            let text = fs::read_to_string(&path).unwrap();
            let end = ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|mark| text.find(mark)).min();
            let code = &text[..end.unwrap_or(text.len())];
            for (number, line) in code.lines().enumerate().filter(|(_, line)| is_text(line)) {
                let foreign = FOREIGN.iter().filter(|word| line.contains(**word));
                found.extend(foreign.map(|word| format!("{name}:{}: {word}", number + 1)));
            }
        }
    }
}

/// Returns `true` for a line that may belong to a text, and not to a comment.
fn is_text(line: &str) -> bool {
    !line.trim_start().starts_with("//")
}
