//! The reference, the man pages and the completions follow from the arguments.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

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
    assert!(world.ok(&["man", "pages"]).contains("pages in"));
    for page in ["placet.1", "placet-check.1", "placet-log-prove.1", "placet-kill-trip.1"] {
        assert!(world.read(&format!("pages/{page}")).contains(".TH"), "{page}");
    }
    assert!(world.read("pages/placet-check.1").contains("Exit status"));
    assert!(!world.path("pages/placet-reference.1").exists());
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
