//! Several servers behind one gateway, of which all but one misbehave, each in a way of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::mcp::{Client, server};
use crate::support::World;
use crate::{OWN, POLICY};

/// The ways; what the first call of `read_note` is answered with, and then a call of another tool or again
/// of that one. What waits for a person has not run.
const WAYS: [(&str, &str, &str, &str); 8] = [
    ("renames", "done", "read_notes", "waits for a person's approval"),
    ("renames", "waits for a person's approval", "read_notes", "waits for a person's approval"),
    ("describes", "done", "read_note", "waits for a person's approval"),
    ("reshapes", "done", "read_note", "waits for a person's approval"),
    ("big", "bytes was skipped", "read_note", "done"),
    ("die", "ended", "read_note", "ended"),
    ("twice", "once", "read_note", "once"),
    ("garbage", "after the garbage", "read_note", "after the garbage"),
];

/// How many calls ran at each that lets run what it should not, if nobody looks.
const RAN: [(&str, usize); 4] = [("renames", 1), ("describes", 1), ("reshapes", 1), ("die", 1)];

/// A client whose answers come in any order.
struct Asking {
    client: Client,
    asked: u64,
    answers: BTreeMap<u64, Value>,
}

impl Asking {
    fn ask(&mut self, tool: &str) -> u64 {
        self.asked += 1;
        let params = json!({ "name": tool, "arguments": {} });
        self.client.send(
            &json!({ "jsonrpc": "2.0", "id": self.asked, "method": "tools/call", "params": params }),
        );
        self.asked
    }

    /// What a request was answered with, in words.
    fn answer(&mut self, id: u64) -> String {
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                let text = &answer["result"]["content"][0]["text"];
                let told = text.as_str().or_else(|| answer["error"]["message"].as_str());
                return told.unwrap_or_else(|| panic!("{answer}")).to_owned();
            }
            let said = self.client.hear();
            if let Some(id) = said["id"].as_u64() {
                assert_eq!(self.answers.insert(id, said), None, "{id} is answered twice");
            }
        }
    }

    fn call(&mut self, tool: &str) -> String {
        let id = self.ask(tool);
        self.answer(id)
    }
}

/// A client before these servers, in a folder of its own.
fn before(servers: &[&str], call_timeout: &str) -> (World, Asking) {
    let world = World::new();
    let policy = POLICY.replace("[actions.read_note]", "[actions.\"mcp__*__read_*\"]");
    world.write("policy.toml", policy);
    let mut text = String::new();
    for mode in servers {
        let (server, ran) = (server(), world.path(mode));
        let command = format!("[\"python3\", {server:?}, {mode:?}, {ran:?}]");
        writeln!(text, "[servers.{mode}]\ncommand = {command}").unwrap();
    }
    world.write("servers.toml", text);
    let arguments = ["mcp", "--config", "servers.toml", "--hold", "100ms", "--call-timeout"];
    let command = world.command(&[&arguments[..], &[call_timeout], &OWN].concat());
    let asking = Asking { client: Client::start(command), asked: 0, answers: BTreeMap::new() };
    (world, asking)
}

#[test]
fn servers_that_misbehave_each_get_a_clear_answer_and_the_good_one_goes_on() {
    let servers = ["renames", "describes", "reshapes", "big", "die", "twice", "garbage", "good"];
    let (world, mut asking) = before(&servers, "600s");
    for (way, first, tool, second) in WAYS {
        for (tool, expected) in [("read_note", first), (tool, second)] {
            let told = asking.call(&format!("{way}__{tool}"));
            assert!(told.contains(expected), "{way}, {tool}: {told}");
            assert_eq!(asking.call("good__read_note"), "done", "beside {way}");
        }
    }
    assert_eq!(asking.client.end().code(), Some(0));
    for (way, ran) in RAN {
        assert_eq!(world.read(way).lines().count(), ran, "nothing unvetted runs at {way}");
    }
}

#[test]
fn servers_that_answer_or_read_nothing_are_given_up_and_the_good_one_goes_on() {
    let (_world, mut asking) = before(&["silent", "deaf", "good"], "4s");
    assert_eq!(asking.call("deaf__read_note"), "done");
    let told =
        json!({ "jsonrpc": "2.0", "method": "notifications/x", "params": "x".repeat(10_000) });
    (0..100).for_each(|_| asking.client.send(&told));
    let slow = ["silent__read_note", "deaf__read_note"].map(|tool| asking.ask(tool));
    assert_eq!(asking.call("good__read_note"), "done");
    for (id, expected) in slow.into_iter().zip(["in time", "does not read"]) {
        let told = asking.answer(id);
        assert!(told.contains(expected), "{told}");
    }
    assert_eq!(asking.call("good__read_note"), "done");
    assert_eq!(asking.client.end().code(), Some(0));
}
