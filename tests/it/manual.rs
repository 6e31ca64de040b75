//! The manual: a page for each command, and one for the keys of a definition.

use std::fs;

use crate::support::Sandbox;

const SECTIONS: [&str; 8] =
    ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "ENVIRONMENT", "FILES", "\"EXIT STATUS\"", "\"SEE ALSO\""];

#[test]
fn every_page_has_its_sections_a_date_and_a_version() {
    let sandbox = Sandbox::new().with("SOURCE_DATE_EPOCH", "1700000000");
    let folder = sandbox.home().join("man");
    sandbox.run(&["man", "--dir", folder.to_str().unwrap()]).code(0).says("pages to");
    let mut pages = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        let title = page.lines().find(|line| line.starts_with(".TH ")).unwrap();
        assert!(title.contains("2023-11-14") && title.contains(env!("CARGO_PKG_VERSION")), "{title}");
        pages += 1;
        if path.extension().is_some_and(|section| section == "5") {
            continue;
        }
        for section in SECTIONS {
            assert!(page.lines().any(|line| line == format!(".SH {section}")), "{}: {section}", path.display());
        }
    }
    assert!(pages > 25, "{pages}");
    let before = fs::read(folder.join("oauthctl-login.1")).unwrap();
    sandbox.run(&["man", "--dir", folder.to_str().unwrap()]).code(0);
    assert_eq!(fs::read(folder.join("oauthctl-login.1")).unwrap(), before, "the same byte for byte");
}

#[test]
fn a_page_is_found_by_each_of_its_names() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["man", "app", "set"]);
    page.code(0).answers("oauthctl\\-app\\-set");
    for name in [&["app-set"][..], &["oauthctl-app-set"]] {
        assert_eq!(sandbox.run(&[&["man"], name].concat()).stdout(), page.stdout());
    }
    sandbox.run(&["man", "providers", "new"]).code(0).answers("oauthctl providers new acme");
    sandbox.run(&["man", "oauthctl"]).code(0).answers("oauthctl demo");
}

#[test]
fn a_page_that_does_not_exist_is_said_once() {
    let sandbox = Sandbox::new();
    for words in [&["nosuch"][..], &["app", "nosuch"], &["help"], &["app", "help"]] {
        let output = sandbox.run(&[&["man"], words].concat());
        output.code(2).says(&format!("there is no command `{}`", words.join(" ")));
        assert_eq!(output.stderr().matches("there is no command").count(), 1, "{output}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.home().join("file"), "").unwrap();
    sandbox.run(&["man", "--dir", "file/man"]).code(1).says("file/man/oauthctl.1");
}
