//! How far `placet check` has come, on a real terminal: seen while it works, gone when it is done, and
//! never in the way of the table.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};

use regex::Regex;
use support::pty::Pty;
use support::screen::shown;
use support::{Ended, World};

/// Enough actions to be at work for a while.
const MANY: usize = 4_000;

/// What says how far it is, and nothing else does.
const IN_PROGRESS: &str = "actions in";

fn calls(count: usize) -> String {
    (0..count)
        .map(|number| format!("{{\"tool\": \"look\", \"params\": {{\"order\": \"{number}\"}}}}\n"))
        .collect()
}

fn world(count: usize) -> World {
    let world = World::new();
    world.write("calls.jsonl", calls(count));
    world.write("policy.toml", "version = 1\n[actions.look]\nrisk = \"read\"\n");
    world
}

/// `placet check` with a table, as on a terminal of today.
fn check(world: &World, input: &str) -> Command {
    let arguments = ["check", input, "--policy", "policy.toml", "--table", "--color", "never"];
    let mut command = world.command(&arguments);
    command.env("TERM", "xterm-256color");
    command
}

/// The same command with no terminal anywhere.
fn without_terminal(world: &World) -> Ended {
    Ended::from(check(world, "calls.jsonl").output().unwrap())
}

/// Lets a command work at a terminal; gives all that was written there.
fn at(pty: Pty, mut command: Command) -> Vec<u8> {
    let mut child = command.spawn().unwrap();
    drop(command);
    let written = pty.all();
    let ended = child.wait().unwrap();
    assert!(ended.success(), "{ended}: {}", String::from_utf8_lossy(&written));
    written
}

#[test]
fn a_long_input_shows_how_far_it_is_and_the_table_is_what_it_is_without() {
    let world = world(MANY);
    let (pty, table) = (Pty::open(), File::create(world.path("table")).unwrap());
    let mut command = check(&world, "calls.jsonl");
    command.stdout(table).stderr(pty.line());
    let written = at(pty, command);
    let text = String::from_utf8(written.clone()).unwrap();
    let percent = Regex::new(r"(\d+) %  \d+ actions in").unwrap();
    let seen: BTreeSet<&str> =
        percent.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(seen.len() >= 2, "it stands still at {seen:?}: {text:?}");
    let plain = without_terminal(&world);
    assert_eq!(shown(&written).join("\n"), plain.err.trim_end(), "it is wiped at the end");
    assert!(world.read("table") == plain.out, "the table is another one");
    assert!(plain.out.lines().count() > MANY);
    assert!(!plain.err.contains(IN_PROGRESS) && !plain.err.contains('\u{1b}'), "{}", plain.err);
}

#[test]
fn a_stream_without_an_end_shows_how_much_there_was() {
    let world = world(10);
    let mut pty = Pty::open();
    let mut command = check(&world, "-");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(pty.line());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut input = child.stdin.take().unwrap();
    input.write_all(calls(10).as_bytes()).unwrap();
    pty.shows("10 actions in");
    drop(input);
    let written = pty.all();
    let ended = Ended::from(child.wait_with_output().unwrap());
    let plain = without_terminal(&world);
    assert_eq!(shown(&written).join("\n"), plain.err.trim_end(), "it is wiped at the end");
    assert_eq!((ended.status, ended.out), (0, plain.out));
}

/// Where the table itself is on the terminal it says how far it is.
#[test]
fn a_table_on_the_terminal_has_it_to_itself() {
    let world = world(200);
    let pty = Pty::open();
    let mut command = check(&world, "calls.jsonl");
    command.stdout(pty.line()).stderr(pty.line());
    let written = at(pty, command);
    assert!(!String::from_utf8_lossy(&written).contains(IN_PROGRESS));
    let plain = without_terminal(&world);
    let expected: Vec<&str> = plain.out.lines().map(str::trim_end).collect();
    let found = shown(&written);
    assert_eq!(found[..expected.len().min(found.len())], expected[..]);
}
