//! Colours: there when they are wanted, and never otherwise.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::World;

const INPUT: &str = "{\"tool\": \"get_order\"}\n{\"tool\": \"delete_order\"}\n";

fn table(arguments: &[&str], variable: Option<(&str, &str)>) -> String {
    let world = World::new();
    world.write("calls.jsonl", INPUT);
    let mut command = world.command(&[&["check", "calls.jsonl", "--table"], arguments].concat());
    command.envs(variable);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn there_are_none_in_a_pipe_unless_asked_for() {
    assert!(!table(&[], None).contains('\u{1b}'));
    assert!(!table(&["--color", "never"], Some(("CLICOLOR_FORCE", "1"))).contains('\u{1b}'));
    let coloured = table(&["--color", "always"], None);
    assert!(coloured.contains("\u{1b}[32mallow") && coloured.contains("\u{1b}[33mhold"));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), table(&[], None));
}

#[test]
fn no_color_is_obeyed_and_an_argument_is_stronger() {
    assert!(!table(&[], Some(("NO_COLOR", "1"))).contains('\u{1b}'));
    assert!(table(&["--color", "always"], Some(("NO_COLOR", "1"))).contains('\u{1b}'));
}

#[test]
fn json_never_has_any() {
    let world = World::new();
    let ended = world.run_with(&["check", "--json", "--color", "always"], INPUT);
    assert!(!ended.out.contains('\u{1b}'));
    let failed = world.run(&["log", "verify", "--log", "none.db", "--json", "--color", "always"]);
    assert!(!failed.err.contains('\u{1b}'));
}
