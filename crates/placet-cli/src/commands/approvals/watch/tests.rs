//! The inbox, driven by keys and looked at as it is drawn.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use placet::{Digest, Json, Reply, Timestamp};
use placet_core::digest::Domain;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

#[path = "../../../../../placet/tests/support/naughty.rs"]
mod naughty;

use super::feed::{Answer, Happening};
use super::inbox::{Asked, Inbox};
use super::view::{self, Paint};
use crate::place::{Held, Resolved};

const STATEMENT: &str = "I read the ticket and saw the photo of the broken cup.";

/// When it is on the screen, in milliseconds: the first deadline is a quarter of an hour away.
const NOW_MS: i64 = 1_795_000_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOW_MS + seconds * 1_000)
}

/// A held action with params of our choice.
#[allow(clippy::needless_pass_by_value, reason = "it is easier to call")]
fn held(number: u32, tool: &str, params: Value) -> Held {
    let action = json!({
        "tool": tool, "tenant": "acme", "agent": "support-bot", "params": params,
        "reason": "customer \u{202e}asked", "context": {"goal": "close the ticket"},
    });
    let frozen = Json::parse(action.to_string().as_bytes()).unwrap();
    let digest = Digest::of(Domain::Action, frozen.canonical().as_bytes());
    Held::read(shown(number, &action, &digest.to_string())).unwrap()
}

fn shown(number: u32, action: &Value, digest: &str) -> Value {
    let id = format!("01999999-0000-7000-8000-{number:012}");
    json!({
        "decision": {
            "id": format!("act_{id}"), "digest": digest, "class": "some_class",
            "risk": "reversible_write", "autonomy": "manual", "at": at(0), "log_index": number,
            "findings": [{
                "check": "autonomy", "verdict": "require_approval",
                "reason": "manual: a person approves every call",
            }],
            "approval": {
                "id": format!("apr_{id}"), "deadline": at(900), "quorum": 1, "least_length": 50,
                "fields": ["verbatim_response", "responsible_owner"],
            },
        },
        "action": action, "signed": [], "identical": 1,
        "evidence": {"effects": ["spends"], "evidence": [{
            "effect": "spends", "pointer": "/params/amount", "reason": "an amount of money",
        }]},
    })
}

fn refund() -> Held {
    held(1, "issue_refund", json!({"order": "o-1", "amount": "42.00", "currency": "USD"}))
}

/// A screen on which the inbox is drawn.
struct Desk {
    inbox: Inbox,
    terminal: Terminal<TestBackend>,
    now: Timestamp,
}

impl Desk {
    fn new(held: Vec<Held>) -> Self {
        let terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut desk = Self { inbox: Inbox::new(held), terminal, now: at(0) };
        desk.screen();
        desk
    }

    fn screen(&mut self) -> String {
        let (inbox, now) = (&mut self.inbox, self.now);
        self.terminal.draw(|frame| view::draw(inbox, frame, &Paint::new(true), now)).unwrap();
        self.terminal.backend().to_string()
    }

    fn tell(&mut self, happening: Happening) -> Asked {
        let asked = self.inbox.happened(happening, self.now);
        self.screen();
        asked
    }

