//! The demo does what the README says: for a machine, and for a person who leaves when they like.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use support::World;

const README: &str = include_str!("../../../README.md");

/// Longest wait for a line, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

const ANYWHERE: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// What the README shows of it, line by line.
fn promised() -> Vec<&'static str> {
    let (_, rest) = README.split_once("$ placet demo --auto\n").unwrap();
    let (block, _) = rest.split_once("\n```").unwrap();
    block.lines().filter(|line| !line.is_empty()).collect()
}

/// Whether a line is the one that was promised, which may leave out how it goes on.
fn is_as_promised(line: &str, promised: &str) -> bool {
    match promised.split_once('…') {
        Some((start, _)) => line.starts_with(start),
        None => line.trim_end() == promised,
    }
}

#[test]
fn for_a_machine_it_ends_with_what_the_readme_shows_and_everything_in_it_is_real() {
    let world = World::new();
    let mut command = world.command(&["demo", "--auto", ANYWHERE[0], ANYWHERE[1]]);
    let ended = command.output().unwrap();
    let (out, err) =
        (String::from_utf8(ended.stdout).unwrap(), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(0), "{out}{err}");
    let lines: Vec<&str> = out.lines().filter(|line| !line.is_empty()).collect();
    let (verified, table) =
        promised().split_last().map(|(last, rest)| (*last, rest.to_vec())).unwrap();
    for (line, promised) in lines.iter().zip(&table) {
        assert!(is_as_promised(line, promised), "{line:?} is not {promised:?}\n{out}");
    }
    let (start, _) = verified.split_once(", signed by").unwrap();
    assert!(lines[table.len()].starts_with(start), "{start:?}\n{out}");
    assert!(err.contains("The log is placet-demo/placet.db"), "{err}");

    let orders = Connection::open(world.path("placet-demo/orders.db")).unwrap();
    let refunds: Vec<(String, String)> = orders
        .prepare("SELECT order_id, amount FROM refunds ORDER BY order_id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let paid = |order: &str, amount: &str| (order.to_owned(), amount.to_owned());
    assert_eq!(refunds, [paid("o-17", "42.00"), paid("o-18", "240.00")]);
    let count = |sql: &str| orders.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM orders"), 4, "nobody let it delete them");
    let mail = world.read("placet-demo/mail.txt");
    assert!(mail.contains("To: mira@customer.example"), "{mail}");
    assert!(mail.contains("We refund you 240 dollars."), "what the person made of it: {mail}");
    let files = |folder: &str| {
        let folder = std::fs::read_dir(world.path(&format!("placet-demo/{folder}"))).unwrap();
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(files("notes"), ["2026-11.txt"]);
    assert_eq!(files("backups").len(), 3, "keeping none was denied");
    let log = ["log", "verify", "--log", "placet-demo/placet.db"];
    assert!(world.ok(&log).starts_with(start));
}

#[test]
fn with_json_every_line_is_json() {
    let world = World::new();
    let out = world.ok(&["demo", "--auto", "--json", ANYWHERE[0], ANYWHERE[1]]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (verified, steps) = lines.split_last().unwrap();
    let results: Vec<&str> = steps.iter().filter_map(|step| step["result"].as_str()).collect();
    assert_eq!(results.len(), steps.len(), "{out}");
    assert_eq!(results[..4], ["ran", "ran", "approved", "stopped"], "{out}");
    assert_eq!(steps[3]["tool"], "issue_refund");
    assert!(steps[3]["detail"].as_str().unwrap().contains("1000"), "{out}");
    assert_eq!(verified["sound"], true, "{out}");
}

#[test]
fn a_person_gets_a_link_and_leaves_with_ctrl_c() {
    let world = World::new();
    let mut command = world.command(&["demo", ANYWHERE[0], ANYWHERE[1]]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (say, said) = channel();
    let mut out = child.stdout.take().unwrap();
    let err = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        for line in err.lines().map_while(Result::ok) {
            drop(say.send(line));
        }
    });
    let mut heard = Vec::new();
    while !heard.iter().any(|line: &String| line.contains("refund 240 dollars")) {
        heard.push(said.recv_timeout(PATIENCE).unwrap());
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    let status = child.wait().unwrap();
    heard.extend(said.iter());
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(status.code(), Some(0), "{text}\n{heard:?}");
    assert!(text.contains("/console/enrol#"), "{text}");
    assert!(text.contains("you left before it was answered"), "{text}");
    assert!(text.contains("the log verifies: "), "{text}");
    assert!(!heard.iter().any(|line| line.contains("error")), "{heard:?}");
    let last = heard.last().unwrap();
    assert!(last.contains("The log is placet-demo/placet.db"), "{heard:?}");
}

#[test]
fn where_the_port_is_taken_nothing_is_left_behind_and_the_advice_works() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::new();
    let there = taken.local_addr().unwrap().to_string();
    let refused = world.run(&["demo", "--auto", "--listen", &there]);
    assert_eq!(refused.status, 3, "{}{}", refused.out, refused.err);
    let message = format!("something else listens at {there} already");
    assert!(refused.err.contains(&message), "{}", refused.err);
    assert!(refused.err.contains("--listen 127.0.0.1:0"), "{}", refused.err);
    assert!(!world.path("placet-demo").exists());
    for address in ["unix:demo.sock", "192.0.2.1:80", "0.0.0.0:0"] {
        let refused = world.run(&["demo", "--auto", "--listen", address]);
        assert_ne!(refused.status, 0, "{address}");
        assert!(!world.path("placet-demo").exists(), "{address}");
    }
    // The first test shows that the advice works; a folder of somebody's stays.
    world.write("placet-demo", "mine");
    let refused = world.run(&["demo", "--auto", ANYWHERE[0], ANYWHERE[1]]);
    assert!(refused.status == 3 && refused.err.contains("--folder"), "{}", refused.err);
    assert_eq!(world.read("placet-demo"), "mine");
}
