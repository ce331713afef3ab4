//! The reference, the man pages and the completions follow from the arguments.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;

use support::World;

#[test]
fn the_reference_is_up_to_date() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let current = World::new().ok(&["reference"]);
    assert!(written == current, "docs/cli.md is out of date; run `placet reference > docs/cli.md`");
}

#[test]
fn the_description_of_the_api_is_up_to_date() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let current = World::new().ok(&["openapi"]);
    let remedy = "run `placet openapi > docs/openapi.json`";
    assert!(written == current, "docs/openapi.json is out of date; {remedy}");
}

#[test]
fn every_command_has_a_man_page() {
    let world = World::new();
    let said = world.ok(&["man", "pages"]);
    let pages: BTreeSet<String> = std::fs::read_dir(world.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(said.split(' ').next().unwrap(), pages.len().to_string(), "{said}");
    let reference = world.ok(&["reference"]);
    let commands: Vec<&str> =
        reference.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).collect();
    assert!(commands.len() > 40, "{commands:?}");
    // A page for each command of the reference, for the groups in which they are, and no other.
    let groups = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        (1..=words.len()).map(|end| format!("{}.1", words[..end].join("-"))).collect::<Vec<_>>()
    };
    let expected: BTreeSet<String> = commands.iter().copied().flat_map(groups).collect();
    assert_eq!(pages, expected);
    for page in &pages {
        let text = world.read(&format!("pages/{page}"));
        let name = page.strip_suffix(".1").unwrap();
        let title = text.lines().find_map(|line| line.strip_prefix(".TH ")).unwrap();
        assert!(title.starts_with(&format!("{} 1 ", name.to_uppercase())), "{page}: {title}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            let (_, after) =
                text.split_once(section).unwrap_or_else(|| panic!("{page}: {section}"));
            let first = after.lines().nth(1).unwrap_or_default();
            assert!(!first.trim().is_empty() && !first.starts_with(".SH"), "{page}: {section}");
        }
    }
    for page in ["placet.1", "placet-check.1"] {
        assert!(world.read(&format!("pages/{page}")).contains("Exit status"), "{page}");
    }
    for command in commands {
        let page = world.read(&format!("pages/{}.1", command.replace(' ', "-")));
        let options = section_of(&reference, command)
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .filter_map(|(argument, _)| argument.split([' ', ',']).find(|it| it.starts_with("--")));
        for option in options {
            let escaped = option.trim_end_matches(['[', ']', '.']).replace('-', "\\-");
            assert!(page.contains(&escaped), "{command}: {option}");
        }
    }
}

/// What the reference says of a command.
fn section_of<'a>(reference: &'a str, command: &str) -> &'a str {
    let (_, after) = reference.split_once(&format!("## `{command}`\n")).unwrap();
    after.split("\n## ").next().unwrap()
}

#[test]
fn every_shell_has_completions() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(world.ok(&["completions", shell]).contains("placet"), "{shell}");
    }
    assert_eq!(world.run(&["completions", "tcsh"]).status, 2);
}

#[test]
fn help_and_version_are_no_errors() {
    let world = World::new();
    for arguments in
        [&["--help"][..], &["help"], &["check", "--help"], &["log", "prove", "-h"], &["--version"]]
    {
        let ended = world.run(arguments);
        assert!(
            ended.status == 0 && ended.err.is_empty() && !ended.out.is_empty(),
            "{arguments:?}"
        );
    }
    assert!(world.ok(&["--help"]).contains("Exit status:"));
    for arguments in [&["chek"][..], &["log"], &["check", "--nope"]] {
        let ended = world.run(arguments);
        assert!(
            ended.status == 2 && ended.out.is_empty() && !ended.err.is_empty(),
            "{arguments:?}"
        );
    }
}