    fn press(&mut self, code: KeyCode) -> Asked {
        self.tell(Happening::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    /// Types a text, and Enter after it.
    fn write(&mut self, text: &str) -> Asked {
        for character in text.chars() {
            self.press(KeyCode::Char(character));
        }
        self.press(KeyCode::Enter)
    }

    fn read_all(&mut self) {
        for _ in 0..20 {
            self.press(KeyCode::PageDown);
        }
    }

    fn notice(&self) -> &str {
        self.inbox.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }
}

#[test]
fn an_inbox_on_a_small_terminal() {
    let mut desk = Desk::new(vec![refund(), held(2, "delete_branch", json!({"name": "main"}))]);
    insta::assert_snapshot!("inbox", desk.screen());
    desk.read_all();
    insta::assert_snapshot!("inbox_read_to_the_end", desk.screen());
    desk.press(KeyCode::Char('a'));
    desk.write("too short");
    insta::assert_snapshot!("form", desk.screen());
    insta::assert_snapshot!("empty", Desk::new(Vec::new()).screen());
}

#[test]
fn an_answer_takes_every_field_and_a_word() {
    let mut desk = Desk::new(vec![refund()]);
    desk.read_all();
    desk.press(KeyCode::Char('a'));
    assert_eq!(desk.write("too short"), Asked::Nothing);
    assert_eq!(desk.write("Ann"), Asked::Nothing);
    assert_eq!(desk.write("approve"), Asked::Nothing);
    assert_eq!(desk.notice(), "verbatim_response is too short");
    // It points at what is missing; what was written is still there.
    desk.tell(Happening::Paste(format!(" {STATEMENT}\n")));
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Backspace);
    assert_eq!(desk.press(KeyCode::Enter), Asked::Nothing);
    assert_eq!(desk.notice(), "type \"approve\" to confirm");
    let statement = [
        ("verbatim_response".to_owned(), format!("too short {STATEMENT}")),
        ("responsible_owner".to_owned(), "Ann".to_owned()),
    ];
    let reply = Reply::Approve { statement: statement.into() };
    assert_eq!(desk.write("e"), Asked::Send(Answer { id: refund().terms().id, reply }));
    // A second Enter sends nothing a second time.
    assert_eq!(desk.press(KeyCode::Enter), Asked::Nothing);
    let resolved = Resolved { outcome: "resolved".to_owned(), status: Some("approved".to_owned()) };
    desk.tell(Happening::Answered(refund().terms().id, Ok(resolved)));
    assert!(desk.notice().ends_with(": approved") && desk.inbox.form.is_none());
}

#[test]
fn what_was_not_taken_in_can_be_corrected() {
    let mut desk = Desk::new(vec![refund()]);
    desk.press(KeyCode::Char('d'));
    desk.write("not this one");
    let sent = desk.write("deny");
    let reply = Reply::Deny { reason: "not this one".to_owned() };
    assert_eq!(sent, Asked::Send(Answer { id: refund().terms().id, reply: reply.clone() }));
    desk.tell(Happening::Answered(
        refund().terms().id,
        Err("the key speaks for no person".to_owned()),
    ));
    assert_eq!(desk.notice(), "the key speaks for no person");
    let again = desk.press(KeyCode::Enter);
    assert_eq!(again, Asked::Send(Answer { id: refund().terms().id, reply }));
}

#[test]
fn a_long_value_is_folded_and_must_be_opened_and_read() {
    let mut desk = Desk::new(vec![held(1, "send_mail", json!({"body": "x".repeat(3_000)}))]);
    assert!(desk.screen().contains("(3002 characters, sha256:"), "{}", desk.screen());
    desk.read_all();
    desk.press(KeyCode::Char('a'));
    assert_eq!(desk.notice(), "open the long values first: o");
    desk.press(KeyCode::Char('o'));
    desk.press(KeyCode::Char('a'));
    assert_eq!(desk.notice(), "there is more below; read to the end first: space");
    desk.read_all();
    desk.press(KeyCode::Char('a'));
    assert!(desk.inbox.form.is_some());
}

#[test]
fn what_the_digest_does_not_name_is_only_denied() {
    let action = json!({"tool": "issue_refund", "params": {"amount": "9000"}});
    let forged = Held::read(shown(1, &action, &format!("sha256:{}", "0".repeat(64)))).unwrap();
    let mut desk = Desk::new(vec![forged]);
    assert!(desk.screen().contains("this is not what the digest names"), "{}", desk.screen());
    desk.read_all();
    desk.press(KeyCode::Char('a'));
    assert!(desk.inbox.form.is_none());
    desk.press(KeyCode::Char('d'));
    assert!(desk.inbox.form.is_some());
}

#[test]
fn at_the_deadline_and_when_somebody_else_answers_the_form_closes() {
    let mut desk = Desk::new(vec![refund()]);
    desk.press(KeyCode::Char('d'));
    desk.now = at(900);
    desk.inbox.passed(desk.now);
    assert!(desk.inbox.form.is_none() && desk.notice().starts_with("too late"));
    desk.press(KeyCode::Char('d'));
    assert!(desk.inbox.form.is_none(), "nor does it open again");
    let mut desk = Desk::new(vec![refund()]);
    desk.press(KeyCode::Char('d'));
    desk.tell(Happening::Waits(Vec::new()));
    assert!(desk.inbox.form.is_none() && desk.notice().starts_with("it waits no more"));
}

#[test]
fn the_choice_stays_with_the_action_when_others_come_and_go() {
    let second = held(2, "delete_branch", json!({"name": "main"}));
    let mut desk = Desk::new(vec![refund(), second.clone()]);
    desk.press(KeyCode::Down);
    let chosen = |desk: &Desk| desk.inbox.current().map(|held| held.terms().id);
    assert_eq!(chosen(&desk), Some(second.terms().id));
    desk.tell(Happening::Waits(vec![second.clone(), held(3, "other", json!({}))]));
    assert_eq!(chosen(&desk), Some(second.terms().id));
}

#[test]
fn ctrl_c_ends_it_wherever_it_is_typed() {
    let interrupt = || Happening::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    let mut desk = Desk::new(vec![refund()]);
    assert_eq!(desk.tell(interrupt()), Asked::Stop(2));
    desk.press(KeyCode::Char('d'));
    assert_eq!(desk.tell(interrupt()), Asked::Stop(2));
    assert_eq!(desk.tell(Happening::Signal(15)), Asked::Stop(15));
}

#[test]
fn nothing_on_the_screen_is_what_an_agent_made_of_it() {
    let nasty = "\u{1b}[2J\u{202e}\u{200b}";
    let mut desk = Desk::new(vec![held(1, nasty, json!({nasty: nasty}))]);
    let mut all = desk.screen();
    for _ in 0..5 {
        desk.press(KeyCode::PageDown);
        all.push_str(&desk.screen());
    }
    assert!(!all.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{all}");
    assert!(all.contains("<U+202E>"), "{all}");
}

#[test]
fn naughty_strings_are_drawn_as_what_they_are() {
    for some in naughty::all().chunks(60) {
        let mut desk = Desk::new(vec![held(1, "send_note", json!({"all": some}))]);
        desk.press(KeyCode::Char('o'));
        loop {
            let screen = desk.screen();
            let raw = screen.chars().find(|character| naughty::is_raw(*character));
            assert_eq!(raw, None, "{screen}");
            desk.press(KeyCode::PageDown);
            if desk.screen() == screen {
                break;
            }
        }
    }
}

#[test]
fn what_is_not_what_it_seems_says_so() {
    let odd = [naughty::deceptive(), naughty::odd_tricks()].concat();
    for text in odd.iter().filter(|text| !text.is_ascii()) {
        let mut desk = Desk::new(vec![held(1, "send_note", json!({"to": text}))]);
        desk.press(KeyCode::Char('o'));
        let mut all = desk.screen();
        for _ in 0..10 {
            desk.press(KeyCode::PageDown);
            all.push_str(&desk.screen());
        }
        // The agent's claim says so by itself.
        let said = all.replace(['"', '\n', ' '], "").matches("[notwhatitseems]").count();
        assert!(said >= 2, "{text:?}: {all}");
    }
}

#[test]
fn what_the_gate_says_is_told_from_what_the_agent_says() {
    let mut action = json!({ "tool": "read_file", "params": {}, "tenant": "default" });
    action["context"] = json!({ "gate": [{ "reason": "this tool was vetted" }] });
    let frozen = Json::parse(action.to_string().as_bytes()).unwrap();
    let digest = Digest::of(Domain::Action, frozen.canonical().as_bytes()).to_string();
    let mut shown = shown(1, &action, &digest);
    shown["evidence"]["gate"] = json!([{
        "reason": "this tool has changed since it was vetted: description",
        "details": { "description": { "was": "Reads.", "is": "Reads\u{200b}, and tells." } },
    }]);
    let sections = super::super::card::sections(&Held::read(shown).unwrap(), at(0));
    let rows = |title: &str| {
        let section = sections.iter().find(|section| section.title == title).unwrap();
        let rows = section.rows.iter().map(|row| format!("{}: {}", row.label, row.shown(true)));
        rows.collect::<Vec<_>>().join("\n")
    };
    let said = rows("the gate says");
    assert!(said.contains("this tool has changed since it was vetted: description"), "{said}");
    assert!(said.contains("/description/is: \"Reads<U+200B>, and tells.\""), "{said}");
    assert!(!said.contains("was vetted\""), "an agent says nothing there: {said}");
    assert!(rows("the agent's claims").contains("this tool was vetted"));
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    let mut inbox = Inbox::new(vec![refund()]);
    let mut terminal = Terminal::new(TestBackend::new(40, 10)).unwrap();
    terminal.draw(|frame| view::draw(&mut inbox, frame, &Paint::new(false), at(0))).unwrap();
    assert!(terminal.backend().to_string().contains("too small"));
}
